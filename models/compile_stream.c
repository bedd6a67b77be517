/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include <math.h>

/* ---- the way to the client ------------------------------------------------------- */

/* Callers of the frame that pass its stream on, nearest first; NULL at the client. */
static const struct frame *passing(const struct frame *f)
{
    const struct frame *up = f->caller;
    bool proxy = up && up->place->part.server.duty == DUTY_PROXY;
    return up && (proxy || up->passes) ? up : NULL;
}

static const struct proxy_part *proxy_at(const struct frame *f)
{
    const struct server_part *part = &f->place->part.server;
    return part->duty == DUTY_PROXY ? &part->proxy : NULL;
}

/* The shortest silence that somebody on the way does not bear. */
static sim_time patience(const struct frame *f)
{
    sim_time least = SIM_NEVER;
    while ((f = passing(f)))
        if (proxy_at(f) && proxy_at(f)->read_timeout < least)
            least = proxy_at(f)->read_timeout;
    return least;
}

static bool is_buffered(const struct frame *f)
{
    while ((f = passing(f)))
        if (proxy_at(f) && proxy_at(f)->buffers)
            return true;
    return false;
}

static int64_t bandwidth(const struct compiler *c)
{
    return c->model->workload[c->model->type[c->type].workload].conf->bandwidth;
}

/* ---- plans ----------------------------------------------------------------------- */

static struct stream_plan *add_plan(struct compiler *c, const struct frame *f)
{
    sim_time least = patience(f);
    struct stream_plan *plan = VECTOR_ADD(&c->stream, c->arena, struct stream_plan);
    *plan = (struct stream_plan){.patience =
                                     least == SIM_NEVER ? INFINITY : (double)least};
    return plan;
}

static uint32_t last_plan(const struct compiler *c)
{
    return c->stream.count - 1;
}

void compile_most_chunks(struct compiler *c, int64_t most)
{
    VECTOR_AT(&c->stream, struct stream_plan, last_plan(c))->most = most;
}

void compile_token_stream(struct compiler *c, struct frame *f)
{
    add_plan(c, f);
    f->streams = true;
}

/* How long clients take for a chunk, and who is held meanwhile. */
static void plan_bytes(struct compiler *c, struct frame *f, struct stream_plan *plan,
                       const struct dist *size, bool buffering)
{
    if (!size || bandwidth(c) == 0)
        return;
    plan->size = compile_value(c, f, size);
    plan->size_key = frame_key(c, f, "size");
    plan->byte_time = 1e9 / (double)bandwidth(c);
    plan->held = !(buffering && is_buffered(f));
    c->model->buffers |= !plan->held;
}

static bool varies(const struct dist *dist)
{
    return dist->form != DIST_CONSTANT;
}

/* Chunks as one event, or, where gaps may be too long, as few as tell. */
static void emit_chunks(struct compiler *c, struct frame *f,
                        const struct stream_plan *plan)
{
    uint32_t start = frame_new_label(c);
    bool silent = isfinite(plan->patience) &&
                  (varies(plan->gap) || plan->gap->a > plan->patience);
    frame_label(c, f, start);
    struct instr *i = frame_emit(c, f, OP_CHUNKS);
    frame_draw(c, f, i, "chunks", plan->gap);
    i->dist2 = plan->chunks;
    i->a = last_plan(c);
    i->resource = frame_resource(c, f, "streaming");
    if (silent)
        frame_emit(c, f, OP_ON)->a = start;
}

double compile_chunks(struct compiler *c, struct frame *f, const struct dist *chunks,
                      const struct dist *gap, bool one_pace)
{
    struct instr *begin = VECTOR_AT(&f->code, struct instr, f->code.count - 1);
    struct stream_plan *plan = add_plan(c, f);
    check(begin->op == OP_STREAM, "chunks after instruction %d", begin->op);
    begin->a = last_plan(c);
    plan->chunks = compile_value(c, f, chunks);
    plan->gap = compile_value(c, f, gap);
    plan->one_pace = one_pace;
    emit_chunks(c, f, plan);
    return fmax(0, plan->chunks->mean - (one_pace ? 1 : 0)) * plan->gap->mean * 1e-9;
}

/* ---- the step -------------------------------------------------------------------- */

/* Draws within one instruction are numbered with 16 bits. */
static void check_count(struct compiler *c, const struct stream_plan *plan,
                        uint32_t at, double chunks)
{
    at = plan->chunks && plan->chunks->at ? plan->chunks->at : at;
    bool drawn = varies(plan->gap) || (plan->size && varies(plan->size));
    if (drawn && !(chunks <= MOST_TURNS))
        complain(c->out, at, NULL,
                 "must be at most %d chunks where the gap or the size varies, is %g on "
                 "average",
                 MOST_TURNS, chunks);
}

/* Each chunk costs CPU: a loop of gap, work, chunk. */
static double compile_worked(struct compiler *c, struct frame *f,
                             const struct stream_conf *s,
                             const struct stream_plan *plan)
{
    uint32_t number = last_plan(c), start = frame_new_label(c),
             end = frame_new_label(c);
    bool held = plan->held && plan->size;
    if (!s->chunks) {
        complain(c->out, s->at, "cpu", "must go with \"chunks\", not \"duration\"");
        return 0;
    }
    if (f->loops == MAX_LOOPS) {
        complain(c->out, s->at, "stream", "must not be nested deeper than %d repeats",
                 MAX_LOOPS);
        return 0;
    }
    const struct dist *times = plan->chunks;
    double outer = f->turns, turns = times->mean * (outer > 0 ? outer : 1);
    if (turns > MOST_TURNS)
        complain(c->out, s->at, "chunks",
                 "must be at most %d, all repeats together, is %g on average",
                 MOST_TURNS, turns);
    struct instr *i = frame_emit(c, f, OP_REPEAT);
    frame_draw(c, f, i, "repeat", times);
    i->a = end;
    i->b = f->loops++;
    frame_label(c, f, start);
    double mean = compile_delay(c, f, s->gap, "waiting step"), weight = c->weight;
    c->weight *= times->mean;
    mean += compile_work(c, f, s->cpu);
    c->weight = weight;
    frame_emit(c, f, OP_CHUNK)->a = number;
    if (held) {
        i = frame_emit(c, f, OP_WRITE);
        i->resource = frame_resource(c, f, "held by a slow client");
    }
    i = frame_emit(c, f, OP_AGAIN);
    i->a = start;
    i->b = --f->loops;
    frame_label(c, f, end);
    return mean * times->mean;
}

double compile_stream(struct compiler *c, struct frame *f, const struct stream_conf *s)
{
    double mean = 0;
    if (!s->chunks == !s->duration) {
        complain(c->out, s->at, "chunks",
                 "must be there, or else \"duration\"; %s given",
                 s->chunks ? "both are" : "neither is");
        return 0;
    }
    if (s->first_byte)
        mean += compile_delay(c, f, s->first_byte, "until the first byte");
    struct stream_plan *plan = add_plan(c, f);
    plan->chunks = s->chunks ? compile_value(c, f, s->chunks) : NULL;
    plan->duration = s->duration ? compile_value(c, f, s->duration) : NULL;
    plan->gap = compile_value(c, f, s->gap);
    if (plan->duration && !(plan->gap->mean > 0)) {
        complain(c->out, s->at, "gap", "must be longer than 0 with \"duration\"");
        return mean;
    }
    plan_bytes(c, f, plan, s->size, s->buffering);
    struct instr *begin = frame_emit(c, f, OP_STREAM);
    begin->a = last_plan(c);
    begin->count = s->cpu && isfinite(plan->patience);
    f->streams = true;
    if (s->cpu)
        return mean + compile_worked(c, f, s, plan);
    double chunks =
        s->chunks ? plan->chunks->mean : plan->duration->mean / plan->gap->mean;
    check_count(c, plan, s->at, chunks);
    emit_chunks(c, f, plan);
    double lasts = s->chunks ? chunks * plan->gap->mean : plan->duration->mean;
    if (plan->held && plan->size)
        lasts = fmax(lasts, chunks * plan->size->mean * plan->byte_time);
    return mean + lasts * 1e-9;
}

void compile_hand_on(struct compiler *c, struct frame *f)
{
    if (!f->streams || bandwidth(c) == 0 || !proxy_at(f)->buffers || is_buffered(f))
        return;
    struct instr *i = frame_emit(c, f, OP_WRITE);
    i->b = true;
    i->resource = frame_resource(c, f, "handing on to a slow client");
    c->model->buffers = true;
}

/* ---- sessions -------------------------------------------------------------------- */

double compile_session(struct compiler *c, struct frame *f,
                       const struct session_conf *s)
{
    double pings = s->ping > 0 ? 1e9 / (double)s->ping : 0;
    double rate = s->receive + s->send + pings;
    struct stream_plan *plan = add_plan(c, f);
    uint32_t number = last_plan(c), quiet = frame_new_label(c),
             close = frame_new_label(c);
    c->model->sessions = true;
    f->streams = true;
    plan->duration = compile_value(c, f, s->duration);
    if (s->ping > 0 && (double)s->ping < plan->patience)
        plan->patience = INFINITY;
    bool matters = isfinite(plan->patience) && s->receive + s->send > 0;
    if (rate > 0 && (s->cpu || matters))
        plan->gap = dist_exponential(c->arena, 1e9 / rate);
    double messages = plan->gap ? plan->duration->mean / plan->gap->mean : 0;
    if (messages > MOST_TURNS)
        complain(c->out, s->at, "duration",
                 "must not be longer than %d messages and pings, is %g on average: "
                 "let it end, and the user come again",
                 MOST_TURNS, messages);
    if (s->memory)
        compile_memory(c, f, s->memory);
    struct instr *i = frame_emit(c, f, OP_SESSION);
    frame_draw(c, f, i, "session", plan->duration);
    i->a = number;
    frame_label(c, f, quiet);
    i = frame_emit(c, f, OP_QUIET);
    frame_draw(c, f, i, "message", plan->gap ? plan->gap : plan->duration);
    i->a = number;
    i->resource = frame_resource(c, f, "open session");
    i = frame_emit(c, f, OP_MESSAGE);
    i->a = close;
    i->count = isfinite(plan->patience);
    if (s->cpu) {
        double weight = c->weight;
        c->weight *= messages;
        compile_work(c, f, s->cpu);
        c->weight = weight;
    }
    frame_jump(c, f, quiet);
    frame_label(c, f, close);
    frame_emit(c, f, OP_CLOSE);
    return plan->duration->mean * 1e-9;
}

void compile_broadcast(struct compiler *c, struct frame *f,
                       const struct broadcast_conf *b)
{
    uint32_t label = frame_new_label(c), over = frame_new_label(c);
    struct block block;
    frame_emit(c, f, OP_BROADCAST)->a = label;
    frame_jump(c, f, over);
    compile_open_block(c, f, label, &block);
    uint32_t sends = f->code.count;
    compile_work(c, f, b->cpu); /* of one; the demand of all is not known here */
    VECTOR_AT(&f->code, struct instr, sends)->op = OP_SENDS;
    compile_close_block(c, f, &block);
    frame_label(c, f, over);
    compile_assume(c,
                   arena_format(c->arena,
                                "what a broadcast costs %s grows with its open "
                                "sessions: it is not in what arithmetic says of load "
                                "and headroom",
                                f->place->name));
    c->model->sessions = true;
    if (c->stream.count == 0)
        add_plan(c, f); /* tasks are to be told apart */
}
