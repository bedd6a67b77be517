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

uint32_t arrivals_type(struct world *w, const struct workload *load, uint64_t entity)
{
    uint32_t type = 0;
    if (load->types == 1)
        return load->first_type;
    struct draw_memo *memo = &w->arrivals[load - w->workload].type_memo;
    struct draw draw = draw_recall(memo, load->type_key, entity, w->replication, 0);
    double u = draw_uniform(&draw);
    while (type + 1 < load->types && u >= load->odds[type])
        type++;
    return load->first_type + type;
}

/* ---- gaps ------------------------------------------------------------------------ */

/* The gap before arrival `number`, of mean 1. */
HOT_INLINE double poisson_gap(const struct world *w, const struct workload *load,
                              struct arrivals *a, uint64_t number)
{
    double gap;
    uint64_t word = draw_next_word(&a->memo, load->arrival_key, number, w->replication);
    if (draw_exponential_inside(word, &gap))
        return gap;
    struct draw draw = draw_from(load->arrival_key, number, w->replication, 0, word);
    return draw_exponential(&draw);
}

static double draw_gap(const struct world *w, const struct workload *load,
                       struct arrivals *a, uint64_t number)
{
    if (load->process == PROCESS_CONSTANT)
        return 1;
    if (load->process != PROCESS_GAMMA)
        return poisson_gap(w, load, a, number);
    struct draw draw =
        draw_recall(&a->memo, load->arrival_key, number, w->replication, 0);
    return dist_sample(load->gap, &draw);
}

/* Lay `need` (the integral of the multiplier, in ns) along the profile from where we
 * are; false when the profile ends first. Inside a segment the multiplier is m + sx. */
static bool along_lap(struct arrivals *a, const struct workload *load, double *need)
{
    const struct profile_point *p = load->profile;
    for (; (int)a->segment + 1 < load->points; a->segment++) {
        const struct profile_point *from = &p[a->segment], *to = from + 1;
        double start = a->lap + (double)from->time, end = a->lap + (double)to->time;
        if (!(end > start))
            continue;
        double slope = (to->multiplier - from->multiplier) / (end - start);
        double m = from->multiplier + slope * (a->position - start),
               left = end - a->position;
        double area = (m + to->multiplier) / 2 * left;
        if (*need < area) {
            a->position += 2 * *need / (m + sqrt(fmax(0, m * m + 2 * slope * *need)));
            return true;
        }
        *need -= area;
        a->position = end;
    }
    return false;
}

static bool along_profile(struct arrivals *a, const struct workload *load, double need)
{
    while (!along_lap(a, load, &need)) {
        if (!load->repeats)
            return false;
        a->segment = 0;
        a->lap += (double)load->profile[load->points - 1].time;
    }
    return true;
}

/* A state of the modulated process: how fast requests come in it, and until when. */
static void next_state(const struct world *w, const struct workload *load,
                       struct arrivals *a)
{
    const struct process_mmpp_conf *mmpp = load->mmpp;
    const sim_time *sojourn = mmpp->mean_sojourn.items;
    struct draw draw = draw_at(load->switch_key, ++a->switches, w->replication, 0);
    a->segment = (a->segment + 1) % (uint32_t)mmpp->rates.count;
    a->position = a->state_end;
    a->state_end += (double)sojourn[a->segment] * draw_exponential(&draw);
}

static void along_states(const struct world *w, const struct workload *load,
                         struct arrivals *a, double need)
{
    const struct process_mmpp_conf *mmpp = load->mmpp;
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

/* To the next arrival where the rate varies; false when there is none. */
static bool stretch(const struct world *w, const struct workload *load,
                    struct arrivals *a, double need)
{
    if (load->profile)
        return along_profile(a, load, need);
    along_states(w, load, a, need);
    return true;
}

/* Begin in a state drawn by the share of time it has in the long run. */
static void first_state(const struct world *w, const struct workload *load,
                        struct arrivals *a)
{
    const struct process_mmpp_conf *mmpp = load->mmpp;
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
static sim_time next_arrival(const struct world *w, const struct workload *load,
                             struct arrivals *a)
{
    double need = a->gap * a->mean_gap;
    a->gap = draw_gap(w, load, a, a->count + 1);
    if (!a->stretched)
        a->position += need;
    else if (!stretch(w, load, a, need))
        return SIM_NEVER;
    if (a->position >= (double)SIM_TIME_MAX)
        return SIM_NEVER;
    return (sim_time)(a->position + 0.5); /* not negative */
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

/* How many requests a session makes: drawn anew from its address, never stored. */
static uint32_t session_length(const struct world *w, const struct workload *load,
                               uint64_t user)
{
    struct draw draw = draw_at(load->batch_key, user, w->replication, 0);
    int64_t length = dist_count(load->requests, &draw);
    return length < UINT32_MAX ? (uint32_t)length : UINT32_MAX;
}

static sim_time think(const struct world *w, const struct workload *load,
                      const struct request *r)
{
    if (!load->think)
        return 0;
    struct draw draw = draw_at(load->think_key, r->entity, w->replication, 0);
    return dist_duration(load->think, &draw);
}

/* An iteration that is broken off never comes to its sleep(). */
static sim_time sleep_after(const struct world *w, const struct workload *load,
                            const struct request *r)
{
    return w->visit[r - w->request].interrupted ? 0 : think(w, load, r);
}

static sim_time between(const struct world *w, const struct workload *load,
                        const struct request *r)
{
    if (load->pause_least == load->pause_most)
        return load->pause_least;
    struct draw draw = draw_at(load->think_key, r->entity, w->replication, 0);
    double length = (double)(load->pause_most - load->pause_least);
    return load->pause_least + sim_from_nanoseconds(draw_uniform(&draw) * length);
}

static sim_time pacing(const struct world *w, const struct workload *load,
                       const struct request *r)
{
    sim_time next = r->start + load->pause_most;
    return next > w->now ? next - w->now : 0;
}

static sim_time (*const pauses[])(const struct world *w, const struct workload *load,
                                  const struct request *r) = {
    [PAUSE_THINK] = think,
    [PAUSE_SLEEP] = sleep_after,
    [PAUSE_BETWEEN] = between,
    [PAUSE_PACING] = pacing,
};

/* When a VU (from 0) that has run in a stage has to stop. */
static sim_time stage_ends(const struct vu_stage *s, int64_t vu)
{
    if (s->from <= vu || s->to > vu)
        return s->end;
    sim_time length = s->end - s->start;
    return s->start + (sim_time)((int128)length * (s->from - vu) / (s->from - s->to));
}

/* When a VU may run in a stage, at `from` or later; SIM_NEVER. Going up, VU n
 * starts when the number reaches n + 1; going down it stops when it reaches n. */
static sim_time stage_turn(const struct vu_stage *s, int64_t vu, sim_time from)
{
    sim_time on = s->start, off = stage_ends(s, vu), length = s->end - s->start;
    if (s->from <= vu && s->to <= vu)
        return SIM_NEVER;
    if (s->from <= vu)
        on += (sim_time)((int128)length * (vu + 1 - s->from) / (s->to - s->from));
    on = on > from ? on : from;
    return on < off ? on : SIM_NEVER;
}

/* The first time from `at` on when a user may ask; SIM_NEVER. */
static sim_time turn_of(const struct workload *load, uint64_t user, sim_time at)
{
    sim_time turn = load->stage ? SIM_NEVER : at;
    for (int i = 0; i < load->stages && turn == SIM_NEVER; i++)
        turn = stage_turn(&load->stage[i], (int64_t)user, at);
    return turn < load->ends ? turn : SIM_NEVER;
}

bool arrivals_has_turn(const struct workload *load, uint64_t user, sim_time now)
{
    return turn_of(load, user, now) == now;
}

sim_time arrivals_turn_ends(const struct workload *load, uint64_t user, sim_time now)
{
    int64_t vu = (int64_t)user;
    for (int i = 0; i < load->stages; i++) {
        const struct vu_stage *s = &load->stage[i];
        if (s->end <= now || s->end == s->start)
            continue;
        sim_time from = s->start > now ? s->start : now;
        if (stage_turn(s, vu, from) != from)
            return from;
        if (stage_ends(s, vu) < s->end)
            return stage_ends(s, vu);
    }
    return load->ends;
}

static void user_goes(struct world *w, uint32_t request)
{
    uint32_t workload = w->request[request].workload;
    request_free(w, request);
    if (w->workload[workload].form == WORKLOAD_CLOSED &&
        --w->arrivals[workload].users == 0) {
        w->working--;
        world_stop_if(w, clients_are_done(w));
    }
}

/* Whoever is turned away in no time, without a pause and on a network without latency,
 * finds out and asks again after about a round trip on one machine. At the same instant
 * he would for ever. */
#define AT_ONCE (100 * SIM_MICROSECOND)

void arrivals_answered(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    const struct workload *load = &w->workload[r->workload];
    sim_time pause = pauses[load->pause](w, load, r);
    if (pause == 0 && r->start == w->now && load->form == WORKLOAD_CLOSED)
        pause = AT_ONCE;
    uint32_t asked = (uint32_t)++r->entity;
    uint64_t user = r->entity >> 32;
    check(asked > 0, "a user of %s asks 2^32 times", load->name);
    sim_time next = w->now + pause;
    if (load->form == WORKLOAD_CLOSED)
        next = turn_of(load, user, next);
    else if (asked >= session_length(w, load, user))
        next = SIM_NEVER;
    if (next == SIM_NEVER) {
        user_goes(w, request);
        return;
    }
    r->state = REQUEST_THINKING;
    client_wake(w, request, next, EVENT_ARRIVAL);
}

/* ---- VUs of an arrival rate ------------------------------------------------------ */

/* A free VU runs the iteration, or nobody does; then one more may be started. */
static void iterate(struct world *w, const struct workload *load, struct arrivals *a)
{
    uint64_t entity = a->requests++;
    uint32_t type = arrivals_type(w, load, entity);
    if (a->starting && w->now >= a->started_at) {
        a->vus++;
        a->starting = false;
    }
    if (a->busy < load->vus + a->vus) {
        a->busy++;
        client_begin(w, load, type, entity, w->now);
        return;
    }
    client_drop(w, type);
    if (!a->starting && load->vus + a->vus < load->most_vus) {
        a->starting = true;
        a->started_at = w->now + load->vu_start;
    }
}

static void vu_is_free(struct world *w, uint32_t request)
{
    w->arrivals[w->request[request].workload].busy--;
    request_free(w, request);
}

void arrivals_iterated(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    sim_time pause = think(w, &w->workload[r->workload], r);
    if (pause == 0) {
        vu_is_free(w, request);
        return;
    }
    r->state = REQUEST_THINKING;
    client_wake(w, request, w->now + pause, EVENT_HAND_OFF);
}

/* Is there no iteration left for the VU, or (shared) for any? */
static bool all_are_begun(struct world *w, const struct workload *load,
                          const struct request *r)
{
    int64_t begun =
        load->shares ? w->arrivals[r->workload].begun++ : (int64_t)(uint32_t)r->entity;
    return begun >= load->iterations;
}

void arrivals_ask(struct world *w, uint32_t request)
{
    struct request *r = &w->request[request];
    const struct workload *load = &w->workload[r->workload];
    if (load->most_vus)
        vu_is_free(w, request);
    else if (load->iterations && all_are_begun(w, load, r))
        user_goes(w, request);
    else
        request_open(w, request, load, arrivals_type(w, load, r->entity), r->entity,
                     w->now);
}

/* ---- the forms of workload ------------------------------------------------------- */

static void schedule(struct world *w, uint32_t workload, sim_time at)
{
    if (at == SIM_NEVER)
        w->working--;
    else
        event_push(&w->events, at, EVENT_ARRIVAL, actor_workload(workload));
}

static int64_t batch_size(const struct world *w, const struct workload *load,
                          uint64_t number)
{
    struct draw draw = draw_at(load->batch_key, number, w->replication, 0);
    return dist_count(load->batch, &draw);
}

/* Where it is not always the same. */
static uint32_t type_of(struct world *w, const struct workload *load, uint64_t entity)
{
    uint32_t type = load->trace ? load->trace[entity].type : NONE;
    return type == NONE ? arrivals_type(w, load, entity) : type;
}

static void begin(struct world *w, const struct workload *load, struct arrivals *a)
{
    uint64_t entity = a->requests++;
    uint32_t type = load->only_type;
    if (type == NONE)
        type = type_of(w, load, entity);
    client_begin(w, load, type, entity, w->now);
}

/* The test is over, and so is all that is under way. Those who wait for a connection go
 * first, lest they get one. */
static void interrupt(struct world *w, const struct workload *load)
{
    uint16_t workload = (uint16_t)(load - w->workload);
    uint32_t lanes = load->lanes ? load->lanes : 1;
    for (uint32_t i = 0; i < lanes; i++)
        while (w->lane[load->first_lane + i].waiting.count)
            client_interrupt(w, w->lane[load->first_lane + i].waiting.first);
    for (uint32_t i = 0; i < w->requests; i++) {
        const struct request *r = &w->request[i];
        if (r->workload == workload && r->state != REQUEST_FREE &&
            r->state != REQUEST_THINKING)
            client_interrupt(w, i);
    }
}

/* So many requests begin now, where it is not always one; negative: none will. */
static int64_t beginning(struct world *w, const struct workload *load,
                         struct arrivals *a)
{
    if (w->now >= load->interrupts && !a->interrupted) {
        a->interrupted = true;
        interrupt(w, load);
        return -1;
    }
    switch (load->form) {
    case WORKLOAD_OPEN:
        if (load->batch)
            return batch_size(w, load, a->count);
        if (!load->most_vus)
            return 1;
        iterate(w, load, a);
        break;
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

/* False: no more will begin. */
static bool begin_several(struct world *w, const struct workload *load,
                          struct arrivals *a)
{
    int64_t n = beginning(w, load, a);
    for (int64_t i = 0; i < n; i++)
        begin(w, load, a);
    return n >= 0;
}

/* The next connection's turn in a schedule. */
static sim_time scheduled(const struct workload *load, struct arrivals *a)
{
    do {
        if (++a->segment == load->lanes) {
            a->segment = 0;
            a->switches++;
        }
    } while (load->phase[a->segment].late > (int64_t)a->switches);
    a->lane = load->phase[a->segment].lane;
    sim_time at = (sim_time)a->switches * load->period + load->phase[a->segment].at;
    return at < load->ends ? at : SIM_NEVER;
}

/* When more come, where no gaps are drawn. */
static sim_time next_time(const struct world *w, const struct workload *load,
                          struct arrivals *a)
{
    if (load->phase)
        return scheduled(load, a);
    if (load->form == WORKLOAD_TRACE)
        return a->requests < load->trace_count ? load->trace[a->requests].time
                                               : SIM_NEVER;
    sim_time every = load->conf->burst->every;
    return every == SIM_NEVER ? SIM_NEVER : w->now + every;
}

static void start_users(struct world *w, const struct workload *load,
                        struct arrivals *a)
{
    for (int64_t i = 0; i < load->users; i++) {
        sim_time at = load->spawned
                          ? i / load->spawned * load->spawn_every
                          : (sim_time)((int128)load->ramp_up * i / load->users);
        at = turn_of(load, (uint64_t)i, at);
        if (at == SIM_NEVER)
            continue;
        a->users++;
        new_user(w, load, (uint64_t)i, at);
    }
    w->working -= a->users == 0;
}

void arrivals_start(struct world *w, uint32_t workload)
{
    const struct workload *load = &w->workload[workload];
    struct arrivals *a = &w->arrivals[workload];
    w->working++;
    a->memo.eight = DRAW_NO_EIGHT;
    a->one_by_one = (load->form == WORKLOAD_OPEN && !load->batch && !load->most_vus &&
                     load->interrupts == SIM_NEVER) ||
                    load->form == WORKLOAD_TRACE;
    if (load->interrupts != SIM_NEVER)
        event_push(&w->events, load->interrupts, EVENT_TIMEOUT,
                   actor_workload(workload));
    a->by_gaps = (load->form == WORKLOAD_OPEN && !load->phase) ||
                 load->form == WORKLOAD_SESSIONS;
    if (a->by_gaps) {
        a->stretched = load->profile || load->process == PROCESS_MMPP;
        a->plain = a->one_by_one && !a->stretched && load->only_type != NONE &&
                   load->process == PROCESS_POISSON;
        a->mean_gap = 1e9 / load->rate;
        a->gap = load->at_once ? 0 : draw_gap(w, load, a, 0);
    }
    switch (load->form) {
    case WORKLOAD_OPEN:
        if (load->process == PROCESS_MMPP)
            first_state(w, load, a);
        /* fall through */
    case WORKLOAD_SESSIONS:
        schedule(w, workload, load->phase ? 0 : next_arrival(w, load, a));
        break;
    case WORKLOAD_CLOSED:
        start_users(w, load, a);
        break;
    case WORKLOAD_BURST:
        schedule(w, workload, load->conf->burst->at_time);
        break;
    case WORKLOAD_TRACE:
        schedule(w, workload, load->trace[0].time);
        break;
    }
}

static OUT_OF_LINE void event_of_any(struct world *w, uint32_t workload)
{
    const struct workload *load = &w->workload[workload];
    struct arrivals *a = &w->arrivals[workload];
    if (a->one_by_one)
        begin(w, load, a);
    else if (!begin_several(w, load, a))
        return;
    a->count++;
    schedule(w, workload,
             a->by_gaps ? next_arrival(w, load, a) : next_time(w, load, a));
}

/* What event_of_any does where arrivals are plain, as most are. */
HOT_ACROSS void arrivals_event(struct world *w, uint32_t workload)
{
    const struct workload *load = &w->workload[workload];
    struct arrivals *a = &w->arrivals[workload];
    if (!a->plain) {
        event_of_any(w, workload);
        return;
    }
    client_begin(w, load, load->only_type, a->requests++, w->now);
    a->position += a->gap * a->mean_gap;
    a->gap = poisson_gap(w, load, a, ++a->count + 1);
    if (RARELY(a->position >= (double)SIM_TIME_MAX))
        w->working--;
    else
        event_push(&w->events, (sim_time)(a->position + 0.5), EVENT_ARRIVAL,
                   actor_workload(workload));
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
            client_begin(w, load, arrivals_type(w, load, first + n), first + n, w->now);
    }
}
