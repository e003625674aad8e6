# explain, completion, man: words, and what is made from the table of commands.
. "$(dirname "$0")/lib.sh"

# One of each kind: metric, key by its path and by its name, code, reason, clause.
m2m 0 explain latency
says out '^latency: measure of a procedure: from the intended start'
m2m 0 explain populations.NAME.retry.jitter
says out '^populations.NAME.retry.jitter: key of the scenario: .*default: full$'
m2m 0 explain until
says out '^run.until: key of the scenario: .*required$'
m2m 0 explain s104
says out '^S104: diagnostic: unknown key$'
# Each code that the sources tell is known.
(cd "$M2M_SOURCE" && grep -rhoE '"[SBU][0-9]{3}"' topologies/*.c models/node/*.c sim/cli/*.c) | tr -d '"' | sort -u >codes
holds "codes are found" test "$(wc -l <codes)" -ge 90
while IFS= read -r word; do
    m2m 0 explain "$word"
    says out "^$word: diagnostic: "
done <codes
m2m 0 explain ival-denied
says out '^ival-denied: reason in the results: '
m2m 0 explain 'RFC 5191'
says out '^RFC 5191 4.1: clause, named in: .*models/proto/pana'
silent out '^RFC 51911'
m2m 0 explain 'exit code 6'
m2m 0 explain queue --json
valid_json out
equal "queue is four things" 4 "$(sqlite3 :memory: "select json_array_length(readfile('out'))")"
m2m 2 explain latncy
says err "did you mean 'latency'"
m2m 2 explain xyzzy --json
valid_json out

# Every code that the reader has is explained.
grep -rhoE '"S[0-9]{3}"' "$M2M_SOURCE"/topologies/*.c | tr -d '"' | sort -u >codes
holds "there are codes" test "$(wc -l <codes)" -gt 50
sed -i "$(scaled '$' 5)q" codes
while IFS= read -r code; do
    m2m 0 explain "$code"
done <codes

# Completion: valid, complete, and it works.
m2m 0 completion bash
cp out m2msim.bash
holds "bash reads it" bash -n m2msim.bash
cat >ask.bash <<'END'
. ./m2msim.bash
COMP_WORDS=(m2msim "$@") COMP_CWORD=$#
_m2msim
echo "${COMPREPLY[*]}"
END
equal "a command" "compare" "$(bash ask.bash compa)"
equal "an option" "--until" "$(bash ask.bash run --unt)"
: >scenario.yaml
equal "a file" "scenario.yaml" "$(bash ask.bash run scen)"
m2m 0 completion zsh
says out '^#compdef m2msim'
m2m 2 completion fish

# The manual page has every command and option of --help.
m2m 0 man
cp out m2msim.1
"$M2MSIM" --help | awk '/^Commands:/ { on = 1; next } /^$/ { on = 0 } on { print $1 }' >commands
while IFS= read -r command; do
    holds "the page has $command" grep -q "^\\.SS m2msim $command " m2msim.1
    holds "completion has $command" grep -q "^    $command) words=" m2msim.bash
    "$M2MSIM" "$command" --help | grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+' | grep -oE '[a-z][a-z-]+$' |
        grep -v '^help$' >options
    while IFS= read -r option; do
        escaped=$(echo "$option" | sed 's/-/\\\\-/g')
        holds "the page has --$option" grep -qF -e "\\-\\-$(echo "$escaped" | sed 's/\\\\/\\/g')" m2msim.1
    done <options
done <commands
if command -v groff >/dev/null 2>&1; then
    equal "groff has nothing to say" "" "$(groff -man -Tascii -ww -z m2msim.1 2>&1)"
fi
finish
