/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lindley -- outcomes without a simulator: a FIFO queue with one server by Lindley's
 * recursion, W' = max(0, W + S - A), so that procedures and estimates can be tested
 * against exact values alone.
 */
#ifndef TESTS_UNIT_LINDLEY_H
#define TESTS_UNIT_LINDLEY_H

#include "experiments/procedure.h"
#include "sim/rng.h"

#include <math.h>
#include <stdlib.h>

struct lindley {
    double arrival_rate, service_rate;
    uint64_t seed;
    double wander;    /* service rates differ by this much between replications */
    uint64_t limit;   /* requests at most inside; 0 = no limit */
    int runs;         /* replications simulated so far */
    int interrupt_at; /* runner call that is interrupted; 0 = none */
    int calls;
    struct jobs last;
};

static const struct workload_facts lindley_workload = {.name = "visitors",
                                                       .form = WORKLOAD_OPEN,
                                                       .rate = 1,
                                                       .span = SIM_NEVER,
                                                       .timeout = SIM_NEVER};
static const struct type_facts lindley_type = {
    .name = "page", .workload = "visitors", .share = 1};
static const struct station_facts lindley_station = {.name = "web",
                                                     .kind = "server",
                                                     .instances = 1,
                                                     .slots = 1,
                                                     .cores = INFINITY,
                                                     .slot_name = "worker",
                                                     .processes = 1,
                                                     .process_slots = 1};
static const struct resource_facts lindley_resources[] = {
    {"web: waiting for a worker", RESOURCE_WAIT, 0},
    {"web: service", RESOURCE_SERVICE, 0}};
static const struct cause_facts lindley_cause = {
    .name = "web: queue full", .status = STATUS_503, .station = 0};
static const struct model_facts lindley_facts = {.workloads = 1,
                                                 .types = 1,
                                                 .stations = 1,
                                                 .resources = 2,
                                                 .causes = 1,
                                                 .workload = &lindley_workload,
                                                 .type = &lindley_type,
                                                 .station = &lindley_station,
                                                 .resource = lindley_resources,
                                                 .cause = &lindley_cause};

static inline void lindley_room(struct outcome *o, const struct window *window,
                                struct arena *arena)
{
    struct type_outcome *type = o->type = arena_new(arena, struct type_outcome);
    type->failed = arena_many(arena, 1, uint64_t);
    if (window->segments) {
        type->segment = arena_many(arena, OUTCOME_SEGMENTS, struct histogram);
        type->segment_sum = arena_many(arena, OUTCOME_SEGMENTS, struct tally);
        type->segment_offered = arena_many(arena, OUTCOME_SEGMENTS, uint64_t);
    }
    type->blame = arena_many(arena, BLAME_BINS * 2, uint64_t);
    type->blame_requests = arena_many(arena, BLAME_BINS, uint64_t);
    o->station = arena_new(arena, struct station_outcome);
    o->completed_in = arena_many(arena, OUTCOME_BINS, uint64_t);
    series_init(&o->in_system, arena, OUTCOME_BINS,
                (window->warm_up + window->length) / OUTCOME_BINS);
}

static inline void lindley_measure(struct outcome *o, const struct window *window,
                                   sim_time start, sim_time wait, sim_time service,
                                   struct arena *arena)
{
    struct type_outcome *type = o->type;
    struct station_outcome *station = o->station;
    int64_t latency = wait + service;
    uint128 busy = (uint128)service, queued = (uint128)wait;
    type->offered++;
    type->ok++;
    type->attempts++;
    histogram_add(&type->latency, (uint64_t)latency, arena);
    tally_add(&type->latency_sum, latency);
    int bin = blame_bin((uint64_t)latency);
    type->blame[bin * 2] += (uint64_t)wait;
    type->blame[bin * 2 + 1] += (uint64_t)service;
    type->blame_requests[bin]++;
    station->arrivals++;
    station->served++;
    tally_add(&station->wait, wait);
    station->held += service;
    station->busy_area += busy;
    station->queue_area += queued;
    if (!window->segments)
        return;
    int64_t k = (start - window->warm_up) * OUTCOME_SEGMENTS / window->length;
    histogram_add(&type->segment[k], (uint64_t)latency, arena);
    tally_add(&type->segment_sum[k], latency);
    type->segment_offered[k]++;
}

/* Departures in a ring, so that the level can fall in time order between arrivals. */
struct lindley_ring {
    sim_time *at;
    size_t room, first, count;
};

static inline void lindley_push(struct lindley_ring *ring, sim_time at)
{
    if (ring->count == ring->room) {
        size_t room = ring->room ? 2 * ring->room : 64;
        sim_time *wider = malloc(room * sizeof *wider);
        for (size_t i = 0; i < ring->count; i++)
            wider[i] = ring->at[(ring->first + i) % ring->room];
        free(ring->at);
        *ring = (struct lindley_ring){wider, room, 0, ring->count};
    }
    ring->at[(ring->first + ring->count++) % ring->room] = at;
}

static inline void lindley_depart(struct lindley_ring *ring, struct series *level,
                                  sim_time until)
{
    while (ring->count && ring->at[ring->first] <= until) {
        series_add(level, ring->at[ring->first], -1);
        ring->first = (ring->first + 1) % ring->room;
        ring->count--;
    }
}

static inline void lindley_one(const struct lindley *q, uint32_t replication,
                               const struct window *window, struct arena *arena,
                               struct outcome *o)
{
    struct draw a = draw_at(rng_key(q->seed, "arrival"), 0, replication, 0);
    struct draw s = draw_at(rng_key(q->seed, "service"), 0, replication, 0);
    struct draw own = draw_at(rng_key(q->seed, "server"), 0, replication, 0);
    double mean = 1e9 / q->service_rate * (1 + q->wander * (draw_uniform(&own) - 0.5));
    sim_time end = window->warm_up + window->length, now = 0, free_at = 0;
    struct lindley_ring ring = {0};

    *o = (struct outcome){.replication = replication,
                          .warm_up = window->warm_up,
                          .length = window->length,
                          .ended = end};
    lindley_room(o, window, arena);
    for (uint64_t k = 0;; k++) {
        /* A draw serves 65 536 blocks: thousands of customers share an entity. */
        if (k % 4096 == 0) {
            a = draw_at(a.key, k, replication, 0);
            s = draw_at(s.key, k, replication, 0);
        }
        now += sim_from_nanoseconds(draw_exponential(&a) * 1e9 / q->arrival_rate);
        sim_time service = sim_from_nanoseconds(draw_exponential(&s) * mean);
        if (now >= end)
            break;
        lindley_depart(&ring, &o->in_system, now);
        if (q->limit && ring.count >= q->limit) {
            if (now >= window->warm_up) {
                o->type->offered++;
                o->type->attempts++;
                o->type->failed[0]++;
                o->station->refused++;
            }
            continue;
        }
        sim_time wait = free_at > now ? free_at - now : 0;
        free_at = now + wait + service;
        series_add(&o->in_system, now, 1);
        lindley_push(&ring, free_at);
        if (free_at / o->in_system.width < OUTCOME_BINS)
            o->completed_in[free_at / o->in_system.width]++;
        o->events += 2;
        if (now >= window->warm_up)
            lindley_measure(o, window, now, wait, service, arena);
    }
    lindley_depart(&ring, &o->in_system, end);
    series_close(&o->in_system, end);
    free(ring.at);
}

/* A struct runner's run. */
static inline bool lindley_run(void *context, const struct jobs *jobs,
                               struct arena *arena, struct outcome *out)
{
    struct lindley *q = context;
    q->last = *jobs;
    if (++q->calls == q->interrupt_at)
        return false;
    for (int i = 0; i < jobs->count; i++)
        lindley_one(q, jobs->first + (uint32_t)i, &jobs->window, arena, &out[i]);
    q->runs += jobs->count;
    return true;
}

#endif
