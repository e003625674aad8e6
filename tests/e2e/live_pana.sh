# serve mas --pana and attach pana against each other over loopback: methods, many PaCs at a time,
# the key on both sides, refusals with their reasons, both usages, wrong usage, and how they end.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"

key16=000102030405060708090a0b0c0d0e0f
key32=${key16}101112131415161718191a1b1c1d1e1f
imsi=232010000000000
k=90dca4eda45b53cf0f12d7c9c3bc6a89
opc=cb9cccc4b9258e6dca4760379fb82581
cat >users <<END
"gpsk user" gpsk $key32
psk-user    psk  $key16
*           aka,aka-prime,sim $imsi $k $opc 8000 000000000041
END

# Ends by itself too: whatever becomes of this script, nothing is left behind.
serve() { # OPTION...: its port in $port, its pid in $running
    rm -f serve.err serve.out
    "$M2MSIM" serve mas --radius 0 --pana 0 --secret s3cret --users users --until-idle '10 min' "$@" \
        >serve.out 2>serve.err &
    running=$!
    await serve.err 'listening at' 1
    port=$(sed -n 's/^PANA at 127\.0\.0\.1:\([0-9]*\), [a-z]*$/\1/p' serve.err)
    differ "serve says where its agent listens" "" "$port"
}

attach() { # EXPECTED-EXIT METHOD OPTION...
    code=$1
    method=$2
    shift 2
    m2m "$code" attach pana --pana "$port" --patience '120 s' --method "$method" "$@"
}

keys() { # FILE METHOD NAME: the keys in it, sorted
    grep -E -e " $2 accepted " "$1" | sed -n "s/.* \($3=[0-9a-f]\{64\}\)\$/\1/p" | LC_ALL=C sort
}

# 20 PaCs, 8 at a time: all get in, each with a key of its own that the MAS has too.
fleet() { # METHOD OPTION...
    method=$1
    shift
    attach 0 "$method" --count 20 --parallel 8 --secrets "$@"
    await serve.out " $method accepted " 20
    says out '^n +20$'
    says out '^success +20$'
    says out '^failed +0$'
    says out '^latency p50, ms +[0-9.]+$'
    says out '^latency p99, ms +[0-9.]+$'
    says out '^round trips, mean +[4-9]\.'
    says out '^octets up, mean +[1-9][0-9]+\.'
    says out '^octets down, mean +[1-9][0-9]+\.'
    keys out "$method" kmr >theirs
    keys serve.out "$method" kmr >ours
    equal "$method: a key each" 20 "$(LC_ALL=C sort -u theirs | wc -l | tr -d ' ')"
    holds "$method: the same Kmr on both sides" cmp theirs ours
}

card="--imsi $imsi --k $k --opc $opc"
serve --secrets
fleet gpsk --identity "gpsk user" --psk $key32
fleet psk --identity psk-user --psk $key16
# shellcheck disable=SC2086  # words
fleet aka $card
# shellcheck disable=SC2086
fleet sim $card
# shellcheck disable=SC2086
fleet aka-prime $card
says serve.out '^pana "gpsk user" gpsk accepted - [0-9.]+ ms [0-9]+ requests [0-9]+ B in [0-9]+ B out node=[0-9a-f]{32} kmr-index=20 kmr='
equal "a device is one by each of its card's methods" 1 "$(sed -n \
    's/.*"[016]232010000000000@.* node=\([0-9a-f]*\) .*/\1/p' serve.out | LC_ALL=C sort -u | wc -l | tr -d ' ')"
# RADIUS beside it, as without.
radius=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\), 3 users$/\1/p' serve.err)
m2m 0 attach eap --radius "$radius" --secret s3cret --method psk --identity psk-user --psk $key16
await serve.out '^"psk-user" psk accepted ' 1
# A crowd: who got in stands as one who got in at the agent too, whose every last word is answered.
crowd=$(scaled 3000 300)
attach 0 gpsk --identity "gpsk user" --psk $key32 --count "$crowd" --parallel $((crowd / 3))
await serve.out ' gpsk accepted ' $((crowd + 20))
end
says serve.err "^$((crowd + 101)) accepted, 0 refused; "
says serve.err '^PANA: [0-9]{3,4} sessions; ' # some more: a PCI that came late and twice begins one

# With certificates, in fragments.
if command -v openssl >/dev/null; then
    name() { # NAME: a certificate of ours for it
        openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -subj "/CN=$1" -out "$1.csr" 2>/dev/null
        echo "subjectAltName=DNS:$1" >"$1.ext"
        openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 9 \
            -extfile "$1.ext" -out "$1.pem" 2>/dev/null
    }
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=ca -days 9 -out ca.pem 2>/dev/null
    name server.example
    name device.example
    echo 'device tls device.example' >>users
    serve --secrets --cert server.example.pem --key server.example.key --ca ca.pem
    attach 0 tls --identity device --cert device.example.pem --key device.example.key --ca ca.pem \
        --server-name server.example --count 4 --parallel 4 --secrets
    await serve.out ' tls accepted ' 4
    keys out tls kmr >theirs
    keys serve.out tls kmr >ours
    equal "tls: a key each" 4 "$(LC_ALL=C sort -u theirs | wc -l | tr -d ' ')"
    holds "tls: the same Kmr on both sides" cmp theirs ours
    end
    sed -i /device/d users
fi

# Refused, and why; without --secrets no key, and no success has a line.
serve --json
attach 0 psk --identity psk-user --psk $key16 --count 3
silent out 'kmr|accepted|node'
attach 4 gpsk --identity "gpsk user" --psk "1${key32#0}" --count 2
says out '^1 "gpsk user" gpsk refused eap-wrong-mac [0-9.]+ ms$'
says out '^  eap-wrong-mac +2$'
says out '^failed +2$'
attach 4 psk --identity psk-user --psk "1${key16#0}" --json
says out '"outcome": "refused", "reason": "pana-rejected"'
says out '"n": 1, "success": 0, "failed": 1, "reasons": \{"pana-rejected": 1\}'
equal "a line each, and the report" 2 "$(wc -l <out | tr -d ' ')"
while IFS= read -r line; do
    printf '%s\n' "$line" >line.json
    valid_json line.json
done <out
attach 4 psk --identity nobody --psk $key16
# shellcheck disable=SC2086
attach 4 aka $card --k 00dca4eda45b53cf0f12d7c9c3bc6a89
says out 'refused aka-wrong-autn'
await serve.out '"refused"' 5
says serve.out '"by": "pana", "identity": "psk-user", "method": "psk", "outcome": "refused", "reason": "eap-wrong-mac"'
says serve.out '"identity": "nobody", .*"reason": "eap-unknown-identity"'
says serve.out '"outcome": "accepted", .*"node": "[0-9a-f]{32}", "kmr_index": 3'
silent serve.out 'kmr"|msk'
while IFS= read -r line; do
    printf '%s\n' "$line" >line.json
    valid_json line.json
done <serve.out
# An agent for bootstrap has no word for who wants a connection.
m2m 4 attach pana --pana "$port" --usage connection --patience '500 ms' --method psk \
    --identity psk-user --psk $key16
says out 'refused pana-timeout'
end
says serve.err '^PANA: [0-9]+ sessions; '

# The other usage: Kmc, the same at the NSCL.
serve --usage connection --secrets
attach 0 psk --identity psk-user --psk $key16 --usage connection --count 4 --parallel 2 --secrets
await serve.out ' psk accepted ' 4
says out '^psk, connection, 2 at a time$'
says out ' connection=[0-9]+ kmc-index=4 kmc=[0-9a-f]{64}$'
keys out psk kmc >theirs
keys serve.out psk kmc >ours
equal "a Kmc each" 4 "$(LC_ALL=C sort -u theirs | wc -l | tr -d ' ')"
holds "the same Kmc on both sides" cmp theirs ours
# A port that is taken.
m2m 2 serve mas --radius 0 --pana "$port" --secret s3cret --users users
says err "cannot listen at 127\.0\.0\.1:$port: address already in use"
end
# The agent alone, and the MAS behind a RADIUS socket: any server of EAP could stand there.
serve --json
radius=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\), 3 users$/\1/p' serve.err)
rm -f agent.err # an older one would say that it is ready
"$M2MSIM" serve mas --pana 0 --via-radius "$radius" --secret s3cret --usage connection --secrets \
    --until-idle '10 min' >agent.out 2>agent.err &
agent=$!
await agent.err '^PANA at' 1
port=$(sed -n 's/^PANA at 127\.0\.0\.1:\([0-9]*\), connection$/\1/p' agent.err)
attach 0 psk --identity psk-user --psk $key16 --usage connection --count 8 --parallel 4 --secrets
await agent.out '^pana "psk-user" - accepted - ' 8
keys out psk kmc >theirs
keys agent.out - kmc >ours
equal "a Kmc each, the agent alone" 8 "$(LC_ALL=C sort -u theirs | wc -l | tr -d ' ')"
holds "the same Kmc on both sides, the agent alone" cmp theirs ours
attach 4 psk --identity psk-user --psk "1${key16#0}" --usage connection
await agent.out '^pana "psk-user" - refused radius-reject ' 1
await serve.out '"by": "radius", "identity": "psk-user", "method": "psk", "outcome": "accepted"' 8
kill -TERM $agent
wait $agent
equal "the agent's exit" 0 $?
says agent.err '^8 accepted, 1 refused$'
end
# Nobody listens there any more.
attach 4 psk --identity psk-user --psk $key16 --count 2
says out '^  connection-refused +2$'

# Ctrl-C, while an answer is waited for: the agent is stopped, so to speak.
serve
kill -STOP "$running"
"$M2MSIM" attach pana --pana "$port" --method psk --identity psk-user --psk $key16 --patience '60 s' \
    >out 2>err &
interrupt $!
kill -CONT "$running"
end

# Both sockets are quiet, then it ends by itself.
"$M2MSIM" serve mas --radius 0 --pana 0 --secret s --users users --until-idle '100 ms' >out 2>err
equal "serve's exit when idle" 0 $?
says err '^PANA: 0 sessions; '

# Wrong usage.
m2m 2 serve mas --secret s --users users --usage connection
says err '--usage goes with --pana'
m2m 2 serve mas --secret s --users users --via-radius 1812
says err '--users does not go with --via-radius'
m2m 2 serve mas --secret s --usage connection --via-radius 1812
says err '--via-radius goes with --pana'
m2m 2 serve mas --secret s --pana 0 --via-radius 1812
says err '--via-radius needs --usage connection'
m2m 2 serve mas --pana 0 --usage connection --via-radius 1812
says err '--secret is needed'
m2m 2 serve mas --secret s --pana 0 --usage connection --via-radius no.such.host.invalid:1812
says err 'no such host'
m2m 2 serve mas --secret s --users users --radius 0 --pana 0 --usage both
says err "--usage: bootstrap or connection, not 'both'"
m2m 2 serve mas --secret s --users users --radius 0 --pana 1:2:3
says err '--pana needs PORT'
m2m 2 attach pana --method psk --identity a --psk $key16
says err '--pana is needed'
m2m 2 attach pana --pana 1 --secret s --method psk --identity a --psk $key16
says err "--secret is not for 'pana'"
m2m 2 attach pana --pana 1 --method psk --identity a --psk $key16 --usage x
m2m 2 attach pana --pana 1 --method psk --identity a
says err '--method psk needs --psk'
m2m 2 attach pana --pana 1 --method ibake
m2m 2 attach pana --pana 1 --identity a
says err '--method is needed'
m2m 2 attach eap --pana 1 --method psk --identity a --psk $key16
says err "--pana is not for 'eap'"
# shellcheck disable=SC2086
m2m 2 attach pana --pana 1 --method aka $card --reauth
says err "--reauth is not for 'pana'"
m2m 2 attach pana --pana 1 --method psk --identity a --psk $key16 --count 0
m2m 2 attach pana --pana no.such.host.invalid --method psk --identity a --psk $key16
says err 'cannot reach no\.such\.host\.invalid:716: '
finish
