# SPDX-License-Identifier: GPL-3.0-or-later
# Whole processes timed side by side with their peers (docs/performance.md):
#
#   make deps-bench bench                install the peers, build the inputs, time every case
#   make bench ROWS=1000000 CASE=gzip    one size, one case
#
# A case is a file tests/bench/NAME.bench; its first lines name the inputs, which are made here.
# Inputs are drawn from fixed seeds and kept in build/bench/. Give -j to make those of one run side
# by side; the timing itself is always one process at a time.
bench_sizes := 1000000 10000000
ROWS        ?= $(bench_sizes)
CASE        ?= $(basename $(notdir $(sort $(wildcard tests/bench/*.bench))))
THREADS     ?= $(shell nproc)

bench        := build/bench
bench_inputs  = $(foreach n,$(ROWS),$(patsubst %,$(bench)/%,$(subst @,$(n),\
                $(shell sed -n 's/^input \([^ ]*\).*/\1/p' $(CASE:%=tests/bench/%.bench)))))

bench: all $(bench)/measure $(bench_inputs)
	@perl tests/bench/run.pl --bin '$(bin)' --folder $(bench) --threads $(THREADS) \
	    --compiler '$(shell $(CC) --version | head -n 1), $(flags_$(MODE))' \
	    --rows '$(ROWS)' $(CASE)
	@perl tests/bench/page.pl tests/bench $(bench)/results '$(ROWS)'
	$(if $(filter-out $(bench_sizes),$(ROWS)),,@perl tests/bench/page.pl tests/bench \
	    $(bench)/results '$(bench_sizes)' tests/bench/performance.in.md >$(bench)/performance.md && \
	    mv $(bench)/performance.md docs/performance.md)

# The ranking simulation against the processor's own ceiling; it has no peer to be timed beside. A
# million users and ten thousand creators are simulated WORLDS times, 0 for not at all; the page is
# written only with them.
WORLDS ?= 1

bench-ranking: $(bench)/ranking
	@mkdir -p $(bench)/results
	@$< $(WORLDS) | tee $(bench)/results/ranking.md
	$(if $(filter-out 0,$(WORLDS)),@sed -e '/@RESULTS@/ { r $(bench)/results/ranking.md' -e 'd' \
	    -e '}' tests/bench/ranking.in.md >$(bench)/ranking-page.md && \
	    mv $(bench)/ranking-page.md docs/performance-ranking.md)

$(bench)/ranking: tests/bench/ranking.c $(library)
	@mkdir -p $(@D)
	$(Q)$(CC) $(compile) -o $@ $< $(library) $(libraries)

$(bench)/measure: tests/bench/measure.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(compile) -o $@ $<

# An activity log of about a tenth as many users as rows, in the order of dates as logs are written.
# A few more are drawn than are kept, so that the number of rows is exact.
$(bench)/activity-%.csv: | $(bin)/synth-panel
	@mkdir -p $(@D)
	@echo '  draw     $@'
	$(Q)$(bin)/synth-panel activity --seed 1 --set active_chance=0.12 \
	    --set users=$$(($* / 10 + 100)) | head -n $$(($* + 1)) >$@.drawn
	$(Q)head -n 1 $@.drawn >$@.new
	$(Q)tail -n +2 $@.drawn | LC_ALL=C sort -s -t, -k3,3 >>$@.new
	$(Q)test $$(wc -l <$@.new) -eq $$(($* + 1))
	$(Q)rm $@.drawn && mv $@.new $@

$(bench)/spells-%.csv: | $(bin)/synth-panel
	@mkdir -p $(@D)
	@echo '  draw     $@'
	$(Q)$(bin)/synth-panel spells --seed 1 --set users=$* --set arrival_days=180 -o $@

# A panel of creators over 24 months, so many in each as there are rows by 24, of whom 3 % are
# replaced each month; in the order of months as snapshots are kept. ROWS=24000000 is the panel of a
# million creators. A few more are drawn than are kept, so that the number of rows is exact.
$(bench)/creators-%.csv: | $(bin)/synth-panel
	@mkdir -p $(@D)
	@echo '  draw     $@'
	$(Q)$(bin)/synth-panel creators --seed 1 --set months=24 --set share_rednote=0.3 \
	    --set creators_nano=$$(($* / 44)) --set creators_micro=$$(($* / 106)) \
	    --set creators_mid=$$(($* / 265)) --set creators_macro=$$(($* / 1325)) \
	    --set creators_mega=$$(($* / 5300)) | head -n $$(($* + 1)) >$@.drawn
	$(Q)head -n 1 $@.drawn >$@.new
	$(Q)tail -n +2 $@.drawn | LC_ALL=C sort -s -t, -k3,3 >>$@.new
	$(Q)test $$(wc -l <$@.new) -eq $$(($* + 1))
	$(Q)rm $@.drawn && mv $@.new $@

# All spells of this draw start on 2025-01-01 and are watched for a year: durations are day numbers.
$(bench)/durations-%.csv: | $(bin)/synth-panel
	@mkdir -p $(@D)
	@echo '  draw     $@'
	$(Q)$(bin)/synth-panel spells --seed 1 --set users=$* | awk -f tests/bench/durations.awk >$@.new
	$(Q)mv $@.new $@

# No user comes twice: 7919 is prime, and has no factor in common with a power of ten.
$(bench)/distinct-%.csv:
	@mkdir -p $(@D)
	@echo '  draw     $@'
	$(Q)awk -v n=$* 'BEGIN { print "user,platform,date,revenue"; for (i = 0; i < n; i++) \
	    printf "u%08d,%s,2025-%02d-%02d,%d.%02d\n", i * 7919 % n, i % 3 ? "TikTok" : "RedNote", \
	    int(i % 90 / 30) + 1, i % 28 + 1, i % 13, i % 100 }' >$@.new
	$(Q)mv $@.new $@

$(bench)/covariates-%.csv: $(bench)/durations-%.csv
	@echo '  draw     $@'
	$(Q)awk -f tests/bench/covariates.awk $< >$@.new && mv $@.new $@

# The spells with times that hardly ever tie: a day and a fraction of six digits.
$(bench)/continuous-%.csv: $(bench)/spells-%.csv
	@echo '  draw     $@'
	$(Q)awk -F, 'BEGIN { srand(1); OFS = "," } NR == 1 { print "segment", "time", "destination"; next } \
	    { to = $$7 != "" ? $$7 : $$6 != "" ? "(gone)" : ""; \
	      printf "%s,%.6f,%s\n", $$3, 300 * rand(), to }' $(bench)/spells-$*.csv >$@.new
	$(Q)mv $@.new $@

$(bench)/quoted-%: $(bench)/%
	@echo '  quote    $@'
	$(Q)sed 's/,/","/g; s/.*/"&"/' $< >$@.new && mv $@.new $@

$(bench)/%.gz: $(bench)/%
	@echo '  compress $@'
	$(Q)gzip -6 -n -c $< >$@.new && mv $@.new $@

# The peers; those that are not there are left out of the table, which says so.
packages_bench := gzip miller nodejs npm r-base-core r-cran-survival r-cran-data.table
deps-bench:
	@command -v npm >/dev/null || sh tests/lib/install-packages.sh nodejs npm
	@sh tests/lib/install-packages.sh $(filter-out nodejs npm,$(packages_bench))
	@mkdir -p $(bench)
	@test -d $(bench)/node_modules/@duckdb/node-api || \
	    npm install --prefix $(bench) --no-save --no-audit --no-fund --loglevel=error @duckdb/node-api

.PHONY: bench bench-ranking deps-bench
.PRECIOUS: $(bench)/%.csv $(bench)/%.gz
