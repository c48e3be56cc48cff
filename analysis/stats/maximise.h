/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Maximum likelihood in a few parameters, from several starts, with a word on whether it worked.
 *
 *     static double likelihood(void *context, const double *theta);     // -INFINITY: impossible
 *     const double starts[][2] = {{0, 0}, {-3, 1}};
 *     struct maximum found;
 *     if (maximise(likelihood, context, 2, starts[0], 2, &found, err)) ...
 *     if (!found.converged) ...          // the gradient is not 0, or the peak is not one
 *     sqrt(found.covariance[0]);         // standard error of theta[0]
 *
 * From each start Nelder and Mead's simplex (GSL's nmsimplex2), from the best end once more, and
 * then Newton's steps with differences for derivatives. Parameters should be of the order of one:
 * logarithms of positive quantities of scaled data are.
 */
#ifndef STATS_MAXIMISE_H
#define STATS_MAXIMISE_H

#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

enum { MAXIMISE_MOST = 8 }; /* parameters */

/* The logarithm of the likelihood, to be maximised; called by one thread. nan counts as
 * -INFINITY. */
typedef double maximise_function(void *context, const double *theta);

struct maximum {
    double theta[MAXIMISE_MOST];
    double value;
    double gradient; /* what another Newton step promises to gain: g' (-H)^-1 g / 2 */
    bool converged;  /* that is below 1e-10 (1 + |value|), and -H is positive definite */
    size_t agreeing; /* starts that ended within 1e-4 of value */
    /* k x k, by rows: the inverse of minus the Hessian; nan throughout if that is not positive
     * definite. */
    double covariance[MAXIMISE_MOST * MAXIMISE_MOST];
};

/* k from 1 to MAXIMISE_MOST; `starts` is n_starts x k, by rows. ERROR_DATA if the function is
 * -INFINITY at every start. */
int maximise(maximise_function *function, void *context, size_t k, const double *starts,
             size_t n_starts, struct maximum *ret, struct error *err);

/* Newton's steps alone, from a point near the peak: far fewer calls. `agreeing` is 1. */
int maximise_from(maximise_function *function, void *context, size_t k, const double *start,
                  struct maximum *ret, struct error *err);

#endif
