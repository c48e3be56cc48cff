/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading and checking the assumptions of a scenario of lost revenue.
 *
 * Contents: the parameters; setting one; units; a row.
 */
#include "revenue/loss-scenario.h"

#include <string.h>
#include <strings.h>

/* ---- The parameters -------------------------------------------------------------------------- */

#define ANY     (INT64_MAX)
#define PERCENT (100 * DECIMAL_ONE)

const struct loss_parameter_info loss_parameters[LOSS_PARAMETERS] = {
    [LOSS_MIGRANTS] = {.name = "migrants", .unit = "users", .most = ANY, .required = true},
    [LOSS_ARPU] = {.name = "arpu",
                   .unit = "CURRENCY per user per month",
                   .most = ANY,
                   .required = true,
                   .is_money = true,
                   .per = "month"},
    [LOSS_MULTI_HOMING_SHARE] = {.name = "multi_homing_share",
                                 .unit = "share",
                                 .most = DECIMAL_ONE,
                                 .is_share = true},
    [LOSS_KEPT_SHARE] = {.name = "kept_share",
                         .unit = "share",
                         .most = DECIMAL_ONE,
                         .is_share = true},
    [LOSS_RETURN_RATE] = {.name = "return_rate",
                          .unit = "share per month",
                          .most = DECIMAL_ONE,
                          .is_share = true,
                          .per = "month"},
    [LOSS_HORIZON] = {.name = "horizon",
                      .unit = "months",
                      .least = DECIMAL_ONE,
                      .most = LOSS_MAX_HORIZON * DECIMAL_ONE,
                      .fallback = 12 * DECIMAL_ONE,
                      .is_count = true,
                      .per = "month"},
    [LOSS_DISCOUNT_RATE] = {.name = "discount_rate",
                            .unit = "share per year",
                            .most = DECIMAL_ONE,
                            .is_share = true,
                            .per = "year"},
    [LOSS_ARPU_DESTINATION] = {.name = "arpu_destination",
                               .unit = "CURRENCY per user per month",
                               .most = ANY,
                               .is_money = true,
                               .per = "month"},
};

void loss_scenario_begin(struct loss_scenario *scenario) {
    *scenario = (struct loss_scenario){0};
    for (int p = 0; p < LOSS_PARAMETERS; p++) {
        decimal value = loss_parameters[p].fallback;
        scenario->of[p] = (struct assumption){.low = value, .value = value, .high = value};
    }
}

bool loss_scenario_ranged(const struct loss_scenario *scenario) {
    for (int p = 0; p < LOSS_PARAMETERS; p++)
        if (scenario->of[p].ranged)
            return true;
    return false;
}

/* ---- Setting one ----------------------------------------------------------------------------- */

static int check_allowed(const struct loss_parameter_info *info, decimal value, struct error *err) {
    char found[DECIMAL_TEXT], least[DECIMAL_TEXT], most[DECIMAL_TEXT];
    decimal_format(value, 0, found);
    decimal_format(info->least, 0, least);
    decimal_format(info->most, 0, most);
    if (value >= info->least && value <= info->most) {
        if (info->is_count && value % DECIMAL_ONE != 0)
            return error_set(err, ERROR_DATA, "%s is %s, expected a whole number", info->name,
                             found);
        return 0;
    }
    if (info->most == ANY)
        return error_set(err, ERROR_DATA, "%s is %s, expected %s or more", info->name, found,
                         least);
    bool percent = info->is_share && value > DECIMAL_ONE && value <= PERCENT;
    return error_set(err, ERROR_DATA, "%s is %s, expected %s to %s%s", info->name, found, least,
                     most, percent ? " (or 'percent' in its unit)" : "");
}

int loss_scenario_set(struct loss_scenario *scenario, enum loss_parameter parameter, decimal low,
                      decimal value, decimal high, struct error *err) {
    const struct loss_parameter_info *info = &loss_parameters[parameter];
    int code = check_allowed(info, low, err);
    if (!code)
        code = check_allowed(info, value, err);
    if (!code)
        code = check_allowed(info, high, err);
    if (code)
        return code;
    if (low > value || value > high) {
        char found[3][DECIMAL_TEXT];
        decimal_format(low, 0, found[0]);
        decimal_format(value, 0, found[1]);
        decimal_format(high, 0, found[2]);
        return error_set(err, ERROR_DATA,
                         "%s is low %s, value %s, high %s, expected them in rising order",
                         info->name, found[0], found[1], found[2]);
    }
    if (info->is_count && low < high)
        return error_set(err, ERROR_DATA,
                         "%s has a low and a high, expected one value: it is chosen, not uncertain",
                         info->name);
    scenario->of[parameter] = (struct assumption){
        .given = true, .ranged = low < high, .low = low, .value = value, .high = high};
    return 0;
}

/* ---- Units ----------------------------------------------------------------------------------- */

static bool word_is(struct text word, const char *expected) {
    return word.length == strlen(expected) && strncasecmp(word.bytes, expected, word.length) == 0;
}

/* The next word of a unit; words are parted by blanks and slashes. */
static bool next_word(struct text *rest, struct text *ret_word) {
    while (rest->length > 0 && strchr(" \t/", rest->bytes[0])) {
        rest->bytes++;
        rest->length--;
    }
    *ret_word = (struct text){rest->bytes, 0};
    while (rest->length > 0 && !strchr(" \t/", rest->bytes[0])) {
        rest->bytes++;
        rest->length--;
        ret_word->length++;
    }
    return ret_word->length > 0;
}

static const char *time_meant(struct text word) {
    static const char *const times[][4] = {
        {"day", "days", "daily", NULL},        {"week", "weeks", "weekly", NULL},
        {"month", "months", "monthly", NULL},  {"quarter", "quarters", "quarterly", NULL},
        {"year", "years", "yearly", "annual"},
    };
    for (size_t t = 0; t < sizeof times / sizeof *times; t++)
        for (int form = 0; form < 4; form++)
            if (times[t][form] && word_is(word, times[t][form]))
                return times[t][0];
    return NULL;
}

static bool scales(struct text word) {
    static const char *const words[] = {"thousand", "thousands", "million",
                                        "millions", "billion",   "billions"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (word_is(word, words[i]))
            return true;
    return false;
}

/* What a unit says; it is free text, and only words that would change the result are looked for. */
struct unit {
    bool percent;
    struct text currency; /* the first word, for money */
};

/* False if a word of the unit contradicts the parameter. */
static bool read_unit(struct text text, const struct loss_parameter_info *info, struct unit *ret) {
    struct text rest = text, word;
    *ret = (struct unit){0};
    for (bool first = true; next_word(&rest, &word); first = false) {
        const char *time = time_meant(word);
        bool percent = word_is(word, "percent") || word_is(word, "%");
        if (scales(word) || (percent && !info->is_share) ||
            (time && (!info->per || strcmp(time, info->per) != 0)))
            return false;
        ret->percent |= percent;
        if (first && info->is_money)
            ret->currency = word;
    }
    return true;
}

/* ---- A row --------------------------------------------------------------------------------- */

/* 30 as a percentage is 0.3; false if that needs more than six decimals. */
static bool from_percent(decimal *value) {
    if (*value % 100 != 0)
        return false;
    *value /= 100;
    return true;
}

int loss_scenario_take(const struct table_batch *batch, enum loss_parameter parameter,
                       struct assumption *read, struct loss_scenario *scenario,
                       size_t *currency_row, struct error *err) {
    const struct loss_parameter_info *info = &loss_parameters[parameter];
    struct error problem = {0};
    struct unit unit;
    if (!read_unit(read->unit, info, &unit))
        return table_reject(batch, read->row, ASSUMPTION_UNIT, err,
                            "unit of %s is '%.*s', expected '%s'", info->name,
                            (int)read->unit.length, read->unit.bytes, info->unit);
    if (unit.currency.length > 0 && scenario->currency.length > 0 &&
        !text_equal(unit.currency, scenario->currency)) {
        char where[TABLE_WHERE];
        table_where(batch, *currency_row, -1, where);
        return table_reject(batch, read->row, ASSUMPTION_UNIT, err,
                            "%s is in %.*s, expected %.*s as at %s", info->name,
                            (int)unit.currency.length, unit.currency.bytes,
                            (int)scenario->currency.length, scenario->currency.bytes, where);
    }
    if (unit.percent &&
        !(from_percent(&read->low) && from_percent(&read->value) && from_percent(&read->high)))
        return table_reject(batch, read->row, ASSUMPTION_VALUE, err,
                            "%s has more than four decimals, expected at most four in percent",
                            info->name);
    if (loss_scenario_set(scenario, parameter, read->low, read->value, read->high, &problem))
        return table_reject(batch, read->row, ASSUMPTION_VALUE, err, "%s", problem.text);
    if (unit.currency.length > 0 && scenario->currency.length == 0) {
        scenario->currency = unit.currency;
        *currency_row = read->row;
    }
    return 0;
}

int loss_scenario_check(const struct loss_scenario *scenario, struct error *err) {
    for (int p = 0; p < LOSS_PARAMETERS; p++)
        if (loss_parameters[p].required && !scenario->of[p].given)
            return error_set(err, ERROR_DATA, "no row for parameter %s, expected its value in %s",
                             loss_parameters[p].name, loss_parameters[p].unit);
    return 0;
}
