# What the EAP tests share: hostapd, eapol_test and FreeRADIUS as they are needed, in a network
# namespace of the test's own, because hostapd's RADIUS server listens at 0.0.0.0; where there is none,
# they run one at a time (RESOURCE_LOCK). From ctest come also M2M_TOOLS (hlr, usim, mitm) and
# M2M_CERTIFICATES (a folder; `eap_certificates.sh` fills it).
# shellcheck shell=sh
here=$(cd "$(dirname "$0")" && pwd)
self=$here/$(basename "$0")
PATH=$PATH:/usr/sbin:/sbin

if [ -z "${M2M_NAMESPACE-}" ]; then
    exec "$here/../own_network.sh" sh "$self" "$@"
fi

. "$here/../e2e/lib.sh"
: "${M2M_TOOLS:?the folder of hlr, usim and mitm}"
SECRET=testing123
KEY16=000102030405060708090a0b0c0d0e0f
KEY32=${KEY16}101112131415161718191a1b1c1d1e1f
IMSI=232010000000000
K=90dca4eda45b53cf0f12d7c9c3bc6a89
OPC=cb9cccc4b9258e6dca4760379fb82581
SQN=000000000041
started=

stop_all() {
    for pid in $started; do kill "$pid" 2>/dev/null; done
    for pid in $started; do wait "$pid" 2>/dev/null; done
    started=
    clean_up
}
trap stop_all EXIT

# Starts a server in the background and waits until its log says that it is ready.
start() { # LOG READY-PATTERN COMMAND...
    log=$1
    ready=$2
    shift 2
    rm -f "$log" # an older one would say that it is ready
    "$@" >"$log" 2>&1 &
    last=$!
    started="$started $last"
    await "$log" "$ready"
}

# All that was started, so that ports are free again.
stop_servers() {
    for pid in $started; do stop "$pid"; done
    started=
}

stop() { # PID
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
    return 0
}

# "d8 fd 7b" -> d8fd7b, of the last line with that text.
hexdump_of() { # FILE TEXT
    grep -F -e "$2" "$1" | tail -n 1 | sed 's/.*hexdump(len=[0-9]*): *//' | tr -d ' \n'
}

# The value of msk=... in the last line of our output.
our_msk() { # FILE
    tail -n 1 "$1" | sed -n 's/.* msk=\([0-9a-f]*\).*/\1/p'
}

first_half() { # HEX of 64 octets
    printf %.64s "$1"
}

cards() {
    echo "$IMSI $K $OPC 8000 $SQN" >cards
}

# The digit that a permanent identity begins with.
digit() { # METHOD
    case $1 in
    sim) echo 1 ;;
    aka) echo 0 ;;
    aka-prime) echo 6 ;;
    esac
}

# ---- ours ----

# serve mas at port 18120 with a user of each kind; its log is serve.log, its lines serve.out.
serve() { # OPTION...
    cat >our-users <<END
"gpsk user" gpsk $KEY32
"psk user" psk $KEY16
* aka,aka-prime,sim $IMSI $K $OPC 8000 $SQN
client.example tls client.example
END
    [ -z "${more_users-}" ] || echo "$more_users" >>our-users
    rm -f serve.log serve.out
    "$M2MSIM" serve mas --radius 18120 --secret $SECRET --users our-users --secrets \
        --cert "$M2M_CERTIFICATES/server.pem" --key "$M2M_CERTIFICATES/server.key" \
        --ca "$M2M_CERTIFICATES/ca.pem" --patience '2 s' "$@" >serve.out 2>serve.log &
    last=$!
    started="$started $last"
    await serve.log 'listening at 127\.0\.0\.1:18120'
}

# attach eap against port PORT; its line is in ./out.
attach() { # EXPECTED-EXIT PORT METHOD OPTION...
    code=$1
    port=$2
    method=$3
    shift 3
    peer "$code" eap "$method" --radius "$port" --secret $SECRET --patience '3 s' --secrets "$@"
}

# attach KIND with the credential of METHOD.
peer() { # EXPECTED-EXIT KIND METHOD OPTION...
    code=$1
    kind=$2
    method=$3
    shift 3
    case $method in
    gpsk) set -- --identity "gpsk user" --psk $KEY32 "$@" ;;
    psk) set -- --identity "psk user" --psk $KEY16 "$@" ;;
    sim | aka | aka-prime)
        set -- --identity "$(digit "$method")$IMSI@m2m.example" --imsi $IMSI --k $K --opc $OPC "$@"
        ;;
    tls)
        set -- --identity client.example --cert "$M2M_CERTIFICATES/client.pem" \
            --key "$M2M_CERTIFICATES/client.key" --ca "$M2M_CERTIFICATES/ca.pem" "$@"
        ;;
    esac
    m2m "$code" attach "$kind" --method "$method" "$@"
}

# ---- in between ----

# Port 18121 leads to 18120, with these changes on the way (mitm.c).
mitm() { # RULE...
    [ -z "${mitm_pid-}" ] || stop "$mitm_pid"
    start mitm.log listening "$M2M_TOOLS/interop_mitm" 18121 18120 $SECRET "$@"
    mitm_pid=$last
}

# ---- theirs ----

# hostapd as RADIUS server with a user of each kind, and its HLR. Log: hostapd.log.
hostapd_users() {
    cat <<END
"gpsk user" GPSK $KEY32
"psk user" PSK $KEY16
"client.example" TLS
"0"* AKA
"1"* SIM
"2"* AKA
"3"* SIM
"4"* AKA
"5"* SIM
"6"* AKA'
"7"* AKA'
"8"* AKA'
END
}

start_hostapd() { # HLR-MODE (or "") CONFIGURATION-LINE...
    hlr_mode=$1
    shift
    cat >hostapd.conf <<END
driver=none
interface=eap0
ieee8021x=1
eap_server=1
eap_user_file=$PWD/hostapd.users
radius_server_clients=$PWD/hostapd.clients
radius_server_auth_port=18120
eap_sim_db=unix:$PWD/hlr.sock
server_id=hostapd.example
ca_cert=$M2M_CERTIFICATES/ca.pem
server_cert=$M2M_CERTIFICATES/server.pem
private_key=$M2M_CERTIFICATES/server.key
END
    for line in "$@"; do echo "$line" >>hostapd.conf; done
    echo "127.0.0.1/32 $SECRET" >hostapd.clients
    [ -f hostapd.users ] || hostapd_users >hostapd.users
    [ -f cards ] || cards
    # shellcheck disable=SC2086  # no mode, no argument
    start hlr.log listening "$M2M_TOOLS/interop_hlr" "$PWD/hlr.sock" cards $hlr_mode
    start hostapd.log 'eap0: AP-ENABLED' hostapd -ddK hostapd.conf
}

# eapol_test with METHOD against $eapol_port (18120); its log is eapol.log. Lines: into its network
# block. EXPECTED-EXIT 0 or not 0: it has a code for each way it fails.
eapol() { # EXPECTED-EXIT METHOD [USIM-MODE] -- LINE...
    code=$1
    method=$2
    shift 2
    usim_mode=
    if [ "$1" != -- ]; then
        usim_mode=$1
        shift
    fi
    shift
    {
        echo "network={"
        echo " key_mgmt=IEEE8021X"
        case $method in
        gpsk) printf ' eap=GPSK\n identity="gpsk user"\n' ;;
        psk) printf ' eap=PSK\n identity="psk user"\n' ;;
        sim) printf ' eap=SIM\n' ;;
        aka) printf ' eap=AKA\n' ;;
        aka-prime) printf " eap=AKA'\n" ;;
        tls)
            client=${eapol_client:-client}
            printf ' eap=TLS\n identity="client.example"\n'
            printf ' ca_cert="%s/%s.pem"\n' "$M2M_CERTIFICATES" "${eapol_ca:-ca}"
            printf ' client_cert="%s/%s.pem"\n' "$M2M_CERTIFICATES" "$client"
            printf ' private_key="%s/%s.key"\n' "$M2M_CERTIFICATES" "$client"
            ;;
        esac
        for line in "$@"; do echo " $line"; done
        echo "}"
    } >eapol.block
    usim=
    wait_for_usim=
    case $method in
    sim | aka | aka-prime)
        [ -f cards ] || cards
        printf 'ctrl_interface=%s/ctl\nexternal_sim=1\n' "$PWD" >eapol.conf
        sed "s/^}/ identity=\"$(digit "$method")$IMSI@m2m.example\"\n}/" eapol.block >>eapol.conf
        # shellcheck disable=SC2086
        "$M2M_TOOLS/interop_usim" "$PWD/ctl/test" "${usim_cards:-cards}" $IMSI $usim_mode >usim.log 2>&1 &
        usim=$!
        wait_for_usim="-W -i test"
        ;;
    *) cp eapol.block eapol.conf ;;
    esac
    checks=$((checks + 1))
    # shellcheck disable=SC2086
    timeout 30 eapol_test $wait_for_usim ${eapol_options-} -c eapol.conf -a 127.0.0.1 \
        -p "${eapol_port:-18120}" -s "${eapol_secret:-$SECRET}" -t 4 >eapol.log 2>&1
    got=$?
    [ -z "$usim" ] || stop "$usim"
    if { [ "$code" -eq 0 ] && [ $got -ne 0 ]; } || { [ "$code" -ne 0 ] && [ $got -eq 0 ]; }; then
        fault "eapol_test $method: exit $got"
        grep -vE 'hexdump|^ ' eapol.log | tail -n 30
    fi
}
