/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/che.h"

#include "sim/numeric.h"

#include <math.h>

/* Popularity is smooth in the rank: beyond the first keys, keys whose ranks differ by
 * less than one in so many count as one. */
enum { EACH = 256, ALIKE = 64 };

static double share_of(const struct che_stream *stream, uint64_t from, uint64_t to)
{
    if (to > stream->keys)
        to = stream->keys;
    if (from >= to)
        return 0;
    return stream->cumulative[to - 1] - (from ? stream->cumulative[from - 1] : 0);
}

static double rate_of(const struct che_set *set, uint64_t from, uint64_t to)
{
    double rate = 0;
    for (int i = 0; i < set->streams; i++)
        rate += set->stream[i].rate * share_of(&set->stream[i], from, to);
    return rate;
}

double che_rate(const struct che_set *set, uint64_t key)
{
    return rate_of(set, key, key + 1);
}

/* The mean of min(ttl, D). */
static double presence(double rate, double time, double ttl, bool any_victim)
{
    if (isinf(time))
        return ttl;
    if (any_victim)
        return isinf(ttl) ? time : time * (1 - numeric_exp(-ttl / time));
    if (ttl <= time)
        return ttl;
    double q = numeric_exp(-rate * time), mean = (1 / q - 1) / rate;
    if (isinf(ttl) || !(q < 1))
        return mean;
    double rest = (mean - time) / (1 - q);
    if (isinf(rest))
        return time + (1 - q) * (ttl - time);
    return time + (1 - q) * rest * (1 - numeric_exp(-(ttl - time) / rest));
}

double che_hit(double rate, double time, double ttl, bool any_victim)
{
    double l = rate * presence(rate, time, ttl, any_victim);
    return isinf(l) ? 1 : l / (1 + l);
}

static uint64_t keys_of(const struct che_set *set)
{
    uint64_t keys = 0;
    for (int i = 0; i < set->streams; i++)
        keys = set->stream[i].keys > keys ? set->stream[i].keys : keys;
    return keys;
}

static uint64_t next_rank(uint64_t rank, uint64_t keys)
{
    uint64_t next = rank < EACH ? rank + 1 : rank + rank / ALIKE;
    return next < keys ? next : keys;
}

/* What lies in the cache on average when an entry unused for `time` goes. */
static double filling(const struct che_set *set, int sets, double time, bool any_victim)
{
    double sum = 0;
    for (int i = 0; i < sets; i++)
        for (uint64_t k = 0, keys = keys_of(&set[i]), next; k < keys; k = next) {
            next = next_rank(k, keys);
            double alike = (double)(next - k), rate = rate_of(&set[i], k, next) / alike;
            if (rate > 0)
                sum += alike * set[i].size *
                       che_hit(rate, time, set[i].ttl, any_victim);
        }
    return sum;
}

double che_time(const struct che_set *set, int sets, double capacity, bool any_victim)
{
    enum { HALVINGS = 60 };
    double rate = 0;
    for (int i = 0; i < sets; i++)
        rate += rate_of(&set[i], 0, keys_of(&set[i]));
    if (!(rate > 0) || filling(set, sets, INFINITY, any_victim) <= capacity)
        return INFINITY;
    double low = 0, high = 1 / rate; /* nothing is in the cache at 0 */
    while (filling(set, sets, high, any_victim) < capacity) {
        low = high;
        high *= 2;
    }
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        *(filling(set, sets, middle, any_victim) < capacity ? &low : &high) = middle;
    }
    return (low + high) / 2;
}

double che_ratio(const struct che_set *set, const struct che_stream *stream,
                 double time, bool any_victim)
{
    double hits = 0;
    for (uint64_t k = 0, next; k < stream->keys; k = next) {
        next = next_rank(k, stream->keys);
        double rate = rate_of(set, k, next) / (double)(next - k);
        if (rate > 0)
            hits += share_of(stream, k, next) *
                    che_hit(rate, time, set->ttl, any_victim);
    }
    return hits;
}
