/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranking rules and scenarios side by side, in the same worlds: paired differences. */
#include "ranking-setup.h"

#include "ranking/compare.h"

static const struct cli_option options[] = {
    {.name = "policy",
     .type = CLI_TEXT,
     .argument = "RULE[,RULE]",
     .many = true,
     .help = "a ranking rule of both platforms, or of A and B, to be compared "
             "(default: all rules)"},
    {.name = "case",
     .type = CLI_TEXT,
     .argument = "NAME:SETTING[,SETTING]...",
     .many = true,
     .help =
         "a scenario to be compared: that of the input with parameters set anew "
         "(calm:shock_period=0), or with rules (open:policy=transparent, or policy_a, policy_b)"},
    {.name = "reference",
     .type = CLI_TEXT,
     .argument = "NAME",
     .help = "the rule or case to take differences from (default: the first one)"},
    {.name = "at",
     .type = CLI_CHOICE,
     .range = "last|mean|all",
     .fallback = "last",
     .help = "compare the last period, the mean over all periods, or each period"},
    {.name = "values",
     .type = CLI_FLAG,
     .conflicts = "at reference",
     .help = "write instead what each rule and case gives in each period"},
    RANKING_OPTIONS,
    {0}};

static const struct cli_example examples[] = {
    {"rank-compare --replications 4 --policy foryou --policy popularity datasets/tiny/simulation.csv",
     "what another rule would change"},
    {"rank-compare --replications 4 --policy foryou --case calm:shock_period=0 --measure revenue "
     "--at mean datasets/tiny/simulation.csv",
     "what the shock costs, against no shock"},
    {"rank-compare --replications 8 --policy foryou --policy pools --policy transparent --measure "
     "exposure_share datasets/tiny/simulation.csv --chart exposure.svg",
     "who is seen, tier by tier"},
    {"rank-compare --values --replications 4 --policy foryou --policy pools --measure "
     "exposure_share datasets/tiny/simulation.csv --chart exposure.svg",
     "the same month by month"},
    {0}};

/* ---- Cases ----------------------------------------------------------------------------------- */

enum { MOST_CASES = 32, MOST_SETTINGS = 2 * SCENARIO_PARAMETERS };

struct trial {
    struct text name;
    const struct policy_class *policies[PLATFORMS];
    struct scenario scenario;
    struct simulation simulation;
};

struct trials {
    struct trial items[MOST_CASES];
    size_t n, reference;
};

static int add_trial(struct trials *trials, struct text name, const struct scenario *scenario,
                     struct trial **ret, struct error *err) {
    for (size_t i = 0; i < trials->n; i++)
        if (text_equal(trials->items[i].name, name))
            return cli_usage(err, "'%.*s' is to be compared twice", (int)name.length, name.bytes);
    if (trials->n == MOST_CASES)
        return cli_usage(err, "more than %d rules and cases", MOST_CASES);
    *ret = &trials->items[trials->n++];
    (*ret)->name = name;
    (*ret)->scenario = *scenario;
    return 0;
}

/* "RULE" or "RULE,RULE" */
static int find_pair(struct text whole, const struct policy_class *ret[PLATFORMS],
                     struct error *err) {
    const char *comma = memchr(whole.bytes, ',', whole.length);
    struct text names[PLATFORMS] = {whole, whole};
    if (comma) {
        names[PLATFORM_A].length = (size_t)(comma - whole.bytes);
        names[PLATFORM_B].bytes = comma + 1;
        names[PLATFORM_B].length = whole.length - names[PLATFORM_A].length - 1;
    }
    for (int p = 0; p < PLATFORMS; p++) {
        ret[p] = policy_find(text_trim(names[p]), err);
        if (!ret[p])
            return ERROR_USAGE;
    }
    return 0;
}

static int add_policies(struct cli *cli, struct trials *trials, const struct scenario *scenario,
                        struct error *err) {
    const char *const *names = NULL;
    size_t n = cli_many(cli, "policy", &names);
    bool all = n == 0 && !cli_given(cli, "case");
    for (size_t i = 0; all ? policy_classes[i] != NULL : i < n; i++) {
        struct text name = text_of(all ? policy_classes[i]->name : names[i]);
        struct trial *trial = NULL;
        if (add_trial(trials, name, scenario, &trial, err) || !trial ||
            find_pair(name, trial->policies, err))
            return err->code;
    }
    return 0;
}

/* One setting of a case: "policy=RULE" (both platforms), "policy_a=RULE", "policy_b=RULE", or a
 * parameter. */
static int set_case(struct trial *trial, const char *setting, struct error *err) {
    static const char *const rules[] = {"policy=", "policy_a=", "policy_b="};
    for (int i = 0; i < 3; i++) {
        size_t length = strlen(rules[i]);
        if (strncmp(setting, rules[i], length) != 0)
            continue;
        const struct policy_class *found = policy_find(text_of(setting + length), err);
        if (!found)
            return ERROR_USAGE;
        if (i != 2)
            trial->policies[PLATFORM_A] = found;
        if (i != 1)
            trial->policies[PLATFORM_B] = found;
        return 0;
    }
    return scenario_set(&trial->scenario, setting, err);
}

/* Sizes shape the worlds themselves: cases that differ in them do not meet the same ones. */
static int check_sizes(const struct scenario *scenario, const struct trial *trial,
                       struct error *err) {
    static const struct calibration assumed;
    static const char *const sizes[] = {"periods",    "users",          "user_weight",
                                        "creators",   "items",          "item_life",
                                        "dimensions", "creator_weight", "warm_up"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (scenario_value(scenario, sizes[i]) != scenario_value(&trial->scenario, sizes[i]))
            return cli_usage(err, "case '%.*s' sets %s, expected the same in all cases: use --set",
                             (int)trial->name.length, trial->name.bytes, sizes[i]);
    if (calibrate_classes(&assumed, scenario) != calibrate_classes(&assumed, &trial->scenario))
        return cli_usage(err,
                         "case '%.*s' has other classes of users, expected the same in all cases: "
                         "use --set",
                         (int)trial->name.length, trial->name.bytes);
    if (calibrate_languages(scenario) != calibrate_languages(&trial->scenario))
        return cli_usage(err,
                         "case '%.*s' has another number of languages, expected the same in all "
                         "cases: use --set",
                         (int)trial->name.length, trial->name.bytes);
    return scenario_check(&trial->scenario, err);
}

/* Cases are ranked as the first rule that is given, or by foryou, unless they say otherwise. */
static int add_case(struct trials *trials, const struct scenario *scenario, const char *given,
                    struct buffer *copy, struct error *err) {
    const char *colon = strchr(given, ':');
    if (!colon || colon == given || !colon[1])
        return cli_usage(err, "option '--case' is '%s', expected NAME:SETTING[,SETTING]...", given);
    struct text name = {given, (size_t)(colon - given)};
    struct trial *trial = NULL, *first = &trials->items[0];
    if (add_trial(trials, name, scenario, &trial, err) || !trial)
        return err->code;
    for (int p = 0; p < PLATFORMS; p++)
        trial->policies[p] = trial == first ? &policy_foryou : first->policies[p];
    buffer_text(copy, colon + 1);
    if (buffer_check(copy, err))
        return err->code;
    const char *settings[MOST_SETTINGS];
    size_t n = 0;
    for (char *setting = copy->bytes, *next; setting; setting = next) {
        next = strchr(setting, ',');
        if (next)
            *next++ = '\0';
        if (n == MOST_SETTINGS)
            return cli_usage(err, "case '%.*s' has more than %d settings", (int)name.length,
                             name.bytes, MOST_SETTINGS);
        settings[n++] = setting;
    }
    if (check_settings(settings, n, err))
        return err->code;
    for (size_t i = 0; i < n; i++)
        if (set_case(trial, settings[i], err))
            return err->code;
    return check_sizes(scenario, trial, err);
}

static int add_cases(struct cli *cli, struct trials *trials, const struct scenario *scenario,
                     struct error *err) {
    const char *const *given;
    size_t n = cli_many(cli, "case", &given);
    for (size_t i = 0; i < n; i++) {
        struct buffer copy = {0};
        int code = add_case(trials, scenario, given[i], &copy, err);
        buffer_free(&copy);
        if (code)
            return code;
    }
    return 0;
}

static int find_reference(struct cli *cli, struct trials *trials, struct error *err) {
    const char *wanted = cli_text(cli, "reference"), *names[MOST_CASES];
    char copies[MOST_CASES][64];
    if (trials->n < 2)
        return cli_usage(err, "only one rule or case, expected two or more to compare");
    for (size_t i = 0; i < trials->n; i++) {
        struct text name = trials->items[i].name;
        snprintf(copies[i], sizeof copies[i], "%.*s", (int)name.length, name.bytes);
        names[i] = copies[i];
        if (wanted && text_is(name, wanted))
            trials->reference = i;
    }
    if (!wanted || text_is(trials->items[trials->reference].name, wanted))
        return 0;
    const char *near = text_nearest(text_of(wanted), names, trials->n);
    return cli_usage(err, "option '--reference' is '%s', %s%s%s", wanted,
                     near ? "did you mean '" : "expected one of the rules and cases",
                     near ? near : "", near ? "'" : "");
}

/* ---- Running --------------------------------------------------------------------------------- */

struct run {
    struct cli *cli;
    size_t done, all;
};

static void show_all(void *context, uint64_t done, uint64_t total) {
    const struct run *run = context;
    cli_progress(run->cli, "simulating", run->done * total + done, run->all * total);
}

static int simulate_all(struct cli *cli, const struct ranking_setup *setup, struct trials *trials,
                        struct error *err) {
    struct run run = {cli, 0, trials->n};
    struct simulate_options how = {.seed = (uint32_t)cli_integer(cli, "seed"),
                                   .replications = (uint32_t)cli_integer(cli, "replications"),
                                   .threads = cli_threads(cli),
                                   .progress = show_all,
                                   .progress_context = &run};
    double begin = seconds_now();
    uint64_t sessions = 0;
    if (find_policies(cli, "baseline", how.baseline, err))
        return err->code;
    for (; run.done < trials->n; run.done++) {
        struct trial *trial = &trials->items[run.done];
        memcpy(how.policies, trial->policies, sizeof how.policies);
        if (simulate_run(&trial->simulation, &trial->scenario, &setup->calibration, &how, err))
            return err->code;
        sessions += trial->simulation.sessions;
    }
    cli_note(cli, "%llu sessions in %.2f s, %d threads", (unsigned long long)sessions,
             seconds_now() - begin, how.threads);
    cli_note(cli,
             "lower and upper bound the mean of %u paired differences (Student's t); where one "
             "world would fall is wider",
             how.replications);
    if (how.replications == 1)
        cli_warn(cli, "one replication: differences have no interval");
    return 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/* platform, tier, measure, and the first two of them as the subject of a chart. */
static int write_place(struct writer *writer, const struct ranking_setup *setup,
                       const struct series *series, struct error *err) {
    const char *platform = setup->names.texts[series->platform].bytes;
    const char *tier = part_name(setup, series);
    struct buffer subject = {0};
    buffer_format(&subject, series->tier == SERIES_ALL ? "%s" : "%s, %s", platform, tier);
    if (buffer_check(&subject, err))
        return err->code;
    writer_string(writer, platform);
    writer_string(writer, tier);
    writer_string(writer, measure_name(series->measure));
    writer_string(writer, subject.bytes);
    buffer_free(&subject);
    return 0;
}

static int write_pair(struct cli *cli, struct writer *writer, const struct ranking_setup *setup,
                      const struct trials *trials, size_t which, long period, size_t i,
                      struct error *err) {
    const struct trial *trial = &trials->items[which];
    const struct trial *reference = &trials->items[trials->reference];
    const struct series *series = &trial->simulation.series[i];
    struct compare_pair pair;
    compare_pairs(&trial->simulation, &reference->simulation, period, i,
                  cli_number(cli, "confidence"), &pair);
    if (period == COMPARE_MEAN)
        writer_string(writer, "mean");
    else
        writer_integer(writer, period + 1);
    if (write_place(writer, setup, series, err))
        return err->code;
    writer_text(writer, trial->name);
    writer_text(writer, reference->name);
    write_rounded(writer, pair.value);
    write_rounded(writer, pair.reference);
    write_rounded(writer, pair.difference);
    write_rounded(writer, pair.error);
    write_rounded(writer, pair.lower);
    write_rounded(writer, pair.upper);
    writer_integer(writer, (int64_t)pair.n);
    return 0;
}

static int write_period(struct cli *cli, struct writer *writer, const struct ranking_setup *setup,
                        const struct trials *trials, long period, struct error *err) {
    const struct simulation *any = &trials->items[0].simulation;
    for (size_t i = 0; i < any->n_series; i++)
        for (size_t which = 0; which < trials->n; which++)
            if (setup->wanted[any->series[i].measure] && which != trials->reference &&
                write_pair(cli, writer, setup, trials, which, period, i, err))
                return err->code;
    return 0;
}

static int write_comparison(struct cli *cli, const struct ranking_setup *setup,
                            const struct trials *trials, struct error *err) {
    static const char *const columns[] = {
        "period", "platform",        "tier",       "measure",   "subject", "case",  "reference",
        "value",  "reference_value", "difference", "std_error", "lower",   "upper", "worlds"};
    long periods = (long)trials->items[0].simulation.periods;
    struct writer *writer;
    if (cli_writer(cli, columns, sizeof columns / sizeof *columns, &writer, err))
        return err->code;
    if (cli_choice(cli, "at", "mean"))
        return write_period(cli, writer, setup, trials, COMPARE_MEAN, err);
    for (long t = cli_choice(cli, "at", "all") ? 0 : periods - 1; t < periods; t++)
        if (write_period(cli, writer, setup, trials, t, err))
            return err->code;
    return 0;
}

static int write_value(struct cli *cli, struct writer *writer, const struct ranking_setup *setup,
                       const struct trial *trial, size_t period, size_t i, struct error *err) {
    const struct series *series = &trial->simulation.series[i];
    struct simulate_summary found;
    if (simulate_summarise(&trial->simulation, period, i, cli_number(cli, "confidence"), &found,
                           err))
        return err->code;
    writer_integer(writer, (int64_t)period + 1);
    if (write_place(writer, setup, series, err))
        return err->code;
    writer_text(writer, trial->name);
    write_rounded(writer, found.mean);
    write_rounded(writer, found.error);
    write_rounded(writer, found.lower);
    write_rounded(writer, found.median);
    write_rounded(writer, found.upper);
    return 0;
}

/* What rank-simulate says of each, side by side. */
static int write_values(struct cli *cli, const struct ranking_setup *setup,
                        const struct trials *trials, struct error *err) {
    static const char *const columns[] = {"period",  "platform", "tier", "measure",
                                          "subject", "case",     "mean", "std_error",
                                          "lower",   "median",   "upper"};
    const struct simulation *any = &trials->items[0].simulation;
    struct writer *writer;
    if (cli_writer(cli, columns, sizeof columns / sizeof *columns, &writer, err))
        return err->code;
    for (size_t t = 0; t < any->periods; t++)
        for (size_t i = 0; i < any->n_series; i++)
            for (size_t which = 0; which < trials->n; which++)
                if (setup->wanted[any->series[i].measure] &&
                    write_value(cli, writer, setup, &trials->items[which], t, i, err))
                    return err->code;
    return 0;
}

/* ---- The story ------------------------------------------------------------------------------- */

static int compare(struct cli *cli, struct ranking_setup *setup, struct trials *trials,
                   struct error *err) {
    if (add_policies(cli, trials, &setup->scenario, err) ||
        add_cases(cli, trials, &setup->scenario, err) || find_reference(cli, trials, err))
        return err->code;
    say_calibration(cli, &setup->calibration, &setup->scenario, &setup->names);
    if (simulate_all(cli, setup, trials, err))
        return err->code;
    return (cli_flag(cli, "values") ? write_values : write_comparison)(cli, setup, trials, err);
}

static int run(struct cli *cli, struct error *err) {
    struct ranking_setup setup = {0};
    struct trials *trials = calloc(1, sizeof *trials);
    if (!trials)
        return error_memory(err);
    int code = ranking_setup_read(cli, &setup, err);
    if (!code)
        code = compare(cli, &setup, trials, err);
    for (size_t i = 0; i < trials->n; i++)
        simulation_free(&trials->items[i].simulation);
    free(trials);
    ranking_setup_free(&setup);
    return code;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "rank-compare",
        .summary = "ranking rules and scenarios in the same simulated worlds: paired differences",
        .description =
            "Simulates two platforms as rank-simulate does, once for each rule and case, with the "
            "same seed: the same people, items and luck. What differs between two of them in a "
            "world is due to the rule. The mean difference over the worlds has an interval that is "
            "much narrower than the worlds are apart.",
        .input = "parameter, value, and optionally low and high (both or neither: drawn from a "
                 "beta-PERT distribution), unit, source; a parameter without a row keeps its "
                 "default.",
        .output = "period, platform, tier, measure, subject (platform and tier), case, reference, "
                  "value and reference_value (means over the worlds), difference, std_error, lower "
                  "and upper (of the mean difference; Student's t), worlds. With --values: case, "
                  "mean, std_error, lower, median and upper (quantiles over worlds) instead.",
        .operands = "[SCENARIO]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
