/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rows into the order in which a Cox fit goes through them.
 *
 *   1. Sorting
 *   2. Slots
 *   3. Late entry
 *   4. Covariates
 */
#include "users/cox-inside.h"

#include "base/workers.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. Sorting ------------------------------------------------------------------------------ */

enum { RADIX_BITS = 11, RADIX = 1 << RADIX_BITS, RADIX_PASSES = 6 };

/* One stable pass by the digit at `shift`; false, leaving both as they are, if all rows share it.
 */
static bool sort_digit(const struct cox_keyed *from, struct cox_keyed *to, size_t n,
                       unsigned shift) {
    size_t start[RADIX + 1] = {0};
    for (size_t i = 0; i < n; i++)
        start[(from[i].key >> shift & (RADIX - 1)) + 1]++;
    if (start[(from[0].key >> shift & (RADIX - 1)) + 1] == n)
        return false;
    for (size_t d = 0; d < RADIX; d++)
        start[d + 1] += start[d];
    for (size_t i = 0; i < n; i++)
        to[start[from[i].key >> shift & (RADIX - 1)]++] = from[i];
    return true;
}

void cox_sort(struct cox_keyed **items, struct cox_keyed **other, size_t n) {
    for (unsigned pass = 0; pass < RADIX_PASSES; pass++)
        if (sort_digit(*items, *other, n, pass * RADIX_BITS)) {
            struct cox_keyed *swap = *items;
            *items = *other;
            *other = swap;
        }
}

/* By stratum, time, and events before others. */
static int sort_rows(struct cox *cox, const struct cox_data *data, struct error *err) {
    size_t n = cox->n;
    struct cox_keyed *items = calloc(n + 1, sizeof *items), *other = calloc(n + 1, sizeof *other);
    if (!items || !other) {
        free(items);
        free(other);
        error_memory(err);
        return ERROR_SYSTEM;
    }
    decimal least = data->time[0];
    for (size_t i = 1; i < n; i++)
        least = data->time[i] < least ? data->time[i] : least;
    for (size_t i = 0; i < n; i++)
        items[i] = (struct cox_keyed){((uint64_t)data->time[i] - (uint64_t)least) << 1 |
                                          (data->status[i] != COX_EVENT),
                                      (uint32_t)i};
    cox_sort(&items, &other, n);
    if (data->stratum) {
        for (size_t i = 0; i < n; i++)
            items[i].key = data->stratum[items[i].row];
        cox_sort(&items, &other, n);
    }
    for (size_t i = 0; i < n; i++)
        cox->row[i] = items[i].row;
    free(items);
    free(other);
    return 0;
}

/* ---- 2. Slots -------------------------------------------------------------------------------- */

static uint32_t stratum_of(const struct cox_data *data, uint32_t row) {
    return data->stratum ? data->stratum[row] : 0;
}

static int count_slots(struct cox *cox, const struct cox_data *data, struct error *err) {
    size_t slots = 0, strata = 0;
    for (size_t i = 0; i < cox->n; i++) {
        uint32_t row = cox->row[i], before = i > 0 ? cox->row[i - 1] : 0;
        bool opens = i == 0 || stratum_of(data, row) != stratum_of(data, before);
        strata += opens;
        slots += opens;
        /* Events are the first rows of their time. */
        if (data->status[row] == COX_EVENT &&
            (opens || data->time[row] != data->time[before] || data->status[before] != COX_EVENT))
            slots++;
    }
    cox->slots = slots;
    cox->n_strata = strata;
    cox->when = calloc(slots + 1, sizeof *cox->when);
    cox->group = calloc(slots + 1, sizeof *cox->group);
    cox->deaths = calloc(slots + 1, sizeof *cox->deaths);
    cox->death_weight = calloc(slots + 1, sizeof *cox->death_weight);
    cox->late = calloc(slots + 1, sizeof *cox->late);
    cox->fresh = calloc(slots + 1, sizeof *cox->fresh);
    cox->stratum_first = calloc(strata + 1, sizeof *cox->stratum_first);
    cox->stratum_code = calloc(strata + 1, sizeof *cox->stratum_code);
    return cox->when && cox->group && cox->deaths && cox->death_weight && cox->late && cox->fresh &&
                   cox->stratum_first && cox->stratum_code
               ? 0
               : error_memory(err);
}

static void fill_slots(struct cox *cox, const struct cox_data *data) {
    size_t slot = 0, stratum = 0;
    for (size_t i = 0; i < cox->n; i++) {
        uint32_t row = cox->row[i], before = i > 0 ? cox->row[i - 1] : 0;
        bool opens = i == 0 || stratum_of(data, row) != stratum_of(data, before);
        bool event = data->status[row] == COX_EVENT;
        if (opens) {
            slot += i > 0;
            cox->stratum_code[stratum] = stratum_of(data, row);
            cox->stratum_first[stratum++] = (uint32_t)slot;
            cox->group[slot] = (uint32_t)i;
        }
        if (event &&
            (opens || data->time[row] != data->time[before] || data->status[before] != COX_EVENT)) {
            cox->group[++slot] = (uint32_t)i;
            cox->when[slot] = data->time[row];
        }
        if (event) {
            cox->deaths[slot]++;
            cox->death_weight[slot] += data->weight ? data->weight[row] : 1;
        }
        cox->first[i] = cox->stratum_first[stratum - 1];
        cox->last[i] = (uint32_t)slot;
        cox->status[i] = data->status[row];
        cox->time[i] = data->time[row];
        if (data->weight)
            cox->weight[i] = data->weight[row];
        if (data->cluster)
            cox->cluster[i] = data->cluster[row];
    }
    cox->group[cox->slots] = (uint32_t)cox->n;
    cox->stratum_first[cox->n_strata] = (uint32_t)cox->slots;
}

static int make_runs(struct cox *cox, struct error *err) {
    cox->runs = malloc((cox->n / COX_CHUNK + cox->slots / COX_CHUNK + 2) * sizeof *cox->runs);
    if (!cox->runs)
        return error_memory(err);
    for (size_t from = 0, to; from < cox->slots; from = to) {
        to = from + 1;
        while (to < cox->slots && to - from < COX_CHUNK &&
               cox->group[to] - cox->group[from] < COX_CHUNK)
            to++;
        cox->runs[cox->n_runs++] = (struct cox_slots){from, to};
    }
    return 0;
}

/* ---- 3. Late entry --------------------------------------------------------------------------- */

/* The last slot of an event at or before `entry`, from the stratum's first slot on. */
static uint32_t slot_at(const struct cox *cox, uint32_t first, uint32_t last, decimal entry) {
    while (first < last) { /* events of slots first + 1 to last are still in question */
        uint32_t middle = first + (last - first + 1) / 2;
        if (cox->when[middle] <= entry)
            first = middle;
        else
            last = middle - 1;
    }
    return first;
}

static int enter_late(struct cox *cox, const struct cox_data *data, struct error *err) {
    cox->entry = malloc(cox->n * sizeof *cox->entry);
    if (!cox->entry)
        return error_memory(err);
    for (size_t i = 0; i < cox->n; i++) {
        cox->entry[i] = data->entry[cox->row[i]];
        if (cox->entry[i] == COX_NO_ENTRY)
            continue;
        if (cox->entry[i] >= cox->time[i])
            return error_set(err, ERROR_DATA,
                             "row %u enters at its time or later, expected before it",
                             cox->row[i] + 1U);
        uint32_t start = cox->first[i];
        cox->first[i] = slot_at(cox, start, cox->last[i], cox->entry[i]);
        if (cox->first[i] > start && !cox_idle(cox, i))
            cox->late[cox->first[i] + 1]++;
    }
    for (size_t slot = 0; slot < cox->slots; slot++)
        cox->late[slot + 1] += cox->late[slot];
    if (cox->late[cox->slots] == 0)
        return 0;
    cox->late_row = malloc(cox->late[cox->slots] * sizeof *cox->late_row);
    uint32_t *next = malloc((cox->slots + 1U) * sizeof *next);
    if (!cox->late_row || !next) {
        free(next);
        return error_memory(err);
    }
    memcpy(next, cox->late, cox->slots * sizeof *next);
    for (size_t s = 0; s < cox->n_strata; s++)
        for (uint32_t i = cox->group[cox->stratum_first[s]];
             i < cox->group[cox->stratum_first[s + 1]]; i++)
            if (cox->first[i] > cox->stratum_first[s] && !cox_idle(cox, i))
                cox->late_row[next[cox->first[i]]++] = i;
    free(next);
    return 0;
}

/* Where the risk set has run empty, its sums start anew, so that no rounding is left over. */
static void find_fresh(struct cox *cox) {
    for (size_t s = 0; s < cox->n_strata; s++) {
        int64_t at_risk = 0;
        for (uint32_t slot = cox->stratum_first[s + 1]; slot-- > cox->stratum_first[s];) {
            at_risk -= cox->late[slot + 1] - cox->late[slot];
            cox->fresh[slot] = at_risk == 0;
            for (uint32_t i = cox->group[slot]; i < cox->group[slot + 1]; i++)
                at_risk += !cox_idle(cox, i);
        }
    }
}

/* ---- 4. Covariates --------------------------------------------------------------------------- */

static const char *name_of(const struct cox_data *data, size_t j, char text[32]) {
    if (data->names)
        return data->names[j];
    snprintf(text, 32, "column %zu", j + 1);
    return text;
}

/* Which rows a mean is of, and of what. */
enum { OF_SQUARES = 1, OF_ACTIVE = 2 };

/* Of (x - from) or its square, weighted. Sums of blocks of a fixed size, so that rounding grows
 * with their number only. */
static double weighted_mean(const struct cox *cox, const double *x, double from, unsigned of) {
    double sum = 0, weights = 0;
    for (size_t block = 0; block < cox->n; block += COX_CHUNK) {
        double part = 0, part_weights = 0;
        for (size_t i = block; i < cox->n && i < block + COX_CHUNK; i++) {
            if ((of & OF_ACTIVE) && cox_idle(cox, i))
                continue;
            double d = x[i] - from, w = cox_weight(cox, i);
            part += w * (of & OF_SQUARES ? d * d : d);
            part_weights += w;
        }
        sum += part;
        weights += part_weights;
    }
    return sum / weights;
}

struct columns {
    struct cox *cox;
    const struct cox_data *data;
    bool idle; /* there are rows that are part of no sum */
};

/* Column j: gathered in sorted order, centred and scaled by the rows that matter. One that is far
 * off without ever being at risk at an event would make exp(x'b) of the others overflow. */
static int arrange_column(void *context, size_t j, int worker, struct error *err) {
    (void)worker;
    const struct columns *columns = context;
    struct cox *cox = columns->cox;
    const double *from = columns->data->x[j];
    double *x = cox->x + j * cox->n, least = INFINITY, most = -INFINITY;
    char text[32];
    for (size_t i = 0; i < cox->n; i++) {
        x[i] = from[cox->row[i]];
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
        if (!isfinite(x[i]))
            return error_set(err, ERROR_DATA, "%s, row %u: found no finite number",
                             name_of(columns->data, j, text), cox->row[i] + 1U);
    }
    if (least == most)
        return error_set(err, ERROR_DATA,
                         "covariate '%s' is %g in every row (there %s %zu), so nothing can be said "
                         "about it: leave it out",
                         name_of(columns->data, j, text), least, cox->n == 1 ? "is" : "are",
                         cox->n);
    const unsigned of = columns->idle ? OF_ACTIVE : 0;
    const double centre = least + weighted_mean(cox, x, least, of);
    const double scale = sqrt(weighted_mean(cox, x, centre, OF_SQUARES | of));
    cox->result.mean[j] = columns->idle ? least + weighted_mean(cox, x, least, 0) : centre;
    cox->centre[j] = centre;
    cox->scale[j] = scale > 0 ? scale : 1;
    least = INFINITY;
    most = -INFINITY;
    for (size_t i = 0; i < cox->n; i++) {
        x[i] = (x[i] - centre) / cox->scale[j];
        if (columns->idle && cox_idle(cox, i))
            continue;
        least = fmin(least, x[i]);
        most = fmax(most, x[i]);
    }
    cox->range[j] = most - least;
    return 0;
}

static bool allocate(struct cox *cox, const struct cox_data *data) {
    size_t n = cox->n, p = cox->p;
    cox->row = malloc(n * sizeof *cox->row);
    cox->first = malloc(n * sizeof *cox->first);
    cox->last = malloc(n * sizeof *cox->last);
    cox->status = malloc(n * sizeof *cox->status);
    cox->time = malloc(n * sizeof *cox->time);
    cox->x = malloc((n * p + 1) * sizeof *cox->x);
    cox->risk = malloc(n * sizeof *cox->risk);
    cox->centre = calloc(p + 1, sizeof *cox->centre);
    cox->scale = calloc(p + 1, sizeof *cox->scale);
    cox->range = calloc(p + 1, sizeof *cox->range);
    if (data->weight)
        cox->weight = malloc(n * sizeof *cox->weight);
    if (data->cluster)
        cox->cluster = malloc(n * sizeof *cox->cluster);
    return cox->row && cox->first && cox->last && cox->status && cox->time && cox->x && cox->risk &&
           cox->centre && cox->scale && cox->range && (!data->weight || cox->weight) &&
           (!data->cluster || cox->cluster);
}

static int allocate_sums(struct cox *cox, struct error *err) {
    size_t slots = cox->slots, columns = cox->p + 1;
    bool tied = false;
    for (size_t slot = 0; slot < slots; slot++)
        tied = tied || cox->deaths[slot] > 1 ||
               (cox->options.counts && cox->deaths[slot] > 0 && cox->death_weight[slot] > 1);
    cox->at_risk = calloc(columns * slots + 1, sizeof(double));
    if (tied && cox->options.ties == COX_EFRON)
        cox->dying = calloc(columns * slots + 1, sizeof(double));
    else
        tied = false;
    cox->h = calloc(6 * slots + 1, sizeof(double)); /* and the others behind it */
    if (!cox->at_risk || !cox->h || (tied && !cox->dying))
        return error_memory(err);
    cox->hf = cox->h + slots;
    cox->q0 = cox->hf + slots;
    cox->q1 = cox->q0 + slots;
    cox->q2 = cox->q1 + slots;
    cox->hazard = cox->q2 + slots;
    return 0;
}

int cox_arrange(struct cox *cox, const struct cox_data *data, struct error *err) {
    if (!allocate(cox, data))
        return error_memory(err);
    int status = sort_rows(cox, data, err);
    if (!status)
        status = count_slots(cox, data, err);
    if (status)
        return status;
    fill_slots(cox, data);
    status = make_runs(cox, err);
    if (!status && data->entry)
        status = enter_late(cox, data, err);
    if (status)
        return status;
    find_fresh(cox);
    cox->n_chunks = (cox->n + COX_CHUNK - 1) / COX_CHUNK;
    struct columns columns = {cox, data, false};
    for (size_t i = 0; i < cox->n && !columns.idle; i++)
        columns.idle = cox_idle(cox, i);
    status = workers_run(cox->options.threads, cox->p, arrange_column, &columns, err);
    if (!status && cox->competing)
        status = cox_weigh_competing(cox, err);
    return status ? status : allocate_sums(cox, err);
}
