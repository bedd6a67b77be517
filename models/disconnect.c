/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * disconnect -- who waited for an answer has closed the connection: what a service that
 * notices does about it.
 *
 *             waits there           is worked on there
 *   stay      stays                 goes on for nobody: most servers look at a
 *                                   connection only when they write to it
 *   leave     leaves the queue      goes on for nobody
 *   stop      leaves the queue      is cancelled, and what it waits for with it
 *
 * A request on its way is turned away at the door, by proxies that notice, too. The
 * news travels in no time.
 */
#include "models/world.h"

/* Does the task still work for these handles? */
static bool works_for(const struct task *t, uint32_t parent, uint32_t wait)
{
    return t->parent == parent && t->parent_wait == wait && t->state != TASK_FREE &&
           t->state != TASK_DEAD && t->state != TASK_REPLY;
}

/* It answers nobody any more. */
static void end(struct world *w, uint32_t task)
{
    w->task[task].parent = w->task[task].request = NONE;
    task_kill(w, task, &(struct killing){.status = STATUS_TIMEOUT});
}

/* Whoever comes to the door and is awaited by nobody is not let in (server_enter). */
static void stop_on_way(struct task *t)
{
    if (!(t->flags & TASK_KNOCKED))
        t->flags &= (uint16_t)~TASK_GUARDED; /* no guard has seen it */
    t->flags |= TASK_KNOCKED;
}

/* Out of the line for a slot, or of a guard's hands. */
static void leave_queue(struct world *w, uint32_t task)
{
    const struct task *t = &w->task[task];
    struct instance *instance = &w->instance[t->instance];
    bool queued = t->state == TASK_QUEUED;
    uint32_t process = queued ? t->process : NONE;
    instance->counts->timed_out++;
    end(w, task);
    if (process != NONE) /* it has room for another connection */
        server_accept(w, instance, process);
}

static void stop_work(struct world *w, uint32_t task);

/* Branches of a cancelled task. Where they are nobody knows: all are looked at. */
static void stop_branches(struct world *w, uint32_t parent, uint32_t wait)
{
    for (uint32_t i = 0; i < w->tasks; i++)
        if (w->task[i].call == NONE && works_for(&w->task[i], parent, wait))
            stop_work(w, i);
}

static void stop_work(struct world *w, uint32_t task)
{
    struct task *t = &w->task[task];
    enum task_state state = (enum task_state)t->state;
    uint32_t callee = t->child, wait = t->wait;
    end(w, task);
    if (state == TASK_CALLING)
        proxy_client_gone(w, callee, task, wait);
    else if (state == TASK_FORKED)
        stop_branches(w, task, wait);
}

/* Proxies notice all but at once; those who wait for a server are seen to by them. */
static bool notices(const struct server_part *part)
{
    return part->on_disconnect != DISCONNECT_STAY ||
           (part->duty == DUTY_PROXY && !part->proxy.ignores_abort);
}

bool disconnect(struct world *w, uint32_t child, uint32_t parent, uint32_t wait)
{
    struct task *t = &w->task[child];
    if (!works_for(t, parent, wait))
        return true;
    const struct server_part *part = &w->instance[t->instance].service->part;
    enum on_disconnect how = part->on_disconnect;
    if (t->state == TASK_TRAVEL && notices(part))
        stop_on_way(t);
    else if (how == DISCONNECT_STAY)
        return false;
    else if (t->state == TASK_QUEUED || t->state == TASK_GATE)
        leave_queue(w, child);
    else if (how == DISCONNECT_STOP)
        stop_work(w, child);
    else
        return false;
    return true;
}
