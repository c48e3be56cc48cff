/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arenas: many small allocations, freed together.
 *
 *     struct arena names = {0};
 *     const char *copy = arena_text(&names, bytes, length);
 *     arena_free(&names);
 *
 * Not safe for two threads at once: give each its own.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena_block;

/* Zero-initialise. */
struct arena {
    struct arena_block *last;
};

/* `size` bytes, zeroed, aligned for any type; NULL when memory is out. Lives until arena_free or
 * arena_clear. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of length bytes, with a NUL behind it; NULL when memory is out. */
char *arena_text(struct arena *arena, const char *bytes, size_t length);

void arena_clear(struct arena *arena); /* forgets the contents, keeps one block to use again */
void arena_free(struct arena *arena);

#endif
