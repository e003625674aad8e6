# Every command that the README shows with a prompt works as shown.
. "$(dirname "$0")/lib.sh"

ln -s "$M2M_SOURCE/topologies" topologies
mkdir -p build/release
ln -s "$M2MSIM" build/release/m2msim
sed -n 's/^\$ \(build\/release\/m2msim .*\)$/\1/p' "$M2M_SOURCE/README.md" >commands
holds "the README shows commands" test "$(wc -l <commands)" -ge 4
while IFS= read -r line; do
    checks=$((checks + 1))
    if ! sh -c "$line" </dev/null >out 2>err; then
        fault "README: $line"
        head -n 10 err
    fi
done <commands
# The paths it names exist.
grep -oE '\]\([A-Za-z][A-Za-z0-9_./-]*\)' "$M2M_SOURCE/README.md" | tr -d '])(' | sort -u >paths
while IFS= read -r path; do
    holds "README names $path" test -e "$M2M_SOURCE/$path"
done <paths
finish
