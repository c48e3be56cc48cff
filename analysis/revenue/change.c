/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Decomposing a change of revenue.
 *
 * Contents: logarithms of ratios; the parts of a segment; rounding; the whole; slopes.
 */
#include "revenue/change.h"

#include <math.h>
#include <stdbool.h>

const char *change_part_name(enum change_part part) {
    static const char *const names[CHANGE_PARTS] = {"users",   "mix",  "arpu",
                                                    "arrived", "left", "without_users"};
    return names[part];
}

/* ---- Logarithms of ratios -------------------------------------------------------------------- */

/* ln(a/b) for a and b of one sign. Near a = b the difference, which is exact, keeps the digits that
 * the ratio would lose. */
static double log_ratio(decimal_sum a, decimal_sum b) {
    double change = (double)(a - b) / (double)b;
    return fabs(change) < 0.5 ? log1p(change) : log((double)a / (double)b);
}

/* L(a, b) in units, for a and b of one sign. */
static double logarithmic_mean(decimal_sum a, decimal_sum b) {
    return a == b ? (double)a : (double)(a - b) / log_ratio(a, b);
}

static bool changes_sign(const struct change_segment *segment) {
    return (segment->revenue[CHANGE_BEFORE] < 0 && segment->revenue[CHANGE_AFTER] > 0) ||
           (segment->revenue[CHANGE_BEFORE] > 0 && segment->revenue[CHANGE_AFTER] < 0);
}

/* ---- The parts of a segment ------------------------------------------------------------------ */

/* All users, before and after. */
struct whole {
    decimal_sum users[CHANGE_TIMES];
};

static struct whole add_up(const struct change_segment *segments, size_t n) {
    struct whole whole = {{0, 0}};
    for (size_t i = 0; i < n; i++)
        for (int t = 0; t < CHANGE_TIMES; t++)
            whole.users[t] += segments[i].users[t];
    return whole;
}

static bool lasts(const struct change_segment *segment) {
    return segment->users[CHANGE_BEFORE] > 0 && segment->users[CHANGE_AFTER] > 0;
}

/* Whether the three factors have logarithms; if not, the whole change is the ARPU's (or nothing).
 */
static bool has_logarithms(const struct change_segment *segment) {
    return segment->revenue[CHANGE_BEFORE] != 0 && segment->revenue[CHANGE_AFTER] != 0;
}

/* parts[0 to 2]: users, mix and ARPU of a segment that lasts. */
static void by_lmdi(const struct change_segment *segment, const struct whole *whole,
                    double parts[3]) {
    const decimal_sum *users = segment->users, *revenue = segment->revenue;
    if (!has_logarithms(segment)) {
        parts[0] = parts[1] = 0;
        parts[2] = (double)(revenue[CHANGE_AFTER] - revenue[CHANGE_BEFORE]);
        return;
    }
    double weight = logarithmic_mean(revenue[CHANGE_AFTER], revenue[CHANGE_BEFORE]);
    double all = log_ratio(whole->users[CHANGE_AFTER], whole->users[CHANGE_BEFORE]);
    double own = log_ratio(users[CHANGE_AFTER], users[CHANGE_BEFORE]);
    double paid = log_ratio(revenue[CHANGE_AFTER], revenue[CHANGE_BEFORE]);
    parts[0] = weight * all;
    parts[1] = weight * (own - all);
    parts[2] = weight * (paid - own);
}

/* The effect of a, whose other factors are b and c, over all orders of change. */
static double shapley(const double a[2], const double b[2], const double c[2]) {
    return (a[1] - a[0]) * ((b[0] * c[0] + b[1] * c[1]) / 3 + (b[0] * c[1] + b[1] * c[0]) / 6);
}

static void by_shapley(const struct change_segment *segment, const struct whole *whole,
                       double parts[3]) {
    double users[2], share[2], arpu[2];
    for (int t = 0; t < CHANGE_TIMES; t++) {
        users[t] = (double)whole->users[t];
        share[t] = (double)segment->users[t] / (double)whole->users[t];
        arpu[t] = (double)segment->revenue[t] / (double)segment->users[t];
    }
    parts[0] = shapley(users, share, arpu);
    parts[1] = shapley(share, users, arpu);
    parts[2] = shapley(arpu, users, share);
}

/* ---- Rounding -------------------------------------------------------------------------------- */

/* The parts in units, with the sum `change`. */
static void round_parts(const double parts[3], decimal_sum change, decimal_sum ret[3]) {
    int largest = 0;
    for (int p = 1; p < 3; p++)
        if (fabs(parts[p]) > fabs(parts[largest]))
            largest = p;
    ret[largest] = change;
    for (int p = 0; p < 3; p++)
        if (p != largest) {
            ret[p] = (decimal_sum)rint(parts[p]); /* to even, as all of money */
            ret[largest] -= ret[p];
        }
}

/* ---- The whole ------------------------------------------------------------------------------- */

static enum change_part own_part(const struct change_segment *segment) {
    if (segment->users[CHANGE_BEFORE] > 0)
        return CHANGE_LEFT;
    return segment->users[CHANGE_AFTER] > 0 ? CHANGE_ARRIVED : CHANGE_WITHOUT_USERS;
}

int change_decompose(const struct change_segment *segments, size_t n, enum change_method method,
                     struct change_parts *parts, size_t *ret_at, struct error *err) {
    const struct whole whole = add_up(segments, n);
    for (size_t i = 0; i < n; i++) {
        const struct change_segment *segment = &segments[i];
        const decimal_sum change = segment->revenue[CHANGE_AFTER] - segment->revenue[CHANGE_BEFORE];
        double effects[3];
        parts[i] = (struct change_parts){{0}};
        if (!lasts(segment)) {
            parts[i].of[own_part(segment)] = change;
            continue;
        }
        if (method == CHANGE_LMDI && changes_sign(segment)) {
            if (ret_at)
                *ret_at = i;
            return error_set(err, ERROR_DATA,
                             "revenue changes its sign, which has no logarithm, expected both "
                             "amounts above or both below zero");
        }
        if (method == CHANGE_LMDI)
            by_lmdi(segment, &whole, effects);
        else
            by_shapley(segment, &whole, effects);
        round_parts(effects, change, parts[i].of);
    }
    return 0;
}

struct change_parts change_total(const struct change_parts *parts, size_t n) {
    struct change_parts total = {{0}};
    for (size_t i = 0; i < n; i++)
        for (int p = 0; p < CHANGE_PARTS; p++)
            total.of[p] += parts[i].of[p];
    return total;
}

/* ---- Slopes ---------------------------------------------------------------------------------- */

/* dL(a, b)/da = (1 - L/a)/ln(a/b) as a function of r = ln(a/b); that by b is the same of -r. Near
 * r = 0, where both differences cancel, by the series 1/2 - r/6 + r^2/24. */
static double mean_slope(double r) {
    if (fabs(r) < 1e-3)
        return 0.5 - r / 6 + r * r / 24;
    return (1 + expm1(-r) / r) / r;
}

static double sign_of(int t) {
    return t == CHANGE_AFTER ? 1 : -1;
}

static void slopes_by_lmdi(const struct change_segment *segment, const struct whole *whole,
                           struct change_slopes *slopes) {
    const decimal_sum *users = segment->users, *revenue = segment->revenue;
    double all = log_ratio(whole->users[CHANGE_AFTER], whole->users[CHANGE_BEFORE]);
    double own = log_ratio(users[CHANGE_AFTER], users[CHANGE_BEFORE]);
    double paid = log_ratio(revenue[CHANGE_AFTER], revenue[CHANGE_BEFORE]);
    double weight = logarithmic_mean(revenue[CHANGE_AFTER], revenue[CHANGE_BEFORE]);
    for (int t = 0; t < CHANGE_TIMES; t++) {
        double slope = mean_slope(sign_of(t) * paid);
        slopes->revenue[t][CHANGE_USERS] = slope * all;
        slopes->revenue[t][CHANGE_MIX] = slope * (own - all);
        slopes->revenue[t][CHANGE_ARPU] = sign_of(t) - slope * own;
        slopes->users[t][CHANGE_MIX] = sign_of(t) * weight / (double)users[t];
        slopes->users[t][CHANGE_ARPU] = -slopes->users[t][CHANGE_MIX];
        slopes->all[t][CHANGE_USERS] = sign_of(t) * weight / (double)whole->users[t];
        slopes->all[t][CHANGE_MIX] = -slopes->all[t][CHANGE_USERS];
    }
}

/* The derivatives of shapley(a, b, c) by a[t] and by b[t]; that by c[t] is the latter with b and c
 * the other way round. */
static double shapley_by_own(int t, const double b[2], const double c[2]) {
    return sign_of(t) * ((b[0] * c[0] + b[1] * c[1]) / 3 + (b[0] * c[1] + b[1] * c[0]) / 6);
}

static double shapley_by_other(int t, const double a[2], const double c[2]) {
    return (a[1] - a[0]) * (c[t] / 3 + c[1 - t] / 6);
}

/* U, s = n/U and A = R/n: by R dA = 1/n; by n ds = 1/U and dA = -A/n; by U dU = 1 and ds = -s/U. */
static void slopes_by_shapley(const struct change_segment *segment, const struct whole *whole,
                              struct change_slopes *slopes) {
    double of[3][2]; /* users of the whole, share, ARPU */
    for (int t = 0; t < CHANGE_TIMES; t++) {
        of[0][t] = (double)whole->users[t];
        of[1][t] = (double)segment->users[t] / (double)whole->users[t];
        of[2][t] = (double)segment->revenue[t] / (double)segment->users[t];
    }
    for (int t = 0; t < CHANGE_TIMES; t++)
        for (int p = 0; p < 3; p++) { /* CHANGE_USERS, CHANGE_MIX, CHANGE_ARPU */
            double by[3];
            for (int f = 0; f < 3; f++)
                by[f] = f == p ? shapley_by_own(t, of[(p + 1) % 3], of[(p + 2) % 3])
                               : shapley_by_other(t, of[p], of[3 - p - f]);
            slopes->revenue[t][p] = by[2] / (double)segment->users[t];
            slopes->users[t][p] = by[1] / of[0][t] - by[2] * of[2][t] / (double)segment->users[t];
            slopes->all[t][p] = by[0] - by[1] * of[1][t] / of[0][t];
        }
}

void change_differentiate(const struct change_segment *segments, size_t n,
                          enum change_method method, struct change_slopes *slopes) {
    const struct whole whole = add_up(segments, n);
    for (size_t i = 0; i < n; i++) {
        const struct change_segment *segment = &segments[i];
        slopes[i] = (struct change_slopes){0};
        if (lasts(segment) && method == CHANGE_SHAPLEY) {
            slopes_by_shapley(segment, &whole, &slopes[i]);
        } else if (lasts(segment) && has_logarithms(segment)) {
            slopes_by_lmdi(segment, &whole, &slopes[i]);
        } else {
            enum change_part part = lasts(segment) ? CHANGE_ARPU : own_part(segment);
            slopes[i].revenue[CHANGE_BEFORE][part] = -1;
            slopes[i].revenue[CHANGE_AFTER][part] = 1;
        }
    }
}
