# eapol_test against our MAS: eap_server.sh METHOD (gpsk1, gpsk2: with that ciphersuite). Both must
# have the same MSK: eapol_test compares its own with MS-MPPE-Recv-Key and -Send-Key, and we compare
# what it printed with what we did.
. "$(dirname "$0")/eap_lib.sh"
method=$1

check_same() { # METHOD
    says eapol.log 'MPPE keys OK: [1-9][0-9]*  mismatch: 0'
    await serve.out "$1 accepted - "
    equal "the MSK's first half" "$(first_half "$(our_msk serve.out)")" \
        "$(hexdump_of eapol.log 'PMK from EAPOL')"
    differ "there is an MSK" "" "$(our_msk serve.out)"
}

serve
case $method in
gpsk1) eapol 0 gpsk -- "password=$KEY32" 'phase1="cipher=1"' ;;
gpsk2) eapol 0 gpsk -- "password=$KEY32" 'phase1="cipher=2"' ;;
psk) eapol 0 psk -- "password=$KEY16" ;;
tls) eapol 0 tls -- ;;
*) eapol 0 "$method" -- ;;
esac
check_same "${method%[12]}"

case $method in
sim | aka | aka-prime)
    # Fast re-authentication: a full one, then twice by what it left behind.
    eapol_options="-r 2"
    eapol 0 "$method" --
    check_same "$method"
    says eapol.log 'MPPE keys OK: 3  mismatch: 0'
    equal "re-authentications" 2 \
        "$(grep -cE "^\"[458][^\"]*\" $method accepted" serve.out)"
    ;;
tls)
    # In small fragments, both ways.
    stop "$last"
    serve --mtu 100
    eapol 0 tls -- fragment_size=100
    check_same tls
    says serve.out ' (2[0-9]|[3-9][0-9]) requests ' # many fragments
    ;;
esac
finish
