/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: processes, memory, CPU, queues of jobs. */
#include "experiments/lint_rules.h"

#include "experiments/walk.h"

#include <math.h>
#include <string.h>

/* ---- streams --------------------------------------------------------------------- */

/* The longest stream of a station in s a visit, and its type; -1: none. */
static int longest_stream(const struct lint *l, int station, double *hold)
{
    int found = -1;
    *hold = 0;
    for (int t = 0; t < l->facts->types; t++)
        if (l->facts->type[t].streaming && lint_hold(l, t, station) > *hold) {
            *hold = lint_hold(l, t, station);
            found = t;
        }
    return found;
}

static void sync_streams(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        double hold, busy = 0;
        int type = longest_stream(l, i, &hold);
        if (!s || type < 0 || s->slots != 1 || s->discipline == DISCIPLINE_LOOP ||
            s->broker.present || !s->handlers)
            continue;
        for (int t = 0; t < l->facts->types; t++)
            if (l->facts->type[t].streaming)
                busy += lint_rate(l, t) * lint_demand(l, t, i).hold;
        lint_tell(
            l,
            lint_key_of(l, i,
                        (const char *const[]){"worker_class", "workers", "kind", NULL}),
            WHERE_NOWHERE,
            "a %s of %s works on one request at a time, and a stream of \"%s\" "
            "has it for %s: streams alone keep %s of the %s busy",
            lint_slot(l, i), lint_name(l, i), l->facts->type[type].name,
            lint_time(l, hold), lint_much(l, busy),
            lint_much(l, l->facts->station[i].slots));
    }
}

static void recycling(struct lint *l)
{
    static const char *const keys[] = {"max_requests", "limit_max_requests",
                                       "pm.max_requests", NULL};
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        double hold, rate = lint_arrivals(l, i);
        if (!s || s->life.max_requests == 0 || rate <= 0)
            continue;
        double workers = (double)s->processes * l->facts->station[i].instances,
               requests = (double)s->life.max_requests + (double)s->life.jitter / 2,
               every = requests / rate, boot = lint_seconds(s->life.boot);
        int type = longest_stream(l, i, &hold);
        if (type >= 0 && hold > every)
            lint_tell(l, lint_key_of(l, i, keys), WHERE_NOWHERE,
                      "%s requests/s over %s workers of %s: one of them is replaced "
                      "every %s, while a stream of \"%s\" lasts %s. %s workers at a "
                      "time take nothing new and wait for their streams to end",
                      lint_much(l, rate), lint_much(l, workers), lint_name(l, i),
                      lint_time(l, every), l->facts->type[type].name,
                      lint_time(l, hold), lint_much(l, ceil(hold / every)));
        else if (boot > 0.05 * every * workers)
            lint_tell(l, lint_key_of(l, i, keys), WHERE_NOWHERE,
                      "each worker of %s is replaced every %s (%s requests at %s/s) "
                      "and takes %s to start: %.0f %% of them are missing",
                      lint_name(l, i), lint_time(l, every * workers),
                      lint_much(l, requests), lint_much(l, rate / workers),
                      lint_time(l, boot), 100 * boot / (boot + every * workers));
    }
}

static void no_jitter(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (s && s->life.max_requests > 0 && s->life.jitter == 0 &&
            s->processes * l->facts->station[i].instances > 1 &&
            strcmp(l->facts->station[i].kind, "gunicorn") == 0)
            lint_tell(l, lint_key(l, i, "max_requests"), WHERE_NOWHERE,
                      "all workers of %s have had their %s requests at about the same "
                      "time and are replaced together; max_requests_jitter is 0",
                      lint_name(l, i), lint_much(l, (double)s->life.max_requests));
    }
}

static void restart_cuts(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        if (!s || !s->life.restart || s->life.drain_limit == 0)
            continue;
        double grace = lint_seconds(s->life.drain_limit);
        for (int t = 0; t < l->facts->types; t++) {
            double hold = lint_hold(l, t, i);
            if (hold > grace)
                lint_tell(
                    l, s->life.restart->at,
                    lint_key_of(l, i,
                                (const char *const[]){"grace",
                                                      "timeout_graceful_shutdown",
                                                      "timeout", NULL}),
                    "a deploy gives the requests of %s %s to end; \"%s\" takes %s "
                    "on average, so that most of those under way are cut",
                    lint_name(l, i), lint_time(l, grace), l->facts->type[t].name,
                    lint_time(l, hold));
        }
    }
}

static void restart_together(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        const struct restart_conf *r = s ? s->life.restart : NULL;
        int instances = l->facts->station[i].instances;
        if (!r || r->stagger > 0 || instances < 2 || s->life.boot == 0)
            continue;
        lint_tell(
            l, r->at, lint_key(l, i, "replicas"),
            "all %d instances of %s restart at the same time: for the %s that they "
            "take to start nobody answers",
            instances, lint_name(l, i), lint_time(l, lint_seconds(s->life.boot)));
    }
}

/* ---- memory ---------------------------------------------------------------------- */

static double resting_memory(const struct lint *l, int station)
{
    const struct server_part *s = lint_server(l, station);
    return (double)s->memory.base + (double)s->memory.per_worker * (double)s->processes;
}

static void add_memory(void *context, const struct param_variant *step)
{
    double *sum = context;
    if (step->which == STEP_MEMORY)
        *sum += ((const struct memory_step *)step->body)->bytes->mean;
}

/* Bytes of a request of this type at a station. */
static double memory_of(const struct lint *l, int type, int station)
{
    const struct server_part *s = lint_server(l, station);
    double sum = s->memory.per_request ? s->memory.per_request->mean : 0;
    const struct param_map *h = s->handlers ? &s->handlers->handlers : NULL;
    int own = -1;
    for (int i = 0; h && i < h->count; i++)
        if (strcmp(h->names[i], l->facts->type[type].name) == 0 ||
            (own < 0 && strcmp(h->names[i], "default") == 0))
            own = i;
    if (own >= 0)
        walk_steps(&((const struct param_list *)h->items)[own], add_memory, &sum);
    return sum;
}

static void memory_of_load(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct service_common *c = lint_common(l, i);
        double needed = 0, largest = 0;
        int heaviest = -1;
        if (!c || !lint_server(l, i) || c->memory == 0)
            continue;
        for (int t = 0; t < l->facts->types; t++) {
            double flight = lint_rate(l, t) * lint_demand(l, t, i).hold /
                            l->facts->station[i].instances,
                   bytes = flight * memory_of(l, t, i);
            needed += bytes;
            if (bytes > largest) {
                largest = bytes;
                heaviest = t;
            }
        }
        double rest = resting_memory(l, i), room = (double)c->memory;
        if (heaviest < 0 || rest > room || rest + needed <= room)
            continue;
        int w = lint_main_load(l, i);
        lint_tell(
            l, lint_key(l, i, "memory"), w < 0 ? WHERE_NOWHERE : lint_load_at(l, w),
            "the requests under way in an instance of %s (rate x time, %s of \"%s\" "
            "at %s each) need %s, with what it needs at rest %s; it has %s",
            lint_name(l, i), lint_much(l, largest / memory_of(l, heaviest, i)),
            l->facts->type[heaviest].name, lint_size(l, memory_of(l, heaviest, i)),
            lint_size(l, needed), lint_size(l, rest + needed), lint_size(l, room));
    }
}

static void cache_above_memory(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct service_common *c = lint_common(l, i);
        const struct server_part *s = lint_server(l, i);
        if (!c || !s || c->memory == 0 || !s->store.present ||
            s->store.bytes == UNLIMITED || s->store.bytes <= c->memory)
            continue;
        lint_tell(
            l,
            lint_key_of(l, i, (const char *const[]){"maxmemory", "memory_limit", NULL}),
            lint_key(l, i, "memory"),
            "%s may hold %s before it evicts, its machine has %s: it is killed "
            "first",
            lint_name(l, i), lint_size(l, (double)s->store.bytes),
            lint_size(l, (double)c->memory));
    }
}

/* ---- CPU ------------------------------------------------------------------------- */

static void find_own_thread(void *context, const struct param_variant *step)
{
    bool *found = context;
    if (step->which == STEP_CPU)
        *found |= ((const struct cpu_step *)step->body)->own_thread;
}

static bool has_own_threads(const struct server_part *s)
{
    bool found = false;
    const struct param_map *h = s->handlers ? &s->handlers->handlers : NULL;
    for (int i = 0; h && i < h->count; i++)
        walk_steps(&((const struct param_list *)h->items)[i], find_own_thread, &found);
    return found;
}

static double work_of(const struct lint *l, int station)
{
    double most = 0;
    for (int t = 0; t < l->facts->types; t++) {
        struct demand d = lint_demand(l, t, station);
        if (d.visits > 0)
            most = fmax(most, d.cpu / d.visits);
    }
    return most;
}

static void cores_unused(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        const struct service_common *c = lint_common(l, i);
        if (!s || !c || c->cpu == 0 || s->discipline == DISCIPLINE_SHARING ||
            c->cpu <= (double)s->processes || has_own_threads(s) || work_of(l, i) == 0)
            continue;
        lint_tell(
            l, lint_key(l, i, "cpu"), lint_key_of(l, i, lint_slot_keys),
            "%s has %s cores and %s process%s, each of which computes on one core "
            "at a time (%s): %s cores are never used",
            lint_name(l, i), lint_much(l, c->cpu), lint_much(l, (double)s->processes),
            s->processes == 1 ? "" : "es",
            s->discipline == DISCIPLINE_GIL ? "the interpreter's lock"
                                            : "an event loop",
            lint_much(l, c->cpu - (double)s->processes));
    }
}

/* The default period of CFS bandwidth control. */
static double period_of(const struct service_common *c)
{
    return c->cpu_quota.which == 1
               ? lint_seconds(((const struct quota_conf *)c->cpu_quota.body)->period)
               : 0.1;
}

static void quota_freezes(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct service_common *c = lint_common(l, i);
        if (!c || !lint_server(l, i) || !c->cpu_quota.row)
            continue;
        double cores = quota_cores(c), period = period_of(c), work = work_of(l, i);
        double runs = (double)lint_server(l, i)->processes;
        double slice = cores * period;
        if (cores < 1 && work > slice)
            lint_tell(l, lint_key(l, i, "cpu_quota"), WHERE_NOWHERE,
                      "a request of %s computes for %s, the quota allows %s in each %s "
                      "(%s cores): a single request is frozen %s times, and takes %s "
                      "instead",
                      lint_name(l, i), lint_time(l, work), lint_time(l, slice),
                      lint_time(l, period), lint_much(l, cores),
                      lint_much(l, floor(work / slice)), lint_time(l, work / cores));
        else if (runs > 1 && runs > 2 * cores && work > 0)
            lint_tell(l, lint_key(l, i, "cpu_quota"),
                      lint_key_of(l, i,
                                  (const char *const[]){"workers", "gomaxprocs",
                                                        "processes", NULL}),
                      "%s processes of %s that compute at the same time use up the %s "
                      "of a period of %s (%s cores) within %s and are frozen for the "
                      "rest of it",
                      lint_much(l, runs), lint_name(l, i), lint_time(l, slice),
                      lint_time(l, period), lint_much(l, cores),
                      lint_time(l, slice / runs));
    }
}

/* ---- queues of jobs -------------------------------------------------------------- */

static void task_too_long(struct lint *l)
{
    for (int i = 0; i < l->facts->stations; i++) {
        const struct server_part *s = lint_server(l, i);
        double longest = 0;
        if (!s || !s->broker.present)
            continue;
        for (int t = 0; t < l->facts->types; t++)
            longest = fmax(longest, lint_hold(l, t, i));
        double seen = lint_seconds(s->broker.visibility),
               limit = lint_limit(s->broker.time_limit);
        if (s->broker.acks_late && longest > seen)
            lint_tell(l, lint_key(l, i, "visibility_timeout"), WHERE_NOWHERE,
                      "a task of %s runs for %s on average and is acknowledged when it "
                      "is done; after %s it is delivered again while it runs, and done "
                      "twice or for ever",
                      lint_name(l, i), lint_time(l, longest), lint_time(l, seen));
        if (longest > limit)
            lint_tell(l, lint_key(l, i, "task_time_limit"), WHERE_NOWHERE,
                      "a task of %s runs for %s on average and is killed after %s",
                      lint_name(l, i), lint_time(l, longest), lint_time(l, limit));
    }
}

static void countdown_too_long(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        if (link->way != LINT_ENQUEUE)
            continue;
        const struct enqueue_step *e = link->step;
        const struct server_part *s = lint_server(l, link->to);
        if (!s || !e->countdown)
            continue;
        double wait = e->countdown->mean * 1e-9,
               seen = lint_seconds(s->broker.visibility);
        if (wait > seen)
            lint_tell(
                l, lint_member(l, e->at, "countdown"),
                lint_key(l, link->to, "visibility_timeout"),
                "a worker of %s keeps the message for %s before it runs it; after "
                "%s it is delivered to another one as well, and the task is done "
                "several times",
                lint_name(l, link->to), lint_time(l, wait), lint_time(l, seen));
    }
}

const struct lint_rule lint_server_rules[] = {
    {"sync-worker-streams", "Workers that have one request at a time answer streams.",
     sync_streams},
    {"recycling-too-often", "Workers are replaced (max_requests) faster than streams "
                            "end, or than they start.", recycling},
    {"recycling-together", "Workers are replaced all at the same time "
                           "(max_requests_jitter).", no_jitter},
    {"restart-cuts-requests", "A deploy gives requests less time than they take.",
     restart_cuts},
    {"restart-together", "A deploy restarts all instances at the same time.",
     restart_together},
    {"memory-of-load", "The requests under way need more memory than there is.",
     memory_of_load},
    {"cache-above-memory", "A cache may hold more than its machine has.",
     cache_above_memory},
    {"cores-unused", "More cores than single-threaded processes.", cores_unused},
    {"quota-freezes", "A CPU quota that one request, or the processes together, use up "
                      "at once.", quota_freezes},
    {"task-beyond-timeout", "Jobs run longer than their visibility timeout or time "
                            "limit.", task_too_long},
    {"countdown-beyond-visibility", "Jobs are delayed by more than the visibility "
                                    "timeout.", countdown_too_long},
    {0},
};
