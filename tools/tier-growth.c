/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Creators per tier and period, how fast each tier grows, and who came and went. */
#include "cli/cli.h"
#include "creator-panel.h"
#include "creators/flows.h"
#include "creators/growth.h"

static const struct cli_option options[] = {
    CREATOR_TIER_OPTIONS,
    CREATOR_GAP_OPTION,
    CREATOR_PANEL_OPTIONS,
    {.name = "interval",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "flows|poisson",
     .fallback = "flows",
     .help = "bounds of growth: flows, from who stayed, went and came (ratio of paired "
             "proportions), or poisson, from the two totals alone as if they were independent"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "chart",
     .help = "one row a tier, from the first period to the last"},
    {0},
};

static const char *const step_names[] = {
    "tier",        "period",        "creators",     "growth",       "lower",
    "upper",       "annual_growth", "annual_lower", "annual_upper", "entered",
    "promoted_in", "demoted_in",    "promoted_out", "demoted_out",  "left",
};

static const char *const summary_names[] = {
    "tier",  "from",          "to",           "creators_from", "creators_to", "growth", "lower",
    "upper", "annual_growth", "annual_lower", "annual_upper",
};

/* What every part of the output needs. */
struct report {
    const struct panel *panel;
    const struct tiers *tiers;
    const struct standing *standing;
    const struct flows *flows;
    enum growth_interval interval;
    double confidence;
    struct writer *writer;
};

static double years_between(struct period from, struct period to) {
    return (double)(to.index - from.index) / period_per_year(from.kind);
}

static void write_name(const struct report *report, size_t group, size_t tier) {
    creators_write_group(report->standing, report->writer, group);
    writer_string(report->writer, report->tiers->names[tier]);
}

static void write_growth(const struct report *report, const struct tier_change *change,
                         double years) {
    struct growth growth = growth_estimate(change, report->interval, report->confidence);
    struct growth annual = growth_annualise(growth, years);
    const double cells[] = {growth.rate, growth.lower, growth.upper,
                            annual.rate, annual.lower, annual.upper};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        writer_number(report->writer, cells[i]);
}

static void write_missing(struct writer *writer, int cells) {
    while (cells-- > 0)
        writer_missing(writer);
}

static void write_step(const struct report *report, size_t group, size_t tier, size_t period) {
    struct writer *writer = report->writer;
    const struct period *periods = report->panel->periods;
    write_name(report, group, tier);
    writer_period(writer, periods[period]);
    writer_integer(writer, (int64_t)flows_creators(report->flows, group, period, tier));
    if (period == 0) {
        write_missing(writer, 12); /* nothing is known of the time before */
        return;
    }
    struct tier_change change = flows_step(report->flows, group, period, tier);
    write_growth(report, &change, years_between(periods[period - 1], periods[period]));
    const uint64_t cells[] = {change.entered,      change.promoted_in, change.demoted_in,
                              change.promoted_out, change.demoted_out, change.left};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        writer_integer(writer, (int64_t)cells[i]);
}

static void write_summary(const struct report *report, size_t group, size_t tier) {
    struct writer *writer = report->writer;
    size_t last = report->panel->n_periods - 1;
    struct period from = report->panel->periods[0], to = report->panel->periods[last];
    write_name(report, group, tier);
    writer_period(writer, from);
    writer_period(writer, to);
    writer_integer(writer, (int64_t)flows_creators(report->flows, group, 0, tier));
    writer_integer(writer, (int64_t)flows_creators(report->flows, group, last, tier));
    if (last == 0) {
        write_missing(writer, 6);
        return;
    }
    struct tier_change change = flows_span(report->flows, group, tier);
    write_growth(report, &change, years_between(from, to));
}

static void write_rows(const struct report *report, bool summary) {
    size_t periods = report->panel->n_periods;
    for (size_t group = 0; group < report->flows->groups && periods > 0; group++)
        for (size_t tier = 0; tier < report->tiers->count; tier++) {
            if (summary)
                write_summary(report, group, tier);
            for (size_t period = 0; period < periods && !summary; period++)
                write_step(report, group, tier, period);
        }
}

static int open_writer(struct cli *cli, struct report *report, struct error *err) {
    enum { MOST = 24 };
    const char *names[MOST], *group = creators_group_column(cli);
    bool summary = cli_flag(cli, "summary");
    const char *const *from = summary ? summary_names : step_names;
    size_t n = summary ? sizeof summary_names / sizeof *summary_names
                       : sizeof step_names / sizeof *step_names;
    size_t used = 0;
    if (group)
        names[used++] = group;
    for (size_t i = 0; i < n; i++)
        names[used++] = from[i];
    return cli_writer(cli, names, used, &report->writer, err);
}

static int run(struct cli *cli, struct error *err) {
    struct creators creators = {0};
    struct flows flows = {0};
    struct report report = {
        .panel = &creators.panel,
        .tiers = &creators.tiers,
        .standing = &creators.standing,
        .flows = &flows,
        .interval = cli_choice(cli, "interval", "poisson") ? GROWTH_POISSON : GROWTH_FLOWS,
        .confidence = cli_number(cli, "confidence"),
    };
    const struct flows_options counting = {.threads = cli_threads(cli)};
    if (!creators_read(cli, NULL, 0, false, &creators, err) &&
        !flows_count(&creators.standing, &counting, &flows, err) && !open_writer(cli, &report, err))
        write_rows(&report, cli_flag(cli, "summary"));
    flows_free(&flows);
    creators_free(&creators);
    return err->code;
}

int main(int argc, char **argv) {
    static const struct cli_example examples[] = {
        {"tier-growth datasets/tiny/creator-panel.csv", "creators per tier and month"},
        {"tier-growth --summary --by-platform datasets/tiny/creator-panel.csv",
         "growth from the first month to the last, and a year, on each platform"},
        {"tier-growth --tiers small:0,large:100000 datasets/tiny/creator-panel.csv",
         "tiers of your own"},
        {0},
    };
    static const struct cli_tool tool = {
        .name = "tier-growth",
        .summary = "creators per follower tier and period, growth, and the flows behind it",
        .description =
            "Sorts creators into tiers by their followers, counts them in every period, and says "
            "how much each tier grew, per step and a year, with an interval, and through whom: "
            "entered, promoted or demoted into the tier or out of it, left.\n\n"
            "Counted are accounts: a creator on two platforms is two. An account without a row in "
            "a period has left; if it comes back it has entered again.",
        .input = "creator: a name; told apart by its bytes\n"
                 "platform: may be absent: then all rows are those of one platform\n"
                 "period: year, quarter, month, ISO week or date, all of one kind\n"
                 "followers: a whole number",
        .output = "platform: with --by-platform\n"
                  "tier: in ascending order\n"
                  "period: as in the input\n"
                  "creators: accounts in the tier\n"
                  "growth: creators over those of the period before, less 1\n"
                  "lower, upper: bounds of growth\n"
                  "annual_growth, annual_lower, annual_upper: the same, compounded to a year\n"
                  "entered: since the period before, from outside the panel\n"
                  "promoted_in, demoted_in: from a lower tier, from a higher one\n"
                  "promoted_out, demoted_out: to a higher tier, to a lower one\n"
                  "left: to outside the panel\n"
                  "from, to, creators_from, creators_to: with --summary, the first and the last "
                  "period in place of period and creators, and no flows",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
