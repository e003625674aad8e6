#!/bin/sh
# serve nscl says something by itself: NOTIFY to a contact elsewhere (a listener of a page of Perl), answers to the
# long polls of a device (curl) and in them notifications and commands, which an application (curl) gives over mIa.
. "$(dirname "$0")/lib.sh"
. "$M2M_SOURCE/tests/e2e/live_lib.sh"
. "$M2M_SOURCE/tests/e2e/live_nscl_lib.sh"

for tool in curl openssl perl coap-client-openssl; do
    command -v $tool >/dev/null || skip "no $tool"
done

link='<m2m:link>https://a.example/m2m</m2m:link>'
mgmt='<m2m:mgmtProtocolType>OMA DM</m2m:mgmtProtocolType>'
listener=

stop_listener() {
    if [ -n "$listener" ]; then kill "$listener" 2>/dev/null; fi
    listener=
}
trap 'stop_listener; clean_up' EXIT

listen() { # BUSY CLOSE: a contact at $contact, which shows in heard what it was told
    stop_listener
    rm -f heard
    perl "$M2M_SOURCE/tests/e2e/live_listener.pl" "$1" "$2" >heard 2>heard.err &
    listener=$!
    await heard '^port ' 1
    contact=http://127.0.0.1:$(sed -n 's/^port //p' heard)
}

# The device, by its certificate; STATUS METHOD PATH [BODY]
device() {
    got=$(curl -s --max-time 120 --cacert ca.pem --cert client.pem --connect-to "::127.0.0.1:$port" -u "$scl:" \
        -X "$2" -H 'Content-Type: application/xml' ${4:+-d "$4"} -o body -w '%{http_code}' "https://core.m2m.example$3")
    equal "device: $2 $3" "$1" "$got"
}

# The application, over mIa; STATUS METHOD PATH [BODY]
application() {
    got=$(curl -s --max-time 120 -u "na.m2m.example:" -X "$2" -H 'Content-Type: application/xml' ${4:+-d "$4"} \
        -o na.body -D na.headers -w '%{http_code}' "http://127.0.0.1:$mia$3")
    equal "application: $2 $3" "$1" "$got"
}

permission() { # FLAGS HOLDER
    flags=
    for flag in $1; do flags="$flags<m2m:flag>$flag</m2m:flag>"; done
    echo "<m2m:permission><m2m:permissionFlags>$flags</m2m:permissionFlags><m2m:permissionHolders>$2</m2m:permissionHolders></m2m:permission>"
}

register() { # with a container that the application may read, and subscribe and give commands in
    device 201 POST /m2m/scls "$(document scl "sclId=\"$scl\"" "$link<m2m:pocs><reference>$base/notificationChannels/poll/contact</reference></m2m:pocs>$mgmt")"
    owner="<m2m:sclIDs><m2m:sclID>$scl</m2m:sclID></m2m:sclIDs>"
    all='READ WRITE DISCOVER DELETE CREATE'
    device 201 POST "$base/accessRights" "$(document accessRight 'm2m:id="na"' "<m2m:permissions>$(permission "$all" "$owner")$(permission 'READ DISCOVER CREATE' '<m2m:applicationIDs><m2m:applicationID>na.m2m.example</m2m:applicationID></m2m:applicationIDs>')</m2m:permissions><m2m:selfPermissions>$(permission "$all" "$owner")</m2m:selfPermissions>")"
    device 201 POST "$base/containers" "$(document container 'm2m:id="r"' "<m2m:accessRightID>$base/accessRights/na</m2m:accessRightID>")"
}

store() { # ID CONTENT
    device 201 POST "$base/containers/r/contentInstances" \
        "$(document contentInstance "m2m:id=\"$1\"" "<m2m:content>$2</m2m:content>")"
}

# The documents in the notifications of a file, one a line.
told() { # FILE
    { cat "$1" && echo; } | sed -n 's/.*<representation[^>]*>\([^<]*\)<.*/\1/p' | while read -r text; do
        printf '%s' "$text" | openssl base64 -d -A
        echo
    done
}

serve() { # OPTION...
    serve_scenario hello --https 0 --mia 0 --tls cert --ca-out ca.pem --client-out client.pem --device meter \
        --force --secrets --set populations.meter.ival.capable=no "$@"
    mia=$(port_of mia)
    scl=$(sed -n 's/.* scl=\([^ ]*\) .*/\1/p' serve.out)
    base=/m2m/scls/$scl
    subscriptions=$base/containers/r/contentInstances/subscriptions
}

# ---- NOTIFY to a contact ----

serve
listen 1 2 # busy at first; and it closes behind every second answer
register
application 201 POST "$subscriptions" \
    "$(document subscription 'm2m:id="na"' "<m2m:contact>$contact/m2m/notify?x=1</m2m:contact>")"
for n in 1 2 3 4 5; do store "i$n" "$(printf 'value %s' $n | openssl base64 -A)"; done
await heard '^-- request ' 6 # one came twice: it was not taken
equal "POST to where the subscription says" 6 "$(grep -c '^POST /m2m/notify?x=1 HTTP/1\.1' heard)"
equal "in the NSCL's name" 6 "$(grep -c "^Authorization: Basic $(basic core.m2m.example)" heard)"
says heard "<m2m:subscriptionReference>$subscriptions/na</m2m:subscriptionReference>"
says heard '<m2m:statusCode>STATUS_CREATED</m2m:statusCode>'
told heard >documents
equal "in order, and the first again" "i1 i1 i2 i3 i4 i5 " \
    "$(sed -n 's/.*m2m:id="\(i[0-9]\)".*/\1/p' documents | tr '\n' ' ')"
says documents "$(printf 'value 5' | openssl base64 -A)"
# Only what the criteria let through: more than so many octets.
application 201 POST "$subscriptions" \
    "$(document subscription 'm2m:id="long"' "<m2m:filterCriteria><m2m:sizeFrom>20</m2m:sizeFrom></m2m:filterCriteria><m2m:contact>$contact/long</m2m:contact>")"
store short c2hvcnQ=
store long "$(printf 'much longer than twenty octets' | openssl base64 -A)"
await heard '^POST /long' 1
await heard '^-- request ' 9
equal "the criteria hold" 1 "$(grep -c '^POST /long' heard)"
# A container's end is told, and with it go its subscriptions.
application 201 POST "$base/containers/r/subscriptions" \
    "$(document subscription 'm2m:id="end"' "<m2m:contact>$contact/end</m2m:contact>")"
device 204 DELETE "$base/containers/r"
await heard '^POST /end' 1
says heard '<m2m:statusCode>STATUS_DELETED</m2m:statusCode>'
# Contacts elsewhere: another machine is not asked for anything unless it is named; nor by other schemes.
device 201 POST "$base/containers" "$(document container 'm2m:id="r"' '')"
for uri in http://192.0.2.1/n http://127.0.0.1.example/n "https://127.0.0.1:1/n" ftp://127.0.0.1/n; do
    device 201 POST "$subscriptions" "$(document subscription '' "<m2m:contact>$uri</m2m:contact>")"
done
store one b25l
end
equal "and counted" "$(($(grep -c '^POST ' heard) - 1))" "$(sed -n 's/^contacts notified *//p' serve.out)"
says serve.out '^not notified +4$'
says serve.out '^mia "na\.m2m\.example" - [0-9.]+ s 1 requests '

# ---- long polls ----

serve --set populations.core.poll_timer='2 s' --patience '1 s'
channel=$base/notificationChannels/poll
register
device 201 POST "$base/notificationChannels" \
    "$(document notificationChannel 'm2m:id="poll"' '<m2m:channelType>LONG_POLLING</m2m:channelType>')"
device 200 GET "$channel"
says body "<m2m:longPollingURI>$channel/longPolling</m2m:longPollingURI>"
# Nothing to say: it is held until the timer, longer than who is idle may stay; with an answer of its own.
start=$(date +%s)
device 202 POST "$channel/longPolling"
equal "it was held" 1 "$(($(date +%s) - start >= 1))"
# Something to say, before and while it is asked for. A held poll is answered long before the timer.
end
serve --set populations.core.poll_timer='1 h' --patience '60 s'
register
device 201 POST "$base/notificationChannels" \
    "$(document notificationChannel 'm2m:id="poll"' '<m2m:channelType>LONG_POLLING</m2m:channelType>')"
device 201 POST "$subscriptions" "$(document subscription 'm2m:id="s"' "<m2m:contact>$channel/contact</m2m:contact>")"
store before YmVmb3Jl
device 200 POST "$channel/longPolling"
told body >documents
says documents 'm2m:id="before"'
poll() { # in the background: its answer in polled; what comes after it is read after it
    rm -f polled polled.code polled.log
    curl -sv --max-time 600 --cacert ca.pem --cert client.pem --connect-to "::127.0.0.1:$port" -u "$scl:" -X POST \
        -o polled -w '%{http_code}\n' "https://core.m2m.example$channel/longPolling" >polled.code 2>polled.log &
    poller=$!
    await polled.log '^> POST '
}
poll
store while d2hpbGU=
wait $poller
equal "a held poll is answered" 200 "$(cat polled.code)"
told polled >documents
says documents 'm2m:id="while"'
# A newer poll takes the place of the older; who has gone away gets nothing, and loses nothing.
poll
first=$poller
mv polled.code first.code
poll
wait $first
equal "the older is answered" 202 "$(cat first.code)"
kill $poller
wait $poller 2>/dev/null
store gone Z29uZQ==
device 200 POST "$channel/longPolling"
told body >documents
says documents 'm2m:id="gone"'

# ---- commands ----

device 204 DELETE "$subscriptions/s"
device 201 POST "$base/mgmtObjs" \
    "$(document mgmtCmd 'm2m:id="reset"' "<m2m:accessRightID>$base/accessRights/na</m2m:accessRightID><m2m:cmdType>RESET</m2m:cmdType>")"
poll
application 202 POST "$base/mgmtObjs/reset/execEnable"
exec=$(sed -n 's/^Location: \([^ ]*\).*/\1/p' na.headers | tr -d '\r')
says na.headers "^Location: $base/mgmtObjs/reset/execInstances/exec-"
wait $poller
equal "the command comes with the poll" 200 "$(cat polled.code)"
says polled "<m2m:subscriptionReference>$exec</m2m:subscriptionReference>"
told polled >documents
says documents '<m2m:cmdType>RESET</m2m:cmdType>'
application 409 POST "$base/mgmtObjs/reset/execEnable" # one at a time
# It was answered and not reported: the device may never have got it.
device 200 POST "$channel/longPolling"
says body "<m2m:subscriptionReference>$exec</m2m:subscriptionReference>"
device 200 PUT "$exec" "$(document execInstance '' '<m2m:execStatus>FINISHED</m2m:execStatus>')"
application 200 GET "$exec"
says na.body 'FINISHED'
application 202 POST "$base/mgmtObjs/reset/execEnable"
device 200 POST "$channel/longPolling"
silent body "$exec"
# Over mIa nobody comes in an SCL's name.
got=$(curl -s --max-time 60 -u "$scl:" -o body -w '%{http_code}' "http://127.0.0.1:$mia$base")
equal "an SCL does not come over mIa" 401 "$got"
end
says serve.out '^long polls at a time +[12]$'
says serve.out '^  EXECUTE  202 +[0-9]+$'

# ---- attach devices, with long polls: a command on the way; in a channel, sealed in one, and sealed alone ----

commanded() { # SECURITY DOOR
    size="--set populations.controllers.count=3 --set populations.controllers.ival.capable=no --set populations.controllers.mid.security=$1"
    # shellcheck disable=SC2086  # words
    serve_scenario commands "--$2" 0 --mia 0 --secrets $size --set populations.core.poll_timer='2 s'
    mia=$(port_of mia)
    scl=$(sed -n '1s/.* scl=\([^ ]*\) .*/\1/p' serve.out)
    # A command, and its end, in the time they are given; the slower the machine, the more of it they need.
    for time in '6 s' '30 s' '3 min'; do
        # shellcheck disable=SC2086
        "$M2MSIM" attach devices commands $size --set populations.core.poll_timer='2 s' \
            --set populations.controllers.retry.restart='constant 1 s' --nscl "$port" --count 3 --for "$time" \
            --patience '60 s' --speed 1000 >attached 2>&1 &
        fleet=$!
        until [ "$(curl -s --max-time 60 -u operations: -X POST -o na.body -D na.headers -w '%{http_code}' \
            "http://127.0.0.1:$mia/m2m/scls/$scl/mgmtObjs/reset/execEnable")" = 202 ] || ! is_alive $fleet; do
            sleep 0.1
        done
        exec=$(sed -n 's/^Location: \([^ ]*\).*/\1/p' na.headers | tr -d '\r')
        until curl -s --max-time 60 -u operations: -o na.body "http://127.0.0.1:$mia$exec" && grep -q FINISHED na.body ||
            ! is_alive $fleet; do
            sleep 0.1
        done
        wait $fleet
        status=$?
        if grep -q FINISHED na.body; then break; fi
    done
    says na.body FINISHED
    equal "attach devices with polls, $1" 0 "$status"
    says attached '^EXECUTE longPolling, 3 at a time$'
    says attached '^UPDATE execInstance, 3 at a time$'
    silent attached ' refused '
    end
    silent serve.out 'xmlsec|object-'
}

commanded channel https
commanded channel+object-sign+object-encrypt https
commanded object-sign http
finish
