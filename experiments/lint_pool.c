/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: connections, who opens them and who takes them. */
#include "experiments/lint_rules.h"

#include "experiments/walk.h"

#include <math.h>
#include <string.h>

/* ---- how many -------------------------------------------------------------------- */

/* Threads of all the services whose handlers take connections of a pool; INFINITY: one
 * of them is an event loop, or a pool's clients are another pool's connections. */
static double askers(const struct lint *l, int pool)
{
    double sum = 0;
    for (int i = 0; i < l->facts->stations; i++) {
        bool asks = false;
        for (int k = 0; k < l->links; k++)
            asks |= l->link[k].way == LINT_POOL && l->link[k].from == i &&
                    l->link[k].to == pool;
        if (asks)
            sum += lint_slots(l, i) * l->facts->station[i].instances;
    }
    return sum;
}

/* Connections that a pool may have open at a time: no more than it may, and where it
 * opens them on demand, no more than there are threads to ask. */
static double most_open(const struct lint *l, int pool)
{
    const struct pool_part *p = lint_pool(l, pool);
    double all = l->facts->station[pool].slots;
    bool on_demand = p->growth == GROWTH_CALLER && p->least_open == 0;
    if (p->scope == SCOPE_PROCESS && on_demand)
        all = fmin(all, askers(l, pool));
    if (p->most_database != UNLIMITED && p->most_database > 0)
        all = fmin(all, (double)p->most_database * (double)(p->copies ? p->copies : 1));
    return all;
}

static bool leads_to(const struct lint *l, int pool, int station)
{
    const struct pool_part *p = lint_pool(l, pool);
    return p && p->server && lint_station(l, p->server) == station;
}

static const char *sum_of(const struct lint *l, int pool)
{
    int pools = l->facts->station[pool].instances;
    if (pools <= 1)
        return "";
    return arena_format(l->arena, " (%d pools of %s)", pools,
                        lint_much(l, l->facts->station[pool].slots / pools));
}

/* ---- rules ----------------------------------------------------------------------- */

static void above_database(struct lint *l)
{
    static const char *const limits[] = {"max_connections", "maxclients", "conn_limit",
                                         NULL};
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        double open = 0;
        int largest = -1;
        if (!s || s->max_connections == UNLIMITED)
            continue;
        for (int p = 0; p < l->facts->stations; p++)
            if (leads_to(l, p, i)) {
                double own = most_open(l, p);
                open += own;
                if (largest < 0 || own > most_open(l, largest))
                    largest = p;
            }
        if (largest >= 0 && isfinite(open) && open > (double)s->max_connections)
            lint_tell(l, lint_key_of(l, largest, lint_size_keys),
                      lint_key_of(l, i, limits),
                      "%s%s: %s connections may be open, %s takes %s. The others are "
                      "refused as soon as demand reaches them",
                      lint_name(l, largest), sum_of(l, largest), lint_much(l, open),
                      lint_name(l, i), lint_much(l, (double)s->max_connections));
    }
}

static void above_pooler(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct pool_part *pooler = lint_pool(l, i);
        if (!pooler || !pooler->pooler || pooler->most_clients == UNLIMITED)
            continue;
        double clients = 0;
        for (int p = 0; p < l->facts->stations; p++)
            if (leads_to(l, p, i))
                clients += most_open(l, p);
        if (clients == 0)
            clients = askers(l, i);
        double most = (double)pooler->most_clients *
                      (double)(pooler->copies ? pooler->copies : 1);
        if (isfinite(clients) && clients > most)
            lint_tell(l, lint_key(l, i, "max_client_conn"), WHERE_NOWHERE,
                      "%s clients may connect to %s at a time, max_client_conn is %s: "
                      "the others get an error instead of a place in the queue",
                      lint_much(l, clients), lint_name(l, i), lint_much(l, most));
    }
}

/* A narrow pool in front of a database is good practice as long as it is seldom full:
 * from this load on it is what requests wait for. */
static const double often_full = 0.8;

static double pool_load(const struct lint *l, int pool)
{
    for (int i = 0; i < l->is->parts; i++)
        if (l->is->part[i].station == pool && !l->is->part[i].cores)
            return l->is->part[i].load;
    return 0;
}

static void below_threads(struct lint *l)
{
    for (int i = 0; i < l->is->nests; i++) {
        const struct explain_nest *n = &l->is->nest[i];
        double threads = l->facts->station[n->service].slots,
               connections = l->facts->station[n->pool].slots;
        double used = n->held > 0 ? threads * n->connected / n->held : 0;
        if (isfinite(threads) && used > connections &&
            pool_load(l, n->pool) >= often_full)
            lint_tell(l, lint_key_of(l, n->pool, lint_size_keys),
                      lint_key_of(l, n->service, lint_slot_keys),
                      "a request holds a %s of %s for %s and a connection of %s for %s "
                      "of it: %s %ss at work need %s connections, there are %s. The "
                      "pool is full before the %ss are, and at this load often "
                      "(%.0f %%)",
                      lint_slot(l, n->service), lint_name(l, n->service),
                      lint_time(l, n->held), lint_name(l, n->pool),
                      lint_time(l, n->connected), lint_much(l, threads),
                      lint_slot(l, n->service), lint_much(l, used),
                      lint_much(l, connections), lint_slot(l, n->service),
                      100 * pool_load(l, n->pool));
    }
}

static void wait_beyond_client(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct pool_part *p = lint_pool(l, i);
        double patience;
        uint32_t at = WHERE_NOWHERE;
        if (!p || p->wait_timeout == SIM_NEVER || p->wait_timeout == 0)
            continue;
        int type = lint_hastiest(l, i, &patience, &at);
        double wait = lint_seconds(p->wait_timeout);
        if (type >= 0 && wait > patience)
            lint_tell(l, lint_key_of(l, i, lint_wait_keys), at,
                      "a handler waits up to %s for a connection of %s, the client of "
                      "\"%s\" leaves after %s: it goes on waiting, and holds its "
                      "place, for nobody",
                      lint_time(l, wait), lint_name(l, i), l->facts->type[type].name,
                      lint_time(l, patience));
    }
}

static void never_filled(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct pool_part *p = lint_pool(l, i);
        if (!p || !p->pooler || p->most_database == UNLIMITED || p->most_database <= 0)
            continue;
        double room = (double)p->size + (double)p->reserve;
        if (room > (double)p->most_database)
            lint_tell(l, lint_key(l, i, "max_db_connections"),
                      lint_key_of(l, i, lint_size_keys),
                      "%s may open %s connections (%s and %s in reserve), "
                      "max_db_connections is %s: it never gets there",
                      lint_name(l, i), lint_much(l, room),
                      lint_much(l, (double)p->size), lint_much(l, (double)p->reserve),
                      lint_much(l, (double)p->most_database));
    }
}

/* ---- connections held inside of connections -------------------------------------- */

/* How many connections of a pool a handler takes inside of one another. */
struct held_search {
    const char *pool;
    int held; /* on the way to the steps at hand */
    int most;
    uint32_t at;
};

static int takes(const struct held_search *s, const struct param_variant *step)
{
    if (step->which == STEP_HOLD)
        return strcmp(((const struct hold_step *)step->body)->pool, s->pool) == 0;
    if (step->which != STEP_QUERY)
        return 0;
    const struct param_variant *via = &((const struct query_step *)step->body)->via;
    if (!via->row)
        return 0;
    if (via->which == 0)
        return strcmp(*(const char *const *)via->body, s->pool) == 0;
    const struct param_list *list = via->body;
    int count = 0;
    for (int i = 0; i < list->count; i++)
        count += strcmp(((const char *const *)list->items)[i], s->pool) == 0;
    return count;
}

/* What goes on by itself holds nothing of its parent's. */
static bool goes_on_alone(const struct param_variant *step)
{
    return step->which == STEP_SPAWN || step->which == STEP_AFTER;
}

static void search_held(void *context, const struct param_list *steps)
{
    struct held_search *s = context;
    const struct param_variant *step = steps->items;
    int held = s->held;
    for (int i = 0; i < steps->count; i++) {
        int now = held + takes(s, &step[i]);
        if (now > s->most && now > held) {
            s->most = now;
            s->at = step[i].at;
        }
        s->held = goes_on_alone(&step[i])      ? 0
                  : step[i].which == STEP_HOLD ? now
                                               : held;
        walk_lists(&step[i], search_held, s);
    }
    s->held = held;
}

/* The most that a handler of the service takes of the pool at the same time. */
static struct held_search held_by(const struct lint *l, int service, int pool)
{
    struct held_search s = {.pool = lint_name(l, pool), .at = WHERE_NOWHERE};
    const struct server_part *server = lint_server(l, service);
    const struct param_map *h =
        server && server->handlers ? &server->handlers->handlers : NULL;
    for (int i = 0; h && i < h->count; i++)
        search_held(&s, &((const struct param_list *)h->items)[i]);
    return s;
}

/* Threads of the service that share one pool; of processes' own ones event loops have
 * any number. */
static double sharers(const struct lint *l, int service, int pool)
{
    const struct station_facts *s = &l->facts->station[service];
    switch (lint_pool(l, pool)->scope) {
    case SCOPE_GLOBAL:
        return s->slots;
    case SCOPE_INSTANCE:
        return s->slots / s->instances;
    case SCOPE_PROCESS:
        break;
    }
    return lint_server(l, service)->slots == UNLIMITED ? INFINITY : s->process_slots;
}

static void tell_deadlock(struct lint *l, int pool, const struct held_search *s,
                          double threads, double needed, double each)
{
    lint_tell(l, s->at, lint_key_of(l, pool, lint_size_keys),
              "a handler takes %d connections of %s at the same time. %s of them that "
              "each have %d and wait for one more wait for ever: %s threads need %s "
              "connections, the pool has %s",
              s->most, s->pool, lint_much(l, ceil(each / (s->most - 1))), s->most - 1,
              isfinite(threads) ? lint_much(l, threads) : "any number of",
              isfinite(needed) ? lint_much(l, needed) : "any number of",
              lint_much(l, each));
}

/* Threads x (connections of each - 1) + 1 keeps one able to go on: HikariCP's "About
 * Pool Sizing". Those of all services that take several, where they share a pool. */
static void deadlock(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct pool_part *p = lint_pool(l, i);
        if (!p || p->by_thread || !isfinite(l->facts->station[i].slots))
            continue;
        struct held_search worst = {.pool = lint_name(l, i)};
        double threads = 0, needed = 1,
               each = l->facts->station[i].slots / l->facts->station[i].instances;
        for (int k = 0; k < l->facts->stations; k++) {
            struct held_search s = held_by(l, k, i);
            if (s.most < 2)
                continue;
            bool alone = p->scope != SCOPE_GLOBAL;
            double own = sharers(l, k, i), most = own * (s.most - 1);
            threads = alone ? fmax(threads, own) : threads + own;
            needed = alone ? fmax(needed, most + 1) : needed + most;
            if (s.most > worst.most)
                worst = s;
        }
        if (worst.most > 1 && each < needed)
            tell_deadlock(l, i, &worst, threads, needed, each);
    }
}

const struct lint_rule lint_pool_rules[] = {
    {"pools-above-database", "Pools, in all processes and replicas, may open more "
                             "connections than the database takes.", above_database},
    {"clients-above-pooler", "More clients may connect to a pooler than "
                             "max_client_conn.", above_pooler},
    {"pool-below-threads", "A pool is full before the threads that use it are.",
     below_threads},
    {"pool-wait-beyond-client", "The wait for a connection may last longer than the "
                                "client's patience.", wait_beyond_client},
    {"pool-above-its-limit", "A pool can never open the connections it is given, for "
                             "its pooler's limit is lower.", never_filled},
    {"pool-deadlock", "A handler takes several connections of one pool, which is too "
                      "small for that: threads wait for one another.", deadlock},
    {0},
};
