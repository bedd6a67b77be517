/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * crc32 -- the checksum of IEEE 802.3, for what real servers hash with it.
 *
 * Begin with UINT32_MAX, add bytes as they come; the complement is the checksum.
 */
#ifndef SIM_CRC32_H
#define SIM_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_more(uint32_t crc, const void *bytes, size_t count);

#endif
