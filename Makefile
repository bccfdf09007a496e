# flowrules. `make help` lists the targets; everything built lives in build/.
#
#   make V=1              show the commands
#   make CC=clang         another compiler
#   make WERROR=1         warnings are errors (as in check)
#   make install PREFIX=/usr DESTDIR=/tmp/root

BUILD  ?= build
CC     ?= cc
AR     ?= ar
CFLAGS ?= -O2 -g
WERROR ?= 0

PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
MANDIR     ?= $(PREFIX)/share/man
PKG_CONFIG ?= pkg-config

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

WARNINGS := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif
ifneq ($(SANITIZE),)
SANITIZE_FLAGS := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
endif

LIB_PACKAGES  := yaml-0.1 libcjson libpcre2-8
ifneq ($(shell grep -l '<ares.h>' lib/*.c 2>/dev/null),)
LIB_PACKAGES  += libcares
endif
CLI_PACKAGES  := libcjson
UNIT_PACKAGES := cunit

package_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
package_libs   = $(shell $(PKG_CONFIG) --libs $(1))

LIB_CFLAGS  := $(call package_cflags,$(LIB_PACKAGES))
LIB_LIBS    := $(call package_libs,$(LIB_PACKAGES))
CLI_CFLAGS  := $(call package_cflags,$(CLI_PACKAGES))
CLI_LIBS    := $(call package_libs,$(CLI_PACKAGES))
# Only the unit tests need these: not asked for, and so not needed, in a plain build.
UNIT_CFLAGS  = $(call package_cflags,$(UNIT_PACKAGES))
UNIT_LIBS    = $(call package_libs,$(UNIT_PACKAGES))

# The walls: only lib/ and its unit tests see lib/; backends/ and cli/ see the public headers alone.
FLAGS_lib      = -Iinclude -iquote lib $(LIB_CFLAGS)
FLAGS_backends = -Iinclude
FLAGS_cli      = -Iinclude $(CLI_CFLAGS)
FLAGS_tests    = -Iinclude -iquote lib $(LIB_CFLAGS)
FLAGS_examples = -Iinclude
flags_of       = $(FLAGS_$(firstword $(subst /, ,$(1))))

COMPILE = $(CC) -std=c11 $(WARNINGS) -fPIC -fvisibility=hidden $(SANITIZE_FLAGS) $(CPPFLAGS) $(CFLAGS)
LINK    = $(CC) $(SANITIZE_FLAGS) $(CFLAGS) $(LDFLAGS)

# ---- sources -----------------------------------------------------------------------------------

LIB_SOURCES     := $(sort $(wildcard lib/*.c))
BACKEND_SOURCES := $(sort $(wildcard backends/*.c))
CLI_SOURCES     := $(sort $(wildcard cli/*.c))
# A unit test with a main is a program; the others are helpers, linked into each of them.
UNIT_MAINS      := $(sort $(shell grep -l '^int main' tests/unit/*.c 2>/dev/null))
UNIT_HELPERS    := $(filter-out $(UNIT_MAINS),$(sort $(wildcard tests/unit/*.c)))
BENCH_SOURCES   := $(sort $(wildcard tests/bench/*.c))

objects = $(patsubst %.c,$(BUILD)/%.o,$(1))
LIB_OBJECTS := $(call objects,$(LIB_SOURCES) $(BACKEND_SOURCES))
OBJECTS     := $(LIB_OBJECTS) $(call objects,$(CLI_SOURCES) $(UNIT_MAINS) $(UNIT_HELPERS) $(BENCH_SOURCES))

SHARED := $(BUILD)/libflowrules.so.$(VERSION)
STATIC := $(BUILD)/libflowrules.a
TOOL   := $(BUILD)/flowrules
UNITS  := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(UNIT_MAINS))
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

$(call objects,$(UNIT_MAINS) $(UNIT_HELPERS)): FLAGS_tests += $(UNIT_CFLAGS)

$(STATIC): $(LIB_OBJECTS)
	$(say) AR $@
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(SHARED): $(LIB_OBJECTS) lib/flowrules.map
	$(say) LD $@
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,--version-script=lib/flowrules.map \
	    -o $@ $(LIB_OBJECTS) $(LIB_LIBS)
	$(Q)ln -sf $(@F) $(BUILD)/$(SONAME) && ln -sf $(SONAME) $(BUILD)/libflowrules.so

$(TOOL): $(call objects,$(CLI_SOURCES)) $(STATIC)
	$(say) LD $@
	$(Q)$(LINK) -o $@ $^ $(LIB_LIBS) $(CLI_LIBS)

$(UNITS): $(BUILD)/unit/%: $(BUILD)/tests/unit/%.o $(call objects,$(UNIT_HELPERS)) $(STATIC)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIB_LIBS) $(UNIT_LIBS)

-include $(OBJECTS:.o=.d)

# ---- showing -----------------------------------------------------------------------------------

.PHONY: demo
demo: all ## build, then show the tool on the examples
	@FLOWRULES=$(TOOL) OUT=$(BUILD)/demo examples/demo

# ---- installing --------------------------------------------------------------------------------

.PHONY: install
install: all ## install under $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(BINDIR) $(DESTDIR)$(LIBDIR) $(DESTDIR)$(INCLUDEDIR)/flowrules
	install -m 755 $(TOOL) $(DESTDIR)$(BINDIR)/flowrules
	install -m 755 $(SHARED) $(DESTDIR)$(LIBDIR)/
	ln -sf $(notdir $(SHARED)) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libflowrules.so
	install -m 644 $(STATIC) $(DESTDIR)$(LIBDIR)/
	install -m 644 include/flowrules/*.h $(DESTDIR)$(INCLUDEDIR)/flowrules/
	for page in $(wildcard docs/man/*.1); do \
	    install -D -m 644 "$$page" "$(DESTDIR)$(MANDIR)/man1/$${page##*/}"; done

.PHONY: clean
clean: ## remove build/
	rm -rf $(BUILD)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))
