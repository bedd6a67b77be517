/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/patch.h"

#include "experiments/text.h"
#include "sim/check.h"

#include <string.h>

enum { LONGEST_SHOWN = 100, MOST_KEYS = 1000 };

struct walk {
    struct where *where;
    int source;          /* whom problems are told for */
    uint32_t at;         /* the value that is put there, when it stands in a file */
    const char *pointer; /* the whole of it */
    const char *rest;    /* from the '/' of the part to come */
};

static bool wrong(struct walk *walk, const char *text)
{
    if (walk->at != WHERE_NOWHERE)
        where_key_problem(walk->where, walk->at, "%s", text);
    else
        where_source_problem(walk->where, walk->source, 0, "%s", text);
    return false;
}

/* The next part, decoded, or NULL if ~ is followed by neither 0 nor 1. */
static const char *next_part(struct walk *walk)
{
    size_t length = strcspn(walk->rest + 1, "/");
    char *part = arena_text(walk->where->arena, walk->rest + 1, length), *to = part;
    walk->rest += 1 + length;
    for (const char *from = part; *from; from++) {
        if (*from == '~') {
            from++;
            if (*from != '0' && *from != '1')
                return NULL;
            *to++ = *from == '0' ? '~' : '/';
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return part;
}

/* The pointer up to and with the part just read. */
static const char *so_far(const struct walk *walk)
{
    return arena_text(walk->where->arena, walk->pointer,
                      (size_t)(walk->rest - walk->pointer));
}

static cJSON *member(const cJSON *object, const char *key)
{
    cJSON *child = object->child;
    while (child && strcmp(child->string, key) != 0)
        child = child->next;
    return child;
}

static bool tell_no_member(struct walk *walk, const cJSON *object, const char *key)
{
    struct arena *arena = walk->where->arena;
    const char *keys[MOST_KEYS];
    int count = 0;
    for (const cJSON *child = object->child; child && count < MOST_KEYS;
         child = child->next)
        keys[count++] = child->string;
    const char *near = where_nearest(key, keys, count);
    const char *hint = near ? arena_format(arena, " (did you mean \"%s\"?)", near) : "";
    return wrong(walk, arena_format(arena, "there is no %s in the scenario%s",
                                    so_far(walk), hint));
}

static bool tell_no_element(struct walk *walk, int count)
{
    const char *text =
        count == 0
            ? arena_format(walk->where->arena, "%s must be in a list that is not empty",
                           so_far(walk))
            : arena_format(walk->where->arena, "%s must end in an index from 0 to %d",
                           so_far(walk), count - 1);
    return wrong(walk, text);
}

static int index_of(const char *part)
{
    size_t length = strspn(part, "0123456789");
    if (length == 0 || length > 6 || part[length] || (part[0] == '0' && length > 1))
        return -1;
    int index = 0;
    for (; *part; part++)
        index = 10 * index + (*part - '0');
    return index;
}

/* The child that a part names, or NULL with the reason told. */
static cJSON *child_of(struct walk *walk, const cJSON *node, const char *part)
{
    if (cJSON_IsObject(node)) {
        cJSON *child = member(node, part);
        if (!child)
            tell_no_member(walk, node, part);
        return child;
    }
    int index = index_of(part);
    cJSON *child = index < 0 ? NULL : cJSON_GetArrayItem(node, index);
    if (!child)
        tell_no_element(walk, cJSON_GetArraySize(node));
    return child;
}

/* Goes down to the parent of the last part, which is returned through `last`. */
static cJSON *parent_of(struct walk *walk, cJSON *node, const char **last, int *depth)
{
    for (*depth = 1; node; ++*depth) {
        const char *part = next_part(walk);
        if (!part) {
            wrong(walk,
                  "must be a JSON pointer, in which ~ is written ~0 and / inside a "
                  "key ~1");
            return NULL;
        }
        if (!cJSON_IsObject(node) && !cJSON_IsArray(node)) {
            wrong(walk,
                  arena_format(walk->where->arena, "%s must be in an object or a list",
                               so_far(walk)));
            return NULL;
        }
        *last = part;
        if (*walk->rest == '\0')
            return node;
        node = child_of(walk, node, part);
    }
    return NULL;
}

static bool is_pointer(struct walk *walk)
{
    return walk->pointer[0] == '/' ||
           wrong(walk, walk->at == WHERE_NOWHERE
                           ? "must be POINTER=VALUE with a JSON pointer such as "
                             "/services/web/workers"
                           : "must be a JSON pointer such as /services/web/workers");
}

cJSON *patch_find(struct where *where, int source, cJSON *root, const char *pointer)
{
    struct walk walk = {where, source, WHERE_NOWHERE, pointer, pointer};
    const char *last;
    int depth;
    if (!is_pointer(&walk))
        return NULL;
    cJSON *parent = parent_of(&walk, root, &last, &depth);
    return parent ? child_of(&walk, parent, last) : NULL;
}

/* ---- the value ------------------------------------------------------------------- */

static const char *as_json_string(struct arena *arena, const char *text)
{
    cJSON node = {.type = cJSON_String, .valuestring = (char *)(uintptr_t)text};
    return text_canonical(arena, &node);
}

static bool is_json(struct arena *arena, const char *text)
{
    struct where *scratch = where_new(arena);
    int source = where_add_source(
        scratch, (struct source){"", text, strlen(text), true});
    cJSON *tree = text_parse(scratch, source, WHERE_NOWHERE, NULL, -1);
    cJSON_Delete(tree);
    return tree != NULL;
}

static int depth_of(const cJSON *node)
{
    int deepest = 0;
    for (const cJSON *child = node->child; child; child = child->next) {
        int depth = depth_of(child);
        deepest = depth > deepest ? depth : deepest;
    }
    return 1 + deepest;
}

/* What looks like JSON but is not is a mistake; anything else is text. */
static const char *value_text(struct arena *arena, const char *text)
{
    if (strchr("{[\"", text[0]) ? text[0] != '\0' : is_json(arena, text))
        return text;
    return as_json_string(arena, text);
}

static void put_in(cJSON *parent, const char *key, cJSON *value)
{
    bool done;
    if (cJSON_IsArray(parent))
        done = strcmp(key, "-") == 0
                   ? cJSON_AddItemToArray(parent, value)
                   : cJSON_ReplaceItemInArray(parent, index_of(key), value);
    else if (member(parent, key))
        done = cJSON_ReplaceItemInObjectCaseSensitive(parent, key, value);
    else
        done = cJSON_AddItemToObject(parent, key, value);
    if (!done)
        die("out of memory");
}

/* Reads the value and puts it in its place. */
static bool put_value(struct walk *walk, cJSON *parent, const char *key, int depth)
{
    int index = -1;
    if (cJSON_IsArray(parent)) {
        index = strcmp(key, "-") == 0 ? cJSON_GetArraySize(parent) : index_of(key);
        if (index < 0 || (strcmp(key, "-") != 0 && index >= cJSON_GetArraySize(parent)))
            return tell_no_element(walk, cJSON_GetArraySize(parent));
    }
    cJSON *value = text_parse(walk->where, walk->source, text_number(parent),
                              index < 0 ? key : NULL, index);
    if (!value)
        return false;
    if (depth_of(value) + depth > TEXT_MOST_DEPTH) {
        cJSON_Delete(value);
        return wrong(walk, "must be nested at most 64 deep");
    }
    put_in(parent, key, value);
    return true;
}

static const char *source_name(struct arena *arena, const char *argument)
{
    size_t length = strlen(argument), shown = length;
    if (length > LONGEST_SHOWN)
        for (shown = LONGEST_SHOWN; ((unsigned char)argument[shown] & 0xc0) == 0x80;
             shown--)
            continue;
    return arena_format(arena, "--set %.*s%s", (int)shown, argument,
                        shown < length ? "..." : "");
}

static bool leads_into(const char *argument, const char *key)
{
    size_t length = strlen(key);
    return argument[0] == '/' && strncmp(argument + 1, key, length) == 0 &&
           argument[1 + length] == '/';
}

void patch_open(struct where *where, cJSON *root, const char *argument, const char *key,
                const char *empty)
{
    if (!cJSON_IsObject(root) || member(root, key) || !leads_into(argument, key))
        return;
    int source =
        where_add_source(where, (struct source){source_name(where->arena, argument),
                                                empty, strlen(empty), true});
    cJSON *value = text_parse(where, source, text_number(root), key, -1);
    if (value)
        put_in(root, key, value);
}

bool patch_set(struct where *where, cJSON *root, const char *argument)
{
    const char *equals = strchr(argument, '=');
    const char *text = equals ? value_text(where->arena, equals + 1) : "";
    struct walk walk = {.where = where, .at = WHERE_NOWHERE};
    walk.source =
        where_add_source(where, (struct source){source_name(where->arena, argument),
                                                text, strlen(text), true});
    walk.pointer =
        equals ? arena_text(where->arena, argument, (size_t)(equals - argument)) : "";
    walk.rest = walk.pointer;
    const char *key;
    int depth;
    if (!is_pointer(&walk))
        return false;
    cJSON *parent = parent_of(&walk, root, &key, &depth);
    return parent && put_value(&walk, parent, key, depth);
}

/* ---- merge patches --------------------------------------------------------------- */

static cJSON *copy_of(const cJSON *node, bool without_nulls);

static cJSON *copy_shallow(const cJSON *node)
{
    cJSON *copy = NULL;
    switch (node->type & 0xff) {
    case cJSON_Object:
        copy = cJSON_CreateObject();
        break;
    case cJSON_Array:
        copy = cJSON_CreateArray();
        break;
    case cJSON_String:
        copy = cJSON_CreateString(node->valuestring);
        break;
    case cJSON_Number:
        copy = cJSON_CreateNumber(node->valuedouble);
        break;
    case cJSON_NULL:
        copy = cJSON_CreateNull();
        break;
    default:
        copy = cJSON_CreateBool(cJSON_IsTrue(node));
    }
    if (!copy)
        die("out of memory");
    copy->valueint = node->valueint;
    return copy;
}

/* Trees are at most TEXT_MOST_DEPTH deep. */
static cJSON *copy_of(const cJSON *node, bool without_nulls)
{
    cJSON *copy = copy_shallow(node);
    bool object = cJSON_IsObject(node);
    for (const cJSON *child = node->child; child; child = child->next) {
        if (object && without_nulls && cJSON_IsNull(child))
            continue;
        cJSON *own = copy_of(child, object && without_nulls);
        if (!(object ? cJSON_AddItemToObject(copy, child->string, own)
                     : cJSON_AddItemToArray(copy, own)))
            die("out of memory");
    }
    return copy;
}

static void merge(cJSON *target, const cJSON *patch)
{
    for (const cJSON *child = patch->child; child; child = child->next) {
        cJSON *old = member(target, child->string);
        if (cJSON_IsNull(child))
            cJSON_DeleteItemFromObjectCaseSensitive(target, child->string);
        else if (cJSON_IsObject(child) && old && cJSON_IsObject(old))
            merge(old, child);
        else
            put_in(target, child->string, copy_of(child, true));
    }
}

bool patch_merge(struct where *where, cJSON *root, const cJSON *patch)
{
    if (!cJSON_IsObject(patch)) {
        where_problem(where, text_number(patch), NULL,
                      "must be an object: a merge patch of the scenario (RFC 7396)");
        return false;
    }
    if (!cJSON_IsObject(root))
        return true; /* its reader complains */
    merge(root, patch);
    if (depth_of(root) <= TEXT_MOST_DEPTH)
        return true;
    where_problem(where, text_number(patch), NULL,
                  "must leave the scenario nested at most %d deep", TEXT_MOST_DEPTH);
    return false;
}

/* ---- changes that stand in a file ------------------------------------------------ */

bool patch_step(struct where *where, cJSON *root, const struct patch_step *step)
{
    if (!step->pointer)
        return patch_merge(where, root, step->value);
    struct walk walk = {.where = where,
                        .at = text_number(step->value),
                        .pointer = step->pointer,
                        .rest = step->pointer};
    const char *key;
    int depth;
    if (!is_pointer(&walk))
        return false;
    cJSON *parent = parent_of(&walk, root, &key, &depth);
    if (!parent)
        return false;
    int count = cJSON_GetArraySize(parent), index = index_of(key);
    if (cJSON_IsArray(parent) && strcmp(key, "-") != 0 && (index < 0 || index >= count))
        return tell_no_element(&walk, count);
    if (depth_of(step->value) + depth > TEXT_MOST_DEPTH)
        return wrong(&walk, "must be nested at most 64 deep");
    put_in(parent, key, copy_of(step->value, false));
    return true;
}
