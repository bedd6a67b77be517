/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/timer.h"

enum { FIRST_ROOM = 256, TIMER_MOST = 1 << 23 };

void timers_init(struct timers *t, struct arena *arena, struct event_list *events,
                 const sim_time *lengths, int classes, uint32_t slot_base)
{
    *t = (struct timers){.classes = classes, .slot_base = slot_base, .arena = arena,
                         .events = events, .free = TIMER_NONE, .room = FIRST_ROOM};
    t->class = arena_many(arena, classes, struct timer_class);
    for (int i = 0; i < classes; i++)
        t->class[i] = (struct timer_class){lengths[i], TIMER_NONE, TIMER_NONE, false};
    t->node = arena_reserve(arena, TIMER_MOST * sizeof *t->node);
    arena_commit(arena, t->node, t->room * sizeof *t->node);
}

void timers_grow(struct timers *t)
{
    t->room += t->room < 32768 ? t->room : t->room / 16;
    check(t->room <= TIMER_MOST, "%u timers", t->room);
    arena_commit(t->arena, t->node, t->room * sizeof *t->node);
}

uint32_t timer_due(struct timers *t, uint32_t class, sim_time now)
{
    struct timer_class *c = &t->class[class];
    if (c->first == TIMER_NONE) {
        c->armed = false;
        return TIMER_NONE;
    }
    const struct timer_node *node = &t->node[c->first];
    if (node->due > now) {
        event_push(t->events, node->due, EVENT_TIMEOUT, t->slot_base + class);
        return TIMER_NONE;
    }
    uint32_t owner = node->owner;
    timer_cancel(t, c->first);
    return owner;
}
