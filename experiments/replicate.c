/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L
#include "experiments/replicate.h"

#include "models/chronicle.h"
#include "sim/check.h"

#include <omp.h>
#include <string.h>
#include <time.h>

/* ---- copies that outlive a thread's arena ---------------------------------------- */

static void *copy_array(struct arena *arena, const void *from, int count, size_t size)
{
    if (!from)
        return NULL;
    void *to = arena_array(arena, (size_t)count, size);
    return memcpy(to, from, (size_t)count * size);
}

#define COPY(arena, field, count)                                                      \
    ((field) = copy_array((arena), (field), (count), sizeof *(field)))

static void copy_histogram(struct histogram *h, struct arena *arena)
{
    for (int row = 0; row < HISTOGRAM_ROWS; row++)
        COPY(arena, h->row[row], HISTOGRAM_ROW);
}

/* The struct itself is copied already; what it points at follows. */
static void copy_type(struct type_outcome *type, const struct model_facts *facts,
                      struct arena *arena)
{
    COPY(arena, type->failed, facts->causes);
    copy_histogram(&type->latency, arena);
    copy_histogram(&type->first_byte, arena);
    copy_histogram(&type->gap, arena);
    copy_histogram(&type->tool, arena);
    copy_histogram(&type->per_token, arena);
    COPY(arena, type->segment, OUTCOME_SEGMENTS);
    COPY(arena, type->segment_sum, OUTCOME_SEGMENTS);
    COPY(arena, type->segment_offered, OUTCOME_SEGMENTS);
    for (int k = 0; type->segment && k < OUTCOME_SEGMENTS; k++)
        copy_histogram(&type->segment[k], arena);
    COPY(arena, type->blame, BLAME_BINS * facts->resources);
    COPY(arena, type->blame_requests, BLAME_BINS);
}

static void copy_outcome(struct outcome *to, const struct outcome *from,
                         const struct model_facts *facts, struct arena *arena)
{
    *to = *from;
    COPY(arena, to->type, facts->types);
    for (int t = 0; t < facts->types; t++)
        copy_type(&to->type[t], facts, arena);
    COPY(arena, to->station, facts->stations);
    COPY(arena, to->in_system.area, to->in_system.bins);
    COPY(arena, to->completed_in, OUTCOME_BINS);
    COPY(arena, to->stuck, facts->resources);
    if (from->chronicle)
        to->chronicle =
            chronicle_copy(from->chronicle, facts->types, facts->stations, arena);
}

/* ---- threads --------------------------------------------------------------------- */

static bool stopped(const struct replicate *r)
{
    return r->stop && *r->stop;
}

bool replicate_run(void *replicate, const struct jobs *jobs, struct arena *arena,
                   struct outcome *out)
{
    const struct replicate *r = replicate;
    const struct model_facts *facts = model_facts(r->model);
    int threads = r->threads > 0 ? r->threads : omp_get_num_procs();
    int done = 0;

#pragma omp parallel num_threads(threads < jobs->count ? threads : jobs->count)
    {
        struct arena own;
        arena_init(&own);
#pragma omp for schedule(dynamic, 1)
        for (int i = 0; i < jobs->count; i++) {
            if (stopped(r))
                continue;
            struct outcome found = {0};
            struct window window = jobs->window;
            window.stop = r->stop;
            world_run(r->model, jobs->first + (uint32_t)i, &window, &own, &found);
#pragma omp critical(replicate_finished)
            if (found.end != OUTCOME_STOPPED) {
                copy_outcome(&out[i], &found, facts, arena);
                done++;
                if (r->progress)
                    r->progress(r->context, jobs, done);
            }
            arena_reset(&own);
        }
        arena_free(&own);
    }
    return done == jobs->count;
}

/* ---- jobs of many points --------------------------------------------------------- */

static struct store_sums sums_of(const struct outcome *o,
                                 const struct model_facts *facts)
{
    struct store_sums sums = {.events = o->events};
    for (int t = 0; t < facts->types; t++) {
        const struct type_outcome *type = &o->type[t];
        sums.offered += type->offered;
        sums.ok += type->ok;
        sums.unfinished += type->unfinished;
        sums.latency += (double)type->latency_sum.sum * 1e-9;
    }
    sums.failed = sums.offered - sums.ok - sums.unfinished;
    return sums;
}

void replicate_one(const struct replicate_job *job, struct arena *arena,
                   struct replicate_found *found)
{
    const struct model_facts *facts = model_facts(job->model);
    struct outcome outcome = {0};
    double begin = omp_get_wtime();
    world_run(job->model, job->replication, &job->window, arena, &outcome);
    found->sums = sums_of(&outcome, facts);
    found->packed = pack_outcome(&outcome, facts, arena);
    found->seconds = omp_get_wtime() - begin;
}

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

static void work(const struct replicate_queue *queue)
{
    struct arena own;
    struct replicate_job job;
    struct replicate_found found;
    enum replicate_next next;
    arena_init(&own);
    do {
#pragma omp critical(replicate_queue)
        next = queue->take(queue->context, &job);
        if (next == REPLICATE_WAIT)
            nap(1);
        if (next != REPLICATE_JOB)
            continue;
        replicate_one(&job, &own, &found);
#pragma omp critical(replicate_queue)
        queue->give(queue->context, &job, &found);
        arena_reset(&own);
    } while (next != REPLICATE_END);
    arena_free(&own);
}

/* Looks at the clock as long as anybody works. */
static void keep_time(const struct replicate_queue *queue, const int *working)
{
    int left = 1;
    while (left > 0) {
        nap(20);
#pragma omp atomic read
        left = *working;
#pragma omp critical(replicate_queue)
        queue->tick(queue->context);
    }
}

void replicate_all(const struct replicate_queue *queue)
{
    int working = 0;
    /* One thread more than work, if there may be one. */
#pragma omp parallel num_threads(queue->threads + 1)
    {
        bool alone = omp_get_num_threads() == 1;
#pragma omp single
        working = omp_get_num_threads() - 1;
        if (omp_get_thread_num() == 0 && !alone) {
            keep_time(queue, &working);
        } else {
            work(queue);
#pragma omp atomic
            working--;
        }
    }
}
