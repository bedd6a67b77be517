/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: what proxies let through. */
#include "experiments/lint_rules.h"

#include <math.h>
#include <string.h>

/* ---- max_conns ------------------------------------------------------------------- */

struct guard {
    double most;    /* requests at a time that a proxy passes to one instance */
    double counted; /* that one worker of it does */
    uint32_t at;
};

static bool guard_of(const struct lint *l, const struct lint_link *link,
                     struct guard *g)
{
    static const char *const conns[] = {"max_conns", "default_server", NULL};
    if (link->way != LINT_PROXY)
        return false;
    const struct proxy_part *p = &lint_server(l, link->from)->proxy;
    const struct peer_conf *peer = link->step;
    bool own = peer && peer->max_conns >= 0;
    g->counted = (double)(own ? peer->max_conns : p->peer.max_conns);
    g->at = own ? lint_member(l, peer->at, "max_conns")
                : lint_key_of(l, link->from, conns);
    double counters = p->zone ? 1 : (double)p->workers;
    g->most = g->counted * counters * l->facts->station[link->from].instances;
    return g->counted > 0;
}

static void above_slots(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        struct guard g;
        if (!guard_of(l, &l->link[k], &g))
            continue;
        double slots = lint_slots(l, l->link[k].to);
        if (isfinite(slots) && g.most > slots)
            lint_tell(l, g.at, lint_key_of(l, l->link[k].to, lint_slot_keys),
                      "%s passes up to %s requests at a time to each instance of %s "
                      "(max_conns %s%s), which has %s %ss: the others wait inside, "
                      "where no other server can take them",
                      lint_name(l, l->link[k].from), lint_much(l, g.most),
                      lint_name(l, l->link[k].to), lint_much(l, g.counted),
                      g.most > g.counted ? ", counted by each worker process" : "",
                      lint_much(l, slots), lint_slot(l, l->link[k].to));
    }
}

static void below_slots(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        struct guard g;
        if (!guard_of(l, &l->link[k], &g))
            continue;
        double slots = lint_slots(l, l->link[k].to);
        if (isfinite(slots) && g.most < slots)
            lint_tell(l, g.at, lint_key_of(l, l->link[k].to, lint_slot_keys),
                      "%s passes at most %s requests at a time to each instance of %s, "
                      "which has %s %ss: %s of them never have work",
                      lint_name(l, l->link[k].from), lint_much(l, g.most),
                      lint_name(l, l->link[k].to), lint_much(l, slots),
                      lint_slot(l, l->link[k].to), lint_much(l, slots - g.most));
    }
}

/* ---- connections of the proxy itself --------------------------------------------- */

static double in_flight(const struct lint *l, int station)
{
    double sum = 0;
    for (int t = 0; t < l->facts->types; t++)
        if (lint_visits(l, t, station))
            sum += lint_rate(l, t) * model_alone(l->model, t);
    return sum;
}

static void worker_connections(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || s->duty != DUTY_PROXY || s->proxy.connections == UNLIMITED)
            continue;
        double workers = (double)s->proxy.workers * l->facts->station[i].instances,
               room = (double)s->proxy.connections * workers, flight = in_flight(l, i);
        int w = lint_main_load(l, i);
        if (w >= 0 && 2 * flight > room)
            lint_tell(l, lint_key(l, i, "worker_connections"), lint_load_at(l, w),
                      "%s requests are under way on average (rate x time), each with "
                      "two connections of %s; its %s workers have %s in all",
                      lint_much(l, flight), lint_name(l, i), lint_much(l, workers),
                      lint_much(l, room));
    }
}

/* ---- limits ---------------------------------------------------------------------- */

/* How many a limit counts apart, of the clients of a proxy. */
static double sorts(const struct lint *l, int proxy, int key, const char **what)
{
    double addresses = 0, keys = 0;
    for (int k = 0; k < l->links; k++)
        if (l->link[k].way == LINT_CLIENT) {
            const struct workload_conf *w = lint_workload(l, l->link[k].workload);
            bool comes = false;
            for (int t = 0; t < l->facts->types; t++)
                comes |= l->facts->type[t].workload_index == l->link[k].workload &&
                         lint_visits(l, t, proxy);
            addresses += comes ? l->facts->workload[l->link[k].workload].addresses : 0;
            keys += comes && w->keys ? (double)w->keys->count : 0;
        }
    *what = key == LIMIT_ADDRESS ? "address" : key == LIMIT_KEY ? "key" : "all";
    return key == LIMIT_ADDRESS ? addresses : key == LIMIT_KEY ? fmax(1, keys) : 1;
}

static const struct limit_req_conf *first_limit(const struct param_variant *limits,
                                                int *count)
{
    *count = 0;
    if (!limits->row)
        return NULL;
    const struct param_list *list = limits->body;
    *count = limits->which == 0 ? 1 : list->count;
    return limits->which == 0 ? limits->body : list->items;
}

/* rate_of: requests/s that a limit sees. */
static void look_at_limits(struct lint *l, int proxy,
                           const struct param_variant *limits,
                           const struct limit_conn_conf *conn, double rate,
                           double flight)
{
    int count, w = lint_main_load(l, proxy);
    const struct limit_req_conf *limit = first_limit(limits, &count);
    uint32_t load = w < 0 ? WHERE_NOWHERE : lint_load_at(l, w);
    const char *what;
    bool conn_rule = strcmp(l->rule->name, "limit-conn-below-need") == 0;
    for (int i = 0; !conn_rule && i < count; i++) {
        double many = sorts(l, proxy, limit[i].key, &what),
               most = limit[i].rate * many * l->facts->station[proxy].instances;
        if (rate > most)
            lint_tell(l, lint_member(l, limit[i].at, "rate"), load,
                      "%s is offered %s requests/s from %s %s%s and lets %s/s pass "
                      "(%s/s each): %.0f %% are rejected",
                      lint_name(l, proxy), lint_much(l, rate), lint_much(l, many),
                      limit[i].key == LIMIT_ALL ? "limit for all" : what,
                      many == 1                       ? ""
                      : limit[i].key == LIMIT_ADDRESS ? "es"
                                                      : "s",
                      lint_much(l, most), lint_much(l, limit[i].rate),
                      100 * (1 - most / rate));
    }
    if (conn && conn_rule) {
        double many = sorts(l, proxy, conn->key, &what),
               most = (double)conn->limit * many * l->facts->station[proxy].instances;
        if (flight > most)
            lint_tell(l, lint_member(l, conn->at, "limit"), load,
                      "%s requests are under way at a time on average (rate x time), "
                      "limit_conn of %s lets %s in (%s x %s %s)",
                      lint_much(l, flight), lint_name(l, proxy), lint_much(l, most),
                      lint_much(l, (double)conn->limit), lint_much(l, many), what);
    }
}

static void limits(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || s->duty != DUTY_PROXY)
            continue;
        double rate = 0, flight = 0, shared = 0, shared_flight = 0;
        const struct param_variant *up = &s->proxy.upstream;
        const struct param_map *map = up->row && up->which == 1 ? up->body : NULL;
        for (int t = 0; t < l->facts->types; t++) {
            const struct upstream_conf *own = NULL, *fallback = NULL;
            if (!lint_visits(l, t, i))
                continue;
            for (int m = 0; map && m < map->count; m++) {
                const struct upstream_conf *u =
                    &((const struct upstream_conf *)map->items)[m];
                if (strcmp(map->names[m], l->facts->type[t].name) == 0)
                    own = u;
                if (strcmp(map->names[m], "default") == 0)
                    fallback = u;
            }
            rate = lint_rate(l, t) * lint_demand(l, t, i).visits;
            flight = lint_rate(l, t) * model_alone(l->model, t);
            own = own ? own : fallback;
            if (own && (own->limit_req.row || own->limit_conn))
                look_at_limits(l, i, &own->limit_req, own->limit_conn, rate, flight);
            else {
                shared += rate;
                shared_flight += flight;
            }
        }
        look_at_limits(l, i, &s->proxy.limit_req, s->proxy.limit_conn, shared,
                       shared_flight);
    }
}

/* ---- who gets it ----------------------------------------------------------------- */

static enum balance_policy policy_of(const struct proxy_part *p)
{
    return (enum balance_policy)(p->policies ? p->policies[p->balance] : p->balance);
}

static void few_addresses(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || s->duty != DUTY_PROXY || policy_of(&s->proxy) != BALANCE_IP_HASH)
            continue;
        double servers = 0, addresses;
        const char *what;
        for (int k = 0; k < l->links; k++)
            if (l->link[k].way == LINT_PROXY && l->link[k].from == i)
                servers += l->facts->station[l->link[k].to].instances;
        addresses = sorts(l, i, LIMIT_ADDRESS, &what);
        int w = lint_main_load(l, i);
        if (w >= 0 && addresses < servers)
            lint_tell(l, lint_key(l, i, "balance"),
                      lint_member(l, lint_workload(l, w)->at, "addresses"),
                      "ip_hash sends all requests of an address to one server: %s "
                      "address%s use at most %s of the %s servers",
                      lint_much(l, addresses), addresses == 1 ? "" : "es",
                      lint_much(l, addresses), lint_much(l, servers));
    }
}

static void repeats_writes(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || s->duty != DUTY_PROXY || !(s->proxy.next & NEXT_NON_IDEMPOTENT))
            continue;
        for (int w = 0; w < l->facts->workloads; w++) {
            const struct param_map *m = &lint_workload(l, w)->methods;
            for (int k = 0; k < m->count; k++)
                if (((const int *)m->items)[k] >= METHOD_NOT_TWICE)
                    lint_tell(l, lint_key(l, i, "proxy_next_upstream"), m->item_at[k],
                              "non_idempotent: after an error or a timeout %s sends a "
                              "%s to the next server, too; the first may have done it "
                              "already",
                              lint_name(l, i),
                              method_names[((const int *)m->items)[k]]);
        }
    }
}

const struct lint_rule lint_proxy_rules[] = {
    {"max-conns-above-slots", "max_conns, times the workers that count it, is more "
                              "than a server can work on: it protects nothing.",
     above_slots},
    {"max-conns-below-slots", "max_conns is less than a server can work on: some of it "
                              "is never used.", below_slots},
    {"worker-connections", "A proxy has fewer connections than the requests under way "
                           "need.", worker_connections},
    {"limit-req-below-offered", "limit_req lets fewer requests pass than are offered, "
                                "from the addresses that there are.", limits},
    {"limit-conn-below-need", "limit_conn lets fewer requests in than are under way on "
                              "average.", limits},
    {"ip-hash-few-addresses", "ip_hash with fewer client addresses than servers.",
     few_addresses},
    {"next-upstream-repeats-writes",
     "A proxy is told to send POST and the like a second time.", repeats_writes},
    {0},
};
