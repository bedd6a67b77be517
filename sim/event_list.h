/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * event_list -- the pending events, earliest first.
 *
 * An event is 16 bytes: its time, then 3 bits of class, 37 bits of sequence and 24 bits
 * of slot, compared as one 128-bit number. That is a total order: by time, then by
 * class (what happens first among simultaneous things), then in the order of
 * scheduling. What a slot means is the owner's business; anything bulky stays there,
 * never in the list.
 *
 * A 4-ary heap whose groups of four children each fill one cache line; places of a
 * group that are past the end hold EVENT_NONE, so that a group is always four. The
 * popped root stays a hole that the next push fills with one sift, which is what most
 * events do; an empty list is a hole alone. A few events are kept in their order, which
 * is a heap too: the hole then only moves up to the new event's place.
 *
 * Errors: scheduling into the past, or more than 2^36 events, is an error of ours. A
 *         slot has 24 bits; its owner sees to that, and asks event_list_check now and
 *         then.
 */
#ifndef SIM_EVENT_LIST_H
#define SIM_EVENT_LIST_H

#include "sim/arena.h"
#include "sim/check.h"
#include "sim/inline.h"
#include "sim/sim_time.h"

#include <stdbool.h>
#include <stddef.h>

/* What goes first at the same instant: a release before the arrival that could use it,
 * a completion before the timeout that would kill it. */
enum event_class {
    EVENT_CAPACITY,
    EVENT_DEPARTURE,
    EVENT_TIMEOUT,
    EVENT_HAND_OFF,
    EVENT_ARRIVAL,
    EVENT_SAMPLE,
};

enum { EVENT_SLOT_BITS = 24, EVENT_CLASS_SHIFT = 61 };
#define EVENT_NONE (~(uint128)0) /* later than all */
#define EVENT_SLOTS (UINT32_C(1) << EVENT_SLOT_BITS)
#define EVENT_SEQUENCE_STEP (UINT64_C(1) << EVENT_SLOT_BITS)
#define EVENT_SEQUENCE_END (UINT64_C(1) << EVENT_CLASS_SHIFT)

/* What is asked for with every event. */
enum {
    LIST_HOLE = 1,   /* heap[0] has been popped and not yet replaced; it counts */
    LIST_SORTED = 2, /* few enough to be kept in their order */
};

struct event_list {
    uint128 *heap; /* heap[1], heap[5], … start a cache line */
    size_t count, room;
    uint8_t is;        /* bits of the above */
    uint64_t sequence; /* of the next one, above the bits of the slot */
    sim_time now; /* of the last event popped */
    struct arena *arena;
};

void event_list_init(struct event_list *list, struct arena *arena);

/* Add an event when the root is no hole; fill the hole with no event. */
OUT_OF_LINE void event_append(struct event_list *list, uint128 event);
OUT_OF_LINE void event_mend(struct event_list *list);

/* Half of the numbers that events can have are left: with every push would be too
 * often to ask, every 2^35 would do. */
static inline void event_list_check(const struct event_list *list)
{
    check(list->sequence < EVENT_SEQUENCE_END / 2, "event %llu",
          (unsigned long long)(list->sequence / EVENT_SEQUENCE_STEP));
}

/* How many events have been popped so far. */
static inline uint64_t event_list_popped(const struct event_list *list)
{
    uint64_t pending = list->count - ((list->is & LIST_HOLE) != 0);
    return list->sequence / EVENT_SEQUENCE_STEP - pending;
}

static inline sim_time event_time(uint128 event)
{
    return (sim_time)(event >> 64);
}

/* The same of places that may hold no event. */
static inline uint64_t event_when(uint128 event)
{
    return (uint64_t)(event >> 64);
}

static inline uint32_t event_slot(uint128 event)
{
    return (uint32_t)event & (EVENT_SLOTS - 1);
}

/* Put `event` where the hole at the root sinks to, in a heap. */
HOT_INLINE void event_sink(struct event_list *list, uint128 event)
{
    uint128 *heap = list->heap;
    size_t at = 0;
    for (size_t child = 1; child < list->count; child = 4 * at + 1) {
        /* the least of four without a branch that is guessed wrong half the time */
        size_t left = child + (heap[child + 1] < heap[child]);
        size_t right = child + 2 + (heap[child + 3] < heap[child + 2]);
        size_t least = left ^ ((left ^ right) & -(size_t)(heap[right] < heap[left]));
        if (event <= heap[least])
            break;
        heap[at] = heap[least];
        at = least;
    }
    heap[at] = event;
}

/* The same in a list that is kept in order. Which of the first two is earlier nobody
 * can guess, so that is no branch; mostly there is no more to move. */
HOT_INLINE void event_sink_sorted(uint128 *heap, uint128 event)
{
    uint128 next = heap[1];
    if (event_when(heap[2]) > event_when(event) &&
        !RARELY(event_when(next) == event_when(event))) {
        bool after = event_when(next) < event_when(event);
        heap[0] = after ? next : event;
        heap[1] = after ? event : next;
        return;
    }
    size_t at = 0;
    for (; heap[at + 1] < event; at++)
        heap[at] = heap[at + 1];
    heap[at] = event;
}

HOT_INLINE void event_push(struct event_list *list, sim_time time,
                           enum event_class class, uint32_t slot)
{
    check(time >= list->now, "event at %lld ns, clock at %lld ns", (long long)time,
          (long long)list->now);
    uint64_t low = (uint64_t) class << EVENT_CLASS_SHIFT | list->sequence | slot;
    list->sequence += EVENT_SEQUENCE_STEP;
    uint128 event = (uint128)(uint64_t)time << 64 | low;
    if (list->is == (LIST_HOLE | LIST_SORTED)) {
        list->is = LIST_SORTED;
        event_sink_sorted(list->heap, event);
    } else if (list->is == LIST_HOLE) {
        list->is = 0;
        event_sink(list, event);
    } else {
        event_append(list, event);
    }
}

/* Take the earliest event; false, and event 0, when none is left. */
static inline bool event_pop(struct event_list *list, uint128 *event)
{
    *event = 0;
    if (list->is & LIST_HOLE) {
        if (list->count == 1)
            return false;
        event_mend(list);
    }
    *event = list->heap[0];
    list->now = event_time(*event);
    list->is |= LIST_HOLE;
    return true;
}

#endif
