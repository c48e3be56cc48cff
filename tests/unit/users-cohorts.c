/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cohorts: counted by hand, by a plain loop over a random log, and however the reading is divided.
 */
#include "users/cohorts.h"

#include "tables.h"
#include <math.h>

static const enum period_kind month = PERIOD_MONTH, week = PERIOD_WEEK;

static int read_file(const struct table_options *reading, const struct presence_options *presence,
                     const struct cohorts_options *options, struct cohorts *ret,
                     struct error *err) {
    struct table *table = NULL;
    struct presence *seen = NULL;
    *ret = (struct cohorts){0};
    int status = table_open(&table, reading, err);
    if (!status)
        status = presence_read(&seen, table, presence, err);
    if (!status)
        status = cohorts_count(seen, options, ret, err);
    presence_destroy(seen);
    table_close(table);
    return status;
}

static struct cohorts read_text(const char *csv, const struct presence_options *presence,
                                const struct cohorts_options *options) {
    const char *path = tables_write("a.csv", text_of(csv));
    const struct table_options reading = {.files = &path, .n_files = 1};
    struct error err = {0};
    struct cohorts cohorts;
    if (read_file(&reading, presence, options, &cohorts, &err))
        fail_msg("%s", err.text);
    return cohorts;
}

/* "2025-01 4: 4 3 1", a cohort a line; cohorts without users are left out. */
static void assert_active(const struct cohorts *cohorts, const char *expected) {
    struct buffer out = {0};
    buffer_text(&out, "");
    for (size_t group = 0; group < cohorts->n_groups; group++)
        for (size_t c = 0; c < cohorts->n_cohorts; c++) {
            const struct cohorts_base *base = cohorts_base(cohorts, group, c);
            char period[CALENDAR_TEXT];
            if (base->users == 0)
                continue;
            period_format(cohorts->periods[c], period);
            buffer_format(&out, "%s %lld:", period, (long long)base->users);
            for (size_t age = 0; age < cohorts_ages(cohorts, c); age++)
                buffer_format(&out, " %lld",
                              (long long)cohorts_cell(cohorts, group, c, age)->active);
            buffer_text(&out, "\n");
        }
    assert_string_equal(out.bytes, expected);
    buffer_free(&out);
}

static const char hand[] = "user,platform,date,revenue\n"
                           "a,X,2025-01-31,10\n"
                           "a,Y,2025-02-28,4\n"
                           "a,X,2025-04-30,15\n"
                           "b,X,2025-01-01,2\n"
                           "b,X,2025-01-02,-1\n"
                           "b,X,2025-01-02,0\n"
                           "c,Y,2025-02-10,\n"
                           "c,Y,2025-03-11,5\n"
                           "c,Y,2025-03-12,1\n"
                           "d,Y,2025-04-01,9\n";

static void rules_by_hand(void **state) {
    (void)state;
    const struct presence_options log = {.period = &month};
    struct cohorts cohorts = read_text(hand, &log, &(struct cohorts_options){0});
    assert_active(&cohorts, "2025-01 2: 2 1 0 1\n2025-02 1: 1 1 0\n2025-04 1: 1\n");
    cohorts_free(&cohorts);
    cohorts = read_text(hand, &log, &(struct cohorts_options){.retention = COHORTS_UNBOUNDED});
    assert_active(&cohorts, "2025-01 2: 2 1 1 1\n2025-02 1: 1 1 0\n2025-04 1: 1\n");
    cohorts_free(&cohorts);
    cohorts = read_text(hand, &log, &(struct cohorts_options){.ages = 2});
    assert_active(&cohorts, "2025-01 2: 2 1\n2025-02 1: 1 1\n2025-04 1: 1\n");
    cohorts_free(&cohorts);
    /* Even with few ages, "or any later one" looks at all of them. */
    const struct cohorts_options two = {.retention = COHORTS_UNBOUNDED, .ages = 2};
    cohorts = read_text("user,date\na,2025-01-31\na,2025-04-30\n", &log, &two);
    assert_active(&cohorts, "2025-01 1: 1 1\n");
    cohorts_free(&cohorts);
}

/* Windows of 30 days from each user's own first day: a on 0, 28 and 89; b on 0 and 1; c on 0, 29
 * and
 * 30. January is over on the 31st, so by April 30 all of the cohort were watched for 90 days. */
static void rolling_by_hand(void **state) {
    (void)state;
    const struct presence_options log = {.period = &month, .days = true};
    const struct cohorts_options rolling = {.retention = COHORTS_ROLLING};
    struct cohorts cohorts = read_text(hand, &log, &rolling);
    assert_active(&cohorts, "2025-01 2: 2 0 1\n2025-02 1: 1 1\n2025-04 1:\n"); /* April: not over */
    cohorts_free(&cohorts);
}

static void platforms_as_groups(void **state) {
    (void)state;
    const struct presence_options log = {.platform = "platform", .period = &month};
    struct cohorts cohorts = read_text(hand, &log, &(struct cohorts_options){0});
    assert_int_equal(cohorts.n_groups, 2);
    assert_active(&cohorts, "2025-01 2: 2 0 0 1\n"
                            "2025-02 2: 2 1 0\n2025-04 1: 1\n");
    cohorts_free(&cohorts);
}

/* March is not over on the 30th. */
static void what_is_not_over_is_absent(void **state) {
    (void)state;
    int32_t as_of = calendar_day(2025, 3, 30);
    const struct presence_options log = {.period = &month, .as_of = &as_of};
    struct cohorts cohorts = read_text(hand, &log, &(struct cohorts_options){0});
    assert_active(&cohorts, "2025-01 2: 2 1\n2025-02 1: 1\n");
    assert_int_equal(cohorts.unfinished, 0);
    cohorts_free(&cohorts);
    as_of = calendar_day(2025, 3, 31);
    cohorts = read_text(hand, &log, &(struct cohorts_options){0});
    assert_active(&cohorts, "2025-01 2: 2 1 0\n2025-02 1: 1 1\n");
    cohorts_free(&cohorts);
    as_of = calendar_day(2025, 4, 29);
    cohorts = read_text(hand, &log, &(struct cohorts_options){0});
    assert_active(&cohorts, "2025-01 2: 2 1 0\n2025-02 1: 1 1\n");
    assert_int_equal(cohorts.unfinished, 1); /* d */
    cohorts_free(&cohorts);
    cohorts = read_text("user,date\n", &log, &(struct cohorts_options){0});
    assert_active(&cohorts, "");
    cohorts_free(&cohorts);
}

/* January: a paid 10, b 1; in February 4 and 0; in April 15. */
static void revenue_by_hand(void **state) {
    (void)state;
    const struct presence_options log = {.period = &month, .amount = "revenue"};
    struct cohorts cohorts = read_text(hand, &log, &(struct cohorts_options){.money = true});
    const struct cohorts_base *base = cohorts_base(&cohorts, 0, 0);
    const struct cohorts_cell *february = cohorts_cell(&cohorts, 0, 0, 1);
    const struct cohorts_cell *april = cohorts_cell(&cohorts, 0, 0, 3);
    assert_true(base->base == 11 * DECIMAL_ONE && base->positive == 11 * DECIMAL_ONE);
    assert_true(february->net == 4 * DECIMAL_ONE && february->gross == 4 * DECIMAL_ONE);
    assert_true(april->net == 15 * DECIMAL_ONE && april->gross == 10 * DECIMAL_ONE);
    /* R = 4/11, residuals 4 - 40/11 = 4/11 and 0 - 4/11: error = sqrt(2/1 2 (4/11)^2) / 11. */
    const struct cohorts_money net = cohorts_net(february, base, 0.95);
    assert_true(fabs(net.retention - 4.0 / 11) < 1e-15);
    const double t = 12.706204736174698; /* qt(0.975, 1) */
    const double error = 2 * (4.0 / 11) / 11;
    assert_true(fabs(net.upper - (4.0 / 11 + t * error)) < 1e-12);
    assert_true(fabs(net.lower - (4.0 / 11 - t * error)) < 1e-12);
    assert_true(fabs(cohorts_net(april, base, 0.95).retention - 15.0 / 11) < 1e-15);
    const struct cohorts_money gross = cohorts_gross(april, base, 0.95);
    assert_true(fabs(gross.retention - 10.0 / 11) < 1e-15);
    assert_true(gross.lower >= 0 && gross.upper <= 1);
    /* c paid nothing at first: there is nothing to retain. One user: no interval. */
    assert_true(
        isnan(cohorts_net(cohorts_cell(&cohorts, 0, 1, 1), cohorts_base(&cohorts, 0, 1), 0.95)
                  .retention));
    const struct cohorts_money one =
        cohorts_net(cohorts_cell(&cohorts, 0, 3, 0), cohorts_base(&cohorts, 0, 3), 0.95);
    assert_true(one.retention == 1 && isnan(one.lower));
    cohorts_free(&cohorts);
}

static void returns_by_hand(void **state) {
    (void)state;
    const struct presence_options log = {.period = &month};
    struct cohorts cohorts = read_text(hand, &log, &(struct cohorts_options){.gap = 1});
    /* January: b lapsed in February, a in March, back in April. */
    static const int64_t lapsed[] = {0, 1, 2, 2}, returned[] = {0, 0, 0, 1};
    for (size_t age = 0; age < 4; age++) {
        assert_int_equal(cohorts_cell(&cohorts, 0, 0, age)->lapsed, lapsed[age]);
        assert_int_equal(cohorts_cell(&cohorts, 0, 0, age)->returned, returned[age]);
    }
    cohorts_free(&cohorts);
    cohorts = read_text(hand, &log, &(struct cohorts_options){.gap = 2});
    assert_int_equal(cohorts_cell(&cohorts, 0, 0, 3)->lapsed, 1);
    assert_int_equal(cohorts_cell(&cohorts, 0, 0, 3)->returned, 0);
    cohorts_free(&cohorts);
}

static void life_cycle_by_hand(void **state) {
    (void)state;
    const struct presence_options log = {.period = &month};
    struct cohorts cohorts = read_text(hand, &log, &(struct cohorts_options){0});
    static const int64_t expected[4][5] = {
        {2, 2, 0, 0, 0}, {2, 1, 1, 0, 1}, {1, 0, 1, 0, 1}, {2, 1, 0, 1, 1}};
    for (size_t i = 0; i < 4; i++) {
        const struct cohorts_cycle *cycle = &cohorts.cycles[i];
        assert_int_equal(cycle->active, expected[i][0]);
        assert_int_equal(cycle->fresh, expected[i][1]);
        assert_int_equal(cycle->returning, expected[i][2]);
        assert_int_equal(cycle->resurrecting, expected[i][3]);
        assert_int_equal(cycle->dormant, expected[i][4]);
    }
    cohorts_free(&cohorts);
}

static void money_beyond_all_bounds(void **state) {
    (void)state;
    const char *path = tables_write("a.csv", text_of("user,date,revenue\n"
                                                     "a,2025-01-31,9000000000000\n"
                                                     "b,2025-01-31,9000000000000\n"
                                                     "c,2025-01-31,9000000000000\n"));
    const struct table_options reading = {.files = &path, .n_files = 1};
    const struct presence_options log = {.period = &month, .amount = "revenue"};
    struct error err = {0};
    struct cohorts cohorts;
    assert_int_equal(
        read_file(&reading, &log, &(struct cohorts_options){.money = true}, &cohorts, &err),
        ERROR_DATA);
    assert_non_null(strstr(err.text, "too large for its squares"));
}

/* ---- A plain loop, and however it is divided ------------------------------------------------- */

enum { ROWS = 9000, USERS = 500, GROUPS = 3, STEPS = 9 };

static uint32_t draw(uint64_t *state, uint32_t below) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static bool there[GROUPS][USERS][STEPS];
static decimal paid[GROUPS][USERS][STEPS];

static void put_row(struct buffer *csv, uint64_t *random) {
    const uint32_t user = draw(random, USERS), group = draw(random, GROUPS);
    const uint32_t step = draw(random, 1 + draw(random, STEPS)) + (user % 4 == 0 ? 3 : 0);
    const int32_t cents = (int32_t)draw(random, 2000) - 200;
    char date[CALENDAR_TEXT];
    if (step >= STEPS)
        return;
    calendar_format_date(calendar_day(2024, 10, 7) + 7 * (int32_t)step + (int32_t)draw(random, 7),
                         date);
    buffer_format(csv, "user %u,P%u,%s,%s%d.%02d\n", user, group, date, cents < 0 ? "-" : "",
                  abs(cents) / 100, abs(cents) % 100);
    there[group][user][step] = true;
    paid[group][user][step] += (decimal)cents * 10000;
}

static void assert_counted(const struct cohorts *cohorts, enum cohorts_retention retention) {
    for (int group = 0; group < GROUPS; group++)
        for (int c = 0; c < STEPS; c++)
            for (int age = 0; c + age < STEPS; age++) {
                int64_t users = 0, active = 0;
                int128 net = 0, gross = 0, products = 0;
                for (int user = 0; user < USERS; user++) {
                    int first = 0, last = STEPS - 1;
                    while (first < STEPS && !there[group][user][first])
                        first++;
                    while (last >= 0 && !there[group][user][last])
                        last--;
                    if (first != c)
                        continue;
                    const decimal r0 = paid[group][user][c], r = paid[group][user][c + age];
                    const decimal b = r0 > 0 ? r0 : 0, g = r > 0 ? r : 0;
                    users++;
                    active += retention == COHORTS_BOUNDED ? there[group][user][c + age]
                                                           : last >= c + age;
                    net += r;
                    gross += g < b ? g : b;
                    products += (int128)r * r0;
                }
                const struct cohorts_cell *cell =
                    cohorts_cell(cohorts, (size_t)group, (size_t)c, (size_t)age);
                assert_int_equal(cohorts_base(cohorts, (size_t)group, (size_t)c)->users, users);
                assert_int_equal(cell->active, active);
                assert_true(cell->net == net && cell->gross == gross && cell->net_base == products);
            }
}

static void does_not_depend_on_the_division(void **state) {
    (void)state;
    static const char header[] = "user,platform,date,revenue\n";
    struct buffer csv[3] = {0}, whole = {0};
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
    const int32_t as_of = calendar_day(2024, 10, 7) + 7 * STEPS - 1;
    for (int i = 0; i < 12; i++) {
        static const int threads[] = {1, 2, 4};
        const bool sharded = i % 2 == 1;
        const enum cohorts_retention rule = i >= 6 ? COHORTS_UNBOUNDED : COHORTS_BOUNDED;
        const struct table_options reading = {.files = sharded ? paths : paths + 3,
                                              .n_files = sharded ? 3 : 1,
                                              .threads = threads[i / 2 % 3],
                                              .block_bytes = i % 3 == 0 ? 997 : 0};
        const struct presence_options weeks = {.platform = "platform",
                                               .period = &week,
                                               .amount = "revenue",
                                               .as_of = &as_of,
                                               .threads = threads[i / 2 % 3]};
        const struct cohorts_options how = {.retention = rule, .money = true};
        struct cohorts cohorts;
        struct error err = {0};
        assert_int_equal(read_file(&reading, &weeks, &how, &cohorts, &err), 0);
        assert_int_equal(cohorts.n_cohorts, STEPS);
        assert_counted(&cohorts, rule);
        for (size_t k = 1; k < STEPS; k++) { /* the identity */
            const struct cohorts_cycle *now = &cohorts.cycles[k], *before = now - 1;
            assert_int_equal(now->active,
                             before->active + now->fresh + now->resurrecting - now->dormant);
            assert_int_equal(now->active, now->fresh + now->returning + now->resurrecting);
        }
        cohorts_free(&cohorts);
    }
    for (int shard = 0; shard < 3; shard++)
        buffer_free(&csv[shard]);
    buffer_free(&whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_by_hand),
        cmocka_unit_test(rolling_by_hand),
        cmocka_unit_test(platforms_as_groups),
        cmocka_unit_test(what_is_not_over_is_absent),
        cmocka_unit_test(revenue_by_hand),
        cmocka_unit_test(returns_by_hand),
        cmocka_unit_test(life_cycle_by_hand),
        cmocka_unit_test(money_beyond_all_bounds),
        cmocka_unit_test(does_not_depend_on_the_division),
    };
    return cmocka_run_group_tests(tests, tables_setup, tables_teardown);
}
