/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bass, SIR and Granovetter. */
#include "ranking/exodus.h"

#include <math.h>

void exodus_begin(struct exodus *exodus, int64_t users) {
    *exodus = (struct exodus){.begun = true, .base = (double)users};
}

static double share(const struct exodus *exodus, double part) {
    return exodus->base > 0 ? part / exodus->base : 0;
}

double exodus_chance(const struct exodus *exodus, const struct parameters *set) {
    if (!exodus->begun)
        return 0;
    double hazard = set->bass_p + set->bass_q * share(exodus, (double)exodus->left) +
                    set->sir_contact * share(exodus, exodus->persuading);
    return -expm1(-hazard);
}

bool exodus_threshold(const struct exodus *exodus, double threshold) {
    return exodus->begun && threshold <= share(exodus, (double)exodus->left);
}

void exodus_end_period(struct exodus *exodus, const struct parameters *set, int64_t left) {
    if (!exodus->begun)
        return;
    exodus->left += left;
    exodus->persuading = exodus->persuading * exp(-set->sir_recovery) + (double)left;
}
