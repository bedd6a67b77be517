/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * omitted -- behaviour of real servers that is left out on purpose, by its number in
 * the rules that the parts follow (tests/rules/rules.txt). Printed in the reference, so
 * that a user knows what a prediction does not contain.
 */
#ifndef MODELS_OMITTED_H
#define MODELS_OMITTED_H

struct omission {
    const char *rule; /* as "2.2.6" */
    const char *what; /* the behaviour, in a few words */
    const char *why;  /* one sentence: what it means for a prediction */
};

/* Ends with a row whose rule is NULL. */
extern const struct omission omissions[];

#endif
