#!/bin/sh
# A capture of every packaged scenario with a few devices, judged by tshark: nothing malformed, no
# warning, checksums good; by the secrets in the file TLS and DTLS are opened, and what is inside is
# what the run's messages say; each procedure is named. A new scenario is covered by being listed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pcap_lib.sh"

# Two devices of each population, unless a scenario needs its own (more batches than devices, ...).
devices() { # SCENARIO
    case $1 in
    batch-expiry) echo 4 ;;
    gba-sqn-fault) echo 10 ;; # shares of faulty cards
    bootstrap-zoo) scaled 2 1 ;;
    *) echo 2 ;;
    esac
}

# What else a scenario needs to be small.
settings() { # SCENARIO
    case $1 in
    gba-sqn-fault) echo run.until=20 min ;;
    district) echo run.until=3 h ;;
    esac
}

is_campaign() { # SCENARIO: has it more than one run?
    "$M2MSIM" show "$1" --resolved | grep -E '^sweep:|^  replications:' | grep -qvE '^  replications: 1$'
}

small() { # SCENARIO: its arguments, one a line
    n=$(devices "$1")
    "$M2MSIM" show "$1" --resolved | awk -v n="$n" '
        /^[a-z]/ { populations = $1 == "populations:" }
        populations && /^  [^ ]/ { name = $1; sub(/:$/, "", name); count = 1 }
        populations && /^    count:/ { count = $2 }
        populations && /^    kind: (device|gateway|local)$/ && count > n { print "populations." name ".count=" n }'
    settings "$1"
    echo "record.messages.sample=100 %"
    echo "goals=[]" # two devices decide none
    echo "run.key_pool=2"
}

# What the run itself says went over the wire: requests and answers by how they were carried, each
# once however often it was sent; and what is to be named or accepted.
facts_of() { # DB
    sql -separator ' ' "$1" "
        with said as (select case protocol when 'TLS' then 'tls' when 'HTTP' then 'bare' end as way, name from messages
            where protocol in ('TLS', 'HTTP') and name not like '%(retransmission)' and name not like '%(continued)')
        select way || '-requests', count(*) from said where way <> '' and name glob '[A-Z][A-Z][A-Z]* *' group by 1
        union all
        select way || '-responses', count(*) from said where way <> '' and name glob '[1-5][0-9][0-9]*' group by 1
        union all
        select 'named', count(distinct procedure_id) from messages where protocol not in ('NAS', 'back-end')
        union all
        select 'radius-accepts', count(*) from messages where protocol = 'RADIUS' and name = 'Access-Accept'
        union all
        select 'inside-tls', count(*) from procedures where outcome = 'success' and
            (method in ('tls-psk', 'tls-x509') or method glob 'https*')
        union all
        select case protocol when 'DTLS' then 'dtls' else 'udp' end || '-coap', count(distinct procedure_id)
            from messages join procedures using (run_id, procedure_id)
            where protocol in ('DTLS', 'CoAP') and outcome = 'success' group by 1
        union all
        select method, count(*) from procedures where method like 'eap-%' and outcome = 'success'
            group by 1" >"$1.facts"
}

# The run and its capture agree on a number.
agree() { # DB CAPTURE KEY
    equal "$2: $3" "$(fact "$1" "$3")" "$(fact "$2" "$3")"
}

eap_type() { # METHOD: IANA's number; 254 is expanded, for which IBAKE has none
    case $1 in
    eap-tls) echo 13 ;;
    eap-sim) echo 18 ;;
    eap-aka) echo 23 ;;
    eap-psk) echo 47 ;;
    eap-aka-prime) echo 50 ;;
    eap-gpsk) echo 51 ;;
    eap-ibake) echo 254 ;;
    *) fault "the EAP type of '$1' is not known here" ;;
    esac
}

judge() { # DB CAPTURE
    facts_of "$1"
    clean "$2"
    if [ "$(fact "$2" undelivered)" = 0 ]; then calm "$2"; fi
    for key in named tls-requests tls-responses bare-requests bare-responses radius-accepts; do
        agree "$1" "$2" $key
    done
    holds "$2: a request in TLS for each procedure by it" test "$(fact "$1" inside-tls)" -le "$(fact "$2" tls-requests)"
    for way in dtls udp; do
        holds "$2: CoAP for each procedure by it: $way" test "$(fact "$1" $way-coap)" -le "$(fact "$2" $way-coap-requests)"
        holds "$2: and its answer: $way" test "$(fact "$1" $way-coap)" -le "$(fact "$2" $way-coap-responses)"
        if [ "$(fact "$2" undelivered)" = 0 ]; then
            equal "$2: answers of CoAP: $way" "$(fact "$2" $way-coap-requests)" "$(fact "$2" $way-coap-responses)"
        fi
    done
    if [ "$(fact "$2" dtls)" != 0 ]; then differ "$2: DTLS is opened" 0 "$(fact "$2" dtls-coap-requests)"; fi
    sed -n 's/^\(eap-[a-z-]*\) .*/\1/p' "$1.facts" | while read -r method; do eap_type "$method"; done >types
    while read -r type; do
        holds "$2: EAP type $type in PANA" test 0 -lt "$(fact "$2" "pana-eap-$type")"
        holds "$2: EAP type $type in RADIUS" test 0 -lt "$(fact "$2" "radius-eap-$type")"
    done <types
}

# What one scenario's octets have to show beside.
of_gba() { # CAPTURE
    holds "$1: UE's requests of Ub" test 10 -le "$(with "$1" http.authorization 3gppnetwork.org)"
    holds "$1: challenges of Digest AKA" test 10 -le "$(with "$1" http.www_authenticate AKAv1-MD5)"
    holds "$1: resynchronisation" test 1 -le "$(with "$1" http.authorization 'auts="')"
    holds "$1: B-TIDs" test 5 -le "$(with "$1" http.content_type vnd.3gpp.bsf+xml)"
}

also() { # SCENARIO CAPTURE
    case $1 in
    gba-sqn-fault)
        of_gba "$2"
        holds "a device says what it is for" test 5 -le "$(with "$2" http.user_agent 3gpp-gba-uicc)"
        holds "MSBF's realm" test 5 -le "$(with "$2" http.www_authenticate 3GPP-bootstrapping-uicc@msbf)"
        holds "MAS's" test 5 -le "$(with "$2" http.www_authenticate 3GPP-bootstrapping-uicc@mas)"
        ;;
    trusted-access) # nothing of the attach, which is no traffic of IP
        equal "nothing but TCP to port 80" "$(fact "$2" packets)" \
            "$(with "$2" tcp.port '~80~')"
        equal "every answer is a good one" "$(fact "$2" bare-responses)" "$(with "$2" http.response.code '~2')"
        ;;
    coap-sensors) # reports inside DTLS, each from somebody, each on its container
        holds "who reports says who that is" test 100 -le \
            "$(count "$2" 'coap.opt.uri_query contains "RequestingEntity=scl-" && coap.code == 2')"
        holds "in XML" test 100 -le "$(with "$2" xml.tag ':contentInstance ')"
        holds "cookies" test 4 -le "$(count "$2" 'dtls.handshake.type == 3')"
        equal "nothing of it in the clear" 0 "$(count "$2" 'udp.port == 5683')"
        ;;
    esac
}

capture() { # NAME SCENARIO ARGUMENT...: NAME.db, NAME.pcapng
    name=$1
    scenario=$2
    shift 2
    small "$scenario" >settings
    while IFS= read -r setting; do set -- "$@" --set "$setting"; done <settings
    if is_campaign "$scenario"; then set -- "$@" --only 'cell = 0 and replication = 0'; fi
    m2m 0 run "$scenario" -o "$name.db" --progress off "$@"
    m2m 0 pcap "$name.db" --secrets -o "$name.pcapng" --progress off
    if [ -n "$M2M_SANITIZE" ]; then return; fi # the same octets, which tshark has judged
    judge "$name.db" "$name.pcapng"
    equal "$name: as many packets as were said" "$(sed -n '1s/ .*//p' out)" "$(fact "$name.pcapng" packets)"
}

"$M2MSIM" list >scenarios
while read -r scenario _; do
    capture "$scenario" "$scenario"
    if [ -z "$M2M_SANITIZE" ]; then also "$scenario" "$scenario.pcapng"; fi
done <scenarios
holds "scenarios are listed" test 10 -le "$(wc -l <scenarios)"
if [ -n "$M2M_SANITIZE" ]; then finish; fi
for inside in tls-requests bare-requests dtls-coap-requests radius-accepts; do
    holds "some scenario has $inside" grep -q "^$inside [1-9]" ./*.pcapng.facts
done

# Ua by PSK-TLS, which no scenario has as its own.
capture psk gba-sqn-fault --set populations.meters.gba.ua=psk-tls
of_gba psk.pcapng
holds "the NAF's hints" test 5 -le \
    "$(count psk.pcapng 'tls.handshake.type == 12 && frame contains "3GPP-bootstrapping-uicc;3GPP-bootstrapping"')"
holds "the device's identity" test 5 -le \
    "$(count psk.pcapng 'tls.handshake.type == 16 && frame contains "3GPP-bootstrapping-uicc;"')"
equal "Ua is in TLS" 0 "$(count psk.pcapng 'http.request.method == "POST" && tcp.port == 80')"
finish
