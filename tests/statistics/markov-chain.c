/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Markov chains with known chances: intervals hold the truth as often as they say, tests refuse
 * what is true as rarely. 1,000 chains each. */
#include "stats/markov-chain.h"

#include "base/random.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { STATES = 3, CHAINS = 1000, STEPS = 6, SUBJECTS = 150 };

static const double truth[STATES * STATES] = {0.8, 0.15, 0.05, 0.2, 0.65, 0.15, 0.05, 0.25, 0.7};

struct seen {
    uint64_t counts[STATES * STATES];
    uint64_t by_step[STEPS * STATES * STATES];
    uint64_t triples[STATES * STATES * STATES];
};

static size_t move(size_t from, struct random_stream *stream) {
    double u = random_uniform(stream);
    size_t to = 0;
    for (u -= truth[from * STATES]; u >= 0 && to + 1 < STATES; u -= truth[from * STATES + to])
        to++;
    return to;
}

static void simulate(struct seen *seen, uint32_t chain) {
    memset(seen, 0, sizeof *seen);
    for (uint32_t subject = 0; subject < SUBJECTS; subject++) {
        struct random_stream stream;
        random_open(&stream, 11, chain, subject, 0, 0);
        size_t before = 0, now = subject % STATES;
        for (size_t step = 0; step < STEPS; step++) {
            size_t next = move(now, &stream);
            seen->counts[now * STATES + next]++;
            seen->by_step[(step * STATES + now) * STATES + next]++;
            if (step > 0)
                seen->triples[(before * STATES + now) * STATES + next]++;
            before = now;
            now = next;
        }
    }
}

/* Of `trials` with the chance p: within four standard deviations of it. */
static void assert_share(int count, int trials, double p, const char *what) {
    double found = (double)count / trials, error = sqrt(p * (1 - p) / trials);
    if (!(fabs(found - p) < 4 * error))
        fail_msg("%s: %d of %d, expected a share of %g", what, count, trials, p);
}

static int holds(struct proportion_interval interval, double value) {
    return interval.lower <= value && value <= interval.upper;
}

static void intervals_hold_the_truth(void **state) {
    (void)state;
    struct error err = {0};
    double exact[STATES], exact_mean, unused;
    struct markov_reach exact_reach[STATES];
    static const double distance[] = {0, 1, 2, 1, 0, 1, 2, 1, 0};
    static const double many[] = {1, 1, 1};
    int share = 0, stationary = 0, time = 0, mean = 0;
    assert_int_equal(markov_stationary(truth, NULL, STATES, exact, NULL, &err), 0);
    assert_int_equal(markov_reach(truth, NULL, STATES, 2, exact_reach, &err), 0);
    assert_int_equal(markov_mean(truth, many, STATES, distance, &exact_mean, &unused, &err), 0);
    for (uint32_t chain = 0; chain < CHAINS; chain++) {
        struct seen seen;
        double shares[STATES * STATES], totals[STATES], found[STATES], errors[STATES], value, error;
        struct markov_reach reach[STATES];
        simulate(&seen, chain);
        markov_shares(seen.counts, STATES, shares, totals);
        assert_int_equal(markov_stationary(shares, totals, STATES, found, errors, &err), 0);
        assert_int_equal(markov_reach(shares, totals, STATES, 2, reach, &err), 0);
        assert_int_equal(markov_mean(shares, totals, STATES, distance, &value, &error, &err), 0);
        share +=
            holds(markov_interval(seen.counts[1], (uint64_t)totals[0], STATES, 0.95), truth[1]);
        stationary += holds(markov_share_interval(found[2], errors[2], 0.95), exact[2]);
        time += holds(markov_time_interval(reach[0].time, reach[0].time_error, 0.95),
                      exact_reach[0].time);
        mean += holds(markov_time_interval(value, error, 0.95), exact_mean);
    }
    assert_share(share, CHAINS, 0.95, "a chance");
    assert_share(stationary, CHAINS, 0.95, "a stationary share");
    assert_share(time, CHAINS, 0.95, "a time");
    assert_share(mean, CHAINS, 0.95, "a mean");
}

/* Draws from the posterior, where counts are small. */
static void draws_hold_the_truth(void **state) {
    (void)state;
    enum { DRAWS = 400 };
    struct error err = {0};
    double exact[STATES];
    int held = 0;
    assert_int_equal(markov_stationary(truth, NULL, STATES, exact, NULL, &err), 0);
    for (uint32_t chain = 0; chain < CHAINS; chain++) {
        struct seen seen;
        struct random_stream stream;
        int below = 0;
        simulate(&seen, chain);
        for (size_t i = 0; i < STATES * STATES; i++) /* the last step alone */
            seen.counts[i] = seen.by_step[(STEPS - 1) * STATES * STATES + i];
        random_open(&stream, 12, chain, 0, 0, 0);
        for (int draw = 0; draw < DRAWS; draw++) {
            double shares[STATES * STATES], found[STATES];
            markov_draw(seen.counts, STATES, &stream, shares);
            assert_int_equal(markov_stationary(shares, NULL, STATES, found, NULL, &err), 0);
            below += found[2] < exact[2];
        }
        held += below > DRAWS * 0.025 && below < DRAWS * 0.975;
    }
    /* A quantile of 400 draws is itself off by up to a hundredth. */
    assert_true(held > 920 && held < 980);
}

static void tests_keep_their_size(void **state) {
    (void)state;
    int homogeneity = 0, ratio = 0, order = 0, independence = 0;
    for (uint32_t chain = 0; chain < CHAINS; chain++) {
        struct seen seen;
        simulate(&seen, chain);
        struct markov_test test = markov_test_homogeneity(seen.by_step, STEPS, STATES);
        homogeneity += test.pearson_p < 0.05;
        ratio += test.likelihood_ratio_p < 0.05;
        order += markov_test_order(seen.triples, STATES).pearson_p < 0.05;
        independence += markov_test_independence(seen.counts, STATES).pearson_p < 0.05;
    }
    assert_share(homogeneity, CHAINS, 0.05, "homogeneity");
    /* The ratio runs ahead of chi-squared in tables with small cells. */
    assert_true(ratio >= homogeneity - 10 && ratio < 100);
    assert_share(order, CHAINS, 0.05, "order");
    assert_int_equal(independence, CHAINS); /* this one is false, and found out */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(intervals_hold_the_truth),
        cmocka_unit_test(draws_hold_the_truth),
        cmocka_unit_test(tests_keep_their_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
