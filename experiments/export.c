/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "experiments/export.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct table {
    struct store *store;
    FILE *out;
    struct arena arena;
    const char *keys; /* of a select: one column for each key that was varied */
};

/* ---- cells ----------------------------------------------------------------------- */

static bool is_number(const char *text)
{
    char *end;
    if (text[strspn(text, "+-.0123456789e")] != '\0')
        return false;
    strtod(text, &end);
    return end != text && *end == '\0';
}

/* A text that a spreadsheet would run as a formula gets an apostrophe before it. */
static void put_cell(FILE *out, const char *text)
{
    bool formula = text && *text && strchr("=+-@\t\r", *text) && !is_number(text);
    if (!text)
        return;
    if (!formula && !strpbrk(text, ",\"\r\n")) {
        fputs(text, out);
        return;
    }
    fputc('"', out);
    if (formula)
        fputc('\'', out);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', out);
        fputc(*text, out);
    }
    fputc('"', out);
}

static void put_line(void *table, int columns, const char *const *text)
{
    struct table *t = table;
    for (int i = 0; i < columns; i++) {
        if (i)
            fputc(',', t->out);
        put_cell(t->out, text[i]);
    }
    fputc('\n', t->out);
}

/* ---- the keys that were varied --------------------------------------------------- */

static const char *sql_text(struct arena *arena, const char *text, char quote)
{
    char *to = arena_many(arena, 2 * strlen(text) + 3, char), *at = to;
    *at++ = quote;
    for (; *text; text++) {
        if (*text == quote)
            *at++ = quote;
        *at++ = *text;
    }
    *at++ = quote;
    *at = '\0';
    return to;
}

static void add_key(void *table, int columns, const char *const *text)
{
    (void)columns;
    struct table *t = table;
    t->keys = arena_format(&t->arena,
                           "%s, (select coalesce(v.number, v.value) from value v where"
                           " v.point = p.id and v.pointer = %s) as %s",
                           t->keys, sql_text(&t->arena, text[0], '\''),
                           sql_text(&t->arena, text[0], '"'));
}

static void put_name(void *table, int columns, const char *const *text)
{
    (void)columns;
    struct table *t = table;
    fputc(',', t->out);
    put_cell(t->out, text[0]);
}

#define VARIED                                                                         \
    "select distinct v.pointer from value v join point p on p.id = v.point where"      \
    " p.number is not null order by 1"

static void put_header(struct table *t, const char *after)
{
    fputs("point,label,variant", t->out);
    store_rows(t->store, VARIED, 0, put_name, t);
    fprintf(t->out, ",%s\n", after);
}

/* All its digits; NULL stays NULL, of which format would make 0. */
#define NUMBER(x) " iif(" x " is null, null, format('%!.15g', " x "))"

/* ---- tables ---------------------------------------------------------------------- */

static void put_query(struct table *t, const char *columns, const char *from)
{
    store_rows(t->store,
               arena_format(&t->arena, "select p.number, p.label, p.variant%s, %s %s",
                            t->keys, columns, from),
               0, put_line, t);
}

static void put_metrics(struct table *t)
{
    put_header(t, "state,verdict,scope,name,metric,unit,value,half_width,low,high,"
                  "replications,lack");
    put_query(t,
              "p.state, p.verdict, e.scope, e.name, e.metric, e.unit,"
              NUMBER("e.value") "," NUMBER("e.half_width") ","
              NUMBER("e.value - e.half_width") "," NUMBER("e.value + e.half_width")
              ", e.n, e.lack",
              "from point p left join estimate e on e.point = p.id where p.number is"
              " not null order by p.number, e.scope, e.name, e.metric");
}

#define OF_ALL(column, metric)                                                         \
    NUMBER("(select e." column " from estimate e where e.point = p.id and"             \
           " e.scope = 'all' and e.name = '' and e.metric = '" metric "')")
#define BOTTLENECK                                                                     \
    " from estimate e where e.point = p.id and e.scope = 'bottleneck' and"             \
    " e.metric = 'load' limit 1"

static void put_points(struct table *t)
{
    put_header(t, "state,verdict,reason,replications,promises,missed,undecided,"
                  "offered,ok,failed,mean,p50,p95,p99,p99_half_width,bottleneck,"
                  "bottleneck_load");
    put_query(t,
              "p.state, p.verdict, p.reason, p.replications, p.promises, p.missed,"
              " p.undecided," OF_ALL("value", "offered") "," OF_ALL("value",
                                                                    "completed")
              "," OF_ALL("value", "errors") "," OF_ALL("value", "mean")
              "," OF_ALL("value", "p50") "," OF_ALL("value", "p95")
              "," OF_ALL("value", "p99") "," OF_ALL("half_width", "p99")
              ", (select e.name" BOTTLENECK "),"
              NUMBER("(select e.value" BOTTLENECK ")"),
              "from point p where p.number is not null order by p.number");
}

static void put_replications(struct table *t)
{
    put_header(t, "stage,replication,used,warm_up,length,events,offered,ok,failed,"
                  "unfinished,mean_latency");
    put_query(t,
              "r.stage, r.replication, r.used, r.warm_up, r.length, r.events,"
              " r.offered, r.ok, r.failed, r.unfinished,"
              NUMBER("r.mean_latency"),
              "from point p join replications r on r.number = p.number order by"
              " p.number, r.stage, r.length, r.replication");
}

/* ---- histograms ------------------------------------------------------------------ */

enum { MOST_TYPES = 64 };

/* Latencies of one point, all its replications together. */
struct pool {
    struct arena arena;
    struct histogram latency[MOST_TYPES], first_byte[MOST_TYPES], gap[MOST_TYPES],
        per_token[MOST_TYPES];
    int types;
};

static void add_outcome(void *pool, const struct packed *packed)
{
    struct pool *p = pool;
    struct arena arena;
    struct model_facts facts;
    struct outcome outcome;
    arena_init(&arena);
    if (pack_shape(packed, &facts) && pack_read(packed, &facts, &arena, &outcome)) {
        p->types = facts.types < MOST_TYPES ? facts.types : MOST_TYPES;
        for (int t = 0; t < p->types; t++) {
            histogram_merge(&p->latency[t], &outcome.type[t].latency, &p->arena);
            histogram_merge(&p->first_byte[t], &outcome.type[t].first_byte, &p->arena);
            histogram_merge(&p->gap[t], &outcome.type[t].gap, &p->arena);
            histogram_merge(&p->per_token[t], &outcome.type[t].per_token, &p->arena);
        }
    }
    arena_free(&arena);
}

static void put_cells(struct table *t, const char *begin, const char *type,
                      const char *of, const struct histogram *h)
{
    for (int cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        const uint64_t *row = h->row[cell / HISTOGRAM_ROW];
        uint64_t count = row ? row[cell % HISTOGRAM_ROW] : 0;
        if (!count)
            continue;
        fputs(begin, t->out);
        put_cell(t->out, type);
        fprintf(t->out, ",%s,%.12g,%.12g,%" PRIu64 "\n", of,
                (double)histogram_cell_low(cell) * 1e-9,
                histogram_cell_high(cell) * 1e-9, count);
    }
}

/* A line of a point: its number in the store, then the cells that begin its lines. */
static void put_point(void *table, int columns, const char *const *text)
{
    struct table *t = table;
    struct pool pool = {.types = 0};
    char *begin;
    size_t size;
    FILE *memory = open_memstream(&begin, &size);
    if (!memory)
        return;
    for (int i = 1; i < columns; i++) {
        put_cell(memory, text[i]);
        fputc(',', memory);
    }
    fclose(memory);
    int64_t id = strtoll(text[0], NULL, 10);
    arena_init(&pool.arena);
    store_used(t->store, id, add_outcome, &pool);
    for (int i = 0; i < pool.types; i++) {
        const char *name = store_text(
            t->store,
            arena_format(&pool.arena,
                         "select name from type where point = %" PRId64
                         " and number = %d",
                         id, i),
            &pool.arena);
        put_cells(t, begin, name, "latency", &pool.latency[i]);
        put_cells(t, begin, name, "ttfb", &pool.first_byte[i]);
        put_cells(t, begin, name, "gap", &pool.gap[i]);
        put_cells(t, begin, name, "tpot", &pool.per_token[i]);
    }
    arena_free(&pool.arena);
    free(begin);
}

static void put_histograms(struct table *t)
{
    put_header(t, "type,of,from,to,requests");
    store_rows(t->store,
               arena_format(&t->arena,
                            "select p.id, p.number, p.label, p.variant%s from point p"
                            " where p.number is not null order by p.number",
                            t->keys),
               0, put_point, t);
}

void export_csv(struct store *store, enum export_what what, FILE *out)
{
    struct table table = {.store = store, .out = out, .keys = ""};
    arena_init(&table.arena);
    store_rows(store, VARIED, 0, add_key, &table);
    switch (what) {
    case EXPORT_METRICS:
        put_metrics(&table);
        break;
    case EXPORT_POINTS:
        put_points(&table);
        break;
    case EXPORT_REPLICATIONS:
        put_replications(&table);
        break;
    case EXPORT_HISTOGRAMS:
        put_histograms(&table);
        break;
    }
    arena_free(&table.arena);
}
