# SPDX-License-Identifier: GPL-3.0-or-later
# Actual against expected, the effect of each period, and the effect so far.
# shape: fan x=date y=expected lower=expected_lower upper=expected_upper y2=effect lower2=effect_lower upper2=effect_upper y3=cumulative lower3=cumulative_lower upper3=cumulative_upper observed=actual mark=after
# title: What the event changed
# bands: intervals for what would have been, and for the difference to it
array of_y[3] = [text ? 'expected (line), actual (+)' : 'expected (line) and actual (dots)', 'effect in the period: actual less expected', 'effect since the event']
set multiplot
do for [p=1:n_panels] {
  above_text = of_y[panel_y[p]]
  eval panel
  eval above
  if (!text && has_mark) { set arrow 1 from mark_x, graph 0 to mark_x, graph 1 nohead dt 2 lw 1 lc rgb soft back }
  if (!text && panel_y[p] > 1) { set arrow 2 from graph 0, first 0 to graph 1, first 0 nohead lw 1 lc rgb soft back }
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.2 noborder notitle, \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] notitle, \
    for [k=observed_first[p]:observed_last[p]] $observed index k-1 using 1:2 with points lt k+1 pt (text ? 1 : 7) ps 0.5 lc rgb ink notitle
  eval panel_done
}
unset multiplot
