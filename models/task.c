/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/world.h"

#include <string.h>

enum { MOST_ATTEMPTS = 255 };

/* ---- birth and death ------------------------------------------------------------- */

static void grow_tasks(struct world *w)
{
    uint32_t room = grown_room(w, w->task_room);
    world_stop_if(w, world_is_full(w));
    check(room <= MOST_TASKS, "%u tasks", room);
    arena_commit(w->arena, w->task, room * sizeof *w->task);
    if (w->tried)
        arena_commit(w->arena, w->tried,
                     (size_t)room * w->m->tried_words * sizeof *w->tried);
    if (w->held)
        arena_commit(w->arena, w->held, (size_t)room * MAX_HELD * sizeof *w->held);
    if (w->caches.lookup)
        cache_grow(w, room);
    if (w->pace)
        arena_commit(w->arena, w->pace, room * sizeof *w->pace);
    if (w->memory)
        arena_commit(w->arena, w->memory, room * sizeof *w->memory);
    if (w->passage)
        guards_grow(w, room);
    w->task_room = room;
}

uint32_t task_new(struct world *w)
{
    uint32_t task = w->task_free;
    if (RARELY(task == NONE)) {
        if (w->tasks == w->task_room)
            grow_tasks(w);
        task = w->tasks++;
    } else {
        w->task_free = w->task[task].next;
    }
    struct task *t = &w->task[task];
    t->parent = t->request = t->call = NONE;
    t->timer = TIMER_NONE;
    t->flags = t->status = t->attempt = 0;
    t->visit = 0;
    return task;
}

HOT_INLINE void forget_task(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    t->state = TASK_FREE;
    t->wait++;
    t->next = w->task_free;
    w->task_free = task;
}

void task_free(struct world *w, uint32_t task)
{
    forget_task(w, task);
}

/* Twice the room for those who are ready. */
void task_more_ready(struct world *w)
{
    uint32_t room = w->ready_room ? 2 * w->ready_room : 256;
    uint32_t *ready = arena_many(w->arena, room, uint32_t);
    if (w->ready_count)
        memcpy(ready, w->ready, w->ready_count * sizeof *ready);
    w->ready = ready;
    w->ready_room = room;
}

/* ---- calls ----------------------------------------------------------------------- */

uint32_t call_start(struct world *w, uint32_t number, uint32_t instance)
{
    const struct call_site *site = &w->call[number];
    uint32_t child = task_new(w);
    struct task *t = &w->task[child];
    t->call = number;
    t->flags = site->flags;
    t->pc = site->entry;
    t->instance = instance;
    t->since = w->now;
    t->state = TASK_TRAVEL;
    return child;
}

static void depart(struct world *w, uint32_t child, sim_time latency)
{
    if (latency > 0)
        event_push(&w->events, w->now + latency, EVENT_HAND_OFF,
                   SLOT(SLOT_TASK, child));
    else
        server_enter(w, child);
}

static uint32_t balancer_of(const struct world *w, const struct task *t,
                            const struct call_site *site)
{
    if (site->balancer == NONE)
        return NONE;
    const struct instance *caller = &w->instance[t->instance];
    return site->balancer + t->instance - caller->service->first_instance;
}

/* The budget that a task's retries of a call come from. */
static uint32_t budget_of(const struct world *w, const struct task *t,
                          const struct call_site *site)
{
    const struct instance *caller = &w->instance[t->instance];
    return site->retry.budget + t->instance - caller->service->first_instance;
}

/* What the beginning of some calls is good for; returns the entity of the callee. */
static OUT_OF_LINE uint64_t note_call(struct world *w, const struct task *t,
                                      const struct call_site *site)
{
    if (site->retry.budget != NONE && t->attempt == 0)
        budget_begin(w, budget_of(w, t, site));
    return site->derive_entity && t->visit ? rng_mix(t->entity, t->visit) : t->entity;
}

HOT_INLINE void call(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    uint32_t number = w->code[t->pc].a;
    const struct call_site *site = &w->call[number];
    uint64_t entity = t->entity;
    if (site->noted)
        entity = note_call(w, t, site);
    t->peer = balance_choose(w, site, balancer_of(w, t, site), entity, t->attempt,
                             t->request);
    t->state = TASK_CALLING;
    t->since = w->now;
    if (site->timeout_class != NONE)
        t->timer =
            timer_set(&w->timers, site->timeout_class, w->now, SLOT(SLOT_TASK, task));
    uint32_t child = call_start(w, number, t->peer);
    t->child = child;
    struct task *c = &w->task[child];
    c->parent = task;
    c->parent_wait = t->wait;
    c->request = t->request;
    c->stamp = t->stamp;
    c->entity = entity;
    depart(w, child, site->latency);
}

void task_call(struct world *w, uint32_t task)
{
    call(w, task);
}

bool task_is_awaited(const struct world *w, const struct task *t)
{
    if (t->parent != NONE)
        return w->task[t->parent].wait == t->parent_wait;
    return t->request != NONE && w->request[t->request].wait == t->parent_wait;
}

void task_connecting(struct world *w, const struct task *child, bool connecting)
{
    const struct call_site *site = &w->call[child->call];
    if (child->parent == NONE || site->connect_class == NONE)
        return; /* a client has one patience for all */
    if (!task_is_awaited(w, child))
        return; /* it gave up while the first attempt was on its way */
    struct task *t = &w->task[child->parent];
    uint32_t class = connecting ? site->connect_class : site->timeout_class;
    task_cancel_timer(w, t);
    t->flags &= (uint16_t)~TASK_CONNECTING;
    if (connecting)
        t->flags |= TASK_CONNECTING;
    if (class != NONE)
        t->timer = timer_set(&w->timers, class, w->now, SLOT(SLOT_TASK, child->parent));
}

/* The call under way is over for the caller, however it ended. */
static void end_call(struct world *w, struct task *t)
{
    const struct call_site *site = &w->call[w->code[t->pc].a];
    task_cancel_timer(w, t);
    t->wait++;
    t->flags &= (uint16_t)~TASK_CONNECTING;
    balance_release(w, site, balancer_of(w, t, site), t->peer);
}

/* What the end of some calls counts for; returns what the caller is told. */
static OUT_OF_LINE enum status watch_call(struct world *w, const struct task *t,
                                          const struct call_site *site,
                                          enum status status)
{
    if (site->retry.budget != NONE)
        budget_attempt(w, budget_of(w, t, site), t->attempt > 0, status == STATUS_OK);
    if (site->proxy && !(t->flags & TASK_SPOKEN) &&
        (status == STATUS_REFUSED || status == STATUS_RESET))
        return STATUS_502;
    return status;
}

/* Is a call tried again? */
static bool call_again(struct world *w, const struct task *t,
                       const struct call_site *site, enum status status)
{
    const struct retry_policy *retry = &site->retry;
    if (t->attempt >= retry->max || t->attempt >= MOST_ATTEMPTS ||
        !(retry->statuses >> status & 1) ||
        (t->flags & TASK_SPOKEN && site->passes_stream) || /* too late */
        !retry_chance(w, retry, t->entity, t->attempt + 1u))
        return false;
    return retry->budget == NONE || budget_take(w, budget_of(w, t, site));
}

/* An attempt has failed: try again, or fail. */
static void attempt_failed(struct world *w, uint32_t task, const struct call_site *site,
                           enum status status, uint16_t cause)
{
    struct task *t = &w->task[task];
    if (call_again(w, t, site, status)) {
        t->attempt++;
        sim_time told = retry_told(w, &site->retry, cause);
        uint64_t entity = t->visit ? rng_mix(t->entity, t->visit) : t->entity;
        t->demand = told ? told
                         : retry_pause(w, &site->retry, entity, t->attempt,
                                       t->attempt > 1 ? t->demand : 0);
        t->state = TASK_BACKOFF;
        t->since = w->now;
        event_push(&w->events, w->now + t->demand, EVENT_HAND_OFF,
                   SLOT(SLOT_TASK, task));
        return;
    }
    t->attempt = 0;
    task_fail(w, task, status, cause);
}

/* The answer to a call, or giving up on it: go on, try again, or fail. */
HOT_INLINE void call_ended(struct world *w, uint32_t task, enum status status,
                       uint16_t cause)
{
    struct task *t = &w->task[task];
    const struct call_site *site = &w->call[w->code[t->pc].a];
    end_call(w, t);
    if (site->watched)
        status = watch_call(w, t, site, status);
    if (status != STATUS_OK) {
        attempt_failed(w, task, site, status, cause);
        return;
    }
    t->attempt = 0;
    t->pc++;
    task_ready(w, task);
}

void task_call_refused(struct world *w, uint32_t task, enum status status,
                       uint16_t cause)
{
    const struct task *t = &w->task[task];
    const struct call_site *site = &w->call[w->code[t->pc].a];
    if (site->watched)
        status = watch_call(w, t, site, status);
    attempt_failed(w, task, site, status, cause);
}

static OUT_OF_LINE void guarded_call_ended(struct world *w, uint32_t task,
                                           enum status status, uint16_t cause)
{
    guard_left(w, task, SIDE_CALL, status, false);
    call_ended(w, task, status, cause);
}

/* The answer to a call that is more than a call. */
static OUT_OF_LINE void attended_call_ended(struct world *w, uint32_t task, enum op op,
                                            enum status status, uint16_t cause)
{
    if (op == OP_PUBLISH)
        broker_ended(w, task, status);
    else
        guarded_call_ended(w, task, status, cause);
}

/* ---- branches and background ----------------------------------------------------- */

static uint32_t start_branch(struct world *w, uint32_t parent, uint32_t pc)
{
    uint32_t child = task_new(w);
    struct task *c = &w->task[child], *t = &w->task[parent];
    c->pc = pc;
    c->entity = t->visit ? rng_mix(t->entity, t->visit) : t->entity;
    c->instance = t->instance;
    c->process = t->process;
    c->since = w->now;
    return child;
}

uint32_t task_branch(struct world *w, uint32_t parent, uint32_t pc)
{
    return start_branch(w, parent, pc);
}

static void fork_branches(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    t->state = TASK_FORKED;
    t->branches_left = i->count;
    t->branches_failed = 0;
    for (uint32_t b = 0; b < i->b; b++) {
        uint32_t child = start_branch(w, task, w->m->branch[i->a + b]);
        struct task *c = &w->task[child];
        c->parent = task;
        c->parent_wait = t->wait;
        c->request = t->request;
        c->stamp = t->stamp;
        task_ready(w, child);
    }
}

static void branch_ended(struct world *w, uint32_t task, enum status status,
                         uint16_t cause)
{
    struct task *t = &w->task[task];
    const struct instr *i = &w->code[t->pc];
    if (status == STATUS_OK) {
        if (--t->branches_left > 0)
            return;
        t->wait++;
        if (i->count < i->b)
            task_abandon(w, task);
        t->pc++;
        task_ready(w, task);
        return;
    }
    if (++t->branches_failed <= i->b - i->count)
        return; /* enough others can still succeed */
    t->wait++;
    task_abandon(w, task);
    task_fail(w, task, status, cause);
}

/* ---- answers --------------------------------------------------------------------- */

HOT_INLINE void deliver(struct world *w, uint32_t child)
{
    struct task *c = &w->task[child];
    uint32_t parent = c->parent, wait = c->parent_wait, request = c->request;
    enum status status = (enum status)c->status;
    uint16_t cause = c->cause;
    bool to_client =
        parent == NONE && request != NONE && w->request[request].wait == wait;
    forget_task(w, child);
    if (to_client) {
        client_reply(w, request, status, cause);
    } else if (parent != NONE && w->task[parent].wait == wait) {
        const struct task *t = &w->task[parent];
        enum op op = (enum op)w->code[t->pc].op;
        if (t->state == TASK_FORKED)
            branch_ended(w, parent, status, cause);
        else if (op == OP_PROXY || op == OP_CHECK)
            proxy_ended(w, parent, status, cause, false);
        else if (op == OP_CALL)
            call_ended(w, parent, status, cause);
        else
            attended_call_ended(w, parent, op, status, cause);
    }
}

OUT_OF_LINE void task_deliver(struct world *w, uint32_t child)
{
    deliver(w, child);
}

/* Give back what is held. */
HOT_INLINE void leave(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    if (RARELY(t->flags & TASK_LADEN))
        memory_give_back(w, task);
    if (t->flags & TASK_HAS_SLOT)
        server_leave(w, task);
}

/* Answer, by way of the network. */
HOT_INLINE void answer(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    bool far = !(t->flags & TASK_NEAR) && t->call != NONE;
    sim_time latency = far ? w->call[t->call].latency : 0;
    if (latency == 0) {
        deliver(w, task);
        return;
    }
    t->state = TASK_REPLY;
    t->since = w->now;
    event_push(&w->events, w->now + latency, EVENT_DEPARTURE, SLOT(SLOT_TASK, task));
}

void task_leave(struct world *w, uint32_t task)
{
    leave(w, task);
}

OUT_OF_LINE void task_answer(struct world *w, uint32_t task)
{
    answer(w, task);
}

void task_stop_calling(struct world *w, uint32_t task)
{
    task_abandon(w, task);
    const struct task *t = &w->task[task];
    const struct call_site *site = &w->call[w->code[t->pc].a];
    enum op op = (enum op)w->code[t->pc].op;
    if ((op == OP_CALL || op == OP_GUARDED) && site->watched)
        watch_call(w, t, site, STATUS_RESET);
    end_call(w, &w->task[task]);
    if (w->code[w->task[task].pc].op == OP_GUARDED)
        guard_left(w, task, SIDE_CALL, STATUS_RESET, true);
}

void task_stop_pausing(struct world *w, uint32_t task)
{
    const struct task *t = &w->task[task];
    const struct call_site *site = &w->call[w->code[t->pc].a];
    if (site->retry.budget != NONE)
        budget_return(w, budget_of(w, t, site));
}

/* Does it work for its request by a way that does not lead through `caller`? */
static bool is_beside(const struct world *w, uint32_t task, uint32_t caller)
{
    const struct task *t = &w->task[task];
    while (task != caller && t->parent != NONE) {
        if (w->task[t->parent].wait != t->parent_wait)
            return false;
        task = t->parent;
        t = &w->task[task];
    }
    return task != caller && w->request[t->request].wait == t->parent_wait;
}

/* Branches beside the one that has given something up go on spending the request's
 * time. Where they are nobody knows: all tasks are looked at. */
static OUT_OF_LINE void keep_siblings(struct world *w, uint32_t caller,
                                      uint32_t request, uint32_t before)
{
    for (uint32_t i = 0; i < w->tasks; i++) {
        struct task *t = &w->task[i];
        if (t->state != TASK_FREE && t->request == request && t->stamp == before &&
            is_beside(w, i, caller))
            t->stamp = w->request[request].stamp;
    }
}

void task_abandon(struct world *w, uint32_t caller)
{
    struct task *t = &w->task[caller];
    uint32_t request = t->request;
    bool siblings = false;
    if (request == NONE || w->request[request].stamp != t->stamp)
        return;
    uint32_t before = w->request[request].stamp++;
    for (;;) { /* who still waits for the caller goes on spending the request's time */
        t->stamp = before + 1;
        if (t->parent == NONE || w->task[t->parent].wait != t->parent_wait)
            break;
        t = &w->task[t->parent];
        siblings |= t->state == TASK_FORKED;
    }
    if (siblings)
        keep_siblings(w, caller, request, before);
}

void task_fail(struct world *w, uint32_t task, enum status status, uint16_t cause)
{
    struct task *t = &w->task[task];
    t->status = (uint8_t)status;
    t->cause = cause;
    t->pc = w->code[t->pc].on_error;
    task_ready(w, task);
}

void task_timeout(struct world *w, uint32_t task)
{
    if (w->frozen && quota_holds(w, task, HELD_TIMEOUT))
        return;
    struct task *t = &w->task[task];
    t->timer = TIMER_NONE;
    if (t->state == TASK_POOL) {
        pool_timeout(w, task);
        return;
    }
    if (t->state == TASK_FILL) {
        cache_timeout(w, task);
        return;
    }
    if (t->state == TASK_GATE || t->state == TASK_PERMIT) {
        guard_timeout(w, task);
        return;
    }
    if (t->state == TASK_TURN) {
        edge_timeout(w, task);
        return;
    }
    if (t->state == TASK_BATCH) {
        batch_timeout(w, task);
        return;
    }
    check(t->state == TASK_CALLING, "timeout in state %d", t->state);
    if (w->code[t->pc].op == OP_PUBLISH) {
        broker_timeout(w, task);
        return;
    }
    const struct call_site *site = &w->call[w->task[t->child].call];
    uint32_t child = t->child, wait = t->wait;
    uint16_t cause =
        t->flags & TASK_CONNECTING ? site->connect_cause : site->timeout_cause;
    enum status status = (enum status)site->timeout_status;
    if (t->flags & TASK_SPOKEN && site->until_first_byte) {
        cause = site->idle_cause;
        status = STATUS_RESET;
    }
    if (w->code[t->pc].op == OP_PROXY || w->code[t->pc].op == OP_CHECK) {
        task_abandon(w, task);
        proxy_ended(w, task, status, cause, true);
    } else {
        task_break_call(w, task, status, cause);
    }
    proxy_client_gone(w, child, task, wait);
}

void task_break_call(struct world *w, uint32_t task, enum status status, uint16_t cause)
{
    task_abandon(w, task);
    if (w->code[w->task[task].pc].op == OP_GUARDED)
        guarded_call_ended(w, task, status, cause);
    else
        call_ended(w, task, status, cause);
}

/* ---- the interpreter ------------------------------------------------------------- */

/* The draws of this task for its present instruction. Requests that follow each other
 * mostly come to an instruction one after the other, so that a memo of four serves
 * them. */
static struct draw_memo *memo_of(struct world *w, const struct task *t)
{
    return &w->memo[(t->pc * 4 + (t->entity >> 3 & 3)) % MEMOS];
}

OUT_OF_LINE struct draw task_draw(struct world *w, const struct task *t,
                                  const struct instr *i)
{
    return draw_recall(memo_of(w, t), i->key, t->entity, w->replication, t->visit);
}

/* A duration; what nearly every one needs is one word or none. */
HOT_INLINE sim_time drawn_time(struct world *w, const struct task *t,
                               const struct instr *i)
{
    const struct dist *dist = i->dist;
    if (dist->form == DIST_CONSTANT)
        return sim_from_nanoseconds(dist->a);
    uint64_t word =
        draw_first_word(memo_of(w, t), i->key, t->entity, w->replication, t->visit);
    if (dist->form == DIST_EXPONENTIAL) {
        double x;
        if (draw_exponential_inside(word, &x))
            return sim_from_nanoseconds(dist->a * x);
    }
    struct draw draw = draw_from(i->key, t->entity, w->replication, t->visit, word);
    return dist_duration(dist, &draw);
}

static void delay(struct world *w, uint32_t task, sim_time time)
{
    struct task *t = &w->task[task];
    t->state = TASK_DELAY;
    t->since = w->now;
    event_push(&w->events, w->now + time, EVENT_DEPARTURE, SLOT(SLOT_TASK, task));
}

/* In slow times of its instance everything takes longer. */
static OUT_OF_LINE sim_time slowed(const struct world *w, const struct task *t,
                                   sim_time time)
{
    const struct instance *instance = &w->instance[t->instance];
    return instance->slow ? sim_from_nanoseconds((double)time / instance->speed) : time;
}

/* A limit of the rate: pass, wait, or be rejected. False: not now. */
static bool hold_to_limits(struct world *w, uint32_t task, const struct instr *i)
{
    sim_time wait = limit_wait(w, task, i->a, i->b);
    if (wait == 0)
        return true;
    if (wait > 0) {
        delay(w, task, wait);
        return false;
    }
    proxy_reject(w, task, (enum status)i->status, i->cause);
    return false;
}

static bool count_in(struct world *w, uint32_t task, const struct instr *i)
{
    if (limit_count(w, task, i->a))
        return true;
    proxy_reject(w, task, (enum status)i->status, i->cause);
    return false;
}

static uint32_t chosen(struct world *w, const struct task *t, const struct instr *i)
{
    struct draw draw = task_draw(w, t, i);
    double u = draw_uniform(&draw);
    const struct choice *choice = &w->m->choice[i->a];
    uint32_t c = 0;
    while (c + 1 < i->b && u >= choice[c].odds)
        c++;
    return choice[c].pc;
}

static bool take_memory(struct world *w, uint32_t task, const struct instr *i)
{
    struct draw draw = task_draw(w, &w->task[task], i);
    return memory_take(w, task, dist_count(i->dist, &draw));
}

static bool happens(struct world *w, const struct task *t, const struct instr *i)
{
    if (i->p >= 1)
        return true;
    struct draw draw = task_draw(w, t, i);
    return draw_uniform(&draw) < i->p;
}

/* Which of all attempts this is, at every step of the way from the client; 0 the first.
 * A request brings the same work each time, but whether it fails is another matter. */
static uint64_t attempt_of(const struct world *w, const struct task *t)
{
    uint64_t number = 0;
    if (t->request != NONE && w->request[t->request].attempts > 0)
        number = w->request[t->request].attempts - 1u;
    while (t->parent != NONE && w->task[t->parent].wait == t->parent_wait) {
        t = &w->task[t->parent];
        number = number << 8 | t->attempt;
    }
    return number;
}

static OUT_OF_LINE bool fails(struct world *w, const struct task *t,
                              const struct instr *i)
{
    uint64_t attempt = i->p < 1 ? attempt_of(w, t) : 0;
    if (attempt == 0)
        return happens(w, t, i);
    struct draw draw =
        draw_at(i->key, rng_mix(t->entity, attempt), w->replication, t->visit);
    return draw_uniform(&draw) < i->p;
}

static bool begin_loop(struct world *w, struct task *t, const struct instr *i)
{
    struct draw draw = task_draw(w, t, i);
    int64_t count = dist_count(i->dist, &draw);
    check(count < NONE, "a loop of %lld turns", (long long)count);
    t->loop[i->b] = (uint32_t)count;
    return count > 0;
}

static bool loop_again(struct task *t, const struct instr *i)
{
    if (--t->loop[i->b] == 0)
        return false;
    t->visit++;
    check(t->visit < 65536, "more than %u turns of the loops of one handler",
          t->visit - 1);
    return true;
}

/* The present instruction of a task; false when the task must wait then. */
HOT_INLINE bool step(struct world *w, uint32_t task, struct task *t)
{
    const struct instr *i = &w->code[t->pc];
    /* the two that all programs have are told apart before a jump by the table, which
     * is often guessed wrong */
    if (i->op == OP_END) {
        leave(w, task);
        answer(w, task);
        return false;
    }
    if (i->op == OP_DELAY) {
        delay(w, task, drawn_time(w, t, i));
        return false;
    }
    switch ((enum op)i->op) {
    case OP_REGAIN: {
        sim_time scan = race_looks_for(w, t);
        if (scan > 0) {
            delay(w, task, scan);
            return false;
        }
        t->pc++;
        return true;
    }
    case OP_SLOWED:
        delay(w, task, slowed(w, t, drawn_time(w, t, i)));
        return false;
    case OP_CPU: {
        sim_time demand = drawn_time(w, t, i);
        if (w->instance[t->instance].service->shared_cpu)
            cpu_use(w, task, demand);
        else {
            w->instance[t->instance].cpu.area += (uint128)demand * 1000;
            delay(w, task, demand);
        }
        return false;
    }
    case OP_CALL:
        call(w, task);
        return false;
    case OP_GUARDED:
    case OP_GUARD_IN:
        guard_enter(w, task, SIDE_CALL);
        return false;
    case OP_GUARD_OUT:
        guard_left(w, task, SIDE_CALL, (enum status)t->status, false);
        t->pc++;
        return true;
    case OP_ACQUIRE:
        pool_acquire(w, task, i);
        return false;
    case OP_RELEASE:
        pool_release(w, task, i);
        t->pc++;
        return true;
    case OP_KEEP_NONE:
        pool_keep_none(w, task);
        t->pc++;
        return true;
    case OP_CHANCE:
        t->pc = happens(w, t, i) ? i->a : t->pc + 1;
        return true;
    case OP_CHOOSE:
        t->pc = chosen(w, t, i);
        return true;
    case OP_REPEAT:
        t->pc = begin_loop(w, t, i) ? t->pc + 1 : i->a;
        return true;
    case OP_AGAIN:
        t->pc = loop_again(t, i) ? i->a : t->pc + 1;
        return true;
    case OP_FORK:
        fork_branches(w, task, i);
        return false;
    case OP_SPAWN:
        task_ready(w, start_branch(w, task, i->a));
        t->pc++;
        return true;
    case OP_ANSWER: {
        uint32_t other = task_double(w, task);
        w->task[other].status = STATUS_OK;
        w->task[task].pc++;
        task_answer(w, other);
        return true;
    }
    case OP_ENQUEUE:
        broker_enqueue(w, task, i);
        return true;
    case OP_HOLD_BACK:
        broker_hold_back(w, task, i);
        return false;
    case OP_REAP:
        broker_reap(w, task);
        t->pc++;
        return true;
    case OP_PUBLISH:
        broker_publish(w, task);
        return false;
    case OP_STREAM:
        stream_begin(w, task, i);
        t->pc++;
        return true;
    case OP_CHUNKS:
        stream_chunks(w, task, i);
        return false;
    case OP_ON:
        stream_go_on(w, task, i);
        return true;
    case OP_CHUNK:
        return stream_chunk(w, task, i);
    case OP_WRITE:
        return stream_write(w, task, i);
    case OP_SESSION:
        session_open(w, task, i);
        return true;
    case OP_QUIET:
        session_quiet(w, task, i);
        return false;
    case OP_MESSAGE:
        return session_message(w, task, i);
    case OP_CLOSE:
        session_close(w, task);
        return true;
    case OP_BROADCAST:
        session_broadcast(w, task, i);
        return true;
    case OP_SENDS:
        session_sends(w, task, i);
        return false;
    case OP_LOOKUP:
        return cache_lookup(w, task, i);
    case OP_BYPASS:
        cache_bypass(w, task, i);
        return true;
    case OP_KEEP:
        cache_keep(w, task, i);
        return true;
    case OP_FILL:
        return cache_fill(w, task, i);
    case OP_DROP:
        cache_drop(w, task, i);
        return true;
    case OP_MEMORY:
        if (!take_memory(w, task, i)) {
            task_fail(w, task, (enum status)i->status, i->cause);
            return false;
        }
        t->pc++;
        return true;
    case OP_FAIL:
        if (fails(w, t, i)) {
            task_fail(w, task, (enum status)i->status, i->cause);
            return false;
        }
        t->pc++;
        return true;
    case OP_JUMP:
        t->pc = i->a;
        return true;
    case OP_CLEAR:
        t->status = STATUS_OK;
        t->pc = i->a;
        return true;
    case OP_UNITS:
        return table_take(w, task, i);
    case OP_ACCEPT:
        if (!proxy_accept(w, task))
            return false;
        t->pc++;
        return true;
    case OP_HANG_UP:
        proxy_hang_up(w, task);
        t->pc++;
        return true;
    case OP_LIMIT:
        if (!hold_to_limits(w, task, i))
            return false;
        t->pc++;
        return true;
    case OP_COUNT:
        if (!count_in(w, task, i))
            return false;
        t->pc++;
        return true;
    case OP_UNCOUNT:
        limit_uncount(w, task, i->a);
        t->pc++;
        return true;
    case OP_PROXY:
        proxy_call(w, task);
        return false;
    case OP_CHECK:
        health_check(w, task);
        return false;
    case OP_ADMIT:
        if (!meter_admit(w, task, i))
            return false;
        t->pc++;
        return true;
    case OP_BATCH:
        batch_join(w, task);
        return false;
    case OP_ONCE:
        t->pc = once_is_done(w, t, i->b) ? i->a : t->pc + 1;
        return true;
    case OP_ONCE_DONE:
        if (!once_done(w, t, i->b)) {
            task_fail(w, task, (enum status)i->status, i->cause);
            return false;
        }
        t->pc++;
        return true;
    case OP_INFER:
        engine_join(w, task, i);
        return false;
    case OP_GONE:
        task_free(w, task);
        return false;
    case OP_DELAY:
    case OP_END:
        break;
    }
    check(false, "instruction %d", i->op);
    return false;
}

HOT_ACROSS void task_run(struct world *w, uint32_t task)
{
    uint32_t done = 0;
    if (task == NONE)
        task = w->ready[done++];
    for (;;) {
        while (step(w, task, &w->task[task]))
            ;
        if (done == w->ready_count)
            break;
        task = w->ready[done++];
    }
    w->ready_count = 0;
}

__attribute__((cold)) void task_run_thawed(struct world *w, uint32_t first)
{
    if (first != NONE)
        task_ready(w, first);
    for (uint32_t i = 0; i < w->ready_count; i++) {
        uint32_t task = w->ready[i];
        if (quota_holds(w, task, HELD_RUN))
            continue;
        while (step(w, task, &w->task[task]))
            ;
    }
    w->ready_count = 0;
}

void task_event(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    sim_time passed = w->now - t->since;
    switch ((enum task_state)t->state) {
    case TASK_TRAVEL:
        spend(w, t, server_way_resource(w, t), passed);
        server_enter(w, task);
        return;
    case TASK_REPLY:
        spend(w, t, w->m->network_resource, passed);
        task_deliver(w, task);
        return;
    case TASK_OPENING:
        if (w->frozen && quota_holds(w, task, HELD_EVENT))
            return;
        pool_opened(w, task);
        return;
    case TASK_BACKOFF:
        if (w->frozen && quota_holds(w, task, HELD_EVENT))
            return;
        spend(w, t, w->m->backoff_resource, passed);
        if (w->code[t->pc].op == OP_PUBLISH)
            broker_publish(w, task);
        else if (w->code[t->pc].op == OP_GUARDED)
            guard_enter(w, task, SIDE_CALL);
        else if (w->code[t->pc].op == OP_PROXY)
            task_ready(w, task);
        else
            task_call(w, task);
        return;
    case TASK_GATE:
    case TASK_PERMIT:
        if (w->frozen && quota_holds(w, task, HELD_EVENT))
            return;
        guard_go_on(w, task);
        return;
    case TASK_DEAD:
        task_free(w, task);
        return;
    case TASK_FREE:
    case TASK_QUEUED:
    case TASK_READY:
    case TASK_DELAY:
    case TASK_CPU:
    case TASK_CALLING:
    case TASK_FORKED:
    case TASK_POOL:
    case TASK_HELD:
    case TASK_FILL:
    case TASK_TURN:
    case TASK_ENGINE:
    case TASK_BATCH:
        break;
    }
    check(false, "event for a task in state %d", t->state);
}
