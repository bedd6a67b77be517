/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * che -- the hit ratio of a cache without simulating it.
 *
 * A key that is asked for at rate l stays until it has not been asked for during the
 * cache's own time T, the same for all keys; T follows from all of them together
 * filling the cache (Che, Tung, Wang, "Hierarchical Web caching systems", IEEE JSAC 20
 * (2002) 1305; Fricker, Robert, Roberts, "A versatile and accurate approximation for
 * LRU cache performance", ITC 24 (2012)):
 *     hit(l) = 1 - exp(-l T),    sum over keys of size x hit = capacity.
 * With an end t after the fill an entry is there for min(t, D), D being how long it
 * would be there by T alone, and
 *     hit(l) = l E[min(t, D)] / (1 + l E[min(t, D)])
 * which is exact without T, without t, and where t <= T; elsewhere the tail of D is
 * taken as exponential with the right mean. Where the victim is any entry, D is
 * exponential with mean T.
 *
 * Units: s, 1/s; sizes and capacity in whatever the capacity is in.
 */
#ifndef MODELS_CHE_H
#define MODELS_CHE_H

#include <stdbool.h>
#include <stdint.h>

/* Requests for keys 0 .. keys - 1 by this cumulative popularity, all together. */
struct che_stream {
    const double *cumulative;
    uint64_t keys;
    double rate;
};

/* Keys of one purpose, asked for by one or more streams. */
struct che_set {
    const struct che_stream *stream;
    int streams;
    double size; /* of an entry */
    double ttl;  /* INFINITY: none */
};

/* How often a key is asked for by all streams of its set. */
double che_rate(const struct che_set *set, uint64_t key);

/* The hit ratio of a key asked for at `rate`. */
double che_hit(double rate, double time, double ttl, bool any_victim);

/* T; INFINITY when everything has room. */
double che_time(const struct che_set *set, int sets, double capacity, bool any_victim);

/* The share of a stream's requests that hit. */
double che_ratio(const struct che_set *set, const struct che_stream *stream,
                 double time, bool any_victim);

#endif
