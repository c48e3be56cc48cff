/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Share of time: on which platform a user spends most of it in a period, and whether nearly all.
 *
 *     const decimal sole = 900000;                                  // 0.9
 *     struct time_share share = time_share_of(user->stays + i, n, sole);
 *     if (share.spent)
 *         ... time_share_state(&share) ...     // of minutes 54, 6: "TikTok"; 53, 7: "mostly
 * TikTok"
 *
 * Of the time t_p that a user spends on each platform p in a period, the largest share
 *
 *     s = max t_p / sum t_p
 *
 * says how far the user is one platform's alone: the share of a buyer's purchases that the
 * favourite brand has (Cunningham 1956, Brand loyalty: what, where, how much?, Harvard Business
 * Review 34(1):116-128). A user with s >= `sole` is on that platform, others mostly so. Of several
 * platforms with as much, the first by name counts, and the user as tied. Who spends no time on any
 * was not there.
 *
 * The time is an amount of presence.h, 0 or more, and may be anything that adds up: minutes,
 * sessions, money. Shares are compared as products of integers, so that one which is exactly `sole`
 * is known to be.
 */
#ifndef USERS_TIME_SHARE_H
#define USERS_TIME_SHARE_H

#include "base/buffer.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/text.h"
#include "users/presence.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct time_share {
    bool spent;        /* any time at all; if not, the rest means nothing */
    bool sole;         /* nearly all of it on this platform */
    bool tied;         /* as much on another one */
    uint32_t platform; /* the rank of the one with most */
};

/* The stays of one user in one step, by platform, with amounts of 0 or more, those of one platform
 * being added up; sole above 0.5 and at most 1, so that one platform only can have it. */
struct time_share time_share_of(const struct presence_stay *stays, size_t n, decimal sole);

/* States are numbered by platform: the one of who is there solely, and of who is mostly. */
enum { TIME_SHARE_STATES = 2 }; /* of each platform */
static inline uint32_t time_share_state(const struct time_share *share) {
    return TIME_SHARE_STATES * share->platform + !share->sole;
}
static inline uint32_t time_share_platform(uint32_t state) {
    return state / TIME_SHARE_STATES;
}
static inline bool time_share_mostly(uint32_t state) {
    return state % TIME_SHARE_STATES != 0;
}

/* Appends "TikTok" or "mostly TikTok". */
void time_share_name(struct buffer *name, struct text platform, bool mostly);

/* ERROR_DATA if a name would read like another state: "(gone)", or "mostly A" beside "A". */
int time_share_check(const struct presence *presence, struct error *err);

/* What was decided by a rule that somebody might want to know of: users, summed over periods. */
struct time_share_counts {
    int64_t tied; /* of several platforms with as much, the first */
    int64_t idle; /* rows, but no time: not there */
};
void time_share_count(struct time_share_counts *counts, const struct time_share *share);
void time_share_add(struct time_share_counts *into, const struct time_share_counts *from);

#endif
