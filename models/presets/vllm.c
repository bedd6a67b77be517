/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * vllm -- vLLM's OpenAI-compatible server: one engine an instance, its GPUs together.
 *
 * Keys and defaults are those of vLLM (v1 scheduler). Step times of the named GPUs and
 * models are sums of measured operators (microsoft/vidur, data/profiling/compute,
 * medians, all layers), without attention, the output head, all-reduce and the host:
 * reading the cache is `time_per_context_token`, the rest `step_overhead`.
 */
#include "models/kind.h"

#include <math.h>
#include <string.h>

struct gpu_conf {
    uint32_t at;
    int64_t memory, bandwidth;
    double tflops;
};

struct model_conf {
    uint32_t at;
    int64_t weights, kv_per_token, longest;
    double parameters;
};

struct conf {
    uint32_t at;
    struct service_common common;
    struct param_variant gpu, model; /* which 0: const char *; 1: the above */
    struct dist *input, *output;
    struct param_map requests; /* struct length_conf */
    int64_t tensor_parallel, sequences, batch_tokens, block, blocks, chunk, longest,
        shared;
    double utilisation, hit;
    bool chunked, caching;
    struct param_list points; /* struct curve_point */
    sim_time context, overhead, stall;
};

/* ---- what is known of GPUs and models -------------------------------------------- */

struct gpu {
    const char *name;
    double memory, bandwidth, flops; /* bytes, bytes/s, 16-bit operations/s: data
                                        sheets of the maker */
    int64_t sequences, batch_tokens; /* defaults that vLLM chooses for it */
};

static const struct gpu gpus[] = {
    {"A100", 80e9, 2.0e12, 312e12, 256, 2048},
    {"H100", 80e9, 3.35e12, 989e12, 1024, 8192},
};

struct language_model {
    const char *name;
    double parameters, kv; /* bytes of keys and values a token: 2 layers kv_heads
                              head_dim 2 */
    int64_t longest;
};

static const struct language_model models[] = {
    {"llama-2-7b", 6.74e9, 524288, 4096},
    {"llama-3-8b", 8.03e9, 131072, 8192},
    {"llama-2-70b", 69.0e9, 327680, 4096},
};

struct profile {
    const char *gpu, *model;
    int64_t parallel;
    struct curve_point point[8];
};
#define MS(x) ((sim_time)((x) * 1e6))
#define POINTS(a, b, c, d, e, f, g, h)                                                 \
    {{0, 1, MS(a)}, {0, 64, MS(b)}, {0, 128, MS(c)}, {0, 256, MS(d)},                  \
     {0, 512, MS(e)}, {0, 1024, MS(f)}, {0, 2048, MS(g)}, {0, 4096, MS(h)}}

static const struct profile profiles[] = {
    {"A100", "llama-2-7b", 1, POINTS(9.3, 9.8, 12.3, 17.9, 33.6, 68, 134, 262)},
    {"A100", "llama-3-8b", 1, POINTS(9.8, 11.3, 13.3, 19.6, 34.9, 76, 145, 275)},
    {"A100", "llama-2-70b", 4, POINTS(25.0, 27.1, 33.5, 51.5, 90, 186, 337, 646)},
    {"A100", "llama-2-70b", 8, POINTS(14.3, 15.4, 18.9, 30.9, 52.8, 95, 188, 351)},
    {"H100", "llama-2-7b", 1, POINTS(5.6, 5.9, 6.4, 9.3, 12.1, 21.3, 41, 84)},
    {"H100", "llama-2-70b", 4, POINTS(14.5, 15.4, 16.2, 19.5, 30.6, 63, 115, 227)},
    {"H100", "llama-2-70b", 8, POINTS(8.4, 9.1, 10.2, 11.8, 18.2, 33.8, 66, 127)},
};
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* ---- keys ------------------------------------------------------------------------ */

#define AT(field) offsetof(struct gpu_conf, field)
static const struct param gpu_params[] = {
    {.key = "memory", .type = PARAM_SIZE, .offset = AT(memory), .least = 1,
     .most = 1e15, .required = true, .doc = "Of one GPU."},
    {.key = "bandwidth", .type = PARAM_SIZE, .offset = AT(bandwidth), .least = 1,
     .most = 1e18, .required = true,
     .doc = "Of its memory, in a second, by the data sheet; 0.7 of it is reckoned "
            "with."},
    {.key = "tflops", .type = PARAM_NUMBER, .offset = AT(tflops), .least = 0.001,
     .most = 1e9, .required = true,
     .doc = "10^12 operations a second on 16-bit numbers, dense, by the data sheet; "
            "0.66 of it is reckoned with."},
    {0},
};
#undef AT

#define AT(field) offsetof(struct model_conf, field)
static const struct param model_params[] = {
    {.key = "parameters", .type = PARAM_NUMBER, .offset = AT(parameters), .least = 1,
     .most = 1e15, .required = true, .doc = "How many, such as 13e9."},
    {.key = "kv_per_token", .type = PARAM_SIZE, .offset = AT(kv_per_token), .least = 1,
     .most = 1e12, .required = true,
     .doc = "Keys and values of one token: 2 x layers x KV heads x head size x 2 "
            "bytes."},
    {.key = "weights", .type = PARAM_SIZE, .offset = AT(weights), .most = 1e15,
     .doc = "Memory they take; two bytes a parameter when absent."},
    {.key = "max_model_len", .type = PARAM_COUNT, .offset = AT(longest), .most = 1e8,
     .doc = "Longest prompt and answer together; what fits when absent."},
    {0},
};
#undef AT

static const struct param gpu_forms[] = {
    {.key = "name", .type = PARAM_NAME, .size = sizeof(const char *),
     .doc = "A100 or H100, with 80 GB each."},
    {.key = "gpu", .type = PARAM_OBJECT, .of = gpu_params,
     .size = sizeof(struct gpu_conf), .doc = "Any other, by its data sheet."},
    {0},
};

static const struct param model_forms[] = {
    {.key = "name", .type = PARAM_NAME, .size = sizeof(const char *),
     .doc = "llama-2-7b, llama-3-8b or llama-2-70b."},
    {.key = "model", .type = PARAM_OBJECT, .of = model_params,
     .size = sizeof(struct model_conf), .doc = "Any other, by its size."},
    {0},
};

#define AT(field) offsetof(struct curve_point, field)
const struct param curve_point_params[] = {
    {.key = "size", .type = PARAM_COUNT, .offset = AT(x), .least = 1, .most = 1e9,
     .required = true, .doc = "Tokens of a step, or requests of a batch."},
    {.key = "time", .type = PARAM_DURATION, .offset = AT(y), .required = true,
     .doc = "How long that takes."},
    {0},
};
#undef AT

const struct param curve_point_row = {.key = "point", .type = PARAM_TUPLE,
                                      .of = curve_point_params,
                                      .size = sizeof(struct curve_point)};

#define AT(field) offsetof(struct length_conf, field)
static const struct param length_params[] = {
    {.key = "input_tokens", .type = PARAM_RANDOM, .offset = AT(input),
     .unit = PARAM_NUMBER, .doc = "Tokens of a prompt; as for all when absent."},
    {.key = "output_tokens", .type = PARAM_RANDOM, .offset = AT(output),
     .unit = PARAM_NUMBER, .doc = "Tokens of an answer; as for all when absent."},
    {0},
};
#undef AT

static const struct param length_row = {.key = "request", .type = PARAM_OBJECT,
                                        .of = length_params,
                                        .size = sizeof(struct length_conf)};

#define AT(field) offsetof(struct conf, field)
static const struct param params[] = {
    COMMON_ROWS,
    {.key = "input_tokens", .type = PARAM_RANDOM, .offset = AT(input),
     .unit = PARAM_NUMBER, .doc = "Tokens of a prompt, shared prefix included."},
    {.key = "output_tokens", .type = PARAM_RANDOM, .offset = AT(output),
     .unit = PARAM_NUMBER, .doc = "Tokens of an answer."},
    {.key = "requests", .type = PARAM_MAP, .offset = AT(requests), .of = &length_row,
     .doc = "Tokens of single request types, where they differ."},
    {.key = "gpu", .type = PARAM_FORMS, .offset = AT(gpu), .of = gpu_forms,
     .doc = "What it runs on. Step times of A100 and H100 with the named models were "
            "measured for tensor_parallel_size 1 (7B, 8B) and 4 or 8 (70B); others "
            "follow from the data sheets."},
    {.key = "model", .type = PARAM_FORMS, .offset = AT(model), .of = model_forms,
     .doc = "The language model."},
    {.key = "tensor_parallel_size", .type = PARAM_COUNT, .offset = AT(tensor_parallel),
     .least = 1, .most = 1024, .fallback = 1,
     .doc = "GPUs that one engine is spread over."},
    {.key = "max_num_seqs", .type = PARAM_COUNT, .offset = AT(sequences),
     .most = 1000000,
     .doc = "Sequences in a step at most; when absent what vLLM chooses: 1024 on an "
            "H100, 256 otherwise."},
    {.key = "max_num_batched_tokens", .type = PARAM_COUNT, .offset = AT(batch_tokens),
     .most = 131072,
     .doc = "Tokens in a step at most; when absent what vLLM's server chooses: 8192 on "
            "an H100, 2048 otherwise."},
    {.key = "max_model_len", .type = PARAM_COUNT, .offset = AT(longest), .most = 1e8,
     .doc = "Longest prompt and answer together; the model's own when absent. A longer "
            "prompt is answered with 400, an answer is cut there."},
    {.key = "block_size", .type = PARAM_COUNT, .offset = AT(block), .least = 1,
     .most = 4096, .fallback = 16, .doc = "Tokens in a block of the KV cache."},
    {.key = "gpu_memory_utilization", .type = PARAM_FRACTION, .offset = AT(utilisation),
     .fallback = 0.92,
     .doc = "Part of the GPU's memory that is used; what the weights and 3 GB for the "
            "work itself leave of it is the KV cache."},
    {.key = "num_gpu_blocks_override", .type = PARAM_COUNT, .offset = AT(blocks),
     .most = 1e9, .doc = "Blocks of the KV cache; from the memory when absent."},
    {.key = "enable_chunked_prefill", .type = PARAM_FLAG, .offset = AT(chunked),
     .fallback = 1, .doc = "Prompts are read in pieces, as many tokens as a step has "
                           "left."},
    {.key = "long_prefill_token_threshold", .type = PARAM_COUNT, .offset = AT(chunk),
     .most = 1e8, .doc = "Largest piece of a prompt in a step; 0: any."},
    {.key = "enable_prefix_caching", .type = PARAM_FLAG, .offset = AT(caching),
     .fallback = 1, .doc = "Whole blocks of a prompt that lie in the cache are not "
                           "computed again."},
    {.key = "shared_prefix", .type = PARAM_COUNT, .offset = AT(shared), .most = 1e8,
     .doc = "Tokens that all prompts begin with, such as a system prompt: computed "
            "once, kept once, as long as there is room. (Not a key of vLLM.)"},
    {.key = "prefix_hit", .type = PARAM_FRACTION, .offset = AT(hit),
     .doc = "Part of the rest of a prompt that is found in the cache, such as the "
            "earlier turns of a conversation. (Not a key of vLLM.)"},
    {.key = "step_time", .type = PARAM_LIST, .offset = AT(points),
     .of = &curve_point_row,
     .doc = "Time of a step by the number of tokens in it, linear between the points "
            "and on past the last: your own measurement instead of gpu and model. (Not "
            "a key of vLLM.)"},
    {.key = "time_per_context_token", .type = PARAM_DURATION, .offset = AT(context),
     .most = 1, .fallback = INFINITY,
     .doc = "What a step takes more for each token that a sequence being written looks "
            "back on; when absent from the memory's bandwidth, or none without gpu and "
            "model. What prompts look back on while they are read is left out. (Not a "
            "key of vLLM.)"},
    {.key = "step_overhead", .type = PARAM_DURATION, .offset = AT(overhead), .most = 10,
     .fallback = 0.003,
     .doc = "Of each step: scheduling, sampling, the output head; 2 to 6 ms are usual. "
            "(Not a key of vLLM.)"},
    {.key = "stall", .type = PARAM_DURATION, .offset = AT(stall), .least = 1e-6,
     .most = 1e6, .fallback = 0.2,
     .doc = "A token that comes later than this after the one before counts as a "
            "stall. (Not a key of vLLM.)"},
    NOT_MODELLED("scheduling_policy"),
    NOT_MODELLED("swap_space"),
    NOT_MODELLED("dtype"),
    NOT_MODELLED("pipeline_parallel_size"),
    NOT_MODELLED("async_scheduling"),
    {0},
};
#undef AT

/* ---- from names to numbers ------------------------------------------------------- */

/* What a data sheet promises and what was measured: floors of the profiles above are
 * 0.60 to 0.72 of the bandwidth, slopes 0.60 to 0.70 of the operations. */
#define BANDWIDTH_SHARE 0.7
#define FLOPS_SHARE 0.66
#define WORKSPACE 3e9 /* bytes of a GPU that are neither weights nor cache */

static const struct gpu *find_gpu(const struct conf *conf, struct gpu *own,
                                  struct listener *out)
{
    if (conf->gpu.which == 1) {
        const struct gpu_conf *g = conf->gpu.body;
        *own = (struct gpu){NULL, (double)g->memory, (double)g->bandwidth,
                            g->tflops * 1e12, gpus[0].sequences, gpus[0].batch_tokens};
        return own;
    }
    const char *name = *(const char *const *)conf->gpu.body;
    for (int i = 0; i < COUNT(gpus); i++)
        if (strcmp(gpus[i].name, name) == 0)
            return &gpus[i];
    complain(out, conf->gpu.at, NULL,
             "must be A100, H100 or an object with memory, bandwidth and tflops, is "
             "\"%s\"",
             name);
    return &gpus[0];
}

static const struct language_model *find_model(const struct conf *conf,
                                               struct language_model *own,
                                               double *weights, struct listener *out)
{
    const struct language_model *found = &models[0];
    if (conf->model.which == 1) {
        const struct model_conf *m = conf->model.body;
        *own = (struct language_model){NULL, m->parameters, (double)m->kv_per_token,
                                       m->longest};
        *weights = m->weights ? (double)m->weights : 2 * m->parameters;
        return own;
    }
    const char *name = *(const char *const *)conf->model.body;
    bool known = false;
    for (int i = 0; i < COUNT(models) && !known; i++)
        if ((known = strcmp(models[i].name, name) == 0))
            found = &models[i];
    if (!known)
        complain(out, conf->model.at, NULL,
                 "must be llama-2-7b, llama-3-8b, llama-2-70b or an object with "
                 "parameters and kv_per_token, is \"%s\"",
                 name);
    *weights = 2 * found->parameters;
    return found;
}

static void set_time(const struct conf *conf, const struct gpu *gpu,
                     const struct language_model *model, double weights,
                     struct engine_part *e)
{
    /* lists for the engine to look at; nothing changes them */
    static const struct param_list lists[COUNT(profiles)] = {
#define LIST(i) {.items = (void *)profiles[i].point, .count = COUNT(profiles[i].point)}
        LIST(0), LIST(1), LIST(2), LIST(3), LIST(4), LIST(5), LIST(6)};
    double gpu_count = (double)conf->tensor_parallel;
    e->floor = weights / (gpu_count * gpu->bandwidth * BANDWIDTH_SHARE) * 1e9;
    e->slope = 2 * model->parameters / (gpu_count * gpu->flops * FLOPS_SHARE) * 1e9;
    for (int i = 0; i < COUNT(profiles) && gpu->name && model->name; i++)
        if (strcmp(profiles[i].gpu, gpu->name) == 0 &&
            strcmp(profiles[i].model, model->name) == 0 &&
            profiles[i].parallel == conf->tensor_parallel)
            e->points = &lists[i];
    e->context = model->kv / (gpu_count * gpu->bandwidth * BANDWIDTH_SHARE) * 1e9;
}

static void set_cache(const struct conf *conf, const struct gpu *gpu,
                      const struct language_model *model, double weights,
                      struct engine_part *e, struct listener *out)
{
    double gpu_count = (double)conf->tensor_parallel;
    double left = conf->utilisation * gpu->memory - weights / gpu_count - WORKSPACE;
    double tokens = left * gpu_count / model->kv;
    if (tokens < (double)conf->block)
        complain(out, conf->at, "tensor_parallel_size",
                 "must be more: the weights take %.3g GB, %.3g GB can be used",
                 weights * 1e-9, conf->utilisation * gpu->memory * gpu_count * 1e-9);
    else
        e->blocks = (int64_t)(tokens / (double)conf->block);
    e->longest = model->longest;
}

static void set_by_names(const struct conf *conf, struct engine_part *e,
                         struct listener *out)
{
    int before = out->count;
    struct gpu own_gpu;
    struct language_model own_model;
    double weights = 0;
    const struct gpu *gpu = find_gpu(conf, &own_gpu, out);
    const struct language_model *model = find_model(conf, &own_model, &weights, out);
    if (out->count > before)
        return;
    set_time(conf, gpu, model, weights, e);
    set_cache(conf, gpu, model, weights, e, out);
    e->sequences = gpu->sequences;
    e->batch_tokens = gpu->batch_tokens;
    if (e->longest > e->blocks * conf->block) /* vLLM would not start; this is kinder */
        e->longest = e->blocks * conf->block;
}

static void build(const void *bound, struct part *part, struct listener *out)
{
    const struct conf *conf = bound;
    struct server_part *s = &part->server;
    struct engine_part *e = &s->engine;
    s->duty = DUTY_ENGINE;
    s->slot_name = "request";
    e->input = conf->input;
    e->output = conf->output;
    e->requests = &conf->requests;
    e->block = conf->block;
    e->blocks = 1;
    e->sequences = gpus[0].sequences;
    e->batch_tokens = gpus[0].batch_tokens;
    if (!conf->gpu.row != !conf->model.row)
        complain(out, conf->at, conf->gpu.row ? "model" : "gpu",
                 "must be given with \"%s\"", conf->gpu.row ? "gpu" : "model");
    else if (conf->gpu.row)
        set_by_names(conf, e, out);
    else if (!conf->points.count || !conf->blocks)
        complain(out, conf->at, NULL,
                 "must have \"gpu\" and \"model\", or \"step_time\" and "
                 "\"num_gpu_blocks_override\"");
    e->sequences = conf->sequences ? conf->sequences : e->sequences;
    e->batch_tokens = conf->batch_tokens ? conf->batch_tokens : e->batch_tokens;
    e->blocks = conf->blocks ? conf->blocks : e->blocks;
    e->longest = conf->longest ? conf->longest : e->longest;
    e->points = conf->points.count ? &conf->points : e->points;
    e->context = conf->context != SIM_NEVER ? (double)conf->context : e->context;
    e->chunk = conf->chunk;
    e->whole_prompts = !conf->chunked;
    e->shared = conf->caching ? conf->shared : 0;
    e->hit = conf->caching ? conf->hit : 0;
    e->overhead = conf->overhead;
    e->stall = conf->stall;
}

const struct kind vllm_kind = {
    KIND_ROW(vllm, "vLLM: a language model on own GPUs, with continuous batching."),
    .build = build,
    .common = offsetof(struct conf, common),
};
