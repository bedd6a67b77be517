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

#define LISTEN_ROWS                                                                    \
    {.type = PARAM_INCLUDE, .of = listen_params,                                       \
     .offset = offsetof(struct conf, listen)}

void listen_build(const struct listen_conf *conf, struct server_part *part);

#endif
