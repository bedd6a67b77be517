/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/presets/batch.h"

#define AT(field) offsetof(struct batch_time_conf, field)
const struct param batch_time_params[] = {
    {.key = "time", .type = PARAM_RANDOM, .offset = AT(time), .unit = PARAM_DURATION,
     .doc = "What a batch takes however many requests are in it."},
    {.key = "time_per_request", .type = PARAM_RANDOM, .offset = AT(per_request),
     .unit = PARAM_DURATION,
     .doc = "And for each request in it; drawn once for a batch."},
    {.key = "batch_time", .type = PARAM_LIST, .offset = AT(points),
     .of = &curve_point_row,
     .doc = "Time of a batch by its size, linear between the points and on past the "
            "last, instead of both."},
    {0},
};
#undef AT

void batch_build(const struct batch_time_conf *conf, uint32_t at, struct server_part *s,
                 struct listener *out)
{
    bool formula = conf->time || conf->per_request;
    if (formula == (conf->points.count > 0))
        complain(out, at, "batch_time",
                 "must be given, or \"time\" and \"time_per_request\" instead");
    s->duty = DUTY_BATCH;
    s->slot_name = "request";
    s->batch = (struct batch_part){.time = conf->time,
                                   .per_request = conf->per_request,
                                   .points = conf->points.count ? &conf->points : NULL};
}
