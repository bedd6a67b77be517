/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * cases -- what a test needs before it can say anything: cmocka with the headers it
 * wants first, a comparison of doubles, and one for what must end the process.
 */
#ifndef UNIT_CASES_H
#define UNIT_CASES_H

#include "sim/check.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* `actual` differs from `expected` by at most `relative` times that; 0: not at all. */
#define assert_near(actual, expected, relative)                            \
    assert_within((actual), (expected), (relative) * fabs((double)(expected)))

/* The same with an absolute tolerance. */
#define assert_within(actual, expected, tolerance) \
    cases_within((actual), (expected), (tolerance), #actual, __FILE__, __LINE__)

static inline void cases_within(double actual, double expected, double tolerance,
                                const char *text, const char *file, int line)
{
    if (fabs(actual - expected) <= tolerance)
        return;
    print_error("%s is %.17g, not %.17g within %g\n", text, actual, expected,
                tolerance);
    _fail(file, line);
}

/* `body` ends its process by a failed check. */
#define assert_check_fails(body) \
    assert_int_equal(cases_status_of(body), CHECK_STATUS)

/* The exit status of a process that runs `body`, quietly. */
static inline int cases_status_of(void (*body)(void))
{
    pid_t child = fork();
    if (child == 0) {
        close(STDERR_FILENO);
        body();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#endif
