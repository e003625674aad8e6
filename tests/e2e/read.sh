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
for heading in p50 p90 p99 device server; do says out "$heading"; done
m2m 0 report fleet.db --json
valid_json out
m2m 0 report fleet.db -o figures
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
m2m 0 show hello --resolved --json
valid_json out
m2m 0 doctor
m2m 0 doctor --json
valid_json out
m2m 0 version --json
valid_json out
m2m 0 bench --seconds 1 -o mine.profile
holds "bench writes a profile" test -s mine.profile
finish
