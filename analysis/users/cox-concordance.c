/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Concordance of the risks with who leaves first.
 *
 * With N pairs, A concordant and D discordant by weight, the concordance is (1 + d)/2, d = (A -
 * D)/N. Row i is in a_i, d_i and n_i pairs (its own weight left out), and its influence on d is w_i
 * (a_i - d_i - d n_i)/N; the variance is the sum of squared influences over rows or clusters.
 *
 * Two sweeps over the sorted rows of a stratum, with a binary indexed tree over the ranks of x'b
 * (Fenwick 1994, doi:10.1002/spe.4380240306): down in time with those at risk in the tree, for the
 * pairs in which a row leaves, and up in time with the events in it, for the pairs in which it
 * stays.
 */
#include "users/cox-inside.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct tree {
    double *sums;
    size_t n;
};

static void tree_add(struct tree *tree, size_t rank, double w) {
    for (size_t i = rank + 1; i <= tree->n; i += i & -i)
        tree->sums[i] += w;
}

/* The sum of ranks below `rank`. */
static double tree_below(const struct tree *tree, size_t rank) {
    double sum = 0;
    for (size_t i = rank; i > 0; i -= i & -i)
        sum += tree->sums[i];
    return sum;
}

struct counting {
    const struct cox *cox;
    uint32_t *rank;    /* of x'b, by sorted row */
    uint32_t *entered; /* rows of the stratum by entry, descending; NULL: none */
    struct tree tree;
    double inside;             /* weight in the tree */
    double *more, *less, *all; /* a_i - d_i is more - less, by row */
    double concordant, discordant, tied;
};

/* ---- Ranks ----------------------------------------------------------------------------------- */

struct scored {
    double score;
    uint32_t row;
};

static int by_score(const void *a, const void *b) {
    double left = ((const struct scored *)a)->score, right = ((const struct scored *)b)->score;
    return (left > right) - (left < right);
}

static int rank_rows(struct counting *counting, struct error *err) {
    const struct cox *cox = counting->cox;
    struct scored *scored = malloc(cox->n * sizeof *scored);
    if (!scored)
        return error_memory(err);
    for (size_t i = 0; i < cox->n; i++) {
        double score = 0;
        for (size_t j = 0; j < cox->p; j++)
            score += cox->result.coefficient[j] * cox->scale[j] * cox->x[j * cox->n + i];
        scored[i] = (struct scored){score, (uint32_t)i};
    }
    qsort(scored, cox->n, sizeof *scored, by_score);
    size_t rank = 0;
    for (size_t i = 0; i < cox->n; i++) {
        rank += i > 0 && scored[i].score != scored[i - 1].score;
        counting->rank[scored[i].row] = (uint32_t)rank;
    }
    counting->tree.n = rank + 1;
    free(scored);
    return 0;
}

/* ---- The tree -------------------------------------------------------------------------------- */

static void put(struct counting *counting, uint32_t row, double sign) {
    double w = sign * cox_weight(counting->cox, row);
    tree_add(&counting->tree, counting->rank[row], w);
    counting->inside += w;
}

static void look(const struct counting *counting, uint32_t row, double *below, double *same,
                 double *above) {
    uint32_t rank = counting->rank[row];
    *below = tree_below(&counting->tree, rank);
    double up_to = tree_below(&counting->tree, rank + 1);
    *same = up_to - *below;
    *above = counting->inside - up_to;
}

static void clear(struct counting *counting) {
    memset(counting->tree.sums, 0, (counting->tree.n + 1) * sizeof(double));
    counting->inside = 0;
}

/* ---- Sweeps ---------------------------------------------------------------------------------- */

/* Down in time: an event meets those who are at risk after it. */
static void meet_those_at_risk(struct counting *counting, uint32_t from, uint32_t to) {
    const struct cox *cox = counting->cox;
    uint32_t next_entry = from;
    clear(counting);
    for (uint32_t end = to, start; end > from; end = start) {
        decimal time = cox->time[end - 1];
        for (start = end; start > from && cox->time[start - 1] == time;)
            start--;
        /* Who was last seen at this time outlived its events; who left at it did not. */
        for (uint32_t i = start; i < end; i++)
            if (cox->status[i] != COX_EVENT)
                put(counting, i, 1);
        while (counting->entered && next_entry < to &&
               cox->entry[counting->entered[next_entry]] >= time)
            put(counting, counting->entered[next_entry++], -1);
        for (uint32_t i = start; i < end && cox->status[i] == COX_EVENT; i++) {
            double below, same, above, w = cox_weight(cox, i);
            look(counting, i, &below, &same, &above);
            counting->more[i] += below;
            counting->less[i] += above;
            counting->all[i] += below + same + above;
            counting->concordant += w * below;
            counting->discordant += w * above;
            counting->tied += w * same;
        }
        for (uint32_t i = start; i < end && cox->status[i] == COX_EVENT; i++)
            put(counting, i, 1);
    }
}

static void add_met(struct counting *counting, uint32_t row, double sign) {
    double below, same, above;
    look(counting, row, &below, &same, &above);
    counting->more[row] += sign * above; /* the one who left had the higher risk */
    counting->less[row] += sign * below;
    counting->all[row] += sign * (below + same + above);
}

/* Up in time: a row meets the events while it was at risk, those at its end less those at its
 * entry. */
static void meet_events(struct counting *counting, uint32_t from, uint32_t to) {
    const struct cox *cox = counting->cox;
    uint32_t next_entry = to;
    clear(counting);
    for (uint32_t start = from, end; start < to; start = end) {
        decimal time = cox->time[start];
        while (counting->entered && next_entry > from &&
               cox->entry[counting->entered[next_entry - 1]] < time)
            add_met(counting, counting->entered[--next_entry], -1);
        for (end = start; end < to && cox->time[end] == time;)
            end++;
        for (uint32_t i = start; i < end && cox->status[i] == COX_EVENT; i++)
            add_met(counting, i, 1);
        for (uint32_t i = start; i < end && cox->status[i] == COX_EVENT; i++)
            put(counting, i, 1);
        for (uint32_t i = start; i < end; i++)
            if (cox->status[i] != COX_EVENT)
                add_met(counting, i, 1);
    }
}

static int by_entry(const void *a, const void *b, void *context) {
    const decimal *entry = context;
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    if (entry[left] != entry[right])
        return entry[left] > entry[right] ? -1 : 1;
    return (left > right) - (left < right);
}

static void count_stratum(struct counting *counting, size_t s) {
    const struct cox *cox = counting->cox;
    uint32_t from = cox->group[cox->stratum_first[s]], to = cox->group[cox->stratum_first[s + 1]];
    if (counting->entered) {
        for (uint32_t i = from; i < to; i++)
            counting->entered[i] = i;
        qsort_r(counting->entered + from, to - from, sizeof *counting->entered, by_entry,
                cox->entry);
    }
    meet_those_at_risk(counting, from, to);
    meet_events(counting, from, to);
}

/* ---- The error ------------------------------------------------------------------------------- */

static int spread(const struct counting *counting, double d, double pairs, double *ret,
                  struct error *err) {
    const struct cox *cox = counting->cox;
    size_t clusters = cox->cluster ? cox->result.clusters : 0;
    double *sums = calloc(clusters + 1, sizeof *sums), sum = 0;
    if (!sums)
        return error_memory(err);
    for (size_t i = 0; i < cox->n; i++) {
        double one = (counting->more[i] - counting->less[i] - d * counting->all[i]) / pairs;
        double w = cox_weight(cox, i);
        if (cox->cluster)
            sums[cox->cluster[i]] += w * one;
        else
            sum += (cox->options.counts ? w : w * w) * one * one;
    }
    for (size_t c = 0; c < clusters; c++)
        sum += sums[c] * sums[c];
    free(sums);
    *ret = sqrt(sum) / 2;
    return 0;
}

static bool allocate(struct counting *counting) {
    const struct cox *cox = counting->cox;
    counting->rank = malloc(cox->n * sizeof *counting->rank);
    counting->more = calloc(3 * cox->n, sizeof *counting->more);
    counting->tree.sums = malloc((cox->n + 1) * sizeof *counting->tree.sums);
    if (cox->entry)
        counting->entered = malloc(cox->n * sizeof *counting->entered);
    if (!counting->rank || !counting->more || !counting->tree.sums ||
        (cox->entry && !counting->entered))
        return false;
    counting->less = counting->more + cox->n;
    counting->all = counting->less + cox->n;
    return true;
}

int cox_concordance(const struct cox *cox, struct cox_concordance *ret, struct error *err) {
    struct counting counting = {.cox = cox};
    *ret = (struct cox_concordance){0};
    int status = ERROR_SYSTEM;
    if (allocate(&counting))
        status = rank_rows(&counting, err);
    else
        error_memory(err);
    for (size_t s = 0; s < cox->n_strata && !status; s++)
        count_stratum(&counting, s);
    if (!status) {
        double pairs = counting.concordant + counting.discordant + counting.tied;
        double d = (counting.concordant - counting.discordant) / pairs;
        ret->concordant = counting.concordant;
        ret->discordant = counting.discordant;
        ret->tied = counting.tied;
        ret->concordance = (d + 1) / 2;
        status = spread(&counting, d, pairs, &ret->std_error, err);
    }
    free(counting.rank);
    free(counting.more);
    free(counting.tree.sums);
    free(counting.entered);
    return status;
}
