/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of active days: hash tables of blocks of 64 days, united part by part and sorted. */
#include "users/active-days.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

/* ---- Adding ---------------------------------------------------------------------------------- */

enum { FIRST_SLOTS = 16 };

/* The high bits of the product depend on all bits of the key. */
static size_t slot_of(uint64_t key, size_t size) {
    uint64_t mixed = key * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (size - 1);
}

/* The block of this key, or the free slot where it belongs. */
static struct active_block *find(struct active_block *slots, size_t size, uint64_t key) {
    for (size_t i = slot_of(key, size);; i = (i + 1) & (size - 1))
        if (slots[i].days == 0 || slots[i].key == key)
            return &slots[i];
}

static int grow(struct active_set_part *part, struct error *err) {
    const size_t size = part->size ? 2 * part->size : FIRST_SLOTS;
    struct active_block *slots = calloc(size, sizeof *slots);
    if (!slots)
        return error_memory(err);
    for (size_t i = 0; i < part->size; i++)
        if (part->slots[i].days != 0)
            *find(slots, size, part->slots[i].key) = part->slots[i];
    free(part->slots);
    part->slots = slots;
    part->size = size;
    return 0;
}

static int find_user(struct active_days *set, struct text user, struct error *err) {
    if (set->user.bytes && text_equal(user, set->user))
        return 0;
    /* Not the bits by which a dictionary chooses its slots: all users of a part share these. */
    set->part = XXH3_64bits(user.bytes, user.length) % ACTIVE_DAYS_PARTS;
    struct dictionary *users = &set->parts[set->part].users;
    if (dictionary_add(users, user, &set->user_code, err))
        return err->code;
    if (set->user_code >= ACTIVE_DAYS_CODES)
        return error_set(err, ERROR_DATA, "more than %u users in one of %d parts, expected fewer",
                         ACTIVE_DAYS_CODES, ACTIVE_DAYS_PARTS);
    set->user = dictionary_name(users, set->user_code);
    return 0;
}

static int check_platforms(const struct dictionary *platforms, struct error *err) {
    if (platforms->count <= ACTIVE_DAYS_CODES)
        return 0;
    return error_set(err, ERROR_DATA, "more than %u platforms, expected fewer", ACTIVE_DAYS_CODES);
}

static int find_platform(struct active_days *set, struct text platform, struct error *err) {
    if (set->platform.bytes && text_equal(platform, set->platform))
        return 0;
    if (dictionary_add(&set->platforms, platform, &set->platform_code, err) ||
        check_platforms(&set->platforms, err))
        return err->code;
    set->platform = dictionary_name(&set->platforms, set->platform_code);
    return 0;
}

int active_days_add(struct active_days *set, struct text user, struct text platform, int32_t day,
                    struct error *err) {
    if (find_user(set, user, err) || find_platform(set, platform, err))
        return err->code;
    struct active_set_part *part = &set->parts[set->part];
    if (part->used >= part->size / 4 * 3 && grow(part, err)) /* so it is at first, with no slots */
        return err->code;
    const uint32_t since = (uint32_t)(day - CALENDAR_MIN_DAY);
    const uint64_t key =
        (uint64_t)set->user_code << 40 | (uint64_t)set->platform_code << 16 | since / 64;
    struct active_block *block = find(part->slots, part->size, key);
    part->used += block->days == 0;
    block->key = key;
    block->days |= UINT64_C(1) << since % 64;
    return 0;
}

static void set_part_free(struct active_set_part *part) {
    dictionary_free(&part->users);
    free(part->slots);
    *part = (struct active_set_part){0};
}

void active_days_free(struct active_days *set) {
    for (size_t i = 0; i < ACTIVE_DAYS_PARTS; i++)
        set_part_free(&set->parts[i]);
    dictionary_free(&set->platforms);
    *set = (struct active_days){0};
}

/* ---- Uniting --------------------------------------------------------------------------------- */

/* order[rank] = code, and the other way round; the caller frees both, also on failure. */
static int rank_names(const struct dictionary *names, uint32_t **ret_order, uint32_t **ret_ranks,
                      struct error *err) {
    *ret_order = malloc((names->count + 1) * sizeof **ret_order);
    *ret_ranks = malloc((names->count + 1) * sizeof **ret_ranks);
    if (!*ret_order || !*ret_ranks)
        return error_memory(err);
    dictionary_order(names, *ret_order);
    for (uint32_t rank = 0; rank < names->count; rank++)
        (*ret_ranks)[(*ret_order)[rank]] = rank;
    return 0;
}

/* codes[code in `from`] = code in `into`; the caller frees them, also on failure. */
static int merge_names(struct dictionary *into, const struct dictionary *from, uint32_t **ret_codes,
                       struct error *err) {
    *ret_codes = malloc((from->count + 1) * sizeof **ret_codes);
    return *ret_codes ? dictionary_merge(into, from, *ret_codes, err) : error_memory(err);
}

int active_platforms_unite(struct active_days *const *sets, size_t n, struct active_platforms *ret,
                           struct error *err) {
    *ret = (struct active_platforms){.ranks = calloc(n + 1, sizeof *ret->ranks), .n_sets = n};
    if (!ret->ranks)
        return error_memory(err);
    uint32_t *ranks = NULL;
    int status = 0;
    for (size_t s = 0; s < n && !status; s++)
        status = merge_names(&ret->names, &sets[s]->platforms, &ret->ranks[s], err);
    if (!status)
        status = check_platforms(&ret->names, err);
    if (!status)
        status = rank_names(&ret->names, &ret->order, &ranks, err);
    for (size_t s = 0; s < n && !status; s++)
        for (uint32_t code = 0; code < sets[s]->platforms.count; code++)
            ret->ranks[s][code] = ranks[ret->ranks[s][code]];
    free(ranks);
    if (status)
        active_platforms_free(ret);
    return status;
}

struct text active_platform_name(const struct active_platforms *platforms, uint32_t rank) {
    return dictionary_name(&platforms->names, platforms->order[rank]);
}

void active_platforms_free(struct active_platforms *platforms) {
    dictionary_free(&platforms->names);
    free(platforms->order);
    for (size_t s = 0; platforms->ranks && s < platforms->n_sets; s++)
        free(platforms->ranks[s]);
    free(platforms->ranks);
    *platforms = (struct active_platforms){0};
}

/* Appends the blocks of one set, with the users' codes in common and the platforms' ranks. */
static void take_blocks(const struct active_set_part *from, const uint32_t *users,
                        const uint32_t *platforms, struct active_part *into) {
    for (size_t i = 0; i < from->size; i++) {
        const struct active_block *block = &from->slots[i];
        if (block->days == 0)
            continue;
        const uint64_t user = users[active_block_user(block)];
        const uint64_t platform = platforms[active_block_platform(block)];
        into->blocks[into->n++] = (struct active_block){
            user << 40 | platform << 16 | (block->key & UINT16_MAX), block->days};
    }
}

static int by_key(const void *a, const void *b) {
    const struct active_block *x = a, *y = b;
    return (x->key > y->key) - (x->key < y->key);
}

/* Blocks of one key, from different sets, become one. */
static void unite_equal(struct active_part *part) {
    size_t kept = 0;
    for (size_t i = 0; i < part->n; i++)
        if (kept > 0 && part->blocks[kept - 1].key == part->blocks[i].key)
            part->blocks[kept - 1].days |= part->blocks[i].days;
        else
            part->blocks[kept++] = part->blocks[i];
    part->n = kept;
}

static int sort_blocks(struct active_part *part, struct error *err) {
    const uint64_t rest = (UINT64_C(1) << 40) - 1;
    uint32_t *ranks = NULL;
    const int status = rank_names(&part->users, &part->order, &ranks, err);
    for (size_t i = 0; i < part->n && !status; i++) {
        struct active_block *block = &part->blocks[i];
        block->key = (uint64_t)ranks[active_block_user(block)] << 40 | (block->key & rest);
    }
    free(ranks);
    if (!status) {
        qsort(part->blocks, part->n, sizeof *part->blocks, by_key);
        unite_equal(part);
    }
    return status;
}

int active_days_unite(struct active_days *const *sets, size_t n,
                      const struct active_platforms *platforms, size_t number,
                      struct active_part *ret, struct error *err) {
    size_t most = 1;
    for (size_t s = 0; s < n; s++)
        most += sets[s]->parts[number].used;
    *ret = (struct active_part){.blocks = malloc(most * sizeof *ret->blocks)};
    if (!ret->blocks)
        return error_memory(err);
    int status = 0;
    for (size_t s = 0; s < n && !status; s++) {
        struct active_set_part *part = &sets[s]->parts[number];
        uint32_t *codes = NULL;
        status = merge_names(&ret->users, &part->users, &codes, err);
        if (!status)
            take_blocks(part, codes, platforms->ranks[s], ret);
        free(codes);
        set_part_free(part);
    }
    if (!status && ret->users.count > ACTIVE_DAYS_CODES)
        status = error_set(err, ERROR_DATA, "more than %u users in one of %d parts, expected fewer",
                           ACTIVE_DAYS_CODES, ACTIVE_DAYS_PARTS);
    if (!status)
        status = sort_blocks(ret, err);
    if (status)
        active_part_free(ret);
    return status;
}

struct text active_user_name(const struct active_part *part, uint32_t rank) {
    return dictionary_name(&part->users, part->order[rank]);
}

void active_part_free(struct active_part *part) {
    dictionary_free(&part->users);
    free(part->order);
    free(part->blocks);
    *part = (struct active_part){0};
}
