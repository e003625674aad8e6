# What the tests of campaigns share.
# shellcheck shell=sh
# shellcheck disable=SC2034 # for who sources it
campaign="$M2M_SOURCE/tests/e2e/campaign.yaml"

# Every row of every table, without the facts of the host: when, where, how fast, in how much memory,
# and the seals, which are of these.
rows() { # DB
    for table in $(sql "$1" "select name from sqlite_schema where type = 'table' and name <> 'seals' order by name"); do
        columns=$(sql "$1" "select group_concat(name) from pragma_table_info('$table')
            where name not in ('wall_s', 'peak_rss', 'created_utc', 'scenario_path')")
        order=$(sql "$1" "select case wr when 1 then '' else 'order by rowid' end from pragma_table_list('$table')")
        where=
        if [ "$table" = notes ]; then where="where level is not 'host'"; fi
        echo "== $table"
        sql "$1" ".mode quote" "select $columns from $table $where $order"
    done
}

same() { # DB HOW
    rows "$1" >other.rows
    holds "$2: the same rows as of one process after another" cmp one.rows other.rows
    equal "$2: sealed" 0 "$("$M2MSIM" verify "$1" --no-run >/dev/null 2>&1; echo $?)"
}
