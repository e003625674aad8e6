# A disk that fills up, a folder that cannot be written: a clear message, nothing half-written, and what
# was done is kept.
. "$(dirname "$0")/lib.sh"

# Runs a command where it may mount, out of everybody's sight.
in_namespace() { # COMMAND...
    if [ "$(id -u)" -eq 0 ]; then unshare -m "$@"; else unshare -rm "$@"; fi
}
mkdir small locked
mounts=
in_namespace mount -t tmpfs -o size=1m none small 2>/dev/null && mounts=1 # not in every container

run="$M2M_SOURCE/topologies/smart-meters.yaml"

# A file that may not grow on: every system has this limit (what write says then is EFBIG).
(
    trap '' XFSZ
    ulimit -f 1024 # of 512 octets
    exec "$M2MSIM" run "$run" -o big.db --progress off --set populations.meters.count=500
) >out 2>err
code=$?
checks=$((checks + 1))
case "$code" in
1 | 7) ;;
*) fault "a file at its size limit: exit $code" ;;
esac
says err 'big\.db'
if [ -f big.db ]; then
    m2m 0 report big.db
    says out 'PARTIAL|failed'
    sound big.db
fi

# A full disk: ENOSPC, with the database on a file system of 1 MiB.
if [ -n "$mounts" ]; then
    cat >full <<END
mount -t tmpfs -o size=1m none small || exit 99
"$M2MSIM" run "$run" -o small/full.db --progress off --set populations.meters.count=500 >out 2>err
code=\$?
cp small/full.db* . 2>/dev/null
# And when it is full from the start: no file at all.
dd if=/dev/zero of=small/fill bs=64k >/dev/null 2>&1
rm -f small/full.db*
dd if=/dev/zero of=small/fill2 bs=512 >/dev/null 2>&1
"$M2MSIM" run "$run" -o small/none.db --progress off >out2 2>err2
echo \$? >code2
ls small >left
exit \$code
END
    in_namespace sh full
    code=$?
    equal "a disk that fills up: exit" 7 "$code"
    says err 'full\.db'
    says err '(no space|disk full|full)'
    holds "what was done is kept" test -f full.db
    m2m 0 report full.db
    says out 'PARTIAL|failed'
    sound full.db
    equal "marked" 1 "$(sql full.db "select status in ('partial', 'failed', 'running') from runs")"
    holds "rows are there" test "$(sql full.db 'select count(*) from procedures')" -gt 0
    differ "a disk full from the start: exit" 0 "$(cat code2)"
    says err2 'none\.db'
    equal "a disk full from the start: nothing is left" "fill fill2" "$(tr '\n' ' ' <left | sed 's/ $//')"
else
    echo "no mount namespace here: the file size limit stands for the full disk"
fi

# A folder that cannot be written. To root only a mount can say so; /proc takes no new file from anyone.
result=locked/a.db
if [ "$(id -u)" -ne 0 ]; then
    chmod 555 locked
    "$M2MSIM" run "$M2M_SOURCE/topologies/hello.yaml" -o "$result" >out 2>err
elif [ -n "$mounts" ]; then
    cat >read-only <<END
mount --bind locked locked && mount -o remount,ro,bind locked || exit 99
exec "$M2MSIM" run "$M2M_SOURCE/topologies/hello.yaml" -o "$result"
END
    in_namespace sh read-only >out 2>err
else
    result=/proc/a.db
    "$M2MSIM" run "$M2M_SOURCE/topologies/hello.yaml" -o "$result" >out 2>err
fi
code=$?
equal "a read-only folder: exit" 2 "$code"
says err 'a\.db'
equal "nothing was written" "" "$(ls locked)"
m2m 2 run "$M2M_SOURCE/topologies/hello.yaml" -o absent/folder/a.db
says err 'absent/folder'
m2m 2 run "$M2M_SOURCE/topologies/hello.yaml" -o locked
holds "a folder is no result" test -d locked

# report -o: the same care.
m2m 0 run "$M2M_SOURCE/topologies/hello.yaml" -o hello.db --progress off
echo mine >taken
checks=$((checks + 1))
"$M2MSIM" report hello.db -o taken >out 2>err && fault "report -o wrote over a file"
equal "the file in the way is untouched" mine "$(cat taken)"
finish
