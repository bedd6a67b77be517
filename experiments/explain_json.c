/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/explain_page.h"

#include "experiments/json.h"
#include "sim/check.h"

#include <cjson/cJSON.h>

static void put_types(cJSON *root, const struct explained *x,
                      const struct model_facts *facts)
{
    cJSON *array = json_array(root, "types");
    for (int t = 0; t < facts->types; t++) {
        const struct type_facts *type = &facts->type[t];
        bool burst = facts->workload[type->workload_index].form == WORKLOAD_BURST;
        cJSON *object = json_element(array);
        json_text(object, "workload", type->workload);
        json_text(object, "type", type->name);
        json_number(object, "share", type->share);
        json_number(object, burst ? "requests" : "rate", x->is->type_rate[t]);
        json_number(object, "alone", model_alone(x->model, t));
    }
}

static void put_parts(cJSON *root, const struct explained *x,
                      const struct model_facts *facts)
{
    cJSON *array = json_array(root, "parts");
    for (int i = 0; i < x->is->parts; i++) {
        const struct explain_part *p = &x->is->part[i];
        cJSON *object = json_element(array);
        json_text(object, "station", facts->station[p->station].name);
        json_text(object, "of", p->cores ? "cores" : "slots");
        json_text(object, "slot_name",
             p->cores ? NULL : facts->station[p->station].slot_name);
        json_number(object, "capacity", p->capacity);
        json_number(object, "demand", p->demand);
        json_number(object, "wanted", p->wanted);
        json_number(object, "load", p->load);
        json_number(object, "most", p->most);
    }
}

static void put_limits(cJSON *root, const struct explained *x,
                       const struct model_facts *facts)
{
    cJSON *array = json_array(root, "limits");
    for (int i = 0; i < x->is->limits; i++) {
        const struct explain_limit *l = &x->is->limit[i];
        const struct rate_limit_facts *is = &facts->rate_limit[l->limit];
        cJSON *object = json_element(array);
        json_text(object, "name", is->name);
        json_text(object, "station", facts->station[is->station].name);
        json_text(object, "unit", is->unit);
        json_number(object, "rate", l->rate);
        json_number(object, "asked", l->asked);
        json_number(object, "load", l->load);
        json_number(object, "most", l->most);
    }
}

static void put_memories(cJSON *root, const struct explained *x,
                         const struct model_facts *facts)
{
    cJSON *array = json_array(root, "memory");
    for (int i = 0; i < x->is->memories; i++) {
        const struct explain_memory *m = &x->is->memory[i];
        cJSON *object = json_element(array);
        json_text(object, "station", facts->station[m->station].name);
        json_number(object, "limit", m->limit);
        json_number(object, "idle", m->idle);
        json_number(object, "request", m->request);
        json_number(object, "average", m->average);
        json_number(object, "full", m->full);
    }
}

static void put_bounds(cJSON *root, const struct explained *x,
                       const struct model_facts *facts)
{
    cJSON *closed = json_array(root, "closed"), *bursts = json_array(root, "bursts"),
          *peaks = json_array(root, "peaks");
    for (int i = 0; i < x->is->closed_count; i++) {
        const struct explain_closed *c = &x->is->closed[i];
        cJSON *object = json_element(closed);
        json_text(object, "workload", facts->workload[c->workload].name);
        json_number(object, "most", c->most);
        json_number(object, "least_response", c->least_response);
        json_number(object, "knee", c->knee);
    }
    for (int i = 0; i < x->is->bursts; i++) {
        const struct explain_burst *b = &x->is->burst[i];
        cJSON *object = json_element(bursts);
        json_text(object, "workload", facts->workload[b->workload].name);
        json_number(object, "work", b->work);
        json_number(object, "least_span", b->span);
    }
    for (int i = 0; i < x->is->peaks; i++) {
        const struct explain_peak *p = &x->is->peak[i];
        cJSON *object = json_element(peaks);
        json_text(object, "workload", facts->workload[p->workload].name);
        json_number(object, "rate", p->rate);
        json_number(object, "load", p->load);
    }
}

static void put_connections(cJSON *root, const struct explained *x,
                            const struct model_facts *facts)
{
    cJSON *nested = json_array(root, "nested"), *excess = json_array(root, "excess");
    for (int i = 0; i < x->is->nests; i++) {
        const struct explain_nest *n = &x->is->nest[i];
        cJSON *object = json_element(nested);
        json_text(object, "service", facts->station[n->service].name);
        json_text(object, "pool", facts->station[n->pool].name);
        json_number(object, "held", n->held);
        json_number(object, "connected", n->connected);
        json_put(object, "never_short", cJSON_CreateBool(n->never_short));
        json_number(object, "most", n->most);
    }
    for (int i = 0; i < x->is->excesses; i++) {
        const struct explain_excess *e = &x->is->excess[i];
        cJSON *object = json_element(excess);
        json_text(object, "database", facts->station[e->database].name);
        json_number(object, "opened", e->opened);
        json_number(object, "taken", e->taken);
    }
}

static void put_oracle(cJSON *root, const struct oracle *o)
{
    static const char *const keys[ORACLE_LEVELS] = {"p50", "p95", "p99"};
    if (!o->queue) {
        json_put(root, "oracle", cJSON_CreateNull());
        return;
    }
    cJSON *object = json_made(cJSON_CreateObject());
    json_put(root, "oracle", object);
    json_text(object, "queue", o->queue);
    json_number(object, "mean", o->mean);
    json_number(object, "wait", o->wait);
    for (int i = 0; i < ORACLE_LEVELS; i++)
        json_number(object, keys[i], o->quantile[i]);
    json_number(object, "throughput", o->throughput);
    json_number(object, "lost", o->lost);
    json_number(object, "most_wait", o->most_wait);
}

static void put_texts(cJSON *root, const char *key, const char *const *texts, int count)
{
    cJSON *array = json_array(root, key);
    for (int i = 0; i < count; i++)
        if (!cJSON_AddItemToArray(array, json_made(cJSON_CreateString(texts[i]))))
            die("out of memory: a JSON element");
}

char *explain_json(const struct explained *x, struct arena *arena)
{
    const struct model_facts *facts = model_facts(x->model);
    cJSON *root = json_made(cJSON_CreateObject());
    json_number(root, "version", 1);
    json_text(root, "scenario", x->name);
    json_number(root, "rate", x->is->rate);
    json_put(root, "overloaded", cJSON_CreateBool(x->is->overloaded));
    put_types(root, x, facts);
    put_parts(root, x, facts);
    put_limits(root, x, facts);
    put_memories(root, x, facts);
    put_bounds(root, x, facts);
    put_connections(root, x, facts);
    put_oracle(root, &x->oracle);
    put_texts(root, "chance", x->chance.text, x->chance.count);
    put_texts(root, "assumptions", facts->assumptions, facts->assumption_count);
    return json_printed(root, arena);
}
