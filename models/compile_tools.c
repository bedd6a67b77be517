/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compile_tools -- a load tool's settings as a way of arriving. An arrival rate is a
 * constant process that may drop what comes; VUs, Locust's users and wrk's connections
 * are users who wait for answers; wrk2 is a schedule for each connection.
 */
#include "models/compile.h"

#include "models/load_tools.h"

#include <math.h>
#include <stdlib.h>

/* ---- k6: arrival rates ----------------------------------------------------------- */

static void use_pool(struct compiler *c, struct workload *w,
                     const struct k6_pool_conf *pool, uint32_t at)
{
    w->form = WORKLOAD_OPEN;
    w->process = PROCESS_CONSTANT;
    w->vus = pool->allocated;
    w->most_vus = pool->most ? pool->most : pool->allocated;
    w->vu_start = pool->start;
    w->think = pool->sleep;
    w->grace = pool->grace;
    if (w->most_vus < w->vus)
        complain(c->out, at, "maxVUs", "must not be below preAllocatedVUs, %lld",
                 (long long)w->vus);
    w->dropped_cause = compile_cause(
        c, arena_format(c->arena, "%s: iteration dropped, no VU was free", w->name),
        STATUS_REFUSED, -1);
}

/* A rate that stays, for a time that may be given. */
static void hold_rate(struct compiler *c, struct workload *w, double rate,
                      sim_time duration)
{
    w->rate = rate;
    w->ends = duration;
    if (duration == SIM_NEVER)
        return;
    struct profile_point *p = arena_many(c->arena, 2, struct profile_point);
    p[0].multiplier = p[1].multiplier = 1;
    p[1].time = duration;
    w->profile = p;
    w->points = 2;
}

static void k6_rate(struct compiler *c, struct workload *w,
                    const struct k6_rate_conf *conf)
{
    use_pool(c, w, &conf->pool, conf->at);
    hold_rate(c, w, conf->rate, conf->duration);
    w->at_once = true;
}

static void k6_ramping_rate(struct compiler *c, struct workload *w,
                            const struct k6_ramping_rate_conf *conf)
{
    const struct k6_rate_stage *stage = conf->stages.items;
    int count = conf->stages.count;
    struct profile_point *p = arena_many(c->arena, count + 1, struct profile_point);
    double most = conf->start;
    use_pool(c, w, &conf->pool, conf->at);
    for (int i = 0; i < count; i++)
        most = fmax(most, stage[i].target);
    if (count == 0 || !(most > 0)) {
        complain(c->out, conf->at, "stages", "must lead to a rate above 0");
        return;
    }
    p[0].multiplier = conf->start / most;
    for (int i = 0; i < count; i++) {
        p[i + 1].time = p[i].time + stage[i].duration;
        p[i + 1].multiplier = stage[i].target / most;
    }
    if (p[count].time == 0)
        complain(c->out, conf->at, "stages", "must take some time");
    w->rate = most;
    w->profile = p;
    w->points = count + 1;
    w->ends = p[count].time;
}

/* ---- k6: VUs --------------------------------------------------------------------- */

static void k6_vus(struct workload *w, const struct k6_vus_conf *conf)
{
    w->form = WORKLOAD_CLOSED;
    w->users = conf->vus;
    w->think = conf->sleep;
    w->pause = PAUSE_SLEEP;
    w->ends = conf->duration;
    w->grace = conf->grace;
}

static void k6_iterations(struct compiler *c, struct workload *w,
                          const struct k6_iterations_conf *conf, bool shared)
{
    w->form = WORKLOAD_CLOSED;
    w->users = conf->vus;
    w->think = conf->sleep;
    w->pause = PAUSE_SLEEP;
    w->ends = conf->most;
    w->grace = conf->grace;
    w->iterations = conf->iterations;
    w->shares = shared;
    if (shared && conf->iterations < conf->vus)
        complain(c->out, conf->at, "iterations",
                 "must not be below vus, %lld: they are shared",
                 (long long)conf->vus);
}

static void k6_ramping_vus(struct compiler *c, struct workload *w,
                           const struct k6_ramping_vus_conf *conf)
{
    const struct k6_vu_stage *stage = conf->stages.items;
    int count = conf->stages.count;
    struct vu_stage *s = arena_many(c->arena, count + 1, struct vu_stage);
    int64_t now = conf->start, most = now;
    sim_time time = 0;
    for (int i = 0; i < count; i++) {
        s[i] = (struct vu_stage){time, time + stage[i].duration, now, stage[i].target};
        time = s[i].end;
        now = stage[i].target;
        most = now > most ? now : most;
    }
    if (most == 0 || time == 0)
        complain(c->out, conf->at, "stages",
                 "must take some time and lead to a VU at least");
    w->form = WORKLOAD_CLOSED;
    w->users = most;
    w->think = conf->sleep;
    w->pause = PAUSE_SLEEP;
    w->grace = conf->grace;
    w->ramp_grace = conf->ramp_grace;
    w->stage = s;
    w->stages = count;
    w->ends = time;
}

static void compile_k6(struct compiler *c, struct workload *w,
                       const struct param_variant *k6)
{
    w->tool = TOOL_K6;
    switch ((enum k6_executor)k6->which) {
    case K6_RATE:
        k6_rate(c, w, k6->body);
        break;
    case K6_RAMPING_RATE:
        k6_ramping_rate(c, w, k6->body);
        break;
    case K6_VUS:
        k6_vus(w, k6->body);
        break;
    case K6_RAMPING_VUS:
        k6_ramping_vus(c, w, k6->body);
        break;
    case K6_PER_VU:
    case K6_SHARED:
        k6_iterations(c, w, k6->body, k6->which == K6_SHARED);
        break;
    }
}

/* ---- Locust ---------------------------------------------------------------------- */

static void compile_wait_time(struct compiler *c, struct workload *w,
                              const struct param_variant *wait)
{
    if (!wait->row)
        return;
    switch ((enum wait_time)wait->which) {
    case WAIT_BETWEEN: {
        const struct wait_between_conf *between = wait->body;
        if (between->most < between->least)
            complain(c->out, between->at, NULL,
                     "must not have a longest wait below the shortest");
        w->pause = PAUSE_BETWEEN;
        w->pause_least = between->least;
        w->pause_most = between->most;
        break;
    }
    case WAIT_CONSTANT:
        w->pause = PAUSE_BETWEEN;
        w->pause_least = w->pause_most = *(const sim_time *)wait->body;
        break;
    case WAIT_PACING:
        w->pause = PAUSE_PACING;
        w->pause_most = *(const sim_time *)wait->body;
        break;
    case WAIT_THROUGHPUT:
        w->pause = PAUSE_PACING;
        w->pause_most = sim_from_nanoseconds(1e9 / *(const double *)wait->body);
        break;
    }
}

static void compile_locust(struct compiler *c, struct workload *w,
                           const struct locust_conf *conf)
{
    w->tool = TOOL_LOCUST;
    w->form = WORKLOAD_CLOSED;
    w->users = conf->users;
    w->spawned = (int64_t)fmax(1, floor(conf->spawn_rate));
    w->spawn_every = sim_from_nanoseconds((double)w->spawned / conf->spawn_rate * 1e9);
    w->ends = conf->run_time;
    w->grace = conf->grace;
    compile_wait_time(c, w, &conf->wait_time);
}

/* ---- wrk ------------------------------------------------------------------------- */

static void compile_wrk(struct workload *w, const struct wrk_conf *conf)
{
    w->tool = TOOL_WRK;
    w->form = WORKLOAD_CLOSED;
    w->users = conf->connections;
    w->ends = conf->duration;
    w->tool_timeout = conf->timeout;
}

static int by_phase(const void *a, const void *b)
{
    const struct phase *x = a, *y = b;
    return x->at != y->at ? (x->at > y->at) - (x->at < y->at)
                          : (x->lane > y->lane) - (x->lane < y->lane);
}

/* Connection i of a thread starts 5 ms after the one before, and then keeps to its own
 * schedule: the connections' turns within a period, in order. */
static void compile_wrk2(struct compiler *c, struct workload *w,
                         const struct wrk2_conf *conf)
{
    const sim_time apart = 5 * SIM_SECOND / 1000;
    int64_t threads =
        conf->threads < conf->connections ? conf->threads : conf->connections;
    int64_t each = conf->connections / threads, lanes = each * threads;
    sim_time period = sim_from_nanoseconds((double)lanes / conf->rate * 1e9);
    struct phase *phase = arena_many(c->arena, lanes, struct phase);
    for (int64_t i = 0; i < lanes; i++) {
        sim_time start = i % each * apart;
        phase[i] = (struct phase){start % period, start / period, (uint32_t)i};
    }
    qsort(phase, (size_t)lanes, sizeof *phase, by_phase);
    w->tool = TOOL_WRK2;
    w->form = WORKLOAD_OPEN;
    w->rate = conf->rate;
    w->phase = phase;
    w->period = period;
    w->lanes = (uint32_t)lanes;
    w->ends = conf->duration;
    sim_time calibrates = 10 * SIM_SECOND + each * apart;
    if (calibrates < w->ends)
        w->timed_from = calibrates;
}

bool compile_tool(struct compiler *c, struct workload *w)
{
    const struct workload_conf *conf = w->conf;
    w->tool_timeout = SIM_NEVER;
    if (conf->k6.row)
        compile_k6(c, w, &conf->k6);
    else if (conf->locust)
        compile_locust(c, w, conf->locust);
    else if (conf->wrk)
        compile_wrk(w, conf->wrk);
    else if (conf->wrk2)
        compile_wrk2(c, w, conf->wrk2);
    w->interrupts = w->tool && w->ends != SIM_NEVER ? w->ends + w->grace : SIM_NEVER;
    return w->tool != TOOL_NONE;
}
