/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where those who gave less went.
 *
 * Contents: what a user has around a step; weights; what a step spreads; setting up; rows.
 */
#include "revenue/destinations.h"

#include "base/buffer.h"
#include "revenue/movement-step.h"
#include <math.h>
#include <stdlib.h>

static const struct interval unknown = {NAN, NAN};

/* Where amounts of one place and period go: slot 0 is gone, 1 stayed, 2 + p platform p. */
enum { GONE, STAYED, PLATFORMS };

struct slot {
    decimal_sum users_lost, lost, contraction, users_moved, gain;
    struct moment_pairs pairs; /* of who gave it something: their loss x, what of it went here y */
};

/* All losses of one place and period. */
struct origin {
    decimal_sum x;
    struct moment_squares xx;
};

struct spreading {
    const struct accounts *accounts;
    const struct movement_options *options;
    size_t periods, slots, n; /* n = places x periods x slots */
    uint32_t *platform_of;    /* of a place */
    size_t n_platforms;
    struct slot *items;     /* [worker][place][period][slot] */
    struct origin *origins; /* [worker][place][period] */
    struct scratch {
        double *minutes[2]; /* by platform, before and now */
        decimal *revenue[2];
        bool *active;
        decimal_sum *weights; /* by slot; 0 to sum */
    } * scratch;              /* by worker */
};

/* ---- What a user has around a step ----------------------------------------------------------- */

/* What a user has at a period on each platform. */
static void look_around(const struct spreading *spreading, const struct account_entry *entries,
                        size_t n, int32_t period, const struct scratch *scratch) {
    for (size_t p = 0; p < spreading->n_platforms; p++) {
        scratch->minutes[0][p] = scratch->minutes[1][p] = 0;
        scratch->revenue[0][p] = scratch->revenue[1][p] = 0;
        scratch->active[p] = false;
    }
    for (size_t i = 0; i < n; i++) {
        const int32_t when = entries[i].period - period + 1; /* 0: before, 1: now */
        if (when != 0 && when != 1)
            continue;
        const uint32_t platform = spreading->platform_of[entries[i].place];
        scratch->minutes[when][platform] += (double)entries[i].of[ACCOUNT_MINUTES];
        scratch->revenue[when][platform] += step_paid(&entries[i]);
        scratch->active[platform] |= when == 1;
    }
}

/* ---- Weights --------------------------------------------------------------------------------- */

/* Weights of the slots for a user who left `platform`, wholly or in part; returns their sum. */
static decimal_sum weigh_slots(const struct spreading *spreading, uint32_t platform, bool lost,
                               const struct scratch *scratch) {
    double minutes = 0;
    decimal_sum sum = 0;
    for (size_t p = 0; p < spreading->n_platforms; p++)
        if (p != platform && scratch->active[p])
            minutes += scratch->minutes[1][p];
    scratch->weights[GONE] = scratch->weights[STAYED] = 0;
    for (size_t p = 0; p < spreading->n_platforms; p++) {
        const bool there = p != platform && scratch->active[p];
        scratch->weights[PLATFORMS + p] = !there        ? 0
                                          : minutes > 0 ? (decimal_sum)scratch->minutes[1][p]
                                                        : 1;
        sum += scratch->weights[PLATFORMS + p];
    }
    if (sum == 0)
        sum = scratch->weights[lost ? GONE : STAYED] = 1;
    return sum;
}

/* What slot s gets of an amount: whole millionths, the rest going to the first that gets any. */
static decimal_sum apportion(const struct spreading *spreading, const struct scratch *scratch,
                             size_t s, decimal_sum amount, decimal_sum sum) {
    size_t first = 0;
    decimal_sum rest = amount;
    while (scratch->weights[first] == 0)
        first++;
    if (s != first) /* in floating point where the product would not fit: weights are only shares */
        return (decimal_sum)trunc((double)amount * ((double)scratch->weights[s] / (double)sum));
    for (size_t other = 0; other < spreading->slots; other++)
        if (other != first && scratch->weights[other] != 0)
            rest -= apportion(spreading, scratch, other, amount, sum);
    return rest;
}

/* ---- What a step spreads --------------------------------------------------------------------- */

/* Share of time that moved from `platform`, in millionths of a user, to each slot. */
static void move_time(const struct spreading *spreading, uint32_t platform, double here,
                      const struct scratch *scratch, struct slot *slots) {
    double total[2] = {0, 0}, rises = 0;
    for (size_t p = 0; p < spreading->n_platforms; p++)
        for (int t = 0; t < 2; t++)
            total[t] += scratch->minutes[t][p];
    if (!(total[0] > 0) || !(scratch->minutes[0][platform] > 0))
        return;
    /* `here` is this place's part of its platform's minutes before. */
    const double part = here / scratch->minutes[0][platform];
    const double before = scratch->minutes[0][platform] / total[0];
    if (!(total[1] > 0)) {
        slots[GONE].users_moved += (decimal_sum)rint(before * part * 1e6);
        return;
    }
    const double fall = before - scratch->minutes[1][platform] / total[1];
    for (size_t p = 0; p < spreading->n_platforms; p++)
        rises += fmax(scratch->minutes[1][p] / total[1] - scratch->minutes[0][p] / total[0], 0);
    if (!(fall > 0) || !(rises > 0))
        return;
    for (size_t p = 0; p < spreading->n_platforms; p++) {
        const double rise = scratch->minutes[1][p] / total[1] - scratch->minutes[0][p] / total[0];
        if (rise > 0)
            slots[PLATFORMS + p].users_moved += (decimal_sum)rint(fall * rise / rises * part * 1e6);
    }
}

/* Who is lost, or stays and gives less. */
static bool leaves(const struct step *step) {
    return !step_stays(step) || step_net_loss(step) > 0;
}

static void add_origin(struct origin *into, const struct moment_pairs *pairs) {
    struct moment_pairs sum = {.x = into->x, .xx = into->xx};
    moment_pairs_merge(&sum, pairs);
    *into = (struct origin){sum.x, sum.xx};
}

static void spread_step(const struct spreading *spreading, const struct step *step,
                        const struct scratch *scratch, struct origin *origin, struct slot *slots) {
    const uint32_t platform = spreading->platform_of[step->here->place];
    const bool lost = !step_stays(step);
    if (spreading->accounts->has[ACCOUNT_MINUTES])
        move_time(spreading, platform, (double)step->here->of[ACCOUNT_MINUTES], scratch, slots);
    if (!leaves(step))
        return;
    struct moment_pairs own = {0};
    moment_pairs_add(&own, step_narrow(step_net_loss(step)), 0);
    add_origin(origin, &own);
    const decimal_sum sum = weigh_slots(spreading, platform, lost, scratch);
    for (size_t s = 0; s < spreading->slots; s++) {
        if (scratch->weights[s] == 0)
            continue;
        const decimal_sum amount = apportion(spreading, scratch, s, step_net_loss(step), sum);
        moment_pairs_add(&slots[s].pairs, step_narrow(step_net_loss(step)), step_narrow(amount));
        if (lost) {
            slots[s].lost += amount;
            slots[s].users_lost += apportion(spreading, scratch, s, DECIMAL_ONE, sum);
        } else {
            slots[s].contraction += amount;
        }
        if (s >= PLATFORMS)
            slots[s].gain += (decimal_sum)scratch->revenue[1][s - PLATFORMS] -
                             scratch->revenue[0][s - PLATFORMS];
    }
}

/* The number of a place and period. */
static size_t origin_at(const struct spreading *spreading, uint32_t place, int32_t period) {
    return place * spreading->periods + (size_t)(period - spreading->accounts->first);
}

static int spread_user(void *context, size_t part, int worker, const struct account_entry *entries,
                       size_t n, struct error *err) {
    (void)part, (void)err;
    const struct spreading *spreading = context;
    struct slot *items = spreading->items + (size_t)worker * spreading->n;
    struct origin *origins =
        spreading->origins + (size_t)worker * (spreading->n / spreading->slots);
    const struct scratch *scratch = &spreading->scratch[worker];
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        if (step.here->period == spreading->accounts->last)
            continue;
        const size_t at = origin_at(spreading, step.here->place, step.here->period + 1);
        look_around(spreading, entries, n, step.here->period + 1, scratch);
        spread_step(spreading, &step, scratch, &origins[at], &items[at * spreading->slots]);
    }
    return 0;
}

/* ---- Setting up ------------------------------------------------------------------------------ */

static int by_name(const void *a, const void *b) {
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

/* Platforms are the places without their groups. */
static int number_platforms(struct spreading *spreading, struct destinations *ret,
                            struct error *err) {
    const struct accounts *accounts = spreading->accounts;
    ret->platforms = malloc((accounts->n_places + 1) * sizeof *ret->platforms);
    spreading->platform_of = malloc((accounts->n_places + 1) * sizeof(uint32_t));
    if (!ret->platforms || !spreading->platform_of)
        return error_memory(err);
    for (size_t p = 0; p < accounts->n_places; p++)
        ret->platforms[p] = accounts->places[p].platform;
    qsort(ret->platforms, accounts->n_places, sizeof *ret->platforms, by_name);
    for (size_t p = 0; p < accounts->n_places; p++)
        if (p == 0 || !text_equal(ret->platforms[p], ret->platforms[ret->n_platforms - 1]))
            ret->platforms[ret->n_platforms++] = ret->platforms[p];
    for (size_t p = 0; p < accounts->n_places; p++) {
        const struct text *found = bsearch(&accounts->places[p].platform, ret->platforms,
                                           ret->n_platforms, sizeof *found, by_name);
        spreading->platform_of[p] = (uint32_t)(found - ret->platforms);
    }
    spreading->n_platforms = ret->n_platforms;
    spreading->slots = PLATFORMS + ret->n_platforms;
    return 0;
}

static int get_scratch(struct spreading *spreading, size_t threads, struct error *err) {
    spreading->scratch = calloc(threads, sizeof *spreading->scratch);
    if (!spreading->scratch)
        return error_memory(err);
    for (size_t w = 0; w < threads; w++) {
        struct scratch *scratch = &spreading->scratch[w];
        for (int t = 0; t < 2; t++) {
            scratch->minutes[t] = calloc(spreading->slots, sizeof(double));
            scratch->revenue[t] = calloc(spreading->slots, sizeof(decimal));
            if (!scratch->minutes[t] || !scratch->revenue[t])
                return error_memory(err);
        }
        scratch->active = calloc(spreading->slots, sizeof(bool));
        scratch->weights = calloc(spreading->slots, sizeof(decimal_sum));
        if (!scratch->active || !scratch->weights)
            return error_memory(err);
    }
    return 0;
}

static void drop_scratch(struct spreading *spreading, size_t threads) {
    for (size_t w = 0; spreading->scratch && w < threads; w++) {
        for (int t = 0; t < 2; t++) {
            free(spreading->scratch[w].minutes[t]);
            free(spreading->scratch[w].revenue[t]);
        }
        free(spreading->scratch[w].active);
        free(spreading->scratch[w].weights);
    }
    free(spreading->scratch);
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void merge_slot(struct slot *into, const struct slot *from) {
    into->users_lost += from->users_lost;
    into->lost += from->lost;
    into->contraction += from->contraction;
    into->users_moved += from->users_moved;
    into->gain += from->gain;
    moment_pairs_merge(&into->pairs, &from->pairs);
}

static int spread_all(struct spreading *spreading, size_t threads, struct error *err) {
    const size_t origins = spreading->n / spreading->slots;
    spreading->items = calloc(threads * spreading->n + 1, sizeof *spreading->items);
    spreading->origins = calloc(threads * origins + 1, sizeof *spreading->origins);
    if (!spreading->items || !spreading->origins)
        return error_memory(err);
    if (accounts_each(spreading->accounts, (int)threads, spread_user, spreading, err))
        return err->code;
    for (size_t worker = 1; worker < threads; worker++) {
        for (size_t i = 0; i < spreading->n; i++)
            merge_slot(&spreading->items[i], &spreading->items[worker * spreading->n + i]);
        for (size_t i = 0; i < origins; i++) {
            const struct origin *from = &spreading->origins[worker * origins + i];
            const struct moment_pairs pairs = {.x = from->x, .xx = from->xx};
            add_origin(&spreading->origins[i], &pairs);
        }
    }
    return 0;
}

/* Of all that was lost here: over all users, those who lost nothing adding none. */
static struct movement_share slot_share(const struct spreading *spreading, size_t at, size_t s,
                                        int64_t users) {
    const struct slot *slot = &spreading->items[at * spreading->slots + s];
    const struct origin *origin = &spreading->origins[at];
    struct movement_share share = {NAN, unknown, unknown};
    struct moment_pairs pairs = slot->pairs;
    pairs.x = origin->x;
    pairs.xx = origin->xx;
    if (pairs.x <= 0)
        return share;
    share.value = moment_pairs_ratio(&pairs);
    share.delta =
        estimate_cut(estimate_pairs(&pairs, users, spreading->options->confidence), share.value);
    return share;
}

static int keep_slots(const struct spreading *spreading, const struct movement *movement,
                      struct destinations *ret, struct error *err) {
    const size_t at = origin_at(spreading, movement->place, movement->period.index);
    for (size_t k = 0; k < spreading->slots; k++) {
        const size_t s = (k + PLATFORMS) % spreading->slots; /* platforms first */
        const struct slot *slot = &spreading->items[at * spreading->slots + s];
        if (slot->users_lost == 0 && slot->lost == 0 && slot->contraction == 0 &&
            slot->users_moved == 0)
            continue;
        if (array_reserve((void **)&ret->items, &ret->capacity, ret->count + 1, sizeof *ret->items,
                          err))
            return err->code;
        ret->items[ret->count++] = (struct destination){
            .place = movement->place,
            .period = movement->period,
            .platform = s == GONE     ? MOVEMENT_GONE
                        : s == STAYED ? MOVEMENT_STAYED
                                      : (int64_t)s - PLATFORMS,
            .users_lost = slot->users_lost,
            .lost = slot->lost,
            .contraction = slot->contraction,
            .users_moved = slot->users_moved,
            .gain = slot->gain,
            .share = slot_share(spreading, at, s, movement->users_start),
        };
    }
    return 0;
}

/* Each thread has slots of its own: so many threads that these stay small beside the users. */
enum { MOST_BYTES = 1 << 28 };

static size_t threads_for(const struct spreading *spreading) {
    const size_t asked = spreading->options->threads < 1 ? 1 : (size_t)spreading->options->threads;
    const size_t fit = MOST_BYTES / sizeof(struct slot) / (spreading->n + 1);
    return fit < 1 ? 1 : fit < asked ? fit : asked;
}

int destinations_count(const struct accounts *accounts, const struct movement_options *options,
                       struct destinations *ret, struct error *err) {
    struct movement_options plain = *options;
    struct spreading spreading = {.accounts = accounts, .options = options};
    struct movements movements = {0};
    size_t threads = 0;
    plain.bootstrap.replications = 0;
    if (accounts->first <= accounts->last)
        spreading.periods = (size_t)(accounts->last - accounts->first) + 1;
    int code = movements_count(accounts, &plain, &movements, err);
    if (!code)
        code = number_platforms(&spreading, ret, err);
    if (!code) {
        spreading.n = accounts->n_places * spreading.periods * spreading.slots;
        threads = threads_for(&spreading);
        code = get_scratch(&spreading, threads, err);
    }
    if (!code)
        code = spread_all(&spreading, threads, err);
    for (size_t i = 0; !code && i < movements.count; i++)
        code = keep_slots(&spreading, &movements.items[i], ret, err);
    movements_free(&movements);
    drop_scratch(&spreading, threads);
    free(spreading.platform_of);
    free(spreading.items);
    free(spreading.origins);
    return code;
}

void destinations_free(struct destinations *destinations) {
    free(destinations->items);
    free(destinations->platforms);
    *destinations = (struct destinations){0};
}
