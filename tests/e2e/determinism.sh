# A run is a function of its scenario: the same rows whatever the number of threads and the host's
# clock, on a fleet scaled down from the one of the acceptance run.
. "$(dirname "$0")/lib.sh"

meters=$(scaled 200 20)
fleet() { # OUT ARGUMENT...
    out=$1
    shift
    m2m 0 run "$M2M_SOURCE/topologies/smart-meters.yaml" -o "$out" --progress off --set run.key_pool=2 \
        --set "populations.meters.count=$meters" --set 'populations.meters.ival.tampered=2 %' "$@"
}

fleet one.db --threads 1
fleet two.db --threads 2
fleet four.db --threads 4
sound one.db
first=$(fingerprint one.db)
equal "the fingerprint is SHA-256" 64 "$(printf %s "$first" | wc -c)"
equal "threads 1 and 2" "$first" "$(fingerprint two.db)"
equal "threads 1 and 4" "$first" "$(fingerprint four.db)"
equal "the fleet is whole" "$meters" "$(sql one.db "select count(*) from nodes where population = 'meters'")"

# The fingerprint speaks for the rows: compare some of them without it.
rows="select * from procedures order by 1, 2; select * from keys order by 1, 2;
    select * from messages order by 1, 2, 3; select * from series order by 1, 2, 3, 4;"
equal "row for row" "$(sql one.db "$rows" | sha256sum)" "$(sql four.db "$rows" | sha256sum)"

fleet other.db --threads 2 --seed 4711
differ "another seed" "$first" "$(fingerprint other.db)"

# The sanitizers want to be the first library that is loaded, and so does libfaketime.
if [ -z "$M2M_SANITIZE" ]; then
    command -v faketime >/dev/null || skip "faketime is not installed"
    program=$M2MSIM
    cat >year-ago <<END
#!/bin/sh
exec faketime -f -365d "$program" "\$@"
END
    chmod +x year-ago
    M2MSIM=./year-ago
    fleet past.db --threads 2
    M2MSIM=$program
    equal "the host's clock a year back" "$first" "$(fingerprint past.db)"
    created=$(sql past.db "select strftime('%s', created_utc) from experiments")
    holds "the past run believes in a past date" test "$created" -lt $(($(date +%s) - 300 * 86400))
fi
finish
