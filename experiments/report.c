/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What all reports share: the page, its figures, what stands behind the numbers. */
#include "experiments/report_parts.h"

#include "experiments/sha256.h"
#include "experiments/text.h"
#include "sim/check.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_STYLE = 1 << 20, MOST_JSON = 1 << 18 };

/* ---- the page -------------------------------------------------------------------- */

static bool read_style(const struct report *r, struct document_head *head,
                       const char **why)
{
    size_t length;
    const char *path = arena_format(r->arena, "%s/plots/page.css", r->set->data);
    head->style = text_load_path(r->arena, path, MOST_STYLE, &length, why);
    if (!head->style) {
        *why = arena_format(r->arena, "%s: %s", path, *why);
        return false;
    }
    if (strlen(head->style) != length || strstr(head->style, "</")) {
        *why = arena_format(r->arena, "%s: is no style sheet", path);
        return false;
    }
    struct sha256 hash;
    struct digest *digest = arena_new(r->arena, struct digest);
    sha256_begin(&hash);
    sha256_add(&hash, head->style, length);
    *digest = sha256_end(&hash);
    head->style_digest = digest->byte;
    return true;
}

/* As much of a description as one sheet has room for. */
static const char *shortened(const struct report *r, const char *text)
{
    enum { MOST_ABOUT = 160 }; /* bytes */
    size_t length = strlen(text);
    if (length <= MOST_ABOUT)
        return text;
    for (length = MOST_ABOUT;
         length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80;)
        length--;
    return arena_format(r->arena, "%.*s\u2026", (int)length, text);
}

bool report_begin(struct report *r, const struct report_settings *set,
                  const char *title, const char *about, struct arena *arena,
                  const char **why)
{
    *r = (struct report){.set = set, .arena = arena};
    if (about)
        about =
            set->brief ? shortened(r, report_safe(r, about)) : report_safe(r, about);
    struct document_head head = {.format = set->format,
                                 .kind = "Capacity report",
                                 .title = report_safe(r, title),
                                 .about = about,
                                 .generator = "headroom " HEADROOM_VERSION,
                                 .brief = set->brief};
    if (set->format == DOCUMENT_HTML && !read_style(r, &head, why))
        return false;
    r->page = document_open(&head);
    if (!r->page)
        die("out of memory");
    r->sheet = (struct sheet){.document = r->page, .level = 3};
    arena_init(&r->sheet.arena);
    return true;
}

char *report_end(struct report *r, size_t *length, const char **why)
{
    char *bytes = document_close(r->page, length);
    arena_free(&r->sheet.arena);
    for (int i = 0; i < r->pictures; i++) {
        free((char *)r->picture[i].wide.bytes);
        free((char *)r->picture[i].narrow.bytes);
    }
    if (!bytes)
        *why = "out of memory";
    return bytes;
}

const char *report_safe(const struct report *r, const char *text)
{
    return where_safe(r->arena, text);
}

const char *report_capital(const struct report *r, const char *text)
{
    char *copy = arena_text(r->arena, text, strlen(text));
    if (copy[0] >= 'a' && copy[0] <= 'z')
        copy[0] = (char)(copy[0] - 'a' + 'A');
    return copy;
}

const char *report_quoted(const char *text, struct arena *arena)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_-./=,:%+";
    if (*text && text[strspn(text, plain)] == '\0')
        return text;
    const char *quoted = "'";
    for (; *text; text++)
        quoted = *text == '\'' ? arena_format(arena, "%s'\\''", quoted)
                               : arena_format(arena, "%s%c", quoted, *text);
    return arena_format(arena, "%s'", quoted);
}

const char *report_digest(const struct report *r, const char *text)
{
    struct sha256 hash;
    char *shown = arena_many(r->arena, DIGEST_TEXT, char);
    sha256_begin(&hash);
    sha256_add(&hash, text, strlen(text));
    struct digest digest = sha256_end(&hash);
    digest_text(&digest, shown);
    return shown;
}

struct document_cell report_estimate(const struct report *r, enum human_kind kind,
                                     double value, double half_width)
{
    struct estimate e = {.value = value, .half_width = half_width, .n = 2};
    return (struct document_cell){.text = human_value(r->arena, kind, value),
                                  .below = human_half_width(r->arena, kind, &e)};
}

/* ---- figures --------------------------------------------------------------------- */

enum { WIDE = 800, WIDE_HIGH = 500, NARROW = 480, NARROW_HIGH = 400, MOST_SAID = 4 };

/* The one figure of a brief report: the first that there is anything for. */
static const char *const telling[] = {"latency", "variants", "tail", "goodput",
                                      "blame"};

static enum human_kind kind_of(enum unit unit)
{
    static const enum human_kind kinds[] = {[UNIT_NUMBER] = HUMAN_NUMBER,
                                            [UNIT_TIME] = HUMAN_TIME,
                                            [UNIT_RATE] = HUMAN_RATE,
                                            [UNIT_PART] = HUMAN_PART};
    return kinds[unit];
}

/* "before: 120 ms at 100/s to 2.30 s at 500/s" */
static const char *curve_in_words(const struct curve *c, enum unit x, enum unit y,
                                  struct arena *arena)
{
    int first = 0, last = c->count - 1;
    while (first < c->count && !isfinite(c->y[first]))
        first++;
    while (last > first && !isfinite(c->y[last]))
        last--;
    if (first >= c->count)
        return "";
    return arena_format(arena, "%s%s at %s to %s at %s; ",
                        c->label && *c->label ? arena_format(arena, "%s: ", c->label)
                                              : "",
                        human_value(arena, kind_of(y), c->y[first]),
                        human_value(arena, kind_of(x), c->x[first]),
                        human_value(arena, kind_of(y), c->y[last]),
                        human_value(arena, kind_of(x), c->x[last]));
}

/* "p95: 120 ms before, 80.2 ms after" */
static const char *row_in_words(const struct curve *c, const struct table *t,
                                enum unit unit, struct arena *arena)
{
    const char *text = arena_format(arena, "%s:", c->label ? c->label : "");
    for (int k = 0; k < c->count && k < MOST_SAID && k < t->categories; k++)
        if (isfinite(c->y[k]))
            text = arena_format(arena, "%s %s %s,", text,
                                human_value(arena, kind_of(unit), c->y[k]),
                                t->category[k]);
    return arena_format(arena, "%s ", text);
}

static const char *series_in_words(const struct figures_row *row, const struct table *t,
                                   int i, struct arena *arena)
{
    const struct curve *c = &t->series[i];
    bool tail = row->kind == FIGURE_TAIL;
    switch (row->kind) {
    case FIGURE_BARS:
    case FIGURE_KEPT:
        return arena_format(arena, "%s; ", c->label ? c->label : "");
    case FIGURE_DOTS:
        return row_in_words(c, t, c->unit, arena);
    case FIGURE_CELLS:
        return row_in_words(c, t, t->y_unit, arena);
    case FIGURE_TAIL:
    case FIGURE_AGREEMENT:
    case FIGURE_LINES:
    case FIGURE_KINDS:
        break;
    }
    return curve_in_words(c, tail ? UNIT_TIME : t->x_unit, tail ? UNIT_PART : t->y_unit,
                          arena);
}

/* For those who do not see it: what it shows, and where its curves begin and end. */
static const char *in_words(const struct figures_row *row, const struct table *t,
                            struct arena *arena)
{
    const char *text = arena_format(arena, "%s, %s. ", t->title ? t->title : "",
                                    t->y_label ? t->y_label : row->help);
    for (int i = 0; i < t->count && i < MOST_SAID; i++)
        text = arena_format(arena, "%s%s", text, series_in_words(row, t, i, arena));
    return arena_format(arena, "%sthe tables of this page have the numbers.", text);
}

static void stop_drawing(struct report *r, const char *error)
{
    r->trouble = arena_format(r->arena, "%s", report_safe(r, error));
}

/* Into memory, at a size. False: no picture. */
static enum figure_result draw_image(struct figure figure, int width, int height,
                                     struct document_image *image, char *error,
                                     size_t size)
{
    char *bytes;
    figure.width = image->width = width;
    figure.height = image->height = height;
    enum figure_result result =
        figure_image(&figure, "svg", &bytes, &image->length, error, size);
    image->bytes = bytes;
    return result;
}

/* With its script and data beside it. */
static enum figure_result draw_file(struct report *r, struct figure figure,
                                    struct picture *p, char *error, size_t size)
{
    figure.width = WIDE;
    figure.height = WIDE_HIGH;
    figure.sources = true;
    figure.force = r->set->force;
    p->file = arena_format(r->arena, "%s/%s.svg", r->set->seen, p->row->name);
    return figure_draw(
        &figure, arena_format(r->arena, "%s/%s.svg", r->set->folder, p->row->name),
        error, size);
}

static void draw_picture(struct report *r, struct picture *p, const struct table *table)
{
    char error[500] = "";
    struct figure figure = {.kind = p->row->kind,
                            .table = *table,
                            .scripts =
                                arena_format(r->arena, "%s/plots", r->set->data)};
    enum figure_result result = FIGURE_DRAWN;
    bool html = r->set->format == DOCUMENT_HTML;
    if (r->set->folder)
        result = draw_file(r, figure, p, error, sizeof error);
    if (html && result == FIGURE_DRAWN)
        result = draw_image(figure, WIDE, WIDE_HIGH, &p->wide, error, sizeof error);
    if (html && result == FIGURE_DRAWN && !r->set->brief)
        result =
            draw_image(figure, NARROW, NARROW_HIGH, &p->narrow, error, sizeof error);
    if (result == FIGURE_DRAWN)
        return;
    p->why = report_safe(r, arena_format(r->arena, "%s", error));
    if (result == FIGURE_NO_GNUPLOT || result == FIGURE_STOPPED)
        stop_drawing(r, error); /* it would be no better with the next one */
    r->set->warn(r->set->context,
                 arena_format(r->arena, "%s: not drawn: %s", p->row->name, p->why));
}

/* "Response time against load, …, of rate=240/s" */
static const char *caption_of(const struct report *r, const struct sitter *sitter,
                              const struct figures_row *row)
{
    const char *text = report_capital(r, row->help);
    if (!row->portray || !sitter->at || !*sitter->at)
        return arena_format(r->arena, "%s.", text);
    return arena_format(r->arena, "%s; of \u201c%s\u201d.", text,
                        report_safe(r, sitter->at));
}

/* A figure that would only say why it is empty; the page can say that itself. */
static bool is_empty(const struct table *t)
{
    for (int i = 0; i < t->count; i++)
        for (int k = 0; k < t->series[i].count; k++)
            if (t->series[i].cell || isfinite(t->series[i].y[k]))
                return false;
    return t->nothing != NULL;
}

static void add_picture(struct report *r, struct sitter *sitter,
                        const struct figures_row *row)
{
    struct table table;
    struct picture *p = &r->picture[r->pictures++];
    *p = (struct picture){.row = row, .title = row->name};
    if (!sitter_table(sitter, row, r->arena, &table, &p->why)) {
        p->why = report_safe(r, p->why);
        return;
    }
    p->why = is_empty(&table) ? table.nothing : NULL;
    if (p->why)
        return;
    p->caption = caption_of(r, sitter, row);
    p->alt = in_words(row, &table, r->arena);
    if (r->trouble)
        p->why = r->trouble;
    else
        draw_picture(r, p, &table);
}

void report_draw(struct report *r, struct sitter *sitter)
{
    int rows = 0;
    while (figures_rows[rows].name)
        rows++;
    r->picture = arena_many(r->arena, rows + 1, struct picture);
    if (!r->set->brief) {
        for (int i = 0; i < rows; i++)
            if (sitter->chart || figures_rows[i].portray)
                add_picture(r, sitter, &figures_rows[i]);
        return;
    }
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
        add_picture(r, sitter, figures_find(telling[i]));
        if (r->trouble || !r->picture[r->pictures - 1].why)
            return;
    }
}

static void put_picture(struct report *r, const struct picture *p)
{
    document_figure(r->page, &(struct document_figure){.title = p->title,
                                                       .caption = p->caption,
                                                       .alt = p->alt,
                                                       .wide = p->wide,
                                                       .narrow = p->narrow,
                                                       .file = p->file});
}

void report_figures(struct report *r)
{
    if (r->trouble)
        report_say(r, "There are no figures: %s. The numbers are all here.",
                   r->trouble);
    for (int i = 0; i < r->pictures; i++)
        if (!r->picture[i].why)
            put_picture(r, &r->picture[i]);
    if (r->set->brief)
        return;
    const char *left = "";
    for (int i = 0; i < r->pictures; i++)
        if (r->picture[i].why && r->picture[i].why != r->trouble)
            left = arena_format(r->arena, "%s%s%s (%s)", left, *left ? "; " : "",
                                r->picture[i].title, r->picture[i].why);
    if (*left)
        document_note(r->page, arena_format(r->arena, "Left out: %s.", left));
}

/* ---- what stands behind ---------------------------------------------------------- */

/* `key`: what makes two of them the same. */
static void add_line(struct behind_list *list, const char *key, const char *text,
                     const char *of)
{
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->line[i].key, key) == 0) {
            list->line[i].times++;
            return;
        }
    if (list->count == BEHIND_MOST)
        list->more++;
    else
        list->line[list->count++] = (struct behind_line){key, text, of, 1};
}

void report_behind_add(struct report *r, struct behind *b, const struct point *point,
                       const char *of)
{
    const struct result *result = &point->result;
    const struct lint_report *lint = lint_look(point->scenario, point->model, r->arena);
    b->set_ups++;
    for (int i = 0; i < result->facts->stations; i++)
        add_line(&b->kinds, result->facts->station[i].kind,
                 result->facts->station[i].kind, of);
    for (int i = 0; i < result->facts->assumption_count; i++)
        add_line(&b->assumed, result->facts->assumptions[i],
                 report_safe(r, result->facts->assumptions[i]), of);
    for (int i = 0; i < result->unmodelled_count; i++)
        add_line(&b->ignored, result->unmodelled[i],
                 report_safe(r, result->unmodelled[i]), of);
    for (int i = 0; i < lint->told; i++)
        add_line(&b->lint, lint->finding[i].rule->name,
                 arena_format(r->arena, "%s [%s]",
                              report_safe(r, lint->finding[i].text),
                              lint->finding[i].rule->name),
                 of);
}

static void put_lines(struct report *r, const struct behind *b,
                      const struct behind_list *list)
{
    for (int i = 0; i < list->count; i++) {
        const struct behind_line *line = &list->line[i];
        const char *first = report_capital(r, line->text);
        if (line->times == b->set_ups || !*line->of)
            document_item(r->page, first);
        else
            report_item(r, "In \u201c%s\u201d%s: %s", report_safe(r, line->of),
                        line->times > 1 ? " and others" : "", line->text);
    }
    if (list->more)
        report_item(r, "and %d more", list->more);
}

static const char *list_of(const struct report *r, const struct behind_list *list)
{
    const char *text = "";
    for (int i = 0; i < list->count; i++)
        text = arena_format(r->arena, "%s %s", text, list->line[i].text);
    return text;
}

void report_behind(struct report *r, const struct behind *b)
{
    document_heading(r->page, 2, "What was assumed");
    document_paragraph(r->page, "Given is what the scenario says; it is at the end of "
                                "this page, word for word.");
    document_heading(r->page, 3, "Assumed, for want of a word about it");
    report_say(r,
               "Keys that are not given have the defaults of their kinds: headroom "
               "kinds%s.",
               list_of(r, &b->kinds));
    put_lines(r, b, &b->assumed);
    document_heading(r->page, 3, "Given, but without effect");
    if (b->ignored.count == 0)
        document_paragraph(r->page, "Nothing: every key that was given counts.");
    put_lines(r, b, &b->ignored);
    document_note(r->page, "What no scenario can say yet, and what that does to a "
                           "prediction, is listed at the end of headroom's reference "
                           "(headroom kinds).");
    document_heading(r->page, 2, "What is wrong with the set-up");
    if (b->lint.count == 0)
        document_paragraph(r->page,
                           "No two numbers of it contradict each other, as far "
                           "as headroom check knows.");
    put_lines(r, b, &b->lint);
}

void report_json(struct report *r, const char *label, const char *json)
{
    cJSON *tree = cJSON_Parse(json);
    char *text = tree ? cJSON_Print(tree) : NULL;
    const char *shown = text ? text : json;
    document_fold(r->page, label);
    if (strlen(shown) > MOST_JSON)
        report_say(r, "It is too long to be shown here (%zu characters).",
                   strlen(shown));
    else
        document_code(r->page, shown);
    document_unfold(r->page);
    cJSON_free(text);
    cJSON_Delete(tree);
}
