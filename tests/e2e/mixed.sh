# Scenarios that mix what the packaged ones keep apart: the same rows for any number of threads, and invariants of the rows.
. "$(dirname "$0")/lib.sh"
until=$(scaled '3 h' '40 min')

# Valves and sensors behind two gateways whose mId is sealed objects, with a Kmc of 20 minutes; two applications at one NSCL.
cat >sealed.yaml <<'END'
m2msim: 1
title: actuators over sealed long polls
use: {network: networks/district}
run: {until: 3 h, seed: 9, key_pool: 2}
populations:
  valves: {kind: local, count: 5, behind: gateways, apoc: {listen: yes, takes: 500 ms}, arrivals: {over: 2 min, start: 2 min}, report: {every: 10 min}}
  sensors: {kind: local, count: 4, behind: gateways, interface: xIP, arrivals: {over: 2 min, start: 2 min}, report: {every: 5 min, size: 16 B}}
  gateways:
    kind: gateway
    count: 2
    bootstrap: {method: pre-provisioned}
    connect: {method: eap-gpsk}
    mid: {channel: long-poll, security: object-encrypt}
    keys: {kmc: 20 min}
    arrivals: {over: 1 min}
  mas: {kind: mas}
  core: {kind: nscl, hand_on_timeout: 10 s, poll_timer: 1 min}
  water: {kind: application, start: 5 min, timeout: 15 s, devices: valves, actuate: {every: 5 min, what: get, actuators: valves}}
  office: {kind: application, devices: gateways, subscribe: yes}
links:
  valves -> gateways: {like: mesh}
  sensors -> gateways: {like: mesh}
  gateways -> mas: {like: backhaul}
  gateways -> core: {like: backhaul}
  mas -> core: {like: core}
  water -> core: {like: core}
  office -> core: {like: core}
events:
  - {at: 15 min, do: blackout, what: gateways, share: 50 %, for: 5 min}
  - {at: 30 min, do: outage, what: core, for: 4 min}
END
# Two providers without a link between them, one of them off all the time.
cat >islands.yaml <<'END'
m2msim: 1
title: two providers, one of them off
use: {network: networks/cellular}
run: {until: 3 h, seed: 31, key_pool: 2}
populations:
  up: {kind: device, count: 4, class: cortex-a7, bootstrap: {method: pre-provisioned}, connect: {at: mas1}, mid: {at: core1, binding: coap, idle: never}, keys: {kmc: 30 min}, report: {every: 5 min}, arrivals: {over: 5 min}}
  down: {kind: device, count: 4, class: cortex-a7, bootstrap: {method: pre-provisioned}, connect: {at: mas2}, mid: {at: core2}, report: {every: 5 min}, arrivals: {over: 5 min}}
  mas1: {kind: mas, nscl: core1}
  mas2: {kind: mas, nscl: core2}
  core1: {kind: nscl}
  core2: {kind: nscl}
links:
  up -> mas1: {like: access}
  up -> core1: {like: access, loss: 10 %}
  down -> mas2: {like: access}
  down -> core2: {like: access}
  mas1 -> core1: {like: core}
  mas2 -> core2: {like: core}
events:
  - {at: 0 s, do: outage, what: core2, for: 3 h}
END

none() { # DB WHAT QUERY
    equal "$1: $2" 0 "$(sql "$1" "$3")"
}

for name in sealed islands; do
    m2m 0 run "$name.yaml" -o "$name.db" --progress off --threads 1 --until "$until"
    for threads in 2 4; do
        m2m 0 run "$name.yaml" -o again.db --force --progress off --threads "$threads" --until "$until"
        equal "$name: $threads threads" "$(fingerprint "$name.db")" "$(fingerprint again.db)"
    done
    sound "$name.db"
    none "$name.db" "who failed has a reason, who succeeded none" "select count(*) from procedures
        where (outcome = 'success') <> (coalesce(reason, '') = '')"
    none "$name.db" "each key has an end" 'select count(*) from keys where t_end is null or end_reason is null'
    none "$name.db" "no key is used or lives beyond its expiry" 'select count(*) from keys
        where t_last_use > t_expires or t_end > t_expires'
    none "$name.db" "keys come of keys and procedures that are there" 'select count(*) from keys k
        where (parent_key is not null and parent_key not in (select key_id from keys))
        or (procedure_id is not null and procedure_id not in (select procedure_id from procedures))'
    none "$name.db" "messages are of procedures that are there" 'select count(*) from messages
        where procedure_id not in (select procedure_id from procedures)'
    none "$name.db" "percentiles rise" 'select count(*) from v_latency where not (p50 <= p90 and p90 <= p99 and p99 <= max)'
    none "$name.db" "views count what the rows count" "select (select sum(n) from v_latency)
        - (select count(*) from procedures) + (select coalesce(sum(n), 0) from v_failures)
        - (select count(*) from procedures where outcome <> 'success')"
done

# What was asked of a valve was done and answered once; what it reported was delivered once or waits.
equal "sealed.db: actuated, done, answered" "$(sql sealed.db "select count(*) from procedures where kind = 'apoc' and outcome = 'success'")" \
    "$(sql sealed.db "select count(*) from procedures where kind = 'response' and outcome = 'success'")"
none sealed.db "more was answered than done" "select max(0, sum(kind = 'actuate') - sum(kind = 'apoc')) from procedures
    where kind in ('actuate', 'apoc') and outcome = 'success'"
holds "sealed.db: valves are reached" test "$(sql sealed.db "select count(*) from procedures where kind = 'actuate' and outcome = 'success'")" -ge 20
holds "sealed.db: two applications are at work" test "$(sql sealed.db "select count(*) from procedures
    where kind = 'notification' and outcome = 'success'")" -ge 10
none islands.db "nobody gets a Kmc of who is off" "select count(*) from keys k join nodes n using (run_id, node_id)
    where n.population = 'down' and k.type = 'Kmc'"
holds "islands.db: the other provider works" test "$(sql islands.db "select count(*) from procedures p join nodes n using (run_id, node_id)
    where n.population = 'up' and p.kind = 'request' and p.outcome = 'success'")" -ge 20
finish
