"""What Metaflow's extension and weir ask of micromamba, answered by py-rattler.

Usage: PYTHON tests/real/micromamba.py COMMAND..., PYTHON has py-rattler
CONDARC is JSON (which is YAML too). Nothing is created as long as the file MICROMAMBA_HOLD is there. No registry of packages has micromamba itself.
"""
import asyncio
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import time

import rattler

VERSION = "2.0.5"
WITH_VALUE = {"-p": "prefix", "--prefix": "prefix", "-n": "name", "--name": "name", "-r": "root",
              "--root-prefix": "root", "-f": "file", "--file": "file", "-c": "channel", "--channel": "channel"}


def parse(argv):
    """(words, options): the value of an option is a list."""
    words, options, rest = [], {}, list(argv)
    while rest:
        a = rest.pop(0)
        if a in WITH_VALUE:
            options.setdefault(WITH_VALUE[a], []).append(rest.pop(0))
        elif a.startswith("-"):
            options[a.lstrip("-")] = True
        else:
            words.append(a)
    return words, options


def settings(options):
    rc = {}
    if os.environ.get("CONDARC"):
        with open(os.environ["CONDARC"], encoding="utf-8") as f:
            rc = json.load(f)
    root = options.get("root", [os.environ.get("MAMBA_ROOT_PREFIX", os.path.expanduser("~/micromamba"))])[-1]
    of = {"root": root, "channels": rc.get("channels", [])}
    for key, name in (("envs", "CONDA_ENVS_DIRS"), ("pkgs", "CONDA_PKGS_DIRS")):
        of[key] = os.environ[name].split(":") if os.environ.get(name) else rc.get(key + "_dirs") or [f"{root}/{key}"]
    of["own"] = str(rattler.Subdir.current())
    of["subdir"] = os.environ.get("CONDA_SUBDIR") or of["own"]
    return of


def answer(o, status=0):
    print(json.dumps(o, indent=1), flush=True)
    os._exit(status)  # the library's threads need not be waited for


def virtual_packages(subdir, own):
    have = {"__unix": "0", "__linux": "5.10", "__glibc": "2.17"}
    if subdir == own:
        for p in rattler.VirtualPackage.detect():
            g = p.into_generic()
            have[g.name.normalized] = str(g.version)
    for name in ("glibc", "cuda", "linux"):
        given = os.environ.get("CONDA_OVERRIDE_" + name.upper())
        if given is not None:
            have.pop("__" + name, None)
            if given:
                have["__" + name] = given
    return [rattler.GenericVirtualPackage(rattler.PackageName(n), rattler.Version(v), rattler.BuildString("0"))
            for n, v in have.items()]


def solved(specs, channels, of):
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as cache:
        records = asyncio.run(rattler.solve(
            [rattler.Channel(c) for c in channels], specs, gateway=rattler.Gateway(cache_dir=cache),
            platforms=[of["subdir"], "noarch"], virtual_packages=virtual_packages(of["subdir"], of["own"])))
    by_name = {r.name.normalized: r for r in records}
    return [by_name[p.name.normalized] for p in rattler.PackageRecord.sort_topologically(records)]


def listed(path, folders):
    """The records of a list of archives, which must lie in the folders of packages."""
    with open(path, encoding="utf-8") as f:
        lines = [x.strip() for x in f if x.startswith(("http", "file"))]
    records = []
    for line in lines:
        url, _, given = line.partition("#")
        name = url.rsplit("/", 1)[1]
        path = next((p for p in (f"{d}/{name}" for d in folders) if os.path.isfile(p)), None)
        if not path and url.startswith("file://"):
            path = url[7:]
        if not path:
            raise RuntimeError(f"{name}: not among the packages")
        with open(path, "rb") as f:
            if given and hashlib.md5(f.read()).hexdigest() != given.split("=")[-1]:
                raise RuntimeError(f"{name}: not the hash of the list")
        r = asyncio.run(rattler.RepoDataRecord.from_package_archive(path))
        r.url, r.channel = url, url.rsplit("/", 2)[0]
        records.append((r, path))
    return records


def link(records, prefix, of):
    while os.path.exists(os.environ.get("MICROMAMBA_HOLD", "")):
        time.sleep(0.05)
    os.makedirs(prefix + "/conda-meta", exist_ok=True)
    with open(prefix + "/conda-meta/history", "a", encoding="utf-8"):
        pass
    addresses = {}
    for r, path in records:
        addresses[f"{prefix}/conda-meta/{r.name.normalized}-{r.version}-{r.build}.json"] = r.url
        r.url = "file://" + path
    asyncio.run(rattler.install([r for r, _ in records], prefix, cache_dir=of["root"] + "/unpacked",
                                platform=rattler.Subdir(of["own"]), show_progress=False,
                                execute_link_scripts=False))
    for path, url in addresses.items():  # of where it came from, not of the folder of packages
        with open(path, encoding="utf-8") as f:
            record = json.load(f)
        with open(path, "w", encoding="utf-8") as f:
            json.dump(dict(record, url=url), f)


def create(words, options, of):
    prefix = options["prefix"][-1] if "prefix" in options else f"{of['envs'][0]}/{options['name'][-1]}"
    try:
        if "file" in options:
            found = listed(options["file"][-1], of["pkgs"])
            link(found, prefix, of)
            records = [r for r, _ in found]
        else:
            channels = options.get("channel", [])
            specs = [re.sub(r"=+([<>!=~])", r"\1", w) for w in words]
            records = solved(specs, channels + [c for c in of["channels"] if c not in channels], of)
    except Exception as e:  # pylint: disable=broad-except
        answer({"success": False, "solver_problems": str(e).splitlines()}, 1)
    answer({"success": True, "prefix": prefix, "actions": {"PREFIX": prefix, "LINK": [
        {"name": r.name.normalized, "version": str(r.version), "build": str(r.build), "build_string": str(r.build),
         "build_number": r.build_number, "subdir": str(r.subdir), "fn": r.file_name, "url": r.url,
         "md5": r.md5.hex() if r.md5 else "", "sha256": r.sha256.hex() if r.sha256 else "", "size": r.size or 0}
        for r in records]}})


def main(argv):
    words, options = parse(argv)
    if "version" in options:
        print(VERSION)
        return
    of, command = settings(options), words.pop(0)
    if command == "info":
        answer({"micromamba version": VERSION, "base environment": of["root"], "envs directories": of["envs"],
                "package cache": of["pkgs"], "platform": of["subdir"],
                "channels": [f"{c}/{s}" for c in of["channels"] for s in (of["subdir"], "noarch")],
                "virtual packages": [f"{p.name.normalized}={p.version}=0" for p in
                                     virtual_packages(of["subdir"], of["own"])]})
    elif command == "create":
        create(words, options, of)
    elif command == "env" and words == ["remove"]:
        path = options["prefix"][-1] if "prefix" in options else f"{of['envs'][0]}/{options['name'][-1]}"
        shutil.rmtree(path, ignore_errors=True)
        answer({"success": True})
    else:
        sys.exit(f"micromamba.py: {command}: not answered")


if __name__ == "__main__":
    main(sys.argv[1:])
