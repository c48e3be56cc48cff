/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State-space models of a series before an event.
 *
 *   1. The model
 *   2. The filter
 *   3. Maximum likelihood
 *   4. What the variances may be
 *   5. After the event
 *   6. Figures
 *   7. Paths
 */
#include "revenue/impact-space.h"

#include "base/random.h"
#include "revenue/impact-posterior.h"
#include "revenue/impact-regression.h"
#include "stats/maximise.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. The model ---------------------------------------------------------------------------- */

enum { IRREGULAR, LEVEL, SLOPE, VARIANCES };
static const char *const variance_names[VARIANCES] = {"variance_irregular", "variance_level",
                                                      "variance_slope"};

/* y and controls are worked with in units of their standard deviation before the event, about their
 * mean there, so that one tolerance serves for all. */
struct scale {
    double mean, unit;
};

struct impact_space {
    const struct impact_series *series;
    const struct impact_space_options *options;
    size_t m, n_seasons, first_control; /* states; columns of the season; where controls begin */
    struct scale scale_y, *scales;
    bool flat;                   /* y does not vary before the event */
    double *z;                   /* n x m: what of the state is seen at each position */
    double *room;                /* for the filter: see struct filter */
    double variances[VARIANCES]; /* in units of scale_y */
    double errors[VARIANCES];    /* of their logarithms; nan at the boundary */
    double upper[VARIANCES];     /* at the boundary: the end of an interval from 0 */
    double log_likelihood;
    size_t starts, agreeing;
    struct filter *at_event; /* the state just before the first period after */
    struct branch *branches; /* what the variances may be; one, as estimated, with plug_in */
    size_t n_branches;
    double dof;                   /* of their Student's t distributions; INFINITY with plug_in */
    struct posterior_term *terms; /* n_branches: room for a question */
    /* One position's forecast before it was seen; nan in the diffuse phase. */
    double *forecast, *variance; /* series->event */
};

/* State with mean a and covariance kappa p_diffuse + p, kappa to infinity. */
struct filter {
    size_t m, diffuse; /* elements still diffuse */
    double *a, *p, *p_diffuse, *k, *k_diffuse;
    double log_likelihood;
    double log_f, squares; /* sums over it of log f, diffuse ones too, and of v^2/f */
    size_t used;           /* observations that are not spent on diffuse elements */
};

static size_t filter_room(size_t m) {
    return 2 * m * m + 3 * m;
}

static struct filter filter_in(double *room, size_t m) {
    return (struct filter){.m = m,
                           .a = room,
                           .k = room + m,
                           .k_diffuse = room + 2 * m,
                           .p = room + 3 * m,
                           .p_diffuse = room + 3 * m + m * m};
}

static void filter_begin(struct filter *filter) {
    const size_t m = filter->m;
    memset(filter->a, 0, m * sizeof(double));
    memset(filter->p, 0, m * m * sizeof(double));
    memset(filter->p_diffuse, 0, m * m * sizeof(double));
    for (size_t i = 0; i < m; i++)
        filter->p_diffuse[i * m + i] = 1;
    filter->diffuse = m;
    filter->log_likelihood = filter->log_f = filter->squares = 0;
    filter->used = 0;
}

/* ---- 2. The filter --------------------------------------------------------------------------- */

static double dot(const double *a, const double *b, size_t m) {
    double sum = 0;
    for (size_t i = 0; i < m; i++)
        sum += a[i] * b[i];
    return sum;
}

static void multiply(const double *p, const double *z, size_t m, double *ret) {
    for (size_t i = 0; i < m; i++)
        ret[i] = dot(p + i * m, z, m);
}

/* What is seen of diffuse elements is exact up to this share of its length. */
#define NOT_DIFFUSE 1e-8

/* Takes one observation in: Durbin & Koopman 2012, section 4.3 and, while something is diffuse,
 * section 5.2, with the step in time left to filter_advance. */
static void filter_see(struct filter *filter, const double *z, double y, double noise) {
    const size_t m = filter->m;
    const double v = y - dot(z, filter->a, m);
    multiply(filter->p, z, m, filter->k);
    const double f = dot(z, filter->k, m) + noise;
    double f_diffuse = 0;
    if (filter->diffuse > 0) {
        multiply(filter->p_diffuse, z, m, filter->k_diffuse);
        f_diffuse = dot(z, filter->k_diffuse, m);
    }
    if (f_diffuse > NOT_DIFFUSE * dot(z, z, m)) {
        for (size_t i = 0; i < m; i++)
            filter->a[i] += filter->k_diffuse[i] * v / f_diffuse;
        for (size_t i = 0; i < m; i++)
            for (size_t j = 0; j < m; j++) {
                const double ki = filter->k_diffuse[i] / f_diffuse;
                const double kj = filter->k_diffuse[j] / f_diffuse;
                filter->p[i * m + j] += f * ki * kj - ki * filter->k[j] - kj * filter->k[i];
                filter->p_diffuse[i * m + j] -= f_diffuse * ki * kj;
            }
        filter->log_likelihood -= 0.5 * log(f_diffuse);
        filter->log_f += log(f_diffuse);
        filter->diffuse--;
        return;
    }
    if (!(f > 0)) { /* nothing moves: what is not foreseen exactly is impossible */
        filter->log_likelihood = fabs(v) > 0 ? -INFINITY : filter->log_likelihood;
        filter->log_f = fabs(v) > 0 ? INFINITY : filter->log_f;
    } else {
        for (size_t i = 0; i < m; i++)
            filter->a[i] += filter->k[i] * v / f;
        for (size_t i = 0; i < m; i++) {
            const double gain = filter->k[i] / f;
            for (size_t j = 0; j < m; j++)
                filter->p[i * m + j] -= gain * filter->k[j];
        }
        filter->log_likelihood -= 0.5 * (log(2 * M_PI) + log(f) + v * v / f);
        filter->log_f += log(f);
        filter->squares += v * v / f;
    }
    filter->used++;
}

/* p = T p T' where T adds state 1, the slope, to state 0. */
static void add_slope(double *p, size_t m) {
    for (size_t j = 0; j < m; j++)
        p[j] += p[m + j];
    for (size_t i = 0; i < m; i++)
        p[i * m] += p[i * m + 1];
}

static void filter_advance(struct filter *filter, const double *variances, bool trend) {
    const size_t m = filter->m;
    if (trend) {
        filter->a[0] += filter->a[1];
        add_slope(filter->p, m);
        if (filter->diffuse > 0)
            add_slope(filter->p_diffuse, m);
        filter->p[m + 1] += variances[SLOPE];
    }
    filter->p[0] += variances[LEVEL];
}

/* y in the model's units; nan if it or a control is not known. */
static double scaled(const struct impact_space *space, size_t t) {
    return impact_known(space->series, t)
               ? (space->series->value[t] - space->scale_y.mean) / space->scale_y.unit
               : NAN;
}

/* Runs over the periods before the event; with `keep`, keeps the forecasts. */
static void run(struct impact_space *space, const double *variances, struct filter *filter,
                bool keep) {
    filter_begin(filter);
    for (size_t t = 0; t < space->series->event; t++) {
        const double *z = space->z + t * space->m, y = scaled(space, t);
        if (keep) {
            space->forecast[t] = space->variance[t] = NAN;
            if (impact_controls_known(space->series, t) && filter->diffuse == 0) {
                multiply(filter->p, z, space->m, filter->k);
                space->forecast[t] = dot(z, filter->a, space->m);
                space->variance[t] = dot(z, filter->k, space->m) + variances[IRREGULAR];
            }
        }
        if (!isnan(y))
            filter_see(filter, z, y, variances[IRREGULAR]);
        filter_advance(filter, variances, space->options->trend);
    }
}

/* In the units of the input: y has a density per unit of it, and a coefficient of a control is per
 * unit of that. */
static double in_units(const struct impact_space *space, const struct filter *filter) {
    double value = filter->log_likelihood - (double)filter->used * log(space->scale_y.unit);
    for (size_t j = 0; j < space->series->n_controls; j++)
        value -= log(space->scales[j].unit);
    return value;
}

double impact_space_likelihood(const struct impact_space *space, const double variances[3]) {
    struct impact_space copy = *space;
    struct filter filter = filter_in(space->room, space->m);
    const double square = space->scale_y.unit * space->scale_y.unit;
    const double inside[VARIANCES] = {variances[0] / square, variances[1] / square,
                                      variances[2] / square};
    run(&copy, inside, &filter, false);
    return in_units(space, &filter);
}

/* ---- 3. Maximum likelihood ------------------------------------------------------------------- */

/* Which variances are parameters; the others are what `fixed` says. */
struct search {
    struct impact_space *space;
    bool active[VARIANCES];
    double fixed[VARIANCES];
};

static size_t unpack(const struct search *search, const double *theta, double *variances) {
    size_t k = 0;
    for (int i = 0; i < VARIANCES; i++)
        variances[i] = search->active[i] ? exp(theta[k++]) : search->fixed[i];
    return k;
}

/* Beyond e^+-40 of the variance of the series nothing is left to be told apart. */
static double likelihood(void *context, const double *theta) {
    const struct search *search = context;
    struct filter filter = filter_in(search->space->room, search->space->m);
    double variances[VARIANCES];
    const size_t k = unpack(search, theta, variances);
    for (size_t i = 0; i < k; i++)
        if (fabs(theta[i]) > 40)
            return -INFINITY;
    run(search->space, variances, &filter, false);
    return filter.diffuse > 0 ? -INFINITY : filter.log_likelihood;
}

static const double start_points[][VARIANCES] = {
    {-0.7, -2, -5}, {-3, -0.7, -7}, {-1, -7, -3}, {-7, -1, -9}};
enum { STARTS = sizeof start_points / sizeof *start_points };

/* From all starts, or, near an optimum that is known (`from`: all logarithms, used or not), from
 * there alone. */
static int maximise_active(struct search *search, const double *from, struct maximum *ret,
                           struct error *err) {
    double starts[STARTS * VARIANCES];
    const size_t n = from ? 1 : STARTS;
    size_t k = 0;
    for (int i = 0; i < VARIANCES; i++)
        k += search->active[i];
    for (size_t s = 0; s < n; s++)
        for (size_t i = 0, j = 0; i < VARIANCES; i++)
            if (search->active[i])
                starts[s * k + j++] = from ? from[i] : start_points[s][i];
    return maximise(likelihood, search, k, starts, n, ret, err);
}

/* The logarithms of all variances at an optimum; what is no parameter gets any. */
static void spread(const struct search *search, const struct maximum *found, double *ret) {
    for (int i = 0, k = 0; i < VARIANCES; i++)
        ret[i] = search->active[i] ? found->theta[k++] : 0;
}

/* A variance is dropped if the likelihood without it is as good: the best such one, again and again
 * until none is or one is left. */
#define AS_GOOD 1e-3

static int drop_idle(struct search *search, struct maximum *best, struct error *err) {
    for (;;) {
        int dropped = -1, n = 0;
        struct maximum found, without;
        double from[VARIANCES];
        spread(search, best, from);
        for (int i = 0; i < VARIANCES; i++)
            n += search->active[i];
        for (int i = 0; i < VARIANCES && n > 1; i++) {
            if (!search->active[i])
                continue;
            struct error inner = {0};
            search->active[i] = false;
            const int code = maximise_active(search, from, &found, &inner);
            search->active[i] = true;
            if (code == ERROR_SYSTEM)
                return error_set(err, code, "%s", inner.text);
            if (!code && found.value >= best->value - AS_GOOD &&
                (dropped < 0 || found.value > without.value)) {
                dropped = i;
                without = found;
            }
        }
        if (dropped < 0)
            return 0;
        search->active[dropped] = false;
        *best = without;
    }
}

/* The largest value of a variance whose estimate is 0 that the data do not speak against: where the
 * likelihood, the other variances at their best, is as low as the half-and-half mixture of 0 and
 * chi-square with one degree of freedom allows (Self & Liang 1987,
 * doi:10.1080/01621459.1987.10478472).
 */
static int bound_idle(struct search *search, int i, const struct maximum *best, double *ret,
                      struct error *err) {
    const double alpha = 1 - search->space->options->confidence;
    const double least = best->value - (alpha < 0.5 ? gsl_cdf_chisq_Qinv(2 * alpha, 1) / 2 : 0);
    double from[VARIANCES], low = -25,
                            high = 5; /* logarithms, the variance of the series being 1 */
    spread(search, best, from);
    while (high - low > 1e-5) {
        const double middle = (low + high) / 2;
        struct maximum found;
        search->fixed[i] = exp(middle);
        if (maximise_active(search, from, &found, err))
            return err->code;
        *(found.value >= least ? &low : &high) = middle;
    }
    search->fixed[i] = 0;
    *ret = exp(low);
    return 0;
}

static int estimate(struct impact_space *space, struct error *err) {
    struct search search = {space, {true, true, space->options->trend}, {0}};
    struct maximum best;
    if (maximise_active(&search, NULL, &best, err) || drop_idle(&search, &best, err))
        return err->code;
    if (!best.converged)
        return error_set(err, ERROR_DATA,
                         "the likelihood has no clear maximum: expected more periods before the "
                         "event, or a simpler model");
    size_t k = unpack(&search, best.theta, space->variances), j = 0;
    for (int i = 0; i < VARIANCES; i++) {
        space->errors[i] = search.active[i] ? sqrt(best.covariance[j * k + j]) : NAN;
        j += search.active[i];
        space->upper[i] = NAN;
        if (!search.active[i] && (i != SLOPE || space->options->trend) &&
            bound_idle(&search, i, &best, &space->upper[i], err))
            return err->code;
    }
    space->agreeing = best.agreeing;
    run(space, space->variances, space->at_event, true);
    space->log_likelihood = in_units(space, space->at_event);
    return 0;
}

/* ---- 4. What the variances may be ------------------------------------------------------------ */

/* Given the ratios of the standard deviations, all variances are known but for one factor r^2. With
 * the prior 1/r the observations leave it a scaled inverse chi-square distribution with `used`
 * degrees of freedom about squares/used, and what is forecast a Student's t distribution (West &
 * Harrison 1997, Bayesian Forecasting and Dynamic Models, chapter 4). The ratios are integrated
 * over in turn (there, chapter 12, as a mixture of models). */
struct branch {
    double weight;
    double variances[VARIANCES]; /* times the square of `scale` */
    double scale;                /* the root of squares/used, or 1 */
    double *room;                /* of the state at the event */
    struct filter at_event;
};

struct ratios {
    struct impact_space *space;
    struct filter filter;
};

static void square_all(const double sd[3], double variances[VARIANCES]) {
    for (int i = 0; i < VARIANCES; i++)
        variances[i] = sd[i] * sd[i];
}

/* The likelihood of the ratios, r integrated out. */
static double ratio_density(void *context, const double sd[3]) {
    struct ratios *ratios = context;
    struct filter *filter = &ratios->filter;
    double variances[VARIANCES];
    square_all(sd, variances);
    run(ratios->space, variances, filter, false);
    if (filter->diffuse > 0 || !(filter->squares > 0) || isinf(filter->log_f))
        return -INFINITY;
    return -0.5 * filter->log_f - 0.5 * (double)filter->used * log(filter->squares);
}

static int add_branch(struct impact_space *space, double weight, const double *variances,
                      struct error *err) {
    struct branch *branch = &space->branches[space->n_branches];
    branch->room = malloc(filter_room(space->m) * sizeof(double));
    if (!branch->room)
        return error_memory(err);
    space->n_branches++;
    branch->weight = weight;
    branch->scale = 1;
    memcpy(branch->variances, variances, sizeof branch->variances);
    branch->at_event = filter_in(branch->room, space->m);
    run(space, variances, &branch->at_event, false);
    return 0;
}

static int branch_by_ratio(struct impact_space *space, struct error *err) {
    struct ratios ratios = {space, filter_in(space->room, space->m)};
    const double start[3] = {sqrt(space->variances[IRREGULAR]), sqrt(space->variances[LEVEL]),
                             sqrt(space->variances[SLOPE])};
    struct posterior_node *nodes;
    size_t n;
    if (posterior_nodes(ratio_density, &ratios, space->options->trend ? 3 : 2, start, &nodes, &n,
                        err))
        return err->code;
    space->branches = calloc(n, sizeof *space->branches);
    space->terms = malloc(n * sizeof *space->terms);
    int code = space->branches && space->terms ? 0 : error_memory(err);
    for (size_t i = 0; !code && i < n; i++) {
        double variances[VARIANCES];
        square_all(nodes[i].sd, variances);
        code = add_branch(space, nodes[i].weight, variances, err);
        if (code)
            break;
        struct branch *branch = &space->branches[i];
        space->dof = (double)branch->at_event.used;
        branch->scale = sqrt(branch->at_event.squares / space->dof);
    }
    free(nodes);
    return code;
}

static int branch_out(struct impact_space *space, struct error *err) {
    if (!space->options->plug_in)
        return branch_by_ratio(space, err);
    space->branches = calloc(1, sizeof *space->branches);
    space->terms = malloc(sizeof *space->terms);
    space->dof = INFINITY;
    return space->branches && space->terms ? add_branch(space, 1, space->variances, err)
                                           : error_memory(err);
}

/* ---- Setting up ------------------------------------------------------------------------------ */

static struct scale scale_of(const struct impact_series *series, const double *values,
                             size_t stride, bool *flat) {
    double mean = 0, square = 0;
    for (size_t t = 0; t < series->event; t++)
        if (impact_known(series, t))
            mean += values[t * stride] / (double)series->before;
    for (size_t t = 0; t < series->event; t++)
        if (impact_known(series, t))
            square += (values[t * stride] - mean) * (values[t * stride] - mean);
    const double unit = sqrt(square / (double)series->before);
    *flat = !(unit > 1e-13 * fabs(mean));
    return (struct scale){mean, *flat ? 1 : unit};
}

static void fill_z(struct impact_space *space) {
    const struct impact_series *series = space->series;
    for (size_t t = 0; t < series->n; t++) {
        double *z = space->z + t * space->m;
        z[0] = 1;
        impact_fill_season(space->options->season, space->options->harmonics, (int64_t)t,
                           z + space->first_control - space->n_seasons);
        for (size_t j = 0; j < series->n_controls; j++)
            z[space->first_control + j] =
                (series->controls[t * series->n_controls + j] - space->scales[j].mean) /
                space->scales[j].unit;
    }
}

static int reserve(struct impact_space *space, struct error *err) {
    const size_t n = space->series->n, m = space->m;
    space->z = calloc(n * m, sizeof(double));
    space->scales = calloc(space->series->n_controls + 1, sizeof *space->scales);
    space->room = malloc(2 * filter_room(m) * sizeof(double));
    space->at_event = malloc(sizeof *space->at_event);
    space->forecast = malloc(n * sizeof(double));
    space->variance = malloc(n * sizeof(double));
    if (!space->z || !space->scales || !space->room || !space->at_event || !space->forecast ||
        !space->variance)
        return error_memory(err);
    *space->at_event = filter_in(space->room + filter_room(m), m);
    return 0;
}

static int check(struct impact_space *space, struct error *err) {
    const size_t numbers = space->m + 2 + space->options->trend;
    if (space->series->before < numbers + 2)
        return error_set(err, ERROR_DATA,
                         "the time before the event is too short: found %zu periods with values, "
                         "expected at least %zu for the %zu numbers to be fitted there",
                         space->series->before, numbers + 2, numbers);
    if (space->series->after == 0)
        return error_set(err, ERROR_DATA, "found no period with a value after the event");
    if (space->flat)
        return error_set(err, ERROR_DATA,
                         "the series does not vary before the event: there is no noise to learn");
    /* With all variances alike, whatever is determined at all is. */
    struct filter filter = filter_in(space->room, space->m);
    run(space, (const double[]){1, 1, 1}, &filter, false);
    return filter.diffuse == 0
               ? 0
               : error_set(err, ERROR_DATA,
                           "a season or control cannot be told from the level before the event: "
                           "expected more periods, fewer seasons or other controls");
}

int impact_space_fit(const struct impact_series *series, const struct impact_space_options *options,
                     struct impact_space **ret, struct error *err) {
    struct impact_space *space = calloc(1, sizeof *space);
    *ret = space;
    if (!space)
        return error_memory(err);
    space->series = series;
    space->options = options;
    space->n_seasons = impact_season_columns(options->season, options->harmonics);
    space->first_control = 1 + options->trend + space->n_seasons;
    space->m = space->first_control + series->n_controls;
    int code = reserve(space, err);
    if (!code && series->n > 0) {
        bool control_flat; /* it is then found not to be determined */
        space->scale_y = scale_of(series, series->value, 1, &space->flat);
        for (size_t j = 0; j < series->n_controls; j++)
            space->scales[j] =
                scale_of(series, series->controls + j, series->n_controls, &control_flat);
        fill_z(space);
        code = check(space, err) || estimate(space, err) || branch_out(space, err) ? err->code : 0;
    }
    if (code) {
        impact_space_destroy(space);
        *ret = NULL;
    }
    return code;
}

void impact_space_destroy(struct impact_space *space) {
    if (!space)
        return;
    for (size_t b = 0; space->branches && b < space->n_branches; b++)
        free(space->branches[b].room);
    free(space->branches);
    free(space->terms);
    free(space->z);
    free(space->scales);
    free(space->room);
    free(space->at_event);
    free(space->forecast);
    free(space->variance);
    free(space);
}

/* ---- 5. After the event ---------------------------------------------------------------------- */

/* One branch on its way through the periods after the event. The sum is that of what was expected
 * so far: its mean, its variance, and its covariance with the state. */
struct walk {
    const struct branch *branch;
    struct filter filter;
    double *room;
    double mean, variance; /* of this period, in units of the branch */
    double sum, sum_variance;
    double *with_state; /* m */
};

struct walks {
    const struct impact_space *space;
    struct walk *items; /* n_branches */
    size_t periods;     /* in the sums */
    double actual;      /* summed */
};

static int begin_walks(const struct impact_space *space, struct walks *ret, struct error *err) {
    const size_t m = space->m, room = filter_room(m);
    *ret = (struct walks){.space = space};
    ret->items = calloc(space->n_branches, sizeof *ret->items);
    if (!ret->items)
        return error_memory(err);
    for (size_t b = 0; b < space->n_branches; b++) {
        struct walk *walk = &ret->items[b];
        walk->branch = &space->branches[b];
        walk->room = calloc(room + m, sizeof(double));
        if (!walk->room)
            return error_memory(err);
        memcpy(walk->room, walk->branch->room, room * sizeof(double));
        walk->filter = filter_in(walk->room, m);
        walk->with_state = walk->room + room;
    }
    return 0;
}

static void end_walks(struct walks *walks) {
    for (size_t b = 0; walks->items && b < walks->space->n_branches; b++)
        free(walks->items[b].room);
    free(walks->items);
}

/* What period t holds; `summed` if it goes into the sums: var(C) + 2 cov(C, z'a) + var(y*). */
static void look(struct walk *walk, const double *z, bool summed) {
    struct filter *filter = &walk->filter;
    multiply(filter->p, z, filter->m, filter->k);
    walk->mean = dot(z, filter->a, filter->m);
    walk->variance = dot(z, filter->k, filter->m) + walk->branch->variances[IRREGULAR];
    if (!summed)
        return;
    walk->sum += walk->mean;
    walk->sum_variance += walk->variance + 2 * dot(walk->with_state, z, filter->m);
    for (size_t i = 0; i < filter->m; i++)
        walk->with_state[i] += filter->k[i]; /* p z */
}

static void step_on(const struct impact_space *space, struct walk *walk) {
    filter_advance(&walk->filter, walk->branch->variances, space->options->trend);
    if (space->options->trend) /* what is known of the sum goes with the state */
        walk->with_state[0] += walk->with_state[1];
}

/* ---- Mixtures of the branches, in the units of the input */

static void set_term(const struct impact_space *space, size_t b, double mean, double variance) {
    const struct branch *branch = &space->branches[b];
    space->terms[b] = (struct posterior_term){
        branch->weight, mean, space->scale_y.unit * branch->scale * sqrt(fmax(variance, 0))};
}

/* The mean of the terms, and the interval that leaves as much on either side. */
static struct impact_bounds bounds_of_terms(const struct impact_space *space) {
    const double tail = (1 - space->options->confidence) / 2;
    const size_t n = space->n_branches;
    return (struct impact_bounds){
        .value = posterior_mean(space->terms, n),
        .lower = posterior_quantile(space->terms, n, space->dof, tail),
        .upper = posterior_quantile(space->terms, n, space->dof, 1 - tail),
    };
}

static double error_of_terms(const struct impact_space *space) {
    return posterior_sd(space->terms, space->n_branches, space->dof);
}

/* actual - expected. */
static struct impact_bounds less(double actual, struct impact_bounds expected) {
    return (struct impact_bounds){actual - expected.value, actual - expected.upper,
                                  actual - expected.lower};
}

static struct impact_bounds expect_period(const struct walks *walks) {
    const struct impact_space *space = walks->space;
    for (size_t b = 0; b < space->n_branches; b++)
        set_term(space, b, space->scale_y.mean + space->scale_y.unit * walks->items[b].mean,
                 walks->items[b].variance);
    return bounds_of_terms(space);
}

/* Leaves the terms of the sum for further questions. */
static struct impact_bounds expect_sum(const struct walks *walks) {
    const struct impact_space *space = walks->space;
    for (size_t b = 0; b < space->n_branches; b++)
        set_term(space, b,
                 (double)walks->periods * space->scale_y.mean +
                     space->scale_y.unit * walks->items[b].sum,
                 walks->items[b].sum_variance);
    return bounds_of_terms(space);
}

static void forecast_after(struct walks *walks, struct impact_result *ret) {
    const struct impact_space *space = walks->space;
    for (size_t t = space->series->event; t < space->series->n; t++) {
        struct impact_period *period = &ret->periods[t];
        const double *z = space->z + t * space->m, actual = space->series->value[t];
        const bool known = impact_controls_known(space->series, t), seen = known && !isnan(actual);
        for (size_t b = 0; known && b < space->n_branches; b++)
            look(&walks->items[b], z, seen);
        if (known)
            period->expected = expect_period(walks);
        if (seen) {
            walks->periods++;
            walks->actual += actual;
            period->effect = less(actual, period->expected);
            period->cumulative = less(walks->actual, expect_sum(walks));
        }
        for (size_t b = 0; b < space->n_branches; b++)
            step_on(space, &walks->items[b]);
    }
}

/* Before the event: from one period to the next, the variances as estimated. */
static void forecast_before(const struct impact_space *space, struct impact_result *ret) {
    const double reach = gsl_cdf_ugaussian_Qinv((1 - space->options->confidence) / 2);
    for (size_t t = 0; t < space->series->event; t++) {
        struct impact_period *period = &ret->periods[t];
        const double actual = space->series->value[t];
        if (isnan(space->forecast[t]))
            continue;
        const double error = space->scale_y.unit * sqrt(fmax(space->variance[t], 0));
        period->expected = impact_around(
            space->scale_y.mean + space->scale_y.unit * space->forecast[t], reach * error);
        if (!isnan(actual))
            period->effect = less(actual, period->expected);
    }
}

/* ---- 6. Figures ------------------------------------------------------------------------------ */

static int report_variances(const struct impact_space *space, struct impact_result *ret,
                            struct error *err) {
    const double reach = gsl_cdf_ugaussian_Qinv((1 - space->options->confidence) / 2);
    const double square = space->scale_y.unit * space->scale_y.unit;
    for (int i = 0; i < VARIANCES - !space->options->trend; i++) {
        struct impact_figure *figure = impact_figure_add(ret, err, "%s", variance_names[i]);
        if (!figure)
            return err->code;
        const double value = square * space->variances[i], error = space->errors[i];
        if (value > 0) {
            figure->of = (struct impact_bounds){value, value * exp(-reach * error),
                                                value * exp(reach * error)};
            figure->error = value * error;
        } else
            figure->of = (struct impact_bounds){0, 0, square * space->upper[i]};
    }
    if (space->options->plug_in && space->variances[LEVEL] == 0 && space->variances[SLOPE] == 0 &&
        impact_warn(ret, err,
                    "no wandering of the level was seen before the event (variance 0, at most "
                    "%.4g): the intervals take it as fixed, and are too narrow if it is not",
                    square * space->upper[LEVEL]))
        return err->code;
    return impact_figure_plain(ret, "log_likelihood", space->log_likelihood, err);
}

/* Standardised forecast errors before the event, and the positions they are of. */
static size_t surprises(const struct impact_space *space, double *errors, size_t *positions) {
    size_t n = 0;
    for (size_t t = 0; t < space->series->event; t++) {
        if (isnan(space->forecast[t]) || isnan(scaled(space, t)) || !(space->variance[t] > 0))
            continue;
        positions[n] = t;
        errors[n++] = (scaled(space, t) - space->forecast[t]) / sqrt(space->variance[t]);
    }
    return n;
}

/* Chi-square with the lags less the variances but one (Harvey 1989, section 5.4.2). */
static int report_ljung_box(const struct impact_space *space, const double *errors, size_t n,
                            struct impact_result *ret, struct error *err) {
    const size_t lags = n / 5 < 10 ? n / 5 : 10;
    size_t used = 0;
    for (int i = 0; i < VARIANCES; i++)
        used += space->variances[i] > 0;
    if (impact_report_ljung_box(ret, errors, n, lags, used > 0 ? used - 1 : 0, err))
        return err->code;
    const double p = ret->figures[ret->n_figures - 1].p;
    return p < 0.05 ? impact_warn(ret, err,
                                  "forecast errors before the event are correlated (p = %.3g): the "
                                  "model leaves something out, such as a season or a trend",
                                  p)
                    : 0;
}

static int report_largest(const struct impact_space *space, const double *errors,
                          const size_t *positions, size_t n, struct impact_result *ret,
                          struct error *err) {
    struct impact_figure *figure = impact_figure_add(ret, err, "largest_surprise");
    char at[CALENDAR_TEXT];
    size_t most = 0;
    if (!figure)
        return err->code;
    if (n == 0)
        return 0;
    for (size_t i = 1; i < n; i++)
        if (fabs(errors[i]) > fabs(errors[most]))
            most = i;
    const int length = period_format(impact_at(space->series, positions[most]), at);
    const char *kept = arena_text(&ret->names, at, (size_t)length);
    if (!kept)
        return error_memory(err);
    figure->at = text_of(kept);
    figure->of.value = errors[most];
    figure->p = fmin(1, 2 * (double)n * gsl_cdf_ugaussian_Q(fabs(errors[most])));
    return figure->p >= 0.05
               ? 0
               : impact_warn(ret, err,
                             "the series jumps before the event, at %s (p = %.3g): what is "
                             "expected after the event may be wrong",
                             at, figure->p);
}

static int report_surprises(const struct impact_space *space, struct impact_result *ret,
                            struct error *err) {
    double *errors = malloc((space->series->event + 1) * sizeof *errors);
    size_t *positions = malloc((space->series->event + 1) * sizeof *positions);
    int code = errors && positions ? 0 : error_memory(err);
    if (!code) {
        const size_t n = surprises(space, errors, positions);
        code =
            impact_figure_plain(ret, "autocorrelation", impact_autocorrelation(errors, n), err) ||
                    report_ljung_box(space, errors, n, ret, err) ||
                    report_largest(space, errors, positions, n, ret, err)
                ? err->code
                : 0;
        if (!code && space->options->plug_in && n < 20)
            code = impact_warn(ret, err,
                               "%zu forecasts before the event say little of the variances: the "
                               "intervals, which take them as known, are too narrow",
                               n);
    }
    free(errors);
    free(positions);
    return code;
}

/* Level and slope as they stand when the event comes, and the coefficients. */
static int report_state(const struct impact_space *space, struct impact_result *ret,
                        struct error *err) {
    for (size_t i = 0; i < space->m; i++) {
        double unit = space->scale_y.unit, mean = 0;
        struct impact_figure *figure;
        if (i >= space->first_control) {
            const size_t j = i - space->first_control;
            unit /= space->scales[j].unit;
            figure = impact_figure_add(ret, err, "control %s", space->options->control_names[j]);
        } else if (i == 0 && space->series->n_controls > 0)
            continue; /* at the mean of the controls: no figure anyone looks for */
        else if (i == 0) {
            mean = space->scale_y.mean;
            figure = impact_figure_add(ret, err, "level_at_event");
        } else if (i == 1 && space->options->trend)
            figure = impact_figure_add(ret, err, "slope_at_event");
        else
            figure = impact_figure_add(ret, err, "season %zu", i - space->options->trend);
        if (!figure)
            return err->code;
        const double per = unit / space->scale_y.unit;
        for (size_t b = 0; b < space->n_branches; b++) {
            const struct filter *filter = &space->branches[b].at_event;
            set_term(space, b, mean + unit * filter->a[i], per * per * filter->p[i * space->m + i]);
        }
        figure->of = bounds_of_terms(space);
        figure->error = error_of_terms(space);
    }
    return 0;
}

static int report_effects(const struct walks *walks, struct impact_result *ret, struct error *err) {
    const struct impact_space *space = walks->space;
    const struct impact_bounds expected = expect_sum(walks), effect = less(walks->actual, expected);
    const double error = error_of_terms(space);
    const double tail =
        !(error > 0) ? NAN
        : effect.value > 0
            ? posterior_above(space->terms, space->n_branches, space->dof, walks->actual)
            : posterior_below(space->terms, space->n_branches, space->dof, walks->actual);
    struct impact_figure *figure;
    for (int i = 0; i < 2; i++) {
        const double share = i == 0 ? 1 / (double)walks->periods : 1;
        figure = impact_figure_add(ret, err, i == 0 ? "effect_mean" : "effect_cumulative");
        if (!figure)
            return err->code;
        figure->of = (struct impact_bounds){effect.value * share, effect.lower * share,
                                            effect.upper * share};
        figure->error = error * share;
        figure->p = fmin(2 * tail, 1);
    }
    figure = impact_figure_add(ret, err, "effect_relative");
    if (!figure)
        return err->code;
    figure->of = impact_relative(walks->actual, expected);
    return impact_figure_plain(ret, "tail_probability", tail, err);
}

int impact_space_report(const struct impact_space *space, struct impact_result *ret,
                        struct error *err) {
    struct walks walks = {.space = space};
    int code = impact_result_begin(ret, space->series->n, err);
    if (!code && space->series->n > 0)
        code = begin_walks(space, &walks, err);
    if (!code && space->series->n > 0) {
        forecast_before(space, ret);
        forecast_after(&walks, ret);
        code = impact_count_figures(ret, space->series, err) || report_variances(space, ret, err) ||
                       report_surprises(space, ret, err) || report_state(space, ret, err) ||
                       report_effects(&walks, ret, err)
                   ? err->code
                   : 0;
    }
    end_walks(&walks);
    if (code)
        impact_result_free(ret);
    return code;
}

/* ---- 7. Paths -------------------------------------------------------------------------------- */

enum { PURPOSE_PATH = 0x706174 };

/* A branch by its weight. */
static const struct branch *draw_branch(const struct impact_space *space, gsl_rng *rng) {
    size_t b = 0;
    if (space->n_branches == 1)
        return space->branches;
    for (double left = gsl_rng_uniform(rng); b + 1 < space->n_branches; b++) {
        left -= space->branches[b].weight;
        if (left < 0)
            break;
    }
    return &space->branches[b];
}

/* What standard deviations are times: r, or 1. */
static double draw_scale(const struct impact_space *space, const struct branch *branch,
                         gsl_rng *rng) {
    if (isinf(space->dof))
        return branch->scale;
    return branch->scale * sqrt(space->dof / gsl_ran_chisq(rng, space->dof));
}

/* The state at the event by the Cholesky factor of its covariance, which may be singular: a pivot
 * that is 0 up to rounding takes no part. */
static void draw_state(const struct filter *at_event, double scale, gsl_rng *rng, double *state,
                       double *factor) {
    const size_t m = at_event->m;
    const double *p = at_event->p;
    memcpy(state, at_event->a, m * sizeof *state);
    for (size_t j = 0; j < m; j++) {
        const double pivot = p[j * m + j] - dot(factor + j * m, factor + j * m, j);
        const double root = pivot > 1e-14 * fabs(p[j * m + j]) ? sqrt(pivot) : 0;
        const double normal = scale * gsl_ran_gaussian(rng, 1);
        for (size_t i = j; i < m; i++) {
            factor[i * m + j] =
                root > 0 ? (p[i * m + j] - dot(factor + i * m, factor + j * m, j)) / root : 0;
            state[i] += factor[i * m + j] * normal;
        }
    }
}

int impact_space_path(const struct impact_space *space, uint32_t seed, uint32_t draw, double *path,
                      struct error *err) {
    struct random_stream stream;
    double *state = calloc((space->m + 1) * space->m, sizeof *state);
    if (!state)
        return error_memory(err);
    random_open(&stream, seed, 0, draw, 0, PURPOSE_PATH);
    gsl_rng *rng = random_gsl(&stream);
    const struct branch *branch = draw_branch(space, rng);
    const double scale = draw_scale(space, branch, rng);
    double sd[VARIANCES];
    for (int i = 0; i < VARIANCES; i++)
        sd[i] = scale * sqrt(branch->variances[i]);
    draw_state(&branch->at_event, scale, rng, state, state + space->m);
    for (size_t t = space->series->event; t < space->series->n; t++) {
        const double noise = gsl_ran_gaussian(rng, sd[IRREGULAR]);
        const double seen = dot(space->z + t * space->m, state, space->m) + noise;
        path[t - space->series->event] = impact_controls_known(space->series, t)
                                             ? space->scale_y.mean + space->scale_y.unit * seen
                                             : NAN;
        if (space->options->trend) {
            state[0] += state[1];
            state[1] += gsl_ran_gaussian(rng, sd[SLOPE]);
        }
        state[0] += gsl_ran_gaussian(rng, sd[LEVEL]);
    }
    free(state);
    return 0;
}
