#!/usr/bin/env python3
"""The static reader of signatures against Prefect's own, on flows made at random.

Usage: PYTHON-WITH-PREFECT tests/real/signatures.py MANIFEST-PROGRAM [SEED [COUNT]]
Whatever the reader calls certain must be what Prefect makes, to the letter.
"""
import importlib.util
import json
import os
import random
import subprocess
import sys
import tempfile

HEAD = '''
from __future__ import annotations
import datetime
import datetime as dt
import typing
import typing as t
from datetime import date, timedelta
from enum import Enum
from pathlib import Path
from typing import Any, Dict, List, Literal, Optional, Set, Tuple, Union
from typing_extensions import Literal as Lit
from uuid import UUID
import prefect
from prefect import flow, task
from prefect.flows import flow as other_flow
import functools


class Color(Enum):
    RED = "red"


def twice(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        return f(*args, **kwargs)
    return inner


shadowed = int
LIMIT = 3
'''

PLAIN = ["int", "float", "str", "bool", "list", "dict", "set", "tuple", "frozenset", "Any", "List",
         "Dict", "Set", "Tuple", "typing.Any", "t.List", "date", "datetime.datetime", "dt.date",
         "timedelta", "Path", "UUID", "dt.time", "None", "bytes", "object", "Color", "shadowed",
         "complex", "unknown_name", "Optional", "Union", "int | None", "'int'"]
VALUES = ["1", "-2", "0x1F", "1_000", "1.5", "-1e3", "2e-3", "True", "False", "None", "'a'",
          '"b\\n\\u00e9"', "r'\\d'", "'a' 'b'", "[]", "[1, 'x', None]", "{}", "{'a': [1]}", "()",
          "(1,)", "(1, 2)", "('x')", "{1: 2}", "{1, 2}", "LIMIT", "LIMIT + 1", "1 + 2", "f'{1}'",
          "b'x'", "Color.RED", "lambda x, y=1: x", "dict(a=1)", "float('inf')", "date(2024, 1, 1)",
          "'''x\n  y'''", "[i for i in range(3)]", "...", "-True", "1 if LIMIT else 2", "10**3"]
NAMES = ["a", "b", "package", "n", "schema", "json", "copy", "dict_", "self", "cls", "model_x",
         "x1", "platform", "validate", "fields", "Größe", "construct", "model_config", "values"]


def annotation(r, depth=0):
    if depth > 2 or r.random() < 0.5:
        return r.choice(PLAIN)
    def inner():
        return annotation(r, depth + 1)
    kind = r.randrange(13)
    if kind == 0:
        return f"Optional[{inner()}]"
    if kind == 1:
        return f"Union[{inner()}, {inner()}]"
    if kind == 2:
        return f"{inner()} | {inner()}"
    if kind == 3:
        return f"{r.choice(['list', 'List', 't.List'])}[{inner()}]"
    if kind == 4:
        return f"{r.choice(['dict', 'Dict'])}[{r.choice(['str', 'str', 'str', inner()])}, {inner()}]"
    if kind == 5:
        return f"{r.choice(['set', 'Set', 'frozenset'])}[{inner()}]"
    if kind == 6:
        return f"tuple[{inner()}, ...]"
    if kind == 7:
        return f"Tuple[{inner()}, {inner()}]"
    if kind in (8, 9):
        values = r.choices(["'a'", "'b'", "1", "2", "True", "None", "'a'"], k=r.randint(1, 4))
        if r.random() < 0.6:
            values = r.choices(["'a'", "'b'", "'c-d'"], k=r.randint(1, 4))
        return f"{r.choice(['Literal', 'Lit', 'typing.Literal'])}[{', '.join(values)}]"
    if kind == 10:
        return f"{inner()} | None"
    if kind == 11:
        return f"None | {inner()}"
    return f"typing.Annotated[{inner()}, 'x']"


def docstring(r, names):
    if r.random() < 0.3:
        return None
    lines = [r.choice(["One line.", "", "  Indented", "Summary: with colon"])]
    if r.random() < 0.7:
        if r.random() < 0.9:
            lines.append("")
        lines.append(r.choice(["Args:", "args:", "Arguments:", "Parameters:", "Params: title",
                               "Keyword Args:", "Args :", "Args"]))
        step = r.choice([4, 4, 4, 2, 1])
        for name in r.sample(names, len(names)):
            item = r.choice([f"{name}: what it is", f"{name} (int): a number: n",
                             f"{name} (int, optional): x", f"{name}:", f"{name} : y", "no colon"])
            lines.append(" " * step + item)
            for _ in range(r.randrange(3)):
                lines.append(r.choice([" " * 2 * step + "goes on", " " * (step + 1) + "further", "",
                                       " " * 3 * step + "deep", "   "]))
        if r.random() < 0.4:
            lines += ["", r.choice(["Returns:", "Note:", "Raises:", "Whatever: x"]), " " * step + "x: y",
                      " " * step + "Args:"]
        if r.random() < 0.2:
            lines += ["```", "", "Args:", "    z: z", "```"]
        if r.random() < 0.2:
            lines += ["", "Args:", "    a: again"]
        if r.random() < 0.2:
            lines += ["tail"]
    return lines


def function(r, n):
    names = r.sample(NAMES, r.randint(0, 5))
    parts, star, default = [], False, False
    for i, name in enumerate(names):
        if i and not star and r.random() < 0.1:
            parts.append(r.choice(["*", "*args", "*args: int"]))
            star = True
        text = name
        typed = r.random() < 0.85
        if typed:
            text += ": " + annotation(r)
        if star or default or r.random() < 0.5:
            if not (star and r.random() < 0.4):
                text += (" = " if typed else "=") + r.choice(VALUES)
                default = True
        parts.append(text)
    if parts and parts[-1] == "*":
        parts.pop()
    if r.random() < 0.08:
        parts.append("**kwargs")
    if names and r.random() < 0.05 and not star:
        parts.insert(1, "/")
    decorator = r.choice(["@flow", "@flow", "@flow()", "@prefect.flow", "@other_flow",
                          f"@flow(name='Flow {n}', version=\"1.0\")", "@flow(log_prints=True, retries=2)",
                          f"@flow(description='about', name='x{n}')", "@flow\n@twice",
                          f"@flow(name=str({n}))", "@flow(version='', retries=LIMIT)",
                          f"@flow(\n    name='multi'\n         'line{n}',\n)"])
    head = f"{decorator}\n{r.choice(['def', 'async def'])} fn_{n}("
    sep = r.choice([", ", ",\n        "])
    text = head + sep.join(parts) + (r.choice(["", ","]) if parts and not star and
                                     parts[-1] != "**kwargs" and parts[-1] != "/" else "") + ")"
    text += r.choice(["", " -> int", " -> dict[str, int]", " -> None"]) + ":\n"
    doc = docstring(r, names)
    if doc is not None:
        quote = r.choice(['"""', "'''", 'r"""'])
        text += "    " + quote + "\n".join(("    " if i and line else "") + line
                                           for i, line in enumerate(doc)) + "\n    " + quote[-3:] + "\n"
    return text + "    return 1\n"


def wanted(module, name, schema):
    f = getattr(module, name)
    s = schema(f)
    s = s.model_dump_for_openapi() if hasattr(s, "model_dump_for_openapi") else s.dict(exclude_none=True)
    for key in ("definitions", "required"):
        if not s.get(key):
            s.pop(key, None)
    return {"name": f.name, "description": f.description or None, "schema": s, "version": f.version}


def ordered(v):
    """typing keeps one of all equal Literals, in the order of whichever came first."""
    if isinstance(v, dict):
        return {k: sorted(w, key=json.dumps) if k == "enum" else ordered(w) for k, w in v.items()}
    return [ordered(w) for w in v] if isinstance(v, list) else v


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main():
    import warnings
    warnings.simplefilter("ignore")
    from prefect.utilities.callables import parameter_schema
    program, seed, count = sys.argv[1], int((sys.argv[2:3] or ["1"])[0]), int((sys.argv[3:4] or ["500"])[0])
    r = random.Random(seed)
    certain = complete = wrong = tried = 0
    with tempfile.TemporaryDirectory() as folder:
        texts = []
        n = 0
        while len(texts) < count:
            n += 1
            text = function(r, n)
            try:
                compile(text, "x", "exec")
            except SyntaxError:
                continue
            texts.append((f"fn_{n}", text))
        # one that fails when it is made must not take the others along
        good = []
        path = os.path.join(folder, "flows.py")
        for name, text in texts:
            good.append(f"try:\n    exec(compile(open({os.path.join(folder, name)!r}).read(), "
                        f"__file__, 'exec'))\nexcept Exception as e:\n    {name} = e\n")
            with open(os.path.join(folder, name), "w") as f:
                f.write(HEAD.replace("from __future__ import annotations\n",
                                     "from __future__ import annotations\n" if len(name) % 2 else "") + text)
        with open(path, "w") as f:
            f.write("".join(good))
        module = load(path, "flows")
        for name, text in texts:
            p = subprocess.run([program, "--signature", os.path.join(folder, name), name],
                               capture_output=True, text=True, check=False)
            if p.returncode:
                wrong += 1
                print(f"# not read: {p.stderr}\n{text}")
                continue
            got = json.loads(p.stdout)
            tried += 1
            if not got["certain"]:
                continue
            certain += 1
            complete += got["complete"]
            try:
                want = wanted(module, name, parameter_schema)
                want = json.loads(json.dumps(want, default=str))
            except Exception as e:  # Prefect refuses it: nothing to be certain of
                want = {"schema": f"{type(e).__name__}: {e}"}
            got["schema"], want["schema"] = ordered(got["schema"]), ordered(want["schema"])
            keys = ["schema"] + (["name", "description"] if got["complete"] else [])
            diff = [k for k in keys if got[k] != want.get(k)]
            if json.dumps(got["schema"], sort_keys=True) != json.dumps(want.get("schema"), sort_keys=True):
                diff.append("schema's numbers")
            if diff:
                wrong += 1
                if wrong < 6:
                    for k in diff:
                        k = k.split("'")[0]
                        print(f"# {k}\n#  got  {json.dumps(got[k], sort_keys=True)}\n"
                              f"#  want {json.dumps(want.get(k), sort_keys=True)}")
                    print("".join(f"# | {line}\n" for line in text.split("\n")))
    print(f"# {tried} flows, {certain} certain, {complete} complete, {wrong} wrong")
    few = certain * 5 < tried
    print(("not ok" if wrong or few else "ok") + f" 1 - signatures read as Prefect reads them (seed {seed})")
    print("1..1")
    return 1 if wrong or few else 0


sys.exit(main())
