/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS, MAP_NORESERVE */
#include "sim/arena.h"

#include "sim/check.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LINE = 64 };

#ifndef ARENA_BLOCK
#define ARENA_BLOCK (64 * 1024) /* tests set a tiny one to provoke every boundary */
#endif

struct arena_block {
    struct arena_block *next;
    size_t size, used;
};

struct arena_range {
    struct arena_range *next;
    void *start;
    size_t size, used;
};

void arena_init(struct arena *arena)
{
    *arena = (struct arena){0};
}

static void free_list(struct arena_block *block)
{
    while (block) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
}

static void free_ranges(struct arena *arena)
{
    while (arena->ranges) {
        struct arena_range *range = arena->ranges;
        arena->ranges = range->next;
        munmap(range->start, range->size);
        free(range);
    }
}

void arena_free(struct arena *arena)
{
    free_ranges(arena);
    free_list(arena->blocks);
    free_list(arena->spare);
    *arena = (struct arena){0};
}

void arena_reset(struct arena *arena)
{
    free_ranges(arena);
    while (arena->blocks) {
        struct arena_block *block = arena->blocks;
        arena->blocks = block->next;
        block->next = arena->spare;
        arena->spare = block;
    }
    arena->taken = 0;
}

static size_t padding(const struct arena_block *block, size_t align)
{
    uintptr_t at = (uintptr_t)block + sizeof *block + block->used;
    return (size_t)(-at & (align - 1));
}

static struct arena_block *spare_of(struct arena *arena, size_t need)
{
    for (struct arena_block **link = &arena->spare; *link; link = &(*link)->next) {
        struct arena_block *block = *link;
        if (block->size >= need) {
            *link = block->next;
            return block;
        }
    }
    return NULL;
}

static struct arena_block *add_block(struct arena *arena, size_t need)
{
    struct arena_block *block = spare_of(arena, need);
    if (!block) {
        size_t size = need > ARENA_BLOCK ? need : ARENA_BLOCK;
        block = malloc(sizeof *block + size);
        if (!block)
            die("out of memory: %zu bytes asked for, %zu in use", size, arena->taken);
        block->size = size;
    }
    block->used = 0;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes, align = size >= LINE ? LINE : 16;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        die("out of memory: %zu elements of %zu bytes asked for", count, size);
    struct arena_block *block = arena->blocks;
    if (!block || block->used + padding(block, align) + bytes > block->size)
        block = add_block(arena, bytes + LINE);
    block->used += padding(block, align);
    void *start = (char *)(block + 1) + block->used;
    block->used += bytes;
    arena->taken += bytes;
    return memset(start, 0, bytes);
}

char *arena_text(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_array(arena, length + 1, 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    check(length >= 0, "format \"%s\"", format);
    char *text = arena_array(arena, (size_t)length + 1, 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return text;
}

static size_t whole_pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

void *arena_reserve(struct arena *arena, size_t bytes)
{
    struct arena_range *range = malloc(sizeof *range);
    size_t size = whole_pages(bytes + 1); /* a mapping of nothing is an error */
    void *start = range ? mmap(NULL, size, PROT_NONE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0)
                        : MAP_FAILED;
    if (start == MAP_FAILED)
        die("out of memory: %zu bytes of address space asked for", size);
    *range = (struct arena_range){arena->ranges, start, size, 0};
    arena->ranges = range;
    return start;
}

void arena_commit(struct arena *arena, void *start, size_t bytes)
{
    struct arena_range *range = arena->ranges;
    while (range && range->start != start)
        range = range->next;
    size_t size = whole_pages(bytes);
    check(range && size <= range->size, "%zu bytes of a range of %zu", size,
          range ? range->size : 0);
    if (size <= range->used)
        return;
    if (mprotect(start, size, PROT_READ | PROT_WRITE) != 0)
        die("out of memory: %zu bytes asked for, %zu in use", size, arena->taken);
    arena->taken += size - range->used;
    range->used = size;
}
