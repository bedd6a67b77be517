/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/timeline.h"

#include "experiments/human.h"
#include "models/chronicle.h"

#include <math.h>
#include <string.h>

enum { MOST_REPLICATIONS = 20, LEAST_REPLICATIONS = 2 };
enum { MOST_STATIONS = 5, MOST_MARKS = 8 };

/* Histograms of so many types of replications are kept at a time: 1 MB each. */
static const int most_histories = 200;
static const double most_requests = 2e7; /* simulated for a figure */

struct timeline {
    struct sample sample; /* outcomes with chronicles */
    double width;         /* of a bin, s */
    int bins;
};

/* ---- running it again ------------------------------------------------------------ */

static int replications_of(const struct result *r)
{
    struct scope all = {SCOPE_WHOLE, 0};
    double each = 0;
    int count = r->run.count < MOST_REPLICATIONS ? r->run.count : MOST_REPLICATIONS;
    for (int i = 0; i < r->run.count; i++)
        each += sample_requests(&r->sample, all, COUNT_OFFERED, i) / r->run.count;
    int most = most_histories / (r->facts->types > 0 ? r->facts->types : 1);
    while (count > LEAST_REPLICATIONS && (count > most || count * each > most_requests))
        count--;
    return count;
}

static sim_time span_of(const struct result *r)
{
    return r->run.window.warm_up + r->run.window.length;
}

/* Without the end of what came in the window: it lies behind the last bin. */
static struct jobs jobs_of(const struct result *r)
{
    struct jobs jobs = {.stage = STAGE_PRODUCTION,
                        .first = r->run.outcome[0].replication,
                        .count = replications_of(r),
                        .window = {.warm_up = r->run.window.warm_up,
                                   .length = r->run.window.length,
                                   .chronicle = span_of(r)}};
    return jobs;
}

static const struct timeline *timeline_of(struct point *point,
                                          const struct point_effort *effort,
                                          struct arena *arena, const char **why)
{
    const struct result *r = &point->result;
    if (point->timeline)
        return point->timeline;
    *why = "nothing happened";
    if (r->run.count == 0 || span_of(r) <= 0)
        return NULL;
    struct jobs jobs = jobs_of(r);
    struct replicate replicate = {
        .model = point->model, .threads = effort->threads, .stop = effort->stop};
    struct outcome *out = arena_many(arena, jobs.count, struct outcome);
    struct timeline *t = arena_new(arena, struct timeline);
    *why = "interrupted";
    if (!replicate_run(&replicate, &jobs, arena, out))
        return NULL;
    t->sample = (struct sample){r->facts, out, jobs.count};
    t->width = sim_seconds(out[0].chronicle->width);
    t->bins = CHRONICLE_BINS;
    for (int i = 0; i < jobs.count; i++)
        t->bins = out[i].chronicle->bins < t->bins ? out[i].chronicle->bins : t->bins;
    point->timeline = t;
    return t;
}

/* ---- tables ---------------------------------------------------------------------- */

static struct table table_of(const struct result *r, const struct timeline *t,
                             const char *y_label, enum unit unit, const char *what,
                             struct arena *arena)
{
    return (struct table){
        .title = r->name,
        .y_label = y_label,
        .x_label = "simulated time",
        .nothing = "nothing happened",
        .x_unit = UNIT_TIME,
        .y_unit = unit,
        .caption = arena_format(
            arena, "%d replications of %s, seed %llu, headroom %s; %s",
            t->sample.count, human_value(arena, HUMAN_TIME, t->bins * t->width),
            (unsigned long long)r->seed, HEADROOM_VERSION, what)};
}

/* Room for a curve over all bins; `bin` fills one value. */
struct drawing {
    const struct timeline *timeline;
    double *x, *y, *low, *high;
};

static struct drawing drawing_of(const struct timeline *t, struct arena *arena)
{
    struct drawing d = {.timeline = t};
    double **all[] = {&d.x, &d.y, &d.low, &d.high};
    for (int i = 0; i < 4; i++)
        *all[i] = arena_many(arena, CHRONICLE_BINS, double);
    return d;
}

static void set_bin(const struct drawing *d, int bin, double value, double low,
                    double high)
{
    d->x[bin] = (bin + 0.5) * d->timeline->width;
    d->y[bin] = value;
    d->low[bin] = low;
    d->high[bin] = high;
}

/* Of what is never below 0. */
static void set_mean(const struct drawing *d, int bin, const double *of_each)
{
    struct estimate e = estimate_mean(of_each, d->timeline->sample.count);
    set_bin(d, bin, e.value, fmax(e.value - e.half_width, 0), e.value + e.half_width);
}

static struct curve curve_in(const struct drawing *d, const char *label)
{
    return (struct curve){.label = label,
                          .x = d->x,
                          .y = d->y,
                          .low = d->low,
                          .high = d->high,
                          .count = d->timeline->bins};
}

/* ---- what befell the system ------------------------------------------------------ */

static bool is_same(const struct chronicle_event *a, const struct chronicle_event *b)
{
    return a->at == b->at && a->over == b->over && strcmp(a->whom, b->whom) == 0 &&
           strcmp(a->what, b->what) == 0;
}

/* What happens to several instances at once, or differs between runs, is told once, or
 * not at all. */
static bool is_told(const struct timeline *t, int number)
{
    const struct chronicle *first = t->sample.outcome[0].chronicle;
    for (int i = 0; i < number; i++)
        if (is_same(&first->event[i], &first->event[number]))
            return false;
    for (int r = 1; r < t->sample.count; r++) {
        const struct chronicle *other = t->sample.outcome[r].chronicle;
        bool found = false;
        for (int i = 0; i < other->events && !found; i++)
            found = is_same(&other->event[i], &first->event[number]);
        if (!found)
            return false;
    }
    return true;
}

/* When it is over, s; the same as it began: at once, or never. */
static double end_of(const struct chronicle *c, int number)
{
    const struct chronicle_event *begin = &c->event[number];
    for (int i = number + 1; i < c->events; i++)
        if (c->event[i].over && strcmp(c->event[i].whom, begin->whom) == 0 &&
            strcmp(c->event[i].what, begin->what) == 0)
            return sim_seconds(c->event[i].at);
    return sim_seconds(begin->at);
}

static void add_events(const struct timeline *t, struct table *table,
                       struct mark *marks, struct arena *arena)
{
    const struct chronicle *c = t->sample.outcome[0].chronicle;
    for (int i = 0; i < c->events && table->mark_count < MOST_MARKS; i++) {
        const struct chronicle_event *event = &c->event[i];
        double at = sim_seconds(event->at);
        if (event->over || at > t->bins * t->width || !is_told(t, i))
            continue;
        marks[table->mark_count++] = (struct mark){
            .label = arena_format(arena, "%s: %s", event->whom, event->what),
            .x = at,
            .y = NAN,
            .low = at,
            .high = fmin(end_of(c, i), t->bins * t->width)};
    }
}

bool timeline_marks(struct point *point, const struct point_effort *effort,
                    struct arena *arena, struct table *table, const char **why)
{
    const struct result *r = &point->result;
    struct mark *marks = arena_many(arena, MOST_MARKS + 1, struct mark);
    table->marks = marks;
    if (r->run.window.warm_up > 0)
        marks[table->mark_count++] =
            (struct mark){.label = "warm-up ends",
                          .x = sim_seconds(r->run.window.warm_up),
                          .y = NAN};
    if (!r->facts->eventful)
        return true;
    const struct timeline *t = timeline_of(point, effort, arena, why);
    if (t)
        add_events(t, table, marks, arena);
    return t != NULL;
}

/* ---- latency --------------------------------------------------------------------- */

/* What the first promise of a percentile speaks of, and its name. */
static struct scope promised(const struct result *r, const char **name)
{
    struct scope scope = {SCOPE_WHOLE, 0};
    *name = "all";
    for (int i = 0; i < r->slos; i++) {
        const struct slo *slo = r->slo[i].slo;
        if (slo->metric == SLO_QUANTILE && slo->scope &&
            scope_named(r->facts, slo->scope, &scope)) {
            *name = slo->scope;
            return scope;
        }
    }
    return scope;
}

/* All times of the scope in one bin of one replication. */
static const struct histogram *times_in(const struct timeline *t, struct scope scope,
                                        int replication, int bin, struct arena *arena)
{
    struct histogram *sum = arena_new(arena, struct histogram);
    const struct chronicle *c = t->sample.outcome[replication].chronicle;
    for (int i = 0; i < t->sample.facts->types; i++)
        if (scope_times(t->sample.facts, scope, i))
            histogram_merge(sum, &c->type[i].latency[bin], arena);
    return sum;
}

static void set_quantiles(const struct timeline *t, struct scope scope, int bin,
                          const struct drawing *d, const double *levels, int count)
{
    struct arena arena;
    arena_init(&arena);
    const struct histogram **each =
        arena_many(&arena, t->sample.count, const struct histogram *);
    struct histogram *pooled = arena_new(&arena, struct histogram);
    for (int r = 0; r < t->sample.count; r++) {
        each[r] = times_in(t, scope, r, bin, &arena);
        histogram_merge(pooled, each[r], &arena);
    }
    for (int i = 0; i < count; i++) {
        struct section section =
            section_of(each, t->sample.count, pooled, levels[i]);
        struct estimate e = estimate_quantile(&section, SECTION_TERMINATING, 1e-9);
        struct quantile_ends ends = estimate_quantile_ends(
            each, t->sample.count, pooled, levels[i], 1e-9, &arena);
        set_bin(&d[i], bin, e.value, ends.low, ends.high);
    }
    arena_free(&arena);
}

bool timeline_latency(struct point *point, const struct point_effort *effort,
                      struct arena *arena, struct table *table, const char **why)
{
    static const double levels[] = {0.5, 0.95, 0.99};
    static const char *const names[] = {"p50", "p95", "p99"};
    enum { LEVELS = sizeof levels / sizeof *levels };
    const struct result *r = &point->result;
    const struct timeline *t = timeline_of(point, effort, arena, why);
    if (!t)
        return false;
    const char *whose;
    struct scope scope = promised(r, &whose);
    struct drawing d[LEVELS];
    struct curve *curves = arena_many(arena, LEVELS, struct curve);
    for (int i = 0; i < LEVELS; i++) {
        d[i] = drawing_of(t, arena);
        curves[i] = curve_in(&d[i], names[i]);
    }
    for (int bin = 0; bin < t->bins; bin++)
        set_quantiles(t, scope, bin, d, levels, LEVELS);
    *table = table_of(
        r, t, arena_format(arena, "response time of %s requests, by when they came",
                           whose),
        UNIT_TIME, "bands: 95 % intervals", arena);
    table->series = curves;
    table->count = LEVELS;
    return timeline_marks(point, effort, arena, table, why);
}

/* ---- rates ----------------------------------------------------------------------- */

enum rate { RATE_OFFERED, RATE_OK, RATE_FAILED, RATES };

static double rate_in(const struct timeline *t, enum rate rate, int replication,
                      int bin)
{
    const struct chronicle *c = t->sample.outcome[replication].chronicle;
    double sum = 0;
    for (int i = 0; i < t->sample.facts->types; i++) {
        const struct chronicle_type *type = &c->type[i];
        const uint64_t *bins = rate == RATE_OFFERED ? type->offered
                               : rate == RATE_OK    ? type->ok
                                                    : type->failed;
        sum += (double)bins[bin];
    }
    return sum / t->width;
}

bool timeline_rates(struct point *point, const struct point_effort *effort,
                    struct arena *arena, struct table *table, const char **why)
{
    static const char *const names[] = {"offered", "answered well", "failed"};
    const struct timeline *t = timeline_of(point, effort, arena, why);
    if (!t)
        return false;
    struct curve *curves = arena_many(arena, RATES, struct curve);
    double *of_each = arena_many(arena, t->sample.count, double);
    for (int i = 0; i < RATES; i++) {
        struct drawing d = drawing_of(t, arena);
        for (int bin = 0; bin < t->bins; bin++) {
            for (int r = 0; r < t->sample.count; r++)
                of_each[r] = rate_in(t, (enum rate)i, r, bin);
            set_mean(&d, bin, of_each);
        }
        curves[i] = curve_in(&d, names[i]);
    }
    *table = table_of(&point->result, t,
                      "requests per second: they come, are answered, fail", UNIT_RATE,
                      "bands: 95 % intervals of means", arena);
    table->series = curves;
    table->count = RATES;
    return timeline_marks(point, effort, arena, table, why);
}

/* ---- stations -------------------------------------------------------------------- */

/* A part of what a station has, in one bin; NaN: it has no such limit. */
typedef double (*read_station)(const struct station_facts *facts,
                               const struct chronicle_station *station, int bin);

static double use_of(const struct station_facts *facts,
                     const struct chronicle_station *station, int bin)
{
    return isfinite(facts->slots) ? station->busy[bin] / facts->slots : NAN;
}

static double up_of(const struct station_facts *facts,
                    const struct chronicle_station *station, int bin)
{
    return facts->sort == STATION_SERVICE ? station->up[bin] / facts->processes : NAN;
}

static struct curve station_curve(const struct timeline *t, int station,
                                  read_station read, struct arena *arena)
{
    const struct station_facts *facts = &t->sample.facts->station[station];
    struct drawing d = drawing_of(t, arena);
    double *of_each = arena_many(arena, t->sample.count, double);
    for (int bin = 0; bin < t->bins; bin++) {
        for (int r = 0; r < t->sample.count; r++)
            of_each[r] = read(
                facts, &t->sample.outcome[r].chronicle->station[station], bin);
        set_mean(&d, bin, of_each);
    }
    return curve_in(&d, facts->name);
}

static double most_of(const struct curve *s)
{
    double most = -INFINITY;
    for (int k = 0; k < s->count; k++)
        most = fmax(most, s->y[k]);
    return most;
}

static double least_of(const struct curve *s)
{
    double least = INFINITY;
    for (int k = 0; k < s->count; k++)
        least = fmin(least, s->y[k]);
    return least;
}

/* Keeps the curves with the largest `weight`, the first of them in front. */
static void keep_curve(struct curve *curves, double *weight, int *count,
                       const struct curve *s, double w)
{
    int at = *count;
    while (at > 0 && weight[at - 1] < w)
        at--;
    if (at == MOST_STATIONS)
        return;
    *count += *count < MOST_STATIONS;
    for (int i = *count - 1; i > at; i--) {
        curves[i] = curves[i - 1];
        weight[i] = weight[i - 1];
    }
    curves[at] = *s;
    weight[at] = w;
}

bool timeline_use(struct point *point, const struct point_effort *effort,
                  struct arena *arena, struct table *table, const char **why)
{
    const struct timeline *t = timeline_of(point, effort, arena, why);
    if (!t)
        return false;
    struct curve *curves = arena_many(arena, MOST_STATIONS, struct curve);
    double weight[MOST_STATIONS];
    int count = 0;
    for (int i = 0; i < point->result.facts->stations; i++) {
        struct curve s = station_curve(t, i, use_of, arena);
        if (most_of(&s) > 0)
            keep_curve(curves, weight, &count, &s, most_of(&s));
    }
    *table = table_of(&point->result, t, "slots and connections in use", UNIT_PART,
                      "bands: 95 % intervals of means", arena);
    table->series = curves;
    table->count = count;
    *why = "nothing has a limited number of slots or connections";
    return count > 0 && timeline_marks(point, effort, arena, table, why);
}

bool timeline_up(struct point *point, const struct point_effort *effort,
                 struct arena *arena, struct table *table, const char **why)
{
    const struct timeline *t = timeline_of(point, effort, arena, why);
    if (!t)
        return false;
    static const double rounding = 1e-9;
    struct curve *curves = arena_many(arena, MOST_STATIONS, struct curve);
    double weight[MOST_STATIONS];
    int count = 0;
    for (int i = 0; i < point->result.facts->stations; i++) {
        struct curve s = station_curve(t, i, up_of, arena);
        double missing = most_of(&s) - least_of(&s);
        if (missing > rounding)
            keep_curve(curves, weight, &count, &s, missing);
    }
    *table = table_of(&point->result, t, "instances that take work", UNIT_NUMBER,
                      "bands: 95 % intervals of means", arena);
    table->series = curves;
    table->count = count;
    *why = "every instance is always there";
    return count > 0 && timeline_marks(point, effort, arena, table, why);
}
