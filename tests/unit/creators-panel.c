/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The creator panel: what is gathered, and what is refused and how. */
#include "creators/panel.h"

#include "base/random.h"
#include "tables.h"

static struct tiers tiers;

static struct panel_options asked; /* what a test asks for beyond that */

static int read_files(struct panel *panel, const char *const *paths, size_t n,
                      struct table_options *options, struct error *err) {
    struct table *table = NULL;
    options->files = paths;
    options->n_files = n;
    struct panel_options reading = asked;
    reading.tiers = &tiers;
    reading.threads = options->threads;
    int status = table_open(&table, options, err);
    if (!status)
        status = panel_read(table, &reading, panel, err);
    table_close(table);
    return status;
}

static int read_panel(struct panel *panel, const char *csv, struct error *err) {
    const char *path = tables_write("p.csv", text_of(csv));
    struct table_options options = {.threads = 2};
    return read_files(panel, &path, 1, &options, err);
}

/* Reads what there is nothing wrong with. */
static void read_good(struct panel *panel, const char *path, struct table_options *options) {
    struct error err = {0};
    if (read_files(panel, &path, 1, options, &err) || !panel->start) {
        fail_msg("%s", err.text);
        abort(); /* not reached; static analysis does not know */
    }
}

static size_t find_creator(const struct panel *panel, const char *name) {
    size_t creator = 0;
    assert_true(panel_find(panel, text_of(name), &creator));
    return creator;
}

static void shows_period(const struct panel *panel, size_t period, const char *expected) {
    char shown[CALENDAR_TEXT];
    period_format(panel->periods[period], shown);
    assert_string_equal(shown, expected);
}

static void rows_are_gathered_by_creator(void **state) {
    (void)state;
    struct panel panel = {0};
    struct table_options options = {.threads = 2};
    const char *path = tables_write("p.csv", text_of("note,period,followers,creator,platform\n"
                                                     "x,2025-03,30,ada,TikTok\n"
                                                     "x,2025-01,5,小红,TikTok\n"
                                                     "x,2025-01,10,ada,TikTok\n"
                                                     "x,2025-01,0,ada,RedNote\n"));
    read_good(&panel, path, &options);
    assert_int_equal(panel.n_creators, 2);
    assert_int_equal(panel.n_rows, 4);
    assert_int_equal(panel.n_platforms, 2);
    assert_true(text_is(panel.platforms[0], "RedNote"));
    assert_true(text_is(panel.platforms[1], "TikTok"));
    assert_int_equal(panel.n_periods, 2);
    shows_period(&panel, 0, "2025-01");
    shows_period(&panel, 1, "2025-03");
    size_t ada = find_creator(&panel, "ada"), at = panel.start[ada];
    assert_int_equal(panel.start[ada + 1] - at, 3);
    static const struct panel_key keys[] = {{0, 0}, {1, 0}, {1, 1}};
    static const int64_t followers[] = {0, 10, 30};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(panel.keys[at + i].platform, keys[i].platform);
        assert_int_equal(panel.keys[at + i].period, keys[i].period);
        assert_int_equal(panel.followers[at + i], followers[i]);
    }
    size_t hong = find_creator(&panel, "小红");
    assert_int_equal(panel.start[hong + 1] - panel.start[hong], 1);
    assert_int_equal(panel.followers[panel.start[hong]], 5);
    panel_free(&panel);
}

static void periods_of_every_kind(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"2024", "2026"},         {"2024-Q4", "2025-Q1"},       {"2024-12", "2025-01"},
        {"2024-W52", "2025-W01"}, {"2024-12-31", "2025-01-01"}, {"0001-01-01", "9999-12-31"},
        {"0001-W01", "9999-W52"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct panel panel = {0};
        struct table_options options = {.threads = 2};
        char csv[200];
        snprintf(csv, sizeof csv, "creator,period,followers\na,%s,1\na,%s,2\n", cases[i][1],
                 cases[i][0]);
        read_good(&panel, tables_write("p.csv", text_of(csv)), &options);
        assert_int_equal(panel.n_periods, 2);
        shows_period(&panel, 0, cases[i][0]);
        shows_period(&panel, 1, cases[i][1]);
        assert_int_equal(panel.followers[0], 2);
        panel_free(&panel);
    }
}

static void a_header_alone_is_an_empty_panel(void **state) {
    (void)state;
    struct panel panel = {0};
    struct table_options options = {.threads = 2};
    read_good(&panel, tables_write("p.csv", text_of("creator,platform,period,followers\n")),
              &options);
    assert_int_equal(panel.n_creators, 0);
    assert_int_equal(panel.n_periods, 0);
    assert_int_equal(panel.n_platforms, 0);
    assert_int_equal(panel.start[0], 0);
    panel_free(&panel);
}

static void refuses(const char *csv, const char *message) {
    struct panel panel = {0};
    struct error err = {0};
    assert_int_equal(read_panel(&panel, csv, &err), ERROR_DATA);
    assert_string_equal(tables_name(err.text), message);
    assert_null(panel.keys); /* nothing is left half-read */
}

/* The message with the folder of the tests in its middle, too. */
static void refuses_twice(const char *csv, const char *before, const char *after) {
    char message[1024];
    snprintf(message, sizeof message, "%s%s%s", before, tables_path("p.csv"), after);
    refuses(csv, message);
}

static void who_stands_twice_is_refused(void **state) {
    (void)state;
    refuses_twice(
        "creator,platform,period,followers\n"
        "ben,TikTok,2025-01,1\n"
        "ada,TikTok,2025-01,1\n"
        "ada,RedNote,2025-01,1\n"
        "ada,TikTok,2025-02,1\n"
        "ada,TikTok,2025-01,2\n"
        "ben,TikTok,2025-01,1\n",
        "p.csv:6: a second row of this creator on 'TikTok' in 2025-01, expected only that in ",
        ":3 (or say which counts: --duplicates max, first or sum)");
    /* Lines, not rows: a blank line and a cell of two lines. */
    refuses_twice("creator,period,followers,note\n"
                  "\n"
                  "ada,2025-01,1,\"two\nlines\"\n"
                  "ada,2025-01,1,\n",
                  "p.csv:5: a second row of this creator in 2025-01, expected only that in ",
                  ":3 (or say which counts: --duplicates max, first or sum)");
}

static void kinds_of_periods_are_not_mixed(void **state) {
    (void)state;
    refuses_twice("creator,period,followers\n"
                  "ada,2025-01,1\n"
                  "ada,2025-02,1\n"
                  "ada,2025-Q2,1\n"
                  "ada,2026,1\n",
                  "p.csv:4: period '2025-Q2' is a quarter, expected a month as '2025-01' in ",
                  ":2");
}

static void followers_must_make_sense(void **state) {
    (void)state;
    refuses("creator,period,followers\nada,2025-01,-5\n",
            "p.csv:2:3: found -5 followers, expected 0 or more");
    assert_int_equal(tiers.from[0], 0);
    struct tiers all = tiers;
    tiers = (struct tiers){0};
    assert_int_equal(tiers_parse(&tiers, "nano:1000,micro:10000", TIERS_FOLLOWERS, NULL), 0);
    refuses(
        "creator,period,followers\nada,2025-01,1000\nben,2025-01,999\n",
        "p.csv:3:3: found 999 followers, expected at least 1000, where the lowest tier, 'nano', "
        "begins");
    tiers_free(&tiers);
    tiers = all;
}

static void bad_rows_can_be_skipped(void **state) {
    (void)state;
    struct panel panel = {0};
    struct error err = {0};
    const char *path = tables_write("p.csv", text_of("creator,period,followers\n"
                                                     "ada,2025-01,-5\n"
                                                     "ada,2025-01,7\n"
                                                     "ghost,2025-09,-1\n"
                                                     "ben,2025-01,-2\n"
                                                     "ben,2025-01,8\n"));
    struct table_options options = {.bad_rows = TABLE_SKIP};
    assert_int_equal(read_files(&panel, &path, 1, &options, &err), 0);
    assert_int_equal(panel.n_rows, 2);
    assert_int_equal(panel.n_creators, 2); /* who stands in bad rows only is not in the panel */
    assert_int_equal(panel.n_periods, 1);
    panel_free(&panel);
    /* And what stands twice is still found at its own lines. */
    path = tables_write("p.csv", text_of("creator,period,followers\n"
                                         "ada,2025-01,-5\n"
                                         "ada,2025-01,7\n"
                                         "ada,2025-01,8\n"));
    assert_int_equal(read_files(&panel, &path, 1, &options, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "p.csv:4: a second row of this creator in 2025-01"));
    assert_non_null(strstr(err.text, "p.csv:3"));
}

static void platforms_without_a_period_are_seen(void **state) {
    (void)state;
    struct panel panel = {0};
    struct error err = {0};
    size_t period;
    assert_int_equal(read_panel(&panel,
                                "creator,platform,period,followers\n"
                                "a,A,2025-01,1\na,A,2025-02,1\na,A,2025-03,1\n"
                                "a,B,2025-02,1\na,B,2025-03,1\n"
                                "a,C,2025-01,1\na,C,2025-03,1\n"
                                "a,D,2025-02,1\n",
                                &err),
                     0);
    assert_false(panel_gap(&panel, 0, &period));
    assert_false(panel_gap(&panel, 1, &period)); /* it began later: no gap */
    assert_true(panel_gap(&panel, 2, &period));
    assert_int_equal(period, 1);
    assert_false(panel_gap(&panel, 3, &period));
    panel_free(&panel);
}

/* ---- A large panel in any order, by any number of threads ------------------------------------ */

enum { CREATORS = 9000, PERIODS = 12 };

static int64_t followers_of(uint32_t creator, uint32_t period) {
    return (int64_t)((creator * 2654435761u) ^ (period * 40503u)) % 2000000;
}

static bool has_row(uint32_t creator, uint32_t period) {
    return (creator * 31 + period * 17) % 5 != 0;
}

/* Rows in an order drawn with the seed; 0: by creator. One row stands twice if asked for. */
static void write_panel(struct buffer *csv, uint32_t seed, bool repeated) {
    static uint32_t order[CREATORS * PERIODS];
    struct random_stream stream;
    random_open(&stream, seed, 0, 0, 0, 0);
    for (uint32_t i = 0; i < CREATORS * PERIODS; i++) {
        uint32_t j = seed == 0 ? i : random_below(&stream, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    buffer_clear(csv);
    buffer_text(csv, "creator,platform,period,followers\n");
    for (uint32_t i = 0; i < CREATORS * PERIODS; i++) {
        uint32_t creator = order[i] / PERIODS, period = order[i] % PERIODS;
        if (!has_row(creator, period))
            continue;
        buffer_format(csv, "creator %u,%s,2024-%02u,%lld\n", creator,
                      creator % 3 == 0 ? "TikTok" : "RedNote", period + 1,
                      (long long)followers_of(creator, period));
        if (repeated && creator == 100 && period == 3)
            buffer_text(csv, "creator 4000,RedNote,2024-02,1\n");
    }
    assert_false(csv->failed);
}

static void check_panel(const struct panel *panel) {
    assert_int_equal(panel->n_creators, CREATORS);
    assert_int_equal(panel->n_periods, PERIODS);
    assert_int_equal(panel->n_platforms, 2);
    for (uint32_t creator = 0; creator < CREATORS; creator++) {
        char name[32];
        snprintf(name, sizeof name, "creator %u", creator);
        size_t number = find_creator(panel, name), row = panel->start[number];
        for (uint32_t period = 0; period < PERIODS; period++) {
            if (!has_row(creator, period))
                continue;
            assert_true(row < panel->start[number + 1]);
            assert_int_equal(panel->keys[row].platform, creator % 3 == 0);
            assert_int_equal(panel->keys[row].period, period);
            assert_int_equal(panel->followers[row], followers_of(creator, period));
            row++;
        }
        assert_int_equal(row, panel->start[number + 1]);
    }
}

static void order_and_threads_do_not_matter(void **state) {
    (void)state;
    struct buffer csv = {0};
    for (uint32_t seed = 0; seed < 3; seed++) {
        write_panel(&csv, seed, false);
        const char *path = tables_write("large.csv", (struct text){csv.bytes, csv.length});
        for (int threads = 1; threads <= 4; threads++) {
            struct table_options options = {.threads = threads, .block_bytes = 20000};
            struct panel panel = {0};
            read_good(&panel, path, &options);
            check_panel(&panel);
            panel_free(&panel);
        }
    }
    buffer_free(&csv);
}

/* The same two lines whatever the threads, and across shards. */
static void the_first_repetition_is_named(void **state) {
    (void)state;
    struct buffer csv = {0};
    write_panel(&csv, 0, true);
    const char *paths[2];
    /* In the order of creators, the extra row stands before the one it repeats: the latter is named
     * as the second. Another shard repeats a row of the first one too, later. */
    paths[0] = tables_write("large.csv", (struct text){csv.bytes, csv.length});
    paths[1] = tables_write("more.csv", text_of("creator,platform,period,followers\n"
                                                "creator 1,RedNote,2024-01,5\n"));
    struct error first = {0};
    for (int threads = 1; threads <= 4; threads++) {
        struct table_options options = {.threads = threads, .block_bytes = 20000};
        struct panel panel = {0};
        struct error err = {0};
        assert_int_equal(read_files(&panel, paths, 2, &options, &err), ERROR_DATA);
        if (threads == 1)
            first = err;
        assert_string_equal(err.text, first.text);
    }
    assert_non_null(strstr(first.text, "a second row of this creator on 'RedNote' in 2024-02"));
    /* The shard alone is found as well. */
    write_panel(&csv, 0, false);
    paths[0] = tables_write("large.csv", (struct text){csv.bytes, csv.length});
    struct table_options options = {.threads = 3, .block_bytes = 20000};
    struct panel panel = {0};
    struct error err = {0};
    assert_true(has_row(1, 0));
    assert_int_equal(read_files(&panel, paths, 2, &options, &err), ERROR_DATA);
    assert_non_null(
        strstr(err.text, "more.csv:2: a second row of this creator on 'RedNote' in 2024-01"));
    assert_non_null(strstr(err.text, "large.csv:"));
    buffer_free(&csv);
}

static int setup(void **state) {
    return tables_setup(state) || tiers_parse(&tiers, TIERS_DEFAULT, TIERS_FOLLOWERS, NULL);
}

static int teardown(void **state) {
    tiers_free(&tiers);
    return tables_teardown(state);
}

/* ---- Groups, amounts, rows that stand twice, spellings -----------------------------------------
 */

static void read_asking(struct panel *panel, const char *csv, struct panel_options wanted) {
    struct error err = {0};
    asked = wanted;
    int status = read_panel(panel, csv, &err);
    asked = (struct panel_options){0};
    if (status)
        fail_msg("%s", err.text);
}

static const char *const money[] = {"income", "budget"};

static void groups_and_amounts(void **state) {
    (void)state;
    struct panel panel = {0};
    read_asking(&panel,
                "creator,period,followers,role,income,budget\n"
                "ada,2025-02,10,singer,2.5,\n"
                "ada,2025-01,9,,1,7\n"
                "ben,2025-01,8,actor,,0\n",
                (struct panel_options){.group = "role", .amounts = money, .n_amounts = 2});
    assert_int_equal(panel.n_groups, 3);
    assert_true(text_is(panel.groups[0], "") && text_is(panel.groups[1], "actor"));
    size_t ada = panel.start[find_creator(&panel, "ada")],
           ben = panel.start[find_creator(&panel, "ben")];
    assert_int_equal(panel.row_groups[ada], 0);
    assert_int_equal(panel.row_groups[ada + 1], 2);
    assert_int_equal(panel.row_groups[ben], 1);
    assert_true(panel.amounts[0][ada + 1] == 2500000 && panel.amounts[1][ada] == 7000000);
    assert_true(panel.amounts[1][ada + 1] == PANEL_UNKNOWN && panel.amounts[1][ben] == 0);
    assert_true(panel.amounts[0][ben] == PANEL_UNKNOWN);
    panel_free(&panel);
}

static void rows_that_stand_twice_can_be_put_together(void **state) {
    (void)state;
    static const char csv[] = "creator,period,followers,role,income\n"
                              "ben,2025-01,1,x,\n"
                              "ada,2025-01,5,a,1\n"
                              "ada,2025-01,9,b,\n"
                              "ada,2025-01,9,c,4\n"
                              "ada,2025-02,3,d,2\n"
                              "cao,2025-01,2,x,\n";
    static const struct {
        enum panel_duplicates how;
        int64_t followers, income;
        const char *role;
    } cases[] = {{PANEL_MAX, 9, PANEL_UNKNOWN, "b"},
                 {PANEL_FIRST, 5, 1000000, "a"},
                 {PANEL_SUM, 23, 5000000, "a"}};
    for (size_t i = 0; i < 3; i++) {
        struct panel panel = {0};
        read_asking(
            &panel, csv,
            (struct panel_options){
                .group = "role", .amounts = money, .n_amounts = 1, .duplicates = cases[i].how});
        assert_int_equal(panel.n_rows, 4);
        assert_int_equal(panel.n_joined, 2);
        size_t ada = find_creator(&panel, "ada"), at = panel.start[ada];
        assert_int_equal(panel.start[ada + 1], at + 2);
        assert_int_equal(panel.followers[at], cases[i].followers);
        assert_true(panel.amounts[0][at] == cases[i].income);
        assert_true(text_is(panel.groups[panel.row_groups[at]], cases[i].role));
        assert_int_equal(panel.followers[at + 1], 3);
        static const char *const others[] = {"ben", "cao"};
        for (size_t k = 0; k < 2; k++) {
            size_t other = find_creator(&panel, others[k]);
            assert_int_equal(panel.start[other + 1] - panel.start[other], 1);
            assert_int_equal(panel.followers[panel.start[other]], k + 1);
        }
        panel_free(&panel);
    }
}

/* One creator who stands in one period in thousands of rows, of many blocks: the first one of the
 * input counts, or all do, whichever thread read what. */
static void many_rows_that_stand_twice(void **state) {
    (void)state;
    enum { ROWS = 5000, NAMES = 3 };
    struct buffer csv = {0};
    buffer_text(&csv, "creator,period,followers\n");
    for (int64_t i = 1; i <= ROWS; i++)
        buffer_format(&csv, "c%d,2025-0%d,%d\n", (int)(i % NAMES), 1 + (int)(i % 2), (int)i);
    const char *path = tables_write("many.csv", (struct text){csv.bytes, csv.length});
    for (int threads = 1; threads <= 4; threads++) {
        struct table_options options = {.threads = threads, .block_bytes = 3000};
        struct panel first = {0}, sum = {0};
        asked = (struct panel_options){.duplicates = PANEL_FIRST};
        read_good(&first, path, &options);
        asked = (struct panel_options){.duplicates = PANEL_SUM};
        read_good(&sum, path, &options);
        asked = (struct panel_options){0};
        assert_int_equal(first.n_rows, 2 * NAMES);
        for (int64_t i = 1; i <= 2 * NAMES; i++) { /* the first rows of all six */
            char name[8];
            snprintf(name, sizeof name, "c%d", (int)(i % NAMES));
            const size_t row = first.start[find_creator(&first, name)] + (size_t)(i % 2);
            int64_t all = 0;
            for (int64_t k = i; k <= ROWS; k += 2 * NAMES)
                all += k;
            assert_int_equal(first.followers[row], i);
            assert_int_equal(sum.followers[row], all);
        }
        panel_free(&first);
        panel_free(&sum);
    }
    buffer_free(&csv);
}

/* Full-width letters, capitals and blanks; 李 雷 is 李雷; Straße folds to strasse. */
static void spellings(void **state) {
    (void)state;
    static const char csv[] = "creator,period,followers\n"
                              "ada lovelace,2025-01,1\nAdaLovelace,2025-02,2\n"
                              "ＡＤＡ lovelace,2025-03,3\n"
                              "strasse,2025-01,1\nStraße,2025-02,1\n"
                              "李雷,2025-01,1\n李 雷,2025-02,1\n"
                              "Ben,2025-01,1\nbén,2025-01,1\nplain,2025-01,1\n";
    struct panel panel = {0};
    read_asking(&panel, csv, (struct panel_options){0});
    assert_int_equal(panel.n_creators, 10);
    static const char *const pairs[][2] = {{"AdaLovelace", "ada lovelace"},
                                           {"ada lovelace", "ＡＤＡ lovelace"},
                                           {"strasse", "Straße"},
                                           {"李 雷", "李雷"}};
    assert_int_equal(panel.n_alike, 4);
    for (size_t i = 0; i < 4; i++) {
        assert_true(text_is(panel.alike[i].one, pairs[i][0]));
        assert_true(text_is(panel.alike[i].other, pairs[i][1]));
    }
    panel_free(&panel);
    read_asking(&panel, csv, (struct panel_options){.fold_names = true});
    assert_int_equal(panel.n_creators, 6);
    assert_int_equal(panel.n_alike, 0);
    size_t ada = find_creator(&panel, "adalovelace");
    assert_int_equal(panel.start[ada + 1] - panel.start[ada], 3);
    panel_free(&panel);
}

static void numbers_as_people_write_them(void **state) {
    (void)state;
    struct panel panel = {0};
    read_asking(&panel,
                "creator,period,followers,income\n"
                "a,2025-01,1.3M,\"1,250.5\"\n"
                "b,2025-01,\"1,300,000\",2k\n"
                "c,2025-01,130万,\n",
                (struct panel_options){.amounts = money, .n_amounts = 1, .human_numbers = true});
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(panel.followers[i], 1300000);
    assert_true(panel.amounts[0][panel.start[find_creator(&panel, "a")]] == 1250500000);
    assert_true(panel.amounts[0][panel.start[find_creator(&panel, "b")]] == 2000000000);
    panel_free(&panel);
    asked = (struct panel_options){.human_numbers = true};
    refuses("creator,period,followers\na,2025-01,1.2345k\n",
            "p.csv:2:3: found '1.2345k', expected a number such as 1300000, 1,300,000, 1.3M, 12.5k "
            "or 130万, of whole followers");
    refuses("creator,period,followers\na,2025-01,\n",
            "p.csv:2:3: found an empty cell in column 'followers', expected a number such as "
            "1300000, 1,300,000, 1.3M, 12.5k or 130万, of whole followers");
    refuses("creator,period,followers\na,2025-01,9223372036855\n",
            "p.csv:2:3: found '9223372036855', expected a number of at most 9223372036854 with "
            "--human-numbers");
    asked = (struct panel_options){
        .amounts = money, .n_amounts = 1, .amounts_required = 1, .human_numbers = true};
    refuses("creator,period,followers,income\na,2025-01,1,\n",
            "p.csv:2:4: found an empty cell in column 'income', expected a number such as 1300000, "
            "1,300,000, 1.3M, 12.5k or 130万");
    asked = (struct panel_options){0};
    refuses("creator,period,followers\na,2025-01,1.3M\n",
            "p.csv:2:3: found '1.3M' in column 'followers', expected plain digits, without unit or "
            "symbol (or --human-numbers)");
}

static void amounts_must_make_sense(void **state) {
    (void)state;
    asked = (struct panel_options){.amounts = money, .n_amounts = 1};
    refuses("creator,period,followers,income\na,2025-01,1,-2\n",
            "p.csv:2:4: found a negative amount in column 'income', expected 0 or more");
    asked.amounts_required = 1;
    refuses("creator,period,followers,income\na,2025-01,1,\n",
            "p.csv:2:4: found an empty cell in column 'income', expected a decimal number");
    asked = (struct panel_options){.duplicates = PANEL_SUM};
    refuses("creator,period,followers\na,2025-01,9223372036854775807\na,2025-01,1\n",
            "the sum of rows of one creator in one period is too large");
    asked = (struct panel_options){0};
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_gathered_by_creator),
        cmocka_unit_test(periods_of_every_kind),
        cmocka_unit_test(a_header_alone_is_an_empty_panel),
        cmocka_unit_test(who_stands_twice_is_refused),
        cmocka_unit_test(kinds_of_periods_are_not_mixed),
        cmocka_unit_test(followers_must_make_sense),
        cmocka_unit_test(bad_rows_can_be_skipped),
        cmocka_unit_test(platforms_without_a_period_are_seen),
        cmocka_unit_test(order_and_threads_do_not_matter),
        cmocka_unit_test(the_first_repetition_is_named),
        cmocka_unit_test(groups_and_amounts),
        cmocka_unit_test(rows_that_stand_twice_can_be_put_together),
        cmocka_unit_test(many_rows_that_stand_twice),
        cmocka_unit_test(spellings),
        cmocka_unit_test(numbers_as_people_write_them),
        cmocka_unit_test(amounts_must_make_sense),
    };
    return cmocka_run_group_tests_name("creators-panel", tests, setup, teardown);
}
