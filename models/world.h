/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * world -- the mutable state of one replication, and the verbs on it. Internal to
 * models/.
 *
 * A request is what a client wants answered; it lives at the client and is tried once
 * or more. A task is a request being worked on in one place; a call makes a child task
 * at the callee. Handles are an index and a stamp: what is told to a task or request
 * that has moved on, or whose slot has been used again, is recognised by its stamp and
 * dropped. That is how a caller that gave up leaves its callee running for nobody.
 *
 * Nothing recurses: whoever can go on is put on the ready list, which is drained
 * between events. Everything lives in one arena.
 */
#ifndef MODELS_WORLD_H
#define MODELS_WORLD_H

#include "models/compiled.h"
#include "models/zone.h"
#include "sim/event_list.h"
#include "sim/level.h"
#include "sim/timer.h"

/* An event's slot, and a timer's owner: 2 bits of what it is, 22 bits of which. */
enum slot_sort { SLOT_TASK, SLOT_REQUEST, SLOT_TIMER, SLOT_ACTOR };
enum { SLOT_INDEX_BITS = 22, MOST_TASKS = 1 << SLOT_INDEX_BITS };
#define SLOT(sort, index) ((uint32_t)(sort) << SLOT_INDEX_BITS | (uint32_t)(index))
enum { OWNER_DEADLINE = 1 << 24 }; /* this timer is of the whole request */
enum { MEMOS = 256 };

enum task_state {
    TASK_FREE,
    TASK_TRAVEL, /* on the network towards its service */
    TASK_QUEUED, /* waits for a slot */
    TASK_READY,
    TASK_DELAY,
    TASK_CPU,
    TASK_CALLING, /* waits for a callee */
    TASK_FORKED,  /* waits for its branches */
    TASK_POOL,    /* waits for a connection */
    TASK_OPENING, /* opens one for itself */
    TASK_FILL,    /* waits for another task to fill a cache */
    TASK_GATE,    /* held by a guard of its service, or in its line */
    TASK_PERMIT,  /* held by a guard around a call of its own */
    TASK_BATCH,   /* waits for a batch, or is in one */
    TASK_ENGINE,  /* a language model reads it, and writes */
    TASK_BACKOFF, /* waits to call again */
    TASK_TURN,    /* at a proxy, waits for a server to be free */
    TASK_REPLY,   /* answered, on the network back */
    TASK_HELD,    /* ready, but its instance is frozen */
    TASK_DEAD,    /* killed: freed by the event or turn that is still on its way */
};

enum task_flag {
    TASK_HAS_SLOT = 1,
    TASK_CONNECTED = 2, /* holds a connection of its database for itself */
    TASK_KNOCKED = 4,    /* its connection attempt has been dropped at least once */
    TASK_CONNECTING = 8, /* its timer is that of the connection */
    TASK_CONNECTS = CALL_CONNECTS, /* is to connect to its database for itself */
    TASK_BEGUN = 32,               /* has run on its event loop */
    TASK_SPOKEN = 64,              /* its first byte has left */
    TASK_SESSION = 128,            /* an open session */
    TASK_GUARDED = CALL_GUARDED,   /* guards have to be passed, or told of its end */
    TASK_PASSED = 512,             /* it has passed them */
    TASK_LADEN = 1024,             /* it has taken memory */
    TASK_NEAR = CALL_NEAR,         /* its answer is there at once */
    /* at a proxy, which has no queries and no loop: */
    TASK_GRANTED = TASK_CONNECTS, /* its server is set aside for it */
    TASK_SAME = TASK_BEGUN,       /* the server it had is tried again */
};

/* A request at a proxy. */
struct proxied {
    sim_time began;   /* the first attempt */
    sim_time opened;  /* the connection to the server */
    uint32_t counted; /* its state in the zone of limit_conn */
    uint16_t worker;
    uint8_t tries; /* left */
    bool reused;   /* the connection to the server has been used before */
    uint32_t requests; /* on that connection */
    bool retrying; /* counts among the retries under way */
};

struct task {
    _Alignas(64) uint32_t pc;
    uint32_t next; /* in whatever queue it is, or the free list */
    uint32_t wait; /* stamp of what it waits for; moves on with every wait */
    uint32_t parent; /* who waits for its answer: a task; NONE: a request or nobody */
    uint32_t parent_wait;
    uint32_t request; /* whose time it spends; NONE: background */
    uint32_t stamp;   /* of that request */
    uint32_t call;    /* site it was called from; NONE: branch or background */
    uint64_t entity;  /* addresses its draws */
    sim_time since;   /* when the present wait began */
    uint32_t instance, process;
    uint8_t state, status, attempt;
    uint16_t flags, cause;

    uint32_t timer;
    uint32_t visit; /* counts loop turns: later visits draw anew */
    union {
        uint32_t peer; /* instance it is calling; of a proxy: server, by its number */
        uint32_t branches_failed; /* TASK_FORKED */
    };
    union {
        uint32_t branches_left;
        uint32_t child; /* TASK_CALLING */
    };
    union {
        struct {
            uint32_t loop[MAX_LOOPS];
            double finish; /* GIL: when it is done, in its process's time */
        };
        struct proxied via; /* at a proxy */
    };
    sim_time demand;  /* of the CPU it asks for; TASK_BACKOFF: the pause */
    sim_time entered; /* when it got its slot */
};

enum request_state {
    REQUEST_FREE,
    REQUEST_CALLING,
    REQUEST_BACKOFF,
    REQUEST_THINKING,
    REQUEST_WAITING,    /* for a connection */
    REQUEST_CONNECTING, /* opens one */
};

struct request {
    _Alignas(64) sim_time start; /* intended */
    sim_time pause;      /* the last back-off */
    uint64_t entity;     /* closed, sessions: user << 32 | k-th request */
    uint32_t stamp;      /* moves on whenever work for it is abandoned */
    uint32_t wait;
    uint32_t next;
    uint32_t timer, deadline;
    uint32_t peer;
    uint32_t child; /* REQUEST_CALLING */
    uint16_t type, workload;
    uint16_t attempts, renewed; /* renewed: of them, those up to the last stream that
                                   broke after it had begun; 0: none has */
    uint8_t state;
    bool measured;
    bool begun; /* the first byte of the attempt under way has left */
};

/* What its client has had of a stream. */
struct heard {
    sim_time first_byte; /* while it has begun */
    uint32_t tokens;     /* there will have been; 0: not known */
};

/* What a request has beside that, in scenarios whose clients do more than ask. */
struct visit {
    sim_time wakes;      /* whatever it waits for is over; SIM_NEVER: nothing is due */
    sim_time leaves;     /* without an answer */
    sim_time reloads;
    sim_time taken; /* a stage takes the VU away: it is interrupted then; SIM_NEVER */
    sim_time began;      /* the attempt, with what comes before it is sent */
    sim_time sent;
    sim_time idle_since; /* a user's own connection; SIM_NEVER: there is none */
    uint32_t reloaded;   /* so often */
    uint32_t lane;       /* of connections */
    bool linked;         /* has a connection */
    bool retry;          /* this attempt is one */
    bool interrupted;    /* it was broken off with its iteration */
};

struct queue {
    uint32_t first, last, count;
};

/* Connections that requests of a workload share. */
struct lane {
    sim_time behind; /* a schedule is made up for since then; SIM_NEVER: it is kept */
    int64_t made_up; /* requests since then */
    int64_t open;    /* idle ones included */
    sim_time *idle; /* since when: the last used last */
    uint32_t idles, room;
    struct queue waiting; /* requests */
};

enum held_sort {
    HELD_RUN,     /* could go on */
    HELD_EVENT,   /* its pause is over */
    HELD_TIMEOUT, /* its patience is over */
    HELD_ARRIVAL, /* a connection to accept */
};

struct held {
    sim_time since;
    uint32_t task, wait;
    enum held_sort sort;
};

/* Cores that are not always there: a quota of CPU time, credits, a law of slowdown. */
struct governor {
    const struct cpu_rules *rules;
    struct counts *counts;
    double cores; /* at present */
    double speed; /* of them; below 1 in slow times */
    uint32_t hangs; /* outages that make it stand still */
    double budget;     /* ns of CPU time left of this period */
    sim_time boundary; /* end of this period */
    bool frozen;
    struct held *held; /* what happened while frozen, in order */
    uint32_t held_count, held_room, arrivals;
    sim_time since;  /* up to here they are counted */
    double balance;  /* credits */
    sim_time review; /* when they may have changed the speed */
};

struct unit {
    double finish;
    uint32_t id;
}; /* in cpu.work */

/* The cores of an instance, shared equally by units: tasks, or processes that share
 * theirs in turn. Virtual time: every unit has had `work` ns of core time since the
 * cores were last idle. */
struct cpu {
    double work, rate, inverse; /* rate of `work`, 1 / rate */
    double cores;
    sim_time since;
    sim_time armed, behind; /* pending events: the valid one, and one it overtook */
    struct unit *heap;
    uint32_t units, room;
    struct governor *governor; /* NULL: the cores are always there */
    uint128 area;
};

struct process {
    struct queue queue; /* eager: accepted, waiting for a slot */
    struct queue cpu;   /* loop: rest of this turn; GIL: all that want the lock */
    struct queue resumed, fresh; /* loop: the next turn, in this order */
    uint32_t busy;
    uint32_t running;        /* loop: the task that has the loop; NONE */
    sim_time started;        /* loop: when that got it */
    sim_time since;          /* of the last change of what `area` sums */
    uint128 area;            /* slots in use, x ns; of a loop: time that it ran */
    double turn, turn_since; /* GIL: core time each thread has had, and cpu.work then */
};

enum process_life {
    LIFE_RUNNING,
    LIFE_STOPPING, /* is about to drain */
    LIFE_DRAINING, /* accepts nothing, finishes what it has */
    LIFE_BOOTING,  /* the old one is gone, the new one not there */
};

/* What a process that comes and goes has beside the above. */
struct worker {
    struct instance *instance;
    uint8_t life;
    uint32_t lives;           /* begun so far */
    int64_t requests, limit;  /* had in this life; max_requests, jitter included */
    sim_time since;           /* of this life */
    sim_time took;            /* its last request */
    sim_time due;             /* of the event that is meant for it; others are stale */
};

/* An eager process in the race for connections. */
struct racer {
    double odds;             /* to win the next one */
    double flutter, drift;   /* parts of their logarithm */
    uint32_t age;            /* 0: the youngest */
    sim_time looks_from, looks_until; /* through what it holds */
};

enum { AWAY_SILENT = 1 << 16 };

struct instance {
    const struct service *service;
    struct counts *counts; /* of its station */
    uint32_t first_process;
    struct queue queue; /* connections nobody has taken */
    struct level busy, waiting;
    int64_t memory; /* of requests */
    int64_t memory_most;
    uint32_t alive; /* processes there are, draining ones with them */
    int64_t *weight; /* of each process, while one is chosen to be killed */
    bool oom;        /* too much was asked for just now */
    bool down;       /* its container is not there */
    uint32_t restarts; /* of it, since it last ran for long */
    sim_time up_since;
    int64_t queue_room; /* of its listen queue: none while it is down */
    int64_t connections; /* databases */
    uint64_t accepted;
    uint32_t running; /* processes that accept */
    sim_time restarts_at;    /* the next process is told to stop; SIM_NEVER */
    uint32_t restarted;      /* of this round */
    sim_time look, looks_at; /* when signs of life are looked at: the first time of all,
                                and the next that can find something */
    struct racer *racer; /* its processes, when they race; NULL: they do not */
    uint64_t drift_step;
    sim_time drifted_until;
    sim_time won_at; /* when the race was last run, and by whom it was won */
    uint32_t winner;
    struct cpu cpu;
    uint32_t away; /* outages now that refuse; of those that say nothing, AWAY_SILENT
                      each */
    uint32_t slow; /* outages now that make it slow */
    double speed;  /* then: of all it does */
    char spare[112]; /* a power of two is found by a shift, not by multiplying */
};
_Static_assert((sizeof(struct instance) & (sizeof(struct instance) - 1)) == 0,
               "spare of an instance");

/* An open connection of a pool that tells them apart. */
struct connection {
    sim_time opened, expires, idle_since;
    sim_time asked, granted; /* by the task that has it, and when it got it */
    sim_time held_from;      /* likewise of a session, which has it from then on */
    uint32_t next;           /* idle, or free */
    uint32_t task;           /* that has it; NONE */
    uint32_t copy;           /* of the pooler that it leads to */
    uint32_t pinned_state, pinned; /* its session's connection behind: pool, number */
    bool open, idle, doomed;       /* doomed: closed when it comes back */
};

struct pool_state {
    uint32_t pool;
    uint32_t in_use, idle, opened; /* opened: with idle and opening ones */
    struct queue queue;
    struct level busy, waiting;
    struct connection *connection; /* where they are told apart */
    uint32_t connections, room;    /* ever open at a time */
    uint32_t first_idle, last_idle, first_free;
    uint64_t serial; /* connections opened so far */
    int64_t clients; /* connected, where they are limited */
    bool opening;    /* one in the background, until open_at */
    uint32_t being_opened;
    sim_time open_at, not_before; /* not before: the next attempt */
    sim_time retry;               /* pause after the next refusal */
    sim_time last_end;            /* of a connection's life */
    sim_time armed;               /* when the clock is looked at next */
    bool failing;                 /* the last attempt was refused */
};

/* A connection that a task holds. */
struct hold {
    sim_time since; /* SIM_NEVER: none is held to the end of the handler */
    uint32_t state, connection;
};

enum peer_bar {
    PEER_DOWN = 1,
    PEER_FULL = 2,    /* as many calls under way as it may have */
    PEER_FAILED = 4,  /* too often, until its time is over */
    PEER_WATCHED = 8, /* has failed; it may be taken */
    PEER_DRAINS = 16, /* is to get nothing new */
    PEER_SICK = 32,   /* fails its health checks */
    PEER_EJECTED = 64, /* failed more than the others */
    PEER_WARMS = 128,  /* has come back, and has less than its share yet */
};

/* A server, as one balancer sees it. */
struct peer {
    uint32_t conns; /* calls under way from here */
    uint32_t most;  /* of them; 0: any number */
    int32_t weight, effective, current; /* of turns, see balance.c */
    uint32_t barred;                    /* bits of enum peer_bar */
    uint32_t fails;
    int64_t accessed, checked; /* s: last failure; that, or the last probe */
    const struct peer_plan *plan;
};

struct balancer {
    const struct balancer_plan *plan;
    struct peer *peer;
    uint32_t next;   /* whose turn it is while all are alike */
    uint32_t barred; /* servers that anything bars */
    bool spelled;    /* turns go by the servers' current weights, not by `next` */
    bool panic;      /* too few are well: their health does not count */
    struct edge *edge; /* NULL: nothing of what edge.h says */
};

/* A connection to a server that a proxy keeps open. */
struct idle {
    uint32_t proxy, peer, requests;
    sim_time since, opened;
};

/* A worker process of a proxy. */
struct proxy_worker {
    int64_t connections;           /* in use, with clients and servers together */
    struct idle *idle;             /* the longest idle first */
    uint32_t idles, idle_room;
};

enum { BUDGET_SLICES = 10 }; /* of Finagle's ttl */

/* What a budget of retries has counted. */
struct budget {
    double tokens;    /* gRPC */
    uint32_t calls, retries; /* Envoy: under way, and of them retries, or their pause */
    double slice[BUDGET_SLICES], sum; /* Finagle: by time, and all that count */
    int64_t now;      /* slice, since the start */
};

struct arrivals {
    uint64_t count;    /* arrivals so far; of sessions: users */
    uint64_t requests; /* requests so far */
    struct draw_memo memo, type_memo;
    bool one_by_one; /* one request an arrival */
    bool by_gaps;    /* gaps are drawn, */
    bool stretched;  /* and the rate varies */
    bool plain;      /* a Poisson process of requests that are all alike */
    double mean_gap; /* ns */
    double gap;      /* before the next arrival but one: drawn early, off the path that
                          the next event waits for */
    double position; /* ns: where on the profile or in the state */
    double lap;      /* ns: where the profile began */
    double state_end;
    uint32_t segment; /* of the profile, or state */
    uint64_t switches;
    double scale; /* mmpp: multiplier that makes the mean rate the given one */
    int64_t users;     /* who have not left */
    int64_t begun;     /* of iterations that are shared */
    bool interrupted;  /* the test is over */
    int64_t busy, vus; /* of an arrival rate: at work; beyond those at first */
    bool starting;     /* one more, */
    sim_time started_at;
    uint32_t lane; /* of the next request */
};

/* One look-up of a task that has missed, until what it missed is filled in. */
struct lookup {
    uint32_t store;  /* NONE: nothing to fill */
    uint32_t key;
    uint32_t flight; /* that waits for this task; NONE */
    sim_time began;
};

/* Somebody is making an entry, others wait for it. */
struct flight {
    uint32_t store, set, key;
    uint32_t next; /* in the list of free ones */
    struct queue waiting;
};

/* A stream or session that a task sends. */
struct pace {
    sim_time last;    /* chunk */
    sim_time ends;    /* sessions */
    sim_time through; /* the client has what has left by then */
    bool silent;      /* for longer than somebody on the way bears */
};

/* What a request keeps of its streams from one task, or attempt, to the next. */
struct carried {
    sim_time through; /* as above: what a proxy has taken */
    sim_time had;     /* of the session, before it broke */
};

/* The caches of one replication. */
struct caches {
    struct store *store;      /* of every cache, one an instance */
    bool *flushed;            /* likewise */
    uint32_t ***flying;       /* [store][set][key]: flight + 1; NULL: nobody waits */
    struct lookup *lookup;    /* [task][MAX_LOOKUPS] */
    struct flight *flight;
    uint32_t flights, flight_room, flight_free;
};

/* What a station counts beside its levels; restarted at the end of warm-up. */
struct counts {
    uint64_t lost, redelivered, failed; /* of a queue of jobs */
    uint64_t arrivals, served, refused, timed_out, waited;
    struct tally wait;
    uint128 held;
    uint64_t throttled; /* periods whose quota was used up, of all instances */
    uint128 frozen;     /* ns they stood still for it */
    uint128 surplus;    /* thousandths of a core, x ns: used on credit */
    uint64_t killed, restarts; /* processes and containers, for want of memory */
    struct cache_counts cache;
};

struct world {
    const struct model *m;
    const struct instr *code;     /* of m, and so is */
    const struct call_site *call; /* these: they are asked for most */
    const struct type *type;
    const struct workload *workload;
    struct event_list events;
    struct timers timers;
    struct arena *arena;
    struct outcome *out;
    sim_time now;
    uint32_t replication;
    uint32_t frozen; /* instances that stand still */

    struct task *task;
    uint32_t tasks, task_room, task_free; /* used so far, room, list of free ones */
    struct request *request;
    uint32_t requests, request_room, request_free;
    struct visit *visit; /* [request]; NULL where nobody needs it */
    struct lane *lane;   /* of connections, those of a workload together */
    struct passage *passage; /* [task][GUARD_SIDES]; NULL where nothing is guarded */
    void **guard;            /* states of guards */
    struct line **line;      /* by instance; NULL, and entries: no rules */
    float *blame; /* [request][resource] ns spent so far; shares need no more digits */
    uint32_t resources;
    uint64_t *met; /* [request] bits of those it has spent time on, by number modulo 64;
                      NULL where there are few */
    uint32_t *ready; /* who can go on, in order; empty between events */
    uint32_t ready_count, ready_room;

    struct instance *instance;
    struct process *process;
    struct worker *worker; /* by process; NULL where all live for ever */
    struct pool_state *pool;
    struct balancer *balancer;
    struct proxy_worker *proxy_worker;
    struct zone *zone;
    struct down *down; /* by actor of outages */
    struct meter **meter;   /* by service; NULL where there are none */
    struct batcher **batcher; /* by instance; likewise */
    uint32_t *batch_actor;    /* whose they are, by their order */
    int64_t *memory; /* [task] bytes it has taken, if any; NULL where nobody does */
    uint64_t *once;           /* by process: bits of what it has done; likewise */
    struct engine **engine; /* by instance; NULL where there are none */
    uint64_t *tried; /* [task][tried_words] servers that a proxy has tried */
    struct arrivals *arrivals;
    struct chronicler *chronicler; /* NULL: nobody wants a chronicle */
    struct budget *budget;
    struct counts *counts; /* by station */
    struct hold *held;     /* [task][MAX_HELD]; NULL without pools */
    struct caches caches;  /* all NULL where no keys are followed */
    struct table **table;  /* by service; NULL: none */
    struct pace *pace;     /* [task]; these NULL without streams */
    struct heard *heard;     /* [request]; likewise */
    struct carried *carried; /* [request]; NULL unless anything is */
    struct level *open;    /* [type] streams */
    uint32_t *crowd;       /* [process of a service] sessions */

    struct draw_memo memo[MEMOS]; /* of the draws of tasks */

    uint64_t cap; /* of tasks and requests alive */
    uint64_t measured_in_flight;
    sim_time measure_from, measured_span;
    uint32_t working; /* workloads that still send */
    enum window_stage { WINDOW_BEFORE, WINDOW_OPEN, WINDOW_DRAINING } window;
    const struct window *window_given;
    sim_time earlier; /* when time was last seen to move */
    uint64_t looks;   /* so far, at whether it does */
    uint32_t until_look; /* events before the next */
    sim_time drain;
    bool open_end;    /* who begins after the window is measured, too */
    bool until_empty; /* no window: everything is measured, to the last answer */
    uint64_t left;    /* then: requests not answered yet when somebody last looked, */
    sim_time left_since; /* and since when as many */
    bool stop;
};

/* chronicle.c: all but the first only where there is a chronicler. */
void chronicle_open(struct world *w, sim_time span);
void chronicle_close(struct world *w);
/* Levels are about to be restarted. */
void chronicle_restart(struct world *w);
void chronicle_begun(struct world *w, uint32_t type, sim_time start);
void chronicle_ended(struct world *w, const struct request *request,
                     enum status status);
void chronicle_dropped(struct world *w, uint32_t type);
/* Something befalls a station, or is over. */
void chronicle_note(struct world *w, uint32_t station, const char *what, bool over);

/* Has nothing been answered for so long that nothing will be? Who does something again
 * and again for ever stops then, lest a run never end. */
bool world_is_stalled(struct world *w);

/* Are as many tasks and requests alive as may be? Counts: not for every event. */
bool world_is_full(const struct world *w);

/* If so, no event comes after the present one. */
static inline void world_stop_if(struct world *w, bool over)
{
    if (RARELY(over)) {
        w->stop = true;
        w->until_look = 1;
    }
}

/* ---- queues ---------------------------------------------------------------------- */

static inline void queue_put(struct world *w, struct queue *q, uint32_t task)
{
    w->task[task].next = NONE;
    if (q->count++ == 0)
        q->first = task;
    else
        w->task[q->last].next = task;
    q->last = task;
}

static inline uint32_t queue_take(struct world *w, struct queue *q)
{
    uint32_t task = q->first;
    q->first = w->task[task].next;
    q->count--;
    return task;
}

/* Is the task somewhere in the queue? */
static inline bool queue_holds(const struct world *w, const struct queue *q,
                               uint32_t task)
{
    for (uint32_t i = q->count, at = q->first; i > 0; i--, at = w->task[at].next)
        if (at == task)
            return true;
    return false;
}

/* Take a task out that is somewhere in the queue. */
void queue_remove(struct world *w, struct queue *q, uint32_t task);

/* ---- tasks (task.c) -------------------------------------------------------------- */

uint32_t task_new(struct world *w);
void task_free(struct world *w, uint32_t task);

void task_more_ready(struct world *w);

/* The task goes on with its next instruction. */
static inline void task_ready(struct world *w, uint32_t task)
{
    w->task[task].state = TASK_READY;
    if (RARELY(w->ready_count == w->ready_room))
        task_more_ready(w);
    w->ready[w->ready_count++] = task;
}

/* The task goes on where errors of its present instruction are handled. */
void task_fail(struct world *w, uint32_t task, enum status status, uint16_t cause);

/* Whatever it waited for outside of a slot has come: a network hop, a pause. */
void task_event(struct world *w, uint32_t task);
void task_timeout(struct world *w, uint32_t task);

/* Run the task (NONE: the first who is ready), whoever is ready, and becomes it by
 * that, until they must wait. */
void task_run(struct world *w, uint32_t task);
/* The same while instances stand still: theirs are held. */
void task_run_thawed(struct world *w, uint32_t task);

/* The draws of the task for its present instruction. */
struct draw task_draw(struct world *w, const struct task *t, const struct instr *i);

/* Does anybody still wait for its answer? */
bool task_is_awaited(const struct world *w, const struct task *t);

/* The connection of a child's call has been dropped, or taken after all: the caller's
 * patience is now with the connection, or with the answer. */
void task_connecting(struct world *w, const struct task *child, bool connecting);

/* Room for an array that has filled its room: a sixteenth more, stopping short at the
 * cap so that going beyond it is noticed. */
static inline uint32_t grown_room(const struct world *w, uint32_t room)
{
    uint32_t more = room + (room < 65536 ? 4096 : room / 16);
    return room < w->cap && more > w->cap ? (uint32_t)w->cap : more;
}

/* The task is over: give back what it holds; answer with its status. */
void task_leave(struct world *w, uint32_t task);
void task_answer(struct world *w, uint32_t task);

/* The present instruction's call begins; or guards have rejected it. */
void task_call(struct world *w, uint32_t task);
void task_call_refused(struct world *w, uint32_t task, enum status status,
                       uint16_t cause);

/* The task no longer waits for its callee, which works for nobody from now on. */
void task_stop_calling(struct world *w, uint32_t task);
/* The task will not try its call again after all. */
void task_stop_pausing(struct world *w, uint32_t task);

/* The child answers its parent or client and is gone. */
void task_deliver(struct world *w, uint32_t child);

/* The call that the task waits for is broken off, and ends like this for it. */
void task_break_call(struct world *w, uint32_t task, enum status status,
                     uint16_t cause);

/* Whoever asked gives up: what works for it works for nobody. */
void task_abandon(struct world *w, uint32_t caller);

static inline void task_cancel_timer(struct world *w, struct task *t)
{
    if (t->timer != TIMER_NONE) {
        timer_cancel(&w->timers, t->timer);
        t->timer = TIMER_NONE;
    }
}

/* A request has spent time on a resource. */
HOT_INLINE void blame(struct world *w, uint32_t request, uint16_t resource,
                      sim_time time)
{
    w->blame[(size_t)request * w->resources + resource] += (float)time;
    if (RARELY(w->met))
        w->met[request] |= UINT64_C(1) << resource % 64;
}

HOT_INLINE void spend(struct world *w, const struct task *t, uint16_t resource,
                      sim_time time)
{
    if (t->request != NONE && w->request[t->request].stamp == t->stamp)
        blame(w, t->request, resource, time);
}

/* A delay is over: the task is about to go on, which the caller sees to. */
static inline void task_delayed(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    spend(w, t, w->code[t->pc++].resource, w->now - t->since);
    t->state = TASK_READY;
}

/* ---- who waits for ever (deadlock.c) --------------------------------------------- */

/* Once, when the replication is over: tells the outcome. */
void deadlock_find(struct world *w);

/* ---- ending work from outside (kill.c) ------------------------------------------- */

/* What its caller is told, and how much later. */
struct killing {
    enum status status;
    uint16_t cause;
    sim_time known;
};

/* End the task, whatever it is doing: what it holds is given back, what it called runs
 * on for nobody, and its caller gets the status. Rare, and may take long: queues are
 * searched. A task that has answered already is left alone. One that kills itself by an
 * instruction must go on with its next: that buries it. */
void task_kill(struct world *w, uint32_t task, const struct killing *how);

/* The same for all that a process (counted within its instance) works on or has queued
 * for itself; its connections to databases are closed. */
void process_kill(struct world *w, struct instance *instance, uint32_t process,
                  const struct killing *how);

/* The task is answered for by another from now on, whose number this is, and goes on
 * for nobody. */
uint32_t task_double(struct world *w, uint32_t task);

/* ---- tasks that call ------------------------------------------------------------- */

/* A task in the background of another, which goes on at `pc`; to be made ready. */
uint32_t task_branch(struct world *w, uint32_t parent, uint32_t pc);

/* A child for call site `site` at `instance`, on its way. */
uint32_t call_start(struct world *w, uint32_t site, uint32_t instance);

/* ---- trying again (retry.c) ------------------------------------------------------ */

/* The pause before attempt `attempt` + 1 by a retry policy; `last` is the one
 * before. */
sim_time retry_pause(const struct world *w, const struct retry_policy *policy,
                     uint64_t entity, uint32_t attempt, sim_time last);
/* Whoever has made so many attempts tries again, as far as that is left to chance. */
bool retry_chance(const struct world *w, const struct retry_policy *policy,
                  uint64_t entity, uint32_t attempts);
/* The pause that the failed answer asked for; 0: none, or it does not matter. */
sim_time retry_told(const struct world *w, const struct retry_policy *policy,
                    uint16_t cause);

void budgets_open(struct world *w);
/* A request begins whose retries come from this budget. */
void budget_begin(struct world *w, uint32_t budget);
/* One of its attempts is over. */
void budget_attempt(struct world *w, uint32_t budget, bool retry, bool ok);
/* It wants to be tried again: is it allowed? Then that is counted. */
bool budget_take(struct world *w, uint32_t budget);
/* A retry that was allowed is not made after all. */
void budget_return(struct world *w, uint32_t budget);

/* Before a process's busy slots, or (loop) what it runs, change. */
static inline void process_lasted(struct process *p, uint32_t level, sim_time now)
{
    p->area += (uint128)level * (uint64_t)(now - p->since);
    p->since = now;
}

/* ---- servers (server.c) ---------------------------------------------------------- */

void server_enter(struct world *w, uint32_t task);
/* Nobody takes the connection, and says so, or does not: then it knocks again after
 * pauses of so many seconds, up to a 0. */
void server_refuse(struct world *w, uint32_t task, enum status status, uint16_t cause);
void server_knock(struct world *w, uint32_t task, const int *pauses, uint16_t cause);
/* What a task on its way spends its time on: the network, or knocking. */
uint16_t server_way_resource(const struct world *w, const struct task *t);
void server_leave(struct world *w, uint32_t task);
void server_open(struct world *w, struct instance *instance);
/* A process that accepts again takes what it can from the listen queue. */
void server_accept(struct world *w, struct instance *instance, uint32_t process);
/* A task that is killed while it waits for a slot. */
void server_withdraw(struct world *w, uint32_t task);

/* A task has passed the guards: it takes a slot, waits, or is turned away. */
void server_admit(struct world *w, uint32_t task);
/* For lines: a process with a free slot, or NONE; giving it to a task; and a task for
 * whom there is no room. */
uint32_t server_free_process(const struct world *w, const struct instance *instance);
void server_give_slot(struct world *w, uint32_t task, uint32_t process);
void server_turn_away(struct world *w, uint32_t task);

/* ---- guards (guard.c, breaker.c, rate.c, concurrency.c) -------------------------- */

/* A task may meet guards twice at a time: those of its own service, and those around a
 * call that it makes. */
enum guard_side { SIDE_SERVICE, SIDE_CALL, GUARD_SIDES };

/* Where a guard let a request pass, and what it wants to know of that at the end. */
struct pass { sim_time at; int64_t in_flight; };

struct passage {
    uint32_t next; /* guard that it stands before; their number: past all */
    struct pass pass[MOST_GUARDS];
};

struct guard_end {
    enum status status;
    sim_time took;     /* since the guard let it pass */
    int64_t in_flight; /* as the guard noted it then */
    bool cancelled;    /* no result: whoever asked has gone before it began, or died */
};

/* What a guard says to a request: a time to wait, or one of these. */
enum { GUARD_PASS = 0, GUARD_REJECT = -1, GUARD_HOLD = -2 /* until it is called */ };

struct guard_kind {
    void *(*open)(struct world *w, const struct guard_plan *plan);
    sim_time (*enter)(struct world *w, void *state, const struct guard_plan *plan,
                      uint32_t task, struct pass *pass);
    void (*leave)(struct world *w, void *state, const struct guard_plan *plan,
                  const struct guard_end *end);
    /* Of a guard that holds: the task waits no more. */
    void (*forget)(struct world *w, void *state, uint32_t task);
};

extern const struct guard_kind breaker_kind, bulkhead_kind, rate_limiter_kind,
    token_bucket_kind, leaky_bucket_kind, fixed_window_kind, sliding_window_kind,
    sliding_log_kind, shedding_kind, aimd_kind, gradient_kind, gradient2_kind,
    vegas_kind;

void guards_open(struct world *w);
void guards_grow(struct world *w, uint32_t tasks);

/* A request comes to the guards of its service, or of the call that it is about to
 * make: it passes (server_admit, task_call), is held, or is rejected. */
void guard_enter(struct world *w, uint32_t task, enum guard_side side);
/* Before its first time, or while its service cannot even look at it. */
void guard_arrive(struct world *w, uint32_t task, enum guard_side side);
/* What held it is over: the time, or somebody else's call. */
void guard_go_on(struct world *w, uint32_t task);
void guard_timeout(struct world *w, uint32_t task);
/* It has ended, in whatever way. */
void guard_left(struct world *w, uint32_t task, enum guard_side side,
                enum status status, bool cancelled);
/* Is a task at the gate in the line for a slot, not held by a guard? */
bool guard_has_let_pass(const struct world *w, uint32_t task);
/* A task that is killed while it is held; true: an event is on its way to it. */
bool guard_withdraw(struct world *w, uint32_t task);

/* ---- lines (line.c) -------------------------------------------------------------- */

void lines_open(struct world *w);
void line_enter(struct world *w, uint32_t task);
/* A slot has got free. */
void line_next(struct world *w, struct instance *instance);
void line_withdraw(struct world *w, uint32_t task);

/* ---- the race for connections (accept.c) ----------------------------------------- */

void race_open(struct world *w, struct instance *instance);
/* Another process has started in place of this one. */
void race_renew(struct instance *instance, uint32_t process);
uint32_t race_winner(struct world *w, struct instance *instance, uint64_t entity);
/* A process has taken a connection, and looks through all that it holds. */
void race_look(struct world *w, struct instance *instance, uint32_t process);
/* How long the process that a task runs in goes on looking; 0 or less: not at all. */
sim_time race_looks_for(const struct world *w, const struct task *t);

/* ---- processes that come and go (worker.c) --------------------------------------- */

void workers_open(struct world *w, struct instance *instance);

/* Does the process take requests? */
static inline bool worker_accepts(const struct world *w,
                                  const struct instance *instance, uint32_t process)
{
    return w->worker[instance->first_process + process].life <= LIFE_STOPPING;
}

/* A request has got a slot, or has given it back. */
void worker_took(struct world *w, struct instance *instance, uint32_t process);
void worker_left(struct world *w, struct instance *instance, uint32_t process);
void worker_event(struct world *w, uint32_t process);
void watch_event(struct world *w, uint32_t instance);
/* Is there such a process, draining or not? */
static inline bool worker_lives(const struct world *w, const struct instance *instance,
                                uint32_t process)
{
    return w->worker[instance->first_process + process].life != LIFE_BOOTING;
}
/* The process ends with all it has, and another starts. */
void worker_kill(struct world *w, struct instance *instance, uint32_t process,
                 enum status status, uint16_t cause);
/* The same in steps: from the first on it accepts nothing, then process_kill, and the
 * last starts another after `pause` and the time to boot. */
void worker_end(struct world *w, struct instance *instance, uint32_t process);
void worker_boot(struct world *w, struct instance *instance, uint32_t process,
                 sim_time pause);

/* ---- memory (memory.c) ----------------------------------------------------------- */

void memory_open(struct world *w, struct instance *instance);
/* The task takes so many bytes for as long as it is there; false: they cannot be had,
 * and it shall fail. */
bool memory_take(struct world *w, uint32_t task, int64_t bytes);
void memory_give_back(struct world *w, uint32_t task);
/* The same for longer than a request. */
bool memory_keep(struct world *w, struct instance *instance, int64_t bytes);
/* Connections have been taken: is there enough? */
void memory_weigh(struct world *w, struct instance *instance);
/* There was not: somebody is killed. */
void memory_oom(struct world *w, struct instance *instance);
/* A process runs again. */
void memory_booted(struct world *w, struct instance *instance);
/* The peak is that from now on. */
void memory_restart(struct world *w, struct instance *instance);

/* ---- CPU (cpu.c) ----------------------------------------------------------------- */

void cpu_use(struct world *w, uint32_t task, sim_time demand);
void cpu_event(struct world *w, uint32_t instance);
void cpu_advance(struct cpu *cpu, sim_time now);
/* The speed of the cores has changed. */
void cpu_adjust(struct cpu *cpu);
/* Likewise of an instance's, from outside. */
void cpu_changed(struct world *w, uint32_t instance);
/* When the first unit will be done, if the speed stays as it is. */
sim_time cpu_completion(const struct cpu *cpu, sim_time now);

/* ---- cores that are not always there (governor.c, credits.c, quota.c) ------------ */

void governor_open(struct world *w, struct instance *instance, uint32_t number);
/* Rate of each of `units`; 0 while frozen. */
double governor_rate(const struct governor *governor, uint32_t units);
/* Time has passed since cpu->since; returns the work that was done of it, in cores. */
double governor_passed(struct cpu *cpu, sim_time now);
/* Freeze, thaw, change the speed: whatever is due now. */
void governor_turn(struct world *w, struct cpu *cpu);
/* When that, or the first completion, is due next. */
sim_time governor_next(const struct cpu *cpu, sim_time now);

void quota_open(const struct world *w, struct governor *governor, uint32_t number);
/* Is the task's instance frozen? Then this will happen when it thaws. */
bool quota_holds(struct world *w, uint32_t task, enum held_sort sort);
void quota_turn(struct world *w, struct cpu *cpu);
/* With so many cores in use. */
sim_time quota_next(const struct cpu *cpu, double used, sim_time now);
/* Frozen, and its listen queue holds no more. */
bool quota_is_full(const struct instance *instance);
/* The instance stands still, or goes on, whatever its quota. */
void quota_hang(struct world *w, struct cpu *cpu, bool hangs);
/* A task that is killed while it works or waits for CPU. */
void cpu_withdraw(struct world *w, uint32_t task);

/* ---- connections (connect.c) ----------------------------------------------------- */

/* One more connection of all clients together; false when there are too many. Services
 * and pools may be NONE: nothing is counted. */
bool database_connect(struct world *w, uint32_t service, bool admin);
void database_disconnect(struct world *w, uint32_t service);

/* ---- pools (pool.c) -------------------------------------------------------------- */

void pool_start(struct world *w, uint32_t state, uint32_t pool);
void pool_acquire(struct world *w, uint32_t task, const struct instr *instr);
void pool_release(struct world *w, uint32_t task, const struct instr *instr);
void pool_timeout(struct world *w, uint32_t task);
void pool_opened(struct world *w, uint32_t task);
void pool_keep_none(struct world *w, uint32_t task);
void pool_event(struct world *w, uint32_t state);
/* A task that is killed while it waits for a connection. */
void pool_withdraw(struct world *w, uint32_t task);
/* Likewise while it opens one. */
void pool_break_opening(struct world *w, uint32_t task);
/* A process has ended, its tasks with it: its pools are no more. */
void pool_close(struct world *w, const struct instance *instance, uint32_t process);

/* ---- caches (cache.c) ------------------------------------------------------------ */

void cache_open(struct world *w);
void cache_grow(struct world *w, uint32_t tasks);

/* Each takes the task on to its next instruction; false: it waits, or has failed. */
bool cache_lookup(struct world *w, uint32_t task, const struct instr *instr);
bool cache_fill(struct world *w, uint32_t task, const struct instr *instr);
void cache_bypass(struct world *w, uint32_t task, const struct instr *instr);
void cache_keep(struct world *w, uint32_t task, const struct instr *instr);
void cache_drop(struct world *w, uint32_t task, const struct instr *instr);
void cache_timeout(struct world *w, uint32_t task);
/* A task that is killed while it waits for another's fill. */
void cache_withdraw(struct world *w, uint32_t task);

/* The instance that the key of a request lies at, by a use. */
uint32_t cache_shard(const struct world *w, uint32_t use, uint64_t entity,
                     uint32_t shards);

/* ---- queues of jobs (broker.c) --------------------------------------------------- */

void broker_enqueue(struct world *w, uint32_t task, const struct instr *instr);
void broker_hold_back(struct world *w, uint32_t task, const struct instr *instr);
void broker_publish(struct world *w, uint32_t task);
/* The work for a courier's message is over; or its acknowledgement is late. */
void broker_ended(struct world *w, uint32_t task, enum status status);
void broker_timeout(struct world *w, uint32_t task);

/* A message is in a worker's private queue, runs, is killed. */
void broker_reserved(struct world *w, uint32_t task);
void broker_started(struct world *w, uint32_t task);
/* The time limit of the task that is watched has come. */
void broker_reap(struct world *w, uint32_t watch);
void broker_killed(struct world *w, const struct task *t);
/* A worker that stops gives back what it has reserved. */
void broker_return(struct world *w, struct instance *instance, uint32_t process);

/* ---- balancing (balance.c) ------------------------------------------------------- */

/* Who calls. Draws are addressed by the call site, the request and the attempt. */
struct balance_call {
    uint64_t key, entity;
    uint32_t attempt, request; /* request NONE: background work */
};

static inline void peer_bar(struct balancer *b, struct peer *p, uint32_t why)
{
    b->barred += p->barred == 0;
    p->barred |= why;
}

static inline void peer_unbar(struct balancer *b, struct peer *p, uint32_t why)
{
    b->barred -= p->barred != 0 && (p->barred & ~why) == 0;
    p->barred &= ~why;
}

void balance_open(struct world *w, struct balancer *b,
                  const struct balancer_plan *plan);

/* A server for a call, counted as under way until balance_done; NONE when none can be
 * taken. `tried` has a bit for each that shall not be; NULL: none. */
uint32_t balance_among(struct world *w, struct balancer *b,
                       const struct balance_call *call, const uint64_t *tried);
void balance_done(struct balancer *b, uint32_t peer);

/* The same in two steps. */
uint32_t balance_pick(struct world *w, struct balancer *b,
                      const struct balance_call *call, const uint64_t *tried);
void balance_take(struct world *w, struct balancer *b, uint32_t chosen);

/* From now on a server may have so many calls under way. */
void balance_limit(struct balancer *b, uint32_t peer, uint32_t most);

/* An attempt at a server has ended well, or not, after balance_done. */
void balance_succeeded(struct balancer *b, uint32_t peer);
void balance_failed(struct world *w, struct balancer *b, uint32_t peer);

/* An instance for a call that goes to any of them. */
static inline uint32_t balance_choose(struct world *w, const struct call_site *site,
                                      uint32_t balancer, uint64_t entity,
                                      uint32_t attempt, uint32_t request)
{
    if (balancer == NONE)
        return site->first_instance;
    const struct balance_call call = {site->balance_key, entity, attempt, request};
    return site->first_instance +
           balance_among(w, &w->balancer[balancer], &call, NULL);
}

static inline void balance_release(struct world *w, const struct call_site *site,
                                   uint32_t balancer, uint32_t instance)
{
    if (balancer != NONE)
        balance_done(&w->balancer[balancer], instance - site->first_instance);
}

/* ---- proxies (proxy.c) ----------------------------------------------------------- */

void proxies_open(struct world *w);

/* The proxy turns the request away. */
void proxy_reject(struct world *w, uint32_t task, enum status status, uint16_t cause);

/* Instructions of a proxy's program; false: the task has failed instead. */
bool proxy_accept(struct world *w, uint32_t task);
void proxy_hang_up(struct world *w, uint32_t task);
void proxy_call(struct world *w, uint32_t task);

/* The answer of a server, or giving up on it (`late`). */
void proxy_ended(struct world *w, uint32_t task, enum status status, uint16_t cause,
                 bool late);

/* Nobody has become free for a task in time. */
void edge_timeout(struct world *w, uint32_t task);
/* A health check. */
void health_check(struct world *w, uint32_t task);

/* A proxy that waits for a server's answer closes that connection, and is done. */
void proxy_let_go(struct world *w, uint32_t task);

/* Whoever waits for `child` by these handles has gone: proxies notice, and who else
 * does. */
void proxy_client_gone(struct world *w, uint32_t child, uint32_t parent, uint32_t wait);

/* ---- clients that have gone (disconnect.c) --------------------------------------- */

/* Whoever waited for `child` by these handles has gone, and the child is at no proxy.
 * True: that is all there is to do; false: it works on. */
bool disconnect(struct world *w, uint32_t child, uint32_t parent, uint32_t wait);

/* ---- outages (outage.c) ---------------------------------------------------------- */

void outages_start(struct world *w);
void outage_event(struct world *w, uint32_t actor);
/* A task has come to an instance that is away. False: it is there. */
bool outage_meets(struct world *w, uint32_t task);

/* ---- limits (limiter.c) ---------------------------------------------------------- */

/* Whose request it is, to a limit. */
uint64_t limit_key_of(const struct world *w, const struct task *t, enum limit_key key);

void limits_open(struct world *w);

/* How long the limits hold the request; -1: they reject it. */
sim_time limit_wait(struct world *w, uint32_t task, uint32_t first, uint32_t count);

/* One more in process; false: too many. */
bool limit_count(struct world *w, uint32_t task, uint32_t number);
void limit_uncount(struct world *w, uint32_t task, uint32_t number);

/* ---- streams and sessions (stream.c) --------------------------------------------- */

void streams_open(struct world *w);

/* Instructions. Those with a bool take the task on: false: it waits, or has failed. */
void stream_begin(struct world *w, uint32_t task, const struct instr *instr);
/* A language model has written the first of so many tokens. */
void stream_first_token(struct world *w, uint32_t task, int64_t tokens);
/* One more after a gap: counted with others of its type that have had the same, which
 * stream_tokens records. */
struct token_run {
    sim_time gap;
    uint64_t tokens;
    uint32_t type;
};
void stream_tokens(struct world *w, const struct token_run *run);
HOT_INLINE void stream_token(struct world *w, struct token_run *run,
                             const struct task *t, sim_time gap)
{
    if (t->request == NONE)
        return;
    const struct request *r = &w->request[t->request];
    if (r->stamp != t->stamp || !r->measured)
        return;
    if (RARELY(gap != run->gap || r->type != run->type)) {
        stream_tokens(w, run);
        *run = (struct token_run){.gap = gap, .type = r->type};
    }
    run->tokens++;
}
void stream_chunks(struct world *w, uint32_t task, const struct instr *instr);
void stream_go_on(struct world *w, uint32_t task, const struct instr *instr);
bool stream_chunk(struct world *w, uint32_t task, const struct instr *instr);
bool stream_write(struct world *w, uint32_t task, const struct instr *instr);
void session_open(struct world *w, uint32_t task, const struct instr *instr);
void session_quiet(struct world *w, uint32_t task, const struct instr *instr);
bool session_message(struct world *w, uint32_t task, const struct instr *instr);
void session_close(struct world *w, uint32_t task);
void session_broadcast(struct world *w, uint32_t task, const struct instr *instr);
void session_sends(struct world *w, uint32_t task, const struct instr *instr);

/* Whoever waited for `child` by these handles has gone: if it streams, it ends. */
void stream_gone(struct world *w, uint32_t child, uint32_t parent, uint32_t wait);

/* The client has had the last byte of a stream that began. */
void stream_closed(struct world *w, const struct request *r);
/* An attempt has failed after its first byte; what the client then sees. */
enum status stream_cut(struct world *w, uint32_t request, enum status status);

/* ---- capacity by the second (table.c) -------------------------------------------- */

void tables_open(struct world *w);
/* Take units; false: there are too few, and the task has failed. */
bool table_take(struct world *w, uint32_t task, const struct instr *instr);
/* ---- batches (batcher.c), and what is done once (once.c) ------------------------- */

void batchers_open(struct world *w);
void batch_join(struct world *w, uint32_t task);
void batch_event(struct world *w, uint32_t actor);
void batch_timeout(struct world *w, uint32_t task);
void batch_withdraw(struct world *w, uint32_t task);
void batchers_restart(struct world *w);
void batchers_close(struct world *w);

void once_open(struct world *w);
bool once_is_done(const struct world *w, const struct task *t, uint32_t number);
/* False: its memory does not fit. */
bool once_done(struct world *w, const struct task *t, uint32_t number);
/* What of it stays in memory. */
int64_t once_memory(const struct world *w, const struct instance *instance,
                    uint32_t process);
/* The process has ended. */
void once_forget(struct world *w, struct instance *instance, uint32_t process);

/* ---- limits of APIs (meter.c) ---------------------------------------------------- */

void meters_open(struct world *w);
/* False: the call has been rejected. */
bool meter_admit(struct world *w, uint32_t task, const struct instr *i);
/* How long the API told the last one it rejected to wait; 0: not, or too long. */
sim_time meter_told(const struct world *w, uint16_t cause);

/* ---- language models (engine.c) -------------------------------------------------- */

void engines_open(struct world *w);
void engine_join(struct world *w, uint32_t task, const struct instr *i);
void engine_event(struct world *w, uint32_t instance);
/* A task that is killed while it is there. */
void engine_withdraw(struct world *w, uint32_t task);
/* The window begins, and is over. */
void engines_restart(struct world *w);
void engines_close(struct world *w);

/* ---- clients and arrivals (client.c, arrivals.c) --------------------------------- */

/* The next attempt is sent; the request has a connection, if that matters. */
void client_send(struct world *w, uint32_t request);
/* The attempt under way is given up, whatever works for it; the request has to go on or
 * to end. */
void client_give_up(struct world *w, uint32_t request);
/* The request ends like this. */
void client_settle(struct world *w, uint32_t request, enum status status,
                   uint16_t cause);
/* The request is broken off, and nobody is told how it ends: it stays unfinished. */
void client_interrupt(struct world *w, uint32_t request);
/* It wakes up then. */
static inline void client_wake(struct world *w, uint32_t request, sim_time at,
                               enum event_class class)
{
    event_push(&w->events, at, class, SLOT(SLOT_REQUEST, request));
    if (w->visit)
        w->visit[request].wakes = at;
}

/* More than asking and waiting (visit.c): patience, reloads, connections, budgets. */
void visits_open(struct world *w);
/* Before the first attempt and each retry, after each, and at the end of it all. */
void visit_begin(struct world *w, uint32_t request);
void visit_retry(struct world *w, uint32_t request);
void visit_over(struct world *w, uint32_t request, enum status status);
void visit_end(struct world *w, uint32_t request);
void visit_event(struct world *w, uint32_t request);

void client_begin(struct world *w, const struct workload *load, uint32_t type,
                  uint64_t entity, sim_time start);
void client_reply(struct world *w, uint32_t request, enum status status,
                  uint16_t cause);
void client_event(struct world *w, uint32_t request);
/* The user's pause, or the back-off, is over. */
void client_woken(struct world *w, uint32_t request);
/* A request is due that its client cannot even begin. */
void client_drop(struct world *w, uint32_t type);
/* Nothing that is to be measured is left, and nothing will come. */
bool clients_are_done(const struct world *w);
/* The run is over: requests without an end are counted. */
void clients_close(struct world *w);
void client_timeout(struct world *w, uint32_t request, bool deadline);
/* Address and key of a request's client: what hashing balancers see. */
uint64_t client_address(const struct world *w, const struct request *r);
uint64_t client_key(const struct world *w, const struct request *r);
/* The key that u in (0, 1) chooses by its cumulative popularity. */
uint64_t client_popular_key(const double *cumulative, uint64_t keys, double u);
uint32_t request_new(struct world *w);
void request_free(struct world *w, uint32_t request);
void request_open(struct world *w, uint32_t request, const struct workload *load,
                  uint32_t type, uint64_t entity, sim_time start);

void arrivals_start(struct world *w, uint32_t workload);
/* What open workloads send in `span` on average comes now. */
void arrivals_shock(struct world *w, sim_time span);
void arrivals_event(struct world *w, uint32_t workload);
uint32_t arrivals_type(struct world *w, const struct workload *workload,
                       uint64_t entity);
/* The user's request has been answered: think, and ask again. */
void arrivals_answered(struct world *w, uint32_t request);

/* When the turn of a VU that has it now is over; is it his turn? */
sim_time arrivals_turn_ends(const struct workload *load, uint64_t user, sim_time now);
bool arrivals_has_turn(const struct workload *load, uint64_t user, sim_time now);

/* Likewise the iteration of a VU that an arrival rate has taken. */
void arrivals_iterated(struct world *w, uint32_t request);

/* A user's next request; or a VU is free again. */
void arrivals_ask(struct world *w, uint32_t request);

/* Actors in their order among the actor slots. */
static inline uint32_t actor_workload(uint32_t workload)
{
    return SLOT(SLOT_ACTOR, workload);
}

static inline uint32_t actor_cpu(const struct world *w, uint32_t instance)
{
    return SLOT(SLOT_ACTOR, (uint32_t)w->m->facts.workloads + instance);
}

static inline uint32_t actor_pool(const struct world *w, uint32_t pool)
{
    return SLOT(SLOT_ACTOR, (uint32_t)w->m->facts.workloads + w->m->instances + pool);
}

static inline uint32_t actor_window(const struct world *w)
{
    return actor_pool(w, w->m->pool_states);
}

static inline uint32_t actor_process(const struct world *w, uint32_t process)
{
    return actor_window(w) + 1 + process;
}

static inline uint32_t actor_watch(const struct world *w,
                                   const struct instance *instance)
{
    return actor_process(w, w->m->processes) + (uint32_t)(instance - w->instance);
}

static inline uint32_t actor_outage(const struct world *w, uint32_t outage)
{
    return actor_process(w, w->m->processes) + w->m->instances + outage;
}

/* Of an engine, by its instance. */
static inline uint32_t actor_engine(const struct world *w, uint32_t instance)
{
    return actor_outage(w, w->m->outage_actors) + instance;
}

/* Of batchers: their timers and servers, in order. */
static inline uint32_t actor_batch(const struct world *w, uint32_t number)
{
    return actor_engine(w, w->m->instances) + number;
}

#endif
