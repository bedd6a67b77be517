/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory -- what an instance takes, and what happens when that is more than it has.
 *
 * An instance takes its base, what each process takes alone, what each connection taken
 * by a process takes, and what the requests take that are worked on. It is looked at
 * whenever that grows. Above the limit the kernel kills the largest process, or all of
 * them: not within the event that asked for too much, but right after it, before time
 * goes on, so that nothing is ended in the middle of what it does.
 *
 * A container that is killed refuses connections until it runs again. Callers that
 * balance over the instances of a service by themselves leave it out meanwhile, unless
 * none is left: what Kubernetes does with a pod that is not ready.
 */
#include "models/world.h"

/* Kubernetes starts a container again at once, the next times after 10 s, doubled up to
 * 5 min, and at once again after 10 min without a failure (Pod lifecycle, "Container
 * restarts"). */
#define FIRST_PAUSE (10 * SIM_SECOND)
#define LONGEST_PAUSE (300 * SIM_SECOND)
#define FORGIVEN_AFTER (600 * SIM_SECOND)

static const struct memory_part *part_of(const struct instance *instance)
{
    return &instance->service->part.memory;
}

/* ---- what is taken --------------------------------------------------------------- */

static int64_t connections(const struct instance *instance)
{
    return instance->busy.value + instance->waiting.value - instance->queue.count;
}

static int64_t used(const struct instance *instance)
{
    const struct memory_part *part = part_of(instance);
    return part->base + part->per_worker * instance->alive +
           part->per_connection * connections(instance) + instance->memory;
}

void memory_weigh(struct world *w, struct instance *instance)
{
    const struct service *s = instance->service;
    int64_t bytes = used(instance);
    if (bytes > instance->memory_most)
        instance->memory_most = bytes;
    if (!s->oom_kills || bytes <= s->memory || instance->oom)
        return;
    instance->oom = true;
    event_push(&w->events, w->now, EVENT_CAPACITY, actor_watch(w, instance));
}

bool memory_keep(struct world *w, struct instance *instance, int64_t bytes)
{
    const struct service *s = instance->service;
    if (s->memory && !s->oom_kills && used(instance) + bytes > s->memory)
        return false;
    instance->memory += bytes;
    memory_weigh(w, instance);
    return true;
}

bool memory_take(struct world *w, uint32_t task, int64_t bytes)
{
    struct task *t = &w->task[task];
    if (!memory_keep(w, &w->instance[t->instance], bytes))
        return false;
    w->memory[task] = bytes + (t->flags & TASK_LADEN ? w->memory[task] : 0);
    t->flags |= TASK_LADEN;
    return true;
}

void memory_give_back(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    w->instance[t->instance].memory -= w->memory[task];
    t->flags &= (uint16_t)~TASK_LADEN;
}

void memory_open(struct world *w, struct instance *instance)
{
    const struct service *s = instance->service;
    if (!s->mortal)
        instance->alive = (uint32_t)s->part.processes;
    if (s->oom_kills)
        instance->weight = arena_many(w->arena, s->processes, int64_t);
    memory_restart(w, instance);
}

void memory_restart(struct world *w, struct instance *instance)
{
    instance->memory_most = 0;
    memory_weigh(w, instance);
}

/* ---- a worker is killed ---------------------------------------------------------- */

/* What every process takes. */
static void weigh_processes(struct world *w, const struct instance *instance)
{
    const struct memory_part *part = part_of(instance);
    const struct process *process = &w->process[instance->first_process];
    for (uint32_t p = 0; p < instance->service->processes; p++)
        instance->weight[p] =
            part->per_worker +
            part->per_connection * (process[p].busy + process[p].queue.count) +
            (w->once ? once_memory(w, instance, p) : 0);
    for (uint32_t i = 0; i < w->tasks; i++) {
        const struct task *t = &w->task[i];
        if (t->state != TASK_FREE && t->flags & TASK_LADEN &&
            &w->instance[t->instance] == instance)
            instance->weight[t->process] += w->memory[i];
    }
}

/* The largest process, the first of equals; NONE when none is there. */
static uint32_t largest(struct world *w, const struct instance *instance)
{
    uint32_t best = NONE;
    weigh_processes(w, instance);
    for (uint32_t p = 0; p < instance->service->processes; p++)
        if (worker_lives(w, instance, p) &&
            (best == NONE || instance->weight[p] > instance->weight[best]))
            best = p;
    return best;
}

static void kill_workers(struct world *w, struct instance *instance)
{
    do {
        uint32_t process = largest(w, instance);
        if (process == NONE)
            return;
        instance->counts->killed++;
        worker_kill(w, instance, process, STATUS_RESET, instance->service->oom_cause);
    } while (used(instance) > instance->service->memory);
}

/* ---- the container is killed ----------------------------------------------------- */

/* Who balances over the instances of a service by itself knows which are there. */
static void tell_balancers(struct world *w, const struct service *s)
{
    uint32_t there = 0;
    for (uint32_t i = 0; i < s->instances; i++)
        there += !w->instance[s->first_instance + i].down;
    for (uint32_t b = 0; b < w->m->balancers; b++) {
        struct balancer *balancer = &w->balancer[b];
        const struct service *whose = balancer->plan->service == NONE
                                          ? NULL
                                          : &w->m->service[balancer->plan->service];
        for (uint32_t i = 0; whose == s && i < s->instances; i++) {
            if (there > 0 && w->instance[s->first_instance + i].down)
                peer_bar(balancer, &balancer->peer[i], PEER_DOWN);
            else
                peer_unbar(balancer, &balancer->peer[i], PEER_DOWN);
        }
    }
}

static sim_time pause_before_restart(const struct world *w, struct instance *instance)
{
    if (!part_of(instance)->backs_off)
        return 0;
    if (w->now - instance->up_since >= FORGIVEN_AFTER)
        instance->restarts = 0;
    uint32_t before = instance->restarts++;
    sim_time pause = before ? FIRST_PAUSE : 0;
    for (uint32_t i = 1; i < before && pause < LONGEST_PAUSE; i++)
        pause *= 2;
    return pause < LONGEST_PAUSE ? pause : LONGEST_PAUSE;
}

static void kill_container(struct world *w, struct instance *instance)
{
    const struct service *s = instance->service;
    const struct killing how = {STATUS_RESET, s->oom_cause, 0};
    instance->counts->restarts++;
    if (w->chronicler)
        chronicle_note(w, instance->service->station, "killed", false);
    instance->down = true;
    instance->queue_room = 0;
    for (uint32_t p = 0; p < s->processes; p++)
        worker_end(w, instance, p);
    for (uint32_t p = 0; p < s->processes; p++)
        process_kill(w, instance, p, &how);
    while (instance->queue.count)
        task_kill(w, instance->queue.first, &how);
    sim_time pause = pause_before_restart(w, instance);
    for (uint32_t p = 0; p < s->processes; p++)
        worker_boot(w, instance, p, pause);
    tell_balancers(w, s);
}

void memory_oom(struct world *w, struct instance *instance)
{
    instance->oom = false;
    if (part_of(instance)->on_oom == OOM_KILL_CONTAINER)
        kill_container(w, instance);
    else
        kill_workers(w, instance);
}

void memory_booted(struct world *w, struct instance *instance)
{
    memory_weigh(w, instance);
    if (!instance->down)
        return;
    if (w->chronicler)
        chronicle_note(w, instance->service->station, "killed", true);
    instance->down = false;
    instance->queue_room = instance->service->queue_limit;
    instance->up_since = w->now;
    tell_balancers(w, instance->service);
}
