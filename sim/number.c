/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/number.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool number_read(const char *text, double *value)
{
    char *end;
    size_t sign = *text == '-' || *text == '+';
    if (text[sign] == '\0' || !strchr("0123456789.", text[sign]) ||
        strspn(text, "0123456789.eE+-") != strlen(text))
        return false;
    *value = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*value);
}
