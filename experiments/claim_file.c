/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/claim_file.h"

#include "experiments/bind.h"
#include "experiments/claim_keys.h"
#include "experiments/compare.h"
#include "experiments/json.h"
#include "experiments/patch.h"
#include "experiments/point.h"
#include "experiments/promise.h"
#include "experiments/quantity.h"
#include "experiments/text.h"
#include "experiments/vary.h"
#include "sim/check.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What is being read. */
struct reader {
    struct where *where;
    struct claim_file *out;
    cJSON *root;
    const struct change_keys *common; /* of the whole file */
    const char **read;                /* scenarios that are right, by path */
    int read_count;
};

/* One claim while it is read. */
struct entry {
    const struct claim_keys *keys;
    struct claim *claim;
    struct vary vary;
};

/* How a scenario is changed, as the claims file writes it. */
struct recipe {
    const char *path;
    struct patch_step *step;
    int steps;
};

/* ---- changes --------------------------------------------------------------------- */

static const cJSON *node_at(const cJSON *node, uint32_t number)
{
    const cJSON *found = text_number(node) == number ? node : NULL;
    for (const cJSON *child = node->child; child && !found; child = child->next)
        if (!child->next || text_number(child->next) > number)
            found = node_at(child, number);
    return found;
}

/* Of a path's first `length` bytes, those before its last part; -1: that is one which
 * `..` does not undo. */
static int parent_length(const char *path, int length)
{
    int begin = length;
    while (begin > 0 && path[begin - 1] != '/')
        begin--;
    bool dots = length > begin && strspn(path + begin, ".") >= (size_t)(length - begin);
    return length == begin || dots ? -1 : begin;
}

/* As seen from the claims file: "a/claims/x.json" and "../b.json" are "a/b.json". */
static const char *path_of(struct reader *r, const char *scenario)
{
    const char *path = r->out->path, *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) : 0;
    if (scenario[0] == '/' || !slash)
        return scenario;
    while (strncmp(scenario, "../", 3) == 0) {
        int parent = parent_length(path, length);
        if (parent < 0)
            break;
        scenario += 3;
        length = parent > 0 ? parent - 1 : 0;
        if (parent == 0)
            return scenario;
    }
    return arena_format(r->where->arena, "%.*s/%s", length, path, scenario);
}

static void add_step(struct reader *r, struct recipe *recipe, struct patch_step step)
{
    struct patch_step *more =
        arena_many(r->where->arena, recipe->steps + 1, struct patch_step);
    if (recipe->steps)
        memcpy(more, recipe->step, (size_t)recipe->steps * sizeof *more);
    more[recipe->steps++] = step;
    recipe->step = more;
}

static void add_change(struct reader *r, struct recipe *recipe,
                       const struct change_keys *change)
{
    if (change->patch)
        add_step(r, recipe, (struct patch_step){NULL, node_at(r->root, change->patch)});
    const cJSON *at = change->at ? node_at(r->root, change->at) : NULL;
    if (at && !cJSON_IsObject(at))
        where_problem(r->where, change->at, NULL,
                      "must be an object: JSON pointers and their values, such as "
                      "{\"/workloads/visitors/open/rate\": \"500/s\"}");
    const cJSON *child = cJSON_IsObject(at) ? at->child : NULL;
    for (; child; child = child->next)
        add_step(r, recipe, (struct patch_step){child->string, child});
}

/* What stands on top of `base`; a scenario of its own begins anew. */
static struct recipe on_top(struct reader *r, const struct recipe *base,
                            const struct change_keys *change)
{
    struct recipe recipe = *base;
    if (change->scenario) {
        recipe = (struct recipe){.path = path_of(r, change->scenario)};
        add_change(r, &recipe, r->common);
    }
    add_change(r, &recipe, change);
    return recipe;
}

/* ---- compiling ------------------------------------------------------------------- */

/* A mistake in a scenario's own file is told once, not by every claim about it. */
static bool is_right(struct reader *r, const char *path)
{
    for (int i = 0; i < r->read_count; i++)
        if (strcmp(r->read[i] + 1, path) == 0)
            return r->read[i][0] == '+';
    struct point point;
    struct scenario *scenario = scenario_read(r->where->arena, path, NULL, 0, r->where);
    bool right =
        scenario && point_compile(&point, r->where->arena, scenario, NULL, r->where);
    r->read[r->read_count++] =
        arena_format(r->where->arena, "%c%s", right ? '+' : '-', path);
    return right;
}

/* The recipe's scenario, with its mistakes told where they stand; NULL. */
static struct scenario *follow(struct reader *r, const struct recipe *recipe,
                               struct point *point)
{
    struct scenario_changes changes = {recipe->step, recipe->steps, NULL, 0};
    int before = r->where->problem_count;
    if (!is_right(r, recipe->path))
        return NULL;
    struct scenario *scenario =
        scenario_read_changed(r->where->arena, recipe->path, &changes, r->where);
    if (scenario)
        point_compile(point, r->where->arena, scenario, NULL, r->where);
    return r->where->problem_count == before ? scenario : NULL;
}

/* The scenario's text with values set; false and told at `at`, since what is set stands
 * in no file. `out` NULL: it need not fit into memory, and is only tried. */
static bool set_in(struct reader *r, const struct scenario *base, uint32_t at,
                   const char *const *sets, int count, struct claim_point *out)
{
    struct arena own;
    struct point point;
    arena_init(&own);
    struct where *where = where_new(&own);
    const char *folder = scenario_folder(r->where->arena, base->path);
    struct scenario *scenario =
        scenario_parse(&own, base->path, folder, base->canonical,
                       strlen(base->canonical), sets, count, where);
    bool good = scenario && point_compile(&point, &own, scenario, NULL, where);
    const char *why = NULL;
    if (good && out)
        why = point_misfit(&point, &(struct point_effort){.threads = 1}, &own);
    if (!good) {
        where_sort(where);
        struct message m = where_message(where, 0);
        why = arena_format(&own, "%s%s%s", m.pointer, *m.pointer ? ": " : "", m.text);
    }
    if (why)
        where_problem(r->where, at, NULL, "cannot be simulated: %s", why);
    else if (out)
        *out = (struct claim_point){base->path, folder,
                                    arena_text(r->where->arena, scenario->canonical,
                                               strlen(scenario->canonical))};
    arena_free(&own);
    return !why;
}

/* ---- promises -------------------------------------------------------------------- */

static void add_text(cJSON *array, const char *text)
{
    json_append(array, json_made(cJSON_CreateString(text)));
}

static const char *as_set(struct reader *r, cJSON *promises)
{
    const char *set = arena_format(r->where->arena, "/slo=%s",
                                   text_canonical(r->where->arena, promises));
    cJSON_Delete(promises);
    return set;
}

/* What the claim expects as promises, so that a run is as long as they need and calls
 * overload what breaks them; of errors, the scenario's own if it says nothing. */
static const char *expected(struct reader *r, const struct claim *claim,
                            const struct scenario *scenario)
{
    cJSON *array = json_made(cJSON_CreateArray());
    bool of_errors = false;
    for (int i = 0; i < claim->conditions; i++) {
        const struct condition *c = &claim->condition[i];
        const char *promise[2];
        int count = condition_promises(c, r->where->arena, promise);
        for (int k = 0; k < count; k++)
            add_text(array, promise[k]);
        of_errors |= c->sort == CONDITION_PROMISE && c->slo.metric == SLO_ERRORS;
    }
    for (int i = 0; i < scenario->slo_count && !of_errors; i++)
        if (scenario->slos[i].metric == SLO_ERRORS)
            add_text(array, scenario->slos[i].text);
    return as_set(r, array);
}

static const char *searched(struct reader *r, const struct param_list *slo)
{
    cJSON *array = json_made(cJSON_CreateArray());
    const char *const *texts = slo->items;
    for (int i = 0; i < slo->count; i++)
        add_text(array, texts[i]);
    return as_set(r, array);
}

/* ---- rows ------------------------------------------------------------------------ */

/* A value as people write it: 10% for "10%", 0.6 for 0.59999999999999998. */
static const char *value_text(struct reader *r, const char *json)
{
    char *end;
    size_t length = strlen(json);
    double number = strtod(json, &end);
    if (length >= 2 && json[0] == '"')
        return arena_text(r->where->arena, json + 1, length - 2);
    return end > json && !*end ? arena_format(r->where->arena, "%.10g", number) : json;
}

/* "10%" of a single key, "chat=10% rate=100/s" of several. */
static const char *label_of(struct reader *r, const struct vary *vary, int64_t row)
{
    struct arena *arena = r->where->arena;
    const char *label = "";
    for (int k = 0; k < vary->keys; k++) {
        const char *value = value_text(r, vary_value(vary, row, k, arena));
        label = vary->keys == 1
                    ? value
                    : arena_format(arena, "%s%s%s=%s", label, *label ? " " : "",
                                   vary->key[k].name, value);
    }
    return label;
}

/* Is a value of `across` given by what is tried instead? */
static bool is_replaced(const struct recipe *recipe, int from, const char *pointer)
{
    for (int i = from; i < recipe->steps; i++)
        if (recipe->step[i].pointer && strcmp(recipe->step[i].pointer, pointer) == 0)
            return true;
    return false;
}

static int sets_of(struct reader *r, const struct entry *e, int64_t row,
                   const struct recipe *recipe, int from, const char **sets)
{
    int count = 0;
    for (int k = 0; k < e->vary.keys; k++) {
        const char *pointer = e->vary.key[k].pointer;
        if (!is_replaced(recipe, from, pointer))
            sets[count++] = arena_format(r->where->arena, "%s=%s", pointer,
                                         vary_value(&e->vary, row, k, r->where->arena));
    }
    return count;
}

static uint32_t place_of_row(const struct entry *e)
{
    return e->vary.keys ? e->vary.key[0].at : e->keys->at;
}

struct base {
    struct scenario *own, *other; /* other: NULL without `against` */
    struct point own_point, other_point;
    struct recipe recipe, other_recipe;
    int from, other_from; /* steps that are not the claim's itself */
};

static bool fill_row(struct reader *r, const struct entry *e, struct base *b,
                     int64_t number, struct claim_row *row)
{
    const struct claim_keys *keys = e->keys;
    const char **sets = arena_many(r->where->arena, e->vary.keys + 1, const char *);
    uint32_t at = place_of_row(e);
    int count = sets_of(r, e, number, &b->recipe, b->from, sets);
    row->label = label_of(r, &e->vary, number);
    if (!set_in(r, b->own, at, sets, count, &row->point))
        return false;
    sets[count] = expected(r, e->claim, b->own);
    if (!set_in(r, b->own, at, sets, count + 1, &row->asked))
        return false;
    if (keys->capacity) {
        sets[count] = searched(r, &keys->capacity->slo);
        if (!set_in(r, b->own, keys->capacity->at, sets, count + 1, &row->search))
            return false;
    }
    if (!b->other)
        return true;
    count = sets_of(r, e, number, &b->other_recipe, b->other_from, sets);
    if (!set_in(r, b->other, keys->against->at, sets, count, &row->other))
        return false;
    if (!keys->capacity)
        return true;
    sets[count] = searched(r, &keys->capacity->slo);
    return set_in(r, b->other, keys->against->at, sets, count + 1, &row->other_search);
}

/* Of what the file says: the values of `across` do not matter to it. */
static void look_for_lint(struct reader *r, const struct entry *e, const struct base *b,
                          struct claim_case *c)
{
    if (!e->claim->no_lint && !e->claim->lints)
        return;
    const struct lint_report *report =
        lint_look(b->own, b->own_point.model, r->where->arena);
    for (int i = 0; i < c->rows; i++)
        c->row[i].lint = report;
}

static bool is_repeated(const struct claim_case *c, int row)
{
    for (int i = 0; i < row; i++)
        if (strcmp(c->row[i].point.text, c->row[row].point.text) == 0)
            return true;
    return false;
}

static void fill_rows(struct reader *r, const struct entry *e, struct base *b,
                      struct claim_case *c)
{
    c->row = arena_many(r->where->arena, e->vary.rows, struct claim_row);
    for (int64_t i = 0; i < e->vary.rows; i++) {
        if (!fill_row(r, e, b, i, &c->row[c->rows]))
            return;
        c->rows += !is_repeated(c, c->rows);
    }
    look_for_lint(r, e, b, c);
}

/* ---- arithmetic ------------------------------------------------------------------ */

static bool measure_at(struct reader *r, uint32_t at, const char *text,
                       struct measure *out)
{
    const char *why;
    if (expression_read(text, r->where->arena, out, &why))
        return true;
    where_problem(r->where, at, NULL,
                  "must be arithmetic that can be done, is \"%s\": "
                  "%s",
                  text, why);
    return false;
}

static bool read_end(struct reader *r, uint32_t at, const char *text,
                     const struct measure *of, struct measure *out)
{
    if (!measure_at(r, at, text, out))
        return false;
    if (measure_same_unit(of, out))
        return true;
    where_problem(r->where, at, NULL,
                  "must have the unit of what is worked out, which is %s, is \"%s\"",
                  measure_text(of, r->where->arena), text);
    return false;
}

static void read_sum(struct reader *r, const struct sum_keys *keys,
                     struct claim_sum *sum)
{
    struct limit_words words;
    struct measure a, b = {0};
    bool told;
    uint32_t at = where_member(r->where, keys->at, "expect");
    *sum = (struct claim_sum){
        .says = keys->says, .from = keys->from, .expect = keys->expect};
    if (!measure_at(r, where_member(r->where, keys->at, "from"), keys->from,
                    &sum->value))
        return;
    bool split = limit_split(r->where, at, keys->expect, &words, &told);
    if (!told && (!split || *words.left))
        where_problem(r->where, at, NULL,
                      "must be a limit alone, such as \"about 50MB within 5%%\" or "
                      "\">= 2\", is \"%s\"",
                      keys->expect);
    if (!split || *words.left || !read_end(r, at, words.a, &sum->value, &a))
        return;
    if (words.op != LIMIT_BETWEEN || read_end(r, at, words.b, &sum->value, &b))
        limit_of(r->where, at, &words, a.value, b.value, &sum->limit);
}

static void read_sums(struct reader *r, const struct param_list *list,
                      struct claim_case *c)
{
    const struct sum_keys *keys = list->items;
    struct claim_sum *sum = arena_many(r->where->arena, list->count, struct claim_sum);
    for (int i = 0; i < list->count; i++)
        read_sum(r, &keys[i], &sum[i]);
    c->sum = sum;
    c->sums = list->count;
}

/* ---- capacity -------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *tail)
{
    size_t length = strlen(text), end = strlen(tail);
    return length >= end && strcmp(text + length - end, tail) == 0;
}

/* Users who wait for answers never pile up: without promises any number is carried. */
static bool are_users(const char *pointer)
{
    return ends_in(pointer, "/users") || ends_in(pointer, "/vus") ||
           ends_in(pointer, "/connections");
}

/* Can a load at an end of the limit be tried? */
static void check_load(struct reader *r, uint32_t at, const struct scenario *scenario,
                       const struct dial *dial, double load)
{
    const char *set = dial_set(dial, dial_round(dial, load), r->where->arena);
    if (isfinite(load) && load > 0)
        set_in(r, scenario, at, &set, 1, NULL);
}

static void read_capacity_limit(struct reader *r, const struct capacity_keys *keys,
                                const struct scenario *scenario,
                                const struct dial *dial, struct claim_capacity *out)
{
    struct limit_words words;
    bool told;
    double scale = 1;
    uint32_t at = where_member(r->where, keys->at, "expect");
    enum param_type type = *dial->unit == '\0'  ? PARAM_NUMBER
                           : *dial->unit == '%' ? PARAM_FRACTION
                                                : PARAM_RATE;
    bool split = limit_split(r->where, at, keys->expect, &words, &told);
    if (!told && (!split || *words.left))
        where_problem(r->where, at, NULL,
                      "must be a limit alone, such as \">= %s\", is \"%s\"",
                      dial_text(dial, dial->value, r->where->arena), keys->expect);
    if (!split || *words.left || !limit_values(r->where, at, type, &words, &out->limit))
        return;
    if (type != PARAM_NUMBER)
        quantity_unit(type, dial->unit, &scale);
    out->limit.low /= scale;
    out->limit.high /= scale;
    check_load(r, at, scenario, dial, out->limit.low);
    check_load(r, at, scenario, dial, out->limit.high);
}

static void check_promises(struct reader *r, const struct param_list *list,
                           const struct model_facts *facts)
{
    const char *const *texts = list->items;
    for (int i = 0; i < list->count; i++) {
        struct slo slo;
        struct scenario only = {.where = r->where, .slos = &slo, .slo_count = 1};
        if (promise_read(r->where, where_element(r->where, list->at, i), texts[i],
                         &slo))
            slo_check(&only, facts);
    }
}

static void read_capacity(struct reader *r, const struct entry *e,
                          const struct scenario *scenario,
                          const struct model_facts *facts)
{
    const struct capacity_keys *keys = e->keys->capacity;
    struct claim_capacity *out = arena_new(r->where->arena, struct claim_capacity);
    struct dial dial;
    const char *why = NULL;
    bool found = keys->load
                     ? dial_at(&dial, scenario, keys->load, r->where->arena, &why)
                     : dial_of_load(&dial, scenario, r->where->arena, &why);
    *out = (struct claim_capacity){.expect = keys->expect,
                                   .pointer = found ? dial.pointer : NULL,
                                   .promised = keys->slo.count > 0};
    e->claim->capacity = out;
    if (!found)
        where_problem(r->where, keys->at, keys->load ? "load" : NULL, "%s", why);
    else if (facts->terminating)
        where_problem(r->where, keys->at, NULL,
                      "needs a load that lasts: this one ends by itself; try "
                      "\"expect\" with \"across\"");
    else if (!out->promised && are_users(dial.pointer))
        where_problem(r->where, keys->at, "slo",
                      "must be given: any number of users who wait for answers is "
                      "carried, only slower");
    else if (keys->expect)
        read_capacity_limit(r, keys, scenario, &dial, out);
    else if (!e->keys->against)
        where_problem(r->where, keys->at, "expect",
                      "must be given, unless capacities are compared by \"against\"");
}

/* ---- against --------------------------------------------------------------------- */

/* "p95 lower" is a difference below 0. */
static bool read_direction(struct reader *r, const char *text, struct claim_ratio *out)
{
    bool lower = ends_in(text, " lower");
    if (!lower && !ends_in(text, " higher"))
        return false;
    out->metric = arena_text(r->where->arena, text,
                             strlen(text) - strlen(lower ? " lower" : " higher"));
    out->limit = (struct limit){-INFINITY, INFINITY, !lower, lower};
    *(lower ? &out->limit.high : &out->limit.low) = 0;
    out->direction = lower ? -1 : 1;
    return true;
}

/* False when it was told that it is no comparison. */
static bool read_ratio(struct reader *r, uint32_t at, const char *text,
                       struct claim_ratio *out)
{
    int before = r->where->problem_count;
    struct limit_words words;
    bool told = false;
    *out = (struct claim_ratio){.text = text, .at = at};
    if (!read_direction(r, text, out)) {
        bool split = limit_split(r->where, at, text, &words, &told);
        if (split && ends_in(words.left, " ratio")) {
            out->metric = arena_text(r->where->arena, words.left,
                                     strlen(words.left) - strlen(" ratio"));
            limit_values(r->where, at, PARAM_NUMBER, &words, &out->limit);
        } else if (!told) {
            where_problem(r->where, at, NULL,
                          "must compare, as in \"p95 lower\", \"errors higher\" or "
                          "\"throughput ratio >= 2\", is \"%s\"",
                          text);
        }
    }
    if (out->metric && strcmp(out->metric, "throughput") == 0)
        out->metric = "ok";
    if (out->metric && strcmp(out->metric, "capacity") == 0)
        out->metric = NULL;
    return r->where->problem_count == before;
}

static void check_metric(struct reader *r, const struct claim_ratio *ratio,
                         const struct point *own)
{
    struct contender contender = {.label = "", .point = *own};
    struct comparison c = {.contender = &contender, .contenders = 1};
    compare_list(&c, r->where->arena);
    if (!ratio->metric || compare_find(&c, ratio->metric) >= 0)
        return;
    const char **names = arena_many(r->where->arena, c.metrics, const char *);
    for (int i = 0; i < c.metrics; i++)
        names[i] = c.metric[i].name;
    const char *near = where_nearest(ratio->metric, names, c.metrics);
    where_problem(
        r->where, ratio->at, NULL,
        "must compare a number that `headroom compare` knows, is \"%s\"%s", ratio->text,
        near ? arena_format(r->where->arena, " (did you mean \"%s\"?)", near) : "");
}

/* What the claim's own has and the other one lacks cannot be compared. */
static void check_other(struct reader *r, const struct claim_ratio *ratio,
                        const struct base *b)
{
    struct contender both[] = {{.label = "", .point = b->own_point},
                               {.label = "", .point = b->other_point}};
    struct comparison c = {.contender = both, .contenders = 2};
    compare_list(&c, r->where->arena);
    int metric = ratio->metric ? compare_find(&c, ratio->metric) : -1;
    if (metric >= 0 && !compare_has(&both[1], &c.metric[metric]))
        where_problem(r->where, ratio->at, NULL,
                      "must compare what both have: the other one has no \"%s\"",
                      c.metric[metric].scope);
}

static void read_ratios(struct reader *r, const struct entry *e)
{
    const struct param_list *list = &e->keys->against->expect;
    const char *const *texts = list->items;
    struct claim_ratio *ratio =
        arena_many(r->where->arena, list->count, struct claim_ratio);
    for (int i = 0; i < list->count; i++) {
        uint32_t at = where_element(r->where, list->at, i);
        if (read_ratio(r, at, texts[i], &ratio[i]) && !ratio[i].metric &&
            !e->keys->capacity)
            where_problem(r->where, at, NULL,
                          "needs \"capacity\" beside \"against\": which load is "
                          "turned, and what must be kept");
    }
    e->claim->ratio = ratio;
    e->claim->ratios = list->count;
}

/* ---- one claim ------------------------------------------------------------------- */

static void read_conditions(struct reader *r, const struct entry *e,
                            const struct model_facts *facts)
{
    const struct param_list *list = &e->keys->expect;
    const char *const *texts = list->items;
    struct condition *condition =
        arena_many(r->where->arena, list->count, struct condition);
    int count = 0;
    for (int i = 0; i < list->count; i++)
        if (condition_read(r->where, where_element(r->where, list->at, i), texts[i],
                           &condition[count]))
            count += condition_check(r->where, &condition[count], facts);
    e->claim->condition = condition;
    e->claim->conditions = count;
}

static void read_lint(struct reader *r, const struct entry *e)
{
    enum { MOST_RULES = 200 };
    const struct param_variant *lint = &e->keys->lint;
    const char *names[MOST_RULES];
    int rules = 0;
    if (!lint->row)
        return;
    e->claim->no_lint = lint->which == LINT_NONE;
    if (e->claim->no_lint)
        return;
    const struct param_list *list = lint->body;
    const struct lint_rule *rule;
    while (rules < MOST_RULES && (rule = lint_rule(rules)))
        names[rules++] = rule->name;
    e->claim->lint = list->items;
    e->claim->lints = list->count;
    for (int i = 0; i < list->count; i++) {
        const char *name = e->claim->lint[i], *near = where_nearest(name, names, rules);
        bool known = false;
        for (int k = 0; k < rules; k++)
            known |= strcmp(names[k], name) == 0;
        if (!known)
            where_problem(
                r->where, where_element(r->where, list->at, i), NULL,
                "must be a finding of `headroom check` (`headroom kinds "
                "lint` lists them), is \"%s\"%s",
                name,
                near ? arena_format(r->where->arena, " (did you mean \"%s\"?)", near)
                     : "");
    }
}

static bool is_about_a_system(const struct claim_keys *k)
{
    return k->expect.count || k->capacity || k->against || k->lint.row;
}

static bool is_complete(struct reader *r, const struct claim_keys *k)
{
    bool judged = is_about_a_system(k) || k->calculate.count;
    int before = r->where->problem_count;
    if (!judged && !k->missing && !k->not_modelled)
        where_problem(r->where, k->at, NULL,
                      "must have one of \"expect\", \"capacity\", \"against\", "
                      "\"calculate\" or \"lint\", or else say what is \"missing\" or "
                      "why it is \"not_modelled\"");
    if ((judged && (k->missing || k->not_modelled)) || (k->missing && k->not_modelled))
        where_problem(r->where, k->at, k->missing ? "missing" : "not_modelled",
                      "must stand alone: nothing is tried then");
    if (is_about_a_system(k) && !k->change.scenario && !r->common->scenario)
        where_problem(r->where, k->at, "scenario",
                      "must be given, here or for the whole file");
    return r->where->problem_count == before;
}

/* The points of the claim, as it stands or with `change` on top. */
static void read_points(struct reader *r, const struct entry *e,
                        const struct change_keys *change, struct claim_case *c)
{
    static const struct change_keys nothing = {0};
    const struct against_keys *against = e->keys->against;
    struct recipe file = {0};
    if (r->common->scenario)
        file.path = path_of(r, r->common->scenario);
    add_change(r, &file, r->common);
    struct recipe own = on_top(r, &file, &e->keys->change);
    struct base b = {.from = own.steps};
    b.recipe = change ? on_top(r, &own, change) : own;
    b.from = change && change->scenario ? 0 : b.from;
    b.other_from = b.recipe.steps;
    b.other_recipe = on_top(r, &b.recipe, against ? &against->change : &nothing);
    b.own = follow(r, &b.recipe, &b.own_point);
    if (!b.own)
        return;
    int before = r->where->problem_count;
    if (!c->says)
        read_conditions(r, e, b.own_point.result.facts);
    if (!c->says && e->keys->capacity) {
        check_promises(r, &e->keys->capacity->slo, b.own_point.result.facts);
        read_capacity(r, e, b.own, b.own_point.result.facts);
    }
    for (int i = 0; i < e->claim->ratios && !c->says; i++)
        check_metric(r, &e->claim->ratio[i], &b.own_point);
    if (against)
        b.other = follow(r, &b.other_recipe, &b.other_point);
    for (int i = 0; i < e->claim->ratios && b.other && !c->says; i++)
        check_other(r, &e->claim->ratio[i], &b);
    if ((!against || b.other) && r->where->problem_count == before)
        fill_rows(r, e, &b, c);
}

static void read_case(struct reader *r, const struct entry *e,
                      const struct alternative_keys *alternative, struct claim_case *c)
{
    bool own_sums = alternative && alternative->calculate.count;
    c->says = alternative ? alternative->says : NULL;
    read_sums(r, own_sums ? &alternative->calculate : &e->keys->calculate, c);
    if (is_about_a_system(e->keys))
        read_points(r, e, alternative ? &alternative->change : NULL, c);
}

static void read_claim(struct reader *r, const struct claim_keys *keys,
                       struct claim *claim)
{
    struct entry e = {.keys = keys, .claim = claim};
    *claim = (struct claim){.at = keys->at,
                            .id = keys->id,
                            .says = keys->says,
                            .line = keys->line,
                            .missing = keys->missing,
                            .not_modelled = keys->not_modelled,
                            .assumes = keys->assumes.items,
                            .assumptions = keys->assumes.count};
    const cJSON *across = keys->across ? node_at(r->root, keys->across) : NULL;
    if (!is_complete(r, keys) || !vary_read(r->where, across, NULL, &e.vary))
        return;
    read_lint(r, &e);
    if (keys->against)
        read_ratios(r, &e);
    const struct alternative_keys *alternative = keys->holds_if.items;
    struct claim_case *cases =
        arena_many(r->where->arena, 1 + keys->holds_if.count, struct claim_case);
    read_case(r, &e, NULL, &cases[0]);
    int before = r->where->problem_count;
    for (int i = 0; i < keys->holds_if.count && before == r->where->problem_count; i++)
        read_case(r, &e, &alternative[i], &cases[1 + i]);
    claim->cases = cases;
    claim->case_count = 1 + keys->holds_if.count;
}

/* ---- the file -------------------------------------------------------------------- */

static void check_ids(struct reader *r, const struct claim_keys *keys, int count)
{
    for (int i = 0; i < count; i++) {
        if (!*keys[i].id)
            where_problem(r->where, keys[i].at, "id", "must not be empty");
        for (int k = 0; k < i; k++)
            if (strcmp(keys[i].id, keys[k].id) == 0) {
                where_problem(r->where, keys[i].at, "id",
                              "must be another one for each claim, is \"%s\" again",
                              keys[i].id);
                break;
            }
    }
}

static void read_root(struct reader *r)
{
    struct bind bind = {.arena = r->where->arena, .where = r->where};
    struct claim_file_keys *keys = arena_new(r->where->arena, struct claim_file_keys);
    int before = r->where->problem_count;
    bind_object(&bind, r->root, claim_file_params, keys);
    if (r->where->problem_count != before)
        return;
    const struct claim_keys *claims = keys->claims.items;
    int count = keys->claims.count, alternatives = 0;
    struct claim *claim = arena_many(r->where->arena, count, struct claim);
    for (int i = 0; i < count; i++)
        alternatives += 2 * claims[i].holds_if.count + 2;
    r->common = &keys->change;
    r->read = arena_many(r->where->arena, alternatives + 1, const char *);
    r->out->document = keys->document;
    r->out->source = keys->source;
    r->out->claim = claim;
    r->out->claims = count;
    check_ids(r, claims, count);
    for (int i = 0; i < count; i++)
        read_claim(r, &claims[i], &claim[i]);
}

static cJSON *load(struct where *where, const char *path)
{
    struct source from = {.name = arena_text(where->arena, path, strlen(path)),
                          .bytes = ""};
    const char *why = NULL;
    const char *bytes =
        text_load_path(where->arena, path, TEXT_MOST_BYTES, &from.length, &why);
    if (bytes)
        from.bytes = bytes;
    int source = where_add_source(where, from);
    if (!bytes) {
        where_source_problem(where, source, WHERE_WHOLE, "%s", why);
        return NULL;
    }
    return text_parse(where, source, WHERE_NOWHERE, NULL, -1);
}

struct claim_file *claim_file_read(struct where *where, const char *path)
{
    struct claim_file *out = arena_new(where->arena, struct claim_file);
    int before = where->problem_count;
    cJSON *root = load(where, path);
    out->path = arena_text(where->arena, path, strlen(path));
    if (root)
        read_root(&(struct reader){.where = where, .out = out, .root = root});
    cJSON_Delete(root);
    return where->problem_count == before ? out : NULL;
}
