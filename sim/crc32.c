/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sim/crc32.h"

uint32_t crc32_more(uint32_t crc, const void *bytes, size_t count)
{
    const uint8_t *byte = bytes;
    for (size_t i = 0; i < count; i++) {
        crc ^= byte[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xEDB88320) & -(crc & 1));
    }
    return crc;
}
