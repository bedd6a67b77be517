/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: timeouts, and their order from the client inwards. */
#include "experiments/lint_rules.h"

#include "experiments/walk.h"

#include <math.h>

static double deviation(const struct dist *d)
{
    return sqrt(d->variance);
}

/* What nearly all draws stay below: 98 % of normal, 95 % of exponential ones. */
static double usual_most(const struct dist *d)
{
    return (d->mean + 2 * deviation(d)) * 1e-9;
}

static void client_before_proxy(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        if (link->way != LINT_CLIENT || !lint_server(l, link->to) ||
            lint_server(l, link->to)->duty != DUTY_PROXY)
            continue;
        const struct proxy_part *p = &lint_server(l, link->to)->proxy;
        double client = lint_seconds(link->timeout),
               proxy = lint_seconds(p->read_timeout);
        if (client < proxy && (p->ignores_abort || !p->attends) && isfinite(proxy))
            lint_tell(l, lint_member(l, link->at, "timeout"),
                      lint_key_of(l, link->to, lint_read_keys),
                      "the client leaves after %s, %s goes on waiting until %s, and "
                      "the servers go on working for nobody",
                      lint_time(l, client), lint_name(l, link->to),
                      lint_time(l, proxy));
    }
}

static void proxy_before_worker(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        const struct server_part *s = lint_server(l, link->to);
        if (link->way != LINT_PROXY || !s || s->life.sign_every > 0)
            continue;
        double proxy = lint_seconds(link->timeout),
               worker = lint_limit(s->life.timeout);
        if (isfinite(worker) && proxy < worker)
            lint_tell(l, lint_key_of(l, link->from, lint_read_keys),
                      lint_key_of(l, link->to, lint_life_keys),
                      "%s answers 504 after %s; a worker of %s goes on for up to %s, "
                      "for nobody",
                      lint_name(l, link->from), lint_time(l, proxy),
                      lint_name(l, link->to), lint_time(l, worker));
    }
}

static void client_too_hasty(struct lint *l)
{
    for (int t = 0; t < l->facts->types; t++) {
        uint32_t at;
        double patience = lint_patience(l, t, &at), alone = model_alone(l->model, t);
        if (alone > patience)
            lint_tell(l, at, WHERE_NOWHERE,
                      "requests \"%s\" take %s on average when nobody else is there; "
                      "their client leaves after %s",
                      l->facts->type[t].name, lint_time(l, alone),
                      lint_time(l, patience));
    }
}

static void worker_too_hasty(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || s->life.timeout == 0 || s->life.sign_every > 0)
            continue;
        for (int t = 0; t < l->facts->types; t++) {
            double hold = lint_hold(l, t, i), most = lint_seconds(s->life.timeout);
            if (hold > most)
                lint_tell(l, lint_key_of(l, i, lint_life_keys), WHERE_NOWHERE,
                          "a worker of %s is killed when a request takes longer than "
                          "%s; \"%s\" takes %s on average when nobody else is there",
                          lint_name(l, i), lint_time(l, most), l->facts->type[t].name,
                          lint_time(l, hold));
        }
    }
}

static void call_beyond_client(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        if ((link->way != LINT_CALL && link->way != LINT_QUERY) ||
            link->timeout == SIM_NEVER)
            continue;
        for (int t = 0; t < l->facts->types; t++) {
            uint32_t at;
            double patience = lint_patience(l, t, &at),
                   own = lint_seconds(link->timeout);
            if (!lint_passes(l, link, t) || own <= patience)
                continue;
            lint_tell(l, lint_member(l, link->at, "timeout"), at,
                      "%s waits up to %s for %s, the client of \"%s\" leaves after %s: "
                      "the work goes on for nobody",
                      lint_name(l, link->from), lint_time(l, own),
                      lint_name(l, link->to), l->facts->type[t].name,
                      lint_time(l, patience));
            break;
        }
    }
}

/* Mean time of what a link leads to, for one request. */
static double callee_time(const struct lint *l, const struct lint_link *link)
{
    double work = 0, visits = 0;
    for (int t = 0; t < l->facts->types; t++)
        if (lint_passes(l, link, t)) {
            struct demand d = lint_demand(l, t, link->to);
            work += d.hold;
            visits += d.visits;
        }
    return visits > 0 ? work / visits : 0;
}

static void call_too_hasty(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        double takes = callee_time(l, link), most = lint_seconds(link->timeout);
        if (link->way == LINT_CALL && takes > most)
            lint_tell(l, lint_member(l, link->at, "timeout"), WHERE_NOWHERE,
                      "%s gives up on %s after %s; it takes %s on average when nobody "
                      "else is there",
                      lint_name(l, link->from), lint_name(l, link->to),
                      lint_time(l, most), lint_time(l, takes));
    }
}

/* ---- silence in streams ---------------------------------------------------------- */

struct silence {
    double time;
    uint32_t at;
    const char *what;
};

static void longer(struct silence *s, const struct dist *d, uint32_t at,
                   const char *what)
{
    if (d && usual_most(d) > s->time)
        *s = (struct silence){usual_most(d), at, what};
}

struct stream_search {
    const struct lint *l;
    struct silence *longest;
};

static void search_session(struct stream_search *s, const struct session_conf *c)
{
    double rate = c->receive + c->send,
           quiet = rate > 0 ? 3 / rate : INFINITY; /* 95 % of the pauses */
    if (c->ping > 0)
        quiet = fmin(quiet, lint_seconds(c->ping));
    if (quiet > s->longest->time)
        *s->longest = (struct silence){quiet, lint_member(s->l, c->at, "ping"),
                                       "between two messages"};
}

static void search_step(void *context, const struct param_variant *step)
{
    struct stream_search *s = context;
    if (step->which == STEP_SESSION)
        search_session(s, ((const struct session_step *)step->body)->session);
    if (step->which != STEP_STREAM)
        return;
    const struct stream_conf *c = ((const struct stream_step *)step->body)->stream;
    longer(s->longest, c->first_byte, lint_member(s->l, c->at, "first_byte"),
           "before its first byte");
    longer(s->longest, c->gap, lint_member(s->l, c->at, "gap"), "between two chunks");
}

static struct silence silence_of(const struct lint *l, int station)
{
    struct silence s = {0, WHERE_NOWHERE, ""};
    const struct server_part *server = lint_server(l, station);
    if (server && server->duty == DUTY_LLM)
        longer(&s, server->first_token, lint_key(l, station, "ttft"),
               "before its first token");
    if (!server || !server->handlers)
        return s;
    const struct param_map *handlers = &server->handlers->handlers;
    for (int h = 0; h < handlers->count; h++)
        walk_steps(&((const struct param_list *)handlers->items)[h], search_step,
                   &(struct stream_search){l, &s});
    return s;
}

/* Silence of what a service passes on is silence of its own. */
static struct silence silence_behind(const struct lint *l, int station)
{
    struct silence s = silence_of(l, station);
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        if (link->way != LINT_CALL || link->from != station ||
            !((const struct call_step *)link->step)->stream)
            continue;
        struct silence below = silence_of(l, link->to);
        if (below.time > s.time)
            s = below;
    }
    return s;
}

static void silence_beyond_timeout(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        if (link->way != LINT_PROXY)
            continue;
        struct silence s = silence_behind(l, link->to);
        if (s.time > lint_seconds(link->timeout))
            lint_tell(l, lint_key_of(l, link->from, lint_read_keys), s.at,
                      "%s ends an answer that is silent for %s; those of %s are, %s, "
                      "for %s or more once in twenty times or oftener",
                      lint_name(l, link->from),
                      lint_time(l, lint_seconds(link->timeout)), lint_name(l, link->to),
                      s.what, isfinite(s.time) ? lint_time(l, s.time) : "ever");
    }
}

static void deadline_first(struct lint *l)
{
    for (int w = 0; w < l->facts->workloads; w++) {
        const struct workload_conf *load = lint_workload(l, w);
        if (load->deadline < load->timeout && load->timeout != SIM_NEVER)
            lint_tell(l, lint_member(l, load->at, "deadline"),
                      lint_member(l, load->at, "timeout"),
                      "the whole request is given up after %s, so that no attempt ever "
                      "reaches its timeout of %s, and none is retried after it",
                      lint_time(l, lint_seconds(load->deadline)),
                      lint_time(l, lint_seconds(load->timeout)));
    }
}

/* ---- queues longer than patience ------------------------------------------------- */

static double mean_hold(const struct lint *l, int station)
{
    double work = 0, visits = 0;
    for (int t = 0; t < l->facts->types; t++) {
        struct demand d = lint_demand(l, t, station);
        work += l->is->type_rate[t] * d.hold;
        visits += l->is->type_rate[t] * d.visits;
    }
    return visits > 0 ? work / visits : 0;
}

static void queue_beyond_patience(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        double patience, slots = lint_slots(l, i), hold = mean_hold(l, i);
        uint32_t at = WHERE_NOWHERE;
        if (!s || s->queue_limit == UNLIMITED || s->broker.present ||
            !lint_states(l, i, lint_queue_keys) || !isfinite(slots))
            continue;
        double wait = (double)s->queue_limit * hold / slots;
        if (lint_hastiest(l, i, &patience, &at) >= 0 && wait > patience)
            lint_tell(l, lint_key_of(l, i, lint_queue_keys), at,
                      "%s may wait for %s; at %s of a %s each, of which there are %s, "
                      "the last one waits %s, and its client leaves after %s: in an "
                      "overload all work is for clients who have gone",
                      lint_much(l, (double)s->queue_limit), lint_name(l, i),
                      lint_time(l, hold), lint_slot(l, i), lint_much(l, slots),
                      lint_time(l, wait), lint_time(l, patience));
    }
}

const struct lint_rule lint_time_rules[] = {
    {"client-before-proxy", "The client leaves before a proxy that does not notice it.",
     client_before_proxy},
    {"proxy-before-worker", "A proxy gives up before the worker behind it is ended.",
     proxy_before_worker},
    {"timeout-below-request", "A client's timeout is shorter than his request takes on "
                              "average.", client_too_hasty},
    {"worker-timeout-below-request", "Workers are killed for requests of ordinary "
                                     "length.", worker_too_hasty},
    {"call-beyond-client", "A call or a query may take longer than the client waits.",
     call_beyond_client},
    {"call-timeout-below-callee", "The timeout of a call is shorter than the callee "
                                  "takes on average.", call_too_hasty},
    {"silence-beyond-timeout", "A stream or a session is silent for longer than the "
                               "proxy in front of it bears.", silence_beyond_timeout},
    {"deadline-before-timeout", "The deadline of a request is shorter than the timeout "
                                "of an attempt.", deadline_first},
    {"queue-beyond-patience", "A full queue takes longer than its clients wait.",
     queue_beyond_patience},
    {0},
};
