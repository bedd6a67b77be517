/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/model.h"

#include "models/compile.h"
#include "sim/check.h"
#include "sim/nearest.h"
#include "sim/numeric.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const status_names[] = {"ok",  "timeout", "refused", "reset", "400", "429",
                                    "500", "502",     "503",     "504",   NULL};

/* ---- names that are shared ------------------------------------------------------- */

struct place *compile_find(struct compiler *c, const char *name)
{
    for (int i = 0; i < c->places; i++)
        if (strcmp(c->place[i].name, name) == 0)
            return &c->place[i];
    return NULL;
}

/* Names of the services, or of the pools: "nginx, web, redis". */
static const char *names_of(struct compiler *c, enum part_sort sort)
{
    enum { MOST = 12 };
    const char *names = "";
    int count = 0;
    for (int i = 0; i < c->places; i++) {
        if (c->place[i].kind->sort != sort)
            continue;
        if (count++ == MOST)
            return arena_format(c->arena, "%s, ...", names);
        names = arena_format(c->arena, "%s%s%s", names, *names ? ", " : "",
                             c->place[i].name);
    }
    return *names ? names : "(there is none)";
}

void compile_no_such(struct compiler *c, uint32_t at, const char *key, const char *what,
                     enum part_sort sort, const char *name)
{
    const char **words = arena_many(c->arena, c->places + 1, const char *);
    int count = 0;
    for (int i = 0; i < c->places; i++)
        if (c->place[i].kind->sort == sort)
            words[count++] = c->place[i].name;
    const char *near = nearest_word(name, words, count);
    complain(c->out, at, key, "must be %sone of the %s %s, is \"%s\"%s", what,
             sort == PART_POOL ? "pools" : "services", names_of(c, sort), name,
             near ? arena_format(c->arena, " (did you mean \"%s\"?)", near) : "");
}

uint16_t compile_resource(struct compiler *c, const char *name, enum resource_sort sort,
                          int station)
{
    for (uint32_t i = 0; i < c->resource.count; i++)
        if (strcmp(VECTOR_AT(&c->resource, struct resource_facts, i)->name, name) == 0)
            return (uint16_t)i;
    *VECTOR_ADD(&c->resource, c->arena, struct resource_facts) =
        (struct resource_facts){name, sort, station};
    return (uint16_t)(c->resource.count - 1);
}

uint16_t compile_cause(struct compiler *c, const char *name, enum status status,
                       int station)
{
    for (uint32_t i = 0; i < c->cause.count; i++)
        if (strcmp(VECTOR_AT(&c->cause, struct cause_facts, i)->name, name) == 0)
            return (uint16_t)i;
    *VECTOR_ADD(&c->cause, c->arena, struct cause_facts) =
        (struct cause_facts){.name = name, .status = status, .station = station};
    return (uint16_t)(c->cause.count - 1);
}

uint32_t compile_timer(struct compiler *c, sim_time length)
{
    if (length == SIM_NEVER)
        return NONE;
    for (uint32_t i = 0; i < c->timer_length.count; i++)
        if (*VECTOR_AT(&c->timer_length, sim_time, i) == length)
            return i;
    *VECTOR_ADD(&c->timer_length, c->arena, sim_time) = length;
    return c->timer_length.count - 1;
}

struct purpose {
    uint64_t key;
    const char *text;
};

uint64_t compile_key(struct compiler *c, const char *purpose)
{
    uint64_t key = rng_key(c->model->seed, purpose);
    for (uint32_t i = 0; c->again && i < c->key.count; i++)
        if (strcmp(VECTOR_AT(&c->key, struct purpose, i)->text, purpose) == 0)
            return key;
    *VECTOR_ADD(&c->key, c->arena, struct purpose) = (struct purpose){key, purpose};
    return key;
}

static int by_key(const void *a, const void *b)
{
    const struct purpose *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Two purposes with one key would draw the same numbers. */
static void check_keys(struct compiler *c)
{
    struct purpose *p = c->key.items;
    if (c->key.count > 1)
        qsort(p, c->key.count, sizeof *p, by_key);
    for (uint32_t i = 1; i < c->key.count; i++)
        check(p[i].key != p[i - 1].key, "\"%s\" and \"%s\" draw the same numbers",
              p[i].text, p[i - 1].text);
}

void compile_feedback(struct compiler *c, sim_time timeout)
{
    sim_time *longest = &c->model->facts.impatience;
    if (timeout != SIM_NEVER && timeout > *longest)
        *longest = timeout;
}

void compile_assume(struct compiler *c, const char *sentence)
{
    *VECTOR_ADD(&c->assumption, c->arena, const char *) = sentence;
}

const char *compile_duration(struct compiler *c, sim_time t)
{
    double s = sim_seconds(t);
    if (s >= 120 && t % (60 * SIM_SECOND) == 0)
        return arena_format(c->arena, "%g min", s / 60);
    if (s >= 1)
        return arena_format(c->arena, "%g s", s);
    return arena_format(c->arena, s >= 1e-3 ? "%g ms" : "%g us",
                        s >= 1e-3 ? s * 1e3 : s * 1e6);
}

struct demand *compile_demand(struct compiler *c, uint32_t station)
{
    return &c->model->demand[c->type * (uint32_t)c->model->facts.stations + station];
}

/* ---- retries and balancers ------------------------------------------------------- */

static int status_of(const char *name)
{
    for (int i = 1; i < STATUSES; i++)
        if (strcmp(status_names[i], name) == 0)
            return i;
    return STATUS_OK;
}

uint32_t compile_statuses(struct compiler *c, const struct param_list *names)
{
    const char *const *name = names->items;
    uint32_t statuses = 0;
    for (int i = 0; i < names->count; i++) {
        int status = status_of(name[i]);
        if (status == STATUS_OK)
            complain(c->out, names->at, NULL,
                     "must hold timeout, refused, reset, 400, 429, 500, 502, 503 or "
                     "504, holds \"%s\"",
                     name[i]);
        statuses |= UINT32_C(1) << status;
    }
    return statuses;
}

static struct budget_plan budget_of(const struct param_variant *conf)
{
    switch ((enum retry_budget)conf->which) {
    case BUDGET_GRPC: {
        const struct budget_grpc_conf *b = conf->body;
        return (struct budget_plan){BUDGET_GRPC, b->max_tokens, b->token_ratio, 0};
    }
    case BUDGET_ENVOY: {
        const struct budget_envoy_conf *b = conf->body;
        return (struct budget_plan){BUDGET_ENVOY, (double)b->least, b->percent, 0};
    }
    case BUDGET_FINAGLE:
        break;
    }
    const struct budget_finagle_conf *b = conf->body;
    return (struct budget_plan){BUDGET_FINAGLE, b->least * sim_seconds(b->ttl),
                                b->percent, b->ttl};
}

static void compile_budget(struct compiler *c, const struct param_variant *conf,
                           uint32_t clients, struct retry_policy *policy)
{
    policy->budget = c->budget.count;
    for (uint32_t i = 0; i < clients; i++)
        *VECTOR_ADD(&c->budget, c->arena, struct budget_plan) = budget_of(conf);
}

void compile_retry(struct compiler *c, const struct retry_conf *conf,
                   const char *purpose, uint32_t clients, struct retry_policy *policy)
{
    *policy = (struct retry_policy){
        .statuses = ~UINT32_C(1), .factor = 1, .probability = 1, .budget = NONE};
    if (!conf)
        return;
    c->model->backoff_resource =
        compile_resource(c, "backing off", RESOURCE_BACKOFF, -1);
    policy->max = (uint32_t)conf->max;
    policy->key = compile_key(c, purpose);
    policy->probability = conf->probability;
    policy->chance_key = compile_key(c, arena_format(c->arena, "again:%s", purpose));
    policy->obeys = conf->obeys;
    if (conf->budget.row)
        compile_budget(c, &conf->budget, clients, policy);
    if (conf->on.count)
        policy->statuses = compile_statuses(c, &conf->on);
    if (!conf->backoff)
        return;
    policy->base = conf->backoff->base;
    policy->cap = conf->backoff->cap;
    policy->factor = conf->backoff->factor;
    policy->jitter = (enum jitter)conf->backoff->jitter;
}

struct balancer_name {
    const char *caller;
    uint32_t service;
    int policy;
    uint32_t first;
};

uint32_t compile_balancer(struct compiler *c, const struct caller *caller,
                          struct place *callee, int policy)
{
    if (callee->common->replicas == 1)
        return NONE;
    for (uint32_t i = 0; i < c->balancer_key.count; i++) {
        const struct balancer_name *b =
            VECTOR_AT(&c->balancer_key, struct balancer_name, i);
        if (strcmp(b->caller, caller->name) == 0 && b->service == callee->index &&
            b->policy == policy)
            return b->first;
    }
    uint32_t first = c->balancer.count;
    *VECTOR_ADD(&c->balancer_key, c->arena, struct balancer_name) =
        (struct balancer_name){caller->name, callee->index, policy, first};
    for (uint32_t i = 0; i < caller->instances; i++)
        *VECTOR_ADD(&c->balancer, c->arena, struct balancer_plan) =
            compile_plain_balancer(c, callee, policy);
    return first;
}

/* ---- services and pools ---------------------------------------------------------- */

static void read_place(struct compiler *c, int i)
{
    const struct param_variant *bound =
        &((const struct param_variant *)c->spec->services.items)[i];
    struct place *p = &c->place[i];
    p->name = c->spec->services.names[i];
    p->kind = kind_of(bound);
    p->at = bound->at;
    p->part.sort = p->kind->sort;
    if (p->kind->sort == PART_SERVER) {
        p->part.server = server_part_default();
        p->common = (const struct service_common *)((const char *)bound->body +
                                                    p->kind->common);
        p->index = c->model->services++;
    } else {
        p->index = c->model->pools++;
    }
    p->kind->build(bound->body, &p->part, c->out);
}

static uint64_t life_key(struct compiler *c, const char *name)
{
    return compile_key(c, arena_format(c->arena, "life:%s", name));
}

static void set_up_service(struct compiler *c, const struct place *p, uint32_t station)
{
    struct service *s = &c->model->service[p->index];
    const struct server_part *part = &p->part.server;
    *s = (struct service){.name = p->name,
                          .part = *part,
                          .station = station,
                          .instances = (uint32_t)p->common->replicas,
                          .processes = (uint32_t)part->processes,
                          .slots = part->slots,
                          .process_limit = part->process_limit,
                          .refuse_above = part->refuse_above,
                          .queue_limit = part->queue_limit,
                          .memory = p->common->memory};
    s->weighs_requests = part->memory.per_request || part->memory.per_connection;
    s->weighs = s->weighs_requests || part->memory.base || part->memory.per_worker;
    compile_cpu(c, p, s);
    int at = (int)station;
    if (part->slots != UNLIMITED)
        s->wait_resource = compile_resource(
            c, arena_format(c->arena, "%s: waiting for a %s", p->name, part->slot_name),
            RESOURCE_WAIT, at);
    if (part->queue_limit != UNLIMITED)
        s->refused_cause =
            part->full_status
                ? compile_cause(c,
                                arena_format(c->arena, "%s: %s, too many at a time",
                                             p->name, status_names[part->full_status]),
                                part->full_status, at)
                : compile_cause(c,
                                arena_format(c->arena,
                                             "%s: connection refused, queue full",
                                             p->name),
                                STATUS_REFUSED, at);
    if (part->knock_pauses)
        s->dropped_resource = compile_resource(
            c, arena_format(c->arena, "%s: trying to connect", p->name), RESOURCE_WAIT,
            at);
    if (part->refuse_above != UNLIMITED)
        s->busy_cause = compile_cause(
            c, arena_format(c->arena, "%s: 503, concurrency limit", p->name),
            STATUS_503, at);
    if (part->max_connections != UNLIMITED)
        s->connection_cause = compile_cause(
            c, arena_format(c->arena, "%s: too many connections", p->name), STATUS_500,
            at);
    const struct life_part *life = &part->life;
    s->mortal = life->timeout || life->max_requests || life->restart;
    c->model->mortal |= s->mortal;
    s->heeded = s->mortal || part->broker.present;
    if (part->broker.time_limit)
        s->limit_cause = compile_cause(
            c, arena_format(c->arena, "%s: task_time_limit", p->name), STATUS_500, at);
    if (s->mortal) {
        s->killed_cause = compile_cause(
            c, arena_format(c->arena, "%s: its process was killed", p->name),
            life->end_status ? life->end_status : life->drain_status, at);
        s->life_key = life_key(c, p->name);
    }
    s->accept_key = compile_key(c, arena_format(c->arena, "accept:%s", p->name));
    compile_service_guards(c, p, s);
    s->watched = s->mortal || s->line;
    compile_outages(c, p);
}

/* A link between names that do not exist would silently be none. */
static void check_links(struct compiler *c)
{
    const struct link_conf *link = c->spec->links.items;
    const struct param_map *workloads = &c->spec->workloads;
    for (int i = 0; i < c->spec->links.count; i++) {
        bool known = compile_find(c, link[i].from);
        for (int w = 0; w < workloads->count; w++)
            known |= strcmp(workloads->names[w], link[i].from) == 0;
        if (!known)
            compile_no_such(c, link[i].at, "from", "a workload or ", PART_SERVER,
                            link[i].from);
        if (!compile_find(c, link[i].to))
            compile_no_such(c, link[i].at, "to", "", PART_SERVER, link[i].to);
    }
}

static void set_up_places(struct compiler *c)
{
    struct model *m = c->model;
    c->places = c->spec->services.count;
    c->place = arena_many(c->arena, c->places + 1, struct place);
    for (int i = 0; i < c->places; i++)
        read_place(c, i);
    m->service = arena_many(c->arena, m->services + 1, struct service);
    m->pool = arena_many(c->arena, m->pools + 1, struct pool);
    for (uint32_t i = 0; i < m->services; i++)
        *VECTOR_ADD(&c->service_extra, c->arena, bool) = false;
    m->facts.stations = c->places;
    for (int i = 0; i < c->places; i++) {
        if (c->place[i].common)
            set_up_service(c, &c->place[i], (uint32_t)i);
        else
            compile_pool(c, &c->place[i], (uint32_t)i);
    }
}

/* ---- after the code is known ----------------------------------------------------- */

static bool process_pools(const struct compiler *c, uint32_t service)
{
    for (uint32_t i = 0; i < c->pool_use.count; i++) {
        const struct pool_use *use = VECTOR_AT(&c->pool_use, struct pool_use, i);
        if (use->scope == SCOPE_PROCESS && use->caller_first_instance == service)
            return true;
    }
    return false;
}

/* Where handlers have been seen: can memory run out, and end processes? */
static void finish_memory(struct compiler *c, const struct place *p)
{
    struct service *s = &c->model->service[p->index];
    const struct memory_part *part = &s->part.memory;
    if (!s->memory)
        return;
    if (!s->weighs)
        compile_assume(
            c, arena_format(c->arena,
                            "%s never runs out of memory: what takes it is not %s",
                            p->name,
                            part->counted ? "given (memory_per_worker, "
                                            "memory_per_request and others)"
                                          : "modelled"));
    s->oom_kills = s->weighs && part->on_oom != OOM_FAIL;
    if (!s->oom_kills)
        return;
    if (!s->mortal)
        s->life_key = life_key(c, p->name);
    s->mortal = s->heeded = s->watched = c->model->mortal = true;
    s->oom_cause = compile_cause(
        c, arena_format(c->arena, "%s: out of memory, killed", p->name), STATUS_RESET,
        (int)s->station);
    if (part->on_oom == OOM_KILL_CONTAINER)
        s->down_cause = compile_cause(
            c,
            arena_format(c->arena, "%s: connection refused, being started again",
                         p->name),
            STATUS_REFUSED, (int)s->station);
}

/* Can more tasks want CPU at once than there are cores? */
static bool must_share(const struct service *s, bool extra)
{
    if (s->rules)
        return true;
    if (s->part.discipline == DISCIPLINE_SHARING) {
        double tasks =
            s->slots == UNLIMITED ? INFINITY : (double)s->slots * s->processes;
        return isfinite(s->cores) && (extra || tasks > s->cores);
    }
    return extra || s->slots > 1 || s->processes > s->cores;
}

static void finish_service(struct compiler *c, uint32_t number)
{
    struct service *s = &c->model->service[number];
    bool extra = *VECTOR_AT(&c->service_extra, bool, number);
    s->shared_cpu = must_share(s, extra);
    if (s->mortal && s->slots == UNLIMITED)
        s->wait_resource = compile_resource(
            c, arena_format(c->arena, "%s: waiting for a worker to accept", s->name),
            RESOURCE_WAIT, (int)s->station);
    if (!s->mortal && !s->onces && s->part.accept == ACCEPT_IDLE &&
        s->part.discipline == DISCIPLINE_SHARING && !process_pools(c, number)) {
        /* nobody can tell its processes apart */
        if (s->slots != UNLIMITED)
            s->slots *= s->processes;
        s->processes = 1;
    }
    s->plain = s->processes == 1 && s->part.accept == ACCEPT_IDLE && !s->mortal &&
               !s->heeded && !s->watched;
    s->first_instance = c->model->instances;
    s->first_process = c->model->processes;
    c->model->instances += s->instances;
    c->model->processes += s->instances * s->processes;
}

static double slots_of(const struct service *s)
{
    return s->slots == UNLIMITED ? INFINITY
                                 : (double)s->slots * s->processes * s->instances;
}

static double process_slots(const struct service *s)
{
    if (s->part.discipline == DISCIPLINE_LOOP)
        return 1;
    return s->slots == UNLIMITED ? INFINITY : (double)s->slots;
}

/* Connections of all pools of this name: where threads have one each, all threads. */
static double pool_slots(const struct model *m, uint32_t number)
{
    const struct pool *pool = &m->pool[number];
    double threads = 0;
    if (pool->limit != UNLIMITED)
        return (double)(pool->limit + pool->part.reserve) * pool->count;
    for (uint32_t i = 0; i < m->pool_uses; i++)
        for (uint32_t s = 0; s < m->services && m->pool_use[i].pool == number; s++)
            if (m->service[s].first_instance == m->pool_use[i].caller_first_instance)
                threads += slots_of(&m->service[s]);
    return threads;
}

static void state_cache(const struct model *m, uint32_t service,
                        struct station_facts *facts)
{
    for (uint32_t i = 0; i < m->caches; i++)
        if (m->cache[i].service == service) {
            facts->caches = m->cache[i].followed;
            facts->hit_expected = m->cache[i].expected;
        }
}

static void state_facts(struct compiler *c)
{
    struct model *m = c->model;
    struct station_facts *facts =
        arena_many(c->arena, c->places + 1, struct station_facts);
    for (int i = 0; i < c->places; i++) {
        const struct place *p = &c->place[i];
        facts[i] = (struct station_facts){
            .name = p->name, .kind = p->kind->row.key, .hit_expected = NAN};
        if (p->common) {
            const struct service *s = &m->service[p->index];
            facts[i].sort = STATION_SERVICE;
            facts[i].instances = (int)s->instances;
            facts[i].slots = slots_of(s);
            facts[i].cores = s->capacity * s->instances;
            facts[i].governed = s->rules || p->common->outages.count;
            facts[i].waits = s->slots != UNLIMITED ||
                             s->part.proxy.wait != WAIT_NEVER || s->engine || s->batch;
            facts[i].slot_name = s->part.slot_name;
            facts[i].processes = (int)s->processes;
            facts[i].broker = s->part.broker.present;
            facts[i].process_slots = process_slots(s);
            facts[i].weighs = s->weighs;
            facts[i].memory = s->memory ? (double)s->memory : INFINITY;
            facts[i].memory_idle =
                (double)s->part.memory.base +
                (double)s->part.memory.per_worker * (double)s->part.processes;
            facts[i].blocks = s->engine ? s->engine->blocks : 0;
            facts[i].batches = s->batch;
            state_cache(m, p->index, &facts[i]);
        } else {
            const struct pool *pool = &m->pool[p->index];
            double connections = pool_slots(m, p->index);
            facts[i].sort = STATION_POOL;
            facts[i].waits = true;
            facts[i].instances = (int)pool->count;
            facts[i].slots = connections;
            facts[i].cores = INFINITY;
            facts[i].slot_name =
                pool->part.unit_name ? pool->part.unit_name : "connection";
            facts[i].processes = 1;
            facts[i].process_slots = connections / pool->count;
        }
    }
    m->facts.station = facts;
}

/* Every instance of a proxy has zones of its own. */
static void finish_limits(struct model *m)
{
    for (uint32_t i = 0; i < m->limits; i++) {
        m->limit[i].zone = m->zones;
        m->zones += m->service[m->limit[i].service].instances;
    }
}

static bool loses(const struct compiler *c)
{
    return c->cause.count > 0;
}

/* Does anything befall the system at a time of its own? */
static bool is_eventful(const struct model *m)
{
    bool found = m->outage_actors > 0;
    for (uint32_t i = 0; i < m->services; i++)
        found |= m->service[i].part.life.restart != NULL;
    for (uint32_t i = 0; i < m->caches; i++)
        found |= m->cache[i].flush_at > 0 && m->cache[i].flush_at != SIM_NEVER;
    for (int i = 0; i < m->facts.workloads; i++)
        found |= m->workload[i].form == WORKLOAD_BURST;
    return found;
}

static void finish(struct compiler *c)
{
    struct model *m = c->model;
    for (int i = 0; i < c->places; i++)
        if (c->place[i].common)
            finish_memory(c, &c->place[i]);
    check_keys(c);
    frame_finish(c);
    for (uint32_t i = 0; i < m->services; i++)
        finish_service(c, i);
    compile_pool_states(c);
    finish_limits(m);
    for (uint32_t i = 0; i < c->call.count; i++)
        m->call[i].first_instance = m->service[m->call[i].service].first_instance;
    for (int i = 0; i < m->facts.types; i++)
        m->workload[m->type[i].workload].balanced |=
            m->call[m->type[i].call].balancer != NONE;
    for (int i = 0; i < m->facts.workloads; i++) {
        struct workload *w = &m->workload[i];
        w->plain = !w->heralded && !w->watched && !w->attended && !w->balanced &&
                   w->timeout_class == NONE;
    }
    compile_finish_caches(c);
    state_facts(c);
    m->facts.resource = c->resource.items;
    m->facts.resources = (int)c->resource.count;
    m->facts.cause = c->cause.items;
    m->facts.causes = (int)c->cause.count;
    m->facts.assumptions = c->assumption.items;
    m->facts.assumption_count = (int)c->assumption.count;
    m->facts.may_lose = loses(c);
    m->facts.eventful = is_eventful(m);
    m->facts.request_bytes = 128.0 * 3 + 96 + 8.0 * c->resource.count;
}

static struct model *compile_once(struct arena *arena, const struct system_spec *spec,
                                  uint64_t seed, struct hit_plan *hits,
                                  struct listener *out)
{
    int before = out->count;
    struct model *m = arena_new(arena, struct model);
    struct compiler c = {.arena = arena,
                         .out = out,
                         .spec = spec,
                         .model = m,
                         .hits = hits,
                         .weight = 1};
    m->seed = seed;
    set_up_places(&c);
    check_links(&c);
    compile_workloads(&c);
    compile_limits_done(&c);
    if (c.overflowed)
        complain(out, 0, NULL,
                 "must not unfold to more than %d steps: too many paths of calls lead "
                 "to the same "
                 "handlers",
                 CODE_LIMIT);
    if (out->count > before)
        return NULL;
    finish(&c);
    return out->count > before ? NULL : m;
}

struct model *model_compile(struct arena *arena, const struct system_spec *spec,
                            uint64_t seed, struct listener *out)
{
    enum { MOST_PASSES = 6 };
    struct hit_plan hits = {0};
    struct model *m = NULL;
    for (int pass = 0; pass < MOST_PASSES && !hits.settled; pass++) {
        m = compile_once(arena, spec, seed, &hits, out);
        if (!m)
            return NULL;
    }
    return m;
}

const struct model_facts *model_facts(const struct model *model)
{
    return &model->facts;
}

struct demand model_demand(const struct model *model, int type, int station)
{
    return model->demand[type * model->facts.stations + station];
}

double model_alone(const struct model *model, int type)
{
    return model->alone[type];
}
