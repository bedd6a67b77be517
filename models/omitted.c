/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "models/omitted.h"

#include <stddef.h>

/* By number. */
const struct omission omissions[] = {
    {"1.5.2", "nginx closes idle connections of clients when room is short",
     "Clients here hold a connection only while they wait for an answer, so that there "
     "are none to close; a worker whose connections are all in use closes new ones."},
    {"1.5.3", "workers of nginx race for new connections",
     "A connection goes to any worker with equal odds; the mild favour of whoever was "
     "idle last is left out."},
    {"1.8.10", "ALB closes connections when the deregistration delay is over",
     "What a draining target has under way when `drain` begins it finishes, however "
     "long that takes; the real one cuts it off after 300 s."},
    {"2.2.6", "order of waking of other servers; reuse_port",
     "Which of several processes the kernel wakes first follows gunicorn. Where "
     "several servers share a port by SO_REUSEPORT the split is even, and a stalled "
     "one strands its own: write them as replicas."},
    {"2.4.6", "keep-alive connections when a worker is replaced",
     "Every request comes on a connection of its own, so that none is reset by a "
     "worker that has just closed it."},
    {"3.2.3", "CPU time lost when threads fight for the lock (GIL)",
     "Threads of one Python process that all compute were measured to take up to 1.3 "
     "times as long in all; the loss depends on the machine, and predictions for such "
     "a process are too good by that much."},
    {"4.4.1", "forked processes share the pages they have not written to",
     "memory_per_worker is what a process has for itself: with preload_app that grows "
     "over hours, as counting references copies pages one by one; give it as it is "
     "after a while."},
    {"5.1.3", "a running thread takes a connection before the one woken for it",
     "Which thread the operating system runs first is not known; waiters of a "
     "QueuePool are served in order, which changes single waits, hardly their mean."},
    {"5.3.4", "commits that wait together share one write to disk",
     "Give a write's `io` as long as it takes under load: with many writers it is "
     "shorter for each than alone, which makes a prediction from the time alone too "
     "slow."},
    {"6.1", "Redis: io-threads",
     "only reading and writing sockets is parallel, so a command takes the same turn; "
     "its time on the socket is part of `time`."},
    {"6.1", "Redis: tcp-backlog",
     "clients keep their connections; only reconnecting thousands at once would fill "
     "the accept queue."},
    {"6.1", "Redis: hz, active-expire-effort",
     "expired keys are never served, and their memory is found by every write instead "
     "of ten times a second."},
    {"6.1", "Redis: lazyfree-lazy-eviction",
     "freeing a very big value is not a delay of its own; give such commands their "
     "time."},
    {"7.1.3", "Milvus: searches that are merged into one",
     "Each search is done by itself; where many alike come at the same time a real "
     "server answers more than predicted."},
    {"9.1", "uvicorn drops a WebSocket that does not answer a ping (ws_ping_timeout)",
     "Clients answer every ping; a connection that is gone without a word holds no "
     "memory until it is noticed."},
    {"9.5", "six connections of a browser to one host",
     "Every request finds a connection: a page with many streams open by HTTP/1.1 is "
     "slower than predicted; by HTTP/2 it is not."},
    {"14.6", "priorities of jobs, children that are replaced",
     "Jobs of one queue run in order; give urgent ones a task_queue of their own."},
    {"10.1.2", "k6: several requests an iteration; externally-controlled",
     "An iteration is one request: a script of several needs as many more iterations. "
     "VUs that are changed by hand are the stages of ramping-vus."},
    {"10.1.3", "Locust: several requests a task",
     "A task is one request; weights of tasks are the workload's `mix`."},
    {"15.14", "Kubernetes: autoscaling of pods and nodes",
     "The number of replicas stays what it is: try the numbers that the autoscaler may "
     "reach, each by itself (`batch`), and the time until new ones are there as an "
     "overload that has to be borne."},
    {"8.1.5", "429 for growth that is too fast",
     "A provider may slow down who grows by more than half in a quarter of an hour; "
     "write such a limit as `limits` of its own."},
    {"8.1.6", "the 1,000 connections of a client library",
     "A call never waits for a connection of the library; `hold` a connection_pool of "
     "1000 around it where more calls than that are under way."},
    {"8.3.2", "vLLM: scheduling_policy priority",
     "Everybody is served first come, first served, which is the default."},
    {"8.3.7", "attention of prompts while they are read",
     "Very long prompts read slower than their tokens alone say; measure step_time "
     "with yours if they are above some thousand tokens."},
    {NULL, NULL, NULL},
};
