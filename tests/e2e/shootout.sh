# shootout: the zoo of methods with a few devices each, as table and as JSON, and what it refuses.
. "$(dirname "$0")/lib.sh"

# Beside the networks it names.
ln -s "$M2M_SOURCE/topologies/networks" networks
sed "s/count: 200/count: $(scaled 6 2)/" "$M2M_SOURCE/topologies/bootstrap-zoo.yaml" >zoo.yaml
populations=$(grep -c 'kind: device' zoo.yaml)
devices=$((populations * $(scaled 6 2)))

m2m 0 shootout zoo.yaml -o zoo.db --progress off
for line in fibre cellular lossy; do
    says out "^bootstrap over $line\$"
    says out "^connection over $line\$"
done
for method in gba-me gba-u gba 'tls-x509 1\.1' 'tls-x509 1\.2' 'tls-psk 1\.1' 'tls-psk 1\.2' eap-tls eap-sim eap-aka eap-aka-prime eap-gpsk eap-psk eap-ibake; do
    says out "^$method +[0-9]+ +100 % "
done
says out '^pre-provisioned +[0-9]+ +100 % +- '
says out '^none +[0-9]+ +100 % +- '
says out '^eps-aka +[0-9]+ +100 % '
trusted=$(($(grep -c '^  trusted-.*kind: device' zoo.yaml) * $(scaled 6 2)))
equal "every connection is there" $((devices - trusted)) \
    "$(sql zoo.db "select count(*) from procedures where kind = 'connection' and outcome = 'success'")"
equal "what fails has a reason" 0 \
    "$(sql zoo.db "select count(*) from procedures where outcome = 'failed' and reason = ''")"
cp out table

# The same of the database, and without keeping one; nothing is left behind.
m2m 0 shootout zoo.db
equal "of the database" "" "$(diff table out)"
mkdir scratch
TMPDIR=$work/scratch m2m 0 shootout zoo.yaml --progress off --threads 1
equal "for once, and with one thread" "" "$(diff table out)"
equal "no temporary file stays" "" "$(ls scratch)"
m2m 0 shootout zoo.db --json
valid_json out

# AKA takes four round trips, GPSK five with the identity, where nothing is lost.
m2m 0 shootout zoo.db --json
says out '"link":"fibre","kind":"bootstrap","method":"eap-aka",.*"round_trips":\{"mean":4,"half_width":0\}'
says out '"link":"fibre","kind":"bootstrap","method":"eap-gpsk",.*"round_trips":\{"mean":5,"half_width":0\}'

# Ub and Ua by Digest: a SYN, a challenge and an answer each.
for row in '"bootstrap","method":"gba-me"' '"bootstrap","method":"gba-u"' '"connection","method":"gba"'; do
    says out "\"link\":\"fibre\",\"kind\":$row,.*\"round_trips\":\{\"mean\":6,\"half_width\":0\}"
done

# The cross: all of it is checked, a corner of it is run; both ends of a pair change what it costs.
cross=$M2M_SOURCE/topologies/bootstrap-cross.yaml
m2m 0 plan "$cross"
says out '^243 cells x 1 replication: 243 runs$'
few='(bootstrap.method = none or bootstrap.method = eap-aka or bootstrap.method = gba-u) and (connect.method = gba or connect.method = eap-psk)'
m2m 0 run "$cross" -o cross.db --set populations.devices.count=2 --only "$few" -j 2 --progress off
equal "five pairs over three lines, two devices each" "30 30" \
    "$(sql -separator ' ' cross.db "select count(*), sum(outcome = 'success') from procedures where kind = 'connection'")"
m2m 0 shootout cross.db
for line in fibre cellular lossy; do
    says out "^connection over $line\$"
    says out "^from nothing to a connection over $line: "
done
says out '^eap-aka +4 +100 % '
says out '^none +[0-9.]+ +-$'
m2m 0 shootout cross.db --json
valid_json out
mean() { # BOOTSTRAP CONNECTION: ms over fibre
    sqlite3 :memory: "select cast(json_extract(value, '\$.latency_ns.mean') / 1e6 as integer)
        from json_each(readfile('out'), '\$.cross') where json_extract(value, '\$.link') = 'fibre' and
        json_extract(value, '\$.bootstrap') = '$1' and json_extract(value, '\$.connection') = '$2'"
}
holds "behind GBA's bootstrap its connection needs no Ub: $(mean gba-u gba) ms" \
    test "$(mean gba-u gba)" -lt "$(($(mean none gba) + 50))"
holds "behind another it does: $(mean eap-aka gba) ms" \
    test "$(mean eap-aka gba)" -ge "$(($(mean none gba) + 60))"

m2m 2 shootout
m2m 3 shootout absent.yaml
m2m 2 shootout zoo.yaml -o zoo.db --progress off
says err 'force|exists'
m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o early.db --until '100 ms' --progress off
m2m 2 shootout early.db
finish
