/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * llm_api -- a language model behind a provider's API: first token, then tokens at a
 * pace. It has no queue of its own that could be seen from outside, but limits: what is
 * beyond them is answered with 429.
 */
#include "models/kind.h"

#include <math.h>

struct conf {
    uint32_t at;
    struct service_common common;
    struct dist *ttft, *input_tokens, *output_tokens, *time_per_token;
    struct param_variant limits; /* which 0: meter_conf; 1: list of them */
    int64_t max_tokens, concurrency;
    int charge;
    bool counts_rejected;
    sim_time retry_after;
    double overloaded;
};

static const char *const charges[] = {"max_tokens", "used", "input", "output", NULL};
static const char *const windows[] = {"bucket", "fixed", NULL};

#define AT(field) offsetof(struct meter_conf, field)
static const struct param limit_params[] = {
    {.key = "requests", .type = PARAM_RATE, .offset = AT(requests), .most = 1e9,
     .doc = "Calls per time, such as 500/min."},
    {.key = "tokens", .type = PARAM_RATE, .offset = AT(tokens), .most = 1e12,
     .doc = "Tokens per time, such as 60000/min; what is charged says `charge`."},
    {.key = "window", .type = PARAM_DURATION, .offset = AT(window), .least = 1e-3,
     .most = 1e6, .fallback = 60,
     .doc = "Tokens are enforced over this time: so much can be used at once."},
    {.key = "request_window", .type = PARAM_DURATION, .offset = AT(request_window),
     .least = 1e-3, .most = 1e6, .fallback = 1,
     .doc = "Requests are enforced over this time, at least one at a time: 60/min may "
            "well mean one a second. Azure looks at 1 s or 10 s."},
    {.key = "enforced", .type = PARAM_CHOICE, .offset = AT(enforced),
     .choices = windows,
     .doc = "bucket: refilled all the time (OpenAI, Anthropic); fixed: counted from 0 "
            "in each window."},
    {0},
};
#undef AT

static const struct param limit_row = {.key = "limit", .type = PARAM_OBJECT,
                                       .of = limit_params,
                                       .size = sizeof(struct meter_conf)};

static const struct param limit_forms[] = {
    {.key = "limit", .type = PARAM_OBJECT, .of = limit_params,
     .size = sizeof(struct meter_conf), .doc = "Requests and tokens."},
    {.key = "limits", .type = PARAM_LIST, .of = &limit_row,
     .size = sizeof(struct param_list), .doc = "Several, such as per minute and per "
                                               "day: a call must keep them all."},
    {0},
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "ttft", .type = PARAM_RANDOM, .offset = AT(ttft), .unit = PARAM_DURATION,
     .required = true,
     .doc = "Time to the first token. Vendors publish none; a lognormal with a median "
            "of 0.6 s and a p99 of 2.4 s is where to begin before you measure."},
    {.key = "output_tokens", .type = PARAM_RANDOM, .offset = AT(output_tokens),
     .unit = PARAM_NUMBER, .required = true,
     .doc = "Tokens of an answer, the first included."},
    {.key = "time_per_token", .type = PARAM_RANDOM, .offset = AT(time_per_token),
     .unit = PARAM_DURATION, .required = true,
     .doc = "Time between tokens; drawn once for an answer. 20 ms is usual."},
    {.key = "input_tokens", .type = PARAM_RANDOM, .offset = AT(input_tokens),
     .unit = PARAM_NUMBER,
     .doc = "Tokens of a prompt; they count for limits alone."},
    {.key = "max_tokens", .type = PARAM_COUNT, .offset = AT(max_tokens), .most = 1e9,
     .doc = "What each call asks for at most: answers are cut there, and limits of "
            "tokens charge all of it. When absent an answer is charged as it is."},
    {.key = "limits", .type = PARAM_FORMS, .offset = AT(limits), .of = limit_forms,
     .doc = "What a call is rejected beyond, with 429; all instances together."},
    {.key = "concurrency", .type = PARAM_COUNT, .offset = AT(concurrency), .most = 1e9,
     .doc = "Calls under way beyond which more are rejected with 429; 0: any number."},
    {.key = "charge", .type = PARAM_CHOICE, .offset = AT(charge), .choices = charges,
     .doc = "Tokens that a call is charged when it arrives: prompt and max_tokens "
            "(OpenAI, Azure), prompt and answer, or one of them alone."},
    {.key = "count_rejected", .type = PARAM_FLAG, .offset = AT(counts_rejected),
     .fallback = 1,
     .doc = "Rejected calls count for the limit of requests too, up to a `window` of "
            "them, so that hammering keeps you locked out (OpenAI)."},
    {.key = "retry_after", .type = PARAM_DURATION, .offset = AT(retry_after),
     .most = 1e6, .fallback = INFINITY,
     .doc = "What a rejected call is told to wait; when absent until it would have "
            "passed if nobody else called."},
    {.key = "overloaded", .type = PARAM_FRACTION, .offset = AT(overloaded),
     .doc = "Part of the calls that the provider answers with 503 for want of its own "
            "capacity (Anthropic: 529)."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    (void)out;
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    s->duty = DUTY_LLM;
    s->first_token = conf->ttft;
    s->tokens = conf->output_tokens;
    s->token_time = conf->time_per_token;
    s->slot_name = "call";
    if (conf->concurrency) {
        s->slots = conf->concurrency;
        s->queue_limit = 0;
        s->full_status = STATUS_429;
    }
    struct meter_part *m = &s->meter;
    if (conf->limits.row) {
        m->count = 1;
        m->limit = conf->limits.body;
    }
    if (conf->limits.row && conf->limits.which == 1) {
        const struct param_list *list = conf->limits.body;
        m->count = list->count;
        m->limit = list->items;
    }
    m->input = conf->input_tokens;
    m->max_tokens = conf->max_tokens;
    m->charge = (enum charge)conf->charge;
    m->counts_rejected = conf->counts_rejected;
    m->retry_after = conf->retry_after;
    m->overloaded = conf->overloaded;
}

const struct kind llm_api_kind = {
    KIND_ROW(llm_api,
             "A language model behind an API: time to first token, then tokens, and "
             "limits of requests and tokens."),
    .build = build,
    .common = offsetof(struct conf, common),
};
