/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/condition.h"

#include "experiments/promise.h"
#include "experiments/quantity.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

/* ---- what can be asked ----------------------------------------------------------- */

#define BIT(verdict) (1u << VERDICT_##verdict)

static const struct {
    const char *word;
    unsigned wanted;
} words[] = {
    {"stable", BIT(STABLE)},
    {"not stable", BIT(UNSTABLE) | BIT(OVERLOADED) | BIT(BISTABLE)},
    {"unstable", BIT(UNSTABLE)},
    {"overloaded", BIT(OVERLOADED)},
};
enum { WORDS = sizeof words / sizeof *words };

/* What stations did: an estimate or a greatest value, at `offset` in their findings. */
#define ESTIMATE(field) .offset = offsetof(struct station_findings, field)
#define GREATEST(field) .greatest = true, ESTIMATE(field)

static const struct station_row {
    struct condition_metric metric;
    enum human_kind kind;
    bool greatest, of_limit; /* of_limit: as a part of the memory there is */
    size_t offset;
} rows[] = {
    {{"cpu", PARAM_FRACTION, "Part of its cores in use."}, HUMAN_PART, ESTIMATE(cpu)},
    {{"hottest", PARAM_FRACTION, "Slots in use in its busiest instance."}, HUMAN_PART,
     ESTIMATE(hottest)},
    {{"busy", PARAM_NUMBER, "Slots or connections in use."}, HUMAN_NUMBER,
     ESTIMATE(busy)},
    {{"busy_max", PARAM_NUMBER, "Most of them at a time, of one instance."},
     HUMAN_COUNT, GREATEST(busy_most)},
    {{"full", PARAM_FRACTION, "Part of the time with every slot taken."}, HUMAN_PART,
     ESTIMATE(full)},
    {{"queue", PARAM_NUMBER, "Requests that wait."}, HUMAN_NUMBER, ESTIMATE(queue)},
    {{"queue_max", PARAM_NUMBER, "Most of them at a time."}, HUMAN_COUNT,
     GREATEST(queue_most)},
    {{"wait", PARAM_DURATION, "Mean wait of all who got in."}, HUMAN_TIME,
     ESTIMATE(wait)},
    {{"wait_max", PARAM_DURATION, "Longest wait."}, HUMAN_TIME, GREATEST(wait_most)},
    {{"waited", PARAM_FRACTION, "Part of them that had to wait."}, HUMAN_PART,
     ESTIMATE(waited)},
    {{"served", PARAM_RATE, "What it served."}, HUMAN_RATE, ESTIMATE(throughput)},
    {{"refused", PARAM_RATE, "What it turned away."}, HUMAN_RATE, ESTIMATE(refused)},
    {{"timed_out", PARAM_RATE, "What waited there too long."}, HUMAN_RATE,
     ESTIMATE(timed_out)},
    {{"killed", PARAM_RATE, "Processes and containers killed for memory."}, HUMAN_RATE,
     ESTIMATE(killed)},
    {{"restarts", PARAM_RATE, "Processes and containers that began again."}, HUMAN_RATE,
     ESTIMATE(restarts)},
    {{"memory", PARAM_SIZE, "Most that an instance took."}, HUMAN_SIZE,
     GREATEST(memory_most)},
    {{"memory_part", PARAM_FRACTION, "That, as a part of what it has."}, HUMAN_PART,
     .of_limit = true, GREATEST(memory_most)},
    {{"hit", PARAM_FRACTION, "Part of the look-ups that a cache answered."}, HUMAN_PART,
     ESTIMATE(hit)},
    {{"lookups", PARAM_RATE, "What a cache was asked."}, HUMAN_RATE, ESTIMATE(lookups)},
    {{"evicted", PARAM_RATE, "What a cache dropped for want of room."}, HUMAN_RATE,
     ESTIMATE(evicted)},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const char *const extremes[] = {"min", "max"};

const struct condition_metric *condition_metric(int index)
{
    return index < ROWS ? &rows[index].metric : NULL;
}

/* ---- reading --------------------------------------------------------------------- */

static int index_in(const char *word, const char *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (strcmp(word, list[i]) == 0)
            return i;
    return -1;
}

static enum human_kind kind_of(enum param_type type)
{
    return type == PARAM_DURATION   ? HUMAN_TIME
           : type == PARAM_RATE     ? HUMAN_RATE
           : type == PARAM_FRACTION ? HUMAN_PART
           : type == PARAM_SIZE     ? HUMAN_SIZE
                                    : HUMAN_NUMBER;
}

static bool read_extreme(const char *metric, struct condition *c)
{
    c->which = index_in(metric, extremes, 2);
    c->sort = CONDITION_EXTREME;
    c->type = PARAM_DURATION;
    c->kind = HUMAN_TIME;
    return c->which >= 0;
}

static const char errors_prefix[] = "errors.";

/* "errors.503": what the client saw. */
static bool read_status(const char *metric, struct condition *c)
{
    size_t length = strlen(errors_prefix);
    if (strncmp(metric, errors_prefix, length) != 0)
        return false;
    c->which = index_in(metric + length, status_names, STATUSES);
    c->sort = CONDITION_STATUS;
    c->type = PARAM_FRACTION;
    c->kind = HUMAN_PART;
    return c->which > STATUS_OK;
}

static bool read_station(const char *metric, struct condition *c)
{
    for (c->which = 0; c->which < ROWS; c->which++)
        if (strcmp(rows[c->which].metric.name, metric) == 0)
            break;
    if (c->which == ROWS || !c->scope)
        return false;
    c->sort = CONDITION_STATION;
    c->type = rows[c->which].metric.type;
    c->kind = rows[c->which].kind;
    return true;
}

static bool read_own(const char *metric, struct condition *c)
{
    return read_extreme(metric, c) || read_status(metric, c) || read_station(metric, c);
}

static bool tell_status(struct where *where, const struct condition *c,
                        const char *status)
{
    where_problem(where, c->at, NULL,
                  "must name errors by %s, not by \"%s\"",
                  where_alternatives(where->arena, status_names + STATUS_OK + 1,
                                     STATUSES - STATUS_OK - 1), status);
    return false;
}

/* What stands left of the comparison. */
static bool read_metric(struct where *where, const char *left, struct condition *c)
{
    c->metric = left;
    if (read_own(left, c))
        return true;
    const char *dot = left;
    for (int i = 0; i < 2 && (dot = strchr(dot + (i > 0), '.')); i++) {
        c->scope = arena_text(where->arena, left, (size_t)(dot - left));
        if (read_own(dot + 1, c))
            return true;
    }
    const char *errors = strstr(left, errors_prefix);
    if (errors && (errors == left || errors[-1] == '.'))
        return tell_status(where, c, errors + strlen(errors_prefix));
    c->sort = CONDITION_PROMISE;
    c->slo = (struct slo){.at = c->at, .text = c->text};
    if (!promise_read_metric(where, c->at, left, &c->slo, &c->type))
        return false;
    c->scope = c->slo.scope;
    c->kind = kind_of(c->type);
    return true;
}

static bool read_word(const char *text, struct condition *c)
{
    for (int i = 0; i < WORDS; i++)
        if (strcmp(words[i].word, text) == 0) {
            c->sort = CONDITION_VERDICT;
            c->metric = text;
            c->wanted = words[i].wanted;
            return true;
        }
    return false;
}

static bool tell_unknown(struct where *where, uint32_t at, const char *text)
{
    const char *names[WORDS];
    for (int i = 0; i < WORDS; i++)
        names[i] = words[i].word;
    const char *near = where_nearest(text, names, WORDS);
    where_problem(where, at, NULL,
                  "must be %s, or a metric and a limit such as \"page.p95 < 2s\", is "
                  "\"%s\"%s",
                  where_alternatives(where->arena, names, WORDS), text,
                  near ? arena_format(where->arena, " (did you mean \"%s\"?)", near)
                       : "");
    return false;
}

bool condition_read(struct where *where, uint32_t at, const char *text,
                    struct condition *c)
{
    struct limit_words said;
    bool told;
    *c = (struct condition){.at = at, .text = text};
    if (read_word(text, c))
        return true;
    if (!limit_split(where, at, text, &said, &told))
        return !told && tell_unknown(where, at, text);
    return read_metric(where, said.left, c) &&
           limit_values(where, at, c->type, &said, &c->limit);
}

/* ---- scopes ---------------------------------------------------------------------- */

static bool tell_scope(struct where *where, const struct condition *c,
                       const struct model_facts *facts, bool stations)
{
    const char *list = "";
    int count = stations ? facts->stations : facts->types;
    for (int i = 0; i < count; i++)
        list = arena_format(where->arena, "%s%s\"%s\"", list, i ? ", " : "",
                            stations ? facts->station[i].name
                                     : scope_type_name(facts, i, where->arena));
    where_problem(where, c->at, NULL, "must name one of the %s %s, is \"%s\"",
                  stations ? "services" : "request types", list, c->text);
    return false;
}

bool condition_check(struct where *where, const struct condition *c,
                     const struct model_facts *facts)
{
    struct scenario only = {.where = where, .slos = &c->slo, .slo_count = 1};
    struct scope scope;
    switch (c->sort) {
    case CONDITION_VERDICT:
        return true;
    case CONDITION_PROMISE:
        return slo_check(&only, facts);
    case CONDITION_EXTREME:
    case CONDITION_STATUS:
        return scope_named(facts, c->scope, &scope) ||
               tell_scope(where, c, facts, false);
    case CONDITION_STATION:
        return scope_station(facts, c->scope) >= 0 ||
               tell_scope(where, c, facts, true);
    }
    return true;
}

int condition_promises(const struct condition *c, struct arena *arena,
                       const char *promise[2])
{
    int count = 0;
    const double ends[] = {c->limit.low, c->limit.high};
    for (int i = 0; i < 2 && c->sort == CONDITION_PROMISE; i++)
        if (isfinite(ends[i]) && ends[i] >= 0)
            promise[count++] =
                arena_format(arena, "%s %s %s", c->metric, i ? "<=" : ">=",
                             quantity_written(arena, c->type, ends[i]));
    return count;
}

/* ---- measuring ------------------------------------------------------------------- */

static struct estimate exactly(double value)
{
    struct estimate e = estimate_lacking(isnan(value) ? LACK_REQUESTS : LACK_NOTHING);
    e.value = value;
    return e;
}

static double failed_with(const struct sample *s, struct scope scope, int status, int r)
{
    double sum = 0;
    for (int t = 0; t < s->facts->types; t++)
        for (int c = 0; scope_counts(s->facts, scope, t) && c < s->facts->causes; c++)
            if ((int)s->facts->cause[c].status == status)
                sum += (double)s->outcome[r].type[t].failed[c];
    return sum;
}

static struct estimate errors_with(const struct sample *s, struct scope scope,
                                   int status, struct arena *arena)
{
    double *over = arena_many(arena, s->count, double);
    double *under = arena_many(arena, s->count, double);
    for (int r = 0; r < s->count; r++) {
        over[r] = failed_with(s, scope, status, r);
        under[r] = sample_requests(s, scope, COUNT_OFFERED, r);
    }
    return estimate_ratio(over, under, s->count);
}

static struct estimate of_station(const struct condition *c,
                                  const struct result *result)
{
    const struct station_row *row = &rows[c->which];
    int station = scope_station(result->facts, c->scope);
    const char *findings = (const char *)&result->findings->station[station];
    if (!row->greatest)
        return *(const struct estimate *)(findings + row->offset);
    double most = *(const double *)(findings + row->offset);
    double all = row->of_limit ? result->facts->station[station].memory : 1;
    return isfinite(all) ? exactly(most / all) : estimate_lacking(LACK_LIMIT);
}

/* The least is known however the backlog grows. */
static struct estimate of_extreme(const struct condition *c,
                                  const struct result *result)
{
    struct arena arena;
    struct scope scope;
    double value = NAN;
    if (c->which && !result->findings->steady)
        return estimate_lacking(LACK_STEADY_STATE);
    arena_init(&arena);
    scope_named(result->facts, c->scope, &scope);
    const struct histogram *pool =
        sample_pool(&result->sample, scope, TIME_LATENCY, &arena);
    if (pool->count > 0)
        value = (double)(c->which ? pool->most : pool->least) * 1e-9;
    arena_free(&arena);
    return exactly(value);
}

static struct estimate measured(const struct condition *c, const struct result *result,
                                struct arena *arena)
{
    if (c->sort == CONDITION_STATION)
        return of_station(c, result);
    if (c->sort == CONDITION_EXTREME)
        return of_extreme(c, result);
    struct scope scope;
    scope_named(result->facts, c->scope, &scope);
    return errors_with(&result->sample, scope, c->which, arena);
}

/* ---- judging --------------------------------------------------------------------- */

static const char *name_of_load(const struct loss *loss, const struct result *r)
{
    return loss->cause >= 0 ? r->facts->cause[loss->cause].name : "";
}

const char *condition_verdict(const struct result *r, struct arena *arena)
{
    const struct judgement *j = &r->judgement;
    const char *name = verdict_names[j->verdict];
    if (j->reason == REASON_GROWTH && estimate_given(&j->growth))
        return arena_format(arena, "%s: the backlog grows by %s", name,
                            human_value(arena, HUMAN_RATE, j->growth.value));
    if (j->reason == REASON_LOSS)
        return arena_format(arena, "%s: %s fail%s%s%s", name,
                            human_value(arena, HUMAN_PART, j->worst.part.value),
                            j->worst.cause >= 0 ? " (" : "",
                            name_of_load(&j->worst, r),
                            j->worst.cause >= 0 ? ")" : "");
    return j->reason == REASON_NONE
               ? name
               : arena_format(arena, "%s: %s", name, verdict_reasons[j->reason]);
}

static struct finding judge_verdict(const struct condition *c, const struct result *r,
                                    struct arena *arena)
{
    struct finding f = {.expected = c->text,
                        .metric = "",
                        .found = condition_verdict(r, arena),
                        .value = estimate_lacking(LACK_LIMIT)};
    bool shaky = r->judgement.verdict == VERDICT_NEAR_CRITICAL;
    f.answer = shaky                                           ? ANSWER_OPEN
               : c->wanted & (1u << r->judgement.verdict) ? ANSWER_YES
                                                               : ANSWER_NO;
    return f;
}

/* What cannot be given may still be judged: a time that grows without end is above
 * every limit, and nobody is not answered in time. */
static void judge_lacking(const struct condition *c, const struct result *result,
                          struct arena *arena, struct finding *f)
{
    char reason[200];
    if (f->value.lack == LACK_STEADY_STATE) {
        f->answer = limit_holds(&c->limit, INFINITY);
        f->found = condition_verdict(result, arena);
        f->metric = "";
        return;
    }
    bool nobody = f->value.lack == LACK_REQUESTS && c->sort != CONDITION_STATION;
    f->answer = nobody ? ANSWER_NO : ANSWER_OPEN;
    f->found = nobody ? "nobody is answered" : "not known";
    f->why_open = arena_format(arena, "%s",
                               estimate_reason(&f->value, reason, sizeof reason));
}

struct finding condition_judge(const struct condition *c, const struct result *result,
                               struct arena *arena)
{
    if (c->sort == CONDITION_VERDICT)
        return judge_verdict(c, result, arena);
    struct finding f = {.expected = c->text, .metric = c->metric, .kind = c->kind};
    if (c->sort == CONDITION_PROMISE) {
        struct slo_result slo =
            slo_judge(&c->slo, &result->sample, result->findings->steady);
        f.value = slo.value;
        if (!slo.judged) {
            f.answer = ANSWER_YES;
            f.found = "nobody sends it";
            f.value = estimate_lacking(LACK_REQUESTS);
            return f;
        }
    } else {
        f.value = measured(c, result, arena);
    }
    if (isnan(f.value.value)) {
        judge_lacking(c, result, arena, &f);
        return f;
    }
    f.answer = f.value.lack == LACK_SECTIONS ? ANSWER_OPEN
                                             : limit_judge(&c->limit, &f.value);
    if (f.value.lack == LACK_SECTIONS)
        f.why_open = "too few requests in a replication for an interval";
    f.found = human_estimate(arena, f.kind, &f.value);
    return f;
}
