# gcc's program and clang's make the same rows. Runs in the gcc build; wants build/clang beside it.
. "$(dirname "$0")/lib.sh"

other=$M2M_SOURCE/build/clang/m2msim
[ -x "$other" ] || skip "no build/clang/m2msim (cmake --preset clang && cmake --build --preset clang)"

commit_of() { # PROGRAM
    "$1" version --json >version.json
    sqlite3 :memory: "select json_extract(readfile('version.json'), '\$.commit')"
}
[ "$(commit_of "$M2MSIM")" = "$(commit_of "$other")" ] || skip "build/clang is of another commit"

compare() { # SCENARIO ARGUMENT...
    scenario=$1
    name=$(basename "$1" .yaml)
    shift
    m2m 0 run "$scenario" -o "$name.gcc.db" --progress off "$@"
    gcc=$M2MSIM
    M2MSIM=$other
    m2m 0 run "$scenario" -o "$name.clang.db" --progress off "$@"
    M2MSIM=$gcc
    equal "$name: gcc and clang" "$(fingerprint "$name.gcc.db")" "$(fingerprint "$name.clang.db")"
    differ "$name: two compilers indeed" "$(sql "$name.gcc.db" 'select compiler from builds')" \
        "$(sql "$name.clang.db" 'select compiler from builds')"
}
compare hello
compare smart-meters --set populations.meters.count=300
# One device of each way to bootstrap and to connect.
sed 's/count: 200/count: 1/' "$M2M_SOURCE/topologies/bootstrap-zoo.yaml" >bootstrap-zoo.yaml
compare ./bootstrap-zoo.yaml
# Gateways and applications; sealed objects, over CoAP.
compare district --set run.until='1 h' --set populations.concentrators.count=2 --set populations.meters.count=10
compare object-security --set run.until='1 h'
finish
