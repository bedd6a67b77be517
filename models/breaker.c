/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * breaker -- resilience4j's circuit breaker.
 *
 *     closed     all pass; a verdict with each result once there are enough: too many
 *                failures or slow calls open it
 *     open       all are rejected; the first call after the wait makes it half open
 *     half open  so many pass, no more; when all of them have ended it is opened again,
 *                or closed with a fresh window
 *
 * A result counts in the state that the breaker is in when it comes, whatever it was
 * when the call was let through. No event is needed: what time alone has done is made
 * up for at the next call.
 */
#include "models/world.h"

enum breaker_state { BREAKER_CLOSED, BREAKER_OPEN, BREAKER_HALF_OPEN };
enum result_bit { RESULT_FAILED = 1, RESULT_SLOW = 2 };

struct tallies {
    int64_t calls, failed, slow;
};

/* The last so many results, or those of the last so many seconds. */
struct window_of_calls {
    int64_t size;
    uint8_t *result;        /* by calls: ring of results */
    struct tallies *second; /* by time: ring of seconds */
    int64_t place, filled;  /* by calls; by time `place` is the newest second */
    struct tallies sum;
};

struct breaker {
    enum breaker_state state;
    sim_time since;  /* of this state */
    int64_t permits; /* left, half open */
    struct window_of_calls closed, half;
};

/* ---- the window ------------------------------------------------------------------ */

static void forget_all(struct window_of_calls *win, sim_time now)
{
    win->filled = 0;
    win->place = win->second ? now / SIM_SECOND : 0;
    win->sum = (struct tallies){0};
    for (int64_t i = 0; win->second && i < win->size; i++)
        win->second[i] = (struct tallies){0};
}

static void count_result(struct tallies *t, int result, int64_t by)
{
    t->calls += by;
    t->failed += result & RESULT_FAILED ? by : 0;
    t->slow += result & RESULT_SLOW ? by : 0;
}

/* Seconds are those of the clock: the window holds the present one and those before. */
static void move_to(struct window_of_calls *win, int64_t second)
{
    if (second - win->place > win->size)
        win->place = second - win->size;
    while (win->place < second) {
        struct tallies *old = &win->second[++win->place % win->size];
        win->sum.calls -= old->calls;
        win->sum.failed -= old->failed;
        win->sum.slow -= old->slow;
        *old = (struct tallies){0};
    }
}

static void record(struct window_of_calls *win, int result, sim_time now)
{
    if (win->second) {
        move_to(win, now / SIM_SECOND);
        count_result(&win->second[win->place % win->size], result, 1);
    } else {
        uint8_t *at = &win->result[win->place];
        if (win->filled == win->size)
            count_result(&win->sum, *at, -1);
        else
            win->filled++;
        *at = (uint8_t)result;
        win->place = (win->place + 1) % win->size;
    }
    count_result(&win->sum, result, 1);
}

/* ---- states ---------------------------------------------------------------------- */

static void turn(struct breaker *b, enum breaker_state state, sim_time since)
{
    b->state = state;
    b->since = since;
}

static void half_open(struct breaker *b, const struct breaker_conf *conf,
                      sim_time since)
{
    turn(b, BREAKER_HALF_OPEN, since);
    b->permits = conf->half_open_calls;
    forget_all(&b->half, since);
}

/* What has happened since the last call without one. */
static void catch_up(struct breaker *b, const struct breaker_conf *conf, sim_time now)
{
    for (;;) {
        sim_time over = b->since + conf->open_wait;
        if (b->state == BREAKER_OPEN && conf->automatic && now > over)
            half_open(b, conf, over);
        else if (b->state == BREAKER_HALF_OPEN && conf->half_open_wait > 0 &&
                 now - b->since >= conf->half_open_wait)
            turn(b, BREAKER_OPEN, b->since + conf->half_open_wait);
        else
            return;
    }
}

static bool exceeds(const struct breaker_conf *conf, const struct tallies *sum)
{
    double calls = (double)sum->calls;
    return (double)sum->failed >= conf->failure_rate * calls ||
           (double)sum->slow >= conf->slow_rate * calls;
}

static void judge_closed(struct breaker *b, const struct breaker_conf *conf,
                         sim_time now)
{
    int64_t minimum = conf->minimum;
    if (conf->window_type == WINDOW_COUNT_BASED && minimum > conf->window)
        minimum = conf->window;
    if (b->closed.sum.calls >= minimum && exceeds(conf, &b->closed.sum))
        turn(b, BREAKER_OPEN, now);
}

static void judge_half_open(struct breaker *b, const struct breaker_conf *conf,
                            sim_time now)
{
    if (b->half.sum.calls < conf->half_open_calls)
        return;
    if (exceeds(conf, &b->half.sum)) {
        turn(b, BREAKER_OPEN, now);
    } else {
        turn(b, BREAKER_CLOSED, now);
        forget_all(&b->closed, now);
    }
}

/* ---- calls ----------------------------------------------------------------------- */

static void *breaker_open(struct world *w, const struct guard_plan *plan)
{
    const struct breaker_conf *conf = plan->conf;
    struct breaker *b = arena_new(w->arena, struct breaker);
    bool by_time = conf->window_type == WINDOW_TIME_BASED;
    b->closed.size = conf->window;
    b->half.size = conf->half_open_calls;
    if (by_time)
        b->closed.second = arena_many(w->arena, conf->window, struct tallies);
    else
        b->closed.result = arena_many(w->arena, conf->window, uint8_t);
    b->half.result = arena_many(w->arena, conf->half_open_calls, uint8_t);
    return b;
}

static sim_time breaker_enter(struct world *w, void *state,
                              const struct guard_plan *plan, uint32_t task,
                              struct pass *pass)
{
    (void)task, (void)pass;
    struct breaker *b = state;
    const struct breaker_conf *conf = plan->conf;
    catch_up(b, conf, w->now);
    if (b->state == BREAKER_CLOSED)
        return GUARD_PASS;
    if (b->state == BREAKER_OPEN) {
        if (w->now <= b->since + conf->open_wait)
            return GUARD_REJECT;
        half_open(b, conf, w->now);
    }
    if (b->permits == 0)
        return GUARD_REJECT;
    b->permits--;
    return GUARD_PASS;
}

static void breaker_leave(struct world *w, void *state, const struct guard_plan *plan,
                          const struct guard_end *end)
{
    struct breaker *b = state;
    const struct breaker_conf *conf = plan->conf;
    catch_up(b, conf, w->now);
    if (end->cancelled || plan->ignored >> end->status & 1) {
        b->permits += b->state == BREAKER_HALF_OPEN;
        return;
    }
    int result = plan->failures >> end->status & 1 ? RESULT_FAILED : 0;
    result |= end->took > conf->slow_duration ? RESULT_SLOW : 0;
    if (b->state == BREAKER_HALF_OPEN) {
        record(&b->half, result, w->now);
        judge_half_open(b, conf, w->now);
        return;
    }
    record(&b->closed, result, w->now);
    if (b->state == BREAKER_CLOSED)
        judge_closed(b, conf, w->now);
}

const struct guard_kind breaker_kind = {
    .open = breaker_open, .enter = breaker_enter, .leave = breaker_leave};
