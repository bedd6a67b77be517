/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The formulas against the reference cases (tests/theory/reference/cases.csv), which
 * were computed by other methods, and against what must hold whatever the numbers.
 */
#include "models/theory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- the reference file ---------------------------------------------------------- */

enum { LINE = 1024, MOST_ROWS = 1000 };

struct row {
    char line[LINE];
    const char *id, *metric, *parameters;
    double value;
};

struct rows {
    struct row *row;
    int count;
};

/* Cuts the next field off a line of CSV, in place; none here holds a quote. */
static char *next_field(char **rest)
{
    char *field = *rest;
    bool quoted = *field == '"';
    if (quoted)
        field++;
    char *end = field + strcspn(field, quoted ? "\"" : ",\r\n");
    *rest = *end ? end + 1 : end;
    if (quoted && **rest)
        ++*rest;
    *end = '\0';
    return field;
}

/* The columns start with: id, model, parameters, metric, exact_value. */
static void split(struct row *row)
{
    char *rest = row->line;
    row->id = next_field(&rest);
    next_field(&rest);
    row->parameters = next_field(&rest);
    row->metric = next_field(&rest);
    row->value = strtod(next_field(&rest), NULL);
}

static int read_cases(void **state)
{
    char path[4096];
    const char *source = getenv("SRC");
    snprintf(path, sizeof path, "%s/tests/theory/reference/cases.csv",
             source ? source : ".");
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    static struct rows rows;
    rows.row = calloc(MOST_ROWS, sizeof *rows.row);
    while (rows.count < MOST_ROWS && fgets(rows.row[rows.count].line, LINE, file))
        split(&rows.row[rows.count++]);
    fclose(file);
    *state = &rows;
    return 0;
}

static int free_cases(void **state)
{
    struct rows *rows = *state;
    free(rows->row);
    return 0;
}

/* "name=" in the parameters of a row, as a number; NAN when absent. */
static double parameter(const struct row *row, const char *name)
{
    size_t length = strlen(name);
    for (const char *p = row->parameters; (p = strstr(p, name)); p += length)
        if ((p == row->parameters || p[-1] == ' ') && p[length] == '=')
            return strtod(p + length + 1, NULL);
    return NAN;
}

/* 0.99 of "p99_T" and "p99.9_T" when the metric ends like that; NAN otherwise. */
static double quantile_of(const struct row *row, const char *ending)
{
    char *rest;
    if (row->metric[0] != 'p')
        return NAN;
    double percent = strtod(row->metric + 1, &rest);
    return rest > row->metric + 1 && strcmp(rest, ending) == 0 ? percent / 100 : NAN;
}

static bool is(const struct row *row, const char *metric)
{
    return strcmp(row->metric, metric) == 0;
}

/* What the theory says of a row; NAN where it has nothing to say. */
typedef double formula(const struct row *row);

/* Compares the rows whose name starts with `prefix`; how many the formula knew. */
static int compare(const struct rows *rows, const char *prefix, formula *value)
{
    int compared = 0;
    for (int i = 0; i < rows->count; i++) {
        const struct row *row = &rows->row[i];
        if (strncmp(row->id, prefix, strlen(prefix)) != 0)
            continue;
        double found = value(row);
        if (isnan(found))
            continue;
        compared++;
        /* twelve digits are printed, eleven trusted */
        if (!(fabs(found - row->value) <= 2e-11 * fabs(row->value)))
            fail_msg("%s: %.15g, the reference says %.15g", row->id, found, row->value);
    }
    return compared;
}

/* ---- the formulas, row by row ---------------------------------------------------- */

static struct theory_mmc mmc_of(const struct row *row)
{
    return (struct theory_mmc){parameter(row, "lambda"), parameter(row, "mu"),
                               (int)parameter(row, "c")};
}

static double mmc_value(const struct row *row)
{
    struct theory_mmc q = mmc_of(row);
    double p_wait = quantile_of(row, "_W"), p_response = quantile_of(row, "_T");
    if (!isnan(p_wait))
        return theory_mmc_wait_quantile(&q, p_wait);
    if (!isnan(p_response))
        return theory_mmc_response_quantile(&q, p_response);
    if (is(row, "P_wait"))
        return theory_erlang_c(q.servers, q.arrival_rate / q.service_rate);
    if (is(row, "mean_W"))
        return theory_mmc_mean_wait(&q);
    return is(row, "mean_T") ? theory_mmc_mean_response(&q) : NAN;
}

static void mm1_is_mmc_with_one_server(void **state)
{
    assert_int_equal(compare(*state, "MM1-1.", mmc_value), 8);
    assert_int_equal(compare(*state, "MM1-3.", mmc_value), 8);
}

static void mmc_matches_the_reference(void **state)
{
    assert_int_equal(compare(*state, "MMc-", mmc_value), 21);
}

static double late_value(const struct row *row)
{
    struct theory_mmc q = {parameter(row, "lambda"), parameter(row, "mu"), 1};
    double late = theory_mmc_response_above(&q, parameter(row, "timeout_s"));
    return is(row, "fraction_late") ? late : q.arrival_rate * (1 - late);
}

static void the_fraction_late_matches_the_reference(void **state)
{
    assert_int_equal(compare(*state, "MM1-TO.", late_value), 2);
}

static double mmck_value(const struct row *row)
{
    struct theory_mmc q = mmc_of(row);
    int places = (int)parameter(row, "K");
    struct theory_loss loss = theory_mmck(&q, places);
    double p = quantile_of(row, "_W_accepted");
    if (!isnan(p))
        return theory_mmck_wait_quantile(&q, places, p);
    if (is(row, "loss_fraction"))
        return loss.lost;
    if (is(row, "throughput"))
        return loss.throughput;
    if (is(row, "mean_T_accepted"))
        return loss.mean_response;
    return is(row, "mean_W_accepted") ? loss.mean_wait : NAN;
}

static void mmck_matches_the_reference(void **state)
{
    assert_int_equal(compare(*state, "MMcK-", mmck_value), 10);
}

static double erlang_b_value(const struct row *row)
{
    double a = parameter(row, "lambda") * parameter(row, "E_S");
    double lost = theory_erlang_b((int)parameter(row, "c"), a);
    return is(row, "loss_fraction") ? lost : a * (1 - lost);
}

static void erlang_b_matches_the_reference_for_any_service_time(void **state)
{
    assert_int_equal(compare(*state, "ErlB-", erlang_b_value), 10);
}

static double scv_of(const struct row *row)
{
    static const struct { const char *service; double scv; } known[] = {
        {"service=det", 0}, {"service=erlang4", 0.25}, {"scv4", 4}, {"service=exp", 1},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(row->parameters, known[i].service))
            return known[i].scv;
    return NAN;
}

static double mg1_value(const struct row *row)
{
    double service = parameter(row, "E_S");
    double wait = theory_mg1_mean_wait(parameter(row, "lambda"), service, scv_of(row));
    if (is(row, "mean_W"))
        return wait;
    return is(row, "mean_T") ? wait + service : NAN;
}

static void pollaczek_khinchine_matches_the_reference(void **state)
{
    assert_int_equal(compare(*state, "MG1-", mg1_value), 6);
}

static double ps_value(const struct row *row)
{
    double service = parameter(row, "E_S");
    double response = theory_ps_mean_response(parameter(row, "lambda"), service);
    if (is(row, "mean_T"))
        return response;
    return is(row, "mean_slowdown") ? response / service : NAN;
}

static double ps_cores_value(const struct row *row)
{
    struct theory_mmc q = {parameter(row, "lambda"), 1 / parameter(row, "E_S"),
                           (int)parameter(row, "cores")};
    return is(row, "mean_T") ? theory_mmc_mean_response(&q) : NAN;
}

static void processor_sharing_matches_the_reference(void **state)
{
    assert_int_equal(compare(*state, "PS-", ps_value), 4);
    assert_int_equal(compare(*state, "PSk-", ps_cores_value), 3);
}

static double repairman_value(const struct row *row)
{
    int users = (int)parameter(row, "N");
    double think = parameter(row, "think_Z");
    struct theory_mmc station = {0, 1 / parameter(row, "E_S"),
                                 (int)parameter(row, "servers")};
    struct theory_closed closed = theory_repairman(users, think, &station);
    double p = quantile_of(row, "_T");
    if (!isnan(p))
        return theory_repairman_quantile(users, think, station.service_rate, p);
    if (is(row, "throughput"))
        return closed.throughput;
    return is(row, "mean_T") ? closed.response : NAN;
}

static void the_repairman_matches_the_reference(void **state)
{
    assert_int_equal(compare(*state, "REP", repairman_value), 14);
}

/* "demands=0.1/0.05/0.08" */
static int demands_of(const struct row *row, double demand[], int most)
{
    const char *p = strstr(row->parameters, "demands=") + strlen("demands=");
    for (int count = 0; count < most; count++) {
        char *rest;
        demand[count] = strtod(p, &rest);
        if (*rest != '/')
            return count + 1;
        p = rest + 1;
    }
    return most;
}

static double mva_value(const struct row *row)
{
    double demand[8], number[8], most = 0;
    int stations = demands_of(row, demand, 8);
    int users = (int)parameter(row, "N");
    struct theory_closed closed =
        theory_mva(users, parameter(row, "Z"), stations, demand, number);
    if (is(row, "throughput"))
        return closed.throughput;
    if (is(row, "mean_R"))
        return closed.response;
    for (int k = 0; k < stations; k++)
        most = fmax(most, number[k]);
    return is(row, "mean_N_bottleneck") ? most : NAN;
}

static void mean_value_analysis_matches_the_reference(void **state)
{
    assert_int_equal(compare(*state, "CQN", mva_value), 15);
}

static double tandem_value(const struct row *row)
{
    double lambda = parameter(row, "lambda");
    struct theory_mmc first = {lambda, parameter(row, "mu1"), 1};
    struct theory_mmc second = {lambda, parameter(row, "mu2"), 1};
    if (!is(row, "mean_T"))
        return NAN;
    return theory_mmc_mean_response(&first) + theory_mmc_mean_response(&second);
}

static void a_tandem_is_the_sum_of_its_queues(void **state)
{
    assert_int_equal(compare(*state, "JACK-1", tandem_value), 1);
}

/* "cpu_phase=exp rate 20 (…": the number after the words. */
static double rate_after(const struct row *row, const char *words)
{
    const char *p = strstr(row->parameters, words);
    return p ? strtod(p + strlen(words), NULL) : NAN;
}

static double held_value(const struct row *row)
{
    if (!is(row, "max_throughput"))
        return NAN;
    return theory_held_throughput((int)parameter(row, "threads"),
                                  1 / rate_after(row, "cpu_phase=exp rate "),
                                  (int)parameter(row, "connections"),
                                  1 / rate_after(row, "db_phase=exp rate "));
}

static void threads_that_hold_connections_carry_what_the_reference_says(void **state)
{
    assert_int_equal(compare(*state, "SRP-", held_value), 2);
}

/* ---- what must hold whatever the numbers ----------------------------------------- */

static void assert_near(double found, double expected, double relative)
{
    if (!(fabs(found - expected) <= relative * fabs(expected)))
        fail_msg("%.17g is not %.17g", found, expected);
}

static void erlang_b_stays_a_probability_with_a_million_servers(void **state)
{
    (void)state;
    double b = theory_erlang_b(1000000, 1e6);
    /* B(a, a) -> sqrt(2 / (pi a)) as a grows */
    assert_near(b, sqrt(2 / (acos(-1) * 1e6)), 1e-3);
    assert_true(theory_erlang_b(1000000, 1) == 0);
    assert_true(theory_erlang_b(3, 0) == 0 && theory_erlang_b(0, 5) == 1);
}

static void a_queue_that_cannot_keep_up_waits_for_ever(void **state)
{
    (void)state;
    struct theory_mmc q = {10, 1, 10};
    assert_true(theory_erlang_c(10, 10) == 1);
    assert_true(isinf(theory_mmc_mean_wait(&q)) && isinf(theory_mmc_mean_response(&q)));
    assert_true(isinf(theory_mmc_wait_quantile(&q, 0.5)));
    assert_true(isinf(theory_mmc_response_quantile(&q, 0.5)));
    assert_true(theory_mmc_wait_above(&q, 1e6) == 1);
    assert_true(isinf(theory_mg1_mean_wait(1, 1, 0)));
    assert_true(isinf(theory_ps_mean_response(1, 1)));
}

/* theta = mu: the general form would divide by zero. */
static void the_response_tail_is_smooth_where_both_rates_meet(void **state)
{
    (void)state;
    struct theory_mmc meet = {1, 1, 2};
    double c = theory_erlang_c(2, 1);
    for (double t = 0.25; t < 20; t *= 2)
        assert_near(theory_mmc_response_above(&meet, t), exp(-t) * (1 + c * t), 1e-13);
    struct theory_mmc near = {1 - 1e-9, 1, 2};
    assert_near(theory_mmc_response_above(&near, 3),
                theory_mmc_response_above(&meet, 3), 1e-8);
}

static void quantiles_invert_their_tails(void **state)
{
    (void)state;
    struct theory_mmc q = {14, 1, 16};
    for (double p = 0; p < 0.99999; p += (1 - p) / 3) {
        double wait = theory_mmc_wait_quantile(&q, p);
        if (wait > 0)
            assert_near(theory_mmc_wait_above(&q, wait), 1 - p, 1e-12);
        assert_near(theory_mmc_response_above(&q, theory_mmc_response_quantile(&q, p)),
                    1 - p, 1e-12);
    }
    assert_true(theory_mmc_wait_quantile(&q, 0.4) == 0); /* half of them do not wait */
}

static void a_roomy_loss_queue_is_mmc(void **state)
{
    (void)state;
    struct theory_mmc q = {14, 1, 16};
    struct theory_loss loss = theory_mmck(&q, 1000);
    assert_true(loss.lost < 1e-50);
    assert_near(loss.mean_wait, theory_mmc_mean_wait(&q), 1e-12);
    assert_near(theory_mmck_wait_quantile(&q, 1000, 0.99),
                theory_mmc_wait_quantile(&q, 0.99), 1e-12);
}

/* Twice overloaded with 2000 places: nearly all wait for nearly 2000 departures. */
static void a_long_full_queue_does_not_underflow(void **state)
{
    (void)state;
    struct theory_mmc q = {2, 1, 1};
    struct theory_loss loss = theory_mmck(&q, 2000);
    assert_near(loss.lost, 0.5, 1e-12);
    assert_near(loss.mean_wait, 1998, 1e-9);
    double median = theory_mmck_wait_quantile(&q, 2000, 0.5);
    assert_true(median > 1990 && median < 2000);
}

static void a_loss_queue_without_room_to_wait_is_erlang_b(void **state)
{
    (void)state;
    struct theory_mmc q = {20, 1, 16};
    struct theory_loss loss = theory_mmck(&q, 16);
    assert_near(loss.lost, theory_erlang_b(16, 20), 1e-14);
    assert_true(loss.mean_wait == 0);
    assert_true(theory_mmck_wait_quantile(&q, 16, 0.99) == 0);
}

static void mva_of_one_station_is_the_repairman(void **state)
{
    (void)state;
    struct theory_mmc station = {.service_rate = 20, .servers = 1};
    double demand = 1.0 / 20, number;
    for (int users = 1; users <= 200; users += 33) {
        struct theory_closed mva = theory_mva(users, 2, 1, &demand, &number);
        struct theory_closed chain = theory_repairman(users, 2, &station);
        assert_near(mva.throughput, chain.throughput, 1e-12);
        assert_near(number, users - 2 * mva.throughput, 1e-9); /* Little */
    }
}

static void users_who_never_think_keep_every_server_busy(void **state)
{
    (void)state;
    struct theory_mmc station = {.service_rate = 5, .servers = 4};
    assert_near(theory_repairman(10, 0, &station).throughput, 20, 1e-14);
    assert_near(theory_repairman(10, 0, &station).response, 0.5, 1e-14);
    assert_near(theory_repairman(3, 0, &station).throughput, 15, 1e-14);
}

static void holding_costs_throughput_but_never_all_of_it(void **state)
{
    (void)state;
    for (int threads = 1; threads < 64; threads *= 2) {
        double most = theory_held_throughput(threads, 0.05, 8, 0.1);
        assert_true(most <= threads / 0.15 * (1 + 1e-12) && most <= 80);
        assert_true(most >= fmin(threads / 0.15, 80) / 2);
    }
    assert_near(theory_held_throughput(8, 0.05, 8, 0.1), 8 / 0.15, 1e-12);
}

static void the_bottleneck_is_the_station_that_is_full_first(void **state)
{
    (void)state;
    struct theory_station station[] = {{16, 0.1}, {4, 0.03}, {INFINITY, 5}, {1, 0}};
    struct theory_limit limit = theory_most_throughput(4, station);
    assert_int_equal(limit.bottleneck, 1);
    assert_near(limit.throughput, 4 / 0.03, 1e-15);
    limit = theory_most_throughput(1, station + 2);
    assert_true(limit.bottleneck == -1 && isinf(limit.throughput));
}

static void exact_values_lie_within_the_operational_bounds(void **state)
{
    (void)state;
    double demand[] = {0.1, 0.05, 0.08}, number[3];
    struct theory_station station[] = {{1, 0.1}, {1, 0.05}, {1, 0.08}};
    for (int users = 1; users <= 100; users++)
        for (double think = 0; think <= 2; think += 0.5) {
            struct theory_closed exact = theory_mva(users, think, 3, demand, number);
            struct theory_bounds b = theory_closed_bounds(users, think, 3, station);
            double slack = 1 + 1e-12;
            assert_true(exact.throughput <= b.most_throughput * slack);
            assert_true(exact.throughput * slack >= b.least_throughput);
            assert_true(exact.response <= b.most_response * slack);
            assert_true(exact.response * slack >= b.least_response);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mm1_is_mmc_with_one_server),
        cmocka_unit_test(mmc_matches_the_reference),
        cmocka_unit_test(the_fraction_late_matches_the_reference),
        cmocka_unit_test(mmck_matches_the_reference),
        cmocka_unit_test(erlang_b_matches_the_reference_for_any_service_time),
        cmocka_unit_test(pollaczek_khinchine_matches_the_reference),
        cmocka_unit_test(processor_sharing_matches_the_reference),
        cmocka_unit_test(the_repairman_matches_the_reference),
        cmocka_unit_test(mean_value_analysis_matches_the_reference),
        cmocka_unit_test(a_tandem_is_the_sum_of_its_queues),
        cmocka_unit_test(threads_that_hold_connections_carry_what_the_reference_says),
        cmocka_unit_test(erlang_b_stays_a_probability_with_a_million_servers),
        cmocka_unit_test(a_queue_that_cannot_keep_up_waits_for_ever),
        cmocka_unit_test(the_response_tail_is_smooth_where_both_rates_meet),
        cmocka_unit_test(quantiles_invert_their_tails),
        cmocka_unit_test(a_roomy_loss_queue_is_mmc),
        cmocka_unit_test(a_long_full_queue_does_not_underflow),
        cmocka_unit_test(a_loss_queue_without_room_to_wait_is_erlang_b),
        cmocka_unit_test(mva_of_one_station_is_the_repairman),
        cmocka_unit_test(users_who_never_think_keep_every_server_busy),
        cmocka_unit_test(holding_costs_throughput_but_never_all_of_it),
        cmocka_unit_test(the_bottleneck_is_the_station_that_is_full_first),
        cmocka_unit_test(exact_values_lie_within_the_operational_bounds),
    };
    return cmocka_run_group_tests(tests, read_cases, free_cases);
}
