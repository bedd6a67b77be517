/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * go -- a Go net/http server: a goroutine per connection, no limit of any kind, CPU
 * shared by GOMAXPROCS threads. From Go 1.25 on GOMAXPROCS follows the container's CPU
 * quota but is at least 2 (golang/go, runtime/cgroup_linux.go); before, it was the
 * number of cores, so that a small quota on a large host is used up in no time.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    struct memory_conf memory;
    sim_time boot;
    int64_t gomaxprocs;
    int on_disconnect;
    bool containermaxprocs;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    MEMORY_ROWS,
    DISCONNECT_ROW(AT(on_disconnect)),
    BOOT_ROW(AT(boot), 2),
    {.key = "gomaxprocs", .type = PARAM_COUNT, .offset = AT(gomaxprocs), .least = 1,
     .most = 10000, .fallback = 0,
     .doc = "Threads that run Go code at a time. When absent, as many as `cpu`, but "
            "with a `cpu_quota` no more than it rounded up, or 2."},
    {.key = "containermaxprocs", .type = PARAM_FLAG, .offset = AT(containermaxprocs),
     .fallback = 1,
     .doc = "GODEBUG setting: GOMAXPROCS follows `cpu_quota`, as Go 1.25 and later do; "
            "false: as before, it does not."},
    UNMODELLED("read_timeout", "Default 0: none."),
    UNMODELLED("write_timeout", "Default 0: none."),
    UNMODELLED("idle_timeout", "Default 0: none."),
    UNMODELLED("gogc",
               "Default 100: garbage collection is part of the CPU time you give."),
    UNMODELLED("gomemlimit", "No limit by default: give `memory` and what takes it."),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    if (conf->gomaxprocs)
        s->parallelism = (double)conf->gomaxprocs;
    else if (conf->containermaxprocs)
        s->parallelism = fmax(2, ceil(quota_cores(&conf->common)));
    s->slot_name = "goroutine";
    s->handlers = &conf->handlers;
    s->on_disconnect = (enum on_disconnect)conf->on_disconnect;
    s->life.boot = conf->boot;
    memory_build(&conf->memory, &conf->common, conf->at, s, out);
}

const struct kind go_kind = {
    KIND_ROW(go, "A Go HTTP server: a goroutine per request, nothing refused."),
    .build = build,
    .common = offsetof(struct conf, common),
};
