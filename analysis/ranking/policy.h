/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranking policies: what a platform shows in a session.
 *
 *     const struct policy_class *class = policy_find("foryou");
 *     struct policy policy;
 *     if (policy_open(&policy, class, world, PLATFORM_A, err)) ...
 *     policy_step_begin(&policy);                      // after world_publish
 *     policy_serve(&policy, &session, &slate);         // retrieve, score, rerank
 *     policy_feedback(&policy, &session, &slate, chosen);
 *     policy_step_end(&policy);                        // at the barrier
 *     policy_close(&policy);
 *
 * A policy is a struct of functions in a file of its own, listed in policy.c. Between step_begin
 * and step_end it decides from what was known when the step began, so that the order in which users
 * are served cannot matter: feedback may only write to what belongs to the session's user.
 */
#ifndef RANKING_POLICY_H
#define RANKING_POLICY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/random.h"
#include "base/text.h"
#include "ranking/kernel.h"
#include "ranking/world.h"

#define POLICY_SLATE 50 /* the most items in a session */

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
};

struct policy {
    const struct policy_class *class;
    const struct world *world;
    const struct shelf *shelf;
    int platform;
    void *state; /* of the class; from the arena */
    struct arena arena;
};

/* Functions that a policy has no use for are NULL. */
struct policy_class {
    const char *name;
    const char *summary; /* one line */
    int (*init)(struct policy *policy, struct error *err);
    void (*step_begin)(struct policy *policy);
    void (*retrieve)(const struct policy *policy, struct session *session, struct candidates *ret);
    void (*score)(const struct policy *policy, struct session *session,
                  const struct candidates *candidates, struct kernel_top *ret);
    void (*rerank)(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret);
    void (*feedback)(struct policy *policy, const struct session *session,
                     const struct slate *slate, int chosen);
    void (*step_end)(struct policy *policy);
};

extern const struct policy_class policy_random, policy_popularity, policy_foryou;

/* All of them, ending with NULL. */
extern const struct policy_class *const policy_classes[];

/* NULL if there is none of this name; err (which may be NULL) is then ERROR_USAGE and names the
 * nearest. */
const struct policy_class *policy_find(struct text name, struct error *err);

/* The world must outlive the policy. */
int policy_open(struct policy *ret, const struct policy_class *class, const struct world *world,
                int platform, struct error *err);
void policy_close(struct policy *policy); /* zeroed is fine */

void policy_step_begin(struct policy *policy);
void policy_serve(const struct policy *policy, struct session *session, struct slate *ret);

/* chosen: index into the slate, or -1 for none. */
void policy_feedback(struct policy *policy, const struct session *session,
                     const struct slate *slate, int chosen);
void policy_step_end(struct policy *policy);

/* ---- For the classes ------------------------------------------------------------------------- */

/* Items that a session is to show: the slate, or all there are. */
size_t policy_slate(const struct policy *policy);

/* Retrieval that knows nothing: a run of blocks that starts anywhere. As the shelf is shuffled in
 * each step, every item is as likely as any other to be in it. */
void policy_retrieve_sample(const struct policy *policy, struct session *session,
                            struct candidates *ret);

/* Scans the candidates. */
void policy_scan(const struct policy *policy, const struct candidates *candidates,
                 const float *user, size_t dimensions, const float *biases, struct kernel_top *ret);

/* Room for one bias an item that may ever be on the shelf, whole blocks; NULL: out of memory. */
float *policy_biases(struct policy *policy);

/* Sets what stands behind the last item to -infinity, for the kernel. */
void policy_seal(const struct policy *policy, float *biases);

#endif
