/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * load_tools -- k6, Locust, wrk and wrk2 as their users write them down. Each becomes a
 * way of arriving that there is anyway (compile_tools.c): what makes a load test differ
 * from users is who waits for whom, what is left out, and from when time is counted.
 */
#ifndef MODELS_LOAD_TOOLS_H
#define MODELS_LOAD_TOOLS_H

#include "sim/dist.h"
#include "sim/param.h"
#include "sim/sim_time.h"

/* Executors of k6, in the order of their rows. */
enum k6_executor {
    K6_RATE, K6_RAMPING_RATE, K6_VUS, K6_RAMPING_VUS, K6_PER_VU, K6_SHARED,
};

/* VUs that run the iterations of an arrival rate. */
struct k6_pool_conf {
    int64_t allocated, most; /* most 0: no more than that */
    sim_time start;          /* of one beyond those allocated */
    struct dist *sleep;
    sim_time grace;
};
struct k6_rate_conf {
    uint32_t at;
    double rate;
    sim_time duration;
    struct k6_pool_conf pool;
};
struct k6_rate_stage { uint32_t at; sim_time duration; double target; };
struct k6_ramping_rate_conf {
    uint32_t at;
    double start;
    struct param_list stages; /* struct k6_rate_stage */
    struct k6_pool_conf pool;
};
struct k6_vus_conf {
    uint32_t at;
    int64_t vus;
    sim_time duration, grace;
    struct dist *sleep;
};
struct k6_vu_stage { uint32_t at; sim_time duration; int64_t target; };
struct k6_ramping_vus_conf {
    uint32_t at;
    int64_t start;
    struct param_list stages; /* struct k6_vu_stage */
    sim_time grace, ramp_grace;
    struct dist *sleep;
};
struct k6_iterations_conf {
    uint32_t at;
    int64_t vus, iterations;
    sim_time most, grace;
    struct dist *sleep;
};

enum wait_time { WAIT_BETWEEN, WAIT_CONSTANT, WAIT_PACING, WAIT_THROUGHPUT };
struct wait_between_conf { uint32_t at; sim_time least, most; };
struct locust_conf {
    uint32_t at;
    int64_t users;
    double spawn_rate;
    struct param_variant wait_time; /* which: enum wait_time; row NULL: none */
    sim_time run_time, grace;
};

struct wrk_conf {
    uint32_t at;
    int64_t connections, threads;
    sim_time duration, timeout;
};
struct wrk2_conf {
    uint32_t at;
    double rate;
    int64_t connections, threads;
    sim_time duration;
};

extern const struct param k6_executors[], locust_params[], wrk_params[], wrk2_params[];

#endif
