"""The whole menu under random keys and sizes: scripts of a fixed seed on the mock terminal.

It must not die, and each screen that it dumps must be as large as the terminal, no line wider,
no control in it, and have at most one selected row.
"""
import os
import random
import re
import subprocess
import tempfile
import unicodedata

SEEDS = int(os.environ.get("RANDOM_SEEDS", "6"))
KEYS = 500  # a seed
SIZES = [(80, 24), (80, 24), (200, 60), (120, 40), (40, 12), (1, 1), (12, 3), (400, 200), (2, 30),
         (300, 2)]
# What leaves the program, starts another or writes files is left out; q only where it leads back.
MOVES = "up down left right pgup pgdn home end j k h l g G ctrl-d ctrl-u space".split()
ACTS = ("n N ] [ * U V F i z v J K C < > - + L T W p f 1 2 3 4 5 e E t Z m w M a R ctrl-l ? tab "
        "backtab enter enter y Y s d u 0 O").split()
PROMPTS = [("/", ["state:failed", "flow:build-*", "zlib or (", "-platform:win-64 ~nmp", "/[/", "",
                  "\u5bbd x\u0301 \U0001f469", "tag:", "dur:>1m since:"]),
           ("&", ["error", "!step", "/cache.*/", "", "\u00fc"]), ("@", ["10", "50%", "-10m", "x"]),
           ("~", ["s", "1", "d", "0"]), ("'", ["1", "nothing"])]
COMMANDS = ["runs state:failed", "runs", "flows", "deployments", "pools", "queues", "workers",
            "limits", "artifacts", "task-runs", "messages", "show @failed", "why since:30d",
            "show @latest", "sort dur:desc", "goto 50%", "nonsense x", "runs -state:completed",
            "history", "trigger nightly", "trigger @latest"]


def script(seed):
    """Its lines, and (name, columns, rows) of what it dumps."""
    rng = random.Random(seed)
    lines, dumps, size, depth = ["wait-idle"], [], (80, 24), 0
    for i in range(KEYS):
        dice = rng.random()
        if dice < 0.45:
            lines.append(f"key {rng.choice(MOVES)}")
        elif dice < 0.75:
            lines.append(f"key {rng.choice(ACTS)}")
        elif dice < 0.82:
            key, texts = rng.choice(PROMPTS)
            text = rng.choice(texts)
            lines += [f"key {key}"] + ([f"text {text}"] if text else [])
            if rng.random() < 0.7:
                lines.append("key enter")
        elif dice < 0.90:
            # Twice Enter: what was asked for before is answered.
            lines += ["key enter", "key :", f"text {rng.choice(COMMANDS)}", "key enter"]
            depth += 1
        elif dice < 0.94 and depth > 1:
            lines.append(f"key {rng.choice(['q', 'esc'])}")
            depth -= 1
        elif dice < 0.97:
            size = rng.choice(SIZES)
            lines.append("resize %dx%d" % size)
        else:
            lines.append("wait-idle")
        if i % 20 == 19:
            dumps.append((f"d{i}", *size))
            lines += [f"dump d{i}", f"dump-attr a{i}"]
    return "\n".join(lines) + "\n", dumps


def width(text):
    wide = 0
    for c in text:
        if unicodedata.combining(c) or unicodedata.category(c) in ("Mn", "Me"):
            continue
        wide += 2 if unicodedata.east_asian_width(c) in ("W", "F") else 1
    return wide


def wrong(folder, name, cols, rows):
    """What is wrong with a screen, or None."""
    with open(f"{folder}/{name}", encoding="utf-8") as f:
        lines = f.read().split("\n")
    if lines.pop() != "" or len(lines) != rows:
        return f"{len(lines)} lines, not {rows}"
    for line in lines:
        if width(line) > cols:
            return f"{width(line)} columns, not {cols}: {line}"
        bad = re.search("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f]", line)
        if bad:
            return f"{bad[0]!r} in {line!r}"
    with open(f"{folder}/a{name[1:]}", encoding="utf-8") as f:
        selected = [line for line in f.read().split("\n") if cols > 9 and line == "v" * cols]
    return f"{len(selected)} rows are selected" if len(selected) > 2 else None


def play(weir, env, seed):
    text, dumps = script(seed)
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/script", "w", encoding="utf-8") as f:
            f.write(text)
        p = subprocess.run([weir, "--offline", "--script", "script"], cwd=folder, timeout=300,
                           env={**env, "XDG_STATE_HOME": f"{folder}/state", "BROWSER": "true"},
                           capture_output=True, text=True, check=False)
        if p.returncode and "the menu was left before" not in p.stderr:
            return f"seed {seed}: exit {p.returncode}: {p.stdout}{p.stderr}"
        n = 0
        for name, cols, rows in dumps:
            if not os.path.exists(f"{folder}/a{name[1:]}"):
                break  # a key led out of it
            n += 1
            why = wrong(folder, name, cols, rows)
            if why:
                with open(f"{folder}/{name}", encoding="utf-8") as f:
                    return f"seed {seed}, {name}: {why}\n{f.read()}"
        if n < 3:
            return f"seed {seed}: it ended after {n} screens"
    return None


def run(weir, env):
    reasons = (play(weir, env, seed) for seed in range(1, SEEDS + 1))
    return next((why for why in reasons if why), None)
