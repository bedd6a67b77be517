/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom compare: which of several designs is better, and by how much. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"

#include "experiments/compare_page.h"
#include "experiments/file_sort.h"
#include "experiments/plan.h"
#include "experiments/summary.h"

#include <stdio.h>
#include <string.h>

struct wishes {
    const char *by, *results;
    bool all;
};

/* Where answers go, and whether one could be given. */
struct answers {
    struct options *options;
    const struct wishes *wishes;
    const volatile sig_atomic_t *stop;
    cJSON *list; /* NULL: as text */
    int told;
    struct store *store; /* whose outcomes are compared; NULL: they are simulated */
};

/* Compares and tells. */
static int answer(struct answers *a, struct comparison *c, const char *title,
                  struct arena *arena)
{
    struct compare_settings set = {
        .threads = a->options->threads, .stop = a->stop, .by = a->wishes->by};
    const char *why;
    bool compared = a->store ? compare_known(c, &set, arena, &why)
                             : compare_run(c, &set, arena, &why);
    if (!compared) {
        fprintf(stderr, "headroom compare: %s\n",
                why ? where_safe(arena, why) : "interrupted");
        return why ? COMMAND_INPUT : COMMAND_INTERRUPTED;
    }
    if (a->list)
        compare_json(c, title, json_element(a->list));
    else {
        if (a->told++)
            putchar('\n');
        compare_print(c, title, a->wishes->all, summary_colour(stdout), stdout);
        fflush(stdout);
    }
    return COMMAND_DONE;
}

/* ---- scenarios ------------------------------------------------------------------- */

static bool read_scenario(struct contender *c, const struct options *options,
                          const char *path, const uint64_t *seed, struct arena *arena)
{
    struct where *where = where_new(arena);
    struct point_source source = {.path = path,
                                  .sets = options->sets,
                                  .set_count = options->set_count,
                                  .seed = seed};
    bool read = point_read(&c->point, arena, &source, where);
    file_sort_print(where, path, FILE_SCENARIO, stderr);
    const char *why =
        read ? point_misfit(&c->point,
                            &(struct point_effort){.threads = options->threads}, arena)
             : NULL;
    if (why)
        fprintf(stderr, "%s: %s\n", where_safe(arena, path), where_safe(arena, why));
    return read && !why;
}

/* Files may have equal names inside; then their paths tell them apart. */
static void label_scenarios(struct comparison *c, const struct options *options)
{
    for (int i = 0; i < c->contenders; i++) {
        bool alone = true;
        for (int j = 0; j < c->contenders; j++)
            alone &= j == i || strcmp(c->contender[j].point.result.name,
                                      c->contender[i].point.result.name) != 0;
        c->contender[i].label =
            alone ? c->contender[i].point.result.name : options->arguments[i];
    }
}

static int compare_scenarios(struct answers *a, struct arena *arena)
{
    struct options *options = a->options;
    struct comparison c = {.contenders = options->argument_count};
    c.contender = arena_many(arena, c.contenders, struct contender);
    const uint64_t *seed = options->has_seed ? &options->seed : NULL;
    for (int i = 0; i < c.contenders; i++) {
        if (!read_scenario(&c.contender[i], options, options->arguments[i], seed,
                           arena))
            return COMMAND_INPUT;
        if (!seed) /* the same random numbers for all: those of the first */
            seed = &c.contender[0].point.result.seed;
    }
    label_scenarios(&c, options);
    return answer(a, &c, "compare", arena);
}

/* ---- experiments ----------------------------------------------------------------- */

static bool open_contender(struct contender *c, const struct plan *plan, int64_t index,
                           struct arena *arena)
{
    struct digest simulation;
    const char *why;
    if (plan_open(plan, index, arena, &c->point, &simulation, &why))
        return true;
    fprintf(stderr, "headroom compare: %s: %s\n",
            where_safe(arena, plan_label(plan, index, arena)), where_safe(arena, why));
    return false;
}

/* A contender whose outcomes come out of a results file. */
struct remembered {
    struct contender *contender;
    struct arena *arena;
    int room;
};

static void take_outcome(void *remembered, const struct packed *packed)
{
    struct remembered *r = remembered;
    struct contender *c = r->contender;
    if (c->count < r->room &&
        pack_read(packed, c->point.result.facts, r->arena, &c->outcome[c->count]))
        c->count++;
}

/* The replications behind the point in the results file. */
static bool recall(struct contender *c, const struct answers *a,
                   const struct plan *plan, int64_t index, struct arena *arena)
{
    char text[DIGEST_TEXT];
    struct digest digest = plan_digest(plan, index);
    digest_text(&digest, text);
    const char *query = arena_format(
        arena, "select id from point where digest = x'%s' and state = 'done'", text);
    int64_t id = store_number(a->store, query);
    struct remembered r = {c, arena, 0};
    if (id)
        r.room = (int)store_number(
            a->store,
            arena_format(arena, "select sum(count) from evidence where point = %lld",
                         (long long)id));
    c->outcome = arena_many(arena, r.room + 1, struct outcome);
    if (r.room)
        store_used(a->store, id, take_outcome, &r);
    if (c->count > 0)
        return true;
    fprintf(stderr, "headroom compare: %s: not done in %s\n",
            where_safe(arena, plan_label(plan, index, arena)),
            where_safe(arena, store_path(a->store)));
    return false;
}

/* Variants with each other, at every row of values; of a single variant its rows. */
static int compare_row(struct answers *a, const struct plan *plan, int64_t row)
{
    struct arena arena;
    arena_init(&arena);
    bool variants = plan->variants > 1;
    int64_t rows = plan->experiment->vary.rows;
    struct comparison c = {.contenders = variants ? plan->variants : (int)rows};
    c.contender = arena_many(&arena, c.contenders, struct contender);
    bool open = true;
    for (int i = 0; i < c.contenders && open; i++) {
        int64_t index = variants ? i * rows + row : i;
        open = open_contender(&c.contender[i], plan, index, &arena) &&
               (!a->store || recall(&c.contender[i], a, plan, index, &arena));
        c.contender[i].label =
            variants ? plan->variant[i].name : plan_label(plan, index, &arena);
    }
    int status = COMMAND_INPUT;
    if (open)
        status = answer(a, &c,
                        variants ? plan_row_label(plan, row, &arena)
                                 : plan->experiment->name,
                        &arena);
    arena_free(&arena);
    return status;
}

static int compare_experiment(struct answers *a, struct arena *arena)
{
    enum { MOST_ROWS = 200 }; /* of one variant: they are kept all at once */
    struct options *options = a->options;
    struct where *where = where_new(arena);
    struct plan_changes changes = {options->sets, options->set_count,
                                   options->has_seed ? &options->seed : NULL};
    struct experiment *experiment = experiment_read(where, options->arguments[0]);
    struct plan *plan = experiment ? plan_read(where, experiment, &changes) : NULL;
    int status = plan ? COMMAND_DONE : COMMAND_INPUT;
    where_print(where, stderr);
    if (plan &&
        (plan->points < 2 || (plan->variants == 1 && plan->points > MOST_ROWS))) {
        fprintf(stderr,
                "headroom compare: %s has %lld points; variants are compared at every "
                "value, or from 2 to %d values with each other\n",
                where_safe(arena, experiment->path), (long long)plan->points,
                MOST_ROWS);
        status = COMMAND_INPUT;
    }
    int64_t rows = plan && plan->variants > 1 ? experiment->vary.rows : 1;
    for (int64_t row = 0; row < rows && status == COMMAND_DONE; row++)
        status = compare_row(a, plan, row);
    if (experiment)
        experiment_close(experiment);
    return status;
}

/* ---- the command ----------------------------------------------------------------- */

static int compare(const struct command *command, struct options *options,
                   const struct wishes *wishes)
{
    struct answers a = {options, wishes, command_listen(), NULL, 0, NULL};
    bool experiment = file_sort_of(options->arguments[0]) == FILE_EXPERIMENT;
    const char *why;
    if (options->argument_count == 1 && !experiment)
        return command_wrong(command, "needs two scenarios or more, or one experiment");
    if (wishes->results && !experiment)
        return command_wrong(command, "--results goes with an experiment");
    enum store_end opened =
        !wishes->results
            ? STORE_OPEN
            : store_open(&a.store, wishes->results, STORE_READ, &options->arena, &why);
    if (opened != STORE_OPEN) {
        fprintf(stderr, "headroom compare: %s: %s\n",
                where_safe(&options->arena, wishes->results),
                where_safe(&options->arena, why));
        return opened == STORE_INPUT ? COMMAND_INPUT : COMMAND_MACHINE;
    }
    cJSON *root = options->json ? json_made(cJSON_CreateObject()) : NULL;
    if (root) {
        json_text(root, "schema", "headroom.compare/1");
        a.list = json_array(root, "comparisons");
    }
    int status = experiment ? compare_experiment(&a, &options->arena)
                            : compare_scenarios(&a, &options->arena);
    store_close(a.store);
    if (root && status == COMMAND_DONE)
        fputs(json_printed(root, &options->arena), stdout);
    else if (root)
        cJSON_Delete(root);
    return status;
}

int compare_command(const struct command *command, int argc, char **argv)
{
    struct wishes wishes = {0};
    const struct command_option extra[] = {
        {.name = "by",
         .value = "METRIC",
         .text = &wishes.by,
         .help = "what decides, such as page.p95; the first promise's when absent"},
        {.name = "results",
         .value = "FILE",
         .text = &wishes.results,
         .help = "of an experiment: what `batch` has found, instead of simulating"},
        {.name = "all",
         .flag = &wishes.all,
         .help = "every number of every pair with the first, of more than two, too"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, compare(command, &options, &wishes));
}
