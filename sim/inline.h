/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * inline -- what is joined to its caller and what is kept apart, where that must not be
 * left to the compiler's guess: an event is a chain of many small functions, and each
 * call saves and restores registers for longer than most of them work.
 */
#ifndef SIM_INLINE_H
#define SIM_INLINE_H

/* Happens with nearly every event. */
#define HOT_INLINE static inline __attribute__((always_inline))

/* The same for a function of another file: where the layers are optimised together its
 * callers are joined with it, elsewhere they call it. */
#define HOT_ACROSS __attribute__((always_inline)) inline

/* A condition that most events find false: what follows it is laid out of their way. */
#define RARELY(condition) __builtin_expect(!!(condition), 0)

/* Rare, beside the usual way, which stays short without it. */
#define OUT_OF_LINE __attribute__((noinline))

#endif
