/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pack -- an outcome as bytes and back: how results files and ranks keep and send it.
 *
 * Numbers are of variable length (seven bits a byte, the lowest first, as in Protocol
 * Buffers; signed ones zigzag); histograms and other arrays are sparse: the gap since
 * the cell before, then its count. Equal outcomes give equal bytes.
 *
 *     version, replication, end, window, clock, events, fingerprint,
 *     types {counts, failures by cause, histograms, sums, segments, blame},
 *     stations, number in the system over time, completions over time,
 *     of a deadlock: who waits for what
 *
 * Ownership: what is made lives in the arena.
 * Errors:    pack_read returns false for bytes that are no outcome of such a model.
 */
#ifndef EXPERIMENTS_PACK_H
#define EXPERIMENTS_PACK_H

#include "models/model.h"

#include <stdbool.h>

enum { PACK_VERSION = 8 };

struct packed {
    unsigned char *bytes;
    size_t length;
};

struct packed pack_outcome(const struct outcome *o, const struct model_facts *facts,
                           struct arena *arena);

/* How many types, stations, causes and resources an outcome has; the rest of `facts` is
 * 0. False for bytes that are no outcome. */
bool pack_shape(const struct packed *packed, struct model_facts *facts);

bool pack_read(const struct packed *packed, const struct model_facts *facts,
               struct arena *arena, struct outcome *out);

#endif
