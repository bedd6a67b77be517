/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * client -- the side that wants answers: attempts, patience, retries, and the record of
 * how it ended. Latency counts from the intended start to the end of the last attempt.
 *
 * Most clients are plain (compiled.h). As in server.c, what `plain` tells is known
 * where a function is joined to its caller.
 */
#include "models/world.h"

/* ---- requests -------------------------------------------------------------------- */

static void grow_requests(struct world *w)
{
    uint32_t room = grown_room(w, w->request_room);
    world_stop_if(w, world_is_full(w));
    check(room <= MOST_TASKS, "%u requests", room);
    arena_commit(w->arena, w->request, room * sizeof *w->request);
    if (w->visit)
        arena_commit(w->arena, w->visit, room * sizeof *w->visit);
    arena_commit(w->arena, w->blame, (size_t)room * w->resources * sizeof *w->blame);
    if (w->met)
        arena_commit(w->arena, w->met, room * sizeof *w->met);
    if (w->heard)
        arena_commit(w->arena, w->heard, room * sizeof *w->heard);
    if (w->carried)
        arena_commit(w->arena, w->carried, room * sizeof *w->carried);
    w->request_room = room;
}

HOT_ACROSS uint32_t request_new(struct world *w)
{
    uint32_t request = w->request_free;
    if (RARELY(request == NONE)) {
        if (w->requests == w->request_room)
            grow_requests(w);
        request = w->requests++;
    } else {
        w->request_free = w->request[request].next;
    }
    struct request *r = &w->request[request];
    r->timer = r->deadline = TIMER_NONE;
    return request;
}

void request_free(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    r->state = REQUEST_FREE;
    r->stamp++;
    r->wait++;
    r->next = w->request_free;
    w->request_free = request;
}

/* ---- attempts -------------------------------------------------------------------- */

static const struct workload *workload_of(const struct world *w,
                                          const struct request *r)
{
    return &w->workload[r->workload];
}

HOT_INLINE void send_attempt(struct world *w, uint32_t request,
                             const struct workload *load, uint32_t type, bool plain)
{
    struct request *r = &w->request[request];
    uint32_t number = w->type[type].call;
    const struct call_site *site = &w->call[number];
    r->state = REQUEST_CALLING;
    r->begun = false;
    r->attempts++;
    r->peer = plain ? site->first_instance
                    : balance_choose(w, site, site->balancer, r->entity, r->attempts,
                                     request);
    if (!plain && load->timeout_class != NONE)
        r->timer = timer_set(&w->timers, load->timeout_class, w->now,
                             SLOT(SLOT_REQUEST, request));
    uint32_t child = call_start(w, number, r->peer);
    r->child = child;
    struct task *c = &w->task[child];
    c->parent_wait = r->wait;
    c->request = request;
    c->stamp = r->stamp;
    c->entity = r->entity;
    if (site->latency > 0)
        event_push(&w->events, w->now + site->latency, EVENT_HAND_OFF,
                   SLOT(SLOT_TASK, child));
    else
        server_enter(w, child);
}

void client_send(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    if (r->attempts > 0 && r->measured)
        w->out->type[r->type].retries++;
    send_attempt(w, request, workload_of(w, r), r->type, false);
}

static bool has_users(const struct workload *load)
{
    return load->form == WORKLOAD_CLOSED || load->form == WORKLOAD_SESSIONS;
}

/* A user keeps his address; otherwise every request comes from somewhere else. */
uint64_t client_address(const struct world *w, const struct request *r)
{
    const struct workload *load = workload_of(w, r);
    uint64_t who = has_users(load) ? r->entity >> 32 : r->entity;
    struct draw draw = draw_at(load->address_key, who, w->replication, 0);
    return draw_below(&draw, load->address_count);
}

/* The key by its popularity; the address where there are no keys. */
uint64_t client_key(const struct world *w, const struct request *r)
{
    const struct workload *load = workload_of(w, r);
    if (!load->zipf)
        return client_address(w, r);
    struct draw draw = draw_at(load->key_key, r->entity, w->replication, 0);
    return client_popular_key(load->zipf, (uint64_t)load->conf->keys->count,
                              draw_uniform(&draw));
}

uint64_t client_popular_key(const double *cumulative, uint64_t keys, double u)
{
    uint64_t low = 0, high = keys - 1;
    while (low < high) {
        uint64_t middle = (low + high) / 2;
        if (cumulative[middle] < u)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* What comes before some requests are sent. */
static OUT_OF_LINE void herald(struct world *w, uint32_t request,
                               const struct workload *load)
{
    if (w->chronicler)
        chronicle_begun(w, w->request[request].type, w->request[request].start);
    if (load->deadline_class != NONE)
        w->request[request].deadline =
            timer_set(&w->timers, load->deadline_class, w->now,
                      SLOT(SLOT_REQUEST, request) | OWNER_DEADLINE);
    if (w->visit)
        visit_begin(w, request);
    else
        send_attempt(w, request, load, w->request[request].type, false);
}

HOT_ACROSS void request_open(struct world *w, uint32_t request,
                             const struct workload *load, uint32_t type,
                             uint64_t entity, sim_time start)
{
    struct request *r = &w->request[request];
    r->workload = load->number;
    r->type = (uint16_t)type;
    r->entity = entity;
    r->start = start;
    r->attempts = r->renewed = 0;
    r->begun = false;
    r->pause = 0;
    r->measured = (uint64_t)(start - w->measure_from) < (uint64_t)w->measured_span;
    series_add(&w->out->in_system, w->now, 1);
    if (r->measured) {
        struct type_outcome *out = &w->out->type[type];
        out->offered++;
        if (RARELY(out->segment_offered))
            out->segment_offered[outcome_segment(w->out, start)]++;
        w->measured_in_flight++;
    }
    if (load->plain)
        send_attempt(w, request, load, type, true);
    else if (load->heralded)
        herald(w, request, load);
    else
        send_attempt(w, request, load, type, false);
}

HOT_ACROSS void client_begin(struct world *w, const struct workload *load,
                             uint32_t type, uint64_t entity, sim_time start)
{
    request_open(w, request_new(w), load, type, entity, start);
}

void client_drop(struct world *w, uint32_t type)
{
    struct type_outcome *out = &w->out->type[type];
    if (w->chronicler)
        chronicle_dropped(w, type);
    if ((uint64_t)(w->now - w->measure_from) >= (uint64_t)w->measured_span)
        return;
    out->offered++;
    out->unsent++;
    out->failed[w->workload[w->type[type].workload].dropped_cause]++;
    tally_add(&out->failed_latency, 0);
    if (out->segment_offered)
        out->segment_offered[outcome_segment(w->out, w->now)]++;
}

/* ---- the end of a request -------------------------------------------------------- */

/* Of many resources a request has met few: only those are looked at. */
static OUT_OF_LINE void record_met(struct world *w, uint32_t request, uint64_t *sum)
{
    float *spent = &w->blame[(size_t)request * w->resources];
    for (uint64_t met = w->met[request]; met; met &= met - 1)
        for (uint32_t i = (uint32_t)__builtin_ctzll(met); i < w->resources; i += 64) {
            sum[i] += (uint64_t)(int64_t)spent[i];
            spent[i] = 0;
        }
    w->met[request] = 0;
}

HOT_INLINE void record_blame(struct world *w, uint32_t request,
                             struct type_outcome *out, sim_time latency)
{
    float *spent = &w->blame[(size_t)request * w->resources];
    int bin = blame_bin((uint64_t)latency);
    uint64_t *sum = &out->blame[(size_t)bin * w->resources];
    if (w->met) {
        record_met(w, request, sum);
        return;
    }
    for (uint32_t i = 0; i < w->resources; i++) {
        sum[i] += (uint64_t)(int64_t)spent[i];
        spent[i] = 0;
    }
}

/* Nobody counts it. */
static OUT_OF_LINE void forget_blame(struct world *w, uint32_t request)
{
    float *spent = &w->blame[(size_t)request * w->resources];
    for (uint32_t i = 0; i < w->resources; i++)
        spent[i] = 0;
    if (w->met)
        w->met[request] = 0;
}

/* A request outside of the window is over. */
static OUT_OF_LINE void forget(struct world *w, uint32_t request)
{
    const struct request *r = &w->request[request];
    if (r->begun)
        stream_closed(w, r);
    forget_blame(w, request);
}

/* The pace of the tokens is the mean gap between the first and the last. */
static void record_pace(struct world *w, struct type_outcome *out,
                        const struct request *r, const struct heard *heard)
{
    const struct good_conf *good = w->workload[r->workload].conf->good;
    sim_time first = heard->first_byte - r->start, pace = 0;
    if (heard->tokens > 1) {
        pace = (w->now - heard->first_byte) / (heard->tokens - 1);
        histogram_add(&out->per_token, (uint64_t)pace, w->arena);
    }
    out->good += good && first <= good->ttfb && pace <= good->tpot &&
                 w->now - r->start <= good->latency;
}

static OUT_OF_LINE void record_stream(struct world *w, uint32_t request,
                                      struct type_outcome *out)
{
    const struct request *r = &w->request[request];
    const struct heard *heard = &w->heard[request];
    if (!w->type[r->type].streaming)
        return;
    if (r->renewed == 0)
        histogram_add(&out->first_byte, (uint64_t)(heard->first_byte - r->start),
                      w->arena);
    record_pace(w, out, r, heard);
    stream_closed(w, r);
}

static OUT_OF_LINE void record_segment(struct world *w, struct type_outcome *out,
                                       sim_time start, sim_time latency)
{
    int segment = outcome_segment(w->out, start);
    histogram_add(&out->segment[segment], (uint64_t)latency, w->arena);
    tally_add(&out->segment_sum[segment], latency);
}

/* What the histogram of latencies knows is told from it at the end. */
HOT_INLINE void record_ok(struct world *w, uint32_t request, struct type_outcome *out)
{
    const struct request *r = &w->request[request];
    sim_time latency = w->now - r->start;
    tally_add_moments(&out->latency_sum, latency);
    histogram_add(&out->latency, (uint64_t)latency, w->arena);
    record_blame(w, request, out, latency);
    if (RARELY(r->begun))
        record_stream(w, request, out);
    if (RARELY(out->segment))
        record_segment(w, out, r->start, latency);
}

static OUT_OF_LINE void record_failure(struct world *w, uint32_t request,
                                       struct type_outcome *out, uint16_t cause)
{
    out->failed[cause]++;
    out->unsent += w->request[request].attempts == 0;
    tally_add(&out->failed_latency, w->now - w->request[request].start);
    forget_blame(w, request);
}

static void cancel(struct world *w, uint32_t *timer)
{
    if (*timer == TIMER_NONE)
        return;
    timer_cancel(&w->timers, *timer);
    *timer = TIMER_NONE;
}

/* In the bin that the series of those present has come to. */
static void count_completion(struct world *w)
{
    w->out->completed_in[w->out->in_system.bin]++;
}

bool clients_are_done(const struct world *w)
{
    bool sent = w->working == 0;
    return w->measured_in_flight == 0 &&
           ((w->window == WINDOW_DRAINING && (!w->open_end || sent)) ||
            (w->until_empty && sent));
}

/* What follows the end of some requests. */
static OUT_OF_LINE void attend(struct world *w, uint32_t request,
                               const struct workload *load, enum status status)
{
    struct request *r = &w->request[request];
    if (w->chronicler)
        chronicle_ended(w, r, status);
    cancel(w, &r->deadline);
    if (w->visit)
        visit_end(w, request);
    if (has_users(load))
        arrivals_answered(w, request);
    else if (load->most_vus)
        arrivals_iterated(w, request);
    else
        request_free(w, request);
}

/* The request is answered for good, one way or the other. */
HOT_INLINE void settle(struct world *w, uint32_t request, const struct workload *load,
                       enum status status, uint16_t cause, bool plain)
{
    struct request *r = &w->request[request];
    series_add(&w->out->in_system, w->now, -1);
    if (status == STATUS_OK)
        count_completion(w);
    if (r->measured) {
        struct type_outcome *out = &w->out->type[r->type];
        out->attempts += r->attempts;
        if (RARELY(status != STATUS_OK))
            record_failure(w, request, out, cause);
        else
            record_ok(w, request, out);
        if (RARELY(--w->measured_in_flight == 0))
            world_stop_if(w, clients_are_done(w));
    } else {
        forget(w, request);
    }
    if (!plain && load->attended)
        attend(w, request, load, status);
    else
        request_free(w, request);
}

void client_settle(struct world *w, uint32_t request, enum status status,
                   uint16_t cause)
{
    settle(w, request, workload_of(w, &w->request[request]), status, cause, false);
}

/* The attempt under way is over for the client. */
HOT_INLINE void end_attempt(struct world *w, struct request *r,
                            const struct workload *load)
{
    cancel(w, &r->timer);
    r->wait++;
    if (load->balanced) {
        const struct call_site *site = &w->call[w->type[r->type].call];
        balance_release(w, site, site->balancer, r->peer);
    }
}

/* A stream that had begun was a success as far as it went: patience begins anew. */
static uint32_t attempts_of(const struct request *r)
{
    return (uint32_t)(r->attempts - r->renewed + (r->renewed > 0));
}

static OUT_OF_LINE bool is_retried(struct world *w, const struct request *r,
                                   const struct retry_policy *retry, enum status status)
{
    if (attempts_of(r) > retry->max || !(retry->statuses >> status & 1) ||
        !retry_chance(w, retry, r->entity, r->attempts))
        return false;
    return retry->budget == NONE || budget_take(w, retry->budget);
}

static OUT_OF_LINE void back_off(struct world *w, uint32_t request,
                                 const struct workload *load, uint16_t cause)
{
    struct request *r = &w->request[request];
    sim_time told = retry_told(w, &load->retry, cause);
    uint64_t entity = r->renewed ? rng_mix(r->entity, r->renewed) : r->entity;
    r->pause =
        told ? told
             : retry_pause(w, &load->retry, entity, attempts_of(r), r->pause);
    r->state = REQUEST_BACKOFF;
    if (load->deadline_class != NONE &&
        w->now + r->pause >= r->start + load->conf->deadline) {
        if (w->visit) /* the deadline comes first: nothing to wake up for */
            w->visit[request].wakes = SIM_NEVER;
        return;
    }
    client_wake(w, request, w->now + r->pause, EVENT_HAND_OFF);
}

HOT_ACROSS void client_reply(struct world *w, uint32_t request, enum status status,
                             uint16_t cause)
{
    struct request *r = &w->request[request];
    const struct workload *load = workload_of(w, r);
    if (load->plain && status == STATUS_OK) {
        settle(w, request, load, STATUS_OK, 0, true);
        return;
    }
    end_attempt(w, r, load);
    if (RARELY(load->watched))
        visit_over(w, request, status);
    if (RARELY(status != STATUS_OK) && r->begun)
        status = stream_cut(w, request, status);
    if (RARELY(status != STATUS_OK) && is_retried(w, r, &load->retry, status))
        back_off(w, request, load, cause);
    else
        settle(w, request, load, status, cause, false);
}

void client_give_up(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    uint32_t child = r->child, wait = r->wait;
    r->stamp++; /* whatever works for it now works for nobody */
    if (r->state == REQUEST_CALLING) {
        proxy_client_gone(w, child, NONE, wait);
        end_attempt(w, r, workload_of(w, r));
        if (r->begun)
            stream_cut(w, request, STATUS_TIMEOUT);
    }
    if (workload_of(w, r)->watched)
        visit_over(w, request, STATUS_TIMEOUT);
}

void client_interrupt(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    const struct workload *load = workload_of(w, r);
    w->visit[request].interrupted = true;
    client_give_up(w, request);
    series_add(&w->out->in_system, w->now, -1);
    if (r->measured) {
        struct type_outcome *out = &w->out->type[r->type];
        out->attempts += r->attempts;
        out->unsent += r->attempts == 0;
        if (--w->measured_in_flight == 0)
            world_stop_if(w, clients_are_done(w));
    }
    forget(w, request);
    if (load->attended)
        attend(w, request, load, STATUS_TIMEOUT);
    else
        request_free(w, request);
}

void client_timeout(struct world *w, uint32_t request, bool deadline)
{
    struct request *r = &w->request[request];
    const struct workload *load = workload_of(w, r);
    if (!deadline) {
        uint32_t child = r->child, wait = r->wait;
        r->stamp++;
        r->timer = TIMER_NONE;
        proxy_client_gone(w, child, NONE, wait);
        client_reply(w, request, STATUS_TIMEOUT, load->timeout_cause);
        return;
    }
    r->deadline = TIMER_NONE;
    client_give_up(w, request);
    settle(w, request, load, STATUS_TIMEOUT, load->deadline_cause, false);
}

/* Its back-off is over. */
static void try_again(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    blame(w, request, w->m->backoff_resource, r->pause);
    if (w->visit)
        visit_retry(w, request);
    else
        client_send(w, request);
}

void client_woken(struct world *w, uint32_t request)
{
    if (w->request[request].state == REQUEST_THINKING)
        arrivals_ask(w, request);
    else if (w->request[request].state == REQUEST_BACKOFF)
        try_again(w, request);
}

void client_event(struct world *w, uint32_t request)
{
    if (w->visit)
        visit_event(w, request);
    else
        client_woken(w, request);
}

void clients_close(struct world *w)
{
    for (uint32_t i = 0; i < w->requests; i++) {
        const struct request *r = &w->request[i];
        if (r->state == REQUEST_FREE || r->state == REQUEST_THINKING || !r->measured)
            continue;
        struct type_outcome *out = &w->out->type[r->type];
        out->attempts += r->attempts;
        out->unsent += r->attempts == 0;
    }
}
