/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Costs nothing where nobody asks: requests are noticed on the way that those with a
 * deadline take anyway, and a chronicled world sends all of them there.
 */
#include "models/chronicle.h"

#include "models/world.h"

#include <string.h>

/* What is remembered between two looks at the levels. */
struct chronicler {
    struct chronicle *out;
    sim_time looked; /* up to here levels are known */
    uint128 *busy, *waiting; /* [stations] areas then */
};

/* ---- levels ---------------------------------------------------------------------- */

/* Processes of an instance that accept work. */
static uint32_t up_of(const struct instance *instance, bool mortal)
{
    if (instance->away || instance->down)
        return 0;
    return mortal ? instance->running : instance->service->processes;
}

static void add_station(const struct world *w, uint32_t station,
                        const struct level *busy, const struct level *waiting,
                        uint128 *busy_area, uint128 *waiting_area)
{
    busy_area[station] += level_area(busy, w->now);
    waiting_area[station] += level_area(waiting, w->now);
}

static void add_areas(struct world *w, uint128 *busy, uint128 *waiting, uint64_t *up)
{
    for (uint32_t i = 0; i < w->m->instances; i++) {
        const struct instance *instance = &w->instance[i];
        uint32_t station = instance->service->station;
        add_station(w, station, &instance->busy, &instance->waiting, busy, waiting);
        up[station] += up_of(instance, instance->service->mortal);
    }
    for (uint32_t i = 0; i < w->m->pool_states; i++) {
        const struct pool_state *pool = &w->pool[i];
        add_station(w, w->m->pool[pool->pool].station, &pool->busy, &pool->waiting,
                    busy, waiting);
    }
}

/* Adds a level that held from..to to the bins that this covers. */
static void spread(const struct chronicle *c, double *bin, sim_time from, sim_time to,
                   double level)
{
    for (int64_t b = from / c->width; b < CHRONICLE_BINS && b * c->width < to; b++) {
        sim_time begin = b * c->width, end = begin + c->width;
        sim_time covered = (to < end ? to : end) - (from > begin ? from : begin);
        bin[b] += level * (double)covered / (double)c->width;
    }
}

/* Brings the levels up to now. */
static void look(struct world *w)
{
    struct chronicler *c = w->chronicler;
    int stations = w->m->facts.stations;
    sim_time span = w->now - c->looked;
    if (span <= 0)
        return;
    uint128 busy[stations + 1], waiting[stations + 1];
    uint64_t up[stations + 1];
    memset(busy, 0, sizeof busy);
    memset(waiting, 0, sizeof waiting);
    memset(up, 0, sizeof up);
    add_areas(w, busy, waiting, up);
    for (int i = 0; i < stations; i++) {
        struct chronicle_station *s = &c->out->station[i];
        spread(c->out, s->busy, c->looked, w->now,
               (double)(busy[i] - c->busy[i]) / (double)span);
        spread(c->out, s->waiting, c->looked, w->now,
               (double)(waiting[i] - c->waiting[i]) / (double)span);
        spread(c->out, s->up, c->looked, w->now, (double)up[i]);
        c->busy[i] = busy[i];
        c->waiting[i] = waiting[i];
    }
    c->looked = w->now;
}

static void look_now_and_then(struct world *w)
{
    if (w->now / w->chronicler->out->width > w->chronicler->looked /
                                                 w->chronicler->out->width)
        look(w);
}

void chronicle_restart(struct world *w)
{
    struct chronicler *c = w->chronicler;
    look(w);
    memset(c->busy, 0, (size_t)w->m->facts.stations * sizeof *c->busy);
    memset(c->waiting, 0, (size_t)w->m->facts.stations * sizeof *c->waiting);
}

/* ---- requests -------------------------------------------------------------------- */

/* The bin of a time; -1: behind the last. */
static int bin_of(const struct chronicle *c, sim_time at)
{
    int64_t bin = at / c->width;
    return bin < CHRONICLE_BINS ? (int)bin : -1;
}

static void count(const struct chronicle *c, uint64_t *bins, sim_time at)
{
    int bin = bin_of(c, at);
    if (bin >= 0)
        bins[bin]++;
}

void chronicle_begun(struct world *w, uint32_t type, sim_time start)
{
    struct chronicle *c = w->chronicler->out;
    look_now_and_then(w);
    count(c, c->type[type].offered, start);
}

void chronicle_ended(struct world *w, const struct request *r, enum status status)
{
    struct chronicle *c = w->chronicler->out;
    struct chronicle_type *type = &c->type[r->type];
    int begun = bin_of(c, r->start);
    look_now_and_then(w);
    count(c, status == STATUS_OK ? type->ok : type->failed, w->now);
    if (status == STATUS_OK && begun >= 0)
        histogram_add(&type->latency[begun], (uint64_t)(w->now - r->start), w->arena);
}

void chronicle_dropped(struct world *w, uint32_t type)
{
    struct chronicle *c = w->chronicler->out;
    count(c, c->type[type].offered, w->now);
    count(c, c->type[type].failed, w->now);
}

/* ---- what happens to the system -------------------------------------------------- */

static void add_event(struct chronicle *c, sim_time at, const char *whom,
                      const char *what, bool over)
{
    if (c->events < CHRONICLE_EVENTS)
        c->event[c->events++] = (struct chronicle_event){at, whom, what, over};
}

void chronicle_note(struct world *w, uint32_t station, const char *what, bool over)
{
    look(w);
    add_event(w->chronicler->out, w->now, w->m->facts.station[station].name, what,
              over);
}

/* Caches are flushed when they are next asked; the time is that which was given. */
static void note_flushes(struct world *w)
{
    struct chronicle *c = w->chronicler->out;
    for (uint32_t i = 0; i < w->m->caches; i++) {
        const struct cache *cache = &w->m->cache[i];
        uint32_t station = w->m->service[cache->service].station;
        if (cache->flush_at > 0 && cache->flush_at < CHRONICLE_BINS * c->width)
            add_event(c, cache->flush_at, w->m->facts.station[station].name, "flush",
                      false);
    }
}

static void note_bursts(struct world *w)
{
    struct chronicle *c = w->chronicler->out;
    sim_time end = CHRONICLE_BINS * c->width;
    for (int i = 0; i < w->m->facts.workloads; i++) {
        const struct workload *load = &w->m->workload[i];
        if (load->form != WORKLOAD_BURST)
            continue;
        const struct burst_conf *burst = load->conf->burst;
        for (sim_time at = burst->at_time; at < end && c->events < CHRONICLE_EVENTS;
             at = burst->every < end ? at + burst->every : end)
            add_event(c, at, load->name, "burst", false);
    }
}

/* ---- beginning and end ----------------------------------------------------------- */

/* All requests take the way on which they are noticed. */
static const struct workload *watched(struct world *w)
{
    int count = w->m->facts.workloads;
    struct workload *copy = arena_many(w->arena, count + 1, struct workload);
    for (int i = 0; i < count; i++) {
        copy[i] = w->m->workload[i];
        copy[i].heralded = copy[i].attended = true;
        copy[i].plain = false;
    }
    return copy;
}

void chronicle_open(struct world *w, sim_time span)
{
    const struct model_facts *facts = &w->m->facts;
    struct chronicle *out = arena_new(w->arena, struct chronicle);
    out->width = (span + CHRONICLE_BINS - 1) / CHRONICLE_BINS;
    out->type = arena_many(w->arena, facts->types + 1, struct chronicle_type);
    out->station = arena_many(w->arena, facts->stations + 1, struct chronicle_station);
    w->chronicler = arena_new(w->arena, struct chronicler);
    w->chronicler->out = w->out->chronicle = out;
    w->chronicler->busy = arena_many(w->arena, facts->stations + 1, uint128);
    w->chronicler->waiting = arena_many(w->arena, facts->stations + 1, uint128);
    w->workload = watched(w);
    note_flushes(w);
    note_bursts(w);
}

void chronicle_close(struct world *w)
{
    struct chronicle *c = w->chronicler->out;
    int64_t bins = w->now / c->width;
    look(w);
    c->bins = bins < CHRONICLE_BINS ? (int)bins : CHRONICLE_BINS;
}

static void copy_rows(struct histogram *h, struct arena *arena)
{
    for (int i = 0; i < HISTOGRAM_ROWS; i++)
        if (h->row[i]) {
            const uint64_t *row = h->row[i];
            h->row[i] = arena_many(arena, HISTOGRAM_ROW, uint64_t);
            memcpy(h->row[i], row, HISTOGRAM_ROW * sizeof *row);
        }
}

struct chronicle *chronicle_copy(const struct chronicle *from, int types, int stations,
                                 struct arena *arena)
{
    struct chronicle *to = arena_new(arena, struct chronicle);
    *to = *from;
    to->type = arena_many(arena, types + 1, struct chronicle_type);
    to->station = arena_many(arena, stations + 1, struct chronicle_station);
    memcpy(to->type, from->type, (size_t)types * sizeof *to->type);
    memcpy(to->station, from->station, (size_t)stations * sizeof *to->station);
    for (int t = 0; t < types; t++)
        for (int b = 0; b < CHRONICLE_BINS; b++)
            copy_rows(&to->type[t].latency[b], arena);
    return to;
}
