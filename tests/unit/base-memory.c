/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that runs out: each job below is done again and again, with the first allocation failing,
 * then the second, and so on until it goes through. Every failure must be told, leave nothing
 * allocated and no file behind. */
#include "base/buffer.h"
#include "base/dictionary.h"
#include "base/output.h"
#include "base/sheet.h"
#include "base/workers.h"

#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#endif

#ifndef SANITIZED /* the sanitizers bring an allocator of their own */

/* glibc lets a program replace its allocator, and keeps its own under these names. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);
void __libc_free(void *memory);

static atomic_int countdown = -1; /* allocations until one fails; negative: none will */
static atomic_int alive;

static bool fails_now(void) {
    int left = atomic_load(&countdown);
    if (left < 0 || atomic_fetch_sub(&countdown, 1) != 0)
        return false;
    errno = ENOMEM;
    return true;
}

static void *counted(void *memory) {
    if (memory)
        atomic_fetch_add(&alive, 1);
    return memory;
}

void *malloc(size_t size) {
    return fails_now() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size) {
    return fails_now() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *memory, size_t size) {
    if (!memory)
        return malloc(size);
    return fails_now() ? NULL : __libc_realloc(memory, size);
}

void free(void *memory) {
    if (memory)
        atomic_fetch_sub(&alive, 1);
    __libc_free(memory);
}

/* A job returns what went wrong and has released everything by then. */
typedef int job(struct error *err);

static int fail_each_allocation(job *run) {
    for (int n = 0; n < 10000; n++) {
        struct error err = {0};
        int before = atomic_load(&alive);
        atomic_store(&countdown, n);
        int code = run(&err);
        bool reached = atomic_load(&countdown) < 0;
        atomic_store(&countdown, -1);
        int after = atomic_load(&alive);
        if (after != before)
            fail_msg("allocation %d fails: %d blocks are left", n, after - before);
        if (!reached) {
            assert_int_equal(code, 0);
            return n;
        }
        /* Some allocations can be done without: then nothing is wrong at all. */
        if (code != 0) {
            assert_int_equal(code, ERROR_SYSTEM);
            assert_int_equal(err.code, ERROR_SYSTEM);
            assert_true(strstr(err.text, "memory") != NULL);
        }
    }
    fail_msg("the job never ended");
    return 0;
}

static int fill_buffer(struct error *err) {
    struct buffer line = {0};
    for (int i = 0; i < 100; i++) {
        buffer_text(&line, "platform");
        buffer_byte(&line, ',');
        buffer_format(&line, "%06d", i);
    }
    int code = buffer_check(&line, err);
    if (!code && (line.length != 1500 || strlen(line.bytes) != 1500))
        code = error_set(err, ERROR_DATA, "a part is missing");
    buffer_free(&line);
    return code;
}

static int read_file(struct error *err) {
    struct buffer all = {0};
    int code = buffer_read_file(&all, "/proc/self/maps", err);
    buffer_free(&all);
    return code;
}

static int fill_dictionary(struct error *err) {
    struct dictionary names = {0}, merged = {0};
    uint32_t code, found;
    char name[32];
    int status = 0;
    for (int i = 0; i < 500 && !status; i++) {
        int length = snprintf(name, sizeof name, "a-name-of-some-length-%d", i);
        status = dictionary_add(&names, (struct text){name, (size_t)length}, &code, err);
    }
    if (!status)
        status = dictionary_merge(&merged, &names, NULL, err);
    /* What a failure left is whole: each name is found under its code. */
    for (uint32_t i = 0; i < names.count; i++)
        if (!dictionary_find(&names, dictionary_name(&names, i), &found) || found != i)
            status = error_set(&(struct error){0}, ERROR_DATA, "lost a name");
    dictionary_free(&names);
    dictionary_free(&merged);
    return status;
}

static int fill_sheet(struct error *err) {
    struct sheet sheet = {0};
    const char *names[] = {"platform", "users"};
    int code = sheet_start(&sheet, names, 2, err);
    for (int i = 0; i < 3000 && !code; i++)
        code = sheet_cell(&sheet, text_of("a cell of twenty-one"), err);
    sheet_free(&sheet);
    return code;
}

static int write_output(struct error *err) {
    struct output *out;
    int code = output_open(&out, "result.csv", err);
    if (!code)
        fputs("whole\n", output_stream(out));
    if (!code)
        code = output_finish(out, err);
    if (!code)
        return output_commit(&out, err);
    output_abandon(&out);
    return code;
}

static int task(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    atomic_fetch_add((atomic_int *)context, (int)index + 1);
    void *memory = malloc(100);
    free(memory);
    return memory ? 0 : error_memory(err);
}

static int run_workers(struct error *err) {
    atomic_int sum = 0;
    int code = workers_run(3, 6, task, &sum, err);
    if (!code && sum != 21)
        code = error_set(err, ERROR_DATA, "a task did not run");
    return code;
}

static void buffers_tell(void **state) {
    (void)state;
    assert_true(fail_each_allocation(fill_buffer) >= 3);
    assert_true(fail_each_allocation(read_file) >= 1);
}

static void dictionaries_tell_and_stay_whole(void **state) {
    (void)state;
    assert_true(fail_each_allocation(fill_dictionary) >= 20);
}

static void sheets_tell(void **state) {
    (void)state;
    assert_true(fail_each_allocation(fill_sheet) >= 10);
}

static void outputs_tell_and_leave_no_file(void **state) {
    (void)state;
    char folder[] = "/tmp/memory-test-XXXXXX";
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    assert_true(fail_each_allocation(write_output) >= 6);
    DIR *entries = opendir(".");
    assert_non_null(entries);
    for (struct dirent *entry; (entry = readdir(entries));)
        if (entry->d_name[0] != '.')
            assert_string_equal(entry->d_name, "result.csv");
        else if (strlen(entry->d_name) > 2)
            fail_msg("'%s' was left behind", entry->d_name);
    closedir(entries);
    assert_int_equal(unlink("result.csv") + chdir("/") + rmdir(folder), 0);
}

/* A thread that cannot start leaves its share to the others. */
static void workers_tell(void **state) {
    (void)state;
    run_workers(NULL); /* the first threads leave stacks that are used again */
    assert_true(fail_each_allocation(run_workers) >= 7);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_tell), cmocka_unit_test(dictionaries_tell_and_stay_whole),
        cmocka_unit_test(sheets_tell),  cmocka_unit_test(outputs_tell_and_leave_no_file),
        cmocka_unit_test(workers_tell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void) {
    puts("1..0 # SKIP the sanitizers bring an allocator of their own");
    return 0;
}

#endif
