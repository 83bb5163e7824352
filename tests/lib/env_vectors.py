#!/usr/bin/env python3
"""weir env beside what the extension itself says of the same files.

Usage: env_vectors.py CHECK DATA WEIR; in a folder whose .metaflow may be written
"""
import json
import os
import re
import shutil
import subprocess
import sys

DATA, WEIR = sys.argv[2], sys.argv[3]


def weir(*words, status=0):
    p = subprocess.run([WEIR, "env", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                       stdin=subprocess.DEVNULL, check=False)
    assert p.returncode == status, (words, p.returncode, p.stderr)
    return p.stdout


def load(name):
    with open(f"{DATA}/{name}", encoding="utf-8") as f:
        return json.load(f) if name.endswith(".json") else f.read()


def use(name):
    os.makedirs(".metaflow", exist_ok=True)
    shutil.copy(f"{DATA}/{name}", ".metaflow/conda_v2.cnd")


def write(what):
    os.makedirs(".metaflow", exist_ok=True)
    with open(".metaflow/conda_v2.cnd", "w", encoding="utf-8") as f:
        json.dump(what, f)


def listed(*words):
    return {(e["arch"], e["req_id"], e["full_id"]): e for e in json.loads(weir("list", "--all", "-n0", "-ojson", *words))}


def pypi(name):
    """A name as PEP 503 has it: weir shows that of files of 0.0.10 too."""
    return re.sub(r"[-_.]+", "-", name).lower()


def manifest(folder):
    use(f"{folder}/conda_v2.cnd")
    want = load(f"{folder}/expected.json")["environments"]
    got = listed()
    assert len(got) == len(want), (len(got), len(want))
    for w in want:
        e = got[w["arch"], w["req_id"], w["full_id"]]
        for a, b in (("is_default", "is_default"), ("resolved_by", "resolved_by"), ("deps", "deps"),
                     ("sources", "sources"), ("resolved_on", "resolved_on_isoformat"),
                     ("n_packages", "n_packages"), ("n_conda", "n_conda")):
            assert e[a] == w[b], (a, e[a], w[b])
        assert sorted(e["resolved_archs"]) == sorted(w["resolved_archs"])
        if "immutable_aliases" in w:
            aliases = w["immutable_aliases"] + w["mutable_aliases"]
            aliases = [":".join(a.rsplit("/", 1)) for a in aliases]
            assert sorted(e["aliases"]) == sorted(aliases), (e["aliases"], aliases)
        (shown,) = json.loads(weir("show", f"{w['req_id']}:{w['full_id']}", "--arch", w["arch"], "-ojson"))
        assert shown["req_id_formula"] != "unverified" and shown["full_id_formula"] != "unverified", shown["full_id"]
        names = [(p["name"], p["version"]) for p in shown["packages"]]
        assert names == [(n if t == "conda" else pypi(n), v) for t, n, v, _ in w["packages"]], names
        with open("one.json", "w", encoding="utf-8") as f:
            json.dump(shown, f)
        ids = {x["value"] for x in json.loads(weir("hash", "one.json", "-ojson"))}
        assert w["req_id"] in ids, w["req_id"]
        assert w["full_id"] in ids or len(w["resolved_archs"]) > 1, w["full_id"]


def damaged():
    use("manifest-damaged/trailing-bytes.cnd")
    want = load("manifest-damaged/expected.json")
    assert sorted(listed()) == sorted(tuple(x) for x in want["environments_in_first_value"])


def quiet(folder, name):
    """The terse lines of the commands that were dropped."""
    use(f"{folder}/conda_v2.cnd")
    got, n = listed(), 0
    for line in load(f"{folder}/{name}").splitlines():
        m = re.fullmatch(r"([0-9a-f]{40}) ([0-9a-f]{40}) (?:(\S*) )?(linux-\S+|osx-\S+) (\S+) (.+?) (\S+) (\S+::\S+) "
                         r"(NONE|\S+) conda:(\S*) (?:pip|pypi):(\S*) (\S+)", line)
        if not m:
            continue
        req, full, aliases, arch, on, by, archs, deps, sources, conda, wheels, _ = m.groups()
        e = got[arch, req, full]
        n += 1
        assert (e["resolved_on"], e["resolved_by"]) == (on, by), line
        assert ",".join(e["resolved_archs"]) == archs and ",".join(e["deps"]) == deps, line
        assert (",".join(e["sources"]) or "NONE") == sources, line
        if aliases is not None:
            assert sorted(e["aliases"]) == sorted(filter(None, aliases.replace("(m)", "").split(","))), line
        (shown,) = json.loads(weir("show", f"{req}:{full}", "--arch", arch, "-ojson"))
        for kind, text in (("conda", conda), ("pypi", wheels)):
            want = [x for x in text.split(",") if x]
            have = [p for p in shown["packages"] if (p["_type"] == "conda") == (kind == "conda")]
            assert len(have) == len(want), (kind, line)
            by_name = {p["name"]: p for p in have}
            for x in want:
                name, _, version = x.partition("==")
                p = by_name[name]
                assert version in (p["version"], f"{p['version']}-{p['build']}"), (x, p)
    assert n, "no line was understood"
    return got


def old_commands():
    got = quiet("cli-0.0.10", "list-no-menu-quiet.stderr.txt")
    text, req = load("cli-0.0.10/list-no-menu.stderr.txt"), None
    for line in text.splitlines():
        m = re.search(r"\(hash: (\w+)\)", line)
        req = m.group(1) if m else req
        m = re.fullmatch(r"(DEFAULT )?Environment full hash (\w+)", line)
        if m:
            assert got["linux-64", req, m.group(2)]["is_default"] == bool(m.group(1)), line


def new_commands():
    got = quiet("cli-main", "show-quiet.stderr.txt")
    for name in ("flow-show.output.json", "flow-resolve-force.output.json"):
        for step, what in load(f"cli-main/{name}").items():
            for one in [what] if "env_id" in what else what.values():
                req, full, arch = one.get("env_id") or (one.get("req_id"), one.get("full_id"), "linux-64")
                if not req or (arch, req, full) not in got:
                    assert name != "flow-show.output.json" or what["is_disabled"], step
                    continue
                (shown,) = json.loads(weir("show", f"{req}:{full}", "--arch", arch, "-ojson"))
                for key in ("deps", "sources", "resolved_on", "resolved_by", "env_type"):
                    assert shown[key] == one["env"][key], (step, key)
                assert [p["filename"] for p in shown["packages"]] == [p["filename"] for p in one["env"]["packages"]]


def cache():
    files = load("remote-cache-main.json")["files"]
    for key, text in files.items():
        os.makedirs(os.path.dirname(f"conda_env/{key}"), exist_ok=True)
        with open(f"conda_env/{key}", "w", encoding="utf-8") as f:
            f.write(text)
    os.makedirs(".metaflow", exist_ok=True)
    os.environ["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = os.getcwd()
    want = {tuple(k.split("/")[1:4]) for k in files if k.endswith("/env")}
    got = listed("cached:yes")
    assert set(got) == want, (set(got), want)
    n = 0
    for key, text in files.items():
        if key.startswith("envs/aliases/generic/"):
            name, _, tag = key[len("envs/aliases/generic/"):].rpartition("/")
            assert weir("show", f"{name}:{tag}", "-oname").strip() == ":".join(json.loads(text)), key
            n += 1
        elif key.endswith("/env"):
            _, arch, req, full, _ = key.split("/")
            (shown,) = json.loads(weir("show", f"{req}:{full}", "--arch", arch, "-ojson"))
            assert [p["url"] for p in shown["packages"]] == [p["url"] for p in json.loads(text)["packages"]]
            assert shown["full_id_formula"] != "unverified"
    assert n == 2


def names():
    for era in ("0.0.10", "main"):
        split = load(f"paths-and-names-{era}.json")
        packages, want = [], []
        for kind, filenames in split["filename_split"].items():
            for filename, parts in filenames.items():
                packages.append({"_type": kind, "filename": filename, "url": f"https://h/{filename}.whl",
                                 "url_format": ".whl", "hashes": {}})
                want.append((kind, filename, parts))
        req, full, arch = "a" * 40, "b" * 40, "linux-64"
        write({"version": 1, "mappings": {}, "aliases": {}, "environments": {arch: {req: {full: {
            "deps": [], "sources": [], "packages": packages, "alias": None, "resolved_on": "2023-01-01T00:00:00",
            "resolved_by": "x", "resolved_archs": [arch]}}}}})
        (shown,) = json.loads(weir("show", f"{req}:{full}", "-ojson"))
        for p, (kind, filename, parts) in zip(shown["packages"], want):
            if isinstance(parts, dict):  # the extension fails the file; weir shows the name
                assert era == "0.0.10" or p["name"] == filename, p
            elif kind == "conda" or era == "main":
                assert (p["name"], p["version"]) == tuple(parts[:2]), (p, parts)
            else:
                assert p["name"] == pypi(parts[0]), (p, parts)
        out = subprocess.run([WEIR, "env", "create-local", f"{req}:{full}", "--arch", arch, "--dry-run"],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True).stderr
        assert f"/{split['env_dirname']}," in out, out
    aliases(split["alias"])


def aliases(forms):
    """Every form of naming an environment that the extension takes."""
    req, full, arch = "a" * 40, "b" * 40, "linux-64"
    env = {"deps": [], "sources": [], "packages": [], "resolved_on": "2023-01-01T00:00:00", "resolved_by": "x",
           "resolved_archs": [arch]}
    for form, what in forms.items():
        resolved = what.get("resolved")
        write({"version": 1, "mappings": {resolved: [req, full]} if what.get("type") == "pathspec" else {},
               "aliases": {resolved: [req, full]} if what.get("type") == "generic" else {},
               "environments": {arch: {req: {full: env}}}})
        if resolved and not resolved.endswith("/"):
            assert weir("show", "-oname", "--", form).strip() == f"{req}:{full}", form
        elif "error" in what and ":" in form and not form.startswith("step:"):
            weir("show", "--", form, status=1)


CHECKS = {"manifest-old": lambda: manifest("manifest-0.0.10"), "manifest-main": lambda: manifest("manifest-main"),
          "damaged": damaged, "old-commands": old_commands, "new-commands": new_commands, "cache": cache,
          "names": names}
CHECKS[sys.argv[1]]()
