/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two platforms, their users and creators, and what ranking and payout rules do to them. */
#include "base/buffer.h"
#include "cli/cli.h"
#include "ranking/calibrate.h"
#include "ranking/policy.h"
#include "ranking/scenario.h"
#include "ranking/simulate.h"

#include <math.h>
#include <string.h>
#include <time.h>

static const struct cli_option options[] = {
    {.name = "policy",
     .type = CLI_TEXT,
     .argument = "RULE[,RULE]",
     .fallback = "foryou",
     .help = "ranking rule of both platforms, or of A and B: random, popularity or foryou"},
    {.name = "baseline",
     .type = CLI_TEXT,
     .argument = "RULE[,RULE]",
     .fallback = "foryou",
     .help = "the rule that was in force when the rates were measured; it runs the warm-up"},
    {.name = "platforms",
     .type = CLI_TEXT,
     .argument = "NAME,NAME",
     .fallback = "A,B",
     .help = "names of A and B, as they stand in the files below and shall stand in the result"},
    {.name = "arpu",
     .type = CLI_FILE,
     .argument = "FILE",
     .help = "output of arpu-loss: from a panel or log the ARPU of each platform, from a scenario "
             "the number of users that the shock pushes off A"},
    {.name = "tiers",
     .type = CLI_FILE,
     .argument = "FILE",
     .help = "output of tier-growth: creators by tier and how they move"},
    {.name = "survival",
     .type = CLI_FILE,
     .argument = "FILE",
     .help = "output of churn-survival, times in days: how fast users leave each platform"},
    {.name = "replications",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[1,100000]",
     .fallback = "20",
     .help = "independent worlds to simulate"},
    {.name = "periods",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[1,1200]",
     .help = "periods to simulate, in place of the scenario's"},
    {.name = "set",
     .type = CLI_TEXT,
     .argument = "NAME=VALUE",
     .many = true,
     .help = "set a parameter to a certain value, in place of the scenario's"},
    {.name = "measure",
     .type = CLI_TEXT,
     .argument = "NAME",
     .many = true,
     .help = "write (and draw) only this measure; may be repeated"},
    {.name = "parameters",
     .type = CLI_FLAG,
     .conflicts =
         "policy baseline platforms arpu tiers survival replications periods set measure chart",
     .help =
         "write all parameters with their defaults, ranges and meanings, as a scenario, and end"},
    {0}};

static const struct cli_example examples[] = {
    {"rank-simulate --replications 4 datasets/tiny/simulation.csv", "a small world, at once"},
    {"rank-simulate --platforms TikTok,RedNote --replications 4 datasets/tiktok-rednote/simulation.csv",
     "both platforms ranked by learnt interests, a push off TikTok in period 6"},
    {"rank-simulate --policy popularity,foryou --periods 6 --replications 4 "
     "datasets/tiktok-rednote/simulation.csv",
     "A changes to popularity"},
    {"rank-simulate --parameters -f markdown", "what can be set"},
    {0}};

/* ---- What was asked for ---------------------------------------------------------------------- */

/* Cuts a list of one or two words; one stands for both. */
static int split(const struct cli *cli, const char *option, struct text ret[PLATFORMS],
                 struct error *err) {
    struct text whole = text_of(cli_text(cli, option));
    const char *comma = memchr(whole.bytes, ',', whole.length);
    ret[0] = ret[1] = whole;
    if (comma) {
        ret[0].length = (size_t)(comma - whole.bytes);
        ret[1] = text_of(comma + 1);
    }
    if (ret[0].length == 0 || ret[1].length == 0 ||
        memchr(ret[1].bytes, ',', comma ? ret[1].length : 0))
        return cli_usage(err,
                         "option '--%s' is '%s', expected one or two names with a comma between",
                         option, cli_text(cli, option));
    return 0;
}

static int find_policies(const struct cli *cli, const char *option,
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

static int choose_rules(const struct cli *cli, struct simulate_options *ret, struct error *err) {
    int code = find_policies(cli, "policy", ret->policies, err);
    if (!code)
        code = find_policies(cli, "baseline", ret->baseline, err);
    ret->seed = (uint32_t)cli_integer(cli, "seed");
    ret->replications = (uint32_t)cli_integer(cli, "replications");
    ret->threads = cli_threads(cli);
    return code;
}

/* Which measures to write. */
static int choose_measures(const struct cli *cli, bool ret[MEASURES], struct error *err) {
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
};

static int name_platforms(const struct cli *cli, struct names *ret, struct error *err) {
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

/* ---- Reading --------------------------------------------------------------------------------- */

static int read_scenario(struct cli *cli, struct scenario *ret, struct error *err) {
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
    for (size_t i = 0; i < n; i++)
        if (scenario_set(ret, settings[i], err))
            return err->code;
    return scenario_check(ret, err);
}

static int read_calibration(struct cli *cli, const struct names *names, struct calibration *ret,
                            struct error *err) {
    const char *arpu = cli_text(cli, "arpu"), *tiers = cli_text(cli, "tiers");
    const char *survival = cli_text(cli, "survival");
    struct table *table;
    calibrate_default(ret);
    if (arpu &&
        (cli_open_file(cli, arpu, &table, err) ||
         calibrate_read_arpu(ret, table, names->platforms, cli_number(cli, "confidence"), err)))
        return err->code;
    if (tiers && (cli_open_file(cli, tiers, &table, err) || calibrate_read_tiers(ret, table, err)))
        return err->code;
    if (survival && (cli_open_file(cli, survival, &table, err) ||
                     calibrate_read_survival(ret, table, names->platforms, err)))
        return err->code;
    return 0;
}

static void say_rules(struct cli *cli, const struct simulate_options *how,
                      const struct names *names) {
    for (int p = 0; p < PLATFORMS; p++)
        cli_note(cli, "%s: ranked by %s (%s), in the warm-up by %s", names->platforms[p],
                 how->policies[p]->name, how->policies[p]->summary, how->baseline[p]->name);
}

static void say_calibration(struct cli *cli, const struct calibration *calibration,
                            const struct scenario *scenario, const struct names *names) {
    struct buffer lines = {0};
    calibrate_describe(calibration, scenario, names->platforms, &lines);
    for (char *line = lines.bytes, *end; line && *line; line = end + 1) {
        end = strchr(line, '\n');
        *end = '\0';
        cli_note(cli, "%s", line);
    }
    buffer_free(&lines);
    if (calibration->shock_users.given && scenario_value(scenario, "shock_period") == 0)
        cli_warn(cli, "users lost are given but shock_period is 0: there is no shock");
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int write_parameters(struct cli *cli, struct error *err) {
    static const char *const columns[] = {"parameter", "value", "least", "most", "unit", "meaning"};
    struct writer *writer;
    if (cli_writer(cli, columns, sizeof columns / sizeof *columns, &writer, err))
        return err->code;
    for (size_t i = 0; i < SCENARIO_PARAMETERS; i++) {
        const struct scenario_parameter *parameter = &scenario_parameters[i];
        writer_string(writer, parameter->name);
        writer_number(writer, parameter->fallback);
        writer_number(writer, parameter->least);
        writer_number(writer, parameter->most);
        writer_string(writer, parameter->unit);
        writer_string(writer, parameter->meaning);
    }
    return 0;
}

/* To the millionth, beyond which neither money nor anything drawn a few times has digits. */
static void write_rounded(struct writer *writer, double value) {
    decimal rounded;
    if (!isnan(value) && decimal_from_double(value, &rounded))
        writer_decimal(writer, rounded, 0);
    else
        writer_number(writer, value);
}

static int write_row(struct cli *cli, struct writer *writer, const struct simulation *simulation,
                     const struct calibration *calibration, const struct names *names,
                     size_t period, size_t i, struct error *err) {
    const struct series *series = &simulation->series[i];
    struct simulate_summary summary;
    if (simulate_summarise(simulation, period, i, cli_number(cli, "confidence"), &summary, err))
        return err->code;
    writer_integer(writer, (int64_t)period + 1);
    writer_string(writer, names->texts[series->platform].bytes);
    writer_string(writer,
                  series->tier == SERIES_ALL ? "(all)" : calibration->tier_names[series->tier]);
    writer_string(writer, measure_name(series->measure));
    write_rounded(writer, summary.mean);
    write_rounded(writer, summary.lower);
    write_rounded(writer, summary.upper);
    return 0;
}

static int write_simulation(struct cli *cli, const struct simulation *simulation,
                            const struct calibration *calibration, const struct names *names,
                            const bool wanted[MEASURES], struct error *err) {
    static const char *const columns[] = {"period", "platform", "tier", "measure",
                                          "mean",   "lower",    "upper"};
    struct writer *writer;
    if (cli_writer(cli, columns, sizeof columns / sizeof *columns, &writer, err))
        return err->code;
    for (size_t period = 0; period < simulation->periods; period++)
        for (size_t i = 0; i < simulation->n_series; i++)
            if (wanted[simulation->series[i].measure] &&
                write_row(cli, writer, simulation, calibration, names, period, i, err))
                return err->code;
    return 0;
}

/* ---- The story ------------------------------------------------------------------------------- */

static void show_progress(void *context, uint64_t done, uint64_t total) {
    cli_progress(context, "simulating", done, total);
}

static int simulate(struct cli *cli, const struct scenario *scenario,
                    const struct calibration *calibration, struct simulate_options *how,
                    struct simulation *ret, struct error *err) {
    struct timespec begin, end;
    how->progress = show_progress;
    how->progress_context = cli;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    if (simulate_run(ret, scenario, calibration, how, err))
        return err->code;
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds =
        (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    bool few = how->replications * (1 - cli_number(cli, "confidence")) < 2;
    cli_note(cli, "%llu sessions in %.2f s, %d threads", (unsigned long long)ret->sessions, seconds,
             how->threads);
    cli_note(cli,
             "lower and upper are quantiles (type 7) over %u replications: where one such world "
             "would fall%s",
             how->replications, few ? "; with so few of them these are almost the extremes" : "");
    return 0;
}

static int run_simulation(struct cli *cli, struct error *err) {
    struct simulate_options how = {0};
    struct names names = {0};
    struct scenario scenario;
    struct calibration calibration = {0};
    struct simulation simulation = {0};
    bool wanted[MEASURES];
    int code = choose_rules(cli, &how, err);
    if (!code)
        code = choose_measures(cli, wanted, err);
    if (!code)
        code = name_platforms(cli, &names, err);
    if (!code)
        code = read_scenario(cli, &scenario, err);
    if (!code)
        code = read_calibration(cli, &names, &calibration, err);
    if (!code) {
        say_rules(cli, &how, &names);
        say_calibration(cli, &calibration, &scenario, &names);
        code = simulate(cli, &scenario, &calibration, &how, &simulation, err);
    }
    if (!code)
        code = write_simulation(cli, &simulation, &calibration, &names, wanted, err);
    simulation_free(&simulation);
    calibrate_free(&calibration);
    for (int i = 0; i < PLATFORMS + 2; i++)
        buffer_free(&names.texts[i]);
    return code;
}

static int run(struct cli *cli, struct error *err) {
    return cli_flag(cli, "parameters") ? write_parameters(cli, err) : run_simulation(cli, err);
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "rank-simulate",
        .summary = "two platforms under ranking and payout rules: users, creators, money by period",
        .description =
            "Simulates users and creators on two platforms, A and B. A ranking rule chooses what "
            "each session shows; users choose by logit; creators are paid by exposure; both move "
            "between the platforms, or away, by logits whose levels are fitted to measured rates. "
            "A shock can push users off A.\n\n"
            "Rates come from the scenario or, better, from what arpu-loss, tier-growth and "
            "churn-survival measured, each with its error. Every replication draws the uncertain "
            "parameters anew; the same seed gives the same worlds to every rule.",
        .input = "parameter, value, and optionally low and high (both or neither: drawn from a "
                 "beta-PERT distribution), unit, source; a parameter without a row keeps its "
                 "default.",
        .output =
            "period, platform, tier, measure, mean, lower, upper. Measures: users, "
            "user_arrivals, user_exits_other, user_exits_gone, utility, revenue, paid, creators, "
            "creator_exits, income, exposure_share, gini, sessions, exposures. Bounds are "
            "quantiles (type 7) over replications.",
        .operands = "[SCENARIO]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
