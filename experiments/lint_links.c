/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who asks whom, and the facts and words that rules share. */
#include "experiments/lint_rules.h"

#include "experiments/human.h"
#include "experiments/walk.h"

#include <math.h>
#include <string.h>

const char *const lint_slot_keys[] = {
    "threads", "pm.max_children", "maxThreads", "concurrency", "slots",
    "workers", "processes",       "tokens",     "replicas",    NULL};
const char *const lint_size_keys[] = {
    "max_overflow", "maximumPoolSize", "pool_size", "default_pool_size", "overflow",
    "size",         "tokens",          NULL};
const char *const lint_queue_keys[] = {"queue_limit", "acceptCount", "backlog", "queue",
                                       NULL};
const char *const lint_life_keys[] = {"request_terminate_timeout", "timeout", NULL};
const char *const lint_read_keys[] = {"proxy_read_timeout", "timeout_server",
                                      "read_timeout", "idle_timeout", "timeout", NULL};
const char *const lint_wait_keys[] = {"pool_timeout", "connectionTimeout",
                                      "query_wait_timeout", "wait_timeout", NULL};

/* ---- links ----------------------------------------------------------------------- */

struct search {
    struct lint *l;
    struct lint_link *link;
    int count, room;
    int from;
    const char *handler;
};

static void add(struct search *s, struct lint_link link)
{
    if (link.to < 0)
        return;
    if (s->count == s->room) {
        s->room = s->room ? 2 * s->room : 32;
        struct lint_link *larger = arena_many(s->l->arena, s->room, struct lint_link);
        if (s->count > 0)
            memcpy(larger, s->link, (size_t)s->count * sizeof *larger);
        s->link = larger;
    }
    s->link[s->count++] = link;
}

static void add_step(struct search *s, enum lint_way way, const char *to, uint32_t at,
                     const void *step, sim_time timeout, const struct retry_conf *retry)
{
    if (to)
        add(s, (struct lint_link){way, -1, s->from, lint_station(s->l, to), at,
                                  s->handler, step, timeout, retry});
}

static void search_query(struct search *s, const struct query_step *q)
{
    add_step(s, LINT_QUERY, q->database, q->at, q, q->timeout, NULL);
    if (!q->via.row)
        return;
    if (q->via.which == 0) {
        add_step(s, LINT_POOL, *(const char *const *)q->via.body, q->at, q, SIM_NEVER,
                 NULL);
        return;
    }
    const struct param_list *list = q->via.body;
    for (int i = 0; i < list->count; i++)
        add_step(s, LINT_POOL, ((const char *const *)list->items)[i], q->at, q,
                 SIM_NEVER, NULL);
}

static void search_step(void *context, const struct param_variant *step)
{
    struct search *s = context;
    if (step->which == STEP_CALL) {
        const struct call_step *c = step->body;
        add_step(s, LINT_CALL, c->service, c->at, c, c->timeout, c->retry);
    } else if (step->which == STEP_QUERY) {
        search_query(s, step->body);
    } else if (step->which == STEP_HOLD) {
        const struct hold_step *h = step->body;
        add_step(s, LINT_POOL, h->pool, h->at, h, SIM_NEVER, NULL);
    } else if (step->which == STEP_CACHE) {
        const struct cache_step *c = step->body;
        add_step(s, LINT_CACHE, c->service, c->at, c, SIM_NEVER, NULL);
    } else if (step->which == STEP_ENQUEUE) {
        const struct enqueue_step *e = step->body;
        add_step(s, LINT_ENQUEUE, e->queue, e->at, e, SIM_NEVER, NULL);
    }
}

static void add_peer(struct search *s, const char *name, uint32_t at,
                     const struct peer_conf *peer, sim_time timeout)
{
    add(s, (struct lint_link){LINT_PROXY, -1, s->from, lint_station(s->l, name), at,
                              NULL, peer, timeout, NULL});
}

/* Forms of an upstream: a name, a list of servers; with `map`, one for each type. */
static void search_upstream(struct search *s, const struct param_variant *upstream,
                            bool map, sim_time timeout)
{
    if (!upstream->row)
        return;
    if (upstream->which == 0) {
        add_peer(s, *(const char *const *)upstream->body, upstream->at, NULL, timeout);
    } else if (map && upstream->which == 1) {
        const struct param_map *types = upstream->body;
        for (int i = 0; i < types->count; i++)
            search_upstream(s,
                            &((const struct upstream_conf *)types->items)[i].upstream,
                            false, timeout);
    } else {
        const struct param_list *list = upstream->body;
        const struct peer_conf *peer = list->items;
        for (int i = 0; i < list->count; i++)
            add_peer(s, peer[i].server, peer[i].at, &peer[i], timeout);
    }
}

static void search_service(struct search *s, int station)
{
    const struct server_part *server = lint_server(s->l, station);
    s->from = station;
    s->handler = NULL;
    if (!server)
        return;
    search_upstream(s, &server->proxy.upstream, true, server->proxy.read_timeout);
    if (!server->handlers)
        return;
    const struct param_map *handlers = &server->handlers->handlers;
    for (int h = 0; h < handlers->count; h++) {
        s->handler = handlers->names[h];
        walk_steps(&((const struct param_list *)handlers->items)[h], search_step, s);
    }
}

void lint_find_links(struct lint *l)
{
    struct search s = {.l = l};
    for (int w = 0; w < l->facts->workloads; w++) {
        const struct workload_conf *load = lint_workload(l, w);
        add(&s, (struct lint_link){LINT_CLIENT, w, -1, lint_station(l, load->target),
                                   load->at, NULL, load, load->timeout, load->retry});
    }
    for (int i = 0; i < l->facts->stations; i++)
        search_service(&s, i);
    l->link = s.link;
    l->links = s.count;
}

static bool is_type(const struct lint *l, const char *name)
{
    for (int t = 0; t < l->facts->types; t++)
        if (strcmp(l->facts->type[t].name, name) == 0)
            return true;
    return false;
}

bool lint_passes(const struct lint *l, const struct lint_link *link, int type)
{
    const struct type_facts *facts = &l->facts->type[type];
    if (link->way == LINT_CLIENT)
        return facts->workload_index == link->workload;
    if (link->handler && is_type(l, link->handler) &&
        strcmp(link->handler, facts->name) != 0)
        return false;
    return lint_visits(l, type, link->from) && lint_visits(l, type, link->to);
}

/* ---- places ---------------------------------------------------------------------- */

static uint32_t service_at(const struct lint *l, int station)
{
    return l->system->services.item_at[station];
}

uint32_t lint_member(const struct lint *l, uint32_t at, const char *key)
{
    uint32_t member = where_member(l->where, at, key);
    return member == WHERE_NOWHERE ? at : member;
}

uint32_t lint_key(const struct lint *l, int station, const char *key)
{
    return lint_member(l, service_at(l, station), key);
}

uint32_t lint_key_of(const struct lint *l, int station, const char *const *keys)
{
    for (int i = 0; keys[i]; i++)
        if (where_member(l->where, service_at(l, station), keys[i]) != WHERE_NOWHERE)
            return lint_key(l, station, keys[i]);
    return service_at(l, station);
}

bool lint_states(const struct lint *l, int station, const char *const *keys)
{
    return lint_key_of(l, station, keys) != service_at(l, station);
}

uint32_t lint_load_at(const struct lint *l, int workload)
{
    const struct workload_conf *w = lint_workload(l, workload);
    return w->open       ? lint_member(l, w->open->at, "rate")
           : w->closed   ? lint_member(l, w->closed->at, "users")
           : w->sessions ? lint_member(l, w->sessions->at, "rate")
           : w->burst    ? lint_member(l, w->burst->at, "users")
                         : l->system->workloads.item_at[workload];
}

/* ---- facts ----------------------------------------------------------------------- */

const struct workload_conf *lint_workload(const struct lint *l, int workload)
{
    return &((const struct workload_conf *)l->system->workloads.items)[workload];
}

const struct service_common *lint_common(const struct lint *l, int station)
{
    return walk_common(l->system, station);
}

const char *lint_name(const struct lint *l, int station)
{
    return l->facts->station[station].name;
}

int lint_station(const struct lint *l, const char *name)
{
    for (int i = 0; name && i < l->facts->stations; i++)
        if (strcmp(lint_name(l, i), name) == 0)
            return i;
    return -1;
}

const struct server_part *lint_server(const struct lint *l, int station)
{
    return l->part[station].sort == PART_SERVER ? &l->part[station].server : NULL;
}

const struct pool_part *lint_pool(const struct lint *l, int station)
{
    return l->part[station].sort == PART_POOL ? &l->part[station].pool : NULL;
}

struct demand lint_demand(const struct lint *l, int type, int station)
{
    return model_demand(l->model, type, station);
}

bool lint_visits(const struct lint *l, int type, int station)
{
    struct demand d = lint_demand(l, type, station);
    return d.visits > 0 || d.hold > 0;
}

double lint_rate(const struct lint *l, int type)
{
    const struct workload_facts *load =
        &l->facts->workload[l->facts->type[type].workload_index];
    bool once = load->form == WORKLOAD_BURST && load->rate == 0;
    return once ? 0 : l->is->type_rate[type];
}

double lint_arrivals(const struct lint *l, int station)
{
    double sum = 0;
    for (int t = 0; t < l->facts->types; t++)
        sum += lint_rate(l, t) * lint_demand(l, t, station).visits;
    return sum;
}

double lint_hold(const struct lint *l, int type, int station)
{
    struct demand d = lint_demand(l, type, station);
    return d.visits > 0 ? d.hold / d.visits : 0;
}

int lint_main_load(const struct lint *l, int station)
{
    int best = -1;
    double most = 0;
    for (int w = 0; w < l->facts->workloads; w++) {
        double sum = 0;
        for (int t = 0; t < l->facts->types; t++)
            if (l->facts->type[t].workload_index == w)
                sum += l->is->type_rate[t] * (lint_demand(l, t, station).visits +
                                              lint_demand(l, t, station).hold);
        if (sum > most) {
            most = sum;
            best = w;
        }
    }
    return best;
}

double lint_patience(const struct lint *l, int type, uint32_t *at)
{
    const struct workload_conf *w =
        lint_workload(l, l->facts->type[type].workload_index);
    bool deadline = w->deadline < w->timeout;
    *at = lint_member(l, w->at, deadline ? "deadline" : "timeout");
    return lint_seconds(deadline ? w->deadline : w->timeout);
}

int lint_hastiest(const struct lint *l, int station, double *patience, uint32_t *at)
{
    int found = -1;
    *patience = INFINITY;
    for (int t = 0; t < l->facts->types; t++) {
        uint32_t place;
        double own = lint_patience(l, t, &place);
        if (own < *patience && lint_visits(l, t, station)) {
            *patience = own;
            *at = place;
            found = t;
        }
    }
    return found;
}

double lint_slots(const struct lint *l, int station)
{
    const struct server_part *s = lint_server(l, station);
    if (!s || s->slots == UNLIMITED)
        return INFINITY;
    return (double)s->slots * (double)s->processes;
}

double lint_seconds(sim_time t)
{
    return t == SIM_NEVER ? INFINITY : sim_seconds(t);
}

double lint_limit(sim_time t)
{
    return t == 0 ? INFINITY : lint_seconds(t);
}

/* ---- words ----------------------------------------------------------------------- */

const char *lint_much(const struct lint *l, double number)
{
    bool whole = number == floor(number) && fabs(number) < 1e9;
    return arena_format(l->arena, whole ? "%.0f" : "%.3g", number);
}

const char *lint_time(const struct lint *l, double s)
{
    static const struct {
        double size;
        const char *name;
    } units[] = {{3600, "h"},  {60, "min"},  {1, "s"},
                 {1e-3, "ms"}, {1e-6, "us"}, {1e-9, "ns"}};
    size_t u = 0, last = sizeof units / sizeof *units - 1;
    while (u < last && s < units[u].size * (units[u].size >= 60 ? 2 : 1))
        u++;
    return arena_format(l->arena, "%.3g %s", s / units[u].size, units[u].name);
}

const char *lint_size(const struct lint *l, double bytes)
{
    return human_value(l->arena, HUMAN_SIZE, bytes);
}

const char *lint_slot(const struct lint *l, int station)
{
    const char *name = l->facts->station[station].slot_name;
    return name ? name : "slot";
}
