# serve nscl and sessions that are taken up again: openssl and gnutls-cli, over TLS and DTLS, by
# session id and by ticket; a server that has forgotten shakes hands anew.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"

for tool in openssl gnutls-cli; do
    command -v $tool >/dev/null || skip "no $tool"
done

node=00112233445566778899aabbccddeeff
kmc=4162636465666768696a6b6c6d6e6f707172737475767778797a303132333435
echo "$node kmc 4711:1 $kmc" >users

serve() { # WAY [OPTION...]
    rm -f serve.err serve.out
    way_of_it=$1
    shift
    "$M2MSIM" serve nscl hello --https 0 --coaps 0 --users users --set populations.meter.mid.resume="$way_of_it" "$@" >serve.out 2>serve.err &
    running=$!
    await serve.err ' for coaps$' 1
    tls=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\) .*$/\1/p' serve.err)
    dtls=$(sed -n 's/^127\.0\.0\.1:\([0-9]*\) for coaps$/\1/p' serve.err)
}

# A request in the client's name, and time for its answer.
request() {
    printf 'GET /m2m HTTP/1.1\r\nHost: core.m2m.example\r\nAuthorization: Basic %s\r\nContent-Length: 0\r\n\r\n' \
        "$(printf 'scl-%s:' $node | openssl base64 -A)"
    await answers 'HTTP/1\.1 [0-9]' 1 >/dev/null
}

over_tls() { # OPTION...: New or Reused, and the answer's status, in $got
    : >answers
    request | openssl s_client -no_ign_eof -connect "127.0.0.1:$tls" -tls1_2 -psk_identity 4711:1 -psk $kmc \
        -cipher PSK-AES128-CCM "$@" >answers 2>&1
    got="$(sed -n 's/^\(New\|Reused\), .*/\1/p' answers) $(grep -ao 'HTTP/1\.1 [0-9]*' answers | cut -d ' ' -f 2)"
}

open_for_a_while() {
    await answers '^(New|Reused), ' 1 >/dev/null
}

over_dtls() { # OPTION...
    : >answers
    open_for_a_while |
        openssl s_client -dtls1_2 -connect "127.0.0.1:$dtls" -psk_identity 4711:1 -psk $kmc -cipher PSK-AES128-CCM8 "$@" >answers 2>&1
    got=$(sed -n 's/^\(New\|Reused\), .*/\1/p' answers)
}

with_gnutls() { # PORT OPTION...: connects twice
    port=$1
    shift
    echo | gnutls-cli --port "$port" 127.0.0.1 --no-ca-verification --pskusername 4711:1 --pskkey $kmc --resume "$@" >answers 2>&1
}

for way in session-id ticket; do
    serve $way
    rm -f tls.session dtls.session
    over_tls -sess_out tls.session
    equal "$way, TLS" "New 200" "$got"
    over_tls -sess_in tls.session
    equal "$way, TLS again" "Reused 200" "$got"
    over_dtls -sess_out dtls.session
    equal "$way, DTLS" New "$got"
    over_dtls -sess_in dtls.session
    equal "$way, DTLS again" Reused "$got"
    echo | openssl s_client -connect "127.0.0.1:$tls" -tls1_2 -psk_identity 4711:1 -psk $kmc -reconnect >answers 2>&1
    equal "$way, five times more" 5 "$(grep -c '^Reused, ' answers)"
    with_gnutls "$tls" --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK'
    says answers '^\*\*\* This is a resumed session'
    with_gnutls "$dtls" --udp --priority 'NONE:+VERS-DTLS1.2:+PSK:+AES-128-CCM-8:+AEAD:+COMP-NULL:+SIGN-ALL:+GROUP-ALL'
    says answers '^\*\*\* This is a resumed session'
    await serve.out '^"4711:1" .* resumed$' 7
    await serve.out '^coaps "4711:1" .* resumed$' 2
    silent serve.out 'psk-|tls-'
    end
    # In memory: another process knows neither its sessions nor its keys, and nothing fails.
    serve $way
    over_tls -sess_in tls.session
    equal "$way, a server that forgot" "New 200" "$got"
    over_dtls -sess_in dtls.session
    equal "$way, DTLS likewise" New "$got"
    await serve.out '^coaps "4711:1" - ' 1
    silent serve.out 'resumed'
    end
done
# Where the scenario's devices do not, nobody does.
serve no
over_tls -sess_out tls.session
over_tls -sess_in tls.session
equal "no" "New 200" "$got"
end

# ---- attach devices ----

# A server that has no patience with who is silent between two reports, so that each needs another session.
fleet() { # WAY BINDING DOOR
    size="--set populations.meter.count=3 --set populations.meter.mid.binding=$2"
    # shellcheck disable=SC2086  # words
    serve "$1" $size --patience '500 ms'
    port=$tls
    if [ "$2" = coap ]; then port=$dtls; fi
    for time in 6 60; do # some of it, unless the machine comes to nothing else
        # shellcheck disable=SC2086
        m2m 0 attach devices hello $size --set populations.meter.mid.resume="$1" --nscl "$port" --count 3 --for "$time s" \
            --speed 300 --patience '60 s'
        connects=$(awk '/^connect, / { on = 1 } on && $1 == "success" { print $2; exit }' out)
        [ "${connects:-0}" -lt 6 ] || break
    done
}

for binding in http coap; do
    door=
    if [ $binding = coap ]; then door='^coaps '; fi
    for way in session-id ticket; do
        fleet $way $binding
        holds "$way, $binding: $connects sessions of 3 devices" test "${connects:-0}" -ge 6
        resumed=$(sed -n 's/^sessions resumed *//p' out)
        equal "$way, $binding: all but the first of each" $((connects - 3)) "$resumed"
        end
        holds "$way, $binding: the server says the same" test "$(grep -c "${door}.* resumed\$" serve.out)" -ge "$resumed"
    done
done
fleet no http
silent out 'resumed'
# shellcheck disable=SC2086
m2m 0 attach devices hello $size --set populations.meter.mid.resume=ticket --nscl "$tls" --for '1 s' --json
says out '^\{"resumed": 0\}$'
end
# OpenSSL's server, which understands nothing of it: each attempt times out, and the next takes the session up again.
serve session-id --secrets
id=$(sed -n 's/^"meter" .* identity=\([^ ]*\) .*/\1/p' serve.out)
key=$(sed -n 's/^"meter" .* kmc=\([^ ]*\)$/\1/p' serve.out)
end
mkfifo held
exec 9<>held
openssl s_server -accept 127.0.0.1:0 -tls1_2 -nocert -psk_identity "$id" -psk "$key" -cipher PSK-AES128-CCM \
    <held >answers 2>&1 &
running=$!
await answers '^ACCEPT 127\.0\.0\.1:' 1
port=$(sed -n 's/^ACCEPT 127\.0\.0\.1:\([0-9]*\)$/\1/p' answers)
m2m 4 attach devices hello --set populations.meter.mid.resume=ticket --nscl "$port" --for '6 s' --patience '1 s'
says out '^1 "meter" CREATE scl refused timeout '
says out '^sessions resumed +[1-9]'
says answers '^Reused session-id'
kill $running
wait $running
running=
exec 9>&-
finish
