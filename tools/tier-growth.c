/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Creators per tier and period, how fast each tier grows, and who came and went. */
#include "cli/cli.h"
#include "creator-panel.h"
#include "creators/flows.h"
#include "creators/growth.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct cli_option options[] = {
    CREATOR_TIER_OPTIONS,
    CREATOR_GAP_OPTION,
    CREATOR_PANEL_OPTIONS,
    {.name = "interval",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "flows|poisson|bootstrap",
     .fallback = "flows",
     .help = "bounds of growth: flows, from who stayed, went and came (ratio of paired "
             "proportions), poisson, from the two totals alone as if they were independent, or "
             "bootstrap, over creators with all their accounts"},
    {.name = "replications",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[100,1000000]",
     .fallback = "1000",
     .help = "bootstrap samples"},
    {.name = "sum",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .help =
         "the sum of a column of amounts (income, an advertising budget) in each tier, its share "
         "of all, and how that shifted; may be given up to three times"},
    {.name = "summary",
     .type = CLI_FLAG,
     .help = "one row a tier, from the first period to the last"},
    {.name = "decompose",
     .type = CLI_FLAG,
     .conflicts = "summary sum interval replications",
     .help = "what the change of each tier from the first period to the last is made of: who "
             "entered, rose, fell, moved and left, all steps together"},
    {0},
};

static const char *const step_names[] = {
    "tier",          "period",       "creators",     "growth",   "lower",       "upper",
    "annual_growth", "annual_lower", "annual_upper", "entered",  "promoted_in", "demoted_in",
    "promoted_out",  "demoted_out",  "left",         "moved_in", "moved_out",
};

static const char *const summary_names[] = {
    "tier",  "from",          "to",           "creators_from", "creators_to", "growth", "lower",
    "upper", "annual_growth", "annual_lower", "annual_upper",
};

static const char *const part_names[] = {"tier",     "from",  "to",     "part",
                                         "creators", "share", "running"};

/* What every part of the output needs. */
struct report {
    const struct panel *panel;
    const struct tiers *tiers;
    const struct standing *standing;
    const struct flows *flows;
    enum growth_interval interval;
    double confidence;
    size_t n_amounts, first_amount; /* that are summed, and which of the panel's is the first */
    size_t replications;
    uint32_t seed;
    double *work; /* [replications] */
    struct writer *writer;
};

static double years_between(struct period from, struct period to) {
    return (double)(to.index - from.index) / period_per_year(from.kind);
}

static void write_name(const struct report *report, size_t group, size_t tier) {
    creators_write_group(report->standing, report->writer, group);
    writer_string(report->writer, report->tiers->names[tier]);
}

/* Period 0 is the span from the first period to the last. */
static struct growth estimate(const struct report *report, const struct tier_change *change,
                              size_t group, size_t tier, size_t period) {
    if (report->interval != GROWTH_BOOTSTRAP)
        return growth_estimate(change, report->interval, report->confidence);
    return growth_bootstrap(flows_clusters(report->flows, group, period, tier), report->flows->most,
                            report->panel->n_creators, report->confidence, report->replications,
                            report->seed, (uint32_t)(group * report->tiers->count + tier),
                            (uint32_t)period, report->work);
}

static void write_growth(const struct report *report, struct growth growth, double years) {
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

/* A tier's share of all, and the error of it: linearised, with each unit's amount as its weight.
 * Var s = sum over units of [x (1 in the tier - s)]^2 / X^2. */
struct share {
    double value, error;
};

static double squares_of(const struct flows_amount *amount) {
    return (decimal_sum_to_double(amount->squares_high) * 0x1p64 +
            decimal_sum_to_double(amount->squares_low)) /
           (double)DECIMAL_ONE;
}

static struct share share_of(const struct report *report, size_t amount, size_t group,
                             size_t period, size_t tier) {
    decimal_sum all = 0;
    double squares = 0;
    for (size_t i = 0; i < report->tiers->count; i++) {
        const struct flows_amount *one = flows_amount(report->flows, amount, group, period, i);
        all += one->sum;
        squares += squares_of(one);
    }
    const struct flows_amount *own = flows_amount(report->flows, amount, group, period, tier);
    double total = decimal_sum_to_double(all), s = decimal_sum_to_double(own->sum) / total;
    double within = squares_of(own);
    return (struct share){s, sqrt(within * (1 - s) * (1 - s) + (squares - within) * s * s) / total};
}

/* Of a period, and how the shares have shifted since another one; FIRST: there is none. */
enum { FIRST = -1 };

static void write_amounts(const struct report *report, size_t group, size_t tier, size_t period,
                          int64_t since) {
    for (size_t i = 0; i < report->n_amounts; i++) {
        size_t amount = report->first_amount + i;
        struct share share = share_of(report, amount, group, period, tier);
        double z = gsl_cdf_ugaussian_Qinv((1 - report->confidence) / 2), shift = NAN;
        if (since != FIRST)
            shift = share.value - share_of(report, amount, group, (size_t)since, tier).value;
        const double cells[] = {share.value, fmax(share.value - z * share.error, 0),
                                fmin(share.value + z * share.error, 1)};
        writer_sum(report->writer, flows_amount(report->flows, amount, group, period, tier)->sum,
                   2);
        for (size_t k = 0; k < 3; k++)
            writer_number(report->writer, isnan(share.value) ? NAN : cells[k]);
        writer_number(report->writer, shift);
    }
}

static void write_step(const struct report *report, size_t group, size_t tier, size_t period) {
    struct writer *writer = report->writer;
    const struct period *periods = report->panel->periods;
    write_name(report, group, tier);
    writer_period(writer, periods[period]);
    writer_integer(writer, (int64_t)flows_creators(report->flows, group, period, tier));
    if (period == 0) {
        write_missing(writer, 14); /* nothing is known of the time before */
    } else {
        struct tier_change change = flows_step(report->flows, group, period, tier);
        const uint64_t cells[] = {change.entered,      change.promoted_in, change.demoted_in,
                                  change.promoted_out, change.demoted_out, change.left,
                                  change.moved_in,     change.moved_out};
        write_growth(report, estimate(report, &change, group, tier, period),
                     years_between(periods[period - 1], periods[period]));
        for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
            writer_integer(writer, (int64_t)cells[i]);
    }
    write_amounts(report, group, tier, period, (int64_t)period - 1);
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
    } else {
        struct tier_change change = flows_span(report->flows, group, tier);
        write_growth(report, estimate(report, &change, group, tier, 0), years_between(from, to));
    }
    write_amounts(report, group, tier, last, last == 0 ? FIRST : 0);
}

static void write_steps(const struct report *report, size_t group, size_t tier) {
    for (size_t period = 0; period < report->panel->n_periods; period++)
        write_step(report, group, tier, period);
}

/* ---- What a change is made of ------------------------------------------------------------------
 */

/* From the first period to the last: who did something in several steps counts in each. */
static struct tier_change sum_steps(const struct report *report, size_t group, size_t tier) {
    struct tier_change sum = {
        .from = flows_creators(report->flows, group, 0, tier),
        .to = flows_creators(report->flows, group, report->panel->n_periods - 1, tier)};
    for (size_t period = 1; period < report->panel->n_periods; period++) {
        const struct tier_change step = flows_step(report->flows, group, period, tier);
        sum.entered += step.entered;
        sum.promoted_in += step.promoted_in;
        sum.demoted_in += step.demoted_in;
        sum.promoted_out += step.promoted_out;
        sum.demoted_out += step.demoted_out;
        sum.left += step.left;
        sum.moved_in += step.moved_in;
        sum.moved_out += step.moved_out;
    }
    return sum;
}

/* Those who moved stand apart from those who entered the panel or left it. */
struct part {
    const char *name;
    int64_t creators;
};

enum { PARTS = 10 };

static void list_parts(const struct tier_change *sum, struct part ret[PARTS]) {
    const struct part parts[PARTS] = {{"start", (int64_t)sum->from},
                                      {"entered", (int64_t)(sum->entered - sum->moved_in)},
                                      {"moved_in", (int64_t)sum->moved_in},
                                      {"promoted_in", (int64_t)sum->promoted_in},
                                      {"demoted_in", (int64_t)sum->demoted_in},
                                      {"promoted_out", -(int64_t)sum->promoted_out},
                                      {"demoted_out", -(int64_t)sum->demoted_out},
                                      {"moved_out", -(int64_t)sum->moved_out},
                                      {"left", -(int64_t)(sum->left - sum->moved_out)},
                                      {"end", (int64_t)sum->to}};
    memcpy(ret, parts, sizeof parts);
}

/* With one period nothing is known but the start. */
static void write_parts(const struct report *report, size_t group, size_t tier) {
    struct writer *writer = report->writer;
    const size_t last = report->panel->n_periods - 1;
    const struct tier_change sum = sum_steps(report, group, tier);
    struct part parts[PARTS];
    int64_t running = 0;
    list_parts(&sum, parts);
    for (size_t i = 0; i < PARTS; i++) {
        running = i + 1 < PARTS ? running + parts[i].creators : parts[i].creators;
        write_name(report, group, tier);
        writer_period(writer, report->panel->periods[0]);
        writer_period(writer, report->panel->periods[last]);
        writer_string(writer, parts[i].name);
        if (i > 0 && last == 0) {
            write_missing(writer, 3);
            continue;
        }
        writer_integer(writer, parts[i].creators);
        writer_number(writer, sum.from > 0 ? (double)parts[i].creators / (double)sum.from : NAN);
        writer_integer(writer, running);
    }
}

/* ---- The table ---------------------------------------------------------------------------------
 */

/* Made of the rows of each tier of each group. */
struct result {
    const char *option; /* NULL: if no other was asked for */
    void (*write)(const struct report *, size_t group, size_t tier);
    size_t n;
    const char *const *names;
};

static const struct result results[] = {
    {"summary", write_summary, sizeof summary_names / sizeof *summary_names, summary_names},
    {"decompose", write_parts, sizeof part_names / sizeof *part_names, part_names},
    {NULL, write_steps, sizeof step_names / sizeof *step_names, step_names},
};

static const struct result *choose_result(const struct cli *cli) {
    const struct result *result = results;
    while (result->option && !cli_flag(cli, result->option))
        result++;
    return result;
}

static void write_rows(const struct report *report, const struct result *result) {
    for (size_t group = 0; group < report->flows->groups && report->panel->n_periods > 0; group++)
        for (size_t tier = 0; tier < report->tiers->count; tier++)
            result->write(report, group, tier);
}

/* The name of column number `which` of those of one sum. */
static const char *amount_name(struct arena *arena, const char *column, size_t which) {
    static const char *const ends[] = {"", "_share", "_lower", "_upper", "_shift"};
    char name[256];
    int length = snprintf(name, sizeof name, "%s%s", column, ends[which]);
    return arena_text(arena, name, (size_t)length < sizeof name ? (size_t)length : sizeof name - 1);
}

static int open_writer(struct cli *cli, const struct result *result, struct report *report,
                       const char *const *amounts, struct error *err) {
    enum { MOST = 24 + 5 * PANEL_AMOUNTS };
    const char *names[MOST], *group = creators_group_column(cli);
    size_t used = 0;
    struct arena arena = {0};
    int status = 0;
    if (group)
        names[used++] = group;
    for (size_t i = 0; i < result->n; i++)
        names[used++] = result->names[i];
    for (size_t i = 0; i < report->n_amounts && !status; i++)
        for (size_t which = 0; which < 5 && !status; which++) {
            names[used] = amount_name(&arena, amounts[i], which);
            status = names[used++] ? 0 : error_memory(err);
        }
    if (!status)
        status = cli_writer(cli, names, used, &report->writer, err);
    arena_free(&arena);
    return status;
}

/* Which columns are summed. With tiers by income, that one is the panel's first amount already. */
static int choose_amounts(struct cli *cli, struct report *report, const char *const **ret,
                          struct error *err) {
    bool by_income = cli_choice(cli, "by", "income");
    size_t others = by_income ? PANEL_AMOUNTS - 1 : PANEL_AMOUNTS;
    report->n_amounts = cli_many(cli, "sum", ret);
    for (size_t i = 0; i < report->n_amounts; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp((*ret)[i], (*ret)[k]) == 0)
                return cli_usage(err, "option '--sum': found '%s' twice", (*ret)[i]);
    for (size_t i = 0; i < report->n_amounts && by_income; i++)
        if (strcmp((*ret)[i], "income") == 0 && i > 0)
            return cli_usage(err, "option '--sum': with --by income, expected income first");
    report->first_amount =
        by_income && !(report->n_amounts > 0 && strcmp((*ret)[0], "income") == 0);
    if (report->n_amounts > others + (by_income && report->first_amount == 0))
        return cli_usage(err, "option '--sum': found %zu columns, expected at most %zu",
                         report->n_amounts, others);
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    struct creators creators = {0};
    struct flows flows = {0};
    const char *const *amounts = NULL;
    const struct result *result = choose_result(cli);
    struct report report = {
        .panel = &creators.panel,
        .tiers = &creators.tiers,
        .standing = &creators.standing,
        .flows = &flows,
        .interval = cli_choice(cli, "interval", "poisson")     ? GROWTH_POISSON
                    : cli_choice(cli, "interval", "bootstrap") ? GROWTH_BOOTSTRAP
                                                               : GROWTH_FLOWS,
        .confidence = cli_number(cli, "confidence"),
        .replications = (size_t)cli_integer(cli, "replications"),
        .seed = (uint32_t)cli_integer(cli, "seed"),
    };
    const struct flows_options counting = {.threads = cli_threads(cli),
                                           .clusters = report.interval == GROWTH_BOOTSTRAP};
    report.work = malloc(report.replications * sizeof *report.work);
    int status = report.work ? choose_amounts(cli, &report, &amounts, err) : error_memory(err);
    if (!status && !creators_read(cli, amounts, report.n_amounts, false, &creators, err) &&
        !flows_count(&creators.standing, &counting, &flows, err) &&
        !open_writer(cli, result, &report, amounts, err))
        write_rows(&report, result);
    free(report.work);
    flows_free(&flows);
    creators_free(&creators);
    return err->code;
}

int main(int argc, char **argv) {
    static const struct cli_example examples[] = {
        {"tier-growth datasets/tiny/creator-panel.csv", "creators per tier and month"},
        {"tier-growth --summary --by-platform datasets/tiny/creator-panel.csv",
         "growth from the first month to the last, and a year, on each platform"},
        {"tier-growth --decompose datasets/tiny/creator-panel.csv",
         "who made each tier larger or smaller"},
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
            "entered, promoted or demoted into the tier or out of it, moved to another platform, "
            "left.\n\n"
            "Counted are accounts: a creator on two platforms is two. An account without a row in "
            "a period has left; if it comes back it has entered again.",
        .input = "creator: a name; told apart by its bytes, or see --fold-names\n"
                 "platform: may be absent: then all rows are those of one platform\n"
                 "period: year, quarter, month, ISO week or date, all of one kind\n"
                 "followers: a whole number",
        .output =
            "platform, group: with --by-platform, --group\n"
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
            "moved_in, moved_out: of entered and left, from and to another platform (or, with "
            "--group, another group)\n"
            "from, to, creators_from, creators_to: with --summary, the first and the last "
            "period in place of period and creators, and no flows\n"
            "part, creators, share, running: with --decompose, from start to end: who entered, "
            "moved_in, promoted_in, demoted_in, promoted_out, demoted_out, moved_out, left (less "
            "than 0); as a share of those at the start; and how many there are with it\n"
            "COL, COL_share, COL_lower, COL_upper, COL_shift: with --sum COL",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
