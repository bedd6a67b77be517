/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * concurrency -- guards that limit how many calls are under way: a bulkhead, limits
 * that adapt to what they see, and load shedding.
 *
 * The adaptive ones are told of each call how long it took, how many were under way
 * when it began (itself included), and whether it failed for want of capacity. None of
 * them grows while fewer than half of the limit are under way: then it is not the limit
 * that holds the load back.
 */
#include "models/world.h"

#include <math.h>

/* ---- bulkhead -------------------------------------------------------------------- */

struct bulkhead {
    int64_t under_way;
    struct queue queue;
};

static void *bulkhead_open(struct world *w, const struct guard_plan *plan)
{
    (void)plan;
    return arena_new(w->arena, struct bulkhead);
}

static sim_time bulkhead_enter(struct world *w, void *state,
                               const struct guard_plan *plan, uint32_t task,
                               struct pass *pass)
{
    (void)pass;
    struct bulkhead *b = state;
    const struct bulkhead_conf *conf = plan->conf;
    if (b->under_way < conf->most) {
        b->under_way++;
        return GUARD_PASS;
    }
    if (conf->wait == 0)
        return GUARD_REJECT;
    queue_put(w, &b->queue, task);
    return GUARD_HOLD;
}

/* The oldest waiter has the permit at once. */
static void bulkhead_leave(struct world *w, void *state, const struct guard_plan *plan,
                           const struct guard_end *end)
{
    (void)plan, (void)end;
    struct bulkhead *b = state;
    if (b->queue.count)
        guard_go_on(w, queue_take(w, &b->queue));
    else
        b->under_way--;
}

static void bulkhead_forget(struct world *w, void *state, uint32_t task)
{
    queue_remove(w, &((struct bulkhead *)state)->queue, task);
}

const struct guard_kind bulkhead_kind = {.open = bulkhead_open,
                                         .enter = bulkhead_enter,
                                         .leave = bulkhead_leave,
                                         .forget = bulkhead_forget};

/* ---- limits that adapt ----------------------------------------------------------- */

struct adaptive {
    double limit;
    int64_t under_way;
    double least;    /* ns: latency without a queue, as far as known; 0: not at all */
    double mean;     /* ns: gradient2 */
    uint64_t calls;  /* seen */
    uint64_t probes; /* vegas: times the least latency was looked for anew, */
    double since;    /* calls since the last of them, */
    double jitter;   /* and how many of them make the next */
};

/* One call that has ended. */
struct observed {
    double took; /* ns */
    int64_t under_way;
    bool dropped;
};

typedef double adaptive_rule(struct world *w, struct adaptive *a,
                             const struct guard_plan *plan, const struct observed *o);

static double within(const struct adaptive_conf *conf, double limit)
{
    return fmin((double)conf->most, fmax((double)conf->least, limit));
}

static void *adaptive_open(struct world *w, const struct guard_plan *plan)
{
    struct adaptive *a = arena_new(w->arena, struct adaptive);
    const struct adaptive_conf *conf = plan->conf;
    a->limit = within(conf, (double)conf->initial);
    return a;
}

static sim_time adaptive_enter(struct world *w, void *state,
                               const struct guard_plan *plan, uint32_t task,
                               struct pass *pass)
{
    (void)w, (void)plan, (void)task;
    struct adaptive *a = state;
    if ((double)a->under_way >= floor(a->limit))
        return GUARD_REJECT;
    pass->in_flight = ++a->under_way;
    return GUARD_PASS;
}

/* What a full or slow server makes of a call. */
static bool is_drop(enum status status)
{
    return status == STATUS_TIMEOUT || status == STATUS_REFUSED ||
           status == STATUS_RESET || status == STATUS_429 || status >= STATUS_502;
}

static void adapt(struct world *w, struct adaptive *a, const struct guard_plan *plan,
                  const struct guard_end *end, adaptive_rule *rule)
{
    const struct adaptive_conf *conf = plan->conf;
    a->under_way--;
    bool dropped = is_drop(end->status);
    if (end->cancelled || (end->status != STATUS_OK && !dropped))
        return; /* says nothing of the load */
    const struct observed o = {fmax(1, (double)end->took), end->in_flight, dropped};
    a->calls++;
    a->limit = within(conf, rule(w, a, plan, &o));
}

static bool has_room(const struct adaptive *a, const struct observed *o)
{
    return 2 * (double)o->under_way < a->limit;
}

static double aimd_rule(struct world *w, struct adaptive *a,
                        const struct guard_plan *plan, const struct observed *o)
{
    (void)w;
    const struct adaptive_conf *conf = plan->conf;
    if (o->dropped || o->took > (double)conf->target)
        return a->limit * conf->backoff;
    return has_room(a, o) ? a->limit : a->limit + 1 / a->limit;
}

static double smoothed(const struct adaptive *a, const struct adaptive_conf *conf,
                       double limit)
{
    return a->limit + conf->smoothing * (limit - a->limit);
}

static double ratio_of(double good, double found)
{
    return fmin(1, fmax(0.5, good / found));
}

/* Smoothed on the way down only; a drop halves. */
static double gradient_rule(struct world *w, struct adaptive *a,
                            const struct guard_plan *plan, const struct observed *o)
{
    (void)w;
    const struct adaptive_conf *conf = plan->conf;
    if (!o->dropped && (a->least <= 0 || o->took < a->least))
        a->least = o->took;
    if (has_room(a, o))
        return a->limit;
    double ratio = ratio_of(conf->tolerance * a->least, o->took);
    double limit = o->dropped ? a->limit / 2 : a->limit * ratio + sqrt(a->limit);
    return limit < a->limit ? smoothed(a, conf, limit) : limit;
}

/* A plain mean at first, then an exponential one. */
static void remember_mean(struct adaptive *a, const struct adaptive_conf *conf,
                          double took)
{
    enum { PLAIN = 10 };
    double n = (double)a->calls;
    double part = n <= PLAIN ? 1 / n : 2 / ((double)conf->long_window + 1);
    a->mean += part * (took - a->mean);
}

static double gradient2_rule(struct world *w, struct adaptive *a,
                             const struct guard_plan *plan, const struct observed *o)
{
    (void)w;
    static const double far_above = 2, correction = 0.9;
    const struct adaptive_conf *conf = plan->conf;
    remember_mean(a, conf, o->took);
    double ratio = ratio_of(conf->tolerance * a->mean, o->took);
    if (a->mean > far_above * o->took)
        a->mean *= correction; /* after a time of overload */
    if (has_room(a, o))
        return a->limit;
    return smoothed(a, conf, a->limit * ratio + (double)conf->queue);
}

/* Now and then the least latency is forgotten; true: this is such a call. */
static bool looks_anew(struct world *w, struct adaptive *a,
                       const struct guard_plan *plan)
{
    static const double calls_of_limit = 30;
    if (a->probes == 0 || a->since >= a->jitter * calls_of_limit * a->limit) {
        struct draw draw = draw_at(plan->key, a->probes++, w->replication, 0);
        bool first = a->probes == 1;
        a->jitter = 0.5 + 0.5 * draw_uniform(&draw);
        a->since = 0;
        return !first;
    }
    a->since++;
    return false;
}

static double vegas_rule(struct world *w, struct adaptive *a,
                         const struct guard_plan *plan, const struct observed *o)
{
    const struct adaptive_conf *conf = plan->conf;
    if (looks_anew(w, a, plan) || a->least <= 0 || o->took < a->least) {
        a->least = o->took;
        return a->limit;
    }
    double step = fmax(1, floor(log10(floor(a->limit))));
    double queue = ceil(a->limit * (1 - a->least / o->took));
    if (o->dropped)
        return smoothed(a, conf, a->limit - step);
    if (has_room(a, o))
        return a->limit;
    if (queue <= step)
        return smoothed(a, conf, a->limit + 6 * step);
    if (queue < 3 * step)
        return smoothed(a, conf, a->limit + step);
    return queue > 6 * step ? smoothed(a, conf, a->limit - step) : a->limit;
}

#define ADAPTIVE(name)                                                                 \
    static void name##_leave(struct world *w, void *state,                             \
                             const struct guard_plan *plan,                            \
                             const struct guard_end *end)                              \
    {                                                                                  \
        adapt(w, state, plan, end, name##_rule);                                       \
    }                                                                                  \
    const struct guard_kind name##_kind = {                                            \
        .open = adaptive_open, .enter = adaptive_enter, .leave = name##_leave}

ADAPTIVE(aimd);
ADAPTIVE(gradient);
ADAPTIVE(gradient2);
ADAPTIVE(vegas);

/* ---- load shedding --------------------------------------------------------------- */

struct shedding {
    int64_t under_way;
    double latency;     /* ns, of calls that ended, fading */
    sim_time ended;     /* the last of them */
    double utilisation; /* fading */
    uint128 area;       /* of what is in use, at */
    sim_time looked;
};

static void *shedding_open(struct world *w, const struct guard_plan *plan)
{
    (void)plan;
    return arena_new(w->arena, struct shedding);
}

/* Weight of what is `age` old against what is new. */
static double faded(const struct shedding_conf *conf, sim_time age)
{
    return exp(-(double)age / (double)conf->window);
}

/* What of the instance is in use, x ns, and of how much: slots, else cores. */
static uint128 used_area(struct world *w, struct instance *instance, double *all)
{
    const struct service *s = instance->service;
    if (s->slots != UNLIMITED) {
        *all = (double)s->slots * s->processes;
        return level_area(&instance->busy, w->now);
    }
    *all = 1000 * s->cores; /* cpu.area: thousandths of a core */
    cpu_advance(&instance->cpu, w->now);
    return instance->cpu.area;
}

static void look(struct world *w, struct shedding *s, const struct shedding_conf *conf,
                 uint32_t task)
{
    double all;
    struct instance *instance = &w->instance[w->task[task].instance];
    uint128 area = used_area(w, instance, &all);
    sim_time passed = w->now - s->looked;
    if (area < s->area)
        s->area = 0; /* counted anew since the end of the warm-up */
    if (passed > 0 && isfinite(all)) {
        double part = (double)(area - s->area) / ((double)passed * all);
        s->utilisation = part + (s->utilisation - part) * faded(conf, passed);
    }
    s->area = area;
    s->looked = w->now;
}

/* Without a call that ends nobody knows how long they take now. */
static bool is_slow(struct world *w, const struct shedding *s,
                    const struct shedding_conf *conf)
{
    return s->latency > (double)conf->latency && w->now - s->ended <= conf->window;
}

static sim_time shedding_enter(struct world *w, void *state,
                               const struct guard_plan *plan, uint32_t task,
                               struct pass *pass)
{
    (void)pass;
    struct shedding *s = state;
    const struct shedding_conf *conf = plan->conf;
    const struct instance *instance = &w->instance[w->task[task].instance];
    if (conf->utilisation > 0)
        look(w, s, conf, task);
    bool shed = (conf->in_flight >= 0 && s->under_way >= conf->in_flight) ||
                (conf->queue >= 0 && instance->waiting.value >= conf->queue) ||
                (conf->latency != SIM_NEVER && is_slow(w, s, conf)) ||
                (conf->utilisation > 0 && s->utilisation > conf->utilisation);
    if (shed)
        return GUARD_REJECT;
    s->under_way++;
    return GUARD_PASS;
}

static void shedding_leave(struct world *w, void *state, const struct guard_plan *plan,
                           const struct guard_end *end)
{
    struct shedding *s = state;
    const struct shedding_conf *conf = plan->conf;
    s->under_way--;
    if (end->cancelled)
        return;
    double took = (double)end->took, old = faded(conf, w->now - s->ended);
    s->latency = s->ended == 0 ? took : took + (s->latency - took) * old;
    s->ended = w->now;
}

const struct guard_kind shedding_kind = {
    .open = shedding_open, .enter = shedding_enter, .leave = shedding_leave};
