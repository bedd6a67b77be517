/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * arrivals -- when requests come.
 *
 * Every draw is addressed by the number of the request (or of the user and his
 * request), so that the same requests come whatever they meet. Rates that vary over
 * time stretch time itself: gaps are drawn with mean 1 and laid along the integral of
 * the rate, which works for any kind of gap and keeps draws and requests together.
 */
#include "models/world.h"

#include "sim/dist.h"

#include <math.h>

uint32_t arrivals_type(const struct world *w, const struct workload *load,
                       uint64_t entity)
{
    uint32_t type = 0;
    if (load->types == 1)
        return load->first_type;
    struct draw draw = draw_at(load->type_key, entity, w->replication, 0);
    double u = draw_uniform(&draw);
    while (type + 1 < load->types && u >= load->odds[type])
        type++;
    return load->first_type + type;
}

/* ---- gaps ------------------------------------------------------------------------ */

/* The gap before arrival `number`, of mean 1. */
static double draw_gap(const struct world *w, const struct workload *load,
                       struct arrivals *a, uint64_t number)
{
    if (load->process == PROCESS_CONSTANT)
        return 1;
    uint64_t word =
        draw_first_word(&a->memo, load->arrival_key, number, w->replication, 0);
    if (load->process != PROCESS_GAMMA) {
        double gap = draw_exponential_inside(word);
        if (gap >= 0)
            return gap;
    }
    struct draw draw = draw_from(load->arrival_key, number, w->replication, 0, word);
    return load->process == PROCESS_GAMMA ? dist_sample(load->gap, &draw)
                                          : draw_exponential(&draw);
}

/* Lay `need` (the integral of the multiplier, in ns) along the profile from where we
 * are; false when the profile ends first. Inside a segment the multiplier is m + sx. */
static OUT_OF_LINE bool along_profile(struct arrivals *a,
                                      const struct param_list *profile, double need)
{
    const struct profile_point *p = profile->items;
    for (; (int)a->segment + 1 < profile->count; a->segment++) {
        const struct profile_point *from = &p[a->segment], *to = from + 1;
        double start = (double)from->time, end = (double)to->time;
        double slope = (to->multiplier - from->multiplier) / (end - start);
        double m = from->multiplier + slope * (a->position - start),
               left = end - a->position;
        double area = (m + to->multiplier) / 2 * left;
        if (need < area) {
            a->position += 2 * need / (m + sqrt(fmax(0, m * m + 2 * slope * need)));
            return true;
        }
        need -= area;
        a->position = end;
    }
    return false;
}

/* A state of the modulated process: how fast requests come in it, and until when. */
static void next_state(const struct world *w, const struct workload *load,
                       struct arrivals *a)
{
    const struct process_mmpp_conf *mmpp = load->conf->open->process.body;
    const sim_time *sojourn = mmpp->mean_sojourn.items;
    struct draw draw = draw_at(load->switch_key, ++a->switches, w->replication, 0);
    a->segment = (a->segment + 1) % (uint32_t)mmpp->rates.count;
    a->position = a->state_end;
    a->state_end += (double)sojourn[a->segment] * draw_exponential(&draw);
}

static OUT_OF_LINE void along_states(const struct world *w, const struct workload *load,
                         struct arrivals *a, double need)
{
    const struct process_mmpp_conf *mmpp = load->conf->open->process.body;
    const double *rate = mmpp->rates.items;
    for (;;) {
        double speed = rate[a->segment] * a->scale;
        double area = speed * (a->state_end - a->position);
        if (need < area) {
            a->position += need / speed;
            return;
        }
        need -= area;
        next_state(w, load, a);
    }
}

/* Begin in a state drawn by the share of time it has in the long run. */
static void first_state(const struct world *w, const struct workload *load,
                        struct arrivals *a)
{
    const struct process_mmpp_conf *mmpp = load->conf->open->process.body;
    const sim_time *sojourn = mmpp->mean_sojourn.items;
    const double *rate = mmpp->rates.items;
    double time = 0, arrivals = 0, sum = 0;
    for (int i = 0; i < mmpp->rates.count; i++) {
        time += (double)sojourn[i];
        arrivals += (double)sojourn[i] * rate[i];
    }
    a->scale = time / arrivals;
    struct draw draw = draw_at(load->switch_key, 0, w->replication, 0);
    double u = draw_uniform(&draw) * time;
    while ((int)a->segment + 1 < mmpp->rates.count &&
           u >= sum + (double)sojourn[a->segment])
        sum += (double)sojourn[a->segment++];
    a->state_end = (double)sojourn[a->segment] * draw_exponential(&draw);
}

/* When the next arrival comes; SIM_NEVER when there is none. */
HOT_INLINE sim_time next_arrival(const struct world *w, const struct workload *load,
                                 struct arrivals *a)
{
    double need = a->gap * a->mean_gap;
    a->gap = draw_gap(w, load, a, a->count + 1);
    if (load->profile) {
        if (!along_profile(a, load->profile, need))
            return SIM_NEVER;
    } else if (load->process == PROCESS_MMPP) {
        along_states(w, load, a, need);
    } else {
        a->position += need;
    }
    return a->position >= (double)SIM_TIME_MAX ? SIM_NEVER
                                               : sim_from_nanoseconds(a->position);
}

/* ---- users ----------------------------------------------------------------------- */

static void new_user(struct world *w, const struct workload *load, uint64_t number,
                     sim_time at)
{
    uint32_t request = request_new(w);
    struct request *r = &w->request[request];
    r->entity = number << 32;
    r->workload = (uint16_t)(load - w->workload);
    r->state = REQUEST_THINKING;
    client_wake(w, request, at, EVENT_ARRIVAL);
}

void arrivals_ask(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    const struct workload *load = &w->workload[r->workload];
    request_open(w, request, arrivals_type(w, load, r->entity), r->entity, w->now);
}

/* How many requests a session makes: drawn anew from its address, never stored. */
static uint32_t session_length(const struct world *w, const struct workload *load,
                               uint64_t user)
{
    struct draw draw = draw_at(load->batch_key, user, w->replication, 0);
    int64_t length = dist_count(load->conf->sessions->requests, &draw);
    return length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
}

void arrivals_answered(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    const struct workload *load = &w->workload[r->workload];
    bool closed = load->form == WORKLOAD_CLOSED;
    const struct dist *think =
        closed ? load->conf->closed->think : load->conf->sessions->think;
    struct draw draw = draw_at(load->think_key, r->entity, w->replication, 0);
    uint32_t asked = (uint32_t)++r->entity;
    check(asked > 0, "a user of %s asks 2^32 times", load->name);
    if (!closed && asked >= session_length(w, load, r->entity >> 32)) {
        request_free(w, request);
        return;
    }
    r->state = REQUEST_THINKING;
    sim_time pause = think ? dist_duration(think, &draw) : 0;
    client_wake(w, request, w->now + pause, EVENT_ARRIVAL);
}

/* ---- the forms of workload ------------------------------------------------------- */

HOT_INLINE void schedule(struct world *w, uint32_t workload, sim_time at)
{
    if (at == SIM_NEVER)
        w->working--;
    else
        event_push(&w->events, at, EVENT_ARRIVAL, actor_workload(workload));
}

static double arrival_rate(const struct workload *load)
{
    return load->form == WORKLOAD_OPEN ? load->conf->open->rate
                                       : load->conf->sessions->rate;
}

static int64_t batch_size(const struct world *w, const struct workload *load,
                          uint64_t number)
{
    struct draw draw = draw_at(load->batch_key, number, w->replication, 0);
    return dist_count(load->conf->open->batch, &draw);
}

HOT_INLINE void begin(struct world *w, const struct workload *load, struct arrivals *a)
{
    uint64_t entity = a->requests++;
    uint32_t type = load->trace ? load->trace[entity].type : NONE;
    client_begin(w, type == NONE ? arrivals_type(w, load, entity) : type, entity,
                 w->now);
}

/* So many requests begin now, where it is not always one. */
static OUT_OF_LINE int64_t beginning(struct world *w, const struct workload *load,
                                     const struct arrivals *a)
{
    switch (load->form) {
    case WORKLOAD_OPEN:
        return batch_size(w, load, a->count);
    case WORKLOAD_BURST:
        return load->conf->burst->users;
    case WORKLOAD_SESSIONS:
        if (session_length(w, load, a->count) > 0)
            new_user(w, load, a->count, w->now);
        break;
    case WORKLOAD_TRACE:
    case WORKLOAD_CLOSED:
        break;
    }
    return 0;
}

/* When more come, where no gaps are drawn. */
static OUT_OF_LINE sim_time next_time(const struct world *w,
                                      const struct workload *load,
                                      const struct arrivals *a)
{
    if (load->form == WORKLOAD_TRACE)
        return a->requests < load->trace_count ? load->trace[a->requests].time
                                               : SIM_NEVER;
    sim_time every = load->conf->burst->every;
    return every == SIM_NEVER ? SIM_NEVER : w->now + every;
}

void arrivals_start(struct world *w, uint32_t workload)
{
    const struct workload *load = &w->workload[workload];
    struct arrivals *a = &w->arrivals[workload];
    w->working++;
    bool batches = load->form == WORKLOAD_OPEN && load->conf->open->batch;
    a->one_by_one = (load->form == WORKLOAD_OPEN && !batches) ||
                    load->form == WORKLOAD_TRACE;
    a->by_gaps = load->form == WORKLOAD_OPEN || load->form == WORKLOAD_SESSIONS;
    if (a->by_gaps) {
        a->mean_gap = 1e9 / arrival_rate(load);
        a->gap = draw_gap(w, load, a, 0);
    }
    switch (load->form) {
    case WORKLOAD_OPEN:
        if (load->process == PROCESS_MMPP)
            first_state(w, load, a);
        /* fall through */
    case WORKLOAD_SESSIONS:
        schedule(w, workload, next_arrival(w, load, a));
        break;
    case WORKLOAD_CLOSED: {
        const struct closed_conf *closed = load->conf->closed;
        for (int64_t i = 0; i < closed->users; i++)
            new_user(w, load, (uint64_t)i,
                     (sim_time)((int128)closed->ramp_up * i / closed->users));
        break;
    }
    case WORKLOAD_BURST:
        schedule(w, workload, load->conf->burst->at_time);
        break;
    case WORKLOAD_TRACE:
        schedule(w, workload, load->trace[0].time);
        break;
    }
}

void arrivals_event(struct world *w, uint32_t workload)
{
    const struct workload *load = &w->workload[workload];
    struct arrivals *a = &w->arrivals[workload];
    for (int64_t n = a->one_by_one ? 1 : beginning(w, load, a); n > 0; n--)
        begin(w, load, a);
    a->count++;
    schedule(w, workload,
             a->by_gaps ? next_arrival(w, load, a) : next_time(w, load, a));
}

/* Their numbers are none that other requests have. */
void arrivals_shock(struct world *w, sim_time span)
{
    static const uint64_t first = UINT64_C(1) << 62;
    for (int i = 0; i < w->m->facts.workloads; i++) {
        const struct workload *load = &w->workload[i];
        if (load->form != WORKLOAD_OPEN)
            continue;
        double count = w->m->facts.workload[i].rate * sim_seconds(span);
        for (uint64_t n = 0; n < (uint64_t)count; n++)
            client_begin(w, arrivals_type(w, load, first + n), first + n, w->now);
    }
}
