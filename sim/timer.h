/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * timer -- timeouts of constant length, one on nearly every request and nearly always
 * cancelled.
 *
 * All timers of one length form a class. They fall due in the order they were set, so a
 * class is a FIFO list: set appends, cancel unlinks, and a single event in the event
 * list stands for the earliest, moved on lazily. Neither the length nor the rate costs
 * anything.
 *
 * Use: a class's event carries `slot_base + class`; when it comes, call timer_due until
 *      it returns TIMER_NONE, then the class has armed itself for the next one.
 */
#ifndef SIM_TIMER_H
#define SIM_TIMER_H

#include "sim/arena.h"
#include "sim/event_list.h"

#define TIMER_NONE UINT32_MAX

struct timer_node {
    sim_time due;
    uint32_t next, previous; /* in the class; `next` alone while free */
    uint32_t owner;
    uint32_t class;
};

struct timer_class {
    sim_time length;
    uint32_t first, last;
    bool armed; /* an event for this class is pending */
};

struct timers {
    struct timer_class *class;
    int classes;
    uint32_t slot_base;
    struct timer_node *node;
    uint32_t nodes, room, free; /* used so far, room, list of free ones */
    struct arena *arena;
    struct event_list *events;
};

void timers_init(struct timers *t, struct arena *arena, struct event_list *events,
                 const sim_time *lengths, int classes, uint32_t slot_base);
void timers_grow(struct timers *t);

/* Start a timer of this class for `owner`; the handle is for timer_cancel. */
static inline uint32_t timer_set(struct timers *t, uint32_t class, sim_time now,
                                 uint32_t owner)
{
    uint32_t handle = t->free;
    if (handle == TIMER_NONE) {
        if (t->nodes == t->room)
            timers_grow(t);
        handle = t->nodes++;
    } else {
        t->free = t->node[handle].next;
    }
    struct timer_node *node = &t->node[handle];
    struct timer_class *c = &t->class[class];
    *node = (struct timer_node){.due = now + c->length,
                                .next = TIMER_NONE,
                                .previous = c->last,
                                .owner = owner,
                                .class = class};
    if (c->last == TIMER_NONE)
        c->first = handle;
    else
        t->node[c->last].next = handle;
    c->last = handle;
    if (!c->armed) {
        c->armed = true;
        event_push(t->events, node->due, EVENT_TIMEOUT, t->slot_base + class);
    }
    return handle;
}

static inline void timer_cancel(struct timers *t, uint32_t handle)
{
    struct timer_node *node = &t->node[handle];
    struct timer_class *c = &t->class[node->class];
    if (node->previous == TIMER_NONE)
        c->first = node->next;
    else
        t->node[node->previous].next = node->next;
    if (node->next == TIMER_NONE)
        c->last = node->previous;
    else
        t->node[node->next].previous = node->previous;
    node->next = t->free;
    t->free = handle;
}

/* The owner of the next timer of `class` that is due, its timer cancelled; TIMER_NONE
 * when no more are due: the class's event is then set for the next one, if any. */
uint32_t timer_due(struct timers *t, uint32_t class, sim_time now);

#endif
