/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * batch -- how long a batch takes, the same for all model servers: a time, and one for
 * each request in it, or points that were measured.
 */
#ifndef MODELS_PRESETS_BATCH_H
#define MODELS_PRESETS_BATCH_H

#include "models/kind.h"

struct batch_time_conf {
    struct dist *time, *per_request;
    struct param_list points; /* struct curve_point */
};

extern const struct param batch_time_params[];

#define BATCH_TIME_ROWS                                                                \
    {.type = PARAM_INCLUDE, .of = batch_time_params,                                   \
     .offset = offsetof(struct conf, time)}

void batch_build(const struct batch_time_conf *conf, uint32_t at, struct server_part *s,
                 struct listener *out);

#endif
