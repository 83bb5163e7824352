"""conda_v2.cnd of any size, and what Python needs to read one.

Usage: tests/bench/environments.py make FILE ENVIRONMENTS PACKAGES
       tests/bench/environments.py list|which FILE [NAME LESS_THAN]
       VENV/bin/python tests/bench/environments.py real-list|real-which FILE [NAME LESS_THAN]
The last by the reader of Metaflow's own extension, in the venv of tests/real/venvs.
"""
import hashlib
import json
import os
import random
import sys

NAMES, VERSIONS = 400, 30


def sha(text):
    return hashlib.sha1(text.encode()).hexdigest()


def package(name, v):
    """As Metaflow's extension writes it, with its place in the cache."""
    build = hashlib.md5(f"{name}{v}".encode()).hexdigest()
    fn = f"{name}-{v % 5}.{v // 5}.{v}-h{build[:7]}_{v % 3}"
    url = f"conda.anaconda.org/conda-forge/linux-64/{fn}.conda"
    return {"_type": "conda", "filename": fn, "url": f"https://{url}", "url_format": ".conda",
            "hashes": {".conda": build},
            "cache_info": {".conda": {"_type": "conda",
                                      "url": f"packages/conda/{url}/{fn}.conda/{build}/{fn}.conda"}}}


def make(path, n, n_packages):
    """Environments of n / 3 requests, each with openssl and python."""
    r = random.Random(7)
    names = [f"lib{i}" for i in range(NAMES)]
    found, aliases = {}, {}
    for i in range(n):
        req, full = sha(f"r{i // 3}"), sha(f"f{i}")
        of = ["openssl", "python"] + r.sample(names, n_packages - 2)
        env = {"deps": ["conda::python==3.11.7", f"conda::x=={i // 3}"],
               "sources": ["conda::conda-forge"], "extras": [],
               "packages": [package(p, r.randrange(VERSIONS)) for p in of],
               "resolved_on": f"2025-{1 + i % 12:02}-{1 + i % 28:02}T{i % 24:02}:{i % 60:02}:00.5",
               "resolved_by": r.choice(["alice", "bob", "carol"]), "resolved_archs": ["linux-64"],
               "env_type": "conda-only", "accurate_source": True, "full_id_unique_keys": {}}
        of_req = found.setdefault(req, {})
        of_req[full] = env
        of_req["_default"] = full
        aliases[full] = [req, full]
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"version": 1, "mappings": {}, "mutable_aliases": {}, "aliases": aliases,
                   "environments": {"linux-64": found}}, f)


def least(path):
    """The least that a reader in Python does: the file as a tree, then a walk over it."""
    with open(path, encoding="utf-8") as f:
        root = json.load(f)
    for arch, of_arch in root["environments"].items():
        for req, of_req in of_arch.items():
            for full, env in of_req.items():
                if full != "_default":
                    packages = (p["filename"].rsplit("-", 2)[:2] for p in env["packages"])
                    yield req, full, arch, of_req["_default"] == full, env["resolved_by"], packages


def real(path):
    """The same by the extension's reader."""
    from metaflow.extension_support.plugins import resolve_plugins  # noqa: F401  its modules first
    from metaflow_extensions.netflixext.plugins.conda.env_descr import read_conda_manifest

    info = read_conda_manifest(os.path.dirname(path))
    for e_id, env in info.envs:
        packages = ((p.package_name, p.package_version) for p in env.packages)
        yield *e_id, info.get_default(e_id.req_id, e_id.arch) == e_id, env.resolved_by, packages


def main(what, path, *words):
    reader = real if what.startswith("real-") else least
    if what == "make":
        make(path, *map(int, words))
    elif what.endswith("list"):
        for *ids, is_default, by, packages in reader(path):
            print(*ids, is_default, by, sum(1 for _ in packages))
    else:
        for req, full, arch, _, _, packages in reader(path):
            for name, version in packages:
                if name == words[0] and int(version.split(".")[0]) < int(words[1]):
                    print(req, full, arch, version)


if __name__ == "__main__":
    main(*sys.argv[1:])
