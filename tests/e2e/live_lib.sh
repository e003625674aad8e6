# What the tests of live servers share, behind lib.sh: the end of a server, whose pid is in $running,
# and a client that is interrupted while it waits.
# shellcheck shell=sh

end() {
    kill -TERM "$running"
    wait "$running"
    equal "serve's exit" 0 $?
    running=
}

# Once it watches for the signal, and is no more this shell, which watches for it too.
interrupt() { # PID
    await "/proc/$1/status" '^Name:.*m2msim'
    await "/proc/$1/status" '^SigCgt:.*[4-7c-f][0-9a-f]{3}$'
    kill -TERM "$1"
    wait "$1"
    equal "attach's exit" 7 $?
}
