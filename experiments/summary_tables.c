/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/summary_tables.h"

#include "experiments/grid.h"

#include <math.h>

enum { MOST_BLAMED = 8 };

/* Shares below this are folded into one line. */
static const double worth_a_line = 0.005;

const char *page_estimate(struct page *p, enum human_kind kind,
                          const struct estimate *e)
{
    return human_estimate(&p->sheet.arena, kind, e);
}

const char *page_value(struct page *p, enum human_kind kind, double value)
{
    return human_value(&p->sheet.arena, kind, value);
}

/* Per second, or of a load that ends by itself: in all, in one replication. */
static struct estimate amount(const struct page *p, const struct estimate *rate)
{
    return p->result->facts->terminating
               ? estimate_scaled(*rate, sim_seconds(p->result->run.window.length))
               : *rate;
}

static const char *per_second(const struct page *p, const char *steady, const char *all)
{
    return p->result->facts->terminating ? all : steady;
}

/* ---- requests -------------------------------------------------------------------- */

/* Columns of counts, then of times. A load that ends by itself has extremes. */
enum { COUNTS = 3, MOST_TIMES = 1 + FINDINGS_LEVELS + 1 };

struct time_column {
    const char *name;
    struct estimate value;
};

/* A number without an interval. */
static struct estimate exactly(double value)
{
    struct estimate e = estimate_lacking(isnan(value) ? LACK_REQUESTS : LACK_NOTHING);
    e.value = value;
    return e;
}

static int steady_columns(const struct time_findings *times, struct time_column *column)
{
    int n = 0;
    column[n++] = (struct time_column){"mean", times->mean};
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        column[n++] =
            (struct time_column){findings_level_names[i], times->quantile[i]};
    return n;
}

static int ending_columns(const struct time_findings *times, struct time_column *column)
{
    int n = 0;
    column[n++] = (struct time_column){"mean", times->mean};
    column[n++] = (struct time_column){"least", exactly(times->least)};
    for (int i = 0; i < FINDINGS_LEVELS; i++)
        if (i == 0 || i == 2 || i == 3) /* p50, p95, p99: the sheet holds no more */
            column[n++] =
                (struct time_column){findings_level_names[i], times->quantile[i]};
    column[n++] = (struct time_column){"most", exactly(times->most)};
    return n;
}

static int time_columns(const struct page *p, const struct time_findings *times,
                        struct time_column *column)
{
    return p->result->facts->terminating ? ending_columns(times, column)
                                         : steady_columns(times, column);
}

/* The requests table while it grows, and what its dashes stand for. */
struct requests {
    struct page *page;
    struct grid grid;
    bool lacks[LACK_LIMIT + 1];
};

static void add_counts(struct requests *r, const struct request_findings *f,
                       struct grid_row *value, struct grid_row *width)
{
    struct page *p = r->page;
    struct estimate counts[COUNTS] = {amount(p, &f->offered), amount(p, &f->completed),
                                      f->errors};
    for (int i = 0; i < COUNTS; i++) {
        enum human_kind kind = i == 2                           ? HUMAN_PART
                               : p->result->facts->terminating ? HUMAN_COUNT
                                                               : HUMAN_NUMBER;
        value->cell[1 + i] = page_value(p, kind, counts[i].value);
        width->cell[1 + i] = human_half_width(&p->sheet.arena, kind, &counts[i]);
    }
}

static void add_times(struct requests *r, const struct time_findings *times,
                      struct grid_row *value, struct grid_row *width)
{
    struct page *p = r->page;
    struct time_column column[MOST_TIMES];
    int n = time_columns(p, times, column);
    for (int i = 0; i < n; i++) {
        const struct estimate *e = &column[i].value;
        value->cell[1 + COUNTS + i] = page_value(p, HUMAN_TIME, e->value);
        width->cell[1 + COUNTS + i] =
            human_half_width(&p->sheet.arena, HUMAN_TIME, e);
        if (!estimate_given(e))
            r->lacks[e->lack] = true;
    }
}

/* A line of values and, below, one of half-widths. Without `f` or `times` their cells
 * stay empty. */
static void add_requests(struct requests *r, const char *label,
                         const struct request_findings *f,
                         const struct time_findings *times)
{
    struct sheet *sheet = &r->page->sheet;
    struct grid_row value = {.cell = {label}}, width = {.below = true};
    if (f)
        add_counts(r, f, &value, &width);
    if (times)
        add_times(r, times, &value, &width);
    for (int i = 0; i < GRID_COLUMNS; i++)
        width.ink[i] = INK_FAINT;
    *grid_add(&r->grid, sheet, INK_PLAIN) = value;
    *grid_add(&r->grid, sheet, INK_FAINT) = width;
}

static void request_heading(struct requests *r)
{
    struct page *p = r->page;
    struct time_column column[MOST_TIMES];
    int n = time_columns(p, &p->result->findings->whole.latency, column);
    struct grid_row *row = grid_heading(&r->grid, &p->sheet);
    row->cell[0] = "Requests";
    row->cell[1] = per_second(p, "offered/s", "sent");
    row->cell[2] = per_second(p, "ok/s", "ok");
    row->cell[3] = "failed";
    for (int i = 0; i < n; i++)
        row->cell[1 + COUNTS + i] = column[i].name;
    r->grid.columns = 1 + COUNTS + n;
}

static int streams_of(const struct model_facts *facts)
{
    int streams = 0;
    for (int t = 0; t < facts->types; t++)
        streams += facts->type[t].streaming;
    return streams;
}

static void add_type(struct requests *r, int t)
{
    struct page *p = r->page;
    const struct type_facts *facts = &p->result->facts->type[t];
    const struct request_findings *f = &p->result->findings->type[t];
    const char *label = sheet_safe(&p->sheet, facts->name);
    if (p->result->facts->workloads > 1)
        label = arena_format(&p->sheet.arena, "%s.%s",
                             sheet_safe(&p->sheet, facts->workload), label);
    if (!(facts->share > 0)) {
        add_requests(r, arena_format(&p->sheet.arena, "%s (none sent)", label), NULL,
                     NULL);
        return;
    }
    add_requests(
        r, f->streams ? arena_format(&p->sheet.arena, "%s, whole", label) : label, f,
        &f->latency);
    if (!f->streams)
        return;
    add_requests(r, "  to first byte", NULL, &f->first_byte);
    if (f->gap.mean.value > 0)
        add_requests(r, "  between chunks", NULL, &f->gap);
    if (f->tokens)
        add_requests(r, "  per token", NULL, &f->per_token);
}

/* Latencies of streams and of others make no sense in one line. */
static void add_all(struct requests *r)
{
    const struct model_facts *facts = r->page->result->facts;
    const struct findings *f = r->page->result->findings;
    int streams = streams_of(facts), plain = facts->types - streams;
    if (facts->types > 1)
        add_requests(r, "all", &f->whole,
                     streams == 0 || plain == 0 ? &f->whole.latency : NULL);
    if (streams > 0 && plain > 1)
        add_requests(r, "all but streams", &f->plain, &f->plain.latency);
}

/* What is open, and what broke, of the streams. */
static void print_streams(struct page *p)
{
    const struct result *r = p->result;
    for (int t = 0; t < r->facts->types; t++) {
        const struct request_findings *f = &r->findings->type[t];
        if (!f->streams || !(r->facts->type[t].share > 0))
            continue;
        const char *name = sheet_safe(&p->sheet, r->facts->type[t].name);
        const char *open = page_estimate(p, HUMAN_NUMBER, &f->open);
        if (f->cut.value > 0)
            sheet_say(&p->sheet,
                      "%s: %s streams open on average, %.0f at most; %s broke after "
                      "the first byte.",
                      name, open, f->open_most, page_estimate(p, HUMAN_PART, &f->cut));
        else
            sheet_say(&p->sheet, "%s: %s streams open on average, %.0f at most.", name,
                      open, f->open_most);
    }
}

static void print_causes(struct page *p)
{
    const struct result *r = p->result;
    const struct request_findings *f = &r->findings->whole;
    struct grid grid = {.columns = 2, .left = 1, .caption = "Failed requests by cause"};
    for (int c = 0; c < r->facts->causes; c++) {
        if (!(f->error_of[c].value > 0))
            continue;
        struct grid_row *row = grid_add(&grid, &p->sheet, INK_PLAIN);
        row->cell[0] = sheet_safe(&p->sheet, r->facts->cause[c].name);
        row->cell[1] = page_estimate(p, HUMAN_PART, &f->error_of[c]);
    }
    if (grid.rows)
        sheet_table_heading(&p->sheet, "Failed requests by cause");
    grid_print(&grid, &p->sheet);
    if (f->unfinished.value > 0)
        sheet_say(&p->sheet, "%s of the requests had no outcome when the run ended.",
                  page_estimate(p, HUMAN_PART, &f->unfinished));
}

/* What the dashes stand for, each reason once. */
static void print_missing(struct requests *r)
{
    struct sheet *sheet = &r->page->sheet;
    if (r->lacks[LACK_STEADY_STATE])
        sheet_say(sheet, "-: grows with the length of the run.");
    else if (r->lacks[LACK_REQUESTS])
        sheet_say(sheet, "-: nobody was served.");
    if (!r->lacks[LACK_SAMPLES])
        return;
    if (r->page->result->facts->terminating)
        sheet_say(sheet, "-: too few requests for this quantile; the slowest of all is "
                         "in the last column.");
    else
        sheet_say(sheet,
                  "-: too few samples (a quantile needs %d values beyond it in each "
                  "replication and %d in all).",
                  ESTIMATE_BEYOND_EACH, ESTIMATE_BEYOND_ALL);
}

/* Those streams that keep all the limits of their workload. */
static void print_good(struct page *p)
{
    const struct request_findings *f = &p->result->findings->whole;
    if (!f->judged)
        return;
    struct estimate good = amount(p, &f->good);
    sheet_say(&p->sheet, "%s%s of the answers in streams keep all limits of \"good\".",
              page_estimate(p, HUMAN_NUMBER, &good),
              p->result->facts->terminating ? "" : "/s");
}

void page_requests(struct page *p)
{
    struct requests r = {.page = p, .grid = {.left = 1}};
    request_heading(&r);
    add_all(&r);
    for (int t = 0; t < p->result->facts->types; t++)
        add_type(&r, t);
    sheet_break(&p->sheet);
    grid_print(&r.grid, &p->sheet);
    print_missing(&r);
    print_streams(p);
    print_good(p);
    print_causes(p);
}

/* ---- components ------------------------------------------------------------------ */

enum station_column {
    STATION_NAME,
    STATION_SLOTS,
    STATION_BUSY,
    STATION_HOTTEST,
    STATION_FULL,
    STATION_CPU,
    STATION_QUEUE,
    STATION_QUEUE_MOST,
    STATION_WAIT,
    STATION_LOST,
    STATION_COLUMNS
};

static bool any_turned_away(const struct result *r)
{
    for (int i = 0; i < r->facts->stations; i++)
        if (r->findings->station[i].refused.value > 0 ||
            r->findings->station[i].timed_out.value > 0)
            return true;
    return false;
}

static const char *slots_of(struct page *p, const struct station_facts *f)
{
    const char *name = f->slot_name ? f->slot_name : "slot";
    if (isinf(f->slots))
        return "unlimited";
    return arena_format(&p->sheet.arena, "%.0f %s%s", f->slots, name,
                        f->slots == 1 ? "" : "s");
}

/* Where nothing is limited there is nothing to say. */
static const char *part(struct page *p, const struct estimate *e)
{
    return e->lack == LACK_LIMIT ? "" : page_value(p, HUMAN_PART, e->value);
}

static const struct estimate *hottest_of(const struct result *r, int i)
{
    const struct station_findings *f = &r->findings->station[i];
    return estimate_given(&f->hottest_process) ? &f->hottest_process : &f->hottest;
}

static bool has_hottest(const struct result *r, int i)
{
    return r->facts->station[i].instances > 1 ||
           estimate_given(&r->findings->station[i].hottest_process);
}

/* Who waits for a slot waits for nothing where slots have no limit. */
static const char *wait_of(struct page *p, int i)
{
    if (!p->result->facts->station[i].waits)
        return "";
    if (!p->result->findings->steady)
        return "-";
    return page_value(p, HUMAN_TIME, p->result->findings->station[i].wait.value);
}

static void add_station(struct grid *grid, struct page *p, int i)
{
    const struct station_facts *facts = &p->result->facts->station[i];
    const struct station_findings *f = &p->result->findings->station[i];
    struct grid_row *row = grid_add(grid, &p->sheet, INK_PLAIN);
    struct estimate queue = estimate_scaled(f->queue, 1.0 / facts->instances);
    struct estimate lost = estimate_scaled(f->refused, 1);
    lost.value += f->timed_out.value;
    row->cell[STATION_NAME] = sheet_safe(&p->sheet, facts->name);
    row->cell[STATION_SLOTS] = slots_of(p, facts);
    row->cell[STATION_BUSY] =
        isinf(facts->slots) ? "" : page_estimate(p, HUMAN_PART, &f->utilisation);
    row->cell[STATION_HOTTEST] =
        has_hottest(p->result, i) ? part(p, hottest_of(p->result, i)) : "";
    row->cell[STATION_FULL] = part(p, &f->full);
    row->cell[STATION_CPU] = facts->blocks ? "" : part(p, &f->cpu);
    row->cell[STATION_QUEUE] =
        facts->waits ? page_value(p, HUMAN_NUMBER, queue.value) : "";
    row->cell[STATION_QUEUE_MOST] =
        facts->waits ? page_value(p, HUMAN_COUNT, f->queue_most) : "";
    row->cell[STATION_WAIT] = wait_of(p, i);
    if (any_turned_away(p->result))
        row->cell[STATION_LOST] = page_value(
            p, p->result->facts->terminating ? HUMAN_COUNT : HUMAN_NUMBER,
            amount(p, &lost).value);
}

static void station_heading(struct grid *grid, struct page *p)
{
    const struct result *r = p->result;
    struct grid_row *row = grid_heading(grid, &p->sheet);
    row->cell[STATION_NAME] = "Components";
    row->cell[STATION_BUSY] = "busy";
    for (int i = 0; i < r->facts->stations; i++)
        if (has_hottest(r, i) && estimate_given(hottest_of(r, i)))
            row->cell[STATION_HOTTEST] = "hottest";
    row->cell[STATION_FULL] = "full";
    row->cell[STATION_CPU] = "CPU";
    row->cell[STATION_QUEUE] = "queue";
    row->cell[STATION_QUEUE_MOST] = "most";
    row->cell[STATION_WAIT] = "wait";
    if (any_turned_away(r))
        row->cell[STATION_LOST] = per_second(p, "lost/s", "lost");
}

/* Mean and longest queue stand side by side, so both are of one instance. */
static void print_queues(struct page *p)
{
    const struct result *r = p->result;
    for (int i = 0; i < r->facts->stations; i++)
        if (r->facts->station[i].instances > 1 &&
            r->findings->station[i].queue_most > 0) {
            sheet_say(&p->sheet, "queue, most: of one instance.");
            return;
        }
}

/* Of whom the hottest column speaks. */
static void print_hottest(struct page *p)
{
    const struct result *r = p->result;
    const char *workers = NULL;
    bool instances = false;
    for (int i = 0; i < r->facts->stations; i++) {
        if (!has_hottest(r, i) || !estimate_given(hottest_of(r, i)))
            continue;
        const char *name = sheet_safe(&p->sheet, r->facts->station[i].name);
        if (!estimate_given(&r->findings->station[i].hottest_process))
            instances = true;
        else
            workers = workers
                          ? arena_format(&p->sheet.arena, "%s and %s", workers, name)
                          : name;
    }
    if (workers)
        sheet_say(&p->sheet, "hottest: the busiest worker of %s%s.", workers,
                  instances ? ", the busiest instance of others" : "");
    else if (instances)
        sheet_say(&p->sheet, "hottest: the busiest instance.");
}

static void print_batches(struct page *p)
{
    for (int i = 0; i < p->result->facts->stations; i++)
        if (p->result->facts->station[i].batches)
            sheet_say(&p->sheet, "%s: %s requests in a batch, on average; CPU: busy "
                                 "with one.",
                      sheet_safe(&p->sheet, p->result->facts->station[i].name),
                      page_estimate(p, HUMAN_NUMBER,
                                    &p->result->findings->station[i].in_batch));
}

void page_stations(struct page *p)
{
    struct grid grid = {.columns = STATION_COLUMNS, .left = STATION_BUSY};
    station_heading(&grid, p);
    for (int i = 0; i < p->result->facts->stations; i++)
        add_station(&grid, p, i);
    sheet_break(&p->sheet);
    grid_print(&grid, &p->sheet);
    print_hottest(p);
    print_queues(p);
    print_batches(p);
}

/* ---- memory ---------------------------------------------------------------------- */

enum memory_column {
    MEMORY_NAME,
    MEMORY_LIMIT,
    MEMORY_MOST,
    MEMORY_PART,
    MEMORY_KILLED,
    MEMORY_RESTARTS,
    MEMORY_COLUMNS
};

/* Kills are rare: by the hour where there is one. */
static const char *per_hour(struct page *p, const struct estimate *rate)
{
    if (!(rate->value > 0))
        return "";
    if (p->result->facts->terminating)
        return page_value(p, HUMAN_COUNT, amount(p, rate).value);
    struct estimate hourly = estimate_scaled(*rate, 3600);
    return page_estimate(p, HUMAN_NUMBER, &hourly);
}

static void add_memory(struct grid *grid, struct page *p, int i)
{
    const struct station_facts *facts = &p->result->facts->station[i];
    const struct station_findings *f = &p->result->findings->station[i];
    struct grid_row *row = grid_add(grid, &p->sheet, INK_PLAIN);
    row->cell[MEMORY_NAME] = sheet_safe(&p->sheet, facts->name);
    row->cell[MEMORY_LIMIT] = page_value(p, HUMAN_SIZE, facts->memory);
    row->cell[MEMORY_MOST] = page_value(p, HUMAN_SIZE, f->memory_most);
    if (!isinf(facts->memory))
        row->cell[MEMORY_PART] =
            page_value(p, HUMAN_PART, f->memory_most / facts->memory);
    row->cell[MEMORY_KILLED] = per_hour(p, &f->killed);
    row->cell[MEMORY_RESTARTS] = per_hour(p, &f->restarts);
    if (f->killed.value > 0 || f->restarts.value > 0)
        row->ink[MEMORY_PART] = INK_BAD;
}

void page_memory(struct page *p)
{
    struct grid grid = {.columns = MEMORY_COLUMNS, .left = 1};
    for (int i = 0; i < p->result->facts->stations; i++) {
        if (!p->result->facts->station[i].weighs)
            continue;
        if (grid.rows == 0) {
            struct grid_row *row = grid_heading(&grid, &p->sheet);
            row->cell[MEMORY_NAME] = "Memory";
            row->cell[MEMORY_LIMIT] = "limit";
            row->cell[MEMORY_MOST] = "needed";
            row->cell[MEMORY_PART] = "of limit";
            row->cell[MEMORY_KILLED] = per_second(p, "killed/h", "killed");
            row->cell[MEMORY_RESTARTS] = per_second(p, "restarts/h", "restarts");
        }
        add_memory(&grid, p, i);
    }
    if (grid.rows == 0)
        return;
    sheet_break(&p->sheet);
    grid_print(&grid, &p->sheet);
    sheet_say(&p->sheet,
              "needed: the most of any instance at any time; killed, restarts: "
              "processes and whole instances, for want of memory.");
}

/* ---- queues of jobs -------------------------------------------------------------- */

void page_jobs(struct page *p)
{
    for (int i = 0; i < p->result->facts->stations; i++) {
        const struct station_facts *facts = &p->result->facts->station[i];
        const struct station_findings *f = &p->result->findings->station[i];
        if (!facts->broker)
            continue;
        sheet_say(&p->sheet,
                  "%s: the oldest job waited for %s; %s jobs/s run, %s lost with their "
                  "worker, %s delivered again, %s failed (jobs/s).",
                  sheet_safe(&p->sheet, facts->name),
                  page_value(p, HUMAN_TIME, f->wait_most),
                  page_estimate(p, HUMAN_NUMBER, &f->throughput),
                  page_value(p, HUMAN_NUMBER, f->lost.value),
                  page_value(p, HUMAN_NUMBER, f->redelivered.value),
                  page_value(p, HUMAN_NUMBER, f->failed.value));
    }
}

/* ---- caches ---------------------------------------------------------------------- */

enum cache_column {
    CACHE_NAME,
    CACHE_HIT,
    CACHE_EXPECTED,
    CACHE_LOOKUPS,
    CACHE_FILLED,
    CACHE_JOINED,
    CACHE_STALE,
    CACHE_EVICTED,
    CACHE_COLUMNS
};

static const char *per_time(struct page *p, const struct estimate *rate)
{
    bool ends = p->result->facts->terminating;
    return page_value(p, ends ? HUMAN_COUNT : HUMAN_NUMBER, amount(p, rate).value);
}

static const char *unless_none(struct page *p, const struct estimate *e)
{
    return e->value > 0 ? page_value(p, HUMAN_PART, e->value) : "";
}

static void add_cache(struct grid *grid, struct page *p, int i)
{
    const struct station_facts *facts = &p->result->facts->station[i];
    const struct station_findings *f = &p->result->findings->station[i];
    struct grid_row *row = grid_add(grid, &p->sheet, INK_PLAIN);
    row->cell[CACHE_NAME] = sheet_safe(&p->sheet, facts->name);
    row->cell[CACHE_HIT] = page_estimate(p, HUMAN_PART, &f->hit);
    row->cell[CACHE_EXPECTED] = page_value(p, HUMAN_PART, facts->hit_expected);
    row->cell[CACHE_LOOKUPS] = per_time(p, &f->lookups);
    row->cell[CACHE_FILLED] = per_time(p, &f->filled);
    row->cell[CACHE_JOINED] = unless_none(p, &f->joined);
    row->cell[CACHE_STALE] = unless_none(p, &f->stale);
    row->cell[CACHE_EVICTED] = per_time(p, &f->evicted);
}

void page_caches(struct page *p)
{
    struct grid grid = {.columns = CACHE_COLUMNS, .left = 1};
    for (int i = 0; i < p->result->facts->stations; i++) {
        if (!p->result->facts->station[i].caches)
            continue;
        if (grid.rows == 0) {
            struct grid_row *row = grid_heading(&grid, &p->sheet);
            row->cell[CACHE_NAME] = "Caches";
            row->cell[CACHE_HIT] = "hit";
            row->cell[CACHE_EXPECTED] = "in theory";
            row->cell[CACHE_LOOKUPS] = per_second(p, "asked/s", "asked");
            row->cell[CACHE_FILLED] = per_second(p, "misses/s", "misses");
            row->cell[CACHE_JOINED] = "joined";
            row->cell[CACHE_STALE] = "stale";
            row->cell[CACHE_EVICTED] = per_second(p, "evicted/s", "evicted");
        }
        add_cache(&grid, p, i);
    }
    if (grid.rows == 0)
        return;
    sheet_break(&p->sheet);
    grid_print(&grid, &p->sheet);
    sheet_say(&p->sheet, "in theory: the long-run ratio by Che's approximation; "
                         "joined: waited for the miss of another.");
}

/* ---- language models ------------------------------------------------------------- */

enum engine_column {
    ENGINE_NAME,
    ENGINE_STEP,
    ENGINE_BATCH,
    ENGINE_WRITTEN,
    ENGINE_KV,
    ENGINE_KV_MOST,
    ENGINE_FOUND,
    ENGINE_PREEMPTED,
    ENGINE_AGAIN,
    ENGINE_STALLS,
    ENGINE_GAP,
    ENGINE_COLUMNS
};

static void add_engine(struct grid *grid, struct page *p, int i)
{
    const struct station_facts *facts = &p->result->facts->station[i];
    const struct station_findings *f = &p->result->findings->station[i];
    struct grid_row *row = grid_add(grid, &p->sheet, INK_PLAIN);
    row->cell[ENGINE_NAME] = sheet_safe(&p->sheet, facts->name);
    row->cell[ENGINE_STEP] = page_value(p, HUMAN_TIME, f->step_time.value);
    row->cell[ENGINE_BATCH] = page_value(p, HUMAN_NUMBER, f->batch.value);
    row->cell[ENGINE_WRITTEN] = per_time(p, &f->written);
    row->cell[ENGINE_KV] = page_value(p, HUMAN_PART, f->kv.value);
    row->cell[ENGINE_KV_MOST] = page_value(p, HUMAN_PART, f->kv_most);
    row->cell[ENGINE_FOUND] = unless_none(p, &f->found);
    row->cell[ENGINE_PREEMPTED] = per_time(p, &f->preemptions);
    row->cell[ENGINE_AGAIN] = unless_none(p, &f->again);
    row->cell[ENGINE_STALLS] = per_time(p, &f->stalls);
    row->cell[ENGINE_GAP] = page_value(p, HUMAN_TIME, f->gap_most);
}

void page_engines(struct page *p)
{
    static const char *const heads[ENGINE_COLUMNS] = {
        [ENGINE_NAME] = "Engines",   [ENGINE_STEP] = "step",
        [ENGINE_BATCH] = "batch",
        [ENGINE_KV] = "KV",          [ENGINE_KV_MOST] = "most",
        [ENGINE_FOUND] = "cached",   [ENGINE_AGAIN] = "lost",
        [ENGINE_GAP] = "longest gap"};
    struct grid grid = {.columns = ENGINE_COLUMNS, .left = 1};
    for (int i = 0; i < p->result->facts->stations; i++) {
        if (!p->result->facts->station[i].blocks)
            continue;
        if (grid.rows == 0) {
            struct grid_row *row = grid_heading(&grid, &p->sheet);
            for (int c = 0; c < ENGINE_COLUMNS; c++)
                row->cell[c] = heads[c];
            row->cell[ENGINE_WRITTEN] = per_second(p, "tokens/s", "tokens");
            row->cell[ENGINE_PREEMPTED] = per_second(p, "preempted/s", "preempted");
            row->cell[ENGINE_STALLS] = per_second(p, "stalls/s", "stalls");
        }
        add_engine(&grid, p, i);
    }
    if (grid.rows == 0)
        return;
    sheet_break(&p->sheet);
    grid_print(&grid, &p->sheet);
    sheet_say(&p->sheet, "step, batch: mean time of a step and sequences in it; "
                         "KV: part of the cache of keys and values in use; "
                         "stalls: tokens later than \"stall\" after the one before.");
}

/* ---- blame ----------------------------------------------------------------------- */

static void add_blame(struct grid *grid, struct page *p, const char *label, double tail,
                      double middle)
{
    struct grid_row *row = grid_add(grid, &p->sheet, INK_PLAIN);
    row->cell[0] = label;
    row->cell[1] = arena_format(&p->sheet.arena, "%.1f %%", 100 * tail);
    row->cell[2] = arena_format(&p->sheet.arena, "%.1f %%", 100 * middle);
}

static double value_or_0(const struct estimate *e)
{
    return estimate_given(e) ? e->value : 0;
}

static void add_shares(struct grid *grid, struct page *p)
{
    const struct blame *b = p->result->blame;
    double tail = 0, middle = 0;
    int folded = 0;
    for (int i = 0; i < b->count; i++) {
        const struct blame_share *s = &b->share[i];
        double parts[2] = {value_or_0(&s->tail), value_or_0(&s->middle)};
        const char *name = p->result->facts->resource[s->resource].name;
        if (i < MOST_BLAMED && fmax(parts[0], parts[1]) >= worth_a_line) {
            add_blame(grid, p, sheet_safe(&p->sheet, name), parts[0], parts[1]);
            continue;
        }
        tail += parts[0];
        middle += parts[1];
        folded++;
    }
    if (fmax(tail, middle) >= 0.0005)
        add_blame(grid, p,
                  arena_format(&p->sheet.arena, "%d other%s", folded,
                               folded > 1 ? "s" : ""),
                  tail, middle);
}

void page_blame(struct page *p)
{
    struct grid grid = {.columns = 3, .left = 1};
    if (p->result->blame->count == 0 || !p->result->findings->steady)
        return;
    struct grid_row *row = grid_heading(&grid, &p->sheet);
    row->cell[0] = "Where the time goes";
    row->cell[1] = "slowest 1 %";
    row->cell[2] = "median";
    add_shares(&grid, p);
    sheet_break(&p->sheet);
    grid_print(&grid, &p->sheet);
}
