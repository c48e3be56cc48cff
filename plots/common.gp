# SPDX-License-Identifier: GPL-3.0-or-later
# ---- The style of all charts: after the variables and the data, before the template ----
# Templates draw each panel p so:
#     eval panel; plot ...; eval panel_done
ink = '#222222'; soft = '#666666'; faint = '#e2e2e2'
set for [i=1:n_series] linetype i lc rgb series_color[i] dt series_dash[i] lw 2 pt 7 ps 0.45
set linetype n_series+1 lc rgb '#999999' dt 1 lw 1.2 pt 7 ps 0.45
set border 3 back lw 0.8 lc rgb '#888888'
set tics nomirror out scale 0.5 font ',10' textcolor rgb ink
set xlabel offset 0,0.3 font ',10.5' textcolor rgb soft
if (!text) { set grid ytics back lt 1 lc rgb faint lw 0.6 }
set style fill solid 1 noborder
unset key
unset colorbox

# Title, legend, caption: once in a picture.
set label 1 title at screen title_x, screen title_y left font ',15' textcolor rgb '#111111'
set label 2 caption at screen caption_x, screen caption_y left font ',9' textcolor rgb soft
set for [i=1:n_legend] label 100+i legend_text[i] at screen legend_x[i]+(text ? 0 : swatch_width+0.006), screen legend_y[i] left font ',11' textcolor rgb ink
if (!text) { set for [i=1:n_legend] arrow 100+i from screen legend_x[i], screen legend_y[i] to screen legend_x[i]+swatch_width, screen legend_y[i] nohead lt legend_series[i] lw 4 }

# The place, the ranges and the tics of panel p. A tic far off the axis replaces those of the panel before.
panel = "set lmargin at screen panel_left[p]; set rmargin at screen panel_right[p]; " \
  ."set tmargin at screen panel_top[p]; set bmargin at screen panel_bottom[p]; " \
  ."if (x_log[p]) { set logscale x } else { unset logscale x }; " \
  ."if (y_log[p]) { set logscale y } else { unset logscale y }; " \
  ."set xrange [x_min[p]:x_max[p]]; set yrange [y_min[p]:y_max[p]]; " \
  ."set xtics ('' 3*abs(x_max[p])+3*abs(x_min[p])+1); set ytics ('' 3*abs(y_max[p])+3*abs(y_min[p])+1); " \
  ."set for [i=x_first[p]:x_last[p]] xtics add (x_label[i] x_at[i]); " \
  ."set for [i=y_first[p]:y_last[p]] ytics add (y_label[i] y_at[i])"
panel_done = "unset label; unset arrow"

# What panel p shows, above it; there is no room for turned words.
above = "set label 3 above_text at screen panel_left[p], screen panel_top[p]+name_gap left font ',11' textcolor rgb ink"

# Names beside the curves, with a short line in their colour.
sides = "set for [i=1:n_right] label 200+i right_text[i] at graph right_edge, first right_at[i] left offset char (text ? 0 : 0.5),0 font ',11' textcolor rgb ink; " \
  ."set for [i=1:n_left] label 300+i left_text[i] at graph left_edge, first left_at[i] right offset char (text ? 0 : -0.5),0 font ',11' textcolor rgb ink; " \
  ."if (!text) { set for [i=1:n_right] arrow 200+i from graph 1.004, first right_from[i] to graph right_edge, first right_at[i] nohead lt right_series[i] dt 1; " \
  ."set for [i=1:n_left] arrow 300+i from graph -0.004, first left_from[i] to graph left_edge, first left_at[i] nohead lt left_series[i] dt 1 }"
