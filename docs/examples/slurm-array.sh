#!/usr/bin/env bash
# A shard for each task of a Slurm array; every one writes a file of its own. Lines that
# begin with #SBATCH are Slurm's; run the script by hand and it is shard 1 of 1.
#
#     sbatch --array=1-20 slurm-array.sh load.json
#     sbatch --dependency=afterany:JOBID --wrap 'headroom merge load.hdb shards/*.hdb'
#
#SBATCH --job-name=headroom
#SBATCH --cpus-per-task=4
#SBATCH --time=08:00:00
#SBATCH --signal=B:TERM@60
#SBATCH --requeue
set -euo pipefail
experiment=${1:?which experiment?}
shard=${SLURM_ARRAY_TASK_ID:-1}
shards=${SLURM_ARRAY_TASK_COUNT:-1}
mkdir -p shards

# A minute before its time is up Slurm tells this shell, and this shell tells headroom,
# which puts what it has into the file. A task that is started again goes on from there.
"${HEADROOM:-headroom}" batch "$experiment" --shard "$shard/$shards" \
    --threads "${SLURM_CPUS_PER_TASK:-1}" --out "shards/$shard-of-$shards.hdb" &
trap 'kill -TERM $!' TERM
status=0
wait $! || status=$?
if [ $status -gt 128 ]; then # told, not ended: now it is
    status=0
    wait $! || status=$?
fi
exit $status
