/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Dates and periods in the proleptic Gregorian calendar. Contents: days, parsing, periods.
 *
 * Years are reckoned from March here, so that the leap day is the last of its year: month lengths
 * then repeat 31 30 31 30 31 every five months, and 153 days in five months gives the first day of
 * month m (March = 0) as (153 m + 2) / 5. */
#include "base/calendar.h"

#include "base/digits.h"
#include <stdio.h>

enum {
    DAYS_IN_400_YEARS = 146097,
    DAYS_BEFORE_1970 = 719468, /* from 0000-03-01 */
};

/* ---- Days ---------------------------------------------------------------------------------- */

int32_t calendar_day(int year, int month, int day) {
    int march_month = month > 2 ? month - 3 : month + 9;
    int march_year = month > 2 ? year : year - 1;
    int leap_days = march_year / 4 - march_year / 100 + march_year / 400;
    return 365 * march_year + leap_days + (153 * march_month + 2) / 5 + day - 1 - DAYS_BEFORE_1970;
}

void calendar_civil(int32_t day, int *ret_year, int *ret_month, int *ret_day) {
    int since = day + DAYS_BEFORE_1970;
    int era = since / DAYS_IN_400_YEARS, in_era = since % DAYS_IN_400_YEARS;
    /* Without the leap days before it, every year of the era has 365 days. */
    int in_400 = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int in_year = in_era - (365 * in_400 + in_400 / 4 - in_400 / 100);
    int march_month = (5 * in_year + 2) / 153;
    *ret_day = in_year - (153 * march_month + 2) / 5 + 1;
    *ret_month = march_month < 10 ? march_month + 3 : march_month - 9;
    *ret_year = 400 * era + in_400 + (*ret_month <= 2);
}

static int days_in_month(int year, int month) {
    static const signed char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days[month - 1] + (month == 2 && leap);
}

static bool is_date(int year, int month, int day) {
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_in_month(year, month);
}

static void put_digits(char *text, int value, int width) {
    for (; width > 0; value /= 10)
        text[--width] = (char)('0' + value % 10);
}

/* Without snprintf: logs of 10^8 rows hold two dates a row. */
int calendar_format_date(int32_t day, char text[CALENDAR_TEXT]) {
    int year, month, of_month;
    calendar_civil(day, &year, &month, &of_month);
    put_digits(text, year, 4);
    text[4] = '-';
    put_digits(text + 5, month, 2);
    text[7] = '-';
    put_digits(text + 8, of_month, 2);
    text[10] = 0;
    return 10;
}

/* ---- Parsing ------------------------------------------------------------------------------- */

/* Takes exactly `width` digits off the front; false if they do not stand there. */
static bool take_digits(struct text *rest, size_t width, int *ret) {
    if (rest->length < width)
        return false;
    int value = 0;
    for (size_t i = 0; i < width; i++) {
        if (rest->bytes[i] < '0' || rest->bytes[i] > '9')
            return false;
        value = 10 * value + (rest->bytes[i] - '0');
    }
    rest->bytes += width;
    rest->length -= width;
    *ret = value;
    return true;
}

static bool take_byte(struct text *rest, char byte) {
    if (rest->length == 0 || rest->bytes[0] != byte)
        return false;
    rest->bytes++;
    rest->length--;
    return true;
}

/* Two digits from 0 to `most`. */
static bool take_two(struct text *rest, int most) {
    int value;
    return take_digits(rest, 2, &value) && value <= most;
}

static bool take_fraction(struct text *rest) {
    int digit;
    if (!take_digits(rest, 1, &digit))
        return false;
    while (take_digits(rest, 1, &digit))
        ;
    return true;
}

static bool is_zone(struct text rest) {
    if (rest.length == 0)
        return true;
    if (take_byte(&rest, 'Z'))
        return rest.length == 0;
    if (!take_byte(&rest, '+') && !take_byte(&rest, '-'))
        return false;
    return take_two(&rest, 23) &&
           (rest.length == 0 || (take_byte(&rest, ':') && take_two(&rest, 59) && rest.length == 0));
}

/* Second 60 is a leap second. */
static bool is_time(struct text rest) {
    if (!take_two(&rest, 23) || !take_byte(&rest, ':') || !take_two(&rest, 59))
        return false;
    if (take_byte(&rest, ':')) {
        if (!take_two(&rest, 60))
            return false;
        if (take_byte(&rest, '.') && !take_fraction(&rest))
            return false;
    }
    return is_zone(rest);
}

/* "YYYY-MM-DD", as nearly all dates are: ten digits at once, the two dashes made to look like '0'.
 * False for anything else. */
static bool take_date(const char *bytes, int *ret_year, int *ret_month, int *ret_day) {
    const uint64_t dashes = (uint64_t)('-' ^ '0') << 8 * 4 | (uint64_t)('-' ^ '0') << 8 * 7;
    const uint64_t front = digits_load_eight(bytes) ^ dashes;             /* YYYY0MM0 */
    const uint64_t back = digits_load_eight(bytes + 2) ^ dashes >> 8 * 2; /* YY0MM0DD */
    if (!digits_are(front) || !digits_are(back) || bytes[4] != '-' || bytes[7] != '-')
        return false;
    const int month_and_day = (int)(digits_value(back) % 1000000); /* MM0DD */
    *ret_year = (int)(digits_value(front) / 10000);
    *ret_month = month_and_day / 1000;
    *ret_day = month_and_day % 1000;
    return true;
}

bool calendar_parse_date(struct text cell, int32_t *ret_day) {
    int year, month, day;
    struct text rest = cell;
    if (cell.length == 10 && take_date(cell.bytes, &year, &month, &day)) {
        if (!is_date(year, month, day))
            return false;
        *ret_day = calendar_day(year, month, day);
        return true;
    }
    if (!take_digits(&rest, 4, &year) || !take_byte(&rest, '-') || !take_digits(&rest, 2, &month) ||
        !take_byte(&rest, '-') || !take_digits(&rest, 2, &day))
        return false;
    if (!is_date(year, month, day))
        return false;
    if (rest.length > 0) {
        if (!take_byte(&rest, 'T') && !take_byte(&rest, ' '))
            return false;
        if (!is_time(rest))
            return false;
    }
    *ret_day = calendar_day(year, month, day);
    return true;
}

/* ---- Periods ------------------------------------------------------------------------------- */

/* ISO 8601: a week belongs to the year that has its Thursday. */
static void iso_week(int32_t index, int *ret_year, int *ret_week) {
    int32_t thursday = CALENDAR_MIN_DAY + 7 * index + 3;
    int month, day;
    calendar_civil(thursday, ret_year, &month, &day);
    *ret_week = (thursday - calendar_day(*ret_year, 1, 1)) / 7 + 1;
}

/* The week of 4 January is the first of its year. */
static bool week_index(int year, int week, int32_t *ret) {
    int32_t index = (calendar_day(year, 1, 4) - CALENDAR_MIN_DAY) / 7 + week - 1;
    int its_year, its_week;
    iso_week(index, &its_year, &its_week);
    *ret = index;
    return its_year == year && its_week == week;
}

/* "YYYY-MM", as most periods are: six digits at once, behind two zeros. */
static bool take_month(struct text cell, struct period *ret) {
    if (cell.length != 7 || cell.bytes[4] != '-')
        return false;
    const uint64_t word = (uint64_t)(unsigned char)cell.bytes[6] << 56 |
                          (uint64_t)(unsigned char)cell.bytes[5] << 48 |
                          digits_load_four(cell.bytes) << 16 | DIGITS_EACH('0') >> 48;
    const uint64_t value = digits_value(word);
    if (!digits_are(word) || value < 100 || value % 100 < 1 || value % 100 > 12)
        return false;
    *ret = (struct period){PERIOD_MONTH, (int32_t)(12 * (value / 100) + value % 100 - 1)};
    return true;
}

bool period_parse(struct text cell, struct period *ret) {
    int32_t day;
    if (take_month(cell, ret))
        return true;
    if (calendar_parse_date(cell, &day)) {
        *ret = (struct period){PERIOD_DAY, day};
        return true;
    }
    int year, part;
    int32_t week;
    struct text rest = cell;
    if (!take_digits(&rest, 4, &year) || year < 1)
        return false;
    struct period period = {PERIOD_YEAR, year};
    if (rest.length > 0) {
        if (!take_byte(&rest, '-'))
            return false;
        if (take_byte(&rest, 'Q')) {
            if (!take_digits(&rest, 1, &part) || part < 1 || part > 4)
                return false;
            period = (struct period){PERIOD_QUARTER, 4 * year + part - 1};
        } else if (take_byte(&rest, 'W')) {
            if (!take_digits(&rest, 2, &part) || part < 1 || !week_index(year, part, &week))
                return false;
            period = (struct period){PERIOD_WEEK, week};
        } else {
            if (!take_digits(&rest, 2, &part) || part < 1 || part > 12)
                return false;
            period = (struct period){PERIOD_MONTH, 12 * year + part - 1};
        }
    }
    if (rest.length > 0)
        return false;
    *ret = period;
    return true;
}

int period_format(struct period period, char text[CALENDAR_TEXT]) {
    int year, week;
    switch (period.kind) {
    case PERIOD_YEAR:
        return snprintf(text, CALENDAR_TEXT, "%04d", period.index);
    case PERIOD_QUARTER:
        return snprintf(text, CALENDAR_TEXT, "%04d-Q%d", period.index / 4, period.index % 4 + 1);
    case PERIOD_MONTH:
        return snprintf(text, CALENDAR_TEXT, "%04d-%02d", period.index / 12, period.index % 12 + 1);
    case PERIOD_WEEK:
        iso_week(period.index, &year, &week);
        return snprintf(text, CALENDAR_TEXT, "%04d-W%02d", year, week);
    case PERIOD_DAY:
        break;
    }
    return calendar_format_date(period.index, text);
}

struct period period_of(enum period_kind kind, int32_t day) {
    int year, month, of_month;
    calendar_civil(day, &year, &month, &of_month);
    switch (kind) {
    case PERIOD_YEAR:
        return (struct period){kind, year};
    case PERIOD_QUARTER:
        return (struct period){kind, 4 * year + (month - 1) / 3};
    case PERIOD_MONTH:
        return (struct period){kind, 12 * year + month - 1};
    case PERIOD_WEEK:
        return (struct period){kind, (day - CALENDAR_MIN_DAY) / 7};
    case PERIOD_DAY:
        break;
    }
    return (struct period){PERIOD_DAY, day};
}

int32_t period_first_day(struct period period) {
    switch (period.kind) {
    case PERIOD_YEAR:
        return calendar_day(period.index, 1, 1);
    case PERIOD_QUARTER:
        return calendar_day(period.index / 4, 3 * (period.index % 4) + 1, 1);
    case PERIOD_MONTH:
        return calendar_day(period.index / 12, period.index % 12 + 1, 1);
    case PERIOD_WEEK:
        return CALENDAR_MIN_DAY + 7 * period.index;
    case PERIOD_DAY:
        break;
    }
    return period.index;
}

int32_t period_last_day(struct period period) {
    if (period.kind == PERIOD_DAY)
        return period.index;
    int32_t next = period_first_day((struct period){period.kind, period.index + 1});
    return next - 1 > CALENDAR_MAX_DAY ? CALENDAR_MAX_DAY : next - 1;
}

int period_compare(struct period a, struct period b) {
    int32_t first_a = period_first_day(a), first_b = period_first_day(b);
    if (first_a != first_b)
        return first_a < first_b ? -1 : 1;
    return (a.kind > b.kind) - (a.kind < b.kind);
}

const char *period_kind_name(enum period_kind kind) {
    switch (kind) {
    case PERIOD_YEAR:
        return "year";
    case PERIOD_QUARTER:
        return "quarter";
    case PERIOD_MONTH:
        return "month";
    case PERIOD_WEEK:
        return "week";
    case PERIOD_DAY:
        break;
    }
    return "day";
}

double period_per_year(enum period_kind kind) {
    switch (kind) {
    case PERIOD_YEAR:
        return 1;
    case PERIOD_QUARTER:
        return 4;
    case PERIOD_MONTH:
        return 12;
    case PERIOD_WEEK:
        return DAYS_IN_400_YEARS / (7 * 400.0);
    case PERIOD_DAY:
        break;
    }
    return DAYS_IN_400_YEARS / 400.0;
}
