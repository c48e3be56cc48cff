# SPDX-License-Identifier: GPL-3.0-or-later
# Who went where: a ribbon for each flow, as wide as it is large.
# shape: alluvial from=from to=to size=users
# title: Where they went
# Ribbons have no dashes.
set for [i=1:n_series] linetype i lc rgb series_color[i] dt 1 lw 2
p = 1
eval panel
eval sides
unset border; unset xtics; unset ytics; unset grid
if (text) {
  plot for [k=1:n_ribbons] $ribbon index k-1 using 1:(($2+$3)/2) with lines lt ribbon_series[k] notitle
} else {
  plot \
    for [k=1:n_ribbons] $ribbon index k-1 using 1:2:3 with filledcurves lt ribbon_series[k] fs transparent solid 0.55 noborder notitle, \
    $node using 1:3:1:2:3:4 with boxxyerror lc rgb '#555555' fs solid 1 noborder notitle
}
eval panel_done
