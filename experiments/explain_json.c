/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/explain_page.h"

#include "sim/check.h"

#include <cjson/cJSON.h>
#include <math.h>

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

/* null where there is no number: JSON has no NaN and no infinity. */
static void number(cJSON *object, const char *key, double value)
{
    put(object, key, isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

static void text(cJSON *object, const char *key, const char *value)
{
    put(object, key, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

static cJSON *array_in(cJSON *object, const char *key)
{
    cJSON *array = made(cJSON_CreateArray());
    put(object, key, array);
    return array;
}

static cJSON *element(cJSON *array)
{
    cJSON *object = made(cJSON_CreateObject());
    if (!cJSON_AddItemToArray(array, object))
        die("out of memory: a JSON element");
    return object;
}

static void put_types(cJSON *root, const struct explained *x,
                      const struct model_facts *facts)
{
    cJSON *array = array_in(root, "types");
    for (int t = 0; t < facts->types; t++) {
        const struct type_facts *type = &facts->type[t];
        bool burst = facts->workload[type->workload_index].form == WORKLOAD_BURST;
        cJSON *object = element(array);
        text(object, "workload", type->workload);
        text(object, "type", type->name);
        number(object, "share", type->share);
        number(object, burst ? "requests" : "rate", x->is->type_rate[t]);
        number(object, "alone", model_alone(x->model, t));
    }
}

static void put_parts(cJSON *root, const struct explained *x,
                      const struct model_facts *facts)
{
    cJSON *array = array_in(root, "parts");
    for (int i = 0; i < x->is->parts; i++) {
        const struct explain_part *p = &x->is->part[i];
        cJSON *object = element(array);
        text(object, "station", facts->station[p->station].name);
        text(object, "of", p->cores ? "cores" : "slots");
        text(object, "slot_name",
             p->cores ? NULL : facts->station[p->station].slot_name);
        number(object, "capacity", p->capacity);
        number(object, "demand", p->demand);
        number(object, "wanted", p->wanted);
        number(object, "load", p->load);
        number(object, "most", p->most);
    }
}

static void put_bounds(cJSON *root, const struct explained *x,
                       const struct model_facts *facts)
{
    cJSON *closed = array_in(root, "closed"), *bursts = array_in(root, "bursts"),
          *peaks = array_in(root, "peaks");
    for (int i = 0; i < x->is->closed_count; i++) {
        const struct explain_closed *c = &x->is->closed[i];
        cJSON *object = element(closed);
        text(object, "workload", facts->workload[c->workload].name);
        number(object, "most", c->most);
        number(object, "least_response", c->least_response);
        number(object, "knee", c->knee);
    }
    for (int i = 0; i < x->is->bursts; i++) {
        const struct explain_burst *b = &x->is->burst[i];
        cJSON *object = element(bursts);
        text(object, "workload", facts->workload[b->workload].name);
        number(object, "work", b->work);
        number(object, "least_span", b->span);
    }
    for (int i = 0; i < x->is->peaks; i++) {
        const struct explain_peak *p = &x->is->peak[i];
        cJSON *object = element(peaks);
        text(object, "workload", facts->workload[p->workload].name);
        number(object, "rate", p->rate);
        number(object, "load", p->load);
    }
}

static void put_connections(cJSON *root, const struct explained *x,
                            const struct model_facts *facts)
{
    cJSON *nested = array_in(root, "nested"), *excess = array_in(root, "excess");
    for (int i = 0; i < x->is->nests; i++) {
        const struct explain_nest *n = &x->is->nest[i];
        cJSON *object = element(nested);
        text(object, "service", facts->station[n->service].name);
        text(object, "pool", facts->station[n->pool].name);
        number(object, "held", n->held);
        number(object, "connected", n->connected);
        put(object, "never_short", cJSON_CreateBool(n->never_short));
        number(object, "most", n->most);
    }
    for (int i = 0; i < x->is->excesses; i++) {
        const struct explain_excess *e = &x->is->excess[i];
        cJSON *object = element(excess);
        text(object, "database", facts->station[e->database].name);
        number(object, "opened", e->opened);
        number(object, "taken", e->taken);
    }
}

static void put_oracle(cJSON *root, const struct oracle *o)
{
    static const char *const keys[ORACLE_LEVELS] = {"p50", "p95", "p99"};
    if (!o->queue) {
        put(root, "oracle", cJSON_CreateNull());
        return;
    }
    cJSON *object = made(cJSON_CreateObject());
    put(root, "oracle", object);
    text(object, "queue", o->queue);
    number(object, "mean", o->mean);
    number(object, "wait", o->wait);
    for (int i = 0; i < ORACLE_LEVELS; i++)
        number(object, keys[i], o->quantile[i]);
    number(object, "throughput", o->throughput);
    number(object, "lost", o->lost);
}

static void put_texts(cJSON *root, const char *key, const char *const *texts, int count)
{
    cJSON *array = array_in(root, key);
    for (int i = 0; i < count; i++)
        if (!cJSON_AddItemToArray(array, made(cJSON_CreateString(texts[i]))))
            die("out of memory: a JSON element");
}

char *explain_json(const struct explained *x, struct arena *arena)
{
    const struct model_facts *facts = model_facts(x->model);
    cJSON *root = made(cJSON_CreateObject());
    number(root, "version", 1);
    text(root, "scenario", x->name);
    number(root, "rate", x->is->rate);
    put(root, "overloaded", cJSON_CreateBool(x->is->overloaded));
    put_types(root, x, facts);
    put_parts(root, x, facts);
    put_bounds(root, x, facts);
    put_connections(root, x, facts);
    put_oracle(root, &x->oracle);
    put_texts(root, "chance", x->chance.text, x->chance.count);
    put_texts(root, "assumptions", facts->assumptions, facts->assumption_count);
    char *printed = cJSON_Print(root);
    if (!printed)
        die("out of memory: JSON text");
    char *copy = arena_format(arena, "%s\n", printed);
    cJSON_free(printed);
    cJSON_Delete(root);
    return copy;
}
