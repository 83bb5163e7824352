"""Each row of the action table is done by a view of each context that it names."""
import os
import subprocess
import tempfile

import envs_world

OPEN = {
    "list": "",
    "detail": "command show @failed",
    "log": "command weir logs @failed",
    "timeline": "command weir graph @failed",
    "page": "command messages",
    "columns": "command columns",
    "help": "key ?",
    "form": "command trigger nightly",
    "environments": "command environments",
    "environment": "command environments\nwait-idle\nkey enter",
}


def rows(program):
    out = subprocess.run([program, "--views"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return [line.split("\t") for line in out.splitlines()]


def refused(weir, env, context, action, folder):
    script = f"{folder}/script"
    with open(script, "w", encoding="utf-8") as f:
        f.write(f"wait-idle\n{OPEN[context]}\nwait-idle\ncommand {action}\n")
    p = subprocess.run([weir, "--offline", "--script", script], cwd=folder, env=env,
                       capture_output=True, text=True, timeout=60, check=False)
    return p.stderr.strip() if p.returncode else None


def run(weir, program, env):
    """What no view does, a line each; None: all is done."""
    env = {**env, "PAGER": "true", "EDITOR": "true", "SHELL": "/bin/sh"}
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        envs_world.write(folder)
        for context, action in rows(program):
            why = refused(weir, env, context, action, folder)
            if why:
                bad.append(f"{context}: {action}: {why}")
    return "\n".join(bad) or None
