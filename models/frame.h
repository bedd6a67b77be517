/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * frame -- one handler on its way into code: instructions, labels, and where errors go.
 * Internal to models/.
 *
 * Jump targets are labels until the end, so that code can be placed before it is known
 * where it goes. An instruction that fails goes to the frame's pad of that moment,
 * which gives back what is held then and goes on to the pad around it.
 */
#ifndef MODELS_FRAME_H
#define MODELS_FRAME_H

#include "models/compiled.h"
#include "sim/arena.h"

struct compiler;
struct place;

/* A growing array: VECTOR_ADD gives a pointer to its new last element. */
struct vector {
    void *items;
    uint32_t count, room;
};

void *vector_add(struct vector *v, struct arena *arena, size_t size);
#define VECTOR_ADD(v, arena, type) ((type *)vector_add((v), (arena), sizeof(type)))
#define VECTOR_AT(v, type, index) (&((type *)(v)->items)[index])

/* One handler on its way into code. */
struct frame {
    const struct frame *caller;
    struct place *place;
    const char *type; /* request type as this service sees it */
    const char *path; /* of calls, for the keys of draws */
    struct vector code, labels, pads;
    struct vector holding; /* struct holding: what is held here, innermost last */
    struct vector kept;    /* likewise: what is held from its first use to the end */
    uint32_t pad;   /* label errors go to */
    uint32_t loops, held; /* nesting of repeats, and of held connections */
    uint32_t lookups;     /* and of look-ups in caches */
    double turns;         /* of the repeats around, all together; 0: none */
    bool passes;    /* the call being compiled passes the callee's stream on */
    bool streams;   /* sends a first byte of its own or passes one on */
    bool draws;     /* something in it is random: later visits need other draws */
};

/* A label that stands for nothing yet. */
uint32_t frame_new_label(struct compiler *c);

/* The label stands for the next instruction of the frame. */
void frame_label(struct compiler *c, struct frame *f, uint32_t label);

/* The label stands for instruction `at` of the frame. */
void frame_label_at(struct compiler *c, struct frame *f, uint32_t label, uint32_t at);

struct instr *frame_emit(struct compiler *c, struct frame *f, enum op op);
void frame_jump(struct compiler *c, struct frame *f, uint32_t label);

/* A connection that is taken and given back: of which use of a pool, the task's
 * how-many-eth, and the client's that it is taken for (see HOLD_NO_CLIENT). */
struct holding {
    uint32_t use, number, client, pool, flags;
};

struct instr *frame_emit_held(struct compiler *c, struct frame *f, enum op op,
                              const struct holding *h);

/* A pad that gives back a connection (NULL: nothing) and goes on to label `next`, with
 * the error or, `clear`, without. Its label. */
uint32_t frame_pad(struct compiler *c, struct frame *f, const struct holding *h,
                   uint32_t next, bool clear);

/* A pad that tells those who wait for the fill of a cache use that there is none. */
/* The guards of this set are told of the error. */
uint32_t frame_pad_guard(struct compiler *c, struct frame *f, uint32_t set,
                         uint32_t next);
uint32_t frame_pad_drop(struct compiler *c, struct frame *f, uint32_t cache_use,
                        uint32_t next, bool clear);

/* Append the finished frame to the code. */
void frame_close(struct compiler *c, struct frame *f);

/* The key of the next instruction's draws, and the draws with their distribution. */
uint64_t frame_key(struct compiler *c, struct frame *f, const char *what);
void frame_draw(struct compiler *c, struct frame *f, struct instr *i, const char *what,
                const struct dist *dist);

/* "web: what", and the number of the service resource so called. */
const char *frame_resource_name(struct compiler *c, const struct frame *f,
                                const char *what);
uint16_t frame_resource(struct compiler *c, struct frame *f, const char *what);
uint32_t frame_station(const struct compiler *c, const struct frame *f);

/* Turn labels into program counters and move the vectors into the model. */
void frame_finish(struct compiler *c);

#endif
