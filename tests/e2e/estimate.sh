# estimate: what it says of a run, against that run; and the limits that `run` keeps by it.
. "$(dirname "$0")/lib.sh"

scenario=$M2M_SOURCE/topologies/smart-meters.yaml
set -- --set "populations.meters.count=$(scaled 400 60)" --until '6 h'
m2m 0 estimate "$scenario" "$@" --json
cp out said.json
valid_json said.json
m2m 0 run "$scenario" -o run.db --progress off --json "$@"
cp out was.json
size=$(wc -c <run.db)
said() { # FIELD
    sqlite3 :memory: "select cast(json_extract(readfile('said.json'), '\$.$1') as integer)"
}
equal "the devices" "$(scaled 400 60)" "$(said devices)"
echo "database: said $(said database), is $size"
holds "the database to a fifth" test "$(($(said database) * 10))" -gt "$((size * 8))"
holds "and not above" test "$(($(said database) * 10))" -lt "$((size * 12))"
peak=$(sqlite3 :memory: "select json_extract(readfile('was.json'), '\$.peak_rss')")
echo "memory: said $(said peak_rss), was $peak"
holds "the memory to a half" test "$(said peak_rss)" -gt "$((peak / 2))"
# A sanitizer's freed memory stays with it up to a bound, so that what a slice takes is not what the whole takes.
holds "and not above twice" test "$(said peak_rss)" -lt "$((peak * $(scaled 2 4)))"

# A campaign has all its runs; a swept number of devices is that of the first cell.
m2m 0 estimate "$scenario" --until '1 h' --vary populations.meters.count=20,40 --replications 3
says out '^a run of 20 devices, from runs of 5 and 10: about '
says out '^all 6 runs: about '

# Refused before anything is written; and not refused.
m2m 7 run "$scenario" -o big.db --progress off "$@" --max-db '100 kB'
says err 'max-db'
m2m 7 run "$scenario" -o big.db --progress off "$@" --max-mem '1 MB'
says err 'max-mem'
equal "nothing was written" no "$([ -e big.db ] && echo yes || echo no)"
m2m 0 run hello -o hello.db --progress off --max-db '1 GB' --max-mem '4 GB'
m2m 2 run hello -o other.db --progress off --max-db 1
m2m 3 estimate absent.yaml
m2m 2 estimate
finish
