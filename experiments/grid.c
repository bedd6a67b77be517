/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/grid.h"

#include "experiments/human.h"

#include <string.h>

enum { INDENT = 2, BETWEEN = 2, FIRST_USUALLY = 20, FIRST_AT_LEAST = 8 };

struct grid_row *grid_add(struct grid *grid, struct sheet *sheet, enum ink ink)
{
    if (grid->rows == grid->room) {
        int room = grid->room ? 2 * grid->room : 16;
        struct grid_row *row = arena_many(&sheet->arena, room, struct grid_row);
        if (grid->rows)
            memcpy(row, grid->row, (size_t)grid->rows * sizeof *row);
        grid->row = row;
        grid->room = room;
    }
    struct grid_row *row = &grid->row[grid->rows++];
    for (int i = 0; i < GRID_COLUMNS; i++)
        row->ink[i] = ink;
    return row;
}

struct grid_row *grid_heading(struct grid *grid, struct sheet *sheet)
{
    struct grid_row *row = grid_add(grid, sheet, INK_BOLD);
    row->heading = true;
    return row;
}

static int larger(int a, int b)
{
    return a > b ? a : b;
}

static const char *text_of(const struct grid_row *row, int column)
{
    return row->cell[column] ? row->cell[column] : "";
}

/* Columns of text from the indent of the body on; 0 where nothing stands. */
static int width_of(const struct grid *grid, int column)
{
    int width = 0;
    for (int i = 0; i < grid->rows; i++) {
        int own = human_width(text_of(&grid->row[i], column));
        width = larger(width, grid->row[i].heading && column == 0 ? own - INDENT : own);
    }
    return width;
}

static void find_widths(const struct grid *grid, int *width)
{
    int sum = INDENT;
    for (int i = 0; i < grid->columns; i++) {
        width[i] = width_of(grid, i);
        if (i == 0)
            width[i] = larger(width[i], FIRST_USUALLY);
        sum += width[i] + (i && width[i] ? BETWEEN : 0);
    }
    if (sum > SHEET_WIDTH)
        width[0] = larger(width[0] - (sum - SHEET_WIDTH), FIRST_AT_LEAST);
}

static void put_cell(const struct sheet *sheet, const char *text, int width, int gap,
                     enum ink ink)
{
    bool inked = ink != INK_PLAIN;
    sheet_gap(sheet, gap);
    fputs(inked ? sheet_ink(sheet, ink) : "", sheet->out);
    if (human_width(text) > width)
        sheet_left(sheet, text, width);
    else
        fputs(text, sheet->out);
    fputs(inked ? sheet_ink(sheet, INK_PLAIN) : "", sheet->out);
}

/* Gaps are put only before the next text, so that none is left at the end. */
static void print_row(const struct grid *grid, const struct grid_row *row,
                      const int *width, const struct sheet *sheet)
{
    int gap = row->heading ? 0 : INDENT;
    for (int i = 0; i < grid->columns; i++) {
        const char *text = text_of(row, i);
        int room = width[i] + (row->heading && i == 0 ? INDENT : 0);
        int spare = larger(room - human_width(text), 0);
        if (!*text) {
            gap += room;
        } else {
            put_cell(sheet, text, room, gap + (i < grid->left ? 0 : spare),
                     row->ink[i]);
            gap = i < grid->left ? spare : 0;
        }
        gap += i + 1 < grid->columns && width[i + 1] ? BETWEEN : 0;
    }
    putc('\n', sheet->out);
}

static bool has_text(const struct grid *grid, const struct grid_row *row)
{
    for (int i = 0; i < grid->columns; i++)
        if (*text_of(row, i))
            return true;
    return false;
}

/* ---- in a document --------------------------------------------------------------- */

static enum tone tone_of(enum ink ink)
{
    return ink == INK_GOOD    ? TONE_GOOD
           : ink == INK_BAD   ? TONE_BAD
           : ink == INK_DOUBT ? TONE_WARN
           : ink == INK_FAINT ? TONE_FAINT
                              : TONE_PLAIN;
}

/* The columns in which anything stands. */
static int used_columns(const struct grid *grid, int *used)
{
    int count = 0;
    for (int c = 0; c < grid->columns; c++)
        if (c == 0 || width_of(grid, c) > 0)
            used[count++] = c;
    return count;
}

static void add_below(struct document_cell *cell, const struct grid_row *row,
                      const int *used, int columns)
{
    for (int c = 0; c < columns; c++)
        cell[c].below = text_of(row, used[c]);
}

static void add_row(struct document_cell *cell, const struct grid_row *row,
                    const int *used, int columns)
{
    for (int c = 0; c < columns; c++)
        cell[c] = (struct document_cell){.text = text_of(row, used[c]),
                                         .tone = tone_of(row->ink[used[c]])};
}

static void add_to_document(const struct grid *grid, struct sheet *sheet)
{
    int used[GRID_COLUMNS], columns = used_columns(grid, used);
    struct document_cell *head = arena_many(&sheet->arena, columns + 1,
                                            struct document_cell);
    struct document_cell *cell = arena_many(
        &sheet->arena, columns * grid->rows + 1, struct document_cell);
    struct document_table table = {
        .caption = grid->caption, .columns = columns, .left = 1, .cell = cell};
    for (int c = 0; c < columns; c++)
        table.left += c && used[c] < grid->left;
    for (int i = 0; i < grid->rows; i++) {
        const struct grid_row *row = &grid->row[i];
        if (row->heading) {
            add_row(head, row, used, columns);
            table.caption = head[0].text;
            head[0].text = NULL;
            table.head = head;
        } else if (row->below && table.rows > 0) {
            add_below(&cell[(table.rows - 1) * columns], row, used, columns);
        } else if (has_text(grid, row)) {
            add_row(&cell[table.rows++ * columns], row, used, columns);
        }
    }
    document_table(sheet->document, &table);
    sheet->explains = true;
}

void grid_print(const struct grid *grid, struct sheet *sheet)
{
    if (sheet->document) {
        add_to_document(grid, sheet);
        return;
    }
    int width[GRID_COLUMNS] = {0};
    find_widths(grid, width);
    for (int i = 0; i < grid->rows; i++)
        if (has_text(grid, &grid->row[i]))
            print_row(grid, &grid->row[i], width, sheet);
}
