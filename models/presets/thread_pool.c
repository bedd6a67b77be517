/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * thread_pool -- threads of an event loop's process: where FastAPI and Starlette run
 * `def` endpoints. The default is that of anyio 4.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    const char *kind;
    int64_t tokens;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "tokens", .type = PARAM_COUNT, .offset = AT(tokens), .least = 1,
     .most = 1e6, .fallback = 40,
     .doc = "Threads of a process, anyio's total_tokens. One more request waits, "
            "however long."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    part->pool = pool_part_default(conf->tokens);
    part->pool.scope = SCOPE_PROCESS;
    part->pool.unit_name = "thread";
}

const struct kind thread_pool_kind = {
    KIND_ROW(thread_pool,
             "Threads beside the event loop of each calling process: `hold` it around "
             "the steps of a `def` endpoint."),
    .sort = PART_POOL,
    .build = build,
    .common = SIZE_MAX,
};
