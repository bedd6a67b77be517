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
    arena_commit(list->arena, line, (list->room + BEFORE_ROOT) * sizeof *line);
}

void event_list_init(struct event_list *list, struct arena *arena)
{
    *list = (struct event_list){.room = EVENT_LIST_ROOM, .arena = arena};
    size_t most = EVENT_SLOTS * sizeof *list->heap;
    list->heap = (uint128 *)arena_reserve(arena, most) + BEFORE_ROOT;
    commit(list);
}

/* Twice the room, in place. */
static void grow(struct event_list *list)
{
    list->room += list->room < 32768 ? list->room : list->room / 8;
    check(list->room < EVENT_SLOTS, "%zu events", list->room);
    commit(list);
}

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

void event_append(struct event_list *list, uint128 event)
{
    if (list->count == list->room)
        grow(list);
    rise(list->heap, list->count++, event);
}
