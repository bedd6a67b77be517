/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/result_json.h"

#include "experiments/json.h"
#include "experiments/twin.h"
#include "sim/check.h"
#include "sim/rng.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>

void result_json_estimate(cJSON *parent, const char *key, const struct estimate *e)
{
    char why[100];
    cJSON *object = json_object(parent, key);
    json_number(object, "value", e->value);
    json_number(object, "half_width", e->half_width);
    json_number(object, "confidence", e->confidence);
    json_number(object, "n", e->n);
    if (e->lack != LACK_NOTHING)
        json_text(object, "reason", estimate_reason(e, why, sizeof why));
}

/* ---- how it was run -------------------------------------------------------------- */

static void put_fingerprint(cJSON *run, const struct result *r)
{
    char hex[17];
    uint64_t mixed = 0;
    for (int i = 0; i < r->run.count; i++)
        mixed = rng_mix(mixed, r->run.outcome[i].fingerprint);
    snprintf(hex, sizeof hex, "%016llx", (unsigned long long)mixed);
    json_text(run, "fingerprint", hex);
}

static void put_run(cJSON *root, const struct result *r)
{
    static const char *const rules[] = {"given", "tenth", "mser5", "none"};
    const struct procedure *p = &r->run;
    cJSON *run = json_object(root, "run");
    json_text(run, "stage", stage_names[p->stage]);
    json_number(run, "replications", p->count);
    json_number(run, "length", sim_seconds(p->window.length));
    json_number(run, "warm_up", sim_seconds(p->window.warm_up));
    json_text(run, "warm_up_rule", rules[p->rule]);
    json_flag(run, "settled", p->settled);
    json_number(run, "settled_at", sim_seconds(p->settled_at));
    json_number(run, "pilot_lengthened", p->lengthened);
    json_flag(run, "replications_differ", p->persistent);
    json_flag(run, "capped", p->capped);
    json_number(run, "requests", (double)p->requests);
    json_number(run, "events", (double)p->events);
    put_fingerprint(run, r);

    cJSON *precision = json_object(root, "precision");
    json_text(precision, "asked", r->precision->text);
    json_flag(precision, "reached", p->met);
    json_number(precision, "worst_ratio", p->needed);
    json_flag(precision, "biased", p->biased);
}

static void put_worst(cJSON *verdict, const struct result *r, const struct loss *worst)
{
    bool type = worst->scope.sort == SCOPE_TYPE;
    cJSON *object = json_object(verdict, "worst");
    json_text(object, "workload",
         type ? r->facts->type[worst->scope.index].workload : NULL);
    json_text(object, "type", type ? r->facts->type[worst->scope.index].name : NULL);
    result_json_estimate(object, "refused", &worst->part);
    json_number(object, "admitted", worst->admitted);
    json_text(object, "cause",
              worst->cause < 0 ? NULL : r->facts->cause[worst->cause].name);
}

/* Null where nothing is tried again, so that overload cannot feed itself. */
static void put_bistability(cJSON *verdict, const struct bistability *b)
{
    if (b->state == BISTABILITY_NOT_TRIED) {
        json_text(verdict, "start", NULL);
        return;
    }
    cJSON *object = json_object(verdict, "start");
    json_text(object, "found", bistability_names[b->state]);
    json_number(object, "burst_requests", b->burst);
    if (b->state == BISTABILITY_TOO_LONG)
        return;
    json_number(object, "replications", b->replications);
    json_number(object, "after_seconds", b->after);
    json_number(object, "seconds", b->length);
    json_number(object, "fallen_from_empty", b->fallen);
    result_json_estimate(object, "ok_rate_from_empty", &b->empty);
    result_json_estimate(object, "ok_rate_after_burst", &b->overloaded);
}

static void put_verdict(cJSON *root, const struct result *r, struct arena *arena)
{
    const struct judgement *j = &r->judgement;
    cJSON *verdict = json_object(root, "verdict");
    json_text(verdict, "verdict", verdict_names[j->verdict]);
    const char *deadlock = verdict_deadlock(r->facts, &r->run, arena);
    json_text(verdict, "reason",
              deadlock    ? deadlock
              : j->reason ? verdict_reasons[j->reason]
                          : NULL);
    result_json_estimate(verdict, "backlog_growth", &j->growth);
    result_json_estimate(verdict, "refused", &j->loss.part);
    json_number(verdict, "admitted", j->loss.admitted);
    put_worst(verdict, r, &j->worst);
    put_bistability(verdict, &r->bistability);
}

static void put_gate(cJSON *to, const struct result *r)
{
    const struct gate *gate = &r->gate;
    if (!gate->limit) {
        json_put(to, "rate_limit", cJSON_CreateNull());
        return;
    }
    cJSON *object = json_object(to, "rate_limit");
    json_text(object, "name", gate->limit->name);
    json_text(object, "unit", gate->limit->unit);
    json_number(object, "passes", gate->passes);
    json_number(object, "asked", gate->asked);
    json_number(object, "load", gate->load);
    json_number(object, "most_rate", gate->most);
}

static void put_headroom(cJSON *root, const struct result *r)
{
    const struct headroom *h = &r->headroom;
    cJSON *object = json_object(root, "headroom");
    json_text(object, "method", "utilisation law, analytic");
    json_text(object, "bottleneck",
         h->station < 0 ? NULL : r->facts->station[h->station].name);
    json_text(object, "limit",
         h->station < 0            ? NULL
         : h->limit == LIMIT_SLOTS ? "slots"
                                   : "cores");
    json_number(object, "load", h->station < 0 ? NAN : h->load);
    json_number(object, "rate", h->rate);
    json_number(object, "most_rate", h->most);
    json_number(object, "users", h->users);
    json_number(object, "most_users", h->most_users);
    put_gate(object, r);
}

static void put_promises(cJSON *root, const struct result *r)
{
    cJSON *array = json_array(root, "slo");
    for (int i = 0; i < r->slos; i++) {
        const struct slo_result *s = &r->slo[i];
        cJSON *object = json_element(array);
        json_text(object, "slo", s->slo->text);
        json_put(object, "met",
                 s->judged ? cJSON_CreateBool(s->met) : cJSON_CreateNull());
        json_flag(object, "decided", s->judged && s->decided);
        json_number(object, "limit", s->slo->value);
        result_json_estimate(object, "measured", &s->value);
        json_number(object, "probability", s->chance);
    }
}

/* ---- what was found -------------------------------------------------------------- */

static void put_times(cJSON *parent, const char *key, const struct time_findings *t)
{
    static const char *const keys[FINDINGS_LEVELS] = {"p50", "p90", "p95", "p99",
                                                      "p99_9"};
    cJSON *object = json_object(parent, key);
    result_json_estimate(object, "mean", &t->mean);
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        result_json_estimate(object, keys[i], &t->quantile[i]);
    json_number(object, "least", t->least);
    json_number(object, "most", t->most);
}

static void put_requests(cJSON *object, const struct result *r,
                         const struct request_findings *f)
{
    result_json_estimate(object, "offered", &f->offered);
    result_json_estimate(object, "completed", &f->completed);
    result_json_estimate(object, "errors", &f->errors);
    cJSON *causes = json_array(object, "errors_by_cause");
    for (int c = 0; c < r->facts->causes; c++) {
        cJSON *cause = json_element(causes);
        json_text(cause, "cause", r->facts->cause[c].name);
        json_text(cause, "status", status_names[r->facts->cause[c].status]);
        result_json_estimate(cause, "errors", &f->error_of[c]);
    }
    result_json_estimate(object, "unfinished", &f->unfinished);
    result_json_estimate(object, "attempts", &f->attempts);
    put_times(object, "latency", &f->latency);
    if (!f->streams)
        return;
    put_times(object, "ttfb", &f->first_byte);
    put_times(object, "gap", &f->gap);
    result_json_estimate(object, "cut", &f->cut);
    result_json_estimate(object, "open", &f->open);
    json_number(object, "open_most", f->open_most);
    if (f->tokens)
        put_times(object, "tpot", &f->per_token);
    if (f->judged)
        result_json_estimate(object, "goodput", &f->good);
}

static void put_types(cJSON *root, const struct result *r)
{
    put_requests(json_object(root, "all"), r, &r->findings->whole);
    cJSON *array = json_array(root, "types");
    for (int t = 0; t < r->facts->types; t++) {
        cJSON *object = json_element(array);
        json_text(object, "workload", r->facts->type[t].workload);
        json_text(object, "type", r->facts->type[t].name);
        json_flag(object, "streaming", r->facts->type[t].streaming);
        put_requests(object, r, &r->findings->type[t]);
    }
}

static void put_side(cJSON *object, const struct twin_side *side)
{
    result_json_estimate(object, "rate", &side->rate);
    result_json_estimate(object, "failed", &side->failed);
    result_json_estimate(object, "mean", &side->mean);
    for (int i = 0; i < TWIN_LEVELS; i++)
        result_json_estimate(object, twin_level_names[i], &side->level[i]);
}

static void put_twin(cJSON *root, const struct result *r)
{
    const struct twin *twin = r->twin;
    cJSON *array = json_array(root, "load_tests");
    for (int i = 0; twin && i < twin->tests; i++) {
        const struct twin_test *test = &twin->test[i];
        cJSON *object = json_element(array);
        json_text(object, "workload", r->facts->workload[test->workload].name);
        json_text(object, "tool", tool_names[test->tool]);
        put_side(json_object(object, "tool_prints"), &test->tool_prints);
        result_json_estimate(object, "dropped_iterations", &test->dropped);
        result_json_estimate(object, "interrupted", &test->interrupted);
        result_json_estimate(object, "left_out", &test->late);
        put_side(json_object(object, "users_feel"), &test->users_feel);
        json_text(object, "users_verdict",
                  twin->users ? verdict_names[twin->users->judgement.verdict] : NULL);
    }
}

static void put_cache(cJSON *station, const struct station_facts *facts,
                      const struct station_findings *f)
{
    cJSON *object = json_object(station, "cache");
    result_json_estimate(object, "lookups", &f->lookups);
    result_json_estimate(object, "hit", &f->hit);
    json_number(object, "hit_expected", facts->hit_expected);
    result_json_estimate(object, "stale", &f->stale);
    result_json_estimate(object, "joined", &f->joined);
    result_json_estimate(object, "filled", &f->filled);
    result_json_estimate(object, "evicted", &f->evicted);
}

static void put_memory(cJSON *station, const struct station_facts *facts,
                       const struct station_findings *f)
{
    cJSON *object = json_object(station, "memory");
    json_number(object, "limit", facts->memory);
    json_number(object, "needed", f->memory_most);
    result_json_estimate(object, "killed", &f->killed);
    result_json_estimate(object, "restarts", &f->restarts);
}

static void put_queue(cJSON *station, const struct station_findings *f)
{
    cJSON *object = json_object(station, "jobs");
    json_number(object, "wait_most", f->wait_most);
    result_json_estimate(object, "lost", &f->lost);
    result_json_estimate(object, "redelivered", &f->redelivered);
    result_json_estimate(object, "failed", &f->failed);
}

static void put_engine(cJSON *station, const struct station_findings *f)
{
    cJSON *object = json_object(station, "engine");
    result_json_estimate(object, "steps", &f->steps);
    result_json_estimate(object, "step_time", &f->step_time);
    result_json_estimate(object, "batch", &f->batch);
    result_json_estimate(object, "tokens_written", &f->written);
    result_json_estimate(object, "kv_used", &f->kv);
    json_number(object, "kv_most", f->kv_most);
    result_json_estimate(object, "prefix_found", &f->found);
    result_json_estimate(object, "preemptions", &f->preemptions);
    result_json_estimate(object, "computed_again", &f->again);
    result_json_estimate(object, "stalls", &f->stalls);
    json_number(object, "longest_gap", f->gap_most);
}

static void put_stations(cJSON *root, const struct result *r)
{
    cJSON *array = json_array(root, "stations");
    for (int i = 0; i < r->facts->stations; i++) {
        const struct station_facts *facts = &r->facts->station[i];
        const struct station_findings *f = &r->findings->station[i];
        cJSON *object = json_element(array);
        json_text(object, "name", facts->name);
        json_text(object, "kind", facts->kind);
        json_text(object, "sort", facts->sort == STATION_POOL ? "pool" : "service");
        json_number(object, "instances", facts->instances);
        json_number(object, "processes", facts->processes);
        json_number(object, "slots", facts->slots);
        json_text(object, "slot_name", facts->slot_name);
        json_number(object, "cores", facts->cores);
        result_json_estimate(object, "utilisation", &f->utilisation);
        result_json_estimate(object, "hottest_utilisation", &f->hottest);
        result_json_estimate(object, "hottest_process_utilisation",
                             &f->hottest_process);
        result_json_estimate(object, "cpu_utilisation", &f->cpu);
        result_json_estimate(object, "busy", &f->busy);
        result_json_estimate(object, "full", &f->full);
        result_json_estimate(object, "queue", &f->queue);
        json_number(object, "queue_most", f->queue_most);
        json_number(object, "busy_most", f->busy_most);
        result_json_estimate(object, "wait", &f->wait);
        result_json_estimate(object, "waited", &f->waited);
        result_json_estimate(object, "throughput", &f->throughput);
        result_json_estimate(object, "refused", &f->refused);
        result_json_estimate(object, "timed_out", &f->timed_out);
        if (facts->weighs)
            put_memory(object, facts, f);
        if (facts->caches)
            put_cache(object, facts, f);
        if (facts->broker)
            put_queue(object, f);
        if (facts->blocks)
            put_engine(object, f);
        if (facts->batches)
            result_json_estimate(object, "requests_in_batch", &f->in_batch);
    }
}

static void put_blame(cJSON *root, const struct result *r)
{
    static const char *const sorts[] = {"wait", "service", "network", "backoff"};
    cJSON *object = json_object(root, "blame");
    json_number(object, "tail_from", r->blame->tail_from);
    json_number(object, "tail_requests", r->blame->requests);
    cJSON *array = json_array(object, "shares");
    for (int i = 0; i < r->blame->count; i++) {
        const struct resource_facts *facts =
            &r->facts->resource[r->blame->share[i].resource];
        cJSON *share = json_element(array);
        json_text(share, "resource", facts->name);
        json_text(share, "sort", sorts[facts->sort]);
        json_text(share, "station",
             facts->station < 0 ? NULL : r->facts->station[facts->station].name);
        result_json_estimate(share, "slowest_1_percent", &r->blame->share[i].tail);
        result_json_estimate(share, "median", &r->blame->share[i].middle);
    }
}

static void put_audit(cJSON *root, const struct result *r)
{
    cJSON *array = json_array(root, "audit");
    for (int i = 0; i < r->audit->count; i++) {
        const struct audit_line *l = &r->audit->line[i];
        cJSON *object = json_element(array);
        json_text(object, "law", audit_law_names[l->law]);
        json_text(object, "of",
             l->index < 0                   ? "all"
             : l->law == AUDIT_CONSERVATION ? r->facts->type[l->index].name
                                            : r->facts->station[l->index].name);
        json_put(object, "holds",
            l->checked ? cJSON_CreateBool(l->holds) : cJSON_CreateNull());
        json_number(object, "left", l->checked ? l->left : NAN);
        json_number(object, "right", l->checked ? l->right : NAN);
    }
}

static void put_theory(cJSON *root, const struct result *r)
{
    static const char *const relations[] = {"is", "at_least", "at_most"};
    const struct yardstick *y = r->yardstick;
    cJSON *object = json_object(root, "theory");
    json_text(object, "queue", y ? y->queue : NULL);
    cJSON *array = json_array(object, "values");
    for (int i = 0; y && i < y->count; i++) {
        const struct yardstick_line *line = &y->line[i];
        cJSON *value = json_element(array);
        json_text(value, "number", yardstick_number_names[line->number]);
        json_text(value, "of", line->of ? line->of : "all");
        json_text(value, "relation", relations[line->relation]);
        json_number(value, "theory", line->theory);
        result_json_estimate(value, "found", &line->found);
        json_flag(value, "agrees", line->agrees);
    }
}

static void put_rest(cJSON *root, const struct result *r)
{
    cJSON *array = json_array(root, "assumptions");
    for (int i = 0; i < r->facts->assumption_count; i++)
        json_append(array, cJSON_CreateString(r->facts->assumptions[i]));
    array = json_array(root, "not_modelled");
    for (int i = 0; i < r->unmodelled_count; i++)
        json_append(array, cJSON_CreateString(r->unmodelled[i]));
    cJSON *execution = json_object(root, "execution");
    json_number(execution, "threads", r->execution.threads);
    json_number(execution, "wall_time", r->execution.seconds);
    json_number(execution, "events_per_second",
           (double)r->run.events / r->execution.seconds);
}

static cJSON *document(const struct result *r, struct arena *arena)
{
    cJSON *root = json_made(cJSON_CreateObject());
    json_text(root, "schema", RESULT_JSON_SCHEMA);
    json_text(root, "version", HEADROOM_VERSION);
    json_text(root, "generator", RNG_NAME);
    json_number(root, "stream_version", RNG_STREAM_VERSION);
    json_text(root, "scenario", r->name);
    json_number(root, "seed", (double)r->seed);
    json_flag(root, "yes", result_is_yes(r));
    put_verdict(root, r, arena);
    put_headroom(root, r);
    put_promises(root, r);
    put_run(root, r);
    put_types(root, r);
    put_twin(root, r);
    put_stations(root, r);
    put_blame(root, r);
    put_audit(root, r);
    put_theory(root, r);
    if (r->lint)
        lint_json(root, r->lint);
    put_rest(root, r);
    return root;
}

char *result_json(const struct result *result, struct arena *arena)
{
    cJSON *root = document(result, arena);
    return json_printed(root, arena);
}
