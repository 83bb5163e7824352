#!/usr/bin/env python3
"""A Prefect server of made-up, ended runs that answers after a fixed delay.

Usage: server.py RUNS DELAY_MS

Prints its port. It knows the filters on state, expected start, end and ids, the two orders by
each, limit and offset; everything else that is asked for is an empty list. `GET /requests`
tells how many pages of runs it gave. Fast enough not to be what is measured: a page takes
below a millisecond, delays pass side by side.
"""
import asyncio
import bisect
import datetime
import json
import random
import sys

RUNS, DELAY = int(sys.argv[1]), float(sys.argv[2]) / 1000
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
SPAN = 20 * 86400  # seconds that the runs are spread over
ENDED = {"COMPLETED", "FAILED", "CANCELLED", "CRASHED"}
random.seed(7)


def stamp(us):
    t = datetime.datetime.fromtimestamp(us // 1000000, datetime.timezone.utc)
    return f"{t:%Y-%m-%dT%H:%M:%S}.{us % 1000000:06d}Z"


def micros(text):
    t = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return int(t.timestamp()) * 1000000 + t.microsecond


def uuid():
    h = f"{random.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


BASE = int(NOW.timestamp()) * 1000000
FLOWS = [uuid() for _ in range(16)]
# sorted by both: runs are equally long
EXPECTED = [BASE - (RUNS - i) * (SPAN * 1000000 // RUNS) - 600000000 for i in range(RUNS)]
TOOK = 252000000
IDS = [uuid() for _ in range(RUNS)]
BY_ID = {v: i for i, v in enumerate(IDS)}
STATE = ["FAILED" if random.random() < 0.1 else "COMPLETED" for _ in range(RUNS)]
pages = 0


def run(i):
    start, end, state = stamp(EXPECTED[i]), stamp(EXPECTED[i] + TOOK), STATE[i]
    flow, sid = FLOWS[i % 16], f"{IDS[i][:-4]}ffff"
    return (
        f'{{"id":"{IDS[i]}","created":"{start}","updated":"{end}","name":"numpy 2.{i % 40}.{i % 7} pr-{i % 9000}",'
        f'"flow_id":"{flow}","state_id":"{sid}","deployment_id":null,"deployment_version":null,'
        '"work_queue_id":null,"work_queue_name":null,"flow_version":"545843bcb75c5feef5283d907ee49ae0",'
        f'"parameters":{{"package":"numpy","version":"2.{i % 40}.{i % 7}","platform":"linux-64","options":'
        '{"jobs":4,"debug":false,"channels":["staging","main"]}},"idempotency_key":null,"context":{},'
        '"empirical_policy":{"max_retries":0,"retry_delay_seconds":0.0,"retries":0,"retry_delay":0,"pause_keys":[],'
        f'"resuming":false,"retry_type":null}},"tags":["ci","pr-{i % 9000}"],"labels":{{"prefect.flow.id":"{flow}"}},'
        f'"parent_task_run_id":null,"state_type":"{state}","state_name":"{state.capitalize()}","run_count":1,'
        f'"expected_start_time":"{start}","next_scheduled_start_time":null,"start_time":"{start}","end_time":"{end}",'
        '"total_run_time":252.0,"estimated_run_time":252.0,"estimated_start_time_delta":0.0,"auto_scheduled":false,'
        '"infrastructure_document_id":null,"infrastructure_pid":"vm:5849","created_by":null,"work_pool_id":null,'
        f'"work_pool_name":null,"state":{{"id":"{sid}","type":"{state}","name":"{state.capitalize()}","timestamp":"{end}",'
        '"message":null,"data":null,"state_details":{"flow_run_id":null,"task_run_id":null,"child_flow_run_id":null,'
        '"scheduled_time":null,"cache_key":null,"cache_expiration":null,"deferred":null,"untrackable_result":true,'
        '"pause_timeout":null,"pause_reschedule":false,"pause_key":null,"run_input_keyset":null,"refresh_cache":null,'
        '"retriable":null,"transition_id":null,"task_parameters_id":null}},"job_variables":{}}')


RENDERED = [run(i) for i in range(RUNS)]


def between(condition, offset):
    """Positions (from, to) of the runs whose time is in the inclusive range."""
    low, high = 0, RUNS
    if condition.get("after_"):
        low = bisect.bisect_left(EXPECTED, micros(condition["after_"]) - offset)
    if condition.get("before_"):
        high = bisect.bisect_right(EXPECTED, micros(condition["before_"]) - offset)
    return low, high


def chosen(query):
    """Numbers of the runs that a body asks for, oldest first."""
    f = query.get("flow_runs") or {}
    types = ((f.get("state") or {}).get("type") or {}).get("any_")
    if types is not None and not ENDED & set(types):
        return []
    ids = (f.get("id") or {}).get("any_")
    if ids is not None:
        return sorted(BY_ID[i] for i in ids if i in BY_ID)
    if (f.get("parent_task_run_id") or f.get("parent_flow_run_id") or {}).get("any_") or \
            (f.get("start_time") or {}).get("is_null_"):
        return []
    low, high = between(f.get("expected_start_time") or {}, 0)
    low2, high2 = between(f.get("end_time") or {}, TOOK)
    found = range(max(low, low2), max(max(low, low2), min(high, high2)))
    if types is not None and set(types) & ENDED != ENDED and ENDED - set(types) & {"COMPLETED", "FAILED"}:
        found = [i for i in found if STATE[i] in types]
    return found


def history(query):
    start, end = micros(query["history_start"]), micros(query["history_end"])
    width = int(float(query["history_interval_seconds"] if "history_interval_seconds" in query
                      else query["history_interval"]) * 1000000)
    found = chosen(query)
    out = []
    for at in range(start, end, width):
        low = bisect.bisect_left(EXPECTED, at)
        high = bisect.bisect_left(EXPECTED, min(at + width, end))
        counts = {}
        for i in range(low, high) if found is not None else ():
            counts[STATE[i]] = counts.get(STATE[i], 0) + 1
        out.append({"interval_start": stamp(at), "interval_end": stamp(at + width), "states": [
            {"state_type": s, "state_name": s.capitalize(), "count_runs": n,
             "sum_estimated_run_time": 0, "sum_estimated_lateness": 0} for s, n in counts.items()]})
    return json.dumps(out)


def answer(method, path, body):
    global pages
    path = path.split("?")[0].removeprefix("/api")
    if path == "/admin/version":
        return '"3.8.3"'
    if path == "/health":
        return "true"
    if path == "/requests":
        return str(pages)
    query = json.loads(body) if body else {}
    if path == "/flow_runs/history":
        return history(query)
    if path == "/flow_runs/count":
        return str(len(chosen(query)))
    if path == "/flows/filter":
        listed = [f'{{"id":"{v}","created":"{stamp(BASE)}","updated":"{stamp(BASE)}","name":"flow-{i}",'
                  '"tags":[],"labels":{}}' for i, v in enumerate(FLOWS)]
        return "[" + ",".join(listed[query.get("offset", 0):]) + "]"
    if path != "/flow_runs/filter":
        return "[]" if method == "POST" else None
    found = chosen(query)
    at, limit = query.get("offset", 0), query.get("limit", 200)
    down = not query.get("sort", "ID_DESC").endswith("_ASC")
    n = len(found)
    picked = [found[n - 1 - k] if down else found[k] for k in range(at, min(at + limit, n))]
    pages += bool(picked)
    return "[" + ",".join([RENDERED[i] for i in picked]) + "]"


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.data = transport, b""

    def data_received(self, data):
        self.data += data
        head, found, rest = self.data.partition(b"\r\n\r\n")
        if not found:
            return
        length = 0
        for line in head.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line[15:])
        if len(rest) < length:
            return
        self.data = rest[length:]
        method, path = head.split(b" ", 2)[:2]
        due = loop.time() + DELAY
        text = answer(method.decode(), path.decode(), rest[:length])
        status = "200 OK" if text is not None else "404 Not Found"
        text = (text if text is not None else '{"detail":"Not Found"}').encode()
        now = datetime.datetime.now(datetime.timezone.utc)
        reply = (f"HTTP/1.1 {status}\r\nDate: {now:%a, %d %b %Y %H:%M:%S} GMT\r\nContent-Type: application/json\r\n"
                 f"Content-Length: {len(text)}\r\n\r\n").encode() + text
        loop.call_at(due, self.transport.write, reply)


async def main():
    server = await loop.create_server(Connection, "127.0.0.1", 0, backlog=100)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

loop = asyncio.new_event_loop()
try:
    loop.run_until_complete(main())
except KeyboardInterrupt:
    pass
