#!/bin/sh
# Captures of GBA, judged by tshark: Ub and Ua by Digest are HTTP on port 80, Ua by PSK-TLS is TLS, with
# the headers that TS 24.109 has, nothing is malformed, no warning, checksums good.
. "$(dirname "$0")/lib.sh"
command -v tshark >/dev/null 2>&1 || skip "no tshark"

count() { # FILE FILTER
    tshark -r "$1" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE -Y "$2" 2>/dev/null | wc -l | tr -d ' '
}

capture() { # FILE ARGUMENT...
    file=$1
    shift
    m2m 0 pcap gba-sqn-fault -o "$file" --progress off --set 'run.until=20 min' --set 'populations.meters.count=10' "$@"
    equal "$file: malformed" 0 "$(count "$file" '_ws.malformed')"
    # Links that lose packets are seen to: repetitions are notes and warnings about TCP.
    equal "$file: warnings and errors" 0 \
        "$(count "$file" '_ws.expert.severity >= 0x600000 && !tcp.analysis.flags')"
    equal "$file: bad checksums" 0 "$(count "$file" 'ip.checksum.status == 0 || tcp.checksum.status == 0')"
    equal "$file: payload on port 80 that is no HTTP" 0 \
        "$(count "$file" 'tcp.port == 80 && tcp.len > 0 && !http && !tcp.analysis.flags && !tcp.segment && !tcp.reassembled_in')"
    holds "$file: UE's requests of Ub" test 10 -le \
        "$(count "$file" 'http.request.method == "GET" && http.authorization contains "3gppnetwork.org"')"
    holds "$file: challenges of Digest AKA" test 10 -le "$(count "$file" 'http.www_authenticate contains "AKAv1-MD5"')"
    holds "$file: resynchronisation" test 1 -le "$(count "$file" 'http.authorization contains "auts="')"
    holds "$file: B-TIDs" test 5 -le "$(count "$file" 'http.content_type contains "vnd.3gpp.bsf+xml"')"
}

capture digest.pcapng
holds "a device says what it is for" test 5 -le "$(count digest.pcapng 'http.user_agent contains "3gpp-gba-uicc"')"
holds "MSBF's realm" test 5 -le "$(count digest.pcapng 'http.www_authenticate contains "3GPP-bootstrapping-uicc@msbf"')"
holds "MAS's" test 5 -le "$(count digest.pcapng 'http.www_authenticate contains "3GPP-bootstrapping-uicc@mas"')"
holds "parameters of bootstrap and connection" test 10 -le \
    "$(count digest.pcapng 'http.response.code == 200 && http.content_type contains "application/xml"')"

capture psk.pcapng --set 'populations.meters.gba.ua=psk-tls'
holds "the NAF's hints" test 5 -le \
    "$(count psk.pcapng 'tls.handshake.type == 12 && frame contains "3GPP-bootstrapping-uicc;3GPP-bootstrapping"')"
holds "the device's identity" test 5 -le \
    "$(count psk.pcapng 'tls.handshake.type == 16 && frame contains "3GPP-bootstrapping-uicc;"')"
equal "Ua is in TLS" 0 "$(count psk.pcapng 'http.request.method == "POST" && tcp.port == 80')"
finish
