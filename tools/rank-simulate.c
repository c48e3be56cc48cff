/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two platforms, their users and creators, and what ranking and payout rules do to them. */
#include "ranking-setup.h"

static const struct cli_option options[] = {
    {.name = "policy",
     .type = CLI_TEXT,
     .argument = "RULE[,RULE]",
     .fallback = "foryou",
     .help =
         "ranking rule of both platforms, or of A and B: random, popularity, following, foryou, "
         "viability, transparent or pools"},
    RANKING_OPTIONS,
    {.name = "explain",
     .type = CLI_INTEGER,
     .argument = "USER",
     .range = "[0,20000000)",
     .conflicts = "chart measure",
     .help = "write what user number USER of the first world is shown after the last period, and "
             "what each term adds to the scores"},
    {.name = "loss",
     .type = CLI_FLAG,
     .conflicts = "explain match save-state resume",
     .help = "write instead what the shocks cost: each world without any shock less the same world "
             "with them"},
    {.name = "match",
     .type = CLI_FLAG,
     .conflicts = "chart measure explain",
     .help = "write instead how the tiers of a run without any shock compare with those that were "
             "measured: the share of each tier in the last period, and the residual"},
    {.name = "save-state",
     .type = CLI_FILE,
     .argument = "FILE",
     .conflicts = "resume match",
     .help = "keep finished worlds in FILE as the run goes on, so that it can be resumed; those of "
             "this very run that are in it already are taken from there"},
    {.name = "resume",
     .type = CLI_FILE,
     .argument = "FILE",
     .conflicts = "match",
     .help = "take finished worlds from FILE, which --save-state wrote, and keep the others there"},
    {.name = "parameters",
     .type = CLI_FLAG,
     .conflicts =
         "policy baseline platforms languages arpu class tiers mobility survival flows destinations replications periods set measure explain loss match save-state resume chart",
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
    {"rank-simulate --loss --replications 4 --measure revenue datasets/tiny/simulation.csv",
     "the revenue that the push costs, in the months after it"},
    {"rank-simulate --parameters -f markdown", "what can be set"},
    {0}};

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

static int write_row(struct cli *cli, struct writer *writer, const struct simulation *simulation,
                     const struct ranking_setup *setup, size_t period, size_t i,
                     struct error *err) {
    const struct series *series = &simulation->series[i];
    struct simulate_summary summary;
    if (simulate_summarise(simulation, period, i, cli_number(cli, "confidence"), &summary, err))
        return err->code;
    writer_integer(writer, (int64_t)period + 1);
    writer_string(writer, setup->names.texts[series->platform].bytes);
    writer_string(writer, part_name(setup, series));
    writer_string(writer, measure_name(series->measure));
    write_rounded(writer, summary.mean);
    write_rounded(writer, summary.error);
    write_rounded(writer, summary.lower);
    write_rounded(writer, summary.median);
    write_rounded(writer, summary.upper);
    return 0;
}

static int write_simulation(struct cli *cli, const struct simulation *simulation,
                            const struct ranking_setup *setup, struct error *err) {
    const char *const columns[] = {
        "period",    "platform", "tier",   "measure", cli_flag(cli, "loss") ? "lost" : "mean",
        "std_error", "lower",    "median", "upper"};
    struct writer *writer;
    if (cli_writer(cli, columns, sizeof columns / sizeof *columns, &writer, err))
        return err->code;
    for (size_t period = 0; period < simulation->periods; period++)
        for (size_t i = 0; i < simulation->n_series; i++)
            if (setup->wanted[simulation->series[i].measure] &&
                write_row(cli, writer, simulation, setup, period, i, err))
                return err->code;
    return 0;
}

/* One row for each term of each item. Facts that are no parts of a score have no share. */
static int write_explanation(struct cli *cli, const struct simulation *simulation,
                             const struct ranking_setup *setup, struct error *err) {
    static const char *const columns[] = {"platform", "place", "creator", "tier",
                                          "term",     "value", "share"};
    struct writer *writer;
    if (cli_writer(cli, columns, sizeof columns / sizeof *columns, &writer, err))
        return err->code;
    for (size_t i = 0; i < simulation->n_shown; i++) {
        const struct shown *shown = &simulation->shown[i];
        double sum = 0;
        for (size_t k = 0; k < shown->n; k++)
            sum += shown->terms[k].fact ? 0 : fabs(shown->terms[k].value);
        for (size_t k = 0; k < shown->n; k++) {
            const struct term *term = &shown->terms[k];
            writer_string(writer, setup->names.texts[shown->platform].bytes);
            writer_integer(writer, (int64_t)shown->place + 1);
            writer_integer(writer, shown->creator);
            writer_string(writer, tier_name(&setup->calibration, shown->tier));
            writer_string(writer, term->name);
            write_rounded(writer, term->value);
            write_rounded(writer, !term->fact && sum > 0 ? fabs(term->value) / sum : NAN);
        }
    }
    return 0;
}

/* Tiers where they were measured: of all who are on A or B, those on both counted on each. */
static int write_match(struct cli *cli, const struct simulation *simulation,
                       const struct ranking_setup *setup, struct error *err) {
    static const char *const columns[] = {"tier",  "observed", "simulated", "std_error",
                                          "lower", "upper",    "residual"};
    struct writer *writer;
    if (cli_writer(cli, columns, sizeof columns / sizeof *columns, &writer, err))
        return err->code;
    for (size_t k = 0; k < setup->calibration.n_tiers; k++) {
        struct simulate_summary found;
        double observed = calibrate_share(&setup->calibration, k);
        if (simulate_summarise_tier(simulation, simulation->periods - 1, (int)k,
                                    cli_number(cli, "confidence"), &found, err))
            return err->code;
        writer_string(writer, setup->calibration.tier_names[k]);
        write_rounded(writer, observed);
        write_rounded(writer, found.mean);
        write_rounded(writer, found.error);
        write_rounded(writer, found.lower);
        write_rounded(writer, found.upper);
        write_rounded(writer, found.mean - observed);
    }
    return 0;
}

/* Whatever happens to the platforms from outside. */
static const char *const shocks[] = {"shock_period",  "ban_period",    "ban_end",
                                     "outage_period", "payout_period", "exodus_period"};
enum { SHOCKS = sizeof shocks / sizeof *shocks };

static bool shocked(const struct scenario *scenario) {
    for (size_t i = 0; i < SHOCKS; i++)
        if (scenario_most(scenario, shocks[i]) > 0 &&
            scenario_value(scenario, shocks[i]) <= scenario_value(scenario, "periods"))
            return true;
    return false;
}

static void check_shock(struct cli *cli, const struct scenario *scenario) {
    double pushed = scenario_value(scenario, "shock_users");
    if (pushed > 0 && !scenario_given(scenario, "shock_period"))
        cli_warn(cli, "shock_users is %.10g but there is no shock_period: nobody is pushed",
                 pushed);
}

static int calm(struct ranking_setup *setup, struct error *err) {
    for (size_t i = 0; i < SHOCKS; i++) {
        char setting[32];
        snprintf(setting, sizeof setting, "%s=0", shocks[i]);
        if (scenario_set(&setup->scenario, setting, err))
            return err->code;
    }
    return 0;
}

/* ---- The story ------------------------------------------------------------------------------- */

static int choose_rules(const struct cli *cli, struct simulate_options *ret, struct error *err) {
    int code = find_policies(cli, "policy", ret->policies, err);
    if (!code)
        code = find_policies(cli, "baseline", ret->baseline, err);
    ret->seed = (uint32_t)cli_integer(cli, "seed");
    ret->replications = (uint32_t)cli_integer(cli, "replications");
    ret->threads = cli_threads(cli);
    ret->resume = cli_given(cli, "resume");
    ret->state = cli_text(cli, ret->resume ? "resume" : "save-state");
    const char *output = cli_text(cli, "output");
    if (!code && ret->state && output && strcmp(ret->state, output) == 0)
        code = cli_usage(err, "'%s' is to hold both the worlds and the result, expected two files",
                         output);
    ret->explain = cli_given(cli, "explain");
    ret->explain_user = (uint32_t)cli_integer(cli, "explain");
    return code;
}

static int simulate(struct cli *cli, const struct ranking_setup *setup,
                    struct simulate_options *how, struct simulation *ret, struct error *err) {
    double begin = seconds_now();
    how->progress = show_progress;
    how->progress_context = cli;
    if (how->explain && how->explain_user >= scenario_value(&setup->scenario, "users"))
        return cli_usage(err, "option '--explain' is %u, expected below the %.0f users",
                         how->explain_user, scenario_value(&setup->scenario, "users"));
    if (simulate_run(ret, &setup->scenario, &setup->calibration, how, err))
        return err->code;
    bool few = how->replications * (1 - cli_number(cli, "confidence")) < 2;
    if (how->resume || ret->resumed > 0)
        cli_note(cli, "%zu of %u worlds taken from '%s'", ret->resumed, how->replications,
                 how->state);
    cli_note(cli, "%llu sessions in %.2f s, %d threads", (unsigned long long)ret->sessions,
             seconds_now() - begin, how->threads);
    cli_note(cli,
             "lower, median and upper are quantiles (type 7) over %u replications: where one such "
             "world would fall%s; std_error is that of the mean",
             how->replications, few ? "; with so few of them these are almost the extremes" : "");
    return 0;
}

/* The same worlds again, with nothing from outside. */
static int lose(struct cli *cli, struct ranking_setup *setup, struct simulate_options *how,
                struct simulation *ret, struct error *err) {
    struct simulation against = {0};
    if (!shocked(&setup->scenario))
        cli_warn(cli, "no shock within the periods: nothing is lost");
    int code = calm(setup, err);
    if (!code)
        code = simulate(cli, setup, how, &against, err);
    if (!code)
        simulation_lost(ret, &against);
    simulation_free(&against);
    return code;
}

static int run_simulation(struct cli *cli, struct error *err) {
    struct simulate_options how = {0};
    struct ranking_setup setup = {0};
    struct simulation simulation = {0};
    int code = choose_rules(cli, &how, err);
    if (!code)
        code = ranking_setup_read(cli, &setup, err);
    if (!code)
        check_shock(cli, &setup.scenario);
    if (!code && cli_flag(cli, "match"))
        code = calm(&setup, err);
    if (!code) {
        say_rules(cli, &how, &setup.names);
        say_calibration(cli, &setup.calibration, &setup.scenario, &setup.names);
        code = simulate(cli, &setup, &how, &simulation, err);
    }
    if (!code && cli_flag(cli, "loss"))
        code = lose(cli, &setup, &how, &simulation, err);
    if (!code)
        code = (cli_flag(cli, "match") ? write_match
                : how.explain          ? write_explanation
                                       : write_simulation)(cli, &simulation, &setup, err);
    simulation_free(&simulation);
    ranking_setup_free(&setup);
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
            "Rates come from the scenario or, better, from what arpu-loss, tier-growth, "
            "tier-mobility, churn-survival and churn-destinations measured, each with its error. "
            "Every replication draws the uncertain parameters anew; the same seed gives the same "
            "worlds to every rule.",
        .input = "parameter, value, and optionally low and high (both or neither: drawn from a "
                 "beta-PERT distribution), unit, source; a parameter without a row keeps its "
                 "default.",
        .output =
            "period, platform, tier, measure, mean (with --loss: lost), std_error, lower, median, "
            "upper. With --explain: "
            "platform, place, creator, tier, term, value, share. Measures: users, user_arrivals, "
            "user_returns, user_exits_other, user_exits_gone, language_match (where there are several "
            "languages), utility, revenue, arpu_revenue (where "
            "users have classes), paid, creators, creator_exits, creator_exits_other, "
            "creator_exits_gone, multihoming, followers, income, exposure_share, gini, bottom_half, "
            "top_tenth, top_hundredth, tail_exponent, coverage, diversity, entropy, sessions, "
            "exposures. lower, median and upper are quantiles (type 7) over replications.",
        .operands = "[SCENARIO]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
