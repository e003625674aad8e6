#!/bin/sh
# Object security live: curl, openssl and libcoap's client carry what xmlsec1, the program, signs and encrypts to
# serve nscl, and xmlsec1 verifies and decrypts what it answers; inside a channel and without one. Who is trusted
# by the access network; and attach devices.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"
. "$M2M_SOURCE/tests/e2e/live_nscl_lib.sh"

for tool in curl openssl xmlsec1 xxd coap-client-openssl; do
    command -v $tool >/dev/null || skip "no $tool"
done

ds=http://www.w3.org/2000/09/xmldsig#
enc=http://www.w3.org/2001/04/xmlenc#
more=http://www.w3.org/2001/04/xmldsig-more#
exc=http://www.w3.org/2001/10/xml-exc-c14n#
link='<m2m:link>https://a.example/m2m</m2m:link>'
mgmt='<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>'
number=0

# ConcatKDF over Kmc (GAP C13): openssl makes of it what serve does.
derived() { # PURPOSE
    { printf '\000\000\000\001' && printf %s "$kmc" | xxd -r -p && printf %s "$1"; } | openssl dgst -sha256 -binary
}

# The one meter with no integrity to prove, protected by $security.
serve() { # OPTION...
    case $security in *encrypt*) set -- --set "populations.meter.mid.cipher=$cipher" "$@" ;; esac
    serve_scenario hello --set "populations.meter.mid.security=$security" --set populations.meter.ival.capable=no \
        --secrets "$@"
    scl=$(sed -n 's/.* scl=\([^ ]*\).*/\1/p' serve.out)
    id=$(sed -n 's/.* identity=\([^ ]*\).*/\1/p' serve.out)
    kmc=$(sed -n 's/.* kmc=\([^ ]*\).*/\1/p' serve.out)
    derived sign >hmac.bin
    derived encrypt | head -c 16 >aes.bin
    case $security in *object*)
        says serve.out " sign=$(xxd -p -c 32 hmac.bin) encrypt=$(xxd -p aes.bin)\$" ;;
    esac
    base=/m2m/scls/$scl
}

# PRIMITIVE TARGET [REPRESENTATION]: the next requestIndication of $scl, protected as $security says, is sealed.xml
seal() {
    number=$((number + 1))
    cat >plain.xml <<END
<m2m:requestIndication xmlns:m2m="http://uri.etsi.org/m2m"><m2m:primitiveType>$1</m2m:primitiveType><m2m:targetID>$2</m2m:targetID><m2m:requestingEntity>$scl</m2m:requestingEntity><m2m:correlationID>$number</m2m:correlationID>${3:+<m2m:representation>$3</m2m:representation>}</m2m:requestIndication>
END
    case $security in *sign*) sign_plain ;; esac
    case $security in *encrypt*) encrypt_plain ;; esac
    mv plain.xml sealed.xml
}

sign_plain() {
    sed 's|</m2m:requestIndication>||' plain.xml >template.xml
    cat >>template.xml <<END
<ds:Signature xmlns:ds="$ds"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="$exc"/>
<ds:SignatureMethod Algorithm="${more}hmac-sha256"/><ds:Reference URI=""><ds:Transforms>
<ds:Transform Algorithm="${ds}enveloped-signature"/><ds:Transform Algorithm="$exc"/></ds:Transforms>
<ds:DigestMethod Algorithm="${enc}sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>
<ds:KeyInfo><ds:KeyName>$id</ds:KeyName></ds:KeyInfo></ds:Signature></m2m:requestIndication>
END
    holds "xmlsec1 signs" xmlsec1 --sign "--hmackey:$id" hmac.bin --output plain.xml template.xml
}

encrypt_plain() {
    case $cipher in
    aes-128-gcm) algorithm=http://www.w3.org/2009/xmlenc11#aes128-gcm ;;
    *) algorithm=${enc}aes128-cbc ;;
    esac
    cat >template.xml <<END
<EncryptedData xmlns="$enc" Type="${enc}Element"><EncryptionMethod Algorithm="$algorithm"/>
<KeyInfo xmlns="$ds"><KeyName>$id</KeyName></KeyInfo><CipherData><CipherValue/></CipherData></EncryptedData>
END
    mv plain.xml clear.xml
    holds "xmlsec1 encrypts" xmlsec1 --encrypt "--aeskey:$id" aes.bin --xml-data clear.xml --node-xpath '/*' \
        --output plain.xml template.xml
}

# What is in the answer's body, for xmlsec1: STATUS must stand in it, and the request's number.
open_answer() { # WHAT STATUS
    cp body opened.xml
    case $1 in over_coap*)
        if [ -n "$(coap_code "$2")" ]; then
            equal "$1" "$(coap_code "$2")" "$got"
            return
        fi
        ;;
    esac
    case $security in
    *encrypt*)
        silent body 'm2m:'
        holds "$1: xmlsec1 decrypts" xmlsec1 --decrypt "--aeskey:$id" aes.bin --output opened.xml body
        ;;
    esac
    case $security in
    *sign*)
        holds "$1: xmlsec1 verifies" xmlsec1 --verify "--hmackey:$id" hmac.bin opened.xml
        ;;
    esac
    says opened.xml "<m2m:statusCode>STATUS_$2</m2m:statusCode>"
    says opened.xml "<m2m:correlationID>$number</m2m:correlationID>"
}

# ---- how a body travels: each leaves the answer's in body and its number in $got ----

over_http() { # METHOD PATH
    got=$(curl -s --max-time 60 -u "$scl:" -X "$1" -H 'Content-Type: application/xml' --data-binary @sealed.xml \
        -o body -w '%{http_code}' "http://127.0.0.1:$port$2")
}

over_https_certificate() { # METHOD PATH
    got=$(curl -s --max-time 60 --cacert ca.pem --cert client.pem --connect-to "::127.0.0.1:$port" -u "$scl:" \
        -X "$1" -H 'Content-Type: application/xml' --data-binary @sealed.xml -o body -w '%{http_code}' \
        "https://core.m2m.example$2")
}

# An answer, or the peer's alert.
has_ended() { grep -q '^HTTP/1\.1 ' answer || grep -q 'alert' client.err; }

over_https_psk() { # METHOD PATH; it ends when the answer is there
    rm -f answer
    # shellcheck disable=SC2094
    {
        printf '%s %s HTTP/1.1\r\nHost: core.m2m.example\r\nAuthorization: Basic %s\r\nConnection: close\r\n' \
            "$1" "$2" "$(basic "$scl")"
        printf 'Content-Type: application/xml\r\nContent-Length: %d\r\n\r\n' "$(wc -c <sealed.xml)"
        cat sealed.xml
        comes has_ended
    } | openssl s_client -quiet -no_ign_eof -connect "127.0.0.1:$port" -tls1_2 -psk_identity "$id" -psk "$kmc" \
        >answer 2>client.err
    got=$(sed -n '1s/^HTTP\/1\.1 \([0-9]*\).*/\1/p' answer)
    sed '1,/^\r*$/d' answer >body
}

# GET and DELETE have no body in CoAP: their primitives travel by POST. Of an answer that is an error libcoap's
# client writes no file, but what can be printed of it: those are judged by their code, and over HTTP by xmlsec1.
over_coap() { # METHOD PATH
    rm -f body
    coap-client-openssl -v 6 -B 60 -m post -t 41 -f sealed.xml -o body \
        "coap://127.0.0.1:$port$2?RequestingEntity=$scl" >answer 2>error
    got=$(sed -n 's/^v:1 t:ACK c:\([0-9.]*\) .*/\1/p' answer | tail -n 1)
    if [ ! -s body ]; then cp error body; fi
}

coap_code() { # STATUS
    case $1 in
    NOT_FOUND) echo 4.04 ;;
    PERMISSION_DENIED) echo 4.01 ;;
    BAD_REQUEST) echo 4.00 ;;
    *) echo "" ;;
    esac
}

# ---- the primitives, whatever carries them ----

life() { # HOW
    how=$1
    seal CREATE /m2m/scls "$(document scl "sclId=\"$scl\"" "$link$mgmt")"
    "$how" POST /m2m/scls
    open_answer "$how $security CREATE scl" CREATED
    says opened.xml "<m2m:resourceURI>$base</m2m:resourceURI>"
    first=$number
    cp sealed.xml first.xml
    seal CREATE "$base/containers" "$(document container 'm2m:id="r"' '')"
    "$how" POST "$base/containers"
    open_answer "$how CREATE container" CREATED
    seal CREATE "$base/containers/r/contentInstances" \
        "$(document contentInstance 'm2m:id="one"' '<m2m:content>b25l</m2m:content>')"
    "$how" POST "$base/containers/r/contentInstances"
    open_answer "$how CREATE contentInstance" CREATED
    seal RETRIEVE "$base/containers/r/contentInstances/latest"
    "$how" GET "$base/containers/r/contentInstances/latest"
    open_answer "$how RETRIEVE" OK
    says opened.xml '<m2m:content[^>]*>b25l<'
    seal UPDATE "$base" "$(document scl '' "$mgmt")"
    "$how" PUT "$base"
    open_answer "$how UPDATE" OK
    seal DELETE "$base/containers/r"
    "$how" DELETE "$base/containers/r"
    open_answer "$how DELETE" DELETED
    seal RETRIEVE "$base/containers/r"
    "$how" GET "$base/containers/r"
    open_answer "$how RETRIEVE of what is gone" NOT_FOUND

    # Once more, and one that is too late: replayed. The answer is sealed, and to that number.
    cp sealed.xml again.xml
    "$how" GET "$base/containers/r"
    open_answer "$how replayed" PERMISSION_DENIED
    if [ "$how" != over_coap ]; then says opened.xml 'object-replayed'; fi
    last=$number
    number=$first
    cp first.xml sealed.xml
    "$how" POST /m2m/scls
    open_answer "$how replayed, the first" PERMISSION_DENIED
    number=$last
    # Another target than what is sealed: a proxy has been misled.
    seal RETRIEVE "$base/containers"
    "$how" GET "$base/mgmtObjs"
    open_answer "$how another target" BAD_REQUEST
    if [ "$how" != over_coap ]; then says opened.xml 'object-mismatch'; fi
    # Altered: the octets of the ciphertext or of the document.
    seal RETRIEVE "$base"
    case $security in
    *encrypt*) awk '/CipherValue>/ && !done { sub(/CipherValue>[A-Za-z0-9+\/]/, "&AAAA"); done = 1 } { print }' sealed.xml >altered.xml ;;
    *) sed 's/<m2m:correlationID>/<m2m:correlationID>9/' sealed.xml >altered.xml ;;
    esac
    differ "$how: it is altered" "$(cat sealed.xml)" "$(cat altered.xml)"
    mv altered.xml sealed.xml
    "$how" GET "$base"
    says body 'xmlsec-(wrong-signature|decrypt-failed)'
    # Not sealed at all.
    plain_refused "$how"
    seal DELETE "$base"
    "$how" DELETE "$base"
    open_answer "$how DELETE scl" DELETED
}

plain_refused() { # HOW
    document container 'm2m:id="p"' '' >sealed.xml
    "$1" POST "$base/containers"
    says body 'errorInfo'
    case $1 in
    over_coap) equal "$1: unsealed is refused" 4.01 "$got" ;;
    *) equal "$1: unsealed is refused" 401 "$got" ;;
    esac
}

for cipher in aes-128-gcm aes-128-cbc; do
    for security in object-sign object-encrypt object-sign+object-encrypt; do
        # CBC by itself does not tell what was altered; and what is only signed has no cipher.
        case $cipher+$security in aes-128-cbc+object-sign | aes-128-cbc+object-encrypt) continue ;; esac
        serve --http 0 --coap 0
        life over_http
        port=$(port_of coap)
        life over_coap
        end
        says serve.out "^http \"$id\" - [0-9.]+ s 1 requests "
        silent serve.err "$kmc"
    done
done

# Inside a channel; the certificate's name is the SCL-ID, and KeyName Kmc's all the same.
cipher=aes-128-gcm
security=channel+object-sign+object-encrypt
serve --https 0
life over_https_psk
end
security=channel+object-sign
serve --https 0 --tls cert --ca-out ca.pem --client-out client.pem --device meter
life over_https_certificate
end

# What was granted is what must be: objects alone at a channel, a channel's at a bare door, another's key.
security=object-sign
serve --https 0 --http 0
seal RETRIEVE /m2m
over_https_psk GET /m2m
equal "objects alone give no channel" "" "$got"
await serve.out "^\"$id\" mid-security " 1
says serve.out "^\"$id\" mid-security .* 0 requests "
port=$(port_of http)
over_http GET /m2m
open_answer "at the bare door" OK
mine=$id
id=4711:1
seal RETRIEVE /m2m
over_http GET /m2m
equal "a name that nobody has" 401 "$got"
says body 'xmlsec-unknown-key'
id=$mine
# A name in one request says nothing of the next, in the same connection.
document container 'm2m:id="p"' '' >plain.xml
seal RETRIEVE /m2m
sed "s/<ds:KeyName>$id/<ds:KeyName>4711:1/" sealed.xml >unknown.xml
curl -s --max-time 60 -u "$scl:" -X GET -H 'Content-Type: application/xml' --data-binary @unknown.xml -o body1 \
    -w '%{http_code} ' "http://127.0.0.1:$port/m2m" --next -s --max-time 60 -u "$scl:" -o body2 -w '%{http_code}\n' \
    "http://127.0.0.1:$port/m2m" >codes
equal "a stranger's name, then none" "401 401" "$(cat codes)"
says body2 'only the access network'
end
security=channel
serve --http 0
security=object-sign
seal RETRIEVE /m2m
over_http GET /m2m
equal "who has a channel comes by it" 401 "$got"
says body 'mid-security'
end

# ---- trusted access network ----

serve_scenario trusted-access --http 0 --coap 0 --set populations.meters.count=3 --set populations.meters.ival.capable=no --secrets
says serve.out '^"meters-0" scl=scl-[0-9a-f]{32}$'
scl=$(sed -n 's/^"meters-0" scl=\(.*\)$/\1/p' serve.out)
base=/m2m/scls/$scl
document scl "sclId=\"$scl\"" "$link$mgmt" >sealed.xml
over_http POST /m2m/scls
equal "trusted: CREATE scl" 201 "$got"
: >sealed.xml
over_http GET "$base"
equal "trusted: RETRIEVE" 200 "$got"
over_http DELETE "$base"
equal "trusted: DELETE" 204 "$got"
scl="scl-00112233445566778899aabbccddeeff"
over_http GET /m2m
equal "trusted: nobody's" 401 "$got"
says body 'only the access network'
scl=
over_http GET /m2m
equal "trusted: nobody" 403 "$got"
end
says serve.out "^http \"$(basename "$base")\" - "

# ---- attach devices ----

many=$(scaled 50 8)
for security in none object-sign object-sign+object-encrypt channel+object-encrypt; do
    for binding in http coap; do
        what=$binding
        case $security in channel*) what=${binding}s ;; esac
        scenario=hello
        size="--set populations.meter.count=$many --set populations.meter.mid.security=$security"
        size="$size --set populations.meter.mid.binding=$binding"
        case $security in none)
            scenario=trusted-access
            size="--set populations.meters.count=$many --set populations.meters.mid.binding=$binding"
            ;;
        esac
        # shellcheck disable=SC2086  # words
        serve_scenario $scenario --$what 0 $size
        # shellcheck disable=SC2086
        m2m 0 attach devices $scenario $size --nscl "$port" --count "$many" --for '1 s' --patience '120 s' --keep
        equal "$what $security: each registered" "$many" \
            "$(awk '/at a time$/ { what = $1 " " $2 } $1 == "success" && $2 ~ /^[0-9]+$/ { n[what] = $2 }
                END { print n["CREATE scl,"] }' out)"
        # Its numbers go on where they were: nobody's replay.
        # shellcheck disable=SC2086
        m2m 4 attach devices $scenario $size --nscl "$port" --count 1 --for '300 ms' --patience '120 s'
        says out ' CREATE scl refused conflict '
        silent out 'object-replayed'
        end
        silent serve.out '[0-9a-f]{64}'
    done
done
finish
