/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What drives leaving: Cox regression, its tests, and the survival or incidence it predicts. */
#include "base/buffer.h"
#include "base/number.h"
#include "cli/cli.h"
#include "users/cox.h"
#include "users/drivers.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_option options[] = {
    {.name = "covariate",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .help = "a column of numbers"},
    {.name = "categorical",
     .type = CLI_TEXT,
     .argument = "COL[=VALUE]",
     .many = true,
     .help =
         "a column of categories, each compared with VALUE (default: the first by name); may be "
         "repeated"},
    {.name = "interaction",
     .type = CLI_TEXT,
     .argument = "A:B",
     .many = true,
     .help = "the product of two covariates that are given by themselves too"},
    {.name = "time",
     .type = CLI_COLUMN,
     .argument = "COL",
     .needs = "status",
     .conflicts = "as-of",
     .help = "durations in place of start and end dates, in any unit; decimals to a millionth"},
    {.name = "status",
     .type = CLI_TEXT,
     .argument = "COL[=VALUE]",
     .needs = "time",
     .help = "the column that says whether a duration ended with leaving: 1, true or yes (0, false "
             "or no: still there); with =VALUE, exactly this word means left and any other still "
             "there"},
    {.name = "entry",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "at risk only after this date or, with --time, this duration: late entry, and users "
             "whose covariates change, with a row for each stretch"},
    {.name = "strata",
     .type = CLI_COLUMN,
     .argument = "COL",
     .many = true,
     .help = "each value has a baseline hazard of its own"},
    {.name = "cluster",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help =
         "rows of one value (a user, a household) are not independent: robust errors over them"},
    {.name = "robust", .type = CLI_FLAG, .help = "robust errors, each row by itself"},
    {.name = "weight",
     .type = CLI_COLUMN,
     .argument = "COL",
     .conflicts = "sampling-weight",
     .help = "how many such spells a row stands for, a whole number from 1 on"},
    {.name = "sampling-weight",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "a weight above 0, as from a sample with unequal chances; brings robust errors"},
    {.name = "missing",
     .type = CLI_CHOICE,
     .argument = "WHAT",
     .range = "refuse|drop",
     .fallback = "refuse",
     .help = "rows that lack a covariate: an error, or left out and counted"},
    {.name = "ties",
     .type = CLI_CHOICE,
     .argument = "METHOD",
     .range = "efron|breslow",
     .fallback = "efron",
     .help = "how those who leave at the same time are ordered"},
    {.name = "destination",
     .type = CLI_TEXT,
     .argument = "NAME",
     .help =
         "leaving for this destination only: Fine and Gray's model, in which those who left for "
         "elsewhere stay counted as not having come here"},
    {.name = "cause-specific",
     .type = CLI_FLAG,
     .needs = "destination",
     .help = "Cox's model of the destination instead: who leaves for elsewhere is last seen then"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the day of the last look: spells without an end were still there, and what ended "
             "later counts as still there; default: the last date in the file"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "test baseline predict",
     .help = "rows, events, log-likelihoods, tests of the whole model, concordance"},
    {.name = "test",
     .type = CLI_CHOICE,
     .argument = "TEST",
     .range = "ph",
     .conflicts = "baseline predict",
     .help = "test whether hazards are proportional, by covariate and together"},
    {.name = "transform",
     .type = CLI_CHOICE,
     .argument = "SCALE",
     .range = "km|rank|identity|log",
     .fallback = "km",
     .needs = "test",
     .help = "the scale of time along which effects may change, for --test ph"},
    {.name = "baseline",
     .type = CLI_FLAG,
     .conflicts = "predict",
     .help = "the survival curve (with --destination: incidence) of someone with mean numbers and "
             "reference categories"},
    {.name = "predict",
     .type = CLI_TEXT,
     .argument = "FILE|A=1,B=2",
     .help =
         "survival curves (with --destination: incidence) of the people whose covariates a file "
         "or a list gives"},
    {.name = "at",
     .type = CLI_DECIMALS,
     .argument = "TIMES",
     .range = "[0,inf)",
     .help = "with --baseline or --predict: at these times only"},
    {0}};

static const struct cli_example examples[] = {
    {"churn-drivers --time months --status left --covariate posts --covariate friends "
     "datasets/tiny/drivers.csv",
     "what a post a week more, and a friend more, do to the rate of leaving"},
    {"churn-drivers --time tenure_months --status churned=Yes --weight customers "
     "--categorical 'contract=One year' --chart drivers.svg datasets/telco/tenure.csv",
     "contracts compared with one of them, with a forest plot"},
    {"churn-drivers --time months --status left --covariate posts --covariate friends "
     "--predict posts=2,friends=10 --at 6,12 datasets/tiny/drivers.csv",
     "the share of such users who are still there after 6 and 12 months"},
    {0}};

/* Fine and Gray's model. */
static bool is_competing(const struct cli *cli) {
    return cli_given(cli, "destination") && !cli_flag(cli, "cause-specific");
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void say_what_was_read(struct cli *cli, const struct drivers *drivers) {
    const struct drivers_report *report = &drivers->report;
    if (report->dropped > 0) {
        cli_warn(cli, "%lld of %lld rows left out, as they lack a covariate",
                 (long long)report->dropped, (long long)report->rows);
        for (size_t i = 0; i < report->n_lacking; i++)
            cli_warn(cli, "'%s' has no value in %lld row%s", report->lacking[i],
                     (long long)report->lacked[i], report->lacked[i] == 1 ? "" : "s");
    }
    if (report->spells.never_at_risk > 0)
        cli_warn(cli, "%lld open spell%s left out: %s under observation on the last day itself",
                 (long long)report->spells.never_at_risk,
                 report->spells.never_at_risk == 1 ? " is" : "s are",
                 report->spells.never_at_risk == 1 ? "it came" : "they came");
    if (report->spells.unmatched[0])
        cli_warn(cli, "%s: everyone counts as still there", report->spells.unmatched);
    if (report->spells.dated && report->spells.any_date) {
        char day[CALENDAR_TEXT];
        calendar_format_date(report->spells.as_of, day);
        cli_note(cli, "times are days since each start; open spells are counted to %s", day);
    }
    for (size_t t = 0; t < drivers->design.n; t++) {
        const struct design_term *term = &drivers->design.terms[t];
        if (term->kind == DESIGN_CATEGORY)
            cli_note(cli, "'%s' is compared with '%.*s'", term->name,
                     (int)term->levels[term->reference].length,
                     term->levels[term->reference].bytes);
    }
}

/* A word where a number should be may be a category. */
static void hint_at_categories(struct error *err) {
    size_t length = strlen(err->text);
    if (err->code == ERROR_DATA && strstr(err->text, "' in column '") &&
        strstr(err->text, ", expected a number"))
        snprintf(err->text + length, sizeof err->text - length,
                 "; --categorical COL takes a column of categories");
}

/* What is wrong with all rows together has no line, but a file. */
static void name_input(const struct cli *cli, struct error *err) {
    const char *const *files;
    size_t n = cli_operands(cli, &files);
    const char *first = n > 0 && strcmp(files[0], "-") != 0 ? files[0] : "standard input";
    for (size_t i = 0; i < n; i++)
        if (strncmp(err->text, files[i], strlen(files[i])) == 0)
            return;
    if (err->code == ERROR_DATA && strncmp(err->text, first, strlen(first)) != 0)
        error_prefix(err, n > 1 ? "%s and others: " : "%s: ", first);
}

static int read_drivers(struct cli *cli, struct drivers *ret, struct error *err) {
    struct drivers_options from = {.spells = {.time = cli_text(cli, "time"),
                                              .status = cli_text(cli, "status"),
                                              .entry = cli_text(cli, "entry"),
                                              .weight = cli_text(cli, "weight")},
                                   .cluster = cli_text(cli, "cluster"),
                                   .case_weight = cli_text(cli, "sampling-weight"),
                                   .destination = cli_text(cli, "destination"),
                                   .competing = is_competing(cli),
                                   .drop_missing = cli_choice(cli, "missing", "drop"),
                                   .threads = cli_threads(cli)};
    from.spells.n_groups = cli_many(cli, "strata", &from.spells.groups);
    from.n_numbers = cli_many(cli, "covariate", &from.numbers);
    from.n_categories = cli_many(cli, "categorical", &from.categories);
    from.n_products = cli_many(cli, "interaction", &from.products);
    if (from.n_numbers + from.n_categories == 0)
        return cli_usage(err, "no covariate was given, expected --covariate COL or --categorical "
                              "COL");
    int32_t as_of = 0;
    if (cli_given(cli, "as-of")) {
        as_of = cli_date(cli, "as-of");
        from.spells.as_of = &as_of;
    }
    struct table *table;
    int status = cli_open(cli, &table, err);
    if (!status)
        status = drivers_read(table, &from, ret, err);
    if (status)
        hint_at_categories(err);
    if (status)
        name_input(cli, err);
    else
        say_what_was_read(cli, ret);
    return status;
}

/* ---- Coefficients ---------------------------------------------------------------------------- */

static double normal_quantile(const struct cli *cli) {
    return gsl_cdf_ugaussian_Qinv((1 - cli_number(cli, "confidence")) / 2);
}

static void write_reference(struct writer *writer, const struct design_term *term) {
    struct text level = term->levels[term->reference];
    char name[1024];
    snprintf(name, sizeof name, "%s=%.*s", term->name, (int)level.length, level.bytes);
    writer_string(writer, name);
    writer_number(writer, 0);
    writer_number(writer, 1);
    for (int i = 0; i < 5; i++)
        writer_missing(writer);
}

static void write_coefficient(struct writer *writer, const char *name, double b, double error,
                              double z) {
    writer_string(writer, name);
    writer_number(writer, b);
    writer_number(writer, exp(b));
    writer_number(writer, error);
    writer_number(writer, b / error);
    writer_number(writer, 2 * gsl_cdf_ugaussian_Q(fabs(b / error)));
    writer_number(writer, exp(b - z * error));
    writer_number(writer, exp(b + z * error));
}

static int write_coefficients(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                              struct error *err) {
    static const char *const names[] = {"term", "coefficient", "hazard_ratio", "std_error",
                                        "z",    "p_value",     "lower",        "upper"};
    const struct cox_result *result = cox_result(cox);
    const double *variance = result->robust ? result->robust : result->variance;
    double z = normal_quantile(cli);
    struct writer *writer;
    int status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    if (status)
        return status;
    for (size_t t = 0; t < drivers->design.n; t++) {
        const struct design_term *term = &drivers->design.terms[t];
        for (size_t c = 0; c <= term->columns; c++) {
            if (term->kind == DESIGN_CATEGORY && c == term->reference)
                write_reference(writer, term);
            if (c == term->columns)
                break;
            size_t j = term->first + c;
            write_coefficient(writer, drivers->design.names[j], result->coefficient[j],
                              sqrt(variance[j * result->p + j]), z);
        }
    }
    return 0;
}

/* ---- The model as a whole -------------------------------------------------------------------- */

struct statistic {
    const char *name;
    double value, std_error, lower, upper, df, p_value; /* nan: it has none */
};

static void write_statistic(struct writer *writer, const struct statistic *one) {
    writer_string(writer, one->name);
    writer_number(writer, one->value);
    writer_number(writer, one->std_error);
    writer_number(writer, one->lower);
    writer_number(writer, one->upper);
    writer_number(writer, one->df);
    writer_number(writer, one->p_value);
}

static void write_value(struct writer *writer, const char *name, double value) {
    const struct statistic one = {name, value, NAN, NAN, NAN, NAN, NAN};
    write_statistic(writer, &one);
}

static void write_chi_square(struct writer *writer, const char *name, double value, size_t df) {
    const struct statistic one = {
        name, value, NAN, NAN, NAN, (double)df, gsl_cdf_chisq_Q(value, (double)df)};
    write_statistic(writer, &one);
}

static int write_concordance(struct cli *cli, struct writer *writer, const struct cox *cox,
                             struct error *err) {
    struct cox_concordance found;
    int status = cox_concordance(cox, &found, err);
    if (status)
        return status;
    double z = normal_quantile(cli);
    const struct statistic one = {"concordance",
                                  found.concordance,
                                  found.std_error,
                                  fmax(0, found.concordance - z * found.std_error),
                                  fmin(1, found.concordance + z * found.std_error),
                                  NAN,
                                  NAN};
    write_statistic(writer, &one);
    return 0;
}

static int write_summary(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                         struct error *err) {
    static const char *const names[] = {"statistic", "value", "std_error", "lower",
                                        "upper",     "df",    "p_value"};
    const struct cox_result *result = cox_result(cox);
    struct writer *writer;
    int status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    if (status)
        return status;
    write_value(writer, "rows", result->rows);
    write_value(writer, "rows_left_out",
                (double)(drivers->report.dropped + drivers->report.spells.never_at_risk));
    write_value(writer, "events", result->events);
    write_value(writer, "strata", (double)result->strata);
    if (cli_given(cli, "cluster"))
        write_value(writer, "clusters", (double)result->clusters);
    write_value(writer, "loglik_null", result->loglik_null);
    write_value(writer, "loglik", result->loglik);
    write_value(writer, "aic", 2 * (double)result->p - 2 * result->loglik);
    write_chi_square(writer, "likelihood_ratio", 2 * (result->loglik - result->loglik_null),
                     result->p);
    write_chi_square(writer, "wald", result->wald, result->p);
    write_chi_square(writer, "score", result->score, result->p);
    if (result->robust)
        write_chi_square(writer, "robust_score", result->robust_score, result->p);
    return is_competing(cli) ? 0 : write_concordance(cli, writer, cox, err);
}

/* ---- Proportional hazards -------------------------------------------------------------------- */

static enum cox_transform transform_of(const struct cli *cli) {
    return cli_choice(cli, "transform", "rank")       ? COX_RANK
           : cli_choice(cli, "transform", "identity") ? COX_IDENTITY
           : cli_choice(cli, "transform", "log")      ? COX_LOG
                                                      : COX_KM;
}

static int write_ph(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                    struct error *err) {
    static const char *const names[] = {"term", "chi_square", "df", "p_value"};
    const struct design *design = &drivers->design;
    size_t *term = malloc((design->columns + 1) * sizeof *term);
    struct cox_ph_test *tests = malloc((design->n + 1) * sizeof *tests);
    struct writer *writer;
    int status = 0;
    if (!term || !tests) {
        error_memory(err);
        status = ERROR_SYSTEM;
    } else {
        design_terms(design, term);
        status = cox_test_ph(cox, transform_of(cli), term, design->n, tests, err);
    }
    if (!status)
        status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    for (size_t t = 0; t <= design->n && !status; t++) {
        writer_string(writer, t < design->n ? design->terms[t].name : "(all)");
        writer_number(writer, tests[t].chi_square);
        writer_integer(writer, (int64_t)tests[t].df);
        writer_number(writer, tests[t].p_value);
        if (isnan(tests[t].chi_square))
            cli_warn(cli, "%s: no test, as there is too little change over time to tell",
                     t < design->n ? design->terms[t].name : "all together");
    }
    free(term);
    free(tests);
    return status;
}

/* ---- Curves ---------------------------------------------------------------------------------- */

/* Somebody to predict for: values as design_row takes them, and a name. */
struct person {
    double *values;
    struct buffer name;
};

struct people {
    struct person *items;
    size_t n;
};

static void free_people(struct people *people) {
    for (size_t i = 0; i < people->n; i++) {
        free(people->items[i].values);
        buffer_free(&people->items[i].name);
    }
    free(people->items);
}

static int make_people(struct people *people, const struct drivers *drivers, size_t n,
                       struct error *err) {
    people->items = calloc(n + 1, sizeof *people->items);
    if (!people->items)
        return error_memory(err);
    for (people->n = 0; people->n < n; people->n++) {
        people->items[people->n].values = calloc(drivers->design.inputs + 1, sizeof(double));
        if (!people->items[people->n].values)
            return error_memory(err);
    }
    return 0;
}

/* The value of a term in a cell; ERROR_DATA with what was expected. */
static int set_value(struct person *person, const struct design_term *term, struct text cell,
                     struct error *err) {
    if (term->kind == DESIGN_NUMBER) {
        if (!number_parse(cell, '.', &person->values[term->input]))
            return error_set(err, ERROR_DATA, "found '%.*s' for '%s', expected a number",
                             (int)cell.length, cell.bytes, term->name);
    } else {
        size_t level = 0;
        while (level < term->n_levels && !text_equal(term->levels[level], cell))
            level++;
        if (level == term->n_levels)
            return error_set(err, ERROR_DATA,
                             "found '%.*s' for '%s', expected one of its categories",
                             (int)cell.length, cell.bytes, term->name);
        person->values[term->input] = (double)level;
    }
    buffer_format(&person->name, "%s%s=%.*s", person->name.length > 0 ? ", " : "", term->name,
                  (int)cell.length, cell.bytes);
    return buffer_check(&person->name, err);
}

/* R's survfit leaves columns of -1, 0 and 1 at 0, too: a mean of codes is nobody. */
static bool holds_codes(const struct drivers *drivers, size_t column) {
    const double *x = drivers->data.x[column];
    for (size_t i = 0; i < drivers->data.n; i++)
        if (x[i] != 0 && x[i] != 1 && x[i] != -1)
            return false;
    return true;
}

static int average_person(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                          struct people *people, struct error *err) {
    int status = make_people(people, drivers, 1, err);
    for (size_t t = 0; t < drivers->design.n && !status; t++) {
        const struct design_term *term = &drivers->design.terms[t];
        struct person *person = &people->items[0];
        if (term->kind == DESIGN_CATEGORY)
            person->values[term->input] = (double)term->reference;
        if (term->kind != DESIGN_NUMBER)
            continue;
        double mean = cox_result(cox)->mean[term->first];
        person->values[term->input] = holds_codes(drivers, term->first) ? 0 : mean;
        cli_note(cli, "the baseline has %s = %g", term->name, person->values[term->input]);
    }
    return status;
}

/* "A=1,B=2": a comma ends a value where a covariate's name and '=' follow. */
static bool next_setting(const struct design *design, struct text *rest,
                         const struct design_term **ret_term, struct text *ret_value) {
    for (size_t length = 0; length < rest->length; length++) {
        if (rest->bytes[length] != '=')
            continue;
        *ret_term = design_find(design, (struct text){rest->bytes, length});
        if (!*ret_term || (*ret_term)->kind == DESIGN_PRODUCT)
            continue;
        const char *value = rest->bytes + length + 1, *end = rest->bytes + rest->length;
        const char *stop = value;
        for (; stop < end; stop++) {
            const struct design_term *unused;
            struct text after = {stop + 1, (size_t)(end - stop - 1)}, more = after;
            if (*stop == ',' && next_setting(design, &more, &unused, &(struct text){0}))
                break;
        }
        *ret_value = (struct text){value, (size_t)(stop - value)};
        *rest =
            (struct text){stop < end ? stop + 1 : end, stop < end ? (size_t)(end - stop - 1) : 0};
        return true;
    }
    return false;
}

static int listed_person(struct cli *cli, const struct drivers *drivers, struct people *people,
                         struct error *err) {
    const struct design *design = &drivers->design;
    struct text rest = text_of(cli_text(cli, "predict")), value;
    const struct design_term *term;
    bool *given = calloc(design->n + 1, sizeof *given);
    if (!given) {
        error_memory(err);
        return ERROR_SYSTEM;
    }
    int status = make_people(people, drivers, 1, err);
    while (!status && rest.length > 0) {
        if (!next_setting(design, &rest, &term, &value))
            status =
                cli_usage(err, "found '%.*s' in --predict, expected COVARIATE=VALUE of this model",
                          (int)rest.length, rest.bytes);
        else if (set_value(&people->items[0], term, value, err))
            status = err->code = ERROR_USAGE;
        else
            given[term - design->terms] = true;
    }
    for (size_t t = 0; t < design->n && !status; t++)
        if (design->terms[t].kind != DESIGN_PRODUCT && !given[t])
            status = cli_usage(err,
                               "--predict gives no value for '%s', expected one for each "
                               "covariate",
                               design->terms[t].name);
    free(given);
    return status;
}

/* A row of the file each; numbers and categories are checked here, where their place is known. */
static int people_of_file(struct cli *cli, const struct drivers *drivers, struct people *people,
                          struct error *err) {
    const struct design *design = &drivers->design;
    struct table_column *columns = calloc(design->inputs + 1, sizeof *columns);
    const struct table_batch *batch = NULL;
    struct table *table = NULL;
    if (!columns) {
        error_memory(err);
        return ERROR_SYSTEM;
    }
    int status = cli_open_file(cli, cli_text(cli, "predict"), &table, err);
    for (size_t t = 0; t < design->n; t++)
        if (design->terms[t].kind != DESIGN_PRODUCT)
            columns[design->terms[t].input] =
                (struct table_column){.name = design->terms[t].name, .type = TABLE_TEXT};
    if (!status)
        status = table_bind(table, columns, design->inputs, err);
    if (!status)
        status = table_read(table, &batch, err);
    const size_t rows = status || !batch ? 0 : batch->rows;
    if (!status)
        status = make_people(people, drivers, rows, err);
    for (size_t row = 0; !status && row < rows; row++)
        for (size_t t = 0; !status && t < design->n; t++) {
            const struct design_term *term = &design->terms[t];
            char where[TABLE_WHERE];
            if (term->kind == DESIGN_PRODUCT)
                continue;
            status =
                set_value(&people->items[row], term, batch->columns[term->input].text[row], err);
            if (!status)
                continue;
            table_where(batch, row, (int)term->input, where);
            error_prefix(err, "%s: ", where);
        }
    free(columns);
    return status;
}

static int find_people(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                       struct people *people, struct error *err) {
    const char *from = cli_text(cli, "predict");
    if (!from)
        return average_person(cli, drivers, cox, people, err);
    if (strchr(from, '=') && access(from, R_OK) != 0)
        return listed_person(cli, drivers, people, err);
    return people_of_file(cli, drivers, people, err);
}

/* Survival, exp(-H), with the interval of R's conf.type "log". */
static void write_survival(struct writer *writer, double hazard, double error, double z) {
    writer_number(writer, exp(-hazard));
    writer_number(writer, exp(-hazard) * error);
    writer_number(writer, exp(-hazard - z * error));
    writer_number(writer, isnan(error) ? NAN : fmin(1, exp(-hazard + z * error)));
}

/* Incidence, 1 - exp(-H), with an interval on log H, R's "log-log": none for 0. */
static void write_incidence(struct writer *writer, double hazard, double error, double z) {
    writer_number(writer, -expm1(-hazard));
    writer_number(writer, exp(-hazard) * error);
    if (hazard > 0) {
        writer_number(writer, -expm1(-hazard * exp(-z * error / hazard)));
        writer_number(writer, -expm1(-hazard * exp(z * error / hazard)));
    } else {
        writer_missing(writer);
        writer_missing(writer);
    }
}

static void write_point(struct cli *cli, struct writer *writer, const char *group, decimal time,
                        const struct cox_point *point) {
    double hazard = point ? point->hazard : 0, error = point ? point->std_error : 0;
    double z = normal_quantile(cli);
    writer_string(writer, group);
    writer_decimal(writer, time, 0);
    if (cli_given(cli, "at") || !point) {
        writer_missing(writer);
        writer_missing(writer);
    } else {
        writer_integer(writer, point->at_risk);
        writer_integer(writer, point->events);
    }
    writer_number(writer, hazard);
    if (is_competing(cli))
        write_incidence(writer, hazard, error, z);
    else
        write_survival(writer, hazard, error, z);
}

/* Beyond the last time of the stratum nothing is known. */
static void write_unknown(struct writer *writer, const char *group, decimal time) {
    writer_string(writer, group);
    writer_decimal(writer, time, 0);
    for (int i = 0; i < 7; i++)
        writer_missing(writer);
}

static void write_curve(struct cli *cli, struct writer *writer, const char *group,
                        const struct cox_curve *curve) {
    decimal time;
    for (size_t i = 0; i < curve->n && !cli_given(cli, "at"); i++)
        write_point(cli, writer, group, curve->points[i].time, &curve->points[i]);
    for (size_t k = 0; cli_given(cli, "at") && cli_decimals(cli, "at", k, &time); k++) {
        const struct cox_point *point = NULL;
        for (size_t i = 0; i < curve->n && curve->points[i].time <= time; i++)
            point = &curve->points[i];
        if (time > curve->last)
            write_unknown(writer, group, time);
        else
            write_point(cli, writer, group, time, point);
    }
}

/* "age=60, contract=One year, stratum", "(all)" if that is nothing. */
static int name_curve(const struct drivers *drivers, const struct person *person, uint32_t stratum,
                      struct buffer *name, struct error *err) {
    struct text parts[2] = {{person->name.bytes, person->name.length},
                            drivers->n_strata > 0 ? drivers->strata[stratum] : text_of("")};
    buffer_clear(name);
    for (int i = 0; i < 2; i++)
        if (parts[i].length > 0)
            buffer_format(name, "%s%.*s", name->length > 0 ? ", " : "", (int)parts[i].length,
                          parts[i].bytes);
    if (name->length == 0)
        buffer_text(name, "(all)");
    return buffer_check(name, err);
}

static int predict_person(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                          const struct person *person, struct writer *writer, struct error *err) {
    double *x = calloc(drivers->design.columns + 1, sizeof *x);
    struct buffer name = {0};
    int status = x ? 0 : error_memory(err);
    if (!status)
        design_row(&drivers->design, person->values, x);
    for (size_t s = 0; s < cox_strata(cox) && !status; s++) {
        struct cox_curve curve;
        status = cox_predict(cox, x, s, &curve, err);
        if (status)
            break;
        status = name_curve(drivers, person, curve.stratum, &name, err);
        if (!status)
            write_curve(cli, writer, name.bytes, &curve);
        free(curve.points);
    }
    buffer_free(&name);
    free(x);
    return status;
}

static int write_curves(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                        struct error *err) {
    const char *const names[] = {
        "group",     "time",   "at_risk",
        "events",    "hazard", is_competing(cli) ? "incidence" : "survival",
        "std_error", "lower",  "upper"};
    struct people people = {0};
    struct writer *writer;
    int status = find_people(cli, drivers, cox, &people, err);
    if (!status)
        status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    for (size_t i = 0; i < people.n && !status; i++)
        status = predict_person(cli, drivers, cox, &people.items[i], writer, err);
    free_people(&people);
    return status;
}

/* ---- The tool -------------------------------------------------------------------------------- */

static int check_options(const struct cli *cli, struct error *err) {
    bool curves = cli_flag(cli, "baseline") || cli_given(cli, "predict");
    if (cli_given(cli, "at") && !curves)
        return cli_usage(err, "--at needs --baseline or --predict");
    if (is_competing(cli) && cli_given(cli, "test"))
        return cli_usage(err, "--destination fits Fine and Gray's model, which has no --test here; "
                              "--cause-specific fits Cox's, which has");
    if (is_competing(cli) && curves && cli_given(cli, "chart"))
        return cli_usage(err, "--chart draws the survival that Cox's model predicts, not the "
                              "incidence of --destination");
    return 0;
}

static int write_result(struct cli *cli, const struct drivers *drivers, const struct cox *cox,
                        struct error *err) {
    if (cli_flag(cli, "summary"))
        return write_summary(cli, drivers, cox, err);
    if (cli_given(cli, "test"))
        return write_ph(cli, drivers, cox, err);
    if (cli_flag(cli, "baseline") || cli_given(cli, "predict"))
        return write_curves(cli, drivers, cox, err);
    return write_coefficients(cli, drivers, cox, err);
}

static int run(struct cli *cli, struct error *err) {
    struct drivers drivers = {0};
    struct cox *cox = NULL;
    int status = check_options(cli, err);
    if (!status)
        status = read_drivers(cli, &drivers, err);
    const struct cox_options how = {
        .ties = cli_choice(cli, "ties", "breslow") ? COX_BRESLOW : COX_EFRON,
        .counts = cli_given(cli, "weight"),
        .robust = cli_flag(cli, "robust") || cli_given(cli, "sampling-weight"),
        .competing = is_competing(cli),
        .tests = cli_flag(cli, "summary"),
        .threads = cli_threads(cli)};
    if (!status)
        status = cox_fit(&cox, &drivers.data, &how, err);
    if (status)
        name_input(cli, err);
    else
        status = write_result(cli, &drivers, cox, err);
    cox_destroy(cox);
    drivers_free(&drivers);
    return status;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "churn-drivers",
        .summary = "what drives leaving: Cox regression with its tests and predictions",
        .description =
            "Estimates by how much each covariate multiplies the rate of leaving, the others being "
            "equal: Cox's proportional hazards model with Efron's ties, from spells of which some "
            "have not ended yet.\n\n"
            "Spells come as dates (start, and end or empty: still there) or, with --time and "
            "--status, as durations. A user whose covariates change has several rows, each with "
            "an --entry; --cluster then keeps them together.\n\n"
            "--summary, --test ph, --baseline and --predict write other tables instead. A "
            "covariate that the data cannot tell from others, or that has no finite estimate, is "
            "named in an error.",
        .input = "start, end: dates, an empty end meaning still there; or the columns that --time "
                 "and --status name; destination, with --destination. Covariates are the columns "
                 "that --covariate and --categorical name.",
        .output = "term, coefficient, hazard_ratio, std_error, z, p_value, lower, upper: a row for "
                  "each covariate and category; std_error is that of coefficient, lower and upper "
                  "are bounds of hazard_ratio. A reference category has ratio 1 and no error.\n\n"
                  "--summary: statistic, value, std_error, lower, upper, df, p_value.\n\n"
                  "--test ph: term, chi_square, df, p_value.\n\n"
                  "--baseline, --predict: group, time, at_risk, events, hazard (cumulative), "
                  "survival, std_error (of survival), lower, upper; with --destination, incidence "
                  "in place of survival.",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
