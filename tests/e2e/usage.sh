# Wrong usage and broken scenarios: the exit code, all mistakes at once, the place of each.
. "$(dirname "$0")/lib.sh"

hello="$M2M_SOURCE/topologies/hello.yaml"
m2m 2
m2m 2 rnu
says err "run"
m2m 2 run
m2m 2 run "$hello" --threads
m2m 2 run "$hello" --threads many -o x.db
m2m 2 run "$hello" --treads 2 -o x.db
says err 'threads'
m2m 2 run "$hello" extra -o x.db
# What stands in for a line of the scenario is judged as one, by the same reader.
m2m 3 run "$hello" --seed -1 -o x.db
m2m 3 run "$hello" --until 5 -o x.db
says err "needs a time with its unit"
equal "a usage error starts nothing" "" "$(find . -name 'x.db*')"
m2m 2 report
m2m 2 chart
m2m 0 --help
says out 'run'
m2m 0 version
says out '[0-9]+\.[0-9]+\.[0-9]+'
says out 'OpenSSL'

# Every subcommand that --help lists has a help of its own, and none is missing from the issue's list.
"$M2MSIM" --help >help
for name in run check show list report shootout chart pcap serve attach verify bench doctor version; do
    says help "^ *$name\\b"
    m2m 0 "$name" --help
    says out "m2msim $name"
done

# A broken scenario: check finds everything at once; run does not start.
cat >broken.yaml <<'END'
m2msim: 1
title: four mistakes
run:
  until: 2 parsecs
  sede: 4
populations:
  meters: {count: -3, kind: device, class: cortex-m4}
  core: {count: 1, kind: nslc, class: server}
END
m2m 3 check broken.yaml
says err '^broken\.yaml:4:[0-9]+: error S[0-9]+'
says err "^broken\.yaml:5:3: error S[0-9]+: unknown key 'sede'.*did you mean 'seed'"
says err '^broken\.yaml:7:[0-9]+: error S[0-9]+'
says err '^broken\.yaml:8:[0-9]+: error S[0-9]+.*nscl'
says err '\^'
m2m 3 run broken.yaml -o x.db
says err '^broken\.yaml:5:3: error'
equal "nothing starts" "" "$(find . -name 'x.db*')"
m2m 3 check broken.yaml --json
valid_json out
m2m 0 check "$hello"
m2m 0 check "$hello" --json
valid_json out
m2m 3 check absent.yaml
says err 'absent\.yaml'

# The cost profile and the --set are part of the scenario.
m2m 3 run "$hello" -o x.db --set use.cost_profile=absent/profile
says err 'absent/profile'
echo "this is no profile" >bad.profile
m2m 3 run "$hello" -o x.db --set "use.cost_profile=$work/bad.profile"
says err 'bad\.profile'
if [ "$(id -u)" -ne 0 ]; then
    echo secret >unreadable && chmod 000 unreadable
    m2m 3 run "$hello" -o x.db --set "use.cost_profile=$work/unreadable"
fi
mkdir folder.profile
m2m 3 run "$hello" -o x.db --set "use.cost_profile=$work/folder.profile"
says err 'folder\.profile'
m2m 3 run "$hello" -o x.db --set no.such.key=1
says err 'no\.such'
equal "nothing starts" "" "$(find . -name 'x.db*')"

# A key cache that cannot be used costs time, not the run; a damaged one is made anew.
m2m 0 run "$hello" -o cached.db --progress off
export XDG_CACHE_HOME=/proc/nowhere HOME=/proc/nowhere
m2m 0 run "$hello" -o uncached.db --progress off
says err '[Ww]arning'
equal "the cache changes no result" "$(fingerprint cached.db)" "$(fingerprint uncached.db)"
# shellcheck disable=SC2154  # lib.sh makes it
export XDG_CACHE_HOME="$work/own-cache" HOME="$work/home"
mkdir own-cache
m2m 0 run "$hello" -o first.db --progress off
find own-cache -type f >cache-files
holds "keys are cached" test -s cache-files
while IFS= read -r file; do echo damaged >"$file"; done <cache-files
m2m 0 run "$hello" -o rebuilt.db --progress off
says err '[Ww]arning'
equal "a damaged cache changes no result" "$(fingerprint cached.db)" "$(fingerprint rebuilt.db)"
m2m 0 run "$hello" -o again.db --progress off
equal "it was made anew" "" "$(cat err)"
finish
