#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The example scripts for clusters, with what the scheduler would set: their shards, one
# of which is ended early and started again, merge to the results of a single run.
. "${SRC:?}/tests/faults/lab.bash"
examples=$SRC/docs/examples

merged() { # merged FILE...
    rm -f all.hdb
    "$HEADROOM" merge all.hdb "$@" >out.txt
    [ "$(hash_of all.hdb)" = "$truth" ] || fail "other results: $(cat out.txt)"
}

# ---- Slurm --------------------------------------------------------------------------

slurm() { # slurm TASK
    SLURM_ARRAY_TASK_ID=$1 SLURM_ARRAY_TASK_COUNT=3 SLURM_CPUS_PER_TASK=2 \
        exec bash "$examples/slurm-array.sh" load.json >slurm.txt 2>&1
}
(slurm 1) || fail "$(cat slurm.txt)"
(slurm 3) || fail "$(cat slurm.txt)"
(slurm 2) &
pid=$!
for _ in $(seq 500); do
    [ -s shards/2-of-3.hdb ] && [ "$(rows_of shards/2-of-3.hdb)" -gt 0 ] && break
    sleep 0.02
done
kill -TERM $pid 2>/dev/null || true
status=0
wait $pid || status=$?
[ $status = 75 ] || [ $status = 0 ] || fail "status $status after SIGTERM: $(cat slurm.txt)"
(slurm 2) || fail "$(cat slurm.txt)"
merged shards/*.hdb

# ---- Kubernetes ---------------------------------------------------------------------

# The command is what stands below "args: - |", less its indentation.
sed -n '/args:/,/resources:/p' "$examples/kubernetes-job.yaml" |
    sed '1,2d;$d;s/^ *//' >pod.sh
grep -q '^exec headroom batch' pod.sh || fail "no command in the job: $(cat pod.sh)"
mkdir results bin
ln -s "$HEADROOM" bin/headroom
for index in 3 0 2 1; do
    PATH=$work/bin:$PATH JOB_COMPLETION_INDEX=$index SHARDS=4 EXPERIMENT=load.json \
        RESULTS=results sh pod.sh >out.txt 2>&1 || fail "$(cat out.txt)"
done
merged results/*.hdb
