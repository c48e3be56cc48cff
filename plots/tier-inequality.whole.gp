# SPDX-License-Identifier: GPL-3.0-or-later
# Measures of inequality, a panel each.
# shape: fan panel=measure x=period y=value lower=lower upper=upper
# title: Inequality by period
# bands: confidence intervals
set multiplot
do for [p=1:n_panels] {
  above_text = panel_name[p]
  eval panel
  eval above
  plot \
    for [k=band_first[p]:(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.15 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] title series_name[line_series[k]], \
    for [k=line_first[p]:(text ? 0 : line_last[p])] $line index k-1 using 1:2 with points lt line_series[k] notitle
  eval panel_done
}
unset multiplot
