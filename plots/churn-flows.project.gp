# SPDX-License-Identifier: GPL-3.0-or-later
# The shares of the states in the last period and in those ahead, if users go on as they did.
# shape: fan group=state x=period y=share lower=lower upper=upper
# title: If users go on as they did
# bands: intervals from draws of the matrix of moves
# note: The first period is the last one seen
set multiplot
do for [p=1:n_panels] {
  above_text = 'share of all who have been seen'
  eval panel
  eval above
  eval (n_panels == 1 ? sides : '')
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.15 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] notitle
  eval panel_done
}
unset multiplot
