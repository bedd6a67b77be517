/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outlier -- Envoy's outlier detection: a server that fails so many times in a row, or
 * whose rate of successes is far below the others', has no requests for a while.
 *
 * The looks at success rates, which also bring servers back, come every interval; each
 * is made up for when the next request asks.
 */
#include "models/edge.h"

#include <math.h>

static void eject(struct world *w, struct balancer *b, uint32_t peer)
{
    struct edge *e = b->edge;
    const struct outlier_part *part = &e->plan->part->outlier;
    struct edge_peer *p = &e->peer[peer];
    if (b->peer[peer].barred & PEER_EJECTED)
        return;
    if (e->ejected > 0 && e->ejected + 1 > part->share * b->plan->peers)
        return;
    p->ejections++;
    sim_time most = part->most > part->base ? part->most : part->base;
    sim_time out = part->base > most / p->ejections ? most : part->base * p->ejections;
    p->ejected_until = w->now + out;
    e->ejected++;
    edge_exclude(b, peer, PEER_EJECTED);
}

void outlier_count(struct world *w, struct balancer *b, uint32_t peer, bool good)
{
    const struct outlier_part *part = &b->edge->plan->part->outlier;
    struct edge_peer *p = &b->edge->peer[peer];
    if (!part->present)
        return;
    p->answers++;
    p->good += good;
    p->failed_row = good ? 0 : p->failed_row + 1;
    if (part->consecutive > 0 && p->failed_row >= part->consecutive) {
        p->failed_row = 0;
        eject(w, b, peer);
    }
}

/* ---- looks ----------------------------------------------------------------------- */

static double rate_of(const struct edge_peer *p)
{
    return (double)p->good / (double)p->answers;
}

static void compare_rates(struct world *w, struct balancer *b)
{
    struct edge *e = b->edge;
    const struct outlier_part *part = &e->plan->part->outlier;
    double sum = 0, squares = 0;
    int64_t hosts = 0, volume = part->volume > 1 ? part->volume : 1;
    for (uint32_t i = 0; i < b->plan->peers; i++) {
        const struct edge_peer *p = &e->peer[i];
        if ((int64_t)p->answers < volume)
            continue;
        hosts++;
        sum += rate_of(p);
        squares += rate_of(p) * rate_of(p);
    }
    if (hosts == 0 || hosts < part->hosts)
        return;
    double n = (double)hosts, mean = sum / n, spread = squares / n - mean * mean;
    double least = mean - part->deviations * sqrt(spread > 0 ? spread : 0);
    for (uint32_t i = 0; i < b->plan->peers; i++)
        if ((int64_t)e->peer[i].answers >= volume && rate_of(&e->peer[i]) < least)
            eject(w, b, i);
}

static void look(struct world *w, struct balancer *b, sim_time at)
{
    struct edge *e = b->edge;
    for (uint32_t i = 0; i < b->plan->peers; i++) {
        struct edge_peer *p = &e->peer[i];
        if (!(b->peer[i].barred & PEER_EJECTED)) {
            p->ejections -= p->ejections > 0;
        } else if (at >= p->ejected_until) {
            e->ejected--;
            edge_include(w, b, i, PEER_EJECTED);
        }
    }
    compare_rates(w, b);
    for (uint32_t i = 0; i < b->plan->peers; i++)
        e->peer[i].answers = e->peer[i].good = 0;
}

void outlier_review(struct world *w, struct balancer *b)
{
    struct edge *e = b->edge;
    const struct outlier_part *part = &e->plan->part->outlier;
    for (; part->present && e->look <= w->now; e->look += part->interval)
        look(w, b, e->look);
}
