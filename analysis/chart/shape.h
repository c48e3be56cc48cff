/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Shapes: how the rows of a result become data blocks that gnuplot can draw as they stand.
 *
 * A template names its shape and says which column plays which role:
 *
 *     # shape: steps group=group x=time y=survival lower=lower upper=upper at_risk=at_risk
 *
 * All computing is done here: order, stacking, thinning, doubling the points of a stepped band,
 * where labels stand. The template says how it looks. Rows may come in any order. Besides what
 * every script gets (chart/drawing.h), each shape gives the blocks and variables named below;
 * "index s - 1" is the data set of series s.
 *
 * Roles in brackets may be left out of the template; each shape also takes [unit], what its values
 * are counted in. A missing y leaves a gap.
 */
#ifndef CHART_SHAPE_H
#define CHART_SHAPE_H

#include "base/text.h"
#include "chart/drawing.h"

struct shape {
    const char *name;
    const char *roles; /* "x y [lower] [upper]" */
    int (*lay_out)(struct drawing *drawing, struct error *err);
};

/* Ends with {0}. */
extern const struct shape shapes[];

/* The template's shape; ERROR_SYSTEM if there is none of this name, or the template and the shape
 * disagree about the roles. */
int shape_find(const struct template *template, const struct shape **ret, struct error *err);

/* steps: curves that fall in steps from 1 at x = 0 (Kaplan-Meier), with the numbers at risk; rise:
 * shares that rise from 0; rise-sum: the same without a bound (a cumulative hazard).
 *   x y [group] [lower] [upper] [at_risk] [censored] [panel]
 * Panels p = 1 to n_curves hold the curves, one below the other, and panel n_curves + p the numbers
 * at risk below panel p; n_risk = 0: there are none.
 * $curve     index (p - 1) n_series + s - 1: x, y; for `with steps`
 * $band      index k - 1 for series band_series[k]: x, lower, upper, doubled; panel p has bands
 *            band_first[p] to band_last[p]; n_bands
 * $censored  index p - 1: x, y, s: where something was censored
 * $risk      index p - 1: x, row, number: the number at risk just before x is risk_text[number]; at
 *            the tics of panel p, a row for each series. risk_shift is half the width of the widest
 *            number
 * Names stand beside the curves; with several panels they are in the legend. At most 32 series are
 * drawn, with bands if they are 6 or fewer, marks 8, numbers at risk 12; at most 4 panels, in a
 * terminal 2, there without numbers at risk. */
int shape_steps(struct drawing *drawing, struct error *err);
int shape_rise(struct drawing *drawing, struct error *err);
int shape_rise_sum(struct drawing *drawing, struct error *err);

/* stack: shares of parts that pile up on each other, in steps and in panels (cumulative incidence);
 * stack-periods: the same where x counts whole periods, so that the last one lasts as well.
 *   x y part [panel]
 * $area      index area - 1: x, lower, upper, doubled; area_series[area]; panel p has areas
 *            area_first[p] to area_last[p], from the bottom
 * panel_lowest[p] is 1 for the panels at the bottom. A part holds its value until its next row, and
 * is 0 before its first. Parts whose name starts with '(' lie on top. At most 9 panels of 12 parts.
 */
int shape_stack(struct drawing *drawing, struct error *err);
int shape_stack_periods(struct drawing *drawing, struct error *err);

/* slope: one line per group through periods, labelled where it starts and ends.
 *   x y [group]
 * $line      index s - 1: x, y
 * The group "(all)", the sum of the others, is left out where there are others. With two periods
 * `slope` is 1 and both ends carry their values; with more it is 0, and the y axis has tics. The y
 * axis is logarithmic where the values are positive and span a factor of 30. */
int shape_slope(struct drawing *drawing, struct error *err);

/* tornado: a bar per parameter from the result at its low value to that at its high one, longest
 * on top.
 *   label low high [base] [low_input] [high_input]
 * $bar       from, to, y - half, y + half, side (1: low value, 2: high value)
 * $end       x, y, side of the bar (-1 left, 1 right), number: the value of the parameter there is
 *            end_text[number]; only if n_ends > 0
 * $stroke    index side - 1: x, y; a line along each bar, for terminals
 * base, has_base; series 1 and 2 are the low and high values. At most 20 bars. */
int shape_tornado(struct drawing *drawing, struct error *err);

/* curve: lines over numbers, such as a Lorenz curve; curve-log: the same on logarithmic axes, where
 * rows that are not above 0 are left out.
 *   x y [group] [fit]
 * $line      index s - 1: x, y
 * $fit       index s - 1: x, fit, a line beside each; only if has_fit = 1: every group has some
 * The template names the axes: below the panel is room for an xlabel. At most 12 groups, told apart
 * by the legend if they are several. */
int shape_curve(struct drawing *drawing, struct error *err);
int shape_curve_log(struct drawing *drawing, struct error *err);

/* fan: lines with bands over periods, in panels.
 *   x y [lower] [upper] [y2] [lower2] [upper2] [y3] [lower3] [upper3] [panel] [part] [group]
 *   [observed] [mark]
 * One panel for each y and each value of `panel` (and, where a panel has several, of `part`), with
 * a line for each group.
 * $line      index line - 1: x, y; line_series[line]; panel p has lines line_first[p] to
 *            line_last[p]
 * $band      index band - 1: x, lower, upper; band_series[band]; band_first[p] to band_last[p]
 * panel_y[p] is 1, 2 or 3: which y panel p shows. At most 12 panels; of more than that only those
 * that a template's `panels: NAME...` names, whole, in its order, if there are any of them.
 * A template's `scale: common` gives all panels the same axis of values.
 * With observed: $observed x, y: points beside the lines of the first y; panel p has the data sets
 * observed_first[p] to observed_last[p]; up to three panels stand one above the other. With mark:
 * has_mark, and mark_x, the place between the last row whose mark is 0 or missing and the first
 * whose mark is above 0. */
int shape_fan(struct drawing *drawing, struct error *err);

/* forest: a line per row with its name, a point in its interval, and both as text beside them.
 *   label point lower upper [group] [panel] [p] [text]
 * The order is that of the rows; rows of one label stand together, in the colours of their groups.
 * Each value of `panel` is a panel with an axis of its own. `p` is shown as a p-value, `text` as it
 * stands. A row without a point keeps its line, and so can say which category is the reference. A
 * template's `scale: log` makes the axis logarithmic (what is not above 0 has no point there),
 * `scale: common` gives all panels the same, and `reference: 1` the place of a line through them.
 * $interval  index p - 1: from, to, y, series, 1 if it goes on below the axis, 1 if above
 * $point     index p - 1: x, y, series
 * name_text[], name_y[], name_first[p], name_last[p], name_x: names left of panel p
 * estimate_text[], beside_text[], row_y[], row_first[p], row_last[p], estimate_x, beside_x: texts
 * right of it, "0.75 (0.65 to 0.87)" and p or text; has_beside = 0: there is no p or text. The x
 * are in widths of the panel. has_reference, reference
 * At most 60 lines, in a terminal 14. Of more than 60 only those of the panels are drawn that a
 * template's `panels: NAME...` names, in its order, if there are any of them. */
int shape_forest(struct drawing *drawing, struct error *err);

/* histogram: how many rows have which value, a panel for each column that has any.
 *   x [x2] [x3] [weight]
 * $bar       index p - 1: from, to, how many (rows, or the sum of their weights)
 * panel_x[p] is 1, 2 or 3: which x panel p shows. 24 bins up to a value that 99 of 100 rows do not
 * exceed; the caption says how many do. */
int shape_histogram(struct drawing *drawing, struct error *err);

/* matrix: a value for each pair of row and column.
 *   row column value
 * $cell      x, y, value
 * $text      x, y, number, colour: cell_text[number], dark on light cells and light on dark ones
 * value_min, value_max; narrow = 1: cells have no room for text, and the right margin has some for
 * a colour box. Columns that are rows too come first, in the order of the rows. At most 40 of each.
 */
int shape_matrix(struct drawing *drawing, struct error *err);

/* alluvial: flows from the groups on the left to the groups on the right, stacked.
 *   from to size
 * Sizes of the same flow are added.
 * $ribbon    index k - 1 for ribbon_series[k], k = 1 to n_ribbons: x, lower, upper
 * $node      x from, x to, y from, y to, side (1 left, 2 right)
 * Labels stand at the sides, the largest group on top, "(gone)", "(new)" and "(other)" at the
 * bottom. At most 12 groups a side: the smaller ones are put together as "(other)", with what the
 * data call so; it is series n_series + 1, grey. */
int shape_alluvial(struct drawing *drawing, struct error *err);

/* waterfall: what leads from one level to another, a bar each from top to bottom.
 *   label amount running from to [detail] [lower] [upper] [panel] [part]
 * Rows stand in the order of the bars. Those of one panel (and of one part of it, which then has a
 * panel of its own), from and to are a block: its first row is the level it starts from, its last
 * the level it leads to; each row between adds its amount, and `running` is where that leads. Rows
 * that add nothing have no bar. lower and upper bound the amount. A block that starts where the one
 * before ended goes on in its panel.
 * $bar       index p - 1: from, to, y - half, y + half, kind (1: more, 2: less, 3: a level)
 * $link      index p - 1: x, y; lines from bar to bar
 * $whisker   index p - 1: x, y; lines along what the end of a bar may be
 * $end       index p - 1: x, y, number: the amount is end_text[number]
 * $stroke    index 3 (p - 1) + kind - 1: x, y; a line along each bar, for terminals
 * Where the levels are large beside the changes, the axis does not start at zero, levels are short
 * lines, and the caption says so. At most 8 panels of at most 40 bars; in a terminal one of 14. */
int shape_waterfall(struct drawing *drawing, struct error *err);

#endif
