/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/compare.h"

#include "experiments/findings.h"
#include "experiments/steady.h"
#include "sim/check.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static const double alpha = 1 - ESTIMATE_CONFIDENCE;

/* ---- pairs ----------------------------------------------------------------------- */

static double mean_of(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

static double product(const double *x, double at, const double *y, double and_at, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (x[i] - at) * (y[i] - and_at);
    return sum;
}

struct compare_difference compare_values(double pooled_a, double pooled_b,
                                         const double *a, const double *b, int n,
                                         double confidence)
{
    double shift = pooled_b - pooled_a, squares = 0;
    struct compare_difference d = {
        .a = pooled_a,
        .b = pooled_b,
        .difference = {shift, NAN, confidence, n, LACK_NOTHING, 0, 0},
        .correlation = NAN,
        .gain = NAN};
    if (n < 2) {
        d.difference.lack = LACK_REPLICATIONS;
        return d;
    }
    for (int i = 0; i < n; i++)
        squares += (b[i] - a[i] - shift) * (b[i] - a[i] - shift);
    d.difference.half_width =
        estimate_t((1 + confidence) / 2, n - 1) * sqrt(squares / (n - 1) / n);
    double at = mean_of(a, n), and_at = mean_of(b, n);
    double aa = product(a, at, a, at, n), bb = product(b, and_at, b, and_at, n);
    double ab = product(a, at, b, and_at, n), apart = aa + bb - 2 * ab;
    if (aa > 0 && bb > 0)
        d.correlation = ab / sqrt(aa * bb);
    if (aa + bb > 0 && apart > 1e-12 * (aa + bb))
        d.gain = (aa + bb) / apart;
    return d;
}

/* ---- what is compared ------------------------------------------------------------ */

enum { OF_MEAN = -1 };

#define REQUESTS(field) .of = COMPARE_REQUESTS,                                        \
                        .offset = offsetof(struct request_findings, field)
#define STATION(field) .of = COMPARE_STATION,                                          \
                       .offset = offsetof(struct station_findings, field)

static const struct compare_metric of_requests[] = {
    {.name = "errors", .unit = "1", .kind = HUMAN_PART, REQUESTS(errors)},
    {.name = "ok", .unit = "1/s", .kind = HUMAN_RATE, .more_is_better = true,
     REQUESTS(completed)},
};
static const struct compare_metric of_station[] = {
    {.name = "utilisation", .unit = "1", .kind = HUMAN_PART, STATION(utilisation)},
    {.name = "cpu", .unit = "1", .kind = HUMAN_PART, STATION(cpu)},
    {.name = "queue", .unit = "1", .kind = HUMAN_NUMBER, STATION(queue)},
    {.name = "wait", .unit = "s", .kind = HUMAN_TIME, STATION(wait)},
};

/* Rows of the list that is being made. */
struct list {
    struct compare_metric *row;
    int count;
    struct arena *arena;
};

static void add(struct list *list, const char *scope, struct compare_metric metric)
{
    metric.scope = scope;
    if (scope)
        metric.name = arena_format(list->arena, "%s.%s", scope, metric.name);
    list->row[list->count++] = metric;
}

static void add_times(struct list *list, const char *scope, enum sample_time time)
{
    const char *before = time == TIME_FIRST_BYTE ? "ttfb." : "";
    for (int level = OF_MEAN; level < FINDINGS_LEVELS; level++)
        add(list, scope,
            (struct compare_metric){
                .name = arena_format(list->arena, "%s%s", before,
                                     level == OF_MEAN ? "mean"
                                                      : findings_level_names[level]),
                .unit = "s",
                .kind = HUMAN_TIME,
                .of = COMPARE_TIME,
                .time = time,
                .level = level});
}

static void add_requests(struct list *list, const char *scope, bool streams)
{
    add_times(list, scope, TIME_LATENCY);
    if (streams)
        add_times(list, scope, TIME_FIRST_BYTE);
    for (size_t i = 0; i < sizeof of_requests / sizeof *of_requests; i++)
        add(list, scope, of_requests[i]);
}

void compare_list(struct comparison *c, struct arena *arena)
{
    enum { EACH = 2 * (FINDINGS_LEVELS + 1) + 4 };
    const struct model_facts *facts = c->contender[0].point.result.facts;
    struct list list = {
        arena_many(arena, EACH * (facts->types + facts->stations + 1),
                   struct compare_metric),
        0, arena};
    add_requests(&list, NULL, false);
    for (int t = 0; facts->types > 1 && t < facts->types; t++)
        if (facts->type[t].share > 0)
            add_requests(&list, scope_type_name(facts, t, arena),
                         facts->type[t].streaming);
    if (facts->types == 1 && facts->type[0].streaming)
        add_times(&list, NULL, TIME_FIRST_BYTE);
    for (int i = 0; i < facts->stations; i++)
        for (size_t k = 0; k < sizeof of_station / sizeof *of_station; k++)
            add(&list, facts->station[i].name, of_station[k]);
    c->metric = list.row;
    c->metrics = list.count;
}

/* ---- values ---------------------------------------------------------------------- */

/* The findings' scope; false where there is none of that name, or several are. */
static bool find_scope(const struct model_facts *facts, const struct compare_metric *m,
                       struct scope *scope)
{
    return scope_named(facts, m->scope, scope) &&
           (scope->sort == SCOPE_WHOLE || scope->sort == SCOPE_TYPE);
}

static const struct request_findings *requests_in(const struct findings *f,
                                                  struct scope scope)
{
    return scope.sort == SCOPE_TYPE ? &f->type[scope.index] : &f->whole;
}

bool compare_has(const struct contender *c, const struct compare_metric *m)
{
    const struct model_facts *facts = c->point.result.facts;
    struct scope scope;
    return m->of == COMPARE_STATION ? scope_station(facts, m->scope) >= 0
                                    : find_scope(facts, m, &scope);
}

/* The number of a contender, of all replications (-1) or of one; NaN: it may not be
 * given. Quantiles of one replication are asked for where the pooled one is given. */
static double value_of(const struct contender *c, const struct compare_metric *m,
                       int replication)
{
    const struct findings *f = replication < 0 ? c->whole : c->each[replication];
    const struct model_facts *facts = c->point.result.facts;
    if (!compare_has(c, m))
        return NAN;
    if (m->of == COMPARE_STATION) {
        const struct station_findings *s = &f->station[scope_station(facts, m->scope)];
        return ((const struct estimate *)((const char *)s + m->offset))->value;
    }
    struct scope scope;
    find_scope(facts, m, &scope);
    const struct request_findings *r = requests_in(f, scope);
    if (m->of == COMPARE_REQUESTS)
        return ((const struct estimate *)((const char *)r + m->offset))->value;
    const struct time_findings *t =
        m->time == TIME_LATENCY ? &r->latency : &r->first_byte;
    if (m->time == TIME_FIRST_BYTE && !r->streams)
        return NAN;
    if (m->level == OF_MEAN)
        return t->mean.value;
    if (replication < 0)
        return t->quantile[m->level].value;
    struct sample one = {facts, &c->outcome[replication], 1};
    return 1e-9 *
           sample_section(&one, scope, m->time, findings_levels[m->level]).pooled;
}

struct compare_difference compare_difference(const struct comparison *comparison,
                                             int metric, int a, int b,
                                             double confidence)
{
    const struct contender *from = &comparison->contender[a];
    const struct contender *to = &comparison->contender[b];
    const struct compare_metric *m = &comparison->metric[metric];
    bool fair = !from->unsteady && !to->unsteady;
    struct compare_difference d = {.a = from->unsteady ? NAN : value_of(from, m, -1),
                                   .b = to->unsteady ? NAN : value_of(to, m, -1),
                                   .difference = estimate_lacking(LACK_REQUESTS),
                                   .correlation = NAN,
                                   .gain = NAN};
    int n = from->count < to->count ? from->count : to->count;
    if (!fair || isnan(d.a) || isnan(d.b))
        return d;
    struct arena arena;
    arena_init(&arena);
    double *x = arena_many(&arena, n, double), *y = arena_many(&arena, n, double);
    int pairs = 0;
    for (int r = 0; r < n; r++) {
        x[pairs] = value_of(from, m, r);
        y[pairs] = value_of(to, m, r);
        pairs += !isnan(x[pairs]) && !isnan(y[pairs]);
    }
    /* Of one that was left behind early, the pairs are those of its first half. */
    double shift_a = from->count == n ? d.a : mean_of(x, pairs);
    double shift_b = to->count == n ? d.b : mean_of(y, pairs);
    struct compare_difference paired =
        compare_values(shift_a, shift_b, x, y, pairs, confidence);
    arena_free(&arena);
    return paired;
}

struct estimate compare_ratio(const struct comparison *comparison, int metric, int a,
                              int b, double confidence)
{
    const struct contender *over = &comparison->contender[a];
    const struct contender *under = &comparison->contender[b];
    const struct compare_metric *m = &comparison->metric[metric];
    int n = over->count < under->count ? over->count : under->count, pairs = 0;
    double x = over->unsteady ? NAN : value_of(over, m, -1);
    double y = under->unsteady ? NAN : value_of(under, m, -1);
    if (isnan(x) || !(y > 0))
        return estimate_lacking(LACK_REQUESTS);
    struct arena arena;
    arena_init(&arena);
    double *left = arena_many(&arena, n, double);
    double *right = arena_many(&arena, n, double);
    double ratio = x / y;
    for (int r = 0; r < n; r++) {
        left[pairs] = value_of(over, m, r);
        right[pairs] = ratio * value_of(under, m, r);
        pairs += !isnan(left[pairs]) && !isnan(right[pairs]);
    }
    /* Both pooled values are equal now; what is left scatters around 0. */
    struct estimate e =
        compare_values(x, x, right, left, pairs, confidence).difference;
    e.half_width /= y;
    e.value = ratio;
    arena_free(&arena);
    return e;
}

/* ---- simulating ------------------------------------------------------------------ */

/* A runner that simulates pilots, and notes what production would be. */
struct pilots {
    struct runner runner;
    struct contender *contender;
};

static bool run_pilot(void *pilots, const struct jobs *jobs, struct arena *arena,
                      struct outcome *out)
{
    struct pilots *p = pilots;
    if (jobs->stage == STAGE_PILOT)
        return p->runner.run(p->runner.context, jobs, arena, out);
    p->contender->jobs = *jobs;
    return false;
}

/* Who brings its outcomes. */
struct bringer {
    struct replicate replicate;
    struct remember_point known;
};

static struct runner runner_of(const struct contender *c,
                               const struct compare_settings *set,
                               struct bringer *bringer)
{
    bringer->replicate = (struct replicate){
        .model = c->point.model, .threads = set->threads, .stop = set->stop};
    struct runner runner = {replicate_run, &bringer->replicate};
    return set->remember
               ? remember_runner(&bringer->known, set->remember, &runner,
                                 point_digest(&c->point), c->point.result.facts)
               : runner;
}

/* False when interrupted. */
static bool run_to_production(struct contender *c, const struct compare_settings *set,
                              struct arena *arena)
{
    struct bringer bringer;
    struct pilots pilots = {runner_of(c, set, &bringer), c};
    struct runner runner = {run_pilot, &pilots};
    struct point_effort effort = {.threads = set->threads, .runner = &runner};
    c->unsteady = point_run(&c->point, &effort, arena);
    return !(set->stop && *set->stop);
}

/* The same window for all: what the most demanding of them needs. */
static void agree_on_window(struct comparison *c)
{
    struct jobs jobs = {.count = 0};
    for (int i = 0; i < c->contenders; i++) {
        const struct contender *one = &c->contender[i];
        if (one->unsteady)
            continue;
        const struct window *w = &one->jobs.window;
        if (one->jobs.first > jobs.first)
            jobs.first = one->jobs.first;
        if (one->jobs.count > jobs.count)
            jobs.count = one->jobs.count;
        if (w->warm_up > jobs.window.warm_up)
            jobs.window.warm_up = w->warm_up;
        if (w->length > jobs.window.length)
            jobs.window.length = w->length;
        if (w->drain > jobs.window.drain)
            jobs.window.drain = w->drain;
    }
    jobs.stage = STAGE_PRODUCTION;
    for (int i = 0; i < c->contenders; i++)
        if (!c->contender[i].unsteady)
            c->contender[i].jobs = jobs;
}

/* What all its replications so far say. */
static void conclude(struct contender *c, struct arena *arena)
{
    struct result *result = &c->point.result;
    result->run.end = PROCEDURE_DONE;
    for (int r = 0; r < c->count; r++)
        if (c->outcome[r].end == OUTCOME_DEADLOCK)
            result->run.end = PROCEDURE_DEADLOCK;
        else if (c->outcome[r].end == OUTCOME_OVERFLOW)
            result->run.end = PROCEDURE_OVERFLOW;
    result->run.stage = c->jobs.stage;
    result->run.window = c->jobs.window;
    result->run.outcome = c->outcome;
    result->run.count = c->count;
    procedure_judge(&result->run,
                     &(struct sample){result->facts, c->outcome, c->count});
    result_conclude(result, c->point.model, c->point.scenario, arena);
    c->unsteady = result->judgement.verdict == VERDICT_UNSTABLE;
    c->overloaded = result->judgement.verdict == VERDICT_OVERLOADED;
    c->whole = result->findings;
    c->each = arena_many(arena, c->count, struct findings *);
    for (int r = 0; r < c->count; r++) {
        struct sample one = {result->facts, &c->outcome[r], 1};
        c->each[r] = findings_of(&one, !c->unsteady, arena);
    }
}

/* Replications up to `count`; false when interrupted. */
static bool extend(struct contender *c, int count, const struct compare_settings *set,
                   struct arena *arena)
{
    if (c->unsteady || c->eliminated || c->count >= count)
        return true;
    struct bringer bringer;
    struct runner runner = runner_of(c, set, &bringer);
    struct jobs jobs = c->jobs;
    jobs.first += (uint32_t)c->count;
    jobs.count = count - c->count;
    struct outcome *all = arena_many(arena, count, struct outcome);
    if (c->count)
        memcpy(all, c->outcome, (size_t)c->count * sizeof *all);
    if (!runner.run(runner.context, &jobs, arena, all + c->count))
        return false;
    c->outcome = all;
    c->count = count;
    conclude(c, arena);
    return true;
}

/* ---- the best -------------------------------------------------------------------- */

/* May it be the best? One that turns requests away only where all of them do. */
static bool is_fit(const struct comparison *c, int i)
{
    bool all_overloaded = true;
    for (int j = 0; j < c->contenders; j++)
        all_overloaded &= c->contender[j].unsteady || c->contender[j].overloaded;
    return !c->contender[i].unsteady &&
           (all_overloaded || !c->contender[i].overloaded);
}

static int in_play(const struct comparison *c)
{
    int count = 0;
    for (int i = 0; i < c->contenders; i++)
        count += !c->contender[i].unsteady && !c->contender[i].eliminated;
    return count;
}

/* Is `b` better than `a` by the metric that decides, if only by chance? */
static bool looks_better(const struct comparison *c, int a, int b)
{
    const struct compare_metric *m = &c->metric[c->by];
    double x = value_of(&c->contender[a], m, -1), y = value_of(&c->contender[b], m, -1);
    if (isnan(x) || isnan(y))
        return isnan(x) && !isnan(y);
    return m->more_is_better ? y > x : y < x;
}

/* One-sided tests at `error` in all are two-sided intervals of this confidence. */
static double confidence_for(const struct comparison *c, double error)
{
    int others = c->contenders > 1 ? c->contenders - 1 : 1;
    return 1 - 2 * error / others;
}

/* Is some other one surely better than `i`? */
static bool is_beaten(const struct comparison *c, int i, double confidence)
{
    for (int j = 0; j < c->contenders; j++) {
        if (j == i || !is_fit(c, j))
            continue;
        struct compare_difference d = compare_difference(c, c->by, j, i, confidence);
        double worse = c->metric[c->by].more_is_better ? -d.difference.value
                                                       : d.difference.value;
        if (estimate_given(&d.difference) && worse > d.difference.half_width)
            return true;
    }
    return false;
}

static void eliminate(struct comparison *c, double error, struct arena *arena)
{
    bool *beaten = arena_many(arena, c->contenders, bool);
    for (int i = 0; i < c->contenders; i++)
        beaten[i] = !c->contender[i].unsteady && !c->contender[i].eliminated &&
                    is_beaten(c, i, confidence_for(c, error));
    for (int i = 0; i < c->contenders; i++)
        c->contender[i].eliminated |= beaten[i];
}

static void find_best(struct comparison *c, double error, struct arena *arena)
{
    c->tied = arena_many(arena, c->contenders, bool);
    c->needed = arena_many(arena, c->contenders, double);
    c->best = -1;
    for (int i = 0; i < c->contenders; i++) {
        bool may = is_fit(c, i) && !c->contender[i].eliminated;
        if (may && (c->best < 0 || looks_better(c, c->best, i)))
            c->best = i;
    }
    double confidence = confidence_for(c, error);
    for (int i = 0; i < c->contenders && c->best >= 0; i++) {
        const struct contender *one = &c->contender[i];
        c->tied[i] = i == c->best || (is_fit(c, i) && !one->eliminated &&
                                      !is_beaten(c, i, confidence));
        c->needed[i] = compare_difference(c, c->by, c->best, i, confidence)
                           .difference.half_width;
    }
}

/* ---- the metric that decides ----------------------------------------------------- */

static bool given_for_all(const struct comparison *c, int metric)
{
    for (int i = 0; i < c->contenders; i++)
        if (!c->contender[i].unsteady &&
            isnan(value_of(&c->contender[i], &c->metric[metric], -1)))
            return false;
    return true;
}

int compare_find(const struct comparison *c, const char *name)
{
    for (int i = 0; i < c->metrics; i++)
        if (strcmp(c->metric[i].name, name) == 0)
            return i;
    return -1;
}

/* "page.p95" of the first promise that speaks of a time; NULL. */
static const char *promised(const struct comparison *c, struct arena *arena)
{
    const struct scenario *scenario = c->contender[0].point.scenario;
    for (int i = 0; i < scenario->slo_count; i++) {
        const char *text = scenario->slos[i].text;
        if (scenario->slos[i].metric == SLO_MEAN ||
            scenario->slos[i].metric == SLO_QUANTILE)
            return arena_text(arena, text, strcspn(text, " <>="));
    }
    return NULL;
}

static const char *names_of(const struct comparison *c, struct arena *arena)
{
    const char *list = c->metric[0].name;
    for (int i = 1; i < c->metrics; i++)
        list = arena_format(arena, "%s, %s", list, c->metric[i].name);
    return list;
}

/* What should decide, if it can be given. */
static const char *wish(const struct comparison *c, const struct compare_settings *set,
                        struct arena *arena)
{
    const char *promise = promised(c, arena);
    return set->by ? set->by : promise ? promise : "p99";
}

/* False with the reason in `why`. */
static bool choose_metric(struct comparison *c, const struct compare_settings *set,
                          struct arena *arena, const char **why)
{
    const char *const wishes[] = {wish(c, set, arena), "p99", "p95", "mean"};
    if (set->by) {
        c->by = compare_find(c, set->by);
        if (c->by < 0)
            *why = arena_format(arena, "--by \"%s\" is none of: %s", set->by,
                                names_of(c, arena));
        else if (!given_for_all(c, c->by))
            *why = arena_format(arena, "--by \"%s\" cannot be given for all of them",
                                set->by);
        return !*why;
    }
    c->by = 0;
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        c->by = compare_find(c, wishes[i]);
        if (c->by >= 0 && given_for_all(c, c->by))
            return true;
    }
    c->by = compare_find(c, "ok");
    return true;
}

/* ---- the whole ------------------------------------------------------------------- */

static int wanted(const struct comparison *c)
{
    for (int i = 0; i < c->contenders; i++)
        if (!c->contender[i].unsteady)
            return c->contender[i].jobs.count;
    return 0;
}

static bool extend_all(struct comparison *c, int count,
                       const struct compare_settings *set, struct arena *arena)
{
    for (int i = 0; i < c->contenders; i++)
        if (!extend(&c->contender[i], count, set, arena))
            return false;
    return true;
}

bool compare_run(struct comparison *c, const struct compare_settings *set,
                 struct arena *arena, const char **why)
{
    *why = NULL;
    compare_list(c, arena);
    if (set->by && compare_find(c, set->by) < 0)
        return choose_metric(c, set, arena, why); /* told before simulating */
    for (int i = 0; i < c->contenders; i++)
        if (!run_to_production(&c->contender[i], set, arena))
            return false;
    agree_on_window(c);
    int count = wanted(c);
    double error = alpha;
    if (c->contenders >= COMPARE_MANY && count > COMPARE_FIRST) {
        if (!extend_all(c, COMPARE_FIRST, set, arena))
            return false;
        error = alpha / 2;
        c->by = compare_find(c, wish(c, set, arena));
        if (in_play(c) > 1 && c->by >= 0 && given_for_all(c, c->by))
            eliminate(c, error, arena);
    }
    if (!extend_all(c, count, set, arena) ||
        (in_play(c) > 0 && !choose_metric(c, set, arena, why)))
        return false;
    find_best(c, error, arena);
    return true;
}

/* Why replications cannot be paired; NULL: they can. */
static const char *mismatch(const struct comparison *c, struct arena *arena)
{
    const struct contender *first = NULL;
    for (int i = 0; i < c->contenders; i++) {
        const struct contender *one = &c->contender[i];
        if (one->unsteady)
            continue;
        if (!first)
            first = one;
        int pairs = one->count < first->count ? one->count : first->count;
        for (int r = 0; r < pairs; r++)
            if (one->outcome[r].replication != first->outcome[r].replication)
                return arena_format(arena, "%s and %s have other replications",
                                    first->label, one->label);
    }
    return NULL;
}

bool compare_known(struct comparison *c, const struct compare_settings *set,
                   struct arena *arena, const char **why)
{
    compare_list(c, arena);
    for (int i = 0; i < c->contenders; i++) {
        struct contender *one = &c->contender[i];
        const struct outcome *o = one->outcome;
        one->jobs = (struct jobs){.stage = STAGE_PRODUCTION,
                                  .first = o->replication,
                                  .count = one->count,
                                  .window = {.warm_up = o->warm_up,
                                             .length = o->length}};
        one->point.result.run = (struct procedure){
            .needed = NAN,
            .growth = estimate_lacking(LACK_REQUESTS),
            .pilot_mean = estimate_lacking(LACK_REPLICATIONS)};
        conclude(one, arena);
    }
    *why = mismatch(c, arena);
    if (*why || (in_play(c) > 0 && !choose_metric(c, set, arena, why)))
        return false;
    find_best(c, alpha, arena);
    return true;
}
