/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ARPU from panels and logs: by hand, against a plain recount of simulated logs of known truth, and
 * the same for any number of threads. */
#include "revenue/arpu-log.h"
#include "revenue/arpu-panel.h"

#include "base/buffer.h"
#include "base/random.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Reading a text as a file ---------------------------------------------------------------- */

struct file {
    char path[32];
    const char *paths[1];
    struct table *table;
};

static void open_text(struct file *file, const char *csv, int threads, size_t block_bytes) {
    struct error err = {0};
    strcpy(file->path, "/tmp/revenue-arpu.XXXXXX");
    int descriptor = mkstemp(file->path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, csv, strlen(csv)), strlen(csv));
    close(descriptor);
    file->paths[0] = file->path;
    struct table_options options = {
        .files = file->paths, .n_files = 1, .threads = threads, .block_bytes = block_bytes};
    static struct table_options kept; /* must outlive the table */
    kept = options;
    if (table_open(&file->table, &kept, &err))
        fail_msg("%s", err.text);
}

static void close_text(struct file *file) {
    table_close(file->table);
    unlink(file->path);
}

static struct arpu_table read_panel(const char *csv) {
    struct arpu_table arpu = {0};
    struct error err = {0};
    struct file file;
    open_text(&file, csv, 1, 0);
    if (arpu_read_panel(file.table, NULL, &arpu, &err))
        fail_msg("%s", err.text);
    close_text(&file);
    return arpu;
}

static struct arpu_table read_log(const char *csv, const struct arpu_log_options *options,
                                  size_t block_bytes) {
    struct arpu_table arpu = {0};
    struct arpu_log_summary summary;
    struct error err = {0};
    struct file file;
    open_text(&file, csv, options->threads, block_bytes);
    if (arpu_read_log(file.table, options, &arpu, &summary, &err))
        fail_msg("%s", err.text);
    close_text(&file);
    return arpu;
}

/* The message without the name of the file in front. */
static void assert_panel_refused(const char *csv, const char *message) {
    struct arpu_table arpu = {0};
    struct error err = {0};
    struct file file;
    open_text(&file, csv, 1, 0);
    assert_int_equal(arpu_read_panel(file.table, NULL, &arpu, &err), ERROR_DATA);
    if (!strstr(err.text, message))
        fail_msg("found '%s', expected '%s'", err.text, message);
    close_text(&file);
    arpu_free(&arpu);
}

static void assert_log_refused(const char *csv, const char *message) {
    const struct arpu_log_options options = {.period = PERIOD_MONTH, .confidence = 0.95};
    struct arpu_table arpu = {0};
    struct arpu_log_summary summary;
    struct error err = {0};
    struct file file;
    open_text(&file, csv, 1, 0);
    assert_int_equal(arpu_read_log(file.table, &options, &arpu, &summary, &err), ERROR_DATA);
    if (!strstr(err.text, message))
        fail_msg("found '%s', expected '%s'", err.text, message);
    close_text(&file);
    arpu_free(&arpu);
}

/* ---- Rows as text ---------------------------------------------------------------------------- */

static void put_money(struct buffer *line, bool known, decimal_sum amount) {
    char text[DECIMAL_TEXT] = "";
    if (known)
        decimal_sum_format(amount, 2, text);
    buffer_format(line, " %s", known ? text : "-");
}

/* "platform/segment period users revenue arpu | users_change users_lost revenue_change revenue_lost
 * change_by_users change_by_arpu | share_lost users_share_lost" */
static void assert_row(const struct arpu_row *row, const char *expected) {
    struct buffer line = {0};
    char period[CALENDAR_TEXT], users[DECIMAL_TEXT], share[2][32];
    period_format(row->period, period);
    decimal_format(row->users, 0, users);
    for (int i = 0; i < 2; i++)
        snprintf(share[i], sizeof share[i], "%.6g", i ? row->users_share_lost : row->share_lost);
    buffer_format(&line, "%.*s/%.*s %s %s", (int)row->platform.length, row->platform.bytes,
                  (int)row->segment.length, row->segment.bytes, period, users);
    put_money(&line, true, row->revenue);
    put_money(&line, row->has_arpu, row->arpu);
    if (row->has_change) {
        buffer_text(&line, " |");
        put_money(&line, true, row->users_change);
        put_money(&line, true, row->users_lost);
        put_money(&line, true, row->revenue_change);
        put_money(&line, true, row->revenue_lost);
        put_money(&line, true, row->change_by_users);
        put_money(&line, true, row->change_by_arpu);
        buffer_format(&line, " | %s %s", share[0], share[1]);
    }
    assert_string_equal(line.bytes, expected);
    buffer_free(&line);
}

/* ---- Panels ---------------------------------------------------------------------------------- */

static void panel_by_hand(void **state) {
    (void)state;
    struct arpu_table arpu = read_panel("platform,period,users,revenue,segment\n"
                                        "B,2025-01,3,1,\n"
                                        "A,2025-03,900,990,x\n"
                                        "A,2025-01,1000,1250.00,x\n"
                                        "A,2025-02,800,1040,x\n"
                                        "A,2025-05,800,1040,x\n"
                                        "A,2025-02,1,0.5,y\n");
    assert_int_equal(arpu.count, 6);
    assert_row(&arpu.rows[0], "A/x 2025-01 1000 1250.00 1.25");
    assert_row(&arpu.rows[1], "A/x 2025-02 800 1040.00 1.30 | -200.00 200.00 -210.00 250.00 "
                              "-250.00 40.00 | 0.2 0.2");
    assert_row(&arpu.rows[2],
               "A/x 2025-03 900 990.00 1.10 | 100.00 0.00 -50.00 0.00 130.00 -180.00 | 0 0");
    assert_row(&arpu.rows[3], "A/x 2025-05 800 1040.00 1.30"); /* April is not known */
    assert_row(&arpu.rows[4], "A/y 2025-02 1 0.50 0.50");
    assert_row(&arpu.rows[5], "B/ 2025-01 3 1.00 0.333333");
    assert_true(isnan(arpu.rows[1].arpu_interval.lower));
    assert_true(isnan(arpu.rows[1].share_interval.lower));
    assert_true(isnan(arpu.rows[1].users_interval.upper));
    arpu_free(&arpu);
}

/* Averages of users, refunds above sales, no users at all, and users after none. */
static void panel_at_its_edges(void **state) {
    (void)state;
    struct arpu_table arpu = read_panel("platform,period,users,revenue\n"
                                        "A,2025-Q1,1234.5,2469\n"
                                        "A,2025-Q2,1234,-617\n"
                                        "A,2025-Q3,0,12\n"
                                        "A,2025-Q4,0,0\n"
                                        "A,2026-Q1,10,5\n");
    assert_row(&arpu.rows[0], "A/ 2025-Q1 1234.5 2469.00 2.00");
    assert_row(&arpu.rows[1], "A/ 2025-Q2 1234 -617.00 -0.50 | -0.50 0.50 -3086.00 1.00 -1.00 "
                              "-3085.00 | 0.000405022 0.000405022");
    assert_row(&arpu.rows[2], "A/ 2025-Q3 0 12.00 - | -1234.00 1234.00 629.00 -617.00 617.00 12.00 "
                              "| nan 1");
    assert_row(&arpu.rows[3], "A/ 2025-Q4 0 0.00 - | 0.00 0.00 -12.00 0.00 -12.00 0.00 | 0 nan");
    assert_row(&arpu.rows[4], "A/ 2026-Q1 10 5.00 0.50 | 10.00 0.00 5.00 0.00 5.00 0.00 | nan nan");
    arpu_free(&arpu);
}

/* The terms sum to the change even where the first must be rounded. */
static void panel_terms_are_exact(void **state) {
    (void)state;
    struct arpu_table arpu = read_panel("platform,period,users,revenue\n"
                                        "A,2024,3000000007,9000000000000.000001\n"
                                        "A,2025,2999999999,8999999999999.999999\n");
    const struct arpu_row *row = &arpu.rows[1];
    assert_true(row->revenue_change == -2);
    assert_true(row->change_by_users + row->change_by_arpu == row->revenue_change);
    /* 8 x 9000000000000.000001/3000000007 = 23999.999944000000... */
    assert_true(row->change_by_users == -INT64_C(23999999944));
    arpu_free(&arpu);
}

static void panel_refusals(void **state) {
    (void)state;
    assert_panel_refused("platform,period,users,revenue\nA,2025-01,1,1\nB,2025-01,1,1\n"
                         "A,2025-02,1,1\nA,2025-02,1,1\nA,2025-01,2,2\n",
                         ":5:2: same platform, segment and period as /tmp/revenue-arpu.");
    assert_panel_refused("platform,period,users,revenue\nA,2025-01,1,1\nA,2025,1,1\n",
                         ":3:2: period is a year, expected a month as at /tmp/revenue-arpu.");
    assert_panel_refused("platform,period,users,revenue\nA,2025-01,-1,1\n",
                         ":2:3: users are negative, expected 0 or more");
    assert_panel_refused("platform,period,users,revenue,currency\nA,2025-01,1,1,USD\n"
                         "A,2025-02,1,1,\nA,2025-03,1,1,EUR\n",
                         ":4:5: currency is EUR, expected USD as at /tmp/revenue-arpu.");
    assert_panel_refused("platform,period,users,revenue\nA,2025-01,0.000001,9000000000000\n",
                         "the ARPU of A in 2025-01 is out of range");
}

static void a_panel_without_rows(void **state) {
    (void)state;
    struct arpu_table arpu = read_panel("platform,period,users,revenue\n");
    assert_int_equal(arpu.count, 0);
    arpu_free(&arpu);
}

/* ---- Logs ------------------------------------------------------------------------------------ */

/* u1 pays 1.50 in January in two parts, u2 pays 3 and gets 1 back, u3 looks only. In February u1
 * stays, u3 is on B, u2 is gone; in March nobody is on A. */
static const char small_log[] = "user,platform,date,revenue\n"
                                "u1,A,2025-01-05,1.00\n"
                                "u2,A,2025-01-07,3.00\n"
                                "u1,A,2025-01-20,0.50\n"
                                "u2,A,2025-01-31,-1.00\n"
                                "u3,A,2025-01-31,\n"
                                "u1,A,2025-02-01,2.00\n"
                                "u3,B,2025-02-28,0.25\n"
                                "u3,B,2025-03-01T10:30:00Z,0.75\n"
                                "u4,B,2025-04-02,1\n";

static void log_by_hand(void **state) {
    (void)state;
    const struct arpu_log_options options = {.period = PERIOD_MONTH, .confidence = 0.95};
    struct arpu_table arpu = read_log(small_log, &options, 0);
    assert_int_equal(arpu.count, 7);
    assert_row(&arpu.rows[0], "A/ 2025-01 3 3.50 1.166667");
    assert_row(&arpu.rows[1], "A/ 2025-02 1 2.00 2.00 | -2.00 2.00 -1.50 2.00 -2.333333 0.833333 | "
                              "0.571429 0.666667");
    assert_row(&arpu.rows[2], "A/ 2025-03 0 0.00 - | -1.00 1.00 -2.00 2.00 -2.00 0.00 | 1 1");
    assert_row(&arpu.rows[3], "A/ 2025-04 0 0.00 - | 0.00 0.00 0.00 0.00 0.00 0.00 | nan nan");
    assert_row(&arpu.rows[4], "B/ 2025-02 1 0.25 0.25");
    assert_row(&arpu.rows[5], "B/ 2025-03 1 0.75 0.75 | 0.00 0.00 0.50 0.00 0.00 0.50 | 0 0");
    assert_row(&arpu.rows[6], "B/ 2025-04 1 1.00 1.00 | 0.00 1.00 0.25 0.75 0.00 0.25 | 1 1");
    arpu_free(&arpu);
}

static void other_periods(void **state) {
    (void)state;
    struct arpu_log_options options = {.period = PERIOD_QUARTER, .confidence = 0.95};
    struct arpu_table arpu = read_log(small_log, &options, 0);
    assert_int_equal(arpu.count, 4);
    assert_row(&arpu.rows[0], "A/ 2025-Q1 3 5.50 1.833333");
    assert_row(&arpu.rows[1], "A/ 2025-Q2 0 0.00 - | -3.00 3.00 -5.50 5.50 -5.50 0.00 | 1 1");
    arpu_free(&arpu);

    options.period = PERIOD_WEEK; /* 5 January 2025 is a Sunday, of week 1 */
    arpu = read_log(small_log, &options, 0);
    assert_row(&arpu.rows[0], "A/ 2025-W01 1 1.00 1.00");
    assert_row(&arpu.rows[1], "A/ 2025-W02 1 3.00 3.00 | 0.00 1.00 2.00 1.00 0.00 2.00 | 1 1");
    arpu_free(&arpu);

    options.period = PERIOD_DAY;
    arpu = read_log(small_log, &options, 0);
    assert_int_equal(arpu.count, 88 + 34); /* A from 5 January, B from 28 February, to 2 April */
    arpu_free(&arpu);
}

/* Who changes the segment is lost to the first one. */
static void segments(void **state) {
    (void)state;
    const struct arpu_log_options options = {
        .period = PERIOD_MONTH, .confidence = 0.95, .segment = "device"};
    struct arpu_table arpu = read_log("user,platform,date,revenue,device\n"
                                      "u1,A,2025-01-05,1.00,web\n"
                                      "u1,A,2025-02-05,1.00,app\n"
                                      "u2,A,2025-01-05,2.00,app\n"
                                      "u2,A,2025-02-05,2.00,app\n"
                                      "u2,AA,2025-02-05,2.00,\n",
                                      &options, 0);
    assert_int_equal(arpu.count, 5);
    assert_row(&arpu.rows[0], "A/app 2025-01 1 2.00 2.00");
    assert_row(&arpu.rows[1], "A/app 2025-02 2 3.00 1.50 | 1.00 0.00 1.00 0.00 2.00 -1.00 | 0 0");
    assert_row(&arpu.rows[2], "A/web 2025-01 1 1.00 1.00");
    assert_row(&arpu.rows[3], "A/web 2025-02 0 0.00 - | -1.00 1.00 -1.00 1.00 -1.00 0.00 | 1 1");
    assert_row(&arpu.rows[4], "AA/ 2025-02 1 2.00 2.00");
    arpu_free(&arpu);
}

static void a_log_without_rows(void **state) {
    (void)state;
    const struct arpu_log_options options = {.period = PERIOD_MONTH, .confidence = 0.95};
    struct arpu_table arpu = read_log("user,platform,date,revenue\n", &options, 0);
    assert_int_equal(arpu.count, 0);
    arpu_free(&arpu);
}

static void log_refusals(void **state) {
    (void)state;
    assert_log_refused("user,platform,date,revenue,currency\nu1,A,2025-01-01,1,USD\n"
                       "u1,A,2025-01-01,1,EUR\nu1,A,2025-01-01,1,\n",
                       ":3: currency is EUR, expected USD as at ");
    assert_log_refused("user,platform,date,revenue\nu1,A,2025-01-01,9000000000000\n"
                       "u1,A,2025-01-02,9000000000000\n",
                       "the revenue of one user in one period is out of range");
}

/* ---- Simulated logs -------------------------------------------------------------------------- */

/* Each user is on the platform in month 1, pays with chance 0.4 an exponential amount of mean 2.50
 * (so the ARPU is 1), and leaves with chance 0.2; who stays pays anew. */
enum { USERS = 20000 };
static const double true_arpu = 1, true_churn = 0.2;

struct truth {
    decimal_sum revenue[2], lost;
    int64_t users[2];
};

static decimal draw_payment(struct random_stream *stream) {
    decimal paid = 0;
    if (random_uniform(stream) < 0.4)
        assert_true(decimal_from_double(gsl_ran_exponential(random_gsl(stream), 2.5), &paid));
    return paid;
}

/* In two rows, as visits come: the parts sum to the whole. */
static void put_visits(struct buffer *csv, int user, int month, decimal paid,
                       struct random_stream *stream) {
    decimal parts[2] = {paid / 3, paid - paid / 3};
    for (int i = 0; i < 2; i++) {
        char text[DECIMAL_TEXT];
        decimal_format(parts[i], 2, text);
        buffer_format(csv, "user-%06d,A,2025-%02d-%02u,%s\n", user, month,
                      1 + random_below(stream, 28), text);
    }
}

static void simulate_log(struct buffer *csv, struct truth *truth) {
    *truth = (struct truth){0};
    buffer_text(csv, "user,platform,date,revenue\n");
    for (int user = 0; user < USERS; user++) {
        struct random_stream stream;
        random_open(&stream, 3, 0, (uint32_t)user, 0, 0);
        decimal paid = draw_payment(&stream);
        put_visits(csv, user, 1, paid, &stream);
        truth->users[0]++;
        truth->revenue[0] += paid;
        if (random_uniform(&stream) < true_churn) {
            truth->lost += paid;
            continue;
        }
        paid = draw_payment(&stream);
        put_visits(csv, user, 2, paid, &stream);
        truth->users[1]++;
        truth->revenue[1] += paid;
    }
    assert_false(csv->failed);
}

static bool contains(struct interval interval, double value) {
    return interval.lower <= value && value <= interval.upper;
}

/* To the last millionth what was put in, and intervals that hold the truth behind it: their ends
 * are at four standard errors, so that this seed is not a lucky one. */
static void simulated_truth_is_recovered(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct truth truth;
    const struct arpu_log_options options = {
        .period = PERIOD_MONTH, .confidence = 0.99993666, .threads = 3};
    simulate_log(&csv, &truth);
    struct arpu_table arpu = read_log(csv.bytes, &options, 0);
    assert_int_equal(arpu.count, 2);
    for (int i = 0; i < 2; i++) {
        assert_true(arpu.rows[i].users == truth.users[i] * DECIMAL_ONE);
        assert_true(arpu.rows[i].revenue == truth.revenue[i]);
        assert_true(contains(arpu.rows[i].arpu_interval, true_arpu));
        assert_true(arpu.rows[i].arpu_interval.upper - arpu.rows[i].arpu_interval.lower < 0.16);
    }
    const struct arpu_row *row = &arpu.rows[1];
    assert_true(row->users_lost == (truth.users[0] - truth.users[1]) * DECIMAL_ONE);
    assert_true(row->revenue_lost == truth.lost);
    assert_true(contains(row->users_interval, true_churn));
    assert_true(contains(row->share_interval, true_churn)); /* leaving does not depend on paying */
    arpu_free(&arpu);
    buffer_free(&csv);
}

static void threads_and_blocks_do_not_show(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct truth truth;
    struct arpu_log_options options = {.period = PERIOD_WEEK, .confidence = 0.9, .threads = 1};
    simulate_log(&csv, &truth);
    struct arpu_table once = read_log(csv.bytes, &options, 0);
    for (options.threads = 1; options.threads <= 5; options.threads += 2) {
        struct arpu_table again = read_log(csv.bytes, &options, 4096);
        assert_int_equal(again.count, once.count);
        for (size_t i = 0; i < once.count; i++) {
            const struct arpu_row *a = &once.rows[i], *b = &again.rows[i];
            assert_true(a->users == b->users && a->revenue == b->revenue);
            assert_true(a->users_lost == b->users_lost && a->revenue_lost == b->revenue_lost);
            assert_memory_equal(&a->arpu_interval, &b->arpu_interval, sizeof a->arpu_interval);
            assert_memory_equal(&a->share_interval, &b->share_interval, sizeof a->share_interval);
            assert_memory_equal(&a->users_interval, &b->users_interval, sizeof a->users_interval);
        }
        arpu_free(&again);
    }
    arpu_free(&once);
    buffer_free(&csv);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panel_by_hand),
        cmocka_unit_test(panel_at_its_edges),
        cmocka_unit_test(panel_terms_are_exact),
        cmocka_unit_test(panel_refusals),
        cmocka_unit_test(a_panel_without_rows),
        cmocka_unit_test(log_by_hand),
        cmocka_unit_test(other_periods),
        cmocka_unit_test(segments),
        cmocka_unit_test(a_log_without_rows),
        cmocka_unit_test(log_refusals),
        cmocka_unit_test(simulated_truth_is_recovered),
        cmocka_unit_test(threads_and_blocks_do_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
