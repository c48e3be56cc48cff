/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Loops over users or creators, shared by several threads.
 *
 *     static void greet(void *context, size_t begin, size_t end);   // numbers begin to end - 1
 *     spans_run(world->threads, world->users.n, greet, &guests);
 *
 * For what each user or creator does by themselves: nothing may depend on where a span ends or
 * which one comes first. What is counted is counted in integers, for the span, and then added to
 * the whole under a lock or by an atomic addition.
 */
#ifndef RANKING_SPANS_H
#define RANKING_SPANS_H

#include <stddef.h>

typedef void spans_work(void *context, size_t begin, size_t end);

/* Does all of 0 to n - 1. It cannot fail: without memory for threads the caller's does it all. */
void spans_run(int threads, size_t n, spans_work *work, void *context);

#endif
