/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gnuplot templates of plots/, as they travel inside the executables, and their first lines.
 *
 * A template is named TOOL.gp or TOOL.VARIANT.gp and opens with comments, of which some are read:
 *
 *     # shape: steps group=group x=time y=survival lower=lower? upper=upper?
 *     # needs: events
 *     # title: Still there, by group
 *     # bands: confidence intervals
 *     # note: Amounts in US dollars
 *     # scale: log
 *     # reference: 1
 *     # panels: users revenue
 *
 * `shape` names the layout (chart/shape.h) and says which column plays which of its roles; a
 * column with a question mark may be absent. `needs` names further columns without which the
 * template is not for this result. `title` is shown where the user gives none. The caption
 * says `note`, and what the `bands` are where the shape draws some. `scale` ("log" or
 * "common") and `reference` are for shapes with an axis of values that say so, `panels` for the fan
 * and the forest. Only `shape` must be there.
 */
#ifndef CHART_TEMPLATE_H
#define CHART_TEMPLATE_H

#include "base/error.h"
#include "base/sheet.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>

struct template_file {
    const char *name;         /* file name without ".gp" */
    const char *const *lines; /* each with its line end; ends with NULL */
};

/* Written by plots/embed.sh; sorted by name; ends with {0, 0}. */
extern const struct template_file template_files[];

#define TEMPLATE_STYLE "common" /* the one file that is no template but opens every script */

struct template_role {
    struct text role, column;
    bool optional;
};

#define TEMPLATE_ROLES 24

/* All texts point into the template. */
struct template {
    const struct template_file *file;
    struct text tool, variant; /* of its name; variant may be empty */
    struct text shape, needs, title, bands, note, scale, reference, panels;
    struct template_role roles[TEMPLATE_ROLES];
    size_t n_roles;
};

/* ERROR_SYSTEM if the first lines are not as above: the fault of whoever wrote the template. */
int template_parse(const struct template_file *file, struct template *ret, struct error *err);

/* The file of this name; NULL if there is none. */
const struct template_file *template_find(const char *name);

/* The first template of the tool (TOOL.gp, then the variants by name) whose columns the result has;
 * ERROR_DATA, listing what each would need, if there is none. */
int template_choose(const char *tool, const struct sheet *result, struct template *ret,
                    struct error *err);

/* The i-th template, counted from 0, of this tool, or of all tools if NULL; false behind the last.
 * Ordered by tool, then as template_choose tries them. */
bool template_list(const char *tool, size_t i, const struct template_file **ret);

/* Whether a column is among the next `*rest`: steps through "a b c", setting *ret to each word. */
bool template_word(struct text *rest, struct text *ret);

/* Which word of a list a name is, from 0; SIZE_MAX if it is none of them. */
size_t template_rank(struct text list, struct text name);

/* The columns it cannot do without: "group,time,survival", cut off at `size` bytes. */
void template_columns(const struct template *template, char *text, size_t size);

#endif
