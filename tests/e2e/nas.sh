#!/bin/sh
# An access network: its messages judged by tshark as NAS; mId over it, captured, is bare HTTP and
# nothing of the attach, which is no traffic of IP.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null 2>&1 || skip "no tshark"
command -v text2pcap >/dev/null 2>&1 || skip "no text2pcap"

shark() { # FILE ARGUMENT...
    capture=$1
    shift
    tshark -r "$capture" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE "$@" 2>/dev/null
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

m2m 0 pcap trusted-access --set "populations.meters.count=$(scaled 20 4)" --set 'run.until=30 min' \
    --set 'events=[]' -o mid.pcapng --progress off
equal "mId: malformed" 0 "$(count mid.pcapng _ws.malformed)"
equal "mId: bad checksums" 0 "$(count mid.pcapng 'ip.checksum.status == 0 || tcp.checksum.status == 0')"
equal "mId: nothing but TCP to port 80" 0 "$(count mid.pcapng '!(tcp.port == 80)')"
holds "mId: requests" test 0 -lt "$(count mid.pcapng 'http.request.method == POST')"
equal "mId: every answer is a good one" 0 "$(count mid.pcapng 'http.response.code >= 400')"
finish
