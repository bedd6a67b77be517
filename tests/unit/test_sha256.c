/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The digest against the examples of FIPS 180-4 (NIST, SHA-256 examples). */
#include "experiments/sha256.h"
#include "unit/cases.h"

#include <string.h>

static void of(const char *text, size_t times, char hex[DIGEST_TEXT])
{
    struct sha256 s;
    sha256_begin(&s);
    for (size_t i = 0; i < times; i++)
        sha256_add(&s, text, strlen(text));
    struct digest d = sha256_end(&s);
    digest_text(&d, hex);
}

static void known_answers(void **state)
{
    (void)state;
    char hex[DIGEST_TEXT];
    of("", 1, hex);
    assert_string_equal(
        hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    of("abc", 1, hex);
    assert_string_equal(
        hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1, hex);
    assert_string_equal(
        hex, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    of("a", 1000000, hex);
    assert_string_equal(
        hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void neighbours_do_not_run_together(void **state)
{
    (void)state;
    struct sha256 a, b;
    sha256_begin(&a);
    sha256_add_text(&a, "ab", 2);
    sha256_add_text(&a, "c", 1);
    sha256_begin(&b);
    sha256_add_text(&b, "a", 1);
    sha256_add_text(&b, "bc", 2);
    struct digest x = sha256_end(&a), y = sha256_end(&b);
    assert_memory_not_equal(x.byte, y.byte, DIGEST_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(neighbours_do_not_run_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
