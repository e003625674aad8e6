# hello's rows are those of tests/golden/hello.txt: who changes them says why in the commit's body, and
# renews the file with: M2M_RENEW=1 M2MSIM=build/release/m2msim sh tests/e2e/golden.sh
. "$(dirname "$0")/lib.sh"

golden=$M2M_SOURCE/tests/golden/hello.txt
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
if [ "${M2M_RENEW-}" = 1 ]; then
    cp hello.txt "$golden"
    echo "renewed $golden"
fi
checks=$((checks + 1))
diff "$golden" hello.txt || fault "hello is not what it was"
finish
