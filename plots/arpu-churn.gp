# SPDX-License-Identifier: GPL-3.0-or-later
# Gross and net revenue churn of each platform by period.
# shape: fan group=platform x=period y=gross_churn lower=gross_lower upper=gross_upper y2=net_churn lower2=net_lower upper2=net_upper
# title: Revenue churn
# scale: common
# bands: confidence intervals
# note: Below zero, users who stayed spend more than left
array of_y[2] = ['gross: lost and shrunk, share of revenue before', 'net: less what grew']
set multiplot
do for [p=1:n_panels] {
  above_text = of_y[panel_y[p]]
  eval panel
  eval above
  if (panel_lowest[p]) { set xlabel 'period' } else { set xlabel '' }
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] title series_name[line_series[k]], \
    for [k=line_first[p]:(marked && !text ? line_last[p] : 0)] $line index k-1 using 1:2 with points lt line_series[k] notitle
  eval panel_done
}
unset multiplot
