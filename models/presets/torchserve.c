/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * torchserve -- TorchServe: workers that each collect a batch and work on it. Keys are
 * those of a model's registration and of config.properties.
 */
#include "models/presets/batch.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct batch_time_conf time;
    int64_t most, workers, queue;
    sim_time delay;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    BATCH_TIME_ROWS,
    {.key = "batch_size", .type = PARAM_COUNT, .offset = AT(most), .least = 1,
     .most = 100000, .fallback = 1, .doc = "Requests in a batch at most."},
    {.key = "max_batch_delay", .type = PARAM_DURATION, .offset = AT(delay),
     .most = 3600, .fallback = 0.1,
     .doc = "How long a worker that has taken a request waits for others. Under light "
            "load every request pays all of it."},
    {.key = "workers", .type = PARAM_COUNT, .offset = AT(workers), .least = 1,
     .most = 10000, .fallback = 1, .doc = "Workers of the model."},
    {.key = "job_queue_size", .type = PARAM_COUNT, .offset = AT(queue), .least = 1,
     .most = 1e9, .fallback = 100,
     .doc = "Requests that may wait; more are answered with 503."},
    NOT_MODELLED("response_timeout"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct batch_part *b = &part->server.batch;
    batch_build(&conf->time, conf->at, &part->server, out);
    b->most = conf->most;
    b->servers = conf->workers;
    b->delay = conf->delay;
    b->collects = true;
    b->queue_limit = conf->queue;
    b->patience = SIM_NEVER;
}

const struct kind torchserve_kind = {
    KIND_ROW(torchserve, "TorchServe: workers that collect batches."),
    .build = build,
    .common = offsetof(struct conf, common),
};
