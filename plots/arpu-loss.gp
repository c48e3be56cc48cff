# SPDX-License-Identifier: GPL-3.0-or-later
# Revenue lost per month and in all, with intervals.
# shape: fan group=scenario? panel=destination? part=line? x=month y=revenue_lost lower=lower upper=upper y2=cumulative lower2=cumulative_lower upper2=cumulative_upper unit=currency?
# title: Revenue lost when users leave
# bands: intervals over the uncertain parameters
of = unit eq '' ? '' : ', '.unit
array of_y[2] = ['lost in the month'.of, 'lost so far'.of]
array of_part[2] = ['in the month', 'so far']
set multiplot
do for [p=1:n_panels] {
  above_text = panel_name[p] eq '' ? of_y[panel_y[p]] : panel_name[p].', '.of_part[panel_y[p]]
  eval panel
  eval above
  if (panel_lowest[p]) { set xlabel 'month after they left' } else { set xlabel '' }
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] title series_name[line_series[k]], \
    for [k=line_first[p]:(marked && !text ? line_last[p] : 0)] $line index k-1 using 1:2 with points lt line_series[k] notitle
  eval panel_done
}
unset multiplot
