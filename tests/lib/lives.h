/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Life tables from spells written down in a unit test, and comparing numbers. Included after
 * cmocka.h.
 *
 *     static const struct lived spells[] = {{.time = 6, .left = 1}, {.time = 6}, ...};
 *     struct life_tables lives = lives_of(spells, sizeof spells / sizeof *spells, 1);
 */
#ifndef LIVES_H
#define LIVES_H

#include "users/lifetable.h"
#include <math.h>
#include <stdio.h>

struct lived {
    double time;
    double entry;
    int64_t weight; /* 0 is 1 */
    unsigned group;
    bool left; /* otherwise still there */
    bool late; /* at risk after `entry` only */
};

/* Weeks in remission of leukaemia, on 6-mercaptopurine (group 0) and on placebo (1): Freireich et
 * al. 1963, as printed in Gehan 1965 and in Klein & Moeschberger 2003, section 1.2. */
#define LEFT(g, t, w)                                                                              \
    { .group = (g), .time = (t), .weight = (w), .left = true }
#define STAYED(g, t, w)                                                                            \
    { .group = (g), .time = (t), .weight = (w) }
static const struct lived lives_leukaemia[] = {
    LEFT(0, 6, 3),    STAYED(0, 6, 1),  LEFT(0, 7, 1),    STAYED(0, 9, 1), LEFT(0, 10, 1),
    STAYED(0, 10, 1), STAYED(0, 11, 1), LEFT(0, 13, 1),   LEFT(0, 16, 1),  STAYED(0, 17, 1),
    STAYED(0, 19, 1), STAYED(0, 20, 1), LEFT(0, 22, 1),   LEFT(0, 23, 1),  STAYED(0, 25, 1),
    STAYED(0, 32, 2), STAYED(0, 34, 1), STAYED(0, 35, 1), LEFT(1, 1, 2),   LEFT(1, 2, 2),
    LEFT(1, 3, 1),    LEFT(1, 4, 2),    LEFT(1, 5, 2),    LEFT(1, 8, 4),   LEFT(1, 11, 2),
    LEFT(1, 12, 2),   LEFT(1, 15, 1),   LEFT(1, 17, 1),   LEFT(1, 22, 1),  LEFT(1, 23, 1)};
enum { LIVES_LEUKAEMIA = sizeof lives_leukaemia / sizeof *lives_leukaemia };

static inline decimal lived_time(double time) {
    decimal exact;
    assert_true(decimal_from_double(time, &exact)); /* the tests write times as C constants */
    return exact;
}

/* Groups are called "0", "1", ...; those above 9 are for tests that do not look at names. */
static inline struct life_tables lives_of(const struct lived *spells, size_t n, unsigned groups) {
    struct error err = {0};
    struct exits exits = {0};
    struct dictionary names = {0};
    struct life_tables lives;
    for (unsigned g = 0; g < groups; g++) {
        char name[16];
        uint32_t code;
        snprintf(name, sizeof name, "%u", g);
        assert_int_equal(dictionary_add(&names, text_of(name), &code, &err), 0);
    }
    for (size_t i = 0; i < n; i++) {
        int64_t weight = spells[i].weight ? spells[i].weight : 1;
        uint32_t kind = spells[i].left ? EXITS_EVENT : EXITS_CENSORED;
        decimal time = lived_time(spells[i].time);
        assert_int_equal(exits_add(&exits, spells[i].group, kind, time, weight, &err), 0);
        if (spells[i].late)
            assert_int_equal(exits_add(&exits, spells[i].group, EXITS_ENTERED,
                                       lived_time(spells[i].entry), weight, &err),
                             0);
    }
    assert_int_equal(life_tables_build(&exits, &names, &lives, &err), 0);
    exits_free(&exits);
    dictionary_free(&names);
    return lives;
}

/* Within `tolerance` of each other, relative to `expected`; NaN equals NaN. */
static inline void assert_near(double found, double expected, double tolerance, const char *what) {
    if (isnan(found) && isnan(expected))
        return;
    if (!(fabs(found - expected) <= tolerance * fabs(expected)))
        fail_msg("%s: found %.17g, expected %.17g", what, found, expected);
}

#endif
