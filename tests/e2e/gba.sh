#!/bin/sh
# GBA: an operator's fleet day by day, the same for any number of threads; a BSF that restarts, an HSS
# that is slow and then away, sequence numbers out of range: every device recovers or says why not.
. "$(dirname "$0")/lib.sh"

ended() { # WHAT: bootstrap or connection; RUN
    equal "$2: each $1 came to its end" 0 \
        "$(sql "$2" "select count(*) from procedures where kind = '$1' and outcome = 'unfinished'")"
}

count() { # DB WHERE (of keys, joined with their parents)
    sql "$1" "select count(*) from keys k left join keys p on p.key_id = k.parent_key where $2"
}

# ---- the operator ----
meters=$(scaled 200 20)
operator() { # OUT THREADS
    m2m 0 run gba-operator -o "$1" --progress off --threads "$2" --set "populations.meters.count=$meters"
}
operator one.db 1
operator two.db 2
operator four.db 4
sound one.db
equal "threads 1 and 2" "$(fingerprint one.db)" "$(fingerprint two.db)"
equal "threads 1 and 4" "$(fingerprint one.db)" "$(fingerprint four.db)"
equal "nothing failed" 0 "$(sql one.db "select count(*) from procedures where outcome = 'failed'")"
equal "a Kmr each" "$meters" "$(count one.db "k.type = 'Kmr' and p.type = 'Ks_int_NAF'")"
equal "four Kmc in three days" $((4 * meters)) "$(count one.db "k.type = 'Kmc' and p.type = 'Ks_int_NAF'")"
equal "the first Kmc shares Kmr's Ks, the others have their own" $((4 * meters)) "$(count one.db "k.type = 'Ks'")"
equal "no Ks has a parent" 0 "$(count one.db "k.type = 'Ks' and k.parent_key is not null")"
equal "a NAF's key is of a Ks" 0 "$(count one.db "k.type = 'Ks_int_NAF' and p.type is not 'Ks'")"
equal "it makes one key, and is erased" 0 \
    "$(count one.db "k.type = 'Ks_int_NAF' and (k.uses <> 1 or k.end_reason <> 'erased')")"
equal "no key outlives what it is of" 0 "$(count one.db "k.t_expires > p.t_expires")"
equal "each key has an end" 0 "$(count one.db "k.t_end is null or k.end_reason = ''")"

# ---- a BSF that restarts ----
m2m 0 run gba-bsf-restart -o restart.db --progress off
sound restart.db
ended connection restart.db
says out 'registered 200, refused 0, gave up 0; .* failed 0'
equal "every B-TID of before was forgotten" 200 "$(count restart.db "k.type = 'Ks' and k.end_reason = 'revoked'")"
equal "all within an hour" 0 \
    "$(count restart.db "k.end_reason = 'revoked' and not k.t_end between 7200e9 and 3 * 3600e9")"
equal "and each device has another" 200 "$(count restart.db "k.type = 'Ks' and k.end_reason = 'run-end'")"
equal "in the same procedure: attempts" 200 \
    "$(sql restart.db "select count(*) from procedures where kind = 'connection' and attempts > 1")"

# ---- an HSS that is slow, and away ----
m2m 0 run gba-slow-hss -o slow.db --progress off --set 'record.messages.first=1000'
sound slow.db
ended bootstrap slow.db
ended connection slow.db
says out 'registered 400, refused 0, gave up 0; .* failed 0'
holds "the BSF gave up on its HSS" test 100 -lt \
    "$(sql slow.db "select count(*) from messages where protocol = 'HTTP' and name = '504'")"
holds "most of the first fleet came again" test 200 -lt \
    "$(sql slow.db "select count(*) from procedures where kind = 'bootstrap' and attempts > 1")"
equal "the second waited for the HSS" 100 "$(sql slow.db "select count(*) from procedures join nodes using (node_id)
    where population = 'later' and procedures.kind = 'connection' and attempts > 1 and t_end > 35 * 60e9")"

# ---- sequence numbers ----
m2m 0 run gba-sqn-fault -o sqn.db --progress off --set 'record.messages.first=1000'
sound sqn.db
ended bootstrap sqn.db
holds "cards ahead say so" test 100 -lt \
    "$(sql sqn.db "select count(*) from messages where name = 'GET with auts'")"
equal "who fails has one of two reasons" 'aka-wrong-autn
gba-not-allowed' "$(sql sqn.db "select distinct reason from procedures where outcome = 'failed' order by 1")"
equal "and all others have a connection" 200 "$(sql sqn.db "select count(distinct node_id) from procedures
    where kind = 'connection' and outcome = 'success' or kind = 'bootstrap' and outcome = 'failed'")"
finish
