/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L

#include "experiments/data.h"

#include "experiments/text.h"
#include "experiments/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

/* ---- opening --------------------------------------------------------------------- */

static bool is_plain_part(const char *part, size_t length)
{
    bool dot = length == 1 && part[0] == '.';
    bool up = length == 2 && part[0] == '.' && part[1] == '.';
    return length > 0 && length <= NAME_MAX && !dot && !up;
}

static bool is_inside(const char *name)
{
    for (;;) {
        size_t length = strcspn(name, "/");
        if (!is_plain_part(name, length))
            return false;
        if (name[length] == '\0')
            return true;
        name += length + 1;
    }
}

/* One folder or file at a time, so that no link on the way is followed. */
static int open_inside(const char *folder, const char *name)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (fd >= 0) {
        char part[NAME_MAX + 1];
        size_t length = strcspn(name, "/");
        memcpy(part, name, length);
        part[length] = '\0';
        bool last = name[length] == '\0';
        int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
        int next = openat(fd, part, last ? flags : flags | O_DIRECTORY);
        int error = errno;
        close(fd);
        errno = error;
        fd = next;
        if (last)
            break;
        name += length + 1;
    }
    return fd;
}

static const char *load(struct where *where, const char *folder, const char *name,
                        uint32_t at, const char *key, size_t *length)
{
    if (!folder || !is_inside(name)) {
        where_problem(where, at, key,
                      "must be a file in the scenario's folder, is \"%s\"", name);
        return NULL;
    }
    int fd = open_inside(folder, name);
    if (fd < 0) {
        if (errno == ELOOP || errno == ENOTDIR)
            where_problem(where, at, key, "must be a file without links on its path, "
                          "is \"%s\"", name);
        else
            where_problem(where, at, key,
                          "must be a file that can be opened, is \"%s\" "
                          "(%s)",
                          name, strerror(errno));
        return NULL;
    }
    const char *why = NULL;
    const char *bytes = text_load(where->arena, fd, DATA_MOST_BYTES, length, &why);
    close(fd);
    if (!bytes)
        where_problem(where, at, key, "%s (\"%s\")", why, name);
    return bytes;
}

/* ---- cells ----------------------------------------------------------------------- */

struct reader {
    struct where *where;
    int source;
    char *bytes; /* a copy that is cut into cells */
    size_t length, at;
    int line;
    const char **cells;
    size_t count, room;
};

static bool wrong(struct reader *reader, size_t offset, const char *text)
{
    where_source_problem(reader->where, reader->source, offset, "%s", text);
    return false;
}

static bool is_text(struct reader *reader)
{
    size_t size = 0;
    for (size_t i = 0; i < reader->length; i += size) {
        uint32_t point;
        size = utf8_decode(reader->bytes + i, reader->length - i, &point);
        if (size == 0)
            return wrong(reader, i, "must be UTF-8");
        if (point < 0x20 && point != '\n' && point != '\t' && point != '\r')
            return wrong(reader, i, "must be text, has a control character");
    }
    return true;
}

static bool add_cell(struct reader *reader, size_t offset, const char *cell)
{
    if (reader->count == DATA_MOST_CELLS)
        return wrong(reader, offset, "must have fewer cells");
    if (reader->count == reader->room) {
        size_t room = reader->room ? 2 * reader->room : 256;
        const char **larger = arena_many(reader->where->arena, room, const char *);
        if (reader->count > 0)
            memcpy(larger, reader->cells, reader->count * sizeof *larger);
        reader->cells = larger;
        reader->room = room;
    }
    reader->cells[reader->count++] = cell;
    return true;
}

/* The rest of a quoted cell, "" being a quote; shortened in place. */
static bool quoted_cell(struct reader *reader, const char **cell)
{
    char *bytes = reader->bytes;
    size_t start = reader->at++, to = reader->at;
    *cell = bytes + reader->at;
    while (reader->at < reader->length && bytes[reader->at] != '\n') {
        if (bytes[reader->at] == '"' && bytes[++reader->at] != '"') {
            bytes[to] = '\0';
            if (reader->at < reader->length && !strchr(",\r\n", bytes[reader->at]))
                return wrong(reader, reader->at,
                             "must be a comma or the end of the line "
                             "after a quoted cell");
            return true;
        }
        bytes[to++] = bytes[reader->at++];
    }
    return wrong(reader, start, "must be a cell closed by \" on the same line");
}

/* A line's cells; how many, or -1. */
static int read_line(struct reader *reader)
{
    char *bytes = reader->bytes;
    for (int count = 1;; count++) {
        const char *cell = bytes + reader->at;
        size_t start = reader->at;
        if (bytes[reader->at] == '"' && !quoted_cell(reader, &cell))
            return -1;
        reader->at += strcspn(bytes + reader->at, ",\n");
        char end = bytes[reader->at];
        size_t last = reader->at;
        if (end != ',' && last > start && bytes[last - 1] == '\r')
            bytes[last - 1] = '\0';
        bytes[reader->at++] = '\0';
        if (count > DATA_MOST_COLUMNS) {
            wrong(reader, start, "must be a line of at most 1000 cells");
            return -1;
        }
        if (!add_cell(reader, start, cell))
            return -1;
        if (end != ',')
            return count;
    }
}

static bool is_empty_line(const struct reader *reader)
{
    const char *rest = reader->bytes + reader->at;
    return rest[0] == '\n' || (rest[0] == '\r' && rest[1] == '\n');
}

/* All rows below the header; their lines are noted. */
static bool read_rows(struct reader *reader, struct param_csv *csv)
{
    int room = 0;
    while (reader->at < reader->length) {
        reader->line++;
        if (is_empty_line(reader)) {
            reader->at += reader->bytes[reader->at] == '\r' ? 2 : 1;
            continue;
        }
        if (csv->rows == room) {
            room = room ? 2 * room : 256;
            int *larger = arena_many(reader->where->arena, room, int);
            if (csv->rows > 0)
                memcpy(larger, csv->line, (size_t)csv->rows * sizeof *larger);
            csv->line = larger;
        }
        size_t start = reader->at;
        int count = read_line(reader);
        if (count < 0)
            return false;
        if (count != csv->columns) {
            where_source_problem(reader->where, reader->source, start,
                                 "must be a line of %d cells as the first, has %d",
                                 csv->columns, count);
            return false;
        }
        csv->line[csv->rows++] = reader->line;
    }
    return csv->rows > 0 ||
           wrong(reader, WHERE_WHOLE, "must have lines below its header");
}

static bool read_table(struct reader *reader, struct param_csv *csv)
{
    if (reader->length >= 2 && memcmp(reader->bytes, "\x1f\x8b", 2) == 0)
        return wrong(reader, WHERE_WHOLE, "must be text, is packed: gunzip it first");
    if (!is_text(reader))
        return false;
    if (reader->length >= 3 && memcmp(reader->bytes, "\xef\xbb\xbf", 3) == 0)
        reader->at = 3;
    if (reader->at >= reader->length)
        return wrong(reader, WHERE_WHOLE, "must not be empty");
    reader->line = 1;
    csv->columns = read_line(reader);
    if (csv->columns < 0)
        return false;
    csv->header = reader->cells;
    reader->cells = NULL;
    reader->count = reader->room = 0;
    bool fine = read_rows(reader, csv);
    csv->cell = reader->cells;
    return fine;
}

/* The bytes of the table, in a file called `path`, cut into cells. */
static bool read_bytes(struct where *where, struct data_table *table, const char *path)
{
    table->source = where_add_source(
        where,
        (struct source){.name = path, .bytes = table->bytes, .length = table->length});
    struct reader reader = {
        .where = where,
        .source = table->source,
        .bytes = arena_text(where->arena, table->bytes, table->length),
        .length = table->length,
    };
    return read_table(&reader, &table->csv);
}

struct data_table *data_read(struct where *where, const char *folder, const char *name,
                             uint32_t at, const char *key)
{
    struct data_table *table = arena_new(where->arena, struct data_table);
    table->bytes = load(where, folder, name, at, key, &table->length);
    if (!table->bytes)
        return NULL;
    table->csv.file = name;
    table->csv.at = at;
    const char *path = strcmp(folder, ".") == 0
                           ? name
                           : arena_format(where->arena, "%s/%s", folder, name);
    return read_bytes(where, table, path) ? table : NULL;
}

struct data_table *data_read_path(struct where *where, const char *path)
{
    struct data_table *table = arena_new(where->arena, struct data_table);
    const char *why;
    table->bytes =
        text_load_path(where->arena, path, DATA_MOST_BYTES, &table->length, &why);
    table->csv.file = path;
    table->csv.at = WHERE_NOWHERE;
    if (table->bytes)
        return read_bytes(where, table, path) ? table : NULL;
    int source = where_add_source(where, (struct source){.name = path, .bytes = ""});
    where_source_problem(where, source, WHERE_WHOLE, "%s", why);
    return NULL;
}

int data_column(const struct param_csv *csv, const char *name)
{
    for (int i = 0; i < csv->columns; i++)
        if (strcmp(csv->header[i], name) == 0)
            return i;
    return -1;
}

static size_t offset_of_line(const struct data_table *table, int line)
{
    size_t offset = 0;
    while (--line > 0) {
        const char *end = memchr(table->bytes + offset, '\n', table->length - offset);
        if (!end)
            break;
        offset = (size_t)(end - table->bytes) + 1;
    }
    return offset;
}

void data_problem(struct where *where, const struct data_table *table, int row,
                  const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    where_source_problem(where, table->source,
                         offset_of_line(table, table->csv.line[row]), "%s", text);
}
