/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include "sim/numeric.h"

#include <math.h>
#include <string.h>

/* Hit ratios that change less than this from one pass to the next stay. */
static const double small_change = 1e-3;

/* ---- popularity ------------------------------------------------------------------ */

struct zipf_table {
    int64_t count;
    double zipf;
    const double *cumulative;
};

const double *compile_zipf(struct compiler *c, const struct keys_conf *keys)
{
    for (uint32_t i = 0; i < c->hits->tables.count; i++) {
        const struct zipf_table *t = VECTOR_AT(&c->hits->tables, struct zipf_table, i);
        if (t->count == keys->count && t->zipf == keys->zipf)
            return t->cumulative;
    }
    double *table = arena_many(c->arena, keys->count, double), sum = 0;
    for (int64_t i = 0; i < keys->count; i++)
        table[i] = sum += 1 / numeric_pow((double)(i + 1), keys->zipf);
    for (int64_t i = 0; i < keys->count; i++)
        table[i] /= sum;
    *VECTOR_ADD(&c->hits->tables, c->arena, struct zipf_table) =
        (struct zipf_table){keys->count, keys->zipf, table};
    return table;
}

/* ---- caches and their sets ------------------------------------------------------- */

/* A set on its way: who shares it goes by name, or by the one place it is used at. */
struct set_plan {
    uint32_t cache, at;
    const char *name;
    uint32_t number; /* among the sets of its cache */
    uint64_t keys, size_key;
    sim_time stale;
    const struct dist *ttl, *size;
    bool flights;
    double cost; /* ns */
};

struct cache_plan {
    uint32_t service;
    int method;
    uint32_t sets;
    uint16_t full_cause;
};

static bool may_refuse(const struct store_part *store)
{
    bool limited = store->bytes != UNLIMITED || store->items != UNLIMITED;
    return limited && (store->eviction == EVICT_NEVER ||
                       store->eviction >= EVICT_VOLATILE_LRU);
}

static uint32_t find_cache(struct compiler *c, const struct place *place, uint32_t at,
                           int method)
{
    for (uint32_t i = 0; i < c->cache.count; i++) {
        const struct cache_plan *plan = VECTOR_AT(&c->cache, struct cache_plan, i);
        if (plan->service != place->index)
            continue;
        if (plan->method != method)
            complain(c->out, at, "method",
                     "must be the same wherever %s is used: its entries compete",
                     place->name);
        return i;
    }
    struct cache_plan plan = {.service = place->index, .method = method};
    if (may_refuse(&place->part.server.store))
        plan.full_cause = compile_cause(
            c, arena_format(c->arena, "%s: out of memory, write refused", place->name),
            STATUS_500, (int)c->model->service[place->index].station);
    *VECTOR_ADD(&c->cache, c->arena, struct cache_plan) = plan;
    return c->cache.count - 1;
}

static struct set_plan *find_set(struct compiler *c, uint32_t cache, const char *name,
                                 uint32_t at)
{
    for (uint32_t i = 0; i < c->cache_set.count; i++) {
        struct set_plan *set = VECTOR_AT(&c->cache_set, struct set_plan, i);
        if (set->cache == cache &&
            (name ? set->name && strcmp(set->name, name) == 0
                  : !set->name && set->at == at))
            return set;
    }
    struct cache_plan *plan = VECTOR_AT(&c->cache, struct cache_plan, cache);
    struct set_plan *set = VECTOR_ADD(&c->cache_set, c->arena, struct set_plan);
    *set = (struct set_plan){
        .cache = cache, .name = name, .at = at, .number = plan->sets++};
    set->size_key = compile_key(
        c, arena_format(c->arena, "size:%s.%u", c->model->service[plan->service].name,
                        set->number));
    return set;
}

/* ---- one place that looks into a cache ------------------------------------------- */

/* What a look-up is compiled from: a step, or an edge. */
struct looker {
    const struct cache_rules *rules;
    const struct cache_step *step; /* NULL: an edge */
    struct place *place;
    const char *set;
    uint32_t at, use;
    double hit;
};

static const struct workload *workload_of(const struct compiler *c)
{
    const struct workload *w = c->model->workload;
    while (c->type < w->first_type || c->type >= w->first_type + w->types)
        w++;
    return w;
}

static bool choose_keys(struct compiler *c, struct frame *f, const struct looker *l,
                        struct cache_use *use)
{
    const struct workload *w = workload_of(c);
    const struct keys_conf *keys = l->rules->keys ? l->rules->keys : w->conf->keys;
    if (!keys) {
        complain(c->out, l->at, NULL,
                 "must have \"hit\", a share of look-ups, or \"keys\", here or on "
                 "workload %s",
                 w->name);
        return false;
    }
    use->keys = (uint64_t)keys->count;
    use->zipf = compile_zipf(c, keys);
    use->key_key = l->rules->keys ? frame_key(c, f, "key") : w->key_key;
    return true;
}

static void check_store(struct compiler *c, const struct looker *l)
{
    const struct store_part *store = &l->place->part.server.store;
    if (!store->present)
        complain(c->out, l->at, l->step ? "cache" : NULL,
                 "must be a redis, a memcached or a cache, or \"hit\" must say the "
                 "share of hits: %s is of kind %s",
                 l->place->name, l->place->kind->row.key);
    else if (store->bytes != UNLIMITED && !l->rules->size)
        complain(c->out, l->at, "size",
                 "must be given: the memory of %s is limited, and how many entries "
                 "fit depends on it",
                 l->place->name);
}

static void check_fixed(struct compiler *c, const struct looker *l)
{
    const struct cache_rules *r = l->rules;
    const char *key = r->keys            ? "keys"
                      : r->ttl           ? "ttl"
                      : r->size          ? "size"
                      : r->single_flight ? "single_flight"
                      : r->stale         ? "stale_while_revalidate"
                      : r->early_refresh > 0 ? "early_refresh"
                                             : NULL;
    if (key)
        complain(c->out, l->at, key,
                 "must not go with \"hit\": a fixed share knows no keys");
}

/* The use, counted in this pass whether or not its keys are followed. */
static bool add_use(struct compiler *c, struct frame *f, struct looker *l)
{
    const struct cache_rules *r = l->rules;
    struct cache_use use = {.own = !l->step,
                            .by_turn = f->loops > 0,
                            .depth = f->lookups,
                            .ttl = r->ttl,
                            .size = r->size,
                            .single_flight = r->single_flight,
                            .early_refresh = r->early_refresh,
                            .stale = r->stale,
                            .wait_class = NONE,
                            .refresh = NONE,
                            .type = c->type,
                            .weight = c->weight};
    int before = c->out->count;
    check_store(c, l);
    compile_no_column(c, r->ttl);
    compile_no_column(c, r->size);
    if (f->lookups == MAX_LOOKUPS)
        complain(c->out, l->at, NULL, "must not stand in more than %d other look-ups",
                 MAX_LOOKUPS - 1);
    if (!choose_keys(c, f, l, &use) || c->out->count > before)
        return false;
    use.cache = find_cache(c, l->place, l->at, r->method);
    struct set_plan *set = find_set(c, use.cache, l->set, l->step ? l->at : 0);
    if (use.keys > set->keys)
        set->keys = use.keys;
    if (r->stale > set->stale)
        set->stale = r->stale;
    if (!set->ttl)
        set->ttl = r->ttl;
    if (!set->size)
        set->size = r->size;
    set->flights |= r->single_flight || r->stale > 0;
    use.set = set->number;
    use.size_key = set->size_key;
    use.ttl_key = frame_key(c, f, "ttl");
    use.early_key = frame_key(c, f, "early");
    if (r->single_flight) {
        use.wait_class = compile_timer(c, r->wait_timeout);
        use.wait_resource = compile_resource(
            c,
            frame_resource_name(c, f,
                                arena_format(c->arena, "waiting for a fill of %s",
                                             l->place->name)),
            RESOURCE_WAIT, (int)frame_station(c, f));
    }
    l->use = c->cache_use.count;
    l->hit = l->use < c->hits->uses ? c->hits->hit[l->use] : 0;
    *VECTOR_ADD(&c->cache_use, c->arena, struct cache_use) = use;
    return true;
}

/* A command to the cache; its site, or NONE after a complaint. */
static double compile_command(struct compiler *c, struct frame *f,
                              const struct looker *l, bool by_key)
{
    const struct cache_step *s = l->step;
    struct handler command =
        compile_pipeline(c, f, l->place, f->type, compile_child_path(c, f, f->type),
                         s->at, "cache", s->pipeline);
    struct caller caller = compile_caller(c, f);
    uint32_t number;
    command = compile_call(c, f, &caller, l->place, &command, &number);
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    if (l->place->part.server.max_connections != UNLIMITED)
        site->flags |= CALL_CONNECTS;
    if (by_key) {
        site->balance_key = l->use;
        site->balancer = compile_balancer(c, &caller, l->place, BALANCE_SHARD);
        site->noted = site->derive_entity |= f->loops > 0;
    }
    frame_emit(c, f, OP_CALL)->a = number;
    return command.mean;
}

/* ---- a fixed share of hits ------------------------------------------------------- */

static double compile_share(struct compiler *c, struct frame *f, const struct looker *l)
{
    const struct cache_step *s = l->step;
    uint32_t pad = f->pad, hit = frame_new_label(c), miss = frame_new_label(c),
             end = frame_new_label(c);
    double mean = 0;
    if (s && s->on_error == ON_ERROR_CONTINUE)
        f->pad = frame_pad(c, f, NULL, miss, true); /* what cannot be asked, missed */
    if (s)
        mean = compile_command(c, f, l, false);
    f->pad = pad;
    struct instr *i = frame_emit(c, f, OP_CHANCE);
    i->key = frame_key(c, f, "hit");
    i->p = l->hit;
    i->a = hit;
    frame_label(c, f, miss);
    if (s) {
        mean += compile_weighted(c, f, &s->miss, 1 - l->hit);
    } else {
        double weight = c->weight;
        c->weight *= 1 - l->hit;
        mean += (1 - l->hit) * compile_proxy(c, f);
        c->weight = weight;
    }
    frame_jump(c, f, end);
    frame_label(c, f, hit);
    if (s)
        mean += compile_weighted(c, f, &s->on_hit, l->hit);
    frame_label(c, f, end);
    return mean;
}

static struct set_plan *set_of(struct compiler *c, uint32_t number)
{
    const struct cache_use *use = VECTOR_AT(&c->cache_use, struct cache_use, number);
    for (uint32_t i = 0; i < c->cache_set.count; i++) {
        struct set_plan *set = VECTOR_AT(&c->cache_set, struct set_plan, i);
        if (set->cache == use->cache && set->number == use->set)
            return set;
    }
    return NULL;
}

/* ---- keys that are followed ------------------------------------------------------ */

/* Do the work and keep what comes of it; whoever waits for it is told either way. */
static double compile_refill(struct compiler *c, struct frame *f,
                             const struct looker *l, uint32_t end, double share)
{
    const struct cache_step *s = l->step;
    uint32_t pad = f->pad;
    double weight = c->weight, mean;
    c->weight *= share;
    f->lookups++;
    f->pad = frame_pad_drop(c, f, l->use, pad, false);
    mean = s ? compile_steps(c, f, &s->miss) : compile_proxy(c, f);
    set_of(c, l->use)->cost = mean * 1e9;
    struct instr *keep = frame_emit(c, f, OP_KEEP);
    keep->a = end;
    keep->b = l->use;
    if (s && s->on_error == ON_ERROR_CONTINUE)
        f->pad = frame_pad_drop(c, f, l->use, end, true);
    if (s)
        mean += compile_command(c, f, l, true);
    struct instr *fill = frame_emit(c, f, OP_FILL);
    uint32_t cache = VECTOR_AT(&c->cache_use, struct cache_use, l->use)->cache;
    fill->b = l->use;
    fill->status = STATUS_500;
    fill->cause = VECTOR_AT(&c->cache, struct cache_plan, cache)->full_cause;
    f->pad = pad;
    f->lookups--;
    c->weight = weight;
    return mean;
}

static void compile_refresh(struct compiler *c, struct frame *f, const struct looker *l)
{
    uint32_t label = frame_new_label(c), end = frame_new_label(c);
    struct block block;
    VECTOR_AT(&c->cache_use, struct cache_use, l->use)->refresh = label;
    compile_open_block(c, f, label, &block);
    f->lookups = block.lookups;
    compile_refill(c, f, l, end, 0); /* its share is counted with the misses' */
    frame_label(c, f, end);
    compile_close_block(c, f, &block);
}

static double compile_followed(struct compiler *c, struct frame *f,
                               const struct looker *l)
{
    const struct cache_step *s = l->step;
    uint32_t pad = f->pad, hit = frame_new_label(c), miss = frame_new_label(c),
             down = frame_new_label(c), end = frame_new_label(c);
    bool go_on = s && s->on_error == ON_ERROR_CONTINUE;
    double mean = 0;
    if (go_on)
        f->pad = frame_pad(c, f, NULL, down, true);
    if (s)
        mean = compile_command(c, f, l, true);
    f->pad = pad;
    struct instr *look = frame_emit(c, f, OP_LOOKUP);
    look->a = hit;
    look->b = l->use;
    frame_label(c, f, miss);
    mean += (1 - l->hit) * compile_refill(c, f, l, end, 1 - l->hit);
    frame_jump(c, f, end);
    if (go_on) {
        frame_label(c, f, down);
        frame_emit(c, f, OP_BYPASS)->b = l->use;
        frame_jump(c, f, miss);
    }
    if (l->rules->stale > 0)
        compile_refresh(c, f, l);
    frame_label(c, f, hit);
    if (s)
        mean += compile_weighted(c, f, &s->on_hit, l->hit);
    frame_label(c, f, end);
    f->draws = true;
    return mean;
}

static double compile_look(struct compiler *c, struct frame *f, struct looker *l)
{
    if (l->rules->hit >= 0) {
        l->hit = l->rules->hit;
        check_fixed(c, l);
        return compile_share(c, f, l);
    }
    if (!add_use(c, f, l))
        return 0;
    return l->rules->method == METHOD_CHE ? compile_share(c, f, l)
                                          : compile_followed(c, f, l);
}

double compile_cache(struct compiler *c, struct frame *f, const struct cache_step *s)
{
    struct looker l = {.rules = &s->rules, .step = s, .set = s->set, .at = s->at};
    l.place = compile_find_server(c, s->at, "cache", s->service);
    if (l.place && l.place->part.server.duty == DUTY_EDGE) {
        complain(c->out, s->at, "cache",
                 "must be a cache that is asked; %s passes requests on by itself, "
                 "\"call\" it",
                 s->service);
        return 0;
    }
    return l.place ? compile_look(c, f, &l) : 0;
}

double compile_edge(struct compiler *c, struct frame *f)
{
    const struct server_part *part = &f->place->part.server;
    struct looker l = {
        .rules = part->rules, .place = f->place, .set = f->type, .at = f->place->at};
    double mean = 0;
    if (part->handlers->time)
        mean = compile_delay(c, f, part->handlers->time, "working");
    return mean + compile_look(c, f, &l);
}

/* ---- what follows when all is known ---------------------------------------------- */

/* Look-ups per second of a use, in the whole cache; closed workloads are taken to be
 * answered as fast as when nobody else is there. */
static double use_rate(const struct compiler *c, const struct cache_use *use)
{
    const struct model *m = c->model;
    const struct type_facts *type = &m->facts.type[use->type];
    const struct workload_facts *w = &m->facts.workload[type->workload_index];
    double rate = w->rate;
    if (w->form == WORKLOAD_CLOSED) {
        double cycle = w->think;
        for (int t = 0; t < m->facts.types; t++)
            if (m->facts.type[t].workload_index == type->workload_index)
                cycle += m->facts.type[t].share * m->alone[t];
        rate = w->users / fmax(cycle, 1e-9);
    }
    return (rate > 0 ? rate : 1) * type->share * use->weight;
}

/* What is asked for in each set. */
static struct che_set *gather(struct compiler *c, uint32_t cache, double instances,
                              bool bytes)
{
    const struct cache_plan *plan = VECTOR_AT(&c->cache, struct cache_plan, cache);
    struct che_set *set = arena_many(c->arena, plan->sets, struct che_set);
    for (uint32_t i = 0; i < c->cache_set.count; i++) {
        const struct set_plan *s = VECTOR_AT(&c->cache_set, struct set_plan, i);
        if (s->cache != cache)
            continue;
        struct che_stream *stream =
            arena_many(c->arena, c->cache_use.count, struct che_stream);
        int streams = 0;
        for (uint32_t u = 0; u < c->cache_use.count; u++) {
            const struct cache_use *use = VECTOR_AT(&c->cache_use, struct cache_use, u);
            if (use->cache == cache && use->set == s->number)
                stream[streams++] = (struct che_stream){
                    use->zipf, use->keys, use_rate(c, use) / instances};
        }
        set[s->number] =
            (struct che_set){.stream = stream,
                             .streams = streams,
                             .size = bytes && s->size ? s->size->mean : 1,
                             .ttl = s->ttl ? s->ttl->mean * 1e-9 : INFINITY};
    }
    return set;
}

/* How long an entry stays without being used, by whatever runs out first. */
static double unused_time(struct compiler *c, uint32_t cache, const struct service *s,
                          bool sharded)
{
    const struct cache_plan *plan = VECTOR_AT(&c->cache, struct cache_plan, cache);
    const struct store_part *store = &s->part.store;
    double stores = sharded ? s->instances : 1, sharers = sharded ? 1 : s->instances;
    bool any = store->eviction == EVICT_RANDOM;
    double time = INFINITY;
    if (store->items != UNLIMITED)
        time = che_time(gather(c, cache, sharers, false), (int)plan->sets,
                        (double)store->items * stores, any);
    if (store->bytes != UNLIMITED)
        time = fmin(time, che_time(gather(c, cache, sharers, true), (int)plan->sets,
                                   (double)store->bytes * stores, any));
    return time;
}

static void describe_sets(struct compiler *c, uint32_t number, struct cache *cache,
                          uint32_t sets)
{
    struct store_set *set = arena_many(c->arena, sets, struct store_set);
    const struct dist **ttl = arena_many(c->arena, sets, const struct dist *);
    const struct dist **size = arena_many(c->arena, sets, const struct dist *);
    uint64_t *size_key = arena_many(c->arena, sets, uint64_t);
    bool *flights = arena_many(c->arena, sets, bool);
    double *cost = arena_many(c->arena, sets, double);
    for (uint32_t i = 0; i < c->cache_set.count; i++) {
        const struct set_plan *s = VECTOR_AT(&c->cache_set, struct set_plan, i);
        if (s->cache != number)
            continue;
        set[s->number] = (struct store_set){s->keys, s->stale};
        ttl[s->number] = s->ttl;
        size[s->number] = s->size;
        size_key[s->number] = s->size_key;
        flights[s->number] = s->flights;
        cost[s->number] = s->cost;
    }
    cache->limits.set = set;
    cache->limits.sets = sets;
    cache->ttl = ttl;
    cache->size = size;
    cache->size_key = size_key;
    cache->flights = flights;
    cache->cost = cost;
}

static void tell_of(struct compiler *c, const struct service *s,
                    const struct cache_plan *plan, const struct cache *cache)
{
    const struct store_part *store = &s->part.store;
    if (plan->method == METHOD_KEYS && !store->cold_start)
        compile_assume(c, arena_format(c->arena,
                                       "%s holds at the start what it would after a "
                                       "long time (\"cold_start\" for an empty one)",
                                       s->name));
    if (plan->method == METHOD_CHE &&
        (store->cold_start || store->flush_at != SIM_NEVER))
        complain(c->out, compile_find(c, s->name)->at, NULL,
                 "must not be cold or flushed with \"method\": \"che\", which knows "
                 "the long run only");
    bool ends = false;
    for (uint32_t i = 0; i < plan->sets; i++)
        ends |= cache->ttl[i] != NULL;
    if (!ends && isinf(cache->time))
        compile_assume(c, arena_format(c->arena,
                                       "%s has room for all keys and none expires: "
                                       "everything is a hit in the end",
                                       s->name));
}

static void finish_cache(struct compiler *c, uint32_t number, struct cache *cache)
{
    const struct cache_plan *plan = VECTOR_AT(&c->cache, struct cache_plan, number);
    struct model *m = c->model;
    struct service *s = &m->service[plan->service];
    const struct store_part *store = &s->part.store;
    *cache = (struct cache){.service = plan->service,
                            .first = m->stores,
                            .sharded = s->part.duty != DUTY_EDGE,
                            .refuses = may_refuse(store),
                            .followed = plan->method == METHOD_KEYS,
                            .cold_start = store->cold_start,
                            .flush_at = store->flush_at};
    cache->limits = (struct store_limits){.eviction = store->eviction,
                                          .items = store->items,
                                          .bytes = store->bytes,
                                          .samples = store->samples};
    cache->evict_key = compile_key(c, arena_format(c->arena, "evict:%s", s->name));
    cache->start_key = compile_key(c, arena_format(c->arena, "cached:%s", s->name));
    cache->set = gather(c, number, cache->sharded ? 1 : s->instances, false);
    cache->time = unused_time(c, number, s, cache->sharded);
    describe_sets(c, number, cache, plan->sets);
    tell_of(c, s, plan, cache);
    if (cache->followed)
        m->stores += s->instances;
}

/* Hit ratios as they follow from this pass. */
static void revise_hits(struct compiler *c)
{
    struct hit_plan *hits = c->hits;
    uint32_t uses = c->cache_use.count;
    double *hit = arena_many(c->arena, uses + 1, double);
    double *asked = arena_many(c->arena, c->cache.count + 1, double);
    double *found = arena_many(c->arena, c->cache.count + 1, double);
    hits->settled = hits->uses == uses || uses == 0;
    for (uint32_t u = 0; u < uses; u++) {
        const struct cache_use *use = VECTOR_AT(&c->cache_use, struct cache_use, u);
        const struct cache *cache = &c->model->cache[use->cache];
        struct che_stream stream = {use->zipf, use->keys, 1};
        bool any = cache->limits.eviction == EVICT_RANDOM;
        double rate = use_rate(c, use);
        hit[u] = che_ratio(&cache->set[use->set], &stream, cache->time, any);
        asked[use->cache] += rate;
        found[use->cache] += rate * hit[u];
        hits->settled &= u < hits->uses && fabs(hit[u] - hits->hit[u]) < small_change;
    }
    for (uint32_t i = 0; i < c->cache.count; i++)
        if (asked[i] > 0)
            c->model->cache[i].expected = found[i] / asked[i];
    hits->hit = hit;
    hits->uses = uses;
}

void compile_finish_caches(struct compiler *c)
{
    struct model *m = c->model;
    m->caches = c->cache.count;
    m->cache = arena_many(c->arena, m->caches + 1, struct cache);
    m->cache_use = c->cache_use.items;
    for (uint32_t i = 0; i < m->caches; i++)
        finish_cache(c, i, &m->cache[i]);
    revise_hits(c);
}
