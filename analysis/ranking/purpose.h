/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What random numbers are drawn for: the last argument of random_open. Each purpose has streams of
 * its own, so that one more draw for one of them moves no other, and two policies meet the same
 * users, items and luck. `entity` and `step` are what the comment says, 0 where it says nothing.
 * Numbers are never given anew: that would change every result.
 */
#ifndef RANKING_PURPOSE_H
#define RANKING_PURPOSE_H

enum ranking_purpose {
    DRAW_PARAMETER = 1, /* entity: hash of the name */
    DRAW_ARPU = 2,      /* entity: platform */
    DRAW_HAZARD = 3,    /* entity: platform */
    DRAW_MOBILITY = 4,  /* entity: tier */
    DRAW_ENTRY = 5,     /* entity: tier */
    DRAW_USER = 6,      /* entity: user */
    DRAW_CREATOR = 7,   /* entity: creator */
    DRAW_ITEM = 8,      /* entity: creator, step */
    DRAW_SHELF = 9,     /* entity: platform, step */
    DRAW_VISIT = 10,    /* which platform a session goes to; entity: user, step */
    DRAW_USER_MOVE = 11,
    DRAW_CREATOR_MOVE = 12,
    DRAW_SPLIT = 13,     /* on which platforms an item is; entity: creator, step */
    DRAW_OUTAGE = 14,    /* entity: user, step */
    DRAW_THRESHOLD = 15, /* entity: user */
    DRAW_RETRIEVE = 16,  /* + platform; entity: user, step; and the next three alike */
    DRAW_EXPLORE = 18,
    DRAW_CHOOSE = 20,
    DRAW_REACT = 22,
    DRAW_SWITCH = 24,   /* entity: platform */
    DRAW_THOMPSON = 25, /* + platform + DRAW_ROUND * round; entity: item, step */
    DRAW_READ = 27,     /* which languages besides the own; entity: user */
    DRAW_ROUND = 256,   /* times the round, added to those of sessions */
};

#endif
