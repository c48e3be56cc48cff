/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which shapes there are. */
#include "chart/shape.h"

const struct shape shapes[] = {
    {"alluvial", "from to size", shape_alluvial},
    {"curve", "x y [group] [fit]", shape_curve},
    {"curve-log", "x y [group] [fit]", shape_curve_log},
    {"fan",
     "x y [lower] [upper] [y2] [lower2] [upper2] [y3] [lower3] [upper3] [panel] [part] [group] "
     "[observed] [mark]",
     shape_fan},
    {"forest", "label point lower upper [group] [panel] [p] [text]", shape_forest},
    {"histogram", "x [x2] [x3] [weight]", shape_histogram},
    {"matrix", "row column value", shape_matrix},
    {"rise", "x y [group] [lower] [upper] [at_risk] [censored] [panel]", shape_rise},
    {"rise-sum", "x y [group] [lower] [upper] [at_risk] [censored] [panel]", shape_rise_sum},
    {"slope", "x y [group]", shape_slope},
    {"stack", "x y part [panel]", shape_stack},
    {"stack-periods", "x y part [panel]", shape_stack_periods},
    {"steps", "x y [group] [lower] [upper] [at_risk] [censored] [panel]", shape_steps},
    {"tornado", "label low high [base] [low_input] [high_input]", shape_tornado},
    {"waterfall", "label amount running from to [detail] [lower] [upper] [panel] [part]",
     shape_waterfall},
    {0},
};

static struct text without_brackets(struct text word, bool *optional) {
    *optional = word.bytes[0] == '[';
    return *optional ? (struct text){word.bytes + 1, word.length - 2} : word;
}

static bool template_gives(const struct template *template, struct text role) {
    for (size_t i = 0; i < template->n_roles; i++)
        if (text_equal(template->roles[i].role, role))
            return true;
    return false;
}

/* Any shape takes a unit: chart/drawing.h writes it. */
static bool shape_takes(const struct shape *shape, struct text role) {
    if (text_is(role, "unit"))
        return true;
    struct text rest = text_of(shape->roles), word;
    bool optional;
    while (template_word(&rest, &word))
        if (text_equal(without_brackets(word, &optional), role))
            return true;
    return false;
}

static int check_roles(const struct template *template, const struct shape *shape,
                       struct error *err) {
    struct text rest = text_of(shape->roles), word;
    bool optional;
    while (template_word(&rest, &word)) {
        struct text role = without_brackets(word, &optional);
        if (!optional && !template_gives(template, role))
            return error_set(err, ERROR_SYSTEM, "template %s: found no role '%.*s', which %s needs",
                             template->file->name, (int)role.length, role.bytes, shape->name);
    }
    for (size_t i = 0; i < template->n_roles; i++) {
        struct text role = template->roles[i].role;
        if (!shape_takes(shape, role))
            return error_set(err, ERROR_SYSTEM,
                             "template %s: found role '%.*s', expected one of %s",
                             template->file->name, (int)role.length, role.bytes, shape->roles);
    }
    return 0;
}

int shape_find(const struct template *template, const struct shape **ret, struct error *err) {
    for (const struct shape *shape = shapes; shape->name; shape++) {
        if (!text_is(template->shape, shape->name))
            continue;
        *ret = shape;
        return check_roles(template, shape, err);
    }
    return error_set(err, ERROR_SYSTEM, "template %s: found no shape '%.*s'", template->file->name,
                     (int)template->shape.length, template->shape.bytes);
}
