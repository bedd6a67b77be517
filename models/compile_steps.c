/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include <math.h>
#include <string.h>

static double seconds_of(const struct dist *dist)
{
    return dist ? dist->mean * 1e-9 : 0;
}

/* ---- steps ----------------------------------------------------------------------- */

/* Each returns the mean duration in s when nobody else is there. */
double compile_steps(struct compiler *c, struct frame *f,
                     const struct param_list *steps);

enum op compile_pause(const struct compiler *c, const struct frame *f)
{
    return c->model->service[f->place->index].slows ? OP_SLOWED : OP_DELAY;
}

double compile_delay(struct compiler *c, struct frame *f, const struct dist *dist,
                     const char *resource)
{
    struct instr *i = frame_emit(c, f, compile_pause(c, f));
    dist = compile_value(c, f, dist);
    frame_draw(c, f, i, "wait", dist);
    i->resource = frame_resource(c, f, resource);
    return seconds_of(dist);
}

/* Whoever has waited for something outside of Python needs the lock again. */
static void compile_regain(struct compiler *c, struct frame *f)
{
    if (f->place->part.server.scan == 0)
        return;
    struct instr *i = frame_emit(c, f, OP_REGAIN);
    i->resource = compile_resource(
        c, frame_resource_name(c, f, "waiting for the main thread's look (GIL)"),
        RESOURCE_WAIT, (int)frame_station(c, f));
}

/* Who wants CPU waits for a core, or for his turn in the process. Where there are fewer
 * cores than processes it may be either, and the wait is not told apart. */
static const char *name_of_wait(const struct service *s)
{
    bool either = s->processes > s->cores;
    if (s->rules && isfinite(s->rules->quota))
        return "waiting for CPU or cpu_quota";
    if (s->part.discipline == DISCIPLINE_SHARING || s->slots == 1)
        return "waiting for CPU";
    if (s->part.discipline == DISCIPLINE_LOOP)
        return either ? "waiting for CPU or the event loop"
                      : "waiting for the event loop";
    return either ? "waiting for CPU or the lock (GIL)" : "waiting for the lock (GIL)";
}

double compile_work(struct compiler *c, struct frame *f, const struct dist *dist)
{
    struct instr *i = frame_emit(c, f, OP_CPU);
    dist = compile_value(c, f, dist);
    frame_draw(c, f, i, "cpu", dist);
    int station = (int)frame_station(c, f);
    i->resource = compile_resource(c, frame_resource_name(c, f, "working (CPU)"),
                                   RESOURCE_SERVICE, station);
    const char *wait = name_of_wait(&c->model->service[f->place->index]);
    i->cause =
        compile_resource(c, frame_resource_name(c, f, wait), RESOURCE_WAIT, station);
    compile_demand(c, frame_station(c, f))->cpu += c->weight * seconds_of(dist);
    return seconds_of(dist);
}

double compile_overhead(struct compiler *c, struct frame *f, const struct dist *dist)
{
    if (f->place->part.server.discipline == DISCIPLINE_LOOP)
        return compile_work(c, f, dist);
    double mean = compile_delay(c, f, dist, "overhead of the server");
    compile_regain(c, f);
    return mean;
}

static double compile_cpu_step(struct compiler *c, struct frame *f,
                               const struct cpu_step *s)
{
    double mean = compile_work(c, f, s->demand);
    struct service *service = &c->model->service[f->place->index];
    if (s->own_thread && service->part.discipline != DISCIPLINE_SHARING) {
        VECTOR_AT(&f->code, struct instr, f->code.count - 1)->b = true;
        compile_own_threads(c, f->place, service, s->at);
    }
    return mean;
}

double compile_site(struct compiler *c, struct frame *f, uint32_t site, bool go_on,
                    double mean)
{
    uint32_t pad = f->pad, after = frame_new_label(c);
    if (go_on)
        f->pad = frame_pad(c, f, NULL, after, true);
    frame_emit(c, f, OP_CALL)->a = site;
    f->pad = pad;
    frame_label(c, f, after);
    return mean;
}

void compile_timeout(struct compiler *c, struct call_site *site, sim_time timeout,
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
const char *compile_child_path(struct compiler *c, const struct frame *f,
                               const char *type)
{
    return arena_format(c->arena, "%s/%u>%s", f->path, f->code.count, type);
}

struct caller compile_caller(const struct compiler *c, const struct frame *f)
{
    const struct service *s = &c->model->service[f->place->index];
    return (struct caller){.name = f->place->name,
                           .instances = s->instances,
                           .service = f->place->index,
                           .path =
                               arena_format(c->arena, "%s/%u", f->path, f->code.count)};
}

struct place *compile_find_server(struct compiler *c, uint32_t at, const char *key,
                                  const char *name)
{
    struct place *place = compile_find(c, name);
    if (!place)
        compile_no_such(c, at, key, "", PART_SERVER, name);
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
    struct place *callee = compile_find_server(c, at, key, name);
    if (!callee)
        return (struct handler){0};
    struct handler handler =
        compile_handler(c, f, callee, type, compile_child_path(c, f, type), at, key);
    struct caller caller = compile_caller(c, f);
    return compile_call(c, f, &caller, callee, &handler, site);
}

/* The call at `here` of the frame has to pass guards. */
static void guard_call(struct compiler *c, struct frame *f, const struct call_step *s,
                       uint32_t here)
{
    struct instr *i = VECTOR_AT(&f->code, struct instr, here);
    const char *name =
        arena_format(c->arena, "%s: call of %s", f->place->name, s->service);
    i->op = OP_GUARDED;
    i->b = compile_call_guards(c, &s->guards, f->place->index, name);
    compile_guard_uses(c, &s->guards, &c->model->service[f->place->index], name);
}

/* What OpenAI's and Anthropic's libraries do unless they are told otherwise
 * (openai-python, _constants.py and _base_client.py): 2 retries of 408, 409, 429, 5xx
 * and whatever has no answer, after 0.5 s, doubled up to 8 s, less up to a quarter. */
#define SDK_TIMEOUT (600 * SIM_SECOND)

static const struct retry_conf *sdk_retry(struct compiler *c)
{
    static const char *const on[] = {"timeout", "refused", "reset", "429",
                                     "500",     "502",     "503",   "504"};
    struct retry_conf *retry = arena_new(c->arena, struct retry_conf);
    struct backoff_conf *backoff = arena_new(c->arena, struct backoff_conf);
    *backoff = (struct backoff_conf){.base = SIM_SECOND / 2, .cap = 8 * SIM_SECOND,
                                     .factor = 2, .jitter = JITTER_QUARTER};
    *retry = (struct retry_conf){.max = 2, .probability = 1, .obeys = true,
                                 .backoff = backoff,
                                 .on = {.items = (void *)on,
                                        .count = sizeof on / sizeof *on}};
    return retry;
}

static double compile_call_step(struct compiler *c, struct frame *f,
                                const struct call_step *s)
{
    uint32_t number;
    f->passes = s->stream;
    struct handler callee =
        call_named(c, f, s->at, "call", s->service, s->as ? s->as : f->type, &number);
    f->passes = false;
    if (number == NONE)
        return 0;
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    sim_time timeout = s->timeout;
    const struct retry_conf *retry = s->retry;
    if (s->sdk >= 0) {
        timeout = timeout == SIM_NEVER ? SDK_TIMEOUT : timeout;
        retry = retry ? retry : sdk_retry(c);
    }
    compile_timeout(
        c, site, timeout, STATUS_504,
        arena_format(c->arena, "%s: no answer from %s", f->place->name, s->service),
        (int)frame_station(c, f));
    const char *key = arena_format(c->arena, "retry:%s/%u", f->path, f->code.count);
    compile_retry(c, retry, key, (uint32_t)f->place->common->replicas, &site->retry);
    if (site->retry.budget != NONE)
        site->noted = site->watched = true;
    if (!retry)
        compile_library_retry(c, &c->model->service[site->service].part.table, key,
                              &site->retry);
    if (site->retry.max > 0)
        compile_feedback(c, s->timeout);
    site->passes_stream = s->stream;
    if (s->stream && callee.streams)
        f->streams = true;
    f->draws |= callee.draws;
    uint32_t here = f->code.count;
    double mean =
        compile_site(c, f, number, s->on_error == ON_ERROR_CONTINUE, callee.mean);
    if (s->guards.count)
        guard_call(c, f, s, here);
    return mean;
}

/* ---- branching ------------------------------------------------------------------- */

double compile_weighted(struct compiler *c, struct frame *f,
                        const struct param_list *steps, double share)
{
    double weight = c->weight;
    c->weight = weight * share;
    double mean = compile_steps(c, f, steps);
    c->weight = weight;
    return share * mean;
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
    uint32_t first = c->choice.count, end = frame_new_label(c);
    for (int i = 0; i < count; i++) {
        sum += branch[i].weight;
        *VECTOR_ADD(&c->choice, c->arena, struct choice) =
            (struct choice){i == count - 1 ? 1 : sum / total, frame_new_label(c)};
    }
    struct instr *instr = frame_emit(c, f, OP_CHOOSE);
    instr->key = frame_key(c, f, "choose");
    instr->a = first;
    instr->b = (uint32_t)count;
    for (int i = 0; i < count; i++) {
        frame_label(c, f,
                    VECTOR_AT(&c->choice, struct choice, first + (uint32_t)i)->pc);
        mean += compile_weighted(c, f, &branch[i].steps, branch[i].weight / total);
        frame_jump(c, f, end);
    }
    frame_label(c, f, end);
    return mean;
}

double compile_repeat(struct compiler *c, struct frame *f,
                             const struct dist *times, const struct param_list *steps,
                             uint32_t at)
{
    if (f->loops == MAX_LOOPS) {
        complain(c->out, at, "repeat", "must not be nested deeper than %d", MAX_LOOPS);
        return 0;
    }
    times = compile_value(c, f, times);
    double outer = f->turns, turns = times->mean * (outer > 0 ? outer : 1);
    if (turns > MOST_TURNS)
        complain(c->out, at, NULL, "must not repeat more than %d times, on average %g",
                 MOST_TURNS, turns);
    f->turns = turns;
    uint32_t start = frame_new_label(c), end = frame_new_label(c), loop = f->loops++;
    struct instr *i = frame_emit(c, f, OP_REPEAT);
    frame_draw(c, f, i, "repeat", times);
    i->a = end;
    i->b = loop;
    frame_label(c, f, start);
    double mean = compile_weighted(c, f, steps, times->mean);
    i = frame_emit(c, f, OP_AGAIN);
    i->a = start;
    i->b = loop;
    frame_label(c, f, end);
    f->turns = outer;
    f->loops--;
    return mean;
}

void compile_open_block(struct compiler *c, struct frame *f, uint32_t label,
                        struct block *block)
{
    *block = (struct block){.label = label,
                            .start = f->code.count,
                            .pad = f->pad,
                            .loops = f->loops,
                            .held = f->held,
                            .lookups = f->lookups,
                            .turns = f->turns,
                            .streams = f->streams, /* what it sends, no client sees */
                            .holding = f->holding,
                            .kept = f->kept};
    f->holding = f->kept = (struct vector){0};
    f->pad = frame_new_label(c);
    f->loops = f->held = f->lookups = 0;
    f->turns = 0;
}

void compile_close_block(struct compiler *c, struct frame *f, const struct block *block)
{
    frame_label(c, f, f->pad);
    compile_task_end(c, f, block->label, block->start);
    f->holding = block->holding;
    f->kept = block->kept;
    f->pad = block->pad;
    f->loops = block->loops;
    f->held = block->held;
    f->lookups = block->lookups;
    f->turns = block->turns;
    f->streams = block->streams;
    *VECTOR_AT(&c->service_extra, bool, f->place->index) = true;
}

/* Steps that run as a task of their own, placed here and jumped over. */
static double compile_block(struct compiler *c, struct frame *f,
                            const struct param_list *steps, uint32_t label)
{
    struct block block;
    compile_open_block(c, f, label, &block);
    double mean = compile_steps(c, f, steps);
    compile_close_block(c, f, &block);
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
             over = frame_new_label(c), need = join_count(c, s);
    double mean = need == 1 ? INFINITY : 0;
    if (count == 0) {
        complain(c->out, s->at, "parallel", "must have at least one branch");
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        *VECTOR_ADD(&c->branch, c->arena, uint32_t) = frame_new_label(c);
    struct instr *i = frame_emit(c, f, OP_FORK);
    i->a = first;
    i->b = count;
    i->count = need;
    frame_jump(c, f, over);
    for (uint32_t b = 0; b < count; b++) {
        double one = compile_block(c, f, &branch[b],
                                   *VECTOR_AT(&c->branch, uint32_t, first + b));
        mean = need == 1 ? fmin(mean, one) : fmax(mean, one);
    }
    frame_label(c, f, over);
    return mean;
}

static double compile_spawn(struct compiler *c, struct frame *f,
                            const struct spawn_step *s)
{
    uint32_t block = frame_new_label(c), over = frame_new_label(c);
    frame_emit(c, f, OP_SPAWN)->a = block;
    frame_jump(c, f, over);
    compile_block(c, f, &s->steps, block);
    frame_label(c, f, over);
    return 0;
}

/* What follows runs when the answer has gone; it holds the slot all the same. */
static void compile_after(struct compiler *c, struct frame *f,
                          const struct after_step *s)
{
    frame_emit(c, f, OP_ANSWER);
    double mean = compile_steps(c, f, &s->steps);
    compile_demand(c, frame_station(c, f))->hold += c->weight * mean;
}

static double compile_enqueue(struct compiler *c, struct frame *f,
                              const struct enqueue_step *s)
{
    struct place *queue = compile_find_server(c, s->at, "enqueue", s->queue);
    if (!queue)
        return 0;
    const struct broker_part *broker = &queue->part.server.broker;
    if (!broker->present) {
        complain(c->out, s->at, "enqueue", "must be a task_queue, \"%s\" is a %s",
                 s->queue, queue->kind->row.key);
        return 0;
    }
    double mean = s->time ? compile_delay(c, f, s->time, "handing a job over") : 0;
    uint32_t label = frame_new_label(c), over = frame_new_label(c), number;
    struct instr *i = frame_emit(c, f, OP_ENQUEUE);
    i->a = label;
    i->b = queue->index;
    frame_jump(c, f, over);
    struct block block;
    compile_open_block(c, f, label, &block);
    uint32_t back = f->code.count;
    if (s->countdown) {
        i = frame_emit(c, f, OP_HOLD_BACK);
        frame_draw(c, f, i, "countdown", compile_value(c, f, s->countdown));
        i->resource = frame_resource(c, f, "countdown of a job");
    }
    call_named(c, f, s->at, "enqueue", s->queue, s->as ? s->as : f->type, &number);
    if (number != NONE) {
        struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
        site->timeout_class = compile_timer(c, broker->visibility);
        c->model->backoff_resource =
            compile_resource(c, "backing off", RESOURCE_BACKOFF, -1);
        compile_retry(c, NULL, NULL, 1, &site->retry);
        site->retry.max = (uint32_t)broker->max_retries;
        site->retry.base = broker->retry_delay;
        if (s->countdown)
            VECTOR_AT(&f->code, struct instr, back)->a = number;
        frame_emit(c, f, OP_PUBLISH)->a = number;
    }
    compile_close_block(c, f, &block);
    frame_label(c, f, over);
    return mean;
}

/* ---- memory, failure ------------------------------------------------------------- */

void compile_memory(struct compiler *c, struct frame *f, const struct dist *bytes)
{
    struct service *service = &c->model->service[f->place->index];
    struct instr *i = frame_emit(c, f, OP_MEMORY);
    frame_draw(c, f, i, "memory",
               bytes ? compile_value(c, f, bytes) : dist_constant(c->arena, 0));
    service->weighs = c->model->laden = true;
    if (bytes)
        compile_demand(c, service->station)->memory += c->weight * i->dist->mean;
    if (f->place->part.server.memory.on_oom != OOM_FAIL || !service->memory)
        return;
    i->status = STATUS_500;
    i->cause = compile_cause(c, frame_resource_name(c, f, "out of memory"), STATUS_500,
                             (int)frame_station(c, f));
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
    struct instr *i = frame_emit(c, f, OP_FAIL);
    i->key = frame_key(c, f, "fail");
    i->p = s->probability;
    i->status = (uint8_t)status;
    const char *name =
        arena_format(c->arena, "%s: fails with %s", f->place->name, s->status);
    if (s->retry_after > 0)
        name = arena_format(c->arena, "%s (Retry-After: %s)", name,
                            compile_duration(c, s->retry_after));
    i->cause =
        compile_cause(c, name, (enum status)status, (int)frame_station(c, f));
    struct cause_facts *cause = VECTOR_AT(&c->cause, struct cause_facts, i->cause);
    cause->told = true;
    cause->retry_after = s->retry_after;
}

static double compile_step(struct compiler *c, struct frame *f,
                           const struct param_variant *step)
{
    switch ((enum step_verb)step->which) {
    case STEP_CPU:
        return compile_cpu_step(c, f, step->body);
    case STEP_WAIT:
        return compile_delay(c, f, ((const struct wait_step *)step->body)->duration,
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
    case STEP_AFTER:
        compile_after(c, f, step->body);
        return 0;
    case STEP_ENQUEUE:
        return compile_enqueue(c, f, step->body);
    case STEP_STREAM:
        return compile_stream(c, f, ((const struct stream_step *)step->body)->stream);
    case STEP_SESSION:
        return compile_session(c, f,
                               ((const struct session_step *)step->body)->session);
    case STEP_BROADCAST:
        compile_broadcast(c, f,
                          ((const struct broadcast_step *)step->body)->broadcast);
        return 0;
    case STEP_MEMORY:
        compile_memory(c, f, ((const struct memory_step *)step->body)->bytes);
        return 0;
    case STEP_FAIL:
        compile_fail(c, f, step->body);
        return 0;
    case STEP_ONCE:
        return compile_once_step(c, f, step->body);
    }
    return 0;
}

double compile_steps(struct compiler *c, struct frame *f,
                     const struct param_list *steps)
{
    const struct param_variant *step = steps->items;
    double mean = 0;
    for (int i = 0; i < steps->count && !c->overflowed; i++) {
        compile_regain(c, f);
        mean += compile_step(c, f, &step[i]);
    }
    compile_regain(c, f);
    return mean;
}
