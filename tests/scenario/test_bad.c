/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every bad/NAME.json must be refused with status 2 and exactly the words of NAME.err.
 * NAME.args holds values of --set, one a line. After a change of wording or of a table,
 * run this test with UPDATE_ERR=1 to write the .err files anew, and read the
 * difference.
 */
#define _GNU_SOURCE

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST_ARGUMENTS = 64, MOST_OUTPUT = 1 << 16 };

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    assert_non_null(value);
    return value;
}

static int ends_in_json(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static char *stem_with(const char *json, const char *ending)
{
    char *name = NULL;
    assert_true(asprintf(&name, "%.*s%s", (int)strlen(json) - 5, json, ending) > 0);
    return name;
}

/* A file's text, or NULL if there is none; */
static char *contents(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = calloc(1, MOST_OUTPUT);
    size_t length = fread(text, 1, MOST_OUTPUT - 1, file);
    assert_true(length < MOST_OUTPUT - 1);
    fclose(file);
    return text;
}

/* headroom check [--set LINE]... FILE, with stderr in `output`; the exit status. */
static int run_check(const char *json, char *output)
{
    const char *arguments[MOST_ARGUMENTS] = {setting("HEADROOM"), "check"};
    int count = 2, ends[2], status;
    char *path = stem_with(json, ".args"), *sets = contents(path), *rest = sets, *line;
    while (sets && (line = strsep(&rest, "\n")) && *line) {
        arguments[count++] = "--set";
        arguments[count++] = line;
    }
    arguments[count] = json;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(STDOUT_FILENO);
        open("/dev/null", O_WRONLY);
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(127);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], output + length, MOST_OUTPUT - 1 - length)) > 0)
        length += (size_t)got;
    output[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    free(path);
    free(sets);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void update(const char *path, const char *output)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    fputs(output, file);
    fclose(file);
}

/* Whether the file is refused as it should; tells the difference if not. */
static int is_refused(const char *json)
{
    static char output[MOST_OUTPUT];
    char *path = stem_with(json, ".err");
    int status = run_check(json, output);
    if (getenv("UPDATE_ERR"))
        update(path, output);
    char *expected = contents(path);
    int same = expected && strcmp(expected, output) == 0 && status == 2;
    if (!same)
        print_error("%s: status %d\nexpected:\n%sfound:\n%s\n", json, status,
                    expected ? expected : "(no .err file)\n", output);
    free(expected);
    free(path);
    return same;
}

static void every_bad_scenario_is_refused_in_the_expected_words(void **state)
{
    (void)state;
    struct dirent **entries;
    int wrong = 0, count = scandir(".", &entries, ends_in_json, alphasort);
    assert_true(count >= 50);
    for (int i = 0; i < count; i++) {
        wrong += !is_refused(entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    assert_int_equal(wrong, 0);
}

int main(void)
{
    char *folder = NULL;
    const char *source = getenv("SRC");
    if (!source || asprintf(&folder, "%s/tests/scenario/bad", source) < 0 ||
        chdir(folder) != 0) {
        perror("tests/scenario/bad");
        return 1;
    }
    free(folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bad_scenario_is_refused_in_the_expected_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
