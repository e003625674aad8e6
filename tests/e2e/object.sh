#!/bin/sh
# Object security on the wire: tshark takes the bodies of HTTP out of a capture, and xmlsec1, the program,
# decrypts and verifies them with the keys that --secrets prints.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pcap_lib.sh"
command -v xmlsec1 >/dev/null 2>&1 || skip "no xmlsec1"

cat >fleet.yaml <<'END'
m2msim: 1
run: {until: 30 min, seed: 3}
populations:
  meters:
    count: 2
    kind: device
    bootstrap: {method: pre-provisioned}
    mid: {security: [object-sign, object-encrypt]}
    arrivals: {over: 1 min}
    report: {every: 10 min}
  mas: {kind: mas}
  nscl: {kind: nscl}
links:
  meters -> mas: {latency: 20 ms}
  meters -> nscl: {latency: 20 ms}
  mas -> nscl: {latency: 5 ms}
END

fails() { # WHAT COMMAND...
    what=$1
    shift
    checks=$((checks + 1))
    if "$@" >/dev/null 2>&1; then fault "$what"; fi
}

octets() { # HEX FILE
    printf '%s' "$1" | xxd -r -p >"$2"
}

# SET FILE: a capture of it with its keys beside it
captured() {
    m2m 0 pcap fleet.yaml --set "populations.meters.mid.security=$1" --secrets -o "$2" --progress off
    grep '^object keys ' out >"$2.keys" || true
    clean "$2"
}

# Each body of HTTP, as a file body.N in the order of the capture; how many.
bodies() { # FILE FILTER
    rm -f body.*
    shark "$1" -Y "http.file_data && $2" -T fields -e http.file_data | {
        n=0
        while read -r body; do
            n=$((n + 1))
            case $body in
            3c*) octets "$(echo "$body" | tr -d ':')" body.$n ;;
            *) printf '%b' "$body" >body.$n ;;
            esac
        done
        echo $n
    }
}

keys_of() { # CAPTURE FILE: hmac.bin and aes.bin of the KeyName in it
    name=$(grep -o '<KeyName>[^<]*' "$2" | head -n 1 | cut -d '>' -f 2)
    line=$(grep "^object keys $name " "$1.keys")
    octets "$(echo "$line" | awk '{ print $5 }')" hmac.bin
    octets "$(echo "$line" | awk '{ print $7 }')" aes.bin
}

check_primitive() { # FILE: what is inside is a primitive with its number
    holds "$1 is a primitive" grep -qE '<m2m:(requestIndication|responseConfirm)' "$1"
    holds "$1 has a number" grep -q '<m2m:correlationID>[1-9]' "$1"
}

captured object-sign signed.pcapng
n=$(bodies signed.pcapng tcp.port==80)
differ "signed bodies" 0 "$n"
for body in body.*; do
    keys_of signed.pcapng "$body"
    check_primitive "$body"
    holds "xmlsec1 verifies $body" xmlsec1 --verify --hmackey hmac.bin "$body"
    sed 's/<m2m:correlationID>/<m2m:correlationID>9/' "$body" >altered.xml
    fails "xmlsec1 verifies an altered $body" xmlsec1 --verify --hmackey hmac.bin altered.xml
done

captured object-sign+object-encrypt sealed.pcapng
n=$(bodies sealed.pcapng tcp.port==80)
differ "sealed bodies" 0 "$n"
equal "nothing of them can be read" 0 "$(cat body.* | grep -c 'm2m:' || true)"
for body in body.*; do
    keys_of sealed.pcapng "$body"
    holds "xmlsec1 decrypts $body" xmlsec1 --decrypt --aeskey aes.bin --output open.xml "$body"
    check_primitive open.xml
    holds "xmlsec1 verifies what was in $body" xmlsec1 --verify --hmackey hmac.bin open.xml
done
equal "readings are in it" yes "$(grep -q 'm2m:' open.xml && echo yes)"

# Behind a channel the same is inside of TLS, whose keys stand in the capture.
captured channel+object-sign channel.pcapng
n=$(bodies channel.pcapng tls)
differ "bodies inside of TLS" 0 "$n"
found=0
for body in body.*; do
    grep -q '<KeyName>' "$body" || continue # those of the connection
    found=$((found + 1))
    keys_of channel.pcapng "$body"
    holds "xmlsec1 verifies $body" xmlsec1 --verify --hmackey hmac.bin "$body"
done
differ "signed bodies inside of TLS" 0 "$found"
finish
