/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Designs: columns, their names, and what cannot be one. */
#include "users/design.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct text contracts[] = {{"month", 5}, {"one year", 8}, {"two years", 9}};
static const struct text kinds[] = {{"creator", 7}, {"viewer", 6}};

/* age, contract (reference: one year), kind (creator), and their products. */
static void build(struct design *design) {
    struct error err = {0};
    *design = (struct design){0};
    if (design_number(design, "age", &err) ||
        design_category(design, "contract", contracts, 3, 1, &err) ||
        design_category(design, "kind", kinds, 2, 0, &err) ||
        design_product(design, "age:contract", &err) ||
        design_product(design, "contract:kind", &err))
        fail_msg("%s", err.text);
}

static void columns_have_names(void **state) {
    (void)state;
    static const char *const names[] = {"age",
                                        "contract=month",
                                        "contract=two years",
                                        "kind=viewer",
                                        "age:contract=month",
                                        "age:contract=two years",
                                        "contract=month:kind=viewer",
                                        "contract=two years:kind=viewer"};
    struct design design;
    build(&design);
    assert_int_equal(design.columns, 8);
    assert_int_equal(design.inputs, 3);
    for (size_t j = 0; j < 8; j++)
        assert_string_equal(design.names[j], names[j]);
    size_t term[8];
    design_terms(&design, term);
    static const size_t terms[] = {0, 1, 1, 2, 3, 3, 4, 4};
    assert_memory_equal(term, terms, sizeof terms);
    assert_int_equal(design_find(&design, text_of("kind"))->first, 3);
    assert_null(design_find(&design, text_of("kin")));
    design_free(&design);
    assert_int_equal(design.columns, 0);
}

static void rows_are_coded(void **state) {
    (void)state;
    struct design design;
    double x[8];
    build(&design);
    design_row(&design, (const double[]){42, 2, 1}, x); /* two years, viewer */
    assert_memory_equal(x, ((const double[]){42, 0, 1, 1, 0, 42, 0, 1}), sizeof x);
    design_row(&design, (const double[]){-3, 1, 1}, x); /* the reference */
    assert_memory_equal(x, ((const double[]){-3, 0, 0, 1, 0 * -3.0, 0 * -3.0, 0, 0}), sizeof x);
    design_row(&design, (const double[]){1.5, 0, 0}, x); /* month, creator */
    assert_memory_equal(x, ((const double[]){1.5, 1, 0, 0, 1.5, 0, 0, 0}), sizeof x);
    design_free(&design);
}

/* A name with a colon in it is found before it is cut there. */
static void colons_in_names(void **state) {
    (void)state;
    struct design design = {0};
    struct error err = {0};
    double x[3];
    assert_int_equal(design_number(&design, "a:b", &err), 0);
    assert_int_equal(design_number(&design, "c", &err), 0);
    assert_int_equal(design_product(&design, "a:b:c", &err), 0);
    design_row(&design, (const double[]){2, 5}, x);
    assert_true(x[2] == 10);
    design_free(&design);
}

static void faults(void **state) {
    (void)state;
    struct design design;
    struct error err = {0};
    build(&design);
    assert_int_equal(design_number(&design, "age", &err), ERROR_USAGE);
    assert_string_equal(err.text, "covariate 'age' was given twice");
    err = (struct error){0};
    assert_int_equal(design_product(&design, "age:size", &err), ERROR_USAGE);
    err = (struct error){0};
    assert_int_equal(design_product(&design, "age:age:contract", &err),
                     ERROR_USAGE); /* a product */
    err = (struct error){0};
    assert_int_equal(design_category(&design, "one", contracts, 1, 0, &err), ERROR_DATA);
    assert_string_equal(err.text,
                        "column 'one' holds one category only, 'month', expected at least "
                        "two categories: leave it out");
    design_free(&design);
}

/* One category for each user is a slip, not a model. */
static void too_many_columns(void **state) {
    (void)state;
    enum { USERS = DESIGN_MOST_COLUMNS + 2 };
    static char names[USERS][8];
    static struct text levels[USERS];
    struct design design = {0};
    struct error err = {0};
    for (size_t i = 0; i < USERS; i++)
        levels[i] = (struct text){names[i], (size_t)snprintf(names[i], sizeof names[i], "u%zu", i)};
    assert_int_equal(design_category(&design, "user", levels, USERS, 0, &err), ERROR_DATA);
    assert_non_null(strstr(err.text, "expected at most 1000 in all: put together rare categories"));
    design_free(&design);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_have_names), cmocka_unit_test(rows_are_coded),
        cmocka_unit_test(colons_in_names),    cmocka_unit_test(faults),
        cmocka_unit_test(too_many_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
