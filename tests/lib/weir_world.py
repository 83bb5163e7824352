"""For tests in Python: weir in a world of its own, a naive client, and a comparison of both.

The naive client pages with offsets and believes what it reads; what weir made of the same
server must equal it field by field. Only `estimated_*`, which the server computes anew at each
read, and weir's own additions are left out; times are compared as moments.
"""
import base64
import datetime
import json
import os
import re
import shutil
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

B = os.path.abspath(os.environ.get("B", "build"))
WEIR = os.path.join(B, "weir")
# A busy 3.8.3 on SQLite now and then stands still for a minute: what it has to do is waited for
# as long as it takes, and what has to be done within a time is tried again.
PATIENCE_S = 300
TRIES = 3
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


def wait_for(ask):
    """What it answers at last; nothing true within PATIENCE_S: that."""
    until = time.time() + PATIENCE_S
    while not (found := ask()) and time.time() < until:
        time.sleep(0.2)
    return found


class Checks:
    """Speaks TAP; a reason before each failure."""

    def __init__(self):
        self.n = self.failed = 0

    def __call__(self, good, name, *why):
        self.n += 1
        if not good:
            self.failed += 1
            for w in why:
                for line in str(w).splitlines()[:30]:
                    print("# " + line[:400])
        print("%s %d - %s" % ("ok" if good else "not ok", self.n, name), flush=True)
        return good

    def end(self):
        print("1..%d" % self.n)
        return 1 if self.failed else 0


class Weir:
    """The program with its own HOME and store; env: more settings."""

    def __init__(self, url, **env):
        self.home = tempfile.mkdtemp(prefix="weir-world-")
        self.env = {k: v for k, v in os.environ.items()
                    if not re.match(r"(WEIR|PREFECT|XDG)_|CI$|.*_proxy$", k, re.I)}
        self.env.update(HOME=self.home, TZ="UTC", LC_ALL="C.UTF-8", PREFECT_API_URL=url,
                        XDG_CACHE_HOME=self.home + "/cache", XDG_CONFIG_HOME=self.home + "/config",
                        XDG_STATE_HOME=self.home + "/state", XDG_DATA_HOME=self.home + "/data")
        self.env.update(env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.home, ignore_errors=True)

    def run(self, *argv, timeout=PATIENCE_S, **env):
        return subprocess.run([WEIR, *argv], env={**self.env, **env}, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout)

    def start(self, *argv, **more):
        return subprocess.Popen([WEIR, *argv], env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)

    def sync(self, *argv, **env):
        p = self.run("sync", "-o", "json", *argv, **env)
        if p.returncode:
            raise AssertionError("weir sync: exit %d: %s" % (p.returncode, p.stderr.decode()))
        return json.loads(p.stdout)

    def json(self, *argv):
        p = self.run(*argv)
        if p.returncode:
            raise AssertionError("weir %s: exit %d: %s" % (argv, p.returncode, p.stderr.decode()))
        return [json.loads(x) for x in p.stdout.splitlines()] if "ndjson" in argv else json.loads(p.stdout)

    def list(self, what, *more):
        return self.json(what, "--no-menu", "--offline", "-o", "json", "-n", "0", *more)

    def logs(self, run, *more):
        return self.json("logs", run, "-o", "ndjson", *more)

    def store(self):
        found = [f for f in os.listdir(self.home + "/cache/weir") if f.endswith(".db")]
        return self.home + "/cache/weir/" + found[0]

    def rows(self, sql):
        db = sqlite3.connect("file:%s?mode=ro" % self.store(), uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    def docs(self, table):
        return [json.loads(d) for d, in self.rows("SELECT doc FROM %s WHERE doc IS NOT NULL" % table)]

    def task_runs(self):
        """Rows put together as the server's objects."""
        out = []
        for (id_, run, state, name, state_id, title, key, dynamic, created, updated, expected, nxt, start,
             end, took, count, tags, rest) in self.rows(
                 "SELECT t.id, run, state, n.name, state_id, t.name, task_key, dynamic_key, created_us,"
                 " updated_us, expected_us, next_us, start_us, end_us, run_time, run_count, tags, rest"
                 " FROM task_runs t LEFT JOIN names n ON n.k = state_name"):
            row = json.loads("{%s}" % rest)
            row.update(id=text_id(id_), flow_run_id=text_id(run), state_type=STATES[state], state_name=name,
                       state_id=text_id(state_id), name=title, task_key=key, dynamic_key=dynamic,
                       created=created, updated=updated, expected_start_time=expected,
                       next_scheduled_start_time=nxt, start_time=start, end_time=end, total_run_time=took,
                       run_count=count, tags=json.loads(tags or "[]"))
            out.append(row)
        return out

    def dump(self):
        """All that was mirrored, in an order that no history of the store can show in."""
        out = {"runs": sorted(self.list("runs"), key=lambda r: r["id"]),
               "task_runs": sorted(self.task_runs(), key=lambda r: r["id"])}
        for table in ("flows", "deployments", "pools", "queues", "workers", "limits"):
            out[table] = sorted(self.docs(table), key=lambda r: r["id"])
        return out


STATES = [None, "SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING", "COMPLETED", "FAILED", "CANCELLED",
          "CRASHED"]


def text_id(blob):
    return str(uuid.UUID(bytes=blob)) if blob else None


def micros(text):
    """A moment; fromisoformat of old Pythons wants three or six digits."""
    m = re.fullmatch(r"(.*?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)", text)
    at = datetime.datetime.fromisoformat(m[1] + m[3].replace("Z", "+00:00"))
    return int(at.timestamp()) * 1000000 + int((m[2] or "0").ljust(6, "0")[:6])


def plain(value):
    """Times as moments, floats rounded to microseconds, at any depth."""
    if isinstance(value, str) and TIME.fullmatch(value):
        return ("time", micros(value))
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def same(ours, theirs):
    if isinstance(theirs, tuple) and isinstance(ours, int):
        return ours == theirs[1]  # a moment of the store
    return ours == theirs


def differences(ours, theirs, skip=(), lack=True):
    """What of theirs (the server's) ours does not say, as lines; both lists of objects with id."""
    out = []
    mine = {o["id"]: o for o in ours}
    if len(mine) != len(ours):
        out.append("%d rows occur twice" % (len(ours) - len(mine)))
    for t in theirs:
        o = mine.pop(t["id"], None)
        if o is None:
            if lack:
                out.append("%s is missing" % t["id"])
            continue
        for k, v in t.items():
            if k.startswith("estimated_") or k in skip:
                continue
            if k not in o:
                out.append("%s: %s is missing" % (t["id"], k))
            elif not same(plain(o[k]), plain(v)):
                out.append("%s: %s is %r, not %r" % (t["id"], k, o[k], v))
    out += ["%s is not on the server" % i for i in mine]
    return out


class Naive:
    """Reads lists page by page; page size as the server likes it."""

    def __init__(self, url, auth=None, limit=200):
        self.url, self.limit, self.headers = url, limit, {"Content-Type": "application/json"}
        if auth:
            self.headers["Authorization"] = "Basic " + base64.b64encode(auth.encode()).decode()

    def call(self, method, path, body=None):
        for wait in (0.3, 1, 2, 4, 8, 16, None):
            request = urllib.request.Request(self.url + path, method=method, headers=self.headers,
                                             data=None if body is None else json.dumps(body).encode())
            try:
                with urllib.request.urlopen(request, timeout=90) as reply:
                    text = reply.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                if error.code == 403 and "CSRF" in text and "Prefect-Csrf-Token" not in self.headers:
                    self.headers["Prefect-Csrf-Client"] = str(uuid.uuid4())
                    self.headers["Prefect-Csrf-Token"] = self.call(
                        "GET", "/csrf-token?client=" + self.headers["Prefect-Csrf-Client"])["token"]
                    continue
                m = re.search(r"less than or equal to (\d+)", text)
                if error.code == 422 and m and body:
                    self.limit = body["limit"] = int(m[1])
                    continue
                if error.code not in (502, 503) or wait is None:
                    raise AssertionError("%s %s: %d %s" % (method, path, error.code, text[:300]))
            time.sleep(wait)

    def list(self, path, sort=None, **body):
        out, seen, offset = [], set(), 0
        while True:
            page = self.call("POST", path, {**body, **({"sort": sort} if sort else {}), "limit": self.limit,
                                            "offset": offset})
            out += [row for row in page if row["id"] not in seen]
            seen.update(row["id"] for row in page)
            offset += len(page)
            if len(page) < self.limit:
                return out

    def runs(self):
        return self.list("/flow_runs/filter", "ID_DESC")

    def task_runs(self):
        return self.list("/task_runs/filter", "ID_DESC")

    def logs(self, run):
        """In the order (timestamp, created, id)."""
        rows = self.list("/logs/filter", "TIMESTAMP_ASC", logs={"flow_run_id": {"any_": [run]}})
        return sorted(rows, key=lambda r: (micros(r["timestamp"]), micros(r["created"]), r["id"]))
