/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What customers will buy and bring in.
 *
 * Contents: what is asked for; the parameters; customer by customer; by cohort; contracts; the
 * tool.
 */
#include "cli/cli.h"
#include "revenue/value-contract.h"
#include "revenue/value-read.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- What is asked for ----------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum period_kind kind;
    double days;
} units[] = {{"day", PERIOD_DAY, 1},
             {"week", PERIOD_WEEK, 7},
             {"month", PERIOD_MONTH, 365.2425 / 12},
             {"quarter", PERIOD_QUARTER, 365.2425 / 4},
             {"year", PERIOD_YEAR, 365.2425}};
enum { UNITS = sizeof units / sizeof *units };

static size_t unit_asked(const struct cli *cli, const char *option) {
    for (size_t i = 0; i < UNITS; i++)
        if (cli_choice(cli, option, units[i].word))
            return i;
    return UNITS;
}

static struct value_options value_options(const struct cli *cli) {
    const double per_year = 365.2425 / units[unit_asked(cli, "unit")].days;
    return (struct value_options){
        .model = cli_choice(cli, "model", "pareto-nbd") ? VALUE_PARETO_NBD : VALUE_BG_NBD,
        .horizon = cli_number(cli, "horizon"),
        .discount = log1p(cli_number(cli, "discount-rate")) / per_year,
        .replicates = (size_t)cli_integer(cli, "replicates"),
        .confidence = cli_number(cli, "confidence"),
        .seed = (uint32_t)cli_integer(cli, "seed"),
        .threads = cli_threads(cli),
    };
}

static void say_log(struct cli *cli, const struct value_said *said) {
    char last[CALENDAR_TEXT], refunds[DECIMAL_TEXT];
    if (said->last != INT32_MIN) {
        calendar_format_date(said->last, last);
        cli_note(cli, "customers are seen until %s", last);
    }
    if (said->refund_days > 0) {
        decimal_sum_format(said->refunds, 2, refunds);
        cli_warn(cli,
                 "days on which a user was refunded more than paid: %" PRIu64
                 ", in sum %s; they are no purchases and are left out of the spend",
                 said->refund_days, refunds);
    }
    if (said->idle_users > 0)
        cli_note(cli, "users who never paid, and are no customers: %" PRIu64, said->idle_users);
}

/* A log has a date; histories have a frequency. */
static int read_customers(struct cli *cli, struct table *table, struct value_customers *ret,
                          bool *ret_log, struct error *err) {
    *ret_log = !table_has(table, "frequency");
    if (!*ret_log) {
        if (cli_given(cli, "as-of") || cli_given(cli, "cohort"))
            return cli_usage(err,
                             "--%s means nothing for a table of histories, and the input is "
                             "one",
                             cli_given(cli, "as-of") ? "as-of" : "cohort");
        return value_read_histories(table, ret, err);
    }
    const struct value_request request = {.unit_days = units[unit_asked(cli, "unit")].days,
                                          .last = cli_given(cli, "as-of") ? cli_date(cli, "as-of")
                                                                          : INT32_MIN};
    struct value_said said;
    if (value_read_log(table, &request, ret, &said, err))
        return err->code;
    say_log(cli, &said);
    return 0;
}

static void say_fit(struct cli *cli, const struct value_customers *customers,
                    const struct value_fit *fit) {
    cli_note(cli, "%zu of %zu starts ended at the same maximum", fit->agreeing, fit->starts);
    if (fit->alike)
        cli_warn(cli, "customers do not differ in %s: %s runs off to infinity and is held at 1000",
                 strcmp(fit->alike, "r") == 0 ? "how often they buy" : "how they leave",
                 fit->alike);
    if (fit->spend_unclear)
        cli_warn(cli, "the likelihood of the spend has no clear maximum: revenue stays empty");
    else if (customers->spend && !fit->spend)
        cli_warn(cli, "%.0f customers have a mean spend, expected at least 10: revenue stays empty",
                 fit->spenders);
    if (fit->spend && fabs(fit->correlation) > 0.3)
        cli_warn(cli,
                 "spend and number of purchases are correlated (%.2f), and the model takes "
                 "them as independent: revenue may be wrong",
                 fit->correlation);
    if (fit->spend && fit->spend_parameters[1].value <= 1)
        cli_warn(cli,
                 "spend has no finite mean (q = %.3g, expected above 1): that of customers "
                 "without repeat purchases stays empty",
                 fit->spend_parameters[1].value);
}

/* ---- The parameters ---------------------------------------------------------------------------
 */

static void write_plain(struct writer *writer, const char *name, double value) {
    writer_string(writer, name);
    writer_number(writer, value);
    for (int i = 0; i < 3; i++)
        writer_missing(writer);
}

static void write_parameter(struct writer *writer, const char *name,
                            const struct value_parameter *parameter) {
    writer_string(writer, name);
    writer_number(writer, parameter->value);
    writer_number(writer, parameter->error);
    writer_number(writer, parameter->lower);
    writer_number(writer, parameter->upper);
}

static void write_total(struct writer *writer, const char *name, const struct value_bounds *total) {
    writer_string(writer, name);
    writer_number(writer, total->value);
    writer_missing(writer);
    writer_number(writer, total->lower);
    writer_number(writer, total->upper);
}

static int write_summary(struct cli *cli, const struct value_customers *customers,
                         const struct value_options *options, const struct value_fit *fit,
                         struct error *err) {
    static const char *const names[] = {"quantity", "estimate", "std_error", "lower", "upper"};
    static const char *const spend[VALUE_SPEND_PARAMETERS] = {"p", "q", "gamma"};
    struct value_worth total;
    struct writer *writer;
    uint32_t *groups = calloc(customers->n + 1, sizeof *groups);
    int code =
        groups ? value_sum(customers, options, fit, groups, 1, &total, err) : error_memory(err);
    free(groups);
    if (code || cli_writer(cli, names, 5, &writer, err))
        return err->code;
    write_plain(writer, "customers", fit->customers);
    write_plain(writer, "bought_again", fit->buyers);
    write_plain(writer, "histories", (double)fit->histories);
    for (int i = 0; i < VALUE_PARAMETERS; i++)
        write_parameter(writer, value_parameter_names[options->model][i], &fit->parameters[i]);
    write_plain(writer, "log_likelihood", fit->log_likelihood);
    write_plain(writer, "starts", (double)fit->starts);
    write_plain(writer, "starts_agreeing", (double)fit->agreeing);
    for (int i = 0; i < VALUE_SPEND_PARAMETERS && fit->spend; i++)
        write_parameter(writer, spend[i], &fit->spend_parameters[i]);
    if (fit->spend) {
        write_plain(writer, "spend_log_likelihood", fit->spend_log_likelihood);
        write_plain(writer, "spend_correlation", fit->correlation);
    }
    write_plain(writer, "alive", total.alive);
    write_total(writer, "purchases", &total.purchases);
    if (fit->spend) {
        write_total(writer, "revenue", &total.revenue);
        write_total(writer, "present_value", &total.discounted);
    }
    return 0;
}

/* ---- Customer by customer ---------------------------------------------------------------------
 */

static void write_bounds(struct writer *writer, const struct value_bounds *bounds) {
    writer_number(writer, bounds->value);
    writer_number(writer, bounds->lower);
    writer_number(writer, bounds->upper);
}

static void write_worth(struct writer *writer, const struct value_worth *worth) {
    writer_number(writer, worth->alive);
    write_bounds(writer, &worth->purchases);
    writer_number(writer, worth->spend);
    write_bounds(writer, &worth->revenue);
    write_bounds(writer, &worth->discounted);
}

#define WORTH_COLUMNS                                                                              \
    "alive", "purchases", "purchases_lower", "purchases_upper", "spend", "revenue",                \
        "revenue_lower", "revenue_upper", "present_value", "present_value_lower",                  \
        "present_value_upper"

static int write_each(struct cli *cli, const struct value_customers *customers,
                      const struct value_options *options, const struct value_fit *fit,
                      struct error *err) {
    static const char *const names[] = {"user", "customers", "frequency",  "recency",
                                        "T",    "value",     WORTH_COLUMNS};
    struct value_worth *worth = malloc((customers->n + 1) * sizeof *worth);
    struct writer *writer;
    int code = worth ? value_each(customers, options, fit, worth, err) : error_memory(err);
    if (!code)
        code = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    for (size_t i = 0; i < customers->n && !code; i++) {
        const struct value_customer *customer = &customers->items[i];
        const struct text name = dictionary_name(&customers->names, customer->name);
        if (name.length > 0)
            writer_text(writer, name);
        else
            writer_missing(writer);
        writer_integer(writer, (int64_t)customer->count);
        writer_number(writer, customer->history.x);
        writer_number(writer, customer->history.t_x);
        writer_number(writer, customer->history.age);
        writer_number(writer, customer->mean);
        write_worth(writer, &worth[i]);
    }
    free(worth);
    return code;
}

/* ---- By cohort ------------------------------------------------------------------------------- */

/* Groups customers by the period of their first purchase; *ret_first is that of group 0, and groups
 * run without gaps. */
static int make_cohorts(const struct value_customers *customers, enum period_kind kind,
                        uint32_t **ret_groups, int32_t *ret_first, size_t *ret_n,
                        struct error *err) {
    int32_t first = INT32_MAX, last = INT32_MIN;
    uint32_t *groups = malloc((customers->n + 1) * sizeof *groups);
    if (!groups)
        return error_memory(err);
    for (size_t i = 0; i < customers->n; i++) {
        const int32_t index = period_of(kind, customers->items[i].first).index;
        first = index < first ? index : first;
        last = index > last ? index : last;
    }
    for (size_t i = 0; i < customers->n; i++)
        groups[i] = (uint32_t)(period_of(kind, customers->items[i].first).index - first);
    *ret_groups = groups;
    *ret_first = first;
    *ret_n = (size_t)(last - first) + 1;
    return 0;
}

static int write_sums(struct cli *cli, const struct value_worth *sums, const double *counts,
                      enum period_kind kind, int32_t first, size_t n, struct error *err) {
    static const char *const names[] = {"cohort", "customers", WORTH_COLUMNS};
    struct writer *writer;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err))
        return err->code;
    for (size_t g = 0; g < n; g++) {
        if (!(counts[g] > 0))
            continue;
        writer_period(writer, (struct period){kind, first + (int32_t)g});
        writer_integer(writer, (int64_t)counts[g]);
        write_worth(writer, &sums[g]);
    }
    return 0;
}

static int write_cohorts(struct cli *cli, const struct value_customers *customers,
                         const struct value_options *options, const struct value_fit *fit,
                         struct error *err) {
    const enum period_kind kind = units[unit_asked(cli, "cohort")].kind;
    uint32_t *groups = NULL;
    int32_t first;
    size_t n = 0;
    int code = make_cohorts(customers, kind, &groups, &first, &n, err);
    struct value_worth *sums = code ? NULL : calloc(n, sizeof *sums);
    double *counts = code ? NULL : calloc(n, sizeof *counts);
    if (!code && (!sums || !counts))
        code = error_memory(err);
    for (size_t i = 0; i < customers->n && !code; i++)
        counts[groups[i]] += customers->items[i].count;
    if (!code)
        code = value_sum(customers, options, fit, groups, n, sums, err) ||
                       write_sums(cli, sums, counts, kind, first, n, err)
                   ? err->code
                   : 0;
    free(groups);
    free(sums);
    free(counts);
    return code;
}

/* ---- Contracts --------------------------------------------------------------------------------
 */

enum { PERIOD, KEPT, CONTRACT_COLUMNS };
static const struct table_column contract_columns[CONTRACT_COLUMNS] = {
    [PERIOD] = {.name = "period", .type = TABLE_INTEGER},
    [KEPT] = {.name = "customers", .type = TABLE_INTEGER},
};

/* kept[t], t = 0 to *ret_n - 1; the rows may come in any order. */
static int read_contracts(struct table *table, double **ret_kept, size_t *ret_n,
                          struct error *err) {
    const struct table_batch *batch;
    if (table_bind(table, contract_columns, CONTRACT_COLUMNS, err) ||
        table_read(table, &batch, err))
        return err->code;
    const size_t n = batch->rows;
    double *kept = calloc(n + 1, sizeof *kept);
    *ret_kept = kept;
    *ret_n = n;
    if (!kept)
        return error_memory(err);
    for (size_t t = 0; t < n; t++)
        kept[t] = NAN;
    for (size_t row = 0; row < n; row++) {
        const int64_t t = batch->columns[PERIOD].integer[row];
        if (t < 0 || t >= (int64_t)n || !isnan(kept[t]))
            return table_reject(
                batch, row, PERIOD, err,
                "found period %" PRId64 ", expected each from 0 to %zu once, one a row", t, n - 1);
        kept[t] = (double)batch->columns[KEPT].integer[row];
    }
    for (size_t t = 1; t < n; t++)
        if (!(kept[t] <= kept[t - 1]) || kept[t] < 0)
            return error_set(err, ERROR_DATA,
                             "found %.0f customers in period %zu and %.0f before, expected no rise "
                             "and none below 0: a contract that ended does not come back",
                             kept[t], t, kept[t - 1]);
    return 0;
}

static int write_contract_summary(struct cli *cli, const struct value_contract *contract,
                                  const double *kept, size_t n, struct error *err) {
    static const char *const names[] = {"quantity", "estimate", "std_error", "lower", "upper"};
    struct writer *writer;
    if (cli_writer(cli, names, 5, &writer, err))
        return err->code;
    write_plain(writer, "customers", kept[0]);
    write_plain(writer, "periods", (double)n - 1);
    write_parameter(writer, "alpha", &contract->parameters[0]);
    write_parameter(writer, "beta", &contract->parameters[1]);
    write_plain(writer, "log_likelihood", contract->log_likelihood);
    return 0;
}

static int write_contract(struct cli *cli, const struct value_contract *contract,
                          const double *kept, size_t n, struct error *err) {
    static const char *const names[] = {"period",     "customers",  "expected",  "observed", "stay",
                                        "stay_lower", "stay_upper", "retention", "residual"};
    const double per_year = 365.2425 / units[unit_asked(cli, "unit")].days;
    const double factor = exp(-log1p(cli_number(cli, "discount-rate")) / per_year);
    const double horizon = cli_number(cli, "horizon");
    struct writer *writer;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err))
        return err->code;
    for (size_t t = 0; t < n || (double)t <= horizon; t++) {
        const struct value_bounds stay =
            value_contract_stay(contract, (double)t, cli_number(cli, "confidence"));
        writer_integer(writer, (int64_t)t);
        writer_number(writer, t < n ? kept[t] : NAN);
        writer_number(writer, kept[0] * stay.value);
        writer_number(writer, t < n ? kept[t] / kept[0] : NAN);
        write_bounds(writer, &stay);
        writer_number(writer, t > 0 ? value_contract_retention(contract, (double)t) : NAN);
        writer_number(writer, value_contract_residual(contract, (double)t, factor));
    }
    return 0;
}

static int check_contract(const struct cli *cli, struct error *err) {
    static const char *const others[] = {"cohort", "as-of", "replicates"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (cli_given(cli, others[i]))
            return cli_usage(err, "--%s means nothing for --model sbg", others[i]);
    return 0;
}

static int compute_contract(struct cli *cli, struct table *table, struct error *err) {
    const char *const *files;
    struct value_contract contract;
    double *kept = NULL;
    size_t n = 0;
    int code = check_contract(cli, err);
    if (!code)
        code = read_contracts(table, &kept, &n, err);
    if (!code)
        code = value_contract_fit(kept, n, cli_number(cli, "confidence"), &contract, err);
    if (code == ERROR_DATA && cli_operands(cli, &files) == 1 && !strstr(err->text, files[0]))
        error_prefix(err, "%s: ", files[0]);
    if (!code && n > 0)
        code = cli_flag(cli, "summary") ? write_contract_summary(cli, &contract, kept, n, err)
                                        : write_contract(cli, &contract, kept, n, err);
    free(kept);
    return code;
}

/* ---- The tool -------------------------------------------------------------------------------- */

static int compute(struct cli *cli, struct table *table, struct value_customers *customers,
                   struct error *err) {
    const struct value_options options = value_options(cli);
    struct value_fit fit = {0};
    const char *const *files;
    bool log;
    int code = read_customers(cli, table, customers, &log, err);
    if (!code)
        code = value_estimate(customers, &options, &fit, err);
    if (code == ERROR_DATA && cli_operands(cli, &files) == 1 && !strstr(err->text, files[0]))
        error_prefix(err, "%s: ", files[0]);
    if (!code) {
        say_fit(cli, customers, &fit);
        code = cli_flag(cli, "summary")   ? write_summary(cli, customers, &options, &fit, err)
               : cli_given(cli, "cohort") ? write_cohorts(cli, customers, &options, &fit, err)
                                          : write_each(cli, customers, &options, &fit, err);
    }
    value_fit_free(&fit);
    return code;
}

static int run(struct cli *cli, struct error *err) {
    struct value_customers customers = {0};
    struct table *table;
    if (cli_open(cli, &table, err))
        return err->code;
    const int code = cli_choice(cli, "model", "sbg") ? compute_contract(cli, table, err)
                                                     : compute(cli, table, &customers, err);
    value_customers_free(&customers);
    return code;
}

static const struct cli_option options[] = {
    {.name = "model",
     .type = CLI_CHOICE,
     .range = "bg-nbd|pareto-nbd|sbg",
     .fallback = "bg-nbd",
     .help = "of repeat purchases; sbg: of contracts, which end visibly"},
    {.name = "unit",
     .type = CLI_CHOICE,
     .range = "day|week|month|quarter|year",
     .fallback = "week",
     .help = "of time: of the horizon, of what is written, and of histories"},
    {.name = "horizon",
     .type = CLI_NUMBER,
     .argument = "TIME",
     .range = "(0,100000]",
     .fallback = "52",
     .help = "how far ahead, in units"},
    {.name = "discount-rate",
     .type = CLI_NUMBER,
     .argument = "RATE",
     .range = "[0,10]",
     .fallback = "0.1",
     .help = "effective yearly rate for the present value"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the last look at a log; default: its last date"},
    {.name = "cohort",
     .type = CLI_CHOICE,
     .range = "week|month|quarter|year",
     .conflicts = "summary",
     .help = "sums by the period of the first purchase instead of customers"},
    {.name = "replicates",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[0,10000]",
     .fallback = "200",
     .help = "of the bootstrap; 0: no intervals"},
    {.name = "summary", .type = CLI_FLAG, .help = "the parameters and totals instead of customers"},
    {0},
};

static const struct cli_example examples[] = {
    {"customer-value --horizon 12 datasets/tiny/purchases.csv",
     "each customer: chance of being alive, purchases and revenue in 12 weeks"},
    {"customer-value --summary --model pareto-nbd datasets/tiny/purchases.csv",
     "the parameters, with errors, and the totals"},
    {"customer-value --cohort month datasets/tiny/purchases.csv", "by month of the first purchase"},
    {"customer-value --model sbg --unit year --horizon 12 datasets/contracts/high-end.csv",
     "how many of those under contract stay"},
    {0},
};

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "customer-value",
        .summary = "what customers will buy and bring in",
        .description =
            "Fits a model of repeat purchases (BG/NBD or Pareto/NBD) and one of the spend per "
            "purchase (Gamma-Gamma) to a log of purchases or to histories, and says of each "
            "customer or cohort what to expect over a horizon.",
        .input = "a log: user, date, revenue; or histories: frequency (repeat purchases), recency "
                 "(from the first to the last), T (since the first), and if there are any user, "
                 "value (mean spend per repeat purchase), customers (how many are like this); for "
                 "--model sbg period (0, 1, ...) and customers (still there)",
        .output = "user, customers, frequency, recency, T, value: the history\n"
                  "alive: the chance of being a customer still (a sum by cohort)\n"
                  "purchases, purchases_lower, purchases_upper: expected over the horizon\n"
                  "spend: expected per purchase\n"
                  "revenue, revenue_lower, revenue_upper: expected over the horizon\n"
                  "present_value, present_value_lower, present_value_upper: discounted\n"
                  "With --cohort, cohort and customers in place of the history. With --model sbg "
                  "period, customers, expected, observed, stay, stay_lower, stay_upper, retention, "
                  "residual. With --summary quantity, estimate, std_error, lower, upper",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
