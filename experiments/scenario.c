/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/scenario.h"

#include "experiments/bind.h"
#include "experiments/lint.h"
#include "experiments/patch.h"
#include "experiments/promise.h"
#include "experiments/text.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <string.h>

/* ---- the top level of the file --------------------------------------------------- */

#define LONGEST_RUN 1e9 /* s: of a window */

/* The keys as they are bound, before promises and precision are read from text. */
struct run_keys {
    uint32_t at;
    const char *precision;
    int64_t replications, seed;
    struct param_variant warmup; /* which 0: "auto"; 1: sim_time */
    sim_time duration;
};

struct file {
    const char *schema, *name, *description;
    struct system_spec system;
    struct param_list slo; /* const char * */
    struct run_keys *run;
    struct cost_settings *cost;
    struct param_map silence; /* const char * */
};

static const char *const autos[] = {"auto", NULL};
static const struct param warmup_forms[] = {
    {.key = "auto", .type = PARAM_CHOICE, .choices = autos,
     .doc = "Found from a pilot run."},
    {.key = "time", .type = PARAM_DURATION, .doc = "This long."},
    {0},
};

#define AT(field) offsetof(struct run_keys, field)
static const struct param run_params[] = {
    {.key = "precision", .type = PARAM_TEXT, .offset = AT(precision),
     .doc = "How well the result must be known, such as \"p99 within 5%\"."},
    {.key = "replications", .type = PARAM_COUNT, .offset = AT(replications), .least = 2,
     .most = 100000, .fallback = 20, .doc = "Independent repeats of the simulation."},
    {.key = "warmup", .type = PARAM_FORMS, .offset = AT(warmup), .of = warmup_forms,
     .doc = "Start of a run that is left out; 0s: nothing is, where a duration is "
            "given; \"auto\" when absent."},
    {.key = "duration", .type = PARAM_DURATION, .offset = AT(duration), .least = 1e-6,
     .most = LONGEST_RUN, .fallback = INFINITY,
     .doc = "Simulated time that is measured in each run; chosen by the precision when "
            "absent."},
    {.key = "seed", .type = PARAM_COUNT, .offset = AT(seed), .most = 9007199254740991.0,
     .fallback = 1,
     .doc = "Chooses the random numbers: the same seed, the same result."},
    {0},
};
#undef AT

static const struct param monthly_row = {.key = "price", .type = PARAM_NUMBER,
                                         .least = 0,
                                         .most = 1e12,
                                         .doc = "Of one instance for a month."};

#define AT(field) offsetof(struct cost_settings, field)
static const struct param cost_params[] = {
    {.key = "currency", .type = PARAM_TEXT, .offset = AT(currency), .required = true,
     .doc = "Its sign or code, such as USD."},
    {.key = "monthly", .type = PARAM_MAP, .offset = AT(monthly), .of = &monthly_row,
     .required = true, .doc = "Price of one instance of a service for a month."},
    {0},
};
#undef AT

static const struct param workload_row = {.key = "workload", .type = PARAM_OBJECT,
                                          .of = workload_params,
                                          .size = sizeof(struct workload_conf)};
static const struct param service_row = {.key = "service", .type = PARAM_KINDS,
                                         .variants = kind_row};
static const struct param link_row = {.key = "link", .type = PARAM_OBJECT,
                                      .of = link_params,
                                      .size = sizeof(struct link_conf)};
static const struct param silence_row = {.key = "reason", .type = PARAM_TEXT,
                                         .size = sizeof(const char *)};
static const struct param slo_row = {.key = "promise", .type = PARAM_TEXT};

#define AT(field) offsetof(struct file, field)
const struct param scenario_params[] = {
    {.key = "$schema", .type = PARAM_TEXT, .offset = AT(schema),
     .doc = "The JSON Schema, for editors; not read."},
    {.key = "name", .type = PARAM_TEXT, .offset = AT(name),
     .doc = "Name of the scenario; that of the file when absent."},
    {.key = "description", .type = PARAM_TEXT, .offset = AT(description),
     .doc = "What it is about, for readers."},
    {.key = "workloads", .type = PARAM_MAP, .offset = AT(system.workloads),
     .of = &workload_row, .least = 1, .most = 1000, .required = true,
     .doc = "Who sends requests, by name."},
    {.key = "services", .type = PARAM_MAP, .offset = AT(system.services),
     .of = &service_row, .least = 1, .most = 1000, .required = true,
     .doc = "What the system consists of, by name."},
    {.key = "links", .type = PARAM_LIST, .offset = AT(system.links), .of = &link_row,
     .doc = "Network latency between two of them, where it differs."},
    {.key = "slo", .type = PARAM_LIST, .offset = AT(slo), .of = &slo_row, .most = 1000,
     .doc = "Promises to hold, such as \"page.p95 < 2s\" or \"errors < 1%\"."},
    {.key = "cost", .type = PARAM_OBJECT, .offset = AT(cost), .of = cost_params,
     .size = sizeof(struct cost_settings), .doc = "What instances cost."},
    {.key = "run", .type = PARAM_OBJECT, .offset = AT(run), .of = run_params,
     .size = sizeof(struct run_keys), .doc = "How to simulate."},
    {.key = "silence", .type = PARAM_MAP, .offset = AT(silence), .of = &silence_row,
     .doc = "Findings of `headroom check` that are known and meant, by name, each with "
            "the reason why."},
    {0},
};
#undef AT

/* ---- from the keys to the scenario ----------------------------------------------- */

static void read_slos(struct scenario *scenario, struct arena *arena,
                      const struct param_list *list)
{
    struct slo *slos = arena_many(arena, list->count, struct slo);
    const char *const *texts = list->items;
    for (int i = 0; i < list->count; i++) {
        uint32_t at = where_element(scenario->where, list->at, i);
        if (texts[i]) /* else the reader has said why */
            promise_read(scenario->where, at, texts[i], &slos[i]);
    }
    scenario->slos = slos;
    scenario->slo_count = list->count;
}

static void read_run(struct scenario *scenario, const struct run_keys *keys)
{
    struct run_settings *run = &scenario->run;
    *run = (struct run_settings){
        .at = keys->at,
        .replications = keys->replications,
        .warmup = SIM_NEVER,
        .duration = keys->duration,
        .seed = keys->seed,
    };
    if (keys->warmup.row && keys->warmup.which == 1)
        run->warmup = *(const sim_time *)keys->warmup.body;
    if (keys->precision)
        promise_read_precision(scenario->where,
                               where_member(scenario->where, keys->at, "precision"),
                               keys->precision, &run->precision);
}

/* "shop" of "scenarios/shop.json" */
static const char *stem_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    size_t length = dot && dot > base ? (size_t)(dot - base) : strlen(base);
    return arena_text(arena, base, length);
}

const char *scenario_folder(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return ".";
    return slash == path ? "/" : arena_text(arena, path, (size_t)(slash - path));
}

static void bind_file(struct scenario *scenario, struct arena *arena,
                      const char *folder, const cJSON *root)
{
    struct bind bind = {.arena = arena, .where = scenario->where, .folder = folder};
    struct file file = {0};
    bind_object(&bind, root, scenario_params, &file);
    struct run_keys run = {0};
    bind_defaults(&bind, run_params, &run);
    scenario->name = file.name ? file.name : stem_of(arena, scenario->path);
    scenario->description = file.description;
    scenario->system = file.system;
    scenario->cost = file.cost;
    scenario->silence = file.silence;
    lint_check_silence(scenario->where, &scenario->silence);
    read_slos(scenario, arena, &file.slo);
    read_run(scenario, file.run ? file.run : &run);
    scenario->files = bind.files;
    scenario->file_count = bind.file_count;
}

/* What the file leaves out altogether can be set, too: "/run/duration=10min". */
static void open_for(struct where *where, cJSON *root, const char *argument)
{
    for (const struct param *p = scenario_params; p->key; p++)
        if (p->type == PARAM_OBJECT || p->type == PARAM_MAP || p->type == PARAM_LIST)
            patch_open(where, root, argument, p->key,
                       p->type == PARAM_LIST ? "[]" : "{}");
}

static void apply(struct where *where, cJSON *root,
                  const struct scenario_changes *changes)
{
    for (int i = 0; i < changes->steps; i++) {
        if (changes->step[i].pointer)
            open_for(where, root, changes->step[i].pointer);
        patch_step(where, root, &changes->step[i]);
    }
    for (int i = 0; i < changes->set_count; i++) {
        open_for(where, root, changes->sets[i]);
        patch_set(where, root, changes->sets[i]);
    }
}

/* What no simulation depends on. */
static const char *simulated_text(struct arena *arena, cJSON *root)
{
    static const char *const aside[] = {"$schema", "name", "description", "slo",
                                        "cost",    "run",  "silence"};
    for (size_t i = 0; i < sizeof aside / sizeof *aside; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(root, aside[i]);
    return text_canonical(arena, root);
}

static struct scenario *parse(struct arena *arena, const struct source *from,
                              const char *folder,
                              const struct scenario_changes *changes,
                              struct where *where)
{
    int problems = where->problem_count;
    struct scenario *scenario = arena_new(arena, struct scenario);
    scenario->path = from->name;
    scenario->where = where;
    cJSON *root =
        text_parse(where, where_add_source(where, *from), WHERE_NOWHERE, NULL, -1);
    if (!root)
        return NULL;
    apply(where, root, changes);
    bind_file(scenario, arena, folder, root);
    scenario->canonical = text_canonical(arena, root);
    scenario->simulated = simulated_text(arena, root);
    cJSON_Delete(root);
    return where->problem_count == problems ? scenario : NULL;
}

struct scenario *scenario_parse(struct arena *arena, const char *name,
                                const char *folder, const char *bytes, size_t length,
                                const char *const *sets, int set_count,
                                struct where *where)
{
    struct source from = {.name = arena_text(arena, name, strlen(name)),
                          .bytes = bytes,
                          .length = length};
    return parse(arena, &from, folder,
                 &(struct scenario_changes){.sets = sets, .set_count = set_count},
                 where);
}

struct scenario *scenario_read_changed(struct arena *arena, const char *path,
                                       const struct scenario_changes *changes,
                                       struct where *where)
{
    struct source from = {.name = arena_text(arena, path, strlen(path)), .bytes = ""};
    const char *why;
    from.bytes = text_load_path(arena, path, TEXT_MOST_BYTES, &from.length, &why);
    if (!from.bytes) {
        from.bytes = "";
        int source = where_add_source(where, from);
        where_source_problem(where, source, WHERE_WHOLE, "%s", why);
        return NULL;
    }
    return parse(arena, &from, scenario_folder(arena, path), changes, where);
}

struct scenario *scenario_read(struct arena *arena, const char *path,
                               const char *const *sets, int set_count,
                               struct where *where)
{
    struct scenario_changes changes = {.sets = sets, .set_count = set_count};
    return scenario_read_changed(arena, path, &changes, where);
}

sim_time scenario_longer(sim_time duration, double times)
{
    double longest = LONGEST_RUN * (double)SIM_SECOND;
    return (sim_time)fmin((double)duration * times, longest);
}
