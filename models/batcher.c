/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batcher -- a model server that works on several requests at a time, and ends them
 * together.
 *
 * Two ways to collect a batch:
 *   Triton      a free instance takes a preferred number at once, or as many as there
 *               may be; fewer only when the oldest has waited for the delay.
 *   TorchServe  one free worker at a time takes the first request, and goes on taking
 *               until it has as many as there may be, or the delay has passed since the
 *               first.
 */
#include "models/world.h"

struct batch_server {
    struct queue batch;
    bool busy;
};

struct batcher {
    const struct batch_plan *plan;
    struct instance *instance;
    uint32_t actor; /* its timer's number; those of the servers follow */
    struct queue queue;
    struct batch_server *server;
    uint32_t collecting; /* TorchServe; NONE */
    sim_time due;        /* of the timer; SIM_NEVER */
    struct batch_counts counts;
};

void batchers_open(struct world *w)
{
    w->batcher = arena_many(w->arena, w->m->instances + 1, struct batcher *);
    w->batch_actor = arena_many(w->arena, w->m->batch_actors + 1, uint32_t);
    uint32_t actor = 0;
    for (uint32_t i = 0; i < w->m->instances; i++) {
        const struct batch_plan *plan = w->instance[i].service->batch;
        if (!plan)
            continue;
        struct batcher *b = arena_new(w->arena, struct batcher);
        *b = (struct batcher){.plan = plan, .instance = &w->instance[i],
                              .actor = actor, .collecting = NONE, .due = SIM_NEVER};
        b->server = arena_many(w->arena, plan->servers, struct batch_server);
        w->batcher[i] = b;
        for (uint32_t a = 0; a < plan->servers + 1; a++)
            w->batch_actor[actor++] = i;
    }
}

/* ---- the queue ------------------------------------------------------------------- */

static void note_wait(struct world *w, struct batcher *b, struct task *t)
{
    struct counts *counts = b->instance->counts;
    sim_time waited = w->now - t->since;
    tally_add(&counts->wait, waited);
    counts->waited += waited > 0;
    spend(w, t, b->plan->wait_resource, waited);
    t->since = w->now;
    level_pass(&b->instance->waiting, w->now, -1);
    if (t->timer != TIMER_NONE)
        timer_cancel(&w->timers, t->timer);
    t->timer = TIMER_NONE;
}

static void take_into(struct world *w, struct batcher *b, struct queue *batch)
{
    uint32_t task = queue_take(w, &b->queue);
    note_wait(w, b, &w->task[task]);
    queue_put(w, batch, task);
}

static uint32_t free_server(const struct batcher *b)
{
    for (uint32_t s = 0; s < b->plan->servers; s++)
        if (!b->server[s].busy)
            return s;
    return NONE;
}

static void wake_at(struct world *w, struct batcher *b, sim_time at)
{
    if (b->due == at)
        return;
    b->due = at;
    event_push(&w->events, at, EVENT_DEPARTURE, actor_batch(w, b->actor));
}

/* ---- work ------------------------------------------------------------------------ */

static double work_time(struct world *w, const struct batcher *b, const struct task *t,
                        uint32_t size)
{
    const struct instr *i = &w->code[t->pc];
    if (b->plan->points)
        return curve_at(b->plan->points, size);
    struct draw draw = task_draw(w, t, i);
    double time = i->dist ? dist_sample(i->dist, &draw) : 0;
    return time + (i->dist2 ? dist_sample(i->dist2, &draw) * size : 0);
}

static void start(struct world *w, struct batcher *b, uint32_t number)
{
    struct batch_server *s = &b->server[number];
    const struct task *first = &w->task[s->batch.first];
    sim_time time = sim_from_nanoseconds(work_time(w, b, first, s->batch.count));
    s->busy = true;
    b->counts.batches++;
    b->counts.requests += s->batch.count;
    b->instance->cpu.area += (uint128)time * 1000;
    event_push(&w->events, w->now + time, EVENT_DEPARTURE,
               actor_batch(w, b->actor + 1 + number));
}

static void end(struct world *w, struct batcher *b, uint32_t number)
{
    struct batch_server *s = &b->server[number];
    while (s->batch.count) {
        uint32_t task = queue_take(w, &s->batch);
        struct task *t = &w->task[task];
        spend(w, t, b->plan->work_resource, w->now - t->since);
        t->pc++;
        task_ready(w, task);
    }
    s->busy = false;
}

/* ---- Triton ---------------------------------------------------------------------- */

/* How many go now; 0: none, before the oldest has waited long enough. */
static uint32_t size_now(const struct world *w, const struct batcher *b)
{
    const struct batch_plan *plan = b->plan;
    uint32_t most = b->queue.count < plan->most ? b->queue.count : plan->most, best = 0;
    for (uint32_t i = 0; i < plan->preferred_count; i++)
        if (plan->preferred[i] <= most && plan->preferred[i] > best)
            best = plan->preferred[i];
    if (best)
        return best;
    if (most == plan->most || w->now - w->task[b->queue.first].since >= plan->delay)
        return most;
    return 0;
}

static void dispatch(struct world *w, struct batcher *b)
{
    while (b->queue.count) {
        uint32_t number = free_server(b), size = size_now(w, b);
        if (number == NONE)
            return;
        if (size == 0) {
            wake_at(w, b, w->task[b->queue.first].since + b->plan->delay);
            return;
        }
        while (size--)
            take_into(w, b, &b->server[number].batch);
        start(w, b, number);
    }
}

/* ---- TorchServe ------------------------------------------------------------------ */

static void collect(struct world *w, struct batcher *b)
{
    for (;;) {
        if (b->collecting == NONE) {
            if (b->queue.count == 0 || free_server(b) == NONE)
                return;
            b->collecting = free_server(b);
            b->server[b->collecting].busy = true;
            take_into(w, b, &b->server[b->collecting].batch);
            wake_at(w, b, w->now + b->plan->delay);
        }
        struct queue *batch = &b->server[b->collecting].batch;
        while (b->queue.count && batch->count < b->plan->most)
            take_into(w, b, batch);
        if (batch->count < b->plan->most && w->now < b->due)
            return;
        uint32_t number = b->collecting;
        b->collecting = NONE;
        b->due = SIM_NEVER;
        start(w, b, number);
    }
}

static void look(struct world *w, struct batcher *b)
{
    if (b->plan->collects)
        collect(w, b);
    else
        dispatch(w, b);
}

/* ---- events ---------------------------------------------------------------------- */

void batch_event(struct world *w, uint32_t actor)
{
    struct batcher *b = w->batcher[w->batch_actor[actor]];
    if (actor == b->actor) {
        if (b->due != w->now)
            return; /* what it was set for has happened */
        if (!b->plan->collects)
            b->due = SIM_NEVER;
    } else {
        end(w, b, actor - b->actor - 1);
    }
    look(w, b);
}

static void reject(struct world *w, uint32_t task, uint16_t cause)
{
    struct counts *counts = w->instance[w->task[task].instance].counts;
    counts->refused++;
    counts->served--; /* when it leaves it counts as served */
    task_fail(w, task, STATUS_503, cause);
}

void batch_join(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct batcher *b = w->batcher[t->instance];
    if (b->queue.count >= b->plan->queue_limit) {
        reject(w, task, b->plan->full_cause);
        return;
    }
    t->state = TASK_BATCH;
    t->since = w->now;
    queue_put(w, &b->queue, task);
    level_pass(&b->instance->waiting, w->now, 1);
    if (b->plan->timeout_class != NONE)
        t->timer = timer_set(&w->timers, b->plan->timeout_class, w->now,
                             SLOT(SLOT_TASK, task));
    look(w, b);
}

/* It has waited too long, and is told so. */
void batch_timeout(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct batcher *b = w->batcher[t->instance];
    queue_remove(w, &b->queue, task);
    note_wait(w, b, t);
    b->instance->counts->timed_out++;
    task_fail(w, task, STATUS_503, b->plan->late_cause);
}

void batch_withdraw(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct batcher *b = w->batcher[t->instance];
    if (queue_holds(w, &b->queue, task)) {
        queue_remove(w, &b->queue, task);
        note_wait(w, b, t);
        return;
    }
    for (uint32_t s = 0; s < b->plan->servers; s++)
        if (queue_holds(w, &b->server[s].batch, task))
            queue_remove(w, &b->server[s].batch, task);
    spend(w, t, b->plan->work_resource, w->now - t->since);
}

/* ---- the window ------------------------------------------------------------------ */

void batchers_restart(struct world *w)
{
    for (uint32_t i = 0; i < w->m->instances; i++)
        if (w->batcher[i])
            w->batcher[i]->counts = (struct batch_counts){0};
}

void batchers_close(struct world *w)
{
    for (uint32_t i = 0; i < w->m->instances; i++) {
        const struct batcher *b = w->batcher[i];
        if (!b)
            continue;
        struct batch_counts *out =
            &w->out->station[b->instance->service->station].batch;
        out->batches += b->counts.batches;
        out->requests += b->counts.requests;
    }
}
