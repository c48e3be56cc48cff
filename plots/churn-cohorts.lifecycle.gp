# SPDX-License-Identifier: GPL-3.0-or-later
# Active users by period, the share retained, and those who fell dormant.
# shape: fan group=group? x=period y=active y2=retained lower2=lower upper2=upper y3=dormant
# needs: resurrecting
# title: Active, retained and dormant users
# bands: intervals of the share
# note: Retained and dormant: of those active in the period before
array of_y[3] = ['active users', 'retained, share', 'dormant users']
set multiplot
do for [p=1:n_panels] {
  above_text = of_y[panel_y[p]]
  eval panel
  eval above
  eval (n_panels == 1 ? sides : '')
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] title series_name[line_series[k]], \
    for [k=line_first[p]:(marked && !text ? line_last[p] : 0)] $line index k-1 using 1:2 with points lt line_series[k] notitle
  eval panel_done
}
unset multiplot
