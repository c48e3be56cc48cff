# SPDX-License-Identifier: GPL-3.0-or-later
# Format, static analysis, layers, and the compilation database for editors.

lint: lint-format lint-layers lint-tidy lint-cppcheck

format:
	clang-format -i $(c_files) $(h_files)

lint-format:
	clang-format --dry-run --Werror $(c_files) $(h_files)

# Who may include whom (docs/architecture.md).
lint-layers:
	@sh tests/lib/layers.sh

# The checks and why they were chosen stand in .clang-tidy.
lint-tidy: $(c_files:%=$(build)/tidy/%.ok)
$(build)/tidy/%.ok: % .clang-tidy $(h_files)
	@mkdir -p $(@D)
	clang-tidy --quiet --warnings-as-errors='*' $< -- $(compile) 2>$@.log || { cat $@.log; exit 1; }
	@touch $@

lint-cppcheck:
	cppcheck --quiet --std=c11 --enable=warning,performance,portability --inline-suppr \
	    --error-exitcode=1 --suppress=missingInclude -D_GNU_SOURCE -DSOJOURN_VERSION='""' \
	    -Ianalysis -j 4 $(filter-out tests/%,$(c_files))

# For clangd and other editors.
compile_commands.json: always
	@sh tests/lib/compile-commands.sh '$(CC) $(subst ','\'',$(compile))' $(c_files) > $@

.PHONY: lint format lint-format lint-layers lint-tidy lint-cppcheck
