# SPDX-License-Identifier: GPL-3.0-or-later
# How soon those who left come back, and of those how soon they leave again.
# shape: rise panel=event group=group x=time y=share lower=lower upper=upper at_risk=at_risk censored=censored
# title: Who comes back, and who leaves again
# bands: confidence intervals
set multiplot
do for [p=1:n_curves] {
  back = panel_name[p] eq 'came back'
  above_text = panel_name[p].', share of those who '.(back ? 'left' : 'came back')
  eval panel
  eval above
  eval (n_curves == 1 ? sides : '')
  set xlabel back ? 'days since leaving' : 'days since coming back'
  plot \
    for [k=(text ? 1 : band_first[p]):(text ? 0 : band_last[p])] $band index k-1 using 1:2:3 with filledcurves lt band_series[k] fs transparent solid 0.15 noborder notitle, \
    for [s=1:n_series] $curve index (p-1)*n_series+s-1 using 1:2 with steps lt s notitle, \
    for [k=1:!text] $censored index p-1 using 1:($2-0.012*y_max[p]):(0):(0.024*y_max[p]):3 with vectors nohead lw 0.8 lc variable notitle
  eval panel_done
}
if (n_risk > 0) {
  unset border; unset grid
  do for [q=1:n_curves] {
    p = n_curves + q
    eval panel
    unset xlabel; unset xtics
    set ytics scale 0 offset screen -risk_shift,0
    set label 3 'at risk' at screen panel_left[p]-risk_shift, screen panel_top[p]+(text ? 0 : name_gap) right font ',10' textcolor rgb soft
    plot $risk index q-1 using 1:2:(risk_text[int($3)]) with labels font ',10' textcolor rgb ink notitle
    eval panel_done
  }
}
unset multiplot
