/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A load test beside its users: the part of the summary that tells them apart. */
#include "experiments/grid.h"
#include "experiments/summary_tables.h"
#include "experiments/twin.h"

#include <math.h>

enum { BEFORE = 4 }; /* columns before the percentiles */

/* Parts that are worth a word. */
static const double worth_a_word = 0.0005;

static void add_side(struct page *p, struct grid *grid, const char *label,
                     const struct twin_side *side)
{
    struct grid_row *row = grid_add(grid, &p->sheet, INK_PLAIN);
    row->cell[0] = label;
    row->cell[1] = page_value(p, HUMAN_NUMBER, side->rate.value);
    row->cell[2] = page_value(p, HUMAN_PART, side->failed.value);
    row->cell[3] = page_value(p, HUMAN_TIME, side->mean.value);
    for (int i = 0; i < TWIN_LEVELS; i++)
        row->cell[BEFORE + i] = page_value(p, HUMAN_TIME, side->level[i].value);
}

static const char *name_of(struct page *p, const struct twin_test *test)
{
    const struct result *r = p->result;
    if (r->twin->tests == 1)
        return tool_names[test->tool];
    return arena_format(&p->sheet.arena, "%s (%s)", tool_names[test->tool],
                        sheet_safe(&p->sheet, r->facts->workload[test->workload].name));
}

static void print_sides(struct page *p)
{
    const struct twin *twin = p->result->twin;
    struct grid grid = {.columns = BEFORE + TWIN_LEVELS, .left = 1};
    struct grid_row *row = grid_heading(&grid, &p->sheet);
    row->cell[0] = "Load test and users";
    row->cell[1] = "sent/s";
    row->cell[2] = "failed";
    row->cell[3] = "mean";
    for (int i = 0; i < TWIN_LEVELS; i++)
        row->cell[BEFORE + i] = twin_level_names[i];
    for (int i = 0; i < twin->tests; i++) {
        const struct twin_test *test = &twin->test[i];
        add_side(p, &grid,
                 arena_format(&p->sheet.arena, "%s would print", name_of(p, test)),
                 &test->tool_prints);
        if (twin->users)
            add_side(p, &grid, "users at that rate would feel", &test->users_feel);
    }
    sheet_break(&p->sheet);
    grid_print(&grid, &p->sheet);
}

/* What the tool does not show. */
static void print_hidden(struct page *p, const struct twin_test *test)
{
    const char *name = name_of(p, test);
    if (test->dropped.value > worth_a_word)
        sheet_say(&p->sheet,
                  "%s drops %s of its iterations (dropped_iterations), for want of a "
                  "free VU: they stand in none of its times.",
                  name, page_value(p, HUMAN_PART, test->dropped.value));
    if (test->interrupted.value > worth_a_word)
        sheet_say(&p->sheet,
                  "%s breaks off %s of its requests%s: they stand in nothing that it "
                  "prints.",
                  name, page_value(p, HUMAN_PART, test->interrupted.value),
                  test->tool == TOOL_K6 ? ", some time after its end (gracefulStop) or "
                                          "after a stage has taken their VU"
                                        : " at its end");
    if (test->late.value > worth_a_word)
        sheet_say(&p->sheet,
                  "%s leaves %s of the answers out of its times: they took longer than "
                  "its timeout.",
                  name, page_value(p, HUMAN_PART, test->late.value));
}

static void print_users(struct page *p)
{
    const struct twin *twin = p->result->twin;
    if (!twin->users)
        sheet_say(&p->sheet, "Users at that rate were not simulated: %s.", twin->why);
    else if (twin->users->judgement.verdict == VERDICT_UNSTABLE)
        sheet_say(&p->sheet, "Users who come at that rate, at random and without "
                             "waiting for one another, are too many: their backlog "
                             "grows, and there are no latencies to give.");
    else if (p->result->facts->terminating)
        sheet_say(&p->sheet,
                  "Users come at random, from many addresses, and do not wait for one "
                  "another; their time runs from the moment they ask. They come no "
                  "longer than the test lasts.");
    else
        sheet_say(&p->sheet,
                  "Users come at random, from many addresses, and do not wait for one "
                  "another; their time runs from the moment they ask. With them it is "
                  "%s.",
                  verdict_names[twin->users->judgement.verdict]);
}

void page_twin(struct page *p)
{
    const struct twin *twin = p->result->twin;
    if (!twin)
        return;
    print_sides(p);
    for (int i = 0; i < twin->tests; i++)
        print_hidden(p, &twin->test[i]);
    print_users(p);
}
