/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the best-scored items to what is shown: gaps between creators, diversity, exploration.
 *
 *     slate_diverse(policy, top, 0.3, &slate);      // maximal marginal relevance, creator_gap
 *     slate_explore(policy, session, &slate);       // some places to items at random
 *
 * A list may hold a position twice, with two scores, of which the better one counts; but not the
 * one for slate_diverse.
 */
#ifndef RANKING_SLATE_H
#define RANKING_SLATE_H

#include "ranking/policy.h"

bool slate_holds(const struct slate *slate, uint32_t position);

/* The best, as they come. */
void slate_take_best(const struct policy *policy, const struct kernel_top *top, struct slate *ret);

/* Place by place the item with the greatest score - novelty * (greatest cosine with an item above,
 * at least 0), the maximal marginal relevance of Carbonell & Goldstein 1998 (doi:10.1145/290941.
 * 291025, with novelty for (1 - lambda)/lambda), among those whose creator does not stand within
 * the last creator_gap places; among all where none is left. */
void slate_diverse(const struct policy *policy, const struct kernel_top *top, double novelty,
                   struct slate *ret);

/* Place by place the item with the greatest score + weight * v, v being the length of what its
 * embedding adds at right angles to those of the last window - 1 places: the greedy step of sliding
 * spectrum decomposition (Huang et al. 2021, arXiv:2107.05204, algorithm 1), in which v is the
 * factor by which the item makes the volume of the window grow. */
void slate_spectrum(const struct policy *policy, const struct kernel_top *top, double weight,
                    size_t window, struct slate *ret);

/* Each place goes to an item of the whole shelf with the probability `exploration`; one that is on
 * the slate already leaves its place as it is. */
void slate_explore(const struct policy *policy, struct session *session, struct slate *slate);

#endif
