# SPDX-License-Identifier: GPL-3.0-or-later
# Creators per tier and period, a panel for each group.
# shape: fan group=tier panel=group x=period y=creators
# title: Creators by tier
set multiplot
do for [p=1:n_panels] {
  above_text = panel_name[p].(p == 1 ? ', creators' : '')
  eval panel
  eval above
  plot \
    for [k=line_first[p]:line_last[p]] $line index k-1 using 1:2 with lines lt line_series[k] title series_name[line_series[k]], \
    for [k=line_first[p]:(text ? 0 : line_last[p])] $line index k-1 using 1:2 with points lt line_series[k] notitle
  eval panel_done
}
unset multiplot
