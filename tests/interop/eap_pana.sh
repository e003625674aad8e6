# Our PaC through our agent to hostapd's EAP server: eap_pana.sh METHOD. The agent makes Kmc of the
# MSK that hostapd tells it by RADIUS, the PaC of its own, and we of what hostapd printed.
. "$(dirname "$0")/eap_lib.sh"
method=$1

octets() { # HEX
    rest=$1
    while [ -n "$rest" ]; do
        printf %b "\\0$(printf %03o "0x${rest%"${rest#??}"}")"
        rest=${rest#??}
    done
}

# GAP C3
kmc() { # MSK NODE-ID CONNECTION-ID
    {
        printf 'ETSI M2M Connection Key\0'
        octets "$2"
        octets "$(printf %016x "$3")"
    } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$1" | sed 's/.* //'
}

field() { # FILE NAME: of its last line that has it
    sed -n "s/.* $2=\\([0-9a-f]*\\).*/\\1/p" "$1" | tail -n 1
}

pac() { # EXPECTED-EXIT OPTION...
    code=$1
    shift
    peer "$code" pana "$method" --pana 7160 --usage connection --patience '20 s' --secrets "$@"
}

start_hostapd ""
"$M2MSIM" serve mas --pana 7160 --via-radius 18120 --secret "$SECRET" --usage connection --secrets \
    --patience '8 s' >agent.out 2>agent.err &
started="$started $!"
await agent.err 'PANA at 127\.0\.0\.1:7160, connection'

pac 0
await agent.out '^pana ".*" - accepted - '
case $method in
gpsk) name='EAP-GPSK: MSK - ' ;;
psk) name='EAP-PSK: MSK - ' ;;
sim | aka) name='EAP-SIM: keying material (MSK) - ' ;;
aka-prime) name="EAP-AKA': MSK - " ;;
tls) name='EAP-TLS: Derived key - ' ;;
esac
msk=$(hexdump_of hostapd.log "$name")
differ "hostapd has an MSK" "" "$msk"
node=$(field agent.out node)
connection=$(sed -n 's/.* connection=\([0-9]*\).*/\1/p' agent.out | tail -n 1)
equal "Kmc of the PaC" "$(kmc "$msk" "$node" "$connection")" "$(field out kmc)"
equal "Kmc of the agent" "$(field out kmc)" "$(field agent.out kmc)"

# Some at a time; of one card hostapd serves one after the other (its eap_sim_db).
case $method in
sim | aka | aka-prime) pac 0 --count 6 ;;
*) pac 0 --count 6 --parallel 3 ;;
esac
says out '^success +6$'

# Refused: by hostapd, which the agent passes on; and no answer at all.
case $method in
gpsk | psk)
    key=$KEY32
    [ "$method" = gpsk ] || key=$KEY16
    pac 4 --psk "f${key#?}"
    await agent.out '^pana ".*" - refused radius-reject '
    ;;
esac
stop "${started##* }" # the agent
# In files of its own: in the old ones its line would be found before it listens.
"$M2MSIM" serve mas --pana 7160 --via-radius 18122 --secret "$SECRET" --usage connection \
    --patience '2 s' >lonely.out 2>lonely.err &
started="$started $!"
await lonely.err 'PANA at'
pac 4 --patience '3 s'
says out 'refused pana-timeout'
await lonely.out '^pana ".*" - refused radius-timeout '
finish
