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
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "max_connections", .type = PARAM_COUNT, .offset = AT(max_connections),
     .least = 1, .most = 1e6, .fallback = 151,
     .doc = "Connections of all clients together; one more is kept for an "
            "administrator."},
    NOT_MODELLED("innodb_buffer_pool_size"),
    NOT_MODELLED("innodb_log_file_size"),
    NOT_MODELLED("query_cache_size"),
    NOT_MODELLED("query_cache_type"),
    NOT_MODELLED("thread_cache_size"),
    NOT_MODELLED("table_open_cache"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    (void)out;
    s->max_connections = conf->max_connections;
    s->duty = DUTY_DATABASE;
    s->slot_name = "connection";
}

const struct kind mysql_kind = {
    KIND_ROW(mysql, "A MySQL server."),
    .build = build,
    .common = offsetof(struct conf, common),
};
