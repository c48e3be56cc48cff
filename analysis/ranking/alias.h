/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing from a discrete distribution in constant time.
 *
 *     alias_build(weights, n, &alias);
 *     uint32_t i = alias_draw(&alias, &stream);        // with probability weights[i] / sum
 *
 * Walker's alias method, set up by Vose's (1991, doi:10.1109/32.92917).
 */
#ifndef RANKING_ALIAS_H
#define RANKING_ALIAS_H

#include "base/random.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Arrays of the caller's, each with room for the most there can be. */
struct alias {
    size_t n;
    double *chance; /* of a cell to give its own number rather than the other */
    uint32_t *other;
    uint32_t *work;
};

/* Weights are finite and not negative. false if none is positive: there is nothing to draw. */
bool alias_build(const double *weights, size_t n, struct alias *ret);
uint32_t alias_draw(const struct alias *alias, struct random_stream *stream);

#endif
