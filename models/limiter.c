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

/* ---- zones: states by key, the least recently used first ------------------------- */

struct state {
    uint64_t key;
    uint32_t chain;        /* next of the same bucket, or of the free list */
    uint32_t older, newer; /* by use */
    int64_t excess, last;  /* limit_conn: requests; not used */
};

struct limit_zone {
    struct state *state;
    uint32_t used, room, free;
    uint32_t *bucket;
    uint32_t buckets; /* a power of two */
    uint32_t oldest, newest;
};

static uint32_t *bucket_of(const struct limit_zone *z, uint64_t key)
{
    return &z->bucket[rng_mix(key, 2) & (z->buckets - 1)];
}

static uint32_t find(const struct limit_zone *z, uint64_t key)
{
    if (z->buckets == 0)
        return NONE;
    uint32_t s = *bucket_of(z, key);
    while (s != NONE && z->state[s].key != key)
        s = z->state[s].chain;
    return s;
}

static void unlink_use(struct limit_zone *z, uint32_t s)
{
    const struct state *x = &z->state[s];
    *(x->older == NONE ? &z->oldest : &z->state[x->older].newer) = x->newer;
    *(x->newer == NONE ? &z->newest : &z->state[x->newer].older) = x->older;
}

static void link_newest(struct limit_zone *z, uint32_t s)
{
    z->state[s].older = z->newest;
    z->state[s].newer = NONE;
    *(z->newest == NONE ? &z->oldest : &z->state[z->newest].newer) = s;
    z->newest = s;
}

static void drop(struct limit_zone *z, uint32_t s)
{
    uint32_t *at = bucket_of(z, z->state[s].key);
    while (*at != s)
        at = &z->state[*at].chain;
    *at = z->state[s].chain;
    unlink_use(z, s);
    z->state[s].chain = z->free;
    z->free = s;
}

/* Twice the room, and buckets to match. */
static void grow(struct world *w, struct limit_zone *z)
{
    enum { LEAST = 16 };
    uint32_t room = z->room ? 2 * z->room : LEAST;
    struct state *state = arena_many(w->arena, room, struct state);
    for (uint32_t s = 0; s < z->used; s++)
        state[s] = z->state[s];
    z->state = state;
    z->room = z->buckets = room;
    z->bucket = arena_many(w->arena, room, uint32_t);
    for (uint32_t b = 0; b < room; b++)
        z->bucket[b] = NONE;
    for (uint32_t s = z->oldest; s != NONE; s = state[s].newer) {
        uint32_t *at = bucket_of(z, state[s].key);
        state[s].chain = *at;
        *at = s;
    }
}

static uint32_t add(struct world *w, struct limit_zone *z, uint64_t key)
{
    uint32_t s = z->free;
    if (s != NONE)
        z->free = z->state[s].chain;
    else {
        if (z->used == z->room)
            grow(w, z);
        s = z->used++;
    }
    uint32_t *at = bucket_of(z, key);
    z->state[s] = (struct state){.key = key, .chain = *at};
    *at = s;
    link_newest(z, s);
    return s;
}

static bool is_full(const struct limit_zone *z, uint32_t most)
{
    return z->free == NONE && z->used >= most;
}

void limits_open(struct world *w)
{
    w->zone = arena_many(w->arena, w->m->zones + 1, struct limit_zone);
    for (uint32_t i = 0; i < w->m->zones; i++)
        w->zone[i].free = w->zone[i].oldest = w->zone[i].newest = NONE;
}

static struct limit_zone *zone_of(const struct world *w, const struct task *t,
                                  const struct limit_plan *plan)
{
    return &w->zone[plan->zone + t->instance -
                    w->m->service[plan->service].first_instance];
}

static uint64_t key_of(const struct world *w, const struct task *t, enum limit_key key)
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

static int64_t excess_of(const struct limit_plan *plan, const struct state *s,
                         int64_t ms)
{
    int64_t excess = s->excess - plan->rate * ms / 1000 + 1000;
    return excess > 0 ? excess : 0;
}

/* Forget one or two keys that have had no excess for a minute; the oldest in any case,
 * when `force`d. */
static void expire(const struct world *w, struct limit_zone *z,
                   const struct limit_plan *plan, bool force)
{
    int64_t now = milliseconds(w);
    for (int n = force ? 0 : 1; n < 3 && z->oldest != NONE; n++) {
        const struct state *s = &z->state[z->oldest];
        if (n > 0) {
            int64_t ms = now > s->last ? now - s->last : s->last - now;
            if (ms < LONGEST_MEMORY || s->excess - plan->rate * ms / 1000 > 0)
                return;
        }
        drop(z, z->oldest);
    }
}

/* The key's state, a new one when it is unknown. */
static uint32_t look_up(struct world *w, struct limit_zone *z,
                        const struct limit_plan *plan, uint64_t key)
{
    uint32_t s = find(z, key);
    if (s != NONE) {
        unlink_use(z, s);
        link_newest(z, s);
        return s;
    }
    expire(w, z, plan, false);
    if (is_full(z, plan->states))
        expire(w, z, plan, true);
    return add(w, z, key);
}

static void charge(const struct limit_plan *plan, struct state *s, int64_t now,
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
        struct limit_zone *z = zone_of(w, t, plan);
        uint32_t s = look_up(w, z, plan, key_of(w, t, plan->key));
        if (excess_of(plan, &z->state[s], since(now, z->state[s].last)) > plan->burst)
            return -1;
    }
    for (uint32_t i = first; i < first + count; i++) {
        const struct limit_plan *plan = &w->m->limit[i];
        struct limit_zone *z = zone_of(w, t, plan);
        uint32_t s = find(z, key_of(w, t, plan->key));
        charge(plan, &z->state[s], now, &wait);
    }
    return wait * (SIM_SECOND / 1000);
}

/* ---- limit_conn ------------------------------------------------------------------ */

bool limit_count(struct world *w, uint32_t task, uint32_t number)
{
    const struct limit_plan *plan = &w->m->limit[number];
    struct task *t = &w->task[task];
    struct limit_zone *z = zone_of(w, t, plan);
    uint64_t key = key_of(w, t, plan->key);
    uint32_t s = find(z, key);
    if (s == NONE)
        s = add(w, z, key);
    if (z->state[s].excess >= plan->burst)
        return false;
    z->state[s].excess++;
    t->via.counted = s;
    return true;
}

void limit_uncount(struct world *w, uint32_t task, uint32_t number)
{
    const struct task *t = &w->task[task];
    struct limit_zone *z = zone_of(w, t, &w->m->limit[number]);
    if (--z->state[t->via.counted].excess == 0)
        drop(z, t->via.counted);
}
