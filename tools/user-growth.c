/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growth of a platform: curves compared, and carried on. */
#include "cli/cli.h"
#include "users/growth-series.h"
#include "users/growth.h"
#include <math.h>
#include <string.h>

static const struct cli_option options[] = {
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "a series for each value of this column"},
    {.name = "model",
     .type = CLI_CHOICE,
     .argument = "MODEL",
     .range = "best|all|exponential|logistic|gompertz|bass",
     .fallback = "best",
     .help = "best: the one with the least AICc of those that the counts can tell; all: every one "
             "of these"},
    {.name = "break",
     .type = CLI_DATE,
     .argument = "DATE",
     .many = true,
     .help = "counts after DATE are made in another way: they lie higher (or lower) by a constant, "
             "which is fitted"},
    {.name = "launch",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "bass: the day before the first user; default: the curve begins at the first date, "
             "above a base that is fitted"},
    {.name = "error",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "constant|poisson|relative",
     .fallback = "constant",
     .help = "how the variance of a count goes with the count: not at all, as it, as its square"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "parameters forecast model",
     .help = "a row for each model: how well it fits, and whether the counts can tell"},
    {.name = "parameters",
     .type = CLI_FLAG,
     .conflicts = "summary forecast",
     .help = "the parameters of the chosen model with their errors"},
    {.name = "forecast",
     .type = CLI_INTEGER,
     .argument = "K",
     .range = "[0,100000]",
     .fallback = "0",
     .help = "go on for K dates, as far apart as those of the file are in the median"},
    {0}};

static const struct cli_example examples[] = {
    {"user-growth --error relative datasets/tiny/growth.csv",
     "the curve that fits best, beside the counts"},
    {"user-growth --summary --break 2022-11-21 datasets/mastodon/accounts.csv",
     "Mastodon in November 2022: the models compared, a break in counting allowed for"},
    {"user-growth --parameters --model all --break 2022-11-21 datasets/mastodon/accounts.csv",
     "their parameters"},
    {"user-growth --break 2022-11-21 --forecast 7 datasets/mastodon/accounts.csv", "a week ahead"},
    {0}};

/* ---- Fitting --------------------------------------------------------------------------------- */

struct request {
    struct growth_options options;
    double breaks[GROWTH_BREAKS];
};

/* Days are counted from each series' own first date. */
static int request_of(struct cli *cli, const struct grown *grown, struct request *ret,
                      struct error *err) {
    const char *const *dates;
    const size_t n = cli_many(cli, "break", &dates);
    if (n > GROWTH_BREAKS)
        return cli_usage(err, "option '--break' is given %zu times, expected at most %d", n,
                         GROWTH_BREAKS);
    *ret = (struct request){
        .options = {.error = cli_choice(cli, "error", "poisson")    ? GROWTH_POISSON
                             : cli_choice(cli, "error", "relative") ? GROWTH_RELATIVE
                                                                    : GROWTH_CONSTANT,
                    .confidence = cli_number(cli, "confidence"),
                    .n_breaks = n,
                    .launch = -1}};
    ret->options.breaks = ret->breaks;
    if (grown->series.n == 0)
        return 0;
    const int32_t first = period_first_day(grown->periods[0]);
    const double last = grown->series.time[grown->series.n - 1];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(dates[i], dates[j]) == 0)
                return cli_usage(err, "option '--break' is given twice with %s", dates[i]);
    for (size_t i = 0; i < n; i++) {
        int32_t day = 0;
        calendar_parse_date(text_of(dates[i]), &day); /* the option table has seen to its form */
        ret->breaks[i] = day - first;
        if (ret->breaks[i] < 0 || ret->breaks[i] >= last)
            return error_set(err, ERROR_DATA,
                             "group '%.*s': no counts on both sides of the break after %s",
                             (int)grown->group.length, grown->group.bytes, dates[i]);
    }
    if (cli_given(cli, "launch"))
        ret->options.launch = first - cli_date(cli, "launch");
    if (cli_given(cli, "launch") && ret->options.launch < 0)
        return error_set(err, ERROR_DATA,
                         "group '%.*s': the first count is before the launch, expected it later",
                         (int)grown->group.length, grown->group.bytes);
    return 0;
}

static int fit_all(struct cli *cli, const struct grown *grown,
                   struct growth_fit fits[GROWTH_MODELS], struct error *err) {
    struct request request;
    if (request_of(cli, grown, &request, err))
        return err->code;
    for (int m = 0; m < GROWTH_MODELS; m++)
        if (growth_fit(&grown->series, (enum growth_model)m, &request.options, &fits[m], err)) {
            error_prefix(err, "group '%.*s': ", (int)grown->group.length, grown->group.bytes);
            return err->code;
        }
    return 0;
}

/* ---- Which models are written ---------------------------------------------------------------- */

static void warn_of_residuals(struct cli *cli, const struct grown *grown,
                              const struct growth_fit *fit) {
    if (fit->verdict == GROWTH_EXACT)
        cli_warn(cli,
                 "group '%.*s', %s: the curve goes through all counts, so there is no scatter that "
                 "errors and bounds could be told from",
                 (int)grown->group.length, grown->group.bytes, growth_model_name(fit->model));
    if (fit->autocorrelation > 0.5)
        cli_warn(cli,
                 "group '%.*s', %s: counts stay on one side of the curve for several dates "
                 "(autocorrelation %.2f), so that bounds are too narrow",
                 (int)grown->group.length, grown->group.bytes, growth_model_name(fit->model),
                 fit->autocorrelation);
}

static bool is_fit(const struct growth_fit *fit) {
    return fit->verdict == GROWTH_FITS || fit->verdict == GROWTH_EXACT;
}

/* One that was asked for by name is written if it can be computed at all, with a word of warning.
 */
static bool wanted(struct cli *cli, const struct growth_fit *fit, const struct growth_fit *best) {
    if (cli_choice(cli, "model", "best"))
        return fit == best;
    if (cli_choice(cli, "model", "all"))
        return is_fit(fit);
    return cli_choice(cli, "model", growth_model_name(fit->model)) &&
           (is_fit(fit) || fit->verdict == GROWTH_UNDETERMINED);
}

/* Whether there are any. */
static bool choose(struct cli *cli, const struct grown *grown, const struct growth_fit *fits,
                   bool ret[GROWTH_MODELS]) {
    const struct growth_fit *best = growth_best(fits, GROWTH_MODELS);
    bool any = false;
    for (int m = 0; m < GROWTH_MODELS; m++) {
        ret[m] = wanted(cli, &fits[m], best);
        any = any || ret[m];
        if (!ret[m])
            continue;
        warn_of_residuals(cli, grown, &fits[m]);
        if (fits[m].verdict == GROWTH_UNDETERMINED)
            cli_warn(cli, "group '%.*s', %s: %s", (int)grown->group.length, grown->group.bytes,
                     growth_model_name(fits[m].model), growth_verdict_says(fits[m].verdict));
    }
    return any;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_summary(struct writer *writer, const struct grown *grown,
                          const struct growth_fit *fits) {
    const struct growth_fit *best = growth_best(fits, GROWTH_MODELS);
    double weights[GROWTH_MODELS];
    growth_weights(fits, GROWTH_MODELS, weights);
    for (int m = 0; m < GROWTH_MODELS; m++) {
        const struct growth_fit *fit = &fits[m];
        const bool fitted = is_fit(fit), tried = fitted || fit->verdict == GROWTH_UNDETERMINED;
        writer_text(writer, grown->group);
        writer_string(writer, growth_model_name(fit->model));
        writer_integer(writer, (int64_t)fit->n);
        writer_integer(writer, (int64_t)fit->k);
        writer_number(writer, tried ? fit->sigma : NAN);
        writer_number(writer, tried ? fit->log_likelihood : NAN);
        writer_number(writer, tried ? fit->aicc : NAN);
        writer_number(writer, fitted ? fit == best ? 0 : fit->aicc - best->aicc : NAN);
        writer_number(writer, fitted ? weights[m] : NAN);
        writer_number(writer, tried ? fit->autocorrelation : NAN);
        writer_string(writer, growth_verdict_says(fit->verdict));
    }
}

static void write_start(struct writer *writer, const struct grown *grown,
                        const struct growth_fit *fit) {
    writer_text(writer, grown->group);
    writer_string(writer, growth_model_name(fit->model));
}

static void write_estimate(struct writer *writer, const struct growth_parameter *parameter) {
    writer_string(writer, parameter->name);
    writer_number(writer, parameter->value);
    writer_number(writer, parameter->std_error);
    writer_number(writer, parameter->lower);
    writer_number(writer, parameter->upper);
}

static void write_parameters(struct writer *writer, const struct grown *grown,
                             const struct growth_fit *fit) {
    for (size_t j = 0; j < fit->k; j++) {
        write_start(writer, grown, fit);
        write_estimate(writer, &fit->parameters[j]);
    }
    const struct growth_parameter *rate = &fit->parameters[1];
    if (fit->model != GROWTH_EXPONENTIAL || !(rate->value > 0))
        return;
    const struct growth_parameter doubling = {
        .name = "doubling_time",
        .value = M_LN2 / rate->value,
        .std_error = M_LN2 / (rate->value * rate->value) * rate->std_error,
        .lower = M_LN2 / rate->upper,
        .upper = rate->lower > 0 ? M_LN2 / rate->lower : NAN,
    };
    write_start(writer, grown, fit);
    write_estimate(writer, &doubling);
}

static void write_point(struct writer *writer, const struct grown *grown,
                        const struct growth_fit *fit, struct period period, double users) {
    const struct growth_point at = growth_at(fit, grown_time(grown, period));
    write_start(writer, grown, fit);
    writer_period(writer, period);
    writer_number(writer, users);
    writer_number(writer, at.users);
    writer_number(writer, at.lower);
    writer_number(writer, at.upper);
}

static void write_curve(struct cli *cli, struct writer *writer, const struct grown *grown,
                        const struct growth_fit *fit) {
    const size_t n = grown->series.n;
    struct period period = grown->periods[n - 1];
    for (size_t i = 0; i < n; i++)
        write_point(writer, grown, fit, grown->periods[i], grown->series.users[i]);
    for (int64_t i = cli_integer(cli, "forecast"); i > 0; i--) {
        period.index += grown->step;
        write_point(writer, grown, fit, period, NAN);
    }
}

#define NO_CURVE "%zu count%s, from which no curve asked for can be told"

/* Of several groups each has had its word. */
static int tells_nothing(const struct cli *cli, const struct grown *first, struct error *err) {
    if (cli_given(cli, "group"))
        return error_set(err, ERROR_DATA, "no curve for any group; --summary says why of each");
    return error_set(err, ERROR_DATA, NO_CURVE "; --summary says why of each", first->series.n,
                     first->series.n == 1 ? "" : "s");
}

/* A group without a curve is left out with a word; *ret_told becomes true if it has one. */
static int write_group(struct cli *cli, struct writer *writer, const struct grown *grown,
                       bool *ret_told, struct error *err) {
    struct growth_fit fits[GROWTH_MODELS] = {{0}};
    bool chosen[GROWTH_MODELS] = {false};
    if (fit_all(cli, grown, fits, err))
        return err->code;
    if (cli_flag(cli, "summary")) {
        write_summary(writer, grown, fits);
        *ret_told = true;
        return 0;
    }
    if (choose(cli, grown, fits, chosen))
        *ret_told = true;
    else if (cli_given(cli, "group"))
        cli_warn(cli, "group '%.*s': " NO_CURVE, (int)grown->group.length, grown->group.bytes,
                 grown->series.n, grown->series.n == 1 ? "" : "s");
    for (int m = 0; m < GROWTH_MODELS; m++) {
        if (chosen[m] && cli_flag(cli, "parameters"))
            write_parameters(writer, grown, &fits[m]);
        else if (chosen[m])
            write_curve(cli, writer, grown, &fits[m]);
    }
    return 0;
}

static int open_writer(struct cli *cli, struct writer **ret, struct error *err) {
    static const char *const curve[] = {"group",  "model", "date", "users",
                                        "fitted", "lower", "upper"};
    static const char *const summary[] = {"group",  "model",           "counts", "parameters",
                                          "sigma",  "log_likelihood",  "aicc",   "delta",
                                          "weight", "autocorrelation", "verdict"};
    static const char *const parameters[] = {"group",     "model", "parameter", "estimate",
                                             "std_error", "lower", "upper"};
    if (cli_flag(cli, "summary"))
        return cli_writer(cli, summary, sizeof summary / sizeof *summary, ret, err);
    if (cli_flag(cli, "parameters"))
        return cli_writer(cli, parameters, sizeof parameters / sizeof *parameters, ret, err);
    return cli_writer(cli, curve, sizeof curve / sizeof *curve, ret, err);
}

static int run(struct cli *cli, struct error *err) {
    struct table *table;
    struct writer *writer;
    struct growth_table growing = {0};
    bool told = false;
    int status = cli_open(cli, &table, err);
    if (!status)
        status = growth_table_read(table, cli_text(cli, "group"), &growing, err);
    if (!status && growing.missing > 0)
        cli_note(cli, "%zu row%s without a count left out", growing.missing,
                 growing.missing == 1 ? "" : "s");
    if (!status)
        status = open_writer(cli, &writer, err);
    for (size_t g = 0; g < growing.n && !status; g++)
        status = write_group(cli, writer, &growing.items[g], &told, err);
    if (!status && growing.n > 0 && !told)
        status = tells_nothing(cli, &growing.items[0], err);
    growth_table_free(&growing);
    return status;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "user-growth",
        .summary = "growth curves of users by date: compared, and carried on",
        .description =
            "Fits exponential, logistic, Gompertz and Bass curves to counts of users by weighted "
            "least squares, compares them by AICc, and carries the best on with bounds. A known "
            "break in the way of counting is a shift of level.\n\n"
            "A curve of whose limit the counts say nothing yet, because they do not bend, is said "
            "to be undetermined and is not carried on, unless asked for by name.",
        .input = "date: a day or a period, all of one kind\n"
                 "users: how many there are, 0 or more; rows without are left out",
        .output = "group, model, date, users, fitted, lower, upper: bounds for a count on that "
                  "date.\n\n"
                  "--summary: group, model, counts, parameters, sigma, log_likelihood, aicc, "
                  "delta, weight, autocorrelation, verdict.\n\n"
                  "--parameters: group, model, parameter, estimate, std_error, lower, upper; times "
                  "are days since the first date.",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
