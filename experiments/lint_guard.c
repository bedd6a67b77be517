/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: limits in front of services and around calls (guards). */
#include "experiments/lint_rules.h"

#include "models/guard.h"

#include <math.h>
#include <string.h>

/* Where a guard stands, and what comes to it. */
struct post {
    const struct param_variant *guard;
    const char *name;      /* of the service behind it */
    int station, workload; /* that, and the workload that sends most there */
    double copies;         /* guards of this kind, each with limits of its own */
    double rate, flight;   /* requests/s; under way at a time */
    double addresses, keys;
};

static double addresses_of(const struct lint *l, int station, double *keys)
{
    double sum = *keys = 0;
    for (int w = 0; w < l->facts->workloads; w++) {
        const struct workload_conf *load = lint_workload(l, w);
        bool comes = false;
        for (int t = 0; t < l->facts->types; t++)
            comes |=
                l->facts->type[t].workload_index == w && lint_visits(l, t, station);
        sum += comes ? l->facts->workload[w].addresses : 0;
        *keys += comes && load->keys ? (double)load->keys->count : 0;
    }
    return sum;
}

/* All but the guard. */
static struct post post_at(const struct lint *l, int station)
{
    struct post post = {.name = lint_name(l, station),
                        .station = station,
                        .workload = lint_main_load(l, station),
                        .rate = lint_arrivals(l, station)};
    post.addresses = addresses_of(l, station, &post.keys);
    for (int t = 0; t < l->facts->types; t++)
        post.flight += lint_rate(l, t) * lint_demand(l, t, station).hold;
    return post;
}

static void look_at_service(struct lint *l, int station,
                            void (*look)(struct lint *l, const struct post *post))
{
    const struct service_common *c = lint_common(l, station);
    const struct param_variant *guard = c ? c->guards.items : NULL;
    struct post post = post_at(l, station);
    if (!c || post.workload < 0)
        return;
    for (int i = 0; i < c->guards.count; i++) {
        const struct guard_conf *conf = guard[i].body;
        post.guard = &guard[i];
        post.copies = 1;
        if (guard[i].which < GUARD_PRIORITY && conf && conf->scope == GUARD_OF_INSTANCE)
            post.copies = l->facts->station[station].instances;
        look(l, &post);
    }
}

/* Guards around a call or a query; none where it is something else. */
static const struct param_list *guards_around(const struct lint_link *link)
{
    static const struct param_list none = {.count = 0};
    if (link->way == LINT_CALL)
        return &((const struct call_step *)link->step)->guards;
    if (link->way == LINT_QUERY)
        return &((const struct query_step *)link->step)->guards;
    return &none;
}

/* The same, if it is the only one to its callee: of others it is not known
 * which share of the callee's requests is theirs. */
static void look_at_call(struct lint *l, const struct lint_link *link,
                         void (*look)(struct lint *l, const struct post *post))
{
    const struct param_list *guards = guards_around(link);
    const struct param_variant *guard = guards->items;
    struct post post = post_at(l, link->to);
    int calls = 0;
    for (int k = 0; k < l->links; k++)
        calls += l->link[k].to == link->to && l->link[k].way != LINT_POOL;
    if (post.workload < 0 || calls != 1)
        return;
    for (int i = 0; i < guards->count; i++) {
        const struct guard_conf *conf = guard[i].body;
        bool shared = conf && conf->scope == GUARD_OF_SERVICE;
        post.guard = &guard[i];
        post.copies = shared ? 1 : l->facts->station[link->from].instances;
        look(l, &post);
    }
}

static void each_guard(struct lint *l,
                       void (*look)(struct lint *l, const struct post *post))
{
    for (int k = 0; k < l->links; k++)
        look_at_call(l, &l->link[k], look);
    for (int i = 0; i < l->facts->stations; i++)
        look_at_service(l, i, look);
}

/* ---- rules ----------------------------------------------------------------------- */

static bool limits_rate(const struct post *p)
{
    return p->guard->which >= GUARD_RATE_LIMITER &&
           p->guard->which <= GUARD_SLIDING_LOG && p->guard->body;
}

static void rate_below(struct lint *l, const struct post *p)
{
    if (!limits_rate(p))
        return;
    const struct rate_conf *conf = p->guard->body;
    bool of_periods =
        p->guard->which == GUARD_RATE_LIMITER ||
        (p->guard->which >= GUARD_FIXED_WINDOW && p->guard->which <= GUARD_SLIDING_LOG);
    double own =
        of_periods ? (double)conf->limit / sim_seconds(conf->period) : conf->rate;
    double many = conf->key == LIMIT_ADDRESS ? p->addresses
                  : conf->key == LIMIT_KEY   ? fmax(1, p->keys)
                                             : 1;
    double most = own * many * p->copies;
    if (p->rate > most)
        lint_tell(l, p->guard->at, lint_load_at(l, p->workload),
                  "%s is offered %s requests/s and its %s lets %s/s pass (%s/s%s): "
                  "%.0f %% are rejected",
                  p->name, lint_much(l, p->rate), p->guard->row->key,
                  lint_much(l, most), lint_much(l, own),
                  many > 1
                      ? arena_format(l->arena, " for each of %s %s", lint_much(l, many),
                                     conf->key == LIMIT_KEY ? "keys" : "addresses")
                  : p->copies > 1 ? arena_format(l->arena, " in each of %s instances",
                                                 lint_much(l, p->copies))
                                  : "",
                  100 * (1 - most / p->rate));
}

static void bulkhead_below(struct lint *l, const struct post *p)
{
    if (p->guard->which != GUARD_BULKHEAD || !p->guard->body)
        return;
    const struct bulkhead_conf *conf = p->guard->body;
    double most = (double)conf->most * p->copies;
    if (p->flight > most)
        lint_tell(l, p->guard->at, lint_load_at(l, p->workload),
                  "%s requests of %s are under way at a time on average (rate x time), "
                  "its bulkhead lets %s in",
                  lint_much(l, p->flight), p->name, lint_much(l, most));
}

static void wait_beyond(struct lint *l, const struct post *p)
{
    double wait = 0, patience;
    uint32_t at = WHERE_NOWHERE;
    if (p->guard->which == GUARD_BULKHEAD && p->guard->body)
        wait = lint_seconds(((const struct bulkhead_conf *)p->guard->body)->wait);
    else if (p->guard->which == GUARD_RATE_LIMITER && p->guard->body)
        wait = lint_seconds(((const struct rate_conf *)p->guard->body)->wait);
    if (lint_hastiest(l, p->station, &patience, &at) >= 0 && wait > patience)
        lint_tell(l, p->guard->at, at,
                  "a request may wait %s at the %s of %s, its client leaves after %s",
                  lint_time(l, wait), p->guard->row->key, p->name,
                  lint_time(l, patience));
}

static void guard_below(struct lint *l)
{
    each_guard(l, rate_below);
}

static void guard_bulkhead(struct lint *l)
{
    each_guard(l, bulkhead_below);
}

static void guard_wait(struct lint *l)
{
    each_guard(l, wait_beyond);
}

const struct lint_rule lint_guard_rules[] = {
    {"guard-below-offered", "A limit of the rate in front of a service lets fewer "
                            "requests pass than are offered.", guard_below},
    {"bulkhead-below-need", "A bulkhead lets fewer requests in than are under way on "
                            "average.", guard_bulkhead},
    {"guard-wait-beyond-client", "Requests may wait at a guard for longer than their "
                                 "clients do.", guard_wait},
    {0},
};
