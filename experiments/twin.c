/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/twin.h"

#include "experiments/quantity.h"
#include "models/load_tools.h"
#include "sim/check.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

const double twin_levels[TWIN_LEVELS] = {0.5, 0.9, 0.95, 0.99};
const char *const twin_level_names[TWIN_LEVELS] = {"p50", "p90", "p95", "p99"};

/* ---- what the tools make of their times ------------------------------------------ */

/* The k-th smallest, from 1. */
static double ranked(const struct histogram *h, double k)
{
    double n = (double)h->count;
    return histogram_quantile(h, fmin(fmax(k, 1), n) / n);
}

/* k6: between the neighbours of p (n - 1), in proportion. */
static double level_k6(const struct histogram *h, double p)
{
    double at = p * ((double)h->count - 1), below = floor(at);
    double low = ranked(h, below + 1), high = ranked(h, ceil(at) + 1);
    return low + (high - low) * (at - below);
}

/* Locust keeps times in ms with two digits from 100 ms on. */
static double level_locust(const struct histogram *h, double p)
{
    double ms = ranked(h, floor(p * (double)h->count) + 1) * 1e-6;
    double step = ms < 100 ? 1 : ms < 1000 ? 10 : ms < 10000 ? 100 : 1000;
    return rint(ms / step) * step * 1e6;
}

/* wrk and wrk2. */
static double level_wrk(const struct histogram *h, double p)
{
    return ranked(h, floor(p * (double)h->count + 0.5));
}

double twin_level(enum tool tool, const struct histogram *times, double p)
{
    static double (*const level[])(const struct histogram *h, double p) = {
        [TOOL_K6] = level_k6,
        [TOOL_LOCUST] = level_locust,
        [TOOL_WRK] = level_wrk,
        [TOOL_WRK2] = level_wrk,
    };
    return times->count ? level[tool](times, p) : NAN;
}

void twin_correct(const struct histogram *times, uint64_t interval,
                  struct histogram *out, struct arena *arena)
{
    *out = (struct histogram){0};
    histogram_merge(out, times, arena);
    for (int cell = 0; interval > 0 && cell < HISTOGRAM_CELLS; cell++) {
        const uint64_t *row = times->row[cell / HISTOGRAM_ROW];
        uint64_t count = row ? row[cell % HISTOGRAM_ROW] : 0;
        uint64_t time = histogram_cell_low(cell);
        if (count == 0 || time < 2 * interval)
            continue;
        for (uint64_t t = time - interval; t > interval; t -= interval)
            histogram_add_many(out, t, count, arena);
    }
}

/* ---- the tool's side ------------------------------------------------------------- */

/* One workload's numbers of one replication. */
struct reading {
    struct histogram times;
    struct tally sum;
    double due, failed, dropped, interrupted, late;
};

static struct reading read_one(const struct result *r, int w, int replication,
                               struct arena *arena)
{
    struct reading is = {.due = 0};
    const struct workload_facts *load = &r->facts->workload[w];
    for (int t = 0; t < r->facts->types; t++) {
        const struct type_outcome *o = &r->sample.outcome[replication].type[t];
        if (r->facts->type[t].workload_index != w)
            continue;
        histogram_merge(&is.times, &o->tool, arena);
        tally_merge(&is.sum, &o->tool_sum);
        is.due += (double)o->offered;
        if (load->interrupts)
            is.interrupted += (double)o->unfinished;
        is.late += (double)o->tool_late;
        for (int c = 0; c < r->facts->causes; c++)
            is.failed += (double)o->failed[c];
        if (load->dropped_cause >= 0)
            is.dropped += (double)o->failed[load->dropped_cause];
    }
    return is;
}

/* Columns of one double a replication. */
struct columns {
    double *sent, *length, *failed, *due, *dropped, *interrupted, *late, *answers,
        *mean, *level[TWIN_LEVELS];
};

static struct columns columns_of(int n, struct arena *arena)
{
    struct columns c;
    double **all[] = {&c.sent,        &c.length, &c.failed,  &c.due, &c.dropped,
                      &c.interrupted, &c.late,   &c.answers, &c.mean};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        *all[i] = arena_many(arena, n, double);
    for (int i = 0; i < TWIN_LEVELS; i++)
        c.level[i] = arena_many(arena, n, double);
    return c;
}

static void fill(struct columns *c, const struct result *r, int w, int i,
                 struct arena *arena)
{
    const struct workload_facts *load = &r->facts->workload[w];
    struct reading is = read_one(r, w, i, arena);
    const struct histogram *times = &is.times;
    struct histogram corrected;
    c->length[i] = sample_length(&r->sample, i);
    c->due[i] = is.due;
    c->sent[i] = is.due - is.dropped - is.interrupted;
    c->failed[i] = is.failed - is.dropped;
    c->dropped[i] = is.dropped;
    c->interrupted[i] = is.interrupted;
    c->late[i] = is.late;
    c->answers[i] = (double)is.times.count + is.late;
    if (load->tool == TOOL_WRK && c->answers[i] >= load->users) {
        double interval = c->length[i] * 1e9 / floor(c->answers[i] / load->users);
        twin_correct(&is.times, (uint64_t)interval, &corrected, arena);
        times = &corrected;
    }
    c->mean[i] = is.sum.count ? tally_mean(&is.sum) * 1e-9 : NAN;
    for (int l = 0; l < TWIN_LEVELS; l++)
        c->level[l][i] = twin_level(load->tool, times, twin_levels[l]) * 1e-9;
}

/* A run in which nothing was answered has nothing to print. */
static struct estimate mean_of(const double *value, int n)
{
    for (int i = 0; i < n; i++)
        if (isnan(value[i]))
            return estimate_lacking(LACK_REQUESTS);
    return estimate_mean(value, n);
}

static void read_tool(struct twin_test *test, const struct result *r,
                      struct arena *arena)
{
    int n = r->sample.count;
    struct columns c = columns_of(n, arena);
    for (int i = 0; i < n; i++)
        fill(&c, r, test->workload, i, arena);
    test->tool_prints.rate = estimate_ratio(c.sent, c.length, n);
    test->tool_prints.failed = estimate_ratio(c.failed, c.sent, n);
    test->tool_prints.mean = mean_of(c.mean, n);
    for (int l = 0; l < TWIN_LEVELS; l++)
        test->tool_prints.level[l] = mean_of(c.level[l], n);
    test->dropped = estimate_ratio(c.dropped, c.due, n);
    test->interrupted = estimate_ratio(c.interrupted, c.due, n);
    test->late = estimate_ratio(c.late, c.answers, n);
}

static void read_users(struct twin_test *test, const struct result *users)
{
    struct scope scope = {SCOPE_WORKLOAD, test->workload};
    struct twin_side *side = &test->users_feel;
    bool steady = users && users->findings->steady;
    *side = (struct twin_side){.mean = estimate_lacking(LACK_STEADY_STATE)};
    for (int l = 0; l < TWIN_LEVELS; l++)
        side->level[l] = side->mean;
    side->rate = side->failed = side->mean;
    if (!users)
        return;
    side->rate = sample_rate(&users->sample, scope, COUNT_OFFERED);
    side->failed = sample_errors(&users->sample, scope, -1);
    if (!steady)
        return;
    side->mean = sample_mean(&users->sample, scope, TIME_LATENCY);
    for (int l = 0; l < TWIN_LEVELS; l++)
        side->level[l] =
            sample_quantile(&users->sample, scope, TIME_LATENCY, twin_levels[l]);
}

struct twin *twin_of(const struct result *result, struct arena *arena)
{
    struct twin *twin = arena_new(arena, struct twin);
    int workloads = result->facts->workloads;
    twin->test = arena_many(arena, workloads, struct twin_test);
    for (int w = 0; w < workloads; w++) {
        if (!result->facts->workload[w].tool)
            continue;
        struct twin_test *test = &twin->test[twin->tests++];
        *test =
            (struct twin_test){.workload = w, .tool = result->facts->workload[w].tool};
        read_tool(test, result, arena);
        read_users(test, NULL);
    }
    return twin->tests ? twin : NULL;
}

/* ---- users in its place ---------------------------------------------------------- */

/* How long the test lasts, s. */
static double span_of(const struct workload_facts *load, const struct result *r)
{
    double span = sim_seconds(load->span), length = sim_seconds(r->run.window.length);
    return load->by_count ? fmin(span, length) : span;
}

/* Requests per second over the length of a test, or of the window. */
static double rate_of(const struct twin_test *test, const struct result *r)
{
    const struct workload_facts *load = &r->facts->workload[test->workload];
    if (load->rate > 0)
        return load->rate;
    double rate = test->tool_prints.rate.value;
    if (load->span != SIM_NEVER)
        rate *= sim_seconds(r->run.window.length) / span_of(load, r);
    return rate;
}

/* A profile in the making: its area, so that its mean can be 1. */
struct shape {
    cJSON *list;
    double area, time, height;
};

static void to_point(struct shape *s, double time, double height)
{
    s->area += (s->height + height) / 2 * (time - s->time);
    s->time = time;
    s->height = height;
    double pair[] = {time, height};
    cJSON_AddItemToArray(s->list, cJSON_CreateDoubleArray(pair, 2));
}

static void shape_k6(struct shape *s, const struct param_variant *k6)
{
    if (k6->which == K6_RAMPING_RATE) {
        const struct k6_ramping_rate_conf *conf = k6->body;
        const struct k6_rate_stage *stage = conf->stages.items;
        to_point(s, 0, conf->start);
        for (int i = 0; i < conf->stages.count; i++)
            to_point(s, s->time + sim_seconds(stage[i].duration), stage[i].target);
    } else if (k6->which == K6_RAMPING_VUS) {
        const struct k6_ramping_vus_conf *conf = k6->body;
        const struct k6_vu_stage *stage = conf->stages.items;
        to_point(s, 0, (double)conf->start);
        for (int i = 0; i < conf->stages.count; i++)
            to_point(s, s->time + sim_seconds(stage[i].duration),
                     (double)stage[i].target);
    }
}

static void shape_locust(struct shape *s, const struct locust_conf *conf, double length)
{
    double ramp = (double)conf->users / conf->spawn_rate;
    to_point(s, 0, 0);
    to_point(s, fmin(ramp, length), fmin(1, length / ramp));
}

/* [["0s", 1], …]: the test's shape over time, of mean 1. */
static cJSON *profile_of(const struct workload_conf *conf, double length,
                         struct arena *arena)
{
    struct shape s = {.list = cJSON_CreateArray()};
    if (conf->k6.row)
        shape_k6(&s, &conf->k6);
    if (conf->locust)
        shape_locust(&s, conf->locust, length);
    if (s.time < length) {
        if (s.time == 0)
            to_point(&s, 0, 1);
        to_point(&s, length, s.height);
    }
    cJSON *pair;
    cJSON_ArrayForEach(pair, s.list)
    {
        double time = cJSON_GetArrayItem(pair, 0)->valuedouble;
        cJSON *height = cJSON_GetArrayItem(pair, 1);
        const char *text = arena_format(arena, "%ss", quantity_number(arena, time, 17));
        cJSON_ReplaceItemInArray(pair, 0, cJSON_CreateString(text));
        cJSON_SetNumberValue(height, height->valuedouble * length / s.area);
    }
    return s.list;
}

static void put_users(cJSON *workload, const struct workload_conf *conf, double rate,
                      const struct workload_facts *facts, const struct result *r,
                      struct arena *arena)
{
    static const char *const tools[] = {"k6", "locust", "wrk", "wrk2"};
    for (size_t i = 0; i < sizeof tools / sizeof *tools; i++)
        cJSON_DeleteItemFromObjectCaseSensitive(workload, tools[i]);
    cJSON *open = cJSON_AddObjectToObject(workload, "open");
    const char *text = arena_format(arena, "%s/s", quantity_number(arena, rate, 17));
    cJSON_AddStringToObject(open, "rate", text);
    if (facts->span != SIM_NEVER)
        cJSON_AddItemToObject(open, "profile",
                              profile_of(conf, span_of(facts, r), arena));
}

static const char *with_users(const struct twin *twin, const struct point *point,
                              struct arena *arena)
{
    const struct result *r = &point->result;
    const struct param_map *loads = &point->scenario->system.workloads;
    cJSON *root = cJSON_Parse(point->scenario->canonical);
    cJSON *workloads = cJSON_GetObjectItemCaseSensitive(root, "workloads");
    check(workloads != NULL, "workloads of %s", r->name);
    for (int i = 0; i < twin->tests; i++) {
        int w = twin->test[i].workload;
        put_users(cJSON_GetObjectItemCaseSensitive(workloads, loads->names[w]),
                  &((const struct workload_conf *)loads->items)[w],
                  rate_of(&twin->test[i], r), &r->facts->workload[w], r, arena);
    }
    char *text = cJSON_PrintUnformatted(root);
    const char *copy = arena_text(arena, text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(root);
    return copy;
}

bool twin_run(struct twin *twin, const struct point *point,
              const struct point_effort *effort, struct arena *arena)
{
    struct point *users = arena_new(arena, struct point);
    struct where *where = where_new(arena);
    const struct result *r = &point->result;
    for (int i = 0; i < twin->tests; i++)
        if (!(rate_of(&twin->test[i], r) > 0)) {
            twin->why = "the test sends nothing";
            return true;
        }
    const char *text = with_users(twin, point, arena);
    struct scenario *scenario =
        scenario_parse(arena, r->path, scenario_folder(arena, r->path), text,
                       strlen(text), NULL, 0, where);
    check(scenario && point_compile(users, arena, scenario, &r->seed, where),
          "users in place of the tools of %s", r->name);
    twin->why = point_misfit(users, effort, arena);
    if (twin->why)
        return true;
    /* users at the edge of what can be done would be simulated for very long */
    struct point_effort as_long = *effort;
    as_long.duration = r->run.window.length;
    if (!point_run(users, &as_long, arena))
        return false;
    twin->users = &users->result;
    for (int i = 0; i < twin->tests; i++)
        read_users(&twin->test[i], twin->users);
    return true;
}
