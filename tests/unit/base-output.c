/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files written whole or not at all. */
#include "base/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* Each test has an empty folder of its own and runs in it. */
static int enter_folder(void **state) {
    static char folder[32];
    snprintf(folder, sizeof folder, "/tmp/output-test-XXXXXX");
    *state = folder;
    umask(022);
    return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state) {
    char command[64];
    snprintf(command, sizeof command, "rm -rf '%s'", (char *)*state);
    /* NOLINTNEXTLINE(cert-env33-c): nothing in the command comes from outside */
    return chdir("/") != 0 || system(command) != 0 ? -1 : 0;
}

static void put_file(const char *path, const char *content) {
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void assert_content(const char *path, const char *expected) {
    char found[256] = "";
    FILE *file = fopen(path, "r");
    if (!file)
        fail_msg("'%s' is not there", path);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, expected);
}

static int count_files(const char *folder) {
    DIR *entries = opendir(folder);
    assert_non_null(entries);
    int n = 0;
    for (struct dirent *entry; (entry = readdir(entries));)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(entries);
    return n;
}

static mode_t mode_of(const char *path) {
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    return about.st_mode & 07777;
}

static struct output *opened(const char *path) {
    struct output *out = NULL;
    struct error err = {0};
    if (output_open(&out, path, &err))
        fail_msg("%s", err.text);
    return out;
}

static void write_whole(const char *path, const char *content) {
    struct output *out = opened(path);
    struct error err = {0};
    fputs(content, output_stream(out));
    if (output_commit(&out, &err))
        fail_msg("%s", err.text);
    assert_null(out);
}

static void nothing_shows_until_the_commit(void **state) {
    (void)state;
    struct output *out = opened("result.csv");
    fputs("a,b\n", output_stream(out));
    assert_int_equal(access("result.csv", F_OK), -1);
    assert_int_equal(output_finish(out, NULL), 0);
    assert_int_equal(output_finish(out, NULL), 0); /* once is enough, twice is harmless */
    assert_int_equal(access("result.csv", F_OK), -1);
    assert_content(output_temporary(out), "a,b\n");
    const char *name = strrchr(output_temporary(out), '/') + 1;
    assert_memory_equal(name, ".result.csv.", 12);
    assert_int_equal(strlen(name), 18);
    assert_int_equal(output_commit(&out, NULL), 0);
    assert_null(out);
    assert_content("result.csv", "a,b\n");
    assert_int_equal(count_files("."), 1);
}

static void abandoning_leaves_the_old_file(void **state) {
    (void)state;
    put_file("result.csv", "old\n");
    struct output *out = opened("result.csv");
    fputs("half a li", output_stream(out));
    output_abandon(&out);
    assert_null(out);
    output_abandon(&out);
    assert_content("result.csv", "old\n");
    out = opened("result.csv");
    assert_int_equal(output_finish(out, NULL), 0);
    output_abandon(&out);
    assert_content("result.csv", "old\n");
    assert_int_equal(count_files("."), 1);
}

static void modes_follow_the_umask_or_the_old_file(void **state) {
    (void)state;
    write_whole("new.csv", "x");
    assert_int_equal(mode_of("new.csv"), 0644);
    umask(077);
    write_whole("private.csv", "x");
    assert_int_equal(mode_of("private.csv"), 0600);
    assert_int_equal(chmod("new.csv", 0664), 0);
    write_whole("new.csv", "y");
    assert_int_equal(mode_of("new.csv"), 0664);
    assert_content("new.csv", "y");
}

static void a_link_stays_and_its_target_is_replaced(void **state) {
    (void)state;
    assert_int_equal(mkdir("deep", 0755), 0);
    put_file("deep/target.csv", "old");
    assert_int_equal(symlink("deep/target.csv", "link.csv"), 0);
    assert_int_equal(symlink("link.csv", "second.csv"), 0);
    struct output *out = opened("second.csv");
    assert_int_equal(count_files("deep"), 2); /* beside the target: renaming must not copy */
    fputs("new", output_stream(out));
    assert_int_equal(output_commit(&out, NULL), 0);
    assert_content("deep/target.csv", "new");
    struct stat about;
    assert_int_equal(lstat("link.csv", &about), 0);
    assert_true(S_ISLNK(about.st_mode));
    assert_int_equal(count_files("deep"), 1);
}

static void a_link_to_nothing_yet_is_followed(void **state) {
    (void)state;
    char absolute[128];
    assert_int_equal(mkdir("deep", 0755), 0);
    assert_int_equal(symlink("../there.csv", "deep/link.csv"), 0);
    write_whole("deep/link.csv", "x");
    assert_content("there.csv", "x");
    snprintf(absolute, sizeof absolute, "%s/elsewhere.csv", (char *)*state);
    assert_int_equal(symlink(absolute, "deep/absolute.csv"), 0);
    write_whole("deep/absolute.csv", "y");
    assert_content("elsewhere.csv", "y");
    struct stat about;
    assert_int_equal(lstat("deep/absolute.csv", &about), 0);
    assert_true(S_ISLNK(about.st_mode));
}

static void the_folder_may_change_meanwhile(void **state) {
    struct output *out = opened("result.csv");
    fputs("x", output_stream(out));
    assert_int_equal(chdir("/"), 0);
    assert_int_equal(output_commit(&out, NULL), 0);
    assert_int_equal(chdir(*state), 0);
    assert_content("result.csv", "x");
}

static void very_long_names_fit(void **state) {
    (void)state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    write_whole(name, "x");
    assert_content(name, "x");
}

static void assert_cannot_open(const char *path, const char *meaning) {
    struct output *out = (struct output *)1;
    struct error err = {0};
    char expected[512];
    snprintf(expected, sizeof expected, "cannot write '%s': %s", path, meaning);
    assert_int_equal(output_open(&out, path, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, expected);
    assert_null(out);
}

static void says_what_cannot_be_written(void **state) {
    (void)state;
    assert_int_equal(mkdir("folder", 0755), 0);
    put_file("file", "x");
    assert_int_equal(symlink("loop", "loop"), 0);
    assert_cannot_open("folder", "Is a directory");
    assert_cannot_open("no/such/file.csv", "No such file or directory");
    assert_cannot_open("file/under", "Not a directory");
    assert_cannot_open("absent/", "Is a directory");
    assert_cannot_open("", "No such file or directory");
    assert_cannot_open("loop", "Too many levels of symbolic links");
    assert_int_equal(count_files("."), 3);
}

/* In a child that is nobody in particular: root may write everywhere. */
static void a_read_only_file_is_not_replaced(void **state) {
    put_file("result.csv", "old");
    assert_int_equal(chmod("result.csv", 0444) + chmod(*state, 0777), 0);
    pid_t child = fork();
    if (child == 0) {
        struct output *out;
        struct error err = {0};
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        int code = output_open(&out, "result.csv", &err);
        _exit(strcmp(err.text, "cannot write 'result.csv': Permission denied") == 0 ? code : 98);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), ERROR_SYSTEM);
    assert_content("result.csv", "old");
    assert_int_equal(count_files("."), 1);
}

static void a_full_device_is_an_error(void **state) {
    (void)state;
    struct error err = {0};
    struct output *out = opened("/dev/full");
    assert_string_equal(output_temporary(out), "/dev/full");
    fputs("x", output_stream(out));
    assert_int_equal(output_commit(&out, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot write '/dev/full': No space left on device");
    assert_null(out);
    /* The same when the error came long before the end. */
    struct error late = {0};
    out = opened("/dev/full");
    for (int i = 0; i < 100000; i++)
        fputs("0123456789", output_stream(out));
    assert_int_equal(output_finish(out, &late), ERROR_SYSTEM);
    assert_string_equal(late.text, "cannot write '/dev/full': No space left on device");
    output_abandon(&out);
    assert_int_equal(access("/dev/full", F_OK), 0);
}

/* A write larger than any buffer goes straight through, and leaves nothing behind that a flush
 * could fail with again: the reason is known all the same. */
static void a_large_write_keeps_its_reason(void **state) {
    (void)state;
    static char bytes[1 << 20];
    struct error err = {0};
    memset(bytes, 'x', sizeof bytes);
    struct output *out = opened("/dev/full");
    assert_true(fwrite(bytes, 1, sizeof bytes, output_stream(out)) < sizeof bytes);
    fputs("y", output_stream(out));
    assert_int_equal(output_commit(&out, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot write '/dev/full': No space left on device");
}

/* A write that failed may leave nothing to flush: the stream's own mark counts too. */
static void an_error_on_the_stream_is_not_forgotten(void **state) {
    (void)state;
    struct error err = {0};
    struct output *out = opened("result.csv");
    fputs("x", output_stream(out));
    assert_int_equal(fflush(output_stream(out)), 0);
    assert_int_equal(getc(output_stream(out)), EOF); /* not open for reading: sets the mark */
    assert_int_equal(output_commit(&out, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot write 'result.csv': Input/output error");
    assert_int_equal(count_files("."), 0);
}

/* What was written there before stays, and what is written there afterwards follows. */
static void an_open_file_is_written_on(void **state) {
    (void)state;
    static const char *const folders[] = {"/dev/fd", "/proc/self/fd"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[64];
        int log = open("log", O_WRONLY | O_CREAT | O_TRUNC, 0666);
        assert_true(log >= 0);
        assert_int_equal(write(log, "before\n", 7), 7);
        snprintf(path, sizeof path, "%s/%d", folders[i], log);
        write_whole(path, "whole\n");
        assert_int_equal(write(log, "after\n", 6), 6);
        close(log);
        assert_content("log", "before\nwhole\nafter\n");
        struct output *out;
        struct error err = {0};
        assert_int_equal(output_open(&out, path, &err), ERROR_SYSTEM);
        snprintf(path, sizeof path, "cannot write '%s/%d': Bad file descriptor", folders[i], log);
        assert_string_equal(err.text, path);
    }
    assert_int_equal(count_files("."), 1);
}

static void a_pipe_is_written_in_place(void **state) {
    (void)state;
    assert_int_equal(mkfifo("pipe", 0600), 0);
    int reader = open("pipe", O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    write_whole("pipe", "through");
    char found[16] = "";
    assert_int_equal(read(reader, found, sizeof found), 7);
    assert_string_equal(found, "through");
    close(reader);
    struct stat about;
    assert_int_equal(stat("pipe", &about), 0);
    assert_true(S_ISFIFO(about.st_mode));
    assert_int_equal(count_files("."), 1);
}

static void a_closed_pipe_is_a_quiet_error(void **state) {
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(mkfifo("pipe", 0600), 0);
    for (int lines = 1; lines <= 100001; lines += 100000) {
        int reader = open("pipe", O_RDONLY | O_NONBLOCK);
        struct output *out = opened("pipe");
        struct error err = {0};
        close(reader);
        for (int i = 0; i < lines; i++)
            fputs("0123456789\n", output_stream(out));
        assert_int_equal(output_commit(&out, &err), ERROR_SYSTEM);
        assert_int_equal(err.code, ERROR_SYSTEM);
        assert_string_equal(err.text, "");
    }
    signal(SIGPIPE, SIG_DFL);
}

/* Runs in a child whose standard output is `target`; its exit status is what committing gave. */
static int commit_standard_output(const char *target, const char *path) {
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct output *out;
        struct error err = {0};
        int file = open(target, O_WRONLY | O_CREAT, 0600);
        if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || output_open(&out, path, &err) ||
            output_temporary(out))
            _exit(99);
        fputs("to standard output\n", output_stream(out));
        int code = output_commit(&out, &err);
        if (code && strcmp(err.text, "cannot write standard output: No space left on device") != 0)
            code = 98;
        if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
            code = 97; /* it is the caller's to close */
        _exit(code);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void standard_output_is_flushed_and_checked(void **state) {
    (void)state;
    assert_int_equal(commit_standard_output("first", NULL), 0);
    assert_content("first", "to standard output\n");
    assert_int_equal(commit_standard_output("second", "-"), 0);
    assert_content("second", "to standard output\n");
    assert_int_equal(commit_standard_output("/dev/full", NULL), ERROR_SYSTEM);
}

static void a_failed_rename_removes_the_temporary(void **state) {
    (void)state;
    struct output *out = opened("result.csv");
    struct error err = {0};
    fputs("x", output_stream(out));
    assert_int_equal(mkdir("result.csv", 0755), 0); /* someone else was faster */
    assert_int_equal(output_commit(&out, &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot write 'result.csv': Is a directory");
    assert_null(out);
    assert_int_equal(count_files("."), 1);
}

static void all_temporaries_can_be_removed_at_once(void **state) {
    (void)state;
    put_file("b.csv", "old");
    struct output *a = opened("a.csv"), *b = opened("b.csv"), *c = opened("c.csv");
    assert_int_equal(output_commit(&c, NULL), 0);
    errno = 7;
    output_remove_all();
    assert_int_equal(errno, 7);
    assert_int_equal(count_files("."), 2);
    assert_content("b.csv", "old");
    output_abandon(&a);
    struct error err = {0};
    assert_int_equal(output_commit(&b, &err), ERROR_SYSTEM); /* what is gone cannot be renamed */
    assert_content("b.csv", "old");
}

static void a_child_leaves_its_parents_files(void **state) {
    (void)state;
    struct output *out = opened("result.csv");
    pid_t child = fork();
    if (child == 0) {
        output_remove_all();
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(count_files("."), 1);
    assert_int_equal(output_commit(&out, NULL), 0);
    assert_content("result.csv", "");
}

static void on_signal(int number) {
    /* NOLINTNEXTLINE(bugprone-signal-handler,cert-sig30-c): made for this, and tested here */
    output_remove_all();
    _exit(number);
}

static void a_signal_handler_cleans_up(void **state) {
    (void)state;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        struct output *a, *b;
        signal(SIGTERM, on_signal);
        if (output_open(&a, "a.csv", NULL) || output_open(&b, "b.csv", NULL))
            _exit(99);
        raise(SIGTERM);
        _exit(98);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), SIGTERM);
    assert_int_equal(count_files("."), 0);
}

static void there_is_room_for_many_and_a_clear_end(void **state) {
    (void)state;
    enum { ROOM = 64 };
    struct output *out[ROOM], *more;
    for (int i = 0; i < ROOM; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.csv", i);
        out[i] = opened(name);
    }
    struct error err = {0};
    assert_int_equal(output_open(&more, "more.csv", &err), ERROR_SYSTEM);
    assert_string_equal(err.text, "cannot write 'more.csv': Too many open files");
    assert_int_equal(count_files("."), ROOM);
    for (int i = 0; i < ROOM; i++)
        output_abandon(&out[i]);
    assert_int_equal(count_files("."), 0);
    write_whole("more.csv", "x"); /* the places are free again */
}

#define in_folder(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        in_folder(nothing_shows_until_the_commit),
        in_folder(abandoning_leaves_the_old_file),
        in_folder(modes_follow_the_umask_or_the_old_file),
        in_folder(a_link_stays_and_its_target_is_replaced),
        in_folder(a_link_to_nothing_yet_is_followed),
        in_folder(the_folder_may_change_meanwhile),
        in_folder(very_long_names_fit),
        in_folder(says_what_cannot_be_written),
        in_folder(a_read_only_file_is_not_replaced),
        in_folder(a_full_device_is_an_error),
        in_folder(a_large_write_keeps_its_reason),
        in_folder(an_error_on_the_stream_is_not_forgotten),
        in_folder(an_open_file_is_written_on),
        in_folder(a_pipe_is_written_in_place),
        in_folder(a_closed_pipe_is_a_quiet_error),
        in_folder(standard_output_is_flushed_and_checked),
        in_folder(a_failed_rename_removes_the_temporary),
        in_folder(all_temporaries_can_be_removed_at_once),
        in_folder(a_child_leaves_its_parents_files),
        in_folder(a_signal_handler_cleans_up),
        in_folder(there_is_room_for_many_and_a_clear_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
