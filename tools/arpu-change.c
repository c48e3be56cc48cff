/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Why revenue changed between two periods: users, mix of segments, revenue per user.
 *
 * Contents: reading; periods; writing; the tool.
 */
#include "cli/cli.h"
#include "revenue/arpu-panel.h"
#include "revenue/change-interval.h"
#include "revenue/coverage.h"
#include <inttypes.h>
#include <math.h>

/* ---- Reading --------------------------------------------------------------------------------- */

static enum period_kind chosen_period(struct cli *cli) {
    enum period_kind kind = PERIOD_YEAR;
    while (!cli_choice(cli, "period", period_kind_name(kind)))
        kind++;
    return kind;
}

/* What was read: rows, and from a log the users behind them. */
struct input {
    struct arpu_table arpu;
    struct accounts *accounts; /* NULL for a panel */
};

static int read_log(struct cli *cli, struct table *table, struct input *ret, struct error *err) {
    const struct accounts_options options = {.period = chosen_period(cli),
                                             .groups = {cli_text(cli, "group")},
                                             .threads = cli_threads(cli)};
    char note[COVERAGE_TEXT], warning[COVERAGE_TEXT];
    if (accounts_read(table, &options, &ret->accounts, err))
        return err->code;
    const struct accounts *accounts = ret->accounts;
    coverage_describe(accounts->kind, accounts->first_day, accounts->last_day, note, warning);
    if (*note)
        cli_note(cli, "%s", note);
    if (*warning)
        cli_warn(cli, "%s", warning);
    cli_note(cli, "rows without revenue, taken as active and nothing paid: %" PRIu64,
             accounts->without_revenue);
    return change_rows(accounts, &ret->arpu, err);
}

/* A file with users and periods is a panel, one with single users and dates a log. */
static int read_input(struct cli *cli, struct input *ret, struct error *err) {
    struct table *table;
    if (cli_open(cli, &table, err))
        return err->code;
    const bool log = table_has(table, "user") && table_has(table, "date") &&
                     !(table_has(table, "users") && table_has(table, "period"));
    if (log)
        return read_log(cli, table, ret, err);
    if (cli_given(cli, "period"))
        return cli_usage(err, "--period means nothing for a panel, which has its periods, and the "
                              "input is one");
    cli_note(cli, "a panel does not say how users differ: the bounds stay empty");
    return arpu_read_panel(table, cli_text(cli, "group"), &ret->arpu, err);
}

/* ---- Periods --------------------------------------------------------------------------------- */

/* --first or --last, of the kind that the rows have. */
static int choose_period(struct cli *cli, const char *option, const struct arpu_table *arpu,
                         struct period *room, const struct period **ret, struct error *err) {
    const char *text = cli_text(cli, option);
    *ret = NULL;
    if (!text)
        return 0;
    if (!period_parse(text_of(text), room))
        return cli_usage(err,
                         "--%s is '%s', expected a period such as 2025, 2025-Q1, 2025-01, "
                         "2025-W03 or 2025-01-19",
                         option, text);
    if (arpu->count > 0 && room->kind != arpu->rows[0].period.kind)
        return cli_usage(err, "--%s is a %s, expected a %s as in the input", option,
                         period_kind_name(room->kind), period_kind_name(arpu->rows[0].period.kind));
    *ret = room;
    return 0;
}

static int check_order(const struct cli *cli, const struct period *first, const struct period *last,
                       struct error *err) {
    return !first || !last || first->kind != last->kind || first->index < last->index
               ? 0
               : cli_usage(err, "--first is %s and --last %s, expected a first one before the last",
                           cli_text(cli, "first"), cli_text(cli, "last"));
}

static void tell_of_steps(struct cli *cli, const struct change_steps *steps) {
    if (steps->left_out > 0)
        cli_warn(cli,
                 "%zu platform%s left out, such as %.*s: no two periods to compare, or none where "
                 "--first and --last are",
                 steps->left_out, steps->left_out == 1 ? " is" : "s are",
                 (int)steps->left_name.length, steps->left_name.bytes);
    for (size_t s = 0; s < steps->count; s++)
        if (steps->items[s].gap) {
            char from[CALENDAR_TEXT], to[CALENDAR_TEXT];
            period_format(steps->items[s].from, from);
            period_format(steps->items[s].to, to);
            cli_warn(cli, "%.*s has no rows between %s and %s: one step leads over the gap",
                     (int)steps->items[s].platform.length, steps->items[s].platform.bytes, from,
                     to);
        }
}

/* ---- Writing --------------------------------------------------------------------------------- */

struct page {
    struct writer *writer;
    struct text currency;
    const struct change_step *step;
    decimal_sum running;
};

/* A bound comes out of a square root and is rounded to the millionth, as money is; one that is too
 * large for that has no millionths. */
static void write_bound(struct page *page, double bound) {
    decimal amount = 0;
    if (decimal_from_double(bound, &amount))
        writer_decimal(page->writer, amount, 2);
    else
        writer_number(page->writer, bound);
}

/* Of a part of one segment. */
static struct interval segment_bounds(const struct change_step *step, size_t segment,
                                      enum change_part part) {
    const struct interval none = {NAN, NAN};
    return step->segment_bounds ? step->segment_bounds[segment].of[part] : none;
}

static void write_part(struct page *page, const char *part, struct text segment, decimal_sum amount,
                       struct interval bounds) {
    const struct change_step *step = page->step;
    const decimal_sum before = step->revenue[CHANGE_BEFORE];
    writer_text(page->writer, step->platform);
    writer_period(page->writer, step->from);
    writer_period(page->writer, step->to);
    writer_string(page->writer, part);
    if (segment.length > 0)
        writer_text(page->writer, segment);
    else
        writer_missing(page->writer);
    writer_sum(page->writer, amount, 2);
    write_bound(page, bounds.lower);
    write_bound(page, bounds.upper);
    writer_number(page->writer,
                  before > 0 ? decimal_sum_to_double(amount) / decimal_sum_to_double(before) : NAN);
    writer_sum(page->writer, page->running, 2);
    if (page->currency.length > 0)
        writer_text(page->writer, page->currency);
}

static void write_effect(struct page *page, enum change_part part, struct text segment,
                         decimal_sum amount, struct interval bounds) {
    page->running += amount;
    write_part(page, change_part_name(part), segment, amount, bounds);
}

/* What a table of people without any user is worth telling. */
static bool is_shown(enum change_part part, decimal_sum amount) {
    return part != CHANGE_WITHOUT_USERS || amount != 0;
}

static void write_step(struct page *page, bool by_segment) {
    const struct change_step *step = page->step;
    const struct text none = {NULL, 0};
    page->running = step->revenue[CHANGE_BEFORE];
    write_part(page, "start", none, step->revenue[CHANGE_BEFORE], step->levels[CHANGE_BEFORE]);
    for (enum change_part part = 0; part < CHANGE_PARTS; part++) {
        if (!is_shown(part, step->total.of[part]))
            continue;
        if (!by_segment)
            write_effect(page, part, none, step->total.of[part], step->bounds[part]);
        for (size_t i = 0; by_segment && i < step->n_segments; i++)
            write_effect(page, part, step->segments[i], step->parts[i].of[part],
                         segment_bounds(step, i, part));
    }
    write_part(page, "end", none, step->revenue[CHANGE_AFTER], step->levels[CHANGE_AFTER]);
}

static int write_steps(struct cli *cli, const struct arpu_table *arpu,
                       const struct change_steps *steps, struct error *err) {
    static const char *const names[] = {"platform", "from",    "to",      "part",
                                        "segment",  "amount",  "lower",   "upper",
                                        "share",    "running", "currency"};
    const size_t columns = sizeof names / sizeof *names - (arpu->currency.length == 0);
    struct page page = {.currency = arpu->currency};
    if (cli_writer(cli, names, columns, &page.writer, err))
        return err->code;
    for (size_t s = 0; s < steps->count; s++) {
        page.step = &steps->items[s];
        write_step(&page, cli_flag(cli, "by-segment"));
    }
    return 0;
}

/* ---- The tool -------------------------------------------------------------------------------- */

static int decompose(struct cli *cli, const struct input *input, struct error *err) {
    struct period room[2];
    struct change_steps steps = {0};
    struct change_options options = {
        .method = cli_choice(cli, "method", "shapley") ? CHANGE_SHAPLEY : CHANGE_LMDI,
        .chain = cli_flag(cli, "chain"),
    };
    if (choose_period(cli, "first", &input->arpu, &room[0], &options.first, err) ||
        choose_period(cli, "last", &input->arpu, &room[1], &options.last, err) ||
        check_order(cli, options.first, options.last, err))
        return err->code;
    int code = change_steps_make(&input->arpu, &options, &steps, err);
    const struct change_bounds_options how = {
        .method = options.method,
        .by_segment = cli_flag(cli, "by-segment"),
        .confidence = cli_number(cli, "confidence"),
        .threads = cli_threads(cli),
    };
    if (!code && input->accounts)
        code = change_bounds(input->accounts, &steps, &how, err);
    if (!code) {
        tell_of_steps(cli, &steps);
        code = write_steps(cli, &input->arpu, &steps, err);
    }
    change_steps_free(&steps);
    return code;
}

static int run(struct cli *cli, struct error *err) {
    struct input input = {.accounts = NULL};
    int code = read_input(cli, &input, err);
    if (!code)
        code = decompose(cli, &input, err);
    arpu_free(&input.arpu);
    accounts_destroy(input.accounts);
    return code;
}

static const struct cli_option options[] = {
    {.name = "method",
     .type = CLI_CHOICE,
     .argument = "WHICH",
     .range = "lmdi|shapley",
     .fallback = "lmdi",
     .help = "additive LMDI-I, or the Shapley value for comparison"},
    {.name = "chain",
     .type = CLI_FLAG,
     .help = "step by step from each period to the next, and then the sum of the steps; without "
             "it, from the first period to the last at once"},
    {.name = "first",
     .type = CLI_TEXT,
     .argument = "PERIOD",
     .help = "start here; default: the first period of each platform"},
    {.name = "last",
     .type = CLI_TEXT,
     .argument = "PERIOD",
     .help = "end here; default: the last period of each platform"},
    {.name = "by-segment",
     .type = CLI_FLAG,
     .help = "what each segment adds to each part, in place of their sums"},
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "part each platform's users by the values of this column (a panel with a column "
             "segment is parted by it)"},
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "year|quarter|month|week|day",
     .fallback = "month",
     .help = "log: length of a period (weeks are ISO weeks)"},
    {0},
};

static const struct cli_example examples[] = {
    {"arpu-change datasets/tiny/revenue-panel.csv", "from the first period to the last"},
    {"arpu-change --chain --first 2025-01 datasets/tiny/revenue-panel.csv", "month by month"},
    {"arpu-change --group plan --by-segment datasets/tiny/revenue-plans.csv",
     "what each plan adds to each part"},
    {"arpu-change datasets/tiny/activity.csv", "from single users, with intervals"},
    {"arpu-change --method shapley --group plan datasets/tiny/revenue-plans.csv",
     "the same change by the Shapley value"},
    {0},
};

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "arpu-change",
        .summary = "why revenue changed: users, mix of segments, revenue per user",
        .description =
            "Parts the change of each platform's revenue between two periods into what came from "
            "the number of users, from the mix of segments among them, and from the revenue per "
            "user within segments (ARPU). Segments that arrived or left have parts of their "
            "own.\n\n"
            "The parts add up to the change exactly, to the millionth. The method is the additive "
            "logarithmic mean Divisia index I (Ang 2005), or the Shapley value.\n\n"
            "A panel has totals; a log of single users is summed up first.",
        .input = "panel: platform,period,users,revenue[,segment][,currency]\n"
                 "log: user,platform,date,revenue[,currency]",
        .output = "platform, from, to: what is compared\n"
                  "part: start (revenue of the period from), users, mix, arpu, arrived, left, end "
                  "(revenue of the period to); without_users where revenue without any user "
                  "changed\n"
                  "segment: with --by-segment\n"
                  "amount: what the part adds\n"
                  "lower, upper: its interval, from single users\n"
                  "share: amount / revenue at the start\n"
                  "running: the revenue with this part and all before it\n"
                  "currency: last, if it is known",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
