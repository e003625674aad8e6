# The verbs that read: report, chart, list, show, doctor, bench.
. "$(dirname "$0")/lib.sh"

m2m 0 run "$M2M_SOURCE/topologies/smart-meters.yaml" -o fleet.db --progress off --until "4 h" \
    --set "populations.meters.count=$(scaled 60 20)" --set 'populations.meters.ival.tampered=10 %'
before=$(sha256sum <fleet.db)

# The table by procedure holds what the rows hold.
m2m 0 report fleet.db
for kind in $(sql fleet.db 'select distinct kind from procedures'); do
    n=$(sql fleet.db "select count(*) from procedures where kind = '$kind'")
    says out "^ *$kind\\b.*\\b$n\\b"
done
says out '^changed: populations.meters.count=.*, run.until=4 h$'
for heading in p50 p90 p99 device server; do says out "$heading"; done
m2m 0 report fleet.db --json
valid_json out
m2m 0 report fleet.db -o figures
for page in txt md html; do holds "report.$page is there" test -s "figures/report.$page"; done
for figure in figures/*.gp; do
    base=${figure%.gp}
    holds "$base.svg is there" test -s "$base.svg"
    says "$base.svg" '<svg'
    says "$base.svg" '</svg>'
    checks=$((checks + 1))
    # A figure that shows no data is no figure: a line or a box is drawn besides the frame.
    grep -qE '<(path|polygon|use|circle|rect)' "$base.svg" || fault "$base.svg is empty"
done
holds "at least the four figures of the issue" test "$(find figures -name '*.svg' | wc -l)" -ge 4
echo mine >figures/mine
m2m 2 report fleet.db -o figures
m2m 0 report fleet.db -o figures --force
equal "what else lies there stays" mine "$(cat figures/mine)"

# Percentile to packet: what the report names can be looked at.
m2m 0 report fleet.db --json
id=$(sqlite3 :memory: "select json_extract(readfile('out'), '$.procedures[0].max_procedure')")
latency=$(sqlite3 :memory: "select json_extract(readfile('out'), '$.procedures[0].max_ns')")
equal "the slowest has the latency of the report" "$latency" \
    "$(sql fleet.db "select t_end - t_intended from procedures where procedure_id = $id")"
m2m 0 chart fleet.db --procedure "$id"
equal "the five slowest successful of each kind have their messages" 0 "$(sql fleet.db "
    with r as (select procedure_id, row_number() over (partition by kind order by t_end - t_intended desc,
        procedure_id) as k from procedures where outcome = 'success')
    select count(*) from r where k <= 5 and procedure_id not in (select procedure_id from messages)")"
differ "others have not" 0 "$(sql fleet.db "select count(*) from procedures
    where procedure_id not in (select procedure_id from messages)")"
m2m 0 report fleet.db --format markdown
says out '^\| bootstrap \| tls-x509 \|'
m2m 0 report fleet.db --format html
says out '^<!DOCTYPE html>'
holds "a page alone has its figures" test "$(grep -c "<svg[^>]*class='plot'" out)" -ge 8
m2m 2 report fleet.db --format pdf
says err "'pdf' is none of text, markdown, html"

procedure=$(sql fleet.db "select procedure_id from procedures join messages using (run_id, procedure_id)
    where kind = 'bootstrap' limit 1")
m2m 0 chart fleet.db --procedure "$procedure"
says out 'ClientHello'
says out '(Finished|ServerHello)'
m2m 0 chart fleet.db --procedure "$procedure" --json
valid_json out
m2m 0 chart fleet.db --worst 2 bootstrap
node=$(sql fleet.db "select nodes.name from nodes join messages on messages.src = node_id
    where kind = 'device' limit 1")
m2m 0 chart fleet.db --node "$node"
says out "$node"
checks=$((checks + 1))
"$M2MSIM" chart fleet.db --procedure 999999999 >out 2>err && fault "a chart of no procedure"
says err '999999999'
checks=$((checks + 1))
"$M2MSIM" chart fleet.db --node nobody >out 2>err && fault "a chart of no node"
says err 'nobody'
m2m 2 chart fleet.db
equal "the readers only read" "$before" "$(sha256sum <fleet.db)"

m2m 0 list
for name in hello smart-meters demo; do says out "^ *$name\\b"; done
m2m 0 list --json
valid_json out
m2m 0 show hello --resolved
cp out resolved.yaml
m2m 0 check resolved.yaml
m2m 0 run resolved.yaml -o resolved.db --progress off
m2m 0 run hello -o hello.db --progress off
rows="select * from procedures order by 1, 2; select * from keys order by 1, 2; select * from series order by 1, 2, 3, 4"
equal "the resolved scenario is the same run" "$(sql hello.db "$rows")" "$(sql resolved.db "$rows")"

# Who reads no further than the first line is told of no fault.
for verb in "report fleet.db" "chart fleet.db --worst 1 bootstrap"; do
    # shellcheck disable=SC2086
    { "$M2MSIM" $verb 2>err; echo $? >code; } | head -n 1 >/dev/null
    equal "$verb | head: exit code" 0 "$(cat code)"
    equal "$verb | head: told" "" "$(cat err)"
    checks=$((checks + 1))
    # shellcheck disable=SC2086
    "$M2MSIM" $verb >/dev/full 2>err && fault "$verb to a full disk"
    says err 'cannot write to standard output'
done

# Where nobody waits, no empty plot says so.
m2m 0 report hello.db -o idle
silent idle/load.gp 'jobs waiting'
says idle/report.html 'In no sample had any server a job that waited'
m2m 0 run hello -o busy.db --progress off --until '20 s' --set populations.meter.count=20 \
    --set populations.meter.arrivals.over=0s --set 'record.series_every=1 ms'
m2m 0 report busy.db -o busy
says busy/load.gp 'jobs waiting'
silent busy/report.html 'In no sample had any server a job that waited'

m2m 0 show hello --resolved --json
valid_json out
m2m 0 doctor
m2m 0 doctor --json
valid_json out
m2m 0 version --json
valid_json out
m2m 0 bench --seconds 1 -o mine.profile
holds "bench writes a profile" test -s mine.profile

# What is no database of ours is told alike by all, and named once.
sqlite3 foreign.db 'create table runs (run_id integer)'
for verb in report goals keys query "chart --node meter" "pcap -o x.pcapng" resume "compare hello.db"; do
    # shellcheck disable=SC2086
    m2m 1 $verb foreign.db
    equal "$verb names it once" 1 "$(grep -o foreign.db err | wc -l)"
done
m2m 5 verify foreign.db
for verb in report verify resume; do
    m2m 2 $verb absent.db
    equal "$verb names it once" 1 "$(grep -o absent.db err | wc -l)"
done
finish
