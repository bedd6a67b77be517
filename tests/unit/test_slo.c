/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Promises held against an exact queue, and what they make the procedure aim at. */
#include "experiments/slo.h"
#include "lindley.h"
#include "models/theory.h"
#include "unit/sitting.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* M/M/1 at load 0.5 with service time 1 ms: P(T > t) = exp(-500 t). */
struct fixture {
    struct arena arena;
    struct sample sample;
};

static int set_up(void **state)
{
    static struct fixture f;
    static struct lindley q = {.arrival_rate = 500, .service_rate = 1000, .seed = 1};
    struct jobs jobs = {STAGE_PRODUCTION, 0, 20, {.length = 40 * SIM_SECOND}};
    arena_init(&f.arena);
    struct outcome *out = arena_many(&f.arena, 20, struct outcome);
    lindley_run(&q, &jobs, &f.arena, out);
    f.sample = (struct sample){&lindley_facts, out, 20};
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    arena_free(&f->arena);
    return 0;
}

static struct slo promise(enum slo_metric metric, const char *scope, enum slo_op op,
                          double value)
{
    return (struct slo){.text = "as written",
                        .scope = scope,
                        .metric = metric,
                        .quantile = 0.95,
                        .op = op,
                        .value = value};
}

static void quantile_is_compared_in_seconds(void **state)
{
    struct fixture *f = *state;
    double p95 = log(20) / 500;
    struct slo easy = promise(SLO_QUANTILE, "page", SLO_LESS, 1.1 * p95);
    struct slo hard = promise(SLO_QUANTILE, "page", SLO_LESS, 0.9 * p95);
    struct slo_result kept = slo_judge(&easy, &f->sample, true);
    struct slo_result missed = slo_judge(&hard, &f->sample, true);
    assert_true(kept.met && kept.chance > 0.99);
    assert_true(!missed.met && missed.chance < 0.01);
    assert_true(fabs(kept.value.value - p95) < 1.5 * kept.value.half_width);
}

static void each_operator_looks_its_way(void **state)
{
    struct fixture *f = *state;
    struct slo more = promise(SLO_THROUGHPUT, NULL, SLO_MORE, 400);
    struct slo least = promise(SLO_THROUGHPUT, "visitors", SLO_AT_LEAST, 600);
    struct slo_result kept = slo_judge(&more, &f->sample, true);
    assert_true(kept.met && kept.chance > 0.99);
    assert_false(slo_judge(&least, &f->sample, true).met);
    struct slo none = promise(SLO_ERRORS, NULL, SLO_AT_MOST, 0);
    struct slo fewer = promise(SLO_ERRORS, NULL, SLO_LESS, 0);
    assert_true(slo_judge(&none, &f->sample, true).met);
    assert_false(slo_judge(&fewer, &f->sample, true).met);
}

static void utilisation_is_of_a_service(void **state)
{
    struct fixture *f = *state;
    struct slo slo = promise(SLO_UTILISATION, "web", SLO_LESS, 0.6);
    struct slo_result result = slo_judge(&slo, &f->sample, true);
    assert_true(result.met && fabs(result.value.value - 0.5) < 0.01);
}

static void growing_backlog_has_no_latency_to_promise(void **state)
{
    struct fixture *f = *state;
    struct slo slo = promise(SLO_QUANTILE, NULL, SLO_LESS, 1000);
    struct slo_result result = slo_judge(&slo, &f->sample, false);
    assert_true(!result.met && result.decided);
    assert_int_equal(result.value.lack, LACK_STEADY_STATE);
}

static void what_samples_do_not_carry_is_not_decided(void **state)
{
    struct fixture *f = *state;
    struct slo slo = promise(SLO_QUANTILE, NULL, SLO_LESS, 1000);
    slo.quantile = 0.9999; /* two values beyond it in each replication */
    struct slo_result result = slo_judge(&slo, &f->sample, true);
    assert_false(result.met || result.decided);
    assert_int_equal(result.value.lack, LACK_SAMPLES);
    assert_true(isnan(result.chance));
}

static void unknown_names_are_complaints(void **state)
{
    struct fixture *f = *state;
    struct slo slos[] = {promise(SLO_MEAN, "page", SLO_LESS, 1),
                         promise(SLO_MEAN, "pgae", SLO_LESS, 1),
                         promise(SLO_UTILISATION, "db", SLO_LESS, 1),
                         promise(SLO_UTILISATION, "web", SLO_LESS, 1)};
    struct scenario scenario = {
        .slos = slos, .slo_count = 4, .where = where_new(&f->arena)};
    for (int i = 0; i < 4; i++)
        slos[i].at = WHERE_NOWHERE;
    assert_false(slo_check(&scenario, &lindley_facts));
    assert_int_equal(scenario.where->problem_count, 2);
}

static void strictest_promise_on_all_errors_is_admitted(void **state)
{
    (void)state;
    struct slo slos[] = {promise(SLO_ERRORS, "page", SLO_LESS, 0.001),
                         promise(SLO_ERRORS, NULL, SLO_LESS, 0.05),
                         promise(SLO_ERRORS, NULL, SLO_AT_MOST, 0.02)};
    assert_true(slo_admitted_errors(slos, 3) == 0.02);
    assert_true(isnan(slo_admitted_errors(slos, 1)));
}

static void a_type_may_lose_what_is_promised_of_it_or_its_workload(void **state)
{
    (void)state;
    struct slo slos[] = {promise(SLO_ERRORS, "page", SLO_LESS, 0.05),
                         promise(SLO_ERRORS, "visitors", SLO_LESS, 0.03),
                         promise(SLO_ERRORS, NULL, SLO_LESS, 0.001)};
    assert_true(slo_admitted_of_type(slos, 1, &lindley_facts, 0) == 0.05);
    assert_true(slo_admitted_of_type(slos, 3, &lindley_facts, 0) == 0.03);
    assert_true(isnan(slo_admitted_of_type(&slos[2], 1, &lindley_facts, 0)));
}

static void a_type_that_nobody_sends_is_not_judged(void **state)
{
    struct fixture *f = *state;
    struct type_facts types[] = {lindley_type, {.name = "chat", .share = 0}};
    struct model_facts facts = lindley_facts;
    struct sample s = f->sample;
    struct slo slo = promise(SLO_QUANTILE, "chat", SLO_LESS, 1);
    facts.type = types;
    facts.types = 2;
    s.facts = &facts;
    struct outcome *out = arena_many(&f->arena, s.count, struct outcome);
    for (int r = 0; r < s.count; r++) {
        out[r] = s.outcome[r];
        out[r].type = arena_many(&f->arena, 2, struct type_outcome);
        out[r].type[0] = s.outcome[r].type[0];
        out[r].type[1].failed = arena_many(&f->arena, 1, uint64_t);
    }
    s.outcome = out;
    assert_false(slo_judge(&slo, &s, true).judged);
    int count;
    struct scenario scenario = {.slos = &slo, .slo_count = 1};
    slo_targets(&scenario, &facts, &f->arena, &count);
    assert_int_equal(count, 1); /* nor must it be known well */
    types[1].share = 0.1;       /* sent, if not in this run */
    assert_true(slo_judge(&slo, &s, true).judged);
    assert_false(slo_judge(&slo, &s, true).met);
    slo_targets(&scenario, &facts, &f->arena, &count);
    assert_int_equal(count, 2);

    struct slo all = promise(SLO_QUANTILE, NULL, SLO_LESS, 1);
    assert_false(slo_judge(&all, &s, true).without_streams);
    types[1].streaming = true;
    assert_true(slo_judge(&all, &s, true).without_streams);
    assert_false(slo_judge(&slo, &s, true).without_streams); /* about them alone */
    all.metric = SLO_ERRORS;
    assert_false(slo_judge(&all, &s, true).without_streams);
}

static void targets_follow_precision_and_promises(void **state)
{
    struct fixture *f = *state;
    struct slo slos[] = {promise(SLO_QUANTILE, "page", SLO_LESS, 1),
                         promise(SLO_QUANTILE, "page", SLO_LESS, 1),
                         promise(SLO_ERRORS, NULL, SLO_LESS, 0.01)};
    slos[1].quantile = 0.999;
    struct scenario scenario = {.slos = slos, .slo_count = 3};
    int count;
    const struct target *t = slo_targets(&scenario, &lindley_facts, &f->arena, &count);
    assert_int_equal(count, 3); /* all, page, and samples for page's p99.9 */
    assert_true(t[0].scope.sort == SCOPE_WHOLE && t[0].level == 0.99);
    assert_true(t[1].scope.sort == SCOPE_TYPE && t[1].relative == PROCEDURE_PRECISION);
    assert_true(t[2].level == 0.999 && isinf(t[2].relative));

    scenario.run.precision = (struct precision){"mean within 1%", true, 0, 0.01, 0};
    t = slo_targets(&scenario, &lindley_facts, &f->arena, &count);
    assert_true(t[0].level == 0 && t[0].relative == 0.01);
}

/* Pages of two workloads: 10 ms for those of `near`, 900 ms for those of `far`. */
static const char two_pages[] =
    "{'workloads': {'near': {'target': 'fast', 'open': {'rate': '50/s'}, 'mix': "
    "{'page': 'rest'}}, 'far': {'target': 'slow', 'open': {'rate': '50/s'}, 'mix': "
    "{'page': 'rest'}}}, 'services': {'fast': {'kind': 'server', 'time': '10ms'}, "
    "'slow': {'kind': 'server', 'time': '900ms'}}, 'slo': ['page.p95 < 100ms', "
    "'near.page.p95 < 100ms', 'far.page.mean > 100ms', 'page.throughput > 90/s', "
    "'near.throughput < 60/s'], 'run': {'duration': '100s', 'replications': 20}}";

static void a_type_of_two_workloads_is_judged_over_both(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, two_pages);
    const struct result *r = &s.point.result;
    assert_int_equal(r->slos, 5);
    assert_false(r->slo[0].met);
    assert_true(r->slo[0].value.value > 0.8);
    for (int i = 1; i < 5; i++)
        assert_true(r->slo[i].met);
    assert_true(r->slo[1].value.value < 0.011);
    assert_true(r->slo[2].value.value > 0.8);
    rise(&s);
}

static void a_scope_is_a_type_a_workload_or_both(void **state)
{
    (void)state;
    struct model_sitting s;
    struct scope scope;
    sit(&s, two_pages);
    const struct model_facts *facts = s.point.result.facts;
    assert_true(scope_named(facts, NULL, &scope) && scope.sort == SCOPE_WHOLE);
    assert_true(scope_named(facts, "page", &scope) && scope.sort == SCOPE_NAMED);
    assert_true(scope_counts(facts, scope, 0) && scope_counts(facts, scope, 1));
    assert_true(scope_named(facts, "far", &scope) && scope.sort == SCOPE_WORKLOAD);
    assert_true(scope_named(facts, "far.page", &scope) && scope.sort == SCOPE_TYPE);
    assert_string_equal(scope_type_name(facts, scope.index, &s.arena), "far.page");
    assert_false(scope_named(facts, "far.pag", &scope));
    assert_false(scope_named(facts, "fa.page", &scope));
    assert_false(scope_named(facts, "slow", &scope));
    assert_int_equal(scope_station(facts, "slow"), 1);
    assert_int_equal(scope_station(facts, "page"), -1);
    rise(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantile_is_compared_in_seconds),
        cmocka_unit_test(each_operator_looks_its_way),
        cmocka_unit_test(utilisation_is_of_a_service),
        cmocka_unit_test(growing_backlog_has_no_latency_to_promise),
        cmocka_unit_test(what_samples_do_not_carry_is_not_decided),
        cmocka_unit_test(unknown_names_are_complaints),
        cmocka_unit_test(strictest_promise_on_all_errors_is_admitted),
        cmocka_unit_test(a_type_may_lose_what_is_promised_of_it_or_its_workload),
        cmocka_unit_test(a_type_that_nobody_sends_is_not_judged),
        cmocka_unit_test(targets_follow_precision_and_promises),
        cmocka_unit_test(a_type_of_two_workloads_is_judged_over_both),
        cmocka_unit_test(a_scope_is_a_type_a_workload_or_both),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
