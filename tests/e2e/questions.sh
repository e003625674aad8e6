# keys, query, export: what one asks of a database, over a run of its own.
. "$(dirname "$0")/lib.sh"

m2m 0 run "$M2M_SOURCE/topologies/smart-meters.yaml" -o m.db --progress off --until '10 h' \
    --set "populations.meters.count=$(scaled 40 8)"

# keys: the sums are those of the ledger.
m2m 0 keys m.db
says out '^Kmr +[0-9]+'
says out '^renewals$|^no key was renewed$'
says out '^expiry cliff'
m2m 0 keys m.db --cliff
says out '^ +\+ +0 s +[0-9]+ #'
m2m 0 keys m.db --json --cliff
valid_json out
for type in Kmr Kmc KIVal; do
    equal "born $type" "$(sql m.db "select count(*) from keys where type = '$type'")" \
        "$(sqlite3 :memory: "select json_extract(value, '\$.born') from json_each(readfile('out'), '\$.types')
            where json_extract(value, '\$.type') = '$type'")"
    equal "the bins of $type hold those ahead" 1 \
        "$(sqlite3 :memory: "select (select sum(b.value) from json_each(t.value, '\$.cliff') b) =
            json_extract(t.value, '\$.expire_ahead') from json_each(readfile('out'), '\$.types') t
            where json_extract(t.value, '\$.type') = '$type'")"
done
m2m 2 keys absent.db
m2m 2 keys m.db more

# query
m2m 0 query m.db 'select count(*) as n from procedures'
equal "the table" "$(sql m.db 'select count(*) from procedures')" "$(tail -n 1 out | tr -d ' ')"
m2m 0 query m.db 'select kind, n from v_latency order by kind' --csv
equal "CSV" "$(sqlite3 -readonly -csv -header m.db 'select kind, n from v_latency order by kind' | tr -d '\r')" "$(tr -d '\r' <out)"
m2m 0 query m.db 'select * from runs' --json
valid_json out
m2m 0 query m.db
says out '^view +v_latency +run_id, kind, method'
m2m 0 query m.db --json
valid_json out
before=$(sha256sum m.db)
m2m 2 query m.db "update runs set status = 'done'"
says err 'only read'
m2m 2 query m.db 'select * from v_latncy'
says err "did you mean 'v_latency'"
m2m 2 query m.db 'select n from v_latency whre n > 1'
says err '^ +\^$'
m2m 2 query m.db --csv
equal "nothing was changed" "$before" "$(sha256sum m.db)"

# export
m2m 0 export m.db procedures
equal "as many lines as rows, and one" "$(sql m.db 'select count(*) + 1 from procedures')" "$(wc -l <out | tr -d ' ')"
m2m 0 export m.db keys --format jsonl -o keys.jsonl
sqlite3 :memory: "select min(json_valid(value)) from json_each('[' || replace(rtrim(readfile('keys.jsonl'), char(10)),
    char(10), ',') || ']')" >valid
equal "every line is JSON" 1 "$(cat valid)"
m2m 2 export m.db keys --format jsonl -o keys.jsonl
says err 'force'
m2m 0 export m.db keys --format jsonl -o keys.jsonl --force
m2m 0 export m.db bootstrap --format hdr
says out '^#\[Max +='
equal "HDR counts the successful" "$(sql m.db "select count(*) from procedures where kind = 'bootstrap' and outcome = 'success'")" \
    "$(grep ' 1.000000000000 ' out | awk '{ print $3 }')"
m2m 2 export m.db procedurs
says err "did you mean 'procedures'"
m2m 2 export m.db procedures --format xml
m2m 2 export m.db erase --format hdr
m2m 2 export m.db
finish
