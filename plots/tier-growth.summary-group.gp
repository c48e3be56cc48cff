# SPDX-License-Identifier: GPL-3.0-or-later
# Growth of each tier from the first period to the last, with its interval, a panel for each group.
# shape: forest label=tier point=growth lower=lower upper=upper text=creators_to panel=group
# title: Growth by tier
# reference: 0
# scale: common
# note: Lines are confidence intervals; at the right, creators in the last period
set multiplot
do for [p=1:n_panels] {
  eval panel
  if (has_reference) { set arrow 1 from first reference, graph 0 to first reference, graph 1 nohead back dt 2 lc rgb '#888888' lw 1 }
  set border 1 back
  unset ytics; set grid noytics
  set for [i=name_first[p]:name_last[p]] label 1000+i name_text[i] at graph name_x, first name_y[i] left font ',11' textcolor rgb ink
  set for [i=row_first[p]:row_last[p]] label 2000+i estimate_text[i] at graph estimate_x, first row_y[i] left font ',10' textcolor rgb ink
  set for [i=row_first[p]:row_last[p]] label 3000+i beside_text[i] at graph beside_x, first row_y[i] left font ',10' textcolor rgb ink
  set label 3 'growth (interval)' at graph estimate_x, screen panel_top[p]+name_gap left font ',10' textcolor rgb soft
  set label 4 'now' at graph beside_x, screen panel_top[p]+name_gap left font ',10' textcolor rgb soft
  if (p == n_panels) { set xlabel 'growth from the first period to the last (0.1 is 10 %)' } else { set xlabel '' }
  if (strlen(panel_name[p])) { set label 5 panel_name[p] at graph name_x, screen panel_top[p]+name_gap left font ',11' textcolor rgb ink }
  if (text) {
    plot \
      for [k=1:1] $interval index p-1 using 1:3:($2-$1):(0) with vectors nohead notitle, \
      $point index p-1 using 1:2:('o') with labels notitle
  } else {
    plot \
      $interval index p-1 using ($5 == 0 && $6 == 0 ? $1 : NaN):3:($2-$1):(0):4 with vectors nohead lw 1.6 lc variable notitle, \
      $interval index p-1 using ($5 == 0 && $6 == 1 ? $1 : NaN):3:($2-$1):(0):4 with vectors head filled size screen 0.012,20 lw 1.6 lc variable notitle, \
      $interval index p-1 using ($5 == 1 && $6 == 0 ? $2 : NaN):3:($1-$2):(0):4 with vectors head filled size screen 0.012,20 lw 1.6 lc variable notitle, \
      $interval index p-1 using ($5 == 1 && $6 == 1 ? $1 : NaN):3:($2-$1):(0):4 with vectors heads filled size screen 0.012,20 lw 1.6 lc variable notitle, \
      $interval index p-1 using ($5 == 0 ? $1 : NaN):($3-0.14):(0):(0.28):4 with vectors nohead lw 1.6 lc variable notitle, \
      $interval index p-1 using ($6 == 0 ? $2 : NaN):($3-0.14):(0):(0.28):4 with vectors nohead lw 1.6 lc variable notitle, \
      $point index p-1 using 1:2:3 with points pt 5 ps 0.7 lc variable notitle
  }
  eval panel_done
}
unset multiplot
