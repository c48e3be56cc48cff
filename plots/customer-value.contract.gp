# SPDX-License-Identifier: GPL-3.0-or-later
# How many of those under contract stay, and how many of those there renew.
# shape: fan x=period y=stay lower=stay_lower upper=stay_upper y2=retention observed=observed
# needs: residual
# title: Who stays under contract
# bands: confidence intervals
array of_y[2] = [text ? 'still there: expected (line), observed (+)' : 'still there: expected (line) and observed (dots)', 'of those there before the period, share that stays']
set multiplot
do for [p=1:n_panels] {
  above_text = of_y[panel_y[p]]
  eval panel
  eval above
  if (panel_lowest[p]) { set xlabel 'period' } else { set xlabel '' }
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] notitle, \
    for [k=observed_first[p]:observed_last[p]] $observed index k-1 using 1:2 with points lt k+1 pt (text ? 1 : 7) ps 0.5 lc rgb ink notitle
  eval panel_done
}
unset multiplot
