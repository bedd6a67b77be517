/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/event_list.h"

#ifndef EVENT_LIST_ROOM
#define EVENT_LIST_ROOM 1024 /* tests start with 1 */
#endif

/* heap[1] starts a cache line: three events of a line are left unused before
 * heap[0]. */
enum { BEFORE_ROOT = 3 };

static void commit(struct event_list *list)
{
    uint128 *line = list->heap - BEFORE_ROOT;
    size_t events = list->room + BEFORE_ROOT + 3; /* the last group is whole */
    arena_commit(list->arena, line, events * sizeof *line);
}

void event_list_init(struct event_list *list, struct arena *arena)
{
    *list = (struct event_list){.count = 1,
                                .room = EVENT_LIST_ROOM,
                                .is = LIST_HOLE | LIST_SORTED,
                                .arena = arena};
    size_t most = (EVENT_SLOTS + BEFORE_ROOT + 3) * sizeof *list->heap;
    list->heap = (uint128 *)arena_reserve(arena, most) + BEFORE_ROOT;
    commit(list);
    list->heap[1] = list->heap[2] = EVENT_NONE;
}

/* Twice the room, or a sixteenth more, in place. */
static void grow(struct event_list *list)
{
    list->room += list->room < 32768 ? list->room : list->room / 16;
    check(list->room < EVENT_SLOTS, "%zu events", list->room);
    commit(list);
}

/* As many are kept in their order until there are more, and again when there are but
 * few of them. */
enum { SORTED_MOST = 8, SORTED_AGAIN = 4 };

static void rise(uint128 *heap, size_t at, uint128 event)
{
    while (at > 0) {
        size_t parent = (at - 1) / 4;
        if (heap[parent] <= event)
            break;
        heap[at] = heap[parent];
        at = parent;
    }
    heap[at] = event;
}

/* Before all that are later, which move up. */
static void put_before(uint128 *heap, size_t end, uint128 event)
{
    for (; end > 0 && heap[end - 1] > event; end--)
        heap[end] = heap[end - 1];
    heap[end] = event;
}

static void sort(struct event_list *list)
{
    for (size_t i = 1; i < list->count; i++)
        put_before(list->heap, i, list->heap[i]);
    list->is |= LIST_SORTED;
}

void event_append(struct event_list *list, uint128 event)
{
    if (list->count == list->room)
        grow(list);
    size_t at = list->count++;
    list->heap[at + 1] = list->heap[at + 2] = EVENT_NONE;
    if (at % 4 == 1) /* the first of its group */
        list->heap[at + 3] = EVENT_NONE;
    if (list->count > SORTED_MOST)
        list->is &= (uint8_t)~LIST_SORTED;
    if (list->is & LIST_SORTED)
        put_before(list->heap, at, event);
    else
        rise(list->heap, at, event);
}

void event_mend(struct event_list *list)
{
    list->is &= (uint8_t)~LIST_HOLE;
    uint128 last = list->heap[--list->count];
    list->heap[list->count] = EVENT_NONE;
    if (list->is & LIST_SORTED)
        event_sink_sorted(list->heap, last);
    else
        event_sink(list, last);
    if (!(list->is & LIST_SORTED) && list->count <= SORTED_AGAIN)
        sort(list);
}
