/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who was where in one period and where in the next: flows between platforms. */
#include "cli/cli.h"
#include "stats/proportion.h"
#include "users/departures.h"
#include "users/looks.h"
#include "users/presence.h"
#include "users/switching-chain.h"
#include "users/switching.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct cli_option options[] = {
    {.name = "period",
     .type = CLI_CHOICE,
     .argument = "KIND",
     .range = "all|year|quarter|month|week|day",
     .help = "compare periods of this kind; default: months, or those of the column period. With "
             "--departures: count by the period in which they left; default: all, everything in "
             "one"},
    {.name = "between",
     .type = CLI_TEXT,
     .argument = "A,B",
     .conflicts = "departures summary",
     .help = "compare these two periods only, which need not follow each other: "
             "2024-12,2025-03"},
    {.name = "by-share",
     .type = CLI_FLAG,
     .conflicts = "departures rate join",
     .help = "states by share of time, from the column minutes of a log or a panel: who spends "
             "nearly all of a period's on TikTok is in 'TikTok', who spends most of it there in "
             "'mostly TikTok'"},
    {.name = "sole",
     .type = CLI_DECIMAL,
     .argument = "SHARE",
     .range = "(0.5,1]",
     .fallback = "0.9",
     .needs = "by-share",
     .help = "nearly all is this share of the time, or more"},
    {.name = "pooled",
     .type = CLI_FLAG,
     .conflicts = "departures summary",
     .help = "one matrix of all steps from a period to the next, in place of one for each"},
    {.name = "summary",
     .type = CLI_FLAG,
     .conflicts = "departures",
     .help = "for each platform and period who came, who went, and how its share of the market "
             "was displaced"},
    {.name = "stationary",
     .type = CLI_FLAG,
     .conflicts = "departures summary pooled between",
     .help = "the shares of the states in the long run, if users go on moving as they did; with "
             "intervals from draws of the matrix"},
    {.name = "project",
     .type = CLI_INTEGER,
     .argument = "K",
     .range = "[1,1000]",
     .conflicts = "departures summary pooled between stationary",
     .help = "the shares of the states now and in the next K periods, likewise"},
    {.name = "draws",
     .type = CLI_INTEGER,
     .argument = "N",
     .range = "[100,1000000]",
     .fallback = "2000",
     .help = "with --stationary and --project: how many matrices to draw"},
    {.name = "rate",
     .type = CLI_FLAG,
     .conflicts = "departures summary pooled between stationary project top as-of period",
     .help =
         "intensities of moving, per day or unit of --time, and mean stays, from users who were "
         "looked at now and then: a Markov process in continuous time"},
    {.name = "time",
     .type = CLI_COLUMN,
     .argument = "COL",
     .needs = "rate",
     .help = "when a user was looked at, as a number, in place of the column date"},
    {.name = "allow",
     .type = CLI_TEXT,
     .argument = "A>B",
     .many = true,
     .needs = "rate",
     .help = "users can go from A to B without passing another state; default: wherever somebody "
             "was seen in B at the look after A"},
    {.name = "exact",
     .type = CLI_TEXT,
     .argument = "STATE",
     .many = true,
     .needs = "rate",
     .help = "users enter this state at the very time of the look, not some time before"},
    {.name = "horizon",
     .type = CLI_NUMBER,
     .argument = "T",
     .range = "(0,inf)",
     .needs = "rate",
     .help = "also the chance of each state a time T after each other"},
    {.name = "departures",
     .type = CLI_FLAG,
     .help = "of those who left, where to: counts the spells that have ended, by destination, "
             "whoever stayed; so read are also files without a column user"},
    {.name = "top",
     .type = CLI_INTEGER,
     .argument = "K",
     .range = "[1,inf)",
     .help = "tell apart the K platforms with most users, over all periods, and put the others "
             "together as (other). With --departures: the K destinations of each platform left"},
    {.name = "join",
     .type = CLI_TEXT,
     .argument = "TEXT",
     .fallback = "+",
     .help = "what stands between the platforms of users who are on several"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .conflicts = "departures",
     .help = "the day of the last look: what happened later is not used; default: the last date "
             "in the file"},
    {.name = "weight",
     .type = CLI_COLUMN,
     .argument = "COL",
     .help = "with --departures: how many users a row stands for, a whole number from 1 on"},
    {0}};

static const struct cli_example examples[] = {
    {"churn-flows datasets/tiny/activity.csv", "who was where in one month and where in the next"},
    {"churn-flows --summary datasets/tiny/activity.csv",
     "who came to each platform, who went, and how the market moved"},
    {"churn-flows --between 2025-01,2025-03 datasets/tiny/activity.csv",
     "before and after, whatever was between"},
    {"churn-flows --column end=date --weight projects --top 6 "
     "datasets/freenode-libera/exits.csv",
     "where the projects went that left Freenode"},
    {"churn-flows --by-share datasets/tiny/minutes.csv",
     "who is on one platform alone, mostly on it, or gone, by minutes"},
    {"churn-flows --departures --period week datasets/tiny/spells.csv",
     "of those who left, where to, by the week in which they did"},
    {"churn-flows --pooled --chart flows.svg datasets/tiny/activity.csv",
     "all months in one matrix, and a heat map"},
    {0}};

static const char *plural(int64_t n) {
    return n == 1 ? "" : "s";
}

/* False without the option, and for "all". */
static bool wanted_period(struct cli *cli, enum period_kind *ret) {
    for (int kind = PERIOD_YEAR; kind <= PERIOD_DAY && cli_given(cli, "period"); kind++)
        if (cli_choice(cli, "period", period_kind_name((enum period_kind)kind))) {
            *ret = (enum period_kind)kind;
            return true;
        }
    return false;
}

/* ---- Departures ------------------------------------------------------------------------------ */

/* From the first departure to the last, as ISO 8601 writes an interval. */
enum { SPAN_TEXT = 2 * CALENDAR_TEXT };
static void format_span(const struct departures *departures, char text[SPAN_TEXT]) {
    char first[CALENDAR_TEXT], last[CALENDAR_TEXT];
    calendar_format_date(departures->first, first);
    calendar_format_date(departures->last, last);
    snprintf(text, SPAN_TEXT, "%s/%s", first, last);
}

static void say_who_left(struct cli *cli, const struct departures *departures, const char *span) {
    cli_note(cli, "%" PRId64 " user%s left%s%s; %" PRId64 " still there, in no flow",
             departures->left, plural(departures->left), departures->n > 0 ? ", " : "", span,
             departures->stayed);
    if (departures->others > 0)
        cli_note(cli, "%zu destination%s put together as " DEPARTURES_OTHER, departures->others,
                 plural((int64_t)departures->others));
    if (departures->undecided > 0)
        cli_warn(cli, "%" PRId64 " user%s with a destination but no end: taken as still there",
                 departures->undecided, plural(departures->undecided));
}

/* A count, its share of all, and the bounds of that. */
static void write_share(struct writer *writer, int64_t users, int64_t all, double confidence) {
    const struct proportion_interval interval =
        proportion_wilson((double)users, (double)all, confidence);
    writer_integer(writer, users);
    writer_number(writer, (double)users / (double)all);
    writer_number(writer, interval.lower);
    writer_number(writer, interval.upper);
}

static const char *const flow_names[] = {"period", "from",  "to",   "users",
                                         "share",  "lower", "upper"};
enum { FLOW_NAMES = sizeof flow_names / sizeof *flow_names };

static int write_departures(struct cli *cli, const struct departures *departures, bool by_period,
                            const char *span, struct error *err) {
    struct writer *writer;
    int status = cli_writer(cli, flow_names, FLOW_NAMES, &writer, err);
    for (size_t i = 0; i < departures->n && !status; i++) {
        const struct departure *flow = &departures->items[i];
        if (by_period)
            writer_period(writer, flow->period);
        else
            writer_string(writer, span);
        writer_text(writer, flow->from);
        writer_text(writer, flow->to);
        write_share(writer, flow->users, flow->left, cli_number(cli, "confidence"));
    }
    return status;
}

static int run_departures(struct cli *cli, struct table *table, struct error *err) {
    enum period_kind kind;
    const bool by_period = wanted_period(cli, &kind);
    const struct departures_options how = {.weight = cli_text(cli, "weight"),
                                           .period = by_period ? &kind : NULL,
                                           .top = (size_t)cli_integer(cli, "top")};
    struct departures departures = {0};
    char span[SPAN_TEXT] = "";
    int status = departures_read(table, &how, &departures, err);
    if (!status) {
        if (departures.n > 0)
            format_span(&departures, span);
        say_who_left(cli, &departures, span);
        status = write_departures(cli, &departures, by_period, span, err);
    }
    departures_free(&departures);
    return status;
}

/* ---- Switching ------------------------------------------------------------------------------- */

static int write_moves(struct cli *cli, const struct switching *switching,
                       const struct period *between, struct error *err) {
    struct writer *writer;
    int status = cli_writer(cli, flow_names, FLOW_NAMES, &writer, err);
    char span[SPAN_TEXT] = "", from[CALENDAR_TEXT], to[CALENDAR_TEXT];
    if (between) {
        period_format(between[0], from);
        period_format(between[1], to);
        snprintf(span, sizeof span, "%s/%s", from, to);
    }
    for (size_t i = 0; i < switching->n && !status; i++) {
        const struct switching_move *move = &switching->moves[i];
        if (between)
            writer_string(writer, span);
        else
            writer_period(writer, move->period);
        writer_text(writer, switching->states[move->from].name);
        writer_text(writer, switching->states[move->to].name);
        write_share(writer, move->users, move->all, cli_number(cli, "confidence"));
    }
    return status;
}

/* The users of each pair of states, summed over the periods: counts[from * n_states + to]. */
static int64_t *pool(const struct switching *switching, struct error *err) {
    const size_t n = switching->n_states;
    int64_t *counts = calloc(n * n, sizeof *counts);
    if (!counts) {
        error_memory(err);
        return NULL;
    }
    for (size_t i = 0; i < switching->n; i++)
        counts[switching->moves[i].from * n + switching->moves[i].to] += switching->moves[i].users;
    return counts;
}

static int write_pooled(struct cli *cli, const struct switching *switching, struct error *err) {
    static const char *const names[] = {"from", "to", "transitions", "share", "lower", "upper"};
    const size_t n = switching->n_states;
    struct writer *writer;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err))
        return err->code;
    int64_t *counts = pool(switching, err);
    for (size_t from = 0; from < n && counts; from++) {
        int64_t all = 0;
        for (size_t to = 0; to < n; to++)
            all += counts[from * n + to];
        for (size_t to = 0; to < n; to++) {
            if (counts[from * n + to] == 0)
                continue;
            writer_text(writer, switching->states[from].name);
            writer_text(writer, switching->states[to].name);
            write_share(writer, counts[from * n + to], all, cli_number(cli, "confidence"));
        }
    }
    free(counts);
    return counts ? 0 : err->code;
}

static int write_balances(struct cli *cli, const struct switching *switching, struct error *err) {
    static const char *const names[] = {"period", "platform",     "before", "new",   "returned",
                                        "joined", "moved",        "gone",   "users", "share_before",
                                        "share",  "displacement", "lower",  "upper"};
    struct switching_balance *balances = NULL;
    struct writer *writer;
    size_t n = 0;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err) ||
        switching_balances(switching, cli_number(cli, "confidence"), &balances, &n, err))
        return err->code;
    for (size_t i = 0; i < n; i++) {
        const struct switching_balance *balance = &balances[i];
        const int64_t counts[] = {balance->before, balance->newcomers, balance->returned,
                                  balance->joined, balance->moved,     balance->gone,
                                  balance->users};
        const double shares[] = {balance->share_before, balance->share, balance->displacement,
                                 balance->lower, balance->upper};
        writer_period(writer, balance->period);
        writer_text(writer, switching->platforms[balance->platform]);
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++)
            writer_integer(writer, counts[k]);
        for (size_t k = 0; k < sizeof shares / sizeof *shares; k++)
            writer_number(writer, shares[k]);
    }
    free(balances);
    return 0;
}

/* ---- If users go on as they did -------------------------------------------------------------- */

static void write_bounds(struct writer *writer, const struct switching_share *share) {
    writer_number(writer, share->share);
    writer_number(writer, share->interval.lower);
    writer_number(writer, share->interval.upper);
}

static int write_stationary(struct cli *cli, const struct switching *switching,
                            const struct switching_chain *chain, const struct switching_draws *how,
                            struct error *err) {
    static const char *const names[] = {"state", "share_now", "share", "lower", "upper"};
    struct writer *writer;
    struct switching_share *shares = calloc(chain->n + 1, sizeof *shares);
    if (!shares)
        return error_memory(err);
    int status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    if (!status)
        status = switching_stationary(chain, how, shares, err);
    for (size_t i = 0; i < chain->n && !status; i++) {
        writer_text(writer, switching->states[chain->states[i]].name);
        writer_number(writer, chain->start[i]);
        write_bounds(writer, &shares[i]);
    }
    if (!status && chain->n > 0 && isnan(shares[0].share))
        cli_warn(cli, "the long run depends on where one begins, or on states that were not seen "
                      "to be left or stayed in; see --project");
    free(shares);
    return status;
}

/* Users came to a state in the last period only: nothing is known of where they go. */
static void warn_of_unseen(struct cli *cli, const struct switching *switching,
                           const struct switching_chain *chain) {
    for (size_t i = 0; i < chain->n; i++) {
        uint64_t seen = 0;
        for (size_t j = 0; j < chain->n; j++)
            seen += chain->counts[i * chain->n + j];
        const struct text name = switching->states[chain->states[i]].name;
        if (seen == 0)
            cli_warn(cli,
                     "nobody was seen to leave '%.*s' or to stay in it: shares that hang on it are "
                     "not known",
                     (int)name.length, name.bytes);
    }
}

static int write_projection(struct cli *cli, const struct switching *switching,
                            const struct switching_chain *chain, const struct switching_draws *how,
                            struct error *err) {
    static const char *const names[] = {"period", "state", "share", "lower", "upper"};
    const size_t steps = (size_t)cli_integer(cli, "project");
    struct writer *writer;
    struct switching_share *shares = calloc((steps + 1) * chain->n, sizeof *shares);
    if (!shares)
        return error_memory(err);
    int status = cli_writer(cli, names, sizeof names / sizeof *names, &writer, err);
    if (!status)
        status = switching_project(chain, steps, how, shares, err);
    for (size_t k = 0; k <= steps && !status; k++) {
        struct period period = chain->last;
        period.index += (int32_t)k;
        for (size_t i = 0; i < chain->n; i++) {
            writer_period(writer, period);
            writer_text(writer, switching->states[chain->states[i]].name);
            write_bounds(writer, &shares[k * chain->n + i]);
        }
    }
    if (!status)
        warn_of_unseen(cli, switching, chain);
    free(shares);
    return status;
}

static int write_chain(struct cli *cli, const struct switching *switching, struct error *err) {
    const struct switching_draws how = {.seed = (uint32_t)cli_integer(cli, "seed"),
                                        .draws = (size_t)cli_integer(cli, "draws"),
                                        .confidence = cli_number(cli, "confidence")};
    struct switching_chain chain;
    int status = switching_chain_of(switching, &chain, err);
    if (!status)
        status = cli_flag(cli, "stationary") ? write_stationary(cli, switching, &chain, &how, err)
                                             : write_projection(cli, switching, &chain, &how, err);
    switching_chain_free(&chain);
    return status;
}

static int write_switching(struct cli *cli, const struct switching *switching,
                           const struct period *between, struct error *err) {
    if (cli_flag(cli, "summary"))
        return write_balances(cli, switching, err);
    if (cli_flag(cli, "pooled"))
        return write_pooled(cli, switching, err);
    if (cli_flag(cli, "stationary") || cli_given(cli, "project"))
        return write_chain(cli, switching, err);
    return write_moves(cli, switching, between, err);
}

static void say_what_was_seen(struct cli *cli, const struct presence *presence) {
    const struct presence_report *report = presence_report(presence);
    char first[CALENDAR_TEXT], last[CALENDAR_TEXT], name[CALENDAR_TEXT];
    if (report->late_rows > 0)
        cli_note(cli, "%" PRIu64 " row%s after the last look not used", report->late_rows,
                 plural((int64_t)report->late_rows));
    if (!report->any)
        return;
    calendar_format_date(report->first, first);
    calendar_format_date(report->as_of, last);
    const size_t n = presence_steps(presence);
    cli_note(cli,
             "%" PRIu64 " row%s from %s to the last look, %s; %zu period%s of kind %s; who was "
             "there before the first counts as new later",
             report->rows, plural((int64_t)report->rows), first, last, n, plural((int64_t)n),
             period_kind_name(report->kind));
    if (n == 1 && !cli_flag(cli, "stationary") && !cli_given(cli, "project")) {
        period_format(presence_period(presence, 0), name);
        cli_warn(cli, "all is in one %s, %s: there is nothing to compare it with",
                 period_kind_name(report->kind), name);
    }
    if (n > 1 && presence_unfinished(presence)) {
        period_format(presence_period(presence, n - 1), name);
        cli_warn(cli,
                 "%s is seen up to %s only: who comes later in it counts as " SWITCHING_GONE
                 "; give --as-of with the last day of a whole period",
                 name, last);
    }
}

static void say_what_was_decided(struct cli *cli, const struct switching *switching) {
    const struct time_share_counts *time = &switching->time;
    if (switching->others > 0)
        cli_note(cli, "%zu platform%s put together as " SWITCHING_OTHER, switching->others,
                 plural((int64_t)switching->others));
    if (time->tied > 0)
        cli_warn(cli,
                 "%" PRId64 " time%s a user spent as much on several platforms: taken for "
                 "mostly on the first of them by name",
                 time->tied, plural(time->tied));
    if (time->idle > 0)
        cli_warn(cli,
                 "%" PRId64 " time%s a user has rows in a period but no minutes: taken for "
                 "not there",
                 time->idle, plural(time->idle));
}

/* "2024-12,2025-03" */
static int parse_between(struct cli *cli, struct period ret[2], struct error *err) {
    const char *given = cli_text(cli, "between");
    const char *comma = strchr(given, ',');
    if (comma && period_parse((struct text){given, (size_t)(comma - given)}, &ret[0]) &&
        period_parse(text_of(comma + 1), &ret[1]) && ret[0].kind == ret[1].kind &&
        ret[0].index < ret[1].index)
        return 0;
    return cli_usage(err,
                     "--between: found '%s', expected two periods of one kind, the earlier one "
                     "first, such as 2024-12,2025-03",
                     given);
}

static int run_switching(struct cli *cli, struct table *table, enum presence_shape shape,
                         struct error *err) {
    enum period_kind kind = PERIOD_MONTH;
    struct period between[2] = {{PERIOD_MONTH, 0}, {PERIOD_MONTH, 0}};
    bool wanted = wanted_period(cli, &kind);
    const bool is_between = cli_given(cli, "between");
    if (is_between && parse_between(cli, between, err))
        return err->code;
    if (is_between && !wanted && shape != PRESENCE_PANEL) {
        kind = between[0].kind;
        wanted = true;
    }
    const int32_t as_of = cli_given(cli, "as-of") ? cli_date(cli, "as-of") : 0;
    const bool by_share = cli_flag(cli, "by-share");
    const decimal sole = cli_decimal(cli, "sole");
    const struct presence_options reading = {.shape = shape,
                                             .platform = "platform",
                                             .period = wanted ? &kind : NULL,
                                             .amount = by_share ? "minutes" : NULL,
                                             .positive = true,
                                             .complete = true,
                                             .as_of = cli_given(cli, "as-of") ? &as_of : NULL,
                                             .threads = cli_threads(cli)};
    const struct switching_options how = {.top = (size_t)cli_integer(cli, "top"),
                                          .join = cli_text(cli, "join"),
                                          .sole = by_share ? &sole : NULL,
                                          .between = is_between ? between : NULL};
    struct presence *presence;
    struct switching switching = {0};
    int status = presence_read(&presence, table, &reading, err);
    if (!status)
        say_what_was_seen(cli, presence);
    if (!status)
        status = switching_count(presence, &how, &switching, err);
    if (!status)
        say_what_was_decided(cli, &switching);
    if (!status)
        status = write_switching(cli, &switching, how.between, err);
    switching_free(&switching);
    presence_destroy(presence);
    return status;
}

/* ---- Rates ----------------------------------------------------------------------------------- */

static int find_state(const struct looks *looks, const char *option, struct text name, size_t *ret,
                      struct error *err) {
    if (looks_find(looks, name, ret))
        return 0;
    return error_set(err, ERROR_DATA, "--%s: nobody was seen in '%.*s'", option, (int)name.length,
                     name.bytes);
}

/* "A>B"; a name may hold a '>' itself, so each is tried. */
static int read_move(const struct looks *looks, const char *given, bool *allowed,
                     struct error *err) {
    size_t from = 0, to = 0;
    const char *at = strchr(given, '>');
    if (!at || at == given || at[1] == '\0')
        return cli_usage(err, "--allow: found '%s', expected two states, such as 'A>B'", given);
    for (const char *mark = at; mark; mark = strchr(mark + 1, '>'))
        if (looks_find(looks, (struct text){given, (size_t)(mark - given)}, &from) &&
            looks_find(looks, text_of(mark + 1), &to)) {
            allowed[from * looks->n_states + to] = true;
            return 0;
        }
    if (find_state(looks, "allow", (struct text){given, (size_t)(at - given)}, &from, err))
        return err->code;
    return find_state(looks, "allow", text_of(at + 1), &to, err);
}

/* allowed and exact have room for n x n and n. */
static int read_moves(struct cli *cli, const struct looks *looks, bool *allowed, bool *exact,
                      struct error *err) {
    const char *const *given;
    size_t n = cli_many(cli, "allow", &given);
    for (size_t i = 0; i < n; i++)
        if (read_move(looks, given[i], allowed, err))
            return err->code;
    n = cli_many(cli, "exact", &given);
    for (size_t i = 0; i < n; i++) {
        size_t state = 0;
        if (find_state(looks, "exact", text_of(given[i]), &state, err))
            return err->code;
        exact[state] = true;
    }
    return 0;
}

/* What an estimate is of. An infinite stay has no number. */
static void write_estimate(struct writer *writer, const struct looks *looks, const char *measure,
                           size_t from, const size_t *to, struct markov_estimate estimate) {
    const double cells[] = {isinf(estimate.value) ? NAN : estimate.value, estimate.error,
                            estimate.lower, estimate.upper};
    writer_string(writer, measure);
    writer_text(writer, looks->states[from]);
    if (to)
        writer_text(writer, looks->states[*to]);
    else
        writer_missing(writer);
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        writer_number(writer, cells[i]);
}

static int write_chances(struct cli *cli, struct writer *writer, const struct looks *looks,
                         const struct markov_rate *rate, struct error *err) {
    for (size_t from = 0; from < looks->n_states; from++)
        for (size_t to = 0; to < looks->n_states; to++) {
            struct markov_estimate chance;
            if (markov_rate_probability(rate, from, to, cli_number(cli, "horizon"),
                                        cli_number(cli, "confidence"), &chance, err))
                return err->code;
            write_estimate(writer, looks, "probability", from, &to, chance);
        }
    return 0;
}

static int write_rates(struct cli *cli, const struct looks *looks, const struct markov_rate *rate,
                       struct error *err) {
    static const char *const names[] = {"measure",   "from",  "to",   "value",
                                        "std_error", "lower", "upper"};
    const double confidence = cli_number(cli, "confidence");
    struct writer *writer;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err))
        return err->code;
    for (size_t k = 0; k < rate->n_moves; k++) {
        const size_t from = rate->moves[k].from, to = rate->moves[k].to;
        write_estimate(writer, looks, "intensity", from, &to,
                       markov_rate_intensity(rate, from, to, confidence));
    }
    for (size_t from = 0; from < looks->n_states; from++)
        write_estimate(writer, looks, "sojourn", from, NULL,
                       markov_rate_sojourn(rate, from, confidence));
    return cli_given(cli, "horizon") ? write_chances(cli, writer, looks, rate, err) : 0;
}

static int fit_rates(struct cli *cli, const struct looks *looks, bool *allowed, bool *exact,
                     struct error *err) {
    const struct markov_rate_options how = {.names = looks->states,
                                            .allowed = cli_given(cli, "allow") ? allowed : NULL,
                                            .exact = cli_given(cli, "exact") ? exact : NULL};
    struct markov_rate rate = {0};
    int status = read_moves(cli, looks, allowed, exact, err);
    if (!status)
        status = markov_rate_fit(&looks->steps, &how, &rate, err);
    if (!status) {
        cli_note(cli, "%zu users, %zu looks, %zu states; log-likelihood %.10g after %d iterations",
                 looks->steps.subjects, looks->steps.looks, looks->n_states, rate.log_likelihood,
                 rate.iterations);
        status = write_rates(cli, looks, &rate, err);
    }
    markov_rate_free(&rate);
    return status;
}

static int run_rate(struct cli *cli, struct table *table, struct error *err) {
    const struct looks_options reading = {.platform = "platform",
                                          .time = cli_text(cli, "time"),
                                          .date = "date",
                                          .join = cli_text(cli, "join")};
    struct looks looks;
    int status = looks_read(table, &reading, &looks, err);
    if (status)
        return status;
    bool *allowed = calloc(looks.n_states * looks.n_states + 1, sizeof *allowed);
    bool *exact = calloc(looks.n_states + 1, sizeof *exact);
    status = allowed && exact ? fit_rates(cli, &looks, allowed, exact, err) : error_memory(err);
    free(allowed);
    free(exact);
    looks_free(&looks);
    return status;
}

/* ---- Which ----------------------------------------------------------------------------------- */

/* What is read follows from the columns; with `departures` spells of which only the end counts. */
static int find_shape(struct cli *cli, const struct table *table, bool *ret_departures,
                      enum presence_shape *ret, struct error *err) {
    const bool users = table_has(table, "user");
    *ret_departures = cli_flag(cli, "departures") ||
                      (!users && (table_has(table, "end") || table_has(table, "destination")));
    if (*ret_departures)
        return 0;
    if (cli_given(cli, "weight"))
        return cli_usage(err, "--weight needs --departures: elsewhere users are told apart");
    if (cli_given(cli, "period") && cli_choice(cli, "period", "all"))
        return cli_usage(err, "--period all needs --departures; --pooled sums over periods");
    *ret = table_has(table, "date")     ? PRESENCE_LOG
           : table_has(table, "period") ? PRESENCE_PANEL
                                        : PRESENCE_SPELLS;
    if (cli_flag(cli, "by-share") && *ret == PRESENCE_SPELLS)
        return error_set(err, ERROR_DATA,
                         "found no column 'date' or 'period', expected a log "
                         "(user,platform,date,minutes) or a panel (user,platform,period,minutes): "
                         "--by-share asks how much time users spent where in each period");
    if (users && (*ret != PRESENCE_SPELLS || table_has(table, "start") || table_has(table, "end")))
        return 0;
    return error_set(err, ERROR_DATA,
                     "found no column '%s', expected user,platform,date (a log), "
                     "user,platform,period (a panel), user,platform,start,end (spells), or "
                     "platform,end,destination (departures); --column NAME=HEADER says what the "
                     "file calls them",
                     users ? "date" : "user");
}

/* Only moves have one. */
static int check_chart(const struct cli *cli, struct error *err) {
    static const char *const none[] = {"summary", "stationary", "rate"};
    for (size_t i = 0; i < sizeof none / sizeof *none && cli_given(cli, "chart"); i++)
        if (cli_given(cli, none[i]))
            return cli_usage(err,
                             "--chart draws ribbons from state to state, with --pooled a heat map, "
                             "with --project lines; --%s has no chart: leave one of them out",
                             none[i]);
    return 0;
}

static int check_draws(const struct cli *cli, struct error *err) {
    if (cli_given(cli, "draws") && !cli_flag(cli, "stationary") && !cli_given(cli, "project"))
        return cli_usage(err, "--draws needs --stationary or --project: nothing else is drawn");
    return 0;
}

static int run(struct cli *cli, struct error *err) {
    struct table *table;
    enum presence_shape shape = PRESENCE_LOG;
    bool departures = false;
    if (check_chart(cli, err) || check_draws(cli, err) || cli_open(cli, &table, err))
        return err->code;
    if (cli_flag(cli, "rate"))
        return run_rate(cli, table, err);
    if (find_shape(cli, table, &departures, &shape, err))
        return err->code;
    return departures ? run_departures(cli, table, err) : run_switching(cli, table, shape, err);
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "churn-flows",
        .summary = "who was where in one period and where in the next: flows between platforms",
        .description =
            "Counts users by where they were in one period and in the next: on a platform, on "
            "several (A+B), " SWITCHING_GONE " if seen before but not now, " SWITCHING_NEW
            " if never seen before. Each count comes with its share of all who were in the same "
            "place before, and Wilson's interval.\n\n"
            "With --by-share states say where most of a user's time goes: TikTok, mostly TikTok, "
            "mostly RedNote, RedNote.\n\n"
            "With --departures it counts departures instead: of those who left a platform, how "
            "many went where.",
        .input = "user, platform: who and where\n"
                 "date: of activity (a log); or\n"
                 "period: year, quarter, month, ISO week or date (a panel); or\n"
                 "start, end: of a spell; an empty end is still there\n"
                 "minutes: with --by-share, the time spent there, 0 or more\n"
                 "destination: where to, with --departures; empty if it is not known",
        .output =
            "period: the later one; with --departures the one in which they left, or the first "
            "and the last day of departure\n"
            "from: where they were: a platform, several, " SWITCHING_NEW " or " SWITCHING_GONE "\n"
            "to: where they are\n"
            "users: how many; with --pooled transitions, as a user counts in every period\n"
            "share: of all who were in from\n"
            "lower, upper: its interval\n"
            "platform, before, new, returned, joined, moved, gone, users: with --summary; before "
            "and who came, less who went, are users\n"
            "state, share_now, share, lower, upper: with --stationary, the share of the state now "
            "and in the long run\n"
            "period, state, share, lower, upper: with --project\n"
            "measure, from, to, value, std_error, lower, upper: with --rate: intensity, sojourn or, "
            "with --horizon, probability\n"
            "share_before, share, displacement, lower, upper: with --summary, the platform's share "
            "of all active users, how it changed, and the interval of that",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES | CLI_CHARTS | CLI_CONFIDENCE | CLI_RANDOM,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
