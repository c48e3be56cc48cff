# SPDX-License-Identifier: GPL-3.0-or-later
# Predicted survival of the people asked for, with bands.
# shape: steps group=group x=time y=survival lower=lower upper=upper
# needs: hazard
# title: How long such users stay, by the model
# bands: confidence intervals
set multiplot
p = 1
above_text = 'still there, predicted share'
eval panel
eval above
eval sides
set xlabel 'time since start (days, or the unit of the input)'
plot \
  for [k=1:(text ? 0 : n_bands)] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.15 noborder notitle, \
  for [s=1:n_series] $curve index s-1 using 1:2 with steps lt s title series_name[s]
eval panel_done
unset multiplot
