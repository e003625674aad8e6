# Every command that the README shows with a prompt works, and prints the lines shown below it. Facts of
# the host (times of the machine, versions) are not compared.
. "$(dirname "$0")/lib.sh"

ln -s "$M2M_SOURCE/topologies" topologies
mkdir -p build/release
ln -s "$M2MSIM" build/release/m2msim
awk '
    /^```/ { shown = 0; next }
    /^\$ build\/release\/m2msim / { n++; print substr($0, 3) > ("command." n); shown = n; next }
    /^\$ / { shown = 0; next }
    shown && !/^ *\.\.\.$/ { print > ("shown." shown) }
    END { print n + 0 > "count" }' "$M2M_SOURCE/README.md"
count=$(cat count)
holds "the README shows commands" test "$count" -ge 4
at=1
while [ "$at" -le "$count" ]; do
    line=$(cat "command.$at")
    checks=$((checks + 1))
    if ! sh -c "$line" </dev/null >out 2>err; then
        fault "README: $line"
        head -n 10 err
    fi
    if [ -f "shown.$at" ]; then
        grep -vE '^$|events \(|^fingerprint' "shown.$at" >expected
        # What is shown and not printed, if any.
        equal "README: $line" "" "$(grep -vxF -f out expected)"
    fi
    at=$((at + 1))
done

# The paths it names exist.
grep -oE '\]\([A-Za-z][A-Za-z0-9_./-]*\)' "$M2M_SOURCE/README.md" | tr -d '])(' | sort -u >paths
while IFS= read -r path; do
    holds "README names $path" test -e "$M2M_SOURCE/$path"
done <paths
finish
