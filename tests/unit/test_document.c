/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Documents: whatever a text holds stays text, in HTML and in Markdown; what is written
 * is whole, and the same for the same calls. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/report.h"
#include "plots/document.h"
#include "sim/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STAND_IN "\xEF\xBF\xBD"

static const unsigned char digest[32] = {0xff, 0xee, 0xdd};

static struct document *begin(enum document_format format, const char *title)
{
    struct document *d = document_open(&(struct document_head){.format = format,
                                                               .kind = "Report",
                                                               .title = title,
                                                               .about = title,
                                                               .generator = "headroom",
                                                               .style = "p{color:red}",
                                                               .style_digest = digest});
    assert_non_null(d);
    return d;
}

/* Every block, with the text in every place that takes one. */
static char *everything(enum document_format format, const char *text)
{
    struct document *d = begin(format, text);
    const struct document_cell cell[] = {{.text = text, .below = text}, {.text = text}};
    const struct document_image image = {"<svg/>", 6, 8, 5};
    document_heading(d, 2, text);
    document_verdict(d, TONE_GOOD, text);
    document_numbers(d, &(struct document_number){text, text, text, TONE_BAD}, 1);
    document_paragraph(d, text);
    document_item(d, text);
    document_note(d, text);
    document_heading(d, 3, text);
    document_table(d, &(struct document_table){text, 2, 1, 1, cell, cell});
    document_figure(d, &(struct document_figure){text, text, text, image, image, text});
    document_fold(d, text);
    document_code(d, text);
    document_unfold(d);
    document_file(d, &(struct document_file){text, text, "text/csv", "a,b", 3});
    size_t length;
    char *page = document_close(d, &length);
    assert_non_null(page);
    assert_int_equal(strlen(page), length);
    return page;
}

static void says(const char *page, const char *text)
{
    if (!strstr(page, text))
        fail_msg("no %s in %s", text, page);
}

static void lacks(const char *page, const char *text)
{
    if (strstr(page, text))
        fail_msg("%s in %s", text, page);
}

static void html_holds_every_block(void **state)
{
    (void)state;
    char *page = everything(DOCUMENT_HTML, "plain");
    says(page, "<title>plain - Report</title>");
    says(page, "style-src 'sha256-/+7dAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='");
    says(page, "<li><a href=\"#s1\">plain</a></li>");
    says(page, "<h2 id=\"s1\">plain</h2>");
    says(page, "<p class=\"verdict good\">plain</p>");
    says(page, "<ul>\n<li>plain</li>\n</ul>\n<p class=\"note\">plain</p>");
    says(page, "<caption>plain</caption>");
    says(page, "<th scope=\"row\" class=\"t\">plain<br><small>plain</small></th>");
    says(page, "src=\"data:image/svg+xml;base64,PHN2Zy8+\" width=\"8\" height=\"5\"");
    says(page, "<strong>Figure 1.</strong> plain");
    says(page, "<pre tabindex=\"0\"><code>plain</code></pre>");
    says(page, "download=\"plain\" href=\"data:text/csv;base64,YSxi\"");
    says(page, "</section>\n</main>");
    free(page);
}

static void html_escapes_every_text(void **state)
{
    (void)state;
    char *page = everything(DOCUMENT_HTML, "\"><b>' &amp; \x1b \xE2\x80\xAE \xFF\n");
    lacks(page, "<b>");
    lacks(page, "\x1b");
    lacks(page, "\xE2\x80\xAE");
    lacks(page, "\xFF");
    says(page,
         "<p>&quot;&gt;&lt;b&gt;&#39; &amp;amp; " STAND_IN
         " " STAND_IN STAND_IN STAND_IN " " STAND_IN STAND_IN "</p>"); /* one a byte */
    free(page);
}

static void markdown_escapes_what_would_begin_something(void **state)
{
    (void)state;
    char *page = everything(DOCUMENT_MARKDOWN, "[x](y) <b> `c` *d* | http://e #f");
    says(page, "# \\[x\\](y) &lt;b&gt; \\`c\\` \\*d\\* \\| http\\://e \\#f\n");
    says(page, "](<%5Bx%5D%28y%29%20%3Cb%3E");
    free(page);
    page = everything(DOCUMENT_MARKDOWN, "1. - no list");
    says(page, "\n\n1\\. - no list\n\n");
    free(page);
    page = everything(DOCUMENT_MARKDOWN, "- no list");
    says(page, "\n\n\\- no list\n\n");
    free(page);
}

/* Code in Markdown is four spaces before each line; nothing ends it. */
static void code_keeps_its_lines(void **state)
{
    (void)state;
    struct document *d = begin(DOCUMENT_MARKDOWN, "t");
    size_t length;
    document_code(d, "a\n```\n<b>");
    char *page = document_close(d, &length);
    says(page, "\n    a\n    ```\n    <b>\n\n");
    free(page);
}

static void empty_blocks_leave_nothing(void **state)
{
    (void)state;
    struct document *d = begin(DOCUMENT_HTML, "t");
    size_t length;
    document_numbers(d, NULL, 0);
    document_table(d, &(struct document_table){.caption = "none", .columns = 2});
    document_figure(d, &(struct document_figure){.title = "none", .caption = "none"});
    char *page = document_close(d, &length);
    says(page, "<main id=\"main\">\n</main>");
    lacks(page, "none</");
    free(page);
}

/* ---- command lines to be copied -------------------------------------------------- */

static void a_quoted_text_is_one_word_of_a_shell(void **state)
{
    static const char *const texts[] = {
        "load.hdb", "a b", "$(touch x)", "`id`",   "it's",     "'",
        "",         "a;b", "-rf",        "\\",     "a\nb",     "!x",
        "*",        "~",   "#x",         "''\"$x", "a&b|c<d>e"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena;
        char heard[200];
        arena_init(&arena);
        const char *line = arena_format(&arena, "set -- %s; printf '%%s|%%s' $# \"$1\"",
                                        report_quoted(texts[i], &arena));
        FILE *shell = popen(line, "r");
        size_t length = fread(heard, 1, sizeof heard - 1, shell);
        assert_int_equal(pclose(shell), 0);
        heard[length] = '\0';
        assert_string_equal(heard, arena_format(&arena, "1|%s", texts[i]));
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_holds_every_block),
        cmocka_unit_test(html_escapes_every_text),
        cmocka_unit_test(markdown_escapes_what_would_begin_something),
        cmocka_unit_test(code_keeps_its_lines),
        cmocka_unit_test(empty_blocks_leave_nothing),
        cmocka_unit_test(a_quoted_text_is_one_word_of_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
