/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/schema.h"

#include "experiments/bind.h"
#include "experiments/claim_file.h"
#include "experiments/quantity.h"
#include "experiments/random.h"
#include "experiments/scalar.h"
#include "experiments/scenario.h"
#include "models/guard.h"
#include "sim/check.h"
#include "sim/dist.h"

#include <cjson/cJSON.h>

#include <math.h>
#include <string.h>

static const char name_pattern[] = "^[A-Za-z0-9_-]{1,100}$";

/* What may hold itself stands under $defs: lists of steps, random values. */
struct writer {
    struct arena *arena;
    cJSON *defs;
    enum param_type unit; /* of the random value that is being described */
};

static cJSON *of_row(struct writer *to, const struct param *row);

static cJSON *typed(const char *type)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "type", type);
    return schema;
}

static cJSON *any_of(cJSON *schema)
{
    return cJSON_AddArrayToObject(schema, "anyOf");
}

/* ---- values ---------------------------------------------------------------------- */

static cJSON *bounded(const char *type, double least, double most)
{
    cJSON *schema = typed(type);
    if (!isinf(least))
        cJSON_AddNumberToObject(schema, "minimum", least);
    if (!isinf(most))
        cJSON_AddNumberToObject(schema, "maximum", most);
    return schema;
}

static cJSON *pattern(const char *text)
{
    cJSON *schema = typed("string");
    cJSON_AddStringToObject(schema, "pattern", text);
    return schema;
}

static cJSON *of_quantity(struct writer *to, enum param_type type, double least,
                          double most)
{
    cJSON *text = pattern(quantity_pattern(to->arena, type));
    if (!quantity_may_be_bare(type))
        return text;
    cJSON *schema = cJSON_CreateObject(), *forms = any_of(schema);
    cJSON_AddItemToArray(forms, bounded("number", least, most));
    cJSON_AddItemToArray(forms, text);
    return schema;
}

static cJSON *of_choices(const char *const *choices)
{
    cJSON *schema = cJSON_CreateObject(),
          *list = cJSON_AddArrayToObject(schema, "enum");
    for (; *choices; choices++)
        cJSON_AddItemToArray(list, cJSON_CreateString(*choices));
    return schema;
}

static cJSON *of_share(struct writer *to)
{
    cJSON *schema = cJSON_CreateObject(), *forms = any_of(schema);
    cJSON_AddItemToArray(forms, bounded("number", 0, INFINITY));
    cJSON_AddItemToArray(forms, pattern(quantity_pattern(to->arena, PARAM_FRACTION)));
    cJSON *rest = cJSON_CreateObject();
    cJSON_AddStringToObject(rest, "const", "rest");
    cJSON_AddItemToArray(forms, rest);
    return schema;
}

static cJSON *of_scalar(struct writer *to, const struct param *row)
{
    enum param_type type = scalar_type(row, to->unit);
    double least, most;
    scalar_bounds(row, type, &least, &most);
    switch (type) {
    case PARAM_FLAG:
        return typed("boolean");
    case PARAM_COUNT:
        return bounded("integer", least, most);
    case PARAM_NUMBER:
        return bounded("number", least, most);
    case PARAM_NAME:
        return pattern(name_pattern);
    case PARAM_CHOICE:
        return of_choices(row->choices);
    case PARAM_SHARE:
        return of_share(to);
    case PARAM_TEXT:
        return typed("string");
    default:
        return of_quantity(to, type, least, most);
    }
}

/* ---- objects --------------------------------------------------------------------- */

static bool is_required(const struct param *row)
{
    return scalar_size(row->type) > 0 ? scalar_is_required(row) : row->required;
}

static void add_default(struct writer *to, cJSON *schema, const struct param *row)
{
    if (scalar_size(row->type) == 0 || is_required(row) || !isfinite(row->fallback))
        return;
    if (row->type == PARAM_CHOICE && row->fallback >= 0)
        cJSON_AddStringToObject(schema, "default", row->choices[(int)row->fallback]);
    else if (row->type == PARAM_COUNT || row->type == PARAM_NUMBER)
        cJSON_AddNumberToObject(schema, "default", row->fallback);
    else if (row->type == PARAM_FLAG)
        cJSON_AddBoolToObject(schema, "default", row->fallback != 0);
    else if (quantity_may_be_bare(row->type) && row->fallback > 0)
        cJSON_AddNumberToObject(schema, "default", row->fallback);
    else if (quantity_has_units(row->type) && row->fallback > 0)
        cJSON_AddStringToObject(schema, "default",
                                quantity_written(to->arena, row->type, row->fallback));
}

static void add_rows(struct writer *to, const struct param *table, cJSON *properties,
                     cJSON *required)
{
    for (; !bind_is_end(table); table++) {
        if (table->type == PARAM_INCLUDE) {
            add_rows(to, table->of, properties, required);
            continue;
        }
        if (cJSON_GetObjectItemCaseSensitive(properties, table->key))
            continue; /* an earlier row of the same key is the one that binds */
        cJSON *schema = of_row(to, table);
        if (table->doc)
            cJSON_AddStringToObject(schema, "description", table->doc);
        add_default(to, schema, table);
        cJSON_AddItemToObject(properties, table->key, schema);
        if (is_required(table))
            cJSON_AddItemToArray(required, cJSON_CreateString(table->key));
    }
}

static cJSON *of_table(struct writer *to, const struct param *table)
{
    cJSON *schema = typed("object");
    cJSON *properties = cJSON_AddObjectToObject(schema, "properties");
    cJSON *required = cJSON_AddArrayToObject(schema, "required");
    add_rows(to, table, properties, required);
    cJSON_AddBoolToObject(schema, "additionalProperties", 0);
    return schema;
}

/* {"name": value} and nothing else */
static cJSON *of_one_key(const char *name, cJSON *value)
{
    cJSON *schema = typed("object");
    cJSON_AddItemToObject(cJSON_AddObjectToObject(schema, "properties"), name, value);
    cJSON_AddItemToArray(cJSON_AddArrayToObject(schema, "required"),
                         cJSON_CreateString(name));
    cJSON_AddBoolToObject(schema, "additionalProperties", 0);
    return schema;
}

static cJSON *of_tuple(struct writer *to, const struct param *table)
{
    cJSON *schema = typed("array");
    cJSON *items = cJSON_AddArrayToObject(schema, "prefixItems");
    int least = 0, count = 0;
    for (; !bind_is_end(table); table++) {
        cJSON_AddItemToArray(items, of_row(to, table));
        count++;
        least = is_required(table) ? count : least;
    }
    cJSON_AddNumberToObject(schema, "minItems", least);
    cJSON_AddNumberToObject(schema, "maxItems", count);
    return schema;
}

/* In order, or by name. */
static cJSON *of_elements(struct writer *to, const struct param *table)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON *forms = cJSON_AddArrayToObject(schema, "anyOf");
    cJSON_AddItemToArray(forms, of_tuple(to, table));
    cJSON_AddItemToArray(forms, of_table(to, table));
    return schema;
}

static cJSON *of_list(struct writer *to, const struct param *row)
{
    cJSON *schema = typed("array");
    cJSON_AddItemToObject(schema, "items", of_row(to, row->of));
    if (row->least > 0)
        cJSON_AddNumberToObject(schema, "minItems", row->least);
    if (row->most > 0)
        cJSON_AddNumberToObject(schema, "maxItems", row->most);
    return schema;
}

static cJSON *of_map(struct writer *to, const struct param *row)
{
    cJSON *schema = typed("object");
    cJSON_AddItemToObject(schema, "propertyNames", pattern(name_pattern));
    cJSON_AddItemToObject(schema, "additionalProperties", of_row(to, row->of));
    if (row->least > 0)
        cJSON_AddNumberToObject(schema, "minProperties", row->least);
    if (row->most > 0)
        cJSON_AddNumberToObject(schema, "maxProperties", row->most);
    return schema;
}

/* ---- variants -------------------------------------------------------------------- */

static cJSON *of_tagged(struct writer *to, const struct param *rows)
{
    cJSON *schema = cJSON_CreateObject(), *forms = any_of(schema);
    for (; !bind_is_end(rows); rows++) {
        if (bind_may_be_bare(rows)) {
            cJSON *bare = cJSON_CreateObject();
            cJSON_AddStringToObject(bare, "const", rows->key);
            if (rows->doc)
                cJSON_AddStringToObject(bare, "description", rows->doc);
            cJSON_AddItemToArray(forms, bare);
        }
        if (bind_size(rows) > 0 && rows->type != PARAM_FLAG)
            cJSON_AddItemToArray(forms, of_one_key(rows->key, of_row(to, rows)));
    }
    return schema;
}

static cJSON *of_verbs(struct writer *to, const struct param *rows)
{
    cJSON *schema = cJSON_CreateObject(), *forms = any_of(schema);
    for (; !bind_is_end(rows); rows++)
        cJSON_AddItemToArray(forms, bind_holds_verb(rows)
                                        ? of_table(to, rows->of)
                                        : of_one_key(rows->key, of_row(to, rows)));
    return schema;
}

static cJSON *of_forms(struct writer *to, const struct param *rows)
{
    cJSON *schema = cJSON_CreateObject(), *forms = any_of(schema);
    for (; !bind_is_end(rows); rows++)
        cJSON_AddItemToArray(forms, of_row(to, rows));
    return schema;
}

static cJSON *of_kind(struct writer *to, const struct param *kind)
{
    cJSON *schema = of_table(to, kind->of);
    cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    cJSON *name = cJSON_CreateObject();
    cJSON_AddStringToObject(name, "const", kind->key);
    cJSON_DeleteItemFromObjectCaseSensitive(properties, "kind");
    cJSON_AddItemToObject(properties, "kind", name);
    if (kind->doc)
        cJSON_AddStringToObject(schema, "description", kind->doc);
    return schema;
}

static cJSON *of_kinds(struct writer *to, const struct param *row)
{
    cJSON *schema = cJSON_CreateObject(), *forms = any_of(schema);
    const struct param *kind;
    for (int i = 0; (kind = row->variants(i)); i++)
        cJSON_AddItemToArray(forms, of_kind(to, kind));
    return schema;
}

/* ---- what may hold itself -------------------------------------------------------- */

static cJSON *of_conf(struct writer *to, const struct param *form)
{
    cJSON *schema = cJSON_CreateObject(), *forms = any_of(schema);
    cJSON_AddItemToArray(forms, of_table(to, form->of));
    if (form == &dist_forms[DIST_EMPIRICAL])
        return schema;
    cJSON_AddItemToArray(forms, of_row(to, form->of));
    if (form->of->type != PARAM_LIST)
        cJSON_AddItemToArray(forms, of_tuple(to, form->of));
    return schema;
}

static void describe_random(struct writer *to, cJSON *schema)
{
    static const struct param lone = {.key = "value", .type = PARAM_VALUE,
                                      .most = INFINITY};
    cJSON *forms = any_of(schema);
    cJSON_AddItemToArray(forms, of_scalar(to, &lone));
    for (const struct param *form = dist_forms; !bind_is_end(form); form++) {
        cJSON *tagged = of_one_key(form->key, of_conf(to, form));
        if (form->doc)
            cJSON_AddStringToObject(tagged, "description", form->doc);
        cJSON_AddItemToArray(forms, tagged);
    }
}

static cJSON *reference_to(struct writer *to, const char *name)
{
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "$ref",
                            arena_format(to->arena, "#/$defs/%s", name));
    return schema;
}

static cJSON *of_random(struct writer *to, const struct param *row)
{
    bool inherited = row->unit == PARAM_END || row->unit == PARAM_VALUE;
    enum param_type unit = inherited ? to->unit : row->unit, outer = to->unit;
    const char *name = unit == PARAM_DURATION ? "random_duration"
                       : unit == PARAM_SIZE   ? "random_size"
                                              : "random_number";
    if (!cJSON_GetObjectItemCaseSensitive(to->defs, name)) {
        cJSON *schema = cJSON_AddObjectToObject(to->defs, name); /* before it recurs */
        to->unit = unit;
        describe_random(to, schema);
        to->unit = outer;
    }
    return reference_to(to, name);
}

static cJSON *of_step(struct writer *to, const struct param *row)
{
    if (!cJSON_GetObjectItemCaseSensitive(to->defs, row->key)) {
        cJSON_AddObjectToObject(to->defs, row->key);
        cJSON *schema = of_verbs(to, row->of);
        cJSON_ReplaceItemInObjectCaseSensitive(to->defs, row->key, schema);
    }
    return reference_to(to, row->key);
}

/* Nearly every service and call may have them: written once. */
static cJSON *of_guard(struct writer *to)
{
    const char *name = guard_row.key;
    if (!cJSON_GetObjectItemCaseSensitive(to->defs, name))
        cJSON_AddItemToObject(to->defs, name, of_tagged(to, guard_rows));
    return reference_to(to, name);
}

static cJSON *of_row(struct writer *to, const struct param *row)
{
    switch (row->type) {
    case PARAM_OBJECT:
        return of_table(to, row->of);
    case PARAM_TUPLE:
        return of_elements(to, row->of);
    case PARAM_LIST:
        return of_list(to, row);
    case PARAM_MAP:
        return of_map(to, row);
    case PARAM_TAGGED:
        return row == &guard_row ? of_guard(to) : of_tagged(to, row->of);
    case PARAM_VERB:
        return of_step(to, row);
    case PARAM_KINDS:
        return of_kinds(to, row);
    case PARAM_FORMS:
        return of_forms(to, row->of);
    case PARAM_RANDOM:
        return of_random(to, row);
    case PARAM_CSV:
        return typed("string");
    case PARAM_ANY:
    case PARAM_UNMODELLED:
        return cJSON_CreateObject();
    default:
        return of_scalar(to, row);
    }
}

static const char *written(struct arena *arena, const char *title,
                           const struct param *table)
{
    struct writer to = {.arena = arena, .defs = cJSON_CreateObject()};
    cJSON *schema = cJSON_CreateObject();
    cJSON_AddStringToObject(schema, "$schema",
                            "https://json-schema.org/draft/2020-12/schema");
    cJSON_AddStringToObject(schema, "title", title);
    cJSON *file = of_table(&to, table);
    while (file->child) {
        cJSON *part = cJSON_DetachItemViaPointer(file, file->child);
        cJSON_AddItemToObject(schema, part->string, part);
    }
    cJSON_Delete(file);
    cJSON_AddItemToObject(schema, "$defs", to.defs);
    char *printed = cJSON_Print(schema);
    if (!printed)
        die("out of memory");
    const char *text = arena_text(arena, printed, strlen(printed));
    cJSON_free(printed);
    cJSON_Delete(schema);
    return text;
}

const char *schema_text(struct arena *arena)
{
    return written(arena, "headroom scenario", scenario_params);
}

const char *schema_of_claims(struct arena *arena)
{
    return written(arena, "headroom claims", claim_file_params);
}
