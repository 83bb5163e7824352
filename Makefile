# weir: needs GNU make, a C11 compiler, a C++17 compiler for one shim, pkg-config.
#
#   make                    build/weir
#   make check              all tests that need no server
#   make help               every target
#   make SAN=address,undefined | CC=clang | WERROR=1 | STATIC_DEPS= | LINK_ALL=1
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
MANDIR ?= $(PREFIX)/share/man
DATADIR ?= $(PREFIX)/share
VERSION := 0.1.0

# Debian 12 packages; `make deps` installs them.
DEPS_BUILD = gcc g++ make pkg-config libncurses-dev libcurl4-openssl-dev libjansson-dev \
	libsqlite3-dev libpcre2-dev libssl-dev libtomlplusplus-dev libyaml-dev \
	libarchive-dev
DEPS_TEST  = libcmocka-dev bats tmux python3 python3-venv git openssl sqlite3 mandoc \
	clang clang-format clang-tidy libclang-rt-14-dev llvm shellcheck strace binutils procps \
	curl ca-certificates zsh fish
DEPS_BENCH = fzy fzf htop ripgrep less

# make's own default is cc too; only a CC of the user's counts.
CC     ?= cc
CXX    ?= $(if $(findstring clang,$(CC)),clang++,c++)
ifeq ($(origin CXX),default)
CXX    = $(if $(findstring clang,$(CC)),clang++,c++)
endif
CFLAGS ?= -O2 -g
PKGS    = ncursesw sqlite3 jansson libpcre2-8
LAZY    = libcurl libcrypto yaml-0.1 libarchive
# ncursesw.pc on Debian carries -D_XOPEN_SOURCE=600; the feature macros are ours.
PKG_CFLAGS := $(filter-out -D%,$(shell pkg-config --cflags $(PKGS) $(LAZY) 2>/dev/null))
WARN  = -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wwrite-strings -Wpointer-arith -Wvla -Wundef -Wformat=2 -Wold-style-definition
SANFLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
BASE  = -std=c11 -D_XOPEN_SOURCE=700 -D_DEFAULT_SOURCE -DNCURSES_WIDECHAR=1 \
	-DWEIR_VERSION='"$(VERSION)"' $(if $(LINK_ALL),-DWEIR_LINK_ALL=1) \
	-fno-common -pthread -include client/banned.h $(WARN) $(if $(WERROR),-Werror) $(SANFLAGS)
# clang checks calls through pointers in C++ only with the C++ runtime of the sanitiser.
SANCXX = $(if $(and $(SAN),$(findstring clang,$(CXX))),-fno-sanitize=function)
CXXBASE = -std=c++17 -O2 -fno-rtti -fvisibility=hidden $(SANFLAGS) $(SANCXX)

comma := ,
B     = build$(if $(SAN),-$(subst $(comma),-,$(SAN)))

CLIENT := $(wildcard client/*.c)
SHIMS  := $(wildcard client/*.cc)
CLI    := $(wildcard cli/*.c)
TUI    := $(wildcard tui/*.c)
UNIT   := $(wildcard tests/unit/test_*.c)
FUZZ   := $(wildcard tests/fuzz/fuzz_*.c)
TOOLS  := $(wildcard tests/bench/*.c)
MAN    := $(wildcard man/*.[157])
obj     = $(patsubst %.c,$(B)/%.o,$(patsubst %.cc,$(B)/%.o,$(1)))
bin     = $(patsubst %.c,$(B)/%,$(1))

# The four libraries are linked statically where their archives are: looking up symbols in
# shared ones is a third of start-up. STATIC_DEPS= links the shared ones, as packagers wish.
ARCHIVES = ncursesw tinfo sqlite3 jansson pcre2-8
found    = $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a))
ifeq ($(origin STATIC_DEPS),undefined)
STATIC_DEPS = $(if $(filter 5,$(words $(foreach a,$(ARCHIVES),$(call found,$(a))))),1)
endif
# Looked for once, and only when something is linked: by then the packages are here.
LIBS  = $(eval LIBS := $(FOUND))$(LIBS)
FOUND = $(if $(STATIC_DEPS),-Wl$(comma)-Bstatic -lncursesw -ltinfo -lsqlite3 -ljansson \
	-lpcre2-8 -Wl$(comma)-Bdynamic,$(shell pkg-config --libs $(PKGS))) \
	$(if $(LINK_ALL),$(shell pkg-config --libs $(LAZY))) $(PACK) -ldl -lm
# Relocations packed, where linker and libc know that: 0.3 MB less to read at each start.
PACK  = $(shell T=$$(mktemp) && echo 'int x, *p = &x; int main(void) { return p != &x; }' | \
	$(CC) -x c -o $$T - -Wl,--fatal-warnings $(RELR) 2>/dev/null && $$T && echo '$(RELR)'; \
	rm -f $$T)
RELR  = -Wl,-z,pack-relative-relocs
# The TOML shim is the only C++; its runtime is linked in, so that start-up maps no libstdc++.
STATIC_CXX = -static-libgcc -Wl,-Bstatic -lstdc++ -Wl,-Bdynamic
CXXLIBS = $(if $(SHIMS),$(STATIC_CXX))
LINK  = $(CC) $(CFLAGS) $(BASE) $(LDFLAGS) -o $@

all: $(B)/weir
$(B)/libweir.a: $(call obj,$(CLIENT) $(SHIMS))
$(B)/libcli.a: $(call obj,$(filter-out cli/main.c,$(CLI)))
$(B)/libtui.a: $(call obj,$(TUI))
$(B)/%.a:
	@rm -f $@ && $(AR) rcs $@ $^
$(B)/weir: $(call obj,$(CLI) $(TUI)) $(B)/libweir.a $(B)/linkflags
	$(LINK) $(filter %.o %.a,$^) $(CXXLIBS) $(LIBS)

# Tests may use every layer; the linker takes what they need.
TESTLIBS = $(B)/libcli.a $(B)/libtui.a $(B)/libweir.a
$(B)/tests/unit/%: $(B)/tests/unit/%.o $(TESTLIBS) $(B)/linkflags
	$(LINK) $(filter %.o %.a,$^) $(CXXLIBS) $(LIBS) -lcmocka
$(B)/tests/fuzz/fuzz_%: $(B)/tests/fuzz/fuzz_%.o $(if $(FUZZER),,$(B)/tests/fuzz/replay.o) \
		$(TESTLIBS) $(B)/linkflags
	$(LINK) $(FUZZER) $(filter %.o %.a,$^) $(CXXLIBS) $(LIBS)
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(TESTLIBS) $(B)/linkflags
	$(LINK) $(filter %.o %.a,$^) $(CXXLIBS) $(LIBS)
$(B)/tests/real/%: $(B)/tests/real/%.o $(TESTLIBS) $(B)/linkflags
	$(LINK) $(filter %.o %.a,$^) $(CXXLIBS) $(LIBS)
$(B)/tests/tui/%: $(B)/tests/tui/%.o $(TESTLIBS) $(B)/linkflags
	$(LINK) $(filter %.o %.a,$^) $(CXXLIBS) $(LIBS)

# The boundary: only client/ and tests/ can see client/*.h.
$(B)/client/%.o: INC = -Iclient/include -iquote client -iquote client/include
$(B)/client/plat.o: CPPFLAGS += -D_GNU_SOURCE
$(B)/cli/%.o: INC = -Iclient/include -iquote cli -iquote tui
$(B)/tui/%.o: INC = -Iclient/include -iquote tui
$(B)/tests/%.o: INC = -Iclient/include -iquote client -iquote client/include \
	-iquote cli -iquote tui
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) $(BASE) $(INC) $(PKG_CFLAGS) -MMD -MP -c -o $@ $<
$(B)/%.o: %.cc $(B)/flags
	@mkdir -p $(@D)
	$(CXX) $(CXXBASE) -iquote client -MMD -MP -c -o $@ $<

# Rebuilt when the compiler or its flags change. The missing packages are looked for once.
$(B)/flags: FORCE | $(B)/.deps
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(BASE) $(CXX) $(CXXBASE)' | cmp -s - $@ || \
	echo '$(CC) $(CPPFLAGS) $(CFLAGS) $(BASE) $(CXX) $(CXXBASE)' > $@
$(B)/linkflags: FORCE | $(B)/.deps
	@echo '$(LDFLAGS) $(CXXLIBS) $(LIBS)' | cmp -s - $@ || \
	echo '$(LDFLAGS) $(CXXLIBS) $(LIBS)' > $@
$(B)/.deps: Makefile
	@mkdir -p $(@D); tests/lib/deps $(DEPS_BUILD) && touch $@
$(B)/.deps-test: Makefile
	@mkdir -p $(@D); tests/lib/deps $(DEPS_BUILD) $(DEPS_TEST) && touch $@
$(B)/.deps-bench: Makefile
	@mkdir -p $(@D); tests/lib/deps $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_BENCH) && touch $@
deps:
	@tests/lib/deps $(DEPS_BUILD) $(DEPS_TEST) $(DEPS_BENCH)

# ---- the first look
demo: $(B)/.deps
	@[ -x $(B)/weir ] || echo 'building weir, which takes a minute or two'
	@$(MAKE) --no-print-directory -s -j$$(getconf _NPROCESSORS_ONLN || echo 2) all
	@B=$(B) tests/demo/run

# ---- tests: tests/README.md
CHECK  = unit fuzz cli tui demo sync inst lint
RUN    = B=$(B) CC='$(CC)' tests/lib/run
unit-tests: $(B)/.deps-test $(call bin,$(UNIT))
fuzz-replay: $(B)/.deps-test $(call bin,$(FUZZ))
test-programs: $(B)/.deps-test all unit-tests fuzz-replay $(B)/tests/tui/keys $(B)/tests/real/manifest $(B)/tests/real/embedded $(B)/tests/real/embedded_put
test-programs: $(B)/tests/real/install # make check-inst

check: test-programs
	@$(RUN) $(CHECK)
unit: unit-tests
	@$(RUN) unit
check-cli check-tui check-demo check-sync check-inst check-real: check-%: test-programs
	@$(RUN) $*
check-real: real-venvs
real-venvs: $(B)/.deps-test
	@tests/real/venvs build/real 3.8.3 2.20.25
	@tests/real/venvs build/real metaflow rattler || :
check-asan:
	@$(MAKE) --no-print-directory SAN=address,undefined CHECK='unit fuzz cli tui sync inst' check
check-tsan:
	@$(MAKE) --no-print-directory SAN=thread check-threads
# Of all programs only those that this runs; tests/lib/run has the same names.
THREADED = $(wildcard $(patsubst %,tests/unit/test_%*.c,log engine session store_readers tui_))
check-threads: $(B)/.deps-test all $(call bin,$(THREADED)) $(B)/tests/tui/keys \
		$(B)/tests/real/embedded $(B)/tests/real/embedded_put
	@$(RUN) threads tui
distcheck:
	@tests/lib/distcheck

FUZZ_SECONDS ?= 60
FUZZ_MAKE = $(MAKE) --no-print-directory CC=clang CXX=clang++ B=build-fuzz CFLAGS='-O1 -g' \
	SAN=fuzzer-no-link,address,undefined FUZZER=-fsanitize=fuzzer
fuzz: $(B)/.deps-test
	+@$(FUZZ_MAKE) fuzz-replay
	@B=build-fuzz FUZZ_SECONDS=$(FUZZ_SECONDS) FUZZ_SEED=$(FUZZ_SEED) tests/lib/run fuzzing
TORTURE ?= 1
torture: test-programs
	@TORTURE=$(TORTURE) $(RUN) torture
# Both wait for servers most of the time: together they take hardly longer than the first.
check-real-torture: test-programs real-venvs
	@TORTURE=$(TORTURE) $(RUN) real torture
lint: $(B)/.deps-test all
	@$(RUN) lint
tidy: $(B)/.deps-test
	@$(RUN) tidy
bench: $(B)/.deps-bench all $(call bin,$(TOOLS))
	@B=$(B) tests/bench/run
format:
	clang-format -i $(wildcard client/*.[ch] client/include/weir/*.h cli/*.[ch] tui/*.[ch] \
		tests/*/*.[ch])
# ---- installation
COMPLETIONS = bash-completion/completions/weir zsh/site-functions/_weir \
	fish/vendor_completions.d/weir.fish
install: all
	install -d $(DESTDIR)$(BINDIR)
	install -m 755 $(B)/weir $(DESTDIR)$(BINDIR)/weir
	set -e; for m in $(MAN); do d=$(DESTDIR)$(MANDIR)/man$${m##*.}; \
		install -d $$d; install -m 644 $$m $$d; done
	set -e; for c in $(COMPLETIONS); do s=$${c%%[-/]*}; f=$(DESTDIR)$(DATADIR)/$$c; \
		install -d $${f%/*}; $(B)/weir completion $$s > $(B)/completion; \
		install -m 644 $(B)/completion $$f; done
uninstall:
	rm -f $(DESTDIR)$(BINDIR)/weir $(addprefix $(DESTDIR)$(DATADIR)/,$(COMPLETIONS))
	for m in $(notdir $(MAN)); do rm -f $(DESTDIR)$(MANDIR)/man$${m##*.}/$$m; done

clean:
	rm -rf build build-*
help:
	@sed -n 's/^#   make/make/p' Makefile; printf '%s\n' \
	'make deps               install the Debian packages that are missing' \
	'make demo               build small C packages with weir, and watch' \
	'make unit check-cli check-tui check-demo check-sync check-inst lint: one suite of it' \
	'make check-asan         the same under AddressSanitizer and UBSan' \
	'make check-tsan         the suites with threads under ThreadSanitizer' \
	'make check-real         against real Prefect servers (made in a venv)' \
	'make fuzz               each fuzz target for FUZZ_SECONDS=60' \
	'make torture            syncs, workers, commands, servers killed; full numbers' \
	'make bench              speed, as ratios to other programs in one run' \
	'make tidy               clang-tidy' \
	'make distcheck          gcc, clang, NDEBUG, static, sanitizers, install and uninstall' \
	'make format             clang-format all C' \
	'make install            DESTDIR= PREFIX=$(PREFIX); also uninstall' \
	'make clean'
-include $(shell find $(B) -name '*.d' 2>/dev/null)
FORCE:
.PHONY: all demo deps unit-tests fuzz-replay test-programs check unit check-cli check-tui \
	check-demo check-sync check-inst check-real check-real-torture real-venvs check-asan check-tsan \
	check-threads distcheck fuzz torture lint tidy bench format install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:
