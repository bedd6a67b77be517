/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * simulator -- the simulator as the benchmarks use it: a scenario file, run through the
 * same interface as the program's, everything recorded.
 *
 * Ownership: simulator_open / simulator_close. Runs share the model and nothing else.
 * Threads:   simulator_run may be called by several at a time, each with its own arena.
 */
#ifndef BENCH_SIMULATOR_H
#define BENCH_SIMULATOR_H

#include "sim/arena.h"

#include <stddef.h>
#include <stdint.h>

struct simulator;

/* NULL if the scenario cannot be run; why is said on stderr. `set` is "POINTER=VALUE"
 * or NULL. */
struct simulator *simulator_open(const char *folder, const char *file, const char *set);
void simulator_close(struct simulator *simulator);

struct simulator_result {
    uint64_t events, requests, failed;
    double mean; /* latency of the requests that succeeded, s */
    size_t bytes; /* taken from the arena */
};

/* As long as `requests` take to come; all of a burst. The arena is reset first. */
struct simulator_result simulator_run(const struct simulator *simulator,
                                      uint64_t requests, uint32_t replication,
                                      struct arena *arena);

/* HOLD on the simulator's own event list: what bare_hold does. Returns the clock's mean
 * increment as that does. */
double simulator_hold(uint32_t pending, uint64_t holds, uint64_t seed);

#endif
