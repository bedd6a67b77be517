/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/saturate.h"

#include "experiments/bistable.h"

#include <math.h>
#include <string.h>

enum { GRID = 8 };
/* Above the bound every slot is busy; nearer to what was found the mix of what is
 * served is that at the limit. */
static const double well_above = 1.3, just_above = 1.06, just_below = 0.97;
static const double many_users = 8;
/* Requests of one overloaded run: enough for 0.3 %. */
static const double overload_requests = 3e6;
static const double overload_width = 0.004;

/* ---- the maximum ----------------------------------------------------------------- */

/* What operational laws say before anything is simulated; NAN: it is wrong there. */
struct laws {
    double busy;    /* part of the first part that is full; 0: there is none */
    double offered; /* requests/s */
};

static struct laws laws_at(struct search *s, double load)
{
    struct arena own;
    struct point point;
    struct laws laws = {NAN, NAN};
    arena_init(&own);
    if (search_read(s, load, &own, &point)) {
        const struct explanation *is =
            explain(&point.scenario->system, point.model, &own);
        laws.busy = is->parts > 0 ? is->part[0].load : 0;
        laws.offered = procedure_rate(point.model);
    }
    arena_free(&own);
    return laws;
}

/* The load at which the first part is full if nobody waits; INFINITY: none ever is. */
static double bound_of(struct search *s)
{
    double low = s->dial->value, high = low;
    double busy = laws_at(s, low).busy;
    if (!(busy > 0))
        return INFINITY;
    if (s->dial->unit[0] == '/') /* rates: all else is proportional, or constant */
        high = low = low / busy;
    for (int i = 0; i < 40 && laws_at(s, high).busy < 1; i++)
        high *= 2;
    if (!(laws_at(s, high).busy >= 1))
        return INFINITY;
    for (int i = 0; i < 40 && laws_at(s, low).busy > 1; i++)
        low /= 2;
    for (int i = 0; i < 40 && high > low * 1.0001 && !s->interrupted; i++) {
        double middle = sqrt(low * high);
        if (laws_at(s, middle).busy < 1)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static sim_time long_enough(double rate, double requests)
{
    return sim_from_nanoseconds(requests / PROCEDURE_REPLICATIONS / rate * 1e9);
}

/* What is served with every slot busy; longer until it is known well. */
static struct probe *overload(struct search *s, double load)
{
    double rate = laws_at(s, load).offered, requests = overload_requests;
    struct probe *p = NULL;
    for (int i = 0; i < 4 && search_goes_on(s); i++, requests *= 4) {
        if (requests > (double)search_budget_left(s) / 2)
            requests = (double)search_budget_left(s) / 2;
        p = search_run(s, load, 0, long_enough(rate, requests), PROCEDURE_REQUEST_CAP);
        if (!p || p->throughput.half_width <= overload_width * p->throughput.value)
            break;
    }
    return p;
}

/* The load whose offered rate is what `p` served, and by how much it may be off. */
static void level_off(struct search *s, const struct probe *p, double *load,
                      double *width)
{
    double step = 0.98 * p->load, less = laws_at(s, step).offered;
    double slope = (p->nominal - less) / (p->load - step);
    *load = p->load - (p->nominal - p->throughput.value) / slope;
    *width = p->throughput.half_width / slope;
}

/* True when a run just below is stable and the overload served a steady rate. */
static bool by_overload(struct search *s, struct saturation *out)
{
    double load, width;
    struct probe *p = overload(s, out->bound * well_above);
    if (!p || p->verdict != VERDICT_UNSTABLE)
        return false;
    level_off(s, p, &load, &width);
    if (!(load > 0))
        return false;
    p = overload(s, load * just_above);
    if (!p || p->verdict != VERDICT_UNSTABLE)
        return false;
    level_off(s, p, &load, &width);
    struct estimate most = p->throughput;
    double least = load - width, largest = load + width;
    if (search_decide(s, IS_CARRIED, load * just_below, SEARCH_FEW) != ANSWER_YES)
        return false;
    out->method = METHOD_OVERLOAD;
    out->most = most;
    out->carried = (struct bracket){least, largest, load};
    return true;
}

static void by_verdicts(struct search *s, struct saturation *out)
{
    out->method = METHOD_VERDICTS;
    search_surround(s, IS_CARRIED,
                    isfinite(out->bound) ? 0.9 * out->bound : s->dial->value);
    search_bisect(s, IS_CARRIED, &out->carried);
    const struct probe *p = search_probe(s->log, out->carried.yes);
    if (p)
        out->most = p->throughput;
}

/* Users who wait never pile up: with far more than are needed to keep the first part
 * busy, throughput is as large as it gets. */
static void by_users(struct search *s, struct saturation *out, double knee)
{
    struct probe *p = NULL;
    for (double times = many_users; !p && times >= 1 && !s->interrupted; times /= 2)
        p = search_run(s, dial_round(s->dial, times * knee), 0.004, 0,
                       PROCEDURE_REQUEST_CAP);
    if (!p)
        return;
    out->method = METHOD_USERS;
    p->effort = SEARCH_MOST_EFFORT;
    out->most = p->throughput;
    out->carried = (struct bracket){NAN, NAN, knee};
}

static bool turns_users(const struct search *s)
{
    const char *pointer = s->dial->pointer;
    size_t length = strlen(pointer), tail = strlen("/closed/users");
    return length > tail && strcmp(pointer + length - tail, "/closed/users") == 0;
}

static void find_maximum(struct search *s, struct saturation *out,
                         const struct model_facts *facts)
{
    if (turns_users(s)) {
        if (out->is->closed_count == 1 && isfinite(out->is->closed[0].knee))
            by_users(s, out, out->is->closed[0].knee);
        return;
    }
    out->bound = bound_of(s);
    if (isfinite(out->bound) && !facts->may_lose && by_overload(s, out))
        return;
    if (isfinite(out->bound) || facts->may_lose)
        by_verdicts(s, out);
}

/* ---- promises, knee, order ------------------------------------------------------- */

static void find_promised(struct search *s, struct saturation *out)
{
    double from = out->carried.yes;
    if (isnan(from))
        from = turns_users(s) && isfinite(out->carried.estimate) ? out->carried.estimate
                                                                 : out->dial.value;
    search_surround(s, IS_KEPT, 0.9 * from);
    search_bisect(s, IS_KEPT, &out->promised);
}

/* A few loads from a tenth of the maximum upwards, and above it: the shape. */
static void look_around(struct search *s, struct saturation *out)
{
    double top = out->carried.yes;
    if (isnan(top))
        top = out->carried.estimate;
    for (int i = 1; i <= GRID && isfinite(top) && search_goes_on(s); i++) {
        double load = dial_round(s->dial, top * i / GRID * (i == GRID ? 1.3 : 1));
        if (search_effort(s, load) < 0)
            search_look(s, load);
    }
}

/* ---- coming back from an overload ------------------------------------------------ */

/* Just below the maximum everything is slow to come back, and hard to tell. */
static const double below_maximum = 0.9;
/* The bracket of the loads from which it comes back. */
static const double recovery_width = 0.1;
enum { MOST_HALVINGS = 4 };

static enum answer answer_of_trial(enum bistability_state state)
{
    switch (state) {
    case BISTABILITY_RECOVERS:
        return ANSWER_YES;
    case BISTABILITY_STAYS:
    case BISTABILITY_FALLS:
        return ANSWER_NO;
    case BISTABILITY_NOT_TRIED:
    case BISTABILITY_TOO_LONG:
        break;
    }
    return ANSWER_OPEN;
}

/* Does it come back at this load? Its numbers are not those of a probe. */
static enum answer recovers_at(struct search *s, double load)
{
    struct arena own;
    struct point point;
    struct point_effort effort = *s->effort;
    enum answer answer = ANSWER_OPEN;
    arena_init(&own);
    if (s->progress)
        s->progress(s->context, s, load);
    effort.within = SEARCH_FIRST_WITHIN;
    effort.request_cap = search_budget_left(s) / 2 + 1;
    if (effort.request_cap > SEARCH_FIRST_CAP)
        effort.request_cap = SEARCH_FIRST_CAP;
    if (search_read(s, load, &own, &point) && point_run(&point, &effort, &own) &&
        bistable_try(&point, &effort, &own)) {
        const struct result *r = &point.result;
        answer = answer_of_trial(r->bistability.state);
        s->log->requests += r->run.requests + (uint64_t)r->bistability.requests;
        s->log->events += r->run.events;
    } else {
        s->interrupted = true;
    }
    arena_free(&own);
    return answer;
}

/* Where overload can feed itself: the loads up to which it ends by itself. */
static void find_recovery(struct search *s, struct saturation *out,
                          const struct model_facts *facts)
{
    struct bracket *b = &out->recovery;
    double load = dial_round(s->dial, below_maximum * out->carried.yes);
    if (!(facts->impatience > 0) || !(load > 0) || !search_goes_on(s))
        return;
    enum answer answer = recovers_at(s, load);
    for (int i = 0; i < MOST_HALVINGS && answer == ANSWER_NO && search_goes_on(s);
         i++) {
        b->no = load;
        load = dial_round(s->dial, load / 2);
        answer = recovers_at(s, load);
    }
    if (answer != ANSWER_YES) {
        b->no = answer == ANSWER_NO ? load : b->no;
        return;
    }
    b->yes = load;
    while (!isnan(b->no) && b->no > b->yes * (1 + recovery_width) &&
           search_goes_on(s)) {
        load = dial_round(s->dial, sqrt(b->yes * b->no));
        if (load <= b->yes || load >= b->no)
            return;
        answer = recovers_at(s, load);
        if (answer == ANSWER_OPEN)
            return;
        *(answer == ANSWER_YES ? &b->yes : &b->no) = load;
    }
}

static void find_knee(struct saturation *out)
{
    double best = 0;
    out->knee = NAN;
    for (int i = 0; i < out->log.probes; i++) {
        const struct probe *p = &out->log.probe[i];
        if (p->carried == ANSWER_NO || !estimate_given(&p->mean))
            continue;
        double power = p->throughput.value / p->mean.value;
        if (power > best) {
            best = power;
            out->knee = p->load;
        }
    }
}

static double upper(const struct estimate *e)
{
    return e->value + (isnan(e->half_width) ? 0 : e->half_width);
}

static double lower(const struct estimate *e)
{
    return e->value - (isnan(e->half_width) ? 0 : e->half_width);
}

/* Does goodput fall when the load rises? Retry storms and work for nobody do that. */
static void find_fall(struct saturation *out)
{
    const struct probe *best = NULL;
    for (int i = 0; i < out->log.probes; i++) {
        const struct probe *p = &out->log.probe[i];
        if (best && upper(&p->throughput) < 0.97 * lower(&best->throughput) &&
            (!out->falls || p->throughput.value < out->falls_to)) {
            out->falls = true;
            out->falls_from = best->throughput.value;
            out->falls_to = p->throughput.value;
            out->falls_at = p->load;
        }
        if (!best || p->throughput.value > best->throughput.value)
            best = p;
    }
}

static const struct saturation nothing_found = {
    .bound = INFINITY,
    .carried = {NAN, NAN, NAN},
    .promised = {NAN, NAN, NAN},
    .recovery = {NAN, NAN, NAN},
    .knee = NAN,
};

/* False with the reason in `why`: there is no load to turn. */
static bool find_dial(const struct saturate_settings *set, const struct point *base,
                      struct arena *arena, struct dial *dial, const char **why)
{
    bool found = set->pointer ? dial_at(dial, base->scenario, set->pointer, arena, why)
                              : dial_of_load(dial, base->scenario, arena, why);
    if (found && base->result.facts->terminating) {
        *why = "its load ends by itself; only a load that lasts saturates anything";
        return false;
    }
    return found;
}

/* A search that has found nothing yet; false as above. */
static bool begin(struct search *s, const struct saturate_settings *set,
                  const struct point *base, struct arena *arena, struct saturation *out,
                  const char **why)
{
    *why = NULL;
    *out = nothing_found;
    out->most = estimate_lacking(LACK_LIMIT);
    if (!find_dial(set, base, arena, &out->dial, why))
        return false;
    out->is = explain(&base->scenario->system, base->model, arena);
    out->has_promises = base->scenario->slo_count > 0;
    *s = (struct search){.source = set->source,
                         .effort = set->effort,
                         .dial = &out->dial,
                         .arena = arena,
                         .budget = set->budget ? set->budget : SATURATE_BUDGET,
                         .cap = set->cap ? set->cap : SEARCH_FIRST_CAP,
                         .log = &out->log,
                         .progress = set->progress,
                         .context = set->context};
    return true;
}

/* From here on a fixed length is that of a first look only. (Of carrying, longer ones
 * tell nothing: where chance tips a system over, it is only a matter of time.) */
static void sharpen(struct search *s, const struct run_settings *run)
{
    s->duration = run->duration == SIM_NEVER ? 0 : run->duration;
    s->replications = (double)run->replications;
}

bool saturate(const struct saturate_settings *set, struct point *base,
              struct arena *arena, struct saturation *out, const char **why)
{
    struct search s;
    if (!begin(&s, set, base, arena, out, why))
        return false;
    s.width = SATURATE_WIDTH;
    s.most = SEARCH_MOST_EFFORT;
    find_maximum(&s, out, base->result.facts);
    sharpen(&s, &base->scenario->run);
    if (out->has_promises)
        find_promised(&s, out);
    look_around(&s, out);
    find_recovery(&s, out, base->result.facts);
    find_knee(out);
    find_fall(out);
    return !s.interrupted;
}

/* ---- a limit on it --------------------------------------------------------------- */

/* Is the largest load at least `low` and at most `high`? */
static enum answer between(struct search *s, enum probe_question question,
                           const struct limit *limit)
{
    enum answer answer = ANSWER_YES;
    double low = limit->low, high = limit->high;
    if (s->dial->whole) {
        low = limit->low_open ? floor(low) + 1 : ceil(low);
        /* the least number of users that must not be carried */
        high = limit->high_open ? ceil(high) : floor(high) + 1;
    }
    if (isfinite(low) && low > 0)
        answer = limit_both(answer, search_decide(s, question, low, s->most));
    if (isfinite(high) && high > 0 && answer != ANSWER_NO) {
        enum answer above = search_decide(s, question, high, s->most);
        answer = limit_both(answer, above == ANSWER_YES  ? ANSWER_NO
                                    : above == ANSWER_NO ? ANSWER_YES
                                                         : ANSWER_OPEN);
    }
    return answer;
}

/* Where a search begins: at what is known, or below what the laws allow. */
static double begin_at(struct search *s, struct saturation *out,
                       enum probe_question question, const struct limit *limit)
{
    struct bracket known;
    search_known(s, question, &known);
    if (!isnan(known.no))
        return 0.8 * known.no;
    if (!isnan(known.yes))
        return 1.25 * known.yes;
    const struct explanation *is = out->is;
    bool of_users = turns_users(s) && is->closed_count == 1;
    /* laws are asked at loads between those that whole numbers can have */
    double bound =
        s->dial->whole ? (of_users ? is->closed[0].knee : INFINITY) : bound_of(s);
    return isfinite(bound)                 ? 0.8 * bound
           : limit && isfinite(limit->low) ? limit->low
                                           : s->dial->value;
}

bool saturate_judge(const struct saturate_settings *set, struct point *base,
                    const struct limit *limit, struct arena *arena,
                    struct saturation *out, enum answer *answer, const char **why)
{
    struct search s;
    *answer = ANSWER_OPEN;
    if (!begin(&s, set, base, arena, out, why))
        return false;
    s.width = set->width > 0 ? set->width : SATURATE_COARSE;
    s.most = SEARCH_ENOUGH;
    sharpen(&s, &base->scenario->run);
    enum probe_question question = out->has_promises ? IS_KEPT : IS_CARRIED;
    struct bracket *found = out->has_promises ? &out->promised : &out->carried;
    if (limit)
        *answer = between(&s, question, limit);
    if (*answer != ANSWER_YES && !s.interrupted) {
        search_surround(&s, question, begin_at(&s, out, question, limit));
        search_bisect(&s, question, found);
    } else {
        search_known(&s, question, found);
    }
    return !s.interrupted;
}

double saturation_headroom(const struct saturation *s)
{
    double most = s->has_promises ? s->promised.yes : s->carried.yes;
    return isnan(most) ? NAN : 1 - s->dial.value / most;
}
