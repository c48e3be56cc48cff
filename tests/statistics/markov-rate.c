/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do the intervals of intensities hold the truth 95 times in 100? 1,000 simulated panels. */
#include "stats/markov-rate.h"

#include "base/random.h"
#include <gsl/gsl_randist.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PANELS = 1000, SUBJECTS = 150, LOOKS = 6, STATES = 3 };

/* Between two platforms there is a way through multi-homing (state 1) only. */
static const double truth[STATES][STATES] = {{0, 0.10, 0}, {0.15, 0, 0.20}, {0, 0.05, 0}};
static const bool allowed[STATES * STATES] = {false, true,  false, true, false,
                                              true,  false, true,  false};

/* Where a process is after a time, move by move. */
static uint32_t walk(struct random_stream *stream, uint32_t state, double time) {
    for (;;) {
        double out = 0;
        for (int j = 0; j < STATES; j++)
            out += truth[state][j];
        time -= gsl_ran_exponential(random_gsl(stream), 1 / out);
        if (time <= 0)
            return state;
        double u = random_uniform(stream) * out;
        for (uint32_t j = 0; j < STATES; j++) {
            u -= truth[state][j];
            if (truth[state][j] > 0 && u <= 0) {
                state = j;
                break;
            }
        }
    }
}

static size_t simulate(uint32_t panel, struct markov_look *looks) {
    size_t n = 0;
    for (uint32_t subject = 0; subject < SUBJECTS; subject++) {
        struct random_stream stream;
        random_open(&stream, 20250119, panel, subject, 0, 1);
        uint32_t state = random_below(&stream, STATES);
        double time = 0;
        for (int look = 0; look < LOOKS; look++) {
            looks[n++] = (struct markov_look){subject, state, time};
            const double wait = 1 + random_below(&stream, 8);
            state = walk(&stream, state, wait);
            time += wait;
        }
    }
    return n;
}

static void intervals_hold_the_truth(void **unused) {
    (void)unused;
    static struct markov_look looks[SUBJECTS * LOOKS];
    int held[STATES][STATES] = {0}, stays = 0, chances = 0;
    struct error err = {0};
    /* p_02(5) by the truth. */
    double q[STATES * STATES], p[STATES * STATES];
    double *work = malloc(generator_work(STATES) * sizeof *work);
    assert_non_null(work);
    for (int i = 0; i < STATES; i++) {
        q[i * STATES + i] = 0;
        for (int j = 0; j < STATES; j++)
            if (i != j) {
                q[i * STATES + j] = truth[i][j];
                q[i * STATES + i] -= truth[i][j];
            }
    }
    generator_exponential(STATES, q, 5, NULL, 0, p, NULL, work);
    for (uint32_t panel = 0; panel < PANELS; panel++) {
        struct markov_steps steps = {0};
        struct markov_rate rate;
        struct markov_estimate chance;
        const struct markov_rate_options options = {.allowed = allowed};
        const size_t n = simulate(panel, looks);
        if (markov_steps_of(looks, n, STATES, NULL, &steps, &err) ||
            markov_rate_fit(&steps, &options, &rate, &err) ||
            markov_rate_probability(&rate, 0, 2, 5, 0.95, &chance, &err))
            fail_msg("panel %u: %s", panel, err.text);
        for (size_t i = 0; i < STATES; i++)
            for (size_t j = 0; j < STATES; j++) {
                const struct markov_estimate found = markov_rate_intensity(&rate, i, j, 0.95);
                held[i][j] += found.lower <= truth[i][j] && truth[i][j] <= found.upper;
            }
        const struct markov_estimate stay = markov_rate_sojourn(&rate, 1, 0.95);
        stays += stay.lower <= 1 / 0.35 && 1 / 0.35 <= stay.upper;
        chances += chance.lower <= p[2] && p[2] <= chance.upper;
        markov_rate_free(&rate);
        markov_steps_free(&steps);
    }
    /* 950, give or take three times sqrt(1000 0.95 0.05) = 6.9, and a little for large samples. */
    for (int i = 0; i < STATES; i++)
        for (int j = 0; j < STATES; j++)
            if (truth[i][j] > 0) {
                print_message("# %d to %d: %d of %d\n", i, j, held[i][j], PANELS);
                assert_in_range(held[i][j], 925, 975);
            }
    print_message("# stay: %d, chance: %d of %d\n", stays, chances, PANELS);
    assert_in_range(stays, 925, 975);
    assert_in_range(chances, 925, 975);
    free(work);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(intervals_hold_the_truth)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
