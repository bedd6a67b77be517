/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/ascii.h"

#include "experiments/human.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDE = 120, NAME = 12, BAR = 40, SHARE = 9 };
enum { MOST_ROWS = 24, ENOUGH_ROWS = 8, MOST_LOADS = 16, LIMIT_AT = 24 };

static const double worth_a_row = 0.0005; /* of the requests, at either end */

bool ascii_fits(FILE *out)
{
    struct winsize size;
    return isatty(fileno(out)) && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 &&
           size.ws_col >= WIDE;
}

static void repeat(FILE *out, char letter, int times)
{
    for (int i = 0; i < times; i++)
        putc(letter, out);
}

static void ink_on(const struct sheet *s, enum ink ink)
{
    fputs(sheet_ink(s, ink), s->out);
}

/* ---- how long requests took ------------------------------------------------------ */

/* Steps of a scale, of one decade; the coarse ones where there are enough of them. */
struct steps {
    int count;
    double at[10];
};
static const struct steps coarse = {3, {1, 2, 5}};
static const struct steps fine = {10, {1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8}};

/* The beginning of the k-th. */
static double edge(const struct steps *steps, int k)
{
    int decade = (int)floor((double)k / steps->count);
    return steps->at[k - steps->count * decade] * pow(10, decade);
}

static int step_of(const struct steps *steps, double value)
{
    int k = steps->count * (int)floor(log10(value));
    while (value >= edge(steps, k + 1) * (1 - 1e-12))
        k++;
    return k;
}

struct bars {
    struct sheet sheet;
    const struct result *result;
    struct scope scope;
    const struct request_findings *findings;
    const struct steps *steps;
    int first, count;
    double share[MOST_ROWS];
    const char *note[MOST_ROWS];
};

/* Of the type that the first promise of a time speaks of. */
static struct scope promised(const struct result *r)
{
    for (int i = 0; i < r->slos; i++) {
        const struct slo *slo = r->slo[i].slo;
        struct scope scope;
        if (slo->metric == SLO_QUANTILE && slo->of == SLO_OF_LATENCY && slo->scope &&
            scope_named(r->facts, slo->scope, &scope) && scope.sort == SCOPE_TYPE)
            return scope;
    }
    return (struct scope){SCOPE_WHOLE, 0};
}

/* The steps that hold all but very few; what is beyond them counts at the ends. */
static void fill(struct bars *b, const struct histogram *times)
{
    double below = 1e-9 * histogram_quantile(times, worth_a_row);
    double above = 1e-9 * histogram_quantile(times, 1 - worth_a_row);
    b->steps = &fine;
    if (step_of(&coarse, fmax(above, 1e-9)) - step_of(&coarse, fmax(below, 1e-9)) >=
        ENOUGH_ROWS)
        b->steps = &coarse;
    b->first = step_of(b->steps, fmax(below, 1e-9));
    int last = step_of(b->steps, fmax(above, 1e-9));
    if (last - b->first >= MOST_ROWS)
        b->first = last - MOST_ROWS + 1;
    b->count = last - b->first + 1;
    for (int cell = 0; cell < HISTOGRAM_CELLS; cell++) {
        const uint64_t *row = times->row[cell / HISTOGRAM_ROW];
        uint64_t here = row ? row[cell % HISTOGRAM_ROW] : 0;
        double low = (double)histogram_cell_low(cell), high = histogram_cell_high(cell);
        if (here == 0)
            continue;
        int k = step_of(b->steps, fmax(0.5e-9 * (low + high), 1e-9)) - b->first;
        k = k < 0 ? 0 : k < b->count ? k : b->count - 1;
        b->share[k] += (double)here / (double)times->count;
    }
}

static void add_note(struct bars *b, double at, const char *text)
{
    if (!(at > 0))
        return;
    int k = step_of(b->steps, at) - b->first;
    if (k < 0 || k >= b->count)
        return;
    const char *before = b->note[k];
    b->note[k] = before ? arena_format(&b->sheet.arena, "%s, %s", before, text) : text;
}

static void add_percentiles(struct bars *b)
{
    for (int i = 0; i < FINDINGS_LEVELS; i++) {
        const struct estimate *e = &b->findings->latency.quantile[i];
        if (estimate_given(e))
            add_note(b, e->value,
                     arena_format(&b->sheet.arena, "%s %s", findings_level_names[i],
                                  human_value(&b->sheet.arena, HUMAN_TIME, e->value)));
    }
}

static bool speaks_of(const struct bars *b, const struct slo *slo)
{
    const struct model_facts *facts = b->result->facts;
    if (slo->metric != SLO_QUANTILE || slo->of != SLO_OF_LATENCY)
        return false;
    if (b->scope.sort == SCOPE_WHOLE)
        return !slo->scope;
    struct scope scope;
    return slo->scope && scope_named(facts, slo->scope, &scope) &&
           scope.sort == SCOPE_TYPE && scope.index == b->scope.index;
}

static void add_promises(struct bars *b)
{
    for (int i = 0; i < b->result->slos; i++) {
        const struct slo *slo = b->result->slo[i].slo;
        if (speaks_of(b, slo))
            add_note(b, slo->value,
                     arena_format(&b->sheet.arena, "[%s]",
                                  sheet_safe(&b->sheet, slo->text)));
    }
}

static const char *row_name(struct bars *b, int k)
{
    struct arena *arena = &b->sheet.arena;
    double low = edge(b->steps, b->first + k);
    return arena_format(arena, "%s%.3g%s", k == 0 ? "from " : "",
                        low >= 1       ? low
                        : low >= 1e-3  ? low * 1e3
                        : low >= 1e-6  ? low * 1e6
                                       : low * 1e9,
                        low >= 1       ? " s"
                        : low >= 1e-3  ? " ms"
                        : low >= 1e-6  ? " us"
                                       : " ns");
}

static void print_bars(struct bars *b)
{
    FILE *out = b->sheet.out;
    double most = 0;
    for (int k = 0; k < b->count; k++)
        most = fmax(most, b->share[k]);
    for (int k = 0; k < b->count; k++) {
        int length = (int)ceil(BAR * b->share[k] / most - 1e-9);
        int room = SHEET_WIDTH - NAME - 2 - BAR - SHARE - 2;
        sheet_right(&b->sheet, row_name(b, k), NAME);
        fputs(" |", out);
        repeat(out, '#', length);
        sheet_gap(&b->sheet, b->note[k] || b->share[k] > 0 ? BAR - length : 0);
        if (b->share[k] > 0)
            sheet_right(&b->sheet,
                        human_value(&b->sheet.arena, HUMAN_PART, b->share[k]), SHARE);
        else if (b->note[k])
            sheet_gap(&b->sheet, SHARE);
        if (b->note[k]) {
            bool cut = human_width(b->note[k]) > room;
            fputs("  ", out);
            if (cut)
                sheet_left(&b->sheet, b->note[k], room);
            else
                fputs(b->note[k], out);
        }
        putc('\n', out);
    }
}

void ascii_latency(const struct result *r, bool colour, FILE *out)
{
    struct bars b = {.sheet = {.out = out, .colour = colour},
                     .result = r,
                     .scope = promised(r)};
    if (!r->findings->steady)
        return;
    arena_init(&b.sheet.arena);
    bool of_type = b.scope.sort == SCOPE_TYPE;
    b.findings = of_type ? &r->findings->type[b.scope.index] : &r->findings->whole;
    const struct histogram *times =
        sample_pool(&r->sample, b.scope, TIME_LATENCY, &b.sheet.arena);
    if (times->count > 0) {
        const char *whose = of_type ? r->facts->type[b.scope.index].name : "all";
        fill(&b, times);
        add_percentiles(&b);
        add_promises(&b);
        sheet_heading(&b.sheet,
                      arena_format(&b.sheet.arena, "Response times of %s requests",
                                   sheet_safe(&b.sheet, whose)));
        print_bars(&b);
    }
    arena_free(&b.sheet.arena);
}

/* ---- promises against load ------------------------------------------------------- */

struct ladder {
    struct sheet sheet;
    const struct saturation *is;
    const struct point *base;
    const struct probe *probe[MOST_LOADS];
    int count;
};

static bool is_judged(const struct probe *p)
{
    return p->effort >= 0 && p->tightest >= 0 && isfinite(p->margin);
}

/* Has no value to show, since nothing of it would last. */
static bool is_beyond(const struct probe *p)
{
    return !is_judged(p) && p->carried == ANSWER_NO;
}

static bool is_end(const struct saturation *s, const struct probe *p)
{
    return is_judged(p) && (p->load == s->promised.yes || p->load == s->promised.no);
}

/* Loads that differ by less than this part are one; the ends of the bracket stay. */
static int choose_apart(struct ladder *l, double apart)
{
    const struct saturation *s = l->is;
    const struct probe *last = NULL;
    int count = 0, beyond = 0;
    for (int i = 0; i < s->log.probes; i++) {
        const struct probe *p = &s->log.probe[i];
        if ((!is_judged(p) && !is_beyond(p)) || (is_beyond(p) && beyond == 1))
            continue;
        bool same = last && p->load < last->load * (1 + apart);
        if (same && !is_end(s, p))
            continue;
        if (same && !is_end(s, last))
            count--; /* an end of the bracket takes its place */
        if (count < MOST_LOADS)
            l->probe[count] = p;
        beyond += is_beyond(p);
        last = p;
        count++;
    }
    return count;
}

static void choose_probes(struct ladder *l)
{
    static const double least_apart = 0.005, wider = 1.5;
    double apart = least_apart;
    while ((l->count = choose_apart(l, apart)) > MOST_LOADS)
        apart *= wider;
}

static const char *load_name(struct ladder *l, double load)
{
    return sheet_safe(&l->sheet, dial_text(&l->is->dial, load, &l->sheet.arena));
}

/* The value as a part of its limit, which stands at LIMIT_AT. */
static void print_value(struct ladder *l, const struct probe *p)
{
    FILE *out = l->sheet.out;
    double part = exp(-p->margin);
    bool beyond = is_beyond(p) || part * LIMIT_AT > BAR - 1;
    int length = beyond ? BAR - 1 : (int)lround(part * LIMIT_AT);
    length = length < 1 ? 1 : length;
    for (int i = 0; i < BAR; i++)
        putc(i == LIMIT_AT              ? '|'
             : i < length               ? '#'
             : i == length && beyond    ? '>'
                                        : ' ',
             out);
}

static const char *value_text(struct ladder *l, const struct probe *p)
{
    static const enum human_kind kinds[] = {[SLO_MEAN] = HUMAN_TIME,
                                            [SLO_QUANTILE] = HUMAN_TIME,
                                            [SLO_ERRORS] = HUMAN_PART,
                                            [SLO_UTILISATION] = HUMAN_PART,
                                            [SLO_CUT] = HUMAN_PART,
                                            [SLO_THROUGHPUT] = HUMAN_RATE,
                                            [SLO_GOODPUT] = HUMAN_RATE};
    const struct slo *slo = &l->base->scenario->slos[p->tightest];
    return human_value(&l->sheet.arena, kinds[slo->metric], p->value);
}

/* To the right of its column, cut where it is longer. */
static void print_load(struct ladder *l, double load)
{
    const char *name = load_name(l, load);
    if (human_width(name) > NAME)
        sheet_left(&l->sheet, name, NAME);
    else
        sheet_right(&l->sheet, name, NAME);
}

static void print_verdict(struct ladder *l, const struct probe *p)
{
    static const char *const answers[] = {"missed", "open", "kept"};
    static const enum ink inks[] = {INK_BAD, INK_PLAIN, INK_GOOD};
    bool beyond = is_beyond(p);
    ink_on(&l->sheet, beyond ? INK_BAD : inks[p->kept]);
    sheet_right(&l->sheet, beyond ? verdict_names[p->verdict] : answers[p->kept], 12);
    ink_on(&l->sheet, INK_PLAIN);
}

static void print_probe(struct ladder *l, const struct probe *p)
{
    FILE *out = l->sheet.out;
    int room = SHEET_WIDTH - NAME - 2 - BAR - 12 - SHARE - 3;
    print_load(l, p->load);
    fputs(" |", out);
    print_value(l, p);
    print_verdict(l, p);
    if (!is_beyond(p)) {
        const struct slo *slo = &l->base->scenario->slos[p->tightest];
        const char *text = sheet_safe(&l->sheet, slo->text);
        sheet_right(&l->sheet, value_text(l, p), SHARE + 1);
        fputs("  ", out);
        if (human_width(text) > room)
            sheet_left(&l->sheet, text, room);
        else
            fputs(text, out);
    }
    putc('\n', out);
}

static void print_line(struct ladder *l, const char *text)
{
    int rest = NAME + 2 + BAR - 6 - human_width(text);
    fputs("---- ", l->sheet.out);
    ink_on(&l->sheet, INK_BOLD);
    if (rest < 4)
        sheet_left(&l->sheet, text, NAME + 2 + BAR - 10);
    else
        fputs(text, l->sheet.out);
    ink_on(&l->sheet, INK_PLAIN);
    putc(' ', l->sheet.out);
    repeat(l->sheet.out, '-', rest > 4 ? rest : 4);
    putc('\n', l->sheet.out);
}

/* Behind the last load at which every promise is surely kept, before the first at which
 * one surely is not: where no other lies between in one line. */
static void print_bracket(struct ladder *l, const struct probe *before,
                          const struct probe *here)
{
    const struct bracket *b = &l->is->promised;
    bool above = before && before->load <= b->yes && here->load > b->yes;
    bool below = here->load >= b->no && (!before || before->load < b->no);
    struct arena *arena = &l->sheet.arena;
    if (above && below)
        print_line(l, arena_format(arena, "SLO capacity: %s to %s",
                                   load_name(l, b->yes), load_name(l, b->no)));
    else if (above)
        print_line(l,
                   arena_format(arena, "surely kept up to %s", load_name(l, b->yes)));
    else if (below)
        print_line(l,
                   arena_format(arena, "surely missed from %s", load_name(l, b->no)));
}

void ascii_saturation(const struct saturation *s, const struct point *base, bool colour,
                      FILE *out)
{
    struct ladder l = {.sheet = {.out = out, .colour = colour}, .is = s, .base = base};
    arena_init(&l.sheet.arena);
    choose_probes(&l);
    if (s->has_promises && l.count > 0) {
        sheet_heading(&l.sheet, "The tightest promise against load (| is its limit)");
        for (int i = 0; i < l.count; i++) {
            print_bracket(&l, i ? l.probe[i - 1] : NULL, l.probe[i]);
            print_probe(&l, l.probe[i]);
        }
    }
    arena_free(&l.sheet.arena);
}
