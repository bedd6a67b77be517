/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two-stage procedure driven by Lindley's recursion, where truth is exact. */
#include "experiments/precision.h"
#include "experiments/procedure.h"
#include "lindley.h"
#include "models/theory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct scope all = {SCOPE_WHOLE, 0};
static const struct target p99 = {{SCOPE_WHOLE, 0}, TIME_LATENCY, 0.99, 0.05};

static struct procedure_settings settings(const struct lindley *q)
{
    return (struct procedure_settings){.replications = 20,
                                       .rate = q->arrival_rate,
                                       .target = &p99,
                                       .targets = 1,
                                       .request_cap = PROCEDURE_REQUEST_CAP};
}

static void run(struct lindley *q, const struct procedure_settings *set,
                struct arena *arena, struct procedure *out)
{
    struct runner runner = {lindley_run, q};
    arena_init(arena);
    procedure_run(&lindley_facts, set, &runner, arena, out);
}

static void production_uses_fresh_replications(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 500, .service_rate = 1000, .seed = 1};
    struct procedure_settings set = settings(&q);
    run(&q, &set, &arena, &p);
    assert_int_equal(p.end, PROCEDURE_DONE);
    assert_int_equal(p.count, 20);
    for (int r = 0; r < 20; r++)
        assert_int_equal(p.outcome[r].replication, 20 + r);
    assert_true(p.settled && !p.grows && p.met && !p.biased);
    assert_true(p.window.warm_up >= (p.window.warm_up + p.window.length) / 10 - 1);
    arena_free(&arena);
}

static void length_follows_the_load(void **state)
{
    (void)state;
    double length[2];
    for (int i = 0; i < 2; i++) {
        struct arena arena;
        struct procedure p;
        struct lindley q = {
            .arrival_rate = i ? 850 : 500, .service_rate = 1000, .seed = 1};
        struct procedure_settings set = settings(&q);
        run(&q, &set, &arena, &p);
        length[i] = sim_seconds(p.window.length) * q.arrival_rate;
        assert_true(p.met);
        arena_free(&arena);
    }
    assert_true(length[0] >= 19000 && length[0] < 60000);
    assert_true(length[1] > 2 * length[0]);
}

static void decisions_do_not_depend_on_the_call(void **state)
{
    (void)state;
    struct arena arena[2];
    struct procedure p[2];
    for (int i = 0; i < 2; i++) {
        struct lindley q = {.arrival_rate = 700, .service_rate = 1000, .seed = 3};
        struct procedure_settings set = settings(&q);
        run(&q, &set, &arena[i], &p[i]);
    }
    assert_int_equal(p[0].window.length, p[1].window.length);
    assert_memory_equal(&p[0].outcome[7].type->latency_sum,
                        &p[1].outcome[7].type->latency_sum, sizeof(struct tally));
    arena_free(&arena[0]);
    arena_free(&arena[1]);
}

static void growing_backlog_ends_in_the_pilot(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct arena arena;
        struct procedure p;
        struct lindley q = {.arrival_rate = 1050, .service_rate = 1000, .seed = seed};
        struct procedure_settings set = settings(&q);
        run(&q, &set, &arena, &p);
        assert_true(p.grows);
        assert_int_equal(p.stage, STAGE_PILOT);
        assert_in_range(p.growth.value, 30, 70);
        arena_free(&arena);
    }
}

/* With a place for 500, for long nobody is turned away. */
static void an_overload_costs_no_more_than_a_few_pilots(void **state)
{
    (void)state;
    for (double rate = 1040; rate <= 1600; rate += 140) {
        struct arena arena;
        struct procedure p;
        struct model_facts facts = lindley_facts;
        struct lindley q = {
            .arrival_rate = rate, .service_rate = 1000, .limit = 500, .seed = 1};
        struct procedure_settings set = settings(&q);
        struct runner runner = {lindley_run, &q};
        facts.may_lose = true;
        arena_init(&arena);
        procedure_run(&facts, &set, &runner, &arena, &p);
        assert_true(p.overloaded || p.grows);
        assert_int_not_equal(p.stage, STAGE_ENLARGED);
        assert_true(p.requests < 20 * 20000 * 8);
        arena_free(&arena);
    }
}

static void what_is_promised_to_fail_is_no_overload(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {
        .arrival_rate = 1500, .service_rate = 1000, .limit = 20, .seed = 1};
    struct procedure_settings set = settings(&q);
    run(&q, &set, &arena, &p);
    assert_true(p.overloaded);
    arena_free(&arena);
    set.admitted = &(struct admitted){.whole = 0.5};
    run(&q, &set, &arena, &p);
    assert_true(p.met && !p.overloaded);
    arena_free(&arena);
}

static void interruption_ends_it_at_once(void **state)
{
    (void)state;
    for (int at = 1; at <= 2; at++) {
        struct arena arena;
        struct procedure p;
        struct lindley q = {
            .arrival_rate = 500, .service_rate = 1000, .seed = 1, .interrupt_at = at};
        struct procedure_settings set = settings(&q);
        run(&q, &set, &arena, &p);
        assert_int_equal(p.end, PROCEDURE_INTERRUPTED);
        assert_int_equal(q.calls, at);
        arena_free(&arena);
    }
}

static void fixed_duration_has_no_pilot(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 500, .service_rate = 1000, .seed = 1};
    struct procedure_settings set = settings(&q);
    set.duration = 45 * SIM_SECOND;
    run(&q, &set, &arena, &p);
    assert_int_equal(q.calls, 1);
    assert_int_equal(p.stage, STAGE_PRODUCTION);
    assert_int_equal(p.outcome[0].replication, 0);
    assert_int_equal(p.window.length, 45 * SIM_SECOND);
    assert_int_equal(p.window.warm_up, 5 * SIM_SECOND); /* a tenth of the whole */
    assert_int_equal(p.rule, WARM_UP_TENTH);
    arena_free(&arena);
}

static void cap_on_requests_is_kept_and_said(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 850, .service_rate = 1000, .seed = 1};
    struct procedure_settings set = settings(&q);
    set.request_cap = 800000;
    run(&q, &set, &arena, &p);
    assert_true(p.capped && !p.met);
    double requests = sim_seconds(p.window.warm_up + p.window.length) * 850 * 20;
    assert_true(requests < 850000);
    arena_free(&arena);
}

static void lasting_differences_add_replications(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    /* Servers that differ by up to 15 % for a whole replication: no length helps. */
    struct lindley q = {
        .arrival_rate = 400, .service_rate = 1000, .wander = 0.3, .seed = 1};
    struct target close = p99;
    close.relative = 0.04;
    struct procedure_settings set = settings(&q);
    set.target = &close;
    run(&q, &set, &arena, &p);
    assert_true(p.persistent);
    assert_true(p.count > 20 && p.count % 20 == 0);
    assert_true(p.met);
    for (int r = 0; r < p.count; r++)
        assert_int_equal(p.outcome[r].replication, 20 + r);
    arena_free(&arena);
}

static void rare_types_get_their_samples(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 300, .service_rate = 1000, .seed = 1};
    struct target high = {all, TIME_LATENCY, 0.997, INFINITY};
    struct procedure_settings set = settings(&q);
    set.target = &high;
    run(&q, &set, &arena, &p);
    assert_true(sim_seconds(p.window.length) * 300 > 33333);
    assert_true(p.met);
    arena_free(&arena);
}

/* The release gate in small: 95 % intervals of the whole procedure must cover the
 * truth. 30 repetitions: at least 26 with probability 0.99 if coverage is 95 %. */
static void intervals_cover_the_truth(void **state)
{
    (void)state;
    struct theory_mmc queue = {500, 1000, 1};
    double mean = theory_mmc_mean_response(&queue);
    double tail = theory_mmc_response_quantile(&queue, 0.99);
    int means = 0, tails = 0;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        struct arena arena;
        struct procedure p;
        struct lindley q = {
            .arrival_rate = 500, .service_rate = 1000, .seed = 100 + seed};
        struct procedure_settings set = settings(&q);
        run(&q, &set, &arena, &p);
        struct sample s = {&lindley_facts, p.outcome, p.count};
        struct estimate m = sample_mean(&s, all, TIME_LATENCY);
        struct estimate t = sample_quantile(&s, all, TIME_LATENCY, 0.99);
        means += fabs(m.value - mean) <= m.half_width;
        tails += fabs(t.value - tail) <= t.half_width;
        arena_free(&arena);
    }
    assert_in_range(means, 26, 30);
    assert_in_range(tails, 26, 30);
}

static void a_load_that_ends_is_tried_and_not_counted_twice(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 500, .service_rate = 1000, .seed = 1};
    struct procedure_settings set = settings(&q);
    struct workload_facts workload = lindley_workload;
    struct model_facts facts = lindley_facts;
    workload.span = 2 * SIM_SECOND - 1;
    facts.workload = &workload;
    facts.terminating = true;
    struct runner runner = {lindley_run, &q};
    arena_init(&arena);
    procedure_run(&facts, &set, &runner, &arena, &p);
    assert_int_equal(q.runs, 21);
    uint64_t offered = 0;
    for (int r = 0; r < p.count; r++)
        offered += p.outcome[r].type->offered;
    assert_int_equal(p.count, 20);
    assert_int_equal(p.requests, offered);
    assert_true(p.fixed && p.window.length == 2 * SIM_SECOND);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(production_uses_fresh_replications),
        cmocka_unit_test(length_follows_the_load),
        cmocka_unit_test(decisions_do_not_depend_on_the_call),
        cmocka_unit_test(growing_backlog_ends_in_the_pilot),
        cmocka_unit_test(an_overload_costs_no_more_than_a_few_pilots),
        cmocka_unit_test(what_is_promised_to_fail_is_no_overload),
        cmocka_unit_test(interruption_ends_it_at_once),
        cmocka_unit_test(fixed_duration_has_no_pilot),
        cmocka_unit_test(cap_on_requests_is_kept_and_said),
        cmocka_unit_test(lasting_differences_add_replications),
        cmocka_unit_test(rare_types_get_their_samples),
        cmocka_unit_test(intervals_cover_the_truth),
        cmocka_unit_test(a_load_that_ends_is_tried_and_not_counted_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
