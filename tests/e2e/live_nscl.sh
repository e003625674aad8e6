# serve nscl against other people's clients over loopback: openssl and gnutls-cli with PSK = Kmc,
# curl with certificates (it has no PSK), libcoap's client over DTLS, whichever TLS library it has;
# and attach devices against serve nscl.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"
. "$M2M_SOURCE/tests/e2e/live_nscl_lib.sh"

for tool in curl openssl gnutls-cli coap-client-openssl coap-client-gnutls; do
    command -v $tool >/dev/null || skip "no $tool"
done

node=00112233445566778899aabbccddeeff
kmc=4162636465666768696a6b6c6d6e6f707172737475767778797a303132333435
kmc_text=Abcdefghijklmnopqrstuvwxyz012345 # libcoap's client takes octets
other=10112233445566778899aabbccddeeff
cat >users <<END
$node kmc 4711:1 $kmc
$other kmc 4712:1 $kmc $kmc
psk-user psk 000102030405060708090a0b0c0d0e0f
END

serve() { # OPTION...: its port in $port, its pid in $running
    serve_at --https 0 "$@"
}

serve_at() { # PLACE OPTION...
    serve_scenario hello "$@"
}

# ---- PSK: one session, several requests, whatever the TLS library ----

# Requests in HTTP, and time for the answers before the end of the input: s_client does not wait.
requests() { # METHOD PATH BODY ... END: in the name of $scl
    while [ "$1" != END ]; do
        printf '%s %s HTTP/1.1\r\nHost: core.m2m.example\r\nAuthorization: Basic %s\r\n' "$1" "$2" "$(basic "$scl")"
        if [ -n "$3" ]; then
            printf 'Content-Type: application/xml\r\nContent-Length: %d\r\n\r\n%s' "${#3}" "$3"
        else
            printf 'Content-Length: 0\r\n\r\n'
        fi
        shift 3
    done
    comes is_answered
}

is_answered() {
    [ "$(grep -ao 'HTTP/1\.1 [0-9]' answers 2>/dev/null | wc -l)" -ge "$wanted" ]
}

with_openssl() { # IDENTITY KEY [OPTION...]
    identity=$1 key=$2
    shift 2
    openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$port" -tls1_2 -psk_identity "$identity" -psk "$key" "$@" \
        >answers 2>client.err
}

with_gnutls() { # IDENTITY KEY
    gnutls-cli --port "$port" 127.0.0.1 --no-ca-verification \
        --priority 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+PSK' \
        --pskusername "$1" --pskkey "$2" >answers 2>client.err
}

statuses() {
    grep -ao 'HTTP/1\.1 [0-9]*' answers | cut -d ' ' -f 2 | tr '\n' ' '
}

link='<m2m:link>https://a.example/m2m</m2m:link>'
mgmt='<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>'

life() { # CLIENT: from registration to its end, with what is refused on the way
    rm -f answers
    scl=scl-$node
    wanted=13
    base=/m2m/scls/$scl
    requests POST /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")" \
        POST /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")" \
        POST $base/containers "$(document container 'm2m:id="r"' '')" \
        POST $base/containers/r/contentInstances \
        "$(document contentInstance 'm2m:id="one"' '<m2m:content>b25l</m2m:content>')" \
        POST $base/containers/r/contentInstances \
        "$(document contentInstance 'm2m:id="two"' '<m2m:content>dHdv</m2m:content>')" \
        GET $base/containers/r/contentInstances/latest '' \
        PUT $base "$(document scl '' "$mgmt")" \
        PUT $base/containers/none "$(document container '' '')" \
        POST $base/containers '<m2m:container>' \
        GET $base/containers/r?nonsense=1 '' \
        DELETE $base/containers/r '' \
        GET $base/containers/r '' \
        DELETE $base '' END |
        "$1" 4711:1 $kmc
    equal "$1: the answers" "201 409 201 201 201 200 200 404 400 400 204 404 204 " "$(statuses)"
    says answers '<m2m:content[^>]*>dHdv<' # the latest of the two
    says answers 'STATUS_CONFLICT'
}

serve --users users --secrets
says serve.err ', 1 device, 3 users$'
says serve.out '^"meter" scl=scl-[0-9a-f]{32} identity=[0-9]+:1 kmc=[0-9a-f]{64}$'
id=$(sed -n 's/.* identity=\([^ ]*\) .*/\1/p' serve.out)
key=$(sed -n 's/.* kmc=\([^ ]*\)$/\1/p' serve.out)
meter=$(sed -n 's/.* scl=\([^ ]*\) .*/\1/p' serve.out)
life with_openssl
life with_gnutls
await serve.out '^"4711:1" - ' 2
# A document that is none is refused by the session itself.
says serve.out '^"4711:1" - [0-9.]+ s 12 requests [0-9]+ B in [0-9]+ B out$'

# The suites of etsi-m2m.md 6; and none that is not.
for suite in PSK-AES128-CCM PSK-AES128-CBC-SHA256 PSK-AES128-CBC-SHA; do
    wanted=1 scl=$meter
    rm -f answers
    requests GET /m2m '' END | with_openssl "$id" "$key" -cipher $suite
    equal "$suite" "200 " "$(statuses)"
done
rm -f answers
echo | with_openssl "$id" "$key" -cipher ECDHE-PSK-AES128-CBC-SHA256
says client.err 'handshake failure'
await serve.out '^"" no-common-suite ' 1
says serve.out '^"" no-common-suite .* 0 requests '

# Who says to be another, and nobody: 401 and 403. A device that can attest must.
refused() { # SCL STATUS TEXT
    rm -f answers
    scl=$1 wanted=1
    requests GET /m2m/scls '' END | with_openssl 4711:1 $kmc
    equal "as $1" "$2 " "$(statuses)"
    says answers "$3"
}
refused "scl-$other" 401 'not that of the connection'
refused "" 403 'requesting entity'
rm -f answers
scl=$meter wanted=1
requests POST /m2m/scls "$(document scl "sclId=\"$meter\"" "$link$mgmt")" END | with_openssl "$id" "$key"
equal "without integrityValResults" "400 " "$(statuses)"
says answers 'integrityValResults are missing'
# Another's resources: their existence is hidden (etsi-m2m.md 8.4).
rm -f answers
scl=scl-$node wanted=3
requests POST /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")" GET "/m2m/scls/$meter" '' \
    DELETE "/m2m/scls/$meter/containers/readings" '' END | with_openssl 4711:1 $kmc
equal "another's" "201 404 404 " "$(statuses)"
# A wrong key, and an identity that nobody has.
rm -f answers
echo | with_openssl 4711:1 "${kmc%35}36"
await serve.out '^"4711:1" psk-wrong-key ' 1
says serve.out '^"4711:1" psk-wrong-key '
echo | with_openssl 999:1 $kmc
await serve.out '^"999:1" psk-unknown-identity ' 1
says serve.out '^"999:1" psk-unknown-identity .* 0 requests '
holds "a port that is taken" sh -c "! '$M2MSIM' serve nscl hello --https $port"
end
says serve.out '^requests +[0-9]+$'
says serve.out '^  CREATE   201 +[0-9]+$'
says serve.out '^  CREATE   409 +2$'
says serve.out '^  RETRIEVE 401 +1$'
says serve.out '^CREATE   ms p50 p90 p99 +[0-9.]+ +[0-9.]+ +[0-9.]+$'

# Keep-alive ends when nobody asks, though the client's input goes on; octets that are no HTTP; JSON.
mkfifo held
exec 9<>held
serve --users users --patience '3 s' --json
with_openssl 4711:1 $kmc <held
await serve.out '"4711:1"' 1
says serve.out '^\{"by": "https", "identity": "4711:1", "reason": "", "seconds": ([3-9]|[1-9][0-9]+)\.[0-9]+, "requests": 0, '
rm -f answers
echo nonsense | with_openssl 4711:1 $kmc
await serve.out '"reason": "http' 1
says serve.out '"reason": "http'
end
tail -n 1 serve.out >line.json
valid_json line.json
says line.json '^\{"requests": 0, "connections": 2, "most_connections": 1, "refused_connections": 0, '

# ---- certificates: curl ----

visit() { # STATUS METHOD PATH [BODY]: in the name of $scl
    set -- "$1" "$2" "$3" "${4-}"
    got=$(curl -s --max-time 120 --cacert ca.pem --cert client.pem --connect-to "::127.0.0.1:$port" -u "$scl:" \
        -X "$2" -H 'Content-Type: application/xml' ${4:+-d "$4"} -D headers -o body -w '%{http_code}' \
        "https://core.m2m.example$3")
    equal "$2 $3" "$1" "$got"
}

serve --set populations.meter.ival.capable=no --tls cert --ca-out ca.pem --client-out client.pem --device meter --secrets
scl=$(sed -n 's/.* scl=\([^ ]*\) .*/\1/p' serve.out)
equal "the name in the client's certificate" "$scl" \
    "$(openssl x509 -in client.pem -noout -subject -nameopt multiline | sed -n 's/.*commonName *= //p')"
equal "the key is its owner's" 600 "$(stat -c %a client.pem)"
base=/m2m/scls/$scl
visit 200 GET /m2m
says body '<m2m:sclBase '
visit 201 POST /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")"
says headers "^Location: $base"
visit 409 POST /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")"
visit 201 POST "$base/containers" "$(document container 'm2m:id="r"' '')"
visit 201 POST "$base/containers/r/contentInstances" "$(document contentInstance '' '<m2m:content>b25l</m2m:content>')"
visit 200 GET "$base/containers/r/contentInstances/latest"
says body '>b25l<'
visit 201 POST "$base/containers/r/subscriptions" "$(document subscription 'm2m:id="s"' '<m2m:contact>https://a.example/n</m2m:contact>')"
visit 200 PUT "$base" "$(document scl '' "$mgmt")"
visit 204 DELETE "$base/containers/r"
visit 404 GET "$base/containers/r"
visit 405 DELETE "$base/containers"
visit 403 POST "$base/applications" "$(document application 'appId="a"' '')"
mine=$scl
scl=scl-$other
visit 401 GET "$base"
scl=
visit 403 GET "$base"
scl=$mine
visit 204 DELETE "$base"
# No certificate, no entry; and a certificate is another's authority's.
code=$(curl -s --max-time 120 --cacert ca.pem --connect-to "::127.0.0.1:$port" -o body -w '%{http_code}' "https://core.m2m.example/m2m")
equal "without a certificate" 000 "$code"
await serve.out '^"" certificate-missing ' 1
says serve.out '^"" certificate-missing '
end
m2m 2 serve nscl hello --https 0 --tls cert --ca-out ca.pem
says err 'ca\.pem: File exists \(--force replaces it\)'

# ---- CoAP over DTLS: libcoap, with OpenSSL and with GnuTLS ----

coap() { # CLIENT CODE METHOD PATH [BODY]: in the name of $scl
    client=$1 code=$2 method=$3 path=$4
    shift 4
    if [ $# -gt 0 ]; then set -- -t 41 -e "$1"; fi
    "coap-client-$client" -v 6 -B 20 -m "$method" -u 4711:1 -k $kmc_text "$@" \
        "coaps://127.0.0.1:$port$path?RequestingEntity=$scl" >answers 2>&1
    equal "coap-client-$client -m $method $path" "$code" "$(sed -n 's/^v:1 t:ACK c:\([0-9.]*\) .*/\1/p' answers | tail -n 1)"
}

coap_life() { # CLIENT
    scl=scl-$node
    base=/m2m/scls/$scl
    coap "$1" 2.01 post /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")"
    says answers "Location-Path:$scl"
    coap "$1" 4.09 post /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")"
    coap "$1" 2.01 post "$base/containers" "$(document container 'm2m:id="r"' '')"
    coap "$1" 2.01 post "$base/containers/r/contentInstances" "$(document contentInstance '' '<m2m:content>b25l</m2m:content>')"
    coap "$1" 2.05 get "$base/containers/r/contentInstances/latest"
    says answers '>b25l<'
    coap "$1" 2.04 put "$base" "$(document scl '' "$mgmt")"
    coap "$1" 4.00 post "$base/containers" '<m2m:container>'
    coap "$1" 4.05 delete "$base/containers"
    coap "$1" 4.03 post "$base/applications" "$(document application 'appId="a"' '')"
    coap "$1" 2.02 delete "$base/containers/r"
    coap "$1" 4.04 get "$base/containers/r"
    says answers 'STATUS_NOT_FOUND'
    scl=scl-$other
    coap "$1" 4.01 get "$base"
    scl=
    coap "$1" 4.03 get "$base"
    scl=scl-$node
    # More than a block either way: nothing of ours is that long but a document.
    long=$(head -c 3000 /dev/zero | tr '\0' A)
    coap "$1" 2.01 post "$base/containers" "$(document container 'm2m:id="long"' '')"
    coap "$1" 2.01 post "$base/containers/long/contentInstances" "$(document contentInstance '' "<m2m:content>$long</m2m:content>")"
    coap "$1" 2.05 get "$base/containers/long/contentInstances/latest"
    says answers "$(head -c 250 /dev/zero | tr '\0' A)"
    coap "$1" 2.02 delete "$base"
}

serve_at --coaps 0 --users users --patience '30 s'
says serve.err ' for coaps as core\.m2m\.example$'
coap_life openssl
says serve.out '^coaps "4711:1" - [0-9.]+ s 1 requests '
printf '@SYSTEM=NONE:+VERS-DTLS1.2:+PSK:+AES-128-CCM-8:+AEAD:+COMP-NULL:+SIGN-ALL:+GROUP-ALL\n' >priority
GNUTLS_SYSTEM_PRIORITY_FILE=$work/priority coap_life gnutls
scl=scl-$node
base=/m2m/scls/$scl
# Observe 0 is a subscription (etsi-m2m.md 8.3): told of each new instance, until Observe 1.
store() { # CONTENT
    coap openssl 2.01 post "$base/containers/r/contentInstances" "$(document contentInstance '' "<m2m:content>$1</m2m:content>")"
}

# An observation of so many seconds, during which two are stored: 1, if it ended before the machine
# came so far.
watch() { # CLIENT SECONDS
    store b25l
    rm -f observed
    "coap-client-$1" -v 6 -B 120 -s "$2" -m get -u 4711:1 -k $kmc_text \
        "coaps://127.0.0.1:$port$base/containers/r/contentInstances/latest?RequestingEntity=$scl" >observed 2>&1 &
    observer=$!
    await observed '>b25l<'
    coap openssl 2.05 get "$base/containers/r/contentInstances/subscriptions"
    cp answers while-observed
    store dHdv
    store dGhyZWU=
    wait $observer
    equal "the client of $1 ends" 0 $?
    grep -q '>dGhyZWU=<' observed
}

observe() { # CLIENT
    coap openssl 2.01 post /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")"
    coap openssl 2.01 post "$base/containers" "$(document container 'm2m:id="r"' '')"
    watch "$1" 3 || watch "$1" 20 || watch "$1" 100
    says while-observed 'namedReference' # it is in the tree
    says observed '>dHdv<'
    says observed '>dGhyZWU=<'
    store Zm91cg== # nobody observes any more: its subscription goes
    coap openssl 2.05 get "$base/containers/r/contentInstances/subscriptions"
    silent answers 'namedReference'
    coap openssl 2.02 delete "$base"
}
observe openssl
GNUTLS_SYSTEM_PRIORITY_FILE=$work/priority observe gnutls
# Octets that begin no handshake; then still at work.
coap-client-openssl -B 1 -m get "coap://127.0.0.1:$port/m2m" >answers 2>&1
coap openssl 2.05 get /m2m
end
says serve.out '^  DELETE   204 +6$'
# Both at a time, and the idle time of an association that nobody ends; a wrong key makes none.
serve_at --https 0 --coaps 0 --users users --patience '3 s' --json
says serve.err '^127\.0\.0\.1:[0-9]+ for coaps$'
port=$(port_of coaps)
openssl s_client -dtls1_2 -connect "127.0.0.1:$port" -psk_identity 4711:1 -psk $kmc -cipher PSK-AES128-CCM \
    <held >answers 2>&1
says answers 'Cipher is PSK-AES128-CCM'
await serve.out '"by": "coaps"' 1
says serve.out '^\{"by": "coaps", "identity": "4711:1", "reason": "", "seconds": ([3-9]|[1-9][0-9]+)\.[0-9]+, "requests": 0, '
# Who does not get in is told why: by a record that the key does not open, which DTLS drops, only when nobody waits
# for it any longer.
stranger() { # IDENTITY KEY SUITE REASON IDENTITY-KNOWN
    lines=$(wc -l <serve.out)
    openssl s_client -dtls1_2 -connect "127.0.0.1:$port" -psk_identity "$1" -psk "$2" -cipher "$3" <held >answers 2>&1 &
    client=$!
    await serve.out '"by": "coaps"' $((lines + 1))
    kill $client 2>/dev/null
    wait $client
    tail -n 1 serve.out >line
    says line "\"by\": \"coaps\", \"identity\": \"$5\", \"reason\": \"$4\", \"seconds\": .*, \"requests\": 0, "
}
stranger 4711:1 "${kmc%35}36" PSK-AES128-CCM psk-wrong-key 4711:1
stranger 4711:1 "${kmc%35}36" PSK-AES128-CCM8 psk-wrong-key 4711:1
stranger 999:1 $kmc PSK-AES128-CCM psk-unknown-identity 999:1
stranger 4711:1 $kmc PSK-AES128-CBC-SHA256 no-common-suite ''
exec 9>&-
end

# ---- attach devices ----

many=$(scaled 200 20)
size="--set populations.meter.count=$many"
# shellcheck disable=SC2086  # words
serve $size
# In the time they are given; the slower the machine, the more of it all of them need.
fleet() {
    for time in '2 s' '10 s' '60 s'; do
        # shellcheck disable=SC2086
        m2m 0 attach devices hello $size --nscl "$port" --count "$many" --for "$time" --patience '10 min'
        in_and_out=$(awk '/^[A-Za-z]+.*at a time$/ { what = $1 " " $2 } $1 == "success" && $2 ~ /^[0-9]+$/ { n[what] = $2 }
            END { print n["CREATE scl,"], n["DELETE scl,"] }' out)
        [ "$in_and_out" != "$many $many" ] || break
    done
    equal "each registered, and left" "$many $many" "$in_and_out"
}

fleet
says out "^connect, $many at a time\$"
says out '^CREATE contentInstance, '
says out '^latency p99, ms +[0-9.]+$'
# By their own clock, which is a report each 0.6 s: no more than that, and, unless the machine comes to
# nothing else, half of it.
for seconds in 2 10 60; do
    # shellcheck disable=SC2086
    m2m 0 attach devices hello $size --nscl "$port" --count 3 --for "$seconds s" --over '100 ms' --speed 1000 --json
    reports=$(sed -n 's/.*"CREATE contentInstance", "n": \([0-9]*\),.*/\1/p' out)
    [ "${reports:-0}" -lt $((seconds * 5 / 2)) ] || break
done
while IFS= read -r line; do
    printf '%s\n' "$line" >line.json
    valid_json line.json
done <out
holds "$reports reports in $seconds s, a report each 0.6 s" \
    test "${reports:-0}" -ge $((seconds * 5 / 2)) -a "$reports" -le $((seconds * 5 + 3))
# Given so little time that one thing is done, and more where the machine does not come to it.
brief() { # EXPECTED-EXIT PATTERN OPTION...
    exit_wanted=$1
    pattern=$2
    shift 2
    for time in '300 ms' '3 s' '30 s'; do
        # shellcheck disable=SC2086
        m2m "$exit_wanted" attach devices hello $size --nscl "$port" --for "$time" "$@"
        if grep -qE -e "$pattern" out; then break; fi
    done
    says out "$pattern"
}

# Who stayed is met again: a conflict, then UPDATE.
brief 0 '^CREATE contentInstance, ' --count 1 --keep
silent out 'DELETE scl'
brief 4 '^UPDATE scl, 1 at a time$' --device meter-0
says out '^1 "meter-0" CREATE scl refused conflict '
# Keys of another seed; a tampered device; more devices than there are.
brief 4 ' connect refused ' --set run.seed=2
brief 4 '^1 "meter-0" CREATE scl refused ival-denied ' --set populations.meter.ival.tampered='100 %'
# shellcheck disable=SC2086
m2m 2 attach devices hello $size --nscl "$port" --count $((many + 1))
says err "there are $many devices"
end
# shellcheck disable=SC2086
equal "the server's connections" 0 "$(awk '/^most at a time/ { print ($5 + 0 < '"$many"') }' serve.out)"
# Over CoAP, as the scenario says.
size="$size --set populations.meter.mid.binding=coap"
# shellcheck disable=SC2086
serve_at --coaps 0 $size
fleet
says out '^DELETE scl, '
says out '^round trips, mean +3\.[0-4][0-9]$' # of the handshake with its cookie; some more, where the machine is slow
silent out ' refused '
end
brief 4 '^  connection-refused +[1-9]'
size=
brief 4 '^  connection-refused +[1-9]'

# ---- wrong usage ----
m2m 2 serve nscl hello
says err '--https, --coaps, --http or --coap is needed'
m2m 2 serve nscl --https 0
says err 'a scenario is needed'
m2m 2 serve nscl hello --https 0 --tls no
m2m 2 serve nscl hello --https 0 --ca-out x
says err 'go with --tls cert'
m2m 2 serve nscl hello --https 0 --secret s
says err "--secret is not for 'nscl'"
m2m 2 serve bsf --users users --https 0
says err "--https is not for 'bsf'"
m2m 3 serve nscl gba-operator --https 0 --tls cert
says err 'has no authority'
m2m 2 attach devices --nscl 1
says err 'a scenario is needed'
m2m 2 attach devices hello
says err '--nscl is needed'
m2m 2 attach devices hello --nscl 1 --speed 0
m2m 2 attach devices hello --nscl 1 --count 0
m2m 2 attach devices hello --nscl 1 --device no-such
m2m 2 attach devices district --nscl 1 --device concentrators
says err "'concentrators' is no device of the first NSCL's"
m2m 2 attach eap --nscl 1 --radius 1 --secret s
says err "--nscl is not for 'eap'"
finish
