# What the tests of live servers share, behind lib.sh: waiting for what a server says, and its end.
# The server's pid is in $running.
# shellcheck shell=sh

await() { # FILE PATTERN COUNT: so many lines of it; the limit is for a machine that is stuck
    tries=0
    until lines=$(grep -cE -e "$2" "$1" 2>/dev/null); [ "${lines:-0}" -ge "$3" ] || [ $tries -gt "${patience-400}" ]; do
        tries=$((tries + 1))
        sleep 0.05
    done
}

end() {
    kill -TERM "$running"
    wait "$running"
    equal "serve's exit" 0 $?
    running=
}
