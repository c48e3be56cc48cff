/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flows from the groups on the left to the groups on the right, stacked. */
#include "chart/label.h"
#include "chart/shape.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_NODES = 12, RIBBON_STEPS = 40 };
enum { FROM, TO };
static const double node_width = 0.02; /* of the distance between the two sides */

struct node {
    struct text name;
    double size;
    size_t code; /* of the group; of "(other)": the number of groups */
    double top;  /* in pixels below the panel's upper edge */
    double used; /* how much of it ribbons have taken */
};

struct side {
    struct groups groups;
    struct node nodes[MOST_NODES];
    size_t n;
    size_t *node_of; /* by group */
};

struct alluvial {
    struct drawing *drawing;
    struct side sides[2];
    const double *size;
    double flow[MOST_NODES][MOST_NODES]; /* [from][to] */
    double total, scale;                 /* pixels per unit */
    struct panel panel;
    int colored; /* the side whose groups have the colours */
    size_t n_series;
    const struct text *names; /* of the series, as they are shown */
};

/* ---- Reading ------------------------------------------------------------------------------- */

/* From top to bottom. (gone), (new) and (other) are none of the data's own groups. */
enum place { GROUP, NOWHERE, OTHER, EMPTY };

static enum place place_of(const struct node *node) {
    if (node->size == 0)
        return EMPTY;
    if (text_is(node->name, "(other)"))
        return OTHER;
    return text_is(node->name, "(gone)") || text_is(node->name, "(new)") ? NOWHERE : GROUP;
}

static int by_place_and_size(const void *a, const void *b) {
    const struct node *left = a, *right = b;
    if (place_of(left) != place_of(right))
        return place_of(left) < place_of(right) ? -1 : 1;
    if (left->size != right->size)
        return left->size > right->size ? -1 : 1;
    return text_compare(left->name, right->name);
}

static size_t count_place(const struct node *nodes, size_t n, enum place place) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += place_of(&nodes[i]) == place;
    return count;
}

/* The largest groups, those that are nowhere, and behind them, if there are more than MOST_NODES or
 * the data have put some together already, all the others as one. */
static void choose_nodes(struct side *side, struct node *all, size_t n) {
    qsort(all, n, sizeof *all, by_place_and_size);
    size_t groups = count_place(all, n, GROUP), nowhere = count_place(all, n, NOWHERE);
    size_t drawn = groups + nowhere + count_place(all, n, OTHER);
    size_t largest = drawn > MOST_NODES ? MOST_NODES - 1 - nowhere : groups;
    size_t other = largest + nowhere;
    side->n = other;
    if (drawn > other)
        side->nodes[side->n++] = (struct node){.name = text_of("(other)"), .code = n};
    for (size_t i = 0; i < drawn; i++) {
        size_t node = other;
        if (i < largest)
            node = i;
        else if (i >= groups && i < groups + nowhere)
            node = largest + i - groups;
        side->node_of[all[i].code] = node;
        if (node < other)
            side->nodes[node] = all[i];
        else
            side->nodes[other].size += all[i].size;
    }
}

static int find_nodes(struct alluvial *alluvial, struct side *side, struct error *err) {
    struct drawing *drawing = alluvial->drawing;
    size_t n = side->groups.n;
    struct node *all = drawing_alloc(drawing, n, sizeof *all, err);
    side->node_of = drawing_alloc(drawing, n, sizeof *side->node_of, err);
    if (!all || !side->node_of)
        return ERROR_SYSTEM;
    for (size_t i = 0; i < n; i++)
        all[i] = (struct node){.name = side->groups.names[i], .code = i};
    for (size_t row = 0; row < drawing->sheet->rows; row++)
        if (!isnan(alluvial->size[row]))
            all[side->groups.of_row[row]].size += alluvial->size[row];
    choose_nodes(side, all, n);
    return 0;
}

static int read_flows(struct alluvial *alluvial, struct error *err) {
    static const char *const roles[] = {"from", "to"};
    struct drawing *drawing = alluvial->drawing;
    int status = drawing_values(drawing, "size", &alluvial->size, err);
    for (int i = FROM; i <= TO && status == 0; i++)
        status = drawing_groups(drawing, roles[i], &alluvial->sides[i].groups, err);
    for (size_t row = 0; row < drawing->sheet->rows && status == 0; row++)
        if (alluvial->size[row] < 0)
            status = error_set(err, ERROR_DATA, "row %zu: found a flow below 0", row + 1);
    for (int i = FROM; i <= TO && status == 0; i++)
        status = find_nodes(alluvial, &alluvial->sides[i], err);
    if (status)
        return status;
    for (size_t row = 0; row < drawing->sheet->rows; row++) {
        if (isnan(alluvial->size[row]))
            continue;
        size_t from = alluvial->sides[FROM].node_of[alluvial->sides[FROM].groups.of_row[row]];
        size_t to = alluvial->sides[TO].node_of[alluvial->sides[TO].groups.of_row[row]];
        alluvial->flow[from][to] += alluvial->size[row];
        alluvial->total += alluvial->size[row];
    }
    if (!(alluvial->total > 0))
        return error_set(err, ERROR_DATA, "no flow is above 0: there is nothing to draw");
    return 0;
}

/* ---- Places -------------------------------------------------------------------------------- */

/* All small groups together, which have no colour but grey. */
static bool is_other(const struct side *side, size_t node) {
    return side->nodes[node].code == side->groups.n;
}

/* The colours belong to the side that has something to tell apart: the left one, if it can. */
static int name_series(struct alluvial *alluvial, struct error *err) {
    alluvial->colored = alluvial->sides[FROM].n > 1 ? FROM : TO;
    const struct side *colored = &alluvial->sides[alluvial->colored];
    struct text names[MOST_NODES];
    for (size_t i = 0; i < colored->n; i++)
        if (!is_other(colored, i))
            names[alluvial->n_series++] = colored->nodes[i].name;
    int status = drawing_series(alluvial->drawing, DRAWING_BY_ORDER, names, alluvial->n_series,
                                alluvial->drawing->text ? 14 : 22, &alluvial->names, err);
    for (int i = FROM; i <= TO && status == 0; i++)
        for (size_t k = 0; k < alluvial->sides[i].n && status == 0; k++)
            status = script_accepts(alluvial->sides[i].nodes[k].name, err);
    return status;
}

/* "Libera.Chat  903 (86%)" */
static int make_labels(struct alluvial *alluvial, int i, struct side_label *labels,
                       size_t *ret_columns, struct error *err) {
    const struct side *side = &alluvial->sides[i];
    *ret_columns = 0;
    for (size_t k = 0; k < side->n; k++) {
        const struct node *node = &side->nodes[k];
        struct text name;
        char value[AXIS_TEXT];
        bool colored = i == alluvial->colored && !is_other(side, k);
        size_t most = alluvial->drawing->text ? 14 : 22;
        int status = label_shorten(node->name, most, &alluvial->drawing->arena, &name, err);
        if (status)
            return status;
        if (colored)
            name = alluvial->names[k];
        axis_format(node->size, value);
        labels[k].text = drawing_format(alluvial->drawing, "%.*s  %s (%.*f%%)", (int)name.length,
                                        name.bytes, value, node->size < alluvial->total / 100,
                                        100 * node->size / alluvial->total);
        labels[k].series = colored ? k : alluvial->n_series;
        size_t width = text_width(labels[k].text);
        *ret_columns = width > *ret_columns ? width : *ret_columns;
    }
    return 0;
}

/* Each side is a stack with gaps, in the middle of the height. */
static void stack(struct alluvial *alluvial, double height) {
    double gap = alluvial->drawing->text ? 1 : 9;
    size_t most = alluvial->sides[FROM].n > alluvial->sides[TO].n ? alluvial->sides[FROM].n
                                                                  : alluvial->sides[TO].n;
    alluvial->scale = (height - gap * (double)(most - 1)) / alluvial->total;
    for (int i = FROM; i <= TO; i++) {
        struct side *side = &alluvial->sides[i];
        double top = (height - alluvial->total * alluvial->scale - gap * (double)(side->n - 1)) / 2;
        for (size_t k = 0; k < side->n; k++) {
            side->nodes[k].top = top;
            top += side->nodes[k].size * alluvial->scale + gap;
        }
    }
}

static int place(struct alluvial *alluvial, struct error *err) {
    struct drawing *drawing = alluvial->drawing;
    struct side_label labels[2][MOST_NODES] = {0};
    size_t columns[2];
    struct area area;
    int status = drawing_frame(drawing, NULL, 0, &area, err);
    for (int i = FROM; i <= TO && status == 0; i++)
        status = make_labels(alluvial, i, labels[i], &columns[i], err);
    if (status)
        return status;
    struct panel *panel = &alluvial->panel;
    panel->left = area.left + drawing_text_width(drawing, (double)columns[FROM] + 4, DRAWING_LABEL);
    panel->right = area.right - drawing_text_width(drawing, (double)columns[TO] + 4, DRAWING_LABEL);
    panel->top = area.top + (drawing->text ? 0 : 10);
    panel->bottom = area.bottom - (drawing->text ? 1 : 10);
    panel->downwards = true;
    double height = panel->bottom - panel->top;
    panel->x = (struct axis){.min = -node_width, .max = 1 + node_width};
    panel->y = (struct axis){.min = 0, .max = height};
    stack(alluvial, height);
    status = drawing_panels(drawing, panel, 1, err);
    for (int i = FROM; i <= TO && status == 0; i++) {
        for (size_t k = 0; k < alluvial->sides[i].n; k++)
            labels[i][k].value = alluvial->sides[i].nodes[k].top +
                                 alluvial->sides[i].nodes[k].size * alluvial->scale / 2;
        status = drawing_side_labels(drawing, i == FROM ? DRAWING_LEFT : DRAWING_RIGHT, panel,
                                     labels[i], alluvial->sides[i].n, err);
    }
    return status;
}

/* ---- Blocks -------------------------------------------------------------------------------- */

/* Along 3 x^2 - 2 x^3, which leaves and arrives level. */
static void put_ribbon(struct script *script, double from, double to, double thickness) {
    for (int i = 0; i <= RIBBON_STEPS; i++) {
        double x = (double)i / RIBBON_STEPS;
        double y = from + (to - from) * x * x * (3 - 2 * x);
        script_row(script, 3, (const double[]){x, y, y + thickness});
    }
}

static void write_ribbons(struct alluvial *alluvial) {
    struct script *script = &alluvial->drawing->script;
    struct side *from = &alluvial->sides[FROM], *to = &alluvial->sides[TO];
    double series[MOST_NODES * MOST_NODES];
    size_t n = 0;
    script_block(script, "ribbon");
    for (size_t i = 0; i < from->n; i++) {
        for (size_t k = 0; k < to->n; k++) {
            double thickness = alluvial->flow[i][k] * alluvial->scale;
            if (!(thickness > 0))
                continue;
            if (n > 0)
                script_next(script);
            put_ribbon(script, from->nodes[i].top + from->nodes[i].used,
                       to->nodes[k].top + to->nodes[k].used, thickness);
            from->nodes[i].used += thickness;
            to->nodes[k].used += thickness;
            size_t colored = alluvial->colored == FROM ? i : k;
            series[n++] = fmin((double)colored, (double)alluvial->n_series) + 1;
        }
    }
    script_block_end(script);
    script_number(script, "n_ribbons", (double)n);
    script_numbers(script, "ribbon_series", series, n);
}

static void write_nodes(struct alluvial *alluvial) {
    struct script *script = &alluvial->drawing->script;
    script_block(script, "node");
    for (int i = FROM; i <= TO; i++) {
        double left = i == FROM ? -node_width : 1, right = i == FROM ? 0 : 1 + node_width;
        for (size_t k = 0; k < alluvial->sides[i].n; k++) {
            const struct node *node = &alluvial->sides[i].nodes[k];
            double bottom = node->top + node->size * alluvial->scale;
            script_row(script, 5, (const double[]){left, right, node->top, bottom, i + 1.0});
        }
    }
    script_block_end(script);
}

int shape_alluvial(struct drawing *drawing, struct error *err) {
    struct alluvial alluvial = {.drawing = drawing};
    int status = read_flows(&alluvial, err);
    if (status == 0)
        status = name_series(&alluvial, err);
    if (status == 0)
        status = place(&alluvial, err);
    if (status)
        return status;
    write_ribbons(&alluvial);
    write_nodes(&alluvial);
    return 0;
}
