/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Do exits breed exits? A Bass hazard fitted to the leavers of each period. */
#include "cli/cli.h"
#include "users/contagion.h"
#include "users/cox.h"
#include "users/exit-history.h"
#include "users/follow-graph.h"
#include <gsl/gsl_cdf.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static const struct cli_option options[] = {
    {.name = "group",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "a fit for each value of this column"},
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "year|quarter|month|week|day",
     .help = "put together the leavers of a period; default: as the dates of the file, days for "
             "spells"},
    {.name = "pool",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[1,9007199254740992]",
     .help = "how many could leave, those gone among them; default: estimated, or for spells all "
             "who are in the file"},
    {.name = "weight",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "spells: how many such spells a row stands for, a whole number from 1 on"},
    {.name = "since",
     .type = CLI_DATE,
     .argument = "DATE",
     .conflicts = "left-truncate",
     .help = "the first day on which anybody could leave. Counts: those of the first date left on "
             "any day from it on. Spells: who left before does not count"},
    {.name = "left-truncate",
     .type = CLI_FLAG,
     .help = "those of the first period with leavers had left before the records began: they are "
             "gone, but when they left is not fitted"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the last day looked at; default: the last date in the file"},
    {.name = "dispersion",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "estimated|binomial",
     .fallback = "estimated",
     .help = "estimated: widen intervals and test by how far the counts scatter beyond independent "
             "decisions; binomial: take decisions as independent"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "test forecast",
     .help = "the parameters with their intervals: p, q, pool, tipping share"},
    {.name = "test",
     .type = CLI_FLAG,
     .conflicts = "summary forecast",
     .help = "test of q = 0: no contagion"},
    {.name = "forecast",
     .type = CLI_INTEGER,
     .argument = "K",
     .range = "[0,10000]",
     .fallback = "0",
     .help = "go on for K periods"},
    {.name = "draws",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[100,1000000]",
     .fallback = "1000",
     .help = "simulated histories and futures behind the bounds"},
    {.name = "graph",
     .type = CLI_FILE,
     .argument = "FILE",
     .conflicts = "group period pool weight since left-truncate dispersion summary test forecast "
                  "draws chart",
     .help = "who follows whom (follower, followed): regress leaving on how many, and what share, "
             "of those one follows have left; the input is spells with a column user"},
    {.name = "lag",
     .type = CLI_INTEGER,
     .argument = "DAYS",
     .range = "[1,36500]",
     .fallback = "1",
     .needs = "graph",
     .help = "how long after they left"},
    {0}};

static const struct cli_example examples[] = {
    {"churn-contagion --group platform datasets/tiny/exits.csv",
     "leavers of each day, and how many a fit expects"},
    {"churn-contagion --column leavers=projects --since 2021-05-19 --summary "
     "datasets/freenode-libera/exits.csv",
     "projects leaving Freenode: of their own accord, and by imitation"},
    {"churn-contagion --column leavers=projects --left-truncate --summary "
     "datasets/freenode-libera/exits.csv",
     "without a guess of when those of the first day left"},
    {"churn-contagion --column leavers=projects --since 2021-05-19 --period week --forecast 8 "
     "datasets/freenode-libera/exits.csv",
     "by week, and what the fit expects of the next eight"},
    {"churn-contagion --test --group platform datasets/tiny/exits.csv", "is there any imitation?"},
    {"churn-contagion --graph datasets/tiny/followers.csv datasets/tiny/followers-spells.csv",
     "do those leave sooner who follow someone who left?"},
    {0}};

/* ---- Reading --------------------------------------------------------------------------------- */

/* False without --period. */
static bool wanted_period(struct cli *cli, enum period_kind *ret) {
    if (!cli_given(cli, "period"))
        return false;
    for (int kind = PERIOD_YEAR; kind <= PERIOD_DAY; kind++)
        if (cli_choice(cli, "period", period_kind_name((enum period_kind)kind)))
            *ret = (enum period_kind)kind;
    return true;
}

static int read_histories(struct cli *cli, struct exit_histories *ret, struct error *err) {
    struct table *table;
    enum period_kind period;
    int32_t since = cli_date(cli, "since"), as_of = cli_date(cli, "as-of");
    if (cli_open(cli, &table, err))
        return err->code;
    const struct exit_history_options from = {
        .spells = !table_has(table, "leavers") && table_has(table, "end"),
        .weight = cli_text(cli, "weight"),
        .group = cli_text(cli, "group"),
        .period = wanted_period(cli, &period) ? &period : NULL,
        .since = cli_given(cli, "since") ? &since : NULL,
        .as_of = cli_given(cli, "as-of") ? &as_of : NULL,
        .pool = cli_integer(cli, "pool"),
        .left_truncate = cli_flag(cli, "left-truncate"),
    };
    if (from.spells && from.pool > 0)
        return cli_usage(err, "option '--pool' is for counts of leavers; of spells the pool is all "
                              "who are in the file");
    if (!from.spells && from.weight)
        return cli_usage(err, "option '--weight' is for spells; the counts of leavers say how many "
                              "they are");
    cli_note(cli, "%s",
             from.spells ? "read as spells: start, end" : "read as counts: date, leavers");
    return exit_histories_read(table, &from, ret, err);
}

/* A first day with a large part of all leavers is nearly always when the records began. */
static void warn_of_first(struct cli *cli, const struct exit_history *exits) {
    char period[CALENDAR_TEXT];
    if (cli_given(cli, "since") || cli_flag(cli, "left-truncate") ||
        exits->first_share * 10 < exits->leavers || exits->first_share < 10)
        return;
    size_t first = 0;
    while (exits->history.leavers[first] == 0)
        first++;
    period_format(exits->periods[first], period);
    cli_warn(cli,
             "group '%.*s': %" PRId64 " of %" PRId64
             " left in %s, the first period with any: if they had left before the records began, "
             "give the day by --since, or --left-truncate",
             (int)exits->group.length, exits->group.bytes, exits->first_share, exits->leavers,
             period);
}

/* One of several groups that says too little does not stop the others: all its estimates are
 * missing, with a warning. */
static int fit_nothing(struct cli *cli, const struct exit_history *exits, bool one_of_several,
                       struct error *failure, struct contagion_fit *ret, struct error *err) {
    static const struct contagion_estimate none = {NAN, NAN, NAN};
    error_prefix(failure, "group '%.*s': ", (int)exits->group.length, exits->group.bytes);
    if (!one_of_several || failure->code != ERROR_DATA)
        return error_set(err, (enum error_code)failure->code, "%s", failure->text);
    cli_warn(cli, "%s", failure->text);
    *ret = (struct contagion_fit){.p = none,
                                  .q = none,
                                  .pool = none,
                                  .tipping = none,
                                  .statistic = NAN,
                                  .p_value = NAN,
                                  .dispersion = NAN};
    return 0;
}

static int fit_group(struct cli *cli, const struct exit_history *exits, bool one_of_several,
                     struct contagion_fit *ret, struct error *err) {
    struct error failure = {0};
    const struct contagion_options how = {
        .confidence = cli_number(cli, "confidence"),
        .binomial = cli_choice(cli, "dispersion", "binomial"),
    };
    warn_of_first(cli, exits);
    if (exits->at_once > 0)
        cli_warn(cli,
                 "group '%.*s': %" PRId64 " left in the period in which they came: they are gone, "
                 "but not fitted as leavers%s",
                 (int)exits->group.length, exits->group.bytes, exits->at_once,
                 exits->periods[0].kind == PERIOD_DAY ? ""
                                                      : "; a shorter --period fits more of them");
    if (contagion_fit(&exits->history, &how, ret, &failure))
        return fit_nothing(cli, exits, one_of_several, &failure, ret, err);
    if (ret->pool_unbound)
        cli_warn(cli,
                 "group '%.*s': exits have not begun to slow down, so they do not tell how large "
                 "the pool is; give it by --pool if you know it",
                 (int)exits->group.length, exits->group.bytes);
    else if (!exits->history.pool && ret->pool.value < (double)exits->leavers + 1)
        cli_warn(cli,
                 "group '%.*s': the likeliest pool is just those who have left, so a forecast says "
                 "that nobody more will; --pool N if more could",
                 (int)exits->group.length, exits->group.bytes);
    if (ret->dispersion > 2)
        cli_note(cli,
                 "group '%.*s': leavers scatter %.3g times as much as independent decisions would; "
                 "intervals and test allow for it",
                 (int)exits->group.length, exits->group.bytes, ret->dispersion);
    return 0;
}

/* ---- Parameters ------------------------------------------------------------------------------ */

static void write_estimate(struct writer *writer, struct text group, const char *parameter,
                           struct contagion_estimate estimate) {
    const double cells[] = {estimate.value, estimate.lower, estimate.upper};
    writer_text(writer, group);
    writer_string(writer, parameter);
    for (int i = 0; i < 3; i++)
        if (isinf(cells[i]))
            writer_string(writer, "inf");
        else
            writer_number(writer, cells[i]);
}

/* When the share gone passed the one at which imitation takes over. */
static void say_tipping(struct cli *cli, const struct exit_history *exits,
                        const struct contagion_fit *fit) {
    const struct contagion_history *history = &exits->history;
    if (!(fit->tipping.value <= 1))
        return;
    for (size_t i = 0; i < history->n; i++) {
        const double pool = history->pool ? (double)history->pool[i] : fit->pool.value;
        char period[CALENDAR_TEXT];
        if ((double)history->gone[i] < fit->tipping.value * pool)
            continue;
        period_format(exits->periods[i], period);
        cli_note(cli, "group '%.*s': the tipping share was gone when %s began",
                 (int)exits->group.length, exits->group.bytes, period);
        return;
    }
}

static void write_parameters(struct cli *cli, struct writer *writer,
                             const struct exit_history *exits, const struct contagion_fit *fit) {
    const struct contagion_estimate dispersion = {fit->dispersion, NAN, NAN};
    write_estimate(writer, exits->group, "p", fit->p);
    write_estimate(writer, exits->group, "q", fit->q);
    write_estimate(writer, exits->group, "pool", fit->pool);
    write_estimate(writer, exits->group, "tipping_share", fit->tipping);
    write_estimate(writer, exits->group, "dispersion", dispersion);
    say_tipping(cli, exits, fit);
}

static void write_test(struct writer *writer, const struct exit_history *exits,
                       const struct contagion_fit *fit) {
    const bool scaled = fit->dispersion > 1;
    writer_text(writer, exits->group);
    writer_string(writer, scaled ? "F" : "chi-square");
    writer_number(writer, fit->statistic);
    writer_integer(writer, 1);
    if (scaled)
        writer_integer(writer, (int64_t)fit->df);
    else
        writer_missing(writer);
    writer_number(writer, fit->p_value);
}

static int write_fits(struct cli *cli, const struct exit_histories *all, struct error *err) {
    static const char *const sums[] = {"group", "parameter", "estimate", "lower", "upper"};
    static const char *const tests[] = {"group",        "statistic",      "value",
                                        "df_numerator", "df_denominator", "p_value"};
    const bool test = cli_flag(cli, "test");
    struct writer *writer;
    int status = cli_writer(cli, test ? tests : sums, test ? 6 : 5, &writer, err);
    for (size_t g = 0; g < all->n && !status; g++) {
        struct contagion_fit fit;
        status = fit_group(cli, &all->items[g], all->n > 1, &fit, err);
        if (!status && test)
            write_test(writer, &all->items[g], &fit);
        else if (!status)
            write_parameters(cli, writer, &all->items[g], &fit);
    }
    return status;
}

/* ---- Period by period ------------------------------------------------------------------------ */

static void write_bounds(struct writer *writer, double value, double lower, double upper) {
    writer_number(writer, value);
    writer_number(writer, lower);
    writer_number(writer, upper);
}

static void write_steps(struct writer *writer, const struct exit_history *exits,
                        const struct contagion_step *steps, size_t ahead) {
    const struct contagion_history *history = &exits->history;
    for (size_t i = 0; i < history->n + ahead; i++) {
        struct period period = exits->periods[i < history->n ? i : history->n - 1];
        if (i >= history->n)
            period.index += (int32_t)(i - history->n) + 1;
        writer_text(writer, exits->group);
        writer_period(writer, period);
        if (i < history->n)
            writer_integer(writer, history->leavers[i]);
        else
            writer_missing(writer);
        write_bounds(writer, steps[i].leavers, steps[i].lower, steps[i].upper);
        write_bounds(writer, steps[i].gone, steps[i].gone_lower, steps[i].gone_upper);
    }
}

/* What was seen, when nothing could be fitted. */
static void steps_without_fit(const struct contagion_history *history, size_t ahead,
                              struct contagion_step *ret) {
    for (size_t i = 0; i < history->n + ahead; i++) {
        ret[i] = (struct contagion_step){NAN, NAN, NAN, NAN, NAN, NAN};
        if (i < history->n)
            ret[i].gone = (double)history->gone[i + 1];
    }
}

/* Lengths of the periods ahead. */
static void days_ahead(const struct exit_history *exits, size_t ahead, double *ret) {
    struct period period = exits->periods[exits->history.n - 1];
    for (size_t i = 0; i < ahead; i++) {
        period.index++;
        ret[i] = period_last_day(period) - period_first_day(period) + 1;
    }
}

static int forecast_group(struct cli *cli, struct writer *writer, const struct exit_history *exits,
                          bool one_of_several, struct error *err) {
    const size_t ahead = (size_t)cli_integer(cli, "forecast");
    struct contagion_fit fit;
    if (fit_group(cli, exits, one_of_several, &fit, err))
        return err->code;
    struct contagion_step *steps = malloc((exits->history.n + ahead) * sizeof *steps);
    double *days = malloc((ahead + 1) * sizeof *days);
    if (!steps || !days) {
        free(steps);
        free(days);
        return error_memory(err);
    }
    days_ahead(exits, ahead, days);
    const struct contagion_forecast_options how = {
        .confidence = cli_number(cli, "confidence"),
        .seed = (uint32_t)cli_integer(cli, "seed"),
        .draws = (size_t)cli_integer(cli, "draws"),
        .steps = ahead,
        .days = days,
        .threads = cli_threads(cli),
    };
    int status = 0;
    if (fit.leavers > 0)
        status = contagion_forecast(&exits->history, &fit, &how, steps, err);
    else
        steps_without_fit(&exits->history, ahead, steps);
    if (!status)
        write_steps(writer, exits, steps, ahead);
    free(steps);
    free(days);
    return status;
}

static int write_forecast(struct cli *cli, const struct exit_histories *all, struct error *err) {
    static const char *const names[] = {"group", "period", "leavers",    "expected",  "lower",
                                        "upper", "gone",   "gone_lower", "gone_upper"};
    struct writer *writer;
    int status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    for (size_t g = 0; g < all->n && !status; g++)
        status = forecast_group(cli, writer, &all->items[g], all->n > 1, err);
    return status;
}

/* ---- Along a follow graph -------------------------------------------------------------------- */

static int read_exposure(struct cli *cli, struct follow_exposure *ret, struct error *err) {
    struct table *spells, *graph;
    const int32_t as_of = cli_date(cli, "as-of");
    const struct follow_graph_options how = {
        .lag = (int32_t)cli_integer(cli, "lag"),
        .as_of = cli_given(cli, "as-of") ? &as_of : NULL,
    };
    if (cli_open(cli, &spells, err) || cli_open_file(cli, cli_text(cli, "graph"), &graph, err) ||
        follow_graph_read(spells, graph, &how, ret, err))
        return err->code;
    cli_note(cli, "%zu users with %zu spells, %zu that ended; %zu follow one another", ret->users,
             ret->spells, ret->leavers, ret->edges);
    if (ret->unknown > 0)
        cli_warn(cli,
                 "%zu row%s of the graph name somebody without a spell: left out, as it is not "
                 "known whether they left",
                 ret->unknown, ret->unknown == 1 ? "" : "s");
    return 0;
}

/* One Cox regression on one covariate; errors allow for several spells of a user. */
static int write_exposure(struct cli *cli, struct writer *writer,
                          const struct follow_exposure *exposure, const char *name, const double *x,
                          struct error *err) {
    const struct cox_data data = {.n = exposure->n,
                                  .p = 1,
                                  .time = exposure->time,
                                  .entry = exposure->entry,
                                  .status = exposure->status,
                                  .cluster = exposure->user,
                                  .x = &x,
                                  .names = &name};
    const struct cox_options how = {.threads = cli_threads(cli)};
    struct cox *cox;
    if (cox_fit(&cox, &data, &how, err))
        return err->code;
    const struct cox_result *fit = cox_result(cox);
    const double b = fit->coefficient[0], std_error = sqrt(fit->robust[0]), z = b / std_error;
    const double width =
        gsl_cdf_ugaussian_Pinv((1 + cli_number(cli, "confidence")) / 2) * std_error;
    writer_string(writer, name);
    writer_number(writer, b);
    writer_number(writer, exp(b));
    writer_number(writer, std_error);
    writer_number(writer, z);
    writer_number(writer, 2 * gsl_cdf_ugaussian_Q(fabs(z)));
    writer_number(writer, exp(b - width));
    writer_number(writer, exp(b + width));
    cox_destroy(cox);
    return 0;
}

static int run_graph(struct cli *cli, struct error *err) {
    static const char *const names[] = {"exposure", "coefficient", "hazard_ratio", "std_error",
                                        "z",        "p_value",     "lower",        "upper"};
    struct follow_exposure exposure = {0};
    struct writer *writer;
    int status = read_exposure(cli, &exposure, err);
    if (!status)
        status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    if (!status)
        status = write_exposure(cli, writer, &exposure, "followed_gone", exposure.count, err);
    if (!status)
        status = write_exposure(cli, writer, &exposure, "followed_gone_share", exposure.share, err);
    follow_exposure_free(&exposure);
    return status;
}

static int run(struct cli *cli, struct error *err) {
    if (cli_given(cli, "graph"))
        return run_graph(cli, err);
    struct exit_histories all = {0};
    int status = read_histories(cli, &all, err);
    if (!status && (cli_flag(cli, "summary") || cli_flag(cli, "test")))
        status = write_fits(cli, &all, err);
    else if (!status)
        status = write_forecast(cli, &all, err);
    exit_histories_free(&all);
    return status;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "churn-contagion",
        .summary = "do exits breed exits? leaving by imitation, with a forecast",
        .description =
            "Fits Bass's hazard h = p + q F to the leavers of each period by maximum likelihood: "
            "p a day of one's own accord, q F by imitation, F being the share gone. Beyond the "
            "tipping share p/q more leave by imitation than of their own accord.\n\n"
            "Counts of leavers or spells can be given. A pool that is not known is estimated, "
            "as far as exits that slow down tell it. Intervals are by profile likelihood, those "
            "of --forecast by parametric bootstrap.\n\n"
            "From counts alone, imitation is not told apart from anything else that makes all "
            "leave sooner as time goes on. --graph does: it compares, day by day, those of whom "
            "many followed accounts have left with those of whom few have.",
        .input = "date, leavers: how many left on a day or in a period. Or spells: start, end, an "
                 "empty end meaning still there.",
        .output = "group, period, leavers, expected, lower, upper, gone, gone_lower, gone_upper: "
                  "leavers as seen, and as the fit expects them from the state at the beginning "
                  "of the period; gone is at its end.\n\n"
                  "--summary: group, parameter, estimate, lower, upper (rates a day).\n\n"
                  "--test: group, statistic, value, df_numerator, df_denominator, p_value.\n\n"
                  "--graph: exposure, coefficient, hazard_ratio, std_error, z, p_value, lower, "
                  "upper (bounds of the hazard ratio).",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
