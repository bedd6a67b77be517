/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cpu -- the cores of an instance, shared out.
 *
 * Units share the cores equally, none gets more than one core. A unit is a task
 * (threads of the operating system), or a process whose threads share its one core
 * (GIL) or use it one after the other (event loop). In virtual time every unit advances
 * at the same rate min(1, cores / units), so the next to finish is the least element of
 * a heap and nothing else has to be touched when units come and go.
 *
 * Times in here are double ns since the cores were last idle: exact to a thousandth of
 * a nanosecond over hours of uninterrupted work, and the same bits everywhere, because
 * only + - * / are used. Completions are rounded up to whole ns: nobody finishes early.
 *
 * An instance with a governor (governor.c) has -1 cores: the governor knows how fast
 * they are at present, and when that changes.
 *
 * One event per instance is armed for the first completion. If it moves later, the
 * event finds nothing done and is armed anew; if it moves earlier, a new one overtakes
 * it. The one overtaken is remembered and armed again when its turn comes, so that long
 * work beside much short work does not leave an event behind for each.
 */
#include "models/world.h"

#include <math.h>
#include <string.h>

#define SLACK 1e-3 /* ns: rounding of `work` */

/* A thread beside an event loop or without the lock is a unit like a process, told by
 * this bit. */
#define OWN_THREAD (UINT32_C(1) << 31)

void cpu_advance(struct cpu *cpu, sim_time now)
{
    double passed = (double)(now - cpu->since);
    if (cpu->units > 0 && passed > 0) {
        double busy = cpu->units < cpu->cores ? cpu->units : cpu->cores;
        if (busy < 0)
            busy = governor_passed(cpu, now);
        cpu->work += passed * cpu->rate;
        cpu->area += wide_from(passed * busy * 1000 + 0.5);
    }
    cpu->since = now;
}

static void set_units(struct cpu *cpu, uint32_t units)
{
    cpu->units = units;
    if (units <= cpu->cores) {
        cpu->rate = cpu->inverse = 1;
    } else if (cpu->cores > 0) {
        cpu->rate = cpu->cores / units;
        cpu->inverse = units / cpu->cores;
    } else {
        cpu->rate = governor_rate(cpu->governor, units);
        cpu->inverse = 1 / cpu->rate;
    }
}

void cpu_adjust(struct cpu *cpu)
{
    set_units(cpu, cpu->units);
}

/* ---- the heap of units, by finish ------------------------------------------------ */

static void sift_up(struct cpu *cpu, uint32_t at, struct unit unit)
{
    while (at > 0 && cpu->heap[(at - 1) / 2].finish > unit.finish) {
        cpu->heap[at] = cpu->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    cpu->heap[at] = unit;
}

static void sift_down(struct cpu *cpu, uint32_t at, struct unit unit)
{
    for (uint32_t child = 2 * at + 1; child < cpu->units; child = 2 * at + 1) {
        if (child + 1 < cpu->units &&
            cpu->heap[child + 1].finish < cpu->heap[child].finish)
            child++;
        if (unit.finish <= cpu->heap[child].finish)
            break;
        cpu->heap[at] = cpu->heap[child];
        at = child;
    }
    cpu->heap[at] = unit;
}

static void add_unit(struct world *w, struct cpu *cpu, struct unit unit)
{
    if (cpu->units == cpu->room) {
        uint32_t room = cpu->room ? 2 * cpu->room : 16;
        struct unit *heap = arena_many(w->arena, room, struct unit);
        if (cpu->room)
            memcpy(heap, cpu->heap, cpu->room * sizeof *heap);
        cpu->heap = heap;
        cpu->room = room;
    }
    set_units(cpu, cpu->units + 1);
    sift_up(cpu, cpu->units - 1, unit);
}

static uint32_t first_unit(struct cpu *cpu)
{
    uint32_t id = cpu->heap[0].id;
    struct unit last = cpu->heap[cpu->units - 1];
    set_units(cpu, cpu->units - 1);
    if (cpu->units > 0)
        sift_down(cpu, 0, last);
    return id;
}

/* Give unit `id` a new finish. Only processes move: they are few. */
static void move_unit(struct cpu *cpu, uint32_t id, double finish)
{
    uint32_t at = 0;
    while (cpu->heap[at].id != id)
        at++;
    struct unit unit = {finish, id};
    if (finish < cpu->heap[at].finish)
        sift_up(cpu, at, unit);
    else
        sift_down(cpu, at, unit);
}

sim_time cpu_completion(const struct cpu *cpu, sim_time now)
{
    double left = (cpu->heap[0].finish - cpu->work) * cpu->inverse - SLACK;
    return left > 0 ? now + (sim_time)ceil(left) : now;
}

/* A unit that goes before it is done. */
static void remove_unit(struct cpu *cpu, uint32_t id)
{
    uint32_t at = 0;
    while (cpu->heap[at].id != id)
        at++;
    struct unit last = cpu->heap[cpu->units - 1];
    set_units(cpu, cpu->units - 1);
    if (at == cpu->units)
        return;
    if (at > 0 && last.finish < cpu->heap[(at - 1) / 2].finish)
        sift_up(cpu, at, last);
    else
        sift_down(cpu, at, last);
}

static void arm(struct world *w, uint32_t instance, struct cpu *cpu)
{
    if (cpu->governor)
        governor_turn(w, cpu);
    if (cpu->units == 0)
        return;
    sim_time at = cpu->governor ? governor_next(cpu, w->now)
                                : cpu_completion(cpu, w->now);
    if (at >= cpu->armed)
        return;
    if (cpu->armed < cpu->behind)
        cpu->behind = cpu->armed;
    if (cpu->behind <= at) {
        cpu->armed = cpu->behind;
        cpu->behind = SIM_NEVER;
        return;
    }
    cpu->armed = at;
    event_push(&w->events, at, EVENT_DEPARTURE, actor_cpu(w, instance));
}

/* ---- processes with a lock ------------------------------------------------------- */

/* Bring the turns of a process's threads up to date. */
static void gil_advance(const struct cpu *cpu, struct process *p)
{
    if (p->cpu.count)
        p->turn += (cpu->work - p->turn_since) / p->cpu.count;
    p->turn_since = cpu->work;
}

static double gil_first(const struct world *w, const struct process *p)
{
    double first = INFINITY;
    for (uint32_t t = p->cpu.first, n = p->cpu.count; n > 0; n--, t = w->task[t].next)
        first = fmin(first, w->task[t].finish);
    return first;
}

static double gil_finish(const struct world *w, const struct cpu *cpu,
                         const struct process *p)
{
    return cpu->work + (gil_first(w, p) - p->turn) * p->cpu.count;
}

static void gil_use(struct world *w, uint32_t task, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    struct task *t = &w->task[task];
    bool idle = p->cpu.count == 0;
    if (idle)
        p->turn = 0;
    gil_advance(cpu, p);
    t->finish = p->turn + (double)t->demand;
    queue_put(w, &p->cpu, task);
    double finish = gil_finish(w, cpu, p);
    if (idle)
        add_unit(w, cpu, (struct unit){finish, process});
    else
        move_unit(cpu, process, finish);
}

/* ---- a lock that changes hands by force ------------------------------------------ */

/* `running` has the lock: for as long as it needs, or, with others waiting, for the
 * interval. Its `finish` is the core time it still needs. */
static void turn_begins(struct world *w, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    double interval = (double)w->instance[w->task[p->running].instance]
                          .service->part.switch_interval;
    double turn = w->task[p->running].finish;
    if (p->cpu.count && turn > interval)
        turn = interval;
    p->turn_since = cpu->work;
    add_unit(w, cpu, (struct unit){cpu->work + turn, process});
}

static void turn_use(struct world *w, uint32_t task, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    struct task *t = &w->task[task];
    t->finish = (double)t->demand;
    if (p->running == NONE) {
        p->running = task;
        turn_begins(w, cpu, process);
        return;
    }
    queue_put(w, &p->cpu, task);
    if (p->cpu.count > 1)
        return;
    double interval =
        (double)w->instance[t->instance].service->part.switch_interval;
    double end = p->turn_since + w->task[p->running].finish;
    move_unit(cpu, process, fmin(end, cpu->work + interval));
}

static void turn_next(struct world *w, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    p->running = p->cpu.count ? queue_take(w, &p->cpu) : NONE;
    if (p->running != NONE)
        turn_begins(w, cpu, process);
}

static void turn_withdraw(struct world *w, uint32_t task, struct cpu *cpu,
                          uint32_t process)
{
    struct process *p = &w->process[process];
    if (p->running != task) {
        queue_remove(w, &p->cpu, task);
        return;
    }
    remove_unit(cpu, process);
    turn_next(w, cpu, process);
}

/* ---- using and finishing --------------------------------------------------------- */

/* A turn of the loop: first whoever goes on (a timer, an answer), then new requests;
 * what comes meanwhile is for the next turn. Measured on uvicorn: with one queue for
 * all, p99 would be a fifth too high at four fifths of its capacity. */
static void next_turn(struct world *w, struct process *p)
{
    p->cpu = p->resumed;
    if (p->fresh.count && p->cpu.count)
        w->task[p->cpu.last].next = p->fresh.first;
    else if (p->fresh.count)
        p->cpu.first = p->fresh.first;
    if (p->fresh.count)
        p->cpu.last = p->fresh.last;
    p->cpu.count += p->fresh.count;
    p->resumed.count = p->fresh.count = 0;
}

static struct queue *loop_queue(struct process *p, const struct task *t)
{
    return t->flags & TASK_BEGUN ? &p->resumed : &p->fresh;
}

/* Whoever is next on a loop that nobody has; nobody if none wants it. */
static void loop_next(struct world *w, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    if (p->cpu.count == 0)
        next_turn(w, p);
    if (p->cpu.count == 0)
        return;
    p->running = queue_take(w, &p->cpu);
    w->task[p->running].flags |= TASK_BEGUN;
    p->since = p->started = w->now;
    add_unit(w, cpu,
             (struct unit){cpu->work + (double)w->task[p->running].demand, process});
}

static void process_use(struct world *w, uint32_t task, struct cpu *cpu,
                        uint32_t process, const struct server_part *part)
{
    if (part->discipline == DISCIPLINE_LOOP) {
        queue_put(w, loop_queue(&w->process[process], &w->task[task]), task);
        if (w->process[process].running == NONE)
            loop_next(w, cpu, process);
    } else if (part->switch_interval) {
        turn_use(w, task, cpu, process);
    } else {
        gil_use(w, task, cpu, process);
    }
}

void cpu_use(struct world *w, uint32_t task, sim_time demand)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    struct cpu *cpu = &instance->cpu;
    uint32_t process = instance->first_process + t->process;
    t->state = TASK_CPU;
    t->since = w->now;
    t->demand = demand;
    cpu_advance(cpu, w->now);
    if (cpu->units == 0)
        cpu->work =
            0; /* here alone: a unit that makes way for the next is no idleness */
    const struct server_part *part = &instance->service->part;
    if (part->discipline == DISCIPLINE_SHARING)
        add_unit(w, cpu, (struct unit){cpu->work + (double)demand, task});
    else if (w->code[t->pc].b)
        add_unit(w, cpu, (struct unit){cpu->work + (double)demand, task | OWN_THREAD});
    else
        process_use(w, task, cpu, process, part);
    arm(w, t->instance, cpu);
}

static void gil_withdraw(struct world *w, uint32_t task, struct cpu *cpu,
                         uint32_t process)
{
    struct process *p = &w->process[process];
    gil_advance(cpu, p);
    queue_remove(w, &p->cpu, task);
    if (p->cpu.count)
        move_unit(cpu, process, gil_finish(w, cpu, p));
    else
        remove_unit(cpu, process);
}

static void loop_withdraw(struct world *w, uint32_t task, struct cpu *cpu,
                          uint32_t process)
{
    struct process *p = &w->process[process];
    if (p->running != task) {
        bool now = queue_holds(w, &p->cpu, task);
        queue_remove(w, now ? &p->cpu : loop_queue(p, &w->task[task]), task);
        return;
    }
    process_lasted(p, 1, w->now);
    remove_unit(cpu, process);
    p->running = NONE;
    loop_next(w, cpu, process);
}

static void process_withdraw(struct world *w, uint32_t task, struct cpu *cpu,
                             uint32_t process, const struct server_part *part)
{
    if (part->discipline == DISCIPLINE_LOOP)
        loop_withdraw(w, task, cpu, process);
    else if (part->switch_interval)
        turn_withdraw(w, task, cpu, process);
    else
        gil_withdraw(w, task, cpu, process);
}

void cpu_withdraw(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    struct cpu *cpu = &instance->cpu;
    uint32_t process = instance->first_process + t->process;
    cpu_advance(cpu, w->now);
    const struct server_part *part = &instance->service->part;
    if (part->discipline == DISCIPLINE_SHARING)
        remove_unit(cpu, task);
    else if (w->code[t->pc].b)
        remove_unit(cpu, task | OWN_THREAD);
    else
        process_withdraw(w, task, cpu, process, part);
    spend(w, t, w->code[t->pc].cause, w->now - t->since); /* of no use, like a wait */
    arm(w, t->instance, cpu);
}

static void done(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    const struct instr *i = &w->code[t->pc];
    sim_time passed = w->now - t->since,
             wait = passed > t->demand ? passed - t->demand : 0;
    spend(w, t, i->resource, passed - wait);
    spend(w, t, i->cause, wait);
    t->pc++;
    task_ready(w, task);
}

/* Let the threads of a process that have had their time go, in order of arrival: at
 * least the one for whose sake the process was due, whatever was rounded since. */
static void gil_done(struct world *w, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    struct queue all = p->cpu;
    gil_advance(cpu, p);
    double limit = fmax(gil_first(w, p), p->turn + SLACK + p->turn * 1e-15);
    p->cpu = (struct queue){0};
    while (all.count > 0) {
        uint32_t task = queue_take(w, &all);
        if (w->task[task].finish <= limit)
            done(w, task);
        else
            queue_put(w, &p->cpu, task);
    }
    if (p->cpu.count)
        add_unit(w, cpu, (struct unit){gil_finish(w, cpu, p), process});
}

/* The turn is over: the thread is done, or another gets the lock. */
static void turn_done(struct world *w, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    struct task *t = &w->task[p->running];
    double had = cpu->work - p->turn_since;
    if (t->finish <= had + 2 * SLACK + cpu->work * 1e-15) {
        done(w, p->running);
    } else {
        t->finish -= had;
        queue_put(w, &p->cpu, p->running);
    }
    turn_next(w, cpu, process);
}

static void loop_done(struct world *w, struct cpu *cpu, uint32_t process)
{
    struct process *p = &w->process[process];
    uint32_t task = p->running;
    process_lasted(p, 1, w->now);
    p->running = NONE;
    done(w, task);
    loop_next(w, cpu, process);
}

static void unit_done(struct world *w, struct cpu *cpu, const struct server_part *part)
{
    uint32_t id = first_unit(cpu);
    if (part->discipline == DISCIPLINE_SHARING)
        done(w, id);
    else if (id & OWN_THREAD)
        done(w, id & ~OWN_THREAD);
    else if (part->discipline == DISCIPLINE_LOOP)
        loop_done(w, cpu, id);
    else if (part->switch_interval)
        turn_done(w, cpu, id);
    else
        gil_done(w, cpu, id);
}

void cpu_event(struct world *w, uint32_t number)
{
    struct instance *instance = &w->instance[number];
    struct cpu *cpu = &instance->cpu;
    const struct server_part *part = &instance->service->part;
    if (w->now == cpu->behind)
        cpu->behind = SIM_NEVER;
    if (w->now != cpu->armed)
        return; /* overtaken by an earlier one */
    cpu->armed = SIM_NEVER;
    cpu_advance(cpu, w->now);
    double limit = cpu->work + 2 * SLACK + cpu->work * 1e-15;
    while (cpu->units > 0 && cpu->heap[0].finish <= limit)
        unit_done(w, cpu, part);
    arm(w, number, cpu);
}

void cpu_changed(struct world *w, uint32_t number)
{
    struct cpu *cpu = &w->instance[number].cpu;
    cpu_adjust(cpu);
    arm(w, number, cpu);
}
