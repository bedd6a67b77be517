/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Continuous batching: steps with a token budget, blocks of the KV cache, who is thrown
 * out. Where nothing else is said a step takes 10 ms, whatever is in it.
 */
#include "unit/story.h"

#define ENGINE(more)                                                                   \
    "'services': {'llm': {'kind': 'vllm', 'step_overhead': '0s'," more "}}}"
#define TEN_MS "'step_time': [[1, '10ms']],"
#define TOKENS(input, output)                                                          \
    "'input_tokens': " #input ", 'output_tokens': " #output ","
#define BURST(users)                                                                   \
    "{'workloads': {'w': {'target': 'llm', 'burst': {'users': " #users "}}},"

static const struct engine_counts *engine(const struct story *s)
{
    return &story_at(s, "llm")->engine;
}

static double first_byte_ms(const struct type_outcome *type)
{
    return (double)type->first_byte.most * 1e-6;
}

/* ---- 8.3: a step ----------------------------------------------------------------- */

/* 2,500 tokens in steps of 1,000: the first of three tokens after the third step. */
static void rule_8_3_1_prompts_are_read_in_chunks_of_the_budget(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(1) ENGINE(TEN_MS TOKENS(2500, 3)
                                   "'num_gpu_blocks_override': 1000,"
                                   "'max_num_batched_tokens': 1000"));
    assert_near(first_byte_ms(&s.out.type[0]), 30, 0);
    assert_latencies(&s, 0.05);
    assert_int_equal(engine(&s)->steps, 5);
    assert_int_equal(engine(&s)->read, 2500);
    assert_int_equal(engine(&s)->computed, 2502);
    assert_int_equal(engine(&s)->written, 3);
    story_end(&s);
    /* no piece of more than 500: five steps */
    story_tell(&s, BURST(1) ENGINE(TEN_MS TOKENS(2500, 1)
                                   "'num_gpu_blocks_override': 1000,"
                                   "'long_prefill_token_threshold': 500"));
    assert_latencies(&s, 0.05);
    story_end(&s);
}

/* Whoever runs goes first: the second prompt gets what the first leaves of a step, and
 * once the first is written it takes one token of each. */
static void rule_8_3_1_running_before_waiting(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(2) ENGINE(TEN_MS TOKENS(150, 2)
                                   "'num_gpu_blocks_override': 100,"
                                   "'max_num_batched_tokens': 100"));
    /* 100 | 50 + 50 -> token | 1 + 99 -> done | 1 -> token | 1 -> done */
    assert_latencies(&s, 0.03, 0.05);
    assert_int_equal(engine(&s)->steps, 5);
    story_end(&s);
}

/* Four blocks of four tokens, two requests of 4 + 8, by hand:
 *   step 1        both prompts are read, a block each, first tokens
 *   steps 2 to 5  second block each; 8 tokens computed, 5 written
 *   step 6        the first needs a third block: the second goes, 8 tokens lost
 *   steps 7, 8    the second does not get two blocks; the first ends at 80 ms
 *   steps 9, 10   4 + 5 tokens are computed again, 8 of them read; the sixth token
 *                 at 100 ms, with the ninth
 *   steps 11, 12  the rest: ends at 120 ms */
static void rule_8_3_2_the_last_admitted_is_thrown_out(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(2) ENGINE(TEN_MS TOKENS(4, 8)
                                   "'num_gpu_blocks_override': 4, 'block_size': 4,"
                                   "'max_num_batched_tokens': 8, 'stall': '20ms'"));
    const struct engine_counts *e = engine(&s);
    assert_latencies(&s, 0.08, 0.12);
    assert_int_equal(e->steps, 12);
    assert_int_equal(e->preemptions, 1);
    assert_int_equal(e->lost, 8);
    assert_int_equal(e->computed, 11 + 8 + 11);
    assert_int_equal(e->read, 4 + 4 + 8);
    assert_int_equal(e->written, 16);
    assert_int_equal(e->block_most, 4);
    assert_int_equal(e->stalls, 1);
    assert_int_equal(e->longest_gap, 50 * SIM_MILLISECOND);
    story_end(&s);
}

/* The second is too long for what the first leaves, so the short third waits too. */
static void rule_8_3_3_the_head_of_the_queue_holds_up_all(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s,
               "{'workloads': {"
               " 'a': {'target': 'llm', 'burst': {'users': 1}, 'mix': {'first': 1}},"
               " 'b': {'target': 'llm', 'burst': {'users': 1}, 'mix': {'long': 1}},"
               " 'c': {'target': 'llm', 'burst': {'users': 1}, 'mix': {'short': 1}}},"
               ENGINE(TEN_MS "'num_gpu_blocks_override': 10, 'requests': {"
                             " 'first': {'input_tokens': 90, 'output_tokens': 40},"
                             " 'long': {'input_tokens': 100, 'output_tokens': 5},"
                             " 'short': {'input_tokens': 10, 'output_tokens': 5}}"));
    assert_near(first_byte_ms(story_type(&s, "first")), 10, 0);
    assert_near(first_byte_ms(story_type(&s, "long")), 410, 0);
    assert_near(first_byte_ms(story_type(&s, "short")), 410, 0);
    assert_int_equal(engine(&s)->preemptions, 0);
    story_end(&s);
}

/* Places are limited too. */
static void rule_8_3_3_max_num_seqs(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(5) ENGINE(TEN_MS TOKENS(10, 4)
                                   "'num_gpu_blocks_override': 100,"
                                   "'max_num_seqs': 2"));
    assert_latencies(&s, 0.04, 0.04, 0.08, 0.08, 0.12);
    assert_int_equal(engine(&s)->batch_most, 2);
    assert_int_equal(story_at(&s, "llm")->queue_most, 5);
    story_end(&s);
}

/* 100 whole blocks are found; what is left of 1,616 tokens is one block. */
static void rule_8_3_4_whole_blocks_in_the_cache_are_skipped(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'llm', 'open': {'rate': '10/s',"
                   " 'process': 'constant', 'profile': [['0s', 1], ['1.05s', 1]]}}},"
                   ENGINE(TEN_MS TOKENS(1616, 5) "'shared_prefix': 1605,"
                          "'num_gpu_blocks_override': 200"));
    assert_int_equal(s.out.type[0].ok, 10);
    assert_int_equal(engine(&s)->found, 9 * 1600);
    assert_int_equal(engine(&s)->read, 1616 + 9 * 16);
    assert_int_equal(engine(&s)->block_most, 102); /* the prefix stands there once */
    story_end(&s);
    /* half of a prompt of 1,000: 31 blocks of 16; kept apart, so all 63 are taken */
    story_tell(&s, BURST(1) ENGINE(TEN_MS TOKENS(1000, 1) "'prefix_hit': 0.5,"
                                   "'num_gpu_blocks_override': 100"));
    assert_int_equal(engine(&s)->found, 496);
    assert_int_equal(engine(&s)->read, 504);
    assert_int_equal(engine(&s)->block_most, 63);
    story_end(&s);
    /* and none of it without the cache */
    story_tell(&s, BURST(1) ENGINE(TEN_MS TOKENS(1000, 1) "'prefix_hit': 0.5,"
                                   "'num_gpu_blocks_override': 100,"
                                   "'enable_prefix_caching': false"));
    assert_int_equal(engine(&s)->found, 0);
    story_end(&s);
}

/* A prefix that nobody uses goes when its blocks are needed: the third has to read it
 * again. Of 50 blocks it has 30, and the big one needs 25. */
static void an_idle_prefix_makes_room(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {"
                   " 'a': {'target': 'llm', 'open': {'rate': '1/s', 'process': "
                   "'constant', 'profile': [['0s', 1], ['3.5s', 1]]},"
                   "       'mix': {'usual': 1}},"
                   " 'b': {'target': 'llm', 'burst': {'users': 1, 'at': '2500ms'},"
                   "       'mix': {'big': 1}}},"
                   ENGINE(TEN_MS "'shared_prefix': 480, 'num_gpu_blocks_override': 50,"
                          "'requests': {"
                          " 'usual': {'input_tokens': 500, 'output_tokens': 5},"
                          " 'big': {'input_tokens': 390, 'output_tokens': 5}}"));
    assert_int_equal(engine(&s)->found, 480); /* by the second alone */
    assert_int_equal(engine(&s)->read, 500 + 20 + 390 + 500);
    story_end(&s);
}

/* What it was thrown out with is read again, what was written included; the client sees
 * a pause and no error (the run by hand above). */
static void rule_8_3_5_the_resumed_recomputes_all(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(2) ENGINE(TEN_MS TOKENS(4, 8)
                                   "'num_gpu_blocks_override': 4, 'block_size': 4,"
                                   "'max_num_batched_tokens': 8"));
    assert_int_equal(s.out.type[0].ok, 2);
    /* the prompt and four tokens; the fifth is what the sixth follows from */
    assert_int_equal(engine(&s)->read - 2 * 4, 4 + 4);
    assert_near(first_byte_ms(&s.out.type[0]), 10, 0); /* of both */
    story_end(&s);
}

/* Twice what it can do: nobody is turned away, the first token takes longer and
 * longer. */
static void rule_8_3_6_overload_is_a_longer_wait_for_the_first_token(void **state)
{
    (void)state;
    struct story s;
    story_read(&s, "{'workloads': {'w': {'target': 'llm', 'open': {'rate': '20/s'}}},"
               ENGINE(TEN_MS TOKENS(10, 100) "'num_gpu_blocks_override': 1000,"
                      "'max_num_seqs': 10"), 1);
    story_watch(&s, 0, 100, 1000);
    assert_int_equal(s.out.type[0].ok, s.out.type[0].offered);
    assert_within(first_byte_ms(&s.out.type[0]), 100e3, 10e3);
    story_end(&s);
}

/* ---- 8.3.7, 8.5: an A100 --------------------------------------------------------- */

#define A100                                                                           \
    "'services': {'llm': {'kind': 'vllm', 'gpu': 'A100', 'model': 'llama-2-7b',"

static double pace_ms(const struct type_outcome *type)
{
    return histogram_quantile(&type->per_token, 0.5) * 1e-6;
}

/* 64 that look back on 975 to 1,074 tokens: 9.8 + 64 x 1024 x 0.37e-3 + 3 = 37 ms. One
 * alone: 13 ms. */
static void rule_8_5_1_steps_of_64_and_of_1(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(64) A100 TOKENS(974, 101)
                       "'max_num_batched_tokens': 65536}}}");
    assert_within(pace_ms(&s.out.type[0]), 37, 0.7);
    assert_within(64 / pace_ms(&s.out.type[0]), 1.7, 0.03);
    story_end(&s);
    story_tell(&s, BURST(1) A100 TOKENS(974, 101) "'block_size': 16}}}");
    assert_within(pace_ms(&s.out.type[0]), 13, 0.5);
    story_end(&s);
}

static void long_prompt_among(struct story *s)
{
    story_read(s,
               "{'workloads': {"
               " 'd': {'target': 'llm', 'burst': {'users': 63}, 'mix': {'chat': 1}},"
               " 'p': {'target': 'llm', 'burst': {'users': 1, 'at': '8s'},"
               "       'mix': {'long': 1}}}," A100
               "'stall': '120ms', 'requests': {"
               " 'chat': {'input_tokens': 1024, 'output_tokens': 400},"
               " 'long': {'input_tokens': 2048, 'output_tokens': 10}}}}}",
               1);
    story_watch(s, 7.5, 2, 20);
}

/* Of the 2,048 tokens 1,985 fit beside 63 others: 134 + 24 + 3 ms, one gap for each. */
static void rule_8_3_7_reading_delays_all_who_are_written(void **state)
{
    (void)state;
    struct story s;
    long_prompt_among(&s);
    assert_int_equal(engine(&s)->stalls, 63);
    story_end(&s);
}

static void rule_8_5_2_a_long_prompt_among_63(void **state)
{
    (void)state;
    struct story s;
    long_prompt_among(&s);
    assert_within((double)engine(&s)->longest_gap * 1e-6, 162, 3);
    /* the first of its ten tokens after the remaining 63 of the next step: 39 ms */
    assert_within(first_byte_ms(story_type(&s, "long")), 162 + 40 + 20, 22);
    story_end(&s);
}

/* 625 blocks, twelve requests that need 63 each in the end. */
static void rule_8_5_3_twelve_thousand_tokens_in_a_cache_for_ten(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(12) ENGINE(TEN_MS TOKENS(500, 500)
                                    "'num_gpu_blocks_override': 625,"
                                    "'max_num_batched_tokens': 8192"));
    const struct engine_counts *e = engine(&s);
    assert_int_equal(e->batch_most, 12); /* all are admitted at once */
    assert_int_equal(e->block_most, 624); /* 52 each; then there is one for eleven */
    assert_true(e->preemptions > 0);
    assert_int_equal(e->computed, 12 * 999 + e->lost);
    assert_true(e->computed > 12000);
    /* the earliest never lose anything: 500 tokens in 500 steps */
    assert_near((double)s.out.type[0].latency_sum.least, 5e9, 0);
    assert_int_equal(e->finished, 12);
    story_end(&s);
}

/* ---- limits, and going away ------------------------------------------------------ */

static void prompts_that_are_too_long_are_refused(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, BURST(3) A100 TOKENS(5000, 10) "'block_size': 16}}}");
    assert_int_equal(story_failed(&s, STATUS_400), 3);
    assert_books_balance(&s);
    story_end(&s);
    /* and answers are cut: 4,096 - 4,000 */
    story_tell(&s, BURST(1) A100 TOKENS(4000, 500) "'block_size': 16}}}");
    assert_int_equal(engine(&s)->written, 96);
    story_end(&s);
}

/* vLLM notices that a client has gone, and stops writing for it. */
static void who_hangs_up_is_written_no_more(void **state)
{
    (void)state;
    struct story s;
    story_read(&s,
               "{'workloads': {'w': {'target': 'llm', 'burst': {'users': 4},"
               "  'timeout': '105ms'}},"
               ENGINE(TEN_MS TOKENS(10, 100) "'num_gpu_blocks_override': 100,"
                      "'max_num_seqs': 2"), 1);
    story_watch(&s, 0, 1, 1);
    assert_int_equal(story_failed(&s, STATUS_TIMEOUT), 4);
    assert_int_equal(engine(&s)->aborted, 4);
    assert_int_equal(engine(&s)->written, 2 * 10);
    assert_books_balance(&s);
    story_end(&s);
}

/* Two engines behind a balancer share the load; both books balance. */
static void replicas_are_engines_of_their_own(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'lb', 'burst': {'users': 8}}},"
                   "'services': {'lb': {'kind': 'load_balancer', 'upstream': 'llm'},"
                   "'llm': {'kind': 'vllm', 'replicas': 2, 'step_overhead': '0s',"
                   TEN_MS TOKENS(10, 4) "'num_gpu_blocks_override': 100,"
                   "'max_num_seqs': 2}}}");
    assert_latencies(&s, 0.04, 0.04, 0.04, 0.04, 0.08, 0.08, 0.08, 0.08);
    story_end(&s);
}

/* What clients see: the first token, the gaps, and how many were good in both. */
static void goodput_counts_answers_within_both_limits(void **state)
{
    (void)state;
    struct story s;
    story_tell(&s, "{'workloads': {'w': {'target': 'llm', 'burst': {'users': 6},"
                   "  'good': {'ttfb': '50ms', 'tpot': '10ms'}}},"
                   ENGINE(TEN_MS TOKENS(10, 4) "'num_gpu_blocks_override': 100,"
                          "'max_num_seqs': 2"));
    assert_int_equal(s.out.type[0].good, 4); /* the last two start at 80 ms */
    assert_int_equal(s.out.type[0].per_token.count, 6);
    assert_int_equal(s.out.type[0].per_token.most, 10 * SIM_MILLISECOND);
    story_end(&s);
}

/* A model and GPU that nobody measured, by their data sheets: the formula gives what
 * was measured, within the spread of the profiles. */
static void other_models_follow_from_data_sheets(void **state)
{
    (void)state;
    static const struct {
        const char *gpu, *model;
        double ms;
    } measured[] = {
        {"{'memory': '80GB', 'bandwidth': '2TB', 'tflops': 312}",
         "{'parameters': 6.74e9, 'kv_per_token': '512KiB'}", 9.3},
        {"{'memory': '80GB', 'bandwidth': '3350GB', 'tflops': 989}",
         "{'parameters': 6.74e9, 'kv_per_token': '512KiB'}", 5.6},
    };
    for (int i = 0; i < 2; i++) {
        struct story s;
        char text[800];
        snprintf(text, sizeof text,
                 BURST(1) "'services': {'llm': {'kind': 'vllm', 'gpu': %s, 'model': %s,"
                          "'time_per_context_token': '0s', 'step_overhead': '0s',"
                          TOKENS(1, 101) "'max_num_seqs': 4}}}",
                 measured[i].gpu, measured[i].model);
        story_tell(&s, text);
        assert_within(pace_ms(&s.out.type[0]), measured[i].ms, 0.1 * measured[i].ms);
        story_end(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_8_3_1_prompts_are_read_in_chunks_of_the_budget),
        cmocka_unit_test(rule_8_3_1_running_before_waiting),
        cmocka_unit_test(rule_8_3_2_the_last_admitted_is_thrown_out),
        cmocka_unit_test(rule_8_3_3_the_head_of_the_queue_holds_up_all),
        cmocka_unit_test(rule_8_3_3_max_num_seqs),
        cmocka_unit_test(rule_8_3_4_whole_blocks_in_the_cache_are_skipped),
        cmocka_unit_test(rule_8_3_5_the_resumed_recomputes_all),
        cmocka_unit_test(rule_8_3_6_overload_is_a_longer_wait_for_the_first_token),
        cmocka_unit_test(rule_8_3_7_reading_delays_all_who_are_written),
        cmocka_unit_test(rule_8_5_1_steps_of_64_and_of_1),
        cmocka_unit_test(rule_8_5_2_a_long_prompt_among_63),
        cmocka_unit_test(rule_8_5_3_twelve_thousand_tokens_in_a_cache_for_ten),
        cmocka_unit_test(an_idle_prefix_makes_room),
        cmocka_unit_test(prompts_that_are_too_long_are_refused),
        cmocka_unit_test(who_hangs_up_is_written_no_more),
        cmocka_unit_test(replicas_are_engines_of_their_own),
        cmocka_unit_test(goodput_counts_answers_within_both_limits),
        cmocka_unit_test(other_models_follow_from_data_sheets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
