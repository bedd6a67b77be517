/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * registry -- every kind a scenario may name, in the order of the reference page.
 * Adding a kind is adding its file in presets/ and its line here.
 */
#include "models/kind.h"

#include <math.h>

#define KINDS(X)       \
    X(server)          \
    X(gunicorn)        \
    X(uvicorn)         \
    X(go)              \
    X(node)            \
    X(php_fpm)         \
    X(tomcat)          \
    X(load_balancer)   \
    X(nginx)           \
    X(haproxy)         \
    X(envoy)           \
    X(alb)             \
    X(connection_pool) \
    X(thread_pool)     \
    X(sqlalchemy_pool) \
    X(hikaricp)        \
    X(django_connections) \
    X(pgbouncer)       \
    X(postgres)        \
    X(mysql)           \
    X(redis)           \
    X(memcached)       \
    X(cache)           \
    X(dynamodb)        \
    X(vector_db)       \
    X(cdn)             \
    X(llm_api)         \
    X(task_queue)      \
    X(vllm)            \
    X(triton)          \
    X(torchserve)

#define DECLARE(name) extern const struct kind name##_kind;
KINDS(DECLARE)

#define ENTRY(name) &name##_kind,
static const struct kind *const kinds[] = {KINDS(ENTRY) NULL};

const struct param *kind_row(int index)
{
    int count = (int)(sizeof kinds / sizeof *kinds) - 1;
    return index < count ? &kinds[index]->row : NULL;
}

const struct kind *kind_of(const struct param_variant *service)
{
    return kinds[service->which];
}

double quota_cores(const struct service_common *common)
{
    const struct param_variant *quota = &common->cpu_quota;
    if (!quota->row)
        return INFINITY;
    return quota->which == 1 ? ((const struct quota_conf *)quota->body)->cores
                             : *(const double *)quota->body;
}

struct server_part server_part_default(void)
{
    return (struct server_part){
        .processes = 1,
        .slots = UNLIMITED,
        .process_limit = UNLIMITED,
        .queue_limit = UNLIMITED,
        .refuse_above = UNLIMITED,
        .max_connections = UNLIMITED,
        .parallelism = INFINITY,
        .slot_name = "slot",
        .proxy = proxy_part_default(),
        .keep_alive = SIM_NEVER,
    };
}

struct pool_part pool_part_default(int64_t size)
{
    return (struct pool_part){
        .size = size,
        .kept = size,
        .reserve_after = SIM_NEVER,
        .wait_timeout = SIM_NEVER,
        .timeout_status = STATUS_500,
        .connect = SIM_NEVER,
        .recycle = SIM_NEVER,
        .lifetime = SIM_NEVER,
        .idle_timeout = SIM_NEVER,
        .most_clients = UNLIMITED,
        .most_database = UNLIMITED,
        .most_user = UNLIMITED,
        .query_timeout = SIM_NEVER,
        .copies = 1,
    };
}

struct store_part store_part_default(const struct store_conf *conf)
{
    return (struct store_part){
        .present = true,
        .eviction = EVICT_LRU,
        .items = UNLIMITED,
        .bytes = UNLIMITED,
        .samples = 5,
        .cold_start = conf->cold_start,
        .flush_at = conf->flush_at,
    };
}
