/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Switching: counted by hand, by a plain loop, and however the reading is divided; from logs,
 * panels and spells. */
#include "users/switching.h"

#include "tables.h"
#include <math.h>

static const enum period_kind month = PERIOD_MONTH, week = PERIOD_WEEK, quarter = PERIOD_QUARTER;

/* ---- Showing --------------------------------------------------------------------------------- */

/* "2025-02 A>A+B 3/4", one a line. */
static void show(struct buffer *out, const struct switching *switching) {
    for (size_t i = 0; i < switching->n; i++) {
        const struct switching_move *move = &switching->moves[i];
        const struct text from = switching->states[move->from].name;
        const struct text to = switching->states[move->to].name;
        char period[CALENDAR_TEXT];
        period_format(move->period, period);
        buffer_format(out, "%s %.*s>%.*s %lld/%lld\n", period, (int)from.length, from.bytes,
                      (int)to.length, to.bytes, (long long)move->users, (long long)move->all);
    }
    assert_false(out->failed);
}

static int read_files(const struct table_options *reading, const struct presence_options *presence,
                      const struct switching_options *options, struct switching *ret,
                      struct buffer *out) {
    struct error err = {0};
    struct table *table = NULL;
    struct presence *seen = NULL;
    *ret = (struct switching){0};
    buffer_clear(out);
    buffer_text(out, "");
    int status = table_open(&table, reading, &err);
    if (!status)
        status = presence_read(&seen, table, presence, &err);
    if (!status)
        status = switching_count(seen, options, ret, &err);
    if (status)
        tables_error(out, &err);
    else
        show(out, ret);
    assert_int_equal(status, err.code);
    presence_destroy(seen);
    table_close(table);
    return status;
}

static void assert_moves(const char *csv, const struct presence_options *presence,
                         const struct switching_options *options, const char *expected) {
    static const struct switching_options none;
    const char *path = tables_write("a.csv", text_of(csv));
    const struct table_options reading = {.files = &path, .n_files = 1};
    struct buffer out = {0};
    struct switching switching;
    read_files(&reading, presence, options ? options : &none, &switching, &out);
    assert_string_equal(out.bytes, expected);
    switching_free(&switching);
    buffer_free(&out);
}

static const struct presence_options a_log = {.platform = "platform", .period = &month};

/* ---- By hand --------------------------------------------------------------------------------- */

static const char hand[] = "user,platform,date\n"
                           "1,B,2024-12-31\n"
                           "1,A,2024-12-01\n"
                           "1,A,2025-02-01\n"
                           "2,A,2024-12-05\n"
                           "2,A,2024-12-05\n" /* again */
                           "2,A,2025-01-05\n"
                           "2,A,2025-01-25\n"
                           "2,B,2025-01-25\n"
                           "3,B,2025-03-31\n"
                           "4,B,2024-12-24\n";

static void counts_by_hand(void **state) {
    (void)state;
    assert_moves(hand, &a_log, NULL,
                 "2025-01 A>A+B 1/1\n"
                 "2025-01 A+B>(gone) 1/1\n"
                 "2025-01 B>(gone) 1/1\n"
                 "2025-02 A+B>(gone) 1/1\n"
                 "2025-02 (gone)>A 1/2\n"
                 "2025-02 (gone)>(gone) 1/2\n"
                 "2025-03 A>(gone) 1/1\n"
                 "2025-03 (new)>B 1/1\n"
                 "2025-03 (gone)>(gone) 2/2\n");
}

static void compares_two_periods(void **state) {
    (void)state;
    const struct period december_march[2] = {{PERIOD_MONTH, 12 * 2024 + 11},
                                             {PERIOD_MONTH, 12 * 2025 + 2}};
    assert_moves(hand, &a_log, &(struct switching_options){.between = december_march},
                 "2025-03 A>(gone) 1/1\n"
                 "2025-03 A+B>(gone) 1/1\n"
                 "2025-03 B>(gone) 1/1\n"
                 "2025-03 (new)>B 1/1\n");
    const struct period january_march[2] = {{PERIOD_MONTH, 12 * 2025},
                                            {PERIOD_MONTH, 12 * 2025 + 2}};
    assert_moves(hand, &a_log, &(struct switching_options){.between = january_march},
                 "2025-03 A+B>(gone) 1/1\n"
                 "2025-03 (new)>B 1/1\n"
                 "2025-03 (gone)>(gone) 2/2\n");
    const struct period none[2] = {{PERIOD_MONTH, 12 * 2024 + 11}, {PERIOD_MONTH, 12 * 2025 + 3}};
    assert_moves(
        hand, &a_log, &(struct switching_options){.between = none},
        "error 1: found no period 2025-04 in the data, expected two of those from 2024-12 to "
        "2025-03\n");
}

static void puts_small_platforms_together(void **state) {
    (void)state;
    const char *csv = "user,platform,date\n"
                      "1,C,2025-01-01\n1,B,2025-01-01\n2,A,2025-01-01\n3,A,2025-01-01\n"
                      "1,C,2025-02-01\n2,C,2025-02-01\n2,A,2025-02-01\n3,(other),2025-02-01\n";
    assert_moves(csv, &a_log, &(struct switching_options){.top = 1, .join = " & "},
                 "2025-02 A>A & (other) 1/2\n"
                 "2025-02 A>(other) 1/2\n"
                 "2025-02 (other)>(other) 1/1\n");
    assert_moves(csv, &a_log, NULL,
                 "2025-02 A>A+C 1/2\n"
                 "2025-02 A>(other) 1/2\n"
                 "2025-02 B+C>C 1/1\n");
}

static void one_of_everything(void **state) {
    (void)state;
    assert_moves("user,platform,date\n", &a_log, NULL, "");
    assert_moves("user,platform,date\n1,A,2025-01-01\n", &a_log, NULL, "");
    assert_moves("user,platform,date\n1,A,2025-01-01\n1,B,2025-01-31\n", &a_log, NULL, "");
    assert_moves("user,platform,date\n1,A,2025-01-31\n1,A,2025-02-01\n", &a_log, NULL,
                 "2025-02 A>A 1/1\n");
    /* Not told apart where they were. */
    const struct presence_options anywhere = {.period = &month};
    assert_moves("user,platform,date\n1,A,2025-01-31\n1,B,2025-02-01\n", &anywhere, NULL,
                 "2025-02 > 1/1\n");
}

static void names_that_read_like_states(void **state) {
    (void)state;
    assert_moves("user,platform,date\n1,A+B,2025-01-01\n2,A,2025-01-01\n2,B,2025-01-02\n"
                 "1,A,2025-02-01\n",
                 &a_log, NULL,
                 "error 1: 'A+B' is a platform, or several, and reads the same: choose another "
                 "mark than '+' to join the names of platforms\n");
    assert_moves("user,platform,date\n1,Disney+,2025-01-01\n1,A,2025-02-01\n", &a_log, NULL,
                 "2025-02 Disney+>A 1/1\n");
    assert_moves("user,platform,date\n1,(gone),2025-01-01\n1,A,2025-02-01\n", &a_log, NULL,
                 "error 1: found a platform called '(gone)', which is the name of a state; "
                 "expected platforms only: leave such rows out\n");
}

static void looks_up_to_a_day(void **state) {
    (void)state;
    int32_t as_of = calendar_day(2025, 2, 28);
    const struct presence_options early = {
        .platform = "platform", .period = &month, .as_of = &as_of};
    const char *csv = "user,platform,date\n1,A,2024-12-31\n1,A,2025-01-01\n2,B,2025-03-01\n";
    assert_moves(csv, &early, NULL, "2025-01 A>A 1/1\n2025-02 A>(gone) 1/1\n");
    as_of = calendar_day(2024, 1, 1);
    assert_moves(csv, &early, NULL, "");
}

/* ---- Panels and spells ----------------------------------------------------------------------- */

static void reads_panels(void **state) {
    (void)state;
    const struct presence_options panel = {.shape = PRESENCE_PANEL, .platform = "platform"};
    /* Steps are the periods that are there, near or far. */
    assert_moves("user,platform,period\n1,A,2024-Q4\n2,A,2024-Q4\n1,B,2025-Q3\n", &panel, NULL,
                 "2025-Q3 A>B 1/2\n2025-Q3 A>(gone) 1/2\n");
    assert_moves("user,platform,period\n1,A,2024-12-01\n2,A,2024-12-01\n1,B,2025-01-20\n", &panel,
                 NULL, "2025-01-20 A>B 1/2\n2025-01-20 A>(gone) 1/2\n");
    struct presence_options by_quarter = panel;
    by_quarter.period = &quarter;
    assert_moves("user,platform,period\n1,A,2024-12-01\n2,A,2024-10-01\n1,B,2025-01-20\n",
                 &by_quarter, NULL, "2025-Q1 A>B 1/2\n2025-Q1 A>(gone) 1/2\n");
    assert_moves("user,platform,period\n1,A,2024-12\n1,A,2025-01\n", &by_quarter, NULL,
                 "error 1: the periods of the panel are of kind month, expected quarter or day\n");
    assert_moves("user,platform,period\n1,A,2024-12\n1,A,2025-01\n1,B,2025\n2,B,2025-Q1\n", &panel,
                 NULL, "error 1: a.csv:4: found a year, expected a month as before\n");
}

static void reads_spells(void **state) {
    (void)state;
    const struct presence_options spells = {
        .shape = PRESENCE_SPELLS, .platform = "platform", .period = &month};
    const char *csv = "user,platform,start,end\n"
                      "1,A,2024-12-31,2025-02-01\n" /* its last day is in January */
                      "1,B,2025-01-15,\n"           /* still there in March, the last look */
                      "2,A,2025-01-01,2025-01-01\n" /* a day at least */
                      "3,B,2024-12-01,2025-03-02\n";
    assert_moves(csv, &spells, NULL,
                 "2025-01 A>A+B 1/1\n2025-01 B>B 1/1\n2025-01 (new)>A 1/1\n"
                 "2025-02 A>(gone) 1/1\n2025-02 A+B>B 1/1\n2025-02 B>B 1/1\n"
                 "2025-03 B>B 2/2\n2025-03 (gone)>(gone) 1/1\n");
    const int32_t as_of = calendar_day(2025, 1, 10);
    struct presence_options early = spells;
    early.as_of = &as_of;
    assert_moves(csv, &early, NULL, "2025-01 A>A 1/1\n2025-01 B>B 1/1\n2025-01 (new)>A 1/1\n");
    assert_moves("user,platform,start,end\n1,A,2025-01-02,2025-01-01\n", &spells, NULL,
                 "error 1: a.csv:2:4: end 2025-01-01 is before the start 2025-01-02\n");
}

/* ---- By share of time ------------------------------------------------------------------------ */

static void counts_shares_of_time(void **state) {
    (void)state;
    static const decimal sole = 900000;
    const struct presence_options minutes = {.platform = "platform",
                                             .period = &month,
                                             .amount = "minutes",
                                             .positive = true,
                                             .complete = true};
    const struct switching_options by_share = {.sole = &sole, .join = "+"};
    /* 1: 9 of 10, then 8.9 of 10; 2: a tie, then nothing; 3: nothing at first, so new later. */
    const char *csv = "user,platform,date,minutes\n"
                      "1,B,2025-01-01,4\n1,B,2025-01-31,5\n1,A,2025-01-01,1\n"
                      "1,B,2025-02-01,8.9\n1,A,2025-02-01,1.1\n"
                      "2,C,2025-01-01,3\n2,A,2025-01-01,3\n2,B,2025-02-03,0\n"
                      "3,C,2025-01-01,0\n3,C,2025-02-01,0.000001\n3,C,2025-03-31,7\n";
    assert_moves(csv, &minutes, &by_share,
                 "2025-02 mostly A>(gone) 1/1\n"
                 "2025-02 B>mostly B 1/1\n"
                 "2025-02 (new)>C 1/1\n"
                 "2025-03 mostly B>(gone) 1/1\n"
                 "2025-03 C>C 1/1\n"
                 "2025-03 (gone)>(gone) 1/1\n");
    const struct period january_march[2] = {{PERIOD_MONTH, 12 * 2025},
                                            {PERIOD_MONTH, 12 * 2025 + 2}};
    assert_moves(csv, &minutes,
                 &(struct switching_options){.sole = &sole, .between = january_march},
                 "2025-03 mostly A>(gone) 1/1\n"
                 "2025-03 B>(gone) 1/1\n"
                 "2025-03 (new)>C 1/1\n");
    assert_moves(csv, &minutes, &(struct switching_options){.sole = &sole, .top = 1},
                 "2025-02 B>mostly B 1/1\n"
                 "2025-02 mostly (other)>(gone) 1/1\n"
                 "2025-02 (new)>(other) 1/1\n"
                 "2025-03 mostly B>(gone) 1/1\n"
                 "2025-03 (other)>(other) 1/1\n"
                 "2025-03 (gone)>(gone) 1/1\n");
    assert_moves(
        "user,platform,date,minutes\n1,A,2025-01-01,\n", &minutes, &by_share,
        "error 1: a.csv:2:4: found an empty cell in column 'minutes', expected a decimal number\n");
    assert_moves("user,platform,date,minutes\n1,A,2025-01-01,1\n1,mostly A,2025-01-01,1\n",
                 &minutes, &by_share,
                 "error 1: found a platform called 'mostly A', which is what users who are mostly "
                 "on 'A' are called; expected another name\n");
}

/* ---- In and out of each platform ---------------------------------------------------------------
 */

static void balances_by_hand(void **state) {
    (void)state;
    /* January: 1 A, 2 A+B, 3 B, 4 A. February: 1 B, 2 A, 3 B, 4 gone, 5 A new. */
    const char *path = tables_write(
        "a.csv", text_of("user,platform,date\n"
                         "1,A,2025-01-01\n2,A,2025-01-01\n2,B,2025-01-01\n3,B,2025-01-01\n"
                         "4,A,2025-01-01\n1,B,2025-02-01\n2,A,2025-02-01\n3,B,2025-02-01\n"
                         "5,A,2025-02-01\n"));
    const struct table_options reading = {.files = &path, .n_files = 1};
    struct buffer out = {0};
    struct switching switching;
    struct switching_balance *balances;
    struct error err = {0};
    size_t n;
    assert_int_equal(read_files(&reading, &a_log, &(struct switching_options){0}, &switching, &out),
                     0);
    assert_int_equal(switching_balances(&switching, 0.95, &balances, &n, &err), 0);
    assert_int_equal(n, 2);
    const struct switching_balance *a = &balances[0];
    assert_int_equal(a->before, 3);
    assert_int_equal(a->newcomers, 1);
    assert_int_equal(a->returned, 0);
    assert_int_equal(a->joined, 0);
    assert_int_equal(a->moved, 1);
    assert_int_equal(a->gone, 1);
    assert_int_equal(a->users, 2);
    assert_int_equal(balances[1].joined, 1);
    assert_int_equal(balances[1].moved, 1);
    /* 2.5 of 4, then 2 of 4. */
    assert_true(fabs(a->share_before - 0.625) < 1e-15);
    assert_true(fabs(a->share - 0.5) < 1e-15);
    assert_true(fabs(a->displacement + 0.125) < 1e-15);
    /* d of users 1 to 5, by hand: (y - b/2)/4 - (x - 0.625 a)/4, times 4: */
    const double d[] = {-0.5 - 0.375, 0.5 + 0.125, -0.5 + 0.625, -0.375, 0.5};
    double sum = 0;
    for (int i = 0; i < 5; i++)
        sum += d[i] * d[i] / 16;
    const double error = sqrt(5.0 / 4 * sum), z = 1.959963984540054;
    assert_true(fabs(a->lower - (-0.125 - z * error)) < 1e-14);
    assert_true(fabs(a->upper - (-0.125 + z * error)) < 1e-14);
    /* What one gains the other loses. */
    assert_true(fabs(balances[1].displacement - 0.125) < 1e-15);
    assert_true(fabs(balances[1].lower + a->upper) < 1e-14);
    free(balances);
    switching_free(&switching);
    buffer_free(&out);
}

/* ---- A plain loop, and however it is divided ------------------------------------------------- */

enum { ROWS = 9000, USERS = 400, NAMES = 3, STEPS = 9, STATES = (1 << NAMES) + 1 };
/* A state is a set of bits; 0 is gone, 1 << NAMES is new. */

static uint32_t draw(uint64_t *state, uint32_t below) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static unsigned there[USERS][STEPS];

static void put_row(struct buffer *csv, uint64_t *random) {
    const uint32_t user = draw(random, USERS), platform = draw(random, NAMES);
    const uint32_t step = draw(random, STEPS);
    char date[CALENDAR_TEXT];
    if (user % 3 == 0 && step % 4 > 1)
        return; /* some are away for long */
    calendar_format_date(calendar_day(2024, 10, 7) + 7 * (int32_t)step + (int32_t)draw(random, 7),
                         date);
    buffer_format(csv, "user %u,P%u,%s\n", user, platform, date);
    there[user][step] |= 1U << platform;
}

static void assert_counted(const struct switching *switching) {
    static int64_t counts[STEPS][STATES][STATES];
    memset(counts, 0, sizeof counts);
    for (int user = 0; user < USERS; user++) {
        unsigned before = 1U << NAMES;
        for (int step = 0; step < STEPS; step++) {
            const unsigned now =
                there[user][step] || before != 1U << NAMES ? there[user][step] : 1U << NAMES;
            if (step > 0 && now != 1U << NAMES)
                counts[step][before][now]++;
            before = now;
        }
    }
    size_t expected = 0;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0][0][0]; i++)
        expected += ((const int64_t *)counts)[i] > 0;
    assert_int_equal(switching->n, expected);
    const int32_t first = period_of(PERIOD_WEEK, calendar_day(2024, 10, 7)).index;
    for (size_t i = 0; i < switching->n; i++) {
        const struct switching_move *move = &switching->moves[i];
        unsigned sets[2] = {0};
        const uint32_t states[2] = {move->from, move->to};
        for (int k = 0; k < 2; k++) {
            const struct switching_state *shown = &switching->states[states[k]];
            for (size_t p = 0; p < shown->n; p++)
                sets[k] |= 1U << shown->platforms[p];
            if (text_is(shown->name, "(new)"))
                sets[k] = 1U << NAMES;
        }
        const int step = move->period.index - first;
        int64_t all = 0;
        for (int to = 0; to < STATES; to++)
            all += counts[step][sets[0]][to];
        assert_int_equal(move->users, counts[step][sets[0]][sets[1]]);
        assert_int_equal(move->all, all);
    }
}

static void does_not_depend_on_the_division(void **state) {
    (void)state;
    static const char header[] = "user,platform,date\n";
    struct buffer csv[3] = {0}, whole = {0}, first = {0}, out = {0};
    uint64_t random = 20250119;
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
    for (int i = 0; i < 12; i++) {
        static const int threads[] = {1, 2, 4};
        static const size_t blocks[] = {0, 997};
        const bool sharded = i % 2 == 1;
        const struct table_options reading = {.files = sharded ? paths : paths + 3,
                                              .n_files = sharded ? 3 : 1,
                                              .threads = threads[i / 2 % 3],
                                              .block_bytes = blocks[i / 6]};
        const struct presence_options weeks = {
            .platform = "platform", .period = &week, .threads = threads[i / 2 % 3]};
        struct switching switching;
        assert_int_equal(
            read_files(&reading, &weeks, &(struct switching_options){0}, &switching, &out), 0);
        assert_counted(&switching);
        switching_free(&switching);
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
        cmocka_unit_test(compares_two_periods),
        cmocka_unit_test(puts_small_platforms_together),
        cmocka_unit_test(one_of_everything),
        cmocka_unit_test(names_that_read_like_states),
        cmocka_unit_test(looks_up_to_a_day),
        cmocka_unit_test(reads_panels),
        cmocka_unit_test(reads_spells),
        cmocka_unit_test(counts_shares_of_time),
        cmocka_unit_test(balances_by_hand),
        cmocka_unit_test(does_not_depend_on_the_division),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
