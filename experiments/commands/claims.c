/* SPDX-License-Identifier: GPL-3.0-or-later */
/* headroom claims: which statements of a sizing document hold. */
#define _POSIX_C_SOURCE 200809L
#include "experiments/commands/command.h"

#include "experiments/claims_page.h"
#include "experiments/file_sort.h"
#include "experiments/json.h"
#include "experiments/summary.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct wishes {
    const char *only;
    bool markdown;
};

/* The whole command while it runs. */
struct work {
    struct options *options;
    const struct wishes *wishes;
    struct claims_settings set;
    struct claims_report *report; /* [argument_count] */
    int reports;
    int claims, judged;
    bool progress;
};

/* ---- which ----------------------------------------------------------------------- */

/* Is it in the list "3.06,3.33"? */
static bool is_wanted(const char *list, const char *id)
{
    size_t length = strlen(id);
    for (const char *at = list; at; at = strchr(at, ','), at += at != NULL)
        if (strncmp(at, id, length) == 0 && (at[length] == ',' || !at[length]))
            return true;
    return !list;
}

static int count_wanted(const struct work *w)
{
    int count = 0;
    for (int i = 0; i < w->reports; i++)
        for (int k = 0; k < w->report[i].file->claims; k++)
            count += is_wanted(w->wishes->only, w->report[i].file->claim[k].id);
    return count;
}

/* ---- judging --------------------------------------------------------------------- */

static void show(const struct work *w, const struct claim *claim)
{
    if (!w->progress)
        return;
    fprintf(stderr, "\r\x1b[K%d of %d: %s", w->judged + 1, w->claims,
            where_safe(&w->options->arena, claim->id));
    fflush(stderr);
}

/* False when interrupted. */
static bool judge_file(struct work *w, struct claims_report *report)
{
    const struct claim_file *file = report->file;
    struct claim_answer *answer =
        arena_many(&w->options->arena, file->claims, struct claim_answer);
    report->answer = answer;
    for (int i = 0; i < file->claims; i++) {
        if (!is_wanted(w->wishes->only, file->claim[i].id))
            continue;
        show(w, &file->claim[i]);
        if (!claims_judge(&file->claim[i], &w->set, &w->options->arena,
                          &answer[report->answers]))
            return false;
        report->answers++;
        w->judged++;
    }
    return true;
}

static bool judge_all(struct work *w)
{
    bool done = true;
    for (int i = 0; i < w->reports && done; i++)
        done = judge_file(w, &w->report[i]);
    if (w->progress)
        fputs("\r\x1b[K", stderr);
    return done;
}

/* ---- telling --------------------------------------------------------------------- */

static void tell_json(const struct work *w)
{
    cJSON *root = json_made(cJSON_CreateObject());
    json_text(root, "schema", "headroom.claims/1");
    cJSON *files = json_array(root, "files");
    for (int i = 0; i < w->reports; i++)
        claims_json(&w->report[i], json_element(files));
    fputs(json_printed(root, &w->options->arena), stdout);
}

static int tell(const struct work *w)
{
    int refuted = 0, told = 0;
    if (w->options->json)
        tell_json(w);
    for (int i = 0; i < w->reports; i++) {
        const struct claims_report *r = &w->report[i];
        refuted += claims_count(r, CLAIM_REFUTED) + claims_count(r, CLAIM_PARTLY);
        if (w->options->json || r->answers == 0)
            continue;
        if (told++)
            putchar('\n');
        if (w->wishes->markdown)
            claims_markdown(r, stdout);
        else
            claims_print(r, summary_colour(stdout), stdout);
    }
    return refuted ? COMMAND_NO : COMMAND_DONE;
}

/* ---- the command ----------------------------------------------------------------- */

/* Reads all files before anything is simulated. */
static bool read_files(struct work *w)
{
    struct options *options = w->options;
    bool right = true;
    w->report =
        arena_many(&options->arena, options->argument_count, struct claims_report);
    for (int i = 0; i < options->argument_count; i++) {
        struct where *where = where_new(&options->arena);
        const struct claim_file *file = claim_file_read(where, options->arguments[i]);
        file_sort_print(where, options->arguments[i], FILE_CLAIMS, stderr);
        right &= file != NULL;
        w->report[w->reports++].file = file;
    }
    return right;
}

static int claims(const struct command *command, struct options *options,
                  const struct wishes *wishes)
{
    struct work w = {.options = options, .wishes = wishes};
    if (!read_files(&w))
        return COMMAND_INPUT;
    w.claims = count_wanted(&w);
    if (w.claims == 0)
        return command_wrong(command, "--only \"%s\" is the id of no claim",
                             wishes->only);
    w.progress = !options->quiet && isatty(STDERR_FILENO);
    w.set = (struct claims_settings){.threads = options->threads,
                                     .stop = command_listen(),
                                     .seed = options->has_seed ? &options->seed : NULL,
                                     .remember = remember_new()};
    bool done = judge_all(&w);
    remember_free(w.set.remember);
    if (!done) {
        fputs("headroom claims: interrupted\n", stderr);
        return *w.set.stop ? COMMAND_INTERRUPTED : COMMAND_INPUT;
    }
    return tell(&w);
}

int claims_run(const struct command *command, int argc, char **argv)
{
    struct wishes wishes = {0};
    const struct command_option extra[] = {
        {.name = "only",
         .value = "ID[,ID...]",
         .text = &wishes.only,
         .help = "judge these claims alone"},
        {.name = "markdown",
         .flag = &wishes.markdown,
         .help = "print a table for a page of documentation"},
        {0},
    };
    struct options options;
    int status = command_options(command, argc, argv, extra, &options);
    if (status != COMMAND_GOES_ON)
        return status;
    return command_done(&options, claims(command, &options, &wishes));
}
