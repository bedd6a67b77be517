/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/walk.h"

void walk_lists(const struct param_variant *step, walk_list *visit, void *context)
{
    switch ((enum step_verb)step->which) {
    case STEP_HOLD:
        visit(context, &((const struct hold_step *)step->body)->steps);
        break;
    case STEP_CACHE: {
        const struct cache_step *s = step->body;
        visit(context, &s->miss);
        visit(context, &s->on_hit);
        break;
    }
    case STEP_PARALLEL: {
        const struct param_list *branches =
            &((const struct parallel_step *)step->body)->branches;
        for (int i = 0; i < branches->count; i++)
            visit(context, &((const struct param_list *)branches->items)[i]);
        break;
    }
    case STEP_CHOOSE: {
        const struct param_list *branches =
            &((const struct choose_step *)step->body)->branches;
        for (int i = 0; i < branches->count; i++)
            visit(context, &((const struct choose_branch *)branches->items)[i].steps);
        break;
    }
    case STEP_REPEAT:
        visit(context, &((const struct repeat_step *)step->body)->steps);
        break;
    case STEP_ONCE:
        visit(context, &((const struct once_step *)step->body)->steps);
        break;
    case STEP_SPAWN:
        visit(context, &((const struct spawn_step *)step->body)->steps);
        break;
    case STEP_AFTER:
        visit(context, &((const struct after_step *)step->body)->steps);
        break;
    case STEP_ENQUEUE:
    case STEP_CPU:
    case STEP_WAIT:
    case STEP_CALL:
    case STEP_QUERY:
    case STEP_STREAM:
    case STEP_SESSION:
    case STEP_BROADCAST:
    case STEP_MEMORY:
    case STEP_FAIL:
        break;
    }
}

/* A visitor of steps, on its way through the lists. */
struct walk {
    walk_visit *visit;
    void *context;
};

static void walk(void *context, const struct param_list *steps)
{
    const struct walk *w = context;
    const struct param_variant *step = steps->items;
    for (int i = 0; i < steps->count; i++) {
        w->visit(w->context, &step[i]);
        walk_lists(&step[i], walk, context);
    }
}

void walk_steps(const struct param_list *steps, walk_visit *visit, void *context)
{
    walk(&(struct walk){visit, context}, steps);
}

/* The system has compiled: whatever a kind had to complain of was told then. */
static void ignore(void *context, uint32_t at, const char *key, const char *text)
{
    (void)context, (void)at, (void)key, (void)text;
}

static const struct param_variant *bound_at(const struct system_spec *system,
                                            int service)
{
    return &((const struct param_variant *)system->services.items)[service];
}

struct part walk_part(const struct system_spec *system, int service)
{
    const struct param_variant *bound = bound_at(system, service);
    const struct kind *kind = kind_of(bound);
    struct listener nobody = {.hear = ignore};
    struct part part = {.sort = kind->sort};
    if (part.sort == PART_SERVER)
        part.server = server_part_default();
    kind->build(bound->body, &part, &nobody);
    return part;
}

const struct service_common *walk_common(const struct system_spec *system, int service)
{
    const struct param_variant *bound = bound_at(system, service);
    size_t at = kind_of(bound)->common;
    return at == SIZE_MAX ? NULL : (const void *)((const char *)bound->body + at);
}
