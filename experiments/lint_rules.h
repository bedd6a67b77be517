/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * lint_rules -- what rules of lint are written with: the parts of the system as their
 * kinds build them, who asks whom and how long he waits, and how to tell a finding.
 * Internal to lint*.c.
 *
 * A station is a number as in struct model_facts, the same as the service's in the
 * scenario. Units: s, 1/s.
 */
#ifndef EXPERIMENTS_LINT_RULES_H
#define EXPERIMENTS_LINT_RULES_H

#include "experiments/explain.h"
#include "experiments/lint.h"
#include "models/kind.h"

enum lint_way {
    LINT_CLIENT, /* a workload's requests */
    LINT_PROXY,  /* a proxy's to one of its servers */
    LINT_CALL, LINT_CACHE, LINT_QUERY, LINT_ENQUEUE,
    LINT_POOL,   /* a handler takes a connection */
};

/* One place from which one station is asked. */
struct lint_link {
    enum lint_way way;
    int workload;        /* LINT_CLIENT; else -1 */
    int from, to;        /* stations; from -1: a workload */
    uint32_t at;
    const char *handler; /* in which the step stands; NULL */
    const void *step;    /* its body; of a proxy: the struct peer_conf, or NULL */
    sim_time timeout;    /* of an attempt; SIM_NEVER */
    const struct retry_conf *retry; /* NULL */
};

struct lint {
    const struct scenario *scenario;
    const struct system_spec *system;
    const struct model *model;
    const struct model_facts *facts;
    const struct explanation *is;
    struct where *where;
    struct arena *arena;
    const struct part *part; /* by station */
    const struct lint_link *link;
    int links;

    const struct lint_rule *rule; /* that looks now */
    struct lint_finding *finding;
    int count, room;
};

/* Tables of rules, each ended by a row without a name. */
extern const struct lint_rule lint_load_rules[], lint_pool_rules[], lint_proxy_rules[],
    lint_time_rules[], lint_retry_rules[], lint_server_rules[], lint_guard_rules[],
    lint_promise_rules[];

/* A finding of the rule that looks; `other` may be WHERE_NOWHERE. */
void lint_tell(struct lint *l, uint32_t at, uint32_t other, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Finds all links of the system, in order of its services. */
void lint_find_links(struct lint *l);

/* Do requests of the type come by this link? */
bool lint_passes(const struct lint *l, const struct lint_link *link, int type);

/* ---- places ---------------------------------------------------------------------- */

/* The value of the first of these keys that the service states; the service itself when
 * it states none. `keys` ends with NULL. */
uint32_t lint_key_of(const struct lint *l, int station, const char *const *keys);
uint32_t lint_key(const struct lint *l, int station, const char *key);
bool lint_states(const struct lint *l, int station, const char *const *keys);

/* Likewise of any value. */
uint32_t lint_member(const struct lint *l, uint32_t at, const char *key);

/* Where a workload says how much it sends. */
uint32_t lint_load_at(const struct lint *l, int workload);

/* Real servers' names for the same thing. */
extern const char *const lint_slot_keys[];  /* how many requests at a time */
extern const char *const lint_size_keys[];  /* connections of a pool */
extern const char *const lint_queue_keys[]; /* room to wait */
extern const char *const lint_life_keys[];  /* longest request of a worker */
extern const char *const lint_read_keys[];  /* a proxy's wait for an answer */
extern const char *const lint_wait_keys[];  /* longest wait for a connection */

/* ---- facts ----------------------------------------------------------------------- */

const struct workload_conf *lint_workload(const struct lint *l, int workload);
const struct service_common *lint_common(const struct lint *l, int station);
const char *lint_name(const struct lint *l, int station);
int lint_station(const struct lint *l, const char *name); /* -1: none */
const struct server_part *lint_server(const struct lint *l, int station);
const struct pool_part *lint_pool(const struct lint *l, int station);

struct demand lint_demand(const struct lint *l, int type, int station);
bool lint_visits(const struct lint *l, int type, int station);
double lint_rate(const struct lint *l, int type);    /* offered, if nobody waits */
double lint_arrivals(const struct lint *l, int station); /* visits/s */
double lint_hold(const struct lint *l, int type, int station); /* s a visit */

/* The workload that offers the station most visits; -1: none. */
int lint_main_load(const struct lint *l, int station);

/* How long the client of a type waits for an answer, and where he says so. */
double lint_patience(const struct lint *l, int type, uint32_t *at);

/* The visitor of a station with the least patience: his type, or -1. */
int lint_hastiest(const struct lint *l, int station, double *patience, uint32_t *at);

/* Requests an instance works on at a time; INFINITY. */
double lint_slots(const struct lint *l, int station);

/* s; INFINITY of SIM_NEVER, and of 0 where that means never. */
double lint_seconds(sim_time t);
double lint_limit(sim_time t);

/* ---- words ----------------------------------------------------------------------- */

const char *lint_time(const struct lint *l, double seconds);
const char *lint_much(const struct lint *l, double number); /* "0.5", "12.5k" never */
const char *lint_size(const struct lint *l, double bytes);
const char *lint_slot(const struct lint *l, int station); /* "thread" */

#endif
