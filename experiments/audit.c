/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "experiments/audit.h"

#include <math.h>

const char *const audit_law_names[] = {"conservation", "little_waiting",
                                       "little_in_system", "utilisation"};

/* Differences below this part of the larger side are the window's ends. */
static const double tolerated = 0.01;
/* Intervals are widened so that hundreds of true laws do not raise an alarm a week. */
static const double widened = 3;

static void add(struct audit *audit, struct audit_line line)
{
    audit->line[audit->count++] = line;
    audit->checked += line.checked;
    audit->broken += line.checked && !line.holds;
}

/* Every attempt is the first of a request that was sent, or a retry. */
static void attempts(const struct type_outcome *type, struct audit_line *line)
{
    uint64_t expected = type->offered - type->unsent + type->retries;
    if (type->attempts == expected)
        return;
    line->holds = false;
    line->left = (double)expected;
    line->right = (double)type->attempts;
}

static struct audit_line conservation(const struct sample *s, int type)
{
    struct audit_line line = {AUDIT_CONSERVATION, type, true, true, 0, 0};
    struct scope scope = {SCOPE_TYPE, type};
    for (int r = 0; r < s->count; r++) {
        double offered = sample_requests(s, scope, COUNT_OFFERED, r);
        double found = sample_requests(s, scope, COUNT_OK, r) +
                       sample_requests(s, scope, COUNT_FAILED, r) +
                       sample_requests(s, scope, COUNT_UNFINISHED, r);
        line.left += offered / s->count;
        line.right += found / s->count;
        line.holds &= offered == found;
    }
    for (int r = 0; line.holds && r < s->count; r++)
        attempts(&s->outcome[r].type[type], &line);
    return line;
}

/* Fills in the verdict on two sides known per replication. `ends`: the difference that
 * those present at the window's two ends can make. */
static void compare(struct audit_line *line, const double *left, const double *right,
                    double ends, int n, struct arena *arena)
{
    double *off = arena_many(arena, n, double);
    for (int r = 0; r < n; r++)
        off[r] = left[r] - right[r];
    line->checked = true;
    line->left = estimate_mean(left, n).value;
    line->right = estimate_mean(right, n).value;
    struct estimate gap = estimate_mean(off, n);
    double larger = fmax(fabs(line->left), fabs(line->right));
    line->holds = fabs(gap.value) <= tolerated * larger ||
                  fabs(gap.value) <= widened * gap.half_width ||
                  fabs(gap.value) <= ends;
}

static struct audit_line waiting(const struct sample *s, int station,
                                 struct arena *arena)
{
    struct audit_line line = {.law = AUDIT_WAITING, .index = station};
    double *left = arena_many(arena, s->count, double);
    double *right = arena_many(arena, s->count, double), ends = 0;
    for (int r = 0; r < s->count; r++) {
        const struct station_outcome *o = &s->outcome[r].station[station];
        if (o->timed_out) /* their waits were not kept */
            return line;
        left[r] = (double)o->queue_area * 1e-9;
        right[r] = (double)o->wait.sum * 1e-9;
        ends += (double)o->queue_most * sim_seconds(o->wait.most) / s->count;
    }
    ends *= s->facts->station[station].instances; /* queue_most is of one */
    compare(&line, left, right, ends, s->count, arena);
    return line;
}

static int64_t longer(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The longest latency of any request that has ended. */
static int64_t longest(const struct sample *s, int replication)
{
    int64_t found = 0;
    for (int t = 0; t < s->facts->types; t++) {
        const struct type_outcome *type = &s->outcome[replication].type[t];
        found =
            longer(found, longer(type->latency_sum.most, type->failed_latency.most));
    }
    return found;
}

/* Work for clients that have given up may go on for as long as it likes. */
static bool some_gave_up(const struct sample *s, int replication)
{
    uint64_t found = 0;
    for (int t = 0; t < s->facts->types; t++)
        for (int c = 0; c < s->facts->causes; c++)
            if (s->facts->cause[c].status == STATUS_TIMEOUT)
                found += s->outcome[replication].type[t].failed[c];
    return found > 0;
}

/* How long a request can have been at a station at most. */
static int64_t longest_at(const struct sample *s, int replication, int station)
{
    const struct outcome *o = &s->outcome[replication];
    bool open = isinf(s->facts->station[station].slots);
    return open && some_gave_up(s, replication) ? o->warm_up + o->length
                                                : longest(s, replication);
}

static struct audit_line utilisation(const struct sample *s, int station,
                                     struct arena *arena)
{
    struct audit_line line = {.law = AUDIT_UTILISATION, .index = station};
    bool kept = false; /* where nothing was held to the end, there is no law */
    double *left = arena_many(arena, s->count, double);
    double *right = arena_many(arena, s->count, double), ends = 0;
    for (int r = 0; r < s->count; r++) {
        const struct station_outcome *o = &s->outcome[r].station[station];
        left[r] = (double)o->busy_area * 1e-9;
        right[r] = (double)o->held * 1e-9;
        kept |= o->held != 0;
        ends +=
            (double)o->busy_most * sim_seconds(longest_at(s, r, station)) / s->count;
    }
    ends *= s->facts->station[station].instances; /* busy_most is of one */
    if (kept || s->facts->station[station].sort == STATION_SERVICE)
        compare(&line, left, right, ends, s->count, arena);
    return line;
}

/* The area of the number in system over the bins inside the window, scaled to it. */
static double in_system(const struct outcome *o)
{
    sim_time width = o->in_system.width;
    int64_t first = (o->warm_up + width - 1) / width;
    double sum = 0;
    for (int64_t b = first; b < o->in_system.bins; b++)
        sum += (double)o->in_system.area[b];
    double covered = (double)(o->in_system.bins - first) * (double)width;
    return covered > 0 ? sum * 1e-9 * ((double)o->length / covered) : 0;
}

/* The fullest bin's level. */
static double most_in_system(const struct outcome *o)
{
    double most = 0;
    for (int b = 0; b < o->in_system.bins; b++)
        most = fmax(most, (double)o->in_system.area[b] / (double)o->in_system.width);
    return most;
}

static struct audit_line number_in_system(const struct sample *s, struct arena *arena)
{
    struct audit_line line = {.law = AUDIT_IN_SYSTEM, .index = -1};
    double *left = arena_many(arena, s->count, double);
    double *right = arena_many(arena, s->count, double), ends = 0;
    for (int r = 0; r < s->count; r++) {
        left[r] = in_system(&s->outcome[r]);
        for (int t = 0; t < s->facts->types; t++) {
            const struct type_outcome *type = &s->outcome[r].type[t];
            if (type->unfinished) /* nobody knows how long they take */
                return line;
            right[r] +=
                (double)(type->latency_sum.sum + type->failed_latency.sum) * 1e-9;
        }
        ends += most_in_system(&s->outcome[r]) * sim_seconds(longest(s, r)) / s->count;
    }
    compare(&line, left, right, ends, s->count, arena);
    return line;
}

struct audit *audit_of(const struct sample *s, bool steady, struct arena *arena)
{
    struct audit *audit = arena_new(arena, struct audit);
    int most = s->facts->types + 2 * s->facts->stations + 1;
    audit->line = arena_many(arena, most, struct audit_line);
    for (int t = 0; t < s->facts->types; t++)
        add(audit, conservation(s, t));
    if (!steady || s->facts->terminating) /* the window's ends are not alike */
        return audit;
    add(audit, number_in_system(s, arena));
    for (int i = 0; i < s->facts->stations; i++) {
        add(audit, waiting(s, i, arena));
        add(audit, utilisation(s, i, arena));
    }
    return audit;
}
