/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing what is shown among the best-scored items.
 *
 * Contents: as they come; gaps and marginal relevance; sliding spectrum; exploration. */
#include "ranking/slate.h"

#include <math.h>
#include <string.h>

bool slate_holds(const struct slate *slate, uint32_t position) {
    for (size_t i = 0; i < slate->n; i++)
        if (slate->positions[i] == position)
            return true;
    return false;
}

void slate_take_best(const struct policy *policy, const struct kernel_top *top, struct slate *ret) {
    size_t wanted = policy_slate(policy);
    ret->n = 0;
    for (size_t i = 0; i < top->found && ret->n < wanted; i++)
        if (!slate_holds(ret, kernel_position(top, i)))
            ret->positions[ret->n++] = kernel_position(top, i);
}

static const float *embedding_of(const struct policy *policy, uint32_t position) {
    const struct world *world = policy->world;
    return world->items.embeddings + (size_t)policy->shelf->items[position] * world->dimensions;
}

static double dot(const float *a, const float *b, size_t n) {
    float sum = 0;
    for (size_t k = 0; k < n; k++)
        sum += a[k] * b[k];
    return (double)sum;
}

/* ---- Gaps and marginal relevance ------------------------------------------------------------- */

static bool near_same_creator(const struct policy *policy, const struct slate *slate,
                              uint32_t position) {
    size_t gap = (size_t)policy->world->settings.parameters.creator_gap;
    uint32_t creator = policy->shelf->creators[position];
    for (size_t i = slate->n; i > 0 && slate->n - i < gap; i--)
        if (policy->shelf->creators[slate->positions[i - 1]] == creator)
            return true;
    return false;
}

struct choice {
    size_t best;
    double score;
};

static void consider(struct choice *choice, size_t i, double score) {
    if (score > choice->score)
        *choice = (struct choice){i, score};
}

/* nearest: greatest cosine of each with what stands on the slate. The best of those left that
 * keeps the gap, or the best of all where none does; top->found if nothing is left. */
static size_t next_best(const struct policy *policy, const struct kernel_top *top, double novelty,
                        const double *nearest, const struct slate *slate) {
    struct choice kept = {top->found, -INFINITY}, any = kept;
    for (size_t i = 0; i < top->found; i++) {
        uint32_t position = kernel_position(top, i);
        double score = (double)kernel_score(top, i) - novelty * nearest[i];
        if (score <= kept.score || slate_holds(slate, position))
            continue;
        consider(&any, i, score);
        if (!near_same_creator(policy, slate, position))
            consider(&kept, i, score);
        if (novelty == 0 && kept.best < top->found)
            break; /* none below has a greater score */
    }
    return kept.best < top->found ? kept.best : any.best;
}

void slate_diverse(const struct policy *policy, const struct kernel_top *top, double novelty,
                   struct slate *ret) {
    size_t wanted = policy_slate(policy);
    double nearest[KERNEL_TOP] = {0};
    ret->n = 0;
    while (ret->n < wanted) {
        size_t best = next_best(policy, top, novelty, nearest, ret);
        if (best == top->found)
            break;
        uint32_t position = kernel_position(top, best);
        ret->positions[ret->n++] = position;
        for (size_t i = 0; i < top->found && novelty > 0; i++)
            nearest[i] = fmax(nearest[i], dot(embedding_of(policy, position),
                                              embedding_of(policy, kernel_position(top, i)),
                                              policy->world->dimensions));
    }
}

/* ---- Sliding spectrum ------------------------------------------------------------------------ */

enum { MOST_DIMENSIONS = 256 };

/* Square of the length of x less its parts along an orthonormal basis. */
static double residual(const float *x, float basis[][MOST_DIMENSIONS], size_t n, size_t d) {
    double square = dot(x, x, d);
    for (size_t i = 0; i < n; i++) {
        double part = dot(x, basis[i], d);
        square -= part * part;
    }
    return square > 0 ? square : 0;
}

/* Gram and Schmidt: the last `most` places of the slate as an orthonormal basis. Places that add no
 * direction of their own are left out. */
static size_t span_window(const struct policy *policy, const struct slate *slate, size_t most,
                          float basis[][MOST_DIMENSIONS]) {
    size_t d = policy->world->dimensions, n = 0;
    size_t first = slate->n > most ? slate->n - most : 0;
    for (size_t i = first; i < slate->n; i++) {
        memcpy(basis[n], embedding_of(policy, slate->positions[i]), d * sizeof(float));
        for (size_t j = 0; j < n; j++) {
            float part = (float)dot(basis[n], basis[j], d);
            for (size_t k = 0; k < d; k++)
                basis[n][k] -= part * basis[j][k];
        }
        double length = sqrt(dot(basis[n], basis[n], d));
        if (length < 1e-3) /* single precision has no direction left */
            continue;
        for (size_t k = 0; k < d; k++)
            basis[n][k] /= (float)length;
        n++;
    }
    return n;
}

void slate_spectrum(const struct policy *policy, const struct kernel_top *top, double weight,
                    size_t window, struct slate *ret) {
    float basis[POLICY_SLATE][MOST_DIMENSIONS];
    size_t wanted = policy_slate(policy), d = policy->world->dimensions;
    ret->n = 0;
    while (ret->n < wanted) {
        size_t n = span_window(policy, ret, window - 1, basis);
        struct choice choice = {top->found, -INFINITY};
        for (size_t i = 0; i < top->found; i++) {
            uint32_t position = kernel_position(top, i);
            double bound = (double)kernel_score(top, i) + weight; /* of unit vectors */
            if (bound <= choice.score)
                break;
            if (slate_holds(ret, position))
                continue;
            double added = sqrt(residual(embedding_of(policy, position), basis, n, d));
            consider(&choice, i, (double)kernel_score(top, i) + weight * added);
        }
        if (choice.best == top->found)
            break;
        ret->positions[ret->n++] = kernel_position(top, choice.best);
    }
}

/* ---- Exploration ----------------------------------------------------------------------------- */

/* Places that are drawn are a geometric number apart. */
void slate_explore(const struct policy *policy, struct session *session, struct slate *slate) {
    double share = policy->world->settings.parameters.exploration;
    if (!(share > 0))
        return;
    double scale = share < 1 ? 1 / log1p(-share) : 0, place = -1;
    for (;;) {
        place += 1 + floor(log(random_uniform_open(session->exploring)) * scale);
        if (!(place < (double)slate->n))
            return;
        uint32_t position = random_below(session->exploring, (uint32_t)policy->shelf->n);
        if (!slate_holds(slate, position))
            slate->positions[(size_t)place] = position;
    }
}
