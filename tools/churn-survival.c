/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long users stay: Kaplan-Meier curves, their summary, and the log-rank test. */
#include "cli/cli.h"
#include "users/lifetable.h"
#include "users/logrank.h"
#include "users/spells.h"
#include "users/survival.h"

static const struct cli_option options[] = {
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .help = "one curve per value of this column; given several times, one per combination"},
    {.name = "time",
     .type = CLI_COLUMN,
     .argument = "COL",
     .needs = "status",
     .conflicts = "as-of",
     .help = "durations in place of start and end dates, in any unit; decimals to a millionth"},
    {.name = "status",
     .type = CLI_TEXT,
     .argument = "COL[=VALUE]",
     .needs = "time",
     .help = "the column that says whether a duration ended with leaving: 1, true or yes (0, false "
             "or no: still there); with =VALUE, exactly this word means left and any other still "
             "there"},
    {.name = "entry",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "late entry: under observation only after this date or, with --time, this duration; "
             "an empty cell means from the start"},
    {.name = "weight",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "how many such spells a row stands for, a whole number from 1 on"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the day of the last look: spells without an end were still there, and what ended "
             "later counts as still there; default: the last date in the file"},
    {.name = "interval",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "log|log-log|plain",
     .fallback = "log",
     .conflicts = "test",
     .help = "kind of confidence interval: on log S (at most 1), on log(-log S), or on S itself"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "test",
     .help = "a row per group: subjects, events, median with interval, restricted mean with error"},
    {.name = "horizon",
     .type = CLI_DECIMAL,
     .argument = "TIME",
     .range = "(0,inf)",
     .needs = "summary",
     .help = "where the restricted mean ends; default: the last time in the file"},
    {.name = "test",
     .type = CLI_CHOICE,
     .argument = "TEST",
     .range = "logrank",
     .help = "test whether all groups leave alike"},
    {0}};

static const struct cli_example examples[] = {
    {"churn-survival --group platform datasets/tiny/spells.csv",
     "the share still there, by days since the start"},
    {"churn-survival --time tenure_months --status churned=Yes --weight customers "
     "--group contract --summary datasets/telco/tenure.csv",
     "durations that were counted: median and mean stay by contract"},
    {"churn-survival --time tenure_months --status churned=Yes --weight customers "
     "--group contract --test logrank datasets/telco/tenure.csv",
     "do the contracts differ?"},
    {0}};

/* ---- Reading --------------------------------------------------------------------------------- */

static void say_what_was_assumed(struct cli *cli, const struct life_tables *lives) {
    const struct spells_report *report = &lives->report;
    if (report->dated && report->any_date) {
        char day[CALENDAR_TEXT];
        calendar_format_date(report->as_of, day);
        cli_note(cli, "times are days since each start; open spells are counted to %s", day);
        if (!cli_given(cli, "entry"))
            cli_note(cli, "every spell counts as watched from its start on; if the records begin "
                          "later than that, name the column with their first day by --entry");
    }
    if (report->never_at_risk > 0)
        cli_warn(cli, "%lld open spell%s left out: %s under observation on the last day itself",
                 (long long)report->never_at_risk, report->never_at_risk == 1 ? " is" : "s are",
                 report->never_at_risk == 1 ? "it came" : "they came");
    if (report->unmatched[0])
        cli_warn(cli, "%s: everyone counts as still there", report->unmatched);
}

static int read_lives(struct cli *cli, struct life_tables *ret, struct error *err) {
    struct spells_options from = {.time = cli_text(cli, "time"),
                                  .status = cli_text(cli, "status"),
                                  .entry = cli_text(cli, "entry"),
                                  .weight = cli_text(cli, "weight")};
    from.n_groups = cli_many(cli, "group", &from.groups);
    int32_t as_of = 0;
    if (cli_given(cli, "as-of")) {
        as_of = cli_date(cli, "as-of");
        from.as_of = &as_of;
    }
    struct table *table;
    struct spells *spells = NULL;
    int status = cli_open(cli, &table, err);
    if (!status)
        status = spells_bind(&spells, table, &from, NULL, 0, err);
    if (!status)
        status = life_tables_read(table, spells, ret, err);
    spells_destroy(spells);
    if (!status)
        say_what_was_assumed(cli, ret);
    return status;
}

/* ---- Curves ---------------------------------------------------------------------------------- */

static struct survival_options survival_options_of(const struct cli *cli) {
    enum survival_interval interval = cli_choice(cli, "interval", "plain")     ? SURVIVAL_PLAIN
                                      : cli_choice(cli, "interval", "log-log") ? SURVIVAL_LOG_LOG
                                                                               : SURVIVAL_LOG;
    return (struct survival_options){interval, cli_number(cli, "confidence")};
}

static void warn_of_gap(struct cli *cli, struct text group, const struct survival_gap *gap) {
    char from[DECIMAL_TEXT], to[DECIMAL_TEXT];
    decimal_format(gap->from, 0, from);
    decimal_format(gap->to, 0, to);
    if (gap->fell_to_zero)
        cli_warn(cli,
                 "group '%.*s': all who were at risk at time %s left, so the curve is 0 from there "
                 "on, although others enter later",
                 (int)group.length, group.bytes, from);
    else if (gap->found)
        cli_warn(cli,
                 "group '%.*s': nobody is at risk between times %s and %s, so the curve says "
                 "nothing about them",
                 (int)group.length, group.bytes, from, to);
}

static void write_curve(struct writer *writer, struct text group,
                        const struct survival_curve *curve) {
    for (size_t i = 0; i < curve->n; i++) {
        const struct survival_step *step = &curve->steps[i];
        writer_text(writer, group);
        writer_decimal(writer, step->time, 0);
        writer_integer(writer, step->at_risk);
        writer_integer(writer, step->events);
        writer_integer(writer, step->censored);
        writer_number(writer, step->survival);
        writer_number(writer, step->std_error);
        writer_number(writer, step->lower);
        writer_number(writer, step->upper);
    }
}

static void write_summary(struct writer *writer, struct text group,
                          const struct survival_curve *curve, decimal horizon) {
    struct survival_mean mean = survival_restricted_mean(curve, horizon);
    writer_text(writer, group);
    writer_integer(writer, curve->subjects);
    writer_integer(writer, curve->events);
    writer_number(writer, survival_quantile(curve, 0.5, SURVIVAL_ESTIMATE));
    writer_number(writer, survival_quantile(curve, 0.5, SURVIVAL_LOWER));
    writer_number(writer, survival_quantile(curve, 0.5, SURVIVAL_UPPER));
    writer_number(writer, mean.mean);
    writer_number(writer, mean.std_error);
}

static decimal horizon_of(struct cli *cli, const struct life_tables *lives) {
    decimal horizon =
        cli_given(cli, "horizon") ? cli_decimal(cli, "horizon") : life_tables_last_time(lives);
    char text[DECIMAL_TEXT];
    decimal_format(horizon, 0, text);
    cli_note(cli, "restricted means go to %s; a curve that ends earlier stays where it is", text);
    return horizon;
}

static int write_curves(struct cli *cli, const struct life_tables *lives, struct error *err) {
    static const char *const steps[] = {"group",    "time",      "at_risk", "events", "censored",
                                        "survival", "std_error", "lower",   "upper"};
    static const char *const sums[] = {"group",        "subjects",     "events", "median",
                                       "median_lower", "median_upper", "rmst",   "rmst_se"};
    bool summary = cli_flag(cli, "summary");
    const struct survival_options how = survival_options_of(cli);
    decimal horizon = summary ? horizon_of(cli, lives) : 0;
    cli_note(cli, "standard errors are Greenwood's, intervals of the kind '%s'",
             cli_text(cli, "interval"));
    struct writer *writer;
    int status = summary ? cli_writer(cli, sums, sizeof sums / sizeof *sums, &writer, err)
                         : cli_writer(cli, steps, sizeof steps / sizeof *steps, &writer, err);
    for (size_t g = 0; g < lives->n && !status; g++) {
        struct survival_curve curve;
        struct text group = lives->tables[g].group;
        status = survival_fit(&curve, &lives->tables[g], &how, err);
        if (status)
            break;
        warn_of_gap(cli, group, &curve.gap);
        if (summary)
            write_summary(writer, group, &curve, horizon);
        else
            write_curve(writer, group, &curve);
        survival_free(&curve);
    }
    return status;
}

/* ---- Test ------------------------------------------------------------------------------------ */

static int compare_groups(const struct life_tables *lives, struct logrank_result *ret,
                          struct error *err) {
    if (lives->n < 2)
        return error_set(err, ERROR_DATA,
                         "%zu group%s in the input, expected at least two to compare; --group COL "
                         "makes one of each value",
                         lives->n, lives->n == 1 ? "" : "s");
    struct logrank test = {0};
    int status = logrank_add(&test, lives->tables, lives->n, err);
    if (!status)
        status = logrank_solve(&test, ret, err);
    logrank_free(&test);
    return status;
}

static int write_test(struct cli *cli, const struct life_tables *lives, struct error *err) {
    static const char *const names[] = {"test", "chi_square", "df", "p_value"};
    struct logrank_result result = {0};
    struct writer *writer;
    int status = compare_groups(lives, &result, err);
    if (!status)
        status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    if (status)
        return status;
    if (result.df == 0)
        cli_warn(cli, "there is nothing to compare: nobody left while several groups were at risk");
    else if (result.df + 1 < lives->n)
        cli_warn(
            cli,
            "some groups were never at risk together when anyone left: %zu degree%s of freedom "
            "for %zu groups",
            result.df, result.df == 1 ? "" : "s", lives->n);
    writer_string(writer, "logrank");
    writer_number(writer, result.chi_square);
    writer_integer(writer, (int64_t)result.df);
    writer_number(writer, result.p_value);
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    struct life_tables lives = {0};
    int status = read_lives(cli, &lives, err);
    if (!status)
        status =
            cli_given(cli, "test") ? write_test(cli, &lives, err) : write_curves(cli, &lives, err);
    life_tables_free(&lives);
    return status;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "churn-survival",
        .summary = "how long users stay: Kaplan-Meier curves by group",
        .description =
            "Estimates the share of users still there at each time since their start, with "
            "Greenwood standard errors and confidence intervals, from spells of which some have "
            "not ended yet.\n\n"
            "Spells come as dates (start, and end or empty: still there) or, with --time and "
            "--status, as durations. At a tie leaving comes before censoring; who enters late is "
            "at risk after the entry, not at it. Times are exact.\n\n"
            "--summary writes one row per group instead; --test compares the groups.",
        .input = "start, end: dates, an empty end meaning still there; or the columns that --time "
                 "and --status name. Any column may be a group.",
        .output = "group, time, at_risk, events, censored, survival, std_error, lower, upper: a "
                  "row for each time at which anyone left or was last seen; std_error is that of "
                  "survival.\n\n"
                  "--summary: group, subjects, events, median, median_lower, median_upper, rmst, "
                  "rmst_se (restricted mean survival time and its standard error).\n\n"
                  "--test: test, chi_square, df, p_value.",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
