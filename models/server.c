/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * server -- who takes a request, and who waits: listen queue, processes, slots.
 *
 *                     slot free            room to wait         neither
 *  idle, arrives      takes a slot         listen queue         refused
 *  eager, arrives     a process takes it:  its own queue; none takes it: listen queue,
 *                     a slot or            or refused
 *  slot freed         the oldest waiter takes it, of the process first, then of the
 *                     listen queue
 *
 * Most servers are plain (compiled.h). What `plain` tells is known where a function is
 * joined to its caller, so that these servers do without the questions of all others.
 */
#include "models/world.h"

/* ---- opening --------------------------------------------------------------------- */

static int64_t instance_slots(const struct service *s)
{
    return s->slots == UNLIMITED ? UNLIMITED : s->slots * s->processes;
}

void server_open(struct world *w, struct instance *instance)
{
    const struct service *s = instance->service;
    if (s->part.accept == ACCEPT_EAGER && (s->processes > 1 || s->part.scan))
        race_open(w, instance);
    instance->busy.limit = instance_slots(s);
    instance->queue_room = s->queue_limit;
    for (uint32_t p = 0; p < s->processes; p++)
        w->process[instance->first_process + p].running = NONE;
    if (s->mortal)
        workers_open(w, instance);
}

/* ---- slots ----------------------------------------------------------------------- */

HOT_INLINE void change_busy(struct world *w, const struct service *s,
                            struct process *process, uint32_t busy, bool plain)
{
    if (!plain && s->processes > 1 && s->part.discipline != DISCIPLINE_LOOP)
        process_lasted(process, process->busy, w->now);
    process->busy = busy;
}

static OUT_OF_LINE void heed(struct world *w, uint32_t task, const struct service *s)
{
    struct task *t = &w->task[task];
    if (s->mortal)
        worker_took(w, &w->instance[t->instance], t->process);
    if (s->part.broker.present)
        broker_started(w, task);
}

/* The slot of the process that the caller has set aside is the task's. Whether it has
 * `queued` is known where slots are limited for sure. */
HOT_INLINE void enter_slot(struct world *w, uint32_t task, uint32_t process,
                           const struct service *s, struct counts *counts, bool plain,
                           bool queued)
{
    struct task *t = &w->task[task];
    sim_time waited = w->now - t->since;
    t->process = process;
    t->flags |= TASK_HAS_SLOT;
    t->entered = w->now;
    /* without a limit, only while all workers are being replaced */
    if (queued || s->slots != UNLIMITED || waited > 0) {
        tally_add(&counts->wait, waited);
        if (waited > 0) {
            counts->waited++;
            spend(w, t, s->wait_resource, waited);
        }
    }
    task_ready(w, task);
    if (!plain && s->heeded)
        heed(w, task, s);
}

HOT_INLINE void occupy_slot(struct world *w, uint32_t task, struct instance *instance,
                            const struct service *s, uint32_t process, bool plain)
{
    struct process *p = &w->process[instance->first_process + process];
    level_add(&instance->busy, w->now, 1);
    change_busy(w, s, p, p->busy + 1, plain);
    enter_slot(w, task, process, s, instance->counts, plain, false);
}

static void take_slot(struct world *w, uint32_t task, uint32_t process)
{
    struct instance *instance = &w->instance[w->task[task].instance];
    occupy_slot(w, task, instance, instance->service, process, false);
}

/* In the queue of a process, or (NONE) in the listen queue. */
static void wait_in(struct world *w, struct instance *instance, uint32_t process,
                    uint32_t task)
{
    w->task[task].state = TASK_QUEUED;
    w->task[task].process = process;
    queue_put(w,
              process == NONE ? &instance->queue
                              : &w->process[instance->first_process + process].queue,
              task);
    level_pass(&instance->waiting, w->now, 1);
}

void server_refuse(struct world *w, uint32_t task, enum status status, uint16_t cause)
{
    struct task *t = &w->task[task];
    w->instance[t->instance].counts->refused++;
    if (t->flags & TASK_GUARDED)
        guard_left(w, task, SIDE_SERVICE, status, false);
    t->status = (uint8_t)status;
    t->cause = cause;
    task_answer(w, task);
}

static bool accepts(const struct world *w, const struct instance *instance,
                    const struct service *s, uint32_t process)
{
    return !s->mortal || worker_accepts(w, instance, process);
}

static uint32_t free_living_process(const struct world *w,
                                    const struct instance *instance,
                                    const struct service *s)
{
    uint32_t best = NONE, least = UINT32_MAX;
    for (uint32_t p = 0; p < s->processes; p++) {
        uint32_t busy = w->process[instance->first_process + p].busy;
        if (busy < s->slots && busy < least && worker_accepts(w, instance, p)) {
            best = p;
            least = busy;
        }
    }
    return best;
}

/* A process with a free slot, the least busy one; NONE when none is left. */
HOT_INLINE uint32_t free_process(const struct world *w, const struct instance *instance,
                                 const struct service *s, bool plain)
{
    if (!plain && s->mortal)
        return free_living_process(w, instance, s);
    if (level_is_full(&instance->busy))
        return NONE;
    uint32_t best = 0;
    for (uint32_t p = 1; !plain && p < s->processes; p++)
        if (w->process[instance->first_process + p].busy <
            w->process[instance->first_process + best].busy)
            best = p;
    return best;
}

/* ---- a full listen queue --------------------------------------------------------- */

uint16_t server_way_resource(const struct world *w, const struct task *t)
{
    return t->flags & TASK_KNOCKED ? w->instance[t->instance].service->dropped_resource
                                   : w->m->network_resource;
}

void server_knock(struct world *w, uint32_t task, const int *pauses, uint16_t cause)
{
    struct task *t = &w->task[task];
    int pause = pauses ? pauses[t->attempt] : 0;
    if (pause == 0) {
        const struct service *s = w->instance[t->instance].service;
        bool full = s->part.full_status && cause == s->refused_cause;
        server_refuse(w, task, full ? s->part.full_status : STATUS_REFUSED, cause);
        return;
    }
    w->instance[t->instance].counts->refused++;
    if (!(t->flags & TASK_KNOCKED))
        task_connecting(w, t, true);
    t->flags |= TASK_KNOCKED;
    t->state = TASK_TRAVEL;
    t->since = w->now;
    t->attempt++;
    event_push(&w->events, w->now + pause * SIM_SECOND, EVENT_HAND_OFF,
               SLOT(SLOT_TASK, task));
}

/* Nobody takes the connection: refuse it, or say nothing and let it try again. */
static void turn_away(struct world *w, uint32_t task, const struct service *s)
{
    if (w->instance[w->task[task].instance].down)
        server_refuse(w, task, STATUS_REFUSED, s->down_cause);
    else
        server_knock(w, task, s->part.knock_pauses, s->refused_cause);
}

/* A connection that has been tried before is taken at last. */
static void connected(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    task_connecting(w, t, false);
    t->flags &= (uint16_t)~TASK_KNOCKED;
    t->attempt = 0;
}

HOT_INLINE void enter_idle(struct world *w, uint32_t task, struct instance *instance,
                           const struct service *s, bool plain)
{
    uint32_t process = free_process(w, instance, s, plain);
    if (process != NONE)
        occupy_slot(w, task, instance, s, process, plain);
    else if (instance->queue.count < instance->queue_room)
        wait_in(w, instance, NONE, task);
    else
        turn_away(w, task, s);
}

static int64_t load_of(const struct process *p)
{
    return (int64_t)p->busy + p->queue.count;
}

/* The process that takes a new connection: the winner of the race, or the next that
 * takes any; NONE when none does. */
static uint32_t taker(struct world *w, struct instance *instance,
                      const struct service *s, const struct task *t)
{
    uint32_t p = 0;
    if (instance->racer)
        p = race_winner(w, instance, t->entity);
    else if (s->part.accept == ACCEPT_TURN)
        p = instance->winner = (instance->winner + 1) % s->processes;
    for (uint32_t tried = 0; tried < s->processes; tried++, p = (p + 1) % s->processes)
        if (load_of(&w->process[instance->first_process + p]) < s->process_limit &&
            accepts(w, instance, s, p))
            return p;
    return NONE;
}

static void join_process(struct world *w, uint32_t task, struct instance *instance,
                         const struct service *s, uint32_t process)
{
    struct process *p = &w->process[instance->first_process + process];
    if (load_of(p) >= s->refuse_above)
        server_refuse(w, task, STATUS_503, s->busy_cause);
    else if (p->busy < s->slots)
        take_slot(w, task, process);
    else {
        wait_in(w, instance, process, task);
        if (s->weighs)
            memory_weigh(w, instance);
        if (s->part.broker.present)
            broker_reserved(w, task);
    }
    if (s->part.scan)
        race_look(w, instance, process);
}

static void enter_eager(struct world *w, uint32_t task, struct instance *instance,
                        const struct service *s)
{
    uint32_t process = taker(w, instance, s, &w->task[task]);
    if (process != NONE)
        join_process(w, task, instance, s, process);
    else if (instance->queue.count < instance->queue_room)
        wait_in(w, instance, NONE, task);
    else
        turn_away(w, task, s);
}

/* Nobody accepts while the instance is frozen; its listen queue fills all the same. Or
 * the instance is away. False: neither. */
static bool knock_at_frozen(struct world *w, uint32_t task, struct instance *instance,
                            const struct service *s)
{
    if (instance->away)
        return outage_meets(w, task);
    if (!quota_is_full(instance))
        return quota_holds(w, task, HELD_ARRIVAL);
    instance->counts->arrivals++;
    turn_away(w, task, s);
    return true;
}

/* One that knocks again, or has guards to pass; false: it is gone, or in their
 * hands. */
static OUT_OF_LINE bool comes_in(struct world *w, uint32_t task,
                                 struct instance *instance, const struct service *s)
{
    struct task *t = &w->task[task];
    if (t->flags & TASK_KNOCKED && !task_is_awaited(w, t)) {
        if (t->flags & TASK_GUARDED)
            guard_left(w, task, SIDE_SERVICE, STATUS_TIMEOUT, true);
        task_free(w, task); /* whoever tried to connect has given up */
        return false;
    }
    bool passed = t->flags & TASK_PASSED;
    if (!(t->flags & TASK_GUARDED) || (passed && !s->line))
        return true;
    if (!passed)
        guard_arrive(w, task, SIDE_SERVICE);
    if (w->frozen && knock_at_frozen(w, task, instance, s))
        return false;
    instance->counts->arrivals++;
    if (passed)
        server_admit(w, task);
    else
        guard_enter(w, task, SIDE_SERVICE);
    return false;
}

/* A connection of its own; false: there is none, and it is refused. */
static bool open_connection(struct world *w, uint32_t task, const struct service *s)
{
    struct task *t = &w->task[task];
    if (!database_connect(w, w->call[t->call].service, w->call[t->call].admin)) {
        server_refuse(w, task, STATUS_500, s->connection_cause);
        return false;
    }
    t->flags |= TASK_CONNECTED;
    return true;
}

/* The listen queue, or a slot, of a server that is not plain. */
static void join(struct world *w, uint32_t task, struct instance *instance,
                 const struct service *s)
{
    struct task *t = &w->task[task];
    t->since = w->now;
    if (RARELY(t->flags & TASK_CONNECTS) && !open_connection(w, task, s))
        return;
    if (s->part.accept != ACCEPT_IDLE)
        enter_eager(w, task, instance, s);
    else
        enter_idle(w, task, instance, s, false);
    if (RARELY(t->flags & TASK_KNOCKED) &&
        (t->state == TASK_READY || t->state == TASK_QUEUED))
        connected(w, task);
}

HOT_ACROSS void server_enter(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    const struct service *s = instance->service;
    const uint16_t flags = TASK_KNOCKED | TASK_GUARDED | TASK_CONNECTS;
    if (s->plain && !(t->flags & flags) && !RARELY(w->frozen)) {
        instance->counts->arrivals++;
        t->since = w->now;
        enter_idle(w, task, instance, s, true);
        return;
    }
    if (RARELY(t->flags & (TASK_KNOCKED | TASK_GUARDED)) &&
        !comes_in(w, task, instance, s))
        return;
    if (RARELY(w->frozen) && knock_at_frozen(w, task, instance, s))
        return;
    instance->counts->arrivals++;
    join(w, task, instance, s);
}

void server_admit(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    const struct service *s = instance->service;
    if (!s->line) {
        join(w, task, instance, s);
        return;
    }
    t->since = w->now;
    if (RARELY(t->flags & TASK_CONNECTS) && !open_connection(w, task, s))
        return;
    line_enter(w, task);
    if (t->flags & TASK_KNOCKED && (t->state == TASK_READY || t->state == TASK_GATE))
        connected(w, task);
}

uint32_t server_free_process(const struct world *w, const struct instance *instance)
{
    return free_process(w, instance, instance->service, false);
}

void server_give_slot(struct world *w, uint32_t task, uint32_t process)
{
    take_slot(w, task, process);
}

void server_turn_away(struct world *w, uint32_t task)
{
    turn_away(w, task, w->instance[w->task[task].instance].service);
}

/* The oldest waiter takes the slot over: it stays busy. False if nobody waits. */
HOT_INLINE bool hand_over_plain(struct world *w, struct instance *instance,
                                const struct service *s)
{
    if (instance->queue.count == 0)
        return false;
    uint32_t next = queue_take(w, &instance->queue);
    level_pass(&instance->waiting, w->now, -1);
    enter_slot(w, next, 0, s, instance->counts, true, true);
    return true;
}

/* Likewise, where the process may have a queue of its own. */
static bool hand_over(struct world *w, struct instance *instance,
                      const struct service *s, uint32_t process)
{
    struct queue *own = &w->process[instance->first_process + process].queue;
    struct queue *queue = own->count ? own : &instance->queue;
    if (queue->count == 0 || (queue != own && !accepts(w, instance, s, process)))
        return false;
    uint32_t next = queue_take(w, queue);
    level_pass(&instance->waiting, w->now, -1);
    enter_slot(w, next, process, s, instance->counts, false, false);
    if (queue == own && instance->queue.count && s->process_limit != UNLIMITED &&
        accepts(w, instance, s, process)) {
        uint32_t taken =
            queue_take(w, &instance->queue); /* the process accepts one more */
        w->task[taken].process = process;
        queue_put(w, own, taken);
        if (s->part.broker.present)
            broker_reserved(w, taken);
        if (s->part.scan)
            race_look(w, instance, process);
    }
    return true;
}

/* What a task has beside its slot. */
static OUT_OF_LINE void depart(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    if (t->flags & TASK_CONNECTED)
        database_disconnect(w, w->call[t->call].service);
    if (t->flags & TASK_GUARDED)
        guard_left(w, task, SIDE_SERVICE, (enum status)t->status, false);
}

/* A process has a slot to spare, and somebody has to know. */
static OUT_OF_LINE void slot_is_free(struct world *w, struct instance *instance,
                                     const struct service *s, uint32_t process)
{
    if (s->mortal)
        worker_left(w, instance, process);
    if (s->line)
        line_next(w, instance);
}

/* The slot goes to the next who waits, or gets free. */
static void pass_slot(struct world *w, struct instance *instance,
                      const struct service *s, uint32_t process)
{
    if (s->slots != UNLIMITED && hand_over(w, instance, s, process))
        return;
    level_add(&instance->busy, w->now, -1);
    struct process *p = &w->process[instance->first_process + process];
    change_busy(w, s, p, p->busy - 1, false);
    if (s->watched)
        slot_is_free(w, instance, s, process);
}

HOT_ACROSS void server_leave(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    const struct service *s = instance->service;
    struct counts *counts = instance->counts;
    counts->served++;
    wide_add(&counts->held, (uint64_t)(w->now - t->entered));
    if (RARELY(t->flags & (TASK_CONNECTED | TASK_GUARDED)))
        depart(w, task);
    t->flags &= (uint16_t)~(TASK_HAS_SLOT | TASK_CONNECTED);
    if (!s->plain) {
        pass_slot(w, instance, s, t->process);
    } else if (!hand_over_plain(w, instance, s)) {
        level_add(&instance->busy, w->now, -1);
        w->process[instance->first_process].busy--;
    }
}

void server_accept(struct world *w, struct instance *instance, uint32_t process)
{
    const struct service *s = instance->service;
    struct process *p = &w->process[instance->first_process + process];
    int64_t most = s->part.accept != ACCEPT_IDLE ? s->process_limit : s->slots;
    while (instance->queue.count && load_of(p) < most &&
           accepts(w, instance, s, process)) {
        uint32_t next = queue_take(w, &instance->queue);
        level_pass(&instance->waiting, w->now, -1);
        join_process(w, next, instance, s, process);
    }
    if (s->line)
        line_next(w, instance);
}

void server_withdraw(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    if (t->process == NONE)
        queue_remove(w, &instance->queue, task);
    else
        queue_remove(w, &w->process[instance->first_process + t->process].queue, task);
    level_pass(&instance->waiting, w->now, -1);
    instance->counts->waited += w->now > t->since;
    tally_add(&instance->counts->wait, w->now - t->since);
    spend(w, t, instance->service->wait_resource, w->now - t->since);
    if (t->flags & TASK_CONNECTED)
        database_disconnect(w, w->call[t->call].service);
    t->flags &= (uint16_t)~TASK_CONNECTED;
    if (t->flags & TASK_GUARDED)
        guard_left(w, task, SIDE_SERVICE, STATUS_RESET, true);
}
