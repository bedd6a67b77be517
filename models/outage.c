/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * outage -- instances that fail for a while: at a given time, or now and then.
 *
 *   refuse   the server has crashed: its work is lost and its callers know at once; who
 *            connects is refused
 *   silent   the machine is gone: its work is lost, which its callers only learn by
 *            their own timeouts (or by TCP's, a quarter of an hour later); attempts to
 *            connect are repeated in vain
 *   hang     everything stands still, and goes on afterwards
 *   slow     everything takes longer
 *   drain    proxies send nothing new
 *
 * Outages of one service may overlap: each ends by itself.
 */
#include "models/world.h"

#include <string.h>

/* net.ipv4.tcp_retries2 = 15: what has been sent in vain is given up after 924.6 s. */
#define GIVEN_UP (925 * SIM_SECOND)

/* An outage of one instance. */
struct down {
    const struct outage *outage;
    uint32_t number; /* of the instance in its service */
    uint32_t times;  /* so far */
    bool now;
};

/* ---- time ------------------------------------------------------------------------ */

enum what { WHAT_START, WHAT_LENGTH, WHAT_GAP };

static sim_time drawn(const struct world *w, const struct down *d,
                      const struct dist *dist, enum what what)
{
    struct draw draw = draw_at(d->outage->key, (uint64_t)d->number << 32 | d->times,
                               w->replication, what);
    return dist_duration(dist, &draw);
}

static void schedule(struct world *w, uint32_t actor, sim_time after)
{
    event_push(&w->events, w->now + after, EVENT_CAPACITY, actor_outage(w, actor));
}

/* ---- work that is lost ----------------------------------------------------------- */

static void lose_work(struct world *w, struct instance *instance, bool silent)
{
    const struct service *s = instance->service;
    struct killing how = {STATUS_RESET, s->broken_cause, 0};
    if (silent)
        how = (struct killing){STATUS_RESET, s->lost_cause, GIVEN_UP};
    for (uint32_t i = 0; i < w->tasks; i++) /* in its line */
        if (w->task[i].state == TASK_GATE &&
            &w->instance[w->task[i].instance] == instance)
            task_kill(w, i, &how);
    while (instance->queue.count)
        task_kill(w, instance->queue.first, &how);
    for (uint32_t p = 0; p < s->processes; p++)
        process_kill(w, instance, p, &how);
}

bool outage_meets(struct world *w, uint32_t task)
{
    struct instance *instance = &w->instance[w->task[task].instance];
    const struct service *s = instance->service;
    if (!instance->away)
        return false;
    instance->counts->arrivals++;
    if (instance->away < AWAY_SILENT)
        server_refuse(w, task, STATUS_REFUSED, s->away_cause);
    else
        server_knock(w, task, s->silent_pauses, s->silent_cause);
    return true;
}

static void go_away(struct world *w, struct instance *instance, bool silent)
{
    w->frozen += instance->away == 0;
    instance->away += silent ? AWAY_SILENT : 1;
    lose_work(w, instance, silent);
}

static void come_back(struct world *w, struct instance *instance, bool silent)
{
    instance->away -= silent ? AWAY_SILENT : 1;
    w->frozen -= instance->away == 0;
}

/* ---- the others ------------------------------------------------------------------ */

static void hang(struct world *w, struct instance *instance, bool begins)
{
    cpu_advance(&instance->cpu, w->now);
    quota_hang(w, &instance->cpu, begins);
    cpu_changed(w, (uint32_t)(instance - w->instance));
}

static void slow_down(struct world *w, struct instance *instance, double speed,
                      bool begins)
{
    instance->slow += begins;
    instance->slow -= !begins;
    instance->speed = begins ? speed : instance->speed;
    cpu_advance(&instance->cpu, w->now);
    instance->cpu.governor->speed = instance->slow ? instance->speed : 1;
    cpu_changed(w, (uint32_t)(instance - w->instance));
}

/* Everybody who balances over the instance by a list of servers is told. */
static void drain(struct world *w, const struct down *d, bool begins)
{
    for (uint32_t i = 0; i < w->m->balancers; i++) {
        struct balancer *b = &w->balancer[i];
        for (uint32_t p = 0; b->plan->peer && p < b->plan->peers; p++) {
            const struct peer_plan *server = b->peer[p].plan;
            if (server->service != d->outage->service || server->replica != d->number)
                continue;
            if (begins)
                peer_bar(b, &b->peer[p], PEER_DRAINS);
            else
                peer_unbar(b, &b->peer[p], PEER_DRAINS);
        }
    }
}

static void change(struct world *w, const struct down *d, bool begins)
{
    const struct outage_conf *conf = d->outage->conf;
    const struct service *s = &w->m->service[d->outage->service];
    struct instance *instance = &w->instance[s->first_instance + d->number];
    static const char *const what[] = {
        [OUTAGE_REFUSE] = "crash", [OUTAGE_SILENT] = "gone", [OUTAGE_HANG] = "hangs",
        [OUTAGE_SLOW] = "slow",    [OUTAGE_DRAIN] = "drains"};
    if (w->chronicler)
        chronicle_note(w, s->station, what[conf->how], !begins);
    switch ((enum outage_how)conf->how) {
    case OUTAGE_REFUSE:
    case OUTAGE_SILENT:
        (begins ? go_away : come_back)(w, instance, conf->how == OUTAGE_SILENT);
        break;
    case OUTAGE_HANG:
        hang(w, instance, begins);
        break;
    case OUTAGE_SLOW:
        slow_down(w, instance, conf->speed, begins);
        break;
    case OUTAGE_DRAIN:
        drain(w, d, begins);
        break;
    }
}

/* ---- the verbs of world.c -------------------------------------------------------- */

void outage_event(struct world *w, uint32_t actor)
{
    struct down *d = &w->down[actor];
    const struct outage_conf *conf = d->outage->conf;
    d->now = !d->now;
    change(w, d, d->now);
    if (d->now) {
        schedule(w, actor, drawn(w, d, conf->length, WHAT_LENGTH));
        return;
    }
    d->times++;
    if (conf->gap && !world_is_stalled(w))
        schedule(w, actor, drawn(w, d, conf->gap, WHAT_GAP));
}

void outages_start(struct world *w)
{
    if (w->m->outage_actors == 0)
        return;
    w->down = arena_many(w->arena, w->m->outage_actors, struct down);
    for (uint32_t i = 0; i < w->m->outages; i++) {
        const struct outage *o = &w->m->outage[i];
        for (uint32_t k = 0; k < o->instances; k++) {
            struct down *d = &w->down[o->first + k];
            d->outage = o;
            d->number = k;
            schedule(w, o->first + k,
                     o->conf->start ? drawn(w, d, o->conf->start, WHAT_START)
                                    : drawn(w, d, o->conf->gap, WHAT_GAP));
        }
    }
}
