/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/walk.h"

/* The lists of steps inside of one step. */
static void walk_inside(const struct param_variant *step, walk_visit *visit,
                        void *context)
{
    switch ((enum step_verb)step->which) {
    case STEP_HOLD:
        walk_steps(&((const struct hold_step *)step->body)->steps, visit, context);
        break;
    case STEP_CACHE: {
        const struct cache_step *s = step->body;
        walk_steps(&s->miss, visit, context);
        walk_steps(&s->on_hit, visit, context);
        break;
    }
    case STEP_PARALLEL: {
        const struct param_list *branches =
            &((const struct parallel_step *)step->body)->branches;
        for (int i = 0; i < branches->count; i++)
            walk_steps(&((const struct param_list *)branches->items)[i], visit,
                       context);
        break;
    }
    case STEP_CHOOSE: {
        const struct param_list *branches =
            &((const struct choose_step *)step->body)->branches;
        for (int i = 0; i < branches->count; i++)
            walk_steps(&((const struct choose_branch *)branches->items)[i].steps, visit,
                       context);
        break;
    }
    case STEP_REPEAT:
        walk_steps(&((const struct repeat_step *)step->body)->steps, visit, context);
        break;
    case STEP_ONCE:
        walk_steps(&((const struct once_step *)step->body)->steps, visit, context);
        break;
    case STEP_SPAWN:
        walk_steps(&((const struct spawn_step *)step->body)->steps, visit, context);
        break;
    case STEP_AFTER:
        walk_steps(&((const struct after_step *)step->body)->steps, visit, context);
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

void walk_steps(const struct param_list *steps, walk_visit *visit, void *context)
{
    const struct param_variant *step = steps->items;
    for (int i = 0; i < steps->count; i++) {
        visit(context, &step[i]);
        walk_inside(&step[i], visit, context);
    }
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
