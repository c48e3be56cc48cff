/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs one command to its end and says what it took.
 *
 *     measure REPORT COMMAND [ARGUMENT]...
 *
 * writes one line to REPORT, "seconds user_seconds system_seconds peak_kibibytes", and exits as the
 * command did. Seconds are those of the monotonic clock from before the fork until the command was
 * waited for; the peak is the largest resident set of the command or of any child it waited for
 * (getrusage, RUSAGE_CHILDREN).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CANNOT_MEASURE = 125, CANNOT_RUN = 127 };

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + 1e-6 * (double)time.tv_usec;
}

static int complain(const char *what) {
    fprintf(stderr, "measure: %s: %s\n", what, strerror(errno));
    return CANNOT_MEASURE;
}

int main(int argc, char **argv) {
    struct rusage used;
    int status;
    if (argc < 3) {
        fprintf(stderr, "usage: measure REPORT COMMAND [ARGUMENT]...\n");
        return CANNOT_MEASURE;
    }
    const double start = seconds_now();
    const pid_t child = fork();
    if (child < 0)
        return complain("fork");
    if (child == 0) {
        execvp(argv[2], argv + 2);
        complain(argv[2]);
        _exit(CANNOT_RUN);
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return complain("waitpid");
    const double seconds = seconds_now() - start;
    if (getrusage(RUSAGE_CHILDREN, &used))
        return complain("getrusage");
    FILE *report = fopen(argv[1], "w");
    if (!report)
        return complain(argv[1]);
    fprintf(report, "%.6f %.6f %.6f %ld\n", seconds, seconds_of(used.ru_utime),
            seconds_of(used.ru_stime), used.ru_maxrss);
    if (fclose(report))
        return complain(argv[1]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
