/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/conclude.h"

#include <math.h>
#include <string.h>

/* Whose rows are being written. */
struct rows {
    struct store *store;
    int64_t point;
    const char *scope, *name;
    struct arena *arena;
};

static void add(const struct rows *rows, const char *metric, const char *unit,
                const struct estimate *e)
{
    char why[100];
    struct store_estimate row = {.scope = rows->scope,
                                 .name = rows->name,
                                 .metric = metric,
                                 .unit = unit,
                                 .value = e->value,
                                 .half_width = e->half_width,
                                 .n = e->n};
    if (e->lack == LACK_LIMIT)
        return; /* there is no such thing here */
    if (e->lack != LACK_NOTHING)
        row.lack = estimate_reason(e, why, sizeof why);
    store_estimate(rows->store, rows->point, &row);
}

/* A number without an interval. */
static void add_number(const struct rows *rows, const char *metric, const char *unit,
                       double value, int n)
{
    if (isnan(value))
        return;
    struct estimate e = {.value = value, .half_width = NAN, .n = n};
    add(rows, metric, unit, &e);
}

static void add_times(const struct rows *rows, const char *before,
                      const struct time_findings *t, int n)
{
    struct arena *arena = rows->arena;
    add(rows, arena_format(arena, "%smean", before), "s", &t->mean);
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        add(rows, arena_format(arena, "%s%s", before, findings_level_names[i]), "s",
            &t->quantile[i]);
    add_number(rows, arena_format(arena, "%smin", before), "s", t->least, n);
    add_number(rows, arena_format(arena, "%smax", before), "s", t->most, n);
}

static void add_requests(const struct rows *rows, const struct result *r,
                         const struct request_findings *f)
{
    add(rows, "offered", "1/s", &f->offered);
    add(rows, "completed", "1/s", &f->completed);
    add(rows, "errors", "1", &f->errors);
    add(rows, "unfinished", "1", &f->unfinished);
    add(rows, "attempts", "1", &f->attempts);
    for (int c = 0; c < r->facts->causes; c++)
        if (f->error_of[c].value > 0)
            add(rows, arena_format(rows->arena, "errors: %s", r->facts->cause[c].name),
                "1", &f->error_of[c]);
    add_times(rows, "", &f->latency, r->run.count);
    if (!f->streams)
        return;
    add_times(rows, "ttfb.", &f->first_byte, r->run.count);
    add_times(rows, "gap.", &f->gap, r->run.count);
    add(rows, "cut", "1", &f->cut);
    add(rows, "open", "1", &f->open);
    if (f->tokens)
        add_times(rows, "tpot.", &f->per_token, r->run.count);
    if (f->judged)
        add(rows, "goodput", "1/s", &f->good);
}

static void add_station(const struct rows *rows, const struct station_findings *f,
                        int n)
{
    add(rows, "utilisation", "1", &f->utilisation);
    add(rows, "cpu", "1", &f->cpu);
    add(rows, "hottest", "1", &f->hottest);
    add(rows, "hottest_process", "1", &f->hottest_process);
    add(rows, "full", "1", &f->full);
    add(rows, "busy", "1", &f->busy);
    add(rows, "queue", "1", &f->queue);
    add_number(rows, "queue_max", "1", f->queue_most, n);
    add(rows, "wait", "s", &f->wait);
    add(rows, "waited", "1", &f->waited);
    add(rows, "throughput", "1/s", &f->throughput);
    add(rows, "refused", "1/s", &f->refused);
    add(rows, "timed_out", "1/s", &f->timed_out);
    if (estimate_given(&f->in_batch))
        add(rows, "requests_in_batch", "1", &f->in_batch);
    if (!estimate_given(&f->steps))
        return;
    add(rows, "step_time", "s", &f->step_time);
    add(rows, "batch", "1", &f->batch);
    add(rows, "tokens_written", "1/s", &f->written);
    add(rows, "kv_used", "1", &f->kv);
    add(rows, "preemptions", "1/s", &f->preemptions);
    add(rows, "stalls", "1/s", &f->stalls);
}

static void add_promise(const struct rows *rows, const struct slo_result *s, int n)
{
    if (!s->judged)
        return;
    bool time = s->slo->metric == SLO_MEAN || s->slo->metric == SLO_QUANTILE;
    add(rows, "measured",
        time                                  ? "s"
        : s->slo->metric == SLO_THROUGHPUT || s->slo->metric == SLO_GOODPUT ? "1/s"
                                           : "1",
        &s->value);
    add_number(rows, "met", "1", s->decided ? s->met : NAN, n);
    add_number(rows, "probability", "1", s->chance, n);
}

static void add_all(struct rows rows, const struct result *r)
{
    const struct findings *f = r->findings;
    int n = r->run.count;
    rows.scope = "all";
    rows.name = "";
    add_requests(&rows, r, &f->whole);
    add(&rows, "backlog_growth", "1/s", &r->judgement.growth);
    if (r->bistability.state >= BISTABILITY_RECOVERS) {
        add(&rows, "completed_from_empty", "1/s", &r->bistability.empty);
        add(&rows, "completed_after_burst", "1/s", &r->bistability.overloaded);
    }
    if (r->headroom.station >= 0) {
        rows.scope = "bottleneck";
        rows.name = r->facts->station[r->headroom.station].name;
        add_number(&rows, "load", "1", r->headroom.load, n);
        add_number(&rows, "most_rate", "1/s", r->headroom.most, n);
    }
    rows.scope = "type";
    for (int t = 0; t < r->facts->types; t++) {
        rows.name = scope_type_name(r->facts, t, rows.arena);
        if (r->facts->type[t].share > 0)
            add_requests(&rows, r, &f->type[t]);
    }
    rows.scope = "station";
    for (int i = 0; i < r->facts->stations; i++) {
        rows.name = r->facts->station[i].name;
        add_station(&rows, &f->station[i], n);
    }
    rows.scope = "slo";
    for (int i = 0; i < r->slos; i++) {
        rows.name = r->slo[i].slo->text;
        add_promise(&rows, &r->slo[i], n);
    }
}

void conclude_point(struct store *store, int64_t point, const struct result *r,
                    enum store_state state, const struct digest *simulation,
                    struct arena *arena)
{
    const struct judgement *j = &r->judgement;
    const char *deadlock = verdict_deadlock(r->facts, &r->run, arena);
    struct store_conclusion conclusion = {
        .state = state,
        .simulation = *simulation,
        .verdict = verdict_names[j->verdict],
        .reason = deadlock ? deadlock : j->reason ? verdict_reasons[j->reason] : NULL,
        .stage = stage_names[r->run.stage],
        .replications = r->run.count,
        .requests = r->run.requests,
        .events = r->run.events,
        .precise = r->run.met,
        .promises = result_judged(r),
        .missed = result_missed(r),
        .undecided = result_undecided(r),
    };
    store_conclude(store, point, &conclusion);
    for (int t = 0; t < r->facts->types; t++)
        store_type(store, point, t, scope_type_name(r->facts, t, arena),
                   r->facts->type[t].streaming);
    add_all((struct rows){.store = store, .point = point, .arena = arena}, r);
}

void conclude_failure(struct store *store, int64_t point, const char *why)
{
    struct store_conclusion conclusion = {.state = STORE_FAILED, .reason = why};
    store_conclude(store, point, &conclusion);
    store_seal(store, point);
}

double conclude_openness(const struct result *r)
{
    double most = 0;
    for (int i = 0; i < r->slos; i++) {
        const struct slo_result *s = &r->slo[i];
        if (!s->judged)
            continue;
        double chance = s->decided && !isnan(s->chance) ? s->chance : 0.5;
        most = fmax(most, 1 - fabs(2 * chance - 1));
    }
    return result_judged(r) > 0 ? most : r->run.met ? 0 : 1;
}
