/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Switching: who was where in one period and where in the next.
 *
 *     const struct switching_options options = {.top = 5};
 *     struct switching switching;
 *     if (switching_count(presence, &options, &switching, err)) ...
 *     for (size_t i = 0; i < switching.n; i++)
 *         ... switching.moves[i].users of switching.moves[i].all ...
 *     switching_free(&switching);
 *
 * A user's state in a period is the set of platforms on which they were there (multi-homing: more
 * than one), or one of two more:
 *
 *   (new)   not seen in this or any earlier period. Only as `from`: who is new now was not there
 *           before. The first period of the data has nobody of whom this is known.
 *   (gone)  seen in an earlier period, but not in this one.
 *
 * With `sole` the state is where most of a user's time in the period went (users/time-share.h), as
 * `TikTok` or `mostly TikTok`; who spent no time in a period was not there.
 *
 * So for each step of presence.h but the first, everybody who was seen up to it is in exactly one
 * move; users who stay gone are in (gone) to (gone). The shares of one `from` add up to 1.
 */
#ifndef USERS_SWITCHING_H
#define USERS_SWITCHING_H

#include "base/arena.h"
#include "base/calendar.h"
#include "base/error.h"
#include "base/text.h"
#include "users/presence.h"
#include "users/time-share.h"
#include <stddef.h>
#include <stdint.h>

/* States that are no platforms. */
#define SWITCHING_NEW   "(new)"
#define SWITCHING_GONE  "(gone)"
#define SWITCHING_OTHER PRESENCE_OTHER

/* Zero is the default of every field. Nothing is copied. */
struct switching_options {
    size_t top;          /* the platforms told apart: those with most users; 0: all of them */
    const char *join;    /* between the platforms of a state; NULL: "+" */
    const decimal *sole; /* states by share of time; the presence has amounts. NULL: by platforms */
    const struct period *between; /* two periods, the first earlier: moves from one to the other in
                                     place of those from each to its next; NULL: all */
};

struct switching_state {
    struct text name;          /* "TikTok+RedNote"; platforms by name, (other) last */
    const uint32_t *platforms; /* numbers in switching.platforms, ascending */
    size_t n;                  /* 0: (new) or (gone); by share of time 1 */
    bool mostly;               /* by share of time: not solely there */
};

struct switching_move {
    struct period period; /* the later one */
    uint32_t from, to;    /* numbers in switching.states */
    int64_t users;        /* at least 1 */
    int64_t all;          /* all who were in `from`: the moves out of it add up to it */
};

struct switching {
    struct switching_state
        *states; /* by name, "mostly A" behind "A"; (other), (new), (gone) last */
    uint32_t n_states;
    struct text *platforms; /* by name; (other) last */
    uint32_t n_platforms;
    size_t others;                /* platforms put together as (other) */
    struct switching_move *moves; /* by period, from, to */
    size_t n;
    struct time_share_counts time; /* by share of time */
    struct arena arena;            /* owns the texts and the lists */
};

/* Uses the presence up: it is the one fold to it. Platforms are ranked for `top` by the users
 * there, summed over the periods; the first by name where they are equal. ERROR_DATA if a platform
 * is called (new) or (gone), if two states read the same (a platform "A+B" beside users of A and
 * B, or "mostly A" beside A), or if one of the periods of `between` is not there. */
int switching_count(struct presence *presence, const struct switching_options *options,
                    struct switching *ret, struct error *err);
void switching_free(struct switching *switching); /* leaves it zeroed */

/* ---- In and out of each platform ---------------------------------------------------------------
 */

/* One platform in one period against the one before. A user on several platforms is on each of
 * them, and counts for 1 / their number in its share of the market, so that shares add up to 1. By
 * share of time a user is on the platform of most of it alone.
 *
 *     before + new + returned + joined - moved - gone = users
 */
struct switching_balance {
    struct period period;
    uint32_t platform;
    int64_t before;      /* there in the period before */
    int64_t newcomers;   /* there now, never seen before */
    int64_t returned;    /* there now, nowhere in the period before, but earlier */
    int64_t joined;      /* there now, only elsewhere in the period before */
    int64_t moved;       /* there before, only elsewhere now */
    int64_t gone;        /* there before, nowhere now */
    int64_t users;       /* there now */
    double share_before; /* of all users active in the period before */
    double share;        /* of all users active now; nan if there is none */
    double displacement; /* share - share_before */
    double lower, upper; /* its interval */
};

/* Fills `ret`, of n_platforms items for each period that has moves, by period and platform; their
 * number is *ret_n; the caller frees it.
 *
 * With x_i and y_i user i's parts in the platform before and now, a_i and b_i whether they were
 * active at all, the shares are ratios of sums, and the displacement's error that of
 *
 *     d_i = (y_i - b_i share) / sum b - (x_i - a_i share_before) / sum a,
 *
 * sqrt(n/(n-1) sum d_i^2) over the n users active in either period (the delta method: Cochran,
 * Sampling Techniques, 3rd ed. 1977, section 2.11); as the users are the same in both periods,
 * their covariance is in it. The interval is displacement -+ z errors, cut to [-1, 1]; nan if the
 * error is 0, as nobody seen to move does not make it certain. */
int switching_balances(const struct switching *switching, double confidence,
                       struct switching_balance **ret, size_t *ret_n, struct error *err);

#endif
