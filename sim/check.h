/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * check -- invariants of our own. They stay on in every build, unlike assert, which
 * NDEBUG removes: a wrong number must never look like a right one. A failed check
 * prints the place, the claim and the values, and ends the process with status 4.
 */
#ifndef SIM_CHECK_H
#define SIM_CHECK_H

#define CHECK_STATUS 4 /* exit status: an invariant of ours broke */

#define check(claim, ...)                                                              \
    ((claim) ? (void)0 : check_failed(__FILE__, __LINE__, #claim, __VA_ARGS__))

_Noreturn void check_failed(const char *file, int line, const char *claim,
                            const char *format, ...)
    __attribute__((format(printf, 4, 5), cold));

/* End the process with status 3: the machine failed (memory, disk). */
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2), cold));

#endif
