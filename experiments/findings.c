/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/findings.h"

#include <math.h>

const double findings_levels[FINDINGS_LEVELS] = {0.5, 0.9, 0.95, 0.99, 0.999};
const char *const findings_level_names[FINDINGS_LEVELS] = {"p50", "p90", "p95", "p99",
                                                           "p99.9"};

/* ---- requests -------------------------------------------------------------------- */

static struct time_findings times_of(const struct sample *s, struct scope scope,
                                     enum sample_time time, bool steady)
{
    struct time_findings f = {
        .least = NAN, .most = NAN, .mean = estimate_lacking(LACK_STEADY_STATE)};
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        f.quantile[i] = steady ? sample_quantile(s, scope, time, findings_levels[i])
                               : estimate_lacking(LACK_STEADY_STATE);
    if (!steady)
        return f;
    f.mean = sample_mean(s, scope, time);
    struct arena arena;
    arena_init(&arena);
    const struct histogram *pool = sample_pool(s, scope, time, &arena);
    if (pool->count) {
        f.least = (double)pool->least * 1e-9;
        f.most = (double)pool->most * 1e-9;
    }
    arena_free(&arena);
    return f;
}

static bool streams_in(const struct model_facts *facts, struct scope scope)
{
    for (int t = 0; t < facts->types; t++)
        if (scope_times(facts, scope, t) && facts->type[t].streaming)
            return true;
    return false;
}

static bool judged_in(const struct model_facts *facts, struct scope scope)
{
    for (int t = 0; t < facts->types; t++)
        if (scope_counts(facts, scope, t) && facts->type[t].judged)
            return true;
    return false;
}

/* A count by another, of a scope. */
static struct estimate part_of(const struct sample *s, struct scope scope,
                               enum sample_count part, enum sample_count whole,
                               struct arena *arena)
{
    double *over = arena_many(arena, s->count, double);
    double *under = arena_many(arena, s->count, double);
    for (int r = 0; r < s->count; r++) {
        over[r] = sample_requests(s, scope, part, r);
        under[r] = sample_requests(s, scope, whole, r);
    }
    return estimate_ratio(over, under, s->count);
}

static struct request_findings requests_of(const struct sample *s, struct scope scope,
                                           bool steady, struct arena *arena)
{
    struct request_findings f = {
        .scope = scope,
        .offered = sample_rate(s, scope, COUNT_OFFERED),
        .completed = findings_throughput(s, scope, steady),
        .errors = sample_errors(s, scope, -1),
        .unfinished = part_of(s, scope, COUNT_UNFINISHED, COUNT_OFFERED, arena),
        .attempts = part_of(s, scope, COUNT_ATTEMPTS, COUNT_OFFERED, arena),
        .error_of = arena_many(arena, s->facts->causes, struct estimate),
        .latency = times_of(s, scope, TIME_LATENCY, steady),
        .streams = streams_in(s->facts, scope),
    };
    for (int c = 0; c < s->facts->causes; c++)
        f.error_of[c] = sample_errors(s, scope, c);
    if (!f.streams)
        return f;
    f.first_byte = times_of(s, scope, TIME_FIRST_BYTE, steady);
    f.gap = times_of(s, scope, TIME_GAP, steady);
    f.cut = sample_cut(s, scope);
    f.open = sample_open(s, scope);
    for (int r = 0; r < s->count; r++)
        for (int t = 0; t < s->facts->types; t++)
            if (scope_counts(s->facts, scope, t))
                f.open_most =
                    fmax(f.open_most, (double)s->outcome[r].type[t].open_most);
    f.per_token = times_of(s, scope, TIME_PER_TOKEN, steady);
    f.tokens = f.per_token.least >= 0;
    f.good = sample_rate(s, scope, COUNT_GOOD);
    f.judged = judged_in(s->facts, scope);
    return f;
}

/* Successful answers per second of the window, whoever asked when. */
static double answered_inside(const struct sample *s, int replication)
{
    const struct outcome *o = &s->outcome[replication];
    sim_time width = o->in_system.width;
    int64_t first = (o->warm_up + width - 1) / width, bins = 0;
    double sum = 0;
    for (int64_t b = first; b < OUTCOME_BINS && (b + 1) * width <= o->ended;
         b++, bins++)
        sum += (double)o->completed_in[b];
    return bins ? sum / (double)bins / sim_seconds(width) : 0;
}

struct estimate findings_throughput(const struct sample *s, struct scope scope,
                                    bool steady)
{
    if (steady)
        return sample_rate(s, scope, COUNT_OK);
    struct arena arena;
    arena_init(&arena);
    double *rate = arena_many(&arena, s->count, double);
    for (int r = 0; r < s->count; r++) {
        double all = sample_requests(s, (struct scope){SCOPE_WHOLE, 0}, COUNT_OK, r);
        double own = sample_requests(s, scope, COUNT_OK, r);
        rate[r] = all > 0 ? answered_inside(s, r) * own / all : 0;
    }
    struct estimate e = estimate_mean(rate, s->count);
    arena_free(&arena);
    return e;
}

/* ---- stations -------------------------------------------------------------------- */

/* Readings of a station: an amount in each replication, by what it is out of. */
enum reading {
    READ_UTILISATION,
    READ_BUSY,
    READ_CPU,
    READ_HOTTEST,
    READ_HOTTEST_PROCESS,
    READ_QUEUE,
    READ_WAIT,
    READ_WAITED,
    READ_SERVED,
    READ_REFUSED,
    READ_TIMED_OUT,
    READ_FULL,
    READ_KILLED,
    READ_RESTARTS,
    READ_LOOKUPS,
    READ_FILLED,
    READ_EVICTED,
    READ_HIT,
    READ_STALE,
    READ_JOINED,
    READ_LOST,
    READ_REDELIVERED,
    READ_FAILED,
    READ_STEPS,
    READ_STEP_TIME,
    READ_BATCH,
    READ_WRITTEN,
    READ_BATCH_FULL,
    READ_KV,
    READ_FOUND,
    READ_AGAIN,
    READ_PREEMPTIONS,
    READ_STALLS,
    READ_IN_BATCH,
};

/* The part of the window that was simulated, ns: less where a replication
 * overflowed. */
static double time_of(const struct outcome *o)
{
    sim_time end = o->warm_up + o->length;
    end = o->ended < end ? o->ended : end;
    return (double)(end > o->warm_up ? end - o->warm_up : 0);
}

static double amount(const struct station_outcome *o, enum reading reading)
{
    switch (reading) {
    case READ_UTILISATION:
    case READ_BUSY:
        return (double)o->busy_area;
    case READ_CPU:
        return (double)o->cpu_area * 1e-3;
    case READ_HOTTEST:
        return (double)o->hottest_area;
    case READ_HOTTEST_PROCESS:
        return (double)o->hottest_process_area;
    case READ_QUEUE:
        return (double)o->queue_area;
    case READ_WAIT:
        return (double)o->wait.sum * 1e-9;
    case READ_WAITED:
        return (double)o->waited;
    case READ_SERVED:
        return (double)o->served;
    case READ_REFUSED:
        return (double)o->refused;
    case READ_TIMED_OUT:
        return (double)o->timed_out;
    case READ_FULL:
        return (double)o->full_area;
    case READ_KILLED:
        return (double)o->killed;
    case READ_RESTARTS:
        return (double)o->restarts;
    case READ_LOOKUPS:
        return (double)o->cache.lookups;
    case READ_FILLED:
        return (double)(o->cache.lookups - o->cache.hits - o->cache.joined);
    case READ_EVICTED:
        return (double)o->cache.evicted;
    case READ_HIT:
        return (double)o->cache.hits;
    case READ_STALE:
        return (double)o->cache.stale;
    case READ_JOINED:
        return (double)o->cache.joined;
    case READ_LOST:
        return (double)o->lost;
    case READ_REDELIVERED:
        return (double)o->redelivered;
    case READ_FAILED:
        return (double)o->failed;
    case READ_STEPS:
        return (double)o->engine.steps;
    case READ_STEP_TIME:
        return (double)o->cpu_area * 1e-12;
    case READ_BATCH:
        return (double)o->engine.sequences;
    case READ_WRITTEN:
        return (double)o->engine.written;
    case READ_BATCH_FULL:
        return (double)o->engine.full_area;
    case READ_KV:
        return (double)o->engine.block_area;
    case READ_FOUND:
        return (double)o->engine.found;
    case READ_AGAIN:
        return (double)o->engine.lost;
    case READ_PREEMPTIONS:
        return (double)o->engine.preemptions;
    case READ_STALLS:
        return (double)o->engine.stalls;
    case READ_IN_BATCH:
        return (double)o->batch.requests;
    }
    return 0;
}

static double out_of(const struct outcome *o, const struct station_facts *facts,
                     int station, enum reading reading)
{
    switch (reading) {
    case READ_UTILISATION:
        return facts->slots * time_of(o);
    case READ_CPU:
        return facts->cores * time_of(o);
    case READ_HOTTEST:
        return facts->slots / facts->instances * time_of(o);
    case READ_HOTTEST_PROCESS:
        return facts->process_slots * time_of(o);
    case READ_FULL:
        return facts->instances * time_of(o);
    case READ_BUSY:
    case READ_QUEUE:
        return time_of(o);
    case READ_WAIT:
    case READ_WAITED:
        return (double)o->station[station].wait.count;
    case READ_SERVED:
    case READ_REFUSED:
    case READ_TIMED_OUT:
    case READ_KILLED:
    case READ_RESTARTS:
    case READ_LOOKUPS:
    case READ_FILLED:
    case READ_EVICTED:
    case READ_LOST:
    case READ_REDELIVERED:
    case READ_FAILED:
        return time_of(o) * 1e-9;
    case READ_HIT:
    case READ_STALE:
    case READ_JOINED:
        return (double)o->station[station].cache.lookups;
    case READ_STEPS:
    case READ_WRITTEN:
    case READ_PREEMPTIONS:
    case READ_STALLS:
        return time_of(o) * 1e-9;
    case READ_STEP_TIME:
    case READ_BATCH:
        return (double)o->station[station].engine.steps;
    case READ_BATCH_FULL:
        return facts->instances * time_of(o);
    case READ_KV:
        return (double)facts->blocks * facts->instances * time_of(o);
    case READ_FOUND:
        return (double)(o->station[station].engine.found +
                        o->station[station].engine.read);
    case READ_AGAIN:
        return (double)o->station[station].engine.computed;
    case READ_IN_BATCH:
        return (double)o->station[station].batch.batches;
    }
    return 0;
}

static struct estimate read_station(const struct sample *s, int i, enum reading reading)
{
    struct arena arena;
    arena_init(&arena);
    double *over = arena_many(&arena, s->count, double);
    double *under = arena_many(&arena, s->count, double);
    for (int r = 0; r < s->count; r++) {
        over[r] = amount(&s->outcome[r].station[i], reading);
        under[r] = out_of(&s->outcome[r], &s->facts->station[i], i, reading);
    }
    struct estimate e = estimate_ratio(over, under, s->count);
    arena_free(&arena);
    return e;
}

static struct estimate read_limited(const struct sample *s, int i, double limit,
                                    enum reading reading)
{
    return isinf(limit) || limit <= 0 ? estimate_lacking(LACK_LIMIT)
                                      : read_station(s, i, reading);
}

static struct estimate read_memory(const struct sample *s, int i, enum reading reading)
{
    return s->facts->station[i].weighs ? read_station(s, i, reading)
                                       : estimate_lacking(LACK_LIMIT);
}

static struct estimate read_cache(const struct sample *s, int i, enum reading reading)
{
    return s->facts->station[i].caches ? read_station(s, i, reading)
                                       : estimate_lacking(LACK_LIMIT);
}

static struct estimate read_broker(const struct sample *s, int i, enum reading reading)
{
    return s->facts->station[i].broker ? read_station(s, i, reading)
                                        : estimate_lacking(LACK_LIMIT);
}

static struct estimate read_engine(const struct sample *s, int i, enum reading reading)
{
    return s->facts->station[i].blocks ? read_station(s, i, reading)
                                       : estimate_lacking(LACK_LIMIT);
}

struct estimate findings_utilisation(const struct sample *s, int station)
{
    return read_limited(s, station, s->facts->station[station].slots, READ_UTILISATION);
}

struct estimate findings_cpu(const struct sample *s, int station)
{
    return read_limited(s, station, s->facts->station[station].cores, READ_CPU);
}

static struct station_findings station_of(const struct sample *s, int i)
{
    const struct station_facts *facts = &s->facts->station[i];
    struct station_findings f = {
        .utilisation = findings_utilisation(s, i),
        .busy = read_station(s, i, READ_BUSY),
        .cpu = findings_cpu(s, i),
        .hottest = read_limited(s, i, facts->slots, READ_HOTTEST),
        .hottest_process =
            facts->processes > 1
                ? read_limited(s, i, facts->process_slots, READ_HOTTEST_PROCESS)
                : estimate_lacking(LACK_LIMIT),
        .queue = read_station(s, i, READ_QUEUE),
        .wait = read_station(s, i, READ_WAIT),
        .waited = read_station(s, i, READ_WAITED),
        .throughput = read_station(s, i, READ_SERVED),
        .refused = read_station(s, i, READ_REFUSED),
        .timed_out = read_station(s, i, READ_TIMED_OUT),
        .full = facts->blocks ? read_engine(s, i, READ_BATCH_FULL)
                              : read_limited(s, i, facts->slots, READ_FULL),
        .killed = read_memory(s, i, READ_KILLED),
        .restarts = read_memory(s, i, READ_RESTARTS),
        .lookups = read_cache(s, i, READ_LOOKUPS),
        .filled = read_cache(s, i, READ_FILLED),
        .evicted = read_cache(s, i, READ_EVICTED),
        .hit = read_cache(s, i, READ_HIT),
        .stale = read_cache(s, i, READ_STALE),
        .joined = read_cache(s, i, READ_JOINED),
        .lost = read_broker(s, i, READ_LOST),
        .redelivered = read_broker(s, i, READ_REDELIVERED),
        .failed = read_broker(s, i, READ_FAILED),
        .steps = read_engine(s, i, READ_STEPS),
        .step_time = read_engine(s, i, READ_STEP_TIME),
        .batch = read_engine(s, i, READ_BATCH),
        .written = read_engine(s, i, READ_WRITTEN),
        .kv = read_engine(s, i, READ_KV),
        .found = read_engine(s, i, READ_FOUND),
        .again = read_engine(s, i, READ_AGAIN),
        .preemptions = read_engine(s, i, READ_PREEMPTIONS),
        .stalls = read_engine(s, i, READ_STALLS),
        .in_batch = facts->batches ? read_station(s, i, READ_IN_BATCH)
                                   : estimate_lacking(LACK_LIMIT),
    };
    for (int r = 0; r < s->count; r++) {
        const struct station_outcome *o = &s->outcome[r].station[i];
        f.queue_most = fmax(f.queue_most, (double)o->queue_most);
        f.busy_most = fmax(f.busy_most, (double)o->busy_most);
        f.memory_most = fmax(f.memory_most, (double)o->memory_most);
        f.wait_most = fmax(f.wait_most, (double)o->wait.most * 1e-9);
        f.gap_most = fmax(f.gap_most, (double)o->engine.longest_gap * 1e-9);
        if (facts->blocks)
            f.kv_most = fmax(f.kv_most,
                             (double)o->engine.block_most / (double)facts->blocks);
    }
    return f;
}

struct findings *findings_of(const struct sample *s, bool steady, struct arena *arena)
{
    struct findings *f = arena_new(arena, struct findings);
    f->steady = steady;
    f->whole = requests_of(s, (struct scope){SCOPE_WHOLE, 0}, steady, arena);
    f->plain = requests_of(s, (struct scope){SCOPE_PLAIN, 0}, steady, arena);
    f->type = arena_many(arena, s->facts->types, struct request_findings);
    for (int t = 0; t < s->facts->types; t++)
        f->type[t] = requests_of(s, (struct scope){SCOPE_TYPE, t}, steady, arena);
    f->station = arena_many(arena, s->facts->stations, struct station_findings);
    for (int i = 0; i < s->facts->stations; i++)
        f->station[i] = station_of(s, i);
    return f;
}
