/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tiers of creators. */
#include "creators/tiers.h"

#include "tables.h"

static void bounds_belong_to_the_tier_above(void **state) {
    (void)state;
    struct tiers tiers = {0};
    assert_int_equal(tiers_parse(&tiers, "small:10,large:20", TIERS_FOLLOWERS, NULL), 0);
    assert_int_equal(tiers.count, 2);
    assert_true(tiers_find(&tiers, 9) == TIERS_NONE);
    assert_true(tiers_find(&tiers, INT64_MIN) == TIERS_NONE);
    assert_int_equal(tiers_find(&tiers, 10), 0);
    assert_int_equal(tiers_find(&tiers, 19), 0);
    assert_int_equal(tiers_find(&tiers, 20), 1);
    assert_int_equal(tiers_find(&tiers, INT64_MAX), 1);
    tiers_free(&tiers);
    assert_int_equal(tiers.count, 0);
}

/* IAB UK, "Creator tiers": nano 1k+, micro 10k+, mid 50k+, macro 500k+, 1m+. */
static void default_leaves_nobody_out(void **state) {
    (void)state;
    static const struct {
        int64_t followers;
        const char *tier;
    } cases[] = {
        {0, "nano"},       {1000, "nano"},    {9999, "nano"},      {10000, "micro"},
        {49999, "micro"},  {50000, "mid"},    {499999, "mid"},     {500000, "macro"},
        {999999, "macro"}, {1000000, "mega"}, {600000000, "mega"},
    };
    struct tiers tiers = {0};
    assert_int_equal(tiers_parse(&tiers, TIERS_DEFAULT, TIERS_FOLLOWERS, NULL), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(tiers.names[tiers_find(&tiers, cases[i].followers)], cases[i].tier);
    tiers_free(&tiers);
}

static void names_may_be_in_any_script(void **state) {
    (void)state;
    struct tiers tiers = {0};
    assert_int_equal(
        tiers_parse(&tiers, " 尾部 : 0 , ratio 1:2 : 5,腰部:100000", TIERS_FOLLOWERS, NULL), 0);
    assert_string_equal(tiers.names[0], "尾部");
    assert_string_equal(tiers.names[1], "ratio 1:2"); /* the last colon divides */
    assert_string_equal(tiers.names[2], "腰部");
    assert_int_equal(tiers.from[2], 100000);
    tiers_free(&tiers);
}

static void refuses(const char *list, const char *message) {
    struct tiers tiers = {0};
    struct error err = {0};
    assert_int_equal(tiers_parse(&tiers, list, TIERS_FOLLOWERS, &err), ERROR_USAGE);
    assert_string_equal(err.text, message);
    tiers_free(&tiers);
}

static void wrong_lists_are_refused(void **state) {
    (void)state;
    refuses("a:0,b:10,c:10",
            "tier 'c' begins at 10, expected more than the 10 of tier 'b' before it");
    refuses("a:100,b:10",
            "tier 'b' begins at 10, expected more than the 100 of tier 'a' before it");
    refuses("a:0,b:10,a:20", "tier 'a' stands twice, expected different names");
    refuses("a:-1", "tier 'a' begins at -1, expected 0 or more");
    refuses("a:0,micro:10k",
            "tier 'micro:10k', expected NAME:FOLLOWERS with a whole number such as micro:10000");
    refuses("a:0,", "tier '', expected NAME:FOLLOWERS with a whole number such as micro:10000");
    refuses("a", "tier 'a', expected NAME:FOLLOWERS with a whole number such as micro:10000");
    refuses(":0", "a tier without a name, expected NAME:FOLLOWERS");
    refuses("", "tier '', expected NAME:FOLLOWERS with a whole number such as micro:10000");
}

static void there_is_a_most(void **state) {
    (void)state;
    struct buffer list = {0};
    for (int i = 0; i <= TIERS_MOST; i++)
        buffer_format(&list, "%st%d:%d", i > 0 ? "," : "", i, i);
    refuses(list.bytes, "more than 100 tiers");
    buffer_free(&list);
}

/* Reads tiers from a file with these bytes. */
static int read_file(struct tiers *tiers, const char *csv, struct error *err) {
    const char *path = tables_write("tiers.csv", text_of(csv));
    const struct table_options options = {.files = &path, .n_files = 1};
    struct table *table = NULL;
    int status = table_open(&table, &options, err);
    if (!status)
        status = tiers_read(tiers, table, TIERS_FOLLOWERS, err);
    table_close(table);
    return status;
}

static void files_hold_the_same(void **state) {
    (void)state;
    struct tiers tiers = {0};
    struct error err = {0};
    assert_int_equal(read_file(&tiers, "note,from,tier\nx,0,nano\ny,10000, micro \n", &err), 0);
    assert_int_equal(tiers.count, 2);
    assert_string_equal(tiers.names[1], "micro");
    assert_int_equal(tiers.from[1], 10000);
    tiers_free(&tiers);
}

static void file_refuses(const char *csv, const char *message) {
    struct tiers tiers = {0};
    struct error err = {0};
    assert_int_equal(read_file(&tiers, csv, &err), ERROR_DATA);
    assert_string_equal(tables_name(err.text), message);
    tiers_free(&tiers);
}

static void wrong_files_are_refused_with_their_line(void **state) {
    (void)state;
    file_refuses("tier,from\nb,10\na,0\n", "tiers.csv:3: tier 'a' begins at 0, expected more than "
                                           "the 10 of tier 'b' before it");
    file_refuses("tier,from\na,0\na,5\n",
                 "tiers.csv:3: tier 'a' stands twice, expected different names");
    file_refuses("tier,from\n", "a file of tiers without rows, expected at least one");
}

static void amounts_and_shares(void **state) {
    (void)state;
    struct tiers tiers = {0};
    struct error err = {0};
    assert_int_equal(tiers_parse(&tiers, "poor:0,rich:2500.5", TIERS_AMOUNT, NULL), 0);
    assert_true(tiers.from[1] == 2500500000);
    tiers_free(&tiers);
    assert_int_equal(tiers_parse(&tiers, TIERS_DEFAULT_RANKS, TIERS_SHARE, NULL), 0);
    assert_true(tiers.count == 3 && tiers.from[2] == 990000);
    tiers_free(&tiers);
    static const char *const bad[][2] = {
        {"tail:0.1,head:0.9", "tier 'tail' begins at 0.1, expected 0 as tiers by rank begin at the "
                              "share of creators below them"},
        {"tail:0,head:1", "tier 'head' begins at 1, expected less than 1 as tiers by rank begin at "
                          "the share of creators below them"},
        {"tail:0,head:0.9,top:0.5",
         "tier 'top' begins at 0.5, expected more than the 0.9 of tier 'head' before it"},
        {"tail:0,head:10 %", "tier 'head:10 %', expected NAME:SHARE such as head:0.99"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        err = (struct error){0};
        assert_int_equal(tiers_parse(&tiers, bad[i][0], TIERS_SHARE, &err), ERROR_USAGE);
        assert_string_equal(err.text, bad[i][1]);
        tiers_free(&tiers);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_and_shares),
        cmocka_unit_test(bounds_belong_to_the_tier_above),
        cmocka_unit_test(default_leaves_nobody_out),
        cmocka_unit_test(names_may_be_in_any_script),
        cmocka_unit_test(wrong_lists_are_refused),
        cmocka_unit_test(there_is_a_most),
        cmocka_unit_test(files_hold_the_same),
        cmocka_unit_test(wrong_files_are_refused_with_their_line),
    };
    return cmocka_run_group_tests_name("creators-tiers", tests, tables_setup, tables_teardown);
}
