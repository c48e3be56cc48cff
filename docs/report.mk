# SPDX-License-Identifier: GPL-3.0-or-later
# The study: datasets -> tools -> tables and charts -> build/report/report.html.
# Each figure in the page is looked up in a table that is made here, in the same run.

report := build/report
study  := datasets/tiktok-rednote
run     = PATH="$(abspath $(bin)):$$PATH"
colors := TikTok,RedNote

# Tables that come with a chart of their own.
charted := arpu-loss sensitivity tier-growth churn-survival churn-flows rank-foryou rank-popularity
# Tables that do not.
plain := arpu-2021 tier-summary churn-summary churn-test churn-destinations

figures := $(charted:%=$(report)/%.svg)
results := $(charted:%=$(report)/%.csv) $(plain:%=$(report)/%.csv)

report: $(report)/report.html
	@echo "the report is in $<"

$(report)/report.html: docs/report.md $(results) $(figures) $(bin)/fill-report
	$(run) fill-report docs/report.md --data $(report) -o $@

# A chart is made with its table.
$(figures): %.svg: %.csv ;

$(report):
	@mkdir -p $@
