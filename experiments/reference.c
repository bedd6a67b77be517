/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/reference.h"

#include "experiments/bind.h"
#include "experiments/claim_file.h"
#include "experiments/json.h"
#include "experiments/lint.h"
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
    cJSON *root, *keys; /* for machines: the whole, the rows of the present section */
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
    case PARAM_ANY:
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

static void put_unless_empty(cJSON *object, const char *key, const char *text)
{
    json_text(object, key, text && *text ? text : NULL);
}

static void put_row(struct page *page, const char *key, const struct param *row,
                    bool limits)
{
    bool required = is_required(row);
    cJSON *object = json_element(page->keys);
    json_text(object, "key", key);
    json_text(object, "type", type_name(page->arena, row));
    put_unless_empty(object, "range", limits ? range(page->arena, row) : NULL);
    json_flag(object, "required", required);
    put_unless_empty(object, "default",
                     limits && !required ? fallback(page->arena, row) : NULL);
    json_flag(object, "modelled", row->type != PARAM_UNMODELLED);
    put_unless_empty(object, "meaning", row->doc);
}

/* `limits`: it has a range and a default. */
static void print_row(struct page *page, const char *key, const struct param *row,
                      bool limits)
{
    if (page->root) {
        put_row(page, key, row, limits);
        return;
    }
    fprintf(page->out, "| `%s` | %s | %s | %s | %s |\n", key,
            type_name(page->arena, row), limits ? range(page->arena, row) : "",
            limits          ? fallback(page->arena, row)
            : row->required ? "required"
                            : "",
            row->doc ? row->doc : "");
}

static void print_rows(struct page *page, const char *prefix, const struct param *table)
{
    for (; !bind_is_end(table); table++) {
        if (table->type == PARAM_INCLUDE) {
            print_rows(page, prefix, table->of);
            continue;
        }
        const char *key = arena_format(page->arena, "%s%s", prefix, table->key);
        print_row(page, key, table, true);
        print_inside(page, key, table);
    }
}

/* A new section for machines. */
static void open_section(struct page *page, const char *group, const char *name,
                         const char *doc)
{
    cJSON *sections = cJSON_GetObjectItemCaseSensitive(page->root, "sections");
    cJSON *object = json_element(sections);
    json_text(object, "group", group);
    json_text(object, "name", name);
    put_unless_empty(object, "meaning", doc);
    page->keys = json_array(object, "keys");
}

static void print_table(struct page *page, const struct param *table)
{
    if (page->root) {
        print_rows(page, "", table);
        return;
    }
    fputs("\n| key | type | range | default | meaning |\n| --- | --- | --- | --- | --- "
          "|\n",
          page->out);
    print_rows(page, "", table);
}

static void print_section(struct page *page, int level, const char *group,
                          const char *name, const char *doc, const struct param *table)
{
    if (page->root)
        open_section(page, group, name, doc);
    else
        fprintf(page->out, "\n%.*s %s\n", level, "####", name);
    if (doc && !page->root)
        fprintf(page->out, "\n%s\n", doc);
    if (table)
        print_table(page, table);
}

/* ---- the page -------------------------------------------------------------------- */

static void print_file(struct page *page)
{
    static const char about[] = "The top level of the file. Workloads, services and "
                                "steps have sections of their own.";
    if (page->root)
        open_section(page, "scenario", "scenario", about);
    else
        fprintf(page->out,
                "\n## scenario\n\n%s\n\n| key | type | range | default | meaning |\n"
                "| --- | --- | --- | --- | --- |\n",
                about);
    for (const struct param *row = scenario_params; !bind_is_end(row); row++) {
        print_row(page, row->key, row, false);
        if (row->type != PARAM_MAP)
            print_inside(page, row->key, row);
    }
    print_section(page, 2, "scenario", "workload", NULL, workload_params);
}

static void put_units(struct page *page, const enum param_type *types, size_t count)
{
    cJSON *array = json_array(page->root, "units");
    for (size_t i = 0; i < count; i++) {
        cJSON *object = json_element(array);
        json_text(object, "value", quantity_noun(types[i]));
        json_text(object, "units", quantity_units(page->arena, types[i]));
    }
}

static void print_units(struct page *page)
{
    static const enum param_type types[] = {PARAM_DURATION, PARAM_RATE, PARAM_SIZE,
                                            PARAM_FRACTION, PARAM_CPU};
    if (page->root) {
        put_units(page, types, sizeof types / sizeof *types);
        return;
    }
    fputs("\n## units\n\n| value | units |\n| --- | --- |\n", page->out);
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        fprintf(page->out, "| %s | %s |\n", quantity_noun(types[i]),
                quantity_units(page->arena, types[i]));
}

static void put_promises(struct page *page)
{
    cJSON *array = json_array(page->root, "slo");
    for (const struct promise_metric *m = promise_metrics; m->name; m++) {
        cJSON *object = json_element(array);
        json_text(object, "metric", m->name);
        json_text(object, "scope", m->scope);
        json_text(object, "limit", quantity_noun(m->type));
        json_text(object, "meaning", m->doc);
    }
}

static void print_promises(struct page *page)
{
    if (page->root) {
        put_promises(page);
        return;
    }
    fputs("\n## slo\n\nA promise is `[scope.]metric operator limit`, such as "
          "\"page.p95 < 2s\"; operators are `<`, `<=`, `>` and `>=`. Without a scope "
          "it is about all requests. Response times of all requests or of a workload "
          "leave out streams, unless there is nothing else. Before a percentile or the "
          "mean, `ttfb.` is the time to the first byte of a stream (\"chat.ttfb.p95 < "
          "1s\"), `gap.` that between its chunks, `tpot.` that between the tokens of a "
          "language model, the mean of each answer; `duration.` is that to the end, as "
          "without it.\n\n"
          "| metric | scope | limit | meaning |\n| --- | --- | --- | --- |\n",
          page->out);
    for (const struct promise_metric *m = promise_metrics; m->name; m++)
        fprintf(page->out, "| `%s` | %s | %s | %s |\n", m->name, m->scope,
                quantity_noun(m->type), m->doc);
}

static void put_conditions(struct page *page)
{
    cJSON *array = json_array(page->root, "conditions");
    const struct condition_metric *m;
    for (int i = 0; (m = condition_metric(i)); i++) {
        cJSON *object = json_element(array);
        json_text(object, "metric", m->name);
        json_text(object, "limit", quantity_noun(m->type));
        json_text(object, "meaning", m->doc);
    }
}

static void print_claims(struct page *page)
{
    static const char about[] = "A file of claims for `headroom claims`: what a sizing "
                                "document states, and what must come out for it to "
                                "hold.";
    const struct condition_metric *m;
    print_section(page, 2, "claims", "claims", about, claim_file_params);
    if (page->root) {
        put_conditions(page);
        return;
    }
    fputs("\nA condition of `expect` is `stable`, `not stable`, `unstable` or "
          "`overloaded`, or a metric with a limit: `< 2s`, `<= 2s`, `> 2s`, `>= 2s`, "
          "`between 1s and 2s`, `about 2s within 10%`. Metrics are those of promises; "
          "`min` and `max`, the extreme response times; `errors.503` and the like, "
          "failures by what the client saw; and of a service, as in `web.cpu`:\n\n"
          "| metric | limit | meaning |\n| --- | --- | --- |\n", page->out);
    for (int i = 0; (m = condition_metric(i)); i++)
        fprintf(page->out, "| `%s` | %s | %s |\n", m->name, quantity_noun(m->type),
                m->doc);
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

static void put_lint(struct page *page)
{
    const struct lint_rule *rule;
    cJSON *array = json_array(page->root, "lint");
    for (int i = 0; (rule = lint_rule(i)); i++) {
        cJSON *object = json_element(array);
        json_text(object, "rule", rule->name);
        json_text(object, "meaning", rule->doc);
    }
}

static void print_lint(struct page *page)
{
    const struct lint_rule *rule;
    if (page->root) {
        put_lint(page);
        return;
    }
    fputs("\n## lint\n\nSet-ups that cannot work, or are likely to hurt: `headroom "
          "check`, `run` and `batch` find them without simulating. A finding that is "
          "known and meant is silenced by its name, with a reason: `\"silence\": "
          "{\"pools-above-database\": \"shown on purpose\"}`.\n\n"
          "| finding | what is found |\n| --- | --- |\n",
          page->out);
    for (int i = 0; (rule = lint_rule(i)); i++)
        fprintf(page->out, "| `%s` | %s |\n", rule->name, rule->doc);
}

static void put_omissions(struct page *page)
{
    cJSON *array = json_array(page->root, "not_modelled");
    for (const struct omission *o = omissions; o->rule; o++) {
        cJSON *object = json_element(array);
        json_text(object, "rule", o->rule);
        json_text(object, "what", o->what);
        json_text(object, "meaning", o->why);
    }
}

/* Nothing while the table is empty. */
static void print_omissions(struct page *page)
{
    if (page->root) {
        put_omissions(page);
        return;
    }
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

/* A heading above sections; for machines each section says its group. */
static void print_heading(struct page *page, const char *text)
{
    if (!page->root)
        fputs(text, page->out);
}

static struct page open_page(struct arena *arena, FILE *out, bool json)
{
    struct page page = {.arena = arena, .out = out};
    if (!json)
        return page;
    page.root = json_made(cJSON_CreateObject());
    json_text(page.root, "schema", "headroom.kinds/1");
    json_text(page.root, "version", HEADROOM_VERSION);
    json_array(page.root, "sections");
    return page;
}

static void close_page(struct page *page)
{
    if (page->root)
        fputs(json_printed(page->root, page->arena), page->out);
}

void reference_print(struct arena *arena, bool json, FILE *out)
{
    struct page page = open_page(arena, out, json);
    const struct param *kind;
    print_heading(&page, "# Scenario reference\n\nPrinted by `headroom kinds` from the "
                         "tables that read scenarios.\n");
    print_units(&page);
    print_file(&page);
    print_promises(&page);
    print_heading(&page, "\n## kinds of services\n");
    for (int i = 0; (kind = kind_row(i)); i++)
        print_section(&page, 3, "kind", kind->key, kind->doc, kind->of);
    print_heading(&page, "\n## steps of a handler\n");
    for (const struct param *verb = step_verbs; !bind_is_end(verb); verb++)
        print_section(&page, 3, "step", verb->key, verb_doc(verb), verb_table(verb));
    print_heading(&page, "\n## guards\n\nIn front of a service or around a call. Each "
                         "stands in a list, as {\"bulkhead\": {...}}, or by its name "
                         "alone where the defaults will do.\n");
    for (const struct param *guard = guard_rows; !bind_is_end(guard); guard++)
        print_section(&page, 3, "guard", guard->key, guard->doc, guard->of);
    print_heading(&page, "\n## random values\n\nA lone value is constant. Parameters "
                         "may be given by name, in a list in this order, or the first "
                         "one alone.\n");
    for (const struct param *form = dist_forms; !bind_is_end(form); form++)
        print_section(&page, 3, "random value", form->key, form->doc, form->of);
    print_claims(&page);
    print_lint(&page);
    print_omissions(&page);
    close_page(&page);
}

static int section_names(const char **names)
{
    const struct param *kind;
    int count = 0;
    names[count++] = "scenario";
    names[count++] = "workload";
    names[count++] = "slo";
    names[count++] = "lint";
    names[count++] = "claims";
    for (int i = 0; (kind = kind_row(i)) && count < MOST_SECTIONS; i++)
        names[count++] = kind->key;
    count += bind_keys(step_verbs, names + count, MOST_SECTIONS - count);
    count += bind_keys(guard_rows, names + count, MOST_SECTIONS - count);
    count += bind_keys(dist_forms, names + count, MOST_SECTIONS - count);
    return count;
}

static bool print_named(struct page *page, const char *group,
                        const struct param *table, const char *name)
{
    bool verbs = table == step_verbs;
    for (; !bind_is_end(table); table++) {
        if (strcmp(table->key, name) == 0) {
            print_section(page, 3, group, name, verbs ? verb_doc(table) : table->doc,
                          verbs ? verb_table(table) : table->of);
            return true;
        }
    }
    return false;
}

static bool print_one(struct page *page, const char *name)
{
    const struct param *kind;
    for (int i = 0; (kind = kind_row(i)); i++) {
        if (strcmp(kind->key, name) == 0) {
            print_section(page, 3, "kind", name, kind->doc, kind->of);
            return true;
        }
    }
    if (strcmp(name, "scenario") == 0 || strcmp(name, "workload") == 0) {
        print_file(page);
        return true;
    }
    if (strcmp(name, "slo") == 0) {
        print_promises(page);
        return true;
    }
    if (strcmp(name, "claims") == 0) {
        print_claims(page);
        return true;
    }
    if (strcmp(name, "lint") == 0) {
        print_lint(page);
        return true;
    }
    return print_named(page, "step", step_verbs, name) ||
           print_named(page, "guard", guard_rows, name) ||
           print_named(page, "random value", dist_forms, name);
}

const char *reference_print_sections(const char *const *names, int count,
                                     struct arena *arena, bool json, FILE *out,
                                     const char **near)
{
    struct page page = open_page(arena, out, json);
    const char *known[MOST_SECTIONS];
    for (int i = 0; i < count; i++) {
        if (print_one(&page, names[i]))
            continue;
        *near = where_nearest(names[i], known, section_names(known));
        cJSON_Delete(page.root);
        return names[i];
    }
    close_page(&page);
    return NULL;
}
