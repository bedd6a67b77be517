/* SPDX-License-Identifier: GPL-3.0-or-later */
#define _POSIX_C_SOURCE 200809L
#include "experiments/progress.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

static const double live_every = 0.25, lines_every = 60;

double progress_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* "45 s", "12 min", "3 h 10 min" */
static void write_time(char *text, size_t size, double seconds)
{
    if (seconds < 90)
        snprintf(text, size, "%.0f s", seconds);
    else if (seconds < 5400)
        snprintf(text, size, "%.0f min", seconds / 60);
    else
        snprintf(text, size, "%.0f h %.0f min", floor(seconds / 3600),
                 floor(fmod(seconds, 3600) / 60));
}

static void print(const struct progress *p, double now)
{
    double lasted = now - p->begun;
    char left[40] = "";
    fprintf(stderr, "%lld of %lld points", (long long)(p->done + p->failed),
            (long long)p->points);
    if (p->unstable)
        fprintf(stderr, ", %lld unstable cut short", (long long)p->unstable);
    if (p->failed)
        fprintf(stderr, ", %lld failed", (long long)p->failed);
    fprintf(stderr, "; %lld replications", (long long)p->jobs);
    if (lasted > 0)
        fprintf(stderr, ", %.3g M events/s", (double)p->events / lasted * 1e-6);
    if (p->worst > 0)
        fprintf(stderr, "; widest interval %.2g x what was asked", p->worst);
    if (isfinite(p->left)) {
        write_time(left, sizeof left, p->left);
        fprintf(stderr, "; about %s left", left);
    }
}

void progress_show(struct progress *p)
{
    double now = progress_now();
    double every = p->form == PROGRESS_LIVE ? live_every : lines_every;
    if (p->form == PROGRESS_NONE || now - p->shown < every)
        return;
    p->shown = now;
    if (p->form == PROGRESS_LIVE)
        fputs("\r\x1b[K", stderr);
    print(p, now);
    if (p->form == PROGRESS_LINES)
        fputc('\n', stderr);
    fflush(stderr);
}

void progress_clear(struct progress *p)
{
    if (p->form == PROGRESS_LIVE)
        fputs("\r\x1b[K", stderr);
}
