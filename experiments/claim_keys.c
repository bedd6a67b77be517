/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/claim_keys.h"

#include "experiments/claim_file.h"

static const struct param text_row = {.key = "text", .type = PARAM_TEXT};

#define AT(field) offsetof(struct change_keys, field)
static const struct param change_rows[] = {
    {.key = "scenario", .type = PARAM_TEXT, .offset = AT(scenario),
     .doc = "Path of the scenario, as seen from this file; it may begin with `..`."},
    {.key = "patch", .type = PARAM_ANY, .offset = AT(patch),
     .doc = "What is different in it: a merge patch (RFC 7396)."},
    {.key = "at", .type = PARAM_ANY, .offset = AT(at),
     .doc = "Single values that are different, by JSON pointer."},
    {0},
};
#undef AT

#define CHANGE(owner)                                                                  \
    {.key = "change", .type = PARAM_INCLUDE, .of = change_rows,                        \
     .offset = offsetof(struct owner, change)}

#define AT(field) offsetof(struct sum_keys, field)
static const struct param sum_params[] = {
    {.key = "says", .type = PARAM_TEXT, .offset = AT(says),
     .doc = "What is worked out."},
    {.key = "from", .type = PARAM_TEXT, .offset = AT(from), .required = true,
     .doc = "Arithmetic with units, such as \"1000 * 50B\" or \"80 / 100ms\"."},
    {.key = "expect", .type = PARAM_TEXT, .offset = AT(expect), .required = true,
     .doc = "What must come out, such as \"about 50MB within 5%\"."},
    {0},
};
#undef AT
static const struct param sum_row = {.key = "sum", .type = PARAM_OBJECT,
                                     .of = sum_params,
                                     .size = sizeof(struct sum_keys)};

#define AT(field) offsetof(struct alternative_keys, field)
static const struct param alternative_params[] = {
    {.key = "says", .type = PARAM_TEXT, .offset = AT(says), .required = true,
     .doc = "The assumption, to be read after \"it would hold if\"."},
    CHANGE(alternative_keys),
    {.key = "calculate", .type = PARAM_LIST, .offset = AT(calculate), .of = &sum_row,
     .doc = "Other arithmetic instead of the claim's."},
    {0},
};
#undef AT
static const struct param alternative_row = {.key = "assumption", .type = PARAM_OBJECT,
                                             .of = alternative_params,
                                             .size = sizeof(struct alternative_keys)};

#define AT(field) offsetof(struct capacity_keys, field)
static const struct param capacity_params[] = {
    {.key = "load", .type = PARAM_TEXT, .offset = AT(load),
     .doc = "JSON pointer to the number that is turned; the first open rate or number "
            "of users when absent."},
    {.key = "slo", .type = PARAM_LIST, .offset = AT(slo), .of = &text_row,
     .doc = "What must be kept; when absent, the load must only be carried."},
    {.key = "expect", .type = PARAM_TEXT, .offset = AT(expect),
     .doc = "What the largest such load is, such as \">= 1000/s\" or \"between 500 and "
            "800\"."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct against_keys, field)
static const struct param against_params[] = {
    CHANGE(against_keys),
    {.key = "expect", .type = PARAM_LIST, .offset = AT(expect), .of = &text_row,
     .least = 1, .required = true,
     .doc = "How the claim's own compares with it: \"p95 lower\", \"errors higher\", "
            "\"throughput ratio >= 2\", \"capacity ratio >= 2\"."},
    {0},
};
#undef AT

static const char *const nones[] = {"none", NULL};
static const struct param lint_forms[] = {
    {.key = "none", .type = PARAM_CHOICE, .choices = nones,
     .doc = "Nothing must be found."},
    {.key = "rules", .type = PARAM_LIST, .of = &text_row, .least = 1,
     .doc = "None of these must be found."},
    {0},
};

#define AT(field) offsetof(struct claim_keys, field)
static const struct param claim_params[] = {
    {.key = "id", .type = PARAM_TEXT, .offset = AT(id), .required = true,
     .doc = "Short and once in the file, such as \"3.33\"."},
    {.key = "line", .type = PARAM_COUNT, .offset = AT(line), .most = 1e9,
     .doc = "Where it stands in the document."},
    {.key = "says", .type = PARAM_TEXT, .offset = AT(says), .required = true,
     .doc = "What the document says."},
    CHANGE(claim_keys),
    {.key = "across", .type = PARAM_ANY, .offset = AT(across),
     .doc = "Values at each of which it must hold, as in the `vary` of experiments."},
    {.key = "expect", .type = PARAM_LIST, .offset = AT(expect), .of = &text_row,
     .doc = "What a simulation must show, such as \"stable\" or \"page.p95 < 2s\"."},
    {.key = "capacity", .type = PARAM_OBJECT, .offset = AT(capacity),
     .of = capacity_params, .size = sizeof(struct capacity_keys),
     .doc = "What a search for the largest load must show."},
    {.key = "against", .type = PARAM_OBJECT, .offset = AT(against),
     .of = against_params, .size = sizeof(struct against_keys),
     .doc = "Another one that it is compared with, under the same random numbers."},
    {.key = "calculate", .type = PARAM_LIST, .offset = AT(calculate), .of = &sum_row,
     .doc = "Arithmetic of the document; nothing is simulated."},
    {.key = "lint", .type = PARAM_FORMS, .offset = AT(lint), .of = lint_forms,
     .doc = "What `headroom check` must not find in the set-up."},
    {.key = "assumes", .type = PARAM_LIST, .offset = AT(assumes), .of = &text_row,
     .doc = "What had to be added because the document leaves it open."},
    {.key = "holds_if", .type = PARAM_LIST, .offset = AT(holds_if),
     .of = &alternative_row,
     .doc = "Tried in turn when it is refuted: the first that makes it hold is told."},
    {.key = "missing", .type = PARAM_TEXT, .offset = AT(missing),
     .doc = "What the document would have to say for it to be decided."},
    {.key = "not_modelled", .type = PARAM_TEXT, .offset = AT(not_modelled),
     .doc = "Why no simulation of this kind can decide it."},
    {0},
};
#undef AT
static const struct param claim_row = {.key = "claim", .type = PARAM_OBJECT,
                                       .of = claim_params,
                                       .size = sizeof(struct claim_keys)};

#define AT(field) offsetof(struct claim_file_keys, field)
const struct param claim_file_params[] = {
    {.key = "$schema", .type = PARAM_TEXT, .offset = AT(schema),
     .doc = "For editors; not read."},
    {.key = "document", .type = PARAM_TEXT, .offset = AT(document), .required = true,
     .doc = "Title of the document whose claims these are."},
    {.key = "source", .type = PARAM_TEXT, .offset = AT(source),
     .doc = "What kind of document it is, and whose."},
    {.key = "description", .type = PARAM_TEXT, .offset = AT(description),
     .doc = "What it is about, for readers."},
    CHANGE(claim_file_keys),
    {.key = "claims", .type = PARAM_LIST, .offset = AT(claims), .of = &claim_row,
     .least = 1, .most = 10000, .required = true, .doc = "The claims."},
    {0},
};
#undef AT
