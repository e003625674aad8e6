# A campaign as a Slurm job array gives the database that one process after another writes: on a real Slurm of
# one node, which the test starts: munge, slurmctld and slurmd, all with files and ports of their own.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/campaign_lib.sh"

PATH=$PATH:/usr/sbin:/sbin
for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || skip "no $program (scripts/setup --test)"
done
daemons=
stop_daemons() {
    for pid in $daemons; do kill "$pid" 2>/dev/null; done
    for pid in $daemons; do wait "$pid" 2>/dev/null; done
    clean_up
}
trap stop_daemons EXIT

cluster=$work/cluster
mkdir -p "$cluster/munge" "$cluster/log" "$cluster/state" "$cluster/spool"
chmod 755 "$work" "$cluster" "$cluster/munge" # munge's socket is for every user
port=$((20000 + $$ % 6000 * 2)) # below the ports that connections of other tests are given
sed -e "s|@DIR@|$cluster|; s|@HOST@|$(hostname -s)|g; s|@USER@|$(id -un)|; s|@CPUS@|$(nproc)|" \
    -e "s|@CTLD_PORT@|$port|; s|@SLURMD_PORT@|$((port + 1))|" \
    "$M2M_SOURCE/tests/e2e/slurm.conf" >"$cluster/slurm.conf"
export SLURM_CONF="$cluster/slurm.conf"
dd if=/dev/urandom of="$cluster/munge/munge.key" bs=128 count=1 2>/dev/null
chmod 600 "$cluster/munge/munge.key"

munged --foreground --force --key-file="$cluster/munge/munge.key" --socket="$cluster/munge/munge.sock" \
    --pid-file="$cluster/munge/munged.pid" --log-file="$cluster/munge/munged.log" \
    --seed-file="$cluster/munge/munged.seed" >"$cluster/log/munged.out" 2>&1 &
daemons="$!"
slurmctld -D -f "$SLURM_CONF" >"$cluster/log/slurmctld.out" 2>&1 &
daemons="$! $daemons"
slurmd -D -f "$SLURM_CONF" -N "$(hostname -s)" >"$cluster/log/slurmd.out" 2>&1 &
daemons="$! $daemons"
is_idle() {
    sinfo --noheader --format=%T 2>/dev/null | grep -q idle
}
# One that has ended does not come up any more: it wants control groups, and the machine's name to be known.
is_settled() {
    for pid in $daemons; do is_alive "$pid" || return 0; done
    is_idle
}
if ! comes is_settled || ! is_idle; then
    fault "Slurm did not start"
    tail -n 5 "$cluster"/log/*.out "$cluster"/log/*.log
    finish
fi

# The jobs find what the tests share.
export M2MSIM
m2m 0 run "$campaign" -o one.db -j 1 --progress off
rows one.db >one.rows

submit() { # ARGUMENT...: output to ./out
    checks=$((checks + 1))
    "$M2M_SOURCE/scripts/slurm/campaign" "$@" >out 2>err || {
        fault "campaign $*: exit $?"
        cat out err array.db.shards/*.log
    }
}
submit -n 3 -o array.db -w "$campaign"
says out '20 runs in 3 tasks'
says out '^done: 20 of 20 runs'
same array.db "a Slurm array of 3 tasks"
equal "three shards" "7 7 6" "$(for k in 1 2 3; do sql "array.db.shards/shard-$k.db" 'select count(*) from runs'; done |
    tr '\n' ' ' | sed 's/ $//')"

# A shard that was cut off: the job at the end says so, and the campaign goes on from there.
mv array.db whole.db
made() { sql array.db.shards/shard-1.db 'select cell, replication, wall_s from runs order by 1, 2'; }
made >shard-1.made
rm array.db.shards/merge.log
cut_off() { # its exit code
    rm -f array.db.shards/shard-2.db
    env --default-signal=INT "$M2MSIM" run "$campaign" --shard 2/3 -o array.db.shards/shard-2.db -j 1 --progress off \
        >out 2>err &
    running=$!
    until [ "$(find array.db.shards -name 'cell*.db' | wc -l)" -ge 2 ] || ! is_alive "$running"; do sleep 0.01; done
    kill -s INT "$running"
    wait "$running"
    code=$?
    running=
    echo "$code"
}
# On a busy machine its runs may all be done before the signal comes.
tries=0
until code=$(cut_off 2>/dev/null) && [ "$code" -ne 0 ] || [ "$tries" -gt 20 ]; do tries=$((tries + 1)); done
equal "a shard was cut off" 7 "$code"
checks=$((checks + 1))
sh "$M2M_SOURCE/scripts/slurm/merge.sbatch" array.db.shards 3 array.db >out 2>err && fault "a part is taken for the whole"
says out '^task 2 is not done'
holds "and nothing is written" test ! -e array.db
submit -n 3 -o array.db "$campaign"
await array.db.shards/merge.log 'results: array'
same array.db "a cut off shard gone on with"
made >out
holds "whole shards were not made again" cmp shard-1.made out
m2m 2 run "$campaign" -o array.db

# As many tasks as there is something to do for: runs, or cells where replications go on until intervals are narrow.
submit -n 9 -o few.db "$campaign" --only 'cell < 2 and replication < 2'
says out '^campaign: 4 runs in 4 tasks'
submit -n 9 -o narrow.db "$campaign" --set 'run.replications={min: 2, max: 3, until_ci: 5 %}'
says out '^campaign: 8 runs in 4 tasks'
await narrow.db.shards/merge.log '^done: 8 of 8 runs'
m2m 0 verify few.db --no-run
m2m 0 verify narrow.db --no-run

# What is wrong is told before anything is submitted.
checks=$((checks + 1))
"$M2M_SOURCE/scripts/slurm/campaign" -o wrong.db -w "$campaign" --vary populations.meter.count=few >out 2>err
equal "a scenario that is not valid" 3 "$?"
says err 'error S117'
finish
