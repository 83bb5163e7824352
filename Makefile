# weir: needs GNU make, a C11 compiler, a C++17 compiler for one shim, pkg-config.
#
#   make                    build/weir
#   make check              all tests that need no server (make help: every target)
#   make SAN=address,undefined | CC=clang | WERROR=1 | STATIC_DEPS=1 | LINK_ALL=1
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
VERSION := 0.1.0

CC     ?= cc
CXX    ?= c++
CFLAGS ?= -O2 -g
PKGS    = ncursesw sqlite3 jansson libpcre2-8
LAZY    = libcurl libcrypto
# ncursesw.pc on Debian carries -D_XOPEN_SOURCE=600; the feature macros are ours.
PKG_CFLAGS := $(filter-out -D%,$(shell pkg-config --cflags $(PKGS) $(LAZY) 2>/dev/null))
WARN  = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla -Wundef -Wformat=2 -Wold-style-definition
SANFLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
BASE  = -std=c11 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -DNCURSES_WIDECHAR=1 \
	-DWEIR_VERSION='"$(VERSION)"' $(if $(LINK_ALL),-DWEIR_LINK_ALL=1) \
	-fno-common -pthread -include client/banned.h $(WARN) $(if $(WERROR),-Werror) $(SANFLAGS)
CXXBASE = -std=c++17 -O2 -fno-rtti -fvisibility=hidden $(SANFLAGS)

comma := ,
B     = build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

CLIENT := $(wildcard client/*.c)
SHIMS  := $(wildcard client/*.cc)
CLI    := $(wildcard cli/*.c)
TUI    := $(wildcard tui/*.c)
UNIT   := $(wildcard tests/unit/test_*.c)
obj     = $(patsubst %.c,$(B)/%.o,$(patsubst %.cc,$(B)/%.o,$(1)))

ifdef STATIC_DEPS
LIBS = -Wl,-Bstatic -lncursesw -ltinfo -lsqlite3 -ljansson -lpcre2-8 -Wl,-Bdynamic -lz -lm
else
LIBS = $(shell pkg-config --libs $(PKGS))
endif
LIBS += $(if $(LINK_ALL),$(shell pkg-config --libs $(LAZY))) -ldl -lm
# The TOML shim is the only C++; its runtime is linked in, so that start-up maps no libstdc++.
CXXLIBS = $(if $(SHIMS),-static-libgcc -Wl,-Bstatic -lstdc++ -Wl,-Bdynamic)

all: $(B)/weir
$(B)/libweir.a: $(call obj,$(CLIENT) $(SHIMS))
	@rm -f $@ && $(AR) rcs $@ $^
$(B)/weir: $(call obj,$(CLI) $(TUI)) $(B)/libweir.a
	$(CC) $(CFLAGS) $(BASE) $(LDFLAGS) -o $@ $^ $(CXXLIBS) $(LIBS)
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libweir.a
	$(CC) $(CFLAGS) $(BASE) $(LDFLAGS) -o $@ $^ $(CXXLIBS) $(LIBS) -lcmocka

# The boundary: only client/ and tests/ can see client/*.h.
$(B)/client/%.o $(B)/tests/%.o: INC = -Iclient/include -iquote client -iquote client/include
$(B)/cli/%.o: INC = -Iclient/include -iquote cli -iquote tui
$(B)/tui/%.o: INC = -Iclient/include -iquote tui
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(BASE) $(INC) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/%.o: %.cc $(B)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXXBASE) -iquote client -MMD -MP -c -o $@ $<
$(B)/flags: FORCE
	@mkdir -p $(@D); echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(BASE)' | cmp -s - $@ || \
	echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(BASE)' > $@

unit: $(UNIT:%.c=$(B)/%)
	@set -e; for t in $(UNIT:%.c=$(B)/%); do echo "== $$t"; ./$$t; done

clean:
	rm -rf build build-*
-include $(shell find $(B) -name '*.d' 2>/dev/null)
FORCE:
.PHONY: all unit clean FORCE
.DELETE_ON_ERROR:
.SECONDARY:
