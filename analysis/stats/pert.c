/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stats/pert.h"

#include <gsl/gsl_randist.h>

double pert_draw(double low, double mode, double high, struct random_stream *stream) {
    double width = high - low;
    if (!(width > 0))
        return mode;
    double rise = (mode - low) / width;
    return low + width * gsl_ran_beta(random_gsl(stream), 1 + 4 * rise, 1 + 4 * (1 - rise));
}
