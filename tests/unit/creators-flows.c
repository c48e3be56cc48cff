/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who moves between tiers: by hand, against a count that takes the long way, and from a chain whose
 * rates are known. */
#include "creators/flows.h"

#include "base/random.h"
#include "tables.h"
#include <gsl/gsl_randist.h>
#include <math.h>

static struct tiers tiers; /* low:0,middle:10,high:100 */
enum { LOW, MIDDLE, HIGH, OUTSIDE, STATES };

static void read_panel(struct panel *panel, const char *csv, size_t length) {
    const char *path = tables_write("p.csv", (struct text){csv, length});
    const struct table_options options = {
        .files = &path, .n_files = 1, .threads = 3, .block_bytes = 10000};
    const struct panel_options reading = {.tiers = &tiers, .threads = 3};
    struct table *table = NULL;
    struct error err = {0};
    assert_int_equal(table_open(&table, &options, &err), 0);
    assert_int_equal(panel_read(table, &reading, panel, &err), 0);
    table_close(table);
}

/* flows_count on accounts by followers. */
static void count_panel(const struct panel *panel, bool by_platform, int threads,
                        struct flows *flows) {
    const struct standing_options options = {.panel = panel,
                                             .tiers = &tiers,
                                             .split = by_platform ? STANDING_PLATFORMS
                                                                  : STANDING_TOGETHER};
    const struct flows_options counting = {.threads = threads};
    struct standing standing;
    struct error err = {0};
    assert_int_equal(standing_open(&standing, &options, &err), 0);
    assert_int_equal(flows_count(&standing, &counting, flows, &err), 0);
    standing_close(&standing);
}

static void count(const char *csv, bool by_platform, struct panel *panel, struct flows *flows) {
    read_panel(panel, csv, strlen(csv));
    count_panel(panel, by_platform, 2, flows);
}

static void expect_change(struct tier_change found, struct tier_change expected) {
    assert_memory_equal(&found, &expected, sizeof found);
}

/* One creator for each thing that can happen between two months. */
static const char moves[] = "creator,platform,period,followers\n"
                            "stays,A,2025-01,10\nstays,A,2025-02,99\n"
                            "rises,A,2025-01,9\nrises,A,2025-02,10\n"
                            "leaps,A,2025-01,0\nleaps,A,2025-02,100\n"
                            "falls,A,2025-01,10\nfalls,A,2025-02,9\n"
                            "sinks,A,2025-01,100\nsinks,A,2025-02,50\n"
                            "soars,A,2025-01,99\nsoars,A,2025-02,100\n"
                            "comes,A,2025-02,10\n"
                            "goes,A,2025-01,10\n";

static void every_move_has_its_place(void **state) {
    (void)state;
    struct panel panel = {0};
    struct flows flows = {0};
    count(moves, false, &panel, &flows);
    assert_int_equal(flows_creators(&flows, 0, 0, LOW), 2);
    assert_int_equal(flows_creators(&flows, 0, 0, MIDDLE), 4);
    assert_int_equal(flows_creators(&flows, 0, 0, HIGH), 1);
    expect_change(flows_step(&flows, 0, 1, LOW),
                  (struct tier_change){.from = 2, .to = 1, .promoted_out = 2, .demoted_in = 1});
    expect_change(flows_step(&flows, 0, 1, MIDDLE), (struct tier_change){.from = 4,
                                                                         .to = 4,
                                                                         .entered = 1,
                                                                         .promoted_in = 1,
                                                                         .demoted_in = 1,
                                                                         .promoted_out = 1,
                                                                         .demoted_out = 1,
                                                                         .left = 1});
    expect_change(flows_step(&flows, 0, 1, HIGH),
                  (struct tier_change){.from = 1, .to = 2, .promoted_in = 2, .demoted_out = 1});
    assert_int_equal(flows_moved(&flows, 0, 1, LOW, HIGH), 1);
    assert_int_equal(flows_moved(&flows, 0, 1, MIDDLE, MIDDLE), 1);
    assert_int_equal(flows_moved(&flows, 0, 1, MIDDLE, OUTSIDE), 1);
    assert_int_equal(flows_moved(&flows, 0, 1, OUTSIDE, OUTSIDE), 0);
    /* With two periods the span is the step. */
    for (size_t tier = 0; tier < 3; tier++)
        expect_change(flows_span(&flows, 0, tier), flows_step(&flows, 0, 1, tier));
    flows_free(&flows);
    panel_free(&panel);
}

static void who_is_missing_has_left(void **state) {
    (void)state;
    struct panel panel = {0};
    struct flows flows = {0};
    count("creator,platform,period,followers\n"
          "back,A,2025-01,10\nback,A,2025-03,10\n"
          "late,A,2025-03,10\n"
          "early,A,2025-01,10\n"
          "brief,A,2025-02,10\n",
          false, &panel, &flows);
    expect_change(flows_step(&flows, 0, 1, MIDDLE),
                  (struct tier_change){.from = 2, .to = 1, .entered = 1, .left = 2});
    expect_change(flows_step(&flows, 0, 2, MIDDLE),
                  (struct tier_change){.from = 1, .to = 2, .entered = 2, .left = 1});
    /* From the first to the last period, back has stayed and brief never was. */
    expect_change(flows_span(&flows, 0, MIDDLE),
                  (struct tier_change){.from = 2, .to = 2, .entered = 1, .left = 1});
    flows_free(&flows);
    panel_free(&panel);
}

/* An account is a creator on one platform: moving away is leaving there and entering here. */
static void platforms_count_for_themselves(void **state) {
    (void)state;
    static const char csv[] = "creator,platform,period,followers\n"
                              "mover,B,2025-01,10\nmover,A,2025-02,10\n"
                              "both,A,2025-01,5\nboth,A,2025-02,5\n"
                              "both,B,2025-01,500\nboth,B,2025-02,500\n";
    struct panel panel = {0};
    struct flows flows = {0};
    count(csv, true, &panel, &flows);
    assert_int_equal(flows.groups, 2);
    expect_change(flows_step(&flows, 0, 1, MIDDLE),
                  (struct tier_change){.to = 1, .entered = 1, .moved_in = 1});
    expect_change(flows_step(&flows, 1, 1, MIDDLE),
                  (struct tier_change){.from = 1, .left = 1, .moved_out = 1});
    expect_change(flows_step(&flows, 1, 1, HIGH), (struct tier_change){.from = 1, .to = 1});
    flows_free(&flows);
    panel_free(&panel);
    count(csv, false, &panel, &flows);
    assert_int_equal(flows.groups, 1);
    expect_change(flows_step(&flows, 0, 1, MIDDLE),
                  (struct tier_change){
                      .from = 1, .to = 1, .entered = 1, .left = 1, .moved_in = 1, .moved_out = 1});
    expect_change(flows_step(&flows, 0, 1, LOW), (struct tier_change){.from = 1, .to = 1});
    flows_free(&flows);
    panel_free(&panel);
}

static void small_panels(void **state) {
    (void)state;
    struct panel panel = {0};
    struct flows flows = {0};
    count("creator,period,followers\n", true, &panel, &flows);
    assert_int_equal(flows.groups, 0);
    flows_free(&flows);
    panel_free(&panel);
    count("creator,period,followers\n", false, &panel, &flows);
    assert_int_equal(flows.periods, 0);
    flows_free(&flows);
    panel_free(&panel);
    count("creator,period,followers\nada,2025,100\n", false, &panel, &flows);
    assert_int_equal(flows.periods, 1);
    assert_int_equal(flows_creators(&flows, 0, 0, HIGH), 1);
    assert_int_equal(flows_creators(&flows, 0, 0, LOW), 0);
    flows_free(&flows);
    panel_free(&panel);
}

/* ---- Against the long way -------------------------------------------------------------------- */

enum { CREATORS = 10000, PERIODS = 7, PLATFORMS = 3 };

static uint8_t states[CREATORS][PLATFORMS][PERIODS]; /* a tier, or OUTSIDE */

static void draw_states(void) {
    struct random_stream stream;
    random_open(&stream, 5, 0, 0, 0, 0);
    for (size_t c = 0; c < CREATORS; c++)
        for (size_t q = 0; q < PLATFORMS; q++)
            for (size_t p = 0; p < PERIODS; p++)
                states[c][q][p] = (uint8_t)random_below(&stream, STATES);
}

static void write_states(struct buffer *csv) {
    static const int followers[] = {3, 30, 300};
    buffer_text(csv, "creator,platform,period,followers\n");
    for (size_t p = 0; p < PERIODS; p++)
        for (size_t c = 0; c < CREATORS; c++)
            for (size_t q = 0; q < PLATFORMS; q++)
                if (states[c][q][p] != OUTSIDE)
                    buffer_format(csv, "c%zu,P%zu,2024-W%02zu,%d\n", c, q, p + 1,
                                  followers[states[c][q][p]]);
    assert_false(csv->failed);
}

/* Accounts of a platform in state `before` at one period and `now` at another. */
static uint64_t long_way(size_t platform, size_t from, size_t to, size_t before, size_t now) {
    uint64_t n = 0;
    for (size_t c = 0; c < CREATORS; c++)
        n += states[c][platform][from] == before && states[c][platform][to] == now;
    return before == OUTSIDE && now == OUTSIDE ? 0 : n;
}

static void check_identity(struct tier_change change) {
    assert_int_equal(change.to, change.from + change.entered + change.promoted_in +
                                    change.demoted_in - change.promoted_out - change.demoted_out -
                                    change.left);
}

static void agrees_with_the_long_way(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct panel panel = {0};
    draw_states();
    write_states(&csv);
    read_panel(&panel, csv.bytes, csv.length);
    for (int threads = 1; threads <= 5; threads += 2) {
        struct flows flows = {0}, all = {0};
        count_panel(&panel, true, threads, &flows);
        count_panel(&panel, false, threads, &all);
        for (size_t p = 1; p < PERIODS; p++)
            for (size_t before = 0; before < STATES; before++)
                for (size_t now = 0; now < STATES; now++) {
                    uint64_t sum = 0;
                    for (size_t q = 0; q < PLATFORMS; q++) {
                        uint64_t expected = long_way(q, p - 1, p, before, now);
                        assert_int_equal(flows_moved(&flows, q, p, before, now), expected);
                        sum += expected;
                    }
                    assert_int_equal(flows_moved(&all, 0, p, before, now), sum);
                }
        for (size_t q = 0; q < PLATFORMS; q++)
            for (size_t tier = 0; tier < OUTSIDE; tier++) {
                for (size_t p = 1; p < PERIODS; p++) {
                    struct tier_change change = flows_step(&flows, q, p, tier);
                    check_identity(change);
                    assert_int_equal(change.from, flows_creators(&flows, q, p - 1, tier));
                    assert_int_equal(change.to, flows_creators(&flows, q, p, tier));
                }
                struct tier_change span = flows_span(&flows, q, tier);
                check_identity(span);
                assert_int_equal(span.from, flows_creators(&flows, q, 0, tier));
                assert_int_equal(span.to, flows_creators(&flows, q, PERIODS - 1, tier));
                assert_int_equal(span.entered, long_way(q, 0, PERIODS - 1, OUTSIDE, tier));
                assert_int_equal(span.left, long_way(q, 0, PERIODS - 1, tier, OUTSIDE));
            }
        flows_free(&flows);
        flows_free(&all);
    }
    buffer_free(&csv);
    panel_free(&panel);
}

/* ---- A known chain --------------------------------------------------------------------------- */

/* Each step an account of a tier moves by these odds; as many again enter low as Poisson draws. */
static const double chain[OUTSIDE][STATES] = {
    {0.80, 0.10, 0.00, 0.10},
    {0.05, 0.85, 0.07, 0.03},
    {0.00, 0.04, 0.95, 0.01},
};
static const double chain_start[OUTSIDE] = {3000, 400, 100};
enum { CHAIN_ENTRANTS = 500, CHAIN_PERIODS = 4, CHAIN_MOST = 20000 };

static size_t step_chain(struct random_stream *stream, size_t from) {
    double u = random_uniform(stream);
    size_t to = 0;
    while (to < OUTSIDE && u >= chain[from][to])
        u -= chain[from][to++];
    return to;
}

static void write_chain(struct buffer *csv, uint32_t replication) {
    static uint8_t now[CHAIN_MOST];
    static const int followers[] = {3, 30, 300};
    size_t n = 0;
    struct random_stream stream;
    random_open(&stream, 7, replication, 0, 0, 0);
    for (size_t tier = 0; tier < OUTSIDE; tier++)
        for (unsigned i = gsl_ran_poisson(random_gsl(&stream), chain_start[tier]); i > 0; i--)
            now[n++] = (uint8_t)tier;
    buffer_clear(csv);
    buffer_text(csv, "creator,period,followers\n");
    for (int period = 0; period < CHAIN_PERIODS; period++) {
        for (size_t i = 0; period > 0 && i < n; i++)
            if (now[i] != OUTSIDE)
                now[i] = (uint8_t)step_chain(&stream, now[i]);
        for (unsigned i = gsl_ran_poisson(random_gsl(&stream), CHAIN_ENTRANTS);
             period > 0 && i > 0 && n < CHAIN_MOST; i--)
            now[n++] = LOW;
        for (size_t i = 0; i < n; i++)
            if (now[i] != OUTSIDE)
                buffer_format(csv, "%zu,2024-%02d,%d\n", i, period + 1, followers[now[i]]);
    }
    assert_false(csv->failed);
}

/* The expected number in each tier, period by period. */
static void expect_chain(double expected[CHAIN_PERIODS][OUTSIDE]) {
    memcpy(expected[0], chain_start, sizeof chain_start);
    for (int period = 1; period < CHAIN_PERIODS; period++)
        for (size_t to = 0; to < OUTSIDE; to++) {
            expected[period][to] = to == LOW ? CHAIN_ENTRANTS : 0;
            for (size_t from = 0; from < OUTSIDE; from++)
                expected[period][to] += expected[period - 1][from] * chain[from][to];
        }
}

/* The odds come back from one panel, and over many the intervals of growth, per step and over the
 * whole span, hold the growth of the chain as often as they say. */
static void a_known_chain_is_recovered(void **state) {
    (void)state;
    enum { PANELS = 80 };
    double expected[CHAIN_PERIODS][OUTSIDE];
    expect_chain(expected);
    int covered = 0, of = 0;
    struct buffer csv = {0};
    for (uint32_t panel_number = 0; panel_number < PANELS; panel_number++) {
        struct panel panel = {0};
        struct flows flows = {0};
        write_chain(&csv, panel_number);
        read_panel(&panel, csv.bytes, csv.length);
        count_panel(&panel, false, 2, &flows);
        for (size_t tier = 0; tier < OUTSIDE; tier++)
            for (size_t period = 1; period <= CHAIN_PERIODS; period++) {
                bool span = period == CHAIN_PERIODS;
                struct tier_change change =
                    span ? flows_span(&flows, 0, tier) : flows_step(&flows, 0, period, tier);
                double truth = span ? expected[CHAIN_PERIODS - 1][tier] / expected[0][tier] - 1
                                    : expected[period][tier] / expected[period - 1][tier] - 1;
                struct growth growth = growth_estimate(&change, GROWTH_FLOWS, 0.95);
                covered += growth.lower <= truth && truth <= growth.upper;
                of++;
            }
        for (size_t from = 0; panel_number == 0 && from < OUTSIDE; from++)
            for (size_t to = 0; to < STATES; to++) {
                double n = (double)flows_creators(&flows, 0, 0, from), p = chain[from][to];
                double share = (double)flows_moved(&flows, 0, 1, from, to) / n;
                assert_true(fabs(share - p) <= 4 * sqrt(p * (1 - p) / n)); /* four errors */
            }
        flows_free(&flows);
        panel_free(&panel);
    }
    buffer_free(&csv);
    /* 960 intervals, those of one panel correlated: four errors of 480 free ones. */
    double share = (double)covered / of;
    if (fabs(share - 0.95) > 4 * sqrt(0.95 * 0.05 / 480))
        fail_msg("the intervals cover the known growth in %.4f of cases, expected 0.95", share);
}

static int setup(void **state) {
    return tables_setup(state) ||
           tiers_parse(&tiers, "low:0,middle:10,high:100", TIERS_FOLLOWERS, NULL);
}

static int teardown(void **state) {
    tiers_free(&tiers);
    return tables_teardown(state);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_move_has_its_place),
        cmocka_unit_test(who_is_missing_has_left),
        cmocka_unit_test(platforms_count_for_themselves),
        cmocka_unit_test(small_panels),
        cmocka_unit_test(agrees_with_the_long_way),
        cmocka_unit_test(a_known_chain_is_recovered),
    };
    return cmocka_run_group_tests_name("creators-flows", tests, setup, teardown);
}
