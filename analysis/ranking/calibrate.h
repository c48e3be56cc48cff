/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tools of the three families measured, as the settings of replications.
 *
 *     struct calibration calibration;
 *     calibrate_default(&calibration);
 *     calibrate_read_arpu(&calibration, arpu_loss_table, platforms, "segment", 0.95, err);
 *     calibrate_read_tiers(&calibration, tier_growth_table, err);
 *     calibrate_read_survival(&calibration, churn_survival_table, platforms, err);
 *     calibrate_read_mobility(&calibration, tier_mobility_table, err);
 *     calibrate_read_flows(&calibration, churn_flows_table, platforms, err);
 *     calibrate_read_destinations(&calibration, churn_destinations_table, platforms, err);
 *     if (calibrate_check(&calibration, &scenario, err)) ...
 *     calibrate_draw(&calibration, &scenario, seed, replication, &settings);
 *     calibrate_free(&calibration);
 *
 * A replication draws each measured quantity anew from the distribution of its error, so that the
 * spread between replications holds both the luck of the simulated world and what is not known of
 * the real one. `platforms` are the names of A and B as they stand in the files.
 *
 * ARPU: normal with the measured mean and the error that the interval shows, cut at 0; of each
 * class where there are several. Mobility: each tier's (promoted, demoted, left, stayed), or with a
 * table of moves each tier's row of (one for each tier, left), has a Dirichlet distribution with
 * the counts plus 1/2 each, Jeffreys's prior; the newcomers' rate a gamma with count plus 1/2.
 * Destinations: the share of leavers who go to the other platform is beta with their counts plus
 * 1/2; incidences I_d with standard errors s_d stand for n = sum I_d (1 - I_d) / sum s_d^2 users,
 * of whom n I_d went to d, as they are where nobody was censored (the multinomial variance).
 * Hazard: with Lambda = -ln S(t), Lambda / t is the mean hazard up to t, and ln Lambda is
 * normal with the error of S over S Lambda (the delta method, as in the log-log interval of S:
 * Kalbfleisch & Prentice 2002, section 1.4). t is where that error is least. A period of d days
 * then has rate 1 - exp(-Lambda d / t).
 */
#ifndef RANKING_CALIBRATE_H
#define RANKING_CALIBRATE_H

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "ranking/scenario.h"
#include "ranking/world.h"
#include "table/table.h"
#include <stdbool.h>

/* Flows out of a tier over all measured periods together, and who was there. */
struct tier_counts {
    int64_t latest;  /* creators in the last period */
    int64_t at_risk; /* creators at the start of a period, summed over the periods with flows */
    int64_t promoted, demoted, left, entered;
};

struct estimate {
    bool given;
    double value, error;
};

/* A revenue class of users: the segments of the ARPU table. */
struct class_measured {
    const char *name;
    double users[PLATFORMS]; /* in the last period */
    struct estimate arpu[PLATFORMS], log_hazard[PLATFORMS];
};

struct calibration {
    size_t n_classes; /* 0: as the scenario says */
    struct class_measured classes[WORLD_CLASSES];
    size_t n_tiers;
    const char *tier_names[WORLD_TIERS]; /* from the lowest up */
    bool tiers_measured;                 /* otherwise `rates`, without error */
    bool moves_measured;                 /* from tier to tier; promoted and demoted are sums */
    struct tier_counts counts[WORLD_TIERS];
    int64_t moves[WORLD_TIERS][WORLD_TIERS]; /* [from][to], who stayed in between */
    struct tier_rates rates[WORLD_TIERS];
    struct estimate arpu[PLATFORMS];
    struct estimate log_hazard[PLATFORMS];           /* ln of the mean hazard per day */
    double switched[PLATFORMS], departed[PLATFORMS]; /* leavers of each: to the other, all */
    const char *departures;                          /* the tool that counted them */
    struct estimate shock_users;                     /* error 0 */
    struct buffer remarks; /* lines: names of platforms that a file seems to spell otherwise */
    struct arena arena;    /* names */
};

/* Five tiers named as those of tier-growth, with assumed rates under which they stay as they are;
 * nothing else given. */
void calibrate_default(struct calibration *ret);
void calibrate_free(struct calibration *calibration);

/* The output of arpu-loss or arpu-table. With a column `arpu` (panel or log): the ARPU of each
 * platform in its last period, the interval being of this confidence. Rows of segments are put
 * together by their users; with `class`, a column, each of its values is a class of users with a
 * share and an ARPU of its own. With `month` and `users_lost` (scenario): the users lost in the
 * first month are the size of the shock. ERROR_DATA if it is neither, or names neither platform,
 * and for figures that cannot be: an ARPU or a number of users below 0, an interval without it. */
int calibrate_read_arpu(struct calibration *calibration, struct table *table,
                        const char *const platforms[PLATFORMS], const char *class,
                        double confidence, struct error *err);

/* The output of tier-growth: tiers from the lowest up, flows since the period before; rows of the
 * same tier and period (of several platforms) are added up. ERROR_DATA without any flows, for
 * flows that contradict the counts, for tiers in another order, and for more than WORLD_TIERS. */
int calibrate_read_tiers(struct calibration *calibration, struct table *table, struct error *err);

/* The output of tier-mobility, pooled or by step: how many went from each tier to each, left
 * ((gone), or to another platform) and entered. The tiers at the start are those that the last step
 * led to. After calibrate_read_tiers these are the tiers there and stay as they were; the moves
 * replace its flows. ERROR_DATA for other tiers than there, without exits and newcomers, and as
 * there. */
int calibrate_read_mobility(struct calibration *calibration, struct table *table,
                            struct error *err);

/* The output of churn-survival, times in days: the groups that are named as the platforms, or for
 * a platform without a group of its own the group "(all)". Where classes of users were read, also
 * groups named "PLATFORM, CLASS", or else as the class. ERROR_DATA if neither has one, and for a
 * survival outside 0 to 1, a time or an error below 0. A curve on which nobody leaves gives no
 * hazard and is not used. */
int calibrate_read_survival(struct calibration *calibration, struct table *table,
                            const char *const platforms[PLATFORMS], struct error *err);

/* The output of churn-flows, with counts as `users` or (pooled) `transitions`: of those who were on
 * one of the platforms only and are not there any more, how many are on the other; in all periods
 * together. States of several platforms, joined by +, count for each. ERROR_DATA if nobody is known
 * to have left either. */
int calibrate_read_flows(struct calibration *calibration, struct table *table,
                         const char *const platforms[PLATFORMS], struct error *err);

/* The output of churn-destinations, grouped by platform: of those who have left a platform by a
 * time, which share went to the other; at the time that says most about it. Who came back to the
 * same platform has not left it. ERROR_DATA if nobody is known to have left either, and for
 * incidences outside 0 to 1, or that add up to more, and errors below 0. */
int calibrate_read_destinations(struct calibration *calibration, struct table *table,
                                const char *const platforms[PLATFORMS], struct error *err);

/* Whether the sizes fit the scenario: a shock that takes place and is larger than the platform, and
 * classes of users in both, are ERROR_DATA. */
int calibrate_check(const struct calibration *calibration, const struct scenario *scenario,
                    struct error *err);

/* A pure function of its arguments. Measured quantities replace those of the scenario. */
void calibrate_draw(const struct calibration *calibration, const struct scenario *scenario,
                    uint32_t seed, uint32_t replication, struct settings *ret);

/* How many classes of users there are, at least 1, and what they are called: by the ARPU table, or
 * "class 1" and so on. */
size_t calibrate_classes(const struct calibration *calibration, const struct scenario *scenario);
const char *calibrate_class_name(const struct calibration *calibration, size_t class);

/* How many languages there are, at least 1. */
size_t calibrate_languages(const struct scenario *scenario);

/* The share of creators that a tier has at the start. */
double calibrate_share(const struct calibration *calibration, size_t tier);

/* What was measured and how it is used, a line each, for people. */
void calibrate_describe(const struct calibration *calibration, const struct scenario *scenario,
                        const char *const platforms[PLATFORMS], struct buffer *ret);

#endif
