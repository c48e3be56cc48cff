/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Theil's inequality within groups and between them.
 *
 *   1. All measures from sums by group
 *   2. The jackknife: one value less in one group's sums
 *   3. The bootstrap: sums with weights that are drawn
 *
 * With n, S, X the count, sum and sum of x ln x of a group and G its sum of ln x, T_g = X/S -
 * ln(S/n) and L_g = ln(S/n) - G/n. Values are in units of their mean, so that nothing large
 * cancels.
 */
#include "creators/inequality-parts.h"

#include "base/random.h"
#include "base/workers.h"
#include "stats/draws.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *parts_name(enum parts_measure measure) {
    static const char *const names[] = {[PARTS_CREATORS] = "creators_share",
                                        [PARTS_SHARE] = "share",
                                        [PARTS_T] = "theil_t",
                                        [PARTS_L] = "theil_l",
                                        [PARTS_OF_T] = "part_t",
                                        [PARTS_OF_L] = "part_l",
                                        [PARTS_SHARE_OF_T] = "part_t_share",
                                        [PARTS_SHARE_OF_L] = "part_l_share"};
    return names[measure];
}

bool parts_has(size_t part, size_t groups, enum parts_measure measure) {
    if (part < groups)
        return true;
    if (part == groups + PARTS_ALL)
        return measure == PARTS_T || measure == PARTS_L;
    return measure >= PARTS_OF_T;
}

/* ---- 1. Measures -------------------------------------------------------------------------------
 */

struct group {
    double n, sum, x_log_x, log_x;
};

/* One creator's. */
struct value {
    double x, log;
    size_t group;
};

static void add_value(struct group *group, double weight, struct value value) {
    group->n += weight;
    group->sum += weight * value.x;
    group->x_log_x += value.x > 0 ? weight * value.x * value.log : 0;
    group->log_x += weight * value.log;
}

/* Theil's measures of one group; equal values give what rounding leaves, which may be below 0. */
static double t_of(struct group group) {
    return group.sum > 0 ? fmax(group.x_log_x / group.sum - log(group.sum / group.n), 0) : NAN;
}

static double l_of(struct group group) {
    if (!(group.sum > 0) || isinf(group.log_x))
        return NAN;
    return fmax(log(group.sum / group.n) - group.log_x / group.n, 0);
}

/* ret: [groups + PARTS_SUMS][PARTS_MEASURES]. */
static void measure(const struct group *groups, size_t n, double (*ret)[PARTS_MEASURES]) {
    double *within = ret[n + PARTS_WITHIN], *between = ret[n + PARTS_BETWEEN],
           *whole = ret[n + PARTS_ALL];
    struct group all = {0};
    for (size_t part = 0; part < n + PARTS_SUMS; part++)
        for (size_t i = 0; i < PARTS_MEASURES; i++)
            ret[part][i] = NAN;
    for (size_t g = 0; g < n; g++) {
        all.n += groups[g].n;
        all.sum += groups[g].sum;
    }
    if (!(all.sum > 0))
        return;
    within[PARTS_OF_T] = within[PARTS_OF_L] = between[PARTS_OF_T] = between[PARTS_OF_L] = 0;
    for (size_t g = 0; g < n; g++) {
        double p = groups[g].n / all.n, s = groups[g].sum / all.sum, *part = ret[g];
        part[PARTS_CREATORS] = p;
        part[PARTS_SHARE] = s;
        part[PARTS_T] = t_of(groups[g]);
        part[PARTS_L] = l_of(groups[g]);
        /* Without anything a group adds nothing to T, and leaves no L; without anybody, neither. */
        part[PARTS_OF_T] = s > 0 ? s * part[PARTS_T] : 0;
        part[PARTS_OF_L] = p > 0 ? p * part[PARTS_L] : 0;
        within[PARTS_OF_T] += part[PARTS_OF_T];
        within[PARTS_OF_L] += part[PARTS_OF_L];
        between[PARTS_OF_T] += s > 0 ? s * log(s / p) : 0;
        between[PARTS_OF_L] += p > 0 ? p * log(p / s) : 0;
    }
    between[PARTS_OF_T] = fmax(between[PARTS_OF_T], 0); /* equal groups: what rounding leaves */
    if (isfinite(between[PARTS_OF_L]))
        between[PARTS_OF_L] = fmax(between[PARTS_OF_L], 0);
    else
        between[PARTS_OF_L] = NAN;
    whole[PARTS_T] = within[PARTS_OF_T] + between[PARTS_OF_T];
    whole[PARTS_L] = within[PARTS_OF_L] + between[PARTS_OF_L];
    for (size_t part = 0; part < n + PARTS_ALL; part++) {
        ret[part][PARTS_SHARE_OF_T] = ret[part][PARTS_OF_T] / whole[PARTS_T]; /* nan if all equal */
        ret[part][PARTS_SHARE_OF_L] = ret[part][PARTS_OF_L] / whole[PARTS_L];
    }
}

/* ---- Sums of the data, and where results go
 * ------------------------------------------------------
 */

struct work {
    size_t n_groups, n;
    struct value *values; /* [n], in units of their mean */
    struct group *groups; /* [n_groups] */
    double (*found)[PARTS_MEASURES];
};

static void work_end(struct work *work) {
    free(work->values);
    free(work->groups);
    free(work->found);
}

static int work_begin(struct work *work, const double *values, const size_t *start, size_t groups,
                      struct parts_of *ret, struct error *err) {
    const size_t n = start[groups];
    double sum = 0;
    *work = (struct work){.n_groups = groups,
                          .n = n,
                          .values = malloc((n + 1) * sizeof *work->values),
                          .groups = calloc(groups + 1, sizeof *work->groups),
                          .found = malloc((groups + PARTS_SUMS) * sizeof *work->found)};
    if (!work->values || !work->groups || !work->found) {
        work_end(work);
        return error_memory(err);
    }
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    for (size_t g = 0; g < groups; g++)
        for (size_t i = start[g]; i < start[g + 1]; i++) {
            double x = sum > 0 ? values[i] / (sum / (double)n) : 0;
            work->values[i] = (struct value){x, log(x), g};
            add_value(&work->groups[g], 1, work->values[i]);
        }
    measure(work->groups, groups, work->found);
    for (size_t part = 0; part < groups + PARTS_SUMS; part++) {
        ret[part].n = part < groups ? start[part + 1] - start[part] : n;
        for (size_t i = 0; i < PARTS_MEASURES; i++)
            ret[part].found[i] = (struct inequality_estimate){work->found[part][i], NAN, NAN, NAN};
    }
    return 0;
}

/* ---- 2. Jackknife ------------------------------------------------------------------------------
 */

/* Sums over the creators left out of what that changes, and of its squares. */
struct changes {
    double first, sum, squares;
};

/* Less what it is without the first of all: that is near their mean. */
static void add_changes(const struct work *work, double (*without)[PARTS_MEASURES], bool first,
                        struct changes *changes) {
    for (size_t part = 0; part < work->n_groups + PARTS_SUMS; part++)
        for (size_t i = 0; i < PARTS_MEASURES; i++) {
            struct changes *of = &changes[part * PARTS_MEASURES + i];
            if (first)
                of->first = without[part][i];
            double change = without[part][i] - of->first;
            of->sum += change;
            of->squares += change * change;
        }
}

static bool is_share(enum parts_measure measure) {
    return measure == PARTS_CREATORS || measure == PARTS_SHARE || measure == PARTS_SHARE_OF_T ||
           measure == PARTS_SHARE_OF_L;
}

/* What a group has without a value: that before it and that after it. A value that has nearly all,
 * taken from the whole, would leave nothing but rounding. */
static struct group before_and_after(struct group before, struct value value, struct group whole) {
    struct group with = before;
    add_value(&with, 1, value);
    return (struct group){
        .n = whole.n - 1,
        .sum = before.sum + (whole.sum - with.sum),
        .x_log_x = before.x_log_x + (whole.x_log_x - with.x_log_x),
        .log_x = isinf(whole.log_x) ? -INFINITY /* -inf - -inf; L is nan anyway */
                                    : before.log_x + (whole.log_x - with.log_x),
    };
}

/* Equal values change the same: those of integers are many. */
static void leave_each_out(struct work *work, const size_t *start,
                           double (*without)[PARTS_MEASURES], struct changes *changes) {
    for (size_t g = 0; g < work->n_groups; g++) {
        const struct group whole = work->groups[g];
        struct group before = {0};
        for (size_t k = start[g]; k < start[g + 1]; k++) {
            const struct value value = work->values[k];
            if (k == start[g] || value.x != work->values[k - 1].x) {
                work->groups[g] = before_and_after(before, value, whole);
                measure(work->groups, work->n_groups, without);
            }
            add_value(&before, 1, value);
            add_changes(work, without, k == 0, changes);
        }
        work->groups[g] = whole;
    }
}

int parts_jackknife(const double *values, const size_t *start, size_t groups, double confidence,
                    struct parts_of *ret, struct error *err) {
    struct work work;
    const size_t parts = groups + PARTS_SUMS;
    if (work_begin(&work, values, start, groups, ret, err))
        return err->code;
    double(*without)[PARTS_MEASURES] = malloc(parts * sizeof *without);
    struct changes *changes = calloc(parts * PARTS_MEASURES, sizeof *changes);
    int status = without && changes ? 0 : error_memory(err);
    if (work.n >= 3 && !status)
        leave_each_out(&work, start, without, changes);
    double count = (double)work.n;
    for (size_t part = 0; part < parts && !status && work.n >= 3; part++)
        for (size_t i = 0; i < PARTS_MEASURES; i++) {
            const struct changes *change = &changes[part * PARTS_MEASURES + i];
            struct inequality_estimate *estimate = &ret[part].found[i];
            double spread = fmax(change->squares - change->sum * change->sum / count, 0);
            estimate->error =
                isnan(estimate->value + change->sum) ? NAN : sqrt((count - 1) / count * spread);
            inequality_bound(estimate, is_share(i), confidence);
        }
    free(without);
    free(changes);
    work_end(&work);
    return status;
}

/* ---- 3. Bootstrap ------------------------------------------------------------------------------
 */

enum { PURPOSE_PARTS = 0x7a27 };

struct bootstrap {
    const struct work *work;
    uint32_t seed, stream;
    struct group *groups;            /* [worker][group] */
    double (*found)[PARTS_MEASURES]; /* [replication][part] */
};

static int bootstrap_task(void *context, size_t index, int worker, struct error *err) {
    (void)err;
    const struct bootstrap *bootstrap = context;
    const struct work *work = bootstrap->work;
    struct group *groups = bootstrap->groups + (size_t)worker * work->n_groups;
    struct random_stream stream;
    random_open(&stream, bootstrap->seed, (uint32_t)index, bootstrap->stream, 0, PURPOSE_PARTS);
    memset(groups, 0, work->n_groups * sizeof *groups);
    for (size_t i = 0; i < work->n; i++) {
        struct value drawn = work->values[random_below(&stream, (uint32_t)work->n)];
        add_value(&groups[drawn.group], 1, drawn);
    }
    measure(groups, work->n_groups, bootstrap->found + index * (work->n_groups + PARTS_SUMS));
    return 0;
}

static void summarise(const struct bootstrap *bootstrap, size_t replications, double confidence,
                      double *draws, struct parts_of *ret) {
    const size_t parts = bootstrap->work->n_groups + PARTS_SUMS;
    for (size_t part = 0; part < parts; part++)
        for (size_t i = 0; i < PARTS_MEASURES; i++) {
            for (size_t r = 0; r < replications; r++)
                draws[r] = bootstrap->found[r * parts + part][i];
            const struct draws_summary drawn = draws_summarise(draws, replications, confidence);
            struct inequality_estimate *estimate = &ret[part].found[i];
            estimate->error = drawn.error;
            estimate->lower = drawn.lower;
            estimate->upper = drawn.upper;
        }
}

int parts_bootstrap(const double *values, const size_t *start, size_t groups, double confidence,
                    size_t replications, uint32_t seed, uint32_t stream, int threads,
                    struct parts_of *ret, struct error *err) {
    const size_t n = start[groups], parts = groups + PARTS_SUMS;
    if (n < 3 || n > UINT32_MAX || replications < 2)
        return parts_jackknife(values, start, groups, confidence, ret, err);
    struct work work;
    if (work_begin(&work, values, start, groups, ret, err))
        return err->code;
    const size_t workers = threads < 1 ? 1 : (size_t)threads;
    struct bootstrap bootstrap = {.work = &work,
                                  .seed = seed,
                                  .stream = stream,
                                  .groups =
                                      malloc((workers * groups + 1) * sizeof *bootstrap.groups),
                                  .found = malloc(replications * parts * sizeof *bootstrap.found)};
    double *draws = malloc(replications * sizeof *draws);
    bool ready = bootstrap.groups && bootstrap.found && draws;
    int status = ready ? workers_run((int)workers, replications, bootstrap_task, &bootstrap, err)
                       : error_memory(err);
    if (!status)
        summarise(&bootstrap, replications, confidence, draws, ret);
    free(bootstrap.groups);
    free(bootstrap.found);
    free(draws);
    work_end(&work);
    return status;
}
