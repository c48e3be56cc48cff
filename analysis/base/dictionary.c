/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Texts to codes by open addressing with linear probing, at most half full. */
#include "base/dictionary.h"

#define XXH_INLINE_ALL /* most texts are short: the call would cost as much as the hash */
#include "base/buffer.h"
#include <stdlib.h>
#include <xxhash.h>

/* A slot holds 32 bits of the hash and code + 1; 0 is empty. The same 32 bits choose the slot, so
 * that the table grows without touching the texts; they address up to 2^32 slots. */
enum { FIRST_SLOTS = 64 };
#define MOST_SLOTS (UINT64_C(1) << 32)

static uint32_t hash_of(struct text name) {
    return (uint32_t)(XXH3_64bits(name.bytes, name.length) >> 32);
}

static uint32_t slot_hash(uint64_t slot) {
    return (uint32_t)(slot >> 32);
}

static uint32_t slot_code(uint64_t slot) {
    return (uint32_t)slot - 1;
}

/* The slot of this name, or the empty one where it belongs. */
static uint64_t *seek(const struct dictionary *dictionary, struct text name, uint32_t hash) {
    size_t mask = dictionary->n_slots - 1;
    for (size_t i = hash & mask;; i = (i + 1) & mask) {
        uint64_t *slot = &dictionary->slots[i];
        if (*slot == 0)
            return slot;
        if (slot_hash(*slot) == hash && text_equal(dictionary->names[slot_code(*slot)], name))
            return slot;
    }
}

static int grow(struct dictionary *dictionary, struct error *err) {
    size_t n_slots = dictionary->n_slots == 0 ? FIRST_SLOTS : 2 * dictionary->n_slots;
    if (n_slots > MOST_SLOTS)
        return error_set(err, ERROR_SYSTEM, "more than %u different names in one column",
                         dictionary->count);
    uint64_t *slots = calloc(n_slots, sizeof *slots);
    if (!slots)
        return error_memory(err);
    for (size_t i = 0; i < dictionary->n_slots; i++) {
        uint64_t slot = dictionary->slots[i];
        if (slot == 0)
            continue;
        size_t at = slot_hash(slot) & (n_slots - 1);
        while (slots[at] != 0)
            at = (at + 1) & (n_slots - 1);
        slots[at] = slot;
    }
    free(dictionary->slots);
    dictionary->slots = slots;
    dictionary->n_slots = n_slots;
    return 0;
}

int dictionary_add(struct dictionary *dictionary, struct text name, uint32_t *ret_code,
                   struct error *err) {
    uint32_t hash = hash_of(name);
    uint64_t *slot = dictionary->n_slots > 0 ? seek(dictionary, name, hash) : NULL;
    if (slot && *slot != 0) {
        *ret_code = slot_code(*slot);
        return 0;
    }
    uint32_t code = dictionary->count;
    int status = array_reserve((void **)&dictionary->names, &dictionary->capacity, (size_t)code + 1,
                               sizeof *dictionary->names, err);
    if (status)
        return status;
    if (((uint64_t)code + 1) * 2 > dictionary->n_slots) {
        status = grow(dictionary, err);
        if (status)
            return status;
        slot = seek(dictionary, name, hash);
    }
    const char *copy = arena_text(&dictionary->arena, name.bytes, name.length);
    if (!copy)
        return error_memory(err);
    dictionary->names[code] = (struct text){copy, name.length};
    *slot = (uint64_t)hash << 32 | (uint64_t)(code + 1);
    dictionary->count++;
    *ret_code = code;
    return 0;
}

bool dictionary_find(const struct dictionary *dictionary, struct text name, uint32_t *ret_code) {
    if (dictionary->n_slots == 0)
        return false;
    uint64_t slot = *seek(dictionary, name, hash_of(name));
    if (slot == 0)
        return false;
    *ret_code = slot_code(slot);
    return true;
}

struct text dictionary_name(const struct dictionary *dictionary, uint32_t code) {
    return dictionary->names[code];
}

int dictionary_merge(struct dictionary *into, const struct dictionary *from, uint32_t *ret_codes,
                     struct error *err) {
    for (uint32_t code = 0; code < from->count; code++) {
        uint32_t merged;
        int status = dictionary_add(into, from->names[code], &merged, err);
        if (status)
            return status;
        if (ret_codes)
            ret_codes[code] = merged;
    }
    return 0;
}

static int compare_codes(const void *a, const void *b, void *names) {
    const struct text *texts = names;
    return text_compare(texts[*(const uint32_t *)a], texts[*(const uint32_t *)b]);
}

void dictionary_order(const struct dictionary *dictionary, uint32_t *order) {
    if (dictionary->count == 0)
        return;
    for (uint32_t code = 0; code < dictionary->count; code++)
        order[code] = code;
    qsort_r(order, dictionary->count, sizeof *order, compare_codes, dictionary->names);
}

int dictionary_ranks(const struct dictionary *dictionary, uint32_t **ret_order,
                     uint32_t **ret_ranks, struct error *err) {
    uint32_t *order = malloc((dictionary->count + (size_t)1) * sizeof *order);
    uint32_t *ranks = calloc(dictionary->count + (size_t)1, sizeof *ranks);
    *ret_order = order;
    *ret_ranks = ranks;
    if (!order || !ranks)
        return error_memory(err);
    dictionary_order(dictionary, order);
    for (uint32_t i = 0; i < dictionary->count; i++)
        ranks[order[i]] = i;
    return 0;
}

void dictionary_free(struct dictionary *dictionary) {
    arena_free(&dictionary->arena);
    free(dictionary->names);
    free(dictionary->slots);
    *dictionary = (struct dictionary){0};
}
