/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Real servers: every case of cases.csv is simulated and judged, and the tables of
 * docs/accuracy.md are printed. Status 1 when a target is missed that cases.csv does
 * not list as missed, or one is met that it does list: the documented state has moved.
 *
 *     validation_suite [--quick] [--figure FILE.svg] [--csv FILE.csv] [PREFIX]
 *
 * --csv: all numbers with their intervals, measured and predicted.
 * --quick: the first run of each set alone. PREFIX: only runs that begin with it.
 *
 * Targets:
 *   load       throughput within 2 %, mean and p50 within 5 %, p90, p95 and p99
 *              within 10 %, errors within 2 points; what is random: or the measured
 *              value lies inside the 95 % prediction interval and the median prediction
 *              is within 25 %
 *   high       (utilisation of 0.9 and more) the same; what is not random: within 25 %
 *   overload   throughput within 5 %, errors within 2 points; replayed: the course of
 *              the mean latency (ten parts of the run) within 10 % of its highest;
 *              drawn, when every run has another course: errors, mean and quantiles
 *              within the targets above or inside the interval, and so too the
 *              throughput where goodput collapses, sooner or later by chance
 *   any        where goodput has collapsed at the end, or has not, it does likewise in
 *              at least 2.5 % of the simulated runs
 */
#include "experiments/agreement.h"
#include "plots/figure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_CASES = 500,
    LONGEST = 200,
    COURSE = AGREEMENT_METRICS,
    COLLAPSE,
    BITS,
};

static const double loose = 0.25, course_target = 0.10, overload_target = 0.05,
                    rare = 0.025;
static const double tight[AGREEMENT_METRICS] = {
    [AGREEMENT_THROUGHPUT] = 0.02, [AGREEMENT_ERRORS] = 0.02, [AGREEMENT_MEAN] = 0.05,
    [AGREEMENT_P50] = 0.05,        [AGREEMENT_P90] = 0.10,    [AGREEMENT_P95] = 0.10,
    [AGREEMENT_P99] = 0.10,
};

struct validated {
    char scenario[LONGEST], run[LONGEST], type[LONGEST], regime[LONGEST],
        missed[LONGEST];
    struct agreement_row row[AGREEMENT_METRICS]; /* of the type; empty: all requests */
    double course;
    double collapsed; /* part of the simulated runs */
    double good[3];   /* answers per s at the end: measured, predicted from, to */
    /* Over the parts of the run, measured and predicted: mean latency, good answers. */
    double latency[2][AGREEMENT_PARTS], answers[2][AGREEMENT_PARTS];
    bool random, has_collapsed;
    unsigned misses; /* bits of metrics, of COURSE and COLLAPSE */
};

static bool is_overload(const struct validated *v)
{
    return strcmp(v->regime, "overload") == 0;
}

static bool is_drawn(const struct validated *v)
{
    return strstr(v->scenario, "-drawn") != NULL;
}

/* ---- cases ----------------------------------------------------------------------- */

static void take_word(char *into, char **from)
{
    size_t length = strcspn(*from, ",\r\n");
    snprintf(into, LONGEST, "%.*s", (int)length, *from);
    *from += length + ((*from)[length] == ',');
}

static int read_cases(const char *folder, struct validated *found)
{
    char path[1100], line[1000];
    snprintf(path, sizeof path, "%s/cases.csv", folder);
    FILE *in = fopen(path, "r");
    int count = 0;
    if (!in || !fgets(line, sizeof line, in)) {
        perror(path);
        exit(3);
    }
    while (count < MOST_CASES && fgets(line, sizeof line, in)) {
        char *at = line;
        struct validated *v = &found[count++];
        *v = (struct validated){0};
        take_word(v->scenario, &at);
        take_word(v->run, &at);
        take_word(v->type, &at);
        take_word(v->regime, &at);
        take_word(v->missed, &at);
    }
    fclose(in);
    return count;
}

/* The first run of a scenario that cases.csv has. */
static bool is_first(const struct validated *v, int i)
{
    for (int k = 0; k < i; k++)
        if (strcmp(v[k].scenario, v[i].scenario) == 0)
            return false;
    return true;
}

/* ---- simulating ------------------------------------------------------------------ */

static bool is_open(const struct point *point)
{
    return point->result.facts->workload[0].form == WORKLOAD_OPEN;
}

/* Requests a second in the window: the rate that a drawn run is sent at. */
static double rate_of(const struct measured *measured, const struct point *point)
{
    double skip = sim_seconds(point->scenario->run.warmup);
    int count = 0;
    for (int i = 0; i < measured->count; i++)
        count += measured->request[i].start >= skip;
    return count / (measured->end - skip);
}

static void read_point(struct point *point, struct arena *arena, const char *path,
                       const char *const *sets, int set_count)
{
    struct where *where = where_new(arena);
    struct point_source source = {.path = path, .sets = sets, .set_count = set_count};
    if (!point_read(point, arena, &source, where)) {
        where_print(where, stderr);
        exit(2);
    }
}

/* As many requests, of each type. */
static void read_drawn(struct point *point, const struct measured *measured,
                       const char *path, struct arena *arena)
{
    const struct model_facts *facts = point->result.facts;
    const char **sets = arena_many(arena, facts->types + 1, const char *);
    int count = 0;
    sets[count++] = arena_format(arena, "/workloads/load/open/rate=\"%.6f/s\"",
                                 rate_of(measured, point));
    for (int t = 0; facts->types > 1 && t < facts->types; t++) {
        int of_type = 0;
        for (int i = 0; i < measured->count; i++)
            of_type += measured->request[i].type == t;
        sets[count++] = arena_format(arena, "/workloads/load/mix/%s=%.6f",
                                     facts->type[t].name,
                                     (double)of_type / measured->count);
    }
    read_point(point, arena, path, sets, count);
}

/* The scenario at the level of the run: what is replayed, or the rate. */
static void read_case(const struct validated *v, const char *folder,
                      struct point *point, struct measured *measured,
                      struct arena *arena)
{
    const char *path = arena_format(arena, "%s/%s.json", folder, v->scenario);
    const char *set = arena_format(arena, "/workloads/load/trace/file=\"data/%s.csv\"",
                                   v->run);
    read_point(point, arena, path, &set, !is_drawn(v));
    struct where *where = where_new(arena);
    if (!measured_read(measured, arena_format(arena, "%s/data/%s.csv", folder, v->run),
                       point->result.facts, where)) {
        where_print(where, stderr);
        exit(2);
    }
    if (is_drawn(v) && is_open(point))
        read_drawn(point, measured, path, arena);
}

/* What the measurement itself cannot tell apart: its load generator lags and its
 * machine stalls by so much (s; see README.md). */
static const double resolution[AGREEMENT_METRICS] = {
    [AGREEMENT_MEAN] = 1e-4,
    [AGREEMENT_P50] = 1e-4,
    [AGREEMENT_P90] = 1e-3,
    [AGREEMENT_P95] = 1e-3,
    [AGREEMENT_P99] = 1e-3,
};

static bool is_missed_in_overload(const struct validated *v,
                                  enum agreement_metric metric)
{
    const struct agreement_row *row = &v->row[metric];
    bool may_differ = is_drawn(v) && row->inside; /* what is chance */
    if (metric == AGREEMENT_THROUGHPUT)
        return !(fabs(row->difference) <= overload_target ||
                 (may_differ && v->has_collapsed));
    if (metric == AGREEMENT_ERRORS || is_drawn(v))
        return !(fabs(row->difference) <= tight[metric] || may_differ);
    return false;
}

static bool is_missed(const struct validated *v, enum agreement_metric metric)
{
    const struct agreement_row *row = &v->row[metric];
    double off = fabs(row->difference);
    if (tight[metric] == 0 || isnan(row->measured) ||
        fabs(row->predicted - row->measured) <= resolution[metric])
        return false;
    if (is_overload(v))
        return is_missed_in_overload(v, metric);
    bool lies_right = v->random ? row->inside : strcmp(v->regime, "high") == 0;
    return !(off <= tight[metric] ||
             (lies_right && metric != AGREEMENT_ERRORS && off <= loose));
}

static void judge(struct validated *v)
{
    for (int m = 0; m < AGREEMENT_METRICS; m++)
        v->misses |= is_missed(v, (enum agreement_metric)m) ? 1u << m : 0;
    if (is_overload(v) && !is_drawn(v) && !(v->course <= course_target))
        v->misses |= 1u << COURSE;
    double alike = v->has_collapsed ? v->collapsed : 1 - v->collapsed;
    if (alike < rare)
        v->misses |= 1u << COLLAPSE;
}

static void take_courses(struct validated *v, const struct agreement *a)
{
    memcpy(v->latency[0], a->course_measured, sizeof v->latency[0]);
    memcpy(v->latency[1], a->course_predicted, sizeof v->latency[1]);
    memcpy(v->answers[0], a->good_measured, sizeof v->answers[0]);
    memcpy(v->answers[1], a->good_predicted, sizeof v->answers[1]);
}

static void take_end(struct validated *v, const struct agreement *a)
{
    int last = AGREEMENT_PARTS - 1;
    v->collapsed = a->collapsed;
    v->has_collapsed = a->has_collapsed;
    v->good[0] = a->good_measured[last];
    v->good[1] = a->random ? a->good_low[last] : a->good_predicted[last];
    v->good[2] = a->random ? a->good_high[last] : a->good_predicted[last];
}

static void take_rows(struct validated *v, const struct agreement *a)
{
    for (int i = 0; i < a->rows; i++) {
        const struct agreement_row *row = &a->row[i];
        const char *type =
            row->scope.sort == SCOPE_WHOLE ? "" : a->facts->type[row->scope.index].name;
        if (strcmp(type, v->type) == 0)
            v->row[row->metric] = *row;
    }
}

static void simulate(struct validated *v, const char *folder)
{
    struct arena arena;
    struct point point;
    struct measured measured;
    struct agreement agreement;
    struct point_effort effort = {0};
    arena_init(&arena);
    read_case(v, folder, &point, &measured, &arena);
    agreement_find(&agreement, &point, &measured, 0, &effort, &arena);
    take_rows(v, &agreement);
    v->course = agreement_course(&agreement);
    v->random = agreement.random;
    take_end(v, &agreement);
    take_courses(v, &agreement);
    judge(v);
    arena_free(&arena);
}

/* ---- what is known to be missed -------------------------------------------------- */

static const char *bit_name(int bit)
{
    return bit == COURSE     ? "course"
           : bit == COLLAPSE ? "collapse"
                             : agreement_names[bit];
}

static unsigned listed(const struct validated *v)
{
    unsigned bits = 0;
    char words[LONGEST];
    strcpy(words, v->missed);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        for (int bit = 0; bit < BITS; bit++)
            bits |= strcmp(word, bit_name(bit)) == 0 ? 1u << bit : 0;
    return bits;
}

/* Says what cases.csv does not; whether anything. */
static bool has_moved(const struct validated *v)
{
    unsigned known = listed(v);
    for (int bit = 0; bit < BITS; bit++)
        if ((v->misses ^ known) >> bit & 1)
            fprintf(stderr, "%s, %s%s%s: %s is %s, cases.csv says otherwise\n",
                    v->scenario, v->run, *v->type ? ", " : "", v->type, bit_name(bit),
                    v->misses >> bit & 1 ? "missed" : "met");
    return v->misses != known;
}

/* ---- tables ---------------------------------------------------------------------- */

static const char *time_text(double seconds, char *text, size_t size)
{
    if (isnan(seconds))
        snprintf(text, size, "-");
    else if (seconds < 1)
        snprintf(text, size, "%.3g ms", 1e3 * seconds);
    else
        snprintf(text, size, "%.3g s", seconds);
    return text;
}

/* "+1.2 %", bold when missed; an asterisk: inside the prediction interval. */
static void print_difference(const struct validated *v, enum agreement_metric metric)
{
    const struct agreement_row *row = &v->row[metric];
    const char *bold = v->misses >> metric & 1 ? "**" : "";
    if (isnan(row->difference)) {
        fputs(" - |", stdout);
        return;
    }
    printf(" %s%+.1f%s%s |", bold, 100 * row->difference + 0.0,
           row->inside && v->random ? " *" : "", bold);
}

static void print_met(const struct validated *v)
{
    puts(v->misses ? " no |" : " yes |");
}

static void print_load(const struct validated *v, int count, bool drawn)
{
    char mean[20], p99[20];
    puts("| run | measured mean, p99 | throughput, % | errors, points | mean, % | "
         "p50, % | p90, % | p95, % | p99, % | met |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (int i = 0; i < count; i++, v++) {
        if (is_overload(v) || is_drawn(v) != drawn)
            continue;
        printf("| %s%s%s | %s, %s |", v->run, *v->type ? ", " : "", v->type,
               time_text(v->row[AGREEMENT_MEAN].measured, mean, sizeof mean),
               time_text(v->row[AGREEMENT_P99].measured, p99, sizeof p99));
        for (int m = 0; m < AGREEMENT_METRICS; m++)
            if (tight[m] > 0)
                print_difference(v, (enum agreement_metric)m);
        print_met(v);
    }
    puts("");
}

static void print_overload(const struct validated *v, int count)
{
    puts("| run | | measured throughput | throughput, % | errors, points | course, % "
         "| p50, % | p99, % | met |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (int i = 0; i < count; i++, v++) {
        if (!is_overload(v))
            continue;
        printf("| %s | %s | %.1f/s |", v->run, is_drawn(v) ? "drawn" : "replayed",
               v->row[AGREEMENT_THROUGHPUT].measured);
        print_difference(v, AGREEMENT_THROUGHPUT);
        print_difference(v, AGREEMENT_ERRORS);
        const char *bold = v->misses >> COURSE & 1 ? "**" : "";
        printf(" %s%.1f%s |", bold, 100 * v->course, bold);
        print_difference(v, AGREEMENT_P50);
        print_difference(v, AGREEMENT_P99);
        print_met(v);
    }
    puts("");
}

/* Replayed overloads: what was measured and predicted in each part of the run. */
static void print_courses(const struct validated *v, int count, bool answers)
{
    puts("| run | | | | | | | | | | | |\n"
         "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    for (int i = 0; i < count; i++, v++) {
        bool counts = strncmp(v->run, "S10/", 4) == 0;
        if (!is_overload(v) || is_drawn(v) || counts != answers)
            continue;
        for (int side = 0; side < 2; side++) {
            printf("| %s | %s |", side ? "" : v->run, side ? "predicted" : "measured");
            for (int p = 0; p < AGREEMENT_PARTS; p++)
                if (answers)
                    printf(" %.0f |", v->answers[side][p]);
                else
                    printf(" %.2f |", v->latency[side][p]);
            puts("");
        }
    }
    puts("");
}

/* Where there are timeouts and retries: does the server end up working for nobody? */
static void print_collapse(const struct validated *v, int count)
{
    puts("| run | | measured: collapsed | good answers at the end | simulated: "
         "collapsed | good answers at the end, 95 % of runs |\n"
         "| --- | --- | --- | --- | --- | --- |");
    for (int i = 0; i < count; i++, v++)
        if (strncmp(v->run, "S10/", 4) == 0) {
            const char *bold = v->misses >> COLLAPSE & 1 ? "**" : "";
            printf("| %s | %s | %s | %.0f/s | %s%.0f %%%s | %.0f – %.0f/s |\n", v->run,
                   is_drawn(v) ? "drawn" : "replayed", v->has_collapsed ? "yes" : "no",
                   v->good[0], bold, 100 * v->collapsed, bold, v->good[1], v->good[2]);
        }
    puts("");
}

static void print_tables(const struct validated *v, int count)
{
    int met = 0;
    for (int i = 0; i < count; i++)
        met += v[i].misses == 0;
    printf("%d of %d comparisons meet all their targets.\n\n", met, count);
    puts("### Arrivals and demands replayed, below saturation\n");
    print_load(v, count, false);
    puts("### Arrivals and demands drawn, below saturation\n");
    print_load(v, count, true);
    puts("### Overload\n");
    print_overload(v, count);
    puts("Mean latency (s) in ten parts of the run, replayed:\n");
    print_courses(v, count, false);
    puts("### Timeouts and retries\n\n"
         "Good answers per second in ten parts of the run, replayed:\n");
    print_courses(v, count, true);
    puts("And at its end:\n");
    print_collapse(v, count);
}

/* ---- every number ---------------------------------------------------------------- */

static void put_number(FILE *out, double value)
{
    if (isfinite(value))
        fprintf(out, ",%.4g", value);
    else
        fputc(',', out);
}

/* Seconds, per second, parts; empty: unknown. */
static void write_csv(const struct validated *v, int count, const char *path)
{
    FILE *out = fopen(path, "w");
    if (!out) {
        perror(path);
        exit(3);
    }
    fputs("run,type,arrivals,metric,measured,measured_low,measured_high,predicted,"
          "predicted_low,predicted_high,inside\n",
          out);
    for (int i = 0; i < count; i++)
        for (int m = 0; m < AGREEMENT_METRICS; m++) {
            const struct agreement_row *row = &v[i].row[m];
            fprintf(out, "%s,%s,%s,%s", v[i].run, v[i].type,
                    is_drawn(&v[i]) ? "drawn" : "replayed", agreement_names[m]);
            put_number(out, row->measured);
            put_number(out, row->measured_low);
            put_number(out, row->measured_high);
            put_number(out, row->predicted);
            put_number(out, row->low);
            put_number(out, row->high);
            fprintf(out, ",%s\n", row->inside ? "yes" : v[i].random ? "no" : "");
        }
    if (fclose(out) != 0) {
        perror(path);
        exit(3);
    }
}

/* ---- figure ---------------------------------------------------------------------- */

/* What is told apart: kinds of servers. */
static const struct {
    const char *scenario, *label;
} kinds[] = {{"S1-", "gunicorn sync"},
             {"S6-", "gunicorn sync, bursts"},
             {"S2-", "gunicorn gthread"},
             {"S7-", "gunicorn gthread, users"},
             {"S4-", "gthread and PgBouncer"},
             {"S5-", "gunicorn gthread, streams"},
             {"S11-", "SQLAlchemy pool"},
             {"S8-", "uvicorn"},
             {"S3-", "nginx and gunicorn sync"},
             {"S10-", "nginx, timeouts and retries"},
             {"S9-delay-", "nginx limit_req"}};

enum { KINDS = sizeof kinds / sizeof *kinds, POINTS = 2 * MOST_CASES };

struct points {
    double x[POINTS], y[POINTS], low[POINTS], high[POINTS];
    int count;
};

static void put(struct points *p, const struct agreement_row *row)
{
    p->x[p->count] = row->measured;
    p->y[p->count] = row->predicted;
    p->low[p->count] = row->low;
    p->high[p->count++] = row->high;
}

/* p50 and p99 of every run, of the prediction that a planner could have made. */
static void draw(const struct validated *v, int count, const char *source,
                 const char *path)
{
    static struct points points[KINDS];
    struct curve curve[KINDS];
    for (int k = 0; k < KINDS; k++) {
        struct points *p = &points[k];
        for (int i = 0; i < count; i++) {
            size_t length = strlen(kinds[k].scenario);
            if (!is_drawn(&v[i]) ||
                strncmp(v[i].scenario, kinds[k].scenario, length) != 0)
                continue;
            put(p, &v[i].row[AGREEMENT_P50]);
            put(p, &v[i].row[AGREEMENT_P99]);
        }
        curve[k] = (struct curve){.label = kinds[k].label,
                                  .x = p->x,
                                  .y = p->y,
                                  .low = p->low,
                                  .high = p->high,
                                  .count = p->count};
    }
    char scripts[1100], error[300];
    snprintf(scripts, sizeof scripts, "%s/plots", source);
    struct figure figure = {
        .kind = FIGURE_AGREEMENT,
        .table = {.title = "p50 and p99 of real servers",
                  .caption = "arrivals and demands drawn; points: median of 199 runs "
                             "as long as the measured one; bars: 95 % of them",
                  .series = curve,
                  .count = KINDS},
        .scripts = scripts,
        .width = 760,
        .height = 760,
        .force = true};
    if (figure_draw(&figure, path, error, sizeof error) == FIGURE_DRAWN)
        return;
    fprintf(stderr, "%s\n", error);
    exit(3);
}

int main(int argc, char **argv)
{
    static struct validated all[MOST_CASES], chosen[MOST_CASES];
    const char *source = getenv("SRC"), *figure = NULL, *csv = NULL, *prefix = "";
    bool quick = false, moved = false;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--quick") == 0)
            quick = true;
        else if (strcmp(argv[i], "--figure") == 0 && i + 1 < argc)
            figure = argv[++i];
        else if (strcmp(argv[i], "--csv") == 0 && i + 1 < argc)
            csv = argv[++i];
        else
            prefix = argv[i];
    if (!source) {
        fputs("SRC must name the source folder\n", stderr);
        return 2;
    }
    char folder[1000];
    snprintf(folder, sizeof folder, "%s/tests/validation", source);
    int cases = read_cases(folder, all), count = 0;
    for (int i = 0; i < cases; i++)
        if (strncmp(all[i].run, prefix, strlen(prefix)) == 0 &&
            (!quick || is_first(all, i)))
            chosen[count++] = all[i];
    for (int i = 0; i < count; i++) {
        simulate(&chosen[i], folder);
        moved |= has_moved(&chosen[i]);
    }
    print_tables(chosen, count);
    if (csv)
        write_csv(chosen, count, csv);
    if (figure)
        draw(chosen, count, source, figure);
    return moved || count == 0;
}
