/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of revenue: a log given as text, read as accounts.
 *
 *     struct accounts *accounts = accounts_of("user,platform,date,revenue\nu,A,2025-01-31,1\n",
 *                                             &options);
 *     accounts_destroy(accounts);
 *
 * Needs the folder of tests/lib/tables.h.
 */
#ifndef TESTS_ACCOUNTS_H
#define TESTS_ACCOUNTS_H

#include "revenue/accounts.h"
#include "tables.h"

/* What accounts_read says of it; the file is called log.csv. */
static inline int accounts_try(const char *csv, const struct accounts_options *options,
                               struct accounts **ret, struct error *err) {
    const char *path = tables_write("log.csv", text_of(csv));
    const struct table_options how = {.files = &path, .n_files = 1, .threads = options->threads};
    struct table *table;
    *ret = NULL;
    assert_int_equal(table_open(&table, &how, err), 0);
    const int code = accounts_read(table, options, ret, err);
    table_close(table);
    return code;
}

static inline struct accounts *accounts_of(const char *csv,
                                           const struct accounts_options *options) {
    struct accounts *accounts;
    struct error err = {0};
    if (accounts_try(csv, options, &accounts, &err))
        fail_msg("%s", err.text);
    return accounts;
}

#endif
