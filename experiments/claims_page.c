/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/claims_page.h"

#include "experiments/sheet.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum { ID = 7, SAYS = 42, VERDICT = 13 };

static const enum ink inks[] = {INK_GOOD, INK_BAD, INK_BAD, INK_BOLD, INK_FAINT};

struct page {
    struct arena *arena;
    const struct claims_report *is;
};

int claims_count(const struct claims_report *report, enum claim_verdict verdict)
{
    int count = 0;
    for (int i = 0; i < report->answers; i++)
        count += report->answer[i].verdict == verdict;
    return count;
}

/* ---- sentences ------------------------------------------------------------------- */

/* "p95 3.10 s ±0.31" */
static const char *finding_text(struct page *p, const struct finding *f)
{
    const char *text = f->found;
    if (*f->metric && strcmp(f->metric, f->expected) != 0)
        text = arena_format(p->arena, "%s%s %s", f->metric, f->worked_out ? ":" : "",
                            f->found);
    return f->why_open ? arena_format(p->arena, "%s, %s", text, f->why_open) : text;
}

/* The labels of rows with this answer: "0%, 5%". */
static const char *labels(struct page *p, const struct claim_answer *a,
                          enum answer answer)
{
    const char *text = "";
    for (int i = 0; i < a->rows; i++)
        if (a->row[i].answer == answer && *a->row[i].label)
            text = arena_format(p->arena, "%s%s%s", text, *text ? ", " : "",
                                a->row[i].label);
    return text;
}

static const struct claim_row_answer *first_with(const struct claim_answer *a,
                                                 enum answer answer)
{
    for (int i = 0; i < a->rows; i++)
        if (a->row[i].answer == answer)
            return &a->row[i];
    return NULL;
}

static bool has_labels(const struct claim_answer *a)
{
    return a->rows > 1 && *a->row[a->rows - 1].label;
}

/* "holds at 0%, 5%; breaks at 10%, 20% (at 10%: p95 3.10 s)"; the brackets if asked. */
static const char *rows_text(struct page *p, const struct claim_answer *a, bool full)
{
    static const struct {
        enum answer answer;
        const char *word;
    } parts[] = {
        {ANSWER_YES, "holds at"}, {ANSWER_NO, "breaks at"}, {ANSWER_OPEN, "open at"}};
    const char *text = "";
    for (int i = 0; i < 3; i++) {
        const char *list = labels(p, a, parts[i].answer);
        if (!*list)
            continue;
        text = arena_format(p->arena, "%s%s%s %s", text, *text ? "; " : "",
                            parts[i].word, list);
        const struct claim_row_answer *first = first_with(a, parts[i].answer);
        if (parts[i].answer != ANSWER_YES && full)
            text = arena_format(p->arena, "%s%s: %s", text,
                                strchr(list, ',')
                                    ? arena_format(p->arena, " (at %s", first->label)
                                    : "",
                                finding_text(p, claims_telling(first)));
        if (parts[i].answer != ANSWER_YES && full && strchr(list, ','))
            text = arena_format(p->arena, "%s)", text);
    }
    return text;
}

/* What was found, in one line. */
static const char *found(struct page *p, const struct claim_answer *a, bool full)
{
    if (a->claim->missing)
        return arena_format(p->arena, "missing: %s", a->claim->missing);
    if (a->claim->not_modelled)
        return a->claim->not_modelled;
    if (has_labels(a))
        return rows_text(p, a, full);
    const struct claim_row_answer *row = first_with(a, ANSWER_NO);
    if (!row)
        row = first_with(a, ANSWER_OPEN);
    if (!row)
        row = &a->row[a->rows - 1];
    return finding_text(p, claims_telling(row));
}

/* "33 claims: 12 confirmed, 9 refuted, 2 in part, …" */
static const char *tally(struct page *p)
{
    const char *text = arena_format(p->arena, "%d claim%s", p->is->answers,
                                    p->is->answers == 1 ? "" : "s");
    const char *before = ": ";
    for (int v = 0; v < CLAIM_VERDICTS; v++) {
        int count = claims_count(p->is, (enum claim_verdict)v);
        if (!count)
            continue;
        const char *of = v == CLAIM_PARTLY ? "refuted in part" : claim_verdict_names[v];
        text = arena_format(p->arena, "%s%s%d %s", text, before, count, of);
        before = ", ";
    }
    return text;
}

/* What would have to be otherwise. */
static const char *holds_if(struct page *p, const struct claim_answer *a)
{
    if (a->holds_if)
        return arena_format(p->arena, "It would hold if %s.", a->holds_if);
    if (a->tried > 0)
        return arena_format(
            p->arena, "It would not hold under %s tried instead either.",
            a->tried == 1 ? "the assumption"
                          : arena_format(p->arena, "any of %d assumptions", a->tried));
    return "";
}

static const char *line_of(struct page *p, const struct claim *claim)
{
    return claim->line ? arena_format(p->arena, " (line %lld)", (long long)claim->line)
                       : "";
}

/* Every finding that is not for it: what was expected and what was found. */
static const char *reasons(struct page *p, const struct claim_answer *a)
{
    const char *text = "";
    for (int i = 0; i < a->rows; i++) {
        const struct claim_row_answer *row = &a->row[i];
        for (int k = 0; k < row->findings; k++) {
            const struct finding *f = &row->finding[k];
            if (f->answer != row->answer || f->answer == ANSWER_YES)
                continue;
            const char *at = *row->label && a->rows > 1
                                 ? arena_format(p->arena, "at %s ", row->label)
                                 : "";
            bool named =
                *f->metric && strncmp(f->expected, f->metric, strlen(f->metric)) == 0;
            text = arena_format(p->arena, "%s%s%sexpected %s, found %s", text,
                                *text ? "; " : "", at, f->expected,
                                named && !f->why_open ? f->found : finding_text(p, f));
        }
    }
    return text;
}

static const char *assumed(struct page *p, const struct claim *claim)
{
    const char *text = "";
    for (int i = 0; i < claim->assumptions; i++)
        text = arena_format(p->arena, "%s%s%s", text, *text ? "; " : "",
                            claim->assumes[i]);
    return *text ? arena_format(p->arena, "Assumed: %s.", text) : "";
}

/* ---- for people ------------------------------------------------------------------ */

static void print_row(struct page *p, struct sheet *sheet, const struct claim_answer *a)
{
    fputs("  ", sheet->out);
    sheet_left(sheet, sheet_safe(sheet, a->claim->id), ID);
    sheet_left(sheet, sheet_safe(sheet, a->claim->says), SAYS);
    fputs("  ", sheet->out);
    fputs(sheet_ink(sheet, inks[a->verdict]), sheet->out);
    sheet_left(sheet, claim_verdict_names[a->verdict], VERDICT);
    fputs(sheet_ink(sheet, INK_PLAIN), sheet->out);
    const char *text = sheet_safe(sheet, found(p, a, false));
    int room = SHEET_WIDTH - 2 - ID - SAYS - 2 - VERDICT;
    sheet_left(sheet, text, human_width(text) < room ? human_width(text) : room);
    fputc('\n', sheet->out);
}

static void print_refuted(struct page *p, struct sheet *sheet)
{
    bool begun = false;
    for (int i = 0; i < p->is->answers; i++) {
        const struct claim_answer *a = &p->is->answer[i];
        if (a->verdict != CLAIM_REFUTED && a->verdict != CLAIM_PARTLY)
            continue;
        if (!begun)
            sheet_heading(sheet, "Refuted");
        begun = true;
        const char *summary =
            has_labels(a) ? arena_format(p->arena, " %s.", rows_text(p, a, false)) : "";
        sheet_say(sheet, "%s%s: \"%s\":%s %s. %s %s", sheet_safe(sheet, a->claim->id),
                  line_of(p, a->claim), sheet_safe(sheet, a->claim->says),
                  sheet_safe(sheet, summary), sheet_safe(sheet, reasons(p, a)),
                  sheet_safe(sheet, holds_if(p, a)),
                  sheet_safe(sheet, assumed(p, a->claim)));
    }
}

/* Is there one that no reason is known of? Then it is its interval. */
static bool is_too_wide(const struct claim_answer *a)
{
    for (int i = 0; i < a->rows; i++)
        for (int k = 0; k < a->row[i].findings; k++)
            if (a->row[i].finding[k].answer == ANSWER_OPEN &&
                !a->row[i].finding[k].why_open)
                return true;
    return false;
}

/* Why the simulations could not tell. */
static const char *still_open(struct page *p, const struct claim_answer *a)
{
    return arena_format(p->arena, "%s%s", reasons(p, a),
                        is_too_wide(a) ? "; the interval straddles the limit or cannot "
                                         "be given: more precision is needed"
                                       : "");
}

static void print_open(struct page *p, struct sheet *sheet, enum claim_verdict verdict,
                       const char *heading)
{
    bool begun = false;
    for (int i = 0; i < p->is->answers; i++) {
        const struct claim_answer *a = &p->is->answer[i];
        if (a->verdict != verdict)
            continue;
        if (!begun)
            sheet_heading(sheet, heading);
        begun = true;
        const char *why = a->rows ? still_open(p, a) : found(p, a, true);
        sheet_say(sheet, "%s%s: \"%s\": %s.", sheet_safe(sheet, a->claim->id),
                  line_of(p, a->claim), sheet_safe(sheet, a->claim->says),
                  sheet_safe(sheet, why));
    }
}

void claims_print(const struct claims_report *report, bool colour, FILE *out)
{
    struct sheet sheet = {.out = out, .colour = colour};
    arena_init(&sheet.arena);
    struct page p = {&sheet.arena, report};
    fprintf(out, "%s%s%s: %s\n", sheet_ink(&sheet, INK_BOLD),
            sheet_safe(&sheet, report->file->document), sheet_ink(&sheet, INK_PLAIN),
            tally(&p));
    for (int i = 0; i < report->answers; i++)
        print_row(&p, &sheet, &report->answer[i]);
    print_refuted(&p, &sheet);
    print_open(&p, &sheet, CLAIM_UNDECIDABLE, "Not decided");
    print_open(&p, &sheet, CLAIM_NOT_MODELLED, "Not modelled");
    arena_free(&sheet.arena);
}

/* ---- for a page ------------------------------------------------------------------ */

/* What a document says is no part of the page: neither a link nor an element. */
static bool begins_something(const char *c)
{
    return *c == '[' || (*c == '<' && (isalpha((unsigned char)c[1]) ||
                                       (c[1] && strchr("/!?", c[1]))));
}

/* A cell of a table: no pipes, no breaks, nothing that steers a terminal. */
static const char *cell(struct page *p, const char *text)
{
    char *line = arena_text(p->arena, text, strlen(text));
    for (char *c = line; *c; c++)
        *c = *c == '|' ? '/' : isspace((unsigned char)*c) ? ' ' : *c;
    const char *safe = where_safe(p->arena, line);
    char *copy = arena_array(p->arena, 2 * strlen(safe) + 1, 1), *to = copy;
    for (; *safe; *to++ = *safe++)
        if (begins_something(safe))
            *to++ = '\\';
    return copy;
}

static void markdown_row(struct page *p, const struct claim_answer *a, FILE *out)
{
    const struct claim *claim = a->claim;
    const char *verdict = claim_verdict_names[a->verdict];
    bool bold = a->verdict == CLAIM_REFUTED || a->verdict == CLAIM_PARTLY;
    const char *assumes = assumed(p, claim), *change = holds_if(p, a);
    fprintf(out, "| %s | %s | %s%s%s | %s |", cell(p, claim->id), cell(p, claim->says),
            bold ? "**" : "", verdict, bold ? "**" : "", cell(p, found(p, a, true)));
    fprintf(out, " %s%s%s |\n", cell(p, change), *change && *assumes ? " " : "",
            cell(p, assumes));
}

void claims_markdown(const struct claims_report *report, FILE *out)
{
    struct arena arena;
    arena_init(&arena);
    struct page p = {&arena, report};
    fprintf(out, "## %s\n\n", cell(&p, report->file->document));
    const char *source = report->file->source;
    if (source && *source)
        fprintf(out, "%c%s. ", toupper((unsigned char)*source), cell(&p, source + 1));
    fprintf(out, "%s.\n\n", tally(&p));
    fputs("| claim | the document says | verdict | found | what would have to change, "
          "what was assumed |\n| --- | --- | --- | --- | --- |\n",
          out);
    for (int i = 0; i < report->answers; i++)
        markdown_row(&p, &report->answer[i], out);
    arena_free(&arena);
}

/* ---- for machines ---------------------------------------------------------------- */

static const char *const answer_names[] = {"no", "open", "yes"};

static void put_finding(cJSON *array, const struct finding *f)
{
    cJSON *to = json_element(array);
    json_text(to, "expected", f->expected);
    json_text(to, "answer", answer_names[f->answer]);
    json_text(to, "metric", *f->metric ? f->metric : NULL);
    json_text(to, "found", f->found);
    json_number(to, "value", f->value.value);
    json_number(to, "half_width", f->value.half_width);
    json_text(to, "reason", f->why_open);
}

static void put_row(cJSON *array, const struct claim_row_answer *row)
{
    cJSON *to = json_element(array);
    json_text(to, "at", *row->label ? row->label : NULL);
    json_text(to, "answer", answer_names[row->answer]);
    cJSON *findings = json_array(to, "findings");
    for (int i = 0; i < row->findings; i++)
        put_finding(findings, &row->finding[i]);
}

static void put_answer(struct page *p, cJSON *array, const struct claim_answer *a)
{
    static const char *const names[] = {"confirmed", "refuted_in_part", "refuted",
                                        "undecidable", "not_modelled"};
    const struct claim *claim = a->claim;
    cJSON *to = json_element(array);
    json_text(to, "id", claim->id);
    json_text(to, "says", claim->says);
    json_number(to, "line", claim->line ? (double)claim->line : NAN);
    json_text(to, "verdict", names[a->verdict]);
    json_text(to, "found", found(p, a, true));
    json_text(to, "holds_if", a->holds_if);
    json_number(to, "assumptions_tried", a->tried);
    json_text(to, "missing", claim->missing);
    json_text(to, "not_modelled", claim->not_modelled);
    cJSON *assumes = json_array(to, "assumes");
    for (int i = 0; i < claim->assumptions; i++)
        json_append(assumes, json_made(cJSON_CreateString(claim->assumes[i])));
    cJSON *rows = json_array(to, "rows");
    for (int i = 0; i < a->rows; i++)
        put_row(rows, &a->row[i]);
}

void claims_json(const struct claims_report *report, cJSON *to)
{
    struct arena arena;
    arena_init(&arena);
    struct page p = {&arena, report};
    json_text(to, "file", report->file->path);
    json_text(to, "document", report->file->document);
    json_text(to, "source", report->file->source);
    cJSON *claims = json_array(to, "claims");
    for (int i = 0; i < report->answers; i++)
        put_answer(&p, claims, &report->answer[i]);
    arena_free(&arena);
}
