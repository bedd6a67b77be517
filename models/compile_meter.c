/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * compile_meter -- a language model behind an API, and the limits of the API.
 */
#include "models/compile.h"

#include <math.h>

static void add_limit(struct compiler *c, struct frame *f, struct vector *limits,
                      const struct meter_conf *conf, bool of_tokens)
{
    double rate = of_tokens ? conf->tokens : conf->requests;
    sim_time window = of_tokens ? conf->window : conf->request_window;
    if (!(rate > 0))
        return;
    const char *what = of_tokens ? "429, limit of tokens" : "429, limit of requests";
    struct meter_limit limit = {.rate = rate * 1e-9,
                                .room = rate * sim_seconds(window),
                                .window = window,
                                .fixed = conf->enforced == 1,
                                .of_tokens = of_tokens,
                                .cause = compile_cause(
                                    c, frame_resource_name(c, f, what), STATUS_429,
                                    (int)frame_station(c, f))};
    if (!of_tokens)
        limit.room = fmax(1, limit.fixed ? floor(limit.room) : limit.room);
    limit.debt = rate * sim_seconds(conf->window);
    VECTOR_AT(&c->cause, struct cause_facts, limit.cause)->retry_after =
        f->place->part.server.meter.retry_after;
    *VECTOR_ADD(limits, c->arena, struct meter_limit) = limit;
}

static const struct meter_plan *make_plan(struct compiler *c, struct frame *f)
{
    const struct meter_part *part = &f->place->part.server.meter;
    struct vector limits = {0};
    for (int i = 0; i < part->count; i++) {
        if (!(part->limit[i].requests > 0) && !(part->limit[i].tokens > 0))
            complain(c->out, part->limit[i].at, NULL,
                     "must have \"requests\" or \"tokens\"");
        add_limit(c, f, &limits, &part->limit[i], false);
        add_limit(c, f, &limits, &part->limit[i], true);
    }
    struct meter_plan *plan = arena_new(c->arena, struct meter_plan);
    *plan = (struct meter_plan){.limit = limits.items,
                                .limits = limits.count,
                                .charge = part->charge,
                                .counts_rejected = part->counts_rejected,
                                .max_tokens = part->max_tokens};
    return plan;
}

/* What a call is charged on average. */
static double charged(const struct server_part *part)
{
    const struct meter_part *m = &part->meter;
    double input = m->input ? m->input->mean : 0;
    double output = (double)m->max_tokens;
    if (m->charge != CHARGE_MAX_TOKENS || m->max_tokens == 0)
        output = part->tokens->mean;
    if (m->max_tokens)
        output = fmin(output, (double)m->max_tokens);
    return m->charge == CHARGE_INPUT    ? input
           : m->charge == CHARGE_OUTPUT ? output
                                        : input + output;
}

static void use_limits(struct compiler *c, struct frame *f,
                       const struct meter_conf *conf)
{
    struct limit_use use = {.conf = conf,
                            .name = frame_resource_name(c, f, "limit of requests"),
                            .unit = limit_requests,
                            .station = frame_station(c, f),
                            .rate = conf->requests,
                            .key = LIMIT_ALL,
                            .amount = 1};
    if (conf->requests > 0)
        compile_limit_use(c, &use);
    use.name = frame_resource_name(c, f, "limit of tokens");
    use.unit = limit_tokens;
    use.rate = conf->tokens;
    use.amount = charged(&f->place->part.server);
    if (conf->tokens > 0)
        compile_limit_use(c, &use);
}

/* Before anything else a call must keep the limits; `written`: the label where its
 * answer is. */
static void compile_limits(struct compiler *c, struct frame *f, uint32_t written)
{
    struct service *s = &c->model->service[f->place->index];
    const struct meter_part *part = &f->place->part.server.meter;
    if (!part->count)
        return;
    if (!s->meter) {
        s->meter = make_plan(c, f);
        c->model->meters++;
    }
    for (int l = 0; l < part->count; l++)
        use_limits(c, f, &part->limit[l]);
    struct instr *i = frame_emit(c, f, OP_ADMIT);
    if (part->input)
        i->dist = compile_value(c, f, part->input);
    i->key = frame_key(c, f, "input");
    i->a = written;
}

static void compile_overload(struct compiler *c, struct frame *f)
{
    double part = f->place->part.server.meter.overloaded;
    if (!(part > 0))
        return;
    struct instr *i = frame_emit(c, f, OP_FAIL);
    i->key = frame_key(c, f, "overloaded");
    i->p = part;
    i->status = STATUS_503;
    i->cause = compile_cause(c, frame_resource_name(c, f, "503, overloaded"),
                             STATUS_503, (int)frame_station(c, f));
    VECTOR_AT(&c->cause, struct cause_facts, i->cause)->told = true;
}

double compile_llm_api(struct compiler *c, struct frame *f)
{
    const struct server_part *part = &f->place->part.server;
    uint32_t written = frame_new_label(c);
    compile_limits(c, f, written);
    compile_overload(c, f);
    double mean = compile_delay(c, f, part->first_token, "until the first token");
    frame_emit(c, f, OP_STREAM);
    f->streams = true;
    frame_label(c, f, written);
    mean += compile_chunks(c, f, part->tokens, part->token_time, true);
    compile_most_chunks(c, part->meter.max_tokens);
    return mean;
}
