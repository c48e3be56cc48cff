/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long users stay: Kaplan-Meier and Nelson-Aalen curves, their summary, and tests of whether
 * groups leave alike.
 *
 * Contents: options; reading; curves; summaries; tests.
 */
#include "base/number.h"
#include "cli/cli.h"
#include "users/hazard.h"
#include "users/lifetable.h"
#include "users/logrank.h"
#include "users/robust.h"
#include "users/spells.h"
#include "users/strata.h"
#include "users/survival.h"
#include "users/tally.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

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
    {.name = "cluster",
     .type = CLI_COLUMN,
     .argument = "COL",
     .conflicts = "test",
     .help = "spells with the same value here (a user's, say) are alike: errors that allow for it, "
             "by the infinitesimal jackknife"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the day of the last look: spells without an end were still there, and what ended "
             "later counts as still there; default: the last date in the file"},
    {.name = "estimate",
     .type = CLI_CHOICE,
     .argument = "WHAT",
     .range = "survival|cumulative-hazard",
     .fallback = "survival",
     .conflicts = "summary quantile test",
     .help = "the share still there (Kaplan-Meier), or how the rate of leaving adds up over time "
             "(Nelson-Aalen)"},
    {.name = "interval",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "log|log-log|plain",
     .fallback = "log",
     .conflicts = "test",
     .help =
         "kind of confidence interval: on log S (at most 1), on log(-log S), or on S itself; of "
         "a cumulative hazard H: log (on log H) or plain"},
    {.name = "at",
     .type = CLI_DECIMALS,
     .argument = "TIME,...",
     .range = "[0,inf)",
     .conflicts = "summary quantile test",
     .help = "a row for each of these times instead of each at which something happened"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "test",
     .help = "a row per group: subjects, events, median with interval, restricted mean with error"},
    {.name = "quantile",
     .type = CLI_DECIMALS,
     .argument = "P,...",
     .range = "(0,1)",
     .conflicts = "summary test",
     .help = "when these shares have left, with interval: 0.5 is the median"},
    {.name = "horizon",
     .type = CLI_DECIMAL,
     .argument = "TIME",
     .range = "(0,inf)",
     .needs = "summary",
     .help = "where the restricted mean ends; default: the last time in the file"},
    {.name = "test",
     .type = CLI_CHOICE,
     .argument = "TEST",
     .range = "logrank|gehan|tarone-ware|peto-peto|peto-prentice|modified-peto|fleming-harrington",
     .help = "test whether all groups leave alike; those behind logrank give more weight to some "
             "times, mostly early ones"},
    {.name = "rho",
     .type = CLI_NUMBER,
     .argument = "R",
     .range = "[0,inf)",
     .needs = "test",
     .help = "with fleming-harrington, whose weight is S^R (1 - S)^G; default: 0"},
    {.name = "gamma",
     .type = CLI_NUMBER,
     .argument = "G",
     .range = "[0,inf)",
     .needs = "test",
     .help = "the same: above 0 for differences that come late; default: 0"},
    {.name = "strata",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .needs = "test group",
     .help = "compare groups only among users with the same value of this column"},
    {.name = "trend",
     .type = CLI_FLAG,
     .needs = "test",
     .conflicts = "pairwise",
     .help =
         "test whether leaving rises or falls from group to group: by their numbers if all names "
         "are numbers, otherwise in the order of --order or of their names"},
    {.name = "order",
     .type = CLI_TEXT,
     .argument = "GROUP,...",
     .needs = "trend",
     .help = "all groups, from the lowest to the highest"},
    {.name = "pairwise",
     .type = CLI_FLAG,
     .needs = "test",
     .help = "a row for each pair of groups, with p-values adjusted for their number (Holm)"},
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
    {"churn-survival --time tenure_months --status churned=Yes --weight customers "
     "--group contract --at 12,24,60 datasets/telco/tenure.csv",
     "how many are still there after one, two and five years"},
    {0}};

/* ---- Reading --------------------------------------------------------------------------------- */

static void say_what_was_assumed(struct cli *cli, const struct spells_report *report) {
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

/* Those of --group, and behind them those of --strata. */
static int group_columns(struct cli *cli, const char ***ret, size_t *ret_n, struct error *err) {
    const char *const *groups, *const *strata;
    size_t n_groups = cli_many(cli, "group", &groups), n_strata = cli_many(cli, "strata", &strata);
    *ret_n = n_groups + n_strata;
    *ret = malloc((*ret_n + 1) * sizeof **ret);
    if (!*ret)
        return error_memory(err);
    for (size_t i = 0; i < *ret_n; i++)
        (*ret)[i] = i < n_groups ? groups[i] : strata[i - n_groups];
    return 0;
}

/* Life tables and, with --cluster, the spells behind them. */
struct input {
    struct tally tally;
    struct life_tables lives;
};

static int read_spells(struct cli *cli, const struct spells_options *from, struct tally *ret,
                       struct error *err) {
    const struct table_column cluster = {.name = cli_text(cli, "cluster"), .type = TABLE_TEXT};
    const bool clustered = cli_given(cli, "cluster");
    const struct tally_options how = {.records = clustered, .clusters = clustered};
    struct table *table;
    struct spells *spells = NULL;
    int status = cli_open(cli, &table, err);
    if (!status)
        status = spells_bind(&spells, table, from, &cluster, clustered, err);
    if (!status)
        status = tally_read(table, spells, &how, ret, err);
    spells_destroy(spells);
    return status;
}

static int read_lives(struct cli *cli, struct input *ret, struct error *err) {
    struct spells_options from = {.time = cli_text(cli, "time"),
                                  .status = cli_text(cli, "status"),
                                  .entry = cli_text(cli, "entry"),
                                  .weight = cli_text(cli, "weight")};
    const char **columns;
    if (group_columns(cli, &columns, &from.n_groups, err))
        return err->code;
    from.groups = columns;
    int32_t as_of = 0;
    if (cli_given(cli, "as-of")) {
        as_of = cli_date(cli, "as-of");
        from.as_of = &as_of;
    }
    int status = read_spells(cli, &from, &ret->tally, err);
    if (!status)
        status = life_tables_build(&ret->tally.exits, &ret->tally.groups, &ret->lives, err);
    free(columns);
    if (status)
        return status;
    say_what_was_assumed(cli, &ret->tally.report);
    return 0;
}

/* The spells of a group by cluster; all zero without --cluster. */
static int find_clusters(struct cli *cli, const struct input *input, size_t group,
                         struct robust *ret, struct error *err) {
    const struct life_table *table = &input->lives.tables[group];
    *ret = (struct robust){0};
    if (!cli_given(cli, "cluster"))
        return 0;
    const size_t *starts = input->tally.starts + table->code;
    int status =
        robust_begin(ret, table, input->tally.records + starts[0], starts[1] - starts[0], err);
    if (!status && ret->clusters == 1)
        cli_warn(cli,
                 "group '%.*s': all spells have one value in column '%s', which does not tell how "
                 "much clusters differ: there are no errors",
                 (int)table->group.length, table->group.bytes, cli_text(cli, "cluster"));
    return status;
}

/* Their variances, or NULL without clusters; the caller frees them. */
static int robust_errors(const struct robust *robust, enum robust_estimate estimate, double **ret,
                         struct error *err) {
    *ret = NULL;
    if (!robust->table)
        return 0;
    *ret = malloc((robust->table->n + 1) * sizeof **ret);
    return *ret ? robust_variances(robust, estimate, *ret, err) : error_memory(err);
}

/* ---- Curves ---------------------------------------------------------------------------------- */

static struct survival_options survival_options_of(const struct cli *cli) {
    enum survival_interval interval = cli_choice(cli, "interval", "plain")     ? SURVIVAL_PLAIN
                                      : cli_choice(cli, "interval", "log-log") ? SURVIVAL_LOG_LOG
                                                                               : SURVIVAL_LOG;
    return (struct survival_options){.interval = interval,
                                     .confidence = cli_number(cli, "confidence")};
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

static void write_counts(struct writer *writer, decimal time, int64_t at_risk, int64_t events,
                         int64_t censored) {
    writer_decimal(writer, time, 0);
    writer_integer(writer, at_risk);
    writer_integer(writer, events);
    writer_integer(writer, censored);
}

static void write_estimate(struct writer *writer, double estimate, double std_error, double lower,
                           double upper) {
    writer_number(writer, estimate);
    writer_number(writer, std_error);
    writer_number(writer, lower);
    writer_number(writer, upper);
}

static void write_curve(struct writer *writer, struct text group,
                        const struct survival_curve *curve) {
    for (size_t i = 0; i < curve->n; i++) {
        const struct survival_step *step = &curve->steps[i];
        writer_text(writer, group);
        write_counts(writer, step->time, step->at_risk, step->events, step->censored);
        write_estimate(writer, step->survival, step->std_error, step->lower, step->upper);
    }
}

/* Before the first step the estimate is what it starts with, without an error; beyond the last it
 * is missing. */
static void write_times(struct cli *cli, struct writer *writer, const struct life_table *table,
                        const struct survival_curve *curve) {
    decimal time;
    for (size_t i = 0; cli_decimals(cli, "at", i, &time); i++) {
        bool known;
        const struct survival_step *step = survival_at(curve, time, &known);
        writer_text(writer, table->group);
        writer_decimal(writer, time, 0);
        writer_integer(writer, life_table_at_risk(table, time));
        if (!known)
            write_estimate(writer, NAN, NAN, NAN, NAN);
        else if (!step)
            write_estimate(writer, 1, 0, 1, 1);
        else
            write_estimate(writer, step->survival, step->std_error, step->lower, step->upper);
    }
}

static void write_quantiles(struct cli *cli, struct writer *writer, struct text group,
                            const struct survival_curve *curve) {
    decimal p;
    for (size_t i = 0; cli_decimals(cli, "quantile", i, &p); i++) {
        double share = decimal_to_double(p);
        writer_text(writer, group);
        writer_number(writer, share);
        writer_number(writer, survival_quantile(curve, share, SURVIVAL_ESTIMATE));
        writer_number(writer, survival_quantile(curve, share, SURVIVAL_LOWER));
        writer_number(writer, survival_quantile(curve, share, SURVIVAL_UPPER));
    }
}

static int write_summary(struct writer *writer, struct text group,
                         const struct survival_curve *curve, const struct robust *robust,
                         decimal horizon, struct error *err) {
    struct survival_mean mean = survival_restricted_mean(curve, horizon);
    if (robust->table && robust_mean_error(robust, curve, horizon, &mean.std_error, err))
        return err->code;
    writer_text(writer, group);
    writer_integer(writer, curve->subjects);
    writer_integer(writer, curve->events);
    writer_number(writer, survival_quantile(curve, 0.5, SURVIVAL_ESTIMATE));
    writer_number(writer, survival_quantile(curve, 0.5, SURVIVAL_LOWER));
    writer_number(writer, survival_quantile(curve, 0.5, SURVIVAL_UPPER));
    writer_number(writer, mean.mean);
    writer_number(writer, mean.std_error);
    return 0;
}

static decimal horizon_of(const struct cli *cli, const struct life_tables *lives) {
    return cli_given(cli, "horizon") ? cli_decimal(cli, "horizon") : life_tables_last_time(lives);
}

static int open_curves(struct cli *cli, struct writer **ret, struct error *err) {
    static const char *const steps[] = {"group",    "time",      "at_risk", "events", "censored",
                                        "survival", "std_error", "lower",   "upper"};
    static const char *const times[] = {"group",     "time",  "at_risk", "survival",
                                        "std_error", "lower", "upper"};
    static const char *const quantiles[] = {"group", "quantile", "time", "lower", "upper"};
    static const char *const sums[] = {"group",        "subjects",     "events", "median",
                                       "median_lower", "median_upper", "rmst",   "rmst_se"};
    if (cli_flag(cli, "summary"))
        return cli_writer(cli, sums, sizeof sums / sizeof *sums, ret, err);
    if (cli_given(cli, "quantile"))
        return cli_writer(cli, quantiles, sizeof quantiles / sizeof *quantiles, ret, err);
    if (cli_given(cli, "at"))
        return cli_writer(cli, times, sizeof times / sizeof *times, ret, err);
    return cli_writer(cli, steps, sizeof steps / sizeof *steps, ret, err);
}

static int fit_curve(const struct cli *cli, const struct life_table *table,
                     const struct robust *robust, struct survival_curve *ret, struct error *err) {
    struct survival_options how = survival_options_of(cli);
    double *variances;
    int status = robust_errors(robust, ROBUST_LOG_SURVIVAL, &variances, err);
    how.log_variances = variances;
    if (!status)
        status = survival_fit(ret, table, &how, err);
    free(variances);
    return status;
}

static int write_one_curve(struct cli *cli, struct writer *writer, const struct input *input,
                           size_t group, struct error *err) {
    const struct life_table *table = &input->lives.tables[group];
    struct survival_curve curve = {0};
    struct robust robust;
    int status = find_clusters(cli, input, group, &robust, err);
    if (!status)
        status = fit_curve(cli, table, &robust, &curve, err);
    if (!status) {
        warn_of_gap(cli, table->group, &curve.gap);
        if (cli_flag(cli, "summary"))
            status = write_summary(writer, table->group, &curve, &robust,
                                   horizon_of(cli, &input->lives), err);
        else if (cli_given(cli, "quantile"))
            write_quantiles(cli, writer, table->group, &curve);
        else if (cli_given(cli, "at"))
            write_times(cli, writer, table, &curve);
        else
            write_curve(writer, table->group, &curve);
    }
    survival_free(&curve);
    robust_end(&robust);
    return status;
}

static void say_how(struct cli *cli, const struct life_tables *lives) {
    char text[DECIMAL_TEXT];
    if (cli_given(cli, "cluster"))
        cli_note(cli,
                 "standard errors are by the infinitesimal jackknife, by '%s', intervals of "
                 "the kind '%s'",
                 cli_text(cli, "cluster"), cli_text(cli, "interval"));
    else
        cli_note(cli, "standard errors are Greenwood's, intervals of the kind '%s'",
                 cli_text(cli, "interval"));
    if (!cli_flag(cli, "summary"))
        return;
    decimal_format(horizon_of(cli, lives), 0, text);
    cli_note(cli, "restricted means go to %s; a curve that ends earlier stays where it is", text);
}

static int write_curves(struct cli *cli, const struct input *input, struct error *err) {
    struct writer *writer;
    int status = open_curves(cli, &writer, err);
    say_how(cli, &input->lives);
    for (size_t g = 0; g < input->lives.n && !status; g++)
        status = write_one_curve(cli, writer, input, g, err);
    return status;
}

/* ---- Cumulative hazards ---------------------------------------------------------------------- */

static void write_hazard(struct writer *writer, struct text group,
                         const struct hazard_curve *curve) {
    for (size_t i = 0; i < curve->n; i++) {
        const struct hazard_step *step = &curve->steps[i];
        writer_text(writer, group);
        write_counts(writer, step->time, step->at_risk, step->events, step->censored);
        write_estimate(writer, step->hazard, step->std_error, step->lower, step->upper);
    }
}

static void write_hazard_times(struct cli *cli, struct writer *writer,
                               const struct life_table *table, const struct hazard_curve *curve) {
    const double bound = cli_choice(cli, "interval", "plain") ? 0 : NAN; /* while it is 0 */
    decimal time;
    for (size_t i = 0; cli_decimals(cli, "at", i, &time); i++) {
        bool known;
        const struct hazard_step *step = hazard_at(curve, time, &known);
        writer_text(writer, table->group);
        writer_decimal(writer, time, 0);
        writer_integer(writer, life_table_at_risk(table, time));
        if (!known)
            write_estimate(writer, NAN, NAN, NAN, NAN);
        else if (!step)
            write_estimate(writer, 0, 0, bound, bound);
        else
            write_estimate(writer, step->hazard, step->std_error, step->lower, step->upper);
    }
}

static int fit_hazard(struct cli *cli, const struct input *input, size_t group,
                      struct hazard_curve *ret, struct error *err) {
    struct robust robust;
    double *variances = NULL;
    int status = find_clusters(cli, input, group, &robust, err);
    if (!status)
        status = robust_errors(&robust, ROBUST_HAZARD, &variances, err);
    const struct hazard_options how = {
        .interval = cli_choice(cli, "interval", "plain") ? HAZARD_PLAIN : HAZARD_LOG,
        .confidence = cli_number(cli, "confidence"),
        .variances = variances};
    if (!status)
        status = hazard_fit(ret, &input->lives.tables[group], &how, err);
    free(variances);
    robust_end(&robust);
    return status;
}

static int write_hazards(struct cli *cli, const struct input *input, struct error *err) {
    static const char *const steps[] = {"group",     "time",     "at_risk",
                                        "events",    "censored", "cumulative_hazard",
                                        "std_error", "lower",    "upper"};
    static const char *const times[] = {"group",     "time",  "at_risk", "cumulative_hazard",
                                        "std_error", "lower", "upper"};
    bool at = cli_given(cli, "at");
    struct writer *writer;
    int status = at ? cli_writer(cli, times, sizeof times / sizeof *times, &writer, err)
                    : cli_writer(cli, steps, sizeof steps / sizeof *steps, &writer, err);
    for (size_t g = 0; g < input->lives.n && !status; g++) {
        struct hazard_curve curve = {0};
        status = fit_hazard(cli, input, g, &curve, err);
        if (!status && at)
            write_hazard_times(cli, writer, &input->lives.tables[g], &curve);
        else if (!status)
            write_hazard(writer, input->lives.tables[g].group, &curve);
        hazard_free(&curve);
    }
    return status;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

/* What is asked for, as an empty sum. R's survdiff(rho = 1) is what it calls Peto & Peto. */
static int test_asked_for(const struct cli *cli, struct logrank *ret, struct error *err) {
    static const struct {
        const char *name;
        struct logrank test;
    } tests[] = {{"logrank", {.weight = LOGRANK_EVEN}},
                 {"gehan", {.weight = LOGRANK_GEHAN}},
                 {"tarone-ware", {.weight = LOGRANK_TARONE_WARE}},
                 {"peto-peto", {.weight = LOGRANK_FLEMING_HARRINGTON, .rho = 1}},
                 {"peto-prentice", {.weight = LOGRANK_PETO_PRENTICE}},
                 {"modified-peto", {.weight = LOGRANK_MODIFIED_PETO}},
                 {"fleming-harrington", {.weight = LOGRANK_FLEMING_HARRINGTON}}};
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (cli_choice(cli, "test", tests[i].name))
            *ret = tests[i].test;
    if (cli_choice(cli, "test", "fleming-harrington")) {
        ret->rho = cli_number(cli, "rho");
        ret->gamma = cli_number(cli, "gamma");
    } else if (cli_given(cli, "rho") || cli_given(cli, "gamma"))
        return cli_usage(err, "--rho and --gamma are for --test fleming-harrington, found '%s'",
                         cli_text(cli, "test"));
    return 0;
}

/* "stratified fleming-harrington(0, 1) trend". */
static void write_test_name(const struct cli *cli, const struct logrank *test,
                            struct writer *writer) {
    char weight[2 * NUMBER_TEXT + 8] = "", name[sizeof weight + 64];
    if (cli_choice(cli, "test", "fleming-harrington")) {
        char rho[NUMBER_TEXT], gamma[NUMBER_TEXT];
        number_format(test->rho, rho);
        number_format(test->gamma, gamma);
        snprintf(weight, sizeof weight, "(%s, %s)", rho, gamma);
    }
    snprintf(name, sizeof name, "%s%s%s%s", cli_given(cli, "strata") ? "stratified " : "",
             cli_text(cli, "test"), weight, cli_flag(cli, "trend") ? " trend" : "");
    writer_string(writer, name);
}

/* Sums over strata of the groups from `first` on, or of the two groups `first` and `second`. */
static int sum_over_strata(const struct life_strata *strata, const size_t pair[2],
                           struct logrank *test, struct error *err) {
    int status = 0;
    for (size_t s = 0; s < strata->n && !status; s++) {
        const struct life_table *tables = strata->tables + s * strata->groups;
        if (pair) {
            const struct life_table two[] = {tables[pair[0]], tables[pair[1]]};
            status = logrank_add(test, two, 2, err);
        } else
            status = logrank_add(test, tables, strata->groups, err);
    }
    return status;
}

/* The place of a group in the list of --order, from 1 on; 0 if it is not there. */
static size_t place_in_order(const char *order, struct text group) {
    size_t place = 1;
    for (const char *at = order; at; place++) {
        const struct text item = text_trim((struct text){at, strcspn(at, ",")});
        if (text_equal(item, group))
            return place;
        at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL;
    }
    return 0;
}

static size_t length_of_order(const char *order) {
    size_t n = 1;
    for (const char *at = order; *at; at++)
        n += *at == ',';
    return n;
}

static int scores_by_order(const char *order, const struct life_strata *strata, double *scores,
                           struct error *err) {
    for (size_t g = 0; g < strata->groups; g++) {
        const struct text name = strata->names[g];
        scores[g] = (double)place_in_order(order, name);
        if (scores[g] == 0)
            return error_set(err, ERROR_DATA,
                             "group '%.*s' is not in --order '%s', expected all groups from the "
                             "lowest to the highest",
                             (int)name.length, name.bytes, order);
    }
    if (length_of_order(order) != strata->groups)
        return error_set(err, ERROR_DATA,
                         "--order '%s' names %zu groups, expected the %zu of the input, each once",
                         order, length_of_order(order), strata->groups);
    return 0;
}

static int set_scores(struct cli *cli, const struct life_strata *strata, double *scores,
                      struct error *err) {
    if (cli_given(cli, "order"))
        return scores_by_order(cli_text(cli, "order"), strata, scores, err);
    bool numbers = true;
    for (size_t g = 0; g < strata->groups; g++)
        numbers = numbers && number_parse(strata->names[g], '.', &scores[g]);
    for (size_t g = 0; g < strata->groups && !numbers; g++)
        scores[g] = (double)g + 1;
    cli_note(cli, "the trend is over %s",
             numbers ? "the groups' own numbers" : "the groups in the order of their names");
    return 0;
}

static int test_trend(struct cli *cli, const struct life_strata *strata, const struct logrank *test,
                      struct logrank_result *ret, struct error *err) {
    double *scores = malloc((strata->groups + 1) * sizeof *scores);
    if (!scores)
        return error_memory(err);
    int status = set_scores(cli, strata, scores, err);
    if (!status)
        logrank_trend(test, scores, ret);
    free(scores);
    return status;
}

static void write_result(struct writer *writer, const struct logrank_result *result) {
    writer_number(writer, result->chi_square);
    writer_integer(writer, (int64_t)result->df);
    writer_number(writer, result->p_value);
}

static int write_test(struct cli *cli, const struct life_strata *strata,
                      const struct logrank *asked, struct error *err) {
    static const char *const names[] = {"test", "chi_square", "df", "p_value"};
    struct logrank test = *asked;
    struct logrank_result result = {0};
    struct writer *writer;
    bool trend = cli_flag(cli, "trend");
    int status = sum_over_strata(strata, NULL, &test, err);
    if (!status)
        status = trend ? test_trend(cli, strata, &test, &result, err)
                       : logrank_solve(&test, &result, err);
    logrank_free(&test);
    if (!status)
        status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    if (status)
        return status;
    if (result.df == 0)
        cli_warn(cli,
                 "there is nothing to compare: whenever anyone left, one group was at risk alone "
                 "or all left at once");
    else if (!trend && result.df + 1 < strata->groups)
        cli_warn(
            cli,
            "some groups were never at risk together when anyone left: %zu degree%s of freedom "
            "for %zu groups",
            result.df, result.df == 1 ? "" : "s", strata->groups);
    write_test_name(cli, asked, writer);
    write_result(writer, &result);
    return 0;
}

/* Pair after pair: (1, 2), (1, 3), ..., (2, 3), ... */
static int test_pairs(const struct life_strata *strata, const struct logrank *asked,
                      struct logrank_result *results, double *holm, struct error *err) {
    size_t n = 0;
    int status = 0;
    for (size_t g = 0; g < strata->groups; g++)
        for (size_t h = g + 1; h < strata->groups && !status; h++, n++) {
            struct logrank test = *asked;
            status = sum_over_strata(strata, (const size_t[]){g, h}, &test, err);
            if (!status)
                status = logrank_solve(&test, &results[n], err);
            holm[n] = results[n].p_value;
            logrank_free(&test);
        }
    return status ? status : logrank_holm(holm, n, err);
}

static int write_pairs(struct cli *cli, const struct life_strata *strata,
                       const struct logrank *asked, struct error *err) {
    static const char *const names[] = {"test", "group",   "other", "chi_square",
                                        "df",   "p_value", "p_holm"};
    size_t pairs = strata->groups * (strata->groups - 1) / 2;
    struct logrank_result *results = calloc(pairs + 1, sizeof *results);
    double *holm = calloc(pairs + 1, sizeof *holm);
    struct writer *writer;
    int status = 0;
    if (!results || !holm) {
        status = error_memory(err);
        goto done;
    }
    status = test_pairs(strata, asked, results, holm, err);
    if (!status)
        status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    for (size_t g = 0, n = 0; g < strata->groups && !status; g++)
        for (size_t h = g + 1; h < strata->groups; h++, n++) {
            write_test_name(cli, asked, writer);
            writer_text(writer, strata->names[g]);
            writer_text(writer, strata->names[h]);
            write_result(writer, &results[n]);
            writer_number(writer, holm[n]);
        }
done:
    free(results);
    free(holm);
    return status;
}

static int compare_groups(struct cli *cli, const struct life_tables *lives,
                          const struct logrank *asked, struct error *err) {
    const char *const *columns;
    struct life_strata strata;
    int status = life_strata_split(lives, cli_many(cli, "group", &columns), &strata, err);
    if (status)
        return status;
    if (strata.groups < 2)
        status = error_set(err, ERROR_DATA,
                           "%zu group%s in the input, expected at least two to compare; --group "
                           "COL makes one of each value",
                           strata.groups, strata.groups == 1 ? "" : "s");
    else if (cli_flag(cli, "pairwise"))
        status = write_pairs(cli, &strata, asked, err);
    else
        status = write_test(cli, &strata, asked, err);
    life_strata_free(&strata);
    return status;
}

/* Only curves have one. */
static int check_chart(const struct cli *cli, struct error *err) {
    static const char *const none[] = {"at", "summary", "quantile", "test"};
    for (size_t i = 0; i < sizeof none / sizeof *none && cli_given(cli, "chart"); i++)
        if (cli_given(cli, none[i]))
            return cli_usage(err,
                             "--chart draws curves, of the share still there or of --estimate "
                             "cumulative-hazard, and --%s gives none; leave one of them out",
                             none[i]);
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    struct input input = {0};
    struct logrank test = {0};
    bool tests = cli_given(cli, "test"), hazards = cli_choice(cli, "estimate", "cumulative-hazard");
    if (tests && test_asked_for(cli, &test, err))
        return err->code;
    if (hazards && cli_choice(cli, "interval", "log-log"))
        return cli_usage(err,
                         "--interval log-log is for the share still there; a cumulative hazard "
                         "takes log or plain");
    if (check_chart(cli, err))
        return err->code;
    int status = read_lives(cli, &input, err);
    if (!status)
        status = tests     ? compare_groups(cli, &input.lives, &test, err)
                 : hazards ? write_hazards(cli, &input, err)
                           : write_curves(cli, &input, err);
    life_tables_free(&input.lives);
    tally_free(&input.tally);
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
            "--at gives the curve at certain times, --quantile the times at which certain shares have "
            "left, --summary one row per group; --estimate cumulative-hazard gives Nelson-Aalen "
            "curves; --test compares the groups.",
        .input = "start, end: dates, an empty end meaning still there; or the columns that --time "
                 "and --status name. Any column may be a group.",
        .output =
            "group, time, at_risk, events, censored, survival, std_error, lower, upper: a "
            "row for each time at which anyone left or was last seen; std_error is that of "
            "survival.\n\n"
            "--estimate cumulative-hazard: the column cumulative_hazard in place of survival. "
            "--at: without events and censored.\n\n"
            "--quantile: group, quantile, time, lower, upper.\n\n"
            "--summary: group, subjects, events, median, median_lower, median_upper, rmst, "
            "rmst_se (restricted mean survival time and its standard error).\n\n"
            "--test: test, chi_square, df, p_value; --pairwise: test, group, other, chi_square, df, "
            "p_value, p_holm (adjusted).",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
