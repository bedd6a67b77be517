/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tests/bench/bare.h"
#include "tests/bench/kernel.h"

enum { PLACES = 256, BUDGET = 2048, BLOCK = 16, BLOCKS = 26000, QUEUE = 1 << 16 };

static const double rate = 6.5, overhead = 0.003, per_context = 131072 / 1.4e12;

/* Seconds of a step by its tokens: Llama 3 8B on an A100. */
static double step_time(int tokens)
{
    static const double size[] = {1, 64, 128, 256, 512, 1024, 2048};
    static const double ms[] = {9.8, 11.3, 13.3, 19.6, 34.9, 76, 145};
    int i = 0;
    while (i < 5 && tokens > size[i + 1])
        i++;
    return 1e-3 * (ms[i] + (ms[i + 1] - ms[i]) * (tokens - size[i]) /
                               (size[i + 1] - size[i])) +
           overhead;
}

struct sequence {
    double start;
    int prompt, left, computed, made, blocks, scheduled;
};

struct llm {
    struct chance chance;
    struct lognormal input, output;
    struct latencies latencies;
    double time[BUDGET + 1];
    struct sequence running[PLACES], *queue;
    uint64_t first, last; /* of the queue */
    int count, used;
    double now, next;
};

static int blocks_of(int tokens)
{
    return (tokens + BLOCK - 1) / BLOCK;
}

static int tokens_of(struct chance *c, struct lognormal l, int most)
{
    int tokens = (int)(chance_lognormal(c, l) + 0.5);
    return tokens < 1 ? 1 : tokens > most ? most : tokens;
}

static void arrive(struct llm *m)
{
    struct sequence *s = &m->queue[m->last++ % QUEUE];
    *s = (struct sequence){.start = m->next};
    s->prompt = tokens_of(&m->chance, m->input, 6000);
    s->left = tokens_of(&m->chance, m->output, 8192 - s->prompt);
    m->next += chance_exponential(&m->chance) / rate;
}

static int take(struct llm *m, struct sequence *s, int left, double *context)
{
    int tokens = s->prompt + s->made - s->computed;
    tokens = tokens < left ? tokens : left;
    int more = blocks_of(s->computed + tokens) - s->blocks;
    check(m->used + more <= BLOCKS, "%d blocks", m->used + more);
    m->used += more;
    s->blocks += more;
    if (s->made)
        *context += s->computed + 1;
    s->scheduled = tokens;
    return left - tokens;
}

static double begin(struct llm *m)
{
    int left = BUDGET;
    double context = 0;
    for (int i = 0; i < m->count && left > 0; i++)
        left = take(m, &m->running[i], left, &context);
    while (left > 0 && m->first < m->last && m->count < PLACES) {
        m->running[m->count] = m->queue[m->first++ % QUEUE];
        left = take(m, &m->running[m->count++], left, &context);
    }
    return m->time[BUDGET - left] + per_context * context;
}

static void end(struct llm *m)
{
    int kept = 0;
    for (int i = 0; i < m->count; i++) {
        struct sequence *s = &m->running[i];
        s->computed += s->scheduled;
        s->scheduled = 0;
        if (s->computed == s->prompt + s->made) {
            s->made++;
            if (--s->left == 0) {
                m->used -= s->blocks;
                latencies_add(&m->latencies, m->now - s->start);
                continue;
            }
        }
        if (kept != i)
            m->running[kept] = *s;
        kept++;
    }
    m->count = kept;
}

struct bare_result bare_llm(uint64_t requests, uint64_t seed)
{
    struct llm *m = kernel_array(1, sizeof *m);
    m->queue = kernel_array(QUEUE, sizeof *m->queue);
    chance_init(&m->chance, seed);
    m->input = lognormal_of(1000, 0.9);
    m->output = lognormal_of(211, 0.77);
    for (int tokens = 1; tokens <= BUDGET; tokens++)
        m->time[tokens] = step_time(tokens);
    m->next = chance_exponential(&m->chance) / rate;
    uint64_t steps = 0;
    while (m->latencies.count < requests) {
        if (m->count == 0 && m->first == m->last) {
            m->now = m->next;
            arrive(m);
        }
        double until = m->now + begin(m);
        while (m->next <= until)
            arrive(m);
        m->now = until;
        end(m);
        steps++;
    }
    struct bare_result r = {.events = steps,
                            .requests = m->latencies.count,
                            .mean = m->latencies.sum / (double)m->latencies.count,
                            .p99 = latencies_quantile(&m->latencies, 0.99)};
    free(m->queue);
    free(m);
    return r;
}
