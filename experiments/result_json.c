/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/result_json.h"

#include "sim/check.h"
#include "sim/rng.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>

static cJSON *made(cJSON *item)
{
    if (!item)
        die("out of memory: a JSON value");
    return item;
}

static void put(cJSON *object, const char *key, cJSON *item)
{
    if (!cJSON_AddItemToObject(object, key, made(item)))
        die("out of memory: a JSON member");
}

static void append(cJSON *array, cJSON *item)
{
    if (!cJSON_AddItemToArray(array, made(item)))
        die("out of memory: a JSON element");
}

/* null where there is no number: JSON has no NaN and no infinity. */
static void number(cJSON *object, const char *key, double value)
{
    put(object, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static void text(cJSON *object, const char *key, const char *value)
{
    put(object, key, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

static void flag(cJSON *object, const char *key, bool value)
{
    put(object, key, cJSON_CreateBool(value));
}

static cJSON *object_in(cJSON *parent, const char *key)
{
    cJSON *object = made(cJSON_CreateObject());
    put(parent, key, object);
    return object;
}

static cJSON *array_in(cJSON *parent, const char *key)
{
    cJSON *array = made(cJSON_CreateArray());
    put(parent, key, array);
    return array;
}

static cJSON *element(cJSON *array)
{
    cJSON *object = made(cJSON_CreateObject());
    append(array, object);
    return object;
}

/* {value, half_width, confidence, n} and, when something is missing, its reason. */
static void estimate(cJSON *parent, const char *key, const struct estimate *e)
{
    char why[100];
    cJSON *object = object_in(parent, key);
    number(object, "value", e->value);
    number(object, "half_width", e->half_width);
    number(object, "confidence", e->confidence);
    number(object, "n", e->n);
    if (e->lack != LACK_NOTHING)
        text(object, "reason", estimate_reason(e, why, sizeof why));
}

/* ---- how it was run -------------------------------------------------------------- */

static void put_fingerprint(cJSON *run, const struct result *r)
{
    char hex[17];
    uint64_t mixed = 0;
    for (int i = 0; i < r->run.count; i++)
        mixed = rng_mix(mixed, r->run.outcome[i].fingerprint);
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)mixed);
    text(run, "fingerprint", hex);
}

static void put_run(cJSON *root, const struct result *r)
{
    static const char *const rules[] = {"given", "tenth", "mser5", "none"};
    const struct procedure *p = &r->run;
    cJSON *run = object_in(root, "run");
    text(run, "stage", stage_names[p->stage]);
    number(run, "replications", p->count);
    number(run, "length", sim_seconds(p->window.length));
    number(run, "warm_up", sim_seconds(p->window.warm_up));
    text(run, "warm_up_rule", rules[p->rule]);
    flag(run, "settled", p->settled);
    number(run, "settled_at", sim_seconds(p->settled_at));
    number(run, "pilot_lengthened", p->lengthened);
    flag(run, "replications_differ", p->persistent);
    flag(run, "capped", p->capped);
    number(run, "requests", (double)p->requests);
    number(run, "events", (double)p->events);
    put_fingerprint(run, r);

    cJSON *precision = object_in(root, "precision");
    text(precision, "asked", r->precision->text);
    flag(precision, "reached", p->met);
    number(precision, "worst_ratio", p->needed);
    flag(precision, "biased", p->biased);
}

static void put_worst(cJSON *verdict, const struct result *r, const struct loss *worst)
{
    bool type = worst->scope.sort == SCOPE_TYPE;
    cJSON *object = object_in(verdict, "worst");
    text(object, "workload",
         type ? r->facts->type[worst->scope.index].workload : NULL);
    text(object, "type", type ? r->facts->type[worst->scope.index].name : NULL);
    estimate(object, "refused", &worst->part);
    number(object, "admitted", worst->admitted);
    text(object, "cause", worst->cause < 0 ? NULL : r->facts->cause[worst->cause].name);
}

static void put_verdict(cJSON *root, const struct result *r)
{
    const struct judgement *j = &r->judgement;
    cJSON *verdict = object_in(root, "verdict");
    text(verdict, "verdict", verdict_names[j->verdict]);
    text(verdict, "reason", j->reason ? verdict_reasons[j->reason] : NULL);
    estimate(verdict, "backlog_growth", &j->growth);
    estimate(verdict, "refused", &j->loss.part);
    number(verdict, "admitted", j->loss.admitted);
    put_worst(verdict, r, &j->worst);
}

static void put_headroom(cJSON *root, const struct result *r)
{
    const struct headroom *h = &r->headroom;
    cJSON *object = object_in(root, "headroom");
    text(object, "method", "utilisation law, analytic");
    text(object, "bottleneck",
         h->station < 0 ? NULL : r->facts->station[h->station].name);
    text(object, "limit",
         h->station < 0            ? NULL
         : h->limit == LIMIT_SLOTS ? "slots"
                                   : "cores");
    number(object, "load", h->station < 0 ? NAN : h->load);
    number(object, "rate", h->rate);
    number(object, "most_rate", h->most);
    number(object, "users", h->users);
    number(object, "most_users", h->most_users);
}

static void put_promises(cJSON *root, const struct result *r)
{
    cJSON *array = array_in(root, "slo");
    for (int i = 0; i < r->slos; i++) {
        const struct slo_result *s = &r->slo[i];
        cJSON *object = element(array);
        text(object, "slo", s->slo->text);
        put(object, "met", s->judged ? cJSON_CreateBool(s->met) : cJSON_CreateNull());
        flag(object, "decided", s->judged && s->decided);
        number(object, "limit", s->slo->value);
        estimate(object, "measured", &s->value);
        number(object, "probability", s->chance);
    }
}

/* ---- what was found -------------------------------------------------------------- */

static void put_times(cJSON *parent, const char *key, const struct time_findings *t)
{
    static const char *const keys[FINDINGS_LEVELS] = {"p50", "p90", "p95", "p99",
                                                      "p99_9"};
    cJSON *object = object_in(parent, key);
    estimate(object, "mean", &t->mean);
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        estimate(object, keys[i], &t->quantile[i]);
    number(object, "least", t->least);
    number(object, "most", t->most);
}

static void put_requests(cJSON *object, const struct result *r,
                         const struct request_findings *f)
{
    estimate(object, "offered", &f->offered);
    estimate(object, "completed", &f->completed);
    estimate(object, "errors", &f->errors);
    cJSON *causes = array_in(object, "errors_by_cause");
    for (int c = 0; c < r->facts->causes; c++) {
        cJSON *cause = element(causes);
        text(cause, "cause", r->facts->cause[c].name);
        text(cause, "status", status_names[r->facts->cause[c].status]);
        estimate(cause, "errors", &f->error_of[c]);
    }
    estimate(object, "unfinished", &f->unfinished);
    estimate(object, "attempts", &f->attempts);
    put_times(object, "latency", &f->latency);
    if (f->streams)
        put_times(object, "ttfb", &f->first_byte);
}

static void put_types(cJSON *root, const struct result *r)
{
    put_requests(object_in(root, "all"), r, &r->findings->whole);
    cJSON *array = array_in(root, "types");
    for (int t = 0; t < r->facts->types; t++) {
        cJSON *object = element(array);
        text(object, "workload", r->facts->type[t].workload);
        text(object, "type", r->facts->type[t].name);
        flag(object, "streaming", r->facts->type[t].streaming);
        put_requests(object, r, &r->findings->type[t]);
    }
}

static void put_stations(cJSON *root, const struct result *r)
{
    cJSON *array = array_in(root, "stations");
    for (int i = 0; i < r->facts->stations; i++) {
        const struct station_facts *facts = &r->facts->station[i];
        const struct station_findings *f = &r->findings->station[i];
        cJSON *object = element(array);
        text(object, "name", facts->name);
        text(object, "kind", facts->kind);
        text(object, "sort", facts->sort == STATION_POOL ? "pool" : "service");
        number(object, "instances", facts->instances);
        number(object, "processes", facts->processes);
        number(object, "slots", facts->slots);
        text(object, "slot_name", facts->slot_name);
        number(object, "cores", facts->cores);
        estimate(object, "utilisation", &f->utilisation);
        estimate(object, "hottest_utilisation", &f->hottest);
        estimate(object, "hottest_process_utilisation", &f->hottest_process);
        estimate(object, "cpu_utilisation", &f->cpu);
        estimate(object, "busy", &f->busy);
        estimate(object, "full", &f->full);
        estimate(object, "queue", &f->queue);
        number(object, "queue_most", f->queue_most);
        number(object, "busy_most", f->busy_most);
        estimate(object, "wait", &f->wait);
        estimate(object, "waited", &f->waited);
        estimate(object, "throughput", &f->throughput);
        estimate(object, "refused", &f->refused);
        estimate(object, "timed_out", &f->timed_out);
    }
}

static void put_blame(cJSON *root, const struct result *r)
{
    static const char *const sorts[] = {"wait", "service", "network", "backoff"};
    cJSON *object = object_in(root, "blame");
    number(object, "tail_from", r->blame->tail_from);
    number(object, "tail_requests", r->blame->requests);
    cJSON *array = array_in(object, "shares");
    for (int i = 0; i < r->blame->count; i++) {
        const struct resource_facts *facts =
            &r->facts->resource[r->blame->share[i].resource];
        cJSON *share = element(array);
        text(share, "resource", facts->name);
        text(share, "sort", sorts[facts->sort]);
        text(share, "station",
             facts->station < 0 ? NULL : r->facts->station[facts->station].name);
        estimate(share, "slowest_1_percent", &r->blame->share[i].tail);
        estimate(share, "median", &r->blame->share[i].middle);
    }
}

static void put_audit(cJSON *root, const struct result *r)
{
    cJSON *array = array_in(root, "audit");
    for (int i = 0; i < r->audit->count; i++) {
        const struct audit_line *l = &r->audit->line[i];
        cJSON *object = element(array);
        text(object, "law", audit_law_names[l->law]);
        text(object, "of",
             l->index < 0                   ? "all"
             : l->law == AUDIT_CONSERVATION ? r->facts->type[l->index].name
                                            : r->facts->station[l->index].name);
        put(object, "holds",
            l->checked ? cJSON_CreateBool(l->holds) : cJSON_CreateNull());
        number(object, "left", l->checked ? l->left : NAN);
        number(object, "right", l->checked ? l->right : NAN);
    }
}

static void put_rest(cJSON *root, const struct result *r)
{
    cJSON *array = array_in(root, "assumptions");
    for (int i = 0; i < r->facts->assumption_count; i++)
        append(array, cJSON_CreateString(r->facts->assumptions[i]));
    cJSON *execution = object_in(root, "execution");
    number(execution, "threads", r->execution.threads);
    number(execution, "wall_time", r->execution.seconds);
    number(execution, "events_per_second",
           (double)r->run.events / r->execution.seconds);
}

static cJSON *document(const struct result *r)
{
    cJSON *root = made(cJSON_CreateObject());
    text(root, "schema", RESULT_JSON_SCHEMA);
    text(root, "version", HEADROOM_VERSION);
    text(root, "generator", RNG_NAME);
    number(root, "stream_version", RNG_STREAM_VERSION);
    text(root, "scenario", r->name);
    number(root, "seed", (double)r->seed);
    flag(root, "yes", result_is_yes(r));
    put_verdict(root, r);
    put_headroom(root, r);
    put_promises(root, r);
    put_run(root, r);
    put_types(root, r);
    put_stations(root, r);
    put_blame(root, r);
    put_audit(root, r);
    put_rest(root, r);
    return root;
}

char *result_json(const struct result *result, struct arena *arena)
{
    cJSON *root = document(result);
    char *printed = cJSON_Print(root);
    if (!printed)
        die("out of memory: JSON text");
    char *copy = arena_format(arena, "%s\n", printed);
    cJSON_free(printed);
    cJSON_Delete(root);
    return copy;
}
