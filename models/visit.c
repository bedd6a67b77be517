/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * visit -- what clients do beside asking and waiting: they lose patience and leave,
 * press reload, hold to a budget of retries, open connections and wait for free ones.
 *
 * Who leaves or reloads breaks his wait, not the work: most servers go on with what was
 * asked, and notice a lost client no sooner than they answer (disconnect.c).
 *
 * An event of a request may be late: the request has moved on, or its place is another
 * one's. So each looks at what is due at this instant, and at nothing else.
 */
#include "models/world.h"

#include <string.h>

static const struct workload *workload_of(const struct world *w, uint32_t request)
{
    return &w->workload[w->request[request].workload];
}

void visits_open(struct world *w)
{
    w->visit = arena_reserve(w->arena, MOST_TASKS * sizeof *w->visit);
    w->lane = arena_many(w->arena, w->m->lanes + 1, struct lane);
    for (uint32_t i = 0; i < w->m->lanes; i++)
        w->lane[i].behind = SIM_NEVER;
}

/* ---- connections ----------------------------------------------------------------- */

static struct lane *lane_of(struct world *w, uint32_t request)
{
    return &w->lane[workload_of(w, request)->first_lane + w->visit[request].lane];
}

/* To open one, and to ask for what comes over it. */
static sim_time opening(const struct world *w, uint32_t request)
{
    const struct request *r = &w->request[request];
    return 2 * w->call[w->type[r->type].call].latency *
           w->workload[r->workload].link.round_trips;
}

static void send_now(struct world *w, uint32_t request)
{
    struct visit *v = &w->visit[request];
    v->sent = w->now;
    v->wakes = SIM_NEVER;
    client_send(w, request);
}

static void connect(struct world *w, uint32_t request)
{
    sim_time takes = opening(w, request);
    if (takes == 0) {
        send_now(w, request);
        return;
    }
    w->request[request].state = REQUEST_CONNECTING;
    blame(w, request, w->m->network_resource, takes);
    client_wake(w, request, w->now + takes, EVENT_HAND_OFF);
}

/* Idle for too long ones are closed by whoever looks. */
static void close_old(struct world *w, struct lane *l, const struct link_plan *link)
{
    uint32_t old = 0;
    if (link->kept == SIM_NEVER)
        return;
    while (old < l->idles && w->now - l->idle[old] > link->kept)
        old++;
    if (old == 0)
        return;
    l->idles -= old;
    l->open -= old;
    memmove(l->idle, l->idle + old, l->idles * sizeof *l->idle);
}

static void keep_idle(struct world *w, struct lane *l)
{
    if (l->idles == l->room) {
        uint32_t room = l->room ? 2 * l->room : 8;
        sim_time *more = arena_many(w->arena, room, sim_time);
        if (l->idles)
            memcpy(more, l->idle, l->idles * sizeof *more);
        l->idle = more;
        l->room = room;
    }
    l->idle[l->idles++] = w->now;
}

static void wait_for_connection(struct world *w, uint32_t request)
{
    struct queue *q = &lane_of(w, request)->waiting;
    struct request *r = &w->request[request];
    r->state = REQUEST_WAITING;
    r->next = NONE;
    if (q->count++ == 0)
        q->first = request;
    else
        w->request[q->last].next = request;
    q->last = request;
}

static uint32_t next_waiting(struct world *w, struct lane *l)
{
    uint32_t request = l->waiting.first;
    l->waiting.first = w->request[request].next;
    l->waiting.count--;
    return request;
}

static void stop_waiting(struct world *w, uint32_t request)
{
    struct queue *q = &lane_of(w, request)->waiting;
    uint32_t previous = NONE, at = q->first;
    for (; at != request; previous = at, at = w->request[at].next)
        check(at != q->last, "request %u does not wait", request);
    if (previous == NONE)
        q->first = w->request[at].next;
    else
        w->request[previous].next = w->request[at].next;
    if (q->last == at)
        q->last = previous;
    q->count--;
}

static void take_shared(struct world *w, uint32_t request, const struct link_plan *link)
{
    struct lane *l = lane_of(w, request);
    close_old(w, l, link);
    if (l->idles > 0) {
        l->idles--;
        w->visit[request].linked = true;
        send_now(w, request);
    } else if (l->open < link->most) {
        l->open++;
        w->visit[request].linked = true;
        connect(w, request);
    } else {
        wait_for_connection(w, request);
    }
}

static void take_own(struct world *w, uint32_t request, const struct link_plan *link)
{
    struct visit *v = &w->visit[request];
    bool open = v->idle_since != SIM_NEVER && w->now - v->idle_since <= link->kept;
    v->linked = true;
    if (open)
        send_now(w, request);
    else
        connect(w, request);
}

/* What is late in a schedule goes out at twice its pace: when the next one may. */
static sim_time made_up_for(const struct world *w, const struct workload *load,
                            struct lane *l)
{
    if (!load->period)
        return w->now;
    if (l->behind == SIM_NEVER) {
        l->behind = w->now;
        l->made_up = 0;
    }
    sim_time at = l->behind + l->made_up++ * (load->period / 2);
    return at > w->now ? at : w->now;
}

/* Whoever waits longest has the place of a connection: this one, or a new one. */
static void hand_on(struct world *w, struct lane *l, bool usable)
{
    uint32_t next = next_waiting(w, l);
    struct visit *v = &w->visit[next];
    const struct workload *load = workload_of(w, next);
    sim_time at = made_up_for(w, load, l);
    blame(w, next, load->link.wait_resource, at - v->began);
    v->linked = true;
    if (usable && at > w->now) {
        w->request[next].state = REQUEST_CONNECTING;
        client_wake(w, next, at, EVENT_HAND_OFF);
    } else if (usable)
        send_now(w, next);
    else
        connect(w, next);
}

/* The request no longer needs its connection. */
static void part_from(struct world *w, uint32_t request, bool usable)
{
    struct visit *v = &w->visit[request];
    const struct link_plan *link = &workload_of(w, request)->link;
    usable = usable && link->kept > 0;
    v->linked = false;
    v->idle_since = usable ? w->now : SIM_NEVER;
    if (!link->shared)
        return;
    struct lane *l = lane_of(w, request);
    if (l->waiting.count > 0) {
        hand_on(w, l, usable);
        return;
    }
    l->behind = SIM_NEVER;
    if (usable)
        keep_idle(w, l);
    else
        l->open--;
}

/* ---- patience -------------------------------------------------------------------- */

static void set_reload(struct world *w, uint32_t request)
{
    const struct reload_conf *reload = workload_of(w, request)->conf->reload;
    struct visit *v = &w->visit[request];
    const struct request *r = &w->request[request];
    v->reloads = SIM_NEVER;
    if (!reload || v->reloaded >= reload->max)
        return;
    struct draw draw = draw_at(workload_of(w, request)->reload_key, r->entity,
                               w->replication, v->reloaded);
    if (draw_uniform(&draw) >= reload->probability)
        return;
    v->reloads = w->now + dist_duration(reload->after, &draw);
    event_push(&w->events, v->reloads, EVENT_TIMEOUT, SLOT(SLOT_REQUEST, request));
}

static void set_patience(struct world *w, uint32_t request)
{
    const struct workload *load = workload_of(w, request);
    struct visit *v = &w->visit[request];
    v->leaves = SIM_NEVER;
    if (!load->patience)
        return;
    struct draw draw =
        draw_at(load->patience_key, w->request[request].entity, w->replication, 0);
    v->leaves = w->request[request].start + dist_duration(load->patience, &draw);
    if (v->leaves < w->now)
        v->leaves = w->now;
    event_push(&w->events, v->leaves, EVENT_TIMEOUT, SLOT(SLOT_REQUEST, request));
}

/* The next attempt, by way of a connection. */
static void send_next(struct world *w, uint32_t request)
{
    const struct workload *load = workload_of(w, request);
    struct visit *v = &w->visit[request];
    v->began = w->now;
    set_reload(w, request);
    if (!load->link.modelled)
        send_now(w, request);
    else if (load->link.shared)
        take_shared(w, request, &load->link);
    else
        take_own(w, request, &load->link);
}

static void leave(struct world *w, uint32_t request)
{
    w->visit[request].leaves = SIM_NEVER;
    client_give_up(w, request);
    client_settle(w, request, STATUS_TIMEOUT, workload_of(w, request)->left_cause);
}

static void reload(struct world *w, uint32_t request)
{
    struct visit *v = &w->visit[request];
    uint32_t budget = workload_of(w, request)->retry.budget;
    client_give_up(w, request);
    v->reloaded++;
    v->retry = false; /* to a client's budget it is one more request */
    if (budget != NONE)
        budget_begin(w, budget);
    send_next(w, request);
}

/* ---- what load tools measure ----------------------------------------------------- */

/* From when a tool counts the time of a request. All count failed ones, too. */
enum stopwatch { FROM_SENT, FROM_BEGINNING, FROM_SCHEDULE };
static const enum stopwatch stopwatches[] = {
    [TOOL_K6] = FROM_SENT, /* http_req_duration: after blocked, connecting, TLS */
    [TOOL_LOCUST] = FROM_BEGINNING, /* the call of the HTTP library */
    [TOOL_WRK] = FROM_SENT,         /* connections are open before */
    [TOOL_WRK2] = FROM_SCHEDULE,    /* what should have been sent when */
};

static void read_stopwatch(struct world *w, uint32_t request,
                           const struct workload *load, enum status status)
{
    const struct request *r = &w->request[request];
    const struct visit *v = &w->visit[request];
    struct type_outcome *out = &w->out->type[r->type];
    sim_time from = stopwatches[load->tool] == FROM_SENT        ? v->sent
                    : stopwatches[load->tool] == FROM_BEGINNING ? v->began
                                                                : r->start;
    if (load->tool == TOOL_K6 && status == STATUS_REFUSED)
        from = w->now; /* a request that never was */
    if (w->now - from > load->tool_timeout) {
        out->tool_late++;
        return;
    }
    histogram_add(&out->tool, (uint64_t)(w->now - from), w->arena);
    tally_add_moments(&out->tool_sum, w->now - from);
}

/* ---- from the first attempt to the end ------------------------------------------- */

/* When a VU's turn is over, and the grace that follows; known once for all that it does
 * in its turn. */
static void set_turn(struct world *w, uint32_t request, const struct workload *load)
{
    struct visit *v = &w->visit[request];
    uint64_t user = w->request[request].entity >> 32;
    sim_time ends = arrivals_turn_ends(load, user, w->now),
             at = ends + load->ramp_grace;
    if (ends == load->ends || at == v->taken)
        return;
    v->taken = at;
    event_push(&w->events, at, EVENT_TIMEOUT, SLOT(SLOT_REQUEST, request));
}

void visit_begin(struct world *w, uint32_t request)
{
    const struct workload *load = workload_of(w, request);
    struct visit *v = &w->visit[request];
    bool user = load->form == WORKLOAD_CLOSED || load->form == WORKLOAD_SESSIONS;
    if (!user || w->request[request].entity << 32 == 0)
        v->idle_since = v->taken = SIM_NEVER;
    v->interrupted = false;
    v->linked = v->retry = false;
    v->reloaded = 0;
    v->lane = load->lanes ? w->arrivals[w->request[request].workload].lane : 0;
    set_patience(w, request);
    if (load->stages)
        set_turn(w, request, load);
    if (load->retry.budget != NONE)
        budget_begin(w, load->retry.budget);
    send_next(w, request);
}

void visit_retry(struct world *w, uint32_t request)
{
    w->visit[request].retry = true;
    send_next(w, request);
}

void visit_over(struct world *w, uint32_t request, enum status status)
{
    struct request *r = &w->request[request];
    struct visit *v = &w->visit[request];
    const struct workload *load = workload_of(w, request);
    enum request_state state = (enum request_state)r->state;
    v->reloads = v->wakes = SIM_NEVER;
    if (load->tool && r->measured && state == REQUEST_CALLING && !v->interrupted &&
        w->now >= load->timed_from)
        read_stopwatch(w, request, load, status);
    if (load->retry.budget != NONE) {
        if (state == REQUEST_BACKOFF)
            budget_return(w, load->retry.budget);
        else
            budget_attempt(w, load->retry.budget, v->retry, status == STATUS_OK);
    }
    if (state == REQUEST_WAITING) {
        blame(w, request, load->link.wait_resource, w->now - v->began);
        stop_waiting(w, request);
    }
    if (v->linked)
        part_from(w, request,
                  state == REQUEST_CALLING && status != STATUS_TIMEOUT &&
                      status != STATUS_RESET && status != STATUS_REFUSED);
}

void visit_end(struct world *w, uint32_t request)
{
    w->visit[request].leaves = SIM_NEVER;
}

/* He sees the answer coming. */
static bool stays(const struct world *w, uint32_t request)
{
    const struct request *r = &w->request[request];
    return workload_of(w, request)->conf->patience_until &&
           r->state == REQUEST_CALLING && r->begun &&
           w->heard[request].first_byte <= w->now;
}

/* Unless another stage has given it back. */
static bool is_taken_away(const struct world *w, uint32_t request)
{
    return !arrivals_has_turn(workload_of(w, request), w->request[request].entity >> 32,
                              w->now);
}

void visit_event(struct world *w, uint32_t request)
{
    struct visit *v = &w->visit[request];
    enum request_state state = (enum request_state)w->request[request].state;
    bool asks = state != REQUEST_FREE && state != REQUEST_THINKING;
    if (state == REQUEST_FREE)
        return;
    if (asks && v->taken == w->now && is_taken_away(w, request))
        client_interrupt(w, request);
    else if (asks && v->leaves == w->now && !stays(w, request)) {
        leave(w, request);
    } else if (state == REQUEST_CALLING && v->reloads == w->now) {
        reload(w, request);
    } else if (v->wakes == w->now) {
        v->wakes = SIM_NEVER;
        if (state == REQUEST_CONNECTING)
            send_now(w, request);
        else if (state == REQUEST_THINKING || state == REQUEST_BACKOFF)
            client_woken(w, request);
    }
}
