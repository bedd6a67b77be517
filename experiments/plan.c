/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/plan.h"

#include "experiments/patch.h"
#include "experiments/text.h"
#include "sim/rng.h"

#include <string.h>

enum { MOST_TRIED = 500 }; /* values of a key that are tried beforehand */

const struct plan_variant *plan_variant_of(const struct plan *plan, int64_t index)
{
    return &plan->variant[index / plan->experiment->vary.rows];
}

int64_t plan_row(const struct plan *plan, int64_t index)
{
    return index % plan->experiment->vary.rows;
}

/* ---- names ----------------------------------------------------------------------- */

/* "100/s" for the JSON text of "100/s"; other texts as they are, but not for long. */
static const char *plain(struct arena *arena, const char *json)
{
    enum { LONGEST = 40 };
    size_t length = strlen(json);
    if (length >= 2 && json[0] == '"' && !memchr(json, '\\', length))
        return arena_text(arena, json + 1, length - 2);
    return length <= LONGEST ? json : arena_format(arena, "%.*s…", LONGEST, json);
}

/* The text and the values of a row. */
static const char *with_values(const char *text, const struct vary *vary, int64_t row,
                               struct arena *arena)
{
    for (int k = 0; k < vary->keys; k++)
        text = arena_format(arena, "%s%s%s=%s", text, *text ? " " : "",
                            vary->key[k].name,
                            plain(arena, vary_value(vary, row, k, arena)));
    return text;
}

const char *plan_label(const struct plan *plan, int64_t index, struct arena *arena)
{
    const char *label =
        with_values(plan_variant_of(plan, index)->name, &plan->experiment->vary,
                    plan_row(plan, index), arena);
    return *label ? label : plan->experiment->name;
}

const char *plan_row_label(const struct plan *plan, int64_t row, struct arena *arena)
{
    return with_values(plan->experiment->name, &plan->experiment->vary, row, arena);
}

struct digest plan_digest(const struct plan *plan, int64_t index)
{
    const struct vary *vary = &plan->experiment->vary;
    const char *text = plan_variant_of(plan, index)->text;
    struct sha256 s;
    struct arena arena;
    arena_init(&arena);
    sha256_begin(&s);
    sha256_add_text(&s, "point", 5);
    sha256_add_number(&s, RNG_STREAM_VERSION);
    sha256_add_number(&s, RESULTS_VERSION);
    sha256_add_number(&s, PACK_VERSION);
    sha256_add_number(&s, plan->experiment->until_precise);
    sha256_add_text(&s, text, strlen(text));
    for (int k = 0; k < vary->keys; k++) {
        const char *pointer = vary->key[k].pointer;
        const char *value = vary_value(vary, plan_row(plan, index), k, &arena);
        sha256_add_text(&s, pointer, strlen(pointer));
        sha256_add_text(&s, value, strlen(value));
    }
    arena_free(&arena);
    return sha256_end(&s);
}

/* ---- opening --------------------------------------------------------------------- */

static const char *const *sets_of(const struct plan *plan, int64_t row,
                                  struct arena *arena)
{
    const struct vary *vary = &plan->experiment->vary;
    const char **sets = arena_many(arena, vary->keys + 1, const char *);
    for (int k = 0; k < vary->keys; k++)
        sets[k] = arena_format(arena, "%s=%s", vary->key[k].pointer,
                               vary_value(vary, row, k, arena));
    return sets;
}

/* The first problem in one line. The place is of no use: nobody wrote that text. */
static const char *first_problem(struct where *where)
{
    where_sort(where);
    struct message m = where_message(where, 0);
    return arena_format(where->arena, "%s%s%s", m.pointer, *m.pointer ? ": " : "",
                        m.text);
}

bool plan_open(const struct plan *plan, int64_t index, struct arena *arena,
               struct point *point, struct digest *simulation, const char **why)
{
    const struct plan_variant *variant = plan_variant_of(plan, index);
    struct where *where = where_new(arena);
    *why = NULL;
    struct scenario *scenario = scenario_parse(
        arena, plan->path, plan->folder, variant->text, strlen(variant->text),
        sets_of(plan, plan_row(plan, index), arena), plan->experiment->vary.keys,
        where);
    if (scenario && point_compile(point, arena, scenario, NULL, where)) {
        *simulation = point_digest(point);
        *why = point_misfit(point, &(struct point_effort){.threads = 1}, arena);
    } else {
        *why = first_problem(where);
    }
    return !*why;
}

/* ---- reading --------------------------------------------------------------------- */

/* What the experiment and the command line say of all variants. */
static const char *const *common_sets(const struct plan *plan,
                                      const struct plan_changes *changes,
                                      struct arena *arena, int *count)
{
    const struct experiment *e = plan->experiment;
    const char **sets = arena_many(arena, changes->set_count + 3, const char *);
    *count = 0;
    if (e->replications)
        sets[(*count)++] =
            arena_format(arena, "/run/replications=%d", e->replications);
    if (e->precision)
        sets[(*count)++] = arena_format(arena, "/run/precision=%s", e->precision);
    for (int i = 0; i < changes->set_count; i++)
        sets[(*count)++] = changes->sets[i];
    if (changes->seed)
        sets[(*count)++] =
            arena_format(arena, "/run/seed=%llu", (unsigned long long)*changes->seed);
    return sets;
}

static bool read_variant(struct plan *plan, int number,
                         const struct plan_changes *changes, struct where *where)
{
    const struct variant *from = &plan->experiment->variant[number];
    struct plan_variant *to = &plan->variant[number];
    int count;
    const char *const *sets = common_sets(plan, changes, where->arena, &count);
    struct patch_step patch = {.value = from->patch};
    struct scenario_changes changed = {&patch, from->patch ? 1 : 0, sets, count};
    struct scenario *scenario =
        scenario_read_changed(where->arena, plan->path, &changed, where);
    if (!scenario)
        return false;
    to->name = from->name;
    to->text = scenario->canonical;
    to->has_files = scenario->file_count > 0;
    return true;
}

/* Told at the key in the experiment's file. */
static void tell_value(struct where *where, const struct plan *plan, int64_t index,
                       int key, const char *why)
{
    const struct vary *vary = &plan->experiment->vary;
    const char *label = plan_label(plan, index, where->arena);
    if (key >= 0)
        where_problem(where, vary->key[key].at, NULL, "with %s: %s", label, why);
    else
        where_source_problem(where, 0, WHERE_WHOLE, "%s: %s", label, why);
}

static bool try_point(struct where *where, const struct plan *plan, int64_t index,
                      int key)
{
    struct arena arena;
    arena_init(&arena);
    struct point point;
    struct digest simulation;
    const char *why;
    bool fine = plan_open(plan, index, &arena, &point, &simulation, &why);
    if (!fine)
        tell_value(where, plan, index, key, why);
    arena_free(&arena);
    return fine;
}

/* Every value of every key beside the first ones of the others, in a grid; a mistake in
 * a value is better known before a night of simulation. What is drawn is tried as far
 * as it goes, and so is what stands side by side. */
static void try_values(struct where *where, const struct plan *plan, int64_t first)
{
    const struct vary *vary = &plan->experiment->vary;
    if (vary->design != VARY_GRID) {
        for (int64_t row = 1; row < vary->rows && row < MOST_TRIED; row++)
            if (!try_point(where, plan, first + row, -1))
                return;
        return;
    }
    int64_t stride = 1;
    for (int k = vary->keys - 1; k >= 0; k--) {
        for (int i = 1; i < vary->key[k].count && i < MOST_TRIED; i++)
            if (!try_point(where, plan, first + i * stride, k))
                break;
        stride *= vary->key[k].count;
    }
}

struct plan *plan_read(struct where *where, const struct experiment *experiment,
                       const struct plan_changes *changes)
{
    struct plan *plan = arena_new(where->arena, struct plan);
    int before = where->problem_count;
    plan->experiment = experiment;
    plan->path = experiment->scenario;
    plan->folder = scenario_folder(where->arena, plan->path);
    plan->variants = experiment->variants;
    plan->variant = arena_many(where->arena, plan->variants, struct plan_variant);
    plan->points = plan->variants * experiment->vary.rows;
    for (int v = 0; v < plan->variants; v++)
        if (!read_variant(plan, v, changes, where))
            return NULL;
    for (int v = 0; v < plan->variants; v++) {
        int64_t first = v * experiment->vary.rows;
        if (try_point(where, plan, first, -1))
            try_values(where, plan, first);
    }
    return where->problem_count == before ? plan : NULL;
}
