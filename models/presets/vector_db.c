/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vector_db -- a vector database in the manner of Milvus: as many searches at a time as
 * it has cores, and a queue before them. Hosted ones are a time and a limit of the
 * rate.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct handler_conf handlers;
    double ratio, rate_limit;
    int64_t queue;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    HANDLER_ROWS,
    {.key = "maxReadConcurrentRatio", .type = PARAM_NUMBER, .offset = AT(ratio),
     .least = 0.01, .most = 100, .fallback = 1,
     .doc = "Searches at a time for each core (queryNode.scheduler). Not limited "
            "without `cpu`."},
    {.key = "unsolvedQueueSize", .type = PARAM_COUNT, .offset = AT(queue), .least = 1,
     .most = 1e9, .fallback = 10240,
     .doc = "Searches that may wait; one more is refused."},
    {.key = "rate_limit", .type = PARAM_RATE, .offset = AT(rate_limit), .most = 1e9,
     .doc = "Hosted: searches a second, more get 429. No limit when absent."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    double cores = conf->common.cpu;
    if (cores > 0) {
        s->slots = (int64_t)fmax(1, floor(cores * conf->ratio));
        s->queue_limit = conf->queue;
    }
    s->slot_name = "slot";
    s->handlers = &conf->handlers;
    if (conf->rate_limit > 0)
        s->table = (struct table_part){
            .present = true,
            .rate = {conf->rate_limit, conf->rate_limit},
            .partitions = 1,
            .partition = {INFINITY, INFINITY},
            .status = STATUS_429,
        };
}

const struct kind vector_db_kind = {
    KIND_ROW(vector_db,
             "A vector database (Milvus): a search for each core, a queue before "
             "them."),
    .build = build,
    .common = offsetof(struct conf, common),
};
