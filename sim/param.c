/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/param.h"

#include <stdarg.h>
#include <stdio.h>

void complain(struct listener *to, uint32_t at, const char *key, const char *format,
              ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    to->count++;
    to->hear(to->context, at, key, text);
}
