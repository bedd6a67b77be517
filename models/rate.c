/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rate -- guards that limit the rate, for each key on its own. Times are whole
 * nanoseconds; nobody who is rejected is charged.
 *
 *     token, leaky bucket  `last` is when all that has passed will have been paid for,
 *                          at one request every 1 / rate: a full bucket is `last` in
 *                          the past, depth requests are `last` so many ahead
 *     rate limiter         `last` is the period, `excess` the permits left in it;
 *                          below 0: of periods to come
 *     fixed window         `last` is the window, `excess` its requests
 *     sliding window       the same, and `before` those of the window before
 *     sliding log          `log` holds the times of the last `limit` requests that
 *                          passed, `excess` of them so far
 */
#include "models/world.h"

enum { MOST_KEYS = 1 << 20 }; /* remembered; then the least recently used is not */

static void *rate_open(struct world *w, const struct guard_plan *plan)
{
    (void)plan;
    struct zone *z = arena_new(w->arena, struct zone);
    zone_open(z);
    return z;
}

static void rate_leave(struct world *w, void *state, const struct guard_plan *plan,
                       const struct guard_end *end)
{
    (void)w, (void)state, (void)plan, (void)end;
}

/* The state of whoever asks; `fresh`: it is new. */
static struct zone_state *look_up(struct world *w, struct zone *z,
                                  const struct rate_conf *conf, uint32_t task,
                                  bool *fresh)
{
    uint64_t key = limit_key_of(w, &w->task[task], (enum limit_key)conf->key);
    uint32_t s = zone_find(z, key);
    *fresh = s == ZONE_NONE;
    if (!*fresh) {
        zone_use(z, s);
        return &z->state[s];
    }
    if (zone_is_full(z, MOST_KEYS))
        zone_drop(z, z->oldest);
    s = zone_add(z, key, w->arena); /* moves the states */
    return &z->state[s];
}

/* ---- buckets --------------------------------------------------------------------- */

/* How far ahead of the rate the request is, or -1: by more than `depth` requests. */
static sim_time pour(struct world *w, struct zone *z, const struct rate_conf *conf,
                     uint32_t task, int64_t depth)
{
    bool fresh;
    struct zone_state *s = look_up(w, z, conf, task, &fresh);
    sim_time each = sim_from_nanoseconds(1e9 / conf->rate);
    sim_time paid = fresh || s->last < w->now ? w->now : s->last;
    sim_time ahead = paid - w->now;
    if (ahead > depth * each)
        return GUARD_REJECT;
    s->last = paid + each;
    return ahead;
}

static sim_time token_bucket_enter(struct world *w, void *state,
                                   const struct guard_plan *plan, uint32_t task,
                                   struct pass *pass)
{
    (void)pass;
    const struct rate_conf *conf = plan->conf;
    sim_time ahead = pour(w, state, conf, task, conf->limit - 1);
    return ahead < 0 ? GUARD_REJECT : GUARD_PASS;
}

static sim_time leaky_bucket_enter(struct world *w, void *state,
                                   const struct guard_plan *plan, uint32_t task,
                                   struct pass *pass)
{
    (void)pass;
    const struct rate_conf *conf = plan->conf;
    sim_time ahead = pour(w, state, conf, task, conf->limit);
    return ahead > 0 && conf->nodelay ? GUARD_PASS : ahead;
}

/* ---- periods --------------------------------------------------------------------- */

/* Periods until there is a permit when `left` are left of this one, below 0: owed. */
static int64_t periods_to_wait(int64_t left, int64_t limit)
{
    int64_t next = left + limit; /* at the start of the next one */
    return next >= 1 ? 1 : 1 + (limit - next) / limit;
}

static sim_time rate_limiter_enter(struct world *w, void *state,
                                   const struct guard_plan *plan, uint32_t task,
                                   struct pass *pass)
{
    (void)pass;
    const struct rate_conf *conf = plan->conf;
    bool fresh;
    struct zone_state *s = look_up(w, state, conf, task, &fresh);
    int64_t period = w->now / conf->period, passed = period - s->last;
    if (fresh || passed > (conf->limit - s->excess) / conf->limit)
        s->excess = conf->limit;
    else if (passed > 0) {
        int64_t renewed = s->excess + passed * conf->limit;
        s->excess = renewed < conf->limit ? renewed : conf->limit;
    }
    s->last = period;
    sim_time wait = 0;
    if (s->excess < 1)
        wait =
            (period + periods_to_wait(s->excess, conf->limit)) * conf->period - w->now;
    if (wait > conf->wait)
        return GUARD_REJECT;
    s->excess--;
    return wait;
}

/* ---- windows --------------------------------------------------------------------- */

static sim_time fixed_window_enter(struct world *w, void *state,
                                   const struct guard_plan *plan, uint32_t task,
                                   struct pass *pass)
{
    (void)pass;
    const struct rate_conf *conf = plan->conf;
    bool fresh;
    struct zone_state *s = look_up(w, state, conf, task, &fresh);
    int64_t window = w->now / conf->period;
    if (window != s->last)
        s->excess = 0;
    s->last = window;
    if (s->excess >= conf->limit)
        return GUARD_REJECT;
    s->excess++;
    return GUARD_PASS;
}

static sim_time sliding_window_enter(struct world *w, void *state,
                                     const struct guard_plan *plan, uint32_t task,
                                     struct pass *pass)
{
    (void)pass;
    const struct rate_conf *conf = plan->conf;
    bool fresh;
    struct zone_state *s = look_up(w, state, conf, task, &fresh);
    int64_t window = w->now / conf->period;
    if (window != s->last) {
        s->before = window == s->last + 1 ? s->excess : 0;
        s->excess = 0;
    }
    s->last = window;
    /* (excess + 1) + before (1 - elapsed / period) <= limit, in whole numbers */
    sim_time left = conf->period - w->now % conf->period;
    int128 room = (int128)(conf->limit - s->excess - 1) * conf->period;
    if ((int128)s->before * left > room)
        return GUARD_REJECT;
    s->excess++;
    return GUARD_PASS;
}

static sim_time sliding_log_enter(struct world *w, void *state,
                                  const struct guard_plan *plan, uint32_t task,
                                  struct pass *pass)
{
    (void)pass;
    const struct rate_conf *conf = plan->conf;
    bool fresh;
    struct zone_state *s = look_up(w, state, conf, task, &fresh);
    if (!s->log)
        s->log = arena_many(w->arena, conf->limit, int64_t);
    int64_t *oldest = &s->log[s->excess % conf->limit];
    if (s->excess >= conf->limit && *oldest > w->now - conf->period)
        return GUARD_REJECT;
    *oldest = w->now;
    s->excess++;
    return GUARD_PASS;
}

const struct guard_kind rate_limiter_kind = {
    .open = rate_open, .enter = rate_limiter_enter, .leave = rate_leave};
const struct guard_kind token_bucket_kind = {
    .open = rate_open, .enter = token_bucket_enter, .leave = rate_leave};
const struct guard_kind leaky_bucket_kind = {
    .open = rate_open, .enter = leaky_bucket_enter, .leave = rate_leave};
const struct guard_kind fixed_window_kind = {
    .open = rate_open, .enter = fixed_window_enter, .leave = rate_leave};
const struct guard_kind sliding_window_kind = {
    .open = rate_open, .enter = sliding_window_enter, .leave = rate_leave};
const struct guard_kind sliding_log_kind = {
    .open = rate_open, .enter = sliding_log_enter, .leave = rate_leave};
