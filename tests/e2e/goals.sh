# goals: in the scenario and on the command line, judged after a run and from the database.
. "$(dirname "$0")/lib.sh"

hello=$M2M_SOURCE/topologies/hello.yaml
{
    cat "$hello"
    echo 'goals:'
    echo '  - p50(request.latency) < 1 s'
} >met.yaml
sed 's/< 1 s/< 1 ms/' met.yaml >missed.yaml
sed 's/p50(request.latency) < 1 s/max(core.queue) < 500/' met.yaml >undecided.yaml

m2m 0 run met.yaml -o met.db --progress off
says out '^p50\(request.latency\) < 1 s +yes '
says err 'warning: 1 replication'
m2m 4 run missed.yaml -o missed.db --progress off
says out '^p50\(request.latency\) < 1 ms +no '
m2m 6 run undecided.yaml -o undecided.db --progress off
says out '^max\(core.queue\) < 500 +undecided '
equal "verdicts are in the database" 'p50(request.latency) < 1 ms|no' \
    "$(sql missed.db 'select expression, verdict from goals')"

# The report has them too, and is a report either way.
m2m 0 report missed.db
says out '^Goals '
says out '^p50\(request.latency\) < 1 ms +no '

# Of the database, with its own goals and with others.
m2m 0 goals met.db
m2m 4 goals missed.db --json
valid_json out
m2m 0 goals missed.db --goal 'p50(request.latency) < 1 s'
m2m 6 goals met.db --goal 'p99(deregistration.latency) < 1 s' --goal 'p50(request.latency) < 1 s'
says out '^p99\(deregistration.latency\) < 1 s +undecided - .* no data'

# The same results with and without goals, and a whole file.
m2m 0 run "$hello" -o plain.db --progress off
differ "other scenarios" "$(sql plain.db 'select fingerprint from runs')" "$(sql met.db 'select fingerprint from runs')"
m2m 4 run "$hello" -o more.db --progress off --goal 'count(request) > 100' --goal 'p50(request.latency) < 1 s'
equal "goals are no results" "$(sql plain.db 'select fingerprint from runs')" \
    "$(sql more.db 'select fingerprint from runs')"
m2m 0 verify more.db
m2m 0 verify missed.db

# Beside --json the verdicts are on stderr.
m2m 4 run missed.yaml -o json.db --progress off --json
valid_json out
says err '^p50\(request.latency\) < 1 ms +no '

# What cannot be read is told at its place, before anything runs.
sed 's/latency) < 1 s/latncy) < 1 s/' met.yaml >typo.yaml
m2m 3 run typo.yaml -o typo.db --progress off
says err "typo.yaml:[0-9]+:17: error S130: .*did you mean 'latency'"
m2m 3 run "$hello" -o typo.db --progress off --goal 'max(cor.queue) < 5'
says err "did you mean 'core'"
equal "nothing was written" "no" "$([ -e typo.db ] && echo yes || echo no)"
m2m 2 goals met.db --goal 'max(core.queue) < 5 s'
says err 'plain number'
m2m 2 goals absent.db
m2m 2 goals
m2m 0 goals plain.db
says err 'no goals'
finish
