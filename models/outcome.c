/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/outcome.h"

#include "models/model.h"

static void init_type(struct type_outcome *t, const struct model_facts *facts,
                      struct arena *arena)
{
    t->failed = arena_many(arena, facts->causes + 1, uint64_t);
    t->blame =
        arena_many(arena, (size_t)BLAME_BINS * (size_t)facts->resources, uint64_t);
    t->blame_requests = arena_many(arena, BLAME_BINS, uint64_t);
}

void outcome_init(struct outcome *o, const struct model *model, struct arena *arena)
{
    const struct model_facts *facts = model_facts(model);
    *o = (struct outcome){0};
    o->type = arena_many(arena, facts->types + 1, struct type_outcome);
    o->station = arena_many(arena, facts->stations + 1, struct station_outcome);
    o->completed_in = arena_many(arena, OUTCOME_BINS + 1, uint64_t);
    for (int i = 0; i < facts->types; i++)
        init_type(&o->type[i], facts, arena);
}

void outcome_segments(struct outcome *o, const struct model *model, struct arena *arena)
{
    for (int i = 0; i < model_facts(model)->types; i++) {
        struct type_outcome *t = &o->type[i];
        t->segment = arena_many(arena, OUTCOME_SEGMENTS, struct histogram);
        t->segment_sum = arena_many(arena, OUTCOME_SEGMENTS, struct tally);
        t->segment_offered = arena_many(arena, OUTCOME_SEGMENTS, uint64_t);
    }
}

int outcome_segment(const struct outcome *o, sim_time start)
{
    int segment = (int)((int128)(start - o->warm_up) * OUTCOME_SEGMENTS / o->length);
    return segment < OUTCOME_SEGMENTS ? segment : OUTCOME_SEGMENTS - 1;
}

static void merge_counts(uint64_t *into, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++)
        into[i] += from[i];
}

static void merge_segments(struct type_outcome *into, const struct type_outcome *from,
                           struct arena *arena)
{
    if (!into->segment || !from->segment)
        return;
    merge_counts(into->segment_offered, from->segment_offered, OUTCOME_SEGMENTS);
    for (int i = 0; i < OUTCOME_SEGMENTS; i++) {
        histogram_merge(&into->segment[i], &from->segment[i], arena);
        tally_merge(&into->segment_sum[i], &from->segment_sum[i]);
    }
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void merge_type(struct type_outcome *into, const struct type_outcome *from,
                       const struct model_facts *facts, struct arena *arena)
{
    into->offered += from->offered;
    into->ok += from->ok;
    into->unfinished += from->unfinished;
    into->attempts += from->attempts;
    into->retries += from->retries;
    into->unsent += from->unsent;
    into->tool_late += from->tool_late;
    histogram_merge(&into->tool, &from->tool, arena);
    tally_merge(&into->tool_sum, &from->tool_sum);
    merge_counts(into->failed, from->failed, (size_t)facts->causes);
    histogram_merge(&into->latency, &from->latency, arena);
    histogram_merge(&into->first_byte, &from->first_byte, arena);
    histogram_merge(&into->gap, &from->gap, arena);
    into->cut += from->cut;
    into->open_area += from->open_area;
    into->open_most = larger(into->open_most, from->open_most);
    histogram_merge(&into->per_token, &from->per_token, arena);
    into->good += from->good;
    tally_merge(&into->latency_sum, &from->latency_sum);
    tally_merge(&into->failed_latency, &from->failed_latency);
    merge_counts(into->blame, from->blame,
                 (size_t)BLAME_BINS * (size_t)facts->resources);
    merge_counts(into->blame_requests, from->blame_requests, BLAME_BINS);
    merge_segments(into, from, arena);
}

static void merge_cache(struct cache_counts *into, const struct cache_counts *from)
{
    into->lookups += from->lookups;
    into->hits += from->hits;
    into->stale += from->stale;
    into->joined += from->joined;
    into->early += from->early;
    into->evicted += from->evicted;
    into->expired += from->expired;
    into->full += from->full;
}

void engine_counts_merge(struct engine_counts *into, const struct engine_counts *from)
{
    into->steps += from->steps;
    into->sequences += from->sequences;
    into->computed += from->computed;
    into->read += from->read;
    into->found += from->found;
    into->lost += from->lost;
    into->written += from->written;
    into->finished += from->finished;
    into->aborted += from->aborted;
    into->preemptions += from->preemptions;
    into->stalls += from->stalls;
    into->longest_gap = larger(into->longest_gap, from->longest_gap);
    into->block_most = larger(into->block_most, from->block_most);
    into->batch_most = larger(into->batch_most, from->batch_most);
    into->block_area += from->block_area;
    into->batch_area += from->batch_area;
    into->full_area += from->full_area;
}

static void merge_station(struct station_outcome *into,
                          const struct station_outcome *from)
{
    into->busy_area += from->busy_area;
    into->queue_area += from->queue_area;
    into->cpu_area += from->cpu_area;
    into->full_area += from->full_area;
    into->hottest_area += from->hottest_area;
    into->hottest_process_area += from->hottest_process_area;
    into->busy_most = larger(into->busy_most, from->busy_most);
    into->queue_most = larger(into->queue_most, from->queue_most);
    into->arrivals += from->arrivals;
    into->served += from->served;
    into->refused += from->refused;
    into->timed_out += from->timed_out;
    tally_merge(&into->wait, &from->wait);
    into->waited += from->waited;
    into->held += from->held;
    into->throttled += from->throttled;
    into->frozen += from->frozen;
    into->surplus += from->surplus;
    into->memory_most = larger(into->memory_most, from->memory_most);
    into->killed += from->killed;
    into->restarts += from->restarts;
    into->lost += from->lost;
    into->redelivered += from->redelivered;
    into->failed += from->failed;
    merge_cache(&into->cache, &from->cache);
    engine_counts_merge(&into->engine, &from->engine);
    into->batch.batches += from->batch.batches;
    into->batch.requests += from->batch.requests;
}

void outcome_merge(struct outcome *into, const struct outcome *from,
                   const struct model *model, struct arena *arena)
{
    const struct model_facts *facts = model_facts(model);
    for (int i = 0; i < facts->types; i++)
        merge_type(&into->type[i], &from->type[i], facts, arena);
    for (int i = 0; i < facts->stations; i++)
        merge_station(&into->station[i], &from->station[i]);
    merge_counts(into->completed_in, from->completed_in, OUTCOME_BINS);
    into->events += from->events;
    into->warm_up += from->warm_up;
    into->length += from->length;
    if (from->stuck && !into->stuck)
        into->stuck = arena_many(arena, facts->resources, uint64_t);
    if (from->stuck)
        merge_counts(into->stuck, from->stuck, (size_t)facts->resources);
    if (from->end > into->end)
        into->end = from->end;
    if (from->ended > into->ended)
        into->ended = from->ended;
}
