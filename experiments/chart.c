/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/chart.h"

#include "experiments/estimate.h"
#include "experiments/quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is being read. */
struct reading {
    struct chart *chart;
    struct store *store;
    struct arena *arena;
    const struct chart_wishes *wishes;
    struct chart_point *at;
};

static const char *kept(struct reading *r, const char *text)
{
    return text ? arena_text(r->arena, text, strlen(text)) : "";
}

static double number_in(const char *text)
{
    return text ? strtod(text, NULL) : NAN;
}

/* ---- points ---------------------------------------------------------------------- */

/* A verdict whose numbers are not those of a lasting state. */
static bool is_lasting(const char *verdict)
{
    return strcmp(verdict, "stable") == 0 || strcmp(verdict, "near-critical") == 0;
}

static void take_point(void *reading, int columns, const char *const *text)
{
    (void)columns;
    struct reading *r = reading;
    struct chart_point *p = &r->chart->point[r->chart->points++];
    *p = (struct chart_point){.id = strtoll(text[0], NULL, 10),
                              .number = strtoll(text[1], NULL, 10),
                              .label = kept(r, text[2]),
                              .variant = kept(r, text[3]),
                              .verdict = kept(r, text[4]),
                              .replications = (int)number_in(text[5]),
                              .x = NAN};
    p->lasting = is_lasting(p->verdict);
    p->known_room = (int)number_in(text[6]);
    p->known = arena_many(r->arena, p->known_room + 1, struct chart_number);
    p->value = arena_many(r->arena, (int)number_in(text[7]) + 1, struct chart_value);
    p->scenario = kept(r, text[8]);
    p->name = kept(r, text[9]);
    p->promises = (int)number_in(text[10]);
    p->missed = (int)number_in(text[11]);
    p->undecided = (int)number_in(text[12]);
}

static void take_number(void *reading, int columns, const char *const *text)
{
    (void)columns;
    struct reading *r = reading;
    struct chart_point *p = r->at;
    if (p->known_count == p->known_room)
        return;
    p->known[p->known_count++] = (struct chart_number){
        .scope = kept(r, text[0]),
        .name = kept(r, text[1]),
        .metric = kept(r, text[2]),
        .value = number_in(text[3]),
        .half_width = number_in(text[4]),
    };
}

/* "rate" of "/workloads/visitors/open/rate" */
static const char *end_of(const char *pointer)
{
    const char *slash = strrchr(pointer, '/');
    return slash ? slash + 1 : pointer;
}

/* JSON as a person would write it: texts without their quotes. */
static const char *bare(struct reading *r, const char *json)
{
    size_t length = strlen(json);
    if (length >= 2 && json[0] == '"' && json[length - 1] == '"')
        return arena_text(r->arena, json + 1, length - 2);
    return kept(r, json);
}

static void take_value(void *reading, int columns, const char *const *text)
{
    (void)columns;
    struct reading *r = reading;
    struct chart_point *p = r->at;
    const char *pointer = kept(r, text[0]);
    p->value[p->values++] = (struct chart_value){
        pointer, end_of(pointer), bare(r, text[1]), kept(r, text[1]),
        number_in(text[2])};
}

static void read_points(struct reading *r)
{
    struct chart *c = r->chart;
    int count = (int)store_number(
        r->store, "select count(*) from point where number is not null"
                  " and state = 'done'");
    c->left_out = (int)store_number(r->store, "select count(*) from point where number"
                                              " is not null") -
                  count;
    c->point = arena_many(r->arena, count + 1, struct chart_point);
    store_rows(r->store,
               "select p.id, p.number, p.label, p.variant, p.verdict, p.replications,"
               " (select count(*) from estimate e where e.point = p.id),"
               " (select count(*) from value v where v.point = p.id), s.text,"
               " coalesce(iif(json_valid(s.text),"
               " json_extract(s.text, '$.name'), null),"
               " 'scenario'),"
               " coalesce(p.promises, 0), coalesce(p.missed, 0),"
               " coalesce(p.undecided, 0)"
               " from point p left join scenario s on s.id = p.scenario"
               " where p.number is not null and p.state = 'done' order by p.number",
               0, take_point, r);
    for (int i = 0; i < c->points; i++) {
        r->at = &c->point[i];
        store_rows(r->store,
                   "select scope, name, metric, value, half_width from estimate"
                   " where point = ?1",
                   r->at->id, take_number, r);
        store_rows(r->store,
                   "select pointer, value, number from value where point = ?1"
                   " order by pointer",
                   r->at->id, take_value, r);
    }
}

const struct chart_number *chart_find(const struct chart_point *point,
                                      const char *scope, const char *name,
                                      const char *metric)
{
    for (int i = 0; i < point->known_count; i++) {
        const struct chart_number *k = &point->known[i];
        if (strcmp(k->metric, metric) == 0 && strcmp(k->scope, scope) == 0 &&
            strcmp(k->name, name) == 0)
            return k;
    }
    return NULL;
}

const struct chart_number *chart_of_type(const struct chart *chart,
                                         const struct chart_point *point,
                                         const char *metric)
{
    return chart_find(point, *chart->of ? "type" : "all", chart->of, metric);
}

/* ---- the axis -------------------------------------------------------------------- */

const struct chart_value *chart_value(const struct chart_point *p,
                                      const char *pointer)
{
    for (int i = 0; i < p->values; i++)
        if (strcmp(p->value[i].pointer, pointer) == 0)
            return &p->value[i];
    return NULL;
}

static bool is_called(const struct chart_value *v, const char *name)
{
    return strcmp(v->pointer, name) == 0 || strcmp(v->name, name) == 0;
}

/* Is it a load? Then it is the axis that people look for first. */
static bool is_load(const struct chart_value *v)
{
    static const char *const loads[] = {"rate", "users", "clients", "load", "scale"};
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        if (strcmp(v->name, loads[i]) == 0)
            return true;
    return false;
}

static bool is_numeric_everywhere(const struct chart *c, const char *pointer)
{
    for (int i = 0; i < c->points; i++) {
        const struct chart_value *v = chart_value(&c->point[i], pointer);
        if (!v || isnan(v->number))
            return false;
    }
    return true;
}

static enum unit unit_of(const char *text)
{
    double value;
    size_t length = strlen(text);
    if (quantity_read(PARAM_RATE, text, &value))
        return UNIT_RATE;
    if (length && text[length - 1] == '%')
        return UNIT_PART;
    return quantity_read(PARAM_DURATION, text, &value) ? UNIT_TIME : UNIT_NUMBER;
}

static bool choose_axis(struct reading *r, const char **why)
{
    struct chart *c = r->chart;
    const char *wish = r->wishes->over;
    const struct chart_point *first = &c->point[0];
    const struct chart_value *axis = NULL;
    for (int i = 0; i < first->values; i++) {
        const struct chart_value *v = &first->value[i];
        if (wish ? !is_called(v, wish) : !is_numeric_everywhere(c, v->pointer))
            continue;
        if (!axis || (!wish && is_load(v) && !is_load(axis)))
            axis = v;
    }
    if (wish && (!axis || !is_numeric_everywhere(c, axis->pointer))) {
        const char *known = "";
        for (int i = 0; i < first->values; i++)
            known = arena_format(r->arena, "%s%s%s", known, *known ? ", " : "",
                                 first->value[i].name);
        *why = arena_format(r->arena,
                            "%s: %s (varied: %s)", wish,
                            axis ? "not a number at every point" : "was not varied",
                            *known ? known : "nothing");
        return false;
    }
    if (!axis)
        return true;
    c->axis = axis->pointer;
    c->axis_name = axis->name;
    c->axis_unit = unit_of(axis->text);
    for (int i = 0; i < c->points; i++)
        c->point[i].x = chart_value(&c->point[i], c->axis)->number;
    return true;
}

/* ---- lines ----------------------------------------------------------------------- */

/* The variant and the values beside the axis. */
static const char *line_label(struct reading *r, const struct chart_point *p)
{
    const char *label = p->variant;
    for (int i = 0; i < p->values; i++)
        if (!r->chart->axis || strcmp(p->value[i].pointer, r->chart->axis) != 0)
            label = arena_format(r->arena, "%s%s%s %s", label, *label ? ", " : "",
                                 p->value[i].name, p->value[i].text);
    return label;
}

static bool is_text(const char *text, const char *part, size_t length)
{
    return strlen(text) == length && memcmp(text, part, length) == 0;
}

/* Is this part of the wish ("after", "chat=5%") true of the point? */
static bool is_so(const struct chart_point *p, const char *part, size_t length)
{
    const char *equals = memchr(part, '=', length);
    if (!equals)
        return is_text(p->variant, part, length);
    size_t name = (size_t)(equals - part), text = length - name - 1;
    for (int i = 0; i < p->values; i++) {
        const struct chart_value *v = &p->value[i];
        if ((is_text(v->name, part, name) || is_text(v->pointer, part, name)) &&
            is_text(v->text, equals + 1, text))
            return true;
    }
    return false;
}

static bool is_wanted(const struct chart_wishes *wishes, const struct chart_point *p)
{
    for (const char *part = wishes->where; part && *part;) {
        size_t length = strcspn(part, ",");
        if (length && !is_so(p, part, length))
            return false;
        part += length + (part[length] == ',');
    }
    return true;
}

static int by_x(const void *left, const void *right)
{
    const struct chart_point *a = *(struct chart_point *const *)left;
    const struct chart_point *b = *(struct chart_point *const *)right;
    return a->x != b->x ? (a->x > b->x) - (a->x < b->x)
                        : (a->number > b->number) - (a->number < b->number);
}

static void make_lines(struct reading *r)
{
    struct chart *c = r->chart;
    c->line = arena_many(r->arena, c->points, struct chart_line);
    for (int i = 0; i < c->points; i++) {
        if (!is_wanted(r->wishes, &c->point[i]))
            continue;
        const char *label = line_label(r, &c->point[i]);
        int n = 0;
        while (n < c->lines && strcmp(c->line[n].label, label) != 0)
            n++;
        if (n == c->lines) {
            c->line[c->lines++] = (struct chart_line){
                label, arena_many(r->arena, c->points, struct chart_point *), 0};
        }
        c->line[n].point[c->line[n].count++] = &c->point[i];
    }
    for (int n = 0; n < c->lines; n++)
        qsort(c->line[n].point, (size_t)c->line[n].count, sizeof *c->line[n].point,
              by_x);
}

/* ---- promises and what they speak of --------------------------------------------- */

static void collect_promises(struct reading *r)
{
    struct chart *c = r->chart;
    int room = 0;
    for (int i = 0; i < c->points; i++)
        room += c->point[i].known_count;
    c->promise = arena_many(r->arena, room + 1, const char *);
    for (int i = 0; i < c->points; i++) {
        for (int k = 0; k < c->point[i].known_count; k++) {
            const struct chart_number *known = &c->point[i].known[k];
            int n = 0;
            while (n < c->promises && strcmp(c->promise[n], known->name) != 0)
                n++;
            if (strcmp(known->scope, "slo") == 0 && n == c->promises)
                c->promise[c->promises++] = known->name;
        }
    }
}

static bool is_type(const struct chart *c, const char *name)
{
    for (int i = 0; i < c->points; i++)
        for (int k = 0; k < c->point[i].known_count; k++)
            if (strcmp(c->point[i].known[k].scope, "type") == 0 &&
                strcmp(c->point[i].known[k].name, name) == 0)
                return true;
    return false;
}

/* "page.p95" as type and metric; a name that is no type's belongs to the metric. */
static void take_apart(const struct chart *c, const char *text, const char **of,
                       const char **metric, struct arena *arena)
{
    *of = "";
    *metric = text;
    for (const char *dot = strchr(text, '.'); dot; dot = strchr(dot + 1, '.')) {
        const char *type = arena_text(arena, text, (size_t)(dot - text));
        if (is_type(c, type)) {
            *of = type;
            *metric = dot + 1;
        }
    }
}

bool chart_promise(const struct chart *chart, const char *promise, const char **of,
                   const char **metric, double *seconds, struct arena *arena)
{
    const char *less = strchr(promise, '<');
    if (!less || less == promise)
        return false;
    size_t length = (size_t)(less - promise);
    while (length && promise[length - 1] == ' ')
        length--;
    take_apart(chart, arena_text(arena, promise, length), of, metric, arena);
    const char *value = less + 1 + strspn(less + 1, "= ");
    if (!quantity_read(PARAM_DURATION, value, seconds))
        return false;
    *seconds /= quantity_scale(PARAM_DURATION);
    return true;
}

/* Whose times, and which number of them: as wished, else as first promised. */
static bool choose_metric(struct reading *r, const char **why)
{
    struct chart *c = r->chart;
    double seconds;
    const char *of, *metric;
    c->of = "";
    c->by = "p95";
    for (int i = c->promises - 1; i >= 0; i--)
        if (chart_promise(c, c->promise[i], &of, &metric, &seconds, r->arena)) {
            c->of = of;
            c->by = metric;
        }
    if (r->wishes->by)
        take_apart(c, r->wishes->by, &c->of, &c->by, r->arena);
    if (r->wishes->of)
        c->of = strcmp(r->wishes->of, "all") == 0 ? "" : r->wishes->of;
    if (*c->of && !is_type(c, c->of)) {
        *why = arena_format(r->arena, "%s: no request type is called so", c->of);
        return false;
    }
    for (int i = 0; i < c->points; i++)
        if (chart_of_type(c, &c->point[i], c->by))
            return true;
    *why = arena_format(r->arena, "%s: no point has such a number", c->by);
    return false;
}

/* ---- words ----------------------------------------------------------------------- */

static void write_caption(struct reading *r)
{
    struct chart *c = r->chart;
    int least = c->point[0].replications, most = least;
    for (int i = 1; i < c->points; i++) {
        int n = c->point[i].replications;
        least = n < least ? n : least;
        most = n > most ? n : most;
    }
    const char *seed = store_text(
        r->store,
        "select coalesce(iif(json_valid(s.text), json_extract(s.text, '$.run.seed'),"
        " null), 1) from scenario s join point p on p.scenario = s.id"
        " where p.number is not null order by p.number limit 1",
        r->arena);
    const char *version = store_text(
        r->store, "select group_concat(distinct version) from execution", r->arena);
    const char *count = least == most
                            ? arena_format(r->arena, "%d", most)
                            : arena_format(r->arena, "%d to %d", least, most);
    c->title = store_text(r->store, "select name from experiment limit 1", r->arena);
    c->caption = arena_format(
        r->arena,
        "scenario %s, %s replications a point, seed %s, headroom %s; bands and bars: "
        "%.0f %% intervals%s",
        c->point[0].name, count, seed, version, 100 * ESTIMATE_CONFIDENCE,
        c->left_out == 0   ? ""
        : c->left_out == 1 ? "; 1 point is not done"
                           : arena_format(r->arena, "; %d points are not done",
                                          c->left_out));
}

bool chart_read(struct chart *chart, struct store *store,
                const struct chart_wishes *wishes, struct arena *arena,
                const char **why)
{
    struct reading r = {chart, store, arena, wishes, NULL};
    *chart = (struct chart){.store = store, .of = "", .by = "p95"};
    *why = NULL;
    read_points(&r);
    if (chart->points == 0) {
        *why = "no point is done";
        return false;
    }
    collect_promises(&r);
    write_caption(&r);
    if (!choose_axis(&r, why) || !choose_metric(&r, why))
        return false;
    make_lines(&r);
    if (chart->lines == 0)
        *why = arena_format(arena, "%s: no point is so", wishes->where);
    return !*why;
}
