/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue lost when users leave: from a scenario, a revenue panel, or a log of single users.
 *
 * Contents: what kind of input it is; the label of money; a scenario; a panel or a log;
 * survival curves; the tool.
 */
#include "base/buffer.h"
#include "cli/cli.h"
#include "revenue/arpu-panel.h"
#include "revenue/arpu-users.h"
#include "revenue/coverage.h"
#include "revenue/loss-plan.h"
#include "revenue/loss-risk.h"
#include "stats/sobol.h"
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- What kind of input it is ---------------------------------------------------------------- */

enum shape { SCENARIO, PANEL, LOG, SHAPES, BASE = SHAPES };

static const struct {
    const char *name;       /* as in --from */
    const char *columns[5]; /* that tell it, ended by NULL */
} shapes[SHAPES] = {
    [SCENARIO] = {"scenario", {"parameter", "value"}},
    [PANEL] = {"panel", {"platform", "period", "users", "revenue"}},
    [LOG] = {"log", {"user", "platform", "date", "revenue"}},
};

/* Options that mean something for some of the shapes only. */
static const struct {
    const char *option;
    unsigned shapes; /* BASE: what --survival is about */
} restricted[] = {
    {"sensitivity", 1 << SCENARIO},
    {"sobol", 1 << SCENARIO},
    {"draws", 1 << SCENARIO},
    {"distribution", 1 << SCENARIO},
    {"group", 1 << PANEL | 1 << LOG | 1 << BASE},
    {"period", 1 << LOG},
    {"bootstrap", 1 << LOG},
    {"seed", 1 << SCENARIO | 1 << LOG},
};

/* A header of one column is one of another delimiter most of the time: binding says so. */
static int fits_none(const struct table *table, enum shape *ret, struct error *err) {
    const struct text *headers;
    const size_t n = table_headers(table, &headers);
    struct buffer found = {0};
    if (n == 1) {
        *ret = LOG;
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        buffer_format(&found, "%s%.*s", i > 0 ? ", " : "", (int)headers[i].length,
                      headers[i].bytes);
    const int code =
        buffer_check(&found, err)
            ? err->code
            : error_set(err, ERROR_DATA,
                        "the columns fit no kind of input, expected parameter,value (a scenario), "
                        "platform,period,users,revenue (a panel) or user,platform,date,revenue "
                        "(a log), or to be told which is which (--column user=HEADER); found: %s",
                        found.bytes);
    buffer_free(&found);
    return code;
}

/* The shape whose columns are all there; if none is whole, the one that misses fewest, so that
 * binding names them and what may have been meant. Less than half of one is no shape. */
static int guess_shape(const struct table *table, enum shape *ret, struct error *err) {
    int whole = 0, least = INT_MAX;
    for (int s = 0; s < SHAPES; s++) {
        int missing = 0, columns = 0;
        for (; shapes[s].columns[columns]; columns++)
            missing += !table_has(table, shapes[s].columns[columns]);
        whole += missing == 0;
        if (missing < least && 2 * missing <= columns) {
            least = missing;
            *ret = (enum shape)s;
        }
    }
    if (whole > 1)
        return cli_usage(err, "the columns fit several kinds of input, expected --from scenario, "
                              "panel or log to say which");
    return least == INT_MAX ? fits_none(table, ret, err) : 0;
}

static int choose_shape(struct cli *cli, const struct table *table, enum shape *ret,
                        struct error *err) {
    *ret = SHAPES;
    for (int s = 0; s < SHAPES; s++)
        if (cli_choice(cli, "from", shapes[s].name))
            *ret = (enum shape)s;
    if (*ret == SHAPES && !cli_given(cli, "survival") && guess_shape(table, ret, err))
        return err->code;
    for (size_t i = 0; i < sizeof restricted / sizeof *restricted; i++)
        if (cli_given(cli, restricted[i].option) && !(restricted[i].shapes & 1U << *ret))
            return *ret == BASE
                       ? cli_usage(err, "--%s means nothing with --survival", restricted[i].option)
                       : cli_usage(err, "--%s means nothing for a %s, and the input is one",
                                   restricted[i].option, shapes[*ret].name);
    return 0;
}

/* Says which file it is about where no line is at fault. */
static void name_input(struct cli *cli, struct error *err) {
    const char *const *files;
    if (cli_operands(cli, &files) == 1)
        error_prefix(err, "%s: ", files[0]);
}

/* ---- The label of money ---------------------------------------------------------------------- */

/* --currency, or what the input says; a contradiction is an error. */
static int choose_currency(struct cli *cli, struct text found, struct text *ret,
                           struct error *err) {
    *ret = found;
    if (!cli_given(cli, "currency"))
        return 0;
    *ret = text_of(cli_text(cli, "currency"));
    if (found.length > 0 && !text_equal(found, *ret))
        return cli_usage(err, "--currency is %.*s, but the input says %.*s", (int)ret->length,
                         ret->bytes, (int)found.length, found.bytes);
    return 0;
}

enum { MAX_COLUMNS = 32 };

struct header {
    const char *names[MAX_COLUMNS];
    size_t count;
};

/* `names` ends with NULL. */
static void add_names(struct header *header, const char *const *names) {
    while (*names)
        header->names[header->count++] = *names++;
}

/* The label is a column of its own, the last, if there is one. */
static void add_currency(struct header *header, struct text currency) {
    if (currency.length > 0)
        header->names[header->count++] = "currency";
}

static void write_currency(struct writer *writer, struct text currency) {
    if (currency.length > 0)
        writer_text(writer, currency);
}

/* ---- A scenario ------------------------------------------------------------------------------ */

static struct loss_interval_options interval_options(struct cli *cli) {
    return (struct loss_interval_options){
        .draws = (uint32_t)cli_integer(cli, "draws"),
        .seed = (uint32_t)cli_integer(cli, "seed"),
        .confidence = cli_number(cli, "confidence"),
        .distribution = cli_choice(cli, "distribution", "uniform")      ? LOSS_UNIFORM
                        : cli_choice(cli, "distribution", "triangular") ? LOSS_TRIANGULAR
                                                                        : LOSS_PERT,
        .threads = cli_threads(cli),
    };
}

/* One cell of a case stands for what was not given in any. */
static void note_scenario(struct cli *cli, const struct loss_case *item) {
    const struct loss_scenario *scenario = &item->cells[0].scenario;
    for (int p = 0; p < LOSS_PARAMETERS; p++)
        if (!scenario->of[p].given) {
            char value[DECIMAL_TEXT];
            decimal_format(scenario->of[p].value, 0, value);
            cli_note(cli, "%s is not given: %s", loss_parameters[p].name, value);
        }
    if (loss_case_ranged(item))
        cli_note(cli, "bounds from %s draws, low and high read as limits, %s distribution",
                 cli_text(cli, "draws"), cli_text(cli, "distribution"));
    else
        cli_note(cli, "no parameter has a low and a high that differ: the bounds stay empty");
    const bool shared = scenario->of[LOSS_MULTI_HOMING_SHARE].given;
    if (shared && !scenario->of[LOSS_KEPT_SHARE].given)
        cli_warn(cli, "multi_homing_share without kept_share: who stays part-time is taken to give "
                      "nothing any more");
    if (!shared && scenario->of[LOSS_KEPT_SHARE].given)
        cli_warn(cli, "kept_share without multi_homing_share: nobody stays part-time, so it "
                      "changes nothing");
}

static void write_amount(struct writer *writer, decimal amount, const struct loss_bounds *bounds) {
    writer_decimal(writer, amount, 2);
    if (bounds) {
        writer_decimal(writer, bounds->lower, 0);
        writer_decimal(writer, bounds->upper, 0);
    } else {
        writer_missing(writer);
        writer_missing(writer);
    }
}

/* A table of months, and which of its columns there are. */
struct months_page {
    struct writer *writer;
    const struct loss_plan *plan;
    bool gains, discounted;
    struct text currency;
};

static int open_months(struct cli *cli, const struct loss_plan *plan, struct text currency,
                       struct months_page *ret, struct error *err) {
    static const char *const always[] = {
        "month",      "users_lost",       "revenue_lost",     "lower", "upper",
        "cumulative", "cumulative_lower", "cumulative_upper", NULL};
    static const char *const gains[] = {"destination_gain",
                                        "destination_gain_lower",
                                        "destination_gain_upper",
                                        "cumulative_gain",
                                        "cumulative_gain_lower",
                                        "cumulative_gain_upper",
                                        NULL};
    static const char *const present[] = {"present_value", "present_value_lower",
                                          "present_value_upper", NULL};
    struct header header = {.count = 0};
    *ret = (struct months_page){.plan = plan, .currency = currency};
    for (size_t c = 0; c < plan->n_cases; c++) {
        ret->gains |= plan->cases[c].gains;
        ret->discounted |= plan->cases[c].discounted;
    }
    for (int k = 0; k < LOSS_KEYS; k++)
        if (plan->has[k])
            header.names[header.count++] = loss_key_names[k];
    add_names(&header, always);
    if (ret->gains)
        add_names(&header, gains);
    if (ret->discounted)
        add_names(&header, present);
    add_currency(&header, currency);
    return cli_writer(cli, header.names, header.count, &ret->writer, err);
}

/* A cell of a case, or with `c` beyond the last the sum of all. `bounds` is NULL without ranges. */
static void write_cell(const struct months_page *page, const struct loss_case *item, size_t c,
                       const struct loss_month *months,
                       const struct loss_bounds (*bounds)[LOSS_MEASURES]) {
    for (int m = 0; m < item->horizon; m++) {
        const struct loss_bounds *of = bounds ? bounds[m] : NULL;
        for (int k = 0; k < LOSS_KEYS; k++)
            if (page->plan->has[k])
                writer_text(page->writer, k == LOSS_SCENARIO   ? item->name
                                          : c == item->n_cells ? text_of("(all)")
                                                               : item->cells[c].keys[k]);
        writer_integer(page->writer, m + 1);
        writer_decimal(page->writer, months[m].users_lost, 0);
        write_amount(page->writer, months[m].revenue_lost, of ? &of[LOSS_REVENUE] : NULL);
        write_amount(page->writer, months[m].cumulative, of ? &of[LOSS_CUMULATIVE] : NULL);
        if (page->gains) {
            write_amount(page->writer, months[m].gain, of ? &of[LOSS_GAIN] : NULL);
            write_amount(page->writer, months[m].cumulative_gain,
                         of ? &of[LOSS_CUMULATIVE_GAIN] : NULL);
        }
        if (page->discounted)
            write_amount(page->writer, months[m].present_value,
                         of && item->discounted ? &of[LOSS_PRESENT_VALUE] : NULL);
        write_currency(page->writer, page->currency);
    }
}

static int write_case(struct cli *cli, const struct months_page *page, const struct loss_case *item,
                      struct error *err) {
    const struct loss_interval_options options = interval_options(cli);
    const size_t n = item->n_cells + 1, horizon = (size_t)item->horizon;
    const bool ranged = loss_case_ranged(item);
    struct loss_month *months = malloc(n * horizon * sizeof *months);
    struct loss_bounds(*bounds)[LOSS_MEASURES] = malloc(n * horizon * sizeof *bounds);
    int code = months && bounds ? 0 : error_memory(err);
    if (!code)
        code = loss_case_project(item, months, err);
    if (!code && ranged)
        code = loss_case_simulate(item, &options, bounds, err);
    /* The sum of one cell is that cell. */
    for (size_t c = 0; !code && c < n - (item->n_cells == 1); c++) {
        const bool of =
            c == item->n_cells ? ranged : loss_scenario_ranged(&item->cells[c].scenario);
        write_cell(page, item, c, months + c * horizon,
                   of ? (const struct loss_bounds(*)[LOSS_MEASURES])bounds + c * horizon : NULL);
    }
    free(months);
    free(bounds);
    return code;
}

static int write_losses(struct cli *cli, const struct loss_plan *plan, struct text currency,
                        struct error *err) {
    struct months_page page;
    if (cli_given(cli, "chart") && plan->has[LOSS_TIER])
        return cli_usage(err, "--chart tells scenarios, destinations and lines apart, but not "
                              "tiers, and the input has some");
    if (open_months(cli, plan, currency, &page, err))
        return err->code;
    for (size_t c = 0; c < plan->n_cases; c++)
        if (write_case(cli, &page, &plan->cases[c], err))
            return err->code;
    return 0;
}

/* ---- What a scenario hangs on ---------------------------------------------------------------- */

/* "arpu", or with what the row is about "arpu, RedNote, tips". */
static void write_assumption(struct writer *writer, const struct loss_row *row) {
    char text[400];
    int used = snprintf(text, sizeof text, "%s", loss_parameters[row->parameter].name);
    for (int k = LOSS_DESTINATION; k < LOSS_KEYS && used < (int)sizeof text; k++)
        if (row->keys[k].length > 0)
            used += snprintf(text + used, sizeof text - (size_t)used, ", %.*s",
                             (int)row->keys[k].length, row->keys[k].bytes);
    writer_string(writer, text);
}

static int no_ranges(const struct loss_case *item, const char *option, struct error *err) {
    return error_set(err, ERROR_DATA,
                     "no parameter%s%.*s has a low and a high that differ, expected at least one "
                     "for --%s",
                     item->name.length > 0 ? " of scenario " : "", (int)item->name.length,
                     item->name.bytes, option);
}

static void write_swings(struct writer *writer, const struct loss_plan *plan,
                         const struct loss_case *item, const struct loss_case_swing *swings,
                         size_t count, decimal total, struct text currency) {
    for (size_t i = 0; i < count; i++) {
        const struct loss_row *row = swings[i].row;
        if (plan->has[LOSS_SCENARIO])
            writer_text(writer, item->name);
        write_assumption(writer, row);
        writer_decimal(writer, row->value.low, 0);
        writer_decimal(writer, row->value.high, 0);
        writer_decimal(writer, swings[i].loss_at_low, 2);
        writer_decimal(writer, swings[i].loss_at_high, 2);
        writer_decimal(writer, swings[i].swing, 2);
        writer_decimal(writer, row->value.value, 0);
        writer_decimal(writer, total, 2);
        write_currency(writer, currency);
    }
}

static void add_scenario(struct header *header, const struct loss_plan *plan) {
    if (plan->has[LOSS_SCENARIO])
        header->names[header->count++] = loss_key_names[LOSS_SCENARIO];
}

static int write_sensitivity(struct cli *cli, const struct loss_plan *plan, struct text currency,
                             struct error *err) {
    static const char *const names[] = {"parameter",   "low",           "high",
                                        "loss_at_low", "loss_at_high",  "swing",
                                        "value",       "loss_at_value", NULL};
    struct header header = {.count = 0};
    struct writer *writer;
    add_scenario(&header, plan);
    add_names(&header, names);
    add_currency(&header, currency);
    struct loss_case_swing *swings = malloc((plan->n_rows + 1) * sizeof *swings);
    int code =
        swings ? cli_writer(cli, header.names, header.count, &writer, err) : error_memory(err);
    for (size_t c = 0; !code && c < plan->n_cases; c++) {
        const struct loss_case *item = &plan->cases[c];
        decimal total;
        size_t count;
        code = loss_case_total(item, &total, err);
        if (!code)
            code = loss_case_sensitivity(plan, item, swings, &count, err);
        if (!code && count == 0)
            code = no_ranges(item, "sensitivity", err);
        if (!code)
            write_swings(writer, plan, item, swings, count, total, currency);
    }
    free(swings);
    return code;
}

static void write_index(struct writer *writer, const struct loss_plan *plan,
                        const struct loss_case *item, const struct loss_row *row,
                        const struct sobol_index *index) {
    for (int total = 0; total < 2; total++) {
        if (plan->has[LOSS_SCENARIO])
            writer_text(writer, item->name);
        write_assumption(writer, row);
        writer_string(writer, total ? "total" : "first");
        writer_number(writer, total ? index->total : index->first);
        writer_number(writer, total ? index->total_lower : index->first_lower);
        writer_number(writer, total ? index->total_upper : index->first_upper);
        writer_number(writer, total ? index->total_error : index->first_error);
    }
}

enum { MOST_SOBOL_DRAWS = 1000000 };

static int write_sobol(struct cli *cli, const struct loss_plan *plan, struct error *err) {
    static const char *const names[] = {"parameter", "order",     "index", "lower",
                                        "upper",     "std_error", NULL};
    const struct loss_interval_options options = interval_options(cli);
    struct header header = {.count = 0};
    struct writer *writer;
    if (options.draws > MOST_SOBOL_DRAWS)
        return cli_usage(err,
                         "--draws is %u, expected at most %d with --sobol, which runs the "
                         "scenario that often for each parameter and keeps all results",
                         options.draws, MOST_SOBOL_DRAWS);
    add_scenario(&header, plan);
    add_names(&header, names);
    const struct loss_row **rows = malloc((plan->n_rows + 1) * sizeof(void *));
    struct sobol_index *indices = malloc((plan->n_rows + 1) * sizeof *indices);
    int code = rows && indices ? cli_writer(cli, header.names, header.count, &writer, err)
                               : error_memory(err);
    for (size_t c = 0; !code && c < plan->n_cases; c++) {
        const struct loss_case *item = &plan->cases[c];
        size_t count;
        code = loss_case_sobol(plan, item, &options, rows, indices, &count, err);
        if (!code && count == 0)
            code = no_ranges(item, "sobol", err);
        for (size_t i = 0; !code && i < count; i++)
            write_index(writer, plan, item, rows[i], &indices[i]);
    }
    free(rows);
    free(indices);
    return code;
}

static int run_scenario(struct cli *cli, struct table *table, struct error *err) {
    struct loss_plan plan = {0};
    struct text currency;
    if (loss_plan_read(table, &plan, err)) { /* says where */
        loss_plan_free(&plan);
        return err->code;
    }
    int code = loss_plan_check(&plan, err);
    if (!code)
        code = choose_currency(cli, plan.currency, &currency, err);
    if (!code) {
        note_scenario(cli, &plan.cases[0]);
        code = cli_flag(cli, "sensitivity") ? write_sensitivity(cli, &plan, currency, err)
               : cli_flag(cli, "sobol")     ? write_sobol(cli, &plan, err)
                                            : write_losses(cli, &plan, currency, err);
    }
    if (code == ERROR_DATA)
        name_input(cli, err);
    loss_plan_free(&plan);
    return code;
}

/* ---- A panel or a log ------------------------------------------------------------------------ */

static void write_money(struct writer *writer, bool known, decimal_sum amount) {
    if (known)
        writer_sum(writer, amount, 2);
    else
        writer_missing(writer);
}

static void write_count(struct writer *writer, bool known, decimal count) {
    if (known)
        writer_decimal(writer, count, 0);
    else
        writer_missing(writer);
}

/* A bound of money comes out of a square root and is rounded to the millionth, as money is; one
 * that is too large for that has no millionths. */
static void write_bound(struct writer *writer, double bound) {
    decimal amount = 0;
    if (decimal_from_double(bound, &amount))
        write_money(writer, true, amount);
    else
        writer_number(writer, bound);
}

static void write_drawn(struct writer *writer, const struct arpu_row *row) {
    write_bound(writer, row->arpu_drawn.lower);
    write_bound(writer, row->arpu_drawn.upper);
    writer_number(writer, row->share_drawn.lower);
    writer_number(writer, row->share_drawn.upper);
    writer_number(writer, row->users_drawn.lower);
    writer_number(writer, row->users_drawn.upper);
}

static void write_row(struct writer *writer, const struct arpu_row *row, bool drawn,
                      struct text currency) {
    writer_text(writer, row->platform);
    if (row->segment.length > 0)
        writer_text(writer, row->segment);
    else
        writer_missing(writer);
    writer_period(writer, row->period);
    writer_decimal(writer, row->users, 0);
    writer_sum(writer, row->revenue, 2);
    write_money(writer, row->has_arpu, row->arpu);
    write_bound(writer, row->arpu_interval.lower);
    write_bound(writer, row->arpu_interval.upper);
    write_count(writer, row->has_change, row->users_change);
    write_count(writer, row->has_change, row->users_lost);
    write_money(writer, row->has_change, row->revenue_change);
    write_money(writer, row->has_change, row->revenue_lost);
    writer_number(writer, row->share_lost);
    writer_number(writer, row->share_interval.lower);
    writer_number(writer, row->share_interval.upper);
    writer_number(writer, row->users_share_lost);
    writer_number(writer, row->users_interval.lower);
    writer_number(writer, row->users_interval.upper);
    write_money(writer, row->has_change, row->change_by_users);
    write_money(writer, row->has_change, row->change_by_arpu);
    if (drawn)
        write_drawn(writer, row);
    write_currency(writer, currency);
}

static int write_rows(struct cli *cli, const struct arpu_table *arpu, struct error *err) {
    static const char *const names[] = {"platform",
                                        "segment",
                                        "period",
                                        "users",
                                        "revenue",
                                        "arpu",
                                        "arpu_lower",
                                        "arpu_upper",
                                        "users_change",
                                        "users_lost",
                                        "revenue_change",
                                        "revenue_lost",
                                        "share_lost",
                                        "share_lost_lower",
                                        "share_lost_upper",
                                        "users_share_lost",
                                        "users_share_lost_lower",
                                        "users_share_lost_upper",
                                        "change_by_users",
                                        "change_by_arpu",
                                        NULL};
    static const char *const drawn[] = {"arpu_bootstrap_lower",
                                        "arpu_bootstrap_upper",
                                        "share_lost_bootstrap_lower",
                                        "share_lost_bootstrap_upper",
                                        "users_share_lost_bootstrap_lower",
                                        "users_share_lost_bootstrap_upper",
                                        NULL};
    struct header header = {.count = 0};
    struct writer *writer;
    struct text currency;
    const bool bootstrap = cli_given(cli, "bootstrap");
    if (choose_currency(cli, arpu->currency, &currency, err))
        return err->code;
    add_names(&header, names);
    if (bootstrap)
        add_names(&header, drawn);
    add_currency(&header, currency);
    if (cli_writer(cli, header.names, header.count, &writer, err))
        return err->code;
    for (size_t i = 0; i < arpu->count; i++)
        write_row(writer, &arpu->rows[i], bootstrap, currency);
    return 0;
}

static int run_panel(struct cli *cli, struct table *table, struct error *err) {
    struct arpu_table arpu = {0};
    int code = arpu_read_panel(table, cli_text(cli, "group"), &arpu, err);
    if (!code) {
        cli_note(cli, "a panel does not say how users differ: the bounds stay empty");
        code = write_rows(cli, &arpu, err);
    }
    arpu_free(&arpu);
    return code;
}

static enum period_kind chosen_period(struct cli *cli) {
    enum period_kind kind = PERIOD_YEAR;
    while (!cli_choice(cli, "period", period_kind_name(kind)))
        kind++;
    return kind;
}

static void tell_of_cut_periods(struct cli *cli, enum period_kind kind,
                                const struct arpu_log_summary *summary) {
    char note[COVERAGE_TEXT], warning[COVERAGE_TEXT];
    coverage_describe(kind, summary->first_day, summary->last_day, note, warning);
    if (*note)
        cli_note(cli, "%s", note);
    if (*warning)
        cli_warn(cli, "%s", warning);
}

static int run_log(struct cli *cli, struct table *table, struct error *err) {
    struct arpu_log_options options = {
        .period = chosen_period(cli),
        .segment = cli_text(cli, "group"),
        .confidence = cli_number(cli, "confidence"),
        .threads = cli_threads(cli),
    };
    const struct bootstrap_options bootstrap = {
        .replications = (uint32_t)cli_integer(cli, "bootstrap"),
        .seed = (uint32_t)cli_integer(cli, "seed"),
    };
    struct arpu_log_summary summary;
    struct arpu_table arpu = {0};
    int code = bootstrap.replications > 0
                   ? arpu_read_users(table, &options, &bootstrap, &arpu, &summary, err)
                   : arpu_read_log(table, &options, &arpu, &summary, err);
    if (!code) {
        cli_note(cli, "rows without revenue, taken as active and nothing paid: %" PRIu64,
                 summary.without_revenue);
        tell_of_cut_periods(cli, options.period, &summary);
        code = write_rows(cli, &arpu, err);
    }
    arpu_free(&arpu);
    return code;
}

/* ---- Survival curves ------------------------------------------------------------------------- */

enum { MOST_HORIZONS = 120 };

/* --horizon: times of the curve, such as 1,3,6,12. */
static int choose_horizons(struct cli *cli, decimal horizons[MOST_HORIZONS], size_t *ret,
                           struct error *err) {
    struct text rest = text_of(cli_text(cli, "horizon"));
    *ret = 0;
    for (bool more = true; more;) {
        const char *comma = memchr(rest.bytes, ',', rest.length);
        const struct text one = {rest.bytes, comma ? (size_t)(comma - rest.bytes) : rest.length};
        if (*ret == MOST_HORIZONS || !decimal_parse(one, '.', &horizons[*ret]) ||
            horizons[*ret] <= 0 || (*ret > 0 && horizons[*ret] <= horizons[*ret - 1]))
            return cli_usage(err,
                             "--horizon is '%s', expected at most %d times above 0 in rising "
                             "order, such as 1,3,6,12",
                             cli_text(cli, "horizon"), MOST_HORIZONS);
        ++*ret;
        more = comma != NULL;
        rest = (struct text){rest.bytes + one.length + 1, rest.length - one.length - more};
    }
    return 0;
}

static void write_risk_amount(struct writer *writer, bool known, const struct risk_amount *amount) {
    write_bound(writer, known ? amount->value : NAN);
    write_bound(writer, known ? amount->interval.lower : NAN);
    write_bound(writer, known ? amount->interval.upper : NAN);
}

/* A table of horizons, and which of its columns there are. */
struct risk_page {
    struct cli *cli;
    struct writer *writer;
    const struct risk_curves *curves;
    const struct risk_base *base;
    bool lost;
    struct text currency;
};

static void write_risk(const struct risk_page *page, struct text group,
                       const struct risk_question *question, const struct risk_answer *answer) {
    struct writer *writer = page->writer;
    const double covered = decimal_sum_to_double(answer->covered);
    writer_text(writer, group);
    if (page->curves->n_destinations > 0)
        writer_text(writer, question->destination > 0
                                ? page->curves->destinations[question->destination - 1]
                                : text_of("(all)"));
    writer_decimal(writer, question->horizon, 0);
    writer_sum(writer, answer->users, 0);
    writer_sum(writer, answer->revenue, 2);
    writer_sum(writer, answer->covered, 2);
    write_risk_amount(writer, answer->known, &answer->at_risk);
    writer_number(writer, answer->known && covered > 0 ? answer->at_risk.value / covered : NAN);
    if (page->lost)
        write_risk_amount(writer, answer->known, &answer->lost);
    write_currency(writer, page->currency);
}

static void tell_of_risk(struct cli *cli, struct text group, decimal horizon,
                         const struct risk_answer *answer) {
    char text[DECIMAL_TEXT], left[DECIMAL_TEXT];
    decimal_format(horizon, 0, text);
    decimal_sum_format(answer->revenue - answer->covered, 2, left);
    if (answer->users > 0 && !answer->known)
        cli_warn(cli, "%.*s: the curve ends before %s, so nothing is known of it",
                 (int)group.length, group.bytes, text);
    else if (answer->revenue != answer->covered)
        cli_note(cli,
                 "%.*s: users with a revenue of %s would be followed beyond the end of the "
                 "curve at horizon %s and are left out",
                 (int)group.length, group.bytes, left, text);
}

/* One group (or behind the last all of them) and destination (or 0, whatever it is). */
static int write_horizons(const struct risk_page *page, size_t group, size_t destination,
                          const decimal *horizons, size_t n, struct error *err) {
    const struct text name =
        group < page->curves->count ? page->curves->items[group].group : text_of("(all)");
    for (size_t h = 0; h < n; h++) {
        const struct risk_question question = {
            .horizon = horizons[h],
            .per = page->lost ? cli_decimal(page->cli, "per") : 0,
            .destination = destination,
            .confidence = cli_number(page->cli, "confidence"),
        };
        struct risk_answer answer;
        if (risk_estimate(page->curves, page->base, group, &question, &answer, err))
            return err->code;
        if (destination == 0)
            tell_of_risk(page->cli, name, horizons[h], &answer);
        write_risk(page, name, &question, &answer);
    }
    return 0;
}

static int open_risks(struct risk_page *page, struct error *err) {
    static const char *const group[] = {"group", NULL}, *const destination[] = {"destination",
                                                                                NULL};
    static const char *const always[] = {"horizon", "users",           "revenue",
                                         "covered", "revenue_at_risk", "lower",
                                         "upper",   "share_at_risk",   NULL};
    static const char *const cumulative[] = {"revenue_lost", "lost_lower", "lost_upper", NULL};
    struct header header = {.count = 0};
    if (choose_currency(page->cli, page->base->currency, &page->currency, err))
        return err->code;
    add_names(&header, group);
    if (page->curves->n_destinations > 0)
        add_names(&header, destination);
    add_names(&header, always);
    if (page->lost)
        add_names(&header, cumulative);
    add_currency(&header, page->currency);
    return cli_writer(page->cli, header.names, header.count, &page->writer, err);
}

/* Destinations by name, and behind them all of them; groups likewise. */
static int write_risks(struct cli *cli, const struct risk_curves *curves,
                       const struct risk_base *base, struct error *err) {
    struct risk_page page = {
        .cli = cli, .curves = curves, .base = base, .lost = cli_given(cli, "per")};
    decimal horizons[MOST_HORIZONS];
    size_t n;
    if (choose_horizons(cli, horizons, &n, err) || open_risks(&page, err))
        return err->code;
    for (size_t group = 0; group < curves->count + (curves->count > 1); group++)
        for (size_t k = 1; k <= curves->n_destinations + 1; k++)
            if (write_horizons(&page, group, k % (curves->n_destinations + 1), horizons, n, err))
                return err->code;
    return 0;
}

/* The curves are named by --group; without it there must be one. */
static int run_risk(struct cli *cli, struct table *table, struct error *err) {
    struct risk_curves curves = {0};
    struct risk_base base = {0};
    struct table *survival;
    int code = cli_open_file(cli, cli_text(cli, "survival"), &survival, err);
    if (!code)
        code = risk_read_curves(survival, &curves, err);
    if (!code && curves.count > 1 && !cli_given(cli, "group"))
        code = cli_usage(err,
                         "%s has %zu curves, expected --group COL to say which column names "
                         "a row's curve",
                         cli_text(cli, "survival"), curves.count);
    if (!code)
        code = risk_read_base(table, cli_text(cli, "group"), &curves, &base, err);
    if (!code) {
        if (!base.has_age)
            cli_note(cli, "there is no column age: all are taken to start now");
        if (!base.single && !base.has_error)
            cli_note(cli, "totals without revenue_se: the bounds hold the curves' error alone");
        code = write_risks(cli, &curves, &base, err);
    }
    risk_base_free(&base);
    risk_curves_free(&curves);
    return code;
}

/* ---- The tool -------------------------------------------------------------------------------- */

static int run(struct cli *cli, struct error *err) {
    struct table *table;
    enum shape shape;
    if (cli_open(cli, &table, err))
        return err->code;
    if (choose_shape(cli, table, &shape, err)) {
        if (err->code == ERROR_DATA)
            name_input(cli, err);
        return err->code;
    }
    return shape == SCENARIO ? run_scenario(cli, table, err)
           : shape == PANEL  ? run_panel(cli, table, err)
           : shape == LOG    ? run_log(cli, table, err)
                             : run_risk(cli, table, err);
}

static const struct cli_option options[] = {
    {.name = "sensitivity",
     .type = CLI_FLAG,
     .conflicts = "sobol",
     .heading = "For a scenario",
     .help = "the loss over the horizon with one parameter at a time at its low and at its high, "
             "the largest swing first"},
    {.name = "sobol",
     .type = CLI_FLAG,
     .help = "what share of the variance of the loss over the horizon each parameter accounts "
             "for, alone (first) and with its interactions (total)"},
    {.name = "distribution",
     .type = CLI_CHOICE,
     .argument = "WHICH",
     .range = "pert|triangular|uniform",
     .fallback = "pert",
     .help = "how values are spread between low and high"},
    {.name = "draws",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[100,10000000]",
     .fallback = "100000",
     .help = "for the bounds, which show only the digits that these settle"},
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "year|quarter|month|week|day",
     .fallback = "month",
     .heading = "For a panel or a log",
     .help = "log: length of a period (weeks are ISO weeks)"},
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "part each platform by the values of this column (a panel with a column segment is "
             "parted by it); with --survival the column that names each row's curve"},
    {.name = "bootstrap",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[100,100000]",
     .help = "log: beside the other intervals, those from N bootstrap samples of users"},
    {.name = "survival",
     .type = CLI_FILE,
     .argument = "FILE",
     .needs = "horizon",
     .conflicts = "from",
     .heading = "For revenue at risk",
     .help = "curves as churn-survival writes them, applied to the users of the input; or as "
             "churn-destinations does, which parts what is at risk by destination"},
    {.name = "horizon",
     .type = CLI_TEXT,
     .argument = "TIMES",
     .needs = "survival",
     .help = "how far ahead, in the curves' time, such as 1,3,6,12"},
    {.name = "per",
     .type = CLI_DECIMAL,
     .argument = "TIME",
     .range = "(0,inf)",
     .needs = "survival",
     .help = "revenue is per this much of the curves' time (1 for monthly revenue and months, "
             "30.436875 for monthly revenue and days): adds what is lost up to the horizon"},
    {.name = "currency",
     .type = CLI_TEXT,
     .argument = "CODE",
     .heading = "For any input",
     .help = "label for money, such as USD; nothing is converted"},
    {.name = "from",
     .type = CLI_CHOICE,
     .argument = "WHAT",
     .range = "scenario|panel|log",
     .help = "what the input is, where its columns leave it open"},
    {0},
};

static const struct cli_example examples[] = {
    {"arpu-loss datasets/tiktok-rednote/scenario.csv", "what leaves with half a million users"},
    {"arpu-loss --sensitivity datasets/tiktok-rednote/scenario-range.csv",
     "which assumption matters most"},
    {"arpu-loss --sobol --draws 20000 datasets/tiktok-rednote/scenario-range.csv",
     "how much of the uncertainty each accounts for"},
    {"arpu-loss --draws 10000 datasets/tiktok-rednote/scenarios.csv",
     "three scenarios side by side, by line of revenue"},
    {"arpu-loss datasets/tiny/revenue-panel.csv", "ARPU and losses by platform and month"},
    {"arpu-loss --period quarter datasets/tiny/activity.csv",
     "the same from single users, by quarter"},
    {"arpu-loss --survival datasets/telco/survival.csv --group contract --horizon 1,6,12 "
     "datasets/telco/customers.csv",
     "charges at risk, from how long contracts last"},
    {0},
};

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "arpu-loss",
        .summary = "revenue lost when users leave, with its interval",
        .description =
            "Four questions, by what the input is:\n\n"
            "Scenario: what do I lose if so many users leave? Revenue lost per month and over a "
            "horizon, from how many leave and what one is worth. Where a parameter has a low and "
            "a high, bounds come from Monte Carlo.\n\n"
            "Revenue panel: what did each platform earn per user (ARPU), what did it lose since "
            "the period before, and how much of the change comes from users, how much from "
            "ARPU?\n\n"
            "Log of single users: the same, with who left and what they had paid, and with "
            "intervals.\n\n"
            "Users with --survival: revenue at risk, what those who are here now will no longer "
            "bring in at a horizon by the survival curves of their groups, with an interval from "
            "the curves' errors and the users' differences; with curves by destination, where it "
            "goes.\n\n"
            "Money is exact to the millionth; nothing is rounded before a ratio is taken.",
        .input = "scenario: parameter,value[,low,high,unit,source]; parameters migrants, arpu and "
                 "optionally multi_homing_share, kept_share, return_rate, horizon, discount_rate, "
                 "arpu_destination; columns scenario, destination, tier and line say what a row "
                 "is about (empty: all)\n"
                 "panel: platform,period,users,revenue[,segment][,currency]\n"
                 "log: user,platform,date,revenue[,currency]\n"
                 "with --survival: user,revenue (a row a user) or users,revenue[,revenue_se] "
                 "(totals), and optionally age (time since their start) and currency",
        .output = "scenario: month, users_lost, revenue_lost, lower, upper, cumulative, "
                  "cumulative_lower, cumulative_upper\n"
                  "  arpu_destination: destination_gain and cumulative_gain, each with _lower and "
                  "_upper\n"
                  "  discount_rate: present_value, with _lower and _upper\n"
                  "  scenario, destination, tier, line: first, if the input has them; (all) is "
                  "the sum\n"
                  "  --sensitivity: parameter, low, high, loss_at_low, loss_at_high, swing, "
                  "value, loss_at_value\n"
                  "  --sobol: parameter, order (first or total), index, lower, upper, std_error\n"
                  "panel, log: platform, segment, period, users, revenue; arpu, arpu_lower, "
                  "arpu_upper; users_change, users_lost, revenue_change, revenue_lost; share_lost, "
                  "share_lost_lower, share_lost_upper; users_share_lost, users_share_lost_lower, "
                  "users_share_lost_upper; change_by_users, change_by_arpu\n"
                  "  --bootstrap: arpu_bootstrap_lower, arpu_bootstrap_upper, "
                  "share_lost_bootstrap_lower, share_lost_bootstrap_upper, "
                  "users_share_lost_bootstrap_lower, users_share_lost_bootstrap_upper\n"
                  "with --survival: group, destination (if the curves have them; (all) is "
                  "whatever the destination), horizon, users, revenue, covered (of users whom the "
                  "curve reaches), revenue_at_risk, lower, upper, share_at_risk\n"
                  "  --per: revenue_lost, lost_lower, lost_upper\n"
                  "any: currency, last, if it is known",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
