# serve bsf against curl over loopback. curl cannot do Digest AKA: what it sends is computed here, by
# osmo-auc-gen (MILENAGE) and openssl (MD5, SHA-1, HMAC) with the shell between them, not by our code.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"

for tool in curl osmo-auc-gen openssl xxd; do
    command -v $tool >/dev/null || skip "no $tool"
done

imsi=232010000000001
k=90dca4eda45b53cf0f12d7c9c3bc6a89
opc=cb9cccc4b9258e6dca4760379fb82581
amf=8000
fqdn=bsf.mnc001.mcc232.pub.3gppnetwork.org
impi=$imsi@ims.mnc001.mcc232.3gppnetwork.org
cnonce=0a4f113b
cat >users <<END
*                       aka      $imsi $k $opc $amf 000000000040
device-7@m2m.example    aka,sim  232010000000002 $k $opc $amf 000000000000
psk-user                psk      000102030405060708090a0b0c0d0e0f
END

# ---- the server ----

serve() { # OPTION...: its port in $port, its pid in $running
    rm -f serve.err serve.out
    "$M2MSIM" serve bsf --ub 0 --users users "$@" >serve.out 2>serve.err &
    running=$!
    await serve.err 'listening at' 1
    port=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\) as [^ ]*, 3 users$/\1/p' serve.err)
    differ "serve says where it listens" "" "$port"
}

# ---- a UE of shell ----

md5() { # HEX: of its octets
    printf '%s' "$1" | xxd -r -p | openssl dgst -md5 -r | cut -d ' ' -f 1
}

hex_of() { # TEXT
    printf '%s' "$1" | xxd -p | tr -d '\n'
}

# RFC 2617 with qop auth-int; the password in hex, since RES is octets (RFC 3310 3.3).
respond() { # NONCE PASSWORD METHOD BODY-FILE
    a1=$(md5 "$(hex_of "$name:$fqdn:")$2")
    body=$(openssl dgst -md5 -r "$4" | cut -d ' ' -f 1)
    a2=$(md5 "$(hex_of "$3:/:$body")")
    md5 "$(hex_of "$a1:$1:00000001:$cnonce:auth-int:$a2")"
}

get() { # EXPECTED-STATUS AUTHORIZATION: headers in ./headers, body in ./body
    status=$(curl -s --http1.1 --max-time 120 -A 'shell 3gpp-gba' -D headers -o body -w '%{http_code}' \
        ${2:+-H "Authorization: $2"} "http://127.0.0.1:$port/")
    equal "status of $2" "$1" "$status"
}

digest() { # NONCE RESPONSE MORE
    echo "Digest username=\"$name\", realm=\"$fqdn\", nonce=\"$1\", uri=\"/\", qop=auth-int," \
        "nc=00000001, cnonce=\"$cnonce\", response=\"$2\", algorithm=AKAv1-MD5${3-}"
}

identify() { # EXPECTED-STATUS
    get "$1" "Digest username=\"$name\", realm=\"$fqdn\", nonce=\"\", uri=\"/\", response=\"\""
}

field() { # NAME: a quoted one of the challenge or of Authentication-Info
    sed -n "s/.*[ ,]$1=\"\([^\"]*\)\".*/\1/p" headers
}

# The challenge in ./headers: RAND, AUTN, and what the card makes of them, the SQN in AUTN too.
unpack() { # AK AND KEYS: sets rand autn res ck ik sqn
    nonce=$(field nonce)
    rand=$(printf '%s' "$nonce" | openssl base64 -d -A | xxd -p -l 16)
    autn=$(printf '%s' "$nonce" | openssl base64 -d -A | xxd -p -s 16 -l 16)
    equal "32 octets of nonce" 32 "$(printf '%s' "$nonce" | openssl base64 -d -A | wc -c | tr -d ' ')"
    auc 0
    # AUTN = SQN ^ AK || AMF || MAC: with SQN 0 its beginning is AK.
    sqn=$(xor "$(echo "$autn" | cut -c 1-12)" "$(value AUTN | cut -c 1-12)")
    auc $((0x$sqn))
    res=$(value RES)
    ck=$(value CK)
    ik=$(value IK)
}

auc() { # SQN
    osmo-auc-gen -3 -a milenage -k $k -o $opc -f $amf -r "$rand" -s "$1" >auc.out 2>&1
}

value() { # NAME
    sed -n "s/^$1:[[:space:]]*\([0-9a-f]*\)$/\1/p" auc.out
}

xor() { # HEX HEX: of the same length, by four digits, for a shell's numbers have a sign
    one=$1 other=$2
    while [ -n "$one" ]; do
        printf '%04x' $((0x${one%"${one#????}"} ^ 0x${other%"${other#????}"}))
        one=${one#????} other=${other#????}
    done
}

# 200 in ./headers and ./body: rspauth is of who knows RES, over this body; B-TID is RAND's.
is_bootstrapped() {
    says headers '^Content-Type: application/vnd\.3gpp\.bsf\+xml'
    equal "rspauth" "$(respond "$nonce" "$res" "" body)" "$(field rspauth)"
    btid=$(printf '%s' "$rand" | xxd -r -p | openssl base64 -A)@$fqdn
    equal "B-TID in the body" "$btid" "$(sed -n 's:.*<btid>\([^<]*\)</btid>.*:\1:p' body)"
    says body '<lifetime>20[0-9][0-9]-[0-9-]*T[0-9:.]*Z</lifetime>'
}

bootstrap() {
    identify 401
    says headers 'algorithm=AKAv1-MD5'
    equal "realm" $fqdn "$(field realm)"
    unpack
    equal "AUTN" "$(value AUTN)" "$autn"
    get 200 "$(digest "$nonce" "$(respond "$nonce" "$res" GET empty)")"
    is_bootstrapped
}

# ---- what is to be shown ----

# In two connections, then SQN goes on; Ks is CK || IK at the server.
: >empty # a request's body
serve --secrets --patience '10 min'
name=$impi
bootstrap
await serve.out ' accepted ' 1
says serve.out "^\"$impi\" gba-me accepted - [0-9.]+ ms 2 requests [0-9]+ B in [0-9]+ B out btid="
equal "B-TID" "$btid" "$(sed -n 's/.* btid=\([^ ]*\) .*/\1/p' serve.out)"
equal "Ks" "$ck$ik" "$(sed -n 's/.* ks=\([0-9a-f]*\)$/\1/p' serve.out)"
first=$sqn
bootstrap
holds "a higher SQN" [ $((0x$sqn)) -gt $((0x$first)) ]
# A response is good once: the same again is challenged anew, and that challenge is left alone.
identify 401
unpack
answer=$(digest "$nonce" "$(respond "$nonce" "$res" GET empty)")
get 200 "$answer"
is_bootstrapped
get 401 "$answer"

# AUTS: the card has seen a higher number; MAC-S by f1*, AK* by f5*, as osmo-auc-gen checks them.
resynchronise() {
    identify 401
    unpack
    auts "$rand" 7777770000
    get 401 "$(digest "$nonce" "$(respond "$nonce" "" GET empty)" ", auts=\"$auts\"")"
    unpack
    equal "AUTN after AUTS" "$(value AUTN)" "$autn"
    holds "SQN behind AUTS's" [ $((0x$sqn)) -gt 7777770000 ]
    get 200 "$(digest "$nonce" "$(respond "$nonce" "$res" GET empty)")"
    is_bootstrapped
}

# MILENAGE's f1* and f5* by AES alone (TS 35.206 4.1): OPc is known, c1 = 0, c5 = 8, r1 = 64, r5 = 96.
aes() { # HEX: of one block
    printf '%s' "$1" | xxd -r -p | openssl enc -aes-128-ecb -K $k -nopad | xxd -p
}

rotate() { # HEX DIGITS: to the left
    printf '%s%s' "$(echo "$1" | cut -c $(($2 + 1))-)" "$(echo "$1" | cut -c 1-"$2")"
}

auts() { # RAND SQN: sets auts, in base64
    temp=$(aes "$(xor "$1" $opc)")
    in1=$(printf '%012x0000%012x0000' "$2" "$2")
    out1=$(xor "$(aes "$(xor "$temp" "$(rotate "$(xor "$in1" $opc)" 16)")")" $opc)
    out5=$(xor "$(aes "$(xor "$(rotate "$(xor "$temp" $opc)" 24)" \
        00000000000000000000000000000008)")" $opc)
    hex=$(xor "$(printf '%012x' "$2")" "$(echo "$out5" | cut -c 1-12)")$(echo "$out1" | cut -c 17-32)
    # The other AuC is of the same mind.
    osmo-auc-gen -3 -a milenage -k $k -o $opc -f $amf -r "$1" -A "$hex" >auts.out 2>&1
    says auts.out "SQN\.MS:[[:space:]]*$2$"
    auts=$(printf '%s' "$hex" | xxd -r -p | openssl base64 -A)
}

resynchronise
await serve.out ' resynchronised ' 1
says serve.out ' gba-me accepted - [0-9.]+ ms 3 requests .* resynchronised btid='

# An IMPI of another form, by the identity of its line; with another lifetime below.
name=device-7@m2m.example
bootstrap
await serve.out ' accepted ' 5
says serve.out '^"device-7@m2m\.example" gba-me accepted '
name=$impi

# Several at a time, each with a challenge of its own.
several() {
    seen=
    for i in 1 2 3 4 5 6; do
        identify 401
        unpack
        eval "rand$i=$rand nonce$i=$nonce res$i=$res"
        seen="$seen $nonce"
    done
    equal "challenges differ" 6 "$(echo "$seen" | tr ' ' '\n' | grep . | sort -u | wc -l | tr -d ' ')"
    for i in 4 2 6 1 5 3; do
        eval "nonce=\$nonce$i res=\$res$i"
        value=$(respond "$nonce" "$res" GET empty)
        curl -s --http1.1 --max-time 120 -o "body$i" -w '%{http_code}\n' \
            -H "Authorization: $(digest "$nonce" "$value")" "http://127.0.0.1:$port/" >"status$i" &
        clients="${clients-} $!"
    done
    # shellcheck disable=SC2086  # words
    wait $clients
    equal "all of them" 6 "$(cat status? | grep -c '^200$')"
    equal "B-TIDs differ" 6 "$(cat body? | grep -o '<btid>[^<]*' | sort -u | wc -l | tr -d ' ')"
}
several
await serve.out ' accepted ' 11
end
says serve.err '^11 accepted, 1 refused; [0-9]+ connections, 0 beyond the limit$'
says serve.out "^\"$impi\" gba-me refused run-end " # the challenge that was left alone

# Refused, and why; no key without --secrets.
serve --json --patience '5 min' --lifetime '10 min' --seed 4
bootstrap
lifetime=$(sed -n 's:.*<lifetime>\([^<.]*\).*:\1:p' body)
left=$(($(date -u -d "$(echo "$lifetime" | tr T ' ' | tr -d Z)" +%s) - $(date -u +%s)))
holds "ten minutes: $left s" [ "$left" -gt 500 -a "$left" -le 600 ]
identify 401
unpack
wrong=$(echo "$res" | tr 0-9a-f 1-9a-f0)
get 403 "$(digest "$nonce" "$(respond "$nonce" "$wrong" GET empty)")"
# It is used up with that: the right one is too late.
get 401 "$(digest "$nonce" "$(respond "$nonce" "$res" GET empty)")"
identify 401
unpack
auts "$rand" 8888880000
altered=$(xor "$hex" 0000000000000000000000000001 | xxd -r -p | openssl base64 -A)
get 403 "$(digest "$nonce" "$(respond "$nonce" "" GET empty)" ", auts=\"$altered\"")"
name=232010000000009@ims.mnc001.mcc232.3gppnetwork.org
identify 403
name=psk-user # a user, but no subscriber
identify 403
name=$impi
get 400 ""
get 400 'Digest username='
get 400 "Digest username=\"$impi\", realm=\"elsewhere.example\", nonce=\"\", uri=\"/\", response=\"\""
equal "another page" 404 "$(curl -s --http1.1 --max-time 120 -o body -w '%{http_code}' "http://127.0.0.1:$port/x")"
await serve.out '"refused"' 8
say() { # REASON IDENTITY
    says serve.out "\"identity\": \"$2\", .*\"outcome\": \"refused\", \"reason\": \"$1\""
}
say aka-wrong-res "$impi"
say aka-sqn-out-of-range "$impi"
say gba-unknown-subscriber 232010000000009@ims.mnc001.mcc232.3gppnetwork.org
say gba-unknown-subscriber psk-user
say bad-request ""
say digest-malformed ""
say not-found ""
says serve.out '"outcome": "accepted", "reason": "", .*"btid": "'
silent serve.out '"ks"'
while IFS= read -r line; do
    printf '%s\n' "$line" >line.json
    valid_json line.json
done <serve.out
# A port that is taken.
m2m 2 serve bsf --ub "$port" --users users
says err "cannot listen at 127\.0\.0\.1:$port: address already in use"
end
# Who says nothing is not waited for longer than --patience; who begins and stops neither.
serve --json --patience '2 s'
identify 401
await serve.out '"timeout"' 1
say timeout "$impi" # the challenge that nobody answered
curl -s --http1.1 --max-time 300 -o body -H 'Content-Length: 9' -d x "http://127.0.0.1:$port/"
differ "curl gives up by itself" 28 $?
end

# GBA_U: AUTN* = MAC ^ SHA-1(IK), cut to 64 bits (TS 33.220 5.3.2).
serve --gba-u --fqdn bsf.m2m.example --secrets --patience '10 min'
says serve.err ' as bsf\.m2m\.example, '
fqdn=bsf.m2m.example
identify 401
unpack
mac=$(value AUTN | cut -c 17-32)
star=$(printf '%s' "$ik" | xxd -r -p | openssl dgst -sha1 -r | cut -c 1-16)
equal "AUTN*" "$(value AUTN | cut -c 1-16)$(xor "$mac" "$star")" "$autn"
get 200 "$(digest "$nonce" "$(respond "$nonce" "$res" GET empty)")"
is_bootstrapped
await serve.out " gba-u accepted .* ks=$ck$ik\$" 1
says serve.out " gba-u accepted .* ks=$ck$ik\$"
end

# Our own UE against it: attach gba. Many at a time, each with a Ks of its own that the BSF has too.
attach() { # EXPECTED-EXIT OPTION...
    code=$1
    shift
    m2m "$code" attach gba --bsf "$port" --patience '60 s' "$@"
}

keys() { # FILE
    grep -E -e ' accepted ' "$1" | sed -n 's/.*\( btid=.* ks=[0-9a-f]\{64\}\)$/\1/p' | LC_ALL=C sort
}

card="--imsi $imsi --k $k --opc $opc"
serve --secrets --patience '10 min'
# shellcheck disable=SC2086  # words
attach 0 $card --count 40 --parallel 8 --secrets
await serve.out ' accepted ' 40
says out '^gba-me, 8 at a time$'
says out '^n +40$'
says out '^success +40$'
says out '^failed +0$'
says out '^latency p50, ms +[0-9.]+$'
says out '^round trips, mean +2\.00$'
says out '^octets up, mean +[1-9][0-9]+\.'
keys out >theirs
keys serve.out >ours
equal "a Ks each" 40 "$(LC_ALL=C sort -u theirs | wc -l | tr -d ' ')"
holds "the same B-TID and Ks on both sides" cmp theirs ours
# Ahead of the AuC: AUTS, a third request.
# shellcheck disable=SC2086
attach 0 $card --sqn 000000888880
says out '^round trips, mean +3\.00$'
says serve.out ' 3 requests .* resynchronised btid='
attach 0 --identity device-7@m2m.example --k $k --opc $opc --fqdn bsf.mnc001.mcc232.pub.3gppnetwork.org --json
valid_json out
says out '^\{"method": "gba-me", "n": 1, "success": 1, '
# Refused, and why; no key that was not asked for.
# shellcheck disable=SC2086
attach 4 $card --opc 00dca4eda45b53cf0f12d7c9c3bc6a89
says out '^1 "232010000000001@ims\.mnc001\.mcc232\.3gppnetwork\.org" gba-me refused aka-wrong-autn [0-9.]+ ms$'
attach 4 --imsi 232010000000008 --k $k --opc $opc --count 3 --secrets
says out '^  gba-forbidden +3$'
silent out 'ks='
# shellcheck disable=SC2086
attach 4 $card --fqdn elsewhere.example
says out ' refused bad-request '
# shellcheck disable=SC2086
attach 4 $card --gba-u # AUTN is no AUTN*
says out ' gba-u refused aka-wrong-autn '
end
# shellcheck disable=SC2086
attach 4 $card --count 2
says out '^  connection-refused +2$'
serve --gba-u --patience '10 min'
# shellcheck disable=SC2086
attach 0 $card --gba-u --count 5 --secrets
says out '^1 .* gba-u accepted [0-9.]+ ms btid='
silent out 'ks='
end
# A scenario's devices: GBA_ME by USIM, GBA_U by ISIM, at bootstrap or at connection alone.
cat >scenario.yaml <<END
m2msim: 1
title: a BSF and its devices
run: {until: 1 h, seed: 3, key_pool: 2}
populations:
  me: {kind: device, count: 20, class: cortex-a7, bootstrap: {method: gba-me}, connect: {method: gba}}
  u: {kind: device, count: 3, class: cortex-a7, bootstrap: {method: gba-u}, connect: {method: tls-psk}, gba: {application: isim}}
  no: {kind: device, count: 1, class: cortex-a7, bootstrap: {method: gba-me}, connect: {method: gba}, gba: {refused: 100 %}}
  aka: {kind: device, count: 2, class: cortex-a7, bootstrap: {method: eap-aka}, connect: {method: eap-psk}}
  msbf: {kind: msbf}
  mas: {kind: mas}
  nscl: {kind: nscl}
  bsf: {kind: bsf, key_lifetime: 7 min}
  hss: {kind: hss}
links:
END
scenario_links() {
    for population in me u no aka; do
        for server in msbf mas nscl bsf; do
            echo "  $population -> $server: {latency: 10 ms, rate: 1 Mbit/s}"
        done
    done
    for pair in 'msbf -> mas' 'mas -> nscl' 'msbf -> bsf' 'mas -> bsf' 'bsf -> hss' 'mas -> hss'; do
        echo "  $pair: {latency: 10 ms, rate: 1 Gbit/s}"
    done
}
scenario_links >>scenario.yaml
rm -f serve.err serve.out
"$M2MSIM" serve bsf scenario.yaml --ub 0 --users users >serve.out 2>serve.err &
running=$!
await serve.err 'listening at' 1
port=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\) as [^ ]*, 24 devices, 3 users$/\1/p' serve.err)
differ "serve says where it listens" "" "$port"
m2m 0 attach gba scenario.yaml --device me --bsf "$port" --count 40 --parallel 8 --secrets
equal "different devices" 20 "$(sed -n 's/^[0-9]* "\(me-[0-9]*\)" .*/\1/p' out | sort -u | wc -l | tr -d ' ')"
m2m 0 attach gba scenario.yaml --device u-1 --bsf "$port" --secrets
says out '^1 "u-1" gba-u accepted '
await serve.out ' gba-u accepted ' 1
says serve.out '^"u-1@ims\.m2m\.example" gba-u accepted '
m2m 4 attach gba scenario.yaml --device no --bsf "$port"
await serve.out ' gba-not-allowed ' 1
says out ' refused gba-forbidden '
m2m 4 attach gba scenario.yaml --device me --bsf "$port" --set run.seed=4
says out ' refused aka-wrong-autn '
m2m 2 attach gba scenario.yaml --device aka --bsf "$port"
says err "'aka' does not use GBA"
m2m 2 attach gba scenario.yaml --device no-such --bsf "$port"
m2m 2 attach gba scenario.yaml --device me --bsf "$port" --imsi $imsi
says err "--imsi is the scenario's to say"
# shellcheck disable=SC2086
m2m 4 attach gba $card --bsf "$port" # of the file; but another BSF than its home network's
# shellcheck disable=SC2086
m2m 0 attach gba $card --bsf "$port" --fqdn "$(sed -n 's/.* as \([^ ,]*\),.*/\1/p' serve.err)"
end
m2m 3 serve bsf hello
says err 'has no BSF'

# A server that is stopped: patience; then a signal.
serve
kill -STOP "$running"
# shellcheck disable=SC2086
m2m 4 attach gba --bsf "$port" $card --patience '300 ms'
says out ' refused timeout '
# shellcheck disable=SC2086
"$M2MSIM" attach gba --bsf "$port" $card --patience '60 s' >out 2>err &
interrupt $!
kill -CONT "$running"
end

# Quiet, then it ends by itself.
"$M2MSIM" serve bsf --ub 0 --users users --until-idle '100 ms' >out 2>err
equal "serve's exit when idle" 0 $?
says err '^0 accepted, 0 refused; 0 connections, 0 beyond the limit$'

# Wrong usage.
m2m 2 serve bsf
says err 'a scenario or --users is needed'
m2m 2 serve bsf --users users --secret s
says err "--secret is not for 'bsf'"
m2m 2 serve bsf --users users --no-reauth
m2m 2 serve mas --secret s --users users --ub 0
says err "--ub is not for 'mas'"
m2m 2 serve bsf --users users --ub 1:2:3
says err '--ub needs PORT'
m2m 2 serve bsf --users users --ub no.such.host.invalid:0
says err 'no such host'
m2m 2 serve bsf --users users --fqdn "two words"
m2m 2 serve bsf --users users --lifetime '1 ms'
m2m 2 serve bsf --users users --patience '0 s'
m2m 3 serve bsf --users absent
echo 'psk-user psk 000102030405060708090a0b0c0d0e0f' >keys
m2m 2 serve bsf --users keys
says err 'keys has no subscriber'
# shellcheck disable=SC2086
m2m 2 attach gba $card
says err '--bsf is needed'
m2m 2 attach gba --bsf 1 --k $k --opc $opc
says err "'gba' needs --imsi"
m2m 2 attach gba --bsf 1 --imsi $imsi --k $k
says err "'gba' needs --opc"
m2m 2 attach gba --bsf 1 --imsi 12x --k $k --opc $opc
# shellcheck disable=SC2086
m2m 2 attach gba --bsf 1 $card --method aka
says err "--method is not for 'gba'"
# shellcheck disable=SC2086
m2m 2 attach eap --radius 1 --secret s --method aka $card --gba-u
says err "--gba-u is not for 'eap'"
# shellcheck disable=SC2086
m2m 2 attach gba --bsf no.such.host.invalid:80 $card
says err 'cannot reach no\.such\.host\.invalid:80'
finish
