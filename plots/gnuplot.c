/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _GNU_SOURCE /* posix_spawn's addfchdir, prlimit */

#include "plots/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LOG "gnuplot.log"

/* The search for the program itself uses our own PATH; this one is for gnuplot. */
static char *const environment[] = {
    (char[]){"PATH=/usr/local/bin:/usr/bin:/bin"},
    (char[]){"HOME="},
    (char[]){"LC_ALL=C"},
    NULL,
};

/* A process group of its own, so that a time-out reaches its children too; signals as
 * a fresh program expects them, whatever ours are. */
static int spawn(const struct workspace *space, const char *script, pid_t *child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addfchdir_np(&actions, space->folder);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, LOG, O_WRONLY | O_CREAT | O_EXCL,
                                     0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                              POSIX_SPAWN_SETSIGMASK |
                                              POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);

    char name[] = "gnuplot", no_defaults[] = "-d", file[64];
    snprintf(file, sizeof file, "%s", script);
    char *const arguments[] = {name, no_defaults, file, NULL};
    int failure =
        posix_spawnp(child, "gnuplot", &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    return failure;
}

/* posix_spawn cannot set limits, and ours must stay as they are. They count from the
 * process's start, so that setting them a moment later loses nothing. */
static void limit(pid_t child)
{
    const rlim_t space = (rlim_t)1 << 30;
    prlimit(child, RLIMIT_CPU, &(struct rlimit){30, 30}, NULL);
    prlimit(child, RLIMIT_AS, &(struct rlimit){space, space}, NULL);
    prlimit(child, RLIMIT_FSIZE,
            &(struct rlimit){GNUPLOT_FILE_LIMIT, GNUPLOT_FILE_LIMIT}, NULL);
    prlimit(child, RLIMIT_CORE, &(struct rlimit){0, 0}, NULL);
}

static double now(void) /* s */
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* The child's wait status, or -1 when its time was up. The group is ended before the
 * child is collected: until then its number cannot belong to anyone else. */
static int await(pid_t child, int seconds)
{
    const struct timespec moment = {0, 2000000};
    double deadline = now() + seconds;
    siginfo_t ended = {0};
    while (waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           ended.si_pid == 0 && now() < deadline)
        nanosleep(&moment, NULL);

    int status = -1;
    kill(-child, SIGKILL);
    waitpid(child, &status, 0);
    return ended.si_pid == child ? status : -1;
}

/* gnuplot prints the line, a caret and then "file line n: what is wrong". */
static void quote_log(const struct workspace *space, char *error, size_t size)
{
    size_t length;
    char *log = workspace_read(space, LOG, (size_t)1 << 20, &length);
    if (!log)
        return;
    while (length > 0 && strchr("\n ", log[length - 1]))
        log[--length] = '\0';
    const char *last = strrchr(log, '\n');
    last = last ? last + 1 : log;
    size_t used = strlen(error);
    if (*last && used < size)
        snprintf(error + used, size - used, ": %s", last);
    for (char *c = error; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    free(log);
}

enum gnuplot_result gnuplot_run(const struct workspace *space, const char *script,
                                int seconds, char *error, size_t size)
{
    pid_t child;
    int failure = spawn(space, script, &child);
    if (failure == ENOENT || failure == EACCES || failure == ENOTDIR) {
        snprintf(error, size, "gnuplot is not installed (or not in PATH)");
        return GNUPLOT_MISSING;
    }
    if (failure) {
        snprintf(error, size, "gnuplot cannot be started: %s", strerror(failure));
        return GNUPLOT_FAILED;
    }
    limit(child);

    int status = await(child, seconds);
    if (status == 0)
        return GNUPLOT_DONE;
    if (status == -1) {
        snprintf(error, size, "gnuplot was stopped after %d s", seconds);
        return GNUPLOT_STOPPED;
    }
    if (WIFSIGNALED(status))
        snprintf(error, size, "gnuplot was ended by signal %d", WTERMSIG(status));
    else
        snprintf(error, size, "gnuplot failed with status %d", WEXITSTATUS(status));
    quote_log(space, error, size);
    return GNUPLOT_FAILED;
}
