# SPDX-License-Identifier: GPL-3.0-or-later
# Lorenz curves, a line for each platform.
# shape: curve x=creators y=share group=platform
# title: How unequally it is spread
# note: The dashed line is equality
p = 1
above_text = 'share of the total that they have'
eval panel
eval above
set xlabel 'share of creators, from the smallest up'
plot \
  x with lines lc rgb '#888888' dt 2 lw 1.2 notitle, \
  for [s=1:n_series] $line index s-1 using 1:2 with lines lt s title series_name[s]
eval panel_done
