/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/summary_tables.h"

#include <math.h>

enum { LABEL = 22, CELL = 9, MOST_BLAMED = 8 };

/* Shares below this are folded into one line. */
static const double worth_a_line = 0.005;

const char *page_estimate(struct page *p, enum human_kind kind,
                          const struct estimate *e)
{
    return human_estimate(&p->sheet.arena, kind, e);
}

const char *page_value(struct page *p, enum human_kind kind, double value)
{
    return human_value(&p->sheet.arena, kind, value);
}

/* ---- requests -------------------------------------------------------------------- */

/* The nine numbers of a line of requests, in column order. */
enum { REQUEST_COLUMNS = 3 + 1 + FINDINGS_LEVELS };

static void put_request_cells(struct page *p, const struct request_findings *f,
                              const struct time_findings *times, bool widths)
{
    const struct estimate *cell[REQUEST_COLUMNS] = {&f->offered, &f->completed,
                                                    &f->errors, &times->mean};
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        cell[4 + i] = &times->quantile[i];
    for (int i = 0; i < REQUEST_COLUMNS; i++) {
        enum human_kind kind = i < 2 ? HUMAN_NUMBER : i == 2 ? HUMAN_PART : HUMAN_TIME;
        bool empty = i < 3 && times != &f->latency;
        sheet_right(&p->sheet,
                    empty    ? ""
                    : widths ? human_half_width(&p->sheet.arena, kind, cell[i])
                             : human_value(&p->sheet.arena, kind, cell[i]->value),
                    CELL - (i < 3));
    }
    putc('\n', p->sheet.out);
}

static void put_requests(struct page *p, const char *label,
                         const struct request_findings *f,
                         const struct time_findings *times)
{
    fputs("  ", p->sheet.out);
    sheet_left(&p->sheet, label, LABEL - 2);
    put_request_cells(p, f, times, false);
    fputs(sheet_ink(&p->sheet, INK_FAINT), p->sheet.out);
    sheet_gap(&p->sheet, LABEL);
    put_request_cells(p, f, times, true);
    fputs(sheet_ink(&p->sheet, INK_PLAIN), p->sheet.out);
}

static void request_heading(const struct page *p)
{
    static const char *const columns[] = {"offered/s", "ok/s", "failed", "mean"};
    fprintf(p->sheet.out, "\n%s", sheet_ink(&p->sheet, INK_BOLD));
    sheet_left(&p->sheet, "Requests", LABEL - 1);
    for (int i = 0; i < REQUEST_COLUMNS; i++)
        sheet_right(&p->sheet, i < 4 ? columns[i] : findings_level_names[i - 4],
                    CELL - (i < 3) + (i == 0));
    fprintf(p->sheet.out, "%s\n", sheet_ink(&p->sheet, INK_PLAIN));
}

static bool has_streams(const struct model_facts *facts)
{
    for (int t = 0; t < facts->types; t++)
        if (facts->type[t].streaming)
            return true;
    return false;
}

static void print_type(struct page *p, int t)
{
    const struct type_facts *facts = &p->result->facts->type[t];
    const struct request_findings *f = &p->result->findings->type[t];
    const char *label = sheet_safe(&p->sheet, facts->name);
    if (p->result->facts->workloads > 1)
        label = arena_format(&p->sheet.arena, "%s.%s",
                             sheet_safe(&p->sheet, facts->workload), label);
    put_requests(p,
                 f->streams ? arena_format(&p->sheet.arena, "%s, whole", label) : label,
                 f, &f->latency);
    if (f->streams)
        put_requests(p, "  to first byte", f, &f->first_byte);
}

static void print_causes(struct page *p)
{
    const struct result *r = p->result;
    const struct request_findings *f = &r->findings->whole;
    bool any = false;
    for (int c = 0; c < r->facts->causes; c++) {
        if (!(f->error_of[c].value > 0))
            continue;
        if (!any)
            sheet_heading(&p->sheet, "Failed requests by cause");
        any = true;
        fputs("  ", p->sheet.out);
        sheet_left(&p->sheet, sheet_safe(&p->sheet, r->facts->cause[c].name), 60);
        fprintf(p->sheet.out, "%s\n", page_estimate(p, HUMAN_PART, &f->error_of[c]));
    }
    if (f->unfinished.value > 0)
        sheet_say(&p->sheet, "%s of the requests had no outcome when the run ended.",
                  page_estimate(p, HUMAN_PART, &f->unfinished));
}

/* The quantiles that the samples do not carry, said once. */
static void print_missing(struct page *p)
{
    const struct result *r = p->result;
    if (!r->findings->steady || r->facts->terminating)
        return;
    bool missing = false;
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        for (int t = 0; t < r->facts->types; t++)
            missing |= r->findings->type[t].latency.quantile[i].lack == LACK_SAMPLES;
    if (missing)
        sheet_say(&p->sheet,
                  "-: too few samples (a quantile needs %d values beyond it in each "
                  "replication "
                  "and %d in all).",
                  ESTIMATE_BEYOND_EACH, ESTIMATE_BEYOND_ALL);
}

void page_requests(struct page *p)
{
    const struct result *r = p->result;
    request_heading(p);
    if (r->facts->types > 1)
        put_requests(p, has_streams(r->facts) ? "all, without streams" : "all",
                     &r->findings->whole, &r->findings->whole.latency);
    for (int t = 0; t < r->facts->types; t++)
        print_type(p, t);
    print_missing(p);
    print_causes(p);
}

/* ---- components ------------------------------------------------------------------ */

static bool any_turned_away(const struct result *r)
{
    for (int i = 0; i < r->facts->stations; i++)
        if (r->findings->station[i].refused.value > 0 ||
            r->findings->station[i].timed_out.value > 0)
            return true;
    return false;
}

static bool any_instances(const struct result *r)
{
    for (int i = 0; i < r->facts->stations; i++)
        if (r->facts->station[i].instances > 1)
            return true;
    return false;
}

static const char *slots_of(struct page *p, const struct station_facts *f)
{
    const char *name = f->slot_name ? f->slot_name : "slot";
    if (isinf(f->slots))
        return "unlimited";
    return arena_format(&p->sheet.arena, "%.0f %s%s", f->slots, name,
                        f->slots == 1 ? "" : "s");
}

static void print_station(struct page *p, int i, bool away, bool instances)
{
    const struct station_facts *facts = &p->result->facts->station[i];
    const struct station_findings *f = &p->result->findings->station[i];
    fputs("  ", p->sheet.out);
    sheet_left(&p->sheet, sheet_safe(&p->sheet, facts->name), 15);
    sheet_left(&p->sheet, slots_of(p, facts), 15);
    sheet_right(&p->sheet, page_estimate(p, HUMAN_PART, &f->utilisation), 13);
    if (instances)
        sheet_right(
            &p->sheet,
            facts->instances > 1 ? page_value(p, HUMAN_PART, f->hottest.value) : "", 8);
    sheet_right(&p->sheet, page_value(p, HUMAN_PART, f->full.value), 8);
    sheet_right(&p->sheet, page_value(p, HUMAN_PART, f->cpu.value), 8);
    sheet_right(&p->sheet, page_value(p, HUMAN_NUMBER, f->queue.value), 7);
    sheet_right(&p->sheet, page_value(p, HUMAN_NUMBER, f->queue_most), 6);
    sheet_right(&p->sheet,
                p->result->findings->steady ? page_value(p, HUMAN_TIME, f->wait.value)
                                            : "-",
                9);
    if (away)
        sheet_right(&p->sheet,
                    page_value(p, HUMAN_NUMBER, f->refused.value + f->timed_out.value),
                    8);
    putc('\n', p->sheet.out);
}

void page_stations(struct page *p)
{
    const struct result *r = p->result;
    bool away = any_turned_away(r), instances = any_instances(r);
    fprintf(p->sheet.out, "\n%s", sheet_ink(&p->sheet, INK_BOLD));
    sheet_left(&p->sheet, "Components", 32);
    sheet_right(&p->sheet, "busy", 13);
    if (instances)
        sheet_right(&p->sheet, "hottest", 8);
    sheet_right(&p->sheet, "full", 8);
    sheet_right(&p->sheet, "CPU", 8);
    sheet_right(&p->sheet, "queue", 7);
    sheet_right(&p->sheet, "most", 6);
    sheet_right(&p->sheet, "wait", 9);
    if (away)
        sheet_right(&p->sheet, "lost/s", 8);
    fprintf(p->sheet.out, "%s\n", sheet_ink(&p->sheet, INK_PLAIN));
    for (int i = 0; i < r->facts->stations; i++)
        print_station(p, i, away, instances);
}

/* ---- blame ----------------------------------------------------------------------- */

static void blame_line(struct page *p, const char *label, double tail, double middle)
{
    fputs("  ", p->sheet.out);
    sheet_left(&p->sheet, label, 50);
    sheet_right(&p->sheet, arena_format(&p->sheet.arena, "%.1f %%", 100 * tail), 12);
    sheet_right(&p->sheet, arena_format(&p->sheet.arena, "%.1f %%", 100 * middle), 14);
    putc('\n', p->sheet.out);
}

void page_blame(struct page *p)
{
    const struct blame *b = p->result->blame;
    double tail = 0, middle = 0;
    int folded = 0;
    if (b->count == 0 || !p->result->findings->steady)
        return;
    fprintf(p->sheet.out, "\n%s", sheet_ink(&p->sheet, INK_BOLD));
    sheet_left(&p->sheet, "Where the time goes", 50);
    sheet_right(&p->sheet, "slowest 1 %", 14);
    sheet_right(&p->sheet, "median", 14);
    fprintf(p->sheet.out, "%s\n", sheet_ink(&p->sheet, INK_PLAIN));
    for (int i = 0; i < b->count; i++) {
        const struct blame_share *s = &b->share[i];
        double parts[2] = {estimate_given(&s->tail) ? s->tail.value : 0,
                           estimate_given(&s->middle) ? s->middle.value : 0};
        if (i < MOST_BLAMED && fmax(parts[0], parts[1]) >= worth_a_line) {
            blame_line(
                p, sheet_safe(&p->sheet, p->result->facts->resource[s->resource].name),
                parts[0], parts[1]);
            continue;
        }
        tail += parts[0];
        middle += parts[1];
        folded++;
    }
    if (folded)
        blame_line(
            p,
            arena_format(&p->sheet.arena, "%d other%s", folded, folded > 1 ? "s" : ""),
            tail, middle);
}
