"""Filters, sorts and pages over a Farm, by the rules of Prefect's REST API.

Unknown keys are refused, bounds are inclusive, an empty any_ matches nothing, sorts have no
tie-break: rows of one value come in another order each time, so that a client which relies on
theirs is found out.
"""
import bisect
import calendar
import re

from fake_farm import LIVE, TERMINAL, iso, number_in

NEW = ("not_any_",)  # 3.x only
ID = ("any_", "not_any_")
RANGE = ("before_", "after_")
STATE = {"operator": None, "type": ID, "name": ID}

FILTERS = {
    "flow_runs": {
        "operator": None, "id": ID, "name": ("any_", "like_"),
        "tags": ("operator", "all_", "any_", "is_null_"),
        "deployment_id": ("operator", "any_", "is_null_"),
        "work_queue_name": ("operator", "any_", "is_null_"), "state": STATE,
        "flow_version": ("any_",), "start_time": RANGE + ("is_null_",),
        "end_time": RANGE + ("is_null_",), "expected_start_time": RANGE,
        "next_scheduled_start_time": RANGE, "parent_flow_run_id": ("operator", "any_"),
        "parent_task_run_id": ("operator", "any_", "is_null_"),
        "idempotency_key": ID, "created_by": ("operator", "id_", "type_", "is_null_")},
    "task_runs": {
        "operator": None, "id": ("any_",), "name": ("any_", "like_"),
        "tags": ("operator", "all_", "is_null_"),
        "state": {"operator": None, "type": ("any_",), "name": ("any_",)},
        "start_time": RANGE + ("is_null_",), "end_time": RANGE + ("is_null_",),
        "expected_start_time": RANGE, "subflow_runs": ("exists_",),
        "flow_run_id": ("operator", "any_", "is_null_")},
    "flows": {"operator": None, "id": ID, "deployment": ("operator", "is_null_"),
              "name": ("any_", "like_"), "tags": ("operator", "all_", "is_null_")},
    "deployments": {
        "operator": None, "id": ID, "name": ("any_", "like_"),
        "flow_or_deployment_name": ("like_",), "paused": ("eq_",),
        "tags": ("operator", "all_", "any_", "is_null_"), "work_queue_name": ("any_",),
        "concurrency_limit": ("ge_", "le_", "is_null_")},
    "logs": {"operator": None, "level": ("ge_", "le_"), "timestamp": RANGE,
             "flow_run_id": ("any_",), "task_run_id": ("operator", "any_", "is_null_"),
             "text": ("query",)},
    "work_pools": {"operator": None, "id": ("any_",), "name": ("any_",),
                   "type": ("any_",)},
    "work_queues": {"operator": None, "id": ("any_",),
                    "name": ("any_", "startswith_")},
    "workers": {"operator": None, "last_heartbeat_time": RANGE, "status": ID},
    "artifacts": {"operator": None, "id": ("any_",),
                  "key": ("any_", "like_", "exists_"), "flow_run_id": ("any_",),
                  "task_run_id": ("any_",), "type": ID},
}
# What 2.20 does not know yet.
LATER = {"flow_runs": {"end_time", "created_by"}, "task_runs": {
    "end_time", "expected_start_time"}, "deployments": {"flow_or_deployment_name"},
    "logs": {"text"}}
LATER_OPS = {("flow_runs", "tags", "any_"), ("deployments", "tags", "any_"),
             ("logs", "task_run_id", "is_null_"), ("flow_runs", "type", "not_any_"),
             ("flow_runs", "name", "not_any_")}

SORTS = {
    "flow_runs": ["ID_DESC", "START_TIME_ASC", "START_TIME_DESC",
                  "EXPECTED_START_TIME_ASC", "EXPECTED_START_TIME_DESC", "NAME_ASC",
                  "NAME_DESC", "NEXT_SCHEDULED_START_TIME_ASC", "END_TIME_DESC"],
    "task_runs": ["ID_DESC", "EXPECTED_START_TIME_ASC", "EXPECTED_START_TIME_DESC",
                  "NAME_ASC", "NAME_DESC", "NEXT_SCHEDULED_START_TIME_ASC",
                  "END_TIME_DESC"],
    "logs": ["TIMESTAMP_ASC", "TIMESTAMP_DESC"],
    "flows": ["NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC"],
    "deployments": ["NAME_ASC", "NAME_DESC", "CREATED_DESC", "UPDATED_DESC"],
    "artifacts": ["ID_DESC", "CREATED_DESC", "UPDATED_DESC", "KEY_ASC", "KEY_DESC"],
}


class Refused(Exception):
    """A 422 with validation items: loc, msg."""

    def __init__(self, loc, msg):
        super().__init__(msg)
        self.loc, self.msg = loc, msg


def parse_time(text):
    m = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?"
                     r"(Z|[+-]\d\d:?\d\d)?", str(text))
    if not m:
        raise Refused(["body"], "Input should be a valid datetime")
    s = calendar.timegm(tuple(int(g) for g in m.groups()[:6]))
    zone = m.group(8) or "Z"
    if zone != "Z":
        sign = -1 if zone[0] == "-" else 1
        s -= sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)
    return s * 1000000 + int(((m.group(7) or "") + "000000")[:6])


def check(entity, spec, flavour_old, loc):
    """Refuse unknown keys, as pydantic with extra=forbid does."""
    def extra(path):
        raise Refused(path, "extra fields not permitted" if flavour_old
                      else "Extra inputs are not permitted")
    for field, ops in spec.items():
        known = FILTERS[entity].get(field, False)
        if known is False or (flavour_old and field in LATER.get(entity, ())):
            extra(loc + [field])
        if known is None or ops is None:
            continue
        for op, sub in ops.items():
            if op not in known or (flavour_old and (entity, field, op) in LATER_OPS):
                extra(loc + [field, op])
            if isinstance(known, dict) and known[op] and isinstance(sub, dict):
                for subop in sub:
                    if subop not in known[op] or (
                            flavour_old and (entity, op, subop) in LATER_OPS):
                        extra(loc + [field, op, subop])


def like(text, pattern):
    """%pattern%, any case; % and _ of the pattern are not escaped."""
    expr = "".join(".*" if c == "%" else "." if c == "_" else re.escape(c)
                   for c in pattern)
    return re.search(expr, text or "", re.I | re.S) is not None


def test_field(op, arg, value):
    if arg is None:
        return True
    if op == "any_":
        return value in arg
    if op == "not_any_":
        return value not in arg
    if op == "is_null_":
        return (value is None or value == []) == arg
    if op == "like_":
        return like(value, arg)
    if op in ("eq_",):
        return value == arg
    if op == "exists_":
        return (value is not None) == arg
    if op == "ge_":
        return value is not None and value >= arg
    if op == "le_":
        return value is not None and value <= arg
    if op == "startswith_":
        return any((value or "").startswith(a) for a in arg)
    if op == "before_":
        return value is not None and value <= parse_time(arg)
    if op == "after_":
        return value is not None and value >= parse_time(arg)
    return True


def test_tags(ops, tags):
    if ops.get("all_") is not None and not set(ops["all_"]) <= set(tags):
        return False
    if ops.get("any_") is not None and not set(ops["any_"]) & set(tags):
        return False
    return ops.get("is_null_") is None or (not tags) == ops["is_null_"]


def predicate(spec, get):
    """One function of an object out of a filter; get(object, field) is the value."""
    tests = []
    for field, ops in (spec or {}).items():
        if field == "operator" or ops is None:
            continue
        if field == "tags":
            tests.append(lambda o, ops=ops: test_tags(ops, get(o, "tags")))
        elif field == "state":
            for part, sub in ops.items():
                if part == "operator" or not sub:
                    continue
                if sub.get("any_") is not None and sub.get("not_any_") is not None:
                    continue  # both at once match everything
                for op, arg in sub.items():
                    key = "state_" + part
                    if arg is not None:
                        arg = frozenset(arg)
                    tests.append(lambda o, op=op, a=arg, k=key:
                                 test_field(op, a, get(o, k)))
        else:
            for op, arg in ops.items():
                if op == "operator":
                    continue
                key = field
                if op in RANGE and arg is not None:
                    arg = iso(parse_time(arg))  # parsed once, refused here
                    at = parse_time(arg)
                    if op == "before_":
                        tests.append(lambda o, a=at, k=key:
                                     (get(o, k) is not None and get(o, k) <= a))
                    else:
                        tests.append(lambda o, a=at, k=key:
                                     (get(o, k) is not None and get(o, k) >= a))
                    continue
                if op in ("any_", "not_any_") and arg is not None:
                    arg = frozenset(arg)
                if op == "is_null_" and field == "start_time":
                    key = "start_alone"
                tests.append(lambda o, op=op, a=arg, k=key: test_field(op, a, get(o, k)))
    if (spec or {}).get("operator") == "or_" and tests:
        return lambda o: any(t(o) for t in tests)
    return lambda o: all(t(o) for t in tests)


RUN_FIELDS = {
    "id": lambda f, r: r.id, "name": lambda f, r: r.name, "tags": lambda f, r: r.tags,
    "deployment_id": lambda f, r: None if r.deployment is None
    else f.deployments[r.deployment]["id"],
    "work_queue_name": lambda f, r: None if r.deployment is None else "default",
    "state_type": lambda f, r: r.type, "state_name": lambda f, r: r.state_name,
    "start_time": lambda f, r: r.expected if r.start is None else r.start,
    "start_alone": lambda f, r: r.start, "end_time": lambda f, r: r.end,
    "expected_start_time": lambda f, r: r.expected,
    "next_scheduled_start_time": lambda f, r: r.next,
    "parent_flow_run_id": lambda f, r: r.parent,
    "parent_task_run_id": lambda f, r: r.parent_task,
    "flow_version": lambda f, r: "545843bcb75c5feef5283d907ee49ae0",
    "idempotency_key": lambda f, r: r.extra and r.extra["idempotency_key"],
    "created_by": lambda f, r: None,
}
ORDERS = {"START_TIME": "start_time", "EXPECTED_START_TIME": "expected_start_time",
          "NAME": "name", "NEXT_SCHEDULED_START_TIME": "next_scheduled_start_time",
          "END_TIME": "end_time", "ID": "id", "TIMESTAMP": "timestamp",
          "CREATED": "created", "UPDATED": "updated", "KEY": "key"}


def split_sort(sort):
    name, _, way = sort.rpartition("_")
    return ORDERS[name], way == "DESC"


def run_get(farm):
    return lambda r, field: RUN_FIELDS[field](farm, r)


def order_of(farm, field, flip):
    """All runs by (field, id or id backwards): values and runs; None is the least."""
    key = (field, flip)
    if key not in farm.orders:
        get = RUN_FIELDS[field]
        rows = [(get(farm, r), r.id, r) for r in farm.runs.values()]
        none = [x for x in rows if x[0] is None]
        rows = sorted((x for x in rows if x[0] is not None), key=lambda x: x[1],
                      reverse=flip)
        rows.sort(key=lambda x: x[0])
        farm.orders[key] = ([x[0] for x in rows], [x[2] for x in rows],
                            [x[2] for x in none])
    return farm.orders[key]


def candidates(farm, spec, field, descending, flip):
    """Runs in order, cut to the filter's bounds on the field of the sort."""
    few = None
    ids = (spec.get("id") or {}).get("any_")
    parents = (spec.get("parent_flow_run_id") or {}).get("any_")
    types = ((spec.get("state") or {}).get("type") or {}).get("any_")
    both = ((spec.get("state") or {}).get("type") or {}).get("not_any_") is not None
    if spec.get("operator") != "or_":
        if ids is not None:
            few = [farm.runs[i] for i in ids if i in farm.runs]
        elif parents is not None:
            few = [r for p in parents for r in farm.children.get(p, [])]
        elif types is not None and not both:
            n = sum(len(farm.by_type.get(t, ())) for t in types)
            if n * 10 < len(farm.runs):
                few = [r for t in types for r in farm.by_type.get(t, {}).values()]
    if few is not None:
        get = RUN_FIELDS[field]
        none = [r for r in few if get(farm, r) is None]
        some = sorted((r for r in few if get(farm, r) is not None),
                      key=lambda r: r.id, reverse=flip)
        some.sort(key=lambda r: get(farm, r), reverse=descending)
        return some + none if descending else none + some
    values, rows, none = order_of(farm, field, flip)
    bounds = spec.get(field) if spec.get("operator") != "or_" else None
    low, high = 0, len(rows)
    if bounds and field != "start_time":
        if bounds.get("after_"):
            low, none = bisect.bisect_left(values, parse_time(bounds["after_"])), []
        if bounds.get("before_"):
            high, none = bisect.bisect_right(values, parse_time(bounds["before_"])), []
    if descending:
        return (x for part in ((rows[i] for i in range(high - 1, low - 1, -1)), none)
                for x in part)
    return (x for part in (none, (rows[i] for i in range(low, high))) for x in part)


def joined(farm, body, old):
    """Filters of other entities on runs: flows and deployments are joined."""
    tests = []
    for entity, owner in (("flows", lambda r: farm.flows[r.flow]),
                          ("deployments", lambda r: None if r.deployment is None
                           else farm.deployments[r.deployment])):
        spec = body.get(entity)
        if not spec:
            continue
        check(entity, spec, old, ["body", entity])
        match = predicate(spec, lambda o, f: o.get(f))
        tests.append(lambda r, o=owner, m=match: o(r) is not None and m(o(r)))
    for entity in ("task_runs", "work_pools"):
        if body.get(entity):
            check(entity, body[entity], old, ["body", entity])
    return tests


def select_runs(farm, body, limit, flip):
    spec = body.get("flow_runs") or {}
    check("flow_runs", spec, farm.old, ["body", "flow_runs"])
    field, descending = split_sort(body.get("sort") or "ID_DESC")
    match = predicate(spec, run_get(farm))
    also = joined(farm, body, farm.old)
    skip = body.get("offset") or 0
    out = []
    for run in candidates(farm, spec, field, descending, flip):
        if match(run) and all(t(run) for t in also):
            if skip > 0:
                skip -= 1
                continue
            out.append(run)
            if limit is not None and len(out) >= limit:
                break
    return out if limit != 0 else []


def history(farm, body):
    start, end = parse_time(body["history_start"]), parse_time(body["history_end"])
    step = int(float(body["history_interval_seconds"]) * 1000000)
    if step < 1000000:
        raise Refused(["body"], "History interval must not be less than 1 second.")
    out = []
    filters = {k: v for k, v in body.items() if v and k in (
        "flow_runs", "flows", "deployments")}
    runs = select_runs(farm, filters, None, False) if filters else farm.runs.values()
    buckets = {}
    for r in runs:
        if start <= r.expected:
            key = ((r.expected - start) // step, r.type, r.state_name)
            buckets[key] = buckets.get(key, 0) + 1
    at, i = start, 0
    while at < end and i < 500:
        states = [{"state_type": t, "state_name": n, "count_runs": c,
                   "sum_estimated_run_time": 0.0, "sum_estimated_lateness": 0.0}
                  for (b, t, n), c in sorted(buckets.items()) if b == i]
        out.append({"interval_start": farm.t(at), "interval_end": farm.t(at + step),
                    "states": states})
        at, i = at + step, i + 1
    return out


def select_task_runs(farm, body, limit, flip):
    spec = body.get("task_runs") or {}
    check("task_runs", spec, farm.old, ["body", "task_runs"])
    runs = (spec.get("flow_run_id") or {}).get("any_")
    ids = (spec.get("id") or {}).get("any_")
    if ids is not None:
        rows = [t for t in map(farm.task_run, ids) if t]
    else:
        some = farm.runs.values() if runs is None else [
            farm.runs[i] for i in runs if i in farm.runs]
        if body.get("flow_runs"):
            check("flow_runs", body["flow_runs"], farm.old, ["body", "flow_runs"])
            match = predicate(body["flow_runs"], run_get(farm))
            some = [r for r in some if match(r)]
        rows = [t for r in some for t in farm.task_runs(r)]

    def get(t, field):
        if field == "start_alone":
            field = "start_time"
        value = t.get(field)
        return parse_time(value) if value and field.endswith("_time") else value
    return page_of(rows, predicate(spec, get), body, limit, flip, get)


def select_logs(farm, body, limit, flip):
    spec = body.get("logs") or {}
    check("logs", spec, farm.old, ["body", "logs"])
    ids = (spec.get("flow_run_id") or {}).get("any_")
    runs = farm.runs.values() if ids is None else [
        farm.runs[i] for i in ids if i in farm.runs]
    words = ((spec.get("text") or {}).get("query") or "").lower().split()
    rows = [line for r in runs for line in farm.logs(r)]
    if words:
        rows = [x for x in rows if any(w in x["message"].lower() for w in words)]
    spec = {k: v for k, v in spec.items() if k != "text"}

    def get(line, field):
        return line["_at"] if field == "timestamp" else line.get(field)
    body = {"sort": "TIMESTAMP_ASC", **body}
    out = page_of(rows, predicate(spec, get), body, limit, flip, get)
    return [{k: v for k, v in line.items() if k != "_at"} for line in out]


def page_of(rows, match, body, limit, flip, get):
    rows = [r for r in rows if match(r)]
    if body.get("sort"):
        field, descending = split_sort(body["sort"])
        rows.sort(key=lambda r: r["id"], reverse=flip)
        rows.sort(key=lambda r: (get(r, field) is not None, get(r, field)
                                 if get(r, field) is not None else 0),
                  reverse=descending)
    offset = body.get("offset") or 0
    return rows[offset:] if limit is None else rows[offset:offset + limit]


def select_docs(farm, entity, rows, body, limit, flip):
    spec = body.get(entity) or {}
    check(entity, spec, farm.old, ["body", entity])

    def get(d, field):
        value = d.get(field)
        return parse_time(value) if value and field.endswith("_time") else value
    if entity in SORTS:
        body = {"sort": SORTS[entity][0], **body}
    return page_of(rows, predicate(spec, get), body, limit, flip, get)


def check_request(entity, body, farm, max_limit):
    """The limit to use; 422 over the maximum or for an unknown sort."""
    sort = body.get("sort")
    if sort is not None and entity in SORTS and sort not in SORTS[entity]:
        raise Refused(["body", "sort"], "Input should be " + ", ".join(
            "'%s'" % s for s in SORTS[entity]))
    limit = body.get("limit")
    if limit is not None and (not isinstance(limit, int) or limit < 0):
        raise Refused(["body", "limit"], "Input should be a valid integer")
    if limit is not None and limit > max_limit:
        raise OverLimit(max_limit)
    return max_limit if limit is None else limit


class OverLimit(Exception):
    def __init__(self, limit):
        super().__init__(limit)
        self.limit = limit


__all__ = ["LIVE", "TERMINAL", "number_in"]
