/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/oracle.h"

#include "experiments/walk.h"
#include "models/theory.h"

#include <math.h>
#include <string.h>

const double oracle_levels[ORACLE_LEVELS] = {0.5, 0.95, 0.99};

/* The one station, as theory sees it. */
struct queue {
    const struct dist *service; /* ns */
    int servers;
    int capacity;   /* servers and places to wait; 0: no limit */
    bool sharing;   /* the cores are shared, nobody waits for a slot */
    double network; /* s, both ways */
};

/* Beyond this the chains would take long, and nobody looks for an exact value. */
enum { MOST_SERVERS = 100000 };

/* ---- is it one of the solved? ---------------------------------------------------- */

static const struct param_list *only_handler(const struct handler_conf *conf)
{
    return conf->handlers.count == 1 ? conf->handlers.items : NULL;
}

/* The drawn time of the one step, and whether it is spent on the cores. */
static const struct dist *only_step(const struct handler_conf *conf, bool *cpu)
{
    const struct param_list *steps = only_handler(conf);
    *cpu = false;
    if (conf->handlers.count == 0)
        return conf->time;
    if (!steps || steps->count != 1)
        return NULL;
    const struct param_variant *step = steps->items;
    *cpu = step->which == STEP_CPU;
    if (*cpu)
        return ((const struct cpu_step *)step->body)->demand;
    return step->which == STEP_WAIT ? ((const struct wait_step *)step->body)->duration
                                    : NULL;
}

static bool fits(double servers)
{
    return servers >= 1 && servers <= MOST_SERVERS && servers == floor(servers);
}

/* Processes that come and go take their slots with them. */
static bool may_end(const struct life_part *life)
{
    return life->restart || life->timeout || life->max_requests;
}

/* Always there, as fast as ever, with nobody at the door. */
static bool undisturbed(const struct service_common *common)
{
    return common->outages.count == 0 && common->guards.count == 0;
}

static bool read_server(const struct server_part *s, const struct station_facts *facts,
                        struct queue *q)
{
    bool cpu;
    bool plain = s->duty == DUTY_HANDLERS && facts->instances == 1 &&
                 s->accept == ACCEPT_IDLE && s->refuse_above == UNLIMITED &&
                 !facts->governed && !s->table.present && !s->overhead && !s->scan &&
                 !may_end(&s->life) && !facts->weighs;
    if (!plain || !(q->service = only_step(s->handlers, &cpu)))
        return false;
    q->sharing = cpu && isinf(facts->slots);
    if (q->sharing && s->discipline != DISCIPLINE_SHARING)
        return false;
    double servers = q->sharing ? facts->cores : facts->slots;
    bool enough_cores = facts->cores >= servers &&
                        (s->discipline == DISCIPLINE_SHARING || s->slots == 1);
    if (!fits(servers) || (cpu && !q->sharing && !enough_cores))
        return false;
    q->servers = (int)servers;
    if (s->queue_limit != UNLIMITED && !q->sharing)
        q->capacity = (int)fmin(MOST_SERVERS, q->servers + (double)s->queue_limit);
    return true;
}

static bool read_queue(const struct system_spec *system,
                       const struct model_facts *facts, struct queue *q)
{
    if (facts->workloads != 1 || facts->types != 1 || facts->stations != 1)
        return false;
    const struct workload_conf *load = system->workloads.items;
    struct part part = walk_part(system, 0);
    return part.sort == PART_SERVER && undisturbed(walk_common(system, 0)) &&
           load->timeout == SIM_NEVER && load->deadline == SIM_NEVER &&
           !load->patience && !load->reload && !load->retry && !load->connections &&
           !load->bandwidth && read_server(&part.server, &facts->station[0], q);
}

/* ---- its answers ----------------------------------------------------------------- */

static bool is_exponential(const struct dist *dist)
{
    return dist->form == DIST_EXPONENTIAL;
}

static void answer_mmc(const struct theory_mmc *mmc, const struct queue *q,
                       struct oracle *o)
{
    if (q->capacity) {
        struct theory_loss loss = theory_mmck(mmc, q->capacity);
        o->lost = loss.lost;
        o->throughput = loss.throughput;
        o->wait = loss.mean_wait;
        o->mean = loss.mean_response;
        return;
    }
    o->wait = theory_mmc_mean_wait(mmc);
    o->mean = theory_mmc_mean_response(mmc);
    for (int i = 0; i < ORACLE_LEVELS && !q->sharing && isfinite(o->mean); i++)
        o->quantile[i] = theory_mmc_response_quantile(mmc, oracle_levels[i]);
}

/* Squared coefficient of variation of the times between arrivals; NaN where they are
 * not independent, or come in crowds. */
static double arrival_scv(const struct open_conf *open)
{
    if (open->batch || open->profile.count || open->daily)
        return NAN;
    switch (open->process.row ? (enum arrival_process)open->process.which
                              : PROCESS_POISSON) {
    case PROCESS_POISSON:
        return 1;
    case PROCESS_CONSTANT:
        return 0;
    case PROCESS_GAMMA: {
        double cv = ((const struct process_gamma_conf *)open->process.body)->cv;
        return cv * cv;
    }
    default:
        return NAN;
    }
}

/* Poisson arrivals. */
static void answer_poisson(double rate, const struct queue *q, struct arena *arena,
                           struct oracle *o)
{
    double mean = q->service->mean * 1e-9;
    struct theory_mmc mmc = {rate, 1 / mean, q->servers};
    o->throughput = rate;
    if (is_exponential(q->service) || (q->sharing && !q->capacity)) {
        o->queue =
            arena_format(arena, "%s/%d%s", q->sharing ? "M/G" : "M/M", q->servers,
                         q->sharing    ? " with shared cores"
                         : q->capacity ? arena_format(arena, "/%d", q->capacity)
                                       : "");
        answer_mmc(&mmc, q, o);
    } else if (q->servers == 1 && !q->capacity) {
        double scv = q->service->variance / (q->service->mean * q->service->mean);
        o->queue = "M/G/1";
        o->wait = theory_mg1_mean_wait(rate, mean, scv);
        o->mean = o->wait + mean;
    }
}

static void answer_open(const struct open_conf *open, const struct queue *q,
                        struct arena *arena, struct oracle *o)
{
    double spread = arrival_scv(open), mean = q->service->mean;
    if (spread == 1)
        answer_poisson(open->rate, q, arena, o);
    if (o->queue || isnan(spread) || q->sharing || q->capacity ||
        !isfinite(q->service->variance))
        return;
    o->queue = arena_format(arena, "%s/G/%d", spread == 1 ? "M" : "GI", q->servers);
    o->throughput = open->rate;
    o->most_wait =
        theory_gigc_most_wait(open->rate, spread, mean * 1e-9,
                              q->service->variance / (mean * mean), q->servers);
}

/* Thinking, and the network, may take any time: only its mean matters. Users are never
 * turned away if there is a place for each. */
static void answer_closed(const struct closed_conf *closed, const struct queue *q,
                          struct arena *arena, struct oracle *o)
{
    if (!(is_exponential(q->service) || q->sharing) || closed->users > MOST_SERVERS ||
        (q->capacity && q->capacity < closed->users))
        return;
    int users = (int)closed->users;
    double think = q->network + (closed->think ? closed->think->mean * 1e-9 : 0);
    struct theory_mmc station = {0, 1e9 / q->service->mean, q->servers};
    struct theory_closed is = theory_repairman(users, think, &station);
    o->queue =
        arena_format(arena, "%s/%d//%d", q->sharing ? "M/G" : "M/M", q->servers, users);
    o->throughput = is.throughput;
    o->mean = is.response;
    o->wait = is.response - q->service->mean * 1e-9;
    for (int i = 0; i < ORACLE_LEVELS && q->servers == 1 && !q->sharing; i++)
        o->quantile[i] = theory_repairman_quantile(users, think, station.service_rate,
                                                   oracle_levels[i]);
}

struct oracle oracle_of(const struct system_spec *system, const struct model *model,
                        struct arena *arena)
{
    struct oracle o = {.mean = NAN,
                       .wait = NAN,
                       .throughput = NAN,
                       .quantile = {NAN, NAN, NAN},
                       .most_wait = NAN};
    struct queue q = {0};
    if (!read_queue(system, model_facts(model), &q) || !(q.service->mean > 0))
        return o;
    const struct workload_conf *load = system->workloads.items;
    q.network = model_alone(model, 0) - q.service->mean * 1e-9;
    if (q.network < 1e-12)
        q.network = 0;
    if (load->open)
        answer_open(load->open, &q, arena, &o);
    else if (load->closed)
        answer_closed(load->closed, &q, arena, &o);
    o.mean += q.network;
    for (int i = 0; i < ORACLE_LEVELS; i++)
        o.quantile[i] += q.network;
    return o;
}
