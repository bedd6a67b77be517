/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bind -- fills structs from a JSON tree by the tables of sim/param.h.
 *
 * All mistakes are told to `where` and binding goes on; what could not be bound keeps
 * its default or zero, so the structs may be used only if there was no problem.
 *
 * How a value is written follows from its row's type (sim/param.h). Beyond that:
 *   - PARAM_VERB, when the row chosen is an object whose table has the verb itself as a
 *     key, binds the whole object ({"call": "llm", "stream": true}); else it binds the
 *     verb's value. The first row of `of` that is present is the verb.
 *   - PARAM_TAGGED by a bare name binds the defaults of an object; the body of any
 *     other row is NULL then.
 *   - The body of a variant, an element and a map's value are laid out inline: a struct
 *     for an object, a `struct dist *` for a random value, a `struct param_list` for a
 *     list.
 *
 * Ownership: what is bound lives in the arena and does not refer to the tree.
 * Threads:   none shared.
 */
#ifndef EXPERIMENTS_BIND_H
#define EXPERIMENTS_BIND_H

#include "experiments/where.h"
#include "sim/arena.h"
#include "sim/param.h"

#include <cjson/cJSON.h>

#include <stdbool.h>
#include <stddef.h>

struct data_file;
struct data_table;

struct bind {
    struct arena *arena;
    struct where *where;
    const char *folder;     /* where data files are; NULL: there are none */
    enum param_type unit;   /* of the random value that is being bound */
    struct data_file *files; /* data files read so far */
    const struct data_table **tables; /* what they hold */
    int file_count, file_room;
};

/* Binds an object to the zeroed struct `into`, whose table does not begin with `at`
 * unless the owner fills it. */
void bind_object(struct bind *bind, const cJSON *object, const struct param *table,
                 void *into);

/* Binds one value to zeroed memory of bind_size(row) bytes. */
void bind_value(struct bind *bind, const cJSON *value, const struct param *row,
                void *slot);

/* Bytes of an element, map value or variant body of this row. */
size_t bind_size(const struct param *row);

/* Whether the row ends a table. */
static inline bool bind_is_end(const struct param *row)
{
    return row->type == PARAM_END && !row->key;
}

/* Whether a row of a PARAM_TAGGED may stand as a bare name. */
bool bind_may_be_bare(const struct param *row);

/* Whether a row of a PARAM_VERB binds the whole object, the verb being one of its
 * keys. */
bool bind_holds_verb(const struct param *row);

/* ---- for the files that bind particular types ------------------------------------ */

/* "must be <what>, is <what stands there>" */
void bind_must_be(struct bind *bind, const cJSON *value, const char *what);

/* What stands there, as it is written: 30, "30s", an object. */
const char *bind_seen(struct bind *bind, const cJSON *value);

/* A name that is none of `words`: lists them, suggests the nearest. */
void bind_unknown(struct bind *bind, const cJSON *value, const char *what,
                  const char *word, const char *const *words, int count);

/* The keys of a table, those of included tables too; how many of at most `most`. */
int bind_keys(const struct param *table, const char **keys, int most);

/* A list whose elements are the rows of a table, in order; bind_value also takes an
 * object with their keys. */
void bind_tuple(struct bind *bind, const cJSON *value, const struct param *table,
                void *into);

/* A member of a struct: an object or tuple hangs on a pointer, all else is inline. */
void bind_field(struct bind *bind, const cJSON *value, const struct param *row,
                void *slot);

/* What absent keys mean. */
void bind_defaults(const struct bind *bind, const struct param *table, void *into);

/* Notes a data file for the scenario's hash. */
void bind_add_file(struct bind *bind, struct data_file file,
                   const struct data_table *table);

#endif
