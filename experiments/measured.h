/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * measured -- what a load test wrote down: one line a request.
 *
 *     t_s     when it was meant to be sent, s from the start of the test; required
 *     lat_ms  from then to the last byte of the answer, ms; required
 *     status  HTTP status, 0 for none: 200 to 399 is success
 *     err     why it failed; empty: it did not
 *     kind    (or type) the request type, by its name in the scenario
 *
 * Other columns are nobody's business. Lines may come in any order.
 *
 * Ownership: everything lives in the arena of `where`.
 * Errors:    told to `where` with file and line.
 */
#ifndef EXPERIMENTS_MEASURED_H
#define EXPERIMENTS_MEASURED_H

#include "experiments/where.h"
#include "models/model.h"

struct measured_request {
    double start, latency; /* s */
    int type;              /* of the scenario; 0 where types are not told apart */
    bool ok;
};

struct measured {
    const char *file;
    const struct measured_request *request;
    int count;
    bool typed; /* each request's type is known */
    double end; /* s: the last start */
};

/* False with problems in `where`. */
bool measured_read(struct measured *measured, const char *path,
                   const struct model_facts *facts, struct where *where);

#endif
