# What the tests of captures share: tshark as the judge. One pass over a capture answers all that
# `fact` is asked of it, because tshark's start costs more than its work.
# shellcheck shell=sh
command -v tshark >/dev/null 2>&1 || skip "no tshark"

shark() { # FILE ARGUMENT...
    capture=$1
    shift
    tshark -r "$capture" -o ip.check_checksum:TRUE -o tcp.check_checksum:TRUE \
        -o udp.check_checksum:TRUE "$@" 2>/dev/null
}

count() { # FILE FILTER
    shark "$1" -Y "$2" | wc -l | tr -d ' '
}

# Columns of a line a packet; pcap_facts.awk counts over them.
columns='frame.protocols _ws.malformed _ws.expert.severity _ws.expert.group _ws.expert.message
    ip.checksum.status tcp.checksum.status udp.checksum.status tcp.port udp.port tcp.len
    http.request.method http.response.code ip.src coap.code coap.mid eap.type radius.code frame.comment
    tcp.analysis.flags tcp.reassembled_in ip.reassembled_in http.authorization http.www_authenticate
    http.content_type http.user_agent ip.dst frame.time_delta tcp.options.mss_val tls.handshake.type
    xml.tag'

# In two passes: only the second knows what a segment became part of.
examine() { # FILE: makes FILE.table, with a line a packet, and FILE.facts
    set -- "$1"
    for column in $columns; do set -- "$@" -e "$column"; done
    examined=$1
    shift
    shark "$examined" -2 -T fields -E separator=/t -E aggregator='~' "$@" >"$examined.table"
    awk -v names="$columns" -f "$M2M_SOURCE/tests/e2e/pcap_facts.awk" "$examined.table" >"$examined.facts"
}

with() { # FILE COLUMN TEXT: how many packets have it there; values stand between ~
    awk -F '\t' -v column="$2" -v text="$3" -v names="$columns" '
        BEGIN { n = split(names, name, /[ \n]+/); for (i = 1; i <= n; i++) if (name[i] == column) at = i }
        index("~" $at "~", text) > 0 { found++ }
        END { print found + 0 }' "$1.table"
}

fact() { # FILE KEY: 0, if nothing was counted
    awk -v key="$2" '$1 == key { $1 = ""; sub(/^ /, ""); print; found = 1 } END { if (!found) print 0 }' "$1.facts"
}

# What holds for each capture. Warnings about TCP's order are for networks that lose packets, and nodes that are off.
clean() { # FILE
    examine "$1"
    differ "$1: packets" 0 "$(fact "$1" packets)"
    equal "$1: malformed" 0 "$(fact "$1" malformed)"
    equal "$1: warnings and errors" 0 "$(fact "$1" first-warning)"
    equal "$1: bad checksums" 0 "$(fact "$1" bad-checksums)"
    equal "$1: without a checksum" 0 "$(fact "$1" unchecked)"
    for protocol in http tls pana radius coap dtls; do
        equal "$1: not recognised at its port: $protocol" 0 "$(fact "$1" not-$protocol)"
    done
}

calm() { # FILE: a network that loses nothing
    equal "$1: undelivered" 0 "$(fact "$1" undelivered)"
    equal "$1: warnings about the order of TCP" 0 "$(fact "$1" about-order)"
}
