/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Cumulative incidence and Gray's test: shares and binomial errors without censoring, one
 * destination against Kaplan-Meier, times spent, and edge cases. R's own values are compared in
 * tests/truth. */
#include "users/gray.h"
#include "users/incidence.h"
#include "users/survival.h"

#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lives.h"

/* ---- Tables from moves written down here ----------------------------------------------------- */

struct move {
    double time;
    double entry; /* if late */
    int64_t weight;
    int to; /* 0: still there; 1, 2, ...: destination */
    unsigned group;
    bool late;
};

struct made {
    struct tally tally;
    struct exit_tables exits;
};

static void name(struct dictionary *names, const char *format, unsigned i) {
    struct error err = {0};
    char text[16];
    uint32_t code;
    snprintf(text, sizeof text, format, i);
    assert_int_equal(dictionary_add(names, text_of(text), &code, &err), 0);
}

/* Destinations are called "A", "B", ..., groups "0", "1", ... */
static void make(struct made *made, const struct move *moves, size_t n, unsigned destinations,
                 unsigned groups) {
    struct error err = {0};
    *made = (struct made){0};
    for (unsigned d = 0; d < destinations; d++)
        name(&made->tally.destinations, "%c", 'A' + d);
    for (unsigned g = 0; g < groups; g++)
        name(&made->tally.groups, "%u", g);
    made->tally.order = calloc(destinations + 1, sizeof *made->tally.order);
    for (unsigned d = 0; d < destinations; d++)
        made->tally.order[d] = d;
    for (size_t i = 0; i < n; i++) {
        const struct move *m = &moves[i];
        uint32_t kind = m->to ? EXITS_EVENT + (uint32_t)m->to - 1 : EXITS_CENSORED;
        int64_t weight = m->weight ? m->weight : 1;
        struct exits *exits = &made->tally.exits;
        assert_int_equal(exits_add(exits, m->group, kind, lived_time(m->time), weight, &err), 0);
        if (m->late)
            assert_int_equal(
                exits_add(exits, m->group, EXITS_ENTERED, lived_time(m->entry), weight, &err), 0);
    }
    assert_int_equal(exit_tables_build(&made->exits, &made->tally, &err), 0);
}

static void unmake(struct made *made) {
    exit_tables_free(&made->exits);
    tally_free(&made->tally);
}

static struct incidence begin(const struct made *made, size_t group, enum incidence_error error) {
    struct error err = {0};
    struct incidence curve;
    assert_int_equal(
        incidence_begin(&curve, &made->exits.tables[group], made->exits.destinations, error, &err),
        0);
    return curve;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* ---- Curves ---------------------------------------------------------------------------------- */

/* Without censoring the incidence is the share gone, exactly, its error the binomial's, and the
 * expected times are averages. */
static void is_a_share_without_censoring(void **state) {
    (void)state;
    enum { N = 400, K = 3 };
    struct move moves[N];
    struct random_stream draws;
    random_open(&draws, 11, 0, 0, 0, 0);
    for (int i = 0; i < N; i++)
        moves[i] = (struct move){.time = (double)random_below(&draws, 40),
                                 .to = 1 + (int)random_below(&draws, K)};
    struct made made;
    make(&made, moves, N, K, 1);
    struct incidence curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    while (incidence_next(&curve))
        for (int k = 0; k < K; k++) {
            double gone = 0;
            for (int i = 0; i < N; i++)
                gone += moves[i].to == k + 1 && lived_time(moves[i].time) <= curve.time;
            assert_true(curve.incidence[k] == gone / N);
            assert_true(fabs(curve.variance[k] - gone / N * (1 - gone / N) / N) < 1e-15);
        }
    assert_true(curve.staying == 0);
    incidence_end(&curve);
    curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    while (incidence_coming(&curve) <= lived_time(25))
        incidence_next(&curve);
    incidence_wait(&curve, lived_time(25));
    for (int k = 0; k < K; k++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            double spent = moves[i].to == k + 1 ? fmax(25 - moves[i].time, 0) : 0;
            sum += spent;
            squares += spent * spent;
        }
        assert_near(curve.spent[k], sum / N, 1e-13, "time gone");
        assert_near(curve.spent_variance[k], (squares / N - sum / N * (sum / N)) / N, 1e-11,
                    "its variance");
    }
    incidence_end(&curve);
    unmake(&made);
}

/* With one destination F = 1 - S, with the error of Kaplan-Meier; the time still there is the
 * restricted mean. Late entry and weights included. */
static void one_destination_is_kaplan_meier(void **state) {
    (void)state;
    enum { N = 300 };
    struct move moves[N];
    struct lived lived[N];
    struct random_stream draws;
    random_open(&draws, 12, 0, 0, 0, 0);
    for (int i = 0; i < N; i++) {
        double entry = (double)random_below(&draws, 6);
        moves[i] = (struct move){.time = entry + 1 + (double)random_below(&draws, 30),
                                 .to = random_below(&draws, 3) > 0,
                                 .weight = 1 + (int64_t)random_below(&draws, 3),
                                 .late = i % 2 == 1,
                                 .entry = entry};
        lived[i] = (struct lived){.time = moves[i].time,
                                  .left = moves[i].to == 1,
                                  .weight = moves[i].weight,
                                  .late = moves[i].late,
                                  .entry = entry};
    }
    struct error err = {0};
    const struct survival_options options = {.confidence = 0.95};
    struct life_tables lives = lives_of(lived, N, 1);
    struct survival_curve km;
    assert_int_equal(survival_fit(&km, &lives.tables[0], &options, &err), 0);
    struct made made;
    make(&made, moves, N, 1, 1);
    struct incidence curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    for (size_t i = 0; i < km.n; i++) {
        assert_true(incidence_next(&curve));
        assert_true(curve.time == km.steps[i].time && curve.at_risk == km.steps[i].at_risk);
        assert_near(curve.staying, km.steps[i].survival, 1e-13, "still there");
        assert_near(curve.incidence[0], 1 - km.steps[i].survival, 1e-11, "incidence");
        if (!isnan(km.steps[i].std_error)) {
            assert_near(sqrt(curve.variance[0]), km.steps[i].std_error, 1e-10, "error");
            assert_near(sqrt(curve.staying_variance), km.steps[i].std_error, 1e-10, "error of S");
        }
    }
    assert_false(incidence_next(&curve));
    incidence_wait(&curve, lived_time(40));
    struct survival_mean mean = survival_restricted_mean(&km, lived_time(40));
    assert_near(curve.stay, mean.mean, 1e-12, "restricted mean");
    assert_near(sqrt(curve.stay_variance), mean.std_error, 1e-10, "its error");
    assert_near(curve.spent[0], 40 - mean.mean, 1e-11, "time gone");
    incidence_end(&curve);
    unmake(&made);
    survival_free(&km);
    life_tables_free(&lives);
}

/* By hand: 5 at risk, 2 of them leave for A at 1; 1 is censored at 2; 1 of 2 leaves for B at 3. */
static void adds_up_by_hand(void **state) {
    (void)state;
    static const struct move moves[] = {{1, 0, 2, 1, 0, false},
                                        {2, 0, 1, 0, 0, false},
                                        {3, 0, 1, 2, 0, false},
                                        {4, 0, 1, 0, 0, false}};
    struct made made;
    make(&made, moves, COUNT(moves), 2, 1);
    for (int error = INCIDENCE_GREENWOOD; error <= INCIDENCE_AALEN; error++) {
        struct incidence curve = begin(&made, 0, (enum incidence_error)error);
        assert_true(incidence_coming(&curve) == lived_time(1));
        assert_true(incidence_next(&curve) && incidence_next(&curve) && incidence_next(&curve));
        assert_true(curve.at_risk == 2 && curve.left[0] == 0 && curve.left[1] == 1);
        assert_near(curve.incidence[0], 0.4, 1e-15, "A");
        assert_near(curve.incidence[1], 0.3, 1e-15, "B");
        assert_near(curve.staying, 0.3, 1e-15, "still there");
        /* F_B = S(1) h: var = S^2 var h + h^2 var S, as h comes after. */
        double n = error == INCIDENCE_GREENWOOD ? 5 : 4, m = error == INCIDENCE_GREENWOOD ? 2 : 1;
        double var_s = 0.24 / n, var_h = 0.25 / m;
        assert_near(curve.variance[1], 0.36 * var_h + 0.25 * var_s, 1e-14, "variance of B");
        assert_true(incidence_next(&curve));
        assert_true(incidence_coming(&curve) == INT64_MAX);
        assert_false(incidence_next(&curve));
        incidence_end(&curve);
    }
    unmake(&made);
}

static void edges(void **state) {
    (void)state;
    struct made made;
    make(&made, NULL, 0, 2, 1); /* nobody */
    struct incidence curve = begin(&made, 0, INCIDENCE_AALEN);
    assert_false(incidence_next(&curve));
    assert_true(exit_tables_last_time(&made.exits) == 0);
    incidence_end(&curve);
    unmake(&made);

    static const struct move at_once[] = {{0, 0, 3, 1, 0, false},
                                          {0, 0, 1, 2, 0, false}}; /* all at 0 */
    make(&made, at_once, 2, 2, 1);
    curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    assert_true(incidence_next(&curve));
    assert_true(curve.incidence[0] == 0.75 && curve.incidence[1] == 0.25 && curve.staying == 0);
    assert_false(curve.fell_to_zero);
    incidence_end(&curve);
    unmake(&made);

    static const struct move one[] = {{2.5, 0, 1, 1, 0, false}};
    make(&made, one, 1, 1, 1);
    curve = begin(&made, 0, INCIDENCE_AALEN);
    assert_true(incidence_next(&curve));
    assert_true(curve.incidence[0] == 1 && curve.variance[0] == 1); /* as cuminc: v = d */
    incidence_end(&curve);
    unmake(&made);

    /* Everyone at risk leaves at 3 although another enters at 4, alone at that time. */
    static const struct move falls[] = {{3, 0, 1, 1, 0, false}, {8, 4, 1, 1, 0, true}};
    make(&made, falls, 2, 1, 1);
    curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    assert_true(incidence_next(&curve) && curve.fell_to_zero && curve.fell_at == lived_time(3));
    assert_true(incidence_coming(&curve) == lived_time(8));
    assert_true(incidence_next(&curve) && curve.at_risk == 1 && curve.incidence[0] == 1);
    incidence_end(&curve);
    unmake(&made);
}

static void bounds(void **state) {
    (void)state;
    const double z = 1.959963984540054; /* R: qnorm(0.975) */
    double lower, upper;
    incidence_bounds(0.2, 0.05, 0.95, INCIDENCE_PLAIN, &lower, &upper);
    assert_near(lower, 0.2 - z * 0.05, 1e-14, "plain");
    incidence_bounds(0.2, 0.05, 0.95, INCIDENCE_LOG, &lower, &upper);
    assert_near(upper, 0.2 * exp(z * 0.25), 1e-14, "log");
    incidence_bounds(0.2, 0.05, 0.95, INCIDENCE_LOG_LOG, &lower, &upper);
    assert_near(lower, pow(0.2, exp(-z * 0.05 / (0.2 * log(0.2)))), 1e-13, "log-log");
    assert_near(upper, pow(0.2, exp(z * 0.05 / (0.2 * log(0.2)))), 1e-13, "log-log");
    incidence_bounds(0, 0, 0.95, INCIDENCE_PLAIN, &lower, &upper);
    assert_true(isnan(lower) && isnan(upper));
    incidence_bounds(1, 0, 0.95, INCIDENCE_LOG_LOG, &lower, &upper);
    assert_true(isnan(lower) && isnan(upper));
    incidence_bounds(0.99, 0.2, 0.95, INCIDENCE_PLAIN, &lower, &upper);
    assert_true(upper == 1);
}

/* ---- Errors by the jackknife ----------------------------------------------------------------- */

enum { SPELLS = 240, HOMES = 50, TIMES = 40 };

/* Spells by cluster, some of which enter late; no destination 3 before time 20. */
static void draw_spells(struct move *moves, struct tally_record *records, uint32_t run, bool late) {
    struct random_stream draws;
    random_open(&draws, 15, run, 0, 0, 0);
    for (uint32_t i = 0; i < SPELLS; i++) {
        const double entry = (double)random_below(&draws, 12);
        struct move *move = &moves[i];
        *move = (struct move){.time = entry + 1 + (double)random_below(&draws, 25),
                              .to = (int)random_below(&draws, 4),
                              .weight = 1 + (int64_t)random_below(&draws, 3),
                              .late = late && i % 3 > 0,
                              .entry = entry};
        if (move->to == 3 && move->time < 20)
            move->to = 1;
        records[i] = (struct tally_record){.entry = lived_time(entry),
                                           .time = lived_time(move->time),
                                           .weight = move->weight,
                                           .kind = move->to ? EXITS_EVENT + (uint32_t)move->to - 1
                                                            : EXITS_CENSORED,
                                           .cluster = i * HOMES / SPELLS,
                                           .late = move->late};
    }
}

/* The definition: influences of one unit by their recursion, from the spells from..to of it, each
 * `copies` times (0: as often as it weighs). Adds the squares of U_k, S and the areas up to TIMES.
 */
struct squares {
    double gone[TIMES + 1][3], staying[TIMES + 1], area[4];
};

static void add_influences(const struct made *made, const struct move *moves, size_t from,
                           size_t to, double copies, struct squares *ret) {
    double u_s = 0, u[3] = {0}, area[4] = {0}, times = copies > 0 ? copies : 1;
    struct incidence curve = begin(made, 0, INCIDENCE_GREENWOOD);
    double s = 1;
    for (int t = 0; t <= TIMES; t++) {
        if (incidence_coming(&curve) == lived_time(t)) {
            assert_true(incidence_next(&curve));
            const double n = (double)curve.at_risk, d = (double)curve.events;
            double y = 0, own[3] = {0};
            for (size_t i = from; i < to; i++) {
                const double w = copies > 0 ? 1 : (double)moves[i].weight;
                if (moves[i].time >= t && (!moves[i].late || moves[i].entry < t))
                    y += w;
                if (moves[i].time == t && moves[i].to > 0)
                    own[moves[i].to - 1] += w;
            }
            for (int k = 0; k < 3; k++) {
                const double h = (double)curve.left[k] / n;
                u[k] += u_s * h + s * (own[k] - y * h) / n;
            }
            u_s = u_s * (1 - d / n) - s * (own[0] + own[1] + own[2] - y * d / n) / n;
            s = curve.staying;
        }
        for (int k = 0; k < 3; k++) {
            ret->gone[t][k] += times * u[k] * u[k];
            area[k] += t < TIMES ? u[k] : 0;
        }
        ret->staying[t] += times * u_s * u_s;
        area[3] += t < TIMES ? u_s : 0;
    }
    for (int k = 0; k < 4; k++)
        ret->area[k] += times * area[k] * area[k];
    incidence_end(&curve);
}

static void compare_with_definition(bool clustered, bool late, uint32_t run) {
    static struct move moves[SPELLS];
    static struct tally_record records[SPELLS];
    static struct squares squares;
    struct error err = {0};
    struct made made;
    draw_spells(moves, records, run, late);
    make(&made, moves, SPELLS, 3, 1);
    squares = (struct squares){0};
    for (size_t i = 0, next; i < SPELLS; i = next) {
        next = i + 1;
        while (clustered && next < SPELLS && records[next].cluster == records[i].cluster)
            next++;
        add_influences(&made, moves, i, next, clustered ? 0 : (double)moves[i].weight, &squares);
    }
    struct incidence curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    struct incidence other = begin(&made, 0, INCIDENCE_GREENWOOD);
    assert_int_equal(incidence_jackknife(&curve, records, SPELLS, clustered, true, &err), 0);
    while (incidence_next(&curve)) {
        const int t = (int)(curve.time / DECIMAL_ONE);
        assert_true(incidence_next(&other));
        for (int k = 0; k < 3; k++) {
            assert_near(curve.variance[k], squares.gone[t][k], 1e-10, "variance");
            assert_true(curve.incidence[k] == other.incidence[k]);
            if (!clustered && !late) /* Greenwood's */
                assert_near(curve.variance[k], other.variance[k], 1e-10, "Greenwood");
        }
        if (curve.staying > 0)
            assert_near(curve.staying_variance, squares.staying[t], 1e-10, "variance of S");
    }
    incidence_wait(&curve, lived_time(TIMES));
    for (int k = 0; k < 3; k++)
        assert_near(curve.spent_variance[k], squares.area[k], 1e-10, "variance of time gone");
    assert_near(curve.stay_variance, squares.area[3], 1e-10, "variance of time there");
    incidence_end(&curve);
    incidence_end(&other);
    unmake(&made);
}

static void jackknife_is_its_definition(void **state) {
    (void)state;
    for (uint32_t run = 0; run < 8; run++)
        compare_with_definition(run & 1, run & 2, run);
}

/* Nobody; everybody at once; a curve that falls to 0 although others enter later. */
static void jackknife_edges(void **state) {
    (void)state;
    struct error err = {0};
    struct made made;
    make(&made, NULL, 0, 2, 1);
    struct incidence curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    assert_int_equal(incidence_jackknife(&curve, NULL, 0, true, true, &err), 0);
    assert_false(incidence_next(&curve));
    incidence_wait(&curve, lived_time(5));
    assert_true(curve.stay == 5 && curve.stay_variance == 0);
    incidence_end(&curve);
    unmake(&made);

    static const struct move falls[] = {
        {0, 0, 1, 1, 0, false}, {0, 0, 1, 2, 0, false}, {8, 4, 1, 1, 0, true}};
    static const struct tally_record records[] = {
        {.time = 0, .weight = 1, .kind = EXITS_EVENT},
        {.time = 0, .weight = 1, .kind = EXITS_EVENT + 1, .cluster = 1},
        {.time = 8 * DECIMAL_ONE,
         .entry = 4 * DECIMAL_ONE,
         .weight = 1,
         .kind = EXITS_EVENT,
         .cluster = 2,
         .late = true}};
    make(&made, falls, 3, 2, 1);
    curve = begin(&made, 0, INCIDENCE_GREENWOOD);
    assert_int_equal(incidence_jackknife(&curve, records, 3, true, true, &err), 0);
    assert_true(incidence_next(&curve) && curve.staying == 0 && curve.staying_variance == 0);
    assert_near(curve.variance[0], 0.125, 1e-15, "half of two");
    assert_true(incidence_next(&curve) && curve.fell_to_zero);
    assert_near(curve.variance[0], 0.125, 1e-15, "stays");
    incidence_wait(&curve, lived_time(10));
    assert_near(curve.spent_variance[1], 12.5, 1e-14, "time gone");
    assert_true(curve.stay_variance == 0);
    incidence_end(&curve);
    unmake(&made);
}

/* ---- Gray's test ----------------------------------------------------------------------------- */

static struct gray_result gray(const struct made *made, size_t destination, double rho) {
    struct error err = {0};
    struct gray test = {.destination = destination, .rho = rho};
    struct gray_result result;
    assert_int_equal(gray_add(&test, made->exits.tables, made->exits.n, &err), 0);
    assert_int_equal(gray_solve(&test, &result, &err), 0);
    double sum = 0;
    for (size_t g = 0; g < test.groups; g++)
        sum += test.score[g];
    assert_true(fabs(sum) < 1e-9);
    gray_free(&test);
    return result;
}

/* Under the hypothesis 5 tests in 100 reject at 0.05: of 400, 20, with a binomial error of 4.4. */
static void rejects_as_often_as_it_says(void **state) {
    (void)state;
    enum { RUNS = 400, N = 240 };
    struct move moves[N];
    int rejected = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct random_stream draws;
        random_open(&draws, 13, run, 0, 0, 0);
        for (int i = 0; i < N; i++)
            moves[i] = (struct move){.time = ceil(-20 * log(random_uniform_open(&draws))),
                                     .to = (int)random_below(&draws, 3),
                                     .group = random_below(&draws, 3)};
        struct made made;
        make(&made, moves, N, 2, 3);
        struct gray_result result = gray(&made, run % 2, 0);
        assert_int_equal(result.df, 2);
        rejected += result.p_value < 0.05;
        unmake(&made);
    }
    assert_true(rejected >= 7 && rejected <= 34);
}

/* Group 1 goes to A half as often, at the same rate of leaving. */
static void finds_a_difference(void **state) {
    (void)state;
    struct move moves[600];
    struct random_stream draws;
    random_open(&draws, 14, 0, 0, 0, 0);
    for (unsigned i = 0; i < COUNT(moves); i++) {
        double to_a = i % 2 ? 0.3 : 0.6;
        moves[i] = (struct move){.time = (double)(1 + random_below(&draws, 50)),
                                 .to = random_uniform(&draws) < to_a ? 1 : 2,
                                 .group = i % 2};
    }
    struct made made;
    make(&made, moves, COUNT(moves), 2, 2);
    assert_true(gray(&made, 0, 0).p_value < 1e-6);
    assert_true(gray(&made, 1, 1).p_value < 1e-6);
    unmake(&made);
}

static void nothing_to_compare(void **state) {
    (void)state;
    static const struct move stay[] = {{3, 0, 4, 0, 0, false}, {5, 0, 4, 0, 1, false}};
    struct made made;
    make(&made, stay, 2, 1, 2);
    struct gray_result result = gray(&made, 0, 0);
    assert_int_equal(result.df, 0);
    assert_true(isnan(result.chi_square) && isnan(result.p_value));
    unmake(&made);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_a_share_without_censoring),
        cmocka_unit_test(one_destination_is_kaplan_meier),
        cmocka_unit_test(adds_up_by_hand),
        cmocka_unit_test(edges),
        cmocka_unit_test(bounds),
        cmocka_unit_test(jackknife_is_its_definition),
        cmocka_unit_test(jackknife_edges),
        cmocka_unit_test(rejects_as_often_as_it_says),
        cmocka_unit_test(finds_a_difference),
        cmocka_unit_test(nothing_to_compare),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
