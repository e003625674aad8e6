# Charts in other forms: what draws or reads them accepts them, and they say what the text says.
. "$(dirname "$0")/lib.sh"
command -v mscgen >/dev/null 2>&1 || skip "no mscgen"
command -v xmllint >/dev/null 2>&1 || skip "no xmllint"

m2m 0 run "$M2M_SOURCE/topologies/smart-meters.yaml" -o fleet.db --progress off --until "2 h" \
    --set "populations.meters.count=$(scaled 40 15)" --set 'record.messages.sample=100 %'
id=$(sql fleet.db "select procedure_id from procedures where kind = 'bootstrap' limit 1")
messages=$(sql fleet.db "select count(*) from messages where procedure_id = $id")

m2m 0 chart fleet.db --procedure "$id" --format svg -o one.svg
holds "well-formed" xmllint --noout one.svg
says one.svg 'ClientHello'
equal "an arrow for each message" "$messages" "$(grep -c "class='tip'\|class='a lost' d='M[^H]*l" one.svg)"
equal "each key made there" "$(sql fleet.db "select count(*) from keys where procedure_id = $id")" \
    "$(grep -c "class='key'" one.svg)"
m2m 2 chart fleet.db --procedure "$id" --format svg -o one.svg
says err "'one.svg' is there already"
m2m 0 chart fleet.db --procedure "$id" --format svg -o one.svg --force
m2m 0 chart fleet.db --worst 3 bootstrap --format svg -o three.svg
holds "well-formed" xmllint --noout three.svg

m2m 0 chart fleet.db --procedure "$id" --format mermaid -o one.mmd
says one.mmd '^sequenceDiagram$'
equal "a line for each message" "$messages" "$(grep -cE '^    n[0-9]+(->>|-x)n[0-9]+: .* B( \(.*\))?$' one.mmd)"
m2m 0 chart fleet.db --procedure "$id" --format mscgen -o one.msc
holds "mscgen draws it" mscgen -T svg -i one.msc -o msc.svg
says msc.svg '</svg>'

# A server's chart has many devices: never more than 12 lifelines.
m2m 0 chart fleet.db --node nscl --format mscgen -o many.msc
holds "mscgen draws it" mscgen -T svg -i many.msc -o msc.svg
holds "at most 12 lifelines" test "$(grep -cE '^  n[0-9]+ \[label' many.msc)" -le 12
says many.msc 'meters \([0-9]+\)'

m2m 2 chart fleet.db --procedure "$id" --format pdf
says err "'pdf' is none of text, svg, mermaid, mscgen"
m2m 2 chart fleet.db --procedure "$id" --format svg --json
m2m 2 chart fleet.db --procedure "$id" -o nowhere/one.txt
m2m 2 chart fleet.db --procedure 99999999 -o none.txt
holds "nothing is written of nothing" test ! -e none.txt
# Fields that are named: of TLS, of HTTP within it, of PANA and EAP.
m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o fields.db --progress off
m2m 0 chart fields.db --node meter
says out 'ClientHello type 1 version 3.3'
says out 'suite RSA-AES128-CCM'
says out 'HTTP POST /'
says out 'HTTP status 200; body'
m2m 0 chart fields.db --node meter --json
says out '"fields":"ClientHello type 1 version 3.3"'
for form in svg mermaid mscgen; do
    m2m 0 chart fields.db --worst 1 bootstrap --format $form
    says out 'ClientHello type 1 version 3.3'
done
finish
