#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Disks that are full, slow to tell, or not there: a message with the path, status 3,
# everything finished kept, and on it goes once the disk is well.
. "${SRC:?}/tests/faults/lab.bash"
shim=$BUILD/tests/libfaults_io.so
[ -e "$shim" ] || exit 77

# ---- every write and every sync fails once, or from then on -------------------------

# A smaller experiment, so that every one of its calls can be tried.
cat >load.json <<'JSON'
{ "scenario": "queue.json", "replications": 2,
  "vary": { "/workloads/v/open/rate": ["30/s", "60/s"] } }
JSON
rm -f truth.hdb
batch truth.hdb
truth=$(hash_of truth.hdb)
rows=$(rows_of truth.hdb)

# How many such calls there are.
calls=1
until FAIL_AT=$calls FAIL_ON=1 FAIL_WITH=28 LD_PRELOAD=$shim batch f.hdb --threads 1; do
    rm -f f.hdb*
    calls=$((calls + 20))
    [ $calls -lt 2000 ] || fail "two thousand calls for $rows replications"
done

# Status 3 wherever it matters. What comes after the last commit (tidying up) may fail
# unseen, since nothing is lost by it.
refused=0
for on in 0 1; do
    for with in 28 5; do # ENOSPC, EIO
        for at in $(seq 1 "${STEP:-7}" $calls); do
            rm -f f.hdb*
            status=0
            FAIL_AT=$at FAIL_ON=$on FAIL_WITH=$with LD_PRELOAD=$shim batch f.hdb --threads 1 ||
                status=$?
            case $status in
            0) [ "$(hash_of f.hdb)" = "$truth" ] || fail "call $at: other results" ;;
            3)
                refused=$((refused + 1))
                grep -q 'f\.hdb' err.txt || fail "call $at: no path in: $(cat err.txt)"
                told=$(kept)
                if [ -s f.hdb ] && [ "$told" -gt 0 ]; then
                    [ "$(rows_of f.hdb)" -ge "$told" ] || fail "call $at: lost some"
                fi
                finish f.hdb
                ;;
            *) fail "call $at with errno $with: status $status: $(cat err.txt)" ;;
            esac
        done
    done
done
[ $refused -gt 10 ] || fail "only $refused calls failed"
echo "$refused failing writes and syncs: status 3 each, nothing lost"

# ---- a limit on the size of files ---------------------------------------------------

for blocks in 1 16 40 64 100; do
    rm -f f.hdb*
    status=0
    (ulimit -f $blocks && batch f.hdb) || status=$?
    [ $status = 3 ] || [ $status = 0 ] || fail "$blocks KiB: status $status: $(cat err.txt)"
    [ $blocks -gt 16 ] || [ $status = 3 ] || fail "$blocks KiB were enough"
    finish f.hdb
done

# ---- a disk that is full, and grows -------------------------------------------------

sed -i 's/"replications": 2/"replications": 60/' load.json
batch more.hdb
truth_of_more=$(hash_of more.hdb)
mkdir small
# A file system of its own, where the kernel lets us have one.
if unshare -rm mount -t tmpfs -o size=400k none small 2>err.txt; then
    export work
    unshare -rm bash -euc '
        mount -t tmpfs -o size=400k none small
        status=0
        "$HEADROOM" batch load.json --out small/f.hdb --quiet --verbose >out.txt 2>err.txt ||
            status=$?
        echo "$status $(grep -c "^kept " err.txt)" >full.txt
        mount -o remount,size=40m none small
        "$HEADROOM" check --json small/f.hdb >check.json
        "$HEADROOM" batch load.json --out small/f.hdb --quiet >out.txt
        cp small/f.hdb grown.hdb'
    read -r status told <full.txt
    [ "$status" = 3 ] || fail "a full disk: status $status: $(cat err.txt)"
    grep -q 'small/f.hdb: .*full' err.txt || fail "a full disk: $(cat err.txt)"
    [ "$told" -gt 0 ] || fail "a full disk: nothing was kept before"
    [ "$(number replications)" -ge "$told" ] || fail "a full disk lost replications"
    [ "$(hash_of grown.hdb)" = "$truth_of_more" ] || fail "a full disk: other results"
    echo "a full disk: $told replications kept, the rest after it had grown"
fi
sed -i 's/"replications": 60/"replications": 2/' load.json

# ---- folders ------------------------------------------------------------------------

refuses() { # refuses STATUS WORD FILE
    local status=0
    batch "$3" || status=$?
    [ $status = "$1" ] || fail "$3: status $status instead of $1: $(cat err.txt)"
    grep -q "$2" err.txt || fail "$3: no \"$2\" in: $(cat err.txt)"
    [ "$(kept)" = 0 ] || fail "$3: something was simulated"
}

refuses 3 'No such file' nowhere/f.hdb
mkdir folder.hdb readonly
refuses 3 'is a directory' folder.hdb
chmod a-w readonly
if [ "$(id -u)" != 0 ]; then
    refuses 3 'Permission denied' readonly/f.hdb
elif command -v setpriv >/dev/null; then
    chmod a+rx "$work"
    status=0
    setpriv --reuid=65534 --regid=65534 --clear-groups "$HEADROOM" batch load.json \
        --out readonly/f.hdb --quiet >out.txt 2>err.txt || status=$?
    [ $status = 3 ] || fail "read-only folder: status $status: $(cat err.txt)"
    grep -q 'Permission denied' err.txt || fail "read-only folder: $(cat err.txt)"
fi

# ---- a clock that jumps -------------------------------------------------------------

rm -f f.hdb*
CLOCK_JUMPS=1 LD_PRELOAD=$shim batch f.hdb
[ "$(hash_of f.hdb)" = "$truth" ] || fail "the clock changes results"
