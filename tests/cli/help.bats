#!/usr/bin/env bats
# Help, completions and man pages come from, or agree with, the tables.
load helper

setup()
{
	world
	unset PREFECT_API_URL
}

teardown()
{
	weir_cleanup
}

@test "help: lists every command; every command has its own, two ways" {
	weir2 help --dump
	exits 0
	cut -f2 <(grep '^command' "$T/out") >"$T/commands"
	[ "$(wc -l <"$T/commands")" -ge 8 ]
	weir2 help
	cp "$T/out" "$T/help"
	weir2 --help
	cmp "$T/out" "$T/help"
	while read -r c; do
		grep -q "^  $c " "$T/help" || die "$c"
		weir2 help "$c"
		exits 0
		cp "$T/out" "$T/one"
		weir2 "$c" --help
		cmp "$T/out" "$T/one"
		[ "$(head -1 "$T/out" | cut -c1-$((12 + ${#c})))" = "usage: weir $c" ]
	done <"$T/commands"
	weir2 help nonsense
	one_error 2
}

@test "help: of a subcommand only what is its own, and the man page agrees" {
	weir2 help env gc
	exits 0
	cp "$T/out" "$T/one"
	[ "$(head -1 "$T/out")" = "usage: weir env gc [OPTIONS]" ]
	grep -q -- --older "$T/out"
	! grep -q -- --full-id "$T/out" || die "an option of another one"
	weir2 env gc --help
	cmp "$T/out" "$T/one"
	weir2 help select-resolved
	cp "$T/out" "$T/one"
	weir2 select-resolved --help
	cmp "$T/out" "$T/one"
	grep -q "^usage: weir env select-resolved " "$T/out"
	weir2 help runs gc
	one_error 2
	python3 - "$ROOT/man/weir-env.1" "$WEIR" <<'P'
import re, subprocess, sys
def help_of(*words):
    return subprocess.run([sys.argv[2], "help", "env", *words], stdout=subprocess.PIPE,
        universal_newlines=True, check=True).stdout
def options(*words):
    text = help_of(*words)
    assert all(len(line) <= 80 for line in text.split("\n")), words
    return set(re.findall(r"^ +(?:-\w, )?--([\w-]+)", text.split("options of every")[0], re.M))
names = re.findall(r"^  ([a-z-]+)  +\w", help_of().split("\noptions:")[0], re.M)
assert len(names) == 9, names
assert set().union(*map(options, names)) == options()
synopsis = open(sys.argv[1]).read().split(".Sh DESCRIPTION")[0].split(".Nm weir env\n")[1:]
assert {s.split()[1] for s in synopsis} == set(names)
for s in synopsis:
    name = s.split()[1]
    assert set(re.findall(r"\bFl -([a-z-]+)", s)) <= options(name), s
P
}

@test "help: no line is longer than a terminal" {
	weir2 help --dump
	while read -r c; do
		[ "$("$WEIR" help "$c" | LC_ALL=C.UTF-8 awk 'length > 80' | wc -l)" = 0 ] || die "$c"
	done < <(grep '^command' "$T/out" | cut -f2)
}

@test "bare weir without a terminal: help" {
	weir2
	exits 0
	has "usage: weir"
}

@test "man pages: each command has one, with exactly its options" {
	weir2 help --dump
	python3 - "$T/out" "$ROOT/man" <<'P'
import os, re, sys
options, names = {}, {}
for line in open(sys.argv[1]):
    f = line.rstrip("\n").split("\t")
    if f[0] == "option":
        options.setdefault(f[1], {})[f[2][2:]] = f[3][1:] if f[3] != "-" else ""
    else:
        names[f[1]] = f[-1]
bad = []
for name in ["*", *names]:
    page = "weir.1" if name == "*" else "weir-%s.1" % name
    path = os.path.join(sys.argv[2], page)
    if not os.path.exists(path):
        bad.append(page + ": missing")
        continue
    text = open(path).read()
    found = set()
    for item in re.findall(r"^\.It (.*\bFl .*)$", text, re.M):
        found |= set(re.findall(r"\bFl -?([A-Za-z0-9-]+)", item))
    table = options.get(name, {})
    for long, letter in table.items():
        if long not in found and letter not in found:
            bad.append("%s: --%s is not described" % (page, long))
    known = set(table) | {l for l in table.values() if l}
    bad += ["%s: describes %s, which is no option" % (page, f) for f in sorted(found - known)]
    if name != "*" and not re.search(r"^\.Nm weir %s\b|^\.Nm weir-%s\b" % (name, name), text, re.M):
        bad.append(page + ": is not about " + name)
top = open(os.path.join(sys.argv[2], "weir.1")).read()
bad += ["weir.1: does not name " + n for n in names if not re.search(r"^\.It Cm %s$" % n, top, re.M)]
assert not bad, "\n".join(bad)
P
}

@test "man pages: a synopsis has each option of its command, and none of others" {
	weir2 help --dump
	python3 - "$T/out" "$ROOT/man" "$WEIR" <<'P'
import re, subprocess, sys
own, every, names = {}, set(), []
for line in open(sys.argv[1]):
    f = line.rstrip("\n").split("\t")
    if f[0] == "command":
        names.append(f[1])
    else:
        forms = {f[2][2:], f[3][1:] if f[3] != "-" else f[2][2:]}
        own.setdefault(f[1], []).append(forms)
every = set().union(*own["*"])
def part(name):
    text = subprocess.run([sys.argv[3], "help", "env", name], stdout=subprocess.PIPE,
        universal_newlines=True, check=True).stdout.split("\noptions of every")[0]
    return [set(x) - {""} for x in re.findall(r"^ +(?:-(\w), )?--([\w-]+)", text, re.M)]
bad = []
def compare(what, text, wanted):
    found = set()
    for line in re.findall(r"^\..*\bFl .*$", text, re.M):
        found |= {a or b for a, b in re.findall(r"\bFl -?(\w[\w-]*)|\| -(\w[\w-]*)", line)}
    bad.extend("%s: lacks %s" % (what, sorted(w)) for w in wanted
        if not w & found and " options" not in text)
    bad.extend("%s: has %s" % (what, f) for f in sorted(found - every - set().union(*wanted, set())))
for name in names:
    text = open("%s/weir-%s.1" % (sys.argv[2], name)).read()
    text = text.split(".Sh SYNOPSIS")[1].split(".Sh DESCRIPTION")[0]
    if name != "env":
        compare(name, text, own.get(name, []))
        continue
    parts = {}
    for s in text.split(".Nm weir env\n")[1:]:
        parts[s.split()[1]] = parts.get(s.split()[1], "") + s.replace("the same options", "")
    assert len(parts) == 9, parts
    for p in parts:
        compare("env " + p, parts[p], part(p))
assert not bad, "\n".join(bad)
P
}

@test "completion: every shell has each option of each command, and none of others" {
	weir2 help --dump
	cp "$T/out" "$T/dump"
	for shell in bash zsh fish; do
		"$WEIR" completion $shell >"$T/$shell"
	done
	python3 - "$T" <<'P'
import re, sys
own, names = {}, []
for line in open(sys.argv[1] + "/dump"):
    f = line.rstrip("\n").split("\t")
    if f[0] == "command":
        names.append(f[1])
    else:
        own.setdefault(f[1], set()).add(f[2][2:])
for shell in "bash", "zsh", "fish":
    text = open(sys.argv[1] + "/" + shell).read()
    for name in names:
        if shell == "fish":
            rows = [line for line in text.split("\n") if re.search("-n '__weir_at %s[' ]" % name, line)]
            found = {m[1] for m in (re.search(r" -l ([a-z-]+)", row) for row in rows) if m}
        else:
            rows = re.findall(r"^\t%s\) echo '((?: --[a-z-]+)*)' ;;$" % name, text, re.M)
            assert len(rows) == 1, (shell, name)
            found = set(re.findall(r"--([a-z-]+)", rows[0]))
        assert found == own.get(name, set()), (shell, name, found ^ own.get(name, set()))
assert sum(map(len, own.values())) > 100
P
}

@test "weir-json: names the columns of runs that objects have" {
	python3 - "$ROOT" "$WEIR" <<'P'
import re, subprocess, sys
page = open(sys.argv[1] + "/man/weir-json.5").read()
listed = re.findall(r"^\.It Cm (\w+)$", page.split("columns of runs")[1].split(".El")[0], re.M)
source = open(sys.argv[1] + "/client/columns.h").read().split("#define TASK_RUN_COLUMNS")[0]
objects = re.findall(r'X\("(\w+)",[^"]*(?:"[^"]*",)?[^"]*"[^"]*", \w+,\s+(COL_[^,]*),', source)
objects = [n for n, flags in objects if "COL_O" in flags and "COL_H" not in flags]
assert len(objects) > 20 and listed == objects, set(listed) ^ set(objects)
P
}

@test "completion: each script is one that its shell can read" {
	for shell in bash zsh fish; do
		weir2 completion $shell
		exits 0
		silent
		cp "$T/out" "$T/script"
		command -v $shell >/dev/null || continue
		$shell -n "$T/script"
	done
	weir2 completion tcsh
	one_error 2
}

@test "completion: bash completes commands, options, choices and columns" {
	"$WEIR" completion bash >"$T/script"
	complete_line()
	{
		bash -c 'source "$1"; COMP_LINE=$2 COMP_POINT=${#2}; _weir
			printf "%s\n" "${COMPREPLY[@]}"' - "$T/script" "$*"
	}
	[ "$(complete_line weir dep)" = deployments ]
	[ "$(complete_line weir runs --col)" = "$(printf '%s\n' --columns --color)" ]
	[ "$(complete_line weir runs -o nd)" = ndjson ]
	[ "$(complete_line weir runs --columns id,state_n)" = id,state_name ]
	complete_line weir logs @ | grep -qF @latest
	complete_line weir --color a | grep -qx always
	complete_line weir completion f | grep -qx fish
	# bash splits at : and =, and takes what comes behind
	[ "$(complete_line weir runs state:compl)" = completed ]
	[ "$(complete_line weir runs --output=nd)" = ndjson ]
	[ "$(complete_line weir config get api_u)" = api_url ]
	complete_line weir -p loc | grep -qx local
	# parts of a command have their own options and words
	[ "$(complete_line weir env g)" = gc ]
	[ "$(complete_line weir environment und)" = undo ]
	[ "$(complete_line weir env gc --a)" = "$(printf '%s\n' --all --all-names)" ]
	[ "$(complete_line weir select-resolved --la)" = --latest ]
	[ "$(complete_line weir env list --output=nd)" = ndjson ]
	[ -z "$(complete_line weir env hash --la)" ]
}

@test "completion: zsh completes the same" {
	command -v zsh >/dev/null || skip "no zsh"
	"$WEIR" completion zsh >"$T/script"
	cat >"$T/ask" <<'Z'
# what is added is printed; the last argument names the array
compdef() { : }
compadd() { print -rl -- ${(P)@[-1]} }
compset() { PREFIX=${PREFIX#*=} }
source $1; shift
words=("$@") CURRENT=$# PREFIX=${@[-1]}
_weir | grep -F -- "${PREFIX#--*=}" || true
Z
	ask() { zsh -f "$T/ask" "$T/script" "$@"; }
	[ "$(ask weir dep)" = deployments ]
	[ "$(ask weir runs --col)" = "$(printf '%s\n' --columns --color)" ]
	[ "$(ask weir runs -o nd)" = ndjson ]
	[ "$(ask weir runs --output=nd)" = ndjson ]
	[ "$(ask weir runs --columns id,state_n)" = id,state_name ]
	[ "$(ask weir runs state:compl)" = state:completed ]
	[ "$(ask weir config get api_u)" = api_url ]
	[ "$(ask weir environment und)" = undo ]
	[ "$(ask weir env gc --all)" = "$(printf '%s\n' --all --all-names)" ]
	[ "$(ask weir select-resolved --la)" = --latest ]
	ask weir logs @ | grep -qF @latest
}

@test "completion: fish completes the same" {
	command -v fish >/dev/null || skip "no fish"
	"$WEIR" completion fish >"$T/script"
	ask() { fish -N -c "source $T/script; complete -C '$*'" 2>"$T/err" | cut -f 1; }
	[ "$(ask weir dep)" = deployments ]
	[ "$(ask weir runs --col | sort)" = "$(printf '%s\n' --color --columns)" ]
	[ ! -s "$T/err" ] || die "$(cat "$T/err")"
	[ "$(ask weir runs -o nd)" = ndjson ]
	[ "$(ask weir runs --columns id,state_n)" = id,state_name ]
	[ "$(ask weir runs state:compl)" = state:completed ]
	[ "$(ask weir config get api_u)" = api_url ]
	ask weir logs @ | grep -qF @latest
	[ -z "$(ask weir logs show --own)" ]
}

@test "completion: fish, and parts of a command" {
	command -v fish >/dev/null || skip "no fish"
	"$WEIR" completion fish >"$T/script"
	ask() { fish -N -c "source $T/script; complete -C '$*'" 2>"$T/err" | cut -f 1 | sort; }
	[ "$(ask weir env g)" = gc ]
	[ "$(ask weir environment und)" = undo ]
	# before the part, all have a chance; behind it, those of others have none
	[ "$(ask weir env --all-)" = --all-names ]
	[ "$(ask weir env gc --all)" = "$(printf '%s\n' --all --all-names)" ]
	[ "$(ask weir environment gc --all)" = "$(printf '%s\n' --all --all-names)" ]
	[ "$(ask weir env list --all)" = --all ]
	[ "$(ask weir env gc list --all-)" = --all-names ]
	[ -z "$(ask weir env show gc --all-)" ]
	[ -z "$(ask weir env hash --la)" ]
	[ "$(ask weir select-resolved --la)" = --latest ]
	# each has what its --help names
	options() { sed -nE 's/^ +(-., )?(--[a-z-]+).*/\2/p' | sort; }
	"$WEIR" runs --help | sed '1,/^options of every/d' | options >"$T/every"
	[ "$(wc -l <"$T/every")" -gt 10 ]
	for part in list show which diff hash create-local select-resolved undo gc; do
		"$WEIR" env $part --help | sed '/^options of every/,$d' | options >"$T/want"
		[ -s "$T/want" ]
		ask weir env $part -- | grep -vxFf "$T/every" | diff "$T/want" - || die "$part"
	done
}
