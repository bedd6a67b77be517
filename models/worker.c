/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worker -- the life of a process, where it does not last for ever:
 *
 *   RUNNING --(has had its number of requests)--> DRAINING --(its last request is done,
 *      or it is killed)--> BOOTING --(boot)--> RUNNING
 *   RUNNING --(no sign of life for `timeout`: killed)--> BOOTING
 *
 * A draining process accepts nothing and finishes what it has, its private queue
 * included. What arrives while nobody accepts waits in the listen queue. A replacement
 * boots only after the old process has gone.
 *
 * A restart (a deploy) drains them by the clock.
 *
 * Signs of life are looked at once a second. Of those looks only the ones that can find
 * something are events.
 */
#include "models/world.h"

static const struct life_part *life_of(const struct instance *instance)
{
    return &instance->service->part.life;
}

static struct worker *worker_of(struct world *w, const struct instance *instance,
                                uint32_t process)
{
    return &w->worker[instance->first_process + process];
}

/* ---- birth ----------------------------------------------------------------------- */

/* Draws of a process: what it is asked, which of its lives, which process. */
enum { DRAW_LIMIT = 2, DRAW_SIGN = 3, DRAW_LOOK = 4 };

static struct draw draw_for(const struct world *w, const struct instance *instance,
                            uint32_t process, uint32_t lives, uint32_t what)
{
    uint64_t who = (uint64_t)(instance->first_process + process) << 32 | lives;
    return draw_at(instance->service->life_key, who, w->replication, what);
}

/* How often a uvicorn server looks whether it is to stop. */
#define TICK (SIM_SECOND / 10)

static void begin_life(struct world *w, struct instance *instance, uint32_t process)
{
    const struct life_part *life = life_of(instance);
    struct worker *worker = worker_of(w, instance, process);
    worker->life = LIFE_RUNNING;
    worker->since = w->now;
    worker->requests = 0;
    worker->limit = life->max_requests;
    if (life->max_requests && life->jitter) {
        struct draw draw = draw_for(w, instance, process, worker->lives, DRAW_LIMIT);
        worker->limit += (int64_t)draw_below(&draw, (uint64_t)life->jitter + 1);
    }
    if (life->sign_every) {
        struct draw draw = draw_for(w, instance, process, worker->lives, DRAW_SIGN);
        worker->since -= (sim_time)draw_below(&draw, (uint64_t)life->sign_every);
    }
    worker->lives++;
    instance->running++;
    instance->alive++;
}

/* ---- a deploy -------------------------------------------------------------------- */

static void restart_at(struct world *w, struct instance *instance, sim_time at)
{
    instance->restarts_at = at;
    if (at != SIM_NEVER)
        event_push(&w->events, at, EVENT_CAPACITY, actor_watch(w, instance));
}

void workers_open(struct world *w, struct instance *instance)
{
    for (uint32_t p = 0; p < instance->service->processes; p++) {
        worker_of(w, instance, p)->instance = instance;
        begin_life(w, instance, p);
    }
    struct draw draw = draw_for(w, instance, 0, 0, DRAW_LOOK);
    instance->look = (sim_time)draw_below(&draw, SIM_SECOND);
    instance->looks_at = instance->restarts_at = SIM_NEVER;
    const struct restart_conf *restart = life_of(instance)->restart;
    if (restart)
        restart_at(w, instance,
                   restart->when + restart->stagger * instance->service->processes *
                                       (instance - w->instance -
                                        instance->service->first_instance));
}

/* ---- the end --------------------------------------------------------------------- */

static void count_running(struct world *w, struct instance *instance, int change)
{
    int64_t slots = instance->service->slots;
    instance->running += (uint32_t)change;
    if (slots != UNLIMITED)
        level_limit(&instance->busy, w->now, slots * instance->running);
}

static void wake_at(struct world *w, const struct instance *instance, uint32_t process,
                    sim_time at)
{
    worker_of(w, instance, process)->due = at;
    event_push(&w->events, at, EVENT_CAPACITY,
               actor_process(w, instance->first_process + process));
}

/* Nobody is admitted while it is cleared. */
void worker_end(struct world *w, struct instance *instance, uint32_t process)
{
    struct worker *worker = worker_of(w, instance, process);
    if (worker->life < LIFE_DRAINING)
        count_running(w, instance, -1);
    instance->alive -= worker->life != LIFE_BOOTING;
    if (w->once)
        once_forget(w, instance, process);
    worker->life = LIFE_BOOTING;
}

void worker_boot(struct world *w, struct instance *instance, uint32_t process,
                 sim_time pause)
{
    wake_at(w, instance, process, w->now + pause + life_of(instance)->boot);
}

void worker_kill(struct world *w, struct instance *instance, uint32_t process,
                 enum status status, uint16_t cause)
{
    worker_end(w, instance, process);
    process_kill(w, instance, process, &(struct killing){status, cause, 0});
    worker_boot(w, instance, process, life_of(instance)->noticed);
}

static void end(struct world *w, struct instance *instance, uint32_t process,
                enum status status)
{
    worker_kill(w, instance, process, status, instance->service->killed_cause);
}

static bool is_idle(const struct world *w, const struct instance *instance,
                    uint32_t process)
{
    const struct process *p = &w->process[instance->first_process + process];
    return p->busy == 0 && p->queue.count == 0;
}

/* The first look at signs of life after `time`. */
static sim_time look_after(const struct instance *instance, sim_time time)
{
    sim_time since = time - instance->look;
    return since < 0 ? instance->look
                     : instance->look + (since / SIM_SECOND + 1) * SIM_SECOND;
}

static void drain(struct world *w, struct instance *instance, uint32_t process)
{
    const struct life_part *life = life_of(instance);
    worker_of(w, instance, process)->life = LIFE_DRAINING;
    count_running(w, instance, -1);
    if (instance->service->part.broker.present)
        broker_return(w, instance, process);
    worker_of(w, instance, process)->due = SIM_NEVER;
    if (is_idle(w, instance, process))
        wake_at(w, instance, process, w->now);
    else if (life->drain_limit)
        wake_at(w, instance, process,
                (life->drain_looks ? look_after(instance, w->now + life->drain_limit)
                                   : w->now + life->drain_limit) +
                    life->drain_takes);
}

/* ---- no sign of life ------------------------------------------------------------- */

/* When the process will be ended for what it is doing, or could be at the earliest. */
static sim_time end_of(struct world *w, const struct instance *instance,
                       uint32_t process)
{
    const struct life_part *life = life_of(instance);
    const struct worker *worker = worker_of(w, instance, process);
    const struct process *p = &w->process[instance->first_process + process];
    sim_time sign;
    if (life->sign_every == 0) /* one before each request */
        sign = p->busy ? worker->took : w->now;
    else if (p->running == NONE)
        sign = w->now - life->sign_every;
    else
        sign = p->started - (p->started - worker->since) % life->sign_every;
    return look_after(instance, sign + life->timeout) + life->abort_takes;
}

static void watch(struct world *w, struct instance *instance)
{
    sim_time next = SIM_NEVER;
    for (uint32_t p = 0; p < instance->service->processes; p++)
        if (worker_of(w, instance, p)->life != LIFE_BOOTING) {
            sim_time at = end_of(w, instance, p);
            next = at < next ? at : next;
        }
    instance->looks_at = next;
    if (next != SIM_NEVER)
        event_push(&w->events, next, EVENT_CAPACITY, actor_watch(w, instance));
}

/* Processes are told to stop, one after the other or all. */
static void restart(struct world *w, struct instance *instance)
{
    const struct restart_conf *conf = life_of(instance)->restart;
    uint32_t processes = instance->service->processes;
    do {
        uint32_t process = instance->restarted++;
        if (worker_of(w, instance, process)->life <= LIFE_STOPPING)
            drain(w, instance, process);
    } while (conf->stagger == 0 && instance->restarted < processes);
    if (instance->restarted < processes) {
        restart_at(w, instance, w->now + conf->stagger);
        return;
    }
    instance->restarted = 0;
    sim_time round = (sim_time)(processes - 1) * conf->stagger;
    restart_at(w, instance,
               conf->every == SIM_NEVER ? SIM_NEVER : w->now - round + conf->every);
}

void watch_event(struct world *w, uint32_t number)
{
    struct instance *instance = &w->instance[number];
    bool busy = false;
    if (instance->oom)
        memory_oom(w, instance);
    if (instance->restarts_at == w->now) {
        if (w->chronicler && instance->restarted == 0)
            chronicle_note(w, instance->service->station, "restart", false);
        restart(w, instance);
    }
    if (instance->looks_at != w->now)
        return; /* it has come for something else, or another has been before */
    for (uint32_t p = 0; p < instance->service->processes; p++) {
        if (worker_of(w, instance, p)->life == LIFE_BOOTING)
            continue;
        if (!is_idle(w, instance, p) && end_of(w, instance, p) <= w->now)
            end(w, instance, p, life_of(instance)->end_status);
        else
            busy |= !is_idle(w, instance, p);
    }
    instance->looks_at = SIM_NEVER;
    if (busy)
        watch(w, instance);
}

/* ---- requests that come and go --------------------------------------------------- */

void worker_took(struct world *w, struct instance *instance, uint32_t process)
{
    const struct life_part *life = life_of(instance);
    struct worker *worker = worker_of(w, instance, process);
    worker->took = w->now;
    if (life->timeout && instance->looks_at == SIM_NEVER)
        watch(w, instance);
    if (life->max_requests && !life->counts_answers &&
        worker->life == LIFE_RUNNING && ++worker->requests >= worker->limit)
        drain(w, instance, process);
}

void worker_left(struct world *w, struct instance *instance, uint32_t process)
{
    const struct life_part *life = life_of(instance);
    struct worker *worker = worker_of(w, instance, process);
    if (worker->life == LIFE_DRAINING && is_idle(w, instance, process)) {
        wake_at(w, instance, process, w->now);
    } else if (worker->life == LIFE_RUNNING && life->counts_answers &&
               life->max_requests && ++worker->requests >= worker->limit) {
        worker->life = LIFE_STOPPING;
        wake_at(w, instance, process,
                w->now + TICK - (w->now - worker->since) % TICK);
    }
}

/* ---- its time has come ----------------------------------------------------------- */

void worker_event(struct world *w, uint32_t number)
{
    struct worker *worker = &w->worker[number];
    struct instance *instance = worker->instance;
    uint32_t process = number - instance->first_process;
    if (worker->due != w->now)
        return; /* it has moved on since */
    worker->due = SIM_NEVER;
    switch ((enum process_life)worker->life) {
    case LIFE_RUNNING:
        break;
    case LIFE_STOPPING:
        drain(w, instance, process);
        break;
    case LIFE_DRAINING:
        end(w, instance, process, life_of(instance)->drain_status);
        break;
    case LIFE_BOOTING:
        race_renew(instance, process);
        begin_life(w, instance, process);
        count_running(w, instance, 0);
        if (instance->service->weighs)
            memory_booted(w, instance);
        server_accept(w, instance, process);
        break;
    }
}
