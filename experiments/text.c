/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L

#include "experiments/text.h"

#include "experiments/utf8.h"
#include "sim/check.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ----------------------------------------------------------------------- */

static bool read_all(int fd, char *bytes, size_t size, size_t *length)
{
    *length = 0;
    while (*length < size) {
        ssize_t got = read(fd, bytes + *length, size - *length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return false;
        if (got == 0)
            break;
        *length += (size_t)got;
    }
    return true;
}

const char *text_load(struct arena *arena, int fd, size_t most, size_t *length,
                      const char **why)
{
    struct stat stat;
    if (fstat(fd, &stat) != 0) {
        *why = arena_format(arena, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    if (!S_ISREG(stat.st_mode)) {
        *why = "must be a regular file";
        return NULL;
    }
    if (stat.st_size < 0 || (uintmax_t)stat.st_size > most) {
        *why = arena_format(arena, "must be at most %zu MiB, is %jd bytes", most >> 20,
                            (intmax_t)stat.st_size);
        return NULL;
    }
    size_t size = (size_t)stat.st_size;
    char *bytes = arena_array(arena, size + 1, 1);
    if (!read_all(fd, bytes, size, length)) {
        *why = arena_format(arena, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    return bytes;
}

const char *text_load_path(struct arena *arena, const char *path, size_t most,
                           size_t *length, const char **why)
{
    /* O_NONBLOCK: opening a FIFO must not wait for a writer */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        *why = arena_format(arena, "cannot be opened: %s", strerror(errno));
        return NULL;
    }
    const char *bytes = text_load(arena, fd, most, length, why);
    close(fd);
    return bytes;
}

/* ---- the scan -------------------------------------------------------------------- */

struct member {
    const char *key;
    uint32_t number;
};

struct scan {
    struct where *where;
    int source;
    char *bytes; /* a copy, in which comments become spaces */
    size_t length, at;
    int depth, values;
    struct member *members; /* of the objects that are open, innermost last */
    int member_count, member_room;
};

/* A problem at an offset; false, so that it can be returned. */
static bool wrong(struct scan *scan, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool wrong(struct scan *scan, size_t offset, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    where_source_problem(scan->where, scan->source, offset, "%s", text);
    return false;
}

static const char *character(const struct scan *scan, size_t offset)
{
    struct arena *arena = scan->where->arena;
    if (offset >= scan->length)
        return scan->where->sources[scan->source].is_set ? "the end"
                                                         : "the end of the file";
    uint32_t point;
    size_t size = utf8_decode(scan->bytes + offset, scan->length - offset, &point);
    return arena_format(arena, "'%.*s'", (int)(size ? size : 1), scan->bytes + offset);
}

static bool bytes_are_text(struct scan *scan)
{
    size_t size = 0;
    for (size_t i = 0; i < scan->length; i += size) {
        unsigned char byte = (unsigned char)scan->bytes[i];
        uint32_t point;
        size = utf8_decode(scan->bytes + i, scan->length - i, &point);
        if (size == 0)
            return wrong(scan, i, "must be UTF-8, has the byte 0x%02x", byte);
        if (point == 0)
            return wrong(scan, i, "must be text, has a NUL byte");
        if (point < 0x20 && point != '\n' && point != '\t' && point != '\r')
            return wrong(scan, i, "must be text, has the control character 0x%02x",
                         byte);
    }
    return true;
}

static bool is_mark(const struct scan *scan, size_t i)
{
    return scan->length - i >= 3 && memcmp(scan->bytes + i, "\xef\xbb\xbf", 3) == 0;
}

static size_t end_of_string(const struct scan *scan, size_t i)
{
    for (i++; i < scan->length && scan->bytes[i] != '"' && scan->bytes[i] != '\n'; i++)
        if (scan->bytes[i] == '\\')
            i++;
    return i;
}

/* Just behind the end of the comment that begins at `i`; 0 if it has none. */
static size_t end_of_comment(const struct scan *scan, size_t i)
{
    for (i += 2; i + 1 < scan->length; i++)
        if (scan->bytes[i] == '*' && scan->bytes[i + 1] == '/')
            return i + 2;
    return 0;
}

static bool blank_comments(struct scan *scan)
{
    char *bytes = scan->bytes;
    for (size_t i = 0; i < scan->length; i++) {
        if (bytes[i] == '"') {
            i = end_of_string(scan, i);
        } else if (bytes[i] == '/' && bytes[i + 1] == '/') {
            while (i < scan->length && bytes[i] != '\n')
                bytes[i++] = ' ';
        } else if (bytes[i] == '/' && bytes[i + 1] == '*') {
            size_t end = end_of_comment(scan, i);
            if (end == 0)
                return wrong(scan, i, "must be a comment closed by */");
            for (; i < end; i++)
                if (bytes[i] != '\n')
                    bytes[i] = ' ';
            i--;
        }
    }
    return true;
}

static char peek(const struct scan *scan)
{
    return scan->at < scan->length ? scan->bytes[scan->at] : '\0';
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->length && strchr(" \t\r\n", scan->bytes[scan->at]))
        scan->at++;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           c == '_' || c == '.' || c == '+' || c == '-';
}

static bool digits(struct scan *scan)
{
    size_t start = scan->at;
    while (is_digit(peek(scan)))
        scan->at++;
    return scan->at > start;
}

/* The grammar of RFC 8259, section 6. */
static bool number_grammar(struct scan *scan)
{
    if (peek(scan) == '-')
        scan->at++;
    if (peek(scan) == '0')
        scan->at++;
    else if (!digits(scan))
        return false;
    if (peek(scan) == '.') {
        scan->at++;
        if (!digits(scan))
            return false;
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        if (!digits(scan))
            return false;
    }
    return !is_word(peek(scan));
}

static bool vanishes(const char *number, double value)
{
    return value == 0 && number[strcspn(number, "123456789eE")] >= '1' &&
           number[strcspn(number, "123456789eE")] <= '9';
}

static bool scan_number(struct scan *scan)
{
    size_t start = scan->at, end = start;
    bool strict = number_grammar(scan);
    while (end < scan->length && is_word(scan->bytes[end]))
        end++;
    const char *text = arena_text(scan->where->arena, scan->bytes + start, end - start);
    if (end - start > TEXT_LONGEST_NUMBER)
        return wrong(scan, start, "must be a number of at most %d characters, has %zu",
                     TEXT_LONGEST_NUMBER, end - start);
    if (!strict)
        return wrong(scan, start, "must be a number such as 0.5, -3 or 1e6, is %s",
                     text);
    double value = strtod(text, NULL);
    if (!isfinite(value))
        return wrong(scan, start, "must be a number below 1.8e308, is %s", text);
    if (vanishes(text, value))
        return wrong(scan, start, "must be 0 or a number above 5e-324, is %s", text);
    return true;
}

static bool scan_word(struct scan *scan)
{
    static const char *const words[] = {"true", "false", "null"};
    size_t start = scan->at, end = start;
    while (end < scan->length && is_word(scan->bytes[end]))
        end++;
    for (int i = 0; i < 3; i++) {
        if (end - start == strlen(words[i]) &&
            memcmp(scan->bytes + start, words[i], end - start) == 0) {
            scan->at = end;
            return true;
        }
    }
    if (end == start)
        return wrong(scan, start, "must be a value, is %s", character(scan, start));
    size_t shown = end - start < 40 ? end - start : 40;
    const char *word = arena_text(scan->where->arena, scan->bytes + start, shown);
    const char *near = where_nearest(word, words, 3);
    if (near)
        return wrong(scan, start, "must be a value, is %s (did you mean %s?)", word,
                     near);
    return wrong(scan, start, "must be a value, is %s (text stands in double quotes)",
                 word);
}

static bool four_hex(const struct scan *scan, size_t at, uint32_t *unit)
{
    *unit = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = i < scan->length ? scan->bytes[i] : '\0';
        int digit = is_digit(c)            ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* \uXXXX, scan->at on the backslash; two of them for what lies above U+FFFF. */
static bool scan_unicode(struct scan *scan, uint32_t *point)
{
    size_t start = scan->at;
    uint32_t low;
    if (!four_hex(scan, start + 2, point))
        return wrong(scan, start, "must be \\u and four hexadecimal digits");
    scan->at += 6;
    if (*point == 0)
        return wrong(scan, start, "must be text, has \\u0000");
    if (*point >= 0xd800 && *point < 0xdc00) {
        if (peek(scan) != '\\' || scan->bytes[scan->at + 1] != 'u' ||
            !four_hex(scan, scan->at + 2, &low) || low < 0xdc00 || low > 0xdfff)
            return wrong(scan, start, "must be a whole surrogate pair, is \\u%04x",
                         *point);
        scan->at += 6;
        *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    } else if (*point >= 0xdc00 && *point < 0xe000) {
        return wrong(scan, start, "must be a whole surrogate pair, is \\u%04x", *point);
    }
    return true;
}

static bool scan_escape(struct scan *scan, char *text, size_t *used)
{
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    char c = scan->bytes[scan->at + 1]; /* there is a NUL behind the last byte */
    if (c == 'u') {
        uint32_t point;
        if (!scan_unicode(scan, &point))
            return false;
        *used += utf8_encode(point, text + *used);
        return true;
    }
    const char *found = c ? strchr(names, c) : NULL;
    if (!found)
        return wrong(
            scan, scan->at,
            "must be one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u, is \\ and %s",
            character(scan, scan->at + 1));
    text[(*used)++] = meant[found - names];
    scan->at += 2;
    return true;
}

/* A string; its decoded text if wanted. */
static bool scan_string(struct scan *scan, const char **decoded)
{
    size_t start = scan->at, used = 0;
    size_t end = end_of_string(scan, start);
    if (end >= scan->length || scan->bytes[end] != '"')
        return wrong(scan, start, "must be a string closed by \" on the same line");
    char *text = arena_array(scan->where->arena, end - start, 1);
    for (scan->at++; peek(scan) != '"';) {
        char c = peek(scan);
        if (c == '\\') {
            if (!scan_escape(scan, text, &used))
                return false;
            continue;
        }
        if ((unsigned char)c < 0x20)
            return wrong(scan, scan->at, "must be written as an escape, is the control "
                         "character 0x%02x", (unsigned char)c);
        text[used++] = c;
        scan->at++;
    }
    scan->at++;
    *decoded = text;
    return true;
}

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = strcmp(x->key, y->key);
    return order ? order : x->number < y->number ? -1 : 1;
}

static void tell_repeated(struct scan *scan, int first)
{
    struct member *members = scan->members + first;
    int count = scan->member_count - first;
    if (count > 1)
        qsort(members, (size_t)count, sizeof *members, by_key);
    for (int i = 1; i < count; i++)
        if (strcmp(members[i].key, members[i - 1].key) == 0)
            where_key_problem(scan->where, members[i].number,
                              "must be given once only");
}

static void add_member(struct scan *scan, const char *key, uint32_t number)
{
    if (scan->member_count == scan->member_room) {
        int room = scan->member_room ? 2 * scan->member_room : 64;
        struct member *larger = arena_many(scan->where->arena, room, struct member);
        if (scan->member_count > 0)
            memcpy(larger, scan->members, (size_t)scan->member_count * sizeof *larger);
        scan->members = larger;
        scan->member_room = room;
    }
    scan->members[scan->member_count++] = (struct member){key, number};
}

static bool scan_value(struct scan *scan, struct place place);

static bool scan_member(struct scan *scan, uint32_t parent)
{
    struct place place = {.parent = parent, .index = -1, .key_offset = scan->at};
    if (!scan_string(scan, &place.key))
        return false;
    skip_space(scan);
    if (peek(scan) != ':')
        return wrong(scan, scan->at, "must be ':' after a key, is %s",
                     character(scan, scan->at));
    scan->at++;
    add_member(scan, place.key, scan->where->count);
    return scan_value(scan, place);
}

/* After a member or element: another one, the end, or a mistake. */
static bool scan_comma(struct scan *scan, char close, bool *more)
{
    skip_space(scan);
    *more = peek(scan) == ',';
    if (!*more && peek(scan) != close)
        return wrong(scan, scan->at, "must be ',' or '%c', is %s", close,
                     character(scan, scan->at));
    scan->at++;
    return true;
}

static bool scan_object(struct scan *scan, uint32_t number)
{
    int first = scan->member_count;
    scan->at++;
    skip_space(scan);
    bool more = peek(scan) != '}';
    if (!more)
        scan->at++;
    while (more) {
        skip_space(scan);
        if (peek(scan) != '"')
            return wrong(scan, scan->at, "must be a key in double quotes, is %s%s",
                         character(scan, scan->at),
                         peek(scan) == '}' ? " (after a trailing comma)" : "");
        if (scan->member_count - first == TEXT_MOST_KEYS)
            return wrong(scan, scan->at, "must be one of at most %d keys of an object",
                         TEXT_MOST_KEYS);
        if (!scan_member(scan, number) || !scan_comma(scan, '}', &more))
            return false;
    }
    tell_repeated(scan, first);
    scan->member_count = first;
    return true;
}

static bool scan_array(struct scan *scan, uint32_t number)
{
    scan->at++;
    skip_space(scan);
    bool more = peek(scan) != ']';
    if (!more)
        scan->at++;
    for (int i = 0; more; i++) {
        skip_space(scan);
        if (peek(scan) == ']')
            return wrong(scan, scan->at,
                         "must be a value, is ']' (after a trailing comma)");
        if (!scan_value(scan, (struct place){.parent = number, .index = i}) ||
            !scan_comma(scan, ']', &more))
            return false;
    }
    return true;
}

static bool scan_nested(struct scan *scan, uint32_t number)
{
    if (scan->depth == TEXT_MOST_DEPTH)
        return wrong(scan, scan->at, "must be nested at most %d deep", TEXT_MOST_DEPTH);
    scan->depth++;
    bool fine =
        peek(scan) == '{' ? scan_object(scan, number) : scan_array(scan, number);
    scan->depth--;
    return fine;
}

static bool scan_value(struct scan *scan, struct place place)
{
    skip_space(scan);
    if (++scan->values > TEXT_MOST_VALUES)
        return wrong(scan, scan->at, "must be one of at most %d values",
                     TEXT_MOST_VALUES);
    const char *ignored;
    char c = peek(scan);
    place.source = scan->source;
    place.offset = scan->at;
    uint32_t number = where_add(scan->where, place);
    bool fine = c == '{' || c == '['       ? scan_nested(scan, number)
                : c == '"'                 ? scan_string(scan, &ignored)
                : c == '-' || is_digit(c) || c == '.' || c == '+' ? scan_number(scan)
                                           : scan_word(scan);
    scan->where->places[number].length = scan->at - place.offset;
    return fine;
}

/* Within a string U+FEFF is a character as any other. Elsewhere nobody sees it. */
static bool marks_are_leading(struct scan *scan)
{
    scan->at = is_mark(scan, 0) ? 3 : 0;
    for (size_t i = scan->at; i < scan->length; i++) {
        if (scan->bytes[i] == '"')
            i = end_of_string(scan, i);
        else if (is_mark(scan, i))
            return wrong(scan, i, "must have a byte order mark at its start only");
    }
    return true;
}

static bool scan_document(struct scan *scan, struct place root)
{
    if (!bytes_are_text(scan) || !blank_comments(scan) || !marks_are_leading(scan))
        return false;
    if (!scan_value(scan, root))
        return false;
    skip_space(scan);
    if (scan->at < scan->length)
        return wrong(scan, scan->at, "must be the end, is %s",
                     character(scan, scan->at));
    return true;
}

/* ---- the tree -------------------------------------------------------------------- */

/* The same walk as the scan's, so the numbers agree. */
static void number_nodes(cJSON *node, uint32_t *next)
{
    for (; node; node = node->next) {
        node->valueint = (int)(*next)++;
        number_nodes(node->child, next);
    }
}

cJSON *text_parse(struct where *where, int source, uint32_t parent, const char *key,
                  int index)
{
    const struct source *from = &where->sources[source];
    struct scan scan = {
        .where = where,
        .source = source,
        .bytes = arena_text(where->arena, from->bytes, from->length),
        .length = from->length,
    };
    uint32_t first = where->count;
    if (!scan_document(&scan,
                       (struct place){.parent = parent, .key = key, .index = index}))
        return NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(scan.bytes, scan.length + 1, NULL, 1);
    if (!root)
        die("%s: out of memory", from->name);
    uint32_t next = first;
    number_nodes(root, &next);
    check(next == where->count, "%u values in the tree, %u in the scan", next - first,
          where->count - first);
    return root;
}

/* ---- canonical text -------------------------------------------------------------- */

struct writer {
    char *bytes; /* NULL while the length is being counted */
    size_t length;
    struct arena *arena;
};

static void put(struct writer *to, const char *bytes, size_t length)
{
    if (to->bytes)
        memcpy(to->bytes + to->length, bytes, length);
    to->length += length;
}

static void put_string(struct writer *to, const char *text)
{
    put(to, "\"", 1);
    for (; *text; text++) {
        char escape[8];
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            put(to, escape, (size_t)snprintf(escape, sizeof escape, "\\%c", c));
        else if (c < 0x20)
            put(to, escape, (size_t)snprintf(escape, sizeof escape, "\\u%04x", c));
        else
            put(to, text, 1);
    }
    put(to, "\"", 1);
}

static int by_name(const void *a, const void *b)
{
    const cJSON *const *x = a, *const *y = b;
    return strcmp((*x)->string, (*y)->string);
}

static void put_node(struct writer *to, const cJSON *node);

static void put_children(struct writer *to, const cJSON *node)
{
    int count = cJSON_GetArraySize(node), i = 0;
    const cJSON **children = arena_many(to->arena, count + 1, const cJSON *);
    for (const cJSON *child = node->child; child; child = child->next)
        children[i++] = child;
    if (cJSON_IsObject(node) && count > 1)
        qsort(children, (size_t)count, sizeof *children, by_name);
    put(to, cJSON_IsObject(node) ? "{" : "[", 1);
    for (i = 0; i < count; i++) {
        if (i > 0)
            put(to, ",", 1);
        if (cJSON_IsObject(node)) {
            put_string(to, children[i]->string);
            put(to, ":", 1);
        }
        put_node(to, children[i]);
    }
    put(to, cJSON_IsObject(node) ? "}" : "]", 1);
}

static void put_node(struct writer *to, const cJSON *node)
{
    char number[40];
    if (cJSON_IsObject(node) || cJSON_IsArray(node))
        put_children(to, node);
    else if (cJSON_IsString(node))
        put_string(to, node->valuestring);
    else if (cJSON_IsNumber(node))
        put(to, number,
            (size_t)snprintf(number, sizeof number, "%.17g", node->valuedouble + 0.0));
    else if (cJSON_IsNull(node))
        put(to, "null", 4);
    else
        put(to, cJSON_IsTrue(node) ? "true" : "false", cJSON_IsTrue(node) ? 4 : 5);
}

const char *text_canonical(struct arena *arena, const cJSON *root)
{
    struct writer to = {.arena = arena};
    put_node(&to, root);
    to.bytes = arena_array(arena, to.length + 1, 1);
    to.length = 0;
    put_node(&to, root);
    return to.bytes;
}
