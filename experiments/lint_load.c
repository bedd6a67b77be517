/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: what is offered against what there is (Little's law on the numbers of
 * the file). */
#include "experiments/lint_rules.h"

#include <math.h>
#include <string.h>

static const char *unit_of(const struct lint *l, const struct explain_part *p)
{
    return p->cores ? "core" : lint_slot(l, p->station);
}

static uint32_t part_at(const struct lint *l, const struct explain_part *p)
{
    static const char *const cores[] = {"cpu_quota", "cpu", "credits", "workers", NULL};
    if (p->cores)
        return lint_key_of(l, p->station, cores);
    return lint_pool(l, p->station) ? lint_key_of(l, p->station, lint_size_keys)
                                    : lint_key_of(l, p->station, lint_slot_keys);
}

static uint32_t load_at(const struct lint *l, int station)
{
    int w = lint_main_load(l, station);
    return w < 0 ? WHERE_NOWHERE : lint_load_at(l, w);
}

static void overload(struct lint *l)
{
    for (int i = 0; i < l->is->parts; i++) {
        const struct explain_part *p = &l->is->part[i];
        if (p->fixed >= p->capacity)
            lint_tell(l, part_at(l, p), load_at(l, p->station),
                      "the requests offered to %s keep %s %ss busy even if nobody ever "
                      "waits (Little: rate x time); there are %s. The "
                      "backlog grows for as long as nobody gives up",
                      lint_name(l, p->station), lint_much(l, p->fixed), unit_of(l, p),
                      lint_much(l, p->capacity));
    }
}

/* Above this queues are long, and a rate that is off by a tenth is an overload. */
static const double nearly_full = 0.9;

static void little_room(struct lint *l)
{
    for (int i = 0; i < l->is->parts; i++) {
        const struct explain_part *p = &l->is->part[i];
        double load = p->fixed / p->capacity;
        if (load >= nearly_full && load < 1)
            lint_tell(l, part_at(l, p), load_at(l, p->station),
                      "%s %ss of %s are busy on average, of %s (%.0f %%): a tenth more "
                      "requests is an overload",
                      lint_much(l, p->fixed), unit_of(l, p), lint_name(l, p->station),
                      lint_much(l, p->capacity), 100 * load);
    }
}

static void peak(struct lint *l)
{
    for (int i = 0; i < l->is->peaks; i++) {
        const struct explain_peak *p = &l->is->peak[i];
        const struct workload_conf *w = lint_workload(l, p->workload);
        if (p->load < 1 || l->is->overloaded || !l->is->parts)
            continue;
        const struct explain_part *first = &l->is->part[0];
        const char *key = w->open->daily ? "daily" : "profile";
        lint_tell(l, lint_member(l, w->open->at, key), part_at(l, first),
                  "at its highest the load is %s requests/s, which want %.0f %% "
                  "of the %ss of %s: a queue builds up there until it falls again",
                  lint_much(l, p->rate), 100 * p->load, unit_of(l, first),
                  lint_name(l, first->station));
    }
}

static void burst(struct lint *l)
{
    for (int i = 0; i < l->is->bursts; i++) {
        const struct explain_burst *b = &l->is->burst[i];
        const struct workload_conf *w = lint_workload(l, b->workload);
        double patience = lint_seconds(w->timeout);
        if (b->span <= patience || b->part < 0)
            continue;
        const struct explain_part *p = &l->is->part[b->part];
        lint_tell(l, lint_member(l, w->at, "timeout"), part_at(l, p),
                  "the last of %s requests at once is answered after %s at the "
                  "earliest (%s %s-seconds of work, %s %ss of %s); its client leaves "
                  "after %s",
                  lint_much(l, (double)w->burst->users), lint_time(l, b->span),
                  lint_much(l, b->work), unit_of(l, p), lint_much(l, p->capacity),
                  unit_of(l, p), lint_name(l, p->station), lint_time(l, patience));
    }
}

/* More at once than there are places to work and to wait. */
static void burst_beyond_queue(struct lint *l)
{
    for (int i = 0; i < l->is->bursts; i++) {
        const struct workload_conf *w = lint_workload(l, l->is->burst[i].workload);
        int target = lint_station(l, w->target);
        const struct server_part *s = target < 0 ? NULL : lint_server(l, target);
        if (!s || s->queue_limit == UNLIMITED || s->slots == UNLIMITED)
            continue;
        double instances = l->facts->station[target].instances,
               slots = lint_slots(l, target) * instances,
               queue = (double)s->queue_limit * instances,
               users = (double)w->burst->users;
        if (users > slots + queue && s->process_limit == UNLIMITED)
            lint_tell(
                l, lint_load_at(l, l->is->burst[i].workload),
                lint_key_of(l, target, lint_queue_keys),
                "%s requests come at the same instant; %s works on %s and lets %s "
                "wait: %s of them are %s",
                lint_much(l, users), lint_name(l, target), lint_much(l, slots),
                lint_much(l, queue), lint_much(l, users - slots - queue),
                s->knock_pauses ? "dropped, and tried again a second later or more"
                                : "refused");
    }
}

/* What begins in the warm-up is not measured; a warm-up that is told may mean that. */
static void burst_in_warm_up(struct lint *l)
{
    const struct run_settings *run = &l->scenario->run;
    sim_time ends = run->duration / 9;
    if (run->duration == SIM_NEVER || run->warmup != SIM_NEVER || l->facts->terminating)
        return;
    for (int i = 0; i < l->facts->workloads; i++) {
        const struct workload_conf *w = lint_workload(l, i);
        if (!w->burst || w->burst->every != SIM_NEVER || w->burst->at_time >= ends)
            continue;
        lint_tell(l, lint_member(l, w->at, "burst"),
                  lint_member(l, run->at, "duration"),
                  "%s requests come at once after %s, in the warm-up of %s (a tenth of "
                  "the run), and stand in no number: \"warmup\": \"0s\" measures from "
                  "the start",
                  lint_much(l, (double)w->burst->users),
                  lint_time(l, sim_seconds(w->burst->at_time)),
                  lint_time(l, sim_seconds(ends)));
    }
}

/* Connections that clients share (Little's law on them). */
static void few_connections(struct lint *l)
{
    for (int w = 0; w < l->facts->workloads; w++) {
        const struct workload_conf *load = lint_workload(l, w);
        double busy = 0;
        if (!load->connections || load->connections->most == 0 || load->closed)
            continue;
        for (int t = 0; t < l->facts->types; t++)
            if (l->facts->type[t].workload_index == w)
                busy += lint_rate(l, t) * model_alone(l->model, t);
        if (busy >= (double)load->connections->most)
            lint_tell(l, lint_member(l, load->connections->at, "max"),
                      lint_load_at(l, w),
                      "%s requests of %s are under way at a time (rate x time), and "
                      "share %s connections: the others wait in the client, more and "
                      "more of them",
                      lint_much(l, busy), l->facts->workload[w].name,
                      lint_much(l, (double)load->connections->most));
    }
}

/* Less than this is within the error of an estimated rate. */
static const double clear_overload = 1.2;

/* Servers of a proxy that are full when one of them is missing. */
static void no_spare(struct lint *l)
{
    for (int i = 0; i < l->is->parts; i++) {
        const struct explain_part *p = &l->is->part[i];
        double n = l->facts->station[p->station].instances,
               load = p->fixed / p->capacity;
        bool behind = false;
        for (int k = 0; k < l->links; k++)
            behind |= l->link[k].way == LINT_PROXY && l->link[k].to == p->station;
        if (!behind || n < 2 || load >= 1 || load * n < clear_overload * (n - 1))
            continue;
        lint_tell(l, lint_key(l, p->station, "replicas"), load_at(l, p->station),
                  "%s instances of %s are %.0f %% busy (%ss); when one is missing the "
                  "other%s would have to be %.0f %%",
                  lint_much(l, n), lint_name(l, p->station), 100 * load, unit_of(l, p),
                  n > 2 ? "s" : "", 100 * load * n / (n - 1));
    }
}

/* A burst that comes again before the last one is worked off. */
static void bursts_pile_up(struct lint *l)
{
    for (int i = 0; i < l->is->bursts; i++) {
        const struct explain_burst *b = &l->is->burst[i];
        const struct workload_conf *w = lint_workload(l, b->workload);
        double every = lint_seconds(w->burst->every);
        if (b->span <= every || b->part < 0)
            continue;
        const struct explain_part *p = &l->is->part[b->part];
        lint_tell(l, lint_member(l, w->burst->at, "every"), part_at(l, p),
                  "a burst takes %s to work off (%s), the next one comes after %s",
                  lint_time(l, b->span), lint_name(l, p->station), lint_time(l, every));
    }
}

static void rate_limit_of_service(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || !s->table.present || s->table.on_demand || s->table.operations)
            continue;
        double asked = lint_arrivals(l, i), most = s->table.rate[TABLE_READ];
        if (asked > most)
            lint_tell(l, lint_key(l, i, "rate_limit"), load_at(l, i),
                      "%s is asked %s times a second and takes %s: %.0f %% of the "
                      "requests are turned away",
                      lint_name(l, i), lint_much(l, asked), lint_much(l, most),
                      100 * (1 - most / asked));
    }
}

/* Tokens that a call is charged. */
static double tokens_of(const struct server_part *s)
{
    double in = s->meter.input ? s->meter.input->mean : 0,
           out = s->tokens ? s->tokens->mean : 0;
    switch (s->meter.charge) {
    case CHARGE_MAX_TOKENS:
        return in + (s->meter.max_tokens ? (double)s->meter.max_tokens : out);
    case CHARGE_USED:
        return in + out;
    case CHARGE_INPUT:
        return in;
    case CHARGE_OUTPUT:
        return out;
    }
    return 0;
}

static void provider_limit(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        double calls = lint_arrivals(l, i);
        for (int k = 0; s && k < s->meter.count; k++) {
            const struct meter_conf *m = &s->meter.limit[k];
            double tokens = calls * tokens_of(s);
            if (m->requests > 0 && calls > m->requests)
                lint_tell(l, lint_member(l, m->at, "requests"), load_at(l, i),
                          "%s is called %s times a minute, its provider allows %s: "
                          "%.0f %% get 429",
                          lint_name(l, i), lint_much(l, 60 * calls),
                          lint_much(l, 60 * m->requests),
                          100 * (1 - m->requests / calls));
            if (m->tokens > 0 && tokens > m->tokens)
                lint_tell(l, lint_member(l, m->at, "tokens"), load_at(l, i),
                          "calls of %s are charged %s tokens a minute (%s calls of %s "
                          "each), its provider allows %s: %.0f %% get 429",
                          lint_name(l, i), lint_much(l, 60 * tokens),
                          lint_much(l, 60 * calls), lint_much(l, tokens_of(s)),
                          lint_much(l, 60 * m->tokens),
                          100 * (1 - m->tokens / tokens));
        }
    }
}

static void unused(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        bool used = false;
        for (int k = 0; k < l->links; k++)
            used |= l->link[k].to == i;
        for (int p = 0; p < l->facts->stations; p++) {
            const struct pool_part *pool = lint_pool(l, p);
            used |= pool && pool->server && lint_station(l, pool->server) == i;
        }
        if (!used)
            lint_tell(l, l->system->services.item_at[i], WHERE_NOWHERE,
                      "nobody asks %s: no workload, no handler and no upstream names "
                      "it",
                      lint_name(l, i));
    }
}

/* A handler that a request type, a health check or an `as` leads to. */
static bool is_reached(const struct lint *l, const char *handler)
{
    for (int t = 0; t < l->facts->types; t++)
        if (strcmp(l->facts->type[t].name, handler) == 0)
            return true;
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        const char *check = s ? s->proxy.health.request : NULL;
        if (check && strcmp(check, handler) == 0)
            return true;
    }
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        const char *as =
            link->way == LINT_CALL      ? ((const struct call_step *)link->step)->as
            : link->way == LINT_ENQUEUE ? ((const struct enqueue_step *)link->step)->as
                                        : NULL;
        if (as && strcmp(as, handler) == 0)
            return true;
    }
    return strcmp(handler, "default") == 0;
}

static void unused_handler(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || !s->handlers)
            continue;
        const struct param_map *handlers = &s->handlers->handlers;
        for (int h = 0; h < handlers->count; h++)
            if (!is_reached(l, handlers->names[h]))
                lint_tell(l, handlers->item_at[h], WHERE_NOWHERE,
                          "no request is of the type \"%s\": the handler never runs",
                          handlers->names[h]);
    }
}

const struct lint_rule lint_load_rules[] = {
    {"overload", "More is offered than a part can carry: rate x time above its slots, "
                 "cores or connections.", overload},
    {"little-room", "A part is busy for 90 % of the time or more.", little_room},
    {"peak-overload", "The highest point of a profile is more than a part can carry.",
     peak},
    {"burst-beyond-patience", "A burst cannot be worked off before its clients leave.",
     burst},
    {"burst-beyond-queue", "More come at once than can work and wait.",
     burst_beyond_queue},
    {"burst-in-warm-up", "A burst that comes once is over before anything is measured.",
     burst_in_warm_up},
    {"client-connections", "Clients share fewer connections than their requests need.",
     few_connections},
    {"no-spare-instance", "When one instance is missing the others are overloaded.",
     no_spare},
    {"bursts-pile-up", "A burst comes again before the last one is worked off.",
     bursts_pile_up},
    {"rate-limit-of-service", "A service is asked more often than its rate limit "
                              "allows.", rate_limit_of_service},
    {"provider-limit", "A language model is called oftener, or for more tokens, than "
                       "its provider allows.", provider_limit},
    {"unused-service", "Nobody asks a service.", unused},
    {"unused-handler", "No request type leads to a handler.", unused_handler},
    {0},
};
