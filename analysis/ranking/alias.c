/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walker's alias method. */
#include "ranking/alias.h"

/* Cells of width 1 are filled from those that have too little, each topped up by one that has too
 * much. `work` holds the former from its start and the latter from its end. */
bool alias_build(const double *weights, size_t n, struct alias *ret) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += weights[i];
    ret->n = n;
    if (!(sum > 0))
        return false;
    size_t small = 0, large = n;
    for (size_t i = 0; i < n; i++) {
        ret->chance[i] = weights[i] * (double)n / sum;
        ret->other[i] = (uint32_t)i;
        if (ret->chance[i] < 1)
            ret->work[small++] = (uint32_t)i;
        else
            ret->work[--large] = (uint32_t)i;
    }
    while (small > 0 && large < n) {
        uint32_t poor = ret->work[--small], rich = ret->work[large];
        ret->other[poor] = rich;
        ret->chance[rich] -= 1 - ret->chance[poor];
        if (ret->chance[rich] < 1) {
            large++;
            ret->work[small++] = rich;
        }
    }
    while (large < n) /* what is left differs from 1 by rounding only */
        ret->chance[ret->work[large++]] = 1;
    while (small > 0) {
        uint32_t i = ret->work[--small];
        ret->chance[i] = weights[i] > 0 ? 1 : 0;
    }
    return true;
}

uint32_t alias_draw(const struct alias *alias, struct random_stream *stream) {
    uint32_t cell = random_below(stream, (uint32_t)alias->n);
    return random_uniform(stream) < alias->chance[cell] ? cell : alias->other[cell];
}
