/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bare.h"
#include "tests/bench/kernel.h"

struct bare_result bare_hold(uint32_t pending, uint64_t holds, uint64_t seed)
{
    struct chance chance;
    chance_init(&chance, seed);
    struct heap heap = heap_new(pending);
    for (uint32_t slot = 0; slot < pending; slot++)
        heap_push(&heap, chance_exponential(&chance), slot);
    double now = 0;
    for (uint64_t i = 0; i < holds; i++) {
        uint32_t slot = heap_pop(&heap, &now);
        heap_push(&heap, now + chance_exponential(&chance), slot);
    }
    free(heap.node);
    /* `pending` processes of rate 1 each have `holds` events in holds / pending s */
    return (struct bare_result){.events = holds, .requests = holds,
                                .mean = now * pending / (double)holds};
}

struct bare_result bare_raw(uint64_t variates, uint64_t seed)
{
    struct chance chance;
    chance_init(&chance, seed);
    double sum = 0;
    for (uint64_t i = 0; i < variates; i++)
        sum += chance_exponential(&chance);
    return (struct bare_result){.events = variates, .requests = variates,
                                .mean = sum / (double)variates};
}
