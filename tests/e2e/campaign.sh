# A campaign of 4 cells x 5 replications gives the same database, row for row, by one process at a time,
# by two, by three shards that are merged, and by an interrupted one that is resumed. slurm.sh: by Slurm.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/campaign_lib.sh"

m2m 0 plan "$campaign"
says out '4 cells x 5 replications: 20 runs'
says out '^ +3 +3 +10 min +0-4$'
m2m 0 plan "$campaign" --json
valid_json out
equal "cells in JSON" 4 "$(sqlite3 :memory: "select json_array_length(json_extract(readfile('out'), '\$.chosen'))")"
m2m 0 plan "$campaign" --only 'count = 3 and (every < 6 min or replication = 4)'
says out '20 runs, 6 of them chosen'
m2m 2 plan "$campaign" --only 'cuont = 3'
says err "did you mean 'count'"
m2m 2 plan "$campaign" --shard 4/3
m2m 3 plan "$campaign" --vary populations.meter.count=2,many
says err '^--vary:1:27: error S117'

m2m 0 run "$campaign" -o one.db -j 1 --progress off
says out '^done: 20 of 20 runs'
sound one.db
m2m 0 verify one.db --no-run
equal "each cell has each replication, in order" "$(seq 1 20 | tr '\n' ' ')" \
    "$(sql one.db 'select run_id from runs order by cell, replication' | tr '\n' ' ')"
equal "a replication has one seed in every cell" 5 \
    "$(sql one.db 'select count(*) from (select distinct replication, seed from runs)')"
equal "replications differ" 5 "$(sql one.db 'select count(distinct seed) from runs')"
equal "the swept values show in the rows" "2 2 3 3" \
    "$(sql one.db "select count(*) / 5 from nodes join runs using (run_id) where kind = 'device' group by cell" |
        tr '\n' ' ' | sed 's/ $//')"
equal "what a cell is" "populations.meter.count=3, populations.meter.report.every=10 min|5|5" \
    "$(sql one.db 'select cell_values, planned, done from v_cells where cell = 3')"
rows one.db >one.rows
m2m 0 report one.db
says out '^cell 3: populations.meter.count=3, populations.meter.report.every=10 min \(5 of 5 runs\)$'
says out '^bootstrap +tls-x509 +5 '
says out 'replication 4 of cell 3'
m2m 0 report one.db --cell 1 --replication 2
says out 'replication 2 of cell 1'
m2m 2 report one.db --cell 4
equal "a mean and its interval" "5|1|1" "$(sql one.db "select n, mean = (select avg(l) from (select avg(t_end - t_intended) as l
    from procedures join runs using (run_id) where cell = 2 and kind = 'bootstrap' group by run_id)), low <= mean and mean <= high
    from v_ci where cell = 2 and kind = 'bootstrap'")"

m2m 0 run "$campaign" -o two.db -j 2 --progress plain
says err '^20 of 20 runs done'
same two.db "two processes at a time"
m2m 2 run "$campaign" -o two.db
says err 'resume'

for k in 1 2 3; do
    m2m 0 run "$campaign" -o "shard$k.db" --shard "$k/3" --progress off
done
equal "a third of the runs each" "7 7 6" "$(for k in 1 2 3; do sql "shard$k.db" 'select count(*) from runs'; done |
    tr '\n' ' ' | sed 's/ $//')"
m2m 0 merge shard3.db shard1.db -o some.db
says out '^partial: 13 of 13 runs|^done: 13 of 13 runs'
m2m 0 merge shard2.db some.db shard3.db -o shards.db --json
valid_json out
same shards.db "three shards"
m2m 2 merge shard2.db -o shards.db
m2m 2 merge shard2.db -o three.db absent.db
says err 'absent\.db'

# Only what is asked for; the rest later, by the database alone.
cp "$campaign" own.yaml
m2m 0 run own.yaml -o only.db --only 'cell = 1 and replication < 2' --progress off
rm own.yaml
equal "only two runs" "1 0|1 1" "$(sql only.db "select cell || ' ' || replication from runs" | paste -sd '|')"
m2m 0 merge only.db shards.db -o with.db
same with.db "runs that are in both"

# Stopped in the middle. On a busy machine its runs may all be done before the signal comes: then anew.
cut_off() { # SIGNAL DB: its exit code in $code
    tries=0
    code=0
    while [ "$code" -eq 0 ] && [ $tries -lt 20 ]; do
        tries=$((tries + 1))
        rm -rf "$2" "$2.parts"
        env --default-signal=INT,TERM "$M2MSIM" run "$campaign" -o "$2" -j 2 --progress off >out 2>err &
        running=$!
        comes five_begun "$2" || break
        kill -s "$1" "$running" 2>/dev/null
        wait "$running" 2>/dev/null
        code=$?
        running=
    done
}

five_begun() { # DB: or it has ended
    [ "$(find "$1.parts" -name '*.db' 2>/dev/null | wc -l)" -ge 5 ] || ! is_alive "$running"
}

cut_off INT stopped.db
equal "exit code after SIGINT" 7 "$code"
says out '^partial: '
says err 'm2msim resume stopped\.db'
sound stopped.db
m2m 0 verify stopped.db --no-run
m2m 0 report stopped.db
equal "some are done, and not all" 1 "$(sql stopped.db "select sum(done) between 1 and 19 from v_cells")"
equal "all are planned" 20 "$(sql stopped.db "select sum(planned) from v_cells")"
equal "nothing is left beside it" "" "$(find . -name 'stopped.db?*')"
m2m 0 resume stopped.db --only 'cell = 3' --progress off
equal "a part of the rest" 5 "$(sql stopped.db "select done from v_cells where cell = 3")"
m2m 0 resume stopped.db --progress off
same stopped.db "interrupted and resumed"
m2m 0 resume stopped.db --progress off
same stopped.db "nothing was left to do"

# Killed: what the runs wrote is found again, and not repeated.
cut_off KILL killed.db
equal "killed" 137 "$code"
equal "a plan, and no run yet" "20|0" "$(sql killed.db 'select (select count(*) from plan), count(*) from runs')"
m2m 0 resume killed.db --progress json
equal "finished runs are not made again" 1 \
    "$(tail -n 1 err | sed 's/"left_s": null/"left_s": 0/' >last
    sqlite3 :memory: "select json_extract(readfile('last'), '\$.runs') between 1 and 17")"
same killed.db "killed and resumed"

# What was changed, or is of another experiment, is no part of it.
m2m 0 run "$campaign" -o other.db --shard 1/3 --seed 6 --progress off
m2m 2 merge shard2.db other.db -o wrong.db
says err 'not of one experiment'
m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o hello.db --progress off
m2m 2 merge shard2.db hello.db -o wrong.db
says err 'a run of its own'
m2m 2 resume hello.db
sqlite3 shard1.db 'update procedures set octets_up = octets_up + 1 where run_id = 3 and procedure_id = 1'
m2m 5 merge shard1.db shard2.db shard3.db -o wrong.db
says err 'shard1\.db: table procedures differs'
equal "nothing is left of what failed" "" "$(find . -name 'wrong.db*')"

# Replications until the intervals are narrow: at least two, no more than are needed, the same by shards.
narrowed() { # DB OPTION...
    db=$1
    shift
    m2m 0 run "$campaign" -o "$db" --vary populations.meter.count=2 --set use.network=networks/cellular \
        --set 'run.replications={min: 2, max: 12, until_ci: 40 %}' --progress off "$@"
}
narrowed until.db -j 2
rows until.db >one.rows
equal "more than the least, fewer than the most" 1 \
    "$(sql until.db 'select min(planned) >= 2 and max(planned) between 3 and 11 and sum(planned) = sum(done) from v_cells')"
narrowed until1.db --shard 1/2
narrowed until2.db --shard 2/2
m2m 0 merge until2.db until1.db -o until3.db
same until3.db "shards of cells that go on until they are narrow"
m2m 0 resume until3.db --progress off
same until3.db "nothing more is wanted"

# Goals are judged over the replications of each cell, and decide the exit code.
m2m 4 run "$campaign" -o goals.db --only 'cell = 0' --goal 'p50(bootstrap.latency) < 1 s' --progress off
equal "a verdict is kept" "0|no" "$(sql goals.db 'select cell, verdict from goals')"
m2m 0 verify goals.db --no-run

# Each run can be repeated from the merged database alone.
m2m 0 run "$campaign" -o small.db --only 'cell = 2 and replication < 2' --progress off
m2m 0 verify small.db --progress off
says out '^same: 2 repeated runs'
finish
