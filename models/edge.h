/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edge -- what a balancer has more where requests wait for servers, servers are
 * checked, or retries are counted. Internal to models/: edge.c lets requests wait and
 * tries them again, health.c checks servers, outlier.c watches their answers.
 */
#ifndef MODELS_EDGE_H
#define MODELS_EDGE_H

#include "models/world.h"

struct edge_peer {
    struct queue waiting; /* for this server */
    uint64_t moved;       /* its place among the equally loaded: the last change */
    double deadline;      /* of its next turn, see balance_by_deadline */
    uint32_t opened;      /* connections to it, idle ones too */
    int64_t second;       /* requests in this second and in the one before */
    uint32_t requests, before;

    uint32_t streak; /* checks in a row that speak against what is thought of it */
    uint64_t checks;
    sim_time back; /* when it became well */

    uint32_t failed_row, ejections;
    sim_time ejected_until;
    uint64_t answers, good; /* since the last look */
};

struct edge {
    const struct proxy_plan *plan;
    struct edge_peer *peer;
    struct queue waiting; /* for any server */
    uint64_t tickets, moves;
    double clock;     /* of turns by deadline */
    uint32_t active;  /* requests at servers */
    uint32_t pending; /* waiting for one */
    uint32_t retrying, opened;
    uint32_t out; /* servers that are sick or ejected */
    uint32_t ejected;
    sim_time look; /* at success rates, the next */
};

/* Is the server out, as far as anybody but itself knows? Being busy does not count. */
static inline bool edge_is_out(const struct balancer *b, uint32_t peer)
{
    uint32_t bars = PEER_DOWN | PEER_DRAINS | PEER_SICK | PEER_EJECTED;
    if (b->panic)
        bars &= ~(uint32_t)(PEER_SICK | PEER_EJECTED);
    return b->peer[peer].barred & bars;
}

/* How an attempt ended: late, with the connection or with the answer. */
struct edge_end {
    enum status status;
    uint16_t cause;
    bool late, connecting;
};

/* Verbs for proxy.c: a task at OP_PROXY; an attempt that no longer counts, and how it
 * ended; a client that leaves the queue. */
void edge_call(struct world *w, uint32_t task, const struct instr *i,
               const struct proxy_plan *plan);
void edge_done(struct world *w, struct balancer *b, struct task *t);
void edge_ended(struct world *w, uint32_t task, const struct edge_end *end);
void edge_leave(struct world *w, uint32_t task, struct balancer *b);
void edges_open(struct world *w);

/* Verbs of proxy.c. */
struct balancer *proxy_balancer(const struct world *w, const struct task *t,
                                const struct proxy_plan *plan);
uint64_t *proxy_tried(const struct world *w, uint32_t task);
void proxy_begin(struct world *w, struct task *t, const struct proxy_plan *plan);
void proxy_send(struct world *w, uint32_t task, const struct instr *i,
                const struct proxy_plan *plan, struct balancer *b);
void proxy_mark_tried(struct world *w, uint32_t task, bool alone);
void proxy_answered(struct world *w, uint32_t task, enum status status, uint16_t cause,
                    bool keeps);

/* A server is out for `why`, or no longer. */
void edge_exclude(struct balancer *b, uint32_t peer, uint32_t why);
void edge_include(struct world *w, struct balancer *b, uint32_t peer, uint32_t why);

/* Whoever waits takes what is free at a server. */
void edge_serve(struct world *w, struct balancer *b, uint32_t peer);
/* Who waits for a server that is out waits for any. */
void edge_scatter(struct world *w, struct balancer *b, uint32_t peer);

/* Weights and limits of servers that come back, and of the load, as they are now. */
void health_review(struct world *w, struct balancer *b);
void health_ended(struct world *w, uint32_t task, enum status status);
/* Weights in the parts that they grow by. */
void health_scale(struct balancer *b);
void health_start(struct world *w, const struct proxy_plan *plan);
/* Is a server's listen queue reachable, and has it room? */
bool health_connects(const struct world *w, uint32_t instance, bool *silent);

/* Looks that are due, and an answer. */
void outlier_review(struct world *w, struct balancer *b);
void outlier_count(struct world *w, struct balancer *b, uint32_t peer, bool good);

#endif
