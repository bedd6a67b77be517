/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arena -- memory that is taken piece by piece and given back all at once.
 *
 * Ownership: whoever calls arena_init calls arena_free; everything taken in between
 *            dies with the arena. arena_reset keeps the blocks for the next use.
 * Errors:    no memory ends the process with status 3.
 * Threads:   one owner at a time.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *blocks; /* the current one first */
    struct arena_block *spare;  /* kept by arena_reset */
    struct arena_range *ranges; /* reserved address space */
    size_t taken;               /* bytes handed out since init or reset */
};

void arena_init(struct arena *arena);
void arena_free(struct arena *arena);
void arena_reset(struct arena *arena);

/* `count` zeroed elements of `size` bytes, aligned to a cache line when they are at
 * least that large and to 16 bytes otherwise. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* A copy of `length` bytes with a terminating zero. */
char *arena_text(struct arena *arena, const char *text, size_t length);

/* printf into the arena. */
char *arena_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Address space for an array that grows in place, so that pointers into it stay good.
 * Nothing in it may be touched before arena_commit; it goes with init or reset. */
void *arena_reserve(struct arena *arena, size_t bytes);

/* Make the first `bytes` of a reserved range usable. What is new is zero. */
void arena_commit(struct arena *arena, void *range, size_t bytes);

#define arena_new(arena, type) ((type *)arena_array((arena), 1, sizeof(type)))
#define arena_many(arena, count, type)                                                 \
    ((type *)arena_array((arena), (size_t)(count), sizeof(type)))

#endif
