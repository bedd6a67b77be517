/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * stream -- answers that come in chunks, and connections that stay open.
 *
 * A stream is passed on by every caller that says so, up to the client. Who waits for
 * its bytes on the way has a limit of silence (proxy_read_timeout, an idle timeout):
 * its timer runs from one byte to the next. Chunks that nobody can tell apart are one
 * event; only where a gap is longer than somebody bears, or a chunk needs CPU, the
 * clock stops at it.
 *
 *   first byte -> chunks -> end              answered
 *              -> silence -> timer           cut: the client gets a reset; the server
 *                                            learns of it with its next write, an event
 *                                            loop at once
 *              -> client or process gone     cut
 */
#include "models/world.h"

#include <math.h>

static struct pace *pace_of(const struct world *w, uint32_t task)
{
    return &w->pace[task];
}

static void delay(struct world *w, uint32_t task, sim_time time)
{
    struct task *t = &w->task[task];
    t->state = TASK_DELAY;
    t->since = w->now;
    event_push(&w->events, w->now + time, EVENT_DEPARTURE, SLOT(SLOT_TASK, task));
}

/* ---- up the way to the client ---------------------------------------------------- */

/* The client has the first byte at `at`. */
static void arrive(struct world *w, const struct task *t, sim_time at)
{
    struct request *r = t->request == NONE ? NULL : &w->request[t->request];
    if (!r || r->wait != t->parent_wait || r->begun)
        return;
    r->begun = true;
    w->heard[t->request] = (struct heard){.first_byte = at};
    if (w->type[r->type].streaming)
        level_pass(&w->open[r->type], w->now, 1);
}

/* The first byte leaves: up the chain for as long as streams are passed through. */
static void send_first_byte(struct world *w, struct task *t)
{
    sim_time at = w->now;
    for (;;) {
        t->flags |= TASK_SPOKEN;
        if (t->call == NONE)
            return;
        const struct call_site *site = &w->call[t->call];
        at += site->latency;
        if (t->parent == NONE) {
            arrive(w, t, at);
            return;
        }
        struct task *parent = &w->task[t->parent];
        if (parent->wait != t->parent_wait)
            return;
        if (site->until_first_byte)
            task_cancel_timer(w, parent);
        if (!site->passes_stream)
            return;
        t = parent;
    }
}

/* A byte passes all who wait for one: their patience begins anew, or (`silence` false)
 * nobody's can end before the next. */
static void touch(struct world *w, const struct task *t, bool silence)
{
    while (t->call != NONE && t->parent != NONE) {
        const struct call_site *site = &w->call[t->call];
        struct task *parent = &w->task[t->parent];
        if (parent->wait != t->parent_wait)
            return;
        if (site->until_first_byte && site->timeout_class != NONE) {
            task_cancel_timer(w, parent);
            if (silence)
                parent->timer = timer_set(&w->timers, site->timeout_class, w->now,
                                          SLOT(SLOT_TASK, t->parent));
        }
        if (!site->passes_stream)
            return;
        t = parent;
    }
}

/* The task nearest to the client that a byte of this one still gets to; `all`: it even
 * gets to whoever asked. */
static uint32_t last_hearing(const struct world *w, uint32_t task, bool *all)
{
    for (;;) {
        const struct task *t = &w->task[task];
        *all = true;
        if (t->call == NONE)
            return task;
        *all = task_is_awaited(w, t);
        if (t->parent == NONE || !*all || !w->call[t->call].passes_stream)
            return task;
        task = t->parent;
    }
}

/* Whoever has gone is noticed with this byte. False: somebody has, and those who passed
 * the stream on to him have ended, and so has this task. */
static bool is_heard(struct world *w, uint32_t task)
{
    bool all;
    for (;;) {
        uint32_t last = last_hearing(w, task, &all);
        if (all)
            return true;
        if (last == task) {
            task_fail(w, task, STATUS_RESET, 0);
            return false;
        }
        if (w->code[w->task[last].pc].op == OP_PROXY)
            proxy_let_go(w, last); /* its client had gone before it came */
        else
            task_kill(w, last, &(struct killing){.status = STATUS_RESET});
    }
}

void stream_gone(struct world *w, uint32_t child, uint32_t parent, uint32_t wait)
{
    for (;;) {
        struct task *t = &w->task[child];
        if (!(t->flags & TASK_SPOKEN) || t->parent != parent ||
            t->parent_wait != wait || t->state == TASK_FREE || t->state == TASK_DEAD ||
            t->state == TASK_REPLY)
            return;
        bool loop = w->instance[t->instance].service->part.discipline ==
                    DISCIPLINE_LOOP;
        if (pace_of(w, child)->silent && !loop)
            return; /* until it writes again */
        bool calling = t->state == TASK_CALLING;
        if (calling && w->code[t->pc].op == OP_PROXY) {
            proxy_client_gone(w, child, parent, wait);
            return;
        }
        uint32_t next = t->child;
        parent = child;
        wait = t->wait;
        t->parent = t->request = NONE; /* it answers nobody */
        task_kill(w, child, &(struct killing){.status = STATUS_RESET});
        if (!calling)
            return;
        child = next;
    }
}

/* The client knows how many tokens the stream will have had. */
static void tell_tokens(struct world *w, const struct task *t, int64_t tokens)
{
    while (t->call != NONE && w->call[t->call].passes_stream && t->parent != NONE) {
        if (w->task[t->parent].wait != t->parent_wait)
            return;
        t = &w->task[t->parent];
    }
    if (t->call == NONE || t->parent != NONE || t->request == NONE)
        return;
    const struct request *r = &w->request[t->request];
    struct heard *heard = &w->heard[t->request];
    if (r->wait == t->parent_wait && r->begun && heard->tokens == 0)
        heard->tokens = tokens < UINT32_MAX ? (uint32_t)tokens : UINT32_MAX;
}

void stream_first_token(struct world *w, uint32_t task, int64_t tokens)
{
    struct task *t = &w->task[task];
    *pace_of(w, task) = (struct pace){.last = w->now, .through = w->now};
    send_first_byte(w, t);
    touch(w, t, false); /* tokens come often enough for all */
    tell_tokens(w, t, tokens);
}

/* ---- chunks ---------------------------------------------------------------------- */

static void record(struct world *w, const struct task *t, sim_time gap, uint64_t times)
{
    if (t->request == NONE)
        return;
    const struct request *r = &w->request[t->request];
    if (r->stamp == t->stamp && r->measured && w->type[r->type].streaming)
        histogram_add_many(&w->out->type[r->type].gap, (uint64_t)gap, times, w->arena);
}

OUT_OF_LINE void stream_tokens(struct world *w, const struct token_run *run)
{
    if (w->type[run->type].streaming)
        histogram_add_many(&w->out->type[run->type].gap, (uint64_t)run->gap,
                           run->tokens, w->arena);
}

/* When the client will have what has left so far: a proxy that took it knows. */
static sim_time *through_of(struct world *w, const struct task *t, struct pace *p,
                            const struct stream_plan *plan)
{
    bool own = !plan->size || plan->held || t->request == NONE;
    return own ? &p->through
               : &w->carried[t->request].through;
}

static sim_time later(sim_time a, sim_time b)
{
    return a > b ? a : b;
}

void stream_begin(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    struct pace *p = pace_of(w, task);
    const struct stream_plan *plan = &w->m->stream[i->a];
    *p = (struct pace){.last = w->now, .through = w->now};
    t->demand = 0;
    if (plan->size)
        *through_of(w, t, p, plan) = w->now;
    send_first_byte(w, t);
    if (i->count)
        touch(w, t, true);
}

/* Gaps of a stream, one after the other, from its first. */
struct gaps {
    const struct stream_plan *plan;
    struct draw draw, size;
    double pace; /* of all gaps; negative: each is drawn */
    int64_t chunks;
    sim_time left; /* of its duration */
};

static struct gaps gaps_of(struct world *w, const struct task *t, const struct instr *i)
{
    const struct stream_plan *plan = &w->m->stream[i->a];
    struct gaps g = {.plan = plan,
                     .draw = draw_at(i->key, t->entity, w->replication, t->visit),
                     .pace = -1,
                     .chunks = INT64_MAX,
                     .left = SIM_TIME_MAX / 2};
    if (plan->duration)
        g.left = dist_duration(plan->duration, &g.draw);
    else
        g.chunks = dist_count(plan->chunks, &g.draw) - plan->one_pace;
    if (plan->most && g.chunks >= plan->most)
        g.chunks = plan->most - 1;
    if (plan->one_pace || plan->gap->form == DIST_CONSTANT)
        g.pace = dist_sample(plan->gap, &g.draw);
    if (plan->size)
        g.size = draw_at(plan->size_key, t->entity, w->replication, t->visit);
    return g;
}

/* All gaps alike, and nobody minds: no need to look at each. */
static void run_evenly(struct world *w, uint32_t task, const struct gaps *g)
{
    struct task *t = &w->task[task];
    sim_time total = 0;
    if (g->plan->duration)
        total = g->left;
    else if (g->chunks > 0)
        total = sim_from_nanoseconds((double)g->chunks * g->pace);
    double count = g->plan->duration ? (double)g->left / g->pace : (double)g->chunks;
    if (count >= 1)
        record(w, t, sim_from_nanoseconds(g->pace), (uint64_t)count);
    t->demand = -1;
    delay(w, task, total);
}

/* One gap after the other, from number t->demand, up to a silence or the end. */
static void run_each(struct world *w, uint32_t task, struct gaps *g)
{
    struct task *t = &w->task[task];
    struct pace *p = pace_of(w, task);
    const struct stream_plan *plan = g->plan;
    sim_time *through = through_of(w, t, p, plan), sum = 0;
    for (int64_t k = 0; k < g->chunks && g->left > 0 && sum < SIM_TIME_MAX / 2; k++) {
        sim_time gap = g->pace >= 0 ? sim_from_nanoseconds(g->pace)
                                    : dist_duration(plan->gap, &g->draw);
        gap = gap < g->left ? gap : g->left;
        g->left -= plan->duration ? gap : 0;
        double bytes = plan->size ? dist_sample(plan->size, &g->size) : 0;
        if (k < t->demand)
            continue;
        if ((double)gap > plan->patience) {
            p->silent = sum == 0;
            t->demand = sum == 0 ? k + 1 : k;
            if (p->silent)
                touch(w, t, true);
            delay(w, task, p->silent ? gap : sum);
            return;
        }
        sim_time before = sum;
        sum += gap;
        if (bytes > 0)
            *through = later(*through, w->now + sum) +
                       sim_from_nanoseconds(bytes * plan->byte_time);
        if (plan->held && plan->size)
            sum = later(sum, *through - w->now);
        record(w, t, sum - before, 1);
    }
    t->demand = -1;
    delay(w, task, sum);
}

/* The first byte after a silence; false: nobody was there to hear it. */
static bool speak_again(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct pace *p = pace_of(w, task);
    sim_time gap = w->now - t->since;
    p->silent = false;
    if (!is_heard(w, task))
        return false;
    touch(w, t, false);
    record(w, t, gap, 1);
    return true;
}

void stream_chunks(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    if (pace_of(w, task)->silent && !speak_again(w, task))
        return;
    struct gaps g = gaps_of(w, t, i);
    if (g.plan->one_pace)
        tell_tokens(w, t, g.chunks + 1);
    if (g.pace > 0 && g.pace <= g.plan->patience && !g.plan->size)
        run_evenly(w, task, &g);
    else
        run_each(w, task, &g);
}

void stream_go_on(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    t->pc = t->demand < 0 ? t->pc + 1 : i->a;
}

bool stream_chunk(struct world *w, uint32_t task, const struct instr *i)
{
    const struct stream_plan *plan = &w->m->stream[i->a];
    struct task *t = &w->task[task];
    struct pace *p = pace_of(w, task);
    if (!is_heard(w, task))
        return false;
    record(w, t, w->now - p->last, 1);
    p->last = w->now;
    if (plan->patience < INFINITY)
        touch(w, t, true);
    if (plan->size) {
        struct draw draw =
            draw_at(plan->size_key, t->entity, w->replication, t->visit);
        sim_time *through = through_of(w, t, p, plan);
        *through = later(*through, w->now) +
                   sim_from_nanoseconds(dist_sample(plan->size, &draw) *
                                        plan->byte_time);
    }
    t->pc++;
    return true;
}

bool stream_write(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    sim_time through = pace_of(w, task)->through;
    if (i->b && t->request != NONE) {
        through = w->carried[t->request].through;
        w->carried[t->request].through = 0;
    }
    if (i->b && !task_is_awaited(w, t))
        through = 0;
    if (through <= w->now) {
        t->pc++;
        return true;
    }
    delay(w, task, through - w->now);
    return false;
}

/* ---- sessions -------------------------------------------------------------------- */

void session_open(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    const struct stream_plan *plan = &w->m->stream[i->a];
    struct draw draw = draw_at(i->key, t->entity, w->replication, t->visit);
    sim_time lasts = dist_duration(plan->duration, &draw);
    if (t->request != NONE) {
        struct carried *carried = &w->carried[t->request];
        if (w->request[t->request].attempts <= 1)
            carried->had = 0;
        lasts = later(lasts - carried->had, 0);
    }
    *pace_of(w, task) = (struct pace){.last = w->now, .ends = w->now + lasts};
    t->flags |= TASK_SESSION;
    send_first_byte(w, t);
    if (plan->patience < INFINITY)
        touch(w, t, true);
    t->pc++;
}

void session_quiet(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    const struct stream_plan *plan = &w->m->stream[i->a];
    sim_time left = later(pace_of(w, task)->ends - w->now, 0); /* work may be late */
    if (plan->gap) {
        struct draw draw = draw_at(i->key, t->entity, w->replication, t->visit);
        sim_time gap = dist_duration(plan->gap, &draw);
        left = gap < left ? gap : left;
    }
    delay(w, task, left);
}

bool session_message(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    if (w->now >= pace_of(w, task)->ends) {
        t->pc = i->a;
        return true;
    }
    if (!is_heard(w, task))
        return false;
    if (i->count)
        touch(w, t, true);
    t->visit++;
    check(t->visit < 65536, "more than %u messages in a session", t->visit - 1);
    t->pc++;
    return true;
}

void session_close(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    t->flags &= (uint16_t)~TASK_SESSION;
    t->pc++;
}

static bool is_session(const struct task *t)
{
    return t->flags & TASK_SESSION && t->state != TASK_FREE && t->state != TASK_DEAD &&
           t->state != TASK_REPLY;
}

void session_broadcast(struct world *w, uint32_t task, const struct instr *i)
{
    const struct service *s = w->instance[w->task[task].instance].service;
    uint32_t processes = s->instances * s->processes, pc = i->a;
    for (uint32_t p = 0; p < processes; p++)
        w->crowd[p] = 0;
    for (uint32_t number = 0; number < w->tasks; number++) {
        const struct task *t = &w->task[number];
        if (is_session(t) && w->instance[t->instance].service == s)
            w->crowd[(t->instance - s->first_instance) * s->processes + t->process]++;
    }
    for (uint32_t p = 0; p < processes; p++) {
        if (w->crowd[p] == 0)
            continue;
        uint32_t child = task_branch(w, task, pc);
        struct task *c = &w->task[child];
        c->instance = s->first_instance + p / s->processes;
        c->process = p % s->processes;
        c->branches_left = w->crowd[p];
        task_ready(w, child);
    }
    w->task[task].pc++;
}

void session_sends(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    struct draw draw = draw_at(i->key, t->entity, w->replication, t->visit);
    sim_time demand =
        sim_from_nanoseconds(dist_sample(i->dist, &draw) * t->branches_left);
    if (instance->service->shared_cpu) {
        cpu_use(w, task, demand);
        return;
    }
    instance->cpu.area += (uint128)demand * 1000;
    delay(w, task, demand);
}

/* ---- the client's side ----------------------------------------------------------- */

void stream_closed(struct world *w, const struct request *r)
{
    if (w->type[r->type].streaming)
        level_pass(&w->open[r->type], w->now, -1);
}

enum status stream_cut(struct world *w, uint32_t request, enum status status)
{
    struct request *r = &w->request[request];
    if (!w->type[r->type].streaming)
        return status;
    stream_closed(w, r);
    if (r->measured)
        w->out->type[r->type].cut++;
    if (w->carried) {
        struct carried *carried = &w->carried[request];
        carried->had += later(w->now - w->heard[request].first_byte, 0);
        carried->through = 0;
    }
    r->begun = false;
    r->renewed = r->attempts;
    return status == STATUS_TIMEOUT ? status : STATUS_RESET;
}

/* ---- setting up ------------------------------------------------------------------ */

void streams_open(struct world *w)
{
    const struct model *m = w->m;
    if (m->streams == 0)
        return;
    w->pace = arena_reserve(w->arena, MOST_TASKS * sizeof *w->pace);
    w->heard = arena_reserve(w->arena, MOST_TASKS * sizeof *w->heard);
    w->open = arena_many(w->arena, m->facts.types + 1, struct level);
    w->crowd = arena_many(w->arena, m->processes + 1, uint32_t);
    if (m->buffers || m->sessions)
        w->carried = arena_reserve(w->arena, MOST_TASKS * sizeof *w->carried);
}
