"""Runs of a real Metaflow: weir's lists, details and logs beside Metaflow's own client.

Quick runs lie there from the tests before; rich.py fails, and is resumed to its end.
"""
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "lib")]
from weir_world import micros  # noqa: E402


def state(good):
    return "COMPLETED" if good else "FAILED"


def told(run):
    """What weir must say of a run of the client."""
    return {"flow_name": run["flow"], "state_type": state(run["successful"]), "tags": run["tags"],
            "created": round(run["created_at"] * 1000), "source": "metaflow",
            "system_tags": sorted({*run["tags"]} - {*run["user_tags"]})}


def lists(check, w, theirs):
    rows = {r["name"]: r for r in w.json("runs", "source:metaflow", "-n", "0")}
    why = [f"{sorted({*rows} ^ {*theirs})} are runs of one of them alone"] * (rows.keys() != theirs.keys())
    for name in {*rows} & {*theirs}:
        r = rows[name]
        ours = {**{k: r[k] for k in ("flow_name", "state_type", "source")}, "tags": sorted(r["tags"]),
                "system_tags": sorted(r["system_tags"]), "created": micros(r["created"]) // 1000}
        why += [f"{name}: {k}: weir: {ours[k]}; client: {v}" for k, v in told(theirs[name]).items() if ours[k] != v]
    check(theirs and not why, f"{len(theirs)} runs: states, tags, times as the client says", *why[:10])
    for query, of in (("state:failed", "FAILED"), ("tag:one", None)):
        names = {r["name"] for r in w.json("runs", "source:metaflow " + query, "-n", "0")}
        expected = {n for n, t in theirs.items() if told(t)["state_type"] == of or not of and "one" in t["tags"]}
        check(names == expected and names, f"{query} finds the same", names, expected)


def details(check, w, theirs):
    why, n = [], 0
    for name, run in theirs.items():
        ours = {t["name"]: t for t in w.json("show", name)["task_runs"]}
        tasks = {f"{s['name']}/{t['id']}": t for s in run["steps"] for t in s["tasks"]}
        why += [f"{name}: tasks: weir: {sorted(ours)}; client: {sorted(tasks)}"] * (ours.keys() != tasks.keys())
        for task in {*ours} & {*tasks}:
            n += 1
            t, o = tasks[task], ours[task]
            got, want = ((o["state_type"], o["run_count"], o["pathspec"]),
                         (state(t["successful"]), t["attempt"] + 1, t["pathspec"]))
            why += [f"{name} {task}: weir: {got}; client: {want}"] * (got != want)
    check(n and not why, f"{n} tasks: states, attempts as the client says", *why[:10])


def links(check, w, theirs):
    """From a task to its environment, and back."""
    why, n, users = [], 0, {}
    for name, run in theirs.items():
        used = {tuple(json.loads(t["env"])) for s in run["steps"] for t in s["tasks"] if (t["env"] or "")[:1] == "["}
        got = {(e["req_id"], e["full_id"], e["arch"]) for e in w.json("show", name)["environments"]}
        why += [f"{name}: show: {got}; client: {used}"] * (got != used)
        for step in run["steps"]:
            for t in step["tasks"]:
                if not (t["env"] or "").startswith("["):
                    continue
                n += 1
                req, full, arch = json.loads(t["env"])
                users.setdefault((req, full), set()).add(name)
                got = [(e["req_id"], e["full_id"]) for e in w.json("env", "show", f"{name}/{step['name']}")
                       if e["arch"] == arch]
                why += [f"{t['pathspec']}: weir: {got}; client: {req}:{full}"] * (got != [(req, full)])
    check(n and not why, f"the environments of {n} tasks are those that the client names", *why[:10])
    rows = {(e["req_id"], e["full_id"]): e["n_runs"] for e in w.json("env", "list", "--all", "-n", "0", "-c",
                                                                  "req_id,full_id,runs", "arch:linux-64")}
    why = [f"{k}: weir: {rows.get(k)}; client: {len(v)}" for k, v in users.items() if rows.get(k) != len(v)]
    check(not why, "and so many runs used each", *why)


def logs(check, w, theirs):
    why, n = [], 0
    for name, run in theirs.items():
        ours = [json.loads(x)["message"] for x in w.weir("logs", name, "-o", "ndjson").stdout.splitlines()]
        for step in run["steps"]:
            for t in step["tasks"]:
                if t["origin"]:
                    continue  # a clone has no log of its own
                for text in (t["stdout"], t["stderr"]):
                    lines = text.splitlines()
                    n += len(lines)
                    rest = iter(ours)  # in order, with others between them
                    lost = [x for x in lines if not any(x == o for o in rest)]
                    why += [f"{t['pathspec']}: {x!r}" for x in lost[:3]]
    check(n > 30 and not why, f"logs have the {n} lines of the client, in order", *why[:10])


def runs(check, w):
    w.flow("rich", "run", "--tag", "one", "--tag", "two", FLOW_FAILS="1", status=1)
    w.flow("rich", "resume")
    theirs = {r["pathspec"]: r for r in w.ask("runs")}
    lists(check, w, theirs)
    details(check, w, theirs)
    links(check, w, theirs)
    logs(check, w, theirs)
    running(check, w)


def running(check, w):
    """What runs is running, and ends."""
    p = w.flow("rich", "run", "--run-id-file", w.dir + "/id", start=True)
    seen = set()
    while p.poll() is None:
        rows = w.json("runs", "source:metaflow", "-n", "1")
        seen.add(rows[0]["state_type"])
    p.communicate()
    with open(w.dir + "/id", encoding="utf-8") as f:
        name = "RichFlow/" + f.read()
    last = w.json("runs", "source:metaflow", "-n", "1")[0]
    check(p.returncode == 0 and "RUNNING" in seen and last["name"] == name and last["state_type"] == "COMPLETED",
          "a run is running while it runs, then completed", seen, last)
