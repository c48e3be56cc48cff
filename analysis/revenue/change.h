/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why revenue changed between two periods: users, mix of segments, revenue per user.
 *
 *     const struct change_segment segments[] = {
 *         {.users = {10, 40}, .revenue = {30, 80}},      // before, after; decimals (see below)
 *         {.users = {40, 40}, .revenue = {20, 16}},
 *     };
 *     struct change_parts parts[2];
 *     if (change_decompose(segments, 2, CHANGE_LMDI, parts, NULL, err)) ...
 *     parts[0].of[CHANGE_USERS];     // what segment 0 adds to the effect of users
 *
 * The revenue of a platform is the sum over its segments i of U s_i A_i: all users U, the share s_i
 * of them that is in the segment (the mix), and the revenue per user A_i there. Two methods part
 * the change R1 - R0 of each segment among the three.
 *
 * CHANGE_LMDI: the additive logarithmic mean Divisia index I (Ang 2005,
 * doi:10.1016/j.enpol.2003.10.010, eq. 5). A factor x has the effect
 *
 *     L(R1, R0) ln(x1 / x0),     L(a, b) = (a - b) / ln(a / b),  L(a, a) = a
 *
 * CHANGE_SHAPLEY: the mean over the six orders in which the three factors can change one after the
 * other (Sun 1998, doi:10.1016/S0140-9883(97)00012-1; Albrecht, Francois & Schoors 2002,
 * doi:10.1016/S0301-4215(01)00131-8):
 *
 *     (U1 - U0) ((s0 A0 + s1 A1)/3 + (s0 A1 + s1 A0)/6), and so on
 *
 * Zeros (Ang & Liu 2007, doi:10.1016/j.enpol.2005.11.001, the limits of LMDI as a small number goes
 * to zero). A segment with users in both periods and revenue in one of them only has an ARPU that
 * came from or went to nothing: the limit gives the whole change to the ARPU. A segment without
 * users in one of the periods has a share that came from or went to nothing, and no ARPU there: the
 * limit gives the whole change to the mix; here it has parts of its own, CHANGE_ARRIVED and
 * CHANGE_LEFT, for both methods, so that "mix" is about segments that exist in both periods.
 * Without users in either period, what changed is CHANGE_WITHOUT_USERS.
 *
 * Signs. Where refunds make a segment's revenue negative in both periods, LMDI holds as it stands
 * (L of two negative numbers is negative). Where its sign changes there is no logarithm, hence no
 * LMDI: ERROR_DATA. Shapley needs no logarithm.
 *
 * Exact sum. Users and money come as integers. Of the parts of a segment, worked out in floating
 * point, all but the largest in size are rounded half to even to the unit of money (a millionth,
 * see base/decimal.h); the largest, of which it is the least share, takes the exact rest. Ties go
 * to the earlier part. So parts add up to the change, of each segment and of the whole, to the last
 * unit.
 */
#ifndef REVENUE_CHANGE_H
#define REVENUE_CHANGE_H

#include "base/decimal.h"
#include "base/error.h"
#include <stddef.h>

enum change_method { CHANGE_LMDI, CHANGE_SHAPLEY };

enum change_part {
    CHANGE_USERS,
    CHANGE_MIX,
    CHANGE_ARPU,
    CHANGE_ARRIVED,
    CHANGE_LEFT,
    CHANGE_WITHOUT_USERS,
    CHANGE_PARTS
};

const char *change_part_name(enum change_part part); /* "users", "mix", "arpu", "arrived", ... */

enum { CHANGE_BEFORE, CHANGE_AFTER, CHANGE_TIMES };

struct change_segment {
    decimal_sum users[CHANGE_TIMES];   /* decimals, 0 or more */
    decimal_sum revenue[CHANGE_TIMES]; /* decimals, of any sign */
};

struct change_parts {
    decimal_sum of[CHANGE_PARTS];
};

/* Fills parts[i] for each of the n segments; the users of the whole are the sum of theirs. When a
 * sign changes, *ret_at (may be NULL) is the number of the segment. */
int change_decompose(const struct change_segment *segments, size_t n, enum change_method method,
                     struct change_parts *parts, size_t *ret_at, struct error *err);

/* The sum of n parts. */
struct change_parts change_total(const struct change_parts *parts, size_t n);

/* How the parts of each segment answer to a small change of what they are made of, for the delta
 * method: revenue[t][p] is the derivative of the segment's part p by its revenue at time t,
 * users[t][p] that by its users while those of the whole stay, and all[t][p] that by the users of
 * the whole. So one more user of segment i at t changes its own part p by slopes[i].users[t][p] +
 * slopes[i].all[t][p] and that of any other segment j by slopes[j].all[t][p]. Call it after
 * change_decompose has returned 0. */
struct change_slopes {
    double revenue[CHANGE_TIMES][CHANGE_PARTS];
    double users[CHANGE_TIMES][CHANGE_PARTS];
    double all[CHANGE_TIMES][CHANGE_PARTS];
};
void change_differentiate(const struct change_segment *segments, size_t n,
                          enum change_method method, struct change_slopes *slopes);

#endif
