/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * utf8 -- one character at a time out of bytes that may be anything.
 */
#ifndef EXPERIMENTS_UTF8_H
#define EXPERIMENTS_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The bytes of the first character, 1 to 4, and its code point; 0 if they are not UTF-8
 * (overlong forms, surrogates and anything above U+10FFFF are not). */
size_t utf8_decode(const char *bytes, size_t length, uint32_t *point);

/* Writes a code point, at most 4 bytes; how many. */
size_t utf8_encode(uint32_t point, char *bytes);

#endif
