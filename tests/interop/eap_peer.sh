# Our peer against hostapd's EAP server: eap_peer.sh METHOD (gpsk1, gpsk2: with that ciphersuite).
# attach compares its MSK with MS-MPPE-Recv-Key and -Send-Key; we compare all of it, and the EMSK,
# with what hostapd printed.
. "$(dirname "$0")/eap_lib.sh"
method=$1

start_hostapd ""
case $method in
gpsk1) attach 0 18120 gpsk --gpsk-suite 1 ;;
gpsk2) attach 0 18120 gpsk --gpsk-suite 2 ;;
*) attach 0 18120 "$method" ;;
esac
says out " ${method%[12]} accepted - "
case $method in
gpsk*) name='EAP-GPSK: MSK - ' ;;
psk) name='EAP-PSK: MSK - ' ;;
sim | aka) name='EAP-SIM: keying material (MSK) - ' ;;
aka-prime) name="EAP-AKA': MSK - " ;;
tls) name='EAP-TLS: Derived key - ' ;;
esac
differ "there is an MSK" "" "$(our_msk out)"
equal "MSK" "$(our_msk out)" "$(hexdump_of hostapd.log "$name")"

case $method in
sim | aka | aka-prime)
    # Fast re-authentication: a full one, then twice by what it left behind; and resynchronisation.
    attach 0 18120 "$method" --reauth --count 3
    equal "re-authentications" 2 "$(grep -cE "^\"[458][^\"]*\" $method accepted" out)"
    if [ "$method" != sim ]; then
        attach 0 18120 "$method" --sqn 000000100000
        says hlr.log '^resynchronised: yes'
    fi
    ;;
tls)
    # In small fragments, both ways.
    attach 0 18120 tls --mtu 100 --server-name server.example
    says out ' (1[6-9]|[2-9][0-9]) round trips ' # many fragments
    ;;
esac
finish
