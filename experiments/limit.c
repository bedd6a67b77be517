/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/limit.h"

#include "experiments/quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An answer is given when the two-sided interval of 95 % excludes the other one. */
static const double sure = (1 + ESTIMATE_CONFIDENCE) / 2;
/* Two ways of adding the same up differ by so much at most. */
static const double rounding = 1e-9;

static const char *trimmed(struct arena *arena, const char *text, size_t length)
{
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    while (length > 0 && text[length - 1] == ' ')
        length--;
    return arena_text(arena, text, length);
}

/* ---- reading --------------------------------------------------------------------- */

static bool tell(struct where *where, uint32_t at, const char *text, bool *told)
{
    *told = true;
    where_problem(where, at, NULL,
                  "must say something of a number, such as \"< 2s\", \"between 1%% "
                  "and 5%%\" or \"about 16.5s within 10%%\", is \"%s\"",
                  text);
    return false;
}

/* Where a word stands, with blanks around it or at the beginning; NULL. */
static const char *word_in(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at; at = strstr(at + 1, word))
        if ((at == text || at[-1] == ' ') && at[length] == ' ')
            return at;
    return NULL;
}

static bool split_about(struct where *where, uint32_t at, const char *text,
                        const char *about, struct limit_words *words, bool *told)
{
    const char *rest = about + strlen("about"), *within = word_in(rest, "within");
    if (!within)
        return tell(where, at, text, told);
    words->op = LIMIT_ABOUT;
    words->left = trimmed(where->arena, text, (size_t)(about - text));
    words->a = trimmed(where->arena, rest, (size_t)(within - rest));
    const char *part = within + strlen("within");
    part = trimmed(where->arena, part, strlen(part));
    *told = !limit_value(where, at, PARAM_FRACTION, part, &words->within);
    if (!*told && words->within < 0) {
        where_problem(where, at, NULL, "must be within a part above 0, is within %s",
                      part);
        *told = true;
    }
    return !*told;
}

static bool split_between(struct where *where, uint32_t at, const char *text,
                          const char *between, struct limit_words *words, bool *told)
{
    const char *rest = between + strlen("between"), *and = word_in(rest, "and");
    if (!and)
        return tell(where, at, text, told);
    words->op = LIMIT_BETWEEN;
    words->left = trimmed(where->arena, text, (size_t)(between - text));
    words->a = trimmed(where->arena, rest, (size_t)(and-rest));
    words->b = trimmed(where->arena, and+3, strlen(and+3));
    return true;
}

bool limit_split(struct where *where, uint32_t at, const char *text,
                 struct limit_words *words, bool *told)
{
    *words = (struct limit_words){.left = "", .a = "", .b = ""};
    *told = false;
    const char *about = word_in(text, "about"), *between = word_in(text, "between");
    if (about)
        return split_about(where, at, text, about, words, told);
    if (between)
        return split_between(where, at, text, between, words, told);
    size_t length = strcspn(text, "<>=");
    const char *sign = text + length;
    if (!*sign)
        return false;
    bool equal = *sign != '=' && sign[1] == '=';
    words->op = *sign == '='   ? LIMIT_EQUAL
                : *sign == '<' ? (equal ? LIMIT_AT_MOST : LIMIT_LESS)
                               : (equal ? LIMIT_AT_LEAST : LIMIT_MORE);
    words->left = trimmed(where->arena, text, length);
    words->a = trimmed(where->arena, sign + 1 + equal, strlen(sign + 1 + equal));
    return *words->a || tell(where, at, text, told);
}

bool limit_value(struct where *where, uint32_t at, enum param_type type,
                 const char *text, double *value)
{
    char *end;
    if (quantity_read(type, text, value)) {
        *value /= quantity_scale(type);
        return true;
    }
    bool bare = !quantity_has_units(type) || quantity_may_be_bare(type);
    if (bare && strchr("-0123456789", *text) && *text && !strpbrk(text, "xXnN")) {
        *value = strtod(text, &end);
        if (*end == '\0' && isfinite(*value))
            return true;
    }
    const char *meant = quantity_meant(where->arena, type, text);
    where_problem(
        where, at, NULL, "must compare with %s, is \"%s\"%s", quantity_noun(type), text,
        meant ? arena_format(where->arena, " (did you mean \"%s\"?)", meant) : "");
    return false;
}

bool limit_of(struct where *where, uint32_t at, const struct limit_words *words,
              double a, double b, struct limit *limit)
{
    *limit = (struct limit){-INFINITY, INFINITY, false, false};
    switch (words->op) {
    case LIMIT_LESS:
    case LIMIT_AT_MOST:
        limit->high = a;
        limit->high_open = words->op == LIMIT_LESS;
        break;
    case LIMIT_MORE:
    case LIMIT_AT_LEAST:
        limit->low = a;
        limit->low_open = words->op == LIMIT_MORE;
        break;
    case LIMIT_EQUAL:
        limit->low = a - rounding * fabs(a);
        limit->high = a + rounding * fabs(a);
        break;
    case LIMIT_BETWEEN:
        limit->low = a;
        limit->high = b;
        break;
    case LIMIT_ABOUT:
        limit->low = a - words->within * fabs(a) * (1 + rounding);
        limit->high = a + words->within * fabs(a) * (1 + rounding);
        break;
    }
    if (limit->low <= limit->high)
        return true;
    where_problem(where, at, NULL,
                  "must be between a smaller and a larger number, is "
                  "between %s and %s",
                  words->a, words->b);
    return false;
}

bool limit_values(struct where *where, uint32_t at, enum param_type type,
                  const struct limit_words *words, struct limit *limit)
{
    double a, b = 0;
    return limit_value(where, at, type, words->a, &a) &&
           (words->op != LIMIT_BETWEEN || limit_value(where, at, type, words->b, &b)) &&
           limit_of(where, at, words, a, b, limit);
}

/* ---- judging --------------------------------------------------------------------- */

enum answer limit_holds(const struct limit *limit, double value)
{
    bool above = limit->low_open ? value > limit->low : value >= limit->low;
    bool below = limit->high_open ? value < limit->high : value <= limit->high;
    return above && below ? ANSWER_YES : ANSWER_NO;
}

enum answer limit_judge(const struct limit *limit, const struct estimate *e)
{
    if (isnan(e->value))
        return ANSWER_OPEN;
    if (!(e->half_width > 0) || e->n < 2)
        return limit_holds(limit, e->value);
    double above = isinf(limit->low) ? 1 : 1 - estimate_chance_below(e, limit->low);
    double below = isinf(limit->high) ? 1 : estimate_chance_below(e, limit->high);
    double chance = fmin(above, below);
    return chance >= sure ? ANSWER_YES : chance <= 1 - sure ? ANSWER_NO : ANSWER_OPEN;
}

enum answer limit_both(enum answer a, enum answer b)
{
    return a < b ? a : b;
}
