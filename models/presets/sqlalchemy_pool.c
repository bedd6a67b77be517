/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sqlalchemy_pool -- SQLAlchemy's QueuePool: a pool in every process. Defaults are
 * those of SQLAlchemy 2.1.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    const char *kind;
    int64_t pool_size, max_overflow;
    sim_time pool_timeout;
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
     .doc = "More connections of a process, closed as soon as they are returned."},
    {.key = "pool_timeout", .type = PARAM_DURATION, .offset = AT(pool_timeout),
     .least = 1e-6, .most = 1e9, .fallback = 30,
     .doc = "Longest wait for a connection; then TimeoutError, which the application "
            "answers with 500."},
    {.key = "server", .type = PARAM_NAME, .offset = AT(server),
     .doc = "Database, or pool, behind it."},
    NOT_MODELLED("pool_recycle"),
    NOT_MODELLED("pool_pre_ping"),
    NOT_MODELLED("pool_use_lifo"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    part->pool = (struct pool_part){
        .size = conf->pool_size,
        .overflow = conf->max_overflow,
        .reserve_after = SIM_NEVER,
        .wait_timeout = conf->pool_timeout,
        .scope = SCOPE_PROCESS,
        .timeout_status = STATUS_500,
        .server = conf->server,
    };
}

const struct kind sqlalchemy_pool_kind = {
    KIND_ROW(sqlalchemy_pool,
             "SQLAlchemy's QueuePool, one in every process of the caller."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
