#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The same results from any number of threads, from shards merged in any order, and from
# processes that want the same file, of which one has it.
. "${SRC:?}/tests/faults/lab.bash"

for threads in 1 2 7; do
    batch t$threads.hdb --threads $threads
    [ "$(hash_of t$threads.hdb)" = "$truth" ] || fail "$threads threads: other results"
    "$HEADROOM" export t$threads.hdb >t$threads.csv
    cmp t1.csv t$threads.csv
done

for shards in 1 3 10; do
    rm -f s.*.hdb all.hdb
    for k in $(seq $shards); do
        batch s.$k.hdb --shard $k/$shards
    done
    # shellcheck disable=SC2012
    files=$(ls s.*.hdb | shuf --random-source=<(yes $shards) | tr '\n' ' ')
    # shellcheck disable=SC2086
    "$HEADROOM" merge all.hdb $files >out.txt
    [ "$(hash_of all.hdb)" = "$truth" ] || fail "$shards shards: other results"
    # shellcheck disable=SC2086
    "$HEADROOM" merge all.hdb $files >out.txt # again: nothing changes
    [ "$(hash_of all.hdb)" = "$truth" ] || fail "$shards shards merged twice"
done

# Without one of them it says which; the batch itself fills the gap.
rm -f all.hdb
"$HEADROOM" merge all.hdb s.[1-6].hdb s.[89].hdb >out.txt
grep -q 'shards that are not in it: 7, 10 of 10' out.txt || fail "$(cat out.txt)"
finish all.hdb

# A shard that is killed goes on.
for i in 1 2 3; do
    "$HEADROOM" batch load.json --shard 2/3 --out s.hdb --quiet >/dev/null 2>&1 &
    sleep 0.0$((RANDOM % 9 + 1))
    kill -9 $! 2>/dev/null || true
    wait $! 2>/dev/null || true
done
batch s.hdb --shard 2/3
batch s1.hdb --shard 1/3
batch s3.hdb --shard 3/3
rm -f all.hdb
"$HEADROOM" merge all.hdb s3.hdb s.hdb s1.hdb >out.txt
[ "$(hash_of all.hdb)" = "$truth" ] || fail "a killed shard: other results"

# Eight at once: one works, the others say who does, and nothing comes twice.
rm -f p.hdb
for i in 1 2 3 4 5 6 7 8; do
    (
        status=0
        "$HEADROOM" batch load.json --out p.hdb --quiet --threads 1 >/dev/null 2>p$i.txt ||
            status=$?
        echo $status >p$i.status
    ) &
done
wait
grep -qx 0 p?.status || fail "nobody got through"
for i in 1 2 3 4 5 6 7 8; do
    case $(cat p$i.status) in
    0) ;;
    3) grep -q 'in use by .*process' p$i.txt || fail "$(cat p$i.txt)" ;;
    *) fail "status $(cat p$i.status): $(cat p$i.txt)" ;;
    esac
done
[ "$(hash_of p.hdb)" = "$truth" ] || fail "eight processes: other results"

# Points and replications that are added later use what is there.
sed -i 's/"30\/s", /"30\/s", "45\/s", /' load.json
cp truth.hdb more.hdb
batch more.hdb
[ "$(kept)" -lt 60 ] || fail "a new rate took $(kept) replications"
sed -i 's/"variants"/"replications": 8, "variants"/' load.json
batch more.hdb
"$HEADROOM" check more.hdb >out.txt
grep -q '15 of 15 points done' out.txt || fail "$(cat out.txt)"
