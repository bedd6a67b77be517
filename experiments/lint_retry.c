/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules of lint: what is tried again. */
#include "experiments/lint_rules.h"

#include <math.h>
#include <string.h>

/* Attempts of one request at one place that are still harmless, when all fail. */
enum { MOST_ATTEMPTS = 8 };

static const char *who(const struct lint *l, const struct lint_link *link)
{
    return link->from >= 0 ? lint_name(l, link->from)
                           : l->facts->workload[link->workload].name;
}

static bool retries_on(const struct retry_conf *r, const char *what)
{
    for (int i = 0; i < r->on.count; i++)
        if (strcmp(((const char *const *)r->on.items)[i], what) == 0)
            return true;
    return r->on.count == 0;
}

static void no_backoff(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        const struct retry_conf *r = link->retry;
        if (!r || r->max == 0 || r->budget.row || (r->backoff && r->backoff->base > 0))
            continue;
        lint_tell(l, r->at, WHERE_NOWHERE,
                  "%s tries %s again at once, up to %s times, without \"backoff\" or "
                  "\"budget\": when it fails under load, it gets %s times the load",
                  who(l, link), lint_name(l, link->to), lint_much(l, (double)r->max),
                  lint_much(l, (double)r->max + 1));
    }
}

static void same_pause(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct retry_conf *r = l->link[k].retry;
        if (r && r->max > 0 && r->backoff && r->backoff->base > 0 &&
            r->backoff->jitter == JITTER_NONE)
            lint_tell(l, lint_member(l, r->backoff->at, "jitter"), WHERE_NOWHERE,
                      "all who failed together try again together, %s later and up to "
                      "%s times: without jitter a short failure becomes waves",
                      lint_time(l, lint_seconds(r->backoff->base)),
                      lint_much(l, (double)r->max));
    }
}

/* Attempts that one attempt at link `k` becomes at most, further in. */
struct chain {
    double attempts;
    int depth;
    uint32_t at; /* of the innermost */
    int to;
};

static double factor(const struct lint_link *link)
{
    return link->retry ? (double)link->retry->max + 1 : 1;
}

/* Services do not call themselves in circles for ever, but handlers may call back. */
enum { MOST_DEPTH = 12 };

static struct chain deepest(const struct lint *l, int station, int type, int depth)
{
    struct chain best = {1, 0, WHERE_NOWHERE, station};
    if (depth == MOST_DEPTH)
        return best;
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        if (link->from != station ||
            (link->way != LINT_CALL && link->way != LINT_PROXY) ||
            !lint_passes(l, link, type))
            continue;
        struct chain c = deepest(l, link->to, type, depth + 1);
        c.attempts *= factor(link);
        if (link->retry && link->retry->max > 0) {
            c.depth++;
            c.at = c.at == WHERE_NOWHERE ? link->retry->at : c.at;
        }
        if (c.attempts > best.attempts)
            best = c;
    }
    return best;
}

static void amplification(struct lint *l)
{
    for (int w = 0; w < l->facts->workloads; w++) {
        const struct workload_conf *load = lint_workload(l, w);
        int target = lint_station(l, load->target);
        struct chain worst = {0, 0, WHERE_NOWHERE, -1};
        for (int t = 0; t < l->facts->types && target >= 0; t++) {
            if (l->facts->type[t].workload_index != w)
                continue;
            struct chain c = deepest(l, target, t, 0);
            if (c.attempts > worst.attempts)
                worst = c;
        }
        bool outer = load->retry && load->retry->max > 0;
        double all = worst.attempts * (outer ? (double)load->retry->max + 1 : 1);
        if (worst.depth + outer >= 2 && all > MOST_ATTEMPTS)
            lint_tell(l, outer ? load->retry->at : load->at, worst.at,
                      "retries at %d places multiply: one request of %s becomes up to "
                      "%s attempts at %s when it fails",
                      worst.depth + outer, l->facts->workload[w].name,
                      lint_much(l, all), lint_name(l, worst.to));
    }
}

/* Time of all attempts and the pauses between them, if every one times out. */
static double whole_time(const struct retry_conf *r, double timeout)
{
    double sum = timeout * ((double)r->max + 1), pause = 0;
    if (r->backoff) {
        pause = lint_seconds(r->backoff->base);
        for (int64_t i = 0; i < r->max && i < 1000; i++) {
            double shown = fmin(pause, lint_seconds(r->backoff->cap));
            sum += r->backoff->jitter == JITTER_FULL ? shown / 2 : shown;
            pause *= r->backoff->factor;
        }
    }
    return sum;
}

static void beyond_patience(struct lint *l)
{
    for (int k = 0; k < l->links; k++) {
        const struct lint_link *link = &l->link[k];
        const struct retry_conf *r = link->retry;
        if (link->way != LINT_CALL || !r || r->max == 0 || link->timeout == SIM_NEVER ||
            !retries_on(r, "timeout"))
            continue;
        double own = lint_seconds(link->timeout), all = whole_time(r, own);
        for (int t = 0; t < l->facts->types; t++) {
            uint32_t at;
            double patience = lint_patience(l, t, &at);
            if (!lint_passes(l, link, t) || all <= patience || own > patience)
                continue; /* the latter is call-beyond-client */
            lint_tell(l, r->at, at,
                      "%s attempts of %s at %s, with their pauses, take %s if none is "
                      "answered; the client of \"%s\" leaves after %s",
                      lint_much(l, (double)r->max + 1), lint_time(l, own),
                      lint_name(l, link->to), lint_time(l, all), l->facts->type[t].name,
                      lint_time(l, patience));
            break;
        }
    }
}

static void beyond_deadline(struct lint *l)
{
    for (int w = 0; w < l->facts->workloads; w++) {
        const struct workload_conf *load = lint_workload(l, w);
        const struct retry_conf *r = load->retry;
        if (!r || r->max == 0 || load->deadline == SIM_NEVER ||
            load->timeout == SIM_NEVER || load->timeout >= load->deadline)
            continue;
        double all = whole_time(r, lint_seconds(load->timeout));
        if (all > lint_seconds(load->deadline))
            lint_tell(l, lint_member(l, load->at, "deadline"), r->at,
                      "%s attempts of %s, with their pauses, take %s; the deadline is "
                      "%s: the last ones never happen",
                      lint_much(l, (double)r->max + 1),
                      lint_time(l, lint_seconds(load->timeout)), lint_time(l, all),
                      lint_time(l, lint_seconds(load->deadline)));
    }
}

static void repeats_writes(struct lint *l)
{
    for (int w = 0; w < l->facts->workloads; w++) {
        const struct workload_conf *load = lint_workload(l, w);
        if (!load->retry || load->retry->max == 0 ||
            !retries_on(load->retry, "timeout"))
            continue;
        for (int k = 0; k < load->methods.count; k++) {
            int method = ((const int *)load->methods.items)[k];
            if (method >= METHOD_NOT_TWICE)
                lint_tell(l, load->retry->at, load->methods.item_at[k],
                          "after a timeout a %s (\"%s\") is sent again, though the "
                          "first may have been done: orders come twice",
                          method_names[method], load->methods.names[k]);
        }
    }
}

const struct lint_rule lint_retry_rules[] = {
    {"retry-without-backoff", "Retries at once, without a pause or a budget.",
     no_backoff},
    {"retry-without-jitter", "Retries after the same pause for all.", same_pause},
    {"retry-amplification", "Retries at several places in a row multiply.",
     amplification},
    {"retries-beyond-client", "All attempts of a call together take longer than the "
                              "client waits.", beyond_patience},
    {"retries-beyond-deadline", "There is no time for all attempts before the "
                                "deadline.", beyond_deadline},
    {"retry-repeats-writes", "A POST or the like is sent again after a timeout.",
     repeats_writes},
    {0},
};
