/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/where.h"

#include "experiments/utf8.h"
#include "sim/nearest.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_KEY = 80 /* bytes of a key shown in a pointer */ };

/* ---- collecting ------------------------------------------------------------------ */

/* Room for one more element in an array of the arena. */
static void *grown(struct arena *arena, void *items, int count, int *room, size_t size)
{
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : 16;
    void *larger = arena_array(arena, (size_t)*room, size);
    if (count > 0)
        memcpy(larger, items, (size_t)count * size);
    return larger;
}

static void hear(void *context, uint32_t at, const char *key, const char *text)
{
    where_problem(context, at, key, "%s", text);
}

struct where *where_new(struct arena *arena)
{
    struct where *where = arena_new(arena, struct where);
    where->arena = arena;
    where->problems = arena_many(arena, WHERE_MOST_PROBLEMS, struct problem);
    where->listener = (struct listener){.hear = hear, .context = where};
    return where;
}

int where_add_source(struct where *where, struct source source)
{
    where->sources = grown(where->arena, where->sources, where->source_count,
                           &where->source_room, sizeof source);
    where->sources[where->source_count] = source;
    return where->source_count++;
}

uint32_t where_add(struct where *where, struct place place)
{
    if (where->count == where->room) {
        uint32_t room = where->room ? where->room * 2 : 64;
        struct place *larger = arena_many(where->arena, room, struct place);
        if (where->count > 0)
            memcpy(larger, where->places, where->count * sizeof *larger);
        where->places = larger;
        where->room = room;
    }
    where->places[where->count] = place;
    return where->count++;
}

/* The newest one: a --set adds a second value under the same key. */
uint32_t where_member(const struct where *where, uint32_t at, const char *key)
{
    for (uint32_t i = where->count; i-- > 0;) {
        const struct place *place = &where->places[i];
        if (place->parent == at && place->key && strcmp(place->key, key) == 0)
            return i;
    }
    return WHERE_NOWHERE;
}

uint32_t where_element(const struct where *where, uint32_t at, int index)
{
    for (uint32_t i = where->count; i-- > 0;) {
        const struct place *place = &where->places[i];
        if (place->parent == at && !place->key && place->index == index)
            return i;
    }
    return WHERE_NOWHERE;
}

static __attribute__((format(printf, 2, 0))) const char *
written(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    size_t size = length > 0 ? (size_t)length : 0;
    char *text = arena_array(arena, size + 1, 1);
    vsnprintf(text, size + 1, format, again);
    va_end(again);
    return text;
}

static bool is_full(const struct where *where)
{
    return where->problem_count >= WHERE_MOST_PROBLEMS;
}

static __attribute__((format(printf, 3, 0))) void
add_problem(struct where *where, struct problem problem, const char *format,
            va_list args)
{
    if (!is_full(where)) {
        problem.order = where->problem_count;
        problem.text = written(where->arena, format, args);
        where->problems[where->problem_count] = problem;
    }
    where->problem_count++;
    where->listener.count = where->problem_count;
}

static struct problem problem_at(const struct where *where, uint32_t at)
{
    const struct place *place = &where->places[at];
    return (struct problem){.at = at, .source = place->source, .offset = place->offset};
}

/* The place of a member if it is there, else of its owner with the key named. */
static struct problem problem_of(const struct where *where, uint32_t at,
                                 const char *key)
{
    uint32_t member = key ? where_member(where, at, key) : WHERE_NOWHERE;
    if (member != WHERE_NOWHERE)
        return problem_at(where, member);
    if (at >= where->count)
        return (struct problem){.at = WHERE_NOWHERE, .key = key};
    struct problem problem = problem_at(where, at);
    problem.key = key;
    return problem;
}

void where_problem(struct where *where, uint32_t at, const char *key,
                   const char *format, ...)
{
    struct problem problem = {0};
    if (!is_full(where))
        problem = problem_of(where, at, key);
    va_list args;
    va_start(args, format);
    add_problem(where, problem, format, args);
    va_end(args);
}

void where_key_problem(struct where *where, uint32_t at, const char *format, ...)
{
    struct problem problem = problem_at(where, at);
    if (where->places[at].key && !where->sources[problem.source].is_set)
        problem.offset = where->places[at].key_offset;
    va_list args;
    va_start(args, format);
    add_problem(where, problem, format, args);
    va_end(args);
}

void where_source_problem(struct where *where, int source, size_t offset,
                          const char *format, ...)
{
    struct problem problem = {.at = WHERE_NOWHERE, .source = source, .offset = offset};
    va_list args;
    va_start(args, format);
    add_problem(where, problem, format, args);
    va_end(args);
}

void where_note(struct where *where, uint32_t at, const char *format, ...)
{
    where->notes = grown(where->arena, where->notes, where->note_count,
                         &where->note_room, sizeof *where->notes);
    struct problem note = problem_at(where, at);
    note.order = where->note_count;
    va_list args;
    va_start(args, format);
    note.text = written(where->arena, format, args);
    va_end(args);
    where->notes[where->note_count++] = note;
}

/* ---- printing -------------------------------------------------------------------- */

/* Characters that steer a terminal or turn the direction of writing around. */
static bool is_unsafe(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c ||
           (point >= 0x200b && point < 0x2010) || (point >= 0x2028 && point < 0x2030) ||
           (point >= 0x2060 && point < 0x2070) || point == 0xfeff ||
           (point & 0xfffe) == 0xfffe;
}

/* At most `most` bytes of the text, then "..." */
static const char *made_safe(struct arena *arena, const char *text, size_t most)
{
    size_t length = strlen(text), used = 0;
    size_t shown = length < most ? length : most;
    char *safe = arena_array(arena, 4 * shown + 32, 1);
    size_t i = 0;
    while (i < shown) {
        uint32_t point;
        size_t size = utf8_decode(text + i, length - i, &point);
        if (size == 0)
            used += (size_t)sprintf(safe + used, "\\x%02x", (unsigned char)text[i]);
        else if (is_unsafe(point))
            used += (size_t)sprintf(safe + used, point < 0x100 ? "\\x%02x" : "\\u%04x",
                                    point);
        else {
            memcpy(safe + used, text + i, size);
            used += size;
        }
        i += size ? size : 1;
    }
    if (i < length)
        strcpy(safe + used, "...");
    return safe;
}

const char *where_safe(struct arena *arena, const char *text)
{
    return made_safe(arena, text, SIZE_MAX / 8);
}

static const char *pointer_part(struct arena *arena, const char *key)
{
    const char *safe = made_safe(arena, key, LONGEST_KEY);
    char *part = arena_array(arena, 2 * strlen(safe) + 1, 1), *to = part;
    for (; *safe; safe++) {
        if (*safe == '~' || *safe == '/') {
            *to++ = '~';
            *to++ = *safe == '~' ? '0' : '1';
        } else {
            *to++ = *safe;
        }
    }
    return part;
}

const char *where_pointer(const struct where *where, uint32_t at)
{
    if (at >= where->count || where->places[at].parent == WHERE_NOWHERE)
        return "";
    const struct place *place = &where->places[at];
    const char *up = where_pointer(where, place->parent);
    if (place->key)
        return arena_format(where->arena, "%s/%s", up,
                            pointer_part(where->arena, place->key));
    return arena_format(where->arena, "%s/%d", up, place->index);
}

static void locate(const struct source *source, size_t offset, struct message *message)
{
    if (source->is_set || offset > source->length)
        return;
    size_t start = 0;
    message->line = message->column = 1;
    for (size_t i = 0; i < offset; i++) {
        if (source->bytes[i] == '\n') {
            message->line++;
            start = i + 1;
        }
    }
    if (start == 0 && offset >= 3 && memcmp(source->bytes, "\xef\xbb\xbf", 3) == 0)
        start = 3; /* the byte order mark is no character of the first line */
    for (size_t i = start; i < offset; i++)
        message->column += ((unsigned char)source->bytes[i] & 0xc0) != 0x80;
}

static struct message located(const struct where *where, int index, size_t offset)
{
    struct message message = {.pointer = "", .text = ""};
    const struct source *source = &where->sources[index];
    message.place = message.file = where_safe(where->arena, source->name);
    locate(source, offset, &message);
    if (message.line > 0)
        message.place = arena_format(where->arena, "%s:%zu:%zu", message.file,
                                     message.line, message.column);
    return message;
}

const char *where_place(const struct where *where, uint32_t at)
{
    const struct place *place = &where->places[at];
    return located(where, place->source, place->offset).place;
}

/* A --set already says which value it means; only what lies deeper is news. */
static bool is_told_by_source(const struct where *where, uint32_t at)
{
    const struct place *place = &where->places[at];
    if (!where->sources[place->source].is_set)
        return false;
    return place->parent == WHERE_NOWHERE ||
           where->places[place->parent].source != place->source;
}

static struct message message_of(const struct where *where,
                                 const struct problem *problem)
{
    struct message message = {.place = "", .file = "", .pointer = ""};
    if (where->source_count > 0)
        message = located(where, problem->source, problem->offset);
    if (problem->at != WHERE_NOWHERE) {
        message.pointer = where_pointer(where, problem->at);
        message.is_told = is_told_by_source(where, problem->at) && !problem->key;
    }
    if (problem->key)
        message.pointer = arena_format(where->arena, "%s/%s", message.pointer,
                                       pointer_part(where->arena, problem->key));
    message.text = where_safe(where->arena, problem->text);
    return message;
}

static int by_place(const void *a, const void *b)
{
    const struct problem *x = a, *y = b;
    if (x->source != y->source)
        return x->source < y->source ? -1 : 1;
    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

int where_kept(const struct where *where)
{
    return is_full(where) ? WHERE_MOST_PROBLEMS : where->problem_count;
}

void where_sort(struct where *where)
{
    qsort(where->problems, (size_t)where_kept(where), sizeof *where->problems,
          by_place);
    if (where->note_count > 0)
        qsort(where->notes, (size_t)where->note_count, sizeof *where->notes, by_place);
}

struct message where_message(const struct where *where, int index)
{
    return message_of(where, &where->problems[index]);
}

struct message where_note_message(const struct where *where, int index)
{
    return message_of(where, &where->notes[index]);
}

static void print_message(struct message message, FILE *out)
{
    if (*message.place)
        fprintf(out, "%s: ", message.place);
    if (*message.pointer && !message.is_told)
        fprintf(out, "%s: ", message.pointer);
    fprintf(out, "%s\n", message.text);
}

void where_print(struct where *where, FILE *out)
{
    where_sort(where);
    for (int i = 0; i < where_kept(where); i++)
        print_message(where_message(where, i), out);
    if (where->problem_count > where_kept(where))
        fprintf(out, "and %d more\n", where->problem_count - where_kept(where));
}

void where_print_notes(struct where *where, FILE *out)
{
    where_sort(where);
    for (int i = 0; i < where->note_count; i++)
        print_message(where_note_message(where, i), out);
}

/* ---- words ----------------------------------------------------------------------- */

const char *where_nearest(const char *word, const char *const *candidates, int count)
{
    return nearest_word(word, candidates, count);
}

static const char *listed(struct arena *arena, const char *const *words, int count,
                          const char *last)
{
    const char *text = "";
    for (int i = 0; i < count; i++) {
        const char *joint = i == 0 ? "" : i == count - 1 ? last : ", ";
        text = arena_format(arena, "%s%s%s", text, joint, words[i]);
    }
    return text;
}

const char *where_alternatives(struct arena *arena, const char *const *words, int count)
{
    return listed(arena, words, count, " or ");
}

const char *where_list(struct arena *arena, const char *const *words, int count)
{
    return listed(arena, words, count, " and ");
}
