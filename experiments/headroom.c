/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/headroom.h"

#include "experiments/explain.h"

#include <math.h>

/* Below this much of the busy time, waiting for others is not worth a word. */
static const double waiting_worth_naming = 0.1;

/* Attempts of a type per second, or its requests. */
static double tries_of(const struct request_findings *f, bool retries)
{
    bool several = retries && estimate_given(&f->attempts);
    return f->offered.value * (several ? f->attempts.value : 1);
}

/* What the model asks of a station per second, in busy slots or cores, if nobody waits.
 * A retry is work too; but a bound counts each request once, since attempts made while
 * the load was too high say nothing of what a lower one would need. */
static double own_load(const struct model *model, const struct sample *s,
                       const struct findings *f, int station, enum headroom_limit limit,
                       bool retries)
{
    double sum = 0;
    for (int t = 0; t < s->facts->types; t++) {
        struct demand d = model_demand(model, t, station);
        sum += tries_of(&f->type[t], retries) * (limit == LIMIT_SLOTS ? d.hold : d.cpu);
    }
    return sum;
}

static double capacity(const struct model_facts *facts, int station,
                       enum headroom_limit limit)
{
    const struct station_facts *f = &facts->station[station];
    return limit == LIMIT_SLOTS ? f->slots : f->cores;
}

static void find_bottleneck(const struct model *model, const struct sample *s,
                            const struct findings *f, struct headroom *h)
{
    for (int i = 0; i < s->facts->stations; i++)
        for (int limit = LIMIT_SLOTS; limit <= LIMIT_CORES; limit++) {
            enum headroom_limit of = (enum headroom_limit)limit;
            double load =
                own_load(model, s, f, i, of, false) / capacity(s->facts, i, of);
            if (load <= h->load)
                continue;
            h->load = load;
            h->station = i;
            h->limit = of;
        }
}

/* The busiest station whose business is mostly somebody else's. */
static void find_waiting(const struct model *model, const struct sample *s,
                         const struct findings *f, struct headroom *h)
{
    double busiest = 0;
    if (h->station >= 0 && estimate_given(&f->station[h->station].utilisation))
        busiest = f->station[h->station].utilisation.value;
    for (int i = 0; i < s->facts->stations; i++) {
        const struct estimate *u = &f->station[i].utilisation;
        if (i == h->station || !estimate_given(u) || u->value < 0.5 * busiest ||
            u->value < 0.5)
            continue;
        double own = own_load(model, s, f, i, LIMIT_SLOTS, true);
        double part = 1 - own / f->station[i].busy.value;
        if (part > waiting_worth_naming && part > h->waiting_part) {
            h->waiting = i;
            h->waiting_part = part;
        }
    }
}

/* Users N of closed workloads alone saturate it at N* = X (Z + R alone). */
static void count_users(const struct model *model, const struct model_facts *facts,
                        struct headroom *h)
{
    double users = 0, seconds = 0;
    for (int w = 0; w < facts->workloads; w++) {
        if (facts->workload[w].form != WORKLOAD_CLOSED)
            return;
        double alone = facts->workload[w].think;
        for (int t = 0; t < facts->types; t++)
            if (facts->type[t].workload_index == w)
                alone += facts->type[t].share * model_alone(model, t);
        users += facts->workload[w].users;
        seconds += facts->workload[w].users * alone;
    }
    if (!(users > 0))
        return;
    h->users = users;
    h->most_users = h->most * seconds / users;
}

struct headroom headroom_of(const struct model *model, const struct sample *s,
                            const struct findings *f)
{
    struct headroom h = {.station = -1,
                         .most = INFINITY,
                         .users = NAN,
                         .most_users = NAN,
                         .waiting = -1,
                         .rate = f->whole.offered.value};
    if (s->facts->terminating) /* a load that ends saturates nothing for long */
        return h;
    find_bottleneck(model, s, f, &h);
    if (h.station >= 0)
        h.most = h.rate / h.load;
    find_waiting(model, s, f, &h);
    count_users(model, s->facts, &h);
    return h;
}

/* ---- limits of a rate ------------------------------------------------------------ */

struct gate headroom_gate(const struct system_spec *system, const struct sample *s,
                          const struct findings *f)
{
    struct gate tightest = {0};
    for (int i = 0; i < s->facts->rate_limits && !s->facts->terminating; i++) {
        const struct rate_limit_facts *l = &s->facts->rate_limit[i];
        struct gate gate = {.limit = l,
                            .passes = l->rate * explain_keys(system, s->facts, l)};
        for (int t = 0; t < s->facts->types; t++)
            gate.asked += f->type[t].offered.value * l->demand[t];
        gate.load = gate.asked / gate.passes;
        gate.most = f->whole.offered.value / gate.load;
        if (gate.load > tightest.load)
            tightest = gate;
    }
    return tightest;
}
