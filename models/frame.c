/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/frame.h"

#include "models/compile.h"
#include "sim/check.h"

#include <string.h>

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

uint32_t frame_new_label(struct compiler *c)
{
    *VECTOR_ADD(&c->label, c->arena, uint32_t) = NONE;
    return c->label.count - 1;
}

/* The label stands for the next instruction of the frame. */
void frame_label(struct compiler *c, struct frame *f, uint32_t label)
{
    frame_label_at(c, f, label, f->code.count);
}

void frame_label_at(struct compiler *c, struct frame *f, uint32_t label, uint32_t at)
{
    *VECTOR_AT(&c->label, uint32_t, label) = at;
    *VECTOR_ADD(&f->labels, c->arena, uint32_t) = label;
}

struct instr *frame_emit(struct compiler *c, struct frame *f, enum op op)
{
    struct instr *i = VECTOR_ADD(&f->code, c->arena, struct instr);
    *i = (struct instr){.op = (uint8_t)op, .on_error = f->pad, .a = NONE};
    return i;
}

void frame_jump(struct compiler *c, struct frame *f, uint32_t label)
{
    frame_emit(c, f, OP_JUMP)->a = label;
}

/* Where an error goes: give back a connection or not, then on to `next`, with the error
 * or, when it is to be ignored, without. Pads stand after the handler's own code. At
 * any instruction, `on_error` leads to giving back all that is held before it: that is
 * how a task can be killed wherever it is. */
struct pad {
    uint32_t label, next, around;
    uint32_t cache_use, guard_set; /* NONE */
    bool clear, holds;
    struct holding held;
};

uint32_t frame_pad(struct compiler *c, struct frame *f, const struct holding *h,
                   uint32_t next, bool clear)
{
    uint32_t label = frame_new_label(c);
    struct pad pad = {.label = label,
                      .next = next,
                      .around = f->pad,
                      .cache_use = NONE,
                      .guard_set = NONE,
                      .clear = clear,
                      .holds = h};
    if (h)
        pad.held = *h;
    *VECTOR_ADD(&f->pads, c->arena, struct pad) = pad;
    return label;
}

uint32_t frame_pad_drop(struct compiler *c, struct frame *f, uint32_t cache_use,
                        uint32_t next, bool clear)
{
    uint32_t label = frame_pad(c, f, NULL, next, clear);
    VECTOR_AT(&f->pads, struct pad, f->pads.count - 1)->cache_use = cache_use;
    return label;
}

uint32_t frame_pad_guard(struct compiler *c, struct frame *f, uint32_t set,
                         uint32_t next)
{
    uint32_t label = frame_pad(c, f, NULL, next, false);
    VECTOR_AT(&f->pads, struct pad, f->pads.count - 1)->guard_set = set;
    return label;
}

struct instr *frame_emit_held(struct compiler *c, struct frame *f, enum op op,
                              const struct holding *h)
{
    struct instr *i = frame_emit(c, f, op);
    i->a = h->use;
    i->b = h->number;
    i->count = h->flags;
    i->resource = (uint16_t)h->client;
    return i;
}

static void emit_pads(struct compiler *c, struct frame *f)
{
    for (uint32_t i = 0; i < f->pads.count; i++) {
        struct pad pad = *VECTOR_AT(&f->pads, struct pad, i);
        frame_label(c, f, pad.label);
        f->pad = pad.label;
        if (pad.holds)
            frame_emit_held(c, f, OP_RELEASE, &pad.held);
        if (pad.cache_use != NONE)
            frame_emit(c, f, OP_DROP)->b = pad.cache_use;
        if (pad.guard_set != NONE)
            frame_emit(c, f, OP_GUARD_OUT)->b = pad.guard_set;
        f->pad = pad.around;
        frame_emit(c, f, pad.clear ? OP_CLEAR : OP_JUMP)->a = pad.next;
    }
}

/* Append a finished frame to the code: from here on its labels are program counters. */
void frame_close(struct compiler *c, struct frame *f)
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

uint64_t frame_key(struct compiler *c, struct frame *f, const char *what)
{
    f->draws = true;
    return compile_key(
        c, arena_format(c->arena, "%s/%u.%s", f->path, f->code.count, what));
}

void frame_draw(struct compiler *c, struct frame *f, struct instr *i, const char *what,
                const struct dist *dist)
{
    i->dist = dist;
    i->key = frame_key(c, f, what);
}

const char *frame_resource_name(struct compiler *c, const struct frame *f,
                                const char *what)
{
    return arena_format(c->arena, "%s: %s", f->place->name, what);
}

uint32_t frame_station(const struct compiler *c, const struct frame *f)
{
    return c->model->service[f->place->index].station;
}

uint16_t frame_resource(struct compiler *c, struct frame *f, const char *what)
{
    return compile_resource(c, frame_resource_name(c, f, what), RESOURCE_SERVICE,
                            (int)frame_station(c, f));
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
    case OP_ENQUEUE:
    case OP_JUMP:
    case OP_CLEAR:
    case OP_LOOKUP:
    case OP_KEEP:
    case OP_ON:
    case OP_MESSAGE:
    case OP_BROADCAST:
    case OP_ADMIT:
    case OP_ONCE:
        i->a = pc_of(c, i->a);
        break;
    case OP_DELAY:
    case OP_REGAIN:
    case OP_SLOWED:
    case OP_CPU:
    case OP_CALL:
    case OP_GUARDED:
    case OP_GUARD_IN:
    case OP_GUARD_OUT:
    case OP_ACQUIRE:
    case OP_RELEASE:
    case OP_KEEP_NONE:
    case OP_CHOOSE:
    case OP_FORK:
    case OP_STREAM:
    case OP_UNITS:
    case OP_ANSWER:
    case OP_HOLD_BACK:
    case OP_REAP:
    case OP_PUBLISH:
    case OP_CHUNKS:
    case OP_CHUNK:
    case OP_WRITE:
    case OP_SESSION:
    case OP_QUIET:
    case OP_CLOSE:
    case OP_SENDS:
    case OP_BYPASS:
    case OP_FILL:
    case OP_DROP:
    case OP_MEMORY:
    case OP_FAIL:
    case OP_ACCEPT:
    case OP_HANG_UP:
    case OP_LIMIT:
    case OP_COUNT:
    case OP_UNCOUNT:
    case OP_PROXY:
    case OP_CHECK:
    case OP_INFER:
    case OP_BATCH:
    case OP_ONCE_DONE:
    case OP_END:
    case OP_GONE:
        break;
    }
}

void frame_finish(struct compiler *c)
{
    struct model *m = c->model;
    m->grave = c->code.count;
    *VECTOR_ADD(&c->code, c->arena, struct instr) = (struct instr){.op = OP_GONE};
    m->watch = c->code.count;
    *VECTOR_ADD(&c->code, c->arena, struct instr) = (struct instr){.op = OP_DELAY};
    *VECTOR_ADD(&c->code, c->arena, struct instr) = (struct instr){.op = OP_REAP};
    *VECTOR_ADD(&c->code, c->arena, struct instr) = (struct instr){.op = OP_GONE};
    for (uint32_t i = 0; i < m->grave; i++)
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
    for (uint32_t i = 0; i < c->cache_use.count; i++) {
        struct cache_use *use = VECTOR_AT(&c->cache_use, struct cache_use, i);
        if (use->refresh != NONE)
            use->refresh = pc_of(c, use->refresh);
    }
    m->code = c->code.items;
    m->choice = c->choice.items;
    m->branch = c->branch.items;
    m->call = c->call.items;
    m->balancer = c->balancer.items;
    m->balancers = c->balancer.count;
    m->proxy = c->proxy.items;
    m->proxies = c->proxy.count;
    m->budget = c->budget.items;
    m->budgets = c->budget.count;
    m->stream = c->stream.items;
    m->streams = c->stream.count;
    m->limit = c->limit.items;
    m->limits = c->limit.count;
    m->guard_set = c->guard_set.items;
    m->guard_sets = c->guard_set.count;
    m->pool_use = c->pool_use.items;
    m->pool_uses = c->pool_use.count;
    m->timer_length = c->timer_length.items;
    m->timer_classes = c->timer_length.count;
}
