/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Multinomial and binary logit, and the intercept that makes a logit agree with a rate. */
#include "ranking/choice.h"

#include "ranking/kernel.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* ---- Exponentials ---------------------------------------------------------------------------- */

enum { LANES = 8 };
typedef double lanes __attribute__((vector_size(8 * LANES)));
typedef int64_t lane_bits __attribute__((vector_size(8 * LANES)));

/* x = n ln 2 + r with |r| <= ln(2)/2, ln 2 in two parts of which the first one times n is exact
 * (Cody & Waite 1980, "Software manual for the elementary functions", chapter 6); e^r by Taylor's
 * series to r^13, the next term of which is 4e-18, its terms added in pairs (Estrin 1960). Products
 * and sums are rounded one by one, so that no processor's registers show in the result. */
#define INLINED inline __attribute__((always_inline))

static INLINED void exp_lanes(lanes *value) {
    const double shifter = 0x1.8p52; /* adding it rounds to a whole number, in the lowest bits */
    lanes x = *value, shifted = x * 0x1.71547652b82fep0 + shifter, n = shifted - shifter;
    lanes r = (x - n * 0x1.62e42feep-1) - n * 0x1.a39ef35793c76p-33;
    lanes r2 = r * r, r4 = r2 * r2;
    lanes low = (1. / 2 + r * (1. / 6)) + r2 * (1. / 24 + r * (1. / 120));
    lanes middle = (1. / 720 + r * (1. / 5040)) + r2 * (1. / 40320 + r * (1. / 362880));
    lanes high =
        (1. / 3628800 + r * (1. / 39916800)) + r2 * (1. / 479001600 + r * (1. / 6227020800));
    lanes power = 1 + (r + r2 * (low + r4 * (middle + r4 * high)));
    lane_bits bits, tiny = x < -708;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 52) + (INT64_C(1023) << 52); /* 2^n */
    lanes scale;
    memcpy(&scale, &bits, sizeof scale);
    power *= scale;
    memcpy(&bits, &power, sizeof bits);
    bits &= ~tiny;
    memcpy(value, &bits, sizeof bits);
}

/* The last group begins as early as it must to be whole. */
static INLINED void exp_all(const double *x, size_t n, double shift, double *ret) {
    double few[LANES] = {0};
    lanes value;
    if (n < LANES) {
        for (size_t i = 0; i < n; i++)
            few[i] = x[i];
        memcpy(&value, few, sizeof value);
        value -= shift;
        exp_lanes(&value);
        memcpy(few, &value, sizeof few);
        for (size_t i = 0; i < n; i++)
            ret[i] = few[i];
        return;
    }
    for (size_t i = 0; i < n; i += LANES) {
        size_t begin = i + LANES <= n ? i : n - LANES;
        memcpy(&value, x + begin, sizeof value);
        value -= shift;
        exp_lanes(&value);
        memcpy(ret + begin, &value, sizeof value);
    }
}

static INLINED double exp_one(double x) {
    lanes value = {0};
    value += x;
    exp_lanes(&value);
    return value[0];
}

/* ---- Choice ---------------------------------------------------------------------------------- */

/* Shares; returns what exp(v - greatest) adds up to, the outside option first. */
static INLINED double weigh_all(const double *utilities, size_t n, double outside, double *shares,
                                double *ret_greatest) {
    double greatest = outside;
    for (size_t i = 0; i < n; i++)
        greatest = utilities[i] > greatest ? utilities[i] : greatest;
    double sum = exp_one(outside - greatest);
    exp_all(utilities, n, greatest, shares);
    for (size_t i = 0; i < n; i++)
        sum += shares[i];
    size_t done = 0;
    for (; done + LANES <= n; done += LANES) {
        lanes some;
        memcpy(&some, shares + done, sizeof some);
        some /= sum;
        memcpy(shares + done, &some, sizeof some);
    }
    for (; done < n; done++)
        shares[done] /= sum;
    *ret_greatest = greatest;
    return sum;
}

/* The same for each kind of registers; products and sums are those written above in all of them. */
typedef void exponentials(const double *x, size_t n, double shift, double *ret);
typedef double weigher(const double *utilities, size_t n, double outside, double *shares,
                       double *ret_greatest);

static void exp_plain(const double *x, size_t n, double shift, double *ret) {
    exp_all(x, n, shift, ret);
}

static double weigh_plain(const double *utilities, size_t n, double outside, double *shares,
                          double *ret_greatest) {
    return weigh_all(utilities, n, outside, shares, ret_greatest);
}

#ifdef __x86_64__
#define WITH_AVX2   __attribute__((target("avx2")))
#define WITH_AVX512 __attribute__((target("avx512f")))

static WITH_AVX2 void exp_avx2(const double *x, size_t n, double shift, double *ret) {
    exp_all(x, n, shift, ret);
}

static WITH_AVX2 double weigh_avx2(const double *utilities, size_t n, double outside,
                                   double *shares, double *ret_greatest) {
    return weigh_all(utilities, n, outside, shares, ret_greatest);
}

static WITH_AVX512 void exp_avx512(const double *x, size_t n, double shift, double *ret) {
    exp_all(x, n, shift, ret);
}

static WITH_AVX512 double weigh_avx512(const double *utilities, size_t n, double outside,
                                       double *shares, double *ret_greatest) {
    return weigh_all(utilities, n, outside, shares, ret_greatest);
}

static exponentials *const exponentials_at[] = {exp_plain, exp_avx2, exp_avx512};
static weigher *const weigher_at[] = {weigh_plain, weigh_avx2, weigh_avx512};
#else
static exponentials *const exponentials_at[] = {exp_plain};
static weigher *const weigher_at[] = {weigh_plain};
#endif

void choice_exponentials_at(enum kernel_level level, const double *x, size_t n, double shift,
                            double *ret) {
    exponentials_at[level](x, n, shift, ret);
}

void choice_split(const double *utilities, size_t n, double outside, double *shares) {
    double greatest;
    weigher_at[kernel_level()](utilities, n, outside, shares, &greatest);
}

double choice_shares(const double *utilities, size_t n, double outside, double *shares) {
    double greatest, sum = weigher_at[kernel_level()](utilities, n, outside, shares, &greatest);
    return log(sum) + greatest - outside;
}

void choice_cascade(const double *utilities, size_t n, double outside, double patience,
                    double *shares) {
    double reached = 1;
    for (size_t i = 0; i < n; i++) {
        double taken = choice_logistic(utilities[i] - outside);
        shares[i] = reached * taken;
        reached *= (1 - taken) * patience;
    }
}

int choice_draw(const double *shares, size_t n, double uniform) {
    double below = 0;
    for (size_t i = 0; i < n; i++) {
        below += shares[i];
        if (uniform < below)
            return (int)i;
    }
    return -1;
}

double choice_logistic(double x) {
    return 1 / (1 + exp(-x));
}

double choice_log_odds(double p) {
    return log(p) - log1p(-p);
}

/* The mean and its derivative with respect to a. */
static double mean_share(const double *x, size_t n, double a, double *ret_slope) {
    double sum = 0, slope = 0;
    for (size_t i = 0; i < n; i++) {
        double share = choice_logistic(a + x[i]);
        sum += share;
        slope += share * (1 - share);
    }
    *ret_slope = slope / (double)n;
    return sum / (double)n;
}

/* Newton's method, which falls back on halving whenever it would leave the bracket: the mean rises
 * with a, and is on either side of the rate where all x were the least or the greatest. */
double choice_intercept(const double *x, size_t n, double rate) {
    double centre = choice_log_odds(rate);
    if (n == 0 || !isfinite(centre))
        return centre;
    double least = x[0], greatest = x[0];
    for (size_t i = 1; i < n; i++) {
        least = fmin(least, x[i]);
        greatest = fmax(greatest, x[i]);
    }
    double low = centre - greatest, high = centre - least, a = low + (high - low) / 2;
    for (int step = 0; step < 200; step++) {
        double slope, excess = mean_share(x, n, a, &slope) - rate;
        if (fabs(excess) <= 1e-12 * rate)
            break;
        if (excess > 0)
            high = a;
        else
            low = a;
        double next = a - excess / slope;
        a = next > low && next < high ? next : low + (high - low) / 2;
    }
    return a;
}
