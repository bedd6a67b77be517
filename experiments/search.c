/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/search.h"

#include "sim/check.h"

#include <math.h>
#include <string.h>

enum { MOST_PROBES = 120 };

/* ---- one load -------------------------------------------------------------------- */

static struct point_source source_at(const struct search *s, double load,
                                     struct arena *arena)
{
    const struct point_source *base = s->source;
    const char **sets = arena_many(arena, base->set_count + 1, const char *);
    for (int i = 0; i < base->set_count; i++)
        sets[i] = base->sets[i];
    sets[base->set_count] = dial_set(s->dial, load, arena);
    struct point_source at = *base;
    at.sets = sets;
    at.set_count++;
    return at;
}

bool search_read(const struct search *s, double load, struct arena *arena,
                 struct point *point)
{
    struct where *where = where_new(arena);
    struct point_source source = source_at(s, load, arena);
    return point_read(point, arena, &source, where);
}

static struct probe *slot_for(struct search *s, double load)
{
    struct search_log *log = s->log;
    if (!log->probe)
        log->probe = arena_many(s->arena, MOST_PROBES, struct probe);
    int i = 0;
    while (i < log->probes && log->probe[i].load < load)
        i++;
    if (i < log->probes && log->probe[i].load == load)
        return &log->probe[i];
    check(log->probes < MOST_PROBES, "%d probes", log->probes);
    memmove(&log->probe[i + 1], &log->probe[i],
            (size_t)(log->probes++ - i) * sizeof *log->probe);
    log->probe[i] = (struct probe){.load = load, .effort = -1};
    return &log->probe[i];
}

static void count(struct search_log *log, const struct result *r)
{
    log->requests += r->run.requests;
    log->events += r->run.events;
    log->seconds += r->execution.seconds;
    log->threads = r->execution.threads;
}

const struct probe *search_probe(const struct search_log *log, double load)
{
    for (int i = 0; i < log->probes; i++)
        if (log->probe[i].load == load)
            return &log->probe[i];
    return NULL;
}

uint64_t search_budget_left(const struct search *s)
{
    return s->log->requests < s->budget ? s->budget - s->log->requests : 0;
}

bool search_goes_on(struct search *s)
{
    if (search_budget_left(s) == 0)
        s->log->spent = true;
    return !s->interrupted && !s->log->spent && s->log->probes < MOST_PROBES - 1;
}

struct probe *search_run(struct search *s, double load, double within,
                         sim_time duration, uint64_t cap)
{
    struct arena own;
    struct point point;
    struct probe *p = NULL;
    arena_init(&own);
    if (s->progress)
        s->progress(s->context, s, load);
    if (search_read(s, load, &own, &point)) {
        struct point_effort effort = *s->effort;
        effort.within = within;
        effort.duration = duration;
        effort.request_cap = search_budget_left(s) / 2 + 1;
        if (effort.request_cap > cap)
            effort.request_cap = cap;
        if (point_run(&point, &effort, &own)) {
            p = slot_for(s, load);
            probe_note(p, &point);
            count(s->log, &point.result);
        }
        s->interrupted |= p == NULL;
    } else if (s->log->beyond == 0 || load < s->log->beyond) {
        s->log->beyond = load;
    }
    arena_free(&own);
    return p;
}

int search_effort(const struct search *s, double load)
{
    const struct probe *p = search_probe(s->log, load);
    return p ? p->effort : -1;
}

/* Of a look at a scenario of fixed length: four times that of the last, while it does
 * not take many more requests than other scenarios may. */
static sim_time length_of(const struct search *s, double load, int effort)
{
    const struct probe *last = search_probe(s->log, load);
    if (s->duration == 0 || !last || effort == 0)
        return s->duration;
    double first = last->nominal * sim_seconds(s->duration) * s->replications;
    double times = fmin(pow(4, effort), fmax(1, 4 * (double)s->cap / first));
    return scenario_longer(s->duration, times);
}

struct probe *search_look(struct search *s, double load)
{
    const struct probe *last = search_probe(s->log, load);
    int effort = search_effort(s, load) + 1;
    double within = SEARCH_FIRST_WITHIN / (1 << effort);
    /* four times the last look, or it would know less than that */
    if (effort > 0 && 3 * last->requests > search_budget_left(s)) {
        s->dear = true;
        return NULL;
    }
    if (last && last->blur > 0) /* the shortest runs know more than is asked first */
        within = fmin(within, last->blur / 2);
    struct probe *p =
        search_run(s, load, within, length_of(s, load, effort), s->cap << effort);
    if (p)
        p->effort = effort;
    return p;
}

/* ---- the largest ----------------------------------------------------------------- */

/* A load half a bracket from the limit is told apart from it with much less than one
 * that is known to be nearer than half of that. */
static bool is_close(const struct search *s, const struct probe *p)
{
    double half = s->slope * s->width / 2;
    return p->tightest >= 0 && fabs(p->margin) + p->blur / 2 < 0.4 * half;
}

enum answer search_decide(struct search *s, enum probe_question question, double load,
                          int most)
{
    enum answer answer = ANSWER_OPEN;
    while (answer == ANSWER_OPEN && search_goes_on(s)) {
        const struct probe *p = search_probe(s->log, load);
        bool seen = search_effort(s, load) >= 0;
        if (seen && probe_answer(p, question) != ANSWER_OPEN)
            return probe_answer(p, question);
        if (seen && p->effort >= most)
            break;
        p = search_look(s, load);
        if (!p)
            return ANSWER_OPEN;
        answer = probe_answer(p, question);
        if (question == IS_CARRIED && p->effort >= 1)
            break; /* a verdict does not sharpen as an interval does */
        if (question == IS_KEPT && (probe_is_hopeless(p, most) || is_close(s, p)))
            break;
    }
    return answer;
}

/* Neighbouring decided loads; false when one side is missing. */
static bool neighbours(const struct search *s, enum probe_question question, bool firm,
                       struct bracket *bracket)
{
    bracket->yes = bracket->no = NAN;
    for (int i = 0; i < s->log->probes; i++) {
        const struct probe *p = &s->log->probe[i];
        if (p->effort < 0) /* was only overloaded on purpose */
            continue;
        if (firm && !probe_is_firm(p, question, s->most))
            continue;
        if (probe_answer(p, question) == ANSWER_NO && isnan(bracket->no))
            bracket->no = p->load;
        if (probe_answer(p, question) == ANSWER_YES && isnan(bracket->no))
            bracket->yes = p->load;
    }
    return !isnan(bracket->yes) && !isnan(bracket->no);
}

bool search_known(const struct search *s, enum probe_question question,
                  struct bracket *bracket)
{
    return neighbours(s, question, false, bracket);
}

static bool narrow_enough(const struct search *s, const struct bracket *b)
{
    return b->no <= b->yes * (1 + s->width) * 1.0001 ||
           (s->dial->whole && b->no - b->yes <= 1);
}

/* The margin of a promise tells at which load it is 0. */
static bool tells(const struct probe *p)
{
    return p->effort >= 0 && isfinite(p->margin) && p->blur > 0;
}

/* How fast the margin falls: least squares over the loads within a tenth. (Two loads
 * alone, near each other, would tell more of their errors.) 0: it does not fall. */
static double slope_of(const struct search *s, const struct bracket *b)
{
    double middle = sqrt(b->yes * b->no), n = 0, x = 0, y = 0, xx = 0, xy = 0;
    for (int i = 0; i < s->log->probes; i++) {
        const struct probe *p = &s->log->probe[i];
        double away = log(p->load / middle), weight = 1 / (p->blur * p->blur);
        if (!tells(p) || fabs(away) > 0.1)
            continue;
        n += weight;
        x += weight * away;
        y += weight * p->margin;
        xx += weight * away * away;
        xy += weight * away * p->margin;
    }
    double spread = n * xx - x * x;
    double slope = spread > 0 ? (x * y - n * xy) / spread : 0;
    return slope > 0 ? slope : 0;
}

/* Slopes are known to about so much, relative. */
static const double slope_error = 0.3;

/* Where the margin is 0, by the load that tells best: one near by, looked at sharply.
 * (All see the same random numbers: many of them know no more.) NaN: not known. */
static double crossing(const struct search *s, const struct bracket *b)
{
    double slope = slope_of(s, b), best = INFINITY, cross = NAN;
    for (int i = 0; i < s->log->probes && slope > 0; i++) {
        const struct probe *p = &s->log->probe[i];
        double away = p->margin / slope;
        double error = hypot(p->blur / slope, slope_error * away);
        if (!tells(p) || p->load < b->yes || p->load > b->no || error >= best)
            continue;
        best = error;
        cross = p->load * exp(away);
    }
    return cross > b->yes && cross < b->no ? cross : NAN;
}

/* A load that is about the same, and was looked at without being decided: what is known
 * of it is not to be found out anew, nor is chance to be tried again and again. */
static double looked_at(const struct search *s, enum probe_question question,
                        double load)
{
    double best = load, least = 0.25 * s->width;
    for (int i = 0; i < s->log->probes; i++) {
        const struct probe *p = &s->log->probe[i];
        double away = fabs(log(p->load / load));
        if (p->effort >= 0 && probe_answer(p, question) == ANSWER_OPEN &&
            away < least) {
            best = p->load;
            least = away;
        }
    }
    return best;
}

/* The next load to ask: the middle of a wide bracket; of a narrow one the loads just
 * beside the crossing, the side that is farther first. */
static double next_load(const struct search *s, enum probe_question question,
                        const struct bracket *b)
{
    double middle = sqrt(b->yes * b->no), aside = 1 + 0.45 * s->width;
    double cross = question == IS_KEPT ? crossing(s, b) : NAN;
    if (isnan(cross) || b->no > 1.3 * b->yes)
        return dial_round(s->dial, middle);
    bool below = cross / b->yes > b->no / cross;
    double load = below ? cross / aside : cross * aside;
    if (load <= b->yes * 1.001 || load >= b->no / 1.001)
        load = middle;
    return looked_at(s, question, dial_round(s->dial, load));
}

/* A load that stays open lies close to the limit: its neighbours half a bracket of
 * the wanted width away are easier to tell, and if not they, then those farther off. */
static bool close_in(struct search *s, enum probe_question question,
                     const struct bracket *b, double open)
{
    bool moved = false;
    for (double aside = s->width / 2; !moved && aside < 0.1; aside *= 2) {
        double low = looked_at(s, question, dial_round(s->dial, open / (1 + aside))),
               high = looked_at(s, question, dial_round(s->dial, open * (1 + aside)));
        if (low > b->yes && low < open)
            moved |= search_decide(s, question, low, s->most) != ANSWER_OPEN;
        if (high < b->no && high > open)
            moved |= search_decide(s, question, high, s->most) != ANSWER_OPEN;
        if (low <= b->yes && high >= b->no)
            break;
    }
    return moved;
}

/* Halves the bracket, or nearly so, or finds out more about where the limit lies; false
 * when that cannot be done. `open` is the load that could not be decided last. */
static bool halve(struct search *s, enum probe_question question,
                  const struct bracket *b, double *open)
{
    s->slope = question == IS_KEPT ? slope_of(s, b) : 0;
    double load = next_load(s, question, b);
    if (load <= b->yes || load >= b->no)
        return false;
    uint64_t before = s->log->requests;
    enum answer answer = search_decide(s, question, load, s->most);
    bool learned = s->slope > 0 && s->log->requests > before;
    s->slope = 0;
    if (answer != ANSWER_OPEN || learned)
        return true;
    if (load == *open || !close_in(s, question, b, load))
        return false;
    *open = load;
    return true;
}

/* An end that a second look has left open was the only one on its side: another one,
 * farther away. */
static bool regain(struct search *s, enum probe_question question,
                   const struct bracket *b)
{
    bool below = isnan(b->yes);
    if (below && isnan(b->no))
        return false;
    double from = below ? b->no : b->yes;
    enum answer wanted = below ? ANSWER_YES : ANSWER_NO;
    for (double aside = 2 * s->width; aside < 1 && search_goes_on(s); aside *= 2) {
        double load =
            dial_round(s->dial, below ? from / (1 + aside) : from * (1 + aside));
        if (search_decide(s, question, load, SEARCH_ENOUGH) == wanted)
            return true;
    }
    return false;
}

/* Looks once more at an end that one look alone has decided; false: there is none. */
static bool look_again(struct search *s, enum probe_question question,
                       const struct bracket *b)
{
    const double ends[] = {b->yes, b->no};
    for (int i = 0; i < 2; i++)
        if (!probe_is_firm(search_probe(s->log, ends[i]), question, s->most))
            return search_look(s, ends[i]) != NULL;
    return false;
}

void search_bisect(struct search *s, enum probe_question question, struct bracket *b)
{
    double open = NAN;
    bool goes = search_known(s, question, b);
    s->dear = false;
    while (goes && search_goes_on(s)) {
        if (search_known(s, question, b))
            goes = (!narrow_enough(s, b) && halve(s, question, b, &open)) ||
                   look_again(s, question, b);
        else
            goes = regain(s, question, b);
    }
    struct bracket firm;
    if (neighbours(s, question, true, &firm))
        *b = firm;
    else if (!search_known(s, question, b))
        return;
    s->log->spent |= s->dear && !narrow_enough(s, b);
    b->estimate = question == IS_KEPT ? crossing(s, b) : NAN;
}

void search_surround(struct search *s, enum probe_question question, double from)
{
    double load = dial_round(s->dial, from);
    for (int i = 0; i < 12 && search_goes_on(s); i++) {
        if (search_decide(s, question, load, SEARCH_FEW) == ANSWER_YES)
            break;
        double less = dial_round(s->dial, load * (i < 4 ? 0.8 : 0.5));
        if (less == load)
            break;
        load = less;
    }
    struct bracket b;
    search_known(s, question, &b);
    double beyond = INFINITY; /* the least that cannot be */
    for (int i = 0; i < 20 && search_goes_on(s) && isnan(b.no) &&
                    beyond > load * (1 + s->width); i++) {
        double more = load * (i < 4 ? 1.25 : 2);
        more = dial_round(s->dial, more < beyond ? more : sqrt(load * beyond));
        search_decide(s, question, more, SEARCH_FEW);
        *(search_probe(s->log, more) ? &load : &beyond) = more;
        search_known(s, question, &b);
    }
}
