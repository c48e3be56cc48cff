/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boomerangs: how soon those who left a platform come back to it, and how soon they leave again.
 *
 *     struct returns returns;
 *     if (returns_build(&returns, &histories, err)) ...
 *     incidence_begin(&back, &returns.back.tables[g], 1, INCIDENCE_GREENWOOD, err);
 *     incidence_begin(&left_again, &returns.again.tables[g], 1, INCIDENCE_GREENWOOD, err);
 *     returns_free(&returns);
 *
 * Of each user on each platform the first absence counts: it begins with the end of the first stay,
 * spells that overlap or touch being one stay, and ends with the next start there (an event), or
 * was still going on at the last look (censored). Whoever came back is then followed from that day
 * to the end of the second stay. Being elsewhere meanwhile, or there and elsewhere at once, is no
 * absence and no return.
 */
#ifndef USERS_RETURNS_H
#define USERS_RETURNS_H

#include "base/error.h"
#include "users/histories.h"
#include "users/incidence.h"
#include "users/tally.h"

/* Tables by group, that of the first spell of the user on the platform, with one destination. */
struct returns {
    struct exit_tables back;  /* days from leaving to coming back */
    struct exit_tables again; /* days from coming back to leaving again */
    struct tally counts[2];   /* behind them */
};

int returns_build(struct returns *ret, const struct histories *histories, struct error *err);
void returns_free(struct returns *returns); /* leaves it zeroed */

#endif
