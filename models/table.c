/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * table -- who may read or write now, and how much capacity there is.
 *
 * Capacity is a bucket of tokens that fills at the provisioned rate, up to `burst`
 * seconds of it; every partition has a bucket of its own, of one second. Whoever finds
 * too little in either is turned away and takes nothing. What is consumed is summed up
 * by the minute; autoscaling and the doubling of tables on demand go by those sums.
 * Nothing of it is an event: minutes are made up for at the next request.
 */
#include "models/world.h"

#include <math.h>

#define MINUTE (60 * SIM_SECOND)
enum { MINUTES_AT_ONCE = 24 * 60 }; /* of idleness that are looked at one by one */

struct bucket {
    double tokens;
    sim_time since;
};

/* Reading or writing. */
struct side {
    struct bucket bucket, *partition;
    double rate;     /* units/s now */
    double consumed; /* in this minute */
    int64_t minute;
    int over, under; /* minutes in a row above, or far below, the target */
    double next;     /* rate from next_at on */
    sim_time next_at;
    double ring[TABLE_RING], peak; /* units/s of the last minutes; highest before */
};

struct table {
    struct side side[TABLE_SIDES];
};

static double fill(struct bucket *b, double rate, double most, sim_time now)
{
    b->tokens = fmin(most, b->tokens + rate * sim_seconds(now - b->since));
    b->since = now;
    return b->tokens;
}

static double room(const struct table_part *part, double rate)
{
    return rate * fmax(1, part->burst);
}

/* ---- minutes --------------------------------------------------------------------- */

static double within(double x, double least, double most)
{
    return fmin(fmax(x, least), most);
}

static int minutes(sim_time t)
{
    return (int)((t + MINUTE - 1) / MINUTE);
}

/* What autoscaling makes of a minute that is over. */
static void follow(const struct autoscale_conf *a, int number, struct side *s,
                   double used, sim_time end)
{
    s->over = used > a->target * s->rate ? s->over + 1 : 0;
    s->under = used < (a->target - 0.2) * s->rate ? s->under + 1 : 0;
    if (s->next_at != SIM_NEVER ||
        (s->over < minutes(a->up_after) && s->under < minutes(a->down_after)))
        return;
    s->next = within(used / a->target, a->least[number], a->most[number]);
    s->next_at = end + a->apply_delay;
    s->over = s->under = 0;
}

/* A peak counts when it has been left behind by half an hour. */
static void remember(const struct table_part *part, int number, struct side *s,
                     double used)
{
    double *oldest = &s->ring[s->minute % TABLE_RING];
    s->peak = fmax(s->peak, *oldest);
    *oldest = used;
    s->rate = fmax(part->rate[number], 2 * s->peak);
}

static void apply(const struct table_part *part, struct side *s, sim_time upto)
{
    if (s->next_at > upto)
        return;
    fill(&s->bucket, s->rate, room(part, s->rate), s->next_at);
    s->rate = s->next;
    s->next_at = SIM_NEVER;
}

static void catch_up(const struct table_part *part, int number, struct side *s,
                     sim_time now)
{
    int64_t minute = now / MINUTE;
    if (minute - s->minute > MINUTES_AT_ONCE)
        s->minute = minute - MINUTES_AT_ONCE;
    for (; s->minute < minute; s->minute++) {
        sim_time end = (s->minute + 1) * MINUTE;
        double used = s->consumed / 60;
        s->consumed = 0;
        apply(part, s, end);
        if (part->on_demand)
            remember(part, number, s, used);
        else if (part->autoscale)
            follow(part->autoscale, number, s, used, end);
    }
    apply(part, s, now);
}

/* ---- requests -------------------------------------------------------------------- */

static uint64_t key_of(const struct world *w, const struct task *t)
{
    return t->request == NONE ? t->entity : client_key(w, &w->request[t->request]);
}

/* A partition's bucket, NULL where they have no limit. */
static struct bucket *partition_of(struct world *w, const struct task *t,
                                   const struct table_part *part, struct side *s,
                                   int number)
{
    if (isinf(part->partition[number]))
        return NULL;
    uint64_t hash = rng_mix(key_of(w, t), 1);
    return &s->partition[part->partitions > 1 ? hash % (uint64_t)part->partitions : 0];
}

static double units_of(struct world *w, const struct task *t, const struct instr *i)
{
    if (!i->dist)
        return 1;
    struct draw draw = draw_at(i->key, t->entity, w->replication, t->visit);
    double whole = i->b == TABLE_READ ? TABLE_READ_BYTES : TABLE_WRITE_BYTES;
    double bytes = dist_sample(i->dist, &draw);
    return i->count * i->p * fmax(1, ceil(bytes / whole));
}

bool table_take(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    const struct service *service = w->instance[t->instance].service;
    const struct table_part *part = &service->part.table;
    struct side *s = &w->table[service - w->m->service]->side[i->b];
    int number = (int)i->b;
    catch_up(part, number, s, w->now);
    double units = units_of(w, t, i), most = room(part, s->rate);
    struct bucket *partition = partition_of(w, t, part, s, number);
    double limit = part->partition[number];
    bool short_of = fill(&s->bucket, s->rate, most, w->now) < fmin(units, most);
    bool hot = partition && fill(partition, limit, limit, w->now) < fmin(units, limit);
    if (short_of || hot) {
        proxy_reject(w, task, (enum status)i->status,
                     short_of ? i->cause : service->hot_cause);
        return false;
    }
    s->bucket.tokens -= units;
    if (partition)
        partition->tokens -= units;
    s->consumed += units;
    t->pc++;
    return true;
}

/* ---- setting up ------------------------------------------------------------------ */

static void open_side(struct world *w, const struct table_part *part, int number,
                      struct side *s)
{
    s->rate = part->rate[number];
    s->bucket.tokens = room(part, s->rate);
    s->next_at = SIM_NEVER;
    if (isinf(part->partition[number]))
        return;
    s->partition = arena_many(w->arena, part->partitions, struct bucket);
    for (int64_t p = 0; p < part->partitions; p++)
        s->partition[p].tokens = part->partition[number];
}

void tables_open(struct world *w)
{
    for (uint32_t i = 0; i < w->m->services; i++) {
        const struct table_part *part = &w->m->service[i].part.table;
        if (!part->present)
            continue;
        if (!w->table)
            w->table = arena_many(w->arena, w->m->services, struct table *);
        w->table[i] = arena_new(w->arena, struct table);
        for (int side = 0; side < TABLE_SIDES; side++)
            open_side(w, part, side, &w->table[i]->side[side]);
    }
}
