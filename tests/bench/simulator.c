/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/simulator.h"

#include "experiments/scenario.h"
#include "models/model.h"
#include "sim/event_list.h"
#include "tests/bench/kernel.h"

#include <stdio.h>

enum { SEED = 1, DRAIN = 60 /* s: twice the longest timeout of the scenarios */ };

struct simulator {
    struct arena arena;
    const struct model *model;
};

struct simulator *simulator_open(const char *folder, const char *file, const char *set)
{
    struct simulator *s = kernel_array(1, sizeof *s);
    arena_init(&s->arena);
    struct where *where = where_new(&s->arena);
    const char *path = arena_format(&s->arena, "%s/%s", folder, file);
    struct scenario *scenario =
        scenario_read(&s->arena, path, &set, set ? 1 : 0, where);
    if (scenario)
        s->model = model_compile(&s->arena, &scenario->system, SEED, &where->listener);
    if (s->model)
        return s;
    where_print(where, stderr);
    simulator_close(s);
    return NULL;
}

void simulator_close(struct simulator *simulator)
{
    arena_free(&simulator->arena);
    free(simulator);
}

static struct window window_for(const struct model *model, uint64_t requests)
{
    const struct workload_facts *load = &model_facts(model)->workload[0];
    double seconds = load->rate > 0 ? (double)requests / load->rate : 1;
    return (struct window){
        .length = sim_from_nanoseconds(seconds * 1e9),
        .drain = DRAIN * SIM_SECOND,
        .max_in_flight = UINT64_C(1) << 23,
    };
}

struct simulator_result simulator_run(const struct simulator *simulator,
                                      uint64_t requests, uint32_t replication,
                                      struct arena *arena)
{
    const struct model_facts *facts = model_facts(simulator->model);
    struct window window = window_for(simulator->model, requests);
    struct outcome out;
    arena_reset(arena);
    world_run(simulator->model, replication, &window, arena, &out);

    struct tally latency = {0};
    struct simulator_result result = {.events = out.events, .bytes = arena->taken};
    for (int i = 0; i < facts->types; i++) {
        result.requests += out.type[i].offered;
        result.failed += out.type[i].offered - out.type[i].ok;
        tally_merge(&latency, &out.type[i].latency_sum);
    }
    result.mean = tally_mean(&latency) * 1e-9;
    return result;
}

double simulator_hold(uint32_t pending, uint64_t holds, uint64_t seed)
{
    const double second = 1e9;
    struct chance chance;
    chance_init(&chance, seed);
    struct arena arena;
    arena_init(&arena);
    struct event_list list;
    event_list_init(&list, &arena);
    for (uint32_t slot = 0; slot < pending; slot++)
        event_push(&list, sim_from_nanoseconds(second * chance_exponential(&chance)),
                   EVENT_DEPARTURE, slot);
    uint128 event;
    for (uint64_t i = 0; i < holds && event_pop(&list, &event); i++)
        event_push(&list,
                   event_time(event) +
                       sim_from_nanoseconds(second * chance_exponential(&chance)),
                   EVENT_DEPARTURE, event_slot(event));
    double mean = sim_seconds(list.now) * pending / (double)holds;
    arena_free(&arena);
    return mean;
}
