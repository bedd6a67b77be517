/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bare.h"
#include "tests/bench/kernel.h"

/* A request is a slot: its state says what its next event means. */
enum { AT_WORKER, AT_CONNECTION, MOST = 1 << 16 };

struct queue {
    uint32_t first, last, length;
};

struct tandem {
    struct chance chance;
    struct heap heap;
    struct latencies latencies;
    struct queue for_worker, for_connection;
    int workers, connections;   /* free ones */
    uint8_t *state;             /* of each slot, from here on */
    uint32_t *next;             /* in the queue, or in the list of free slots */
    double *start;
    uint32_t free_slot;
    double now;
};

static void join(struct tandem *t, struct queue *q, uint32_t slot)
{
    if (q->length++)
        t->next[q->last] = slot;
    else
        q->first = slot;
    q->last = slot;
}

static uint32_t leave(struct tandem *t, struct queue *q)
{
    uint32_t slot = q->first;
    q->first = t->next[slot];
    q->length--;
    return slot;
}

static void work(struct tandem *t, uint32_t slot)
{
    t->state[slot] = AT_WORKER;
    heap_push(&t->heap, t->now + chance_exponential(&t->chance), slot);
}

static void query(struct tandem *t, uint32_t slot)
{
    t->state[slot] = AT_CONNECTION;
    heap_push(&t->heap, t->now + 0.7 * chance_exponential(&t->chance), slot);
}

static void arrive(struct tandem *t)
{
    heap_push(&t->heap, t->now + chance_exponential(&t->chance) / 3.6, 0);
    uint32_t slot = t->free_slot;
    check(slot != 0, "more than %d requests present", MOST - 1);
    t->free_slot = t->next[slot];
    t->start[slot] = t->now;
    if (t->workers == 0)
        join(t, &t->for_worker, slot);
    else {
        t->workers--;
        work(t, slot);
    }
}

static void worked(struct tandem *t, uint32_t slot)
{
    if (t->connections == 0)
        join(t, &t->for_connection, slot);
    else {
        t->connections--;
        query(t, slot);
    }
}

static void finish(struct tandem *t, uint32_t slot)
{
    if (t->for_connection.length)
        query(t, leave(t, &t->for_connection));
    else
        t->connections++;
    if (t->for_worker.length)
        work(t, leave(t, &t->for_worker));
    else
        t->workers++;
    latencies_add(&t->latencies, t->now - t->start[slot]);
    t->next[slot] = t->free_slot;
    t->free_slot = slot;
}

static struct tandem *tandem_new(uint64_t seed)
{
    struct tandem *t = kernel_array(1, sizeof *t);
    chance_init(&t->chance, seed);
    t->heap = heap_new(16);
    t->workers = 8;
    t->connections = 4;
    t->state = kernel_array(MOST, sizeof *t->state);
    t->next = kernel_array(MOST, sizeof *t->next);
    t->start = kernel_array(MOST, sizeof *t->start);
    for (uint32_t slot = 1; slot < MOST - 1; slot++) /* slot 0 is the arrival process */
        t->next[slot] = slot + 1;
    t->free_slot = 1;
    return t;
}

static void tandem_free(struct tandem *t)
{
    free(t->heap.node);
    free(t->state);
    free(t->next);
    free(t->start);
    free(t);
}

struct bare_result bare_tandem(uint64_t requests, uint64_t seed)
{
    struct tandem *t = tandem_new(seed);
    struct bare_result result = {0};
    heap_push(&t->heap, 0, 0);
    while (t->latencies.count < requests) {
        uint32_t slot = heap_pop(&t->heap, &t->now);
        result.events++;
        if (slot == 0)
            arrive(t);
        else if (t->state[slot] == AT_WORKER)
            worked(t, slot);
        else
            finish(t, slot);
    }
    result.requests = t->latencies.count;
    result.mean = t->latencies.sum / (double)t->latencies.count;
    result.p99 = latencies_quantile(&t->latencies, 0.99);
    tandem_free(t);
    return result;
}
