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
    {"6.1", "Redis: io-threads",
     "only reading and writing sockets is parallel, so a command takes the same turn; "
     "its time on the socket is part of `time`."},
    {"6.1", "Redis: tcp-backlog",
     "clients keep their connections; only reconnecting thousands at once would fill "
     "the accept queue."},
    {"6.1", "Redis: hz, active-expire-effort",
     "expired keys are never served, and their memory is found by every write instead "
     "of ten times a second."},
    {"6.1", "Redis: lazyfree-lazy-eviction",
     "freeing a very big value is not a delay of its own; give such commands their "
     "time."},
    {NULL, NULL, NULL},
};
