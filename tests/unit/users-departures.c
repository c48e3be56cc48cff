/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows: counted by hand, by a plain loop, and in whatever way the reading is divided. */
#include "users/departures.h"

#include "tables.h"

/* ---- Showing --------------------------------------------------------------------------------- */

/* "2021-06 A>B 3/4" and so on, one a line; the period is left out where all are in one. */
static void show(struct buffer *out, const struct departures *flows, bool by_period) {
    buffer_clear(out);
    buffer_text(out, "");
    for (size_t i = 0; i < flows->n; i++) {
        const struct departure *flow = &flows->items[i];
        char period[CALENDAR_TEXT];
        period_format(flow->period, period);
        if (by_period)
            buffer_format(out, "%s ", period);
        buffer_format(out, "%.*s>%.*s %lld/%lld\n", (int)flow->from.length, flow->from.bytes,
                      (int)flow->to.length, flow->to.bytes, (long long)flow->users,
                      (long long)flow->left);
    }
    assert_false(out->failed);
}

/* Reads `files` and leaves the flows, or "error CODE: TEXT". */
static int read_files(struct departures *flows, const struct table_options *reading,
                      const struct departures_options *options, struct buffer *out) {
    struct error err = {0};
    struct table *table = NULL;
    *flows = (struct departures){0};
    int status = table_open(&table, reading, &err);
    if (!status)
        status = departures_read(table, options, flows, &err);
    if (status) {
        assert_int_equal(status, err.code);
        assert_null(flows->items);
        tables_error(out, &err);
    } else {
        show(out, flows, options->period != NULL);
    }
    table_close(table);
    return status;
}

static void assert_flows(const char *csv, const struct departures_options *options,
                         const char *expected) {
    const char *path = tables_write("a.csv", text_of(csv));
    const struct table_options reading = {.files = &path, .n_files = 1};
    struct buffer out = {0};
    struct departures flows;
    read_files(&flows, &reading, options, &out);
    assert_string_equal(out.bytes, expected);
    departures_free(&flows);
    buffer_free(&out);
}

static const enum period_kind year = PERIOD_YEAR, quarter = PERIOD_QUARTER, month = PERIOD_MONTH,
                              week = PERIOD_WEEK, day = PERIOD_DAY;

/* ---- By hand --------------------------------------------------------------------------------- */

static const char hand[] = "user,platform,start,end,destination\n"
                           "1,TikTok,2024-12-01,2024-12-30,RedNote\n"
                           "2,TikTok,2024-12-01,2024-12-31,RedNote\n"
                           "3,TikTok,2024-12-01,2025-01-01,Instagram\n"
                           "4,TikTok,2024-12-01,,\n"
                           "5,TikTok,2024-12-01,2025-01-20,\n"
                           "6,RedNote,2024-12-01,2025-03-31,TikTok\n"
                           "7,RedNote,2024-12-01,2025-04-01,\n"
                           "8,TikTok,2024-12-01,2025-01-19,RedNote\n";

static void counts_by_hand(void **state) {
    (void)state;
    assert_flows(hand, &(struct departures_options){0},
                 "RedNote>TikTok 1/2\n"
                 "RedNote>(gone) 1/2\n"
                 "TikTok>RedNote 3/5\n"
                 "TikTok>Instagram 1/5\n"
                 "TikTok>(gone) 1/5\n");
}

/* 2024-12-30 to 2025-01-05 is one ISO week, in two years. */
static void counts_by_period(void **state) {
    (void)state;
    assert_flows(hand, &(struct departures_options){.period = &year},
                 "2024 TikTok>RedNote 2/2\n"
                 "2025 RedNote>TikTok 1/2\n2025 RedNote>(gone) 1/2\n"
                 "2025 TikTok>Instagram 1/3\n2025 TikTok>RedNote 1/3\n2025 TikTok>(gone) 1/3\n");
    assert_flows(hand, &(struct departures_options){.period = &quarter},
                 "2024-Q4 TikTok>RedNote 2/2\n"
                 "2025-Q1 RedNote>TikTok 1/1\n"
                 "2025-Q1 TikTok>Instagram 1/3\n2025-Q1 TikTok>RedNote 1/3\n"
                 "2025-Q1 TikTok>(gone) 1/3\n"
                 "2025-Q2 RedNote>(gone) 1/1\n");
    assert_flows(hand, &(struct departures_options){.period = &month},
                 "2024-12 TikTok>RedNote 2/2\n"
                 "2025-01 TikTok>Instagram 1/3\n2025-01 TikTok>RedNote 1/3\n"
                 "2025-01 TikTok>(gone) 1/3\n"
                 "2025-03 RedNote>TikTok 1/1\n"
                 "2025-04 RedNote>(gone) 1/1\n");
    assert_flows(hand, &(struct departures_options){.period = &week},
                 "2025-W01 TikTok>RedNote 2/3\n2025-W01 TikTok>Instagram 1/3\n"
                 "2025-W03 TikTok>RedNote 1/1\n"
                 "2025-W04 TikTok>(gone) 1/1\n"
                 "2025-W14 RedNote>TikTok 1/2\n2025-W14 RedNote>(gone) 1/2\n");
    assert_flows(hand, &(struct departures_options){.period = &day},
                 "2024-12-30 TikTok>RedNote 1/1\n"
                 "2024-12-31 TikTok>RedNote 1/1\n"
                 "2025-01-01 TikTok>Instagram 1/1\n"
                 "2025-01-19 TikTok>RedNote 1/1\n"
                 "2025-01-20 TikTok>(gone) 1/1\n"
                 "2025-03-31 RedNote>TikTok 1/1\n"
                 "2025-04-01 RedNote>(gone) 1/1\n");
}

static void says_what_it_saw(void **state) {
    (void)state;
    const char *path = tables_write("a.csv", text_of("platform,end,destination,n\n"
                                                     "A,2021-06-05,B,2\n"
                                                     "A,,,30\n"
                                                     "A,2021-06-02,,5\n"
                                                     "B,,A,100\n"
                                                     "A,2021-06-04,C,7\n"));
    const struct table_options reading = {.files = &path, .n_files = 1};
    struct buffer out = {0};
    struct departures flows;
    assert_int_equal(
        read_files(&flows, &reading, &(struct departures_options){.weight = "n"}, &out), 0);
    assert_int_equal(flows.left, 14);
    assert_int_equal(flows.stayed, 130);
    assert_int_equal(flows.undecided, 100);
    assert_int_equal(flows.first, calendar_day(2021, 6, 2));
    assert_int_equal(flows.last, calendar_day(2021, 6, 5));
    assert_int_equal(flows.others, 0);
    assert_string_equal(out.bytes, "A>C 7/14\nA>B 2/14\nA>(gone) 5/14\n");
    departures_free(&flows);
    buffer_free(&out);
}

static void is_empty_when_nobody_left(void **state) {
    (void)state;
    assert_flows("platform,end,destination\n", &(struct departures_options){.top = 1}, "");
    assert_flows("platform,end,destination\nA,,\nB,,A\n", &(struct departures_options){.top = 1},
                 "");
}

/* ---- Order and names ------------------------------------------------------------------------- */

/* By users, then by bytes; capitals stand before small letters. */
static void sorts_ties_by_name(void **state) {
    (void)state;
    assert_flows("platform,end,destination\n"
                 "z,2021-01-01,b\nz,2021-01-01,C\nz,2021-01-01,a\nz,2021-01-01,\n"
                 "z,2021-01-01,\nz,2021-01-01,a\nA,2021-01-01,z\n",
                 &(struct departures_options){0},
                 "A>z 1/1\nz>a 2/6\nz>C 1/6\nz>b 1/6\nz>(gone) 2/6\n");
}

/* Who writes (gone) or (other) means the same as this does: two rows of one flow cannot be. */
static void takes_its_own_names_as_meant(void **state) {
    (void)state;
    assert_flows("platform,end,destination,n\n"
                 "A,2021-01-01,(gone),3\nA,2021-01-01,,4\nA,2021-01-01,(other),9\n"
                 "A,2021-01-01,B,2\nA,2021-01-01,C,1\n",
                 &(struct departures_options){.weight = "n", .top = 1},
                 "A>B 2/19\nA>(gone) 7/19\nA>(other) 10/19\n");
}

/* ---- The largest ----------------------------------------------------------------------------- */

static const char many[] = "platform,end,destination,n\n"
                           "A,2021-01-01,p,1\n"
                           "A,2021-01-01,q,5\n"
                           "A,2021-01-01,,90\n"
                           "A,2022-01-01,p,6\n"
                           "A,2022-01-01,r,6\n"
                           "A,2022-01-01,s,2\n"
                           "B,2022-01-01,s,1\n"
                           "B,2022-01-01,p,1\n"
                           "B,2023-01-01,A,1\n";

/* Over all years A lost 7 to p, 6 to r, 5 to q and 2 to s; B lost 1 each to A, p and s. */
static void keeps_the_largest_of_the_whole_file(void **state) {
    (void)state;
    assert_flows(many, &(struct departures_options){.weight = "n", .period = &year, .top = 2},
                 "2021 A>p 1/96\n2021 A>(gone) 90/96\n2021 A>(other) 5/96\n"
                 "2022 A>p 6/14\n2022 A>r 6/14\n2022 A>(other) 2/14\n"
                 "2022 B>p 1/2\n2022 B>(other) 1/2\n"
                 "2023 B>A 1/1\n");
    assert_flows(many, &(struct departures_options){.weight = "n", .top = 1},
                 "A>p 7/110\nA>(gone) 90/110\nA>(other) 13/110\n"
                 "B>A 1/3\nB>(other) 2/3\n");
}

static void keeps_all_if_there_are_no_more(void **state) {
    (void)state;
    const char *expected = "A>p 7/110\nA>r 6/110\nA>q 5/110\nA>s 2/110\nA>(gone) 90/110\n"
                           "B>A 1/3\nB>p 1/3\nB>s 1/3\n";
    assert_flows(many, &(struct departures_options){.weight = "n", .top = 4}, expected);
    assert_flows(many, &(struct departures_options){.weight = "n", .top = SIZE_MAX}, expected);
    assert_flows(many, &(struct departures_options){.weight = "n"}, expected);
}

static void says_how_many_it_put_together(void **state) {
    (void)state;
    const char *path = tables_write("a.csv", text_of(many));
    const struct table_options reading = {.files = &path, .n_files = 1};
    struct buffer out = {0};
    struct departures flows;
    read_files(&flows, &reading, &(struct departures_options){.top = 1}, &out);
    assert_int_equal(flows.others, 3 + 2);
    departures_free(&flows);
    buffer_free(&out);
}

/* ---- What is turned down --------------------------------------------------------------------- */

static void turns_down_what_makes_no_sense(void **state) {
    (void)state;
    const struct departures_options plain = {0}, weighted = {.weight = "n"};
    assert_flows("platform,end,destination\nA,2021-01-01,B\nA,2021-01-02,A\n", &plain,
                 "error 1: a.csv:3:3: destination 'A' is the platform itself, expected another or "
                 "none\n");
    assert_flows("platform,end,destination,n\nA,2021-01-01,B,0\n", &weighted,
                 "error 1: a.csv:2:4: weight 0, expected a whole number from 1 on\n");
    assert_flows("platform,end,destination,n\nA,,,-3\n", &weighted,
                 "error 1: a.csv:2:4: weight -3, expected a whole number from 1 on\n");
}

/* Cells that cannot be read, and columns that are not there, are the reader's; only that there is
 * an error is of interest here. */
static void needs_whole_weights_and_all_columns(void **state) {
    (void)state;
    static const char *const bad[] = {
        "platform,end,destination,n\nA,2021-01-01,B,1.5\n",
        "platform,end,destination,n\nA,2021-01-01,B,\n",
        "platform,end,destination,n\n,2021-01-01,B,1\n",
        "platform,end,destination,n\nA,2021-01,B,1\n",
        "platform,end,n\nA,2021-01-01,1\n",
        "platform,destination,n\nA,B,1\n",
        "platform,end,destination\nA,2021-01-01,B\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *path = tables_write("a.csv", text_of(bad[i]));
        const struct table_options reading = {.files = &path, .n_files = 1};
        struct buffer out = {0};
        struct departures flows;
        assert_int_equal(
            read_files(&flows, &reading, &(struct departures_options){.weight = "n"}, &out),
            ERROR_DATA);
        buffer_free(&out);
    }
}

static void goes_on_behind_skipped_rows(void **state) {
    (void)state;
    const char *path = tables_write("a.csv", text_of("platform,end,destination,n\n"
                                                     "A,2021-01-01,B,2\n"
                                                     "A,2020-01-02,A,100\n"
                                                     "A,2021-01-01,B,-7\n"
                                                     "A,,,0\n"
                                                     "A,2021-01-01,C,3\n"));
    const struct table_options reading = {.files = &path, .n_files = 1, .bad_rows = TABLE_SKIP};
    struct buffer out = {0};
    struct departures flows;
    assert_int_equal(
        read_files(&flows, &reading, &(struct departures_options){.weight = "n"}, &out), 0);
    assert_string_equal(out.bytes, "A>C 3/5\nA>B 2/5\n");
    assert_int_equal(flows.first, calendar_day(2021, 1, 1)); /* the bad row's is earlier */
    assert_int_equal(flows.stayed, 0);
    departures_free(&flows);
    buffer_free(&out);
}

static void refuses_more_than_a_double_counts(void **state) {
    (void)state;
    const struct departures_options weighted = {.weight = "n"};
    assert_flows("platform,end,destination,n\n"
                 "A,2021-01-01,B,9007199254740991\nA,2021-01-01,C,1\n",
                 &weighted, "A>B 9007199254740991/9007199254740992\nA>C 1/9007199254740992\n");
    const char *refused = "error 1: more than 9007199254740992 users, counting weights\n";
    assert_flows("platform,end,destination,n\n"
                 "A,2021-01-01,B,9007199254740992\nA,2021-01-01,C,1\n",
                 &weighted, refused);
    assert_flows("platform,end,destination,n\nA,2021-01-01,B,9007199254740992\nA,,,1\n", &weighted,
                 refused);
    /* Sums that would wrap in 64 bits. */
    assert_flows("platform,end,destination,n\n"
                 "A,2021-01-01,B,9223372036854775807\nA,2021-01-01,B,9223372036854775807\n"
                 "A,2021-01-01,B,5\n",
                 &weighted, refused);
}

/* ---- However it is divided ------------------------------------------------------------------- */

enum { ROWS = 6000, NAMES = 9, MONTHS = 15 };

/* xorshift64*, so that this test needs no other module. */
static uint32_t draw(uint64_t *state, uint32_t below) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* What a plain loop counts: users by month, platform and destination; NAMES is nowhere. */
static int64_t counted[MONTHS][NAMES][NAMES + 1], stayed, undecided;
static int32_t first_day = INT32_MAX, last_day = INT32_MIN;

static void count_row(bool left, int32_t on, uint32_t at, uint32_t from, uint32_t to, uint32_t n) {
    if (!left) {
        stayed += n;
        undecided += to < NAMES ? n : 0;
        return;
    }
    counted[at][from][to] += n;
    first_day = on < first_day ? on : first_day;
    last_day = on > last_day ? on : last_day;
}

static void put_row(struct buffer *csv, uint64_t *random) {
    uint32_t from = draw(random, NAMES), to = draw(random, NAMES + 1), n = 1 + draw(random, 50);
    uint32_t at = draw(random, MONTHS);
    int32_t on = calendar_day(2020 + (int)at / 12, 1 + (int)at % 12, 1 + (int)draw(random, 28));
    char date[CALENDAR_TEXT];
    if (to == from)
        to = NAMES;
    bool left = draw(random, 4) > 0;
    calendar_format_date(on, date);
    buffer_format(csv, "P%u,%s,", from, left ? date : "");
    if (to < NAMES)
        buffer_format(csv, "P%u", to);
    buffer_format(csv, ",%u\n", n);
    count_row(left, on, at, from, to, n);
}

static void assert_counted(const struct departures *flows) {
    size_t seen = 0, expected = 0;
    int64_t all = 0;
    for (size_t i = 0; i < flows->n; i++) {
        const struct departure *flow = &flows->items[i];
        int at = flow->period.index - 12 * 2020;
        int from = flow->from.bytes[1] - '0';
        int to = text_is(flow->to, "(gone)") ? NAMES : flow->to.bytes[1] - '0';
        int64_t left = 0;
        assert_in_range(at, 0, MONTHS - 1);
        for (int k = 0; k <= NAMES; k++)
            left += counted[at][from][k];
        assert_int_equal(flow->users, counted[at][from][to]);
        assert_int_equal(flow->left, left);
        all += flow->users;
        seen++;
    }
    assert_int_equal(flows->left, all);
    assert_int_equal(flows->stayed, stayed);
    assert_int_equal(flows->undecided, undecided);
    assert_int_equal(flows->first, first_day);
    assert_int_equal(flows->last, last_day);
    const int64_t *cells = (const int64_t *)counted;
    for (int i = 0; i < MONTHS * NAMES * (NAMES + 1); i++)
        expected += cells[i] > 0;
    assert_int_equal(seen, expected);
    assert_true(seen > MONTHS * NAMES * (NAMES - 1)); /* the table of counts has had to grow */
}

static void does_not_depend_on_the_division(void **state) {
    (void)state;
    static const char header[] = "platform,end,destination,n\n";
    struct buffer csv[3] = {0}, whole = {0}, first = {0}, out = {0};
    uint64_t random = 20210519;
    buffer_text(&whole, header);
    for (int shard = 0; shard < 3; shard++) {
        buffer_text(&csv[shard], header);
        for (int row = 0; row < ROWS / 3; row++)
            put_row(&csv[shard], &random);
        buffer_text(&whole, csv[shard].bytes + strlen(header));
    }
    const char *paths[4];
    static const char *const names[] = {"1.csv", "2.csv", "3.csv"};
    for (int shard = 0; shard < 3; shard++)
        paths[2 - shard] = tables_write(names[shard], text_of(csv[shard].bytes)); /* backwards */
    paths[3] = tables_write("whole.csv", text_of(whole.bytes));
    const struct departures_options all = {.weight = "n", .period = &month};
    const struct departures_options largest = {.weight = "n", .period = &month, .top = 3};
    for (int i = 0; i < 12; i++) {
        static const int threads[] = {1, 2, 4};
        static const size_t blocks[] = {0, 997};
        const bool sharded = i % 2 == 1;
        const struct table_options reading = {.files = sharded ? paths : paths + 3,
                                              .n_files = sharded ? 3 : 1,
                                              .threads = threads[i / 2 % 3],
                                              .block_bytes = blocks[i / 6]};
        struct departures flows;
        assert_int_equal(read_files(&flows, &reading, &all, &out), 0);
        assert_counted(&flows);
        departures_free(&flows);
        assert_int_equal(read_files(&flows, &reading, &largest, &out), 0);
        departures_free(&flows);
        if (i == 0)
            buffer_text(&first, out.bytes);
        assert_string_equal(out.bytes, first.bytes);
    }
    for (int shard = 0; shard < 3; shard++)
        buffer_free(&csv[shard]);
    buffer_free(&whole);
    buffer_free(&first);
    buffer_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_by_hand),
        cmocka_unit_test(counts_by_period),
        cmocka_unit_test(says_what_it_saw),
        cmocka_unit_test(is_empty_when_nobody_left),
        cmocka_unit_test(sorts_ties_by_name),
        cmocka_unit_test(takes_its_own_names_as_meant),
        cmocka_unit_test(keeps_the_largest_of_the_whole_file),
        cmocka_unit_test(keeps_all_if_there_are_no_more),
        cmocka_unit_test(says_how_many_it_put_together),
        cmocka_unit_test(turns_down_what_makes_no_sense),
        cmocka_unit_test(needs_whole_weights_and_all_columns),
        cmocka_unit_test(goes_on_behind_skipped_rows),
        cmocka_unit_test(refuses_more_than_a_double_counts),
        cmocka_unit_test(does_not_depend_on_the_division),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
