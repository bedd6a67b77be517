/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom check, of experiments: what would be simulated, and how long that takes. */
#include "experiments/commands/check_results.h"

#include "experiments/json.h"
#include "experiments/lint_plan.h"
#include "experiments/plan.h"

#include <math.h>

enum {
    TRIAL_REQUESTS = 2000,
    PILOT_REQUESTS = 20000, /* of a replication: experiments/procedure.c */
    MOST_LOOKED_AT = 2000,  /* points; of more, evenly spread ones stand for all */
    SHOWN = 5,
};
/* Production is about so many times its pilot: what 5 % on a p99 takes at a load of
 * 0.8; near saturation it is more. */
static const double production = 4;

/* What the plan comes to. */
struct total {
    int64_t jobs;
    double seconds; /* of one core */
    bool guessed;   /* lengths follow from pilots */
    int failed;
    const char *first_failure;
};

static double seconds_of_request(const struct point *point, double rate)
{
    struct arena arena;
    struct replicate_found found;
    arena_init(&arena);
    sim_time length = sim_from_nanoseconds(TRIAL_REQUESTS / rate * 1e9);
    struct replicate_job job = {.model = point->model,
                                .window = {.length = length, .drain = length}};
    replicate_one(&job, &arena, &found);
    double requests = (double)found.sums.offered;
    arena_free(&arena);
    return requests > 0 ? found.seconds / requests : found.seconds;
}

static void add_point(struct total *total, const struct plan *plan, int64_t index,
                      double weight)
{
    struct arena arena;
    struct point point;
    struct digest simulation;
    const char *why;
    arena_init(&arena);
    struct plan_variant *variant =
        &plan->variant[index / plan->experiment->vary.rows];
    if (!plan_open(plan, index, &arena, &point, &simulation, &why)) {
        total->failed++;
    } else {
        const struct run_settings *run = &point.scenario->run;
        bool fixed = run->duration != SIM_NEVER || point.result.facts->terminating;
        double rate = procedure_rate(point.model), count = (double)run->replications;
        if (variant->cost <= 0)
            variant->cost = seconds_of_request(&point, rate);
        double requests = run->duration != SIM_NEVER
                              ? rate * sim_seconds(run->duration) * 10 / 9
                              : PILOT_REQUESTS * (1 + production);
        total->guessed |= !fixed || plan->experiment->until_precise;
        total->jobs += (int64_t)(weight * count * (fixed ? 1 : 2) + 0.5);
        total->seconds += weight * count * requests * variant->cost;
    }
    arena_free(&arena);
}

static struct total add_up(const struct plan *plan)
{
    struct total total = {0};
    int64_t looked =
        plan->points < MOST_LOOKED_AT ? plan->points : MOST_LOOKED_AT;
    double weight = (double)plan->points / (double)looked;
    for (int64_t i = 0; i < looked; i++)
        add_point(&total, plan, (int64_t)((double)i * weight), weight);
    return total;
}

static void print_plan(const char *path, const struct plan *plan,
                       const struct total *total)
{
    struct arena arena;
    arena_init(&arena);
    double hours = total->seconds / 3600;
    printf("%s: ok: %lld points (%d variant%s x %lld combination%s), %s%lld "
           "replications, about %.*f core-hours%s\n",
           where_safe(&arena, path), (long long)plan->points, plan->variants,
           plan->variants == 1 ? "" : "s", (long long)plan->experiment->vary.rows,
           plan->experiment->vary.rows == 1 ? "" : "s",
           total->guessed ? "at least " : "", (long long)total->jobs,
           hours < 0.1 ? 3 : 1, hours,
           total->guessed ? " (a guess: pilots tell how long the rest must be)" : "");
    for (int64_t i = 0; i < plan->points && i < SHOWN; i++)
        printf("  %s\n", where_safe(&arena, plan_label(plan, i, &arena)));
    if (plan->points > SHOWN)
        printf("  … %s\n",
               where_safe(&arena, plan_label(plan, plan->points - 1, &arena)));
    if (total->failed)
        printf("  %d of them cannot be simulated and would be left out\n",
               total->failed);
    arena_free(&arena);
}

static void add_plan(cJSON *object, const struct plan *plan, const struct total *total)
{
    cJSON *of = json_object(object, "plan");
    json_number(of, "points", (double)plan->points);
    json_number(of, "variants", plan->variants);
    json_number(of, "replications", (double)total->jobs);
    json_flag(of, "guessed", total->guessed);
    json_number(of, "core_hours", total->seconds / 3600);
    json_number(of, "failed", total->failed);
}

bool check_experiment(const char *path, const struct options *options, cJSON *files,
                      int *findings)
{
    struct arena arena;
    arena_init(&arena);
    struct where *where = where_new(&arena);
    struct plan_changes changes = {options->sets, options->set_count,
                                   options->has_seed ? &options->seed : NULL};
    struct experiment *experiment = experiment_read(where, path);
    struct plan *plan = experiment ? plan_read(where, experiment, &changes) : NULL;
    struct total total = {0};
    const struct lint_plan *found = NULL;
    if (plan) {
        total = add_up(plan);
        found = lint_plan(plan, &arena);
        *findings += found->count;
    }
    if (options->json) {
        cJSON *object = check_as_json(path, where);
        json_append(files, object);
        if (plan) {
            add_plan(object, plan, &total);
            lint_plan_json(object, found);
        }
    } else {
        where_print(where, stderr);
        if (plan && !options->quiet)
            print_plan(path, plan, &total);
        if (plan)
            lint_plan_print(found, stdout);
    }
    if (experiment)
        experiment_close(experiment);
    arena_free(&arena);
    return plan != NULL;
}
