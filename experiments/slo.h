/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * slo -- promises held against a sample. Their grammar is read by scenario.c.
 *
 * A promise is met when the estimate is on its right side; the probability that the
 * true value is, by the estimate's own interval, stands beside it.
 */
#ifndef EXPERIMENTS_SLO_H
#define EXPERIMENTS_SLO_H

#include "experiments/procedure.h"
#include "experiments/scenario.h"

struct slo_result {
    const struct slo *slo;
    struct estimate value;
    bool judged;  /* false: about a type that nobody sends */
    bool decided; /* false: too few samples to say; then not met either */
    bool unseen;  /* … since nobody of its scope began while it was measured */
    bool met;
    bool without_streams; /* some in its scope do not enter its latencies */
    double chance; /* that the true value keeps the promise; NaN unknown */
};

/* Complains of promises about things that the model does not have; false then. */
bool slo_check(const struct scenario *scenario, const struct model_facts *facts);

/* `steady` false: the point is unstable, latencies have no value and are not met. */
struct slo_result slo_judge(const struct slo *slo, const struct sample *s, bool steady);

/* Part of the offered that a promise about all errors admits; NaN without one. */
double slo_admitted_errors(const struct slo *slos, int count);

/* … and a promise about the errors of a type, or of its workload. */
double slo_admitted_of_type(const struct slo *slos, int count,
                            const struct model_facts *facts, int type);

/* … and all of these together; its array comes from `arena`. */
struct admitted slo_admitted(const struct scenario *scenario,
                             const struct model_facts *facts, struct arena *arena);

/*
 * What a run must know well: the precision asked for, of all requests and of every type
 * (or workload) an SLO names, and enough samples for the SLOs' own quantiles.
 */
const struct target *slo_targets(const struct scenario *scenario,
                                 const struct model_facts *facts, struct arena *arena,
                                 int *count);

#endif
