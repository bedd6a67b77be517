/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hikaricp -- HikariCP: a pool in every Java process, filled by a thread of its own.
 * Keys and defaults are those of HikariCP 6.0.
 */
#include "models/kind.h"

#include <math.h>

#define MILLISECOND (SIM_SECOND / 1000)

struct conf {
    uint32_t at;
    const char *kind;
    int64_t maximum_pool_size, minimum_idle;
    sim_time connection_timeout, max_lifetime, idle_timeout, connect, overhead;
    const char *server;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "maximumPoolSize", .type = PARAM_COUNT, .offset = AT(maximum_pool_size),
     .least = 1, .most = 1e6, .fallback = 10, .doc = "Connections of a process."},
    {.key = "minimumIdle", .type = PARAM_COUNT, .offset = AT(minimum_idle),
     .most = 1e6, .fallback = INFINITY,
     .doc = "Idle connections that the pool opens ahead; as maximumPoolSize when "
            "absent."},
    {.key = "connectionTimeout", .type = PARAM_DURATION,
     .offset = AT(connection_timeout), .least = 0.25, .most = 1e9, .fallback = 30,
     .doc = "Longest wait for a connection; then SQLTransientConnectionException, "
            "which the application answers with 500."},
    {.key = "maxLifetime", .type = PARAM_DURATION, .offset = AT(max_lifetime),
     .least = 30, .most = 1e9, .fallback = 1800,
     .doc = "A connection is closed after this, up to 2.5 % earlier; one in use when "
            "it comes back."},
    {.key = "idleTimeout", .type = PARAM_DURATION, .offset = AT(idle_timeout),
     .least = 10, .most = 1e9, .fallback = 600,
     .doc = "A connection idle for longer is closed, down to minimumIdle, looked at "
            "every 30 s; without effect where minimumIdle is maximumPoolSize."},
    {.key = "connect", .type = PARAM_DURATION, .offset = AT(connect), .most = 3600,
     .fallback = INFINITY,
     .doc = "Time to open a connection; one at a time, 30 ms apart. When absent, as "
            "the database behind it says."},
    {.key = "overhead", .type = PARAM_DURATION, .offset = AT(overhead), .most = 3600,
     .doc = "Time that each use holds the connection beyond the query's own: the "
            "driver's round trips."},
    {.key = "server", .type = PARAM_NAME, .offset = AT(server),
     .doc = "Database, or pool, behind it."},
    UNMODELLED("keepaliveTime", "Default 0 or 2 min, by version."),
    UNMODELLED("validationTimeout", "Default 5 s."),
    UNMODELLED("initializationFailTimeout", "Default 1 ms."),
    UNMODELLED("leakDetectionThreshold", "Default 0: off."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct pool_part *p = &part->pool;
    int64_t idle = conf->minimum_idle;
    if (idle == UNLIMITED)
        idle = conf->maximum_pool_size;
    if (idle > conf->maximum_pool_size)
        complain(out, conf->at, "minimumIdle",
                 "must be at most maximumPoolSize %lld, is %lld",
                 (long long)conf->maximum_pool_size, (long long)idle);
    *p = pool_part_default(conf->maximum_pool_size);
    p->growth = GROWTH_BACKGROUND;
    p->lifo = true;
    p->least_idle = idle;
    p->filled_at_start = idle > 0; /* the first before the application starts */
    p->pause = 30 * MILLISECOND;   /* PoolEntryCreator sleeps after each */
    p->retry_first = 10 * MILLISECOND;
    p->retry_most = 5 * SIM_SECOND;
    p->sweep = 30 * SIM_SECOND; /* the housekeeper's period */
    p->wait_timeout = conf->connection_timeout;
    p->lifetime = conf->max_lifetime;
    p->lifetime_jitter = 1.0 / 40;
    p->idle_timeout =
        idle < conf->maximum_pool_size ? conf->idle_timeout : SIM_NEVER;
    p->scope = SCOPE_PROCESS;
    p->connect = conf->connect;
    p->overhead = conf->overhead;
    p->server = conf->server;
}

const struct kind hikaricp_kind = {
    KIND_ROW(hikaricp, "HikariCP, one in every process of the caller."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
