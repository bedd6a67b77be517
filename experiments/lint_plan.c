/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What lint finds in the points of an experiment, each rule told once. */
#include "experiments/lint_plan.h"

#include "experiments/json.h"
#include "experiments/sheet.h"

#include <string.h>

enum { MOST_POINTS = 100 }; /* of more, evenly spread ones stand for all */

static struct lint_in_points *entry_of(struct lint_plan *found, const char *rule,
                                       struct arena *arena)
{
    for (int i = 0; i < found->count; i++)
        if (strcmp(found->rule[i].name, rule) == 0)
            return &found->rule[i];
    struct lint_in_points *entry = &found->rule[found->count++];
    *entry = (struct lint_in_points){.name = arena_text(arena, rule, strlen(rule))};
    return entry;
}

/* A rule counts once a point, however often it finds something there. */
static void add_point(struct lint_plan *found, const struct lint_report *report,
                      const char *label, struct arena *arena)
{
    for (int i = 0; i < report->told; i++) {
        const struct lint_finding *f = &report->finding[i];
        struct lint_in_points *entry = entry_of(found, f->rule->name, arena);
        if (entry->last == found->looked)
            continue;
        entry->last = found->looked;
        entry->points++;
        if (entry->points == 1) {
            entry->text = arena_text(arena, f->text, strlen(f->text));
            entry->label = label;
        }
    }
}

struct lint_plan *lint_plan(const struct plan *plan, struct arena *arena)
{
    struct lint_plan *found = arena_new(arena, struct lint_plan);
    int64_t count = plan->points < MOST_POINTS ? plan->points : MOST_POINTS;
    int rules = 0;
    while (lint_rule(rules))
        rules++;
    found->rule = arena_many(arena, rules, struct lint_in_points);
    for (int64_t i = 0; i < count; i++) {
        int64_t index = i * plan->points / count;
        struct arena own;
        struct point point;
        struct digest simulation;
        const char *why;
        arena_init(&own);
        if (plan_open(plan, index, &own, &point, &simulation, &why)) {
            found->looked++;
            add_point(found, lint_look(point.scenario, point.model, &own),
                      plan_label(plan, index, arena), arena);
        }
        arena_free(&own);
    }
    return found;
}

void lint_plan_print(const struct lint_plan *found, FILE *out)
{
    struct sheet sheet = {.out = out};
    arena_init(&sheet.arena);
    for (int i = 0; i < found->count; i++) {
        const struct lint_in_points *r = &found->rule[i];
        sheet_say(&sheet, "%s, in %d of %d points, first in %s: %s", r->name, r->points,
                  found->looked, sheet_safe(&sheet, r->label),
                  sheet_safe(&sheet, r->text));
    }
    arena_free(&sheet.arena);
}

void lint_plan_json(cJSON *object, const struct lint_plan *found)
{
    cJSON *array = json_array(object, "lint");
    for (int i = 0; i < found->count; i++) {
        cJSON *item = json_element(array);
        json_text(item, "rule", found->rule[i].name);
        json_number(item, "points", found->rule[i].points);
        json_number(item, "looked_at", found->looked);
        json_text(item, "first", found->rule[i].label);
        json_text(item, "text", found->rule[i].text);
    }
}
