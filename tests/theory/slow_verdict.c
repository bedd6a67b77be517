/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Is overload called overload, and nothing else? Open systems without loss, each at
 * 1.05 and at 0.95 of what it can carry, with frozen seeds: the first must always be
 * called unstable, the second in at most 2 % of cases (binomial noise of the
 * instability test).
 */
#include "experiments/procedure.h"
#include "experiments/replicate.h"
#include "experiments/scenario.h"
#include "unit/quotes.h"

#include <stdio.h>
#include <string.h>

enum { SEEDS = 50 };

struct system {
    const char *name, *services;
    double capacity; /* requests/s */
};

static const struct system systems[] = {
    {"M/M/1",
     "{'web': {'kind': 'server', 'slots': 1, 'time': {'exponential': '10ms'}}}", 100},
    {"M/M/8",
     "{'web': {'kind': 'server', 'slots': 8, 'time': {'exponential': '10ms'}}}", 800},
    {"heavy tails on 8 workers",
     "{'web': {'kind': 'server', 'processes': 8, 'slots': 1,"
     " 'time': {'lognormal': {'mean': '10ms', 'cv': 2}}}}",
     800},
    {"threads that share 4 cores",
     "{'web': {'kind': 'go', 'cpu': 4, 'handlers': {'default':"
     " [{'cpu': {'exponential': '10ms'}}]}}}",
     400},
    /* the maximum of SRP-1 of the reference cases: threads hold on while they wait */
    {"threads that hold connections",
     "{'web': {'kind': 'server', 'slots': 16, 'handlers': {'default':"
     " [{'wait': {'exponential': '50ms'}}, {'hold': 'pool', 'steps':"
     " [{'wait': {'exponential': '100ms'}}]}]}},"
     " 'pool': {'kind': 'connection_pool', 'size': 8}}",
     79.72381735},
    {"4 servers behind a balancer",
     "{'web': {'kind': 'load_balancer', 'upstream': 'api', 'balance': 'least_conn'},"
     " 'api': {'kind': 'server', 'replicas': 4, 'slots': 2,"
     " 'time': {'gamma': {'mean': '20ms', 'cv': 1.5}}}}",
     400},
};

/* Whether the system at this rate is called unstable with this seed. */
static bool grows(const struct system *system, double rate, uint64_t seed)
{
    char text[1000];
    struct arena arena;
    arena_init(&arena);
    snprintf(text, sizeof text,
             "{'workloads': {'all': {'target': 'web', 'open': {'rate': '%g/s'}}},"
             " 'services': %s}",
             rate, system->services);
    quotes(text);
    struct where *where = where_new(&arena);
    struct scenario *scenario =
        scenario_parse(&arena, "verdict", NULL, text, strlen(text), NULL, 0, where);
    struct model *model =
        scenario ? model_compile(&arena, &scenario->system, seed, &where->listener)
                 : NULL;
    if (!model) {
        where_print(where, stderr);
        fail_msg("%s cannot be run", system->name);
    }
    struct replicate replicate = {.model = model};
    struct runner runner = {replicate_run, &replicate};
    struct procedure_settings set = {.replications = PROCEDURE_REPLICATIONS,
                                     .rate = procedure_rate(model),
                                     .request_cap = PROCEDURE_REQUEST_CAP};
    struct procedure run;
    procedure_run(model_facts(model), &set, &runner, &arena, &run);
    arena_free(&arena);
    return run.grows;
}

static int count_unstable(const struct system *system, double load)
{
    int unstable = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        unstable += grows(system, load * system->capacity, seed);
    print_message("%-32s at %.2f: unstable in %d of %d\n", system->name, load, unstable,
                  SEEDS);
    return unstable;
}

static void overload_is_called_overload(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        assert_int_equal(count_unstable(&systems[i], 1.05), SEEDS);
}

static void a_busy_system_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        assert_in_range(count_unstable(&systems[i], 0.95), 0, SEEDS * 2 / 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overload_is_called_overload),
        cmocka_unit_test(a_busy_system_is_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
