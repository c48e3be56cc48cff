# SPDX-License-Identifier: GPL-3.0-or-later
# The share of creators at or above each value, a line for each period.
# shape: curve-log x=value y=share fit=fit group=period?
# title: The tail
# note: Both axes are logarithmic; a dashed line is the fitted power law
p = 1
above_text = 'share of creators at or above'
eval panel
eval above
set xlabel 'value'
set logscale x
plot \
  for [s=1:n_series] $line index s-1 using 1:2 with lines lt s title series_name[s], \
  for [s=1:(has_fit ? n_series : 0)] $fit index s-1 using 1:2 with lines lc rgb '#333333' dt 2 lw 1.4 notitle
eval panel_done
