# SPDX-License-Identifier: GPL-3.0-or-later
# How the customers' chances of being alive, expected purchases and expected revenue are spread.
# shape: histogram x=alive x2=purchases x3=present_value weight=customers
# needs: frequency recency
# title: What customers are worth
array of_x[3] = ['customers by chance of being alive', 'customers by purchases expected', 'customers by present value of the revenue expected']
set multiplot
do for [p=1:n_panels] {
  above_text = of_x[panel_x[p]]
  eval panel
  eval above
  if (text) { plot $bar index p-1 using (($1+$2)/2):3 with impulses lt 1 notitle } \
  else { plot $bar index p-1 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror lt 1 fs solid 0.8 noborder notitle }
  eval panel_done
}
unset multiplot
