/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/spec.h"

#include "models/guard.h"

#include <math.h>

const char *const on_disconnect_names[] = {"stay", "leave", "stop", NULL};
const char *const balance_names[] = {"round_robin", "least_conn", "random",
                                     "random_two",  "ip_hash",    "hash",
                                     "consistent_hash", "join_idle", NULL};

/* ---- retry ----------------------------------------------------------------------- */

static const char *const jitters[] = {"none",         "full",        "equal",
                                      "decorrelated", "exponential", "around",
                                      "quarter",      NULL};

#define AT(field) offsetof(struct backoff_conf, field)
static const struct param backoff_params[] = {
    {.key = "base", .type = PARAM_DURATION, .offset = AT(base), .required = true,
     .doc = "Pause before the first retry."},
    {.key = "cap", .type = PARAM_DURATION, .offset = AT(cap), .fallback = 20,
     .doc = "Longest pause."},
    {.key = "factor", .type = PARAM_NUMBER, .offset = AT(factor), .least = 1,
     .most = 100, .fallback = 2,
     .doc = "Growth of the pause from one retry to the next; 1 keeps it constant."},
    {.key = "jitter", .type = PARAM_CHOICE, .offset = AT(jitter), .choices = jitters,
     .fallback = JITTER_FULL,
     .doc = "How the pause is spread: full = uniform from 0, equal = upper half, "
            "decorrelated = uniform from base to three times the last pause, "
            "exponential = memoryless with the pause as its mean (people), around = "
            "half to one and a half times the pause (a randomization factor of 0.5), "
            "quarter = less by up to a quarter (OpenAI's and Anthropic's libraries)."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct budget_grpc_conf, field)
static const struct param budget_grpc_params[] = {
    {.key = "maxTokens", .type = PARAM_NUMBER, .offset = AT(max_tokens), .least = 0.001,
     .most = 1000, .required = true,
     .doc = "Tokens at the start, and the most there are. A failed attempt takes one; "
            "with half of them or fewer left nothing is retried."},
    {.key = "tokenRatio", .type = PARAM_NUMBER, .offset = AT(token_ratio),
     .least = 0.001, .most = 1000, .required = true,
     .doc = "Tokens that a successful attempt gives back."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct budget_envoy_conf, field)
static const struct param budget_envoy_params[] = {
    {.key = "budget_percent", .type = PARAM_FRACTION, .offset = AT(percent),
     .fallback = 0.2,
     .doc = "Retries under way, pauses before them included, as a part of the requests "
            "under way."},
    {.key = "min_retry_concurrency", .type = PARAM_COUNT, .offset = AT(least),
     .fallback = 3, .doc = "So many retries at a time are always allowed."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct budget_finagle_conf, field)
static const struct param budget_finagle_params[] = {
    {.key = "ttl", .type = PARAM_DURATION, .offset = AT(ttl), .least = 1, .most = 60,
     .fallback = 10, .doc = "For so long a request counts."},
    {.key = "minRetriesPerSec", .type = PARAM_NUMBER, .offset = AT(least), .most = 1e6,
     .fallback = 10, .doc = "Retries that are allowed without any requests."},
    {.key = "percentCanRetry", .type = PARAM_FRACTION, .offset = AT(percent),
     .fallback = 0.2, .doc = "Retries that each request of the last ttl allows."},
    {0},
};
#undef AT

/* In the order of enum retry_budget. */
static const struct param budgets[] = {
    {.key = "grpc", .type = PARAM_OBJECT, .of = budget_grpc_params,
     .size = sizeof(struct budget_grpc_conf),
     .doc = "retryThrottling of gRPC: tokens lost by failures, won by successes."},
    {.key = "envoy", .type = PARAM_OBJECT, .of = budget_envoy_params,
     .size = sizeof(struct budget_envoy_conf),
     .doc = "retry_budget of Envoy: retries at a time as a part of what is under way."},
    {.key = "finagle", .type = PARAM_OBJECT, .of = budget_finagle_params,
     .size = sizeof(struct budget_finagle_conf),
     .doc = "RetryBudget of Finagle: a part of the requests of the last seconds."},
    {0},
};

static const struct param status_name_row = {.key = "status", .type = PARAM_TEXT,
                                             .size = sizeof(const char *)};

#define AT(field) offsetof(struct retry_conf, field)
static const struct param retry_params[] = {
    {.key = "max", .type = PARAM_COUNT, .offset = AT(max), .most = 10000,
     .required = true, .doc = "Attempts beyond the first."},
    {.key = "on", .type = PARAM_LIST, .offset = AT(on), .of = &status_name_row,
     .doc = "What is retried: timeout, refused, reset, or a status such as 503; all "
            "of them when absent."},
    {.key = "backoff", .type = PARAM_OBJECT, .offset = AT(backoff),
     .of = backoff_params, .size = sizeof(struct backoff_conf),
     .doc = "Pauses before the retries; none when absent."},
    {.key = "probability", .type = PARAM_FRACTION, .offset = AT(probability),
     .fallback = 1,
     .doc = "Chance of trying again after each failure: people do not always."},
    {.key = "respect_retry_after", .type = PARAM_FLAG, .offset = AT(obeys),
     .fallback = 1,
     .doc = "Where an answer says Retry-After, pause for exactly that long instead."},
    {.key = "budget", .type = PARAM_TAGGED, .offset = AT(budget), .of = budgets,
     .doc = "Retries are not made beyond this. A workload is one client with one "
            "budget; of a service each instance has its own."},
    {0},
};
#undef AT

/* ---- workloads ------------------------------------------------------------------- */

static const struct param gamma_process_params[] = {
    {.key = "cv", .type = PARAM_NUMBER,
     .offset = offsetof(struct process_gamma_conf, cv), .least = 0.01, .most = 100,
     .required = true,
     .doc = "Coefficient of variation of the gaps: 1 is Poisson, more is burstier."},
    {0},
};

static const struct param rate_row = {.key = "rate", .type = PARAM_RATE,
                                      .size = sizeof(double)};
static const struct param sojourn_row = {.key = "time", .type = PARAM_DURATION,
                                         .size = sizeof(sim_time)};

#define AT(field) offsetof(struct process_mmpp_conf, field)
static const struct param mmpp_process_params[] = {
    {.key = "rates", .type = PARAM_LIST, .offset = AT(rates), .of = &rate_row,
     .required = true,
     .doc = "Arrival rate in each state, relative to one another: their mean is "
            "scaled to `rate`."},
    {.key = "mean_sojourn", .type = PARAM_LIST, .offset = AT(mean_sojourn),
     .of = &sojourn_row, .required = true,
     .doc = "Mean time in each state, exponential; states follow in turn."},
    {0},
};
#undef AT

static const struct param processes[] = {
    {.key = "poisson", .type = PARAM_FLAG,
     .doc = "Independent users: exponential gaps."},
    {.key = "constant", .type = PARAM_FLAG,
     .doc = "Evenly spaced, as k6's arrival-rate executors do; the first after one "
            "gap."},
    {.key = "gamma", .type = PARAM_OBJECT, .of = gamma_process_params,
     .size = sizeof(struct process_gamma_conf), .doc = "Gamma-distributed gaps."},
    {.key = "mmpp", .type = PARAM_OBJECT, .of = mmpp_process_params,
     .size = sizeof(struct process_mmpp_conf),
     .doc = "Poisson whose rate switches between states: bursts and lulls."},
    {.key = "azure_2023_code", .type = PARAM_FLAG,
     .doc = "As calls of a language model come that completes code: 8 s of calls and "
            "39 s of none in turn, both exponential, fitted to the Azure LLM inference "
            "trace of 2023. Gaps have a cv of 13."},
    {.key = "azure_2023_conversation", .type = PARAM_FLAG,
     .doc = "As calls of a chat come: 22 % above and below the mean for 10 minutes "
            "each, exponential, fitted to the same."},
    {0},
};

#define AT(field) offsetof(struct profile_point, field)
static const struct param profile_point_params[] = {
    {.key = "time", .type = PARAM_DURATION, .offset = AT(time), .required = true,
     .doc = "Since the start."},
    {.key = "multiplier", .type = PARAM_NUMBER, .offset = AT(multiplier), .most = 1e6,
     .required = true, .doc = "Times the rate."},
    {0},
};
#undef AT

static const struct param profile_row = {.key = "point", .type = PARAM_TUPLE,
                                         .of = profile_point_params,
                                         .size = sizeof(struct profile_point)};

#define AT(field) offsetof(struct daily_conf, field)
static const struct param daily_params[] = {
    {.key = "peak", .type = PARAM_NUMBER, .offset = AT(peak), .least = 1, .most = 2,
     .required = true,
     .doc = "Times the rate at the busiest moment; the quietest has as much less."},
    {.key = "peak_at", .type = PARAM_DURATION, .offset = AT(peak_at), .most = 1e9,
     .doc = "When that is, since the start."},
    {.key = "length", .type = PARAM_DURATION, .offset = AT(length), .least = 1,
     .most = 1e9, .fallback = 86400, .doc = "Of the day."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct open_conf, field)
static const struct param open_params[] = {
    {.key = "rate", .type = PARAM_RATE, .offset = AT(rate), .least = 1e-9, .most = 1e9,
     .required = true,
     .doc = "Arrivals per second on average, each with the requests of `batch`."},
    {.key = "process", .type = PARAM_TAGGED, .offset = AT(process), .of = processes,
     .doc = "How arrivals are spread; Poisson when absent."},
    {.key = "profile", .type = PARAM_LIST, .offset = AT(profile), .of = &profile_row,
     .doc = "Multiplier of the rate over time, linear between points, two at the same "
            "time for a step: a day, a launch spike. Ends the workload at the last "
            "point."},
    {.key = "repeat", .type = PARAM_FLAG, .offset = AT(repeat),
     .doc = "The profile begins again after its last point, for ever."},
    {.key = "daily", .type = PARAM_OBJECT, .offset = AT(daily), .of = daily_params,
     .size = sizeof(struct daily_conf),
     .doc = "The rate follows a sine of 24 h, day after day; `rate` is its mean."},
    {.key = "batch", .type = PARAM_RANDOM, .offset = AT(batch), .unit = PARAM_NUMBER,
     .doc = "Requests that come together with each arrival; 1 when absent."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct closed_conf, field)
static const struct param closed_params[] = {
    {.key = "users", .type = PARAM_COUNT, .offset = AT(users), .least = 1, .most = 1e6,
     .required = true,
     .doc = "Users who each wait for the answer before they ask again."},
    {.key = "think", .type = PARAM_RANDOM, .offset = AT(think), .unit = PARAM_DURATION,
     .doc = "Pause between an answer and the next request; none when absent."},
    {.key = "ramp_up", .type = PARAM_DURATION, .offset = AT(ramp_up),
     .doc = "The users start evenly over this time."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct sessions_conf, field)
static const struct param sessions_params[] = {
    {.key = "rate", .type = PARAM_RATE, .offset = AT(rate), .least = 1e-9, .most = 1e9,
     .required = true, .doc = "Users who arrive per second (Poisson)."},
    {.key = "requests", .type = PARAM_RANDOM, .offset = AT(requests),
     .unit = PARAM_NUMBER, .required = true,
     .doc = "Requests of a user, one after the other."},
    {.key = "think", .type = PARAM_RANDOM, .offset = AT(think), .unit = PARAM_DURATION,
     .doc = "Pause between an answer and the next request."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct burst_conf, field)
static const struct param burst_params[] = {
    {.key = "users", .type = PARAM_COUNT, .offset = AT(users), .least = 1, .most = 1e6,
     .required = true, .doc = "Requests that arrive at the same instant."},
    {.key = "at", .type = PARAM_DURATION, .offset = AT(at_time), .doc = "When."},
    {.key = "every", .type = PARAM_DURATION, .offset = AT(every), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY,
     .doc = "Repeat after this time; once when absent."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct trace_conf, field)
static const struct param trace_params[] = {
    {.key = "file", .type = PARAM_CSV, .offset = AT(file), .required = true,
     .doc = "CSV file with one line per request, beside the scenario."},
    {.key = "time", .type = PARAM_TEXT, .offset = AT(time_column), .required = true,
     .doc = "Column with the arrival time."},
    {.key = "unit", .type = PARAM_TEXT, .offset = AT(time_unit),
     .doc = "Unit of that column: s (default), ms, us or ns."},
    {.key = "type", .type = PARAM_TEXT, .offset = AT(type_column),
     .doc = "Column with the request type; the mix decides when absent."},
    {.key = "speed", .type = PARAM_NUMBER, .offset = AT(speed), .least = 1e-6,
     .most = 1e6, .fallback = 1, .doc = "2 replays twice as fast."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct keys_conf, field)
static const struct param keys_params[] = {
    {.key = "count", .type = PARAM_COUNT, .offset = AT(count), .least = 1, .most = 1e7,
     .required = true, .doc = "Distinct keys."},
    {.key = "zipf", .type = PARAM_NUMBER, .offset = AT(zipf), .most = 10,
     .doc = "Exponent of their popularity; 0 = all alike."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct reload_conf, field)
static const struct param reload_params[] = {
    {.key = "after", .type = PARAM_RANDOM, .offset = AT(after), .unit = PARAM_DURATION,
     .required = true, .doc = "Waiting time after which a user presses reload."},
    {.key = "max", .type = PARAM_COUNT, .offset = AT(max), .least = 1, .most = 1000,
     .fallback = 1, .doc = "Reloads of a request at most."},
    {.key = "probability", .type = PARAM_FRACTION, .offset = AT(probability),
     .fallback = 1, .doc = "Chance that he does, each time."},
    {0},
};
#undef AT

static const char *const tls_versions[] = {"none", "1.2", "1.3", NULL};

#define AT(field) offsetof(struct connections_conf, field)
static const struct param connections_params[] = {
    {.key = "max", .type = PARAM_COUNT, .offset = AT(most), .most = 1e6,
     .doc = "Connections that requests of the workload share; a request waits in the "
            "client for a free one. 0, the default: any number; of users, each has his "
            "own."},
    {.key = "keep_alive", .type = PARAM_DURATION, .offset = AT(keep_alive),
     .fallback = INFINITY,
     .doc = "An idle connection stays open for so long, for ever when absent; 0s opens "
            "one for each request."},
    {.key = "tls", .type = PARAM_CHOICE, .offset = AT(tls), .choices = tls_versions,
     .doc = "A new connection takes one round trip, with TLS 1.3 two, with 1.2 three."},
    {0},
};
#undef AT

static const struct param share_row = {.key = "share", .type = PARAM_SHARE,
                                       .size = sizeof(struct param_share)};

const char *const method_names[] = {"GET",  "HEAD",  "PUT",  "DELETE", "OPTIONS",
                                    "POST", "PATCH", "LOCK", NULL};

static const struct param method_row = {.key = "method", .type = PARAM_CHOICE,
                                        .choices = method_names, .size = sizeof(int)};

#define AT(field) offsetof(struct good_conf, field)
static const struct param good_params[] = {
    {.key = "ttfb", .type = PARAM_DURATION, .offset = AT(ttfb), .fallback = INFINITY,
     .doc = "Time to the first byte, or token."},
    {.key = "tpot", .type = PARAM_DURATION, .offset = AT(tpot), .fallback = INFINITY,
     .doc = "Time per output token: the mean gap between the tokens of an answer."},
    {.key = "latency", .type = PARAM_DURATION, .offset = AT(latency),
     .fallback = INFINITY, .doc = "Until the last byte."},
    {0},
};
#undef AT

/* In the order of patience_until. */
static const char *const patience_ends[] = {"answer", "first_byte", NULL};

#define AT(field) offsetof(struct workload_conf, field)
const struct param workload_params[] = {
    {.key = "target", .type = PARAM_NAME, .offset = AT(target), .required = true,
     .doc = "Service that the requests go to."},
    {.key = "open", .type = PARAM_OBJECT, .offset = AT(open), .of = open_params,
     .size = sizeof(struct open_conf),
     .doc = "Arrivals that do not wait for answers: users of a public site."},
    {.key = "closed", .type = PARAM_OBJECT, .offset = AT(closed), .of = closed_params,
     .size = sizeof(struct closed_conf),
     .doc = "A fixed number of users who wait for answers: k6 VUs, Locust users."},
    {.key = "sessions", .type = PARAM_OBJECT, .offset = AT(sessions),
     .of = sessions_params, .size = sizeof(struct sessions_conf),
     .doc = "Users who arrive at random, make some requests and leave."},
    {.key = "burst", .type = PARAM_OBJECT, .offset = AT(burst), .of = burst_params,
     .size = sizeof(struct burst_conf), .doc = "Requests all at once."},
    {.key = "trace", .type = PARAM_OBJECT, .offset = AT(trace), .of = trace_params,
     .size = sizeof(struct trace_conf), .doc = "Recorded arrivals, replayed."},
    {.key = "k6", .type = PARAM_TAGGED, .offset = AT(k6), .of = k6_executors,
     .doc = "A load test with k6, by its executor. One iteration is one request."},
    {.key = "locust", .type = PARAM_OBJECT, .offset = AT(locust), .of = locust_params,
     .size = sizeof(struct locust_conf), .doc = "A load test with Locust."},
    {.key = "wrk", .type = PARAM_OBJECT, .offset = AT(wrk), .of = wrk_params,
     .size = sizeof(struct wrk_conf), .doc = "A load test with wrk."},
    {.key = "wrk2", .type = PARAM_OBJECT, .offset = AT(wrk2), .of = wrk2_params,
     .size = sizeof(struct wrk2_conf), .doc = "A load test with wrk2."},
    {.key = "mix", .type = PARAM_MAP, .offset = AT(mix), .of = &share_row,
     .doc = "Request types and their shares: percentages with one \"rest\", or plain "
            "weights."},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY,
     .doc = "Patience of the client with one attempt; endless when absent."},
    {.key = "deadline", .type = PARAM_DURATION, .offset = AT(deadline), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY,
     .doc = "Patience with the whole request, all attempts and pauses together."},
    {.key = "retry", .type = PARAM_OBJECT, .offset = AT(retry), .of = retry_params,
     .size = sizeof(struct retry_conf),
     .doc = "What the client tries again; nothing when absent. Each attempt asks for "
            "the same: the same work, the same branch of a `choose`; only a `fail` "
            "with a `probability` is drawn anew."},
    {.key = "patience", .type = PARAM_RANDOM, .offset = AT(patience),
     .unit = PARAM_DURATION,
     .doc = "After this time a user leaves without an answer, drawn for each request; "
            "what he asked for is done all the same, unless the server notices (nginx, "
            "`on_disconnect`)."},
    {.key = "patience_until", .type = PARAM_CHOICE, .offset = AT(patience_until),
     .choices = patience_ends,
     .doc = "What ends it: answer = all of the answer; first_byte = whoever sees the "
            "answer begin stays."},
    {.key = "reload", .type = PARAM_OBJECT, .offset = AT(reload), .of = reload_params,
     .size = sizeof(struct reload_conf),
     .doc = "Impatient users: the page is asked for again, and the server goes on with "
            "the first, too."},
    {.key = "connections", .type = PARAM_OBJECT, .offset = AT(connections),
     .of = connections_params, .size = sizeof(struct connections_conf),
     .doc = "Connections to the target, where opening them takes time or there are "
            "only so many. When absent there always is one."},
    {.key = "latency", .type = PARAM_DURATION, .offset = AT(latency),
     .doc = "Network time one way between client and target, in addition to the "
            "target's."},
    {.key = "keys", .type = PARAM_OBJECT, .offset = AT(keys), .of = keys_params,
     .size = sizeof(struct keys_conf),
     .doc = "What the requests are about, as seen by caches and hash balancing."},
    {.key = "good", .type = PARAM_OBJECT, .offset = AT(good), .of = good_params,
     .size = sizeof(struct good_conf),
     .doc = "Limits that an answer in a stream must keep, all of them, to count for "
            "`goodput`."},
    {.key = "addresses", .type = PARAM_COUNT, .offset = AT(addresses), .most = 1e9,
     .doc = "Distinct client addresses, as ip_hash and limits by address see them. "
            "When absent or 0: 10000, of a load tool 1."},
    {.key = "bandwidth", .type = PARAM_SIZE, .offset = AT(bandwidth), .most = 1e12,
     .doc = "Bytes a second that a client takes, \"100kB\": for streams that say the "
            "size of their chunks. No limit when absent."},
    {.key = "methods", .type = PARAM_MAP, .offset = AT(methods), .of = &method_row,
     .doc = "HTTP methods of request types, `default` for the others; GET when absent. "
            "A proxy does not send a POST a second time."},
    {0},
};
#undef AT

/* ---- steps ----------------------------------------------------------------------- */

static const char *const on_errors[] = {"fail", "continue", NULL};

#define ON_ERROR_ROW(owner)                                                            \
    {.key = "on_error", .type = PARAM_CHOICE,                                          \
     .offset = offsetof(struct owner, on_error), .choices = on_errors,                 \
     .fallback = ON_ERROR_FAIL,                                                        \
     .doc = "fail ends the handler with the same error; continue goes on."}

static const struct param steps_row = {.key = "steps", .type = PARAM_LIST,
                                       .of = &step_row,
                                       .size = sizeof(struct param_list)};

static const struct param cpu_params[] = {
    {.key = "cpu", .type = PARAM_RANDOM, .offset = offsetof(struct cpu_step, demand),
     .unit = PARAM_DURATION, .required = true,
     .doc = "Core time, on this service's cores."},
    {.key = "own_thread", .type = PARAM_FLAG,
     .offset = offsetof(struct cpu_step, own_thread),
     .doc = "On a thread of its own beside the event loop, or without the lock (GIL): "
            "C code that releases it, work for a thread pool."},
    {0},
};

static const struct param wait_params[] = {
    {.key = "wait", .type = PARAM_RANDOM,
     .offset = offsetof(struct wait_step, duration), .unit = PARAM_DURATION,
     .required = true,
     .doc = "Time that passes while the slot is held and no CPU is used."},
    {0},
};

static const char *const sdks[] = {"openai", "anthropic", NULL};

#define AT(field) offsetof(struct call_step, field)
static const struct param call_params[] = {
    {.key = "call", .type = PARAM_NAME, .offset = AT(service), .required = true,
     .doc = "Service to call and wait for."},
    {.key = "as", .type = PARAM_NAME, .offset = AT(as),
     .doc = "Request type it is called with; the same type when absent."},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY,
     .doc = "Give up on an attempt after this; the callee goes on for nobody."},
    {.key = "retry", .type = PARAM_OBJECT, .offset = AT(retry), .of = retry_params,
     .size = sizeof(struct retry_conf),
     .doc = "What is tried again; nothing when absent. Each attempt asks for the same "
            "work, see `retry` of a workload."},
    {.key = "guards", .type = PARAM_LIST, .offset = AT(guards), .of = &guard_row,
     .doc = "What each attempt has to pass at the caller, in order: a circuit_breaker, "
            "say. What it rejects may be retried. See guards."},
    {.key = "sdk", .type = PARAM_CHOICE, .offset = AT(sdk), .choices = sdks,
     .fallback = -1,
     .doc = "Called by the provider's library, with its defaults where `timeout` or "
            "`retry` say nothing else: 600 s, and two retries of 429, 5xx, timeouts "
            "and broken connections after 0.5 s, then 1 s, or what Retry-After says."},
    ON_ERROR_ROW(call_step),
    {.key = "stream", .type = PARAM_FLAG, .offset = AT(stream),
     .doc = "Pass the callee's stream through: the first byte goes on at once, the "
            "slot is held to the end."},
    {0},
};
#undef AT

static const struct param name_row = {.key = "pool", .type = PARAM_NAME,
                                      .size = sizeof(const char *)};
static const struct param via_forms[] = {
    {.key = "name", .type = PARAM_NAME, .size = sizeof(const char *),
     .doc = "One pool."},
    {.key = "list", .type = PARAM_LIST, .of = &name_row,
     .size = sizeof(struct param_list),
     .doc = "Pools in the order they are taken, the one next to the database last."},
    {0},
};

#define AT(field) offsetof(struct query_step, field)
static const struct param query_params[] = {
    {.key = "query", .type = PARAM_NAME, .offset = AT(database), .required = true,
     .doc = "Database to ask."},
    {.key = "via", .type = PARAM_FORMS, .offset = AT(via), .of = via_forms,
     .doc = "Connection pool, or list of pools, in front of it. When absent: the "
            "connection that is held around it, of a pool whose `server` is this "
            "database, or a new connection of its own."},
    {.key = "time", .type = PARAM_RANDOM, .offset = AT(time), .unit = PARAM_DURATION,
     .doc = "Core time on the database."},
    {.key = "io", .type = PARAM_RANDOM, .offset = AT(io), .unit = PARAM_DURATION,
     .doc = "Time in the database without CPU: disk, locks."},
    {.key = "timeout", .type = PARAM_DURATION, .offset = AT(timeout), .least = 1e-6,
     .most = 1e9, .fallback = INFINITY,
     .doc = "Give up on the query itself after this."},
    {.key = "guards", .type = PARAM_LIST, .offset = AT(guards), .of = &guard_row,
     .doc = "What it has to pass at the caller, in order, before it asks for a "
            "connection: a bulkhead or a circuit_breaker around the repository, say. "
            "That the pool had none in time is a failure, too. See guards."},
    {.key = "admin", .type = PARAM_FLAG, .offset = AT(admin),
     .doc = "Asked by an administrator, whom the database keeps connections for."},
    ON_ERROR_ROW(query_step),
    {0},
};
#undef AT

#define AT(field) offsetof(struct hold_step, field)
static const struct param hold_params[] = {
    {.key = "hold", .type = PARAM_NAME, .offset = AT(pool), .required = true,
     .doc = "Pool of which one connection is held across the steps."},
    {.key = "steps", .type = PARAM_LIST, .offset = AT(steps), .of = &step_row,
     .required = true, .doc = "What happens meanwhile."},
    ON_ERROR_ROW(hold_step),
    {0},
};
#undef AT

static const char *const cache_methods[] = {"keys", "che", NULL};

#define AT(field) offsetof(struct cache_rules, field)
const struct param cache_rules_params[] = {
    {.key = "hit", .type = PARAM_FRACTION, .offset = AT(hit), .fallback = -1,
     .doc = "Share of look-ups that find the answer, at random. When absent, it "
            "follows from `keys` and what the cache has room for."},
    {.key = "keys", .type = PARAM_OBJECT, .offset = AT(keys), .of = keys_params,
     .size = sizeof(struct keys_conf),
     .doc = "What is asked for: each look-up draws a key. The key of the request, "
            "from the workload's `keys`, when absent; in a `repeat` each turn has its "
            "own."},
    {.key = "method", .type = PARAM_CHOICE, .offset = AT(method),
     .choices = cache_methods,
     .doc = "keys = every key is followed; che = the hit ratio is computed (Che's "
            "approximation) and drawn at random: no memory, but no stampedes, cold "
            "starts or write errors either."},
    {.key = "ttl", .type = PARAM_RANDOM, .offset = AT(ttl), .unit = PARAM_DURATION,
     .doc = "Life of an entry; it is a miss from that instant on. Entries do not end "
            "by themselves when absent."},
    {.key = "size", .type = PARAM_RANDOM, .offset = AT(size), .unit = PARAM_SIZE,
     .doc = "Memory of an entry with its key and overhead; each key keeps its own. "
            "Needed where the cache's memory is limited."},
    {.key = "single_flight", .type = PARAM_FLAG, .offset = AT(single_flight),
     .doc = "Of those who miss a key at the same time one does the work, the others "
            "wait for it. If it fails, the next one tries."},
    {.key = "wait_timeout", .type = PARAM_DURATION, .offset = AT(wait_timeout),
     .least = 1e-6, .most = 1e9, .fallback = INFINITY,
     .doc = "single_flight: who has waited this long does the work, too."},
    {.key = "early_refresh", .type = PARAM_NUMBER, .offset = AT(early_refresh),
     .most = 1000,
     .doc = "Refresh at random before the end: at a hit when now - b x d x ln U is "
            "past it, b being this number and d the time the last fill took; 1 is "
            "usual, 0 = never."},
    {.key = "stale_while_revalidate", .type = PARAM_DURATION, .offset = AT(stale),
     .doc = "For so long after its end an entry is still served, while one refresh "
            "runs in the background."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct cache_step, field)
static const struct param cache_params[] = {
    {.key = "cache", .type = PARAM_NAME, .offset = AT(service), .required = true,
     .doc = "Cache service to ask first."},
    {.type = PARAM_INCLUDE, .of = cache_rules_params, .offset = AT(rules)},
    {.key = "set", .type = PARAM_NAME, .offset = AT(set),
     .doc = "Steps that name the same set see each other's entries; a set of its own "
            "when absent. All sets of a service compete for its memory."},
    {.key = "pipeline", .type = PARAM_COUNT, .offset = AT(pipeline), .least = 1,
     .most = 10000, .fallback = 1,
     .doc = "Commands sent in one round trip; they run back to back."},
    {.key = "miss", .type = PARAM_LIST, .offset = AT(miss), .of = &step_row,
     .doc = "Steps when it does not."},
    {.key = "on_hit", .type = PARAM_LIST, .offset = AT(on_hit), .of = &step_row,
     .doc = "Steps when it does."},
    ON_ERROR_ROW(cache_step),
    {0},
};
#undef AT

static const struct param join_forms[] = {
    {.key = "name", .type = PARAM_TEXT, .size = sizeof(const char *),
     .doc = "all or any."},
    {.key = "count", .type = PARAM_COUNT, .least = 1, .most = 1000,
     .size = sizeof(int64_t), .doc = "So many branches."},
    {0},
};

#define AT(field) offsetof(struct parallel_step, field)
static const struct param parallel_params[] = {
    {.key = "parallel", .type = PARAM_LIST, .offset = AT(branches), .of = &steps_row,
     .required = true, .doc = "Lists of steps that run at the same time."},
    {.key = "join", .type = PARAM_FORMS, .offset = AT(join), .of = join_forms,
     .doc = "Go on when all (default), any, or this many branches are done; the "
            "others run on for nobody."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct choose_branch, field)
static const struct param choose_branch_params[] = {
    {.key = "weight", .type = PARAM_NUMBER, .offset = AT(weight), .least = 1e-9,
     .most = 1e9, .fallback = 1, .doc = "Odds of this branch relative to the others."},
    {.key = "steps", .type = PARAM_LIST, .offset = AT(steps), .of = &step_row,
     .doc = "Its steps; none when absent."},
    {0},
};
#undef AT

static const struct param choose_branch_row = {.key = "branch", .type = PARAM_OBJECT,
                                               .of = choose_branch_params,
                                               .size = sizeof(struct choose_branch)};

static const struct param choose_params[] = {
    {.key = "choose", .type = PARAM_LIST,
     .offset = offsetof(struct choose_step, branches), .of = &choose_branch_row,
     .required = true,
     .doc = "Branches, one of which is taken; the same by each attempt of a request."},
    {0},
};

static const struct param repeat_params[] = {
    {.key = "repeat", .type = PARAM_RANDOM,
     .offset = offsetof(struct repeat_step, times), .unit = PARAM_NUMBER,
     .required = true, .doc = "How often."},
    {.key = "steps", .type = PARAM_LIST, .offset = offsetof(struct repeat_step, steps),
     .of = &step_row, .required = true, .doc = "What is repeated."},
    {0},
};

static const struct param spawn_params[] = {
    {.key = "spawn", .type = PARAM_LIST, .offset = offsetof(struct spawn_step, steps),
     .of = &step_row, .required = true,
     .doc = "Steps that run in the background of this service while nobody waits."},
    {0},
};

static const struct param after_answer_params[] = {
    {.key = "after_answer", .type = PARAM_LIST,
     .offset = offsetof(struct after_step, steps), .of = &step_row, .required = true,
     .doc = "Steps for which nobody waits: the answer goes out first, and the slot is "
            "held to their end (BackgroundTasks of FastAPI). Whatever follows comes "
            "after the answer, too."},
    {0},
};

#define AT(field) offsetof(struct enqueue_step, field)
static const struct param enqueue_params[] = {
    {.key = "enqueue", .type = PARAM_NAME, .offset = AT(queue), .required = true,
     .doc = "task_queue that gets a job, for which nobody waits."},
    {.key = "as", .type = PARAM_NAME, .offset = AT(as),
     .doc = "Handler that it runs; the same type when absent."},
    {.key = "time", .type = PARAM_RANDOM, .offset = AT(time), .unit = PARAM_DURATION,
     .doc = "Handing it to the broker; none when absent."},
    {.key = "countdown", .type = PARAM_RANDOM, .offset = AT(countdown),
     .unit = PARAM_DURATION,
     .doc = "It may not run earlier. Workers hold it back meanwhile, so that one "
            "longer than the visibility timeout is run more than once."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct stream_conf, field)
static const struct param stream_conf_params[] = {
    {.key = "first_byte", .type = PARAM_RANDOM, .offset = AT(first_byte),
     .unit = PARAM_DURATION,
     .doc = "Until the first byte goes out; at once when absent."},
    {.key = "chunks", .type = PARAM_RANDOM, .offset = AT(chunks), .unit = PARAM_NUMBER,
     .doc = "Chunks after the first byte. Either this or `duration` must be there."},
    {.key = "duration", .type = PARAM_RANDOM, .offset = AT(duration),
     .unit = PARAM_DURATION,
     .doc = "From the first byte to the last: as many chunks as fit."},
    {.key = "gap", .type = PARAM_RANDOM, .offset = AT(gap), .unit = PARAM_DURATION,
     .required = true, .doc = "Time between chunks."},
    {.key = "cpu", .type = PARAM_RANDOM, .offset = AT(cpu), .unit = PARAM_DURATION,
     .doc = "Core time of each chunk; none when absent. With it every chunk is "
            "simulated by itself, and gaps grow when cores or the event loop are "
            "busy."},
    {.key = "size", .type = PARAM_RANDOM, .offset = AT(size), .unit = PARAM_SIZE,
     .doc = "Bytes of a chunk. A client with little `bandwidth` then takes longer, "
            "and the slot is held until it has all, less what socket buffers hold, "
            "which is not counted; unless a proxy takes the answer: see `buffering`."},
    {.key = "buffering", .type = PARAM_FLAG, .offset = AT(buffering),
     .doc = "A proxy with proxy_buffering may take the answer as fast as it comes and "
            "hand it on to a slow client by itself. Servers forbid it for streams of "
            "events (X-Accel-Buffering: no). Small chunks are passed on at once all "
            "the same."},
    {0},
};
#undef AT

static const struct param stream_params[] = {
    {.key = "stream", .type = PARAM_OBJECT,
     .offset = offsetof(struct stream_step, stream), .of = stream_conf_params,
     .size = sizeof(struct stream_conf), .required = true,
     .doc = "An answer in chunks; the slot is held to the last."},
    {0},
};

#define AT(field) offsetof(struct session_conf, field)
static const struct param session_conf_params[] = {
    {.key = "duration", .type = PARAM_RANDOM, .offset = AT(duration),
     .unit = PARAM_DURATION, .required = true,
     .doc = "How long the user stays. After a cut a client that connects again stays "
            "for the rest."},
    {.key = "receive", .type = PARAM_RATE, .offset = AT(receive), .most = 1e6,
     .doc = "Messages a second from the client, at random moments."},
    {.key = "send", .type = PARAM_RATE, .offset = AT(send), .most = 1e6,
     .doc = "Messages a second to the client; what a `broadcast` sends comes on top."},
    {.key = "cpu", .type = PARAM_RANDOM, .offset = AT(cpu), .unit = PARAM_DURATION,
     .doc = "Core time of a message, either way, and of a ping. When absent, messages "
            "cost nothing and are not simulated."},
    {.key = "ping", .type = PARAM_DURATION, .offset = AT(ping), .most = 1e9,
     .fallback = 20,
     .doc = "Both sides hear of each other at least so often: uvicorn's "
            "ws_ping_interval. A proxy that waits less long cuts a silent connection. "
            "0: no pings."},
    {.key = "memory", .type = PARAM_RANDOM, .offset = AT(memory), .unit = PARAM_SIZE,
     .doc = "Memory of the connection: buffers and state; 0.5 to 1 MB is usual in "
            "Python."},
    {0},
};
#undef AT

static const struct param session_params[] = {
    {.key = "session", .type = PARAM_OBJECT,
     .offset = offsetof(struct session_step, session), .of = session_conf_params,
     .size = sizeof(struct session_conf), .required = true,
     .doc = "A connection that stays open (WebSocket), with messages both ways; the "
            "slot is held to the end."},
    {0},
};

static const struct param broadcast_conf_params[] = {
    {.key = "cpu", .type = PARAM_RANDOM, .offset = offsetof(struct broadcast_conf, cpu),
     .unit = PARAM_DURATION, .required = true, .doc = "Core time of each send."},
    {0},
};

static const struct param broadcast_params[] = {
    {.key = "broadcast", .type = PARAM_OBJECT,
     .offset = offsetof(struct broadcast_step, broadcast),
     .of = broadcast_conf_params, .size = sizeof(struct broadcast_conf),
     .required = true,
     .doc = "A message to every open session of this service, in the background: each "
            "process sends to its own, one after the other."},
    {0},
};

static const struct param memory_params[] = {
    {.key = "memory", .type = PARAM_RANDOM,
     .offset = offsetof(struct memory_step, bytes), .unit = PARAM_SIZE,
     .required = true,
     .doc = "Memory taken until the request leaves the service; beyond the service's "
            "`memory` a process or the whole instance is killed, see on_oom."},
    {0},
};

#define AT(field) offsetof(struct fail_step, field)
static const struct param fail_params[] = {
    {.key = "fail", .type = PARAM_TEXT, .offset = AT(status), .required = true,
     .doc = "Status the handler ends with: 400, 429, 500, 502, 503, 504, refused or "
            "reset."},
    {.key = "probability", .type = PARAM_FRACTION, .offset = AT(probability),
     .fallback = 1,
     .doc = "Share of attempts it happens to, each by itself: the next may succeed."},
    {.key = "retry_after", .type = PARAM_DURATION,
     .offset = offsetof(struct fail_step, retry_after), .most = 1e6,
     .doc = "The answer asks to be tried again after this time (Retry-After); it does "
            "not when absent."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct once_step, field)
static const struct param once_params[] = {
    {.key = "once", .type = PARAM_LIST, .offset = AT(steps), .of = &step_row,
     .required = true,
     .doc = "Steps that each process runs once in its life, for its first request: "
            "loading a model. Requests that come meanwhile run them too, unless they "
            "`hold` a lock around it."},
    {.key = "warm", .type = PARAM_COUNT, .offset = AT(warm), .most = 10000,
     .doc = "Processes of an instance that have done it when the run begins."},
    {.key = "keeps_memory", .type = PARAM_SIZE, .offset = AT(memory), .most = 1e15,
     .doc = "Memory that stays taken until the process ends; beyond the service's "
            "`memory` the request fails with 500."},
    {0},
};
#undef AT

#define VERB(name, type_)                                                              \
    {.key = #name, .type = PARAM_OBJECT, .of = name##_params,                          \
     .size = sizeof(struct type_)}

const struct param step_verbs[] = {
    VERB(cpu, cpu_step),
    VERB(wait, wait_step),
    VERB(call, call_step),
    VERB(query, query_step),
    VERB(hold, hold_step),
    VERB(cache, cache_step),
    VERB(parallel, parallel_step),
    VERB(choose, choose_step),
    VERB(repeat, repeat_step),
    VERB(spawn, spawn_step),
    VERB(after_answer, after_step),
    VERB(enqueue, enqueue_step),
    VERB(stream, stream_step),
    VERB(session, session_step),
    VERB(broadcast, broadcast_step),
    VERB(memory, memory_step),
    VERB(fail, fail_step),
    VERB(once, once_step),
    {0},
};

const struct param step_row = {.key = "step", .type = PARAM_VERB, .of = step_verbs,
                               .size = sizeof(struct param_variant)};

/* ---- services -------------------------------------------------------------------- */

#define AT(field) offsetof(struct quota_conf, field)
static const struct param quota_params[] = {
    {.key = "cores", .type = PARAM_CPU, .offset = AT(cores), .least = 0.001,
     .most = 100000, .required = true,
     .doc = "CPU time per period, as a number of cores: cpu.max's quota by its period, "
            "docker's --cpus, a Kubernetes limit."},
    {.key = "period", .type = PARAM_DURATION, .offset = AT(period), .least = 1e-3,
     .most = 1, .fallback = 0.1, .doc = "Length of a period."},
    {.key = "burst", .type = PARAM_DURATION, .offset = AT(burst), .most = 1e9,
     .doc = "CPU time left over that may be saved up (cpu.max.burst)."},
    {.key = "phase", .type = PARAM_DURATION, .offset = AT(phase), .most = 1,
     .fallback = INFINITY,
     .doc = "How much of a period is over when the run begins; random when absent."},
    {0},
};
#undef AT

static const struct param quota_forms[] = {
    {.key = "cores", .type = PARAM_CPU, .least = 0.001, .most = 100000,
     .size = sizeof(double), .doc = "Cores on average, in periods of 100 ms."},
    {.key = "quota", .type = PARAM_OBJECT, .of = quota_params,
     .size = sizeof(struct quota_conf), .doc = "The same with the period stated."},
    {0},
};

static const char *const credit_modes[] = {"unlimited", "standard", NULL};

#define AT(field) offsetof(struct credits_conf, field)
static const struct param credits_params[] = {
    {.key = "type", .type = PARAM_TEXT, .offset = AT(type),
     .doc = "Instance type whose figures are used where the others are absent: "
            "t3.micro to t3.2xlarge."},
    {.key = "per_hour", .type = PARAM_NUMBER, .offset = AT(per_hour), .most = 1e6,
     .doc = "Credits earned an hour, each a core for a minute: a sixtieth of it is "
            "the baseline in cores."},
    {.key = "max_balance", .type = PARAM_NUMBER, .offset = AT(most), .most = 1e9,
     .doc = "Credits that can be saved; what is earned in a day when absent."},
    {.key = "balance", .type = PARAM_NUMBER, .offset = AT(balance), .most = 1e9,
     .doc = "Credits at the start of the run."},
    {.key = "mode", .type = PARAM_CHOICE, .offset = AT(mode), .choices = credit_modes,
     .fallback = -1,
     .doc = "Without credits: unlimited goes on and is billed for it, standard slows "
            "down to the baseline; the type's own, unlimited for T3, when absent."},
    {.key = "taper", .type = PARAM_NUMBER, .offset = AT(taper), .most = 1e6,
     .fallback = 5,
     .doc = "Credits below which standard mode slows down, evenly to the baseline at "
            "0."},
    {0},
};
#undef AT

static const struct param credits_forms[] = {
    {.key = "type", .type = PARAM_TEXT, .size = sizeof(const char *),
     .doc = "Instance type: t3.micro to t3.2xlarge; no credits at the start."},
    {.key = "credits", .type = PARAM_OBJECT, .of = credits_params,
     .size = sizeof(struct credits_conf), .doc = "The same with figures stated."},
    {0},
};

#define AT(field) offsetof(struct usl_conf, field)
static const struct param usl_params[] = {
    {.key = "sigma", .type = PARAM_FRACTION, .offset = AT(sigma),
     .doc = "Contention: the part of the work that only one can do at a time; 0.02 to "
            "0.1 is typical."},
    {.key = "kappa", .type = PARAM_FRACTION, .offset = AT(kappa),
     .doc = "Coherency: what each pair costs in keeping each other informed; 0.0001 to "
            "0.001 is typical."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct restart_conf, field)
const struct param restart_params[] = {
    {.key = "at", .type = PARAM_DURATION, .offset = AT(when), .most = 1e9,
     .required = true, .doc = "When the first process is told to stop."},
    {.key = "every", .type = PARAM_DURATION, .offset = AT(every), .least = 1e-3,
     .most = 1e9, .fallback = INFINITY, .doc = "Repeat after this; once when absent."},
    {.key = "stagger", .type = PARAM_DURATION, .offset = AT(stagger), .most = 1e9,
     .doc = "Time from one process to the next; all at once when absent."},
    {0},
};
#undef AT

static const char *const outage_names[] = {"refuse", "silent", "hang",
                                           "slow",   "drain",  NULL};

#define AT(field) offsetof(struct outage_conf, field)
static const struct param outage_params[] = {
    {.key = "at", .type = PARAM_RANDOM, .offset = AT(start), .unit = PARAM_DURATION,
     .doc = "When it begins, the first time; after one `every` when absent. Give the "
            "run a fixed `duration` with outages that come once."},
    {.key = "for", .type = PARAM_RANDOM, .offset = AT(length), .unit = PARAM_DURATION,
     .required = true, .doc = "How long it lasts."},
    {.key = "every", .type = PARAM_RANDOM, .offset = AT(gap), .unit = PARAM_DURATION,
     .doc = "From its end to the next one: the time between failures, exponential for "
            "failures by chance; once when absent."},
    {.key = "how", .type = PARAM_CHOICE, .offset = AT(how), .choices = outage_names,
     .doc = "refuse: crashed, its work is lost, connections are refused. silent: the "
            "machine is gone, nothing answers. hang: everything stands still and goes "
            "on later. slow: everything takes longer. drain: proxies send it nothing "
            "new, what it has it finishes."},
    {.key = "speed", .type = PARAM_FRACTION, .offset = AT(speed), .least = 0.001,
     .most = 1, .fallback = 0.1, .doc = "slow: of its normal speed."},
    {.key = "replicas", .type = PARAM_COUNT, .offset = AT(replicas), .least = 1,
     .most = 100000, .fallback = 0,
     .doc = "So many of the replicas, each by itself; all when absent."},
    {0},
};
#undef AT

static const struct param outage_row = {.key = "outage", .type = PARAM_OBJECT,
                                        .of = outage_params,
                                        .size = sizeof(struct outage_conf)};

#define AT(field) offsetof(struct service_common, field)
const struct param service_base_params[] = {
    {.key = "kind", .type = PARAM_NAME, .offset = AT(kind), .required = true,
     .doc = "What the service is."},
    {.key = "replicas", .type = PARAM_COUNT, .offset = AT(replicas), .least = 1,
     .most = 100000, .fallback = 1, .doc = "Identical instances."},
    {.key = "cpu", .type = PARAM_CPU, .offset = AT(cpu), .most = 100000,
     .doc = "Cores of an instance, shared by what runs on it; never short of CPU "
            "when absent."},
    {.key = "cpu_quota", .type = PARAM_FORMS, .offset = AT(cpu_quota),
     .of = quota_forms,
     .doc = "CPU time an instance may use per period of 100 ms, in cores; when it is "
            "used up everything stops until the next period. `cpu` then is what its "
            "threads can run on meanwhile: the cores of the host."},
    {.key = "credits", .type = PARAM_FORMS, .offset = AT(credits), .of = credits_forms,
     .doc = "CPU credits of a burstable machine (T3); `cpu` are its vCPUs, the type's "
            "own when absent."},
    {.key = "usl", .type = PARAM_OBJECT, .offset = AT(usl), .of = usl_params,
     .size = sizeof(struct usl_conf),
     .doc = "Universal scalability law: with n pieces of work on the cores at once, "
            "each takes 1 + sigma (n - 1) + kappa n (n - 1) times as long."},
    {.key = "smt_speedup", .type = PARAM_NUMBER, .offset = AT(smt_speedup), .least = 1,
     .most = 2, .fallback = 2,
     .doc = "The `cpu` are hardware threads, two to a core, and a core with both busy "
            "does this much more than with one: 1.2 to 1.3 is typical. 2 takes them "
            "for whole cores."},
    {.key = "memory", .type = PARAM_SIZE, .offset = AT(memory), .most = 1e15,
     .doc = "Memory of an instance (a container's limit); not limited when absent. "
            "What it goes to is said by memory_base, memory_per_worker, "
            "memory_per_connection, memory_per_request and steps."},
    {.key = "latency", .type = PARAM_DURATION, .offset = AT(latency), .most = 3600,
     .doc = "Network time one way to reach the service."},
    {.key = "outages", .type = PARAM_LIST, .offset = AT(outages), .of = &outage_row,
     .doc = "Times when instances fail."},
    {0},
};

const struct param service_common_params[] = {
    {.type = PARAM_INCLUDE, .of = service_base_params},
    {.key = "balance", .type = PARAM_CHOICE, .offset = AT(balance),
     .choices = balance_names,
     .doc = "How callers without a balancer of their own spread over the replicas."},
    {.key = "guards", .type = PARAM_LIST, .offset = AT(guards), .of = &guard_row,
     .doc = "What every request has to pass before the service takes it, in order: "
            "limits, load shedding, rules of the line. See guards."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct store_conf, field)
const struct param store_params[] = {
    {.key = "cold_start", .type = PARAM_FLAG, .offset = AT(cold_start),
     .doc = "Empty at the start. Otherwise it holds at the start what it would after a "
            "long time, and nothing has to warm up."},
    {.key = "flush_at", .type = PARAM_DURATION, .offset = AT(flush_at),
     .fallback = INFINITY,
     .doc = "Loses everything at this time after the start (warm-up included): a "
            "restart, a FLUSHALL."},
    {0},
};
#undef AT

static const struct param handler_row = {.key = "steps", .type = PARAM_LIST,
                                         .of = &step_row,
                                         .size = sizeof(struct param_list)};

#define AT(field) offsetof(struct handler_conf, field)
const struct param handler_params[] = {
    {.key = "time", .type = PARAM_RANDOM, .offset = AT(time), .unit = PARAM_DURATION,
     .doc = "Time a request takes when there is no handler for it; it uses no CPU."},
    {.key = "handlers", .type = PARAM_MAP, .offset = AT(handlers), .of = &handler_row,
     .doc = "Steps for each request type; `default` takes the types that have none."},
    {0},
};
#undef AT

static const char *const oom_names[] = {"fail", "kill_worker", "kill_container", NULL};
static const char *const backoff_names[] = {"kubernetes", "none", NULL};

#define AT(field) offsetof(struct memory_conf, field)
const struct param memory_conf_params[] = {
    {.key = "memory_base", .type = PARAM_SIZE, .offset = AT(base), .most = 1e15,
     .doc = "Memory of an instance beside its workers: parent process, sidecars."},
    {.key = "memory_per_worker", .type = PARAM_SIZE, .offset = AT(per_worker),
     .most = 1e15,
     .doc = "Memory of each process without requests: the interpreter and the "
            "application. Only what it does not share with the others, if they are "
            "forked from a process that has loaded it."},
    {.key = "memory_per_connection", .type = PARAM_SIZE, .offset = AT(per_connection),
     .most = 1e12,
     .doc = "Memory of each connection a process has taken, worked on or not; those "
            "in the listen queue take none."},
    {.key = "memory_per_request", .type = PARAM_RANDOM, .offset = AT(per_request),
     .unit = PARAM_SIZE,
     .doc = "Memory of each request while it is worked on."},
    {.key = "on_oom", .type = PARAM_CHOICE, .offset = AT(on_oom), .choices = oom_names,
     .fallback = -1,
     .doc = "When an instance needs more than its `memory`. kill_worker: the kernel "
            "kills its largest process, whose requests are reset, and another is "
            "started. kill_container: all of it ends and is started again. fail: the "
            "request that asks for too much fails with 500 (a limit of the language's "
            "own, such as PHP's memory_limit or a Java heap). When absent, kill_worker "
            "where there are several processes or a parent (gunicorn, PHP-FPM), else "
            "kill_container."},
    {.key = "restart_backoff", .type = PARAM_CHOICE, .offset = AT(backoff),
     .choices = backoff_names,
     .doc = "Pause before a killed container is started again. kubernetes: none the "
            "first time, then 10 s, doubled every time up to 5 min; none again after "
            "10 min without a kill. Then `boot` passes. none: `boot` only."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct link_conf, field)
const struct param link_params[] = {
    {.key = "from", .type = PARAM_NAME, .offset = AT(from), .required = true,
     .doc = "Calling service or workload."},
    {.key = "to", .type = PARAM_NAME, .offset = AT(to), .required = true,
     .doc = "Called service."},
    {.key = "latency", .type = PARAM_DURATION, .offset = AT(latency), .most = 3600,
     .required = true,
     .doc = "Network time one way; replaces the called service's own."},
    {0},
};
#undef AT
