/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * go -- a Go net/http server: a goroutine per connection, no limit of any kind, CPU
 * shared by GOMAXPROCS threads. From Go 1.25 on GOMAXPROCS follows the container's CPU
 * limit but is at least 2.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    int64_t gomaxprocs;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    {.key = "gomaxprocs", .type = PARAM_COUNT, .offset = AT(gomaxprocs), .least = 1,
     .most = 10000, .fallback = 0,
     .doc = "Threads that run Go code at a time; the larger of 2 and `cpu` rounded "
            "up when absent."},
    NOT_MODELLED("read_timeout"),
    NOT_MODELLED("write_timeout"),
    NOT_MODELLED("idle_timeout"),
    NOT_MODELLED("gogc"),
    NOT_MODELLED("gomemlimit"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    if (conf->gomaxprocs)
        s->parallelism = (double)conf->gomaxprocs;
    else if (conf->common.cpu > 0)
        s->parallelism = fmax(2, ceil(conf->common.cpu));
    s->slot_name = "goroutine";
    s->handlers = &conf->handlers;
}

const struct kind go_kind = {
    KIND_ROW(go, "A Go HTTP server: a goroutine per request, nothing refused."),
    .build = build,
    .common = offsetof(struct conf, common),
};
