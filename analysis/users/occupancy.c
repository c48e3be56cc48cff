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
    /* A unit is a user or a cluster: N of its users under observation in each state, X the sum of
     * their derivatives. */
    bool clustered;
    bool lone;           /* one cluster only: its derivative is 0 whatever the truth is */
    double *sums;        /* states by width: of N' X over units */
    double *pairs;       /* states by states: of N' N */
    size_t *step;        /* up to which X is up to date, of each unit */
    uint32_t *present;   /* N: units by states */
    double *derivatives; /* X: units by width */
    double *own;         /* of one unit, and where a move takes it: width each */
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

/* Brings the derivative of one unit up to `step`, by the longest spans that fit. */
static void catch_up(struct occupancy_work *w, size_t unit, size_t step) {
    const uint32_t *present = w->present + unit * w->states;
    double *x = w->derivatives + unit * w->width, *y = w->own;
    size_t square = w->width * w->width;
    while (w->step[unit] < step) {
        size_t at = w->step[unit], level = 0;
        while (at % ((size_t)2 << level) == 0 && at + ((size_t)2 << level) <= step)
            level++;
        const double *span = span_at(w, level, at >> level);
        multiply(x, span, 1, w->width, y);
        memcpy(x, y, w->width * sizeof *x);
        for (size_t r = 0; r < w->states; r++)
            for (size_t i = 0; i < w->width && present[r] > 0; i++)
                x[i] += (double)present[r] * span[square + r * w->width + i];
        w->step[unit] += (size_t)1 << level;
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

/* Sums over units, as if nobody had a move of their own: X becomes X M + N V, so that
 *
 *     X'X <- M' X'X M + D' V + V' D + V' (N'N) V,   D = N'X M,   N'X <- D + (N'N) V
 */
static void carry_everyone(struct occupancy *curve) {
    struct occupancy_work *w = curve->work;
    size_t n = w->width;
    carry_covariance(w, w->map.m);
    double *moved = w->scratch, *added = w->scratch + n * n; /* D, (N'N) V */
    multiply(w->sums, w->map.m, w->states, n, moved);
    memset(added, 0, w->states * n * sizeof *added);
    for (size_t r = 0; r < w->states; r++)
        for (size_t s = 0; s < w->states; s++) {
            const double pairs = w->pairs[r * w->states + s];
            for (size_t i = 0; i < n && pairs != 0; i++)
                added[r * n + i] += pairs * w->map.v[s * n + i];
        }
    for (size_t r = 0; r < w->states; r++) {
        const double *v = w->map.v + r * n, *next = moved + r * n, *plus = added + r * n;
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < n && (v[i] != 0 || next[i] != 0); j++)
                w->covariance[i * n + j] += next[i] * v[j] + v[i] * (next[j] + plus[j]);
        for (size_t i = 0; i < n; i++)
            w->sums[r * n + i] = next[i] + plus[i];
    }
}

/* N of a unit becomes N + e_to - e_from; either may be NONE. */
static void move_one(struct occupancy_work *w, size_t unit, uint16_t from, uint16_t to) {
    uint32_t *present = w->present + unit * w->states;
    for (size_t r = 0; r < w->states; r++) {
        const double users = (double)present[r];
        if (users > 0 && to != OCCUPANCY_NONE) {
            w->pairs[r * w->states + to] += users;
            w->pairs[to * w->states + r] += users;
        }
        if (users > 0 && from != OCCUPANCY_NONE) {
            w->pairs[r * w->states + from] -= users;
            w->pairs[from * w->states + r] -= users;
        }
    }
    if (to != OCCUPANCY_NONE) {
        w->pairs[to * w->states + to] += 1;
        present[to]++;
    }
    if (from != OCCUPANCY_NONE) {
        w->pairs[from * w->states + from] += 1;
        present[from]--;
    }
    if (from != OCCUPANCY_NONE && to != OCCUPANCY_NONE) {
        w->pairs[from * w->states + to] -= 1;
        w->pairs[to * w->states + from] -= 1;
    }
}

/* The rest of what a move from j to k does: x <- x + d, d = (p_j/Y_j)(e_k - e_j). */
static void carry_mover(struct occupancy *curve, const struct occupancy_move *move,
                        const double *before) {
    struct occupancy_work *w = curve->work;
    const size_t n = w->width, j = move->from, k = move->to, unit = move->subject;
    double d = before[j] / (double)curve->at_risk[j];
    catch_up(w, unit, w->steps);
    double *x = w->derivatives + unit * n;
    for (size_t i = 0; i < n; i++) {
        w->covariance[i * n + k] += x[i] * d;
        w->covariance[k * n + i] += x[i] * d;
        w->covariance[i * n + j] -= x[i] * d;
        w->covariance[j * n + i] -= x[i] * d;
    }
    w->covariance[k * n + k] += d * d;
    w->covariance[j * n + j] += d * d;
    w->covariance[j * n + k] -= d * d;
    w->covariance[k * n + j] -= d * d;
    for (size_t r = 0; r < w->states; r++) {
        const double users = (double)w->present[unit * w->states + r];
        w->sums[r * n + k] += users * d;
        w->sums[r * n + j] -= users * d;
    }
    x[k] += d;
    x[j] -= d;
    for (size_t i = 0; i < n; i++) {
        w->sums[j * n + i] -= x[i];
        w->sums[k * n + i] += x[i];
    }
    move_one(w, unit, move->from, move->to);
}

static void forget(struct occupancy_work *w, const struct occupancy_move *move) {
    const size_t unit = move->subject;
    catch_up(w, unit, w->steps);
    const double *x = w->derivatives + unit * w->width;
    for (size_t i = 0; i < w->width; i++)
        w->sums[move->from * w->width + i] -= x[i];
    move_one(w, unit, move->from, OCCUPANCY_NONE);
}

/* ---- 5. Curves ------------------------------------------------------------------------------- */

static int allocate(struct occupancy *curve, size_t units, struct error *err) {
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
    w->pairs = calloc(n * n + 1, sizeof *w->pairs);
    if (w->error == OCCUPANCY_JACKKNIFE) {
        w->step = calloc(units + 1, sizeof *w->step);
        w->present = calloc(units * n + 1, sizeof *w->present);
        w->derivatives = calloc(units * width + 1, sizeof *w->derivatives);
    }
    bool enough = curve->at_risk && curve->share && w->in_state && w->moved && w->covariance &&
                  w->scratch && w->map.m && w->map.v && w->sums && w->pairs && w->own &&
                  (w->error != OCCUPANCY_JACKKNIFE || (w->step && w->present && w->derivatives));
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
        curve->variance[s] =
            w->lone ? NAN : without_rounding(w->covariance[s * w->width + s], w->largest);
}

/* Users by themselves have derivatives (e_s - p)/n, and so the multinomial covariance, which is
 * that of Greenwood's kind as well. */
static void start_covariance(const struct occupancy *curve) {
    struct occupancy_work *w = curve->work;
    for (size_t s = 0; s < w->states; s++) {
        w->covariance[s * w->width + s] = curve->share[s] / w->users;
        for (size_t r = 0; r < w->states; r++)
            w->covariance[s * w->width + r] -= curve->share[s] * curve->share[r] / w->users;
    }
}

/* The same added up over clusters. */
static void start_clusters(struct occupancy_work *w, size_t units) {
    const size_t n = w->states, width = w->width;
    memset(w->covariance, 0, width * width * sizeof *w->covariance);
    for (size_t unit = 0; unit < units; unit++) {
        const double *x = w->derivatives + unit * width;
        for (size_t s = 0; s < n; s++)
            for (size_t r = 0; r < n; r++)
                w->covariance[s * width + r] += x[s] * x[r];
    }
}

static void start_units(struct occupancy *curve, const struct occupancy_move *first, size_t units) {
    struct occupancy_work *w = curve->work;
    const size_t n = w->states;
    for (const struct occupancy_move *move = first; move < w->next; move++) {
        const size_t unit = move->subject;
        double *x = w->derivatives + unit * w->width;
        move_one(w, unit, OCCUPANCY_NONE, move->to);
        for (size_t r = 0; r < n; r++)
            x[r] += ((r == move->to) - curve->share[r]) / w->users;
        w->lone = w->clustered && unit == first->subject && (move == first || w->lone);
    }
    for (size_t unit = 0; unit < units; unit++)
        for (size_t s = 0; s < n; s++) {
            const double users = (double)w->present[unit * n + s];
            for (size_t r = 0; r < n && users > 0; r++)
                w->sums[s * w->width + r] += users * w->derivatives[unit * w->width + r];
        }
    if (w->clustered)
        start_clusters(w, units);
}

/* Everyone enters on day 0: shares of the first states. */
static void enter_all(struct occupancy *curve, size_t units) {
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
    if (w->users > 0)
        start_covariance(curve);
    if (w->users > 0 && w->error == OCCUPANCY_JACKKNIFE)
        start_units(curve, first, units);
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
    ret->work->clustered = paths->clusters > 0;
    const size_t units = paths->clusters > 0 ? paths->clusters : paths->subjects[group];
    int status = allocate(ret, units, err);
    if (status)
        occupancy_end(ret);
    else
        enter_all(ret, units);
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
        const double variance =
            c[a * w->width + a] + 2 * t * c[a * w->width + s] + t * t * c[s * w->width + s];
        curve->time_variance[s] = w->lone ? NAN : fmax(variance, 0);
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
        free(w->pairs);
        free(w->step);
        free(w->present);
        free(w->derivatives);
        for (size_t level = 0; level < MOST_LEVELS; level++)
            free(w->spans.level[level]);
        free(w);
    }
    *curve = (struct occupancy){0};
}
