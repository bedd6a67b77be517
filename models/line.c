/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * line -- those who wait for a slot of an instance, where guards have a say in who is
 * next: by class, newest first, and with drops (CoDel, callers that have gone).
 *
 * The line stands in place of the listen queue and has its limit. A slot that gets free
 * is given to the next of the best class that has anybody.
 */
#include "models/world.h"

#include <math.h>

/* Waiters of one class, the oldest first: a ring. */
struct ring {
    uint32_t *task;
    uint32_t first, count, room; /* room: a power of two */
};

/* Of CoDel, as in Linux (codel_impl.h). */
struct codel {
    sim_time above_until; /* SIM_NEVER: the last one had not waited for long */
    sim_time drop_next;
    uint32_t drops, drops_before;    /* count, lastcount */
    bool dropping, dropped, entered; /* dropped: the last one; entered: dropping began
                                        with it */
};

struct line {
    struct ring class[MOST_CLASSES];
    int64_t waiting;
    struct codel codel;
};

/* ---- rings ----------------------------------------------------------------------- */

static uint32_t *place_in(const struct ring *r, uint32_t number)
{
    return &r->task[(r->first + number) & (r->room - 1)];
}

static void put(struct world *w, struct ring *r, uint32_t task)
{
    enum { LEAST = 16 };
    if (r->count == r->room) {
        uint32_t room = r->room ? 2 * r->room : LEAST;
        uint32_t *more = arena_many(w->arena, room, uint32_t);
        for (uint32_t i = 0; i < r->count; i++)
            more[i] = *place_in(r, i);
        r->task = more;
        r->first = 0;
        r->room = room;
    }
    *place_in(r, r->count++) = task;
}

static uint32_t take_oldest(struct ring *r)
{
    uint32_t task = *place_in(r, 0);
    r->first++;
    r->count--;
    return task;
}

static uint32_t take_newest(struct ring *r)
{
    return *place_in(r, --r->count);
}

static void take_out(struct ring *r, uint32_t task)
{
    uint32_t i = 0;
    while (i < r->count && *place_in(r, i) != task)
        i++;
    check(i < r->count, "task %u is not in the line", task);
    for (r->count--; i < r->count; i++)
        *place_in(r, i) = *place_in(r, i + 1);
}

/* ---- CoDel ----------------------------------------------------------------------- */

/* Have all that left the line waited for too long, for long enough? */
static bool stays_above(struct codel *c, const struct line_plan *plan, sim_time waited,
                        int64_t others, sim_time now)
{
    if (waited < plan->target || others == 0) {
        c->above_until = SIM_NEVER;
        return false;
    }
    if (c->above_until == SIM_NEVER) {
        c->above_until = now + plan->interval;
        return false;
    }
    return now >= c->above_until;
}

static sim_time next_drop(const struct codel *c, const struct line_plan *plan,
                          sim_time from)
{
    return from + sim_from_nanoseconds((double)plan->interval / sqrt(c->drops));
}

static void start_dropping(struct codel *c, const struct line_plan *plan, sim_time now)
{
    enum { RECENT = 16 }; /* intervals */
    uint32_t more = c->drops - c->drops_before;
    bool recent = now - c->drop_next < RECENT * plan->interval;
    c->drops = more > 1 && recent ? more : 1;
    c->drops_before = c->drops;
    c->drop_next = next_drop(c, plan, now);
    c->dropping = c->entered = true;
}

/* Is the one that leaves the line dropped? Its wait, and how many stay behind. */
static bool codel_drops(struct codel *c, const struct line_plan *plan, sim_time waited,
                        int64_t others, sim_time now)
{
    bool above = stays_above(c, plan, waited, others, now);
    if (c->entered) { /* whoever comes after the first drop is served */
        c->entered = false;
        return false;
    }
    if (!c->dropping) {
        if (above)
            start_dropping(c, plan, now);
        return above;
    }
    if (!above) {
        c->dropping = c->dropped = false;
        return false;
    }
    if (c->dropped)
        c->drop_next = next_drop(c, plan, c->drop_next);
    c->dropped = now >= c->drop_next;
    c->drops += c->dropped;
    return c->dropped;
}

/* Somebody was served without having to wait. */
static void codel_idle(struct codel *c)
{
    c->above_until = SIM_NEVER;
    c->dropping = c->dropped = c->entered = false;
}

/* ---- leaving the line ------------------------------------------------------------ */

static struct line *line_of(const struct world *w, const struct instance *instance)
{
    return w->line[instance - w->instance];
}

static void waits_no_more(struct world *w, struct instance *instance, struct line *line)
{
    line->waiting--;
    level_pass(&instance->waiting, w->now, -1);
}

/* Not to be served: what it has waited is counted all the same. */
static void drop(struct world *w, struct instance *instance, uint32_t task,
                 enum status status, uint16_t cause)
{
    const struct task *t = &w->task[task];
    sim_time waited = w->now - t->since;
    tally_add(&instance->counts->wait, waited);
    instance->counts->waited += waited > 0;
    spend(w, t, instance->service->wait_resource, waited);
    server_refuse(w, task, status, cause);
}

static sim_time sooner(const struct world *w, uint32_t timer, sim_time due)
{
    if (timer == TIMER_NONE || w->timers.node[timer].due > due)
        return due;
    return w->timers.node[timer].due;
}

/* When the first of its callers, up to the client, gives up; 0: one has already. What
 * runs in the background nobody waits for. */
static sim_time deadline_of(const struct world *w, const struct task *t)
{
    sim_time due = SIM_NEVER;
    if (t->request == NONE)
        return due;
    const struct request *r = &w->request[t->request];
    if (r->stamp != t->stamp || !task_is_awaited(w, t))
        return 0;
    for (; t->parent != NONE; t = &w->task[t->parent])
        due = sooner(w, w->task[t->parent].timer, due);
    return sooner(w, r->deadline, sooner(w, r->timer, due));
}

static bool is_late(const struct world *w, const struct line_plan *plan,
                    const struct task *t)
{
    return plan->margin != SIM_NEVER && deadline_of(w, t) <= w->now + plan->margin;
}

/* Whoever's turn it is; the line is not empty. */
static uint32_t first_of(struct line *line, const struct line_plan *plan)
{
    struct ring *r = line->class;
    while (r->count == 0)
        r++;
    return line->waiting > plan->lifo_above ? take_newest(r) : take_oldest(r);
}

/* Takes the next one out; NONE: it was dropped. */
static uint32_t next_of(struct world *w, struct instance *instance, struct line *line)
{
    const struct line_plan *plan = instance->service->line;
    uint32_t task = first_of(line, plan);
    const struct task *t = &w->task[task];
    waits_no_more(w, instance, line);
    if (is_late(w, plan, t))
        drop(w, instance, task, STATUS_503, plan->abandoned_cause);
    else if (plan->target != SIM_NEVER &&
             codel_drops(&line->codel, plan, w->now - t->since, line->waiting, w->now))
        drop(w, instance, task, STATUS_503, plan->codel_cause);
    else
        return task;
    return NONE;
}

void line_next(struct world *w, struct instance *instance)
{
    struct line *line = line_of(w, instance);
    uint32_t process;
    while (line->waiting && (process = server_free_process(w, instance)) != NONE) {
        uint32_t task = next_of(w, instance, line);
        if (task != NONE)
            server_give_slot(w, task, process);
    }
}

/* ---- joining it ------------------------------------------------------------------ */

static struct ring *class_of(const struct world *w, struct line *line, uint32_t task)
{
    return &line->class[w->call[w->task[task].call].class];
}

/* The newest of the least important goes, if it is less important than this. */
static bool make_room(struct world *w, struct instance *instance, struct line *line,
                      uint32_t task)
{
    struct ring *own = class_of(w, line, task), *last = &line->class[MOST_CLASSES - 1];
    while (last > own && last->count == 0)
        last--;
    if (last == own)
        return false;
    uint32_t victim = take_newest(last);
    waits_no_more(w, instance, line);
    drop(w, instance, victim, STATUS_REFUSED, instance->service->refused_cause);
    return true;
}

void line_enter(struct world *w, uint32_t task)
{
    struct instance *instance = &w->instance[w->task[task].instance];
    struct line *line = line_of(w, instance);
    uint32_t process = server_free_process(w, instance);
    if (process != NONE) {
        codel_idle(&line->codel);
        server_give_slot(w, task, process);
        return;
    }
    if (line->waiting >= instance->service->queue_limit &&
        !make_room(w, instance, line, task)) {
        server_turn_away(w, task);
        return;
    }
    w->task[task].state = TASK_GATE;
    put(w, class_of(w, line, task), task);
    line->waiting++;
    level_pass(&instance->waiting, w->now, 1);
}

void line_withdraw(struct world *w, uint32_t task)
{
    struct instance *instance = &w->instance[w->task[task].instance];
    struct line *line = line_of(w, instance);
    take_out(class_of(w, line, task), task);
    sim_time waited = w->now - w->task[task].since;
    waits_no_more(w, instance, line);
    instance->counts->waited += waited > 0;
    tally_add(&instance->counts->wait, waited);
    spend(w, &w->task[task], instance->service->wait_resource, waited);
}

void lines_open(struct world *w)
{
    w->line = arena_many(w->arena, w->m->instances + 1, struct line *);
    for (uint32_t i = 0; i < w->m->instances; i++) {
        if (!w->instance[i].service->line)
            continue;
        w->line[i] = arena_new(w->arena, struct line);
        w->line[i]->codel.above_until = SIM_NEVER;
    }
}
