/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * balance -- what a balancing policy sees, and what policies share. Internal to
 * models/: balance.c has the table and nginx's policies, balance_edge.c those of
 * HAProxy and Envoy.
 *
 * A policy returns the number of a server, or NONE when it finds none.
 */
#ifndef MODELS_BALANCE_H
#define MODELS_BALANCE_H

#include "models/world.h"

struct pick {
    struct world *w;
    struct balancer *b;
    struct peer *peer;
    uint32_t from, to;     /* the servers to choose among */
    const uint64_t *tried; /* bits of those that this call has tried; NULL: none */
    const struct balance_call *call;
    uint32_t bars; /* bits of enum peer_bar that count */
};

enum { MOST_TRIES = 20 }; /* vain ones, then it is whose turn it is */

static inline int64_t balance_seconds(const struct world *w)
{
    return w->now / SIM_SECOND; /* nginx's clock of failures */
}

static inline bool balance_may_take(const struct pick *c, uint32_t i)
{
    const struct peer *p = &c->peer[i];
    if (c->tried && c->tried[i / 64] >> i % 64 & 1)
        return false;
    if (p->barred & c->bars)
        return false;
    return !(p->barred & PEER_FAILED) ||
           balance_seconds(c->w) - p->checked > p->plan->fail_timeout;
}

/* Nothing bars anybody: the common case, for which there are short ways. */
static inline bool balance_all_alike(const struct pick *c)
{
    return c->b->plan->even && !c->b->barred && !c->tried;
}

/* The draws of this choice. */
static inline struct draw balance_draws(const struct pick *c)
{
    return draw_at(c->call->key, c->call->entity, c->w->replication, c->call->attempt);
}

/* The server at place `w` when each takes as many places as it has weight. */
uint32_t balance_at_weight(const struct pick *c, uint32_t w);
uint32_t balance_total_weight(const struct pick *c);

/* Whose turn it is by weight: nginx's smooth weighted round robin. */
uint32_t balance_in_turn(struct pick *c);
/* The same with every server's weight spelled out. */
uint32_t balance_smooth(struct pick *c);

/* What is hashed, as text: the number of the key, or the address. */
size_t balance_key_text(const struct pick *c, char *text, size_t room);
uint32_t balance_address(const struct pick *c);

/* Policies of balance_edge.c. */
uint32_t balance_lightest(struct pick *c);
uint32_t balance_first(struct pick *c);
uint32_t balance_best_of(struct pick *c);
uint32_t balance_by_map(struct pick *c);
uint32_t balance_by_source(struct pick *c);
uint32_t balance_by_deadline(struct pick *c);
uint32_t balance_least_request(struct pick *c);
uint32_t balance_idle(struct pick *c);

#endif
