/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * promise -- the little language of promises and precision:
 *
 *     [type|workload|service.][ttfb.|tpot.|duration.]metric op quantity
 *     page.p95 < 2s    errors < 1%    chat.ttfb.p99 <= 1s    web.utilisation < 70%
 *
 *     metric within fraction
 *     p99 within 5%
 *
 * Errors: told to `where` at the value `at`; false.
 */
#ifndef EXPERIMENTS_PROMISE_H
#define EXPERIMENTS_PROMISE_H

#include "experiments/scenario.h"

/* What can be promised, for readers and for the reading itself; ends with a row without
 * a name. Of the first row, "p95" stands for all percentiles. */
struct promise_metric {
    const char *name;
    enum slo_metric metric;
    enum param_type type;
    const char *scope, *doc;
};

extern const struct promise_metric promise_metrics[];

bool promise_read(struct where *where, uint32_t at, const char *text, struct slo *slo);

/* What stands before the comparison alone, and the type of what it is compared with. */
bool promise_read_metric(struct where *where, uint32_t at, const char *left,
                         struct slo *slo, enum param_type *type);

bool promise_read_precision(struct where *where, uint32_t at, const char *text,
                            struct precision *precision);

#endif
