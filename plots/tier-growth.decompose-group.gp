# SPDX-License-Identifier: GPL-3.0-or-later
# Who made a tier larger or smaller, from the first period to the last, by group.
# shape: waterfall label=part amount=creators running=running from=from to=to part=tier panel=group
# title: Who made the tiers larger or smaller
# note: Who did something in several steps counts in each
set multiplot
do for [p=1:n_panels] {
  above_text = panel_name[p].(text ? ', creators' : '')
  eval panel
  eval above
  unset ytics
  set for [i=y_first[p]:y_last[p]] ytics add (y_label[i] y_at[i])
  set ytics scale 0 font ',11' textcolor rgb ink
  set border 1 back
  set grid noytics
  if (!text) { set grid xtics back lt 1 lc rgb faint lw 0.6 }
  if (p == n_panels && !text) { set xlabel 'creators' } else { set xlabel '' }
  if (text) {
    plot \
      for [kind=1:3] $stroke index 3*(p-1)+kind-1 using 1:2 with lines lt kind notitle, \
      $end index p-1 using 1:2:(' '.end_text[int($3)]) with labels left notitle
  } else {
    plot \
      $link index p-1 using 1:2 with lines lc rgb soft lw 0.8 notitle, \
      $bar index p-1 using 1:(($3+$4)/2):1:2:3:4:5 with boxxyerror lc variable notitle, \
      $end index p-1 using 1:2:(end_text[int($3)]) with labels left offset char 0.6,0 font ',10' textcolor rgb ink notitle
  }
  eval panel_done
}
unset multiplot
