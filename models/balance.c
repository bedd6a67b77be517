/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * balance -- which instance gets a call: one row per policy.
 *
 * A balancer knows what it has itself under way, nothing else: two instances of a proxy
 * each see their own calls.
 */
#include "models/world.h"

struct choice_of {
    struct world *w;
    struct balancer *balancer;
    uint32_t request; /* NONE: background work */
    uint32_t count, attempt;
    uint64_t key, entity; /* of its draws, which few policies need */
};

static struct draw draw_of(const struct choice_of *c)
{
    return draw_at(c->key, c->entity, c->w->replication, c->attempt);
}

static uint32_t in_turn(struct choice_of *c)
{
    uint32_t chosen = c->balancer->next;
    c->balancer->next = chosen + 1 == c->count ? 0 : chosen + 1;
    return chosen;
}

/* Fewest calls under way; equals take turns as nginx's smooth round robin has it: each
 * gains one, the highest (the first of them) is taken and pays for all. */
static uint32_t least_conn(struct choice_of *c)
{
    const uint32_t *conns = c->balancer->conns;
    int32_t *weight = c->balancer->weight;
    uint32_t least = UINT32_MAX, chosen = 0;
    int32_t equals = 0;
    for (uint32_t i = 0; i < c->count; i++)
        if (conns[i] < least)
            least = conns[i];
    for (uint32_t i = c->count; i-- > 0;) {
        if (conns[i] != least)
            continue;
        weight[i]++;
        if (equals++ == 0 || weight[i] >= weight[chosen])
            chosen = i;
    }
    weight[chosen] -= equals;
    return chosen;
}

static uint32_t at_random(struct choice_of *c)
{
    struct draw draw = draw_of(c);
    return (uint32_t)draw_below(&draw, c->count);
}

/* Two different ones at random, the less loaded of them, the second when equal. */
static uint32_t random_two(struct choice_of *c)
{
    struct draw draw = draw_of(c);
    uint32_t first = (uint32_t)draw_below(&draw, c->count);
    uint32_t second = (uint32_t)draw_below(&draw, c->count - 1);
    if (second >= first)
        second++;
    return c->balancer->conns[first] < c->balancer->conns[second] ? first : second;
}

/* nginx's ip_hash looks at the first three octets only; an address here is 32 random
 * bits that belong to it, so that distinct clients mostly differ in those octets. */
static uint32_t ip_hash(struct choice_of *c)
{
    uint64_t client =
        c->request == NONE ? 0 : client_address(c->w, &c->w->request[c->request]);
    uint64_t address = rng_mix(client, 0);
    uint32_t hash = 89;
    for (int octet = 3; octet > 0; octet--)
        hash = (hash * 113 + (uint32_t)(address >> 8 * octet & 255)) % 6271;
    return hash % c->count;
}

static uint32_t by_key(struct choice_of *c)
{
    uint64_t key =
        c->request == NONE ? 0 : client_key(c->w, &c->w->request[c->request]);
    return (uint32_t)(rng_mix(key, 1) % c->count);
}

/* A key of a cache lies at one instance. Nothing is drawn: the site's key is the number
 * of the cache use. */
static uint32_t by_shard(struct choice_of *c)
{
    return cache_shard(c->w, (uint32_t)c->key, c->entity, c->count);
}

static uint32_t (*const policies[])(struct choice_of *c) = {
    [BALANCE_ROUND_ROBIN] = in_turn, [BALANCE_LEAST_CONN] = least_conn,
    [BALANCE_RANDOM] = at_random,    [BALANCE_RANDOM_TWO] = random_two,
    [BALANCE_IP_HASH] = ip_hash,     [BALANCE_HASH] = by_key,
    [BALANCE_SHARD] = by_shard,
};

uint32_t balance_among(struct world *w, const struct call_site *site, uint32_t number,
                       uint64_t entity, uint32_t attempt, uint32_t request)
{
    const struct service *service = &w->m->service[site->service];
    struct choice_of choice = {.w = w,
                               .balancer = &w->balancer[number],
                               .request = request,
                               .count = service->instances,
                               .attempt = attempt,
                               .key = site->balance_key,
                               .entity = entity};
    uint32_t chosen = policies[w->m->balancer[number].policy](&choice);
    w->balancer[number].conns[chosen]++;
    return service->first_instance + chosen;
}
