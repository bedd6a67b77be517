/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * balance -- which server gets a call: one row per policy.
 *
 * A balancer knows what it has itself under way, nothing else: two instances of a
 * proxy, or two workers of one, each see their own calls. What a policy does is what
 * nginx does, ties and all; where nobody is barred and all weights are equal there are
 * shorter ways to the same choice.
 */
#include "models/balance.h"
#include "sim/crc32.h"

#include <stdio.h>

/* The server at place `w` when each takes as many places as it has weight. */
uint32_t balance_at_weight(const struct pick *c, uint32_t w)
{
    uint32_t i = c->from;
    while (i + 1 < c->to && w >= (uint32_t)c->peer[i].weight)
        w -= (uint32_t)c->peer[i++].weight;
    return i;
}

uint32_t balance_total_weight(const struct pick *c)
{
    uint32_t total = 0;
    for (uint32_t i = c->from; i < c->to; i++)
        total += (uint32_t)c->peer[i].weight;
    return total;
}

/* ---- turns ----------------------------------------------------------------------- */

/* While all are alike, whose turn it is stands for the weights that nginx keeps: who
 * has had his turn in this round is a round behind the others. */
static void spell_out(struct balancer *b)
{
    int32_t count = (int32_t)b->plan->peers, next = (int32_t)b->next;
    for (int32_t i = 0; i < count; i++)
        b->peer[i].current = b->peer[i].weight * (i < next ? next - count : next);
    b->spelled = true;
}

/* As loaded as `like`; everybody when that is NULL. */
static bool is_like(const struct peer *p, const struct peer *like)
{
    return !like ||
           (int64_t)p->conns * like->weight == (int64_t)like->conns * p->weight;
}

/* Smooth weighted round robin among those like `like`: each gains its effective weight,
 * the highest (the first of them) is taken and pays for all. */
static uint32_t smooth_turn(struct pick *c, const struct peer *like)
{
    uint32_t chosen = NONE;
    int32_t total = 0;
    struct peer load = like ? *like : (struct peer){0};
    for (uint32_t i = c->from; i < c->to; i++) {
        struct peer *p = &c->peer[i];
        if (!balance_may_take(c, i) || !is_like(p, like ? &load : NULL))
            continue;
        p->current += p->effective;
        total += p->effective;
        if (p->effective < p->weight)
            p->effective++;
        if (chosen == NONE || p->current > c->peer[chosen].current)
            chosen = i;
    }
    if (chosen != NONE)
        c->peer[chosen].current -= total;
    return chosen;
}

uint32_t balance_smooth(struct pick *c)
{
    return smooth_turn(c, NULL);
}

uint32_t balance_in_turn(struct pick *c)
{
    struct balancer *b = c->b;
    if (!b->spelled) {
        if (balance_all_alike(c)) {
            uint32_t chosen = b->next;
            b->next = chosen + 1 == b->plan->peers ? 0 : chosen + 1;
            return chosen;
        }
        spell_out(b);
    }
    return smooth_turn(c, NULL);
}

/* ---- by load --------------------------------------------------------------------- */

/* Fewest calls under way for its weight; equals take turns. */
static uint32_t least_conn(struct pick *c)
{
    uint32_t least = NONE;
    bool several = false;
    c->b->spelled = true;
    for (uint32_t i = c->from; i < c->to; i++) {
        const struct peer *p = &c->peer[i];
        if (!balance_may_take(c, i))
            continue;
        int64_t load = least == NONE ? -1
                                     : (int64_t)p->conns * c->peer[least].weight -
                                           (int64_t)c->peer[least].conns * p->weight;
        several = load < 0 ? false : several | (load == 0);
        if (load < 0)
            least = i;
    }
    return several ? smooth_turn(c, &c->peer[least]) : least;
}

/* ---- at random ------------------------------------------------------------------- */

static uint32_t at_random(struct pick *c)
{
    struct draw draw = balance_draws(c);
    if (balance_all_alike(c))
        return (uint32_t)draw_below(&draw, c->b->plan->peers);
    uint32_t total = balance_total_weight(c);
    for (int tries = 0; tries <= MOST_TRIES; tries++) {
        uint32_t i = balance_at_weight(c, (uint32_t)draw_below(&draw, total));
        if (balance_may_take(c, i))
            return i;
    }
    return balance_in_turn(c);
}

/* Two different ones at random, the less loaded of them, the second when equal. */
static uint32_t random_two(struct pick *c)
{
    if (c->to - c->from < 2)
        return balance_in_turn(c);
    struct draw draw = balance_draws(c);
    if (balance_all_alike(c)) {
        uint32_t first = (uint32_t)draw_below(&draw, c->b->plan->peers);
        uint32_t second = (uint32_t)draw_below(&draw, c->b->plan->peers - 1);
        if (second >= first)
            second++;
        return c->peer[first].conns < c->peer[second].conns ? first : second;
    }
    uint32_t total = balance_total_weight(c), first = NONE;
    for (int tries = 0; tries <= MOST_TRIES;) {
        uint32_t i = balance_at_weight(c, (uint32_t)draw_below(&draw, total));
        if (i == first || !balance_may_take(c, i)) {
            tries++;
        } else if (first == NONE) {
            first = i;
        } else {
            const struct peer *p = &c->peer[i], *q = &c->peer[first];
            return (int64_t)p->conns * q->weight > (int64_t)q->conns * p->weight ? first
                                                                                 : i;
        }
    }
    return balance_in_turn(c);
}

/* ---- by who asks ----------------------------------------------------------------- */

static const struct request *request_of(const struct pick *c)
{
    return c->call->request == NONE ? NULL : &c->w->request[c->call->request];
}

/* An address here is 32 random bits that belong to it, so that distinct clients mostly
 * differ in their first octets too. */
uint32_t balance_address(const struct pick *c)
{
    const struct request *r = request_of(c);
    return (uint32_t)rng_mix(r ? client_address(c->w, r) : 0, 0);
}

/* nginx's ip_hash looks at the first three octets only. */
static uint32_t ip_hash(struct pick *c)
{
    uint32_t address = balance_address(c), total = balance_total_weight(c), hash = 89;
    for (int tries = 0; tries <= MOST_TRIES; tries++) {
        for (int octet = 3; octet > 0; octet--)
            hash = (hash * 113 + (address >> 8 * octet & 255)) % 6271;
        uint32_t i = balance_at_weight(c, hash % total);
        if (balance_may_take(c, i))
            return i;
    }
    return balance_in_turn(c);
}

/* What is hashed, as text: the number of the key, or the address. */
size_t balance_key_text(const struct pick *c, char *text, size_t room)
{
    const struct request *r = request_of(c);
    if (r && c->w->m->workload[r->workload].zipf)
        return (size_t)snprintf(text, room, "%llu",
                                (unsigned long long)client_key(c->w, r));
    uint32_t a = balance_address(c);
    return (size_t)snprintf(text, room, "%u.%u.%u.%u", a >> 24, a >> 16 & 255,
                            a >> 8 & 255, a & 255);
}

static uint32_t by_key(struct pick *c)
{
    char key[24], again[12];
    size_t length = balance_key_text(c, key, sizeof key);
    uint32_t total = balance_total_weight(c), sum = 0;
    for (int tries = 0; tries <= MOST_TRIES; tries++) {
        uint32_t crc = UINT32_MAX;
        if (tries > 0)
            crc = crc32_more(crc, again,
                             (size_t)snprintf(again, sizeof again, "%d", tries));
        sum += ~crc32_more(crc, key, length) >> 16 & 0x7fff;
        uint32_t i = balance_at_weight(c, sum % total);
        if (balance_may_take(c, i))
            return i;
    }
    return balance_in_turn(c);
}

/* The first point on the ring from the key's on whose server may be taken. */
static uint32_t on_ring(struct pick *c)
{
    const struct balancer_plan *plan = c->b->plan;
    char key[24];
    uint32_t hash = ~crc32_more(UINT32_MAX, key, balance_key_text(c, key, sizeof key));
    uint32_t low = 0, high = plan->points;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (plan->ring[middle].hash < hash)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t step = 0; step <= MOST_TRIES; step++) {
        uint32_t i = plan->ring[(low + step) % plan->points].peer;
        if (i >= c->from && i < c->to && balance_may_take(c, i))
            return i;
    }
    return balance_in_turn(c);
}

/* A key of a cache lies at one instance. Nothing is drawn: the site's key is the number
 * of the cache use. */
static uint32_t by_shard(struct pick *c)
{
    return cache_shard(c->w, (uint32_t)c->call->key, c->call->entity, c->to);
}

/* ---- the choice ------------------------------------------------------------------ */

static uint32_t (*const policies[])(struct pick *c) = {
    [BALANCE_ROUND_ROBIN] = balance_in_turn,
    [BALANCE_LEAST_CONN] = least_conn,
    [BALANCE_RANDOM] = at_random,
    [BALANCE_RANDOM_TWO] = random_two,
    [BALANCE_IP_HASH] = ip_hash,
    [BALANCE_HASH] = by_key,
    [BALANCE_CONSISTENT_HASH] = on_ring,
    [BALANCE_JOIN_IDLE] = balance_idle,
    [BALANCE_SHARD] = by_shard,
    [BALANCE_LIGHTEST] = balance_lightest,
    [BALANCE_FIRST] = balance_first,
    [BALANCE_BEST_OF] = balance_best_of,
    [BALANCE_MAP] = balance_by_map,
    [BALANCE_SOURCE] = balance_by_source,
    [BALANCE_DEADLINE] = balance_by_deadline,
    [BALANCE_LEAST_REQUEST] = balance_least_request,
};

enum {
    BARS = PEER_DOWN | PEER_FULL | PEER_DRAINS | PEER_SICK | PEER_EJECTED,
    BARS_IN_PANIC = BARS & ~(PEER_SICK | PEER_EJECTED),
};

static OUT_OF_LINE uint32_t unusual_bars(const struct balancer *b)
{
    uint32_t bars = b->panic ? BARS_IN_PANIC : BARS;
    return b->plan->past_full ? bars & ~(uint32_t)PEER_FULL : bars;
}

/* One of the backups. A balancer that lets requests wait has none while a primary is
 * well, however busy, and then the first that is (HAProxy). */
static OUT_OF_LINE uint32_t pick_backup(struct pick *c)
{
    const struct balancer_plan *plan = c->b->plan;
    uint32_t full = c->bars & PEER_FULL;
    c->from = plan->primaries;
    c->to = plan->peers;
    c->b->spelled = true;
    if (!plan->waits)
        return balance_smooth(c);
    c->bars &= ~full;
    for (uint32_t i = 0; i < plan->primaries; i++)
        if (balance_may_take(c, i))
            return NONE;
    for (uint32_t i = c->from; i < c->to; i++)
        if (balance_may_take(c, i))
            return i;
    return NONE;
}

HOT_INLINE uint32_t pick(struct world *w, struct balancer *b,
                         const struct balance_call *call, const uint64_t *tried)
{
    const struct balancer_plan *plan = b->plan;
    struct pick c = {w, b, b->peer, 0, plan->primaries, tried, call, BARS};
    if (b->edge)
        c.bars = unusual_bars(b);
    uint32_t chosen = policies[plan->policy](&c);
    if (b->barred && chosen != NONE && !balance_may_take(&c, chosen))
        chosen = NONE;
    if (chosen == NONE && plan->primaries < plan->peers)
        chosen = pick_backup(&c);
    return chosen;
}

HOT_INLINE void take(struct world *w, struct balancer *b, uint32_t chosen)
{
    struct peer *p = &b->peer[chosen];
    if (++p->conns == p->most)
        peer_bar(b, p, PEER_FULL);
    if (p->barred & PEER_WATCHED &&
        balance_seconds(w) - p->checked > p->plan->fail_timeout)
        p->checked = balance_seconds(w);
}

uint32_t balance_pick(struct world *w, struct balancer *b,
                      const struct balance_call *call, const uint64_t *tried)
{
    return pick(w, b, call, tried);
}

void balance_take(struct world *w, struct balancer *b, uint32_t chosen)
{
    take(w, b, chosen);
}

uint32_t balance_among(struct world *w, struct balancer *b,
                       const struct balance_call *call, const uint64_t *tried)
{
    uint32_t chosen = pick(w, b, call, tried);
    if (chosen != NONE)
        take(w, b, chosen);
    return chosen;
}

void balance_done(struct balancer *b, uint32_t peer)
{
    struct peer *p = &b->peer[peer];
    p->conns--;
    if (p->barred & PEER_FULL && p->conns < p->most)
        peer_unbar(b, p, PEER_FULL);
}

void balance_limit(struct balancer *b, uint32_t peer, uint32_t most)
{
    struct peer *p = &b->peer[peer];
    p->most = most;
    if (most && p->conns >= most)
        peer_bar(b, p, PEER_FULL);
    else
        peer_unbar(b, p, PEER_FULL);
}

/* ---- failures, as nginx counts them ---------------------------------------------- */

void balance_failed(struct world *w, struct balancer *b, uint32_t peer)
{
    struct peer *p = &b->peer[peer];
    uint32_t most = p->plan->max_fails;
    if (!b->spelled)
        spell_out(b);
    p->fails++;
    p->checked = p->accessed = balance_seconds(w);
    peer_bar(b, p, PEER_WATCHED);
    if (most == 0)
        return;
    p->effective -= p->weight / (int32_t)most;
    if (p->effective < 0)
        p->effective = 0;
    if (p->fails >= most)
        peer_bar(b, p, PEER_FAILED);
}

void balance_succeeded(struct balancer *b, uint32_t peer)
{
    struct peer *p = &b->peer[peer];
    if (p->accessed >= p->checked)
        return;
    p->fails = 0;
    peer_unbar(b, p, PEER_FAILED | PEER_WATCHED);
}

/* ---- setting up ------------------------------------------------------------------ */

void balance_open(struct world *w, struct balancer *b, const struct balancer_plan *plan)
{
    b->plan = plan;
    b->peer = arena_many(w->arena, plan->peers, struct peer);
    for (uint32_t i = 0; i < plan->peers; i++) {
        struct peer *p = &b->peer[i];
        p->weight = p->effective = 1;
        if (!plan->peer)
            continue;
        p->plan = &plan->peer[i];
        p->weight = p->effective = p->plan->weight;
        p->most = p->plan->most;
        if (p->plan->down)
            peer_bar(b, p, PEER_DOWN);
    }
}
