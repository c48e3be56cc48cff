/* SPDX-License-Identifier: GPL-3.0-or-later */
/* synth-panel: synthetic data of any size, with the truth it was drawn from. */
#include "cli/cli.h"
#include "synth/synth.h"
#include <string.h>

static const struct cli_option options[] = {
    {.name = "set",
     .type = CLI_TEXT,
     .argument = "NAME=VALUE",
     .many = true,
     .help = "set one parameter; goes before the scenario file"},
    {.name = "truth",
     .type = CLI_FILE,
     .argument = "FILE",
     .help = "write to FILE every parameter and what follows from them: "
             "quantity,group,at,value,unit"},
    {.name = "parameters",
     .type = CLI_FLAG,
     .conflicts = "set truth",
     .help = "list the parameters of this kind of data with their ranges and defaults"},
    {0},
};

static int find_model(const char *name, const struct synth_model **ret, struct error *err) {
    const char *names[16];
    size_t n = 0;
    *ret = synth_find(name);
    if (*ret)
        return 0;
    for (; n < sizeof names / sizeof *names && synth_models[n]; n++)
        names[n] = synth_models[n]->name;
    const char *near = text_nearest(text_of(name), names, n);
    if (near)
        return cli_usage(err, "no kind of data is called '%s'; did you mean '%s'?", name, near);
    return cli_usage(err, "found '%s', expected spells, activity, creators or revenue", name);
}

/* Defaults, then the scenario file, then --set. */
static int read_parameters(struct cli *cli, const struct synth_model *model, const char *scenario,
                           struct assumption *values, struct error *err) {
    struct assumption_known known[SYNTH_MOST];
    for (size_t i = 0; i < model->n_parameters; i++)
        known[i] = model->parameters[i].known;
    synth_defaults(model, values);
    struct table *table;
    if (scenario && (cli_open_file(cli, scenario, &table, err) ||
                     assumptions_read(table, known, model->n_parameters, values, NULL, err)))
        return err->code;
    const char *const *settings;
    size_t n = cli_many(cli, "set", &settings);
    for (size_t i = 0; i < n; i++)
        if (assumptions_set(settings[i], known, model->n_parameters, values, err))
            return err->code;
    return 0;
}

static int list_parameters(struct cli *cli, const struct synth_model *model, struct error *err) {
    static const char *const names[] = {"parameter", "value", "least", "most", "unit", "meaning"};
    struct writer *writer;
    if (cli_writer(cli, names, 6, &writer, err))
        return err->code;
    for (size_t i = 0; i < model->n_parameters; i++) {
        const struct synth_parameter *parameter = &model->parameters[i];
        writer_string(writer, parameter->known.name);
        writer_decimal(writer, parameter->fallback, 0);
        writer_decimal(writer, parameter->known.least, 0);
        writer_decimal(writer, parameter->known.most, 0);
        writer_string(writer, parameter->unit);
        writer_string(writer, parameter->meaning);
    }
    return 0;
}

/* Prefix and at least eight digits, such as u00000042. */
static void write_id(struct writer *writer, const char *prefix, int64_t number) {
    char text[32], *at = text + sizeof text;
    int digits = 0;
    for (; digits < 8 || number > 0; digits++, number /= 10)
        *--at = (char)('0' + number % 10);
    *--at = *prefix;
    writer_text(writer, (struct text){at, (size_t)(text + sizeof text - at)});
}

static void write_cell(struct writer *writer, const struct synth_column *column,
                       const struct synth_cell *cell) {
    if (cell->missing) {
        writer_missing(writer);
        return;
    }
    switch (column->kind) {
    case SYNTH_ID:
        write_id(writer, column->prefix, cell->number);
        return;
    case SYNTH_NAME:
        writer_string(writer, cell->name);
        return;
    case SYNTH_DATE:
        writer_date(writer, cell->day);
        return;
    case SYNTH_PERIOD:
        writer_period(writer, cell->period);
        return;
    case SYNTH_COUNT:
        writer_integer(writer, cell->number);
        return;
    case SYNTH_MONEY:
        writer_decimal(writer, cell->money, 2);
        return;
    }
}

static int write_rows(struct cli *cli, const struct synth_model *model, struct synth *synth,
                      struct error *err) {
    const char *names[SYNTH_COLUMNS];
    for (size_t i = 0; i < model->n_columns; i++)
        names[i] = model->columns[i].name;
    struct writer *writer;
    if (cli_writer(cli, names, model->n_columns, &writer, err))
        return err->code;
    const struct synth_row *rows;
    size_t n = 1;
    while (n > 0) {
        uint64_t total, done = synth_entities_done(synth, &total);
        cli_progress(cli, "drawing", done, total);
        if (synth_next(synth, &rows, &n, err))
            return err->code;
        for (size_t row = 0; row < n; row++)
            for (size_t i = 0; i < model->n_columns; i++)
                write_cell(writer, &model->columns[i], &rows[row].cells[i]);
    }
    return 0;
}

static void say_truth(void *context, const char *quantity, const char *group, const char *at,
                      double value, const char *unit) {
    struct writer *writer = context;
    const char *const texts[] = {quantity, group, at};
    for (int i = 0; i < 3; i++)
        writer_string(writer, texts[i]);
    writer_number(writer, value);
    writer_string(writer, unit);
}

static int write_truth(struct cli *cli, const struct synth *synth, struct error *err) {
    static const char *const names[] = {"quantity", "group", "at", "value", "unit"};
    struct writer *writer;
    if (cli_output_table(cli, cli_text(cli, "truth"), names, 5, &writer, err))
        return err->code;
    synth_truth(synth, say_truth, writer);
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    const char *const *operands;
    size_t n = cli_operands(cli, &operands);
    const struct synth_model *model;
    struct assumption values[SYNTH_MOST];
    if (find_model(operands[0], &model, err))
        return err->code;
    if (cli_flag(cli, "parameters"))
        return list_parameters(cli, model, err);
    struct synth *synth = NULL;
    int code = read_parameters(cli, model, n > 1 ? operands[1] : NULL, values, err);
    if (!code)
        code = synth_open(&synth, model, values, (uint32_t)cli_integer(cli, "seed"),
                          cli_threads(cli), err);
    if (!code)
        code = write_rows(cli, model, synth, err);
    if (!code && cli_given(cli, "truth"))
        code = write_truth(cli, synth, err);
    synth_close(synth);
    return code;
}

int main(int argc, char **argv) {
    static const struct cli_example examples[] = {
        {"synth-panel spells datasets/tiny/synthetic.csv", "three spells, as a scenario file says"},
        {"synth-panel creators --set months=2 --truth truth.csv -o creators.csv",
         "a creator panel of two months, and what is true of it"},
        {"synth-panel activity --parameters", "what can be set for an activity log"},
        {0},
    };
    static const struct cli_tool tool = {
        .name = "synth-panel",
        .summary = "synthetic spells, activity, creators or revenue with known truth",
        .description =
            "Draws data of one KIND from a model whose every parameter is known, so that a tool's "
            "answer can be held against the truth, or a pipeline tried at any size.\n\n"
            "KIND is spells (users who leave a platform), activity (a log by user and day), "
            "creators (a monthly panel by follower tier) or revenue (a monthly panel of two "
            "platforms). Parameters are taken from the defaults, then from SCENARIO, then from "
            "--set.\n\n"
            "The same seed gives the same rows, for any number of threads.",
        .input = "scenario: parameter,value (and any of low,high,unit,source, which are not used)",
        .output = "as the kind: spells user,platform,segment,age,start,end,destination; activity "
                  "user,platform,date,minutes,revenue; creators "
                  "creator,platform,period,followers,income; revenue "
                  "platform,period,users,revenue",
        .operands = "KIND [SCENARIO]",
        .min_operands = 1,
        .max_operands = 2,
        .shares = CLI_READS | CLI_WRITES | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
