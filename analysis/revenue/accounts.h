/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Single users, one by one: what each paid in each period and place, how long they were there, what
 * they saw.
 *
 *     const struct accounts_options options = {.period = PERIOD_MONTH, .threads = 4};
 *     struct accounts *accounts;
 *     if (accounts_read(table, &options, &accounts, err)) ...
 *     if (accounts_each(accounts, 4, visit, context, err)) ...   // as often as one likes
 *     accounts_destroy(accounts);
 *
 * A log is a row an activity: `user,platform,date,revenue` and, if it has them, `minutes` and
 * `views`. Sums are exact. A place is a platform and the values of the grouping columns; places are
 * numbered by name. Users are told apart by a hash of 98 bits (base/ledger.h), and are visited
 * in the order of it, in 256 parts: each part is one task, its users always come in the same order,
 * so a sum over the users of a part, and then over the parts, has the same digits for any number of
 * threads.
 *
 * Memory: while reading 32 to 48 bytes for each measure of each user, place and period; afterwards
 * 48 bytes for each user, place and period.
 */
#ifndef REVENUE_ACCOUNTS_H
#define REVENUE_ACCOUNTS_H

#include "base/calendar.h"
#include "base/ledger.h"
#include "table/table.h"
#include <stdbool.h>

enum { ACCOUNT_GROUPS = 2 };

enum account_measure { ACCOUNT_REVENUE, ACCOUNT_MINUTES, ACCOUNT_VIEWS, ACCOUNT_MEASURES };

struct accounts_options {
    enum period_kind period;
    const char *groups[ACCOUNT_GROUPS]; /* columns that part platforms into places; NULL: none */
    bool revenue_alone;                 /* minutes and views are not kept */
    int threads;
};

struct account_place {
    struct text platform;
    struct text groups[ACCOUNT_GROUPS]; /* empty without one */
};

/* One user in one place and period. */
struct account_entry {
    uint64_t user;      /* hash of the name */
    uint32_t user_rest; /* 26 bits more */
    int32_t period;     /* index, see base/calendar.h */
    uint32_t place;
    decimal of[ACCOUNT_MEASURES]; /* 0 for a measure that the log lacks */
};

struct accounts_part {
    struct account_entry *entries; /* by user, place and period */
    size_t count;
};

struct accounts {
    enum period_kind kind;
    bool has[ACCOUNT_MEASURES];
    struct account_place *places;
    size_t n_places;
    int32_t first, last; /* periods of the whole log; first > last without rows */
    int32_t first_day, last_day;
    uint64_t without_revenue; /* rows whose revenue is empty */
    struct text currency;
    struct accounts_part parts[LEDGER_PARTS];
    void *inside;
};

/* Binds the columns and reads the open table as a fold. ERROR_DATA for several currencies in a
 * column `currency`, negative minutes or views, more than LEDGER_CELLS places, amounts out of
 * range. accounts_destroy what comes back. */
int accounts_read(struct table *table, const struct accounts_options *options,
                  struct accounts **ret, struct error *err);
void accounts_destroy(struct accounts *accounts); /* NULL is fine */

/* One user: entries[0] to entries[n - 1]. Called by any of the threads; users of one part by one
 * thread, in order. */
typedef int accounts_visit(void *context, size_t part, int worker,
                           const struct account_entry *entries, size_t n, struct error *err);
int accounts_each(const struct accounts *accounts, int threads, accounts_visit *visit,
                  void *context, struct error *err);

/* A number that draws of a user may hang on: the same for the same name in any log. */
static inline uint32_t account_entity(const struct account_entry *entry) {
    return (uint32_t)(entry->user >> 32);
}
static inline uint32_t account_step(const struct account_entry *entry) {
    return (uint32_t)entry->user;
}
static inline bool account_same_user(const struct account_entry *a, const struct account_entry *b) {
    return a->user == b->user && a->user_rest == b->user_rest;
}

#endif
