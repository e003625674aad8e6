# What a capture has, of tshark's columns (names), a line a packet: "key value" lines. What is not there is not said.
BEGIN { FS = "\t"; n = split(names, name, /[ \n]+/); for (i = 1; i <= n; i++) at[name[i]] = i }
function of(column) { return $at[column] }
function has(protocol) { return index(":" of("frame.protocols") ":", ":" protocol ":") > 0 }
function port(transport, wanted) { return index("~" of(transport ".port") "~", "~" wanted "~") > 0 }
function values(column, list) { return split(of(column), list, "~") }
{
    count["packets"]++
    malformed = of("_ws.malformed") != ""
    if (malformed) count["malformed"]++
    if (of("ip.checksum.status") != "1" || of("tcp.checksum.status") of("udp.checksum.status") ~ /0/) count["bad-checksums"]++
    if (of("tcp.checksum.status") of("udp.checksum.status") !~ /1/ && of("ip.reassembled_in") == "") count["unchecked"]++

    # Warnings and errors; those about TCP's order say what became of packets, not what is in them.
    values("_ws.expert.severity", severity); values("_ws.expert.group", group)
    m = values("_ws.expert.message", message)
    for (i = 1; i <= m; i++) {
        if (severity[i] + 0 < 6291456) continue
        if (group[i] == "33554432") count["about-order"]++
        else { count["warnings"]++; if (!("first-warning" in text)) text["first-warning"] = "packet " NR ": " message[i] }
    }

    fate = of("frame.comment")
    if (fate ~ /^procedure /) count["named"]++
    if (fate != "" && fate !~ /^procedure [^;]*$/) count["undelivered"]++

    # Each well-known port has its protocol, but for segments that came twice or are part of more.
    payload = of("tcp.len") > 0 && of("tcp.analysis.flags") == "" && of("tcp.reassembled_in") == ""
    bare = port("tcp", 80) || port("tcp", 8080) # and mIa
    if (bare && payload && !has("http")) count["not-http"]++
    if (has("tcp") && !bare && payload && !has("tls")) count["not-tls"]++
    if (port("udp", 716) && of("ip.reassembled_in") == "" && !has("pana")) count["not-pana"]++
    if (port("udp", 1812) && of("ip.reassembled_in") == "" && !has("radius")) count["not-radius"]++
    if (port("udp", 5683) && of("ip.reassembled_in") == "" && !has("coap")) count["not-coap"]++
    if (port("udp", 5684) && of("ip.reassembled_in") == "" && !has("dtls")) count["not-dtls"]++

    inside = has("tls") && !has("eap") ? "tls" : "bare"
    count[inside "-requests"] += values("http.request.method", list)
    count[inside "-responses"] += values("http.response.code", list)
    # A message that is repeated has the same id: it counts once.
    inside = has("dtls") ? "dtls" : "udp"
    if (inside == "dtls") count["dtls"]++
    id = of("ip.src") " " of("udp.port") " " of("coap.mid")
    if (of("coap.code") >= 1 && of("coap.code") < 32 && !seen[id]++) count[inside "-coap-requests"]++
    if (of("coap.code") >= 64 && !seen[id]++) count[inside "-coap-responses"]++
    m = values("eap.type", list)
    for (i = 1; i <= m; i++) count[(has("pana") ? "pana" : "radius") "-eap-" list[i]]++
    if (of("radius.code") == "2") count["radius-accepts"]++
}
END { for (k in count) print k, count[k]; for (k in text) print k, text[k] }
