/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * engine -- a language model served with continuous batching, as vLLM does it.
 *
 * Time passes in steps, each one pass of the model over a batch of tokens: one token of
 * every sequence that is being written, a chunk of every prompt that is being read.
 *
 *   running   in order of admission, before anybody who waits, as far as the step's
 *             tokens go. Who needs a block of the cache of keys and values (KV) when
 *             none is free takes those of the one admitted last, which goes back to the
 *             front of the queue and has to be read again from its beginning.
 *   waiting   admitted in order, unless the step has thrown somebody out: while there
 *             are tokens, places and blocks for the first chunk. If the first in the
 *             queue does not fit, nobody does.
 *
 * A step is one event, however many sequences are in it; who finds the engine idle
 * starts it by one more.
 */
#include "models/world.h"

#include <string.h>

struct sequence {
    uint32_t task;
    uint32_t prompt, target; /* tokens to read, to write */
    uint32_t made;           /* of target */
    uint32_t computed;       /* of prompt + made, in the cache */
    uint32_t blocks;         /* of its own */
    uint32_t scheduled;      /* tokens of it in the present step */
    bool shares;             /* the prefix that all prompts have in common */
    bool resumed;            /* has been thrown out */
    sim_time since;          /* of what it is at: waiting, reading, writing */
    sim_time last;           /* when its last token came */
};

struct engine {
    const struct engine_plan *plan;
    struct instance *instance;
    uint32_t number;          /* of the instance */
    struct sequence *running; /* room for plan->sequences */
    uint32_t count;
    struct sequence *waiting; /* a ring of `room`, a power of two */
    uint32_t first, queued, room;
    int64_t used; /* blocks: of those running, and of the prefix while it is shared */
    uint32_t sharers;
    bool has_prefix; /* is in the cache, whether anybody uses it or not */
    bool awake, stepping;
    struct level blocks, batch;
    struct engine_counts counts;
};

void engines_open(struct world *w)
{
    w->engine = arena_many(w->arena, w->m->instances + 1, struct engine *);
    for (uint32_t i = 0; i < w->m->instances; i++) {
        const struct engine_plan *plan = w->instance[i].service->engine;
        if (!plan)
            continue;
        struct engine *e = arena_new(w->arena, struct engine);
        *e = (struct engine){.plan = plan, .instance = &w->instance[i], .number = i};
        e->running = arena_many(w->arena, plan->sequences, struct sequence);
        e->blocks.limit = plan->blocks;
        e->batch.limit = plan->sequences;
        w->engine[i] = e;
    }
}

/* ---- the queue ------------------------------------------------------------------- */

static struct sequence *waiting_at(struct engine *e, uint32_t place)
{
    return &e->waiting[(e->first + place) & (e->room - 1)];
}

static void make_room(struct world *w, struct engine *e)
{
    enum { LEAST = 64 };
    if (e->queued < e->room)
        return;
    uint32_t room = e->room ? 2 * e->room : LEAST;
    struct sequence *waiting = arena_many(w->arena, room, struct sequence);
    for (uint32_t i = 0; i < e->queued; i++)
        waiting[i] = *waiting_at(e, i);
    e->waiting = waiting;
    e->first = 0;
    e->room = room;
}

static void put_back(struct world *w, struct engine *e, struct sequence s)
{
    make_room(w, e);
    e->queued++;
    *waiting_at(e, e->room - 1) = s;
    e->first = (e->first + e->room - 1) & (e->room - 1);
}

static void put_last(struct world *w, struct engine *e, struct sequence s)
{
    make_room(w, e);
    *waiting_at(e, e->queued++) = s;
}

static struct sequence take_first(struct engine *e)
{
    struct sequence s = *waiting_at(e, 0);
    e->first = (e->first + 1) & (e->room - 1);
    e->queued--;
    return s;
}

/* ---- blocks of the cache --------------------------------------------------------- */

static uint32_t blocks_for(const struct engine *e, uint32_t tokens)
{
    return (tokens + e->plan->block - 1) / e->plan->block;
}

/* The same, asked of every sequence in every step: no division. */
static bool are_enough(const struct engine *e, int64_t blocks, uint32_t tokens)
{
    return blocks * e->plan->block >= tokens;
}

/* Blocks that nobody uses, the common prefix going last. */
static bool take_blocks(struct engine *e, int64_t blocks)
{
    int64_t left = e->plan->blocks - e->used - blocks;
    if (left < 0)
        return false;
    if (e->sharers == 0 && left < e->plan->shared_blocks)
        e->has_prefix = false;
    e->used += blocks;
    return true;
}

static void give_blocks(struct engine *e, struct sequence *s)
{
    e->used -= s->blocks;
    if (s->shares && --e->sharers == 0)
        e->used -= e->plan->shared_blocks;
    s->blocks = 0;
    s->shares = false;
}

/* Nothing is lost, nothing is had twice. */
static void check_blocks(const struct engine *e)
{
    int64_t sum = e->sharers ? e->plan->shared_blocks : 0;
    for (uint32_t i = 0; i < e->count; i++)
        sum += e->running[i].blocks;
    check(sum == e->used && sum <= e->plan->blocks, "%lld of %lld blocks, %lld in use",
          (long long)sum, (long long)e->plan->blocks, (long long)e->used);
}

static void note_levels(struct engine *e, sim_time now)
{
    level_set(&e->blocks, now, e->used);
    level_set(&e->batch, now, e->count);
    level_set(&e->instance->waiting, now, e->queued);
}

/* ---- what the time is spent on --------------------------------------------------- */

static void spend_on(struct world *w, struct sequence *s, uint16_t resource)
{
    spend(w, &w->task[s->task], resource, w->now - s->since);
    s->since = w->now;
}

static void spend_on_batch(struct world *w, const struct engine *e, struct sequence *s)
{
    spend_on(w, s, s->made ? e->plan->write_resource : e->plan->read_resource);
}

/* It waits no longer. */
static void note_wait(struct world *w, const struct engine *e, struct sequence *s)
{
    struct counts *counts = e->instance->counts;
    tally_add(&counts->wait, w->now - s->since);
    counts->waited += w->now > s->since;
    spend_on(w, s, e->plan->wait_resource);
}

/* The task goes on. */
static void finish(struct world *w, struct engine *e, struct sequence *s)
{
    spend_on_batch(w, e, s);
    give_blocks(e, s);
    w->task[s->task].pc++;
    task_ready(w, s->task);
}

/* vLLM notices when a client has hung up. */
static bool is_abandoned(const struct world *w, const struct sequence *s)
{
    return w->m->timer_classes && !task_is_awaited(w, &w->task[s->task]);
}

/* ---- a step begins --------------------------------------------------------------- */

struct step {
    uint32_t left;    /* tokens */
    double context;   /* tokens that those being written look back on */
    bool thrown_out;  /* somebody */
};

static void schedule(struct engine *e, struct step *step, struct sequence *s,
                     uint32_t tokens)
{
    if (s->made && s->computed + 1 == s->prompt + s->made)
        step->context += s->computed + 1;
    else
        e->counts.read += tokens;
    s->scheduled = tokens;
    step->left -= tokens;
    e->counts.computed += tokens;
}

static uint32_t wanted(const struct engine *e, const struct sequence *s)
{
    uint32_t tokens = s->prompt + s->made - s->computed, most = e->plan->chunk;
    return most && tokens > most ? most : tokens;
}

static void throw_out_last(struct world *w, struct engine *e, struct step *step)
{
    struct sequence s = e->running[--e->count];
    step->thrown_out = true;
    e->counts.preemptions++;
    e->counts.lost += s.computed;
    spend_on_batch(w, e, &s);
    give_blocks(e, &s);
    s.computed = 0;
    s.resumed = true;
    put_back(w, e, s);
}

/* Blocks for what the `place`-th sequence is about to compute; false: it had to go. */
static bool find_blocks(struct world *w, struct engine *e, struct step *step,
                        uint32_t place, uint32_t tokens)
{
    struct sequence *s = &e->running[place];
    int64_t have = s->blocks + (s->shares ? e->plan->shared_blocks : 0);
    if (are_enough(e, have, s->computed + tokens))
        return true;
    int64_t more = blocks_for(e, s->computed + tokens) - have;
    while (!take_blocks(e, more)) {
        throw_out_last(w, e, step);
        if (e->count == place) {
            check(place > 0, "a sequence of %u tokens does not fit",
                  s->prompt + s->made);
            return false;
        }
    }
    s->blocks += (uint32_t)more;
    return true;
}

static void schedule_running(struct world *w, struct engine *e, struct step *step)
{
    for (uint32_t i = 0; i < e->count && step->left > 0; i++) {
        uint32_t tokens = wanted(e, &e->running[i]);
        tokens = tokens < step->left ? tokens : step->left;
        if (!find_blocks(w, e, step, i, tokens))
            return;
        schedule(e, step, &e->running[i], tokens);
    }
}

/* Whole blocks at the start of the prompt that are in the cache already. At least one
 * token is always computed: the next one follows from it. */
static uint32_t found_in_cache(const struct engine *e, const struct sequence *s)
{
    const struct engine_plan *plan = e->plan;
    uint32_t block = plan->block, tokens = 0;
    if (s->shares)
        tokens = (uint32_t)plan->shared_blocks * block;
    if (!s->resumed)
        tokens += (uint32_t)(plan->hit * (s->prompt - tokens)) / block * block;
    uint32_t most = (s->prompt + s->made - 1) / block * block;
    return tokens < most ? tokens : most;
}

/* The first of the queue; false: it has to wait. */
static bool admit(struct world *w, struct engine *e, struct step *step)
{
    struct sequence s = *waiting_at(e, 0);
    const struct engine_plan *plan = e->plan;
    s.shares = e->has_prefix && s.prompt > plan->shared_blocks * plan->block;
    uint32_t found = s.computed = found_in_cache(e, &s);
    uint32_t tokens = wanted(e, &s);
    if (plan->whole_prompts && tokens > step->left)
        return false;
    tokens = tokens < step->left ? tokens : step->left;
    s.blocks = blocks_for(e, found + tokens);
    if (s.shares)
        s.blocks -= (uint32_t)plan->shared_blocks;
    int64_t prefix = s.shares && e->sharers == 0 ? plan->shared_blocks : 0;
    e->sharers += s.shares;
    if (!take_blocks(e, s.blocks + prefix)) {
        e->sharers -= s.shares;
        return false;
    }
    take_first(e);
    note_wait(w, e, &s);
    e->counts.found += found;
    e->running[e->count++] = s;
    schedule(e, step, &e->running[e->count - 1], tokens);
    return true;
}

static void admit_waiting(struct world *w, struct engine *e, struct step *step)
{
    while (e->queued && step->left > 0 && e->count < e->plan->sequences) {
        if (is_abandoned(w, waiting_at(e, 0))) {
            struct sequence s = take_first(e);
            e->counts.aborted++;
            note_wait(w, e, &s);
            finish(w, e, &s);
        } else if (!admit(w, e, step)) {
            return;
        }
    }
}

static void begin_step(struct world *w, struct engine *e)
{
    const struct engine_plan *plan = e->plan;
    struct step step = {.left = plan->batch_tokens};
    schedule_running(w, e, &step);
    if (!step.thrown_out)
        admit_waiting(w, e, &step);
    note_levels(e, w->now);
    uint32_t tokens = plan->batch_tokens - step.left;
    e->stepping = e->awake = tokens > 0;
    check(e->stepping || (e->count == 0 && e->queued == 0), "%u stand still",
          e->count + e->queued);
    if (!e->stepping)
        return;
    sim_time time = sim_from_nanoseconds(plan->time[tokens] + plan->context *
                                                                  step.context);
    e->counts.steps++;
    e->counts.sequences += e->count;
    e->instance->cpu.area += (uint128)time * 1000;
    event_push(&w->events, w->now + time, EVENT_DEPARTURE, actor_engine(w, e->number));
}

/* ---- a step ends ----------------------------------------------------------------- */

/* What the first to read it has computed serves all who come. */
static void offer_prefix(struct engine *e, struct sequence *s)
{
    int64_t blocks = e->plan->shared_blocks;
    if (blocks == 0 || e->has_prefix || s->shares ||
        s->prompt <= blocks * e->plan->block || s->computed < blocks * e->plan->block)
        return;
    e->has_prefix = s->shares = true;
    e->sharers = 1;
    s->blocks -= (uint32_t)blocks;
}

HOT_INLINE void write_token(struct world *w, struct engine *e, struct sequence *s,
                            struct token_run *run)
{
    if (s->made++ == 0) {
        spend_on(w, s, e->plan->read_resource);
        stream_first_token(w, s->task, s->target);
    } else {
        sim_time gap = w->now - s->last;
        stream_token(w, run, &w->task[s->task], gap);
        e->counts.stalls += gap > e->plan->stall;
        if (gap > e->counts.longest_gap)
            e->counts.longest_gap = gap;
    }
    s->last = w->now;
    e->counts.written++;
}

/* One sequence after a step; false: it is over. */
HOT_INLINE bool goes_on(struct world *w, struct engine *e, struct sequence *s,
                        struct token_run *run)
{
    if (s->scheduled) {
        s->computed += s->scheduled;
        s->scheduled = 0;
        offer_prefix(e, s);
        if (s->computed == s->prompt + s->made)
            write_token(w, e, s, run);
    }
    if (s->made == s->target)
        e->counts.finished++;
    else if (is_abandoned(w, s))
        e->counts.aborted++;
    else
        return true;
    finish(w, e, s);
    return false;
}

static void end_step(struct world *w, struct engine *e)
{
    struct token_run run = {0}; /* nearly all had their last token a step ago */
    uint32_t kept = 0;
    for (uint32_t i = 0; i < e->count; i++)
        if (goes_on(w, e, &e->running[i], &run)) {
            if (kept != i)
                e->running[kept] = e->running[i];
            kept++;
        }
    e->count = kept;
    stream_tokens(w, &run);
    check_blocks(e);
}

void engine_event(struct world *w, uint32_t instance)
{
    struct engine *e = w->engine[instance];
    if (e->stepping)
        end_step(w, e);
    begin_step(w, e);
}

/* ---- requests come and go -------------------------------------------------------- */

static uint32_t tokens_of(const struct dist *dist, struct draw *draw, int64_t most)
{
    int64_t tokens = dist_count(dist, draw);
    return (uint32_t)(tokens < 1 ? 1 : tokens > most ? most : tokens);
}

void engine_join(struct world *w, uint32_t task, const struct instr *i)
{
    struct task *t = &w->task[task];
    struct engine *e = w->engine[t->instance];
    const struct engine_plan *plan = e->plan;
    struct draw draw = task_draw(w, t, i);
    struct sequence s = {.task = task, .since = w->now};
    s.prompt = tokens_of(i->dist, &draw, UINT32_MAX / 4);
    if (s.prompt >= plan->longest) {
        w->instance[t->instance].counts->refused++;
        task_fail(w, task, STATUS_400, i->cause);
        return;
    }
    s.target = tokens_of(i->dist2, &draw, plan->longest - s.prompt);
    t->state = TASK_ENGINE;
    t->since = w->now;
    put_last(w, e, s);
    level_pass(&e->instance->waiting, w->now, 1);
    if (e->awake)
        return;
    e->awake = true; /* with all who come at this instant */
    event_push(&w->events, w->now, EVENT_SAMPLE, actor_engine(w, e->number));
}

static uint32_t place_of(struct engine *e, uint32_t task, bool *runs)
{
    for (uint32_t i = 0; i < e->count; i++)
        if ((*runs = e->running[i].task == task))
            return i;
    for (uint32_t i = 0; i < e->queued; i++)
        if (waiting_at(e, i)->task == task)
            return i;
    check(false, "task %u is not in the engine", task);
    return 0;
}

void engine_withdraw(struct world *w, uint32_t task)
{
    struct engine *e = w->engine[w->task[task].instance];
    bool runs = false;
    uint32_t at = place_of(e, task, &runs);
    e->counts.aborted++;
    if (runs) {
        struct sequence *s = &e->running[at];
        spend_on_batch(w, e, s);
        give_blocks(e, s);
        memmove(s, s + 1, (--e->count - at) * sizeof *s);
    } else {
        note_wait(w, e, waiting_at(e, at));
        for (e->queued--; at < e->queued; at++)
            *waiting_at(e, at) = *waiting_at(e, at + 1);
    }
    note_levels(e, w->now);
}

/* ---- the window ------------------------------------------------------------------ */

void engines_restart(struct world *w)
{
    for (uint32_t i = 0; i < w->m->instances; i++) {
        struct engine *e = w->engine[i];
        if (!e)
            continue;
        e->counts = (struct engine_counts){0};
        level_restart(&e->blocks, w->now);
        level_restart(&e->batch, w->now);
    }
}

void engines_close(struct world *w)
{
    for (uint32_t i = 0; i < w->m->instances; i++) {
        struct engine *e = w->engine[i];
        if (!e)
            continue;
        struct engine_counts counts = e->counts;
        counts.block_area = level_area(&e->blocks, w->now);
        counts.block_most = e->blocks.most;
        counts.batch_area = level_area(&e->batch, w->now);
        counts.batch_most = e->batch.most;
        counts.full_area = (uint64_t)level_full(&e->batch, w->now);
        engine_counts_merge(&w->out->station[e->instance->service->station].engine,
                            &counts);
    }
}
