/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cohorts: of the users who began in one period, how many are still there so much later.
 *
 *     const struct cohorts_options options = {.retention = COHORTS_BOUNDED, .ages = 12};
 *     struct cohorts cohorts;
 *     if (cohorts_count(presence, &options, &cohorts, err)) ...
 *     for (size_t c = 0; c < cohorts.n_cohorts; c++)
 *         for (size_t age = 0; age < cohorts_ages(&cohorts, c); age++)
 *             ... cohorts_cell(&cohorts, group, c, age)->active of cohorts_users(&cohorts, group,
 * c) cohorts_free(&cohorts);
 *
 * A user's cohort is the first period in which they were seen; age counts from it. What has not
 * been observed to its end has no cell: the period that is going on at the last look, and any age
 * that reaches into it. So every cell of an age has been watched for as long as the others.
 *
 * All counts and sums are whole numbers (money in millionths), so they do not depend on the order
 * of rows or the number of threads.
 */
#ifndef USERS_COHORTS_H
#define USERS_COHORTS_H

#include "base/calendar.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "users/presence.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When a user of the cohort of period c counts as active at age k: */
enum cohorts_retention {
    COHORTS_BOUNDED,   /* active in period c + k */
    COHORTS_UNBOUNDED, /* active in period c + k or any later one, up to the last look */
    COHORTS_ROLLING,   /* active on one of the days f + k L to f + (k + 1) L - 1, f being the user's
                          own   first day and L 1, 7, 30, 91 or 365 days */
};

struct cohorts_options {
    enum cohorts_retention retention; /* rolling: the presence has options.days */
    size_t ages;                      /* no age from this one on; 0: all there are */
    size_t gap; /* of returns: periods of absence before one; 0: returns are not counted */
    bool money; /* the amounts of the presence are revenue */
};

/* Of one group, cohort and age. */
struct cohorts_cell {
    int64_t active;
    int64_t lapsed;   /* absent for `gap` periods in a row at this age or before */
    int64_t returned; /* of these, active again at this age or before */
    /* With money: sums over users of revenue r at this age, r0 at age 0, of g = min(r+, r0+), what
     * is left of r0 without what was added to it, and of their products. x+ is max(x, 0). */
    int128 net, gross;
    int128 net_net, net_base, gross_gross, gross_base;
};

/* Of one group and cohort. */
struct cohorts_base {
    int64_t users;
    int128 base, positive; /* sums of r0 and of r0+ */
    int128 base_base, positive_positive;
};

/* Of one group and period; active = active before + fresh + resurrecting - dormant. */
struct cohorts_cycle {
    int64_t active;
    int64_t fresh;        /* "new": active for the first time */
    int64_t returning;    /* active in the period before too */
    int64_t resurrecting; /* active, not in the period before, but earlier */
    int64_t dormant;      /* active in the period before, not now */
};

struct cohorts {
    struct cohorts_options options;
    size_t n_groups;
    size_t n_cohorts;       /* periods that are over, which are the cohorts and their life cycle */
    struct period *periods; /* [n_cohorts] */
    size_t *n_ages;         /* [n_cohorts] */
    size_t most_ages;
    struct cohorts_cell *cells;   /* [n_groups][n_cohorts][most_ages] */
    struct cohorts_base *bases;   /* [n_groups][n_cohorts] */
    struct cohorts_cycle *cycles; /* [n_groups][n_cohorts] */
    size_t unfinished;            /* users whose first period is not over: in no cohort */
};

/* The groups are the platforms of the presence: a user is a subject in each of them. Uses the
 * presence up. ERROR_DATA if it has no days where they are needed, if a table of all ages would be
 * out of hand, or if products of revenue leave 128 bits. */
int cohorts_count(struct presence *presence, const struct cohorts_options *options,
                  struct cohorts *ret, struct error *err);
void cohorts_free(struct cohorts *cohorts); /* leaves it zeroed */

static inline size_t cohorts_ages(const struct cohorts *cohorts, size_t cohort) {
    return cohorts->n_ages[cohort];
}

static inline const struct cohorts_cell *cohorts_cell(const struct cohorts *cohorts, size_t group,
                                                      size_t cohort, size_t age) {
    return &cohorts->cells[(group * cohorts->n_cohorts + cohort) * cohorts->most_ages + age];
}

static inline const struct cohorts_base *cohorts_base(const struct cohorts *cohorts, size_t group,
                                                      size_t cohort) {
    return &cohorts->bases[group * cohorts->n_cohorts + cohort];
}

/* A cohort's cell and base with those of another added: what all cohorts that are old enough are
 * together. Each user weighs the same, not each cohort. */
void cohorts_pool(struct cohorts_cell *cell, struct cohorts_base *base,
                  const struct cohorts_cell *more, const struct cohorts_base *more_base);

/* What is left of the revenue of age 0. */
struct cohorts_money {
    double retention; /* nan if there was none */
    double lower, upper;
};

/* Net revenue retention R = sum r / sum r0, with its interval R -+ t error,
 *
 *     error^2 = n/(n-1) sum (r - R r0)^2 / (sum r0)^2
 *
 * over the n users of the cohort (the delta method for a ratio of two means: Cochran, Sampling
 * Techniques, 3rd ed. 1977, section 2.11), t of n - 1 degrees of freedom; bounds are nan for n < 2,
 * and if the error is 0. */
struct cohorts_money cohorts_net(const struct cohorts_cell *cell, const struct cohorts_base *base,
                                 double confidence);

/* Gross revenue retention sum g / sum r0+, likewise, cut to [0, 1]. */
struct cohorts_money cohorts_gross(const struct cohorts_cell *cell, const struct cohorts_base *base,
                                   double confidence);

#endif
