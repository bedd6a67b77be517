/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/presets/listen.h"

/* Pauses of a client between its attempts to connect, the last one before it gives up.
 * Linux 6.5 and later (tcp_syn_linear_timeouts = 4): tries after 1, 2, 3, 4, 5, 7, 11,
 * 19, 35 and 67 s, up at 131 s. Before: after 1, 3, 7, 15, 31 and 63 s, up at 127 s. */
const int listen_linear_pauses[] = {1, 1, 1, 1, 1, 2, 4, 8, 16, 32, 64, 0};
static const int doubling[] = {1, 2, 4, 8, 16, 32, 64, 0};
static const int *const schedules[] = {listen_linear_pauses, doubling};

static const char *const schedule_names[] = {"linear", "doubling", NULL};

#define AT(field) offsetof(struct listen_conf, field)
const struct param listen_params[] = {
    BACKLOG_ROW("backlog", offsetof(struct listen_conf, backlog), 2048),
    {.type = PARAM_INCLUDE, .of = listen_kernel_params},
    {0},
};

const struct param listen_kernel_params[] = {
    {.key = "somaxconn", .type = PARAM_COUNT, .offset = AT(somaxconn), .least = 1,
     .most = 1e6, .fallback = 4096,
     .doc = "net.core.somaxconn where the server runs (in its container): 4096 since "
            "Linux 5.4, 128 before."},
    {.key = "syn_retries", .type = PARAM_CHOICE, .offset = AT(syn_retries),
     .choices = schedule_names,
     .doc = "When clients whose attempt was dropped try again. linear (Linux 6.5 and "
            "later): after 1, 2, 3, 4, 5, 7, 11, 19, 35 and 67 s; doubling (before): "
            "after 1, 3, 7, 15, 31 and 63 s."},
    {0},
};
#undef AT

void listen_build(const struct listen_conf *conf, struct server_part *part)
{
    part->queue_limit =
        (conf->backlog < conf->somaxconn ? conf->backlog : conf->somaxconn) + 1;
    part->knock_pauses = schedules[conf->syn_retries];
}
