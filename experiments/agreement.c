/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/agreement.h"

#include "sim/check.h"
#include "sim/rng.h"

#include <math.h>
#include <stdlib.h>

const char *const agreement_names[] = {
    [AGREEMENT_SENT] = "sent",     [AGREEMENT_THROUGHPUT] = "throughput",
    [AGREEMENT_ERRORS] = "errors", [AGREEMENT_MEAN] = "mean",
    [AGREEMENT_P50] = "p50",       [AGREEMENT_P90] = "p90",
    [AGREEMENT_P95] = "p95",       [AGREEMENT_P99] = "p99",
    [AGREEMENT_METRICS] = NULL,
};

static const double levels[AGREEMENT_METRICS] = {[AGREEMENT_P50] = 0.5,
                                                 [AGREEMENT_P90] = 0.9,
                                                 [AGREEMENT_P95] = 0.95,
                                                 [AGREEMENT_P99] = 0.99};

enum { CHUNK = 20, STEPS_A_DECADE = 40, MOST_POINTS = 400 };
static const double coverage = 0.95;
/* Neighbours of 20 independent blocks are correlated by more than this once in a
 * hundred times. */
static const double most_correlation = 0.5;

/* Less good answers than this part of the requests: the server works for nobody. */
static const double collapse = 0.1;

/* Numbers that differ by less are the same: the width of a histogram's cell, and a run
 * that ends a millisecond after its last request. */
static const double resolution = 0.002;

/* ---- what one run was ------------------------------------------------------------ */

/* The requests of one scope in one run, or in some blocks of one. */
struct account {
    double seconds, sent, ok, failed, answered;
    double latency; /* sum over the ok ones that are timed, s */
    struct histogram histogram;
};

static double quantile_of(const struct account *a, double level)
{
    double beyond = (1 - level) * (double)a->histogram.count;
    return beyond < AGREEMENT_BEYOND ? NAN
                                     : histogram_quantile(&a->histogram, level) * 1e-9;
}

static double metric_of(const struct account *a, enum agreement_metric metric)
{
    switch (metric) {
    case AGREEMENT_SENT:
        return a->sent / a->seconds;
    case AGREEMENT_THROUGHPUT:
        return a->answered / a->seconds;
    case AGREEMENT_ERRORS:
        return a->failed / a->sent;
    case AGREEMENT_MEAN:
        return a->latency / (double)a->histogram.count;
    default:
        return quantile_of(a, levels[metric]);
    }
}

/* ---- the measured run ------------------------------------------------------------ */

static bool in_scope(const struct measured *m, const struct model_facts *facts,
                     struct scope scope, const struct measured_request *r)
{
    return !m->typed || scope_counts(facts, scope, r->type);
}

/* Adds the requests that begin in [from, to), and the answers that come in it. */
static void account_for(const struct measured *m, const struct model_facts *facts,
                        struct scope scope, double from, double to, struct account *a,
                        struct arena *arena)
{
    for (int i = 0; i < m->count; i++) {
        const struct measured_request *r = &m->request[i];
        double end = r->start + r->latency;
        if (!in_scope(m, facts, scope, r))
            continue;
        a->answered += r->ok && end >= from && end < to;
        if (r->start < from || r->start >= to)
            continue;
        a->sent++;
        a->ok += r->ok;
        a->failed += !r->ok;
        if (r->ok && (!m->typed || scope_times(facts, scope, r->type))) {
            a->latency += r->latency;
            histogram_add(&a->histogram, (uint64_t)llround(r->latency * 1e9), arena);
        }
    }
    a->seconds += to - from;
}

static void add_account(struct account *into, const struct account *from,
                        struct arena *arena)
{
    into->seconds += from->seconds;
    into->sent += from->sent;
    into->ok += from->ok;
    into->failed += from->failed;
    into->answered += from->answered;
    into->latency += from->latency;
    histogram_merge(&into->histogram, &from->histogram, arena);
}

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Sorts those that are numbers to the front; how many. */
static int sort_numbers(double *x, int count)
{
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (!isnan(x[i]))
            x[kept++] = x[i];
    qsort(x, (size_t)kept, sizeof *x, by_value);
    return kept;
}

/* The value below which one more of n alike ones falls with probability p. */
static double ordered(const double *sorted, int n, double p)
{
    double place = p * (n + 1) - 1;
    if (place < -1e-9 || place > n - 1 + 1e-9)
        return NAN;
    int i = (int)fmin(fmax(floor(place + 1e-9), 0), n - 1);
    double part = fmax(place - i, 0);
    return part < 1e-9 || i + 1 == n ? sorted[i]
                                     : sorted[i] + part * (sorted[i + 1] - sorted[i]);
}

/* How alike neighbouring blocks are: the first autocorrelation of their means. */
static double correlation(const struct account *block)
{
    double mean[AGREEMENT_BLOCKS], average = 0, over = 0, under = 0;
    int count = 0;
    for (int i = 0; i < AGREEMENT_BLOCKS; i++)
        if (block[i].histogram.count)
            mean[count++] = metric_of(&block[i], AGREEMENT_MEAN);
    for (int i = 0; i < count; i++)
        average += mean[i] / count;
    for (int i = 0; i < count; i++) {
        under += (mean[i] - average) * (mean[i] - average);
        if (i > 0)
            over += (mean[i] - average) * (mean[i - 1] - average);
    }
    bool vary = under > 1e-12 * count * average * average; /* more than by rounding */
    return vary ? over / under : 0;
}

/* Blocks drawn anew: what each metric might have been. */
static void bootstrap(const struct account *block, struct agreement_row *row)
{
    enum { DRAWS = AGREEMENT_BOOTSTRAPS };
    struct arena own;
    arena_init(&own);
    double *value[AGREEMENT_METRICS];
    for (int k = 0; k < AGREEMENT_METRICS; k++)
        value[k] = malloc(DRAWS * sizeof *value[k]);
    uint64_t key = rng_key(1, "block bootstrap");
    for (int b = 0; b < DRAWS; b++) {
        struct draw draw = draw_at(key, (uint64_t)b, 0, 0);
        struct account sum = {0};
        for (int i = 0; i < AGREEMENT_BLOCKS; i++)
            add_account(&sum, &block[draw_below(&draw, AGREEMENT_BLOCKS)], &own);
        for (int k = 0; k < AGREEMENT_METRICS; k++)
            value[k][b] = metric_of(&sum, (enum agreement_metric)k);
        arena_reset(&own);
    }
    for (int k = 0; k < AGREEMENT_METRICS; k++) {
        int count = sort_numbers(value[k], DRAWS);
        if (count == DRAWS) {
            row[k].measured_low = ordered(value[k], count, (1 - coverage) / 2);
            row[k].measured_high = ordered(value[k], count, (1 + coverage) / 2);
        }
        free(value[k]);
    }
    arena_free(&own);
}

/* The rows of a scope, their measured side filled. */
static void measure(const struct measured *m, struct agreement *a, struct scope scope,
                    struct agreement_row *row, struct arena *arena)
{
    struct account *block = arena_many(arena, AGREEMENT_BLOCKS, struct account);
    struct account whole = {0};
    double width = (a->to - a->from) / AGREEMENT_BLOCKS;
    for (int i = 0; i < AGREEMENT_BLOCKS; i++) {
        double from = a->from + i * width;
        double to = i + 1 < AGREEMENT_BLOCKS ? from + width : a->to;
        account_for(m, a->facts, scope, from, to, &block[i], arena);
        add_account(&whole, &block[i], arena);
    }
    for (int k = 0; k < AGREEMENT_METRICS; k++)
        row[k] = (struct agreement_row){
            .scope = scope,
            .metric = (enum agreement_metric)k,
            .measured = metric_of(&whole, (enum agreement_metric)k),
            .measured_low = NAN,
            .measured_high = NAN,
        };
    if (scope.sort == SCOPE_WHOLE)
        a->drifts = correlation(block) > most_correlation;
    if (!a->drifts)
        bootstrap(block, row);
}

static int part_of(const struct agreement *a, double start)
{
    double part = (start - a->from) / (a->to - a->from) * AGREEMENT_PARTS;
    return part < AGREEMENT_PARTS ? (int)part : AGREEMENT_PARTS - 1;
}

static double part_length(const struct agreement *a)
{
    return (a->to - a->from) / AGREEMENT_PARTS;
}

static bool is_collapse(const struct agreement *a, double good)
{
    return good < collapse * a->requests / (a->to - a->from);
}

static void measure_course(const struct measured *m, struct agreement *a)
{
    double sum[AGREEMENT_PARTS] = {0};
    int count[AGREEMENT_PARTS] = {0};
    struct scope whole = {SCOPE_WHOLE, 0};
    for (int i = 0; i < m->count; i++) {
        const struct measured_request *r = &m->request[i];
        if (!r->ok || r->start < a->from || r->start >= a->to ||
            (m->typed && !scope_times(a->facts, whole, r->type)))
            continue;
        sum[part_of(a, r->start)] += r->latency;
        count[part_of(a, r->start)]++;
    }
    for (int k = 0; k < AGREEMENT_PARTS; k++) {
        a->course_measured[k] = count[k] ? sum[k] / count[k] : NAN;
        a->good_measured[k] = count[k] / part_length(a);
    }
    a->has_collapsed = is_collapse(a, a->good_measured[AGREEMENT_PARTS - 1]);
}

/* ---- simulated runs -------------------------------------------------------------- */

/* A number of each replication, for every scope, metric, part and point of a curve. */
struct study {
    struct agreement *agreement;
    const struct measured *measured;
    struct scope *scope;
    int scopes, replications, done;
    double *value;  /* [scope][metric][replication] */
    double *course; /* [part][replication] */
    double *good;   /* likewise */
    double *x;      /* ns, of the curves' points */
    int points;
    double *beyond; /* [scope][point][replication] */
};

static double *value_at(const struct study *s, int scope, int metric)
{
    return s->value + (size_t)(scope * AGREEMENT_METRICS + metric) *
                          (size_t)s->replications;
}

static double *beyond_at(const struct study *s, int scope, int point)
{
    return s->beyond +
           ((size_t)scope * MOST_POINTS + (size_t)point) * (size_t)s->replications;
}

/* Good answers in the window, from the bins that lie in it. */
static double answered_in(const struct outcome *o, double *seconds)
{
    sim_time whole = o->warm_up + o->length;
    sim_time width = (whole + OUTCOME_BINS - 1) / OUTCOME_BINS;
    int first = (int)((o->warm_up + width - 1) / width);
    uint64_t sum = 0;
    for (int bin = first; bin < OUTCOME_BINS; bin++)
        sum += o->completed_in[bin];
    *seconds = sim_seconds(whole - first * width);
    return (double)sum;
}

static void account_for_outcome(const struct sample *sample, int replication,
                                struct scope scope, struct account *a,
                                struct arena *arena)
{
    const struct outcome *o = &sample->outcome[replication];
    a->seconds = sample_length(sample, replication);
    a->sent = sample_requests(sample, scope, COUNT_OFFERED, replication);
    a->ok = sample_requests(sample, scope, COUNT_OK, replication);
    a->failed = a->sent - a->ok;
    a->answered = a->ok;
    if (scope.sort == SCOPE_WHOLE) {
        double seconds, answered = answered_in(o, &seconds);
        a->answered = seconds > 0 ? answered * a->seconds / seconds : NAN;
    }
    a->histogram = *sample_one(sample, scope, TIME_LATENCY, replication, arena);
    for (int t = 0; t < sample->facts->types; t++)
        if (scope_times(sample->facts, scope, t))
            a->latency += (double)o->type[t].latency_sum.sum * 1e-9;
}

static double course_of(const struct model_facts *facts, const struct outcome *o,
                        int part)
{
    struct scope whole = {SCOPE_WHOLE, 0};
    double sum = 0, count = 0;
    for (int t = 0; t < facts->types; t++)
        if (scope_times(facts, whole, t)) {
            sum += (double)o->type[t].segment_sum[part].sum * 1e-9;
            count += (double)o->type[t].segment_sum[part].count;
        }
    return count > 0 ? sum / count : NAN;
}

/* Good answers to requests that began in the part, per s. */
static double good_of(const struct agreement *a, const struct outcome *o, int part)
{
    struct scope whole = {SCOPE_WHOLE, 0};
    double count = 0;
    for (int t = 0; t < a->facts->types; t++)
        if (scope_times(a->facts, whole, t))
            count += (double)o->type[t].segment_sum[part].count;
    return count / part_length(a);
}

static void note(struct study *s, const struct outcome *outcome, int count,
                 struct arena *arena)
{
    struct agreement *a = s->agreement;
    struct sample sample = {a->facts, outcome, count};
    for (int i = 0; i < count; i++, s->done++) {
        a->overflow |= outcome[i].end == OUTCOME_OVERFLOW;
        for (int k = 0; k < s->scopes; k++) {
            struct account account = {0};
            account_for_outcome(&sample, i, s->scope[k], &account, arena);
            for (int m = 0; m < AGREEMENT_METRICS; m++)
                value_at(s, k, m)[s->done] =
                    metric_of(&account, (enum agreement_metric)m);
            for (int p = 0; p < s->points; p++)
                beyond_at(s, k, p)[s->done] =
                    histogram_above(&account.histogram, (uint64_t)s->x[p]) /
                    (double)account.histogram.count;
        }
        for (int p = 0; p < AGREEMENT_PARTS; p++) {
            int at = p * s->replications + s->done;
            s->course[at] = course_of(a->facts, &outcome[i], p);
            s->good[at] = good_of(a, &outcome[i], p);
        }
    }
}

/* What is random but changes no answer (which idle worker takes one) does not count. */
static bool are_same(const struct model_facts *facts, const struct outcome *a,
                     const struct outcome *b)
{
    bool same = true;
    for (int t = 0; t < facts->types && same; t++)
        same = a->type[t].ok == b->type[t].ok &&
               a->type[t].latency_sum.sum == b->type[t].latency_sum.sum &&
               a->type[t].latency_sum.squares == b->type[t].latency_sum.squares;
    return same;
}

/* The first two runs tell whether anything is random at all. */
static bool simulate(struct study *s, const struct point *point,
                     const struct window *window, const struct point_effort *effort)
{
    struct replicate replicate = {.model = point->model,
                                  .threads = effort->threads,
                                  .stop = effort->stop,
                                  .progress = effort->progress,
                                  .context = effort->context};
    struct arena own;
    arena_init(&own);
    bool finished = true;
    int wanted = s->replications;
    while (finished && s->done < wanted) {
        int left = wanted - s->done, count = s->done == 0 ? 2 : CHUNK;
        struct jobs jobs = {.stage = STAGE_PRODUCTION,
                            .first = (uint32_t)s->done,
                            .count = left < count ? left : count,
                            .window = *window};
        struct outcome *outcome = arena_many(&own, jobs.count, struct outcome);
        finished = replicate_run(&replicate, &jobs, &own, outcome);
        if (finished)
            note(s, outcome, jobs.count, &own);
        if (finished && jobs.first == 0 && jobs.count == 2 &&
            are_same(s->agreement->facts, &outcome[0], &outcome[1])) {
            s->agreement->random = false;
            s->done = wanted = 1;
        }
        arena_reset(&own);
    }
    arena_free(&own);
    return finished;
}

/* ---- together -------------------------------------------------------------------- */

static void conclude_row(struct agreement_row *row, double *value, int count,
                         bool random)
{
    int n = sort_numbers(value, count);
    row->predicted = n == 1 ? value[0] : n > 1 ? ordered(value, n, 0.5) : NAN;
    row->low = row->high = NAN;
    if (random && n == count && n >= AGREEMENT_LEAST) {
        row->low = ordered(value, n, (1 - coverage) / 2);
        row->high = ordered(value, n, (1 + coverage) / 2);
    }
    row->inside = row->measured >= row->low * (1 - resolution) &&
                  row->measured <= row->high * (1 + resolution);
    row->difference = row->predicted - row->measured;
    if (row->metric != AGREEMENT_ERRORS)
        row->difference /= row->measured;
}

static void choose_points(struct study *s, struct arena *arena)
{
    double least = INFINITY, most = 0;
    for (int i = 0; i < s->measured->count; i++) {
        least = fmin(least, s->measured->request[i].latency * 1e9);
        most = fmax(most, s->measured->request[i].latency * 1e9);
    }
    least = fmax(least, 1e3) / 2;
    double decades = log10(fmax(2 * most, 2 * least) / least);
    s->points = (int)fmin(ceil(decades * STEPS_A_DECADE), MOST_POINTS - 1) + 1;
    s->x = arena_many(arena, s->points, double);
    for (int p = 0; p < s->points; p++)
        s->x[p] = least * pow(10, decades * p / (s->points - 1));
}

static struct curve new_curve(const struct study *s, const char *label,
                              struct arena *arena)
{
    struct curve curve = {.label = label};
    curve.x = arena_many(arena, s->points, double);
    curve.y = arena_many(arena, s->points, double);
    curve.low = arena_many(arena, s->points, double);
    curve.high = arena_many(arena, s->points, double);
    return curve;
}

static void put(struct curve *curve, double ns, double y, double low, double high)
{
    int i = curve->count++;
    ((double *)curve->x)[i] = ns * 1e-9;
    ((double *)curve->y)[i] = y;
    ((double *)curve->low)[i] = low;
    ((double *)curve->high)[i] = high;
}

static struct curve predicted_curve(const struct study *s, int scope, double least,
                                    const char *label, struct arena *arena)
{
    struct curve curve = new_curve(s, label, arena);
    for (int p = 0; p < s->points; p++) {
        double *y = beyond_at(s, scope, p);
        int n = sort_numbers(y, s->done);
        double middle = n > 1 ? ordered(y, n, 0.5) : n ? y[0] : NAN;
        if (!(middle >= least))
            break;
        bool band = n >= AGREEMENT_LEAST;
        put(&curve, s->x[p], middle,
            band ? ordered(y, n, (1 - coverage) / 2) : middle,
            band ? ordered(y, n, (1 + coverage) / 2) : middle);
    }
    return curve;
}

static struct curve measured_curve(const struct study *s, const struct account *a,
                                   double least, const char *label, struct arena *arena)
{
    struct curve curve = new_curve(s, label, arena);
    for (int p = 0; p < s->points; p++) {
        double y = histogram_above(&a->histogram, (uint64_t)s->x[p]) /
                   (double)a->histogram.count;
        if (!(y >= least))
            break;
        put(&curve, s->x[p], y, y, y);
    }
    return curve;
}

/* A pair for each type, or for all requests where types are not told apart. */
static void draw_curves(struct study *s, struct arena *arena)
{
    struct agreement *a = s->agreement;
    struct curve *curve = arena_many(arena, 2 * s->scopes, struct curve);
    a->curve = curve;
    for (int k = s->scopes > 1; k < s->scopes; k++) {
        struct account account = {0};
        account_for(s->measured, a->facts, s->scope[k], a->from, a->to, &account,
                    arena);
        double least = AGREEMENT_BEYOND / (double)account.histogram.count;
        const char *name =
            s->scopes > 1
                ? arena_format(arena, "%s, ", a->facts->type[s->scope[k].index].name)
                : "";
        curve[a->curves++] = predicted_curve(
            s, k, least, arena_format(arena, "%spredicted", name), arena);
        curve[a->curves++] = measured_curve(
            s, &account, least, arena_format(arena, "%smeasured", name), arena);
    }
}

static sim_time skipped(const struct point *point)
{
    sim_time warm_up = point->scenario->run.warmup;
    return warm_up == SIM_NEVER ? 0 : warm_up;
}

const char *agreement_misfit(const struct point *point,
                             const struct measured *measured, struct arena *arena)
{
    double skip = sim_seconds(skipped(point));
    if (measured->end > skip)
        return NULL;
    return arena_format(arena,
                        "%s: the last request begins at %g s, which must be after "
                        "the %g s that are left out (run.warmup)",
                        measured->file, measured->end, skip);
}

/* All requests, and each type where there are several that can be told apart. */
static void choose_scopes(struct study *s, struct arena *arena)
{
    const struct model_facts *facts = s->agreement->facts;
    s->scope = arena_many(arena, facts->types + 1, struct scope);
    s->scope[s->scopes++] = (struct scope){SCOPE_WHOLE, 0};
    for (int t = 0; facts->types > 1 && s->measured->typed && t < facts->types; t++)
        s->scope[s->scopes++] = (struct scope){SCOPE_TYPE, t};
}

/* The last request is in the window, so it ends a moment after it; whoever is still
 * waiting then is given ten times as long. */
static struct window window_of(const struct point *point,
                               const struct measured *measured)
{
    enum { PATIENCE = 10 };
    sim_time end = sim_from_nanoseconds(measured->end * 1e9) + SIM_SECOND / 1000;
    return (struct window){.warm_up = skipped(point),
                           .length = end - skipped(point),
                           .drain = PATIENCE * end,
                           .segments = true};
}

static void prepare(struct study *s, int replications, struct arena *arena)
{
    choose_scopes(s, arena);
    choose_points(s, arena);
    s->replications = replications;
    size_t n = (size_t)replications, scopes = (size_t)s->scopes;
    s->value = arena_many(arena, scopes * AGREEMENT_METRICS * n, double);
    s->course = arena_many(arena, AGREEMENT_PARTS * n, double);
    s->good = arena_many(arena, AGREEMENT_PARTS * n, double);
    s->beyond = arena_many(arena, scopes * MOST_POINTS * n, double);
}

static void conclude_good(struct study *s)
{
    struct agreement *a = s->agreement;
    for (int p = 0; p < AGREEMENT_PARTS; p++) {
        double *value = s->good + (size_t)p * (size_t)s->replications;
        int n = sort_numbers(value, s->done);
        bool band = n >= AGREEMENT_LEAST;
        a->good_predicted[p] = n > 1 ? ordered(value, n, 0.5) : n ? value[0] : NAN;
        a->good_low[p] = band ? ordered(value, n, (1 - coverage) / 2) : NAN;
        a->good_high[p] = band ? ordered(value, n, (1 + coverage) / 2) : NAN;
        if (p + 1 < AGREEMENT_PARTS)
            continue;
        for (int i = 0; i < n; i++)
            a->collapsed += is_collapse(a, value[i]) ? 1.0 / n : 0;
    }
}

static void conclude(struct study *s, struct agreement_row *row, struct arena *arena)
{
    struct agreement *a = s->agreement;
    for (int k = 0; k < s->scopes; k++)
        for (int m = 0; m < AGREEMENT_METRICS; m++)
            conclude_row(&row[k * AGREEMENT_METRICS + m], value_at(s, k, m), s->done,
                         a->random);
    for (int p = 0; p < AGREEMENT_PARTS; p++) {
        double *value = s->course + (size_t)p * (size_t)s->replications;
        int n = sort_numbers(value, s->done);
        a->course_predicted[p] = n > 1 ? ordered(value, n, 0.5) : n ? value[0] : NAN;
    }
    conclude_good(s);
    draw_curves(s, arena);
}

bool agreement_find(struct agreement *agreement, const struct point *point,
                    const struct measured *measured, int replications,
                    const struct point_effort *effort, struct arena *arena)
{
    struct window window = window_of(point, measured);
    *agreement = (struct agreement){
        .facts = model_facts(point->model),
        .from = sim_seconds(window.warm_up),
        .to = sim_seconds(window.warm_up + window.length),
        .random = true,
    };
    struct study study = {.agreement = agreement, .measured = measured};
    prepare(&study, replications ? replications : AGREEMENT_REPLICATIONS, arena);
    agreement->rows = study.scopes * AGREEMENT_METRICS;
    struct agreement_row *row =
        arena_many(arena, agreement->rows, struct agreement_row);
    agreement->row = row;
    for (int i = 0; i < measured->count; i++)
        agreement->requests += measured->request[i].start >= agreement->from;
    for (int k = 0; k < study.scopes; k++)
        measure(measured, agreement, study.scope[k], &row[k * AGREEMENT_METRICS],
                arena);
    measure_course(measured, agreement);
    if (!simulate(&study, point, &window, effort))
        return false;
    agreement->replications = study.done;
    conclude(&study, row, arena);
    return true;
}

/* ---- looking at it --------------------------------------------------------------- */

const struct agreement_row *agreement_row(const struct agreement *agreement,
                                          enum agreement_metric metric)
{
    return &agreement->row[metric]; /* all requests come first */
}

bool agreement_loses(const struct agreement *a)
{
    double most = 0.01;
    const struct agreement_row *errors = agreement_row(a, AGREEMENT_ERRORS);
    return errors->measured > most || errors->predicted > most;
}

double agreement_course(const struct agreement *agreement)
{
    double worst = NAN, highest = NAN;
    for (int k = 0; k < AGREEMENT_PARTS; k++) {
        double measured = agreement->course_measured[k];
        highest = fmax(highest, measured);
        worst = fmax(worst, fabs(agreement->course_predicted[k] - measured));
    }
    return worst / highest;
}

bool agreement_holds(const struct agreement_row *row, double within)
{
    return row->inside || fabs(row->difference) <= within ||
           isnan(row->measured);
}
