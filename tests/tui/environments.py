"""Lists of environments: whatever they are sorted by, what is done is done to the row under the cursor."""
import json
import os
import re
import subprocess
import tempfile
import time

import envs_world
from growing import shows
from terminal import PATIENCE, Terminal, test

WHOLE, NARROWED = (0, 1, 3, 6), (0, 2)  # rows that are tried, of all and of those of one architecture
REAL = [("resolved_by", 1), ("resolved_by:desc", 2)]  # where the choice is written, too


def at_home(env, folder):
    """HOME is the folder of the environments, so that paths are short."""
    return {**env, "HOME": folder, "XDG_CACHE_HOME": f"{folder}/cache", "XDG_STATE_HOME": f"{folder}/state"}


def steps(column, sort, where):
    """Keys that sort by the first column on the screen, and turn that round."""
    yield from ["key ~", "key 1", "wait-idle"]
    if sort == "desc":
        yield from ["key ~", "key 1", "wait-idle"]
    if where == "narrowed":
        yield from ["key /", "text arch:linux-64", "key enter", "wait-idle"]
    for row in NARROWED if where == "narrowed" else WHOLE:
        name = f"{column}.{sort}.{where}.{row}"
        yield from ["key home", *["key down"] * row, "wait-idle", f"dump {name}.list", f"dump-attr {name}.attr",
                    "key enter", "wait-idle", f"dump {name}.opened", "key q", "key s", "wait-idle",
                    f"dump {name}.asked", "key n", "wait-idle"]


def play(weir, env, folder, args, lines):
    with open(f"{folder}/script", "w", encoding="utf-8") as f:
        f.write("\n".join(["resize 200x30", "wait-idle", *lines]) + "\n")
    p = subprocess.run([weir, "--offline", "--script", f"{folder}/script", *args], cwd=folder, env=env,
                       capture_output=True, text=True, timeout=120, check=False)
    assert p.returncode == 0, f"{args}: {p.stderr}"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def under_cursor(name):
    """full_id and architecture of the only row that is drawn reversed."""
    rows = [i for i, line in enumerate(read(f"{name}.attr")) if line.startswith("v" * 40) and 1 < i < 27]
    assert len(rows) == 1, f"{name}: {len(rows)} rows are under the cursor"
    line = read(f"{name}.list")[rows[0]][:116]  # the preview is beside it
    full, arch = re.findall(r"\b[0-9a-f]{40}\b", line), re.findall(r"\b(?:linux-64|osx-arm64|linux-aarch64)\b", line)
    assert full and arch, f"{name}: no ids in {line!r}"
    return full[-1], arch[-1]


def check(name, defaults):
    full, arch = under_cursor(name)
    title = read(f"{name}.opened")[0]
    assert re.match(rf"weir env show \w{{8}}:{full[:8]} --arch {arch}\b", title), \
        f"{name}: {full[:8]} {arch} was under the cursor, opened was {title!r}"
    asked = "\n".join(read(f"{name}.asked"))
    if (full, arch) in defaults:
        assert "it is the default already" in asked, f"{name}: not of {full[:8]} {arch}:\n{asked}"
    else:
        assert f"make {full[:8]}" in asked, f"{name}: {full[:8]} was under the cursor, asked is\n{asked}"


def column_by_column(weir, columns, env, folder):
    content = envs_world.content()["environments"]
    defaults = {(reqs[r]["_default"], arch) for arch, reqs in content.items() for r in reqs if "_default" in reqs[r]}
    for column in columns:
        for where in "whole", "narrowed":
            lines = []
            for sort in "asc", "desc":
                lines += steps(column, sort, where)
                lines += [*(["key esc"] if where == "narrowed" else []), "key ~", "key 0", "wait-idle"]
            others = [c for c in ("full_id:40", "arch:13") if c.split(":")[0] != column]
            first = f"{column}:40" if column == "full_id" else f"{column}:30"
            play(weir, env, folder, ["env", "list", "--all", "--columns", ",".join([first, *others])], lines)
    names = sorted({f.rsplit(".", 1)[0] for f in os.listdir(folder) if f.endswith(".attr")})
    assert len(names) == len(columns) * 2 * (len(WHOLE) + len(NARROWED)), f"{len(names)} were tried"
    orders = set()
    for name in names:
        check(f"{folder}/{name}", defaults)
    for column in columns:
        orders.add(tuple(under_cursor(f"{folder}/{column}.{sort}.whole.{row}") for sort in ("asc", "desc") for row in WHOLE))
    assert len(orders) > 5, "hardly any column changed the order"


def written(weir, env, folder):
    """What is chosen after a sort is what stands in the file then."""
    for i, (sort, row) in enumerate(REAL):
        envs_world.write(folder)
        play(weir, env, folder, ["env", "list", "--sort", sort, "--columns", "resolved_by,full_id:40,arch:13",
                                 "req_id:1111 arch:linux-64"],
             [*["key down"] * row, "wait-idle", f"dump w{i}.list", f"dump-attr w{i}.attr", "key s", "wait-idle",
              "key y", "wait-idle"])
        full, _ = under_cursor(f"{folder}/w{i}")
        with open(f"{folder}/.metaflow/conda_v2.cnd", encoding="utf-8") as f:
            now = json.load(f)["environments"]["linux-64"][envs_world.R1]["_default"]
        assert now == full, f"{sort}: {full[:8]} was under the cursor, {now[:8]} is the default"


def run(weir, keys, env):
    out = subprocess.run([keys, "--columns"], stdout=subprocess.PIPE, text=True, check=True).stdout
    try:
        with tempfile.TemporaryDirectory() as folder:
            envs_world.write(folder)
            column_by_column(weir, out.split(), at_home(env, folder), folder)
            written(weir, at_home(env, folder), folder)
    except AssertionError as e:
        return str(e) or "failed"
    return None


def begin(start, folder):
    envs_world.write(folder)
    env = {**at_home(start.env, folder), "METAFLOW_DATASTORE_SYSROOT_LOCAL": folder}
    t = Terminal([start.weir, "--offline", "env", "list"], env, 24, 120)
    t.wait_for(rb"c3c3c3c3")
    t.read()
    return t


def changed(t, folder, content):
    """In how many seconds the list has what the file has now."""
    newest = list(content["environments"]["linux-64"][envs_world.R1])[-1][:8].encode()
    began, seen = time.time(), len(t.out)
    with open(f"{folder}/.metaflow/new", "w", encoding="utf-8") as f:
        json.dump(content, f)
    os.rename(f"{folder}/.metaflow/new", f"{folder}/.metaflow/conda_v2.cnd")
    while newest not in t.out[seen:] and time.time() - began < 10 * PATIENCE:
        t.read(0.05, 0.1)
    return time.time() - began


@test
def environments_that_change_under_the_cursor(start):
    """Another program writes conda_v2.cnd: it is shown within 2 s, and the cursor stays on its environment."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as dumps:
        t = begin(start, folder)
        t.send("gjjjj")  # bob's
        t.read()
        time.sleep(2)  # nothing changes its place while the cursor moves
        content = envs_world.content()
        one = content["environments"]["linux-64"]
        one[envs_world.R1]["9" * 40] = envs_world.env(
            envs_world.packages("linux-64", "3.2.0", "1.25.0"), "2026-11-21T09:00:00", "newest", ["linux-64"])
        del content["environments"]["linux-aarch64"]
        del one[envs_world.R1][envs_world.FULL["bert"]]
        took = [changed(t, folder, content)]
        while took[-1] >= 2 and len(took) < 3:  # a busy machine has three tries
            one[envs_world.R1][str(9 - len(took)) * 40] = one[envs_world.R1]["9" * 40]
            took.append(changed(t, folder, content))
        assert took[-1] < 2 * PATIENCE, f"it was shown after {took} s"
        t.send("\r")
        text = shows(t, dumps, r"weir env show")
        assert "11111111:c3c3c3c3 --arch linux-64" in text, f"another was opened:\n{text}"
        t.send("Q")
        t.wait()
        t.close()


@test
def environments_rest_without_waking(start):
    """Nothing is done while nothing happens."""
    with tempfile.TemporaryDirectory() as folder:
        t = begin(start, folder)
        t.read(1)

        def waits():
            with open(f"/proc/{t.pid}/status", encoding="utf-8") as f:
                return int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M)[1])

        for _ in range(10):  # what it has to do first may be slow
            before = waits()
            time.sleep(3)
            woken = waits() - before
            if woken <= 1:
                break
        assert woken <= 1, f"{woken} wake-ups in 3 s"
        t.send("Q")
        t.wait()
        t.close()
