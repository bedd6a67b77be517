/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/event_list.h"

#include <string.h>

#ifndef EVENT_LIST_ROOM
#define EVENT_LIST_ROOM 1024 /* tests start with 1 */
#endif

/* Room for `room` events, such that heap[1] starts a cache line. */
static uint128 *new_heap(struct arena *arena, size_t room)
{
    char *line = arena_array(arena, (room + 7) / 4, 4 * sizeof(uint128));
    return (uint128 *)(void *)(line + 3 * sizeof(uint128));
}

void event_list_init(struct event_list *list, struct arena *arena)
{
    *list = (struct event_list){.room = EVENT_LIST_ROOM, .arena = arena};
    list->heap = new_heap(arena, list->room);
}

void event_list_grow(struct event_list *list)
{
    uint128 *heap = new_heap(list->arena, 2 * list->room);
    memcpy(heap, list->heap, list->count * sizeof *heap);
    list->heap = heap;
    list->room *= 2;
}
