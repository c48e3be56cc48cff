/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels cut, wrapped and pushed apart; curves thinned. */
#include "chart/label.h"
#include "chart/thin.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static int teardown(void **state) {
    (void)state;
    arena_free(&arena);
    return 0;
}

/* ---- Cutting and wrapping ------------------------------------------------------------------ */

static void cut_is(const char *text, size_t columns, const char *expected) {
    struct text cut;
    struct error err = {0};
    assert_int_equal(label_shorten(text_of(text), columns, &arena, &cut, &err), 0);
    assert_true(text_width(cut) <= columns);
    assert_true(text_is_utf8(cut));
    assert_true(text_is(cut, expected));
}

static void cutting(void **state) {
    (void)state;
    cut_is("", 5, "");
    cut_is("four", 4, "four");
    cut_is("fiver", 4, "fiv…");
    cut_is("one two", 5, "one…"); /* no blank before the ellipsis */
    cut_is("x", 1, "x");
    cut_is("xy", 1, "…");
    cut_is("小红书", 6, "小红书");
    cut_is("小红书", 5, "小红…");
    cut_is("小红书", 4, "小…"); /* half a character is none */
    cut_is("小红书", 2, "…");
    cut_is("cafe\xcc\x81 au lait", 5, "cafe\xcc\x81…"); /* the accent stays with its letter */
}

static void wrapped_is(const char *text, size_t columns, size_t most, const char *expected) {
    struct text lines[8];
    struct error err = {0};
    char joined[256] = "";
    size_t n, length = 0;
    assert_int_equal(label_wrap(text_of(text), columns, most, &arena, lines, &n, &err), 0);
    assert_true(n <= most);
    for (size_t i = 0; i < n; i++) {
        assert_true(text_width(lines[i]) <= columns);
        length += (size_t)snprintf(joined + length, sizeof joined - length, "%s%.*s",
                                   i > 0 ? "|" : "", (int)lines[i].length, lines[i].bytes);
    }
    assert_string_equal(joined, expected);
}

static void wrapping(void **state) {
    (void)state;
    wrapped_is("", 10, 3, "");
    wrapped_is("one", 10, 3, "one");
    wrapped_is("one two three", 7, 3, "one two|three");
    wrapped_is("one two three", 8, 3, "one two|three");
    wrapped_is("one  two", 4, 3, "one|two");
    wrapped_is("one two three four", 7, 2, "one two|three…");
    wrapped_is("incomprehensible", 7, 3, "incompr|ehensib|le");
    wrapped_is("小红书小红书", 4, 3, "小红|书小|红书");
    wrapped_is("one two", 3, 1, "on…");
}

/* ---- Pushing apart ------------------------------------------------------------------------- */

static void far_apart_stay(void **state) {
    (void)state;
    struct error err = {0};
    double at[] = {0.9, NAN, 0.1, 0.5};
    assert_int_equal(label_spread(at, 4, 0.1, 0, 1, &err), 0);
    /* Taking i gaps away and adding them again may round in the last place. */
    assert_true(fabs(at[0] - 0.9) < 1e-15 && isnan(at[1]));
    assert_true(fabs(at[2] - 0.1) < 1e-15 && fabs(at[3] - 0.5) < 1e-15);
    assert_int_equal(label_spread(at, 0, 0.1, 0, 1, &err), 0);
}

static void ties_keep_their_order(void **state) {
    (void)state;
    struct error err = {0};
    double at[] = {0.5, 0.5, 0.5};
    assert_int_equal(label_spread(at, 3, 0.1, 0, 1, &err), 0);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(at[i] - (0.4 + 0.1 * i)) < 1e-15);
}

static void the_ends_hold(void **state) {
    (void)state;
    struct error err = {0};
    double at[] = {1, 1, 1, 0.3};
    assert_int_equal(label_spread(at, 4, 0.1, 0, 1, &err), 0);
    assert_true(fabs(at[0] - 0.8) < 1e-15 && fabs(at[2] - 1) < 1e-15 && fabs(at[3] - 0.3) < 1e-15);
    /* Too many: as far apart as they can be. */
    double many[] = {0.5, 0.5, 0.5};
    assert_int_equal(label_spread(many, 3, 0.9, 0, 1, &err), 0);
    assert_true(many[0] == 0 && many[1] == 0.5 && many[2] == 1);
}

static int ascending(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The least sum of squares over every way of gluing sorted neighbours at the gap: of those ways one
 * is the optimum, because there each gap is either tight or without force. */
static double best_of_all(const double *wanted, int n, double gap) {
    double best = INFINITY;
    for (int glued = 0; glued < 1 << (n - 1); glued++) {
        double at[8], sum = 0;
        for (int first = 0, next; first < n; first = next) {
            for (next = first + 1; next < n && (glued >> (next - 1) & 1);)
                next++;
            double mean = 0;
            for (int i = first; i < next; i++)
                mean += (wanted[i] - (i - first) * gap) / (next - first);
            for (int i = first; i < next; i++)
                at[i] = mean + (i - first) * gap;
        }
        for (int i = 0; i < n; i++) {
            sum += (at[i] - wanted[i]) * (at[i] - wanted[i]);
            if (i > 0 && at[i] - at[i - 1] < gap - 1e-12)
                sum = INFINITY;
        }
        best = fmin(best, sum);
    }
    return best;
}

static void moves_are_least(void **state) {
    (void)state;
    srand(7);
    for (int round = 0; round < 2000; round++) {
        double wanted[7], at[7], sum = 0;
        int n = 1 + round % 7;
        for (int i = 0; i < n; i++)
            wanted[i] = rand() / (double)RAND_MAX;
        qsort(wanted, (size_t)n, sizeof *wanted, ascending);
        memcpy(at, wanted, sizeof at);
        struct error err = {0};
        assert_int_equal(label_spread(at, (size_t)n, 0.2, -9, 9, &err), 0);
        for (int i = 0; i < n; i++) {
            sum += (at[i] - wanted[i]) * (at[i] - wanted[i]);
            assert_true(i == 0 || at[i] - at[i - 1] >= 0.2 - 1e-12);
        }
        assert_true(fabs(sum - best_of_all(wanted, n, 0.2)) < 1e-12);
    }
}

/* ---- Thinning ------------------------------------------------------------------------------ */

enum { LONG = 100000 };

struct curve {
    double x[LONG], y[LONG];
    size_t keep[LONG];
    size_t n;
};

static int make_curve(void **state) {
    struct curve *curve = calloc(1, sizeof *curve);
    *state = curve;
    for (int i = 0; curve && i < LONG; i++) {
        curve->x[i] = i;
        curve->y[i] = sin(i / 3000.0);
    }
    return curve ? 0 : -1;
}

static int free_curve(void **state) {
    free(*state);
    return 0;
}

static bool kept(const struct curve *curve, size_t index) {
    for (size_t i = 0; i < curve->n; i++)
        if (curve->keep[i] == index)
            return true;
    return false;
}

static void short_curves_stay_whole(void **state) {
    struct curve *curve = *state;
    thin_curve(curve->x, curve->y, THIN_POINTS, THIN_POINTS, curve->keep, &curve->n);
    assert_int_equal(curve->n, THIN_POINTS);
    thin_curve(curve->x, curve->y, 0, THIN_POINTS, curve->keep, &curve->n);
    assert_int_equal(curve->n, 0);
}

static void long_ones_keep_ends_extremes_and_gaps(void **state) {
    struct curve *curve = *state;
    curve->y[31234] = 50;  /* one point high above all others */
    curve->y[71234] = -50; /* and one far below */
    curve->y[51234] = NAN; /* and one gap */
    thin_curve(curve->x, curve->y, LONG, THIN_POINTS, curve->keep, &curve->n);
    assert_true(curve->n <= THIN_POINTS + 1 && curve->n > THIN_POINTS / 4);
    assert_true(kept(curve, 0) && kept(curve, LONG - 1));
    assert_true(kept(curve, 31234) && kept(curve, 71234) && kept(curve, 51234));
    for (size_t i = 1; i < curve->n; i++)
        assert_true(curve->keep[i] > curve->keep[i - 1]);
}

static void one_place_is_one_column(void **state) {
    struct curve *curve = *state;
    for (int i = 0; i < LONG; i++)
        curve->x[i] = 3;
    thin_curve(curve->x, curve->y, LONG, THIN_POINTS, curve->keep, &curve->n);
    assert_true(curve->n == 4 || curve->n == 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cutting),
        cmocka_unit_test(wrapping),
        cmocka_unit_test(far_apart_stay),
        cmocka_unit_test(ties_keep_their_order),
        cmocka_unit_test(the_ends_hold),
        cmocka_unit_test(moves_are_least),
        cmocka_unit_test_setup_teardown(short_curves_stay_whole, make_curve, free_curve),
        cmocka_unit_test_setup_teardown(long_ones_keep_ends_extremes_and_gaps, make_curve,
                                        free_curve),
        cmocka_unit_test_setup_teardown(one_place_is_one_column, make_curve, free_curve),
    };
    return cmocka_run_group_tests(tests, NULL, teardown);
}
