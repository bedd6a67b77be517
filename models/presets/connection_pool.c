/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * connection_pool -- the general pool: so many connections, a queue for them.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    const char *kind;
    int64_t size, overflow;
    sim_time wait_timeout, connect, recycle, overhead;
    int scope;
    const char *server;
};

static const char *const scopes[] = {"global", "instance", "process", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "size", .type = PARAM_COUNT, .offset = AT(size), .least = 1, .most = 1e6,
     .required = true, .doc = "Connections of a pool."},
    {.key = "overflow", .type = PARAM_COUNT, .offset = AT(overflow), .most = 1e6,
     .doc = "More connections, opened on demand; of those that come back, `size` are "
            "kept and the others closed."},
    {.key = "wait_timeout", .type = PARAM_DURATION, .offset = AT(wait_timeout),
     .most = 1e9, .fallback = INFINITY,
     .doc = "Longest wait for a connection; then the caller fails with 500. 0: nobody "
            "waits. Endless when absent."},
    {.key = "connect", .type = PARAM_DURATION, .offset = AT(connect), .most = 3600,
     .fallback = INFINITY,
     .doc = "Time to open a connection, spent by the caller for whom none is idle; the "
            "pool starts empty. When absent, as the database behind it says; without "
            "one, none."},
    {.key = "recycle", .type = PARAM_DURATION, .offset = AT(recycle), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY,
     .doc = "A connection older than this is replaced when it is taken; never when "
            "absent."},
    {.key = "overhead", .type = PARAM_DURATION, .offset = AT(overhead), .most = 3600,
     .doc = "Time that each use holds the connection beyond what the steps say."},
    {.key = "scope", .type = PARAM_CHOICE, .offset = AT(scope), .choices = scopes,
     .doc = "One pool for all callers, or one for each calling instance or process."},
    {.key = "server", .type = PARAM_NAME, .offset = AT(server),
     .doc = "Database behind the pool."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct pool_part *p = &part->pool;
    *p = pool_part_default(conf->size);
    p->overflow = conf->overflow;
    p->wait_timeout = conf->wait_timeout;
    p->connect = conf->connect;
    p->recycle = conf->recycle;
    p->overhead = conf->overhead;
    p->scope = (enum pool_scope)conf->scope;
    p->server = conf->server;
}

const struct kind connection_pool_kind = {
    KIND_ROW(connection_pool,
             "A pool of connections, or of anything else that is held."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
