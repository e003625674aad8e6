# Stopped in mid-run - Ctrl-C, SIGTERM, SIGKILL - a run leaves a database that opens, is marked, and
# holds nothing that did not happen.
. "$(dirname "$0")/lib.sh"

# Long enough to be hit in the middle on any machine: stopped after the first rows are there.
start() { # DB
    env --default-signal=INT,TERM "$M2MSIM" run "$M2M_SOURCE/topologies/smart-meters.yaml" \
        -o "$1" --progress plain >out 2>err &
    running=$!
    if ! comes has_begun "$1" || ! is_alive "$running"; then
        fault "the run never recorded a procedure"
        head -n 20 err
        finish
    fi
}

has_begun() { # DB: a row is there; or it has ended
    [ "$(sqlite3 -readonly "$1" 'select count(*) > 0 from procedures' 2>/dev/null)" = 1 ] || ! is_alive "$running"
}

stopped() { # SIGNAL
    db=$1.db
    start "$db"
    kill -s "$1" "$running"
    wait "$running"
    equal "exit code after SIG$1" 7 "$?"
    running=
    sound "$db"
    equal "status after SIG$1" partial "$(sql "$db" 'select status from runs')"
    equal "it ended before its time" 1 "$(sql "$db" 'select end_ns > 0 and end_ns < 86400 * 1000000000 from runs')"
    equal "no journal is left after SIG$1" "" "$(find . -name "$db?*")"
    says err 'partial|stopped|interrupted'
    m2m 0 report "$db"
    says out 'PARTIAL'
    says out 'bootstrap'
}
stopped INT
stopped TERM

# What was cut off reads as unfinished, with an end and parts like any other row, or not at all.
equal "every key has its end" 0 "$(sql INT.db 'select count(*) from keys where t_end is null')"

start killed.db
kill -9 "$running"
wait "$running"
running=
m2m 0 report killed.db
says out 'PARTIAL'
sound killed.db
equal "marked as not ended" running "$(sql killed.db 'select status from runs')"
equal "no fingerprint of what was not finished" 1 "$(sql killed.db 'select fingerprint is null from runs')"
equal "only whole procedures" 0 "$(sql killed.db 'select count(*) from procedures where t_end is null')"
checks=$((checks + 1))
"$M2MSIM" verify killed.db >out 2>err && fault "a killed run verifies"
# What it holds did happen: each row is also in a run that went on longer, or was stopped with care.
holds "something was recorded" test "$(sql killed.db 'select max(t_end) from procedures')" -gt 0
for table in procedures keys messages; do
    until=t_end
    [ "$table" = messages ] && until=t_receive
    equal "no row of $table but what happened" 0 "$(sql killed.db "attach 'TERM.db' as other;
        select count(*) from (select * from $table
            where $until < (select end_ns from other.runs) except select * from other.$table)")"
done
m2m 2 run "$M2M_SOURCE/topologies/hello.yaml" -o killed.db
m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o killed.db --force --progress off
equal "--force replaces a killed run's file" "done" "$(sql killed.db 'select status from runs')"
sound killed.db
finish
