# What our MAS refuses of eapol_test, and by which reason: eap_server_refuses.sh METHOD.
. "$(dirname "$0")/eap_lib.sh"
method=$1
lines=0

# The server's next line, into ./line.
next_line() {
    lines=$((lines + 1))
    await serve.out . $lines
    sed -n "${lines}p" serve.out >line
}

accepted() {
    next_line
    says line " $method accepted "
}

refused() { # REASON
    next_line
    says line " refused ($1) "
    silent line 'msk='
}


credential() { # what eapol_test is given
    case $method in
    gpsk) echo "password=$KEY32" ;;
    psk) echo "password=$KEY16" ;;
    tls) echo "fragment_size=100" ;;
    esac
}

altered() { # REASON RULE...
    reason=$1
    shift
    mitm "$@"
    # shellcheck disable=SC2046  # no line, no argument
    eapol_port=18121 eapol 1 "$method" -- $(credential)
    refused "$reason"
    holds "the rule was applied" grep -q '^  ' mitm.log
    silent mitm.log 'does not fit'
}

# A packet that is no EAP is ignored (RFC 3579 2.2); the repetition, which is whole, is taken.
recovers() { # RULE
    mitm "$@"
    # shellcheck disable=SC2046
    eapol_port=18121 eapol 0 "$method" -- $(credential)
    accepted
    holds "the rule was applied" grep -q '^  ' mitm.log
}

more_users='other.example tls another.example'
serve
case $method in
sim | aka | aka-prime)
    eapol 1 "$method" wrong-res --
    case $method in
    sim) refused eap-wrong-mac ;;
    *) refused aka-wrong-res ;;
    esac
    echo "$IMSI 00${K#90} $OPC 8000 $SQN" >wrong-card
    usim_cards=wrong-card
    eapol 1 "$method" --
    usim_cards=cards
    case $method in
    sim) refused eap-client-error ;;
    *) refused aka-wrong-autn ;;
    esac
    if [ "$method" != sim ]; then
        echo "$IMSI $K $OPC 8000 000000100000" >used-card
        usim_cards=used-card
        eapol 0 "$method" --
        accepted
        usim_cards=cards
        eapol 1 "$method" restless --
        refused aka-sqn-out-of-range
    fi
    # Its last response: SIM's third, AKA's second.
    last_response=2
    [ "$method" != sim ] || last_response=3
    altered eap-wrong-mac peer:$last_response:flip@-1
    recovers peer:$last_response:cut@20
    altered eap-malformed peer:$last_response+:cut@20
    altered eap-malformed peer:$last_response:short@20
    altered eap-malformed peer:$last_response:set@9=ff
    ;;
gpsk | psk)
    eapol 1 "$method" -- "password=11$(credential | sed 's/.*=00//')"
    refused eap-wrong-mac
    # Of PSK's second message the MAC is at 38, of GPSK's at the end.
    at=-1
    [ "$method" = gpsk ] || at=40
    altered eap-wrong-mac peer:2+:flip@$at
    recovers peer:2:cut@20
    altered eap-malformed peer:2+:cut@20
    recovers peer:2:short@20
    altered eap-malformed peer:2+:short@20
    # Another method than the user has.
    eapol 1 "$method" -- "$(credential)" 'eap=IKEV2'
    refused eap-no-common-method
    eapol 1 "$method" -- "$(credential)" 'identity="nobody"'
    refused eap-unknown-identity
    ;;
tls)
    eapol_client=strange-client
    eapol 1 tls --
    refused certificate-unknown-issuer
    eapol_client=
    eapol_ca=stranger
    eapol 1 tls --
    refused certificate-unknown-issuer # it says so by an alert
    eapol_ca=
    eapol 1 tls -- 'identity="other.example"'
    refused certificate-name-mismatch
    # The first fragment of its ClientHello is its second response: flags at 5, length at 6.
    recovers peer:2:cut@40
    altered eap-malformed peer:2+:cut@40
    altered eap-fragment peer:2:short@6
    altered eap-fragment peer:2:short@8
    altered eap-fragment peer:2:short@40
    altered eap-fragment peer:2:set@6=00000010
    altered eap-fragment peer:2:set@6=7fffffff
    altered eap-fragment peer:2:add@0000
    altered eap-fragment peer:3:add@0000
    altered eap-fragment peer:3:short@40
    # Octets of its certificate, in the middle.
    altered 'tls-[a-z]*|certificate-[a-z-]*' peer:9:flip@60
    ;;
esac
eapol_secret=another
# shellcheck disable=SC2046
eapol 1 "$method" -- $(credential)
refused radius-wrong-authenticator
finish
