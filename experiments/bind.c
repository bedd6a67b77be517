/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/bind.h"

#include "experiments/quantity.h"
#include "experiments/random.h"
#include "experiments/scalar.h"
#include "experiments/scenario.h"
#include "experiments/text.h"
#include "sim/check.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

enum {
    MOST_KEYS = 200, /* of one table, or kinds, or forms */
    LONGEST_SEEN = 60
};

/* ---- telling --------------------------------------------------------------------- */

/* A string of the user in quotes, cut at a character's boundary. */
static const char *quoted(struct arena *arena, const char *text)
{
    size_t length = strlen(text), shown = length;
    if (length > LONGEST_SEEN)
        for (shown = LONGEST_SEEN; ((unsigned char)text[shown] & 0xc0) == 0x80; shown--)
            continue;
    return arena_format(arena, "\"%.*s%s\"", (int)shown, text,
                        shown < length ? "..." : "");
}

const char *bind_seen(struct bind *bind, const cJSON *value)
{
    if (cJSON_IsString(value))
        return quoted(bind->arena, value->valuestring);
    if (cJSON_IsObject(value))
        return "an object";
    if (cJSON_IsArray(value))
        return "a list";
    const struct place *place = &bind->where->places[text_number(value)];
    const struct source *source = &bind->where->sources[place->source];
    return arena_text(bind->arena, source->bytes + place->offset, place->length);
}

void bind_must_be(struct bind *bind, const cJSON *value, const char *what)
{
    where_problem(bind->where, text_number(value), NULL, "must be %s, is %s", what,
                  bind_seen(bind, value));
}

void bind_unknown(struct bind *bind, const cJSON *value, const char *what,
                  const char *word, const char *const *words, int count)
{
    const char *near = word ? where_nearest(word, words, count) : NULL;
    const char *hint =
        near ? arena_format(bind->arena, " (did you mean \"%s\"?)", near) : "";
    where_problem(bind->where, text_number(value), NULL, "must be %s%s%s, is %s%s",
                  what, count > 1 ? "one of " : "",
                  where_alternatives(bind->arena, words, count), bind_seen(bind, value),
                  hint);
}

int bind_keys(const struct param *table, const char **keys, int most)
{
    int count = 0;
    for (; !bind_is_end(table) && count < most; table++) {
        if (table->type == PARAM_INCLUDE)
            count += bind_keys(table->of, keys + count, most - count);
        else
            keys[count++] = table->key;
    }
    return count;
}

static bool has_key(const struct param *table, const char *key)
{
    const char *keys[MOST_KEYS];
    int count = bind_keys(table, keys, MOST_KEYS);
    for (int i = 0; i < count; i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

/* The objects of a table that know the key: it stands one level too high. */
static int owners_of(const struct param *table, const char *key, const char **owners,
                     int most)
{
    int count = 0;
    for (; !bind_is_end(table) && count < most; table++) {
        if (table->type == PARAM_INCLUDE)
            count += owners_of(table->of, key, owners + count, most - count);
        else if (table->type == PARAM_OBJECT && has_key(table->of, key))
            owners[count++] = table->key;
    }
    return count;
}

/* What was meant, as far as it can be guessed; NULL. */
static const char *meant_by(struct bind *bind, const char *key,
                            const struct param *table, const char **keys, int count)
{
    const char *owners[MOST_KEYS];
    int owning = owners_of(table, key, owners, MOST_KEYS);
    if (owning > 0)
        return arena_format(bind->arena, " (it is a key of %s)",
                            where_list(bind->arena, owners, owning));
    const char *near = where_nearest(key, keys, count);
    return near ? arena_format(bind->arena, " (did you mean \"%s\"?)", near) : NULL;
}

static void tell_unknown_key(struct bind *bind, const cJSON *member,
                             const struct param *table)
{
    if (bind->where->problem_count >= WHERE_MOST_PROBLEMS) { /* no more than counted */
        where_key_problem(bind->where, text_number(member), "is not a known key");
        return;
    }
    const char *keys[MOST_KEYS];
    int count = bind_keys(table, keys, MOST_KEYS);
    const char *hint = meant_by(bind, member->string, table, keys, count);
    if (!hint)
        hint = count > 0 ? arena_format(bind->arena, " (known: %s)",
                                        where_list(bind->arena, keys, count))
                         : " (there are none here)";
    where_key_problem(bind->where, text_number(member), "is not a known key%s", hint);
}

/* ---- sizes and defaults ---------------------------------------------------------- */

size_t bind_size(const struct param *row)
{
    switch (row->type) {
    case PARAM_OBJECT:
    case PARAM_TUPLE:
        return row->size;
    case PARAM_LIST:
        return sizeof(struct param_list);
    case PARAM_MAP:
        return sizeof(struct param_map);
    case PARAM_TAGGED:
    case PARAM_VERB:
    case PARAM_KINDS:
    case PARAM_FORMS:
        return sizeof(struct param_variant);
    case PARAM_RANDOM:
    case PARAM_CSV:
        return sizeof(void *);
    case PARAM_ANY:
        return sizeof(uint32_t);
    default:
        return scalar_size(row->type);
    }
}

static void *field(void *owner, size_t offset)
{
    return (char *)owner + offset;
}

void bind_defaults(const struct bind *bind, const struct param *table, void *into)
{
    for (; !bind_is_end(table); table++) {
        void *slot = field(into, table->offset);
        if (table->type == PARAM_INCLUDE)
            bind_defaults(bind, table->of, slot);
        else if (scalar_size(table->type) > 0)
            scalar_default(table, slot, bind->unit);
    }
}

/* ---- objects --------------------------------------------------------------------- */

/* The row of a key and how far the struct that it fills lies inside the table's. */
static const struct param *row_of(const struct param *table, const char *key,
                                  size_t *inside)
{
    for (; !bind_is_end(table); table++) {
        if (table->type == PARAM_INCLUDE) {
            const struct param *row = row_of(table->of, key, inside);
            if (row) {
                *inside += table->offset;
                return row;
            }
        } else if (strcmp(table->key, key) == 0) {
            *inside = 0;
            return table;
        }
    }
    return NULL;
}

static const cJSON *member_of(const cJSON *object, const char *key)
{
    const cJSON *member = object->child;
    while (member && strcmp(member->string, key) != 0)
        member = member->next;
    return member;
}

static bool is_required(const struct param *row)
{
    return scalar_size(row->type) > 0 ? scalar_is_required(row) : row->required;
}

/* The row's sentence, up to its first pause and as part of another one. */
static const char *meaning(struct arena *arena, const struct param *row)
{
    if (!row->doc)
        return "";
    char *text = arena_text(arena, row->doc, strcspn(row->doc, ".;:"));
    if (text[0] && !isupper((unsigned char)text[1])) /* unless it is CSV or the like */
        text[0] = (char)tolower((unsigned char)text[0]);
    return arena_format(arena, ": %s", text);
}

static void tell_missing(struct bind *bind, const cJSON *object,
                         const struct param *table)
{
    for (; !bind_is_end(table); table++) {
        if (table->type == PARAM_INCLUDE)
            tell_missing(bind, object, table->of);
        else if (is_required(table) && !member_of(object, table->key))
            where_problem(bind->where, text_number(object), table->key,
                          "must be given%s", meaning(bind->arena, table));
    }
}

void bind_field(struct bind *bind, const cJSON *value, const struct param *row,
                void *slot)
{
    if (row->type == PARAM_UNMODELLED) {
        where_note(bind->where, text_number(value), "is accepted but not modelled");
    } else if (row->type == PARAM_OBJECT || row->type == PARAM_TUPLE) {
        void *body = arena_array(bind->arena, 1, row->size);
        bind_value(bind, value, row, body);
        *(void **)slot = body;
    } else {
        bind_value(bind, value, row, slot);
    }
}

/* Keys that are rows of `told` (may be NULL) are somebody else's business. */
static void bind_members(struct bind *bind, const cJSON *object,
                         const struct param *table, void *into,
                         const struct param *told)
{
    bind_defaults(bind, table, into);
    for (const cJSON *member = object->child; member; member = member->next) {
        size_t inside = 0, ignored;
        const struct param *row = row_of(table, member->string, &inside);
        if (row)
            bind_field(bind, member, row, field(into, inside + row->offset));
        else if (!told || !row_of(told, member->string, &ignored))
            tell_unknown_key(bind, member, table);
    }
    tell_missing(bind, object, table);
}

void bind_object(struct bind *bind, const cJSON *object, const struct param *table,
                 void *into)
{
    if (cJSON_IsObject(object))
        bind_members(bind, object, table, into, NULL);
    else
        bind_must_be(bind, object, "an object");
}

/* A struct's first field is the place it came from. */
static void set_place(void *body, const cJSON *value)
{
    *(uint32_t *)body = text_number(value);
}

void bind_tuple(struct bind *bind, const cJSON *value, const struct param *table,
                void *into)
{
    bind_defaults(bind, table, into);
    const char *keys[MOST_KEYS];
    int count = bind_keys(table, keys, MOST_KEYS), given = cJSON_GetArraySize(value);
    const cJSON *element = cJSON_IsArray(value) ? value->child : NULL;
    bool fits = cJSON_IsArray(value) && given <= count;
    for (int i = given; fits && i < count; i++)
        fits = !is_required(&table[i]);
    if (!fits) {
        const char *shape = "";
        for (int i = 0; i < count; i++)
            shape = arena_format(bind->arena, "%s%s%s", shape, i ? ", " : "", keys[i]);
        where_problem(
            bind->where, text_number(value), NULL, "must be a list [%s], is %s", shape,
            cJSON_IsArray(value) ? arena_format(bind->arena, "a list of %d", given)
                                 : bind_seen(bind, value));
        return;
    }
    for (; element; element = element->next, table++)
        bind_field(bind, element, table, field(into, table->offset));
}

/* ---- lists and maps -------------------------------------------------------------- */

static void check_count(struct bind *bind, const cJSON *value, const struct param *row,
                        int count)
{
    bool few = count < row->least, many = row->most > 0 && count > row->most;
    if (few && count == 0)
        where_problem(bind->where, text_number(value), NULL, "must not be empty");
    else if (few || many)
        where_problem(bind->where, text_number(value), NULL,
                      "must have %s %.0f, has %d", few ? "at least" : "at most",
                      few ? row->least : row->most, count);
}

static void bind_list(struct bind *bind, const cJSON *value, const struct param *row,
                      struct param_list *list)
{
    if (!cJSON_IsArray(value)) {
        bind_must_be(bind, value, "a list");
        return;
    }
    size_t size = bind_size(row->of);
    list->at = text_number(value);
    list->count = cJSON_GetArraySize(value);
    list->items = arena_array(bind->arena, (size_t)list->count, size);
    check_count(bind, value, row, list->count);
    char *slot = list->items;
    for (const cJSON *element = value->child; element; element = element->next) {
        bind_value(bind, element, row->of, slot);
        slot += size;
    }
}

static bool is_map_key(const char *key)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t length = strlen(key);
    return length > 0 && length <= 100 && strspn(key, letters) == length;
}

/* Names of services and types are used in messages, promises and file names; a dot is
 * for quantiles ("p99.9") only. */
static void check_map_key(struct bind *bind, const cJSON *member,
                          const struct param *row)
{
    bool dots = row->of->type == PARAM_VALUE;
    if (!is_map_key(member->string) || (!dots && strchr(member->string, '.')))
        where_key_problem(
            bind->where, text_number(member),
            "must be a name of at most 100 letters, digits, - and _, is %s",
            quoted(bind->arena, member->string));
}

static void bind_map(struct bind *bind, const cJSON *value, const struct param *row,
                     struct param_map *map)
{
    if (!cJSON_IsObject(value)) {
        bind_must_be(bind, value, "an object");
        return;
    }
    size_t size = bind_size(row->of);
    int count = cJSON_GetArraySize(value), i = 0;
    map->at = text_number(value);
    map->count = count;
    map->items = arena_array(bind->arena, (size_t)count, size);
    map->names = arena_many(bind->arena, count, const char *);
    map->item_at = arena_many(bind->arena, count, uint32_t);
    check_count(bind, value, row, count);
    for (const cJSON *member = value->child; member; member = member->next, i++) {
        check_map_key(bind, member, row);
        map->names[i] = arena_text(bind->arena, member->string, strlen(member->string));
        map->item_at[i] = text_number(member);
        bind_value(bind, member, row->of, (char *)map->items + (size_t)i * size);
    }
}

/* ---- variants -------------------------------------------------------------------- */

static void choose(struct param_variant *variant, const struct param *row, int which,
                   const cJSON *value)
{
    variant->row = row;
    variant->which = which;
    variant->at = text_number(value);
}

static void *body_of(struct bind *bind, const struct param *row)
{
    size_t size = bind_size(row);
    return size > 0 ? arena_array(bind->arena, 1, size) : NULL;
}

static void bind_body(struct bind *bind, const cJSON *value,
                      struct param_variant *variant)
{
    variant->body = body_of(bind, variant->row);
    if (variant->body)
        bind_value(bind, value, variant->row, variant->body);
}

static int row_index(const struct param *table, const char *key)
{
    for (int i = 0; !bind_is_end(&table[i]); i++)
        if (strcmp(table[i].key, key) == 0)
            return i;
    return -1;
}

static bool is_without_required(const struct param *table)
{
    for (; !bind_is_end(table); table++)
        if (table->type == PARAM_INCLUDE ? !is_without_required(table->of)
                                         : is_required(table))
            return false;
    return true;
}

bool bind_may_be_bare(const struct param *row)
{
    bool object = row->type == PARAM_OBJECT && row->size > 0;
    return !row->required && (!object || is_without_required(row->of));
}

/* "poisson" */
static void bind_bare(struct bind *bind, const cJSON *value,
                      struct param_variant *variant)
{
    const struct param *row = variant->row;
    if (!bind_may_be_bare(row)) {
        where_problem(bind->where, variant->at, NULL,
                      "must be given with its value, as {\"%s\": ...}, is %s", row->key,
                      bind_seen(bind, value));
    } else if (row->type == PARAM_OBJECT && row->size > 0) {
        variant->body = body_of(bind, row);
        set_place(variant->body, value);
        bind_defaults(bind, row->of, variant->body);
    }
}

static void bind_tagged(struct bind *bind, const cJSON *value, const struct param *row,
                        struct param_variant *variant)
{
    bool bare = cJSON_IsString(value);
    bool tagged = cJSON_IsObject(value) && value->child && !value->child->next;
    const char *name = bare ? value->valuestring : tagged ? value->child->string : NULL;
    int which = name ? row_index(row->of, name) : -1;
    if (which < 0) {
        const char *keys[MOST_KEYS];
        int count = bind_keys(row->of, keys, MOST_KEYS);
        bind_unknown(bind, tagged ? value->child : value, tagged ? "the key of " : "",
                     name, keys, count);
        return;
    }
    choose(variant, &row->of[which], which, value);
    if (bare)
        bind_bare(bind, value, variant);
    else
        bind_body(bind, value->child, variant);
}

/* The verb that an object speaks of: the first row with a key that is there. */
static int verb_of(const struct param *verbs, const cJSON *value)
{
    for (int i = 0; !bind_is_end(&verbs[i]); i++)
        if (member_of(value, verbs[i].key))
            return i;
    return -1;
}

/* The keys that an object has, the first of them when they are many. */
static const char *keys_given(struct bind *bind, const cJSON *object)
{
    enum { MOST = 6 };
    const char *names[MOST + 1];
    int count = 0;
    for (const cJSON *m = object->child; m && count <= MOST; m = m->next, count++)
        names[count] = count < MOST ? quoted(bind->arena, m->string) : "others";
    return count ? where_list(bind->arena, names, count) : "none";
}

static void tell_no_verb(struct bind *bind, const cJSON *value, const struct param *row)
{
    const char *keys[MOST_KEYS], *near = NULL;
    int count = bind_keys(row->of, keys, MOST_KEYS);
    const cJSON *member = cJSON_IsObject(value) ? value->child : NULL;
    for (; member && !near; member = near ? member : member->next)
        near = where_nearest(member->string, keys, count);
    const char *hint =
        near ? arena_format(bind->arena, " (did you mean \"%s\"?)", near) : "";
    const char *known = where_alternatives(bind->arena, keys, count);
    if (cJSON_IsObject(value))
        where_problem(bind->where, text_number(value), NULL,
                      "must have one of the keys %s, has %s%s", known,
                      keys_given(bind, value), hint);
    else
        bind_must_be(
            bind, value,
            arena_format(bind->arena, "an object with one of the keys %s", known));
}

/* Verbs that the chosen one does not know as its own keys. */
static void tell_other_verbs(struct bind *bind, const cJSON *value,
                             const struct param *verbs, const struct param *chosen)
{
    size_t inside;
    const struct param *own = bind_holds_verb(chosen) ? chosen->of : chosen;
    for (const cJSON *member = value->child; member; member = member->next)
        if (row_index(verbs, member->string) >= 0 &&
            (own == chosen ? strcmp(chosen->key, member->string) != 0
                           : !row_of(own, member->string, &inside)))
            where_key_problem(bind->where, text_number(member),
                              "must stand in an object of its own, is beside \"%s\"",
                              chosen->key);
}

/* Everything in the object but the verb is a mistake. */
static void tell_beside_verb(struct bind *bind, const cJSON *value,
                             const struct param *verbs, const char *verb)
{
    for (const cJSON *member = value->child; member; member = member->next)
        if (row_index(verbs, member->string) < 0)
            where_key_problem(bind->where, text_number(member),
                              "is not a known key beside \"%s\"", verb);
}

bool bind_holds_verb(const struct param *row)
{
    size_t inside;
    return row->type == PARAM_OBJECT && row_of(row->of, row->key, &inside);
}

static void bind_verb(struct bind *bind, const cJSON *value, const struct param *row,
                      struct param_variant *variant)
{
    int which = cJSON_IsObject(value) ? verb_of(row->of, value) : -1;
    if (which < 0) {
        tell_no_verb(bind, value, row);
        return;
    }
    const struct param *verb = &row->of[which];
    choose(variant, verb, which, value);
    tell_other_verbs(bind, value, row->of, verb);
    if (bind_holds_verb(verb)) {
        variant->body = body_of(bind, verb);
        set_place(variant->body, value);
        bind_members(bind, value, verb->of, variant->body, row->of);
    } else {
        tell_beside_verb(bind, value, row->of, verb->key);
        bind_body(bind, member_of(value, verb->key), variant);
    }
}

static void tell_kind(struct bind *bind, const cJSON *value, const struct param *row,
                      const cJSON *kind)
{
    const char *names[MOST_KEYS];
    int count = 0;
    const struct param *variant;
    while (count < MOST_KEYS && (variant = row->variants(count)))
        names[count++] = variant->key;
    if (kind)
        bind_unknown(bind, kind, "", cJSON_IsString(kind) ? kind->valuestring : NULL,
                     names, count);
    else
        where_problem(bind->where, text_number(value), "kind",
                      "must be given: one of %s",
                      where_alternatives(bind->arena, names, count));
}

static void bind_kind(struct bind *bind, const cJSON *value, const struct param *row,
                      struct param_variant *variant)
{
    if (!cJSON_IsObject(value)) {
        bind_must_be(bind, value, "an object");
        return;
    }
    const cJSON *kind = member_of(value, "kind");
    const struct param *found = NULL;
    int which = 0;
    while (kind && cJSON_IsString(kind) && (found = row->variants(which)) &&
           strcmp(found->key, kind->valuestring) != 0)
        which++;
    if (!found) {
        tell_kind(bind, value, row, kind);
        return;
    }
    choose(variant, found, which, value);
    static const struct param told[] = {{.key = "kind", .type = PARAM_TEXT}, {0}};
    variant->body = body_of(bind, found);
    if (variant->body) {
        set_place(variant->body, value);
        bind_members(bind, value, found->of, variant->body, told);
    }
}

/* A choice fits if it is one of them, a quantity if it begins like one. */
static bool string_fits(const char *text, const struct param *row)
{
    for (int i = 0; row->type == PARAM_CHOICE && row->choices[i]; i++)
        if (strcmp(row->choices[i], text) == 0)
            return true;
    if (quantity_has_units(row->type))
        return text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
    return row->type != PARAM_CHOICE;
}

static bool fits(const cJSON *value, const struct param *row)
{
    switch (row->type) {
    case PARAM_OBJECT:
    case PARAM_MAP:
    case PARAM_VERB:
    case PARAM_KINDS:
        return cJSON_IsObject(value);
    case PARAM_TUPLE:
    case PARAM_LIST:
        return cJSON_IsArray(value);
    case PARAM_TAGGED:
        return cJSON_IsString(value) || cJSON_IsObject(value);
    case PARAM_RANDOM:
        return !cJSON_IsArray(value) && !cJSON_IsBool(value) && !cJSON_IsNull(value);
    default:
        return scalar_fits(value, row->type) &&
               (!cJSON_IsString(value) || string_fits(value->valuestring, row));
    }
}

static const char *noun(struct bind *bind, const struct param *row)
{
    switch (row->type) {
    case PARAM_LIST:
    case PARAM_TUPLE:
        return "a list";
    case PARAM_OBJECT:
    case PARAM_MAP:
    case PARAM_VERB:
    case PARAM_KINDS:
        return "an object";
    case PARAM_TAGGED:
    case PARAM_RANDOM:
        return "text or an object";
    default:
        return scalar_noun(bind->arena, row, scalar_type(row, bind->unit));
    }
}

static void bind_forms(struct bind *bind, const cJSON *value, const struct param *row,
                       struct param_variant *variant)
{
    const char *nouns[MOST_KEYS];
    int count = 0;
    for (const struct param *form = row->of; !bind_is_end(form); form++) {
        if (fits(value, form)) {
            choose(variant, form, (int)(form - row->of), value);
            bind_body(bind, value, variant);
            return;
        }
        if (count < MOST_KEYS)
            nouns[count++] = noun(bind, form);
    }
    bind_must_be(bind, value, where_alternatives(bind->arena, nouns, count));
}

/* ---- any value ------------------------------------------------------------------- */

void bind_value(struct bind *bind, const cJSON *value, const struct param *row,
                void *slot)
{
    switch (row->type) {
    case PARAM_OBJECT:
        set_place(slot, value);
        bind_object(bind, value, row->of, slot);
        break;
    case PARAM_TUPLE: /* or by name */
        set_place(slot, value);
        (cJSON_IsObject(value) ? bind_object : bind_tuple)(bind, value, row->of, slot);
        break;
    case PARAM_LIST:
        bind_list(bind, value, row, slot);
        break;
    case PARAM_MAP:
        bind_map(bind, value, row, slot);
        break;
    case PARAM_TAGGED:
        bind_tagged(bind, value, row, slot);
        break;
    case PARAM_VERB:
        bind_verb(bind, value, row, slot);
        break;
    case PARAM_KINDS:
        bind_kind(bind, value, row, slot);
        break;
    case PARAM_FORMS:
        bind_forms(bind, value, row, slot);
        break;
    case PARAM_RANDOM:
        *(struct dist **)slot = random_bind(bind, value, row);
        break;
    case PARAM_CSV:
        random_bind_csv(bind, value, slot);
        break;
    case PARAM_ANY:
        *(uint32_t *)slot = text_number(value);
        break;
    default:
        check(scalar_size(row->type) > 0, "row \"%s\" of type %d binds no value",
              row->key, (int)row->type);
        scalar_bind(bind, value, row, slot);
        break;
    }
}

void bind_add_file(struct bind *bind, struct data_file file,
                   const struct data_table *table)
{
    if (bind->file_count == bind->file_room) {
        int count = bind->file_count, room = count ? 2 * count : 8;
        struct data_file *files = arena_many(bind->arena, room, struct data_file);
        const struct data_table **tables =
            arena_many(bind->arena, room, const struct data_table *);
        if (count > 0) {
            memcpy(files, bind->files, (size_t)count * sizeof *files);
            memcpy(tables, bind->tables, (size_t)count * sizeof *tables);
        }
        bind->files = files;
        bind->tables = tables;
        bind->file_room = room;
    }
    bind->files[bind->file_count] = file;
    bind->tables[bind->file_count++] = table;
}
