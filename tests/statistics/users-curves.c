/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do 95 % intervals of the users family hold the truth 95 times in 100? A thousand data sets each
 * from models whose truth is a formula. The binomial error of 950 in 1,000 is 7: three of them to
 * each side are 929 to 971. */
#include "users/gray.h"
#include "users/incidence.h"
#include "users/occupancy.h"
#include "users/robust.h"

#include "base/random.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lives.h"

enum { RUNS = 1000 };

static double draw_exponential(struct random_stream *draws, double rate) {
    return -log(random_uniform_open(draws)) / rate;
}

static bool holds(double lower, double upper, double truth) {
    return lower <= truth && truth <= upper;
}

static void report(const char *what, int held, int least, int most) {
    if (held < least || held > most)
        fail_msg("%s: %d of %d intervals hold the truth", what, held, RUNS);
    print_message("# %s: %d of %d intervals hold the truth\n", what, held, RUNS);
}

/* A time in millionths, as the tools read them. */
static decimal exact(double time) {
    decimal ret = 0;
    assert_true(decimal_from_double(time, &ret));
    return ret;
}

/* ---- Destinations ---------------------------------------------------------------------------- */

/* Of destinations A and B. */
static void empty_tally(struct tally *tally, unsigned groups) {
    static const char *const names[] = {"A", "B"};
    struct error err = {0};
    *tally = (struct tally){0};
    tally->order = calloc(2, sizeof *tally->order);
    for (uint32_t k = 0; k < 2; k++) {
        uint32_t code;
        assert_int_equal(dictionary_add(&tally->destinations, text_of(names[k]), &code, &err), 0);
        tally->order[k] = k;
    }
    for (unsigned g = 0; g < groups; g++) {
        char name[16];
        uint32_t code;
        snprintf(name, sizeof name, "%u", g);
        assert_int_equal(dictionary_add(&tally->groups, text_of(name), &code, &err), 0);
    }
}

/* Rates of leaving of 0.03 for A and 0.02 for B, watched for a uniform time up to 60: at 20 the
 * incidence of A is 0.6 (1 - e^-1), and the expected time gone to A up to 20 is 0.6 times the area
 * under 1 - e^(-t/20), 20 e^-1. Times are whole, or not. */
static void draw_moves(struct tally *tally, uint32_t run, bool whole, unsigned groups) {
    enum { N = 300 };
    struct error err = {0};
    struct random_stream draws;
    random_open(&draws, 51, run, whole, 0, 0);
    empty_tally(tally, groups);
    for (uint32_t i = 0; i < N; i++) {
        double time = draw_exponential(&draws, 0.05), watched = 60 * random_uniform(&draws);
        uint32_t to = EXITS_EVENT + (random_uniform(&draws) < 0.4);
        time = whole ? ceil(time) : time; /* exact at whole times */
        watched = whole ? ceil(watched) : watched;
        bool left = time <= watched;
        assert_int_equal(exits_add(&tally->exits, i % groups, left ? to : EXITS_CENSORED,
                                   exact(left ? time : watched), 1, &err),
                         0);
    }
}

static void incidence_holds(void **state) {
    (void)state;
    const double truth = 0.6 * (1 - exp(-1)), time_truth = 0.6 * 20 * exp(-1);
    static const char *const kinds[] = {"log-log", "log", "plain"};
    int held[2][3] = {{0}}, held_time = 0;
    for (uint32_t run = 0; run < RUNS; run++)
        for (int error = 0; error < 2; error++) {
            struct error err = {0};
            struct tally tally;
            struct exit_tables exits;
            struct incidence curve;
            draw_moves(&tally, run, error == 1, 1);
            assert_int_equal(exit_tables_build(&exits, &tally, &err), 0);
            assert_int_equal(
                incidence_begin(&curve, &exits.tables[0], 2, (enum incidence_error)error, &err), 0);
            while (incidence_coming(&curve) <= 20 * DECIMAL_ONE)
                incidence_next(&curve);
            incidence_wait(&curve, 20 * DECIMAL_ONE);
            for (int kind = 0; kind < 3; kind++) {
                double lower, upper;
                incidence_bounds(curve.incidence[0], sqrt(curve.variance[0]), 0.95,
                                 (enum incidence_interval)kind, &lower, &upper);
                held[error][kind] += holds(lower, upper, truth);
            }
            double width = 1.959963984540054 * sqrt(curve.spent_variance[0]);
            if (error == 0)
                held_time += holds(curve.spent[0] - width, curve.spent[0] + width, time_truth);
            incidence_end(&curve);
            exit_tables_free(&exits);
            tally_free(&tally);
        }
    for (int kind = 0; kind < 3; kind++) {
        report(kinds[kind], held[0][kind], 929, 971);
        report(kinds[kind], held[1][kind], 929, 971);
    }
    report("time gone to A", held_time, 929, 971);
}

static void gray_rejects_as_often_as_it_says(void **state) {
    (void)state;
    int kept = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct error err = {0};
        struct tally tally;
        struct exit_tables exits;
        struct gray test = {.destination = run % 2, .rho = run % 4 / 2};
        struct gray_result result;
        draw_moves(&tally, run, run % 3 == 0, 3);
        assert_int_equal(exit_tables_build(&exits, &tally, &err), 0);
        assert_int_equal(gray_add(&test, exits.tables, 3, &err), 0);
        assert_int_equal(gray_solve(&test, &result, &err), 0);
        kept += result.p_value > 0.05;
        gray_free(&test);
        exit_tables_free(&exits);
        tally_free(&tally);
    }
    report("Gray's test under the hypothesis (not rejected)", kept, 929, 971);
}

/* ---- Several spells of one user -------------------------------------------------------------- */

/* A user leaves at a rate of 0.025 or of 0.075, as likely, in each of three spells: S(20)
 * is (e^-0.5 + e^-1.5)/2. Greenwood's error, blind to users, must do worse. */
static void clusters_hold(void **state) {
    (void)state;
    enum { USERS = 120, EACH = 3, N = USERS * EACH };
    const double truth = (exp(-0.5) + exp(-1.5)) / 2;
    static struct tally_record records[N];
    static struct lived lived[N];
    int held = 0, blind = 0;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct error err = {0};
        struct random_stream draws;
        struct robust robust;
        random_open(&draws, 52, run, 0, 0, 0);
        double rate = 0;
        for (uint32_t i = 0; i < N; i++) {
            if (i % EACH == 0) /* drawn, not dealt: users are a sample too */
                rate = random_below(&draws, 2) ? 0.025 : 0.075;
            double time = draw_exponential(&draws, rate);
            double watched = 20 + 40 * random_uniform(&draws);
            bool left = time <= watched;
            decimal until = exact(left ? time : watched);
            lived[i] = (struct lived){.time = decimal_to_double(until), .left = left};
            records[i] = (struct tally_record){.time = until,
                                               .weight = 1,
                                               .cluster = i / EACH,
                                               .kind = left ? EXITS_EVENT : EXITS_CENSORED};
        }
        struct life_tables lives = lives_of(lived, N, 1);
        double *variances = malloc((lives.tables[0].n + 1) * sizeof *variances);
        assert_int_equal(robust_begin(&robust, &lives.tables[0], records, N, &err), 0);
        assert_int_equal(robust_variances(&robust, ROBUST_LOG_SURVIVAL, variances, &err), 0);
        for (int clustered = 0; clustered < 2; clustered++) {
            const struct survival_options options = {.confidence = 0.95,
                                                     .log_variances = clustered ? variances : NULL};
            struct survival_curve curve;
            bool known;
            assert_int_equal(survival_fit(&curve, &lives.tables[0], &options, &err), 0);
            const struct survival_step *step = survival_at(&curve, 20 * DECIMAL_ONE, &known);
            *(clustered ? &held : &blind) += holds(step->lower, step->upper, truth);
            survival_free(&curve);
        }
        free(variances);
        robust_end(&robust);
        life_tables_free(&lives);
    }
    report("by user", held, 925, 971);
    assert_true(blind < held);
    print_message("# blind to users: %d of %d\n", blind, RUNS);
}

/* Two spells of each user, the first seen from its start and the second from some later time on. A
 * user leaves for A at a rate of 0.01 or of 0.05, as likely, and for B at 0.02: the incidence of A
 * at 20 is that of a user with this rate, averaged. Whoever leaves before being seen is not there.
 */
static void clustered_incidence_holds(void **state) {
    (void)state;
    enum { PEOPLE = 200, N = 2 * PEOPLE };
    static struct tally_record records[N];
    static const double rates[] = {0.01, 0.05};
    int held = 0, blind = 0, held_time = 0;
    double truth = 0, time_truth = 0;
    for (int k = 0; k < 2; k++) {
        const double all = rates[k] + 0.02, gone = rates[k] / all / 2;
        truth += gone * (1 - exp(-20 * all));
        time_truth += gone * (20 - (1 - exp(-20 * all)) / all);
    }
    for (uint32_t run = 0; run < RUNS; run++) {
        struct error err = {0};
        struct random_stream draws;
        struct exit_tables exits;
        struct tally tally;
        size_t n = 0;
        empty_tally(&tally, 1);
        random_open(&draws, 54, run, 0, 0, 0);
        for (uint32_t person = 0; person < PEOPLE; person++) {
            const double rate = rates[random_below(&draws, 2)];
            for (int spell = 0; spell < 2; spell++) {
                const double entry = spell == 0 ? 0 : 5 * random_uniform(&draws);
                const double time = draw_exponential(&draws, rate + 0.02);
                const double watched = 15 + 45 * random_uniform(&draws);
                const bool to_a = random_uniform(&draws) < rate / (rate + 0.02);
                if (fmin(time, watched) <= entry)
                    continue;
                struct tally_record *record = &records[n++];
                *record = (struct tally_record){.time = exact(fmin(time, watched)),
                                                .entry = exact(entry),
                                                .weight = 1,
                                                .cluster = person,
                                                .kind = time > watched ? EXITS_CENSORED
                                                                       : EXITS_EVENT + !to_a,
                                                .late = spell > 0};
                assert_int_equal(exits_add(&tally.exits, 0, record->kind, record->time, 1, &err),
                                 0);
                if (record->late)
                    assert_int_equal(
                        exits_add(&tally.exits, 0, EXITS_ENTERED, record->entry, 1, &err), 0);
            }
        }
        assert_int_equal(exit_tables_build(&exits, &tally, &err), 0);
        for (int clustered = 0; clustered < 2; clustered++) {
            struct incidence curve;
            double lower, upper;
            assert_int_equal(
                incidence_begin(&curve, &exits.tables[0], 2, INCIDENCE_GREENWOOD, &err), 0);
            if (clustered)
                assert_int_equal(incidence_jackknife(&curve, records, n, true, true, &err), 0);
            while (incidence_coming(&curve) <= 20 * DECIMAL_ONE)
                incidence_next(&curve);
            incidence_wait(&curve, 20 * DECIMAL_ONE);
            incidence_bounds(curve.incidence[0], sqrt(curve.variance[0]), 0.95, INCIDENCE_LOG_LOG,
                             &lower, &upper);
            *(clustered ? &held : &blind) += holds(lower, upper, truth);
            const double width = 1.959963984540054 * sqrt(curve.spent_variance[0]);
            held_time +=
                clustered && holds(curve.spent[0] - width, curve.spent[0] + width, time_truth);
            incidence_end(&curve);
        }
        exit_tables_free(&exits);
        tally_free(&tally);
    }
    report("incidence by user, with late entry", held, 925, 971);
    report("time gone by user, with late entry", held_time, 925, 971);
    assert_true(blind < held);
    print_message("# blind to users: %d of %d\n", blind, RUNS);
}

/* ---- States over time ------------------------------------------------------------------------ */

/* Users leave A with chance a a day and come back with chance b, (a, b) being (0.02, 0.08) or
 * (0.1, 0.03), as likely: no Markov chain, as who has left before will again. On A on day t:
 * b/(a+b) + a/(a+b) (1-a-b)^t. Watched for 20 to 80 days. */
static double on_a(double a, double b, double t) {
    return b / (a + b) + a / (a + b) * pow(1 - a - b, t);
}

enum { USERS = 200, AS_OF = 100, MOST = USERS * 90 };

static size_t wander(struct history_spell *spells, uint32_t run) {
    struct random_stream draws;
    size_t n = 0;
    random_open(&draws, 53, run, 0, 0, 0);
    for (uint32_t user = 0; user < USERS; user++) {
        const bool loyal = random_below(&draws, 2);
        double a = loyal ? 0.02 : 0.1, b = loyal ? 0.08 : 0.03;
        int32_t begin = AS_OF - 20 - (int32_t)random_below(&draws, 61), since = begin;
        bool there = true;
        for (int32_t day = begin + 1; day <= AS_OF; day++) {
            if (random_uniform(&draws) >= (there ? a : b))
                continue;
            if (there)
                spells[n++] = (struct history_spell){.user = user, .start = since, .end = day};
            there = !there;
            since = day;
        }
        if (there)
            spells[n++] =
                (struct history_spell){.user = user, .start = since, .end = AS_OF, .open = true};
    }
    return n;
}

static void occupancy_holds(void **state) {
    (void)state;
    static struct history_spell spells[MOST];
    const double truth = (on_a(0.02, 0.08, 40) + on_a(0.1, 0.03, 40)) / 2;
    double time_truth = 0;
    int held = 0, held_time = 0;
    for (int day = 0; day < 40; day++)
        time_truth += (on_a(0.02, 0.08, day) + on_a(0.1, 0.03, day)) / 2;
    for (uint32_t run = 0; run < RUNS; run++) {
        struct error err = {0};
        struct histories histories = {.spells = spells, .as_of = AS_OF};
        struct occupancy_paths paths;
        struct occupancy curve;
        uint32_t code, order = 0;
        bool more = true;
        histories.n = wander(spells, run);
        histories.platform_order = histories.group_order = &order;
        assert_int_equal(dictionary_add(&histories.platforms, text_of("A"), &code, &err), 0);
        assert_int_equal(dictionary_add(&histories.groups, text_of("(all)"), &code, &err), 0);
        assert_int_equal(occupancy_paths_build(&paths, &histories, &err), 0);
        assert_int_equal(occupancy_begin(&curve, &paths, 0, OCCUPANCY_JACKKNIFE, true, &err), 0);
        while (more && occupancy_coming(&curve) <= 40)
            assert_int_equal(occupancy_next(&curve, &more, &err), 0);
        occupancy_wait(&curve, 40);
        double lower, upper, width = 1.959963984540054 * sqrt(curve.time_variance[1]);
        incidence_bounds(curve.share[1], sqrt(curve.variance[1]), 0.95, INCIDENCE_LOG_LOG, &lower,
                         &upper);
        held += holds(lower, upper, truth);
        held_time += holds(curve.time[1] - width, curve.time[1] + width, time_truth);
        occupancy_end(&curve);
        occupancy_paths_free(&paths);
        dictionary_free(&histories.platforms);
        dictionary_free(&histories.groups);
    }
    report("share on A on day 40", held, 929, 971);
    report("time on A up to day 40", held_time, 929, 971);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incidence_holds), cmocka_unit_test(gray_rejects_as_often_as_it_says),
        cmocka_unit_test(clusters_hold),   cmocka_unit_test(clustered_incidence_holds),
        cmocka_unit_test(occupancy_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
