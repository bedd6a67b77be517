/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * bare -- simulations written by hand, each for one model and nothing else: the floor
 * that the simulator's speed is measured against, in the same process. They share no
 * code with it on purpose: own event list, generator and samplers, as fast as we know.
 *
 * Units:  simulated time in s (double), latencies in s.
 * Checks: each answer is compared with theory or a recorded value by the caller; a fast
 *         loop that computes something else is no floor.
 */
#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include <stdint.h>

struct bare_result {
    uint64_t events, requests;
    double mean; /* latency of the requests that succeeded, s */
    double p99;  /* 0 where the loop keeps no histogram */
    uint64_t failed;
};

/* M/M/1, lambda 0.8, mu 1: an event list and nothing else; the mean by Little's law. */
struct bare_result bare_mm1(uint64_t requests, uint64_t seed);

/* Poisson 3.6/s; 8 workers, exponential 1.0 s; 4 connections, exponential 0.7 s; the
 * worker is held while it waits for a connection and while it uses one. */
struct bare_result bare_tandem(uint64_t requests, uint64_t seed);

/*
 * A web stack at 1400 requests/s: a least-connections balancer over 4 servers, each
 * with a backlog of 128, 16 threads and 2 cores (first come, first served). A page
 * takes a core (lognormal, 3 ms, cv 1), one of 40 shared connections (lognormal, 15 ms,
 * cv 1.5; gives up after 5 s) and a core again (exponential, 1 ms); 2 % are streams: a
 * core, then 20 chunks 25 ms apart. All have a timeout of 30 s.
 */
struct bare_result bare_web(uint64_t requests, uint64_t seed);

/* Llama 3 8B on an A100 with continuous batching, 6.5 requests/s: prompts lognormal
 * with mean 1000 and cv 0.9, answers with 211 and 0.77; a step has 2048 tokens and 256
 * sequences at most, and counts blocks of 16. */
struct bare_result bare_llm(uint64_t requests, uint64_t seed);

/* HOLD: take the earliest of `pending` events, put it back an Exp(1) later. The mean is
 * that of the increments as the clock saw them. */
struct bare_result bare_hold(uint32_t pending, uint64_t holds, uint64_t seed);

/* Exponential variates, summed: work that needs no memory. For "two cores against one",
 * and to tell a noisy machine. The mean is theirs. */
struct bare_result bare_raw(uint64_t variates, uint64_t seed);

#endif
