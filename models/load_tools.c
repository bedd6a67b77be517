/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/load_tools.h"

#include "models/model.h"

#include <math.h>

const char *const tool_names[] = {"", "k6", "Locust", "wrk", "wrk2"};

#define ENDS                                                                           \
    "Length of the test; it goes on when absent, as if it were very long."

/* ---- k6 -------------------------------------------------------------------------- */

#define SLEEP_ROW(owner)                                                               \
    {.key = "sleep", .type = PARAM_RANDOM, .offset = offsetof(struct owner, sleep),    \
     .unit = PARAM_DURATION,                                                           \
     .doc = "sleep() at the end of the iteration, after the answer; none when absent."}

#define GRACE_ROW(owner)                                                               \
    {.key = "gracefulStop", .type = PARAM_DURATION,                                    \
     .offset = offsetof(struct owner, grace), .most = 1e6, .fallback = 30,             \
     .doc = "After the end iterations under way may go on for so long; then they are " \
            "interrupted, and stand nowhere in what k6 prints."}

#define AT(field) offsetof(struct k6_pool_conf, field)
static const struct param pool_params[] = {
    {.key = "preAllocatedVUs", .type = PARAM_COUNT, .offset = AT(allocated), .least = 1,
     .most = 1e6, .required = true,
     .doc = "VUs there are from the start. An iteration that finds none free is "
            "dropped, not queued."},
    {.key = "maxVUs", .type = PARAM_COUNT, .offset = AT(most), .most = 1e6,
     .doc = "VUs there can be: a dropped iteration starts one more. As many as "
            "preAllocatedVUs when absent or 0."},
    {.key = "vu_start", .type = PARAM_DURATION, .offset = AT(start),
     .doc = "Until a VU beyond preAllocatedVUs can run an iteration (its init code)."},
    SLEEP_ROW(k6_pool_conf),
    GRACE_ROW(k6_pool_conf),
    {0},
};
#undef AT

#define AT(field) offsetof(struct k6_rate_conf, field)
static const struct param rate_params[] = {
    {.key = "rate", .type = PARAM_RATE, .offset = AT(rate), .least = 1e-9, .most = 1e9,
     .required = true, .doc = "Iterations; \"30/min\" is rate 30, timeUnit 1m."},
    {.key = "duration", .type = PARAM_DURATION, .offset = AT(duration), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY, .doc = ENDS},
    {.type = PARAM_INCLUDE, .of = pool_params, .offset = AT(pool)},
    {0},
};
#undef AT

#define AT(field) offsetof(struct k6_rate_stage, field)
static const struct param rate_stage_params[] = {
    {.key = "duration", .type = PARAM_DURATION, .offset = AT(duration),
     .required = true, .doc = "How long it takes to get there; 0s: at once."},
    {.key = "target", .type = PARAM_RATE, .offset = AT(target), .most = 1e9,
     .required = true, .doc = "Iterations at its end."},
    {0},
};
#undef AT
static const struct param rate_stage_row = {.key = "stage", .type = PARAM_OBJECT,
                                            .of = rate_stage_params,
                                            .size = sizeof(struct k6_rate_stage)};

#define AT(field) offsetof(struct k6_ramping_rate_conf, field)
static const struct param ramping_rate_params[] = {
    {.key = "startRate", .type = PARAM_RATE, .offset = AT(start), .most = 1e9,
     .doc = "Iterations at the beginning."},
    {.key = "stages", .type = PARAM_LIST, .offset = AT(stages), .of = &rate_stage_row,
     .required = true, .doc = "Rates to go to, one after the other; then it is over."},
    {.type = PARAM_INCLUDE, .of = pool_params, .offset = AT(pool)},
    {0},
};
#undef AT

#define AT(field) offsetof(struct k6_vus_conf, field)
static const struct param vus_params[] = {
    {.key = "vus", .type = PARAM_COUNT, .offset = AT(vus), .least = 1, .most = 1e6,
     .required = true, .doc = "VUs that each wait for the answer and ask again."},
    {.key = "duration", .type = PARAM_DURATION, .offset = AT(duration), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY, .doc = ENDS},
    SLEEP_ROW(k6_vus_conf),
    GRACE_ROW(k6_vus_conf),
    {0},
};
#undef AT

#define AT(field) offsetof(struct k6_vu_stage, field)
static const struct param vu_stage_params[] = {
    {.key = "duration", .type = PARAM_DURATION, .offset = AT(duration),
     .required = true, .doc = "How long it takes to get there; 0s: at once."},
    {.key = "target", .type = PARAM_COUNT, .offset = AT(target), .most = 1e6,
     .required = true,
     .doc = "VUs at its end; those too many finish their iteration, see "
            "gracefulRampDown."},
    {0},
};
#undef AT
static const struct param vu_stage_row = {.key = "stage", .type = PARAM_OBJECT,
                                          .of = vu_stage_params,
                                          .size = sizeof(struct k6_vu_stage)};

#define AT(field) offsetof(struct k6_ramping_vus_conf, field)
static const struct param ramping_vus_params[] = {
    {.key = "startVUs", .type = PARAM_COUNT, .offset = AT(start), .most = 1e6,
     .fallback = 1, .doc = "VUs at the beginning."},
    {.key = "stages", .type = PARAM_LIST, .offset = AT(stages), .of = &vu_stage_row,
     .required = true,
     .doc = "Numbers to go to, one after the other; then it is over."},
    {.key = "gracefulRampDown", .type = PARAM_DURATION, .offset = AT(ramp_grace),
     .most = 1e6, .fallback = 30,
     .doc = "Likewise of a VU that a stage takes away, while the test goes on."},
    SLEEP_ROW(k6_ramping_vus_conf),
    GRACE_ROW(k6_ramping_vus_conf),
    {0},
};
#undef AT

#define AT(field) offsetof(struct k6_iterations_conf, field)
#define ITERATION_ROWS(iterations_)                                                    \
    {.key = "vus", .type = PARAM_COUNT, .offset = AT(vus), .least = 1, .most = 1e6,    \
     .fallback = 1, .doc = "VUs that each wait for the answer and ask again."},        \
    {.key = "iterations", .type = PARAM_COUNT, .offset = AT(iterations), .least = 1,   \
     .most = 4e9, .fallback = 1, .doc = iterations_},                                  \
    {.key = "maxDuration", .type = PARAM_DURATION, .offset = AT(most), .least = 1e-6,  \
     .most = 1e9, .fallback = 600,                                                     \
     .doc = "The test is over then, whatever is left."},                               \
    SLEEP_ROW(k6_iterations_conf), GRACE_ROW(k6_iterations_conf)

static const struct param per_vu_params[] = {
    ITERATION_ROWS("Iterations of each VU."),
    {0},
};
static const struct param shared_params[] = {
    ITERATION_ROWS("Iterations of all VUs together: whoever is free takes the next."),
    {0},
};
#undef ITERATION_ROWS
#undef AT

/* In the order of enum k6_executor. */
const struct param k6_executors[] = {
    {.key = "constant-arrival-rate", .type = PARAM_OBJECT, .of = rate_params,
     .size = sizeof(struct k6_rate_conf),
     .doc = "Evenly spaced iterations, the first at once, as long as there are free "
            "VUs."},
    {.key = "ramping-arrival-rate", .type = PARAM_OBJECT, .of = ramping_rate_params,
     .size = sizeof(struct k6_ramping_rate_conf),
     .doc = "The same at a rate that changes evenly from stage to stage."},
    {.key = "constant-vus", .type = PARAM_OBJECT, .of = vus_params,
     .size = sizeof(struct k6_vus_conf),
     .doc = "VUs that ask as fast as they are answered: slower when the server is."},
    {.key = "ramping-vus", .type = PARAM_OBJECT, .of = ramping_vus_params,
     .size = sizeof(struct k6_ramping_vus_conf),
     .doc = "The same with a number of VUs that changes from stage to stage."},
    {.key = "per-vu-iterations", .type = PARAM_OBJECT, .of = per_vu_params,
     .size = sizeof(struct k6_iterations_conf),
     .doc = "VUs that do so many iterations each; a slow one is late."},
    {.key = "shared-iterations", .type = PARAM_OBJECT, .of = shared_params,
     .size = sizeof(struct k6_iterations_conf),
     .doc = "VUs that do so many iterations together; a slow one does fewer."},
    {0},
};

/* ---- Locust ---------------------------------------------------------------------- */

#define AT(field) offsetof(struct wait_between_conf, field)
static const struct param between_params[] = {
    {.key = "min", .type = PARAM_DURATION, .offset = AT(least), .required = true,
     .doc = "At least."},
    {.key = "max", .type = PARAM_DURATION, .offset = AT(most), .required = true,
     .doc = "At most."},
    {0},
};
#undef AT

/* In the order of enum wait_time. */
static const struct param wait_times[] = {
    {.key = "between", .type = PARAM_TUPLE, .of = between_params,
     .size = sizeof(struct wait_between_conf), .doc = "between(min, max): uniform."},
    {.key = "constant", .type = PARAM_DURATION, .size = sizeof(sim_time),
     .doc = "constant(): the same after each answer."},
    {.key = "constant_pacing", .type = PARAM_DURATION, .size = sizeof(sim_time),
     .doc = "constant_pacing(): the time from one request to the next; at once when "
            "the answer took longer."},
    {.key = "constant_throughput", .type = PARAM_RATE, .least = 1e-9, .most = 1e9,
     .size = sizeof(double), .doc = "constant_throughput(): 1 / constant_pacing."},
    {0},
};

#define AT(field) offsetof(struct locust_conf, field)
const struct param locust_params[] = {
    {.key = "users", .type = PARAM_COUNT, .offset = AT(users), .least = 1, .most = 1e6,
     .required = true, .doc = "Users at the peak (-u)."},
    {.key = "spawn_rate", .type = PARAM_RATE, .offset = AT(spawn_rate), .least = 1e-6,
     .most = 1e6, .fallback = 1,
     .doc = "Users started per second (-r), so many at a time."},
    {.key = "wait_time", .type = PARAM_TAGGED, .offset = AT(wait_time),
     .of = wait_times,
     .doc = "Between an answer and the next request; none when absent."},
    {.key = "run_time", .type = PARAM_DURATION, .offset = AT(run_time), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY, .doc = ENDS},
    {.key = "stop_timeout", .type = PARAM_DURATION, .offset = AT(grace), .most = 1e6,
     .doc = "--stop-timeout: how long requests under way may go on at the end; by "
            "default they are broken off, and stand nowhere in what Locust prints."},
    {0},
};
#undef AT

/* ---- wrk ------------------------------------------------------------------------- */

#define AT(field) offsetof(struct wrk_conf, field)
const struct param wrk_params[] = {
    {.key = "connections", .type = PARAM_COUNT, .offset = AT(connections), .least = 1,
     .most = 1e6, .fallback = 10,
     .doc = "Connections kept busy (-c): each asks again as soon as it is answered."},
    {.key = "threads", .type = PARAM_COUNT, .offset = AT(threads), .least = 1,
     .most = 1e4, .fallback = 2,
     .doc = "Threads (-t); wrk itself is never short of CPU here."},
    {.key = "duration", .type = PARAM_DURATION, .offset = AT(duration), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY, .doc = ENDS},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .least = 1e-3,
     .most = 1e9, .fallback = 2,
     .doc = "--timeout: wrk waits on, but leaves answers that take longer out of its "
            "latencies and counts them as timeouts."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct wrk2_conf, field)
const struct param wrk2_params[] = {
    {.key = "rate", .type = PARAM_RATE, .offset = AT(rate), .least = 1e-9, .most = 1e9,
     .required = true, .doc = "Requests of all connections together (-R)."},
    {.key = "connections", .type = PARAM_COUNT, .offset = AT(connections), .least = 1,
     .most = 1e6, .fallback = 10,
     .doc = "Connections (-c). Each has its own even schedule, and no more than one "
            "request at a time; what comes too late is made up for at twice the pace. "
            "Their first 10 s are calibration: what is answered then stands in none "
            "of wrk2's times, and neither does what is under way at the end."},
    {.key = "threads", .type = PARAM_COUNT, .offset = AT(threads), .least = 1,
     .most = 1e4, .fallback = 2,
     .doc = "Threads (-t): the connections of each start 5 ms apart."},
    {.key = "duration", .type = PARAM_DURATION, .offset = AT(duration), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY, .doc = ENDS},
    {0},
};
#undef AT
