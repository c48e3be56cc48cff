/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells from files: the two shapes, what is refused and how it is said, and the same life tables
 * for any threads, blocks and shards. */
#include "users/lifetable.h"
#include "users/spells.h"
#include "users/tally.h"

#include "tables.h"

static struct buffer shown;

/* Every row of every life table, "group: time at_risk+entered-events-censored", or the error. */
static void show(struct buffer *out, const struct life_tables *lives,
                 const struct spells_report *report) {
    for (size_t g = 0; g < lives->n; g++) {
        const struct life_table *table = &lives->tables[g];
        buffer_append(out, table->group.bytes, table->group.length);
        buffer_byte(out, ':');
        for (size_t i = 0; i < table->n; i++) {
            const struct life_row *row = &table->rows[i];
            char time[DECIMAL_TEXT];
            decimal_format(row->time, 0, time);
            buffer_format(out, " %s %lld+%lld-%lld-%lld", time, (long long)row->at_risk,
                          (long long)row->entered, (long long)row->events,
                          (long long)row->censored);
        }
        buffer_byte(out, '\n');
    }
    if (report->never_at_risk > 0)
        buffer_format(out, "never at risk: %lld\n", (long long)report->never_at_risk);
    if (report->unmatched[0])
        buffer_format(out, "%s\n", report->unmatched);
}

static void read_files(struct buffer *out, const struct table_options *files,
                       const struct spells_options *options) {
    struct error err = {0};
    struct table *table = NULL;
    struct spells *spells = NULL;
    struct tally tally = {0};
    struct life_tables lives = {0};
    buffer_clear(out);
    int status = table_open(&table, files, &err);
    if (!status)
        status = spells_bind(&spells, table, options, NULL, 0, &err);
    if (!status)
        status = tally_read(table, spells, &(struct tally_options){0}, &tally, &err);
    if (!status)
        status = life_tables_build(&tally.exits, &tally.groups, &lives, &err);
    if (!status)
        show(out, &lives, &tally.report);
    else
        tables_error(out, &err);
    assert_int_equal(status, err.code);
    life_tables_free(&lives);
    tally_free(&tally);
    spells_destroy(spells);
    table_close(table);
    buffer_text(out, "");
    assert_false(out->failed);
}

static void assert_reads_as(const char *text, const struct spells_options *options,
                            enum table_bad_rows bad_rows, const char *expected) {
    const char *path = tables_write("s.csv", text_of(text));
    static const int threads[] = {1, 3};
    static const size_t blocks[] = {0, 16};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < 2; j++) {
            const struct table_options files = {.files = &path,
                                                .n_files = 1,
                                                .threads = threads[i],
                                                .block_bytes = blocks[j],
                                                .bad_rows = bad_rows};
            read_files(&shown, &files, options);
            assert_string_equal(shown.bytes ? shown.bytes : "", expected);
        }
}

static void assert_reads(const char *text, const struct spells_options *options,
                         const char *expected) {
    assert_reads_as(text, options, TABLE_STOP, expected);
}

static const char *const by_g[] = {"g"};

/* ---- Dates ----------------------------------------------------------------------------------- */

static void dates_count_days_to_the_last_one(void **state) {
    (void)state;
    const struct spells_options plain = {.groups = by_g, .n_groups = 1};
    assert_reads("g,start,end\n"
                 "a,2024-02-28,2024-03-01\n" /* over a leap day */
                 "a,2024-02-28,\n"
                 "b,2024-03-05,2024-03-05\n" /* gone on the day of the start */
                 "b,2024-03-04,\n"
                 "a,2024-02-29,2024-03-02\n",
                 &plain,
                 "a: 2 3+0-2-0 6 1+0-0-1\n"
                 "b: 0 2+0-1-0 1 1+0-0-1\n");
    /* The last date may be a start. */
    assert_reads("start,end\n2024-01-01,\n2024-01-08,\n", &(struct spells_options){0},
                 "(all): 0 2+0-0-1 7 1+0-0-1\n");
}

static void as_of_looks_back(void **state) {
    (void)state;
    int32_t as_of = calendar_day(2024, 1, 10);
    const struct spells_options options = {.as_of = &as_of};
    assert_reads("start,end\n"
                 "2024-01-01,2024-01-10\n"
                 "2024-01-01,2024-01-11\n" /* still there on the 10th */
                 "2024-01-03,\n",
                 &options, "(all): 7 3+0-0-1 9 2+0-1-1\n");
    assert_reads("start,end\n2024-01-11,\n", &options,
                 "error 1: s.csv:2:1: start 2024-01-11, expected none after --as-of 2024-01-10\n");
    assert_reads_as("start,end\n2024-01-11,\n2024-01-05,2024-01-06\n", &options, TABLE_SKIP,
                    "(all): 1 1+0-1-0\n");
}

static void an_end_before_the_start_is_refused(void **state) {
    (void)state;
    const struct spells_options plain = {0};
    const char *text = "user,start,end\nu1,2024-01-01,2024-01-02\nu2,2024-02-05,2024-02-04\n";
    assert_reads(text, &plain,
                 "error 1: s.csv:3:3: end 2024-02-04, expected none before the start, "
                 "2024-02-05\n");
    /* A skipped row does not move the last date. */
    assert_reads_as("start,end\n2024-01-01,\n2024-01-03,\n2024-09-05,2024-09-04\n", &plain,
                    TABLE_SKIP, "(all): 0 2+0-0-1 2 1+0-0-1\n");
}

static void entry_dates_count_from_the_start(void **state) {
    (void)state;
    const struct spells_options options = {.entry = "seen"};
    assert_reads("start,end,seen\n"
                 "2024-01-01,2024-01-11,2024-01-04\n"
                 "2024-01-02,2024-01-05,2024-01-01\n" /* watched before the start: not late */
                 "2024-01-02,2024-01-02,2024-01-02\n" /* from the start itself: not late */
                 "2024-01-05,,2024-01-09\n"
                 "2024-01-05,,\n"
                 "2024-01-01,2024-01-21,\n",
                 &options,
                 "(all): 0 4+0-1-0 3 3+1-1-0 4 3+1-0-0 10 4+0-1-0 16 3+0-0-2 20 1+0-1-0\n");
    assert_reads("start,end,seen\n2024-01-01,2024-01-11,2024-01-11\n", &options,
                 "error 1: s.csv:2:3: entry 2024-01-11, expected one before the last day, "
                 "2024-01-11\n");
    /* Seen first on the last date of the file: there is no time in which it was watched. */
    assert_reads("start,end,seen\n2024-01-01,2024-01-11,\n2024-01-01,,2024-01-11\n", &options,
                 "(all): 10 1+0-1-0\nnever at risk: 1\n");
}

/* ---- Durations ------------------------------------------------------------------------------- */

static void usual_words_of_a_status(void **state) {
    (void)state;
    const struct spells_options options = {.time = "t", .status = "s"};
    assert_reads("t,s\n1,1\n1,TRUE\n1,Yes\n1,true\n1, yes \n1,0\n1,False\n1,NO\n", &options,
                 "(all): 1 8+0-5-3\n");
}

static void other_words_are_listed(void **state) {
    (void)state;
    const struct spells_options options = {.time = "t", .status = "s"};
    assert_reads("t,s\n1,1\n2,2\n3,1\n4,\"x\"\n", &options,
                 "error 1: s.csv:3:2: status '2', expected 1, true or yes (left), 0, false or no "
                 "(still there); the column holds '1', '2', 'x': --status s=VALUE says which one "
                 "means left\n");
    assert_reads_as("t,s\n1,1\n2,2\n3,1\n4,x\n", &options, TABLE_SKIP,
                    "(all): 1 2+0-1-0 3 1+0-1-0\n");
    /* Eight are enough, the same eight in any order, and long ones are cut. */
    assert_reads("t,s\n1,k\n1,j\n1,i\n1,h\n1,g\n1,f\n1,e\n1,d\n1,c\n1,a\n"
                 "1,b3456789012345678901234567890123456789\xe5\xb0\x8f\n",
                 &options,
                 "error 1: s.csv:2:2: status 'k', expected 1, true or yes (left), 0, false or no "
                 "(still there); the column holds 'a', 'b34567890123456789012345678901234567...', "
                 "'c', 'd', 'e', 'f', 'g', 'h' and others: --status s=VALUE says which one means "
                 "left\n");
}

static void a_value_says_what_means_left(void **state) {
    (void)state;
    const struct spells_options options = {.time = "t", .status = "s=Yes"};
    assert_reads("t,s\n1,Yes\n2,No\n3,paused\n4,Yes\n", &options,
                 "(all): 1 4+0-1-0 2 3+0-0-1 3 2+0-0-1 4 1+0-1-0\n");
    assert_reads("t,s\n1,No\n2,paused\n", &options,
                 "(all): 1 2+0-0-1 2 1+0-0-1\n"
                 "no row has 'Yes' in column 's', which holds 'No', 'paused'\n");
    assert_reads("t,s\n1,no\n2,yes\n", &options,
                 "error 1: no row has 'Yes' in column 's', which holds 'no', 'yes': expected the "
                 "same upper and lower case\n");
    /* A header may hold '='; a missing status is nobody's guess. */
    const struct spells_options odd = {.time = "t", .status = "a=b=1"};
    assert_reads("t,a=b\n1,1\n", &odd, "(all): 1 1+0-1-0\n");
    const struct spells_options whole = {.time = "t", .status = "a=b"};
    assert_reads("t,a=b\n1,1\n", &whole, "(all): 1 1+0-1-0\n");
    assert_reads("t,s\n1,Yes\n2,\n", &options,
                 "error 1: s.csv:3:2: found an empty cell in column 's', expected text\n");
    assert_reads("t,state\n1,Yes\n", &options,
                 "error 1: s.csv:1: no column 's'; did you mean 'state'? (or name it: --column "
                 "s=HEADER); found: t, state\n");
}

static void durations_and_entries(void **state) {
    (void)state;
    const struct spells_options options = {.time = "t", .status = "s", .entry = "e", .weight = "w"};
    assert_reads("t,s,e,w\n2.5,1,,3\n4,1,2.5,1\n4,0,0,2\n", &options,
                 "(all): 0 3+2-0-0 2.5 5+1-3-0 4 3+0-1-2\n");
    assert_reads("t,s,e,w\n2,1,2,1\n", &options,
                 "error 1: s.csv:2:3: entry 2, expected one before the time, 2\n");
    assert_reads("t,s,e,w\n0,1,0,1\n", &options,
                 "error 1: s.csv:2:3: entry 0, expected one before the time, 0\n");
    assert_reads("t,s,e,w\n-1,1,,1\n", &options,
                 "error 1: s.csv:2:1: time -1, expected 0 or more\n");
    assert_reads("t,s,e,w\n1,1,-0.5,1\n", &options,
                 "error 1: s.csv:2:3: entry -0.5, expected 0 or more\n");
    assert_reads("t,s,e,w\n1,1,,0\n", &options,
                 "error 1: s.csv:2:4: weight 0, expected a whole number from 1 on\n");
    assert_reads("t,s,e,w\n0,1,,9007199254740993\n", &options,
                 "error 1: more than 9007199254740992 spells, counting weights\n");
}

/* ---- Groups and order ------------------------------------------------------------------------ */

static void groups_are_joined(void **state) {
    (void)state;
    static const char *const two[] = {"g", "h"};
    const struct spells_options options = {
        .time = "t", .status = "s", .groups = two, .n_groups = 2};
    assert_reads("t,s,g,h\n"
                 "1,1,b,x\n"
                 "1,1,\"a, b\",c\n" /* shown alike, but not the same group as the next */
                 "1,1,a,\"b, c\"\n"
                 "1,1,,x\n"
                 "2,0,b,x\n"
                 "1,1,\xe5\xb0\x8f,x\n",
                 &options,
                 "(missing), x: 1 1+0-1-0\n"
                 "a, b, c: 1 1+0-1-0\n"
                 "a, b, c: 1 1+0-1-0\n"
                 "b, x: 1 2+0-1-0 2 1+0-0-1\n"
                 "\xe5\xb0\x8f, x: 1 1+0-1-0\n");
}

static void a_header_alone_has_no_groups(void **state) {
    (void)state;
    assert_reads("start,end\n", &(struct spells_options){0}, "");
    const struct spells_options options = {.time = "t", .status = "s=Yes"};
    assert_reads("t,s\n", &options, "");
}

static void shards_are_one_table(void **state) {
    (void)state;
    enum { ROWS = 700, SHARDS = 7 };
    struct buffer whole = {0}, parts[SHARDS], expected = {0};
    memset(parts, 0, sizeof parts);
    const char *const header = "start,end,g,seen\n";
    buffer_text(&whole, header);
    for (int i = 0; i < SHARDS; i++)
        buffer_text(&parts[i], header);
    for (int i = 0; i < ROWS; i++) {
        char start[CALENDAR_TEXT], end[CALENDAR_TEXT], seen[CALENDAR_TEXT];
        int32_t day = 19000 + i * 37 % 200;
        calendar_format_date(day, start);
        calendar_format_date(day + 10 + i * 53 % 90, end);
        calendar_format_date(day + i % 10, seen);
        struct buffer line = {0};
        buffer_format(&line, "%s,%s,group %d,%s\n", start, i % 3 ? end : "", i % 4, seen);
        buffer_append(&whole, line.bytes, line.length);
        buffer_append(&parts[i * SHARDS / ROWS], line.bytes, line.length);
        buffer_free(&line);
    }
    const char *paths[SHARDS];
    const char *path = tables_write("whole.csv", (struct text){whole.bytes, whole.length});
    const struct spells_options options = {.entry = "seen", .groups = by_g, .n_groups = 1};
    const struct table_options one = {.files = &path, .n_files = 1};
    read_files(&expected, &one, &options);
    assert_true(expected.length > 4000 && strncmp(expected.bytes, "error", 5) != 0);
    for (int i = 0; i < SHARDS; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d.csv", i);
        paths[i] = tables_write(name, (struct text){parts[i].bytes, parts[i].length});
    }
    for (int threads = 1; threads <= 4; threads++) {
        const struct table_options many = {.files = paths,
                                           .n_files = SHARDS,
                                           .threads = threads,
                                           .block_bytes = (size_t)(500 * threads)};
        read_files(&shown, &many, &options);
        assert_string_equal(shown.bytes, expected.bytes);
    }
    for (int i = 0; i < SHARDS; i++)
        buffer_free(&parts[i]);
    buffer_free(&whole);
    buffer_free(&expected);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dates_count_days_to_the_last_one),
        cmocka_unit_test(as_of_looks_back),
        cmocka_unit_test(an_end_before_the_start_is_refused),
        cmocka_unit_test(entry_dates_count_from_the_start),
        cmocka_unit_test(usual_words_of_a_status),
        cmocka_unit_test(other_words_are_listed),
        cmocka_unit_test(a_value_says_what_means_left),
        cmocka_unit_test(durations_and_entries),
        cmocka_unit_test(groups_are_joined),
        cmocka_unit_test(a_header_alone_has_no_groups),
        cmocka_unit_test(shards_are_one_table),
    };
    int failed = cmocka_run_group_tests(tests, tables_setup, tables_teardown);
    buffer_free(&shown);
    return failed;
}
