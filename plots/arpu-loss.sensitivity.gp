# SPDX-License-Identifier: GPL-3.0-or-later
# What the loss is at the low and the high value of each parameter, the others as they are.
# shape: tornado label=parameter low=loss_at_low high=loss_at_high base=loss_at_value? low_input=low high_input=high unit=currency?
# title: What the loss depends on
# note: One parameter at a time; the numbers at the bars are its values
p = 1
eval panel
unset ytics
set for [i=y_first[p]:y_last[p]] ytics add (y_label[i] y_at[i])
set ytics scale 0 font ',11' textcolor rgb ink
set border 1 back
set grid noytics
if (!text) { set grid xtics back lt 1 lc rgb faint lw 0.6 }
set xlabel 'revenue lost over the horizon'.(unit eq '' ? '' : ', '.unit)
if (has_base && !text) { set arrow 1 from first base, graph 0 to first base, graph 1 nohead front lc rgb ink lw 1 }
if (text) {
  plot \
    for [side=1:2] $stroke index side-1 using 1:2 with lines lt side notitle, \
    for [k=1:(n_ends > 0)] $end using ($3 < 0 ? $1 : NaN):2:(end_text[int($4)].' ') with labels right notitle, \
    for [k=1:(n_ends > 0)] $end using ($3 > 0 ? $1 : NaN):2:(' '.end_text[int($4)]) with labels left notitle
} else {
  plot \
    $bar using 1:(($3+$4)/2):1:2:3:4:5 with boxxyerror lc variable notitle, \
    for [k=1:(n_ends > 0)] $end using ($3 < 0 ? $1 : NaN):2:(end_text[int($4)]) with labels right offset char -0.5,0 font ',10' textcolor rgb ink notitle, \
    for [k=1:(n_ends > 0)] $end using ($3 > 0 ? $1 : NaN):2:(end_text[int($4)]) with labels left offset char 0.5,0 font ',10' textcolor rgb ink notitle
}
eval panel_done
