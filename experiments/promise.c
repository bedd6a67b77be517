/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/promise.h"

#include "experiments/quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAST_PRECISION 0.0001

#define REQUESTS "request type or workload"

const struct promise_metric promise_metrics[] = {
    {"p95", SLO_QUANTILE, PARAM_DURATION, REQUESTS,
     "Response time that 95 % of the successful requests stay below; likewise p50, "
     "p99, p99.9 and whatever lies between p0 and p100."},
    {"mean", SLO_MEAN, PARAM_DURATION, REQUESTS,
     "Mean response time of the successful requests."},
    {"errors", SLO_ERRORS, PARAM_FRACTION, REQUESTS,
     "Part of the requests that failed."},
    {"cut", SLO_CUT, PARAM_FRACTION, REQUESTS,
     "Streams that broke after their first byte, per request: each attempt counts."},
    {"throughput", SLO_THROUGHPUT, PARAM_RATE, REQUESTS,
     "Successful requests per time."},
    {"goodput", SLO_GOODPUT, PARAM_RATE, REQUESTS,
     "Answers in streams per time that keep all limits of their workload's `good`."},
    {"utilisation", SLO_UTILISATION, PARAM_FRACTION, "service",
     "Part of its slots or connections in use; the service must be named."},
    {0},
};

/* A copy of `length` bytes without the spaces around it. */
static char *trimmed(struct arena *arena, const char *text, size_t length)
{
    while (length > 0 && (*text == ' ' || *text == '\t')) {
        text++;
        length--;
    }
    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        length--;
    return arena_text(arena, text, length);
}

/* "p99.9": between p0 and p100, both excluded. Reading the digits as 99.9e-2 gives the
 * double nearest to 0.999, which a division would miss. */
static bool read_quantile(const char *text, double *quantile)
{
    if (text[0] != 'p')
        return false;
    size_t length = strspn(text + 1, "0123456789");
    size_t decimals =
        text[1 + length] == '.' ? strspn(text + 2 + length, "0123456789") : 0;
    size_t end = 1 + length + (decimals ? 1 + decimals : 0);
    char digits[32];
    if (length == 0 || text[end] != '\0' || end + 3 > sizeof digits)
        return false;
    memcpy(digits, text + 1, end - 1);
    strcpy(digits + end - 1, "e-2");
    *quantile = strtod(digits, NULL);
    return *quantile > 0 && *quantile < 1;
}

static bool skip_prefix(const char **text, const char *prefix)
{
    size_t length = strlen(prefix);
    if (strncmp(*text, prefix, length) != 0)
        return false;
    *text += length;
    return true;
}

/* [ttfb.|tpot.|gap.|duration.]metric */
static bool read_metric(const char *text, struct slo *slo, enum param_type *type)
{
    slo->of = skip_prefix(&text, "ttfb.")       ? SLO_OF_TTFB
              : skip_prefix(&text, "gap.")      ? SLO_OF_GAP
              : skip_prefix(&text, "tpot.")     ? SLO_OF_TPOT
              : skip_prefix(&text, "duration.") ? SLO_OF_DURATION
                                                : SLO_OF_LATENCY;
    *type = PARAM_DURATION;
    slo->metric = SLO_QUANTILE;
    if (read_quantile(text, &slo->quantile))
        return true;
    for (const struct promise_metric *m = promise_metrics + 1; m->name; m++) {
        if (strcmp(m->name, text) == 0) {
            slo->metric = m->metric;
            *type = m->type;
            return slo->of == SLO_OF_LATENCY || slo->metric == SLO_MEAN;
        }
    }
    return false;
}

static const char *near_metric(struct arena *arena, const char *text)
{
    static const char *const names[] = {"mean", "p50", "p90", "p95", "p99", "errors",
                                        "cut", "throughput", "goodput", "utilisation"};
    const char *dot = strrchr(text, '.');
    const char *near =
        where_nearest(dot ? dot + 1 : text, names, sizeof names / sizeof *names);
    return near ? arena_format(arena, "did you mean \"%s\"?", near)
                : "metrics: mean, p50, p95, p99.9, ttfb.p95, tpot.p95, gap.p99, "
                  "errors, cut, throughput, goodput, utilisation";
}

/* The scope ends at the first dot, names having none, or at the second: "users.page";
 * but "p99.9" is all metric. */
bool promise_read_metric(struct where *where, uint32_t at, const char *left,
                         struct slo *slo, enum param_type *type)
{
    if (read_metric(left, slo, type))
        return true;
    const char *dot = left;
    for (int i = 0; i < 2 && (dot = strchr(dot + (i > 0), '.')); i++)
        if (dot > left && read_metric(dot + 1, slo, type)) {
            slo->scope = arena_text(where->arena, left, (size_t)(dot - left));
            return true;
        }
    where_problem(where, at, NULL,
                  "must name a metric before the comparison, is \"%s\" (%s)", left,
                  near_metric(where->arena, left));
    return false;
}

static bool read_quantity(enum param_type type, const char *text, double *value)
{
    char *end;
    if (quantity_read(type, text, value)) {
        *value /= quantity_scale(type);
        return *value >= 0;
    }
    if (!quantity_may_be_bare(type) || !strchr("0123456789", text[0]) ||
        text[0] == '\0' || strpbrk(text, "xX"))
        return false;
    *value = strtod(text, &end);
    return *end == '\0' && isfinite(*value);
}

/* "errors < 1" is meant to be 1 %, and would always be kept. */
static bool is_limit(struct where *where, uint32_t at, enum param_type type,
                     const char *right, const struct slo *slo)
{
    if (type != PARAM_FRACTION || slo->value < 1)
        return true;
    bool bare = !strchr(right, '%');
    if (!bare && slo->value == 1)
        return true;
    where_problem(
        where, at, NULL,
        "must end in a part of the whole, less than 1 or \"100%%\", is \"%s\"%s",
        slo->text,
        bare ? arena_format(where->arena, " (did you mean \"%s%%\"?)", right) : "");
    return false;
}

bool promise_read(struct where *where, uint32_t at, const char *text, struct slo *slo)
{
    *slo = (struct slo){.at = at, .text = text};
    size_t length = strcspn(text, "<>");
    if (text[length] == '\0') {
        where_problem(
            where, at, NULL,
            "must be a promise such as \"page.p95 < 2s\" or \"errors < 1%%\", "
            "is \"%s\"",
            text);
        return false;
    }
    bool less = text[length] == '<', equal = text[length + 1] == '=';
    slo->op =
        less ? (equal ? SLO_AT_MOST : SLO_LESS) : (equal ? SLO_AT_LEAST : SLO_MORE);
    const char *right = text + length + 1 + equal;
    enum param_type type;
    if (!promise_read_metric(where, at, trimmed(where->arena, text, length), slo,
                             &type))
        return false;
    right = trimmed(where->arena, right, strlen(right));
    if (read_quantity(type, right, &slo->value))
        return is_limit(where, at, type, right, slo);
    const char *meant = quantity_meant(where->arena, type, right);
    where_problem(
        where, at, NULL, "must end in %s, is \"%s\"%s", quantity_noun(type), text,
        meant ? arena_format(where->arena, " (did you mean \"%s\"?)", meant) : "");
    return false;
}

bool promise_read_precision(struct where *where, uint32_t at, const char *text,
                            struct precision *precision)
{
    static const char word[] = " within ";
    *precision = (struct precision){.at = at, .text = text};
    const char *within = strstr(text, word);
    if (within) {
        const char *metric = trimmed(where->arena, text, (size_t)(within - text));
        const char *right = within + strlen(word);
        right = trimmed(where->arena, right, strlen(right));
        precision->of_mean = strcmp(metric, "mean") == 0;
        if ((precision->of_mean || read_quantile(metric, &precision->quantile)) &&
            read_quantity(PARAM_FRACTION, right, &precision->within) &&
            precision->within >= LEAST_PRECISION && precision->within < 1)
            return true;
    }
    where_problem(
        where, at, NULL,
        "must be a precision such as \"p99 within 5%%\" or \"mean within 1%%\", "
        "is \"%s\"",
        text);
    return false;
}
