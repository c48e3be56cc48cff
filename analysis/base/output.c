/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files written beside their target and renamed when whole.
 *
 * This keeps a failed or interrupted run from leaving half a file; it does not wait for the disk,
 * as fsync would, so that a power cut may still cost the newest file. */
#include "base/output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct output {
    FILE *stream; /* over `file`, so that the reason of a failed write is kept; see write_bytes */
    int file;     /* -1: none */
    int failure;  /* the errno of the first write that failed; 0: none */
    char *name;   /* as the caller gave it, for messages; NULL: standard output */
    char *target; /* NULL: written in place */
    char *temporary; /* NULL: written in place */
    int entry;       /* in the list below; -1: none */
    bool finished;
};

/* ---- The temporary files of this process --------------------------------------------------- */

/* A signal handler has to reach these, so they are the one piece of shared state here. It reads
 * only entries that are live; the lock is for the rest of the program. */
enum { MOST_FILES = 64 };

static struct {
    atomic_int owner; /* process that made the file; 0: the entry is free */
    char path[PATH_MAX];
} live[MOST_FILES];

static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;

static int remember(const char *path) {
    int entry = -1;
    size_t length = strlen(path);
    if (length >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    pthread_mutex_lock(&live_lock);
    for (int i = 0; i < MOST_FILES && entry < 0; i++)
        if (atomic_load(&live[i].owner) == 0)
            entry = i;
    if (entry >= 0) {
        memcpy(live[entry].path, path, length + 1);
        atomic_store(&live[entry].owner, (int)getpid());
    }
    pthread_mutex_unlock(&live_lock);
    if (entry < 0)
        errno = EMFILE;
    return entry;
}

static void forget(int entry) {
    if (entry >= 0)
        atomic_store(&live[entry].owner, 0);
}

/* A forked child has a copy of the list, and must not remove its parent's files. */
void output_remove_all(void) {
    int number = errno;
    int self = (int)getpid();
    for (int i = 0; i < MOST_FILES; i++) {
        if (atomic_load(&live[i].owner) != self)
            continue;
        unlink(live[i].path);
        atomic_store(&live[i].owner, 0);
    }
    errno = number;
}

/* ---- Names --------------------------------------------------------------------------------- */

/* Folder (with its '/') and name within a path. */
static size_t folder_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

static char *join(const char *folder, size_t length, const char *name) {
    size_t rest = strlen(name);
    char *path = malloc(length + rest + 1);
    if (!path)
        return NULL;
    memcpy(path, folder, length);
    memcpy(path + length, name, rest + 1);
    return path;
}

/* Where a symbolic link points to, seen from where the link stands; NULL with errno. */
static char *follow(const char *link) {
    char aim[PATH_MAX];
    ssize_t length = readlink(link, aim, sizeof aim - 1);
    if (length < 0)
        return NULL;
    aim[length] = '\0';
    return join(link, aim[0] == '/' ? 0 : folder_length(link), aim);
}

/* The absolute path of a file that need not exist, in a folder that must. */
static char *absolute(const char *path) {
    size_t length = folder_length(path);
    const char *name = path + length;
    if (!*name) {
        errno = *path ? EISDIR : ENOENT;
        return NULL;
    }
    char *given = length > 0 ? strndup(path, length) : strdup(".");
    char *folder = given ? realpath(given, NULL) : NULL;
    free(given);
    if (!folder)
        return NULL;
    size_t end = strlen(folder);
    bool root = folder[end - 1] == '/';
    char *with_slash = root ? folder : join(folder, end, "/");
    if (!root)
        free(folder);
    if (!with_slash)
        return NULL;
    char *whole = join(with_slash, strlen(with_slash), name);
    free(with_slash);
    return whole;
}

/* What the path means when every link is followed, including a last one that points to a file that
 * does not exist yet. NULL with errno. */
static char *resolve(const char *path) {
    enum { MOST_LINKS = 40 };
    char *at = strdup(path);
    for (int links = 0; at && links < MOST_LINKS; links++) {
        struct stat about;
        if (lstat(at, &about) != 0 || !S_ISLNK(about.st_mode)) {
            char *whole = absolute(at);
            free(at);
            return whole;
        }
        char *next = follow(at);
        free(at);
        at = next;
    }
    if (at) {
        free(at);
        errno = ELOOP;
    }
    return NULL;
}

/* ---- Opening ------------------------------------------------------------------------------- */

enum { RANDOM_LETTERS = 6, LONGEST_STEM = 200 };

/* ".NAME.XXXXXX" in the target's folder, XXXXXX at random; a very long NAME is cut. */
static char *temporary_name(const char *target) {
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    size_t folder = folder_length(target);
    uint64_t bits;
    if (getrandom(&bits, sizeof bits, 0) != sizeof bits)
        return NULL;
    char name[LONGEST_STEM + RANDOM_LETTERS + 3];
    int length = snprintf(name, sizeof name, ".%.*s.", LONGEST_STEM, target + folder);
    for (int i = 0; i < RANDOM_LETTERS; i++, bits /= sizeof letters - 1)
        name[length++] = letters[bits % (sizeof letters - 1)];
    name[length] = '\0';
    return join(target, folder, name);
}

/* Creates and lists the temporary file; -1 with errno. Signals wait meanwhile: a file that exists
 * and is not yet in the list would stay behind. The kernel applies the umask to the mode. */
static int create_temporary(struct output *output) {
    enum { TRIES = 100 };
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int file = -1;
    for (int i = 0; i < TRIES && file < 0; i++) {
        free(output->temporary);
        output->temporary = temporary_name(output->target);
        if (!output->temporary)
            break;
        file = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file < 0 && errno != EEXIST)
            break;
    }
    if (file >= 0) {
        output->entry = remember(output->temporary);
        if (output->entry < 0) {
            int number = errno;
            unlink(output->temporary);
            close(file);
            file = -1;
            errno = number;
        }
    }
    int number = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return file;
}

/* The number of the open file that a path such as /dev/stderr or /dev/fd/3 stands for; -1: none.
 * It is written through that file: opening the path afresh would start at its beginning, and
 * renaming would replace what others have written there, such as the messages in a log. */
static int inherited(const char *path) {
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0)
        return STDOUT_FILENO;
    if (strcmp(path, "/dev/stderr") == 0)
        return STDERR_FILENO;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        size_t length = strlen(folders[i]);
        if (strncmp(path, folders[i], length) != 0)
            continue;
        char *end;
        long number = strtol(path + length, &end, 10);
        if (end != path + length && !*end && number >= 0 && number <= INT_MAX)
            return (int)number;
    }
    return -1;
}

/* A descriptor to write to: the thing itself if it is no regular file, otherwise a temporary file
 * with the mode of the one it will replace. -1 with errno. */
static int open_file(struct output *output) {
    int open_already = inherited(output->name);
    if (open_already >= 0)
        return fcntl(open_already, F_DUPFD_CLOEXEC, 0);
    struct stat about;
    bool exists = stat(output->name, &about) == 0;
    if (!exists && errno != ENOENT)
        return -1;
    if (exists && !S_ISREG(about.st_mode))
        return open(output->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    /* Renaming needs no leave from the file itself: ask, as writing in place would have. */
    if (exists && access(output->name, W_OK) != 0)
        return -1;
    output->target = resolve(output->name);
    if (!output->target)
        return -1;
    int file = create_temporary(output);
    if (file >= 0 && exists && fchmod(file, about.st_mode & 0777) != 0) {
        int number = errno;
        close(file);
        errno = number;
        return -1;
    }
    return file;
}

static int open_named(struct output *output, const char *path, struct error *err) {
    output->name = strdup(path);
    if (!output->name)
        return error_memory(err);
    int file = open_file(output);
    if (file < 0)
        return error_system(err, "cannot write '%s'", path);
    output->file = file;
    return 0;
}

/* stdio forgets why a write failed once it has been told, and drops the bytes of a large one, so
 * that nobody could ask again at the end. */
static ssize_t write_bytes(void *context, const char *bytes, size_t size) {
    struct output *output = context;
    for (size_t done = 0; done < size && output->failure == 0;) {
        const ssize_t n = write(output->file, bytes + done, size - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            output->failure = errno;
    }
    return output->failure == 0 ? (ssize_t)size : 0; /* 0 says that it failed */
}

enum { BUFFER = 64 * 1024 };

static int open_stream(struct output *output, struct error *err) {
    output->stream = fopencookie(output, "w", (cookie_io_functions_t){.write = write_bytes});
    if (!output->stream)
        return error_memory(err);
    setvbuf(output->stream, NULL, _IOFBF, BUFFER);
    return 0;
}

int output_open(struct output **ret, const char *path, struct error *err) {
    *ret = NULL;
    struct output *output = calloc(1, sizeof *output);
    if (!output)
        return error_memory(err);
    output->entry = -1;
    output->file = -1;
    int code = 0;
    if (!path || strcmp(path, "-") == 0)
        output->file = STDOUT_FILENO;
    else
        code = open_named(output, path, err);
    if (!code)
        code = open_stream(output, err);
    if (code)
        output_abandon(&output);
    else
        *ret = output;
    return code;
}

FILE *output_stream(struct output *output) {
    return output->stream;
}

const char *output_temporary(const struct output *output) {
    return output->temporary ? output->temporary : output->name;
}

/* ---- Closing ------------------------------------------------------------------------------- */

static void close_stream(struct output *output) {
    if (output->stream)
        fclose(output->stream); /* what fails in it is in output->failure */
    output->stream = NULL;
    if (output->name && output->file >= 0 && close(output->file) != 0 && output->failure == 0)
        output->failure = errno;
    output->file = -1;
}

/* Flushes and closes, but standard output only flushes; the errno of what went wrong, or 0. */
static int flush(struct output *output) {
    bool failed = ferror(output->stream) != 0;
    failed |= fflush(output->stream) != 0;
    if (output->name)
        close_stream(output);
    return output->failure != 0 ? output->failure : failed ? EIO : 0;
}

int output_finish(struct output *output, struct error *err) {
    if (output->finished)
        return 0;
    output->finished = true;
    int number = flush(output);
    if (number == 0)
        return 0;
    if (number == EPIPE)
        return error_set(err, ERROR_SYSTEM, "%s", "");
    errno = number;
    if (!output->name)
        return error_system(err, "cannot write standard output");
    return error_system(err, "cannot write '%s'", output->name);
}

static void destroy(struct output *output) {
    close_stream(output);
    free(output->name);
    free(output->target);
    free(output->temporary);
    free(output);
}

int output_commit(struct output **output, struct error *err) {
    struct output *out = *output;
    int code = output_finish(out, err);
    if (code == 0 && out->temporary) {
        if (rename(out->temporary, out->target) == 0) {
            forget(out->entry);
            out->entry = -1;
        } else {
            code = error_system(err, "cannot write '%s'", out->name);
        }
    }
    if (code) {
        output_abandon(output);
        return code;
    }
    destroy(out);
    *output = NULL;
    return 0;
}

void output_abandon(struct output **output) {
    struct output *out = *output;
    if (!out)
        return;
    if (out->entry >= 0) {
        unlink(out->temporary);
        forget(out->entry);
    }
    destroy(out);
    *output = NULL;
}
