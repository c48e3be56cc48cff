/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Charts: from a result and a template to a picture. */
#include "chart/chart.h"

#include "chart/drawing.h"
#include "chart/finish.h"
#include "chart/gnuplot.h"
#include "chart/shape.h"
#include "chart/template.h"
#include <stdio.h>
#include <string.h>

/* ---- Kinds --------------------------------------------------------------------------------- */

static const char *const kind_names[] = {[CHART_SVG] = "svg",
                                         [CHART_PDF] = "pdf",
                                         [CHART_PNG] = "png",
                                         [CHART_TXT] = "txt",
                                         [CHART_GP] = "gp"};

bool chart_kind_named(const char *name, enum chart_kind *ret) {
    for (size_t i = 0; i < sizeof kind_names / sizeof *kind_names; i++) {
        if (strcmp(name, kind_names[i]) == 0) {
            *ret = (enum chart_kind)i;
            return true;
        }
    }
    return false;
}

static int kind_of_path(const char *path, enum chart_kind *ret, struct error *err) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    if (dot && chart_kind_named(dot + 1, ret))
        return 0;
    return error_set(err, ERROR_USAGE,
                     "found chart '%s', expected a name ending in .svg, .pdf, .png, .txt or .gp",
                     path);
}

/* One pixel of the SVG is 0.63 points of the PDF, so that a chart is as wide as the text of an A4
 * page (16 cm), and two pixels of the PNG, so that it prints at 220 to the inch. The cairo
 * terminals take the size of type at 96 to the inch, and pdfcairo half points for lines. */
static void set_terminal(struct drawing *drawing, enum chart_kind kind) {
    static const double inch = 0.63 / 72;
    struct buffer *bytes = &drawing->script.bytes;
    double width = drawing->width, height = drawing->height;
    switch (kind) {
    case CHART_SVG:
    case CHART_GP:
        buffer_format(bytes, "set terminal svg size %.0f,%.0f", width, height);
        break;
    case CHART_PDF:
        buffer_format(
            bytes,
            "set terminal pdfcairo size %.4fin,%.4fin fontscale 0.4725 linewidth 1.26 pointscale 0.9",
            width * inch, height * inch);
        break;
    case CHART_PNG:
        buffer_format(bytes,
                      "set terminal pngcairo size %.0f,%.0f fontscale 1.5 linewidth 2 pointscale 2",
                      width * 2, height * 2);
        break;
    case CHART_TXT:
        buffer_format(bytes, "set terminal dumb size %.0f,%.0f", width, height);
        break;
    }
    buffer_text(bytes, kind == CHART_TXT ? " noenhanced\n"
                                         : " noenhanced font 'DejaVu Sans,11' background rgb "
                                           "'#ffffff'\n");
}

/* ---- The script ---------------------------------------------------------------------------- */

static void append_template(struct buffer *script, const struct template_file *file) {
    for (const char *const *line = file->lines; *line; line++)
        if (strncmp(*line, "# SPDX", 6) != 0)
            buffer_text(script, *line);
}

/* The header stands first but is written last: a shape may change the picture's height. */
static int assemble(struct drawing *drawing, enum chart_kind kind, struct buffer *script,
                    struct error *err) {
    const struct template_file *style = template_find(TEMPLATE_STYLE);
    int status = script_check(&drawing->script, err);
    if (status)
        return status;
    if (!style)
        return error_set(err, ERROR_SYSTEM, "found no template '%s'", TEMPLATE_STYLE);
    struct script body = drawing->script;
    drawing->script = (struct script){0};
    script_line(&drawing->script, "# A chart of sojourn, complete in itself: gnuplot THIS-FILE > "
                                  "chart.svg");
    script_line(&drawing->script, "set encoding utf8");
    set_terminal(drawing, kind);
    script_number(&drawing->script, "text", drawing->text);
    buffer_append(&drawing->script.bytes, body.bytes.bytes, body.bytes.length);
    append_template(&drawing->script.bytes, style);
    append_template(&drawing->script.bytes, drawing->template.file);
    script_free(&body);
    status = script_check(&drawing->script, err);
    if (status == 0)
        buffer_append(script, drawing->script.bytes.bytes, drawing->script.bytes.length);
    return status ? status : buffer_check(script, err);
}

static int lay_out(struct drawing *drawing, struct error *err) {
    const struct shape *shape;
    struct text note = drawing->template.note;
    script_number(&drawing->script, "n_left", 0);
    script_number(&drawing->script, "n_right", 0);
    int status = drawing_unit(drawing, err);
    if (status == 0 && note.length > 0)
        status = drawing_note(drawing, err, "%.*s", (int)note.length, note.bytes);
    if (status == 0)
        status = shape_find(&drawing->template, &shape, err);
    return status ? status : shape->lay_out(drawing, err);
}

static int write_script(const struct sheet *result, const struct chart_options *options,
                        const struct template *template, enum chart_kind kind,
                        struct buffer *script, struct error *err) {
    bool text = kind == CHART_TXT;
    struct drawing drawing = {.sheet = result,
                              .options = options,
                              .template = *template,
                              .text = text,
                              .width = text ? 79 : 720,
                              .height = text ? 23 : 440};
    int status = lay_out(&drawing, err);
    if (status == 0)
        status = assemble(&drawing, kind, script, err);
    script_free(&drawing.script);
    arena_free(&drawing.arena);
    return status;
}

/* ---- The picture --------------------------------------------------------------------------- */

static int run_script(const struct buffer *script, struct text title, enum chart_kind kind,
                      struct buffer *picture, struct error *err) {
    int status = gnuplot_run((struct text){script->bytes, script->length}, picture, err);
    if (status)
        return status;
    if (kind == CHART_SVG)
        return finish_svg(picture, title, err);
    if (kind == CHART_PDF)
        return finish_pdf(picture, err);
    return kind == CHART_TXT ? finish_text(picture, err) : 0;
}

int chart_render(const char *tool, const struct sheet *result, const struct chart_options *options,
                 enum chart_kind kind, struct buffer *picture, struct error *err) {
    static const struct chart_options defaults = {0};
    struct template template;
    int status = template_choose(tool, result, &template, err);
    if (status)
        return status;
    if (result->rows == 0)
        return error_set(err, ERROR_DATA, "the table has no rows: there is nothing to draw");
    options = options ? options : &defaults;
    struct buffer script = {0}, drawn = {0};
    status = write_script(result, options, &template, kind, &script, err);
    if (status == 0 && kind != CHART_GP) {
        struct text title = options->title ? text_of(options->title) : template.title;
        status = run_script(&script, title, kind, &drawn, err);
    }
    const struct buffer *whole = kind == CHART_GP ? &script : &drawn;
    if (status == 0) {
        buffer_append(picture, whole->bytes, whole->length);
        status = buffer_check(picture, err);
    }
    buffer_free(&script);
    buffer_free(&drawn);
    return status;
}

int chart_draw(const char *tool, const struct sheet *result, const struct chart_options *options,
               const char *path, struct output **ret, struct error *err) {
    enum chart_kind kind = CHART_SVG;
    struct buffer picture = {0};
    *ret = NULL;
    int status = kind_of_path(path, &kind, err);
    if (status == 0)
        status = chart_render(tool, result, options, kind, &picture, err);
    if (status == 0)
        status = output_open(ret, path, err);
    if (status == 0 &&
        fwrite(picture.bytes, 1, picture.length, output_stream(*ret)) != picture.length)
        status = error_system(err, "cannot write '%s'", path);
    if (status == 0)
        status = output_finish(*ret, err);
    if (status)
        output_abandon(ret);
    buffer_free(&picture);
    return status;
}

/* ---- What there is ------------------------------------------------------------------------- */

bool chart_exists(const char *tool) {
    const struct template_file *file;
    return template_list(tool, 0, &file);
}

bool chart_list(size_t i, char *tool, char *columns, size_t size) {
    const struct template_file *file;
    struct template template;
    struct error unused = {0};
    if (!template_list(NULL, i, &file) || template_parse(file, &template, &unused))
        return false;
    snprintf(tool, size, "%.*s", (int)template.tool.length, template.tool.bytes);
    template_columns(&template, columns, size);
    return true;
}
