#!/bin/sh
# What interop_pana captures, as tshark reads it: every datagram is PANA (it is only found by
# heuristics, and a wrong length makes it plain UDP without a word), nothing is malformed, no warning,
# checksums good, every field that tshark names has the value that was meant, every answer has its
# request. Usage: pana_tshark.sh INTEROP_PANA
set -eu
program=${1:?the program interop_pana}
work=$(mktemp -d "${TMPDIR:-/tmp}/m2msim-pana.XXXXXX")
trap 'rm -rf "$work"' EXIT
faults=0

if ! command -v tshark >/dev/null 2>&1; then
    echo "pana_tshark: tshark is not installed (scripts/setup --test)"
    exit 1
fi
"$program" "$work/pana.pcap" >"$work/meant"

read_capture() {
    HOME=$work tshark -r "$work/pana.pcap" -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE \
        "$@" 2>"$work/stderr"
}

none() { # WHAT FILTER
    found=$(read_capture -Y "$2" | wc -l)
    if [ "$found" -ne 0 ]; then
        echo "FAULT: $1: $found"
        read_capture -Y "$2" | head -5
        faults=$((faults + 1))
    fi
}

equal() { # WHAT GOT WANTED
    if [ "$2" != "$3" ]; then
        echo "FAULT: $1: $2, not $3"
        faults=$((faults + 1))
    fi
}

frames=$(wc -l <"$work/meant")
answers=$(grep -c '^[234] 0x[0-7]' "$work/meant")
equal "datagrams" "$(read_capture -Y udp.port==716 | wc -l)" "$frames"
none "not seen as PANA" "udp.port==716 && !pana"
none "malformed" "_ws.malformed"
none "warnings and errors" "_ws.expert.severity >= 0x600000"
none "checksums" "udp.checksum.status != 1 || ip.checksum.status != 1"

# Type, flags, session, sequence, AVPs with their lengths, EAP code. Of the flags, two octets, the
# field has the lower one alone; the text has both. The value of a Result-Code (7) is shown as one
# code more.
read_capture -O pana -Y pana | sed -n 's/^    Flags: //p' |
    sed 's/^0x\(...\)$/0x0\1/; s/^0x\(..\)$/0x00\1/' >"$work/flags"
read_capture -Y pana -T fields -e pana.type -e pana.sid -e pana.seq -e pana.avp.code \
    -e pana.avp.data_length -e eap.code | paste "$work/flags" - |
    awk -F '\t' '{
        n = split($5, code, ",")
        extra = n - split($6, length_of, ",")
        avps = n ? "" : "-"
        for (i = k = 1; i <= n; i++) {
            avps = avps (i > 1 ? "," : "") code[i] ":" length_of[k++]
            if (code[i] == 7 && extra > 0) { i++; extra-- }
        }
        print $2, $1, $3, $4, avps, ($7 == "" ? "-" : $7)
    }' >"$work/read"
awk '{ print $1, $2 }' "$work/read" | sort | uniq -c >"$work/types"
if ! cmp -s "$work/meant" "$work/read"; then
    echo "FAULT: fields differ (meant, read):"
    diff "$work/meant" "$work/read" | head -10
    faults=$((faults + 1))
fi
# An answer that tshark finds no request for would have no such field.
equal "answers with their request" "$(read_capture -Y pana.response_to | wc -l)" "$answers"
# What rides in them is handed on.
methods=$(read_capture -Y 'eap.type == 51 || eap.type == 23' | wc -l)
equal "EAP-GPSK and EAP-AKA in EAP-Payload" "$((methods > 40))" 1

# The filter that must find nothing does find: the first message with a wrong length.
printf '\377' | dd of="$work/pana.pcap" bs=1 seek=$((24 + 16 + 28 + 2)) conv=notrunc 2>/dev/null
equal "a wrong length is seen" "$(read_capture -Y 'udp.port==716 && !pana' | wc -l)" 1

if [ "$faults" -ne 0 ]; then
    echo "pana_tshark: $faults faults"
    exit 1
fi
echo "pana_tshark: $frames datagrams, $answers answers, $(wc -l <"$work/types") kinds of message"
