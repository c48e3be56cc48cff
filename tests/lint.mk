# SPDX-License-Identifier: GPL-3.0-or-later
# Format, static analysis, layers, and the compilation database for editors.

lint: lint-format lint-layers lint-tidy lint-cppcheck

format:
	$(Q)clang-format -i $(c_files) $(h_files)

lint-format:
	@echo '  format   all'
	$(Q)clang-format --dry-run --Werror $(c_files) $(h_files)

# Who may include whom (docs/architecture.md).
lint-layers:
	@echo '  layers   analysis/ tools/'
	@sh tests/lib/layers.sh

# The checks and why they were chosen stand in .clang-tidy. Tests are left to the compilers' warnings
# and the sanitizers: the analyser takes longer over them than over everything else.
lint-tidy: $(patsubst %,$(build)/tidy/%.ok,$(library_sources) $(tool_sources))
$(build)/tidy/%.ok: % .clang-tidy $(h_files)
	@mkdir -p $(@D)
	@echo '  tidy     $<'
	$(Q)clang-tidy --quiet --warnings-as-errors='*' $< -- $(compile) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

lint-cppcheck:
	@echo '  cppcheck all'
	$(Q)cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --error-exitcode=1 --suppress=missingInclude -D_GNU_SOURCE -DSOJOURN_VERSION='""' \
	    -Ianalysis -j 4 $(library_sources) $(tool_sources)

# For clangd and other editors.
compile_commands.json: always
	@sh tests/lib/compile-commands.sh '$(CC) $(subst ','\'',$(compile))' $(c_files) > $@

.PHONY: lint format lint-format lint-layers lint-tidy lint-cppcheck
