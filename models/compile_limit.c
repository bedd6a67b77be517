/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What requests ask of limits of a rate, wherever these stand: for `explain`. */
#include "models/compile.h"

#include "models/guard.h"

#include <math.h>

static struct rate_limit_facts *limit_of(struct compiler *c,
                                         const struct limit_use *use)
{
    struct model *m = c->model;
    for (uint32_t i = 0; i < c->rate_limit.count; i++) {
        struct rate_limit *l = VECTOR_AT(&c->rate_limit, struct rate_limit, i);
        if (l->conf == use->conf && l->facts.unit == use->unit &&
            l->facts.station == (int)use->station)
            return &l->facts;
    }
    struct rate_limit *l = VECTOR_ADD(&c->rate_limit, c->arena, struct rate_limit);
    *l = (struct rate_limit){
        .conf = use->conf,
        .facts = {.name = use->name,
                  .unit = use->unit,
                  .station = (int)use->station,
                  .rate = use->rate,
                  .key = use->key,
                  .demand = arena_many(c->arena, m->facts.types + 1, double)}};
    return &l->facts;
}

void compile_limit_use(struct compiler *c, const struct limit_use *use)
{
    if (!isfinite(use->rate))
        return;
    limit_of(c, use)->demand[c->type] += c->weight * use->amount;
}

/* Requests/s that one guard lets pass; INFINITY: it does not limit the rate. */
static double rate_of(const struct param_variant *guard)
{
    const struct rate_conf *conf = guard->body;
    if (!conf)
        return INFINITY;
    switch ((enum guard_sort)guard->which) {
    case GUARD_RATE_LIMITER:
    case GUARD_FIXED_WINDOW:
    case GUARD_SLIDING_WINDOW:
    case GUARD_SLIDING_LOG:
        return (double)conf->limit / sim_seconds(conf->period);
    case GUARD_TOKEN_BUCKET:
    case GUARD_LEAKY_BUCKET:
        return conf->rate;
    default:
        return INFINITY;
    }
}

void compile_guard_uses(struct compiler *c, const struct param_list *guards,
                        const struct service *service, const char *name)
{
    const struct param_variant *guard = guards->items;
    for (int i = 0; i < guards->count; i++) {
        double rate = rate_of(&guard[i]);
        if (!isfinite(rate))
            continue;
        const struct rate_conf *conf = guard[i].body;
        bool shared = conf->common.scope == GUARD_OF_SERVICE;
        compile_limit_use(
            c, &(struct limit_use){
                   .conf = conf,
                   .name = arena_format(c->arena, "%s: %s", name, guard[i].row->key),
                   .unit = limit_requests,
                   .station = service->station,
                   .rate = rate * (shared ? 1 : (double)service->instances),
                   .key = conf->key,
                   .amount = 1});
    }
}

const char limit_requests[] = "requests";
const char limit_tokens[] = "tokens";

void compile_limits_done(struct compiler *c)
{
    struct model *m = c->model;
    struct rate_limit_facts *facts =
        arena_many(c->arena, (int)c->rate_limit.count + 1, struct rate_limit_facts);
    for (uint32_t i = 0; i < c->rate_limit.count; i++)
        facts[i] = VECTOR_AT(&c->rate_limit, struct rate_limit, i)->facts;
    m->facts.rate_limits = (int)c->rate_limit.count;
    m->facts.rate_limit = facts;
}
