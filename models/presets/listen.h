/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * listen -- keys of servers that take connections from a listen queue of the kernel.
 */
#ifndef MODELS_PRESETS_LISTEN_H
#define MODELS_PRESETS_LISTEN_H

#include "models/kind.h"

struct listen_conf {
    int64_t backlog, somaxconn;
    int syn_retries;
};

extern const struct param listen_params[];

/* The same without the backlog, for servers that call it by another name or have
 * another default. */
extern const struct param listen_kernel_params[];

#define BACKLOG_ROW(key_, offset_, default_)                                           \
    {.key = key_, .type = PARAM_COUNT, .offset = offset_, .least = 1, .most = 1e6,     \
     .fallback = default_,                                                             \
     .doc = "Listen queue; holds one more than the smaller of this and somaxconn. "    \
            "Beyond that Linux drops connection attempts silently, and clients try "   \
            "again: see syn_retries."}
#define KERNEL_ROWS                                                                    \
    {.type = PARAM_INCLUDE, .of = listen_kernel_params,                                \
     .offset = offsetof(struct conf, listen)}

#define LISTEN_ROWS                                                                    \
    {.type = PARAM_INCLUDE, .of = listen_params,                                       \
     .offset = offsetof(struct conf, listen)}

void listen_build(const struct listen_conf *conf, struct server_part *part);

#endif
