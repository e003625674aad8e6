# Progress goes to stderr, in the form asked for; stdout is for results.
. "$(dirname "$0")/lib.sh"

hello="$M2M_SOURCE/topologies/hello.yaml"
m2m 0 run "$hello" -o plain.db --progress plain
holds "plain: lines on stderr" test -s err
silent err "$(printf '\r|\033')"
cp out plain.out
m2m 0 run "$hello" -o json.db --progress json
grep '^{' err >lines
holds "json: lines on stderr" test -s lines
while IFS= read -r line; do
    printf '%s' "$line" >line
    valid_json line
done <lines
m2m 0 run "$hello" -o off.db --progress off
equal "off: stderr is empty" "" "$(cat err)"
equal "stdout does not depend on the progress" "$(sed 's/plain\.db/X/; s/[0-9.]* s\b//g' plain.out | grep -c .)" \
    "$(sed 's/off\.db/X/; s/[0-9.]* s\b//g' out | grep -c .)"
m2m 0 run "$hello" -o auto.db --progress auto
silent err "$(printf '\033')"
m2m 2 run "$hello" -o x.db --progress loud
says err 'loud'
equal "a usage error starts nothing" "" "$(find . -name 'x.db*')"

# On a terminal: one line that is drawn again. (script makes a terminal of a pipe.)
script -qec "'$M2MSIM' run '$hello' -o tty.db --progress tty" typescript >/dev/null 2>&1
says typescript "$(printf '\r')"
sound tty.db
equal "progress changes no result" "$(fingerprint off.db)" "$(fingerprint tty.db)"
silent typescript "$(printf '\033\\[[0-9;]*m')" # NO_COLOR
finish
