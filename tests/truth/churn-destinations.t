# SPDX-License-Identifier: GPL-3.0-or-later
# churn-destinations against survival, cmprsk and etm of R, run here and now on their own data sets: every number to
# 1e-9.
. "$TESTS/lib/tap.sh"
. "$TESTS/lib/cases.sh"
export DATA

cases_live churn-destinations 1e-9
finish
