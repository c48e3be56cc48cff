# SPDX-License-Identifier: GPL-3.0-or-later
# What each cohort is expected to buy and to bring in.
# shape: fan x=cohort y=purchases lower=purchases_lower upper=purchases_upper y2=revenue lower2=revenue_lower upper2=revenue_upper
# needs: customers alive
# title: What cohorts are worth
# bands: confidence intervals for what is expected
array of_y[2] = ['purchases expected over the horizon', 'revenue expected over the horizon']
set multiplot
do for [p=1:n_panels] {
  above_text = of_y[panel_y[p]]
  eval panel
  eval above
  if (panel_lowest[p]) { set xlabel 'first purchase' } else { set xlabel '' }
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] notitle, \
    for [k=line_first[p]:(text ? 0 : line_last[p])] $line index k-1 using 1:2 with points lt line_series[k] notitle
  eval panel_done
}
unset multiplot
