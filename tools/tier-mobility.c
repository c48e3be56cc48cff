/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moves between tiers: counts and chances, where they lead in the long run, how soon a tier is
 * reached, whether the chances stay the same, and whether growth depends on size. */
#include "cli/cli.h"
#include "creator-panel.h"
#include "creators/flows.h"
#include "creators/gibrat.h"
#include "creators/mobility.h"
#include "stats/markov-chain.h"
#include "stats/markov-rate.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const struct cli_option options[] = {
    CREATOR_TIER_OPTIONS,
    CREATOR_GAP_OPTION,
    CREATOR_PANEL_OPTIONS,
    {.name = "steps",
     .type = CLI_FLAG,
     .conflicts = "stationary time-to indices test gibrat rate chart",
     .help = "a matrix for each step from one period to the next, instead of one of all steps"},
    {.name = "stationary",
     .type = CLI_FLAG,
     .conflicts = "time-to indices test gibrat rate chart",
     .help = "the shares of the tiers to which these moves lead"},
    {.name = "time-to",
     .type = CLI_TEXT,
     .argument = "TIER",
     .conflicts = "indices test gibrat rate chart",
     .help = "from each tier, the chance to reach this one before leaving, and the steps it takes"},
    {.name = "indices",
     .type = CLI_FLAG,
     .conflicts = "test gibrat rate chart",
     .help =
         "mobility in one number: Shorrocks, Bartholomew, upward, downward; and Prais's mean stay in "
         "each tier"},
    {.name = "test",
     .type = CLI_FLAG,
     .conflicts = "gibrat rate chart",
     .help = "are the chances the same in all steps, and does one step back tell all (Anderson & "
             "Goodman)"},
    {.name = "rate",
     .type = CLI_FLAG,
     .conflicts = "gibrat chart",
     .help = "moves between neighbouring tiers per unit of time, for snapshots at irregular times"},
    {.name = "gibrat",
     .type = CLI_FLAG,
     .conflicts = "chart",
     .help = "growth of followers on their number, by tier: Gibrat's law says slope 0"},
    {.name = "errors",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "creator|hc1|hc3",
     .fallback = "creator",
     .needs = "gibrat",
     .help =
         "errors of --gibrat: clustered by creator, or for single steps White's with n/(n-2), or "
         "MacKinnon & White's HC3"},
    {.name = "stayers",
     .type = CLI_FLAG,
     .conflicts = "indices test gibrat rate",
     .help = "only those who are in the panel before and after a step: nobody is new or gone"},
    {0},
};

struct report {
    struct cli *cli;
    const struct creators *creators;
    const struct standing *standing;
    const struct flows *flows;
    double confidence;
    bool stayers;
    struct writer *writer;
};

static int open_writer(struct report *report, const char *const *names, size_t n,
                       struct error *err) {
    enum { MOST = 16 };
    const char *all[MOST], *group = creators_group_column(report->cli);
    size_t used = 0;
    if (group)
        all[used++] = group;
    for (size_t i = 0; i < n; i++)
        all[used++] = names[i];
    return cli_writer(report->cli, all, used, &report->writer, err);
}

static const char *tier_name(const struct report *report, size_t tier) {
    return report->creators->tiers.names[tier];
}

static void write_numbers(struct writer *writer, const double *values, size_t n) {
    for (size_t i = 0; i < n; i++)
        writer_number(writer, values[i]);
}

/* ---- The matrix --------------------------------------------------------------------------------
 */

/* Counts of one or more steps of a group, with where to and from. `to` and `from` are
 * [tier][place], taken out of leavers and comers. */
struct matrix {
    size_t tiers, places;
    uint64_t *stayers, *leavers, *comers, *to, *from;
};

static int matrix_allocate(struct matrix *matrix, const struct flows *flows, struct error *err) {
    const size_t tiers = flows->tiers, places = flows->places;
    *matrix = (struct matrix){.tiers = tiers, .places = places};
    matrix->stayers =
        calloc(tiers * tiers + 2 * tiers + 2 * tiers * places + 1, sizeof *matrix->stayers);
    if (!matrix->stayers)
        return error_memory(err);
    matrix->leavers = matrix->stayers + tiers * tiers;
    matrix->comers = matrix->leavers + tiers;
    matrix->to = matrix->comers + tiers;
    matrix->from = matrix->to + tiers * places;
    return 0;
}

static void matrix_add(struct matrix *matrix, const struct flows *flows, size_t group,
                       size_t period) {
    const size_t tiers = matrix->tiers;
    for (size_t i = 0; i < tiers; i++) {
        for (size_t j = 0; j < tiers; j++)
            matrix->stayers[i * tiers + j] += flows_moved(flows, group, period, i, j);
        matrix->leavers[i] += flows_moved(flows, group, period, i, tiers);
        matrix->comers[i] += flows_moved(flows, group, period, tiers, i);
        for (size_t place = 0; place < matrix->places; place++) {
            uint64_t to = flows_to(flows, group, period, i, place);
            uint64_t from = flows_from(flows, group, period, i, place);
            matrix->to[i * matrix->places + place] += to;
            matrix->leavers[i] -= to;
            matrix->from[i * matrix->places + place] += from;
            matrix->comers[i] -= from;
        }
    }
}

static void write_cell(const struct report *report, size_t group, const char *step,
                       const char *from, const char *to, uint64_t count, uint64_t total,
                       size_t categories) {
    struct writer *writer = report->writer;
    struct proportion_interval interval =
        categories > 1 ? markov_interval(count, total, categories, report->confidence)
                       : (struct proportion_interval){total > 0 ? 1 : NAN, total > 0 ? 1 : NAN};
    creators_write_group(report->standing, writer, group);
    writer_string(writer, step);
    writer_string(writer, from);
    writer_string(writer, to);
    writer_integer(writer, (int64_t)count);
    const double cells[] = {total > 0 ? (double)count / (double)total : NAN, interval.lower,
                            interval.upper};
    write_numbers(writer, cells, 3);
}

static uint64_t sum(const uint64_t *counts, size_t n, size_t stride) {
    uint64_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += counts[i * stride];
    return total;
}

enum { PLACE_NAME = 300 };

static void place_name(const struct report *report, const char *way, size_t place,
                       char name[PLACE_NAME]) {
    const struct panel *panel = &report->creators->panel;
    struct text text = report->flows->by_group ? panel->groups[place] : panel->platforms[place];
    snprintf(name, PLACE_NAME, "(%s %.*s)", way, (int)text.length, text.bytes);
}

/* From one tier: to each tier, outside, and the places that any step of the group led to. */
static void write_from_tier(const struct report *report, size_t group, const char *step,
                            const struct matrix *matrix, const bool *places, size_t tier) {
    const size_t tiers = matrix->tiers;
    const char *from = tier_name(report, tier);
    size_t categories = tiers + !report->stayers;
    uint64_t total = sum(matrix->stayers + tier * tiers, tiers, 1);
    for (size_t place = 0; place < matrix->places; place++)
        categories += places[place] && !report->stayers;
    if (!report->stayers)
        total += matrix->leavers[tier] + sum(matrix->to + tier * matrix->places, matrix->places, 1);
    for (size_t to = 0; to < tiers; to++)
        write_cell(report, group, step, from, tier_name(report, to),
                   matrix->stayers[tier * tiers + to], total, categories);
    if (report->stayers)
        return;
    write_cell(report, group, step, from, "(gone)", matrix->leavers[tier], total, categories);
    for (size_t place = 0; place < matrix->places; place++) {
        char name[PLACE_NAME];
        place_name(report, "to", place, name);
        if (places[place])
            write_cell(report, group, step, from, name, matrix->to[tier * matrix->places + place],
                       total, categories);
    }
}

static void write_matrix(const struct report *report, size_t group, const char *step,
                         const struct matrix *matrix, const bool *places) {
    const size_t tiers = matrix->tiers;
    for (size_t tier = 0; tier < tiers; tier++)
        write_from_tier(report, group, step, matrix, places, tier);
    if (report->stayers)
        return;
    uint64_t total = sum(matrix->comers, tiers, 1);
    for (size_t tier = 0; tier < tiers; tier++)
        write_cell(report, group, step, "(new)", tier_name(report, tier), matrix->comers[tier],
                   total, tiers);
    for (size_t place = 0; place < matrix->places; place++) {
        char name[PLACE_NAME];
        place_name(report, "from", place, name);
        total = sum(matrix->from + place, tiers, matrix->places);
        for (size_t tier = 0; tier < tiers && places[matrix->places + place]; tier++)
            write_cell(report, group, step, name, tier_name(report, tier),
                       matrix->from[tier * matrix->places + place], total, tiers);
    }
}

/* Which places any step of the group led to, and then which any came from. */
static void find_places(const struct matrix *all, bool *places) {
    for (size_t place = 0; place < all->places; place++) {
        places[place] = sum(all->to + place, all->tiers, all->places) > 0;
        places[all->places + place] = sum(all->from + place, all->tiers, all->places) > 0;
    }
}

static void name_step(const struct panel *panel, size_t from, size_t to, bool both,
                      char step[2 * CALENDAR_TEXT]) {
    char first[CALENDAR_TEXT], last[CALENDAR_TEXT];
    period_format(panel->periods[from], first);
    period_format(panel->periods[to], last);
    if (both)
        snprintf(step, 2 * CALENDAR_TEXT, "%s/%s", first, last);
    else
        snprintf(step, 2 * CALENDAR_TEXT, "%s", last);
}

static int write_group_matrices(const struct report *report, size_t group, bool steps,
                                struct error *err) {
    const struct panel *panel = &report->creators->panel;
    const size_t last = report->flows->periods - 1;
    struct matrix all = {0}, one = {0};
    char step[2 * CALENDAR_TEXT];
    bool *places = calloc(2 * report->flows->places + 1, sizeof *places);
    if (!places)
        return error_memory(err);
    int status = matrix_allocate(&all, report->flows, err);
    for (size_t period = 1; period <= last && !status; period++)
        matrix_add(&all, report->flows, group, period);
    if (!status)
        find_places(&all, places);
    name_step(panel, 0, last, true, step);
    if (!status && !steps)
        write_matrix(report, group, step, &all, places);
    for (size_t period = 1; period <= last && steps && !status; period++) {
        status = matrix_allocate(&one, report->flows, err);
        if (!status) {
            matrix_add(&one, report->flows, group, period);
            name_step(panel, period - 1, period, false, step);
            write_matrix(report, group, step, &one, places);
        }
        free(one.stayers);
    }
    free(all.stayers);
    free(places);
    return status;
}

static int write_matrices(struct report *report, struct error *err) {
    static const char *const names[] = {"step",  "from",  "to",   "creators",
                                        "share", "lower", "upper"};
    int status = open_writer(report, names, 7, err);
    for (size_t group = 0; group < report->flows->groups && !status && report->flows->periods > 1;
         group++)
        status = write_group_matrices(report, group, cli_flag(report->cli, "steps"), err);
    return status;
}

/* ---- What follows from all steps together ------------------------------------------------------
 */

static uint64_t creators_now(const struct report *report, size_t group, size_t tier) {
    return flows_creators(report->flows, group, report->flows->periods - 1, tier);
}

static int write_stationary(const struct report *report, size_t group,
                            const struct mobility *mobility, struct error *err) {
    const size_t tiers = mobility->tiers, states = report->stayers ? tiers : tiers + 1;
    double *shares = malloc((states * states + 3 * states) * sizeof *shares);
    if (!shares)
        return error_memory(err);
    double *totals = shares + states * states, *found = totals + states, *errors = found + states;
    uint64_t all = 0;
    markov_shares(report->stayers ? mobility->stayers : mobility->open, states, shares, totals);
    int status = markov_stationary_without(shares, totals, states, tiers, found, errors, err);
    for (size_t tier = 0; tier < tiers; tier++)
        all += creators_now(report, group, tier);
    if (!status && isnan(found[0]))
        cli_warn(report->cli, "the moves seen lead to no one distribution of tiers%s",
                 report->stayers ? "" : ": --stayers asks about those who stay");
    for (size_t tier = 0; tier < tiers && !status; tier++) {
        struct proportion_interval interval =
            markov_share_interval(found[tier], errors[tier], report->confidence);
        uint64_t now = creators_now(report, group, tier);
        if (tiers == 1 && found[tier] == 1) /* there is no other */
            interval = (struct proportion_interval){1, 1};
        const double cells[] = {all > 0 ? (double)now / (double)all : NAN, found[tier],
                                interval.lower, interval.upper,
                                isnan(interval.lower) ? NAN : errors[tier]};
        creators_write_group(report->standing, report->writer, group);
        writer_string(report->writer, tier_name(report, tier));
        writer_integer(report->writer, (int64_t)now);
        write_numbers(report->writer, cells, 5);
    }
    free(shares);
    return status;
}

static size_t target_tier(const struct report *report) {
    const char *name = cli_text(report->cli, "time-to");
    size_t tier = 0;
    while (tier < report->flows->tiers && strcmp(tier_name(report, tier), name) != 0)
        tier++;
    return tier;
}

/* By how it is asked for, and not by what was seen: of those who stay, everybody reaches a tier in
 * the end that moves lead to. */
static bool is_certain(const struct report *report, size_t tier, const struct markov_reach *found) {
    return tier == target_tier(report) || (report->stayers && found->probability > 1 - 1e-9);
}

static int write_time(const struct report *report, size_t group, const struct mobility *mobility,
                      struct error *err) {
    const size_t tiers = mobility->tiers, states = report->stayers ? tiers : tiers + 1;
    double *shares = malloc((states * states + states) * sizeof *shares);
    struct markov_reach *reach = malloc(states * sizeof *reach);
    int status = 0;
    if (!shares || !reach) {
        error_memory(err);
        status = ERROR_SYSTEM;
    }
    if (!status) {
        double *totals = shares + states * states;
        markov_shares(report->stayers ? mobility->stayers : mobility->closed, states, shares,
                      totals);
        status = markov_reach(shares, totals, states, target_tier(report), reach, err);
    }
    for (size_t tier = 0; tier < tiers && !status; tier++) {
        const struct markov_reach *found = &reach[tier];
        struct proportion_interval chance = markov_share_interval(found->probability,
                                                                  found->probability_error,
                                                                  report->confidence),
                                   time = markov_time_interval(found->time, found->time_error,
                                                               report->confidence);
        if (is_certain(report, tier, found))
            chance = (struct proportion_interval){1, 1};
        if (tier == target_tier(report))
            time = (struct proportion_interval){0, 0};
        const double cells[] = {found->probability, chance.lower, chance.upper,
                                found->time,        time.lower,   time.upper};
        creators_write_group(report->standing, report->writer, group);
        writer_string(report->writer, tier_name(report, tier));
        write_numbers(report->writer, cells, 6);
    }
    free(shares);
    free(reach);
    return status;
}

static void write_index(const struct report *report, size_t group, const char *index,
                        const char *tier, const double cells[4]) {
    creators_write_group(report->standing, report->writer, group);
    writer_string(report->writer, index);
    if (tier)
        writer_string(report->writer, tier);
    else
        writer_missing(report->writer);
    for (size_t i = 0; i < 4; i++) /* nobody left: a stay without end */
        writer_number(report->writer, isfinite(cells[i]) ? cells[i] : NAN);
}

static int write_indices(const struct report *report, size_t group, const struct mobility *mobility,
                         struct error *err) {
    struct mobility_index found[MOBILITY_INDICES];
    int status = mobility_indices(mobility, found, err);
    for (enum mobility_kind kind = 0; kind < MOBILITY_INDICES && !status; kind++) {
        double value = found[kind].value, error = found[kind].error;
        /* Shares of steps stay below 1; the two others are not bounded by it. */
        struct proportion_interval interval =
            kind == MOBILITY_UPWARD || kind == MOBILITY_DOWNWARD
                ? markov_share_interval(value, error, report->confidence)
                : markov_time_interval(value, error, report->confidence);
        const double cells[] = {value, interval.lower, interval.upper,
                                isnan(interval.lower) ? NAN : error};
        write_index(report, group, mobility_name(kind), NULL, cells);
    }
    for (size_t tier = 0; tier < mobility->tiers && !status; tier++) {
        struct mobility_stay stay = mobility_stay(mobility, tier, report->confidence);
        const double cells[] = {stay.value, stay.lower, stay.upper, stay.error};
        write_index(report, group, "prais", tier_name(report, tier), cells);
    }
    return status;
}

static void write_test(const struct report *report, size_t group, const char *hypothesis,
                       const char *tier, struct markov_test test) {
    struct writer *writer = report->writer;
    if (5 * test.sparse > test.cells && test.df > 0) /* Cochran 1954, doi:10.2307/3001616 */
        cli_warn(report->cli,
                 "'%s'%s%s: fewer than 5 are expected in %" PRIu64 " of %" PRIu64
                 " cells, so that its p-values are rough",
                 hypothesis, tier ? ", " : "", tier ? tier : "", test.sparse, test.cells);
    creators_write_group(report->standing, writer, group);
    writer_string(writer, hypothesis);
    if (tier)
        writer_string(writer, tier);
    else
        writer_missing(writer);
    const double cells[] = {test.pearson, test.pearson_p, test.likelihood_ratio,
                            test.likelihood_ratio_p};
    write_numbers(writer, cells, 4);
    writer_integer(writer, (int64_t)test.df);
    writer_integer(writer, (int64_t)test.cells);
    writer_integer(writer, (int64_t)test.sparse);
}

static int write_tests(const struct report *report, size_t group, const struct mobility *mobility,
                       struct error *err) {
    (void)err;
    const size_t tiers = mobility->tiers;
    write_test(report, group, "same in all steps", NULL,
               markov_test_homogeneity(mobility->by_step, mobility->steps, tiers));
    for (size_t tier = 0; tier < tiers; tier++)
        write_test(report, group, "same in all steps", tier_name(report, tier),
                   markov_test_homogeneity_from(mobility->by_step, mobility->steps, tiers, tier));
    write_test(report, group, "order 0 suffices", NULL,
               markov_test_independence(mobility->stayers, tiers));
    write_test(report, group, "order 1 suffices", NULL,
               markov_test_order(flows_triples(report->flows, group), tiers));
    return 0;
}

/* ---- Gibrat's law ------------------------------------------------------------------------------
 */

static void write_fit(const struct report *report, size_t group, const char *tier,
                      const struct gibrat *fit) {
    struct writer *writer = report->writer;
    double reach =
        fit->df > 0 ? gsl_cdf_tdist_Qinv((1 - report->confidence) / 2, fit->df) * fit->error : NAN;
    double p = fit->df > 0 && fit->error > 0
                   ? 2 * gsl_cdf_tdist_Q(fabs(fit->slope / fit->error), fit->df)
                   : NAN;
    const double cells[] = {fit->slope,       fit->slope - reach, fit->slope + reach, p,
                            fit->mean_growth, fit->spread,        fit->mean_size};
    creators_write_group(report->standing, writer, group);
    writer_string(writer, tier);
    write_numbers(writer, cells, 7);
    writer_integer(writer, (int64_t)fit->observations);
    writer_integer(writer, (int64_t)fit->creators);
    writer_integer(writer, (int64_t)fit->zeros);
}

static int write_gibrat(struct report *report, struct error *err) {
    static const char *const names[] = {"tier",  "slope",       "lower",   "upper",
                                        "p",     "mean_growth", "spread",  "mean_size",
                                        "steps", "creators",    "left_out"};
    const size_t tiers = report->standing->outside;
    enum gibrat_errors errors = cli_choice(report->cli, "errors", "hc1")   ? GIBRAT_HC1
                                : cli_choice(report->cli, "errors", "hc3") ? GIBRAT_HC3
                                                                           : GIBRAT_CLUSTERED;
    struct gibrat *fits = NULL;
    if (gibrat_fit(report->standing, errors, cli_threads(report->cli), &fits, err))
        return err->code;
    int status = open_writer(report, names, sizeof names / sizeof *names, err);
    for (size_t group = 0; group < report->standing->groups && !status; group++)
        for (size_t tier = 0; tier <= tiers; tier++)
            write_fit(report, group, tier < tiers ? tier_name(report, tier) : "(all)",
                      &fits[group * (tiers + 1) + tier]);
    free(fits);
    return status;
}

/* ---- Rates -------------------------------------------------------------------------------------
 */

static void write_rate(const struct report *report, size_t group, const char *from, const char *to,
                       struct markov_estimate rate) {
    const double cells[] = {isfinite(rate.value) ? rate.value : NAN, rate.lower, rate.upper,
                            rate.error};
    creators_write_group(report->standing, report->writer, group);
    writer_string(report->writer, from);
    writer_string(report->writer, to);
    write_numbers(report->writer, cells, 4);
    writer_string(report->writer, period_kind_name(report->creators->panel.periods[0].kind));
}

static int write_group_rates(const struct report *report, size_t group, struct error *err) {
    const size_t tiers = report->standing->outside;
    struct markov_steps steps = {0};
    struct markov_rate rate = {0};
    struct text names[TIERS_MOST];
    bool *allowed = calloc(tiers * tiers, sizeof *allowed);
    if (!allowed)
        return error_memory(err);
    for (size_t tier = 0; tier < tiers; tier++)
        names[tier] = text_of(tier_name(report, tier));
    const struct markov_rate_options how = {.names = names, .allowed = allowed};
    int status = mobility_looks(report->standing, group, &steps, allowed, err);
    bool any = false;
    for (size_t i = 0; i < tiers * tiers; i++)
        any = any || allowed[i];
    if (!status && any)
        status = markov_rate_fit(&steps, &how, &rate, err);
    for (size_t from = 0; from < tiers && !status && any; from++) {
        for (size_t to = 0; to < tiers; to++)
            if (allowed[from * tiers + to])
                write_rate(report, group, tier_name(report, from), tier_name(report, to),
                           markov_rate_intensity(&rate, from, to, report->confidence));
        write_rate(report, group, tier_name(report, from), "(mean stay)",
                   markov_rate_sojourn(&rate, from, report->confidence));
    }
    markov_rate_free(&rate);
    markov_steps_free(&steps);
    free(allowed);
    return status;
}

static int write_rates(struct report *report, struct error *err) {
    static const char *const names[] = {"from", "to", "rate", "lower", "upper", "error", "unit"};
    int status = open_writer(report, names, 7, err);
    for (size_t group = 0; group < report->standing->groups && !status; group++)
        status = write_group_rates(report, group, err);
    return status;
}

/* ---- The tool ----------------------------------------------------------------------------------
 */

/* A table made of one function's rows for each group. */
struct result {
    const char *option;
    int (*write)(const struct report *, size_t group, const struct mobility *, struct error *);
    size_t n;
    const char *names[9];
};

static const struct result results[] = {
    {"stationary",
     write_stationary,
     7,
     {"tier", "creators", "share", "stationary", "lower", "upper", "error"}},
    {"time-to",
     write_time,
     7,
     {"tier", "chance", "chance_lower", "chance_upper", "steps", "lower", "upper"}},
    {"indices", write_indices, 6, {"index", "tier", "value", "lower", "upper", "error"}},
    {"test",
     write_tests,
     9,
     {"hypothesis", "tier", "pearson", "pearson_p", "likelihood_ratio", "likelihood_ratio_p", "df",
      "cells", "sparse"}},
};

static int write_result(struct report *report, const struct result *result, struct error *err) {
    int status = open_writer(report, result->names, result->n, err);
    for (size_t group = 0; group < report->flows->groups && !status && report->flows->periods > 0;
         group++) {
        struct mobility mobility = {0};
        status = mobility_begin(&mobility, report->flows, group, err);
        if (!status)
            status = result->write(report, group, &mobility, err);
        mobility_free(&mobility);
    }
    return status;
}

static int check_target(const struct report *report, struct error *err) {
    const char *name = cli_text(report->cli, "time-to");
    if (!name || target_tier(report) < report->flows->tiers)
        return 0;
    const struct tiers *tiers = &report->creators->tiers;
    const char *near = text_nearest(text_of(name), tiers->names, tiers->count);
    return cli_usage(err, "option '--time-to': found '%s', expected the name of a tier%s%s%s", name,
                     near ? ", such as '" : "", near ? near : "", near ? "'" : "");
}

static int write_report(struct report *report, struct error *err) {
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        if (cli_given(report->cli, results[i].option))
            return write_result(report, &results[i], err);
    return write_matrices(report, err);
}

/* A heat map shows one matrix. */
static int check_chart(const struct report *report, struct error *err) {
    const char *group = creators_group_column(report->cli);
    if (report->flows->groups > 1 && group && cli_given(report->cli, "chart"))
        return cli_usage(err,
                         "option '--chart': found a table for each of %zu %ss, expected one: "
                         "a heat map shows one matrix",
                         report->flows->groups, group);
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    struct creators creators = {0};
    struct flows flows = {0};
    struct report report = {.cli = cli,
                            .creators = &creators,
                            .standing = &creators.standing,
                            .flows = &flows,
                            .confidence = cli_number(cli, "confidence"),
                            .stayers = cli_flag(cli, "stayers")};
    const struct flows_options counting = {
        .threads = cli_threads(cli), .places = true, .triples = cli_flag(cli, "test")};
    if (creators_read(cli, NULL, 0, false, &creators, err))
        goto done;
    if (cli_flag(cli, "gibrat"))
        write_gibrat(&report, err);
    else if (cli_flag(cli, "rate"))
        write_rates(&report, err);
    else if (!flows_count(&creators.standing, &counting, &flows, err) &&
             !check_target(&report, err) && !check_chart(&report, err))
        write_report(&report, err);
done:
    flows_free(&flows);
    creators_free(&creators);
    return err->code;
}

int main(int argc, char **argv) {
    static const struct cli_example examples[] = {
        {"tier-mobility datasets/tiny/creator-panel.csv", "counts and chances of all steps"},
        {"tier-mobility --steps --by-platform datasets/tiny/creator-panel.csv",
         "of each step on each platform"},
        {"tier-mobility --tiers small:0,large:50000 --stationary --stayers "
         "datasets/tiny/creator-panel.csv",
         "where the moves of those who stay lead in the long run"},
        {"tier-mobility --tiers small:0,large:50000 --time-to large "
         "datasets/tiny/creator-panel.csv",
         "how soon a creator is large"},
        {0},
    };
    static const struct cli_tool tool = {
        .name = "tier-mobility",
        .summary = "moves between creator tiers: chances, where they lead, how soon",
        .description =
            "Counts how many creators of each tier are in which tier one period later, are gone, or "
            "have turned up on another platform, and where the new ones start; with the chance of "
            "each move and its interval.\n\n"
            "From these counts follow the shares of tiers in the long run, the time to reach a "
            "tier, indices of mobility and tests; and from the followers themselves, whether "
            "growth depends on size.",
        .input = "creator: a name; told apart by its bytes\n"
                 "platform: may be absent: then all rows are those of one platform\n"
                 "period: year, quarter, month, ISO week or date, all of one kind\n"
                 "followers: a whole number\n"
                 "income: with --by income only",
        .output = "platform, group: with --by-platform, --group\n"
                  "step: the periods from which to which, first/last; with --steps the later one\n"
                  "from: a tier; (new), not in the panel before; (from PLATFORM), there before\n"
                  "to: a tier; (gone), not in the panel now; (to PLATFORM), turned up there\n"
                  "creators: how many\n"
                  "share: of all in `from`\n"
                  "lower, upper: its interval\n"
                  "other tables: see the page of this tool",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE,
        .options = options,
        .examples = examples,
        .run = run,
    };
    return cli_main(&tool, argc, argv);
}
