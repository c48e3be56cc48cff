/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of analysis/creators: a panel from a CSV text.
 *
 *     struct tiers tiers = {0};
 *     struct panel panel = {0};
 *     panels_tiers(&tiers, "low:0,high:10");
 *     panels_read(&panel, &(struct panel_options){.tiers = &tiers},
 * "creator,period,followers\n..."); size_t ada = panels_find(&panel, "ada");
 *
 * Files are those of tables.h, whose tables_setup and tables_teardown go with the group of tests.
 */
#ifndef TESTS_PANELS_H
#define TESTS_PANELS_H

#include "creators/panel.h"
#include "creators/tiers.h"
#include "tables.h"

static inline void panels_tiers(struct tiers *tiers, const char *list) {
    struct error err = {0};
    assert_int_equal(tiers_parse(tiers, list, TIERS_FOLLOWERS, &err), 0);
}

static inline void panels_read(struct panel *panel, const struct panel_options *asked,
                               const char *csv) {
    const char *path = tables_write("p.csv", text_of(csv));
    const struct table_options options = {.files = &path, .n_files = 1, .threads = 2};
    struct panel_options reading = *asked;
    struct table *table = NULL;
    struct error err = {0};
    reading.threads = 2;
    if (table_open(&table, &options, &err) || panel_read(table, &reading, panel, &err))
        fail_msg("%s", err.text);
    table_close(table);
}

static inline size_t panels_find(const struct panel *panel, const char *name) {
    size_t creator = 0;
    assert_true(panel_find(panel, text_of(name), &creator));
    return creator;
}

#endif
