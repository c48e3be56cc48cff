# SPDX-License-Identifier: GPL-3.0-or-later
# Revenue per user and per payer, of each platform by period.
# shape: fan group=platform x=period y=arpu lower=arpu_lower upper=arpu_upper y2=arppu? lower2=arppu_lower? upper2=arppu_upper? unit=currency?
# title: Revenue per user and per payer
# bands: confidence intervals
of = unit eq '' ? '' : ', '.unit
array of_y[2] = ['per user'.of, 'per payer'.of]
set multiplot
do for [p=1:n_panels] {
  above_text = of_y[panel_y[p]]
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
