#!/bin/sh
# serve nscl hands on what is for another SCL: an application (curl, over mIa) asks for a resource of a gateway (curl,
# which holds long polls and answers in responseNotify), of devices of attach devices, and of SCLs to which there is
# no way. By whom and when a request is answered that nobody answers.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"
. "$M2M_SOURCE/tests/e2e/live_nscl_lib.sh"

for tool in curl openssl; do
    command -v $tool >/dev/null || skip "no $tool"
done

mgmt='<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>'

serve() { # OPTION...
    serve_scenario hello --https 0 --mia 0 --tls cert --ca-out ca.pem --client-out client.pem --device meter \
        --force --secrets --set populations.meter.ival.capable=no "$@"
    mia=$(port_of mia)
    scl=$(sed -n 's/^"meter".* scl=\([^ ]*\) .*/\1/p' serve.out)
    host=$scl.m2m.example
    base=/m2m/scls/$scl
    channel=$base/notificationChannels/poll
}

# The gateway, by its certificate; STATUS METHOD PATH [BODY]
gateway() {
    got=$(curl -s --max-time 120 --cacert ca.pem --cert client.pem --connect-to "::127.0.0.1:$port" -u "$scl:" \
        -X "$2" -H 'Content-Type: application/xml' ${4:+-d "$4"} -o body -w '%{http_code}' "https://core.m2m.example$3")
    equal "gateway: $2 $3" "$1" "$got"
}

# The application, over mIa; an absolute URI is asked of the NSCL as of a proxy.
ask() { # METHOD URI [BODY]: na.code, na.body, na.headers
    curl -s --max-time 120 -x "http://127.0.0.1:$mia" -u "${na-na}:" -X "$1" -H 'Content-Type: application/xml' ${3:+-d "$3"} \
        -o na.body -D na.headers -w '%{http_code}\n' "$2" >na.code
}

application() { # STATUS METHOD URI [BODY]
    expected_status=$1
    shift
    ask "$@"
    equal "application: $1 $2" "$expected_status" "$(cat na.code)"
}

in_background() { # METHOD URI [BODY]
    rm -f na.code na.body
    ask "$@" &
    asking=$!
}

unbase64() {
    openssl base64 -d -A
}

# What the poll brought: the requestIndication in request.xml.
take_request() {
    gateway 200 POST "$channel/longPolling"
    sed -n 's/.*<representation[^>]*>\([^<]*\)<.*/\1/p' body | unbase64 >request.xml
    cp body notify.xml
    number=$(sed -n 's/.*<m2m:correlationID>\([^<]*\)<.*/\1/p' request.xml)
}

confirm() { # STATUS [CHILDREN]: responseConfirm
    echo "<m2m:responseConfirm xmlns:m2m=\"http://uri.etsi.org/m2m\"><m2m:statusCode>$1</m2m:statusCode>${3-}<m2m:correlationID>$number</m2m:correlationID>${2:+<m2m:representation>$2</m2m:representation>}</m2m:responseConfirm>"
}

tell() { # DOCUMENT: in a responseNotify to what was taken last
    text=$(printf '%s' "$1" | openssl base64 -A)
    sed "s|\(<representation[^>]*>\)[^<]*<|\1$text<|" notify.xml >answer.xml
    gateway 200 POST "$channel/longPolling" "$(cat answer.xml)"
}

register() {
    gateway 201 POST /m2m/scls "$(document scl "sclId=\"$scl\"" "<m2m:link>https://$host/m2m</m2m:link><m2m:pocs><reference>$channel/contact</reference></m2m:pocs>$mgmt")"
    gateway 201 POST "$base/notificationChannels" \
        "$(document notificationChannel 'm2m:id="poll"' '<m2m:channelType>LONG_POLLING</m2m:channelType>')"
    application 201 POST http://core.m2m.example/m2m/applications "$(document application 'appId="na"' '')"
}

# ---- there and back ----

serve --set populations.core.poll_timer='1 h' --set populations.core.hand_on_timeout='120 s'
register
in_background GET "http://$host/m2m/containers/temperature/contentInstances/latest"
take_request
says request.xml '<m2m:primitiveType>RETRIEVE</m2m:primitiveType>'
says request.xml "<m2m:targetID>[a-z]*://$host/m2m/containers/temperature/contentInstances/latest</m2m:targetID>"
says request.xml '<m2m:requestingEntity>na</m2m:requestingEntity>'
tell "$(confirm STATUS_OK "$(document contentInstance 'm2m:id="now"' '<m2m:content>MjEuNQ==</m2m:content>')")"
wait $asking
equal "the gateway's answer" 200 "$(cat na.code)"
says na.body '<m2m:contentInstance .*m2m:id="now"'
says na.body '>MjEuNQ==<'
# What is created there: a body on the way, and where it stands on the way back. The poll is held first.
rm -f body
curl -s --max-time 120 --cacert ca.pem --cert client.pem --connect-to "::127.0.0.1:$port" -u "$scl:" -X POST \
    -o body -w '%{http_code}\n' "https://core.m2m.example$channel/longPolling" >poll.code &
polling=$!
sleep 1
in_background POST "http://$host/m2m/containers" "$(document container 'm2m:id="c"' '')"
wait $polling
equal "a held poll brings it" 200 "$(cat poll.code)"
cp body notify.xml
sed -n 's/.*<representation[^>]*>\([^<]*\)<.*/\1/p' body | unbase64 >request.xml
number=$(sed -n 's/.*<m2m:correlationID>\([^<]*\)<.*/\1/p' request.xml)
says request.xml '<m2m:primitiveType>CREATE</m2m:primitiveType>'
says request.xml '<m2m:container [^>]*m2m:id="c"'
tell "$(confirm STATUS_CREATED '' "<m2m:resourceURI>https://$host/m2m/containers/c</m2m:resourceURI>")"
wait $asking
equal "created" 201 "$(cat na.code)"
says na.headers "^Location: https://$host/m2m/containers/c"
# What the gateway refuses is refused; what is no responseConfirm, too.
in_background DELETE "http://$host/m2m/containers/none"
take_request
says request.xml '<m2m:primitiveType>DELETE</m2m:primitiveType>'
tell "$(confirm STATUS_NOT_FOUND)"
wait $asking
equal "the gateway's refusal" 404 "$(cat na.code)"
in_background GET "http://$host/m2m/containers"
take_request
tell '<m2m:nonsense xmlns:m2m="http://uri.etsi.org/m2m"/>'
wait $asking
equal "what is no answer" 502 "$(cat na.code)"
says na.body 'bad-gateway'
# Once more to what is answered: nobody waits for it.
tell "$(confirm STATUS_OK)"
# Two at a time, answered in the other order.
in_background GET "http://$host/m2m/containers/first"
first=$asking
take_request
cp notify.xml first.xml
first_number=$number
mv na.code first.code 2>/dev/null
curl -s --max-time 120 -x "http://127.0.0.1:$mia" -u na: -o second.body -w '%{http_code}\n' \
    "http://$host/m2m/containers/second" >second.code &
second=$!
take_request
says request.xml '/containers/second<'
tell "$(confirm STATUS_OK "$(document container 'm2m:id="second"' '')")"
wait $second
equal "the second" 200 "$(cat second.code)"
says second.body 'm2m:id="second"'
cp first.xml notify.xml
number=$first_number
tell "$(confirm STATUS_OK "$(document container 'm2m:id="first"' '')")"
wait $first
says na.body 'm2m:id="first"'
# Who has gone away is not asked for: the request is withdrawn.
in_background GET "http://$host/m2m/containers/gone"
gone=$(pgrep -P $asking 2>/dev/null || echo $asking)
sleep 1
# shellcheck disable=SC2086  # pids
kill $gone
wait $asking 2>/dev/null
await serve.out '^mia "na" (closed-early|connection-reset|connection-lost) '
in_background GET "http://$host/m2m/containers/next"
take_request
says request.xml '/containers/next<'
tell "$(confirm STATUS_FORBIDDEN)"
wait $asking
equal "the next is asked" 403 "$(cat na.code)"

# ---- an answer is no poll: a command that is under way is not said again because of it ----

permission="<m2m:permission><m2m:permissionFlags><m2m:flag>READ</m2m:flag><m2m:flag>CREATE</m2m:flag></m2m:permissionFlags><m2m:permissionHolders><m2m:applicationIDs><m2m:applicationID>na</m2m:applicationID></m2m:applicationIDs></m2m:permissionHolders></m2m:permission>"
gateway 201 POST "$base/accessRights" \
    "$(document accessRight 'm2m:id="na"' "<m2m:permissions>$permission</m2m:permissions><m2m:selfPermissions>$permission</m2m:selfPermissions>")"
gateway 201 POST "$base/mgmtObjs" \
    "$(document mgmtCmd 'm2m:id="reset"' "<m2m:accessRightID>$base/accessRights/na</m2m:accessRightID><m2m:cmdType>RESET</m2m:cmdType>")"
in_background GET "http://$host/m2m/containers/asked"
take_request
cp notify.xml asked.xml
asked_number=$number
curl -s --max-time 60 -u na: -X POST -o exec.body -D exec.headers "http://127.0.0.1:$mia$base/mgmtObjs/reset/execEnable"
exec=$(sed -n 's/^Location: \([^ ]*\).*/\1/p' exec.headers | tr -d '\r')
gateway 200 POST "$channel/longPolling"
says body "<m2m:subscriptionReference>$exec</m2m:subscriptionReference>"
cp asked.xml notify.xml
number=$asked_number
tell "$(confirm STATUS_OK "$(document container 'm2m:id="asked"' '')")"
wait $asking
says na.body 'm2m:id="asked"'
gateway 200 PUT "$exec" "$(document execInstance '' '<m2m:execStatus>FINISHED</m2m:execStatus>')"
in_background GET "http://$host/m2m/containers/after"
take_request
says request.xml '/containers/after<'
tell "$(confirm STATUS_FORBIDDEN)"
wait $asking

# ---- no way ----

application 404 GET http://scl-10112233445566778899aabbccddeeff.m2m.example/m2m
na=nobody application 401 GET "http://$host/m2m/containers"
# The NSCL by its other names.
application 200 GET "http://127.0.0.1:$mia/m2m/applications/na"
application 200 GET "http://localhost:$mia/m2m/applications/na"
application 200 GET "http://core.m2m.example:$mia/m2m/applications/na"
gateway 204 DELETE "$channel"
application 502 GET "http://$host/m2m/containers"
end
says serve.out '^handed on +10$'

# ---- nobody answers ----

serve --set populations.core.poll_timer='1 h' --set populations.core.hand_on_timeout='2 s'
register
application 504 GET "http://$host/m2m/containers"
says na.body 'gateway-timeout'
# Asked, and answered too late; and what was never fetched is not there any more.
in_background GET "http://$host/m2m/containers/late"
take_request
says request.xml '/containers/late<'
wait $asking
equal "asked and not answered" 504 "$(cat na.code)"
tell "$(confirm STATUS_OK)"
end
says serve.out '^handed on +2$'

# ---- attach devices: a DSCL has nothing that others could ask for, and says so ----

size="--set populations.controllers.count=3 --set populations.controllers.ival.capable=no"
# shellcheck disable=SC2086  # words
serve_scenario commands --https 0 --mia 0 --secrets $size --set populations.core.poll_timer='2 s'
mia=$(port_of mia)
scl=$(sed -n '1s/.* scl=\([^ ]*\) .*/\1/p' serve.out)
host=$scl.m2m.example
application 201 POST http://core.m2m.example/m2m/applications "$(document application 'appId="na"' '')"
# shellcheck disable=SC2086
"$M2MSIM" attach devices commands $size --set populations.core.poll_timer='2 s' --nscl "$port" --count 3 --for '20 s' \
    --patience '60 s' >attached 2>&1 &
fleet=$!
tries=0
until ask GET "http://$host/m2m" && grep -q 404 na.code && ! grep -q 'no such SCL' na.body || [ $tries -gt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1
done
equal "a device's answer" 404 "$(cat na.code)"
for n in 1 2 3; do application 404 DELETE "http://$host/m2m/containers/$n"; done
wait $fleet
equal "attach devices" 0 $?
says attached '^NOTIFY longPolling, 3 at a time$'
equal "each was told" 0 "$(awk '/^NOTIFY longPolling/ { on = 1 } on && $1 == "success" { print ($2 < 4); exit }' attached)"
silent attached ' refused '
end
says serve.out '^handed on +[4-9]'
finish
