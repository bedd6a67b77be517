/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Guards: from a list of rows to a set of plans, and to the rules of a line. */
#include "models/compile.h"

#include <string.h>

/* What it says when it turns somebody away, and while it holds him. */
static const struct {
    const char *cause, *hold;
} words[GUARD_PRIORITY] = {
    [GUARD_CIRCUIT_BREAKER] = {"circuit breaker open", NULL},
    [GUARD_BULKHEAD] = {"bulkhead full", "waiting at the bulkhead"},
    [GUARD_RATE_LIMITER] = {"rate limiter", "waiting for the rate limiter"},
    [GUARD_TOKEN_BUCKET] = {"no token left", NULL},
    [GUARD_LEAKY_BUCKET] = {"leaky bucket full", "waiting in the leaky bucket"},
    [GUARD_FIXED_WINDOW] = {"limit of the window", NULL},
    [GUARD_SLIDING_WINDOW] = {"limit of the sliding window", NULL},
    [GUARD_SLIDING_LOG] = {"limit of the sliding log", NULL},
    [GUARD_LOAD_SHEDDING] = {"load shed", NULL},
    [GUARD_AIMD] = {"concurrency limit (aimd)", NULL},
    [GUARD_GRADIENT] = {"concurrency limit (gradient)", NULL},
    [GUARD_GRADIENT2] = {"concurrency limit (gradient2)", NULL},
    [GUARD_VEGAS] = {"concurrency limit (vegas)", NULL},
};

/* ---- gates ----------------------------------------------------------------------- */

static void plan_breaker(struct compiler *c, struct guard_plan *plan)
{
    const struct breaker_conf *conf = plan->conf;
    plan->failures = conf->record.count ? compile_statuses(c, &conf->record)
                                        : ~(UINT32_C(1) << STATUS_OK);
    plan->ignored = compile_statuses(c, &conf->ignore);
}

static void plan_bulkhead(struct compiler *c, struct guard_plan *plan)
{
    const struct bulkhead_conf *conf = plan->conf;
    if (conf->wait > 0)
        plan->timer_class = compile_timer(c, conf->wait);
}

static void check_adaptive(struct compiler *c, const struct guard_plan *plan)
{
    const struct adaptive_conf *conf = plan->conf;
    if (conf->least > conf->most)
        complain(c->out, conf->common.at, "min_limit",
                 "must be at most max_limit, %lld, is %lld", (long long)conf->most,
                 (long long)conf->least);
}

static void check_shedding(struct compiler *c, const struct guard_plan *plan)
{
    const struct shedding_conf *conf = plan->conf;
    if (conf->in_flight < 0 && conf->queue < 0 && conf->latency == SIM_NEVER &&
        conf->utilisation <= 0)
        complain(c->out, conf->common.at, NULL,
                 "must have one of max_in_flight, max_queue, max_latency or "
                 "max_utilisation, has none");
}

static void plan_details(struct compiler *c, struct guard_plan *plan)
{
    switch (plan->sort) {
    case GUARD_CIRCUIT_BREAKER:
        plan_breaker(c, plan);
        break;
    case GUARD_BULKHEAD:
        plan_bulkhead(c, plan);
        break;
    case GUARD_LOAD_SHEDDING:
        check_shedding(c, plan);
        break;
    case GUARD_AIMD:
    case GUARD_GRADIENT:
    case GUARD_GRADIENT2:
    case GUARD_VEGAS:
        check_adaptive(c, plan);
        break;
    default:
        break;
    }
}

/* Tells several of one sort apart: " (2)". */
static const char *number_of_sort(struct compiler *c, const struct guard_set *set,
                                  enum guard_sort sort)
{
    int number = 0;
    for (uint32_t g = 0; g < set->count; g++)
        number += set->plan[g].sort == sort;
    return number > 1 ? arena_format(c->arena, " (%d)", number) : "";
}

static void add_gate(struct compiler *c, struct guard_set *set,
                     const struct param_variant *row, const char *name, int number)
{
    enum guard_sort sort = (enum guard_sort)row->which;
    const struct guard_conf *conf = row->body;
    struct model *m = c->model;
    const struct service *s = &m->service[set->service];
    int station = (int)s->station;
    struct guard_plan *plan = (struct guard_plan *)&set->plan[set->count++];
    *plan = (struct guard_plan){.sort = sort,
                                .conf = conf,
                                .first = m->guards,
                                .one = conf->scope == GUARD_OF_SERVICE,
                                .status = (uint8_t)limit_status(conf->status),
                                .timer_class = NONE};
    m->guards += plan->one ? 1 : s->instances;
    const char *which = number_of_sort(c, set, sort);
    plan->cause = compile_cause(
        c, arena_format(c->arena, "%s: %s%s", name, words[sort].cause, which),
        (enum status)plan->status, station);
    VECTOR_AT(&c->cause, struct cause_facts, plan->cause)->retry_after =
        conf->retry_after;
    if (words[sort].hold)
        plan->resource = compile_resource(
            c, arena_format(c->arena, "%s: %s%s", name, words[sort].hold, which),
            RESOURCE_WAIT, station);
    plan->key = compile_key(c, arena_format(c->arena, "guard:%s/%d", name, number));
    plan_details(c, plan);
}

static uint32_t find_set(const struct compiler *c, const struct param_list *list,
                         uint32_t service)
{
    for (uint32_t i = 0; i < c->guard_set.count; i++) {
        const struct guard_set *set = VECTOR_AT(&c->guard_set, struct guard_set, i);
        if (set->list == list->items && set->service == service)
            return i;
    }
    return NONE;
}

static struct guard_set *new_set(struct compiler *c, const struct param_list *list,
                                 uint32_t service)
{
    struct guard_set *set = VECTOR_ADD(&c->guard_set, c->arena, struct guard_set);
    *set = (struct guard_set){
        .plan = arena_many(c->arena, list->count + 1, struct guard_plan),
        .service = service,
        .list = list->items};
    if (list->count > MOST_GUARDS)
        complain(c->out, list->at, NULL, "must have at most %d guards, has %d",
                 MOST_GUARDS, list->count);
    return set;
}

uint32_t compile_call_guards(struct compiler *c, const struct param_list *list,
                             uint32_t service, const char *name)
{
    uint32_t number = find_set(c, list, service);
    if (number != NONE)
        return number;
    number = c->guard_set.count;
    struct guard_set *set = new_set(c, list, service);
    const struct param_variant *row = list->items;
    for (int i = 0; i < list->count; i++) {
        if (row[i].which >= GUARD_PRIORITY)
            complain(c->out, row[i].at, NULL,
                     "must be in the guards of the service: \"%s\" is about those who "
                     "wait for a slot there",
                     row[i].row->key);
        else
            add_gate(c, set, &row[i], name, (int)(number * MOST_GUARDS) + i);
    }
    return number;
}

/* ---- the line -------------------------------------------------------------------- */

static const struct priority_conf *priorities_of(const struct place *p)
{
    const struct param_list *list = &p->common->guards;
    for (int i = 0; i < list->count; i++) {
        const struct param_variant *row =
            &((const struct param_variant *)list->items)[i];
        if (row->which == GUARD_PRIORITY)
            return row->body;
    }
    return NULL;
}

uint8_t compile_class(const struct compiler *c, const struct place *p, const char *type)
{
    (void)c;
    const struct priority_conf *conf = priorities_of(p);
    if (!conf || !type)
        return 0;
    const char *const *name = conf->order.items;
    int class = 0;
    while (class < conf->order.count && strcmp(name[class], type) != 0)
        class ++;
    return (uint8_t) class;
}

static void rule_line(struct compiler *c, const struct place *p,
                      const struct param_variant *row, struct line_plan *line)
{
    int station = (int)c->model->service[p->index].station;
    if (row->which == GUARD_PRIORITY) {
        const struct priority_conf *conf = row->body;
        line->classes = (uint32_t)conf->order.count + 1;
        if (line->classes > MOST_CLASSES)
            complain(c->out, conf->at, "order",
                     "must name at most %d request types, names %d", MOST_CLASSES - 1,
                     conf->order.count);
    } else if (row->which == GUARD_LIFO) {
        line->lifo_above = ((const struct lifo_conf *)row->body)->above;
    } else if (row->which == GUARD_CODEL) {
        const struct codel_conf *conf = row->body;
        line->target = conf->target;
        line->interval = conf->interval;
        line->codel_cause =
            compile_cause(c, arena_format(c->arena, "%s: dropped by CoDel", p->name),
                          STATUS_503, station);
    } else {
        line->margin = ((const struct deadline_conf *)row->body)->margin;
        line->abandoned_cause = compile_cause(
            c, arena_format(c->arena, "%s: dropped, too late for the caller", p->name),
            STATUS_503, station);
    }
}

static void check_line(struct compiler *c, const struct service *s,
                       const struct param_variant *row)
{
    if (s->part.accept != ACCEPT_IDLE)
        complain(c->out, row->at, NULL,
                 "must guard a service whose processes take a request when they have a "
                 "slot for it: those of %s take it at once, so that nobody waits in "
                 "front",
                 s->name);
    else if (s->slots == UNLIMITED)
        complain(c->out, row->at, NULL,
                 "must guard a service with a limited number of slots: nobody waits "
                 "for one at %s",
                 s->name);
}

void compile_service_guards(struct compiler *c, const struct place *p,
                            struct service *s)
{
    const struct param_list *list = &p->common->guards;
    const struct param_variant *row = list->items;
    s->guards = NONE;
    if (list->count == 0)
        return;
    s->guards = c->guard_set.count;
    struct guard_set *set = new_set(c, list, p->index);
    struct line_plan *line = NULL;
    for (int i = 0; i < list->count; i++) {
        if (row[i].which < GUARD_PRIORITY) {
            add_gate(c, set, &row[i], p->name, i);
            continue;
        }
        if (!line) {
            line = arena_new(c->arena, struct line_plan);
            *line = (struct line_plan){.classes = 1,
                                       .lifo_above = UNLIMITED,
                                       .target = SIM_NEVER,
                                       .margin = SIM_NEVER};
        }
        check_line(c, s, &row[i]);
        rule_line(c, p, &row[i], line);
    }
    s->line = line;
    c->model->lines |= line != NULL;
}
