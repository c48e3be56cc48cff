/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dictionaries: texts to small numbers, in the order they were first seen.
 *
 *     struct dictionary platforms = {0};
 *     uint32_t code;
 *     if (dictionary_add(&platforms, text_of("TikTok"), &code, err)) ...   // 0
 *     struct text name = dictionary_name(&platforms, code);
 *     dictionary_free(&platforms);
 *
 * Codes depend on the order of adding, so outputs sort by name: see dictionary_order.
 */
#ifndef BASE_DICTIONARY_H
#define BASE_DICTIONARY_H

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>
#include <stdint.h>

#define DICTIONARY_NONE UINT32_MAX /* no code: the reader uses it for a missing cell */

/* Zero-initialise. Owns copies of its texts. */
struct dictionary {
    struct arena arena;
    struct text *names;
    uint32_t count;
    size_t capacity;
    uint64_t *slots; /* open addressing, hash (high 32 bits) and code + 1 */
    size_t n_slots;
};

int dictionary_add(struct dictionary *dictionary, struct text name, uint32_t *ret_code,
                   struct error *err);
bool dictionary_find(const struct dictionary *dictionary, struct text name, uint32_t *ret_code);
struct text dictionary_name(const struct dictionary *dictionary, uint32_t code);

/* Adds every name of `from` to `into`; ret_codes[code in from] = code in into (may be NULL). */
int dictionary_merge(struct dictionary *into, const struct dictionary *from, uint32_t *ret_codes,
                     struct error *err);

/* order[rank] = code, by text_compare; `order` has room for count. */
void dictionary_order(const struct dictionary *dictionary, uint32_t *order);

/* The same in fresh memory, with its inverse: ranks[order[rank]] = rank. The caller frees both,
 * also after an error. */
int dictionary_ranks(const struct dictionary *dictionary, uint32_t **ret_order,
                     uint32_t **ret_ranks, struct error *err);

void dictionary_free(struct dictionary *dictionary);

#endif
