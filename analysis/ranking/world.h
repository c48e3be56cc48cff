/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The state of one replication: users, creators and items on two platforms, as arrays.
 *
 *     struct world *world;
 *     if (world_create(&world, &settings, seed, replication, threads, err)) ...
 *     for (;;) {
 *         world_publish(world);           // the new items, and the shelves
 *         for each round:
 *             ... sessions read the world and write into a tally ...
 *             world_absorb(world, &tally);    // the barrier: counters, in integers
 *         if (world_end_step(world, err)) ...
 *         ... money and moves ...
 *         world->step++;
 *     }
 *     world_destroy(world);
 *
 * Everything here is a pure function of the settings, the seed and the replication.
 */
#ifndef RANKING_WORLD_H
#define RANKING_WORLD_H

#include "base/arena.h"
#include "base/decimal.h"
#include "base/error.h"
#include "ranking/exodus.h"
#include "ranking/scenario.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- What a replication is made from --------------------------------------------------------- */

#define WORLD_TIERS 16 /* the most there can be */

/* Tiers go from the lowest up. */
struct tier_rates {
    double share;           /* of the creators at the start */
    double promoted;        /* to a higher tier, per period; 0 for the highest */
    double demoted;         /* to a lower one; 0 for the lowest */
    double left;            /* a platform, per period */
    double entered;         /* newcomers into this tier per period, as a share of all creators */
    double to[WORLD_TIERS]; /* weights of the tiers in which those promoted, and those demoted, end
                             * up; all 0: the next one */
};

/* Where a user or creator is: bits. */
enum { HOME_NONE = 0, HOME_A = 1 << PLATFORM_A, HOME_B = 1 << PLATFORM_B, HOME_BOTH = 3, HOMES };

#define WORLD_CLASSES 8 /* of users, the most there can be */

struct class_rates {
    double share[HOMES];     /* of the users who are there at the start */
    double arpu[PLATFORMS];  /* a multiple of the millionth */
    double leave[PLATFORMS]; /* per period */
};

#define WORLD_LANGUAGES SCENARIO_LANGUAGES

/* Groups of users to count: classes, and behind them languages. */
#define WORLD_GROUPS (WORLD_CLASSES + WORLD_LANGUAGES)

/* Of those who are there at the start; and of the users of other languages, who read it too. */
struct language_shares {
    double users[HOMES][WORLD_LANGUAGES], creators[HOMES][WORLD_LANGUAGES];
    double read[WORLD_LANGUAGES];
};

struct settings {
    struct parameters parameters; /* of arpu and user_leave: the means over all classes */
    size_t n_classes;
    struct class_rates classes[WORLD_CLASSES];
    size_t n_languages;
    struct language_shares languages;
    size_t n_tiers;
    struct tier_rates tiers[WORLD_TIERS];
    double switched[PLATFORMS]; /* share of leavers who go to the other; nan: by switching_cost */
    size_t first_user, first_creator; /* numbers of those at place 0; below the number of them */
};

/* ---- State ----------------------------------------------------------------------------------- */

static inline bool home_on(uint8_t homes, int platform) {
    return homes >> platform & 1;
}

struct users {
    size_t n;
    float *thresholds; /* of leaving A; NULL: nobody has one */
    float *tastes;     /* [n][dimensions], unit length: what users like, which no policy sees */
    uint8_t *homes;
    uint8_t *classes;
    uint8_t *languages, *reads;      /* own; bits of those that a user reads; NULL: there is one */
    uint8_t *been;                   /* bits: where they ever were */
    double left_share[PLATFORMS];    /* of each platform's users, in the last moves */
    uint8_t *came;                   /* bits as of homes: to which platforms in the last moves */
    double *satisfaction[PLATFORMS]; /* running mean utility of a session; nan: none yet */
    uint32_t *follows[PLATFORMS];    /* [n][parameters.follows] creators, a ring */
    uint32_t *followed[PLATFORMS];   /* [n] how many, those that gave way included */
    uint32_t *seen[PLATFORMS];       /* [n][parameters.seen] serial numbers of items, a ring */
    uint32_t *shown[PLATFORMS];      /* [n] how many, those that gave way included */
};

/* How many creators user u follows on a platform now: the first ones of its ring. */
static inline size_t users_following(const struct users *users, size_t u, int platform,
                                     size_t most) {
    return users->followed[platform][u] < most ? users->followed[platform][u] : most;
}

struct creators {
    size_t n;      /* with those who have not come yet, or have left: homes = HOME_NONE */
    float *themes; /* [n][dimensions], unit length */
    float *appeal;
    uint8_t *homes;
    uint8_t *tiers;
    uint8_t *languages;                                      /* NULL: there is one */
    uint64_t *exposures[PLATFORMS], *engagements[PLATFORMS]; /* of this step */
    uint32_t *followers[PLATFORMS];                          /* simulated users */
    uint32_t *left[PLATFORMS];        /* 1 + the step at whose end they left; 0: never */
    uint32_t *left_before[PLATFORMS]; /* the same, as the moves under way began */
    uint32_t *neighbours;             /* [n][creator_neighbours]; NULL without creator_contagion */
    uint64_t *weights;                /* scratch */
    double *exit_odds[PLATFORMS]; /* log-odds to leave, as of the last moves; -infinity: unknown */
    decimal *paid[PLATFORMS];     /* in this step, for all the creators it stands for */
    decimal *income[PLATFORMS];   /* running mean of paid */
    double *audience;             /* running mean of exposures, both platforms */
};

/* What a user may do with an item. All but the last only with one that was taken up. */
enum action {
    ACTION_LIKE,
    ACTION_SAVE,
    ACTION_COMMENT,
    ACTION_SHARE,
    ACTION_FOLLOW,
    ACTION_DISMISS,
    ACTIONS
};

/* A ring: item = (generation * creators + creator) * items + j, generation = step modulo life. */
struct items {
    size_t n;
    float *embeddings; /* [n][dimensions], unit length */
    float *quality;    /* the creator's appeal and the item's own */
    uint8_t *homes;    /* bits: where it may be shown, if its creator is there; 0: not published */
    uint32_t *exposures[PLATFORMS], *engagements[PLATFORMS];
    uint32_t *actions[PLATFORMS]; /* [n][ACTIONS] */
};

/* What a platform can show in this step, in random order, laid out for the kernel. */
struct shelf {
    size_t n, blocks;
    uint32_t *items;      /* [n] */
    uint32_t *creators;   /* [n] of each item */
    float *embeddings;    /* [blocks][dimensions][KERNEL_LANES] */
    float *rows;          /* [n][dimensions], the same item by item */
    float *utility;       /* [n] of each item apart from taste and language; no policy sees it */
    uint8_t *languages;   /* [n]; NULL: there is one */
    uint32_t *first;      /* [creators + 1] where a creator's positions begin in by_creator */
    uint32_t *by_creator; /* [n] positions, newest items first */
};

/* What users of one language saw. */
struct reading {
    uint64_t sessions, shown, own; /* own: of the items shown, those in the language itself */
    int64_t utility;
};

/* Sums over sessions; utility in WORLD_UTILITY. */
struct traffic {
    uint64_t sessions, unchosen;
    uint64_t by_class[WORLD_CLASSES]; /* sessions */
    int64_t utility;
    struct reading languages[WORLD_LANGUAGES]; /* 0 where there is one */
};

struct platform {
    struct shelf shelf;
    struct traffic so_far, period; /* so_far: those of the warm-up included */
};

struct world {
    struct settings settings;
    uint32_t seed, replication;
    uint32_t step;  /* from 0; the warm-up counts */
    uint32_t round; /* of the step, from 0 */
    int threads;    /* that may work on it between rounds, which nothing depends on; 0 is 1 */
    size_t dimensions;
    struct users users;
    struct creators creators;
    struct items items;
    struct platform platforms[PLATFORMS];
    struct exodus exodus; /* from A */
    struct arena arena;
};

/* Draws users and creators; nothing is published yet. More than 2^32 - 1 items are ERROR_DATA. */
int world_create(struct world **ret, const struct settings *settings, uint32_t seed,
                 uint32_t replication, int threads, struct error *err);
void world_destroy(struct world *world); /* NULL is fine */

/* This step's items of all creators who are somewhere, in place of the oldest ones, and the shelves
 * of both platforms. The counts of the period start from 0. */
void world_publish(struct world *world);

/* Who someone is, which random numbers go by: the place, counted on from first_user and
 * first_creator. All else is the same wherever somebody stands. */
static inline uint32_t world_user_id(const struct world *world, size_t place) {
    size_t id = place + world->settings.first_user;
    return (uint32_t)(id < world->users.n ? id : id - world->users.n);
}

static inline uint32_t world_creator_id(const struct world *world, size_t place) {
    size_t id = place + world->settings.first_creator;
    return (uint32_t)(id < world->creators.n ? id : id - world->creators.n);
}

/* Numbers of languages, from 0: of the user, which is that of the device; of who may be shown. */
static inline uint8_t world_language(const struct world *world, size_t user) {
    return world->users.languages ? world->users.languages[user] : 0;
}

/* Whether the user reads the language of the item at a position of a shelf. */
static inline bool world_reads(const struct world *world, size_t user, const struct shelf *shelf,
                               uint32_t position) {
    return !shelf->languages || world->users.reads[user] >> shelf->languages[position] & 1;
}

/* Whether it is the user's own. */
static inline bool world_own_language(const struct world *world, size_t user,
                                      const struct shelf *shelf, uint32_t position) {
    return !shelf->languages || world->users.languages[user] == shelf->languages[position];
}

/* Gives a creator the language of one who comes to a platform. */
void world_speak(struct world *world, size_t creator, int platform);

static inline size_t world_creator(const struct world *world, size_t item) {
    return item / (size_t)world->settings.parameters.items % world->creators.n;
}

/* Periods since an item that can be shown was published: 0 for those of this step. */
static inline uint32_t world_age(const struct world *world, size_t item) {
    const struct parameters *set = &world->settings.parameters;
    uint32_t life = (uint32_t)set->item_life;
    uint32_t generation = (uint32_t)(item / (world->creators.n * (size_t)set->items));
    return (world->step + life - generation) % life;
}

/* From 1; 0 during the warm-up. */
static inline size_t world_period(const struct world *world) {
    size_t warm_up = (size_t)world->settings.parameters.warm_up;
    return world->step < warm_up ? 0 : world->step - warm_up + 1;
}

/* Whether A is closed after the moves at this step's end. */
static inline bool world_banned(const struct world *world) {
    const struct parameters *set = &world->settings.parameters;
    size_t period = world_period(world);
    return set->ban_period > 0 && period >= (size_t)set->ban_period &&
           (set->ban_end == 0 || period < (size_t)set->ban_end);
}

/* Rounds of a step; and the most sessions that a user has in one of them: an equal part of those of
 * the step. */
static inline size_t world_rounds(const struct world *world) {
    const struct parameters *set = &world->settings.parameters;
    return (size_t)(set->rounds < set->sessions ? set->rounds : set->sessions);
}
static inline size_t world_sessions(const struct world *world) {
    size_t all = (size_t)world->settings.parameters.sessions, rounds = world_rounds(world);
    return (all + rounds - 1) / rounds;
}

/* ---- What happens in a step ------------------------------------------------------------------ */

/* Utilities are summed as whole multiples of this, so that the order of addition does not matter.
 */
#define WORLD_UTILITY 0x1p-20

/* Counts of one round, by position on the shelf. Several tallies of the same round add up. */
struct tally {
    uint32_t *exposures[PLATFORMS], *engagements[PLATFORMS]; /* [items.n] */
    uint32_t *actions[PLATFORMS];                            /* [items.n][ACTIONS] */
    struct traffic traffic[PLATFORMS];
};

int tally_create(struct tally *ret, const struct world *world, struct error *err);
void tally_clear(struct tally *tally, const struct world *world);
void tally_destroy(struct tally *tally);

/* Adds a tally to the counters of items, creators and platforms. */
void world_absorb(struct world *world, const struct tally *tally);

/* After the step's last round: moves the running mean of each creator's audience and counts
 * followers, for which there may be no memory. */
int world_end_step(struct world *world, struct error *err);

/* User u follows creator c on a platform from now on, if not already. Only u's own list changes. */
void world_follow(struct world *world, size_t u, int platform, uint32_t creator);
bool world_follows(const struct world *world, size_t u, int platform, uint32_t creator);

/* User u was shown an item on a platform; whether it is among the last `seen` ones. Only u's own
 * list changes. */
void world_see(struct world *world, size_t u, int platform, size_t item);
bool world_seen(const struct world *world, size_t u, int platform, size_t item);

/* Mean satisfaction of the users of a platform; 0, the utility of staying away, if none has any. */
double world_satisfaction(const struct world *world, int platform);

#endif
