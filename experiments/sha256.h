/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sha256 -- the digest of FIPS 180-4: names things by what they are made of, and tells
 * whether stored bytes are still those that were written.
 *
 *     struct sha256 s;
 *     sha256_begin(&s);
 *     sha256_add(&s, bytes, length);
 *     struct digest d = sha256_end(&s);
 */
#ifndef EXPERIMENTS_SHA256_H
#define EXPERIMENTS_SHA256_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32, DIGEST_TEXT = 2 * DIGEST_BYTES + 1 };

struct digest {
    unsigned char byte[DIGEST_BYTES];
};

struct sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes so far */
    unsigned char block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *bytes, size_t length);
struct digest sha256_end(struct sha256 *s);

/* A whole number, the same on every machine; a text with its length before it, so that
 * neighbours cannot run into each other. */
void sha256_add_number(struct sha256 *s, uint64_t number);
void sha256_add_text(struct sha256 *s, const char *text, size_t length);

void digest_text(const struct digest *d, char text[DIGEST_TEXT]);

#endif
