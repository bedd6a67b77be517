/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * power -- what a disk may hold when the power goes after so many events of a log:
 *
 *     power LOG                     how many events there are
 *     power LOG EVENTS SEED FILE    makes FILE and its journals; prints what had been
 *                                   told by then, in bytes
 *
 * What was synced is there. Of what was written since, each sector of 512 bytes is
 * there or is not, by the toss of a coin: disks order writes as they like. Removing a
 * file takes effect at once, as on a file system with a journal of its own.
 */
#include "faults/log_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SECTOR = 512 };

struct image {
    unsigned char *synced, *now;
    size_t synced_size, now_size, room;
};

static uint64_t coins;

static int toss(void) /* splitmix64 */
{
    uint64_t z = coins += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return (z ^ z >> 31) & 1;
}

static void need(struct image *i, size_t size)
{
    if (size <= i->room)
        return;
    size_t room = 2 * size;
    i->synced = realloc(i->synced, room);
    i->now = realloc(i->now, room);
    if (!i->synced || !i->now)
        abort();
    memset(i->synced + i->room, 0, room - i->room);
    memset(i->now + i->room, 0, room - i->room);
    i->room = room;
}

static void apply(struct image *i, const struct log_record *r, FILE *log)
{
    switch ((enum log_what)r->what) {
    case LOG_WRITE:
        need(i, (size_t)(r->at + r->length));
        if (fread(i->now + r->at, 1, (size_t)r->length, log) != (size_t)r->length)
            abort();
        if ((size_t)(r->at + r->length) > i->now_size)
            i->now_size = (size_t)(r->at + r->length);
        break;
    case LOG_TRUNCATE:
        need(i, (size_t)r->length);
        if ((size_t)r->length < i->now_size)
            memset(i->now + r->length, 0, i->now_size - (size_t)r->length);
        i->now_size = (size_t)r->length;
        break;
    case LOG_SYNC:
        if (i->room)
            memcpy(i->synced, i->now, i->room);
        i->synced_size = i->now_size;
        break;
    case LOG_REMOVE:
        if (i->room) {
            memset(i->synced, 0, i->room);
            memset(i->now, 0, i->room);
        }
        i->synced_size = i->now_size = 0;
        break;
    }
}

static void write_image(const struct image *i, const char *file, const char *suffix)
{
    char path[1000];
    size_t size = toss() ? i->now_size : i->synced_size;
    snprintf(path, sizeof path, "%s%s", file, suffix);
    remove(path);
    if (size == 0)
        return;
    FILE *out = fopen(path, "wb");
    if (!out)
        abort();
    for (size_t at = 0; at < size; at += SECTOR) {
        size_t length = size - at < SECTOR ? size - at : SECTOR;
        fwrite((toss() ? i->now : i->synced) + at, 1, length, out);
    }
    if (fclose(out) != 0)
        abort();
}

int main(int argc, char **argv)
{
    static const char *const suffix[LOG_FILES] = {"", "-wal", "-journal"};
    struct image image[LOG_FILES] = {{0}};
    struct log_record r;
    long events = 0, most = argc > 2 ? atol(argv[2]) : -1;
    long long told = 0;
    FILE *log = argc > 1 ? fopen(argv[1], "rb") : NULL;
    if (!log || (argc != 2 && argc != 5))
        return 2;
    while (events != most && fread(&r, sizeof r, 1, log) == 1) {
        apply(&image[r.file], &r, log);
        told = r.told;
        events++;
    }
    fclose(log);
    if (argc == 2) {
        printf("%ld\n", events);
        return 0;
    }
    coins = strtoull(argv[3], NULL, 10);
    for (int f = 0; f < LOG_FILES; f++)
        write_image(&image[f], argv[4], suffix[f]);
    printf("%lld\n", told);
    return 0;
}
