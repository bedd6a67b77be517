/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pool -- what the files about pools share. Internal to models/.
 *
 *     pool.c     who takes a connection, who waits, who gets what comes back
 *     connect.c  connections: opened, lying idle, closed, too old
 *     bouncer.c  what happens in the background: opening one after the other, sweeping
 *
 * States of pools are meant by their number; a connection by its number in its state,
 * NONE where the pool does not tell its connections apart.
 */
#ifndef MODELS_POOL_H
#define MODELS_POOL_H

#include "models/world.h"

static inline const struct pool *pool_of(const struct world *w, uint32_t number)
{
    return &w->m->pool[w->pool[number].pool];
}

/* Neither may be SIM_NEVER for the sum not to be. */
static inline sim_time pool_later(sim_time time, sim_time by)
{
    return time == SIM_NEVER || by >= SIM_NEVER - time ? SIM_NEVER : time + by;
}

/* ---- pool.c ---------------------------------------------------------------------- */

/* The state whose connection a task in TASK_POOL waits for. */
uint32_t pool_waited_for(const struct world *w, uint32_t task);

void pool_set_busy(struct world *w, uint32_t number, int change);

/* A connection in use comes back: to whoever has waited longest, or to lie idle, or to
 * be closed. */
void pool_give_back(struct world *w, uint32_t number, uint32_t connection);

/* Likewise of a session whose client is gone. */
void pool_end_session(struct world *w, uint32_t number, uint32_t connection);

/* One that nobody uses is there: the oldest waiter's, or idle. */
void pool_offer(struct world *w, uint32_t number, uint32_t connection);

/* The oldest waiter leaves with nothing. */
void pool_dismiss(struct world *w, uint32_t number, uint16_t cause);

/* ---- connect.c ------------------------------------------------------------------- */

/* Begin to open one; false when there are too many where it leads. */
bool connection_open(struct world *w, uint32_t number, uint32_t *connection);

/* It is open now: its life begins. */
void connection_born(struct world *w, uint32_t number, uint32_t connection);
void connection_shut(struct world *w, uint32_t number, uint32_t connection);

void connection_lay(struct world *w, uint32_t number, uint32_t connection);
uint32_t connection_pick(struct world *w, uint32_t number);
void connection_unlist(struct world *w, uint32_t number, uint32_t connection);

/* It has to go instead of being used again. */
bool connection_is_over(const struct world *w, uint32_t number, uint32_t connection);

/* ---- bouncer.c ------------------------------------------------------------------- */

/* Open one more if there is need of it and leave. */
void pool_launch(struct world *w, uint32_t number);

/* Look at the clock at `time`, or at the first sweep after it. */
void pool_wake(struct world *w, uint32_t number, sim_time time);
void pool_wake_swept(struct world *w, uint32_t number, sim_time time);

/* When the oldest waiter may use the reserve, or has to leave. */
void pool_wake_for_waiter(struct world *w, uint32_t number);

/* A connection has become idle or been closed: others may use its room. */
void pool_room_elsewhere(struct world *w, uint32_t number);

#endif
