/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing what is shown among the best-scored items.
 *
 * Contents: as they come; gaps and marginal relevance; sliding spectrum; exploration. */
#include "ranking/slate.h"

#include "ranking/vector.h"

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
    return policy->shelf->rows + position * policy->world->dimensions;
}

static double dot(const float *a, const float *b, size_t n) {
    return (double)vector_dot(a, b, n);
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

/* nearest: greatest cosine of each with what stands on the slate. */
static size_t next_by_relevance(const struct policy *policy, const struct kernel_top *top,
                                double novelty, const bool *used, const double *nearest,
                                const struct slate *slate) {
    struct choice kept = {top->found, -INFINITY}, any = kept;
    for (size_t i = 0; i < top->found; i++) {
        if (used[i])
            continue;
        double score = (double)kernel_score(top, i) - novelty * nearest[i];
        consider(&any, i, score);
        if (!near_same_creator(policy, slate, kernel_position(top, i)))
            consider(&kept, i, score);
    }
    return kept.best < top->found ? kept.best : any.best;
}

/* Whether one of the last `gap` of n creators is this one. */
static bool among_last(const uint32_t *creators, size_t n, size_t gap, uint32_t creator) {
    for (size_t i = n; i > 0 && n - i < gap; i--)
        if (creators[i - 1] == creator)
            return true;
    return false;
}

/* By score alone: the first one left that keeps the gap, or the first one left where none does. */
static void take_in_order(const struct policy *policy, const struct kernel_top *top,
                          struct slate *ret) {
    size_t wanted = policy_slate(policy), left = 0; /* left: the first one that is not used */
    size_t gap = (size_t)policy->world->settings.parameters.creator_gap;
    uint32_t creators[KERNEL_TOP], shown[POLICY_SLATE];
    bool used[KERNEL_TOP];
    for (size_t i = 0; i < top->found; i++) {
        creators[i] = policy->shelf->creators[kernel_position(top, i)];
        used[i] = false;
    }
    for (ret->n = 0; ret->n < wanted && ret->n < top->found; ret->n++) {
        size_t best = left;
        while (best < top->found && (used[best] || among_last(shown, ret->n, gap, creators[best])))
            best++;
        best = best < top->found ? best : left;
        used[best] = true;
        shown[ret->n] = creators[best];
        ret->positions[ret->n] = kernel_position(top, best);
        while (left < top->found && used[left])
            left++;
    }
}

static void take_by_relevance(const struct policy *policy, const struct kernel_top *top,
                              double novelty, struct slate *ret) {
    size_t wanted = policy_slate(policy), d = policy->world->dimensions;
    double nearest[KERNEL_TOP];
    bool used[KERNEL_TOP];
    for (size_t i = 0; i < top->found; i++)
        used[i] = false, nearest[i] = 0;
    for (ret->n = 0; ret->n < wanted && ret->n < top->found; ret->n++) {
        size_t best = next_by_relevance(policy, top, novelty, used, nearest, ret);
        uint32_t position = kernel_position(top, best);
        used[best] = true;
        ret->positions[ret->n] = position;
        for (size_t i = 0; i < top->found; i++)
            nearest[i] = fmax(nearest[i], dot(embedding_of(policy, position),
                                              embedding_of(policy, kernel_position(top, i)), d));
    }
}

void slate_diverse(const struct policy *policy, const struct kernel_top *top, double novelty,
                   struct slate *ret) {
    if (novelty > 0)
        take_by_relevance(policy, top, novelty, ret);
    else
        take_in_order(policy, top, ret);
}

/* ---- Sliding spectrum ------------------------------------------------------------------------ */

/* Items are known by their inner products: cosines[t][i] is that of the item at place t with the
 * i-th of the list. */
struct spectrum {
    const struct kernel_top *top;
    size_t chosen[POLICY_SLATE]; /* index in the list of each place */
    float cosines[POLICY_SLATE][KERNEL_TOP];
    bool used[KERNEL_TOP];
    const float *vectors[KERNEL_TOP];
    /* Of the window: the Cholesky factor of its inner products, rows that add no direction left
     * out. */
    size_t n, places[POLICY_SLATE];
    double factor[POLICY_SLATE][POLICY_SLATE];
};

/* Solves factor z = the products of the window with item i; returns |z|^2, the square of the part
 * of the item that lies in the window's span. */
static double project(const struct spectrum *spectrum, size_t i, double *z) {
    double square = 0;
    for (size_t j = 0; j < spectrum->n; j++) {
        double sum = (double)spectrum->cosines[spectrum->places[j]][i];
        for (size_t k = 0; k < j; k++)
            sum -= spectrum->factor[j][k] * z[k];
        z[j] = sum / spectrum->factor[j][j];
        square += z[j] * z[j];
    }
    return square;
}

/* The last `most` of n places. */
static void open_window(struct spectrum *spectrum, size_t n, size_t most) {
    spectrum->n = 0;
    for (size_t place = n > most ? n - most : 0; place < n; place++) {
        double *row = spectrum->factor[spectrum->n];
        size_t item = spectrum->chosen[place];
        double left = (double)spectrum->cosines[place][item] - project(spectrum, item, row);
        if (left < 1e-6) /* single precision has no direction left */
            continue;
        row[spectrum->n] = sqrt(left);
        spectrum->places[spectrum->n++] = place;
    }
}

/* The list is in the order of scores, and nothing adds more than its own length, 1. */
static size_t next_by_volume(const struct spectrum *spectrum, double weight) {
    const struct kernel_top *top = spectrum->top;
    struct choice choice = {top->found, -INFINITY};
    for (size_t i = 0; i < top->found; i++) {
        double z[POLICY_SLATE], score = (double)kernel_score(top, i);
        if (score + weight <= choice.score)
            break;
        if (spectrum->used[i])
            continue;
        double square = 1 - project(spectrum, i, z);
        consider(&choice, i, score + weight * (square > 0 ? sqrt(square) : 0));
    }
    return choice.best;
}

static void take(const struct policy *policy, struct spectrum *spectrum, size_t item,
                 struct slate *slate) {
    size_t d = policy->world->dimensions;
    const float *own = spectrum->vectors[item];
    float *row = spectrum->cosines[slate->n];
    for (size_t i = 0; i < spectrum->top->found; i++) {
        if (spectrum->vectors[i] == own) /* the same item may be in the list twice */
            spectrum->used[i] = true;
        row[i] = vector_dot(own, spectrum->vectors[i], d);
    }
    spectrum->chosen[slate->n] = item;
    slate->positions[slate->n++] = kernel_position(spectrum->top, item);
}

void slate_spectrum(const struct policy *policy, const struct kernel_top *top, double weight,
                    size_t window, struct slate *ret) {
    struct spectrum spectrum;
    size_t wanted = policy_slate(policy);
    spectrum.top = top;
    memset(spectrum.vectors, 0, sizeof spectrum.vectors);
    for (size_t i = 0; i < top->found; i++) {
        spectrum.used[i] = false;
        spectrum.vectors[i] = embedding_of(policy, kernel_position(top, i));
    }
    ret->n = 0;
    while (ret->n < wanted) {
        open_window(&spectrum, ret->n, window - 1);
        size_t item = next_by_volume(&spectrum, weight);
        if (item == top->found)
            break;
        take(policy, &spectrum, item, ret);
    }
}

/* ---- Exploration ----------------------------------------------------------------------------- */

/* Places that are drawn are a geometric number apart. Most often the first one is behind the end,
 * which the number drawn says without its logarithm. */
void slate_explore(const struct policy *policy, struct session *session, struct slate *slate) {
    double scale = policy->exploration_scale;
    if (!(policy->world->settings.parameters.exploration > 0))
        return;
    double luck = random_uniform_open(session->exploring);
    if (luck < policy->unexplored)
        return;
    double place = floor(log(luck) * scale);
    while (place < (double)slate->n) {
        uint32_t position = random_below(session->exploring, (uint32_t)policy->shelf->n);
        if (!slate_holds(slate, position) && !policy_has_shown(policy, session->user, position)) {
            slate->positions[(size_t)place] = position;
            slate->aside |= UINT64_C(1) << (size_t)place;
        }
        place += 1 + floor(log(random_uniform_open(session->exploring)) * scale);
    }
}
