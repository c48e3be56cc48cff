/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What rank-simulate and rank-compare have in common: options, and reading them.
 *
 *     static const struct cli_option options[] = {RANKING_OPTIONS, {0}};
 *     struct ranking_setup setup;
 *     int code = ranking_setup_read(cli, &setup, err);
 *     ... setup.scenario, setup.calibration, setup.how ...
 *     ranking_setup_free(&setup);
 */
#ifndef TOOLS_RANKING_SETUP_H
#define TOOLS_RANKING_SETUP_H

#include "base/buffer.h"
#include "cli/cli.h"
#include "ranking/calibrate.h"
#include "ranking/policy.h"
#include "ranking/scenario.h"
#include "ranking/simulate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* clang-format off */
#define RANKING_OPTIONS \
    {.name = "baseline", \
     .type = CLI_TEXT, \
     .argument = "RULE[,RULE]", \
     .fallback = "foryou", \
     .help = "the rule that was in force when the rates were measured; it runs the warm-up"}, \
    {.name = "platforms", \
     .type = CLI_TEXT, \
     .argument = "NAME,NAME", \
     .fallback = "A,B", \
     .help = "names of A and B, as they stand in the files below and shall stand in the result"}, \
    {.name = "languages", \
     .type = CLI_TEXT, \
     .argument = "NAME[,NAME]...", \
     .help = "names of the scenario's languages, in the order of their numbers (default: " \
             "'language 1' and so on)"}, \
    {.name = "arpu", \
     .type = CLI_FILE, \
     .argument = "FILE", \
     .help = "output of arpu-loss or arpu-table: the ARPU of each platform; of arpu-loss from a " \
             "scenario: the number of users that the shock pushes off A"}, \
    {.name = "class", \
     .type = CLI_TEXT, \
     .argument = "COL", \
     .help = "a column of the --arpu file, such as segment: its values are classes of users, each " \
             "with its ARPU and, where --survival has a group of the name, its rate of leaving"}, \
    {.name = "tiers", \
     .type = CLI_FILE, \
     .argument = "FILE", \
     .help = "output of tier-growth: creators by tier and how they move"}, \
    {.name = "mobility", \
     .type = CLI_FILE, \
     .argument = "FILE", \
     .help = "output of tier-mobility: how many creators went from each tier to each, left and " \
             "came; with --tiers in place of its flows"}, \
    {.name = "survival", \
     .type = CLI_FILE, \
     .argument = "FILE", \
     .help = "output of churn-survival, times in days: how fast users leave each platform"}, \
    {.name = "flows", \
     .type = CLI_FILE, \
     .argument = "FILE", \
     .help = "output of churn-flows: which share of those who leave a platform goes to the other"}, \
    {.name = "destinations", \
     .type = CLI_FILE, \
     .argument = "FILE", \
     .conflicts = "flows", \
     .help = "output of churn-destinations by platform: the same from the incidence of each " \
             "destination"}, \
    {.name = "replications", \
     .type = CLI_INTEGER, \
     .argument = "N", \
     .range = "[1,100000]", \
     .fallback = "20", \
     .help = "independent worlds to simulate"}, \
    {.name = "periods", \
     .type = CLI_INTEGER, \
     .argument = "N", \
     .range = "[1,1200]", \
     .help = "periods to simulate, in place of the scenario's"}, \
    {.name = "set", \
     .type = CLI_TEXT, \
     .argument = "NAME=VALUE", \
     .many = true, \
     .help = "set a parameter to a certain value, in place of the scenario's"}, \
    {.name = "measure", \
     .type = CLI_TEXT, \
     .argument = "NAME", \
     .many = true, \
     .help = "write (and draw) only this measure"}
/* clang-format on */

/* ---- What was asked for ---------------------------------------------------------------------- */

/* Cuts a list of one or two words, blanks about them left out; one stands for both. */
static inline int split(const struct cli *cli, const char *option, struct text ret[PLATFORMS],
                        struct error *err) {
    struct text whole = text_of(cli_text(cli, option));
    const char *comma = memchr(whole.bytes, ',', whole.length);
    ret[0] = ret[1] = whole;
    if (comma) {
        ret[0].length = (size_t)(comma - whole.bytes);
        ret[1] = text_of(comma + 1);
    }
    ret[0] = text_trim(ret[0]), ret[1] = text_trim(ret[1]);
    if (ret[0].length == 0 || ret[1].length == 0 ||
        memchr(ret[1].bytes, ',', comma ? ret[1].length : 0))
        return cli_usage(err,
                         "option '--%s' is '%s', expected one or two names with a comma between",
                         option, cli_text(cli, option));
    return 0;
}

static inline int find_policies(const struct cli *cli, const char *option,
                                const struct policy_class *ret[PLATFORMS], struct error *err) {
    struct text names[PLATFORMS];
    int code = split(cli, option, names, err);
    if (code)
        return code;
    for (int p = 0; p < PLATFORMS; p++) {
        ret[p] = policy_find(names[p], err);
        if (!ret[p])
            return ERROR_USAGE;
    }
    return 0;
}

/* Which measures to write. */
static inline int choose_measures(const struct cli *cli, bool ret[MEASURES], struct error *err) {
    const char *const *names;
    size_t n = cli_many(cli, "measure", &names);
    for (int m = 0; m < MEASURES; m++)
        ret[m] = n == 0;
    for (size_t i = 0; i < n; i++) {
        enum measure measure;
        if (!measure_find(text_of(names[i]), &measure, err))
            return err->code;
        ret[measure] = true;
    }
    return 0;
}

/* How the platforms and the states of users beside them are called. */
struct names {
    struct buffer texts[PLATFORMS + 2]; /* A, B, A+B, (gone) */
    const char *platforms[PLATFORMS];
    size_t n_languages; /* 0: not named */
    struct buffer languages[WORLD_LANGUAGES];
};

static inline int name_platforms(const struct cli *cli, struct names *ret, struct error *err) {
    struct text given[PLATFORMS];
    if (split(cli, "platforms", given, err))
        return err->code;
    if (text_equal(given[0], given[1]))
        return cli_usage(err, "option '--platforms' is '%s', expected two different names",
                         cli_text(cli, "platforms"));
    for (int p = 0; p < PLATFORMS; p++)
        buffer_append(&ret->texts[p], given[p].bytes, given[p].length);
    buffer_format(&ret->texts[SERIES_BOTH], "%.*s+%.*s", (int)given[0].length, given[0].bytes,
                  (int)given[1].length, given[1].bytes);
    buffer_text(&ret->texts[SERIES_NONE], "(gone)");
    for (int i = 0; i < PLATFORMS + 2; i++)
        if (buffer_check(&ret->texts[i], err))
            return err->code;
    for (int p = 0; p < PLATFORMS; p++)
        ret->platforms[p] = ret->texts[p].bytes;
    return 0;
}

static inline int name_languages(const struct cli *cli, struct names *ret, struct error *err) {
    const char *given = cli_text(cli, "languages");
    struct text left = text_of(given ? given : "");
    for (bool more = given; more; ret->n_languages++) {
        const char *comma = memchr(left.bytes, ',', left.length);
        struct text name = text_trim(
            (struct text){left.bytes, comma ? (size_t)(comma - left.bytes) : left.length});
        if (name.length == 0 || text_is(name, "(all)"))
            return cli_usage(
                err, "option '--languages' is '%s', expected names with commas between", given);
        if (ret->n_languages == WORLD_LANGUAGES)
            return cli_usage(err, "option '--languages' has more than %d names", WORLD_LANGUAGES);
        for (size_t k = 0; k < ret->n_languages; k++)
            if (text_is(name, ret->languages[k].bytes))
                return cli_usage(err, "option '--languages' has '%.*s' twice", (int)name.length,
                                 name.bytes);
        struct buffer *own = &ret->languages[ret->n_languages];
        buffer_append(own, name.bytes, name.length);
        if (buffer_check(own, err))
            return err->code;
        more = comma;
        left = text_of(comma ? comma + 1 : "");
    }
    return 0;
}

/* Each language has a name, and each name a language. */
static inline int check_languages(struct cli *cli, const struct names *names,
                                  const struct scenario *scenario,
                                  const struct calibration *calibration, struct error *err) {
    size_t n = calibrate_languages(scenario), classes = calibrate_classes(calibration, scenario);
    if (names->n_languages > 0 && names->n_languages != n)
        return cli_usage(err,
                         "option '--languages' has %zu names, expected %zu: a language that nobody "
                         "has (language_2_users_a and so on) is none",
                         names->n_languages, n);
    for (size_t k = 0; k < names->n_languages; k++)
        for (size_t c = 0; c < classes && classes > 1; c++)
            if (strcmp(names->languages[k].bytes, calibrate_class_name(calibration, c)) == 0)
                return cli_usage(err, "'%s' is a language and a class of users, expected two names",
                                 names->languages[k].bytes);
    static const char *const effects[] = {"language_penalty", "device_language", "dial_language"};
    for (size_t i = 0; i < sizeof effects / sizeof *effects && n == 1; i++)
        if (scenario_most(scenario, effects[i]) > 0)
            cli_warn(cli, "%s is above 0 but there is one language: it has no effect", effects[i]);
    return 0;
}

/* ---- Reading --------------------------------------------------------------------------------- */

/* ERROR_USAGE if two of n settings NAME=VALUE are of one parameter: the first would be lost. */
static inline int check_settings(const char *const *settings, size_t n, struct error *err) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) {
            struct text a = {settings[i], strcspn(settings[i], "=")};
            struct text b = {settings[j], strcspn(settings[j], "=")};
            if (text_equal(text_trim(a), text_trim(b)))
                return cli_usage(err, "'%s' and '%s' set the same, expected one of them",
                                 settings[j], settings[i]);
        }
    return 0;
}

/* What is to happen after the last period does not happen, which is hardly what was meant, unless
 * --periods makes the run shorter than the scenario's. */
static inline void check_periods(struct cli *cli, const struct scenario *scenario) {
    static const char *const dates[] = {"shock_period", "ban_period", "outage_period",
                                        "payout_period", "exodus_period"};
    double last = scenario_value(scenario, "periods");
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++)
        if (scenario_value(scenario, dates[i]) > last)
            (cli_given(cli, "periods") ? cli_note : cli_warn)(
                cli, "%s is %.0f, after the last of %.0f periods: it does not take place", dates[i],
                scenario_value(scenario, dates[i]), last);
}

static inline int read_scenario(struct cli *cli, struct scenario *ret, struct error *err) {
    struct table *table;
    scenario_default(ret);
    if (cli_open(cli, &table, err) || scenario_read(ret, table, err))
        return err->code;
    char periods[32];
    snprintf(periods, sizeof periods, "periods=%lld", (long long)cli_integer(cli, "periods"));
    if (cli_given(cli, "periods") && scenario_set(ret, periods, err))
        return err->code;
    const char *const *settings;
    size_t n = cli_many(cli, "set", &settings);
    if (check_settings(settings, n, err))
        return err->code;
    for (size_t i = 0; i < n; i++)
        if (scenario_set(ret, settings[i], err))
            return err->code;
    check_periods(cli, ret);
    return scenario_check(ret, err);
}

static inline int read_calibration(struct cli *cli, const struct names *names,
                                   struct calibration *ret, struct error *err) {
    const char *arpu = cli_text(cli, "arpu"), *tiers = cli_text(cli, "tiers");
    const char *survival = cli_text(cli, "survival"), *flows = cli_text(cli, "flows");
    const char *mobility = cli_text(cli, "mobility");
    const char *destinations = cli_text(cli, "destinations");
    struct table *table;
    calibrate_default(ret);
    if (arpu && (cli_open_file(cli, arpu, &table, err) ||
                 calibrate_read_arpu(ret, table, names->platforms, cli_text(cli, "class"),
                                     cli_number(cli, "confidence"), err)))
        return err->code;
    if (cli_given(cli, "class") && ret->n_classes == 0)
        return cli_usage(err, "option '--class' needs the ARPU of users in --arpu");
    if (tiers && (cli_open_file(cli, tiers, &table, err) || calibrate_read_tiers(ret, table, err)))
        return err->code;
    if (mobility &&
        (cli_open_file(cli, mobility, &table, err) || calibrate_read_mobility(ret, table, err)))
        return err->code;
    if (survival && (cli_open_file(cli, survival, &table, err) ||
                     calibrate_read_survival(ret, table, names->platforms, err)))
        return err->code;
    if (flows && (cli_open_file(cli, flows, &table, err) ||
                  calibrate_read_flows(ret, table, names->platforms, err)))
        return err->code;
    if (destinations && (cli_open_file(cli, destinations, &table, err) ||
                         calibrate_read_destinations(ret, table, names->platforms, err)))
        return err->code;
    return 0;
}

static inline void say_rules(struct cli *cli, const struct simulate_options *how,
                             const struct names *names) {
    for (int p = 0; p < PLATFORMS; p++)
        cli_note(cli, "%s: ranked by %s (%s), in the warm-up by %s", names->platforms[p],
                 how->policies[p]->name, how->policies[p]->summary, how->baseline[p]->name);
}

/* Each line of a text. */
static inline void say_lines(struct cli *cli, const struct buffer *lines, bool warn) {
    for (const char *line = lines->bytes, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        (warn ? cli_warn : cli_note)(cli, "%.*s", (int)(end - line), line);
    }
}

static inline const char *language_name(const struct names *names, size_t language) {
    static const char *const unnamed[WORLD_LANGUAGES] = {"language 1", "language 2", "language 3",
                                                         "language 4"};
    return names->n_languages > 0 ? names->languages[language].bytes : unnamed[language];
}

/* The share that has language number k, from 0: "users_a" and so on. */
static inline double language_share(const struct scenario *scenario, size_t k, const char *whose) {
    double rest = 1;
    for (size_t i = 1; i < WORLD_LANGUAGES; i++) {
        char name[32];
        snprintf(name, sizeof name, "language_%zu_%s", i + 1, whose);
        double share = scenario_value(scenario, name);
        if (i == k)
            return share;
        rest -= share;
    }
    return rest;
}

static inline void say_languages(struct cli *cli, const struct scenario *scenario,
                                 const struct names *names) {
    size_t n = calibrate_languages(scenario);
    for (size_t k = 0; k < n && n > 1; k++)
        cli_note(cli,
                 "%s: %.4g of the users and %.4g of the creators on %s only, %.4g and %.4g on %s",
                 language_name(names, k), language_share(scenario, k, "users_a"),
                 language_share(scenario, k, "creators_a"), names->platforms[PLATFORM_A],
                 language_share(scenario, k, "users_b"), language_share(scenario, k, "creators_b"),
                 names->platforms[PLATFORM_B]);
}

static inline void say_calibration(struct cli *cli, const struct calibration *calibration,
                                   const struct scenario *scenario, const struct names *names) {
    struct buffer lines = {0};
    calibrate_describe(calibration, scenario, names->platforms, &lines);
    say_lines(cli, &lines, false);
    say_languages(cli, scenario, names);
    say_lines(cli, &calibration->remarks, true);
    buffer_free(&lines);
    if (calibration->shock_users.given && scenario_value(scenario, "shock_period") == 0)
        cli_warn(cli, "users lost are given but shock_period is 0: there is no shock");
}

/* ---- All of it ------------------------------------------------------------------------------- */

struct ranking_setup {
    struct names names;
    struct scenario scenario;
    struct calibration calibration;
    bool wanted[MEASURES];
};

static inline void ranking_setup_free(struct ranking_setup *setup) {
    calibrate_free(&setup->calibration);
    for (int i = 0; i < PLATFORMS + 2; i++)
        buffer_free(&setup->names.texts[i]);
    for (size_t k = 0; k < WORLD_LANGUAGES; k++)
        buffer_free(&setup->names.languages[k]);
}

/* On failure ranking_setup_free is still due. */
static inline int ranking_setup_read(struct cli *cli, struct ranking_setup *ret,
                                     struct error *err) {
    *ret = (struct ranking_setup){0};
    int code = choose_measures(cli, ret->wanted, err);
    if (!code)
        code = name_platforms(cli, &ret->names, err);
    if (!code)
        code = name_languages(cli, &ret->names, err);
    if (!code)
        code = read_scenario(cli, &ret->scenario, err);
    if (!code)
        code = read_calibration(cli, &ret->names, &ret->calibration, err);
    if (!code && cli_given(cli, "measure") && ret->wanted[MEASURE_ARPU_REVENUE] &&
        calibrate_classes(&ret->calibration, &ret->scenario) == 1)
        code = cli_usage(err, "measure 'arpu_revenue' is of classes of users, and there is one; "
                              "expected class_2_share above 0, or --class");
    if (!code && cli_given(cli, "measure") && ret->wanted[MEASURE_LANGUAGE_MATCH] &&
        calibrate_languages(&ret->scenario) == 1)
        code = cli_usage(err, "measure 'language_match' is of several languages, and there is one; "
                              "expected language_2_users_a or the like above 0");
    if (!code)
        code = check_languages(cli, &ret->names, &ret->scenario, &ret->calibration, err);
    return code;
}

/* To the millionth, beyond which neither money nor anything drawn a few times has digits. */
static inline void write_rounded(struct writer *writer, double value) {
    decimal rounded;
    if (!isnan(value) && decimal_from_double(value, &rounded))
        writer_decimal(writer, rounded, 0);
    else
        writer_number(writer, value);
}

static inline const char *tier_name(const struct calibration *calibration, int tier) {
    return tier == SERIES_ALL ? "(all)" : calibration->tier_names[tier];
}

/* Of creators the tier, of users the class or language. */
static inline const char *part_name(const struct ranking_setup *setup,
                                    const struct series *series) {
    if (series->tier == SERIES_ALL || !measure_of_users(series->measure))
        return tier_name(&setup->calibration, series->tier);
    return series->tier >= WORLD_CLASSES
               ? language_name(&setup->names, (size_t)series->tier - WORLD_CLASSES)
               : calibrate_class_name(&setup->calibration, (size_t)series->tier);
}

static inline void show_progress(void *context, uint64_t done, uint64_t total) {
    cli_progress(context, "simulating", done, total);
}

static inline double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

#endif
