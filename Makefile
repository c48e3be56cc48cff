# SPDX-License-Identifier: GPL-3.0-or-later
# sojourn: small executables for platform-migration analytics.
#
#   make deps report   install what is missing, build, run the study, write build/report/report.html
#   make deps check    install what is missing, build, run every test
#   make               build the executables into build/bin/
#   make help          the other targets
#
# Everything is found by wildcard: a new tool, template, test or page is a new file and no new line
# here. MODE=debug|asan|ubsan|tsan builds beside the release, in build/$(MODE)/.

MODE   ?= release
PREFIX ?= /usr/local
CC     ?= cc
VERSION := 0.1.0

# V=1 shows the commands.
Q := $(if $(V),,@)

modes := release debug asan ubsan tsan fuzz
ifeq ($(filter $(MODE),$(modes)),)
$(error MODE is '$(MODE)', expected one of: $(modes))
endif

build := build/$(MODE)
bin   := $(if $(filter release,$(MODE)),build/bin,$(build)/bin)

# ---- What there is -------------------------------------------------------------------------------
library_sources := $(wildcard analysis/*/*.c)
tool_sources    := $(wildcard tools/*.c)
unit_sources    := $(wildcard tests/unit/*.c)
long_sources    := $(wildcard tests/statistics/*.c)
templates       := $(sort $(wildcard plots/*.gp))
tools           := $(tool_sources:tools/%.c=%)
executables     := $(tools:%=$(bin)/%)
unit_tests      := $(unit_sources:%.c=$(build)/%)
long_tests      := $(long_sources:%.c=$(build)/%)
library         := $(build)/libsojourn.a
objects         := $(library_sources:%.c=$(build)/%.o) $(build)/plots.o
c_files         := $(library_sources) $(tool_sources) $(unit_sources) $(long_sources) \
                   $(wildcard tests/fuzz/*.c tests/bench/*.c)
h_files         := $(wildcard analysis/*/*.h tools/*.h tests/lib/*.h)

# ---- How it is built -----------------------------------------------------------------------------
warnings := -Wall -Wextra -Wpedantic -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wvla
flags_release := -O2 -g
flags_debug   := -O0 -g3
flags_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
flags_ubsan   := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
flags_tsan    := -O1 -g -fsanitize=thread
flags_fuzz    := $(flags_asan) -fsanitize=fuzzer-no-link
# No contraction into fused multiply-adds: the same source gives the same digits everywhere.
compile := -std=c11 -D_GNU_SOURCE -Ianalysis -Itests/lib $(warnings) -ffp-contract=off -pthread \
           -DSOJOURN_VERSION='"$(VERSION)"' $(flags_$(MODE)) $(CPPFLAGS) $(CFLAGS)
libraries := -Wl,--as-needed -lgsl -lgslcblas -lcsv -lz -lzstd -ljansson -lxxhash -lunistring \
             -lcmark-gfm-extensions -lcmark-gfm -lm

all: $(executables)

$(executables): $(bin)/%: $(build)/tools/%.o $(library)
	@mkdir -p $(@D)
	@echo '  link     $@'
	$(Q)$(CC) $(compile) $(LDFLAGS) -o $@ $^ $(libraries)

$(unit_tests) $(long_tests): %: %.o $(library)
	@mkdir -p $(@D)
	@echo '  link     $@'
	$(Q)$(CC) $(compile) $(LDFLAGS) -o $@ $^ -lcmocka $(libraries)

# One program from a source anywhere, against the library as it is: make program SOURCE= PROGRAM=
program:
	@$(CC) $(compile) $(LDFLAGS) -o '$(PROGRAM)' '$(SOURCE)' $(library) $(libraries)

$(library): $(objects)
	@rm -f $@
	@echo '  archive  $@'
	$(Q)$(AR) rcs $@ $^

$(build)/%.o: %.c $(build)/flags
	@mkdir -p $(@D)
	@echo '  compile  $<'
	$(Q)$(CC) $(compile) -MMD -MP -c -o $@ $<

# The templates travel inside the executables.
$(build)/plots.c: $(templates) plots/embed.sh $(build)/flags
	@mkdir -p $(@D)
	@echo '  embed    plots/'
	$(Q)sh plots/embed.sh $(templates) > $@.new && mv $@.new $@

$(build)/plots.o: $(build)/plots.c
	@echo '  compile  $<'
	$(Q)$(CC) $(compile) -MMD -MP -c -o $@ $<

# Changes only when the compiler or its flags do, or when a source file comes or goes.
$(build)/flags: always
	@mkdir -p $(@D)
	@echo '$(CC) $(subst ','\'',$(compile)) $(sort $(library_sources) $(templates))' > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

-include $(wildcard $(build)/*.d $(build)/tools/*.d $(build)/analysis/*/*.d $(build)/tests/*/*.d)

# ---- Checking ------------------------------------------------------------------------------------
# Tests print TAP; prove runs them; the last line says how many passed and failed.
check: all $(unit_tests)
	@BIN=$(abspath $(bin)) MODE=$(MODE) sh tests/run $(unit_tests) $(sort $(wildcard tests/cli/*.t))

# One test by name, with all that it says: make check-one T=churn-survival
check-one: all $(unit_tests)
	@VERBOSE=1 BIN=$(abspath $(bin)) MODE=$(MODE) sh tests/run \
	    $(filter %/$(T),$(unit_tests)) $(filter %/$(T).t,$(wildcard tests/cli/*.t))

# Against R itself, on R's own data sets.
check-peers: all
	@BIN=$(abspath $(bin)) MODE=$(MODE) sh tests/run $(sort $(wildcard tests/truth/*.t))

# What takes thousands of simulated data sets: that 95 % intervals hold the truth 95 times in 100.
check-statistics: all $(long_tests)
	@BIN=$(abspath $(bin)) MODE=$(MODE) sh tests/run \
	    $(long_tests) $(sort $(wildcard tests/statistics/*.t))

include tests/lint.mk
include tests/fuzz.mk
include tests/bench.mk

# ---- The study -----------------------------------------------------------------------------------
include docs/report.mk

# ---- Installing ----------------------------------------------------------------------------------
install: all
	install -d '$(DESTDIR)$(PREFIX)/bin' '$(DESTDIR)$(PREFIX)/share/doc/sojourn'
	install -m 755 $(executables) '$(DESTDIR)$(PREFIX)/bin'
	install -m 644 README.md LICENSE $(wildcard docs/*.md) '$(DESTDIR)$(PREFIX)/share/doc/sojourn'

uninstall:
	rm -f $(tools:%='$(DESTDIR)$(PREFIX)/bin/%')
	rm -rf '$(DESTDIR)$(PREFIX)/share/doc/sojourn'

# Debian packages: what builds and runs it, and what checks it against R.
packages := libgsl-dev libcsv-dev gnuplot-nox zlib1g-dev libzstd-dev libjansson-dev \
            librandom123-dev libxxhash-dev libunistring-dev libcmark-gfm-dev \
            libcmark-gfm-extensions-dev libcmocka-dev perl zstd fonts-dejavu-core fonts-noto-cjk
packages_peers := r-base-core r-cran-survival r-cran-cmprsk r-cran-etm r-cran-msm r-cran-powerlaw \
                  r-cran-sandwich r-cran-quadprog r-cran-nlme
packages_lint  := clang clang-format clang-tidy cppcheck

deps:       ; @sh tests/lib/install-packages.sh $(packages)
deps-peers: ; @sh tests/lib/install-packages.sh $(packages_peers)
deps-lint:  ; @sh tests/lib/install-packages.sh $(packages_lint)

# `make deps check` with -j must not compile before the packages are there.
ifneq ($(filter deps,$(MAKECMDGOALS)),)
$(build)/flags: deps
endif

clean:
	rm -rf build

help:
	@sed -n '/^# sojourn/,/^$$/s/^# \{0,1\}//p' Makefile
	@echo 'Also: check-one T=NAME, check-peers, check-statistics, bench, lint, fuzz, format, install,'
	@echo 'uninstall (PREFIX=, DESTDIR=), compile_commands.json, deps-peers, deps-bench, deps-lint, clean'

.PHONY: all program check check-one check-peers check-statistics install uninstall deps deps-peers deps-lint clean help always
.DELETE_ON_ERROR:
.SECONDARY:
