#!/bin/sh
# Captures, judged by tshark: nothing malformed, no warning, checksums good; what one node sees is
# what was sent to it; a database gives the packets of its run.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/pcap_lib.sh"

m2m 0 pcap hello -o all.pcapng
says out '^[0-9]+ packets of all nodes: all.pcapng$'
packets=$(sed 's/ .*//' out)
clean all.pcapng
calm all.pcapng
equal "as many as were said" "$packets" "$(fact all.pcapng packets)"
holds "bootstrap, connection and mId shake hands" test 3 -le "$(with all.pcapng tls.handshake.type '~2~')"
equal "the greatest segment size is told" "$((2 * $(with all.pcapng tls.handshake.type '~1~')))" \
    "$(with all.pcapng tcp.options.mss_val '~1400~')"
equal "link, IP and TCP" "$packets" "$(with all.pcapng frame.protocols eth:ethertype:ip:tcp)"

# The same run by its database: the same octets at the same times.
m2m 0 run hello -o hello.db --progress off
m2m 0 pcap hello.db -o again.pcapng --threads 2
holds "a database's packets are its run's" cmp all.pcapng again.pcapng
m2m 2 pcap hello.db -o again.pcapng
says err "'again.pcapng' is there already"

# One node's interface.
m2m 0 pcap hello.db --node meter -o meter.pcapng
clean meter.pcapng
calm meter.pcapng
sent=$(with meter.pcapng ip.src '~10.0.0.1~')
equal "all that the meter sends" "$(with all.pcapng ip.src '~10.0.0.1~')" "$sent"
equal "and all that comes to it" "$(with all.pcapng ip.dst '~10.0.0.1~')" "$(with meter.pcapng ip.dst '~10.0.0.1~')"
equal "and nothing of others" "$(fact meter.pcapng packets)" "$((sent + $(with meter.pcapng ip.dst '~10.0.0.1~')))"
equal "times do not go back" 0 "$(with meter.pcapng frame.time_delta '~-')"

# One procedure, from a database and from the scenario.
id=$(sql hello.db "select procedure_id from procedures where kind = 'connection' limit 1")
m2m 0 pcap hello.db --procedure "$id" -o one.pcapng
clean one.pcapng
calm one.pcapng
equal "one ClientHello" 1 "$(with one.pcapng tls.handshake.type '~1~')"
m2m 0 pcap hello --procedure "$id" -o two.pcapng
holds "the scenario alone gives the same" cmp one.pcapng two.pcapng

# Secrets only when asked for; then tshark decrypts by the file alone, and finds the HTTP inside.
equal "no secrets in it" 0 "$(grep -c CLIENT_RANDOM all.pcapng)"
equal "sealed without them" 0 "$(fact all.pcapng tls-requests)"
m2m 0 pcap hello.db --secrets -o open.pcapng
clean open.pcapng
equal "the same packets" "$packets" "$(fact open.pcapng packets)"
equal "each procedure's request is read" "$(sql hello.db 'select count(*) from procedures')" "$(fact open.pcapng tls-requests)"
equal "and each is answered" "$(fact open.pcapng tls-requests)" "$(fact open.pcapng tls-responses)"
equal "a bootstrap in the clear" 1 "$(with open.pcapng xml.tag ':bootstrapRequest ')"
m2m 0 pcap hello --secrets -o open2.pcapng
holds "the scenario alone gives the same" cmp open.pcapng open2.pcapng

# The first packet of each procedure names it.
equal "each procedure is named once" "$(sql hello.db 'select count(*) from procedures')" "$(fact all.pcapng named)"
equal "by what it is" 1 "$(with one.pcapng frame.comment "procedure $id: connection (tls-psk), success")"

# A run of a campaign, which has its place in the fingerprint.
m2m 0 run hello --vary populations.meter.count=1,2 --replications 2 -o campaign.db --progress off
m2m 0 pcap campaign.db --node meter-0 -o two.pcapng --force
holds "packets of one of two meters" test 0 -lt "$(count two.pcapng 'ip.src == 10.0.0.1')"

# Loss: at a node's interface what was lost is missing, and nothing else is wrong.
m2m 0 pcap smart-meters --set populations.meters.count=5 --set 'run.until=4 h' \
    --set 'populations.meters.arrivals.over=1 h' --node nscl --secrets -o lossy.pcapng
clean lossy.pcapng

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
