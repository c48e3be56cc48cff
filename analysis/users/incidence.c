/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cumulative incidence by destination.
 *
 *   1. Tables
 *   2. One step
 *   3. Curves
 *   4. Intervals
 */
#include "users/incidence.h"

#include "users/incidence-jackknife.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Tables ------------------------------------------------------------------------------- */

static void fill_tables(struct exit_table *by_code, const struct exits_count *counts, size_t n) {
    for (size_t i = 0; i < n; i++) {
        struct exit_table *table = &by_code[counts[i].group];
        if (table->n == 0)
            table->counts = &counts[i];
        table->n++;
        if (counts[i].kind == EXITS_ENTERED)
            table->entered += counts[i].count;
        else
            table->subjects += counts[i].count;
    }
}

static int name_tables(struct exit_tables *ret, const struct exit_table *by_code,
                       const struct dictionary *groups, struct error *err) {
    uint32_t *order = malloc((groups->count + (size_t)1) * sizeof *order);
    if (!order)
        return error_memory(err);
    dictionary_order(groups, order);
    int status = 0;
    for (size_t i = 0; i < groups->count && !status; i++) {
        ret->tables[i] = by_code[order[i]];
        ret->tables[i].code = order[i];
        ret->tables[i].key = dictionary_name(groups, order[i]);
        status = tally_group_name(&ret->arena, ret->tables[i].key, &ret->tables[i].group, err);
    }
    ret->n = groups->count;
    free(order);
    return status;
}

int exit_tables_build(struct exit_tables *ret, struct tally *tally, struct error *err) {
    *ret = (struct exit_tables){.destinations = tally->destinations.count};
    const struct exits_count *counts;
    size_t n;
    int status = exits_sort(&tally->exits, &counts, &n, err);
    if (status)
        return status;
    struct exit_table *by_code = calloc(tally->groups.count + (size_t)1, sizeof *by_code);
    ret->tables = calloc(tally->groups.count + (size_t)1, sizeof *ret->tables);
    ret->names = calloc(ret->destinations + 1, sizeof *ret->names);
    if (!by_code || !ret->tables || !ret->names) {
        status = error_memory(err);
        goto done;
    }
    for (uint32_t d = 0; d < ret->destinations; d++)
        ret->names[d] = tally_destination(tally, d);
    fill_tables(by_code, counts, n);
    status = name_tables(ret, by_code, &tally->groups, err);
done:
    free(by_code);
    if (status)
        exit_tables_free(ret);
    return status;
}

decimal exit_tables_last_time(const struct exit_tables *exits) {
    decimal last = 0;
    for (size_t g = 0; g < exits->n; g++) {
        const struct exit_table *table = &exits->tables[g];
        if (table->n > 0 && table->counts[table->n - 1].time > last)
            last = table->counts[table->n - 1].time;
    }
    return last;
}

void exit_tables_free(struct exit_tables *exits) {
    free(exits->tables);
    free(exits->names);
    arena_free(&exits->arena);
    *exits = (struct exit_tables){0};
}

/* ---- 2. One step ----------------------------------------------------------------------------- */

static void pass_time(struct incidence *curve, decimal time) {
    double dt = decimal_to_double(time - curve->time);
    curve->time = time;
    if (!(dt > 0))
        return;
    curve->stay += curve->staying * dt;
    for (size_t k = 0; k < curve->destinations; k++)
        curve->spent[k] += curve->incidence[k] * dt;
    if (curve->jackknife)
        return;
    curve->stay_variance += 2 * dt * curve->stay_with_staying + dt * dt * curve->staying_variance;
    curve->stay_with_staying += dt * curve->staying_variance;
    for (size_t k = 0; k < curve->destinations; k++) {
        curve->spent_variance[k] +=
            2 * dt * curve->spent_with_own[k] + dt * dt * curve->variance[k];
        curve->spent_with_own[k] += dt * curve->variance[k];
        curve->spent_with_staying[k] += dt * curve->with_staying[k];
    }
}

void incidence_wait(struct incidence *curve, decimal time) {
    pass_time(curve, time);
    if (curve->jackknife && curve->areas)
        jackknife_areas(curve->jackknife, time, &curve->stay_variance, curve->spent_variance);
}

/* The variance of the share who leave, of d among n. */
static double step_variance(enum incidence_error error, double n, double d) {
    if (error == INCIDENCE_GREENWOOD)
        return d / n * ((n - d) / n) / n;
    return n > 1 ? d / n * ((n - d) / n) / (n - 1) : d;
}

/* As long as nobody is censored or enters, the factors of S telescope: (n-d)/n (n-d-e)/(n-d) =
 * (n-d-e)/n, and so do the terms of F. The curves are taken from the last time that this broke, so
 * that they are exact without censoring, and rounding grows with the breaks only. */
static void start_run(struct incidence *curve) {
    curve->run_stay = curve->staying;
    curve->run_risk = (double)curve->at_risk;
    for (size_t k = 0; k < curve->destinations; k++) {
        curve->run_gone[k] = curve->incidence[k];
        curve->run_left[k] = 0;
    }
}

static void leave_for(struct incidence *curve, size_t k) {
    double n = (double)curve->at_risk, d = (double)curve->events, d_k = (double)curve->left[k];
    double h = d / n, h_k = d_k / n, s = curve->staying, var_s = curve->staying_variances[k];
    double with = curve->with_staying[k];
    double v_k = step_variance(curve->error, n, d_k), c_k = v_k, v;
    if (curve->error == INCIDENCE_GREENWOOD) {
        c_k = h_k * ((n - d) / n) / n;
        v = step_variance(INCIDENCE_GREENWOOD, n, d);
    } else
        v = v_k + step_variance(INCIDENCE_AALEN, n, d - d_k);
    curve->variance[k] += 2 * h_k * with + h_k * h_k * var_s + s * s * v_k;
    curve->with_staying[k] = (1 - h) * (with + h_k * var_s) - s * s * c_k;
    curve->staying_variances[k] = (1 - h) * (1 - h) * var_s + s * s * v;
    curve->spent_with_own[k] += h_k * curve->spent_with_staying[k];
    curve->spent_with_staying[k] *= 1 - h;
    if (curve->variance[k] < 0) /* all who left went there: what is left is rounding */
        curve->variance[k] = 0;
}

static void leave(struct incidence *curve) {
    if (curve->at_risk != curve->run_expected)
        start_run(curve);
    double n = (double)curve->at_risk, d = (double)curve->events, h = d / n;
    for (size_t k = 0; k < curve->destinations; k++) {
        if (!curve->jackknife)
            leave_for(curve, k);
        curve->run_left[k] += (double)curve->left[k];
        curve->incidence[k] =
            curve->run_gone[k] + curve->run_stay * (curve->run_left[k] / curve->run_risk);
    }
    if (!curve->jackknife) {
        curve->stay_with_staying *= 1 - h;
        curve->staying_variance =
            (1 - h) * (1 - h) * curve->staying_variance +
            curve->staying * curve->staying * step_variance(curve->error, n, d);
    }
    curve->run_expected = curve->at_risk - curve->events;
    curve->staying = curve->run_stay * ((double)curve->run_expected / curve->run_risk);
}

/* ---- 3. Curves ------------------------------------------------------------------------------- */

int incidence_begin(struct incidence *ret, const struct exit_table *table, size_t destinations,
                    enum incidence_error error, struct error *err) {
    enum { ARRAYS = 10 };
    *ret = (struct incidence){.table = table,
                              .destinations = destinations,
                              .error = error,
                              .staying = 1,
                              .run_expected = -1,
                              .coming_risk = table->subjects - table->entered};
    ret->left = calloc(destinations + 1, sizeof *ret->left);
    ret->storage = calloc(ARRAYS * destinations + 1, sizeof *ret->storage);
    if (!ret->left || !ret->storage) {
        incidence_end(ret);
        return error_memory(err);
    }
    double **arrays[ARRAYS] = {&ret->incidence,        &ret->variance,     &ret->spent,
                               &ret->spent_variance,   &ret->with_staying, &ret->spent_with_staying,
                               &ret->spent_with_own,   &ret->run_left,     &ret->run_gone,
                               &ret->staying_variances};
    for (size_t i = 0; i < ARRAYS; i++)
        *arrays[i] = ret->storage + i * destinations;
    return 0;
}

int incidence_jackknife(struct incidence *curve, const struct tally_record *records, size_t n,
                        bool clustered, bool areas, struct error *err) {
    curve->areas = areas;
    return jackknife_create(&curve->jackknife, records, n, clustered, areas, curve->destinations,
                            err);
}

/* Before the curves step. */
static void step_jackknife(struct incidence *curve) {
    const struct jackknife_moment moment = {.time = curve->time,
                                            .at_risk = (double)curve->at_risk,
                                            .events = (double)curve->events,
                                            .staying = curve->staying,
                                            .left = curve->left};
    jackknife_step(curve->jackknife, &moment, &curve->staying_variance, curve->variance);
}

/* Times at which people only enter are no steps. */
static void pass_entries(struct incidence *curve) {
    const struct exit_table *table = curve->table;
    for (; curve->next < table->n; curve->next++) {
        const struct exits_count *count = &table->counts[curve->next];
        bool alone = curve->next + 1 == table->n || count[1].time != count->time;
        if (count->kind != EXITS_ENTERED || !alone)
            return;
        curve->coming_risk += count->count;
    }
}

decimal incidence_coming(const struct incidence *curve) {
    const struct exit_table *table = curve->table;
    for (size_t i = curve->next; i < table->n; i++)
        if (table->counts[i].kind != EXITS_ENTERED)
            return table->counts[i].time;
    return INT64_MAX;
}

bool incidence_next(struct incidence *curve) {
    const struct exit_table *table = curve->table;
    pass_entries(curve);
    if (curve->next == table->n)
        return false;
    pass_time(curve, table->counts[curve->next].time);
    int64_t entered = 0;
    curve->at_risk = curve->coming_risk;
    curve->events = curve->censored = 0;
    memset(curve->left, 0, curve->destinations * sizeof *curve->left);
    for (; curve->next < table->n && table->counts[curve->next].time == curve->time;
         curve->next++) {
        const struct exits_count *count = &table->counts[curve->next];
        if (count->kind == EXITS_ENTERED)
            entered += count->count;
        else if (count->kind == EXITS_CENSORED)
            curve->censored += count->count;
        else {
            curve->left[count->kind - EXITS_EVENT] += count->count;
            curve->events += count->count;
        }
    }
    curve->coming_risk += entered - curve->events - curve->censored;
    if (curve->jackknife)
        step_jackknife(curve);
    if (curve->events > 0)
        leave(curve);
    if (curve->events > 0 && curve->events == curve->at_risk && curve->next < table->n &&
        !curve->fell_to_zero) {
        curve->fell_to_zero = true;
        curve->fell_at = curve->time;
    }
    return true;
}

void incidence_end(struct incidence *curve) {
    jackknife_destroy(curve->jackknife);
    free(curve->left);
    free(curve->storage);
    *curve = (struct incidence){0};
}

/* ---- 4. Intervals ---------------------------------------------------------------------------- */

void incidence_bounds(double p, double std_error, double confidence, enum incidence_interval kind,
                      double *ret_lower, double *ret_upper) {
    double width = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2) * std_error;
    *ret_lower = *ret_upper = NAN;
    if (!(p > 0) || isnan(std_error))
        return;
    switch (kind) {
    case INCIDENCE_LOG_LOG:
        if (p < 1) {
            double spread = width / (p * -log(p));
            *ret_lower = exp(log(p) * exp(spread));
            *ret_upper = exp(log(p) * exp(-spread));
        }
        break;
    case INCIDENCE_LOG:
        *ret_lower = p * exp(-width / p);
        *ret_upper = fmin(p * exp(width / p), 1);
        break;
    case INCIDENCE_PLAIN:
        *ret_lower = fmax(p - width, 0);
        *ret_upper = fmin(p + width, 1);
        break;
    }
}
