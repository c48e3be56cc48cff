/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Of those who left, where to: flows between platforms. */
#include "cli/cli.h"
#include "stats/proportion.h"
#include "users/flows.h"
#include <inttypes.h>
#include <stdio.h>

static const struct cli_option options[] = {
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "all|year|quarter|month|week|day",
     .fallback = "all",
     .help = "count by the period in which they left; all: everything in one"},
    {.name = "top",
     .type = CLI_INTEGER,
     .argument = "K",
     .range = "[1,inf)",
     .help = "tell apart the K destinations with most users, for each platform left and over all "
             "periods; the others are put together as (other)"},
    {.name = "weight",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "how many users a row stands for, a whole number from 1 on"},
    {0}};

static const struct cli_example examples[] = {
    {"churn-flows --column end=date --weight projects --top 6 "
     "datasets/freenode-libera/exits.csv",
     "where the projects went that left Freenode"},
    {"churn-flows --period week datasets/tiny/spells.csv", "by the week in which users left"},
    {"churn-flows --column end=date --weight projects --top 6 --chart flows.svg "
     "datasets/freenode-libera/exits.csv",
     "the same as a picture"},
    {0}};

/* False for "all". */
static bool wanted_period(struct cli *cli, enum period_kind *ret) {
    for (int kind = PERIOD_YEAR; kind <= PERIOD_DAY; kind++)
        if (cli_choice(cli, "period", period_kind_name((enum period_kind)kind))) {
            *ret = (enum period_kind)kind;
            return true;
        }
    return false;
}

/* From the first departure to the last, as ISO 8601 writes an interval. */
enum { SPAN_TEXT = 2 * CALENDAR_TEXT };
static void format_span(const struct user_flows *flows, char text[SPAN_TEXT]) {
    char first[CALENDAR_TEXT], last[CALENDAR_TEXT];
    calendar_format_date(flows->first, first);
    calendar_format_date(flows->last, last);
    snprintf(text, SPAN_TEXT, "%s/%s", first, last);
}

static const char *plural(int64_t n) {
    return n == 1 ? "" : "s";
}

static void say_what_was_read(struct cli *cli, const struct user_flows *flows, const char *span) {
    cli_note(cli, "%" PRId64 " user%s left%s%s; %" PRId64 " still there, in no flow", flows->left,
             plural(flows->left), flows->n > 0 ? ", " : "", span, flows->stayed);
    if (flows->others > 0)
        cli_note(cli, "%zu destination%s put together as " USER_FLOWS_OTHER, flows->others,
                 plural((int64_t)flows->others));
    if (flows->undecided > 0)
        cli_warn(cli, "%" PRId64 " user%s with a destination but no end: taken as still there",
                 flows->undecided, plural(flows->undecided));
}

static int write_flows(struct cli *cli, const struct user_flows *flows, bool by_period,
                       const char *span, struct error *err) {
    static const char *const names[] = {"period", "from", "to", "users", "share", "lower", "upper"};
    double confidence = cli_number(cli, "confidence");
    struct writer *writer;
    int status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    for (size_t i = 0; i < flows->n && !status; i++) {
        const struct user_flow *flow = &flows->items[i];
        double users = (double)flow->users, left = (double)flow->left;
        struct proportion_interval interval = proportion_wilson(users, left, confidence);
        if (by_period)
            writer_period(writer, flow->period);
        else
            writer_string(writer, span);
        writer_text(writer, flow->from);
        writer_text(writer, flow->to);
        writer_integer(writer, flow->users);
        writer_number(writer, users / left);
        writer_number(writer, interval.lower);
        writer_number(writer, interval.upper);
    }
    return status;
}

static int run(struct cli *cli, struct error *err) {
    enum period_kind kind;
    bool by_period = wanted_period(cli, &kind);
    const struct user_flows_options how = {.weight = cli_text(cli, "weight"),
                                           .period = by_period ? &kind : NULL,
                                           .top = (size_t)cli_integer(cli, "top")};
    struct table *table;
    struct user_flows flows = {0};
    char span[SPAN_TEXT] = "";
    int status = cli_open(cli, &table, err);
    if (!status)
        status = user_flows_read(table, &how, &flows, err);
    if (!status) {
        if (flows.n > 0)
            format_span(&flows, span);
        say_what_was_read(cli, &flows, span);
        status = write_flows(cli, &flows, by_period, span, err);
    }
    user_flows_free(&flows);
    return status;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "churn-flows",
        .summary = "of those who left, where to: flows between platforms",
        .description =
            "Counts departures by platform left and destination, and gives each destination's "
            "share of all who left that platform in that period, with Wilson's interval.\n\n"
            "An empty destination is " USER_FLOWS_GONE
            ", left for nowhere known. Who has not left is "
            "in no flow.",
        .input = "platform: where they were\n"
                 "end: the date on which they left; empty if they are still there\n"
                 "destination: where to; empty if it is not known",
        .output = "period: in which they left, or with --period all the first and the last day of "
                  "departure\n"
                  "from: the platform that they left\n"
                  "to: the destination, largest first; " USER_FLOWS_GONE " and " USER_FLOWS_OTHER
                  " last\n"
                  "users: how many\n"
                  "share: users by all who left the platform in the period\n"
                  "lower, upper: its interval",
        .operands = "[FILE...]",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
