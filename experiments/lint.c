/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/lint.h"

#include "experiments/json.h"
#include "experiments/lint_rules.h"
#include "experiments/walk.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---- rules ----------------------------------------------------------------------- */

static const struct lint_rule *const tables[] = {
    lint_load_rules,  lint_pool_rules,   lint_proxy_rules, lint_time_rules,
    lint_retry_rules, lint_server_rules, lint_guard_rules, lint_promise_rules,
};
enum { TABLES = sizeof tables / sizeof *tables, MOST_RULES = 200 };

const struct lint_rule *lint_rule(int index)
{
    for (int t = 0; t < TABLES; t++)
        for (const struct lint_rule *r = tables[t]; r->name; r++)
            if (index-- == 0)
                return r;
    return NULL;
}

static const struct lint_rule *named(const char *name)
{
    const struct lint_rule *rule;
    for (int i = 0; (rule = lint_rule(i)); i++)
        if (strcmp(rule->name, name) == 0)
            return rule;
    return NULL;
}

void lint_check_silence(struct where *where, const struct param_map *silence)
{
    const char *names[MOST_RULES];
    const struct lint_rule *rule;
    int count = 0;
    while (count < MOST_RULES && (rule = lint_rule(count)))
        names[count++] = rule->name;
    for (int i = 0; i < silence->count; i++) {
        const char *name = silence->names[i],
                   *reason = ((const char *const *)silence->items)[i],
                   *near = where_nearest(name, names, count);
        if (!named(name))
            where_key_problem(where, silence->item_at[i],
                              "is no finding%s%s%s; `headroom kinds lint` lists them",
                              near ? ": did you mean \"" : "", near ? near : "",
                              near ? "\"?" : "");
        else if (reason && !*reason)
            where_problem(where, silence->item_at[i], NULL, "must say why, is empty");
    }
}

/* ---- findings -------------------------------------------------------------------- */

/* Two ways to the same clash tell it once. */
static bool is_told(const struct lint *l, uint32_t at, const char *text)
{
    for (int i = 0; i < l->count; i++)
        if (l->finding[i].rule == l->rule && l->finding[i].at == at &&
            strcmp(l->finding[i].text, text) == 0)
            return true;
    return false;
}

void lint_tell(struct lint *l, uint32_t at, uint32_t other, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_array(l->arena, (size_t)length + 1, 1);
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    if (is_told(l, at, text))
        return;
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 16;
        struct lint_finding *larger =
            arena_many(l->arena, l->room, struct lint_finding);
        if (l->count > 0)
            memcpy(larger, l->finding, (size_t)l->count * sizeof *larger);
        l->finding = larger;
    }
    l->finding[l->count++] =
        (struct lint_finding){.rule = l->rule, .text = text, .at = at, .other = other};
}

static const char *reason_for(const struct param_map *silence, const char *rule)
{
    for (int i = 0; i < silence->count; i++)
        if (strcmp(silence->names[i], rule) == 0)
            return ((const char *const *)silence->items)[i];
    return NULL;
}

static int by_place(const void *a, const void *b)
{
    const struct lint_finding *x = a, *y = b;
    if (!x->silenced != !y->silenced)
        return x->silenced ? 1 : -1;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    int order = strcmp(x->rule->name, y->rule->name);
    return order ? order : strcmp(x->text, y->text);
}

struct lint_report *lint_look(const struct scenario *scenario,
                              const struct model *model, struct arena *arena)
{
    struct lint l = {.scenario = scenario,
                     .system = &scenario->system,
                     .model = model,
                     .facts = model_facts(model),
                     .is = explain(&scenario->system, model, arena),
                     .where = scenario->where,
                     .arena = arena};
    struct part *part = arena_many(arena, l.facts->stations + 1, struct part);
    for (int i = 0; i < l.facts->stations; i++)
        part[i] = walk_part(l.system, i);
    l.part = part;
    lint_find_links(&l);
    for (int i = 0; (l.rule = lint_rule(i)); i++)
        l.rule->look(&l);
    struct lint_report *report = arena_new(arena, struct lint_report);
    *report = (struct lint_report){scenario->where, l.finding, l.count, 0};
    for (int i = 0; i < l.count; i++) {
        l.finding[i].silenced = reason_for(&scenario->silence, l.finding[i].rule->name);
        report->told += !l.finding[i].silenced;
    }
    if (l.count > 1)
        qsort(l.finding, (size_t)l.count, sizeof *l.finding, by_place);
    return report;
}

/* ---- telling --------------------------------------------------------------------- */

const char *lint_place(const struct lint_report *report, uint32_t at)
{
    const char *place = where_place(report->where, at),
               *pointer = where_pointer(report->where, at);
    if (strncmp(place, "--set", 5) == 0)
        return place;
    return arena_format(report->where->arena, "%s: %s", place,
                        *pointer ? pointer : "/");
}

const char *lint_summary(const struct lint_report *report, struct arena *arena)
{
    int silent = report->count - report->told;
    if (report->count == 0)
        return "";
    return arena_format(arena, ", %d finding%s%s", report->told,
                        report->told == 1 ? "" : "s",
                        silent ? arena_format(arena, " (%d silenced)", silent) : "");
}

void lint_print(const struct lint_report *report, FILE *out)
{
    for (int i = 0; i < report->told; i++) {
        const struct lint_finding *f = &report->finding[i];
        fprintf(out, "%s: %s [%s]\n", lint_place(report, f->at),
                where_safe(report->where->arena, f->text), f->rule->name);
        if (f->other != WHERE_NOWHERE)
            fprintf(out, "    and %s\n", lint_place(report, f->other));
    }
}

static void put_place(cJSON *object, const struct lint_report *report, uint32_t at)
{
    json_text(object, "place", where_place(report->where, at));
    json_text(object, "pointer", where_pointer(report->where, at));
}

void lint_json(cJSON *object, const struct lint_report *report)
{
    cJSON *array = json_array(object, "lint");
    for (int i = 0; i < report->count; i++) {
        const struct lint_finding *f = &report->finding[i];
        cJSON *item = json_element(array);
        json_text(item, "rule", f->rule->name);
        json_text(item, "text", f->text);
        put_place(item, report, f->at);
        if (f->other != WHERE_NOWHERE)
            put_place(json_object(item, "and"), report, f->other);
        json_text(item, "silenced", f->silenced);
    }
}
