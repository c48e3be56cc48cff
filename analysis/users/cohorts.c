/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Retention of cohorts.
 *
 *   1. Which cells there are
 *   2. The table of one worker
 *   3. One user in one group
 *   4. Together
 *   5. Revenue retention
 */
#include "users/cohorts.h"

#include "base/buffer.h"
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>

/* ---- 1. Which cells there are ---------------------------------------------------------------- */

#define MOST_CELLS ((size_t)1 << 25)

/* Days of a rolling window, by kind of period. */
static int32_t window_of(enum period_kind kind) {
    static const int32_t days[] = {[PERIOD_YEAR] = 365,
                                   [PERIOD_QUARTER] = 91,
                                   [PERIOD_MONTH] = 30,
                                   [PERIOD_WEEK] = 7,
                                   [PERIOD_DAY] = 1};
    return days[kind];
}

/* Ages of a cohort that are over by the last look. */
static size_t ages_of(const struct presence *presence, const struct cohorts *cohorts,
                      size_t cohort) {
    const struct presence_report *report = presence_report(presence);
    size_t ages = cohorts->n_cohorts - cohort;
    if (cohorts->options.retention == COHORTS_ROLLING) {
        const int32_t last = period_last_day(presence_period(presence, cohort));
        ages = (size_t)((report->as_of - last + 1) / window_of(report->kind));
    }
    return cohorts->options.ages > 0 && ages > cohorts->options.ages ? cohorts->options.ages : ages;
}

static int find_cohorts(const struct presence *presence, struct cohorts *cohorts,
                        struct error *err) {
    const struct presence_report *report = presence_report(presence);
    size_t steps = presence_steps(presence);
    while (steps > 0 && period_last_day(presence_period(presence, steps - 1)) > report->as_of)
        steps--;
    cohorts->n_groups = presence_platforms(presence);
    cohorts->n_cohorts = steps;
    cohorts->periods = calloc(steps + 1, sizeof *cohorts->periods);
    cohorts->n_ages = calloc(steps + 1, sizeof *cohorts->n_ages);
    if (!cohorts->periods || !cohorts->n_ages)
        return error_memory(err);
    for (size_t c = 0; c < steps; c++) {
        cohorts->periods[c] = presence_period(presence, c);
        cohorts->n_ages[c] = ages_of(presence, cohorts, c);
        if (cohorts->n_ages[c] > cohorts->most_ages)
            cohorts->most_ages = cohorts->n_ages[c];
    }
    if (steps > 0 && cohorts->most_ages > MOST_CELLS / steps / (cohorts->n_groups + 1))
        return error_set(err, ERROR_DATA,
                         "found %zu groups, %zu cohorts and %zu ages: too many to tell apart; "
                         "choose longer periods or fewer ages",
                         cohorts->n_groups, steps, cohorts->most_ages);
    return 0;
}

/* ---- 2. The table of one worker -------------------------------------------------------------- */

/* A worker's table is a struct cohorts of its own, with the periods of the common one. */
struct counting {
    const struct cohorts *common;
    struct cohorts table;
    int32_t window;
    /* Scratch: what the subject did at each age. */
    size_t *active; /* ages, ascending */
    decimal *amounts;
    size_t n, active_capacity, amounts_capacity;
};

static size_t cells_of(const struct cohorts *cohorts) {
    return cohorts->n_groups * cohorts->n_cohorts * cohorts->most_ages;
}

static size_t rows_of(const struct cohorts *cohorts) {
    return cohorts->n_groups * cohorts->n_cohorts;
}

static void counting_destroy(void *state) {
    struct counting *counting = state;
    if (!counting)
        return;
    free(counting->table.cells);
    free(counting->table.bases);
    free(counting->table.cycles);
    free(counting->active);
    free(counting->amounts);
    free(counting);
}

static int counting_begin(void *context, void **ret_state, struct error *err) {
    const struct counting *like = context;
    struct counting *counting = malloc(sizeof *counting);
    if (!counting)
        return error_memory(err);
    *counting = *like;
    struct cohorts *table = &counting->table;
    *table = *like->common;
    table->cells = calloc(cells_of(table) + 1, sizeof *table->cells);
    table->bases = calloc(rows_of(table) + 1, sizeof *table->bases);
    table->cycles = calloc(rows_of(table) + 1, sizeof *table->cycles);
    if (!table->cells || !table->bases || !table->cycles) {
        counting_destroy(counting);
        return error_memory(err);
    }
    *ret_state = counting;
    return 0;
}

static struct cohorts_cell *cell_at(struct cohorts *table, size_t group, size_t cohort,
                                    size_t age) {
    return &table->cells[(group * table->n_cohorts + cohort) * table->most_ages + age];
}

static bool add_product(int128 *into, decimal a, decimal b) {
    return !__builtin_add_overflow(*into, (int128)a * b, into);
}

static int too_large(struct error *err) {
    return error_set(err, ERROR_DATA,
                     "the revenue of a cohort is too large for its squares to be summed exactly; "
                     "count it in thousands or millions");
}

/* ---- 3. One user in one group ---------------------------------------------------------------- */

static decimal positive(decimal x) {
    return x > 0 ? x : 0;
}

static int add_money(const struct counting *counting, struct cohorts_base *base,
                     struct cohorts_cell *cells, size_t n_ages, struct error *err) {
    const decimal r0 = counting->amounts[0], r0_positive = positive(r0);
    base->base += r0;
    base->positive += r0_positive;
    bool fits = add_product(&base->base_base, r0, r0) &&
                add_product(&base->positive_positive, r0_positive, r0_positive);
    for (size_t i = 0; i < counting->n && counting->active[i] < n_ages && fits; i++) {
        struct cohorts_cell *cell = &cells[counting->active[i]];
        const decimal r = counting->amounts[i];
        const decimal g = positive(r) < r0_positive ? positive(r) : r0_positive;
        cell->net += r;
        cell->gross += g;
        fits = add_product(&cell->net_net, r, r) && add_product(&cell->net_base, r, r0) &&
               add_product(&cell->gross_gross, g, g) &&
               add_product(&cell->gross_base, g, r0_positive);
    }
    return fits ? 0 : too_large(err);
}

/* At which ages the subject was absent for a whole gap, and back, for the first time. */
static void add_returns(const struct counting *counting, struct cohorts_cell *cells,
                        size_t n_ages) {
    const size_t gap = counting->table.options.gap;
    for (size_t i = 0; i < counting->n; i++) {
        const size_t lapsed = counting->active[i] + gap;
        const bool last = i + 1 == counting->n;
        if (!last && counting->active[i + 1] <= lapsed)
            continue;
        if (lapsed < n_ages)
            cells[lapsed].lapsed++;
        if (!last && counting->active[i + 1] < n_ages)
            cells[counting->active[i + 1]].returned++;
        return;
    }
}

/* Unbounded, each counts at its last age here; cohorts_count sums up. */
static int add_subject(struct counting *counting, size_t group, size_t cohort, struct error *err) {
    struct cohorts *table = &counting->table;
    if (cohort >= table->n_cohorts) {
        table->unfinished++;
        return 0;
    }
    const size_t n_ages = table->n_ages[cohort];
    struct cohorts_cell *cells = cell_at(table, group, cohort, 0);
    struct cohorts_base *base = &table->bases[group * table->n_cohorts + cohort];
    base->users++;
    if (table->options.retention == COHORTS_UNBOUNDED) {
        const size_t last = counting->active[counting->n - 1];
        cells[last < n_ages ? last : n_ages - 1].active++;
    } else {
        for (size_t i = 0; i < counting->n && counting->active[i] < n_ages; i++)
            cells[counting->active[i]].active++;
    }
    if (table->options.gap > 0)
        add_returns(counting, cells, n_ages);
    return table->options.money ? add_money(counting, base, cells, n_ages, err) : 0;
}

static void add_cycle(struct cohorts *table, size_t group, size_t step, bool first, bool before,
                      bool after) {
    if (step >= table->n_cohorts)
        return;
    struct cohorts_cycle *cycle = &table->cycles[group * table->n_cohorts + step];
    cycle->active++;
    cycle->fresh += first;
    cycle->returning += before;
    cycle->resurrecting += !first && !before;
    if (step + 1 < table->n_cohorts && !after)
        cycle[1].dormant++;
}

/* The subject's stays, a step at a time: those of the group among the user's. */
static void add_cycles(struct cohorts *table, const struct presence_user *user, uint32_t group) {
    bool first = true, before = false;
    for (size_t i = 0, next; i < user->n; i = next) {
        for (; i < user->n && user->stays[i].platform != group; i++)
            ;
        if (i == user->n)
            return;
        const uint32_t step = user->stays[i].step;
        for (next = i + 1; next < user->n &&
                           (user->stays[next].platform != group || user->stays[next].step == step);
             next++)
            ;
        const bool after = next < user->n && user->stays[next].step == step + 1;
        add_cycle(table, group, step, first, before, after);
        first = false;
        before = after;
    }
}

static int add_age(struct counting *counting, size_t age, decimal amount, struct error *err) {
    if (counting->n > 0 && counting->active[counting->n - 1] == age) {
        decimal *sum = &counting->amounts[counting->n - 1];
        return decimal_add(*sum, amount, sum) ? 0 : too_large(err);
    }
    if (array_reserve((void **)&counting->active, &counting->active_capacity, counting->n + 1,
                      sizeof *counting->active, err) ||
        array_reserve((void **)&counting->amounts, &counting->amounts_capacity, counting->n + 1,
                      sizeof *counting->amounts, err))
        return err->code;
    counting->active[counting->n] = age;
    counting->amounts[counting->n++] = amount;
    return 0;
}

static int add_group(struct counting *counting, const struct presence_user *user, uint32_t group,
                     struct error *err) {
    const struct presence_stay *first = NULL;
    counting->n = 0;
    for (size_t i = 0; i < user->n; i++) {
        const struct presence_stay *stay = &user->stays[i];
        if (stay->platform != group)
            continue;
        first = first ? first : stay;
        const size_t age = counting->table.options.retention == COHORTS_ROLLING
                               ? (size_t)((stay->day - first->day) / counting->window)
                               : stay->step - first->step;
        if (add_age(counting, age, stay->amount, err))
            return err->code;
    }
    if (!first) /* a user is counted in the groups of their own stays only */
        return 0;
    add_cycles(&counting->table, user, group);
    return add_subject(counting, group, first->step, err);
}

static bool met_before(const struct presence_user *user, size_t i) {
    for (size_t k = 0; k < i; k++)
        if (user->stays[k].platform == user->stays[i].platform)
            return true;
    return false;
}

static int counting_add(void *state, const struct presence_user *user, struct error *err) {
    for (size_t i = 0; i < user->n; i++) {
        if (i > 0 && ((struct counting *)state)->table.n_groups == 1)
            return 0;
        if (!met_before(user, i) && add_group(state, user, user->stays[i].platform, err))
            return err->code;
    }
    return 0;
}

/* ---- 4. Together ----------------------------------------------------------------------------- */

/* False if a sum of products leaves 128 bits. */
static bool pool(struct cohorts_cell *cell, const struct cohorts_cell *more) {
    cell->active += more->active;
    cell->lapsed += more->lapsed;
    cell->returned += more->returned;
    cell->net += more->net;
    cell->gross += more->gross;
    return !__builtin_add_overflow(cell->net_net, more->net_net, &cell->net_net) &&
           !__builtin_add_overflow(cell->net_base, more->net_base, &cell->net_base) &&
           !__builtin_add_overflow(cell->gross_gross, more->gross_gross, &cell->gross_gross) &&
           !__builtin_add_overflow(cell->gross_base, more->gross_base, &cell->gross_base);
}

static bool pool_base(struct cohorts_base *base, const struct cohorts_base *more) {
    base->users += more->users;
    base->base += more->base;
    base->positive += more->positive;
    return !__builtin_add_overflow(base->base_base, more->base_base, &base->base_base) &&
           !__builtin_add_overflow(base->positive_positive, more->positive_positive,
                                   &base->positive_positive);
}

static int counting_merge(void *into_state, void *from_state, struct error *err) {
    struct cohorts *into = &((struct counting *)into_state)->table;
    const struct cohorts *from = &((struct counting *)from_state)->table;
    into->unfinished += from->unfinished;
    for (size_t i = 0; i < cells_of(into); i++)
        if (!pool(&into->cells[i], &from->cells[i]))
            return too_large(err);
    for (size_t i = 0; i < rows_of(into); i++) {
        struct cohorts_cycle *cycle = &into->cycles[i];
        const struct cohorts_cycle *more = &from->cycles[i];
        if (!pool_base(&into->bases[i], &from->bases[i]))
            return too_large(err);
        cycle->active += more->active;
        cycle->fresh += more->fresh;
        cycle->returning += more->returning;
        cycle->resurrecting += more->resurrecting;
        cycle->dormant += more->dormant;
    }
    return 0;
}

/* Lapses and returns by an age are those of all ages up to it; who is active at an age or later,
 * those of all ages from it on. */
static void sum_up(struct cohorts *table) {
    for (size_t row = 0; row < rows_of(table); row++) {
        struct cohorts_cell *cells = &table->cells[row * table->most_ages];
        const size_t n = table->n_ages[row % table->n_cohorts];
        for (size_t age = 1; age < n; age++) {
            cells[age].lapsed += cells[age - 1].lapsed;
            cells[age].returned += cells[age - 1].returned;
        }
        for (size_t age = n; age-- > 1 && table->options.retention == COHORTS_UNBOUNDED;)
            cells[age - 1].active += cells[age].active;
    }
}

int cohorts_count(struct presence *presence, const struct cohorts_options *options,
                  struct cohorts *ret, struct error *err) {
    static const struct presence_fold fold = {counting_begin, counting_add, counting_merge,
                                              counting_destroy};
    struct counting like = {.common = ret};
    void *state = NULL;
    *ret = (struct cohorts){.options = *options};
    like.window = window_of(presence_report(presence)->kind);
    int status = find_cohorts(presence, ret, err);
    if (!status)
        status = presence_fold(presence, &fold, &like, &state, err);
    if (!status) {
        struct counting *counting = state;
        *ret = counting->table;
        counting->table.cells = NULL;
        counting->table.bases = NULL;
        counting->table.cycles = NULL;
        sum_up(ret);
    }
    counting_destroy(state);
    if (status)
        cohorts_free(ret);
    return status;
}

void cohorts_free(struct cohorts *cohorts) {
    free(cohorts->periods);
    free(cohorts->n_ages);
    free(cohorts->cells);
    free(cohorts->bases);
    free(cohorts->cycles);
    *cohorts = (struct cohorts){0};
}

/* Many cohorts of one group are still no more users than there are: what fits each by far fits
 * their sum. */
void cohorts_pool(struct cohorts_cell *cell, struct cohorts_base *base,
                  const struct cohorts_cell *more, const struct cohorts_base *more_base) {
    pool(cell, more);
    pool_base(base, more_base);
}

/* ---- 5. Revenue retention -------------------------------------------------------------------- */

/* Sums over n users of x, of b, and of their products. */
struct sums {
    double n, x, b, xx, xb, bb;
};

static struct cohorts_money ratio(const struct sums *s, double confidence) {
    struct cohorts_money ret = {s->b > 0 ? s->x / s->b : NAN, NAN, NAN};
    if (!(s->b > 0) || s->n < 2)
        return ret;
    const double r = ret.retention;
    const double squares = s->xx - 2 * r * s->xb + r * r * s->bb;
    /* The products are exact, so what is below this is nothing but rounding. */
    if (!(squares > 1e-12 * (s->xx + r * r * s->bb)))
        return ret;
    const double error = sqrt(s->n / (s->n - 1) * squares) / s->b;
    const double t = gsl_cdf_tdist_Qinv((1 - confidence) / 2, s->n - 1);
    ret.lower = r - t * error;
    ret.upper = r + t * error;
    return ret;
}

struct cohorts_money cohorts_net(const struct cohorts_cell *cell, const struct cohorts_base *base,
                                 double confidence) {
    const struct sums sums = {(double)base->users,    (double)cell->net,
                              (double)base->base,     (double)cell->net_net,
                              (double)cell->net_base, (double)base->base_base};
    return ratio(&sums, confidence);
}

struct cohorts_money cohorts_gross(const struct cohorts_cell *cell, const struct cohorts_base *base,
                                   double confidence) {
    const struct sums sums = {(double)base->users,      (double)cell->gross,
                              (double)base->positive,   (double)cell->gross_gross,
                              (double)cell->gross_base, (double)base->positive_positive};
    struct cohorts_money money = ratio(&sums, confidence);
    money.lower = isnan(money.lower) ? NAN : fmax(money.lower, 0);
    money.upper = isnan(money.upper) ? NAN : fmin(money.upper, 1);
    return money;
}
