# SPDX-License-Identifier: GPL-3.0-or-later
# Of each cohort, the share that is still active, age by age: the retention triangle.
# shape: matrix row=cohort column=age value=retention
# title: Still active, by cohort
# note: Share of each cohort; (all): every cohort that is old enough
p = 1
above_text = 'cohort (rows), periods since the first (columns)'
eval panel
eval above
set tics scale 0
unset grid
unset border
if (narrow && !text) { set colorbox; set cbtics scale 0 font ',10' textcolor rgb ink }
set cbrange [value_min:value_max]
plot \
  for [k=1:!text] $cell using 1:2:(0.48):(0.48):3 with boxxyerror fs solid 1 noborder fc palette notitle, \
  for [k=1:(n_texts > 0)] $text using 1:2:(cell_text[int($3)]):4 with labels font ',10' textcolor rgb variable notitle
eval panel_done
