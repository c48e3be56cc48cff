# SPDX-License-Identifier: GPL-3.0-or-later
# Fuzzing with libFuzzer, which comes with clang: make fuzz FUZZ_SECONDS=60 runs every target of
# tests/fuzz/, each from its seeds in tests/fuzz/NAME/. What it finds is kept in build/fuzz/.
FUZZ_SECONDS ?= 20

fuzzers := $(patsubst tests/fuzz/%.c,$(build)/tests/fuzz/%,$(wildcard tests/fuzz/*.c))

fuzz:
	@$(MAKE) --no-print-directory MODE=fuzz CC=clang fuzz-all

fuzz-all: $(fuzzers:%=%.run)

$(fuzzers): $(build)/tests/fuzz/%: $(build)/tests/fuzz/%.o $(library)
	@mkdir -p $(@D)
	@echo '  link     $@'
	$(Q)$(CC) $(compile) -fsanitize=fuzzer $(LDFLAGS) -o $@ $^ $(libraries)

$(fuzzers:%=%.run): %.run: %
	@mkdir -p $*.corpus
	$* -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$*- -verbosity=0 -print_final_stats=1 \
	    $*.corpus tests/fuzz/$(notdir $*)

-include $(wildcard $(build)/tests/fuzz/*.d)

.PHONY: fuzz fuzz-all $(fuzzers:%=%.run)
