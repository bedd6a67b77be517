#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Under MPI: the same results from 1, 2 and 4 ranks; a rank that is killed ends the run
# with everything finished kept.
. "${SRC:?}/tests/faults/lab.bash"
[ -x "$BUILD/bin/headroom-mpi" ] && command -v mpirun >/dev/null || exit 77

ranks() { # ranks N FILE [OPTION...]
    local n=$1 out=$2
    shift 2
    # One core is enough for any number of ranks, and a container may look odd to MPI.
    OMPI_MCA_btl=self,vader OMPI_MCA_btl_vader_single_copy_mechanism=none \
        OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 \
        mpirun --oversubscribe -n "$n" "$BUILD/bin/headroom-mpi" batch load.json \
        --out "$out" --quiet --verbose "$@" >out.txt 2>err.txt
}

ranks 1 r1.hdb || fail "MPI does not run here: $(cat err.txt)"
for n in 1 2 4; do
    [ $n = 1 ] || ranks $n r$n.hdb || fail "$n ranks: status $?: $(cat err.txt)"
    [ "$(hash_of r$n.hdb)" = "$truth" ] || fail "$n ranks: other results"
done

# Stopped by its budget, it goes on without MPI.
status=0
ranks 2 b.hdb --budget 300ms || status=$?
[ $status = 75 ] || [ $status = 0 ] || fail "budget: status $status: $(cat err.txt)"
finish b.hdb

# The name of the file is nobody else's, and so are the processes that were given it.
hit=0
for _ in $(seq 20); do
    : >err.txt
    ranks 4 "$work/k.hdb" &
    pid=$!
    while kill -0 $pid 2>/dev/null && [ "$(kept)" = 0 ]; do
        sleep 0.05
    done
    victim=$(pgrep -f "headroom-mpi batch load.json --out $work/k.hdb" | sort -n | tail -n +2 |
        shuf -n 1)
    if [ -n "$victim" ] && kill -9 "$victim" 2>/dev/null; then
        hit=$((hit + 1))
    fi
    wait $pid || true
    if [ -s k.hdb ]; then
        [ "$(rows_of k.hdb)" -ge "$(kept)" ] || fail "a lost rank lost replications"
    fi
    [ $hit -lt "${KILLS:-3}" ] || break
    [ "$(rows_of k.hdb)" -lt "$rows" ] || rm -f k.hdb
done
finish k.hdb
[ $hit -gt 0 ] || fail "no rank was killed"
echo "$hit ranks killed: nothing lost"
