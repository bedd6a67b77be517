/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compile_batch -- model servers that work in batches, and what a process does once.
 */
#include "models/compile.h"

#include <math.h>

/* ---- batches --------------------------------------------------------------------- */

/* ns of a batch of this size, on average. */
static double mean_time(const struct batch_part *part, double size)
{
    if (part->points)
        return curve_at(part->points, size);
    return (part->time ? part->time->mean : 0) +
           (part->per_request ? part->per_request->mean * size : 0);
}

static const struct batch_plan *make_plan(struct compiler *c, struct frame *f)
{
    const struct batch_part *part = &f->place->part.server.batch;
    struct service *s = &c->model->service[f->place->index];
    int station = (int)frame_station(c, f);
    int count = part->preferred ? part->preferred->count : 0;
    const int64_t *size = count ? part->preferred->items : NULL;
    struct batch_plan *plan = arena_new(c->arena, struct batch_plan);
    uint32_t *preferred = arena_many(c->arena, count + 1, uint32_t);
    for (int i = 0; i < count; i++) {
        preferred[i] = (uint32_t)size[i];
        if (size[i] > part->most)
            complain(c->out, part->preferred->at, NULL,
                     "must be at most max_batch_size, %lld, holds %lld",
                     (long long)part->most, (long long)size[i]);
    }
    if (part->points)
        curve_check(c, part->points, "batch_time");
    *plan = (struct batch_plan){.most = (uint32_t)part->most,
                                .servers = (uint32_t)part->servers,
                                .preferred = preferred,
                                .preferred_count = (uint32_t)count,
                                .delay = part->most > 1 ? part->delay : 0,
                                .collects = part->collects,
                                .queue_limit = part->queue_limit,
                                .points = part->points,
                                .timeout_class = compile_timer(c, part->patience)};
    plan->wait_resource = compile_resource(
        c, frame_resource_name(c, f, "waiting for a batch"), RESOURCE_WAIT, station);
    plan->work_resource = frame_resource(c, f, "working on a batch");
    if (part->queue_limit != UNLIMITED)
        plan->full_cause = compile_cause(
            c, frame_resource_name(c, f, "503, queue full"), STATUS_503, station);
    if (part->patience != SIM_NEVER)
        plan->late_cause = compile_cause(
            c,
            arena_format(c->arena, "%s: 503, in no batch within %s", f->place->name,
                         compile_duration(c, part->patience)),
            STATUS_503, station);
    s->capacity = (double)part->servers;
    c->model->batch_actors += s->instances * (plan->servers + 1);
    return plan;
}

double compile_batch(struct compiler *c, struct frame *f)
{
    struct service *s = &c->model->service[f->place->index];
    const struct batch_part *part = &f->place->part.server.batch;
    if (!s->batch)
        s->batch = make_plan(c, f);
    struct instr *i = frame_emit(c, f, OP_BATCH);
    i->key = frame_key(c, f, "batch");
    i->dist = part->time ? compile_value(c, f, part->time) : NULL;
    i->dist2 = part->per_request ? compile_value(c, f, part->per_request) : NULL;
    double full = (double)part->most;
    compile_demand(c, frame_station(c, f))->cpu +=
        c->weight * mean_time(part, full) / full * 1e-9;
    return (mean_time(part, 1) + (double)s->batch->delay) * 1e-9;
}

/* ---- once in the life of a process ----------------------------------------------- */

enum { MOST_ONCE = 64 };

/* The number of the step among those of its service: several paths lead to it. */
static uint32_t once_number(struct compiler *c, struct frame *f,
                            const struct once_step *s)
{
    struct service *service = &c->model->service[f->place->index];
    for (uint32_t i = 0; i < service->onces; i++)
        if (service->once[i].step == s)
            return i;
    if (!service->once)
        service->once = arena_many(c->arena, MOST_ONCE, struct once_plan);
    if (service->onces == MOST_ONCE) {
        complain(c->out, s->at, "once", "must not stand in more than %d places of a "
                                        "service", MOST_ONCE);
        return 0;
    }
    if (s->warm > service->part.processes)
        complain(c->out, s->at, "warm", "must be at most the %lld processes, is %lld",
                 (long long)service->part.processes, (long long)s->warm);
    service->once[service->onces] = (struct once_plan){
        .step = s, .warm = (uint32_t)s->warm, .memory = s->memory};
    c->model->onces++;
    return service->onces++;
}

/* What every later request takes is the mean: the first ones are few. */
double compile_once_step(struct compiler *c, struct frame *f,
                         const struct once_step *s)
{
    uint32_t number = once_number(c, f, s), done = frame_new_label(c);
    struct instr *i = frame_emit(c, f, OP_ONCE);
    i->a = done;
    i->b = number;
    compile_weighted(c, f, &s->steps, 0);
    i = frame_emit(c, f, OP_ONCE_DONE);
    i->b = number;
    frame_label(c, f, done);
    struct service *service = &c->model->service[f->place->index];
    service->weighs |= s->memory > 0;
    if (s->memory && service->memory && service->part.memory.on_oom == OOM_FAIL) {
        i->status = STATUS_500;
        i->cause = compile_cause(c, frame_resource_name(c, f, "out of memory"),
                                 STATUS_500, (int)frame_station(c, f));
    }
    return 0;
}
