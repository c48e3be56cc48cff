# SPDX-License-Identifier: GPL-3.0-or-later
# Leavers of each period, as seen and as expected, and all who are gone.
# shape: fan x=period y=expected lower=lower upper=upper y2=gone lower2=gone_lower upper2=gone_upper observed=leavers part=group
# title: Leaving, and leaving because others left
# bands: intervals for the leavers of a period and, ahead, for all who are gone
array of_y[3] = [text ? 'leavers: expected (line), seen (+)' : 'leavers: expected (line) and seen (dots)', 'gone so far', '']
set multiplot
do for [p=1:n_panels] {
  above_text = of_y[panel_y[p]].(strlen(panel_name[p]) ? ', '.panel_name[p] : '')
  eval panel
  eval above
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] notitle, \
    for [k=observed_first[p]:observed_last[p]] $observed index k-1 using 1:2 with points lt k+1 pt (text ? 1 : 7) ps 0.5 lc rgb ink notitle
  eval panel_done
}
unset multiplot
