#!/bin/sh
# Captures of each method of the bootstrap zoo, judged by tshark: every datagram of port 716 is PANA,
# RADIUS is RADIUS, EAP of each type is inside, nothing is malformed, no warning, checksums good.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null 2>&1 || skip "no tshark"

n=$(scaled 5 1)
set --
sed -n 's/^  \([a-z0-9-]*\): {count: [0-9]*, kind: device.*/\1/p' \
    "$M2M_SOURCE/topologies/bootstrap-zoo.yaml" >names
while read -r name; do
    set -- "$@" --set "populations.$name.count=$n"
done <names
m2m 0 pcap bootstrap-zoo "$@" -o zoo.pcapng --progress off
tshark -r zoo.pcapng -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -o udp.check_checksum:TRUE \
    -T fields -E separator=' ' -e _ws.malformed -e frame.number -Y _ws.malformed >malformed 2>/dev/null

count() { # FILTER
    tshark -r zoo.pcapng -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
        -o tcp.check_checksum:TRUE -Y "$1" 2>/dev/null | wc -l | tr -d ' '
}

equal "malformed" 0 "$(wc -l <malformed | tr -d ' ')"
equal "PANA that is not recognised" 0 "$(count 'udp.port == 716 && !pana')"
equal "RADIUS that is not recognised" 0 "$(count 'udp.port == 1812 && !radius')"
equal "warnings and errors" 0 "$(count '_ws.expert.severity >= 0x600000')"
equal "bad checksums" 0 "$(count 'ip.checksum.status == 0 || udp.checksum.status == 0 || tcp.checksum.status == 0')"
# EAP-TLS, SIM, AKA, PSK, AKA', GPSK and IBAKE, inside PANA and inside RADIUS.
for type in 13 18 23 47 50 51 254; do
    holds "EAP type $type in PANA" test 0 -lt "$(count "pana && eap.type == $type")"
    holds "EAP type $type in RADIUS" test 0 -lt "$(count "radius && eap.type == $type")"
done
finish
