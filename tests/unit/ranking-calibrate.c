/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the outputs of arpu-loss, tier-growth and churn-survival to the settings of replications. */
#include "tables.h"
#include "worlds.h"

static const char *const names[PLATFORMS] = {"TikTok", "RedNote"};

enum from { FROM_ARPU, FROM_CLASSES, FROM_TIERS, FROM_MOBILITY, FROM_SURVIVAL, FROM_DESTINATIONS };

/* The error text, or "". */
static const char *calibrate(struct calibration *calibration, enum from from, const char *csv) {
    static char text[1200];
    struct error err = {0};
    struct table *table = NULL;
    const char *path = tables_write("c.csv", text_of(csv));
    const struct table_options options = {.files = &path, .n_files = 1};
    if (!table_open(&table, &options, &err)) {
        if (from == FROM_ARPU)
            calibrate_read_arpu(calibration, table, names, NULL, 0.95, &err);
        else if (from == FROM_CLASSES)
            calibrate_read_arpu(calibration, table, names, "segment", 0.95, &err);
        else if (from == FROM_TIERS)
            calibrate_read_tiers(calibration, table, &err);
        else if (from == FROM_MOBILITY)
            calibrate_read_mobility(calibration, table, &err);
        else if (from == FROM_SURVIVAL)
            calibrate_read_survival(calibration, table, names, &err);
        else
            calibrate_read_destinations(calibration, table, names, &err);
    }
    table_close(table);
    snprintf(text, sizeof text, "%s", err.code ? tables_name(err.text) : "");
    return text;
}

static void expect_error(enum from from, const char *csv, const char *says) {
    struct calibration calibration;
    calibrate_default(&calibration);
    const char *found = calibrate(&calibration, from, csv);
    if (!strstr(found, says))
        fail_msg("found '%s', expected '%s'", found, says);
    calibrate_free(&calibration);
}

/* ---- ARPU ------------------------------------------------------------------------------------ */

/* The last period of each platform; 95 % bounds 0.196 away are a standard error of 0.1. */
static void arpu_of_the_last_period(void **state) {
    (void)state;
    enum { DRAWS = 4000 };
    struct calibration calibration;
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_ARPU,
                                  "platform,period,users,arpu,arpu_lower,arpu_upper\n"
                                  "TikTok,2025-01,500,1.5,1.304004,1.695996\n"
                                  "TikTok,2024-12,500,1.25,1,1.5\n"
                                  "RedNote,2025-01,0,,,\n"
                                  "Lemon8,2025-01,10,9,9,9\n"),
                        "");
    assert_true(calibration.arpu[PLATFORM_A].given);
    assert_false(calibration.arpu[PLATFORM_B].given);
    worlds_near(calibration.arpu[PLATFORM_A].error, 0.1, 1e-5, 1);
    struct scenario scenario = worlds_scenario("arpu_b=7", NULL);
    double sum = 0, square = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct settings settings;
        calibrate_draw(&calibration, &scenario, 1, i, &settings);
        sum += settings.parameters.arpu[PLATFORM_A];
        square += pow(settings.parameters.arpu[PLATFORM_A] - 1.5, 2);
        assert_true(settings.parameters.arpu[PLATFORM_B] == 7);
    }
    worlds_near(sum / DRAWS, 1.5, 0.1 / sqrt(DRAWS), 4);
    worlds_near(square / DRAWS, 0.01, 0.01 * sqrt(2.0 / DRAWS), 4);
    calibrate_free(&calibration);
}

/* Segments by their users: (300 * 1 + 100 * 3) / 400 = 1.5. Errors 0.1 and 0.4 of the two means:
 * sqrt(30^2 + 40^2) / 400 = 0.125. */
static void arpu_of_segments(void **state) {
    (void)state;
    struct calibration calibration;
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_ARPU,
                                  "platform,segment,period,users,arpu,arpu_lower,arpu_upper\n"
                                  "TikTok,free,2025-01,300,1,0.804004,1.195996\n"
                                  "TikTok,paying,2025-01,100,3,2.216014,3.783986\n"),
                        "");
    assert_true(fabs(calibration.arpu[PLATFORM_A].value - 1.5) < 1e-12);
    worlds_near(calibration.arpu[PLATFORM_A].error, 0.125, 1e-5, 1);
    calibrate_free(&calibration);
}

/* Of the last period: on TikTok 300 free at 1 and 100 paying at 3, on RedNote 50 paying at 5. */
static const char segments[] = "platform,segment,period,users,arpu,arpu_lower,arpu_upper\n"
                               "TikTok,free,2025-01,300,1,0.804004,1.195996\n"
                               "TikTok,gone,2024-12,300,9,,\n"
                               "TikTok,paying,2025-01,100,3,2.216014,3.783986\n"
                               "RedNote,paying,2025-01,50,5,5,5\n";

static void classes_from_segments(void **state) {
    (void)state;
    enum { DRAWS = 4000 };
    struct calibration calibration;
    struct scenario scenario = worlds_scenario("user_leave_a=0.03", "period_days=30", NULL);
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_CLASSES, segments), "");
    assert_int_equal(calibrate_classes(&calibration, &scenario), 2);
    assert_string_equal(calibrate_class_name(&calibration, 1), "paying");
    assert_string_equal(calibrate(&calibration, FROM_SURVIVAL,
                                  "group,time,survival,std_error\n"
                                  "\"TikTok, paying\",30,0.9,0.0001\n"
                                  "paying,30,0.8,0.0001\n"),
                        "");
    double free = 0, paying = 0, squares = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct settings settings;
        calibrate_draw(&calibration, &scenario, 1, i, &settings);
        const struct class_rates *classes = settings.classes;
        assert_int_equal(settings.n_classes, 2);
        assert_true(classes[1].share[HOME_A] == 0.25 && classes[0].share[HOME_A] == 0.75);
        assert_true(classes[1].share[HOME_B] == 1 && classes[0].share[HOME_B] == 0);
        assert_true(fabs(classes[1].share[HOME_NONE] - 150.0 / 450) < 1e-12);
        free += classes[0].arpu[PLATFORM_A] / DRAWS;
        paying += classes[1].arpu[PLATFORM_A] / DRAWS;
        squares += pow(classes[1].arpu[PLATFORM_A] - 3, 2) / DRAWS;
        assert_true(classes[0].arpu[PLATFORM_B] == 5); /* the platform's mean */
        assert_true(classes[1].arpu[PLATFORM_B] == 5);
        /* By platform and class, else by class, else what the platform has. */
        worlds_near(classes[1].leave[PLATFORM_A], 0.1, 0.0001, 5);
        worlds_near(classes[1].leave[PLATFORM_B], 0.2, 0.0001, 5);
        assert_true(classes[0].leave[PLATFORM_A] == 0.03);
        assert_true(fabs(settings.parameters.user_leave[PLATFORM_A] -
                         (0.75 * 0.03 + 0.25 * classes[1].leave[PLATFORM_A])) < 1e-12);
    }
    worlds_near(free, 1, 0.1 / sqrt(DRAWS), 4);
    worlds_near(paying, 3, 0.4 / sqrt(DRAWS), 4);
    worlds_near(squares, 0.16, 0.16 * sqrt(2.0 / DRAWS), 4);
    struct error err = {0};
    scenario = worlds_scenario("class_2_share=0.1", NULL);
    assert_int_equal(calibrate_check(&calibration, &scenario, &err), ERROR_DATA);
    calibrate_free(&calibration);
}

static void wrong_classes(void **state) {
    (void)state;
    expect_error(FROM_CLASSES, "platform,period,users,arpu\nTikTok,2025-01,5,1\n", "'segment'");
    expect_error(FROM_CLASSES, "platform,period,segment,arpu\nTikTok,2025-01,x,1\n",
                 "c.csv:2:3: a class without a number of users");
    char many[2000] = "platform,period,segment,users,arpu\n";
    for (int k = 0; k <= WORLD_CLASSES; k++)
        sprintf(many + strlen(many), "TikTok,2025-01,s%d,5,1\n", k);
    expect_error(FROM_CLASSES, many, "c.csv:10:3: class 's8' is one too many, expected at most 8");
}

static void users_lost_are_the_shock(void **state) {
    (void)state;
    struct calibration calibration;
    struct settings settings;
    struct scenario scenario = worlds_scenario("users=2000", "user_weight=1000", NULL);
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_ARPU,
                                  "month,users_lost,revenue_lost,lower,upper\n"
                                  "2,450000,562500,,\n"
                                  "1,500000,625000,,\n"),
                        "");
    calibrate_draw(&calibration, &scenario, 1, 0, &settings);
    assert_true(settings.parameters.shock_users == 500000);
    struct error err = {0};
    assert_int_equal(calibrate_check(&calibration, &scenario, &err), 0);
    scenario = worlds_scenario("users=2000", "user_weight=300", NULL);
    assert_int_equal(calibrate_check(&calibration, &scenario, &err), 0); /* there is no shock */
    scenario = worlds_scenario("users=2000", "user_weight=300", "shock_period=3", NULL);
    assert_int_equal(calibrate_check(&calibration, &scenario, &err), ERROR_DATA);
    /* 2000 * 300 people, 10 % of them on B only, 15 % on neither. */
    assert_non_null(strstr(err.text, "500000 users, expected at most the 450000"));
    calibrate_free(&calibration);
}

static void wrong_arpu(void **state) {
    (void)state;
    expect_error(FROM_ARPU, "platform,period,arpu\nTikTik,2025-01,1\n",
                 "no row of platform 'TikTok' or 'RedNote' with users, expected at least one of "
                 "them (--platforms names them); found 'TikTik'");
    expect_error(FROM_ARPU, "platform,period,arpu\nTikTok,2025-01,-1\n",
                 "c.csv:2:3: arpu is -1, expected 0 to 1000000");
    expect_error(FROM_ARPU, "platform,period,arpu\nTikTok,2025-01,1e300\n",
                 "c.csv:2:3: arpu is 1e+300, expected 0 to 1000000");
    expect_error(FROM_ARPU, "platform,period,users,arpu\nTikTok,2025-01,-5,1\n",
                 "c.csv:2:3: users is -5, expected 0 or more");
    expect_error(FROM_ARPU, "platform,period,arpu,arpu_lower,arpu_upper\nTikTok,2025-01,2,3,1\n",
                 "c.csv:2:4: arpu_lower is 3, expected at most the arpu");
    expect_error(FROM_ARPU, "platform,period,arpu,arpu_lower,arpu_upper\nTikTok,2025-01,2,1,1.5\n",
                 "c.csv:2:5: arpu_upper is 1.5, expected at least the arpu");
    expect_error(FROM_ARPU, "month,users_lost\n", "no rows");
    expect_error(FROM_ARPU, "month,users_lost\n1,-5\n", "c.csv:2:2: users_lost is below 0");
}

/* ---- Tiers ----------------------------------------------------------------------------------- */

#define TIERS "tier,period,creators,entered,promoted_in,demoted_in,promoted_out,demoted_out,left\n"

/* Two platforms, two periods; a total that must not count. */
static const char panel[] = TIERS "low,2024-12,500,,,,,,\n"
                                  "high,2024-12,100,,,,,,\n"
                                  "(all),2025-01,610,60,,,,,50\n"
                                  "low,2025-01,505,55,0,5,10,0,45\n"
                                  "high,2025-01,105,5,10,0,0,5,5\n"
                                  "low,2025-01,95,0,0,0,0,0,5\n";

static void mobility_from_counts(void **state) {
    (void)state;
    enum { DRAWS = 4000 };
    struct calibration calibration;
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_TIERS, panel), "");
    assert_int_equal(calibration.n_tiers, 2);
    assert_string_equal(calibration.tier_names[1], "high");
    assert_int_equal(calibration.counts[0].at_risk, 600);
    assert_int_equal(calibration.counts[0].latest, 600);
    struct scenario scenario = worlds_scenario(NULL);
    double promoted = 0, left = 0, entered = 0, demoted = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct settings settings;
        calibrate_draw(&calibration, &scenario, 1, i, &settings);
        assert_true(settings.tiers[1].promoted == 0 && settings.tiers[0].demoted == 0);
        assert_true(fabs(settings.tiers[0].share - 600.0 / 705) < 1e-12);
        promoted += settings.tiers[0].promoted / DRAWS;
        left += settings.tiers[0].left / DRAWS;
        demoted += settings.tiers[1].demoted / DRAWS;
        entered += settings.tiers[0].entered / DRAWS;
    }
    /* Means of Dirichlet(540.5, 50.5, 10.5) and Dirichlet(90.5, 5.5, 5.5), and of a gamma. Their
     * errors are about sqrt(p / n) for n at risk. */
    worlds_near(promoted, 10.5 / 601.5, sqrt(10.5) / 601.5 / sqrt(DRAWS), 4);
    worlds_near(left, 50.5 / 601.5, sqrt(50.5) / 601.5 / sqrt(DRAWS), 4);
    worlds_near(demoted, 5.5 / 101.5, sqrt(5.5) / 101.5 / sqrt(DRAWS), 4);
    worlds_near(entered, 55.5 / 700, sqrt(55.5) / 700 / sqrt(DRAWS), 4);
    calibrate_free(&calibration);
}

static void wrong_tiers(void **state) {
    (void)state;
    expect_error(FROM_TIERS, TIERS "low,2024-12,500,,,,,,\n", "no creators with flows");
    expect_error(FROM_TIERS, TIERS, "no creators with flows");
    expect_error(FROM_TIERS, TIERS "low,2025-01,10,0,0,0,0,0,-1\n", "c.csv:2:9: left is -1");
    /* 10 now and 20 came in: there cannot have been any before. */
    expect_error(FROM_TIERS, TIERS "low,2025-01,10,20,0,0,0,0,5\n", "c.csv:2:3: creators is 10");
    expect_error(FROM_TIERS,
                 TIERS "high,2025-01,105,5,10,0,0,5,5\nlow,2025-01,505,55,0,5,10,0,45\n",
                 "expected the tiers from the lowest up");
    char many[4000] = TIERS;
    for (int k = 0; k <= WORLD_TIERS; k++)
        sprintf(many + strlen(many), "t%d,2025-01,5,1,0,0,0,0,1\n", k);
    expect_error(FROM_TIERS, many, "expected at most 16");
}

/* ---- Moves between tiers --------------------------------------------------------------------- */

#define MOVES "step,from,to,creators\n"

/* Two steps; 600 at risk in the lowest tier of three, some of whom leap to the highest. */
static const char moves[] = MOVES "2024-12,low,low,500\n"
                                  "2024-12,low,middle,10\n"
                                  "2024-12,low,high,20\n"
                                  "2024-12,low,(gone),40\n"
                                  "2024-12,low,(to RedNote),10\n"
                                  "2024-12,middle,middle,30\n"
                                  "2024-12,middle,low,5\n"
                                  "2024-12,high,high,9\n"
                                  "2024-12,(new),low,60\n"
                                  "2024-12,(from RedNote),high,2\n"
                                  "2025-01,low,low,20\n"
                                  "2025-01,middle,middle,15\n"
                                  "2025-01,high,(gone),3\n"
                                  "2025-01,(new),high,5\n";

/* Means of Dirichlet posteriors are (count + 1/2) over their sum, their errors over many draws at
 * most sqrt(p (1 - p) / sum / draws). */
static void moves_from_counts(void **state) {
    (void)state;
    enum { DRAWS = 4000 };
    struct calibration calibration;
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_MOBILITY, moves), "");
    assert_int_equal(calibration.n_tiers, 3);
    assert_int_equal(calibration.counts[0].at_risk, 600);
    assert_int_equal(calibration.counts[0].promoted, 30);
    assert_int_equal(calibration.counts[0].left, 50);
    assert_int_equal(calibration.counts[2].entered, 7);
    struct scenario scenario = worlds_scenario(NULL);
    static const double low[] = {520.5, 10.5, 20.5}, all = 520.5 + 10.5 + 20.5 + 50.5;
    double to[3] = {0}, left = 0, entered = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct settings settings;
        calibrate_draw(&calibration, &scenario, 1, i, &settings);
        const struct tier_rates *rates = &settings.tiers[0];
        for (int k = 0; k < 3; k++)
            to[k] += rates->to[k] / DRAWS;
        assert_true(fabs(rates->promoted - rates->to[1] - rates->to[2]) < 1e-15);
        assert_true(rates->demoted == 0 && settings.tiers[2].promoted == 0);
        left += rates->left / DRAWS;
        entered += settings.tiers[2].entered / DRAWS;
        /* Where the last step led: 20, 15 and 5 of 40. */
        assert_true(rates->share == 0.5 && settings.tiers[1].share == 0.375);
    }
    for (int k = 0; k < 3; k++)
        worlds_near(to[k], low[k] / all, sqrt(low[k]) / all / sqrt(DRAWS), 4);
    worlds_near(left, 50.5 / all, sqrt(50.5) / all / sqrt(DRAWS), 4);
    worlds_near(entered, 7.5 / 662, sqrt(7.5) / 662 / sqrt(DRAWS), 4);
    calibrate_free(&calibration);
}

/* Tiers and their sizes from tier-growth, moves from tier-mobility. */
static void moves_of_known_tiers(void **state) {
    (void)state;
    struct calibration calibration;
    struct settings settings;
    struct scenario scenario = worlds_scenario(NULL);
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_TIERS, panel), "");
    assert_string_equal(calibrate(&calibration, FROM_MOBILITY,
                                  MOVES "x,low,low,90\nx,low,high,10\nx,high,high,50\n"
                                        "x,(new),low,4\n"),
                        "");
    calibrate_draw(&calibration, &scenario, 1, 0, &settings);
    assert_true(fabs(settings.tiers[0].share - 600.0 / 705) < 1e-12);
    assert_int_equal(calibration.counts[0].at_risk, 100);
    assert_int_equal(calibration.counts[0].left, 0);
    const char *found =
        calibrate(&calibration, FROM_MOBILITY, MOVES "x,lwo,low,9\nx,low,(gone),1\n");
    assert_non_null(strstr(found, "c.csv:2:2: tier 'lwo' is not one of those of --tiers, did you "
                                  "mean 'low'"));
    calibrate_free(&calibration);
}

static void wrong_moves(void **state) {
    (void)state;
    expect_error(FROM_MOBILITY, MOVES "x,low,low,9\n",
                 "expected the output of tier-mobility without --stayers");
    expect_error(FROM_MOBILITY, MOVES, "no row from '(new)' or to '(gone)'");
    expect_error(FROM_MOBILITY, MOVES "x,(new),low,9\n", "nobody made a step from a tier");
    expect_error(FROM_MOBILITY, MOVES "x,low,low,-9\nx,low,(gone),1\n",
                 "c.csv:2:4: creators is -9");
    expect_error(FROM_MOBILITY, MOVES "x,low,low,9223372036854775807\nx,low,(gone),1\n",
                 "c.csv:2:4: creators is 9223372036854775807, expected 0 to 1000000000000");
    expect_error(FROM_TIERS, TIERS "low,2025-01,9,9223372036854775807,1,0,0,0,0\n",
                 "c.csv:2:4: entered is 9223372036854775807");
    expect_error(FROM_MOBILITY, MOVES "x,low,low,9\nx,low,(gone),1\nx,low,huge,0\n",
                 "c.csv:4:3: no one can reach tier 'huge'");
    expect_error(FROM_MOBILITY, MOVES "x,low,low,9\nx,low,(gone),1\nx,huge,huge,0\n",
                 "c.csv:4:2: no one can reach tier 'huge'");
    expect_error(FROM_MOBILITY, "tier,stationary\nlow,1\n", "column 'from'");
}

/* ---- Survival -------------------------------------------------------------------------------- */

/* S(t) = exp(-t / 1000) leaves by 1 - exp(-0.03) in 30 days; the best of the rows is the one with
 * the least error of the hazard, 0.01 / (S ln S). */
static void hazard_from_survival(void **state) {
    (void)state;
    enum { DRAWS = 4000 };
    struct calibration calibration;
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_SURVIVAL,
                                  "group,time,at_risk,events,censored,survival,std_error\n"
                                  "TikTok,10,9,1,0,0.99,0.01\n"
                                  "TikTok,1000,9,1,0,0.36787944117144233,0.01\n"
                                  "TikTok,5000,9,1,0,0.2,0.1\n"
                                  "TikTok,9000,1,1,0,0,\n"
                                  "(all),100,9,1,0,0.9,0.001\n"),
                        "");
    double error = 0.01 / exp(-1);
    assert_true(fabs(calibration.log_hazard[PLATFORM_A].value - log(1e-3)) < 1e-12);
    assert_true(fabs(calibration.log_hazard[PLATFORM_A].error - error) < 1e-12);
    assert_true(fabs(calibration.log_hazard[PLATFORM_B].value - log(-log(0.9) / 100)) < 1e-12);
    struct scenario scenario = worlds_scenario("period_days=30", NULL);
    double sum = 0;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct settings settings;
        calibrate_draw(&calibration, &scenario, 1, i, &settings);
        sum += log(-log1p(-settings.parameters.user_leave[PLATFORM_A]));
    }
    worlds_near(sum / DRAWS, log(0.03), error / sqrt(DRAWS), 4);
    calibrate_free(&calibration);
}

static void survival_without_exits(void **state) {
    (void)state;
    struct calibration calibration;
    calibrate_default(&calibration);
    assert_string_equal(
        calibrate(&calibration, FROM_SURVIVAL, "group,time,survival,std_error\nTikTok,100,1,0\n"),
        "");
    assert_false(calibration.log_hazard[PLATFORM_A].given);
    assert_false(calibration.log_hazard[PLATFORM_B].given);
    calibrate_free(&calibration);
    static const struct {
        const char *row, *says;
    } cannot_be[] = {{"TikTok,100,90,4", "c.csv:2:3: survival is 90, expected 0 to 1"},
                     {"TikTok,0.9,100,0.04", "c.csv:2:3: survival is 100, expected 0 to 1"},
                     {"TikTok,-1,0.9,0.04", "c.csv:2:2: time is -1, expected 0 or more"},
                     {"TikTok,1,0.9,-0.04", "c.csv:2:4: std_error is -0.04, expected 0 or more"}};
    for (size_t i = 0; i < sizeof cannot_be / sizeof *cannot_be; i++) {
        char csv[200];
        snprintf(csv, sizeof csv, "group,time,survival,std_error\n%s\n", cannot_be[i].row);
        expect_error(FROM_SURVIVAL, csv, cannot_be[i].says);
    }
    expect_error(FROM_SURVIVAL, "group,time,survival,std_error\nTiktok,1,0.5,0.1\n",
                 "(--platforms names them); found 'Tiktok'");
    expect_error(FROM_SURVIVAL, "group,time,survival,std_error\nTwitter,1,0.5,0.1\n",
                 "no group 'TikTok', 'RedNote' or '(all)'");
}

/* ---- Destinations ---------------------------------------------------------------------------- */

#define INCIDENCES "group,time,destination,incidence,std_error,lower,upper\n"

/* Of 100 users seen to the end 30 went to RedNote, 20 away and 7 came back: errors are those of a
 * multinomial, sqrt(I (1 - I)/100), and the share is that of 30 of 50. An earlier time says less,
 * the last one nothing. */
static void destinations_from_incidence(void **state) {
    (void)state;
    enum { DRAWS = 4000 };
    struct calibration calibration;
    struct scenario scenario = worlds_scenario(NULL);
    calibrate_default(&calibration);
    assert_string_equal(calibrate(&calibration, FROM_DESTINATIONS,
                                  INCIDENCES "TikTok,10,(gone),0.2,0.04,,\n"
                                             "TikTok,10,RedNote,0.1,0.03,,\n"
                                             "TikTok,20,(gone),0.2,0.04,,\n"
                                             "TikTok,20,Lemon8+RedNote,0.1,0.03,,\n"
                                             "TikTok,20,RedNote,0.2,0.04,,\n"
                                             "TikTok,20,TikTok,0.07,0.0255,,\n"
                                             "TikTok,30,(gone),0.9,,,\n"
                                             "(all),20,RedNote,0.5,0.01,,\n"),
                        "");
    worlds_near(calibration.departed[PLATFORM_A], 50, 1e-9, 1);
    worlds_near(calibration.switched[PLATFORM_A], 30, 1e-9, 1);
    assert_true(calibration.departed[PLATFORM_B] == 0);
    double sum = 0, square = 0, mean = 30.5 / 51;
    for (uint32_t i = 0; i < DRAWS; i++) {
        struct settings settings;
        calibrate_draw(&calibration, &scenario, 1, i, &settings);
        sum += settings.switched[PLATFORM_A] / DRAWS;
        square += pow(settings.switched[PLATFORM_A] - mean, 2) / DRAWS;
        assert_true(isnan(settings.switched[PLATFORM_B]));
    }
    /* Beta(30.5, 20.5) has variance m (1 - m)/52. */
    double variance = mean * (1 - mean) / 52;
    worlds_near(sum, mean, sqrt(variance / DRAWS), 4);
    worlds_near(square, variance, variance * sqrt(2.0 / DRAWS), 4);
    calibrate_free(&calibration);
}

static void wrong_destinations(void **state) {
    (void)state;
    expect_error(
        FROM_DESTINATIONS, INCIDENCES "(all),20,RedNote,0.5,0.01,,\n",
        "no group 'TikTok' or 'RedNote' with leavers and the standard error of an incidence, "
        "expected the output of churn-destinations --group platform");
    expect_error(FROM_DESTINATIONS, INCIDENCES "TikTok,20,RedNote,0,0,,\n",
                 "with leavers and the standard error");
    /* All left at once for one place: nothing says how many they were. */
    expect_error(FROM_DESTINATIONS, INCIDENCES "TikTok,20,RedNote,1,0,,\n",
                 "with leavers and the standard error");
    expect_error(FROM_DESTINATIONS, INCIDENCES "TikTok,20,RedNote,0.5,-0.1,,\n",
                 "std_error is -0.1, expected 0 or more");
    expect_error(FROM_DESTINATIONS,
                 INCIDENCES "TikTok,20,RedNote,0.5,0.1,,\nTikTok,20,(gone),0.6,0.1,,\n",
                 "incidence is 0.6, expected those of a platform and time to add up to at most 1");
    expect_error(FROM_DESTINATIONS, INCIDENCES "TikTok,20,RedNote,1.5,0.1,,\n",
                 "c.csv:2:4: incidence is 1.5, expected 0 to 1");
    expect_error(FROM_DESTINATIONS, "group,time,survival\nTikTok,1,1\n", "column 'destination'");
}

/* ---- Defaults -------------------------------------------------------------------------------- */

/* Newcomers make up for what leaves each tier, so that its expected size stays. */
static void default_tiers_balance(void **state) {
    (void)state;
    struct calibration calibration;
    calibrate_default(&calibration);
    double sum = 0;
    for (size_t k = 0; k < calibration.n_tiers; k++) {
        const struct tier_rates *rates = calibration.rates;
        double in = rates[k].entered -
                    rates[k].share * (rates[k].promoted + rates[k].demoted + rates[k].left);
        if (k > 0)
            in += rates[k - 1].share * rates[k - 1].promoted;
        if (k + 1 < calibration.n_tiers)
            in += rates[k + 1].share * rates[k + 1].demoted;
        assert_true(fabs(in) < 1e-15);
        sum += rates[k].share;
    }
    assert_true(fabs(sum - 1) < 1e-15);
    calibrate_free(&calibration);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arpu_of_the_last_period),
        cmocka_unit_test(arpu_of_segments),
        cmocka_unit_test(users_lost_are_the_shock),
        cmocka_unit_test(wrong_arpu),
        cmocka_unit_test(mobility_from_counts),
        cmocka_unit_test(wrong_tiers),
        cmocka_unit_test(hazard_from_survival),
        cmocka_unit_test(survival_without_exits),
        cmocka_unit_test(classes_from_segments),
        cmocka_unit_test(wrong_classes),
        cmocka_unit_test(moves_from_counts),
        cmocka_unit_test(moves_of_known_tiers),
        cmocka_unit_test(wrong_moves),
        cmocka_unit_test(destinations_from_incidence),
        cmocka_unit_test(wrong_destinations),
        cmocka_unit_test(default_tiers_balance),
    };
    return cmocka_run_group_tests_name("ranking-calibrate", tests, tables_setup, tables_teardown);
}
