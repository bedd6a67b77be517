/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include <math.h>
#include <string.h>

/* ---- pools ----------------------------------------------------------------------- */

static bool has_clock(const struct pool_part *part)
{
    return part->growth == GROWTH_BACKGROUND || part->lifetime != SIM_NEVER ||
           part->idle_timeout != SIM_NEVER || part->sweep > 0;
}

static bool is_special(const struct pool_part *part)
{
    return part->by_thread || part->session || part->most_clients != UNLIMITED ||
           part->growth == GROWTH_BACKGROUND || part->pooler;
}

static bool tells_apart(const struct pool_part *part)
{
    return part->recycle != SIM_NEVER || part->session || part->pooler ||
           has_clock(part);
}

static const char *within(struct compiler *c, const char *name, sim_time time)
{
    if (time == 0)
        return arena_format(c->arena, "%s: no connection free", name);
    return arena_format(c->arena, "%s: no connection within %s", name,
                        compile_duration(c, time));
}

/* Who waits leaves to the instant or with the next sweep, after the shorter of two
 * times: a pooler's query timeout is for those who wait, too. */
static void set_patience(struct compiler *c, struct pool *pool)
{
    const struct pool_part *part = &pool->part;
    int station = (int)pool->station;
    sim_time patience = part->wait_timeout;
    pool->timeout_class = NONE;
    pool->patience = SIM_NEVER;
    if (part->pooler) {
        if (part->query_timeout < patience)
            patience = part->query_timeout;
        pool->patience = patience;
    } else if (patience > 0) {
        pool->timeout_class = compile_timer(c, patience);
    }
    if (patience != SIM_NEVER)
        pool->timeout_cause = compile_cause(c, within(c, pool->name, patience),
                                            part->timeout_status, station);
}

static void set_causes(struct compiler *c, struct pool *pool)
{
    const struct pool_part *part = &pool->part;
    int station = (int)pool->station;
    if (part->query_timeout != SIM_NEVER)
        pool->query_cause = compile_cause(
            c,
            arena_format(c->arena, "%s: query not done within %s", pool->name,
                         compile_duration(c, part->query_timeout)),
            STATUS_500, station);
    if (part->pooler)
        pool->failing_cause = compile_cause(
            c, arena_format(c->arena, "%s: server login has been failing", pool->name),
            STATUS_500, station);
    if (part->most_clients != UNLIMITED)
        pool->clients_cause = compile_cause(
            c, arena_format(c->arena, "%s: no more client connections", pool->name),
            STATUS_500, station);
}

void compile_pool(struct compiler *c, const struct place *p, uint32_t station)
{
    struct pool *pool = &c->model->pool[p->index];
    const struct pool_part *part = &p->part.pool;
    *pool = (struct pool){
        .name = p->name,
        .part = *part,
        .station = station,
        .database = NONE,
        .behind = NONE,
        .limit = part->size == UNLIMITED ? UNLIMITED : part->size + part->overflow,
        .special = is_special(part),
        .records = tells_apart(part),
        .clocked = has_clock(part),
        .key = compile_key(c, arena_format(c->arena, "pool:%s", p->name)),
    };
    pool->wait_resource = compile_resource(
        c,
        arena_format(c->arena, "%s: waiting for a %s", p->name,
                     part->unit_name ? part->unit_name : "connection"),
        RESOURCE_WAIT, (int)station);
    set_patience(c, pool);
    set_causes(c, pool);
    if (!part->server)
        return;
    const struct place *server = compile_find(c, part->server);
    if (!server)
        compile_no_such(c, p->at, "server", "", PART_SERVER, part->server);
    else if (server->kind->sort == PART_SERVER)
        pool->database = server->index;
    else
        pool->behind = server->index;
}

/* What it takes to open a connection: as the pool says, or as the database does, and a
 * round trip on the network. A pooler's clients are taken at once. */
static void set_connect(struct compiler *c, struct pool *pool)
{
    pool->connect = 0;
    if (pool->database != NONE)
        for (int i = 0; i < c->places; i++)
            if (c->place[i].common && c->place[i].index == pool->database)
                pool->connect = c->model->service[pool->database].part.connect +
                                2 * c->place[i].common->latency;
    if (pool->part.connect != SIM_NEVER)
        pool->connect = pool->part.connect;
}

/* Causes and resources that only some pools have, once it is known where they lead. */
static void finish_pool(struct compiler *c, struct pool *pool)
{
    struct model *m = c->model;
    const struct pool *behind = pool->behind == NONE ? NULL : &m->pool[pool->behind];
    set_connect(c, pool);
    if (pool->connect > 0 && pool->part.growth == GROWTH_CALLER)
        pool->connect_resource =
            compile_resource(c, arena_format(c->arena, "%s: connecting", pool->name),
                             RESOURCE_SERVICE, (int)pool->station);
    if (behind)
        pool->records |= behind->part.session || behind->part.copies > 1;
    pool->plain = !pool->special && !pool->records && !pool->clocked;
    for (uint32_t i = 0; i < m->pools; i++)
        pool->counted |=
            pool->part.pooler && (m->pool[i].part.most_database != UNLIMITED ||
                                  m->pool[i].part.most_user != UNLIMITED);
}

/* So many states of this pool does one calling service need. */
static uint32_t states_of(const struct pool_use *use, const struct pool *pool,
                          const struct service *caller)
{
    switch (use->scope) {
    case SCOPE_GLOBAL:
        return (uint32_t)pool->part.copies;
    case SCOPE_INSTANCE:
        return caller->instances;
    case SCOPE_PROCESS:
        return caller->instances * caller->processes;
    }
    return 1;
}

void compile_pool_states(struct compiler *c)
{
    struct model *m = c->model;
    for (uint32_t p = 0; p < m->pools; p++) {
        struct pool *pool = &m->pool[p];
        pool->first = m->pool_states;
        for (uint32_t i = 0; i < c->pool_use.count; i++) {
            struct pool_use *use = VECTOR_AT(&c->pool_use, struct pool_use, i);
            if (use->pool != p)
                continue;
            const struct service *caller = &m->service[use->caller_first_instance];
            bool shared = use->scope == SCOPE_GLOBAL;
            use->first = shared ? pool->first : m->pool_states;
            use->processes = use->scope == SCOPE_PROCESS ? caller->processes : 1;
            use->caller_first_instance = caller->first_instance;
            if (!shared || pool->count == 0) {
                uint32_t states = states_of(use, pool, caller);
                pool->count += states;
                m->pool_states += states;
            }
        }
        if (pool->count == 0) /* one that nobody uses is there nevertheless */
            m->pool_states += pool->count = (uint32_t)pool->part.copies;
    }
    for (uint32_t p = 0; p < m->pools; p++)
        finish_pool(c, &m->pool[p]);
}

/* ---- taking and giving back ------------------------------------------------------ */

static struct place *find_pool(struct compiler *c, uint32_t at, const char *key,
                               const char *name)
{
    struct place *place = compile_find(c, name);
    if (place && place->kind->sort == PART_POOL)
        return place;
    if (place)
        complain(c->out, at, key, "must be a pool, \"%s\" is of kind %s", name,
                 place->kind->row.key);
    else
        compile_no_such(c, at, key, "", PART_POOL, name);
    return NULL;
}

static uint32_t pool_use(struct compiler *c, const struct frame *f,
                         const struct place *pool)
{
    for (uint32_t i = 0; i < c->pool_use.count; i++) {
        struct pool_use *use = VECTOR_AT(&c->pool_use, struct pool_use, i);
        if (use->pool == pool->index && use->caller_first_instance == f->place->index)
            return i;
    }
    /* the caller's number until frame_finish knows its instances */
    *VECTOR_ADD(&c->pool_use, c->arena, struct pool_use) =
        (struct pool_use){.pool = pool->index,
                          .scope = pool->part.pool.scope,
                          .caller_first_instance = f->place->index};
    return c->pool_use.count - 1;
}

/* The held connection that leads to this pool: the task is its client by that one. */
static uint32_t client_for(const struct compiler *c, const struct frame *f,
                           const struct place *pool)
{
    for (uint32_t i = f->holding.count; i-- > 0;) {
        const struct holding *h = VECTOR_AT(&f->holding, struct holding, i);
        if (c->model->pool[h->pool].behind == pool->index)
            return h->number + 1;
    }
    return HOLD_NO_CLIENT;
}

/* One that stays: the same for every use of the pool in this task. */
static struct holding keep(struct compiler *c, struct frame *f, struct holding h)
{
    for (uint32_t i = 0; i < f->kept.count; i++) {
        struct holding *kept = VECTOR_AT(&f->kept, struct holding, i);
        if (kept->use == h.use)
            return *kept;
    }
    h.number = MAX_HELD - 1 - f->kept.count;
    h.flags = HOLD_TO_END;
    *VECTOR_ADD(&f->kept, c->arena, struct holding) = h;
    return h;
}

/* What is held while a step goes on: undone in release. */
struct grip {
    struct holding held;
    uint32_t outer_pad;
    double weight;
};

static struct grip acquire(struct compiler *c, struct frame *f,
                           const struct place *pool)
{
    struct grip grip = {.outer_pad = f->pad, .weight = c->weight};
    grip.held = (struct holding){.use = pool_use(c, f, pool),
                                 .number = f->held,
                                 .client = client_for(c, f, pool),
                                 .pool = pool->index};
    if (pool->part.pool.by_thread)
        grip.held = keep(c, f, grip.held);
    if (f->held + f->kept.count > MAX_HELD || f->held == MAX_HELD)
        complain(c->out, pool->at, NULL,
                 "must not be the %dth connection that a request holds at a time",
                 MAX_HELD + 1);
    frame_emit_held(c, f, OP_ACQUIRE, &grip.held);
    *VECTOR_ADD(&f->holding, c->arena, struct holding) = grip.held;
    if (!pool->part.pool.by_thread) {
        f->pad = frame_pad(c, f, &grip.held, f->pad, false);
        f->held++;
    }
    compile_demand(c, c->model->pool[pool->index].station)->visits += c->weight;
    return grip;
}

/* A time that is always the same: it draws nothing, so it shifts nobody's draws. */
static double emit_pause(struct compiler *c, struct frame *f, sim_time time,
                         const char *name, const char *what, uint32_t station)
{
    if (time == 0)
        return 0;
    struct instr *i = frame_emit(c, f, compile_pause(c, f));
    i->dist = dist_constant(c->arena, (double)time);
    i->resource = compile_resource(c, arena_format(c->arena, "%s: %s", name, what),
                                   RESOURCE_SERVICE, (int)station);
    return sim_seconds(time);
}

/* After steps of `mean` s: give it back. How long it has been held. */
static double release(struct compiler *c, struct frame *f, const struct grip *grip,
                      double mean)
{
    const struct pool *pool = &c->model->pool[grip->held.pool];
    mean += emit_pause(c, f, pool->part.overhead, pool->name, "handing over",
                       pool->station);
    if (!pool->part.by_thread) {
        frame_emit_held(c, f, OP_RELEASE, &grip->held);
        f->held = grip->held.number;
    }
    f->pad = grip->outer_pad;
    f->holding.count--;
    compile_demand(c, pool->station)->hold += grip->weight * mean;
    return mean;
}

void compile_task_end(struct compiler *c, struct frame *f, uint32_t entry,
                      uint32_t start)
{
    for (uint32_t i = f->kept.count; i-- > 0;)
        frame_emit_held(c, f, OP_RELEASE, VECTOR_AT(&f->kept, struct holding, i));
    uint32_t bare = frame_new_label(c);
    frame_label(c, f, bare);
    frame_emit(c, f, OP_END);
    if (f->kept.count == 0) {
        frame_label_at(c, f, entry, start);
        return;
    }
    /* the beginning stands at the end, so that nobody's draws have another address */
    uint32_t body = frame_new_label(c);
    frame_label_at(c, f, body, start);
    frame_label(c, f, entry);
    f->pad = bare; /* who is killed before this has nothing to give back */
    frame_emit(c, f, OP_KEEP_NONE);
    frame_jump(c, f, body);
}

/* ---- queries --------------------------------------------------------------------- */

/* I/O that queries are spared whose pages are in memory. */
static double compile_io(struct compiler *c, struct frame *q, const struct dist *io,
                         double hit_ratio)
{
    uint32_t end = frame_new_label(c);
    if (hit_ratio > 0) {
        struct instr *i = frame_emit(c, q, OP_CHANCE);
        i->key = frame_key(c, q, "hit");
        i->p = hit_ratio;
        i->a = end;
    }
    double mean = (1 - hit_ratio) * compile_delay(c, q, io, "I/O");
    frame_label(c, q, end);
    return mean;
}

/* The program of one query on the database: connecting, if it must, CPU, then I/O. */
static struct handler query_handler(struct compiler *c, const struct frame *f,
                                    struct place *database, const struct query_step *s,
                                    bool connects)
{
    struct frame q = {.caller = f,
                      .place = database,
                      .type = f->type,
                      .path = compile_child_path(c, f, "query")};
    const struct server_part *part = &database->part.server;
    uint32_t station = c->model->service[database->index].station,
             body = frame_new_label(c);
    sim_time connect = connects ? part->connect + 2 * database->common->latency : 0;
    q.pad = frame_new_label(c);
    struct handler h = {.entry = frame_new_label(c), .draws = true};
    frame_label(c, &q, body);
    if (s->time)
        h.mean += compile_work(c, &q, s->time);
    if (s->io)
        h.mean += compile_io(c, &q, s->io, part->hit_ratio);
    h.mean +=
        emit_pause(c, &q, part->query_overhead, database->name, "overhead", station);
    frame_label(c, &q, q.pad);
    frame_emit(c, &q, OP_END);
    if (connect > 0) {
        frame_label(c, &q, h.entry);
        h.mean += emit_pause(c, &q, connect, database->name, "connecting", station);
        frame_jump(c, &q, body);
    } else {
        frame_label_at(c, &q, h.entry, 0);
    }
    frame_close(c, &q);
    struct demand *d = compile_demand(c, station);
    d->visits += c->weight;
    d->hold += c->weight * h.mean;
    return h;
}

static int via_names(const struct query_step *s, const char *const **names)
{
    if (!s->via.row)
        return 0;
    if (s->via.which == 0) {
        *names = s->via.body;
        return 1;
    }
    const struct param_list *list = s->via.body;
    *names = list->items;
    return list->count;
}

/* A pool without a `server` belongs to the database it is used for. */
static void check_last_pool(struct compiler *c, const struct query_step *s,
                            const struct place *pool, const struct place *database)
{
    const char *server = pool->part.pool.server;
    struct pool *used = &c->model->pool[pool->index];
    if (used->behind != NONE)
        server = c->model->pool[used->behind].name;
    else if (!server && used->database == NONE)
        used->database = database->index;
    else if (!server && used->database != database->index)
        server = c->model->service[used->database].name;
    if (server && strcmp(server, s->database) != 0)
        complain(c->out, s->at, "via", "must end at %s: \"%s\" leads to %s",
                 s->database, pool->name, server);
}

/* A pool in front of another one leads there, whatever database it names. */
static void check_next_pool(struct compiler *c, const struct query_step *s,
                            const struct place *pool, const struct place *next)
{
    struct pool *used = &c->model->pool[pool->index];
    const char *server = pool->part.pool.server;
    if (used->behind == NONE && (!server || strcmp(server, s->database) == 0)) {
        used->behind = next->index;
        used->database = NONE;
    }
    if (used->behind != next->index)
        complain(c->out, s->at, "via", "must go on to %s: \"%s\" leads there",
                 used->behind == NONE ? server : c->model->pool[used->behind].name,
                 pool->name);
}

/* Is there a connection around the step that leads to the database? */
static bool holds_connection(const struct compiler *c, const struct frame *f,
                             const struct place *database)
{
    for (uint32_t i = 0; i < f->holding.count; i++) {
        const struct holding *h = VECTOR_AT(&f->holding, struct holding, i);
        const struct pool *pool = &c->model->pool[h->pool];
        if (pool->part.server && pool->database == database->index)
            return true;
    }
    return false;
}

/* Guards around all of it, waiting for a connection included; their set, or NONE. */
static uint32_t guard_query(struct compiler *c, struct frame *f,
                            const struct query_step *s)
{
    if (s->guards.count == 0)
        return NONE;
    const char *name =
        arena_format(c->arena, "%s: query on %s", f->place->name, s->database);
    uint32_t set = compile_call_guards(c, &s->guards, f->place->index, name);
    compile_guard_uses(c, &s->guards, &c->model->service[f->place->index], name);
    frame_emit(c, f, OP_GUARD_IN)->b = set;
    f->pad = frame_pad_guard(c, f, set, f->pad);
    return set;
}

double compile_query(struct compiler *c, struct frame *f, const struct query_step *s)
{
    enum { MOST_POOLS = 8 };
    struct place *database = compile_find_server(c, s->at, "query", s->database);
    const char *const *names = NULL;
    int pools = via_names(s, &names);
    struct place *pool[MOST_POOLS];
    struct grip grip[MOST_POOLS];
    uint32_t pad = f->pad, after = frame_new_label(c);
    if (!database)
        return 0;
    if (database->part.server.duty != DUTY_DATABASE) {
        complain(c->out, s->at, "query", "must be a database, %s is of kind %s",
                 s->database, database->kind->row.key);
        return 0;
    }
    if (!s->time && !s->io)
        complain(c->out, s->at, NULL,
                 "must have \"time\" or \"io\": how long the query takes");
    if (pools > MOST_POOLS) {
        complain(c->out, s->at, "via", "must name at most %d pools, names %d",
                 MOST_POOLS, pools);
        return 0;
    }
    if (s->on_error == ON_ERROR_CONTINUE)
        f->pad = frame_pad(c, f, NULL, after, true);
    uint32_t guards = guard_query(c, f, s);
    bool connects = pools == 0 && !holds_connection(c, f, database);
    for (int i = 0; i < pools; i++) {
        pool[i] = find_pool(c, s->at, "via", names[i]);
        if (!pool[i])
            return 0;
        if (i > 0)
            check_next_pool(c, s, pool[i - 1], pool[i]);
        if (i == pools - 1)
            check_last_pool(c, s, pool[i], database);
        grip[i] = acquire(c, f, pool[i]);
    }
    struct handler query = query_handler(c, f, database, s, connects);
    struct caller caller = compile_caller(c, f);
    uint32_t number;
    query = compile_call(c, f, &caller, database, &query, &number);
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    site->flags |= connects ? CALL_CONNECTS : 0;
    site->admin = s->admin;
    compile_timeout(
        c, site, s->timeout, STATUS_500,
        arena_format(c->arena, "%s: query on %s not done", f->place->name, s->database),
        (int)frame_station(c, f));
    frame_emit(c, f, OP_CALL)->a = number;
    f->draws = true;
    double mean = query.mean;
    for (int i = pools; i-- > 0;)
        mean = release(c, f, &grip[i], mean);
    if (guards != NONE)
        frame_emit(c, f, OP_GUARD_OUT)->b = guards;
    f->pad = pad;
    frame_label(c, f, after);
    return mean;
}

double compile_hold(struct compiler *c, struct frame *f, const struct hold_step *s)
{
    struct place *pool = find_pool(c, s->at, "hold", s->pool);
    uint32_t pad = f->pad, after = frame_new_label(c);
    if (!pool)
        return compile_steps(c, f, &s->steps);
    if (pool->part.pool.statements)
        complain(c->out, s->at, "hold",
                 "must not be in statement mode: \"%s\" refuses transactions of more "
                 "than one statement",
                 s->pool);
    if (s->on_error == ON_ERROR_CONTINUE)
        f->pad = frame_pad(c, f, NULL, after, true);
    struct grip grip = acquire(c, f, pool);
    double mean = compile_steps(c, f, &s->steps);
    mean = release(c, f, &grip, mean);
    f->pad = pad;
    frame_label(c, f, after);
    return mean;
}
