/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue at risk from survival curves.
 *
 * Contents: reading the base; one group; one destination; all groups.
 */
#include "revenue/loss-risk.h"

#include "revenue/currency.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- Reading the base ------------------------------------------------------------------------ */

enum base_column { USER, USERS, REVENUE, ERROR, AGE, CURRENCY, BASE_GROUP, BASE_COLUMNS };

/* A row on its way to its cell. */
struct base_row {
    size_t group;
    decimal age;
    struct text user;
    size_t row;
};

static bool find_curve(const struct risk_curves *curves, struct text group, size_t *ret) {
    size_t low = 0, high = curves->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = text_compare(curves->items[middle].group, group);
        *ret = middle;
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* *ret_good is false if the row was rejected and is to be skipped. */
static int check_row(const struct table_batch *batch, size_t row, const struct risk_curves *curves,
                     const struct risk_base *base, bool grouped, struct base_row *ret,
                     bool *ret_good, struct error *err) {
    const struct text group = grouped ? batch->columns[BASE_GROUP].text[row] : (struct text){0};
    *ret = (struct base_row){.age = batch->columns[AGE].decimal[row],
                             .user = batch->columns[USER].text[row],
                             .row = row};
    *ret_good = false;
    if (grouped && !find_curve(curves, group, &ret->group))
        return table_reject(batch, row, BASE_GROUP, err,
                            "there is no survival curve of '%.*s', expected a group such as '%.*s'",
                            (int)group.length, group.bytes, (int)curves->items[0].group.length,
                            curves->items[0].group.bytes);
    if (ret->age < 0)
        return table_reject(batch, row, AGE, err, "age is negative, expected 0 or more");
    const struct risk_curve *curve = &curves->items[ret->group];
    if (risk_survival(curve, risk_steps_until(curve, ret->age)) == 0)
        return table_reject(batch, row, AGE, err,
                            "by its curve nobody stays as long, expected a lower age");
    if (!base->single && batch->columns[USERS].decimal[row] < 0)
        return table_reject(batch, row, USERS, err, "users are negative, expected 0 or more");
    if (batch->columns[ERROR].number[row] < 0)
        return table_reject(batch, row, ERROR, err,
                            "the standard error is negative, expected 0 or more");
    *ret_good = true;
    return 0;
}

static int by_cell(const void *a, const void *b) {
    const struct base_row *x = a, *y = b;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    if (x->age != y->age)
        return x->age < y->age ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static int by_user(const void *a, const void *b) {
    const struct base_row *x = a, *y = b;
    int order = text_compare(x->user, y->user);
    return order != 0 ? order : x->row < y->row ? -1 : x->row > y->row;
}

static int by_place(const void *a, const void *b) {
    const struct base_row *x = a, *y = b;
    return x->row < y->row ? -1 : x->row > y->row;
}

/* Of several rows of one user only the first is kept; the others are rejected in the order of the
 * input. */
static int refuse_repeats(const struct table_batch *batch, struct base_row *rows, size_t *n,
                          struct error *err) {
    struct base_row *repeats = malloc((*n + 1) * sizeof *repeats);
    size_t *originals = calloc(batch->rows + 1, sizeof *originals); /* of each repeat, by its row */
    size_t kept = 0, repeated = 0;
    int code = repeats && originals ? 0 : error_memory(err);
    if (!code)
        qsort(rows, *n, sizeof *rows, by_user);
    for (size_t i = 0; !code && i < *n; i++) {
        if (kept > 0 && text_equal(rows[kept - 1].user, rows[i].user)) {
            originals[rows[i].row] = rows[kept - 1].row;
            repeats[repeated++] = rows[i];
        } else {
            rows[kept++] = rows[i];
        }
    }
    if (!code) {
        *n = kept;
        qsort(repeats, repeated, sizeof *repeats, by_place);
    }
    for (size_t i = 0; !code && i < repeated; i++) {
        char where[TABLE_WHERE];
        table_where(batch, originals[repeats[i].row], -1, where);
        code = table_reject(batch, repeats[i].row, USER, err,
                            "user stands at %s too, expected one row for each", where);
    }
    free(repeats);
    free(originals);
    return code;
}

/* `cells` are those of the base. */
static void add_row(const struct table_batch *batch, const struct base_row *row,
                    struct risk_cell *cells, struct risk_base *base) {
    struct risk_cell *cell = base->count > 0 ? &cells[base->count - 1] : NULL;
    const decimal revenue = batch->columns[REVENUE].decimal[row->row];
    if (!cell || cell->group != row->group || cell->age != row->age) {
        cell = &cells[base->count++];
        *cell = (struct risk_cell){.group = row->group, .age = row->age};
    }
    base->negative |= revenue < 0;
    cell->revenue += revenue;
    if (base->single) {
        cell->users += DECIMAL_ONE;
        moments_add(&cell->paid, revenue);
        return;
    }
    const double error = batch->columns[ERROR].number[row->row];
    cell->users += batch->columns[USERS].decimal[row->row];
    cell->variance += error * error;
}

static int read_rows(const struct table_batch *batch, bool grouped,
                     const struct risk_curves *curves, struct risk_base *base, struct error *err) {
    struct base_row *rows = malloc((batch->rows + 1) * sizeof *rows);
    struct currencies currencies = {0};
    struct text currency;
    size_t n = 0;
    struct risk_cell *cells = malloc((batch->rows + 1) * sizeof *cells);
    base->cells = cells;
    if (!rows || !cells) {
        free(rows);
        return error_memory(err);
    }
    int code = 0;
    for (size_t row = 0; !code && row < batch->rows; row++) {
        bool good;
        code = check_row(batch, row, curves, base, grouped, &rows[n], &good, err);
        n += !code && good;
        if (!code && good)
            code = currencies_note(&currencies, batch, row, CURRENCY, err);
    }
    if (!code)
        code = currencies_check(&currencies, batch->table, &currency, err);
    if (!code) {
        base->currency = (struct text){
            arena_text(&base->arena, currency.bytes ? currency.bytes : "", currency.length),
            currency.length};
        if (!base->currency.bytes)
            code = error_memory(err);
    }
    if (!code && base->single)
        code = refuse_repeats(batch, rows, &n, err);
    if (!code) {
        qsort(rows, n, sizeof *rows, by_cell);
        for (size_t i = 0; i < n; i++)
            add_row(batch, &rows[i], cells, base);
    }
    currencies_free(&currencies);
    free(rows);
    return code;
}

int risk_read_base(struct table *table, const char *group, const struct risk_curves *curves,
                   struct risk_base *ret, struct error *err) {
    ret->single = table_has(table, "user") && !table_has(table, "users");
    ret->has_age = table_has(table, "age");
    ret->has_error = !ret->single && table_has(table, "revenue_se");
    const struct table_column columns[BASE_COLUMNS] = {
        [USER] = {.name = "user", .type = TABLE_TEXT, .optional = !ret->single},
        [USERS] = {.name = "users", .type = TABLE_DECIMAL, .optional = ret->single},
        [REVENUE] = {.name = "revenue", .type = TABLE_DECIMAL},
        [ERROR] = {.name = "revenue_se", .type = TABLE_NUMBER, .missing = true, .optional = true},
        [AGE] = {.name = "age", .type = TABLE_DECIMAL, .optional = true},
        [CURRENCY] = {.name = "currency", .type = TABLE_TEXT, .missing = true, .optional = true},
        [BASE_GROUP] = {.name = group, .type = TABLE_TEXT},
    };
    const struct table_batch *batch;
    if (table_bind(table, columns, group ? BASE_COLUMNS : BASE_GROUP, err) ||
        table_read(table, &batch, err))
        return err->code;
    return read_rows(batch, group != NULL, curves, ret, err);
}

void risk_base_free(struct risk_base *base) {
    free(base->cells);
    arena_free(&base->arena);
    *base = (struct risk_base){0};
}

/* ---- One group ------------------------------------------------------------------------------- */

/* What adds up over the cells of a group. */
struct sums {
    double at_risk, lost;              /* money */
    double z, z_squares, y, y_squares; /* over single users: x (1 - q), and x times the time lost */
    double at_risk_totals, lost_totals; /* variances from standard errors of totals */
    int64_t singles;
    bool fell_to_zero;
};

/* What a cell adds, given the share `gone` of its users at the horizon and the periods `lost`. */
static void add_money(const struct risk_cell *cell, double gone, double lost, struct sums *sums) {
    const double money = decimal_sum_to_double(cell->revenue);
    const double paid = decimal_sum_to_double(cell->paid.sum);
    const double squares = moments_squares(&cell->paid);
    sums->at_risk += money * gone;
    sums->lost += money * lost;
    sums->singles += cell->paid.count;
    sums->z += paid * gone;
    sums->z_squares += squares * gone * gone;
    sums->y += paid * lost;
    sums->y_squares += squares * lost * lost;
    sums->at_risk_totals += cell->variance * gone * gone;
    sums->lost_totals += cell->variance * lost * lost;
}

static double periods_of(const struct risk_question *question) {
    return question->per > 0 ? decimal_to_double(question->per) : 1;
}

/* Until when a cell is followed: for ever, if that is beyond the range of decimals. */
static decimal followed_until(const struct risk_cell *cell, const struct risk_question *question) {
    decimal until = INT64_MAX;
    decimal_add(cell->age, question->horizon, &until);
    return until;
}

/* For one cell: 1 - q at the horizon, the integral of 1 - q up to it in periods, and for each step
 * on the way what the increment of ln S there does to both. */
static void follow(const struct risk_curve *curve, const struct risk_cell *cell,
                   const struct risk_question *question, struct sums *sums, double *slopes,
                   double *lost_slopes) {
    const decimal until = followed_until(cell, question);
    const size_t first = risk_steps_until(curve, cell->age), end = risk_steps_until(curve, until);
    const double here = risk_survival(curve, first);
    const double gone = 1 - risk_survival(curve, end) / here;
    const double money = decimal_sum_to_double(cell->revenue), per = periods_of(question);
    double time = decimal_to_double(until), kept = 0; /* integral of q from a step to the horizon */
    for (size_t j = end; j-- > first;) {
        const double at = decimal_to_double(curve->steps[j].time);
        kept += curve->steps[j].survival / here * (time - at);
        time = at;
        slopes[j] += money * (1 - gone);
        lost_slopes[j] += money * kept / per;
        sums->fell_to_zero |= isnan(curve->steps[j].variance);
    }
    kept += time - decimal_to_double(cell->age); /* q = 1 before the first step */
    add_money(cell, gone, (decimal_to_double(question->horizon) - kept) / per, sums);
}

/* n times the sample variance of n values with this sum and sum of squares. */
static double variance_of_sum(int64_t n, double sum, double squares) {
    if (n < 2)
        return 0;
    const double count = (double)n, about = squares - sum * sum / count;
    return fmax(about, 0) * count / (count - 1);
}

static void bound(struct risk_amount *amount, double most, const struct risk_base *base,
                  double confidence) {
    const double reach = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2) * amount->std_error;
    amount->interval = (struct interval){NAN, NAN};
    if (!(reach > 0)) /* nan, or nothing was seen to vary */
        return;
    amount->interval = (struct interval){amount->value - reach, amount->value + reach};
    if (!base->negative)
        amount->interval =
            (struct interval){fmax(amount->interval.lower, 0), fmin(amount->interval.upper, most)};
}

/* The variances of the money. */
static double at_risk_variance(const struct sums *sums) {
    return variance_of_sum(sums->singles, sums->z, sums->z_squares) + sums->at_risk_totals;
}

static double lost_variance(const struct sums *sums) {
    return variance_of_sum(sums->singles, sums->y, sums->y_squares) + sums->lost_totals;
}

static void settle(const struct risk_curve *curve, const struct sums *sums, const double *slopes,
                   const double *lost_slopes, struct risk_answer *ret) {
    double at_risk = at_risk_variance(sums), lost = lost_variance(sums);
    for (size_t j = 0; j < curve->n; j++) {
        if (slopes[j] == 0 && lost_slopes[j] == 0)
            continue; /* also where the curve falls to 0: see fell_to_zero */
        at_risk += curve->steps[j].variance * slopes[j] * slopes[j];
        lost += curve->steps[j].variance * lost_slopes[j] * lost_slopes[j];
    }
    ret->at_risk.value = sums->at_risk;
    ret->lost.value = sums->lost;
    ret->at_risk.std_error = sums->fell_to_zero ? NAN : sqrt(at_risk);
    ret->lost.std_error = sums->fell_to_zero ? NAN : sqrt(lost);
}

/* What becomes of the cells of a group; `room` has 4 numbers for each step of the curve. */
typedef void follow_cell(const struct risk_curves *curves, const struct risk_curve *curve,
                         const struct risk_cell *cell, const struct risk_question *question,
                         struct sums *sums, double *room);
typedef void settle_group(const struct risk_curves *curves, const struct risk_curve *curve,
                          const struct risk_question *question, const struct sums *sums,
                          const double *room, struct risk_answer *ret);

static void follow_all(const struct risk_curves *curves, const struct risk_curve *curve,
                       const struct risk_cell *cell, const struct risk_question *question,
                       struct sums *sums, double *room) {
    (void)curves;
    follow(curve, cell, question, sums, room, room + curve->n);
}

static void settle_all(const struct risk_curves *curves, const struct risk_curve *curve,
                       const struct risk_question *question, const struct sums *sums,
                       const double *room, struct risk_answer *ret) {
    (void)curves, (void)question;
    settle(curve, sums, room, room + curve->n, ret);
}

/* ---- One destination ------------------------------------------------------------------------- */

/* What the increments of the cumulative hazards at a step do: those of the destination asked for
 * `own` and `common`, those of any other `common` alone. */
enum effect { OWN, COMMON, LOST_OWN, LOST_COMMON, EFFECTS };

static void follow_destination(const struct risk_curves *curves, const struct risk_curve *curve,
                               const struct risk_cell *cell, const struct risk_question *question,
                               struct sums *sums, double *room) {
    const size_t k = question->destination - 1;
    const decimal until = followed_until(cell, question);
    const size_t first = risk_steps_until(curve, cell->age), end = risk_steps_until(curve, until);
    const double here = risk_survival(curve, first), last = decimal_to_double(until);
    const double final = risk_incidence(curves, curve, end, k);
    const double money = decimal_sum_to_double(cell->revenue), per = periods_of(question);
    double area = 0; /* integral of F_k - F_k(t_j) from t_j to the horizon */
    for (size_t j = end; j-- > first;) {
        const struct risk_step *step = &curve->steps[j];
        const double before = risk_survival(curve, j) / here;
        const double time_left = last - decimal_to_double(step->time);
        const double after = risk_incidence(curves, curve, j + 1, k);
        double *effects = room + EFFECTS * j;
        effects[OWN] += money * before;
        effects[LOST_OWN] += money * before * time_left / per;
        if (step->survival > 0) { /* otherwise nobody is left to go anywhere */
            const double shrinks = before / step->survival;
            effects[COMMON] -= money * shrinks * (final - after);
            effects[LOST_COMMON] -= money * shrinks * area / per;
        }
        area += (after - risk_incidence(curves, curve, j, k)) * time_left;
    }
    const double gone = (final - risk_incidence(curves, curve, first, k)) / here;
    add_money(cell, gone, area / here / per, sums);
}

/* g' V g with V_lm = (delta_lm d_l n - d_l d_m)/n^3. */
static double increment_variance(const struct risk_step *step, double left, double own,
                                 double common) {
    const double n = (double)step->at_risk, all = (double)step->events;
    const double sum = common * all + own * left;
    const double squares = common * common * all + (2 * common * own + own * own) * left;
    return fmax(squares - sum * sum / n, 0) / (n * n);
}

static void settle_destination(const struct risk_curves *curves, const struct risk_curve *curve,
                               const struct risk_question *question, const struct sums *sums,
                               const double *room, struct risk_answer *ret) {
    double at_risk = at_risk_variance(sums), lost = lost_variance(sums);
    for (size_t j = 0; j < curve->n; j++) {
        const double *effects = room + EFFECTS * j;
        const double left =
            (double)curve->left[j * curves->n_destinations + question->destination - 1];
        at_risk += increment_variance(&curve->steps[j], left, effects[OWN], effects[COMMON]);
        lost += increment_variance(&curve->steps[j], left, effects[LOST_OWN], effects[LOST_COMMON]);
    }
    ret->at_risk = (struct risk_amount){.value = sums->at_risk, .std_error = sqrt(at_risk)};
    ret->lost = (struct risk_amount){.value = sums->lost, .std_error = sqrt(lost)};
}

static int estimate_group(const struct risk_curves *curves, const struct risk_base *base,
                          size_t group, const struct risk_question *question,
                          struct risk_answer *ret, struct error *err) {
    const struct risk_curve *curve = &curves->items[group];
    const bool all = question->destination == 0;
    follow_cell *const follow_one = all ? follow_all : follow_destination;
    settle_group *const settle_them = all ? settle_all : settle_destination;
    double *room = calloc(EFFECTS * curve->n, sizeof *room);
    struct sums sums = {0};
    if (!room)
        return error_memory(err);
    *ret = (struct risk_answer){0};
    for (size_t i = 0; i < base->count; i++) {
        const struct risk_cell *cell = &base->cells[i];
        if (cell->group != group)
            continue;
        ret->users += cell->users;
        ret->revenue += cell->revenue;
        if (!risk_covers(curve, cell->age, question->horizon))
            continue;
        ret->known = true;
        ret->covered += cell->revenue;
        follow_one(curves, curve, cell, question, &sums, room);
    }
    settle_them(curves, curve, question, &sums, room, ret);
    free(room);
    return 0;
}

/* ---- All groups ------------------------------------------------------------------------------ */

static void add_amount(struct risk_amount *into, const struct risk_amount *from) {
    into->value += from->value;
    into->std_error = hypot(into->std_error, from->std_error);
}

/* Groups have users and curves of their own, so that their errors are independent. */
static int estimate_all(const struct risk_curves *curves, const struct risk_base *base,
                        const struct risk_question *question, struct risk_answer *ret,
                        struct error *err) {
    bool known = true;
    *ret = (struct risk_answer){0};
    for (size_t group = 0; group < curves->count; group++) {
        struct risk_answer one = {0};
        if (estimate_group(curves, base, group, question, &one, err))
            return err->code;
        ret->users += one.users;
        ret->revenue += one.revenue;
        ret->covered += one.covered;
        known &= one.known || one.users == 0;
        ret->known |= one.known;
        add_amount(&ret->at_risk, &one.at_risk);
        add_amount(&ret->lost, &one.lost);
    }
    ret->known &= known;
    return 0;
}

int risk_estimate(const struct risk_curves *curves, const struct risk_base *base, size_t group,
                  const struct risk_question *question, struct risk_answer *ret,
                  struct error *err) {
    if (group == curves->count ? estimate_all(curves, base, question, ret, err)
                               : estimate_group(curves, base, group, question, ret, err))
        return err->code;
    const double covered = decimal_sum_to_double(ret->covered);
    const double periods =
        question->per > 0 ? decimal_to_double(question->horizon) / decimal_to_double(question->per)
                          : 0;
    bound(&ret->at_risk, covered, base, question->confidence);
    bound(&ret->lost, covered * periods, base, question->confidence);
    return 0;
}
