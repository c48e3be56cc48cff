/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Laws with closed forms that simulated worlds must obey, and a published simulation. */
#include "worlds.h"

#include "base/random.h"
#include "ranking/alias.h"
#include "ranking/choice.h"
#include "ranking/kernel.h"
#include "ranking/market.h"
#include "ranking/measure.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>

/* All seeds stand here and are printed: a failure can be had again. */
enum { SEED = 20250119 };

/* ---- Who leaves ------------------------------------------------------------------------------ */

/* Users of A who leave for nothing but the exodus; the market after a warm-up of one step. */
static struct world *quiet_world(const struct scenario *scenario, struct market **ret_market) {
    struct settings settings = worlds_settings(scenario);
    struct world *world = worlds_create(&settings, SEED);
    struct error err = {0};
    world->step = (uint32_t)settings.parameters.warm_up;
    if (market_fit(ret_market, world, &err))
        fail_msg("%s", err.text);
    return world;
}

/* Moves until `periods` have passed; leavers[t] of each. */
static void run_periods(struct world *world, const struct market *market, int periods,
                        double first_shock, int64_t *leavers) {
    for (int t = 0; t < periods; t++) {
        struct moves moves;
        market_move(market, world, t == 0 ? first_shock : 0, &moves);
        leavers[t] = moves.users_to_other[PLATFORM_A] + moves.users_gone[PLATFORM_A];
        world->step++;
    }
}

#define NOTHING_ELSE                                                                               \
    "creators=2", "user_share_b=0", "user_share_both=0", "user_share_none=0",                      \
        "user_leave_a=0.000001", "user_adopt=0", "user_return=0", "user_sensitivity=0",            \
        "switching_cost=100", "shock_switching_cost=100", "exodus_period=1"

/* Bass (1969): leaving peaks at ln(q/p)/(p + q), with (p + q)^2/(4 q) of all a period. Periods in
 * which a few per cent leave follow the differential equation within about one. */
static void bass_peak(void **state) {
    (void)state;
    enum { USERS = 40000, PERIODS = 130 };
    const double p = 0.001, q = 0.05;
    struct scenario scenario =
        worlds_scenario("users=40000", NOTHING_ELSE, "bass_p=0.001", "bass_q=0.05", NULL);
    struct market *market;
    struct world *world = quiet_world(&scenario, &market);
    int64_t leavers[PERIODS];
    run_periods(world, market, PERIODS, 0, leavers);
    /* The curve is symmetric about its peak, and so is what lies above nine tenths of it: in sums
     * of five periods, which chance moves little. */
    double weighted = 0, weight = 0, most = 0, sums[PERIODS] = {0};
    for (int t = 2; t + 2 < PERIODS; t++) {
        for (int i = -2; i <= 2; i++)
            sums[t] += (double)leavers[t + i];
        most = fmax(most, sums[t]);
    }
    for (int t = 2; t + 2 < PERIODS; t++)
        if (sums[t] > 0.9 * most) {
            weighted += (t + 0.5) * sums[t];
            weight += sums[t];
        }
    double peak = log(q / p) / (p + q);
    print_message("seed %d: Bass peak at %.1f, expected %.1f\n", SEED, weighted / weight, peak);
    worlds_near(weighted / weight, peak, 0.04 * peak, 1); /* whole periods lag by about one */
    worlds_near(most / 5 / USERS, (p + q) * (p + q) / (4 * q), 0.0005, 1);
    market_destroy(market);
    world_destroy(world);
}

/* Kermack & McKendrick: the final size z of an epidemic that begins with few solves
 * z = 1 - exp(-R0 z). In periods, someone persuades 1 + e^-r + e^-2r + ... = 1/(1 - e^-r) of them.
 */
static void sir_final_size(void **state) {
    (void)state;
    enum { USERS = 20000, PERIODS = 200, SEEDS = 100 };
    struct scenario scenario =
        worlds_scenario("users=20000", NOTHING_ELSE, "sir_contact=0.15", "sir_recovery=0.1", NULL);
    struct market *market;
    struct world *world = quiet_world(&scenario, &market);
    int64_t leavers[PERIODS], all = 0;
    run_periods(world, market, PERIODS, SEEDS, leavers);
    for (int t = 0; t < PERIODS; t++)
        all += leavers[t];
    double r0 = 0.15 / -expm1(-0.1), z = 0.5;
    double seeds = (double)leavers[0] / USERS;
    for (int i = 0; i < 1000; i++) /* those who began are not persuaded */
        z = 1 - (1 - seeds) * exp(-r0 * z);
    print_message("seed %d: SIR final size %.4f, expected %.4f\n", SEED, (double)all / USERS, z);
    /* The spread of a final size is of order 1/sqrt(users), several times that near R0 = 1. */
    worlds_near((double)all / USERS, z, 1 / sqrt(USERS), 5);
    market_destroy(market);
    world_destroy(world);
}

/* Granovetter (1978): normal thresholds of mean 0.25; leaving stops at the least fixed point of
 * F = Phi((F - 0.25)/s), which jumps from next to nobody to next to all as s grows. */
static void granovetter_fixed_point(void **state) {
    (void)state;
    enum { USERS = 20000, PERIODS = 60 };
    static const double spreads[] = {0.1, 0.13, 0.2};
    for (int i = 0; i < 3; i++) {
        char spread[40];
        snprintf(spread, sizeof spread, "threshold_spread=%g", spreads[i]);
        struct scenario scenario = worlds_scenario("users=20000", NOTHING_ELSE, spread, NULL);
        struct market *market;
        struct world *world = quiet_world(&scenario, &market);
        int64_t leavers[PERIODS], all = 0;
        run_periods(world, market, PERIODS, 0, leavers);
        for (int t = 0; t < PERIODS; t++)
            all += leavers[t];
        double f = 0, steepness;
        for (int step = 0; step < 100000; step++)
            f = gsl_cdf_gaussian_P(f - 0.25, spreads[i]);
        /* A chance excess e of thresholds below f moves the fixed point by e/(1 - slope). */
        steepness = 1 - gsl_ran_gaussian_pdf(f - 0.25, spreads[i]);
        double error = sqrt(f * (1 - f) / USERS) / steepness;
        print_message("seed %d: Granovetter at spread %g: %.4f, expected %.4f\n", SEED, spreads[i],
                      (double)all / USERS, f);
        worlds_near((double)all / USERS, f, error + 1e-5, 4);
        market_destroy(market);
        world_destroy(world);
    }
}

/* ---- Tiers ----------------------------------------------------------------------------------- */

/* Three tiers with promotions p0, p1 and demotions q1, q2, and no feedback. The share of tier k in
 * the long run is proportional to the product of p_(i-1)/q_i up to k (detailed balance), and the
 * time from the lowest to the highest is the first entry of (I - Q)^-1 1. */
static void tiers_as_a_chain(void **state) {
    (void)state;
    enum { N = 5000, PERIODS = 720 };
    const double p0 = 0.10, p1 = 0.05, q1 = 0.08, q2 = 0.12;
    struct scenario scenario =
        worlds_scenario("users=1", "creators=5000", "creator_share_b=0", "creator_share_both=0",
                        "tier_sensitivity=0", "creator_sensitivity=0", "creator_adopt=0", "items=1",
                        "item_life=1", "dimensions=1", NULL);
    struct settings settings = worlds_settings(&scenario);
    settings.n_tiers = 3;
    settings.tiers[0] = (struct tier_rates){.share = 1, .promoted = p0};
    settings.tiers[1] = (struct tier_rates){.promoted = p1, .demoted = q1};
    settings.tiers[2] = (struct tier_rates){.demoted = q2};
    struct world *world = worlds_create(&settings, SEED);
    struct market *market;
    struct error err = {0};
    world->step = (uint32_t)settings.parameters.warm_up;
    assert_int_equal(market_fit(&market, world, &err), 0);
    double time = 0, reached = 0, squares = 0;
    bool *there = calloc(N, sizeof *there);
    for (int t = 1; t <= PERIODS; t++) {
        struct moves moves;
        market_move(market, world, 0, &moves);
        world->step++;
        for (size_t c = 0; c < N; c++)
            if (!there[c] && world->creators.tiers[c] == 2) {
                there[c] = true;
                reached++;
                time += t;
                squares += (double)t * t;
            }
    }
    /* h1 = (1 + q1 h0)/(p1 + q1), h0 = 1/p0 + h1. */
    double h1 = (1 + q1 / p0) / p1, h0 = 1 / p0 + h1;
    double spread = sqrt(squares / reached - time / reached * (time / reached));
    print_message("seed %d: %.2f periods to the top, expected %.2f\n", SEED, time / reached, h0);
    assert_true(reached == N);
    worlds_near(time / reached, h0, spread / sqrt(N), 4);
    double weights[] = {1, p0 / q1, p0 / q1 * p1 / q2}, sum = weights[0] + weights[1] + weights[2];
    for (int k = 0; k < 3; k++) {
        double n = 0, share = weights[k] / sum;
        for (size_t c = 0; c < N; c++)
            n += world->creators.tiers[c] == k;
        worlds_near(n / N, share, sqrt(share * (1 - share) / N), 4);
    }
    free(there);
    market_destroy(market);
    world_destroy(world);
}

/* A matrix with moves over tiers: each move is as frequent as it says, and tiers tend to pi = pi P.
 */
static void leaps_as_a_chain(void **state) {
    (void)state;
    enum { N = 5000, PERIODS = 150, TIERS = 4 };
    static const double to[TIERS][TIERS] = {{0.80, 0.10, 0.06, 0.04},
                                            {0.10, 0.80, 0.07, 0.03},
                                            {0.05, 0.15, 0.70, 0.10},
                                            {0.02, 0.08, 0.20, 0.70}};
    struct scenario scenario =
        worlds_scenario("users=1", "creators=5000", "creator_share_b=0", "creator_share_both=0",
                        "tier_sensitivity=0", "creator_sensitivity=0", "creator_adopt=0", "items=1",
                        "item_life=1", "dimensions=1", NULL);
    struct settings settings = worlds_settings(&scenario);
    settings.n_tiers = TIERS;
    for (int j = 0; j < TIERS; j++) {
        settings.tiers[j] = (struct tier_rates){.share = j == 0};
        for (int k = 0; k < TIERS; k++) {
            settings.tiers[j].to[k] = to[j][k];
            settings.tiers[j].promoted += k > j ? to[j][k] : 0;
            settings.tiers[j].demoted += k < j ? to[j][k] : 0;
        }
    }
    struct world *world = worlds_create(&settings, SEED);
    struct market *market;
    struct error err = {0};
    world->step = (uint32_t)settings.parameters.warm_up;
    assert_int_equal(market_fit(&market, world, &err), 0);
    double moved[TIERS][TIERS] = {0}, stood[TIERS] = {0};
    uint8_t *before = malloc(N);
    for (int t = 0; t < PERIODS; t++) {
        struct moves moves;
        memcpy(before, world->creators.tiers, N);
        market_move(market, world, 0, &moves);
        world->step++;
        for (size_t c = 0; c < N; c++) {
            stood[before[c]]++;
            moved[before[c]][world->creators.tiers[c]]++;
        }
    }
    for (int j = 0; j < TIERS; j++)
        for (int k = 0; k < TIERS; k++)
            worlds_near(moved[j][k] / stood[j], to[j][k],
                        sqrt(to[j][k] * (1 - to[j][k]) / stood[j]), 4);
    double pi[TIERS] = {1};
    for (int step = 0; step < 1000; step++) {
        double next[TIERS] = {0};
        for (int j = 0; j < TIERS; j++)
            for (int k = 0; k < TIERS; k++)
                next[k] += pi[j] * to[j][k];
        memcpy(pi, next, sizeof pi);
    }
    for (int k = 0; k < TIERS; k++) {
        double n = 0;
        for (size_t c = 0; c < N; c++)
            n += world->creators.tiers[c] == k;
        print_message("seed %d: %.4f in tier %d in the long run, expected %.4f\n", SEED, n / N, k,
                      pi[k]);
        worlds_near(n / N, pi[k], sqrt(pi[k] * (1 - pi[k]) / N), 4);
    }
    free(before);
    market_destroy(market);
    world_destroy(world);
}

/* ---- The rich get richer --------------------------------------------------------------------- */

struct urn {
    double *weights;
    struct alias alias;
    size_t n;
};

static struct urn open_urn(size_t most) {
    return (struct urn){.weights = calloc(most, sizeof(double)),
                        .alias = {.chance = calloc(most, sizeof(double)),
                                  .other = calloc(most, sizeof(uint32_t)),
                                  .work = calloc(most, sizeof(uint32_t))}};
}

static void close_urn(struct urn *urn) {
    free(urn->weights);
    free(urn->alias.chance);
    free(urn->alias.other);
    free(urn->alias.work);
}

/* Simon (1955, doi:10.1093/biomet/42.3-4.425): each exposure goes to a new item with probability
 * p_new, otherwise to one in proportion to its exposures: a tail of exponent 1 + 1/(1 - p_new). The
 * alias table is set up again whenever exposures have grown by a hundredth. */
static void simon_exponent(void **state) {
    (void)state;
    enum { EXPOSURES = 1000000 };
    static const double fresh[] = {0.2, 0.5};
    for (int i = 0; i < 2; i++) {
        struct urn urn = open_urn(EXPOSURES);
        struct random_stream stream;
        random_open(&stream, SEED, (uint32_t)i, 0, 0, 0);
        uint32_t next = 0;
        for (uint32_t n = 0; n < EXPOSURES; n++) {
            if (n >= next) {
                if (urn.n == 0)
                    urn.weights[urn.n++] = 1; /* the first one has to be there */
                alias_build(urn.weights, urn.n, &urn.alias);
                next = n + 1 + n / 100;
            }
            if (random_uniform(&stream) < fresh[i])
                urn.weights[urn.n++] = 1;
            else
                urn.weights[alias_draw(&urn.alias, &stream)]++;
        }
        uint64_t *counts = calloc(urn.n, sizeof *counts);
        for (size_t k = 0; k < urn.n; k++)
            counts[k] = (uint64_t)urn.weights[k];
        measure_gini(counts, urn.n); /* sorts them */
        double found = measure_tail(counts, urn.n, urn.n / 200);
        double expected = 1 + 1 / (1 - fresh[i]);
        print_message("seed %d: Simon exponent %.3f, expected %.3f\n", SEED, found, expected);
        /* (a - 1)/sqrt(k), and the law holds in the limit of large counts only. */
        worlds_near(found, expected, (expected - 1) / sqrt((double)urn.n / 200) + 0.03, 3);
        free(counts);
        close_urn(&urn);
    }
}

/* Polya's urn with n items of weight 1: after M draws an item's count is beta-binomial (its share
 * tends to a Dirichlet(1, ..., 1)), with mean M/n and variance M (1/n)(1 - 1/n)(n + M)/(n + 1). */
static void dirichlet_moments(void **state) {
    (void)state;
    enum { N = 5, DRAWS = 200, URNS = 4000 };
    double sum = 0, squares = 0;
    for (uint32_t r = 0; r < URNS; r++) {
        struct urn urn = open_urn(N);
        struct random_stream stream;
        random_open(&stream, SEED, r, 1, 0, 0);
        for (size_t i = 0; i < N; i++)
            urn.weights[i] = 1;
        for (int draw = 0; draw < DRAWS; draw++) {
            alias_build(urn.weights, N, &urn.alias);
            urn.weights[alias_draw(&urn.alias, &stream)]++;
        }
        double count = urn.weights[0] - 1;
        sum += count;
        squares += count * count;
        close_urn(&urn);
    }
    double p = 1.0 / N, variance = DRAWS * p * (1 - p) * (N + DRAWS) / (N + 1.0);
    double mean = sum / URNS, found = squares / URNS - mean * mean;
    print_message("seed %d: Dirichlet mean %.2f, expected %.2f; variance %.0f, expected %.0f\n",
                  SEED, mean, DRAWS * p, found, variance);
    worlds_near(mean, DRAWS * p, sqrt(variance / URNS), 4);
    /* A beta(1, 4) has kurtosis 6.4 beside 3 of a normal: the error of a variance. */
    worlds_near(found, variance, variance * sqrt(6.4 / URNS), 4);
}

/* ---- RecSim NG's ecosystem ------------------------------------------------------------------- */

/* The test of RecSim NG's application ecosystem_simulation (Mladenov et al. 2021,
 * arXiv:2103.08057): four providers in the plane, five times as many documents, each from a
 * provider in proportion to (1 + clicks)^2, at its mean plus a standard normal; 2000 users, each
 * from a mixture over the providers with weights 1/(1 + |m|) and standard deviations 20.5/(1 +
 * |m|); the three documents nearest to a user are shown, one is chosen by logit on 2 - distance,
 * and is worth that. At horizon 2, after the one round of choices that is rewarded by then, the
 * mean is -14 within 5 %. */
static double ecosystem(uint32_t run) {
    enum { USERS = 2000, PROVIDERS = 4, DOCUMENTS = 5 * PROVIDERS, SLATE = 3 };
    static const float means[PROVIDERS][2] = {{1, 0}, {0, 1}, {1, 1}, {0, 0}};
    float blocks[2 * 2 * KERNEL_LANES] = {0}, biases[2 * KERNEL_LANES];
    struct random_stream stream;
    random_open(&stream, SEED, run, 2, 0, 0);
    gsl_rng *rng = random_gsl(&stream);
    /* Nearest first is greatest first of u . x - |x|^2/2. No clicks yet: each provider is as
     * likely. */
    for (size_t i = 0; i < 2 * KERNEL_LANES; i++) {
        biases[i] = -INFINITY;
        if (i >= DOCUMENTS)
            continue;
        const float *mean = means[random_below(&stream, PROVIDERS)];
        biases[i] = 0;
        for (size_t k = 0; k < 2; k++) {
            float x = mean[k] + (float)gsl_ran_gaussian(rng, 1);
            blocks[kernel_at(i, 2, k)] = x;
            biases[i] -= x * x / 2;
        }
    }
    double weights[PROVIDERS], norms[PROVIDERS], reward = 0;
    for (size_t m = 0; m < PROVIDERS; m++) {
        norms[m] = sqrt((double)(means[m][0] * means[m][0] + means[m][1] * means[m][1]));
        weights[m] = 1 / (1 + norms[m]) / (1 + 0.5 + 0.5 + 1 / (1 + sqrt(2)));
    }
    for (int u = 0; u < USERS; u++) {
        int m = choice_draw(weights, PROVIDERS, random_uniform(&stream));
        m = m < 0 ? PROVIDERS - 1 : m; /* weights add up to 1 but for rounding */
        float user[2];
        for (size_t k = 0; k < 2; k++)
            user[k] = means[m][k] + (float)gsl_ran_gaussian(rng, 20.5 / (1 + norms[m]));
        struct kernel_top top;
        kernel_begin(&top, SLATE);
        kernel_scan(user, 2, blocks, biases, 0, 2, &top);
        double utilities[SLATE], shares[SLATE];
        for (size_t i = 0; i < SLATE; i++) {
            size_t at = kernel_position(&top, i);
            double x = (double)(user[0] - blocks[kernel_at(at, 2, 0)]);
            double y = (double)(user[1] - blocks[kernel_at(at, 2, 1)]);
            utilities[i] = 2 - sqrt(x * x + y * y);
        }
        choice_shares(utilities, SLATE, -INFINITY, shares);
        int chosen = choice_draw(shares, SLATE, random_uniform(&stream));
        reward += utilities[chosen < 0 ? SLATE - 1 : chosen] + gsl_ran_gaussian(rng, 1);
    }
    return reward / USERS;
}

static void recsim_ecosystem(void **state) {
    (void)state;
    double mean = 0;
    enum { RUNS = 20 };
    for (uint32_t run = 0; run < RUNS; run++) {
        double one = ecosystem(run);
        assert_true(fabs(one / -14 - 1) < 0.08); /* of 2000 users and 20 documents alone */
        mean += one / RUNS;
    }
    print_message("seed %d: RecSim NG's ecosystem %.2f, expected -14\n", SEED, mean);
    assert_true(fabs(mean / -14 - 1) < 0.05);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bass_peak),
        cmocka_unit_test(sir_final_size),
        cmocka_unit_test(granovetter_fixed_point),
        cmocka_unit_test(tiers_as_a_chain),
        cmocka_unit_test(leaps_as_a_chain),
        cmocka_unit_test(simon_exponent),
        cmocka_unit_test(dirichlet_moments),
        cmocka_unit_test(recsim_ecosystem),
    };
    return cmocka_run_group_tests_name("ranking-laws", tests, NULL, NULL);
}
