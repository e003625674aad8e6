# What the end-to-end tests share. Each sources it, makes its checks, and ends with `finish`.
# From ctest come: M2MSIM (the program), M2M_SOURCE (the tree), M2M_CACHE (the key cache all tests of
# a build share), M2M_SANITIZE (of the build, or empty). M2M_NO_SKIP=1 makes a skipped test a failure.
# shellcheck shell=sh
set -u
: "${M2MSIM:?the program to test}"
: "${M2M_SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
M2M_SANITIZE=${M2M_SANITIZE-}
work=$(mktemp -d "${TMPDIR:-/tmp}/m2msim-e2e.XXXXXX")
cd "$work" || exit 1
export HOME="$work/home"
export XDG_CACHE_HOME="${M2M_CACHE:-$work/cache}"
export NO_COLOR=1
mkdir -p "$HOME" "$XDG_CACHE_HOME"
checks=0
faults=0
running=

clean_up() {
    if [ -n "$running" ]; then kill -9 "$running" 2>/dev/null; fi
    cd / && rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' INT TERM

# A sanitized build is an order slower: the same test with a smaller fleet.
scaled() { # PLAIN SANITIZED
    if [ -n "$M2M_SANITIZE" ]; then echo "$2"; else echo "$1"; fi
}

skip() { # WHY
    echo "skipped: $1"
    if [ "${M2M_NO_SKIP-}" = 1 ]; then exit 1; fi
    exit 77
}

fault() { # WHAT
    faults=$((faults + 1))
    echo "FAULT: $1"
}

equal() { # WHAT EXPECTED ACTUAL
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fault "$1: expected '$2', got '$3'"
}

differ() { # WHAT ONE OTHER
    checks=$((checks + 1))
    [ "$2" != "$3" ] || fault "$1: both are '$2'"
}

holds() { # WHAT COMMAND...
    what=$1
    shift
    checks=$((checks + 1))
    "$@" >/dev/null 2>&1 || fault "$what"
}

# Runs the program; stdout to ./out, stderr to ./err.
m2m() { # EXPECTED-EXIT ARGUMENT...
    expected=$1
    shift
    checks=$((checks + 1))
    "$M2MSIM" "$@" >out 2>err
    code=$?
    if [ "$code" -ne "$expected" ]; then
        fault "m2msim $*: exit $code, expected $expected"
        head -n 20 out err | cut -c 1-300
    fi
    return 0
}

says() { # FILE PATTERN (of grep -E)
    checks=$((checks + 1))
    if ! grep -qE -e "$2" "$1"; then
        fault "$1 does not say '$2':"
        head -n 20 "$1" | cut -c 1-300
    fi
}

silent() { # FILE PATTERN
    checks=$((checks + 1))
    if grep -qE -e "$2" "$1"; then
        fault "$1 says '$2':"
        grep -E -e "$2" "$1" | head -n 5
    fi
}

sql() { # DB QUERY...
    sqlite3 -readonly "$@"
}

# Whether a command comes to succeed. The bound is for a machine that is stuck: it measures nothing.
comes() { # COMMAND...
    polls=0
    until "$@"; do
        [ $polls -lt 2400 ] || return 1
        polls=$((polls + 1))
        sleep 0.05
    done
}

has_lines() { # FILE PATTERN COUNT: at least so many
    has=$(grep -cE -e "$2" "$1" 2>/dev/null)
    [ "${has:-0}" -ge "$3" ]
}

is_alive() { # PID: and not only waited for
    grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"
}

await() { # FILE PATTERN [COUNT]: so many lines of it, 1 if none is given
    comes has_lines "$1" "$2" "${3-1}" && return
    fault "$1 never said '$2'${3:+ $3 times}:"
    tail -n 20 "$1"
    return 1
}

fingerprint() { # DB
    sql "$1" 'select fingerprint from runs order by run_id desc limit 1'
}

valid_json() { # FILE: as a whole
    equal "$1 is JSON" 1 "$(sqlite3 :memory: "select json_valid(readfile('$1'))")"
}

# What holds in every database, whole or partial.
sound() { # DB
    equal "$1: integrity_check" ok "$(sql "$1" 'pragma integrity_check')"
    equal "$1: parts sum to the whole" 0 "$(sql "$1" 'select count(*) from procedures where
        device_crypto + server_crypto + network + queue + retransmission + backoff + other
        is not t_end - t_intended or min(device_crypto, server_crypto, network, queue,
        retransmission, backoff, other) < 0')"
    equal "$1: rows belong to a run" 0 "$(sql "$1" 'select count(*) from procedures
        where run_id not in (select run_id from runs)')"
    equal "$1: nothing after the end" 0 "$(sql "$1" 'select count(*) from procedures join runs
        using (run_id) where end_ns is not null and (t_start > end_ns or procedures.t_end > end_ns)')"
}

finish() {
    echo "$checks checks, $faults faults"
    [ "$faults" -eq 0 ]
    exit
}
