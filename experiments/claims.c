/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/claims.h"

#include "experiments/compare.h"
#include "experiments/point.h"
#include "experiments/quantity.h"
#include "experiments/saturate.h"

#include <math.h>
#include <string.h>

const char *const claim_verdict_names[] = {"confirmed", "in part", "refuted",
                                           "undecidable", "not modelled"};

/* Looks at a point that stays open, each LONGER times as long as the one before, while
 * that is worth it; and the precision where the length follows from it. */
enum { LOOKS = 3, LONGER = 4 };
static const double first_within = 0.1;
/* A capacity of users is compared more closely when the first bracket cannot tell. */
static const double fine_width = 0.03;

/* One claim while it is judged. */
struct trial {
    const struct claim *claim;
    const struct claims_settings *set;
    struct arena *arena;
    bool interrupted;
    struct finding *finding; /* of the present row */
    int findings, room;
};

static void add(struct trial *t, struct finding finding)
{
    if (t->findings == t->room) {
        int room = t->room ? 2 * t->room : 8;
        struct finding *more = arena_many(t->arena, room, struct finding);
        if (t->findings)
            memcpy(more, t->finding, (size_t)t->findings * sizeof *more);
        t->finding = more;
        t->room = room;
    }
    t->finding[t->findings++] = finding;
}

static struct finding exact(enum answer answer, const char *expected,
                            const char *metric, const char *found)
{
    return (struct finding){.answer = answer,
                            .expected = expected,
                            .metric = metric,
                            .found = found,
                            .value = estimate_lacking(LACK_LIMIT)};
}

static bool open_point(const struct trial *t, const struct claim_point *from,
                       const char *const *sets, int count, struct arena *arena,
                       struct point *point)
{
    struct point_source source = {.path = from->path,
                                  .text = from->text,
                                  .folder = from->folder,
                                  .sets = sets,
                                  .set_count = count,
                                  .seed = t->set->seed};
    struct where *where = where_new(arena);
    if (point_read(point, arena, &source, where))
        return true;
    where_print(where, stderr); /* it could be read before: its data files changed */
    return false;
}

static uint64_t cap_of(const struct trial *t)
{
    return t->set->cap ? t->set->cap : CLAIMS_CAP;
}

/* ---- a run ----------------------------------------------------------------------- */

static double times(int look)
{
    return pow(LONGER, look);
}

/* Requests that a run of fixed length takes at a look. */
static double requests_of(const struct point *point, int look)
{
    const struct run_settings *run = &point->scenario->run;
    return procedure_rate(point->model) * sim_seconds(run->duration) *
           (double)run->replications * times(look);
}

static bool is_fixed(const struct point *point)
{
    return point->scenario->run.duration != SIM_NEVER;
}

/* Is another look at it worth its price? */
static bool is_affordable(const struct trial *t, const struct point *point, int look)
{
    return look == 0 || point->result.facts->terminating || !is_fixed(point) ||
           requests_of(point, look) <= (double)cap_of(t) * LONGER;
}

static struct point_effort effort_of(const struct trial *t, const struct point *point,
                                     int look)
{
    struct point_effort effort = {
        .threads = t->set->threads, .stop = t->set->stop, .remember = t->set->remember};
    if (point->result.facts->terminating) {
        effort.until_precise = look > 0;
        effort.within = look > 0 ? first_within / (1 << look) : 0;
    } else if (is_fixed(point)) {
        effort.duration = scenario_longer(point->scenario->run.duration, times(look));
    } else {
        effort.within = first_within / (1 << look);
        effort.request_cap = cap_of(t) << look;
    }
    return effort;
}

static bool any_is(const struct trial *t, int from, enum answer answer)
{
    for (int i = from; i < t->findings; i++)
        if (t->finding[i].answer == answer)
            return true;
    return false;
}

/* A number out of an overloaded run is told as such. */
static struct finding judge_condition(const struct trial *t, const struct condition *c,
                                      const struct result *result)
{
    struct finding f = condition_judge(c, result, t->arena);
    bool asked = false;
    for (int i = 0; i < t->claim->conditions; i++)
        asked |= t->claim->condition[i].sort == CONDITION_VERDICT;
    if (!asked && f.answer == ANSWER_NO &&
        result->judgement.verdict == VERDICT_OVERLOADED)
        f.found = arena_format(t->arena, "%s (%s)", f.found,
                               condition_verdict(result, t->arena));
    return f;
}

/* One look; the findings begin anew at `from`. False: there is no more to see. */
static bool look_at(struct trial *t, const struct claim_point *from, int look, int keep)
{
    struct arena own;
    struct point point;
    arena_init(&own);
    bool more = false;
    if (!open_point(t, from, NULL, 0, &own, &point)) {
        t->interrupted = true;
    } else if (is_affordable(t, &point, look)) {
        struct point_effort effort = effort_of(t, &point, look);
        t->interrupted = !point_run(&point, &effort, &own);
        t->findings = keep;
        for (int i = 0; !t->interrupted && i < t->claim->conditions; i++)
            add(t, judge_condition(t, &t->claim->condition[i], &point.result));
        more = !t->interrupted && any_is(t, keep, ANSWER_OPEN) &&
               !any_is(t, keep, ANSWER_NO);
    }
    arena_free(&own);
    return more;
}

static void judge_run(struct trial *t, const struct claim_row *row)
{
    int keep = t->findings;
    if (!t->claim->conditions)
        return;
    for (int look = 0; look < LOOKS && look_at(t, &row->asked, look, keep);)
        look++;
}

/* ---- a capacity ------------------------------------------------------------------ */

struct load {
    struct saturation is;
    struct bracket bracket;
    enum answer answer;
    const char *why; /* it cannot be searched */
};

static bool search(struct trial *t, const struct claim_point *from,
                   const struct limit *limit, double width, struct arena *own,
                   struct load *load)
{
    struct point base;
    if (!open_point(t, from, NULL, 0, own, &base)) {
        t->interrupted = true;
        return false;
    }
    struct point_effort effort = {
        .threads = t->set->threads, .stop = t->set->stop, .remember = t->set->remember};
    struct point_source source = {.path = from->path,
                                  .text = from->text,
                                  .folder = from->folder,
                                  .seed = t->set->seed};
    struct saturate_settings settings = {.source = &source,
                                         .effort = &effort,
                                         .pointer = t->claim->capacity->pointer,
                                         .width = width,
                                         .cap = cap_of(t)};
    bool done = saturate_judge(&settings, &base, limit, own, &load->is, &load->answer,
                               &load->why);
    t->interrupted |= !done && !load->why;
    load->bracket = load->is.has_promises ? load->is.promised : load->is.carried;
    return done;
}

static const char *bracket_text(struct trial *t, const struct load *load)
{
    const struct dial *dial = &load->is.dial;
    const struct bracket *b = &load->bracket;
    const char *yes = dial_text(dial, b->yes, t->arena),
               *no = dial_text(dial, b->no, t->arena);
    if (isnan(b->yes) && isnan(b->no))
        return "not found";
    if (isnan(b->yes))
        return arena_format(t->arena, "below %s", no);
    if (isnan(b->no))
        return arena_format(t->arena, "at least %s", yes);
    return arena_format(t->arena, "between %s and %s", yes, no);
}

/* What the whole bracket says of a limit. */
static enum answer bracket_answer(const struct limit *limit, double yes, double no)
{
    bool above = no <= limit->low, below = yes > limit->high; /* NaN: neither */
    bool inside = (yes >= limit->low || isinf(limit->low)) &&
                  (no <= limit->high || isinf(limit->high));
    return above || below ? ANSWER_NO : inside ? ANSWER_YES : ANSWER_OPEN;
}

static void judge_capacity(struct trial *t, const struct claim_row *row)
{
    const struct claim_capacity *capacity = t->claim->capacity;
    struct arena own;
    struct load load = {.why = NULL};
    if (!capacity || !capacity->expect || t->interrupted)
        return;
    arena_init(&own);
    search(t, &row->search, &capacity->limit, 0, &own, &load);
    if (!t->interrupted && !load.why) {
        if (load.answer == ANSWER_OPEN)
            load.answer =
                bracket_answer(&capacity->limit, load.bracket.yes, load.bracket.no);
        add(t,
            exact(load.answer, capacity->expect, "capacity", bracket_text(t, &load)));
    } else if (load.why) {
        struct finding f =
            exact(ANSWER_OPEN, capacity->expect, "capacity", "not known");
        f.why_open = arena_text(t->arena, load.why, strlen(load.why));
        add(t, f);
    }
    arena_free(&own);
}

static void judge_capacity_ratio(struct trial *t, const struct claim_row *row,
                                 const struct claim_ratio *ratio)
{
    const double widths[] = {0, fine_width};
    struct finding f = exact(ANSWER_OPEN, ratio->text, "capacity", "not known");
    for (int i = 0; i < 2 && f.answer == ANSWER_OPEN && !t->interrupted; i++) {
        struct load load[2] = {{.why = NULL}, {.why = NULL}};
        struct arena own;
        arena_init(&own);
        bool done = search(t, &row->search, NULL, widths[i], &own, &load[0]) &&
                    search(t, &row->other_search, NULL, widths[i], &own, &load[1]);
        const struct bracket *a = &load[0].bracket, *b = &load[1].bracket;
        if (done) {
            double least = a->yes / b->no, most = a->no / b->yes;
            struct limit limit = ratio->limit;
            if (ratio->direction)
                *(ratio->direction < 0 ? &limit.high : &limit.low) = 1;
            f.answer = bracket_answer(&limit, least, most);
            f.found = arena_format(t->arena, "%s against %s (ratio %.2f to %.2f)",
                                   bracket_text(t, &load[0]), bracket_text(t, &load[1]),
                                   least, most);
        }
        for (int k = 0; k < 2 && !f.why_open; k++)
            if (load[k].why)
                f.why_open = arena_text(t->arena, load[k].why, strlen(load[k].why));
        arena_free(&own);
    }
    if (!t->interrupted)
        add(t, f);
}

/* ---- a comparison ---------------------------------------------------------------- */

/* Where one of the two grows without end, its times do. */
static bool judge_growth(const struct comparison *c, const struct claim_ratio *ratio,
                         const struct compare_metric *metric, struct finding *f)
{
    bool own = c->contender[0].unsteady, other = c->contender[1].unsteady;
    if (!own && !other)
        return false;
    f->found = own && other ? "both unstable"
               : own        ? "unstable, the other is not"
                            : "stable, the other is unstable";
    f->answer = own == other || metric->of != COMPARE_TIME
                    ? ANSWER_OPEN
                    : limit_holds(&ratio->limit, own ? INFINITY : -INFINITY);
    if (f->answer == ANSWER_OPEN)
        f->why_open = "where a backlog grows only capacities can be compared";
    return true;
}

static struct finding judge_pair(const struct trial *t, const struct comparison *c,
                                 const struct claim_ratio *ratio)
{
    int metric = compare_find(c, ratio->metric);
    struct finding f = exact(ANSWER_OPEN, ratio->text, ratio->metric, "not known");
    if (metric < 0) { /* of a type without requests at this value of `across` */
        f.why_open = "nobody sends it";
        return f;
    }
    const struct compare_metric *m = &c->metric[metric];
    if (judge_growth(c, ratio, m, &f))
        return f;
    struct compare_difference d =
        compare_difference(c, metric, 1, 0, ESTIMATE_CONFIDENCE);
    struct estimate part = compare_ratio(c, metric, 0, 1, ESTIMATE_CONFIDENCE);
    if (isnan(d.a) || isnan(d.b)) {
        f.why_open = "too few requests to compare it";
        return f;
    }
    f.answer = limit_judge(&ratio->limit, ratio->direction ? &d.difference : &part);
    if (!ratio->direction && isnan(part.value))
        f.why_open = "there is no ratio to 0";
    f.value = part;
    f.kind = HUMAN_NUMBER;
    f.found =
        arena_format(t->arena, "%s against %s%s", human_value(t->arena, m->kind, d.b),
                     human_value(t->arena, m->kind, d.a),
                     isnan(part.value)
                         ? ""
                         : arena_format(t->arena, " (ratio %s)",
                                        human_estimate(t->arena, HUMAN_NUMBER, &part)));
    return f;
}

/* One look at both; false: there is no more to see. */
static bool compare_at(struct trial *t, const struct claim_row *row, int look, int keep)
{
    struct arena own;
    struct contender both[2] = {{.label = "this"}, {.label = "the other"}};
    struct comparison c = {.contender = both, .contenders = 2};
    const struct claim_point *from[] = {&row->point, &row->other};
    const char *why = NULL;
    bool affordable = true, more = false;
    arena_init(&own);
    for (int i = 0; i < 2 && !t->interrupted; i++) {
        t->interrupted = !open_point(t, from[i], NULL, 0, &own, &both[i].point);
        if (!t->interrupted) {
            affordable &= look == 0 || (is_fixed(&both[i].point) &&
                                        is_affordable(t, &both[i].point, look));
            struct run_settings *run = &both[i].point.scenario->run;
            if (is_fixed(&both[i].point))
                run->duration = scenario_longer(run->duration, times(look));
        }
    }
    if (!t->interrupted && affordable) {
        struct compare_settings set = {.threads = t->set->threads,
                                       .stop = t->set->stop,
                                       .remember = t->set->remember};
        t->interrupted = !compare_run(&c, &set, &own, &why);
        t->findings = keep;
        for (int i = 0; !t->interrupted && i < t->claim->ratios; i++)
            if (t->claim->ratio[i].metric)
                add(t, judge_pair(t, &c, &t->claim->ratio[i]));
        more = !t->interrupted && any_is(t, keep, ANSWER_OPEN) &&
               !any_is(t, keep, ANSWER_NO);
    }
    arena_free(&own);
    return more;
}

static void judge_against(struct trial *t, const struct claim_row *row)
{
    bool pairs = false;
    for (int i = 0; i < t->claim->ratios && !t->interrupted; i++) {
        pairs |= t->claim->ratio[i].metric != NULL;
        if (!t->claim->ratio[i].metric)
            judge_capacity_ratio(t, row, &t->claim->ratio[i]);
    }
    int keep = t->findings;
    for (int look = 0;
         pairs && look < LOOKS && !t->interrupted && compare_at(t, row, look, keep);)
        look++;
}

/* ---- findings of the set-up ------------------------------------------------------ */

static bool is_asked_for(const struct claim *claim, const char *rule)
{
    for (int i = 0; i < claim->lints; i++)
        if (strcmp(claim->lint[i], rule) == 0)
            return true;
    return claim->no_lint;
}

/* How long is simulated is no part of the document's set-up. */
static bool is_of_the_run(const struct lint_report *report,
                          const struct lint_finding *f)
{
    return strncmp(where_pointer(report->where, f->at), "/run", 4) == 0 ||
           strncmp(f->rule->name, "run-", 4) == 0;
}

static const char *rules_text(const struct trial *t)
{
    return t->claim->no_lint ? "nothing is found"
                             : arena_format(t->arena, "no %s",
                                            where_alternatives(t->arena, t->claim->lint,
                                                               t->claim->lints));
}

static void judge_lint(struct trial *t, const struct claim_row *row)
{
    int before = t->findings;
    for (int i = 0; row->lint && i < row->lint->count; i++) {
        const struct lint_finding *f = &row->lint->finding[i];
        if (!is_asked_for(t->claim, f->rule->name) || is_of_the_run(row->lint, f))
            continue;
        const char *also =
            f->other == WHERE_NOWHERE
                ? ""
                : arena_format(t->arena, " and %s", lint_place(row->lint, f->other));
        add(t, exact(ANSWER_NO, rules_text(t), "",
                     arena_format(t->arena, "%s: %s (%s%s)", f->rule->name, f->text,
                                  lint_place(row->lint, f->at), also)));
    }
    if (row->lint && t->findings == before)
        add(t, exact(ANSWER_YES, rules_text(t), "", "nothing found"));
}

/* ---- arithmetic ------------------------------------------------------------------ */

static void judge_sum(struct trial *t, const struct claim_sum *sum)
{
    struct finding f =
        exact(limit_holds(&sum->limit, sum->value.value), sum->expect,
              sum->says ? sum->says : sum->from, measure_text(&sum->value, t->arena));
    f.value.value = sum->value.value;
    f.worked_out = true;
    add(t, f);
}

/* ---- cases ----------------------------------------------------------------------- */

static enum answer all_of(const struct trial *t)
{
    return any_is(t, 0, ANSWER_NO)     ? ANSWER_NO
           : any_is(t, 0, ANSWER_OPEN) ? ANSWER_OPEN
                                       : ANSWER_YES;
}

static struct claim_row_answer row_answer(struct trial *t, const char *label)
{
    struct claim_row_answer row = {label, all_of(t), t->finding, t->findings};
    t->finding = NULL;
    t->findings = t->room = 0;
    return row;
}

/* How many rows came of it. */
static int judge_case(struct trial *t, const struct claim_case *c,
                      struct claim_row_answer *row)
{
    int rows = 0;
    for (int i = 0; i < c->sums; i++)
        judge_sum(t, &c->sum[i]);
    if (c->sums)
        row[rows++] = row_answer(t, "");
    for (int i = 0; i < c->rows && !t->interrupted; i++) {
        judge_lint(t, &c->row[i]);
        judge_run(t, &c->row[i]);
        judge_capacity(t, &c->row[i]);
        judge_against(t, &c->row[i]);
        row[rows++] = row_answer(t, c->row[i].label);
    }
    return rows;
}

static int count_of(const struct claim_row_answer *row, int rows, enum answer answer)
{
    int count = 0;
    for (int i = 0; i < rows; i++)
        count += row[i].answer == answer;
    return count;
}

static enum claim_verdict verdict_of(const struct claim_case *c,
                                     const struct claim_row_answer *row, int rows)
{
    int yes = count_of(row, rows, ANSWER_YES), no = count_of(row, rows, ANSWER_NO);
    bool of_rows = c->rows > 1 && (!c->sums || row[0].answer == ANSWER_YES);
    return no == 0 ? (yes == rows ? CLAIM_CONFIRMED : CLAIM_UNDECIDABLE)
           : yes > (c->sums ? 1 : 0) && of_rows ? CLAIM_PARTLY
                                                : CLAIM_REFUTED;
}

static void try_others(struct trial *t, struct claim_answer *out)
{
    const struct claim *claim = t->claim;
    for (int i = 1; i < claim->case_count && !out->holds_if && !t->interrupted; i++) {
        const struct claim_case *c = &claim->cases[i];
        struct claim_row_answer *row =
            arena_many(t->arena, c->rows + 1, struct claim_row_answer);
        int rows = judge_case(t, c, row);
        out->tried++;
        if (!t->interrupted && count_of(row, rows, ANSWER_YES) == rows)
            out->holds_if = c->says;
    }
}

bool claims_judge(const struct claim *claim, const struct claims_settings *settings,
                  struct arena *arena, struct claim_answer *out)
{
    struct trial t = {.claim = claim, .set = settings, .arena = arena};
    *out = (struct claim_answer){.claim = claim};
    if (claim->missing || claim->not_modelled) {
        out->verdict = claim->missing ? CLAIM_UNDECIDABLE : CLAIM_NOT_MODELLED;
        return true;
    }
    const struct claim_case *own = &claim->cases[0];
    struct claim_row_answer *row =
        arena_many(arena, own->rows + 1, struct claim_row_answer);
    out->rows = judge_case(&t, own, row);
    out->row = row;
    if (t.interrupted)
        return false;
    out->verdict = verdict_of(own, row, out->rows);
    if (out->verdict == CLAIM_REFUTED || out->verdict == CLAIM_PARTLY)
        try_others(&t, out);
    return !t.interrupted;
}

const struct finding *claims_telling(const struct claim_row_answer *row)
{
    const struct finding *best = row->finding;
    for (int i = 0; i < row->findings; i++) {
        const struct finding *f = &row->finding[i];
        if (f->answer < best->answer ||
            (f->answer == best->answer && f->answer == ANSWER_YES &&
             !(best->value.value > 0) && f->value.value > 0))
            best = f;
    }
    return best;
}
