/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/world.h"

enum {
    FEW_RESOURCES = 8,     /* of as many all are looked at */
    DEFAULT_CAP = 2000000, /* tasks and requests alive */
    LOOK_EVENTS = 1 << 16, /* so often somebody may stop it */
    STILL_LOOKS = 1 << 7,  /* if time has not moved from one to so many after it, it
                              never will */
};

#define STALLED (SIM_SECOND * 1000000) /* longer than anybody's patience */

/* ---- queues ---------------------------------------------------------------------- */

void queue_remove(struct world *w, struct queue *q, uint32_t task)
{
    uint32_t previous = NONE, at = q->first;
    for (; at != task; previous = at, at = w->task[at].next)
        check(at != q->last, "task %u is not in the queue", task);
    if (previous == NONE)
        q->first = w->task[task].next;
    else
        w->task[previous].next = w->task[task].next;
    if (q->last == task)
        q->last = previous;
    q->count--;
}

/* ---- how many are alive ---------------------------------------------------------- */

static uint64_t free_tasks(const struct world *w)
{
    uint64_t count = 0;
    for (uint32_t t = w->task_free; t != NONE; t = w->task[t].next)
        count++;
    return count;
}

static uint64_t free_requests(const struct world *w)
{
    uint64_t count = 0;
    for (uint32_t r = w->request_free; r != NONE; r = w->request[r].next)
        count++;
    return count;
}

bool world_is_full(const struct world *w)
{
    uint64_t used = (uint64_t)w->tasks + w->requests;
    return used >= w->cap && used - free_tasks(w) - free_requests(w) >= w->cap;
}

bool world_is_stalled(struct world *w)
{
    if (!w->until_empty || w->working > 0 || w->measured_in_flight != w->left) {
        w->left = w->measured_in_flight;
        w->left_since = w->now;
    }
    return w->now - w->left_since > STALLED;
}

/* ---- setting up ------------------------------------------------------------------ */

static void open_instances(struct world *w)
{
    const struct model *m = w->m;
    w->instance = arena_many(w->arena, m->instances + 1, struct instance);
    w->process = arena_many(w->arena, m->processes + 1, struct process);
    if (m->mortal)
        w->worker = arena_many(w->arena, m->processes + 1, struct worker);
    for (uint32_t s = 0, number = 0; s < m->services; s++) {
        const struct service *service = &m->service[s];
        for (uint32_t i = 0; i < service->instances; i++, number++) {
            struct instance *instance = &w->instance[number];
            instance->service = service;
            instance->counts = &w->counts[service->station];
            instance->first_process = service->first_process + i * service->processes;
            instance->cpu.cores = service->cores;
            instance->cpu.armed = instance->cpu.behind = SIM_NEVER;
            if (service->rules)
                governor_open(w, instance, i);
            server_open(w, instance);
            if (service->weighs)
                memory_open(w, instance);
        }
    }
}

static void open_pools(struct world *w)
{
    const struct model *m = w->m;
    w->pool = arena_many(w->arena, m->pool_states + 1, struct pool_state);
    for (uint32_t p = 0; p < m->pools; p++)
        for (uint32_t i = 0; i < m->pool[p].count; i++)
            pool_start(w, m->pool[p].first + i, p);
}

static void open_balancers(struct world *w)
{
    const struct model *m = w->m;
    w->balancer = arena_many(w->arena, m->balancers + 1, struct balancer);
    for (uint32_t b = 0; b < m->balancers; b++)
        balance_open(w, &w->balancer[b], &m->balancer[b]);
}

static void set_window(struct world *w, const struct window *window)
{
    struct outcome *out = w->out;
    w->window_given = window;
    w->earlier = -1;
    w->until_empty = window->length == 0;
    out->warm_up = window->warm_up;
    out->length = window->length;
    w->measure_from = window->warm_up;
    w->open_end = window->open_end;
    w->measured_span =
        w->until_empty || w->open_end ? SIM_NEVER : window->length;
    sim_time whole =
        w->until_empty ? SIM_SECOND * 1000 : window->warm_up + window->length;
    w->drain = window->drain;
    series_init(&out->in_system, w->arena, OUTCOME_BINS,
                (whole + OUTCOME_BINS - 1) / OUTCOME_BINS);
    w->cap = window->max_in_flight ? window->max_in_flight : DEFAULT_CAP;
    if (window->segments)
        outcome_segments(out, w->m, w->arena);
}

/* They are asked for with every event: a cache line each, or two. */
_Static_assert(sizeof(struct request) == 64 && sizeof(struct task) == 128, "records");

static void set_up(struct world *w, const struct window *window)
{
    const struct model *m = w->m;
    w->resources = (uint32_t)m->facts.resources;
    w->task_free = w->request_free = NONE;
    w->task = arena_reserve(w->arena, MOST_TASKS * sizeof *w->task);
    if (m->laden)
        w->memory = arena_reserve(w->arena, MOST_TASKS * sizeof *w->memory);
    w->request = arena_reserve(w->arena, MOST_TASKS * sizeof *w->request);
    if (m->pools)
        w->held = arena_reserve(w->arena, (size_t)MOST_TASKS * MAX_HELD *
                                              sizeof *w->held);
    if (w->resources > FEW_RESOURCES)
        w->met = arena_reserve(w->arena, MOST_TASKS * sizeof *w->met);
    w->blame = arena_reserve(w->arena, MOST_TASKS * sizeof *w->blame * w->resources);
    event_list_init(&w->events, w->arena);
    timers_init(&w->timers, w->arena, &w->events, m->timer_length,
                (int)m->timer_classes, SLOT(SLOT_TIMER, 0));
    w->counts = arena_many(w->arena, m->facts.stations + 1, struct counts);
    w->arrivals = arena_many(w->arena, m->facts.workloads + 1, struct arrivals);
    set_window(w, window);
    open_instances(w);
    open_pools(w);
    open_balancers(w);
    if (m->stores)
        cache_open(w);
    proxies_open(w);
    limits_open(w);
    budgets_open(w);
    if (m->visits)
        visits_open(w);
    streams_open(w);
    tables_open(w);
    if (m->guards || m->lines)
        guards_open(w);
    outages_start(w);
    if (m->meters)
        meters_open(w);
    if (m->engines)
        engines_open(w);
    if (m->batch_actors)
        batchers_open(w);
    if (m->onces)
        once_open(w);
}

/* ---- the window ------------------------------------------------------------------ */

/* What a process has been busy with, up to now. */
static uint128 process_area(struct world *w, const struct service *s,
                            struct process *p)
{
    bool loop = s->part.discipline == DISCIPLINE_LOOP;
    process_lasted(p, loop ? p->running != NONE : p->busy, w->now);
    return p->area;
}

static void restart_processes(struct world *w, const struct instance *instance)
{
    const struct service *s = instance->service;
    for (uint32_t i = 0; s->processes > 1 && i < s->processes; i++) {
        struct process *p = &w->process[instance->first_process + i];
        process_area(w, s, p);
        p->area = 0;
    }
}

static void restart_measurement(struct world *w)
{
    if (w->chronicler)
        chronicle_restart(w);
    for (uint32_t i = 0; i < w->m->instances; i++) {
        struct instance *instance = &w->instance[i];
        level_restart(&instance->busy, w->now);
        level_restart(&instance->waiting, w->now);
        cpu_advance(&instance->cpu, w->now);
        instance->cpu.area = 0;
        restart_processes(w, instance);
        if (instance->service->weighs)
            memory_restart(w, instance);
    }
    for (uint32_t i = 0; i < w->m->pool_states; i++) {
        struct pool_state *pool = &w->pool[i];
        level_restart(&pool->busy, w->now);
        level_restart(&pool->waiting, w->now);
    }
    for (int i = 0; i < w->m->facts.stations; i++)
        w->counts[i] = (struct counts){0};
    for (int i = 0; w->open && i < w->m->facts.types; i++)
        level_restart(&w->open[i], w->now);
    if (w->engine)
        engines_restart(w);
    if (w->batcher)
        batchers_restart(w);
}

static void close_counts(struct world *w, int station, struct station_outcome *out)
{
    const struct counts *c = &w->counts[station];
    out->arrivals = c->arrivals;
    out->served = c->served;
    out->refused = c->refused;
    out->timed_out = c->timed_out;
    out->wait = c->wait;
    out->waited = c->waited;
    out->held = (int128)c->held;
    out->throttled = c->throttled;
    out->frozen = c->frozen;
    out->surplus = c->surplus;
    out->killed = c->killed;
    out->restarts = c->restarts;
    out->lost = c->lost;
    out->redelivered = c->redelivered;
    out->failed = c->failed;
    out->cache = c->cache;
}

static void close_levels(struct station_outcome *out, const struct level *busy,
                         const struct level *waiting, sim_time now)
{
    uint128 busy_area = level_area(busy, now);
    out->busy_area += busy_area;
    out->queue_area += level_area(waiting, now);
    out->full_area += (uint64_t)level_full(busy, now);
    if (busy_area > out->hottest_area)
        out->hottest_area = busy_area;
    if (busy->most > out->busy_most)
        out->busy_most = busy->most;
    if (waiting->most > out->queue_most)
        out->queue_most = waiting->most;
}

static void close_processes(struct world *w, const struct instance *instance,
                            struct station_outcome *out)
{
    const struct service *s = instance->service;
    for (uint32_t i = 0; s->processes > 1 && i < s->processes; i++) {
        struct process *p = &w->process[instance->first_process + i];
        uint128 area = process_area(w, s, p);
        if (area > out->hottest_process_area)
            out->hottest_process_area = area;
    }
}

static void close_instance(struct world *w, struct instance *instance)
{
    struct station_outcome *out =
        &w->out->station[instance->service->station];
    cpu_advance(&instance->cpu, w->now);
    close_levels(out, &instance->busy, &instance->waiting, w->now);
    out->cpu_area += instance->cpu.area;
    close_processes(w, instance, out);
    if (instance->memory_most > out->memory_most)
        out->memory_most = instance->memory_most;
}

static void close_pool(struct world *w, struct pool_state *state)
{
    close_levels(&w->out->station[w->m->pool[state->pool].station], &state->busy,
                 &state->waiting, w->now);
}

/* The window is over: what the stations did in it is final. */
static void close_measurement(struct world *w)
{
    for (uint32_t i = 0; i < w->m->instances; i++)
        close_instance(w, &w->instance[i]);
    for (uint32_t i = 0; i < w->m->pool_states; i++)
        close_pool(w, &w->pool[i]);
    for (int i = 0; i < w->m->facts.stations; i++)
        close_counts(w, i, &w->out->station[i]);
    for (int i = 0; w->open && i < w->m->facts.types; i++) {
        w->out->type[i].open_area = level_area(&w->open[i], w->now);
        w->out->type[i].open_most = w->open[i].most;
    }
    if (w->engine)
        engines_close(w);
    if (w->batcher)
        batchers_close(w);
}

/* The window opens, closes, and has drained for long enough. */
static void window_event(struct world *w)
{
    switch (w->window++) {
    case WINDOW_BEFORE:
        restart_measurement(w);
        if (!w->until_empty)
            event_push(&w->events, w->now + w->out->length, EVENT_CAPACITY,
                       actor_window(w));
        break;
    case WINDOW_OPEN:
        close_measurement(w);
        world_stop_if(w, clients_are_done(w));
        if (w->drain < SIM_TIME_MAX)
            event_push(&w->events, w->now + w->drain, EVENT_SAMPLE, actor_window(w));
        break;
    case WINDOW_DRAINING:
        world_stop_if(w, true);
        break;
    }
}

/* ---- the loop -------------------------------------------------------------------- */

/* Of actors that come after the workloads. */
static OUT_OF_LINE void actor_event(struct world *w, uint32_t actor)
{
    const struct model *m = w->m;
    actor -= (uint32_t)m->facts.workloads;
    if (actor < m->instances)
        cpu_event(w, actor);
    else if ((actor -= m->instances) < m->pool_states)
        pool_event(w, actor);
    else if ((actor -= m->pool_states) == 0)
        window_event(w);
    else if (--actor < m->processes)
        worker_event(w, actor);
    else if ((actor -= m->processes) < m->instances)
        watch_event(w, actor);
    else if ((actor -= m->instances) < m->outage_actors)
        outage_event(w, actor);
    else if ((actor -= m->outage_actors) < m->instances)
        engine_event(w, actor);
    else
        batch_event(w, actor - m->instances);
}

static void timer_event(struct world *w, uint32_t class)
{
    uint32_t owner;
    while ((owner = timer_due(&w->timers, class, w->now)) != TIMER_NONE) {
        uint32_t index = owner & (MOST_TASKS - 1);
        if ((owner >> SLOT_INDEX_BITS & 3) == SLOT_TASK)
            task_timeout(w, index);
        else
            client_timeout(w, index, owner & OWNER_DEADLINE);
    }
}

/* Returns the task that goes on at once, if any: the usual one needs no list. */
HOT_INLINE uint32_t dispatch(struct world *w, uint32_t slot)
{
    uint32_t index = slot & (MOST_TASKS - 1);
    if (slot == index) { /* SLOT_TASK is 0, and what most are */
        if (w->task[index].state == TASK_DELAY) {
            task_delayed(w, index);
            return index;
        }
        task_event(w, index);
        return NONE;
    }
    switch ((enum slot_sort)(slot >> SLOT_INDEX_BITS)) {
    case SLOT_TASK: /* above */
        break;
    case SLOT_REQUEST:
        client_event(w, index);
        break;
    case SLOT_TIMER:
        timer_event(w, index);
        break;
    case SLOT_ACTOR:
        if (index < (uint32_t)w->m->facts.workloads)
            arrivals_event(w, index);
        else
            actor_event(w, index);
        break;
    }
    return NONE;
}

/* What happened when, and to which slot, in which order: a polynomial, whose high bits
 * depend on all there is below them. */
static uint64_t mixed(uint64_t hash, uint128 event)
{
    uint64_t what = (uint64_t)(event >> 64) + ((uint64_t)event << 40);
    return (hash + what) * UINT64_C(0xFFFFFFFF9E3779B1);
}

/* Does time move, and is anybody still interested? */
static void look_up(struct world *w)
{
    if (w->window_given->stop && *w->window_given->stop) {
        w->stop = true;
        w->out->end = OUTCOME_STOPPED;
    }
    if (w->looks++ % STILL_LOOKS)
        return;
    event_list_check(&w->events);
    check(w->now > w->earlier, "time stands still at %lld ns", (long long)w->now);
    w->earlier = w->now;
}

/* Now and then, and when it is to stop: may the run go on? */
static OUT_OF_LINE bool goes_on(struct world *w)
{
    if (!w->stop)
        look_up(w);
    w->until_look = LOOK_EVENTS;
    return !w->stop;
}

/* Events in their order, and after each whoever became ready by it. */
static void run(struct world *w)
{
    uint128 event;
    uint64_t hash = 0;
    bool more = goes_on(w);
    while (more && event_pop(&w->events, &event)) {
        w->now = event_time(event);
        hash = mixed(hash, event);
        uint32_t task = dispatch(w, event_slot(event));
        if (RARELY(w->frozen))
            task_run_thawed(w, task);
        else if (task != NONE || w->ready_count)
            task_run(w, task);
        if (RARELY(--w->until_look == 0))
            more = goes_on(w);
    }
    w->out->events = event_list_popped(&w->events);
    w->out->fingerprint = hash;
}

/* What the histogram of latencies has counted for others. */
static void close_latency(struct type_outcome *type)
{
    type->tool_sum.count = type->tool.count;
    type->tool_sum.least = (int64_t)type->tool.least;
    type->tool_sum.most = (int64_t)type->tool.most;
    type->ok = type->latency_sum.count = type->latency.count;
    type->latency_sum.least = (int64_t)type->latency.least;
    type->latency_sum.most = (int64_t)type->latency.most;
    for (int cell = 0; cell < HISTOGRAM_CELLS; cell++)
        if (type->latency.row[cell / HISTOGRAM_ROW])
            type->blame_requests[cell >> BLAME_SHIFT] +=
                type->latency.row[cell / HISTOGRAM_ROW][cell % HISTOGRAM_ROW];
}

static void close_run(struct world *w)
{
    struct outcome *out = w->out;
    if (out->end == OUTCOME_STOPPED)
        ; /* nobody looks at it */
    else if (world_is_full(w))
        out->end = OUTCOME_OVERFLOW;
    else
        deadlock_find(w);
    out->ended = w->now;
    series_close(&out->in_system, w->now);
    if (w->chronicler)
        chronicle_close(w);
    clients_close(w);
    if (w->until_empty)
        out->length = w->now - out->warm_up;
    if (w->window < WINDOW_DRAINING)
        close_measurement(w);
    for (int i = 0; i < w->m->facts.types; i++) {
        struct type_outcome *type = &out->type[i];
        close_latency(type);
        uint64_t settled = type->ok;
        for (int c = 0; c < w->m->facts.causes; c++)
            settled += type->failed[c];
        check(settled <= type->offered, "%llu of %llu requests",
              (unsigned long long)settled, (unsigned long long)type->offered);
        type->unfinished = type->offered - settled;
    }
}

static bool comes_once(const struct workload *load)
{
    return load->form == WORKLOAD_BURST && load->conf->burst->every == SIM_NEVER;
}

void world_run(const struct model *model, uint32_t replication,
               const struct window *window, struct arena *arena, struct outcome *out)
{
    outcome_init(out, model, arena);
    out->replication = replication;
    struct world *w = arena_new(arena, struct world);
    w->m = model;
    w->code = model->code;
    w->call = model->call;
    w->type = model->type;
    w->workload = model->workload;
    w->arena = arena;
    w->out = out;
    w->replication = replication;
    set_up(w, window);
    if (window->chronicle)
        chronicle_open(w, window->chronicle);
    event_push(&w->events, window->warm_up, EVENT_CAPACITY, actor_window(w));
    for (uint32_t i = 0; i < (uint32_t)model->facts.workloads; i++)
        if (!window->unprovoked || !comes_once(&model->workload[i]))
            arrivals_start(w, i);
    if (window->shock)
        arrivals_shock(w, window->shock);
    run(w);
    close_run(w);
}
