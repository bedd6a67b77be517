/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/procedure.h"

#include "experiments/precision.h"
#include "experiments/steady.h"
#include "experiments/verdict.h"
#include "sim/check.h"

#include <math.h>

const char *const stage_names[] = {"pilot", "production", "enlarged",
                                   "started empty", "started overloaded"};

/* Requests of a pilot's replication; memories (steady_memory) that a pilot must
 * last. */
static const double pilot_requests = 20000, pilot_memories = 50;
enum { MOST_LENGTHENINGS = 3, MOST_REPLICATIONS = 400 };
static const double lengthening = 3, most_at_once = 10;
/* Times the longest request that a pilot must last, or half of those that there will be
 * in the end have not even come. */
static const double longest_requests = 10;
static const double most_of_cap = 0.1; /* of the requests; that is worth */
/* Of a request every few years no more is simulated than time can count, s. */
static const double longest_run = 4e8;
/* Times the longest timeout after which impatience has shown what it does. */
static const double patiences = 4;
/* Pilots guess their own error badly; twice the length meets the target 92 % of the
 * time together with one enlargement. */
static const double safety = 2, enlargement_safety = 1.2, rare_type_margin = 1.2;
/* Interval widths that shrank so much less than by the root of the length (F of 19 and
 * 19 degrees of freedom: 0.1 % point 4.5) come from differences that last a
 * replication. */
static const double persistent_ratio = 6, longer_at_least = 4;

/* One procedure while it runs. */
struct work {
    const struct model_facts *facts;
    const struct procedure_settings *set;
    const struct runner *runner;
    struct arena *arena;
    struct procedure *out;
};

/* What the pilot concludes. */
struct plan {
    double length, warm_up; /* s */
    int count;
    double pilot_ratio, pilot_length;
};

static struct sample sample_so_far(const struct work *w)
{
    return (struct sample){w->facts, w->out->outcome, w->out->count};
}

/* ---- running --------------------------------------------------------------------- */

/* Requests that take a minute must not be cut off by a window of seconds. */
static sim_time drain_of(const struct work *w, sim_time span)
{
    const sim_time day = 24 * 3600 * SIM_SECOND, most = SIM_TIME_MAX / 8;
    if (w->facts->terminating)
        return day;
    sim_time patience = w->set->patience;
    if (patience <= 0 || patience > most)
        patience = 60 * SIM_SECOND;
    return 2 * ((span < most ? span : most) + patience);
}

static void count_work(struct work *w, const struct sample *s)
{
    for (int r = 0; r < s->count; r++) {
        w->out->requests += (uint64_t)sample_requests(s, (struct scope){SCOPE_WHOLE, 0},
                                                      COUNT_OFFERED, r);
        w->out->events += s->outcome[r].events;
    }
}

/* Runs jobs; `keep` earlier outcomes stand before the new ones. */
static bool run_jobs(struct work *w, const struct jobs *jobs, int keep)
{
    struct procedure *out = w->out;
    struct outcome *all = arena_many(w->arena, keep + jobs->count, struct outcome);
    for (int r = 0; r < keep; r++)
        all[r] = out->outcome[r];
    if (!w->runner->run(w->runner->context, jobs, w->arena, all + keep)) {
        out->end = PROCEDURE_INTERRUPTED;
        return false;
    }
    out->stage = jobs->stage;
    out->window = jobs->window;
    out->outcome = all;
    out->count = keep + jobs->count;
    count_work(w, &(struct sample){w->facts, all + keep, jobs->count});
    for (int r = 0; r < out->count; r++)
        if (all[r].end != OUTCOME_COMPLETE && out->end != PROCEDURE_DEADLOCK)
            out->end = all[r].end == OUTCOME_DEADLOCK ? PROCEDURE_DEADLOCK
                                                      : PROCEDURE_OVERFLOW;
    return out->end == PROCEDURE_DONE;
}

static struct window window_of(const struct work *w, double warm_up, double length)
{
    struct window window = {.warm_up = sim_from_nanoseconds(warm_up * 1e9),
                            .length = sim_from_nanoseconds(length * 1e9)};
    window.drain = drain_of(w, window.warm_up + window.length);
    return window;
}

/* The length that the cap on requests leaves, s. */
static double capped_length(struct work *w, double warm_up, double length, int count,
                            double rate)
{
    double most = (double)w->set->request_cap / (rate * count) - warm_up;
    if (length <= most)
        return length;
    w->out->capped = true;
    return fmax(most, fmin(length, warm_up));
}

/* ---- settling and growth --------------------------------------------------------- */

/* A growth that slows down, to an end at which nothing is busy, is none: whoever stays
 * for an hour is still coming. */
static bool fills(const struct sample *s)
{
    double times = steady_filling(s);
    return !isinf(times) && verdict_calm(s, times);
}

static bool backlog_grows(const struct sample *s, struct estimate growth)
{
    return steady_grows(s, growth) && !fills(s);
}

static void judge_steadiness(struct work *w)
{
    struct sample s = sample_so_far(w);
    double level[OUTCOME_BINS];
    int bins = steady_levels(&s, level), cut = steady_cut(level, bins);

    w->out->settled = cut <= bins / 2;
    w->out->settled_at = (sim_time)cut * s.outcome[0].in_system.width;
    w->out->growth = steady_growth(&s);
    w->out->grows =
        w->out->end != PROCEDURE_DONE || backlog_grows(&s, w->out->growth);
}

void procedure_judge(struct procedure *run, const struct sample *s)
{
    double level[OUTCOME_BINS];
    run->settled = true;
    run->grows = run->end != PROCEDURE_DONE;
    if (s->facts->terminating)
        return;
    int bins = steady_levels(s, level);
    run->settled = steady_cut(level, bins) <= bins / 2;
    run->growth = steady_growth(s);
    run->grows |= backlog_grows(s, run->growth);
}

/* ---- pilot ----------------------------------------------------------------------- */

/* Requests a replication of the pilot should have had. */
static double pilot_should_have(const struct work *w, double rate)
{
    struct sample s = sample_so_far(w);
    int from = (int)(w->out->settled_at / s.outcome[0].in_system.width);
    double memories = pilot_memories * steady_memory(&s, from) * rate;
    return fmax(pilot_requests, memories);
}

static void judge_loss(struct work *w)
{
    static const struct admitted nothing_promised = {.whole = NAN};
    struct sample s = sample_so_far(w);
    const struct admitted *admitted = w->set->admitted;
    w->out->overloaded = verdict_loses(&s, admitted ? admitted : &nothing_promised);
}

/* Nothing will end this growth: not a full queue, nor a client that gives up. */
static bool grows_for_ever(const struct work *w)
{
    return w->out->end != PROCEDURE_DONE || (w->out->grows && !w->facts->may_lose);
}

/* Full queues and clients that give up take their time to end a growth, but it is not
 * worth many times what the first pilot took. */
static double longest_growing(const struct work *w, double first)
{
    double patient = patiences * sim_seconds(w->set->patience);
    return fmin(fmax(lengthening * first, patient), most_at_once * first);
}

/* The length that the pilot should have had, s. */
static double pilot_needs(const struct work *w, double first, double length,
                          double rate)
{
    if (w->out->overloaded && !w->out->grows)
        return length;
    double need = pilot_should_have(w, rate) / rate;
    if (!w->out->settled || w->out->grows)
        need = fmax(need, lengthening * length);
    return w->out->grows ? fmin(need, longest_growing(w, first)) : need;
}

/* Production after a growth that nothing has ended yet would show no more. */
static double rate_after(const struct work *w, double rate)
{
    return w->out->grows && !w->out->overloaded ? 0 : rate;
}

static double first_pilot(const struct work *w, double given)
{
    double usual = pilot_requests / w->set->rate + given;
    double most = most_of_cap * (double)w->set->request_cap / w->set->rate /
                  w->set->replications;
    double lasting = fmin(longest_requests * w->set->longest, most);
    return fmin(fmax(fmax(usual, lasting), 2 * given), longest_run);
}

/*
 * Runs the pilot, longer each time until it has settled and outlasts its memory, at
 * most three times; a backlog that grows for ever ends it. Gives the rate found; 0:
 * stop.
 */
static double pilot(struct work *w)
{
    struct procedure *out = w->out;
    double given = sim_seconds(w->set->warm_up);
    double first = first_pilot(w, given), length = first;
    for (;; out->lengthened++) {
        struct jobs jobs = {STAGE_PILOT, 0, w->set->replications,
                            window_of(w, 0, length)};
        jobs.window.segments = true;
        if (!run_jobs(w, &jobs, 0) && out->end == PROCEDURE_INTERRUPTED)
            return 0;
        judge_steadiness(w);
        judge_loss(w);
        struct sample s = sample_so_far(w);
        double rate =
            sample_rate(&s, (struct scope){SCOPE_WHOLE, 0}, COUNT_OFFERED).value;
        if (grows_for_ever(w) || !(rate > 0))
            return 0;
        double need = pilot_needs(w, first, length, rate);
        if (need <= length * 1.2 || out->lengthened == MOST_LENGTHENINGS)
            return rate_after(w, rate);
        double longer = fmin(fmin(need, most_at_once * length), longest_run);
        longer = capped_length(w, 0, longer, w->set->replications, rate);
        bool as_long = longer <= length;
        length = longer;
        if (out->capped || as_long)
            return rate_after(w, rate);
    }
}

static void keep_segments(const struct type_outcome *from, int first,
                          struct type_outcome *to, struct arena *arena)
{
    *to = *from;
    to->latency = (struct histogram){0};
    to->latency_sum = (struct tally){0};
    for (int k = first; k < OUTCOME_SEGMENTS; k++) {
        histogram_merge(&to->latency, &from->segment[k], arena);
        tally_merge(&to->latency_sum, &from->segment_sum[k]);
    }
}

/* The pilot without the segments that hold its warm-up, at most the first half. */
static struct sample pilot_cut(const struct work *w)
{
    struct sample s = sample_so_far(w);
    struct outcome *cut = arena_many(w->arena, s.count, struct outcome);
    sim_time segment = w->out->window.length / OUTCOME_SEGMENTS;
    sim_time warm_up = w->out->settled_at;
    warm_up = w->set->warm_up > warm_up ? w->set->warm_up : warm_up;
    int64_t first = warm_up / (segment > 0 ? segment : 1) + 1;
    if (first > OUTCOME_SEGMENTS / 2)
        first = OUTCOME_SEGMENTS / 2;
    for (int r = 0; r < s.count; r++) {
        cut[r] = s.outcome[r];
        cut[r].length = segment * (OUTCOME_SEGMENTS - first);
        cut[r].type = arena_many(w->arena, w->facts->types, struct type_outcome);
        for (int t = 0; t < w->facts->types; t++)
            keep_segments(&s.outcome[r].type[t], (int)first, &cut[r].type[t], w->arena);
    }
    return (struct sample){w->facts, cut, s.count};
}

static int whole_blocks(double replications)
{
    double blocks = ceil(replications / PROCEDURE_BLOCK);
    return (int)fmin(blocks * PROCEDURE_BLOCK, MOST_REPLICATIONS);
}

/* The warm-up of a run whose measured part has this length: a tenth of the whole, or as
 * long as the pilot needed to settle, or as told. */
static double warm_up_for(struct work *w, double settled_at, double length)
{
    double tenth = length / 9, given = sim_seconds(w->set->warm_up);
    double most = fmax(fmax(tenth, settled_at), given);
    w->out->rule = most == given   ? WARM_UP_GIVEN
                   : most == tenth ? WARM_UP_TENTH
                                   : WARM_UP_MSER;
    return most;
}

/* Length and number of production's replications from the pilot's errors. */
static struct plan plan_for_precision(struct work *w, const struct sample *pilot,
                                      double rate)
{
    struct gap gap = precision_worst(pilot, w->set->target, w->set->targets);
    double measured = sample_length(pilot, 0);
    double square = isnan(gap.ratio) ? 1 : gap.ratio * gap.ratio;
    double times = fmax(safety * square * gap.within, gap.floor * rare_type_margin);

    struct plan plan = {.count = w->set->replications,
                        .pilot_ratio = gap.ratio,
                        .pilot_length = measured};
    if (isinf(times)) /* a type that never came */
        times = most_at_once;
    plan.length = fmax(times * measured, sim_seconds(w->out->window.length));
    plan.length = fmin(plan.length, longest_run);
    if (gap.within < 1) {
        w->out->persistent = true;
        double needed = safety * square * (1 - gap.within) * plan.count;
        plan.count = needed > plan.count ? whole_blocks(needed) : plan.count;
    }
    plan.warm_up = warm_up_for(w, sim_seconds(w->out->settled_at), plan.length);
    plan.length = capped_length(w, plan.warm_up, plan.length, plan.count, rate);
    return plan;
}

/* The same again, without the part that had not settled, at most half. */
static struct plan plan_for_overload(struct work *w)
{
    double length = sim_seconds(w->out->window.length);
    double unsettled = fmin(sim_seconds(w->out->settled_at), length / 2);
    double tenth = length / 10, given = sim_seconds(w->set->warm_up);
    struct plan plan = {.count = w->set->replications};
    plan.length = length - fmax(fmax(unsettled, tenth), given);
    plan.warm_up = warm_up_for(w, unsettled, plan.length);
    return plan;
}

static struct plan plan_from_pilot(struct work *w, double rate)
{
    struct sample s = pilot_cut(w);
    w->out->pilot_mean = sample_mean(&s, (struct scope){SCOPE_WHOLE, 0}, TIME_LATENCY);
    return w->out->overloaded ? plan_for_overload(w) : plan_for_precision(w, &s, rate);
}

/* ---- production ------------------------------------------------------------------ */

static struct gap production_gap(struct work *w)
{
    struct sample s = sample_so_far(w);
    struct gap gap = precision_worst(&s, w->set->target, w->set->targets);
    w->out->needed = gap.ratio;
    w->out->met = precision_met(&gap);
    w->out->biased = gap.biased;
    return gap;
}

static bool length_is_no_help(const struct plan *plan, const struct gap *gap)
{
    double longer = plan->length / plan->pilot_length;
    double shrunk = gap->ratio / plan->pilot_ratio;
    return longer >= longer_at_least && shrunk * shrunk * longer > persistent_ratio;
}

/* More replications of the same length, after those there are. */
static bool add_replications(struct work *w, const struct plan *plan, double ratio)
{
    int have = w->out->count;
    int want = whole_blocks(have * enlargement_safety * ratio * ratio);
    if (want <= have)
        return true;
    double rate = w->set->rate, all = plan->warm_up + plan->length;
    if (rate * all * want > (double)w->set->request_cap) {
        w->out->capped = true;
        return true;
    }
    struct jobs jobs = {STAGE_ENLARGED, w->out->outcome[have - 1].replication + 1,
                        want - have, w->out->window};
    return run_jobs(w, &jobs, have);
}

/* The same replications over a longer window. */
static bool enlarge(struct work *w, const struct plan *plan, const struct gap *gap,
                    double rate)
{
    double ratio = isnan(gap->ratio) ? 1 : gap->ratio;
    double times = gap->ratio <= 1 ? 1 : enlargement_safety * ratio * ratio;
    times = fmax(times, gap->floor > 1 ? gap->floor * rare_type_margin : 1);
    times = fmax(times, gap->biased ? 2 : 1);
    if (isinf(times) || w->out->capped)
        return true;
    double length = fmin(times * plan->length, longest_run);
    double warm_up = warm_up_for(w, plan->warm_up, length);
    length = capped_length(w, warm_up, length, plan->count, rate);
    if (length <= plan->length)
        return true;
    struct jobs jobs = {STAGE_ENLARGED, (uint32_t)w->set->replications, plan->count,
                        window_of(w, warm_up, length)};
    return run_jobs(w, &jobs, 0);
}

static void production(struct work *w, const struct plan *plan, double rate)
{
    struct jobs jobs = {STAGE_PRODUCTION, (uint32_t)w->set->replications, plan->count,
                        window_of(w, plan->warm_up, plan->length)};
    if (run_jobs(w, &jobs, 0)) {
        struct gap gap = production_gap(w);
        judge_loss(w);
        if (!w->out->overloaded && (!w->out->met || gap.biased)) {
            bool add = !w->out->met && !isnan(gap.ratio) && gap.floor <= 1 &&
                       (w->out->persistent || length_is_no_help(plan, &gap));
            w->out->persistent |= add;
            if (add)
                add_replications(w, plan, gap.ratio);
            else
                enlarge(w, plan, &gap, rate);
        }
    }
    if (w->out->end == PROCEDURE_INTERRUPTED)
        return;
    production_gap(w);
    judge_steadiness(w);
}

static void two_stages(struct work *w)
{
    double rate = pilot(w);
    if (!(rate > 0))
        return;
    struct plan plan = plan_from_pilot(w, rate);
    production(w, &plan, rate);
}

/* ---- without a pilot ------------------------------------------------------------- */

/* Is it worth adding replications of this length? Not to a growing backlog. */
static bool more_wanted(struct work *w, const struct gap *gap)
{
    if (!w->set->until_precise || w->out->end != PROCEDURE_DONE || w->out->met ||
        w->out->grows || isnan(gap->ratio) || gap->ratio <= 1)
        return false;
    judge_loss(w);
    return !w->out->overloaded;
}

static void one_stage(struct work *w, struct window window)
{
    w->out->fixed = true;
    window.drain = drain_of(w, window.warm_up + window.length);
    struct jobs jobs = {STAGE_PRODUCTION, 0, w->set->replications, window};
    if (!run_jobs(w, &jobs, 0) && w->out->end == PROCEDURE_INTERRUPTED)
        return;
    struct gap gap = production_gap(w);
    judge_steadiness(w);
    if (!more_wanted(w, &gap))
        return;
    struct plan plan = {.length = sim_seconds(window.length),
                        .warm_up = sim_seconds(window.warm_up)};
    if (!add_replications(w, &plan, gap.ratio) && w->out->end == PROCEDURE_INTERRUPTED)
        return;
    production_gap(w);
    judge_steadiness(w);
}

static void fixed_duration(struct work *w)
{
    sim_time given = w->set->warm_up, tenth = w->set->duration / 9;
    bool told = given > 0 || w->set->from_start;
    w->out->rule = told ? WARM_UP_GIVEN : WARM_UP_TENTH;
    one_stage(w, (struct window){.warm_up = told ? given : tenth,
                                 .length = w->set->duration});
}

static sim_time last_arrival(const struct model_facts *facts)
{
    sim_time last = 0;
    for (int i = 0; i < facts->workloads; i++)
        last = facts->workload[i].span > last ? facts->workload[i].span : last;
    return last;
}

/* Does a load test end when so many iterations are done? */
static bool ends_by_count(const struct model_facts *facts)
{
    bool ends = false;
    for (int i = 0; i < facts->workloads; i++)
        ends |= facts->workload[i].by_count;
    return ends;
}

static void terminating(struct work *w)
{
    sim_time length = w->set->duration;
    bool by_count = ends_by_count(w->facts);
    if (length <= 0) {
        sim_time last = last_arrival(w->facts) + 1;
        length = last > SIM_SECOND ? last : SIM_SECOND;
        if (by_count)
            length = 0; /* whatever it takes */
        struct jobs trial = {STAGE_PILOT, 0, 1, {.length = length}};
        trial.window.drain = drain_of(w, length);
        if (!run_jobs(w, &trial, 0))
            return;
        w->out->requests = w->out->events = 0; /* it comes again, as one of all */
        sim_time ended = w->out->outcome[0].ended;
        length = ended > length ? ended : length;
    }
    one_stage(w, (struct window){.length = length, .open_end = by_count});
    w->out->settled = true; /* nothing has to */
    w->out->grows = w->out->end != PROCEDURE_DONE;
}

void procedure_run(const struct model_facts *facts,
                   const struct procedure_settings *set, const struct runner *runner,
                   struct arena *arena, struct procedure *out)
{
    struct work work = {facts, set, runner, arena, out};
    check(set->replications > 0, "%d replications", set->replications);
    check(facts->terminating || set->duration > 0 || set->rate > 0, "rate %g",
          set->rate);
    *out = (struct procedure){.rule = WARM_UP_NONE,
                              .needed = NAN,
                              .growth = estimate_lacking(LACK_REQUESTS),
                              .pilot_mean = estimate_lacking(LACK_REPLICATIONS)};
    if (facts->terminating)
        terminating(&work);
    else if (set->duration > 0)
        fixed_duration(&work);
    else
        two_stages(&work);
}

/* ---- expected rate --------------------------------------------------------------- */

static double hold_of(const struct model *model, int workload, int station, bool cpu)
{
    const struct model_facts *facts = model_facts(model);
    double sum = 0;
    for (int t = 0; t < facts->types; t++) {
        if (facts->type[t].workload_index != workload)
            continue;
        struct demand d = model_demand(model, t, station);
        sum += facts->type[t].share * (cpu ? d.cpu : d.hold);
    }
    return sum;
}

/* Users that wait, think and ask again carry no more than N / (Z + R alone), nor more
 * than any station lets through. */
static double closed_rate(const struct model *model, int workload)
{
    const struct model_facts *facts = model_facts(model);
    const struct workload_facts *load = &facts->workload[workload];
    double alone = load->think;
    for (int t = 0; t < facts->types; t++)
        if (facts->type[t].workload_index == workload)
            alone += facts->type[t].share * model_alone(model, t);
    double rate = alone > 0 ? load->users / alone : INFINITY;
    for (int i = 0; i < facts->stations; i++) {
        const struct station_facts *station = &facts->station[i];
        double hold = hold_of(model, workload, i, false),
               cpu = hold_of(model, workload, i, true);
        if (hold > 0)
            rate = fmin(rate, station->slots / hold);
        if (cpu > 0)
            rate = fmin(rate, station->cores / cpu);
    }
    return rate;
}

double procedure_rate(const struct model *model)
{
    const struct model_facts *facts = model_facts(model);
    double sum = 0;
    for (int i = 0; i < facts->workloads; i++)
        sum += facts->workload[i].form == WORKLOAD_CLOSED ? closed_rate(model, i)
                                                          : facts->workload[i].rate;
    return fmin(fmax(sum, 1e-6), 1e9);
}
