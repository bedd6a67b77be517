/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * mysql -- a MySQL server: each query works on the cores of the machine for its own
 * time; a connection beyond the limit is refused at once.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    struct service_common common;
    int64_t max_connections;
    sim_time connect, overhead;
    double hit_ratio;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "max_connections", .type = PARAM_COUNT, .offset = AT(max_connections),
     .least = 1, .most = 1e6, .fallback = 151,
     .doc = "Connections of all clients together; one more is kept for an "
            "administrator."},
    {.key = "connect", .type = PARAM_DURATION, .offset = AT(connect), .most = 3600,
     .fallback = 0.005,
     .doc = "Time to open a connection, beside the network's: a thread is started, "
            "and the client authenticated."},
    {.key = "hit_ratio", .type = PARAM_FRACTION, .offset = AT(hit_ratio),
     .doc = "Share of queries that find their pages in memory and are spared their "
            "`io`; 0: every query does its `io`."},
    {.key = "overhead", .type = PARAM_DURATION, .offset = AT(overhead), .most = 3600,
     .doc = "Time that each query takes beyond its own, without CPU: parsing, "
            "planning, the driver's round trips."},
    UNMODELLED("innodb_buffer_pool_size",
               "Default 128 MiB: decides the share of queries that find their pages "
               "in memory; give that as hit_ratio."),
    UNMODELLED("innodb_log_file_size", "Default 48 MiB."),
    UNMODELLED("query_cache_size", "There is no query cache since MySQL 8.0."),
    UNMODELLED("query_cache_type", "There is no query cache since MySQL 8.0."),
    UNMODELLED("thread_cache_size",
               "Default 8 + max_connections / 100: threads kept for new connections; "
               "give `connect` as it is with them."),
    UNMODELLED("table_open_cache", "Default 4000."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    (void)out;
    s->max_connections = conf->max_connections;
    s->admin_connections = 1;
    s->connect = conf->connect;
    s->hit_ratio = conf->hit_ratio;
    s->query_overhead = conf->overhead;
    s->duty = DUTY_DATABASE;
    s->slot_name = "connection";
}

const struct kind mysql_kind = {
    KIND_ROW(mysql, "A MySQL server."),
    .build = build,
    .common = offsetof(struct conf, common),
};
