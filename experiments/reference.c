/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/reference.h"

#include "experiments/bind.h"
#include "experiments/promise.h"
#include "experiments/quantity.h"
#include "experiments/scalar.h"
#include "experiments/scenario.h"
#include "models/guard.h"
#include "models/omitted.h"
#include "sim/dist.h"

#include <math.h>
#include <string.h>

enum { MOST_SECTIONS = 200 };

struct page {
    struct arena *arena;
    FILE *out;
};

/* ---- the columns ----------------------------------------------------------------- */

static const char *scalar_name(struct arena *arena, const struct param *row)
{
    switch (row->type) {
    case PARAM_FLAG:
        return "true, false";
    case PARAM_COUNT:
        return "count";
    case PARAM_NUMBER:
        return "number";
    case PARAM_FRACTION:
        return "fraction";
    case PARAM_DURATION:
        return "duration";
    case PARAM_RATE:
        return "rate";
    case PARAM_SIZE:
        return "size";
    case PARAM_CPU:
        return "cores";
    case PARAM_VALUE:
        return "value";
    case PARAM_NAME:
        return "name";
    case PARAM_CHOICE:
        return scalar_noun(arena, row, row->type);
    case PARAM_SHARE:
        return "percentage, weight or \"rest\"";
    default:
        return "text";
    }
}

static const char *random_name(const struct param *row)
{
    switch (row->unit) {
    case PARAM_DURATION:
        return "random duration";
    case PARAM_SIZE:
        return "random size";
    case PARAM_NUMBER:
        return "random number";
    default:
        return "random value";
    }
}

static const char *type_name(struct arena *arena, const struct param *row);

static const char *names_of(struct arena *arena, const struct param *rows, bool types)
{
    const char *names[MOST_SECTIONS];
    int count = 0;
    for (; !bind_is_end(rows) && count < MOST_SECTIONS; rows++)
        names[count++] = types ? type_name(arena, rows) : rows->key;
    return where_alternatives(arena, names, count);
}

static const char *type_name(struct arena *arena, const struct param *row)
{
    switch (row->type) {
    case PARAM_OBJECT:
        return "object";
    case PARAM_TUPLE:
        return arena_format(arena, "[%s]", names_of(arena, row->of, false));
    case PARAM_LIST:
        return arena_format(arena, "list of %s", row->of->type == PARAM_VERB
                                                     ? "steps"
                                                     : type_name(arena, row->of));
    case PARAM_MAP:
        return arena_format(arena, "map of %s", type_name(arena, row->of));
    case PARAM_TAGGED:
        return row == &guard_row ? "guard" : names_of(arena, row->of, false);
    case PARAM_FORMS:
        return names_of(arena, row->of, true);
    case PARAM_VERB:
        return "step";
    case PARAM_KINDS:
        return "service";
    case PARAM_RANDOM:
        return random_name(row);
    case PARAM_CSV:
        return "CSV file";
    case PARAM_UNMODELLED:
        return "any";
    default:
        return scalar_name(arena, row);
    }
}

static bool is_number(enum param_type type)
{
    return type == PARAM_COUNT || type == PARAM_NUMBER || quantity_has_units(type);
}

static const char *range(struct arena *arena, const struct param *row)
{
    if (!is_number(row->type) || (row->least == 0 && row->most == 0))
        return "";
    const char *least = quantity_written(arena, row->type, row->least);
    if (isinf(row->most))
        return arena_format(arena, "from %s", least);
    return arena_format(arena, "%s to %s", least,
                        quantity_written(arena, row->type, row->most));
}

static bool is_required(const struct param *row)
{
    return scalar_size(row->type) > 0 ? scalar_is_required(row) : row->required;
}

static const char *fallback(struct arena *arena, const struct param *row)
{
    if (is_required(row))
        return "required";
    if (row->type == PARAM_CHOICE && row->fallback >= 0)
        return row->choices[(int)row->fallback];
    if (row->type == PARAM_FLAG)
        return row->fallback != 0 ? "true" : "false";
    if (!is_number(row->type) || !isfinite(row->fallback))
        return "";
    if (row->fallback == 0 && row->type != PARAM_COUNT && row->type != PARAM_NUMBER)
        return ""; /* the sentence says what absence means */
    return quantity_written(arena, row->type, row->fallback);
}

/* ---- tables ---------------------------------------------------------------------- */

static void print_rows(struct page *page, const char *prefix,
                       const struct param *table);

/* The tables of objects inside, their keys with a prefix; what may hold itself, and
 * what many hold, has a section of its own. */
static void print_inside(struct page *page, const char *key, const struct param *row)
{
    struct arena *arena = page->arena;
    switch (row->type) {
    case PARAM_OBJECT:
    case PARAM_TUPLE:
        print_rows(page, arena_format(arena, "%s.", key), row->of);
        break;
    case PARAM_LIST:
        print_inside(page, arena_format(arena, "%s[]", key), row->of);
        break;
    case PARAM_MAP:
        print_inside(page, arena_format(arena, "%s.*", key), row->of);
        break;
    case PARAM_TAGGED:
        for (const struct param *tag = row->of; row != &guard_row && !bind_is_end(tag);
             tag++)
            print_inside(page, arena_format(arena, "%s.%s", key, tag->key), tag);
        break;
    case PARAM_FORMS:
        for (const struct param *form = row->of; !bind_is_end(form); form++)
            print_inside(page, key, form);
        break;
    default:
        break;
    }
}

static void print_rows(struct page *page, const char *prefix, const struct param *table)
{
    for (; !bind_is_end(table); table++) {
        if (table->type == PARAM_INCLUDE) {
            print_rows(page, prefix, table->of);
            continue;
        }
        const char *key = arena_format(page->arena, "%s%s", prefix, table->key);
        fprintf(page->out, "| `%s` | %s | %s | %s | %s |\n", key,
                type_name(page->arena, table), range(page->arena, table),
                fallback(page->arena, table), table->doc ? table->doc : "");
        print_inside(page, key, table);
    }
}

static void print_table(struct page *page, const struct param *table)
{
    fputs("\n| key | type | range | default | meaning |\n| --- | --- | --- | --- | --- "
          "|\n",
          page->out);
    print_rows(page, "", table);
}

static void print_section(struct page *page, int level, const char *name,
                          const char *doc, const struct param *table)
{
    fprintf(page->out, "\n%.*s %s\n", level, "####", name);
    if (doc)
        fprintf(page->out, "\n%s\n", doc);
    if (table)
        print_table(page, table);
}

/* ---- the page -------------------------------------------------------------------- */

static void print_file(struct page *page)
{
    fputs(
        "\n## scenario\n\nThe top level of the file. Workloads, services and steps "
        "have "
        "sections of their own.\n\n"
        "| key | type | range | default | meaning |\n| --- | --- | --- | --- | --- |\n",
        page->out);
    for (const struct param *row = scenario_params; !bind_is_end(row); row++) {
        fprintf(page->out, "| `%s` | %s |  | %s | %s |\n", row->key,
                type_name(page->arena, row), row->required ? "required" : "", row->doc);
        if (row->type != PARAM_MAP)
            print_inside(page, row->key, row);
    }
    print_section(page, 2, "workload", NULL, workload_params);
}

static void print_units(struct page *page)
{
    static const enum param_type types[] = {PARAM_DURATION, PARAM_RATE, PARAM_SIZE,
                                            PARAM_FRACTION, PARAM_CPU};
    fputs("\n## units\n\n| value | units |\n| --- | --- |\n", page->out);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        fprintf(page->out, "| %s | %s |\n", quantity_noun(types[i]),
                quantity_units(page->arena, types[i]));
}

static void print_promises(struct page *page)
{
    fputs("\n## slo\n\nA promise is `[scope.]metric operator limit`, such as "
          "\"page.p95 < 2s\"; operators are `<`, `<=`, `>` and `>=`. Without a scope "
          "it is about all requests. Response times of all requests or of a workload "
          "leave out streams, unless there is nothing else. Before a percentile or the "
          "mean, `ttfb.` is the time to the first byte of a stream (\"chat.ttfb.p95 < "
          "1s\"), `gap.` that between its chunks; `duration.` is that to the end, as "
          "without it.\n\n"
          "| metric | scope | limit | meaning |\n| --- | --- | --- | --- |\n",
          page->out);
    for (const struct promise_metric *m = promise_metrics; m->name; m++)
        fprintf(page->out, "| `%s` | %s | %s | %s |\n", m->name, m->scope,
                quantity_noun(m->type), m->doc);
}

static const struct param *verb_table(const struct param *verb)
{
    return bind_holds_verb(verb) ? verb->of : NULL;
}

/* What a verb does is said of its first key. */
static const char *verb_doc(const struct param *verb)
{
    return verb->doc || !bind_holds_verb(verb) ? verb->doc : verb->of->doc;
}

/* Nothing while the table is empty. */
static void print_omissions(struct page *page)
{
    if (!omissions[0].rule)
        return;
    fputs("\n## not modelled\n\nBehaviour of the real servers that is left out, by its "
          "number in the rules behind the parts. Keys that are accepted without effect "
          "are marked so in the tables above.\n\n"
          "| rule | what | what it means |\n| --- | --- | --- |\n",
          page->out);
    for (const struct omission *o = omissions; o->rule; o++)
        fprintf(page->out, "| %s | %s | %s |\n", o->rule, o->what, o->why);
}

void reference_print(struct arena *arena, FILE *out)
{
    struct page page = {arena, out};
    const struct param *kind;
    fputs(
        "# Scenario reference\n\nPrinted by `headroom kinds` from the tables that read "
        "scenarios.\n",
        out);
    print_units(&page);
    print_file(&page);
    print_promises(&page);
    fputs("\n## kinds of services\n", out);
    for (int i = 0; (kind = kind_row(i)); i++)
        print_section(&page, 3, kind->key, kind->doc, kind->of);
    fputs("\n## steps of a handler\n", out);
    for (const struct param *verb = step_verbs; !bind_is_end(verb); verb++)
        print_section(&page, 3, verb->key, verb_doc(verb), verb_table(verb));
    fputs("\n## guards\n\nIn front of a service or around a call. Each stands in a "
          "list, as {\"bulkhead\": {...}}, or by its name alone where the defaults "
          "will do.\n",
          out);
    for (const struct param *guard = guard_rows; !bind_is_end(guard); guard++)
        print_section(&page, 3, guard->key, guard->doc, guard->of);
    fputs("\n## random values\n\nA lone value is constant. Parameters may be given by "
          "name, in a list in this order, or the first one alone.\n", out);
    for (const struct param *form = dist_forms; !bind_is_end(form); form++)
        print_section(&page, 3, form->key, form->doc, form->of);
    print_omissions(&page);
}

static int section_names(const char **names)
{
    const struct param *kind;
    int count = 0;
    names[count++] = "scenario";
    names[count++] = "workload";
    names[count++] = "slo";
    for (int i = 0; (kind = kind_row(i)) && count < MOST_SECTIONS; i++)
        names[count++] = kind->key;
    count += bind_keys(step_verbs, names + count, MOST_SECTIONS - count);
    count += bind_keys(guard_rows, names + count, MOST_SECTIONS - count);
    count += bind_keys(dist_forms, names + count, MOST_SECTIONS - count);
    return count;
}

static bool print_named(struct page *page, const struct param *table, const char *name,
                        bool verbs)
{
    for (; !bind_is_end(table); table++) {
        if (strcmp(table->key, name) == 0) {
            print_section(page, 3, name, verbs ? verb_doc(table) : table->doc,
                          verbs ? verb_table(table) : table->of);
            return true;
        }
    }
    return false;
}

bool reference_print_section(const char *name, struct arena *arena, FILE *out,
                             const char **near)
{
    struct page page = {arena, out};
    const struct param *kind;
    for (int i = 0; (kind = kind_row(i)); i++) {
        if (strcmp(kind->key, name) == 0) {
            print_section(&page, 3, name, kind->doc, kind->of);
            return true;
        }
    }
    if (strcmp(name, "scenario") == 0 || strcmp(name, "workload") == 0) {
        print_file(&page);
        return true;
    }
    if (strcmp(name, "slo") == 0) {
        print_promises(&page);
        return true;
    }
    if (print_named(&page, step_verbs, name, true) ||
        print_named(&page, guard_rows, name, false) ||
        print_named(&page, dist_forms, name, false))
        return true;
    const char *names[MOST_SECTIONS];
    *near = where_nearest(name, names, section_names(names));
    return false;
}
