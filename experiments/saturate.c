/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/saturate.h"

#include "experiments/bistable.h"
#include "sim/check.h"

#include <math.h>
#include <string.h>

/* Loads are decided at this error, so that the two ends of a bracket together are right
 * 95 % of the time although several loads near the limit are asked. */
static const double decided = 0.99;
/* … which is half-widths away from the limit, at least. */
static const double needed = 1.2;
/* Precision of a first look and how often it is doubled while a load stays open. */
static const double first_within = 0.2;
/* Requests of a stage of the first look; twice as many for each sharper one. */
static const uint64_t first_cap = 3000000;
enum { MOST_EFFORT = 5, ENOUGH = 2, FEW = 1, MOST_PROBES = 120, GRID = 8 };
/* Above the bound every slot is busy; nearer to what was found the mix of what is
 * served is that at the limit. */
static const double well_above = 1.3, just_above = 1.06, just_below = 0.97;
static const double many_users = 8;
/* Requests of one overloaded run: enough for 0.3 %. */
static const double overload_requests = 3e6;
static const double overload_width = 0.004;

/* One search while it runs. */
struct search {
    const struct saturate_settings *set;
    struct saturation *out;
    struct arena *arena;
    bool interrupted;
    double width;      /* of a bracket, relative */
    int most;          /* effort that a load is worth */
    sim_time duration; /* of a first look; 0: as long as its precision takes */
    double replications;
};

/* ---- probes ---------------------------------------------------------------------- */

static struct point_source source_at(struct search *s, double load)
{
    const struct point_source *base = s->set->source;
    const char **sets = arena_many(s->arena, base->set_count + 1, const char *);
    for (int i = 0; i < base->set_count; i++)
        sets[i] = base->sets[i];
    sets[base->set_count] = dial_set(&s->out->dial, load, s->arena);
    struct point_source at = *base;
    at.sets = sets;
    at.set_count++;
    return at;
}

/* The scenario at another load; what is wrong with it there was not wrong at the load
 * of the file. */
static bool read_at(struct search *s, double load, struct arena *arena,
                    struct point *point)
{
    struct where *where = where_new(arena);
    struct point_source source = source_at(s, load);
    if (point_read(point, arena, &source, where))
        return true;
    where_print(where, stderr);
    return false;
}

static struct probe *slot_for(struct search *s, double load)
{
    struct saturation *out = s->out;
    int i = 0;
    while (i < out->probes && out->probe[i].load < load)
        i++;
    if (i < out->probes && out->probe[i].load == load)
        return &out->probe[i];
    check(out->probes < MOST_PROBES, "%d probes", out->probes);
    memmove(&out->probe[i + 1], &out->probe[i],
            (size_t)(out->probes++ - i) * sizeof *out->probe);
    out->probe[i] = (struct probe){.load = load, .effort = -1};
    return &out->probe[i];
}

/* ln(limit / value), turned so that above 0 is kept. */
static double margin_of(const struct slo_result *slo)
{
    double m = log(slo->slo->value / slo->value.value);
    return slo->slo->op <= SLO_AT_MOST ? m : -m;
}

static enum answer answer_of(const struct slo_result *slo)
{
    if (!slo->judged)
        return ANSWER_YES;
    if (!slo->decided || isnan(slo->chance))
        return ANSWER_OPEN;
    return slo->chance >= decided       ? ANSWER_YES
           : slo->chance <= 1 - decided ? ANSWER_NO
                                        : ANSWER_OPEN;
}

static enum answer and_also(enum answer a, enum answer b)
{
    return a < b ? a : b;
}

static void judge_promises(const struct result *r, struct probe *p)
{
    p->tightest = -1;
    p->margin = INFINITY;
    p->kept = p->carried == ANSWER_NO ? ANSWER_NO : ANSWER_YES;
    for (int i = 0; i < r->slos; i++) {
        p->kept = and_also(p->kept, answer_of(&r->slo[i]));
        double margin = r->slo[i].judged ? margin_of(&r->slo[i]) : NAN;
        if (isfinite(margin) && margin < p->margin) {
            p->margin = margin;
            p->tightest = i;
            p->value = r->slo[i].value.value;
            p->blur = r->slo[i].value.half_width / p->value;
        }
    }
}

/* Is the load carried: no growing backlog, no more lost than may be? */
static enum answer carried_by(const struct result *r)
{
    const struct loss *worst = &r->judgement.worst;
    double lost = worst->part.value, width = worst->part.half_width;
    if (r->judgement.verdict == VERDICT_UNSTABLE ||
        r->judgement.verdict == VERDICT_OVERLOADED)
        return ANSWER_NO;
    if (estimate_given(&worst->part) && lost > 0 && lost + width > worst->admitted)
        return ANSWER_OPEN;
    return ANSWER_YES;
}

static void note(struct search *s, const struct point *point, struct probe *p)
{
    const struct result *r = &point->result;
    const struct request_findings *whole = &r->findings->whole;
    bool steady = r->judgement.verdict != VERDICT_UNSTABLE;
    p->nominal = procedure_rate(point->model);
    p->verdict = r->judgement.verdict;
    p->offered = whole->offered;
    p->throughput =
        findings_throughput(&r->sample, (struct scope){SCOPE_WHOLE, 0}, steady);
    p->errors = whole->errors;
    p->mean = whole->latency.mean;
    p->p99 = whole->latency.quantile[3];
    p->before = p->effort >= 0 ? p->kept : ANSWER_OPEN;
    p->carried = carried_by(r);
    judge_promises(r, p);
    p->requests += r->run.requests;
    s->out->requests += r->run.requests;
    s->out->events += r->run.events;
    s->out->seconds += r->execution.seconds;
    s->out->threads = r->execution.threads;
}

static uint64_t budget_left(const struct search *s)
{
    uint64_t all = s->set->budget ? s->set->budget : SATURATE_BUDGET;
    return s->out->requests < all ? all - s->out->requests : 0;
}

static bool goes_on(struct search *s)
{
    if (budget_left(s) == 0)
        s->out->spent = true;
    return !s->interrupted && !s->out->spent && s->out->probes < MOST_PROBES - 1;
}

/* Simulates a load; NULL when interrupted, or when it cannot be read there. */
static struct probe *run_at(struct search *s, double load, double within,
                            sim_time duration, uint64_t cap)
{
    struct arena own;
    struct point point;
    struct probe *p = NULL;
    arena_init(&own);
    if (s->set->progress)
        s->set->progress(s->set->context, s->out, load);
    if (read_at(s, load, &own, &point)) {
        struct point_effort effort = *s->set->effort;
        effort.within = within;
        effort.duration = duration;
        effort.request_cap = budget_left(s) / 3 + 1;
        if (effort.request_cap > cap)
            effort.request_cap = cap;
        if (point_run(&point, &effort, &own)) {
            p = slot_for(s, load);
            note(s, &point, p);
        }
    }
    s->interrupted |= p == NULL;
    arena_free(&own);
    return p;
}

static const struct probe *probe_at(const struct search *s, double load)
{
    for (int i = 0; i < s->out->probes; i++)
        if (s->out->probe[i].load == load)
            return &s->out->probe[i];
    return NULL;
}

/* -1: never looked at, or only overloaded on purpose. */
static int effort_at(const struct search *s, double load)
{
    const struct probe *p = probe_at(s, load);
    return p ? p->effort : -1;
}

/* Of a look at a scenario of fixed length: four times that of the last, while it does
 * not take many more requests than other scenarios may. */
static sim_time length_of(const struct search *s, double load, int effort, uint64_t cap)
{
    const struct probe *last = probe_at(s, load);
    if (s->duration == 0 || !last || effort == 0)
        return s->duration;
    double first = last->nominal * sim_seconds(s->duration) * s->replications;
    double times = fmin(pow(4, effort), fmax(1, 4 * (double)cap / first));
    return (sim_time)((double)s->duration * times);
}

/* One more look at a load, twice as sharp as the last. */
static struct probe *look(struct search *s, double load)
{
    const struct probe *last = probe_at(s, load);
    int effort = effort_at(s, load) + 1;
    double within = first_within / (1 << effort);
    if (last && last->blur > 0) /* the shortest runs know more than is asked first */
        within = fmin(within, last->blur / 2);
    uint64_t cap = s->set->cap ? s->set->cap : first_cap;
    struct probe *p =
        run_at(s, load, within, length_of(s, load, effort, cap), cap << effort);
    if (p)
        p->effort = effort;
    return p;
}

/* ---- questions ------------------------------------------------------------------- */

enum question { IS_CARRIED, IS_KEPT };

static enum answer answer_to(enum question question, const struct probe *p)
{
    return question == IS_CARRIED ? p->carried : p->kept;
}

/* Would it still be open after as many looks as it may have? */
static bool hopeless(const struct probe *p, int most)
{
    double in_reach = fabs(p->margin) * (1 << (most - p->effort));
    return p->tightest >= 0 && in_reach < needed * p->blur;
}

/* Looks at a load until it is decided, or not worth more. */
static enum answer decide(struct search *s, enum question question, double load,
                          int most)
{
    enum answer answer = ANSWER_OPEN;
    while (answer == ANSWER_OPEN && goes_on(s)) {
        const struct probe *p = probe_at(s, load);
        bool seen = effort_at(s, load) >= 0;
        if (seen && answer_to(question, p) != ANSWER_OPEN)
            return answer_to(question, p);
        if (seen && p->effort >= most)
            break;
        p = look(s, load);
        if (!p)
            return ANSWER_OPEN;
        answer = answer_to(question, p);
        if (question == IS_CARRIED && p->effort >= 1)
            break; /* a verdict does not sharpen as an interval does */
        if (question == IS_KEPT && hopeless(p, most))
            break;
    }
    return answer;
}

/*
 * Is an answer more than the luck of one look? Estimates of a tail are skewed: those
 * that are too low believe in themselves too much, and one look in a hundred errs by
 * four of its standard errors. Two looks in a row, the later one twice as sharp, or one
 * as sharp as they get.
 */
static bool is_firm(const struct search *s, enum question question,
                    const struct probe *p)
{
    return question == IS_CARRIED || p->carried == ANSWER_NO || p->before == p->kept ||
           p->effort >= s->most;
}

/* Neighbouring decided loads; false when one side is missing. */
static bool neighbours(const struct search *s, enum question question, bool firm,
                       struct bracket *bracket)
{
    bracket->yes = bracket->no = NAN;
    for (int i = 0; i < s->out->probes; i++) {
        const struct probe *p = &s->out->probe[i];
        if (p->effort < 0) /* was only overloaded on purpose */
            continue;
        if (firm && !is_firm(s, question, p))
            continue;
        if (answer_to(question, p) == ANSWER_NO && isnan(bracket->no))
            bracket->no = p->load;
        if (answer_to(question, p) == ANSWER_YES && isnan(bracket->no))
            bracket->yes = p->load;
    }
    return !isnan(bracket->yes) && !isnan(bracket->no);
}

static bool narrowest(const struct search *s, enum question question,
                      struct bracket *bracket)
{
    return neighbours(s, question, false, bracket);
}

static bool narrow_enough(const struct search *s, const struct bracket *b)
{
    return b->no <= b->yes * (1 + s->width) * 1.0001 ||
           (s->out->dial.whole && b->no - b->yes <= 1);
}

/* Where the line through the margins at both ends crosses 0, in logarithms. */
static double crossing(const struct search *s, const struct bracket *b)
{
    const struct probe *yes = probe_at(s, b->yes), *no = probe_at(s, b->no);
    bool sloped = isfinite(yes->margin) && isfinite(no->margin) && yes->margin > 0 &&
                  no->margin < 0;
    if (!sloped)
        return NAN;
    double t = yes->margin / (yes->margin - no->margin);
    return b->yes * pow(b->no / b->yes, t);
}

/* The next load to ask: the middle of a wide bracket; of a narrow one the loads just
 * beside the crossing, the side that is farther first. */
static double next_load(const struct search *s, enum question question,
                        const struct bracket *b)
{
    double middle = sqrt(b->yes * b->no), aside = 1 + 0.45 * s->width;
    double cross = question == IS_KEPT ? crossing(s, b) : NAN;
    if (isnan(cross) || b->no > 1.3 * b->yes)
        return dial_round(&s->out->dial, middle);
    bool below = cross / b->yes > b->no / cross;
    double load = below ? cross / aside : cross * aside;
    if (load <= b->yes * 1.001 || load >= b->no / 1.001)
        load = middle;
    return dial_round(&s->out->dial, load);
}

/* A load that stays open lies close to the limit: its neighbours half a bracket of
 * the wanted width away are easier to tell, and if not they, then those farther off. */
static bool close_in(struct search *s, enum question question, const struct bracket *b,
                     double open)
{
    bool moved = false;
    for (double aside = s->width / 2; !moved && aside < 0.1; aside *= 2) {
        double low = dial_round(&s->out->dial, open / (1 + aside)),
               high = dial_round(&s->out->dial, open * (1 + aside));
        if (low > b->yes && low < open)
            moved |= decide(s, question, low, s->most) != ANSWER_OPEN;
        if (high < b->no && high > open)
            moved |= decide(s, question, high, s->most) != ANSWER_OPEN;
        if (low <= b->yes && high >= b->no)
            break;
    }
    return moved;
}

/* Halves the bracket, or nearly so; false when that cannot be done. `open` is the load
 * that could not be decided last. */
static bool halve(struct search *s, enum question question, const struct bracket *b,
                  double *open)
{
    double load = next_load(s, question, b);
    if (load <= b->yes || load >= b->no)
        return false;
    if (decide(s, question, load, s->most) != ANSWER_OPEN)
        return true;
    if (load == *open || !close_in(s, question, b, load))
        return false;
    *open = load;
    return true;
}

/* Looks once more at an end that one look alone has decided; false: there is none. */
static bool look_again(struct search *s, enum question question,
                       const struct bracket *b)
{
    const double ends[] = {b->yes, b->no};
    for (int i = 0; i < 2; i++)
        if (!is_firm(s, question, probe_at(s, ends[i])))
            return look(s, ends[i]) != NULL;
    return false;
}

static void bisect(struct search *s, enum question question, struct bracket *b)
{
    double open = NAN;
    bool goes = true;
    while (goes && narrowest(s, question, b) && goes_on(s))
        goes = (!narrow_enough(s, b) && halve(s, question, b, &open)) ||
               look_again(s, question, b);
    struct bracket firm;
    if (neighbours(s, question, true, &firm))
        *b = firm;
    else if (!narrowest(s, question, b))
        return;
    b->estimate = question == IS_KEPT ? crossing(s, b) : NAN;
}

/* A load on each side: down from `from` by halves to a yes, up by doubling to a no. */
static void surround(struct search *s, enum question question, double from)
{
    double load = dial_round(&s->out->dial, from);
    for (int i = 0; i < 12 && goes_on(s); i++) {
        if (decide(s, question, load, FEW) == ANSWER_YES)
            break;
        double less = dial_round(&s->out->dial, load * (i < 4 ? 0.8 : 0.5));
        if (less == load)
            break;
        load = less;
    }
    struct bracket b;
    narrowest(s, question, &b);
    for (int i = 0; i < 20 && goes_on(s) && isnan(b.no); i++) {
        load = dial_round(&s->out->dial, load * (i < 4 ? 1.25 : 2));
        decide(s, question, load, FEW);
        narrowest(s, question, &b);
    }
}

/* ---- the maximum ----------------------------------------------------------------- */

/* What operational laws say at another load, and what is offered there. */
static double first_load(struct search *s, double load, double *rate)
{
    struct arena own;
    struct point point;
    arena_init(&own);
    double first = NAN;
    if (read_at(s, load, &own, &point)) {
        const struct explanation *is =
            explain(&point.scenario->system, point.model, &own);
        first = is->parts > 0 ? is->part[0].load : 0;
        if (rate)
            *rate = procedure_rate(point.model);
    } else {
        s->interrupted = true;
    }
    arena_free(&own);
    return first;
}

/* The load at which the first part is full if nobody waits; INFINITY: none ever is. */
static double bound_of(struct search *s)
{
    double low = s->out->dial.value, high = low;
    double load = first_load(s, low, NULL);
    if (!(load > 0))
        return INFINITY;
    if (s->out->dial.unit[0] == '/') /* rates: all else is proportional, or constant */
        high = low = low / load;
    for (int i = 0; i < 40 && first_load(s, high, NULL) < 1; i++)
        high *= 2;
    for (int i = 0; i < 40 && first_load(s, low, NULL) > 1; i++)
        low /= 2;
    for (int i = 0; i < 40 && high > low * 1.0001 && !s->interrupted; i++) {
        double middle = sqrt(low * high);
        if (first_load(s, middle, NULL) < 1)
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
    double rate, requests = overload_requests;
    first_load(s, load, &rate);
    struct probe *p = NULL;
    for (int i = 0; i < 4 && goes_on(s); i++, requests *= 4) {
        if (requests > (double)budget_left(s) / 2)
            requests = (double)budget_left(s) / 2;
        p = run_at(s, load, 0, long_enough(rate, requests), PROCEDURE_REQUEST_CAP);
        if (!p || p->throughput.half_width <= overload_width * p->throughput.value)
            break;
    }
    return p;
}

/* The load whose offered rate is what `p` served, and by how much it may be off. */
static void level_off(struct search *s, const struct probe *p, double *load,
                      double *width)
{
    double less, step = 0.98 * p->load;
    first_load(s, step, &less);
    double slope = (p->nominal - less) / (p->load - step);
    *load = p->load - (p->nominal - p->throughput.value) / slope;
    *width = p->throughput.half_width / slope;
}

/* True when a run just below is stable and the overload served a steady rate. */
static bool by_overload(struct search *s)
{
    double load, width;
    struct probe *p = overload(s, s->out->bound * well_above);
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
    if (decide(s, IS_CARRIED, load * just_below, FEW) != ANSWER_YES)
        return false;
    s->out->method = METHOD_OVERLOAD;
    s->out->most = most;
    s->out->carried = (struct bracket){least, largest, load};
    return true;
}

static void by_verdicts(struct search *s)
{
    s->out->method = METHOD_VERDICTS;
    surround(s, IS_CARRIED,
             isfinite(s->out->bound) ? 0.9 * s->out->bound : s->out->dial.value);
    bisect(s, IS_CARRIED, &s->out->carried);
    const struct probe *p = probe_at(s, s->out->carried.yes);
    if (p)
        s->out->most = p->throughput;
}

/* Users who wait never pile up: with far more than are needed to keep the first part
 * busy, throughput is as large as it gets. */
static void by_users(struct search *s, double knee)
{
    s->out->method = METHOD_USERS;
    double load = dial_round(&s->out->dial, many_users * knee);
    struct probe *p = run_at(s, load, 0.004, 0, PROCEDURE_REQUEST_CAP);
    if (!p)
        return;
    p->effort = MOST_EFFORT;
    s->out->most = p->throughput;
    s->out->carried = (struct bracket){NAN, NAN, knee};
}

static bool turns_users(const struct search *s)
{
    const char *pointer = s->out->dial.pointer;
    size_t length = strlen(pointer), tail = strlen("/closed/users");
    return length > tail && strcmp(pointer + length - tail, "/closed/users") == 0;
}

static void find_maximum(struct search *s, const struct model_facts *facts)
{
    struct saturation *out = s->out;
    if (turns_users(s)) {
        if (out->is->closed_count == 1 && isfinite(out->is->closed[0].knee))
            by_users(s, out->is->closed[0].knee);
        return;
    }
    out->bound = bound_of(s);
    if (isfinite(out->bound) && !facts->may_lose && by_overload(s))
        return;
    if (isfinite(out->bound) || facts->may_lose)
        by_verdicts(s);
}

/* ---- promises, knee, order ------------------------------------------------------- */

static void find_promised(struct search *s)
{
    struct saturation *out = s->out;
    double from = out->carried.yes;
    if (isnan(from))
        from = turns_users(s) && isfinite(out->carried.estimate) ? out->carried.estimate
                                                                 : out->dial.value;
    surround(s, IS_KEPT, 0.9 * from);
    bisect(s, IS_KEPT, &out->promised);
}

/* A few loads from a tenth of the maximum upwards, and above it: the shape. */
static void look_around(struct search *s)
{
    double top = s->out->carried.yes;
    if (isnan(top))
        top = s->out->carried.estimate;
    for (int i = 1; i <= GRID && isfinite(top) && goes_on(s); i++) {
        double load = dial_round(&s->out->dial, top * i / GRID * (i == GRID ? 1.3 : 1));
        if (effort_at(s, load) < 0)
            look(s, load);
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
    struct point_effort effort = *s->set->effort;
    enum answer answer = ANSWER_OPEN;
    arena_init(&own);
    if (s->set->progress)
        s->set->progress(s->set->context, s->out, load);
    effort.within = first_within;
    effort.request_cap = budget_left(s) / 2 + 1;
    if (effort.request_cap > first_cap)
        effort.request_cap = first_cap;
    if (read_at(s, load, &own, &point) && point_run(&point, &effort, &own) &&
        bistable_try(&point, &effort, &own)) {
        const struct result *r = &point.result;
        answer = answer_of_trial(r->bistability.state);
        s->out->requests += r->run.requests + (uint64_t)r->bistability.requests;
        s->out->events += r->run.events;
    } else {
        s->interrupted = true;
    }
    arena_free(&own);
    return answer;
}

/* Where overload can feed itself: the loads up to which it ends by itself. */
static void find_recovery(struct search *s, const struct model_facts *facts)
{
    struct bracket *b = &s->out->recovery;
    double load = dial_round(&s->out->dial, below_maximum * s->out->carried.yes);
    if (!(facts->impatience > 0) || !(load > 0) || !goes_on(s))
        return;
    enum answer answer = recovers_at(s, load);
    for (int i = 0; i < MOST_HALVINGS && answer == ANSWER_NO && goes_on(s); i++) {
        b->no = load;
        load = dial_round(&s->out->dial, load / 2);
        answer = recovers_at(s, load);
    }
    if (answer != ANSWER_YES) {
        b->no = answer == ANSWER_NO ? load : b->no;
        return;
    }
    b->yes = load;
    while (!isnan(b->no) && b->no > b->yes * (1 + recovery_width) && goes_on(s)) {
        load = dial_round(&s->out->dial, sqrt(b->yes * b->no));
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
    for (int i = 0; i < out->probes; i++) {
        const struct probe *p = &out->probe[i];
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
    for (int i = 0; i < out->probes; i++) {
        const struct probe *p = &out->probe[i];
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

/* False with the reason in `why`: there is no load to turn. */
static bool begin(struct search *s, struct point *base, const char **why)
{
    const struct bracket none = {NAN, NAN, NAN};
    struct saturation *out = s->out;
    const char *pointer = s->set->pointer;
    *out = (struct saturation){.bound = INFINITY,
                               .carried = none,
                               .promised = none,
                               .recovery = none,
                               .knee = NAN,
                               .most = estimate_lacking(LACK_LIMIT)};
    out->probe = arena_many(s->arena, MOST_PROBES, struct probe);
    *why = NULL;
    bool found = pointer ? dial_at(&out->dial, base->scenario, pointer, s->arena, why)
                         : dial_of_load(&out->dial, base->scenario, s->arena, why);
    if (found && base->result.facts->terminating) {
        *why = "its load ends by itself; only a load that lasts saturates anything";
        found = false;
    }
    if (!found)
        return false;
    out->is = explain(&base->scenario->system, base->model, s->arena);
    out->has_promises = base->scenario->slo_count > 0;
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
    struct search s = {.set = set,
                       .out = out,
                       .arena = arena,
                       .width = SATURATE_WIDTH,
                       .most = MOST_EFFORT};
    if (!begin(&s, base, why))
        return false;
    find_maximum(&s, base->result.facts);
    sharpen(&s, &base->scenario->run);
    if (out->has_promises)
        find_promised(&s);
    look_around(&s);
    find_recovery(&s, base->result.facts);
    find_knee(out);
    find_fall(out);
    return !s.interrupted;
}

/* ---- a limit on it --------------------------------------------------------------- */

/* Is the largest load at least `low` and at most `high`? */
static enum answer between(struct search *s, enum question question,
                           const struct limit *limit)
{
    enum answer answer = ANSWER_YES;
    double low = limit->low, high = limit->high;
    if (s->out->dial.whole) {
        low = limit->low_open ? floor(low) + 1 : ceil(low);
        /* the least number of users that must not be carried */
        high = limit->high_open ? ceil(high) : floor(high) + 1;
    }
    if (isfinite(low) && low > 0)
        answer = and_also(answer, decide(s, question, low, s->most));
    if (isfinite(high) && high > 0 && answer != ANSWER_NO) {
        enum answer above = decide(s, question, high, s->most);
        answer = and_also(answer, above == ANSWER_YES  ? ANSWER_NO
                                  : above == ANSWER_NO ? ANSWER_YES
                                                       : ANSWER_OPEN);
    }
    return answer;
}

/* Where a search begins: at what is known, or below what the laws allow. */
static double begin_at(struct search *s, enum question question,
                       const struct limit *limit)
{
    struct bracket known;
    narrowest(s, question, &known);
    if (!isnan(known.no))
        return 0.8 * known.no;
    if (!isnan(known.yes))
        return 1.25 * known.yes;
    const struct explanation *is = s->out->is;
    bool of_users = turns_users(s) && is->closed_count == 1;
    /* laws are asked at loads between those that whole numbers can have */
    double bound =
        s->out->dial.whole ? (of_users ? is->closed[0].knee : INFINITY) : bound_of(s);
    return isfinite(bound)                 ? 0.8 * bound
           : limit && isfinite(limit->low) ? limit->low
                                           : s->out->dial.value;
}

bool saturate_judge(const struct saturate_settings *set, struct point *base,
                    const struct limit *limit, struct arena *arena,
                    struct saturation *out, enum answer *answer, const char **why)
{
    struct search s = {.set = set,
                       .out = out,
                       .arena = arena,
                       .width = set->width > 0 ? set->width : SATURATE_COARSE,
                       .most = ENOUGH};
    *answer = ANSWER_OPEN;
    if (!begin(&s, base, why))
        return false;
    sharpen(&s, &base->scenario->run);
    enum question question = out->has_promises ? IS_KEPT : IS_CARRIED;
    struct bracket *found = out->has_promises ? &out->promised : &out->carried;
    if (limit)
        *answer = between(&s, question, limit);
    if (*answer != ANSWER_YES && !s.interrupted) {
        surround(&s, question, begin_at(&s, question, limit));
        bisect(&s, question, found);
    } else {
        narrowest(&s, question, found);
    }
    return !s.interrupted;
}

double saturation_headroom(const struct saturation *s)
{
    double most = s->has_promises ? s->promised.yes : s->carried.yes;
    return isnan(most) ? NAN : 1 - s->dial.value / most;
}
