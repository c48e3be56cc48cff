/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State occupancy with errors, in one pass over days and moves.
 *
 * All vectors are rows. With areas, a vector has a second half: what the first half adds up to over
 * time. Its width is then 2 S, otherwise S.
 *
 *   1. Common maps, and their products over spans of days
 *   2. One day: shares
 *   3. One day: the error of Greenwood's kind
 *   4. One day: the jackknife
 *   5. Curves
 */
#include "users/occupancy.h"

#include "base/buffer.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LEVELS = 32 };

/* What a day does to a derivative x of someone in state r: x M + V_r. */
struct map {
    double *m; /* width by width */
    double *v; /* states by width */
};

/* Levels of products: level k has one for each span of 2^k steps that is complete. */
struct spans {
    double *level[MOST_LEVELS];
    size_t n[MOST_LEVELS], capacity[MOST_LEVELS];
};

/* Of one user. */
struct derivative {
    size_t step; /* up to which it is up to date */
    uint16_t state;
};

struct occupancy_work {
    const struct occupancy_move *next, *end;
    enum occupancy_error error;
    bool areas;
    size_t states, width;
    double users;
    int64_t *in_state;  /* under observation in each state, now */
    double *moved;      /* states by states, on this day */
    double *covariance; /* width by width: of shares and areas */
    double largest;     /* variance of a share so far */
    double *scratch;    /* width by width, twice */
    struct map map;     /* of this day */
    int32_t last_step;  /* its day: maps reach from one to the next */
    /* of the jackknife only */
    struct spans spans;
    size_t steps;
    double *sums; /* states by width: of the derivatives of those in each state */
    struct derivative *users_at;
    double *derivatives; /* users by width */
    double *own;         /* of one user, and where a move takes them: width each */
};

/* ---- 1. Common maps, and their products over spans of days ----------------------------------- */

static size_t map_size(const struct occupancy_work *w) {
    return w->width * w->width + w->states * w->width;
}

/* ret = a b, with a of `rows` rows. */
static void multiply(const double *a, const double *b, size_t rows, size_t width, double *ret) {
    memset(ret, 0, rows * width * sizeof *ret);
    for (size_t i = 0; i < rows; i++)
        for (size_t k = 0; k < width; k++) {
            double x = a[i * width + k];
            for (size_t j = 0; j < width && x != 0; j++)
                ret[i * width + j] += x * b[k * width + j];
        }
}

static double *span_at(const struct occupancy_work *w, size_t level, size_t i) {
    return w->spans.level[level] + i * map_size(w);
}

static int add_span(struct occupancy_work *w, size_t level, struct error *err) {
    return array_reserve((void **)&w->spans.level[level], &w->spans.capacity[level],
                         ++w->spans.n[level], map_size(w) * sizeof(double), err);
}

/* Two spans in a row: (M1 M2, V1 M2 + V2). */
static void join(const struct occupancy_work *w, const double *first, const double *second,
                 double *ret) {
    size_t square = w->width * w->width, rest = w->states * w->width;
    multiply(first, second, w->width, w->width, ret);
    multiply(first + square, second, w->states, w->width, ret + square);
    for (size_t i = 0; i < rest; i++)
        ret[square + i] += second[square + i];
}

static int keep_step(struct occupancy_work *w, struct error *err) {
    size_t square = w->width * w->width;
    if (add_span(w, 0, err))
        return err->code;
    double *step = span_at(w, 0, w->steps++);
    memcpy(step, w->map.m, square * sizeof *step);
    memcpy(step + square, w->map.v, w->states * w->width * sizeof *step);
    for (size_t level = 1; w->steps % ((size_t)1 << level) == 0; level++) {
        if (add_span(w, level, err))
            return err->code;
        size_t last = w->spans.n[level] - 1;
        join(w, span_at(w, level - 1, 2 * last), span_at(w, level - 1, 2 * last + 1),
             span_at(w, level, last));
    }
    return 0;
}

/* Brings one user's derivative up to `step`, by the longest spans that fit. */
static void catch_up(struct occupancy_work *w, uint32_t user, size_t step) {
    struct derivative *at = &w->users_at[user];
    double *x = w->derivatives + (size_t)user * w->width, *y = w->own;
    size_t square = w->width * w->width;
    while (at->step < step) {
        size_t level = 0;
        while (at->step % ((size_t)2 << level) == 0 && at->step + ((size_t)2 << level) <= step)
            level++;
        const double *span = span_at(w, level, at->step >> level);
        multiply(x, span, 1, w->width, y);
        for (size_t i = 0; i < w->width; i++)
            x[i] = y[i] + span[square + at->state * w->width + i];
        at->step += (size_t)1 << level;
    }
}

/* ---- 2. One day: shares ---------------------------------------------------------------------- */

/* Moves of this day, and who was at risk; leaves w->next at those who were last seen on it. */
static bool take_moves(struct occupancy *curve, const struct occupancy_move **ret_first) {
    struct occupancy_work *w = curve->work;
    bool any = false;
    *ret_first = w->next;
    memset(w->moved, 0, w->states * w->states * sizeof *w->moved);
    memcpy(curve->at_risk, w->in_state, w->states * sizeof *curve->at_risk);
    for (; w->next < w->end && w->next->day == curve->day && w->next->to != OCCUPANCY_NONE;
         w->next++) {
        w->moved[w->next->from * w->states + w->next->to]++;
        w->in_state[w->next->from]--;
        w->in_state[w->next->to]++;
        any = true;
    }
    return any;
}

/* M = (time passes) (moves), V by state, and the shares. */
static void make_map(struct occupancy *curve) {
    struct occupancy_work *w = curve->work;
    size_t n = w->states;
    double dt = (double)(curve->day - w->last_step);
    memset(w->map.m, 0, w->width * w->width * sizeof *w->map.m);
    memset(w->map.v, 0, n * w->width * sizeof *w->map.v);
    for (size_t i = 0; i < w->width; i++)
        w->map.m[i * w->width + i] = 1;
    for (size_t s = 0; s < n && w->areas; s++)
        w->map.m[s * w->width + n + s] = dt;
    double *after = w->own; /* shares */
    memset(after, 0, n * sizeof *after);
    for (size_t j = 0; j < n; j++) {
        double stay = (double)curve->at_risk[j], share = curve->share[j];
        for (size_t k = 0; k < n; k++) {
            double h = w->moved[j * n + k];
            if (h == 0)
                continue;
            stay -= h;
            h /= (double)curve->at_risk[j];
            w->map.m[j * w->width + k] += h;
            w->map.m[j * w->width + j] -= h;
            double per_user = curve->share[j] / (double)curve->at_risk[j] * h;
            w->map.v[j * w->width + k] -= per_user;
            w->map.v[j * w->width + j] += per_user;
            after[k] += curve->share[j] * h;
            share -= curve->share[j] * h;
        }
        /* Where all have left nothing remains, not even what rounding leaves. */
        if (curve->at_risk[j] > 0 && stay == 0)
            w->map.m[j * w->width + j] = share = 0;
        after[j] += share;
    }
    memcpy(curve->share, after, n * sizeof *after);
}

/* ---- 3. One day: the error of Greenwood's kind ------------------------------------------------
 */

/* covariance <- M' covariance M */
static void carry_covariance(struct occupancy_work *w, const double *m) {
    size_t n = w->width;
    double *half = w->scratch, *turned = w->scratch + n * n;
    multiply(w->covariance, m, n, n, half);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            turned[j * n + i] = half[i * n + j];
    multiply(turned, m, n, n, w->covariance);
}

/* p_j^2 times the multinomial covariance of the moves out of j; `before` are the shares. */
static void add_noise(struct occupancy *curve, const double *before) {
    struct occupancy_work *w = curve->work;
    size_t n = w->states;
    for (size_t j = 0; j < n; j++) {
        double y = (double)curve->at_risk[j], *v = w->scratch, gone = 0;
        for (size_t k = 0; k < n; k++) {
            v[k] = y > 0 ? w->moved[j * n + k] / y : 0;
            gone += v[k];
        }
        if (gone == 0)
            continue;
        double factor = before[j] * before[j] / y;
        for (size_t k = 0; k < n; k++) {
            w->covariance[k * w->width + k] += factor * v[k];
            w->covariance[j * w->width + k] -= factor * v[k];
            w->covariance[k * w->width + j] -= factor * v[k];
        }
        w->covariance[j * w->width + j] += factor * gone;
        v[j] -= gone;
        for (size_t k = 0; k < n; k++)
            for (size_t l = 0; l < n; l++)
                w->covariance[k * w->width + l] -= factor * v[k] * v[l];
    }
}

/* ---- 4. One day: the jackknife --------------------------------------------------------------- */

/* Sums of x'x and of x for everyone, as if nobody had a move of their own. */
static void carry_everyone(struct occupancy *curve) {
    struct occupancy_work *w = curve->work;
    size_t n = w->width;
    carry_covariance(w, w->map.m);
    for (size_t r = 0; r < w->states; r++) {
        double *sum = w->sums + r * n, *next = w->own;
        const double *v = w->map.v + r * n;
        double users = (double)curve->at_risk[r];
        multiply(sum, w->map.m, 1, n, next);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n && (v[i] != 0 || next[i] != 0); j++)
                w->covariance[i * n + j] += next[i] * v[j] + v[i] * next[j] + users * v[i] * v[j];
        for (size_t i = 0; i < n; i++)
            sum[i] = next[i] + users * v[i];
    }
}

/* The rest of what a move from j to k does: x <- x + d, d = (p_j/Y_j)(e_k - e_j). */
static void carry_mover(struct occupancy *curve, const struct occupancy_move *move,
                        const double *before) {
    struct occupancy_work *w = curve->work;
    size_t n = w->width, j = move->from, k = move->to;
    double d = before[j] / (double)curve->at_risk[j];
    catch_up(w, move->subject, w->steps);
    double *x = w->derivatives + (size_t)move->subject * n;
    for (size_t i = 0; i < n; i++) {
        w->covariance[i * n + k] += x[i] * d;
        w->covariance[k * n + i] += x[i] * d;
        w->covariance[i * n + j] -= x[i] * d;
        w->covariance[j * n + i] -= x[i] * d;
        w->sums[j * n + i] -= x[i];
        w->sums[k * n + i] += x[i];
    }
    w->covariance[k * n + k] += d * d;
    w->covariance[j * n + j] += d * d;
    w->covariance[j * n + k] -= d * d;
    w->covariance[k * n + j] -= d * d;
    w->sums[k * n + k] += d;
    w->sums[k * n + j] -= d;
    x[k] += d;
    x[j] -= d;
    w->users_at[move->subject].state = move->to;
}

static void forget(struct occupancy_work *w, const struct occupancy_move *move) {
    catch_up(w, move->subject, w->steps);
    const double *x = w->derivatives + (size_t)move->subject * w->width;
    for (size_t i = 0; i < w->width; i++)
        w->sums[move->from * w->width + i] -= x[i];
}

/* ---- 5. Curves ------------------------------------------------------------------------------- */

static int allocate(struct occupancy *curve, size_t users, struct error *err) {
    struct occupancy_work *w = curve->work;
    size_t n = w->states, width = w->width;
    curve->at_risk = calloc(n + 1, sizeof *curve->at_risk);
    curve->share = calloc(4 * n + 1, sizeof *curve->share);
    w->in_state = calloc(n + 1, sizeof *w->in_state);
    w->moved = calloc(n * n + 1, sizeof *w->moved);
    w->covariance = calloc(width * width + 1, sizeof *w->covariance);
    w->scratch = calloc(2 * width * width + 1, sizeof *w->scratch);
    w->map.m = calloc(width * width + 1, sizeof *w->map.m);
    w->map.v = calloc(n * width + 1, sizeof *w->map.v);
    w->sums = calloc(n * width + 1, sizeof *w->sums);
    w->own = calloc(width + 1, sizeof *w->own);
    if (w->error == OCCUPANCY_JACKKNIFE) {
        w->users_at = calloc(users + 1, sizeof *w->users_at);
        w->derivatives = calloc(users * width + 1, sizeof *w->derivatives);
    }
    bool enough = curve->at_risk && curve->share && w->in_state && w->moved && w->covariance &&
                  w->scratch && w->map.m && w->map.v && w->sums && w->own &&
                  (w->error != OCCUPANCY_JACKKNIFE || (w->users_at && w->derivatives));
    if (!enough)
        return error_memory(err);
    curve->variance = curve->share + n;
    curve->time = curve->share + 2 * n;
    curve->time_variance = curve->share + 3 * n;
    return 0;
}

/* Where a variance should be 0, rounding leaves some 1e-16 of what variances have been; the
 * smallest true ones are far above that. */
static double without_rounding(double variance, double largest) {
    return variance > 1e-13 * largest ? variance : 0;
}

static void read_variances(struct occupancy *curve) {
    struct occupancy_work *w = curve->work;
    for (size_t s = 0; s < w->states; s++)
        w->largest = fmax(w->largest, w->covariance[s * w->width + s]);
    for (size_t s = 0; s < w->states; s++)
        curve->variance[s] = without_rounding(w->covariance[s * w->width + s], w->largest);
}

/* Everyone enters on day 0: shares of the first states, with multinomial error, which is what their
 * derivatives (e_s - p)/n give as well. */
static void enter_all(struct occupancy *curve) {
    struct occupancy_work *w = curve->work;
    size_t n = w->states;
    const struct occupancy_move *first = w->next;
    for (; w->next < w->end && w->next->from == OCCUPANCY_NONE; w->next++) {
        w->in_state[w->next->to]++;
        w->users++;
    }
    for (size_t s = 0; s < n; s++) {
        curve->share[s] = w->users > 0 ? (double)w->in_state[s] / w->users : 0;
        curve->at_risk[s] = w->in_state[s];
    }
    for (size_t s = 0; s < n && w->users > 0; s++) {
        w->covariance[s * w->width + s] = curve->share[s] / w->users;
        for (size_t r = 0; r < n; r++)
            w->covariance[s * w->width + r] -= curve->share[s] * curve->share[r] / w->users;
        for (size_t r = 0; r < n; r++)
            w->sums[s * w->width + r] =
                (double)w->in_state[s] * ((s == r) - curve->share[r]) / w->users;
    }
    for (const struct occupancy_move *move = first; move < w->next && w->users_at; move++) {
        double *x = w->derivatives + (size_t)move->subject * w->width;
        w->users_at[move->subject].state = move->to;
        for (size_t r = 0; r < n; r++)
            x[r] = ((r == move->to) - curve->share[r]) / w->users;
    }
    read_variances(curve);
}

int occupancy_begin(struct occupancy *ret, const struct occupancy_paths *paths, size_t group,
                    enum occupancy_error error, bool areas, struct error *err) {
    *ret = (struct occupancy){.states = paths->states};
    ret->work = calloc(1, sizeof *ret->work);
    if (!ret->work)
        return error_memory(err);
    *ret->work = (struct occupancy_work){.next = paths->moves + paths->starts[group],
                                         .end = paths->moves + paths->starts[group + 1],
                                         .error = error,
                                         .areas = areas,
                                         .states = paths->states,
                                         .width = areas ? 2 * paths->states : paths->states};
    int status = allocate(ret, paths->subjects[group], err);
    if (status)
        occupancy_end(ret);
    else
        enter_all(ret);
    return status;
}

static int step(struct occupancy *curve, const struct occupancy_move *first, struct error *err) {
    struct occupancy_work *w = curve->work;
    double before[OCCUPANCY_MOST_STATES];
    memcpy(before, curve->share, w->states * sizeof *before);
    make_map(curve);
    if (w->error == OCCUPANCY_GREENWOOD) {
        carry_covariance(w, w->map.m);
        add_noise(curve, before);
    } else {
        carry_everyone(curve);
        if (keep_step(w, err))
            return err->code;
        for (const struct occupancy_move *move = first; move < w->next; move++)
            carry_mover(curve, move, before);
    }
    w->last_step = curve->day;
    read_variances(curve);
    return 0;
}

/* Areas grow by the shares; variances are those of the last step until the next, as no time has
 * passed for the covariance yet: occupancy_wait sees to that. */
static void pass_time(struct occupancy *curve, int32_t day) {
    double dt = (double)(day - curve->day);
    for (size_t s = 0; s < curve->states; s++)
        curve->time[s] += curve->share[s] * dt;
    curve->day = day;
}

int occupancy_next(struct occupancy *curve, bool *ret_more, struct error *err) {
    struct occupancy_work *w = curve->work;
    *ret_more = false;
    while (!*ret_more && w->next < w->end) {
        const struct occupancy_move *first;
        pass_time(curve, w->next->day);
        *ret_more = take_moves(curve, &first);
        if (*ret_more && step(curve, first, err))
            return err->code;
        for (; w->next < w->end && w->next->day == curve->day && w->next->to == OCCUPANCY_NONE;
             w->next++) {
            w->in_state[w->next->from]--;
            if (w->error == OCCUPANCY_JACKKNIFE)
                forget(w, w->next);
        }
    }
    return 0;
}

int32_t occupancy_coming(const struct occupancy *curve) {
    for (const struct occupancy_move *move = curve->work->next; move < curve->work->end; move++)
        if (move->to != OCCUPANCY_NONE)
            return move->day;
    return INT32_MAX;
}

int32_t occupancy_last_seen(const struct occupancy *curve) {
    const struct occupancy_work *w = curve->work;
    return w->next < w->end ? w->end[-1].day : curve->day;
}

/* Of an area a after time t: var (a + t p) = var a + 2 t cov(a, p) + t^2 var p. */
void occupancy_wait(struct occupancy *curve, int32_t day) {
    const struct occupancy_work *w = curve->work;
    if (day > curve->day)
        pass_time(curve, day);
    double t = (double)(curve->day - w->last_step);
    for (size_t s = 0; s < w->states && w->areas; s++) {
        size_t a = w->states + s;
        const double *c = w->covariance;
        curve->time_variance[s] = fmax(
            c[a * w->width + a] + 2 * t * c[a * w->width + s] + t * t * c[s * w->width + s], 0);
    }
}

void occupancy_end(struct occupancy *curve) {
    struct occupancy_work *w = curve->work;
    free(curve->at_risk);
    free(curve->share);
    if (w) {
        free(w->in_state);
        free(w->moved);
        free(w->covariance);
        free(w->scratch);
        free(w->map.m);
        free(w->map.v);
        free(w->sums);
        free(w->own);
        free(w->users_at);
        free(w->derivatives);
        for (size_t level = 0; level < MOST_LEVELS; level++)
            free(w->spans.level[level]);
        free(w);
    }
    *curve = (struct occupancy){0};
}
