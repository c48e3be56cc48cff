/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue churn: what users gave less or more than in the period before, and where they went. */
#include "cli/cli.h"
#include "revenue/accounts.h"
#include "revenue/coverage.h"
#include "revenue/destinations.h"
#include <inttypes.h>

/* ---- Reading --------------------------------------------------------------------------------- */

static enum period_kind chosen_period(struct cli *cli) {
    enum period_kind kind = PERIOD_YEAR;
    while (!cli_choice(cli, "period", period_kind_name(kind)))
        kind++;
    return kind;
}

static int read_accounts(struct cli *cli, struct accounts **ret, struct error *err) {
    struct accounts_options options = {.period = chosen_period(cli), .threads = cli_threads(cli)};
    const char *const *groups;
    const size_t n = cli_many(cli, "group", &groups);
    struct table *table;
    if (n > ACCOUNT_GROUPS)
        return cli_usage(err, "--group is given %zu times, expected at most %d", n, ACCOUNT_GROUPS);
    for (size_t g = 0; g < n; g++)
        options.groups[g] = groups[g];
    if (cli_open(cli, &table, err) || accounts_read(table, &options, ret, err))
        return err->code;
    char note[COVERAGE_TEXT], warning[COVERAGE_TEXT];
    coverage_describe((*ret)->kind, (*ret)->first_day, (*ret)->last_day, note, warning);
    if (*note)
        cli_note(cli, "%s", note);
    if (*warning)
        cli_warn(cli, "%s", warning);
    cli_note(cli, "rows without revenue, taken as active and nothing paid: %" PRIu64,
             (*ret)->without_revenue);
    return 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

enum { MOST_COLUMNS = 40 };

struct page {
    struct cli *cli;
    struct writer *writer;
    const struct accounts *accounts;
    const char *names[MOST_COLUMNS];
    size_t columns, groups;
};

/* `names` ends with NULL. */
static void add_names(struct page *page, const char *const *names) {
    while (*names)
        page->names[page->columns++] = *names++;
}

static int open_page(struct page *page, const char *const *names, const char *const *more,
                     struct error *err) {
    static const char *const first[] = {"platform", NULL}, *const period[] = {"period", NULL},
                             *const currency[] = {"currency", NULL};
    const char *const *groups;
    add_names(page, first);
    page->groups = cli_many(page->cli, "group", &groups);
    for (size_t g = 0; g < page->groups; g++)
        page->names[page->columns++] = groups[g];
    add_names(page, period);
    add_names(page, names);
    if (more)
        add_names(page, more);
    if (page->accounts->currency.length > 0)
        add_names(page, currency);
    return cli_writer(page->cli, page->names, page->columns, &page->writer, err);
}

static void write_place(struct page *page, uint32_t number, struct period period) {
    const struct account_place *place = &page->accounts->places[number];
    writer_text(page->writer, place->platform);
    for (size_t g = 0; g < page->groups; g++)
        if (place->groups[g].length > 0)
            writer_text(page->writer, place->groups[g]);
        else
            writer_missing(page->writer);
    writer_period(page->writer, period);
}

static void end_row(struct page *page) {
    if (page->accounts->currency.length > 0)
        writer_text(page->writer, page->accounts->currency);
}

static void write_share(struct page *page, const struct movement_share *share) {
    writer_number(page->writer, share->value);
    writer_number(page->writer, share->delta.lower);
    writer_number(page->writer, share->delta.upper);
}

static void write_drawn(struct page *page, const struct movement_share *share) {
    writer_number(page->writer, share->bootstrap.lower);
    writer_number(page->writer, share->bootstrap.upper);
}

static void write_movement(struct page *page, const struct movement *movement, bool bootstrap) {
    static const enum movement_kind order[] = {MOVEMENT_LOST, MOVEMENT_CONTRACTION,
                                               MOVEMENT_EXPANSION, MOVEMENT_RETURNED, MOVEMENT_NEW};
    write_place(page, movement->place, movement->period);
    writer_integer(page->writer, movement->users_start);
    writer_integer(page->writer, movement->users[MOVEMENT_LOST]);
    writer_integer(page->writer, movement->users[MOVEMENT_RETURNED]);
    writer_integer(page->writer, movement->users[MOVEMENT_NEW]);
    writer_integer(page->writer, movement->users_end);
    writer_sum(page->writer, movement->start, 2);
    for (size_t k = 0; k < MOVEMENT_KINDS; k++)
        writer_sum(page->writer, movement->of[order[k]], 2);
    writer_sum(page->writer, movement->end, 2);
    write_share(page, &movement->gross);
    write_share(page, &movement->net);
    if (bootstrap) {
        write_drawn(page, &movement->gross);
        write_drawn(page, &movement->net);
    }
    end_row(page);
}

static void say_nothing(struct cli *cli, const struct accounts *accounts) {
    if (accounts->n_places > 0)
        cli_warn(cli, "no platform has two periods to compare%s",
                 cli_flag(cli, "destinations") ? ", or nobody gave less" : "");
}

static int write_movements(struct cli *cli, const struct accounts *accounts,
                           const struct movement_options *options, struct error *err) {
    static const char *const names[] = {
        "users_start", "users_lost", "users_returned", "users_new",   "users_end",
        "start",       "lost",       "contraction",    "expansion",   "returned",
        "new",         "end",        "gross_churn",    "gross_lower", "gross_upper",
        "net_churn",   "net_lower",  "net_upper",      NULL};
    static const char *const drawn[] = {"gross_bootstrap_lower", "gross_bootstrap_upper",
                                        "net_bootstrap_lower", "net_bootstrap_upper", NULL};
    struct page page = {.cli = cli, .accounts = accounts};
    struct movements movements = {0};
    int code = movements_count(accounts, options, &movements, err);
    if (!code && movements.count == 0)
        say_nothing(cli, accounts);
    if (!code)
        code = open_page(&page, names, options->bootstrap.replications > 0 ? drawn : NULL, err);
    for (size_t i = 0; !code && i < movements.count; i++)
        write_movement(&page, &movements.items[i], options->bootstrap.replications > 0);
    movements_free(&movements);
    return code;
}

static void write_destination(struct page *page, const struct destinations *destinations,
                              const struct destination *item) {
    write_place(page, item->place, item->period);
    if (item->platform == MOVEMENT_GONE || item->platform == MOVEMENT_STAYED)
        writer_string(page->writer, item->platform == MOVEMENT_GONE ? "(gone)" : "(stayed)");
    else
        writer_text(page->writer, destinations->platforms[item->platform]);
    writer_sum(page->writer, item->users_lost, 0);
    writer_sum(page->writer, item->lost, 2);
    writer_sum(page->writer, item->contraction, 2);
    write_share(page, &item->share);
    if (item->platform >= 0)
        writer_sum(page->writer, item->gain, 2);
    else
        writer_missing(page->writer);
    if (page->accounts->has[ACCOUNT_MINUTES])
        writer_sum(page->writer, item->users_moved, 0);
    end_row(page);
}

static int write_destinations(struct cli *cli, const struct accounts *accounts,
                              const struct movement_options *options, struct error *err) {
    static const char *const names[] = {
        "destination", "users_lost",       "lost", "contraction", "share", "share_lower",
        "share_upper", "destination_gain", NULL};
    static const char *const moved[] = {"users_moved", NULL};
    struct page page = {.cli = cli, .accounts = accounts};
    struct destinations destinations = {0};
    int code = destinations_count(accounts, options, &destinations, err);
    if (!code && destinations.count == 0)
        say_nothing(cli, accounts);
    if (!code)
        code = open_page(&page, names, accounts->has[ACCOUNT_MINUTES] ? moved : NULL, err);
    for (size_t i = 0; !code && i < destinations.count; i++)
        write_destination(&page, &destinations, &destinations.items[i]);
    destinations_free(&destinations);
    return code;
}

/* ---- The tool -------------------------------------------------------------------------------- */

static int run(struct cli *cli, struct error *err) {
    const struct movement_options options = {
        .confidence = cli_number(cli, "confidence"),
        .bootstrap = {.replications = (uint32_t)cli_integer(cli, "bootstrap"),
                      .seed = (uint32_t)cli_integer(cli, "seed")},
        .threads = cli_threads(cli),
    };
    struct accounts *accounts = NULL;
    int code = read_accounts(cli, &accounts, err);
    if (!accounts)
        return code;
    if (!code)
        code = cli_flag(cli, "destinations") ? write_destinations(cli, accounts, &options, err)
                                             : write_movements(cli, accounts, &options, err);
    accounts_destroy(accounts);
    return code;
}

static const struct cli_option options[] = {
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "year|quarter|month|week|day",
     .fallback = "month",
     .help = "length of a period (weeks are ISO weeks)"},
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .help = "part each platform by the values of this column, such as a segment or a tier; may "
             "be given twice"},
    {.name = "destinations",
     .type = CLI_FLAG,
     .conflicts = "bootstrap",
     .help = "where those who gave less went: the other platforms they are active on, (gone), or "
             "(stayed)"},
    {.name = "bootstrap",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[100,100000]",
     .help = "beside the delta method, intervals from N bootstrap samples of users"},
    {0},
};

static const struct cli_example examples[] = {
    {"arpu-churn datasets/tiny/activity.csv", "gross and net revenue churn, month by month"},
    {"arpu-churn --destinations datasets/tiny/activity.csv", "where it went"},
    {"arpu-churn --bootstrap 1000 --period quarter datasets/tiny/activity.csv",
     "with intervals from a bootstrap of users"},
    {0},
};

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "arpu-churn",
        .summary = "gross and net revenue churn of single users, and where it went",
        .description =
            "From a log of single users: what those of one period gave in the next. Revenue at "
            "the start less what left with users (lost) and what stayed but shrank (contraction), "
            "plus what grew (expansion), what came back (returned) and what is new gives revenue "
            "at the end, exactly.\n\n"
            "--destinations says where those who gave less are active now, what they give there, "
            "and, if the log has minutes, how much of their time moved.",
        .input = "log: user,platform,date,revenue[,minutes][,currency]",
        .output = "platform, period (compared with the one before), users_start, users_lost, "
                  "users_returned, users_new, users_end\n"
                  "start, lost, contraction, expansion, returned, new, end: revenue\n"
                  "gross_churn, gross_lower, gross_upper: (lost + contraction) / start\n"
                  "net_churn, net_lower, net_upper: the same less expansion; 1 - net revenue "
                  "retention\n"
                  "--bootstrap: gross_bootstrap_lower, gross_bootstrap_upper, "
                  "net_bootstrap_lower, net_bootstrap_upper\n"
                  "--destinations: platform, period, destination, users_lost, lost, contraction, "
                  "share (of both, among all destinations), share_lower, share_upper, "
                  "destination_gain; with minutes users_moved\n"
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
