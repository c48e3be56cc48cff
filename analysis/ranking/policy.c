/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of policies, the way from candidates to a slate, and what several policies share. */
#include "ranking/policy.h"

#include "ranking/slate.h"

#include <math.h>
#include <stdio.h>

const struct policy_class *const policy_classes[] = {
    &policy_random,    &policy_popularity,  &policy_following, &policy_foryou,
    &policy_viability, &policy_transparent, &policy_pools,     NULL,
};

enum { MOST_CLASSES = 32 };

const struct policy_class *policy_find(struct text name, struct error *err) {
    const char *names[MOST_CLASSES];
    char list[512] = "";
    size_t n = 0, used = 0;
    for (; policy_classes[n]; n++) {
        names[n] = policy_classes[n]->name;
        if (text_is(name, names[n]))
            return policy_classes[n];
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", n ? ", " : "", names[n]);
    }
    const char *nearest = text_nearest(name, names, n);
    if (nearest)
        error_set(err, ERROR_USAGE, "unknown policy '%.*s', did you mean '%s'", (int)name.length,
                  name.bytes, nearest);
    else
        error_set(err, ERROR_USAGE, "unknown policy '%.*s', expected one of %s", (int)name.length,
                  name.bytes, list);
    return NULL;
}

int policy_open(struct policy *ret, const struct policy_class *class, const struct world *world,
                int platform, struct error *err) {
    double explored = world->settings.parameters.exploration;
    *ret = (struct policy){.class = class,
                           .exploration_scale = explored < 1 ? 1 / log1p(-explored) : 0,
                           .unexplored =
                               (1 - 1e-9) * pow(1 - explored, world->settings.parameters.slate),
                           .world = world,
                           .shelf = &world->platforms[platform].shelf,
                           .platform = platform};
    if (!class->init || !class->init(ret, err))
        return 0;
    policy_close(ret);
    return err->code;
}

void policy_close(struct policy *policy) {
    arena_free(&policy->arena);
    *policy = (struct policy){0};
}

static bool all_zero(const float *vector, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (vector[i] != 0)
            return false;
    return true;
}

void policy_welcome(struct policy *policy, const struct policy *elsewhere) {
    const struct world *world = policy->world;
    float share = (float)world->settings.parameters.warm_start;
    size_t d = world->dimensions;
    if (share == 0 || !policy->class->profiles || !elsewhere->class->profiles)
        return;
    float *mine = policy->class->profiles(policy);
    const float *theirs = elsewhere->class->profiles(elsewhere);
    for (size_t u = 0; u < world->users.n; u++)
        if (home_on(world->users.came[u], policy->platform) && all_zero(mine + u * d, d))
            for (size_t k = 0; k < d; k++)
                mine[u * d + k] = share * theirs[u * d + k];
}

void policy_round_begin(struct policy *policy) {
    if (policy->class->round_begin)
        policy->class->round_begin(policy);
}

void policy_retrieve(const struct policy *policy, struct session *session, struct candidates *ret) {
    *ret = (struct candidates){0, policy->shelf->blocks};
    if (policy->class->retrieve && policy->shelf->n > 0)
        policy->class->retrieve(policy, session, ret);
}

/* Candidates of another number than those of the first session, or with other biases, are scanned
 * for themselves. */
static void answer(const struct policy *policy, const struct candidates candidates[],
                   const struct query queries[], size_t n, struct kernel_top tops[]) {
    struct kernel_request requests[POLICY_TOGETHER] = {0};
    const float *embeddings = policy->shelf->embeddings;
    size_t d = queries[0].dimensions, all = policy->shelf->blocks, together = 0;
    for (size_t i = 0; i < n; i++) {
        struct kernel_request request = {queries[i].user, candidates[i].first, &tops[i]};
        kernel_begin(&tops[i], queries[i].wanted);
        if (candidates[i].blocks == candidates[0].blocks && queries[i].biases == queries[0].biases)
            requests[together++] = request;
        else
            kernel_scan_many(&request, 1, d, embeddings, queries[i].biases, all,
                             candidates[i].blocks);
    }
    kernel_scan_many(requests, together, d, embeddings, queries[0].biases, all,
                     candidates[0].blocks);
}

void policy_score(const struct policy *policy, struct session *const sessions[],
                  const struct candidates candidates[], size_t n, struct kernel_top ret[]) {
    float rooms[POLICY_TOGETHER][POLICY_DIMENSIONS];
    struct query queries[POLICY_TOGETHER] = {0};
    for (size_t i = 0; i < n; i++)
        kernel_begin(&ret[i], policy_slate(policy));
    if (policy->class->query) {
        for (size_t i = 0; i < n; i++)
            policy->class->query(policy, sessions[i], rooms[i], &queries[i]);
        answer(policy, candidates, queries, n, ret);
    }
    for (size_t i = 0; i < n && policy->class->score; i++)
        policy->class->score(policy, sessions[i], &candidates[i], &ret[i]);
}

/* What is left fills the slate with what the user has seen only if there is nothing else. */
static void drop_seen(const struct policy *policy, uint32_t user, const struct kernel_top *top,
                      struct kernel_top *ret) {
    uint64_t seen[KERNEL_TOP];
    size_t again = 0, wanted = policy_slate(policy);
    kernel_begin(ret, KERNEL_TOP);
    for (size_t i = 0; i < top->found; i++)
        if (policy_has_shown(policy, user, kernel_position(top, i)))
            seen[again++] = top->keys[i];
        else
            ret->keys[ret->found++] = top->keys[i];
    for (size_t i = 0; i < again && ret->found < wanted; i++)
        ret->keys[ret->found++] = seen[i];
}

void policy_rerank(const struct policy *policy, struct session *session,
                   const struct kernel_top *top, struct slate *ret) {
    struct kernel_top fresh;
    ret->aside = 0;
    if (policy->class->fresh && policy->world->settings.parameters.seen > 0) {
        drop_seen(policy, session->user, top, &fresh);
        top = &fresh;
    }
    if (policy->class->rerank)
        policy->class->rerank(policy, session, top, ret);
    else
        slate_take_best(policy, top, ret);
}

void policy_serve(const struct policy *policy, struct session *session, struct slate *ret) {
    struct candidates candidates;
    struct kernel_top top = {0};
    ret->n = 0;
    if (policy->shelf->n == 0)
        return;
    policy_retrieve(policy, session, &candidates);
    policy_score(policy, &session, &candidates, 1, &top);
    policy_rerank(policy, session, &top, ret);
}

void policy_feedback(struct policy *policy, const struct session *session,
                     const struct slate *slate, const struct reaction *reaction) {
    if (policy->class->feedback)
        policy->class->feedback(policy, session, slate, reaction);
}

void policy_round_end(struct policy *policy) {
    if (policy->class->round_end)
        policy->class->round_end(policy);
}

size_t policy_explain(const struct policy *policy, uint32_t user, uint32_t position,
                      struct term ret[POLICY_TERMS]) {
    return policy->class->explain(policy, user, position, ret);
}

size_t policy_explain_place(const struct policy *policy, uint32_t user, const struct slate *slate,
                            size_t place, struct term ret[POLICY_TERMS]) {
    if (!(slate->aside >> place & 1))
        return policy_explain(policy, user, slate->positions[place], ret);
    ret[0] = term_fact(policy->class->aside, NAN);
    return 1;
}

/* ---- For the classes ------------------------------------------------------------------------- */

size_t policy_slate(const struct policy *policy) {
    size_t slate = (size_t)policy->world->settings.parameters.slate;
    return slate < policy->shelf->n ? slate : policy->shelf->n;
}

bool policy_has_shown(const struct policy *policy, uint32_t user, uint32_t position) {
    return policy->world->settings.parameters.seen > 0 &&
           world_seen(policy->world, user, policy->platform, policy->shelf->items[position]);
}

size_t policy_wanted(const struct policy *policy, size_t wanted, size_t times) {
    size_t more = wanted + times * (size_t)policy->world->settings.parameters.seen;
    return more < KERNEL_TOP ? more : KERNEL_TOP;
}

void policy_retrieve_sample(const struct policy *policy, struct session *session,
                            struct candidates *ret) {
    size_t wanted = kernel_blocks((size_t)policy->world->settings.parameters.candidates);
    size_t all = policy->shelf->blocks;
    ret->blocks = wanted < all ? wanted : all;
    ret->first = random_below(session->retrieving, (uint32_t)all);
}

void policy_weights(const struct policy *policy, double ret[POLICY_ACTIONS]) {
    const struct parameters *set = &policy->world->settings.parameters;
    ret[ACTION_LIKE] = set->weight_like;
    ret[ACTION_SAVE] = set->weight_save;
    ret[ACTION_COMMENT] = set->weight_comment;
    ret[ACTION_SHARE] = set->weight_share;
    ret[ACTION_FOLLOW] = set->weight_follow;
}

float *policy_biases(struct policy *policy) {
    size_t n = kernel_blocks(policy->world->items.n) * KERNEL_LANES;
    return arena_alloc(&policy->arena, n * sizeof(float));
}

void policy_seal(const struct policy *policy, float *biases) {
    for (size_t i = policy->shelf->n; i < policy->shelf->blocks * KERNEL_LANES; i++)
        biases[i] = -INFINITY;
}
