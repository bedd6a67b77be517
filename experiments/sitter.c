/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/sitter.h"

#include "experiments/recall.h"

const struct chart_point *sitter_usual(const struct chart *chart)
{
    const struct chart_line *line = &chart->line[chart->lines - 1];
    int k = line->count - 1;
    while (k > 0 && !line->point[k]->lasting)
        k--;
    return line->point[k];
}

bool sitter_seat(struct sitter *s, const struct chart_point *from, struct arena *arena,
                 const char **why)
{
    struct point *point = arena_new(arena, struct point);
    if (!recall_point(point, s->store, from, arena, why))
        return false;
    s->title = arena_format(arena, "%s %s", s->chart->title, from->label);
    s->scenario = from->name;
    s->at = from->label;
    s->point = point;
    return true;
}

static bool portray(struct sitter *s, const struct figures_row *row,
                    struct arena *arena, struct table *table, const char **why)
{
    if (!s->point && !sitter_seat(s, sitter_usual(s->chart), arena, why))
        return false;
    if (!row->portray(s->point, &s->effort, arena, table, why))
        return false;
    if (s->title)
        table->title = s->title;
    table->caption =
        arena_format(arena, "scenario %s, %s",
                     s->scenario ? s->scenario : s->point->result.name, table->caption);
    return true;
}

bool sitter_table(struct sitter *s, const struct figures_row *row, struct arena *arena,
                  struct table *table, const char **why)
{
    *table = (struct table){0};
    *why = "needs a results file";
    if (row->portray)
        return portray(s, row, arena, table, why);
    return s->chart && row->make(s->chart, arena, table, why);
}
