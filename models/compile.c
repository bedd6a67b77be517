/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include "sim/nearest.h"

#include <math.h>
#include <string.h>

/* ---- handlers -------------------------------------------------------------------- */

static const struct param_list *find_handler(const struct param_map *handlers,
                                             const char *type)
{
    const struct param_list *found = NULL;
    for (int i = 0; i < handlers->count; i++) {
        const struct param_list *steps =
            &((const struct param_list *)handlers->items)[i];
        if (strcmp(handlers->names[i], type) == 0)
            return steps;
        if (strcmp(handlers->names[i], "default") == 0)
            found = steps;
    }
    return found;
}

/* Has the type come here as the workload names it, through proxies at most? */
static bool is_named_by_workload(const struct frame *f)
{
    for (f = f->caller; f; f = f->caller)
        if (f->place->part.server.duty != DUTY_PROXY &&
            f->place->part.server.duty != DUTY_EDGE)
            return false;
    return true;
}

static void tell_no_handler(struct compiler *c, const struct frame *f, uint32_t at,
                            const char *key)
{
    const struct param_map *handlers = &f->place->part.server.handlers->handlers;
    const char *near = nearest_word(f->type, handlers->names, handlers->count);
    bool by_workload = c->type_at && is_named_by_workload(f);
    complain(c->out, by_workload ? c->type_at : at, by_workload ? NULL : key,
             "must find a handler: %s has none for \"%s\" and no \"default\"%s",
             f->place->name, f->type,
             near ? arena_format(c->arena, " (did you mean \"%s\"?)", near) : "");
}

static double compile_own(struct compiler *c, struct frame *f, uint32_t at,
                          const char *key)
{
    const struct handler_conf *conf = f->place->part.server.handlers;
    const struct param_list *steps = find_handler(&conf->handlers, f->type);
    const struct dist *overhead = f->place->part.server.overhead;
    compile_rate(c, f);
    if (steps || conf->time) {
        double mean = steps ? compile_steps(c, f, steps)
                            : compile_delay(c, f, conf->time, "working");
        return overhead ? mean + compile_overhead(c, f, overhead) : mean;
    }
    if (conf->handlers.count == 0)
        complain(c->out, f->place->at, NULL, "must have \"time\" or \"handlers\"");
    else
        tell_no_handler(c, f, at, key);
    return 0;
}

static double compile_duty(struct compiler *c, struct frame *f, uint32_t at,
                           const char *key)
{
    switch (f->place->part.server.duty) {
    case DUTY_HANDLERS:
        return compile_own(c, f, at, key);
    case DUTY_PROXY:
        return compile_proxy(c, f);
    case DUTY_LLM:
        return compile_llm_api(c, f);
    case DUTY_EDGE:
        return compile_edge(c, f);
    case DUTY_TABLE:
        return compile_operation(c, f, at, key);
    case DUTY_ENGINE:
        return compile_engine(c, f);
    case DUTY_BATCH:
        return compile_batch(c, f);
    case DUTY_DATABASE:
        complain(c->out, at, key, "must be reached by a query: %s is a database",
                 f->place->name);
        return 0;
    }
    return 0;
}

/* A chain of calls that comes back to where it was would never end. */
static bool calls_itself(const struct frame *f, const struct place *place,
                         const char *type)
{
    for (; f; f = f->caller)
        if (f->place == place && strcmp(f->type, type) == 0)
            return true;
    return false;
}

/* "web > api > web": how calls come back to `place`. */
static const char *circle(struct compiler *c, const struct frame *f,
                          const struct place *place, const char *type)
{
    const char *path = place->name;
    for (; f; f = f->caller) {
        path = arena_format(c->arena, "%s > %s", f->place->name, path);
        if (f->place == place && strcmp(f->type, type) == 0)
            return path;
    }
    return path;
}

/* The duty, so many times in a row. */
static double compile_commands(struct compiler *c, struct frame *f, uint32_t at,
                               const char *key, int64_t commands)
{
    if (commands == 1)
        return compile_duty(c, f, at, key);
    uint32_t start = frame_new_label(c), end = frame_new_label(c);
    double weight = c->weight;
    struct instr *i = frame_emit(c, f, OP_REPEAT);
    frame_draw(c, f, i, "pipeline", dist_constant(c->arena, (double)commands));
    i->a = end;
    i->b = f->loops++;
    frame_label(c, f, start);
    c->weight *= (double)commands;
    double mean = (double)commands * compile_duty(c, f, at, key);
    c->weight = weight;
    i = frame_emit(c, f, OP_AGAIN);
    i->a = start;
    i->b = --f->loops;
    frame_label(c, f, end);
    return mean;
}

struct handler compile_handler(struct compiler *c, const struct frame *caller,
                               struct place *place, const char *type, const char *path,
                               uint32_t at, const char *key)
{
    return compile_pipeline(c, caller, place, type, path, at, key, 1);
}

/* The end of a handler whose requests take memory first of all. That stands at the end,
 * so that nobody's draws have another address. */
static void compile_weighed_end(struct compiler *c, struct frame *f, uint32_t entry)
{
    uint32_t body = frame_new_label(c);
    compile_task_end(c, f, body, 0);
    frame_label(c, f, entry);
    const struct memory_part *part = &f->place->part.server.memory;
    compile_memory(c, f, part->per_request);
    compile_demand(c, frame_station(c, f))->memory +=
        c->weight * (double)part->per_connection;
    frame_jump(c, f, body);
}

struct handler compile_pipeline(struct compiler *c, const struct frame *caller,
                                struct place *place, const char *type, const char *path,
                                uint32_t at, const char *key, int64_t commands)
{
    struct handler h = {.entry = frame_new_label(c)};
    if (calls_itself(caller, place, type)) {
        complain(c->out, at, key, "must not call in a circle: %s",
                 circle(c, caller, place, type));
        return h;
    }
    struct frame f = {.caller = caller,
                      .place = place,
                      .type = type,
                      .path = path,
                      .pad = frame_new_label(c)};
    h.mean = compile_commands(c, &f, at, key, commands);
    frame_label(c, &f, f.pad);
    if (c->model->service[place->index].weighs_requests)
        compile_weighed_end(c, &f, h.entry);
    else
        compile_task_end(c, &f, h.entry, 0);
    frame_close(c, &f);
    h.streams = f.streams;
    h.draws = f.draws;
    h.type = type;
    const struct service *service = &c->model->service[place->index];
    compile_guard_uses(c, &place->common->guards, service, place->name);
    struct demand *d = compile_demand(c, service->station);
    d->visits += c->weight;
    d->hold += c->weight * h.mean;
    return h;
}

static sim_time link_latency(const struct compiler *c, const struct caller *caller,
                             const struct place *callee)
{
    const struct link_conf *link = c->spec->links.items;
    for (int i = 0; i < c->spec->links.count; i++)
        if (strcmp(link[i].from, caller->name) == 0 &&
            strcmp(link[i].to, callee->name) == 0)
            return link[i].latency;
    return callee->common->latency + caller->latency;
}

struct handler compile_call(struct compiler *c, const struct frame *frame,
                            const struct caller *caller, struct place *callee,
                            const struct handler *handler, uint32_t *site)
{
    sim_time latency = link_latency(c, caller, callee);
    bool repeats = frame && frame->loops > 0;
    if (latency > 0)
        c->model->network_resource =
            compile_resource(c, "network", RESOURCE_NETWORK, -1);
    *site = c->call.count;
    *VECTOR_ADD(&c->call, c->arena, struct call_site) = (struct call_site){
        .entry = handler->entry,
        .service = callee->index,
        .balancer = c->attended ? NONE
                                : compile_balancer(c, caller, callee,
                                                   callee->common->balance),
        .latency = latency,
        .timeout_class = NONE,
        .connect_class = NONE,
        .retry = {.budget = NONE},
        .flags = (uint16_t)((callee->common->guards.count ? CALL_GUARDED : 0) |
                            (latency == 0 ? CALL_NEAR : 0)),
        .class = compile_class(c, callee, handler->type),
    };
    struct handler called = *handler;
    called.mean += 2 * sim_seconds(latency);
    struct call_site *added = VECTOR_AT(&c->call, struct call_site, *site);
    if (added->balancer != NONE) {
        /* proxies share their caller's path, so the name must be in it */
        added->balance_key = compile_key(
            c, arena_format(c->arena, "balance:%s@%s", caller->path, caller->name));
        called.draws = true;
    }
    added->derive_entity = added->noted = repeats && called.draws;
    return called;
}
