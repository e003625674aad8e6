#!/bin/sh
# An authority, and certificates of it and of a stranger for the EAP-TLS tests, into the folder
# M2M_CERTIFICATES: made anew each time, because they are valid for a few days only.
set -eu
: "${M2M_CERTIFICATES:?where to put them}"
mkdir -p "$M2M_CERTIFICATES"
cd "$M2M_CERTIFICATES"
export OPENSSL_CONF=/dev/null

make() { # NAME ISSUER COMMON-NAME USAGE
    openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$3" -out "$1.csr" \
        -config /dev/null 2>/dev/null
    printf 'extendedKeyUsage=%s\nsubjectAltName=DNS:%s\n' "$4" "$3" >"$1.ext"
    openssl x509 -req -in "$1.csr" -CA "$2.pem" -CAkey "$2.key" -CAcreateserial -days 3 \
        -extfile "$1.ext" -out "$1.pem" 2>/dev/null
}

authority() { # NAME
    printf '[req]\ndistinguished_name=dn\n[dn]\n[ca]\nbasicConstraints=critical,CA:true\n' >"$1.conf"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 3 \
        -subj "/CN=$1 of the EAP tests" -config "$1.conf" -extensions ca 2>/dev/null
}

authority ca
authority stranger
make server ca server.example serverAuth
make client ca client.example clientAuth
make strange-client stranger client.example clientAuth
make strange-server stranger server.example serverAuth
