#!/usr/bin/env bats
# Environments: what is not as it should be, and passwords that nobody may see.
load helper

R1=1111111111111111111111111111111111111111
FA=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
FB=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

setup()
{
	world
	unset PREFECT_API_URL CONDARC MAMBARC CONDA_ENVS_PATH MAMBA_ROOT_PREFIX CONDA_EXE CONDA_PREFIX
	unset CONDA_ROOT "${!METAFLOW_@}"
	mkdir -p "$T/flow/.metaflow"
	cd "$T/flow" || return 1
	export CONDA_ENVS_DIRS=$T/envs CONDA_PKGS_DIRS=$T/pkgs METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/flow
	FILE=$T/flow/.metaflow/conda_v2.cnd
	python3 - "$FILE" <<'P'
import json, platform, sys
U = "http://user:s3cr3t@127.0.0.1:9/"
arch = {"x86_64": "linux-64"}.get(platform.machine(), "linux-" + platform.machine())
key = "packages/conda/user:s3cr3t@127.0.0.1:9/c/a-1-0.conda/a-1-0.conda/" + "0" * 32 + "/a-1-0.conda"
packages = [{"_type": "conda", "filename": "a-1-0", "url": U + "c/a-1-0.conda", "url_format": ".conda",
             "hashes": {".conda": "0" * 32}, "cache_info": {".conda": {"_type": "conda", "url": key}}},
            {"_type": "pypi", "filename": "b-1-py3-none-any", "url": U + "b-1-py3-none-any.whl",
             "url_format": ".whl", "hashes": {".whl": "0" * 64}}]
env = {"deps": ["conda::python==3.8", "pypi::x@git+https://user:s3cr3t@g/r.git@main"],
       "sources": ["conda::" + U + "c", "pypi::" + U + "simple"], "extras": ["pypi::-f " + U, "pypi::--index=" + U],
       "packages": packages, "resolved_on": "2023-01-01T00:00:00", "resolved_by": "alice",
       "resolved_archs": [arch], "full_id_unique_keys": {"k": U}, "other": U}
R1 = "1" * 40
json.dump({"version": 1, "mappings": {"F/1/s": [R1, "a" * 40]}, "aliases": {"t/v1": [R1, "a" * 40]},
    "environments": {arch: {R1: {"a" * 40: env, "b" * 40: dict(env, packages=packages[:1]), "_default": "a" * 40}}}},
    open(sys.argv[1], "w"))
P
}

teardown()
{
	cd / || return 1
	rm -rf "$open"
	weir_cleanup
}

has_err()
{
	grep -q -- "$1" "$T/err" || die "stderr lacks: $1"
}

no_secret()
{
	! grep -q s3cr3t "$T/out" "$T/err" || die "$* shows it"
}

@test "passwords: in no output, store, log or note" {
	export WEIR_LOG=$T/log
	python3 -c 'import json; d = json.load(open(".metaflow/conda_v2.cnd"))
e = list(d["environments"].values())[0]["1" * 40]["a" * 40]; json.dump(dict(e, arch="linux-64"), open("one", "w"))'
	ALL=$(python3 -c 'import re, sys; print(",".join(re.findall(r"(?m)^\.It Cm (\w+)", sys.stdin.read().split("deps , dep")[0].split("short_id , short")[-1])))' \
		<"$ROOT/man/weir-query.7")
	[ "${#ALL}" -gt 100 ]
	while read -r words; do
		# shellcheck disable=SC2086 # words
		weir2 env $words
		no_secret "$words"
	done <<-W
		list -o json
		list -o table --group
		list -o csv -c $ALL,deps,sources,extras,packages,full_id_unique_keys
		list --count-by sources
		list --count-by deps
		list dep:*s3cr3t*
		which a -o json
		which a -o table
		show aaaa -o json
		show aaaa -o table
		show aaaa -o tsv
		show https://user:s3cr3t@h/x
		diff aaaa bbbb -o json
		diff aaaa bbbb -o table
		hash one -o json
		hash one
		select-resolved --req-id 1111 --full-id bbbb --dry-run -o json
		create-local aaaa --dry-run -o table
		create-local aaaa --dry-run -o json
		create-local aaaa --own
		gc --all --dry-run
	W
	[ -s "$T/out" ] || [ -s "$T/err" ]
	weir2 env list -o json
	grep -q 'http://\*\*\*@127.0.0.1:9/simple' "$T/out"
	! grep -rl s3cr3t "$XDG_CACHE_HOME" "$XDG_STATE_HOME" "$T/log" "$T/envs" "$T/pkgs"
}

@test "passwords: in nothing that a created environment has" {
	mkdir "$T/channel"
	python3 "$ROOT/tests/lib/conda_world.py" odd "$T/channel"
	python3 -u -m http.server 0 --bind 127.0.0.1 -d "$T/channel" >"$T/port" 2>/dev/null 3>&- &
	SERVER=$!
	until grep -q 'port [0-9]' "$T/port"; do sleep 0.05; done
	python3 - "$FILE" "$T/channel/list" "$(sed 's/.*port \([0-9]*\).*/\1/;q' "$T/port")" <<'P'
import json, sys
file, names, port = sys.argv[1:]
d = json.load(open(file))
packages = []
for line in open(names):
    if "#" in line:
        url, md5 = line.strip().split("#")
        name = url.rsplit("/", 1)[1]
        ending = ".conda" if name.endswith(".conda") else ".tar.bz2"
        packages.append({"_type": "conda", "filename": name[:-len(ending)], "url_format": ending,
                         "url": f"http://user:s3cr3t@127.0.0.1:{port}/{name}", "hashes": {ending: md5}})
list(d["environments"].values())[0]["1" * 40]["b" * 40]["packages"] = packages[1:]
json.dump(d, open(file, "w"))
P
	weir2 env create-local bbbb --own
	kill $SERVER
	exits 0
	no_secret create-local
	! grep -rl s3cr3t "$T/envs" "$T/pkgs" "$XDG_CACHE_HOME"
}

@test "a file of another user that is closed to others" {
	open_to_nobody
	chmod 600 "$FILE"
	for words in "list" "show aaaa" "which a" "create-local aaaa --own" "gc --dry-run" \
		"select-resolved --req-id 1111 --full-id bbbb"; do
		# shellcheck disable=SC2086 # words
		run nobody env $words
		[ "$status" = 1 ]
		[[ "$output" == *"it belongs to root and others may not read it"*"chmod a+r"* ]]
	done
	[ "$(stat -c %a "$FILE")" = 600 ]
}

@test "ids, architectures and pathspecs that are not there" {
	weir2 env show AAAA
	one_error 1
	has_err "ids are in lower case"
	weir2 env show $R1:${FA^^}
	one_error 1
	has_err "ids are in lower case"
	weir2 env show $R1:$FB --arch sun-4
	one_error 1
	has_err "there is none for sun-4"
	weir2 env create-local aaaa --arch sun-4
	one_error 1
	has_err "none of it for sun-4, only for linux"
	weir2 env list --arch sun-4
	exits 0
	has_err "none of them is for sun-4"
	weir2 env show F/9/s
	one_error 1
	has_err "F/9/s"
	weir2 env create-local F/9/s --own
	one_error 1
	has_err "F/9/s"
	weir2 env diff F/9/s aaaa
	one_error 6
	weir2 env show "$T/flow"
	one_error 1
	[ ! -e "$T/envs" ]
}
