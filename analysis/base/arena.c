/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Many small allocations in a chain of growing blocks. */
#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct arena_block {
    struct arena_block *previous;
    size_t used;
    size_t size;
    alignas(max_align_t) unsigned char bytes[];
};

enum {
    FIRST_BLOCK = 4096,
    LARGEST_BLOCK = 1 << 20, /* larger only for a single item that needs it */
};

static struct arena_block *new_block(size_t size) {
    if (size > PTRDIFF_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->previous = NULL;
    block->used = 0;
    block->size = size;
    return block;
}

/* A block with `size` free bytes. One that serves a single large item goes behind the current
 * block, whose rest stays in use. */
static struct arena_block *add_block(struct arena *arena, size_t size) {
    struct arena_block *last = arena->last;
    size_t usual = !last ? FIRST_BLOCK : 2 * last->size;
    if (usual > LARGEST_BLOCK)
        usual = LARGEST_BLOCK;
    if (usual < FIRST_BLOCK)
        usual = FIRST_BLOCK;
    struct arena_block *block = new_block(size > usual / 4 ? size : usual);
    if (!block)
        return NULL;
    if (last && size > usual / 4) {
        block->previous = last->previous;
        last->previous = block;
    } else {
        block->previous = last;
        arena->last = block;
    }
    return block;
}

static void *take(struct arena *arena, size_t size, size_t alignment) {
    struct arena_block *block = arena->last;
    size_t start = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;
    if (!block || start > block->size || size > block->size - start) {
        block = add_block(arena, size);
        start = 0;
    }
    if (!block)
        return NULL;
    block->used = start + size;
    return block->bytes + start;
}

void *arena_alloc(struct arena *arena, size_t size) {
    void *memory = take(arena, size > 0 ? size : 1, alignof(max_align_t));
    if (memory)
        memset(memory, 0, size);
    return memory;
}

char *arena_text(struct arena *arena, const char *bytes, size_t length) {
    if (length == SIZE_MAX)
        return NULL;
    char *text = take(arena, length + 1, 1);
    if (!text)
        return NULL;
    if (length > 0)
        memcpy(text, bytes, length);
    text[length] = '\0';
    return text;
}

static void free_chain(struct arena_block *block) {
    while (block) {
        struct arena_block *previous = block->previous;
        free(block);
        block = previous;
    }
}

void arena_clear(struct arena *arena) {
    if (!arena->last)
        return;
    free_chain(arena->last->previous);
    arena->last->previous = NULL;
    arena->last->used = 0;
}

void arena_free(struct arena *arena) {
    free_chain(arena->last);
    arena->last = NULL;
}
