# What our peer refuses, or is refused, at hostapd's EAP server, and by which reason:
# eap_peer_refuses.sh METHOD.
. "$(dirname "$0")/eap_lib.sh"
method=$1

refused() { # REASON PORT OPTION...
    reason=$1
    shift
    at=$1
    shift
    attach 4 "$at" "$method" "$@"
    says out " $method refused ($reason) "
    silent out 'msk='
}

altered() { # REASON RULE...
    expected_reason=$1
    shift
    mitm "$@"
    refused "$expected_reason" 18121
    holds "the rule was applied" grep -q '^  ' mitm.log
    silent mitm.log 'does not fit'
}

start_hostapd ""
case $method in
sim | aka | aka-prime)
    # hostapd asks for the identity again: its challenge is the second packet, our answer the third.
    wrong_k="--k 00${K#90}"
    # shellcheck disable=SC2086  # words
    case $method in
    sim) refused eap-wrong-mac 18120 $wrong_k ;;
    *) refused aka-wrong-autn 18120 $wrong_k ;;
    esac
    altered eap-wrong-mac server:2:flip@-1
    # Our answer's MAC: hostapd refuses, and tells no reason.
    altered eap-failure peer:3:flip@-1
    altered eap-malformed server:2:cut@30
    altered eap-malformed server:2:short@30
    altered eap-malformed server:2:set@9=ff
    if [ "$method" != sim ]; then
        altered aka-wrong-autn server:2:flip@40
        # The identity messages are under no MAC, but the checkcode remembers them.
        altered eap-wrong-checkcode server:1:flip@-1
        # A home network that gives the same vector's number for ever.
        stop_servers
        start_hostapd stuck
        attach 0 18120 "$method"
        refused aka-sqn-out-of-range 18120 --sqn 000000100000
        silent hlr.log resynchronised
    fi
    ;;
gpsk | psk)
    # Our first MAC is the first at all: hostapd refuses it.
    wrong=11${KEY32#00}
    [ "$method" = gpsk ] || wrong=11${KEY16#00}
    refused eap-failure 18120 --psk "$wrong"
    altered eap-failure peer:2:flip@-1
    # hostapd's MAC: discarded, as the RFC asks, until it is too much.
    altered eap-wrong-mac server:2:flip@-1
    altered eap-malformed server:2:cut@20
    altered eap-malformed server:2:short@20
    altered eap-malformed server:1:short@12
    refused eap-failure 18120 --identity nobody
    ;;
tls)
    refused certificate-name-mismatch 18120 --server-name other.example
    refused certificate-unknown-issuer 18120 --ca "$M2M_CERTIFICATES/stranger.pem"
    refused eap-failure 18120 --cert "$M2M_CERTIFICATES/strange-client.pem" \
        --key "$M2M_CERTIFICATES/strange-client.key"
    says hostapd.log 'unable to get local issuer certificate|unknown ca'
    # hostapd's first fragment is its second packet: flags at 5, the message's length at 6.
    altered eap-malformed server:2:cut@40
    altered eap-fragment server:2:short@6
    altered eap-fragment server:2:short@8
    altered eap-fragment server:2:short@40
    altered eap-fragment server:2:set@6=00000010
    altered eap-fragment server:2:set@6=7fffffff
    altered eap-fragment server:2:add@0000
    altered eap-fragment server:3:add@0000
    # Octets of the handshake: its Finished covers all of them.
    altered 'tls-[a-z]*' server:2:flip@60
    ;;
esac
refused radius-timeout 18120 --secret another --patience '1 s'
finish
