# The packaged scenarios, small, give what tests/golden/ says: hello row by row, the others as counts, means
# and verdicts. Who changes them says why in the commit's body, and renews the files with:
# M2M_RENEW=1 M2MSIM=build/release/m2msim sh tests/e2e/golden.sh
. "$(dirname "$0")/lib.sh"

compare() { # NAME: NAME.txt is what it should be
    if [ "${M2M_RENEW-}" = 1 ]; then
        cp "$1.txt" "$M2M_SOURCE/tests/golden/$1.txt"
        echo "renewed $M2M_SOURCE/tests/golden/$1.txt"
    fi
    checks=$((checks + 1))
    diff "$M2M_SOURCE/tests/golden/$1.txt" "$1.txt" || fault "$1 is not what it was"
}

m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o hello.db --progress off
{
    echo "# kind, method, start, end, outcome, messages, octets up, down, the seven parts"
    sql hello.db 'select kind, method, t_start, t_end, outcome, messages, octets_up, octets_down, device_crypto,
        server_crypto, network, queue, retransmission, backoff, other from procedures order by procedure_id limit 12'
    echo "# key type, born, uses, end, why"
    sql hello.db 'select type, t_born, uses, t_end, end_reason from keys order by key_id limit 12'
    echo "# fingerprint of all rows"
    fingerprint hello.db
} >hello.txt
compare hello

# Times in ms, rounded: what a reader would look at.
tell() { # DB
    echo "# cell, kind, method, outcome, reason, n, mean ms, attempts"
    sql "$1" "select cell, kind, method, outcome, reason, count(*), round(avg(t_end - t_intended) / 1e6, 1), sum(attempts)
        from procedures join runs using (run_id) group by 1, 2, 3, 4, 5 order by 1, 2, 3, 4, 5"
    echo "# cell, key type, end, n"
    sql "$1" "select cell, type, end_reason, count(*) from keys join runs using (run_id) group by 1, 2, 3 order by 1, 2, 3"
    echo "# cell, truth, verdict, n"
    sql "$1" "select cell, truth, verdict, n from v_ival_matrix join runs using (run_id) order by 1, 2, 3"
    echo "# cell, incident, n, ended, p50, p99, max ms"
    sql "$1" "select cell, kind, n, ended, round(p50 / 1e6), round(p99 / 1e6), round(max / 1e6)
        from v_incidents join runs using (run_id) order by 1, 2"
    echo "# cell, goal, verdict"
    sql "$1" "select cell, expression, verdict from goals order by 1, rowid"
}

scenario() { # NAME EXIT ARGUMENT...
    name=$1
    expected=$2
    shift 2
    m2m "$expected" run "$M2M_SOURCE/topologies/$name.yaml" -o "$name.db" --progress off -j 2 "$@"
    sound "$name.db"
    tell "$name.db" >"$name.txt"
    compare "$name"
}

scenario smart-meters 0 --set populations.meters.count=30 --set 'populations.meters.ival.tampered=10 %' --until '9 h'
scenario blackout-restart 4 --set populations.meters.count=100 --set populations.mas.max_sessions=5
scenario expiry-cliff 4 --set populations.meters.count=60 --set 'populations.meters.arrivals.over=3 s'
scenario tampered-fleet 4 --set populations.meters.count=60 --set 'populations.meters.ival.tampered=10 %'
scenario batch-expiry 0 --set populations.meters.count=12
sed 's/count: 200/count: 1/' "$M2M_SOURCE/topologies/bootstrap-zoo.yaml" >bootstrap-zoo.yaml
m2m 0 run bootstrap-zoo.yaml -o bootstrap-zoo.db --progress off
tell bootstrap-zoo.db >bootstrap-zoo.txt
compare bootstrap-zoo
finish
