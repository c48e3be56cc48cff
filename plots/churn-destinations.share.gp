# SPDX-License-Identifier: GPL-3.0-or-later
# The share of users in each state by share of time, period by period, piled up to all of them.
# shape: stack-periods panel=group part=state x=age y=share
# title: Where users spend their time
# note: A platform by itself: nearly all of a user's time goes there; mostly: the largest part of it
set multiplot
do for [p=1:n_panels] {
  above_text = n_panels > 1 ? panel_name[p] : 'share of users'
  eval panel
  eval above
  eval (n_panels == 1 ? sides : '')
  if (panel_lowest[p]) { set xlabel n_panels > 2 ? 'periods' : 'periods since the first' } else { set xlabel '' }
  plot \
    for [k=(text ? 1 : area_first[p]):(text ? 0 : area_last[p])] $area index k-1 using 1:2:3 with filledcurves lt area_series[k] fs solid 0.85 noborder notitle, \
    for [k=(text ? area_first[p] : 1):(text ? area_last[p] : 0)] $area index k-1 using 1:3 with lines lt area_series[k] notitle
  eval panel_done
}
unset multiplot
