/* SPDX-License-Identifier: GPL-3.0-or-later */
/* With blocks of 64 bytes every request meets a block's end. */
#define ARENA_BLOCK 64
#include "sim/arena.c"

#include "unit/cases.h"

#include <stdbool.h>

static int set_up(void **state)
{
    static struct arena arena;
    arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    arena_free(*state);
    return 0;
}

static bool is_filled(const unsigned char *bytes, size_t size, int with)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != with)
            return false;
    return true;
}

enum { PIECES = 200 };

/* Piece i has i bytes, all set to i: an overlap with a later one would show. */
static void pieces_are_zeroed_aligned_and_apart(void **state)
{
    unsigned char *piece[PIECES];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < PIECES; i++) {
            piece[i] = arena_array(*state, 1, (size_t)i);
            assert_true(is_filled(piece[i], (size_t)i, 0));
            assert_int_equal((uintptr_t)piece[i] % (i >= 64 ? 64 : 16), 0);
            memset(piece[i], i, (size_t)i);
        }
        for (int i = 0; i < PIECES; i++)
            assert_true(is_filled(piece[i], (size_t)i, i));
        arena_reset(*state);
    }
}

static void a_reset_keeps_the_blocks(void **state)
{
    struct arena *arena = *state;
    void *first = arena_array(arena, 10, 100);
    assert_int_equal(arena->taken, 1000);
    arena_reset(arena);
    assert_int_equal(arena->taken, 0);
    assert_ptr_equal(arena_array(arena, 10, 100), first);
    assert_null(arena->spare);
}

static void a_spare_block_that_is_too_small_stays_spare(void **state)
{
    struct arena *arena = *state;
    arena_array(arena, 1, 8);
    arena_reset(arena);
    arena_array(arena, 1, 4096);
    assert_non_null(arena->spare);
    assert_null(arena->blocks->next);
}

static void text_is_copied_and_ended(void **state)
{
    assert_string_equal(arena_text(*state, "gunicorn", 4), "guni");
    assert_string_equal(arena_text(*state, "", 0), "");
}

static void formatted_text_may_be_longer_than_a_block(void **state)
{
    char *text = arena_format(*state, "%0200d and %s", 7, "more");
    assert_int_equal(strlen(text), 209);
    assert_string_equal(text + 199, "7 and more");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pieces_are_zeroed_aligned_and_apart, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_reset_keeps_the_blocks, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_spare_block_that_is_too_small_stays_spare,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(text_is_copied_and_ended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(formatted_text_may_be_longer_than_a_block,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
