/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a proxy has at its edge beside passing requests on: see edge.h. */
#include "models/compile.h"

bool edge_has_health(const struct proxy_part *part)
{
    return part->health.interval != SIM_NEVER;
}

static bool has_edge(const struct proxy_part *part, enum balance_policy policy)
{
    return part->wait != WAIT_NEVER || edge_has_health(part) || part->outlier.present ||
           part->again == AGAIN_SAME || part->again == AGAIN_ANY ||
           part->again == AGAIN_NEVER || policy > BALANCE_SHARD;
}

static uint16_t cause(struct compiler *c, const struct frame *f, const char *what,
                      int status)
{
    return compile_cause(c, frame_resource_name(c, f, what), (enum status)status,
                         (int)frame_station(c, f));
}

static void name_causes(struct compiler *c, const struct frame *f,
                        struct proxy_plan *plan, bool limits)
{
    const struct proxy_part *part = plan->part;
    if (part->wait == WAIT_NEVER)
        return;
    plan->wait_resource =
        compile_resource(c, frame_resource_name(c, f, "waiting for a server"),
                         RESOURCE_WAIT, (int)frame_station(c, f));
    plan->queue_class = compile_timer(c, part->queue_timeout);
    if (part->queue_timeout != SIM_NEVER)
        plan->queue_cause =
            cause(c, f,
                  arena_format(c->arena, "no server free within %s",
                               compile_duration(c, part->queue_timeout)),
                  part->queue_status);
    if (part->wait == WAIT_FOR_CONNECTION) {
        plan->overflow_cause = cause(c, f, "max_pending_requests", part->queue_status);
        plan->requests_cause = cause(c, f, "max_requests", part->queue_status);
    } else if (limits) {
        plan->overflow_cause = cause(c, f, "queue full", part->queue_status);
    }
}

/* ---- checks ---------------------------------------------------------------------- */

/* A server's answer to a check that says nothing of what it asks for. */
static struct handler empty_handler(struct compiler *c, struct place *place,
                                    const char *path)
{
    struct handler h = {.entry = frame_new_label(c)};
    struct frame f = {
        .place = place, .type = "check", .path = path, .pad = frame_new_label(c)};
    frame_label(c, &f, f.pad);
    compile_task_end(c, &f, h.entry, 0);
    frame_close(c, &f);
    return h;
}

static struct handler check_handler(struct compiler *c, const struct frame *f,
                                    const struct health_part *health,
                                    struct place *place)
{
    const char *path =
        arena_format(c->arena, "check:%s>%s", f->place->name, place->name);
    double weight = c->weight;
    bool again = c->again;
    uint32_t type_at = c->type_at;
    if (!health->request || health->connects)
        return empty_handler(c, place, path);
    c->weight = 0;
    c->again = true;
    c->type_at = 0; /* no workload names it */
    struct handler h =
        compile_handler(c, NULL, place, health->request, path, f->place->at, "request");
    c->weight = weight;
    c->again = again;
    c->type_at = type_at;
    return h;
}

static uint32_t check_call(struct compiler *c, struct frame *f,
                           const struct health_part *health, struct place *place,
                           const struct handler *handler)
{
    struct caller caller = compile_caller(c, f);
    uint32_t number;
    c->attended = true;
    compile_call(c, f, &caller, place, handler, &number);
    c->attended = false;
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    site->derive_entity = false;
    site->until_first_byte = true;
    site->timeout_class = compile_timer(
        c, health->timeout == SIM_NEVER ? health->interval : health->timeout);
    site->timeout_status = STATUS_TIMEOUT;
    return number;
}

/* What a checking task runs: a pause, a check, for ever. */
static uint32_t check_loop(struct compiler *c, const struct frame *f, uint32_t proxy)
{
    uint32_t entry = frame_new_label(c);
    struct frame loop = {
        .place = f->place, .type = "check", .path = "check", .pad = frame_new_label(c)};
    frame_label(c, &loop, entry);
    frame_label(c, &loop, loop.pad);
    frame_emit(c, &loop, OP_DELAY);
    frame_emit(c, &loop, OP_CHECK)->b = proxy;
    frame_close(c, &loop);
    uint32_t number = c->call.count;
    *VECTOR_ADD(&c->call, c->arena, struct call_site) =
        (struct call_site){.entry = entry,
                           .service = f->place->index,
                           .balancer = NONE,
                           .timeout_class = NONE,
                           .connect_class = NONE};
    return number;
}

static void compile_checks(struct compiler *c, struct frame *f, struct proxy_plan *plan,
                           uint32_t number, const struct upstream_server *server,
                           int count)
{
    const struct health_part *health = &plan->part->health;
    struct handler *handler = arena_many(c->arena, count, struct handler);
    for (int i = 0; i < count; i++)
        handler[i] = check_handler(c, f, health, server[i].place);
    plan->check_site = c->call.count;
    for (int i = 0; i < count; i++)
        check_call(c, f, health, server[i].place, &handler[i]);
    plan->check_loop = check_loop(c, f, number);
}

/* The arithmetic of slots does not know of limits in front of them. */
static void say_limit(struct compiler *c, const struct frame *f,
                      const struct upstream_server *server)
{
    const struct service *s = &c->model->service[server->place->index];
    int64_t most = server->conf.max_conns;
    if (most == 0 || s->slots == UNLIMITED || most >= s->slots * s->processes)
        return;
    compile_assume(
        c, arena_format(c->arena,
                        "%s sends each replica of %s at most %lld requests at a time, "
                        "fewer than its %lld %ss: what is said of load and headroom "
                        "before simulating counts the latter",
                        f->place->name, s->name, (long long)most,
                        (long long)(s->slots * s->processes), s->part.slot_name));
}

/* ---- the whole ------------------------------------------------------------------- */

void compile_proxy_edge(struct compiler *c, struct frame *f, struct proxy_plan *plan,
                        uint32_t number, const struct upstream_server *server,
                        int count)
{
    const struct proxy_part *part = plan->part;
    plan->check_site = plan->check_loop = plan->queue_class = NONE;
    plan->edge = has_edge(part, plan->policy);
    if (!plan->edge)
        return;
    bool limits = part->queue_limit != UNLIMITED;
    plan->reviews = part->slow_start > 0;
    for (int i = 0; i < count; i++) {
        limits |= server[i].conf.queue > 0;
        plan->reviews |= server[i].conf.least > 0;
    }
    name_causes(c, f, plan, limits);
    if ((part->again == AGAIN_SAME || part->again == AGAIN_ANY) && part->tries > 0) {
        c->model->backoff_resource =
            compile_resource(c, "backing off", RESOURCE_BACKOFF, -1);
        plan->retry_key = compile_key(
            c, arena_format(c->arena, "retry:%s#%u", f->place->name, number));
    }
    for (int i = 0; i < count && part->wait == WAIT_FOR_SERVER; i++)
        say_limit(c, f, &server[i]);
    if (edge_has_health(part))
        compile_checks(c, f, plan, number, server, count);
}
