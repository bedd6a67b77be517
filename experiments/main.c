/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * headroom -- a table of verbs. Adding one is adding its file in commands/, its
 * declaration in commands/command.h and its row here.
 */
#include "experiments/commands/command.h"

#include <stdio.h>
#include <string.h>

/* Nothing is simulated, and there is one form of the answer. */
#define WITHOUT_ANY                                                                    \
    (WITHOUT(THREADS) | WITHOUT(SEED) | WITHOUT(SET) | WITHOUT(JSON) |                 \
     WITHOUT(QUIET) | WITHOUT(FORCE))

static const struct command commands[] = {
    {"run", run_run, "SCENARIO",
     "Simulate a scenario: what it carries, what breaks first",
     "headroom run shop.json --set /workloads/visitors/open/rate=200/s", 1, 1, 0},
    {"validate", validate_run, "SCENARIO",
     "Hold a scenario's predictions against a measured run",
     "headroom validate shop.json --measured loadtest.csv", 1, 1, 0},
    {"check", check_run, "FILE...",
     "Check scenarios, experiments and results files; tell every mistake",
     "headroom check shop.json", 1, -1, WITHOUT(THREADS) | WITHOUT(FORCE)},
    {"batch", batch_command, "EXPERIMENT",
     "Simulate an experiment into a results file, from where it stopped",
     "headroom batch load.json --until 07:30", 1, 1, WITHOUT(FORCE)},
    {"claims", claims_run, "FILE...",
     "Check what a sizing document states: confirmed, refuted, or undecidable",
     "headroom claims claims/django-scaling.json", 1, -1,
     WITHOUT(SET) | WITHOUT(FORCE)},
    {"compare", compare_command, "SCENARIO... | EXPERIMENT",
     "Compare designs under the same random numbers, and tell the best",
     "headroom compare before.json after.json", 1, -1,
     WITHOUT(QUIET) | WITHOUT(FORCE)},
    {"explain", explain_run, "SCENARIO",
     "Say what is known before simulating: loads, the bottleneck, bounds",
     "headroom explain shop.json", 1, 1, WITHOUT(THREADS) | WITHOUT(FORCE)},
    {"export", export_run, "RESULTS",
     "Print a results file as CSV for R, pandas, spreadsheets",
     "headroom export load.hdb > load.csv", 1, 1, WITHOUT_ANY},
    {"merge", merge_run, "OUT IN...",
     "Put the results files of shards into one", "headroom merge all.hdb load.*.hdb", 2,
     -1, WITHOUT_ANY},
    {"plot", plot_command, "RESULTS | SCENARIO",
     "Draw figures of what was found, with their scripts and data",
     "headroom plot load.hdb --size column --format pdf", 1, 1,
     WITHOUT(JSON)},
    {"report", report_command, "RESULTS | EXPERIMENT | SCENARIO",
     "Write a page of what was found: the answer, figures, tables, evidence",
     "headroom report load.hdb --brief", 1, 1, WITHOUT(JSON)},
    {"saturate", saturate_run, "SCENARIO",
     "Find the load where it saturates, and the largest that keeps the SLO",
     "headroom saturate shop.json", 1, 1, WITHOUT(FORCE)},
    {"kinds", kinds_run, "[NAME...]",
     "Print the reference: kinds of services, steps, distributions, workloads",
     "headroom kinds gunicorn", 0, -1, WITHOUT_ANY & ~WITHOUT(JSON)},
    {"schema", schema_run, "",
     "Print the JSON Schema of the scenario file, for editors",
     "headroom schema > scenario.schema.json", 0, 0, WITHOUT_ANY},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

static void print_help(FILE *out)
{
    fputs("usage: headroom COMMAND [OPTION...] [ARGUMENT...]\n\n"
          "How much load does this architecture carry, and what breaks first?\n\n"
          "commands:\n", out);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
    fputs("\nheadroom COMMAND --help explains one of them.\n"
          "exit status: 0 done, 1 the answer is no, 2 wrong input or usage, 3 the "
          "machine\n"
          "failed, 4 an error in headroom, 75 interrupted\n",
          out);
}

static int tell_unknown(const char *name)
{
    const char *names[COMMANDS];
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = where_nearest(name, names, COMMANDS);
    struct arena arena;
    arena_init(&arena);
    fprintf(stderr, "headroom: unknown command \"%s\"", where_safe(&arena, name));
    if (near)
        fprintf(stderr, " (did you mean \"%s\"?)", near);
    fputs("\nTry: headroom --help\n", stderr);
    arena_free(&arena);
    return COMMAND_INPUT;
}

/* Results that could not be written are no results. */
static int flushed(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    perror("headroom: cannot write to standard output");
    return COMMAND_MACHINE;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return COMMAND_INPUT;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 ||
        strcmp(name, "help") == 0) {
        print_help(stdout);
        return flushed(COMMAND_DONE);
    }
    if (strcmp(name, "--version") == 0) {
        puts("headroom " HEADROOM_VERSION);
        return flushed(COMMAND_DONE);
    }
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return flushed(commands[i].run(&commands[i], argc - 1, argv + 1));
    return tell_unknown(name);
}
