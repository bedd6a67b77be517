/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * command -- what every verb of the program shares: its row, its options, its help.
 *
 *     int command_run(const struct command *command, int argc, char **argv)
 *     {
 *         struct options options;
 *         int status = command_options(command, argc, argv, NULL, &options);
 *         if (status != COMMAND_GOES_ON)
 *             return status;
 *
 * Ownership: options point into argv; their arrays live in the arena of `options`,
 *            which command_done frees.
 * Errors:    wrong usage is told on stderr and gives status 2.
 */
#ifndef EXPERIMENTS_COMMANDS_COMMAND_H
#define EXPERIMENTS_COMMANDS_COMMAND_H

#include "experiments/point.h"
#include "sim/arena.h"

#include <stdbool.h>
#include <stdint.h>

enum { COMMAND_GOES_ON = -1 };

/* What the process returns. */
enum {
    COMMAND_DONE = 0,
    COMMAND_NO = 1,          /* judged, and the answer is no */
    COMMAND_INPUT = 2,       /* input or usage is wrong */
    COMMAND_MACHINE = 3,     /* disk, memory, gnuplot */
    COMMAND_INTERRUPTED = 75,
};

/* Options that verbs share. */
enum command_shared {
    SHARED_THREADS,
    SHARED_SEED,
    SHARED_SET,
    SHARED_JSON,
    SHARED_QUIET, /* is never an error: it changes no result */
    SHARED_FORCE,
    SHARED_HELP,
    SHARED_OPTIONS
};
#define WITHOUT(option) (1u << SHARED_##option)

/* A row of the table of verbs. */
struct command {
    const char *name;
    int (*run)(const struct command *command, int argc, char **argv);
    const char *usage;   /* what follows the name: "SCENARIO" */
    const char *summary; /* one line */
    const char *example; /* one command line */
    int least, most;     /* how many arguments; most -1: any */
    unsigned without;    /* bits of enum command_shared: those it does not take */
};

/* An option of one verb alone. */
struct command_option {
    const char *name;    /* "check-slo"; a row without ends the table */
    const char *value;   /* "N": takes a value, put into *text; NULL: sets *flag */
    const char *help;
    bool *flag;
    const char **text;
};

struct options {
    struct arena arena;
    const char *const *arguments; /* those that are no options */
    int argument_count;
    const char *const *sets;      /* "POINTER=VALUE" of each --set */
    int set_count;
    int threads;                  /* 0: as many as there are cores */
    bool has_seed;
    uint64_t seed;
    bool json, quiet, force;
};

/* Reads the options that the verb shares and those in `extra` (may be NULL). Returns
 * COMMAND_GOES_ON, or the status to leave with (after --help, or wrong usage). */
int command_options(const struct command *command, int argc, char **argv,
                    const struct command_option *extra, struct options *options);

/* Frees what the options hold; the status, for `return command_done(...)`. */
int command_done(struct options *options, int status);

/* Reads the scenario that the first argument names, with --set and --seed; false with
 * everything that is wrong printed. Notes are printed too, unless --quiet or --json. */
bool command_point(struct options *options, struct point *point);

/* From here on SIGINT and SIGTERM set what this points at, and a second one ends the
 * process with COMMAND_INTERRUPTED. */
const volatile sig_atomic_t *command_listen(void);

/* "headroom NAME: text" on stderr and a pointer to --help; status 2. */
int command_wrong(const struct command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int batch_command(const struct command *command, int argc, char **argv);
int check_run(const struct command *command, int argc, char **argv);
int claims_run(const struct command *command, int argc, char **argv);
int compare_command(const struct command *command, int argc, char **argv);
int explain_run(const struct command *command, int argc, char **argv);
int export_run(const struct command *command, int argc, char **argv);
int kinds_run(const struct command *command, int argc, char **argv);
int merge_run(const struct command *command, int argc, char **argv);
int plot_command(const struct command *command, int argc, char **argv);
int report_command(const struct command *command, int argc, char **argv);
int saturate_run(const struct command *command, int argc, char **argv);
int run_run(const struct command *command, int argc, char **argv);
int schema_run(const struct command *command, int argc, char **argv);
int validate_run(const struct command *command, int argc, char **argv);

#endif
