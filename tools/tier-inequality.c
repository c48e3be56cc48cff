/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How unequally followers or income are spread over creators, and whether the tail is a power law.
 */
#include "base/workers.h"
#include "cli/cli.h"
#include "creator-panel.h"
#include "creators/inequality-parts.h"
#include "creators/inequality.h"
#include "creators/tail.h"
#include "creators/values.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

static const struct cli_option options[] = {
    {.name = "of",
     .type = CLI_COLUMN,
     .argument = "COL",
     .fallback = "followers",
     .help = "what is spread: followers, or a column of amounts such as income"},
    {.name = "period",
     .type = CLI_TEXT,
     .argument = "WHICH",
     .help = "all, last, or a period such as 2025-01; default: all, but the last one for --lorenz, "
             "--decompose, --tail and --ccdf"},
    {.name = "errors",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "jackknife|bootstrap|given-xmin",
     .fallback = "jackknife",
     .conflicts = "lorenz ccdf",
     .help =
         "where intervals come from; of --tail bootstrap, which finds xmin anew in each sample, "
         "unless given-xmin is asked for: alpha's error as if xmin were known"},
    {.name = "lorenz",
     .type = CLI_FLAG,
     .conflicts = "decompose tail ccdf",
     .help = "the Lorenz curve"},
    {.name = "decompose",
     .type = CLI_FLAG,
     .conflicts = "tail ccdf chart",
     .help = "Theil's measures within tiers and between them"},
    {.name = "tail",
     .type = CLI_FLAG,
     .conflicts = "ccdf chart",
     .help = "a power law for the tail (Clauset, Shalizi & Newman), and against other laws"},
    {.name = "ccdf",
     .type = CLI_FLAG,
     .help = "the share of creators at or above each value, with that law"},
    {.name = "values",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "discrete|continuous",
     .fallback = "discrete",
     .help = "for --tail and --ccdf: whole numbers, or any; amounts are always continuous"},
    {.name = "least",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[2,inf)",
     .fallback = "10",
     .help = "values that the tail must have"},
    {.name = "replications",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[0,1000000]",
     .fallback = "250",
     .help = "bootstrap samples, for --errors bootstrap and for --tail; 0: none"},
    CREATOR_TIER_OPTIONS,
    CREATOR_PANEL_OPTIONS,
    {0},
};

/* The measures of one group and period, of so many creators. */
struct measured {
    size_t n;
    struct inequality_estimate found[INEQUALITY_MEASURES];
};

struct report {
    struct cli *cli;
    const struct creators *creators;
    const struct values *values;
    double confidence;
    size_t replications;
    uint32_t seed;
    bool decimals;             /* values are millionths */
    size_t first, end;         /* periods */
    struct measured *measured; /* [group][period from first]; NULL: one after another */
    struct writer *writer;
};

static int open_writer(struct report *report, const char *const *names, size_t n,
                       struct error *err) {
    enum { MOST = 24 };
    const char *all[MOST], *group = creators_group_column(report->cli);
    size_t used = 0;
    if (group)
        all[used++] = group;
    if (!report->creators->panel.timeless)
        all[used++] = "period";
    for (size_t i = 0; i < n; i++)
        all[used++] = names[i];
    return cli_writer(report->cli, all, used, &report->writer, err);
}

static void begin_row(const struct report *report, size_t group, size_t period) {
    creators_write_group(&report->creators->standing, report->writer, group);
    if (!report->creators->panel.timeless)
        writer_period(report->writer, report->creators->panel.periods[period]);
}

static void write_numbers(struct writer *writer, const double *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        writer_number(writer, values[i]);
}

static double number_of(const struct report *report, int64_t value) {
    return report->decimals ? decimal_to_double(value) : (double)value;
}

/* The random stream of a group and period. */
static uint32_t stream_of(const struct report *report, size_t group, size_t period) {
    return (uint32_t)(group * report->values->periods + period);
}

/* The values of a group and period as numbers, those above 0 only if asked; NULL if memory is out.
 */
static double *numbers_of(const struct report *report, size_t group, size_t period, size_t tier,
                          bool positive, size_t *ret_n) {
    size_t n, kept = 0;
    const int64_t *from = values_of(report->values, group, period, tier, &n);
    double *numbers = malloc((n + 1) * sizeof *numbers);
    for (size_t i = 0; i < n && numbers; i++)
        if (!positive || from[i] > 0)
            numbers[kept++] = number_of(report, from[i]);
    *ret_n = kept;
    return numbers;
}

/* ---- Measures ----------------------------------------------------------------------------------
 */

static const char *const measure_names[] = {"measure", "value", "lower",
                                            "upper",   "error", "creators"};

/* Of one group and period, with the jackknife. */
static int measure_task(void *context, size_t index, int worker, struct error *err) {
    (void)worker;
    const struct report *report = context;
    const size_t periods = report->end - report->first;
    size_t n;
    double *numbers =
        numbers_of(report, index / periods, report->first + index % periods, 0, false, &n);
    if (!numbers)
        return error_memory(err);
    int status =
        inequality_jackknife(numbers, n, report->confidence, report->measured[index].found, err);
    report->measured[index].n = n;
    free(numbers);
    return status;
}

/* The same by bootstrap, whose samples are dealt to the threads. */
static int measure_by_bootstrap(const struct report *report, size_t group, size_t period,
                                struct measured *ret, struct error *err) {
    double *numbers = numbers_of(report, group, period, 0, false, &ret->n);
    if (!numbers)
        return error_memory(err);
    int status = inequality_bootstrap(numbers, ret->n, report->confidence, report->replications,
                                      report->seed, stream_of(report, group, period),
                                      cli_threads(report->cli), ret->found, err);
    free(numbers);
    return status;
}

/* All groups and periods at once, a thread some of them. */
static int measure_all(struct report *report, struct error *err) {
    const size_t cells = report->values->groups * (report->end - report->first);
    report->measured = calloc(cells + 1, sizeof *report->measured);
    if (!report->measured)
        return error_memory(err);
    return workers_run(cli_threads(report->cli), cells, measure_task, report, err);
}

static int write_measures(const struct report *report, size_t group, size_t period,
                          struct error *err) {
    const size_t periods = report->end - report->first;
    struct measured drawn;
    const struct measured *measured = &drawn;
    if (report->measured)
        measured = &report->measured[group * periods + period - report->first];
    else if (measure_by_bootstrap(report, group, period, &drawn, err))
        return err->code;
    for (size_t i = 0; i < INEQUALITY_MEASURES; i++) {
        const struct inequality_estimate *found = &measured->found[i];
        const double cells[] = {found->value, found->lower, found->upper, found->error};
        begin_row(report, group, period);
        writer_string(report->writer, inequality_name(i));
        write_numbers(report->writer, cells, 4);
        writer_integer(report->writer, (int64_t)measured->n);
    }
    return 0;
}

/* ---- Lorenz curve ------------------------------------------------------------------------------
 */

enum { LORENZ_POINTS = 1000 };
static const char *const lorenz_names[] = {"creators", "share"};

static int write_lorenz(const struct report *report, size_t group, size_t period,
                        struct error *err) {
    size_t n;
    double *sums = numbers_of(report, group, period, 0, false, &n), sum = 0;
    if (!sums)
        return error_memory(err);
    for (size_t i = 0; i <= n; i++) { /* running sums, from 0 */
        double value = i < n ? sums[i] : 0;
        sums[i] = sum;
        sum += value;
    }
    size_t points = n < LORENZ_POINTS ? n : LORENZ_POINTS;
    for (size_t i = 0; i <= points && sum > 0; i++) {
        double p = (double)i / (double)points;
        begin_row(report, group, period);
        writer_number(report->writer, p);
        writer_number(report->writer, inequality_lorenz(sums, n, p));
    }
    free(sums);
    return 0;
}

/* ---- Within tiers and between ------------------------------------------------------------------
 */

static const char *const part_names[] = {"tier",  "quantity", "value",   "lower",
                                         "upper", "error",    "creators"};

/* All values of a group and period, tier by tier, and where each tier begins. */
static double *gather_tiers(const struct report *report, size_t group, size_t period,
                            size_t start[TIERS_MOST + 1]) {
    const size_t tiers = report->values->tiers;
    start[0] = 0;
    for (size_t tier = 0; tier < tiers; tier++) {
        size_t n;
        values_of(report->values, group, period, tier, &n);
        start[tier + 1] = start[tier] + n;
    }
    double *values = malloc((start[tiers] + 1) * sizeof *values);
    for (size_t tier = 0; tier < tiers && values; tier++) {
        size_t n;
        const int64_t *from = values_of(report->values, group, period, tier, &n);
        for (size_t i = 0; i < n; i++)
            values[start[tier] + i] = number_of(report, from[i]);
    }
    return values;
}

static const char *part_name(const struct report *report, size_t part) {
    static const char *const sums[] = {
        [PARTS_WITHIN] = "(within)", [PARTS_BETWEEN] = "(between)", [PARTS_ALL] = "(all)"};
    const size_t tiers = report->values->tiers;
    return part < tiers ? report->creators->tiers.names[part] : sums[part - tiers];
}

static void write_part(const struct report *report, size_t group, size_t period, size_t part,
                       const struct parts_of *found) {
    for (enum parts_measure measure = 0; measure < PARTS_MEASURES; measure++) {
        if (!parts_has(part, report->values->tiers, measure))
            continue;
        const struct inequality_estimate *estimate = &found->found[measure];
        const double cells[] = {estimate->value, estimate->lower, estimate->upper, estimate->error};
        begin_row(report, group, period);
        writer_string(report->writer, part_name(report, part));
        writer_string(report->writer, parts_name(measure));
        write_numbers(report->writer, cells, 4);
        writer_integer(report->writer, (int64_t)found->n);
    }
}

static int write_decomposition(const struct report *report, size_t group, size_t period,
                               struct error *err) {
    struct parts_of parts[TIERS_MOST + PARTS_SUMS];
    size_t start[TIERS_MOST + 1];
    const size_t tiers = report->values->tiers;
    double *values = gather_tiers(report, group, period, start);
    if (!values)
        return error_memory(err);
    int status =
        cli_choice(report->cli, "errors", "bootstrap")
            ? parts_bootstrap(values, start, tiers, report->confidence, report->replications,
                              report->seed, stream_of(report, group, period),
                              cli_threads(report->cli), parts, err)
            : parts_jackknife(values, start, tiers, report->confidence, parts, err);
    for (size_t part = 0; part < tiers + PARTS_SUMS && !status; part++)
        write_part(report, group, period, part, &parts[part]);
    free(values);
    return status;
}

/* ---- The tail ----------------------------------------------------------------------------------
 */

static const char *const tail_names[] = {
    "values",      "xmin",        "xmin_lower",    "xmin_upper", "tail",       "alpha",
    "lower",       "upper",       "error",         "ks",         "fit_p",      "lognormal",
    "lognormal_p", "exponential", "exponential_p", "truncated",  "truncated_p"};
static const char *const ccdf_names[] = {"value", "share", "fit"};

/* The values above 0 and the law that fits them best. */
static int begin_tail(const struct report *report, size_t group, size_t period,
                      struct tail_data *data, struct tail_fit *fit, struct error *err) {
    bool discrete = cli_choice(report->cli, "values", "discrete") && !report->decimals;
    size_t n;
    double *numbers = numbers_of(report, group, period, 0, true, &n);
    int status = numbers
                     ? tail_begin(data, numbers, n, discrete ? TAIL_DISCRETE : TAIL_CONTINUOUS, err)
                     : error_memory(err);
    if (!status)
        tail_find(data, (size_t)cli_integer(report->cli, "least"), fit);
    free(numbers);
    return status;
}

/* Bounds of alpha as if xmin were known, from 1 up; those of xmin are then missing. */
static struct tail_spread spread_given_xmin(const struct report *report,
                                            const struct tail_fit *fit) {
    double reach = gsl_cdf_ugaussian_Qinv((1 - report->confidence) / 2) * fit->error;
    return (struct tail_spread){
        .alpha = {fit->error, fmax(fit->alpha - reach, 1), fit->alpha + reach},
        .xmin = {NAN, NAN, NAN}};
}

/* What is said of one tail. */
struct tail_findings {
    struct tail_fit fit;
    struct tail_spread spread;
    double p;
    struct tail_comparison versus[TAIL_ALTERNATIVES];
};

static void write_tail_row(const struct report *report, size_t group, size_t period,
                           const struct tail_data *data, const struct tail_findings *found) {
    struct writer *writer = report->writer;
    const struct tail_fit *fit = &found->fit;
    const struct draws_summary *alpha = &found->spread.alpha, *xmin = &found->spread.xmin;
    const double before[] = {fit->xmin, xmin->lower, xmin->upper},
                 cells[] = {fit->alpha,   alpha->lower, alpha->upper,
                            alpha->error, fit->ks,      found->p};
    begin_row(report, group, period);
    writer_integer(writer, (int64_t)data->n);
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        writer_number(writer, fit->found ? before[i] : NAN);
    if (fit->found)
        writer_integer(writer, (int64_t)fit->n);
    else
        writer_missing(writer);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        writer_number(writer, fit->found ? cells[i] : NAN);
    for (size_t i = 0; i < TAIL_ALTERNATIVES; i++) {
        const struct tail_comparison *versus = &found->versus[i];
        writer_number(writer, i == TAIL_TRUNCATED ? versus->ratio : versus->normalised);
        writer_number(writer, versus->p);
    }
}

static int write_tail(const struct report *report, size_t group, size_t period, struct error *err) {
    struct tail_data data = {0};
    struct tail_findings found = {.p = NAN};
    const size_t least = (size_t)cli_integer(report->cli, "least");
    const uint32_t stream = stream_of(report, group, period);
    const int threads = cli_threads(report->cli);
    int status = begin_tail(report, group, period, &data, &found.fit, err);
    if (!status && cli_choice(report->cli, "errors", "given-xmin"))
        found.spread = spread_given_xmin(report, &found.fit);
    else if (!status)
        status = tail_bootstrap(&data, least, report->confidence, report->replications,
                                report->seed, stream, threads, &found.spread, err);
    if (!status)
        status = tail_goodness(&data, &found.fit, least, report->replications, report->seed, stream,
                               threads, &found.p, err);
    if (!status)
        status = tail_compare(&data, &found.fit, found.versus, err);
    if (!status)
        write_tail_row(report, group, period, &data, &found);
    tail_end(&data);
    return status;
}

/* At most so many points, evenly on a logarithmic axis, each a value of the data. */
enum { CCDF_POINTS = 1000 };

static int write_ccdf(const struct report *report, size_t group, size_t period, struct error *err) {
    struct tail_data data = {0};
    struct tail_fit fit = {0};
    int status = begin_tail(report, group, period, &data, &fit, err);
    double next = 0;
    for (size_t i = 0; i < data.distinct && !status; i++) {
        double x = data.values[i], n = (double)data.n;
        double width = log(data.values[data.distinct - 1] / data.values[0]) / CCDF_POINTS;
        if (data.distinct > CCDF_POINTS && x < next && i + 1 < data.distinct && i != fit.first)
            continue;
        next = x * exp(width);
        begin_row(report, group, period);
        writer_number(report->writer, x);
        writer_number(report->writer, data.above[i] / n);
        writer_number(report->writer, fit.found && i >= fit.first
                                          ? fit.n / n * tail_survival(&data, &fit, x)
                                          : NAN);
    }
    tail_end(&data);
    return status;
}

/* ---- The tool ----------------------------------------------------------------------------------
 */

/* A table made of one function's rows for each group and period. */
struct result {
    const char *option; /* NULL: if no other was asked for */
    int (*write)(const struct report *, size_t group, size_t period, struct error *);
    size_t n;
    const char *const *names;
};

static const struct result results[] = {
    {"lorenz", write_lorenz, sizeof lorenz_names / sizeof *lorenz_names, lorenz_names},
    {"decompose", write_decomposition, sizeof part_names / sizeof *part_names, part_names},
    {"tail", write_tail, sizeof tail_names / sizeof *tail_names, tail_names},
    {"ccdf", write_ccdf, sizeof ccdf_names / sizeof *ccdf_names, ccdf_names},
    {NULL, write_measures, sizeof measure_names / sizeof *measure_names, measure_names},
};

static const struct result *choose_result(const struct cli *cli) {
    const struct result *result = results;
    while (result->option && !cli_flag(cli, result->option))
        result++;
    return result;
}

/* Each kind of errors has its tables. */
static int check_errors(const struct cli *cli, struct error *err) {
    bool tail = cli_flag(cli, "tail");
    if (tail && cli_given(cli, "errors") && cli_choice(cli, "errors", "jackknife"))
        return cli_usage(err, "option '--errors': found 'jackknife', expected bootstrap or "
                              "given-xmin with --tail: xmin leaps from value to value");
    if (!tail && cli_choice(cli, "errors", "given-xmin"))
        return cli_usage(err, "option '--errors': found 'given-xmin', expected --tail with it");
    return 0;
}

static int choose_periods(struct report *report, bool all, struct error *err) {
    const struct panel *panel = &report->creators->panel;
    const char *wanted = cli_text(report->cli, "period");
    struct period period;
    report->first = 0;
    report->end = panel->n_periods;
    if ((!wanted && all) || (wanted && strcmp(wanted, "all") == 0) || panel->n_periods == 0)
        return 0;
    report->first = panel->n_periods - 1;
    if (!wanted || strcmp(wanted, "last") == 0)
        return 0;
    if (!period_parse(text_of(wanted), &period))
        return cli_usage(err, "option '--period': found '%s', expected all, last or a period",
                         wanted);
    for (size_t i = 0; i < panel->n_periods; i++)
        if (panel->periods[i].kind == period.kind && panel->periods[i].index == period.index) {
            report->first = i;
            report->end = i + 1;
            return 0;
        }
    return error_set(err, ERROR_DATA, "no row is of period '%s'", wanted);
}

/* A line goes through one period. */
static int check_chart(const struct report *report, const struct result *result,
                       struct error *err) {
    bool curve = result->write == write_lorenz || result->write == write_ccdf;
    if (curve && cli_given(report->cli, "chart") && report->end - report->first > 1 &&
        creators_group_column(report->cli))
        return cli_usage(err, "option '--chart': found several periods and groups, expected "
                              "--period last or one such as 2025-01");
    return 0;
}

static int write_report(struct report *report, const struct result *result, struct error *err) {
    int status = open_writer(report, result->names, result->n, err);
    if (!status && result->write == write_measures &&
        !cli_choice(report->cli, "errors", "bootstrap"))
        status = measure_all(report, err);
    for (size_t group = 0; group < report->values->groups && !status; group++)
        for (size_t period = report->first; period < report->end && !status; period++) {
            cli_progress(report->cli, "group and period",
                         group * (report->end - report->first) + period - report->first,
                         report->values->groups * (report->end - report->first));
            status = result->write(report, group, period, err);
        }
    return status;
}

static int run(struct cli *cli, struct error *err) {
    const struct result *result = choose_result(cli);
    const char *of = cli_text(cli, "of");
    struct creators creators = {0};
    struct values values = {0};
    struct report report = {.cli = cli,
                            .creators = &creators,
                            .values = &values,
                            .confidence = cli_number(cli, "confidence"),
                            .replications = (size_t)cli_integer(cli, "replications"),
                            .seed = (uint32_t)cli_integer(cli, "seed"),
                            .decimals = strcmp(of, "followers") != 0};
    if (check_errors(cli, err) ||
        creators_read(cli, &of, report.decimals ? 1 : 0, true, &creators, err) ||
        choose_periods(&report, result->option == NULL, err) || check_chart(&report, result, err))
        goto done;
    /* With --by income, that column is the first amount, and may be the one asked for. */
    size_t amount = !report.decimals                                               ? 0
                    : cli_choice(cli, "by", "income") && strcmp(of, "income") != 0 ? 2
                                                                                   : 1;
    const struct values_options gathering = {.amount = amount,
                                             .by_tier = result->write == write_decomposition,
                                             .one = report.first + 1 == report.end,
                                             .period = report.first,
                                             .threads = cli_threads(cli)};
    if (!values_gather(&creators.standing, &gathering, &values, err))
        write_report(&report, result, err);
done:
    free(report.measured);
    values_free(&values);
    creators_free(&creators);
    return err->code;
}

int main(int argc, char **argv) {
    static const struct cli_example examples[] = {
        {"tier-inequality datasets/tiny/creator-panel.csv", "Gini and others, by month"},
        {"tier-inequality --decompose datasets/tiny/creator-panel.csv",
         "how much of it is between tiers, in the last month"},
        {"tier-inequality --lorenz --by-platform datasets/tiny/creator-panel.csv",
         "the Lorenz curve of each platform"},
        {"tier-inequality --tail --least 3 --replications 20 datasets/tiny/creator-panel.csv",
         "a power law for the tail"},
        {0},
    };
    static const struct cli_tool tool = {
        .name = "tier-inequality",
        .summary = "how unequally followers or income are spread, and the law of the tail",
        .description =
            "Gini, Theil, Palma and top shares of the followers (or income) of creators, by period, "
            "with intervals; the Lorenz curve; inequality within and between tiers; and a power law "
            "for the tail, its goodness of fit and its rivals.",
        .input = "creator: a name; told apart by its bytes\n"
                 "platform: may be absent: then all rows are those of one platform\n"
                 "period: may be absent: then all rows are of one period\n"
                 "followers: a whole number",
        .output = "platform, group: with --by-platform, --group\n"
                  "period: unless the file has none\n"
                  "measure: gini, theil_t, theil_l, palma, top_1, top_10\n"
                  "value: of the measure\n"
                  "lower, upper: its interval\n"
                  "error: its standard error\n"
                  "creators: accounts, or creators with --count creator\n"
                  "other tables: see the page of this tool",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
