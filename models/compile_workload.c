/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include "sim/check.h"
#include "sim/numeric.h"
#include "sim/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { USUAL_ADDRESSES = 10000 };

/* ---- the mix --------------------------------------------------------------------- */

/* The share of each request type, summing to 1. */
static void mix_shares(struct compiler *c, const struct param_map *mix, double *share)
{
    const struct param_share *given = mix->items;
    double percent = 0, weight = 0;
    int rests = 0, percents = 0;
    for (int i = 0; i < mix->count; i++) {
        rests += given[i].form == SHARE_REST;
        percents += given[i].form == SHARE_PERCENT;
        *(given[i].form == SHARE_PERCENT ? &percent : &weight) +=
            given[i].form == SHARE_REST ? 0 : given[i].value;
    }
    if (rests > 1)
        complain(c->out, mix->at, NULL, "must have at most one \"rest\", has %d",
                 rests);
    if (weight > 0 && percents + rests > 0)
        complain(c->out, mix->at, NULL,
                 "must be percentages with one \"rest\", or plain weights, not both");
    if (percents && percent > 1 + 1e-9)
        complain(c->out, mix->at, NULL, "must not exceed 100 %%, sums to %g %%",
                 100 * percent);
    else if (percents && !rests && percent < 1 - 1e-9)
        complain(c->out, mix->at, NULL,
                 "must sum to 100 %% or have one \"rest\", sums to %g %%",
                 100 * percent);
    if (!percents && !rests && !(weight > 0))
        complain(c->out, mix->at, NULL, "must have a weight above 0");
    for (int i = 0; i < mix->count; i++)
        share[i] = given[i].form == SHARE_REST ? fmax(0, 1 - percent)
                   : given[i].form == SHARE_WEIGHT
                       ? given[i].value / fmax(weight, 1e-300)
                       : given[i].value;
}

static struct caller workload_caller(const struct workload *w, const char *path)
{
    return (struct caller){w->name, 1, NONE, w->conf->latency, path};
}

/* The client's call of one request type. */
static void compile_type(struct compiler *c, struct workload *w, const char *name,
                         double share)
{
    struct model *m = c->model;
    uint32_t number = c->type;
    const struct workload_conf *conf = w->conf;
    struct type_facts *facts = (struct type_facts *)&m->facts.type[number];
    struct type *type = &m->type[number];
    struct place *target = compile_find(c, conf->target);
    c->weight = 1;
    type->workload = (uint32_t)(w - m->workload);
    const char *path = arena_format(c->arena, "%s>%s", w->name, name);
    struct handler h = compile_handler(c, NULL, target, name, path, conf->at, "target");
    struct caller caller = workload_caller(w, path);
    h = compile_call(c, NULL, &caller, target, &h, &type->call);
    VECTOR_AT(&c->call, struct call_site, type->call)->passes_stream = true;
    type->streaming = h.streams;
    m->alone[number] = h.mean;
    *facts = (struct type_facts){name, w->name, (int)type->workload, share, h.streams,
                                  h.streams && conf->good};
}

static int method_of(const struct workload_conf *conf, const char *type)
{
    const int *method = conf->methods.items;
    int found = 0;
    for (int i = 0; i < conf->methods.count; i++) {
        if (strcmp(conf->methods.names[i], type) == 0)
            return method[i];
        if (strcmp(conf->methods.names[i], "default") == 0)
            found = method[i];
    }
    return found;
}

static void compile_mix(struct compiler *c, struct workload *w)
{
    static const char *const only[] = {"default"};
    const struct param_map *mix = &w->conf->mix;
    const char *const *name = mix->count ? mix->names : only;
    double *share = arena_many(c->arena, w->types, double);
    double *odds = arena_many(c->arena, w->types, double);
    double sum = 0;
    share[0] = 1;
    if (mix->count)
        mix_shares(c, mix, share);
    for (uint32_t i = 0; i < w->types; i++) {
        sum += share[i];
        odds[i] = i == w->types - 1 ? 1 : sum;
        c->type = w->first_type + i;
        c->type_at = mix->count ? mix->item_at[i] : 0;
        c->idempotent = method_of(w->conf, name[i]) < METHOD_NOT_TWICE;
        compile_type(c, w, name[i], share[i]);
    }
    w->odds = odds;
}

/* ---- traces ---------------------------------------------------------------------- */

static int column_of(const struct param_csv *csv, const char *name)
{
    for (int i = 0; i < csv->columns; i++)
        if (strcmp(csv->header[i], name) == 0)
            return i;
    return -1;
}

static double trace_unit(struct compiler *c, const struct trace_conf *t)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}};
    if (!t->time_unit)
        return 1e9;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, t->time_unit) == 0)
            return units[i].ns;
    complain(c->out, t->at, "unit", "must be s, ms, us or ns, is \"%s\"", t->time_unit);
    return 1e9;
}

static uint32_t trace_type(struct compiler *c, const struct workload *w,
                           const char *name, const struct param_csv *csv, int row)
{
    for (int i = 0; i < w->conf->mix.count; i++)
        if (strcmp(w->conf->mix.names[i], name) == 0)
            return w->first_type + (uint32_t)i;
    complain(c->out, csv->at, NULL,
             "line %d: must name a request type of the mix, is \"%s\"", csv->line[row],
             name);
    return w->first_type;
}

static void read_trace(struct compiler *c, struct workload *w)
{
    const struct trace_conf *conf = w->conf->trace;
    const struct param_csv *csv = conf->file;
    int time = column_of(csv, conf->time_column);
    int type = conf->type_column ? column_of(csv, conf->type_column) : -1;
    double unit = trace_unit(c, conf) / conf->speed;
    if (time < 0)
        complain(c->out, conf->at, "time", "must be a column of %s, is \"%s\"",
                 csv->file, conf->time_column);
    if (conf->type_column && type < 0)
        complain(c->out, conf->at, "type", "must be a column of %s, is \"%s\"",
                 csv->file, conf->type_column);
    if (type >= 0 && w->conf->mix.count == 0)
        complain(c->out, conf->at, "type",
                 "must go with a mix of the types in the file; \"mix\" is absent");
    if (csv->rows == 0)
        complain(c->out, conf->at, "file",
                 "must hold at least one request, %s holds none", csv->file);
    if (time < 0 || csv->rows == 0 || (type >= 0 && w->conf->mix.count == 0))
        return;
    struct trace_arrival *arrival =
        arena_many(c->arena, csv->rows, struct trace_arrival);
    sim_time last = 0;
    for (int i = 0; i < csv->rows && c->out->count < 20; i++) {
        const char *cell = csv->cell[i * csv->columns + time];
        double t = 0;
        if (!number_read(cell, &t) || t < 0 || t * unit >= (double)SIM_TIME_MAX) {
            complain(c->out, csv->at, NULL,
                     "line %d: must be a time of 0 or more, is \"%s\"", csv->line[i],
                     cell);
            continue;
        }
        arrival[i].time = sim_from_nanoseconds(t * unit);
        if (arrival[i].time < last)
            complain(c->out, csv->at, NULL,
                     "line %d: must not be earlier than the line before", csv->line[i]);
        last = arrival[i].time;
        arrival[i].type =
            type < 0 ? NONE
                     : trace_type(c, w, csv->cell[i * csv->columns + type], csv, i);
    }
    w->trace = arrival;
    w->trace_count = (uint32_t)csv->rows;
    w->span = last;
}

/* ---- arrivals -------------------------------------------------------------------- */

/* Azure's traces of 2023. With a rate that switches at 1/r in all the variance of the
 * number in t is 1 + 2 A (1 - (1 - exp(-r t)) / (r t)) times its mean. Code: 13, 72 and
 * 164 were counted for 1, 10 and 60 s; r = 0.15/s and A = 82 give 13, 80 and 147, the
 * lulls being empty. Conversation: 1.4, 3.9 and 16; r = 1/300 s and A = 80 give 1.3,
 * 3.6 and 17. */
static const double code_rates[] = {1, 0}, talk_rates[] = {1.22, 0.78};
static const sim_time code_times[] = {8050 * SIM_MILLISECOND, 38700 * SIM_MILLISECOND};
static const sim_time talk_times[] = {600 * SIM_SECOND, 600 * SIM_SECOND};
#define TWO_STATES(rates_, times_)                                                     \
    {.rates = {.items = (void *)(rates_), .count = 2},                                 \
     .mean_sojourn = {.items = (void *)(times_), .count = 2}}
static const struct process_mmpp_conf code_process = TWO_STATES(code_rates, code_times);
static const struct process_mmpp_conf talk_process = TWO_STATES(talk_rates, talk_times);

static void set_mmpp(struct workload *w)
{
    switch (w->process) {
    case PROCESS_POISSON:
    case PROCESS_CONSTANT:
    case PROCESS_GAMMA:
        return;
    case PROCESS_MMPP:
        w->mmpp = w->conf->open->process.body;
        return;
    case PROCESS_AZURE_CODE:
        w->mmpp = &code_process;
        break;
    case PROCESS_AZURE_CONVERSATION:
        w->mmpp = &talk_process;
        break;
    }
    w->process = PROCESS_MMPP;
}

static void check_profile(struct compiler *c, const struct open_conf *open)
{
    const struct profile_point *p = open->profile.items;
    int count = open->profile.count;
    double area = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && p[i].time < p[i - 1].time)
            complain(c->out, open->profile.at, NULL,
                     "must not go back in time, point %d does", i + 1);
        if (i > 0)
            area += (p[i].multiplier + p[i - 1].multiplier) *
                    (double)(p[i].time - p[i - 1].time);
    }
    if (p[0].time != 0)
        complain(c->out, open->profile.at, NULL, "must begin at time 0");
    if (count < 2)
        complain(c->out, open->profile.at, NULL,
                 "must have at least two points, has one");
    else if (!(area > 0))
        complain(c->out, open->profile.at, NULL,
                 "must take some time with a multiplier above 0");
}

/* A sine by straight lines, a quarter of an hour each where a day has 24 hours. */
static void follow_day(struct compiler *c, struct workload *w,
                       const struct daily_conf *daily)
{
    enum { LINES = 96 };
    struct profile_point *p = arena_many(c->arena, LINES + 1, struct profile_point);
    const double turn = 8 * atan(1); /* 2 pi */
    double high = sim_seconds(daily->peak_at) / sim_seconds(daily->length);
    for (int i = 0; i <= LINES; i++) {
        p[i].time = (sim_time)((int128)daily->length * i / LINES);
        p[i].multiplier =
            fmax(0, 1 + (daily->peak - 1) * cos(turn * ((double)i / LINES - high)));
    }
    w->profile = p;
    w->points = LINES + 1;
    w->repeats = true;
}

static void set_up_profile(struct compiler *c, struct workload *w,
                           const struct open_conf *open)
{
    if (open->daily)
        follow_day(c, w, open->daily);
    if (open->daily && open->profile.count)
        complain(c->out, open->at, "daily", "must not be combined with a profile");
    if (open->repeat && !open->profile.count)
        complain(c->out, open->at, "repeat", "must go with a profile");
    if (open->profile.count) {
        check_profile(c, open);
        w->profile = open->profile.items;
        w->points = open->profile.count;
        w->repeats = open->repeat;
    }
    if (w->profile && w->process == PROCESS_MMPP)
        complain(c->out, open->at, open->daily ? "daily" : "profile",
                 "must not be combined with an mmpp process");
}

static void check_mmpp(struct compiler *c, const struct open_conf *open)
{
    if (!open->process.row || open->process.which != PROCESS_MMPP)
        return;
    const struct process_mmpp_conf *m = open->process.body;
    const double *rate = m->rates.items;
    const sim_time *sojourn = m->mean_sojourn.items;
    double most = 0;
    if (m->rates.count < 2 || m->rates.count != m->mean_sojourn.count)
        complain(
            c->out, m->at, NULL,
            "must have as many rates as sojourn times, at least two, has %d and %d",
            m->rates.count, m->mean_sojourn.count);
    for (int i = 0; i < m->rates.count; i++)
        most = fmax(most, rate[i]);
    if (!(most > 0))
        complain(c->out, m->at, "rates", "must have a rate above 0");
    for (int i = 0; i < m->mean_sojourn.count; i++)
        if (sojourn[i] <= 0)
            complain(c->out, m->at, "mean_sojourn", "must be above 0");
}

/* Mean of the multiplier over the profile, 1 without one. */
static double profile_mean(const struct workload *w)
{
    const struct profile_point *p = w->profile;
    double area = 0;
    if (!p || p[w->points - 1].time == 0)
        return 1;
    for (int i = 1; i < w->points; i++)
        area += (p[i].multiplier + p[i - 1].multiplier) / 2 *
                (double)(p[i].time - p[i - 1].time);
    return area / (double)p[w->points - 1].time;
}

/* The only one of the keys that say how requests arrive; tools come after the forms. */
static enum workload_form form_of(struct compiler *c, const struct workload_conf *conf)
{
    const void *const forms[] = {conf->open,   conf->closed, conf->sessions,
                                 conf->burst,  conf->trace,  conf->k6.row,
                                 conf->locust, conf->wrk,    conf->wrk2};
    enum { FORMS = sizeof forms / sizeof *forms };
    int given = 0, form = 0;
    for (int i = 0; i < FORMS; i++)
        if (forms[i]) {
            given++;
            form = i;
        }
    if (given != 1)
        complain(c->out, conf->at, NULL,
                 "must have one of open, closed, sessions, burst, trace, k6, locust, "
                 "wrk or wrk2, has %d",
                 given);
    return (enum workload_form)form;
}

/* Users on average: all of them, or those of the stages. */
static double mean_users(const struct workload *w)
{
    double area = 0;
    if (!w->stage)
        return (double)w->users;
    for (int i = 0; i < w->stages; i++)
        area += (double)(w->stage[i].from + w->stage[i].to) / 2 *
                (double)(w->stage[i].end - w->stage[i].start);
    return area / (double)w->ends;
}

/* Where requests keep a pace: what is left of it when nobody else is there. */
static double rest_of_pace(const struct compiler *c, const struct workload *w)
{
    double rest = sim_seconds(w->pause_most);
    for (uint32_t i = w->first_type; i < w->first_type + w->types; i++)
        rest -= c->model->facts.type[i].share * c->model->alone[i];
    return fmax(0, rest);
}

static double mean_pause(const struct compiler *c, const struct workload *w)
{
    switch (w->pause) {
    case PAUSE_BETWEEN:
        return (sim_seconds(w->pause_least) + sim_seconds(w->pause_most)) / 2;
    case PAUSE_PACING:
        return rest_of_pace(c, w);
    case PAUSE_THINK:
    case PAUSE_SLEEP:
        break;
    }
    return w->think ? w->think->mean * 1e-9 : 0;
}

static void state_workload(const struct compiler *c, const struct workload *w,
                           struct workload_facts *f)
{
    const struct workload_conf *conf = w->conf;
    *f = (struct workload_facts){.name = w->name,
                                 .form = w->form,
                                 .timeout = conf->timeout,
                                 .span = w->span,
                                 .terminating = w->span != SIM_NEVER,
                                 .tool = w->tool,
                                 .interrupts = w->interrupts != SIM_NEVER,
                                 .by_count = w->iterations > 0,
                                 .addresses = (double)w->address_count,
                                 .dropped_cause = w->most_vus ? w->dropped_cause : -1};
    switch (w->form) {
    case WORKLOAD_OPEN:
        f->rate = w->rate * (w->batch ? w->batch->mean : 1) * profile_mean(w);
        break;
    case WORKLOAD_CLOSED:
        f->users = mean_users(w);
        f->think = mean_pause(c, w);
        break;
    case WORKLOAD_SESSIONS:
        f->rate = w->rate * w->requests->mean;
        f->think = mean_pause(c, w);
        break;
    case WORKLOAD_BURST:
        f->users = (double)conf->burst->users;
        if (conf->burst->every != SIM_NEVER)
            f->rate = f->users / sim_seconds(conf->burst->every);
        break;
    case WORKLOAD_TRACE:
        if (w->span > 0)
            f->rate = (double)w->trace_count / sim_seconds(w->span);
        break;
    }
}

static uint64_t workload_key(struct compiler *c, const struct workload *w,
                             const char *what)
{
    return compile_key(c, arena_format(c->arena, "%s:%s", what, w->name));
}

static void set_up_keys(struct compiler *c, struct workload *w)
{
    w->arrival_key = workload_key(c, w, "arrival");
    w->type_key = workload_key(c, w, "type");
    w->address_key = workload_key(c, w, "address");
    w->think_key = workload_key(c, w, "think");
    w->batch_key = workload_key(c, w, "batch");
    w->switch_key = workload_key(c, w, "switch");
    w->key_key = workload_key(c, w, "key");
}

static void set_up_patience(struct compiler *c, struct workload *w)
{
    const struct workload_conf *conf = w->conf;
    w->timeout_class = compile_timer(c, conf->timeout);
    w->deadline_class = compile_timer(c, conf->deadline);
    if (conf->timeout != SIM_NEVER)
        w->timeout_cause =
            compile_cause(c,
                          arena_format(c->arena, "%s: client gave up after %s", w->name,
                                       compile_duration(c, conf->timeout)),
                          STATUS_TIMEOUT, -1);
    if (conf->deadline != SIM_NEVER)
        w->deadline_cause =
            compile_cause(c,
                          arena_format(c->arena, "%s: deadline of %s passed", w->name,
                                       compile_duration(c, conf->deadline)),
                          STATUS_TIMEOUT, -1);
    compile_retry(c, conf->retry, arena_format(c->arena, "retry:%s", w->name), 1,
                  &w->retry);
    if (w->retry.max > 0)
        compile_feedback(c, conf->timeout);
    w->patience = conf->patience;
    if (conf->patience) {
        w->left_cause = compile_cause(
            c, arena_format(c->arena, "%s: user left", w->name), STATUS_TIMEOUT, -1);
        w->patience_key = workload_key(c, w, "patience");
        compile_no_column(c, conf->patience);
    }
    if (conf->reload) {
        compile_feedback(c, sim_from_nanoseconds(conf->reload->after->mean));
        w->reload_key = workload_key(c, w, "reload");
        compile_no_column(c, conf->reload->after);
    }
}

/* Users keep their connections; other requests share what there is, or their lane's
 * one. */
static void set_up_link(struct compiler *c, struct workload *w)
{
    const struct connections_conf *conf = w->conf->connections;
    bool users = w->form == WORKLOAD_CLOSED || w->form == WORKLOAD_SESSIONS;
    enum tls tls = conf ? (enum tls)conf->tls : TLS_NONE;
    w->first_lane = c->model->lanes;
    c->model->lanes += w->lanes ? w->lanes : 1;
    if (!conf && !w->lanes)
        return;
    if (conf && conf->most > 0 && (w->lanes || w->tool == TOOL_WRK))
        complain(c->out, conf->at, "max", "must not be said twice: %s has connections",
                 w->lanes ? "wrk2" : "wrk");
    w->link = (struct link_plan){.modelled = true,
                                 .shared = w->lanes || conf->most > 0 || !users,
                                 .most = w->lanes         ? 1
                                         : conf->most > 0 ? conf->most
                                                          : UNLIMITED,
                                 .kept = conf ? conf->keep_alive : SIM_NEVER,
                                 .round_trips = tls == TLS_NONE  ? 1
                                                : tls == TLS_1_3 ? 2
                                                                 : 3};
    if (w->link.most != UNLIMITED)
        w->link.wait_resource = compile_resource(
            c, arena_format(c->arena, "%s: waiting for a connection", w->name),
            RESOURCE_WAIT, -1);
}

/* What there is to do beside asking and waiting. */
static void set_up_visits(struct compiler *c, struct workload *w)
{
    bool users = w->form == WORKLOAD_CLOSED || w->form == WORKLOAD_SESSIONS;
    bool visits = w->patience || w->conf->reload || w->link.modelled || w->tool ||
                  w->retry.budget != NONE;
    w->heralded = visits || w->deadline_class != NONE;
    w->watched = visits;
    w->attended = w->heralded || users;
    c->model->visits |= visits;
}

/* Users who never think and are answered in no time would ask for ever. */
static void check_pace(struct compiler *c, const struct workload *w)
{
    double time = mean_pause(c, w) + sim_seconds(w->pause_most);
    for (uint32_t i = 0; i < w->types; i++)
        time += c->model->alone[w->first_type + i];
    if (w->form == WORKLOAD_CLOSED && !(time > 0))
        complain(c->out, w->conf->closed ? w->conf->closed->at : w->conf->at,
                 w->conf->closed ? "think" : NULL,
                 "must take some time, or an answer must: else the users ask for ever");
}

static void set_up_open(struct compiler *c, struct workload *w,
                        const struct open_conf *open)
{
    compile_no_column(c, open->batch);
    if (open->process.row)
        w->process = (enum arrival_process)open->process.which;
    if (w->process == PROCESS_GAMMA)
        w->gap = dist_gamma(
            c->arena, 1, ((const struct process_gamma_conf *)open->process.body)->cv);
    set_mmpp(w);
    w->rate = open->rate;
    w->batch = open->batch;
    set_up_profile(c, w, open);
    check_mmpp(c, open);
}

/* How requests arrive. */
static void set_up_form(struct compiler *c, struct workload *w)
{
    const struct workload_conf *conf = w->conf;
    w->span = w->ends = w->interrupts = SIM_NEVER;
    if (compile_tool(c, w)) {
        w->span = w->ends;
        return;
    }
    switch (w->form) {
    case WORKLOAD_OPEN:
        set_up_open(c, w, conf->open);
        if (w->profile && !w->repeats)
            w->span = w->profile[w->points - 1].time;
        break;
    case WORKLOAD_CLOSED:
        w->users = conf->closed->users;
        w->ramp_up = conf->closed->ramp_up;
        w->think = conf->closed->think;
        break;
    case WORKLOAD_SESSIONS:
        w->rate = conf->sessions->rate;
        w->requests = conf->sessions->requests;
        w->think = conf->sessions->think;
        compile_no_column(c, w->requests);
        break;
    case WORKLOAD_BURST:
        if (conf->burst->every == SIM_NEVER)
            w->span = conf->burst->at_time;
        break;
    case WORKLOAD_TRACE:
        read_trace(c, w);
        break;
    }
    compile_no_column(c, w->think);
}

static bool set_up_workload(struct compiler *c, struct workload *w)
{
    const struct workload_conf *conf = w->conf;
    int before = c->out->count;
    w->form = form_of(c, conf);
    if (c->out->count > before)
        return false;
    set_up_form(c, w);
    w->address_count = conf->addresses ? (uint64_t)conf->addresses
                       : w->tool       ? 1
                                       : USUAL_ADDRESSES;
    if (conf->keys)
        w->zipf = compile_zipf(c, conf->keys);
    if (compile_find(c, w->name)) /* links, balancers and promises go by name */
        complain(c->out, conf->at, NULL, "must not have the name of a service, \"%s\"",
                 w->name);
    set_up_keys(c, w);
    set_up_patience(c, w);
    set_up_link(c, w);
    set_up_visits(c, w);
    const struct place *target = compile_find(c, conf->target);
    if (!target)
        compile_no_such(c, conf->at, "target", "", PART_SERVER, conf->target);
    else if (!target->common)
        complain(c->out, conf->at, "target",
                 "must be a service that answers, is the pool \"%s\"", conf->target);
    return c->out->count == before;
}

void compile_workloads(struct compiler *c)
{
    struct model *m = c->model;
    int count = c->spec->workloads.count, types = 0;
    const struct workload_conf *conf = c->spec->workloads.items;
    m->workload = arena_many(c->arena, count + 1, struct workload);
    for (int i = 0; i < count; i++)
        types += conf[i].mix.count ? conf[i].mix.count : 1;
    struct workload_facts *facts =
        arena_many(c->arena, count + 1, struct workload_facts);
    m->facts.workloads = count;
    m->facts.types = types;
    m->facts.workload = facts;
    m->facts.type = arena_many(c->arena, types + 1, struct type_facts);
    m->type = arena_many(c->arena, types + 1, struct type);
    m->alone = arena_many(c->arena, types + 1, double);
    m->demand = arena_many(
        c->arena, (size_t)(types + 1) * (size_t)(m->facts.stations + 1), struct demand);
    m->facts.terminating = count > 0;
    if (count == 0)
        complain(c->out, c->spec->workloads.at, NULL,
                 "must have at least one workload");
    for (int i = 0, type = 0; i < count; i++) {
        struct workload *w = &m->workload[i];
        *w = (struct workload){.name = c->spec->workloads.names[i],
                               .conf = &conf[i],
                               .number = (uint16_t)i,
                               .first_type = (uint32_t)type,
                               .types =
                                   conf[i].mix.count ? (uint32_t)conf[i].mix.count : 1};
        type += (int)w->types;
        if (!set_up_workload(c, w))
            continue;
        w->only_type = w->types == 1 && !w->trace ? w->first_type : NONE;
        compile_mix(c, w);
        check_pace(c, w);
        state_workload(c, w, &facts[i]);
        m->facts.terminating &= facts[i].terminating;
    }
}
