/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * edge -- requests that wait at a proxy, and how it tries again.
 *
 * HAProxy: a server may have `maxconn` requests. Who is sent to any server waits for
 * the first that has room; who is sent to a certain one (by a hash) waits for that. A
 * place that becomes free goes to whoever has waited longer, of both queues. Retries
 * are of connections that failed, at the same server after a pause, or at another.
 *
 * Envoy: a server is chosen first. Connections are opened as long as there may be more,
 * one at least to each server; who finds none free waits for one to that server.
 * Limits are breakers: beyond them a request fails at once. Retries choose again, and
 * are limited together.
 */
#include "models/edge.h"

/* ---- who is where ---------------------------------------------------------------- */

/* The order among equals is that of the last change of their load. */
static void moved(struct edge *e, uint32_t peer)
{
    e->peer[peer].moved = ++e->moves;
}

static void count_request(const struct world *w, struct edge_peer *p)
{
    int64_t second = w->now / SIM_SECOND;
    if (second != p->second) {
        p->before = second == p->second + 1 ? p->requests : 0;
        p->requests = 0;
        p->second = second;
    }
    p->requests++;
}

static void take(struct world *w, struct balancer *b, struct task *t, uint32_t peer)
{
    struct edge *e = b->edge;
    balance_take(w, b, peer);
    t->peer = peer;
    e->active++;
    moved(e, peer);
    count_request(w, &e->peer[peer]);
}

static void count_retry(struct edge *e, struct task *t, bool more)
{
    e->retrying += more;
    e->retrying -= t->via.retrying;
    t->via.retrying = more;
}

void edge_done(struct world *w, struct balancer *b, struct task *t)
{
    b->edge->active--;
    count_retry(b->edge, t, false);
    moved(b->edge, t->peer);
    health_review(w, b);
    edge_serve(w, b, t->peer);
}

/* ---- waiting --------------------------------------------------------------------- */

static struct queue *queue_of(struct edge *e, const struct task *t)
{
    return t->peer == NONE ? &e->waiting : &e->peer[t->peer].waiting;
}

static void wait_for(struct world *w, struct balancer *b, uint32_t task, uint32_t peer)
{
    struct edge *e = b->edge;
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    t->peer = peer;
    t->state = TASK_TURN;
    t->since = w->now;
    t->demand = (sim_time)++e->tickets;
    if (e->plan->queue_class != NONE)
        t->timer =
            timer_set(&w->timers, e->plan->queue_class, w->now, SLOT(SLOT_TASK, task));
    queue_put(w, queue_of(e, t), task);
    level_pass(&instance->waiting, w->now, 1);
    e->pending++;
    if (peer != NONE)
        moved(e, peer);
}

/* Out of its queue, which it has been taken out of. */
static void stop_waiting(struct world *w, struct edge *e, uint32_t task)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    if (t->timer != TIMER_NONE)
        timer_cancel(&w->timers, t->timer);
    t->timer = TIMER_NONE;
    t->wait++;
    e->pending--;
    if (t->peer != NONE)
        moved(e, t->peer);
    level_pass(&instance->waiting, w->now, -1);
    spend(w, t, e->plan->wait_resource, w->now - t->since);
}

/* Zero waits too, as everywhere. */
static void count_wait(struct world *w, const struct task *t, sim_time waited)
{
    struct counts *counts = w->instance[t->instance].counts;
    tally_add(&counts->wait, waited);
    counts->waited += waited > 0;
}

static void grant(struct world *w, struct balancer *b, struct queue *queue,
                  uint32_t peer)
{
    uint32_t task = queue_take(w, queue);
    struct task *t = &w->task[task];
    sim_time waited = w->now - t->since;
    stop_waiting(w, b->edge, task);
    count_wait(w, t, waited);
    take(w, b, t, peer);
    t->flags |= TASK_GRANTED;
    task_ready(w, task);
}

/* Who is next at a server that has room: the one who came first, of both queues. */
static struct queue *next_queue(const struct world *w, struct edge *e, uint32_t peer)
{
    struct queue *own = &e->peer[peer].waiting, *any = &e->waiting;
    if (own->count == 0 || any->count == 0)
        return own->count ? own : any->count ? any : NULL;
    return w->task[own->first].demand < w->task[any->first].demand ? own : any;
}

static bool is_anybody_well(const struct balancer *b, uint32_t among)
{
    for (uint32_t i = 0; i < among; i++)
        if (!edge_is_out(b, i))
            return true;
    return false;
}

void edge_serve(struct world *w, struct balancer *b, uint32_t peer)
{
    struct edge *e = b->edge;
    const struct peer *p = &b->peer[peer];
    struct queue *own = &e->peer[peer].waiting;
    if (e->pending == 0 || edge_is_out(b, peer))
        return;
    if (e->plan->part->wait == WAIT_FOR_CONNECTION) {
        while (own->count && p->conns < e->peer[peer].opened)
            grant(w, b, own, peer);
        return;
    }
    if (peer >= b->plan->primaries && is_anybody_well(b, b->plan->primaries))
        return;
    for (struct queue *q; !(p->barred & PEER_FULL) && (q = next_queue(w, e, peer));)
        grant(w, b, q, peer);
}

void edge_scatter(struct world *w, struct balancer *b, uint32_t peer)
{
    struct edge *e = b->edge;
    struct queue *own = &e->peer[peer].waiting;
    while (own->count) {
        uint32_t task = queue_take(w, own);
        w->task[task].peer = NONE;
        queue_put(w, &e->waiting, task);
    }
    for (uint32_t i = 0; i < b->plan->peers; i++)
        edge_serve(w, b, i);
}

static void withdraw(struct world *w, struct balancer *b, uint32_t task)
{
    struct task *t = &w->task[task];
    queue_remove(w, queue_of(b->edge, t), task);
    stop_waiting(w, b->edge, task);
    count_retry(b->edge, t, false);
    w->instance[t->instance].counts->timed_out++;
}

void edge_timeout(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct instr *i = &w->code[t->pc];
    const struct proxy_plan *plan = &w->m->proxy[i->b];
    withdraw(w, proxy_balancer(w, t, plan), task);
    t->attempt = 0;
    task_fail(w, task, (enum status)plan->part->queue_status, plan->queue_cause);
}

void edge_leave(struct world *w, uint32_t task, struct balancer *b)
{
    withdraw(w, b, task);
}

/* ---- a server -------------------------------------------------------------------- */

static void reject(struct world *w, uint32_t task, struct edge *e, int status,
                   uint16_t cause)
{
    count_retry(e, &w->task[task], false);
    w->task[task].attempt = 0;
    proxy_reject(w, task, (enum status)status, cause);
}

/* A connection to the chosen server, a new one if there may be. */
static bool take_connection(struct world *w, struct balancer *b, struct task *t,
                            uint32_t peer)
{
    struct edge *e = b->edge;
    struct edge_peer *p = &e->peer[peer];
    bool idle = b->peer[peer].conns < p->opened;
    bool more = p->opened == 0 || e->opened < e->plan->part->max_connections;
    if (!idle && !more)
        return false;
    if (!idle) {
        p->opened++;
        e->opened++;
    }
    count_wait(w, t, 0);
    take(w, b, t, peer);
    return true;
}

/* False: not now, or not at all. */
static bool enter_pools(struct world *w, uint32_t task, struct balancer *b,
                        uint32_t peer)
{
    struct edge *e = b->edge;
    const struct proxy_plan *plan = e->plan;
    if (e->active >= plan->part->max_requests) {
        reject(w, task, e, plan->part->queue_status, plan->requests_cause);
        return false;
    }
    if (take_connection(w, b, &w->task[task], peer))
        return true;
    if (e->pending >= plan->part->max_pending)
        reject(w, task, e, plan->part->queue_status, plan->overflow_cause);
    else
        wait_for(w, b, task, peer);
    return false;
}

static bool enter_server(struct world *w, uint32_t task, struct balancer *b,
                         uint32_t peer)
{
    struct edge *e = b->edge;
    const struct proxy_plan *plan = e->plan;
    const struct queue *queue = peer == NONE ? &e->waiting : &e->peer[peer].waiting;
    const struct peer_plan *server = peer == NONE ? NULL : b->peer[peer].plan;
    if (server && !(b->peer[peer].barred & PEER_FULL)) {
        count_wait(w, &w->task[task], 0);
        take(w, b, &w->task[task], peer);
        return true;
    }
    int64_t room = !server         ? plan->part->queue_limit
                   : server->queue ? server->queue
                                   : UNLIMITED;
    if (queue->count >= room)
        reject(w, task, e, plan->part->queue_status, plan->overflow_cause);
    else
        wait_for(w, b, task, peer);
    return false;
}

/* The server for this attempt, which is then taken; false: not now, or not at all. */
static bool find_server(struct world *w, uint32_t task, const struct instr *i,
                        const struct proxy_plan *plan, struct balancer *b)
{
    struct task *t = &w->task[task];
    const struct balance_call call = {i->key, t->entity, t->attempt, t->request};
    uint32_t same = t->flags & TASK_SAME ? t->peer : NONE;
    const uint64_t *tried =
        t->attempt > 0 && plan->part->again != AGAIN_ANY ? proxy_tried(w, task) : NULL;
    t->flags &= (uint16_t)~TASK_SAME;
    uint32_t peer =
        same != NONE && !edge_is_out(b, same) ? same : balance_pick(w, b, &call, tried);
    if (peer == NONE && tried && plan->part->again == AGAIN_SAME)
        peer = balance_pick(w, b, &call, NULL);
    if (peer == NONE &&
        (plan->part->wait != WAIT_FOR_SERVER || !is_anybody_well(b, b->plan->peers))) {
        reject(w, task, b->edge, plan->part->nolive_status, plan->nolive_cause);
        return false;
    }
    switch ((enum proxy_wait)plan->part->wait) {
    case WAIT_FOR_SERVER:
        return enter_server(w, task, b, peer);
    case WAIT_FOR_CONNECTION:
        return enter_pools(w, task, b, peer);
    case WAIT_NEVER:
        take(w, b, t, peer);
        return true;
    }
    return false;
}

void edge_call(struct world *w, uint32_t task, const struct instr *i,
               const struct proxy_plan *plan)
{
    struct task *t = &w->task[task];
    bool granted = t->flags & TASK_GRANTED;
    t->flags &= (uint16_t)~TASK_GRANTED;
    if (!granted && t->attempt == 0 && !(t->flags & TASK_SAME))
        proxy_begin(w, t, plan);
    struct balancer *b = proxy_balancer(w, t, plan);
    if (granted && !plan->part->ignores_abort && !task_is_awaited(w, t)) {
        balance_done(b, t->peer);
        edge_done(w, b, t);
        t->attempt = 0;
        task_fail(w, task, STATUS_TIMEOUT, 0);
        return;
    }
    if (!granted) {
        outlier_review(w, b);
        health_review(w, b);
        if (!find_server(w, task, i, plan, b))
            return;
    }
    proxy_send(w, task, i, plan, b);
}

/* ---- again ----------------------------------------------------------------------- */

static bool may_retry_any(const struct edge *e)
{
    const struct proxy_part *part = e->plan->part;
    if (part->retry_share < 0)
        return e->retrying < part->max_retries;
    double most = part->retry_share * (double)(e->active + e->pending);
    return e->retrying < part->retry_least || e->retrying < most;
}

static void pause_for(struct world *w, uint32_t task, sim_time pause)
{
    struct task *t = &w->task[task];
    if (pause == 0) {
        task_ready(w, task);
        return;
    }
    t->state = TASK_BACKOFF;
    t->since = w->now;
    t->demand = pause;
    event_push(&w->events, w->now + pause, EVENT_HAND_OFF, SLOT(SLOT_TASK, task));
}

/* Envoy: uniform up to base x (2^n - 1), capped. */
static sim_time jittered(const struct world *w, const struct task *t,
                         const struct proxy_plan *plan)
{
    struct draw draw = draw_at(plan->retry_key, t->entity, w->replication, t->attempt);
    sim_time most = plan->part->pause;
    for (uint32_t n = 1; n < t->attempt && most < plan->part->pause_most; n++)
        most = 2 * most + plan->part->pause;
    if (most > plan->part->pause_most)
        most = plan->part->pause_most;
    return sim_from_nanoseconds(draw_uniform(&draw) * (double)most);
}

/* HAProxy: a policy that takes turns goes on to another server at once; the others stay
 * with theirs, after a pause unless the time to connect has passed anyway, and leave it
 * for the last try. */
static void try_same(struct world *w, uint32_t task, const struct proxy_plan *plan,
                     struct balancer *b, bool late)
{
    struct task *t = &w->task[task];
    bool turns = plan->policy == BALANCE_ROUND_ROBIN || plan->policy == BALANCE_BEST_OF;
    uint32_t well = 0;
    for (uint32_t i = 0; i < b->plan->peers; i++)
        well += !edge_is_out(b, i);
    bool move = plan->part->redispatch &&
                (t->via.tries == 0 || edge_is_out(b, t->peer) || (turns && well > 1));
    if (!move)
        t->flags |= TASK_SAME;
    bool waits = !late && (!move || !turns || well <= 1);
    pause_for(w, task, waits ? plan->part->pause : 0);
}

static bool may_again(const struct world *w, const struct task *t,
                      const struct proxy_part *part, const struct edge *e,
                      uint32_t bits)
{
    if (part->again == AGAIN_NEVER || t->via.tries == 0 || !(part->next & bits) ||
        t->flags & TASK_SPOKEN || w->now - t->via.began >= part->next_timeout)
        return false;
    return part->again != AGAIN_ANY || may_retry_any(e);
}

static enum status seen(const struct proxy_part *part, enum status status, bool late,
                        bool connecting)
{
    if (late)
        return (enum status)(connecting ? part->connect_status : part->late_status);
    if (status == STATUS_REFUSED)
        return (enum status)part->refused_status;
    return status == STATUS_RESET ? (enum status)part->broken_status : status;
}

static uint32_t end_bits(enum status status, bool late, bool connecting)
{
    if (status == STATUS_REFUSED || (late && connecting))
        return NEXT_CONNECT;
    if (late)
        return NEXT_TIMEOUT;
    return status == STATUS_RESET ? NEXT_ERROR : NEXT_STATUS(status);
}

static void try_again(struct world *w, uint32_t task, const struct proxy_plan *plan,
                      struct balancer *b, bool late)
{
    struct task *t = &w->task[task];
    bool same = plan->part->again == AGAIN_SAME;
    proxy_mark_tried(w, task, same);
    t->via.tries--;
    t->attempt++;
    if (same) {
        try_same(w, task, plan, b, late);
        return;
    }
    count_retry(b->edge, t, true);
    pause_for(w, task, jittered(w, t, plan));
}

void edge_ended(struct world *w, uint32_t task, const struct edge_end *end)
{
    struct task *t = &w->task[task];
    const struct proxy_plan *plan = &w->m->proxy[w->code[t->pc].b];
    struct balancer *b = proxy_balancer(w, t, plan);
    enum status status = seen(plan->part, end->status, end->late, end->connecting);
    uint32_t bits = end_bits(end->status, end->late, end->connecting);
    bool answered =
        !end->late && end->status != STATUS_REFUSED && end->status != STATUS_RESET;
    outlier_count(w, b, t->peer, status < STATUS_500);
    if (end->status != STATUS_OK && may_again(w, t, plan->part, b->edge, bits))
        try_again(w, task, plan, b, end->late);
    else
        proxy_answered(w, task,
                       t->flags & TASK_SPOKEN && !answered ? STATUS_RESET : status,
                       end->cause, answered);
}

/* ---- in and out ------------------------------------------------------------------ */

static void review_panic(struct balancer *b)
{
    const struct edge *e = b->edge;
    uint32_t servers = 0;
    for (uint32_t i = 0; i < b->plan->peers; i++)
        servers += !(b->peer[i].barred & PEER_DOWN);
    uint32_t well = servers - e->out;
    b->panic =
        well < e->plan->part->panic * servers || well < e->plan->part->least_healthy;
}

void edge_exclude(struct balancer *b, uint32_t peer, uint32_t why)
{
    struct peer *p = &b->peer[peer];
    b->edge->out += !(p->barred & (PEER_SICK | PEER_EJECTED));
    peer_bar(b, p, why);
    review_panic(b);
}

void edge_include(struct world *w, struct balancer *b, uint32_t peer, uint32_t why)
{
    struct peer *p = &b->peer[peer];
    bool was = p->barred & (PEER_SICK | PEER_EJECTED);
    peer_unbar(b, p, why);
    b->edge->out -= was && !(p->barred & (PEER_SICK | PEER_EJECTED));
    review_panic(b);
    edge_serve(w, b, peer);
}

/* ---- setting up ------------------------------------------------------------------ */

void edges_open(struct world *w)
{
    for (uint32_t i = 0; i < w->m->proxies; i++) {
        const struct proxy_plan *plan = &w->m->proxy[i];
        uint32_t copies = w->m->service[plan->service].instances * plan->workers;
        for (uint32_t k = 0; plan->edge && k < copies; k++) {
            struct balancer *b = &w->balancer[plan->balancer + k];
            b->edge = arena_new(w->arena, struct edge);
            b->edge->plan = plan;
            b->edge->peer = arena_many(w->arena, plan->peers, struct edge_peer);
            b->edge->look = plan->part->outlier.interval;
            if (plan->part->slow_start)
                health_scale(b);
        }
        if (plan->check_loop != NONE)
            health_start(w, plan);
    }
}
