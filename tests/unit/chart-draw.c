/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole charts: what the shapes make of a table, seen in the script, and that gnuplot draws it. */
#include "chart/chart.h"
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- A table and its chart ----------------------------------------------------------------- */

/* Lines of cells between commas; the first are the names. */
static void fill(struct sheet *sheet, const char *csv) {
    struct error err = {0};
    char *copy = strdup(csv), *rest = copy, *line;
    const char *cells[32];
    assert_non_null(copy);
    *sheet = (struct sheet){0};
    for (bool first = true; (line = strsep(&rest, "\n")) && *line; first = false) {
        size_t n = 0;
        for (char *cell; (cell = strsep(&line, ","));)
            cells[n++] = cell;
        if (first)
            assert_int_equal(sheet_start(sheet, cells, n, &err), 0);
        for (size_t i = 0; i < n && !first; i++)
            assert_int_equal(sheet_cell(sheet, text_of(cells[i]), &err), 0);
    }
    free(copy);
}

struct drawn {
    struct buffer script, text;
};

/* 79 columns and 23 lines at most, whatever the table. */
static void fits_a_terminal(const struct buffer *picture) {
    size_t lines = 0;
    for (const char *at = picture->bytes; *at; lines++) {
        struct text line = {at, strcspn(at, "\n")};
        if (text_width(line) > 79)
            fail_msg("%zu columns: %.*s", text_width(line), (int)line.length, line.bytes);
        at += line.length + (at[line.length] == '\n');
    }
    if (lines > 23)
        fail_msg("%zu lines:\n%s", lines, picture->bytes);
}

/* The script, and what a terminal shows; every other kind is drawn too. */
static void draw(struct drawn *drawn, const char *tool, const char *csv, const char *colors) {
    static const enum chart_kind others[] = {CHART_SVG, CHART_PNG, CHART_PDF};
    const struct chart_options options = {.colors = colors};
    struct sheet sheet;
    struct error err = {0};
    fill(&sheet, csv);
    *drawn = (struct drawn){0};
    if (chart_render(tool, &sheet, &options, CHART_GP, &drawn->script, &err) ||
        chart_render(tool, &sheet, &options, CHART_TXT, &drawn->text, &err))
        fail_msg("%s", err.text);
    fits_a_terminal(&drawn->text);
    for (size_t i = 0; i < 3; i++) {
        struct buffer picture = {0};
        if (chart_render(tool, &sheet, &options, others[i], &picture, &err))
            fail_msg("%s", err.text);
        assert_true(picture.length > 1000);
        buffer_free(&picture);
    }
    sheet_free(&sheet);
}

static void release(struct drawn *drawn) {
    buffer_free(&drawn->script);
    buffer_free(&drawn->text);
}

static void has(const struct buffer *where, const char *what) {
    if (!strstr(where->bytes, what))
        fail_msg("found no '%s' in:\n%s", what, where->bytes);
}

static void refuses(const char *tool, const char *csv, const char *words) {
    struct sheet sheet;
    struct buffer picture = {0};
    struct error err = {0};
    fill(&sheet, csv);
    assert_int_equal(chart_render(tool, &sheet, NULL, CHART_SVG, &picture, &err), ERROR_DATA);
    assert_string_equal(err.text, words);
    assert_int_equal(picture.length, 0);
    buffer_free(&picture);
    sheet_free(&sheet);
}

/* ---- Steps --------------------------------------------------------------------------------- */

#define KM "group,time,at_risk,events,censored,survival,lower,upper\n"

static void steps(void **state) {
    (void)state;
    struct drawn drawn;
    /* Rows in disorder; b has a missing value in the middle, and a band that ends before it does.
     */
    draw(&drawn, "churn-survival",
         KM "b,4,1500,1,0,0.5,0.4,0.6\nb,2,2000,0,1,,,\nb,6,900,1,0,0.25,,\n"
            "a,10,3,1,0,0.6,0.2,0.9\na,5,4,1,1,0.8,0.5,1\n",
         NULL);
    /* Everyone is there at 0; a gap where the value is missing; b comes first, as in the table. */
    has(&drawn.script, "$curve << DATA\n0 1\n\n4 0.5\n6 0.25\n\n\n0 1\n5 0.8\n10 0.6\nDATA\n");
    /* Points doubled: each bound holds until the next time. */
    has(&drawn.script, "$band << DATA\n0 1 1\n2 1 1\n\n4 0.4 0.6\n6 0.4 0.6\n\n\n"
                       "0 1 1\n5 1 1\n5 0.5 1\n10 0.5 1\n10 0.2 0.9\n10 0.2 0.9\nDATA\n");
    has(&drawn.script, "$censored << DATA\n5 0.8 2\nDATA\n");
    /* Colours by name, not by row. */
    has(&drawn.script, "array series_name[2] = ['b', 'a']\n"
                       "array series_color[2] = ['#E69F00', '#0072B2']\n");
    /* At risk at 0, 2, 4, 6, 8 and 10: that of the first row not before, then none. */
    has(&drawn.script, "array risk_text[12] = ['2,000', '2,000', '1,500', '900', '0', '0', "
                       "'4', '4', '4', '3', '3', '3']\n");
    has(&drawn.script, "Bands are confidence intervals. Ticks on a curve");
    has(&drawn.text, "** b 2,000");
    assert_null(strstr(drawn.text.bytes, "Bands"));
    release(&drawn);
}

static void rises(void **state) {
    (void)state;
    struct drawn drawn;
    /* A sum begins at 0, and its axis ends where the band does, but not far above the curve. */
    draw(&drawn, "churn-survival",
         "group,time,at_risk,events,censored,cumulative_hazard,lower,upper\n"
         "a,5,4,1,1,0.25,0.1,0.5\na,10,3,1,0,1.5,1,9\n",
         NULL);
    has(&drawn.script, "$curve << DATA\n0 0\n5 0.25\n10 1.5\nDATA\n");
    has(&drawn.script,
        "$band << DATA\n0 0 0\n5 0 0\n5 0.1 0.5\n10 0.1 0.5\n10 1 9\n10 1 9\nDATA\n");
    has(&drawn.script, "array y_max[2] = [2.3");
    release(&drawn);
    /* Two panels, each on axes of its own: of b nothing more is known than the first event. */
    draw(&drawn, "churn-destinations",
         "group,event,time,at_risk,events,censored,share,lower,upper\n"
         "a,came back,3,8,2,0,0.25,0.1,0.5\nb,came back,4,2,1,1,0.5,0.1,0.9\n"
         "a,left again,20,2,2,0,1,,\n",
         NULL);
    has(&drawn.script, "n_curves = 2\n");
    has(&drawn.script, "array panel_name[4] = ['came back', 'left again', '', '']\n");
    has(&drawn.script, "$curve << DATA\n0 0\n3 0.25\n\n\n0 0\n4 0.5\n\n\n0 0\n20 1\n\n\n");
    has(&drawn.script, "array band_series[2] = [1, 2]\narray band_first[2] = [1, 1]\n"
                       "array band_last[2] = [2, 0]\n");
    has(&drawn.script, "$censored << DATA\n4 0.5 2\n");
    has(&drawn.script, "array x_max[4] = [4, 20, 4, 20]\n");
    has(&drawn.script, "n_legend = 2\n");
    has(&drawn.script, "Ticks on a curve are users of whom no more is known.");
    release(&drawn);
    /* Nobody has come back: a flat line, and one panel only. */
    draw(&drawn, "churn-destinations",
         "group,event,time,at_risk,events,censored,share,lower,upper\n"
         "(all),came back,3,8,0,8,0,,\n",
         NULL);
    has(&drawn.script, "n_curves = 1\n");
    has(&drawn.script, "$curve << DATA\n0 0\n3 0\nDATA\n");
    release(&drawn);
}

/* ---- Stacks -------------------------------------------------------------------------------- */

#define GONE "group,time,destination,incidence\n"

static void stacks(void **state) {
    (void)state;
    struct drawn drawn;
    /* (gone) lies on top, whatever the order of the rows; B begins later than A. */
    draw(&drawn, "churn-destinations",
         GONE "(all),2,(gone),0.1\n(all),5,(gone),0.2\n(all),2,A,0.25\n(all),5,A,0.5\n"
              "(all),5,B,0.125\n",
         NULL);
    has(&drawn.script, "array series_name[3] = ['A', 'B', '(gone)']\n");
    has(&drawn.script, "$area << DATA\n0 0 0\n2 0 0\n2 0 0.25\n5 0 0.25\n5 0 0.5\n5 0 0.5\n\n\n"
                       "0 0 0\n2 0 0\n2 0.25 0.25\n5 0.25 0.25\n5 0.5 0.625\n5 0.5 0.625\n\n\n");
    has(&drawn.script, "array area_last[1] = [3]\n");
    has(&drawn.script, "White is the share still there.");
    release(&drawn);
    /* Two panels on one axis: a pile that is full stays full, another ends with its rows. */
    draw(&drawn, "churn-destinations", GONE "x,1,A,1\ny,2,A,0.25\ny,4,A,0.5\nx,1,B,\n", NULL);
    has(&drawn.script,
        "$area << DATA\n0 0 0\n1 0 0\n1 0 1\n4 0 1\n\n\n0 0 0\n1 0 0\n1 1 1\n4 1 1\n");
    has(&drawn.script, "array area_first[2] = [1, 3]\n");
    has(&drawn.script, "n_legend = 2\n");
    release(&drawn);
    /* Periods are whole: the last one lasts as long as the others. */
    draw(&drawn, "churn-destinations",
         "group,age,state,share\n(all),0,A,1\n(all),0,B,0\n(all),1,A,0.75\n(all),1,B,0.25\n", NULL);
    has(&drawn.script, "$area << DATA\n0 0 1\n1 0 1\n1 0 0.75\n2 0 0.75\n\n\n");
    has(&drawn.script, "array x_label[3] = ['0', '1', '2']\n");
    release(&drawn);
    refuses("churn-destinations", GONE "a,1,A,\n",
            "column 'incidence' holds no number: there is nothing to draw");
}

static void one_point_without_a_group(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "churn-survival", KM "(all),0,1,0,0,1,1,1\n", NULL);
    has(&drawn.script, "array series_name[1] = ['']\n");
    has(&drawn.script, "n_right = 0\n");
    release(&drawn);
}

static void many_groups(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct drawn drawn;
    buffer_text(&csv, KM);
    for (int g = 0; g < 40; g++)
        for (int t = 1; t < 4; t++)
            buffer_format(&csv, "g%02d,%d,9,1,1,%g,0.1,0.9\n", g, t, 1 - t * (g + 1) / 200.0);
    draw(&drawn, "churn-survival", csv.bytes, NULL);
    has(&drawn.script, "n_series = 32\n");
    has(&drawn.script, "32 of 40 groups shown");
    has(&drawn.script, "n_risk = 0\n");
    has(&drawn.script, "n_bands = 0\n");
    has(&drawn.script, "array series_dash[32] = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2,");
    has(&drawn.text, "7 of 40 groups shown");
    buffer_free(&csv);
    release(&drawn);
}

static void long_curves_are_thinned(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct drawn drawn;
    buffer_text(&csv, KM);
    for (int t = 1; t <= 20000; t++)
        buffer_format(&csv, "a,%d,9,1,1,%.6f,%.6f,1\n", t, 1 - t / 30000.0, 0.9 - t / 30000.0);
    draw(&drawn, "churn-survival", csv.bytes, NULL);
    assert_true(drawn.script.length < 300000);
    has(&drawn.script, "\n20000 0.333333\n"); /* the last point stays */
    buffer_free(&csv);
    release(&drawn);
}

/* ---- Curves over numbers -------------------------------------------------------------------- */

static void curves(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "tier-inequality",
         "platform,creators,share\nA,0.5,0.1\nA,0,0\nA,1,1\nB,0,0\nB,1,1\n", NULL);
    has(&drawn.script, "$line << DATA\n0 0\n0.5 0.1\n1 1\n\n\n0 0\n1 1\nDATA\n");
    has(&drawn.script, "has_fit = 0\n");
    has(&drawn.script, "array y_log[1] = [0]\n");
    release(&drawn);
    /* On logarithmic axes what is not above 0 is left out; the fit begins where it begins. */
    draw(&drawn, "tier-inequality",
         "value,share,fit\n0,1,\n10,0.5,\n100,0.1,0.09\n1000,0.01,0.02\n", NULL);
    has(&drawn.script, "$line << DATA\n10 0.5\n100 0.1\n1000 0.01\nDATA\n");
    has(&drawn.script, "has_fit = 1\n");
    has(&drawn.script, "100 0.09\n1000 0.02\nDATA\n");
    has(&drawn.script, "array x_log[1] = [1]\n");
    release(&drawn);
}

/* ---- Slopes -------------------------------------------------------------------------------- */

static void slope_of_two_periods(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "tier-growth",
         "tier,period,creators\nnano,2023,100\nnano,2024,130\nmega,2023,10\nmega,2024,5\n"
         "new,2024,0\n(all),2023,110\n(all),2024,135\n",
         NULL);
    has(&drawn.script, "slope = 1\n");
    has(&drawn.script,
        "$line << DATA\n2023 100\n2024 130\n\n\n2023 10\n2024 5\n\n\n2024 0\nDATA\n");
    has(&drawn.script, "array left_text[2] = ['nano  100', 'mega  10']\n");
    has(&drawn.script, "array right_text[3] = ['130  (+30%)', '5  (-50%)', 'new  0']\n");
    has(&drawn.text, "$$ new  0");
    release(&drawn);
}

static void slope_of_many_periods(void **state) {
    (void)state;
    struct drawn drawn;
    draw(
        &drawn, "tier-growth",
        "tier,period,creators\na,2024-12,10\na,2025-01,\na,2025-02,900\nb,2024-12,1\nb,2025-02,2\n",
        NULL);
    has(&drawn.script, "slope = 0\n");
    has(&drawn.script, "$line << DATA\n24299 10\n\n24301 900\n\n\n24299 1\n24301 2\nDATA\n");
    has(&drawn.script, "array y_log[1] = [1]\n"); /* a factor of 900 */
    has(&drawn.script, "array x_label[3] = ['2024-12', '2025-01', '2025-02']\n");
    has(&drawn.script, "array right_text[2] = ['a  900', 'b  2']\n");
    release(&drawn);
}

/* ---- Tornado ------------------------------------------------------------------------------- */

#define SWINGS "parameter,low,high,loss_at_low,loss_at_high"

static void tornado_around_a_base(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-loss",
         SWINGS ",loss_at_value\nkept_share,0.2,0.6,110,90,100\nmigrants,1000,2000,50,150,100\n"
                "unknown,1,2,,,100\n",
         "TikTok");
    has(&drawn.script, "has_base = 1\nbase = 100\n");
    /* The longest first; the row without a value is left out. */
    has(&drawn.script, "$bar << DATA\n100 50 0.625 1.375 1\n100 150 0.625 1.375 2\n"
                       "100 110 1.625 2.375 1\n100 90 1.625 2.375 2\nDATA\n");
    has(&drawn.script, "array y_label[2] = ['migrants', 'kept share']\n");
    has(&drawn.script, "array end_text[4] = ['1,000', '2,000', '0.2', '0.6']\n");
    /* The text of a falling bar's low value stands on the right. */
    has(&drawn.script, "$end << DATA\n50 1 -1 1\n150 1 1 2\n110 2 1 3\n90 2 -1 4\nDATA\n");
    /* The colours of platforms are not for these. */
    has(&drawn.script, "array series_color[2] = ['#0072B2', '#E69F00']\n");
    release(&drawn);
}

static void tornado_without_a_base(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-loss", SWINGS "\na,1,2,50,150\n", NULL);
    has(&drawn.script, "has_base = 0\n");
    has(&drawn.script, "$bar << DATA\n100 50 0.625 1.375 1\n100 150 0.625 1.375 2\nDATA\n");
    release(&drawn);
    refuses("arpu-loss", SWINGS "\na,1,2,50,\nb,1,2,,50\n",
            "no row has both ends of a bar: there is nothing to draw");
}

/* ---- Waterfalls ---------------------------------------------------------------------------- */

#define CHANGES "platform,from,to,part,segment,amount,lower,upper,running\n"

static void waterfall_step_by_step(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-change",
         CHANGES "A,1,2,start,,100,,,100\nA,1,2,users,,50,40,60,150\nA,1,2,mix,x,-70,,,80\n"
                 "A,1,2,left,,0,,,80\nA,1,2,end,,80,,,80\n"
                 "A,2,3,start,,80,,,80\nA,2,3,arpu,,-90,,,-10\nA,2,3,end,,-10,,,-10\n"
                 "A,1,3,start,,100,,,100\nA,1,3,users,,-110,,,-10\nA,1,3,end,,-10,,,-10\n",
         NULL);
    /* The second block goes on where the first ended, the third one is of its own; what adds
     * nothing has no bar. */
    has(&drawn.script, "n_panels = 2\narray panel_name[2]");
    has(&drawn.script, "'A, 1 to 3, step by step', 'A, 1 to 3'");
    has(&drawn.script, "Thin lines are confidence intervals");
    has(&drawn.script, "1 1 1\n\n0 100 0.625 1.375 3\n100 150 1.625 2.375 1\n150 80 2.625 3.375 2\n"
                       "0 80 3.625 4.375 3\n80 -10 4.625 5.375 2\n0 -10 5.625 6.375 3\n");
    has(&drawn.script, "'1', 'users', 'mix, x', '2', 'arpu', '3', '1', 'users', '3'");
    has(&drawn.script, "'100', '+50', '-70', '80', '-90', '-10', '100', '-110', '-10'");
    has(&drawn.script, "\n140 2\n160 2\n"); /* where users lead, from 40 to 60 */
    release(&drawn);
}

/* A panel for each part of a panel, also where the next part goes on from the same period. */
static void waterfall_of_parts(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "tier-growth",
         "platform,tier,from,to,part,creators,share,running\n"
         "A,low,1,2,start,9,1,9\nA,low,1,2,moved_in,1,,10\nA,low,1,2,end,10,,10\n"
         "A,high,2,3,start,5,1,5\nA,high,2,3,left,-2,,3\nA,high,2,3,end,3,,3\n"
         "B,high,1,2,start,0,,0\nB,high,1,2,left,0,,0\nB,high,1,2,end,0,,0\n",
         NULL);
    has(&drawn.script, "'A, low, 1 to 2', 'A, high, 2 to 3', 'B, high, 1 to 2'");
    has(&drawn.script, "'1', 'moved in', '2', '2', 'left', '3', '1', '2'");
    has(&drawn.script, "'9', '+1', '10', '5', '-2', '3', '0', '0'");
    release(&drawn);
    draw(&drawn, "tier-growth",
         "tier,from,to,part,creators,share,running\n"
         "low,1,2,start,9,1,9\nlow,1,2,left,-9,-1,0\nlow,1,2,end,0,0,0\n",
         NULL);
    has(&drawn.script, "'low, 1 to 2'");
    release(&drawn);
}

static void waterfall_of_small_changes(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-change",
         CHANGES "A,1,2,start,,1000,,,1000\nA,1,2,users,,12,,,1012\nA,1,2,end,,1012,,,1012\n",
         NULL);
    has(&drawn.script, "Axes do not start at zero");
    has(&drawn.script, "\n1000 1012 1.625 2.375 1\n");
    release(&drawn);
    draw(&drawn, "arpu-change", CHANGES "A,1,2,start,,90,,,90\nA,1,2,end,,90,,,90\n", NULL);
    has(&drawn.script, "\n0 90 0.625 1.375 3\n0 90 1.625 2.375 3\n"); /* no change at all */
    release(&drawn);
    refuses("arpu-change", CHANGES "A,1,2,start,,,,,\nA,1,2,end,,,,,\n",
            "column 'amount' holds no number: there is nothing to draw");
}

/* ---- Fans ---------------------------------------------------------------------------------- */

#define SIMULATION "period,platform,tier,measure,mean,lower,upper\n"

static void fan_by_measure(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "rank-simulate",
         SIMULATION "1,A,nano,exposure_share,0.1,,\n1,A,(all),users,10,9,11\n"
                    "2,A,(all),users,,,\n3,A,(all),users,12,11,14\n1,B,(all),users,5,,\n",
         "B");
    has(&drawn.script, "n_panels = 2\n");
    /* The whole first, then its parts. */
    has(&drawn.script, "array panel_name[2] = ['users', 'exposure share, nano']\n");
    has(&drawn.script, "$line << DATA\n1 10\n\n3 12\n\n\n1 5\n\n\n1 0.1\nDATA\n");
    has(&drawn.script, "array line_series[3] = [1, 2, 1]\n");
    has(&drawn.script, "array line_first[2] = [1, 3]\narray line_last[2] = [2, 3]\n");
    has(&drawn.script, "$band << DATA\n1 9 11\n\n3 11 14\nDATA\n");
    has(&drawn.script, "array band_first[2] = [1, 1]\narray band_last[2] = [1, 0]\n");
    has(&drawn.script, "array series_name[2] = ['A', 'B']\n"
                       "array series_color[2] = ['#E69F00', '#0072B2']\n");
    has(&drawn.script, "n_legend = 2\n");
    release(&drawn);
}

/* Gross and net churn are shares of the same revenue: one axis for both, from 0. */
static void fan_with_a_common_scale(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-churn",
         "platform,period,gross_churn,gross_lower,gross_upper,net_churn,net_lower,net_upper\n"
         "A,2025-02,0.45,0.4,0.5,0.1,0.05,0.15\nA,2025-03,0.48,0.44,0.52,-0.1,-0.2,0\n",
         NULL);
    has(&drawn.script, "n_panels = 2\n");
    has(&drawn.script, "array y_min[2] = [-0.2, -0.2]\n");
    release(&drawn);
}

/* Growth on two platforms is to be compared: one axis for both. */
static void forest_with_a_common_scale(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "tier-growth",
         "platform,tier,from,to,creators_from,creators_to,growth,lower,upper\n"
         "A,nano,2024,2025,18,20,0.1,-0.1,0.3\nB,nano,2024,2025,20,30,0.5,-0.2,0.8\n",
         NULL);
    has(&drawn.script, "n_panels = 2\n");
    has(&drawn.script, "array x_min[2] = [-0.2, -0.2]\n");
    has(&drawn.script, "array x_max[2] = [0.8, 0.8]\n");
    release(&drawn);
}

static void fan_of_many_panels(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct drawn drawn;
    buffer_text(&csv, SIMULATION);
    for (int m = 0; m < 15; m++)
        buffer_format(&csv, "1,A,,measure_%d,%d,,\n2,A,,measure_%d,%d,,\n", m, m, m, m + 1);
    draw(&drawn, "rank-simulate", csv.bytes, NULL);
    has(&drawn.script, "n_panels = 12\n");
    has(&drawn.script, "12 of 15 panels shown");
    has(&drawn.text, "4 of 15 panels shown");
    buffer_free(&csv);
    release(&drawn);
}

/* Those that the template names come first and alone, without their parts. */
static void fan_of_named_panels(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct drawn drawn;
    buffer_text(&csv, SIMULATION);
    for (int m = 0; m < 9; m++)
        buffer_format(&csv, "1,A,,measure_%d,%d,,\n2,A,,measure_%d,%d,,\n", m, m, m, m + 1);
    buffer_text(&csv, "1,A,(all),revenue,3,,\n1,A,(all),users,5,,\n1,A,nano,income,7,,\n"
                      "1,A,mega,income,9,,\n");
    draw(&drawn, "rank-simulate", csv.bytes, NULL);
    has(&drawn.script, "array panel_name[2] = ['users', 'revenue']\n");
    has(&drawn.script, "2 of 13 panels shown");
    buffer_free(&csv);
    release(&drawn);
}

/* Of more rows than have room those of the panels that the template names, in its order. */
static void forest_of_named_panels(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct drawn drawn;
    buffer_text(&csv, "subject,case,measure,difference,lower,upper\n"
                      "A,pools,gini,1,0,2\nA,pools,users,3,2,4\nB,pools,users,5,4,6\n");
    for (int i = 0; i < 60; i++)
        buffer_format(&csv, "A,pools,measure_%d,%d,%d,%d\n", i, i, i - 1, i + 1);
    draw(&drawn, "rank-compare", csv.bytes, NULL);
    has(&drawn.script, "array panel_name[2] = ['users', 'gini']\n");
    has(&drawn.script, "3 of 63 rows shown");
    buffer_free(&csv);
    release(&drawn);
}

#define MONTHS "month,revenue_lost,lower,upper,cumulative,cumulative_lower,cumulative_upper"

static void fan_of_two_columns(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-loss", MONTHS ",currency\n1,5,4,6,5,4,6,USD\n2,5,4,6,10,8,12,USD\n", NULL);
    has(&drawn.script, "unit = 'USD'\n");
    has(&drawn.script, "array panel_y[2] = [1, 2]\n");
    has(&drawn.script, "n_legend = 0\n");
    release(&drawn);
    /* Amounts of two currencies have none in common. */
    draw(&drawn, "arpu-loss", MONTHS ",currency\n1,5,,,5,,,USD\n2,5,,,10,,,EUR\n", NULL);
    has(&drawn.script, "unit = ''\n");
    release(&drawn);
}

#define IMPACT                                                                                     \
    "date,after,actual,expected,expected_lower,expected_upper,effect,effect_lower,effect_upper,"   \
    "cumulative,cumulative_lower,cumulative_upper\n"

/* Points beside the line, missing ones left out; the mark half way to the first row that has it. */
static void fan_with_points_and_a_mark(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-impact",
         IMPACT
         "2001,0,7,6,5,8,1,-1,2,,,\n2002,0,,6,5,8,,,,,,\n2003,1,99,6,5,8,93,91,94,93,91,94\n",
         NULL);
    has(&drawn.script, "array observed_last[3] = [1, 0, 0]\n");
    has(&drawn.script, "$observed << DATA\n2001 7\n2003 99\nDATA\n");
    has(&drawn.script, "has_mark = 1\nmark_x = 2002.5\n");
    has(&drawn.script, "array y_max[3] = [100, ");
    release(&drawn);
    draw(&drawn, "arpu-impact", IMPACT "2001,0,,6,,,,,,,,\n2002,0,,6,,,,,,,,\n", NULL);
    has(&drawn.script, "array observed_last[1] = [0]\n");
    has(&drawn.script, "has_mark = 0\n");
    release(&drawn);
}

/* Four customers of which one counts twice; a column without values has no panel. */
static void histograms(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "customer-value",
         "customers,frequency,recency,alive,purchases,present_value\n"
         "1,0,0,0,,3\n2,0,0,0.49,,4\n1,0,0,1,,5\n,0,0,1,,\n",
         NULL);
    has(&drawn.script, "n_panels = 2\n");
    has(&drawn.script, "array panel_x[2] = [1, 3]\n");
    has(&drawn.script, "$bar << DATA\n0 0.041666666666666664 1\n");
    has(&drawn.script, " 0.5 2\n");
    release(&drawn);
}

static void huge_and_tiny_values(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "arpu-loss", MONTHS "\n1,1e-7,,,1e20,,\n2,4e-7,,,2e20,,\n3,0,,,-1e20,,\n", NULL);
    has(&drawn.text, "4×10⁻⁷");
    has(&drawn.text, "2×10²⁰");
    release(&drawn);
    draw(&drawn, "arpu-loss", MONTHS "\n1,123456,,,4500000,,\n2,234567,,,12300000,,\n", NULL);
    has(&drawn.text, "200,000");
    has(&drawn.text, "10M");
    release(&drawn);
    refuses("arpu-loss", MONTHS "\n1,1e300,,,1,,\n",
            "column 'revenue_lost', row 1: found '1e300', which is too large to draw");
}

/* ---- Flows and matrices -------------------------------------------------------------------- */

static void flows(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "churn-flows", "from,to,users\nA,x,60\nA,y,30\nA,x,10\nB,y,100\nB,z,0\nC,x,\n",
         NULL);
    /* By size; what nobody goes to is no node. */
    has(&drawn.script, "array left_text[2] = ['A  100 (50%)', 'B  100 (50%)']\n");
    has(&drawn.script, "array right_text[2] = ['y  130 (65%)', 'x  70 (35%)']\n");
    has(&drawn.script, "n_ribbons = 3\narray ribbon_series[3] = [1, 1, 2]\n");
    release(&drawn);
    refuses("churn-flows", "from,to,users\nA,x,0\n",
            "no flow is above 0: there is nothing to draw");
    refuses("churn-flows", "from,to,users\nA,x,-1\n", "row 1: found a flow below 0");
}

static void small_flows_are_put_together(void **state) {
    (void)state;
    struct buffer csv = {0};
    struct drawn drawn;
    buffer_text(&csv, "from,to,users\n");
    for (int i = 0; i < 20; i++)
        buffer_format(&csv, "Freenode,to %02d,%d\n", i, 200 - i);
    draw(&drawn, "churn-flows", csv.bytes, NULL);
    /* With one source the destinations have the colours, and the rest is grey. */
    has(&drawn.script, "n_series = 11\n");
    has(&drawn.script, "'(other)  ");
    has(&drawn.script, "array ribbon_series[12] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n");
    buffer_free(&csv);
    release(&drawn);
}

static void matrix(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "churn-flows", "from,to,share\na,(gone),0.1\na,b,0.1\na,a,0.8\nb,b,1\n", NULL);
    /* Columns that are rows come first. */
    has(&drawn.script, "array x_label[3] = ['a', 'b', '(gone)']\n");
    has(&drawn.script, "$cell << DATA\n1 1 0.8\n2 1 0.1\n3 1 0.1\n2 2 1\nDATA\n");
    /* Dark on light cells (0x000000), light on dark ones (0xFFFFFF). */
    has(&drawn.script, "$text << DATA\n1 1 1 0\n2 1 2 16777215\n3 1 3 16777215\n2 2 4 0\nDATA\n");
    has(&drawn.text, "0.8");
    release(&drawn);
    refuses("churn-flows", "from,to,share\na,b,1\na,b,0\n",
            "row 2: found a second value for 'a' and 'b', expected one");
}

/* ---- What cannot be drawn ------------------------------------------------------------------ */

static void nothing_to_draw(void **state) {
    (void)state;
    refuses("churn-survival", KM, "the table has no rows: there is nothing to draw");
    refuses("churn-survival", KM "a,1,9,1,0,,0.1,0.2\n",
            "column 'survival' holds no number: there is nothing to draw");
    refuses("churn-survival", KM "a,1,9,1,0,nan,0.1,0.2\n",
            "column 'survival' holds no number: there is nothing to draw");
    refuses("churn-survival", KM "a,one,9,1,0,1,0.1,0.2\n",
            "column 'time', row 1: found 'one', expected a number");
    refuses("churn-survival", KM "a\x01z,1,9,1,0,1,0.1,0.2\n",
            "found a control character in 'a\\x01z', which a chart cannot show");
    refuses("tier-growth", "tier,period,creators\na,,1\n",
            "no row has a period and a value: there is nothing to draw");
    refuses("rank-simulate", SIMULATION "1,A,,users,,,\n",
            "column 'mean' holds no number: there is nothing to draw");
}

/* ---- Names --------------------------------------------------------------------------------- */

static void long_and_wide_names(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "churn-survival",
         KM "a name that is much too long for any legend,1,9,1,0,0.5,,\n"
            "小红书小红书小红书小红书小红书,1,9,1,0,0.6,,\nRedNote 小红书,1,9,1,0,0.7,,\n",
         NULL);
    has(&drawn.script, "array series_name[3] = ['a name that is much…', '小红书小红书小红书…', "
                       "'RedNote 小红书']\n");
    has(&drawn.text, "$$ RedNote 小红书 9");
    release(&drawn);
}

static void names_for_periods(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "tier-growth",
         "tier,period,creators\na,before the announcement was made,1\na,after it had been made,2\n",
         NULL);
    has(&drawn.script, "array x_label[2] = ['before the announceme…', 'after it had been made']\n");
    release(&drawn);
}

static void columns_in_two_lines(void **state) {
    (void)state;
    struct drawn drawn;
    struct buffer csv = {0};
    buffer_text(&csv, "from,to,share\n");
    for (int i = 0; i < 4; i++)
        buffer_format(&csv, "from here,mostly Instagram%d,0.%d\nfrom here,小红书 %d,0.1\n", i,
                      i + 1, i);
    draw(&drawn, "churn-flows", csv.bytes, NULL);
    has(&drawn.script, "'mostly'.\"\\n\".'Instagram0', '小红书 0', ");
    buffer_free(&csv);
    release(&drawn);
    draw(&drawn, "churn-flows", "from,to,share\na,mostly b,0.5\n", NULL);
    has(&drawn.script, "array x_label[1] = ['mostly b']\n");
    release(&drawn);
}

static void percent_signs_stay(void **state) {
    (void)state;
    struct drawn drawn;
    draw(&drawn, "churn-survival", KM "50% off,1,9,1,0,0.5,,\n%d %s,1,9,1,0,0.6,,\n", NULL);
    has(&drawn.text, "** 50% off");
    has(&drawn.text, "## %d %s");
    assert_null(strstr(drawn.text.bytes, "%%  "));
    release(&drawn);
}

/* ---- Files --------------------------------------------------------------------------------- */

static void files(void **state) {
    (void)state;
    char folder[] = "/tmp/sojourn-chart-XXXXXX", path[64], other[64];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/a.svg", folder);
    snprintf(other, sizeof other, "%s/b.jpeg", folder);
    struct sheet sheet;
    fill(&sheet, KM "a,1,9,1,0,0.5,0.4,0.6\n");
    struct output *picture;
    struct error err = {0};
    struct buffer first = {0}, second = {0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(chart_draw("churn-survival", &sheet, NULL, path, &picture, &err), 0);
        assert_int_equal(access(path, F_OK), i - 1); /* not before it is committed */
        assert_int_equal(output_commit(&picture, &err), 0);
        assert_int_equal(buffer_read_file(i ? &second : &first, path, &err), 0);
    }
    assert_string_equal(first.bytes, second.bytes);
    assert_int_equal(chart_draw("churn-survival", &sheet, NULL, other, &picture, &err),
                     ERROR_USAGE);
    assert_null(picture);
    err = (struct error){0};
    snprintf(other, sizeof other, "%s/no/such.svg", folder);
    assert_int_equal(chart_draw("churn-survival", &sheet, NULL, other, &picture, &err),
                     ERROR_SYSTEM);
    err = (struct error){0};
    assert_int_equal(chart_draw("tier-growth", &sheet, NULL, path, &picture, &err), ERROR_DATA);
    assert_null(picture);
    buffer_free(&first);
    buffer_free(&second);
    sheet_free(&sheet);
    unlink(path);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left */
}

/* The same input, the same bytes: the PDF holds no date either. */
static void every_kind_repeats_itself(void **state) {
    (void)state;
    struct sheet sheet;
    fill(&sheet, KM "a,1,9,1,0,0.5,0.4,0.6\n");
    for (enum chart_kind kind = CHART_SVG; kind <= CHART_GP; kind++) {
        struct buffer first = {0}, second = {0};
        struct error err = {0};
        assert_int_equal(chart_render("churn-survival", &sheet, NULL, kind, &first, &err), 0);
        if (kind == CHART_PDF)
            sleep(1); /* a date would have changed */
        assert_int_equal(chart_render("churn-survival", &sheet, NULL, kind, &second, &err), 0);
        assert_int_equal(first.length, second.length);
        assert_memory_equal(first.bytes, second.bytes, first.length);
        buffer_free(&first);
        buffer_free(&second);
    }
    sheet_free(&sheet);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps),
        cmocka_unit_test(rises),
        cmocka_unit_test(stacks),
        cmocka_unit_test(one_point_without_a_group),
        cmocka_unit_test(many_groups),
        cmocka_unit_test(long_curves_are_thinned),
        cmocka_unit_test(curves),
        cmocka_unit_test(slope_of_two_periods),
        cmocka_unit_test(slope_of_many_periods),
        cmocka_unit_test(tornado_around_a_base),
        cmocka_unit_test(tornado_without_a_base),
        cmocka_unit_test(waterfall_step_by_step),
        cmocka_unit_test(waterfall_of_parts),
        cmocka_unit_test(waterfall_of_small_changes),
        cmocka_unit_test(fan_by_measure),
        cmocka_unit_test(fan_with_a_common_scale),
        cmocka_unit_test(forest_with_a_common_scale),
        cmocka_unit_test(fan_of_many_panels),
        cmocka_unit_test(fan_of_named_panels),
        cmocka_unit_test(forest_of_named_panels),
        cmocka_unit_test(fan_of_two_columns),
        cmocka_unit_test(fan_with_points_and_a_mark),
        cmocka_unit_test(histograms),
        cmocka_unit_test(huge_and_tiny_values),
        cmocka_unit_test(flows),
        cmocka_unit_test(small_flows_are_put_together),
        cmocka_unit_test(matrix),
        cmocka_unit_test(nothing_to_draw),
        cmocka_unit_test(long_and_wide_names),
        cmocka_unit_test(names_for_periods),
        cmocka_unit_test(columns_in_two_lines),
        cmocka_unit_test(percent_signs_stay),
        cmocka_unit_test(files),
        cmocka_unit_test(every_kind_repeats_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
