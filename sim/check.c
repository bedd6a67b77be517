/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void check_failed(const char *file, int line, const char *claim, const char *format,
                  ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "headroom: internal error at %s:%d: \"%s\" does not hold: ", file,
            line, claim);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    _Exit(CHECK_STATUS);
}

void die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("headroom: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    _Exit(3);
}
