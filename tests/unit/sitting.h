/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sitting -- a small scenario, told in JSON with quotes written ', simulated and
 * concluded as `run` does it.
 */
#ifndef UNIT_SITTING_H
#define UNIT_SITTING_H

#include "experiments/point.h"
#include "plots/table.h"
#include "unit/quotes.h"

#include <string.h>

struct model_sitting {
    struct arena arena;
    struct point point;
    struct point_effort effort;
    struct table table;
    const char *why;
};

static inline void sit(struct model_sitting *s, const char *text)
{
    memset(s, 0, sizeof *s);
    arena_init(&s->arena);
    size_t length = strlen(text);
    char *json = quotes(arena_text(&s->arena, text, length));
    struct where *where = where_new(&s->arena);
    struct scenario *scenario =
        scenario_parse(&s->arena, "sitting", ".", json, length, NULL, 0, where);
    bool made = scenario && point_compile(&s->point, &s->arena, scenario, NULL, where);
    if (!made)
        where_print(where, stderr);
    assert_true(made);
    s->effort.threads = 1;
    assert_true(point_run(&s->point, &s->effort, &s->arena));
}

static inline void rise(struct model_sitting *s)
{
    arena_free(&s->arena);
}

#endif
