/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The infinitesimal jackknife by cluster, in one pass.
 *
 *   1. Changes by row and cluster
 *   2. Sums of squares
 *   3. Restricted means
 */
#include "users/robust.h"

#include <math.h>
#include <stdlib.h>

/* ---- 1. Changes by row and cluster ----------------------------------------------------------- */

/* The row of this time, which must be one of the table's. */
static uint32_t row_of(const struct life_table *table, decimal time) {
    size_t low = 0, high = table->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->rows[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return (uint32_t)low;
}

/* Numbers the clusters of this group from 0 and writes down what each record does. */
static size_t write_changes(struct robust *robust, const struct tally_record *records, size_t n,
                            struct robust_change *changes) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const struct tally_record *record = &records[i];
        if (i == 0 || record->cluster != records[i - 1].cluster)
            robust->clusters++;
        uint32_t cluster = (uint32_t)robust->clusters - 1;
        changes[used++] =
            (struct robust_change){.row = row_of(robust->table, record->time),
                                   .cluster = cluster,
                                   .events = record->kind == EXITS_CENSORED ? 0 : record->weight,
                                   .exits = record->weight};
        if (record->late)
            changes[used++] = (struct robust_change){.row = row_of(robust->table, record->entry),
                                                     .cluster = cluster,
                                                     .entries = record->weight};
        else
            robust->at_risk[cluster] += record->weight;
    }
    return used;
}

/* Stable, by row: changes come by cluster, and stay so within a row. */
static int sort_by_row(const struct robust_change *from, struct robust_change *to, size_t n,
                       size_t rows, struct error *err) {
    size_t *place = calloc(rows + 1, sizeof *place);
    if (!place)
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        place[from[i].row + 1]++;
    for (size_t row = 0; row < rows; row++)
        place[row + 1] += place[row];
    for (size_t i = 0; i < n; i++)
        to[place[from[i].row]++] = from[i];
    free(place);
    return 0;
}

/* One change for each row and cluster, in whole numbers, so that the order of a cluster's records
 * does not matter. */
static size_t sum_up(struct robust_change *changes, size_t n) {
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        struct robust_change *last = used > 0 ? &changes[used - 1] : NULL;
        if (last && last->row == changes[i].row && last->cluster == changes[i].cluster) {
            last->events += changes[i].events;
            last->exits += changes[i].exits;
            last->entries += changes[i].entries;
        } else
            changes[used++] = changes[i];
    }
    return used;
}

int robust_begin(struct robust *ret, const struct life_table *table,
                 const struct tally_record *records, size_t n, struct error *err) {
    *ret = (struct robust){.table = table};
    struct robust_change *unsorted = malloc((2 * n + 1) * sizeof *unsorted);
    ret->changes = malloc((2 * n + 1) * sizeof *ret->changes);
    ret->at_risk = calloc(n + 1, sizeof *ret->at_risk);
    int status = 0;
    if (!unsorted || !ret->changes || !ret->at_risk) {
        status = error_memory(err);
        goto done;
    }
    size_t changes = write_changes(ret, records, n, unsorted);
    status = sort_by_row(unsorted, ret->changes, changes, table->n + 1, err);
    if (!status)
        ret->n = sum_up(ret->changes, changes);
done:
    free(unsorted);
    if (status)
        robust_end(ret);
    return status;
}

void robust_end(struct robust *robust) {
    free(robust->changes);
    free(robust->at_risk);
    *robust = (struct robust){0};
}

/* ---- 2. Sums of squares ---------------------------------------------------------------------- */

/* The influence of each cluster is b - y a, with a counted from the last time that all were looked
 * at: so no large numbers cancel, and rounding does not pile up in the sums. */
struct influences {
    size_t n;
    double *b;
    int64_t *y;
    double a;
    double bb, by, yy; /* sums over clusters of b^2, b y and y^2 */
    size_t changed;    /* since all were looked at */
};

static void look_at_all(struct influences *all) {
    all->bb = all->by = all->yy = 0;
    for (size_t c = 0; c < all->n; c++) {
        double y = (double)all->y[c];
        all->b[c] -= y * all->a;
        all->bb += all->b[c] * all->b[c];
        all->by += all->b[c] * y;
        all->yy += y * y;
    }
    all->a = 0;
    all->changed = 0;
}

static void apply(struct influences *all, const struct robust_change *change, double per_event) {
    double b = all->b[change->cluster], y = (double)all->y[change->cluster];
    int64_t more = change->entries - change->exits;
    double b_after = b + (double)change->events * per_event + (double)more * all->a;
    double y_after = y + (double)more;
    all->bb += b_after * b_after - b * b;
    all->by += b_after * y_after - b * y;
    all->yy += y_after * y_after - y * y;
    all->b[change->cluster] = b_after;
    all->y[change->cluster] += more;
    all->changed++;
}

static double sum_of_squares(const struct influences *all) {
    return fmax(all->bb - 2 * all->a * all->by + all->a * all->a * all->yy, 0);
}

static int start(struct influences *all, const struct robust *robust, struct error *err) {
    *all = (struct influences){.n = robust->clusters};
    all->b = calloc(all->n + 1, sizeof *all->b);
    all->y = malloc((all->n + 1) * sizeof *all->y);
    if (!all->b || !all->y)
        return error_memory(err);
    for (size_t c = 0; c < all->n; c++)
        all->y[c] = robust->at_risk[c];
    look_at_all(all);
    return 0;
}

int robust_variances(const struct robust *robust, enum robust_estimate estimate, double *ret,
                     struct error *err) {
    const struct life_table *table = robust->table;
    struct influences all;
    int status = start(&all, robust, err);
    size_t next = 0, i = 0;
    for (; i < table->n && !status && robust->clusters > 1; i++) {
        double n = (double)table->rows[i].at_risk, d = (double)table->rows[i].events;
        double rest = estimate == ROBUST_HAZARD ? n : n - d, per_event = 0;
        if (d > 0) {
            if (!(rest > 0))
                break;
            per_event = 1 / rest;
            all.a += d / n * per_event;
        }
        for (; next < robust->n && robust->changes[next].row == i; next++)
            apply(&all, &robust->changes[next], per_event);
        if (all.changed >= all.n)
            look_at_all(&all);
        ret[i] = sum_of_squares(&all);
    }
    for (; i < table->n && !status; i++)
        ret[i] = NAN;
    free(all.b);
    free(all.y);
    return status;
}

/* ---- 3. Restricted means --------------------------------------------------------------------- */

/* area[i], for each row of the table: of S from its time to the horizon. */
static void fill_areas(const struct life_table *table, const struct survival_curve *curve,
                       decimal horizon, double *area) {
    decimal right = horizon;
    double sum = 0;
    size_t step = curve->n;
    for (size_t i = table->n; i-- > 0;) {
        area[i] = 0;
        if (step > 0 && curve->steps[step - 1].time == table->rows[i].time) {
            step--;
            if (curve->steps[step].time <= horizon) {
                sum += curve->steps[step].survival *
                       decimal_to_double(right - curve->steps[step].time);
                right = curve->steps[step].time;
                area[i] = sum;
            }
        }
    }
}

int robust_mean_error(const struct robust *robust, const struct survival_curve *curve,
                      decimal horizon, double *ret, struct error *err) {
    const struct life_table *table = robust->table;
    double *area = malloc((table->n + 1) * sizeof *area);
    double *past = malloc((table->n + 1) * sizeof *past); /* terms of one spell at risk, up to i */
    double *influence = calloc(robust->clusters + 1, sizeof *influence);
    double sum = 0;
    int status = 0;
    if (!area || !past || !influence) {
        status = error_memory(err);
        goto done;
    }
    fill_areas(table, curve, horizon, area);
    for (size_t i = 0; i < table->n; i++) {
        double n = (double)table->rows[i].at_risk, d = (double)table->rows[i].events;
        if (d > 0 && n > d) /* else the area is 0 */
            sum += area[i] * (d / n) / (n - d);
        past[i] = sum;
    }
    for (size_t k = 0; k < robust->n; k++) {
        const struct robust_change *change = &robust->changes[k];
        size_t i = change->row;
        double n = (double)table->rows[i].at_risk, d = (double)table->rows[i].events;
        double own = change->events > 0 && n > d ? (double)change->events * area[i] / (n - d) : 0;
        influence[change->cluster] += (double)(change->exits - change->entries) * past[i] - own;
    }
    sum = 0;
    for (size_t c = 0; c < robust->clusters; c++)
        sum += influence[c] * influence[c];
    *ret = robust->clusters > 1 ? sqrt(sum) : NAN;
done:
    free(area);
    free(past);
    free(influence);
    return status;
}
