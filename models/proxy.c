/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * proxy -- a request at a proxy: one server after the other, until one answers.
 *
 * An attempt ends in one of these ways (nginx's names):
 *   ok, or a status that is not listed   the answer; the server is well
 *   error: refused, reset                502; on to the next server
 *   timeout: no connection, no answer    504; on to the next server
 *   a listed status                      on to the next server while there is one
 * The next server is tried when the end is listed in `next`, tries and time are left,
 * and the request may be done twice or has not been sent.
 */
#include "models/edge.h"

/* ---- workers --------------------------------------------------------------------- */

static uint32_t number_of(const struct world *w, const struct task *t, uint32_t service)
{
    return t->instance - w->m->service[service].first_instance;
}

static struct proxy_worker *worker_of(const struct world *w, const struct task *t)
{
    const struct service *s = w->instance[t->instance].service;
    return &w->proxy_worker[s->first_worker +
                            (t->instance - s->first_instance) * s->workers +
                            t->via.worker];
}

/* Who takes a connection: a user keeps his, another request comes by a new one. */
static uint32_t pick_worker(const struct world *w, const struct task *t,
                            const struct service *s)
{
    if (s->workers == 1)
        return 0;
    uint64_t who = t->entity;
    uint32_t attempt = 0;
    if (t->request != NONE && t->parent == NONE) {
        const struct request *r = &w->request[t->request];
        enum workload_form form = w->m->workload[r->workload].form;
        if (form == WORKLOAD_CLOSED || form == WORKLOAD_SESSIONS)
            who >>= 32;
        else
            attempt = r->attempts;
    }
    struct draw draw = draw_at(s->worker_key, who, w->replication, attempt);
    return (uint32_t)draw_below(&draw, s->workers);
}

void proxy_reject(struct world *w, uint32_t task, enum status status, uint16_t cause)
{
    struct counts *counts = w->instance[w->task[task].instance].counts;
    counts->refused++;
    counts->served--; /* when it leaves it counts as served */
    task_fail(w, task, status, cause);
}

bool proxy_accept(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct service *s = w->instance[t->instance].service;
    t->via.worker = (uint16_t)pick_worker(w, t, s);
    struct proxy_worker *worker = worker_of(w, t);
    if (worker->connections >= s->part.proxy.connections) {
        proxy_reject(w, task, STATUS_RESET, s->closed_cause);
        return false;
    }
    worker->connections++;
    return true;
}

void proxy_hang_up(struct world *w, uint32_t task)
{
    worker_of(w, &w->task[task])->connections--;
}

/* ---- connections to servers ------------------------------------------------------ */

static void forget(struct proxy_worker *worker, uint32_t at)
{
    worker->idles--;
    for (uint32_t i = at; i < worker->idles; i++)
        worker->idle[i] = worker->idle[i + 1];
}

/* How long a connection to this server may lie idle: until the proxy closes it or knows
 * that the server has. */
static sim_time idle_limit(const struct proxy_plan *plan,
                           const struct server_part *server, sim_time latency)
{
    sim_time own = plan->part->keepalive_timeout;
    sim_time theirs =
        server->keep_alive == SIM_NEVER ? SIM_NEVER : server->keep_alive + latency;
    return own < theirs ? own : theirs;
}

/* An idle connection to the server, the newest first; false: a new one is needed.
 * `stale`: the server has closed it, and the proxy does not know yet. */
static bool reuse(struct world *w, struct task *t, const struct proxy_plan *plan,
                  uint32_t number, const struct call_site *site, bool *stale)
{
    struct proxy_worker *worker = worker_of(w, t);
    const struct server_part *server = &w->m->service[site->service].part;
    sim_time limit = idle_limit(plan, server, site->latency);
    for (uint32_t i = worker->idles; i-- > 0;) {
        struct idle idle = worker->idle[i];
        if (idle.proxy != number || idle.peer != t->peer)
            continue;
        forget(worker, i);
        sim_time lies = w->now - idle.since;
        if (lies > limit)
            continue; /* closed already */
        t->via.requests = idle.requests;
        t->via.opened = idle.opened;
        *stale = server->keep_alive != SIM_NEVER &&
                 lies + site->latency > server->keep_alive - site->latency;
        return true;
    }
    t->via.requests = 0;
    t->via.opened = w->now;
    return false;
}

/* Close idle connections while room is short, those that are longest idle first. */
static void drain(const struct service *s, struct proxy_worker *worker)
{
    int64_t most = s->part.proxy.connections, room = most - worker->connections;
    if (most == UNLIMITED || room - worker->idles > most / 16)
        return;
    uint32_t close = worker->idles / 8;
    close = close < 1 ? 1 : close > 32 ? 32 : close;
    while (close-- > 0 && worker->idles > 0)
        forget(worker, 0);
}

/* The server has answered: keep the connection for the next request. */
static void keep(struct world *w, struct task *t, const struct proxy_plan *plan,
                 uint32_t number, const struct call_site *site)
{
    const struct proxy_part *part = plan->part;
    if (w->m->service[site->service].part.keep_alive == 0 || part->keepalive == 0 ||
        ++t->via.requests >= part->keepalive_requests ||
        w->now - t->via.opened > part->keepalive_time)
        return;
    struct proxy_worker *worker = worker_of(w, t);
    uint32_t kept = 0, oldest = NONE;
    for (uint32_t i = worker->idles; i-- > 0;)
        if (worker->idle[i].proxy == number) {
            kept++;
            oldest = i;
        }
    if (kept >= part->keepalive)
        forget(worker, oldest);
    if (worker->idles == worker->idle_room) {
        uint32_t room = worker->idle_room ? 2 * worker->idle_room : 8;
        struct idle *idle = arena_many(w->arena, room, struct idle);
        for (uint32_t i = 0; i < worker->idles; i++)
            idle[i] = worker->idle[i];
        worker->idle = idle;
        worker->idle_room = room;
    }
    worker->idle[worker->idles++] =
        (struct idle){number, t->peer, t->via.requests, w->now, t->via.opened};
}

/* ---- attempts -------------------------------------------------------------------- */

uint64_t *proxy_tried(const struct world *w, uint32_t task)
{
    return &w->tried[(size_t)task * w->m->tried_words];
}

HOT_INLINE struct balancer *balancer_of(const struct world *w, const struct task *t,
                                        const struct proxy_plan *plan)
{
    uint32_t worker = plan->workers > 1 ? t->via.worker : 0;
    return &w->balancer[plan->balancer +
                        number_of(w, t, plan->service) * plan->workers + worker];
}

struct balancer *proxy_balancer(const struct world *w, const struct task *t,
                                const struct proxy_plan *plan)
{
    return balancer_of(w, t, plan);
}

/* No server can be taken. */
static void no_live_upstream(struct world *w, uint32_t task,
                             const struct proxy_plan *plan, struct balancer *b)
{
    uint16_t cause = plan->nolive_cause;
    for (uint32_t i = 0; i < plan->peers; i++)
        if (b->peer[i].barred & PEER_FULL)
            cause = plan->full_cause;
    w->task[task].attempt = 0;
    proxy_reject(w, task, (enum status)plan->part->nolive_status, cause);
}

HOT_INLINE void begin(const struct world *w, struct task *t,
                      const struct proxy_plan *plan)
{
    if (!w->m->service[plan->service].counts_connections)
        t->via.worker = 0;
    t->via.tries = (uint8_t)plan->tries;
    t->via.began = w->now;
    t->via.retrying = false;
}

void proxy_begin(struct world *w, struct task *t, const struct proxy_plan *plan)
{
    begin(w, t, plan);
}

/* Where the request waits for the answer that never comes: the server has closed the
 * connection, which is known a round trip later. */
static void send_stale(struct world *w, uint32_t child, const struct proxy_plan *plan,
                       sim_time latency)
{
    struct task *c = &w->task[child];
    c->state = TASK_REPLY;
    c->status = STATUS_RESET;
    c->cause = plan->stale_cause;
    event_push(&w->events, w->now + 2 * latency, EVENT_DEPARTURE,
               SLOT(SLOT_TASK, child));
}

HOT_INLINE void send(struct world *w, uint32_t task, const struct instr *i,
                     const struct proxy_plan *plan, const struct peer_plan *peer)
{
    struct task *t = &w->task[task];
    uint32_t number = i->a + peer->site;
    const struct call_site *site = &w->call[number];
    sim_time way = site->latency;
    bool stale = false;
    t->via.reused = false;
    if (plan->keeps) {
        t->via.reused = reuse(w, t, plan, i->b, site, &stale);
        if (!t->via.reused)
            way += 2 * site->latency;
    }
    t->state = TASK_CALLING;
    t->since = w->now;
    if (site->timeout_class != NONE)
        t->timer =
            timer_set(&w->timers, site->timeout_class, w->now, SLOT(SLOT_TASK, task));
    uint32_t child = call_start(
        w, number, w->m->service[peer->service].first_instance + peer->replica);
    t = &w->task[task];
    t->child = child;
    struct task *c = &w->task[child];
    c->parent = task;
    c->parent_wait = t->wait;
    c->request = t->request;
    c->stamp = t->stamp;
    c->entity = t->entity;
    if (stale)
        send_stale(w, child, plan, site->latency);
    else if (way > 0)
        event_push(&w->events, w->now + way, EVENT_HAND_OFF, SLOT(SLOT_TASK, child));
    else
        server_enter(w, child);
}

/* The attempt no longer counts at its server. */
static void give_up_server(struct world *w, struct task *t, struct balancer *b)
{
    balance_done(b, t->peer);
    if (b->edge)
        edge_done(w, b, t);
}

/* A connection of the worker's for the way to the server; false: there is none. */
static bool connect_upstream(struct world *w, const struct task *t)
{
    const struct service *s = w->instance[t->instance].service;
    if (!s->counts_connections)
        return true;
    struct proxy_worker *worker = worker_of(w, t);
    if (worker->connections >= s->part.proxy.connections)
        return false;
    worker->connections++;
    drain(s, worker);
    return true;
}

HOT_INLINE void pass_on(struct world *w, uint32_t task, const struct instr *i,
                        const struct proxy_plan *plan, struct balancer *b)
{
    struct task *t = &w->task[task];
    if (connect_upstream(w, t)) {
        send(w, task, i, plan, b->peer[t->peer].plan);
        return;
    }
    give_up_server(w, t, b);
    t->attempt = 0;
    proxy_reject(w, task, STATUS_500,
                 w->instance[t->instance].service->exhausted_cause);
}

void proxy_send(struct world *w, uint32_t task, const struct instr *i,
                const struct proxy_plan *plan, struct balancer *b)
{
    pass_on(w, task, i, plan, b);
}

void proxy_call(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct instr *i = &w->code[t->pc];
    const struct proxy_plan *plan = &w->m->proxy[i->b];
    const uint64_t *tried = NULL;
    if (plan->edge) {
        edge_call(w, task, i, plan);
        return;
    }
    if (t->attempt == 0)
        begin(w, t, plan);
    else
        tried = proxy_tried(w, task);
    struct balancer *b = balancer_of(w, t, plan);
    const struct balance_call call = {i->key, t->entity, t->attempt, t->request};
    t->peer = balance_among(w, b, &call, tried);
    if (t->peer == NONE)
        no_live_upstream(w, task, plan, b);
    else
        pass_on(w, task, i, plan, b);
}

/* The attempt is over for the proxy, however it ended. */
static void end_attempt(struct world *w, struct task *t, struct balancer *b)
{
    if (t->timer != TIMER_NONE)
        timer_cancel(&w->timers, t->timer);
    t->timer = TIMER_NONE;
    t->wait++;
    t->flags &= (uint16_t)~TASK_CONNECTING;
    give_up_server(w, t, b);
    if (w->instance[t->instance].service->counts_connections)
        worker_of(w, t)->connections--;
}

/* The bits of `next` that an end asks for. */
static uint32_t end_bits(const struct instr *i, enum status status, bool late,
                         bool sent)
{
    uint32_t bits = late ? NEXT_TIMEOUT
                    : status == STATUS_REFUSED || status == STATUS_RESET
                        ? NEXT_ERROR
                        : NEXT_STATUS(status);
    return bits | (sent && !i->count ? NEXT_NON_IDEMPOTENT : 0);
}

static bool may_go_on(const struct world *w, const struct task *t,
                      const struct proxy_part *part, uint32_t bits)
{
    return t->via.tries > 0 && t->attempt < MOST_PROXY_TRIES &&
           !(t->flags & TASK_SPOKEN) &&
           (part->next & bits) == bits && w->now - t->via.began < part->next_timeout;
}

void proxy_mark_tried(struct world *w, uint32_t task, bool alone)
{
    uint64_t *tried = proxy_tried(w, task);
    struct task *t = &w->task[task];
    for (uint32_t i = 0; (alone || t->attempt == 0) && i < w->m->tried_words; i++)
        tried[i] = 0;
    tried[t->peer / 64] |= UINT64_C(1) << t->peer % 64;
}

HOT_INLINE void answer(struct world *w, uint32_t task, const struct instr *i,
                       const struct proxy_plan *plan, const struct balancer *b,
                       enum status status, uint16_t cause, bool keeps)
{
    struct task *t = &w->task[task];
    if (plan->keeps && keeps)
        keep(w, t, plan, i->b, &w->call[i->a + b->peer[t->peer].plan->site]);
    t->attempt = 0;
    if (status == STATUS_OK) {
        t->pc++;
        task_ready(w, task);
    } else {
        task_fail(w, task, status, cause);
    }
}

void proxy_answered(struct world *w, uint32_t task, enum status status, uint16_t cause,
                    bool keeps)
{
    const struct task *t = &w->task[task];
    const struct instr *i = &w->code[t->pc];
    const struct proxy_plan *plan = &w->m->proxy[i->b];
    answer(w, task, i, plan, balancer_of(w, t, plan), status, cause, keeps);
}

HOT_INLINE void answered(struct world *w, uint32_t task, const struct instr *i,
                         const struct proxy_plan *plan, struct balancer *b,
                         enum status status, uint16_t cause)
{
    if (plan->peers > 1)
        balance_succeeded(b, w->task[task].peer);
    answer(w, task, i, plan, b, status, cause, true);
}

static void attempt_failed(struct world *w, uint32_t task,
                           const struct proxy_plan *plan, struct balancer *b,
                           enum status status, uint16_t cause, uint32_t bits)
{
    struct task *t = &w->task[task];
    if (plan->peers > 1)
        balance_failed(w, b, t->peer);
    proxy_mark_tried(w, task, false);
    if (t->via.tries > 0 && !(t->via.reused && bits & NEXT_ERROR))
        t->via.tries--;
    if (plan->peers > 1 && may_go_on(w, t, plan->part, bits)) {
        t->attempt++;
        task_ready(w, task);
        return;
    }
    t->attempt = 0;
    if (t->flags & TASK_SPOKEN)
        status = STATUS_RESET;
    else if (bits & NEXT_ERROR)
        status = STATUS_502;
    task_fail(w, task, status, cause);
}

void proxy_ended(struct world *w, uint32_t task, enum status status, uint16_t cause,
                 bool late)
{
    struct task *t = &w->task[task];
    const struct instr *i = &w->code[t->pc];
    if (i->op == OP_CHECK) {
        health_ended(w, task, status);
        return;
    }
    const struct proxy_plan *plan = &w->m->proxy[i->b];
    struct balancer *b = balancer_of(w, t, plan);
    bool connecting = t->flags & TASK_CONNECTING;
    bool sent = status != STATUS_REFUSED && !connecting;
    end_attempt(w, t, b);
    if (b->edge && plan->part->again != AGAIN_NEXT) {
        edge_ended(w, task, &(struct edge_end){status, cause, late, connecting});
        return;
    }
    if (status == STATUS_OK) {
        answered(w, task, i, plan, b, status, cause);
        return;
    }
    uint32_t bits = end_bits(i, status, late, sent);
    bool broken = bits & (NEXT_ERROR | NEXT_TIMEOUT);
    if (!broken && (t->via.tries <= 1 || !may_go_on(w, t, plan->part, bits)))
        answered(w, task, i, plan, b, status, cause);
    else
        attempt_failed(w, task, plan, b, status, cause, bits);
}

/* ---- the client has gone --------------------------------------------------------- */

/* HAProxy notices when it writes. */
static bool ignores_gone(const struct proxy_part *part, const struct task *t)
{
    return part->ignores_abort &&
           !(part->again == AGAIN_SAME && t->flags & TASK_SPOKEN);
}

/* It waits for a server, but nobody for it. */
static void leave_queue(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct proxy_plan *plan = &w->m->proxy[w->code[t->pc].b];
    if (ignores_gone(plan->part, t))
        return;
    edge_leave(w, task, balancer_of(w, t, plan));
    t->attempt = 0;
    task_fail(w, task, STATUS_TIMEOUT, 0);
}

void proxy_let_go(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct proxy_plan *plan = &w->m->proxy[w->code[t->pc].b];
    struct balancer *b = balancer_of(w, t, plan);
    end_attempt(w, t, b);
    if (plan->peers > 1 && !b->edge)
        balance_succeeded(b, t->peer);
    t->attempt = 0;
    task_fail(w, task, STATUS_TIMEOUT, 0);
}

void proxy_client_gone(struct world *w, uint32_t child, uint32_t parent, uint32_t wait)
{
    struct task *t = &w->task[child];
    if (t->state == TASK_TURN && t->parent == parent && t->parent_wait == wait)
        leave_queue(w, child);
    while (t->state == TASK_CALLING && t->parent == parent && t->parent_wait == wait &&
           w->code[t->pc].op == OP_PROXY) {
        const struct instr *i = &w->code[t->pc];
        if (ignores_gone(w->m->proxy[i->b].part, t))
            return;
        uint32_t next = t->child;
        wait = t->wait;
        parent = child;
        proxy_let_go(w, child);
        child = next;
        t = &w->task[child];
        if (t->state == TASK_TURN && t->parent == parent && t->parent_wait == wait)
            leave_queue(w, child);
    }
    if (!disconnect(w, child, parent, wait))
        stream_gone(w, child, parent, wait);
}

/* ---- setting up ------------------------------------------------------------------ */

void proxies_open(struct world *w)
{
    w->proxy_worker = arena_many(w->arena, w->m->workers + 1, struct proxy_worker);
    if (w->m->tried_words)
        w->tried = arena_reserve(w->arena, (size_t)MOST_TASKS * w->m->tried_words *
                                               sizeof *w->tried);
    edges_open(w);
}
