#!/usr/bin/env bats
# Environments made on this machine, from a channel that the test makes.
load helper

R1=1111111111111111111111111111111111111111
FA=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
FX=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb

setup()
{
	world
	unset PREFECT_API_URL CONDARC MAMBARC CONDA_ENVS_PATH MAMBA_ROOT_PREFIX CONDA_EXE CONDA_PREFIX
	unset CONDA_ROOT "${!METAFLOW_@}"
	mkdir -p "$T/flow/.metaflow" "$T/channel"
	cd "$T/flow" || return 1
	export CONDA_ENVS_DIRS=$T/envs CONDA_PKGS_DIRS=$T/pkgs METAFLOW_DATASTORE_SYSROOT_LOCAL=$T/flow
	python3 "$ROOT/tests/lib/conda_world.py" odd "$T/channel"
	python3 - "$T/channel/list" "$T/flow/.metaflow/conda_v2.cnd" <<'P'
import json, os, platform, sys
def package(line):
    url, md5 = line.split("#")
    file = url.rsplit("/", 1)[1]
    ending = ".conda" if file.endswith(".conda") else ".tar.bz2"
    return {"_type": "conda", "filename": file[:-len(ending)], "url": url, "url_format": ending,
            "hashes": {ending: md5}}
with open(sys.argv[1]) as f:
    packages = [package(l.strip()) for l in f if "#" in l]
arch = {"x86_64": "linux-64"}.get(platform.machine(), "linux-" + platform.machine())
def env(packages):
    return {"deps": ["conda::aaa"], "sources": ["conda::local"], "packages": packages, "resolved_by": "alice",
            "resolved_on": "2023-01-01T10:00:00", "resolved_archs": [arch]}
bad = [dict(packages[0], hashes={".conda": "0" * 32})]
R1 = "1" * 40
json.dump({"version": 1, "mappings": {"F/12/start": [R1, "a" * 40]}, "aliases": {"team/x/v1": [R1, "a" * 40]},
    "environments": {arch: {R1: {"a" * 40: env(packages[1:]), "b" * 40: env(bad), "_default": "a" * 40}},
                     "win-64": {R1: {"c" * 40: env([])}}}}, open(sys.argv[2], "w"))
P
	TARGET=$T/envs/metaflow_${R1}_$FA
}

teardown()
{
	cd / || return 1
	[ -z "$SERVER" ] || kill "$SERVER"
	weir_cleanup
}

has_err()
{
	grep -q "$1" "$T/err" || die "stderr lacks: $1"
}

# The channel on the web, with a password that must not be shown.
serve()
{
	python3 -u -m http.server 0 --bind 127.0.0.1 -d "$T/channel" >"$T/port" 2>/dev/null 3>&- &
	SERVER=$!
	until grep -q 'port [0-9]' "$T/port" || ! kill -0 $SERVER; do sleep 0.05; done
	sed -i "s|file://$T/channel|http://u:secret@127.0.0.1:$(sed 's/.*port \([0-9]*\).*/\1/;q' "$T/port")|g" \
		"$T/flow/.metaflow/conda_v2.cnd"
}

@test "create-local: from a step, with Metaflow's name and marker; again is nothing to do" {
	serve
	weir2 env create-local F/12/start --own --dry-run
	exits 0
	lacks secret
	weir2 env create-local F/12/start --own
	exits 0
	lacks secret
	[ "$(cat "$T/out")" = "$TARGET" ]
	has_err "fetched zzz-1.0-0"
	has_err "made by weir: 6 packages, 6 fetched"
	grep -q "^\[\"$R1\", \"$FA\", \"[a-z]*-[a-z0-9]*\"\]$" "$TARGET/.metaflowenv"
	[ "$(find "$TARGET/conda-meta" -name '*.json' | wc -l)" = 6 ]
	touch "$TARGET/mine"
	weir2 env create-local team/x:v1 --own -o json
	exits 0
	has_err "there already"
	grep -q '"existed":true' "$T/out"
	[ -e "$TARGET/mine" ]
	weir2 env create-local 1111 --own --recreate -q
	exits 0
	[ ! -e "$TARGET/mine" ]
	[ ! -s "$T/err" ]
	weir2 env list here:yes -o tsv -c folders
	[ "$(cat "$T/out")" = "$TARGET" ]
}

@test "create-local: --offline asks no web, without a server too" {
	serve
	weir2 env create-local F/12/start --own --offline
	one_error 5
	has_err "it is neither here nor in the cache: http"
	has_err "try: without --offline"
	lacks secret
	[ ! -e "$T/envs" ] || [ -z "$(ls -A "$T/envs")" ]
	[ -z "$(ls -A "$T/pkgs")" ]
	weir2 env create-local F/12/start --own
	exits 0
}

@test "create-local: --name, --into and --dry-run" {
	weir2 env create-local aaaa --own --dry-run --name mine
	exits 0
	has_err "would be made: $T/envs/mine, of 6 packages"
	[ "$(grep -c '^conda	' "$T/out")" = 6 ]
	has_err "6 from the web, 0 from the cache (0 B), 0 are here"
	[ ! -e "$T/envs" ]
	weir2 env create-local aaaa --own --name mine --into here
	exits 0
	[ "$(readlink here/__conda_python)" = "$T/envs/mine/bin/python" ]
	weir2 env create-local aaaa --own --name mine --into here
	exits 0
	touch here/file
	weir2 env create-local aaaa --own --name other --into here
	one_error 1
	has_err "not empty: file"
	[ ! -e "$T/envs/other" ]
	weir2 env create-local aaaa --name ../out
	one_error 2
}

# A run of Metaflow whose task remembers a code package, made of Python's `body`.
code_of()
{
	python3 - "$T/flow/.metaflow" "$R1" "$FA" "$1" <<'P'
import hashlib, io, json, os, sys, tarfile
root, req, full, body = sys.argv[1:]
out = io.BytesIO()
with tarfile.open(fileobj=out, mode="w:gz") as t:
    def add(name, text=b"x", **more):
        m = tarfile.TarInfo(name)
        m.size = len(text) if not more else 0
        for k, v in more.items():
            setattr(m, k, v)
        t.addfile(m, io.BytesIO(text))
    exec(body)
blob = out.getvalue()
sha = hashlib.sha1(blob).hexdigest()
ts = 1700000000000
def put(path, **what):
    os.makedirs(os.path.dirname(f"{root}/F/{path}"), exist_ok=True)
    with open(f"{root}/F/{path}", "w") as f:
        json.dump(dict(what, flow_id="F", run_number="77", step_name="start", task_id="1", ts_epoch=ts), f)
put("_meta/_self.json")
for d in ("77", "77/start", "77/start/1"):
    put(d + "/_meta/_self.json")
for field, value in (("conda_env_id", json.dumps([req, full, "linux-64"])),
        ("code-package", json.dumps({"ds_type": "local", "sha": sha, "location": "s3://u:secret@b/data/" + sha}))):
    put(f"77/start/1/_meta/sysmeta_{field}_{ts}.json", field_name=field, type=field, value=value,
        tags=["attempt_id:0"])
os.makedirs(f"{root}/F/data/{sha[:2]}", exist_ok=True)
with open(f"{root}/F/data/{sha[:2]}/{sha}", "wb") as f:
    f.write(blob)
P
}

@test "create-local --into: the run's code, verified, and nothing outside" {
	code_of 'add("flow.py", b"code"); add("pkg/deep/x.py"); add("conda_v2.cnd"); add("l", type=b"2", linkname="flow.py")'
	weir2 env create-local F/77/start --own --into code
	exits 0
	has_err "code of F/77/start/1 is in code"
	[ "$(cd code && find . | sort | tr '\n' ' ')" = \
		". ./__conda_python ./conda_v2.cnd ./flow.py ./l ./pkg ./pkg/deep ./pkg/deep/x.py " ]
	[ "$(cat code/l)" = code ]
	weir2 env create-local F/77/start --own --into code
	one_error 1
	has_err "not empty"
	for BODY in 'add("../out")' 'add("/tmp/weir-out")' 'add("a", type=b"2", linkname="/etc/passwd")' \
		'add("a", type=b"2", linkname=".."); add("a/out")' 'add("a", type=b"6")' \
		'add("__conda_python")' 'add("zeros", bytes(300 << 20))'; do
		code_of "$BODY"
		weir2 env create-local F/77/start --own --into bad -q
		one_error 1
		has_err "code package"
		[ "$(ls -A bad)" = __conda_python ]
		[ ! -e out ] && [ ! -e /tmp/weir-out ]
	done
}

@test "create-local --into: a full disk is named, and has nothing of the code" {
	code_of 'add("big", bytes(3 << 20))'
	mkdir small
	unshare -rm mount -t tmpfs none small 2>/dev/null || skip "cannot mount"
	status=0
	unshare -rm sh -c 'mount -t tmpfs -o size=1m none small || exit 99
		"$0" env create-local F/77/start --own -q --into "$PWD/small/code"
		s=$?
		find small -type f
		exit $s' "$WEIR" >"$T/out" 2>"$T/err" || status=$?
	one_error 1
	has_err "No space left on device: the file system of $T/flow/small/code, at $T/flow/small, has .* free"
	has_err "try: .* with --into DIR"
	[ ! -s "$T/out" ]
	[ -f "$TARGET/.metaflowenv" ]
}

@test "create-local --into: code that is not there, or not what it should be" {
	code_of 'add("flow.py")'
	BLOB=$(echo "$T"/flow/.metaflow/F/data/??/*)
	echo more >>"$BLOB"
	weir2 env create-local F/77/start --own --into code -q
	one_error 1
	has_err "not those of that name"
	[ ! -e code ] && [ ! -e "$TARGET" ]
	rm "$BLOB"
	weir2 env create-local F/77/start --own --into code
	exits 0
	has_err "not on this machine: s3://\*\*\*@b/data/"
	lacks secret
	[ "$(ls -A code)" = __conda_python ]
	weir2 env create-local F/12/start --own --into two
	exits 0
	has_err "F/12: the run has no code package"
	weir2 env create-local team/x:v1 --own --into three
	exits 0
	has_err "no step of a run"
	! grep -rlF secret "$XDG_CACHE_HOME"
}

@test "create-local: a relative folder is below the working directory, and said" {
	CONDA_ENVS_DIRS=envs weir2 env create-local F/12/start --own --dry-run
	exits 0
	has_err "CONDA_ENVS_DIRS: envs: is relative.*: $T/flow/envs; try: write the whole path"
	has_err "would be made: $T/flow/envs/metaflow_"
	CONDA_ENVS_DIRS=envs weir2 env create-local F/12/start --own
	exits 0
	[ "$(cat "$T/out")" = "$T/flow/envs/metaflow_${R1}_$FA" ]
	[ -f "$(cat "$T/out")/.metaflowenv" ]
	CONDA_ENVS_DIRS=envs weir2 env list here:yes -o tsv -c folders
	[ "$(cat "$T/out")" = "$T/flow/envs/metaflow_${R1}_$FA" ]
	printf 'envs_dirs: [there, /else]\npkgs_dirs: $NOBODY/pkgs\n' >my.rc
	unset CONDA_ENVS_DIRS CONDA_PKGS_DIRS NOBODY
	CONDARC=my.rc weir2 env create-local F/12/start --own --dry-run
	exits 0
	has_err "$T/flow/my.rc: envs_dirs: there: is relative"
	has_err 'my.rc: pkgs_dirs: $NOBODY/pkgs: passed over: a variable in it is not set; try'
	has_err "would be made: $T/flow/there/metaflow_"
}

@test "create-local: of a requirement set what is for this machine, or which there are" {
	python3 - "$T/flow/.metaflow/conda_v2.cnd" <<'P'
import copy, json, sys
doc = json.load(open(sys.argv[1]))
envs, r1, r2 = doc["environments"], "1" * 40, "2" * 40
here = next(a for a in envs if a != "win-64")
win = envs["win-64"][r1]
win["c" * 40]["resolved_on"] = "2026-01-01T10:00:00"
win["_default"] = "c" * 40
envs["win-64"][r2] = {"d" * 40: copy.deepcopy(win["c" * 40])}
envs["zos-z"] = {r2: {"e" * 40: copy.deepcopy(win["c" * 40])}}
# for this machine no default, so the other architecture's would be first
del envs[here][r1]["_default"]
del envs[here][r1]["b" * 40]
json.dump(doc, open(sys.argv[1], "w"))
P
	for word in 1111 "$R1"; do
		weir2 env create-local $word --own --dry-run
		exits 0
		has_err "would be made: $TARGET, of 6 packages"
	done
	weir2 env create-local 1111 --arch win-64 --own --dry-run
	exits 0
	has_err "metaflow_${R1}_cccc"
	weir2 env create-local 2222 --own
	one_error 1
	has_err "requirement set 2222222222222222222222222222222222222222: nothing of it is for .*, only for win-64, zos-z"
	has_err "^try: --arch win-64"
	weir2 env create-local dddd --own
	one_error 1
	has_err ":d\{40\}: there is none of it for .*, only for win-64"
	[ ! -e "$T/envs" ] || [ -z "$(ls -A "$T/envs")" ]
}

@test "create-local: two at once: one makes it, the other waits and says for whom" {
	mkdir -p "$T/pkgs"
	touch "$T/pkgs/mf_pkgs-update.lock"
	for i in 1 2; do
		"$WEIR" env create-local aaaa --own >"$T/o$i" 2>"$T/e$i" 3>&- &
		eval "P$i=$!"
	done
	until grep -q "waits: .*held by another program (probably Metaflow), of user" "$T/e1" && grep -q "waits: " "$T/e2"; do sleep 0.05; done
	rm "$T/pkgs/mf_pkgs-update.lock"
	wait $P1
	wait $P2
	[ "$(cat "$T/o1" "$T/o2")" = "$TARGET
$TARGET" ]
	[ "$(cat "$T/e1" "$T/e2" | grep -c "there already")" = 1 ]
	[ "$(find "$TARGET/conda-meta" -name '*.json' | wc -l)" = 6 ]
	[ -z "$(find "$T/envs" "$T/pkgs" -name '*.lock')" ]
}

@test "create-local: what is refused leaves nothing" {
	mkdir -p "$T/envs/mine/bin"
	echo precious >"$T/envs/mine/bin/x"
	for recreate in "" --recreate; do
		# shellcheck disable=SC2086 # none is no word
		weir2 env create-local aaaa --own --name mine $recreate -q
		one_error 1
		[ "$(cat "$T/envs/mine/bin/x")" = precious ]
	done
	weir2 env create-local $R1:$FX --own -q
	one_error 1
	has_err aaa-1.0-0
	[ ! -e "$T/envs/metaflow_${R1}_$FX" ]
	weir2 env create-local cccc --own
	one_error 1
	has_err "only for win-64"
	weir2 env create-local F/13/start
	one_error 1
	weir2 env create-local
	one_error 2
	weir2 env create-local aaaa --own --read-only
	one_error 1
	[ "$(ls "$T/envs")" = mine ]
}

@test "create-local: from the cache, offline, when the channel has gone" {
	python3 - "$T/channel" "$T/flow" <<'P'
import json, os, shutil, sys
channel, flow = sys.argv[1:]
path = flow + "/.metaflow/conda_v2.cnd"
d = json.load(open(path))
for reqs in d["environments"].values():
    for e in list(reqs.values())[0].values():
        for p in e["packages"] if isinstance(e, dict) else []:
            ending, file = p["url_format"], p["filename"] + p["url_format"]
            key = f"packages/conda/local/{file}/{file}/{p['hashes'][ending]}/{file}"
            p["cache_info"] = {ending: {"_type": "conda", "url": key}}
            to = f"{flow}/conda_env/{key}"
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy(f"{channel}/{file}", to)
json.dump(d, open(path, "w"))
P
	rm -r "$T/channel"
	weir2 env create-local F/12/start --dry-run -o json
	exits 0
	python3 - "$T/out" <<'P'
import json, sys
d = json.load(open(sys.argv[1]))
assert len(d) == 6 and all(p["from"] == "cache" and p["size"] > 100 for p in d), d
P
	[ ! -e "$T/pkgs" ]
	mkdir "$T/pkgs"
	echo other >"$T/pkgs/$(basename "$(find "$T/flow/conda_env" -type f -name 'zzz-*')")"
	weir2 env create-local F/12/start --own --offline
	exits 0
	has_err "6 packages, 0 fetched, 6 cached"
	[ "$(grep -c 'zzz.*: not taken: its hash is another' "$T/err")" = 1 ]
	weir2 env create-local F/12/start --dry-run
	has_err "0 from the web, 0 from the cache (0 B), 6 are here"
	[ -e "$TARGET/.metaflowenv" ]
}

@test "create-local: two words are two environments, of which one is made at a time" {
	weir2 env create-local "$R1" "$FA"
	one_error 2
	has_err "'$FA': one environment is made at a time"
	has_err "REQ_ID:FULL_ID"
}

@test "json: what each part prints has the members that weir-json(5) lists" {
	weir2 env list -o json
	documented environments
	weir2 env which zzz -o json
	documented environments '[{k: v for k, v in e.items() if k != "pkg.zzz"} for e in d]'
	weir2 env show $R1 -o json
	documented environment
	weir2 env diff $FA $FX -o json
	exits 1
	documented diff
	weir2 env create-local $R1 --own --dry-run -o ndjson
	exits 0
	documented plan
	weir2 env create-local $R1 --own -o json
	exits 0
	documented created
	json 'not d["existed"] and d["made_by"] == "weir"'
	weir2 env gc --all --dry-run -o json
	exits 0
	documented gc
	weir2 env select-resolved --full-id $FX --req-id $R1 -o json
	exits 0
	documented selected
	weir2 env undo -o ndjson
	exits 0
	documented selected
	weir2 env hash conda::python==3.11.7 -o json
	documented hash
}
