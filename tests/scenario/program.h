/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * program -- runs the program under test and reads what it prints as JSON.
 *
 * A scenario can be told in the test, quotes written ', as printf's format and what it
 * wants: it is a file while the program runs.
 */
#ifndef SCENARIO_PROGRAM_H
#define SCENARIO_PROGRAM_H

#include "unit/quotes.h"

#include <cjson/cJSON.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRAM_OUTPUT = 1 << 20 };

/* Runs a shell command line; its standard output, to be freed, and exit status. */
static inline char *program_run(const char *line, int *status)
{
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    char *text = calloc(1, PROGRAM_OUTPUT);
    size_t length = fread(text, 1, PROGRAM_OUTPUT - 1, pipe);
    assert_true(length < PROGRAM_OUTPUT - 1);
    int ended = pclose(pipe);
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : -1;
    return text;
}

/* `headroom run --quiet --json REST`: done or judged, else the test fails. */
static inline cJSON *program_result(const char *rest)
{
    char line[4096];
    int status;
    int length =
        snprintf(line, sizeof line, "\"$HEADROOM\" run --quiet --json %s", rest);
    assert_true(length > 0 && (size_t)length < sizeof line);
    char *text = program_run(line, &status);
    if (status != 0 && status != 1)
        fail_msg("%s: status %d", line, status);
    cJSON *result = cJSON_Parse(text);
    assert_non_null(result);
    free(text);
    return result;
}

static inline const char *program_file(const char *format, va_list args)
{
    static char path[40];
    char text[4096];
    int length = vsnprintf(text, sizeof text, format, args);
    assert_true(length > 0 && (size_t)length < sizeof text);
    snprintf(path, sizeof path, "told-%ld.json", (long)getpid());
    quotes_file(path, text);
    return path;
}

/* `headroom COMMAND` of a scenario told here: what it prints, to be freed. */
static inline char *program_told(const char *command, int *status, const char *format,
                                 ...)
{
    char line[400];
    va_list args;
    va_start(args, format);
    const char *path = program_file(format, args);
    va_end(args);
    int length = snprintf(line, sizeof line, "\"$HEADROOM\" %s %s", command, path);
    assert_true(length > 0 && (size_t)length < sizeof line);
    char *text = program_run(line, status);
    assert_int_equal(unlink(path), 0);
    return text;
}

/* As program_result, of a scenario told here. */
static inline cJSON *program_told_result(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *path = program_file(format, args);
    va_end(args);
    cJSON *result = program_result(path);
    assert_int_equal(unlink(path), 0);
    return result;
}

/* The member at a path such as "all/latency/mean/value"; digits are indices. */
static inline cJSON *program_at(cJSON *item, const char *path)
{
    char word[64];
    while (item && *path) {
        size_t length = strcspn(path, "/");
        assert_true(length < sizeof word);
        memcpy(word, path, length);
        word[length] = '\0';
        item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, atoi(word))
                                   : cJSON_GetObjectItemCaseSensitive(item, word);
        path += length + (path[length] == '/');
    }
    return item;
}

static inline double program_number(cJSON *root, const char *path)
{
    cJSON *item = program_at(root, path);
    if (!cJSON_IsNumber(item))
        fail_msg("no number at %s", path);
    return item->valuedouble;
}

#endif
