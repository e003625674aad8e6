# The smallest scenario: runs, is complete and sound, and is never overwritten by accident.
. "$(dirname "$0")/lib.sh"

m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o hello.db
sound hello.db
equal "one run" 1 "$(sql hello.db 'select count(*) from runs')"
equal "its status" "done" "$(sql hello.db 'select status from runs')"
equal "its fingerprint is SHA-256" 64 "$(fingerprint hello.db | tr -d '\n' | wc -c)"
equal "one device" 1 "$(sql hello.db "select count(*) from nodes where kind = 'device'")"
for kind in bootstrap connection registration; do
    equal "every device did: $kind" 0 "$(sql hello.db "select count(*) from nodes where kind = 'device'
        and node_id not in (select node_id from procedures where kind = '$kind' and outcome = 'success')")"
done
differ "reports arrived" 0 "$(sql hello.db "select count(*) from procedures
    where kind = 'request' and outcome = 'success'")"
equal "nothing failed" 0 "$(sql hello.db "select count(*) from procedures where outcome = 'failed'")"
equal "no invariant broken" 0 "$(sql hello.db 'select count(*) from violations')"
differ "there are keys" 0 "$(sql hello.db 'select count(*) from keys')"
equal "every key has its end, and why" 0 "$(sql hello.db 'select count(*) from keys
    where t_end is null or end_reason is null or t_end < t_born')"
equal "every parent is a key, older than its child" 0 "$(sql hello.db 'select count(*) from keys c
    where parent_key is not null and not exists (select 1 from keys p where p.run_id = c.run_id
    and p.key_id = c.parent_key and p.t_born <= c.t_born)')"
equal "the scenario is in the file" 1 "$(sql hello.db "select scenario_text = cast(readfile('$M2M_SOURCE/topologies/hello.yaml') as text)
    from experiments")"
equal "the resolved settings are JSON" 1 "$(sql hello.db 'select json_valid(resolved_json) from experiments')"
equal "no key octets without being asked" 0 "$(sql hello.db "select count(*) from
    pragma_table_info('keys') where name like '%octets%' or name like '%secret%' or name = 'value'")"
if [ -z "$M2M_SANITIZE" ]; then # the second run, with the key pool cached, is under a second
    began=$(date +%s%N)
    m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o second.db
    took_ms=$((($(date +%s%N) - began) / 1000000))
    holds "hello takes under a second (took $took_ms ms)" test "$took_ms" -lt 1000
fi

# Never overwritten without --force; with it, replaced.
before=$(sha256sum <hello.db)
m2m 2 run "$M2M_SOURCE/topologies/hello.yaml" -o hello.db --seed 7
says err 'hello\.db'
says err '(exists|--force)'
equal "the old result is untouched" "$before" "$(sha256sum <hello.db)"
old=$(fingerprint hello.db)
m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o hello.db --seed 7 --force
equal "the new result stands alone" "1 7" "$(sql hello.db 'select count(*), seed from runs' | tr '|' ' ')"
differ "another seed, another fingerprint" "$old" "$(fingerprint hello.db)"

# A refused run leaves the old result, --force or not.
before=$(sha256sum <hello.db)
m2m 3 run "$M2M_SOURCE/topologies/hello.yaml" -o hello.db --force --set run.untill=1h
equal "a broken --set replaces nothing" "$before" "$(sha256sum <hello.db)"
equal "no stray file beside the result" "" "$(find . -name 'hello.db?*')"
finish
