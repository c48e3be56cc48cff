# SPDX-License-Identifier: GPL-3.0-or-later
# The share of those in one tier who were in another one period later.
# shape: matrix row=from column=to value=share
# needs: step creators
# title: From tier to tier
# note: Share of each row
p = 1
above_text = 'from (rows) to (columns), one period later'
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
