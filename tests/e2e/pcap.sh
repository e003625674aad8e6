#!/bin/sh
# Captures, judged by tshark: nothing malformed, no warning, checksums good; what one node sees is
# what was sent to it; a database gives the packets of its run.
. "$(dirname "$0")/lib.sh"
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

clean() { # FILE: what no capture of a network without loss has
    equal "$1: malformed" 0 "$(count "$1" '_ws.malformed')"
    equal "$1: warnings and errors" '' "$(shark "$1" -Y '_ws.expert.severity >= 0x600000' \
        -T fields -e frame.number -e _ws.expert.message | head -n 3)"
    equal "$1: bad checksums" 0 \
        "$(count "$1" 'ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0')"
}

m2m 0 pcap hello -o all.pcapng
says out '^[0-9]+ packets of all nodes: all.pcapng$'
clean all.pcapng
equal "as many as were said" "$(sed 's/ .*//' out)" "$(count all.pcapng frame)"
holds "bootstrap, connection and mId shake hands" test 3 -le "$(count all.pcapng 'tls.handshake.type == 2')"
equal "the least segment size is told" 0 "$(count all.pcapng 'tcp.options.mss_val == 0')"
equal "link, IP and TCP" "$(count all.pcapng frame)" "$(count all.pcapng 'eth && ip && tcp')"

# The same run by its database: the same octets at the same times.
m2m 0 run hello -o hello.db --progress off
m2m 0 pcap hello.db -o again.pcapng --threads 2
holds "a database's packets are its run's" cmp all.pcapng again.pcapng
m2m 2 pcap hello.db -o again.pcapng
says err "'again.pcapng' is there already"

# One node's interface.
m2m 0 pcap hello.db --node meter -o meter.pcapng
clean meter.pcapng
equal "all that the meter sends" "$(count all.pcapng 'ip.src == 10.0.0.1')" \
    "$(count meter.pcapng 'ip.src == 10.0.0.1')"
equal "and nothing of others" 0 "$(count meter.pcapng 'ip.addr != 10.0.0.1')"
equal "times do not go back" 0 "$(shark meter.pcapng -T fields -e frame.time_delta | grep -c '^-')"

# One procedure, from a database and from the scenario.
id=$(sql hello.db "select procedure_id from procedures where kind = 'connection' limit 1")
m2m 0 pcap hello.db --procedure "$id" -o one.pcapng
clean one.pcapng
equal "one ClientHello" 1 "$(count one.pcapng 'tls.handshake.type == 1')"
m2m 0 pcap hello --procedure "$id" -o two.pcapng
holds "the scenario alone gives the same" cmp one.pcapng two.pcapng

# Secrets only when asked for; then tshark decrypts by the file alone, and finds the HTTP inside.
equal "no secrets in it" 0 "$(grep -c CLIENT_RANDOM all.pcapng)"
equal "sealed without them" 0 "$(count all.pcapng http)"
m2m 0 pcap hello.db --secrets -o open.pcapng
clean open.pcapng
equal "the same packets" "$(count all.pcapng frame)" "$(count open.pcapng frame)"
requests=$(sql hello.db "select count(*) from procedures where kind in ('registration', 'container', 'request')")
holds "the requests are read: $requests" test "$requests" -le "$(count open.pcapng 'http.request.method == "POST"')"
holds "and each is answered" test "$(count open.pcapng http.request)" -eq "$(count open.pcapng http.response)"
equal "a bootstrap in the clear" 1 "$(count open.pcapng 'http.request && xml contains "bootstrapRequest"')"
m2m 0 pcap hello --secrets -o open2.pcapng
holds "the scenario alone gives the same" cmp open.pcapng open2.pcapng

# The first packet of each procedure names it.
names=$(shark all.pcapng -T fields -e frame.comment | grep -c '^procedure ')
equal "each procedure is named once" "$(sql hello.db 'select count(*) from procedures')" "$names"
equal "by what it is" "procedure $id: connection (tls-psk), success" \
    "$(shark one.pcapng -T fields -e frame.comment | head -n 1)"

# Loss: what a node's interface sees, and what the whole network sent.
n=$(scaled 30 5)
set -- --set "populations.meters.count=$n" --set 'run.until=4 h' \
    --set 'populations.meters.arrivals.over=1 h'
m2m 0 pcap smart-meters "$@" -o lossy.pcapng
equal "lossy: malformed" 0 "$(count lossy.pcapng '_ws.malformed')"
equal "lossy: bad checksums" 0 "$(count lossy.pcapng 'ip.checksum.status == 0 || tcp.checksum.status == 0')"

m2m 2 pcap hello.db --node nobody -o x.pcapng
says err "there is no node 'nobody'"
m2m 2 pcap hello.db --procedure 999 -o x.pcapng
says err 'there is no procedure 999'
m2m 2 pcap hello.db --procedure 1 --node meter -o x.pcapng
m2m 2 pcap hello.db --set run.seed=2 -o x.pcapng
m2m 2 pcap hello.db
says err '-o FILE'
m2m 2 pcap hello -o nowhere/x.pcapng
m2m 3 pcap no-such-scenario -o x.pcapng
equal "nothing was written" 0 "$(find . -name 'x.pcapng' | wc -l | tr -d ' ')"
finish
