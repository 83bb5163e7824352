#!/usr/bin/env bats
# Environments of Metaflow: list, show, which, diff, hash; bad input.
load helper

R1=1111111111111111111111111111111111111111
FA=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
FB=abbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

setup()
{
	world
	unset PREFECT_API_URL CONDA_ENVS_DIRS MAMBA_ROOT_PREFIX CONDA_EXE
	unset "${!METAFLOW_@}"
	mkdir -p "$T/flow/.metaflow" "$T/flow/deep/er"
	cd "$T/flow/deep/er" || return 1
	FILE=$T/flow/.metaflow/conda_v2.cnd
	python3 - "$FILE" <<'P'
import json, sys
def conda(name, version, build):
    u = f"https://conda.anaconda.org/conda-forge/linux-64/{name}-{version}-{build}"
    return {"_type": "conda", "filename": f"{name}-{version}-{build}", "url": u + ".conda",
            "url_format": ".conda", "hashes": {".conda": "ab"}}
def env(packages, on, by, deps):
    return {"deps": deps, "sources": ["conda::conda-forge"], "packages": packages,
            "resolved_on": on, "resolved_by": by, "resolved_archs": ["linux-64"]}
wheel = {"_type": "pypi", "filename": "Foo_Bar-1.0-py3-none-any", "hashes": {},
         "url": "https://u:secret@h/Foo_Bar-1.0-py3-none-any.whl", "url_format": ".whl"}
R1, FA, FB = "1" * 40, "a" * 40, "a" + "b" * 39
json.dump({"version": 1, "mappings": {"F/12/start": [R1, FA]},
    "mutable_aliases": {"team/x/latest": [R1, FB]}, "aliases": {"team/x/v1": [R1, FA]},
    "environments": {"linux-64": {R1: {
        FA: env([conda("openssl", "1.1.1w", "h0_0"), conda("python", "3.8.1", "h1_0"), wheel],
                "2023-01-01T10:00:00", "alice", ["conda::python==3.8.1"]),
        FB: env([conda("openssl", "3.1.0", "h0_0"), conda("python", "3.8.1", "h1_0")],
                "2023-02-01T10:00:00.5", "bob", ["conda::python==3.8.1"]),
        "_default": FB},
      "2" * 40: {"c" * 40: env([conda("python", "3.9.0", "h1_0")], "2022-01-01T10:00:00",
                "carol", ["conda::python==3.9", "conda::wheel", "conda::tomli==2"])}}}},
    open(sys.argv[1], "w"))
P
}

teardown()
{
	cd / || return 1
	weir_cleanup
}

@test "list: newest first, helpers only with --all" {
	weir2 env list -o name
	exits 0
	[ "$(cat "$T/out")" = "$R1:$FB
$R1:$FA" ]
	weir2 environment list --all -o json
	exits 0
	[ "$(jq_py 'len(d), [e["is_default"] for e in d], [e["n_packages"] for e in d]')" = \
		"(3, [True, False, False], [2, 3, 1])" ]
	lacks secret
	grep -q 'https://\*\*\*@h/Foo_Bar' "$T/out"
}

# On standard error, in one of these words.
has_err()
{
	grep -q "$1" "$T/err" || die "stderr lacks: $1"
}

lacks_err()
{
	! grep -q "$1" "$T/err" || die "stderr has: $1"
}

# Python's view of the JSON output.
jq_py()
{
	python3 -c "import json,sys; d=json.load(open(sys.argv[1])); print(($1))" "$T/out"
}

@test "list: queries of packages" {
	weir2 env list 'pkg:openssl<3' -o name
	[ "$(cat "$T/out")" = "$R1:$FA" ]
	weir2 env list 'pkg:openssl>=1.1,<4' by:bob -o name
	[ "$(cat "$T/out")" = "$R1:$FB" ]
	weir2 env list 'pkg:openssl<'
	one_error 2
	has_err "no version after the operator"
	weir2 env list 'nope:1'
	one_error 2
}

@test "which: versions beside the environments; 1 when none has it" {
	weir2 env which openssl '<3'
	exits 0
	[ "$(cut -f1,4 "$T/out")" = "$(printf '%s\t1.1.1w h0_0' $FA)" ]
	weir2 env which 'openssl@>=3' -o name
	[ "$(cat "$T/out")" = "$R1:$FB" ]
	weir2 env which foo.bar -o name
	[ "$(cat "$T/out")" = "$R1:$FA" ]
	weir2 env which openssl '<3' -o csv --header
	[ "$(cut -d, -f1,4 "$T/out")" = "$(printf 'full_id,pkg.openssl\n%s,1.1.1w h0_0' $FA)" ]
	weir2 env which openssl -o json
	[ "$(jq_py 'd[1]["pkg.openssl"], d[1]["n_packages"]')" = "('1.1.1w h0_0', 3)" ]
	weir2 env which openssl -o table
	grep -q '1.1.1w h0_0' "$T/out"
	weir2 env which 'open*' -o name
	exits 0
	weir2 env which nothing
	one_error 1
	says "try: --all"
	weir2 env which openssl '<1'
	one_error 1
	says "openssl <1: no environment has it: the newest has 3."
	says "try: weir env which openssl"
	weir2 env which openss
	one_error 1
	says "try: weir env which 'openss*'"
	weir2 env list openssl
	exits 0
	says "pkg:openssl looks in their packages"
	weir2 env which
	one_error 2
}

@test "show: by ids, alias and step; formulas; no password" {
	weir2 env show team/x:v1 -o json
	exits 0
	[ "$(jq_py 'd[0]["full_id"][:4], d[0]["full_id_formula"], len(d[0]["packages"])')" = \
		"('aaaa', 'unverified', 3)" ]
	lacks secret
	weir2 env show F/12/start -o tsv
	[ "$(sed -n 1p "$T/out" | cut -f1-5)" = "$(printf 'pypi\tfoo-bar\t1.0\t\tpypi')" ]
	weir2 env show 1111 -o name
	[ "$(cat "$T/out")" = "$R1:$FB" ]
	weir2 env show AAAA
	one_error 1
	weir2 env show F/13/start
	one_error 1
	weir2 env show aaaa --arch osx-64
	one_error 1
}

@test "diff: 0 the same, 1 differs, 6 no such" {
	weir2 env diff aaaa team/x
	exits 1
	[ "$(cut -f1,3-5 "$T/out")" = "$(printf 'removed\tfoo-bar\t1.0\t\nup\topenssl\t1.1.1w\t3.1.0')" ]
	weir2 env diff team/x abbb
	exits 0
	[ ! -s "$T/out" ]
	weir2 env diff team/x nothing
	one_error 6
	printf '@EXPLICIT\nhttps://conda.anaconda.org/conda-forge/linux-64/openssl-3.1.0-h0_0.conda#ab\n' >list
	weir2 env diff team/x list -o json
	exits 1
	[ "$(jq_py '[(p["name"], p["change"]) for p in d["packages"]]')" = "[('python', 'removed')]" ]
}

# more ARCH FULL...: these of R1 for that architecture too, without packages.
more()
{
	python3 - "$FILE" "$R1" "$@" <<'P'
import json, sys
file, req, arch, *full = sys.argv[1:]
d = json.load(open(file))
d["environments"].setdefault(arch, {}).setdefault(req, {}).update(
    {f: {"deps": [], "sources": [], "packages": [], "resolved_on": "2023-01-01T10:00:00"} for f in full})
json.dump(d, open(file, "w"))
P
}

@test "diff, show, create-local: the architecture that both have, that is asked for" {
	more osx-arm64 $FA dddddddddddddddddddddddddddddddddddddddd
	for words in "aaaa dddd" "dddd aaaa"; do
		# shellcheck disable=SC2086
		weir2 env diff $words -o json
		exits 0
		[ "$(jq_py 'd["a"]["arch"], d["b"]["arch"]')" = "('osx-arm64', 'osx-arm64')" ]
		lacks_err compared
	done
	weir2 env show $R1 -o name
	[ "$(cat "$T/out")" = "$R1:$FB" ]
	more win-64 $FA
	weir2 env show $R1 --arch win-64 -o name
	exits 0
	[ "$(cat "$T/out")" = "$R1:$FA" ]
	weir2 env create-local $R1 --arch win-64 --dry-run
	exits 0
	has_err "metaflow_${R1}_$FA"
	weir2 env show $R1 --arch linux-32
	one_error 1
	more osx-arm64 $FB
	weir2 env diff aaaa abbb
	exits 1
	has_err "compared for linux-64; both are for osx-arm64 too"
	weir2 env diff aaaa abbb --arch linux-64
	lacks_err compared
}

# The rows of a TSV, escapes undone, are those of a CSV.
same_rows()
{
	python3 - "$1" "$2" <<'P'
import csv, re, sys
undo = {"t": "\t", "n": "\n", "r": "\r", "\\": "\\"}
tsv = [[re.sub(r"\\(.)", lambda m: undo[m[1]], c) for c in l.rstrip("\n").split("\t")] for l in open(sys.argv[1])]
rows = list(csv.reader(open(sys.argv[2], newline="")))
assert rows == tsv, (rows, tsv)
P
}

@test "-o csv: what has commas, quotes, tabs and backslashes in it" {
	python3 - "$T/flow/.metaflow/conda_v2.cnd" <<'P'
import json, sys
doc = json.load(open(sys.argv[1]))
for arch in doc["environments"].values():
    for req in arch.values():
        for env in req.values():
            if isinstance(env, dict) and env.get("packages"):
                env["packages"][0]["filename"] = 'a,b"c\\t\td-1.0-0'
json.dump(doc, open(sys.argv[1], "w"))
P
	weir2 env show aaaa -o tsv
	exits 0
	grep -qF 'a,b"c\\t\td' "$T/out"
	cp "$T/out" tsv
	weir2 env show aaaa -o csv
	exits 0
	grep -qF '"a,b""c\t' "$T/out"
	same_rows tsv "$T/out"
	weir2 env hash -o csv conda::python==3.11.7
	exits 0
	grep -qE '^req_id,B,[0-9a-f]{40},' "$T/out"
}

@test "show, diff: an object a line; forms that are none" {
	for sub in "show aaaa" "diff aaaa abbb"; do
		# shellcheck disable=SC2086
		weir2 env $sub -o ndjson
		[ "$(wc -l <"$T/out")" = 1 ]
		[ "$(jq_py 'len(d["packages"]) > 1')" = True ]
		# shellcheck disable=SC2086
		weir2 env $sub -o tsv
		[ "$(wc -l <"$T/out")" -gt 1 ]
		cp "$T/out" tsv
		# shellcheck disable=SC2086
		weir2 env $sub -o csv
		same_rows tsv "$T/out"
	done
	weir2 env diff aaaa abbb -o name
	one_error 2
}

@test "diff: lock files" {
	cat >conda-lock.yml <<'Y'
package:
- {manager: conda, name: openssl, platform: linux-64, version: 3.1.0, url: "https://conda.anaconda.org/conda-forge/linux-64/openssl-3.1.0-h0_0.conda"}
- {manager: conda, name: openssl, platform: osx-64, version: 3.2.0, url: "https://conda.anaconda.org/conda-forge/osx-64/openssl-3.2.0-h0_0.conda"}
- {manager: pip, name: Foo.Bar, platform: linux-64, version: "1.0", url: "https://h/x.whl"}
Y
	weir2 env diff team/x conda-lock.yml -o json
	exits 1
	[ "$(jq_py '[(p["name"], p["change"]) for p in d["packages"]], d["b"]["arch"]')" = \
		"([('foo-bar', 'added'), ('python', 'removed')], 'linux-64')" ]
	weir2 env diff conda-lock.yml conda-lock.yml --arch win-64
	one_error 6
	printf '[[package]]\nname = "foo_bar"\nversion = "2.0"\n' >uv.lock
	weir2 env diff conda-lock.yml uv.lock
	exits 1
	[ "$(cut -f1,3 "$T/out")" = "$(printf 'up\tfoo-bar\nremoved\topenssl')" ]
	echo 'package: 3' >bad.yml
	weir2 env diff bad.yml uv.lock
	one_error 6
	has_err "no list of packages"
}

@test "show: by which formula an id is verified" {
	weir2 env hash -o tsv --source conda::conda-forge \
		conda::python==3.9 conda::wheel conda::tomli==2
	exits 0
	id=$(awk '$1 == "req_id" && $2 == "B" { print $3 }' "$T/out")
	sed -i "s/2\{40\}/$id/" "$FILE"
	weir2 env show "$id" -o table
	exits 0
	grep -qE "^ *req_id +$id  verified by B \([0-9].*\)$" "$T/out"
	grep -qE "^ *full_id +c{40}  unverified: no formula gives it$" "$T/out"
}

@test "hash: requirements and descriptions" {
	weir2 env hash conda::python==3.8.16
	exits 0
	[ "$(sed -n 1p "$T/out" | cut -f3)" = bcae56baf352770767c040b49c46532cff72637f ]
	echo '{"deps": [], "packages": [{"filename": "b-1-0"}, {"filename": "a-1-0"}]}' >d
	weir2 env hash d
	one_error 2
	weir2 env hash d --arch linux-64 -o json
	exits 0
	[ "$(jq_py '[e["value"] for e in d if e["formula"] == "F1"][0]')" = \
		"$(printf 'b-1-0 a-1-0' | sha1sum | cut -c1-40)" ]
	# an empty list is one; without a list there is no full_id
	echo '{"deps": [], "packages": [], "arch": "linux-64"}' >d
	weir2 env hash d
	exits 0
	[ "$(awk '$2 == "F1" { print $3 }' "$T/out")" = "$(printf '' | sha1sum | cut -c1-40)" ]
	[ "$(awk '$2 == "F3" { print $3 }' "$T/out")" = "$(printf linux-64 | sha1sum | cut -c1-40)" ]
	echo '{"deps": []}' >d
	weir2 env hash d
	exits 0
	[ "$(cut -f1 "$T/out" | sort -u)" = req_id ]
	weir2 env hash conda::a "pypi::$(printf 'caf\303\251')==1"
	one_error 1
	has_err "env hash: 'caf.*==1' is not ASCII"
	echo '{"deps": [' >d
	weir2 env hash d
	one_error 1
	lacks_err "good copy"
	weir2 env hash - <<<'{'
	one_error 1
	lacks_err "good copy"
	weir2 env hash python
	one_error 2
}

@test "bad files: each is one clear line, and what was read before stays" {
	weir2 env list -o name
	cp "$FILE" good
	head -c 700 good >"$FILE"
	weir2 env list -o name
	exits 0
	has_err "before is shown"
	[ "$(wc -l <"$T/out")" = 2 ]
	rm -rf "$XDG_CACHE_HOME/weir"
	weir2 env list
	one_error 1
	has_err "at byte 700 of 700"
	has_err "good copy"
	echo '{"version": 2}' >"$FILE"
	weir2 env list
	one_error 1
	has_err "its version is 2"
	rm "$FILE" && mkdir "$FILE"
	weir2 env list
	one_error 1
	has_err "it is a folder"
	rmdir "$FILE"
	ln -s conda_v2.cnd "$FILE"
	weir2 env list
	one_error 1
	has_err "symbolic links"
	rm "$FILE"
	cat good - >"$FILE" <<<"tail"
	weir2 env list -o name
	exits 0
	has_err "5 bytes follow\|6 bytes follow"
	[ "$(wc -l <"$T/out")" = 2 ]
}

@test "no folder, an unknown profile, a broken config.json" {
	rm -rf "$T/flow/.metaflow"
	weir2 env list
	one_error 1
	has_err "no such folder"
	export METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/misspelt
	weir2 env list
	one_error 1
	says "$T/misspelt/.metaflow: there is no such folder"
	export METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/flow
	mkdir "$T/flow/.metaflow"
	weir2 env list
	exits 0
	METAFLOW_PROFILE=x weir2 env list
	one_error 2
	echo '{' >"$T/flow/.metaflow/config.json"
	cd "$T/flow"
	weir2 env list
	one_error 2
	has_err config.json
}

# A run of Metaflow with one task, which used this environment; its number.
run_of()
{
	local task=$T/flow/.metaflow/F/$1/start/1
	mkdir -p "$task/_meta" "$T/flow/.metaflow/F/_meta"
	echo '{"flow_id": "F", "ts_epoch": 1700000000000}' >"$T/flow/.metaflow/F/_meta/_self.json"
	for d in . start start/1; do
		mkdir -p "$T/flow/.metaflow/F/$1/$d/_meta"
		echo "{\"flow_id\": \"F\", \"run_number\": \"$1\", \"step_name\": \"start\", \"task_id\": \"1\", \"ts_epoch\": ${1:0:13}}" \
			>"$T/flow/.metaflow/F/$1/$d/_meta/_self.json"
	done
	echo "{\"flow_id\": \"F\", \"run_number\": \"$1\", \"step_name\": \"start\", \"task_id\": \"1\", \"field_name\": \"conda_env_id\", \"type\": \"conda_env_id\", \"value\": \"[\\\"$R1\\\", \\\"$2\\\", \\\"linux-64\\\"]\", \"tags\": [\"attempt_id:0\"], \"ts_epoch\": ${1:0:13}}" \
		>"$task/_meta/sysmeta_conda_env_id_${1:0:13}.json"
}

@test "list: sizes, runs, tags, and by requirement set" {
	export CONDA_ENVS_DIRS=$T/envs
	mkdir -p "$T/envs/mine/bin"
	echo "[\"$R1\", \"$FB\", \"linux-64\"]" >"$T/envs/mine/.metaflowenv"
	head -c 100000 /dev/zero >"$T/envs/mine/bin/x"
	run_of 1700000000000000 $FA
	run_of 1710000000000000 $FB
	run_of 1720000000000000 $FB
	weir2 env list -c is_default,n_runs,used_by,tags
	exits 0
	[ "$(cat "$T/out")" = "$(printf 'true\t2\tF/1720000000000000,F/1710000000000000\tdefault,created\nfalse\t2\tF/1700000000000000,F/12\t')" ]
	weir2 env list -c size
	[ "$(sed -n 1p "$T/out")" -ge 100000 ]
	[ -z "$(sed -n 2p "$T/out")" ]
	head -c 900000 /dev/zero >"$T/envs/mine/bin/y"
	weir2 env list 'size:>900000' -o name
	[ "$(cat "$T/out")" = "$R1:$FB" ]
	weir2 env list run:F/1710* -o name
	[ "$(cat "$T/out")" = "$R1:$FB" ]
	weir2 env list --all --group -o table -c short_id
	exits 0
	[ "$(grep -c . "$T/out")" = 6 ]
	grep -q "^steps start ($R1): conda::python==3.8.1$" "$T/out"
	grep -q "^(2\{40\}): conda::python==3.9, conda::wheel, " "$T/out"
	weir2 env list --all --group -o tsv -c short_req,short_id --sort short_id
	[ "$(cut -c1-3,9-13 "$T/out" | tr '\n' ' ')" = "$(printf '111\taaaa 111\tabbb 222\tcccc ')" ]
	mkdir "$T/plain"
	weir2 env show "$T/plain"
	one_error 1
	says "no .metaflowenv of an environment in that folder"
	weir2 env show ab
	one_error 1
	says "try: four digits of an id"
	printf 'wait-idle\ndump %s\nkey Q\n' "$T/screen" >"$T/script"
	weir2 --script "$T/script" env list --all --group
	exits 0
	grep -q '^weir env list --all --group  ' "$T/screen"
	grep -q '^  REQUEST  *ENV ID ' "$T/screen"
	[ "$(grep -oE '^  [12]{8}' "$T/screen" | uniq | tr -d '\n')" = "  11111111  22222222" ]
	weir2 --script "$T/script" env select-resolved F/1720000000000000
	exits 0
	grep -q 'environments\{0,1\} for step start  ' "$T/screen"
	weir2 env diff F/1700000000000000/start F/1710000000000000/start
	exits 1
	[ "$(cut -f3 "$T/out" | tr '\n' ' ')" = "foo-bar openssl " ]
	weir2 env show F/1720000000000000/start -o json
	[ "$(jq_py 'd[0]["full_id"][:4], d[0]["n_runs"], d[0]["used_by"][0], d[0]["size"] > 900000')" = \
		"('abbb', 2, 'F/1720000000000000', True)" ]
	weir2 env show abbb -o table
	grep -q '^ runs  *F/1720000000000000  F/1710000000000000$' "$T/out"
	weir2 env which openssl
	[ "$(cut -f9 "$T/out" | sed -n 2p)" = F/1700000000000000,F/12 ]
}

# A run of a server, or of this machine, of this name with these parameters.
named()
{
	local name=$1
	shift
	weir2 -q trigger build/nightly --unchecked --name "$name" "$@"
	exits 0
	id=$(cut -f1 "$T/out")
}

@test "runs of a server that name one in a parameter: there and back" {
	run_of 1700000000000000 $FA
	run_of 1710000000000000 $FB
	mkdir "$T/deploy"
	printf 'deployments:\n- name: nightly\n  flow_name: build\n  work_pool: {name: w, job_variables: {command: "true"}}\n' \
		>"$T/deploy/prefect.yaml"
	weir2 -q pools create w
	(cd "$T/deploy" && weir2 -q register && exits 0)
	triple="[\"$R1\", \"$FB\", \"linux-64\"]"
	named by-ids -p "env:=$triple" -p "again=$triple"
	BY_IDS=$id
	named by-path -p of=F/1700000000000000/start -p n=3
	BY_PATH=$id
	named both -p of=F/1710000000000000 -p "env=$triple"
	BOTH=$id
	named neither -p of=F/1700000000000009 -p ref=refs/pull/7 -p 'e:=["a", "b", "c"]' -p "cut=${triple%]}"
	weir2 env list -c short_id,n_runs,used_by
	exits 0
	[ "$(cat "$T/out")" = "$(printf 'abbbbbbb\t3\t%s,%s,F/1710000000000000\naaaaaaaa\t3\t%s,F/1700000000000000,F/12' \
		"$BOTH" "$BY_IDS" "$BY_PATH")" ]
	weir2 env list "run:$BY_PATH" -o name
	[ "$(cat "$T/out")" = "$R1:$FA" ]
	weir2 env show abbb -o json
	[ "$(jq_py 'd[0]["n_runs"], len(d[0]["used_by"])')" = "(3, 3)" ]
	weir2 env show abbb -o table
	grep -q "^ runs  *F/1710000000000000  build/both ${BOTH:0:8}  build/by-ids ${BY_IDS:0:8}$" "$T/out"
	weir2 env which 'openssl<3'
	[ "$(cut -f9 "$T/out")" = "$BY_PATH,F/1700000000000000,F/12" ]
	weir2 show "$BY_PATH" -o json
	[ "$(jq_py '[(e["full_id"][:4], e["by"]) for e in d["environments"]]')" = "[('aaaa', 'of')]" ]
	weir2 show "$BOTH" -o json
	[ "$(jq_py '[(e["full_id"][:4], e["by"]) for e in d["environments"]]')" = "[('abbb', 'env, of')]" ]
	weir2 -q cancel --yes "$BY_IDS"
	exits 0
	printf 'wait-idle\nkey enter\nwait-idle\ndump %s\ntext /by-ids\nkey enter\nkey enter\nwait-idle\ndump %s\nkey Q\n' \
		"$T/screen" "$T/opened" >"$T/script"
	weir2 --script "$T/script" env list --sort full_id:desc
	exits 0
	grep -q '^ RUNS$' "$T/screen"
	grep -q '^  build/both ' "$T/screen"
	grep -q "^weir show ${BY_IDS:0:8} " "$T/opened"
	# As an older weir left it: what is named is taken from what is there.
	db=$XDG_DATA_HOME/weir/embedded.db
	sqlite3 "$db" 'DROP TABLE run_envs; DROP TABLE env_names; PRAGMA user_version = 3'
	weir2 env list -c n_runs
	[ "$(cat "$T/out")" = "$(printf '3\n3')" ]
	[ "$(sqlite3 "$db" 'SELECT count(*) FROM run_envs')" = 5 ]
	# Without any store of a server.
	rm "$db"
	weir2 env list -c n_runs
	[ "$(cat "$T/out")" = "$(printf '1\n2')" ]
}

@test "the cache and created environments" {
	export METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/flow CONDA_ENVS_DIRS=$T/envs
	D=$T/flow/conda_env/envs/osx-64/$R1/$FA
	mkdir -p "$D" "$T/envs/mine"
	echo '{"packages": [{"_type": "conda", "filename": "zlib-1.3-0", "url": "u"}]}' >"$D/env"
	echo "[\"$R1\", \"$FB\", \"linux-64\"]" >"$T/envs/mine/.metaflowenv"
	weir2 env list cached:yes -o tsv -c arch,is_local,n_packages
	[ "$(cat "$T/out")" = "$(printf 'osx-64\tfalse\t1')" ]
	weir2 env list here:yes -o tsv -c folders
	[ "$(cat "$T/out")" = "$T/envs/mine" ]
	weir2 env show aaaa --arch osx-64 -o tsv
	[ "$(cut -f2 "$T/out")" = zlib ]
	weir2 env show "$T/envs/mine" -o name
	[ "$(cat "$T/out")" = "$R1:$FB" ]
	weir2 env list --local-only cached:yes
	[ ! -s "$T/out" ]
	METAFLOW_DEFAULT_DATASTORE=s3 METAFLOW_CONDA_S3ROOT=s3://u:pw@b/x weir2 env list -o name
	exits 0
	has_err 's3://\*\*\*@b/x'
}

# Marked by hand: what is joined anew loses the mark.
@test "a cache in which nothing is new is not joined again" {
	export METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/flow
	D=$T/flow/conda_env/envs
	mkdir -p "$D/osx-64/$R1/$FA" "$D/aliases/generic/team"
	echo '{"packages": [{"_type": "conda", "filename": "zlib-1.3-0", "url": "u"}]}' \
		>"$D/osx-64/$R1/$FA/env"
	weir2 env list cached:yes -o tsv -c aliases
	[ "$(cat "$T/out")" = team/x:v1 ]
	sqlite3 "$XDG_CACHE_HOME"/weir/metaflow@*.db \
		"UPDATE environments SET aliases = '[\"mark\"]' WHERE source = 2"
	weir2 env list --refresh cached:yes -o tsv -c aliases
	[ "$(cat "$T/out")" = mark ]
	echo "[\"$R1\", \"$FA\"]" >"$D/aliases/generic/team/new"
	weir2 env list --refresh cached:yes -o tsv -c aliases
	[ "$(cat "$T/out")" = team/x:v1,team:new ]
	rm "$D/aliases/generic/team/new"
	weir2 env list --refresh cached:yes -o tsv -c aliases
	[ "$(cat "$T/out")" = team/x:v1 ]
}

# The menu, with these keys in it; what it shows at the end.
menu()
{
	printf 'resize 100x16\nwait-idle\n%b\nwait-idle\ndump %s/screen\n' "$1" "$T" >"$T/script"
	"$WEIR" --offline --script "$T/script" env list >"$T/out" 2>"$T/err" || die "$(cat "$T/err")"
	grep -c '^ *\*' "$T/screen" || true
}

@test "menu: what was marked is marked the next time, of this folder, until it is not" {
	[ "$(menu '')" = 0 ]
	[ "$(menu 'key down\nkey space')" = 1 ]
	[ "$(menu '')" = 1 ]
	grep -q '^ *\*.*aaaaaaaa' "$T/screen"
	# another folder has its own
	mkdir -p "$T/other/.metaflow"
	cp "$FILE" "$T/other/.metaflow"
	[ "$(cd "$T/other" && menu '')" = 0 ]
	[ "$(cd "$T/other" && menu 'key *')" = 2 ]
	[ "$(menu '')" = 1 ]
	grep -q '^ *\*.*aaaaaaaa' "$T/screen"
	[ "$(cd "$T/other" && menu '')" = 2 ]
	# in another order, and when the other one has gone
	python3 - "$FILE" <<'P'
import json, sys
doc = json.load(open(sys.argv[1]))
envs = doc["environments"]["linux-64"]
del envs["1" * 40]["a" + "b" * 39], envs["1" * 40]["_default"]
json.dump(doc, open(sys.argv[1], "w"))
P
	[ "$(menu '')" = 1 ]
	grep -q '^ *\*.*aaaaaaaa' "$T/screen"
	[ "$(menu 'key U')" = 0 ]
	[ "$(menu '')" = 0 ]
	[ "$(cd "$T/other" && menu '')" = 2 ]
}

@test "keys: each stands below the heading that it belongs to" {
	printf '%s\n' 'resize 120x80' 'command environments' wait-idle 'key ?' wait-idle "dump $T/keys" >"$T/script"
	"$WEIR" --script "$T/script"
	python3 - "$T/keys" <<'P'
import re, sys
groups = {}
for line in open(sys.argv[1]):
    heading = re.match(r"  ([a-z].*\S)$", line)
    if heading and len(heading[1].split("  ")) == 1:
        inside = groups.setdefault(heading[1], [])
    elif groups and len(line.split()) > 1:
        inside.append(line.split()[1])
assert "preview-search" in groups["this list"], groups
assert {"select", "diff", "copy-id"} <= set(groups["what the cursor is on"]), groups
assert "columns" not in groups and "this form" not in groups, groups
P
}
