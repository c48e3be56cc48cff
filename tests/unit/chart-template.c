/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates: their first lines, and which one a result gets. */
#include "chart/chart.h"
#include "chart/shape.h"
#include "chart/template.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void first_lines_are_read(void **state) {
    (void)state;
    const char *const lines[] = {"# SPDX-License-Identifier: GPL-3.0-or-later\n",
                                 "# What it shows.\n",
                                 "# shape: fan x=period y=mean  upper=upper?\n",
                                 "# needs: platform tier\n",
                                 "# title: What: a title\n",
                                 "# bands: intervals\n",
                                 "# note: A note\n",
                                 "set multiplot\n",
                                 "# note: not a first line\n",
                                 NULL};
    const struct template_file file = {"tool.variant", lines};
    struct template template;
    struct error err = {0};
    assert_int_equal(template_parse(&file, &template, &err), 0);
    assert_true(text_is(template.tool, "tool") && text_is(template.variant, "variant"));
    assert_true(text_is(template.shape, "fan") && text_is(template.needs, "platform tier"));
    assert_true(text_is(template.title, "What: a title") && text_is(template.bands, "intervals"));
    assert_true(text_is(template.note, "A note"));
    assert_int_equal(template.n_roles, 3);
    assert_true(text_is(template.roles[1].role, "y") && text_is(template.roles[1].column, "mean"));
    assert_true(!template.roles[1].optional && template.roles[2].optional);
    assert_true(text_is(template.roles[2].column, "upper"));
    char columns[64];
    template_columns(&template, columns, sizeof columns);
    assert_string_equal(columns, "period,mean,platform,tier");
}

static void fault_is(const char *line, const char *words) {
    const char *const lines[] = {line, NULL};
    const struct template_file file = {"tool", lines};
    struct template template;
    const struct shape *shape;
    struct error err = {0};
    int status = template_parse(&file, &template, &err);
    if (status == 0)
        status = shape_find(&template, &shape, &err);
    assert_int_equal(status, ERROR_SYSTEM);
    assert_string_equal(err.text, words);
}

static void faults_of_templates(void **state) {
    (void)state;
    fault_is("plot x\n", "template tool: found no line '# shape: ...' at its top");
    fault_is("# shape:\n", "template tool: found no shape behind 'shape:'");
    fault_is("# shape: fan x\n", "template tool: found 'x', expected role=column");
    fault_is("# shape: fan x=\n", "template tool: found 'x=', expected role=column");
    fault_is("# shape: fan =x\n", "template tool: found '=x', expected role=column");
    fault_is("# shape: fann x=a y=b\n", "template tool: found no shape 'fann'");
    fault_is("# shape: fan x=a\n", "template tool: found no role 'y', which fan needs");
    fault_is("# shape: slope x=a y=b z=c\n",
             "template tool: found role 'z', expected one of x y [group]");
    fault_is("# shape: fan a=a b=b c=c d=d e=e f=f g=g h=h i=i j=j k=k l=l m=m n=n o=o p=p q=q r=r "
             "s=s t=t u=u v=v w=w x=x y=y\n",
             "template tool: found more than 24 roles");
}

/* Every template that travels in the library names a shape, and says what the chart is. */
static void all_templates_are_sound(void **state) {
    (void)state;
    size_t n = 0;
    const struct template_file *file;
    for (; template_list(NULL, n, &file); n++) {
        struct template template;
        const struct shape *shape;
        struct error err = {0};
        if (template_parse(file, &template, &err) || shape_find(&template, &shape, &err))
            fail_msg("%s", err.text);
        assert_true(template.title.length > 0);
        assert_string_equal(file->lines[0], "# SPDX-License-Identifier: GPL-3.0-or-later\n");
    }
    assert_true(n >= 5);
    assert_non_null(template_find(TEMPLATE_STYLE));
    assert_null(template_find("no-such-template"));
}

/* ---- Choosing ------------------------------------------------------------------------------ */

static void start(struct sheet *sheet, const char *const *names, size_t n) {
    struct error err = {0};
    *sheet = (struct sheet){0};
    assert_int_equal(sheet_start(sheet, names, n, &err), 0);
}

static void columns_decide(void **state) {
    (void)state;
    static const char *const swings[] = {"swing", "loss_at_high", "loss_at_low",
                                         "high",  "low",          "parameter"};
    static const char *const months[] = {"month",           "revenue_lost", "lower",
                                         "upper",           "cumulative",   "cumulative_lower",
                                         "cumulative_upper"};
    struct sheet sheet;
    struct template template;
    struct error err = {0};
    start(&sheet, swings, 6);
    assert_int_equal(template_choose("arpu-loss", &sheet, &template, &err), 0);
    assert_string_equal(template.file->name, "arpu-loss.sensitivity");
    sheet_free(&sheet);
    start(&sheet, months, 7);
    assert_int_equal(template_choose("arpu-loss", &sheet, &template, &err), 0);
    assert_string_equal(template.file->name, "arpu-loss");
    assert_int_equal(template_choose("churn-survival", &sheet, &template, &err), ERROR_DATA);
    assert_string_equal(err.text,
                        "no chart of churn-survival fits this table: found the columns month,"
                        "revenue_lost,lower,upper,cumulative,cumulative_lower,cumulative_upper, "
                        "expected group,time,survival,lower,upper,at_risk,censored; "
                        "or group,time,cumulative_hazard,lower,upper,at_risk,censored");
    err = (struct error){0};
    assert_int_equal(template_choose("no-such-tool", &sheet, &template, &err), ERROR_DATA);
    assert_string_equal(err.text, "no-such-tool has no chart");
    sheet_free(&sheet);
    assert_true(chart_exists("arpu-loss") && !chart_exists("arpu") && !chart_exists("common"));
}

static void lists_are_ordered(void **state) {
    (void)state;
    char tool[64], columns[256], before[64] = "";
    size_t n = 0;
    for (; chart_list(n, tool, columns, sizeof tool); n++) {
        assert_true(strcmp(before, tool) <= 0);
        assert_string_not_equal(tool, TEMPLATE_STYLE);
        assert_true(strlen(columns) > 0 && strlen(columns) < sizeof tool); /* cut off */
        memcpy(before, tool, sizeof before);
    }
    const struct template_file *file;
    assert_true(template_list("arpu-loss", 0, &file));
    assert_string_equal(file->name, "arpu-loss"); /* the one without a variant first */
    assert_false(template_list("arpu", 0, &file));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_lines_are_read),    cmocka_unit_test(faults_of_templates),
        cmocka_unit_test(all_templates_are_sound), cmocka_unit_test(columns_decide),
        cmocka_unit_test(lists_are_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
