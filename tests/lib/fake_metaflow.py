#!/usr/bin/env python3
"""A metadata service of Metaflow, as far as weir asks it.

    fake_metaflow.py ADDRESS_FILE [--answers FILE] [--runs N] [--pad BYTES] [--pages]
        [--key KEY] [--fail PATH=STATUS*TIMES]... [--slow SECONDS] [--log FILE]

--answers: {"GET /path": {"status": 200, "body": ...}}. Without, a flow BigFlow of N runs, each with two
tasks; --pad makes each run's tags that much longer. --pages: answers `_limit` and `_cursor`, as newer
services do; else all at once. --fail: the first TIMES answers to a path that contains PATH have this
status. The address is written when it listens; what was asked goes to --log, a path a line.
"""
import argparse
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

EPOCH = 1795226806002


def record(run, step, task, number, field, value, ms):
    return {"id": number, "flow_id": "BigFlow", "run_number": run, "step_name": step, "task_id": task,
            "field_name": field, "value": value, "type": field, "user_name": "alice", "ts_epoch": ms,
            "tags": ["attempt_id:0"], "system_tags": None}


def records(run, ms):
    env = json.dumps(["1" * 40, "a" * 40, "linux-64"])
    made = []
    for i, step in enumerate(("start", "end")):
        task = run * 10 + i
        for field, value in (("attempt", "0"), ("ds-type", "s3"), ("ds-root", "s3://bob:sekret1@bucket/mf"),
                             ("conda_env_id", env), ("attempt_ok", "True")):
            made.append(record(run, step, task, len(made), field, value, ms + 10 * len(made)))
    return made[::-1]


class Farm:
    def __init__(self, args):
        self.args = args
        self.fails = [list(f.rsplit("=", 1)) for f in args.fail]
        self.fails = [[path, *map(int, how.split("*"))] for path, how in self.fails]
        self.answers = json.load(open(args.answers)) if args.answers else None
        if self.answers and "responses" in self.answers:
            self.answers = self.answers["responses"]

    def runs(self):
        pad = "x" * self.args.pad
        return [{"flow_id": "BigFlow", "run_number": n, "user_name": "alice", "ts_epoch": EPOCH + n * 1000,
                 "tags": [pad] if pad else None, "system_tags": ["user:alice"],
                 "last_heartbeat_ts": (EPOCH + n * 1000) // 1000} for n in range(self.args.runs, 0, -1)]

    def get(self, path):
        if self.answers is not None:
            a = self.answers.get("GET " + path)
            return (a["status"], a["body"]) if a else (404, {})
        parts = path.strip("/").split("/")
        if path == "/flows":
            return 200, [{"flow_id": "BigFlow", "user_name": "alice", "ts_epoch": EPOCH, "tags": None,
                          "system_tags": []}]
        if path == "/flows/BigFlow/runs":
            return 200, self.runs()
        if parts[:3] == ["flows", "BigFlow", "runs"] and parts[4:] == ["metadata"]:
            return 200, records(int(parts[3]), EPOCH + int(parts[3]) * 1000)
        return 404, {}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def send(self, status, body, headers=()):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("METADATA_SERVICE_VERSION", "2.5.1")
        self.send_header("Content-Length", str(len(text)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def fault(self, path):
        for f in self.server.farm.fails:
            if f[0] in path and f[2] > 0:
                f[2] -= 1
                return f[1]
        return 0

    def page(self, query, body):
        limit = min(int(query.get("_limit", ["50"])[0]), 500)
        at = int(query.get("_cursor", ["0"])[0])
        more = [("X-Limit", str(limit))]
        if at + limit < len(body):
            more.append(("X-Next-Cursor", str(at + limit)))
        return body[at:at + limit], more

    def do_GET(self):
        args = self.server.farm.args
        url = urlsplit(self.path)
        if args.log:
            with open(args.log, "a") as log:
                log.write(self.path + "\n")
        if args.slow:
            time.sleep(args.slow)
        if args.key and self.headers.get("x-api-key") != args.key:
            return self.send(403, {"message": "Forbidden"})
        status = self.fault(url.path)
        if status:
            return self.send(status, {"traceback": "Traceback\n  ...", "detail": "relation is gone",
                                      "status": status, "title": "Internal Server Error", "type": "about:blank"})
        status, body = self.server.farm.get(url.path)
        more = []
        if args.pages and isinstance(body, list):
            body, more = self.page(parse_qs(url.query), body)
        self.send(status, body, more)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("address_file")
    p.add_argument("--answers")
    p.add_argument("--runs", type=int, default=3)
    p.add_argument("--pad", type=int, default=0)
    p.add_argument("--pages", action="store_true")
    p.add_argument("--key")
    p.add_argument("--fail", action="append", default=[])
    p.add_argument("--slow", type=float, default=0)
    p.add_argument("--log")
    args = p.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.farm = Farm(args)
    server.handle_error = lambda *_: None  # who asks may go away
    with open(args.address_file, "w") as f:
        f.write(f"http://127.0.0.1:{server.server_address[1]}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


main()
