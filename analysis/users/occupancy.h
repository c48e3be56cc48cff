/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State occupancy: the share of users who are in each state at each time, when they may come back
 * and may be in several places at once.
 *
 *     struct occupancy_paths paths;
 *     struct occupancy curve;
 *     if (occupancy_paths_build(&paths, &histories, err)) ...
 *     if (occupancy_begin(&curve, &paths, group, OCCUPANCY_JACKKNIFE, false, err)) ...
 *     do
 *         ... curve.day, curve.share[s], sqrt(curve.variance[s]) for s < paths.states ...
 *     while (!occupancy_next(&curve, &more, err) && more);
 *     occupancy_end(&curve);
 *     occupancy_paths_free(&paths);
 *
 * A state is a set of platforms: "TikTok", "RedNote+TikTok", or "(gone)" when a user is on none.
 * Time counts from a user's first start to the day of the last look. Or, of minutes (paths of
 * shares): a state is where most of a user's time goes (users/time-share.h), and time counts in
 * periods from the first in which a user spent any, to the last of the data. With n_jk of the Y_j
 * users in state j moving to k at a time, the shares p follow
 *
 *     p(t) = p(t-) (I + dA(t)),   dA_jk = n_jk/Y_j,   dA_jj = -sum over k of dA_jk
 *
 * (Aalen & Johansen 1978). They are right whether or not the next move depends on the past (Datta &
 * Satten 2001, doi:10.1016/S0167-7152(01)00155-9). The error of Greenwood's kind is not: it wants a
 * Markov process. The infinitesimal jackknife is: the sum over users of the squared derivative of p
 * by the user's weight (as R's survfit).
 *
 * The derivative U of a user's weight follows U <- U (I + dA) + (p_j/Y_j) (e_k - e_j - sum over l
 * of dA_jl (e_l - e_j)), the last term for a user in state j, who moves to k (k = j: stays).
 * Between a user's own moves this is a map that is common to all users in the same state, so the
 * sum of squares is kept without looking at them, and a user's U is brought up to date when the
 * user moves, by products of the common maps over spans of 1, 2, 4, ... times. That takes moves
 * times log(times), where the definition takes users times times. Of users in clusters, the U of a
 * cluster is the sum of its users', and squares are those of clusters.
 */
#ifndef USERS_OCCUPANCY_H
#define USERS_OCCUPANCY_H

#include "base/dictionary.h"
#include "base/error.h"
#include "base/text.h"
#include "users/histories.h"
#include "users/presence.h"
#include "users/time-share.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- Who moved when -------------------------------------------------------------------------- */

#define OCCUPANCY_NONE UINT16_MAX /* not under observation */
#define OCCUPANCY_GONE "(gone)"
enum { OCCUPANCY_MOST_STATES = 40 };

struct occupancy_move {
    int32_t day;       /* since the user's first start; or periods */
    uint32_t subject;  /* from 0 within the group; or the user's cluster */
    uint16_t from, to; /* states; NONE: enters, on day 0, or was last seen */
};

/* Everything in the order of names; or, of shares, states by platform with "mostly A" behind "A"
 * and (gone) last, and users by what they did. */
struct occupancy_paths {
    struct occupancy_move *moves; /* by group, day, those last seen behind the others, subject */
    size_t *starts;               /* of each group; one more than there are groups */
    size_t *subjects;             /* of each group */
    size_t clusters;              /* of all groups; 0: each user is by themself */
    size_t groups;
    struct dictionary names; /* of states */
    uint32_t *order;         /* order[state] = code in `names` */
    size_t states;
    size_t unwatched; /* users whose first start is the day of the last look: left out */
    int32_t last_day;
    int32_t horizon; /* up to which states are known: the last day; or the end of the last period */
    struct time_share_counts time; /* of shares */
    size_t others;                 /* of shares: platforms put together as (other) */
};

/* A user belongs to the group of their first spell. More than OCCUPANCY_MOST_STATES states are
 * ERROR_DATA. The histories may be freed afterwards. */
int occupancy_paths_build(struct occupancy_paths *ret, const struct histories *histories,
                          struct error *err);

/* The same by share of time, from a log or a panel with amounts: a state in each period, found
 * among all platforms, of which only the `top` with most users are told apart (0: all). Uses the
 * presence up. A user belongs to the group of their first row with any time, by period, platform
 * and group. Periods in which the user spent no time are (gone); of a panel with gaps a state lasts
 * until the next period that it has. Users first seen in the last period are left out. */
int occupancy_paths_of_shares(struct occupancy_paths *ret, struct presence *presence, decimal sole,
                              size_t top, struct error *err);

struct text occupancy_state(const struct occupancy_paths *paths, size_t state);
void occupancy_paths_free(struct occupancy_paths *paths); /* leaves it zeroed */

/* ---- Curves ---------------------------------------------------------------------------------- */

enum occupancy_error { OCCUPANCY_GREENWOOD, OCCUPANCY_JACKKNIFE };

/* Just after `day`; after occupancy_begin, day 0. Arrays are as long as there are states. */
struct occupancy {
    int32_t day;
    size_t states;
    int64_t *at_risk; /* in the state and under observation just before the day */
    double *share;
    double *variance;
    double *time; /* spent in the state from 0 to `day`, if areas are kept */
    double *time_variance;
    struct occupancy_work *work; /* private */
};

/* Allocates; occupancy_end it. The paths must outlive it. With `areas` the expected time in each
 * state is kept too, at about four times the work. */
int occupancy_begin(struct occupancy *ret, const struct occupancy_paths *paths, size_t group,
                    enum occupancy_error error, bool areas, struct error *err);

/* On to the next day on which anyone moved; *ret_more is false if there is none. */
int occupancy_next(struct occupancy *curve, bool *ret_more, struct error *err);
int32_t occupancy_coming(const struct occupancy *curve); /* that day; INT32_MAX behind the last */
int32_t occupancy_last_seen(const struct occupancy *curve); /* the last day of anyone's watch */

/* Lets time pass up to `day`, before occupancy_coming, and not back: for the times spent. */
void occupancy_wait(struct occupancy *curve, int32_t day);
void occupancy_end(struct occupancy *curve); /* leaves it zeroed */

#endif
