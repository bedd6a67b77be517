/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a bound by the utilisation law counts, and what it does not. */
#include "experiments/headroom.h"
#include "unit/story.h"

#include <math.h>

/* 120/s for a worker that does 100/s, with four attempts of half a second each. */
static const char collapse[] =
    "{ 'workloads': { 'v': { 'target': 'web', 'open': { 'rate': '120/s' },"
    "                        'timeout': '500ms', 'retry': { 'max': 3 } } },"
    "  'services': { 'web': { 'kind': 'gunicorn', 'worker_class': 'sync',"
    "                         'workers': 1, 'cpu': 4,"
    "                         'handlers': { 'default': [ { 'cpu': '10ms' } ] } } } }";

static int station_named(const struct model_facts *facts, const char *name)
{
    for (int i = 0; i < facts->stations; i++)
        if (strcmp(facts->station[i].name, name) == 0)
            return i;
    return -1;
}

static void retries_of_a_collapse_do_not_lower_the_bound(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, collapse, 1);
    story_watch(&s, 5, 20, 10);
    struct sample sample = {s.facts, &s.out, 1};
    struct findings *f = findings_of(&sample, true, &s.arena);
    struct headroom h = headroom_of(s.model, &sample, f);
    struct demand d = model_demand(s.model, 0, station_named(s.facts, "web"));
    assert_true(f->type[0].attempts.value > 2);
    assert_int_equal(h.station, station_named(s.facts, "web"));
    assert_true(fabs(h.most - 1 / d.hold) < 1e-6 / d.hold);
    assert_true(fabs(h.load - h.rate * d.hold) < 1e-9);
    story_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(retries_of_a_collapse_do_not_lower_the_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
