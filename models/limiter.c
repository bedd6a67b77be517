/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * limiter -- nginx's limit_req and limit_conn.
 *
 * A zone keeps a state for each key: limit_req how far its requests are ahead of the
 * rate (`excess`, thousandths of a request) and since when (ms); limit_conn how many
 * are in process. All is in whole numbers and milliseconds, as nginx has it, since that
 * decides which request is the first to be rejected.
 */
#include "models/world.h"

/* ---- zones ----------------------------------------------------------------------- */

void limits_open(struct world *w)
{
    w->zone = arena_many(w->arena, w->m->zones + 1, struct zone);
    for (uint32_t i = 0; i < w->m->zones; i++)
        zone_open(&w->zone[i]);
}

static struct zone *zone_of(const struct world *w, const struct task *t,
                            const struct limit_plan *plan)
{
    return &w->zone[plan->zone + t->instance -
                    w->m->service[plan->service].first_instance];
}

uint64_t limit_key_of(const struct world *w, const struct task *t, enum limit_key key)
{
    if (key == LIMIT_ALL || t->request == NONE ||
        w->request[t->request].stamp != t->stamp)
        return 0;
    const struct request *r = &w->request[t->request];
    return (key == LIMIT_KEY ? client_key(w, r) : client_address(w, r)) + 1;
}

/* ---- limit_req ------------------------------------------------------------------- */

enum { LONGEST_MEMORY = 60000 }; /* ms */

/* nginx's clock does not start at 0, which its arithmetic would take for a request just
 * before. */
static int64_t milliseconds(const struct world *w)
{
    return w->now / (SIM_SECOND / 1000) + INT64_C(1000000000);
}

static int64_t since(int64_t now, int64_t last)
{
    int64_t ms = now - last;
    return ms < -LONGEST_MEMORY ? 1 : ms < 0 ? 0 : ms;
}

static int64_t excess_of(const struct limit_plan *plan, const struct zone_state *s,
                         int64_t ms)
{
    int64_t excess = s->excess - plan->rate * ms / 1000 + 1000;
    return excess > 0 ? excess : 0;
}

/* Forget one or two keys that have had no excess for a minute; the oldest in any case,
 * when `force`d. */
static void expire(const struct world *w, struct zone *z, const struct limit_plan *plan,
                   bool force)
{
    int64_t now = milliseconds(w);
    for (int n = force ? 0 : 1; n < 3 && z->oldest != NONE; n++) {
        const struct zone_state *s = &z->state[z->oldest];
        if (n > 0) {
            int64_t ms = now > s->last ? now - s->last : s->last - now;
            if (ms < LONGEST_MEMORY || s->excess - plan->rate * ms / 1000 > 0)
                return;
        }
        zone_drop(z, z->oldest);
    }
}

/* The key's state, a new one when it is unknown. */
static uint32_t look_up(struct world *w, struct zone *z, const struct limit_plan *plan,
                        uint64_t key)
{
    uint32_t s = zone_find(z, key);
    if (s != NONE) {
        zone_use(z, s);
        return s;
    }
    expire(w, z, plan, false);
    if (zone_is_full(z, plan->states))
        expire(w, z, plan, true);
    return zone_add(z, key, w->arena);
}

static void charge(const struct limit_plan *plan, struct zone_state *s, int64_t now,
                   int64_t *wait)
{
    int64_t ms = since(now, s->last);
    s->excess = excess_of(plan, s, ms);
    if (ms)
        s->last = now;
    if (s->excess <= plan->delay)
        return;
    int64_t own = (s->excess - plan->delay) * 1000 / plan->rate;
    if (own > *wait)
        *wait = own;
}

/* nginx charges the last limit of a list while it looks, the others once all have let
 * pass. A new key is not charged: its clock stands at 0, long ago. */
sim_time limit_wait(struct world *w, uint32_t task, uint32_t first, uint32_t count)
{
    const struct task *t = &w->task[task];
    int64_t wait = 0, now = milliseconds(w);
    for (uint32_t i = first; i < first + count; i++) {
        const struct limit_plan *plan = &w->m->limit[i];
        struct zone *z = zone_of(w, t, plan);
        uint32_t s = look_up(w, z, plan, limit_key_of(w, t, plan->key));
        if (excess_of(plan, &z->state[s], since(now, z->state[s].last)) > plan->burst)
            return -1;
    }
    for (uint32_t i = first; i < first + count; i++) {
        const struct limit_plan *plan = &w->m->limit[i];
        struct zone *z = zone_of(w, t, plan);
        uint32_t s = zone_find(z, limit_key_of(w, t, plan->key));
        charge(plan, &z->state[s], now, &wait);
    }
    return wait * (SIM_SECOND / 1000);
}

/* ---- limit_conn ------------------------------------------------------------------ */

bool limit_count(struct world *w, uint32_t task, uint32_t number)
{
    const struct limit_plan *plan = &w->m->limit[number];
    struct task *t = &w->task[task];
    struct zone *z = zone_of(w, t, plan);
    uint64_t key = limit_key_of(w, t, plan->key);
    uint32_t s = zone_find(z, key);
    if (s == NONE)
        s = zone_add(z, key, w->arena);
    if (z->state[s].excess >= plan->burst)
        return false;
    z->state[s].excess++;
    t->via.counted = s;
    return true;
}

void limit_uncount(struct world *w, uint32_t task, uint32_t number)
{
    const struct task *t = &w->task[task];
    struct zone *z = zone_of(w, t, &w->m->limit[number]);
    if (--z->state[t->via.counted].excess == 0)
        zone_drop(z, t->via.counted);
}
