# Integrity validation: the tampered devices are refused, and no other.
. "$(dirname "$0")/lib.sh"

meters=$(scaled 300 40)
m2m 0 run "$M2M_SOURCE/topologies/smart-meters.yaml" -o fleet.db --progress off \
    --set "populations.meters.count=$meters" --set 'populations.meters.ival.tampered=10 %'
sound fleet.db
equal "the fleet is whole" "$meters" "$(sql fleet.db "select count(*) from nodes where population = 'meters'")"
equal "every device bootstrapped" 0 "$(sql fleet.db "select count(*) from nodes where kind = 'device'
    and node_id not in (select node_id from procedures where kind = 'bootstrap' and outcome = 'success')")"
equal "every device connected" 0 "$(sql fleet.db "select count(*) from nodes where kind = 'device'
    and node_id not in (select node_id from procedures where kind = 'connection' and outcome = 'success')")"

tampered=$(sql fleet.db "select count(distinct node_id) from ival_reports where truth = 'tampered'")
holds "some are tampered ($tampered of $meters)" test "$tampered" -gt 0
holds "not all are" test "$tampered" -lt $((meters / 2))
equal "a tampered report is never granted" 0 "$(sql fleet.db "select count(*) from ival_reports
    where truth = 'tampered' and verdict = 'granted'")"
equal "a genuine one always is" 0 "$(sql fleet.db "select count(*) from ival_reports
    where truth = 'genuine' and verdict <> 'granted'")"
equal "a tampered device never registers after it was denied" 0 "$(sql fleet.db "select count(*) from procedures p
    join ival_reports i using (run_id, procedure_id) where i.verdict = 'denied' and p.outcome = 'success'")"
equal "every genuine device is registered" 0 "$(sql fleet.db "select count(*) from nodes where kind = 'device'
    and node_id not in (select node_id from ival_reports where truth = 'tampered')
    and node_id not in (select node_id from procedures where kind = 'registration' and outcome = 'success')")"
equal "the rows say why" 0 "$(sql fleet.db "select count(*) from procedures where outcome = 'failed'
    and (reason is null or reason = '')")"
equal "no other failure than the refusals" 0 "$(sql fleet.db "select count(*) from procedures
    where outcome = 'failed' and node_id not in (select node_id from ival_reports where truth = 'tampered')")"

# None tampered: none refused.
m2m 0 run "$M2M_SOURCE/topologies/smart-meters.yaml" -o clean.db --progress off --until "3 h" \
    --set "populations.meters.count=$(scaled 100 20)" --set 'populations.meters.ival.tampered=0 %'
equal "none tampered, none refused" "0 0" "$(sql clean.db "select
    (select count(*) from ival_reports where verdict <> 'granted'),
    (select count(*) from procedures where outcome = 'failed')" | tr '|' ' ')"
finish
