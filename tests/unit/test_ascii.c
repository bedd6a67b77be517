/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L /* open_memstream */
#include "experiments/ascii.h"
#include "experiments/human.h"

#include "unit/sitting.h"

#include <stdlib.h>

struct told {
    char *text;
    size_t size;
};

static struct told tell_latency(const struct result *r)
{
    struct told t;
    FILE *out = open_memstream(&t.text, &t.size);
    ascii_latency(r, false, out);
    fclose(out);
    return t;
}

static void assert_plain(const char *text)
{
    char line[1000];
    for (const char *at = text; *at; at += strcspn(at, "\n") + 1) {
        size_t length = strcspn(at, "\n");
        assert_true(length < sizeof line);
        memcpy(line, at, length);
        line[length] = '\0';
        assert_true(human_width(line) <= SHEET_WIDTH);
        assert_true(length == 0 || line[length - 1] != ' ');
        for (size_t i = 0; i < length; i++)
            assert_true((unsigned char)line[i] >= ' ');
    }
}

static void every_time_has_its_line_and_its_share(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'api', 'open': {'rate': '100/s'},"
            " 'mix': {'quick': '75%', 'long': 'rest'}}},"
            " 'services': {'api': {'kind': 'server', 'handlers':"
            " {'quick': [{'wait': '10ms'}], 'long': [{'wait': '250ms'}]}}},"
            " 'slo': ['p95 < 300ms'],"
            " 'run': {'duration': '400s', 'warmup': '1s', 'replications': 4}}");
    struct told t = tell_latency(&s.point.result);
    assert_plain(t.text);
    assert_non_null(strstr(t.text, "Response times of all requests\n"));
    assert_non_null(strstr(t.text, "from 10 ms |"));
    /* 75 % and 25 %: bars of 40 and of a third of that; the steps between are empty. */
    const char *quick = strstr(t.text, "from 10 ms |");
    const char *slow = strstr(t.text, "200 ms |");
    assert_int_equal(strspn(strchr(quick, '|') + 1, "#"), 40);
    assert_within((double)strspn(strchr(slow, '|') + 1, "#"), 14, 1);
    assert_int_equal(strspn(strchr(strstr(t.text, "50 ms |"), '|') + 1, "#"), 0);
    assert_non_null(strstr(quick, "p50 10.0 ms"));
    assert_non_null(strstr(slow, "p90 250 ms, p95 250 ms"));
    assert_non_null(strstr(slow, "[p95 < 300ms]"));
    free(t.text);
    rise(&s);
}

static void what_grows_has_no_chart(void **state)
{
    (void)state;
    struct model_sitting s;
    sit(&s, "{'workloads': {'v': {'target': 'api', 'open': {'rate': '200/s'}}},"
            " 'services': {'api': {'kind': 'server', 'slots': 1, 'time': '10ms'}},"
            " 'run': {'duration': '60s', 'replications': 4}}");
    struct told t = tell_latency(&s.point.result);
    assert_string_equal(t.text, "");
    free(t.text);
    rise(&s);
}

/* ---- promises against load ------------------------------------------------------- */

enum { PROBES = 5 };

struct found {
    struct saturation is;
    struct probe probe[PROBES];
    struct slo slo;
    struct scenario scenario;
    struct point base;
};

/* 100 ms are promised; kept at 10/s and 20/s, open at 30/s, missed at 40/s, and at 50/s
 * the backlog grows. */
static void make_found(struct found *s)
{
    static const double value[] = {0.02, 0.05, 0.098, 0.15, 1};
    static const enum answer kept[] = {ANSWER_YES, ANSWER_YES, ANSWER_OPEN, ANSWER_NO,
                                       ANSWER_NO};
    memset(s, 0, sizeof *s);
    s->slo = (struct slo){
        .text = "p95 < 100ms", .metric = SLO_QUANTILE, .quantile = 0.95, .value = 0.1};
    s->scenario.slos = &s->slo;
    s->scenario.slo_count = 1;
    s->base.scenario = &s->scenario;
    for (int i = 0; i < PROBES; i++)
        s->probe[i] = (struct probe){.load = 10 * (i + 1),
                                     .verdict = VERDICT_STABLE,
                                     .carried = ANSWER_YES,
                                     .kept = kept[i],
                                     .value = value[i],
                                     .margin = log(0.1 / value[i])};
    s->probe[4].verdict = VERDICT_UNSTABLE;
    s->probe[4].carried = ANSWER_NO;
    s->probe[4].tightest = -1;
    s->is = (struct saturation){.dial = {.pointer = "/rate", .unit = "/s"},
                                .has_promises = true,
                                .promised = {.yes = 20, .no = 40},
                                .log = {.probe = s->probe, .probes = PROBES}};
}

static struct told tell_found(const struct found *s)
{
    struct told t;
    FILE *out = open_memstream(&t.text, &t.size);
    ascii_saturation(&s->is, &s->base, false, out);
    fclose(out);
    return t;
}

static void the_capacity_lies_between_what_is_kept_and_what_is_missed(void **state)
{
    (void)state;
    struct found s;
    make_found(&s);
    struct told t = tell_found(&s);
    assert_plain(t.text);
    const char *order[] = {"10/s |", "20/s |", "surely kept up to 20/s", "30/s |",
                           "surely missed from 40/s", "40/s |", "50/s |", "unstable"};
    const char *at = t.text;
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        at = strstr(at, order[i]);
        assert_non_null(at);
    }
    /* A fifth and a half of the limit, which stands behind 24 letters. */
    assert_non_null(strstr(t.text, "10/s |#####                   |"));
    assert_non_null(strstr(t.text, "20/s |############            |"));
    assert_non_null(strstr(t.text, "40/s |########################|###########"));
    free(t.text);
    s.probe[2].kept = ANSWER_NO;
    s.is.promised.no = 30;
    t = tell_found(&s);
    assert_non_null(strstr(t.text, "SLO capacity: 20/s to 30/s"));
    free(t.text);
}

static void loads_close_to_each_other_share_a_line(void **state)
{
    (void)state;
    struct found s;
    struct probe many[60];
    make_found(&s);
    for (int i = 0; i < 60; i++) {
        many[i] = s.probe[0];
        many[i].load = 10 + 0.2 * i;
        many[i].kept = i <= 30 ? ANSWER_YES : ANSWER_NO;
    }
    s.is.log.probe = many;
    s.is.log.probes = 60;
    s.is.promised = (struct bracket){.yes = many[30].load, .no = many[31].load};
    struct told t = tell_found(&s);
    int lines = 0;
    for (const char *c = t.text; *c; c++)
        lines += *c == '\n';
    assert_in_range(lines, 10, 2 + 16 + 1);
    assert_non_null(strstr(t.text, "SLO capacity: 16/s to 16.2/s"));
    assert_non_null(strstr(t.text, "\n        16/s |"));
    assert_non_null(strstr(t.text, "\n      16.2/s |"));
    free(t.text);
}

static void hostile_texts_reach_no_terminal(void **state)
{
    (void)state;
    struct found s;
    make_found(&s);
    s.slo.text = "p95 < \x1b[2J\x07\r100ms and on and on and on and on and on and on";
    s.is.dial.unit = "\x1b]0;x\x07/s";
    struct told t = tell_found(&s);
    assert_plain(t.text);
    assert_null(strchr(t.text, '\x1b'));
    free(t.text);
}

static void without_promises_there_is_nothing_to_show(void **state)
{
    (void)state;
    struct found s;
    make_found(&s);
    s.is.has_promises = false;
    struct told t = tell_found(&s);
    assert_string_equal(t.text, "");
    free(t.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_time_has_its_line_and_its_share),
        cmocka_unit_test(what_grows_has_no_chart),
        cmocka_unit_test(the_capacity_lies_between_what_is_kept_and_what_is_missed),
        cmocka_unit_test(loads_close_to_each_other_share_a_line),
        cmocka_unit_test(hostile_texts_reach_no_terminal),
        cmocka_unit_test(without_promises_there_is_nothing_to_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
