/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Any bytes at all: scenario_parse may complain but must not crash, leak or hang.
 *
 * Under clang's -fsanitize=fuzzer this is a libFuzzer target:
 *     fuzz_fuzz_scenario -max_len=65536 tests/fuzz/corpus tests/scenario/bad
 * Compiled with -DFUZZ_MAIN it is a program of its own, for compilers without
 *     libFuzzer: fuzz SECONDS FILE...
 * which reads each file as it is, then random mutations of them until time is up.
 */
#include "experiments/scenario.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    static FILE *nowhere;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    struct arena arena;
    arena_init(&arena);
    struct where *where = where_new(&arena);
    /* a copy of exactly this length, so that reading past its end is noticed */
    char *copy = malloc(length + 1);
    if (length > 0)
        memcpy(copy, bytes, length);
    copy = realloc(copy, length ? length : 1);
    scenario_parse(&arena, "fuzz.json", NULL, copy, length, NULL, 0, where);
    where_print(where, nowhere);
    where_print_notes(where, nowhere);
    free(copy);
    arena_free(&arena);
    return 0;
}

#ifdef FUZZ_MAIN

enum { MOST_BYTES = 1 << 16, MOST_SEEDS = 1000, MOST_MUTATIONS = 8 };

struct seed {
    uint8_t *bytes;
    size_t length;
};

static uint64_t random_word(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t below(uint64_t *state, size_t limit)
{
    return limit ? (size_t)(random_word(state) % limit) : 0;
}

/* Flips a bit, sets a telling byte, cuts a piece out, or copies one from another
 * seed. */
static size_t mutate(uint8_t *bytes, size_t length, const struct seed *other,
                     uint64_t *state)
{
    static const uint8_t telling[] = "{}[]\",:\\/*0-.eE\n\0\x1b\x80\xff" "u9n";
    size_t at = below(state, length), size = 1 + below(state, 32);
    if (length == 0)
        return 0;
    switch (below(state, 4)) {
    case 0:
        bytes[at] ^= (uint8_t)(1u << below(state, 8));
        return length;
    case 1:
        bytes[at] = telling[below(state, sizeof telling)];
        return length;
    case 2:
        size = size < length - at ? size : length - at;
        memmove(bytes + at, bytes + at + size, length - at - size);
        return length - size;
    default: {
        size_t from = below(state, other->length), rest = other->length - from;
        size = size < rest ? size : rest;
        if (length + size > MOST_BYTES)
            return length;
        memmove(bytes + at + size, bytes + at, length - at);
        memcpy(bytes + at, other->bytes + from, size);
        return length + size;
    }
    }
}

static struct seed load(const char *path)
{
    struct seed seed = {.bytes = malloc(MOST_BYTES)};
    FILE *file = fopen(path, "rb");
    if (!seed.bytes || !file) {
        perror(path);
        exit(1);
    }
    seed.length = fread(seed.bytes, 1, MOST_BYTES, file);
    fclose(file);
    return seed;
}

int main(int argc, char **argv)
{
    static struct seed seeds[MOST_SEEDS];
    static uint8_t bytes[MOST_BYTES];
    uint64_t state = 88172645463325252u;
    unsigned long runs = 0;
    int count = argc - 2 < MOST_SEEDS ? argc - 2 : MOST_SEEDS;
    if (count < 1) {
        fputs("usage: fuzz SECONDS FILE...\n", stderr);
        return 2;
    }
    for (int i = 0; i < count; i++) {
        seeds[i] = load(argv[i + 2]);
        LLVMFuzzerTestOneInput(seeds[i].bytes, seeds[i].length);
    }
    time_t stop = time(NULL) + atoi(argv[1]);
    for (; time(NULL) < stop; runs++) {
        const struct seed *seed = &seeds[below(&state, (size_t)count)];
        size_t length = seed->length;
        memcpy(bytes, seed->bytes, length);
        for (size_t n = 1 + below(&state, MOST_MUTATIONS); n > 0; n--)
            length =
                mutate(bytes, length, &seeds[below(&state, (size_t)count)], &state);
        LLVMFuzzerTestOneInput(bytes, length);
    }
    printf("%lu mutations of %d files\n", runs, count);
    for (int i = 0; i < count; i++)
        free(seeds[i].bytes);
    return 0;
}

#endif
