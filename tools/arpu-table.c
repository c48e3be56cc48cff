/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue per user, per payer, per minute and per thousand views, by platform, group and period. */
#include "cli/cli.h"
#include "revenue/arpu.h"
#include "revenue/coverage.h"
#include "revenue/figures.h"
#include <inttypes.h>
#include <math.h>

/* ---- Reading --------------------------------------------------------------------------------- */

static enum period_kind chosen_period(struct cli *cli) {
    enum period_kind kind = PERIOD_YEAR;
    while (!cli_choice(cli, "period", period_kind_name(kind)))
        kind++;
    return kind;
}

static int read_log(struct cli *cli, struct table *table, const char *const *groups,
                    struct accounts **ret, struct figures *figures, struct error *err) {
    const struct accounts_options options = {.period = chosen_period(cli),
                                             .groups = {groups[0], groups[1]},
                                             .threads = cli_threads(cli)};
    char note[COVERAGE_TEXT], warning[COVERAGE_TEXT];
    if (accounts_read(table, &options, ret, err))
        return err->code;
    coverage_describe((*ret)->kind, (*ret)->first_day, (*ret)->last_day, note, warning);
    if (*note)
        cli_note(cli, "%s", note);
    if (*warning)
        cli_warn(cli, "%s", warning);
    cli_note(cli, "rows without revenue, taken as active and nothing paid: %" PRIu64,
             (*ret)->without_revenue);
    const struct figures_options how = {
        .confidence = cli_number(cli, "confidence"),
        .bootstrap = {.replications = (uint32_t)cli_integer(cli, "bootstrap"),
                      .seed = (uint32_t)cli_integer(cli, "seed")},
        .threads = cli_threads(cli),
    };
    return figures_of_log(*ret, &how, figures, err);
}

static int read_panel(struct cli *cli, struct table *table, const char *const *groups,
                      struct figures *figures, struct error *err) {
    if (cli_given(cli, "period"))
        return cli_usage(err, "--period means nothing for a panel, which has its periods, and the "
                              "input is one");
    if (cli_given(cli, "bootstrap"))
        return cli_usage(err, "--bootstrap needs single users, and the input is a panel");
    cli_note(cli, "a panel does not say how users differ: the bounds stay empty");
    return figures_of_panel(table, groups, figures, err);
}

static void tell_of_tails(struct cli *cli, const struct figures *figures) {
    const struct figure *worst = NULL;
    size_t n = 0;
    for (size_t i = 0; i < figures->count; i++)
        if (figures->items[i].tail < 2) {
            n++;
            if (!worst || figures->items[i].tail < worst->tail)
                worst = &figures->items[i];
        }
    if (!worst)
        return;
    char period[CALENDAR_TEXT];
    period_format(worst->period, period);
    cli_warn(cli,
             "in %zu row%s the tail of payers is so long (index below 2, as in %.*s, %s: %.2f) "
             "that means are unstable and their intervals too short",
             n, n == 1 ? "" : "s", (int)worst->place.platform.length, worst->place.platform.bytes,
             period, worst->tail);
}

/* ---- Writing --------------------------------------------------------------------------------- */

enum { MOST_COLUMNS = 40 };

struct page {
    struct cli *cli;
    struct writer *writer;
    const struct figures *figures;
    const char *names[MOST_COLUMNS];
    size_t columns, groups;
    bool bootstrap;
};

/* `names` ends with NULL. */
static void add_names(struct page *page, const char *const *names) {
    while (*names)
        page->names[page->columns++] = *names++;
}

static int open_page(struct page *page, struct error *err) {
    static const char *const first[] = {"platform", NULL};
    static const char *const always[] = {"period",     "users",      "revenue", "arpu",
                                         "arpu_lower", "arpu_upper", NULL};
    static const char *const payers[] = {"payers",      "arppu",       "arppu_lower", "arppu_upper",
                                         "payer_share", "payer_lower", "payer_upper", NULL};
    static const char *const minutes[] = {"minutes", "per_minute", "per_minute_lower",
                                          "per_minute_upper", NULL};
    static const char *const views[] = {"views", "per_thousand_views", "per_thousand_lower",
                                        "per_thousand_upper", NULL};
    static const char *const tails[] = {"top_1_percent", "top_10_percent", "tail_index", NULL};
    static const char *const drawn[] = {"arpu_bootstrap_lower",
                                        "arpu_bootstrap_upper",
                                        "arppu_bootstrap_lower",
                                        "arppu_bootstrap_upper",
                                        "payer_bootstrap_lower",
                                        "payer_bootstrap_upper",
                                        NULL};
    static const char *const drawn_minutes[] = {"per_minute_bootstrap_lower",
                                                "per_minute_bootstrap_upper", NULL};
    static const char *const drawn_views[] = {"per_thousand_bootstrap_lower",
                                              "per_thousand_bootstrap_upper", NULL};
    static const char *const currency[] = {"currency", NULL};
    const struct figures *figures = page->figures;
    const char *const *groups;
    add_names(page, first);
    page->groups = cli_many(page->cli, "group", &groups);
    for (size_t g = 0; g < page->groups; g++)
        page->names[page->columns++] = groups[g];
    add_names(page, always);
    if (figures->has_payers)
        add_names(page, payers);
    if (figures->has[ACCOUNT_MINUTES])
        add_names(page, minutes);
    if (figures->has[ACCOUNT_VIEWS])
        add_names(page, views);
    if (figures->has_payers)
        add_names(page, tails);
    page->bootstrap = cli_given(page->cli, "bootstrap");
    if (page->bootstrap)
        add_names(page, drawn);
    if (page->bootstrap && figures->has[ACCOUNT_MINUTES])
        add_names(page, drawn_minutes);
    if (page->bootstrap && figures->has[ACCOUNT_VIEWS])
        add_names(page, drawn_views);
    if (figures->currency.length > 0)
        add_names(page, currency);
    return cli_writer(page->cli, page->names, page->columns, &page->writer, err);
}

/* Rounded half to even to the millionth, as money is; what is too large for that has no millionths.
 */
static void write_money(struct page *page, double amount) {
    decimal exact = 0;
    if (decimal_from_double(amount, &exact))
        writer_decimal(page->writer, exact, 2);
    else
        writer_number(page->writer, amount);
}

/* The estimate itself is divided exactly. */
static void write_money_ratio(struct page *page, decimal_sum revenue, decimal_sum by,
                              const struct figure_ratio *ratio) {
    decimal_sum scaled, quotient;
    if (!isnan(ratio->value) &&
        !__builtin_mul_overflow(revenue, (decimal_sum)DECIMAL_ONE, &scaled) &&
        arpu_divide(scaled, by, &quotient))
        writer_sum(page->writer, quotient, 2);
    else
        writer_missing(page->writer);
    write_money(page, ratio->interval.lower);
    write_money(page, ratio->interval.upper);
}

static void write_ratio(struct page *page, const struct figure_ratio *ratio) {
    writer_number(page->writer, ratio->value);
    writer_number(page->writer, ratio->interval.lower);
    writer_number(page->writer, ratio->interval.upper);
}

static void write_sum(struct page *page, bool known, decimal_sum sum, int places) {
    if (known)
        writer_sum(page->writer, sum, places);
    else
        writer_missing(page->writer);
}

static void write_drawn(struct page *page, const struct figure *figure) {
    const struct figure_ratio *money[] = {&figure->arpu, &figure->arppu};
    for (int m = 0; m < 2; m++) {
        write_money(page, money[m]->bootstrap.lower);
        write_money(page, money[m]->bootstrap.upper);
    }
    const struct figure_ratio *ratios[] = {&figure->payer_share, &figure->per_minute,
                                           &figure->per_thousand_views};
    const bool has[] = {true, page->figures->has[ACCOUNT_MINUTES],
                        page->figures->has[ACCOUNT_VIEWS]};
    for (int r = 0; r < 3; r++)
        if (has[r]) {
            writer_number(page->writer, ratios[r]->bootstrap.lower);
            writer_number(page->writer, ratios[r]->bootstrap.upper);
        }
}

static void write_figure(struct page *page, const struct figure *figure) {
    const struct figures *figures = page->figures;
    writer_text(page->writer, figure->place.platform);
    for (size_t g = 0; g < page->groups; g++)
        if (figure->place.groups[g].length > 0)
            writer_text(page->writer, figure->place.groups[g]);
        else
            writer_missing(page->writer);
    writer_period(page->writer, figure->period);
    writer_sum(page->writer, figure->users, 0);
    writer_sum(page->writer, figure->of[ACCOUNT_REVENUE], 2);
    write_money_ratio(page, figure->of[ACCOUNT_REVENUE], figure->users, &figure->arpu);
    if (figures->has_payers) {
        write_sum(page, figure->has_payers, figure->payers, 0);
        write_money_ratio(page, figure->of[ACCOUNT_REVENUE], figure->payers, &figure->arppu);
        write_ratio(page, &figure->payer_share);
    }
    if (figures->has[ACCOUNT_MINUTES]) {
        write_sum(page, figure->has[ACCOUNT_MINUTES], figure->of[ACCOUNT_MINUTES], 0);
        write_ratio(page, &figure->per_minute);
    }
    if (figures->has[ACCOUNT_VIEWS]) {
        write_sum(page, figure->has[ACCOUNT_VIEWS], figure->of[ACCOUNT_VIEWS], 0);
        write_ratio(page, &figure->per_thousand_views);
    }
    if (figures->has_payers) {
        writer_number(page->writer, figure->top_1);
        writer_number(page->writer, figure->top_10);
        writer_number(page->writer, figure->tail);
    }
    if (page->bootstrap)
        write_drawn(page, figure);
    if (figures->currency.length > 0)
        writer_text(page->writer, figures->currency);
}

/* ---- The tool -------------------------------------------------------------------------------- */

static int run(struct cli *cli, struct error *err) {
    struct figures figures = {0};
    struct accounts *accounts = NULL;
    struct table *table;
    const char *groups[ACCOUNT_GROUPS + 1] = {NULL};
    const char *const *given;
    const size_t n = cli_many(cli, "group", &given);
    if (n > ACCOUNT_GROUPS)
        return cli_usage(err, "--group is given %zu times, expected at most %d", n, ACCOUNT_GROUPS);
    for (size_t g = 0; g < n; g++)
        groups[g] = given[g];
    if (cli_open(cli, &table, err))
        return err->code;
    const bool log = table_has(table, "user") && table_has(table, "date") &&
                     !(table_has(table, "users") && table_has(table, "period"));
    int code = log ? read_log(cli, table, groups, &accounts, &figures, err)
                   : read_panel(cli, table, groups, &figures, err);
    if (!code) {
        struct page page = {.cli = cli, .figures = &figures};
        tell_of_tails(cli, &figures);
        code = open_page(&page, err);
        for (size_t i = 0; !code && i < figures.count; i++)
            write_figure(&page, &figures.items[i]);
    }
    figures_free(&figures);
    accounts_destroy(accounts);
    return code;
}

static const struct cli_option options[] = {
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "year|quarter|month|week|day",
     .fallback = "month",
     .help = "log: length of a period (weeks are ISO weeks); day gives the ARPDAU"},
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .help = "part each platform by the values of this column, such as a segment or a tier; may "
             "be given twice"},
    {.name = "bootstrap",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[100,100000]",
     .help = "log: beside the other intervals, those from N bootstrap samples of users"},
    {0},
};

static const struct cli_example examples[] = {
    {"arpu-table datasets/tiny/activity.csv", "every figure with its interval, from single users"},
    {"arpu-table --group segment datasets/tiktok-rednote/revenue.csv",
     "from totals: TikTok's 2021, in the two versions that contradict each other"},
    {"arpu-table --period day datasets/tiny/activity.csv", "the ARPDAU"},
    {"arpu-table --bootstrap 1000 --period quarter datasets/tiny/activity.csv",
     "with intervals from a bootstrap of users too"},
    {0},
};

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "arpu-table",
        .summary = "revenue per user, payer, minute and thousand views, with intervals",
        .description =
            "Average revenue per active user (ARPU), per paying user (ARPPU), per minute and per "
            "thousand views, by platform, group and period, from a log of single users (with "
            "intervals) or from a panel of totals (without).\n\n"
            "From a log also how much of the revenue a few payers bring: the shares of the top 1 % "
            "and 10 %, and Hill's tail index. Below 2 a mean is unstable, and a warning says so.",
        .input = "log: user,platform,date,revenue[,minutes][,views][,currency]\n"
                 "panel: platform,period,users,revenue[,payers][,minutes][,views][,currency]",
        .output = "platform, period, users, revenue\n"
                  "arpu, arpu_lower, arpu_upper: revenue / users\n"
                  "payers, arppu, arppu_lower, arppu_upper: revenue / payers\n"
                  "payer_share, payer_lower, payer_upper: payers / users\n"
                  "minutes, per_minute, per_minute_lower, per_minute_upper: if there are minutes\n"
                  "views, per_thousand_views, per_thousand_lower, per_thousand_upper: if there are "
                  "views\n"
                  "top_1_percent, top_10_percent: share of revenue that these payers bring; "
                  "tail_index\n"
                  "--bootstrap: arpu_bootstrap_lower, arpu_bootstrap_upper, "
                  "arppu_bootstrap_lower, arppu_bootstrap_upper, payer_bootstrap_lower, "
                  "payer_bootstrap_upper; per_minute_bootstrap_lower, per_minute_bootstrap_upper; "
                  "per_thousand_bootstrap_lower, per_thousand_bootstrap_upper\n"
                  "--group: its columns follow platform\n"
                  "currency: last, if it is known",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
