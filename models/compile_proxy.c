/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The program of a proxy: accept, hold to the limits, pass on, hang up.
 *
 *     accept            the worker that has the connection; it may have no room
 *     limit             limit_req: pass, wait, or be rejected
 *     count             limit_conn
 *     proxy             a server of the upstream, or several in turn
 *     uncount, hang up  also after errors
 */
#include "models/compile.h"
#include "sim/crc32.h"

#include <stdlib.h>
#include <string.h>

/* ---- balancers ------------------------------------------------------------------- */

static int by_hash(const void *a, const void *b)
{
    const struct ring_point *x = a, *y = b;
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    return (x->peer > y->peer) - (x->peer < y->peer);
}

enum { POINTS = 160 }; /* a unit of weight, as nginx has it */

/* Each point's hash is that of the server's name, a zero, its port (here the number of
 * the replica) and the hash before it. */
static void build_ring(struct compiler *c, struct balancer_plan *plan)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < plan->primaries; i++)
        total += POINTS * (uint32_t)plan->peer[i].weight;
    struct ring_point *ring = arena_many(c->arena, total, struct ring_point);
    for (uint32_t i = 0; i < plan->primaries; i++) {
        const struct peer_plan *p = &plan->peer[i];
        const char *name = c->model->service[p->service].name;
        const char *port = arena_format(c->arena, "%u", p->replica);
        uint32_t base = crc32_more(UINT32_MAX, name, strlen(name) + 1), before = 0;
        base = crc32_more(base, port, strlen(port));
        for (int32_t k = 0; k < POINTS * p->weight; k++) {
            const uint8_t bytes[] = {(uint8_t)before, (uint8_t)(before >> 8),
                                     (uint8_t)(before >> 16), (uint8_t)(before >> 24)};
            before = ~crc32_more(base, bytes, sizeof bytes);
            ring[plan->points++] = (struct ring_point){before, i};
        }
    }
    qsort(ring, plan->points, sizeof *ring, by_hash);
    plan->ring = ring;
}

struct balancer_plan compile_plain_balancer(struct compiler *c,
                                            const struct place *callee, int policy)
{
    uint32_t replicas = (uint32_t)callee->common->replicas;
    struct balancer_plan plan = {.policy = (enum balance_policy)policy,
                                 .service = callee->index,
                                 .peers = replicas,
                                 .primaries = replicas,
                                 .even = true};
    if (plan.policy == BALANCE_CONSISTENT_HASH) {
        struct peer_plan *peer = arena_many(c->arena, replicas, struct peer_plan);
        for (uint32_t i = 0; i < replicas; i++)
            peer[i] =
                (struct peer_plan){.service = callee->index, .replica = i, .weight = 1};
        plan.peer = peer;
        build_ring(c, &plan);
    }
    return plan;
}

/* ---- routes ---------------------------------------------------------------------- */

/* Where requests of one type go, and what holds for them on the way. */
struct route {
    const struct param_variant *upstream; /* a name, or a list of servers */
    uint32_t at;
    int balance;
    const struct param_variant *limit_req;
    const struct limit_conn_conf *limit_conn;
};

static bool is_list(const struct param_variant *upstream)
{
    return upstream->row->type == PARAM_LIST;
}

static bool find_route(struct compiler *c, const struct frame *f, struct route *route)
{
    const struct proxy_part *part = &f->place->part.server.proxy;
    *route = (struct route){&part->upstream, f->place->at, part->balance,
                            &part->limit_req, part->limit_conn};
    if (part->upstream.row->type != PARAM_MAP)
        return true;
    const struct param_map *map = part->upstream.body;
    const struct upstream_conf *found = NULL;
    for (int i = 0; i < map->count; i++) {
        const struct upstream_conf *conf =
            &((const struct upstream_conf *)map->items)[i];
        if (strcmp(map->names[i], f->type) == 0 ||
            (!found && strcmp(map->names[i], "default") == 0))
            found = conf;
    }
    if (!found) {
        complain(c->out, f->place->at, "upstream",
                 "must have an upstream for \"%s\", or one called \"default\"",
                 f->type);
        return false;
    }
    route->upstream = &found->upstream;
    route->at = found->at;
    if (found->balance >= 0)
        route->balance = found->balance;
    if (found->limit_req.row)
        route->limit_req = &found->limit_req;
    if (found->limit_conn)
        route->limit_conn = found->limit_conn;
    return true;
}

/* ---- the servers of a route ------------------------------------------------------ */

static int64_t told(int64_t own, int64_t proxys)
{
    return own >= 0 ? own : proxys;
}

static struct upstream_server resolve(struct compiler *c, const struct proxy_part *part,
                                      struct peer_conf conf, uint32_t at,
                                      const char *key)
{
    conf.max_conns = told(conf.max_conns, part->peer.max_conns);
    conf.max_fails = told(conf.max_fails, part->peer.max_fails);
    conf.queue = told(conf.queue, part->peer.queue);
    conf.least = told(conf.least, part->peer.least);
    if (conf.fail_timeout == SIM_NEVER)
        conf.fail_timeout = part->peer.fail_timeout;
    return (struct upstream_server){conf, compile_find_server(c, at, key, conf.server)};
}

/* The servers in their order, backups last; NULL after a complaint. */
static struct upstream_server *read_servers(struct compiler *c, const struct frame *f,
                                            const struct route *route, int *count)
{
    const struct proxy_part *part = &f->place->part.server.proxy;
    int before = c->out->count, primaries = 0;
    if (!is_list(route->upstream)) {
        struct peer_conf conf = {.server = *(const char *const *)route->upstream->body,
                                 .weight = 1,
                                 .max_conns = -1,
                                 .max_fails = -1,
                                 .queue = -1,
                                 .least = -1,
                                 .fail_timeout = SIM_NEVER};
        struct upstream_server *one = arena_new(c->arena, struct upstream_server);
        *one = resolve(c, part, conf, route->at, "upstream");
        *count = 1;
        return one->place ? one : NULL;
    }
    const struct param_list *list = route->upstream->body;
    const struct peer_conf *conf = list->items;
    struct upstream_server *server =
        arena_many(c->arena, list->count + 1, struct upstream_server);
    *count = 0;
    for (int backup = 0; backup < 2; backup++)
        for (int i = 0; i < list->count; i++)
            if (conf[i].backup == backup)
                server[(*count)++] = resolve(c, part, conf[i], conf[i].at, "server");
    for (int i = 0; i < *count; i++)
        primaries += !server[i].conf.backup;
    if (primaries == 0)
        complain(c->out, route->at, "upstream",
                 "must have a server that is no backup, has %d servers", *count);
    bool hashes = !part->policies && route->balance >= BALANCE_RANDOM;
    if (hashes && primaries < *count)
        complain(c->out, route->at, "upstream",
                 "must have no backup with \"balance\": \"%s\", as nginx says",
                 balance_names[route->balance]);
    return c->out->count > before ? NULL : server;
}

static double share_of(const struct upstream_server *server, int count, int number)
{
    double total = 0, own = 0;
    for (int i = 0; i < count; i++) {
        double weight = server[i].conf.backup || server[i].conf.down
                            ? 0
                            : (double)server[i].conf.weight *
                                  (double)server[i].place->common->replicas;
        total += weight;
        own += i == number ? weight : 0;
    }
    return total > 0 ? own / total : 0;
}

/* ---- passing on ------------------------------------------------------------------ */

static void give_patience(struct compiler *c, const struct frame *f,
                          const struct place *callee, uint32_t number, bool streams)
{
    const struct proxy_part *part = &f->place->part.server.proxy;
    struct call_site *site = VECTOR_AT(&c->call, struct call_site, number);
    site->proxy = site->watched = site->passes_stream = true;
    site->until_first_byte = true;
    compile_timeout(
        c, site, part->read_timeout, (enum status)part->late_status,
        arena_format(c->arena, "%s: no answer from %s", f->place->name, callee->name),
        (int)frame_station(c, f));
    if (streams && part->read_timeout != SIM_NEVER)
        site->idle_cause = compile_cause(
            c,
            arena_format(c->arena, "%s: cut, %s silent for %s", f->place->name,
                         callee->name, compile_duration(c, part->read_timeout)),
            STATUS_RESET, (int)frame_station(c, f));
    const struct service *server = &c->model->service[callee->index];
    site->connect_class = server->part.knock_pauses || server->silent_pauses
                              ? compile_timer(c, part->connect_timeout)
                              : NONE;
    if (site->connect_class != NONE)
        site->connect_cause = compile_cause(
            c,
            arena_format(c->arena, "%s: no connection to %s within %s", f->place->name,
                         callee->name, compile_duration(c, part->connect_timeout)),
            (enum status)part->connect_status, (int)frame_station(c, f));
}

/* Handlers and call sites of the servers, one site each, one after the other. Servers
 * of one route draw the same for a request, as replicas do: the work is its own. */
static double compile_sites(struct compiler *c, struct frame *f,
                            const struct upstream_server *server, int count,
                            uint32_t *first)
{
    struct caller caller = compile_caller(c, f);
    struct handler *handler = arena_many(c->arena, count, struct handler);
    double mean = 0, weight = c->weight;
    bool again = c->again;
    for (int i = 0; i < count; i++) {
        c->weight = weight * share_of(server, count, i);
        c->again = again || i > 0;
        handler[i] = compile_handler(c, f, server[i].place, f->type, f->path,
                                     f->place->at, "upstream");
    }
    c->again = again;
    c->weight = weight;
    c->attended = true;
    *first = c->call.count;
    for (int i = 0; i < count; i++) {
        uint32_t number;
        struct handler called =
            compile_call(c, f, &caller, server[i].place, &handler[i], &number);
        give_patience(c, f, server[i].place, number, called.streams);
        mean += share_of(server, count, i) * called.mean;
        f->streams |= called.streams;
        f->draws |= called.draws;
    }
    c->attended = false;
    return mean;
}

static void add_peers(struct compiler *c, struct balancer_plan *plan,
                      const struct upstream_server *server, int count)
{
    uint32_t total = 0;
    for (int i = 0; i < count; i++)
        total += (uint32_t)server[i].place->common->replicas;
    struct peer_plan *peer = arena_many(c->arena, total, struct peer_plan);
    plan->even = true;
    for (int i = 0; i < count; i++) {
        const struct peer_conf *conf = &server[i].conf;
        for (uint32_t r = 0; r < (uint32_t)server[i].place->common->replicas; r++) {
            peer[plan->peers++] = (struct peer_plan){
                .site = (uint32_t)i,
                .service = server[i].place->index,
                .replica = r,
                .weight = (int32_t)conf->weight,
                .most = (uint32_t)conf->max_conns,
                .max_fails = (uint32_t)conf->max_fails,
                .fail_timeout = conf->fail_timeout / SIM_SECOND,
                .down = conf->down,
                .queue = (uint32_t)conf->queue,
                .least = (uint32_t)conf->least,
            };
            plan->primaries += !conf->backup;
        }
        plan->even &= conf->weight == server[0].conf.weight && !conf->backup;
    }
    plan->peer = peer;
    if (plan->policy == BALANCE_CONSISTENT_HASH)
        build_ring(c, plan);
}

/* Requests of other types that go the same way share the proxy's knowledge. */
static uint32_t find_proxy(struct compiler *c, const struct frame *f,
                           const struct route *route)
{
    for (uint32_t i = 0; i < c->proxy.count; i++) {
        const struct proxy_plan *p = VECTOR_AT(&c->proxy, struct proxy_plan, i);
        const struct param_variant *known = p->upstream;
        if (p->service != f->place->index || p->balance != route->balance)
            continue;
        bool names = !is_list(known) && !is_list(route->upstream);
        if (known->body == route->upstream->body ||
            (names && strcmp(*(const char *const *)known->body,
                             *(const char *const *)route->upstream->body) == 0))
            return i;
    }
    return NONE;
}

static uint32_t proxy_cause(struct compiler *c, const struct frame *f, const char *what,
                            enum status status)
{
    return compile_cause(c, frame_resource_name(c, f, what), status,
                         (int)frame_station(c, f));
}

/* A new connection takes time on the network; without one it is as good as a kept. */
static bool keeps_connections(struct compiler *c, uint32_t site)
{
    return VECTOR_AT(&c->call, struct call_site, site)->latency > 0;
}

static enum balance_policy policy_of(const struct proxy_part *part, int balance)
{
    return (enum balance_policy)(part->policies ? part->policies[balance] : balance);
}

/* HAProxy's policies that do not care whether a server is busy, or see for
 * themselves. */
static bool passes_full(const struct proxy_part *part, enum balance_policy policy)
{
    return policy == BALANCE_LIGHTEST || policy == BALANCE_BEST_OF ||
           policy == BALANCE_MAP || policy == BALANCE_SOURCE ||
           (policy == BALANCE_CONSISTENT_HASH && part->again == AGAIN_SAME);
}

/* How often a request is tried: of nginx, servers; of others, again. */
static uint32_t tries_of(const struct proxy_part *part,
                         const struct balancer_plan *plan)
{
    uint32_t tries = 0;
    if (part->again != AGAIN_NEXT)
        return (uint32_t)part->tries;
    for (uint32_t i = 0; i < plan->peers; i++)
        tries += !plan->peer[i].down;
    return part->tries && tries > part->tries ? (uint32_t)part->tries : tries;
}

static uint32_t add_proxy(struct compiler *c, struct frame *f,
                          const struct route *route,
                          const struct upstream_server *server, int count,
                          uint32_t first)
{
    uint32_t known = find_proxy(c, f, route);
    if (known != NONE)
        return known;
    const struct service *s = &c->model->service[f->place->index];
    const struct proxy_part *part = &f->place->part.server.proxy;
    struct balancer_plan plan = {.policy = policy_of(part, route->balance),
                                 .draws = (uint32_t)part->draws,
                                 .bias = part->bias,
                                 .waits = part->wait == WAIT_FOR_SERVER,
                                 .service = NONE};
    plan.past_full = plan.waits && passes_full(part, plan.policy);
    add_peers(c, &plan, server, count);
    uint32_t tries = tries_of(part, &plan);
    uint32_t workers = part->zone ? 1 : (uint32_t)part->workers;
    enum status nolive = (enum status)part->nolive_status;
    if (plan.peers > 1 && part->tries != 1 && part->next & NEXT_TIMEOUT)
        compile_feedback(c, part->read_timeout);
    *VECTOR_ADD(&c->proxy, c->arena, struct proxy_plan) = (struct proxy_plan){
        .part = part,
        .service = f->place->index,
        .upstream = route->upstream,
        .balance = route->balance,
        .balancer = c->balancer.count,
        .workers = workers,
        .tries = tries < MOST_PROXY_TRIES ? tries : MOST_PROXY_TRIES,
        .peers = plan.peers,
        .policy = plan.policy,
        .check_loop = NONE,
        .nolive_cause = (uint16_t)proxy_cause(c, f, "no live upstream", nolive),
        .full_cause = (uint16_t)proxy_cause(
            c, f, "no live upstream, servers at max_conns", nolive),
    };
    struct proxy_plan *added =
        VECTOR_AT(&c->proxy, struct proxy_plan, c->proxy.count - 1);
    for (int i = 0; i < count; i++)
        added->keeps |= keeps_connections(c, first + (uint32_t)i);
    if (added->keeps)
        added->stale_cause = (uint16_t)proxy_cause(
            c, f, "server closed a kept connection", STATUS_RESET);
    if (c->model->tried_words < (plan.peers + 63) / 64)
        c->model->tried_words = (plan.peers + 63) / 64;
    for (uint32_t i = 0; i < s->instances * workers; i++)
        *VECTOR_ADD(&c->balancer, c->arena, struct balancer_plan) = plan;
    uint32_t number = c->proxy.count - 1; /* checks may lead to other proxies */
    struct proxy_plan whole = *added;
    compile_proxy_edge(c, f, &whole, number, server, count);
    *VECTOR_AT(&c->proxy, struct proxy_plan, number) = whole;
    return number;
}

/* A request that must not be done twice: it comes from a client, perhaps through other
 * proxies, with such a method. */
static bool is_idempotent(const struct compiler *c, const struct frame *f)
{
    for (; f; f = f->caller)
        if (f->place->part.server.duty != DUTY_PROXY)
            return true;
    return c->idempotent;
}

static double compile_attended(struct compiler *c, struct frame *f,
                               const struct route *route)
{
    int count;
    struct upstream_server *server = read_servers(c, f, route, &count);
    if (!server)
        return 0;
    int before = c->out->count;
    uint32_t first;
    const char *path = compile_caller(c, f).path;
    double mean = compile_sites(c, f, server, count, &first);
    if (c->out->count > before)
        return mean;
    uint32_t proxy = add_proxy(c, f, route, server, count, first);
    struct instr *i = frame_emit(c, f, OP_PROXY);
    i->a = first;
    i->b = proxy;
    i->count = is_idempotent(c, f);
    i->key =
        compile_key(c, arena_format(c->arena, "balance:%s@%s", path, f->place->name));
    f->draws = true;
    return mean;
}

static double compile_plain(struct compiler *c, struct frame *f,
                            const struct route *route)
{
    struct place *upstream = compile_find_server(
        c, route->at, "upstream", *(const char *const *)route->upstream->body);
    if (!upstream)
        return 0;
    struct handler handler =
        compile_handler(c, f, upstream, f->type, f->path, f->place->at, "upstream");
    struct caller caller = compile_caller(c, f);
    uint32_t number;
    handler = compile_call(c, f, &caller, upstream, &handler, &number);
    VECTOR_AT(&c->call, struct call_site, number)->balancer =
        compile_balancer(c, &caller, upstream, route->balance);
    give_patience(c, f, upstream, number, handler.streams);
    f->streams = handler.streams;
    f->draws = handler.draws;
    return compile_site(c, f, number, false, handler.mean);
}

/* ---- limits ---------------------------------------------------------------------- */

static void add_limit(struct compiler *c, const struct frame *f,
                      const struct limit_req_conf *conf)
{
    if (conf->nodelay && conf->delay)
        complain(c->out, conf->at, "delay",
                 "must be absent with \"nodelay\": all of the burst passes at once");
    *VECTOR_ADD(&c->limit, c->arena, struct limit_plan) = (struct limit_plan){
        .conf = conf,
        .service = f->place->index,
        .rate = (int64_t)(conf->rate * 1000 + 1e-6),
        .burst = conf->burst * 1000,
        .delay = conf->nodelay ? INT64_MAX : conf->delay * 1000,
        .key = (enum limit_key)conf->key,
        .states = (uint32_t)conf->states,
    };
}

/* One zone serves all routes that have the same limits. */
static uint32_t add_limits(struct compiler *c, const struct frame *f,
                           const struct limit_req_conf *conf, int count)
{
    for (uint32_t i = 0; i < c->limit.count; i++)
        if (VECTOR_AT(&c->limit, struct limit_plan, i)->conf == conf)
            return i;
    for (int i = 0; i < count; i++)
        add_limit(c, f, &conf[i]);
    return c->limit.count - (uint32_t)count;
}

static void use_limit(struct compiler *c, struct frame *f,
                      const struct limit_plan *limit)
{
    enum { THOUSANDTHS = 1000 };
    compile_limit_use(
        c, &(struct limit_use){.conf = limit->conf,
                               .name = frame_resource_name(c, f, "limit_req"),
                               .unit = limit_requests,
                               .station = frame_station(c, f),
                               .rate = (double)limit->rate / THOUSANDTHS *
                                       (double)f->place->common->replicas,
                               .key = (int)limit->key,
                               .amount = 1});
}

static void compile_limit_req(struct compiler *c, struct frame *f,
                              const struct route *route)
{
    if (!route->limit_req->row)
        return;
    bool list = is_list(route->limit_req);
    const struct param_list *several = route->limit_req->body;
    int count = list ? several->count : 1;
    if (count == 0)
        return;
    uint32_t first =
        add_limits(c, f, list ? several->items : route->limit_req->body, count);
    const struct proxy_part *part = &f->place->part.server.proxy;
    for (uint32_t l = first; l < first + (uint32_t)count; l++)
        use_limit(c, f, VECTOR_AT(&c->limit, struct limit_plan, l));
    struct instr *i = frame_emit(c, f, OP_LIMIT);
    i->a = first;
    i->b = (uint32_t)count;
    i->status = (uint8_t)part->limit_req_status;
    i->cause =
        (uint16_t)proxy_cause(c, f, "limit_req", (enum status)part->limit_req_status);
    i->resource = compile_resource(c, frame_resource_name(c, f, "held by limit_req"),
                                   RESOURCE_WAIT, (int)frame_station(c, f));
}

static uint32_t add_count(struct compiler *c, const struct frame *f,
                          const struct limit_conn_conf *conf)
{
    for (uint32_t i = 0; i < c->limit.count; i++)
        if (VECTOR_AT(&c->limit, struct limit_plan, i)->conf == conf)
            return i;
    *VECTOR_ADD(&c->limit, c->arena, struct limit_plan) = (struct limit_plan){
        .conf = conf,
        .service = f->place->index,
        .burst = conf->limit,
        .key = (enum limit_key)conf->key,
        .states = UINT32_MAX,
    };
    return c->limit.count - 1;
}

/* ---- the whole ------------------------------------------------------------------- */

/* Code on the way out, also for errors in what stands between. */
static void wrap(struct compiler *c, struct frame *f, uint32_t *outer)
{
    *outer = f->pad;
    f->pad = frame_new_label(c);
}

static void unwrap(struct compiler *c, struct frame *f, uint32_t outer, enum op op,
                   uint32_t number)
{
    frame_label(c, f, f->pad);
    f->pad = outer;
    frame_emit(c, f, op)->a = number;
}

static double compile_counted(struct compiler *c, struct frame *f,
                              const struct route *route)
{
    const struct proxy_part *part = &f->place->part.server.proxy;
    compile_limit_req(c, f, route);
    if (!route->limit_conn)
        return compile_attended(c, f, route);
    uint32_t outer, number = add_count(c, f, route->limit_conn);
    struct instr *i = frame_emit(c, f, OP_COUNT);
    i->a = number;
    i->status = (uint8_t)part->limit_conn_status;
    i->cause =
        (uint16_t)proxy_cause(c, f, "limit_conn", (enum status)part->limit_conn_status);
    wrap(c, f, &outer);
    double mean = compile_attended(c, f, route);
    unwrap(c, f, outer, OP_UNCOUNT, number);
    return mean;
}

static void open_workers(struct compiler *c, const struct frame *f, struct service *s)
{
    const struct proxy_part *part = &s->part.proxy;
    if (s->workers > 0)
        return;
    s->workers = (uint32_t)part->workers;
    s->first_worker = c->model->workers;
    c->model->workers += s->workers * s->instances;
    s->worker_key = compile_key(c, arena_format(c->arena, "worker:%s", s->name));
    s->counts_connections = part->workers > 1 || part->connections != UNLIMITED;
    if (part->connections == UNLIMITED)
        return;
    s->closed_cause = (uint16_t)proxy_cause(
        c, f, "connection closed, worker_connections", STATUS_RESET);
    s->exhausted_cause =
        (uint16_t)proxy_cause(c, f, "500, worker_connections", STATUS_500);
}

/* Does it do more than to pass requests on? */
static bool attends(const struct compiler *c, const struct proxy_part *part,
                    const struct route *route)
{
    if (part->attends || is_list(route->upstream))
        return true;
    const char *name = *(const char *const *)route->upstream->body;
    for (int i = 0; i < c->places; i++)
        if (strcmp(c->place[i].name, name) == 0 && c->place[i].common)
            return outage_drains(c->place[i].common);
    return false;
}

double compile_proxy(struct compiler *c, struct frame *f)
{
    const struct proxy_part *part = &f->place->part.server.proxy;
    struct service *s = &c->model->service[f->place->index];
    struct route route;
    if (!find_route(c, f, &route))
        return 0;
    if (!attends(c, part, &route))
        return compile_plain(c, f, &route);
    open_workers(c, f, s);
    if (!s->counts_connections) {
        double mean = compile_counted(c, f, &route);
        compile_hand_on(c, f);
        return mean;
    }
    uint32_t outer;
    frame_emit(c, f, OP_ACCEPT)->a = 0;
    wrap(c, f, &outer);
    double mean = compile_counted(c, f, &route);
    compile_hand_on(c, f);
    unwrap(c, f, outer, OP_HANG_UP, 0);
    return mean;
}
