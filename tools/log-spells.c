/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Spells from a log of activity: who stayed from when to when, and where they went. */
#include "base/calendar.h"
#include "base/number.h"
#include "cli/cli.h"
#include "users/activity-spells.h"
#include <inttypes.h>
#include <string.h>

static const struct cli_option options[] = {
    {.name = "gap",
     .type = CLI_TEXT,
     .argument = "TIME",
     .fallback = "30d",
     .help = "a spell ends if its user is not active on the platform on this many days after the "
             "last active one; in days (30d) or weeks (4w)"},
    {.name = "as-of",
     .type = CLI_DATE,
     .argument = "DATE",
     .help = "the day of the last look: what happened later is not used, and spells whose gap is "
             "not over by then have not ended; default: the last date in the log"},
    {.name = "within",
     .type = CLI_TEXT,
     .argument = "TIME",
     .help = "a destination counts only if its user is active there within this time of the last "
             "active day (30d, 4w); default: however late"},
    {.name = "settled",
     .type = CLI_FLAG,
     .help = "leave out spells that began so late that no end of theirs could be seen: after the "
             "last look, less the gap, plus one day"},
    {0}};

static const struct cli_example examples[] = {
    {"log-spells --gap 30d datasets/tiny/activity.csv",
     "who stayed from when to when, and where they went next"},
    {"log-spells --gap 4w --settled datasets/tiny/activity.csv | churn-survival --group platform",
     "how long users stay, from a log"},
    {"log-spells --within 30d datasets/tiny/activity.csv | churn-flows --departures",
     "of those who left, where to, if they went there in 30 days"},
    {0}};

/* "30d" or "4w". */
static int days_of(const char *name, const char *given, int32_t *ret, struct error *err) {
    const size_t length = strlen(given);
    const char unit = length > 0 ? given[length - 1] : '\0';
    int64_t n;
    if ((unit == 'd' || unit == 'w') &&
        number_parse_integer((struct text){given, length - 1}, &n) && n >= 1 &&
        n <= ACTIVITY_SPELLS_MOST_DAYS / 7) {
        *ret = (int32_t)(unit == 'w' ? 7 * n : n);
        return 0;
    }
    return cli_usage(err,
                     "--%s: found '%s', expected days or weeks from 1 to %d, such as 30d or 4w",
                     name, given, ACTIVITY_SPELLS_MOST_DAYS / 7);
}

static const char *plural(uint64_t n) {
    return n == 1 ? "" : "s";
}

static void say_what_was_read(struct cli *cli, const struct activity_spells_report *report,
                              int32_t gap) {
    char first[CALENDAR_TEXT], as_of[CALENDAR_TEXT], settled[CALENDAR_TEXT];
    if (report->late_rows > 0)
        cli_note(cli, "%" PRIu64 " row%s after the last look not used", report->late_rows,
                 plural(report->late_rows));
    if (!report->any)
        return;
    calendar_format_date(report->first, first);
    calendar_format_date(report->as_of, as_of);
    cli_note(cli,
             "%" PRIu64 " user%s, %" PRIu64 " active day%s from %s to the last look, %s; %" PRIu64
             " duplicate row%s",
             report->users, plural(report->users), report->days, plural(report->days), first, as_of,
             report->rows - report->days, plural(report->rows - report->days));
    cli_note(cli,
             "%" PRIu64 " spell%s with a gap of %d day%s: %" PRIu64 " ended, %" PRIu64
             " of them with a destination; %" PRIu64 " are returns",
             report->spells, plural(report->spells), (int)gap, plural((uint64_t)gap), report->ended,
             report->moved, report->returns);
    if (report->early > 0)
        cli_note(cli,
                 "%" PRIu64 " spell%s start%s within the gap of the first date, and may have begun "
                 "before it",
                 report->early, plural(report->early), report->early == 1 ? "s" : "");
    if (report->unsettled > 0)
        cli_note(cli, "%" PRIu64 " spell%s left out: no end of theirs could be seen",
                 report->unsettled, plural(report->unsettled));
    if (report->settled >= report->first) {
        calendar_format_date(report->settled, settled);
        cli_note(cli, "ends are known up to %s", settled);
    } else {
        cli_note(cli, "the log is too short for any end to be seen");
    }
}

static int write_spells(struct cli *cli, struct activity_spells *spells, struct error *err) {
    static const char *const names[] = {"user", "platform", "start", "end", "destination"};
    struct activity_spell spell;
    struct writer *writer;
    if (cli_writer(cli, names, sizeof names / sizeof *names, &writer, err))
        return err->code;
    while (activity_spells_next(spells, &spell) && !writer_failed(writer)) {
        writer_text(writer, spell.user);
        writer_text(writer, spell.platform);
        writer_date(writer, spell.start);
        if (spell.ended)
            writer_date(writer, spell.end);
        else
            writer_missing(writer);
        if (spell.destination.length > 0)
            writer_text(writer, spell.destination);
        else
            writer_missing(writer);
    }
    return 0;
}

static int options_of(struct cli *cli, struct activity_spells_options *ret, int32_t *as_of,
                      struct error *err) {
    *ret = (struct activity_spells_options){.settled = cli_flag(cli, "settled"),
                                            .threads = cli_threads(cli)};
    if (cli_given(cli, "as-of")) {
        *as_of = cli_date(cli, "as-of");
        ret->as_of = as_of;
    }
    if (cli_given(cli, "within") && days_of("within", cli_text(cli, "within"), &ret->within, err))
        return err->code;
    return days_of("gap", cli_text(cli, "gap"), &ret->gap, err);
}

static int run(struct cli *cli, struct error *err) {
    struct activity_spells_options how;
    int32_t as_of;
    struct table *table;
    struct activity_spells *spells = NULL;
    if (options_of(cli, &how, &as_of, err) || cli_open(cli, &table, err) ||
        activity_spells_read(&spells, table, &how, err))
        return err->code;
    say_what_was_read(cli, activity_spells_report(spells), how.gap);
    const int status = write_spells(cli, spells, err);
    activity_spells_destroy(spells);
    return status;
}

int main(int argc, char **argv) {
    static const struct cli_tool tool = {
        .name = "log-spells",
        .summary = "spells (start, end, destination) from a log of activity",
        .description =
            "Turns days of activity into spells, the times that users spent on a platform. A spell "
            "starts on its first active day and ends when its user is not active there for the "
            "whole gap; its end is the day after its last active one. A spell whose gap is not "
            "over by the last look has no end.\n\n"
            "The destination is the platform of the user's next active day; none if that is the "
            "same platform again (a return) or never comes. Use of several platforms at a time "
            "gives spells that overlap. Rows may come in any order, and repeat.",
        .input = "user: kept as it stands\n"
                 "platform: where they were active\n"
                 "date: when",
        .output = "user: sorted by name\n"
                  "platform: where the spell was\n"
                  "start: its first active day\n"
                  "end: the day after its last active one; empty if it has not ended\n"
                  "destination: where the user was active next; empty if nowhere known",
        .operands = "[FILE]...",
        .max_operands = -1,
        .shares = CLI_READS | CLI_WRITES,
        .options = options,
        .examples = examples,
        .run = run};
    return cli_main(&tool, argc, argv);
}
