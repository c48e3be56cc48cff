/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of active days: hash tables of blocks of 64 days, united part by part and sorted. */
#include "users/active-days.h"

#define XXH_INLINE_ALL /* most names are short: the call would cost as much as the hash */
#include "base/buffer.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <xxhash.h>

/* ---- Users and blocks of one part ------------------------------------------------------------ */

enum { FIRST_SLOTS = 16 };

/* At most three quarters full; so it is at first, with no slots. */
static bool is_full(size_t used, size_t size) {
    return used >= size / 4 * 3;
}

/* Not the bits that choose the part. */
static size_t user_place(const struct active_set_part *part, uint64_t hash) {
    return (size_t)(hash >> 32) & (part->users_size - 1);
}

/* The slot of this user, or the free one where it belongs. */
static struct active_user *find_user(const struct active_set_part *part, struct text name,
                                     uint64_t hash) {
    for (size_t i = user_place(part, hash);; i = (i + 1) & (part->users_size - 1)) {
        struct active_user *user = &part->users[i];
        if (user->code_plus_one == 0 || (user->hash == hash && text_equal(user->name, name)))
            return user;
    }
}

static int grow_users(struct active_set_part *part, struct error *err) {
    struct active_set_part wider = *part;
    wider.users_size = part->users_size ? 2 * part->users_size : FIRST_SLOTS;
    wider.users = calloc(wider.users_size, sizeof *wider.users);
    if (!wider.users)
        return error_memory(err);
    for (size_t i = 0; i < part->users_size; i++)
        if (part->users[i].code_plus_one != 0)
            *find_user(&wider, part->users[i].name, part->users[i].hash) = part->users[i];
    free(part->users);
    part->users = wider.users;
    part->users_size = wider.users_size;
    return 0;
}

/* The user is in the low bits too when the high ones are folded over them, and the high half of the
 * product depends on all that is in the low half of the key. */
static size_t block_place(const struct active_set_part *part, uint64_t key) {
    const uint64_t mixed = (key ^ key >> 32) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(mixed >> 32) & (part->blocks_size - 1);
}

/* The block of this key, or the free slot where it belongs. */
static struct active_block *find_block(const struct active_set_part *part, uint64_t key) {
    for (size_t i = block_place(part, key);; i = (i + 1) & (part->blocks_size - 1))
        if (part->blocks[i].days == 0 || part->blocks[i].key == key)
            return &part->blocks[i];
}

static int grow_blocks(struct active_set_part *part, struct error *err) {
    struct active_set_part wider = *part;
    wider.blocks_size = part->blocks_size ? 2 * part->blocks_size : FIRST_SLOTS;
    wider.blocks = calloc(wider.blocks_size, sizeof *wider.blocks);
    if (!wider.blocks)
        return error_memory(err);
    for (size_t i = 0; i < part->blocks_size; i++)
        if (part->blocks[i].days != 0)
            *find_block(&wider, part->blocks[i].key) = part->blocks[i];
    free(part->blocks);
    part->blocks = wider.blocks;
    part->blocks_size = wider.blocks_size;
    return 0;
}

static void set_part_free(struct active_set_part *part) {
    free(part->users);
    free(part->blocks);
    *part = (struct active_set_part){0};
}

void active_days_free(struct active_days *set) {
    for (size_t i = 0; i < ACTIVE_DAYS_PARTS; i++)
        set_part_free(&set->parts[i]);
    arena_free(&set->names);
    dictionary_free(&set->platforms);
    partition_deal_free(&set->deal);
    free(set->rows);
    free(set->row_parts);
    free(set->store_codes);
    *set = (struct active_days){0};
}

/* What all sets share: each part and its names are under the lock of the partition. */
struct active_store {
    struct partition *partition;
    struct active_set_part parts[ACTIVE_DAYS_PARTS];
    struct arena names[ACTIVE_DAYS_PARTS];
    pthread_mutex_t lock; /* for the platforms */
    struct dictionary platforms;
};

int active_store_create(struct active_store **ret, struct error *err) {
    struct active_store *store = calloc(1, sizeof *store);
    if (!store)
        return error_memory(err);
    if (partition_create(&store->partition, err)) {
        free(store);
        return err->code;
    }
    pthread_mutex_init(&store->lock, NULL);
    *ret = store;
    return 0;
}

void active_store_destroy(struct active_store *store) {
    if (!store)
        return;
    for (size_t i = 0; i < ACTIVE_DAYS_PARTS; i++) {
        set_part_free(&store->parts[i]);
        arena_free(&store->names[i]);
    }
    dictionary_free(&store->platforms);
    partition_destroy(store->partition);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

/* ---- Adding ---------------------------------------------------------------------------------- */

/* A row on its way: met, then with its memory on the way too, then added. Each step waits for some
 * rows, so that memory has the time it takes. */
enum { FETCH_AFTER = 8, ADD_AFTER = 16, ON_THE_WAY = 32 };

struct active_row {
    struct text user;
    uint64_t hash;
    uint64_t platform_and_block; /* the key without its user */
    uint64_t day;                /* one bit */
};

static int check_platforms(const struct dictionary *platforms, struct error *err) {
    if (platforms->count <= ACTIVE_DAYS_CODES)
        return 0;
    return error_set(err, ERROR_DATA, "more than %u platforms, expected fewer", ACTIVE_DAYS_CODES);
}

static int check_users(size_t users, struct error *err) {
    if (users <= ACTIVE_DAYS_CODES)
        return 0;
    return error_set(err, ERROR_DATA, "more than %u users in one of %d parts, expected fewer",
                     ACTIVE_DAYS_CODES, ACTIVE_DAYS_PARTS);
}

/* The store's code of the platform that is met for the first time in this set, as its last one. */
static int add_to_store(struct active_days *set, struct text platform, struct error *err) {
    const uint32_t code = set->platforms.count - 1;
    if (array_reserve((void **)&set->store_codes, &set->codes_capacity, (size_t)code + 1,
                      sizeof *set->store_codes, err))
        return err->code;
    pthread_mutex_lock(&set->store->lock);
    int status = dictionary_add(&set->store->platforms, platform, &set->store_codes[code], err);
    if (!status)
        status = check_platforms(&set->store->platforms, err);
    pthread_mutex_unlock(&set->store->lock);
    return status;
}

static int find_platform(struct active_days *set, struct text platform, struct error *err) {
    if (set->platform.bytes && text_equal(platform, set->platform))
        return 0;
    const uint32_t known = set->platforms.count;
    uint32_t code;
    if (dictionary_add(&set->platforms, platform, &code, err) ||
        check_platforms(&set->platforms, err) ||
        (set->store && code == known && add_to_store(set, platform, err)))
        return err->code;
    set->platform = dictionary_name(&set->platforms, code);
    set->platform_code = set->store ? set->store_codes[code] : code;
    return 0;
}

static struct active_set_part *part_of(struct active_days *set, uint64_t hash) {
    return &set->parts[hash % ACTIVE_DAYS_PARTS];
}

static int meet(struct active_days *set, struct text user, struct text platform, int32_t day,
                struct active_row *ret, struct error *err) {
    if (find_platform(set, platform, err))
        return err->code;
    const uint32_t since = (uint32_t)(day - CALENDAR_MIN_DAY);
    ret->user = user;
    ret->hash = XXH3_64bits(user.bytes, user.length);
    ret->platform_and_block = (uint64_t)set->platform_code << 16 | since / 64;
    ret->day = UINT64_C(1) << since % 64;
    return 0;
}

static void fetch_user(const struct active_set_part *part, const struct active_row *row) {
    if (part->users)
        __builtin_prefetch(&part->users[user_place(part, row->hash)], 1);
}

/* Most users are met again; a hash that agrees is theirs, or nothing worse than memory fetched in
 * vain. */
static void fetch_block(const struct active_set_part *part, const struct active_row *row) {
    if (!part->users || !part->blocks)
        return;
    size_t at = user_place(part, row->hash);
    while (part->users[at].code_plus_one != 0 && part->users[at].hash != row->hash)
        at = (at + 1) & (part->users_size - 1);
    const struct active_user *user = &part->users[at];
    if (user->code_plus_one == 0)
        return;
    const uint64_t key = (uint64_t)(user->code_plus_one - 1) << 40 | row->platform_and_block;
    __builtin_prefetch(user->name.bytes);
    __builtin_prefetch(&part->blocks[block_place(part, key)], 1);
}

static int add_user(struct active_set_part *part, struct arena *names, const struct active_row *row,
                    uint32_t *ret_code, struct error *err) {
    if (is_full(part->n_users, part->users_size) && grow_users(part, err))
        return err->code;
    struct active_user *user = find_user(part, row->user, row->hash);
    if (user->code_plus_one == 0) {
        const char *name = arena_text(names, row->user.bytes, row->user.length);
        if (!name)
            return error_memory(err);
        if (check_users(part->n_users + 1, err))
            return err->code;
        *user =
            (struct active_user){row->hash, {name, row->user.length}, (uint32_t)++part->n_users};
    }
    *ret_code = user->code_plus_one - 1;
    return 0;
}

static int add(struct active_set_part *part, struct arena *names, const struct active_row *row,
               struct error *err) {
    uint32_t user = 0;
    if (add_user(part, names, row, &user, err) ||
        (is_full(part->n_blocks, part->blocks_size) && grow_blocks(part, err)))
        return err->code;
    const uint64_t key = (uint64_t)user << 40 | row->platform_and_block;
    struct active_block *block = find_block(part, key);
    part->n_blocks += block->days == 0;
    block->key = key;
    block->days |= row->day;
    return 0;
}

static int add_to_set(struct active_days *set, const struct text *users,
                      const struct text *platforms, const int32_t *days, size_t n,
                      struct error *err) {
    struct active_row rows[ON_THE_WAY] = {0};
    for (size_t i = 0; i < n + ADD_AFTER; i++) {
        if (i < n) {
            struct active_row *row = &rows[i % ON_THE_WAY];
            if (meet(set, users[i], platforms[i], days[i], row, err))
                return err->code;
            fetch_user(part_of(set, row->hash), row);
        }
        if (i >= FETCH_AFTER && i - FETCH_AFTER < n) {
            const struct active_row *row = &rows[(i - FETCH_AFTER) % ON_THE_WAY];
            fetch_block(part_of(set, row->hash), row);
        }
        if (i >= ADD_AFTER) {
            const struct active_row *row = &rows[(i - ADD_AFTER) % ON_THE_WAY];
            if (add(part_of(set, row->hash), &set->names, row, err))
                return err->code;
        }
    }
    return 0;
}

/* The same for the rows of one part of the store. */
static int add_part(void *context, size_t number, const uint32_t *numbers, size_t n,
                    struct error *err) {
    const struct active_days *set = context;
    struct active_set_part *part = &set->store->parts[number];
    for (size_t i = 0; i < n + ADD_AFTER; i++) {
        if (i < n)
            fetch_user(part, &set->rows[numbers[i]]);
        if (i >= FETCH_AFTER && i - FETCH_AFTER < n)
            fetch_block(part, &set->rows[numbers[i - FETCH_AFTER]]);
        if (i >= ADD_AFTER &&
            add(part, &set->store->names[number], &set->rows[numbers[i - ADD_AFTER]], err))
            return err->code;
    }
    return 0;
}

int active_days_add(struct active_days *set, const struct text *users, const struct text *platforms,
                    const int32_t *days, size_t n, struct error *err) {
    if (!set->store)
        return add_to_set(set, users, platforms, days, n, err);
    if (array_reserve((void **)&set->rows, &set->rows_capacity, n, sizeof *set->rows, err) ||
        array_reserve((void **)&set->row_parts, &set->parts_capacity, n, 1, err))
        return err->code;
    for (size_t i = 0; i < n; i++) {
        if (meet(set, users[i], platforms[i], days[i], &set->rows[i], err))
            return err->code;
        set->row_parts[i] = (uint8_t)(set->rows[i].hash % ACTIVE_DAYS_PARTS);
    }
    return partition_post(set->store->partition, &set->deal, set->row_parts, n, add_part, set, err);
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

static struct active_store *store_of(struct active_days *const *sets, size_t n) {
    return n > 0 ? sets[0]->store : NULL;
}

/* Of a set, or behind the last one of the store. */
static const struct dictionary *platforms_of(struct active_days *const *sets, size_t n, size_t s) {
    return s < n ? &sets[s]->platforms : &store_of(sets, n)->platforms;
}

int active_platforms_unite(struct active_days *const *sets, size_t n, struct active_platforms *ret,
                           struct error *err) {
    const size_t all = n + (store_of(sets, n) != NULL);
    *ret = (struct active_platforms){.ranks = calloc(all + 1, sizeof *ret->ranks), .n_sets = all};
    if (!ret->ranks)
        return error_memory(err);
    uint32_t *ranks = NULL;
    int status = 0;
    for (size_t s = 0; s < all && !status; s++)
        status = merge_names(&ret->names, platforms_of(sets, n, s), &ret->ranks[s], err);
    if (!status)
        status = check_platforms(&ret->names, err);
    if (!status)
        status = rank_names(&ret->names, &ret->order, &ranks, err);
    for (size_t s = 0; s < all && !status; s++)
        for (uint32_t code = 0; code < platforms_of(sets, n, s)->count; code++)
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

/* codes[code in the part] = code in `into`; the caller frees them, also on failure. */
static int merge_users(struct dictionary *into, const struct active_set_part *from,
                       uint32_t **ret_codes, struct error *err) {
    uint32_t *codes = *ret_codes = malloc((from->n_users + 1) * sizeof *codes);
    if (!codes)
        return error_memory(err);
    for (size_t i = 0; i < from->users_size; i++) {
        const struct active_user *user = &from->users[i];
        if (user->code_plus_one > 0 &&
            dictionary_add(into, user->name, &codes[user->code_plus_one - 1], err))
            return err->code;
    }
    return 0;
}

/* Appends the blocks of one set, with the users' codes in common and the platforms' ranks. */
static void take_blocks(const struct active_set_part *from, const uint32_t *users,
                        const uint32_t *platforms, struct active_part *into) {
    for (size_t i = 0; i < from->blocks_size; i++) {
        const struct active_block *block = &from->blocks[i];
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
    struct active_store *store = store_of(sets, n);
    const size_t all = n + (store != NULL);
    size_t most = 1;
    for (size_t s = 0; s < all; s++)
        most += (s < n ? sets[s]->parts : store->parts)[number].n_blocks;
    *ret = (struct active_part){.blocks = malloc(most * sizeof *ret->blocks)};
    if (!ret->blocks)
        return error_memory(err);
    int status = 0;
    for (size_t s = 0; s < all && !status; s++) {
        struct active_set_part *part = &(s < n ? sets[s]->parts : store->parts)[number];
        uint32_t *codes = NULL;
        status = merge_users(&ret->users, part, &codes, err);
        if (!status)
            take_blocks(part, codes, platforms->ranks[s], ret);
        free(codes);
        set_part_free(part);
    }
    if (store)
        arena_free(&store->names[number]);
    if (!status)
        status = check_users(ret->users.count, err);
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
