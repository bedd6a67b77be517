/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * django_connections -- the connections of Django's threads: no pool at all. A thread
 * opens one for the first query of a request, keeps it to the request's end and, by its
 * age, beyond. Defaults are Django's.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    const char *kind;
    sim_time max_age, connect;
    const char *server;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "CONN_MAX_AGE", .type = PARAM_DURATION, .offset = AT(max_age), .most = 1e9,
     .doc = "A connection older than this is closed at the end of the request, or at "
            "the beginning of the next; 0 closes it with each request. Say some years "
            "for Django's None."},
    {.key = "connect", .type = PARAM_DURATION, .offset = AT(connect), .most = 3600,
     .fallback = INFINITY,
     .doc = "Time to open a connection, spent by the request. When absent, as the "
            "database behind it says; to a pooler, none."},
    {.key = "server", .type = PARAM_NAME, .offset = AT(server),
     .doc = "Database, or pooler, behind it."},
    UNMODELLED("CONN_HEALTH_CHECKS",
               "Default false: one round trip to the database before each request."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct pool_part *p = &part->pool;
    *p = pool_part_default(UNLIMITED); /* threads are what limits them */
    p->by_thread = true;
    p->kept = conf->max_age > 0 ? UNLIMITED : 0;
    p->recycle = conf->max_age > 0 ? conf->max_age : SIM_NEVER;
    p->recycle_on_return = conf->max_age > 0;
    p->scope = SCOPE_PROCESS;
    p->connect = conf->connect;
    p->server = conf->server;
}

const struct kind django_connections_kind = {
    KIND_ROW(django_connections,
             "Django's database connections, one for every thread that has asked."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
