/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/dial.h"

#include "experiments/patch.h"
#include "experiments/quantity.h"
#include "sim/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "200/s" is the number 200 and the unit "/s". */
static bool split(struct dial *dial, const char *text, struct arena *arena)
{
    char *end;
    dial->value = strtod(text, &end);
    dial->unit = arena_text(arena, end, strlen(end));
    return end != text;
}

static bool read_node(struct dial *dial, const cJSON *node, struct arena *arena)
{
    if (cJSON_IsNumber(node)) {
        dial->value = cJSON_GetNumberValue(node);
        dial->unit = "";
        dial->whole = dial->value == floor(dial->value);
        return true;
    }
    return cJSON_IsString(node) && split(dial, cJSON_GetStringValue(node), arena);
}

bool dial_at(struct dial *dial, const struct scenario *scenario, const char *pointer,
             struct arena *arena, const char **why)
{
    struct where *where = where_new(arena);
    cJSON *root = cJSON_Parse(scenario->canonical);
    if (!root)
        die("out of memory");
    *dial = (struct dial){.pointer = pointer};
    int source = where_add_source(where, (struct source){pointer, "", 0, true});
    const cJSON *node = patch_find(where, source, root, pointer);
    bool good = node && read_node(dial, node, arena) && isfinite(dial->value);
    if (!good)
        *why = arena_format(arena,
                            node ? "%s is no number that can be turned: it must be "
                                   "one such as \"200/s\", \"5%%\" or 12"
                                 : "%s does not exist in the scenario",
                            pointer);
    else if (!(dial->value > 0))
        *why = arena_format(arena, "%s is %g; a load must be above 0 to be turned",
                            pointer, dial->value);
    cJSON_Delete(root);
    return good && dial->value > 0;
}

static const char *pointer_to(const char *workload, const char *rest,
                              struct arena *arena)
{
    return arena_format(arena, "/workloads/%s/%s", workload, rest);
}

/* Where the amount of load stands, in the order in which it is looked for. */
enum load_rest {
    LOAD_OPEN, LOAD_CLOSED, LOAD_SESSIONS, LOAD_K6_RATE, LOAD_K6_VUS, LOAD_LOCUST,
    LOAD_WRK2, LOAD_WRK, LOAD_RESTS
};
static const char *const load_rests[] = {"open/rate",
                                         "closed/users",
                                         "sessions/rate",
                                         "k6/constant-arrival-rate/rate",
                                         "k6/constant-vus/vus",
                                         "locust/users",
                                         "wrk2/rate",
                                         "wrk/connections"};

static bool has_rest(const struct workload_conf *load, enum load_rest rest)
{
    const bool has[] = {load->open,
                        load->closed,
                        load->sessions,
                        load->k6.row && load->k6.which == K6_RATE,
                        load->k6.row && load->k6.which == K6_VUS,
                        load->locust,
                        load->wrk2,
                        load->wrk};
    return has[rest];
}

bool dial_of_load(struct dial *dial, const struct scenario *scenario,
                  struct arena *arena, const char **why)
{
    const struct param_map *workloads = &scenario->system.workloads;
    const struct workload_conf *load = workloads->items;
    for (enum load_rest rest = 0; rest < LOAD_RESTS; rest++)
        for (int i = 0; i < workloads->count; i++)
            if (has_rest(&load[i], rest))
                return dial_at(dial, scenario,
                               pointer_to(workloads->names[i], load_rests[rest], arena),
                               arena, why);
    *why = "no workload has an open rate, a number of users or a rate of sessions; "
           "name a number with --load POINTER";
    return false;
}

double dial_round(const struct dial *dial, double value)
{
    return dial->whole ? fmax(1, floor(value + 0.5)) : value;
}

const char *dial_text(const struct dial *dial, double value, struct arena *arena)
{
    return arena_format(arena, dial->whole ? "%.0f%s" : "%.4g%s", value, dial->unit);
}

const char *dial_set(const struct dial *dial, double value, struct arena *arena)
{
    return arena_format(arena, "%s=%s%s", dial->pointer,
                        quantity_number(arena, value, 10), dial->unit);
}
