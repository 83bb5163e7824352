"""A server whose every text attacks the terminal, and every view that shows one, in a pty."""
import json
import re
import subprocess
import tempfile
import urllib.request

import envs_world
import terminal

# Title, colours, queries that a terminal answers, modes, a bell, C1, bidi, erasures, tags that
# nobody sees, joined emoji, a heap of marks, halves of characters.
POISON = ("\x1b]0;PWNED\x07\x1b[35;45m\x1b[6n\x1b[c\x1b[?1049l\x1b[?2004l\x1b[2J\x1bc\x1b(0\x1bP1$r\x1b\\"
          "\x00\x07\x08\x08\x0b\x0c\x0e\x0f\x7f\r\x9b31m\x9d0;x\x9c\x85\u202eRTL\u2066\u2069\u200b\u200f"
          "\u2028\ufeff\U000e0041\U0001f469\u200d\U0001f469\u200d\U0001f467\u2764\ufe0f\u5bbd\uff21"
          "e" + "\u0301" * 30 + "\u05e9\u05dc\u0645 end\n\x1b[31mnext\tline")

# Not of the objects that are asked for by name: those would not be found.
POISONED = "^(POST|GET) (?!.*(work_pools|admin|health|version|ready))"

WALK = [":runs\r", "v", "K", "J", "v", "\r", "G", "g", "L", "G", "g", "w", "tt", "z", "/end\r", "n",
        "&end\r", "e", "q", "q", "q", "W", "jjj\r", "q", "q", "T", "G", "q", "p", "q", ":why since:60d\r",
        "\r", "q", "q", "F", "q", "C", "q", ":task-runs\r", "\r", "q", "q", ":flows\r", "\r", "q",
        "q", ":deployments\r", "\r", "G", "q", "q", ":pools\r", "\r", "q", "q", ":queues\r", "\r",
        "q", "q", ":workers\r", "\r", "q", "q", ":limits\r", "\r", "q", "q", ":artifacts\r", "\r",
        "q", "q", "/end\r", "~1", "~1", ":show @failed\r", "G", "q", ":messages\r", "q", "?", "q",
        ":columns name,tags,param.package,state_message\r", "g", "G", ":environments\r", "v", "K", "J",
        ";end\r", "\r", "G", "/end\r", "q", "jD", "q", "GD", "q", "~2", "~r", "s", "n", "F", "q", "C", "q",
        ":columns deps,aliases,resolved_by,channels,packages\r", "g", "G", "/by:x\t\r", "q"]

# All that the program and ncurses have for this terminal.
OURS = re.compile(
    rb"\x1b\[[0-9;]*[ABCDGHJKLMPSTXZ@`bdefgmr]|\x1b\[\?(?:1049|1000|1006|2004|2026|1004|12|25|1|7)[hl]"
    rb"|\x1b\[\?12;25h|\x1b\[\?2026\$p|\x1b\[4l|\x1b\[!p|\x1b\[22;0;0t|\x1b\[23;0;0t|\x1b[()][0B]|\x1b[=>78M]|\x0f")
BAD_TEXT = re.compile("[\x00-\x07\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e"
                      "\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]")


def control(address, what):
    urllib.request.urlopen(address[: -len("/api")] + "/_control", json.dumps(what).encode()).read()


def seed(weir, env, address):
    control(address, {"faults": [{"kind": "mangle", "match": POISONED, "poison": POISON}]})
    p = subprocess.run([weir, "sync", "--since", "all", "--logs", "state:failed"], env=env,
                       capture_output=True, text=True, timeout=300, check=False)
    control(address, {"faults": []})
    assert p.returncode == 0, p.stderr
    # It is in the store as it was sent.
    p = subprocess.run([weir, "runs", "--offline", "-o", "json"], env=env, capture_output=True,
                       text=True, timeout=60, check=False)
    assert json.loads(p.stdout)[0]["name"].endswith(POISON), "the names are not hostile"


def check(out):
    for mode in b"1049", b"2004":
        on, off = (out.count(b"\x1b[?" + mode + c) for c in (b"h", b"l"))
        assert on == off, f"mode {mode} was switched by others: {on} on, {off} off"
    for part in b"\x1b[35;45m", b"\x1b]0;PWNED":
        at = out.find(part)
        assert at < 0, f"{part!r} came through: {out[at - 200:at + 60]!r}"
    try:
        text = OURS.sub(b"", out).decode("utf-8")
    except UnicodeDecodeError as e:
        raise AssertionError(f"malformed UTF-8: {out[e.start - 40:e.end + 40]!r}") from e
    assert "\ufffd\u0301" not in text, "marks beyond what a cell holds took a cell of their own"
    bad = BAD_TEXT.search(text)
    assert not bad, f"{bad[0]!r} came through: {text[max(0, bad.start() - 60):bad.end() + 40]!r}"


def walk(weir, env, **more):
    t = terminal.Terminal([weir, "--offline"], {**env, **more}, 40, 120)
    try:
        t.wait_for(rb"runs")
        shown = 0
        for keys in WALK:
            t.send(keys)
            shown += b"next line" in t.read(0.08, 3) or b"end" in t.out
        t.send("Q")
        t.wait()
        assert shown > 20, "the hostile text was hardly shown"
        check(t.out)
        if not more:
            t.restored()
    finally:
        t.close()


def run(weir, env, address):
    env = {k: v for k, v in env.items() if k != "WEIR_NOW"}
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name in "config", "cache", "state":
                env[f"XDG_{name.upper()}_HOME"] = f"{folder}/{name}"
            seed(weir, env, address)
            envs_world.write(folder, poison=POISON)
            env["METAFLOW_DATASTORE_SYSROOT_LOCAL"] = folder
            walk(weir, env)
            walk(weir, env, LC_ALL="C", TERM="vt100")
    except AssertionError as e:
        return str(e) or "failed"
    return None
