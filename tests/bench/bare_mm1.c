/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bare.h"
#include "tests/bench/kernel.h"

enum { ARRIVAL, DEPARTURE };

struct bare_result bare_mm1(uint64_t requests, uint64_t seed)
{
    const double gap = 1 / 0.8;
    struct chance chance;
    chance_init(&chance, seed);
    struct heap heap = heap_new(2);
    uint64_t arrived = 0, left = 0, present = 0;
    double now = 0, area = 0;

    heap_push(&heap, gap * chance_exponential(&chance), ARRIVAL);
    while (left < requests) {
        double last = now;
        uint32_t what = heap_pop(&heap, &now);
        area += (double)present * (now - last);
        if (what == ARRIVAL) {
            heap_push(&heap, now + gap * chance_exponential(&chance), ARRIVAL);
            arrived++;
            if (++present == 1)
                heap_push(&heap, now + chance_exponential(&chance), DEPARTURE);
        } else {
            left++;
            if (--present > 0)
                heap_push(&heap, now + chance_exponential(&chance), DEPARTURE);
        }
    }
    free(heap.node);
    return (struct bare_result){.events = arrived + left, .requests = left,
                                .mean = area / (double)left};
}
