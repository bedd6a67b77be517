/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sqlalchemy_pool -- SQLAlchemy's QueuePool: a pool in every process. Defaults are
 * those of SQLAlchemy 2.1.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    const char *kind;
    int64_t pool_size, max_overflow;
    sim_time pool_timeout, pool_recycle, connect, overhead;
    bool pool_use_lifo;
    const char *server;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "pool_size", .type = PARAM_COUNT, .offset = AT(pool_size), .least = 1,
     .most = 1e6, .fallback = 5, .doc = "Connections a process keeps."},
    {.key = "max_overflow", .type = PARAM_COUNT, .offset = AT(max_overflow),
     .most = 1e6, .fallback = 10,
     .doc = "More connections of a process, opened on demand; of those that are "
            "returned, pool_size are kept and the others closed."},
    {.key = "pool_timeout", .type = PARAM_DURATION, .offset = AT(pool_timeout),
     .least = 1e-6, .most = 1e9, .fallback = 30,
     .doc = "Longest wait for a connection; then TimeoutError, which the application "
            "answers with 500."},
    {.key = "server", .type = PARAM_NAME, .offset = AT(server),
     .doc = "Database, or pool, behind it."},
    {.key = "pool_recycle", .type = PARAM_DURATION, .offset = AT(pool_recycle),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "A connection older than this is replaced when it is taken; never when "
            "absent, SQLAlchemy's -1."},
    {.key = "pool_use_lifo", .type = PARAM_FLAG, .offset = AT(pool_use_lifo),
     .doc = "The connection used last is taken first, not the one idle for longest."},
    {.key = "connect", .type = PARAM_DURATION, .offset = AT(connect), .most = 3600,
     .fallback = INFINITY,
     .doc = "Time to open a connection, spent by the caller for whom none is idle; the "
            "pool starts empty. When absent, as the database behind it says."},
    {.key = "overhead", .type = PARAM_DURATION, .offset = AT(overhead), .most = 3600,
     .doc = "Time that each use holds the connection beyond the query's own: the "
            "driver's round trips, checking out and in. Measured: 0.9 ms with "
            "PostgreSQL on the same machine, connects of the overflow included."},
    UNMODELLED("pool_pre_ping",
               "Default false: one round trip to the database before each use; put "
               "it into `overhead`."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct pool_part *p = &part->pool;
    *p = pool_part_default(conf->pool_size);
    p->overflow = conf->max_overflow;
    p->wait_timeout = conf->pool_timeout;
    p->recycle = conf->pool_recycle;
    p->lifo = conf->pool_use_lifo;
    p->connect = conf->connect;
    p->overhead = conf->overhead;
    p->scope = SCOPE_PROCESS;
    p->server = conf->server;
}

const struct kind sqlalchemy_pool_kind = {
    KIND_ROW(sqlalchemy_pool,
             "SQLAlchemy's QueuePool, one in every process of the caller."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
