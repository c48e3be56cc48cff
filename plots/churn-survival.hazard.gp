# SPDX-License-Identifier: GPL-3.0-or-later
# Nelson-Aalen curves by group, with bands, censoring marks and the numbers at risk.
# shape: rise-sum group=group x=time y=cumulative_hazard lower=lower upper=upper at_risk=at_risk censored=censored
# title: How the rate of leaving adds up
# bands: confidence intervals
# note: A straight line is a constant rate, a curve that flattens one that falls
set multiplot
p = 1
above_text = 'cumulative hazard: expected exits of a user who is always replaced'
eval panel
eval above
eval sides
set xlabel 'time since start (days, or the unit of the input)'
plot \
  for [k=1:(text ? 0 : n_bands)] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.15 noborder notitle, \
  for [s=1:n_series] $curve index s-1 using 1:2 with steps lt s title series_name[s], \
  for [k=1:!text] $censored using 1:($2-0.012*y_max[p]):(0):(0.024*y_max[p]):3 with vectors nohead lw 0.8 lc variable notitle
eval panel_done
if (n_risk > 0) {
  p = 2
  eval panel
  unset border; unset xlabel; unset xtics; unset grid
  set ytics scale 0 offset screen -risk_shift,0
  set label 3 'at risk' at screen panel_left[2]-risk_shift, screen panel_top[2]+(text ? 0 : name_gap) right font ',10' textcolor rgb soft
  plot $risk using 1:2:(risk_text[int($3)]) with labels font ',10' textcolor rgb ink notitle
}
unset multiplot
