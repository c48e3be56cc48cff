# SPDX-License-Identifier: GPL-3.0-or-later
# What each rule gives, by period: a panel for each platform and tier.
# shape: fan group=case panel=measure part=subject x=period y=mean lower=lower upper=upper
# title: What each rule gives
# bands: intervals over the replications, lines their means
set multiplot
do for [p=1:n_panels] {
  above_text = panel_name[p]
  eval panel
  eval above
  eval (n_panels == 1 ? sides : '')
  if (panel_lowest[p]) { set xlabel 'period' } else { set xlabel '' }
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] title series_name[line_series[k]], \
    for [k=line_first[p]:(marked && !text ? line_last[p] : 0)] $line index k-1 using 1:2 with points lt line_series[k] notitle
  eval panel_done
}
unset multiplot
