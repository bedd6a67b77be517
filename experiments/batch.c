/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L
#include "experiments/batch.h"

#include "experiments/bistable.h"
#include "experiments/conclude.h"
#include "sim/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    FIRST_ROUND = 5,  /* replications of a point before others get theirs */
    INTERRUPTED = 75, /* the process's status */
    SPARE_OPEN = 8,   /* points kept open beside those that are worked on */
    MOST_STAGES = 20, /* of a point: its pilots, production, enlargement; trials */
};
static const double grace = 4; /* s for what runs to finish when it has to stop */

/* A point and how far it is. */
struct entry {
    int64_t index, id; /* in the plan, in the store */
    struct open *open; /* NULL: not at present */
    enum { FRESH, WAITING, DONE } state;
    double openness; /* of one that waits */
    double speed;    /* s of one thread per simulated s; 0: not known */
    double left;     /* s of one thread that its known jobs still take */
    double spent;
};

enum { TODO, RUNNING, KEPT };

/* A point that is being worked on. */
struct open {
    struct batch *batch;
    struct entry *entry;
    struct arena arena;
    struct point point;
    struct digest simulation;
    const char *label;

    /* What its procedure misses. */
    struct jobs jobs;
    int64_t stage; /* in the store */
    unsigned char *state;
    int allowed; /* of the jobs, those below may be handed out now */
    int running;
    bool begun; /* its turn: these jobs come before those of other points */

    /* Stages found whole by the last run of the procedure. */
    struct evidence {
        int64_t stage;
        uint32_t first;
        int count;
    } found[MOST_STAGES];
    int found_count;

    /* The last outcomes it has: a whole stage, or the first ones of what it misses. */
    struct outcome *known;
    struct jobs known_jobs;
    int known_count;
};

struct batch {
    struct batch_settings set;
    struct progress progress;
    struct entry *entry;
    int64_t entries, cursor; /* everything before the cursor has been begun */
    struct open **opened;
    int open_count, open_most;
    double deadline, stopped; /* monotonic s; INFINITY: never, not yet */
    char host[100];
};

/* ---- stopping -------------------------------------------------------------------- */

static bool must_stop(const struct batch *b)
{
    return (b->set.stop && *b->set.stop) || progress_now() >= b->deadline ||
           (b->set.until && time(NULL) >= (time_t)b->set.until);
}

/* s that remain. */
static double time_left(const struct batch *b)
{
    double left = b->deadline - progress_now();
    if (b->set.until)
        left = fmin(left, difftime((time_t)b->set.until, time(NULL)));
    return left;
}

/* ---- what is there already ------------------------------------------------------- */

static struct store_key key_of(const struct open *o, const struct jobs *jobs, int i)
{
    return (struct store_key){.simulation = o->simulation,
                              .stage = jobs->stage,
                              .window = jobs->window,
                              .replication = jobs->first + (uint32_t)i};
}

/* How many of the jobs are in the store from the first on; `state` of each is noted. */
static int recall_jobs(struct open *o, const struct jobs *jobs, unsigned char *state,
                       struct arena *arena, struct outcome *out)
{
    struct store *store = o->batch->set.store;
    const struct model_facts *facts = model_facts(o->point.model);
    int known = 0;
    for (int i = 0; i < jobs->count; i++) {
        struct store_key key = key_of(o, jobs, i);
        struct packed packed;
        if (known < i) { /* what stands apart is only counted */
            state[i] = store_has(store, o->stage, key.replication) ? KEPT : TODO;
        } else if (store_recall(store, &key, o->stage, arena, &packed)) {
            if (!pack_read(&packed, facts, arena, &out[i]))
                die("%s: replication %u of %s is of another version", store_path(store),
                    key.replication, o->label);
            state[i] = KEPT;
            known++;
        } else {
            state[i] = TODO;
        }
    }
    return known;
}

/* A procedure's runner: brings what was kept, or notes what is missing. */
static bool recall(void *open, const struct jobs *jobs, struct arena *arena,
                   struct outcome *out)
{
    struct open *o = open;
    struct store_key key = key_of(o, jobs, 0);
    unsigned char *state = arena_many(&o->arena, jobs->count, unsigned char);
    o->stage = store_stage(o->batch->set.store, &key);
    int known = recall_jobs(o, jobs, state, arena, out);
    if (known == jobs->count || known >= 2) {
        check(o->found_count < MOST_STAGES, "%d stages", o->found_count);
        o->found[o->found_count++] = (struct evidence){o->stage, jobs->first, known};
        o->known = out;
        o->known_count = known;
        o->known_jobs = *jobs;
    }
    if (known == jobs->count)
        return true;
    o->jobs = *jobs;
    o->state = state;
    return false;
}

/* ---- opening and closing --------------------------------------------------------- */

static void close_point(struct open *o)
{
    struct batch *b = o->batch;
    int i = 0;
    while (b->opened[i] != o)
        i++;
    b->open_count--;
    memmove(&b->opened[i], &b->opened[i + 1],
            (size_t)(b->open_count - i) * sizeof *b->opened);
    o->entry->open = NULL;
    arena_free(&o->arena);
    free(o);
}

static void fail_point(struct open *o, const char *why)
{
    struct batch *b = o->batch;
    conclude_failure(b->set.store, o->entry->id, why);
    progress_clear(&b->progress);
    fprintf(stderr, "headroom batch: %s: %s; left out\n",
            where_safe(&o->arena, o->label), where_safe(&o->arena, why));
    o->entry->state = DONE;
    b->progress.failed++;
}

static struct open *open_point(struct batch *b, struct entry *e)
{
    struct open *o = calloc(1, sizeof *o);
    const char *why;
    if (!o)
        die("out of memory");
    o->batch = b;
    o->entry = e;
    arena_init(&o->arena);
    check(b->open_count < b->open_most, "%d points are open", b->open_count);
    b->opened[b->open_count++] = o;
    o->label = plan_label(b->set.plan, e->index, &o->arena);
    if (plan_open(b->set.plan, e->index, &o->arena, &o->point, &o->simulation, &why)) {
        e->open = o;
        return o;
    }
    fail_point(o, why);
    close_point(o);
    return NULL;
}

/* ---- how far a point is ---------------------------------------------------------- */

/* The latest stages with as many outcomes as the result has. */
static void note_evidence(const struct open *o)
{
    int left = o->point.result.run.count;
    for (int i = o->found_count - 1; i >= 0 && left > 0; i--) {
        const struct evidence *e = &o->found[i];
        store_evidence(o->batch->set.store, o->entry->id, e->stage, e->first, e->count);
        left -= e->count;
    }
    store_seal(o->batch->set.store, o->entry->id);
}

static void finish_point(struct open *o, struct arena *arena)
{
    struct batch *b = o->batch;
    const struct result *result = &o->point.result;
    conclude_point(b->set.store, o->entry->id, result, STORE_DONE, &o->simulation,
                   arena);
    note_evidence(o);
    if (result->run.needed > b->progress.worst && isfinite(result->run.needed))
        b->progress.worst = result->run.needed;
    b->progress.unstable += result->judgement.verdict == VERDICT_UNSTABLE;
    b->progress.done++;
    o->entry->state = DONE;
    o->entry->left = 0;
}

/* What the replications so far would say. Whether a part of a stage has settled is not
 * asked: its procedure will. */
static void judge_so_far(struct open *o, struct arena *arena)
{
    struct result *result = &o->point.result;
    bool part = o->known_count < o->known_jobs.count;
    o->entry->openness = 1;
    if (o->known_count < 2)
        return;
    result->run.end = PROCEDURE_DONE;
    result->run.outcome = o->known;
    result->run.count = o->known_count;
    result->run.stage = o->known_jobs.stage;
    result->run.window = o->known_jobs.window;
    result->run.settled |= part;
    result_conclude(result, o->point.model, o->point.scenario, arena);
    o->entry->openness = conclude_openness(result);
    conclude_point(o->batch->set.store, o->entry->id, result, STORE_UNFINISHED,
                   &o->simulation, arena);
    note_evidence(o);
}

static double simulated(const struct jobs *jobs)
{
    return sim_seconds(jobs->window.warm_up + jobs->window.length);
}

/* Jobs that are still to be done, s of one thread. */
static void expect(struct open *o)
{
    int left = 0;
    for (int i = 0; i < o->jobs.count; i++)
        left += o->state[i] != KEPT;
    o->entry->left = left * simulated(&o->jobs) * o->entry->speed;
}

/* A pilot is done as a whole; of anything else that begins, a few at first. */
static int first_allowed(const struct open *o)
{
    bool begins = o->known_count < 2 && o->jobs.stage != STAGE_PILOT;
    return begins && o->jobs.count > FIRST_ROUND ? FIRST_ROUND : o->jobs.count;
}

/* All that its procedure asks for is known, and concluded; whether it would come back
 * from an overload is not. */
static void note_untried(struct open *o, struct arena *arena)
{
    const struct result *result = &o->point.result;
    o->known_count = 0; /* what has started like that is no part of the result */
    o->entry->openness = conclude_openness(result);
    conclude_point(o->batch->set.store, o->entry->id, result, STORE_UNFINISHED,
                   &o->simulation, arena);
    note_evidence(o);
}

static void wait_for_jobs(struct open *o)
{
    expect(o);
    o->allowed = first_allowed(o);
    o->begun = false;
    o->entry->state = WAITING;
}

/* Runs the point's procedure on what is kept: it is done, or its jobs are known. */
static void advance(struct open *o)
{
    struct arena arena;
    struct runner runner = {recall, o};
    struct point_effort effort = {.threads = 1,
                                  .until_precise =
                                      o->batch->set.plan->experiment->until_precise,
                                  .runner = &runner};
    arena_init(&arena);
    o->known_count = o->found_count = 0;
    bool known = point_run(&o->point, &effort, &arena);
    int stages = o->found_count;
    bool tried = known && bistable_try(&o->point, &effort, &arena);
    if (known)
        o->found_count = stages; /* evidence of what is concluded */
    if (tried)
        finish_point(o, &arena);
    else if (known)
        note_untried(o, &arena);
    else
        judge_so_far(o, &arena);
    if (!tried)
        wait_for_jobs(o);
    arena_free(&arena);
}

/* ---- choosing -------------------------------------------------------------------- */

/* The next job of a point that may be handed out; -1: none. */
static int next_job(const struct open *o)
{
    for (int i = 0; i < o->allowed; i++)
        if (o->state[i] == TODO)
            return i;
    return -1;
}

static bool fits(const struct batch *b, const struct open *o)
{
    return simulated(&o->jobs) * o->entry->speed <= time_left(b);
}

static bool take_from(struct open *o, struct batch_job *job)
{
    int i = next_job(o);
    if (i < 0 || !fits(o->batch, o))
        return false;
    o->state[i] = RUNNING;
    o->running++;
    job->point = o->entry->index;
    job->job = (struct replicate_job){.model = o->point.model,
                                      .window = o->jobs.window,
                                      .replication = o->jobs.first + (uint32_t)i,
                                      .ticket = o};
    return true;
}

/* Points that wait are begun again from the file: nothing is lost but a millisecond. */
static void make_room(struct batch *b)
{
    if (b->open_count < b->open_most)
        return;
    struct open *least = NULL;
    for (int i = 0; i < b->open_count; i++) {
        struct open *o = b->opened[i];
        if (!o->begun && (!least || o->entry->openness < least->entry->openness))
            least = o;
    }
    check(least, "%d points are open", b->open_count);
    close_point(least);
}

/* The point to go on with: a new one, or the one whose promises are least decided;
 * NULL: every point that is left has its jobs handed out. */
static struct entry *choose(struct batch *b)
{
    while (b->cursor < b->entries && b->entry[b->cursor].state != FRESH)
        b->cursor++;
    if (b->cursor < b->entries)
        return &b->entry[b->cursor];
    struct entry *best = NULL;
    for (int64_t i = 0; i < b->entries; i++) {
        struct entry *e = &b->entry[i];
        bool idle =
            e->state == WAITING && (!e->open || (!e->open->begun && fits(b, e->open)));
        if (idle && (!best || e->openness > best->openness))
            best = e;
    }
    return best;
}

/* Gives the chosen point jobs to hand out; false if it had none, and is done or
 * failed. */
static bool ready(struct batch *b, struct entry *e)
{
    struct open *o = e->open;
    bool known = o != NULL;
    if (!o) {
        make_room(b);
        o = open_point(b, e);
        if (!o)
            return false;
        advance(o);
    }
    if (e->state == DONE) {
        close_point(o);
        return false;
    }
    if (known || o->known_count >= 2)
        o->allowed = o->jobs.count;
    o->begun = true;
    return true;
}

enum replicate_next batch_take(struct batch *b, struct batch_job *job)
{
    if (must_stop(b))
        return REPLICATE_END;
    for (int i = 0; i < b->open_count; i++)
        if (b->opened[i]->begun && take_from(b->opened[i], job))
            return REPLICATE_JOB;
    struct entry *e;
    while ((e = choose(b)) != NULL && !must_stop(b))
        if (ready(b, e)) {
            if (take_from(e->open, job))
                return REPLICATE_JOB;
            return REPLICATE_END; /* too long for the time that is left */
        }
    for (int i = 0; i < b->open_count; i++)
        if (b->opened[i]->running > 0)
            return REPLICATE_WAIT;
    return REPLICATE_END;
}

void batch_give(struct batch *b, const struct batch_job *job,
                const struct replicate_found *found, const char *host)
{
    struct open *o = job->job.ticket;
    int i = (int)(job->job.replication - o->jobs.first);
    struct store_key key = key_of(o, &o->jobs, i);
    struct store_execution execution = {host, found->seconds};
    store_keep(b->set.store, &key, o->stage, &found->packed, &found->sums, &execution);
    if (b->set.verbose)
        fprintf(stderr, "kept %s, %s %u\n", where_safe(&o->arena, o->label),
                stage_names[o->jobs.stage], key.replication);
    o->state[i] = KEPT;
    o->running--;
    o->entry->spent += found->seconds;
    o->entry->speed = found->seconds / fmax(simulated(&o->jobs), 1e-9);
    b->progress.jobs++;
    b->progress.events += found->sums.events;
    if (o->running > 0 || next_job(o) >= 0)
        return;
    advance(o);
    if (o->entry->state == DONE)
        close_point(o);
}

/* ---- the clock ------------------------------------------------------------------- */

/* s until all is done: known jobs, and for points that nobody knows yet the mean of
 * those that are done. */
static double expected(const struct batch *b)
{
    double left = 0, spent = 0;
    int64_t unknown = 0, done = 0;
    for (int64_t i = 0; i < b->entries; i++) {
        const struct entry *e = &b->entry[i];
        left += e->state == WAITING ? e->left : 0;
        unknown += e->state == FRESH;
        if (e->state == DONE && e->spent > 0) {
            spent += e->spent;
            done++;
        }
    }
    if (unknown && !done)
        return NAN;
    return (left + (unknown ? (double)unknown * spent / (double)done : 0)) /
           b->set.workers;
}

/* Says what is done, and closes the file; jobs may be running still. */
static struct batch_end leave(struct batch *b)
{
    struct store *store = b->set.store;
    store_flush(store);
    struct batch_end end = {
        .points = b->entries,
        .done = b->progress.done,
        .failed = b->progress.failed,
        .complete = b->progress.done + b->progress.failed == b->entries,
        .unstable = store_number(store, "select count(*) from points where"
                                        " verdict = 'unstable'"),
        .missed = store_number(store, "select count(*) from points where missed > 0"),
        .undecided = store_number(store, "select count(*) from points where"
                                         " undecided > 0 and missed = 0"),
    };
    progress_clear(&b->progress);
    if (!end.complete)
        fprintf(stderr,
                "headroom batch: %s: %lld of %lld points done; the same command goes "
                "on where it stopped\n",
                store_path(store), (long long)(end.done + end.failed),
                (long long)end.points);
    store_close(store);
    return end;
}

void batch_tick(struct batch *b)
{
    struct progress *p = &b->progress;
    if (p->form != PROGRESS_NONE && progress_now() - p->shown > 0.2) {
        p->left = expected(b);
        progress_show(p);
    }
    if (!must_stop(b))
        return;
    b->stopped = fmin(b->stopped, progress_now());
    if (progress_now() - b->stopped < grace)
        return;
    leave(b);
    _exit(INTERRUPTED);
}

/* ---- the whole ------------------------------------------------------------------- */

static void register_point(struct batch *b, int64_t index)
{
    const struct plan *plan = b->set.plan;
    const struct vary *vary = &plan->experiment->vary;
    const struct plan_variant *variant = plan_variant_of(plan, index);
    struct entry *e = &b->entry[b->entries++];
    struct arena arena;
    bool done;
    arena_init(&arena);
    struct store_point point = {.digest = plan_digest(plan, index),
                                .number = index,
                                .label = plan_label(plan, index, &arena),
                                .variant = variant->name,
                                .scenario = variant->text};
    *e = (struct entry){.index = index, .openness = 1};
    e->id = store_point(b->set.store, &point, &done);
    for (int k = 0; k < vary->keys; k++) {
        const char *value = vary_value(vary, plan_row(plan, index), k, &arena);
        store_value(b->set.store, e->id, vary->key[k].pointer, value,
                    vary_number(value));
    }
    if (done && !variant->has_files) {
        e->state = DONE;
        b->progress.done++;
    }
    arena_free(&arena);
}

struct batch *batch_new(struct arena *arena, const struct batch_settings *settings)
{
    struct batch *b = arena_new(arena, struct batch);
    const struct plan *plan = settings->plan;
    const struct store_shard *shard = &settings->shard;
    b->set = *settings;
    b->stopped = INFINITY;
    b->deadline = settings->budget > 0 ? progress_now() + settings->budget : INFINITY;
    gethostname(b->host, sizeof b->host - 1);
    b->open_most = settings->workers + SPARE_OPEN;
    b->opened = arena_many(arena, b->open_most, struct open *);
    b->entry = arena_many(arena, plan->points / shard->of + 1, struct entry);
    store_experiment(settings->store, plan->experiment->name,
                     plan->experiment->canonical, plan->points, shard);
    for (int64_t i = shard->number - 1; i < plan->points; i += shard->of)
        register_point(b, i);
    store_flush(settings->store);
    b->progress.form = settings->progress;
    b->progress.points = b->entries;
    b->progress.begun = b->progress.shown = progress_now();
    return b;
}

static enum replicate_next take_here(void *batch, struct replicate_job *job)
{
    struct batch_job own;
    enum replicate_next next = batch_take(batch, &own);
    if (next == REPLICATE_JOB)
        *job = own.job;
    return next;
}

static void give_here(void *batch, const struct replicate_job *job,
                      const struct replicate_found *found)
{
    struct batch *b = batch;
    batch_give(b, &(struct batch_job){.job = *job}, found, b->host);
}

static void tick_here(void *batch)
{
    batch_tick(batch);
}

void batch_run(struct batch *batch)
{
    struct replicate_queue queue = {.threads = batch->set.workers,
                                    .take = take_here,
                                    .give = give_here,
                                    .tick = tick_here,
                                    .context = batch};
    replicate_all(&queue);
}

struct batch_end batch_close(struct batch *b)
{
    while (b->open_count > 0) /* those that it stopped at */
        close_point(b->opened[0]);
    return leave(b);
}
