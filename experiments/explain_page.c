/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/explain_page.h"

#include "experiments/human.h"
#include "experiments/sheet.h"

#include <math.h>

struct page {
    const struct explained *explained;
    const struct explanation *is;
    const struct model_facts *facts;
    struct sheet sheet;
};

static const char *value(struct page *p, enum human_kind kind, double x)
{
    return human_value(&p->sheet.arena, kind, x);
}

/* 4 cores, 0.5 cores: never "4.00". */
static const char *count(struct page *p, double x)
{
    return arena_format(&p->sheet.arena, "%.6g", x);
}

static const char *safe(struct page *p, const char *text)
{
    return sheet_safe(&p->sheet, text);
}

/* "cores", "threads", "connections" */
static const char *unit_of(struct page *p, const struct explain_part *part)
{
    if (part->cores)
        return p->facts->station[part->station].blocks ? "GPUs" : "cores";
    const char *slot = p->facts->station[part->station].slot_name;
    return arena_format(&p->sheet.arena, "%ss", slot ? slot : "slot");
}

static const char *part_name(struct page *p, const struct explain_part *part)
{
    return arena_format(&p->sheet.arena, "%s of %s", unit_of(p, part),
                        safe(p, p->facts->station[part->station].name));
}

/* ---- the answer in front --------------------------------------------------------- */

static bool any_closed(const struct page *p)
{
    return p->is->closed_count > 0;
}

/* The limit that rejects, or would, before any part is full; NULL. */
static const struct explain_limit *first_limit(const struct page *p)
{
    const struct explanation *is = p->is;
    if (is->limits == 0 || (is->parts > 0 && is->part[0].load >= is->limit[0].load))
        return NULL;
    return &is->limit[0];
}

static const char *limit_name(struct page *p, const struct explain_limit *limit)
{
    return safe(p, p->facts->rate_limit[limit->limit].name);
}

static const char *headline(struct page *p)
{
    const struct explain_limit *limit = first_limit(p);
    if (limit && limit->load > 1)
        return arena_format(&p->sheet.arena, "too much for %s", limit_name(p, limit));
    if (p->is->overloaded)
        return "overloaded before it starts";
    if (limit)
        return arena_format(&p->sheet.arena, "first to say no is %s",
                            limit_name(p, limit));
    if (p->is->parts == 0)
        return "nothing in it is ever short";
    const struct explain_part *first = &p->is->part[0];
    if (p->is->rate > 0 && first->load >= 1)
        return arena_format(&p->sheet.arena, "its users will wait for the %s",
                            part_name(p, first));
    return arena_format(&p->sheet.arena, "first to be full are the %s",
                        part_name(p, first));
}

/* "500/s x 597 ms = 298 of 80 threads busy" */
static void print_arithmetic(struct page *p, const struct explain_part *part)
{
    const char *sum = arena_format(
        &p->sheet.arena,
        "%s of work for each of %s requests are %s %s; there are %s (%s)",
        value(p, HUMAN_TIME, part->demand), value(p, HUMAN_RATE, p->is->rate),
        value(p, HUMAN_NUMBER, part->wanted), unit_of(p, part),
        count(p, part->capacity), value(p, HUMAN_PART, part->load));
    sheet_say(&p->sheet, "%s: %s. At most %s can be carried.", part_name(p, part), sum,
              value(p, HUMAN_RATE, part->most));
}

static const char *units(struct page *p, const struct explain_limit *limit, double x)
{
    const char *unit = p->facts->rate_limit[limit->limit].unit;
    return arena_format(&p->sheet.arena, "%s %s/s", value(p, HUMAN_NUMBER, x), unit);
}

static void print_limit(struct page *p, const struct explain_limit *limit)
{
    sheet_say(&p->sheet,
              "%s: %s are asked for; it lets %s pass (%s). At most %s of this mix get "
              "through%s.",
              limit_name(p, limit), units(p, limit, limit->asked),
              units(p, limit, limit->rate), value(p, HUMAN_PART, limit->load),
              value(p, HUMAN_RATE, limit->most),
              limit->load > 1 ? "; the others are rejected, or wait" : "");
}

static void print_answer(struct page *p)
{
    const struct explain_limit *limit = first_limit(p);
    bool bad = p->is->overloaded || (limit && limit->load > 1);
    fprintf(p->sheet.out, "%s%s: %s%s\n",
            sheet_ink(&p->sheet, bad ? INK_BAD : INK_BOLD), safe(p, p->explained->name),
            headline(p), sheet_ink(&p->sheet, INK_PLAIN));
    for (int i = 0; i < p->is->limits; i++)
        if (&p->is->limit[i] == limit || p->is->limit[i].load > 1)
            print_limit(p, &p->is->limit[i]);
    for (int i = 0; i < p->is->parts && p->is->rate > 0; i++)
        if (i == 0 || p->is->part[i].load >= 1)
            print_arithmetic(p, &p->is->part[i]);
}

/* ---- tables ---------------------------------------------------------------------- */

static void heading(struct page *p, const char *first, const char *const columns[],
                    const int widths[], int count, int label)
{
    fprintf(p->sheet.out, "\n%s", sheet_ink(&p->sheet, INK_BOLD));
    sheet_left(&p->sheet, first, label);
    for (int i = 0; i < count; i++)
        sheet_right(&p->sheet, columns[i], widths[i]);
    fprintf(p->sheet.out, "%s\n", sheet_ink(&p->sheet, INK_PLAIN));
}

static const char *type_name(struct page *p, int t)
{
    const struct type_facts *type = &p->facts->type[t];
    if (p->facts->workloads == 1)
        return safe(p, type->name);
    return arena_format(&p->sheet.arena, "%s.%s", safe(p, type->workload),
                        safe(p, type->name));
}

static void print_requests(struct page *p)
{
    static const char *const columns[] = {"asked for", "share", "alone"};
    static const int widths[] = {14, 10, 12};
    heading(p, "Requests", columns, widths, 3, 30);
    for (int t = 0; t < p->facts->types; t++) {
        const struct type_facts *type = &p->facts->type[t];
        bool once = p->facts->workload[type->workload_index].form == WORKLOAD_BURST;
        fputs("  ", p->sheet.out);
        sheet_left(&p->sheet, type_name(p, t), 28);
        sheet_right(&p->sheet,
                    once ? count(p, p->is->type_rate[t])
                         : value(p, HUMAN_RATE, p->is->type_rate[t]),
                    14);
        sheet_right(&p->sheet, value(p, HUMAN_PART, type->share), 10);
        sheet_right(&p->sheet,
                    value(p, HUMAN_TIME, model_alone(p->explained->model, t)), 12);
        putc('\n', p->sheet.out);
    }
    sheet_say(&p->sheet,
              "alone: the mean time to the last byte when nobody else is there; %s%s.",
              p->is->shortcuts ? "of what is not always waited for, the average counts"
                               : "no load makes it shorter",
              any_closed(p) ? "; users ask as fast as that lets them" : "");
}

static void print_parts(struct page *p)
{
    static const char *const columns[] = {"there are", "a request", "wanted", "load",
                                          "at most"};
    static const int widths[] = {10, 12, 10, 10, 12};
    if (p->is->parts == 0)
        return;
    heading(p, "Components", columns, widths, 5, 38);
    for (int i = 0; i < p->is->parts; i++) {
        const struct explain_part *part = &p->is->part[i];
        bool timed = p->is->rate > 0;
        fputs("  ", p->sheet.out);
        sheet_left(&p->sheet, part_name(p, part), 36);
        sheet_right(&p->sheet, count(p, part->capacity), widths[0]);
        sheet_right(&p->sheet, value(p, HUMAN_TIME, part->demand), widths[1]);
        sheet_right(&p->sheet, timed ? value(p, HUMAN_NUMBER, part->wanted) : "-",
                    widths[2]);
        sheet_right(&p->sheet, timed ? value(p, HUMAN_PART, part->load) : "-",
                    widths[3]);
        sheet_right(&p->sheet, value(p, HUMAN_RATE, part->most), widths[4]);
        putc('\n', p->sheet.out);
    }
    sheet_say(&p->sheet,
              "a request: how long one of the mix occupies it on average, waiting "
              "for others not counted. At most: requests/s of this mix.");
}

static void print_limits(struct page *p)
{
    static const char *const columns[] = {"lets pass", "asked for", "load", "at most"};
    static const int widths[] = {21, 12, 9, 12};
    if (p->is->limits == 0)
        return;
    heading(p, "Limits of a rate", columns, widths, 4, 38);
    for (int i = 0; i < p->is->limits; i++) {
        const struct explain_limit *limit = &p->is->limit[i];
        fputs("  ", p->sheet.out);
        sheet_left(&p->sheet, limit_name(p, limit), 36);
        sheet_right(&p->sheet, units(p, limit, limit->rate), widths[0]);
        sheet_right(&p->sheet, value(p, HUMAN_RATE, limit->asked), widths[1]);
        sheet_right(&p->sheet, value(p, HUMAN_PART, limit->load), widths[2]);
        sheet_right(&p->sheet, value(p, HUMAN_RATE, limit->most), widths[3]);
        putc('\n', p->sheet.out);
    }
    sheet_say(&p->sheet, "Of keys and addresses, if all ask as often. At most: "
                         "requests/s of this mix that get through.");
}

static void print_memories(struct page *p)
{
    static const char *const columns[] = {"there is", "idle", "a request",
                                          "at this load", "all busy"};
    static const int widths[] = {11, 11, 11, 14, 11};
    if (p->is->memories == 0)
        return;
    heading(p, "Memory of an instance", columns, widths, 5, 30);
    for (int i = 0; i < p->is->memories; i++) {
        const struct explain_memory *m = &p->is->memory[i];
        double sizes[] = {m->limit, m->idle, m->request, m->average, m->full};
        fputs("  ", p->sheet.out);
        sheet_left(&p->sheet, safe(p, p->facts->station[m->station].name), 28);
        for (int k = 0; k < 5; k++)
            sheet_right(&p->sheet, value(p, HUMAN_SIZE, sizes[k]), widths[k]);
        putc('\n', p->sheet.out);
    }
    sheet_say(&p->sheet, "a request: more for each of the mix, on average. All busy: "
                         "with every slot taken by such requests.");
    for (int i = 0; i < p->is->memories; i++) {
        const struct explain_memory *m = &p->is->memory[i];
        if (isfinite(m->full) && m->full > m->limit)
            sheet_say(&p->sheet,
                      "%s: before all its %ss are busy it runs out of memory.",
                      safe(p, p->facts->station[m->station].name),
                      p->facts->station[m->station].slot_name);
    }
}

/* ---- bounds ---------------------------------------------------------------------- */

static void print_closed(struct page *p, const struct explain_closed *c)
{
    const struct workload_facts *load = &p->facts->workload[c->workload];
    sheet_say(
        &p->sheet,
        "%s: %.0f users get at most %s and wait at least %s on average. From about "
        "%s users on they wait for one another.",
        safe(p, load->name), load->users, value(p, HUMAN_RATE, c->most),
        value(p, HUMAN_TIME, c->least_response),
        isfinite(c->knee) ? arena_format(&p->sheet.arena, "%.0f", ceil(c->knee))
                          : "no number of");
}

static void print_burst(struct page *p, const struct explain_burst *b)
{
    const struct workload_facts *load = &p->facts->workload[b->workload];
    if (b->part < 0) {
        sheet_say(&p->sheet, "%s: a burst of %.0f, nothing it uses is ever short.",
                  safe(p, load->name), load->users);
        return;
    }
    const struct explain_part *part = &p->is->part[b->part];
    sheet_say(
        &p->sheet,
        "%s: a burst of %.0f is %s of work for the %s %s; the last is answered after "
        "%s at the earliest.",
        safe(p, load->name), load->users, value(p, HUMAN_TIME, b->work),
        count(p, part->capacity), part_name(p, part), value(p, HUMAN_TIME, b->span));
}

static void print_peak(struct page *p, const struct explain_peak *peak)
{
    const char *name = safe(p, p->facts->workload[peak->workload].name);
    if (p->is->parts == 0)
        return;
    sheet_say(&p->sheet, "%s: at its peak %s are asked for; the %s are then at %s.",
              name, value(p, HUMAN_RATE, peak->rate), part_name(p, &p->is->part[0]),
              value(p, HUMAN_PART, peak->load));
}

static void print_bounds(struct page *p)
{
    if (p->is->closed_count + p->is->bursts + p->is->peaks == 0)
        return;
    sheet_heading(&p->sheet, "Bounds");
    for (int i = 0; i < p->is->closed_count; i++)
        print_closed(p, &p->is->closed[i]);
    for (int i = 0; i < p->is->bursts; i++)
        print_burst(p, &p->is->burst[i]);
    for (int i = 0; i < p->is->peaks; i++)
        print_peak(p, &p->is->peak[i]);
}

/* ---- held while waiting ---------------------------------------------------------- */

static void print_nest(struct page *p, const struct explain_nest *n)
{
    const char *service = safe(p, p->facts->station[n->service].name),
               *pool = safe(p, p->facts->station[n->pool].name),
               *slot = p->facts->station[n->service].slot_name;
    if (n->never_short) {
        sheet_say(&p->sheet,
                  "%s: no %s ever waits for %s, which has a connection for each.",
                  service, slot, pool);
        return;
    }
    sheet_say(
        &p->sheet,
        "%s: a %s is held for %s a request, %s of that with a connection of %s; while "
        "it waits for one it is lost to others. With every %s taken about %s are "
        "carried.",
        service, slot, value(p, HUMAN_TIME, n->held),
        value(p, HUMAN_TIME, n->connected), pool, slot, value(p, HUMAN_RATE, n->most));
}

static void print_nests(struct page *p)
{
    if (p->is->nests + p->is->excesses == 0)
        return;
    sheet_heading(&p->sheet, "Connections");
    for (int i = 0; i < p->is->nests; i++)
        print_nest(p, &p->is->nest[i]);
    for (int i = 0; i < p->is->excesses; i++) {
        const struct explain_excess *x = &p->is->excess[i];
        sheet_say(
            &p->sheet,
            "%s: the pools in front may open %.0f connections, it takes %.0f; more "
            "than those are refused.",
            safe(p, p->facts->station[x->database].name), x->opened, x->taken);
    }
}

/* ---- theory, chance, assumptions ------------------------------------------------- */

static void print_oracle(struct page *p)
{
    const struct oracle *o = &p->explained->oracle;
    if (!o->queue)
        return;
    sheet_heading(&p->sheet, isnan(o->most_wait) ? "What theory knows exactly"
                                                 : "What theory knows");
    if (isfinite(o->most_wait)) {
        sheet_say(&p->sheet, "%s: a mean wait of %s at most, %s answered.", o->queue,
                  value(p, HUMAN_TIME, o->most_wait),
                  value(p, HUMAN_RATE, o->throughput));
        return;
    }
    if (!isfinite(o->mean)) {
        sheet_say(&p->sheet, "%s: more work than servers, the queue grows without end.",
                  o->queue);
        return;
    }
    sheet_say(&p->sheet, "%s: mean latency %s, %s of it waiting; %s answered.",
              o->queue, value(p, HUMAN_TIME, o->mean), value(p, HUMAN_TIME, o->wait),
              value(p, HUMAN_RATE, o->throughput));
    if (o->lost > 0)
        sheet_say(&p->sheet, "%s of the requests find no place.",
                  value(p, HUMAN_PART, o->lost));
    if (isfinite(o->quantile[0]))
        sheet_say(&p->sheet, "Latency p50 %s, p95 %s, p99 %s.",
                  value(p, HUMAN_TIME, o->quantile[0]),
                  value(p, HUMAN_TIME, o->quantile[1]),
                  value(p, HUMAN_TIME, o->quantile[2]));
}

static void print_chance(struct page *p)
{
    const struct chance *c = &p->explained->chance;
    sheet_heading(&p->sheet, "Left to chance");
    if (c->count == 0)
        sheet_say(&p->sheet, "Nothing: every replication is the same.");
    for (int i = 0; i < c->count; i++)
        sheet_sentence(&p->sheet, safe(p, c->text[i]));
}

static void print_assumptions(struct page *p)
{
    sheet_heading(&p->sheet, "Assumed");
    for (int i = 0; i < p->facts->assumption_count; i++)
        sheet_sentence(&p->sheet, safe(p, p->facts->assumptions[i]));
    sheet_say(&p->sheet,
              "Above nobody waits, fails, gives up or tries again; caches and "
              "choices keep to their odds. Simulate to see the queues: headroom "
              "run.");
}

void explain_print(const struct explained *explained, bool colour, FILE *out)
{
    struct page page = {.explained = explained,
                        .is = explained->is,
                        .facts = model_facts(explained->model),
                        .sheet = {.out = out, .colour = colour}};
    arena_init(&page.sheet.arena);
    print_answer(&page);
    print_requests(&page);
    print_parts(&page);
    print_limits(&page);
    print_memories(&page);
    print_bounds(&page);
    print_nests(&page);
    print_oracle(&page);
    print_chance(&page);
    print_assumptions(&page);
    arena_free(&page.sheet.arena);
}
