#!/bin/sh
# serve nscl as curl and libcoap's client find it without TLS: what RFC 9110, 7252 and 7959 ask of any server,
# whatever it serves. Resources and rights: live_nscl.sh.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"
. "$M2M_SOURCE/tests/e2e/live_nscl_lib.sh"

for tool in curl openssl coap-client-notls; do
    command -v $tool >/dev/null || skip "no $tool"
done

serve_scenario trusted-access --http 0 --coap 0 --secrets --patience '60 s' --set populations.meters.count=1 \
    --set populations.meters.ival.capable=no
scl=$(sed -n 's/.* scl=\([^ ]*\).*/\1/p' serve.out)
coap=$(port_of coap)
base=/m2m/scls/$scl
link='<m2m:link>https://a.example/m2m</m2m:link>'
mgmt='<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>'

type=application/xml
visit() { # STATUS METHOD PATH [OPTION...]
    status=$1 method=$2 path=$3
    shift 3
    got=$(curl -s --max-time 30 -u "$scl:" -X "$method" -H "Content-Type: $type" -D headers -o body \
        -w '%{http_code}' "$@" "http://127.0.0.1:$port$path")
    equal "$method $path $*" "$status" "$got"
}

# ---- HTTP ----

visit 201 POST /m2m/scls -d "$(document scl "sclId=\"$scl\"" "$link$mgmt")"
container=$(document container 'm2m:id="a&amp;b"' '')
# Who waits for 100 gets it: else curl goes on by itself after a minute, and this after half of it fails.
visit 201 POST "$base/containers" -d "$container" -H 'Expect: 100-continue' --expect100-timeout 60
says headers '^HTTP/1\.1 100 Continue'
says headers "^Location: $base/containers/a&b"
visit 200 GET "$base/containers/a&b"
says body 'm2m:id="a&amp;b"'
visit 201 POST "$base/containers" -d "$(document container 'm2m:id="r"' '')" -H 'Transfer-Encoding: chunked'
visit 400 POST "$base/containers" -d "$container" -H 'Transfer-Encoding: gzip, chunked'
type=application/json
visit 415 POST "$base/containers" -d '{}'
type=application/xml
visit 412 DELETE "$base/containers/r" -H 'If-Match: "x"'
visit 412 PUT "$base/containers/r" -d "$(document container '' '')" -H 'If-None-Match: *'
visit 400 DELETE "$base/containers/r?ifUnmodifiedSince=2013-01-01T00:00:00Z"
visit 501 GET "$base/containers/r?ifMatch=x"
visit 405 OPTIONS "$base/containers/r"
says headers '^Allow: GET, PUT, DELETE'
visit 414 GET "$base/$(head -c 3000 /dev/zero | tr '\0' a)"
visit 400 GET "$base" -H 'Host: a b'
visit 200 GET "$base" --http1.0 -H 'Connection: keep-alive'
says headers '^Connection: close'
visit 403 GET "$base" -u :
visit 401 GET "$base" -u scl-of-nobody:
says headers '^WWW-Authenticate: Basic '
# Who gives no name is told it.
contents=$base/containers/r/contentInstances
visit 201 POST "$contents" -d "$(document contentInstance '' '<m2m:content>b25l</m2m:content>')"
named=$(sed -n 's/^Location: \([^ ]*\).*/\1/p' headers | tr -d '\r')
visit 200 GET "$named"
says body '>b25l<'
visit 201 POST "$base/containers" \
    -d "$(document container 'm2m:id="late"' '<m2m:expirationTime>9999-12-31T23:59:59Z</m2m:expirationTime>')"

# ---- CoAP: every size of block, both ways ----

libcoap() { # CODE METHOD PATH [OPTION...]
    code=$1 method=$2 path=$3
    shift 3
    coap-client-notls -v 6 -B 20 -m "$method" "$@" "coap://127.0.0.1:$coap$path?RequestingEntity=$scl" >answers 2>&1
    equal "coap-client -m $method $path $*" "$code" \
        "$(sed -n 's/^v:1 t:[A-Z]* c:\([2-5]\.[0-9]*\) .*/\1/p' answers | tail -n 1)"
}

content=$(openssl rand -hex 2000) # which is base64 too
document contentInstance '' "<m2m:content>$content</m2m:content>" >long.xml
for size in 16 32 64 128 256 512 1024; do
    libcoap 2.01 post "$contents" -t 41 -b $size -f long.xml
    rm -f got
    libcoap 2.05 get "$contents/latest" -b $size -o got
    equal "in blocks of $size" "$(printf %s "$content" | cksum)" \
        "$(sed -n 's/.*<m2m:content>\([0-9a-f]*\)<.*/\1/p' got | tr -d '\n' | cksum)"
done
libcoap 2.05 get "$base" -N
libcoap 4.06 get "$base" -A 50
libcoap 4.02 get "$base" -O 65001,x
libcoap 4.12 put "$base/containers/r" -t 41 -e "$(document container '' '')" -O 5,
libcoap 4.12 delete "$base/containers/r" -O 1,x
libcoap 4.05 fetch "$base"
libcoap 2.02 delete "$base/containers/r"
end
finish
