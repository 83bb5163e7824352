# shellcheck shell=sh
# Sourced by tests (sh and bash): a world of its own. Nothing of the user's settings or stores
# is seen, nothing of theirs is touched. Sets T, a temporary folder that is removed at the end
# unless KEEP is set, and WEIR, the program under test.
#
#	. "$(dirname "$0")/../lib/env.sh"
#
# WEIR_NOW is left alone; a test that needs the clock to stand exports it.
for v in $(env | sed -n 's/^\(\(WEIR\|PREFECT\|METAFLOW\|XDG\|LC\)_[A-Za-z0-9_]*\)=.*/\1/p'); do
	unset "$v"
done
unset v LANG LANGUAGE NO_COLOR CLICOLOR CI PAGER BROWSER EDITOR COLUMNS LINES \
	http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY \
	SSL_CERT_FILE SSL_CERT_DIR CURL_HOME CDPATH ENV BASH_ENV

ROOT=${ROOT:-$(git rev-parse --show-toplevel 2>/dev/null || pwd)}
B=${B:-build}
case $B in
/*) ;;
*) B=$ROOT/$B ;;
esac
WEIR=$B/weir

T=$(mktemp -d "${TMPDIR:-/tmp}/weir-test.XXXXXX") || exit 99
mkdir -p "$T/home"
HOME=$T/home
XDG_CONFIG_HOME=$T/config XDG_CACHE_HOME=$T/cache XDG_STATE_HOME=$T/state
XDG_DATA_HOME=$T/data XDG_RUNTIME_DIR=$T/run
mkdir -p "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
TZ=UTC LC_ALL=C.UTF-8 TERM=xterm-256color
PATH=$B:$PATH
export ROOT B WEIR T HOME XDG_CONFIG_HOME XDG_CACHE_HOME XDG_STATE_HOME XDG_DATA_HOME \
	XDG_RUNTIME_DIR TZ LC_ALL TERM PATH
umask 022

weir_cleanup()
{
	[ -n "$KEEP" ] || rm -rf "$T"
}
# bats has its own traps; there teardown calls weir_cleanup.
[ -n "$BATS_VERSION" ] || trap weir_cleanup EXIT
