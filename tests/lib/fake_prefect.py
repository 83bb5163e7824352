#!/usr/bin/env python3
"""A fake Prefect server for tests: Python's own library only.

    fake_prefect.py [--port 0] [--runs 200] [--seed 1] [--flavour 3.8|2.20] ...

Prints its API address when it is ready and serves until it is killed. POST /_control (beside
/api) takes {"faults": [...]}, {"do": [...]}, {"set": {...}}, {"take": "requests"}: see
Control. Its answers are held against real servers by tests/real/fake_parity.
"""
import argparse
import base64
import gzip
import json
import os
import re
import socket
import ssl
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import fake_filter as ff  # noqa: E402
import fake_register as fr  # noqa: E402
import fake_writes as fw  # noqa: E402
from fake_farm import SECOND, TERMINAL, Farm, iso, uuid_of  # noqa: E402

VERSIONS = {"3.8": "3.8.3", "3.0": "3.0.4", "2.20": "2.20.25"}
UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
PAGE = b"<!DOCTYPE html>\n<html><head><title>Prefect</title></head><body></body></html>"


class Answer(Exception):
    """An answer that ends the handling: status, body, headers."""

    def __init__(self, status, body=None, headers=None):
        super().__init__(status)
        self.status, self.body, self.headers = status, body, headers or {}


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        pass  # a client that hangs up is part of the tests


class State:
    """What all threads share, under one lock."""

    def __init__(self, args):
        self.lock = threading.RLock()
        self.args = args
        now = int(args.now * SECOND) if args.now else None
        self.farm = Farm(args.runs, args.seed, now, args.days, args.logs, args.flavour)
        self.limit = args.limit
        self.delay_ms = args.delay_ms
        self.auth, self.key, self.csrf = args.auth, args.key, args.csrf
        self.tokens = {}
        self.faults = []
        self.requests = []
        self.count = 0
        self.in_flight = self.most_in_flight = 0
        self.held, self.releases = 0, 0
        self.door = threading.Condition()

    def hold(self, ms):
        """A request is kept waiting so long, or until the tests let all of them go."""
        with self.door:
            before = self.releases
            self.held += 1
            self.door.wait_for(lambda: self.releases != before, ms / 1000)
            self.held -= 1

    def release(self):
        with self.door:
            self.releases += 1
            self.door.notify_all()


def fault_for(state, method, path):
    """The first fault whose pattern fits and whose turn it is."""
    with state.lock:
        for f in state.faults:
            if not re.search(f.get("match", "."), method + " " + path):
                continue
            if f.get("skip", 0) > 0:
                f["skip"] -= 1
                continue
            if f.get("times", -1) == 0:
                continue
            if f.get("times", -1) > 0:
                f["times"] -= 1
            return f
    return None


TOLD = re.compile(r"(^|_)(id|time|created|updated|timestamp|type|status|deployment_version)$")


def poison(value, text, key=""):
    """text behind each string that says something, the names of parameters too."""
    if isinstance(value, dict):
        told = key in ("parameters", "labels", "variables", "options")
        return {k + text if told else k: poison(v, text, k) for k, v in value.items()}
    if isinstance(value, list):
        return [poison(v, text, key) for v in value]
    return value + text if isinstance(value, str) and not TOLD.search(key) else value


def mangle(rows, f):
    """Fields missing, null, of other types, unknown, or with text behind, in each n-th object."""
    if f.get("poison"):
        return poison(rows, f["poison"])
    for row in rows[:: f.get("each", 1)]:
        for k in f.get("drop", []):
            row.pop(k, None)
        for k in f.get("null", []):
            row[k] = None
        for k, v in f.get("set", {}).items():
            row[k] = v
    return rows


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 0
    state = None

    def log_message(self, *args):
        pass

    def date_time_string(self, timestamp=None):
        farm = self.state.farm
        return super().date_time_string(farm.now() / 1e6 if farm.frozen else timestamp)

    def do_GET(self):
        self.handle_any()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET

    # ---- one request

    def handle_any(self):
        st = self.state
        url = urlsplit(self.path)
        n = int(self.headers.get("Content-Length") or 0)
        raw = self.rfile.read(n) if n else b""
        if url.path == "/_control":
            return self.send_json(200, self.control(json.loads(raw or b"{}")))
        with st.lock:
            st.count += 1
            flip = st.count % 2 == 0
            st.in_flight += 1
            st.most_in_flight = max(st.most_in_flight, st.in_flight)
            st.requests.append({"method": self.command, "path": self.path,
                                "body": raw.decode("utf-8", "replace"),
                                "headers": dict(self.headers.items())})
            del st.requests[:-100000]
        try:
            if st.delay_ms:
                time.sleep(st.delay_ms / 1000)
            fault = fault_for(st, self.command, self.path)
            if fault and self.break_before(fault):
                return None
            try:
                status, body, headers = self.answer(url, raw, flip)
            except Answer as a:
                status, body, headers = a.status, a.body, a.headers
            except Exception:  # as the real one: told to the operator, not the client
                traceback.print_exc()
                status, headers = 500, {}
                body = {"exception_message": "Internal Server Error"}
            if fault and fault["kind"] == "mangle" and status == 200:
                rows = json.loads(body if isinstance(body, bytes) else json.dumps(body))
                body = mangle(rows if isinstance(rows, list) else [rows], fault)
            if fault and fault["kind"] == "lost":  # it was done, nobody hears of it
                st.hold(fault.get("ms", 0))
                return self.hang_up(reset=fault.get("reset", False))
            if fault and fault["kind"] == "late":  # done, then answered with an error
                status, body = fault.get("status", 502), {"detail": "Bad Gateway"}
            data = body if isinstance(body, bytes) else (
                b"" if status == 204 else json.dumps(
                    body, separators=(",", ":")).encode())
            return self.send(status, data, headers, fault)
        finally:
            with st.lock:
                st.in_flight -= 1

    def control(self, order):
        return Control(self.state).run(order)

    def send_json(self, status, value):
        return self.send(status, json.dumps(value).encode(), {}, None)

    def head(self, status, headers):
        self.send_response(status)
        for k, v in headers.items():
            self.send_header(k, v)
        out = b"".join(self._headers_buffer) + b"\r\n"
        self._headers_buffer = []
        return out

    def send(self, status, data, headers, fault):
        headers = {"Content-Type": "application/json", **headers}
        if len(data) > 500 and "gzip" in (self.headers.get("Accept-Encoding") or ""):
            data = gzip.compress(data, 1)
            headers["Content-Encoding"] = "gzip"
        headers["Content-Length"] = str(len(data))
        head = self.head(status, headers)
        if fault and fault["kind"] == "cut":
            self.wfile.write(head + data[: fault.get("at", len(data) // 2)])
            self.hang_up()
        elif fault and fault["kind"] == "trickle":
            self.wfile.write(head)
            for i in range(0, len(data), fault.get("bytes", 1)):
                self.wfile.write(data[i:i + fault.get("bytes", 1)])
                time.sleep(fault.get("ms", 1) / 1000)
        else:
            self.wfile.write(head + data)

    def hang_up(self, reset=False):
        self.close_connection = True
        if reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       b"\1\0\0\0\0\0\0\0")
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def break_before(self, f):
        """Faults that stand in for the answer; False: the answer goes on."""
        kind = f["kind"]
        if kind in ("delay", "slow"):
            self.state.hold(f.get("ms", 1000))
            return False
        if kind == "status":
            headers = {k: str(v) for k, v in f.get("headers", {}).items()}
            body = f.get("body", {"exception_message": "Service Unavailable"})
            self.send(f.get("status", 503), json.dumps(body).encode(), headers, None)
        elif kind == "drop":
            self.hang_up(reset=f.get("reset", False))
        elif kind == "stall":
            self.state.hold(f.get("ms", 3600000))
            self.hang_up()
        elif kind == "html":
            self.send(f.get("status", 200), PAGE, {"Content-Type": "text/html"}, None)
        elif kind == "garbage":
            self.send(200, f.get("text", "\x00\xff{[not json").encode("latin-1"), {},
                      None)
        elif kind == "raw":
            self.wfile.write(f.get("text", "220 smtp ready\r\n").encode("latin-1"))
            self.hang_up()
        elif kind == "redirect":
            self.send(f.get("status", 302), b"", {"Location": f["to"]}, None)
        elif kind == "badgzip":
            self.wfile.write(self.head(200, {
                "Content-Type": "application/json", "Content-Encoding": "gzip",
                "Content-Length": "20"}) + b"\x1f\x8b" + b"x" * 18)
        elif kind == "gigantic":
            self.send_gigantic(f)
        else:
            return False
        return True

    def send_gigantic(self, f):
        """More than anyone can want: announced, or in chunks without an end."""
        size = f.get("bytes", 1 << 40)
        if f.get("announced"):
            self.wfile.write(self.head(200, {"Content-Type": "application/json",
                                             "Content-Length": str(size)}) + b"[")
            return self.hang_up()
        self.wfile.write(self.head(200, {"Content-Type": "application/json",
                                         "Transfer-Encoding": "chunked"}))
        part = b'{"id":"x"},' * 6000
        chunk = b"%x\r\n%s\r\n" % (len(part), part)
        self.wfile.write(b"1\r\n[\r\n")
        while size > 0:
            try:
                self.wfile.write(chunk)
            except OSError:
                break
            size -= len(part)
        self.hang_up()

    # ---- the server's rules

    def allowed(self, url):
        """The path within the API; what is not let in ends here."""
        st = self.state
        path, base = url.path, st.args.base
        if not path.startswith(base + "/"):
            if st.args.ui and not path.startswith("/api"):
                return 200, PAGE, {"Content-Type": "text/html"}
            raise Answer(404, {"detail": "Not Found"})
        path = path[len(base):]
        self.check_access(path)
        version = self.headers.get("X-PREFECT-API-VERSION")
        if version and not re.fullmatch(r"\d+\.\d+\.\d+", version):
            raise Answer(400, {"detail": "Invalid X-PREFECT-API-VERSION header format. "
                               "Expected header value to be in the format 'x.y.z'"})
        return path

    def answer(self, url, raw, flip):
        st, path = self.state, self.allowed(url)
        try:
            body = json.loads(raw) if raw.strip() else {}
        except ValueError:
            raise Answer(422, self.invalid(["body", 1], "JSON decode error",
                                           raw.decode("utf-8", "replace")))
        try:
            with st.lock:
                return self.route(path, parse_qs(url.query), body, flip)
        except ff.Refused as r:
            raise Answer(422, self.invalid(r.loc, r.msg, body))
        except ff.OverLimit as o:
            raise Answer(422, {"detail": "Invalid limit: must be less than or equal to "
                               "%d." % o.limit})

    def invalid(self, loc, msg, body):
        item = {"loc": loc, "msg": msg, "type": "value_error.extra"}
        if not self.state.farm.old:
            item = {"type": "extra_forbidden", "loc": loc, "msg": msg, "input": None}
        return {"exception_message": "Invalid request received.",
                "exception_detail": [item], "request_body": body}

    def check_access(self, path):
        """CSRF comes before the credentials, as in the real one."""
        st = self.state
        if st.csrf and self.command != "GET":
            client = self.headers.get("Prefect-Csrf-Client")
            token = self.headers.get("Prefect-Csrf-Token")
            if not token or not client:
                raise Answer(403, {"detail": "Missing CSRF token."})
            if st.tokens.get(client) != token:
                raise Answer(403, {"detail": "Invalid CSRF token or client identifier."})
        if path in ("/health", "/ready"):
            return
        sent = self.headers.get("Authorization")
        if st.auth and sent != "Basic " + base64.b64encode(st.auth.encode()).decode():
            raise Answer(401, {"exception_message": "Unauthorized"})
        if st.key and sent != "Bearer " + st.key:
            raise Answer(401, {"exception_message": "Unauthorized"})

    def route(self, path, query, body, flip):
        st, farm, get = self.state, self.state.farm, self.command == "GET"
        fixed = {"/health": True, "/ready": {"message": "OK"}, "/hello": "\U0001f44b",
                 "/version": "0.8.4", "/admin/version": VERSIONS[st.args.flavour]}
        if get and path in fixed:
            if path == "/admin/version" and st.args.cloud:
                raise Answer(404, {"detail": "Not Found"})
            return 200, fixed[path], {}
        if get and path == "/csrf-token":
            return self.csrf_token(query)
        if get and path == "/flow_run_states/":
            run = farm.runs.get((query.get("flow_run_id") or [""])[0])
            return 200, farm.states(run) if run else [], {}
        lists = {"/flow_runs/filter": self.list_runs,
                 "/task_runs/filter": self.list_task_runs,
                 "/logs/filter": self.list_logs}
        if not get and path in lists:
            return lists[path](body, flip)
        if not get and path == "/flow_runs/count":
            return 200, len(ff.select_runs(farm, {**body, "sort": None}, None, flip)), {}
        if not get and path == "/flow_runs/history":
            return 200, ff.history(farm, body), {}
        if not get and path.endswith("/filter"):
            return self.list_docs(path, body, flip)
        done = fr.route(farm, self.command, path, body) or \
            fw.route(farm, self.command, path, body)
        if done:
            return done[0], done[1], {}
        if get:
            return self.get_one(path)
        writes = re.fullmatch(r"/(flow_runs|deployments)/(%s)/"
                              r"(set_state|create_flow_run)" % UUID, path)
        if writes:
            return self.write(writes.group(2), writes.group(3), body)
        bare = path.rstrip("/")
        if path != bare and (bare in lists or bare.endswith("/filter")):
            raise Answer(307, b"", {"Location": "http://%s%s%s" % (
                self.headers.get("Host"), st.args.base, bare)})
        raise Answer(404, {"detail": "Not Found"})

    def write(self, id_, what, body):
        farm = self.state.farm
        if what == "set_state":
            run = farm.runs.get(id_)
            if not run:
                raise Answer(404, {"exception_message": "Flow run with id %s not found" %
                                   id_})
            status, out = fw.set_state(farm, run, body)
            return status, out, {}
        deployment = next((d for d in farm.deployments
                           if d["id"] == id_ and id_ not in farm.gone), None)
        if not deployment:
            raise Answer(404, {"detail": "Deployment not found"})
        unknown = fw.unknown_key(farm, body)
        if unknown:
            raise ff.Refused(["body", unknown], "extra fields not permitted" if farm.old
                             else "Extra inputs are not permitted")
        status, out = fw.create_run(farm, deployment, body)
        return status, out, {}

    def csrf_token(self, query):
        st = self.state
        if not st.csrf:
            raise Answer(422, {"detail": "CSRF protection is disabled."})
        client = query["client"][0]
        st.tokens[client] = os.urandom(16).hex()
        now = st.farm.t(st.farm.now())
        return 200, {"id": uuid_of("csrf", client), "created": now, "updated": now,
                     "token": st.tokens[client], "client": client,
                     "expiration": st.farm.t(st.farm.now() + 3600 * SECOND)}, {}

    def limit_of(self, entity, body):
        return ff.check_request(entity, body, self.state.farm, self.state.limit)

    def list_runs(self, body, flip):
        farm = self.state.farm
        rows = ff.select_runs(farm, body, self.limit_of("flow_runs", body), flip)
        return 200, b"[" + b",".join(map(farm.run_text, rows)) + b"]", {}

    def list_task_runs(self, body, flip):
        limit = self.limit_of("task_runs", body)
        body = {"sort": "ID_DESC", **body}
        spec = body.get("task_runs") or {}
        ids = (spec.get("id") or {}).get("any_")
        if ids and list(spec) == ["id"] and list(spec["id"]) == ["any_"] and \
                body["sort"] == "ID_DESC" and not body.get("flow_runs"):
            offset = body.get("offset") or 0
            ids = sorted(set(ids), reverse=True)
            texts = [t for t in map(self.state.farm.task_text, ids) if t]
            texts = texts[offset:offset + limit]
            return 200, b"[" + b",".join(texts) + b"]", {}
        return 200, ff.select_task_runs(self.state.farm, body, limit, flip), {}

    def list_logs(self, body, flip):
        limit = self.limit_of("logs", body)
        return 200, ff.select_logs(self.state.farm, body, limit, flip), {}

    def list_docs(self, path, body, flip):
        farm = self.state.farm
        of_pool = re.fullmatch(r"/work_pools/([^/]+)/(queues|workers)/filter", path)
        tables = {"/flows/filter": ("flows", farm.flows),
                  "/deployments/filter": ("deployments", farm.deployments),
                  "/work_pools/filter": ("work_pools", farm.pools),
                  "/work_queues/filter": ("work_queues", farm.queues),
                  "/artifacts/filter": ("artifacts", farm.artifacts),
                  "/concurrency_limits/filter": (None, farm.limits_v1),
                  "/v2/concurrency_limits/filter": (None, farm.limits_v2)}
        if of_pool:
            name = unquote(of_pool.group(1))
            pool = next((p for p in farm.pools if p["name"] == name), None)
            if not pool:
                raise Answer(404, {"detail": 'Work pool "%s" not found.' % name})
            workers = of_pool.group(2) == "workers"
            entity = "workers" if workers else "work_queues"
            rows = [r for r in (farm.workers if workers else farm.queues)
                    if r["work_pool_id"] == pool["id"]]
        elif path in tables:
            entity, rows = tables[path]
        else:
            raise Answer(404, {"detail": "Not Found"})
        limit = self.limit_of(entity, body)
        if entity is None:
            offset = body.get("offset") or 0
            return 200, rows[offset:offset + limit], {}
        return 200, ff.select_docs(farm, entity, rows, body, limit, flip), {}

    def deployment_named(self, flow, name):
        farm = self.state.farm
        flow = next((f["id"] for f in farm.flows if f["name"] == flow), None)
        found = next((d for d in farm.deployments if d["flow_id"] == flow and
                      d["name"] == name and d["id"] not in farm.gone), None)
        if not found:
            raise Answer(404, {"detail": "Deployment not found"})
        return 200, found, {}

    def get_one(self, path):
        farm = self.state.farm
        m = re.fullmatch(r"/deployments/name/([^/]+)/([^/]+)", path)
        if m:
            return self.deployment_named(unquote(m.group(1)), unquote(m.group(2)))
        m = re.fullmatch(r"/([a-z_]+)/([^/]+)", path) or re.fullmatch(
            r"/(v2/concurrency_limits)/([^/]+)", path)
        if not m:
            raise Answer(404, {"detail": "Not Found"})
        kind, id_ = m.group(1), unquote(m.group(2))
        rows = {"flows": farm.flows, "deployments": farm.deployments,
                "work_queues": farm.queues, "artifacts": farm.artifacts,
                "concurrency_limits": farm.limits_v1,
                "v2/concurrency_limits": farm.limits_v2}
        words = {"flow_runs": "Flow run not found", "task_runs": "Task not found",
                 "flows": "Flow not found", "deployments": "Deployment not found",
                 "work_queues": "work queue not found",
                 "artifacts": "Artifact not found.",
                 "concurrency_limits": "Concurrency limit not found",
                 "v2/concurrency_limits": "Concurrency Limit not found"}
        if kind == "work_pools":
            found = next((p for p in farm.pools if p["name"] == id_), None)
            if not found:
                raise Answer(404, {"detail": 'Work pool "%s" not found.' % id_})
            return 200, found, {}
        if kind not in words:
            raise Answer(404, {"detail": "Not Found"})
        if not re.fullmatch(UUID, id_):
            if farm.old:
                raise Answer(422, self.invalid(["path", "id"], "value is not a valid uuid",
                                               None))
            if id_ == "filter":
                raise Answer(405, {"detail": "Method Not Allowed"})
            raise Answer(404, {"detail": "Not Found"})
        if kind == "flow_runs":
            found = farm.runs.get(id_.lower())
            found = found and farm.run_json(found)
        elif kind == "task_runs":
            found = farm.task_run(id_.lower())
        else:
            found = next((d for d in rows[kind] if d["id"] == id_.lower() and
                          d["id"] not in farm.gone), None)
        if not found:
            raise Answer(404, {"detail": words[kind]})
        return 200, found, {}


class Control:
    """The tests' own door.

    faults  list of {kind, match (regex on "METHOD /path"), skip, times, ...}; replaces all
    set     {limit, delay_ms, auth, key, csrf}; "forget_tokens": true
    release true: what faults keep waiting goes on; how many that are, stats say (held)
    do      list of [verb, {...}]: make, end, start, state, delete, rename, log, artifact,
            touch_deployment, drop_deployment, put; runs by id, or the first n of a
            state type
    take    "requests" (and forget them), "stats", "runs", "logs"
    """

    def __init__(self, state):
        self.st = state
        self.farm = state.farm

    def run(self, order):
        st, out = self.st, {}
        with st.lock:
            if "faults" in order:
                st.faults = order["faults"]
            for k, v in order.get("set", {}).items():
                setattr(st, k, v)
            if order.get("forget_tokens"):
                st.tokens.clear()
            if order.get("release"):
                st.release()
            out["done"] = [getattr(self, "do_" + verb)(**(args or {}))
                           for verb, args in order.get("do", [])]
            take = order.get("take")
            if take == "requests":
                out["requests"], st.requests = st.requests, []
            elif take == "stats":
                out["stats"] = {"requests": st.count, "most_in_flight":
                                st.most_in_flight, "runs": len(self.farm.runs),
                                "held": st.held, "in_flight": st.in_flight}
                st.most_in_flight = 0
            elif take == "runs":
                out["runs"] = self.take_runs()
            elif take == "logs":
                out["logs"] = self.take_logs(order)
        return out

    def take_runs(self):
        return [self.farm.run_json(r) for r in self.farm.runs.values()]

    def take_logs(self, order):
        return [{k: v for k, v in line.items() if k != "_at"}
                for r in self.pick(order) for line in self.farm.logs(r)]

    def pick(self, args):
        if args.get("id"):
            return [self.farm.runs[args["id"]]]
        if args.get("ids"):
            return [self.farm.runs[i] for i in args["ids"]]
        types = args.get("types") or list(self.farm.by_type)
        rows = [r for t in types for r in self.farm.by_type[t].values()]
        rows.sort(key=lambda r: r.n)
        return rows[: args.get("n", len(rows))]

    def do_make(self, n=1, name=None, at=None, state="RUNNING", parameters=None):
        out = []
        for _ in range(n):
            when = self.farm.now() if at is None else at
            run = self.farm.make_run(when, name=name)
            run.extra_parameters = parameters
            if state != "SCHEDULED":
                self.farm.set_state(run, state)
            out.append(run.id)
        return out

    def do_start(self, **args):
        args.setdefault("types", ["SCHEDULED", "PENDING"])
        return self.do_state(type="RUNNING", **args)

    def do_end(self, type="COMPLETED", **args):
        args.setdefault("types", ["RUNNING", "PENDING"])
        return self.do_state(type=type, **args)

    def do_state(self, type="COMPLETED", name=None, message=None, at=None, **args):
        out = []
        for run in self.pick(args):
            self.farm.set_state(run, type, name, at, message)
            out.append(run.id)
        return out

    def do_delete(self, **args):
        rows = self.pick(args)
        for run in rows:
            self.farm.delete(run)
        return [r.id for r in rows]

    def do_rename(self, name="renamed", tags=None, **args):
        rows = self.pick(args)
        for run in rows:
            run.name = name
            run.tags = run.tags if tags is None else tags
            run.updated = max(self.farm.now(), run.updated + 1)
            self.farm.orders.clear()
        return [r.id for r in rows]

    def do_log(self, lines=("one line",), at=None, level=20, **args):
        rows = self.pick(args)
        for run in rows:
            self.farm.add_logs(run, lines, at, level)
        return [r.id for r in rows]

    def do_artifact(self, key="report", type="markdown", data="text", **args):
        for run in self.pick(args):
            self.farm.add_artifact(run, key, type, data)

    def do_put(self, fields=None, **args):
        """Members of a run as it lies here: pid, retry_type, persisted, deployment."""
        rows = self.pick(args)
        for run in rows:
            for k, v in (fields or {}).items():
                setattr(run, k, v)
            run.text = None
        return [r.id for r in rows]

    def do_drop_deployment(self, name="pr"):
        for d in self.farm.deployments:
            if d["name"] == name:
                self.farm.gone.add(d["id"])

    def do_touch_deployment(self, name="pr", **fields):
        for d in self.farm.deployments:
            if d["name"] == name:
                d.update(fields, updated=iso(self.farm.now(), self.farm.zone))


def warm(farm):
    for run in farm.runs.values():
        if run.type in TERMINAL:
            farm.run_text(run)
        if run.parent_task:
            farm.task_text(run.parent_task)
    for field in ("end_time", "expected_start_time"):
        for flip in (False, True):
            ff.order_of(farm, field, flip)


def options():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--runs", type=int, default=200)
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--days", type=lambda s: int(float(s)), default=20, help="how far back runs go")
    p.add_argument("--logs", type=int, default=12, help="lines of a run (failed: x20)")
    p.add_argument("--flavour", choices=sorted(VERSIONS), default="3.8")
    p.add_argument("--now", type=float, help="frozen clock, seconds since 1970")
    p.add_argument("--limit", type=int, default=200)
    p.add_argument("--delay-ms", type=float, default=0)
    p.add_argument("--auth", help="user:password")
    p.add_argument("--key", help="bearer token")
    p.add_argument("--csrf", action="store_true")
    p.add_argument("--base", default="/api", help="path of the API")
    p.add_argument("--ui", action="store_true", help="web pages outside of the API")
    p.add_argument("--cloud", action="store_true", help="does not tell its version")
    p.add_argument("--cert", help="PEM with certificate and key: serve TLS")
    p.add_argument("--warm", action="store_true", help="write all JSON before serving")
    return p


def serve(handler, args):
    """Until it is killed; the address is printed first."""
    server = Server(("127.0.0.1", args.port), handler)
    scheme = "http"
    if args.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(args.cert)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    print("%s://127.0.0.1:%d%s" % (scheme, server.server_address[1], args.base),
          flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


def main():
    args = options().parse_args()
    Handler.state = State(args)
    if args.warm:
        warm(Handler.state.farm)
    serve(Handler, args)


if __name__ == "__main__":
    main()
