/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Revenue at risk: by hand, and what is refused. */
#include "revenue/loss-risk.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Reading texts as files ------------------------------------------------------------------ */

struct file {
    char path[32];
    const char *paths[1];
    struct table_options options;
    struct table *table;
};

static void open_text(struct file *file, const char *csv) {
    struct error err = {0};
    strcpy(file->path, "/tmp/loss-risk.XXXXXX");
    int descriptor = mkstemp(file->path);
    assert_true(descriptor >= 0);
    assert_int_equal(write(descriptor, csv, strlen(csv)), strlen(csv));
    close(descriptor);
    file->paths[0] = file->path;
    file->options = (struct table_options){.files = file->paths, .n_files = 1, .threads = 1};
    if (table_open(&file->table, &file->options, &err))
        fail_msg("%s", err.text);
}

static void close_file(struct file *file) {
    table_close(file->table);
    unlink(file->path);
}

struct risk {
    struct file curve_file, base_file;
    struct risk_curves curves;
    struct risk_base base;
};

static void read_both(struct risk *risk, const char *curves, const char *group, const char *base) {
    struct error err = {0};
    *risk = (struct risk){0};
    open_text(&risk->curve_file, curves);
    open_text(&risk->base_file, base);
    if (risk_read_curves(risk->curve_file.table, &risk->curves, &err) ||
        risk_read_base(risk->base_file.table, group, &risk->curves, &risk->base, &err))
        fail_msg("%s", err.text);
}

static void release(struct risk *risk) {
    risk_base_free(&risk->base);
    risk_curves_free(&risk->curves);
    close_file(&risk->curve_file);
    close_file(&risk->base_file);
}

static struct risk_answer ask(const struct risk *risk, size_t group, const char *horizon,
                              decimal per) {
    struct risk_question question = {.per = per, .confidence = 0.95};
    struct risk_answer answer;
    struct error err = {0};
    assert_true(decimal_parse(text_of(horizon), '.', &question.horizon));
    if (risk_estimate(&risk->curves, &risk->base, group, &question, &answer, &err))
        fail_msg("%s", err.text);
    return answer;
}

static void near(double found, double expected) {
    if (!(fabs(found - expected) <= 1e-12 * fmax(1, fabs(expected))))
        fail_msg("found %.17g, expected %.17g", found, expected);
}

/* S = 0.8 from 1 on, v = 2/(10 x 8); S = 0.64 from 3 on, v = 1/(5 x 4); followed until 5. */
#define CURVE                                                                                      \
    "group,time,at_risk,events,survival\n"                                                         \
    "a,1,10,2,0.8\na,3,5,1,0.64\na,5,1,0,0.64\n"

/* ---- By hand --------------------------------------------------------------------------------- */

static void from_the_start(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk, CURVE, NULL, "users,revenue\n40,60\n10,40\n");
    struct risk_answer answer = ask(&risk, 0, "2", 0);
    assert_true(answer.known && answer.users == 50 * DECIMAL_ONE &&
                answer.covered == 100 * DECIMAL_ONE);
    near(answer.at_risk.value, 20);
    near(answer.at_risk.std_error, 80 * sqrt(0.025));
    near(answer.at_risk.interval.lower, 0); /* 20 - 24.8 */
    near(answer.at_risk.interval.upper, 20 + 1.959963984540054 * 80 * sqrt(0.025));
    answer = ask(&risk, 0, "3", DECIMAL_ONE); /* a step at the horizon itself has happened */
    near(answer.at_risk.value, 36);
    near(answer.at_risk.std_error, 64 * sqrt(0.075));
    near(answer.lost.value, 100 * 0.2 * 2); /* from 1 to 3 */
    near(answer.lost.std_error, 100 * 0.8 * 2 * sqrt(0.025));
    answer = ask(&risk, 0, "5", 2 * DECIMAL_ONE); /* a period lasts 2 */
    near(answer.lost.value, 100 * (0.2 * 2 + 0.36 * 2) / 2);
    near(answer.lost.std_error,
         sqrt(0.025 * pow(100 * (1.6 + 1.28) / 2, 2) + 0.05 * pow(100 * 1.28 / 2, 2)));
    answer = ask(&risk, 0, "5.000001", 0);
    assert_false(answer.known);
    release(&risk);
}

/* 100 at age 0 and 50 at age 2, over 2: 20 and, from 0.8 to 0.64, 10. Both go through neither the
 * same step nor independent ones: 0 to 2 has the step at 1, 2 to 4 that at 3. Over 3 the first goes
 * through both: 80 x 0.64/0.8 ... slopes 64 at 1, 64 + 40 at 3. */
static void from_an_age(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk, CURVE, NULL, "users,revenue,age\n1,50,2\n1,100,0\n1,7,4\n");
    struct risk_answer answer = ask(&risk, 0, "2", 0);
    near(answer.at_risk.value, 30);
    near(answer.at_risk.std_error, sqrt(0.025 * 80 * 80 + 0.05 * 40 * 40));
    assert_true(answer.revenue == 157 * DECIMAL_ONE && answer.covered == 150 * DECIMAL_ONE);
    answer = ask(&risk, 0, "3", 0);
    near(answer.at_risk.value, 46);
    near(answer.at_risk.std_error, sqrt(0.025 * 64 * 64 + 0.05 * 104 * 104));
    release(&risk);
}

/* 1, 2 and 6 paid at 0.2: 3 x 0.04 x 7. */
static void money_of_single_users(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk, CURVE, NULL, "user,revenue\nu,1\nv,2\nw,6\n");
    struct risk_answer answer = ask(&risk, 0, "1", 0);
    near(answer.at_risk.value, 1.8);
    near(answer.at_risk.std_error, sqrt(0.025 * 7.2 * 7.2 + 3 * 0.04 * 7));
    release(&risk);
    read_both(&risk, CURVE, NULL, "users,revenue,revenue_se\n1,5,2\n2,4,\n");
    answer = ask(&risk, 0, "1", 0);
    near(answer.at_risk.std_error, sqrt(0.025 * 7.2 * 7.2 + 0.04 * 4));
    release(&risk);
}

static void groups_add_up(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk, CURVE "b,2,4,1,0.75\nb,6,3,3,0\nc,1,9,1,0.888888888888889\n", "g",
              "g,users,revenue\nb,1,40\na,1,100\n");
    assert_int_equal(risk.curves.count, 3);
    struct risk_answer a = ask(&risk, 0, "2", 0), b = ask(&risk, 1, "2", 0),
                       all = ask(&risk, 3, "2", 0);
    near(b.at_risk.value, 10);
    near(b.at_risk.std_error, 30 * sqrt(1.0 / 12));
    near(all.at_risk.value, 30); /* nobody is in c, which ends before 2 */
    near(all.at_risk.std_error, hypot(a.at_risk.std_error, b.at_risk.std_error));
    assert_true(all.known);
    /* b has come to 0 by 6: all is lost, and there is no error to say how surely. */
    b = ask(&risk, 1, "100", 0);
    assert_true(b.known);
    near(b.at_risk.value, 40);
    assert_true(isnan(b.at_risk.interval.lower) && isnan(b.at_risk.interval.upper));
    all = ask(&risk, 3, "100", 0); /* a is not known */
    assert_false(all.known);
    release(&risk);
}

/* Refunds may turn the sum: nothing is cut. */
static void negative_revenue(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk, CURVE, NULL, "users,revenue\n1,-100\n");
    struct risk_answer answer = ask(&risk, 0, "2", 0);
    near(answer.at_risk.value, -20);
    near(answer.at_risk.interval.lower, -20 - 1.959963984540054 * 80 * sqrt(0.025));
    assert_true(answer.at_risk.interval.upper > 0);
    release(&risk);
}

static void nobody(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk, CURVE, NULL, "users,revenue\n");
    struct risk_answer answer = ask(&risk, 0, "2", 0);
    assert_true(!answer.known && answer.users == 0 && answer.revenue == 0);
    release(&risk);
}

/* ---- What is refused ------------------------------------------------------------------------- */

static void refused(const char *curves, const char *group, const char *base, const char *words) {
    struct risk risk = {0};
    struct error err = {0};
    open_text(&risk.curve_file, curves);
    open_text(&risk.base_file, base);
    if (!risk_read_curves(risk.curve_file.table, &risk.curves, &err))
        assert_int_equal(
            risk_read_base(risk.base_file.table, group, &risk.curves, &risk.base, &err),
            ERROR_DATA);
    const char *message = strchr(err.text, ' ');
    assert_non_null(message);
    if (strncmp(message + 1, words, strlen(words)) != 0)
        fail_msg("found '%s', expected '%s'", message + 1, words);
    release(&risk);
}

static void what_is_refused(void **state) {
    (void)state;
    refused(CURVE "a,3,5,1,0.5\n", NULL, "users,revenue\n", "same group and time as");
    refused("group,time,at_risk,events,survival\na,3,5,1,0.64\n", NULL, "users,revenue\n",
            "survival is 0.64, expected 0.8 by at_risk and events up to here");
    refused("group,time,at_risk,events,survival\na,3,5,6,0\n", NULL, "users,revenue\n",
            "6 of 5 at risk left");
    refused("group,time,at_risk,events,survival\na,-3,5,0,1\n", NULL, "users,revenue\n",
            "time is negative");
    refused(CURVE, "g", "g,users,revenue\nx,1,1\n", "there is no survival curve of 'x'");
    refused(CURVE, NULL, "users,revenue\n-1,1\n", "users are negative");
    refused(CURVE, NULL, "users,revenue,age\n1,1,-1\n", "age is negative");
    refused(CURVE, NULL, "users,revenue,revenue_se\n1,1,-1\n", "the standard error is negative");
    refused(CURVE, NULL, "user,revenue\nu,1\nv,1\nu,1\n", "user stands at ");
    refused(CURVE, NULL, "users,revenue,currency\n1,1,USD\n1,1,\n1,1,EUR\n",
            "currency is EUR, expected USD");
    refused("group,time,at_risk,events,survival\na,3,5,5,0\n", NULL, "users,revenue,age\n1,1,4\n",
            "by its curve nobody stays as long");
}

/* ---- By destination ---------------------------------------------------------------------------
 */

#define WHERE                                                                                      \
    "group,time,destination,at_risk,events,incidence\n"                                            \
    "a,1,X,10,1,0.1\na,1,Y,10,1,0.1\na,3,X,5,0,0.1\na,3,Y,5,1,0.26\na,5,X,1,0,0.1\na,5,Y,1,0,0.26\n"

static struct risk_answer ask_of(const struct risk *risk, size_t destination, const char *horizon,
                                 decimal per) {
    struct risk_question question = {.per = per, .destination = destination, .confidence = 0.95};
    struct risk_answer answer;
    struct error err = {0};
    assert_true(decimal_parse(text_of(horizon), '.', &question.horizon));
    if (risk_estimate(&risk->curves, &risk->base, 0, &question, &answer, &err))
        fail_msg("%s", err.text);
    return answer;
}

/* From the start over 3: to Y 0.1 + 0.8/5. A step of A_X at 1 lowers it by 0.16/0.8 for each unit,
 * one of A_Y raises it by 1 and lowers it likewise; at 3 one of A_Y raises it by 0.8. */
static void to_one_destination(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk, WHERE, NULL, "users,revenue\n50,100\n");
    assert_int_equal(risk.curves.n_destinations, 2);
    assert_true(text_is(risk.curves.destinations[1], "Y"));
    const struct risk_answer y = ask_of(&risk, 2, "3", DECIMAL_ONE);
    near(y.at_risk.value, 26);
    const double x_1 = -0.2, y_1 = 0.8, sum = x_1 + y_1;
    const double at_1 = (x_1 * x_1 + y_1 * y_1) / 100 - sum * sum / 1000;
    near(y.at_risk.std_error, 100 * sqrt(at_1 + 0.64 * 4 / 125));
    near(y.lost.value, 100 * 0.1 * 2);
    near(y.lost.std_error, 100 * 2 * sqrt(9.0 / 1000));
    /* Destinations add up to what the curve of survival says, and so do their errors' sources. */
    const struct risk_answer x = ask_of(&risk, 1, "3", DECIMAL_ONE),
                             all = ask_of(&risk, 0, "3", DECIMAL_ONE);
    near(x.at_risk.value + y.at_risk.value, all.at_risk.value);
    near(x.lost.value + y.lost.value, all.lost.value);
    near(all.at_risk.std_error, 64 * sqrt(0.075));
    release(&risk);
}

/* With one destination for all, the error is that of survival. */
static void the_only_destination(void **state) {
    (void)state;
    struct risk risk;
    read_both(&risk,
              "group,time,destination,at_risk,events,incidence\na,1,X,10,2,0.2\na,3,X,5,1,0.36\n"
              "a,5,X,1,0,0.36\n",
              NULL, "users,revenue,age\n1,50,2\n1,100,0\n");
    for (int h = 0; h < 2; h++) {
        const struct risk_answer x = ask_of(&risk, 1, h ? "3" : "2", DECIMAL_ONE),
                                 all = ask_of(&risk, 0, h ? "3" : "2", DECIMAL_ONE);
        near(x.at_risk.value, all.at_risk.value);
        near(x.at_risk.std_error, all.at_risk.std_error);
        near(x.lost.value, all.lost.value);
        near(x.lost.std_error, all.lost.std_error);
    }
    release(&risk);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(to_one_destination),    cmocka_unit_test(the_only_destination),
        cmocka_unit_test(from_the_start),        cmocka_unit_test(from_an_age),
        cmocka_unit_test(money_of_single_users), cmocka_unit_test(groups_add_up),
        cmocka_unit_test(negative_revenue),      cmocka_unit_test(nobody),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
