/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compile_engine -- language models with continuous batching: what a step takes, and
 * what a request asks of the engine.
 */
#include "models/compile.h"

#include <math.h>
#include <string.h>

/* ---- the time of a step ---------------------------------------------------------- */

/* Linear between the points, the first one's before them, on past the last two. */
double curve_at(const struct param_list *points, double x)
{
    const struct curve_point *p = points->items;
    int last = points->count - 1, i = 0;
    if (last == 0 || x <= (double)p[0].x)
        return (double)p[0].y;
    while (i + 1 < last && x > (double)p[i + 1].x)
        i++;
    double slope = (double)(p[i + 1].y - p[i].y) / (double)(p[i + 1].x - p[i].x);
    return (double)p[i].y + slope * (x - (double)p[i].x);
}

bool curve_check(struct compiler *c, const struct param_list *points, const char *key)
{
    const struct curve_point *p = points->items;
    for (int i = 0; i < points->count; i++)
        if (p[i].x < 1 || p[i].y <= 0 || (i > 0 && p[i].x <= p[i - 1].x)) {
            complain(c->out, points->at, NULL,
                     "must have growing sizes of at least 1 and times above 0, point "
                     "%d of %s does not",
                     i + 1, key);
            return false;
        }
    return true;
}

/* Weights are read once a step, however few tokens are in it; many tokens take their
 * arithmetic. Between the two their squares add up, which is within 10 % of what was
 * measured where the larger one alone is 25 % too fast. */
static double step_time(const struct engine_part *part, double tokens)
{
    double time = part->points ? curve_at(part->points, tokens)
                               : hypot(part->floor, part->slope * tokens);
    return time + (double)part->overhead;
}

static const double *step_times(struct compiler *c, const struct engine_part *part)
{
    double *time = arena_many(c->arena, part->batch_tokens + 1, double);
    for (int64_t tokens = 1; tokens <= part->batch_tokens; tokens++)
        time[tokens] = step_time(part, (double)tokens);
    return time;
}

/* ---- the plan -------------------------------------------------------------------- */

static struct engine_plan *make_plan(struct compiler *c, struct frame *f)
{
    const struct engine_part *part = &f->place->part.server.engine;
    struct engine_plan *plan = arena_new(c->arena, struct engine_plan);
    int64_t shared = part->shared / part->block;
    *plan = (struct engine_plan){.sequences = (uint32_t)part->sequences,
                                 .batch_tokens = (uint32_t)part->batch_tokens,
                                 .block = (uint32_t)part->block,
                                 .chunk = (uint32_t)part->chunk,
                                 .whole_prompts = part->whole_prompts,
                                 .blocks = part->blocks,
                                 .shared_blocks = shared,
                                 .hit = part->hit,
                                 .context = part->context,
                                 .stall = part->stall};
    int64_t room = part->blocks * part->block;
    plan->longest = (uint32_t)(part->longest ? part->longest : room);
    if (plan->longest > room)
        complain(c->out, f->place->at, "max_model_len",
                 "must fit into the KV cache of %lld tokens, is %u", (long long)room,
                 plan->longest);
    if (part->whole_prompts && plan->longest > plan->batch_tokens)
        complain(c->out, f->place->at, "max_num_batched_tokens",
                 "must be at least max_model_len (%u) where prompts are read in one "
                 "piece, is %u",
                 plan->longest, plan->batch_tokens);
    if (shared >= part->blocks)
        complain(c->out, f->place->at, "shared_prefix",
                 "must leave room in the KV cache of %lld tokens, is %lld",
                 (long long)room, (long long)part->shared);
    if (part->points && !curve_check(c, part->points, "step_time"))
        return plan;
    plan->time = step_times(c, part);
    plan->wait_resource = compile_resource(
        c, frame_resource_name(c, f, "waiting for admission"), RESOURCE_WAIT,
        (int)frame_station(c, f));
    plan->read_resource = frame_resource(c, f, "reading the prompt");
    plan->write_resource = frame_resource(c, f, "writing tokens");
    return plan;
}

/* ---- what a request asks for ----------------------------------------------------- */

struct lengths {
    double read, cached, written; /* tokens, on average */
};

static double context_of(const struct engine_plan *plan, const struct lengths *l,
                         double sequences)
{
    return plan->context * sequences * (l->read + l->written / 2);
}

static double time_of(const struct engine_plan *plan, double tokens)
{
    double most = plan->batch_tokens;
    return plan->time[(uint32_t)fmax(1, fmin(round(tokens), most))];
}

/* s for one request that nobody disturbs. */
static double alone(const struct engine_plan *plan, const struct lengths *l)
{
    double compute = fmax(1, l->read - l->cached), chunk = plan->batch_tokens;
    double whole = floor(compute / chunk), rest = compute - whole * chunk;
    double reading = whole * time_of(plan, chunk) + (rest >= 1) * time_of(plan, rest);
    double writing = fmax(0, l->written - 1) *
                     (time_of(plan, 1) + context_of(plan, l, 1));
    return (reading + writing) * 1e-9;
}

/* s of the engine that a request takes when as many are written at a time as fit. */
static double cost(const struct engine_plan *plan, const struct lengths *l)
{
    double room = (double)plan->blocks * plan->block;
    double fit = room / (l->read + l->written / 2);
    double batch = fmax(1, fmin(fit, plan->sequences));
    double compute = fmax(1, l->read - l->cached) + l->written;
    double steps = fmax(l->written / batch, compute / plan->batch_tokens);
    double together = fmin(batch, l->written / steps);
    return steps *
           (time_of(plan, compute / steps) + context_of(plan, l, together)) * 1e-9;
}

/* Of the request type that comes here. */
static struct length_conf lengths_of(const struct frame *f)
{
    const struct engine_part *part = &f->place->part.server.engine;
    const struct length_conf *own = part->requests->items;
    struct length_conf found = {.input = part->input, .output = part->output};
    for (int i = 0; i < part->requests->count; i++)
        if (strcmp(part->requests->names[i], f->type) == 0) {
            found.input = own[i].input ? own[i].input : found.input;
            found.output = own[i].output ? own[i].output : found.output;
        }
    return found;
}

double compile_engine(struct compiler *c, struct frame *f)
{
    struct service *s = &c->model->service[f->place->index];
    const struct length_conf length = lengths_of(f);
    if (!length.input || !length.output) {
        complain(c->out, f->place->at, length.input ? "output_tokens" : "input_tokens",
                 "must be given, or for \"%s\" in \"requests\"", f->type);
        return 0;
    }
    if (!s->engine) {
        s->engine = make_plan(c, f);
        c->model->engines++;
        s->capacity = 1;
    }
    const struct engine_plan *plan = s->engine;
    if (!plan->time)
        return 0;
    struct instr *i = frame_emit(c, f, OP_INFER);
    frame_draw(c, f, i, "tokens", compile_value(c, f, length.input));
    i->dist2 = compile_value(c, f, length.output);
    i->status = STATUS_400;
    i->cause = compile_cause(
        c, frame_resource_name(c, f, "400, prompt longer than max_model_len"),
        STATUS_400, (int)frame_station(c, f));
    compile_token_stream(c, f);
    struct lengths l = {.read = fmin(i->dist->mean, plan->longest),
                        .written = fmax(1, fmin(i->dist2->mean, plan->longest))};
    double shared = (double)plan->shared_blocks * plan->block;
    l.cached = fmin(l.read, shared + plan->hit * fmax(0, l.read - shared));
    compile_demand(c, frame_station(c, f))->cpu += c->weight * cost(plan, &l);
    return alone(plan, &l);
}
