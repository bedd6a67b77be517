/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/file_sort.h"

#include "experiments/store.h"
#include "experiments/text.h"

static bool has(const cJSON *root, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(root, key) != NULL;
}

static enum file_sort sort_of(const cJSON *root)
{
    return has(root, "services")    ? FILE_SCENARIO
           : has(root, "claims")    ? FILE_CLAIMS
           : has(root, "scenario")  ? FILE_EXPERIMENT
           : has(root, "workloads") ? FILE_SCENARIO
                                    : FILE_OF_NO_SORT;
}

enum file_sort file_sort_of(const char *path)
{
    if (store_is_one(path))
        return FILE_RESULTS;
    struct arena arena;
    arena_init(&arena);
    struct where *where = where_new(&arena);
    struct source from = {.name = path};
    const char *why;
    enum file_sort sort = FILE_OF_NO_SORT;
    from.bytes = text_load_path(&arena, path, TEXT_MOST_BYTES, &from.length, &why);
    cJSON *root = from.bytes ? text_parse(where, where_add_source(where, from),
                                          WHERE_NOWHERE, NULL, -1)
                             : NULL;
    if (cJSON_IsObject(root))
        sort = sort_of(root);
    cJSON_Delete(root);
    arena_free(&arena);
    return sort;
}

void file_sort_print(struct where *where, const char *path, enum file_sort wanted,
                     FILE *out)
{
    static const struct {
        const char *name, *verb; /* of the command that takes it */
    } sorts[] = {
        [FILE_SCENARIO] = {"a scenario", "run"},
        [FILE_EXPERIMENT] = {"an experiment", "batch"},
        [FILE_CLAIMS] = {"a file of claims", "claims"},
        [FILE_RESULTS] = {"a file of results", "plot"},
    };
    enum file_sort sort =
        where->problem_count > 0 ? file_sort_of(path) : FILE_OF_NO_SORT;
    if (sort == FILE_OF_NO_SORT || sort == wanted) {
        where_print(where, out);
        return;
    }
    const char *safe = where_safe(where->arena, path);
    fprintf(out, "%s: must be %s, is %s (try: headroom %s %s)\n", safe,
            sorts[wanted].name, sorts[sort].name, sorts[sort].verb, safe);
}
