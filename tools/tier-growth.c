/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Creators per tier and period, how fast each tier grows, and who came and went. */
#include "cli/cli.h"
#include "creators/flows.h"
#include "creators/growth.h"
#include "creators/panel.h"
#include "creators/tiers.h"
#include <math.h>
#include <string.h>

static const struct cli_option options[] = {
    {.name = "tiers",
     .type = CLI_TEXT,
     .argument = "LIST|FILE",
     .fallback = TIERS_DEFAULT,
     .help = "tiers in ascending order, each with the followers it begins at: NAME:FOLLOWERS,..., "
             "or a CSV file with columns tier,from; what has no ':' is a file"},
    {.name = "by-platform",
     .type = CLI_FLAG,
     .help = "a table for each platform, with a first column platform, instead of one for all"},
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
    "platform",   "tier",          "period",       "creators",     "growth",  "lower",
    "upper",      "annual_growth", "annual_lower", "annual_upper", "entered", "promoted_in",
    "demoted_in", "promoted_out",  "demoted_out",  "left",
};

static const char *const summary_names[] = {
    "platform", "tier",  "from",          "to",           "creators_from", "creators_to", "growth",
    "lower",    "upper", "annual_growth", "annual_lower", "annual_upper",
};

/* What every part of the output needs. */
struct report {
    const struct panel *panel;
    const struct tiers *tiers;
    const struct flows *flows;
    bool by_platform;
    enum growth_interval interval;
    double confidence;
    struct writer *writer;
};

static int read_tiers(struct cli *cli, struct tiers *tiers, struct error *err) {
    const char *text = cli_text(cli, "tiers");
    bool is_list = strchr(text, ':') != NULL;
    struct table *table = NULL;
    int status = is_list ? tiers_parse(tiers, text, err) : cli_open_file(cli, text, &table, err);
    if (status)
        error_prefix(err, "option '--tiers': ");
    else if (!is_list)
        status = tiers_read(tiers, table, err);
    return status;
}

/* A platform whose snapshot is missing would otherwise pass for one that everybody left. */
static void warn_of_gaps(struct cli *cli, const struct panel *panel) {
    for (size_t platform = 0; platform < panel->n_platforms; platform++) {
        struct text name = panel->platforms[platform];
        size_t period;
        if (!panel_gap(panel, platform, &period))
            continue;
        char shown[CALENDAR_TEXT];
        period_format(panel->periods[period], shown);
        cli_warn(cli,
                 "platform '%.*s' has rows before and after %s but none in it: all its creators "
                 "count as left and entered again",
                 (int)name.length, name.bytes, shown);
    }
}

static void note_reading(struct cli *cli, const struct panel *panel) {
    size_t longer = 0;
    for (size_t i = 1; i < panel->n_periods; i++)
        longer += panel->periods[i].index - panel->periods[i - 1].index > 1;
    cli_note(cli, "creators: %zu, platforms: %zu, periods: %zu", panel->n_creators,
             panel->n_platforms, panel->n_periods);
    if (panel->n_platforms == 1 && panel->platforms[0].length == 0)
        cli_note(cli, "no column 'platform': all rows are taken as those of one platform");
    if (longer > 0)
        cli_note(cli,
                 "steps longer than a %s: %zu; growth is over the step, annual growth allows "
                 "for its length",
                 period_kind_name(panel->periods[0].kind), longer);
}

static double years_between(struct period from, struct period to) {
    return (double)(to.index - from.index) / period_per_year(from.kind);
}

static void write_name(const struct report *report, size_t group, size_t tier) {
    if (report->by_platform)
        writer_text(report->writer, report->panel->platforms[group]);
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
    bool summary = cli_flag(cli, "summary");
    const char *const *names = summary ? summary_names : step_names;
    size_t n = summary ? sizeof summary_names / sizeof *summary_names
                       : sizeof step_names / sizeof *step_names;
    size_t skipped = report->by_platform ? 0 : 1;
    return cli_writer(cli, names + skipped, n - skipped, &report->writer, err);
}

static int run(struct cli *cli, struct error *err) {
    struct tiers tiers = {0};
    struct panel panel = {0};
    struct standing standing = {0};
    struct flows flows = {0};
    struct table *table;
    struct report report = {
        .panel = &panel,
        .tiers = &tiers,
        .flows = &flows,
        .by_platform = cli_flag(cli, "by-platform"),
        .interval = cli_choice(cli, "interval", "poisson") ? GROWTH_POISSON : GROWTH_FLOWS,
        .confidence = cli_number(cli, "confidence"),
    };
    if (read_tiers(cli, &tiers, err) || cli_open(cli, &table, err))
        goto done;
    const struct panel_options reading = {
        .tiers = &tiers, .platform = report.by_platform, .threads = cli_threads(cli)};
    if (panel_read(table, &reading, &panel, err))
        goto done;
    note_reading(cli, &panel);
    warn_of_gaps(cli, &panel);
    const struct standing_options standing_options = {
        .panel = &panel,
        .tiers = &tiers,
        .split = report.by_platform ? STANDING_PLATFORMS : STANDING_TOGETHER};
    const struct flows_options counting = {.threads = cli_threads(cli)};
    if (standing_open(&standing, &standing_options, err) ||
        flows_count(&standing, &counting, &flows, err) || open_writer(cli, &report, err))
        goto done;
    write_rows(&report, cli_flag(cli, "summary"));
done:
    standing_close(&standing);
    flows_free(&flows);
    panel_free(&panel);
    tiers_free(&tiers);
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
