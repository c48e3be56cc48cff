/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retention by cohort: of those who began together, how many are still there. */
#include "cli/cli.h"
#include "stats/proportion.h"
#include "users/cohorts.h"
#include "users/presence.h"
#include <inttypes.h>
#include <stdio.h>

static const struct cli_option options[] = {
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "year|quarter|month|week|day",
     .help = "cohorts begin, and age, by periods of this kind; default: months, or those of the "
             "column period"},
    {.name = "retention",
     .type = CLI_CHOICE,
     .argument = "RULE",
     .range = "bounded|unbounded|rolling",
     .fallback = "bounded",
     .help = "who counts as active at age N. bounded: active in the Nth period after the first; "
             "unbounded: in that or any later one; rolling: in the Nth stretch of 1, 7, 30, 91 or "
             "365 days from the user's own first day on"},
    {.name = "ages",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[0,1000000]",
     .help = "the last age to show; default: all that could be observed"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the day of the last look: what happened later is not used, and what was not over by "
             "then is not shown; default: the last date in the file"},
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "cohorts for each value of this column, such as platform: a user begins once in each"},
    {.name = "revenue",
     .type = CLI_FLAG,
     .conflicts = "lifecycle returns",
     .help = "net and gross retention of the column revenue as well"},
    {.name = "returns",
     .type = CLI_FLAG,
     .conflicts = "lifecycle",
     .help = "who was absent for a gap, and of those, who came back"},
    {.name = "gap",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[1,1000000]",
     .fallback = "1",
     .needs = "returns",
     .help = "with --returns: absent for so many periods in a row at least"},
    {.name = "lifecycle",
     .type = CLI_FLAG,
     .conflicts = "ages retention",
     .help = "new, returning, resurrecting and dormant users by period, in place of cohorts"},
    {0}};

static const struct cli_example examples[] = {
    {"churn-cohorts datasets/tiny/activity.csv", "monthly cohorts, and who is still active"},
    {"churn-cohorts --retention unbounded --ages 1 datasets/tiny/activity.csv",
     "who was back a month later or at any time after"},
    {"churn-cohorts --revenue --group platform datasets/tiny/activity.csv",
     "net and gross revenue retention on each platform"},
    {"churn-cohorts --returns --gap 1 datasets/tiny/activity.csv",
     "of those who stayed away for a month, who came back"},
    {"churn-cohorts --lifecycle datasets/tiny/activity.csv",
     "new, returning, resurrecting and dormant users"},
    {"churn-cohorts --period week --chart cohorts.svg datasets/tiny/activity.csv",
     "the triangle as a heat map"},
    {0}};

/* What every part of the output needs. */
struct report {
    const struct presence *presence;
    const struct cohorts *cohorts;
    struct writer *writer;
    bool by_group;
    double confidence;
};

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

/* ---- Writing -----------------------------------------------------------------------------------
 */

static void write_group(const struct report *report, size_t group) {
    if (report->by_group)
        writer_text(report->writer, presence_platform(report->presence, (uint32_t)group));
}

/* A share and its bounds; missing where it is a share of nobody. At age 0 all are there, by
 * definition: there is nothing to be unsure of. */
static void write_share(const struct report *report, int64_t k, int64_t n, bool certain) {
    const struct proportion_interval interval =
        proportion_wilson((double)k, (double)n, report->confidence);
    writer_number(report->writer, (double)k / (double)n);
    writer_number(report->writer, certain ? 1 : interval.lower);
    writer_number(report->writer, certain ? 1 : interval.upper);
}

static void write_money(const struct report *report, struct cohorts_money money, bool certain) {
    certain = certain && money.retention == 1;
    writer_number(report->writer, money.retention);
    writer_number(report->writer, certain ? 1 : money.lower);
    writer_number(report->writer, certain ? 1 : money.upper);
}

static void write_cell(const struct report *report, size_t age, const struct cohorts_cell *cell,
                       const struct cohorts_base *base) {
    const struct cohorts_options *how = &report->cohorts->options;
    struct writer *writer = report->writer;
    writer_integer(writer, (int64_t)age);
    writer_integer(writer, base->users);
    if (how->gap > 0) {
        writer_integer(writer, cell->lapsed);
        writer_integer(writer, cell->returned);
        write_share(report, cell->returned, cell->lapsed, false);
        return;
    }
    writer_integer(writer, cell->active);
    write_share(report, cell->active, base->users, age == 0);
    if (!how->money)
        return;
    writer_sum(writer, cell->net, 2);
    write_money(report, cohorts_net(cell, base, report->confidence), age == 0);
    write_money(report, cohorts_gross(cell, base, report->confidence), age == 0);
}

static void write_cohort(const struct report *report, size_t group, size_t cohort) {
    const struct cohorts *cohorts = report->cohorts;
    const struct cohorts_base *base = cohorts_base(cohorts, group, cohort);
    for (size_t age = 0; age < cohorts_ages(cohorts, cohort) && base->users > 0; age++) {
        write_group(report, group);
        writer_period(report->writer, cohorts->periods[cohort]);
        write_cell(report, age, cohorts_cell(cohorts, group, cohort, age), base);
    }
}

/* All cohorts that are old enough, age by age. */
static void write_pooled(const struct report *report, size_t group) {
    const struct cohorts *cohorts = report->cohorts;
    for (size_t age = 0; age < cohorts->most_ages; age++) {
        struct cohorts_cell cell = {0};
        struct cohorts_base base = {0};
        for (size_t c = 0; c < cohorts->n_cohorts; c++)
            if (age < cohorts_ages(cohorts, c))
                cohorts_pool(&cell, &base, cohorts_cell(cohorts, group, c, age),
                             cohorts_base(cohorts, group, c));
        if (base.users == 0)
            continue;
        write_group(report, group);
        writer_string(report->writer, "(all)");
        write_cell(report, age, &cell, &base);
    }
}

static void write_cycles(const struct report *report, size_t group) {
    const struct cohorts *cohorts = report->cohorts;
    struct writer *writer = report->writer;
    for (size_t step = 0; step < cohorts->n_cohorts; step++) {
        const struct cohorts_cycle *cycle = &cohorts->cycles[group * cohorts->n_cohorts + step];
        const int64_t counts[] = {cycle->active, cycle->fresh, cycle->returning,
                                  cycle->resurrecting, cycle->dormant};
        write_group(report, group);
        writer_period(writer, cohorts->periods[step]);
        for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
            writer_integer(writer, counts[i]);
        write_share(report, cycle->returning, cycle->returning + cycle->dormant, false);
    }
}

static const char *const retention_names[] = {
    "group",           "cohort",      "age",        "users",         "active",    "retention",
    "lower",           "upper",       "revenue",    "net_retention", "net_lower", "net_upper",
    "gross_retention", "gross_lower", "gross_upper"};
enum { WITHOUT_REVENUE = 8, WITH_REVENUE = sizeof retention_names / sizeof *retention_names };

static const char *const return_names[] = {"group",    "cohort", "age",   "users", "lapsed",
                                           "returned", "share",  "lower", "upper"};
static const char *const cycle_names[] = {"group",     "period",       "active",  "new",
                                          "returning", "resurrecting", "dormant", "retained",
                                          "lower",     "upper"};

static int open_writer(struct cli *cli, struct report *report, struct error *err) {
    const size_t skipped = report->by_group ? 0 : 1;
    const char *const *names = retention_names;
    size_t n = cli_flag(cli, "revenue") ? WITH_REVENUE : WITHOUT_REVENUE;
    if (cli_flag(cli, "returns")) {
        names = return_names;
        n = sizeof return_names / sizeof *return_names;
    } else if (cli_flag(cli, "lifecycle")) {
        names = cycle_names;
        n = sizeof cycle_names / sizeof *cycle_names;
    }
    return cli_writer(cli, names + skipped, n - skipped, &report->writer, err);
}

static void write_all(struct cli *cli, const struct report *report) {
    const bool lifecycle = cli_flag(cli, "lifecycle");
    for (size_t group = 0; group < report->cohorts->n_groups; group++) {
        if (lifecycle) {
            write_cycles(report, group);
            continue;
        }
        for (size_t cohort = 0; cohort < report->cohorts->n_cohorts; cohort++)
            write_cohort(report, group, cohort);
        write_pooled(report, group);
    }
}

/* ---- Reading -----------------------------------------------------------------------------------
 */

static int find_shape(struct cli *cli, const struct table *table, enum presence_shape *ret,
                      struct error *err) {
    *ret = table_has(table, "date")     ? PRESENCE_LOG
           : table_has(table, "period") ? PRESENCE_PANEL
                                        : PRESENCE_SPELLS;
    if (*ret != PRESENCE_LOG && cli_choice(cli, "retention", "rolling"))
        return cli_usage(err, "--retention rolling needs days: a log with a column date");
    if (cli_flag(cli, "returns") && cli_choice(cli, "retention", "unbounded"))
        return cli_usage(err, "--returns looks at absences, of which --retention unbounded has "
                              "none; leave one of them out");
    if (*ret == PRESENCE_SPELLS && cli_flag(cli, "revenue"))
        return cli_usage(err, "--revenue needs a column date or period: when it was paid");
    if (table_has(table, "user") && (*ret != PRESENCE_SPELLS || table_has(table, "start")))
        return 0;
    return error_set(err, ERROR_DATA,
                     "found no column '%s', expected user,date (a log), user,period (a panel) or "
                     "user,start,end (spells); --column NAME=HEADER says what the file calls them",
                     table_has(table, "user") ? "date" : "user");
}

static void say_what_was_seen(struct cli *cli, const struct presence *presence,
                              const struct cohorts *cohorts) {
    const struct presence_report *report = presence_report(presence);
    char first[CALENDAR_TEXT], last[CALENDAR_TEXT], name[CALENDAR_TEXT];
    if (report->late_rows > 0)
        cli_note(cli, "%" PRIu64 " row%s after the last look not used", report->late_rows,
                 plural(report->late_rows));
    if (!report->any)
        return;
    calendar_format_date(report->first, first);
    calendar_format_date(report->as_of, last);
    cli_note(cli,
             "%" PRIu64 " row%s from %s to the last look, %s; users of the first period may have "
             "begun before it",
             report->rows, plural(report->rows), first, last);
    if (cohorts->n_cohorts == presence_steps(presence))
        return;
    period_format(presence_period(presence, presence_steps(presence) - 1), name);
    cli_warn(cli,
             "%s is seen up to %s only and left out, with %zu user%s who begin%s in it; if all of "
             "it was watched, give its last day as --as-of",
             name, last, cohorts->unfinished, plural(cohorts->unfinished),
             cohorts->unfinished == 1 ? "s" : "");
}

static int check_chart(const struct cli *cli, const struct cohorts *cohorts, struct error *err) {
    if (cli_given(cli, "chart") && cohorts->n_groups > 1)
        return error_set(err, ERROR_DATA,
                         "found %zu groups, expected one for --chart, which draws one triangle: "
                         "filter the rows, or leave --chart or --group out",
                         cohorts->n_groups);
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    enum presence_shape shape = PRESENCE_LOG;
    struct table *table;
    if (cli_open(cli, &table, err) || find_shape(cli, table, &shape, err))
        return err->code;
    enum period_kind kind = PERIOD_MONTH;
    for (int k = PERIOD_YEAR; k <= PERIOD_DAY && cli_given(cli, "period"); k++)
        if (cli_choice(cli, "period", period_kind_name((enum period_kind)k)))
            kind = (enum period_kind)k;
    const int32_t as_of = cli_given(cli, "as-of") ? cli_date(cli, "as-of") : 0;
    const bool rolling = cli_choice(cli, "retention", "rolling");
    const struct presence_options reading = {.shape = shape,
                                             .platform = cli_text(cli, "group"),
                                             .period = cli_given(cli, "period") ? &kind : NULL,
                                             .days = rolling,
                                             .amount = cli_flag(cli, "revenue") ? "revenue" : NULL,
                                             .as_of = cli_given(cli, "as-of") ? &as_of : NULL,
                                             .threads = cli_threads(cli)};
    const struct cohorts_options how = {
        .retention = rolling                                     ? COHORTS_ROLLING
                     : cli_choice(cli, "retention", "unbounded") ? COHORTS_UNBOUNDED
                                                                 : COHORTS_BOUNDED,
        .ages = cli_given(cli, "ages") ? (size_t)cli_integer(cli, "ages") + 1 : 0,
        .gap = cli_flag(cli, "returns") ? (size_t)cli_integer(cli, "gap") : 0,
        .money = cli_flag(cli, "revenue")};
    struct presence *presence;
    struct cohorts cohorts = {0};
    struct report report = {.cohorts = &cohorts,
                            .by_group = cli_given(cli, "group"),
                            .confidence = cli_number(cli, "confidence")};
    int status = presence_read(&presence, table, &reading, err);
    if (!status)
        status = cohorts_count(presence, &how, &cohorts, err);
    if (!status)
        status = check_chart(cli, &cohorts, err);
    if (!status) {
        report.presence = presence;
        say_what_was_seen(cli, presence, &cohorts);
        status = open_writer(cli, &report, err);
    }
    if (!status)
        write_all(cli, &report);
    cohorts_free(&cohorts);
    presence_destroy(presence);
    return status;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "churn-cohorts",
        .summary = "retention by cohort: of those who began together, how many are still there",
        .description =
            "Puts users into cohorts by the first period in which they were seen, and counts, age "
            "by age, how many of each cohort are active, with Wilson's interval. Ages that could "
            "not be observed to their end have no row. The rows of the cohort (all) pool the "
            "cohorts that are old enough, every user weighing the same.\n\n"
            "With --lifecycle it counts new, returning, resurrecting and dormant users by period.",
        .input = "user: who\n"
                 "date: of activity (a log); or\n"
                 "period: year, quarter, month, ISO week or date (a panel); or\n"
                 "start, end: of a spell; an empty end is still there\n"
                 "revenue: with --revenue",
        .output =
            "group: with --group\n"
            "cohort: the first period; (all): all cohorts that are old enough\n"
            "age: periods since the first one, from 0\n"
            "users: in the cohort\n"
            "active: of these at this age\n"
            "retention, lower, upper: active of users, and its interval\n"
            "revenue: with --revenue, of the cohort at this age\n"
            "net_retention, net_lower, net_upper: revenue of that at age 0\n"
            "gross_retention, gross_lower, gross_upper: the same without what users paid more\n"
            "lapsed, returned, share, lower, upper: with --returns, users who had been absent for "
            "the gap by this age, those of them who had come back, and their share\n"
            "period, active, new, returning, resurrecting, dormant: with --lifecycle\n"
            "retained, lower, upper: with --lifecycle, of those active in the period before, the "
            "share that returned",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
