# SPDX-License-Identifier: GPL-3.0-or-later
# ARPU of each platform by period, a panel for each segment.
# shape: fan group=platform panel=segment? x=period y=arpu lower=arpu_lower upper=arpu_upper unit=currency?
# title: Revenue per user
# scale: common
# bands: confidence intervals
set multiplot
do for [p=1:n_panels] {
  above_text = (panel_name[p] eq '' ? 'revenue per user and period' : panel_name[p]).(unit eq '' ? '' : ', '.unit)
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
