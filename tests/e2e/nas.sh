#!/bin/sh
# An access network's messages judged by tshark as NAS. No capture of a run has them: they are no
# traffic of IP (pcap_all.sh).
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null 2>&1 || skip "no tshark"
command -v text2pcap >/dev/null 2>&1 || skip "no text2pcap"

shark() { # FILE ARGUMENT...
    capture=$1
    shift
    tshark -r "$capture" "$@" 2>/dev/null
}
count() { # FILE FILTER
    shark "$1" -Y "$2" | wc -l | tr -d ' '
}

ASAN_OPTIONS=detect_leaks=0 "$M2M_BUILD/tests/proto_test_nas" --dump >messages
text2pcap -P nas-eps messages nas.pcap >/dev/null 2>&1
equal "all are there" "$(wc -l <messages | tr -d ' ')" "$(count nas.pcap frame)"
equal "all are NAS" "$(wc -l <messages | tr -d ' ')" "$(count nas.pcap nas-eps)"
equal "malformed" 0 "$(count nas.pcap _ws.malformed)"
equal "warnings and errors" 0 "$(count nas.pcap '_ws.expert.severity >= 0x600000')"
shark nas.pcap -V >text
for said in 'IMSI: 001010123456789' 'T3412 extended value' 'PDN IPv4: 10.0.0.7' 'APN: m2m' \
    'Cause: Synch failure (21)' 'Cause: Roaming not allowed in this tracking area (13)' \
    'EPS integrity algorithm 128-EIA2 (2)' 'M-TMSI: 305419896'; do
    holds "it says $said" grep -qF "$said" text
done
finish
