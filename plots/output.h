/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * output -- a file that appears whole or not at all.
 *
 * The bytes go to a new file beside the target, reach the disk, and take the target's
 * name in one step. A symbolic link is never written through: without `force` it counts
 * as an existing file, with it the link itself is replaced.
 */
#ifndef PLOTS_OUTPUT_H
#define PLOTS_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

enum output_result { OUTPUT_WRITTEN, OUTPUT_EXISTS, OUTPUT_FAILED };

/* What a write would say, as far as it can be known before: OUTPUT_WRITTEN when
 * nothing stands against it. */
enum output_result output_check(const char *path, bool force, char *error, size_t size);

/* On anything but OUTPUT_WRITTEN, `error` (of `size` bytes) says why. */
enum output_result output_write(const char *path, const void *bytes, size_t length,
                                bool force, char *error, size_t size);

#endif
