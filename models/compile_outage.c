/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the instances of a service fail. */
#include "models/compile.h"

static const struct outage_conf *outages_of(const struct place *p, int *count)
{
    *count = p->common ? p->common->outages.count : 0;
    return *count ? p->common->outages.items : NULL;
}

bool outage_stands_still(const struct service_common *common)
{
    const struct outage_conf *conf = common->outages.items;
    for (int i = 0; i < common->outages.count; i++)
        if (conf[i].how == OUTAGE_HANG || conf[i].how == OUTAGE_SLOW)
            return true;
    return false;
}

bool outage_drains(const struct service_common *common)
{
    const struct outage_conf *conf = common->outages.items;
    for (int i = 0; i < common->outages.count; i++)
        if (conf[i].how == OUTAGE_DRAIN)
            return true;
    return false;
}

/* Nothing is full or late: the outage is told. */
static uint16_t cause(struct compiler *c, const struct place *p, const char *what,
                      enum status status)
{
    uint16_t number =
        compile_cause(c, arena_format(c->arena, "%s: %s", p->name, what), status,
                      (int)c->model->service[p->index].station);
    VECTOR_AT(&c->cause, struct cause_facts, number)->told = true;
    return number;
}

static void set_causes(struct compiler *c, const struct place *p, enum outage_how how)
{
    struct service *s = &c->model->service[p->index];
    const char *waiting = arena_format(c->arena, "%s: trying to connect", p->name);
    switch (how) {
    case OUTAGE_REFUSE:
        s->away_cause = cause(c, p, "down, connection refused", STATUS_REFUSED);
        s->broken_cause = cause(c, p, "went down with the request", STATUS_RESET);
        break;
    case OUTAGE_SILENT:
        s->silent_pauses =
            s->part.knock_pauses ? s->part.knock_pauses : listen_linear_pauses;
        s->silent_cause = cause(c, p, "down, no answer to SYN", STATUS_REFUSED);
        s->lost_cause = cause(c, p, "vanished with the request", STATUS_RESET);
        s->dropped_resource =
            compile_resource(c, waiting, RESOURCE_WAIT, (int)s->station);
        break;
    case OUTAGE_SLOW:
        s->slows = true;
        break;
    case OUTAGE_HANG:
        s->frozen_resource =
            compile_resource(c, arena_format(c->arena, "%s: hanging", p->name),
                             RESOURCE_WAIT, (int)s->station);
        break;
    case OUTAGE_DRAIN:
        break;
    }
}

static void check_outage(struct compiler *c, const struct place *p,
                         const struct outage_conf *conf)
{
    if (p->part.server.duty == DUTY_PROXY && conf->how != OUTAGE_DRAIN)
        complain(c->out, conf->at, NULL,
                 "must be of a service that does the work; %s passes it on", p->name);
    if (!conf->start && !conf->gap)
        complain(c->out, conf->at, NULL, "must have \"at\" or \"every\"");
    if (conf->replicas > p->common->replicas)
        complain(c->out, conf->at, "replicas",
                 "must be at most the %lld replicas of %s, is %lld",
                 (long long)p->common->replicas, p->name, (long long)conf->replicas);
}

void compile_outages(struct compiler *c, const struct place *p)
{
    int count;
    const struct outage_conf *conf = outages_of(p, &count);
    for (int i = 0; i < count; i++) {
        check_outage(c, p, &conf[i]);
        set_causes(c, p, (enum outage_how)conf[i].how);
        uint32_t instances =
            (uint32_t)(conf[i].replicas ? conf[i].replicas : p->common->replicas);
        *VECTOR_ADD(&c->outage, c->arena, struct outage) = (struct outage){
            .conf = &conf[i],
            .service = p->index,
            .instances = instances,
            .first = c->model->outage_actors,
            .key = compile_key(c, arena_format(c->arena, "outage %d:%s", i, p->name)),
        };
        c->model->outage_actors += instances;
    }
    c->model->outage = c->outage.items;
    c->model->outages = c->outage.count;
}
