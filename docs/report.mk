# SPDX-License-Identifier: GPL-3.0-or-later
# The study: datasets -> tools -> tables and charts -> build/report/report.html.
# Each figure in the page is looked up in a table that is made here, in the same run.

report := build/report
cases  := datasets
study  := $(cases)/tiktok-rednote
colors := TikTok,RedNote

# What a rule below may use: the tools by name, and the chart beside the table it makes.
with_tools = PATH="$(abspath $(bin)):$$PATH"
and_chart   = -o $@ --chart $(@:.csv=.svg)

# Tables that come with a chart of their own, and tables that do not.
charted := loss-range sensitivity tier-growth churn-survival churn-flows rank-foryou rank-seen \
           rank-tiers
plain   := scenario scenario-range loss arpu-2021 published tier-summary churn-summary churn-test \
           exits-day-one rank-compare rank-values rank-shock
tables  := $(patsubst %,$(report)/%.csv,$(charted) $(plain))

# The pictures that README.md shows.
shown := sensitivity tier-growth churn-survival churn-flows rank-foryou
images: $(tables)
	@mkdir -p docs/images
	$(Q)cp $(shown:%=$(report)/%.svg) docs/images

report: $(report)/report.html
	@echo 'the report is in $<'

$(report)/report.html: docs/report.md $(tables) $(bin)/fill-report
	$(Q)$(with_tools) fill-report $< --data $(report) -o $@

# Every table needs its tool; what else it needs stands below.
$(tables): $(executables) | $(report)

$(report):
	@mkdir -p $@

# Figures that are quoted as they stand.
$(report)/scenario.csv: $(study)/scenario.csv
$(report)/scenario-range.csv: $(study)/scenario-range.csv
$(report)/published.csv: $(study)/tier-growth.csv
$(report)/exits-day-one.csv: $(cases)/freenode-libera/exits.csv
$(report)/scenario.csv $(report)/scenario-range.csv $(report)/published.csv $(report)/exits-day-one.csv:
	$(Q)cp $(filter %.csv,$^) $@

# Revenue at stake.
$(report)/loss.csv: $(study)/scenario.csv
	$(Q)$(with_tools) arpu-loss $< -o $@
$(report)/loss-range.csv: $(study)/scenario-range.csv
	$(Q)$(with_tools) arpu-loss $< $(and_chart) --source 'Smart Power 2025-01-17; ranges assumed'
$(report)/sensitivity.csv: $(study)/scenario-range.csv
	$(Q)$(with_tools) arpu-loss $< --sensitivity $(and_chart) \
	    --source 'Smart Power 2025-01-17; ranges assumed'
$(report)/arpu-2021.csv: $(study)/revenue.csv
	$(Q)$(with_tools) arpu-loss $< -o $@

# Creator tiers.
$(report)/creators.csv: $(executables) | $(report)
	$(Q)$(with_tools) synth-panel creators --seed 2025 -o $@ --truth $(report)/creators-truth.csv
$(report)/tier-growth.csv: $(report)/creators.csv
	$(Q)$(with_tools) tier-growth $< $(and_chart) --source 'synthetic panel'
$(report)/tier-summary.csv: $(report)/creators.csv
	$(Q)$(with_tools) tier-growth $< --summary -o $@

# Who stays how long.
tenure := $(cases)/telco/tenure.csv --time tenure_months --status churned=Yes --weight customers \
          --group contract
$(report)/churn-survival.csv: $(cases)/telco/tenure.csv
	$(Q)$(with_tools) churn-survival $(tenure) $(and_chart) --title 'Customers by contract' \
	    --source 'IBM sample data; times in months'
$(report)/churn-summary.csv: $(cases)/telco/tenure.csv
	$(Q)$(with_tools) churn-survival $(tenure) --summary -o $@
$(report)/churn-test.csv: $(cases)/telco/tenure.csv
	$(Q)$(with_tools) churn-survival $(tenure) --test logrank -o $@

# Where leavers go.
$(report)/churn-flows.csv: $(cases)/freenode-libera/exits.csv
	$(Q)$(with_tools) churn-flows $< --column end=date --weight projects --top 6 $(and_chart) \
	    --title 'Projects listed as having left Freenode, 2021' --source 'freenode-exodus list'

# What other ranking rules would do, and what the shock cost.
$(report)/spells.csv: $(executables) | $(report)
	$(Q)$(with_tools) synth-panel spells --seed 2025 --set users=20000 --set scale=3000 -o $@
$(report)/spells-survival.csv: $(report)/spells.csv
	$(Q)$(with_tools) churn-survival $< --as-of 2026-01-01 --group platform -o $@
measured  := $(report)/loss.csv $(report)/tier-growth.csv $(report)/spells-survival.csv
simulated := --platforms TikTok,RedNote --arpu $(report)/loss.csv --tiers $(report)/tier-growth.csv \
             --survival $(report)/spells-survival.csv --seed 2025
of_rules  := $(addprefix --measure ,utility users revenue creators gini entropy exposure_share)
$(report)/rank-foryou.csv: $(study)/simulation.csv $(measured)
	$(Q)$(with_tools) rank-simulate $< --policy foryou,pools $(simulated) --replications 8 \
	    $(addprefix --measure ,users utility revenue creators income exposure_share gini) \
	    $(and_chart) --colors $(colors) --title 'TikTok ranks by foryou, RedNote by pools' \
	    --source 'simulation'
$(report)/rank-compare.csv: $(study)/simulation.csv $(measured)
	$(Q)$(with_tools) rank-compare $< $(foreach rule,foryou pools transparent, \
	    --case $(rule):policy_a=$(rule),policy_b=pools) $(simulated) --replications 8 $(of_rules) \
	    -o $@
$(report)/rank-seen.csv: $(report)/rank-compare.csv
	$(Q)awk -F, 'NR == 1 || ($$2 == "TikTok" && ($$4 == "utility" || $$4 == "exposure_share"))' $< >$@
	$(Q)$(with_tools) draw-chart rank-compare $@ -o $(@:.csv=.svg) \
	    --title 'What another rule would change on TikTok, against foryou' --source 'simulation'
$(report)/rank-values.csv: $(study)/simulation.csv $(measured)
	$(Q)$(with_tools) rank-compare $< $(foreach rule,foryou pools transparent, \
	    --case $(rule):policy_a=$(rule),policy_b=pools) $(simulated) --replications 8 --values \
	    --measure exposure_share -o $@
$(report)/rank-tiers.csv: $(report)/rank-values.csv
	$(Q)awk -F, 'NR == 1 || $$2 == "TikTok"' $< >$@
	$(Q)$(with_tools) draw-chart rank-compare $@ -o $(@:.csv=.svg) \
	    --title 'Who is seen on TikTok under each rule: share of exposures by tier' \
	    --source 'simulation'
$(report)/rank-shock.csv: $(study)/simulation.csv $(measured)
	$(Q)$(with_tools) rank-compare $< --policy foryou,pools --case calm:shock_period=0 --at mean \
	    $(simulated) --replications 6 --measure revenue -o $@

.PHONY: report images
