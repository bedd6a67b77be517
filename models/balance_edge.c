/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Policies of HAProxy, Envoy and of the books, where they differ from nginx's. All but
 * the last need what a balancer has at the edge, see edge.h.
 */
#include "models/balance.h"
#include "models/edge.h"
#include "sim/crc32.h"

#include <math.h>
#include <stdio.h>

/* ---- HAProxy --------------------------------------------------------------------- */

static uint32_t waiting_at(const struct pick *c, uint32_t i)
{
    return c->b->edge->peer[i].waiting.count;
}

/* A busy server can be chosen, and waited for, while its own queue has a limit that is
 * not reached; with none it never is. */
static bool has_room(const struct pick *c, uint32_t i)
{
    const struct peer *p = &c->peer[i];
    return p->most == 0 || p->conns + waiting_at(c, i) < p->most + p->plan->queue;
}

/* Load that counts those who wait; nothing at all is less than one request. */
static int64_t load_of(const struct pick *c, uint32_t i)
{
    int64_t load = (int64_t)c->peer[i].conns + waiting_at(c, i);
    return load ? load + 1 : 0;
}

/* leastconn: the least loaded for its weight; of equals the one whose load changed
 * longest ago. */
uint32_t balance_lightest(struct pick *c)
{
    const struct edge_peer *more = c->b->edge->peer;
    uint32_t best = NONE;
    for (uint32_t i = c->from; i < c->to; i++) {
        if (!balance_may_take(c, i) || !has_room(c, i))
            continue;
        int64_t gain = best == NONE ? 1
                                    : load_of(c, best) * c->peer[i].weight -
                                          load_of(c, i) * c->peer[best].weight;
        if (gain > 0 || (gain == 0 && more[i].moved < more[best].moved))
            best = i;
    }
    return best;
}

/* first: the first that has room. */
uint32_t balance_first(struct pick *c)
{
    for (uint32_t i = c->from; i < c->to; i++)
        if (balance_may_take(c, i))
            return i;
    return NONE;
}

static uint32_t weight_of_all(const struct pick *c)
{
    uint32_t total = 0;
    for (uint32_t i = c->from; i < c->to; i++)
        total += balance_may_take(c, i) ? (uint32_t)c->peer[i].weight : 0;
    return total;
}

/* The server at place `w` of those that may be taken. */
static uint32_t at_place(const struct pick *c, uint32_t w)
{
    uint32_t last = NONE;
    for (uint32_t i = c->from; i < c->to; i++) {
        if (!balance_may_take(c, i))
            continue;
        last = i;
        if (w < (uint32_t)c->peer[i].weight)
            return i;
        w -= (uint32_t)c->peer[i].weight;
    }
    return last;
}

/* Requests in the last second that is over. */
static uint32_t rate_of(const struct pick *c, uint32_t i)
{
    const struct edge_peer *p = &c->b->edge->peer[i];
    int64_t second = c->w->now / SIM_SECOND;
    return second == p->second ? p->before : second == p->second + 1 ? p->requests : 0;
}

static bool is_better(const struct pick *c, uint32_t i, uint32_t than)
{
    const struct peer *p = &c->peer[i], *q = &c->peer[than];
    int64_t more = (int64_t)p->conns * q->weight - (int64_t)q->conns * p->weight;
    if (more == 0)
        more = (int64_t)rate_of(c, i) * q->weight -
               (int64_t)rate_of(c, than) * p->weight;
    return more <= 0;
}

/* random(n): the best of n draws, which may be the same; when it is busy, none. */
uint32_t balance_best_of(struct pick *c)
{
    struct draw draw = balance_draws(c);
    uint32_t total = weight_of_all(c), best = NONE;
    for (uint32_t n = 0; total > 0 && n < c->b->plan->draws; n++) {
        uint32_t i = at_place(c, (uint32_t)draw_below(&draw, total));
        if (best == NONE || is_better(c, i, best))
            best = i;
    }
    if (best != NONE && (c->peer[best].barred & PEER_FULL || waiting_at(c, best)))
        return NONE;
    return best;
}

static uint32_t by_hash(struct pick *c, uint32_t hash)
{
    uint32_t total = weight_of_all(c);
    return total ? at_place(c, hash % total) : NONE;
}

/* Hashes of keys, and of addresses: over the servers that are well, busy or not. */
uint32_t balance_by_map(struct pick *c)
{
    char key[24];
    size_t length = balance_key_text(c, key, sizeof key);
    return by_hash(c, ~crc32_more(UINT32_MAX, key, length));
}

uint32_t balance_by_source(struct pick *c)
{
    char address[12];
    int length = snprintf(address, sizeof address, "%u", balance_address(c));
    return by_hash(c, ~crc32_more(UINT32_MAX, address, (size_t)length));
}

/* ---- Envoy ----------------------------------------------------------------------- */

static double pace_of(const struct pick *c, uint32_t i, double bias)
{
    double load = (double)c->peer[i].conns + 1;
    double worth = bias == 0 ? 1 : bias == 1 ? load : pow(load, bias);
    return worth / c->peer[i].weight;
}

/* Each server's next turn is as far off as its weight is small, and its load large when
 * its last came; the earliest is taken. */
static uint32_t earliest(struct pick *c, double bias)
{
    struct edge *e = c->b->edge;
    uint32_t best = NONE;
    double at = 0;
    for (uint32_t i = c->from; i < c->to; i++) {
        if (!balance_may_take(c, i))
            continue;
        struct edge_peer *p = &e->peer[i];
        if (p->deadline == 0)
            p->deadline = pace_of(c, i, bias);
        double due = p->deadline > e->clock ? p->deadline : e->clock;
        if (best == NONE || due < at) {
            best = i;
            at = due;
        }
    }
    if (best == NONE)
        return NONE;
    e->clock = at;
    e->peer[best].deadline = at + pace_of(c, best, bias);
    return best;
}

uint32_t balance_by_deadline(struct pick *c)
{
    return earliest(c, 0);
}

/* The n-th of those that may be taken. */
static uint32_t nth(const struct pick *c, uint32_t n)
{
    uint32_t i = c->from;
    while (!balance_may_take(c, i) || n-- > 0)
        i++;
    return i;
}

static uint32_t count_takable(const struct pick *c)
{
    uint32_t count = 0;
    for (uint32_t i = c->from; i < c->to; i++)
        count += balance_may_take(c, i);
    return count;
}

/* The least loaded of some draws, which may be the same, the first when equal; with
 * unequal weights turns by weight and load. */
uint32_t balance_least_request(struct pick *c)
{
    if (!c->b->plan->even)
        return earliest(c, c->b->plan->bias);
    struct draw draw = balance_draws(c);
    uint32_t count = count_takable(c), best = NONE;
    for (uint32_t n = 0; count > 0 && n < c->b->plan->draws; n++) {
        uint32_t i = nth(c, (uint32_t)draw_below(&draw, count));
        if (best == NONE || c->peer[i].conns < c->peer[best].conns)
            best = i;
    }
    return best;
}

/* ---- of the books ---------------------------------------------------------------- */

/* Join the idle queue: a server with nothing to do, at random; if all have, any. */
uint32_t balance_idle(struct pick *c)
{
    uint32_t count = 0, idle = 0;
    for (uint32_t i = c->from; i < c->to; i++)
        if (balance_may_take(c, i)) {
            count++;
            idle += c->peer[i].conns == 0;
        }
    if (count == 0)
        return NONE;
    struct draw draw = balance_draws(c);
    uint32_t n = (uint32_t)draw_below(&draw, idle ? idle : count);
    for (uint32_t i = c->from;; i++) {
        if (!balance_may_take(c, i) || (idle && c->peer[i].conns))
            continue;
        if (n-- == 0)
            return i;
    }
}
