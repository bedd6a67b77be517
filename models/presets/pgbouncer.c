/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pgbouncer -- PgBouncer in transaction mode: one pool, strict FIFO. Defaults are those
 * of PgBouncer 1.25.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    const char *kind;
    int pool_mode;
    int64_t default_pool_size, reserve_pool_size;
    sim_time reserve_pool_timeout, query_wait_timeout;
    const char *server;
};

static const char *const modes[] = {"transaction", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "server", .type = PARAM_NAME, .offset = AT(server), .required = true,
     .doc = "Database behind it."},
    {.key = "pool_mode", .type = PARAM_CHOICE, .offset = AT(pool_mode),
     .choices = modes, .fallback = NAN, .required = true,
     .doc = "When a server connection is given back. PgBouncer's own default, "
            "session, is not modelled yet, so the mode must be stated."},
    {.key = "default_pool_size", .type = PARAM_COUNT, .offset = AT(default_pool_size),
     .least = 1, .most = 1e6, .fallback = 20, .doc = "Server connections."},
    {.key = "reserve_pool_size", .type = PARAM_COUNT, .offset = AT(reserve_pool_size),
     .most = 1e6, .doc = "More server connections for when clients wait long."},
    {.key = "reserve_pool_timeout", .type = PARAM_DURATION,
     .offset = AT(reserve_pool_timeout), .most = 1e9, .fallback = 5,
     .doc = "The reserve is used when the oldest waiter has waited so long."},
    {.key = "query_wait_timeout", .type = PARAM_DURATION,
     .offset = AT(query_wait_timeout), .least = 1e-6, .most = 1e9, .fallback = 120,
     .doc = "Longest wait for a server connection; then the client is disconnected "
            "and the application answers 500."},
    NOT_MODELLED("max_client_conn"),
    NOT_MODELLED("min_pool_size"),
    NOT_MODELLED("max_db_connections"),
    NOT_MODELLED("max_user_connections"),
    NOT_MODELLED("query_timeout"),
    NOT_MODELLED("server_lifetime"),
    NOT_MODELLED("server_idle_timeout"),
    NOT_MODELLED("server_connect_timeout"),
    NOT_MODELLED("server_login_retry"),
    NOT_MODELLED("client_idle_timeout"),
    NOT_MODELLED("so_reuseport"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    part->pool = (struct pool_part){
        .size = conf->default_pool_size,
        .reserve = conf->reserve_pool_size,
        .reserve_after =
            conf->reserve_pool_size ? conf->reserve_pool_timeout : SIM_NEVER,
        .wait_timeout = conf->query_wait_timeout,
        .scope = SCOPE_GLOBAL,
        .timeout_status = STATUS_500,
        .server = conf->server,
    };
}

const struct kind pgbouncer_kind = {
    KIND_ROW(pgbouncer, "PgBouncer in transaction mode."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
