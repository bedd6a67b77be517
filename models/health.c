/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * health -- active checks: a proxy asks its servers from time to time, and has no
 * requests sent to those that fail.
 *
 * A check is a task of the proxy's for each server, which goes round for ever: pause,
 * ask, wait for the answer. What it asks is a request like any other: it waits for a
 * worker of the server and keeps him. (A check that only connects needs no worker: the
 * kernel of the server takes the connection.) Checks of several servers are spread over
 * the interval.
 *
 * A server that comes back warms up, where the proxy says so: its weight grows in
 * sixteenths, its limit in percent, both with time.
 */
#include "models/edge.h"

enum { WEIGHT_PARTS = 16, WARM_STEPS = 20 };

static const struct proxy_plan *plan_of(const struct world *w, const struct task *t)
{
    return &w->m->proxy[w->code[t->pc].b];
}

/* ---- what comes of it ------------------------------------------------------------ */

static bool is_sick(const struct balancer *b, uint32_t peer)
{
    return b->peer[peer].barred & PEER_SICK;
}

static void fall_sick(struct world *w, struct balancer *b, uint32_t peer)
{
    edge_exclude(b, peer, PEER_SICK);
    edge_scatter(w, b, peer);
}

static void recover(struct world *w, struct balancer *b, uint32_t peer)
{
    struct edge_peer *p = &b->edge->peer[peer];
    p->back = w->now;
    if (b->edge->plan->part->slow_start)
        peer_bar(b, &b->peer[peer], PEER_WARMS);
    health_review(w, b);
    edge_include(w, b, peer, PEER_SICK);
}

/* One more check that says the contrary of what is thought, or does not. */
static void judge(struct world *w, struct balancer *b, uint32_t peer, bool good,
                  bool decides)
{
    struct edge_peer *p = &b->edge->peer[peer];
    const struct health_part *health = &b->edge->plan->part->health;
    bool sick = is_sick(b, peer);
    if (good != sick) {
        p->streak = 0;
        return;
    }
    int64_t needed = sick ? health->rise : decides ? 1 : health->fall;
    if (++p->streak < needed)
        return;
    p->streak = 0;
    if (sick)
        recover(w, b, peer);
    else
        fall_sick(w, b, peer);
}

static sim_time pause_of(const struct balancer *b, uint32_t peer)
{
    const struct health_part *h = &b->edge->plan->part->health;
    sim_time own = b->edge->peer[peer].streak > 0 ? h->interval_turning
                   : is_sick(b, peer)             ? h->interval_down
                                                  : SIM_NEVER;
    return own == SIM_NEVER ? h->interval : own;
}

/* The instruction before the check is a pause. */
static void pause_until(struct world *w, uint32_t task, sim_time at)
{
    struct task *t = &w->task[task];
    t->pc = w->call[plan_of(w, t)->check_loop].entry;
    t->state = TASK_DELAY;
    t->since = w->now;
    if (!world_is_stalled(w))
        event_push(&w->events, at, EVENT_DEPARTURE, SLOT(SLOT_TASK, task));
}

static void conclude(struct world *w, uint32_t task, bool good, bool decides)
{
    struct task *t = &w->task[task];
    struct balancer *b = proxy_balancer(w, t, plan_of(w, t));
    uint32_t peer = t->peer;
    judge(w, b, peer, good, decides);
    pause_until(w, task, w->now + pause_of(b, peer));
}

void health_ended(struct world *w, uint32_t task, enum status status)
{
    struct task *t = &w->task[task];
    if (t->timer != TIMER_NONE)
        timer_cancel(&w->timers, t->timer);
    t->timer = TIMER_NONE;
    t->wait++;
    t->flags &= (uint16_t)~TASK_CONNECTING;
    bool decides = status >= STATUS_400 && plan_of(w, t)->part->health.status_decides;
    conclude(w, task, status == STATUS_OK, decides);
}

/* ---- asking ---------------------------------------------------------------------- */

bool health_connects(const struct world *w, uint32_t number, bool *silent)
{
    const struct instance *instance = &w->instance[number];
    const struct service *s = instance->service;
    bool full = instance->queue.count >= s->queue_limit;
    *silent =
        instance->away ? instance->away >= AWAY_SILENT : full && s->part.knock_pauses;
    return !instance->away && !full;
}

/* `attempt` says that it has been waiting for a connection in vain. */
static void check_connection(struct world *w, uint32_t task, uint32_t instance)
{
    struct task *t = &w->task[task];
    const struct health_part *h = &plan_of(w, t)->part->health;
    bool silent = false, late = t->attempt > 0;
    t->attempt = 0;
    bool good = !late && health_connects(w, instance, &silent);
    if (!silent || late) {
        conclude(w, task, good, false);
        return;
    }
    t->attempt = 1;
    pause_until(w, task, w->now + (h->timeout == SIM_NEVER ? h->interval : h->timeout));
}

static void check_request(struct world *w, uint32_t task, uint32_t number,
                          uint32_t instance, uint64_t entity)
{
    struct task *t = &w->task[task];
    const struct call_site *site = &w->call[number];
    t->state = TASK_CALLING;
    t->since = w->now;
    t->timer =
        timer_set(&w->timers, site->timeout_class, w->now, SLOT(SLOT_TASK, task));
    uint32_t child = call_start(w, number, instance);
    t = &w->task[task];
    t->child = child;
    struct task *c = &w->task[child];
    c->parent = task;
    c->parent_wait = t->wait;
    c->entity = entity;
    if (site->latency > 0)
        event_push(&w->events, w->now + site->latency, EVENT_HAND_OFF,
                   SLOT(SLOT_TASK, child));
    else
        server_enter(w, child);
}

void health_check(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct proxy_plan *plan = plan_of(w, t);
    struct balancer *b = proxy_balancer(w, t, plan);
    const struct peer_plan *server = b->peer[t->peer].plan;
    uint32_t instance = w->m->service[server->service].first_instance + server->replica;
    if (plan->part->health.connects) {
        check_connection(w, task, instance);
        return;
    }
    struct edge_peer *p = &b->edge->peer[t->peer];
    uint64_t checker = (uint64_t)(b - w->balancer) * plan->peers + t->peer;
    check_request(w, task, plan->check_site + server->site, instance,
                  checker << 32 | (uint32_t)p->checks++);
}

/* ---- coming back ----------------------------------------------------------------- */

static uint32_t limit_now(const struct world *w, const struct balancer *b,
                          uint32_t peer)
{
    const struct peer_plan *server = b->peer[peer].plan;
    const struct edge *e = b->edge;
    int64_t full = e->plan->part->fullconn, load = (int64_t)e->active + e->pending + 1;
    int64_t most = server->most;
    if (server->least && load < full) {
        most = load * server->most / full;
        most = most > server->least ? most : server->least;
    }
    if (b->peer[peer].barred & PEER_WARMS) {
        sim_time passed = w->now - e->peer[peer].back;
        most = most * (100 * passed / e->plan->part->slow_start) / 100;
        most = most > 1 ? most : 1;
    }
    return (uint32_t)most;
}

static void warm(struct world *w, struct balancer *b, uint32_t peer)
{
    struct peer *p = &b->peer[peer];
    sim_time whole = b->edge->plan->part->slow_start;
    sim_time step = whole / WARM_STEPS > SIM_SECOND ? whole / WARM_STEPS : SIM_SECOND;
    sim_time passed = (w->now - b->edge->peer[peer].back) / step * step;
    if (passed >= whole) {
        p->weight = p->plan->weight * WEIGHT_PARTS;
        peer_unbar(b, p, PEER_WARMS);
    } else {
        p->weight =
            p->plan->weight * (int32_t)((WEIGHT_PARTS * passed + whole) / whole);
    }
    p->effective = p->weight;
}

void health_review(struct world *w, struct balancer *b)
{
    if (!b->edge->plan->reviews)
        return;
    for (uint32_t i = 0; i < b->plan->peers; i++) {
        bool warms = b->peer[i].barred & PEER_WARMS;
        if (warms)
            warm(w, b, i);
        if (b->peer[i].plan->least || (warms && b->peer[i].plan->most))
            balance_limit(b, i, limit_now(w, b, i));
    }
}

void health_scale(struct balancer *b)
{
    for (uint32_t i = 0; i < b->plan->peers; i++)
        b->peer[i].weight = b->peer[i].effective =
            b->peer[i].plan->weight * WEIGHT_PARTS;
}

/* ---- setting up ------------------------------------------------------------------ */

static void start_check(struct world *w, const struct proxy_plan *plan, uint32_t copy,
                        uint32_t peer)
{
    const struct health_part *h = &plan->part->health;
    uint32_t task = task_new(w);
    struct task *t = &w->task[task];
    t->instance = w->m->service[plan->service].first_instance + copy / plan->workers;
    t->via.worker = (uint16_t)(copy % plan->workers);
    t->process = 0;
    t->peer = peer;
    t->pc = w->call[plan->check_loop].entry;
    t->state = TASK_DELAY;
    t->since = 0;
    t->entity = 0;
    event_push(&w->events, h->interval * peer / plan->peers, EVENT_DEPARTURE,
               SLOT(SLOT_TASK, task));
}

void health_start(struct world *w, const struct proxy_plan *plan)
{
    uint32_t copies = w->m->service[plan->service].instances * plan->workers;
    for (uint32_t copy = 0; copy < copies; copy++)
        for (uint32_t i = 0; i < plan->peers; i++)
            if (!(w->balancer[plan->balancer + copy].peer[i].barred & PEER_DOWN))
                start_check(w, plan, copy, i);
}
