/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * memory -- keys of servers whose memory is counted: what they say, and whether that
 * can be meant.
 */
#include "models/kind.h"

#include "sim/dist.h"

#include <math.h>
#include <stdio.h>

/* A mean beyond this is taken for a mistake in the unit: a gigabyte for each request
 * that happens to be worked on. */
#define IMPLAUSIBLE (INT64_C(1) << 30)

static const char *size_text(char text[32], int64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = (double)bytes;
    int unit = 0;
    for (; value >= 1024 && unit < 5; unit++)
        value /= 1024;
    snprintf(text, 32, "%.4g%s", value, units[unit]);
    return text;
}

static bool fits(const struct memory_conf *conf, const struct service_common *common,
                 const struct server_part *part)
{
    return common->memory == 0 ||
           (double)conf->base + (double)conf->per_worker * (double)part->processes <
               (double)common->memory;
}

void memory_build(const struct memory_conf *conf, const struct service_common *common,
                  uint32_t at, struct server_part *part, struct listener *out)
{
    char limit[32], base[32], worker[32];
    if (!fits(conf, common, part))
        complain(out, at, "memory",
                 "must be more than memory_base %s and %lld times memory_per_worker "
                 "%s, or the service could never start, is %s",
                 size_text(base, conf->base), (long long)part->processes,
                 size_text(worker, conf->per_worker), size_text(limit, common->memory));
    if (conf->per_request && conf->per_request->mean >= (double)IMPLAUSIBLE)
        complain(out, at, "memory_per_request",
                 "must be less than 1GiB on average, is %s: check the unit. If each "
                 "request does take so much, say so by a \"memory\" step of its "
                 "handler",
                 size_text(base, (int64_t)conf->per_request->mean));
    part->memory = (struct memory_part){
        .base = conf->base,
        .per_worker = conf->per_worker,
        .per_connection = conf->per_connection,
        .per_request = conf->per_request,
        .on_oom = (enum on_oom)conf->on_oom,
        .backs_off = conf->backoff == 0,
        .counted = true,
    };
    if (conf->on_oom < 0)
        part->memory.on_oom = part->has_parent || part->processes > 1
                                  ? OOM_KILL_WORKER
                                  : OOM_KILL_CONTAINER;
}
