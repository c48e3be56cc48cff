# SPDX-License-Identifier: GPL-3.0-or-later
# The study: datasets -> tools -> charts -> build/report/report.html
