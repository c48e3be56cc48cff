# SPDX-License-Identifier: GPL-3.0-or-later
# Creators per tier: a slope for two periods, lines for more.
# shape: slope group=tier x=period y=creators
# title: Creators by tier
p = 1
above_text = y_log[p] ? 'creators, on a logarithmic scale' : 'creators'
eval panel
eval above
eval sides
if (slope) { unset ytics; unset grid; set border 0; set xtics scale 0 font ',11' textcolor rgb ink }
if (slope && !text) { set for [i=1:2] arrow i from first x_at[i], graph 0 to first x_at[i], graph 1 nohead back lc rgb faint lw 1 }
plot for [s=1:n_series] $line index s-1 using 1:2 with lines lt s title series_name[s], \
  for [s=1:(text ? 0 : n_series)] $line index s-1 using 1:2 with points lt s ps (slope ? 0.7 : 0.45) notitle
eval panel_done
