/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/chance.h"

#include "experiments/human.h"
#include "experiments/quantity.h"
#include "experiments/walk.h"

#include <math.h>
#include <string.h>

/* The list while it grows, and whose steps are being looked at. */
struct teller {
    struct arena *arena;
    struct chance found;
    int room;
    const char *who; /* "web, page" */
};

static void say(struct teller *t, const char *what)
{
    if (t->found.count == t->room) {
        t->room = t->room ? 2 * t->room : 16;
        const char **text = arena_many(t->arena, t->room, const char *);
        if (t->found.count)
            memcpy(text, t->found.text, (size_t)t->found.count * sizeof *text);
        t->found.text = text;
    }
    t->found.text[t->found.count++] = arena_format(t->arena, "%s: %s", t->who, what);
}

/* ---- random values --------------------------------------------------------------- */

static const char *mean_text(struct arena *arena, enum param_type unit, double mean)
{
    switch (unit) {
    case PARAM_DURATION:
        return human_value(arena, HUMAN_TIME, mean * 1e-9);
    case PARAM_SIZE:
        return quantity_text(arena, PARAM_SIZE, mean);
    default:
        return human_value(arena, HUMAN_NUMBER, mean);
    }
}

/* Says so if the value varies at all. */
static void say_value(struct teller *t, const char *what, const struct dist *dist,
                      enum param_type unit)
{
    if (!dist || !(dist->variance > 0))
        return;
    double cv = dist->mean > 0 ? sqrt(dist->variance) / dist->mean : 0;
    say(t, arena_format(t->arena, "%s is %s, mean %s, cv %.3g", what,
                        dist_forms[dist->form].key,
                        mean_text(t->arena, unit, dist->mean), cv));
}

static void say_time(struct teller *t, const char *what, const struct dist *dist)
{
    say_value(t, what, dist, PARAM_DURATION);
}

/* ---- workloads ------------------------------------------------------------------- */

static void tell_open(struct teller *t, const struct open_conf *open)
{
    enum arrival_process process =
        open->process.row ? (enum arrival_process)open->process.which : PROCESS_POISSON;
    switch (process) {
    case PROCESS_POISSON:
        say(t, "requests arrive at random moments (Poisson)");
        break;
    case PROCESS_CONSTANT: /* nothing random about a clock */
        break;
    case PROCESS_GAMMA:
        say(t,
            arena_format(t->arena, "gaps between arrivals are gamma, cv %.3g",
                         ((const struct process_gamma_conf *)open->process.body)->cv));
        break;
    case PROCESS_AZURE_CODE:
    case PROCESS_AZURE_CONVERSATION:
    case PROCESS_MMPP:
        say(t, "arrivals switch between rates at random moments (MMPP)");
        break;
    }
    say_value(t, "the number of requests of an arrival", open->batch, PARAM_NUMBER);
}

static void tell_retry(struct teller *t, const struct retry_conf *retry)
{
    if (retry && retry->backoff && retry->backoff->jitter != JITTER_NONE)
        say(t, "the pauses before retries");
    if (retry && retry->probability > 0 && retry->probability < 1)
        say(t, arena_format(t->arena, "%.3g %% of the failures are tried again",
                            100 * retry->probability));
}

static void tell_patience(struct teller *t, const struct workload_conf *conf)
{
    say_time(t, "patience", conf->patience);
    if (!conf->reload)
        return;
    say_time(t, "the wait before a reload", conf->reload->after);
    if (conf->reload->probability > 0 && conf->reload->probability < 1)
        say(t, "whether a user reloads");
}

static const struct dist *sleep_of(const struct param_variant *k6)
{
    switch ((enum k6_executor)k6->which) {
    case K6_RATE:
        return ((const struct k6_rate_conf *)k6->body)->pool.sleep;
    case K6_RAMPING_RATE:
        return ((const struct k6_ramping_rate_conf *)k6->body)->pool.sleep;
    case K6_VUS:
        return ((const struct k6_vus_conf *)k6->body)->sleep;
    case K6_RAMPING_VUS:
        return ((const struct k6_ramping_vus_conf *)k6->body)->sleep;
    case K6_PER_VU:
    case K6_SHARED:
        break;
    }
    return ((const struct k6_iterations_conf *)k6->body)->sleep;
}

static void tell_tool(struct teller *t, const struct workload_conf *conf)
{
    if (conf->k6.row)
        say_time(t, "sleep", sleep_of(&conf->k6));
    if (conf->locust && conf->locust->wait_time.row &&
        conf->locust->wait_time.which == WAIT_BETWEEN)
        say(t, "the wait of each user, between two times");
}

static void tell_workload(struct teller *t, const struct workload_conf *conf)
{
    if (conf->open)
        tell_open(t, conf->open);
    if (conf->closed)
        say_time(t, "think time", conf->closed->think);
    tell_tool(t, conf);
    if (conf->sessions) {
        say(t, "users arrive at random moments (Poisson)");
        say_value(t, "the number of requests of a user", conf->sessions->requests,
                  PARAM_NUMBER);
        say_time(t, "think time", conf->sessions->think);
    }
    if (conf->mix.count > 1 && !(conf->trace && conf->trace->type_column))
        say(t, "the type of each request, by the mix");
    if (conf->keys)
        say(t, "the key of each request");
    tell_retry(t, conf->retry);
    tell_patience(t, conf);
}

/* ---- steps ----------------------------------------------------------------------- */

static void tell_stream(struct teller *t, const struct stream_conf *s)
{
    say_time(t, "the time to the first byte", s->first_byte);
    say_value(t, "the number of chunks", s->chunks, PARAM_NUMBER);
    say_time(t, "the duration of a stream", s->duration);
    say_time(t, "the gap between chunks", s->gap);
    say_time(t, "the CPU of a chunk", s->cpu);
    say_value(t, "the size of a chunk", s->size, PARAM_SIZE);
}

static void tell_session(struct teller *t, const struct session_conf *s)
{
    say_time(t, "the duration of a session", s->duration);
    if (s->cpu)
        say(t, "the moments of messages");
    say_time(t, "the CPU of a message", s->cpu);
    say_value(t, "the memory of a session", s->memory, PARAM_SIZE);
}

static void tell_query(struct teller *t, const struct query_step *s)
{
    say_time(t, arena_format(t->arena, "query of %s, time", s->database), s->time);
    say_time(t, arena_format(t->arena, "query of %s, io", s->database), s->io);
}

static void tell_cache(struct teller *t, const char *service,
                       const struct cache_rules *r)
{
    if (r->hit > 0 && r->hit < 1)
        say(t, arena_format(t->arena, "%.3g %% of the look-ups in %s are hits",
                            100 * r->hit, service));
    if (r->hit < 0)
        say(t,
            r->method == METHOD_CHE
                ? arena_format(t->arena,
                               "which look-ups in %s are hits; how many is computed",
                               service)
                : arena_format(t->arena, "the key that is looked up in %s", service));
    say_time(t, "the life of an entry", r->ttl);
    say_value(t, "the size of an entry", r->size, PARAM_SIZE);
}

static void tell_step(void *context, const struct param_variant *step)
{
    struct teller *t = context;
    switch ((enum step_verb)step->which) {
    case STEP_CPU:
        say_time(t, "cpu", ((const struct cpu_step *)step->body)->demand);
        break;
    case STEP_WAIT:
        say_time(t, "wait", ((const struct wait_step *)step->body)->duration);
        break;
    case STEP_CALL:
        tell_retry(t, ((const struct call_step *)step->body)->retry);
        break;
    case STEP_QUERY:
        tell_query(t, step->body);
        break;
    case STEP_CACHE: {
        const struct cache_step *s = step->body;
        tell_cache(t, s->service, &s->rules);
        break;
    }
    case STEP_CHOOSE:
        if (((const struct choose_step *)step->body)->branches.count > 1)
            say(t, "the branch that is chosen");
        break;
    case STEP_REPEAT:
        say_value(t, "the number of repeats",
                  ((const struct repeat_step *)step->body)->times, PARAM_NUMBER);
        break;
    case STEP_STREAM:
        tell_stream(t, ((const struct stream_step *)step->body)->stream);
        break;
    case STEP_ENQUEUE: {
        const struct enqueue_step *s = step->body;
        say_time(t, "handing a job over", s->time);
        say_time(t, "the countdown of a job", s->countdown);
        break;
    }
    case STEP_SESSION:
        tell_session(t, ((const struct session_step *)step->body)->session);
        break;
    case STEP_BROADCAST:
        say_time(t, "the CPU of a send",
                 ((const struct broadcast_step *)step->body)->broadcast->cpu);
        break;
    case STEP_MEMORY:
        say_value(t, "memory", ((const struct memory_step *)step->body)->bytes,
                  PARAM_SIZE);
        break;
    case STEP_ONCE:
        break;
    case STEP_FAIL: {
        const struct fail_step *s = step->body;
        if (s->probability > 0 && s->probability < 1)
            say(t, arena_format(t->arena, "%.3g %% fail with %s", 100 * s->probability,
                                s->status));
        break;
    }
    case STEP_HOLD:
    case STEP_PARALLEL:
    case STEP_SPAWN:
    case STEP_AFTER:
        break;
    }
}

/* ---- services -------------------------------------------------------------------- */

static void tell_handlers(struct teller *t, const char *name,
                          const struct handler_conf *conf)
{
    say_time(t, "time", conf->time);
    for (int i = 0; i < conf->handlers.count; i++) {
        t->who = arena_format(t->arena, "%s, %s", name, conf->handlers.names[i]);
        walk_steps(&((const struct param_list *)conf->handlers.items)[i], tell_step, t);
    }
}

static void tell_operations(struct teller *t, const char *name,
                            const struct param_map *operations)
{
    const struct operation_conf *o = operations->items;
    for (int i = 0; i < operations->count; i++) {
        t->who = arena_format(t->arena, "%s, %s", name, operations->names[i]);
        say_value(t, "the size of an item", o[i].read ? o[i].read : o[i].write,
                  PARAM_SIZE);
        say_time(t, "time", o[i].time);
    }
}

static void tell_engine(struct teller *t, const struct engine_part *e)
{
    const struct length_conf *own = e->requests->items;
    const char *name = t->who;
    say_value(t, "the tokens of a prompt", e->input, PARAM_NUMBER);
    say_value(t, "the tokens of an answer", e->output, PARAM_NUMBER);
    for (int i = 0; i < e->requests->count; i++) {
        t->who = arena_format(t->arena, "%s, %s", name, e->requests->names[i]);
        say_value(t, "the tokens of a prompt", own[i].input, PARAM_NUMBER);
        say_value(t, "the tokens of an answer", own[i].output, PARAM_NUMBER);
    }
    t->who = name;
}

static void tell_server(struct teller *t, const char *name, const struct server_part *s)
{
    if (s->accept == ACCEPT_EAGER && s->processes > 1)
        say(t, "which process takes a connection, busy or not; the split is uneven and "
               "lasts "
               "a whole replication");
    say_time(t, "the time to the first token", s->first_token);
    say_value(t, "the number of tokens", s->tokens, PARAM_NUMBER);
    say_time(t, "the time per token", s->token_time);
    if (s->table.present)
        say_time(t, "time", s->table.time);
    say_time(t, "the time of a batch", s->batch.time);
    say_time(t, "the time of a request in a batch", s->batch.per_request);
    say_value(t, "the tokens of a prompt", s->meter.input, PARAM_NUMBER);
    if (s->duty == DUTY_ENGINE)
        tell_engine(t, &s->engine);
    if (s->table.operations)
        tell_operations(t, name, s->table.operations);
    if (s->rules)
        tell_cache(t, name, s->rules);
    if (s->handlers)
        tell_handlers(t, name, s->handlers);
}

static void tell_outages(struct teller *t, const struct service_common *common)
{
    if (!common)
        return;
    const struct outage_conf *outage = common->outages.items;
    for (int i = 0; i < common->outages.count; i++) {
        say_time(t, "the beginning of an outage", outage[i].start);
        say_time(t, "the time between outages", outage[i].gap);
        say_time(t, "the length of an outage", outage[i].length);
    }
}

struct chance chance_of(const struct system_spec *system, struct arena *arena)
{
    struct teller t = {.arena = arena};
    for (int i = 0; i < system->workloads.count; i++) {
        t.who = system->workloads.names[i];
        tell_workload(&t, &((const struct workload_conf *)system->workloads.items)[i]);
    }
    for (int i = 0; i < system->services.count; i++) {
        struct part part = walk_part(system, i);
        t.who = system->services.names[i];
        if (part.sort == PART_SERVER)
            tell_server(&t, t.who, &part.server);
        t.who = system->services.names[i];
        tell_outages(&t, walk_common(system, i));
    }
    return t.found;
}
