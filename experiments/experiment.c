/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/experiment.h"

#include "experiments/promise.h"
#include "experiments/quantity.h"
#include "experiments/text.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <string.h>

/* What is being read. */
struct reader {
    struct where *where;
    struct experiment *out;
    const cJSON *vary, *sample;
};

static void must_be(struct reader *r, const cJSON *node, const char *what)
{
    where_problem(r->where, text_number(node), NULL, "must be %s, is %s", what,
                  text_canonical(r->where->arena, node));
}

static const char *text_of(struct reader *r, const cJSON *node)
{
    if (cJSON_IsString(node))
        return arena_text(r->where->arena, node->valuestring,
                          strlen(node->valuestring));
    must_be(r, node, "text");
    return NULL;
}

/* ---- the keys -------------------------------------------------------------------- */

static void read_aside(struct reader *r, const cJSON *node)
{
    text_of(r, node);
}

static bool is_plain(const char *name)
{
    return name[0] && !strpbrk(name, "/\\") && name[0] != '.' && strlen(name) <= 200;
}

static void read_name(struct reader *r, const cJSON *node)
{
    const char *name = text_of(r, node);
    if (name && !is_plain(name))
        must_be(r, node, "a name that a file can have");
    r->out->name = name;
}

static void read_description(struct reader *r, const cJSON *node)
{
    r->out->description = text_of(r, node);
}

static void read_scenario(struct reader *r, const cJSON *node)
{
    const char *name = text_of(r, node), *slash = strrchr(r->out->path, '/');
    if (!name)
        return;
    if (name[0] == '\0')
        must_be(r, node, "the path of a scenario");
    r->out->scenario = name[0] == '/' || !slash
                           ? name
                           : arena_format(r->where->arena, "%.*s/%s",
                                          (int)(slash - r->out->path), r->out->path,
                                          name);
}

static void read_variants(struct reader *r, const cJSON *node)
{
    int count = cJSON_IsObject(node) ? cJSON_GetArraySize(node) : 0;
    if (count == 0 || count > EXPERIMENT_MOST_VARIANTS) {
        must_be(r, node, "an object: names and what each changes, such as "
                         "{\"before\": {}, \"after\": {…}}");
        return;
    }
    struct variant *variant = arena_many(r->where->arena, count, struct variant);
    int i = 0;
    for (const cJSON *child = node->child; child; child = child->next, i++) {
        variant[i].name =
            arena_text(r->where->arena, child->string, strlen(child->string));
        variant[i].patch = child;
        if (!cJSON_IsObject(child))
            must_be(r, child, "an object: what the variant changes (RFC 7396)");
        if (!child->string[0])
            where_key_problem(r->where, text_number(child), "must not be empty");
    }
    r->out->variant = variant;
    r->out->variants = count;
}

static void read_vary(struct reader *r, const cJSON *node)
{
    r->vary = node;
}

static void read_sample(struct reader *r, const cJSON *node)
{
    r->sample = node;
}

static void read_replications(struct reader *r, const cJSON *node)
{
    double number = cJSON_IsNumber(node) ? node->valuedouble : 0;
    if (cJSON_IsString(node) && strcmp(node->valuestring, "until precise") == 0)
        r->out->until_precise = true;
    else if (number >= 2 && number <= EXPERIMENT_MOST_REPLICATIONS &&
             number == floor(number))
        r->out->replications = (int)number;
    else
        must_be(r, node, "a whole number from 2 to 100000, or \"until precise\"");
}

static void read_precision(struct reader *r, const cJSON *node)
{
    struct precision precision;
    const char *text = text_of(r, node);
    if (text && promise_read_precision(r->where, text_number(node), text, &precision))
        r->out->precision = text;
}

static void read_budget(struct reader *r, const cJSON *node)
{
    double ns;
    const char *text = text_of(r, node);
    if (text && quantity_read(PARAM_DURATION, text, &ns) && ns > 0)
        r->out->budget = ns / 1e9;
    else if (text)
        must_be(r, node, quantity_noun(PARAM_DURATION));
}

static const struct {
    const char *key;
    void (*read)(struct reader *r, const cJSON *node);
} keys[] = {
    {"$schema", read_aside},
    {"name", read_name},
    {"description", read_description},
    {"scenario", read_scenario},
    {"variants", read_variants},
    {"vary", read_vary},
    {"sample", read_sample},
    {"replications", read_replications},
    {"precision", read_precision},
    {"budget", read_budget},
};

enum { KEYS = sizeof keys / sizeof *keys };

static void tell_unknown(struct reader *r, const cJSON *node)
{
    const char *names[KEYS];
    for (int i = 0; i < KEYS; i++)
        names[i] = keys[i].key;
    const char *near = where_nearest(node->string, names, KEYS);
    if (near)
        where_key_problem(r->where, text_number(node),
                          "is unknown (did you mean \"%s\"?)", near);
    else
        where_key_problem(r->where, text_number(node),
                          "is unknown; an experiment has %s",
                          where_list(r->where->arena, names, KEYS));
}

static void read_member(struct reader *r, const cJSON *node)
{
    for (int i = 0; i < KEYS; i++)
        if (strcmp(keys[i].key, node->string) == 0) {
            keys[i].read(r, node);
            return;
        }
    tell_unknown(r, node);
}

/* ---- the file -------------------------------------------------------------------- */

const char *experiment_stem(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    return arena_text(arena, base,
                      dot && dot > base ? (size_t)(dot - base) : strlen(base));
}

static void read_root(struct reader *r)
{
    static const struct variant only = {.name = ""};
    struct experiment *out = r->out;
    out->variant = &only;
    out->variants = 1;
    if (!cJSON_IsObject(out->root)) {
        must_be(r, out->root, "an object");
        return;
    }
    for (const cJSON *child = out->root->child; child; child = child->next)
        read_member(r, child);
    vary_read(r->where, r->vary, r->sample, &out->vary);
    if (!cJSON_GetObjectItemCaseSensitive(out->root, "scenario"))
        where_problem(r->where, text_number(out->root), "scenario",
                      "must be given: the path of the scenario");
    if (!out->name)
        out->name = experiment_stem(r->where->arena, out->path);
}

struct experiment *experiment_read(struct where *where, const char *path)
{
    struct experiment *out = arena_new(where->arena, struct experiment);
    struct source from = {.name = path, .bytes = ""};
    const char *why;
    int before = where->problem_count;
    from.bytes = text_load_path(where->arena, path, TEXT_MOST_BYTES, &from.length,
                                &why);
    if (!from.bytes)
        from.bytes = "";
    else
        why = NULL;
    int source = where_add_source(where, from);
    if (why) {
        where_source_problem(where, source, WHERE_WHOLE, "%s", why);
        return NULL;
    }
    out->path = arena_text(where->arena, path, strlen(path));
    out->root = text_parse(where, source, WHERE_NOWHERE, NULL, -1);
    if (!out->root)
        return NULL;
    read_root(&(struct reader){.where = where, .out = out});
    out->canonical = text_canonical(where->arena, out->root);
    if (where->problem_count == before)
        return out;
    experiment_close(out);
    return NULL;
}

void experiment_close(struct experiment *experiment)
{
    cJSON_Delete(experiment->root);
    experiment->root = NULL;
}
