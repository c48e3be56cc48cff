/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Errors: a code that is the exit status, and one line of text, owned by the caller.
 *
 *     struct error err = {0};
 *     if (survival_fit(&curve, spells, &options, &err))
 *         fprintf(stderr, "churn-survival: %s\n", err.text);
 *     return err.code;
 *
 * Every function that can fail returns 0 or one of the codes below and fills the caller's struct.
 * The first error wins: setting an error that is already set changes nothing.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

enum error_code {
    ERROR_NONE = 0,
    ERROR_DATA = 1,   /* the input is wrong: the user mends a file */
    ERROR_USAGE = 2,  /* the command line is wrong: the user mends the command */
    ERROR_SYSTEM = 3, /* file, memory, disk or another program: the user mends the machine */
};

struct error {
    int code; /* 0 while nothing went wrong */
    char text[1024];
};

/* Sets code and text (printf style: lower case, no full stop, what was found and what was
 * expected), unless an error is set already or err is NULL. Returns code in every case, so that
 * `return error_set(...)` reads well. */
int error_set(struct error *err, enum error_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with code ERROR_SYSTEM and ": " and the meaning of errno appended. */
int error_system(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ERROR_SYSTEM, "out of memory". Inline, so that whoever reads the caller (static analysis among
 * them) sees that it is never 0. */
static inline int error_memory(struct error *err) {
    error_set(err, ERROR_SYSTEM, "out of memory");
    return ERROR_SYSTEM;
}

/* Puts text (such as "scenario.csv:3: ") before the message that is set; nothing if none is. */
void error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
