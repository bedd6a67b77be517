/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pgbouncer -- PgBouncer: one pool of a database and user, strict FIFO, one connection
 * opened at a time, time looked at three times a second. Defaults are those of
 * PgBouncer 1.25.
 */
#include "models/kind.h"

#include <math.h>

enum pool_mode { MODE_SESSION, MODE_TRANSACTION, MODE_STATEMENT };

struct conf {
    uint32_t at;
    const char *kind;
    int pool_mode;
    int64_t default_pool_size, min_pool_size, reserve_pool_size, max_client_conn,
        max_db_connections, max_user_connections, processes;
    sim_time reserve_pool_timeout, query_wait_timeout, query_timeout, server_lifetime,
        server_idle_timeout, server_login_retry, connect, overhead;
    bool query_timeout_includes_wait, server_round_robin, so_reuseport;
    const char *server, *user;
};

static const char *const modes[] = {"session", "transaction", "statement", NULL};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "server", .type = PARAM_NAME, .offset = AT(server), .required = true,
     .doc = "Database behind it."},
    {.key = "user", .type = PARAM_NAME, .offset = AT(user),
     .doc = "User of the pool; pools of one user share max_user_connections."},
    {.key = "pool_mode", .type = PARAM_CHOICE, .offset = AT(pool_mode),
     .choices = modes, .fallback = MODE_SESSION,
     .doc = "When a server connection is given back: when the client disconnects, at "
            "the end of a `hold` or query, or of a query alone. A client is the "
            "connection of a pool in front, say django_connections; without one, the "
            "query or `hold` itself."},
    {.key = "default_pool_size", .type = PARAM_COUNT, .offset = AT(default_pool_size),
     .least = 1, .most = 1e6, .fallback = 20, .doc = "Server connections."},
    {.key = "min_pool_size", .type = PARAM_COUNT, .offset = AT(min_pool_size),
     .most = 1e6,
     .doc = "Server connections that are opened ahead once there are clients, and not "
            "closed when idle."},
    {.key = "reserve_pool_size", .type = PARAM_COUNT, .offset = AT(reserve_pool_size),
     .most = 1e6, .doc = "More server connections for when clients wait long."},
    {.key = "reserve_pool_timeout", .type = PARAM_DURATION,
     .offset = AT(reserve_pool_timeout), .most = 1e9, .fallback = 5,
     .doc = "The reserve is used when the oldest waiter has waited so long."},
    {.key = "max_client_conn", .type = PARAM_COUNT, .offset = AT(max_client_conn),
     .least = 1, .most = 1e6, .fallback = 100,
     .doc = "Clients connected at a time; more are refused at once and the application "
            "answers 500."},
    {.key = "max_db_connections", .type = PARAM_COUNT, .offset = AT(max_db_connections),
     .least = 1, .most = 1e6, .fallback = INFINITY,
     .doc = "Server connections of all pools before the same database; idle ones of "
            "other pools are closed for whoever waits. Not limited when absent."},
    {.key = "max_user_connections", .type = PARAM_COUNT,
     .offset = AT(max_user_connections), .least = 1, .most = 1e6, .fallback = INFINITY,
     .doc = "Likewise of all pools with this pool's `user`."},
    {.key = "query_wait_timeout", .type = PARAM_DURATION,
     .offset = AT(query_wait_timeout), .least = 1e-6, .most = 1e9, .fallback = 120,
     .doc = "Longest wait for a server connection, looked at every third of a second; "
            "then the client is disconnected and the application answers 500."},
    {.key = "query_timeout", .type = PARAM_DURATION, .offset = AT(query_timeout),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "Longest time of a query, also of one that still waits for a server "
            "connection: a longer query_wait_timeout never acts. Endless when absent, "
            "PgBouncer's 0."},
    {.key = "query_timeout_includes_wait", .type = PARAM_FLAG,
     .offset = AT(query_timeout_includes_wait), .fallback = true,
     .doc = "The time of a running query counts from its arrival, as in 1.25; false: "
            "from when it got its server connection, as in 1.18."},
    {.key = "server_lifetime", .type = PARAM_DURATION, .offset = AT(server_lifetime),
     .least = 1e-3, .most = 1e9, .fallback = 3600,
     .doc = "A server connection older than this is closed when it is unused, one at a "
            "time, server_lifetime / default_pool_size apart."},
    {.key = "server_idle_timeout", .type = PARAM_DURATION,
     .offset = AT(server_idle_timeout), .least = 1e-3, .most = 1e9, .fallback = 600,
     .doc = "A server connection unused for longer is closed."},
    {.key = "server_login_retry", .type = PARAM_DURATION,
     .offset = AT(server_login_retry), .least = 1e-3, .most = 1e9, .fallback = 15,
     .doc = "After the database has refused a connection, none is tried for so long; "
            "meanwhile, without any server connection, queries fail at once."},
    {.key = "server_round_robin", .type = PARAM_FLAG, .offset = AT(server_round_robin),
     .doc = "The server connection idle for longest is taken first, not the last "
            "used."},
    {.key = "so_reuseport", .type = PARAM_FLAG, .offset = AT(so_reuseport),
     .doc = "Several processes listen on one port, see `processes`."},
    {.key = "processes", .type = PARAM_COUNT, .offset = AT(processes), .least = 1,
     .most = 1000, .fallback = 1,
     .doc = "PgBouncer processes behind the port (so_reuseport), each with a pool and "
            "limits of its own; a client lands on any of them."},
    {.key = "connect", .type = PARAM_DURATION, .offset = AT(connect), .most = 3600,
     .fallback = INFINITY,
     .doc = "Time to open a server connection; one at a time. When absent, as the "
            "database says."},
    {.key = "overhead", .type = PARAM_DURATION, .offset = AT(overhead), .most = 3600,
     .doc = "Time that each use holds a server connection beyond the query's own: "
            "hand-over and PostgreSQL's work around the query. Measured with PgBouncer "
            "1.18 and PostgreSQL 15 on one machine: 0.36 ms idle, 0.76 ms under load."},
    UNMODELLED("server_connect_timeout",
               "Default 15 s: the database here answers, or refuses at once."),
    UNMODELLED("client_idle_timeout", "Default 0: none."),
    UNMODELLED("idle_transaction_timeout", "Default 0: none."),
    UNMODELLED("listen_backlog", "Default 128."),
    {0},
};
#undef AT

static void check_limits(const struct conf *conf, struct listener *out)
{
    if (conf->processes > 1 && !conf->so_reuseport)
        complain(out, conf->at, "processes",
                 "must be 1 without so_reuseport: only one process can have the port");
    if (conf->min_pool_size > conf->default_pool_size)
        complain(out, conf->at, "min_pool_size",
                 "must be at most default_pool_size %lld, is %lld",
                 (long long)conf->default_pool_size, (long long)conf->min_pool_size);
}

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct pool_part *p = &part->pool;
    check_limits(conf, out);
    *p = pool_part_default(conf->default_pool_size);
    p->growth = GROWTH_BACKGROUND;
    p->pooler = true;
    p->lifo = !conf->server_round_robin;
    p->kept = conf->default_pool_size + conf->reserve_pool_size;
    p->reserve = conf->reserve_pool_size;
    p->reserve_after = conf->reserve_pool_size ? conf->reserve_pool_timeout : SIM_NEVER;
    p->wait_timeout = conf->query_wait_timeout;
    p->query_timeout = conf->query_timeout;
    p->timeout_with_wait = conf->query_timeout_includes_wait;
    p->sweep = SIM_SECOND / 3;
    p->session = conf->pool_mode == MODE_SESSION;
    p->statements = conf->pool_mode == MODE_STATEMENT;
    p->least_open = conf->min_pool_size;
    p->most_clients = conf->max_client_conn;
    p->most_database = conf->max_db_connections;
    p->most_user = conf->max_user_connections;
    p->lifetime = conf->server_lifetime;
    p->lifetime_spaced = true;
    p->idle_timeout = conf->server_idle_timeout;
    p->retry_first = p->retry_most = conf->server_login_retry;
    p->copies = conf->processes;
    p->connect = conf->connect;
    p->overhead = conf->overhead;
    p->user = conf->user;
    p->server = conf->server;
}

const struct kind pgbouncer_kind = {
    KIND_ROW(pgbouncer, "PgBouncer: one pool, of one user for one database."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
