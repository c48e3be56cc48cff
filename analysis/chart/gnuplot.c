/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running gnuplot on a script. */
#include "chart/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- What gnuplot gets to see -------------------------------------------------------------- */

enum { MOST_VARIABLES = 16 };

struct environment {
    struct buffer texts[MOST_VARIABLES];
    char *pointers[MOST_VARIABLES + 1];
    size_t n;
};

static void add(struct environment *environment, const char *name, const char *value,
                const char *rest) {
    struct buffer *text = &environment->texts[environment->n++];
    buffer_format(text, "%s=%s%s", name, value, rest);
}

/* Only what finds the program and its fonts. HOME holds start-up files, GNUTERM and GNUPLOT_*
 * change what is drawn, and a locale changes numbers. Without a home fontconfig would look for its
 * cache in vain and read every font anew: it is told where the cache is. */
static int make_environment(struct environment *environment, struct error *err) {
    static const char *const kept[] = {"PATH", "TMPDIR", "FONTCONFIG_FILE", "FONTCONFIG_PATH",
                                       "XDG_CACHE_HOME"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = getenv(kept[i]);
        if (value)
            add(environment, kept[i], value, "");
    }
    const char *home = getenv("HOME");
    if (home && !getenv("XDG_CACHE_HOME"))
        add(environment, "XDG_CACHE_HOME", home, "/.cache");
    add(environment, "HOME", "/nonexistent", "");
    add(environment, "LC_ALL", "C.UTF-8", "");
    for (size_t i = 0; i < environment->n; i++) {
        int status = buffer_check(&environment->texts[i], err);
        if (status)
            return status;
        environment->pointers[i] = environment->texts[i].bytes;
    }
    return 0;
}

static void free_environment(struct environment *environment) {
    for (size_t i = 0; i < environment->n; i++)
        buffer_free(&environment->texts[i]);
}

/* ---- The files it reads and writes --------------------------------------------------------- */

/* Files without a name, so that none is left behind however this ends. */
struct files {
    FILE *script, *picture, *complaints;
};

static int open_files(struct text script, struct files *files, struct error *err) {
    files->script = tmpfile();
    files->picture = tmpfile();
    files->complaints = tmpfile();
    if (!files->script || !files->picture || !files->complaints)
        return error_system(err, "cannot make a temporary file");
    if (fwrite(script.bytes, 1, script.length, files->script) != script.length ||
        fflush(files->script) != 0)
        return error_system(err, "cannot write a temporary file");
    rewind(files->script);
    return 0;
}

static void close_files(struct files *files) {
    FILE *const all[3] = {files->script, files->picture, files->complaints};
    for (int i = 0; i < 3; i++)
        if (all[i])
            fclose(all[i]);
}

static int read_all(FILE *file, struct buffer *into, struct error *err) {
    char bytes[1 << 14];
    size_t n;
    rewind(file);
    while ((n = fread(bytes, 1, sizeof bytes, file)) > 0)
        buffer_append(into, bytes, n);
    if (ferror(file))
        return error_system(err, "cannot read a temporary file");
    return buffer_check(into, err);
}

/* ---- Running ------------------------------------------------------------------------------- */

enum { SCRIPT_FD = 3 };

/* The number of what failed, or 0. */
static int set_actions(posix_spawn_file_actions_t *actions, const struct files *files) {
    const int from[] = {fileno(files->script), fileno(files->picture), fileno(files->complaints)};
    const int to[] = {SCRIPT_FD, STDOUT_FILENO, STDERR_FILENO};
    /* The files may themselves be 0 to 3 where the caller's were closed: away from there first. */
    int moved[3], number = 0;
    for (int i = 0; i < 3 && number == 0; i++) {
        moved[i] = 10 + i;
        number = posix_spawn_file_actions_adddup2(actions, from[i], moved[i]);
    }
    for (int i = 0; i < 3 && number == 0; i++)
        number = posix_spawn_file_actions_adddup2(actions, moved[i], to[i]);
    if (number == 0)
        number = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (number == 0)
        number = posix_spawn_file_actions_addclosefrom_np(actions, SCRIPT_FD + 1);
    return number;
}

/* Signals as a program expects them at its start, whatever this one ignores or blocks. */
static int set_signals(posix_spawnattr_t *attributes) {
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    int number =
        posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    if (number == 0)
        number = posix_spawnattr_setsigmask(attributes, &none);
    if (number == 0)
        number = posix_spawnattr_setsigdefault(attributes, &defaults);
    return number;
}

static int spawn(const struct files *files, char *const *environment, pid_t *ret,
                 struct error *err) {
    char *const arguments[] = {(char[]){"gnuplot"}, (char[]){"-d"}, (char[]){"/dev/fd/3"}, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int number = set_actions(&actions, files);
    if (number == 0)
        number = set_signals(&attributes);
    if (number == 0)
        number = posix_spawnp(ret, "gnuplot", &actions, &attributes, arguments, environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (number == 0)
        return 0;
    errno = number;
    if (number == ENOENT)
        return error_set(err, ERROR_SYSTEM,
                         "found no program 'gnuplot', which draws the charts: install gnuplot-nox");
    return error_system(err, "cannot start gnuplot");
}

/* gnuplot's words on one line. */
static void join_lines(struct buffer *complaints) {
    size_t length = 0;
    for (size_t i = 0; i < complaints->length; i++) {
        char byte = complaints->bytes[i];
        bool blank = (unsigned char)byte <= ' ';
        if (!blank)
            complaints->bytes[length++] = byte;
        else if (length > 0 && complaints->bytes[length - 1] != ' ')
            complaints->bytes[length++] = ' ';
    }
    while (length > 0 && complaints->bytes[length - 1] == ' ')
        length--;
    if (complaints->bytes)
        complaints->bytes[length] = '\0';
    complaints->length = length;
}

/* The one complaint that says nothing of the chart: fontconfig may not keep its cache. */
static void drop_cache_complaint(struct buffer *complaints) {
    static const char start[] = "Fontconfig error: No writable cache directories";
    char *at;
    while (complaints->length > 0 && (at = strstr(complaints->bytes, start))) {
        char *end = at + strcspn(at, "\n");
        while (end[0] == '\n' && end[1] == '\t') /* the folders it tried */
            end += 1 + strcspn(end + 1, "\n");
        size_t rest = strlen(end);
        memmove(at, end, rest + 1);
        complaints->length = (size_t)(at - complaints->bytes) + rest;
    }
}

static int judge(int status, struct buffer *complaints, const struct buffer *picture,
                 struct error *err) {
    drop_cache_complaint(complaints);
    join_lines(complaints);
    if (complaints->length > 0)
        return error_set(err, ERROR_SYSTEM, "gnuplot says: %s", complaints->bytes);
    if (WIFSIGNALED(status))
        return error_set(err, ERROR_SYSTEM, "gnuplot was ended by signal %d", WTERMSIG(status));
    if (WEXITSTATUS(status) != 0)
        return error_set(err, ERROR_SYSTEM, "gnuplot ended with status %d and no word of why",
                         WEXITSTATUS(status));
    if (picture->length == 0)
        return error_set(err, ERROR_SYSTEM, "gnuplot drew nothing and gave no word of why");
    return 0;
}

static int run(const struct files *files, char *const *environment, struct buffer *picture,
               struct buffer *complaints, struct error *err) {
    pid_t child = 0;
    int code = spawn(files, environment, &child, err);
    if (code)
        return code;
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return error_system(err, "cannot wait for gnuplot");
    code = read_all(files->picture, picture, err);
    if (code == 0)
        code = read_all(files->complaints, complaints, err);
    return code ? code : judge(status, complaints, picture, err);
}

int gnuplot_run(struct text script, struct buffer *picture, struct error *err) {
    struct files files = {0};
    struct environment environment = {0};
    struct buffer complaints = {0};
    int code = open_files(script, &files, err);
    if (code == 0)
        code = make_environment(&environment, err);
    if (code == 0)
        code = run(&files, environment.pointers, picture, &complaints, err);
    close_files(&files);
    free_environment(&environment);
    buffer_free(&complaints);
    return code;
}
