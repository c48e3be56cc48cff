/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an event cost, against what was expected without it.
 *
 * Contents: names of columns; what is asked for; writing; the tool.
 */
#include "base/arena.h"
#include "base/buffer.h"
#include "cli/cli.h"
#include "revenue/impact-control.h"
#include "revenue/impact-regression.h"
#include "revenue/impact-space.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- Names of columns ------------------------------------------------------------------------ */

struct names {
    const char **items;
    size_t n, capacity;
    struct arena arena;
};

static void names_free(struct names *names) {
    free(names->items);
    arena_free(&names->arena);
}

/* Every --controls is a list with commas between, and may be given again. */
static int split_controls(struct cli *cli, struct names *names, struct error *err) {
    const char *const *lists;
    const size_t n = cli_many(cli, "controls", &lists);
    for (size_t i = 0; i < n; i++) {
        const char *from = lists[i];
        for (;;) {
            const size_t length = strcspn(from, ",");
            if (length == 0)
                return cli_usage(err, "--controls '%s' has an empty name", lists[i]);
            if (array_reserve((void **)&names->items, &names->capacity, names->n + 1,
                              sizeof *names->items, err))
                return err->code;
            names->items[names->n] = arena_text(&names->arena, from, length);
            if (!names->items[names->n++])
                return error_memory(err);
            if (from[length] == '\0')
                break;
            from += length + 1;
        }
    }
    return 0;
}

/* ---- What is asked for ----------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum period_kind kind;
} kinds[] = {{"year", PERIOD_YEAR},
             {"quarter", PERIOD_QUARTER},
             {"month", PERIOD_MONTH},
             {"week", PERIOD_WEEK},
             {"day", PERIOD_DAY}};

static int make_request(struct cli *cli, const struct names *controls, struct impact_request *ret,
                        struct error *err) {
    const char *event = cli_text(cli, "event");
    *ret = (struct impact_request){
        .value = cli_text(cli, "value"), .controls = controls->items, .n_controls = controls->n};
    if (!event)
        return cli_usage(err, "found no --event, expected the date or period of the event");
    if (!period_parse(text_of(event), &ret->event))
        return cli_usage(err,
                         "--event is '%s', expected a date or a period, such as 2025-01-19, "
                         "2025-01, 2025-Q1 or 2025",
                         event);
    ret->coarsen = cli_given(cli, "period");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && ret->coarsen; i++)
        if (cli_choice(cli, "period", kinds[i].word))
            ret->kind = kinds[i].kind;
    return 0;
}

static struct hac_options hac_options(struct cli *cli) {
    struct hac_options options = HAC_DEFAULTS;
    if (cli_choice(cli, "bandwidth", "newey-west"))
        options.bandwidth = HAC_NEWEY_WEST;
    if (cli_choice(cli, "kernel", "quadratic-spectral"))
        options.kernel = HAC_QUADRATIC_SPECTRAL;
    if (cli_choice(cli, "bandwidth", "andrews"))
        options.bandwidth = HAC_ANDREWS;
    if (cli_given(cli, "lag")) {
        options.bandwidth = HAC_GIVEN;
        options.given = (double)cli_integer(cli, "lag");
    }
    options.prewhiten = cli_flag(cli, "prewhiten");
    options.adjust = !cli_flag(cli, "no-adjust");
    return options;
}

static int check_season(struct cli *cli, struct error *err) {
    const int64_t season = cli_integer(cli, "season"), harmonics = cli_integer(cli, "harmonics");
    if (2 * harmonics > season)
        return cli_usage(err,
                         "--harmonics is %d for a season of %d steps, expected at most half "
                         "as many",
                         (int)harmonics, (int)season);
    return 0;
}

/* Options that mean something for some methods only, and the first letters of those. */
static const struct {
    const char *option, *methods;
} restricted[] = {
    {"change", "r"}, {"errors", "r"},    {"kernel", "r"},     {"bandwidth", "r"},
    {"lag", "r"},    {"prewhiten", "r"}, {"no-adjust", "r"},  {"paths", "l"},
    {"draws", "l"},  {"season", "rl"},   {"harmonics", "rl"}, {"variances", "l"},
};

static const char *const of_hac[] = {"kernel", "bandwidth", "lag", "prewhiten", "no-adjust"};

static int check_method(struct cli *cli, const struct names *controls, struct error *err) {
    const char *method = cli_text(cli, "method");
    for (size_t i = 0; i < sizeof restricted / sizeof *restricted; i++)
        if (cli_given(cli, restricted[i].option) && !strchr(restricted[i].methods, method[0]))
            return cli_usage(err, "--%s means nothing for --method %s", restricted[i].option,
                             method);
    if (cli_choice(cli, "method", "synthetic-control") && controls->n < 2)
        return cli_usage(err,
                         "found %zu --controls, expected at least two for --method "
                         "synthetic-control",
                         controls->n);
    for (size_t i = 0; i < controls->n; i++)
        if (strcmp(controls->items[i], cli_text(cli, "value")) == 0)
            return cli_usage(err, "--controls names '%s', which is the series itself",
                             controls->items[i]);
    for (size_t i = 0; i < sizeof of_hac / sizeof *of_hac; i++)
        if (cli_given(cli, of_hac[i]) && !cli_choice(cli, "errors", "hac"))
            return cli_usage(err, "--%s means nothing for --errors %s, expected --errors hac",
                             of_hac[i], cli_text(cli, "errors"));
    return 0;
}

/* draw,date,value: the ways it could have gone. */
static int write_paths(struct cli *cli, const struct impact_series *series,
                       const struct impact_space *space, struct error *err) {
    static const char *const names[] = {"draw", "date", "value"};
    const uint32_t seed = (uint32_t)cli_integer(cli, "seed");
    const uint32_t draws = (uint32_t)cli_integer(cli, "draws");
    const size_t n = series->n - series->event;
    double *path = malloc((n + 1) * sizeof *path);
    struct writer *writer;
    int code = path ? 0 : error_memory(err);
    if (!code)
        code = cli_output_table(cli, cli_text(cli, "paths"), names, 3, &writer, err);
    for (uint32_t draw = 0; draw < draws && !code; draw++) {
        code = impact_space_path(space, seed, draw, path, err);
        for (size_t t = 0; t < n && !code; t++) {
            writer_integer(writer, draw + 1);
            writer_period(writer, impact_at(series, series->event + t));
            writer_number(writer, path[t]);
        }
        cli_progress(cli, "drawing", draw + 1, draws);
    }
    free(path);
    return code;
}

static int estimate_space(struct cli *cli, const struct impact_series *series,
                          const struct names *controls, struct impact_result *ret,
                          struct error *err) {
    const struct impact_space_options options = {
        .trend = cli_choice(cli, "method", "local-trend"),
        .season = (size_t)cli_integer(cli, "season"),
        .harmonics = (size_t)cli_integer(cli, "harmonics"),
        .confidence = cli_number(cli, "confidence"),
        .plug_in = cli_choice(cli, "variances", "plug-in"),
        .control_names = controls->items,
    };
    struct impact_space *space;
    if (impact_space_fit(series, &options, &space, err))
        return err->code;
    int code = impact_space_report(space, ret, err);
    if (!code && cli_given(cli, "paths"))
        code = write_paths(cli, series, space, err);
    impact_space_destroy(space);
    return code;
}

static int estimate(struct cli *cli, const struct impact_series *series,
                    const struct names *controls, struct impact_result *ret, struct error *err) {
    if (cli_choice(cli, "method", "synthetic-control")) {
        const struct impact_control_options weigh = {
            .confidence = cli_number(cli, "confidence"),
            .seed = (uint32_t)cli_integer(cli, "seed"),
            .threads = cli_threads(cli),
            .control_names = controls->items,
        };
        return impact_control(series, &weigh, ret, err);
    }
    if (!cli_choice(cli, "method", "regression"))
        return estimate_space(cli, series, controls, ret, err);
    const struct impact_regression_options options = {
        .errors = cli_choice(cli, "errors", "hac")        ? IMPACT_HAC
                  : cli_choice(cli, "errors", "ar1-reml") ? IMPACT_AR1_REML
                                                          : IMPACT_AR1,
        .hac = hac_options(cli),
        .season = (size_t)cli_integer(cli, "season"),
        .harmonics = (size_t)cli_integer(cli, "harmonics"),
        .slope = cli_choice(cli, "change", "level-slope"),
        .confidence = cli_number(cli, "confidence"),
        .seed = (uint32_t)cli_integer(cli, "seed"),
        .control_names = controls->items,
    };
    return impact_regress(series, &options, ret, err);
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_bounds(struct writer *writer, const struct impact_bounds *bounds) {
    writer_number(writer, bounds->value);
    writer_number(writer, bounds->lower);
    writer_number(writer, bounds->upper);
}

static int write_periods(struct cli *cli, const struct impact_series *series,
                         const struct impact_result *result, struct error *err) {
    static const char *const names[] = {
        "date",           "after",          "actual",           "expected",
        "expected_lower", "expected_upper", "effect",           "effect_lower",
        "effect_upper",   "cumulative",     "cumulative_lower", "cumulative_upper"};
    struct writer *writer;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err))
        return err->code;
    for (size_t t = 0; t < result->n; t++) {
        writer_period(writer, impact_at(series, t));
        writer_integer(writer, t >= series->event);
        writer_number(writer, series->value[t]);
        write_bounds(writer, &result->periods[t].expected);
        write_bounds(writer, &result->periods[t].effect);
        write_bounds(writer, &result->periods[t].cumulative);
    }
    return 0;
}

static int write_summary(struct cli *cli, const struct impact_result *result, struct error *err) {
    static const char *const names[] = {"quantity", "at",    "estimate", "std_error",
                                        "lower",    "upper", "p"};
    struct writer *writer;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err))
        return err->code;
    for (size_t i = 0; i < result->n_figures; i++) {
        const struct impact_figure *figure = &result->figures[i];
        writer_text(writer, figure->quantity);
        if (figure->at.length > 0)
            writer_text(writer, figure->at);
        else
            writer_missing(writer);
        writer_number(writer, figure->of.value);
        writer_number(writer, figure->error);
        writer_number(writer, figure->of.lower);
        writer_number(writer, figure->of.upper);
        writer_number(writer, figure->p);
    }
    return 0;
}

/* ---- The tool -------------------------------------------------------------------------------- */

enum { FEW_PERIODS = 400 };

/* How often the intervals hold is in docs/arpu-impact.md. */
static void say_how_sure(struct cli *cli, size_t periods) {
    if (cli_choice(cli, "method", "regression") && cli_choice(cli, "errors", "hac") &&
        periods > 0 && periods < FEW_PERIODS)
        cli_warn(cli,
                 "HAC errors are too small for %zu periods; --errors ar1, the default, holds "
                 "better",
                 periods);
}

static void say(struct cli *cli, const struct impact_series *series,
                const struct impact_result *result) {
    char event[CALENDAR_TEXT] = "";
    if (series->n > 0)
        period_format(impact_at(series, series->event), event);
    if (series->split)
        cli_warn(cli, "the event falls within %s, which is taken as after it", event);
    else
        cli_note(cli, "the first period after the event: %s", event);
    if (series->n > series->rows)
        cli_note(cli, "%zu periods have no row: time goes on, nothing is filled in",
                 series->n - series->rows);
    for (size_t i = 0; i < result->n_warnings; i++)
        cli_warn(cli, "%.*s", (int)result->warnings[i].length, result->warnings[i].bytes);
    say_how_sure(cli, series->before + series->after);
}

static int compute(struct cli *cli, struct table *table, const struct impact_request *request,
                   const struct names *controls, struct error *err) {
    struct impact_series series = {0};
    struct impact_result result = {0};
    const char *const *files;
    int code = impact_read(table, request, &series, err);
    if (!code)
        code = estimate(cli, &series, controls, &result, err);
    if (code == ERROR_DATA && cli_operands(cli, &files) == 1 && !strstr(err->text, files[0]))
        error_prefix(err, "%s: ", files[0]);
    if (!code) {
        say(cli, &series, &result);
        code = cli_flag(cli, "summary") ? write_summary(cli, &result, err)
                                        : write_periods(cli, &series, &result, err);
    }
    impact_result_free(&result);
    impact_series_free(&series);
    return code;
}

static int run(struct cli *cli, struct error *err) {
    struct names controls = {0};
    struct impact_request request;
    struct table *table;
    const int code =
        split_controls(cli, &controls, err) || make_request(cli, &controls, &request, err) ||
                check_method(cli, &controls, err) || check_season(cli, err) ||
                cli_open(cli, &table, err) || compute(cli, table, &request, &controls, err)
            ? err->code
            : 0;
    names_free(&controls);
    return code;
}

static const struct cli_option options[] = {
    {.name = "event",
     .type = CLI_TEXT,
     .argument = "DATE",
     .help = "date or period of the event; the period that holds it is the first one after"},
    {.name = "method",
     .type = CLI_CHOICE,
     .range = "regression|local-level|local-trend|synthetic-control",
     .fallback = "regression",
     .help = "segmented regression; a state-space model whose level (and slope) wander; or a "
             "weighted mean of the controls"},
    {.name = "value",
     .type = CLI_COLUMN,
     .argument = "COL",
     .fallback = "revenue",
     .help = "the series"},
    {.name = "summary",
     .type = CLI_FLAG,
     .help = "the figures of the fit, the diagnostics and the totals instead of the periods"},
    {.name = "controls",
     .type = CLI_TEXT,
     .argument = "COL,...",
     .many = true,
     .help = "series that the event did not touch"},
    {.name = "period",
     .type = CLI_CHOICE,
     .range = "day|week|month|quarter|year",
     .help = "take dates to the periods they lie in, such as month ends to months"},
    {.name = "season",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[0,366]",
     .fallback = "0",
     .help = "steps in a cycle: 7 for days in weeks, 12 for months in years; 0: no season"},
    {.name = "harmonics",
     .type = CLI_INTEGER,
     .argument = "K",
     .range = "[0,183]",
     .fallback = "0",
     .needs = "season",
     .help = "K pairs of cosine and sine for the season; 0: a number for each step of the cycle"},
    {.name = "change",
     .type = CLI_CHOICE,
     .range = "level-slope|level",
     .fallback = "level-slope",
     .heading = "For --method regression",
     .help = "what may change at the event"},
    {.name = "errors",
     .type = CLI_CHOICE,
     .range = "ar1|ar1-reml|hac",
     .fallback = "ar1",
     .help = "ar1: noise is a first-order autoregression, whose coefficient is integrated out; "
             "ar1-reml: the same with the coefficient of the largest restricted likelihood, and "
             "Satterthwaite's degrees of freedom; hac: least squares and Newey and West's kind of "
             "errors, for long series"},
    {.name = "kernel",
     .type = CLI_CHOICE,
     .range = "bartlett|quadratic-spectral",
     .fallback = "bartlett",
     .help = "hac: weights of the lags"},
    {.name = "bandwidth",
     .type = CLI_CHOICE,
     .range = "rule|newey-west|andrews",
     .fallback = "rule",
     .help = "hac: how many lags: floor(4 (n/100)^(2/9)), by Newey and West 1994, or by Andrews "
             "1991"},
    {.name = "lag",
     .type = CLI_INTEGER,
     .argument = "L",
     .range = "[0,100000]",
     .conflicts = "bandwidth",
     .help = "hac: this many lags instead"},
    {.name = "prewhiten", .type = CLI_FLAG, .help = "hac: prewhiten by a VAR(1) first"},
    {.name = "no-adjust", .type = CLI_FLAG, .help = "hac: leave out the factor n/(n-k)"},
    {.name = "variances",
     .type = CLI_CHOICE,
     .range = "integrated|plug-in",
     .fallback = "integrated",
     .heading = "For --method local-level and local-trend",
     .help = "of a state space: with their own error in the intervals, or taken as known once "
             "estimated, which makes the intervals too narrow"},
    {.name = "paths",
     .type = CLI_FILE,
     .argument = "FILE",
     .help = "write ways the series could have gone without the event: draw,date,value"},
    {.name = "draws",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[1,1000000]",
     .fallback = "1000",
     .needs = "paths",
     .help = "how many of them"},
    {0},
};

static const struct cli_example examples[] = {
    {"arpu-impact --value flow --event 1899 datasets/nile/flow.csv",
     "each year against what was expected, from a break in 1899"},
    {"arpu-impact --value flow --event 1899 --change level --summary datasets/nile/flow.csv",
     "the change of level with its interval, and the diagnostics"},
    {"arpu-impact --errors hac --value flow --event 1899 --summary datasets/nile/flow.csv",
     "with Newey and West's errors"},
    {"arpu-impact --method local-level --value flow --event 1899 --summary datasets/nile/flow.csv",
     "from a level that wanders, by state space and maximum likelihood"},
    {0},
};

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "arpu-impact",
        .summary = "what an event cost, against what was expected without it",
        .description =
            "Fits the time before (and after) an event and says, period by period and in all, "
            "how far the series lies from what was expected.\n\n"
            "By segmented regression with errors that hold although neighbouring periods are alike, "
            "by a state-space model whose level wanders, or by a synthetic control: a weighted mean of "
            "series that the event did not touch.",
        .input = "date: dates, weeks, months, quarters or years, of one kind, in any order\n"
                 "revenue: the series, or the column that --value names\n"
                 "the columns of --controls",
        .output = "date: the period\n"
                  "after: 1 from the event on, 0 before\n"
                  "actual: what the input says; empty if it says nothing\n"
                  "expected, expected_lower, expected_upper: without the event\n"
                  "effect, effect_lower, effect_upper: actual less expected\n"
                  "cumulative, cumulative_lower, cumulative_upper: effects since the event\n"
                  "With --summary quantity, at, estimate, std_error, lower, upper, p",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
