/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/explain.h"

#include "experiments/walk.h"
#include "models/proxy.h"
#include "models/theory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct explainer {
    const struct system_spec *system;
    const struct model *model;
    const struct model_facts *facts;
    struct arena *arena;
    struct explanation *out;
};

/* ---- rates ----------------------------------------------------------------------- */

/* The mean latency of a workload's requests when nobody else is there. */
static double alone(const struct explainer *e, int workload)
{
    double sum = 0;
    for (int t = 0; t < e->facts->types; t++)
        if (e->facts->type[t].workload_index == workload)
            sum += e->facts->type[t].share * model_alone(e->model, t);
    return sum;
}

/* Requests per second if nobody waits; 0 of a burst that comes once. */
static double rate_of(const struct explainer *e, int workload)
{
    const struct workload_facts *load = &e->facts->workload[workload];
    if (load->form != WORKLOAD_CLOSED)
        return load->rate;
    double cycle = load->think + alone(e, workload);
    return cycle > 0 ? load->users / cycle : INFINITY;
}

static bool is_single_burst(const struct workload_facts *load)
{
    return load->form == WORKLOAD_BURST && load->rate == 0;
}

static void set_rates(struct explainer *e)
{
    struct explanation *out = e->out;
    out->type_rate = arena_many(e->arena, e->facts->types + 1, double);
    for (int w = 0; w < e->facts->workloads; w++)
        out->rate += rate_of(e, w);
    for (int t = 0; t < e->facts->types; t++) {
        const struct type_facts *type = &e->facts->type[t];
        const struct workload_facts *load = &e->facts->workload[type->workload_index];
        out->type_rate[t] =
            type->share *
            (is_single_burst(load) ? load->users : rate_of(e, type->workload_index));
    }
}

/* ---- parts ----------------------------------------------------------------------- */

static double demand_of(const struct explainer *e, int type, int station, bool cores)
{
    struct demand d = model_demand(e->model, type, station);
    return cores ? d.cpu : d.hold;
}

/* s of the part per request of one workload. */
static double workload_demand(const struct explainer *e, int workload,
                              const struct explain_part *part)
{
    double sum = 0;
    for (int t = 0; t < e->facts->types; t++)
        if (e->facts->type[t].workload_index == workload)
            sum +=
                e->facts->type[t].share * demand_of(e, t, part->station, part->cores);
    return sum;
}

static struct explain_part part_of(const struct explainer *e, int station, bool cores)
{
    const struct station_facts *facts = &e->facts->station[station];
    struct explain_part p = {.station = station,
                             .cores = cores,
                             .capacity = cores ? facts->cores : facts->slots};
    double requests = 0, work = 0;
    for (int t = 0; t < e->facts->types; t++) {
        const struct type_facts *type = &e->facts->type[t];
        const struct workload_facts *load = &e->facts->workload[type->workload_index];
        double asked = e->out->type_rate[t] * demand_of(e, t, station, cores);
        if (is_single_burst(load) && e->out->rate > 0)
            continue; /* told on its own */
        requests += e->out->type_rate[t];
        work += asked;
        if (!is_single_burst(load)) {
            p.wanted += asked;
            p.fixed += load->form == WORKLOAD_CLOSED ? 0 : asked;
        }
    }
    p.demand = requests > 0 ? work / requests : 0;
    p.load = p.wanted / p.capacity;
    p.most = p.demand > 0 ? p.capacity / p.demand : INFINITY;
    return p;
}

static int by_load(const void *a, const void *b)
{
    const struct explain_part *x = a, *y = b;
    if (x->most != y->most)
        return x->most < y->most ? -1 : 1;
    return x->station != y->station ? x->station - y->station : x->cores - y->cores;
}

static void find_parts(struct explainer *e)
{
    struct explanation *out = e->out;
    out->part = arena_many(e->arena, 2 * e->facts->stations + 1, struct explain_part);
    for (int i = 0; i < e->facts->stations; i++)
        for (int cores = 0; cores <= 1; cores++) {
            struct explain_part p = part_of(e, i, cores);
            if (isfinite(p.capacity) && p.demand > 0)
                out->part[out->parts++] = p;
            out->overloaded |= isfinite(p.capacity) && p.fixed >= p.capacity;
        }
    qsort(out->part, (size_t)out->parts, sizeof *out->part, by_load);
}

/* ---- limits of a rate ------------------------------------------------------------ */

static bool comes_from(const struct model_facts *facts,
                       const struct rate_limit_facts *l, int workload)
{
    bool comes = false;
    for (int t = 0; t < facts->types; t++)
        comes |= facts->type[t].workload_index == workload && l->demand[t] > 0;
    return comes;
}

double explain_keys(const struct system_spec *system, const struct model_facts *facts,
                    const struct rate_limit_facts *limit)
{
    const struct workload_conf *conf = system->workloads.items;
    double sum = 0;
    if (limit->key == LIMIT_ALL)
        return 1;
    for (int w = 0; w < facts->workloads; w++)
        if (comes_from(facts, limit, w))
            sum += limit->key == LIMIT_KEY && conf[w].keys
                       ? (double)conf[w].keys->count
                       : facts->workload[w].addresses;
    return sum;
}

/* Bursts that come once are let through, or not, by themselves. */
static struct explain_limit limit_of(const struct explainer *e, int number)
{
    const struct rate_limit_facts *l = &e->facts->rate_limit[number];
    struct explain_limit is = {.limit = number,
                               .rate = l->rate * explain_keys(e->system, e->facts, l)};
    double requests = 0;
    for (int t = 0; t < e->facts->types; t++) {
        if (is_single_burst(&e->facts->workload[e->facts->type[t].workload_index]))
            continue;
        requests += e->out->type_rate[t];
        is.asked += e->out->type_rate[t] * l->demand[t];
    }
    is.load = is.asked / is.rate;
    is.most = is.asked > 0 ? requests / is.load : INFINITY;
    return is;
}

static int by_tightness(const void *a, const void *b)
{
    const struct explain_limit *x = a, *y = b;
    if (x->load != y->load)
        return x->load > y->load ? -1 : 1;
    return x->limit - y->limit;
}

static void find_limits(struct explainer *e)
{
    struct explanation *out = e->out;
    out->limit = arena_many(e->arena, e->facts->rate_limits + 1, struct explain_limit);
    for (int i = 0; i < e->facts->rate_limits; i++) {
        struct explain_limit l = limit_of(e, i);
        if (l.asked > 0)
            out->limit[out->limits++] = l;
    }
    qsort(out->limit, (size_t)out->limits, sizeof *out->limit, by_tightness);
}

/* ---- users who wait, bursts, peaks ----------------------------------------------- */

/* Utilisation law and asymptotic bounds: X <= min(L, N / (R + Z)), R >= N / L - Z,
 * where L is what the workloads that do not wait leave of the narrowest part. */
static void bound_closed(struct explainer *e, int workload)
{
    const struct workload_facts *load = &e->facts->workload[workload];
    double limit = INFINITY, response = alone(e, workload);
    for (int i = 0; i < e->out->parts; i++) {
        const struct explain_part *p = &e->out->part[i];
        double demand = workload_demand(e, workload, p);
        if (demand > 0)
            limit = fmin(limit, fmax(0, p->capacity - p->fixed) / demand);
    }
    e->out->closed[e->out->closed_count++] = (struct explain_closed){
        .workload = workload,
        .most = fmin(limit, rate_of(e, workload)),
        .least_response = fmax(response, load->users / limit - load->think),
        .knee = limit * (load->think + response),
    };
}

static void measure_burst(struct explainer *e, int workload)
{
    struct explain_burst *b = &e->out->burst[e->out->bursts++];
    *b = (struct explain_burst){
        .workload = workload, .part = -1, .span = alone(e, workload)};
    for (int i = 0; i < e->out->parts; i++) {
        const struct explain_part *p = &e->out->part[i];
        double work =
            e->facts->workload[workload].users * workload_demand(e, workload, p);
        if (work / p->capacity >= b->span * (1 - 1e-12)) {
            b->span = fmax(b->span, work / p->capacity);
            b->work = work;
            b->part = i;
        }
    }
}

/* The highest rate by the mean one; 1 where it does not vary. */
static double peak_by_mean(const struct open_conf *open)
{
    double area = 0, most = 0;
    if (open->daily)
        return open->daily->peak;
    if (open->profile.count < 2)
        return 1;
    const struct profile_point *p = open->profile.items;
    int last = open->profile.count - 1;
    for (int i = 0; i <= last; i++) {
        most = fmax(most, p[i].multiplier);
        if (i > 0)
            area += (p[i].multiplier + p[i - 1].multiplier) / 2 *
                    (double)(p[i].time - p[i - 1].time);
    }
    return most * (double)p[last].time / area;
}

static void find_peak(struct explainer *e, int workload)
{
    const struct workload_conf *conf =
        &((const struct workload_conf *)e->system->workloads.items)[workload];
    if (!conf->open || (conf->open->profile.count < 2 && !conf->open->daily))
        return;
    double mean = e->facts->workload[workload].rate,
           rate = mean * peak_by_mean(conf->open);
    struct explain_peak peak = {workload, rate, 0};
    if (e->out->parts) {
        const struct explain_part *first = &e->out->part[0];
        double more = (rate - mean) * workload_demand(e, workload, first);
        peak.load = (first->wanted + more) / first->capacity;
    }
    e->out->peak[e->out->peaks++] = peak;
}

static void look_at_workloads(struct explainer *e)
{
    int count = e->facts->workloads;
    e->out->closed = arena_many(e->arena, count + 1, struct explain_closed);
    e->out->burst = arena_many(e->arena, count + 1, struct explain_burst);
    e->out->peak = arena_many(e->arena, count + 1, struct explain_peak);
    for (int w = 0; w < count; w++) {
        if (e->facts->workload[w].form == WORKLOAD_CLOSED)
            bound_closed(e, w);
        else if (e->facts->workload[w].form == WORKLOAD_BURST)
            measure_burst(e, w);
        else
            find_peak(e, w);
    }
}

/* ---- slots held while they wait for connections ---------------------------------- */

/* Which pools the handlers of one service take connections of. */
struct pool_search {
    const struct explainer *e;
    bool *uses; /* by station */
};

static void mark(const struct pool_search *search, const char *name)
{
    for (int i = 0; i < search->e->facts->stations; i++)
        if (strcmp(search->e->facts->station[i].name, name) == 0)
            search->uses[i] = true;
}

static void search_step(void *context, const struct param_variant *step)
{
    const struct pool_search *search = context;
    if (step->which == STEP_HOLD)
        mark(search, ((const struct hold_step *)step->body)->pool);
    if (step->which != STEP_QUERY)
        return;
    const struct param_variant *via = &((const struct query_step *)step->body)->via;
    if (!via->row)
        return;
    if (via->which == 0) {
        mark(search, *(const char *const *)via->body);
        return;
    }
    const struct param_list *list = via->body;
    for (int i = 0; i < list->count; i++)
        mark(search, ((const char *const *)list->items)[i]);
}

/* uses[service * stations + pool] */
static bool *pools_used(const struct explainer *e)
{
    int stations = e->facts->stations;
    bool *uses = arena_many(e->arena, stations * stations + 1, bool);
    for (int i = 0; i < stations; i++) {
        struct part part = walk_part(e->system, i);
        struct pool_search search = {e, uses + i * stations};
        if (part.sort != PART_SERVER || !part.server.handlers)
            continue;
        const struct param_map *handlers = &part.server.handlers->handlers;
        for (int h = 0; h < handlers->count; h++)
            walk_steps(&((const struct param_list *)handlers->items)[h], search_step,
                       &search);
    }
    return uses;
}

static const struct explain_part *slots_of(const struct explanation *out, int station)
{
    for (int i = 0; i < out->parts; i++)
        if (out->part[i].station == station && !out->part[i].cores)
            return &out->part[i];
    return NULL;
}

static void nest(struct explainer *e, int service, int pool)
{
    enum { MOST_THREADS = 100000 };
    const struct explain_part *slots = slots_of(e->out, service),
                              *connections = slots_of(e->out, pool);
    if (!slots || !connections || slots->capacity > MOST_THREADS ||
        connections->capacity > MOST_THREADS)
        return;
    double pools = e->facts->station[pool].instances;
    int threads = (int)(slots->capacity / pools),
        each = (int)(connections->capacity / pools);
    struct explain_nest n = {.service = service,
                             .pool = pool,
                             .held = slots->demand,
                             .connected = connections->demand,
                             .never_short = threads <= each};
    if (threads >= 1 && n.held >= n.connected)
        n.most = pools * theory_held_throughput(threads, n.held - n.connected, each,
                                                n.connected);
    e->out->nest[e->out->nests++] = n;
}

static void find_nests(struct explainer *e)
{
    int stations = e->facts->stations;
    const bool *uses = pools_used(e);
    e->out->nest = arena_many(e->arena, stations + 1, struct explain_nest);
    for (int pool = 0; pool < stations; pool++) {
        int users = 0, service = -1;
        for (int i = 0; i < stations; i++)
            if (uses[i * stations + pool]) {
                users++;
                service = i;
            }
        if (users == 1)
            nest(e, service, pool);
    }
}

/* ---- connections beyond what a database takes ------------------------------------ */

static void find_excesses(struct explainer *e)
{
    int stations = e->facts->stations;
    e->out->excess = arena_many(e->arena, stations + 1, struct explain_excess);
    for (int i = 0; i < stations; i++) {
        struct part database = walk_part(e->system, i);
        if (database.sort != PART_SERVER ||
            database.server.max_connections == UNLIMITED)
            continue;
        struct explain_excess x = {i, 0, (double)database.server.max_connections};
        for (int pool = 0; pool < stations; pool++) {
            struct part part = walk_part(e->system, pool);
            if (part.sort == PART_POOL && part.pool.server &&
                strcmp(part.pool.server, e->facts->station[i].name) == 0)
                x.opened += e->facts->station[pool].slots;
        }
        if (isfinite(x.opened) && x.opened > x.taken)
            e->out->excess[e->out->excesses++] = x;
    }
}

/* ---- memory ---------------------------------------------------------------------- */

static struct explain_memory memory_of(const struct explainer *e, int station)
{
    const struct station_facts *facts = &e->facts->station[station];
    struct explain_memory m = {station, facts->memory, facts->memory_idle, 0, 0, 0};
    double visits = 0, bytes = 0, held = 0;
    for (int t = 0; t < e->facts->types; t++) {
        struct demand d = model_demand(e->model, t, station);
        visits += e->out->type_rate[t] * d.visits;
        bytes += e->out->type_rate[t] * d.memory;
        if (d.visits > 0) /* by Little's law */
            held += e->out->type_rate[t] * d.hold * d.memory / d.visits;
    }
    m.request = visits > 0 ? bytes / visits : 0;
    m.average = e->out->rate > 0 ? m.idle + held / facts->instances : NAN;
    m.full = m.request > 0 ? m.idle + m.request * facts->slots / facts->instances
                           : m.idle;
    return m;
}

static void find_memories(struct explainer *e)
{
    e->out->memory =
        arena_many(e->arena, e->facts->stations + 1, struct explain_memory);
    for (int i = 0; i < e->facts->stations; i++)
        if (e->facts->station[i].weighs)
            e->out->memory[e->out->memories++] = memory_of(e, i);
}

/* ---- ways round ------------------------------------------------------------------ */

static bool waits_for_all(const struct parallel_step *step)
{
    return step->join.which == 0 && (!step->join.row ||
           strcmp(*(const char *const *)step->join.body, "all") == 0);
}

static void look_for_shortcut(void *context, const struct param_variant *step)
{
    bool *found = context;
    const void *body = step->body;
    switch ((enum step_verb)step->which) {
    case STEP_PARALLEL:
        *found |= !waits_for_all(body);
        break;
    case STEP_CALL:
        *found |= ((const struct call_step *)body)->on_error == ON_ERROR_CONTINUE;
        break;
    case STEP_QUERY:
        *found |= ((const struct query_step *)body)->on_error == ON_ERROR_CONTINUE;
        break;
    case STEP_HOLD:
        *found |= ((const struct hold_step *)body)->on_error == ON_ERROR_CONTINUE;
        break;
    case STEP_CACHE:
        *found |= ((const struct cache_step *)body)->on_error == ON_ERROR_CONTINUE;
        break;
    default:
        break;
    }
}

static void find_shortcuts(struct explainer *e)
{
    for (int i = 0; i < e->system->services.count; i++) {
        struct part part = walk_part(e->system, i);
        if (part.sort != PART_SERVER || !part.server.handlers)
            continue;
        const struct param_map *handlers = &part.server.handlers->handlers;
        for (int h = 0; h < handlers->count; h++)
            walk_steps(&((const struct param_list *)handlers->items)[h],
                       look_for_shortcut, &e->out->shortcuts);
    }
}

struct explanation *explain(const struct system_spec *system, const struct model *model,
                            struct arena *arena)
{
    struct explainer e = {system, model, model_facts(model), arena,
                          arena_new(arena, struct explanation)};
    set_rates(&e);
    find_parts(&e);
    find_limits(&e);
    look_at_workloads(&e);
    find_nests(&e);
    find_excesses(&e);
    find_memories(&e);
    find_shortcuts(&e);
    return e.out;
}
