/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells from a log: by hand at every boundary of the rule, and against a reference that follows
 * the definition day by day. */
#include "users/activity-spells.h"

#include "tables.h"

/* ---- Showing --------------------------------------------------------------------------------- */

static void show_spell(struct buffer *out, const struct activity_spell *spell) {
    char start[CALENDAR_TEXT], end[CALENDAR_TEXT] = "";
    calendar_format_date(spell->start, start);
    if (spell->ended)
        calendar_format_date(spell->end, end);
    buffer_format(out, "%.*s %.*s %s/%s", (int)spell->user.length, spell->user.bytes,
                  (int)spell->platform.length, spell->platform.bytes, start, end);
    if (spell->destination.length > 0)
        buffer_format(out, " >%.*s", (int)spell->destination.length, spell->destination.bytes);
    buffer_byte(out, '\n');
}

/* All spells, one a line, or "error CODE: TEXT"; the report if there is one. */
static void show_files(struct buffer *out, const struct table_options *reading,
                       const struct activity_spells_options *options,
                       struct activity_spells_report *ret_report) {
    struct error err = {0};
    struct table *table = NULL;
    struct activity_spells *spells = NULL;
    struct activity_spell spell;
    buffer_clear(out);
    buffer_text(out, "");
    int status = table_open(&table, reading, &err);
    if (!status)
        status = activity_spells_read(&spells, table, options, &err);
    if (status) {
        assert_int_equal(status, err.code);
        assert_null(spells);
        tables_error(out, &err);
    } else {
        while (activity_spells_next(spells, &spell))
            show_spell(out, &spell);
        assert_false(activity_spells_next(spells, &spell)); /* nor later */
        *ret_report = *activity_spells_report(spells);
    }
    activity_spells_destroy(spells);
    table_close(table);
    assert_false(out->failed);
}

static struct activity_spells_report assert_spells(const char *csv,
                                                   const struct activity_spells_options *options,
                                                   const char *expected) {
    const char *path = tables_write("a.csv", text_of(csv));
    const struct table_options reading = {.files = &path, .n_files = 1};
    struct activity_spells_report report = {0};
    struct buffer out = {0};
    show_files(&out, &reading, options, &report);
    assert_string_equal(out.bytes, expected);
    buffer_free(&out);
    return report;
}

#define HEADER "user,platform,date\n"

/* ---- By hand --------------------------------------------------------------------------------- */

/* A gap of 3 days: 5 to 8 is three apart, so 6 and 7 are absences within the gap; 8 to 12 is four
 * apart. Ends are the days after the last active ones. */
static void ends_after_more_than_the_gap(void **state) {
    (void)state;
    static const char csv[] = HEADER "u,A,2025-01-05\nu,A,2025-01-08\nu,A,2025-01-12\n"
                                     "v,A,2025-01-30\n";
    assert_spells(csv, &(struct activity_spells_options){.gap = 3},
                  "u A 2025-01-05/2025-01-09\nu A 2025-01-12/2025-01-13\nv A 2025-01-30/\n");
    assert_spells(csv, &(struct activity_spells_options){.gap = 4},
                  "u A 2025-01-05/2025-01-13\nv A 2025-01-30/\n");
    assert_spells(csv, &(struct activity_spells_options){.gap = 2},
                  "u A 2025-01-05/2025-01-06\nu A 2025-01-08/2025-01-09\n"
                  "u A 2025-01-12/2025-01-13\nv A 2025-01-30/\n");
    assert_spells(HEADER "u,A,2025-01-05\nu,A,2025-01-06\nu,A,2025-01-08\n",
                  &(struct activity_spells_options){.gap = 1},
                  "u A 2025-01-05/2025-01-07\nu A 2025-01-08/\n");
}

/* With a last active day of the 10th and a gap of 5, the 11th to the 15th must have been watched.
 */
static void has_ended_once_the_gap_was_watched(void **state) {
    (void)state;
    static const char csv[] = HEADER "u,A,2025-01-10\n";
    const int32_t day14 = calendar_day(2025, 1, 14), day15 = day14 + 1, day10 = day14 - 4;
    struct activity_spells_report report;
    assert_spells(csv, &(struct activity_spells_options){.gap = 5, .as_of = &day14},
                  "u A 2025-01-10/\n");
    report = assert_spells(csv, &(struct activity_spells_options){.gap = 5, .as_of = &day15},
                           "u A 2025-01-10/2025-01-11\n");
    assert_int_equal(report.settled, day10 + 1);
    assert_spells(csv, &(struct activity_spells_options){.gap = 5, .as_of = &day10},
                  "u A 2025-01-10/\n");
    /* The last look is by default the last date, of whichever user. */
    assert_spells(HEADER "u,A,2025-01-10\nv,B,2025-01-14\n",
                  &(struct activity_spells_options){.gap = 5},
                  "u A 2025-01-10/\nv B 2025-01-14/\n");
    assert_spells(HEADER "u,A,2025-01-10\nv,B,2025-01-15\n",
                  &(struct activity_spells_options){.gap = 5},
                  "u A 2025-01-10/2025-01-11\nv B 2025-01-15/\n");
}

/* What happened after the last look is not known at it: neither a return nor a destination. */
static void knows_nothing_after_the_last_look(void **state) {
    (void)state;
    static const char csv[] = HEADER "u,A,2025-01-01\nu,B,2025-01-08\nu,A,2025-01-09\n";
    const int32_t day6 = calendar_day(2025, 1, 6), day7 = day6 + 1, day8 = day6 + 2,
                  before = day6 - 10;
    struct activity_spells_report report;
    report = assert_spells(csv, &(struct activity_spells_options){.gap = 6, .as_of = &day7},
                           "u A 2025-01-01/2025-01-02\n");
    assert_int_equal(report.late_rows, 2);
    assert_int_equal(report.rows, 1);
    assert_spells(csv, &(struct activity_spells_options){.gap = 6, .as_of = &day6},
                  "u A 2025-01-01/\n");
    assert_spells(csv, &(struct activity_spells_options){.gap = 6, .as_of = &day8},
                  "u A 2025-01-01/2025-01-02 >B\nu B 2025-01-08/\n");
    report = assert_spells(csv, &(struct activity_spells_options){.gap = 6, .as_of = &before}, "");
    assert_false(report.any);
    assert_int_equal(report.late_rows, 3);
}

/* On both until the 5th, then on B alone: A has ended and leads to B, and B goes on through it. */
static void keeps_multi_homing_as_spells_that_overlap(void **state) {
    (void)state;
    struct activity_spells_report report;
    report = assert_spells(HEADER "u,A,2025-01-03\nu,B,2025-01-03\nu,A,2025-01-05\nu,B,2025-01-05\n"
                                  "u,B,2025-01-08\nu,B,2025-01-11\n",
                           &(struct activity_spells_options){.gap = 4},
                           "u A 2025-01-03/2025-01-06 >B\nu B 2025-01-03/\n");
    assert_int_equal(report.returns, 0);
    assert_int_equal(report.moved, 1);
    /* The same day on B is no day after: both ended at once and led nowhere known. */
    assert_spells(HEADER "u,A,2025-01-03\nu,B,2025-01-03\nv,A,2025-01-20\n",
                  &(struct activity_spells_options){.gap = 4},
                  "u A 2025-01-03/2025-01-04\nu B 2025-01-03/2025-01-04\nv A 2025-01-20/\n");
}

/* Back after the gap is a spell of its own. Where it was on B in between it went to B first; where
 * it was nowhere, or is back on the very day on which it shows up on B, it led nowhere else. */
static void tells_returns_from_moves(void **state) {
    (void)state;
    const struct activity_spells_options options = {.gap = 4};
    struct activity_spells_report report;
    report = assert_spells(HEADER "u,A,2025-01-01\nu,B,2025-01-04\nu,A,2025-01-07\n", &options,
                           "u A 2025-01-01/2025-01-02 >B\nu A 2025-01-07/\nu B 2025-01-04/\n");
    assert_int_equal(report.returns, 1);
    assert_spells(HEADER "u,A,2025-01-01\nu,A,2025-01-07\nu,B,2025-01-08\n", &options,
                  "u A 2025-01-01/2025-01-02\nu A 2025-01-07/\nu B 2025-01-08/\n");
    assert_spells(HEADER "u,A,2025-01-01\nu,B,2025-01-07\nu,A,2025-01-07\n", &options,
                  "u A 2025-01-01/2025-01-02\nu A 2025-01-07/\nu B 2025-01-07/\n");
}

/* The earliest day; on that day the first by name, in bytes: "B" before "a". Others' days do not
 * count. */
static void goes_where_the_user_is_active_next(void **state) {
    (void)state;
    const struct activity_spells_options options = {.gap = 2};
    assert_spells(HEADER "u,M,2025-01-01\nu,a,2025-01-05\nu,B,2025-01-05\nu,C,2025-01-06\n"
                         "v,A,2025-01-02\n",
                  &options,
                  "u B 2025-01-05/\nu C 2025-01-06/\nu M 2025-01-01/2025-01-02 >B\n"
                  "u a 2025-01-05/\nv A 2025-01-02/2025-01-03\n");
    assert_spells(HEADER "u,M,2025-01-01\nu,C,2025-01-04\nu,B,2025-01-05\n", &options,
                  "u B 2025-01-05/\nu C 2025-01-04/\nu M 2025-01-01/2025-01-02 >C\n");
    /* Years later, in a block of days far away. */
    assert_spells(HEADER "u,M,2015-01-01\nu,C,2025-01-04\n", &options,
                  "u C 2025-01-04/\nu M 2015-01-01/2015-01-02 >C\n");
}

static void may_limit_how_late_a_destination_counts(void **state) {
    (void)state;
    static const char csv[] = HEADER "u,A,2025-01-01\nu,B,2025-01-11\n";
    assert_spells(csv, &(struct activity_spells_options){.gap = 3, .within = 10},
                  "u A 2025-01-01/2025-01-02 >B\nu B 2025-01-11/\n");
    assert_spells(csv, &(struct activity_spells_options){.gap = 3, .within = 9},
                  "u A 2025-01-01/2025-01-02\nu B 2025-01-11/\n");
}

/* With the 20th as the last look and a gap of 5, ends are known up to the 16th. */
static void may_leave_out_what_is_not_settled(void **state) {
    (void)state;
    static const char csv[] = HEADER "u,A,2025-01-15\nv,A,2025-01-16\nw,A,2025-01-17\n"
                                     "x,A,2025-01-20\n";
    struct activity_spells_report report;
    report = assert_spells(csv, &(struct activity_spells_options){.gap = 5, .settled = true},
                           "u A 2025-01-15/2025-01-16\nv A 2025-01-16/\n");
    assert_int_equal(report.unsettled, 2);
    assert_int_equal(report.spells, 2);
    assert_int_equal(report.settled, calendar_day(2025, 1, 16));
}

static void says_what_it_saw(void **state) {
    (void)state;
    struct activity_spells_report report;
    report = assert_spells(HEADER "7,A,2025-01-05\n07,A,2025-01-05\n7,A,2025-01-05\n"
                                  "7,A,2025-01-05T23:59:59Z\n7,B,2025-01-05\n7,A,2025-01-08\n",
                           &(struct activity_spells_options){.gap = 3},
                           "07 A 2025-01-05/2025-01-06\n7 A 2025-01-05/\n"
                           "7 B 2025-01-05/2025-01-06 >A\n");
    assert_true(report.any);
    assert_int_equal(report.first, calendar_day(2025, 1, 5));
    assert_int_equal(report.as_of, calendar_day(2025, 1, 8));
    assert_int_equal(report.rows, 6);
    assert_int_equal(report.days, 4);
    assert_int_equal(report.users, 2);
    assert_int_equal(report.spells, 3);
    assert_int_equal(report.ended, 2);
    assert_int_equal(report.moved, 1);
    assert_int_equal(report.returns, 0);
    assert_int_equal(report.early, 3);
}

static void works_at_both_ends_of_the_calendar(void **state) {
    (void)state;
    assert_spells(HEADER "u,A,0001-01-01\nu,A,9999-12-31\nu,B,9999-12-30\nu,B,0001-01-02\n",
                  &(struct activity_spells_options){.gap = ACTIVITY_SPELLS_MOST_DAYS},
                  "u A 0001-01-01/0001-01-02 >B\nu A 9999-12-31/\n"
                  "u B 0001-01-02/0001-01-03\nu B 9999-12-30/\n");
}

static void is_empty_without_rows(void **state) {
    (void)state;
    struct activity_spells_report report;
    report = assert_spells(HEADER, &(struct activity_spells_options){.gap = 30}, "");
    assert_false(report.any);
    assert_int_equal(report.spells, 0);
}

static void needs_all_three_cells(void **state) {
    (void)state;
    const struct activity_spells_options options = {.gap = 30};
    static const char *const bad[] = {HEADER ",A,2025-01-01\n", HEADER "u,,2025-01-01\n",
                                      HEADER "u,A,\n", HEADER "u,A,2025-01\n",
                                      "user,platform\nu,A\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *path = tables_write("a.csv", text_of(bad[i]));
        const struct table_options reading = {.files = &path, .n_files = 1};
        struct activity_spells_report report;
        struct buffer out = {0};
        show_files(&out, &reading, &options, &report);
        assert_int_equal(strncmp(out.bytes, "error 1: a.csv", 14), 0);
        buffer_free(&out);
    }
}

/* ---- The definition, day by day -------------------------------------------------------------- */

enum { DAYS = 150, PLATFORMS = 4, USERS = 700 };

/* By name, as the reference walks through them: byte order. */
static const char *const platform_names[PLATFORMS] = {"Mastodon", "TikTok", "X", "小红书"};

struct log {
    int users;
    int32_t base; /* the date of day 0 */
    bool active[USERS][PLATFORMS][DAYS];
};

/* Numbers that differ by leading zeros only are different users. */
static void name_user(int user, char text[32]) {
    snprintf(text, 32, user % 2 ? "%05d" : "%d", user / 2);
}

static int by_name(const void *a, const void *b) {
    char x[32], y[32];
    name_user(*(const int *)a, x);
    name_user(*(const int *)b, y);
    return strcmp(x, y);
}

static bool active_between(const bool *days, int from, int to) {
    for (int day = from < 0 ? 0 : from; day <= to && day < DAYS; day++)
        if (days[day])
            return true;
    return false;
}

/* Whoever is inactive on all `gap` days before an active one starts there. */
static bool starts(const bool *days, int day, int gap) {
    return days[day] && !active_between(days, day - gap, day - 1);
}

static const char *next_platform(const struct log *log, int user, int platform, int last, int as_of,
                                 int within) {
    for (int day = last + 1; day <= as_of && (within == 0 || day <= last + within); day++) {
        if (log->active[user][platform][day])
            return "";
        for (int other = 0; other < PLATFORMS; other++)
            if (log->active[user][other][day])
                return platform_names[other];
    }
    return "";
}

static void refer_spell(const struct log *log, int user, int platform, int start, int as_of,
                        const struct activity_spells_options *options, struct buffer *out) {
    const bool *days = log->active[user][platform];
    int last = start;
    for (int day = start + 1; day <= as_of && !starts(days, day, options->gap); day++)
        last = days[day] ? day : last;
    const bool ended = last + options->gap <= as_of;
    if (options->settled && start > as_of - options->gap + 1)
        return;
    char name[32];
    name_user(user, name);
    const char *next =
        ended ? next_platform(log, user, platform, last, as_of, options->within) : "";
    show_spell(out, &(struct activity_spell){.user = text_of(name),
                                             .platform = text_of(platform_names[platform]),
                                             .start = log->base + start,
                                             .end = log->base + last + 1,
                                             .ended = ended,
                                             .destination = text_of(next)});
}

static int last_day(const struct log *log) {
    int last = -1;
    for (int day = 0; day < DAYS; day++)
        for (int user = 0; user < log->users; user++)
            for (int platform = 0; platform < PLATFORMS; platform++)
                last = log->active[user][platform][day] ? day : last;
    return last;
}

static void refer(const struct log *log, const struct activity_spells_options *options,
                  struct buffer *out) {
    int users[USERS];
    const int as_of = options->as_of ? *options->as_of - log->base : last_day(log);
    for (int i = 0; i < log->users; i++)
        users[i] = i;
    qsort(users, (size_t)log->users, sizeof *users, by_name);
    buffer_clear(out);
    buffer_text(out, "");
    for (int i = 0; i < log->users; i++)
        for (int platform = 0; platform < PLATFORMS; platform++)
            for (int day = 0; day <= as_of; day++)
                if (starts(log->active[users[i]][platform], day, options->gap))
                    refer_spell(log, users[i], platform, day, as_of, options, out);
}

/* xorshift64*, so that this test needs no other module. */
static uint32_t draw(uint64_t *state, uint32_t below) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

/* Rows in three shards in random order, some of them twice; users are active more in some stretches
 * than in others. */
static void write_log(struct log *log, uint64_t *random, int rows, const char *paths[3]) {
    static const char *const names[] = {"1.csv", "2.csv", "3.csv"};
    struct buffer csv[3] = {0};
    memset(log->active, 0, sizeof log->active);
    for (int shard = 0; shard < 3; shard++)
        buffer_text(&csv[shard], HEADER);
    for (int row = 0; row < rows; row++) {
        const uint32_t user = draw(random, (uint32_t)log->users);
        const uint32_t platform = draw(random, 1 + draw(random, PLATFORMS));
        const uint32_t day = draw(random, 1 + draw(random, DAYS));
        char name[32], date[CALENDAR_TEXT];
        name_user((int)user, name);
        calendar_format_date(log->base + (int32_t)day, date);
        log->active[user][platform][day] = true;
        for (uint32_t times = 1 + draw(random, 2); times > 0; times--)
            buffer_format(&csv[draw(random, 3)], "%s,%s,%s\n", name, platform_names[platform],
                          date);
    }
    for (int shard = 0; shard < 3; shard++) {
        paths[shard] =
            tables_write(names[shard], (struct text){csv[shard].bytes, csv[shard].length});
        buffer_free(&csv[shard]);
    }
}

static void assert_as_defined(struct log *log, uint64_t *random, int rows, int threads) {
    const char *paths[3];
    write_log(log, random, rows, paths);
    const int32_t as_of = log->base + (int32_t)draw(random, DAYS);
    const struct activity_spells_options options = {
        .gap = 1 + (int32_t)draw(random, 12),
        .as_of = draw(random, 2) ? &as_of : NULL,
        .within = draw(random, 2) ? 1 + (int32_t)draw(random, 20) : 0,
        .settled = draw(random, 2),
        .threads = threads,
    };
    const struct table_options reading = {
        .files = paths, .n_files = 3, .threads = threads, .block_bytes = 1 + draw(random, 5000)};
    struct activity_spells_report report;
    struct buffer found = {0}, expected = {0};
    show_files(&found, &reading, &options, &report);
    refer(log, &options, &expected);
    assert_string_equal(found.bytes, expected.bytes);
    buffer_free(&found);
    buffer_free(&expected);
}

/* A few users, so that there are many days of each. */
static void follows_the_definition(void **state) {
    (void)state;
    struct log *log = malloc(sizeof *log);
    uint64_t random = 20250119;
    assert_non_null(log);
    for (int i = 0; i < 200; i++) {
        log->users = 1 + (int)draw(&random, 4);
        log->base = (int32_t)draw(&random, 40000) - 20000; /* before and after 1970 */
        assert_as_defined(log, &random, (int)draw(&random, 300), 1 + i % 4);
    }
    free(log);
}

/* Enough users that every part has some. */
static void follows_it_for_many_users(void **state) {
    (void)state;
    struct log *log = malloc(sizeof *log);
    uint64_t random = 7;
    assert_non_null(log);
    for (int threads = 1; threads <= 4; threads++) {
        log->users = USERS;
        log->base = calendar_day(2024, 12, 1);
        assert_as_defined(log, &random, 12000, threads);
    }
    free(log);
}

/* The same log with as many threads as there may be, whole or in shards turned round. */
static void does_not_depend_on_the_division(void **state) {
    (void)state;
    struct log *log = malloc(sizeof *log);
    uint64_t random = 11;
    const char *paths[3];
    struct buffer first = {0}, found = {0};
    struct activity_spells_report report = {0}, other = {0};
    assert_non_null(log);
    log->users = USERS;
    log->base = calendar_day(2024, 12, 1);
    write_log(log, &random, 20000, paths);
    const char *turned[3] = {paths[2], paths[0], paths[1]};
    for (int i = 0; i < 10; i++) {
        static const int threads[] = {1, 2, 3, 4, 8};
        static const size_t blocks[] = {0, 997};
        const struct table_options reading = {.files = i % 2 ? turned : paths,
                                              .n_files = 3,
                                              .threads = threads[i % 5],
                                              .block_bytes = blocks[i / 5]};
        const struct activity_spells_options options = {.gap = 7, .threads = threads[i % 5]};
        show_files(i == 0 ? &first : &found, &reading, &options, i == 0 ? &report : &other);
        if (i == 0)
            continue;
        assert_string_equal(found.bytes, first.bytes);
        assert_int_equal(other.rows, report.rows);
        assert_int_equal(other.days, report.days);
        assert_int_equal(other.users, report.users);
        assert_int_equal(other.spells, report.spells);
        assert_int_equal(other.moved, report.moved);
        assert_int_equal(other.returns, report.returns);
    }
    assert_true(report.spells > USERS && report.returns > 100 && report.moved > 100);
    assert_true(report.rows > report.days);
    buffer_free(&first);
    buffer_free(&found);
    free(log);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_after_more_than_the_gap),
        cmocka_unit_test(has_ended_once_the_gap_was_watched),
        cmocka_unit_test(knows_nothing_after_the_last_look),
        cmocka_unit_test(keeps_multi_homing_as_spells_that_overlap),
        cmocka_unit_test(tells_returns_from_moves),
        cmocka_unit_test(goes_where_the_user_is_active_next),
        cmocka_unit_test(may_limit_how_late_a_destination_counts),
        cmocka_unit_test(may_leave_out_what_is_not_settled),
        cmocka_unit_test(says_what_it_saw),
        cmocka_unit_test(works_at_both_ends_of_the_calendar),
        cmocka_unit_test(is_empty_without_rows),
        cmocka_unit_test(needs_all_three_cells),
        cmocka_unit_test(follows_the_definition),
        cmocka_unit_test(follows_it_for_many_users),
        cmocka_unit_test(does_not_depend_on_the_division),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
