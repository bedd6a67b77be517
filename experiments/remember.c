/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/remember.h"

#include "experiments/pack.h"
#include "sim/check.h"

#include <stdlib.h>
#include <string.h>

static const size_t most_bytes = (size_t)1 << 30;
enum { ROWS = 1024 }; /* of the table of digests */

/* The outcomes of one call of a runner. */
struct kept {
    struct kept *next;
    struct digest key;
    struct packed *outcome;
    int count;
};

struct remember {
    struct arena arena;
    struct kept *row[ROWS];
};

struct remember *remember_new(void)
{
    struct remember *remember = calloc(1, sizeof *remember);
    if (!remember)
        die("out of memory");
    arena_init(&remember->arena);
    return remember;
}

void remember_free(struct remember *remember)
{
    arena_free(&remember->arena);
    free(remember);
}

/* A pilot's outcomes have segments, so that its window is another one. */
static struct digest key_of(const struct remember_point *known, const struct jobs *jobs)
{
    struct sha256 s;
    sha256_begin(&s);
    sha256_add(&s, known->simulation.byte, DIGEST_BYTES);
    sha256_add_number(&s, jobs->first);
    sha256_add_number(&s, (uint64_t)jobs->count);
    sha256_add_number(&s, (uint64_t)jobs->window.warm_up);
    sha256_add_number(&s, (uint64_t)jobs->window.length);
    sha256_add_number(&s, (uint64_t)jobs->window.drain);
    sha256_add_number(&s, (uint64_t)jobs->window.shock);
    sha256_add_number(&s, jobs->window.max_in_flight);
    sha256_add_number(&s, (jobs->window.segments ? 1u : 0u) |
                              (jobs->window.unprovoked ? 2u : 0u));
    return sha256_end(&s);
}

static struct kept **row_of(struct remember *remember, const struct digest *key)
{
    return &remember->row[(key->byte[0] | key->byte[1] << 8) % ROWS];
}

static const struct kept *find(struct remember *remember, const struct digest *key)
{
    const struct kept *kept = *row_of(remember, key);
    while (kept && memcmp(&kept->key, key, sizeof *key) != 0)
        kept = kept->next;
    return kept;
}

static void keep(const struct remember_point *known, const struct digest *key,
                 const struct outcome *outcome, int count)
{
    struct remember *remember = known->remember;
    struct arena *arena = &remember->arena;
    if (arena->taken > most_bytes)
        return;
    struct kept *kept = arena_new(arena, struct kept), **row = row_of(remember, key);
    *kept = (struct kept){*row, *key, arena_many(arena, count, struct packed), count};
    for (int r = 0; r < count; r++)
        kept->outcome[r] = pack_outcome(&outcome[r], known->facts, arena);
    *row = kept;
}

static bool bring(void *remembered, const struct jobs *jobs, struct arena *arena,
                  struct outcome *out)
{
    struct remember_point *known = remembered;
    struct digest key = key_of(known, jobs);
    const struct kept *kept = find(known->remember, &key);
    if (kept) {
        for (int r = 0; r < kept->count; r++)
            check(pack_read(&kept->outcome[r], known->facts, arena, &out[r]),
                  "outcome %d is remembered otherwise", r);
        return true;
    }
    if (!known->simulator.run(known->simulator.context, jobs, arena, out))
        return false;
    keep(known, &key, out, jobs->count);
    return true;
}

struct runner remember_runner(struct remember_point *known, struct remember *remember,
                              const struct runner *simulator, struct digest simulation,
                              const struct model_facts *facts)
{
    *known = (struct remember_point){remember, *simulator, simulation, facts};
    return (struct runner){bring, known};
}
