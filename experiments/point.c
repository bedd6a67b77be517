/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L
#include "experiments/point.h"

#include "experiments/pack.h"
#include "sim/rng.h"

#include <math.h>
#include <omp.h>
#include <string.h>
#include <time.h>

/* Memory that outcomes and requests in flight may take before anything is simulated. */
static const double memory_cap = 4.0 * 1024 * 1024 * 1024;
/* A request in flight is a request and at least one task: half of what a world
 * holds. */
enum { IN_FLIGHT_AT_MOST = 1000000, HISTOGRAM_BYTES = 20 * 2048 };

/* ---- reading --------------------------------------------------------------------- */

bool point_read(struct point *point, struct arena *arena,
                const struct point_source *source, struct where *where)
{
    const char *text = source->text;
    struct scenario *scenario =
        text ? scenario_parse(arena, source->path, source->folder, text, strlen(text),
                              source->sets, source->set_count, where)
             : scenario_read(arena, source->path, source->sets, source->set_count,
                             where);
    return scenario && point_compile(point, arena, scenario, source->seed, where);
}

/* Notes are told of nothing else than keys without effect. */
static void note_unmodelled(struct result *result, struct where *where,
                            struct arena *arena)
{
    const char **pointer = arena_many(arena, where->note_count + 1, const char *);
    where_sort(where);
    for (int i = 0; i < where->note_count; i++)
        pointer[i] = where_note_message(where, i).pointer;
    result->unmodelled = pointer;
    result->unmodelled_count = where->note_count;
}

bool point_compile(struct point *point, struct arena *arena, struct scenario *scenario,
                   const uint64_t *seed, struct where *where)
{
    int before = where->problem_count;
    *point = (struct point){0};
    struct result *result = &point->result;
    result->seed = seed ? *seed : (uint64_t)scenario->run.seed;
    point->scenario = scenario;
    point->model =
        model_compile(arena, &scenario->system, result->seed, &where->listener);
    if (point->model)
        slo_check(scenario, model_facts(point->model));
    if (!point->model || where->problem_count != before)
        return false;
    result->name = scenario->name;
    result->path = scenario->path;
    result->facts = model_facts(point->model);
    result->precision = &scenario->run.precision;
    result->target = slo_targets(scenario, result->facts, arena, &result->targets);
    note_unmodelled(result, where, arena);
    return true;
}

struct digest point_digest(const struct point *point)
{
    const struct scenario *scenario = point->scenario;
    struct sha256 s;
    sha256_begin(&s);
    sha256_add_text(&s, "simulation", 10);
    sha256_add_number(&s, RNG_STREAM_VERSION);
    sha256_add_number(&s, RESULTS_VERSION);
    sha256_add_number(&s, PACK_VERSION);
    sha256_add_number(&s, point->result.seed);
    sha256_add_text(&s, scenario->simulated, strlen(scenario->simulated));
    for (int i = 0; i < scenario->file_count; i++) {
        const struct data_file *file = &scenario->files[i];
        sha256_add_text(&s, file->name, strlen(file->name));
        sha256_add_text(&s, file->bytes, file->length);
    }
    return sha256_end(&s);
}

/* ---- does it fit? ---------------------------------------------------------------- */

/* Requests in flight to be expected: Little's law on requests that meet nobody, but
 * with users waiting for answers never more than there are. */
static double expected_in_flight(const struct model *model)
{
    const struct model_facts *facts = model_facts(model);
    double sum = 0;
    for (int w = 0; w < facts->workloads; w++) {
        const struct workload_facts *load = &facts->workload[w];
        double alone = 0;
        for (int t = 0; t < facts->types; t++)
            if (facts->type[t].workload_index == w)
                alone += facts->type[t].share * model_alone(model, t);
        sum += load->users > 0 ? load->users : load->rate * alone;
    }
    return sum;
}

static double bytes_needed(const struct model *model, int replications, int threads)
{
    const struct model_facts *facts = model_facts(model);
    double histograms = (OUTCOME_SEGMENTS + 2.0) * facts->types * HISTOGRAM_BYTES;
    double blame = (double)facts->types * BLAME_BINS * (facts->resources + 1) * 8;
    double in_flight = expected_in_flight(model) * facts->request_bytes;
    return (histograms + blame) * (replications + threads) + in_flight * threads;
}

static int replications_of(const struct point *point)
{
    int64_t given = point->scenario->run.replications;
    return given > 0 ? (int)given : PROCEDURE_REPLICATIONS;
}

static int threads_of(const struct point_effort *effort)
{
    return effort->threads ? effort->threads : omp_get_num_procs();
}

const char *point_misfit(const struct point *point, const struct point_effort *effort,
                         struct arena *arena)
{
    int threads = threads_of(effort), replications = replications_of(point);
    double flight = expected_in_flight(point->model),
           bytes = bytes_needed(point->model, replications, threads);
    if (flight > IN_FLIGHT_AT_MOST)
        return arena_format(arena,
                            "about %.3g requests would be in flight at a time; at most "
                            "%d are possible",
                            flight, IN_FLIGHT_AT_MOST);
    if (bytes > memory_cap)
        return arena_format(arena,
                            "needs about %.1f GiB of memory for %d replications on %d "
                            "threads; the limit is %.0f GiB",
                            bytes / 0x1p30, replications, threads,
                            memory_cap / 0x1p30);
    return NULL;
}

/* ---- running --------------------------------------------------------------------- */

static sim_time longest_patience(const struct model_facts *facts)
{
    sim_time longest = 0;
    for (int w = 0; w < facts->workloads; w++)
        if (facts->workload[w].timeout != SIM_NEVER &&
            facts->workload[w].timeout > longest)
            longest = facts->workload[w].timeout;
    return longest;
}

static double longest_alone(const struct model *model)
{
    double longest = 0;
    for (int t = 0; t < model_facts(model)->types; t++)
        longest = fmax(longest, model_alone(model, t));
    return longest;
}

static sim_time given(sim_time value)
{
    return value == SIM_NEVER ? 0 : value;
}

/* A search asks for what promises speak of (their targets only ask for samples) and
 * takes the rest as it comes; without promises for what the scenario asks. */
static void retarget(struct result *result, double within, struct arena *arena)
{
    static const double rest = 4;
    struct target *target = arena_many(arena, result->targets, struct target);
    bool promised = false;
    for (int i = 0; i < result->targets; i++)
        promised |= isinf(result->target[i].relative);
    for (int i = 0; i < result->targets; i++) {
        target[i] = result->target[i];
        bool own = isinf(target[i].relative) || !promised;
        target[i].relative = own ? within : rest * within;
    }
    result->target = target;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

bool point_run(struct point *point, const struct point_effort *effort,
               struct arena *arena)
{
    struct scenario *scenario = point->scenario;
    struct result *result = &point->result;
    struct admitted admitted = slo_admitted(scenario, result->facts, arena);
    if (effort->within > 0)
        retarget(result, effort->within, arena);
    struct procedure_settings settings = {
        .replications = replications_of(point),
        .duration = effort->duration ? effort->duration : given(scenario->run.duration),
        .warm_up = given(scenario->run.warmup),
        .from_start = scenario->run.warmup == 0,
        .rate = procedure_rate(point->model),
        .patience = longest_patience(result->facts),
        .longest = longest_alone(point->model),
        .target = result->target,
        .targets = result->targets,
        .admitted = &admitted,
        .request_cap =
            effort->request_cap ? effort->request_cap : PROCEDURE_REQUEST_CAP,
        .until_precise = effort->until_precise,
    };
    struct replicate replicate = {.model = point->model,
                                  .threads = threads_of(effort),
                                  .stop = effort->stop,
                                  .progress = effort->progress,
                                  .context = effort->context};
    struct runner simulator = {replicate_run, &replicate};
    struct remember_point known;
    if (effort->remember)
        simulator = remember_runner(&known, effort->remember, &simulator,
                                    point_digest(point), result->facts);
    double begin = now();
    procedure_run(result->facts, &settings,
                  effort->runner ? effort->runner : &simulator, arena, &result->run);
    result->execution.threads = replicate.threads;
    result->execution.seconds = now() - begin;
    if (result->run.end == PROCEDURE_INTERRUPTED)
        return false;
    result_conclude(result, point->model, scenario, arena);
    return true;
}
