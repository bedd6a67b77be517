/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reference -- holds the simulator to the values of reference/cases.csv.
 *
 * reference/map.csv says how each value is read from a run; reference/runs.csv how long
 * each scenario is run, so that the half-width of a value is at most half of what it
 * may be off. reference_cases.md explains the three.
 *
 * A row agrees when it is off by at most its tolerance or three standard errors of the
 * run, whichever is more; where the value itself was simulated, three standard errors
 * of that are added. A tolerance of 0 means equal to a thousandth of a nanosecond.
 *
 * As a program:  theory_reference [seed [scenario]]  prints every row it compares.
 */
#ifndef THEORY_REFERENCE_H
#define THEORY_REFERENCE_H

#include "experiments/replicate.h"
#include "experiments/scenario.h"
#include "experiments/yardstick.h"
#include "unit/cases.h"

#include <gsl/gsl_cdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 16, BATCH = 100 };

/* ---- the tables ------------------------------------------------------------------ */

struct table {
    char *(*row)[COLUMNS];
    int rows; /* the header is row 0 */
};

/* The next cell of a CSV line, its quotes taken off in place; moves `*at` behind it. */
static char *next_cell(char **at)
{
    char *from = *at, *to = *at, *cell = *at;
    bool quoted = *from == '"';
    for (from += quoted; *from && *from != '\n' && (quoted || *from != ','); from++) {
        if (quoted && *from == '"' && *++from != '"')
            break;
        *to++ = *from;
    }
    char end = *from;
    *at = end == ',' ? from + 1 : from;
    *to = 0;
    return cell;
}

static char *read_text(struct arena *arena, const char *name)
{
    const char *source = getenv("SRC");
    char *path = arena_format(arena, "%s/tests/theory/reference/%s",
                              source ? source : ".", name);
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("cannot read %s", path);
    fseek(file, 0, SEEK_END);
    size_t length = (size_t)ftell(file);
    rewind(file);
    char *text = arena_array(arena, length + 1, 1);
    assert_int_equal(fread(text, 1, length, file), length);
    fclose(file);
    return text;
}

static struct table read_table(struct arena *arena, const char *name)
{
    char *text = read_text(arena, name), *line = text;
    struct table table = {0};
    for (const char *c = text; *c; c++)
        table.rows += *c == '\n';
    table.row = arena_array(arena, (size_t)table.rows, sizeof *table.row);
    for (int r = 0; r < table.rows; r++) {
        char *end = strchr(line, '\n');
        *end = 0;
        for (int c = 0; c < COLUMNS; c++)
            table.row[r][c] = next_cell(&line);
        line = end + 1;
    }
    return table;
}

/* One value and what the run makes of it. */
struct reading {
    const char *id, *how, *of;
    double exact, tolerance; /* absolute, of a converged run */
    double uncertainty;      /* three standard errors of the value itself */
    double *each;            /* by replication */
    double found, error;     /* of all together, and its standard error */
};

/* One scenario: how it is run, and what is read from it. */
struct trial {
    const char *scenario;
    bool fast;
    int replications;
    double warm_up, end; /* s; the window is what lies between */
    uint64_t seed;
    struct reading *reading;
    int readings;
    bool print;
    struct arena *arena;
    struct system_spec system;
    struct yardstick *yardstick; /* of the first batch; NULL: not in equilibrium */
};

static void add_reading(struct trial *t, char *const *map, const struct table *cases)
{
    struct reading *r = &t->reading[t->readings++];
    r->id = arena_format(t->arena, "%s.%s", map[0], map[1]);
    r->how = map[3];
    r->of = map[4];
    r->each = arena_many(t->arena, t->replications, double);
    for (int i = 1; i < cases->rows; i++) {
        char *const *row = cases->row[i];
        if (strcmp(row[0], r->id) != 0)
            continue;
        r->exact = atof(row[4]);
        r->tolerance = atof(row[6]) * fabs(r->exact);
        r->uncertainty = strstr(row[5], "simulation") ? 3 * atof(row[7]) : 0;
        return;
    }
    fail_msg("no value for %s", r->id);
}

static void set_up_trial(struct trial *t, char *const *row, const struct table *map,
                         const struct table *cases)
{
    t->scenario = row[0];
    t->fast = strcmp(row[1], "fast") == 0;
    t->replications = atoi(row[2]);
    t->warm_up = atof(row[3]);
    t->end = atof(row[4]);
    t->reading = arena_many(t->arena, 16, struct reading);
    for (int i = 1; i < map->rows; i++)
        if (strcmp(map->row[i][2], t->scenario) == 0)
            add_reading(t, map->row[i], cases);
    assert_in_range(t->readings, 1, 16);
}

/* ---- one number of an outcome ---------------------------------------------------- */

static int station_number(const struct model_facts *facts, const char *name)
{
    for (int i = 0; i < facts->stations; i++)
        if (strcmp(facts->station[i].name, name) == 0)
            return i;
    fail_msg("no station %s", name);
    return -1;
}

/* The types called `name`, together; "*": all of them. */
static struct type_outcome types_of(const struct outcome *o, const struct model *model,
                                    const char *name, struct arena *arena)
{
    const struct model_facts *facts = model_facts(model);
    struct type_outcome all = {0};
    all.failed = arena_many(arena, 1, uint64_t); /* all causes in one */
    for (int i = 0; i < facts->types; i++) {
        const struct type_outcome *type = &o->type[i];
        if (strcmp(name, "*") != 0 && strcmp(name, facts->type[i].name) != 0)
            continue;
        all.offered += type->offered;
        all.attempts += type->attempts;
        all.ok += type->ok;
        for (int c = 0; c < facts->causes; c++)
            all.failed[0] += type->failed[c];
        histogram_merge(&all.latency, &type->latency, arena);
        histogram_merge(&all.first_byte, &type->first_byte, arena);
        tally_merge(&all.latency_sum, &type->latency_sum);
    }
    assert_true(all.offered > 0);
    return all;
}

static double histogram_mean(const struct histogram *h)
{
    double sum = 0;
    for (int cell = 0; cell < HISTOGRAM_CELLS; cell++)
        if (h->row[cell / HISTOGRAM_ROW])
            sum += (double)h->row[cell / HISTOGRAM_ROW][cell % HISTOGRAM_ROW] *
                   ((double)histogram_cell_low(cell) + histogram_cell_high(cell)) / 2;
    return sum / (double)h->count;
}

static double ok_rate(const struct outcome *o, const struct trial *t)
{
    uint64_t done = 0;
    int first = (int)lround(OUTCOME_BINS * t->warm_up / t->end);
    for (int bin = first; bin < OUTCOME_BINS; bin++)
        done += o->completed_in[bin];
    return (double)done / sim_seconds(o->length);
}

/* Requests that have begun and not ended, those between two attempts too. */
static double present_mean(const struct outcome *o, const struct trial *t)
{
    double area = 0, length = 0;
    for (int bin = (int)lround(OUTCOME_BINS * t->warm_up / t->end); bin < OUTCOME_BINS;
         bin++) {
        area += (double)o->in_system.area[bin];
        length += (double)o->in_system.width;
    }
    return area / length;
}

static double level_at(const struct outcome *o, double time)
{
    int bin = (int)lround(time * 1e9 / (double)o->in_system.width);
    return (double)(o->in_system.area[bin - 1] + o->in_system.area[bin]) /
           (2 * (double)o->in_system.width);
}

/* Slope of the line of least squares through the bins. */
static double level_growth(const struct outcome *o)
{
    double xy = 0, xx = 0;
    for (int bin = 0; bin < OUTCOME_BINS; bin++) {
        double x = bin - (OUTCOME_BINS - 1) / 2.0;
        xy += x * (double)o->in_system.area[bin] / (double)o->in_system.width;
        xx += x * x;
    }
    return xy / xx / sim_seconds(o->in_system.width);
}

static double read_types(const struct reading *r, const struct type_outcome *type,
                         const struct outcome *o, const struct trial *t)
{
    const char *what = strchr(r->how, '.') + 1;
    bool ttfb = strncmp(r->how, "ttfb", 4) == 0;
    const struct tally *sum = &type->latency_sum;
    if (strcmp(r->how, "failed.share") == 0)
        return (double)type->failed[0] / (double)type->offered;
    if (strcmp(r->how, "ok.rate") == 0)
        return ok_rate(o, t);
    if (strcmp(r->how, "attempts.rate") == 0)
        return (double)type->attempts / sim_seconds(o->length);
    if (strcmp(what, "mean") == 0)
        return 1e-9 * (ttfb ? histogram_mean(&type->first_byte) : tally_mean(sum));
    if (strcmp(what, "variance") == 0)
        return 1e-18 * tally_variance(sum);
    if (strcmp(what, "most") == 0)
        return 1e-9 * (double)sum->most;
    assert_int_equal(*what, 'p');
    return 1e-9 * histogram_quantile(ttfb ? &type->first_byte : &type->latency,
                                     atof(what + 1) / 100);
}

static double read_station(const struct reading *r, const struct outcome *o,
                           const struct model_facts *facts, const struct trial *t)
{
    int number = station_number(facts, r->of);
    const struct station_outcome *s = &o->station[number];
    double busy = (double)s->busy_area / (double)o->length;
    if (strcmp(r->how, "wait.mean") == 0)
        return 1e-9 * tally_mean(&s->wait);
    if (strcmp(r->how, "wait.variance") == 0)
        return 1e-18 * tally_variance(&s->wait);
    if (strcmp(r->how, "wait.most") == 0)
        return 1e-9 * (double)s->wait.most;
    if (strcmp(r->how, "wait.share") == 0)
        return (double)s->waited / (double)s->wait.count;
    if (strcmp(r->how, "busy.mean") == 0)
        return busy;
    if (strcmp(r->how, "orbit.mean") == 0)
        return present_mean(o, t) - busy;
    if (strcmp(r->how, "full.share") == 0)
        return (double)s->full_area / (double)o->length;
    if (strcmp(r->how, "batch.mean") == 0)
        return (double)s->engine.batch_area / (double)o->length;
    if (strcmp(r->how, "batch.full") == 0)
        return (double)s->engine.full_area / (double)o->length;
    if (strcmp(r->how, "number.mean") == 0)
        return busy + (double)s->queue_area / (double)o->length;
    busy /= facts->station[number].slots;
    if (strcmp(r->how, "idle.share") == 0)
        return 1 - busy;
    assert_string_equal(r->how, "utilisation");
    return busy;
}

static bool is_of_series(const struct reading *r)
{
    return strncmp(r->how, "present.", 8) == 0 || strcmp(r->how, "orbit.mean") == 0;
}

static double read_one(const struct reading *r, const struct outcome *o,
                       const struct model *model, const struct trial *t)
{
    if (strcmp(r->how, "present.growth") == 0)
        return level_growth(o);
    if (strncmp(r->how, "present.at ", 11) == 0)
        return level_at(o, atof(r->how + strlen("present.at ")));
    if (strcmp(r->of, "*") != 0 && strncmp(r->how, "latency", 7) != 0 &&
        strncmp(r->how, "ttfb", 4) != 0)
        return read_station(r, o, model_facts(model), t);
    struct arena arena;
    arena_init(&arena);
    struct type_outcome types = types_of(o, model, r->of, &arena);
    double value = read_types(r, &types, o, t);
    arena_free(&arena);
    return value;
}

/* ---- a run ----------------------------------------------------------------------- */

static struct model *model_of(struct trial *t, struct arena *arena)
{
    const char *name = arena_format(arena, "scenarios/%s", t->scenario);
    const char *text = read_text(arena, name);
    struct where *where = where_new(arena);
    struct scenario *s =
        scenario_parse(arena, name, NULL, text, strlen(text), NULL, 0, where);
    struct model *model =
        s ? model_compile(arena, &s->system, t->seed, &where->listener) : NULL;
    if (!model)
        where_print(where, stderr);
    assert_non_null(model);
    t->system = s->system;
    return model;
}

static struct window window_of(const struct trial *t, const struct model *model)
{
    if (model_facts(model)->terminating)
        return (struct window){0};
    sim_time from = sim_from_nanoseconds(t->warm_up * 1e9);
    sim_time length = sim_from_nanoseconds(t->end * 1e9) - from;
    return (struct window){.warm_up = from, .length = length, .drain = length};
}

/* What `run` would say of it beside these values: theory must not disagree. */
static void hold_to_theory(struct trial *t, const struct model *model,
                           const struct outcome *out, int count, struct arena *kept)
{
    enum { FEWEST = 5 };
    const struct model_facts *facts = model_facts(model);
    if (t->warm_up == 0 || facts->terminating || count < FEWEST)
        return;
    struct sample sample = {facts, out, count};
    t->yardstick = yardstick_of(&t->system, model, &sample,
                                findings_of(&sample, true, kept), kept);
}

/* Replications in batches, so that thousands of them need little memory. */
static void run_batch(struct trial *t, const struct model *model, int first,
                      struct outcome *all, struct arena *kept)
{
    struct arena arena;
    arena_init(&arena);
    int left = t->replications - first, count = left < BATCH ? left : BATCH;
    struct outcome *out = arena_many(&arena, count, struct outcome);
    struct replicate replicate = {.model = model};
    struct jobs jobs = {
        .first = (uint32_t)first, .count = count, .window = window_of(t, model)};
    assert_true(replicate_run(&replicate, &jobs, &arena, out));
    for (int i = 0; i < count; i++) {
        assert_int_equal(out[i].end, OUTCOME_COMPLETE);
        outcome_merge(all, &out[i], model, kept);
        for (int k = 0; k < t->readings; k++)
            t->reading[k].each[first + i] = read_one(&t->reading[k], &out[i], model, t);
    }
    if (first == 0)
        hold_to_theory(t, model, out, count, kept);
    arena_free(&arena);
}

static void take(struct reading *r, const struct trial *t, const struct outcome *all,
                 const struct model *model)
{
    double mean = 0, squares = 0;
    int n = t->replications;
    for (int i = 0; i < n; i++)
        mean += r->each[i] / n;
    for (int i = 0; i < n; i++)
        squares += (r->each[i] - mean) * (r->each[i] - mean);
    r->found = is_of_series(r) ? mean : read_one(r, all, model, t);
    r->error = sqrt(squares / (n - 1) / n);
}

static double allowed(const struct reading *r)
{
    if (r->exact == 0 && r->tolerance == 0)
        return 1e-9; /* the histogram's first cell */
    if (r->tolerance == 0)
        return 1e-12;
    return fmax(r->tolerance, 3 * r->error) + r->uncertainty;
}

/* Half of the 95 % interval by half of the tolerance: at most 1 in a converged run. */
static double looseness(const struct reading *r, const struct trial *t)
{
    return gsl_cdf_tdist_Pinv(0.975, t->replications - 1) * r->error * 2 / r->tolerance;
}

static void print_reading(const struct reading *r, const struct trial *t)
{
    printf("%-28s %-32s %14.9g %14.9g %+8.3f %% %+6.2f se %6.2f\n", t->scenario, r->id,
           r->exact, r->found, 100 * (r->found / r->exact - 1),
           (r->found - r->exact) / r->error, looseness(r, t));
}

/* Under a sanitizer everything takes ten times as long: then runs are shorter, and
 * three standard errors decide. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool hurried = true;
#else
static const bool hurried = false;
#endif

static void hurry(struct trial *t)
{
    double window = t->end - t->warm_up;
    if (t->replications > 2 * BATCH)
        t->replications /= 10;
    else if (t->warm_up * 10 > t->end) /* a long one is needed as it is */
        t->end = t->warm_up + window / 10;
    else if (t->warm_up > 0)
        t->warm_up /= 10, t->end /= 10;
}

static void agrees(void **state)
{
    struct trial *t = *state;
    struct arena arena;
    arena_init(&arena);
    struct model *model = model_of(t, &arena);
    struct outcome all;
    outcome_init(&all, model, &arena);
    if (hurried)
        hurry(t);
    for (int first = 0; first < t->replications; first += BATCH)
        run_batch(t, model, first, &all, &arena);
    int wrong = 0;
    for (int i = 0; i < t->readings; i++) {
        struct reading *r = &t->reading[i];
        take(r, t, &all, model);
        if (t->print)
            print_reading(r, t);
        if (fabs(r->found - r->exact) <= allowed(r))
            continue;
        print_error("%s is %.9g, not %.9g within %.3g\n", r->id, r->found, r->exact,
                    allowed(r));
        wrong++;
    }
    for (int i = 0; t->yardstick && i < t->yardstick->count; i++) {
        const struct yardstick_line *line = &t->yardstick->line[i];
        if (t->print)
            printf("    %s %s: %s %s %.6g, found %.6g ±%.2g\n", t->scenario,
                   t->yardstick->queue ? t->yardstick->queue : "",
                   line->of ? line->of : "", yardstick_number_names[line->number],
                   line->theory, line->found.value, line->found.half_width);
        if (!line->agrees)
            print_error("theory disagrees on %s of %s: %.6g, not %.6g\n",
                        yardstick_number_names[line->number],
                        line->of ? line->of : "all", line->found.value, line->theory);
    }
    wrong += t->yardstick ? t->yardstick->broken : 0;
    arena_free(&arena);
    assert_int_equal(wrong, 0);
}

/* All trials of one half, each a test called like its scenario. */
static int run_trials(bool fast, int argc, char **argv)
{
    struct arena arena;
    arena_init(&arena);
    struct table map = read_table(&arena, "map.csv"),
                 cases = read_table(&arena, "cases.csv"),
                 runs = read_table(&arena, "runs.csv");
    struct CMUnitTest *test = arena_many(&arena, runs.rows, struct CMUnitTest);
    size_t tests = 0;
    for (int i = 1; i < runs.rows; i++) {
        struct trial *t = arena_new(&arena, struct trial);
        t->arena = &arena;
        t->seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
        t->print = argc > 1;
        set_up_trial(t, runs.row[i], &map, &cases);
        if (argc > 2 ? strcmp(argv[2], t->scenario) == 0 : t->fast == fast)
            test[tests++] = (struct CMUnitTest){t->scenario, agrees, NULL, NULL, t};
    }
    int failed = _cmocka_run_group_tests("reference", test, tests, NULL, NULL);
    arena_free(&arena);
    return failed;
}

#endif
