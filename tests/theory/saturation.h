/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * saturation -- a search for the saturation point of a scenario told in a few lines of
 * JSON, quotes written '.
 */
#ifndef THEORY_SATURATION_H
#define THEORY_SATURATION_H

#include "experiments/saturate.h"
#include "unit/quotes.h"

#include <string.h>

/* A file of this test alone, to be unlinked. */
static inline const char *saturation_file(const char *text, struct arena *arena)
{
    const char *path = arena_format(arena, "saturate-%ld.json", (long)getpid());
    quotes_file(path, text);
    return path;
}

/* The search, all memory in `arena`. */
static inline void saturate_story(const char *text, uint64_t seed, uint64_t budget,
                                  struct arena *arena, struct saturation *found)
{
    const char *path = saturation_file(text, arena);
    struct point_source source = {.path = path, .seed = &seed};
    struct point_effort effort = {0};
    struct saturate_settings settings = {
        .source = &source, .effort = &effort, .budget = budget};
    struct where *where = where_new(arena);
    struct point base;
    const char *why;
    bool read = point_read(&base, arena, &source, where);
    if (!read)
        where_print(where, stderr);
    assert_true(read);
    bool finished = saturate(&settings, &base, arena, found, &why);
    unlink(path);
    if (!finished)
        fail_msg("%s", why ? why : "interrupted");
}

#define ONE_WORKER                                                                     \
    "{'workloads': {'w': {'target': 's', 'open': {'rate': '5/s'}}}, 'services': "      \
    "{'s': {'kind': 'server', 'slots': 1, 'time': {'exponential': '100ms'}}}"

#define EIGHT_WORKERS                                                                  \
    "{'workloads': {'w': {'target': 's', 'open': {'rate': '60/s'}}}, 'services': "     \
    "{'s': {'kind': 'server', 'slots': 8, 'time': {'exponential': '100ms'}}}"

/* SRP-1 of the reference cases: threads hold on while they wait for a connection. */
#define HELD_THREADS                                                                   \
    "{'workloads': {'w': {'target': 'web', 'open': {'rate': '55/s'}}}, 'services': "   \
    "{'web': {'kind': 'server', 'slots': 16, 'handlers': {'default': "                 \
    "[{'wait': {'exponential': '50ms'}}, {'hold': 'pool', 'steps': "                   \
    "[{'wait': {'exponential': '100ms'}}]}]}}, "                                       \
    "'pool': {'kind': 'connection_pool', 'size': 8}}}"
#define HELD_THREADS_MOST 79.7238173504

#endif
