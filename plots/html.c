/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTML of documents. */
#include "plots/document_form.h"
#include "plots/letters.h"

#include <string.h>

enum { SHA256_BYTES = 32 };

/* ---- text ------------------------------------------------------------------------ */

/* The same in elements and within double quotes. */
static void put_text(FILE *out, const char *text, bool lines)
{
    while (text && *text) {
        int length = letters_length(text);
        const char *entity = *text == '&'             ? "&amp;"
                             : *text == '<'           ? "&lt;"
                             : *text == '>'           ? "&gt;"
                             : *text == '"'           ? "&quot;"
                             : *text == '\''          ? "&#39;"
                             : lines && *text == '\n' ? "\n"
                             : length == 0            ? LETTERS_REPLACEMENT
                                                      : NULL;
        if (entity)
            fputs(entity, out);
        else
            fwrite(text, 1, (size_t)length, out);
        text += length ? length : 1;
    }
}

static void put(FILE *out, const char *text)
{
    put_text(out, text, false);
}

static void put_base64(FILE *out, const char *bytes, size_t length)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *from = (const unsigned char *)bytes;
    for (size_t i = 0; i < length; i += 3) {
        unsigned many = length - i < 3 ? (unsigned)(length - i) : 3;
        unsigned bits = (unsigned)from[i] << 16;
        bits |= many > 1 ? (unsigned)from[i + 1] << 8 : 0;
        bits |= many > 2 ? from[i + 2] : 0;
        for (unsigned k = 0; k < 4; k++)
            putc(k <= many ? digits[bits >> (18 - 6 * k) & 63] : '=', out);
    }
}

/* ---- blocks ---------------------------------------------------------------------- */

static const char *const tones[] = {"", "good", "warn", "bad", "faint"};

static void heading(struct document *d, int level, const char *text)
{
    if (level > 2) {
        fprintf(d->body, "<h%d>", level);
        put(d->body, text);
        fprintf(d->body, "</h%d>\n", level);
        return;
    }
    int number = ++d->sections;
    fprintf(d->body, "%s<section aria-labelledby=\"s%d\">\n<h2 id=\"s%d\">",
            number > 1 ? "</section>\n" : "", number, number);
    put(d->body, text);
    fputs("</h2>\n", d->body);
    fprintf(d->contents, "<li><a href=\"#s%d\">", number);
    put(d->contents, text);
    fputs("</a></li>\n", d->contents);
}

static void paragraph(struct document *d, const char *text, bool small)
{
    fputs(small ? "<p class=\"note\">" : "<p>", d->body);
    put(d->body, text);
    fputs("</p>\n", d->body);
}

static void list(struct document *d, bool begins)
{
    fputs(begins ? "<ul>\n" : "</ul>\n", d->body);
}

static void item(struct document *d, const char *text)
{
    fputs("<li>", d->body);
    put(d->body, text);
    fputs("</li>\n", d->body);
}

static void verdict(struct document *d, enum tone tone, const char *text)
{
    fprintf(d->body, "<p class=\"verdict %s\">", tones[tone]);
    put(d->body, text);
    fputs("</p>\n", d->body);
}

static void numbers(struct document *d, const struct document_number *number, int count)
{
    fputs("<dl class=\"numbers\">\n", d->body);
    for (int i = 0; i < count; i++) {
        fprintf(d->body, "<div class=\"%s\"><dt>", tones[number[i].tone]);
        put(d->body, number[i].label);
        fputs("</dt><dd><strong>", d->body);
        put(d->body, number[i].value);
        fputs("</strong>", d->body);
        if (number[i].below && *number[i].below) {
            fputs(" <span>", d->body);
            put(d->body, number[i].below);
            fputs("</span>", d->body);
        }
        fputs("</dd></div>\n", d->body);
    }
    fputs("</dl>\n", d->body);
}

static void put_cell(struct document *d, const struct document_cell *cell,
                     const char *element, const char *scope, bool number)
{
    FILE *out = d->body;
    const char *class = number ? "n" : "t", *tone = tones[cell->tone];
    fprintf(out, "<%s%s class=\"%s%s%s\">", element, scope, class, *tone ? " " : "",
            tone);
    fputs(cell->strong ? "<strong>" : "", out);
    put(out, cell->text);
    fputs(cell->strong ? "</strong>" : "", out);
    if (cell->below && *cell->below) {
        fputs("<br><small>", out);
        put(out, cell->below);
        fputs("</small>", out);
    }
    fprintf(out, "</%s>", element);
}

/* Wide tables scroll on their own, by keyboard too. */
static void table(struct document *d, const struct document_table *t)
{
    FILE *out = d->body;
    fputs("<div class=\"wide\" role=\"group\" tabindex=\"0\" aria-label=\"", out);
    put(out, t->caption);
    fputs("\"><table>\n", out);
    if (t->caption && *t->caption) {
        fputs("<caption>", out);
        put(out, t->caption);
        fputs("</caption>\n", out);
    }
    if (t->head) {
        fputs("<thead><tr>", out);
        for (int c = 0; c < t->columns; c++)
            put_cell(d, &t->head[c], t->head[c].text ? "th" : "td",
                     t->head[c].text ? " scope=\"col\"" : "", c >= t->left);
        fputs("</tr></thead>\n", out);
    }
    fputs("<tbody>\n", out);
    for (int r = 0; r < t->rows; r++) {
        fputs("<tr>", out);
        for (int c = 0; c < t->columns; c++)
            put_cell(d, &t->cell[r * t->columns + c], c == 0 ? "th" : "td",
                     c == 0 ? " scope=\"row\"" : "", c >= t->left);
        fputs("</tr>\n", out);
    }
    fputs("</tbody></table></div>\n", out);
}

static void put_image(FILE *out, const char *attribute,
                      const struct document_image *image)
{
    fprintf(out, " %s=\"data:image/svg+xml;base64,", attribute);
    put_base64(out, image->bytes, image->length);
    fprintf(out, "\" width=\"%d\" height=\"%d\"", image->width, image->height);
}

static void figure(struct document *d, const struct document_figure *f)
{
    FILE *out = d->body;
    if (!f->wide.bytes)
        return;
    fputs("<figure>\n<picture>", out);
    if (f->narrow.bytes) {
        fputs("<source media=\"screen and (max-width: 40rem)\"", out);
        put_image(out, "srcset", &f->narrow);
        fputs(">", out);
    }
    fputs("<img", out);
    put_image(out, "src", &f->wide);
    fputs(" alt=\"", out);
    put(out, f->alt);
    fprintf(out, "\"></picture>\n<figcaption><strong>Figure %d.</strong> ", d->figures);
    put(out, f->caption);
    fputs("</figcaption>\n</figure>\n", out);
}

static void code(struct document *d, const char *text)
{
    fputs("<pre tabindex=\"0\"><code>", d->body);
    put_text(d->body, text, true);
    fputs("</code></pre>\n", d->body);
}

static void file(struct document *d, const struct document_file *f)
{
    fputs("<p><a download=\"", d->body);
    put(d->body, f->name);
    fprintf(d->body, "\" href=\"data:%s;base64,", f->type);
    put_base64(d->body, f->bytes, f->length);
    fputs("\">", d->body);
    put(d->body, f->label);
    fputs("</a></p>\n", d->body);
}

static void fold(struct document *d, const char *label)
{
    if (!label) {
        fputs("</details>\n", d->body);
        return;
    }
    fputs("<details><summary>", d->body);
    put(d->body, label);
    fputs("</summary>\n", d->body);
}

/* ---- the whole ------------------------------------------------------------------- */

static void put_head(const struct document_head *h, FILE *out)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
          "img-src data:; style-src 'sha256-",
          out);
    put_base64(out, (const char *)h->style_digest, SHA256_BYTES);
    fputs("'; base-uri 'none'; form-action 'none'\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta name=\"color-scheme\" content=\"light dark\">\n"
          "<meta name=\"referrer\" content=\"no-referrer\">\n"
          "<meta name=\"generator\" content=\"",
          out);
    put(out, h->generator);
    fputs("\">\n<title>", out);
    put(out, h->title);
    fputs(" - ", out);
    put(out, h->kind);
    fprintf(out, "</title>\n<style>%s</style>\n</head>\n", h->style);
}

static void put_title(const struct document_head *h, FILE *out)
{
    fputs("<header>\n<p class=\"kind\">", out);
    put(out, h->kind);
    fputs("</p>\n<h1>", out);
    put(out, h->title);
    fputs("</h1>\n", out);
    if (h->about) {
        fputs("<p class=\"about\">", out);
        put(out, h->about);
        fputs("</p>\n", out);
    }
    fputs("</header>\n", out);
}

static void whole(const struct document *d, FILE *out)
{
    put_head(&d->head, out);
    fprintf(out, "<body class=\"%s\">\n", d->head.brief ? "brief" : "full");
    if (!d->head.brief)
        fputs("<a class=\"skip\" href=\"#main\">Skip the contents</a>\n", out);
    put_title(&d->head, out);
    if (!d->head.brief) {
        fputs("<nav aria-label=\"Contents\">\n<ol>\n", out);
        fwrite(d->contents_bytes, 1, d->contents_length, out);
        fputs("</ol>\n</nav>\n", out);
    }
    fputs("<main id=\"main\">\n", out);
    fwrite(d->body_bytes, 1, d->body_length, out);
    fprintf(out, "%s</main>\n<footer><p>Written by ",
            d->sections > 0 ? "</section>\n" : "");
    put(out, d->head.generator);
    fputs(". Nothing on this page is fetched from elsewhere.</p></footer>\n</body>\n"
          "</html>\n",
          out);
}

const struct document_form document_html = {
    .heading = heading,
    .paragraph = paragraph,
    .list = list,
    .item = item,
    .verdict = verdict,
    .numbers = numbers,
    .table = table,
    .figure = figure,
    .code = code,
    .file = file,
    .fold = fold,
    .whole = whole,
};
