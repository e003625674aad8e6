# Every command block of every README and worksheet works, and prints the lines shown below it. Facts of the host (times of the
# machine, versions) are not compared. In a block, ```console has commands behind "$ " and what they print, ```sh
# commands only; a comment "<!-- long: why -->" before a block says that it takes too long, or that another test runs
# it. What a README needs to stand there is made here.
. "$(dirname "$0")/lib.sh"

ln -s "$M2M_SOURCE/topologies" topologies
mkdir -p build/release bin
ln -s "$M2MSIM" build/release/m2msim
ln -s "$M2MSIM" bin/m2msim
PATH=$work/bin:$PATH
# The scenario with two mistakes of the README, and a small one with the sweep of topologies/README.md.
sed '17s/every: 1 h/every: 1/; 31s/meters/metres/' topologies/smart-meters.yaml >district.yaml
cat topologies/hello.yaml - >campaign.yaml <<'END'
sweep:
  populations.core.workers: [1, 2]
END
sed -i 's/^run: {until: 1 h, seed: 1,/run: {until: 5 min, seed: 1, replications: 2,/' campaign.yaml

# command.N, shown.N and where.N, of all READMEs in turn.
commands_of() { # README NAME
    awk -v from="$(cat count)" -v name="$2" '
        BEGIN { n = from }
        /^<!-- long/ { long = 1; next }
        /^```/ && !inside {
            inside = 1; kind = $0; sub(/^```/, "", kind)
            run = !long && (kind == "console" || kind == "sh"); long = 0; shown = 0
            next
        }
        /^```/ { inside = 0; shown = 0; next }
        !inside { if ($0 != "") long = 0; next }
        !run { next }
        kind == "console" && /^\$ / {
            n++; print substr($0, 3) > ("command." n); print name ":" NR > ("where." n); shown = n; next
        }
        kind == "sh" && !/^ *(#|$)/ { n++; print > ("command." n); print name ":" NR > ("where." n); next }
        shown && !/^ *\.\.\.$/ { print > ("shown." shown) }
        END { print n > "count" }' "$1"
}
echo 0 >count
(cd "$M2M_SOURCE" && find . \( -name README.md -o -path './topologies/worksheets/*.md' \) -not -path './build/*' | LC_ALL=C sort) >readmes
while IFS= read -r readme; do commands_of "$M2M_SOURCE/$readme" "$readme"; done <readmes
count=$(cat count)
holds "the READMEs show commands ($count)" test "$count" -ge 15

at=1
while [ "$at" -le "$count" ]; do
    line=$(cat "command.$at")
    where=$(cat "where.$at")
    wrong=
    # What is shown to fail must fail.
    if [ -f "shown.$at" ] && grep -q ': error ' "shown.$at"; then wrong=1; fi
    checks=$((checks + 1))
    if sh -c "$line" </dev/null >out 2>err; then failed=; else failed=1; fi
    if [ "$failed" != "$wrong" ]; then
        fault "$where: $line"
        head -n 10 err
    fi
    if [ -f "shown.$at" ]; then
        grep -vE '^$|events \(|^fingerprint|^ *\^$' "shown.$at" >expected
        cat out err >printed
        # What is shown and not printed, if any.
        equal "$where: $line" "" "$(grep -vxF -f printed expected)"
    fi
    at=$((at + 1))
done

# The paths they name exist, seen from where they stand.
while IFS= read -r readme; do
    folder=$(dirname "$readme")
    grep -oE '\]\([A-Za-z.][A-Za-z0-9_./-]*\)' "$M2M_SOURCE/$readme" | tr -d '])(' | sort -u >paths
    while IFS= read -r path; do
        holds "$readme names $path" test -e "$M2M_SOURCE/$folder/$path"
    done <paths
done <readmes
finish
