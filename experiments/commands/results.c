/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/commands/results.h"

#include "experiments/commands/command.h"

#include <stdio.h>
#include <string.h>

struct teller {
    const char *verb, *path;
    struct arena *arena;
};

static void tell(const struct teller *t, const char *before, const char *what)
{
    fprintf(stderr, "headroom %s: %s: %s%s\n", t->verb, where_safe(t->arena, t->path),
            before, where_safe(t->arena, what));
}

static void tell_fault(void *context, const char *fault)
{
    tell(context, "damaged: ", fault);
}

bool results_are_at(const char *path)
{
    const char *dot = strrchr(path, '.');
    return store_is_one(path) || (dot && strcmp(dot, ".hdb") == 0);
}

int results_open(const char *verb, const char *path, struct arena *arena,
                 struct store **store)
{
    const char *why;
    struct teller teller = {verb, path, arena};
    enum store_end end = store_open(store, path, STORE_READ, arena, &why);
    if (end != STORE_OPEN) {
        tell(&teller, "", why);
        return end == STORE_INPUT ? COMMAND_INPUT : COMMAND_MACHINE;
    }
    if (!store_broken_seals(*store, arena, tell_fault, &teller))
        return COMMAND_DONE;
    store_close(*store);
    return COMMAND_MACHINE;
}
