# SPDX-License-Identifier: GPL-3.0-or-later
# Counts by date, and the curves fitted to them.
# shape: fan x=date y=fitted lower=lower upper=upper observed=users group=model part=group
# title: Users by date
# bands: intervals for a count on that date
set multiplot
do for [p=1:n_panels] {
  above_text = panel_name[p].(strlen(panel_name[p]) ? ', ' : '').(text ? 'counts (+) and curve' : 'counts (dots) and curve')
  eval panel
  eval above
  eval (n_panels == 1 ? sides : '')
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.15 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] notitle, \
    for [k=observed_first[p]:observed_last[p]] $observed index k-1 using 1:2 with points lt k+1 pt (text ? 1 : 7) ps 0.5 lc rgb ink notitle
  eval panel_done
}
unset multiplot
