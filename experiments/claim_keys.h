/* SPDX-License-Identifier: GPL-3.0-or-later */
/* claim_keys -- the keys of a claims file as they are bound; see claim_file.h. */
#ifndef EXPERIMENTS_CLAIM_KEYS_H
#define EXPERIMENTS_CLAIM_KEYS_H

#include "sim/param.h"

/* Numbers of values: 0 where absent. */
struct change_keys {
    const char *scenario;
    uint32_t patch, at;
};

struct sum_keys {
    uint32_t at;
    const char *says, *from, *expect;
};

struct alternative_keys {
    uint32_t at;
    const char *says;
    struct change_keys change;
    struct param_list calculate; /* struct sum_keys */
};

struct capacity_keys {
    uint32_t at;
    const char *load, *expect;
    struct param_list slo; /* const char * */
};

struct against_keys {
    uint32_t at;
    struct change_keys change;
    struct param_list expect; /* const char * */
};

enum { LINT_NONE, LINT_NAMED };

struct claim_keys {
    uint32_t at;
    const char *id, *says, *missing, *not_modelled;
    int64_t line;
    struct change_keys change;
    uint32_t across;
    struct param_list expect, assumes; /* const char * */
    struct capacity_keys *capacity;
    struct against_keys *against;
    struct param_list calculate; /* struct sum_keys */
    struct param_list holds_if;  /* struct alternative_keys */
    struct param_variant lint;
};

struct claim_file_keys {
    const char *schema, *description, *document, *source;
    struct change_keys change;
    struct param_list claims; /* struct claim_keys */
};

#endif
