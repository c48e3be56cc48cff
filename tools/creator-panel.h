/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tools that read a creator panel share: the options that say how to read it and what to
 * count, and the reading.
 *
 *     static const struct cli_option options[] = {CREATOR_TIER_OPTIONS, CREATOR_PANEL_OPTIONS,
 *                                                 {... the tool's own ...}, {0}};
 *     struct creators creators = {0};
 *     if (creators_read(cli, NULL, 0, &creators, err)) ...      // panel, tiers, standing
 *     creators_free(&creators);
 */
#ifndef TOOLS_CREATOR_PANEL_H
#define TOOLS_CREATOR_PANEL_H

#include "cli/cli.h"
#include "creators/panel.h"
#include "creators/standing.h"
#include "creators/tiers.h"
#include <inttypes.h>
#include <string.h>

#define CREATOR_TIER_OPTIONS                                                                       \
    {.name = "tiers",                                                                              \
     .type = CLI_TEXT,                                                                             \
     .argument = "LIST|FILE",                                                                      \
     .fallback = TIERS_DEFAULT,                                                                    \
     .help = "tiers in ascending order, each with the followers (amount, share) it begins at: "    \
             "NAME:FOLLOWERS,..., or a CSV file with columns tier,from; what has no ':' is a "     \
             "file; with --by rank the default is " TIERS_DEFAULT_RANKS},                          \
        {.name = "by",                                                                             \
         .type = CLI_CHOICE,                                                                       \
         .argument = "WHAT",                                                                       \
         .range = "followers|income|rank",                                                         \
         .fallback = "followers",                                                                  \
         .help =                                                                                   \
             "what makes a tier: followers, the column income, or rank, the share of creators "    \
             "with fewer followers in the same period"},                                           \
    {                                                                                              \
        .name = "count", .type = CLI_CHOICE, .argument = "UNIT", .range = "account|creator",       \
        .fallback = "account",                                                                     \
        .help = "what is counted: accounts (a creator on two platforms is two) or creators, with " \
                "the followers of their largest account"                                           \
    }

/* For what follows creators from period to period. */
#define CREATOR_GAP_OPTION                                                                         \
    {                                                                                              \
        .name = "gap", .type = CLI_INTEGER, .argument = "N", .range = "[0,65535]",                 \
        .fallback = "0",                                                                           \
        .help = "who is missing for at most N periods and comes back has stayed where they were"   \
    }

#define CREATOR_PANEL_OPTIONS                                                                      \
    {.name = "by-platform",                                                                        \
     .type = CLI_FLAG,                                                                             \
     .conflicts = "group",                                                                         \
     .help = "a table for each platform, with a first column platform, instead of one for all"},   \
        {.name = "group",                                                                          \
         .type = CLI_COLUMN,                                                                       \
         .argument = "COL",                                                                        \
         .help =                                                                                   \
             "a table for each value of a column (a role, a niche), with a first column group"},   \
        {.name = "duplicates",                                                                     \
         .type = CLI_CHOICE,                                                                       \
         .argument = "RULE",                                                                       \
         .range = "error|max|first|sum",                                                           \
         .fallback = "error",                                                                      \
         .help = "what counts if a creator stands twice on one platform in one period: the row "   \
                 "with most followers, the first, or their sum"},                                  \
        {.name = "fold-names",                                                                     \
         .type = CLI_FLAG,                                                                         \
         .help = "names that differ only in case, width or blanks are one creator"},               \
    {                                                                                              \
        .name = "human-numbers", .type = CLI_FLAG,                                                 \
        .help = "read followers and amounts such as 1.3M, 1,300,000 or 130万"                     \
    }

/* Zero-initialise. */
struct creators {
    struct tiers tiers;
    struct panel panel;
    struct standing standing;
};

static inline enum panel_duplicates creators_duplicates(const struct cli *cli) {
    return cli_choice(cli, "duplicates", "max")     ? PANEL_MAX
           : cli_choice(cli, "duplicates", "first") ? PANEL_FIRST
           : cli_choice(cli, "duplicates", "sum")   ? PANEL_SUM
                                                    : PANEL_REFUSE;
}

/* Names that may be the same person's: the first few, and how many there are. */
static inline void creators_warn_of_names(struct cli *cli, const struct panel *panel) {
    enum { SHOWN = 5 };
    for (size_t i = 0; i < panel->n_alike && i < SHOWN; i++)
        cli_warn(cli, "creators '%.*s' and '%.*s' may be the same (--fold-names takes them as one)",
                 (int)panel->alike[i].one.length, panel->alike[i].one.bytes,
                 (int)panel->alike[i].other.length, panel->alike[i].other.bytes);
    if (panel->n_alike > SHOWN)
        cli_warn(cli, "and %zu more pairs of names that differ only in case, width or blanks",
                 panel->n_alike - SHOWN);
}

/* A platform whose snapshot is missing would otherwise pass for one that everybody left. */
static inline void creators_warn_of_gaps(struct cli *cli, const struct panel *panel, size_t gap) {
    for (size_t platform = 0; platform < panel->n_platforms && gap == 0; platform++) {
        struct text name = panel->platforms[platform];
        size_t period;
        if (!panel_gap(panel, platform, &period))
            continue;
        char shown[CALENDAR_TEXT];
        period_format(panel->periods[period], shown);
        cli_warn(cli,
                 "platform '%.*s' has rows before and after %s but none in it: all its creators "
                 "count as left and entered again (--gap bridges it)",
                 (int)name.length, name.bytes, shown);
    }
}

static inline void creators_note(struct cli *cli, const struct panel *panel) {
    size_t longer = 0;
    for (size_t i = 1; i < panel->n_periods; i++)
        longer += panel->periods[i].index - panel->periods[i - 1].index > 1;
    cli_note(cli, "creators: %zu, platforms: %zu, periods: %zu", panel->n_creators,
             panel->n_platforms, panel->n_periods);
    if (panel->n_platforms == 1 && panel->platforms[0].length == 0)
        cli_note(cli, "no column 'platform': all rows are taken as those of one platform");
    if (panel->n_joined > 0)
        cli_note(cli, "rows put together with another of the same creator and period: %zu",
                 panel->n_joined);
    if (longer > 0)
        cli_note(cli, "steps longer than a %s: %zu; each counts as one step",
                 period_kind_name(panel->periods[0].kind), longer);
}

/* What options cannot say of each other in their table. */
static inline int creators_check(const struct cli *cli, struct error *err) {
    const char *group = cli_text(cli, "group");
    if (group && (strcmp(group, "platform") == 0 || strcmp(group, "creator") == 0 ||
                  strcmp(group, "period") == 0 || strcmp(group, "followers") == 0))
        return cli_usage(err, "option '--group': found '%s', expected another column%s", group,
                         strcmp(group, "platform") == 0 ? " (for platforms: --by-platform)" : "");
    return 0;
}

/* Opens and reads the panel, with the amounts of these columns, of which the first is income if
 * tiers are made of it. */
static inline int creators_read_panel(struct cli *cli, const struct tiers *tiers,
                                      const char *const *amounts, size_t n_amounts,
                                      unsigned required, bool timeless, struct panel *ret,
                                      struct error *err) {
    const struct panel_options options = {
        .tiers = tiers,
        .platform = cli_flag(cli, "by-platform"),
        .group = cli_text(cli, "group"),
        .amounts = amounts,
        .n_amounts = n_amounts,
        .amounts_required = required,
        .human_numbers = cli_flag(cli, "human-numbers"),
        .decimal_mark = cli_text(cli, "decimal")[0],
        .fold_names = cli_flag(cli, "fold-names"),
        .duplicates = creators_duplicates(cli),
        .timeless = timeless,
        .threads = cli_threads(cli),
    };
    struct table *table;
    if (creators_check(cli, err) || cli_open(cli, &table, err) ||
        panel_read(table, &options, ret, err))
        return err->code;
    creators_note(cli, ret);
    creators_warn_of_names(cli, ret);
    return 0;
}

static inline int creators_read_tiers(struct cli *cli, enum tiers_unit unit, struct tiers *tiers,
                                      struct error *err) {
    const char *text = cli_text(cli, "tiers");
    if (!cli_given(cli, "tiers") && unit == TIERS_SHARE)
        text = TIERS_DEFAULT_RANKS;
    if (!cli_given(cli, "tiers") && unit == TIERS_AMOUNT)
        return cli_usage(err, "option '--by': tiers by income have no default, expected --tiers");
    bool is_list = strchr(text, ':') != NULL;
    struct table *table = NULL;
    int status =
        is_list ? tiers_parse(tiers, text, unit, err) : cli_open_file(cli, text, &table, err);
    if (!status)
        return is_list ? 0 : tiers_read(tiers, table, unit, err);
    error_prefix(err, "option '--tiers': ");
    if (status == ERROR_SYSTEM && !is_list) {
        size_t used = strlen(err->text);
        snprintf(err->text + used, sizeof err->text - used,
                 " (what has no ':' is a file; a list is such as nano:0,micro:10000)");
    }
    return status;
}

/* All of it. Snapshots need no periods: `timeless`; others have CREATOR_GAP_OPTION. */
static inline int creators_read(struct cli *cli, const char *const *amounts, size_t n_amounts,
                                bool timeless, struct creators *ret, struct error *err) {
    bool by_income = cli_choice(cli, "by", "income"), by_rank = cli_choice(cli, "by", "rank");
    bool creators = cli_choice(cli, "count", "creator");
    const char *columns[PANEL_AMOUNTS] = {"income"};
    size_t n = by_income ? 1 : 0;
    for (size_t i = 0; i < n_amounts; i++)
        if (!by_income || strcmp(amounts[i], "income") != 0)
            columns[n++] = amounts[i];
    if (creators && cli_flag(cli, "by-platform"))
        return cli_usage(err, "option '--by-platform': a creator who is counted once has no one "
                              "platform, expected --count account");
    if (creators_read_tiers(cli,
                            by_income ? TIERS_AMOUNT
                            : by_rank ? TIERS_SHARE
                                      : TIERS_FOLLOWERS,
                            &ret->tiers, err) ||
        creators_read_panel(cli, by_income || by_rank ? NULL : &ret->tiers, columns, n,
                            by_income ? 1 : 0, timeless, &ret->panel, err))
        return err->code;
    const struct standing_options options = {
        .panel = &ret->panel,
        .tiers = &ret->tiers,
        .by = by_income ? STANDING_AMOUNT
              : by_rank ? STANDING_RANK
                        : STANDING_FOLLOWERS,
        .split = cli_flag(cli, "by-platform") ? STANDING_PLATFORMS
                 : cli_text(cli, "group")     ? STANDING_GROUPS
                                              : STANDING_TOGETHER,
        .creators = creators,
        .gap = timeless ? 0 : (size_t)cli_integer(cli, "gap"),
    };
    if (!timeless)
        creators_warn_of_gaps(cli, &ret->panel, options.gap);
    return standing_open(&ret->standing, &options, err);
}

static inline void creators_free(struct creators *creators) {
    standing_close(&creators->standing);
    panel_free(&creators->panel);
    tiers_free(&creators->tiers);
}

/* The name of the first column that tells groups apart; NULL if there is none. */
static inline const char *creators_group_column(const struct cli *cli) {
    return cli_flag(cli, "by-platform") ? "platform" : cli_text(cli, "group") ? "group" : NULL;
}

static inline void creators_write_group(const struct standing *standing, struct writer *writer,
                                        size_t group) {
    if (standing->group_names)
        writer_text(writer, standing->group_names[group]);
}

#endif
