/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/compile.h"

#include <math.h>
#include <string.h>

/* Units of a size on average: each begun one counts, half of which is empty. */
static double units_of(const struct dist *size, int side)
{
    double whole = side == TABLE_READ ? TABLE_READ_BYTES : TABLE_WRITE_BYTES;
    if (!size)
        return 1;
    return size->form == DIST_CONSTANT ? fmax(1, ceil(size->mean / whole))
                                       : fmax(1, size->mean / whole + 0.5);
}

/* So many times the units of one size. */
static void use_units(struct compiler *c, struct frame *f, int side,
                      const struct dist *size, double times)
{
    static const char *const units[] = {"read units", "write units"};
    const struct table_part *part = &f->place->part.server.table;
    double rate = part->rate[side];
    if (part->autoscale)
        rate = fmax(rate, part->autoscale->most[side]);
    rate = fmin(rate, (double)part->partitions * part->partition[side]);
    compile_limit_use(
        c, &(struct limit_use){
               .conf = part,
               .name = frame_resource_name(
                   c, f, part->operations ? units[side] : "limit of the rate"),
               .unit = part->operations ? units[side] : limit_requests,
               .station = frame_station(c, f),
               .rate = rate,
               .key = LIMIT_ALL,
               .amount = times * units_of(size, side)});
}

/* Take units of one side; `size` NULL: one. */
static void emit_units(struct compiler *c, struct frame *f, int side,
                       const struct dist *size, const char *purpose)
{
    const struct table_part *part = &f->place->part.server.table;
    struct service *s = &c->model->service[f->place->index];
    int station = (int)frame_station(c, f);
    enum status status = (enum status)part->status;
    struct instr *i = frame_emit(c, f, OP_UNITS);
    if (size)
        frame_draw(c, f, i, purpose, compile_value(c, f, size));
    i->b = (uint32_t)side;
    i->count = 1;
    i->p = 1;
    i->status = (uint8_t)status;
    i->cause = compile_cause(
        c, frame_resource_name(c, f, size ? "throttled" : "rate limit"), status,
        station);
    if (isfinite(part->partition[side]))
        s->hot_cause = compile_cause(
            c, frame_resource_name(c, f, "throttled, hot partition"), status, station);
}

void compile_rate(struct compiler *c, struct frame *f)
{
    if (!f->place->part.server.table.present)
        return;
    emit_units(c, f, TABLE_READ, NULL, "rate");
    use_units(c, f, TABLE_READ, NULL, 1);
}

static const struct operation_conf *find_operation(const struct param_map *operations,
                                                   const char *type)
{
    const struct operation_conf *all = operations->items, *found = NULL;
    for (int i = 0; i < operations->count; i++) {
        if (strcmp(operations->names[i], type) == 0)
            return &all[i];
        if (strcmp(operations->names[i], "default") == 0)
            found = &all[i];
    }
    return found;
}

double compile_operation(struct compiler *c, struct frame *f, uint32_t at,
                         const char *key)
{
    const struct table_part *part = &f->place->part.server.table;
    const struct operation_conf *o = find_operation(part->operations, f->type);
    if (!o) {
        complain(c->out, at, key,
                 "must find an operation: %s has none for \"%s\" and no \"default\"",
                 f->place->name, f->type);
        return 0;
    }
    if (!o->read == !o->write) {
        complain(c->out, o->at, "read", "must be there, or else \"write\"; %s given",
                 o->read ? "both are" : "neither is");
        return 0;
    }
    emit_units(c, f, o->read ? TABLE_READ : TABLE_WRITE, o->read ? o->read : o->write,
               "size");
    struct instr *i = VECTOR_AT(&f->code, struct instr, f->code.count - 1);
    i->count = (uint32_t)o->items;
    i->p = (o->transactional ? 2 : 1) * (o->read && o->eventually ? 0.5 : 1);
    use_units(c, f, (int)i->b, o->read ? o->read : o->write, i->p * i->count);
    return compile_delay(c, f, o->time ? o->time : part->time, "working");
}

void compile_library_retry(struct compiler *c, const struct table_part *part,
                           const char *purpose, struct retry_policy *policy)
{
    if (!part->present || part->retries == 0)
        return;
    c->model->backoff_resource =
        compile_resource(c, "backing off", RESOURCE_BACKOFF, -1);
    policy->max = (uint32_t)part->retries;
    policy->statuses = UINT32_C(1) << part->status;
    policy->base = part->backoff;
    policy->cap = part->backoff_most;
    policy->factor = 2;
    policy->jitter = JITTER_FULL;
    policy->key = compile_key(c, purpose);
}
