# compare: experiments of replications against each other and against themselves.
. "$(dirname "$0")/lib.sh"

scenario=$M2M_SOURCE/topologies/smart-meters.yaml
set -- --until '2 h' --set run.key_pool=2 --replications 5 --vary "populations.meters.count=$(scaled 6,8 3,4)" --progress off
m2m 0 run "$scenario" -o a.db "$@"
m2m 0 run "$scenario" -o again.db "$@"
m2m 0 compare a.db again.db
says out '^identical results'
says out '^the input is the same$'

# Another processor, and which way it is better.
m2m 0 run "$scenario" -o fast.db "$@" --set populations.meters.class=cortex-a7
m2m 5 compare a.db fast.db
says out '^  populations.meters.class: [a-z0-9-]+ -> cortex-a7$'
says out '^cell 1 \(populations.meters.count=[0-9]+\), 5 pairs$'
says out '^  mean\(connection.latency\) .* better$'
silent out '^  mean\(connection.latency\) .* worse$'
silent err warning
m2m 5 compare fast.db a.db --json
valid_json out
says out '"figure":"mean\(connection.latency\)","pairs":5,.*"verdict":"worse"'

# One pair shows nothing; other seeds are no pairs.
m2m 0 run hello -o one.db --progress off
m2m 0 run hello -o other.db --progress off --set populations.meter.class=cortex-a7
m2m 0 compare one.db other.db
says out 'no evidence'
says err 'warning: 1 pair'
m2m 0 run hello -o seed.db --progress off --seed 99
m2m 2 compare one.db seed.db
says err 'one cell and seed'
m2m 2 compare one.db
m2m 2 compare one.db absent.db
finish
