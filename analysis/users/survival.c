/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Kaplan-Meier curves, their intervals, quantiles and restricted means. */
#include "users/survival.h"

#include <float.h>
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

/* The product so far. As long as nobody is censored or enters, the factors telescope:
 * (n-d)/n * (n-d-e)/(n-d) = (n-d-e)/n. The product is taken from the last time that this broke, so
 * that S is exact without censoring, and rounding grows with the breaks only. */
struct product {
    double start;     /* S when the run began */
    int64_t risk;     /* at risk when it began */
    int64_t expected; /* at risk now if nothing broke it */
    double survival;
    double log_survival; /* by log1p: precise while S is near 1 */
    double greenwood;    /* sum of d/(n (n-d)); infinite once S = 0 */
};

static void product_step(struct product *product, const struct life_row *row) {
    if (row->at_risk != product->expected) {
        product->start = product->survival;
        product->risk = row->at_risk;
    }
    product->expected = row->at_risk - row->events;
    if (row->events == 0)
        return;
    double n = (double)row->at_risk, d = (double)row->events;
    product->survival = product->start * ((double)product->expected / (double)product->risk);
    product->log_survival += log1p(-d / n);
    product->greenwood += d / (n * (n - d));
}

/* Where S = 0 the error of log S is infinite, and there is no interval; nor without an error. */
static void set_interval(struct survival_step *step, const struct product *product,
                         double log_variance, enum survival_interval kind, double z) {
    double survival = product->survival, s = sqrt(log_variance);
    step->std_error = step->lower = step->upper = NAN;
    if (survival <= 0 || isnan(s))
        return;
    step->std_error = survival * s;
    switch (kind) {
    case SURVIVAL_LOG:
        step->lower = survival * exp(-z * s);
        step->upper = fmin(survival * exp(z * s), 1);
        break;
    case SURVIVAL_LOG_LOG:
        if (product->log_survival < 0) {
            double width = z * s / -product->log_survival;
            step->lower = exp(product->log_survival * exp(width));
            step->upper = exp(product->log_survival * exp(-width));
        }
        break;
    case SURVIVAL_PLAIN:
        step->lower = fmax(survival - z * step->std_error, 0);
        step->upper = fmin(survival + z * step->std_error, 1);
        break;
    }
}

static bool anyone_left(const struct life_row *row) {
    return row->events + row->censored > 0;
}

/* Did everyone at risk leave at row i, although others enter now or later? A fall to zero is kept
 * rather than an earlier gap: it spoils the rest of the curve. */
static void note_gap(struct survival_gap *gap, const struct life_table *table, size_t i) {
    const struct life_row *row = &table->rows[i];
    bool is_zero = row->events == row->at_risk;
    bool nobody_then = row->events + row->censored == row->at_risk && row->entered == 0;
    if (i + 1 == table->n || !(is_zero || nobody_then) || (gap->found && !is_zero) ||
        gap->fell_to_zero)
        return;
    *gap = (struct survival_gap){
        .found = true, .fell_to_zero = is_zero, .from = row->time, .to = table->rows[i + 1].time};
}

int survival_fit(struct survival_curve *ret, const struct life_table *table,
                 const struct survival_options *options, struct error *err) {
    *ret = (struct survival_curve){.subjects = table->subjects, .events = table->events};
    ret->steps = malloc((table->n + 1) * sizeof *ret->steps);
    if (!ret->steps)
        return error_memory(err);
    double z = gsl_cdf_ugaussian_Qinv((1 - options->confidence) / 2);
    struct product product = {.start = 1, .survival = 1, .risk = -1, .expected = -1};
    for (size_t i = 0; i < table->n; i++) {
        const struct life_row *row = &table->rows[i];
        if (!anyone_left(row))
            continue;
        product_step(&product, row);
        struct survival_step *step = &ret->steps[ret->n++];
        *step = (struct survival_step){.time = row->time,
                                       .at_risk = row->at_risk,
                                       .events = row->events,
                                       .censored = row->censored,
                                       .survival = product.survival};
        double log_variance =
            options->log_variances ? options->log_variances[i] : product.greenwood;
        set_interval(step, &product, log_variance, options->interval, z);
        note_gap(&ret->gap, table, i);
    }
    return 0;
}

const struct survival_step *survival_at(const struct survival_curve *curve, decimal time,
                                        bool *ret_known) {
    size_t low = 0, high = curve->n; /* the first step after the time */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (curve->steps[middle].time <= time)
            low = middle + 1;
        else
            high = middle;
    }
    const struct survival_step *step = low > 0 ? &curve->steps[low - 1] : NULL;
    bool beyond = low == curve->n && (!step || step->time < time);
    *ret_known = !beyond || (step && step->survival <= 0);
    return step;
}

static double line_value(const struct survival_step *step, enum survival_line line) {
    return line == SURVIVAL_LOWER   ? step->lower
           : line == SURVIVAL_UPPER ? step->upper
                                    : step->survival;
}

double survival_quantile(const struct survival_curve *curve, double p, enum survival_line line) {
    /* A product of n factors is within n ulp or so of its true value: what is that near counts as
     * equal, so that a curve through exactly 1/2 is seen to be there. */
    double tolerance = (double)(curve->n + 4) * DBL_EPSILON, level = 1 - p;
    size_t first = 0;
    while (first < curve->n && !(line_value(&curve->steps[first], line) <= level + tolerance))
        first++;
    if (first == curve->n)
        return NAN;
    double at = decimal_to_double(curve->steps[first].time);
    double value = line_value(&curve->steps[first], line);
    if (value < level - tolerance)
        return at;
    for (size_t i = first + 1; i < curve->n; i++)
        if (line_value(&curve->steps[i], line) < value)
            return decimal_sum_to_double((decimal_sum)curve->steps[first].time +
                                         curve->steps[i].time) /
                   2;
    return at;
}

struct survival_mean survival_restricted_mean(const struct survival_curve *curve, decimal horizon) {
    struct survival_mean ret = {NAN, NAN};
    if (curve->n == 0) /* nobody was ever at risk */
        return ret;
    decimal right = horizon;
    double area = 0, variance = 0; /* of S from the step on to the horizon */
    for (size_t i = curve->n; i-- > 0;) {
        const struct survival_step *step = &curve->steps[i];
        if (step->time > horizon)
            continue;
        area += step->survival * decimal_to_double(right - step->time);
        right = step->time;
        double n = (double)step->at_risk, d = (double)step->events;
        if (step->events < step->at_risk) /* else S = 0 from here on, and so is the area */
            variance += area * area * (d / (n * (n - d)));
    }
    ret.mean = area + decimal_to_double(right);
    ret.std_error = sqrt(variance);
    return ret;
}

void survival_free(struct survival_curve *curve) {
    free(curve->steps);
    *curve = (struct survival_curve){0};
}
