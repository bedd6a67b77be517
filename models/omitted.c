/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/omitted.h"

#include <stddef.h>

/* By number. */
const struct omission omissions[] = {
    {"5.1.3", "a running thread takes a connection before the one woken for it",
     "Which thread the operating system runs first is not known; waiters of a "
     "QueuePool are served in order, which changes single waits, hardly their mean."},
    {"5.3.4", "commits that wait together share one write to disk",
     "Give a write's `io` as long as it takes under load: with many writers it is "
     "shorter for each than alone, which makes a prediction from the time alone too "
     "slow."},
    {NULL, NULL, NULL},
};
