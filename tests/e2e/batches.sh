#!/bin/sh
# Devices with a Kmr from manufacture, and devices without any: what the packaged scenarios show,
# the same with any number of threads, and as their files say it.
. "$(dirname "$0")/lib.sh"

n=$(scaled 80 8)
for threads in 1 2 4; do
    m2m 0 run batch-expiry --set "populations.meters.count=$n" --until '3 d' --threads "$threads" \
        -o "batch$threads.db" --progress off
done
m2m 0 query batch1.db --csv 'SELECT t_born / 86400000000000, n, expired, alive FROM v_batches'
equal "batches" "$(printf -- '-728,%s,%s,0\n-698,%s,0,%s\n-668,%s,0,%s\n-638,%s,0,%s' $((n / 4)) \
    $((n / 4)) $((n / 4)) $((n / 4)) $((n / 4)) $((n / 4)) $((n / 4)) $((n / 4)))" \
    "$(tr -d '\r' <out | tail -n +2)"
equal "all of a batch end at one instant" "172800000000000" \
    "$(sql batch1.db "select distinct t_end from keys where type = 'Kmr' and end_reason = 'expired'")"
equal "and none of its meters says a word afterwards" 0 \
    "$(sql batch1.db "select count(*) from procedures p where t_start > 172800000000000 and node_id in
        (select node_id from keys where type = 'Kmr' and end_reason = 'expired')")"
for threads in 1 2 4; do
    m2m 0 run trusted-access --set "populations.meters.count=$n" --until '5 h' --threads "$threads" \
        -o "trusted$threads.db" --progress off
done
equal "nobody has a key of M2M" 0 \
    "$(sql trusted1.db "select count(*) from keys where type in ('Kmr', 'Kmc')")"
equal "who lost his attach attached again, and reported" 0 \
    "$(sql trusted1.db "select count(*) from procedures f where reason = 'access-detached' and not exists
        (select 1 from procedures p where p.node_id = f.node_id and p.kind = 'request'
         and p.outcome = 'success' and p.t_start > f.t_end)")"
holds "some did" test 0 -lt "$(sql trusted1.db "select count(*) from procedures where reason = 'access-detached'")"
for name in batch trusted; do
    for threads in 2 4; do
        equal "$name: $threads threads" "$(sql ${name}1.db 'select fingerprint from runs')" \
            "$(sql $name$threads.db 'select fingerprint from runs')"
    done
    m2m 0 verify "${name}1.db"
done
finish
