/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/recall.h"

#include <math.h>
#include <string.h>

/* Outcomes as they come out of the file. */
struct recalled {
    const struct model_facts *facts;
    struct arena *arena;
    struct outcome *outcome;
    int count, room;
};

static void take(void *recalled, const struct packed *packed)
{
    struct recalled *r = recalled;
    if (r->count < r->room &&
        pack_read(packed, r->facts, r->arena, &r->outcome[r->count]))
        r->count++;
}

bool recall_set_up(struct point *point, const struct chart_point *from,
                   struct arena *arena, const char **why)
{
    struct where *where = where_new(arena);
    const char **sets = arena_many(arena, from->values + 1, const char *);
    for (int i = 0; i < from->values; i++)
        sets[i] = arena_format(arena, "%s=%s", from->value[i].pointer,
                               from->value[i].json);
    struct scenario *scenario =
        scenario_parse(arena, from->label, ".", from->scenario, strlen(from->scenario),
                       sets, from->values, where);
    if (scenario && point_compile(point, arena, scenario, NULL, where))
        return true;
    where_sort(where);
    struct message m = where_message(where, 0);
    *why = arena_format(arena, "%s: its scenario cannot be read again: %s",
                        from->label, m.text);
    return false;
}

static enum procedure_end end_of(const struct recalled *r)
{
    enum procedure_end end = PROCEDURE_DONE;
    for (int i = 0; i < r->count; i++)
        if (r->outcome[i].end == OUTCOME_DEADLOCK)
            end = PROCEDURE_DEADLOCK;
        else if (r->outcome[i].end == OUTCOME_OVERFLOW)
            end = PROCEDURE_OVERFLOW;
    return end;
}

bool recall_point(struct point *point, struct store *store,
                  const struct chart_point *from, struct arena *arena, const char **why)
{
    if (!recall_set_up(point, from, arena, why))
        return false;
    struct result *result = &point->result;
    struct recalled r = {.facts = result->facts, .arena = arena};
    r.room = from->replications;
    r.outcome = arena_many(arena, r.room + 1, struct outcome);
    store_used(store, from->id, take, &r);
    if (r.count == 0) {
        *why = arena_format(arena, "%s: its replications are of another version",
                            from->label);
        return false;
    }
    result->run = (struct procedure){
        .end = end_of(&r),
        .stage = STAGE_PRODUCTION,
        .outcome = r.outcome,
        .count = r.count,
        .window = {.warm_up = r.outcome->warm_up, .length = r.outcome->length},
        .needed = NAN,
        .growth = estimate_lacking(LACK_REQUESTS),
        .pilot_mean = estimate_lacking(LACK_REPLICATIONS)};
    procedure_judge(&result->run, &(struct sample){r.facts, r.outcome, r.count});
    result_conclude(result, point->model, point->scenario, arena);
    return true;
}
