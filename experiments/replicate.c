/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/replicate.h"

#include "sim/check.h"

#include <omp.h>
#include <string.h>

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
            world_run(r->model, jobs->first + (uint32_t)i, &jobs->window, &own, &found);
#pragma omp critical(replicate_finished)
            {
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
