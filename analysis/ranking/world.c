/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing a world, publishing and shelving its items, and counting what happened to them.
 *
 * Contents: memory; drawing users and creators; publishing; shelves; tallies; followers. */
#include "ranking/world.h"

#include "base/random.h"
#include "base/workers.h"
#include "ranking/kernel.h"
#include "ranking/purpose.h"
#include "ranking/spans.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* ---- Memory ---------------------------------------------------------------------------------- */

/* Newcomers needed by the end of the run are Poisson at most: six standard deviations more than
 * expected are not met in a lifetime of replications, and those who leave come on top. */
static size_t creators_needed(const struct settings *settings) {
    double entered = 0;
    for (size_t k = 0; k < settings->n_tiers; k++)
        entered += settings->tiers[k].entered;
    const struct parameters *p = &settings->parameters;
    double expected = entered * p->creators * p->periods;
    return (size_t)(p->creators + ceil(expected + 6 * sqrt(expected)));
}

/* Allocates n items of a pointer's type, or notes that memory is out. */
#define TAKE(pointer, count) take((void **)&(pointer), (count), sizeof *(pointer), world, &out)

static void take(void **ret, size_t n, size_t size, struct world *world, bool *out) {
    *ret = arena_alloc(&world->arena, n * size);
    *out = *out || !*ret;
}

static int allocate(struct world *world, struct error *err) {
    struct users *users = &world->users;
    struct creators *creators = &world->creators;
    struct items *items = &world->items;
    size_t d = world->dimensions;
    bool out = false;
    TAKE(users->tastes, users->n * d);
    TAKE(users->homes, users->n);
    TAKE(users->classes, users->n);
    TAKE(users->came, users->n);
    TAKE(users->been, users->n);
    if (world->settings.parameters.threshold_spread > 0)
        TAKE(users->thresholds, users->n);
    bool several = world->settings.n_languages > 1;
    if (several) {
        TAKE(users->languages, users->n);
        TAKE(users->reads, users->n);
        TAKE(creators->languages, creators->n);
    }
    TAKE(creators->weights, creators->n);
    TAKE(creators->themes, creators->n * d);
    TAKE(creators->appeal, creators->n);
    TAKE(creators->homes, creators->n);
    TAKE(creators->tiers, creators->n);
    TAKE(creators->audience, creators->n);
    TAKE(items->embeddings, items->n * d);
    TAKE(items->quality, items->n);
    TAKE(items->homes, items->n);
    for (int p = 0; p < PLATFORMS; p++) {
        struct shelf *shelf = &world->platforms[p].shelf;
        TAKE(users->satisfaction[p], users->n);
        TAKE(users->follows[p], users->n * (size_t)world->settings.parameters.follows);
        TAKE(users->followed[p], users->n);
        TAKE(users->seen[p], users->n * (size_t)world->settings.parameters.seen);
        TAKE(users->shown[p], users->n);
        TAKE(creators->followers[p], creators->n);
        TAKE(creators->left[p], creators->n);
        TAKE(creators->left_before[p], creators->n);
        TAKE(creators->engagements[p], creators->n);
        TAKE(creators->exit_odds[p], creators->n);
        TAKE(creators->exposures[p], creators->n);
        TAKE(creators->paid[p], creators->n);
        TAKE(creators->income[p], creators->n);
        TAKE(items->exposures[p], items->n);
        TAKE(items->engagements[p], items->n);
        TAKE(items->actions[p], items->n * ACTIONS);
        TAKE(shelf->first, creators->n + 1);
        TAKE(shelf->by_creator, items->n);
        TAKE(shelf->items, items->n);
        TAKE(shelf->creators, items->n);
        TAKE(shelf->utility, items->n);
        if (several)
            TAKE(shelf->languages, items->n);
        TAKE(shelf->rows, items->n * d);
        TAKE(shelf->embeddings, kernel_blocks(items->n) * KERNEL_LANES * d);
    }
    return out ? error_memory(err) : 0;
}

/* ---- Drawing users and creators -------------------------------------------------------------- */

static void scale_to_unit(float *vector, size_t d) {
    double square = 0;
    for (size_t k = 0; k < d; k++)
        square += (double)vector[k] * vector[k];
    double length = sqrt(square);
    for (size_t k = 0; k < d; k++)
        vector[k] = (float)(vector[k] / length);
}

/* Uniform on the sphere. */
static void draw_direction(float *vector, size_t d, struct random_stream *stream) {
    for (size_t k = 0; k < d; k++)
        vector[k] = (float)gsl_ran_gaussian_ziggurat(random_gsl(stream), 1);
    scale_to_unit(vector, d);
}

/* Users differ by nothing but chance, so that the first ones may be on A, the next on both, the
 * next on B and the last on neither. */
static uint8_t home_of(size_t i, double n, double both, double b, double none) {
    double place = ((double)i + 0.5) / n;
    if (place > 1 - none)
        return HOME_NONE;
    if (place > 1 - none - b)
        return HOME_B;
    return place > 1 - none - b - both ? HOME_BOTH : HOME_A;
}

/* Dealt out in the given shares, evenly over the users, so that every run of them has these shares
 * within a few users: by the multiples of the golden ratio (Weyl's sequence of least discrepancy:
 * Kuipers & Niederreiter 1974, "Uniform Distribution of Sequences", chapter 2, section 3).
 * Languages go by the multiples of the square root of 2: as 1 and the two of them are independent
 * over the rationals, a run has each pair of class and language in the product of their shares
 * (there, chapter 1, section 6). */
static const double GOLDEN = 0.6180339887498949, ROOT = 0.4142135623730950;

static uint8_t deal(size_t i, double step, const double *shares, size_t n) {
    double place = fmod(((double)i + 0.5) * step, 1), below = 0;
    for (size_t k = 0; k + 1 < n; k++) {
        below += shares[k];
        if (place < below)
            return (uint8_t)k;
    }
    return (uint8_t)(n - 1);
}

static uint8_t class_of(const struct settings *settings, size_t u, uint8_t homes) {
    double shares[WORLD_CLASSES];
    for (size_t k = 0; k < settings->n_classes; k++)
        shares[k] = settings->classes[k].share[homes];
    return deal(u, GOLDEN, shares, settings->n_classes);
}

/* Of a user or creator number i, by the shares among those of the same homes. */
static uint8_t language_of(const struct world *world, size_t i,
                           const double shares[WORLD_LANGUAGES]) {
    return deal(i, ROOT, shares, world->settings.n_languages);
}

void world_speak(struct world *world, size_t creator, int platform) {
    if (world->creators.languages)
        world->creators.languages[creator] =
            language_of(world, world_creator_id(world, creator),
                        world->settings.languages.creators[1 << platform]);
}

/* The own one, and each of the others by luck of its own. */
static uint8_t draw_reads(const struct world *world, uint32_t id, uint8_t own) {
    struct random_stream stream;
    uint8_t reads = 0;
    random_open(&stream, world->seed, world->replication, id, 0, DRAW_READ);
    for (size_t k = 0; k < world->settings.n_languages; k++) {
        bool learnt = random_uniform(&stream) < world->settings.languages.read[k];
        reads |= (uint8_t)((learnt || k == own) << k);
    }
    return reads;
}

static float draw_threshold(const struct world *world, size_t u) {
    const struct parameters *p = &world->settings.parameters;
    struct random_stream stream;
    random_open(&stream, world->seed, world->replication, world_user_id(world, u), 0,
                DRAW_THRESHOLD);
    return (float)(p->threshold_mean +
                   gsl_ran_gaussian_ziggurat(random_gsl(&stream), p->threshold_spread));
}

static void draw_users(void *context, size_t begin, size_t end) {
    struct world *world = context;
    const struct parameters *p = &world->settings.parameters;
    struct users *users = &world->users;
    for (size_t u = begin; u < end; u++) {
        struct random_stream stream;
        uint32_t id = world_user_id(world, u);
        random_open(&stream, world->seed, world->replication, id, 0, DRAW_USER);
        draw_direction(users->tastes + u * world->dimensions, world->dimensions, &stream);
        users->homes[u] =
            home_of(id, p->users, p->user_share_both, p->user_share_b, p->user_share_none);
        users->classes[u] = class_of(&world->settings, id, users->homes[u]);
        users->been[u] = users->homes[u];
        if (users->languages) {
            users->languages[u] =
                language_of(world, id, world->settings.languages.users[users->homes[u]]);
            users->reads[u] = draw_reads(world, id, users->languages[u]);
        }
        if (users->thresholds)
            users->thresholds[u] = draw_threshold(world, u);
        users->satisfaction[PLATFORM_A][u] = users->satisfaction[PLATFORM_B][u] = NAN;
    }
}

struct ranked {
    double standing;
    uint32_t creator;
};

static int by_standing(const void *a, const void *b) {
    const struct ranked *x = a, *y = b;
    if (x->standing != y->standing)
        return x->standing < y->standing ? -1 : 1;
    return x->creator < y->creator ? -1 : x->creator > y->creator;
}

/* The tiers at the start are cut by rank of standing: appeal, and as much again of luck. By appeal
 * alone the world would start from an order that coming and going undo, and drift towards less. */
static void rank_creators(struct world *world, struct ranked *ranked, size_t n) {
    const struct settings *settings = &world->settings;
    struct creators *creators = &world->creators;
    qsort(ranked, n, sizeof *ranked, by_standing);
    double below = settings->tiers[0].share;
    size_t tier = 0;
    for (size_t i = 0; i < n; i++) {
        while (tier + 1 < settings->n_tiers && ((double)i + 0.5) / (double)n > below)
            below += settings->tiers[++tier].share;
        creators->tiers[ranked[i].creator] = (uint8_t)tier;
    }
}

static int draw_creators(struct world *world, struct error *err) {
    const struct parameters *p = &world->settings.parameters;
    struct creators *creators = &world->creators;
    size_t n = (size_t)p->creators, found = 0; /* the rest come later */
    struct ranked *ranked = malloc((n + 1) * sizeof *ranked);
    if (!ranked)
        return error_memory(err);
    for (size_t c = 0; c < creators->n; c++) {
        struct random_stream stream;
        uint32_t id = world_creator_id(world, c);
        random_open(&stream, world->seed, world->replication, id, 0, DRAW_CREATOR);
        draw_direction(creators->themes + c * world->dimensions, world->dimensions, &stream);
        double appeal = gsl_ran_gaussian_ziggurat(random_gsl(&stream), p->appeal_spread);
        double luck = gsl_ran_gaussian_ziggurat(random_gsl(&stream), p->appeal_spread);
        creators->appeal[c] = (float)appeal;
        creators->exit_odds[PLATFORM_A][c] = creators->exit_odds[PLATFORM_B][c] = -INFINITY;
        if (id >= n)
            continue;
        ranked[found++] = (struct ranked){appeal + luck, (uint32_t)c};
        creators->homes[c] = home_of(id, p->creators, p->creator_share_both, p->creator_share_b, 0);
        if (creators->languages)
            creators->languages[c] =
                language_of(world, id, world->settings.languages.creators[creators->homes[c]]);
    }
    rank_creators(world, ranked, n);
    free(ranked);
    return 0;
}

/* The nearest themes by inner product, found among at most NEAR_BLOCKS blocks of creators from
 * one's own on: all of up to 4096, beyond that a sample, as the order of creators says nothing. */
enum { NEAR_BLOCKS = 256 };

static void lay_out_themes(const struct world *world, float *blocks, float *biases) {
    size_t n = world->creators.n, d = world->dimensions;
    for (size_t i = 0; i < kernel_blocks(n) * KERNEL_LANES; i++) {
        biases[i] = i < n ? 0 : -INFINITY;
        for (size_t k = 0; k < d; k++)
            blocks[kernel_at(i, d, k)] = i < n ? world->creators.themes[i * d + k] : 0;
    }
}

/* Where there are fewer others than wanted, a creator stands in for itself. */
static void nearest_to(struct world *world, uint32_t creator, const float *blocks,
                       const float *biases) {
    size_t all = kernel_blocks(world->creators.n), d = world->dimensions;
    size_t wanted = (size_t)world->settings.parameters.creator_neighbours;
    size_t n = all < NEAR_BLOCKS ? all : NEAR_BLOCKS, first = creator / KERNEL_LANES;
    size_t straight = n < all - first ? n : all - first;
    const float *theme = world->creators.themes + creator * d;
    struct kernel_top top;
    kernel_begin(&top, wanted + 1);
    kernel_scan(theme, d, blocks, biases, first, straight, &top);
    kernel_scan(theme, d, blocks, biases, 0, n - straight, &top);
    uint32_t *neighbours = world->creators.neighbours + creator * wanted;
    size_t found = 0;
    for (size_t i = 0; i < top.found && found < wanted; i++)
        if (kernel_position(&top, i) != creator)
            neighbours[found++] = kernel_position(&top, i);
    while (found < wanted)
        neighbours[found++] = creator;
}

static int find_neighbours(struct world *world, struct error *err) {
    size_t n = world->creators.n, blocks = kernel_blocks(n) * KERNEL_LANES;
    size_t wanted = (size_t)world->settings.parameters.creator_neighbours;
    float *themes = malloc((blocks * world->dimensions + 1) * sizeof *themes);
    float *biases = malloc((blocks + 1) * sizeof *biases);
    world->creators.neighbours =
        arena_alloc(&world->arena, n * wanted * sizeof *world->creators.neighbours);
    bool ready = themes && biases && world->creators.neighbours;
    if (ready) {
        lay_out_themes(world, themes, biases);
        for (uint32_t c = 0; c < n; c++)
            nearest_to(world, c, themes, biases);
    }
    free(themes);
    free(biases);
    return ready ? 0 : error_memory(err);
}

int world_create(struct world **ret, const struct settings *settings, uint32_t seed,
                 uint32_t replication, int threads, struct error *err) {
    const struct parameters *p = &settings->parameters;
    size_t n_creators = creators_needed(settings);
    double n_items = (double)n_creators * p->items * p->item_life;
    if (n_items > UINT32_MAX - KERNEL_LANES)
        return error_set(err, ERROR_DATA,
                         "%.0f items at once (creators and newcomers times items times item_life), "
                         "expected at most %u",
                         n_items, UINT32_MAX - KERNEL_LANES);
    struct world *world = calloc(1, sizeof *world);
    if (!world)
        return error_memory(err);
    world->settings = *settings;
    world->seed = seed;
    world->replication = replication;
    world->threads = threads;
    world->dimensions = (size_t)p->dimensions;
    world->users.n = (size_t)p->users;
    world->creators.n = n_creators;
    world->items.n = (size_t)n_items;
    int code = allocate(world, err);
    if (!code) {
        spans_run(threads, world->users.n, draw_users, world);
        code = draw_creators(world, err);
    }
    if (!code && p->creator_contagion > 0)
        code = find_neighbours(world, err);
    if (code)
        world_destroy(world);
    else
        *ret = world;
    return code;
}

void world_destroy(struct world *world) {
    if (!world)
        return;
    arena_free(&world->arena);
    free(world);
}

/* ---- Publishing ------------------------------------------------------------------------------ */

static void draw_item(struct world *world, size_t item, size_t creator,
                      struct random_stream *stream) {
    const struct parameters *p = &world->settings.parameters;
    size_t d = world->dimensions;
    const float *theme = world->creators.themes + creator * d;
    float *embedding = world->items.embeddings + item * d;
    double spread = p->theme_spread / sqrt((double)d); /* of a coordinate */
    for (size_t k = 0; k < d; k++)
        embedding[k] = (float)(theme[k] + gsl_ran_gaussian_ziggurat(random_gsl(stream), spread));
    scale_to_unit(embedding, d);
    world->items.quality[item] =
        (float)(world->creators.appeal[creator] +
                gsl_ran_gaussian_ziggurat(random_gsl(stream), p->item_spread));
}

/* A creator on both puts a share of the items on one only, A or B as likely. */
static uint8_t where(const struct world *world, size_t creator, struct random_stream *stream) {
    double share = world->settings.parameters.output_split;
    double luck = share > 0 ? random_uniform(stream) : 1;
    if (world->creators.homes[creator] != HOME_BOTH || luck >= share)
        return HOME_BOTH;
    return luck < share / 2 ? HOME_A : HOME_B;
}

static void publish_item(struct world *world, size_t item, uint8_t homes, size_t creator,
                         struct random_stream *stream) {
    struct items *items = &world->items;
    items->homes[item] = homes;
    for (int q = 0; q < PLATFORMS; q++) {
        items->exposures[q][item] = items->engagements[q][item] = 0;
        memset(items->actions[q] + item * ACTIONS, 0, ACTIONS * sizeof *items->actions[q]);
    }
    if (homes != HOME_NONE)
        draw_item(world, item, creator, stream);
}

/* Of some creators. */
static void publish_items(void *context, size_t begin, size_t end) {
    struct world *world = context;
    const struct parameters *p = &world->settings.parameters;
    size_t each = (size_t)p->items, generation = world->step % (size_t)p->item_life;
    for (size_t c = begin; c < end; c++) {
        size_t first = (generation * world->creators.n + c) * each;
        bool publishes = world->creators.homes[c] != HOME_NONE;
        struct random_stream stream, split;
        uint32_t id = world_creator_id(world, c);
        random_open(&stream, world->seed, world->replication, id, world->step, DRAW_ITEM);
        random_open(&split, world->seed, world->replication, id, world->step, DRAW_SPLIT);
        for (size_t i = first; i < first + each; i++)
            publish_item(world, i, publishes ? where(world, c, &split) : HOME_NONE, c, &stream);
    }
}

/* ---- Shelves --------------------------------------------------------------------------------- */

/* The item at place i of the ring, if creators stood in the order of who they are. */
static size_t item_in_order(const struct world *world, size_t i) {
    size_t each = (size_t)world->settings.parameters.items, n = world->creators.n;
    size_t id = world_creator(world, i), place = id + n - world->settings.first_creator;
    return i - id * each + (place < n ? place : place - n) * each;
}

/* Each item that its creator can show here, shuffled, so that any run of blocks is a sample. */
static void pick_items(struct world *world, int platform) {
    struct shelf *shelf = &world->platforms[platform].shelf;
    struct random_stream stream;
    random_open(&stream, world->seed, world->replication, (uint32_t)platform, world->step,
                DRAW_SHELF);
    shelf->n = 0;
    for (size_t i = 0; i < world->items.n; i++) {
        size_t item = item_in_order(world, i);
        if (!home_on(world->items.homes[item], platform) ||
            !home_on(world->creators.homes[world_creator(world, item)], platform))
            continue;
        /* Fisher and Yates's shuffle, inside out. */
        uint32_t place = random_below(&stream, (uint32_t)shelf->n + 1);
        shelf->items[shelf->n] = shelf->items[place];
        shelf->items[place] = (uint32_t)item;
        shelf->n++;
    }
    shelf->blocks = kernel_blocks(shelf->n);
}

struct layout {
    const struct world *world;
    struct shelf *shelf;
};

/* What stands at a position: its embedding item by item, and all that is known of it. */
static void lay_down(const struct layout *layout, size_t position) {
    const struct world *world = layout->world;
    const struct creators *creators = &world->creators;
    struct shelf *shelf = layout->shelf;
    size_t d = world->dimensions;
    uint32_t item = shelf->items[position], creator = (uint32_t)world_creator(world, item);
    memcpy(shelf->rows + position * d, world->items.embeddings + item * d, d * sizeof *shelf->rows);
    shelf->creators[position] = creator;
    if (shelf->languages)
        shelf->languages[position] = creators->languages[creator];
    shelf->utility[position] =
        (float)(world->items.quality[item] +
                world->settings.parameters.tier_appeal * creators->tiers[creator]);
}

/* The places of some blocks; behind the last item they are zeros. */
static void lay_out(void *context, size_t begin, size_t end) {
    const struct layout *layout = context;
    const struct world *world = layout->world;
    struct shelf *shelf = layout->shelf;
    size_t d = world->dimensions;
    for (size_t position = begin; position < end; position++) {
        bool real = position < shelf->n;
        const float *embedding = world->items.embeddings + (real ? shelf->items[position] : 0) * d;
        for (size_t k = 0; k < d; k++)
            shelf->embeddings[kernel_at(position, d, k)] = real ? embedding[k] : 0;
        if (real)
            lay_down(layout, position);
    }
}

/* By counting: a creator's positions stand together. Generations are gone through from the newest,
 * whose items are the first to be put down; within one, the shelf's own order. */
static void index_creators(struct world *world, int platform) {
    struct shelf *shelf = &world->platforms[platform].shelf;
    size_t n = world->creators.n, life = (size_t)world->settings.parameters.item_life;
    size_t generation_size = n * (size_t)world->settings.parameters.items;
    memset(shelf->first, 0, (n + 1) * sizeof *shelf->first);
    for (size_t i = 0; i < shelf->n; i++)
        shelf->first[shelf->creators[i] + 1]++;
    for (size_t c = 0; c < n; c++)
        shelf->first[c + 1] += shelf->first[c];
    for (size_t age = 0; age < life; age++) {
        size_t generation = (world->step + life - age) % life;
        for (size_t i = 0; i < shelf->n; i++)
            if (shelf->items[i] / generation_size == generation)
                shelf->by_creator[shelf->first[shelf->creators[i]]++] = (uint32_t)i;
    }
    for (size_t c = n; c > 0; c--) /* each begins where the one before has ended */
        shelf->first[c] = shelf->first[c - 1];
    shelf->first[0] = 0;
}

void world_publish(struct world *world) {
    spans_run(world->threads, world->creators.n, publish_items, world);
    for (int p = 0; p < PLATFORMS; p++) {
        pick_items(world, p);
        struct layout layout = {world, &world->platforms[p].shelf};
        spans_run(world->threads, layout.shelf->blocks * KERNEL_LANES, lay_out, &layout);
        index_creators(world, p);
        world->platforms[p].period = (struct traffic){0};
        memset(world->creators.exposures[p], 0,
               world->creators.n * sizeof *world->creators.exposures[p]);
        memset(world->creators.engagements[p], 0,
               world->creators.n * sizeof *world->creators.engagements[p]);
    }
    world->round = 0;
}

/* ---- Tallies --------------------------------------------------------------------------------- */

int tally_create(struct tally *ret, const struct world *world, struct error *err) {
    *ret = (struct tally){0};
    for (int p = 0; p < PLATFORMS; p++) {
        ret->exposures[p] = calloc(world->items.n, sizeof *ret->exposures[p]);
        ret->engagements[p] = calloc(world->items.n, sizeof *ret->engagements[p]);
        ret->actions[p] = calloc(world->items.n * ACTIONS, sizeof *ret->actions[p]);
        if (!ret->exposures[p] || !ret->engagements[p] || !ret->actions[p]) {
            tally_destroy(ret);
            return error_memory(err);
        }
    }
    return 0;
}

void tally_clear(struct tally *tally, const struct world *world) {
    for (int p = 0; p < PLATFORMS; p++) {
        size_t n = world->platforms[p].shelf.n;
        memset(tally->exposures[p], 0, n * sizeof *tally->exposures[p]);
        memset(tally->engagements[p], 0, n * sizeof *tally->engagements[p]);
        memset(tally->actions[p], 0, n * ACTIONS * sizeof *tally->actions[p]);
        tally->traffic[p] = (struct traffic){0};
    }
}

void tally_destroy(struct tally *tally) {
    for (int p = 0; p < PLATFORMS; p++) {
        free(tally->exposures[p]);
        free(tally->engagements[p]);
        free(tally->actions[p]);
    }
    *tally = (struct tally){0};
}

static void add_traffic(struct traffic *sum, const struct traffic *traffic) {
    sum->sessions += traffic->sessions;
    for (size_t k = 0; k < WORLD_CLASSES; k++)
        sum->by_class[k] += traffic->by_class[k];
    sum->unchosen += traffic->unchosen;
    sum->utility += traffic->utility;
    for (size_t k = 0; k < WORLD_LANGUAGES; k++) {
        sum->languages[k].sessions += traffic->languages[k].sessions;
        sum->languages[k].shown += traffic->languages[k].shown;
        sum->languages[k].own += traffic->languages[k].own;
        sum->languages[k].utility += traffic->languages[k].utility;
    }
}

void world_absorb(struct world *world, const struct tally *tally) {
    for (int p = 0; p < PLATFORMS; p++) {
        struct platform *platform = &world->platforms[p];
        const struct shelf *shelf = &platform->shelf;
        for (size_t position = 0; position < shelf->n; position++) {
            uint32_t item = shelf->items[position];
            world->items.exposures[p][item] += tally->exposures[p][position];
            world->items.engagements[p][item] += tally->engagements[p][position];
            world->creators.exposures[p][shelf->creators[position]] +=
                tally->exposures[p][position];
            world->creators.engagements[p][shelf->creators[position]] +=
                tally->engagements[p][position];
            for (size_t a = 0; a < ACTIONS; a++)
                world->items.actions[p][item * ACTIONS + a] +=
                    tally->actions[p][position * ACTIONS + a];
        }
        add_traffic(&platform->period, &tally->traffic[p]);
        add_traffic(&platform->so_far, &tally->traffic[p]);
    }
}

/* ---- Followers ------------------------------------------------------------------------------- */

bool world_follows(const struct world *world, size_t u, int platform, uint32_t creator) {
    const struct users *users = &world->users;
    size_t most = (size_t)world->settings.parameters.follows;
    size_t n = users_following(users, u, platform, most);
    for (size_t i = 0; i < n; i++)
        if (users->follows[platform][u * most + i] == creator)
            return true;
    return false;
}

void world_follow(struct world *world, size_t u, int platform, uint32_t creator) {
    struct users *users = &world->users;
    size_t most = (size_t)world->settings.parameters.follows;
    if (most == 0 || world_follows(world, u, platform, creator))
        return;
    users->follows[platform][u * most + users->followed[platform][u]++ % most] = creator;
}

/* ---- What users saw ---------------------------------------------------------------------------
 */

/* Items in the order of publication, from 1 on. It starts again after 2^32, long after an item of
 * the same number could be shown. */
static uint32_t serial_of(const struct world *world, size_t item) {
    uint64_t generation = world->creators.n * (uint64_t)world->settings.parameters.items;
    uint64_t born = world->step - world_age(world, item);
    return (uint32_t)(born * generation + item % generation + 1);
}

bool world_seen(const struct world *world, size_t u, int platform, size_t item) {
    const struct users *users = &world->users;
    size_t most = (size_t)world->settings.parameters.seen;
    size_t n = users->shown[platform][u] < most ? users->shown[platform][u] : most;
    uint32_t serial = n > 0 ? serial_of(world, item) : 0;
    for (size_t i = 0; i < n; i++)
        if (users->seen[platform][u * most + i] == serial)
            return true;
    return false;
}

void world_see(struct world *world, size_t u, int platform, size_t item) {
    struct users *users = &world->users;
    size_t most = (size_t)world->settings.parameters.seen;
    if (most > 0)
        users->seen[platform][u * most + users->shown[platform][u]++ % most] =
            serial_of(world, item);
}

/* ---- Followers ------------------------------------------------------------------------------- */

/* Each thread counts in a part of the users, for itself. */
struct counting {
    const struct world *world;
    int platform;
    size_t parts;
    uint32_t *counts; /* [parts][creators] */
};

static int count_part(void *context, size_t part, int worker, struct error *err) {
    (void)worker, (void)err;
    const struct counting *counting = context;
    const struct world *world = counting->world;
    const struct users *users = &world->users;
    size_t most = (size_t)world->settings.parameters.follows, end;
    uint32_t *counts = counting->counts + part * world->creators.n;
    end = (part + 1) * users->n / counting->parts;
    for (size_t u = part * users->n / counting->parts; u < end; u++) {
        if (!home_on(users->homes[u], counting->platform))
            continue;
        size_t n = users_following(users, u, counting->platform, most);
        for (size_t i = 0; i < n; i++)
            counts[users->follows[counting->platform][u * most + i]]++;
    }
    return 0;
}

static int count_followers(struct world *world, int p, struct error *err) {
    size_t n = world->creators.n, parts = world->threads > 1 ? (size_t)world->threads : 1;
    uint32_t *counts = calloc(parts * n, sizeof *counts), *followers = world->creators.followers[p];
    if (!counts)
        return error_memory(err);
    struct counting counting = {world, p, parts, counts};
    int code = workers_run(world->threads, parts, count_part, &counting, err);
    for (size_t c = 0; c < n; c++) {
        followers[c] = counts[c];
        for (size_t part = 1; part < parts; part++)
            followers[c] += counts[part * n + c];
    }
    free(counts);
    return code;
}

int world_end_step(struct world *world, struct error *err) {
    struct creators *creators = &world->creators;
    double recency = world->step == 0 ? 1 : world->settings.parameters.recency;
    for (int p = 0; p < PLATFORMS; p++)
        if (count_followers(world, p, err))
            return err->code;
    for (size_t c = 0; c < creators->n; c++) {
        double seen =
            (double)(creators->exposures[PLATFORM_A][c] + creators->exposures[PLATFORM_B][c]);
        creators->audience[c] += recency * (seen - creators->audience[c]);
    }
    return 0;
}

/* Whole multiples of WORLD_UTILITY, in any order. */
struct contentment {
    const struct world *world;
    int platform;
    atomic_llong sum, n;
};

static void add_satisfaction(void *context, size_t begin, size_t end) {
    struct contentment *all = context;
    const struct world *world = all->world;
    const double *satisfaction = world->users.satisfaction[all->platform];
    int64_t sum = 0, n = 0;
    for (size_t u = begin; u < end; u++) {
        if (!home_on(world->users.homes[u], all->platform) || isnan(satisfaction[u]))
            continue;
        sum += llrint(satisfaction[u] / WORLD_UTILITY);
        n++;
    }
    atomic_fetch_add(&all->sum, sum);
    atomic_fetch_add(&all->n, n);
}

double world_satisfaction(const struct world *world, int platform) {
    struct contentment all = {.world = world, .platform = platform};
    spans_run(world->threads, world->users.n, add_satisfaction, &all);
    double n = (double)atomic_load(&all.n);
    return n > 0 ? (double)atomic_load(&all.sum) * WORLD_UTILITY / n : 0;
}
