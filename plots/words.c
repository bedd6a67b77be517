/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plots/words.h"

#include "plots/script.h"

#include <stdbool.h>
#include <string.h>

/* Pixels that a column of text takes, by the size of its letters. */
enum { CAPTION_COLUMN = 6 };
enum { WIDE = 700, TEXT_MOST = 1000 };

static bool is_wide(const struct figure *f)
{
    return f->width >= WIDE;
}

static int title_size(const struct figure *f)
{
    return is_wide(f) ? 21 : 17;
}

static int text_size(const struct figure *f)
{
    return is_wide(f) ? 14 : 12;
}

/* Columns of text of this size that fit into so many pixels. */
static int columns(int pixels, int size)
{
    return pixels * 15 / 8 / size;
}

static int room(const struct figure *f)
{
    return f->width - 2 * WORDS_EDGE;
}

/* The text as lines of at most `most` bytes, broken at spaces; how many. What does not
 * fit into the last one is cut there by script_text. */
static int break_lines(const char *text, int most,
                       char line[WORDS_CAPTION_MOST][TEXT_MOST])
{
    int count = 0;
    while (text && *text && count < WORDS_CAPTION_MOST) {
        size_t length = strlen(text), end = length;
        bool last = count == WORDS_CAPTION_MOST - 1;
        if (!last && length > (size_t)most) {
            end = (size_t)most;
            while (end > 0 && text[end] != ' ')
                end--;
            end = end ? end : length; /* a single word */
        }
        size_t kept = end < TEXT_MOST - 1 ? end : TEXT_MOST - 1;
        memcpy(line[count], text, kept);
        line[count++][kept] = '\0';
        text += end + strspn(text + end, " ");
    }
    return count;
}

static int caption_lines(const struct figure *f)
{
    char line[WORDS_CAPTION_MOST][TEXT_MOST];
    int count = break_lines(f->table.caption, room(f) / CAPTION_COLUMN, line);
    return count ? count : 1;
}

int words_top(const struct figure *f)
{
    return is_wide(f) ? 92 : 78;
}

int words_bottom(const struct figure *f)
{
    return 80 + WORDS_LINE * (caption_lines(f) - 1);
}

static void write_text(FILE *out, const char *name, const char *text, int most)
{
    fprintf(out, "%s = ", name);
    script_text(out, text, most);
    putc('\n', out);
}

void words_write(const struct figure *f, int left, int right, FILE *out)
{
    char line[WORDS_CAPTION_MOST][TEXT_MOST];
    const struct table *t = &f->table;
    int lines = break_lines(t->caption, room(f) / CAPTION_COLUMN, line);
    fprintf(out, "width = %d.0\nheight = %d.0\n", f->width, f->height);
    fprintf(out, "left = %d\nright = %d\ntop = %d\nbottom = %d\nleft_edge = %d\n", left,
            right, words_top(f), words_bottom(f), WORDS_EDGE);
    fprintf(out, "title_font = 'Helvetica,%d'\ntext_font = 'Helvetica,%d'\n",
            title_size(f), text_size(f));
    fprintf(out, "title_line = %d\ny_line = %d\n", is_wide(f) ? 34 : 28,
            is_wide(f) ? 62 : 52);
    write_text(out, "title", t->title, columns(room(f), title_size(f)));
    write_text(out, "x_label", t->x_label,
               columns(f->width - left - right, text_size(f)));
    write_text(out, "y_label", t->y_label, columns(room(f), text_size(f)));
    write_text(out, "nothing", t->nothing ? t->nothing : "nothing to draw",
               columns(f->width - left - right, title_size(f)));
    fprintf(out, "caption_lines = %d\narray caption[%d]\n", lines, WORDS_CAPTION_MOST);
    for (int i = 0; i < lines; i++) {
        fprintf(out, "caption[%d] = ", i + 1);
        script_text(out, line[i], room(f) / CAPTION_COLUMN);
        putc('\n', out);
    }
}
