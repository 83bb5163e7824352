#!/usr/bin/env python3
"""weir beside a real Metaflow and its Netflix extension: what it resolves, weir lists; what weir
selects, the next run uses; what weir creates, a run takes for its own.

Usage: tests/real/metaflow_real.py; B is the build folder
Metaflow, its channel and micromamba's stand-in are metaflow_world's; where the package index
cannot be reached all is skipped. Everything is made and removed here.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lib")]
import conda_channel  # noqa: E402
import conda_world  # noqa: E402
import installing  # noqa: E402
import metaflow_runs  # noqa: E402
import metaflow_world  # noqa: E402
from weir_world import Checks  # noqa: E402

NO_TOOLS = "/usr/bin:/bin"


def same(check, what, ours, theirs):
    why = [f"{k} {n}: weir: {ours.get(k, {}).get(n)}; Metaflow: {theirs.get(k, {}).get(n)}"
           for k in sorted({*ours, *theirs}, key=str) for n in {**ours.get(k, {}), **theirs.get(k, {})}
           if ours.get(k, {}).get(n) != theirs.get(k, {}).get(n)]
    check(theirs and not why, what, *why[:10])


def environments(check, w, what):
    """Every environment of the file, as Metaflow's own reader has it."""
    def key(e):
        return e["req_id"], e["full_id"], e["arch"]

    names = ("is_default", "resolved_by", "resolved_on", "env_type", "deps", "sources")
    theirs = {key(e): {**{n: e[n] for n in names}, "archs": e["resolved_archs"],
                       "aliases": [":".join(a.rsplit("/", 1)) for a in e["aliases"] if a != e["full_id"]],
                       "packages": e["packages"]}
              for e in w.ask("environments", w.dir + "/ds/.metaflow")}
    ours, unverified = {}, []
    for e in w.json("env", "list", "--all", "--local-only", "-n", "0"):
        shown = next(s for s in w.json("env", "show", e["req_id"] + ":" + e["full_id"]) if s["arch"] == e["arch"])
        packages = sorted([p["_type"], p["filename"], p["name"], p["version"], p["url"]] for p in shown["packages"])
        ours[key(e)] = {**{n: e[n] for n in names}, "aliases": sorted(e["aliases"]),
                        "archs": sorted(e["resolved_archs"]), "packages": packages}
        unverified += [key(e)] * ("unverified" in (shown["req_id_formula"], shown["full_id_formula"]))
    same(check, f"{what}: {len(theirs)} environments as Metaflow reads them", ours, theirs)
    check(not unverified, f"{what}: their ids are what formulas give", *unverified)


def of_request(w, dep="conda::demo==>=1.0", arch="linux-64"):
    """(req_id, default, all full_ids) of what quick.py asks for."""
    with open(w.cnd, encoding="utf-8") as f:
        for req, of in json.load(f)["environments"][arch].items():
            fulls = [k for k in of if k != "_default"]
            if any(dep in of[k]["deps"] for k in fulls):
                return req, of.get("_default"), fulls
    raise AssertionError("no request for " + dep)


def run(w, **more):
    """(demo's version, the environment that the task names, what was printed)."""
    out = w.flow("quick", "run", "--run-id-file", w.dir + "/id", **more)
    with open(w.dir + "/id", encoding="utf-8") as f:
        folder = f"{w.dir}/ds/.metaflow/QuickFlow/{f.read()}/start/1/_meta"
    name = next(n for n in os.listdir(folder) if n.startswith("sysmeta_conda_env_id_"))
    with open(f"{folder}/{name}", encoding="utf-8") as f:
        env = json.loads(json.load(f)["value"])
    return re.search(r"USED (\S+)", out)[1], env, out


def select(w, req=None, full=None):
    """select-resolved, without ids undo: what changed."""
    argv = ["select-resolved", "--req-id", req, "--full-id", full] if req else ["undo"]
    return sorted((g["arch"], g["was"], g["is"]) for g in w.json("env", *argv))


def selecting(check, w):
    """The first run resolves; a new package and --force make a second; weir chooses between them."""
    w.channel.add(conda_channel.module("demo", "1.0"))
    w.channel.index()
    used, env, _ = run(w)
    req, first, _ = of_request(w)
    check(used == "1.0" and env == [req, first, "linux-64"], "a first run resolves", used, env)
    environments(check, w, "after a run")
    w.channel.add(conda_channel.module("demo", "2.0"), ".tar.bz2")
    w.channel.index()
    w.flow("quick", "environment", "resolve", "--force")
    _, second, fulls = of_request(w)
    check(second != first and len(fulls) == 2, "resolved anew: a second environment", fulls)
    environments(check, w, "after a second resolve")
    got = select(w, req, first)
    check(got == [("linux-64", second, first)], "weir selects the first", got)
    used, env, out = run(w)
    check(used == "1.0" and env == [req, first, "linux-64"], "the next run uses the one that weir selected", used, env,
          out[-800:])
    got = select(w)
    check(got == [("linux-64", first, second)], "undo", got)
    environments(check, w, "after select-resolved and undo")
    return req, first, second


def creating(check, w, req, first, second):
    """The second has no folder yet: weir makes it, and Metaflow takes it for its own."""
    target = w.folder(req, second)
    check(not os.path.exists(target), "the second has no folder")
    got = w.json("env", "create-local", "--own", f"{req}:{second}")
    check(got["path"] == target and got["made_by"] == "weir" and not got["existed"], "weir creates it", got)
    before = installing.tree(target)
    used, env, out = run(w)
    check(used == "2.0" and env == [req, second, "linux-64"], "after undo a run uses the newer again", used, env)
    check("Using existing Conda environment" in out and "Creating Conda" not in out,
          "Using existing: the folder that weir made", out[-800:])
    after = installing.tree(target)
    check({n: after.get(n) for n in before} == before, "the run changed nothing in it")
    got = w.json("env", "create-local", f"{req}:{first}")
    check(got["existed"] and got["path"] == w.folder(req, first), "weir takes what Metaflow made", got)
    beside(check, w, target, f"{req}:{second}")


def beside(check, w, target, env, *more):
    """The same folder made by micromamba's stand-in: by weir's calling it, then by Metaflow."""
    os.rename(target, target + ".weir")
    got = w.json("env", "create-local", env)
    check(got["made_by"].endswith("/micromamba"), "weir creates it by micromamba", got)
    why = installing.differences(target + ".weir", target)
    check(not why, "as weir itself: files, modes, links, conda-meta", *why[:10])
    shutil.rmtree(target)
    out = run(w, **dict(more))[2]
    check("Creating Conda environment" in out, "Metaflow creates it", out[-800:])
    why = installing.differences(target + ".weir", target)
    check(not why, "as Metaflow itself: files, modes, links, conda-meta", *why[:10])
    for program, said in (("demo-tool", "demo 2.0"), ("np", "np runs"), ("np-script", "script"),
                          ("python", w.version)):
        outs = [w.call(f"{folder}/bin/{program}", *["--version"] * (program == "python"))
                for folder in (target, target + ".weir") if folder == target or program != "np-script"]
        check(all(said in o for o in outs), f"its {program} runs", *outs)
    shutil.rmtree(target)
    os.rename(w.dir + "/root/pkgs", w.dir + "/root/pkgs.old")  # the others are links to them
    os.makedirs(w.dir + "/root/pkgs")
    w.env["METAFLOW_CONDA_LOCALROOT"] = w.dir + "/nothing"
    got = w.json("env", "create-local", "--own", env)
    del w.env["METAFLOW_CONDA_LOCALROOT"]
    why = installing.differences(target, target + ".weir")
    check(got["n_fetched"] == got["n_packages"] and not why, "all of it from the web: the same again", got, *why[:10])
    shutil.rmtree(target + ".weir")


def only_in_cache(check, w, req, first, second):
    """Neither in the file nor on the disk, and the channel is gone."""
    with open(w.cnd, encoding="utf-8") as f:
        content = json.load(f)
    del content["environments"]["linux-64"][req][first]
    with open(w.cnd, "w", encoding="utf-8") as f:
        json.dump(content, f)
    shutil.rmtree(w.folder(req, first))
    shutil.rmtree(w.dir + "/root/pkgs")
    os.makedirs(w.dir + "/root/pkgs")
    w.server.requests.clear()
    got = select(w, req, first)
    check(got == [("linux-64", second, first)], "weir selects what only the cache has", got)
    environments(check, w, "after a selection from the cache")
    got = w.json("env", "create-local", "--own", f"{req}:{first}")
    check(got["n_cached"] == got["n_packages"] and not got["n_fetched"] and not w.server.requests,
          "weir creates it from the cache alone", got, w.server.requests[:5])
    used, env, out = run(w)
    check(used == "1.0" and env == [req, first, "linux-64"] and "Using existing" in out,
          "the run uses it, and the folder", used, env, out[-800:])
    shutil.rmtree(w.folder(req, first))
    used, env, out = run(w)
    check(used == "1.0" and env == [req, first, "linux-64"] and "Creating Conda" in out,
          "its folder gone: the run makes it anew", used, env)
    absent = "0123456789" * 4
    p = w.weir("env", "select-resolved", "--req-id", req, "--full-id", absent, status=None)
    check(p.returncode and of_request(w)[1] == first, "an environment that nobody has is refused", p.both)


def at_once(check, w, req, first, second):
    """weir selects to and fro while a run starts, and creates what the run creates."""
    shutil.rmtree(w.folder(req, first), ignore_errors=True)
    shutil.rmtree(w.folder(req, second), ignore_errors=True)
    last, n, failed = None, 0, []
    while n < 2:  # a quick run may be over when the first selection is sure to stay
        p = w.flow("quick", "run", start=True)
        while p.poll() is None:
            last = (second, first)[n % 2]
            w.weir("env", "select-resolved", "--req-id", req, "--full-id", last)
            n += 1
        out = p.communicate()[0]
        failed += [out[-800:]] if p.returncode else []
    check(not failed, f"runs while weir selects ({n} times)", *failed)
    check(of_request(w)[1] == last, "the last selection stays")
    environments(check, w, "after a run while weir selected")
    w.weir("env", "select-resolved", "--req-id", req, "--full-id", second)
    for wait in (0, 0.8, 1.6):
        shutil.rmtree(w.folder(req, second), ignore_errors=True)
        p = w.flow("quick", "run", start=True)
        time.sleep(wait)
        ours = w.weir("env", "create-local", "--own", f"{req}:{second}", status=None)
        out = p.communicate()[0]
        check(p.returncode == 0 and ours.returncode == 0 and "USED 2.0" in out,
              f"a run and weir create the same, weir {wait} s later", out[-800:], ours.both)
        check(w.json("env", "create-local", f"{req}:{second}")["existed"], "it is whole")


def until(what, *argv, seconds=60):
    end = time.time() + seconds
    while not what(*argv):
        if time.time() > end:
            raise AssertionError(f"{what} {argv}: not within {seconds} s")
        time.sleep(0.01)


def waiting(check, w, req, second):
    """Each holds the lock while the other comes; Metaflow looks every ten seconds."""
    target, lock = w.folder(req, second), w.envs + "/mf_env-creation.lock"
    hold = w.dir + "/hold"

    def start(*way):
        return subprocess.Popen([metaflow_world.WEIR, "env", "create-local", *way, f"{req}:{second}"],
                                env={**w.env, "MICROMAMBA_HOLD": hold}, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def waits(process):
        return process.poll() is None and os.path.exists(lock) and not os.path.exists(target + "/.metaflowenv")

    shutil.rmtree(target)
    with open(hold, "w", encoding="ascii"):
        run_ = w.flow("quick", "run", start=True, MICROMAMBA_HOLD=hold)
    until(os.path.exists, lock)
    ours, said = start("--own"), ""
    while "held by" not in said and (line := ours.stdout.readline()):
        said += line
    check(waits(ours), "weir waits as long as Metaflow creates", said)
    os.unlink(hold)
    said, out = said + ours.communicate()[0], run_.communicate()[0]
    check(run_.returncode == 0 and ours.returncode == 0 and "Creating Conda" in out and
          re.search(r"held by (process \d+ \(|another program)", said), "and takes what Metaflow made, saying for whom it waited", said, out[-800:])
    shutil.rmtree(target)
    with open(hold, "w", encoding="ascii"):
        ours = start()
    until(os.path.exists, lock)
    run_ = w.flow("quick", "run", start=True)
    time.sleep(5)
    check(waits(run_), "Metaflow waits as long as weir creates")
    os.unlink(hold)
    said, out = ours.communicate()[0], run_.communicate()[0]
    check(run_.returncode == 0 and ours.returncode == 0 and "USED 2.0" in out and "Extracting" not in out,
          "and takes what weir made", said, out[-1500:])


def metaflow(w, *argv, **more):
    return w.call(w.venv + "/bin/metaflow", "environment", *argv, **more)


def two_archs(check, w):
    """Resolved together for this machine and another; the cache lies in a folder of its own."""
    archs, of = ["linux-64", "linux-aarch64"], []
    more = {"METAFLOW_CONDA_LOCALROOT": w.dir + "/elsewhere"}
    w.env.update(more)
    with open(w.dir + "/two.yml", "w", encoding="utf-8") as f:
        f.write("dependencies:\n  - demo>=1.5\n")
    for version in ("3.0", "4.0"):
        w.channel.add(conda_channel.module("demo", version))
        w.channel.index()
        metaflow(w, "resolve", "-f", w.dir + "/two.yml", "--force", "--python", w.version, "--alias",
                 "team/two:v" + version[0], *(x for a in archs for x in ("--arch", a)),
                 METAFLOW_CONDA_TEST="1")  # else a local data store is no cache to this command
        of.append(of_request(w, "conda::demo==>=1.5")[:2])
    (req, old), (_, new) = of
    environments(check, w, "two architectures")
    said = metaflow(w, "show", "team/two:v3")
    check(f"{req}:{old}" in said and w.json("env", "show", "team/two:v3", "--arch", archs[0])[0]["full_id"] == old,
          "the alias is the same environment to both", said)
    with open(w.cnd, encoding="utf-8") as f:
        content = json.load(f)
    for arch in archs:  # only in the cache now
        del content["environments"][arch][req][old]
    with open(w.cnd, "w", encoding="utf-8") as f:
        json.dump(content, f)
    got = select(w, req, old)
    check(got == [(a, new, old) for a in archs],
          "weir selects for both, from a cache elsewhere", got)
    environments(check, w, "two architectures, selected")
    got = select(w)
    check(got == [(a, old, new) for a in archs], "undo, both", got)
    for key in more:
        del w.env[key]


def wheels(check, w):
    """From an index of wheels: uv of the environment installs them, for weir and for Metaflow."""
    if not metaflow_world.UV:
        print("# no uv: environments with wheels are left out")
        return
    os.makedirs(w.dir + "/wheels")
    w.channel.wheel(conda_world.wheels(w.dir + "/wheels")[1])
    w.channel.index()
    with open(w.dir + "/wheels.txt", "w", encoding="utf-8") as f:
        f.write("demo==1.0\n")
    metaflow(w, "resolve", "-r", w.dir + "/wheels.txt", "--skip-metaflow-deps", "--python", w.version, "--alias",
             "team/wheels:v1", PIP_INDEX_URL=w.server.url + "/simple/")
    environments(check, w, "with a wheel")
    target = w.envs + "/mine"
    got = w.json("env", "create-local", "--own", "--name", "mine", "team/wheels:v1")
    check(got["path"] == target and got["made_by"] == "weir", "weir creates one with a wheel", got)
    for program, expected in (("demo", "demo runs"), ("demo-script", "script runs"), ("other", "other")):
        check(expected in w.call(f"{target}/bin/{program}"), f"its {program} runs")
    os.rename(target, target + ".weir")
    got = w.json("env", "create-local", "--name", "mine", "team/wheels:v1")
    why = installing.differences(target + ".weir", target)
    check(not why, "the same by micromamba and uv", *why[:10])
    shutil.rmtree(target)
    metaflow(w, "create", "--name", "mine", "team/wheels:v1")
    why = installing.differences(target + ".weir", target)
    check(not why, "the same by Metaflow: files, modes, links, conda-meta, RECORD", *why[:10])


def main():
    check = Checks()
    if not metaflow_world.made():
        print("ok 1 - a real Metaflow # skip: it cannot be had from the package index")
        print("1..1")
        return 0
    began, w = time.time(), metaflow_world.World()
    try:
        ids = selecting(check, w)
        creating(check, w, *ids)
        only_in_cache(check, w, *ids)
        at_once(check, w, *ids)
        waiting(check, w, ids[0], ids[2])
        two_archs(check, w)
        wheels(check, w)
        metaflow_runs.runs(check, w)
    except Exception:
        check(False, "all steps", traceback.format_exc()[-3000:])
    finally:
        if os.environ.get("KEEP"):
            print("# " + w.dir)
        else:
            w.close()
    print("# %.0f s" % (time.time() - began))
    return check.end()


if __name__ == "__main__":
    sys.exit(main())
