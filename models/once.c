/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * once -- what a process does once in its life: load a model, fill a cache of its own.
 *
 * The steps run for every request that finds them not yet done, several at a time if
 * nobody stops it, as code without a lock does. A process that is replaced starts anew.
 */
#include "models/world.h"

/* Marks the step done, and takes what stays in memory; false: there is none left. */
static bool mark(struct world *w, struct instance *instance, uint32_t process,
                 uint32_t number)
{
    const struct service *s = instance->service;
    uint64_t *done = &w->once[instance->first_process + process];
    if (*done >> number & 1)
        return true; /* another request was faster */
    if (s->once[number].memory && !memory_keep(w, instance, s->once[number].memory))
        return false;
    *done |= UINT64_C(1) << number;
    return true;
}

void once_open(struct world *w)
{
    w->once = arena_many(w->arena, w->m->processes + 1, uint64_t);
    for (uint32_t i = 0; i < w->m->instances; i++) {
        struct instance *instance = &w->instance[i];
        const struct service *s = instance->service;
        for (uint32_t number = 0; number < s->onces; number++)
            for (uint32_t p = 0; p < s->processes && p < s->once[number].warm; p++)
                mark(w, instance, p, number);
    }
}

bool once_is_done(const struct world *w, const struct task *t, uint32_t number)
{
    uint32_t process = w->instance[t->instance].first_process + t->process;
    return w->once[process] >> number & 1;
}

bool once_done(struct world *w, const struct task *t, uint32_t number)
{
    return mark(w, &w->instance[t->instance], t->process, number);
}

int64_t once_memory(const struct world *w, const struct instance *instance,
                    uint32_t process)
{
    const struct service *s = instance->service;
    int64_t bytes = 0;
    for (uint32_t number = 0; number < s->onces; number++)
        if (w->once[instance->first_process + process] >> number & 1)
            bytes += s->once[number].memory;
    return bytes;
}

void once_forget(struct world *w, struct instance *instance, uint32_t process)
{
    instance->memory -= once_memory(w, instance, process);
    w->once[instance->first_process + process] = 0;
}
