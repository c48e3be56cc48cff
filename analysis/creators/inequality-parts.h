/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Theil's inequality within groups (tiers) and between them, with errors.
 *
 *     const double values[] = {1, 2, 3,   10, 20,   300};        // group by group
 *     const size_t start[] = {0, 3, 5, 6};
 *     struct parts_of parts[3 + PARTS_SUMS];
 *     if (parts_jackknife(values, start, 3, 0.95, parts, err)) ...
 *     parts[3 + PARTS_BETWEEN].found[PARTS_OF_T].value;          // the part of T between groups
 *
 * With p_g and s_g the group's shares of creators and of the sum, T = sum s_g T_g + sum s_g
 * ln(s_g / p_g) and L = sum p_g L_g + sum p_g ln(p_g / s_g) (Shorrocks 1980, doi:10.2307/1913126).
 *
 * Creators are drawn, each with its value and its group: how many a group has is part of the
 * chance, the bounds of the groups are not. Values are finite, 0 or more, in any order within a
 * group.
 */
#ifndef CREATORS_INEQUALITY_PARTS_H
#define CREATORS_INEQUALITY_PARTS_H

#include "creators/inequality.h"

enum parts_measure {
    PARTS_CREATORS, /* p_g: share of creators */
    PARTS_SHARE,    /* s_g: share of the sum */
    PARTS_T,        /* T_g, or T of all */
    PARTS_L,
    PARTS_OF_T,       /* what it adds to T: s_g T_g; the sum of these; that between groups */
    PARTS_OF_L,       /* p_g L_g */
    PARTS_SHARE_OF_T, /* that over T */
    PARTS_SHARE_OF_L,
    PARTS_MEASURES
};

/* Behind the groups. */
enum parts_sum { PARTS_WITHIN, PARTS_BETWEEN, PARTS_ALL, PARTS_SUMS };

struct parts_of {
    uint64_t n; /* creators; of all, for the three sums */
    struct inequality_estimate found[PARTS_MEASURES];
};

const char *parts_name(enum parts_measure measure);

/* Whether it is one: of a group all measures are, of the sums not all (a part has no T of its own).
 */
bool parts_has(size_t part, size_t groups, enum parts_measure measure);

/* ret has groups + PARTS_SUMS entries. The jackknife leaves one creator out at a time, in O(n), as
 * in inequality_jackknife, whose bounds these are: on the log-odds for shares, else on the
 * logarithm. A value is nan where it is not defined: all for a sum of 0; T_g and L_g of a group
 * without anybody or anything; L and its parts with a value of 0. An error is nan where leaving one
 * out makes the value undefined (T_g of a group of one), and for fewer than 3 creators. */
int parts_jackknife(const double *values, const size_t *start, size_t groups, double confidence,
                    struct parts_of *ret, struct error *err);

/* The same with errors and percentiles of a bootstrap of n creators from n. Replication r draws
 * from (seed, r, stream): the result does not depend on threads. Without replications, or with
 * fewer than 3 creators, as the jackknife. */
int parts_bootstrap(const double *values, const size_t *start, size_t groups, double confidence,
                    size_t replications, uint32_t seed, uint32_t stream, int threads,
                    struct parts_of *ret, struct error *err);

#endif
