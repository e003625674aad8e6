# serve mas and attach eap against each other over loopback: each method, its refusals, wrong usage,
# and how they end. Against other people's programs: tests/interop.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"

key16=000102030405060708090a0b0c0d0e0f
key32=${key16}101112131415161718191a1b1c1d1e1f
imsi=232010000000000
k=90dca4eda45b53cf0f12d7c9c3bc6a89
opc=cb9cccc4b9258e6dca4760379fb82581
cat >users <<END
# a line a user
"gpsk user" gpsk $key32
psk-user    psk  $key16
*           aka,aka-prime,sim $imsi $k $opc 8000 000000000041
END

serve() { # OPTION...: its port in $port, its pid in $running
    rm -f serve.err serve.out # else the last one's place would be read
    # shellcheck disable=SC2086  # no scenario, no argument
    "$M2MSIM" serve mas ${scenario-} --radius 0 --secret s3cret --users users "$@" >>serve.out 2>serve.err &
    running=$!
    await serve.err 'listening at'
    port=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\),.* 3 users$/\1/p' serve.err)
    differ "serve says where it listens" "" "$port"
}

attach() { # EXPECTED-EXIT METHOD OPTION...
    code=$1
    method=$2
    shift 2
    m2m "$code" attach eap --radius "$port" --secret s3cret --method "$method" "$@"
}

card="--imsi $imsi --k $k --opc $opc"
serve
attach 0 gpsk --identity "gpsk user" --psk $key32
says out '^"gpsk user" gpsk accepted - [0-9.]+ ms [0-9]+ round trips [0-9]+ B out [0-9]+ B in$'
silent out 'msk='
attach 0 gpsk --identity "gpsk user" --psk $key32 --gpsk-suite 1
attach 0 psk --identity psk-user --psk $key16 --secrets
says out ' msk=[0-9a-f]{128} emsk=[0-9a-f]{128}$'
# shellcheck disable=SC2086  # words
attach 0 aka $card --json
says out '"outcome": "accepted", "reason": "", .*"server_msk": "same"'
valid_json out
silent out 'msk": "[0-9a-f]'
# shellcheck disable=SC2086
attach 0 aka-prime $card --network-name WLAN
# shellcheck disable=SC2086
attach 0 sim $card --count 20 --parallel 5
says out '^20 accepted, 0 refused; ms: mean '
equal "a line each, and the sum" 21 "$(wc -l <out | tr -d ' ')"
# shellcheck disable=SC2086
attach 0 aka $card --count 3 --reauth
says out '^"4'

# Refused, and why.
attach 4 gpsk --identity nobody --psk $key32
says out '^"nobody" gpsk refused eap-failure'
# shellcheck disable=SC2086
attach 4 aka $card --k 00dca4eda45b53cf0f12d7c9c3bc6a89
says out 'refused aka-wrong-autn'
# shellcheck disable=SC2086
attach 4 aka-prime $card --network-name elsewhere
says out 'refused aka-network-name'
await serve.out ' (accepted|refused) ' 31
end
says serve.err '^28 accepted, 3 refused; [0-9]+ datagrams in, [0-9]+ out, 0 of no conversation'
# 84, where no answer was late, and each has its answer.
datagrams=$(sed -n 's/.*; \([0-9]*\) datagrams in, .*/\1/p' serve.err)
holds "$datagrams datagrams" test "$datagrams" -ge 84
says serve.err "; $datagrams datagrams in, $datagrams out, "
equal "a line each" 31 "$(wc -l <serve.out | tr -d ' ')"
silent serve.out 'msk='
says serve.out '^"nobody" - refused eap-unknown-identity '

# A scenario's devices, each method of bootstrap, beside the users of the file.
scenario=bootstrap-zoo
serve --pana 0
agent=$(sed -n 's/^PANA at 127\.0\.0\.1:\([0-9]*\), bootstrap$/\1/p' serve.err)
says serve.err ', 4200 devices, 3 users$'
for device in sim-fibre-0 aka-cellular-7 akap-lossy-199 tls-fibre-3 gpsk-fibre-12 psk-lossy-1 ibake-fibre-7; do
    m2m 0 attach eap bootstrap-zoo --device $device --radius "$port" --secret s3cret
    says out ' accepted - '
done
attach 0 psk --identity psk-user --psk $key16
# A population's devices take turns.
m2m 0 attach eap bootstrap-zoo --device gpsk-cellular --radius "$port" --secret s3cret --count 201 --parallel 20
equal "a line each" 201 "$(grep -c '^"gpsk-cellular-' out)"
equal "different devices" 200 "$(sed -n 's/^"\(gpsk-cellular-[0-9]*\)".*/\1/p' out | sort -u | wc -l | tr -d ' ')"
# Over PANA, a method of each kind of credential.
told=0
for population in sim-cellular tls-lossy gpsk-lossy ibake-fibre; do
    m2m 0 attach pana bootstrap-zoo --device $population --pana "$agent" --count 10 --parallel 5
    says out '^success +10$'
    told=$((told + 10))
    await serve.out '^pana .* accepted .* kmr-index=1$' $told
done
# Another seed has other keys.
m2m 4 attach eap bootstrap-zoo --device gpsk-fibre-12 --radius "$port" --secret s3cret --set run.seed=12
m2m 4 attach eap bootstrap-zoo --device aka-fibre-12 --radius "$port" --secret s3cret --set run.seed=12
says out 'refused aka-wrong-autn'
m2m 2 attach eap bootstrap-zoo --device x509-fibre-1 --radius "$port" --secret s3cret
says err "'x509-fibre-1' does not bootstrap by EAP"
m2m 2 attach eap bootstrap-zoo --device gpsk-fibre-200 --radius "$port" --secret s3cret
says err "has no device 'gpsk-fibre-200'"
m2m 2 attach eap bootstrap-zoo --radius "$port" --secret s3cret
says err '--device is needed'
m2m 2 attach eap bootstrap-zoo --device gpsk-fibre --psk $key32 --radius "$port" --secret s3cret
says err "--psk is the scenario's to say"
m2m 2 attach eap --device gpsk-fibre --radius "$port" --secret s3cret
m2m 3 attach eap no-such-scenario --device a --radius "$port" --secret s3cret
end
scenario=
m2m 3 serve mas no-such-scenario --secret s
m2m 3 serve mas bootstrap-zoo --secret s --set run.sede=4
says err "sede"

# A shared secret that is not shared: nobody answers, and the server says whose fault it was.
serve --patience '3 s' --json --secrets
m2m 4 attach eap --radius "$port" --secret other --method psk --identity psk-user --psk $key16 \
    --patience '500 ms'
says out 'refused radius-timeout'
attach 0 psk --identity psk-user --psk $key16
await serve.out . 2
# A port that is taken; then the usual end.
m2m 2 serve mas --radius "$port" --secret s3cret --users users
says err "cannot listen at 127\.0\.0\.1:$port: address already in use"
end
says serve.err '^1 accepted, 1 refused; '
says serve.out '"reason": "radius-wrong-authenticator"'
says serve.out '"outcome": "accepted", .*"msk": "[0-9a-f]{128}"'
while IFS= read -r line; do
    printf '%s\n' "$line" >line.json
    valid_json line.json
done <serve.out

# Nobody listens there any more.
attach 4 psk --identity psk-user --psk $key16
says out 'refused connection-refused'
# Ctrl-C, while an answer is waited for: the server is stopped, so to speak.
serve
kill -STOP "$running"
"$M2MSIM" attach eap --radius "$port" --secret s3cret --method psk --identity psk-user --psk $key16 \
    >out 2>err &
interrupt $!
kill -CONT "$running"
end

# Quiet, then it ends by itself.
"$M2MSIM" serve mas --radius 0 --secret s3cret --users users --until-idle '100 ms' >out 2>err
equal "serve's exit when idle" 0 $?
says err '^0 accepted, 0 refused; 0 datagrams in, 0 out, '

# Wrong usage: what is missing, or what it should have been; no key is ever repeated.
m2m 2 serve
m2m 2 serve nslc --secret s --users users
says err "can serve 'mas', 'bsf' or 'nscl', not 'nslc'"
m2m 2 serve mas --users users
says err '--secret is needed'
m2m 2 serve mas --secret s
says err 'a scenario or --users is needed'
m2m 2 serve mas --secret s --users users --radius 1:2:3
says err 'HOST:PORT'
m2m 2 serve mas --secret s --users users --radius 65536
m2m 2 serve mas --secret s --users users --radius :1812
m2m 2 serve mas --secret s --users users --mtu 10
m2m 2 serve mas --secret s --users users --conversations 0
m2m 2 serve mas --secret s --users users --patience 5
says err 'needs a time with its unit'
m2m 2 serve mas --secret s --users users --radius no.such.host.invalid:0
says err 'no such host'
m2m 2 serve mas --secret s --users users --cert users
says err '--cert and --key go together'
m2m 2 serve mas --secret s --users users --cert users --key users --ca users
says err 'users: no certificate'
echo 'device-1 tls device-1' >certificates
m2m 2 serve mas --secret s --users certificates
says err "'device-1' comes with a certificate"
m2m 3 serve mas --secret s --users absent
says err '^absent: error U101: cannot be read: no such file'
echo 'a gpks 12' >broken
echo 'b psk 12' >>broken
m2m 3 serve mas --secret s --users broken
says err "^broken:1:3: error U104: unknown method 'gpks'; did you mean 'gpsk'"
says err '^broken:2:7: error U106'
m2m 2 attach
m2m 2 attach pna
says err "can attach 'eap', 'pana', 'gba' or 'devices', not 'pna'"
m2m 2 attach eap --radius 1 --secret s
says err '--method is needed'
m2m 2 attach eap --radius 1 --secret s --method akka
says err "did you mean 'aka'"
m2m 2 attach eap --radius 1 --secret s --method ibake
m2m 2 attach eap --secret s --method psk --identity a --psk $key16
says err '--radius is needed'
m2m 2 attach eap --radius 1 --method psk --identity a --psk $key16
says err '--secret is needed'
m2m 2 attach eap --radius 1 --secret s --method psk --psk $key16
says err '--method psk needs --identity'
m2m 2 attach eap --radius 1 --secret s --method psk --identity a --psk $key32
says err '--psk needs 32 hex digits; there are 64 characters'
silent err 0001
m2m 2 attach eap --radius 1 --secret s --method aka --k $k --opc $opc
says err 'needs --imsi'
m2m 2 attach eap --radius 1 --secret s --method aka --imsi 12x456 --k $k --opc $opc
# shellcheck disable=SC2086
m2m 2 attach eap --radius 1 --secret s --method aka $card --reauth --parallel 2
m2m 2 attach eap --radius 1 --secret s --method tls --identity a --ca users --cert users
says err '--cert and --key go together'
m2m 2 attach eap --radius 1 --secret s --method tls --identity a --ca absent --cert b --key c
says err 'absent: No such file'
finish
