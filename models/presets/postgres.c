/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * postgres -- a PostgreSQL server: each query works on the cores of the machine for its
 * own time; a connection beyond the limit is refused at once.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    struct service_common common;
    int64_t max_connections, superuser_reserved_connections;
    sim_time connect, overhead;
    double hit_ratio;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "max_connections", .type = PARAM_COUNT, .offset = AT(max_connections),
     .least = 1, .most = 1e6, .fallback = 100,
     .doc = "Connections of all clients together; of the default 100, 3 are reserved "
            "for superusers."},
    {.key = "superuser_reserved_connections", .type = PARAM_COUNT,
     .offset = AT(superuser_reserved_connections), .most = 1e6, .fallback = 3,
     .doc = "Of them, kept for superusers."},
    {.key = "connect", .type = PARAM_DURATION, .offset = AT(connect), .most = 3600,
     .fallback = 0.005,
     .doc = "Time to open a connection, beside the network's: a process is forked, "
            "and the client authenticated."},
    {.key = "hit_ratio", .type = PARAM_FRACTION, .offset = AT(hit_ratio),
     .doc = "Share of queries that find their pages in memory and are spared their "
            "`io`; 0: every query does its `io`."},
    {.key = "overhead", .type = PARAM_DURATION, .offset = AT(overhead), .most = 3600,
     .doc = "Time that each query takes beyond its own, without CPU: parsing, "
            "planning, the driver's round trips."},
    UNMODELLED("shared_buffers",
               "Default 128 MiB: decides the share of queries that find their pages "
               "in memory; give that as hit_ratio."),
    UNMODELLED("work_mem", "Default 4 MiB."),
    UNMODELLED("effective_cache_size", "Default 4 GiB."),
    UNMODELLED("statement_timeout", "Default 0: none; a `query` step has a `timeout`."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    if (conf->superuser_reserved_connections >= conf->max_connections)
        complain(out, conf->at, "superuser_reserved_connections",
                 "must be below max_connections %lld, is %lld",
                 (long long)conf->max_connections,
                 (long long)conf->superuser_reserved_connections);
    s->max_connections = conf->max_connections - conf->superuser_reserved_connections;
    s->admin_connections = conf->superuser_reserved_connections;
    s->connect = conf->connect;
    s->hit_ratio = conf->hit_ratio;
    s->query_overhead = conf->overhead;
    s->duty = DUTY_DATABASE;
    s->slot_name = "connection";
}

const struct kind postgres_kind = {
    KIND_ROW(postgres, "A PostgreSQL server."),
    .build = build,
    .common = offsetof(struct conf, common),
};
