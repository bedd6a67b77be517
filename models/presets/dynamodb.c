/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dynamodb -- a table with capacity in units a second. Its client library tries again
 * whatever is throttled, so that too little capacity shows as latency first.
 */
#include "models/kind.h"

#include <math.h>

enum { MODE_PROVISIONED, MODE_ON_DEMAND };
static const char *const modes[] = {"provisioned", "on_demand", NULL};

/* What a new table on demand can do, and one partition ever. */
#define NEW_READS 12000
#define NEW_WRITES 4000
#define PARTITION_READS 3000
#define PARTITION_WRITES 1000

struct conf {
    uint32_t at;
    struct service_common common;
    int mode;
    double read, write;
    sim_time burst, backoff, backoff_most;
    int64_t partitions, retries;
    struct autoscale_conf *autoscale;
    struct param_map operations;
    struct dist *time;
};

#define AT(field) offsetof(struct autoscale_conf, field)
static const struct param autoscale_params[] = {
    {.key = "target", .type = PARAM_FRACTION, .offset = AT(target), .least = 0.2,
     .most = 0.9, .fallback = 0.7, .doc = "Utilisation that is aimed at."},
    {.key = "up_after", .type = PARAM_DURATION, .offset = AT(up_after), .least = 1,
     .most = 1e6, .fallback = 120,
     .doc = "Consumption must be above the target for so long, in whole minutes."},
    {.key = "down_after", .type = PARAM_DURATION, .offset = AT(down_after), .least = 1,
     .most = 1e6, .fallback = 900,
     .doc = "Likewise 20 points or more below it, before capacity is taken away."},
    {.key = "apply_delay", .type = PARAM_DURATION, .offset = AT(apply_delay),
     .most = 1e6, .fallback = 60, .doc = "From the alarm until capacity has changed."},
    {.key = "min_read", .type = PARAM_RATE, .offset = AT(least[TABLE_READ]),
     .fallback = 1, .most = 1e9, .doc = "Least read units a second."},
    {.key = "max_read", .type = PARAM_RATE, .offset = AT(most[TABLE_READ]),
     .fallback = 40000, .most = 1e9, .doc = "Most."},
    {.key = "min_write", .type = PARAM_RATE, .offset = AT(least[TABLE_WRITE]),
     .fallback = 1, .most = 1e9, .doc = "Least write units a second."},
    {.key = "max_write", .type = PARAM_RATE, .offset = AT(most[TABLE_WRITE]),
     .fallback = 40000, .most = 1e9, .doc = "Most."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct operation_conf, field)
static const struct param operation_params[] = {
    {.key = "read", .type = PARAM_RANDOM, .offset = AT(read), .unit = PARAM_SIZE,
     .doc = "Bytes of an item that is read: a unit for each 4 KiB, rounded up."},
    {.key = "write", .type = PARAM_RANDOM, .offset = AT(write), .unit = PARAM_SIZE,
     .doc = "Bytes of an item that is written: a unit for each 1 KiB, rounded up."},
    {.key = "eventually_consistent", .type = PARAM_FLAG, .offset = AT(eventually),
     .doc = "Reads cost half."},
    {.key = "transactional", .type = PARAM_FLAG, .offset = AT(transactional),
     .doc = "Costs double."},
    {.key = "items", .type = PARAM_COUNT, .offset = AT(items), .least = 1, .most = 1e6,
     .fallback = 1, .doc = "Items, each rounded up by itself."},
    {.key = "time", .type = PARAM_RANDOM, .offset = AT(time), .unit = PARAM_DURATION,
     .doc = "The table's own when absent."},
    {0},
};
#undef AT

static const struct param operation_row = {.key = "operation", .type = PARAM_OBJECT,
                                           .of = operation_params,
                                           .size = sizeof(struct operation_conf)};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "operations", .type = PARAM_MAP, .offset = AT(operations),
     .of = &operation_row, .required = true,
     .doc = "What is asked of it, by request type (`as` of a call); `default` takes "
            "the others."},
    {.key = "time", .type = PARAM_RANDOM, .offset = AT(time), .unit = PARAM_DURATION,
     .required = true,
     .doc = "Until the answer, whatever the load; 4 ms with cv 0.4 is usual."},
    {.key = "billing_mode", .type = PARAM_CHOICE, .offset = AT(mode), .choices = modes,
     .doc = "provisioned: the units below. on_demand: at once up to twice the highest "
            "minute of more than half an hour ago, and at least the units below."},
    {.key = "read_capacity_units", .type = PARAM_RATE, .offset = AT(read),
     .fallback = -1, .most = 1e9, .least = -1,
     .doc = "Read units a second: \"100/s\". Required when provisioned; 12000/s on "
            "demand when absent."},
    {.key = "write_capacity_units", .type = PARAM_RATE, .offset = AT(write),
     .fallback = -1, .most = 1e9, .least = -1,
     .doc = "Write units a second; 4000/s on demand when absent."},
    {.key = "burst", .type = PARAM_DURATION, .offset = AT(burst), .most = 1e6,
     .fallback = 300,
     .doc = "provisioned: unused capacity of so long is kept (full at the start); "
            "AWS promises nothing of it. At least one second's."},
    {.key = "partitions", .type = PARAM_COUNT, .offset = AT(partitions), .least = 1,
     .most = 1e6, .fallback = 1,
     .doc = "Each serves 3000 read and 1000 write units a second at most, whatever the "
            "table has. Keys of the workload spread over them."},
    {.key = "autoscale", .type = PARAM_OBJECT, .offset = AT(autoscale),
     .of = autoscale_params, .size = sizeof(struct autoscale_conf),
     .doc = "provisioned: capacity follows consumption; not when absent."},
    {.key = "sdk_retries", .type = PARAM_COUNT, .offset = AT(retries), .most = 100,
     .fallback = 10,
     .doc = "How often the client library tries again what is throttled, where the "
            "call has no `retry` of its own: 10 in boto3's legacy mode, 2 in its "
            "standard mode."},
    {.key = "sdk_backoff", .type = PARAM_DURATION, .offset = AT(backoff), .most = 1e6,
     .fallback = 0.05, .doc = "First pause before that, doubling, full jitter."},
    {.key = "sdk_backoff_cap", .type = PARAM_DURATION, .offset = AT(backoff_most),
     .most = 1e6, .fallback = 20, .doc = "Longest pause."},
    {0},
};
#undef AT

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    bool on_demand = conf->mode == MODE_ON_DEMAND;
    const double given[] = {conf->read, conf->write},
                 fresh[] = {NEW_READS, NEW_WRITES};
    static const char *const keys[] = {"read_capacity_units", "write_capacity_units"};
    struct table_part *t = &s->table;
    *t = (struct table_part){
        .present = true,
        .on_demand = on_demand,
        .burst = on_demand ? 0 : sim_seconds(conf->burst),
        .partitions = conf->partitions,
        .partition = {PARTITION_READS, PARTITION_WRITES},
        .autoscale = on_demand ? NULL : conf->autoscale,
        .operations = &conf->operations,
        .time = conf->time,
        .status = STATUS_400,
        .retries = conf->retries,
        .backoff = conf->backoff,
        .backoff_most = conf->backoff_most,
    };
    for (int side = 0; side < TABLE_SIDES; side++) {
        t->rate[side] = given[side] >= 0 ? given[side] : on_demand ? fresh[side] : 0;
        if (given[side] < 0 && !on_demand)
            complain(out, conf->at, keys[side],
                     "must be there unless \"billing_mode\" is \"on_demand\"");
    }
    if (conf->common.replicas > 1)
        complain(out, conf->at, "replicas", "must be absent: a table is one");
    s->duty = DUTY_TABLE;
    s->slot_name = "request";
}

const struct kind dynamodb_kind = {
    KIND_ROW(dynamodb, "A DynamoDB table: units of reading and writing a second."),
    .build = build,
    .common = offsetof(struct conf, common),
};
