# flowrules. `make help` lists the targets; everything built lives in build/.
#
#   make V=1              show the commands
#   make CC=clang         another compiler
#   make WERROR=1         warnings are errors (as in check)
#   make install prefix=/usr DESTDIR=/tmp/root

BUILD  ?= build
CC     ?= cc
AR     ?= ar
CFLAGS ?= -O2 -g
WERROR ?= $(if $(filter check%,$(MAKECMDGOALS)),1,0)

# The GNU names for where things go (https://www.gnu.org/prep/standards, Directory Variables);
# PREFIX sets the first. DESTDIR goes before them all, and into no file.
PREFIX     ?= /usr/local
prefix      = $(PREFIX)
exec_prefix = $(prefix)
bindir      = $(exec_prefix)/bin
libdir      = $(exec_prefix)/lib
includedir  = $(prefix)/include
datarootdir = $(prefix)/share
datadir     = $(datarootdir)
mandir      = $(datarootdir)/man
docdir      = $(datarootdir)/doc/flowrules
pkgconfigdir = $(libdir)/pkgconfig
bashcompletiondir = $(datadir)/bash-completion/completions
zshcompletiondir  = $(datadir)/zsh/site-functions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
pythondir = $(shell python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

PKG_CONFIG ?= pkg-config
INSTALL    ?= install

VERSION := $(shell awk -F'"' '/define FLOWRULES_VERSION/ { print $$2 }' include/flowrules/flowrules.h)
SONAME  := libflowrules.so.0

ifeq ($(V),1)
Q   :=
say := @:
else
Q   := @
say := @printf '  %-6s %s\n'
MAKEFLAGS += --no-print-directory
endif

# ---- flags -------------------------------------------------------------------------------------

# Scripts are constant texts: 4095 bytes are what C99 asks for at least, and compilers take far more.
WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wno-overlength-strings
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif
ifneq ($(SANITIZE),)
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

LIB_PACKAGES  := yaml-0.1 libcjson libpcre2-8 libidn2 expat libcares libpsl libzip md4c
CLI_PACKAGES  := libcjson
UNIT_PACKAGES := cunit
# Libraries without a pkg-config file.
LIB_OTHERS    := -lunistring

# As system headers: what they do is not warned of.
package_cflags = $(patsubst -I%,-isystem %,$(shell $(PKG_CONFIG) --cflags $(1)))
package_libs   = $(shell $(PKG_CONFIG) --libs $(1))

LIB_CFLAGS  := $(call package_cflags,$(LIB_PACKAGES))
LIB_LIBS    := $(call package_libs,$(LIB_PACKAGES)) $(LIB_OTHERS)
CLI_CFLAGS  := $(call package_cflags,$(CLI_PACKAGES))
CLI_LIBS    := $(call package_libs,$(CLI_PACKAGES))
# Only the unit tests need these: not asked for, and so not needed, in a plain build.
UNIT_CFLAGS  = $(call package_cflags,$(UNIT_PACKAGES))
UNIT_LIBS    = $(call package_libs,$(UNIT_PACKAGES))

# The rooms of lib/, from the ground up: a room sees those before it, and no other.
ROOMS := base policy plan spell algebra read prove request use
$(foreach room,$(ROOMS),$(eval UP_TO += $(room))$(eval UP_TO_$(room) := $(UP_TO)))

# The walls: only lib/ and its unit tests see lib/; backends/ and cli/ see the public headers alone,
# and backends what they share, in kits/. The unit tests of a room see what the room sees.
SEE_ROOMS := $(ROOMS:%=-iquote lib/%)
$(foreach room,$(ROOMS),$(eval FLAGS_lib_$(room) = -Iinclude $(UP_TO_$(room):%=-iquote lib/%) $$(LIB_CFLAGS)))
$(foreach room,$(ROOMS),$(eval FLAGS_unit_$(room) = $$(FLAGS_lib_$(room)) $(UP_TO_$(room):%=-iquote tests/unit/%) $$(UNIT_CFLAGS)))
FLAGS_backends = -Iinclude -iquote backends/kits
FLAGS_cli      = -Iinclude $(CLI_CFLAGS)
FLAGS_tests    = -Iinclude $(SEE_ROOMS) $(LIB_CFLAGS)
FLAGS_examples = -Iinclude
word_of        = $(word $(1),$(subst /, ,$(2)))
folder_of      = $(if $(filter lib/%,$(1)),lib_$(call word_of,2,$(1)),$(if $(filter tests/unit/%,$(1)),unit_$(call word_of,3,$(1)),$(call word_of,1,$(1))))
# A source sees what the templates of its own folder are made into.
flags_of       = $(FLAGS_$(call folder_of,$(1))) -iquote $(BUILD)/$(patsubst %/,%,$(dir $(1)))

# What makes a defect harder to use: checked stacks and buffers, no table of functions that stays
# writable. Without optimization, and beside a sanitizer, buffers are not checked. `make HARDEN=` leaves
# it out; what CPPFLAGS and CFLAGS say of _FORTIFY_SOURCE holds.
HARDEN ?= -fstack-protector-strong -fstack-clash-protection \
          $(if $(findstring FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS))$(SANITIZE)$(filter -O0,$(CFLAGS)),,$(if \
          $(filter -O%,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN_LINK ?= -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack

STANDARD := -std=c11 -D_XOPEN_SOURCE=700
COMPILE = $(CC) $(STANDARD) $(WARNINGS) -fPIC -fvisibility=hidden $(HARDEN) $(SANITIZE_FLAGS) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(SANITIZE_FLAGS) $(CFLAGS) $(HARDEN_LINK) $(LDFLAGS)

# ---- sources -----------------------------------------------------------------------------------

LIB_SOURCES     := $(sort $(wildcard $(ROOMS:%=lib/%/*.c)))
BACKEND_SOURCES := $(sort $(wildcard backends/*/*.c))
CLI_SOURCES     := $(sort $(wildcard cli/*.c))
# Of the unit tests of a room, test_*.c are in its own program, and helpers in those above it, too.
UNIT_SOURCES    := $(sort $(wildcard $(ROOMS:%=tests/unit/%/*.c)))
UNIT_TESTS      := $(filter $(ROOMS:%=tests/unit/%/test_%),$(UNIT_SOURCES))
THREAD_SOURCES  := tests/threads/threads.c
FUZZ_SOURCES    := $(wildcard tests/fuzz/*.c)
MATRIX_SOURCES  := tests/matrix/matrix.c
BENCH_SOURCES   := $(sort $(wildcard tests/bench/*.c))

TEMPLATE_PARTS  := $(wildcard backends/*/*.part.sh)
SCRIPTS         := $(filter-out $(TEMPLATE_PARTS),$(sort $(wildcard lib/*/*.sh backends/*/*.sh tests/unit/*/*.sh)))
# What browsers read, likewise.
PAGES           := $(sort $(wildcard $(foreach kind,html css js,lib/*/*.$(kind))))
# What sets up machines, likewise.
MACHINES        := $(sort $(wildcard $(foreach kind,bu nix service yaml yml,backends/*/*.$(kind))))
TEMPLATES       := $(SCRIPTS) $(PAGES) $(MACHINES)

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJECTS := $(call objects,$(LIB_SOURCES) $(BACKEND_SOURCES))
OBJECTS     := $(LIB_OBJECTS) $(call objects,$(CLI_SOURCES) $(UNIT_SOURCES) $(BENCH_SOURCES) $(THREAD_SOURCES) $(FUZZ_SOURCES) $(MATRIX_SOURCES))

SHARED := $(BUILD)/libflowrules.so.$(VERSION)
STATIC := $(BUILD)/libflowrules.a
TOOL   := $(BUILD)/flowrules
UNIT_ROOMS := $(foreach room,$(ROOMS),$(if $(filter tests/unit/$(room)/%,$(UNIT_TESTS)),$(room)))
UNITS  := $(UNIT_ROOMS:%=$(BUILD)/unit/%)
THREADS := $(BUILD)/threads
MATRIX  := $(BUILD)/matrix
BENCHES := $(patsubst tests/bench/%.c,$(BUILD)/bench/%,$(BENCH_SOURCES))

# ---- building ----------------------------------------------------------------------------------

.PHONY: all
all: $(TOOL) $(STATIC) $(SHARED) ## the tool and the library (the default)

# Changed flags rebuild; WERROR does not count, since it changes no byte of the result.
FLAGS_LINE := $(filter-out -Werror,$(COMPILE) $(LDFLAGS) $(LIB_PACKAGES))
$(shell mkdir -p $(BUILD) && printf '%s\n' '$(FLAGS_LINE)' | cmp -s - $(BUILD)/flags || \
    printf '%s\n' '$(FLAGS_LINE)' > $(BUILD)/flags)

$(OBJECTS): $(BUILD)/%.o: %.c $(BUILD)/flags
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(call flags_of,$<) -MMD -MP -c -o $@ $<

# Files that are written with fields filled in (include/flowrules/kits/templates.h): as pieces in C,
# and scripts with the parts that they include, as shellcheck reads them.
$(TEMPLATES:%=$(BUILD)/%.inc): $(BUILD)/%.inc: % $(TEMPLATE_PARTS) lib/base/templates.awk
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)awk -f lib/base/templates.awk $< >$@.new && mv $@.new $@

$(SCRIPTS:%=$(BUILD)/%): $(BUILD)/%: % $(TEMPLATE_PARTS) lib/base/templates.awk
	@mkdir -p $(@D)
	$(Q)awk -v shell=1 -f lib/base/templates.awk $< >$@.new && mv $@.new $@

$(OBJECTS): | $(TEMPLATES:%=$(BUILD)/%.inc)

$(STATIC): $(LIB_OBJECTS)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) qcs $@ $^

$(SHARED): $(LIB_OBJECTS) lib/flowrules.map
	$(say) LD $@
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=lib/flowrules.map \
	    -o $@ $(LIB_OBJECTS) $(LIB_LIBS)
	$(Q)ln -sf $(@F) $(BUILD)/$(SONAME) && ln -sf $(SONAME) $(BUILD)/libflowrules.so

# The tool has the whole library in it, and shows it to the plugins that it loads.
$(TOOL): $(call objects,$(CLI_SOURCES)) $(STATIC)
	$(say) LD $@
	$(Q)$(LINK) -pie -rdynamic -o $@ $(call objects,$(CLI_SOURCES)) \
	    -Wl,--whole-archive $(STATIC) -Wl,--no-whole-archive $(LIB_LIBS) $(CLI_LIBS) -ldl

# The program of a room is linked with that room, those below it and the backends, which the registry
# names; what backends call of higher rooms is replaced (tests/unit/stubs). So a call upwards is an error.
rooms_of     = $(wildcard $(UP_TO_$(1):%=lib/%/*.c))
unit_objects = $(call objects,$(rooms_of) $(filter tests/unit/$(1)/%,$(UNIT_TESTS)) \
               $(filter $(UP_TO_$(1):%=tests/unit/%/%),$(filter-out $(UNIT_TESTS),$(UNIT_SOURCES))))

define unit_program
$(BUILD)/unit/$(1): $(call unit_objects,$(1)) $(call objects,$(BACKEND_SOURCES)) tests/unit/stubs
	$$(say) LD $$@
	@mkdir -p $$(@D)
	$$(Q)tests/unit/stubs $$(call objects,$$(BACKEND_SOURCES)) -- $$(call unit_objects,$(1)) >$$@.stubs.c
	$$(Q)$$(LINK) -o $$@ $$(filter %.o,$$^) $$@.stubs.c $$(LIB_LIBS) $$(UNIT_LIBS)
endef
$(foreach room,$(UNIT_ROOMS),$(eval $(call unit_program,$(room))))

$(THREADS): $(call objects,$(THREAD_SOURCES)) $(STATIC)
	$(say) LD $@
	$(Q)$(LINK) -pthread -o $@ $^ $(LIB_LIBS)

# The members of the record of capabilities, which the matrix tries one by one.
MEMBERS := $(BUILD)/tests/matrix/members.inc
$(MEMBERS): include/flowrules/backend.h tests/matrix/matrix.py
	$(say) GEN $@
	@mkdir -p $(@D)
	$(Q)PYTHONDONTWRITEBYTECODE=1 python3 tests/matrix/matrix.py --members >$@.new && mv $@.new $@

$(call objects,$(MATRIX_SOURCES)): | $(MEMBERS)

$(MATRIX): $(call objects,$(MATRIX_SOURCES)) $(STATIC)
	$(say) LD $@
	$(Q)$(LINK) -o $@ $^ $(LIB_LIBS)

-include $(OBJECTS:.o=.d)

# ---- showing -----------------------------------------------------------------------------------

.PHONY: demo
demo: all ## build, then show the tool on the examples
	@FLOWRULES=$(TOOL) OUT=$(BUILD)/demo examples/demo

# ---- testing -----------------------------------------------------------------------------------

# A suite is an executable tests/NAME/run (see tests/suite.sh). make check runs them in this order, and
# leaves to make check-all what one does not wait for: whole suites, and of some the slow part. First
# are those that wait more than they work, since others run beside them; then those that tell most;
# then what takes long, so that nothing of it is left at the end, where the other core has no work.
FIRST_SUITES := kernel probe headers unit golden errors files resolve clients python docs install
SLOW_SUITES  := lint threads fuzz asan
SLOW_PARTS   := clients deb import kernel matrix memory probe query unit
ALL_SUITES   := $(sort $(patsubst tests/%/run,%,$(wildcard tests/*/run)))
SUITES := $(filter $(ALL_SUITES),$(FIRST_SUITES)) \
          $(filter-out $(FIRST_SUITES) $(SLOW_SUITES),$(ALL_SUITES))
RUN = MAKE='$(MAKE)' CC='$(CC)' V=$(V) BUILD='$(BUILD)' FLOWRULES='$(abspath $(TOOL))' tests/run

.PHONY: check check-all check-long units asan tsan
check: all units manuals ## what to wait for: unit, golden, errors, kernel and the other quick suites
	@$(RUN) $(SUITES)

check-all: all units manuals asan tsan ## what check leaves out: lint, sanitizers, fuzzer, slow clients
	@PART=slow $(RUN) $(SLOW_PARTS) $(SLOW_SUITES)

check-long: all units manuals asan tsan ## both, with more rounds and everything that takes long
	@PART=all LONG=1 $(RUN) $(SUITES) $(SLOW_SUITES)

CHECKS := $(patsubst %,check-%,$(filter-out asan,$(ALL_SUITES)))
.PHONY: $(CHECKS) check-asan
$(CHECKS): check-%: all units
	@$(RUN) $*

check-threads: tsan

check-asan: asan ## most suites of quick cases with AddressSanitizer and UBSan
	@$(RUN) asan

units: $(UNITS) $(MATRIX)

asan:
	$(Q)$(MAKE) BUILD=$(BUILD)/asan SANITIZE=address,undefined CFLAGS='-O1 -g' asan-programs

tsan:
	$(Q)$(MAKE) BUILD=$(BUILD)/tsan SANITIZE=thread CFLAGS='-O1 -g' tsan-programs

# libFuzzer is clang's. The objects are told to count what they reach, the program has its main.
# NULL + 0, the end of an empty list, is no finding (and no longer undefined in C2y, N3322).
FUZZ_CC ?= clang
fuzz: ## the fuzzer build/fuzz/fuzzer, which tests/fuzz/run feeds (LONG=1: for long)
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC='$(FUZZ_CC)' SANITIZE=fuzzer-no-link,address,undefined \
	    CFLAGS='-O1 -g -fno-sanitize=pointer-overflow' fuzz-program

$(BUILD)/fuzzer: $(call objects,$(FUZZ_SOURCES)) $(STATIC)
	$(say) LD $@
	$(Q)$(CC) -fsanitize=fuzzer,address,undefined $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIB_LIBS)

.PHONY: fuzz fuzz-program asan-programs tsan-programs
fuzz-program: $(BUILD)/fuzzer
asan-programs: $(TOOL) $(UNITS)
tsan-programs: $(THREADS)

# Which lines the suites reach: a build of its own, the suites that need nothing from outside, and a table.
# In suites that measure what a program takes, this build may fail: what they reach counts.
COVERAGE_SUITES ?= unit errors cli watch read import request query examples probe resolve files answers entrances schema golden \
    assert findings formats fmt report ci plugin
.PHONY: coverage
coverage: ## write docs/COVERAGE.md, in many minutes: the lines that the suites reach (gcovr)
	$(Q)$(MAKE) BUILD=$(BUILD)/coverage HARDEN= CFLAGS='-O0 -g --coverage' all units
	-$(Q)$(MAKE) BUILD=$(BUILD)/coverage HARDEN= CFLAGS='-O0 -g --coverage' coverage-run
	$(Q)gcovr --root . --object-directory $(BUILD)/coverage --filter lib/ --filter backends/ --filter cli/ \
	    --json-summary $(BUILD)/coverage.json --gcov-ignore-parse-errors $(BUILD)/coverage
	$(Q)python3 tests/docs/coverage.py $(BUILD)/coverage.json >docs/COVERAGE.md

.PHONY: coverage-run
coverage-run:
	@$(RUN) $(COVERAGE_SUITES)

.PHONY: bless bless-errors bless-findings bless-read bless-assert bless-fmt bless-request bless-report bless-usage bless-abi bless-plugin bless-formats
bless: $(TOOL) ## write expected golden files: TARGET=CASE/TARGET, CASE or all
	@FLOWRULES=$(abspath $(TOOL)) tests/golden/run --bless '$(TARGET)'

bless-errors: $(TOOL) ## write expected messages: TARGET=NAME or all
	@FLOWRULES=$(abspath $(TOOL)) tests/errors/run --bless '$(TARGET)'

bless-findings: $(TOOL) ## write expected findings of lint: TARGET=NAME or all
	@FLOWRULES=$(abspath $(TOOL)) tests/findings/run --bless '$(TARGET)'

bless-read: $(TOOL) ## write what verify says of tests/read: TARGET=BACKEND/CASE, BACKEND or all
	@FLOWRULES=$(abspath $(TOOL)) tests/read/run --bless '$(TARGET)'

bless-usage: $(TOOL) ## write what usage says of tests/usage: TARGET=NAME or all
	@FLOWRULES=$(abspath $(TOOL)) tests/usage/run --bless '$(TARGET)'

bless-fmt: $(TOOL) ## write what fmt makes of tests/fmt: TARGET=NAME or all
	@FLOWRULES=$(abspath $(TOOL)) tests/fmt/run --bless '$(TARGET)'

bless-request: $(TOOL) ## write what import makes of tests/request: TARGET=NAME or all
	@FLOWRULES=$(abspath $(TOOL)) tests/request/run --bless '$(TARGET)'

bless-assert: $(TOOL) ## write what assert says of tests/assert: TARGET=NAME or all
	@FLOWRULES=$(abspath $(TOOL)) tests/assert/run --bless '$(TARGET)'

bless-report: $(TOOL) ## write what report makes of tests/report: TARGET=NAME or all
	@FLOWRULES=$(abspath $(TOOL)) tests/report/run --bless '$(TARGET)'

bless-formats: $(TOOL) ## write what diff tells people: TARGET=all
	@FLOWRULES=$(abspath $(TOOL)) tests/formats/run --bless '$(TARGET)'

bless-abi: $(SHARED) ## write tests/abi/symbols.txt, what the shared library exports
	@BUILD=$(BUILD) tests/abi/run --bless

bless-plugin: all ## write the expected files of examples/plugin/
	@MAKE='$(MAKE)' BUILD=$(BUILD) FLOWRULES=$(abspath $(TOOL)) tests/plugin/run --bless '$(TARGET)'

.PHONY: docs
docs: $(TOOL) ## write docs/TARGETS.md, what each backend tells of itself
	@mkdir -p $(BUILD)
	$(Q)$(TOOL) targets --json | python3 tests/docs/targets.py >$(BUILD)/TARGETS.md
	$(Q)cmp -s $(BUILD)/TARGETS.md docs/TARGETS.md || cp $(BUILD)/TARGETS.md docs/TARGETS.md

.PHONY: matrix
matrix: $(TOOL) $(MATRIX) ## write tests/golden/MATRIX.md, which takes minutes: the cases that exercise a capability
	@BUILD=$(BUILD) FLOWRULES=$(abspath $(TOOL)) python3 tests/matrix/matrix.py

# ---- linting -----------------------------------------------------------------------------------

C_FILES  := $(sort $(LIB_SOURCES) $(BACKEND_SOURCES) $(wildcard cli/*.c tests/*/*.c tests/unit/*/*.c examples/*.c examples/*/*.c))
C_AND_H  := $(C_FILES) $(sort $(wildcard include/flowrules/*.h include/flowrules/*/*.h lib/*/*.h backends/*/*.h cli/*.h tests/*/*.h tests/unit/*/*.h))
SH_FILES := bootstrap .ci/run $(SCRIPTS:%=$(BUILD)/%) $(sort $(shell grep -ls '^\#!/bin/sh' tests/* tests/*/* examples/* examples/*/*)) tests/suite.sh completions/flowrules.bash
LINT     := $(BUILD)/lint

.PHONY: lint lint-format lint-compile lint-tidy lint-cppcheck lint-shell lint-walls
lint: lint-compile lint-format lint-tidy lint-cppcheck lint-shell lint-walls ## all static checks

# One stamp for each file and check: what has not changed is not checked again.
COMPILED := $(patsubst %,$(LINT)/%.compiled,$(C_FILES))
lint-compile: $(COMPILED)
lint-tidy: $(patsubst %,$(LINT)/%.tidied,$(C_FILES))
lint-format: $(patsubst %,$(LINT)/%.formatted,$(C_AND_H))
lint-shell: $(patsubst %,$(LINT)/%.shellchecked,$(SH_FILES))

LINT_FLAGS = $(STANDARD) $(filter-out -Werror,$(WARNINGS)) -Werror $(CPPFLAGS) $(call flags_of,$<)

$(COMPILED) $(COMPILED:.compiled=.tidied): | $(TEMPLATES:%=$(BUILD)/%.inc) $(MEMBERS)

# gcc with the optimizer, since some warnings need its analysis.
$(LINT)/%.c.compiled: %.c $(BUILD)/flags
	$(say) LINT $<
	@mkdir -p $(@D)
	$(Q)gcc $(LINT_FLAGS) -O2 -MMD -MP -MF $@.d -MT '$@ $(@:.compiled=.tidied)' -c -o $@.o $<
	$(Q)clang $(LINT_FLAGS) -fsyntax-only $<
	@rm -f $@.o && touch $@

$(LINT)/%.c.tidied: %.c .clang-tidy
	$(say) TIDY $<
	@mkdir -p $(@D)
	$(Q)clang-tidy --quiet $< -- $(filter-out -Werror,$(LINT_FLAGS)) 2>$@.log || \
	    { grep -v 'warnings\? generated' $@.log; false; }
	@rm -f $@.log && touch $@

$(LINT)/%.formatted: % .clang-format
	@mkdir -p $(@D)
	$(Q)clang-format --dry-run -Werror $<
	@touch $@

$(LINT)/%.shellchecked: %
	@mkdir -p $(@D)
	$(Q)shellcheck -x $<
	@touch $@

-include $(COMPILED:=.d)

lint-cppcheck:
	@mkdir -p $(LINT)/cppcheck
	$(Q)cppcheck --quiet --error-exitcode=1 --std=c11 --language=c --inline-suppr \
	    --cppcheck-build-dir=$(LINT)/cppcheck --enable=warning,performance,portability \
	    --suppress=missingInclude --suppress=missingIncludeSystem --template=gcc \
	    -Iinclude $(C_FILES)

lint-walls:
	$(Q)BUILD='$(BUILD)' ROOMS='$(ROOMS)' tests/lint/walls

.PHONY: format
format: ## clang-format all C files in place
	clang-format -i $(C_AND_H)

# ---- measuring ---------------------------------------------------------------------------------

$(BUILD)/bench/load $(BUILD)/bench/edit: $(STATIC)
$(BENCHES): $(BUILD)/bench/%: $(BUILD)/tests/bench/%.o
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIB_LIBS)

.PHONY: bench
bench: $(TOOL) $(BENCHES) ## speed and memory against a bare scan, and how time grows (BIG=1: a million flows)
	@FLOWRULES=$(abspath $(TOOL)) BUILD=$(BUILD) tests/bench/bench
	@FLOWRULES=$(abspath $(TOOL)) BUILD=$(BUILD) tests/bench/overlap

.PHONY: bench-kernel
bench-kernel: $(TOOL) $(BENCHES) ## packets a second through what is written for nftables and iptables (root)
	@FLOWRULES=$(abspath $(TOOL)) BUILD=$(BUILD) tests/bench/kernel

# ---- installing --------------------------------------------------------------------------------

# The time that all made files are of: what is told, the commit's or, without git, the sources'.
EPOCH = $(or $(SOURCE_DATE_EPOCH),$(if $(wildcard $(DIST_FILES)),,$(shell git log -1 --format=%ct 2>/dev/null)),$(shell stat -c %Y CHANGELOG.md))

# Made anew when a directory variable says something else than before.
PC_EDITS = -e 's|@prefix@|$(prefix)|; s|@exec_prefix@|$(exec_prefix)|; s|@libdir@|$(libdir)|' \
           -e 's|@includedir@|$(includedir)|; s|@version@|$(VERSION)|' \
           -e 's|@requires_private@|$(LIB_PACKAGES)|; s|@libs_private@|$(LIB_OTHERS)|'

.PHONY: $(BUILD)/flowrules.pc
$(BUILD)/flowrules.pc: pkgconfig/flowrules.pc.in
	@sed $(PC_EDITS) $< >$@

# The manual pages are made of what the tool, docs/POLICY.md and the header say; and dated by it all.
DATE = $(shell date -u -d @$(EPOCH) +%Y-%m-%d)
$(BUILD)/man/made: $(TOOL) include/flowrules/flowrules.h docs/POLICY.md $(wildcard docs/man/*)
	$(say) MAN $(@D)
	$(Q)rm -rf $(@D)
	$(Q)python3 docs/man/manual.py --tool $(TOOL) --version $(VERSION) --date $(DATE) $(@D)
	@touch $@

.PHONY: manuals
manuals: $(BUILD)/man/made ## the manual pages, in build/man

# Each installed file but those, as DIRECTORY:FILE; install and uninstall both go by this list.
HEADERS   := $(wildcard include/flowrules/*.h)
KITS      := $(wildcard include/flowrules/kits/*.h)
DOCUMENTS := $(wildcard docs/*.md) SECURITY.md
PROGRAMS  := $(TOOL)
INSTALLED = $(HEADERS:%=$(includedir)/flowrules:%) $(KITS:%=$(includedir)/flowrules/kits:%) \
            $(STATIC:%=$(libdir):%) $(DOCUMENTS:%=$(docdir):%) \
            $(pkgconfigdir):$(BUILD)/flowrules.pc $(zshcompletiondir):completions/_flowrules \
            $(fishcompletiondir):completions/flowrules.fish
# The shared library and its links: the name that programs load, and the one that they link with.
SHARED_NAMES := $(notdir $(SHARED)) $(SONAME) libflowrules.so

.PHONY: install uninstall
install: all manuals $(BUILD)/flowrules.pc ## install under $(DESTDIR)$(PREFIX), or by the GNU directory variables
	$(Q)$(INSTALL) -d '$(DESTDIR)$(bindir)' '$(DESTDIR)$(libdir)'
	$(Q)$(INSTALL) -m 755 $(PROGRAMS) '$(DESTDIR)$(bindir)'
	$(Q)$(INSTALL) -m 644 $(SHARED) '$(DESTDIR)$(libdir)'
	$(Q)cd '$(DESTDIR)$(libdir)' && ln -sf $(notdir $(SHARED)) $(SONAME) && ln -sf $(SONAME) libflowrules.so
	$(Q)for entry in $(INSTALLED); do \
	    to="$(DESTDIR)$${entry%%:*}" && $(INSTALL) -d "$$to" && \
	    $(INSTALL) -m 644 "$${entry#*:}" "$$to" || exit; done
	$(Q)for page in $(BUILD)/man/man?/*; do \
	    to="$(DESTDIR)$(mandir)/$$(basename "$${page%/*}")" && $(INSTALL) -d "$$to" && \
	    $(INSTALL) -m 644 "$$page" "$$to" || exit; done
	$(Q)$(INSTALL) -d '$(DESTDIR)$(bashcompletiondir)' # bash looks for the command's own name
	$(Q)$(INSTALL) -m 644 completions/flowrules.bash '$(DESTDIR)$(bashcompletiondir)/flowrules'

uninstall: ## remove what install has put there, and the folders that were for it alone
	$(Q)rm -f $(patsubst %,'$(DESTDIR)$(bindir)/%',$(notdir $(PROGRAMS)))
	$(Q)rm -f $(patsubst %,'$(DESTDIR)$(libdir)/%',$(SHARED_NAMES))
	$(Q)for entry in $(INSTALLED); do \
	    rm -f "$(DESTDIR)$${entry%%:*}/$${entry##*[:/]}"; done
	$(Q)rm -f '$(DESTDIR)$(mandir)'/man1/flowrules.1 '$(DESTDIR)$(mandir)'/man1/flowrules-*.1 \
	    '$(DESTDIR)$(mandir)/man3/libflowrules.3' '$(DESTDIR)$(mandir)/man5/flowrules-policy.5' \
	    '$(DESTDIR)$(bashcompletiondir)/flowrules'
	$(Q)rmdir '$(DESTDIR)$(includedir)/flowrules/kits' '$(DESTDIR)$(includedir)/flowrules' '$(DESTDIR)$(docdir)' 2>/dev/null || :

# For packages of systems; a user's way is pip install ./bindings/python.
.PHONY: install-python
install-python: ## install the Python package into $(DESTDIR)$(pythondir)
	$(Q)$(INSTALL) -d '$(DESTDIR)$(pythondir)' $(BUILD)/python
	$(Q)PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=bindings/python python3 -c \
	    'import sys, packing; packing.build_wheel(sys.argv[1])' $(BUILD)/python
	$(Q)python3 -m zipfile -e $(BUILD)/python/flowrules-$(VERSION)-py3-none-any.whl '$(DESTDIR)$(pythondir)'

# The files that git knows, or in a folder that dist has packed, those of the list in it; in an order
# and with times that do not depend on the machine.
DIST  := flowrules-$(VERSION)
DIST_FILES := dist.list
.PHONY: dist
dist: ## the sources as build/flowrules-VERSION.tar.gz, the same bytes for the same commit
	@mkdir -p $(BUILD)
	$(Q)if [ -f $(DIST_FILES) ]; then cp $(DIST_FILES) $(BUILD)/$(DIST_FILES); \
	elif git rev-parse --is-inside-work-tree >/dev/null 2>&1; then \
	    { git -c core.quotePath=off ls-files && echo $(DIST_FILES); } | LC_ALL=C sort >$(BUILD)/$(DIST_FILES); \
	else echo 'make dist needs git and its repository, or a folder that make dist has packed'; exit 1; fi
	$(Q)touch -d @$(EPOCH) $(BUILD)/$(DIST_FILES)
	$(Q)grep -vx $(DIST_FILES) $(BUILD)/$(DIST_FILES) | \
	    tar --create --file=$(BUILD)/$(DIST).tar --no-recursion --verbatim-files-from \
	        --format=ustar --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime=@$(EPOCH) \
	        --transform='flags=r;s|^|$(DIST)/|' --files-from=- -C $(BUILD) $(DIST_FILES)
	$(Q)gzip -9nf $(BUILD)/$(DIST).tar
	@echo $(BUILD)/$(DIST).tar.gz

# Built from what dist packs, so that nothing of this folder gets in; DEB_BUILD_OPTIONS is heeded.
.PHONY: deb
deb: dist ## the Debian packages, in build/deb
	$(Q)rm -rf $(BUILD)/deb && mkdir -p $(BUILD)/deb
	$(Q)tar -xzf $(BUILD)/$(DIST).tar.gz -C $(BUILD)/deb
	$(Q)cd $(BUILD)/deb/$(DIST) && env -u MAKEFLAGS -u MAKELEVEL -u BUILD dpkg-buildpackage -us -uc -b
	$(Q)rm -rf $(BUILD)/deb/$(DIST) && ls $(BUILD)/deb/*.deb

.PHONY: clean
clean: ## remove build/
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
