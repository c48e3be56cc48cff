/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Axes: their ends, their tics, and how the tics read. Contents: labels, linear and logarithmic
 * axes, names, periods, positions. */
#include "chart/axis.h"

#include "base/calendar.h"
#include "base/dictionary.h"
#include "base/number.h"
#include "chart/label.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- Labels -------------------------------------------------------------------------------- */

/* How the labels of one axis read: value / unit with so many decimals, and a word behind it. */
struct reading {
    double unit;
    int decimals;
    int power; /* of ten, written out; 0: the suffix instead */
    const char *suffix;
};

/* Decimals that tell multiples of `step` apart: 0.25 needs two. */
static int decimals_of(double step) {
    for (int decimals = 0; decimals < 9; decimals++) {
        double scaled = step * pow(10, decimals);
        if (fabs(scaled - rint(scaled)) < 1e-6 * scaled)
            return decimals;
    }
    return 9;
}

static struct reading choose_reading(double largest, double step) {
    static const struct {
        double from, unit;
        const char *suffix;
    } scales[] = {{1e12, 1e12, "tn"}, {1e9, 1e9, "bn"}, {1e6, 1e6, "M"}, {1e-3, 1, ""}};
    if (largest < 1e15)
        for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
            if (largest >= scales[i].from)
                return (struct reading){scales[i].unit, decimals_of(step / scales[i].unit), 0,
                                        scales[i].suffix};
    int power = (int)floor(log10(largest) + 1e-9);
    double unit = pow(10, power);
    return (struct reading){unit, decimals_of(step / unit), power, ""};
}

/* "×10" and the power as superscript digits. */
static void append_power(char text[AXIS_TEXT], int power) {
    static const char *const digits[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    char plain[16];
    size_t length = strlen(text);
    snprintf(plain, sizeof plain, "%d", power);
    length += (size_t)snprintf(text + length, AXIS_TEXT - length, "×10");
    for (const char *at = plain; *at; at++)
        length += (size_t)snprintf(text + length, AXIS_TEXT - length, "%s",
                                   *at == '-' ? "⁻" : digits[*at - '0']);
}

static void read_out(double value, const struct reading *reading, char text[AXIS_TEXT]) {
    char plain[64];
    number_format_grouped(value / reading->unit, reading->decimals, plain);
    snprintf(text, AXIS_TEXT, "%.20s%s", value == 0 ? "0" : plain,
             value == 0 ? "" : reading->suffix);
    if (reading->power && value != 0)
        append_power(text, reading->power);
}

/* Three significant digits say enough beside a point; whole numbers below a million are shown
 * whole. */
void axis_format(double value, char text[AXIS_TEXT]) {
    double size = fabs(value);
    if (!isfinite(value)) {
        text[0] = '\0';
        return;
    }
    if (size < 1e6 && (size >= 1000 || value == rint(value))) {
        char plain[64];
        number_format_grouped(value, 0, plain);
        snprintf(text, AXIS_TEXT, "%.30s", plain);
        return;
    }
    double step = pow(10, floor(log10(size)) - 2);
    double rounded = rint(value / step) * step;
    struct reading reading = choose_reading(fabs(rounded), step);
    while (reading.decimals > 0 && decimals_of(fabs(rounded) / reading.unit) < reading.decimals)
        reading.decimals--;
    read_out(rounded, &reading, text);
}

/* ---- Making tics --------------------------------------------------------------------------- */

/* An axis being made: room for `n` tics. */
struct tics {
    double *at;
    struct text *label;
    size_t n;
};

static int make_room(struct tics *tics, size_t n, struct arena *arena, struct error *err) {
    tics->at = arena_alloc(arena, (n > 0 ? n : 1) * sizeof *tics->at);
    tics->label = arena_alloc(arena, (n > 0 ? n : 1) * sizeof *tics->label);
    tics->n = 0;
    return tics->at && tics->label ? 0 : error_memory(err);
}

static int add_tic(struct tics *tics, double at, struct text label, struct arena *arena,
                   struct error *err) {
    const char *copy = arena_text(arena, label.bytes, label.length);
    if (!copy)
        return error_memory(err);
    tics->at[tics->n] = at;
    tics->label[tics->n++] = (struct text){copy, label.length};
    return 0;
}

static void take_tics(struct axis *ret, const struct tics *tics) {
    ret->n = tics->n;
    ret->at = tics->at;
    ret->label = tics->label;
}

/* ---- Linear -------------------------------------------------------------------------------- */

/* The least of 1, 2, 5 x 10^k with at most `most` tics: those between low and high or, if the axis
 * may end at tics, also the ones beyond. */
static double nice_step(double low, double high, size_t most, enum axis_ends ends) {
    static const double factors[] = {1, 2, 5};
    const int start = (int)floor(log10((high - low) / (double)most)) - 1;
    for (int i = 0;; i++) {
        const int power = start + i / 3;
        double step = factors[i % 3] * pow(10, power);
        double first = ends == AXIS_NICE ? floor(low / step + 1e-9) : ceil(low / step - 1e-9);
        double last = ends == AXIS_NICE ? ceil(high / step - 1e-9) : floor(high / step + 1e-9);
        if (last - first + 1 <= (double)most)
            return step;
    }
}

/* Where an axis ends whose next tic is at `tic` and whose data end at `data`: at the tic if that is
 * near, otherwise a little beyond the data, so as not to leave a band of nothing. */
static double nice_end(double data, double tic, double step, double width) {
    if (fabs(tic - data) <= 0.4 * step)
        return tic;
    return data + (tic > data ? 1 : -1) * 0.04 * width;
}

/* A range of one value, or so narrow that its tics would fall together in binary, is opened. */
static void open_range(double *low, double *high, bool whole) {
    double size = fmax(fabs(*low), fabs(*high));
    if (*high - *low > size * 1e-9)
        return;
    double middle = *low + (*high - *low) / 2;
    double half = whole ? 1 : size / 10;
    *low = middle - half;
    *high = size > 0 || whole ? middle + half : 1;
}

int axis_linear(struct axis *ret, double low, double high, size_t most, enum axis_ends ends,
                struct arena *arena, struct error *err) {
    open_range(&low, &high, ends == AXIS_WHOLE);
    double step = nice_step(low, high, most < 3 ? 3 : most, ends), width = high - low;
    if (ends == AXIS_WHOLE)
        step = fmax(step, 1);
    if (ends == AXIS_NICE) {
        high = fmax(high, nice_end(high, ceil(high / step - 1e-9) * step, step, width));
        low = fmin(low, nice_end(low, floor(low / step + 1e-9) * step, step, width));
    }
    double first = ceil(low / step - 1e-9), last = floor(high / step + 1e-9);
    struct reading reading = choose_reading(fmax(fabs(first), fabs(last)) * step, step);
    struct tics tics;
    size_t n = last >= first ? (size_t)(last - first + 1.5) : 0;
    int status = make_room(&tics, n, arena, err);
    for (size_t i = 0; i < n && status == 0; i++) {
        char label[AXIS_TEXT];
        double at = (first + (double)i) * step;
        read_out(at, &reading, label);
        /* A tic at the very end of the axis may lie beyond it by rounding. */
        status = add_tic(&tics, fmin(fmax(at, low), high), text_of(label), arena, err);
    }
    if (status)
        return status;
    *ret = (struct axis){.min = low, .max = high};
    take_tics(ret, &tics);
    return 0;
}

/* ---- Logarithmic --------------------------------------------------------------------------- */

/* 1, 2, 5, 10, 20, ... by number: 0 is 1, 3 is 10, -1 is 0.5. */
static double ladder(int i) {
    static const double factors[] = {1, 2, 5};
    int power = (int)floor(i / 3.0);
    return factors[i - 3 * power] * pow(10, power);
}

int axis_logarithmic(struct axis *ret, double low, double high, size_t most, struct arena *arena,
                     struct error *err) {
    int first = 3 * (int)floor(log10(low)), last = 3 * ((int)floor(log10(high)) + 1);
    while (ladder(first + 1) <= low * (1 + 1e-9))
        first++;
    while (ladder(last - 1) >= high * (1 - 1e-9) && last - 1 > first)
        last--;
    int steps = last - first, stride = steps < (int)most ? 1 : 3;
    while (steps / stride >= (int)most && most > 1)
        stride += 3;
    struct tics tics;
    int status = make_room(&tics, (size_t)steps + 1, arena, err);
    for (int i = first; i <= last && status == 0; i++) {
        if (stride > 1 && ((i % 3 != 0) || (i - 3 * (int)ceil(first / 3.0)) % stride != 0))
            continue;
        char label[AXIS_TEXT];
        axis_format(ladder(i), label);
        status = add_tic(&tics, ladder(i), text_of(label), arena, err);
    }
    if (status)
        return status;
    /* A hair wider than its tics: their logarithms are rounded. */
    *ret = (struct axis){
        .min = ladder(first) * (1 - 1e-6), .max = ladder(last) * (1 + 1e-6), .logarithmic = true};
    take_tics(ret, &tics);
    return 0;
}

/* ---- Names --------------------------------------------------------------------------------- */

int axis_names(struct axis *ret, const struct text *names, size_t n, struct arena *arena,
               struct error *err) {
    struct tics tics;
    int status = make_room(&tics, n, arena, err);
    if (status)
        return status;
    for (size_t i = 0; i < n; i++) {
        tics.at[i] = (double)i + 1;
        tics.label[i] = names[i];
    }
    tics.n = n;
    *ret = (struct axis){.min = 0.5, .max = (double)n + 0.5};
    take_tics(ret, &tics);
    return 0;
}

/* ---- Periods ------------------------------------------------------------------------------- */

/* Steps between labelled periods that people expect, ascending. */
static int period_step(enum period_kind kind, int i) {
    static const int steps[][10] = {
        [PERIOD_YEAR] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000},
        [PERIOD_QUARTER] = {1, 2, 4, 8, 20, 40, 80, 200, 400, 4000},
        [PERIOD_MONTH] = {1, 2, 3, 6, 12, 24, 60, 120, 240, 1200},
        [PERIOD_WEEK] = {1, 2, 4, 13, 26, 52, 104, 260, 520, 5200},
        [PERIOD_DAY] = {1, 2, 7, 14, 28, 56, 91, 182, 364, 3640},
    };
    return steps[kind][i < 9 ? i : 9];
}

/* Tics from `first` to `last`, as many as there is room for. Steps of months, quarters and years
 * are counted from January of year 0; of weeks and days from the first one. */
static int label_periods(struct axis *ret, struct period first, struct period last, double columns,
                         struct arena *arena, struct error *err) {
    char label[CALENDAR_TEXT];
    int width = period_format(first, label) + 2, i = 0;
    double most = fmax(2, columns / width);
    while (i < 9 && (double)(last.index - first.index) / period_step(first.kind, i) + 1 > most)
        i++;
    int step = period_step(first.kind, i);
    bool aligned = first.kind != PERIOD_DAY && first.kind != PERIOD_WEEK;
    struct tics tics;
    const int steps = (last.index - first.index) / step;
    int status = make_room(&tics, (size_t)steps + 2, arena, err);
    struct period period = first;
    while (aligned && period.index % step != 0 && period.index < last.index)
        period.index++;
    for (; period.index <= last.index && status == 0; period.index += step) {
        period_format(period, label);
        status = add_tic(&tics, period.index, text_of(label), arena, err);
    }
    take_tics(ret, &tics);
    return status;
}

static bool all_periods(const struct text *texts, size_t n, double *at, struct period *first,
                        struct period *last) {
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        struct period period;
        at[i] = NAN;
        if (texts[i].length == 0)
            continue;
        if (!period_parse(texts[i], &period) || (any && period.kind != first->kind))
            return false;
        at[i] = period.index;
        if (!any || period.index < first->index)
            *first = period;
        if (!any || period.index > last->index)
            *last = period;
        any = true;
    }
    return any;
}

static bool all_numbers(const struct text *texts, size_t n, double *at, double *low, double *high,
                        bool *whole) {
    bool any = false;
    *whole = true;
    *low = INFINITY;
    *high = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        at[i] = NAN;
        if (texts[i].length == 0)
            continue;
        if (!number_parse(texts[i], '.', &at[i]))
            return false;
        *whole = *whole && at[i] == rint(at[i]);
        *low = fmin(*low, at[i]);
        *high = fmax(*high, at[i]);
        any = true;
    }
    return any;
}

enum { LONGEST_NAME = 22 }; /* columns */

/* Every k-th name, so that they fit beside each other. */
static int label_names(struct axis *ret, const struct dictionary *names, double columns,
                       struct arena *arena, struct error *err) {
    size_t widest = 1;
    for (uint32_t code = 0; code < names->count; code++) {
        size_t width = text_width(dictionary_name(names, code));
        widest = width > widest ? width : widest;
    }
    widest = widest < LONGEST_NAME ? widest : LONGEST_NAME;
    size_t most = (size_t)fmax(1, columns / (double)(widest + 2));
    size_t step = (names->count + most - 1) / most;
    struct tics tics;
    int status = make_room(&tics, names->count, arena, err);
    for (uint32_t code = 0; code < names->count && status == 0; code += (uint32_t)step) {
        struct text name;
        status = label_shorten(dictionary_name(names, code), LONGEST_NAME, arena, &name, err);
        if (status == 0)
            status = add_tic(&tics, code, name, arena, err);
    }
    take_tics(ret, &tics);
    return status;
}

static int by_appearance(struct axis *ret, double *at, const struct text *texts, size_t n,
                         double columns, struct arena *arena, struct error *err) {
    struct dictionary names = {0};
    int status = 0;
    for (size_t i = 0; i < n && status == 0; i++) {
        uint32_t code;
        at[i] = NAN;
        if (texts[i].length == 0)
            continue;
        status = dictionary_add(&names, texts[i], &code, err);
        if (status == 0)
            at[i] = code;
    }
    if (status == 0)
        status = label_names(ret, &names, columns, arena, err);
    ret->min = 0;
    ret->max = names.count > 1 ? names.count - 1 : 1;
    if (names.count == 1)
        ret->min = -1;
    dictionary_free(&names);
    return status;
}

int axis_periods(struct axis *ret, double *at, const struct text *texts, size_t n, double columns,
                 struct arena *arena, struct error *err) {
    struct period first, last;
    double low, high;
    *ret = (struct axis){0};
    if (all_periods(texts, n, at, &first, &last)) {
        bool one = first.index == last.index;
        ret->min = first.index - one;
        ret->max = last.index + one;
        return label_periods(ret, first, last, columns, arena, err);
    }
    bool whole;
    if (all_numbers(texts, n, at, &low, &high, &whole)) {
        size_t most = (size_t)fmax(3, fmin(whole ? 13 : 7, columns / 6));
        return axis_linear(ret, low, high, most, whole ? AXIS_WHOLE : AXIS_EXACT, arena, err);
    }
    return by_appearance(ret, at, texts, n, columns, arena, err);
}

/* ---- Positions ----------------------------------------------------------------------------- */

double axis_fraction(const struct axis *axis, double value) {
    if (axis->logarithmic)
        return log(value / axis->min) / log(axis->max / axis->min);
    return (value - axis->min) / (axis->max - axis->min);
}

double axis_value(const struct axis *axis, double fraction) {
    if (axis->logarithmic)
        return axis->min * pow(axis->max / axis->min, fraction);
    return axis->min + fraction * (axis->max - axis->min);
}

size_t axis_width(const struct axis *axis) {
    size_t widest = 0;
    for (size_t i = 0; i < axis->n; i++) {
        size_t width = text_width(axis->label[i]);
        widest = width > widest ? width : widest;
    }
    return widest;
}
