/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include "sim/check.h"

#include <math.h>
#include <string.h>

static double seconds_of(const struct dist *dist)
{
    return dist ? dist->mean * 1e-9 : 0;
}

/* ---- labels and code ------------------------------------------------------------- */

void *vector_add(struct vector *v, struct arena *arena, size_t size)
{
    if (v->count == v->room) {
        uint32_t room = v->room ? 2 * v->room : 16;
        void *items = arena_array(arena, room, size);
        if (v->count)
            memcpy(items, v->items, v->count * size);
        v->items = items;
        v->room = room;
    }
    return (char *)v->items + size * v->count++;
}

uint32_t compile_label(struct compiler *c)
{
    *VECTOR_ADD(&c->label, c->arena, uint32_t) = NONE;
    return c->label.count - 1;
}

/* The label stands for the next instruction of the frame. */
static void place_label(struct compiler *c, struct frame *f, uint32_t label)
{
    *VECTOR_AT(&c->label, uint32_t, label) = f->code.count;
    *VECTOR_ADD(&f->labels, c->arena, uint32_t) = label;
}

static struct instr *emit(struct compiler *c, struct frame *f, enum op op)
{
    struct instr *i = VECTOR_ADD(&f->code, c->arena, struct instr);
    *i = (struct instr){.op = (uint8_t)op, .on_error = f->pad, .a = NONE};
    return i;
}

static void emit_jump(struct compiler *c, struct frame *f, uint32_t label)
{
    emit(c, f, OP_JUMP)->a = label;
}

/* Where an error goes: give back a connection or not, then on to `next`, with the error
 * or, when it is to be ignored, without. Pads stand after the handler's own code. */
struct pad {
    uint32_t label, pool_use, held, next;
    bool clear;
};

static uint32_t add_pad(struct compiler *c, struct frame *f, uint32_t pool_use,
                        uint32_t next, bool clear)
{
    uint32_t label = compile_label(c);
    *VECTOR_ADD(&f->pads, c->arena, struct pad) =
        (struct pad){label, pool_use, f->held, next, clear};
    return label;
}

static void emit_held(struct compiler *c, struct frame *f, enum op op, uint32_t use,
                      uint32_t number)
{
    struct instr *i = emit(c, f, op);
    i->a = use;
    i->b = number;
}

static void emit_pads(struct compiler *c, struct frame *f)
{
    for (uint32_t i = 0; i < f->pads.count; i++) {
        struct pad pad = *VECTOR_AT(&f->pads, struct pad, i);
        place_label(c, f, pad.label);
        f->pad = pad.next;
        if (pad.pool_use != NONE)
            emit_held(c, f, OP_RELEASE, pad.pool_use, pad.held);
        emit(c, f, pad.clear ? OP_CLEAR : OP_JUMP)->a = pad.next;
    }
}

/* Append a finished frame to the code: from here on its labels are program counters. */
static void place_frame(struct compiler *c, struct frame *f)
{
    uint32_t base = c->code.count;
    emit_pads(c, f);
    for (uint32_t i = 0; i < f->code.count; i++)
        *VECTOR_ADD(&c->code, c->arena, struct instr) =
            *VECTOR_AT(&f->code, struct instr, i);
    for (uint32_t i = 0; i < f->labels.count; i++)
        *VECTOR_AT(&c->label, uint32_t, *VECTOR_AT(&f->labels, uint32_t, i)) += base;
    if (c->code.count > CODE_LIMIT)
        c->overflowed = true;
}

/* ---- draws ----------------------------------------------------------------------- */

static uint64_t step_key(struct compiler *c, struct frame *f, const char *what)
{
    f->draws = true;
    return compile_key(
        c, arena_format(c->arena, "%s/%u.%s", f->path, f->code.count, what));
}

static void set_draw(struct compiler *c, struct frame *f, struct instr *i,
                     const char *what, const struct dist *dist)
{
    i->dist = dist;
    i->key = step_key(c, f, what);
}

static const char *service_resource(struct compiler *c, const struct frame *f,
                                    const char *what)
{
    return arena_format(c->arena, "%s: %s", f->place->name, what);
}

static uint32_t station_of(const struct compiler *c, const struct frame *f)
{
    return c->model->service[f->place->index].station;
}

static uint16_t delay_resource(struct compiler *c, struct frame *f, const char *what)
{
    return compile_resource(c, service_resource(c, f, what), RESOURCE_SERVICE,
                            (int)station_of(c, f));
}

/* ---- steps ----------------------------------------------------------------------- */

/* Each returns the mean duration in s when nobody else is there. */
static double compile_steps(struct compiler *c, struct frame *f,
                            const struct param_list *steps);

static double emit_delay(struct compiler *c, struct frame *f, const struct dist *dist,
                         const char *resource)
{
    struct instr *i = emit(c, f, OP_DELAY);
    set_draw(c, f, i, "wait", dist);
    i->resource = delay_resource(c, f, resource);
    return seconds_of(dist);
}

/* Who wants CPU waits for a core, or for his turn in the process. Where there are fewer
 * cores than processes it may be either, and the wait is not told apart. */
static const char *name_of_wait(const struct service *s)
{
    bool either = s->processes > s->cores;
    if (s->part.discipline == DISCIPLINE_SHARING || s->slots == 1)
        return "waiting for CPU";
    if (s->part.discipline == DISCIPLINE_LOOP)
        return either ? "waiting for CPU or the event loop"
                      : "waiting for the event loop";
    return either ? "waiting for CPU or the lock (GIL)" : "waiting for the lock (GIL)";
}

static double emit_cpu(struct compiler *c, struct frame *f, const struct dist *dist)
{
    struct instr *i = emit(c, f, OP_CPU);
    set_draw(c, f, i, "cpu", dist);
    int station = (int)station_of(c, f);
    i->resource = compile_resource(c, service_resource(c, f, "working (CPU)"),
                                   RESOURCE_SERVICE, station);
    const char *wait = name_of_wait(&c->model->service[f->place->index]);
    i->cause =
        compile_resource(c, service_resource(c, f, wait), RESOURCE_WAIT, station);
    compile_demand(c, station_of(c, f))->cpu += c->weight * seconds_of(dist);
    return seconds_of(dist);
}

static double emit_call(struct compiler *c, struct frame *f, uint32_t site, bool go_on,
                        double mean)
{
    uint32_t pad = f->pad, after = compile_label(c);
    if (go_on)
        f->pad = add_pad(c, f, NONE, after, true);
    emit(c, f, OP_CALL)->a = site;
    f->pad = pad;
    place_label(c, f, after);
    return mean;
}

static void set_timeout(struct compiler *c, struct call_site *site, sim_time timeout,
                        enum status status, const char *cause, int station)
{
    site->timeout_class = compile_timer(c, timeout);
    site->timeout_status = (uint8_t)status;
    if (site->timeout_class != NONE)
        site->timeout_cause = compile_cause(
            c,
            arena_format(c->arena, "%s within %s", cause, compile_duration(c, timeout)),
            status, station);
}

/* The place of the call is enough: were the callee's name in it, a proxy in between
 * would change what everybody behind it draws. */
static const char *child_path(struct compiler *c, const struct frame *f,
                              const char *type)
{
    return arena_format(c->arena, "%s/%u>%s", f->path, f->code.count, type);
}

static struct caller caller_of(const struct compiler *c, const struct frame *f)
{
    const struct service *s = &c->model->service[f->place->index];
    return (struct caller){
        .name = f->place->name,
        .instances = s->instances,
        .service = f->place->index,
        .path = arena_format(c->arena, "%s/%u", f->path, f->code.count)};
}

static struct place *find_server(struct compiler *c, uint32_t at, const char *key,
                                 const char *name)
{
    struct place *place = compile_find(c, name);
    if (!place)
        complain(c->out, at, key, "must be one of the services %s, is \"%s\"",
                 compile_names(c, PART_SERVER), name);
    else if (place->kind->sort == PART_POOL) {
        complain(c->out, at, key, "must be a service that answers, is the pool \"%s\"",
                 name);
        return NULL;
    }
    return place;
}

/* A call by name: the site's number, or NONE after a complaint. */
static struct handler call_named(struct compiler *c, struct frame *f, uint32_t at,
                                 const char *key, const char *name, const char *type,
                                 uint32_t *site)
{
    *site = NONE;
    struct place *callee = find_server(c, at, key, name);
    if (!callee)
        return (struct handler){0};
    struct handler handler =
        compile_handler(c, f, callee, type, child_path(c, f, type), at, key);
    struct caller caller = caller_of(c, f);
    return compile_call(c, f, &caller, callee, &handler, site);
}

static double compile_call_step(struct compiler *c, struct frame *f,
                                const struct call_step *s)
{
    uint32_t number;
    struct handler callee =
        call_named(c, f, s->at, "call", s->service, s->as ? s->as : f->type, &number);
    if (number == NONE)
        return 0;
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    set_timeout(
        c, site, s->timeout, STATUS_504,
        arena_format(c->arena, "%s: no answer from %s", f->place->name, s->service),
        (int)station_of(c, f));
    compile_retry(c, s->retry,
                  arena_format(c->arena, "retry:%s/%u", f->path, f->code.count),
                  &site->retry);
    site->passes_stream = s->stream;
    if (s->stream && callee.streams)
        f->streams = true;
    f->draws |= callee.draws;
    return emit_call(c, f, number, s->on_error == ON_ERROR_CONTINUE, callee.mean);
}

/* ---- pools and queries ----------------------------------------------------------- */

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
        complain(c->out, at, key, "must be one of the pools %s, is \"%s\"",
                 compile_names(c, PART_POOL), name);
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
    /* the caller's number until compile_finish knows its instances */
    *VECTOR_ADD(&c->pool_use, c->arena, struct pool_use) =
        (struct pool_use){.pool = pool->index,
                          .scope = pool->part.pool.scope,
                          .caller_first_instance = f->place->index};
    return c->pool_use.count - 1;
}

/* Held connections, innermost last. */
struct held {
    uint32_t use, number, outer_pad, station;
    double weight;
};

static struct held acquire(struct compiler *c, struct frame *f,
                           const struct place *pool)
{
    uint32_t use = pool_use(c, f, pool);
    struct held held = {use, f->held, f->pad, c->model->pool[pool->index].station,
                        c->weight};
    if (f->held == MAX_HELD)
        complain(c->out, pool->at, NULL,
                 "must not be the %dth connection that a request holds at a time",
                 MAX_HELD + 1);
    emit_held(c, f, OP_ACQUIRE, use, held.number);
    f->pad = add_pad(c, f, use, f->pad, false);
    f->held = held.number + 1;
    compile_demand(c, held.station)->visits += c->weight;
    return held;
}

static void release(struct compiler *c, struct frame *f, const struct held *held,
                    double mean)
{
    f->pad = held->outer_pad;
    f->held = held->number;
    emit_held(c, f, OP_RELEASE, held->use, held->number);
    compile_demand(c, held->station)->hold += held->weight * mean;
}

/* The program of one query on the database: CPU, then I/O. */
static struct handler query_handler(struct compiler *c, const struct frame *f,
                                    struct place *database, const struct query_step *s)
{
    struct frame q = {.caller = f,
                      .place = database,
                      .type = f->type,
                      .path = child_path(c, f, "query")};
    q.pad = compile_label(c);
    struct handler h = {.entry = compile_label(c), .draws = true};
    place_label(c, &q, h.entry);
    if (s->time)
        h.mean += emit_cpu(c, &q, s->time);
    if (s->io)
        h.mean += emit_delay(c, &q, s->io, "I/O");
    place_label(c, &q, q.pad);
    emit(c, &q, OP_END);
    place_frame(c, &q);
    struct demand *d = compile_demand(c, c->model->service[database->index].station);
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
    if (!server && used->database == NONE)
        used->database = database->index;
    else if (!server && used->database != database->index)
        server = c->model->service[used->database].name;
    if (server && strcmp(server, s->database) != 0)
        complain(c->out, s->at, "via", "must end at %s: \"%s\" leads to %s",
                 s->database, pool->name, server);
}

static double compile_query(struct compiler *c, struct frame *f,
                            const struct query_step *s)
{
    enum { MOST_POOLS = 8 };
    struct place *database = find_server(c, s->at, "query", s->database);
    const char *const *names = NULL;
    int pools = via_names(s, &names);
    struct held held[MOST_POOLS];
    uint32_t pad = f->pad, after = compile_label(c);
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
        f->pad = add_pad(c, f, NONE, after, true);
    for (int i = 0; i < pools; i++) {
        struct place *pool = find_pool(c, s->at, "via", names[i]);
        if (!pool)
            return 0;
        held[i] = acquire(c, f, pool);
        if (i == pools - 1)
            check_last_pool(c, s, pool, database);
    }
    struct handler query = query_handler(c, f, database, s);
    struct caller caller = caller_of(c, f);
    uint32_t number;
    query = compile_call(c, f, &caller, database, &query, &number);
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    site->opens_connection = pools == 0;
    set_timeout(
        c, site, s->timeout, STATUS_500,
        arena_format(c->arena, "%s: query on %s not done", f->place->name, s->database),
        (int)station_of(c, f));
    emit(c, f, OP_CALL)->a = number;
    f->draws = true;
    for (int i = pools; i-- > 0;)
        release(c, f, &held[i], query.mean);
    f->pad = pad;
    place_label(c, f, after);
    return query.mean;
}

static double compile_hold(struct compiler *c, struct frame *f,
                           const struct hold_step *s)
{
    struct place *pool = find_pool(c, s->at, "hold", s->pool);
    uint32_t pad = f->pad, after = compile_label(c);
    if (!pool)
        return compile_steps(c, f, &s->steps);
    if (s->on_error == ON_ERROR_CONTINUE)
        f->pad = add_pad(c, f, NONE, after, true);
    struct held held = acquire(c, f, pool);
    double mean = compile_steps(c, f, &s->steps);
    release(c, f, &held, mean);
    f->pad = pad;
    place_label(c, f, after);
    return mean;
}

/* ---- branching ------------------------------------------------------------------- */

static double compile_weighted(struct compiler *c, struct frame *f,
                               const struct param_list *steps, double share)
{
    double weight = c->weight;
    c->weight = weight * share;
    double mean = compile_steps(c, f, steps);
    c->weight = weight;
    return share * mean;
}

static double compile_cache(struct compiler *c, struct frame *f,
                            const struct cache_step *s)
{
    uint32_t number, hit = compile_label(c), end = compile_label(c);
    struct handler look =
        call_named(c, f, s->at, "cache", s->service, f->type, &number);
    if (number == NONE)
        return 0;
    double mean = emit_call(c, f, number, s->on_error == ON_ERROR_CONTINUE, look.mean);
    struct instr *i = emit(c, f, OP_CHANCE);
    i->key = step_key(c, f, "hit");
    i->p = s->hit;
    i->a = hit;
    mean += compile_weighted(c, f, &s->miss, 1 - s->hit);
    emit_jump(c, f, end);
    place_label(c, f, hit);
    mean += compile_weighted(c, f, &s->on_hit, s->hit);
    place_label(c, f, end);
    return mean;
}

static double compile_choose(struct compiler *c, struct frame *f,
                             const struct choose_step *s)
{
    const struct choose_branch *branch = s->branches.items;
    int count = s->branches.count;
    if (count == 0) {
        complain(c->out, s->at, "choose", "must have at least one branch");
        return 0;
    }
    double total = 0, mean = 0, sum = 0;
    for (int i = 0; i < count; i++)
        total += branch[i].weight;
    uint32_t first = c->choice.count, end = compile_label(c);
    for (int i = 0; i < count; i++) {
        sum += branch[i].weight;
        *VECTOR_ADD(&c->choice, c->arena, struct choice) =
            (struct choice){i == count - 1 ? 1 : sum / total, compile_label(c)};
    }
    struct instr *instr = emit(c, f, OP_CHOOSE);
    instr->key = step_key(c, f, "choose");
    instr->a = first;
    instr->b = (uint32_t)count;
    for (int i = 0; i < count; i++) {
        place_label(c, f,
                    VECTOR_AT(&c->choice, struct choice, first + (uint32_t)i)->pc);
        mean += compile_weighted(c, f, &branch[i].steps, branch[i].weight / total);
        emit_jump(c, f, end);
    }
    place_label(c, f, end);
    return mean;
}

/* A visit, and a draw within one, have 16 bits in the address of a draw; this leaves
 * room for twice the mean. */
enum { MOST_TURNS = 32000 };

static double compile_repeat(struct compiler *c, struct frame *f,
                             const struct dist *times, const struct param_list *steps,
                             uint32_t at)
{
    if (f->loops == MAX_LOOPS) {
        complain(c->out, at, "repeat", "must not be nested deeper than %d", MAX_LOOPS);
        return 0;
    }
    double outer = f->turns, turns = times->mean * (outer > 0 ? outer : 1);
    if (turns > MOST_TURNS)
        complain(c->out, at, NULL, "must not repeat more than %d times, on average %g",
                 MOST_TURNS, turns);
    f->turns = turns;
    uint32_t start = compile_label(c), end = compile_label(c), loop = f->loops++;
    struct instr *i = emit(c, f, OP_REPEAT);
    set_draw(c, f, i, "repeat", times);
    i->a = end;
    i->b = loop;
    place_label(c, f, start);
    double mean = compile_weighted(c, f, steps, times->mean);
    i = emit(c, f, OP_AGAIN);
    i->a = start;
    i->b = loop;
    place_label(c, f, end);
    f->turns = outer;
    f->loops--;
    return mean;
}

/* Steps that run as a task of their own, placed here and jumped over. */
static double compile_block(struct compiler *c, struct frame *f,
                            const struct param_list *steps, uint32_t label)
{
    uint32_t pad = f->pad, loops = f->loops, held = f->held;
    bool streams = f->streams; /* what a task of its own sends, no client sees */
    place_label(c, f, label);
    f->pad = compile_label(c);
    f->loops = f->held = 0;
    f->turns = 0;
    double mean = compile_steps(c, f, steps);
    place_label(c, f, f->pad);
    emit(c, f, OP_END);
    f->pad = pad;
    f->loops = loops;
    f->held = held;
    f->streams = streams;
    *VECTOR_AT(&c->service_extra, bool, f->place->index) = true;
    return mean;
}

/* How many branches must be done: all, any, or a number. */
static uint32_t join_count(struct compiler *c, const struct parallel_step *s)
{
    uint32_t all = (uint32_t)s->branches.count;
    if (!s->join.row)
        return all;
    if (s->join.which == 1) {
        int64_t count = *(const int64_t *)s->join.body;
        if (count > all)
            complain(c->out, s->at, "join", "must be at most the %u branches, is %lld",
                     all, (long long)count);
        return (uint32_t)count;
    }
    const char *name = *(const char *const *)s->join.body;
    if (strcmp(name, "any") == 0)
        return 1;
    if (strcmp(name, "all") != 0)
        complain(c->out, s->at, "join",
                 "must be \"all\", \"any\" or a number, is \"%s\"", name);
    return all;
}

static double compile_parallel(struct compiler *c, struct frame *f,
                               const struct parallel_step *s)
{
    const struct param_list *branch = s->branches.items;
    uint32_t count = (uint32_t)s->branches.count, first = c->branch.count,
             over = compile_label(c), need = join_count(c, s);
    double mean = need == 1 ? INFINITY : 0;
    if (count == 0) {
        complain(c->out, s->at, "parallel", "must have at least one branch");
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        *VECTOR_ADD(&c->branch, c->arena, uint32_t) = compile_label(c);
    struct instr *i = emit(c, f, OP_FORK);
    i->a = first;
    i->b = count;
    i->count = need;
    emit_jump(c, f, over);
    for (uint32_t b = 0; b < count; b++) {
        double one = compile_block(c, f, &branch[b],
                                   *VECTOR_AT(&c->branch, uint32_t, first + b));
        mean = need == 1 ? fmin(mean, one) : fmax(mean, one);
    }
    place_label(c, f, over);
    return mean;
}

static double compile_spawn(struct compiler *c, struct frame *f,
                            const struct spawn_step *s)
{
    uint32_t block = compile_label(c), over = compile_label(c);
    emit(c, f, OP_SPAWN)->a = block;
    emit_jump(c, f, over);
    compile_block(c, f, &s->steps, block);
    place_label(c, f, over);
    return 0;
}

/* ---- streams, memory, failure ---------------------------------------------------- */

static double emit_chunks(struct compiler *c, struct frame *f,
                          const struct dist *chunks, const struct dist *gap,
                          bool one_pace)
{
    if (!one_pace && gap->form != DIST_CONSTANT && chunks->mean > MOST_TURNS)
        complain(c->out, chunks->at, NULL,
                 "must be at most %d chunks where the gap varies, is %g on average",
                 MOST_TURNS, chunks->mean);
    struct instr *i = emit(c, f, OP_CHUNKS);
    set_draw(c, f, i, "chunks", gap);
    i->dist2 = chunks;
    i->count = one_pace;
    i->resource = delay_resource(c, f, "streaming");
    return fmax(0, chunks->mean - (one_pace ? 1 : 0)) * seconds_of(gap);
}

static double compile_stream(struct compiler *c, struct frame *f,
                             const struct stream_conf *s)
{
    double mean = 0;
    if (s->first_byte)
        mean += emit_delay(c, f, s->first_byte, "until the first byte");
    emit(c, f, OP_STREAM);
    f->streams = true;
    if (!s->cpu)
        return mean + emit_chunks(c, f, s->chunks, s->gap, false);
    const struct wait_step gap = {.at = s->at, .duration = s->gap};
    const struct cpu_step cpu = {.at = s->at, .demand = s->cpu};
    const struct param_variant steps[] = {{.which = STEP_WAIT, .body = (void *)&gap},
                                          {.which = STEP_CPU, .body = (void *)&cpu}};
    struct param_list list = {.items = (void *)steps, .count = 2, .at = s->at};
    return mean + compile_repeat(c, f, s->chunks, &list, s->at);
}

static void compile_memory(struct compiler *c, struct frame *f,
                           const struct memory_step *s)
{
    struct instr *i = emit(c, f, OP_MEMORY);
    set_draw(c, f, i, "memory", s->bytes);
    i->status = STATUS_500;
    i->cause = compile_cause(c, service_resource(c, f, "out of memory"), STATUS_500,
                             (int)station_of(c, f));
}

static void compile_fail(struct compiler *c, struct frame *f, const struct fail_step *s)
{
    int status = STATUS_REFUSED;
    while (status < STATUSES && strcmp(status_names[status], s->status) != 0)
        status++;
    if (status == STATUSES) {
        complain(c->out, s->at, "fail",
                 "must be 400, 429, 500, 502, 503, 504, refused or reset, is \"%s\"",
                 s->status);
        return;
    }
    struct instr *i = emit(c, f, OP_FAIL);
    i->key = step_key(c, f, "fail");
    i->p = s->probability;
    i->status = (uint8_t)status;
    i->cause = compile_cause(
        c, arena_format(c->arena, "%s: fails with %s", f->place->name, s->status),
        (enum status)status, (int)station_of(c, f));
    VECTOR_AT(&c->cause, struct cause_facts, i->cause)->told = true;
}

static double compile_step(struct compiler *c, struct frame *f,
                           const struct param_variant *step)
{
    switch ((enum step_verb)step->which) {
    case STEP_CPU:
        return emit_cpu(c, f, ((const struct cpu_step *)step->body)->demand);
    case STEP_WAIT:
        return emit_delay(c, f, ((const struct wait_step *)step->body)->duration,
                          "waiting step");
    case STEP_CALL:
        return compile_call_step(c, f, step->body);
    case STEP_QUERY:
        return compile_query(c, f, step->body);
    case STEP_HOLD:
        return compile_hold(c, f, step->body);
    case STEP_CACHE:
        return compile_cache(c, f, step->body);
    case STEP_PARALLEL:
        return compile_parallel(c, f, step->body);
    case STEP_CHOOSE:
        return compile_choose(c, f, step->body);
    case STEP_REPEAT: {
        const struct repeat_step *s = step->body;
        return compile_repeat(c, f, s->times, &s->steps, s->at);
    }
    case STEP_SPAWN:
        return compile_spawn(c, f, step->body);
    case STEP_STREAM:
        return compile_stream(c, f, ((const struct stream_step *)step->body)->stream);
    case STEP_MEMORY:
        compile_memory(c, f, step->body);
        return 0;
    case STEP_FAIL:
        compile_fail(c, f, step->body);
        return 0;
    }
    return 0;
}

static double compile_steps(struct compiler *c, struct frame *f,
                            const struct param_list *steps)
{
    const struct param_variant *step = steps->items;
    double mean = 0;
    for (int i = 0; i < steps->count && !c->overflowed; i++)
        mean += compile_step(c, f, &step[i]);
    return mean;
}

/* ---- handlers -------------------------------------------------------------------- */

static const struct param_list *find_handler(const struct param_map *handlers,
                                             const char *type)
{
    const struct param_list *found = NULL;
    for (int i = 0; i < handlers->count; i++) {
        const struct param_list *steps =
            &((const struct param_list *)handlers->items)[i];
        if (strcmp(handlers->names[i], type) == 0)
            return steps;
        if (strcmp(handlers->names[i], "default") == 0)
            found = steps;
    }
    return found;
}

static double compile_own(struct compiler *c, struct frame *f, uint32_t at,
                          const char *key)
{
    const struct handler_conf *conf = f->place->part.server.handlers;
    const struct param_list *steps = find_handler(&conf->handlers, f->type);
    if (steps)
        return compile_steps(c, f, steps);
    if (conf->time)
        return emit_delay(c, f, conf->time, "working");
    if (conf->handlers.count == 0)
        complain(c->out, f->place->at, NULL, "must have \"time\" or \"handlers\"");
    else
        complain(c->out, at, key,
                 "must find a handler: %s has none for \"%s\" and no \"default\"",
                 f->place->name, f->type);
    return 0;
}

/* Where a proxy passes requests of this type. */
static struct place *find_upstream(struct compiler *c, const struct frame *f,
                                   int *balance)
{
    const struct server_part *part = &f->place->part.server;
    const struct param_variant *upstream = &part->upstream;
    *balance = part->balance;
    if (upstream->which == 0)
        return find_server(c, f->place->at, "upstream",
                           *(const char *const *)upstream->body);
    const struct param_map *map = upstream->body;
    const struct upstream_conf *found = NULL;
    for (int i = 0; i < map->count; i++) {
        const struct upstream_conf *conf =
            &((const struct upstream_conf *)map->items)[i];
        if (strcmp(map->names[i], f->type) == 0 ||
            (!found && strcmp(map->names[i], "default") == 0))
            found = conf;
    }
    if (!found) {
        complain(c->out, f->place->at, "upstream",
                 "must have an upstream for \"%s\", or one called \"default\"",
                 f->type);
        return NULL;
    }
    if (found->balance >= 0)
        *balance = found->balance;
    return find_server(c, found->at, "upstream", found->upstream);
}

static double compile_proxy(struct compiler *c, struct frame *f)
{
    int balance;
    struct place *upstream = find_upstream(c, f, &balance);
    if (!upstream)
        return 0;
    struct handler handler =
        compile_handler(c, f, upstream, f->type, f->path, f->place->at, "upstream");
    struct caller caller = caller_of(c, f);
    uint32_t number;
    handler = compile_call(c, f, &caller, upstream, &handler, &number);
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    const struct server_part *part = &f->place->part.server;
    site->balancer = compile_balancer(c, &caller, upstream, balance);
    site->proxy = site->passes_stream = true;
    site->until_first_byte = true;
    set_timeout(
        c, site, part->read_timeout, STATUS_504,
        arena_format(c->arena, "%s: no answer from %s", f->place->name, upstream->name),
        (int)station_of(c, f));
    site->connect_class =
        upstream->part.server.drops ? compile_timer(c, part->connect_timeout) : NONE;
    if (site->connect_class != NONE)
        site->connect_cause =
            compile_cause(c,
                          arena_format(c->arena, "%s: no connection to %s within %s",
                                       f->place->name, upstream->name,
                                       compile_duration(c, part->connect_timeout)),
                          STATUS_504, (int)station_of(c, f));
    f->streams = handler.streams;
    f->draws = handler.draws;
    return emit_call(c, f, number, false, handler.mean);
}

static double compile_llm(struct compiler *c, struct frame *f)
{
    const struct server_part *part = &f->place->part.server;
    double mean = emit_delay(c, f, part->first_token, "until the first token");
    emit(c, f, OP_STREAM);
    f->streams = true;
    return mean + emit_chunks(c, f, part->tokens, part->token_time, true);
}

static double compile_duty(struct compiler *c, struct frame *f, uint32_t at,
                           const char *key)
{
    switch (f->place->part.server.duty) {
    case DUTY_HANDLERS:
        return compile_own(c, f, at, key);
    case DUTY_PROXY:
        return compile_proxy(c, f);
    case DUTY_LLM:
        return compile_llm(c, f);
    case DUTY_DATABASE:
        complain(c->out, at, key, "must be reached by a query: %s is a database",
                 f->place->name);
        return 0;
    }
    return 0;
}

/* A chain of calls that comes back to where it was would never end. */
static bool calls_itself(const struct frame *f, const struct place *place,
                         const char *type)
{
    for (; f; f = f->caller)
        if (f->place == place && strcmp(f->type, type) == 0)
            return true;
    return false;
}

/* "web > api > web": how calls come back to `place`. */
static const char *circle(struct compiler *c, const struct frame *f,
                          const struct place *place, const char *type)
{
    const char *path = place->name;
    for (; f; f = f->caller) {
        path = arena_format(c->arena, "%s > %s", f->place->name, path);
        if (f->place == place && strcmp(f->type, type) == 0)
            return path;
    }
    return path;
}

struct handler compile_handler(struct compiler *c, const struct frame *caller,
                               struct place *place, const char *type, const char *path,
                               uint32_t at, const char *key)
{
    struct handler h = {.entry = compile_label(c)};
    if (calls_itself(caller, place, type)) {
        complain(c->out, at, key, "must not call in a circle: %s",
                 circle(c, caller, place, type));
        return h;
    }
    struct frame f = {.caller = caller,
                      .place = place,
                      .type = type,
                      .path = path,
                      .pad = compile_label(c)};
    place_label(c, &f, h.entry);
    h.mean = compile_duty(c, &f, at, key);
    place_label(c, &f, f.pad);
    emit(c, &f, OP_END);
    place_frame(c, &f);
    h.streams = f.streams;
    h.draws = f.draws;
    struct demand *d = compile_demand(c, c->model->service[place->index].station);
    d->visits += c->weight;
    d->hold += c->weight * h.mean;
    return h;
}

static sim_time link_latency(const struct compiler *c, const struct caller *caller,
                             const struct place *callee)
{
    const struct link_conf *link = c->spec->links.items;
    for (int i = 0; i < c->spec->links.count; i++)
        if (strcmp(link[i].from, caller->name) == 0 &&
            strcmp(link[i].to, callee->name) == 0)
            return link[i].latency;
    return callee->common->latency + caller->latency;
}

struct handler compile_call(struct compiler *c, const struct frame *frame,
                            const struct caller *caller, struct place *callee,
                            const struct handler *handler, uint32_t *site)
{
    sim_time latency = link_latency(c, caller, callee);
    bool repeats = frame && frame->loops > 0;
    if (latency > 0)
        c->model->network_resource =
            compile_resource(c, "network", RESOURCE_NETWORK, -1);
    *site = c->call.count;
    *VECTOR_ADD(&c->call, c->arena, struct call_site) = (struct call_site){
        .entry = handler->entry,
        .service = callee->index,
        .balancer = compile_balancer(c, caller, callee, callee->common->balance),
        .latency = latency,
        .timeout_class = NONE,
        .connect_class = NONE,
    };
    struct handler called = *handler;
    called.mean += 2 * sim_seconds(latency);
    struct call_site *added = VECTOR_AT(&c->call, struct call_site, *site);
    if (added->balancer != NONE) {
        /* proxies share their caller's path, so the name must be in it */
        added->balance_key = compile_key(
            c, arena_format(c->arena, "balance:%s@%s", caller->path, caller->name));
        called.draws = true;
    }
    added->derive_entity = repeats && called.draws;
    return called;
}

/* ---- the end --------------------------------------------------------------------- */

static uint32_t pc_of(const struct compiler *c, uint32_t label)
{
    uint32_t pc = *VECTOR_AT(&c->label, uint32_t, label);
    check(pc < c->code.count, "label %u at %u of %u", label, pc, c->code.count);
    return pc;
}

static void resolve(const struct compiler *c, struct instr *i)
{
    i->on_error = pc_of(c, i->on_error);
    switch ((enum op)i->op) {
    case OP_CHANCE:
    case OP_REPEAT:
    case OP_AGAIN:
    case OP_SPAWN:
    case OP_JUMP:
    case OP_CLEAR:
        i->a = pc_of(c, i->a);
        break;
    case OP_DELAY:
    case OP_CPU:
    case OP_CALL:
    case OP_ACQUIRE:
    case OP_RELEASE:
    case OP_CHOOSE:
    case OP_FORK:
    case OP_STREAM:
    case OP_CHUNKS:
    case OP_MEMORY:
    case OP_FAIL:
    case OP_END:
        break;
    }
}

void compile_finish(struct compiler *c)
{
    struct model *m = c->model;
    for (uint32_t i = 0; i < c->code.count; i++)
        resolve(c, VECTOR_AT(&c->code, struct instr, i));
    for (uint32_t i = 0; i < c->choice.count; i++) {
        struct choice *choice = VECTOR_AT(&c->choice, struct choice, i);
        choice->pc = pc_of(c, choice->pc);
    }
    for (uint32_t i = 0; i < c->branch.count; i++)
        *VECTOR_AT(&c->branch, uint32_t, i) =
            pc_of(c, *VECTOR_AT(&c->branch, uint32_t, i));
    for (uint32_t i = 0; i < c->call.count; i++) {
        struct call_site *site = VECTOR_AT(&c->call, struct call_site, i);
        site->entry = pc_of(c, site->entry);
    }
    m->code = c->code.items;
    m->choice = c->choice.items;
    m->branch = c->branch.items;
    m->call = c->call.items;
    m->balancer = c->balancer.items;
    m->balancers = c->balancer.count;
    m->pool_use = c->pool_use.items;
    m->timer_length = c->timer_length.items;
    m->timer_classes = c->timer_length.count;
}
