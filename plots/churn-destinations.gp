# SPDX-License-Identifier: GPL-3.0-or-later
# The share gone to each destination, piled up over time; what is left above is still there.
# shape: stack panel=group part=destination x=time y=incidence
# title: Share gone, by destination
# note: White is the share still there
set multiplot
do for [p=1:n_panels] {
  above_text = n_panels > 1 ? panel_name[p] : 'gone, share of those who started'
  eval panel
  eval above
  eval (n_panels == 1 ? sides : '')
  if (panel_lowest[p]) { set xlabel n_panels > 2 ? 'time since start' : 'time since start (days, or the unit of the input)' } else { set xlabel '' }
  plot \
    for [k=(text ? 1 : area_first[p]):(text ? 0 : area_last[p])] $area index k-1 using 1:2:3 with filledcurves lt area_series[k] fs solid 0.85 noborder notitle, \
    for [k=(text ? area_first[p] : 1):(text ? area_last[p] : 0)] $area index k-1 using 1:3 with lines lt area_series[k] notitle
  eval panel_done
}
unset multiplot
