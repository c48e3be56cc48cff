# SPDX-License-Identifier: GPL-3.0-or-later
# Five covariates from durations (tests/bench/durations.awk): age, segment as 0 and 1, and three
# that are drawn here and drive nothing: user,time,status,age,b,posts,friends,share.
BEGIN { FS = OFS = ","; state = 20250119 }
function draw() { # the minimal standard generator (Park & Miller 1988): exact in doubles
    state = state * 48271 % 2147483647
    return state / 2147483647
}
NR == 1 { print "user", "time", "status", "age", "b", "posts", "friends", "share"; next }
{ print $1, $4, $5, $3, $2 == "b", int(10 * draw()), int(500 * draw()) / 10, \
        sprintf("%.4f", draw()) }
