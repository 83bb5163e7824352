"""Where a farm can lie besides the fake server: a real one's database, the embedded store.

Both take objects as the fake server tells them, with their own ids, names and times, so that
what they answer is the same farm; and both answer requests of Prefect's REST API.
"""
import datetime
import fcntl
import http.client
import json
import os
import re
import sqlite3
import subprocess
import threading
from urllib.parse import urlsplit

from fake_farm import TERMINAL
from fake_register import BLOCKS, VARIABLES

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(ROOT, os.environ.get("B", "build"), "tests/real")
PAGE = 200


class Backend:
    def api(self, method, path, body=None):
        """(status, body as bytes, headers)"""
        raise NotImplementedError

    def put(self, kind, rows):
        raise NotImplementedError

    def clear(self):
        raise NotImplementedError

    def ask(self, method, path, body=None):
        status, data, _ = self.api(method, path, None if body is None else json.dumps(body).encode())
        if status >= 400:
            raise RuntimeError("%s %s: %d %s" % (method, path, status, data[:300]))
        return json.loads(data) if data.strip() else None

    def all(self, path, **body):
        out = []
        while True:
            page = self.ask("POST", path, {**body, "limit": PAGE, "offset": len(out)})
            out += page
            if len(page) < PAGE:
                return out

    def fill(self, farm):
        """The whole farm, once."""
        self.put("flows", farm.flows)
        self.put("pools", farm.pools)
        self.put("queues", farm.queues)
        self.put("workers", farm.workers)
        self.put("deployments", farm.deployments)
        if farm.old:
            self.put("limits_v1", farm.limits_v1)
        self.put("limits", farm.limits_v2)
        self.fill_runs(farm, list(farm.runs.values()))
        self.put("artifacts", farm.artifacts)
        self.fill_values()

    def fill_values(self):
        """The variable and the secret that fake_register.py knows."""
        for name, value in VARIABLES.items():
            self.ask("POST", "/variables/", {"name": name, "value": value})

    def fill_runs(self, farm, runs):
        """Runs with their histories, task runs and logs; parents before children."""
        runs = sorted(runs, key=lambda r: r.n)
        self.put("task_runs", [t for r in runs for t in farm.task_runs(r)])
        self.put("runs", [farm.run_json(r) for r in runs])
        self.put("states", [s for r in runs for s in farm.states(r)])
        self.put("logs", [{k: v for k, v in line.items() if k != "_at"}
                          for r in runs for line in farm.logs(r)])


# ---- the embedded store

class Embedded(Backend):
    """tests/real/embedded.c answers, embedded_put.c puts, a line a request."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.Lock()
        self.start()

    def start(self):
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        os.makedirs(self.path + ".worker", mode=0o700, exist_ok=True)
        self.worker = open("%s.worker/%d" % (self.path, os.getpid()), "w")
        fcntl.flock(self.worker, fcntl.LOCK_EX)  # the farm's workers live as long as we do
        self.programs = {}

    def line(self, name, order):
        with self.lock:
            if name not in self.programs:
                self.programs[name] = subprocess.Popen(
                    [PROGRAMS + "/" + name, self.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            program = self.programs[name]
            program.stdin.write(json.dumps(order).encode() + b"\n")
            program.stdin.flush()
            answer = program.stdout.readline()
        if not answer:
            raise RuntimeError("%s died of %.200s" % (name, order))
        return json.loads(answer)

    def api(self, method, path, body=None):
        body = json.loads(body) if body and body.strip() else None
        answer = self.line("embedded", {"method": method, "path": path, "body": body})
        data = b"" if answer["body"] is None else json.dumps(
            answer["body"], separators=(",", ":")).encode()
        return answer["status"], data, {}

    def put(self, kind, rows):
        for i in range(0, len(rows), 500):
            answer = self.line("embedded_put", {"put": kind, "rows": rows[i:i + 500]})
            if answer["status"] != 201:
                raise RuntimeError("%s: %s" % (kind, answer["body"]))

    def clear(self):
        """Nothing lies there but what this test made."""

    def fill_values(self):
        """They are files beside weir.conf: local_values of tests/cli/helper.bash."""

    def fill_runs(self, farm, runs):
        super().fill_runs(farm, runs)
        self.put("whole_logs", [farm.run_json(r) for r in runs if r.type in TERMINAL])


# ---- a real server, through its database

TABLES = {"flows": "flow", "pools": "work_pool", "queues": "work_queue", "workers": "worker",
          "deployments": "deployment", "limits_v1": "concurrency_limit",
          "limits": "concurrency_limit_v2", "runs": "flow_run", "task_runs": "task_run",
          "states": "flow_run_state", "task_states": "task_run_state", "logs": "log",
          "artifacts": "artifact", "collections": "artifact_collection",
          "schedules": "deployment_schedule"}
KEEP = ("alembic_version", "configuration", "block_type", "block_schema", "block_schema_reference",
        "block_document")
EPOCH = datetime.datetime(1970, 1, 1)


def moment(value):
    """A DATETIME of SQLAlchemy: naive, UTC; a number is an interval."""
    if isinstance(value, (int, float)):
        return str(EPOCH + datetime.timedelta(seconds=value)) if value % 1 else \
            "%s.000000" % (EPOCH + datetime.timedelta(seconds=value))
    m = re.match(r"(.{10}).(.{8})(?:\.(\d+))?", value)
    return "%s %s.%s" % (m[1], m[2], (m[3] or "").ljust(6, "0"))


def cell(value, kind, needed, default):
    """As SQLAlchemy would write it."""
    if value is None and not needed:
        return None
    if kind == "JSON":
        return json.dumps({} if value is None else value)
    if kind == "DATETIME":
        return moment(0 if value is None else value)
    if value is None and default is not None:
        return default.strip("'")
    if kind in ("BOOLEAN", "INTEGER", "SMALLINT", "FLOAT"):
        return value or 0
    return "" if value is None else value


def apart(states):
    """A run has no two states of one moment there: earlier ones a little before the next."""
    out, later = [], {}
    for state in reversed(states):
        run = state["state_details"]["flow_run_id"]
        at = moment(state["timestamp"])
        if run in later and at >= later[run]:
            before = datetime.datetime.fromisoformat(later[run]) - datetime.timedelta(microseconds=1)
            at = before.isoformat(" ", "microseconds")
        later[run] = at
        out.append({**state, "timestamp": at})
    return out[::-1]


class Real(Backend):
    def __init__(self, url, database):
        self.url = urlsplit(url)
        self.base = self.url.path.rstrip("/")
        self.database = database
        self.local = threading.local()
        self.columns = {}
        with self.open() as db:
            self.tables = [n for n, in db.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
            for table in self.tables:
                self.columns[table] = db.execute(
                    'SELECT name, type, "notnull", dflt_value FROM pragma_table_info(?)', (table,)).fetchall()

    def open(self):
        db = sqlite3.connect(self.database, timeout=60)
        db.execute("PRAGMA synchronous = OFF")
        return db

    def api(self, method, path, body=None):
        for again in (True, False):
            connection = getattr(self.local, "connection", None)
            if not connection:
                connection = self.local.connection = http.client.HTTPConnection(
                    self.url.hostname, self.url.port, timeout=120)
            try:
                connection.request(method, self.base + path, body=body,
                                   headers={"Content-Type": "application/json"})
                reply = connection.getresponse()
                data = reply.read()
                break
            except (http.client.HTTPException, OSError):
                connection.close()
                self.local.connection = None
                if not again:
                    raise
        headers = {k: v for k, v in reply.getheaders() if k.lower() in ("content-type", "retry-after", "location")}
        if reply.status in (502, 503) and method != "POST":
            return self.api(method, path, body)
        return reply.status, data, headers

    def clear(self):
        with self.open() as db:
            for table in self.tables:
                if table not in KEEP:
                    db.execute("DELETE FROM " + table)

    def put(self, kind, rows):
        if kind == "states":
            rows = apart(rows)
        with self.open() as db:
            for row in rows:
                for table, fields in self.rows_of(db, kind, row):
                    self.insert(db, table, fields)

    def fill_values(self):
        super().fill_values()
        for (kind, name), data in BLOCKS.items():
            found = self.ask("POST", "/block_documents/filter", {"limit": 1})
            if found:
                continue
            type_ = self.ask("POST", "/block_types/", {"name": kind.capitalize(), "slug": kind})["id"]
            schema = self.ask("POST", "/block_schemas/", {
                "block_type_id": type_, "fields": {"type": "object", "properties": {}}})["id"]
            self.ask("POST", "/block_documents/", {"name": name, "data": data, "block_type_id": type_,
                                                   "block_schema_id": schema})

    def insert(self, db, table, fields):
        columns = self.columns[table]
        words = ", ".join('"%s"' % c[0] for c in columns)
        changes = ", ".join('"%s" = excluded."%s"' % (c[0], c[0]) for c in columns if c[0] != "id")
        values = [cell(fields.get(name), kind, needed, default) for name, kind, needed, default in columns]
        db.execute("INSERT INTO %s(%s) VALUES(%s) ON CONFLICT(id) DO UPDATE SET %s" % (
            table, words, ", ".join("?" * len(columns)), changes), values)

    def rows_of(self, db, kind, row):
        """(table, fields) of what one object is there."""
        table = TABLES[kind]
        row = dict(row)
        if kind in ("runs", "task_runs"):
            row["state_timestamp"] = row["state"]["timestamp"]
            if kind == "task_runs":
                yield "task_run_state", self.state(row["state"], task_run_id=row["id"])
        elif kind == "states":
            row = self.state(row, flow_run_id=row["state_details"]["flow_run_id"])
        elif kind == "deployments":
            row["infra_overrides"] = row.get("job_variables") or row.get("infra_overrides") or {}
            row["work_queue_id"] = row.get("work_queue_id") or self.queue_id(db, row)
            db.execute("DELETE FROM deployment_schedule WHERE deployment_id = ?", (row["id"],))
            for schedule in row["schedules"]:
                yield "deployment_schedule", {**schedule, "deployment_id": row["id"]}
        elif kind == "limits":
            row.setdefault("avg_slot_occupancy_seconds", 2.0)
        elif kind == "artifacts" and row["key"]:
            yield "artifact_collection", {**row, "latest_id": row["id"]}
        yield table, row

    def state(self, state, **of):
        return {**state, "created": state["timestamp"], "updated": state["timestamp"], **of}

    def queue_id(self, db, deployment):
        row = db.execute("SELECT q.id FROM work_queue q JOIN work_pool p ON p.id = q.work_pool_id"
                         " WHERE p.name = ? AND q.name = ?",
                         (deployment.get("work_pool_name"), deployment.get("work_queue_name"))).fetchone()
        return row and row[0]
