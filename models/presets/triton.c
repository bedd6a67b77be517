/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * triton -- NVIDIA Triton with its dynamic batcher. Keys are those of a model's
 * configuration: dynamic_batching, its default queue policy, instance_group.
 */
#include "models/presets/batch.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct batch_time_conf time;
    struct param_list preferred; /* int64_t */
    int64_t most, instances, delay, queue, timeout;
};

static const struct param size_row = {.key = "size", .type = PARAM_COUNT, .least = 1,
                                      .most = 100000, .size = sizeof(int64_t)};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    BATCH_TIME_ROWS,
    {.key = "max_batch_size", .type = PARAM_COUNT, .offset = AT(most), .least = 1,
     .most = 100000, .required = true, .doc = "Requests in a batch at most."},
    {.key = "preferred_batch_size", .type = PARAM_LIST, .offset = AT(preferred),
     .of = &size_row,
     .doc = "Sizes that go at once: the largest of them that can be filled. Others "
            "wait for the delay. max_batch_size when absent."},
    {.key = "max_queue_delay_microseconds", .type = PARAM_COUNT, .offset = AT(delay),
     .most = 1e12,
     .doc = "How long the oldest request waits for others; 0: a free instance takes "
            "what there is."},
    {.key = "instance_count", .type = PARAM_COUNT, .offset = AT(instances), .least = 1,
     .most = 10000, .fallback = 1,
     .doc = "count of instance_group: batches worked on at a time."},
    {.key = "max_queue_size", .type = PARAM_COUNT, .offset = AT(queue), .most = 1e9,
     .doc = "Requests that may wait; more are answered with 503. 0: any number."},
    {.key = "default_timeout_microseconds", .type = PARAM_COUNT, .offset = AT(timeout),
     .most = 1e12,
     .doc = "A request that waits for longer is answered with 503 (timeout_action "
            "REJECT). 0: never."},
    NOT_MODELLED("preserve_ordering"),
    NOT_MODELLED("priority_levels"),
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct batch_part *b = &part->server.batch;
    batch_build(&conf->time, conf->at, &part->server, out);
    b->most = conf->most;
    b->servers = conf->instances;
    b->preferred = &conf->preferred;
    b->delay = conf->delay * SIM_MICROSECOND;
    b->queue_limit = conf->queue ? conf->queue : UNLIMITED;
    b->patience = conf->timeout ? conf->timeout * SIM_MICROSECOND : SIM_NEVER;
}

const struct kind triton_kind = {
    KIND_ROW(triton, "NVIDIA Triton: a model with dynamic batching."),
    .build = build,
    .common = offsetof(struct conf, common),
};
