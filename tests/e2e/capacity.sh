# capacity: a limit that the utilisation law knows, whatever the distributions: one worker that each
# report keeps busy for D is busy for N D / T with N devices that report every T.
. "$(dirname "$0")/lib.sh"

ln -s "$M2M_SOURCE/topologies/networks" networks
cp "$M2M_SOURCE/tests/e2e/capacity.yaml" core.yaml
# The law wants minutes; a sanitizer has seen the same search after seconds, and the law is not judged there.
if [ -n "$M2M_SANITIZE" ]; then sed -i 's/until: 2 min, warmup: 1 min/until: 30 s, warmup: 20 s/' core.yaml; fi
law() { # WHAT EXPECTED ACTUAL
    if [ -z "$M2M_SANITIZE" ]; then equal "$@"; fi
}

# D, of a run with one device; T is 500 ms, and the goal 45 %. (Of a few seconds it decides no goal.)
m2m "$(scaled 0 6)" run core.yaml -o one.db --progress off --set populations.meter.count=1
demand="(select avg(server_ns) from procedures where kind = 'request' and outcome = 'success')"
limit=$(sql one.db "select cast(0.45 * 500e6 / $demand as integer)")
holds "the limit is a number of devices ($limit)" test "$limit" -gt 10

m2m 0 capacity core.yaml --find populations.meter.count --max 40 --replications "$(scaled 3 2)" --json
cp out result.json
valid_json result.json
law "the interval holds the limit, $limit" 1 "$(sqlite3 :memory: "select
    json_extract(readfile('result.json'), '\$.interval[0]') <= $limit and
    json_extract(readfile('result.json'), '\$.interval[1]') >= $limit")"
law "and says something: at most 3 wide" 1 "$(sqlite3 :memory: "select
    json_extract(readfile('result.json'), '\$.interval[1]') -
    json_extract(readfile('result.json'), '\$.interval[0]') <= 3")"
equal "the core is what saturates" core "$(sqlite3 :memory: "select json_extract(value, '\$.busiest')
    from json_each(readfile('result.json'), '\$.trials') order by key desc limit 1")"

# Met above: the workers that so many devices need, by the same law. 45 % of one is shared by w.
devices=$((limit * 2))
least=2
m2m 0 capacity core.yaml --least --find populations.core.workers --max 8 --replications "$(scaled 3 2)" --json \
    --set "populations.meter.count=$devices"
cp out least.json
valid_json least.json
law "the least number of workers is $least, give or take one" 1 "$(sqlite3 :memory: "select
    json_extract(readfile('least.json'), '\$.interval[0]') <= $least + 1 and
    json_extract(readfile('least.json'), '\$.limit') between $least and $least + 1")"
m2m 4 capacity core.yaml --least --find populations.core.workers --max 1 --replications 2 --set "populations.meter.count=$devices"
says out '^not even populations.core.workers = 1'
m2m 0 capacity core.yaml --least --find populations.core.workers --max 2 --min 2 --replications 2
says out 'beyond --min'
# A sweep is left out.
sed '$a sweep: {populations.meter.report.size: [100 B, 200 B]}' core.yaml >swept.yaml
m2m 0 capacity swept.yaml --find populations.meter.count --max 2 --replications 2

# A goal that is missed from the start, one that nothing decides, one that --max still meets.
m2m 4 capacity core.yaml --find populations.meter.count --max 4 --replications 2 --goal 'min(request.latency) < 1 ms'
says out '^not even populations.meter.count = 1'
m2m 6 capacity core.yaml --find populations.meter.count --max 4 --replications 2 --goal 'count(refresh) > 0'
says out '^not even populations.meter.count = 1'
m2m 0 capacity core.yaml --find populations.meter.count --max 2 --replications 2
says out 'the limit is beyond --max'

m2m 2 capacity core.yaml --find populations.meter.count
m2m 2 capacity core.yaml --find populations.meter.count --max 4 --min 5
m2m 3 capacity core.yaml --find populations.meter.cuont --max 4
says err "did you mean 'count'"
m2m 3 capacity "$M2M_SOURCE/topologies/hello.yaml" --find populations.meter.count --max 4
says err 'no goals'
finish
