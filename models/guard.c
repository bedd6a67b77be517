/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * guard -- the way past the guards of a list, and back.
 *
 *     enters   the first guard, then the next, while they let it pass
 *     held     until a time is over, or until the guard calls guard_go_on
 *     passed   the service takes it, or the call begins
 *     rejected those that had let it pass hear of it as of a call that failed
 *     left     its call has ended: all hear of it, the last first
 */
#include "models/world.h"

static const struct guard_kind *const guard_kinds[GUARD_PRIORITY] = {
    [GUARD_CIRCUIT_BREAKER] = &breaker_kind,
    [GUARD_BULKHEAD] = &bulkhead_kind,
    [GUARD_RATE_LIMITER] = &rate_limiter_kind,
    [GUARD_TOKEN_BUCKET] = &token_bucket_kind,
    [GUARD_LEAKY_BUCKET] = &leaky_bucket_kind,
    [GUARD_FIXED_WINDOW] = &fixed_window_kind,
    [GUARD_SLIDING_WINDOW] = &sliding_window_kind,
    [GUARD_SLIDING_LOG] = &sliding_log_kind,
    [GUARD_LOAD_SHEDDING] = &shedding_kind,
    [GUARD_AIMD] = &aimd_kind,
    [GUARD_GRADIENT] = &gradient_kind,
    [GUARD_GRADIENT2] = &gradient2_kind,
    [GUARD_VEGAS] = &vegas_kind,
};

/* ---- setting up ------------------------------------------------------------------ */

static void open_set(struct world *w, const struct guard_set *set)
{
    for (uint32_t g = 0; g < set->count; g++) {
        const struct guard_plan *plan = &set->plan[g];
        uint32_t states = plan->one ? 1 : w->m->service[set->service].instances;
        for (uint32_t i = 0; i < states; i++)
            w->guard[plan->first + i] = guard_kinds[plan->sort]->open(w, plan);
    }
}

void guards_open(struct world *w)
{
    w->passage =
        arena_reserve(w->arena, (size_t)MOST_TASKS * GUARD_SIDES * sizeof *w->passage);
    w->guard = arena_many(w->arena, w->m->guards + 1, void *);
    for (uint32_t s = 0; s < w->m->guard_sets; s++)
        open_set(w, &w->m->guard_set[s]);
    if (w->m->lines)
        lines_open(w);
}

void guards_grow(struct world *w, uint32_t tasks)
{
    arena_commit(w->arena, w->passage,
                 (size_t)tasks * GUARD_SIDES * sizeof *w->passage);
}

/* ---- whose guards ---------------------------------------------------------------- */

static struct passage *passage_of(const struct world *w, uint32_t task,
                                  enum guard_side side)
{
    return &w->passage[(size_t)task * GUARD_SIDES + side];
}

static const struct guard_set *set_of(const struct world *w, const struct task *t,
                                      enum guard_side side)
{
    uint32_t number = side == SIDE_SERVICE ? w->instance[t->instance].service->guards
                                           : w->code[t->pc].b;
    return &w->m->guard_set[number];
}

static void *state_of(const struct world *w, const struct task *t,
                      const struct guard_set *set, const struct guard_plan *plan)
{
    uint32_t instance = t->instance - w->m->service[set->service].first_instance;
    return w->guard[plan->first + (plan->one ? 0 : instance)];
}

/* At which side is a task that is held? */
static enum guard_side side_of(const struct task *t)
{
    return t->state == TASK_GATE ? SIDE_SERVICE : SIDE_CALL;
}

/* The guard that holds the task; NULL: it is in the line. */
static const struct guard_plan *holder(const struct world *w, uint32_t task)
{
    const struct task *t = &w->task[task];
    enum guard_side side = side_of(t);
    const struct guard_set *set = set_of(w, t, side);
    uint32_t next = passage_of(w, task, side)->next;
    return next < set->count ? &set->plan[next] : NULL;
}

bool guard_has_let_pass(const struct world *w, uint32_t task)
{
    return !holder(w, task);
}

/* ---- the way in ------------------------------------------------------------------ */

static void reject(struct world *w, uint32_t task, enum guard_side side,
                   const struct guard_plan *plan)
{
    enum status status = (enum status)plan->status;
    if (side == SIDE_SERVICE) {
        server_refuse(w, task, status, plan->cause);
        return;
    }
    guard_left(w, task, side, status, false);
    if (w->code[w->task[task].pc].op == OP_GUARD_IN)
        task_fail(w, task, status, plan->cause);
    else
        task_call_refused(w, task, status, plan->cause);
}

static void hold(struct world *w, uint32_t task, enum guard_side side,
                 const struct guard_plan *plan, sim_time wait)
{
    struct task *t = &w->task[task];
    t->state = side == SIDE_SERVICE ? TASK_GATE : TASK_PERMIT;
    t->since = w->now;
    if (wait != GUARD_HOLD)
        event_push(&w->events, w->now + wait, EVENT_HAND_OFF, SLOT(SLOT_TASK, task));
    else if (plan->timer_class != NONE)
        t->timer =
            timer_set(&w->timers, plan->timer_class, w->now, SLOT(SLOT_TASK, task));
}

/* On to what they guard: a call, or all up to OP_GUARD_OUT. */
static void pass(struct world *w, uint32_t task)
{
    if (w->code[w->task[task].pc].op == OP_GUARDED) {
        task_call(w, task);
        return;
    }
    w->task[task].pc++;
    task_ready(w, task);
}

static void go_on(struct world *w, uint32_t task, enum guard_side side)
{
    const struct task *t = &w->task[task];
    const struct guard_set *set = set_of(w, t, side);
    struct passage *p = passage_of(w, task, side);
    for (; p->next < set->count; p->next++) {
        const struct guard_plan *plan = &set->plan[p->next];
        struct pass *pass = &p->pass[p->next];
        pass->at = w->now;
        sim_time answer = guard_kinds[plan->sort]->enter(w, state_of(w, t, set, plan),
                                                         plan, task, pass);
        if (answer == GUARD_REJECT) {
            reject(w, task, side, plan);
            return;
        }
        if (answer != GUARD_PASS) {
            hold(w, task, side, plan, answer);
            return;
        }
    }
    if (side == SIDE_CALL) {
        pass(w, task);
        return;
    }
    w->task[task].flags |= TASK_PASSED;
    server_admit(w, task);
}

void guard_arrive(struct world *w, uint32_t task, enum guard_side side)
{
    passage_of(w, task, side)->next = 0;
}

void guard_enter(struct world *w, uint32_t task, enum guard_side side)
{
    guard_arrive(w, task, side);
    go_on(w, task, side);
}

static void stop_timer(struct world *w, struct task *t)
{
    if (t->timer != TIMER_NONE)
        timer_cancel(&w->timers, t->timer);
    t->timer = TIMER_NONE;
}

void guard_go_on(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    enum guard_side side = side_of(t);
    struct passage *p = passage_of(w, task, side);
    stop_timer(w, t);
    spend(w, t, holder(w, task)->resource, w->now - t->since);
    p->pass[p->next].at = w->now;
    p->next++;
    go_on(w, task, side);
}

/* Out of the guard that holds it. */
static void forget(struct world *w, uint32_t task, const struct guard_plan *plan)
{
    const struct task *t = &w->task[task];
    spend(w, t, plan->resource, w->now - t->since);
    if (guard_kinds[plan->sort]->forget)
        guard_kinds[plan->sort]->forget(
            w, state_of(w, t, set_of(w, t, side_of(t)), plan), task);
}

void guard_timeout(struct world *w, uint32_t task)
{
    const struct guard_plan *plan = holder(w, task);
    forget(w, task, plan);
    reject(w, task, side_of(&w->task[task]), plan);
}

/* ---- the way out ----------------------------------------------------------------- */

void guard_left(struct world *w, uint32_t task, enum guard_side side,
                enum status status, bool cancelled)
{
    struct task *t = &w->task[task];
    const struct guard_set *set = set_of(w, t, side);
    struct passage *p = passage_of(w, task, side);
    if (side == SIDE_SERVICE)
        t->flags &= (uint16_t)~(TASK_GUARDED | TASK_PASSED);
    while (p->next > 0) {
        const struct guard_plan *plan = &set->plan[--p->next];
        const struct pass *pass = &p->pass[p->next];
        const struct guard_end end = {status, w->now - pass->at, pass->in_flight,
                                      cancelled};
        guard_kinds[plan->sort]->leave(w, state_of(w, t, set, plan), plan, &end);
    }
}

bool guard_withdraw(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    enum guard_side side = side_of(t);
    const struct guard_plan *plan = holder(w, task);
    bool timed = false;
    if (plan) {
        timed = t->timer == TIMER_NONE && !guard_kinds[plan->sort]->forget;
        stop_timer(w, t);
        forget(w, task, plan);
    } else {
        line_withdraw(w, task);
    }
    guard_left(w, task, side, STATUS_RESET, true);
    return timed;
}
