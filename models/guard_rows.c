/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What guards can be told. Those of resilience4j have its keys and defaults (2.4), the
 * adaptive limits those of Netflix' concurrency-limits, CoDel those of Linux.
 */
#include "models/guard.h"

#include "models/proxy.h"

#include <math.h>

static const char *const scopes[] = {"instance", "service", NULL};

#define STATUS_ROW(fallback_)                                                          \
    {.key = "status", .type = PARAM_CHOICE,                                            \
     .offset = offsetof(struct guard_conf, status), .choices = limit_status_names,     \
     .fallback = fallback_, .doc = "What the rejected get."}
#define SCOPE_ROW                                                                      \
    {.key = "scope", .type = PARAM_CHOICE,                                             \
     .offset = offsetof(struct guard_conf, scope), .choices = scopes,                  \
     .doc = "Whether each instance has a guard of its own, or all share one. Around " \
            "a call the instances are those of the caller."}
#define RETRY_AFTER_ROW                                                                \
    {.key = "retry_after", .type = PARAM_DURATION,                                     \
     .offset = offsetof(struct guard_conf, retry_after), .most = 1e6,                  \
     .doc = "How long the rejected are told to wait (Retry-After); those who obey "    \
            "try again after that."}
#define GATE_ROWS STATUS_ROW(0), RETRY_AFTER_ROW, SCOPE_ROW

/* ---- resilience4j ---------------------------------------------------------------- */

static const struct param status_row = {.key = "status", .type = PARAM_TEXT,
                                        .size = sizeof(const char *)};
static const char *const window_types[] = {"COUNT_BASED", "TIME_BASED", NULL};

#define AT(field) offsetof(struct breaker_conf, field)
static const struct param breaker_params[] = {
    {.key = "failureRateThreshold", .type = PARAM_FRACTION, .offset = AT(failure_rate),
     .fallback = 0.5, .doc = "Part of the calls of the window that fail: it opens."},
    {.key = "slowCallRateThreshold", .type = PARAM_FRACTION, .offset = AT(slow_rate),
     .fallback = 1, .doc = "Part of them that are slow: it opens, too."},
    {.key = "slowCallDurationThreshold", .type = PARAM_DURATION,
     .offset = AT(slow_duration), .most = 1e6, .fallback = 60,
     .doc = "A call that takes longer is slow."},
    {.key = "slidingWindowType", .type = PARAM_CHOICE, .offset = AT(window_type),
     .choices = window_types,
     .doc = "What slidingWindowSize counts: calls or seconds."},
    {.key = "slidingWindowSize", .type = PARAM_COUNT, .offset = AT(window), .least = 1,
     .most = 1e5, .fallback = 100, .doc = "Last calls, or seconds, that count."},
    {.key = "minimumNumberOfCalls", .type = PARAM_COUNT, .offset = AT(minimum),
     .least = 1, .most = 1e6, .fallback = 100,
     .doc = "No verdict before so many calls; at most the window, if that counts "
            "calls."},
    {.key = "waitDurationInOpenState", .type = PARAM_DURATION, .offset = AT(open_wait),
     .most = 1e6, .fallback = 60,
     .doc = "Open, it rejects everything for so long; the next call after that is the "
            "first of the probes."},
    {.key = "permittedNumberOfCallsInHalfOpenState", .type = PARAM_COUNT,
     .offset = AT(half_open_calls), .least = 1, .most = 1e5, .fallback = 10,
     .doc = "Probes: so many calls pass, all others are rejected, and when all have "
            "ended it opens again or closes."},
    {.key = "maxWaitDurationInHalfOpenState", .type = PARAM_DURATION,
     .offset = AT(half_open_wait), .most = 1e6,
     .doc = "Half open for longer, it opens again; 0: a probe that never ends keeps it "
            "half open for ever."},
    {.key = "automaticTransitionFromOpenToHalfOpenEnabled", .type = PARAM_FLAG,
     .offset = AT(automatic),
     .doc = "It is half open as soon as the wait is over, not from the next call on: "
            "maxWaitDurationInHalfOpenState counts from there."},
    {.key = "recordExceptions", .type = PARAM_LIST, .offset = AT(record),
     .of = &status_row,
     .doc = "Failures: timeout, refused, reset, or a status such as 503; all errors "
            "when absent. What is not listed counts as a success."},
    {.key = "ignoreExceptions", .type = PARAM_LIST, .offset = AT(ignore),
     .of = &status_row, .doc = "Neither failures nor successes."},
    GATE_ROWS,
    {0},
};
#undef AT

#define AT(field) offsetof(struct bulkhead_conf, field)
static const struct param bulkhead_params[] = {
    {.key = "maxConcurrentCalls", .type = PARAM_COUNT, .offset = AT(most), .least = 1,
     .most = 1e6, .fallback = 25, .doc = "Calls under way at a time."},
    {.key = "maxWaitDuration", .type = PARAM_DURATION, .offset = AT(wait), .most = 1e6,
     .doc = "Longest wait for one of them to end, in order of arrival; then it is "
            "rejected. 0: nobody waits."},
    GATE_ROWS,
    {0},
};
#undef AT

/* ---- limits of the rate ---------------------------------------------------------- */

static const char *const keys[] = {"address", "key", "all", NULL};

#define AT(field) offsetof(struct rate_conf, field)
#define LIMITER_ROWS                                                                   \
    {.key = "key", .type = PARAM_CHOICE, .offset = AT(key), .choices = keys,           \
     .fallback = LIMIT_ALL,                                                            \
     .doc = "Whose requests count together: those of an address of a client, of a "    \
            "key of the workload, or all."},                                           \
        STATUS_ROW(1), RETRY_AFTER_ROW, SCOPE_ROW
#define RATE_ROW                                                                       \
    {.key = "rate", .type = PARAM_RATE, .offset = AT(rate), .least = 1e-3,             \
     .most = 1e9, .required = true, .doc = "Requests that pass in the long run."}
#define WINDOW_ROWS(limit_doc, window_doc)                                             \
    {.key = "limit", .type = PARAM_COUNT, .offset = AT(limit), .least = 1,             \
     .most = 1e6, .required = true, .doc = limit_doc},                                 \
    {.key = "window", .type = PARAM_DURATION, .offset = AT(period), .least = 1e-6,     \
     .most = 1e6, .required = true, .doc = window_doc},                                \
        LIMITER_ROWS

static const struct param rate_limiter_params[] = {
    {.key = "limitForPeriod", .type = PARAM_COUNT, .offset = AT(limit), .least = 1,
     .most = 1e6, .fallback = 50, .doc = "Permits of a period; unused ones lapse."},
    {.key = "limitRefreshPeriod", .type = PARAM_DURATION, .offset = AT(period),
     .least = 1e-9, .most = 1e6, .fallback = 500e-9,
     .doc = "Length of a period; the default is as good as no limit."},
    {.key = "timeoutDuration", .type = PARAM_DURATION, .offset = AT(wait), .most = 1e6,
     .fallback = 5,
     .doc = "Longest wait for a permit of a later period; whoever would wait longer is "
            "rejected at once."},
    LIMITER_ROWS,
    {0},
};

static const struct param token_bucket_params[] = {
    RATE_ROW,
    {.key = "burst", .type = PARAM_COUNT, .offset = AT(limit), .least = 1, .most = 1e6,
     .fallback = 1, .doc = "Tokens in a full bucket: so many pass at once."},
    LIMITER_ROWS,
    {0},
};

static const struct param leaky_bucket_params[] = {
    RATE_ROW,
    {.key = "burst", .type = PARAM_COUNT, .offset = AT(limit), .most = 1e6,
     .doc = "Requests beyond the one that passes: so many wait until they keep to the "
            "rate, one more is rejected."},
    {.key = "nodelay", .type = PARAM_FLAG, .offset = AT(nodelay),
     .doc = "They pass at once: it only meters."},
    LIMITER_ROWS,
    {0},
};

static const struct param fixed_window_params[] = {
    WINDOW_ROWS("Requests of a window; more are rejected. Twice as many may pass "
                "around its end.",
                "Its length; windows follow each other from the start."),
    {0},
};

static const struct param sliding_window_params[] = {
    WINDOW_ROWS("Requests of the last window, estimated from two counters: this "
                "window's, and the part of the one before that still reaches into it.",
                "Its length."),
    {0},
};

static const struct param sliding_log_params[] = {
    WINDOW_ROWS("Requests of the last window, told exactly from the time of each.",
                "Its length."),
    {0},
};
#undef AT

/* ---- limits of the load ---------------------------------------------------------- */

#define AT(field) offsetof(struct shedding_conf, field)
static const struct param shedding_params[] = {
    {.key = "max_in_flight", .type = PARAM_COUNT, .offset = AT(in_flight), .least = 1,
     .most = 1e6, .fallback = -1,
     .doc = "Requests past this guard and not yet answered; more are rejected."},
    {.key = "max_queue", .type = PARAM_COUNT, .offset = AT(queue), .most = 1e6,
     .fallback = -1, .doc = "Requests waiting for a slot of the instance; likewise."},
    {.key = "max_latency", .type = PARAM_DURATION, .offset = AT(latency), .least = 1e-6,
     .most = 1e6, .fallback = INFINITY,
     .doc = "Mean time behind this guard of the calls that ended in the last `window`; "
            "above it all are rejected."},
    {.key = "max_utilisation", .type = PARAM_FRACTION, .offset = AT(utilisation),
     .doc = "Part of the slots, or of the cores, in use over the last `window`; above "
            "it all are rejected."},
    {.key = "window", .type = PARAM_DURATION, .offset = AT(window), .least = 1e-3,
     .most = 1e6, .fallback = 1,
     .doc = "How long latency and utilisation are remembered, with weights that fade."},
    GATE_ROWS,
    {0},
};
#undef AT

#define AT(field) offsetof(struct adaptive_conf, field)
#define ADAPTIVE_ROWS(initial_, least_, most_)                                         \
    {.key = "initial_limit", .type = PARAM_COUNT, .offset = AT(initial), .least = 1,   \
     .most = 1e6, .fallback = initial_,                                                \
     .doc = "Calls under way at a time, at first."},                                   \
    {.key = "min_limit", .type = PARAM_COUNT, .offset = AT(least), .least = 1,         \
     .most = 1e6, .fallback = least_, .doc = "It never falls below this,"},            \
    {.key = "max_limit", .type = PARAM_COUNT, .offset = AT(most), .least = 1,          \
     .most = 1e6, .fallback = most_, .doc = "nor rises above this."},                  \
        GATE_ROWS
#define SMOOTHING_ROW(fallback_)                                                       \
    {.key = "smoothing", .type = PARAM_NUMBER, .offset = AT(smoothing),                \
     .least = 0.001, .most = 1, .fallback = fallback_,                                 \
     .doc = "Part of the way to a new limit that is gone at once."}

static const struct param aimd_params[] = {
    {.key = "target", .type = PARAM_DURATION, .offset = AT(target), .least = 1e-6,
     .most = 1e6, .fallback = 5,
     .doc = "A call that takes longer, or fails, lowers the limit; each other raises "
            "it by its reciprocal."},
    {.key = "backoff_ratio", .type = PARAM_NUMBER, .offset = AT(backoff), .least = 0.5,
     .most = 1, .fallback = 0.9, .doc = "To this part of it."},
    ADAPTIVE_ROWS(20, 1, 200),
    {0},
};

static const struct param gradient_params[] = {
    {.key = "tolerance", .type = PARAM_NUMBER, .offset = AT(tolerance), .least = 1,
     .most = 100, .fallback = 1,
     .doc = "Times the least latency seen that a call may take before the limit "
            "falls."},
    SMOOTHING_ROW(0.2),
    ADAPTIVE_ROWS(50, 1, 1000),
    {0},
};

static const struct param gradient2_params[] = {
    {.key = "tolerance", .type = PARAM_NUMBER, .offset = AT(tolerance), .least = 1,
     .most = 100, .fallback = 1,
     .doc = "Times the long-term mean that a call may take before the limit falls."},
    {.key = "queue_size", .type = PARAM_COUNT, .offset = AT(queue), .most = 1e6,
     .fallback = 4, .doc = "How much the limit wants to grow with each call."},
    {.key = "long_window", .type = PARAM_COUNT, .offset = AT(long_window), .least = 1,
     .most = 1e6, .fallback = 600, .doc = "Calls of the long-term mean."},
    SMOOTHING_ROW(0.2),
    ADAPTIVE_ROWS(20, 20, 200),
    {0},
};

static const struct param vegas_params[] = {
    SMOOTHING_ROW(1),
    ADAPTIVE_ROWS(20, 1, 1000),
    {0},
};
#undef AT

/* ---- rules of the line ----------------------------------------------------------- */

static const struct param type_row = {.key = "type", .type = PARAM_NAME,
                                      .size = sizeof(const char *)};

static const struct param priority_params[] = {
    {.key = "order", .type = PARAM_LIST,
     .offset = offsetof(struct priority_conf, order), .of = &type_row, .required = true,
     .doc = "Request types, the most important first; those that are not listed come "
            "last, together."},
    {0},
};

static const struct param lifo_params[] = {
    {.key = "above", .type = PARAM_COUNT, .offset = offsetof(struct lifo_conf, above),
     .most = 1e9,
     .doc = "While more than so many wait, the newest is next; else the oldest."},
    {0},
};

#define AT(field) offsetof(struct codel_conf, field)
static const struct param codel_params[] = {
    {.key = "target", .type = PARAM_DURATION, .offset = AT(target), .least = 1e-6,
     .most = 1e6, .fallback = 0.005,
     .doc = "Wait that is fine for any length of time."},
    {.key = "interval", .type = PARAM_DURATION, .offset = AT(interval), .least = 1e-6,
     .most = 1e6, .fallback = 0.1,
     .doc = "All who leave the line have waited longer for this long: one is dropped, "
            "and more and more often until one has not."},
    {0},
};
#undef AT

static const struct param deadline_params[] = {
    {.key = "margin", .type = PARAM_DURATION,
     .offset = offsetof(struct deadline_conf, margin), .most = 1e6,
     .doc = "Whoever has less of its callers' timeouts left is dropped, too: the time "
            "that an answer takes, so that none comes too late."},
    {0},
};

#define GUARD(sort, key_, params_, type_, doc_)                                        \
    [sort] = {.key = #key_, .type = PARAM_OBJECT, .of = params_##_params,              \
              .size = sizeof(struct type_), .doc = doc_}

const struct param guard_rows[] = {
    GUARD(GUARD_CIRCUIT_BREAKER, circuit_breaker, breaker, breaker_conf,
          "resilience4j: stops calling what fails, and probes whether it is well "
          "again."),
    GUARD(GUARD_BULKHEAD, bulkhead, bulkhead, bulkhead_conf,
          "resilience4j: a limit of the calls under way, with a line of its own."),
    GUARD(GUARD_RATE_LIMITER, rate_limiter, rate_limiter, rate_conf,
          "resilience4j: permits that are renewed every period."),
    GUARD(GUARD_TOKEN_BUCKET, token_bucket, token_bucket, rate_conf,
          "A token for each request; the bucket is full at first."),
    GUARD(GUARD_LEAKY_BUCKET, leaky_bucket, leaky_bucket, rate_conf,
          "Evens out: requests leave at a fixed rate, as with nginx's limit_req but to "
          "the nanosecond."),
    GUARD(GUARD_FIXED_WINDOW, fixed_window, fixed_window, rate_conf,
          "A count that begins anew with each window."),
    GUARD(GUARD_SLIDING_WINDOW, sliding_window, sliding_window, rate_conf,
          "Two counts, weighted."),
    GUARD(GUARD_SLIDING_LOG, sliding_log, sliding_log, rate_conf,
          "The times of the last requests."),
    GUARD(GUARD_LOAD_SHEDDING, load_shedding, shedding, shedding_conf,
          "Rejects while the service has too much to do; a rejection costs it "
          "nothing."),
    GUARD(GUARD_AIMD, aimd, aimd, adaptive_conf,
          "A limit of the calls under way that creeps up and falls at once."),
    GUARD(GUARD_GRADIENT, gradient, gradient, adaptive_conf,
          "The same, by the latest latency against the least: limit x ratio + root of "
          "the limit."),
    GUARD(GUARD_GRADIENT2, gradient2, gradient2, adaptive_conf,
          "The same, against a long-term mean (Netflix)."),
    GUARD(GUARD_VEGAS, vegas, vegas, adaptive_conf,
          "The same, by the queue that latency tells of (Netflix, after TCP Vegas)."),
    GUARD(GUARD_PRIORITY, priority, priority, priority_conf,
          "Line: the most important are served first, and the least important refused "
          "first when the line is full."),
    GUARD(GUARD_LIFO, lifo, lifo, lifo_conf,
          "Line: the newest first, always or when many wait (adaptive LIFO)."),
    GUARD(GUARD_CODEL, codel, codel, codel_conf,
          "Line: controlled delay, as in Linux: drops when the line does not empty."),
    GUARD(GUARD_DEADLINE_DROP, deadline_drop, deadline, deadline_conf,
          "Line: those whose caller has given up, or soon will, are dropped when their "
          "turn comes."),
    [GUARD_SORTS] = {0},
};

const struct param guard_row = {.key = "guard", .type = PARAM_TAGGED, .of = guard_rows,
                                .size = sizeof(struct param_variant)};
