/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Exits that breed exits: the standard forms, as what they add to leaving in one period.
 *
 *     struct exodus exodus = {0};
 *     exodus_begin(&exodus, users_on_the_platform);
 *     double chance = exodus_chance(&exodus, &parameters);   // of each user, beside other reasons
 *     bool leaves = exodus_threshold(&exodus, own_threshold);
 *     exodus_end_period(&exodus, &parameters, left);
 *
 * F is the share that has left since the beginning, I the share that has left and still persuades.
 * - Bass (1969, doi:10.1287/mnsc.15.5.215): hazard bass_p + bass_q F.
 * - SIR (Kermack & McKendrick 1927, doi:10.1098/rspa.1927.0118): hazard sir_contact I; of those who
 *   persuade, the share 1 - exp(-sir_recovery) stops in a period.
 * - Granovetter (1978, doi:10.1086/226707): who has a threshold of at most F leaves.
 * Hazards add up; a period's chance is 1 - exp(-hazard).
 */
#ifndef RANKING_EXODUS_H
#define RANKING_EXODUS_H

#include "ranking/scenario.h"
#include <stdbool.h>
#include <stdint.h>

struct exodus {
    bool begun;
    double base; /* users when it began */
    int64_t left;
    double persuading; /* of them; falls without rounding */
};

void exodus_begin(struct exodus *exodus, int64_t users);
double exodus_chance(const struct exodus *exodus, const struct parameters *set);
bool exodus_threshold(const struct exodus *exodus, double threshold);
void exodus_end_period(struct exodus *exodus, const struct parameters *set, int64_t left);

#endif
