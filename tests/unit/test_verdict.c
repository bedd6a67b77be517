/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Verdicts on queues that are known to hold, to grow, or to turn work away. */
#include "experiments/audit.h"
#include "experiments/blame.h"
#include "experiments/findings.h"
#include "experiments/verdict.h"
#include "lindley.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct admitted no_promise = {.whole = NAN};
static const struct target p99 = {{SCOPE_WHOLE, 0}, TIME_LATENCY, 0.99, 0.1};

static void run(struct lindley *q, uint64_t request_cap, struct arena *arena,
                struct procedure *p)
{
    struct procedure_settings set = {.replications = 20,
                                     .rate = q->arrival_rate,
                                     .target = &p99,
                                     .targets = 1,
                                     .request_cap = request_cap};
    struct runner runner = {lindley_run, q};
    arena_init(arena);
    procedure_run(&lindley_facts, &set, &runner, arena, p);
}

static enum verdict verdict_at(double load, uint64_t seed)
{
    struct arena arena;
    struct procedure p;
    struct lindley q = {
        .arrival_rate = 1000 * load, .service_rate = 1000, .seed = seed};
    run(&q, 4000000, &arena, &p); /* the pilot is what decides */
    enum verdict verdict = verdict_judge(&lindley_facts, &p, &no_promise).verdict;
    arena_free(&arena);
    return verdict;
}

static void overload_of_five_percent_is_unstable(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++)
        assert_int_equal(verdict_at(1.05, seed), VERDICT_UNSTABLE);
}

static void load_below_one_is_not_unstable(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 5; seed++) {
        assert_int_not_equal(verdict_at(0.95, seed), VERDICT_UNSTABLE);
        assert_int_equal(verdict_at(0.5, seed), VERDICT_STABLE);
    }
}

static void bounded_queue_overloads_instead_of_growing(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {
        .arrival_rate = 1500, .service_rate = 1000, .seed = 1, .limit = 20};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    struct judgement j = verdict_judge(&lindley_facts, &p, &no_promise);
    assert_int_equal(j.verdict, VERDICT_OVERLOADED);
    assert_true(fabs(j.loss.part.value - 1.0 / 3) < 0.01); /* 1 - 1000/1500 */
    assert_int_equal(j.worst.cause, 0);
    struct admitted half = {.whole = 0.5}; /* if half may fail … */
    assert_int_equal(verdict_judge(&lindley_facts, &p, &half).verdict, VERDICT_STABLE);
    arena_free(&arena);
}

static void what_is_told_to_fail_is_no_overload(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {
        .arrival_rate = 1500, .service_rate = 1000, .seed = 1, .limit = 20};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    struct cause_facts told = lindley_cause;
    struct model_facts facts = lindley_facts;
    told.told = true;
    facts.cause = &told;
    assert_int_equal(verdict_judge(&facts, &p, &no_promise).verdict, VERDICT_STABLE);
    arena_free(&arena);
}

/* The outcomes of a run, each with a second type that has `offered` requests of which
 * `failed` fail. */
static void add_type(struct procedure *p, uint64_t offered, uint64_t failed,
                     struct arena *arena)
{
    for (int r = 0; r < p->count; r++) {
        struct type_outcome *type = arena_many(arena, 2, struct type_outcome);
        type[0] = p->outcome[r].type[0];
        type[1].offered = offered;
        type[1].ok = offered - failed;
        type[1].failed = arena_many(arena, 1, uint64_t);
        type[1].failed[0] = failed;
        p->outcome[r].type = type;
    }
}

static void a_type_that_fails_is_an_overload(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 500, .service_rate = 1000, .seed = 1};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    const struct type_facts types[] = {lindley_type,
                                       {.name = "chat", .workload = "visitors"}};
    struct model_facts facts = lindley_facts;
    facts.types = 2;
    facts.type = types;
    add_type(&p, 100, 88, &arena); /* under 1 % of all requests */
    struct judgement j = verdict_judge(&facts, &p, &no_promise);
    assert_true(j.loss.part.value < 0.01);
    assert_int_equal(j.verdict, VERDICT_OVERLOADED);
    assert_int_equal(j.worst.scope.sort, SCOPE_TYPE);
    assert_int_equal(j.worst.scope.index, 1);
    assert_true(fabs(j.worst.part.value - 0.88) < 1e-12);
    assert_int_equal(j.worst.cause, 0);

    const double by_type[] = {NAN, 0.9}; /* unless that much is promised */
    struct admitted generous = {NAN, by_type};
    assert_int_equal(verdict_judge(&facts, &p, &generous).verdict, VERDICT_STABLE);
    arena_free(&arena);
}

static void growth_that_loss_will_end_is_an_overload(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {
        .arrival_rate = 1500, .service_rate = 1000, .seed = 1, .limit = 20};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    p.grows = true;
    p.growth = (struct estimate){.value = 100, .half_width = 10, .n = 20};
    assert_int_equal(verdict_judge(&lindley_facts, &p, &no_promise).verdict,
                     VERDICT_OVERLOADED);
    p.growth.value = 1000; /* more piles up than is turned away */
    assert_int_equal(verdict_judge(&lindley_facts, &p, &no_promise).verdict,
                     VERDICT_UNSTABLE);
    arena_free(&arena);
}

static enum verdict unsettled_at(double load, double pilot_factor)
{
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 1000 * load, .service_rate = 1000, .seed = 1};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    p.settled = false;
    p.pilot_mean.value *= pilot_factor;
    enum verdict verdict = verdict_judge(&lindley_facts, &p, &no_promise).verdict;
    arena_free(&arena);
    return verdict;
}

static void a_start_still_visible_matters_where_something_is_busy(void **state)
{
    (void)state;
    assert_int_equal(unsettled_at(0.5, 1), VERDICT_STABLE);
    assert_int_equal(unsettled_at(0.5, 2), VERDICT_NEAR_CRITICAL);
    assert_int_equal(unsettled_at(0.85, 1), VERDICT_NEAR_CRITICAL);
}

static void books_of_a_true_queue_balance(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 700, .service_rate = 1000, .seed = 1};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    struct sample s = {&lindley_facts, p.outcome, p.count};
    struct audit *audit = audit_of(&s, true, &arena);
    assert_int_equal(audit->checked, 4);
    assert_int_equal(audit->broken, 0);

    p.outcome[3].type->offered++; /* one request lost … */
    assert_int_equal(audit_of(&s, true, &arena)->broken, 1);
    p.outcome[3].type->offered--;

    for (int r = 0; r < p.count; r++) /* … or a slot held for longer than it was */
        p.outcome[r].station->held += p.outcome[r].station->held / 20;
    assert_int_equal(audit_of(&s, true, &arena)->broken, 1);
    int64_t most = p.outcome[0].station->busy_most;
    for (int r = 0; r < p.count; r++) /* many were there at the ends, for long */
        p.outcome[r].station->busy_most = (int64_t)p.outcome[r].station->served / 20;
    assert_int_equal(audit_of(&s, true, &arena)->broken, 0);
    for (int r = 0; r < p.count; r++)
        p.outcome[r].station->busy_most = most;
    for (int r = 0; r < p.count; r++)
        p.outcome[r].station->held -= p.outcome[r].station->held / 21;
    for (int r = 0; r < p.count; r++) /* … or a wait not counted */
        p.outcome[r].station->wait.sum -= p.outcome[r].station->wait.sum / 20;
    audit = audit_of(&s, true, &arena);
    assert_int_equal(audit->broken, 1);
    assert_true(audit->line[2].law == AUDIT_WAITING && !audit->line[2].holds);
    arena_free(&arena);
}

static void blame_sums_to_all_and_blames_the_queue(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 800, .service_rate = 1000, .seed = 1};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    struct sample s = {&lindley_facts, p.outcome, p.count};
    struct blame *b = blame_of(&s, (struct scope){SCOPE_WHOLE, 0}, &arena);
    assert_int_equal(b->count, 2);
    assert_int_equal(b->share[0].resource, 0); /* waiting */
    assert_true(b->share[0].tail.value > 0.85);
    assert_true(b->share[0].middle.value < b->share[0].tail.value);
    assert_true(fabs(b->share[0].tail.value + b->share[1].tail.value - 1) < 1e-9);
    assert_true(fabs(b->share[0].middle.value + b->share[1].middle.value - 1) < 1e-9);
    /* P(T > t) = 0.01 at ln(100) / (mu - lambda), to a bin of an eighth of an octave */
    assert_true(b->tail_from > 0.0195 && b->tail_from < 0.0240);
    arena_free(&arena);
}

static void utilisation_is_the_load(void **state)
{
    (void)state;
    struct arena arena;
    struct procedure p;
    struct lindley q = {.arrival_rate = 600, .service_rate = 1000, .seed = 1};
    run(&q, PROCEDURE_REQUEST_CAP, &arena, &p);
    struct sample s = {&lindley_facts, p.outcome, p.count};
    struct findings *f = findings_of(&s, true, &arena);
    assert_true(fabs(f->station->utilisation.value - 0.6) <
                1.5 * f->station->utilisation.half_width);
    /* L_q = rho^2 / (1 - rho) */
    assert_true(fabs(f->station->queue.value - 0.9) <
                1.5 * f->station->queue.half_width);
    assert_int_equal(f->station->cpu.lack, LACK_LIMIT);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overload_of_five_percent_is_unstable),
        cmocka_unit_test(load_below_one_is_not_unstable),
        cmocka_unit_test(bounded_queue_overloads_instead_of_growing),
        cmocka_unit_test(what_is_told_to_fail_is_no_overload),
        cmocka_unit_test(a_type_that_fails_is_an_overload),
        cmocka_unit_test(growth_that_loss_will_end_is_an_overload),
        cmocka_unit_test(a_start_still_visible_matters_where_something_is_busy),
        cmocka_unit_test(books_of_a_true_queue_balance),
        cmocka_unit_test(blame_sums_to_all_and_blames_the_queue),
        cmocka_unit_test(utilisation_is_the_load),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
