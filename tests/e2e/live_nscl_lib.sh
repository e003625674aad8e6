# What the tests of `serve nscl` share, behind lib.sh and live_lib.sh.
# shellcheck shell=sh

# OPTION...: where it listens first in $port, its pid in $running; what it says in serve.out and serve.err.
serve_scenario() { # SCENARIO OPTION...
    rm -f serve.err serve.out
    "$M2MSIM" serve nscl "$@" >serve.out 2>serve.err &
    running=$!
    await serve.err 'listening at' 1
    port=$(sed -n 's/^listening at 127\.0\.0\.1:\([0-9]*\) .*as [a-z]*\.m2m\.example.*$/\1/p' serve.err)
    differ "serve says where it listens" "" "$port"
    if [ -z "$port" ]; then
        cat serve.err
        finish
    fi
}

port_of() { # DOOR: of one that is not the first
    sed -n "s/^127\.0\.0\.1:\([0-9]*\) for $1\$/\1/p" serve.err
}

document() { # ELEMENT ATTRIBUTES CHILDREN
    echo "<m2m:$1 xmlns:m2m=\"http://uri.etsi.org/m2m\" $2>$3</m2m:$1>"
}

basic() { # SCL-ID
    printf '%s:' "$1" | openssl base64 -A
}
