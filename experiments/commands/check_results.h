/* SPDX-License-Identifier: GPL-3.0-or-later */
/* check_results -- the parts of `check` that look at experiments and results files. */
#ifndef EXPERIMENTS_COMMANDS_CHECK_RESULTS_H
#define EXPERIMENTS_COMMANDS_CHECK_RESULTS_H

#include "experiments/commands/command.h"
#include "experiments/store.h"

#include <cjson/cJSON.h>
#include <stdio.h>

/* How complete a results file is, in a few lines. */
void check_results_tell(struct store *store, struct arena *arena, FILE *out);

/* Whether the results file is sound; tells, or adds to `files` for --json. */
bool check_results(const char *path, const struct options *options, cJSON *files);

/* Whether the experiment can be run; tells what its plan is. */
bool check_experiment(const char *path, const struct options *options, cJSON *files,
                      int *findings);

/* An entry of --json for a file whose problems are in `where`. */
cJSON *check_as_json(const char *path, struct where *where);

#endif
