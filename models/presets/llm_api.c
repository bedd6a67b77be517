/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * llm_api -- a language model behind somebody else's API: first token, then tokens at a
 * pace. It has no queue of its own that could be seen from outside.
 */
#include "models/kind.h"

struct conf {
    uint32_t at;
    struct service_common common;
    struct dist *ttft, *output_tokens, *time_per_token;
};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "ttft", .type = PARAM_RANDOM, .offset = AT(ttft), .unit = PARAM_DURATION,
     .required = true, .doc = "Time to the first token."},
    {.key = "output_tokens", .type = PARAM_RANDOM, .offset = AT(output_tokens),
     .unit = PARAM_NUMBER, .required = true,
     .doc = "Tokens of an answer, the first included."},
    {.key = "time_per_token", .type = PARAM_RANDOM, .offset = AT(time_per_token),
     .unit = PARAM_DURATION, .required = true,
     .doc = "Time between tokens; drawn once for an answer."},
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
    s->slot_name = "request";
}

const struct kind llm_api_kind = {
    KIND_ROW(llm_api,
             "A language model behind an API: time to first token, then tokens."),
    .build = build,
    .common = offsetof(struct conf, common),
};
