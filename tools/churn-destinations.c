/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where users go when they leave: cumulative incidence by destination, the time spent in each
 * state, and Gray's test; who is where over time, when users come back; and how soon they do.
 *
 * Contents: options; reading; curves; certain times; time in each state; all groups; tests; states
 * over time; by share of time; returns; the tool.
 */
#include "cli/cli.h"
#include "users/gray.h"
#include "users/histories.h"
#include "users/incidence.h"
#include "users/occupancy.h"
#include "users/presence.h"
#include "users/returns.h"
#include "users/spells.h"
#include "users/strata.h"
#include "users/tally.h"
#include <math.h>
#include <stdlib.h>

#define STILL_THERE "(still there)"

static const struct cli_option options[] = {
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .help = "curves per value of this column; given several times, per combination"},
    {.name = "destination",
     .type = CLI_COLUMN,
     .argument = "COL",
     .fallback = "destination",
     .help =
         "the column that says where a user went; an empty cell of a spell that has ended means "
         "nowhere known and is shown as (gone)"},
    {.name = "time",
     .type = CLI_COLUMN,
     .argument = "COL",
     .conflicts = "as-of",
     .help = "durations in place of start and end dates, in any unit; decimals to a millionth"},
    {.name = "status",
     .type = CLI_TEXT,
     .argument = "COL[=VALUE]",
     .needs = "time",
     .conflicts = "stayed",
     .help =
         "with --time, the column that says whether a duration ended with leaving: 1, true or "
         "yes (0, false or no: still there); with =VALUE, exactly this word means left. Without "
         "--status, whoever has a destination has left"},
    {.name = "stayed",
     .type = CLI_TEXT,
     .argument = "VALUE",
     .needs = "time",
     .help = "with --time, the word in the destination column that means still there, as an empty "
             "cell does"},
    {.name = "entry",
     .type = CLI_COLUMN,
     .argument = "COL",
     .conflicts = "test",
     .help = "late entry: under observation only after this date or, with --time, this duration; "
             "an empty cell means from the start"},
    {.name = "weight",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "how many such spells a row stands for, a whole number from 1 on"},
    {.name = "cluster",
     .type = CLI_COLUMN,
     .argument = "COL",
     .conflicts = "test returns by-share",
     .help = "spells with the same value here (a user's, say) are alike: errors that allow for it, "
             "by the infinitesimal jackknife; with --occupancy users (of a household)"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the day of the last look: spells without an end were still there, and what ended "
             "later counts as still there; default: the last date in the file"},
    {.name = "error",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "greenwood|aalen|infinitesimal-jackknife",
     .conflicts = "test returns",
     .help = "kind of standard error: as etm, cuminc or survfit in R; default: greenwood, with "
             "--occupancy and --cluster infinitesimal-jackknife"},
    {.name = "interval",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "log-log|log|plain",
     .fallback = "log-log",
     .conflicts = "test",
     .help = "kind of confidence interval: on log(-log F), on log F (at most 1), or on F itself"},
    {.name = "at",
     .type = CLI_DECIMALS,
     .argument = "TIME,...",
     .range = "[0,inf)",
     .conflicts = "summary test",
     .help = "rows for each of these times instead of each at which something happened"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "test",
     .help = "expected time in each state up to the horizon: still there, and gone to each "
             "destination"},
    {.name = "horizon",
     .type = CLI_DECIMAL,
     .argument = "TIME",
     .range = "(0,inf)",
     .needs = "summary",
     .help = "where the expected time ends; default: the last time in the file"},
    {.name = "test",
     .type = CLI_CHOICE,
     .argument = "TEST",
     .range = "gray",
     .needs = "group",
     .help = "test, for each destination, whether its incidence is the same in all groups"},
    {.name = "rho",
     .type = CLI_NUMBER,
     .argument = "R",
     .range = "[0,inf)",
     .fallback = "0",
     .needs = "test",
     .help = "weight of a time in the test, (1 - F)^R: above 0 for differences that come early"},
    {.name = "strata",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .needs = "test",
     .help = "compare groups only among users with the same value of this column"},
    {.name = "occupancy",
     .type = CLI_FLAG,
     .conflicts = "returns test destination time entry weight",
     .help = "the share of users in each state over time, when they come back or are in several "
             "places at once: reads user, platform, start and end"},
    {.name = "by-share",
     .type = CLI_FLAG,
     .needs = "occupancy",
     .help = "states by share of time, period by period: who spends nearly all of a period's "
             "minutes on TikTok is in 'TikTok', who spends most of them there in 'mostly TikTok'. "
             "Reads a log (user, platform, date, minutes) or a panel (period in place of date)"},
    {.name = "sole",
     .type = CLI_DECIMAL,
     .argument = "SHARE",
     .range = "(0.5,1]",
     .fallback = "0.9",
     .needs = "by-share",
     .help = "nearly all is this share of the time, or more"},
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "year|quarter|month|week|day",
     .needs = "by-share",
     .help = "the kind of the periods; default: months, or those of the column period"},
    {.name = "top",
     .type = CLI_INTEGER,
     .argument = "K",
     .range = "[1,inf)",
     .needs = "by-share",
     .help = "tell apart the K platforms with most users and put the others together as (other)"},
    {.name = "returns",
     .type = CLI_FLAG,
     .conflicts = "summary test destination time entry weight",
     .help = "how soon those who left a platform come back to it, and how soon they leave again: "
             "reads the same"},
    {0}};

static const struct cli_example examples[] = {
    {"churn-destinations datasets/tiny/spells.csv",
     "the share gone to each destination, by days since the start"},
    {"churn-destinations --group platform --at 10,20 datasets/tiny/spells.csv",
     "by platform, after ten and twenty days"},
    {"churn-destinations --group platform --summary --horizon 30 datasets/tiny/spells.csv",
     "how many of the first thirty days are spent where"},
    {"churn-destinations --occupancy datasets/tiny/spells.csv",
     "where users are over time, back or in two places included"},
    {0}};

/* ---- Reading --------------------------------------------------------------------------------- */

static void say_what_was_assumed(struct cli *cli, const struct spells_report *report) {
    if (report->dated && report->any_date) {
        char day[CALENDAR_TEXT];
        calendar_format_date(report->as_of, day);
        cli_note(cli, "times are days since each start; open spells are counted to %s", day);
    }
    if (report->never_at_risk > 0)
        cli_warn(cli, "%lld open spell%s left out: %s under observation on the last day itself",
                 (long long)report->never_at_risk, report->never_at_risk == 1 ? " is" : "s are",
                 report->never_at_risk == 1 ? "it came" : "they came");
    if (report->unmatched[0])
        cli_warn(cli, "%s: everyone counts as still there", report->unmatched);
}

/* Errors by the jackknife want the spells themselves; without late entry and clusters they are
 * Greenwood's. */
static bool keeps_spells(const struct cli *cli) {
    return cli_given(cli, "cluster") ||
           (cli_given(cli, "entry") && cli_choice(cli, "error", "infinitesimal-jackknife"));
}

static int tally_spells(struct cli *cli, const struct spells_options *from, struct tally *ret,
                        struct error *err) {
    const bool clustered = cli_given(cli, "cluster");
    const struct table_column columns[] = {
        {.name = cli_text(cli, "destination"), .type = TABLE_CATEGORY, .missing = true},
        {.name = cli_text(cli, "cluster"), .type = TABLE_TEXT}};
    const struct tally_options how = {.destinations = true,
                                      .stays = from->time && !from->status,
                                      .stayed = cli_text(cli, "stayed"),
                                      .records = keeps_spells(cli),
                                      .clusters = clustered};
    struct table *table;
    struct spells *spells = NULL;
    int status = cli_open(cli, &table, err);
    if (!status)
        status = spells_bind(&spells, table, from, columns, clustered ? 2 : 1, err);
    if (!status)
        status = tally_read(table, spells, &how, ret, err);
    spells_destroy(spells);
    if (!status && how.stayed && !ret->stayed_met)
        cli_warn(cli, "no row has '%s' in column '%s': every word there counts as a destination",
                 how.stayed, columns[0].name);
    return status;
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

static int read_spells(struct cli *cli, struct tally *ret, struct error *err) {
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
    int status = tally_spells(cli, &from, ret, err);
    free(columns);
    if (!status)
        say_what_was_assumed(cli, &ret->report);
    return status;
}

/* ---- Curves ---------------------------------------------------------------------------------- */

static enum incidence_error error_of(const struct cli *cli) {
    return cli_choice(cli, "error", "aalen") ? INCIDENCE_AALEN : INCIDENCE_GREENWOOD;
}

static const char *error_name(const struct cli *cli) {
    const bool jackknife = cli_flag(cli, "occupancy") || cli_given(cli, "cluster");
    return cli_given(cli, "error") ? cli_text(cli, "error")
           : jackknife             ? "infinitesimal-jackknife"
                                   : "greenwood";
}

static enum incidence_interval interval_of(const struct cli *cli) {
    return cli_choice(cli, "interval", "plain") ? INCIDENCE_PLAIN
           : cli_choice(cli, "interval", "log") ? INCIDENCE_LOG
                                                : INCIDENCE_LOG_LOG;
}

static void write_estimate(struct cli *cli, struct writer *writer, double p, double variance) {
    double lower, upper, std_error = sqrt(variance);
    incidence_bounds(p, std_error, cli_number(cli, "confidence"), interval_of(cli), &lower, &upper);
    writer_number(writer, p);
    writer_number(writer, std_error);
    writer_number(writer, lower);
    writer_number(writer, upper);
}

static void warn_of_fall(struct cli *cli, struct text group, const struct incidence *curve) {
    char at[DECIMAL_TEXT];
    decimal_format(curve->fell_at, 0, at);
    if (curve->fell_to_zero)
        cli_warn(cli,
                 "group '%.*s': all who were at risk at time %s left, so the curves stay as they "
                 "are from there on, although others enter later",
                 (int)group.length, group.bytes, at);
}

static void warn_of_one_cluster(struct cli *cli, struct text group, const char *what) {
    cli_warn(cli,
             "group '%.*s': all %s have one value in column '%s', which does not tell how much "
             "clusters differ: there are no errors",
             (int)group.length, group.bytes, what, cli_text(cli, "cluster"));
}

/* A row for each destination, whether or not anyone left for it at this time. */
static void write_step(struct cli *cli, struct writer *writer, const struct exit_tables *exits,
                       struct text group, const struct incidence *curve) {
    for (size_t k = 0; k < exits->destinations; k++) {
        writer_text(writer, group);
        writer_decimal(writer, curve->time, 0);
        writer_text(writer, exits->names[k]);
        writer_integer(writer, curve->at_risk);
        writer_integer(writer, curve->left[k]);
        write_estimate(cli, writer, curve->incidence[k], curve->variance[k]);
    }
}

/* For each group in turn. */
typedef int write_group(struct cli *cli, struct writer *writer, const struct exit_tables *exits,
                        struct text group, struct incidence *curve, struct error *err);

static int write_curve(struct cli *cli, struct writer *writer, const struct exit_tables *exits,
                       struct text group, struct incidence *curve, struct error *err) {
    (void)err;
    while (!writer_failed(writer) && incidence_next(curve))
        write_step(cli, writer, exits, group, curve);
    warn_of_fall(cli, group, curve);
    return 0;
}

/* ---- Certain times --------------------------------------------------------------------------- */

static int compare_times(const void *left, const void *right) {
    const decimal *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

/* Those of --at, ascending; the caller frees them. */
static int sorted_times(const struct cli *cli, decimal **ret, size_t *ret_n, struct error *err) {
    decimal time;
    *ret_n = 0;
    while (cli_decimals(cli, "at", *ret_n, &time))
        ++*ret_n;
    *ret = malloc((*ret_n + 1) * sizeof **ret);
    if (!*ret)
        return error_memory(err);
    for (size_t i = 0; i < *ret_n; i++)
        cli_decimals(cli, "at", i, &(*ret)[i]);
    qsort(*ret, *ret_n, sizeof **ret, compare_times);
    return 0;
}

static void write_unknown(struct writer *writer) {
    for (int cell = 0; cell < 4; cell++)
        writer_missing(writer);
}

static void write_time(struct cli *cli, struct writer *writer, const struct exit_tables *exits,
                       struct text group, const struct incidence *curve, decimal time, bool known) {
    for (size_t k = 0; k < exits->destinations; k++) {
        writer_text(writer, group);
        writer_decimal(writer, time, 0);
        writer_text(writer, exits->names[k]);
        if (known)
            write_estimate(cli, writer, curve->incidence[k], curve->variance[k]);
        else
            write_unknown(writer);
    }
}

/* Beyond the last time the curves are known only if everyone has left by then. */
static int write_times(struct cli *cli, struct writer *writer, const struct exit_tables *exits,
                       struct text group, struct incidence *curve, struct error *err) {
    decimal *times;
    size_t n;
    int status = sorted_times(cli, &times, &n, err);
    for (size_t i = 0; i < n && !status; i++) {
        while (incidence_coming(curve) <= times[i])
            incidence_next(curve);
        bool beyond = incidence_coming(curve) == INT64_MAX && curve->time < times[i];
        write_time(cli, writer, exits, group, curve, times[i], !beyond || curve->staying <= 0);
    }
    warn_of_fall(cli, group, curve);
    free(times);
    return status;
}

/* ---- Time in each state ---------------------------------------------------------------------- */

/* The interval is mean +- z errors, cut at 0 and the horizon. */
static void write_mean(struct cli *cli, struct writer *writer, double mean, double variance,
                       double horizon) {
    double lower, upper, std_error = sqrt(variance < 0 ? 0 : variance); /* or missing */
    if (isnan(mean)) /* nobody was ever at risk */
        std_error = NAN;
    incidence_bounds(mean / horizon, std_error / horizon, cli_number(cli, "confidence"),
                     INCIDENCE_PLAIN, &lower, &upper);
    writer_number(writer, mean);
    writer_number(writer, std_error);
    writer_number(writer, lower * horizon);
    writer_number(writer, upper * horizon);
}

static decimal horizon_of(const struct cli *cli, const struct exit_tables *exits) {
    return cli_given(cli, "horizon") ? cli_decimal(cli, "horizon") : exit_tables_last_time(exits);
}

static int64_t events_until(const struct exit_table *table, size_t destination, decimal horizon) {
    int64_t events = 0;
    for (size_t i = 0; i < table->n && table->counts[i].time <= horizon; i++)
        if (table->counts[i].kind == EXITS_EVENT + destination)
            events += table->counts[i].count;
    return events;
}

static int write_means(struct cli *cli, struct writer *writer, const struct exit_tables *exits,
                       struct text group, struct incidence *curve, struct error *err) {
    (void)err;
    const decimal horizon = horizon_of(cli, exits);
    const bool anybody = curve->table->subjects > 0;
    while (incidence_coming(curve) <= horizon)
        incidence_next(curve);
    incidence_wait(curve, horizon);
    writer_text(writer, group);
    writer_string(writer, STILL_THERE);
    writer_integer(writer, curve->table->subjects);
    writer_missing(writer);
    write_mean(cli, writer, anybody ? curve->stay : NAN, curve->stay_variance,
               decimal_to_double(horizon));
    for (size_t k = 0; k < exits->destinations; k++) {
        writer_text(writer, group);
        writer_text(writer, exits->names[k]);
        writer_integer(writer, curve->table->subjects);
        writer_integer(writer, events_until(curve->table, k, horizon));
        write_mean(cli, writer, anybody ? curve->spent[k] : NAN, curve->spent_variance[k],
                   decimal_to_double(horizon));
    }
    warn_of_fall(cli, group, curve);
    return 0;
}

/* ---- All groups ------------------------------------------------------------------------------ */

static int open_curves(struct cli *cli, struct writer **ret, struct error *err) {
    static const char *const steps[] = {"group",     "time",   "destination",
                                        "at_risk",   "events", "incidence",
                                        "std_error", "lower",  "upper"};
    static const char *const times[] = {"group",     "time",  "destination", "incidence",
                                        "std_error", "lower", "upper"};
    static const char *const means[] = {"group",     "state",     "subjects", "events",
                                        "mean_time", "std_error", "lower",    "upper"};
    if (cli_flag(cli, "summary"))
        return cli_writer(cli, means, sizeof means / sizeof *means, ret, err);
    if (cli_given(cli, "at"))
        return cli_writer(cli, times, sizeof times / sizeof *times, ret, err);
    return cli_writer(cli, steps, sizeof steps / sizeof *steps, ret, err);
}

static void say_how(struct cli *cli, const struct exit_tables *exits) {
    char text[DECIMAL_TEXT];
    cli_note(cli, "standard errors are of the kind '%s', intervals of the kind '%s'",
             error_name(cli), cli_flag(cli, "summary") ? "plain" : cli_text(cli, "interval"));
    if (!cli_flag(cli, "summary"))
        return;
    decimal_format(horizon_of(cli, exits), 0, text);
    cli_note(cli, "expected times go to %s; curves that end earlier stay where they are", text);
}

static int begin_curve(struct cli *cli, const struct exit_tables *exits, const struct tally *tally,
                       size_t group, struct incidence *ret, struct error *err) {
    const struct exit_table *table = &exits->tables[group];
    int status = incidence_begin(ret, table, exits->destinations, error_of(cli), err);
    if (status || !keeps_spells(cli))
        return status;
    const size_t *starts = tally->starts + table->code;
    if (cli_given(cli, "cluster") && starts[1] > starts[0] &&
        tally->records[starts[0]].cluster == tally->records[starts[1] - 1].cluster)
        warn_of_one_cluster(cli, table->group, "spells");
    return incidence_jackknife(ret, tally->records + starts[0], starts[1] - starts[0],
                               cli_given(cli, "cluster"), cli_flag(cli, "summary"), err);
}

/* --summary has a row of this name. */
static int check_names(const struct cli *cli, const struct exit_tables *exits, struct error *err) {
    for (size_t k = 0; k < exits->destinations && cli_flag(cli, "summary"); k++)
        if (text_is(exits->names[k], STILL_THERE))
            return error_set(err, ERROR_DATA,
                             "found a destination called '" STILL_THERE "', which is the name of a "
                             "state; --stayed says which word means still there");
    return 0;
}

static int write_curves(struct cli *cli, const struct exit_tables *exits, const struct tally *tally,
                        struct error *err) {
    write_group *write = cli_flag(cli, "summary") ? write_means
                         : cli_given(cli, "at")   ? write_times
                                                  : write_curve;
    struct writer *writer;
    if (check_names(cli, exits, err))
        return err->code;
    int status = open_curves(cli, &writer, err);
    say_how(cli, exits);
    for (size_t g = 0; g < exits->n && !status; g++) {
        struct incidence curve;
        status = begin_curve(cli, exits, tally, g, &curve, err);
        if (!status)
            status = write(cli, writer, exits, exits->tables[g].group, &curve, err);
        incidence_end(&curve);
    }
    return status;
}

/* ---- Tests ----------------------------------------------------------------------------------- */

static int test_destination(const struct cli *cli, const struct exit_strata *strata, size_t k,
                            struct gray_result *ret, struct error *err) {
    struct gray test = {.destination = k, .rho = cli_number(cli, "rho")};
    int status = 0;
    for (size_t s = 0; s < strata->n && !status; s++)
        status = gray_add(&test, strata->tables + s * strata->groups, strata->groups, err);
    if (!status)
        status = gray_solve(&test, ret, err);
    gray_free(&test);
    return status;
}

static int write_tests(struct cli *cli, const struct exit_tables *exits,
                       const struct exit_strata *strata, struct error *err) {
    static const char *const names[] = {"test", "destination", "chi_square", "df", "p_value"};
    struct writer *writer;
    int status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    for (size_t k = 0; k < exits->destinations && !status; k++) {
        struct gray_result result;
        const struct text name = exits->names[k];
        status = test_destination(cli, strata, k, &result, err);
        if (status)
            break;
        if (result.df + 1 < strata->groups)
            cli_warn(cli, "destination '%.*s': %zu of %zu groups cannot be compared",
                     (int)name.length, name.bytes, strata->groups - result.df - (result.df > 0),
                     strata->groups);
        writer_string(writer, cli_given(cli, "strata") ? "stratified gray" : "gray");
        writer_text(writer, name);
        writer_number(writer, result.chi_square);
        writer_integer(writer, (int64_t)result.df);
        writer_number(writer, result.p_value);
    }
    return status;
}

static int compare_groups(struct cli *cli, const struct exit_tables *exits, struct error *err) {
    const char *const *columns;
    struct exit_strata strata;
    int status = exit_strata_split(exits, cli_many(cli, "group", &columns), &strata, err);
    if (status)
        return status;
    if (strata.groups < 2)
        status =
            error_set(err, ERROR_DATA, "%zu group%s in the input, expected at least two to compare",
                      strata.groups, strata.groups == 1 ? "" : "s");
    else
        status = write_tests(cli, exits, &strata, err);
    exit_strata_free(&strata);
    return status;
}

/* ---- States over time ------------------------------------------------------------------------ */

static int read_histories(struct cli *cli, struct histories *ret, struct error *err) {
    struct spells_options from = {0};
    from.n_groups = cli_many(cli, "group", &from.groups);
    int32_t as_of = 0;
    if (cli_given(cli, "as-of")) {
        as_of = cli_date(cli, "as-of");
        from.as_of = &as_of;
    }
    struct table *table;
    int status = cli_open(cli, &table, err);
    if (!status)
        status = histories_read(ret, table, &from, cli_text(cli, "cluster"), err);
    if (!status)
        say_what_was_assumed(cli, &ret->report);
    return status;
}

static void write_states(struct cli *cli, struct writer *writer,
                         const struct occupancy_paths *paths, struct text group,
                         const struct occupancy *curve) {
    for (size_t s = 0; s < paths->states; s++) {
        writer_text(writer, group);
        writer_integer(writer, curve->day);
        writer_text(writer, occupancy_state(paths, s));
        writer_integer(writer, curve->at_risk[s]);
        write_estimate(cli, writer, curve->share[s], curve->variance[s]);
    }
}

/* One group, from its day 0. */
typedef int write_occupied(struct cli *cli, struct writer *writer,
                           const struct occupancy_paths *paths, struct text group,
                           struct occupancy *curve, struct error *err);

static int write_occupancy_curve(struct cli *cli, struct writer *writer,
                                 const struct occupancy_paths *paths, struct text group,
                                 struct occupancy *curve, struct error *err) {
    bool more = true;
    int status = 0;
    while (more && !status && !writer_failed(writer)) {
        write_states(cli, writer, paths, group, curve);
        status = occupancy_next(curve, &more, err);
    }
    return status;
}

static int reach(struct occupancy *curve, int64_t day, struct error *err) {
    bool more = true;
    int status = 0;
    while (more && !status && occupancy_coming(curve) <= day)
        status = occupancy_next(curve, &more, err);
    return status;
}

static int write_occupancy_times(struct cli *cli, struct writer *writer,
                                 const struct occupancy_paths *paths, struct text group,
                                 struct occupancy *curve, struct error *err) {
    decimal *times;
    size_t n;
    int status = sorted_times(cli, &times, &n, err);
    int32_t last = occupancy_last_seen(curve);
    for (size_t i = 0; i < n && !status; i++) {
        status = reach(curve, times[i] / DECIMAL_ONE, err);
        for (size_t s = 0; s < paths->states && !status; s++) {
            writer_text(writer, group);
            writer_decimal(writer, times[i], 0);
            writer_text(writer, occupancy_state(paths, s));
            if (times[i] <= (decimal)last * DECIMAL_ONE)
                write_estimate(cli, writer, curve->share[s], curve->variance[s]);
            else
                write_unknown(writer);
        }
    }
    free(times);
    return status;
}

static int write_occupancy_means(struct cli *cli, struct writer *writer,
                                 const struct occupancy_paths *paths, struct text group,
                                 struct occupancy *curve, struct error *err) {
    const int32_t horizon = cli_given(cli, "horizon")
                                ? (int32_t)(cli_decimal(cli, "horizon") / DECIMAL_ONE)
                                : paths->horizon;
    int64_t users = 0;
    for (size_t s = 0; s < paths->states; s++)
        users += curve->at_risk[s];
    int status = reach(curve, horizon, err);
    if (status)
        return status;
    occupancy_wait(curve, horizon);
    for (size_t s = 0; s < paths->states; s++) {
        writer_text(writer, group);
        writer_text(writer, occupancy_state(paths, s));
        writer_integer(writer, users);
        write_mean(cli, writer, curve->time[s], curve->time_variance[s], (double)horizon);
    }
    return 0;
}

static int open_occupancy(struct cli *cli, struct writer **ret, struct error *err) {
    const char *const time = cli_flag(cli, "by-share") ? "age" : "time";
    const char *const steps[] = {"group", time,        "state", "at_risk",
                                 "share", "std_error", "lower", "upper"};
    const char *const times[] = {"group", time, "state", "share", "std_error", "lower", "upper"};
    static const char *const means[] = {"group",     "state", "users", "mean_time",
                                        "std_error", "lower", "upper"};
    if (cli_flag(cli, "summary"))
        return cli_writer(cli, means, sizeof means / sizeof *means, ret, err);
    if (cli_given(cli, "at"))
        return cli_writer(cli, times, sizeof times / sizeof *times, ret, err);
    return cli_writer(cli, steps, sizeof steps / sizeof *steps, ret, err);
}

static int write_group_occupancy(struct cli *cli, struct writer *writer,
                                 const struct occupancy_paths *paths, size_t group,
                                 struct text name, struct error *err) {
    const bool summary = cli_flag(cli, "summary");
    write_occupied *write = summary                ? write_occupancy_means
                            : cli_given(cli, "at") ? write_occupancy_times
                                                   : write_occupancy_curve;
    const enum occupancy_error error =
        cli_choice(cli, "error", "greenwood") ? OCCUPANCY_GREENWOOD : OCCUPANCY_JACKKNIFE;
    struct occupancy curve;
    int status = occupancy_begin(&curve, paths, group, error, summary, err);
    if (!status && cli_given(cli, "cluster") && isnan(curve.variance[0]))
        warn_of_one_cluster(cli, name, "users");
    if (!status)
        status = write(cli, writer, paths, name, &curve, err);
    occupancy_end(&curve);
    return status;
}

/* Groups are named by histories or, by share of time, by the presence. */
static int write_occupancy(struct cli *cli, const struct occupancy_paths *paths,
                           const struct histories *histories, const struct presence *presence,
                           struct error *err) {
    struct arena names = {0};
    struct writer *writer;
    int status = open_occupancy(cli, &writer, err);
    if (!status && paths->unwatched > 0)
        cli_warn(cli, "%zu user%s left out: first seen %s", paths->unwatched,
                 paths->unwatched == 1 ? " is" : "s are",
                 histories ? "on the day of the last look" : "in the last period");
    cli_note(cli, "standard errors are of the kind '%s', intervals of the kind '%s'",
             error_name(cli), cli_flag(cli, "summary") ? "plain" : cli_text(cli, "interval"));
    for (uint32_t g = 0; g < paths->groups && !status; g++) {
        struct text name = text_of("(all)");
        if (paths->subjects[g] == 0) /* a group that is no user's first */
            continue;
        if (histories || cli_given(cli, "group"))
            status = tally_group_name(
                &names, histories ? histories_group(histories, g) : presence_group(presence, g),
                &name, err);
        if (!status)
            status = write_group_occupancy(cli, writer, paths, g, name, err);
    }
    arena_free(&names);
    return status;
}

/* ---- By share of time ------------------------------------------------------------------------ */

static int read_minutes(struct cli *cli, struct presence **ret, struct error *err) {
    struct table *table;
    const int32_t as_of = cli_given(cli, "as-of") ? cli_date(cli, "as-of") : 0;
    enum period_kind kind = PERIOD_YEAR;
    while (cli_given(cli, "period") && !cli_choice(cli, "period", period_kind_name(kind)))
        kind++;
    struct presence_options from = {.platform = "platform",
                                    .period = cli_given(cli, "period") ? &kind : NULL,
                                    .amount = "minutes",
                                    .positive = true,
                                    .complete = true,
                                    .as_of = cli_given(cli, "as-of") ? &as_of : NULL,
                                    .threads = cli_threads(cli)};
    from.n_groups = cli_many(cli, "group", &from.groups);
    if (cli_open(cli, &table, err))
        return err->code;
    if (!table_has(table, "date")) {
        if (!table_has(table, "period"))
            return error_set(err, ERROR_DATA,
                             "found no column 'date' or 'period', expected a log "
                             "(user,platform,date,minutes) or a panel "
                             "(user,platform,period,minutes): --by-share asks how much time users "
                             "spent where in each period");
        from.shape = PRESENCE_PANEL;
    }
    return presence_read(ret, table, &from, err);
}

static void say_what_was_decided(struct cli *cli, const struct presence *presence,
                                 const struct occupancy_paths *paths) {
    const struct time_share_counts *time = &paths->time;
    const struct presence_report *report = presence_report(presence);
    if (!report->any)
        return;
    cli_note(cli, "ages are periods of kind %s since each user's first",
             period_kind_name(report->kind));
    if (paths->others > 0)
        cli_note(cli, "%zu platform%s put together as " PRESENCE_OTHER, paths->others,
                 paths->others == 1 ? "" : "s");
    if (presence_unfinished(presence)) {
        char name[CALENDAR_TEXT], last[CALENDAR_TEXT];
        period_format(presence_period(presence, presence_steps(presence) - 1), name);
        calendar_format_date(report->as_of, last);
        cli_warn(cli,
                 "%s is seen up to %s only, and counts as a whole period; give --as-of with the "
                 "last day of one",
                 name, last);
    }
    if (time->tied > 0)
        cli_warn(cli,
                 "%lld time%s a user spent as much on several platforms: taken for mostly on "
                 "the first of them by name",
                 (long long)time->tied, time->tied == 1 ? "" : "s");
    if (time->idle > 0)
        cli_warn(cli, "%lld time%s a user has rows in a period but no minutes: taken for not there",
                 (long long)time->idle, time->idle == 1 ? "" : "s");
}

static int run_shares(struct cli *cli, struct error *err) {
    struct presence *presence = NULL;
    struct occupancy_paths paths = {0};
    int status = read_minutes(cli, &presence, err);
    if (!status)
        status = occupancy_paths_of_shares(&paths, presence, cli_decimal(cli, "sole"),
                                           (size_t)cli_integer(cli, "top"), err);
    if (!status) {
        say_what_was_decided(cli, presence, &paths);
        status = write_occupancy(cli, &paths, NULL, presence, err);
    }
    occupancy_paths_free(&paths);
    presence_destroy(presence);
    return status;
}

/* ---- Returns --------------------------------------------------------------------------------- */

static void start_return(struct writer *writer, struct text group, struct text event,
                         decimal time) {
    writer_text(writer, group);
    writer_text(writer, event);
    writer_decimal(writer, time, 0);
}

static int write_return_times(struct cli *cli, struct writer *writer, struct text group,
                              struct text event, struct incidence *curve, struct error *err) {
    decimal *times;
    size_t n;
    int status = sorted_times(cli, &times, &n, err);
    for (size_t i = 0; i < n && !status; i++) {
        while (incidence_coming(curve) <= times[i])
            incidence_next(curve);
        bool beyond = incidence_coming(curve) == INT64_MAX && curve->time < times[i];
        start_return(writer, group, event, times[i]);
        if (!beyond || curve->staying <= 0)
            write_estimate(cli, writer, curve->incidence[0], curve->variance[0]);
        else
            write_unknown(writer);
    }
    free(times);
    return status;
}

static void write_return_steps(struct cli *cli, struct writer *writer, struct text group,
                               struct text event, struct incidence *curve) {
    while (!writer_failed(writer) && incidence_next(curve)) {
        start_return(writer, group, event, curve->time);
        writer_integer(writer, curve->at_risk);
        writer_integer(writer, curve->events);
        writer_integer(writer, curve->censored);
        write_estimate(cli, writer, curve->incidence[0], curve->variance[0]);
    }
}

static int write_return(struct cli *cli, struct writer *writer, const struct exit_tables *exits,
                        size_t group, struct error *err) {
    const struct exit_table *table = &exits->tables[group];
    struct incidence curve;
    int status = incidence_begin(&curve, table, 1, INCIDENCE_GREENWOOD, err);
    if (!status && cli_given(cli, "at"))
        status = write_return_times(cli, writer, table->group, exits->names[0], &curve, err);
    else if (!status)
        write_return_steps(cli, writer, table->group, exits->names[0], &curve);
    incidence_end(&curve);
    return status;
}

static int write_returns(struct cli *cli, const struct histories *histories, struct error *err) {
    static const char *const steps[] = {"group",    "event", "time",      "at_risk", "events",
                                        "censored", "share", "std_error", "lower",   "upper"};
    static const char *const times[] = {"group",     "event", "time", "share",
                                        "std_error", "lower", "upper"};
    struct returns returns;
    struct writer *writer;
    int status = returns_build(&returns, histories, err);
    if (!status)
        status = cli_given(cli, "at")
                     ? cli_writer(cli, times, sizeof times / sizeof *times, &writer, err)
                     : cli_writer(cli, steps, sizeof steps / sizeof *steps, &writer, err);
    for (size_t g = 0; g < returns.back.n && !status; g++) {
        status = write_return(cli, writer, &returns.back, g, err);
        if (!status)
            status = write_return(cli, writer, &returns.again, g, err);
    }
    returns_free(&returns);
    return status;
}

/* ---- The tool -------------------------------------------------------------------------------- */

static int run_histories(struct cli *cli, struct error *err) {
    struct histories histories = {0};
    struct occupancy_paths paths = {0};
    int status = read_histories(cli, &histories, err);
    if (!status && cli_flag(cli, "returns"))
        status = write_returns(cli, &histories, err);
    else if (!status)
        status = occupancy_paths_build(&paths, &histories, err);
    if (!status && cli_flag(cli, "occupancy"))
        status = write_occupancy(cli, &paths, &histories, NULL, err);
    occupancy_paths_free(&paths);
    histories_free(&histories);
    return status;
}

static int run_exits(struct cli *cli, struct error *err) {
    struct tally tally = {0};
    struct exit_tables exits = {0};
    int status = read_spells(cli, &tally, err);
    if (!status)
        status = exit_tables_build(&exits, &tally, err);
    if (!status && exits.n > 0 && exits.destinations == 0)
        cli_warn(cli, "nobody left: there is no destination to tell of");
    if (!status)
        status = cli_given(cli, "test") ? compare_groups(cli, &exits, err)
                                        : write_curves(cli, &exits, &tally, err);
    exit_tables_free(&exits);
    tally_free(&tally);
    return status;
}

/* Only curves have one. */
static int check_chart(const struct cli *cli, struct error *err) {
    static const char *const none[] = {"at", "summary", "test"};
    for (size_t i = 0; i < sizeof none / sizeof *none && cli_given(cli, "chart"); i++)
        if (cli_given(cli, none[i]))
            return cli_usage(err,
                             "--chart draws curves, of destinations, --occupancy or --returns, and "
                             "--%s gives none; leave one of them out",
                             none[i]);
    return 0;
}

static int check_options(const struct cli *cli, struct error *err) {
    const bool occupancy = cli_flag(cli, "occupancy");
    if (cli_given(cli, "time") && !cli_given(cli, "status") && !cli_given(cli, "destination") &&
        !cli_given(cli, "stayed"))
        return cli_usage(err, "--time needs --status COL, --stayed VALUE or --destination COL as "
                              "well, to say who has left");
    if (occupancy && cli_choice(cli, "error", "aalen"))
        return cli_usage(err, "--error aalen is for destinations; --occupancy takes greenwood or "
                              "infinitesimal-jackknife");
    if (cli_given(cli, "cluster") && cli_given(cli, "error") &&
        !cli_choice(cli, "error", "infinitesimal-jackknife"))
        return cli_usage(err,
                         "--error %s takes spells for independent; --cluster takes "
                         "infinitesimal-jackknife",
                         cli_text(cli, "error"));
    if (occupancy && cli_given(cli, "horizon") && cli_decimal(cli, "horizon") % DECIMAL_ONE != 0)
        return cli_usage(err, "--horizon of --occupancy takes whole %s, found '%s'",
                         cli_flag(cli, "by-share") ? "periods" : "days", cli_text(cli, "horizon"));
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    if (check_options(cli, err) || check_chart(cli, err))
        return err->code;
    if (cli_flag(cli, "by-share"))
        return run_shares(cli, err);
    return cli_flag(cli, "occupancy") || cli_flag(cli, "returns") ? run_histories(cli, err)
                                                                  : run_exits(cli, err);
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "churn-destinations",
        .summary = "where users go when they leave: cumulative incidence by destination",
        .description =
            "Estimates the share of users who have left for each destination by each time since "
            "their start (Aalen-Johansen), with standard errors and confidence intervals, from "
            "spells of which some have not ended yet. Leaving for one destination ends the chance "
            "of the others, so the shares and the share still there add up to 1.\n\n"
            "Spells come as dates (start, and end or empty: still there) or, with --time, as "
            "durations. At a tie leaving comes before censoring; who enters late is at risk after "
            "the entry, not at it. Times are exact.\n\n"
            "--at gives the curves at certain times, --summary the expected time in each state, "
            "--test compares the groups; --cluster gives errors for users with several spells.\n\n"
            "--occupancy follows users through all their spells: the share on each set of "
            "platforms, or gone, at each day since their first start; with --by-share the share "
            "who spend their time on TikTok, mostly on TikTok and so on, at each period since "
            "their first. --returns gives the share "
            "who have come back to a platform by the days since they left it, and of those the "
            "share who have left again.",
        .input = "start, end: dates, an empty end meaning still there; destination: where the user "
                 "went, empty for nowhere known. Or the columns that --time, --status and "
                 "--destination name. Any column may be a group. With --by-share user, platform, "
                 "minutes, and date or period.",
        .output =
            "group, time, destination, at_risk, events, incidence, std_error, lower, upper: a "
            "row for each destination and each time at which anyone left or was last seen; "
            "events are those who left for it then. --at: without at_risk and events.\n\n"
            "--summary: group, state, subjects, events (up to the horizon), mean_time, "
            "std_error, lower, upper.\n\n"
            "--test: test, destination, chi_square, df, p_value.\n\n"
            "--occupancy: group, time, state, at_risk, share, std_error, lower, upper; "
            "--summary: group, state, users, mean_time, std_error, lower, upper. --by-share: the "
            "column age, in periods, in place of time.\n\n"
            "--returns: group, event, time, at_risk, events, censored, share, std_error, "
            "lower, upper.",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
