/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"

#include "experiments/file_sort.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_OPTIONS = 40,
    MOST_THREADS = 4096,
    FIRST_OPTION = 256, /* above all characters, for getopt_long */
};

static const struct {
    const char *name, *value, *help;
} shared[SHARED_OPTIONS] = {
    [SHARED_THREADS] = {"threads", "N", "use N threads; all cores when absent"},
    [SHARED_SEED] = {"seed", "N", "random numbers of run.seed = N"},
    [SHARED_SET] = {"set", "POINTER=VALUE",
                    "change a value, as /services/web/workers=8; repeatable"},
    [SHARED_JSON] = {"json", NULL, "print for machines"},
    [SHARED_QUIET] = {"quiet", NULL, "say nothing but the result"},
    [SHARED_FORCE] = {"force", NULL, "overwrite files that are there"},
    [SHARED_HELP] = {"help", NULL, "print this"},
};

int command_wrong(const struct command *command, const char *format, ...)
{
    struct arena arena;
    arena_init(&arena);
    va_list args;
    char text[512];
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fprintf(stderr, "headroom %s: %s\nTry: headroom %s --help\n", command->name,
            where_safe(&arena, text), command->name);
    arena_free(&arena);
    return COMMAND_INPUT;
}

static void print_option(const char *name, const char *value, const char *help)
{
    char left[40];
    snprintf(left, sizeof left, "--%s%s%s", name, value ? " " : "", value ? value : "");
    printf("  %-22s %s\n", left, help);
}

static void print_help(const struct command *command,
                       const struct command_option *extra)
{
    printf("usage: headroom %s [OPTION...]%s%s\n\n%s.\n\noptions:\n", command->name,
           *command->usage ? " " : "", command->usage, command->summary);
    for (; extra && extra->name; extra++)
        print_option(extra->name, extra->value, extra->help);
    for (int i = 0; i < SHARED_OPTIONS; i++)
        if (!(command->without >> i & 1))
            print_option(shared[i].name, shared[i].value, shared[i].help);
    printf("\nexample:\n  %s\n", command->example);
}

/* A whole number within bounds. */
static bool read_whole(const char *text, uint64_t most, uint64_t *number)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 18 || text[length] != '\0')
        return false;
    *number = strtoull(text, NULL, 10);
    return *number <= most;
}

static int list_options(const struct command *command,
                        const struct command_option *extra, struct option *list)
{
    int count = 0, number = 0;
    for (; number < SHARED_OPTIONS; number++)
        if (number == SHARED_QUIET || !(command->without >> number & 1))
            list[count++] =
                (struct option){shared[number].name, shared[number].value != NULL, NULL,
                                FIRST_OPTION + number};
    for (; extra && extra->name && count < MOST_OPTIONS; extra++, number++)
        list[count++] = (struct option){extra->name, extra->value != NULL, NULL,
                                        FIRST_OPTION + number};
    list[count] = (struct option){0};
    return count;
}

/* getopt's own message knows no suggestions. */
static int tell_bad_option(const struct command *command, const struct option *list,
                           int count, char **argv, bool lacks_value)
{
    const char *given = argv[optind - 1], *names[MOST_OPTIONS];
    if (lacks_value)
        return command_wrong(command, "%s needs a value", given);
    size_t length = strcspn(given, "=");
    char word[64] = "";
    if (strncmp(given, "--", 2) == 0 && length - 2 < sizeof word)
        memcpy(word, given + 2, length - 2);
    for (int i = 0; i < count; i++)
        names[i] = list[i].name;
    const char *near = where_nearest(word, names, count);
    if (near && strcmp(near, word) == 0)
        return command_wrong(command, "--%s takes no value", word);
    if (near)
        return command_wrong(command, "unknown option %s (did you mean --%s?)", given,
                             near);
    return command_wrong(command, "unknown option %s", given);
}

/* One of the options that all verbs share. */
static int take_shared(const struct command *command, enum command_shared option,
                       struct options *options, const char **sets)
{
    uint64_t number;
    switch (option) {
    case SHARED_THREADS:
        if (!read_whole(optarg, MOST_THREADS, &number) || number == 0)
            return command_wrong(command,
                                 "--threads must be between 1 and %d, is \"%s\"",
                                 MOST_THREADS, optarg);
        options->threads = (int)number;
        break;
    case SHARED_SEED:
        if (!read_whole(optarg, UINT64_C(9007199254740991), &options->seed))
            return command_wrong(command,
                                 "--seed must be a whole number of at most "
                                 "9007199254740991, is \"%s\"",
                                 optarg);
        options->has_seed = true;
        break;
    case SHARED_SET:
        sets[options->set_count++] = optarg;
        break;
    case SHARED_JSON:
        options->json = true;
        break;
    case SHARED_QUIET:
        options->quiet = true;
        break;
    case SHARED_FORCE:
        options->force = true;
        break;
    case SHARED_HELP:
    case SHARED_OPTIONS:
        break;
    }
    return COMMAND_GOES_ON;
}

static void take_extra(const struct command_option *option)
{
    if (option->value)
        *option->text = optarg;
    else
        *option->flag = true;
}

static int read_options(const struct command *command, int argc, char **argv,
                        const struct command_option *extra, struct options *options)
{
    struct option list[MOST_OPTIONS + 1];
    int count = list_options(command, extra, list), found;
    const char **sets = arena_many(&options->arena, argc, const char *);
    options->sets = sets;
    optind = 1;
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", list, NULL)) != -1) {
        if (found == '?' || found == ':')
            return tell_bad_option(command, list, count, argv, found == ':');
        int option = found - FIRST_OPTION;
        if (option == SHARED_HELP) {
            print_help(command, extra);
            return COMMAND_DONE;
        }
        if (option >= SHARED_OPTIONS) {
            take_extra(&extra[option - SHARED_OPTIONS]);
            continue;
        }
        int status = take_shared(command, (enum command_shared)option, options, sets);
        if (status != COMMAND_GOES_ON)
            return status;
    }
    return COMMAND_GOES_ON;
}

static int check_arguments(const struct command *command, const struct options *options)
{
    int count = options->argument_count;
    if (count < command->least)
        return command_wrong(command, "needs %s", command->usage);
    if (command->most >= 0 && count > command->most)
        return command_wrong(command, "does not know what to do with \"%s\"",
                             options->arguments[command->most]);
    return COMMAND_GOES_ON;
}

int command_options(const struct command *command, int argc, char **argv,
                    const struct command_option *extra, struct options *options)
{
    *options = (struct options){0};
    arena_init(&options->arena);
    int status = read_options(command, argc, argv, extra, options);
    options->arguments = (const char *const *)(argv + optind);
    options->argument_count = argc - optind;
    if (status == COMMAND_GOES_ON)
        status = check_arguments(command, options);
    if (status != COMMAND_GOES_ON)
        arena_free(&options->arena);
    return status;
}

int command_done(struct options *options, int status)
{
    arena_free(&options->arena);
    return status;
}

bool command_point(struct options *options, struct point *point)
{
    struct where *where = where_new(&options->arena);
    struct point_source source = {.path = options->arguments[0],
                                  .sets = options->sets,
                                  .set_count = options->set_count,
                                  .seed = options->has_seed ? &options->seed : NULL};
    bool good = point_read(point, &options->arena, &source, where);
    file_sort_print(where, source.path, FILE_SCENARIO, stderr);
    if (good && !options->quiet && !options->json)
        where_print_notes(where, stderr);
    return good;
}

/* ---- interruption ---------------------------------------------------------------- */

/* The only globals: signal handlers know no other way. */
static volatile sig_atomic_t stop, asked; /* the signal, and when: ms */

static int now(void)
{
    enum { DAY = 86400 };
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int)(time.tv_sec % DAY * 1000 + time.tv_nsec / 1000000);
}

/* Who asks again does not want to wait; but `timeout`, and a shell with its process
 * group, may ask twice at once. */
static void ask_to_stop(int number)
{
    enum { SAME_WISH = 300 };
    if (stop && abs(now() - asked) > SAME_WISH)
        _exit(COMMAND_INTERRUPTED);
    if (!stop)
        asked = now();
    stop = number;
}

const volatile sig_atomic_t *command_listen(void)
{
    struct sigaction action = {.sa_handler = ask_to_stop};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    return &stop;
}
