/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * where -- the place of every value that was read, and what is wrong with it.
 *
 * Values are numbered in document order, 0 for the root; values that came from --set
 * get the numbers after those. The number is what bound structs carry as `at`, and from
 * it follow file, line, column and JSON pointer. Problems are collected, sorted by
 * place and printed together:
 *
 *     shop.json:14:18: /services/api/workers: must be between 1 and 1000000, is 0
 *     --set /services/api/workers=0: must be between 1 and 1000000, is 0
 *
 * Units:     lines and columns count from 1; a column is a character, not a byte.
 * Ownership: everything lives in the arena given to where_new.
 * Errors:    none; texts of users are made safe for a terminal when they are printed.
 * Threads:   one owner at a time.
 */
#ifndef EXPERIMENTS_WHERE_H
#define EXPERIMENTS_WHERE_H

#include "sim/arena.h"
#include "sim/param.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { WHERE_MOST_PROBLEMS = 100 }; /* more are only counted */

#define WHERE_NOWHERE                                                                  \
    UINT32_MAX /* no value: the whole file, or the parent of the root */

/* Where bytes came from: a file, a --set, or a data file. */
struct source {
    const char *name; /* "shop.json", or "--set /a/b=1" */
    const char *bytes;
    size_t length;
    bool is_set; /* has no lines worth naming */
};

/* One value. */
struct place {
    uint32_t parent; /* WHERE_NOWHERE for a root */
    int index;       /* in an array; -1 for a member of an object */
    const char *key; /* decoded, NULL in an array */
    int source;      /* index into sources */
    size_t offset, length;   /* of the value as written */
    size_t key_offset;       /* of the key, if it has one */
};

struct problem {
    uint32_t at;      /* WHERE_NOWHERE: told by source and offset alone */
    const char *key;  /* below `at`; NULL: `at` itself */
    int source;
    size_t offset;
    int order;        /* of discovery, the last tie-breaker */
    const char *text; /* not yet made safe */
};

struct where {
    struct arena *arena;
    struct source *sources;
    int source_count, source_room;
    struct place *places;
    uint32_t count, room;
    struct problem *problems;
    int problem_count; /* all that were found; at most WHERE_MOST_PROBLEMS are kept */
    struct problem *notes;
    int note_count, note_room;
    struct listener listener; /* complain(&where->listener, at, key, ...) lands here */
};

struct where *where_new(struct arena *arena);

int where_add_source(struct where *where, struct source source);

/* Appends a value; its number. */
uint32_t where_add(struct where *where, struct place place);

/* The member `key` of the value `at`, or WHERE_NOWHERE. */
uint32_t where_member(const struct where *where, uint32_t at, const char *key);

/* The newest element of the list `at` with this index, or WHERE_NOWHERE. */
uint32_t where_element(const struct where *where, uint32_t at, int index);

/* Something is wrong with the value `at`, or with its member `key`. */
void where_problem(struct where *where, uint32_t at, const char *key,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Something is wrong with the key of the value `at`: placed where the key stands. */
void where_key_problem(struct where *where, uint32_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Something is wrong with the bytes of a source; WHERE_WHOLE: with all of it. */
#define WHERE_WHOLE SIZE_MAX
void where_source_problem(struct where *where, int source, size_t offset,
                          const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Worth saying, but no mistake. */
void where_note(struct where *where, uint32_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The JSON pointer of a value, safe to print; "" for the root. */
const char *where_pointer(const struct where *where, uint32_t at);

/* "file:line:column" or "--set ...", safe to print. */
const char *where_place(const struct where *where, uint32_t at);

/* A problem as it is told, every text safe to print. */
struct message {
    const char *place;   /* "shop.json:14:18", "shop.json" or "--set /a=1" */
    const char *file;    /* "shop.json" or "--set /a=1" */
    size_t line, column; /* 0: none */
    const char *pointer; /* "" for the root */
    const char *text;
    bool is_told; /* the pointer is part of the place already */
};

/* Sorts problems and notes by place; then the first, second, ... of either. */
void where_sort(struct where *where);
int where_kept(const struct where *where);
struct message where_message(const struct where *where, int index);
struct message where_note_message(const struct where *where, int index);

/* All problems, sorted by place, one a line; "and N more" after the first hundred. */
void where_print(struct where *where, FILE *out);
void where_print_notes(struct where *where, FILE *out);

/* Text of a user made safe for a terminal: control characters and escapes as \x1b,
 * bytes that are not UTF-8 likewise. Long text is cut. */
const char *where_safe(struct arena *arena, const char *text);

/* The candidate nearest to `word` by edit distance, or NULL if none is near. */
const char *where_nearest(const char *word, const char *const *candidates, int count);

/* "a, b or c" */
const char *where_alternatives(struct arena *arena, const char *const *words,
                               int count);

/* "a, b and c" */
const char *where_list(struct arena *arena, const char *const *words, int count);

#endif
