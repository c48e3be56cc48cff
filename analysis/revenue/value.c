/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fitting models of repeat purchases, and what customers are worth.
 *
 *   1. Histories: customers that look alike are one term of the likelihood
 *   2. The likelihood, in parallel
 *   3. Fitting
 *   4. Replicates
 *   5. Worth
 */
#include "revenue/value.h"

#include "base/random.h"
#include "base/workers.h"
#include "revenue/bootstrap.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void value_customers_free(struct value_customers *customers) {
    free(customers->items);
    dictionary_free(&customers->names);
    *customers = (struct value_customers){0};
}

void value_fit_free(struct value_fit *fit) {
    free(fit->replicates);
    free(fit->spend_replicates);
    *fit = (struct value_fit){0};
}

/* ---- 1. Histories ---------------------------------------------------------------------------- */

/* For purchases: x, t_x, age. For spend: x and the mean, in t_x. Scaled. */
struct term {
    struct value_history history;
    double count;
};

struct terms {
    struct term *items;
    size_t n, every; /* every so many-th is looked at */
    double unit;     /* of time, or of money */
};

/* Much of what is computed hangs on x and age only, so that these lead. */
static int by_history(const void *a, const void *b) {
    const struct value_history *left = a, *right = b;
    if (left->x != right->x)
        return left->x < right->x ? -1 : 1;
    if (left->age != right->age)
        return left->age < right->age ? -1 : 1;
    return (left->t_x > right->t_x) - (left->t_x < right->t_x);
}

static bool same_x_and_age(const struct value_history *a, const struct value_history *b) {
    return a->x == b->x && a->age == b->age;
}

static void unite(struct terms *terms) {
    size_t kept = 0;
    qsort(terms->items, terms->n, sizeof *terms->items, by_history);
    for (size_t i = 0; i < terms->n; i++)
        if (kept > 0 && by_history(&terms->items[kept - 1], &terms->items[i]) == 0)
            terms->items[kept - 1].count += terms->items[i].count;
        else
            terms->items[kept++] = terms->items[i];
    terms->n = kept;
    terms->every = 1;
}

static int make_histories(const struct value_customers *customers, struct terms *ret,
                          struct error *err) {
    double total = 0, count = 0;
    *ret = (struct terms){.items = malloc((customers->n + 1) * sizeof *ret->items)};
    if (!ret->items)
        return error_memory(err);
    for (size_t i = 0; i < customers->n; i++)
        ret->items[ret->n++] =
            (struct term){customers->items[i].history, customers->items[i].count};
    unite(ret);
    for (size_t i = 0; i < ret->n; i++) {
        total += ret->items[i].count * ret->items[i].history.age;
        count += ret->items[i].count;
    }
    ret->unit = total > 0 ? total / count : 1;
    for (size_t i = 0; i < ret->n; i++) {
        ret->items[i].history.t_x /= ret->unit;
        ret->items[i].history.age /= ret->unit;
    }
    return 0;
}

static int make_spends(const struct value_customers *customers, struct terms *ret,
                       struct error *err) {
    double total = 0, count = 0;
    *ret = (struct terms){.items = malloc((customers->n + 1) * sizeof *ret->items)};
    if (!ret->items)
        return error_memory(err);
    for (size_t i = 0; i < customers->n; i++) {
        const struct value_customer *customer = &customers->items[i];
        if (customer->history.x > 0 && customer->mean > 0)
            ret->items[ret->n++] =
                (struct term){{customer->history.x, customer->mean, 0}, customer->count};
    }
    unite(ret);
    for (size_t i = 0; i < ret->n; i++) {
        total += ret->items[i].count * ret->items[i].history.t_x;
        count += ret->items[i].count;
    }
    ret->unit = total > 0 ? total / count : 1;
    for (size_t i = 0; i < ret->n; i++)
        ret->items[i].history.t_x /= ret->unit;
    return 0;
}

/* ---- 2. The likelihood, in parallel ---------------------------------------------------------- */

/* Sums of fixed stretches, added in their order: the same bits for any number of threads. */
enum { STRETCH = 4096 };

struct likelihood {
    const struct terms *terms;
    bool spend;
    enum value_model model;
    int threads;
    double theta[VALUE_PARAMETERS];
    double *sums; /* a stretch */
    int held;     /* a parameter that is not searched for, or -1 */
    double at;    /* its logarithm */
};

/* The logarithms of all parameters from those that are searched for. */
static void spread(const struct likelihood *likelihood, const double *searched, double *ret) {
    const int k = likelihood->spend ? VALUE_SPEND_PARAMETERS : VALUE_PARAMETERS;
    for (int i = 0, j = 0; i < k; i++)
        ret[i] = i == likelihood->held ? likelihood->at : searched[j++];
}

/* In two parts, of which the first is the same for terms with the same x and age: with spend, the
 * age is 0. */
static double common_value(const struct likelihood *likelihood, const double *theta,
                           const struct value_history *history) {
    return likelihood->spend ? value_spend_log_scale(theta, history->x)
                             : value_log_alive(likelihood->model, theta, history->x, history->age);
}

static double own_value(const struct likelihood *likelihood, const double *theta,
                        const struct value_history *history) {
    return likelihood->spend ? value_spend_log_shape(theta, history->x, history->t_x)
                             : value_log_dead(likelihood->model, theta, history);
}

static double term_value(const struct likelihood *likelihood, const double *theta,
                         const struct term *term) {
    return common_value(likelihood, theta, &term->history) +
           own_value(likelihood, theta, &term->history);
}

static int sum_stretch(void *context, size_t index, int worker, struct error *err) {
    struct likelihood *likelihood = context;
    const struct terms *terms = likelihood->terms;
    const struct value_history *before = NULL;
    double sum = 0, common = 0;
    (void)worker, (void)err;
    for (size_t i = index * STRETCH; i < (index + 1) * STRETCH && i * terms->every < terms->n;
         i++) {
        const struct term *term = &terms->items[i * terms->every];
        if (!before || !same_x_and_age(before, &term->history))
            common = common_value(likelihood, likelihood->theta, &term->history);
        before = &term->history;
        sum += term->count * (common + own_value(likelihood, likelihood->theta, &term->history));
    }
    likelihood->sums[index] = sum;
    return 0;
}

/* Beyond e^+-12, in units of the data, nothing is told apart any more. */
#define FARTHEST 12

static double log_likelihood(void *context, const double *searched) {
    struct likelihood *likelihood = context;
    double log_theta[VALUE_PARAMETERS];
    const struct terms *terms = likelihood->terms;
    const size_t used = (terms->n + terms->every - 1) / terms->every;
    const size_t stretches = (used + STRETCH - 1) / STRETCH;
    const int k = likelihood->spend ? VALUE_SPEND_PARAMETERS : VALUE_PARAMETERS;
    double sum = 0;
    struct error err = {0};
    spread(likelihood, searched, log_theta);
    for (int i = 0; i < k; i++) {
        if (!(fabs(log_theta[i]) < FARTHEST))
            return -INFINITY;
        likelihood->theta[i] = exp(log_theta[i]);
    }
    workers_run(likelihood->threads, stretches, sum_stretch, likelihood, &err);
    for (size_t i = 0; i < stretches; i++)
        sum += likelihood->sums[i];
    return sum;
}

/* ---- 3. Fitting ------------------------------------------------------------------------------ */

static const double purchase_starts[][VALUE_PARAMETERS] = {
    {0, 0, 0, 0}, {-1.4, -2, 0, 1}, {0, -1, -2, 1}, {1, 1, 0.5, 0.5}};
static const double spend_starts[][VALUE_SPEND_PARAMETERS] = {{1, 1, 0}, {2, 1, -1}, {0, 2, 1}};
enum {
    PURCHASE_STARTS = sizeof purchase_starts / sizeof *purchase_starts,
    SPEND_STARTS = sizeof spend_starts / sizeof *spend_starts,
    SOME_TERMS = 5000
};

static int climb_all(struct likelihood *likelihood, struct terms *terms, struct maximum *ret,
                     struct error *err) {
    const size_t all = likelihood->spend ? VALUE_SPEND_PARAMETERS : VALUE_PARAMETERS;
    const size_t n = likelihood->spend ? SPEND_STARTS : PURCHASE_STARTS;
    const double *from = likelihood->spend ? spend_starts[0] : purchase_starts[0];
    double starts[PURCHASE_STARTS * VALUE_PARAMETERS];
    size_t k = 0;
    for (size_t i = 0; i < n * all; i++)
        if ((int)(i % all) != likelihood->held)
            starts[k++] = from[i];
    k /= n;
    terms->every = terms->n > 2 * SOME_TERMS ? terms->n / SOME_TERMS : 1;
    if (maximise(log_likelihood, likelihood, k, starts, n, ret, err) || terms->every == 1)
        return err->code;
    const struct maximum first = *ret;
    terms->every = 1;
    if (maximise_from(log_likelihood, likelihood, k, first.theta, ret, err))
        return err->code;
    if (!ret->converged && maximise(log_likelihood, likelihood, k, first.theta, 1, ret, err))
        return err->code;
    ret->agreeing = first.agreeing;
    return 0;
}

/* All parameters again, the held one without an error. */
static void expand(const struct likelihood *likelihood, struct maximum *found) {
    struct maximum whole = *found;
    if (likelihood->held < 0)
        return;
    spread(likelihood, found->theta, whole.theta);
    for (int i = 0, a = 0; i < VALUE_PARAMETERS; i++) {
        for (int j = 0, b = 0; j < VALUE_PARAMETERS; j++) {
            const bool none = i == likelihood->held || j == likelihood->held;
            whole.covariance[i * VALUE_PARAMETERS + j] =
                none ? 0 : found->covariance[a * (VALUE_PARAMETERS - 1) + b];
            b += j != likelihood->held;
        }
        a += i != likelihood->held;
    }
    *found = whole;
}

/* Where customers do not differ in how often they buy, or in how they leave, the first parameter of
 * that distribution runs off to infinity and takes the other with it. At 1,000 the distribution is
 * as good as a point. */
#define ALIKE 1000
static const int shapes[2] = {0, 2};

static int climb_alike(struct likelihood *likelihood, struct terms *terms, struct maximum *found,
                       struct error *err) {
    struct maximum best = *found, other;
    int held = -1;
    for (int i = 0; i < 2; i++) {
        struct error inner = {0};
        likelihood->held = shapes[i];
        likelihood->at = log(ALIKE);
        const int code = climb_all(likelihood, terms, &other, &inner);
        if (code == ERROR_SYSTEM)
            return error_set(err, code, "%s", inner.text);
        if (!code && other.converged && other.value >= found->value - 0.1 &&
            (held < 0 || other.value > best.value)) {
            best = other;
            held = likelihood->held;
        }
    }
    likelihood->held = held;
    *found = best;
    if (held >= 0)
        expand(likelihood, found);
    return 0;
}

static int check_peak(const struct maximum *found, const double *values, size_t k,
                      const char *const *names, const char *what, struct error *err) {
    if (found->converged)
        return 0;
    char shown[200] = "";
    for (size_t i = 0, at = 0; i < k; i++)
        at += (size_t)snprintf(shown + at, sizeof shown - at, "%s%s = %.4g", i > 0 ? ", " : "",
                               names[i], values[i]);
    return error_set(err, ERROR_DATA,
                     "the likelihood of %s has no clear maximum: it still rises at %s; the data do "
                     "not determine the model, expected more customers or more time",
                     what, shown);
}

/* A parameter that is held has no error. */
static struct value_parameter parameter(double log_value, double variance, double unit,
                                        double confidence) {
    const double error = variance > 0 ? sqrt(variance) : NAN, value = unit * exp(log_value);
    const double reach = gsl_cdf_ugaussian_Qinv((1 - confidence) / 2) * error;
    return (struct value_parameter){value, value * error, value * exp(-reach), value * exp(reach)};
}

/* Which parameters are times (or money), and so in the unit of the data. */
static double unit_of(const struct likelihood *likelihood, size_t i, double unit) {
    if (likelihood->spend)
        return i == 2 ? unit : 1;
    return i == 1 || (i == 3 && likelihood->model == VALUE_PARETO_NBD) ? unit : 1;
}

static const char *const spend_names[VALUE_SPEND_PARAMETERS] = {"p", "q", "gamma"};

static int fit_terms(struct likelihood *likelihood, struct terms *terms,
                     const struct value_options *options, struct value_parameter *parameters,
                     struct maximum *found, struct error *err) {
    const size_t k = likelihood->spend ? VALUE_SPEND_PARAMETERS : VALUE_PARAMETERS;
    double values[VALUE_PARAMETERS];
    likelihood->held = -1;
    if (climb_all(likelihood, terms, found, err))
        return err->code;
    if (!found->converged && !likelihood->spend && climb_alike(likelihood, terms, found, err))
        return err->code;
    for (size_t i = 0; i < k; i++) {
        const double unit = unit_of(likelihood, i, terms->unit);
        parameters[i] =
            parameter(found->theta[i], found->covariance[i * k + i], unit, options->confidence);
        values[i] = parameters[i].value;
    }
    return check_peak(found, values, k,
                      likelihood->spend ? spend_names : value_parameter_names[likelihood->model],
                      likelihood->spend ? "the spend" : "the purchases", err);
}

/* ---- 4. Replicates --------------------------------------------------------------------------- */

enum { PURPOSE_PURCHASES = 0x76616c, PURPOSE_SPEND = 0x766173 };

struct replicating {
    const struct likelihood *likelihood;
    const struct terms *terms;
    const struct maximum *found;
    const struct value_options *options;
    double *scores; /* terms x k */
    double *ret;    /* replicates x k */
    size_t k;
};

/* Scores in the logarithms, by central differences. */
static int score_stretch(void *context, size_t index, int worker, struct error *err) {
    struct replicating *bootstrap = context;
    const size_t k = bootstrap->k;
    (void)worker, (void)err;
    for (size_t i = index * STRETCH; i < (index + 1) * STRETCH && i < bootstrap->terms->n; i++)
        for (size_t j = 0; j < k; j++) {
            double side[2];
            for (int s = 0; s < 2; s++) {
                double theta[VALUE_PARAMETERS];
                for (size_t m = 0; m < k; m++)
                    theta[m] = exp(bootstrap->found->theta[m] + (m == j ? (s ? 1e-4 : -1e-4) : 0));
                side[s] = term_value(bootstrap->likelihood, theta, &bootstrap->terms->items[i]);
            }
            bootstrap->scores[i * k + j] = (side[1] - side[0]) / 2e-4;
        }
    return 0;
}

static int replicate(void *context, size_t index, int worker, struct error *err) {
    struct replicating *bootstrap = context;
    const size_t k = bootstrap->k;
    double sum[VALUE_PARAMETERS] = {0};
    struct random_stream stream;
    (void)worker, (void)err;
    random_open(&stream, bootstrap->options->seed, (uint32_t)index, 0, 0,
                bootstrap->likelihood->spend ? PURPOSE_SPEND : PURPOSE_PURCHASES);
    gsl_rng *rng = random_gsl(&stream);
    for (size_t i = 0; i < bootstrap->terms->n; i++) {
        const double count = bootstrap->terms->items[i].count;
        const double drawn = count == 1 ? bootstrap_times(random_word(&stream))
                                        : (double)gsl_ran_poisson(rng, count);
        const double more = drawn - count;
        for (size_t j = 0; j < k; j++)
            sum[j] += more * bootstrap->scores[i * k + j];
    }
    for (size_t i = 0; i < k; i++) {
        double theta = bootstrap->found->theta[i];
        for (size_t j = 0; j < k; j++)
            theta += bootstrap->found->covariance[i * k + j] * sum[j];
        bootstrap->ret[index * k + i] =
            exp(theta) * unit_of(bootstrap->likelihood, i, bootstrap->terms->unit);
    }
    return 0;
}

static int replicate_all(struct replicating *bootstrap, double **ret, struct error *err) {
    const size_t n = bootstrap->options->replicates, k = bootstrap->k;
    const size_t stretches = (bootstrap->terms->n + STRETCH - 1) / STRETCH;
    bootstrap->scores = malloc(bootstrap->terms->n * k * sizeof(double));
    *ret = bootstrap->ret = malloc((n * k + 1) * sizeof(double));
    int code = bootstrap->scores && bootstrap->ret ? 0 : error_memory(err);
    if (!code)
        code = workers_run(bootstrap->options->threads, stretches, score_stretch, bootstrap, err) ||
                       workers_run(bootstrap->options->threads, n, replicate, bootstrap, err)
                   ? err->code
                   : 0;
    free(bootstrap->scores);
    return code;
}

/* ---- Estimating ------------------------------------------------------------------------------ */

static int fit_and_replicate(struct terms *terms, bool spend, const struct value_options *options,
                             struct value_parameter *parameters, struct maximum *found,
                             double **replicates, struct error *err) {
    struct likelihood likelihood = {
        .terms = terms, .spend = spend, .model = options->model, .threads = options->threads};
    struct replicating bootstrap = {&likelihood,
                                    terms,
                                    found,
                                    options,
                                    NULL,
                                    NULL,
                                    spend ? VALUE_SPEND_PARAMETERS : VALUE_PARAMETERS};
    likelihood.sums = malloc((terms->n / STRETCH + 1) * sizeof(double));
    int code = likelihood.sums ? 0 : error_memory(err);
    if (!code)
        code = fit_terms(&likelihood, terms, options, parameters, found, err);
    if (!code)
        code = replicate_all(&bootstrap, replicates, err);
    free(likelihood.sums);
    return code;
}

static void describe(const struct value_customers *customers, struct value_fit *fit) {
    double n = 0, x = 0, m = 0, xx = 0, mm = 0, xm = 0;
    for (size_t i = 0; i < customers->n; i++) {
        const struct value_customer *customer = &customers->items[i];
        fit->customers += customer->count;
        fit->buyers += customer->history.x > 0 ? customer->count : 0;
        if (!(customer->history.x > 0 && customer->mean > 0))
            continue;
        n += customer->count;
        x += customer->count * customer->history.x;
        m += customer->count * customer->mean;
    }
    for (size_t i = 0; i < customers->n; i++) {
        const struct value_customer *customer = &customers->items[i];
        if (!(customer->history.x > 0 && customer->mean > 0))
            continue;
        const double dx = customer->history.x - x / n, dm = customer->mean - m / n;
        xx += customer->count * dx * dx;
        mm += customer->count * dm * dm;
        xm += customer->count * dx * dm;
    }
    fit->spenders = n;
    fit->correlation = xx > 0 && mm > 0 ? xm / sqrt(xx * mm) : NAN;
}

enum { LEAST_SPENDERS = 10 };

static int check(const struct value_customers *customers, const struct value_fit *fit,
                 struct error *err) {
    if (customers->n == 0)
        return error_set(err, ERROR_DATA, "found no customers");
    if (fit->buyers == 0)
        return error_set(err, ERROR_DATA,
                         "none of %.0f customers has bought again: there is nothing to learn a "
                         "rate from",
                         fit->customers);
    return 0;
}

/* Spend that no gamma-gamma distribution fits leaves the purchases as they are. */
static int estimate_spend(const struct value_customers *customers,
                          const struct value_options *options, struct value_fit *ret,
                          struct error *err) {
    struct terms terms = {0};
    struct maximum found = {0};
    struct error inner = {0};
    int code = make_spends(customers, &terms, &inner);
    if (!code)
        code = fit_and_replicate(&terms, true, options, ret->spend_parameters, &found,
                                 &ret->spend_replicates, &inner);
    free(terms.items);
    if (code == ERROR_SYSTEM)
        return error_set(err, code, "%s", inner.text);
    ret->spend = code == 0;
    ret->spend_unclear = code == ERROR_DATA;
    ret->spend_log_likelihood = code ? NAN : found.value - ret->spenders * log(terms.unit);
    return 0;
}

int value_estimate(const struct value_customers *customers, const struct value_options *options,
                   struct value_fit *ret, struct error *err) {
    struct terms terms = {0};
    struct maximum found = {0};
    *ret = (struct value_fit){.n_replicates = options->replicates};
    describe(customers, ret);
    int code = check(customers, ret, err);
    if (!code)
        code = make_histories(customers, &terms, err) ||
                       fit_and_replicate(&terms, false, options, ret->parameters, &found,
                                         &ret->replicates, err)
                   ? err->code
                   : 0;
    if (!code) {
        /* A density of x purchases at times in the unit of the data. */
        double purchases = 0;
        for (size_t i = 0; i < terms.n; i++)
            purchases += terms.items[i].count * terms.items[i].history.x;
        ret->log_likelihood = found.value - purchases * log(terms.unit);
        ret->starts = PURCHASE_STARTS;
        ret->agreeing = found.agreeing;
        ret->histories = terms.n;
        for (int i = 0; i < 2; i++)
            if (isnan(ret->parameters[shapes[i]].error))
                ret->alike = value_parameter_names[options->model][shapes[i]];
        ret->spend = customers->spend && ret->spenders >= LEAST_SPENDERS;
    }
    if (!code && ret->spend)
        code = estimate_spend(customers, options, ret, err);
    free(terms.items);
    if (code)
        value_fit_free(ret);
    return code;
}

/* ---- 5. Worth -------------------------------------------------------------------------------- */

static void values_of(const struct value_parameter *parameters, size_t k, double *ret) {
    for (size_t i = 0; i < k; i++)
        ret[i] = parameters[i].value;
}

static double spend_of(const struct value_fit *fit, const double *theta,
                       const struct value_customer *customer) {
    if (!fit->spend)
        return NAN;
    const bool known = customer->history.x > 0 && customer->mean > 0;
    return value_spend_expected(theta, known ? customer->history.x : 0, known ? customer->mean : 0);
}

struct member {
    struct value_customer customer;
    uint32_t group;
};

struct worths {
    const struct value_customers *customers;
    const struct value_options *options;
    const struct value_fit *fit;
    double theta[VALUE_PARAMETERS], spend[VALUE_SPEND_PARAMETERS];
    size_t *order; /* customers by history */
    struct value_worth *worth;
    double **rooms; /* a worker */
    /* for sums */
    struct member *members; /* customers in `order`, so that each replicate reads straight on */
    size_t n_groups;
    double *sums; /* replicates x groups x (purchases, revenue) */
};

static struct worths begin(const struct value_customers *customers,
                           const struct value_options *options, const struct value_fit *fit) {
    struct worths worths = {.customers = customers, .options = options, .fit = fit};
    values_of(fit->parameters, VALUE_PARAMETERS, worths.theta);
    values_of(fit->spend_parameters, VALUE_SPEND_PARAMETERS, worths.spend);
    return worths;
}

/* What is expected over the horizon of customers with one history, by the parameters and by each
 * replicate of them; what hangs on x and age only is kept from one history to the next. */
struct outlook {
    const struct value_history *history;  /* NULL: none yet */
    double if_alive, discounted_if_alive; /* of who is alive */
    double alive, purchases, discounted;
    double *replicates_if_alive, *replicates; /* n_replicates each */
};

static void look_ahead(const struct worths *worths, const struct value_history *history,
                       struct outlook *outlook) {
    const struct value_options *options = worths->options;
    if (outlook->history && by_history(outlook->history, history) == 0)
        return;
    if (!outlook->history || !same_x_and_age(outlook->history, history)) {
        outlook->if_alive = value_purchases_alive(options->model, worths->theta, history->x,
                                                  history->age, options->horizon);
        outlook->discounted_if_alive =
            value_discounted_alive(options->model, worths->theta, history->x, history->age,
                                   options->horizon, options->discount);
    }
    outlook->history = history;
    outlook->alive = value_alive(options->model, worths->theta, history);
    outlook->purchases = outlook->alive * outlook->if_alive;
    outlook->discounted = outlook->alive * outlook->discounted_if_alive;
}

static double replicate_if_alive(const struct worths *worths, size_t b,
                                 const struct value_history *history) {
    return value_purchases_alive(worths->options->model,
                                 worths->fit->replicates + b * VALUE_PARAMETERS, history->x,
                                 history->age, worths->options->horizon);
}

static double replicate_alive(const struct worths *worths, size_t b,
                              const struct value_history *history) {
    return value_alive(worths->options->model, worths->fit->replicates + b * VALUE_PARAMETERS,
                       history);
}

/* Without intervals. */
static struct value_worth worth_of(const struct worths *worths, const struct outlook *outlook,
                                   const struct value_customer *customer) {
    const double spend = spend_of(worths->fit, worths->spend, customer);
    return (struct value_worth){.alive = outlook->alive,
                                .spend = spend,
                                .purchases = {outlook->purchases, NAN, NAN},
                                .revenue = {outlook->purchases * spend, NAN, NAN},
                                .discounted = {outlook->discounted * spend, NAN, NAN}};
}

static double replicate_spend(const struct worths *worths, size_t b,
                              const struct value_customer *customer) {
    return worths->fit->spend
               ? spend_of(worths->fit, worths->fit->spend_replicates + b * VALUE_SPEND_PARAMETERS,
                          customer)
               : NAN;
}

/* Few of the least, or of the greatest, are found without sorting all. */
enum { FEW = 32 };

/* Quantile of type 7 between `least`[k] and the next. */
static double between(double least, double next, double place) {
    const double share = place - floor(place);
    return (1 - share) * least + share * next;
}

/* May sort `values`. */
static void bound(const struct worths *worths, double *values, struct value_bounds *ret) {
    const size_t n = worths->fit->n_replicates;
    const double tail = (1 - worths->options->confidence) / 2, place = tail * (double)(n - 1);
    const size_t k = (size_t)place + 2;
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return;
    if (k <= FEW && k <= n) {
        double least[FEW], most[FEW];
        gsl_sort_smallest(least, k, values, 1, n);
        gsl_sort_largest(most, k, values, 1, n);
        ret->lower = between(least[k - 2], least[k - 1], place);
        ret->upper = between(most[k - 2], most[k - 1], place);
        return;
    }
    gsl_sort(values, 1, n);
    ret->lower = gsl_stats_quantile_from_sorted_data(values, 1, n, tail);
    ret->upper = gsl_stats_quantile_from_sorted_data(values, 1, n, 1 - tail);
}

/* A stretch of customers in the order of their histories: what is the same is computed once. */
enum { SOME = 1024 };

/* The replicates of a history, and the bounds of its purchases. */
static void replicate_outlook(const struct worths *worths, const struct value_history *before,
                              struct outlook *outlook, double *room, struct value_bounds *ret) {
    const struct value_history *history = outlook->history;
    const size_t n = worths->fit->n_replicates;
    for (size_t b = 0; b < n && (!before || !same_x_and_age(before, history)); b++)
        outlook->replicates_if_alive[b] = replicate_if_alive(worths, b, history);
    for (size_t b = 0; b < n; b++)
        room[b] = outlook->replicates[b] =
            replicate_alive(worths, b, history) * outlook->replicates_if_alive[b];
    *ret = (struct value_bounds){NAN, NAN, NAN};
    bound(worths, room, ret);
}

static int each_stretch(void *context, size_t index, int worker, struct error *err) {
    struct worths *worths = context;
    const size_t n = worths->fit->n_replicates;
    double *room = worths->rooms[worker];
    struct outlook outlook = {.replicates_if_alive = room + n, .replicates = room + 2 * n};
    struct value_bounds bounds = {NAN, NAN, NAN};
    (void)err;
    for (size_t i = index * SOME; i < (index + 1) * SOME && i < worths->customers->n; i++) {
        const struct value_customer *customer = &worths->customers->items[worths->order[i]];
        struct value_worth *worth = &worths->worth[worths->order[i]];
        const struct value_history *before = outlook.history;
        look_ahead(worths, &customer->history, &outlook);
        *worth = worth_of(worths, &outlook, customer);
        if (n == 0)
            continue;
        if (outlook.history != before)
            replicate_outlook(worths, before, &outlook, room, &bounds);
        worth->purchases.lower = bounds.lower;
        worth->purchases.upper = bounds.upper;
        if (!worths->fit->spend)
            continue;
        for (size_t b = 0; b < n; b++)
            room[b] = outlook.replicates[b] * replicate_spend(worths, b, customer);
        bound(worths, room, &worth->revenue);
        const double share = worth->discounted.value / worth->revenue.value;
        worth->discounted.lower = share * worth->revenue.lower;
        worth->discounted.upper = share * worth->revenue.upper;
    }
    return 0;
}

struct place {
    struct value_history history;
    size_t index;
};

static int by_place(const void *a, const void *b) {
    const struct place *left = a, *right = b;
    const int order = by_history(&left->history, &right->history);
    return order != 0 ? order : (left->index > right->index) - (left->index < right->index);
}

static int sort_by_history(const struct value_customers *customers, size_t **ret,
                           struct error *err) {
    struct place *places = malloc((customers->n + 1) * sizeof *places);
    size_t *order = calloc(customers->n + 1, sizeof *order);
    if (!places || !order) {
        free(places);
        free(order);
        return error_memory(err);
    }
    for (size_t i = 0; i < customers->n; i++)
        places[i] = (struct place){customers->items[i].history, i};
    qsort(places, customers->n, sizeof *places, by_place);
    for (size_t i = 0; i < customers->n; i++)
        order[i] = places[i].index;
    free(places);
    *ret = order;
    return 0;
}

static int open_rooms(struct worths *worths, size_t each, struct error *err) {
    const int threads = worths->options->threads < 1 ? 1 : worths->options->threads;
    worths->rooms = calloc((size_t)threads, sizeof *worths->rooms);
    if (!worths->rooms)
        return error_memory(err);
    for (int i = 0; i < threads; i++)
        if (!(worths->rooms[i] = malloc((each + 1) * sizeof(double))))
            return error_memory(err);
    return 0;
}

static void close_worths(struct worths *worths) {
    const int threads = worths->options->threads < 1 ? 1 : worths->options->threads;
    for (int i = 0; worths->rooms && i < threads; i++)
        free(worths->rooms[i]);
    free(worths->rooms);
    free(worths->order);
    free(worths->members);
    free(worths->sums);
}

int value_each(const struct value_customers *customers, const struct value_options *options,
               const struct value_fit *fit, struct value_worth *worth, struct error *err) {
    struct worths worths = begin(customers, options, fit);
    worths.worth = worth;
    int code = sort_by_history(customers, &worths.order, err) ||
                       open_rooms(&worths, 3 * fit->n_replicates, err)
                   ? err->code
                   : 0;
    if (!code)
        code = workers_run(options->threads, (customers->n + SOME - 1) / SOME, each_stretch,
                           &worths, err);
    close_worths(&worths);
    return code;
}

/* ---- Sums ------------------------------------------------------------------------------------ */

static int line_up(struct worths *worths, const uint32_t *groups, struct error *err) {
    const size_t n = worths->customers->n;
    worths->members = malloc((n + 1) * sizeof *worths->members);
    if (!worths->members)
        return error_memory(err);
    for (size_t i = 0; i < n; i++)
        worths->members[i] =
            (struct member){worths->customers->items[worths->order[i]], groups[worths->order[i]]};
    return 0;
}

/* One replicate of all groups: purchases and revenue. */
static int sum_replicate(void *context, size_t b, int worker, struct error *err) {
    struct worths *worths = context;
    double *sums = worths->sums + 2 * b * worths->n_groups, if_alive = 0, purchases = 0;
    const struct value_history *before = NULL;
    (void)worker, (void)err;
    for (size_t i = 0; i < worths->customers->n; i++) {
        const struct value_customer *customer = &worths->members[i].customer;
        const struct value_history *history = &customer->history;
        const size_t group = worths->members[i].group;
        if (!before || !same_x_and_age(before, history))
            if_alive = replicate_if_alive(worths, b, history);
        if (!before || by_history(before, history) != 0)
            purchases = if_alive * replicate_alive(worths, b, history);
        before = history;
        sums[2 * group] += customer->count * purchases;
        sums[2 * group + 1] += customer->count * purchases * replicate_spend(worths, b, customer);
    }
    return 0;
}

static void add_estimates(const struct worths *worths, struct value_worth *sums) {
    struct outlook outlook = {.history = NULL};
    for (size_t i = 0; i < worths->customers->n; i++) {
        const struct value_customer *customer = &worths->members[i].customer;
        look_ahead(worths, &customer->history, &outlook);
        const struct value_worth worth = worth_of(worths, &outlook, customer);
        struct value_worth *sum = &sums[worths->members[i].group];
        sum->alive += customer->count * worth.alive;
        sum->purchases.value += customer->count * worth.purchases.value;
        sum->revenue.value += customer->count * worth.revenue.value;
        sum->discounted.value += customer->count * worth.discounted.value;
    }
}

static void bound_sums(const struct worths *worths, double *room, struct value_worth *sums) {
    const size_t n = worths->fit->n_replicates;
    for (size_t g = 0; g < worths->n_groups; g++) {
        struct value_worth *sum = &sums[g];
        sum->spend = sum->revenue.value / sum->purchases.value;
        struct value_bounds *of[2] = {&sum->purchases, &sum->revenue};
        for (int m = 0; m < 2; m++) {
            for (size_t b = 0; b < n; b++)
                room[b] = worths->sums[2 * (b * worths->n_groups + g) + (size_t)m];
            of[m]->lower = of[m]->upper = NAN;
            if (n > 0)
                bound(worths, room, of[m]);
        }
        const double share = sum->discounted.value / sum->revenue.value;
        sum->discounted.lower = share * sum->revenue.lower;
        sum->discounted.upper = share * sum->revenue.upper;
    }
}

int value_sum(const struct value_customers *customers, const struct value_options *options,
              const struct value_fit *fit, const uint32_t *groups, size_t n_groups,
              struct value_worth *sums, struct error *err) {
    struct worths worths = begin(customers, options, fit);
    worths.n_groups = n_groups;
    worths.sums = calloc(2 * n_groups * fit->n_replicates + 1, sizeof *worths.sums);
    double *room = malloc((fit->n_replicates + 1) * sizeof *room);
    int code = worths.sums && room ? 0 : error_memory(err);
    if (!code)
        code = sort_by_history(customers, &worths.order, err);
    if (!code)
        code = line_up(&worths, groups, err);
    if (!code)
        code = workers_run(options->threads, fit->n_replicates, sum_replicate, &worths, err);
    if (!code) {
        memset(sums, 0, n_groups * sizeof *sums);
        add_estimates(&worths, sums);
        bound_sums(&worths, room, sums);
    }
    free(room);
    close_worths(&worths);
    return code;
}
