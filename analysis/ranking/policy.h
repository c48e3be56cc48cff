/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranking policies: what a platform shows in a session.
 *
 *     const struct policy_class *class = policy_find(text_of("foryou"), err);
 *     struct policy policy;
 *     if (policy_open(&policy, class, world, PLATFORM_A, err)) ...
 *     policy_welcome(&policy, &other);                 // after the moves: users who came
 *     policy_round_begin(&policy);                     // after world_publish or world_absorb
 *     policy_serve(&policy, &session, &slate);         // retrieve, score, rerank
 *     policy_feedback(&policy, &session, &slate, &reaction);
 *     policy_round_end(&policy);                       // at the barrier
 *     size_t n = policy_explain_place(&policy, user, &slate, 0, terms);
 *     policy_close(&policy);
 *
 * A policy is a struct of functions in a file of its own, listed in policy.c. During a round it
 * decides by what the barrier before it left and by what belongs to the session's user, and
 * feedback writes to nothing else than the latter, so that the order in which users are served
 * cannot matter.
 */
#ifndef RANKING_POLICY_H
#define RANKING_POLICY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "ranking/kernel.h"
#include "ranking/world.h"

#define POLICY_SLATE      50  /* the most items in a session */
#define POLICY_DIMENSIONS 256 /* the most there can be */

/* One user before the screen. The streams go on from session to session of the user's step. */
struct session {
    uint32_t user;
    struct random_stream *retrieving, *exploring;
};

/* A run of blocks of the shelf, past its end going on at its start. */
struct candidates {
    size_t first, blocks;
};

struct slate {
    size_t n;
    uint32_t positions[POLICY_SLATE]; /* on the shelf, in the order shown, all different */
    uint64_t aside; /* bits: places that were given away past the ranking, by policy_class.aside */
};

/* What a user did in a session. */
struct reaction {
    int chosen;      /* index into the slate, or -1 for none */
    int dismissed;   /* the same */
    uint8_t actions; /* with what was chosen: bits 1 << enum action */
};

/* The best that the kernel is asked for: by bias, and by match with a vector (kernel_scan). */
struct query {
    const float *user;
    size_t dimensions;   /* the same for all sessions */
    const float *biases; /* of a round, the same for all sessions of users of one language */
    size_t wanted;
};

/* Why an item is shown: a part of its score, or a fact that decided without one. The parts of an
 * item add up to its score. */
struct term {
    const char *name;
    double value; /* nan: there is no number to it */
    bool fact;
};

static inline struct term term_part(const char *name, double value) {
    return (struct term){name, value, false};
}

static inline struct term term_fact(const char *name, double value) {
    return (struct term){name, value, true};
}
#define POLICY_TERMS 8

#define POLICY_ACTIONS ACTION_DISMISS /* actions that may count for an item: all but this one */

struct policy {
    const struct policy_class *class;
    const struct world *world;
    const struct shelf *shelf;
    int platform;
    double exploration_scale; /* 1 / ln(1 - exploration); 0 where all places go to chance */
    double unexplored;        /* (1 - exploration)^slate, a little less than that */
    void *state;              /* of the class; from the arena, with which it is freed */
    struct arena arena;
};

/* Functions that a policy has no use for are NULL. The list of the best is what `query` asks of the
 * candidates, and then what `score` adds; without `query`, what `score` makes it. */
struct policy_class {
    const char *name;
    const char *summary; /* one line */
    const char *aside;   /* to what some places go past the ranking */
    bool fresh;          /* what a user has seen last is taken from the list of the best */
    int (*init)(struct policy *policy, struct error *err);
    void (*round_begin)(struct policy *policy);
    void (*retrieve)(const struct policy *policy, struct session *session, struct candidates *ret);
    /* room: [dimensions] that ret->user may point to */
    void (*query)(const struct policy *policy, const struct session *session, float *room,
                  struct query *ret);
    void (*score)(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret);
    void (*rerank)(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret);
    void (*feedback)(struct policy *policy, const struct session *session,
                     const struct slate *slate, const struct reaction *reaction);
    void (*round_end)(struct policy *policy);
    size_t (*explain)(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]);
    float *(*profiles)(const struct policy *policy); /* [users][dimensions] of learnt interests */
};

extern const struct policy_class policy_random, policy_popularity, policy_following, policy_foryou,
    policy_viability, policy_transparent, policy_pools;

/* All of them, ending with NULL. */
extern const struct policy_class *const policy_classes[];

/* NULL if there is none of this name; err (which may be NULL) is then ERROR_USAGE and names the
 * nearest. */
const struct policy_class *policy_find(struct text name, struct error *err);

/* The world must outlive the policy. */
int policy_open(struct policy *ret, const struct policy_class *class, const struct world *world,
                int platform, struct error *err);
void policy_close(struct policy *policy); /* zeroed is fine */

/* Warm start: who came to the platform in the last moves, and has no profile here, brings the share
 * `warm_start` of the one at the other platform, if both policies keep profiles. */
void policy_welcome(struct policy *policy, const struct policy *elsewhere);

void policy_round_begin(struct policy *policy);
void policy_serve(const struct policy *policy, struct session *session, struct slate *ret);

/* The same in parts, and for up to POLICY_TOGETHER sessions of different users at once, which is
 * faster where their candidates lie together. */
#define POLICY_TOGETHER 8
void policy_retrieve(const struct policy *policy, struct session *session, struct candidates *ret);
void policy_score(const struct policy *policy, struct session *const sessions[],
                  const struct candidates candidates[], size_t n, struct kernel_top ret[]);
void policy_rerank(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret);

void policy_feedback(struct policy *policy, const struct session *session,
                     const struct slate *slate, const struct reaction *reaction);
void policy_round_end(struct policy *policy);

/* Why an item may be shown to a user: the terms of its score, before diversity and gaps, or the
 * facts by which items are drawn. Returns how many. */
size_t policy_explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]);

/* Why an item stands where it does on a slate that was just served: as policy_explain, or the one
 * fact that its place was given away past the ranking. */
size_t policy_explain_place(const struct policy *policy, uint32_t user, const struct slate *slate,
                            size_t place, struct term ret[POLICY_TERMS]);

/* ---- For the classes ------------------------------------------------------------------------- */

/* Items that a session is to show: the slate, or all there are. */
size_t policy_slate(const struct policy *policy);

/* Whether the item at a position is among those that a user saw last on the platform. */
bool policy_has_shown(const struct policy *policy, uint32_t user, uint32_t position);

/* How many to keep so that `wanted` are left when what the user has seen is taken out, in a list
 * that holds each item up to `times`; no more than the kernel has room for. */
size_t policy_wanted(const struct policy *policy, size_t wanted, size_t times);

/* Retrieval that knows nothing: a run of blocks that starts anywhere. As the shelf is shuffled in
 * each step, every item is as likely as any other to be in it. */
void policy_retrieve_sample(const struct policy *policy, struct session *session,
                            struct candidates *ret);

/* What each action counts: weight_like and so on. */
void policy_weights(const struct policy *policy, double ret[POLICY_ACTIONS]);

/* Room for one bias an item that may ever be on the shelf, whole blocks; NULL: out of memory. */
float *policy_biases(struct policy *policy);

/* Sets what stands behind the last item to -infinity, for the kernel. */
void policy_seal(const struct policy *policy, float *biases);

#endif
