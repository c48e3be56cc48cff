/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue churn of single users.
 *
 * Contents: steps of a user; counting; residuals; the bootstrap; rows; destinations.
 */
#include "revenue/movement.h"

#include "base/random.h"
#include "base/workers.h"
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>

static const struct interval unknown = {NAN, NAN};

/* ---- Steps of a user ------------------------------------------------------------------------- */

/* One entry and its neighbours in the same place; NULL where there are none. */
struct step {
    const struct account_entry *before, *here, *after;
};

static struct step step_of(const struct account_entry *entries, size_t n, size_t i) {
    struct step step = {NULL, &entries[i], NULL};
    if (i > 0 && entries[i - 1].place == entries[i].place)
        step.before = &entries[i - 1];
    if (i + 1 < n && entries[i + 1].place == entries[i].place)
        step.after = &entries[i + 1];
    return step;
}

static decimal paid(const struct account_entry *entry) {
    return entry->of[ACCOUNT_REVENUE];
}

static bool stays(const struct step *step) {
    return step->after && step->after->period == step->here->period + 1;
}

/* What the user gives less in the period after: y of the gross and of the net churn. */
static double gross_loss(const struct step *step) {
    const double x0 = (double)paid(step->here);
    return stays(step) ? fmax(x0 - (double)paid(step->after), 0) : x0;
}

static double net_loss(const struct step *step) {
    return (double)paid(step->here) - (stays(step) ? (double)paid(step->after) : 0);
}

/* ---- Counting -------------------------------------------------------------------------------- */

struct counting {
    const struct accounts *accounts;
    const struct movement_options *options;
    size_t periods, n;      /* n = places x periods */
    struct movement *items; /* [worker][place][period] */
    double (*squares)[2];   /* [part][place][period]: residuals of gross and net */
    double (*drawn)[2];     /* [replication][place][period]: gross and net */
};

static size_t place_at(const struct counting *counting, const struct account_entry *entry) {
    return entry->place * counting->periods + (size_t)(entry->period - counting->accounts->first);
}

static void add_movement(struct movement *movement, enum movement_kind kind, decimal_sum amount) {
    movement->of[kind] += amount;
    movement->users[kind]++;
}

/* How this period came about, from the one before. */
static void count_arrival(const struct step *step, struct movement *now) {
    const decimal_sum x1 = paid(step->here);
    now->end += x1;
    now->users_end++;
    if (!step->before) {
        add_movement(now, MOVEMENT_NEW, x1);
    } else if (step->before->period + 1 != step->here->period) {
        add_movement(now, MOVEMENT_RETURNED, x1);
    } else {
        const decimal_sum x0 = paid(step->before);
        if (x1 < x0)
            add_movement(now, MOVEMENT_CONTRACTION, x0 - x1);
        if (x1 > x0)
            add_movement(now, MOVEMENT_EXPANSION, x1 - x0);
    }
}

static int count_user(void *context, size_t part, int worker, const struct account_entry *entries,
                      size_t n, struct error *err) {
    (void)part, (void)err;
    const struct counting *counting = context;
    struct movement *items = counting->items + (size_t)worker * counting->n;
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        struct movement *now = &items[place_at(counting, step.here)];
        count_arrival(&step, now);
        if (step.here->period == counting->accounts->last)
            continue;
        now[1].start += paid(step.here);
        now[1].users_start++;
        if (!stays(&step))
            add_movement(&now[1], MOVEMENT_LOST, paid(step.here));
    }
    return 0;
}

static void merge(struct movement *into, const struct movement *from) {
    into->start += from->start;
    into->end += from->end;
    into->users_start += from->users_start;
    into->users_end += from->users_end;
    for (int k = 0; k < MOVEMENT_KINDS; k++) {
        into->of[k] += from->of[k];
        into->users[k] += from->users[k];
    }
}

static int count_all(struct counting *counting, struct error *err) {
    const size_t threads = counting->options->threads < 1 ? 1 : (size_t)counting->options->threads;
    counting->items = calloc(threads * counting->n + 1, sizeof *counting->items);
    if (!counting->items)
        return error_memory(err);
    if (accounts_each(counting->accounts, counting->options->threads, count_user, counting, err))
        return err->code;
    for (size_t worker = 1; worker < threads; worker++)
        for (size_t i = 0; i < counting->n; i++)
            merge(&counting->items[i], &counting->items[worker * counting->n + i]);
    for (size_t i = 0; i < counting->n; i++) {
        struct movement *item = &counting->items[i];
        const double start = decimal_sum_to_double(item->start);
        const decimal_sum lost = item->of[MOVEMENT_LOST] + item->of[MOVEMENT_CONTRACTION];
        item->gross = (struct movement_share){NAN, unknown, unknown};
        item->net = item->gross;
        if (!(item->start > 0))
            continue;
        item->gross.value = decimal_sum_to_double(lost) / start;
        item->net.value = decimal_sum_to_double(lost - item->of[MOVEMENT_EXPANSION]) / start;
    }
    return 0;
}

/* ---- Residuals ------------------------------------------------------------------------------- */

static int square_user(void *context, size_t part, int worker, const struct account_entry *entries,
                       size_t n, struct error *err) {
    (void)worker, (void)err;
    const struct counting *counting = context;
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        if (step.here->period == counting->accounts->last)
            continue;
        const size_t at = place_at(counting, step.here) + 1;
        const struct movement *item = &counting->items[at];
        const double x = (double)paid(step.here);
        const double gross = gross_loss(&step) - item->gross.value * x;
        const double net = net_loss(&step) - item->net.value * x;
        counting->squares[part * counting->n + at][0] += gross * gross;
        counting->squares[part * counting->n + at][1] += net * net;
    }
    return 0;
}

/* r +- t se; `squares` and `total` in the same units. A share cannot leave [0, 1]; a net churn can,
 * below, where users spend more than before. */
static struct interval ratio_interval(double r, int64_t users, double squares, double total,
                                      bool is_share, double confidence) {
    if (users < 2 || !(squares > 0) || !(total > 0))
        return unknown;
    const double n = (double)users;
    const double reach =
        gsl_cdf_tdist_Qinv((1 - confidence) / 2, n - 1) * sqrt(n / (n - 1) * squares) / total;
    struct interval interval = {r - reach, r + reach};
    if (is_share && r >= 0 && r <= 1)
        interval = (struct interval){fmax(interval.lower, 0), fmin(interval.upper, 1)};
    return interval;
}

static int find_intervals(struct counting *counting, struct error *err) {
    const double confidence = counting->options->confidence;
    counting->squares = calloc(LEDGER_PARTS * counting->n + 1, sizeof *counting->squares);
    if (!counting->squares)
        return error_memory(err);
    if (accounts_each(counting->accounts, counting->options->threads, square_user, counting, err))
        return err->code;
    for (size_t i = 0; i < counting->n; i++) {
        struct movement *item = &counting->items[i];
        double squares[2] = {0, 0};
        for (size_t part = 0; part < LEDGER_PARTS; part++)
            for (int k = 0; k < 2; k++)
                squares[k] += counting->squares[part * counting->n + i][k];
        const double total = (double)item->start;
        item->gross.delta = ratio_interval(item->gross.value, item->users_start, squares[0], total,
                                           true, confidence);
        item->net.delta = ratio_interval(item->net.value, item->users_start, squares[1], total,
                                         false, confidence);
    }
    return 0;
}

/* ---- The bootstrap --------------------------------------------------------------------------- */

enum { RANDOM_BOOTSTRAP = 17 };

/* Poisson(1) by inversion. */
static double draw_weight(uint32_t seed, uint32_t replication, const struct account_entry *user) {
    struct random_stream stream;
    random_open(&stream, seed, replication, account_entity(user), account_step(user),
                RANDOM_BOOTSTRAP);
    const double u = random_uniform(&stream);
    double term = 0.36787944117144233, sum = term; /* exp(-1) */
    int k = 0;
    while (u >= sum && k < 30) {
        term /= ++k;
        sum += term;
    }
    return k;
}

static void weigh_user(const struct counting *counting, const struct account_entry *entries,
                       size_t n, double weight, double (*sums)[3]) {
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        if (step.here->period == counting->accounts->last)
            continue;
        double *sum = sums[place_at(counting, step.here) + 1];
        sum[0] += weight * (double)paid(step.here);
        sum[1] += weight * gross_loss(&step);
        sum[2] += weight * net_loss(&step);
    }
}

static int replicate(void *context, size_t replication, int worker, struct error *err) {
    (void)worker;
    const struct counting *counting = context;
    double(*sums)[3] = calloc(counting->n + 1, sizeof *sums);
    if (!sums)
        return error_memory(err);
    for (size_t p = 0; p < LEDGER_PARTS; p++) {
        const struct accounts_part *part = &counting->accounts->parts[p];
        for (size_t i = 0, end; i < part->count; i = end) {
            for (end = i + 1;
                 end < part->count && account_same_user(&part->entries[i], &part->entries[end]);)
                end++;
            const double weight =
                draw_weight(counting->options->seed, (uint32_t)replication, &part->entries[i]);
            if (weight > 0)
                weigh_user(counting, &part->entries[i], end - i, weight, sums);
        }
    }
    for (size_t i = 0; i < counting->n; i++)
        for (int k = 0; k < 2; k++)
            counting->drawn[replication * counting->n + i][k] =
                sums[i][0] > 0 ? sums[i][k + 1] / sums[i][0] : NAN;
    free(sums);
    return 0;
}

/* Quantiles of what was drawn; missing if a replication had no revenue to be a share of. */
static struct interval quantiles(const struct counting *counting, size_t at, int kind,
                                 double *scratch) {
    const size_t n = counting->options->replications;
    const double tail = (1 - counting->options->confidence) / 2;
    for (size_t b = 0; b < n; b++) {
        scratch[b] = counting->drawn[b * counting->n + at][kind];
        if (isnan(scratch[b]))
            return unknown;
    }
    gsl_sort(scratch, 1, n);
    return (struct interval){gsl_stats_quantile_from_sorted_data(scratch, 1, n, tail),
                             gsl_stats_quantile_from_sorted_data(scratch, 1, n, 1 - tail)};
}

static int bootstrap(struct counting *counting, struct error *err) {
    const size_t n = counting->options->replications;
    if (n == 0)
        return 0;
    counting->drawn = malloc((n * counting->n + 1) * sizeof *counting->drawn);
    double *scratch = malloc(n * sizeof *scratch);
    int code = counting->drawn && scratch ? 0 : error_memory(err);
    if (!code)
        code = workers_run(counting->options->threads, n, replicate, counting, err);
    for (size_t i = 0; !code && i < counting->n; i++) {
        struct movement *item = &counting->items[i];
        if (!isnan(item->gross.delta.lower)) /* elsewhere draws would all say the same */
            item->gross.bootstrap = quantiles(counting, i, 0, scratch);
        if (!isnan(item->net.delta.lower))
            item->net.bootstrap = quantiles(counting, i, 1, scratch);
    }
    free(scratch);
    return code;
}

/* ---- Rows ------------------------------------------------------------------------------------ */

static void keep_rows(const struct counting *counting, struct movements *ret) {
    for (size_t place = 0; place < counting->accounts->n_places; place++) {
        bool begun = false;
        for (size_t k = 0; k < counting->periods; k++) {
            struct movement *item = &counting->items[place * counting->periods + k];
            item->place = (uint32_t)place;
            item->period =
                (struct period){counting->accounts->kind, counting->accounts->first + (int32_t)k};
            if (begun)
                ret->items[ret->count++] = *item;
            begun |= item->users_end > 0;
        }
    }
}

int movements_count(const struct accounts *accounts, const struct movement_options *options,
                    struct movements *ret, struct error *err) {
    struct counting counting = {.accounts = accounts, .options = options};
    if (accounts->first <= accounts->last)
        counting.periods = (size_t)(accounts->last - accounts->first) + 1;
    counting.n = accounts->n_places * counting.periods;
    ret->items = malloc((counting.n + 1) * sizeof *ret->items);
    int code = ret->items ? count_all(&counting, err) : error_memory(err);
    if (!code)
        code = find_intervals(&counting, err);
    if (!code)
        code = bootstrap(&counting, err);
    if (!code)
        keep_rows(&counting, ret);
    free(counting.items);
    free(counting.squares);
    free(counting.drawn);
    return code;
}

void movements_free(struct movements *movements) {
    free(movements->items);
    *movements = (struct movements){0};
}

/* ---- Destinations ---------------------------------------------------------------------------- */

/* Where amounts of one place and period go: slot 0 is gone, 1 stayed, 2 + p platform p. */
enum { GONE, STAYED, PLATFORMS };

struct slot {
    decimal_sum users_lost, lost, contraction, users_moved, gain;
};

struct spreading {
    const struct accounts *accounts;
    const struct movement_options *options;
    size_t periods, slots, n; /* n = places x periods x slots */
    uint32_t *platform_of;    /* of a place */
    size_t n_platforms;
    struct slot *items; /* [worker][place][period][slot] */
    double *squares;    /* [part][place][period][slot] */
    struct scratch {
        double *minutes[2]; /* by platform, before and now */
        decimal *revenue[2];
        bool *active;
        decimal_sum *weights; /* by slot; 0 to sum */
    } * scratch;              /* by worker */
};

/* What a user has at a period on each platform. */
static void look_around(const struct spreading *spreading, const struct account_entry *entries,
                        size_t n, int32_t period, const struct scratch *scratch) {
    for (size_t p = 0; p < spreading->n_platforms; p++) {
        scratch->minutes[0][p] = scratch->minutes[1][p] = 0;
        scratch->revenue[0][p] = scratch->revenue[1][p] = 0;
        scratch->active[p] = false;
    }
    for (size_t i = 0; i < n; i++) {
        const int32_t when = entries[i].period - period + 1; /* 0: before, 1: now */
        if (when != 0 && when != 1)
            continue;
        const uint32_t platform = spreading->platform_of[entries[i].place];
        scratch->minutes[when][platform] += (double)entries[i].of[ACCOUNT_MINUTES];
        scratch->revenue[when][platform] += paid(&entries[i]);
        scratch->active[platform] |= when == 1;
    }
}

/* Weights of the slots for a user who left `platform`, wholly or in part; returns their sum. */
static decimal_sum weigh_slots(const struct spreading *spreading, uint32_t platform, bool lost,
                               const struct scratch *scratch) {
    double minutes = 0;
    decimal_sum sum = 0;
    for (size_t p = 0; p < spreading->n_platforms; p++)
        if (p != platform && scratch->active[p])
            minutes += scratch->minutes[1][p];
    scratch->weights[GONE] = scratch->weights[STAYED] = 0;
    for (size_t p = 0; p < spreading->n_platforms; p++) {
        const bool there = p != platform && scratch->active[p];
        scratch->weights[PLATFORMS + p] = !there        ? 0
                                          : minutes > 0 ? (decimal_sum)scratch->minutes[1][p]
                                                        : 1;
        sum += scratch->weights[PLATFORMS + p];
    }
    if (sum == 0)
        sum = scratch->weights[lost ? GONE : STAYED] = 1;
    return sum;
}

/* What slot s gets of an amount: whole millionths, the rest going to the first that gets any. */
static decimal_sum apportion(const struct spreading *spreading, const struct scratch *scratch,
                             size_t s, decimal_sum amount, decimal_sum sum) {
    size_t first = 0;
    decimal_sum rest = amount;
    while (scratch->weights[first] == 0)
        first++;
    if (s != first) /* in floating point where the product would not fit: weights are only shares */
        return (decimal_sum)trunc((double)amount * ((double)scratch->weights[s] / (double)sum));
    for (size_t other = 0; other < spreading->slots; other++)
        if (other != first && scratch->weights[other] != 0)
            rest -= apportion(spreading, scratch, other, amount, sum);
    return rest;
}

/* Share of time that moved from `platform`, in millionths of a user, to each slot. */
static void move_time(const struct spreading *spreading, uint32_t platform, double here,
                      const struct scratch *scratch, struct slot *slots) {
    double total[2] = {0, 0}, rises = 0;
    for (size_t p = 0; p < spreading->n_platforms; p++)
        for (int t = 0; t < 2; t++)
            total[t] += scratch->minutes[t][p];
    if (!(total[0] > 0) || !(scratch->minutes[0][platform] > 0))
        return;
    /* `here` is this place's part of its platform's minutes before. */
    const double part = here / scratch->minutes[0][platform];
    const double before = scratch->minutes[0][platform] / total[0];
    if (!(total[1] > 0)) {
        slots[GONE].users_moved += (decimal_sum)rint(before * part * 1e6);
        return;
    }
    const double fall = before - scratch->minutes[1][platform] / total[1];
    for (size_t p = 0; p < spreading->n_platforms; p++)
        rises += fmax(scratch->minutes[1][p] / total[1] - scratch->minutes[0][p] / total[0], 0);
    if (!(fall > 0) || !(rises > 0))
        return;
    for (size_t p = 0; p < spreading->n_platforms; p++) {
        const double rise = scratch->minutes[1][p] / total[1] - scratch->minutes[0][p] / total[0];
        if (rise > 0)
            slots[PLATFORMS + p].users_moved += (decimal_sum)rint(fall * rise / rises * part * 1e6);
    }
}

/* The loss of one user from one place to the next period; false if they gave no less. */
struct leaving {
    bool lost;
    decimal_sum amount;
};
static bool leaves(const struct step *step, struct leaving *ret) {
    ret->lost = !stays(step);
    ret->amount = ret->lost ? paid(step->here) : (decimal_sum)paid(step->here) - paid(step->after);
    return ret->lost || ret->amount > 0;
}

static void spread_step(const struct spreading *spreading, const struct step *step,
                        const struct scratch *scratch, struct slot *slots) {
    const uint32_t platform = spreading->platform_of[step->here->place];
    struct leaving leaving;
    if (spreading->accounts->has[ACCOUNT_MINUTES])
        move_time(spreading, platform, (double)step->here->of[ACCOUNT_MINUTES], scratch, slots);
    if (!leaves(step, &leaving))
        return;
    const decimal_sum sum = weigh_slots(spreading, platform, leaving.lost, scratch);
    for (size_t s = 0; s < spreading->slots; s++) {
        if (scratch->weights[s] == 0)
            continue;
        const decimal_sum amount = apportion(spreading, scratch, s, leaving.amount, sum);
        if (leaving.lost) {
            slots[s].lost += amount;
            slots[s].users_lost += apportion(spreading, scratch, s, DECIMAL_ONE, sum);
        } else {
            slots[s].contraction += amount;
        }
        if (s >= PLATFORMS)
            slots[s].gain += (decimal_sum)scratch->revenue[1][s - PLATFORMS] -
                             scratch->revenue[0][s - PLATFORMS];
    }
}

static size_t slots_at(const struct spreading *spreading, const struct account_entry *entry) {
    const size_t period = (size_t)(entry->period - spreading->accounts->first) + 1;
    return (entry->place * spreading->periods + period) * spreading->slots;
}

static int spread_user(void *context, size_t part, int worker, const struct account_entry *entries,
                       size_t n, struct error *err) {
    (void)part, (void)err;
    const struct spreading *spreading = context;
    struct slot *items = spreading->items + (size_t)worker * spreading->n;
    const struct scratch *scratch = &spreading->scratch[worker];
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        if (step.here->period == spreading->accounts->last)
            continue;
        look_around(spreading, entries, n, step.here->period + 1, scratch);
        spread_step(spreading, &step, scratch, &items[slots_at(spreading, step.here)]);
    }
    return 0;
}

/* Squares of y - r x, y a user's loss to a slot and x all of their loss; users who lose nothing add
 * none. */
static int square_slots(void *context, size_t part, int worker, const struct account_entry *entries,
                        size_t n, struct error *err) {
    (void)err;
    const struct spreading *spreading = context;
    const struct scratch *scratch = &spreading->scratch[worker];
    for (size_t i = 0; i < n; i++) {
        const struct step step = step_of(entries, n, i);
        struct leaving leaving;
        if (step.here->period == spreading->accounts->last || !leaves(&step, &leaving))
            continue;
        look_around(spreading, entries, n, step.here->period + 1, scratch);
        const size_t at = slots_at(spreading, step.here);
        const decimal_sum sum =
            weigh_slots(spreading, spreading->platform_of[step.here->place], leaving.lost, scratch);
        decimal_sum all = 0;
        for (size_t s = 0; s < spreading->slots; s++)
            all += spreading->items[at + s].lost + spreading->items[at + s].contraction;
        for (size_t s = 0; s < spreading->slots; s++) {
            const struct slot *slot = &spreading->items[at + s];
            const double r = (double)(slot->lost + slot->contraction) / (double)all;
            const double share = (double)scratch->weights[s] / (double)sum;
            const double residual = (double)leaving.amount * (share - r);
            spreading->squares[part * spreading->n + at + s] += residual * residual;
        }
    }
    return 0;
}

static int by_name(const void *a, const void *b) {
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

/* Platforms are the places without their groups. */
static int number_platforms(struct spreading *spreading, struct destinations *ret,
                            struct error *err) {
    const struct accounts *accounts = spreading->accounts;
    ret->platforms = malloc((accounts->n_places + 1) * sizeof *ret->platforms);
    spreading->platform_of = malloc((accounts->n_places + 1) * sizeof(uint32_t));
    if (!ret->platforms || !spreading->platform_of)
        return error_memory(err);
    for (size_t p = 0; p < accounts->n_places; p++)
        ret->platforms[p] = accounts->places[p].platform;
    qsort(ret->platforms, accounts->n_places, sizeof *ret->platforms, by_name);
    for (size_t p = 0; p < accounts->n_places; p++)
        if (p == 0 || !text_equal(ret->platforms[p], ret->platforms[ret->n_platforms - 1]))
            ret->platforms[ret->n_platforms++] = ret->platforms[p];
    for (size_t p = 0; p < accounts->n_places; p++) {
        const struct text *found = bsearch(&accounts->places[p].platform, ret->platforms,
                                           ret->n_platforms, sizeof *found, by_name);
        spreading->platform_of[p] = (uint32_t)(found - ret->platforms);
    }
    spreading->n_platforms = ret->n_platforms;
    spreading->slots = PLATFORMS + ret->n_platforms;
    return 0;
}

static int get_scratch(struct spreading *spreading, size_t threads, struct error *err) {
    spreading->scratch = calloc(threads, sizeof *spreading->scratch);
    if (!spreading->scratch)
        return error_memory(err);
    for (size_t w = 0; w < threads; w++) {
        struct scratch *scratch = &spreading->scratch[w];
        for (int t = 0; t < 2; t++) {
            scratch->minutes[t] = calloc(spreading->slots, sizeof(double));
            scratch->revenue[t] = calloc(spreading->slots, sizeof(decimal));
            if (!scratch->minutes[t] || !scratch->revenue[t])
                return error_memory(err);
        }
        scratch->active = calloc(spreading->slots, sizeof(bool));
        scratch->weights = calloc(spreading->slots, sizeof(decimal_sum));
        if (!scratch->active || !scratch->weights)
            return error_memory(err);
    }
    return 0;
}

static void drop_scratch(struct spreading *spreading, size_t threads) {
    for (size_t w = 0; spreading->scratch && w < threads; w++) {
        for (int t = 0; t < 2; t++) {
            free(spreading->scratch[w].minutes[t]);
            free(spreading->scratch[w].revenue[t]);
        }
        free(spreading->scratch[w].active);
        free(spreading->scratch[w].weights);
    }
    free(spreading->scratch);
}

static int spread_all(struct spreading *spreading, size_t threads, struct error *err) {
    spreading->items = calloc(threads * spreading->n + 1, sizeof *spreading->items);
    spreading->squares = calloc(LEDGER_PARTS * spreading->n + 1, sizeof *spreading->squares);
    if (!spreading->items || !spreading->squares)
        return error_memory(err);
    if (accounts_each(spreading->accounts, spreading->options->threads, spread_user, spreading,
                      err))
        return err->code;
    for (size_t worker = 1; worker < threads; worker++)
        for (size_t i = 0; i < spreading->n; i++) {
            struct slot *into = &spreading->items[i];
            const struct slot *from = &spreading->items[worker * spreading->n + i];
            into->users_lost += from->users_lost;
            into->lost += from->lost;
            into->contraction += from->contraction;
            into->users_moved += from->users_moved;
            into->gain += from->gain;
        }
    return accounts_each(spreading->accounts, spreading->options->threads, square_slots, spreading,
                         err);
}

static struct movement_share slot_share(const struct spreading *spreading, size_t at, size_t s,
                                        int64_t users) {
    struct movement_share share = {NAN, unknown, unknown};
    decimal_sum all = 0;
    double squares = 0;
    for (size_t k = 0; k < spreading->slots; k++)
        all += spreading->items[at + k].lost + spreading->items[at + k].contraction;
    if (all <= 0)
        return share;
    const struct slot *slot = &spreading->items[at + s];
    share.value =
        decimal_sum_to_double(slot->lost + slot->contraction) / decimal_sum_to_double(all);
    for (size_t part = 0; part < LEDGER_PARTS; part++)
        squares += spreading->squares[part * spreading->n + at + s];
    share.delta = ratio_interval(share.value, users, squares, (double)all, true,
                                 spreading->options->confidence);
    return share;
}

static void keep_slots(const struct spreading *spreading, const struct movement *movement,
                       struct destinations *ret) {
    const size_t at = (movement->place * spreading->periods +
                       (size_t)(movement->period.index - spreading->accounts->first)) *
                      spreading->slots;
    for (size_t k = 0; k < spreading->slots; k++) {
        const size_t s = (k + PLATFORMS) % spreading->slots; /* platforms first */
        const struct slot *slot = &spreading->items[at + s];
        if (slot->users_lost == 0 && slot->lost == 0 && slot->contraction == 0 &&
            slot->users_moved == 0)
            continue;
        ret->items[ret->count++] = (struct destination){
            .place = movement->place,
            .period = movement->period,
            .platform = s == GONE     ? MOVEMENT_GONE
                        : s == STAYED ? MOVEMENT_STAYED
                                      : (int64_t)s - PLATFORMS,
            .users_lost = slot->users_lost,
            .lost = slot->lost,
            .contraction = slot->contraction,
            .users_moved = slot->users_moved,
            .gain = slot->gain,
            .share = slot_share(spreading, at, s, movement->users_start),
        };
    }
}

int destinations_count(const struct accounts *accounts, const struct movement_options *options,
                       struct destinations *ret, struct error *err) {
    const size_t threads = options->threads < 1 ? 1 : (size_t)options->threads;
    const struct movement_options plain = {.confidence = options->confidence,
                                           .threads = options->threads};
    struct spreading spreading = {.accounts = accounts, .options = options};
    struct movements movements = {0};
    if (accounts->first <= accounts->last)
        spreading.periods = (size_t)(accounts->last - accounts->first) + 1;
    int code = movements_count(accounts, &plain, &movements, err);
    if (!code)
        code = number_platforms(&spreading, ret, err);
    spreading.n = accounts->n_places * spreading.periods * spreading.slots;
    if (!code)
        code = get_scratch(&spreading, threads, err);
    if (!code)
        code = spread_all(&spreading, threads, err);
    if (!code && !(ret->items = malloc((spreading.n + 1) * sizeof *ret->items)))
        code = error_memory(err);
    for (size_t i = 0; !code && i < movements.count; i++)
        keep_slots(&spreading, &movements.items[i], ret);
    movements_free(&movements);
    drop_scratch(&spreading, threads);
    free(spreading.platform_of);
    free(spreading.items);
    free(spreading.squares);
    return code;
}

void destinations_free(struct destinations *destinations) {
    free(destinations->items);
    free(destinations->platforms);
    *destinations = (struct destinations){0};
}
