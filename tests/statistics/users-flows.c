/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do the intervals of churn-flows --stationary and --project hold the truth as often as they say?
 * Two thousand data sets each of users who move by a known matrix. The interval of --project is
 * that of the shares which the matrix leads to from those of the last period. Bounds are quantiles
 * of 1,000 draws, between which there is 0.948 of the posterior on average: 1,896 of 2,000, with a
 * binomial error of 9.9. Four of them to each side are 1,856 to 1,936. */
#include "users/switching-chain.h"

#include "base/random.h"
#include "base/workers.h"
#include "stats/markov-chain.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RUNS = 2000, DRAWS = 1000, MOST = 6, AHEAD = 4, LEAST = 1856, GREATEST = 1936 };

struct study {
    const char *name;
    size_t states, users, periods;
    double truth[MOST * MOST];
    double stationary[MOST];
    bool holds[RUNS][MOST], ahead_holds[RUNS][AHEAD * MOST];
};

static size_t move(const struct study *study, size_t from, struct random_stream *stream) {
    const double *row = study->truth + from * study->states;
    double u = random_uniform(stream) - row[0];
    size_t to = 0;
    while (u >= 0 && to + 1 < study->states)
        u -= row[++to];
    return to;
}

/* Counts of all periods, and where everybody is in the last one. */
static void simulate(const struct study *study, uint32_t run, struct switching_chain *chain) {
    const size_t n = study->states;
    memset(chain->counts, 0, n * n * sizeof *chain->counts);
    memset(chain->start, 0, n * sizeof *chain->start);
    for (uint32_t user = 0; user < study->users; user++) {
        struct random_stream stream;
        random_open(&stream, 61, run, user, (uint32_t)n, 0);
        size_t now = user % n;
        for (size_t period = 0; period < study->periods; period++) {
            size_t next = move(study, now, &stream);
            chain->counts[now * n + next]++;
            now = next;
        }
        chain->start[now] += 1 / (double)study->users;
    }
}

static bool holds(const struct switching_share *share, double truth) {
    return share->interval.lower <= truth && truth <= share->interval.upper;
}

static int run_one(void *context, size_t run, int worker, struct error *err) {
    (void)worker;
    struct study *study = context;
    const size_t n = study->states;
    uint64_t counts[MOST * MOST];
    double start[MOST], known[MOST];
    struct switching_chain chain = {
        .n = n, .counts = counts, .start = start, .users = (int64_t)study->users};
    struct switching_share shares[(AHEAD + 1) * MOST];
    const struct switching_draws how = {.seed = (uint32_t)run, .draws = DRAWS, .confidence = 0.95};
    simulate(study, (uint32_t)run, &chain);
    int status = switching_stationary(&chain, &how, shares, err);
    for (size_t s = 0; s < n && !status; s++)
        study->holds[run][s] = holds(&shares[s], study->stationary[s]);
    if (!status)
        status = switching_project(&chain, AHEAD, &how, shares, err);
    for (unsigned k = 1; k <= AHEAD && !status; k++) {
        status = markov_project(study->truth, NULL, n, start, k, known, NULL, err);
        for (size_t s = 0; s < n && !status; s++)
            study->ahead_holds[run][(k - 1) * n + s] = holds(&shares[k * n + s], known[s]);
    }
    return status;
}

static int count(const bool *first, size_t stride) {
    int ret = 0;
    for (size_t run = 0; run < RUNS; run++)
        ret += first[run * stride];
    return ret;
}

static void expect(const struct study *study, const char *what, size_t state, int held) {
    print_message("# %s, %s, state %zu: %d of %d\n", study->name, what, state, held, RUNS);
    if (held < LEAST || held > GREATEST)
        fail_msg("%s, %s, state %zu: %d of %d intervals hold the truth", study->name, what, state,
                 held, RUNS);
}

static void run_study(const struct study *how) {
    static struct study study;
    struct error err = {0};
    study = *how;
    assert_int_equal(
        markov_stationary(study.truth, NULL, study.states, study.stationary, NULL, &err), 0);
    if (workers_run(workers_available(), RUNS, run_one, &study, &err))
        fail_msg("%s", err.text);
    for (size_t s = 0; s < study.states; s++) {
        expect(&study, "stationary", s, count(&study.holds[0][s], MOST));
        expect(&study, "one ahead", s, count(&study.ahead_holds[0][s], AHEAD * MOST));
        expect(&study, "four ahead", s,
               count(&study.ahead_holds[0][(AHEAD - 1) * study.states + s], AHEAD * MOST));
    }
}

/* Two platforms and (gone), with returns; 400 users in six steps. */
static void three_states(void **state) {
    (void)state;
    run_study(&(struct study){
        .name = "three states",
        .states = 3,
        .users = 400,
        .periods = 6,
        .truth = {0.80, 0.12, 0.08, 0.15, 0.75, 0.10, 0.05, 0.05, 0.90},
    });
}

/* The same, few users. */
static void few_users(void **state) {
    (void)state;
    run_study(&(struct study){
        .name = "few users",
        .states = 3,
        .users = 40,
        .periods = 3,
        .truth = {0.80, 0.12, 0.08, 0.15, 0.75, 0.10, 0.05, 0.05, 0.90},
    });
}

/* Six states, most moves between which are rare or never made. */
static void six_states(void **state) {
    (void)state;
    run_study(&(struct study){
        .name = "six states",
        .states = 6,
        .users = 1000,
        .periods = 5,
        .truth = {0.90, 0.04, 0.02, 0,    0,    0.04, 0.05, 0.85, 0,    0.06, 0,    0.04,
                  0.03, 0,    0.90, 0.03, 0.02, 0.02, 0,    0.10, 0.02, 0.80, 0.05, 0.03,
                  0,    0,    0.05, 0.10, 0.80, 0.05, 0.02, 0.01, 0.01, 0,    0.01, 0.95},
    });
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_states),
        cmocka_unit_test(few_users),
        cmocka_unit_test(six_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
