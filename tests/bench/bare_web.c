/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bare.h"
#include "tests/bench/kernel.h"

enum {
    SERVERS = 4,
    BACKLOG = 128,
    THREADS = 16,
    CORES = 2,
    CONNECTIONS = 40,
    CHUNKS = 20,
    MOST = 1 << 16, /* requests present, orphans included */
};

static const double rate = 1400, stream_share = 0.02, chunk_gap = 0.025;
static const double finish_mean = 0.001, request_patience = 30, acquire_patience = 5;

/* The first slots are no requests: the source of arrivals and one event per patience,
 * due when its oldest request runs out. */
enum { SOURCE, REQUEST_TIMER, ACQUIRE_TIMER, FIRST_REQUEST };

/* What a request is doing; whoever is not in line has an event. */
enum state {
    AT_RENDER,    /* on a core, before the query */
    AT_QUERY,     /* on a connection */
    AT_FINISH,    /* on a core, after the query */
    AT_CHUNK,     /* of a stream */
    IN_LINE,      /* for a thread, a core or a connection */
};

struct request {
    double start;
    double pending_work;    /* of the core it waits for */
    double deadline[2];
    uint32_t later[2], sooner[2]; /* neighbours in the lists of patience */
    uint32_t next, previous; /* in a queue */
    uint8_t state, after;    /* after: what it does once it has the core */
    uint8_t server, chunks;
    bool late;               /* the client has gone */
};

struct queue {
    uint32_t first, last, length;
};

/* All that share one patience, oldest first: deadlines come in order, so that appending
 * keeps them sorted and leaving is unlinking. */
struct patience {
    double time;
    uint32_t oldest, newest;
    bool armed;
};

struct server {
    struct queue backlog, for_core;
    int threads, cores; /* free ones */
    uint32_t load;      /* requests the balancer has sent and not got back */
};

struct web {
    struct chance chance;
    struct heap heap;
    struct latencies latencies;
    struct lognormal render, query;
    struct server server[SERVERS];
    struct queue for_connection;
    int connections;
    struct patience patience[2]; /* of the request, of the acquisition */
    struct request *request;
    uint32_t free_slot;
    uint32_t turn; /* of servers with equal load */
    uint64_t done, failed;
    double now;
};

/* ---- queues ---------------------------------------------------------------------- */

static void join(struct web *w, struct queue *q, uint32_t slot)
{
    w->request[slot].next = 0;
    w->request[slot].previous = q->last;
    if (q->last)
        w->request[q->last].next = slot;
    else
        q->first = slot;
    q->last = slot;
    q->length++;
}

static void unlink_from(struct web *w, struct queue *q, uint32_t slot)
{
    struct request *r = &w->request[slot];
    if (r->previous)
        w->request[r->previous].next = r->next;
    else
        q->first = r->next;
    if (r->next)
        w->request[r->next].previous = r->previous;
    else
        q->last = r->previous;
    q->length--;
}

static uint32_t leave(struct web *w, struct queue *q)
{
    uint32_t slot = q->first;
    unlink_from(w, q, slot);
    return slot;
}

/* ---- patience -------------------------------------------------------------------- */

static void patience_start(struct web *w, int which, uint32_t slot)
{
    struct patience *p = &w->patience[which];
    struct request *r = &w->request[slot];
    r->deadline[which] = w->now + p->time;
    r->later[which] = 0;
    r->sooner[which] = p->newest;
    if (p->newest)
        w->request[p->newest].later[which] = slot;
    else
        p->oldest = slot;
    p->newest = slot;
    if (!p->armed) {
        p->armed = true;
        heap_push(&w->heap, r->deadline[which], REQUEST_TIMER + (uint32_t)which);
    }
}

static void patience_stop(struct web *w, int which, uint32_t slot)
{
    struct patience *p = &w->patience[which];
    struct request *r = &w->request[slot];
    if (r->sooner[which])
        w->request[r->sooner[which]].later[which] = r->later[which];
    else
        p->oldest = r->later[which];
    if (r->later[which])
        w->request[r->later[which]].sooner[which] = r->sooner[which];
    else
        p->newest = r->sooner[which];
}

/* ---- the way of a request -------------------------------------------------------- */

static void after(struct web *w, double delay, uint32_t slot, enum state state)
{
    w->request[slot].state = (uint8_t)state;
    heap_push(&w->heap, w->now + delay, slot);
}

static void take_core(struct web *w, uint32_t slot, double work, enum state then)
{
    struct request *r = &w->request[slot];
    struct server *s = &w->server[r->server];
    if (s->cores > 0) {
        s->cores--;
        after(w, work, slot, then);
        return;
    }
    r->state = IN_LINE;
    r->after = (uint8_t)then;
    r->pending_work = work;
    join(w, &s->for_core, slot);
}

static void release_core(struct web *w, struct server *s)
{
    if (s->for_core.length == 0) {
        s->cores++;
        return;
    }
    uint32_t slot = leave(w, &s->for_core);
    after(w, w->request[slot].pending_work, slot, w->request[slot].after);
}

static void render(struct web *w, uint32_t slot)
{
    take_core(w, slot, chance_lognormal(&w->chance, w->render), AT_RENDER);
}

static void query(struct web *w, uint32_t slot)
{
    after(w, chance_lognormal(&w->chance, w->query), slot, AT_QUERY);
}

static void release_connection(struct web *w)
{
    if (w->for_connection.length == 0) {
        w->connections++;
        return;
    }
    uint32_t slot = leave(w, &w->for_connection);
    patience_stop(w, 1, slot);
    query(w, slot);
}

static void release_thread(struct web *w, struct server *s)
{
    if (s->backlog.length)
        render(w, leave(w, &s->backlog));
    else
        s->threads++;
}

static void forget(struct web *w, uint32_t slot)
{
    w->request[slot].next = w->free_slot;
    w->free_slot = slot;
}

static void end(struct web *w, uint32_t slot, bool ok)
{
    struct request *r = &w->request[slot];
    struct server *s = &w->server[r->server];
    s->load--;
    if (!r->late) {
        patience_stop(w, 0, slot);
        w->done++;
        if (ok)
            latencies_add(&w->latencies, w->now - r->start);
        else
            w->failed++;
    }
    release_thread(w, s);
    forget(w, slot);
}

static uint32_t least_loaded(struct web *w)
{
    uint32_t best = w->turn++ % SERVERS;
    for (uint32_t i = 1; i < SERVERS; i++) {
        uint32_t other = (w->turn + i - 1) % SERVERS;
        if (w->server[other].load < w->server[best].load)
            best = other;
    }
    return best;
}

static void arrive(struct web *w)
{
    heap_push(&w->heap, w->now + chance_exponential(&w->chance) / rate, SOURCE);
    uint32_t to = least_loaded(w);
    struct server *s = &w->server[to];
    if (s->threads == 0 && s->backlog.length == BACKLOG) {
        w->done++;
        w->failed++;
        return;
    }
    uint32_t slot = w->free_slot;
    check(slot != 0, "more than %d requests present", MOST);
    struct request *r = &w->request[slot];
    w->free_slot = r->next;
    r->start = w->now;
    r->server = (uint8_t)to;
    r->chunks = chance_uniform(&w->chance) < stream_share ? CHUNKS : 0;
    r->late = false;
    s->load++;
    patience_start(w, 0, slot);
    if (s->threads == 0) {
        r->state = IN_LINE;
        join(w, &s->backlog, slot);
    } else {
        s->threads--;
        render(w, slot);
    }
}

static void rendered(struct web *w, uint32_t slot)
{
    struct request *r = &w->request[slot];
    release_core(w, &w->server[r->server]);
    if (r->chunks)
        after(w, chunk_gap, slot, AT_CHUNK);
    else if (w->connections > 0) {
        w->connections--;
        query(w, slot);
    } else {
        r->state = IN_LINE;
        join(w, &w->for_connection, slot);
        patience_start(w, 1, slot);
    }
}

static void resume(struct web *w, uint32_t slot)
{
    struct request *r = &w->request[slot];
    switch ((enum state)r->state) {
    case AT_RENDER:
        rendered(w, slot);
        break;
    case AT_QUERY:
        release_connection(w);
        take_core(w, slot, finish_mean * chance_exponential(&w->chance), AT_FINISH);
        break;
    case AT_FINISH:
        release_core(w, &w->server[r->server]);
        end(w, slot, true);
        break;
    case AT_CHUNK:
        if (--r->chunks)
            after(w, chunk_gap, slot, AT_CHUNK);
        else
            end(w, slot, true);
        break;
    case IN_LINE:
        check(false, "request %u has an event while it waits", slot);
    }
}

/* The oldest has run out: a client goes away and its request goes on for nobody; one
 * that waited for a connection fails. Then the timer is set to the next oldest. */
static void expire(struct web *w, int which)
{
    struct patience *p = &w->patience[which];
    while (p->oldest && w->request[p->oldest].deadline[which] <= w->now) {
        uint32_t slot = p->oldest;
        patience_stop(w, which, slot);
        if (which == 0) {
            w->request[slot].late = true;
            w->done++;
            w->failed++;
        } else {
            unlink_from(w, &w->for_connection, slot);
            end(w, slot, false);
        }
    }
    p->armed = p->oldest != 0;
    if (p->armed)
        heap_push(&w->heap, w->request[p->oldest].deadline[which],
                  REQUEST_TIMER + (uint32_t)which);
}

/* ---- the whole ------------------------------------------------------------------- */

static struct web *web_new(uint64_t seed)
{
    struct web *w = kernel_array(1, sizeof *w);
    chance_init(&w->chance, seed);
    w->heap = heap_new(MOST);
    w->render = lognormal_of(0.003, 1);
    w->query = lognormal_of(0.015, 1.5);
    w->connections = CONNECTIONS;
    w->patience[0].time = request_patience;
    w->patience[1].time = acquire_patience;
    for (int i = 0; i < SERVERS; i++)
        w->server[i] = (struct server){.threads = THREADS, .cores = CORES};
    w->request = kernel_array(MOST, sizeof *w->request);
    for (uint32_t slot = FIRST_REQUEST; slot < MOST - 1; slot++)
        w->request[slot].next = slot + 1;
    w->free_slot = FIRST_REQUEST;
    return w;
}

struct bare_result bare_web(uint64_t requests, uint64_t seed)
{
    struct web *w = web_new(seed);
    struct bare_result result = {0};
    heap_push(&w->heap, 0, SOURCE);
    while (w->done < requests) {
        uint32_t slot = heap_pop(&w->heap, &w->now);
        result.events++;
        if (slot >= FIRST_REQUEST)
            resume(w, slot);
        else if (slot == SOURCE)
            arrive(w);
        else
            expire(w, (int)(slot - REQUEST_TIMER));
    }
    result.requests = w->done;
    result.failed = w->failed;
    result.mean = w->latencies.sum / (double)w->latencies.count;
    result.p99 = latencies_quantile(&w->latencies, 0.99);
    free(w->heap.node);
    free(w->request);
    free(w);
    return result;
}
