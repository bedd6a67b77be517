/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * retry -- whether and when something is tried again: the pause before it, the chance
 * of it, what the failed answer asked for, and budgets that bound all retries of a
 * client together.
 */
#include "models/world.h"

/* ---- pauses ---------------------------------------------------------------------- */

/* What a scheme makes a pause of, ns: `grown` is base x factor^(attempt - 1), at most
 * the cap. */
struct pause {
    double base, grown, last;
    struct draw *draw;
};

static double as_it_is(const struct pause *p)
{
    return p->grown;
}

static double from_0(const struct pause *p)
{
    return p->grown * draw_uniform(p->draw);
}

static double upper_half(const struct pause *p)
{
    return p->grown / 2 + draw_uniform(p->draw) * p->grown / 2;
}

static double by_the_last(const struct pause *p)
{
    return p->base + draw_uniform(p->draw) * (3 * p->last - p->base);
}

static double memoryless(const struct pause *p)
{
    return p->grown * draw_exponential(p->draw);
}

static double half_to_one_and_a_half(const struct pause *p)
{
    return p->grown * (0.5 + draw_uniform(p->draw));
}

static double less_a_quarter(const struct pause *p)
{
    return p->grown * (1 - draw_uniform(p->draw) / 4);
}

static const struct scheme {
    double (*pause)(const struct pause *p);
    bool capped; /* what comes of it, not only what it grows to */
} schemes[] = {
    [JITTER_NONE] = {as_it_is, false},
    [JITTER_FULL] = {from_0, false},
    [JITTER_EQUAL] = {upper_half, false},
    [JITTER_DECORRELATED] = {by_the_last, true},
    [JITTER_EXPONENTIAL] = {memoryless, false},
    [JITTER_AROUND] = {half_to_one_and_a_half, false},
    [JITTER_QUARTER] = {less_a_quarter, false},
};

static double grown(const struct retry_policy *policy, uint32_t attempt)
{
    double pause = (double)policy->base, cap = (double)policy->cap;
    if (policy->factor > 1)
        for (uint32_t i = 1; i < attempt && pause < cap; i++)
            pause *= policy->factor;
    return pause < cap ? pause : cap;
}

sim_time retry_pause(const struct world *w, const struct retry_policy *policy,
                     uint64_t entity, uint32_t attempt, sim_time last)
{
    if (policy->base == 0)
        return 0;
    struct draw draw = draw_at(policy->key, entity, w->replication, attempt);
    const struct scheme *scheme = &schemes[policy->jitter];
    struct pause p = {.base = (double)policy->base,
                      .grown = grown(policy, attempt),
                      .last = (double)(last ? last : policy->base),
                      .draw = &draw};
    double pause = scheme->pause(&p);
    if (scheme->capped && pause > (double)policy->cap)
        pause = (double)policy->cap;
    return sim_from_nanoseconds(pause);
}

bool retry_chance(const struct world *w, const struct retry_policy *policy,
                  uint64_t entity, uint32_t attempts)
{
    if (policy->probability >= 1)
        return true;
    struct draw draw = draw_at(policy->chance_key, entity, w->replication, attempts);
    return draw_uniform(&draw) < policy->probability;
}

sim_time retry_told(const struct world *w, const struct retry_policy *policy,
                    uint16_t cause)
{
    sim_time told = w->m->facts.cause[cause].retry_after;
    if (!policy->obeys || told == 0)
        return 0;
    return told == SIM_NEVER ? meter_told(w, cause) : told;
}

/* ---- budgets --------------------------------------------------------------------- */

/*
 * gRPC (A6, retryThrottling): tokens, full at the start; a failed attempt takes one, a
 * successful one gives tokenRatio; no retries with half of them or fewer.
 */
static void grpc_attempt(const struct budget_plan *plan, struct budget *b, bool retry,
                         bool ok)
{
    (void)retry;
    b->tokens += ok ? plan->ratio : -1;
    if (b->tokens > plan->most)
        b->tokens = plan->most;
    if (b->tokens < 0)
        b->tokens = 0;
}

static bool grpc_take(const struct budget_plan *plan, struct budget *b, sim_time now)
{
    (void)now;
    return b->tokens > plan->most / 2;
}

/*
 * Envoy (retry_budget): retries under way or scheduled, as a part of the requests under
 * way; so many are always allowed.
 */
static void envoy_begin(const struct budget_plan *plan, struct budget *b, sim_time now)
{
    (void)plan, (void)now;
    b->calls++;
}

static void envoy_attempt(const struct budget_plan *plan, struct budget *b, bool retry,
                          bool ok)
{
    (void)plan, (void)ok;
    b->calls--;
    b->retries -= retry;
}

static bool envoy_take(const struct budget_plan *plan, struct budget *b, sim_time now)
{
    (void)now;
    double allowed = plan->ratio * b->calls;
    if (b->retries >= (allowed > plan->most ? allowed : plan->most))
        return false;
    b->retries++;
    b->calls++;
    return true;
}

static void envoy_return(struct budget *b)
{
    b->retries--;
    b->calls--;
}

/*
 * Finagle (RetryBudget): a bucket that a part of a token falls into with each request,
 * from which each retry takes one; both are forgotten after ttl, in ten slices.
 */
static void finagle_turn(const struct budget_plan *plan, struct budget *b, sim_time now)
{
    int64_t slice = now / (plan->ttl / BUDGET_SLICES);
    if (slice - b->now >= BUDGET_SLICES) {
        for (int i = 0; i < BUDGET_SLICES; i++)
            b->slice[i] = 0;
        b->now = slice;
        b->sum = 0;
    }
    while (b->now < slice) {
        b->now++;
        b->sum -= b->slice[b->now % BUDGET_SLICES];
        b->slice[b->now % BUDGET_SLICES] = 0;
    }
}

static void finagle_add(struct budget *b, double tokens)
{
    b->slice[b->now % BUDGET_SLICES] += tokens;
    b->sum += tokens;
}

static void finagle_begin(const struct budget_plan *plan, struct budget *b,
                          sim_time now)
{
    finagle_turn(plan, b, now);
    finagle_add(b, plan->ratio);
}

static bool finagle_take(const struct budget_plan *plan, struct budget *b, sim_time now)
{
    finagle_turn(plan, b, now);
    if (plan->most + b->sum < 1)
        return false;
    finagle_add(b, -1);
    return true;
}

/* What each does; NULL: nothing. */
static const struct rule {
    void (*begin)(const struct budget_plan *plan, struct budget *b, sim_time now);
    void (*attempt)(const struct budget_plan *plan, struct budget *b, bool retry,
                    bool ok);
    bool (*take)(const struct budget_plan *plan, struct budget *b, sim_time now);
    void (*give_back)(struct budget *b);
} rules[] = {
    [BUDGET_GRPC] = {NULL, grpc_attempt, grpc_take, NULL},
    [BUDGET_ENVOY] = {envoy_begin, envoy_attempt, envoy_take, envoy_return},
    [BUDGET_FINAGLE] = {finagle_begin, NULL, finagle_take, NULL},
};

void budgets_open(struct world *w)
{
    w->budget = arena_many(w->arena, w->m->budgets + 1, struct budget);
    for (uint32_t i = 0; i < w->m->budgets; i++)
        w->budget[i].tokens = w->m->budget[i].most;
}

void budget_begin(struct world *w, uint32_t budget)
{
    const struct budget_plan *plan = &w->m->budget[budget];
    if (rules[plan->sort].begin)
        rules[plan->sort].begin(plan, &w->budget[budget], w->now);
}

void budget_attempt(struct world *w, uint32_t budget, bool retry, bool ok)
{
    const struct budget_plan *plan = &w->m->budget[budget];
    if (rules[plan->sort].attempt)
        rules[plan->sort].attempt(plan, &w->budget[budget], retry, ok);
}

bool budget_take(struct world *w, uint32_t budget)
{
    const struct budget_plan *plan = &w->m->budget[budget];
    return rules[plan->sort].take(plan, &w->budget[budget], w->now);
}

void budget_return(struct world *w, uint32_t budget)
{
    const struct budget_plan *plan = &w->m->budget[budget];
    if (rules[plan->sort].give_back)
        rules[plan->sort].give_back(&w->budget[budget]);
}
