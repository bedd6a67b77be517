/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/json.h"

#include "sim/check.h"

#include <math.h>

cJSON *json_made(cJSON *item)
{
    if (!item)
        die("out of memory: a JSON value");
    return item;
}

void json_put(cJSON *object, const char *key, cJSON *item)
{
    if (!cJSON_AddItemToObject(object, key, json_made(item)))
        die("out of memory: a JSON member");
}

void json_append(cJSON *array, cJSON *item)
{
    if (!cJSON_AddItemToArray(array, json_made(item)))
        die("out of memory: a JSON element");
}

void json_number(cJSON *object, const char *key, double value)
{
    json_put(object, key,
             isfinite(value) ? cJSON_CreateNumber(value) : cJSON_CreateNull());
}

void json_text(cJSON *object, const char *key, const char *value)
{
    json_put(object, key, value ? cJSON_CreateString(value) : cJSON_CreateNull());
}

void json_flag(cJSON *object, const char *key, bool value)
{
    json_put(object, key, cJSON_CreateBool(value));
}

cJSON *json_object(cJSON *parent, const char *key)
{
    cJSON *object = json_made(cJSON_CreateObject());
    json_put(parent, key, object);
    return object;
}

cJSON *json_array(cJSON *parent, const char *key)
{
    cJSON *array = json_made(cJSON_CreateArray());
    json_put(parent, key, array);
    return array;
}

cJSON *json_element(cJSON *array)
{
    cJSON *object = json_made(cJSON_CreateObject());
    json_append(array, object);
    return object;
}

char *json_printed(cJSON *root, struct arena *arena)
{
    char *printed = cJSON_Print(root);
    if (!printed)
        die("out of memory: JSON text");
    char *copy = arena_format(arena, "%s\n", printed);
    cJSON_free(printed);
    cJSON_Delete(root);
    return copy;
}
