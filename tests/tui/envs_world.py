"""A small conda_v2.cnd for the menus: two requests, three architectures, a helper."""
import json
import os

R1, R2, R3 = "1" * 40, "2" * 40, "3" * 40
FULL = {"anna": "a1" * 20, "bert": "b2" * 20, "cleo": "c3" * 20, "dora": "d4" * 20, "emil": "e5" * 20}
HELPER = "f6" * 20


def conda(name, version, build, arch, channel="conda-forge"):
    where = f"https://conda.anaconda.org/{channel}/{arch}/{name}-{version}-{build}"
    return {"_type": "conda", "filename": f"{name}-{version}-{build}", "url": where + ".conda",
            "url_format": ".conda", "hashes": {".conda": "ab"}}


def wheel(name, version):
    file = f"{name}-{version}-py3-none-any"
    return {"_type": "pypi", "filename": file, "url": f"https://files.pythonhosted.org/{file}.whl",
            "url_format": ".whl", "hashes": {".whl": "cd"}}


def env(packages, on, by, archs, deps=("conda::python==3.11.3",)):
    return {"deps": list(deps), "sources": ["conda::conda-forge"], "packages": packages,
            "resolved_on": on, "resolved_by": by, "resolved_archs": archs}


def packages(arch, openssl, numpy, extra=()):
    return [conda("python", "3.11.3", "h1_0", arch), conda("openssl", openssl, "h0_0", arch),
            conda("numpy", numpy, "py311_0", arch), *extra]


def content(poison=""):
    """Names have the poison in all that a person writes."""
    lin, mac, arm = "linux-64", "osx-arm64", "linux-aarch64"
    one = {
        lin: {R1: {FULL["anna"]: env(packages(lin, "3.1.2", "1.24.4"), "2026-11-01T10:00:00", "zoe" + poison, [lin, mac]),
                   FULL["bert"]: env(packages(lin, "3.0.8", "1.26.0", [conda("zlib", "1.3", "h2_0", lin)]),
                                     "2026-11-05T10:00:00", "alice" + poison, [lin]),
                   FULL["cleo"]: env(packages(lin, "3.1.2", "1.24.4", [wheel("requests", "2.31.0")]),
                                     "2026-10-20T09:00:00", "bob" + poison, [lin]),
                   "_default": FULL["anna"]},
              R2: {FULL["dora"]: env(packages(lin, "1.1.1w", "1.20.0"), "2026-09-02T08:30:00", "mia" + poison, [lin],
                                     ["conda::python==3.8.1", "conda::torch" + poison])},
              R3: {HELPER: env([conda("pip", "23.2.1", "py_0", lin)], "2026-09-01T00:00:00", "bob", [lin],
                               ["conda::python==3.9", "conda::wheel", "conda::tomli==2"])}},
        mac: {R1: {FULL["anna"]: env(packages(mac, "3.1.2", "1.24.4"), "2026-11-01T10:00:00", "zoe" + poison, [lin, mac]),
                   "_default": FULL["anna"]}},
        arm: {R2: {FULL["emil"]: env(packages(arm, "3.5.4", "2.3.1", [conda("poison" + poison, "1", "0", arm)] if poison else ()),
                                     "2026-11-20T12:00:00", "leo" + poison, [arm])}},
    }
    return {"version": 1, "mappings": {"TrainFlow/12/start": [R1, FULL["anna"]],
                                       "TrainFlow/12/fit": [R1, FULL["anna"]],
                                       "EvalFlow/7/start": [R2, FULL["dora"]]},
            "mutable_aliases": {"team/ml/latest" + poison: [R1, FULL["bert"]]},
            "aliases": {"team/ml/v1" + poison: [R1, FULL["anna"]]}, "environments": one}


def write(folder, kind="some", poison=""):
    """kind: some, empty, none, damaged, fails; of a folder that a script starts in."""
    if kind == "none":
        return
    os.makedirs(f"{folder}/.metaflow", exist_ok=True)
    file = f"{folder}/.metaflow/conda_v2.cnd"
    text = json.dumps(content(poison))
    if kind == "damaged":
        text = text[:700]
    elif kind == "garbage":
        text = "this is no JSON"
    if kind != "empty":
        with open(file + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(file + ".new", file)
