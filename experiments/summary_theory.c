/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What theory says beside what was found: a part of the summary. */
#include "experiments/grid.h"
#include "experiments/summary_tables.h"
#include "experiments/yardstick.h"

static const struct {
    const char *name;
    enum human_kind kind;
} numbers[] = {
    [YARDSTICK_MEAN] = {"mean latency", HUMAN_TIME},
    [YARDSTICK_WAIT] = {"mean wait", HUMAN_TIME},
    [YARDSTICK_P50] = {"p50", HUMAN_TIME},
    [YARDSTICK_P95] = {"p95", HUMAN_TIME},
    [YARDSTICK_P99] = {"p99", HUMAN_TIME},
    [YARDSTICK_THROUGHPUT] = {"answered", HUMAN_RATE},
    [YARDSTICK_LOST] = {"finds no place", HUMAN_PART},
};

void page_theory(struct page *p)
{
    const struct yardstick *y = p->result->yardstick;
    if (!y || !y->queue)
        return;
    struct grid grid = {.columns = 4, .left = 1};
    struct grid_row *row = grid_heading(&grid, &p->sheet);
    row->cell[0] = arena_format(&p->sheet.arena, "Beside theory: %s", y->queue);
    row->cell[1] = "theory";
    row->cell[2] = "found";
    row->cell[3] = "±";
    for (int i = 0; i < y->count; i++) {
        const struct yardstick_line *line = &y->line[i];
        bool bound = line->relation != YARDSTICK_IS;
        if (bound && line->number != YARDSTICK_WAIT)
            continue; /* bounds that every scenario has */
        enum human_kind kind = numbers[line->number].kind;
        row = grid_add(&grid, &p->sheet, line->agrees ? INK_PLAIN : INK_BAD);
        row->cell[0] = numbers[line->number].name;
        row->cell[1] = arena_format(&p->sheet.arena, "%s%s", bound ? "≤ " : "",
                                    page_value(p, kind, line->theory));
        row->cell[2] = page_value(p, kind, line->found.value);
        row->cell[3] = human_half_width(&p->sheet.arena, kind, &line->found);
    }
    putc('\n', p->sheet.out);
    grid_print(&grid, &p->sheet);
}

static void accuse(struct page *p, const struct yardstick_line *line)
{
    static const char *const relations[] = {"exactly", "at least", "at most"};
    enum human_kind kind = numbers[line->number].kind;
    sheet_say(&p->sheet, "%sTheory disagrees:%s %s%s%s is %s %s, found %s.",
              sheet_ink(&p->sheet, INK_BAD), sheet_ink(&p->sheet, INK_PLAIN),
              numbers[line->number].name, line->of ? " of " : "",
              line->of ? sheet_safe(&p->sheet, line->of) : "",
              relations[line->relation], page_value(p, kind, line->theory),
              human_estimate(&p->sheet.arena, kind, &line->found));
}

void page_theory_verdict(struct page *p)
{
    const struct yardstick *y = p->result->yardstick;
    if (!y || !y->count)
        return;
    for (int i = 0; i < y->count; i++)
        if (!y->line[i].agrees)
            accuse(p, &y->line[i]);
    int bounds = y->count - y->exact;
    const char *bounded = bounds ? arena_format(&p->sheet.arena, "%d bound%s", bounds,
                                                bounds == 1 ? "" : "s")
                                 : "";
    const char *exact = y->exact ? arena_format(&p->sheet.arena, "%d exact value%s",
                                                y->exact, y->exact == 1 ? "" : "s")
                                 : "";
    if (!y->broken)
        sheet_say(&p->sheet, "Theory agrees: %s%s%s.", exact,
                  y->exact && bounds ? " and " : "", bounded);
}
