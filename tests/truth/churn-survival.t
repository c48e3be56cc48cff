# SPDX-License-Identifier: GPL-3.0-or-later
# churn-survival against R's survival, run here and now on R's own data sets: every number to 1e-9.
. "$TESTS/lib/tap.sh"
. "$TESTS/lib/cases.sh"
export DATA

cases_live churn-survival 1e-9
finish
