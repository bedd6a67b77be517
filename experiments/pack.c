/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/pack.h"

#include "sim/check.h"

#include <string.h>

/* Whoever adds a field there teaches it to this file, in both directions, and makes
 * PACK_VERSION larger. */
_Static_assert(sizeof(struct station_outcome) ==
                   400 + sizeof(struct engine_counts) + 2 * 8,
               "experiments/pack.c knows it");
_Static_assert(sizeof(struct type_outcome) ==
                   8 * 8 + 5 * sizeof(struct histogram) + 6 * 8 +
                       3 * sizeof(struct tally) + 5 * 8 + 8,
               "experiments/pack.c knows it");
_Static_assert(sizeof(struct engine_counts) == 14 * 8 + 3 * 16,
               "experiments/pack.c knows it");
_Static_assert(sizeof(struct outcome) - sizeof(struct series) == 96,
               "experiments/pack.c knows it");

/* ---- one way to walk over it all, in either direction ---------------------------- */

/*
 * Writing and reading pass the same places in the same order, so there is one
 * description of the format: a function that hands every field to the stream. When
 * reading, `end` is the end of the bytes; a stream that has failed gives zeros.
 */
struct stream {
    bool reading, failed;
    unsigned char *at, *end, *begin;
    struct arena *arena;
};

enum { LONGEST_NUMBER = 19, FIRST_ROOM = 4096 };

static void make_room(struct stream *s)
{
    if (s->end - s->at >= LONGEST_NUMBER)
        return;
    size_t used = (size_t)(s->at - s->begin), room = 2 * used + FIRST_ROOM;
    unsigned char *larger = arena_many(s->arena, room, unsigned char);
    if (used)
        memcpy(larger, s->begin, used);
    s->begin = larger;
    s->at = larger + used;
    s->end = larger + room;
}

static void write_number(struct stream *s, uint128 number)
{
    make_room(s);
    for (; number >= 128; number >>= 7)
        *s->at++ = (unsigned char)(128 | (number & 127));
    *s->at++ = (unsigned char)number;
}

static uint128 read_number(struct stream *s)
{
    uint128 number = 0;
    for (int shift = 0; shift < 128 && !s->failed; shift += 7) {
        if (s->at == s->end)
            break;
        unsigned char byte = *s->at++;
        if (shift == 126 && byte > 3)
            break;
        number |= (uint128)(byte & 127) << shift;
        if (byte < 128)
            return number;
    }
    s->failed = true;
    return 0;
}

static void pass_wide(struct stream *s, uint128 *number)
{
    if (s->reading)
        *number = read_number(s);
    else
        write_number(s, *number);
}

static void pass(struct stream *s, uint64_t *number)
{
    uint128 wide = *number;
    pass_wide(s, &wide);
    s->failed |= wide > UINT64_MAX;
    *number = (uint64_t)wide;
}

static void pass_signed_wide(struct stream *s, int128 *number)
{
    uint128 zigzag = (uint128)*number << 1 ^ (uint128)(*number >> 127);
    pass_wide(s, &zigzag);
    *number = (int128)(zigzag >> 1) ^ -(int128)(zigzag & 1);
}

static void pass_signed(struct stream *s, int64_t *number)
{
    int128 wide = *number;
    pass_signed_wide(s, &wide);
    s->failed |= wide > INT64_MAX || wide < INT64_MIN;
    *number = (int64_t)wide;
}

/* ---- sparse arrays --------------------------------------------------------------- */

/* Cells that are not 0, each after the gap since the one before; a gap that leads to
 * the end closes the list. */
static void pass_sparse(struct stream *s, uint64_t *cell, int count)
{
    uint64_t gap = 0;
    for (int i = 0; i < count && !s->failed; i++) {
        if (s->reading) {
            pass(s, &gap);
            if (gap > (uint64_t)(count - i))
                s->failed = true;
            i += s->failed ? 0 : (int)gap;
        } else {
            for (gap = 0; i < count && cell[i] == 0; i++)
                gap++;
            pass(s, &gap);
        }
        if (i < count)
            pass(s, &cell[i]);
    }
}

static void pass_wides(struct stream *s, uint128 *cell, int count)
{
    for (int i = 0; i < count; i++)
        pass_wide(s, &cell[i]);
}

/* Rows that hold anything, as bits, then their cells. */
static void pass_histogram(struct stream *s, struct histogram *h)
{
    pass(s, &h->count);
    if (h->count == 0)
        return;
    pass(s, &h->least);
    pass(s, &h->most);
    uint64_t rows = 0;
    for (int row = 0; row < HISTOGRAM_ROWS; row++)
        rows |= (uint64_t)(h->row[row] != NULL) << row;
    pass(s, &rows);
    s->failed |= rows >> HISTOGRAM_ROWS != 0;
    for (int row = 0; row < HISTOGRAM_ROWS && !s->failed; row++) {
        if (!(rows >> row & 1))
            continue;
        if (!h->row[row])
            h->row[row] = arena_many(s->arena, HISTOGRAM_ROW, uint64_t);
        pass_sparse(s, h->row[row], HISTOGRAM_ROW);
    }
}

static void pass_tally(struct stream *s, struct tally *t)
{
    pass(s, &t->count);
    if (t->count == 0)
        return;
    pass_signed_wide(s, &t->sum);
    pass_wide(s, &t->squares);
    pass_signed(s, &t->least);
    pass_signed(s, &t->most);
}

/* ---- the parts of an outcome ----------------------------------------------------- */

static void pass_segments(struct stream *s, struct type_outcome *t)
{
    uint64_t there = t->segment != NULL;
    pass(s, &there);
    if (!there || s->failed)
        return;
    if (s->reading) {
        t->segment = arena_many(s->arena, OUTCOME_SEGMENTS, struct histogram);
        t->segment_sum = arena_many(s->arena, OUTCOME_SEGMENTS, struct tally);
        t->segment_offered = arena_many(s->arena, OUTCOME_SEGMENTS, uint64_t);
    }
    for (int k = 0; k < OUTCOME_SEGMENTS; k++) {
        pass_histogram(s, &t->segment[k]);
        pass_tally(s, &t->segment_sum[k]);
        pass(s, &t->segment_offered[k]);
    }
}

static void pass_type(struct stream *s, struct type_outcome *t,
                      const struct model_facts *facts)
{
    if (s->reading) {
        int cells = BLAME_BINS * facts->resources;
        t->failed = arena_many(s->arena, facts->causes + 1, uint64_t);
        t->blame = arena_many(s->arena, cells, uint64_t);
        t->blame_requests = arena_many(s->arena, BLAME_BINS, uint64_t);
    }
    pass(s, &t->offered);
    pass(s, &t->ok);
    pass(s, &t->unfinished);
    pass(s, &t->attempts);
    pass(s, &t->retries);
    pass(s, &t->unsent);
    pass(s, &t->tool_late);
    pass_histogram(s, &t->tool);
    pass_tally(s, &t->tool_sum);
    pass_sparse(s, t->failed, facts->causes);
    pass_histogram(s, &t->latency);
    pass_histogram(s, &t->first_byte);
    pass_histogram(s, &t->gap);
    pass(s, &t->cut);
    pass_wide(s, &t->open_area);
    pass_signed(s, &t->open_most);
    pass_histogram(s, &t->per_token);
    pass(s, &t->good);
    pass_tally(s, &t->latency_sum);
    pass_tally(s, &t->failed_latency);
    pass_segments(s, t);
    pass_sparse(s, t->blame, BLAME_BINS * facts->resources);
    pass_sparse(s, t->blame_requests, BLAME_BINS);
}

static void pass_cache(struct stream *s, struct cache_counts *c)
{
    pass(s, &c->lookups);
    pass(s, &c->hits);
    pass(s, &c->stale);
    pass(s, &c->joined);
    pass(s, &c->early);
    pass(s, &c->evicted);
    pass(s, &c->expired);
    pass(s, &c->full);
}

/* Of a language model alone; all others say so in one number. */
static void pass_engine(struct stream *s, struct engine_counts *e)
{
    pass(s, &e->steps);
    if (e->steps == 0)
        return;
    pass(s, &e->sequences);
    pass(s, &e->computed);
    pass(s, &e->read);
    pass(s, &e->found);
    pass(s, &e->lost);
    pass(s, &e->written);
    pass(s, &e->finished);
    pass(s, &e->aborted);
    pass(s, &e->preemptions);
    pass(s, &e->stalls);
    pass_signed(s, &e->longest_gap);
    pass_signed(s, &e->block_most);
    pass_signed(s, &e->batch_most);
    pass_wide(s, &e->block_area);
    pass_wide(s, &e->batch_area);
    pass_wide(s, &e->full_area);
}

static void pass_station(struct stream *s, struct station_outcome *o)
{
    pass_wide(s, &o->busy_area);
    pass_wide(s, &o->queue_area);
    pass_wide(s, &o->cpu_area);
    pass_wide(s, &o->full_area);
    pass_wide(s, &o->hottest_area);
    pass_wide(s, &o->hottest_process_area);
    pass_signed(s, &o->busy_most);
    pass_signed(s, &o->queue_most);
    pass(s, &o->arrivals);
    pass(s, &o->served);
    pass(s, &o->refused);
    pass(s, &o->timed_out);
    pass_tally(s, &o->wait);
    pass(s, &o->waited);
    pass_signed_wide(s, &o->held);
    pass(s, &o->throttled);
    pass_wide(s, &o->frozen);
    pass_wide(s, &o->surplus);
    pass_signed(s, &o->memory_most);
    pass(s, &o->killed);
    pass(s, &o->restarts);
    pass_cache(s, &o->cache);
    pass(s, &o->lost);
    pass(s, &o->redelivered);
    pass(s, &o->failed);
    pass_engine(s, &o->engine);
    pass(s, &o->batch.batches);
    pass(s, &o->batch.requests);
}

/* Of the series only the sums are found: its clock has stopped. */
static void pass_series(struct stream *s, struct series *series)
{
    uint64_t bins = (uint64_t)series->bins;
    pass(s, &bins);
    s->failed |= bins > OUTCOME_BINS;
    if (s->failed)
        return;
    if (s->reading) {
        series->bins = (int)bins;
        series->area = arena_many(s->arena, bins, uint128);
    }
    pass_signed(s, &series->width);
    pass_wides(s, series->area, series->bins);
}

static void pass_head(struct stream *s, struct outcome *o)
{
    uint64_t version = PACK_VERSION, replication = o->replication, end = o->end;
    pass(s, &version);
    pass(s, &replication);
    pass(s, &end);
    s->failed |= version != PACK_VERSION || replication > UINT32_MAX ||
                 end > OUTCOME_DEADLOCK;
    o->replication = (uint32_t)replication;
    o->end = (enum outcome_end)end;
    pass_signed(s, &o->warm_up);
    pass_signed(s, &o->length);
    pass_signed(s, &o->ended);
    pass(s, &o->events);
    pass(s, &o->fingerprint);
}

static void pass_outcome(struct stream *s, struct outcome *o,
                         const struct model_facts *facts)
{
    pass_head(s, o);
    uint64_t shape[] = {(uint64_t)facts->types, (uint64_t)facts->stations,
                        (uint64_t)facts->causes, (uint64_t)facts->resources};
    for (int i = 0; i < 4; i++) {
        uint64_t expected = shape[i];
        pass(s, &shape[i]);
        s->failed |= shape[i] != expected;
    }
    if (s->failed)
        return;
    if (s->reading) {
        o->type = arena_many(s->arena, facts->types + 1, struct type_outcome);
        o->station = arena_many(s->arena, facts->stations + 1, struct station_outcome);
        o->completed_in = arena_many(s->arena, OUTCOME_BINS, uint64_t);
        if (o->end == OUTCOME_DEADLOCK)
            o->stuck = arena_many(s->arena, facts->resources, uint64_t);
    }
    for (int t = 0; t < facts->types && !s->failed; t++)
        pass_type(s, &o->type[t], facts);
    for (int i = 0; i < facts->stations && !s->failed; i++)
        pass_station(s, &o->station[i]);
    pass_series(s, &o->in_system);
    pass_sparse(s, o->completed_in, OUTCOME_BINS);
    if (o->end == OUTCOME_DEADLOCK)
        pass_sparse(s, o->stuck, facts->resources);
}

/* ---- both directions ------------------------------------------------------------- */

struct packed pack_outcome(const struct outcome *o, const struct model_facts *facts,
                           struct arena *arena)
{
    struct stream s = {.arena = arena};
    struct outcome same = *o; /* writing changes nothing that it points at */
    pass_outcome(&s, &same, facts);
    check(!s.failed, "outcome of replication %u", (unsigned)o->replication);
    return (struct packed){s.begin, (size_t)(s.at - s.begin)};
}

bool pack_read(const struct packed *packed, const struct model_facts *facts,
               struct arena *arena, struct outcome *out)
{
    struct stream s = {.reading = true,
                       .at = packed->bytes,
                       .begin = packed->bytes,
                       .end = packed->bytes + packed->length,
                       .arena = arena};
    *out = (struct outcome){0};
    pass_outcome(&s, out, facts);
    return !s.failed && s.at == s.end;
}

bool pack_shape(const struct packed *packed, struct model_facts *facts)
{
    enum { MOST = 1000000 };
    struct stream s = {.reading = true,
                       .at = packed->bytes,
                       .begin = packed->bytes,
                       .end = packed->bytes + packed->length};
    struct outcome head = {0};
    uint64_t shape[4];
    pass_head(&s, &head);
    for (int i = 0; i < 4; i++) {
        pass(&s, &shape[i]);
        s.failed |= shape[i] > MOST;
    }
    if (s.failed)
        return false;
    *facts = (struct model_facts){.types = (int)shape[0],
                                  .stations = (int)shape[1],
                                  .causes = (int)shape[2],
                                  .resources = (int)shape[3]};
    return true;
}
