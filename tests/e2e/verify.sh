# verify repeats the run from the database alone; after one changed octet it says so and exits 5.
. "$(dirname "$0")/lib.sh"

# From another folder than the run's, so that nothing but the database can help.
mkdir made
cp "$M2M_SOURCE/topologies/hello.yaml" made/own.yaml
m2m 0 run made/own.yaml -o made/a.db --seed 99 --until "20 min" --set populations.meter.count=3 --progress off
mv made/a.db a.db
rm -r made
before=$(sha256sum <a.db)
m2m 0 verify a.db
says out '^same'
m2m 0 verify a.db --threads 2
equal "verify only reads" "$before" "$(sha256sum <a.db)"

change() { # OFFSET: one octet of ./b.db
    octet=$(od -An -tu1 -j "$1" -N 1 b.db | tr -d ' ')
    printf "%b" "\\0$(printf %o $((octet ^ 1)))" | dd of=b.db bs=1 seek="$1" conv=notrunc 2>/dev/null
}

altered() { # OFFSET WHAT
    cp a.db b.db
    change "$1"
    checks=$((checks + 1))
    "$M2MSIM" verify b.db >out 2>err
    code=$?
    [ "$code" -eq 5 ] || {
        fault "one octet changed at $1 ($2): exit $code, expected 5"
        head -n 3 out err
    }
}

where() { # TEXT: the offset of its first appearance in the file
    grep -abo -F -e "$1" a.db | head -n 1 | cut -d: -f1
}
altered "$(where "$(fingerprint a.db)")" "the fingerprint"
altered "$(where 'registration')" "a procedure's kind"
altered "$(where 'm2msim: 1')" "the scenario"
altered "$(where 'CREATE VIEW')" "the schema"
altered "$(where "$(sql a.db "select name from nodes where kind = 'device' limit 1")")" "a node's name"

# Here and there: the last octet of a page is content in every page that has any.
page=$(sql a.db 'pragma page_size')
pages=$(sql a.db 'pragma page_count')
step=$(((pages + 19) / $(scaled 20 5)))
at=2
while [ "$at" -le "$pages" ]; do
    altered $((at * page - 1)) "the end of page $at of $pages"
    at=$((at + (step > 0 ? step : 1)))
done

# The same through SQL: a row changed, added, taken away.
for statement in 'update procedures set octets_up = octets_up + 1 where procedure_id =
        (select max(procedure_id) from procedures)' \
    'update keys set uses = uses + 1 where key_id = (select max(key_id) from keys)' \
    'delete from messages where rowid = (select max(rowid) from messages)' \
    "insert into notes (run_id, t, level, code, text, count) values (1, 0, 'info', 'x', 'y', 1)" \
    'update runs set events = events + 1'; do
    cp a.db b.db
    sqlite3 b.db "$statement"
    m2m 5 verify b.db
done

echo "no database" >text.db
checks=$((checks + 1))
"$M2MSIM" verify text.db >out 2>err && fault "a text file verifies"
cat out >>err
says err 'text\.db'
m2m 2 verify
checks=$((checks + 1))
"$M2MSIM" verify absent.db >out 2>err && fault "an absent file verifies"
says err 'absent\.db'
finish
