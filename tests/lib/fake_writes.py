"""What writes at the fake server: set_state by the server's table of rules, and runs made
from deployments with their idempotency keys. The rules are those of orchestration with
force:false as 3.8.3 and 2.20.25 show them; real servers are asked the same by tests/real.
"""
import re
from urllib.parse import unquote

from fake_farm import TERMINAL, iso, uuid_of

ALREADY = "This run has already made this state transition."
NO_PROCESS = "Scheduled flow run has no infrastructure to terminate."
ONLY_CANCELLED = ("Cannot transition flows that are cancelling to a state other than "
                  "Cancelled.")
NO_DEPLOYMENT = "Cannot reschedule a run without an associated deployment."
COLOURS = ["amber", "brisk", "calm", "deft", "eager", "fond", "glad", "keen"]
BIRDS = ["avocet", "bittern", "curlew", "dipper", "egret", "finch", "grebe", "heron"]


def verdict(farm, run, status, reason=None, delay=None):
    details = {"type": status.lower() + "_details"}
    if status != "ACCEPT":
        details["reason"] = reason
    if delay is not None:
        details["delay_seconds"] = delay
    return {"state": farm._state(run), "status": status, "details": details}


def judge(farm, run, to):
    """(status, reason, type to be stored or None) of a transition without force."""
    was = run.type
    if was == "CANCELLING" and to != "CANCELLED":
        return "REJECT", ONLY_CANCELLED, None
    if was == "CANCELLED" and farm.old and to != "CANCELLED":
        return "REJECT", ONLY_CANCELLED, None
    if was in TERMINAL and to in ("CANCELLING", "PAUSED", "CRASHED"):
        return "ABORT", "Run is already in terminal state %s." % was, None
    if to == "CANCELLING":
        suspended = was == "PAUSED" and run.state_name == "Suspended"
        if suspended or (was == "SCHEDULED" and not run.pid):
            return "REJECT", NO_PROCESS, "CANCELLED"
    if was == "PAUSED" and to not in ("RUNNING", "SCHEDULED") + TERMINAL:
        return "REJECT", "This run cannot transition to the %s state from the " \
            "State" % to, None
    if to == was and to in ("PENDING", "RUNNING", "CANCELLED"):
        return "ABORT", "This run is in a %s state." % to.lower(), None
    if was in TERMINAL and to == "SCHEDULED":
        if was == "COMPLETED" and run.persisted:
            return "REJECT", "Run is already COMPLETED.", None
        if run.deployment is None:
            return "ABORT", NO_DEPLOYMENT, None
        run.retry_type = "reschedule"
    return "ACCEPT", None, to


def set_state(farm, run, body):
    """(status, answer) of POST /flow_runs/ID/set_state."""
    proposed, force = body["state"], body.get("force", False)
    details = proposed.get("state_details") or {}
    transition = details.get("transition_id")
    if transition and run.transition == transition:
        return 200, verdict(farm, run, "REJECT", ALREADY)
    to, name = proposed["type"], proposed.get("name")
    status, reason, stored = ("ACCEPT", None, to) if force else judge(farm, run, to)
    if stored is None:
        return 200, verdict(farm, run, status, reason)
    run.transition = transition if stored == to else None
    if stored == "SCHEDULED":
        run.next = farm.now()
    farm.set_state(run, stored, name if stored == to else None, None,
                   proposed.get("message"))
    return 201, verdict(farm, run, status, reason)


def wrong_parameter(deployment, parameters):
    """What the deployment's schema has against them; None: nothing."""
    schema = deployment["parameter_openapi_schema"]
    for name in schema.get("required", []):
        if name not in parameters:
            return "Validation failed. Failure reason: '%s' is a required property" % name
    kinds = {"string": str, "integer": int, "object": dict, "array": list}
    for name, what in schema.get("properties", {}).items():
        kind = kinds.get(what.get("type"))
        if name in parameters and kind and not isinstance(parameters[name], kind):
            return "Validation failed for field '%s'. Failure reason: %r is not of type " \
                "'%s'" % (name, parameters[name], what["type"])
    return None


def create_run(farm, deployment, body):
    """(status, answer) of POST /deployments/ID/create_flow_run."""
    key = body.get("idempotency_key")
    flow = next(i for i, f in enumerate(farm.flows) if f["id"] == deployment["flow_id"])
    for run in farm.runs.values():
        if key and run.extra and run.extra["idempotency_key"] == key and run.flow == flow:
            return 200, farm.run_json(run)
    parameters = {**deployment["parameters"], **(body.get("parameters") or {})}
    enforced = body.get("enforce_parameter_schema")
    if enforced is None:
        enforced = deployment["enforce_parameter_schema"]
    why = enforced and wrong_parameter(deployment, parameters)
    if why:
        return 409, {"detail": "Error creating flow run: " + why}
    n = farm.next_n
    name = body.get("name") or "%s-%s" % (COLOURS[n % 8], BIRDS[n // 8 % 8])
    run = farm.make_run(farm.now(), name=name)
    run.flow, run.deployment = flow, farm.deployments.index(deployment)
    run.tags = sorted(set(deployment["tags"]) | set(body.get("tags") or []))
    run.extra = {"parameters": parameters, "idempotency_key": key,
                 "job_variables": body.get("job_variables") or {}}
    if not farm.old:
        run.extra["labels"] = {"prefect.flow.id": deployment["flow_id"],
                               "prefect.deployment.id": deployment["id"],
                               **(body.get("labels") or {})}
    return 201, farm.run_json(run)


KNOWN = {"name", "parameters", "tags", "context", "job_variables", "state",
         "idempotency_key", "parent_task_run_id", "work_queue_name", "empirical_policy",
         "enforce_parameter_schema"}


def unknown_key(farm, body):
    """The first member that a request to make a run may not have."""
    known = KNOWN if farm.old else KNOWN | {"labels"}
    return next((k for k in body if k not in known), None)


# ---- resuming, pausing, pools and queues

NOT_PAUSED = "Cannot resume a flow run that is not paused."


def resume(farm, run, body):
    """(status, answer) of POST /flow_runs/ID/resume."""
    if run.type != "PAUSED":
        return 200, {"state": None, "status": "ABORT", "details": {
            "type": "abort_details", "reason": NOT_PAUSED}}
    if run.wants and not isinstance((body.get("run_input") or {}).get(run.wants), int):
        return 200, {**verdict(farm, run, "REJECT", "Reason: '%s' is a required property" %
                               run.wants)}
    if run.state_name == "Suspended":
        run.next = farm.now()
        farm.set_state(run, "SCHEDULED", "Resuming")
    else:
        farm.set_state(run, "RUNNING")
    return 201, verdict(farm, run, "ACCEPT")


def touch(farm, thing, **fields):
    thing.update(fields, updated=iso(farm.now(), farm.zone))


def delete_scheduled(farm, deployment):
    n = farm.deployments.index(deployment)
    for run in [r for r in farm.runs.values() if r.deployment == n and r.auto and
                r.type == "SCHEDULED"]:
        farm.delete(run)


def pause(farm, deployment, paused):
    """(status, answer) of pause_deployment and resume_deployment."""
    if farm.old and len(deployment["schedules"]) > 1:
        return 422, {"detail": ["Error updating deployment: Deployment UUID('%s') has "
                                "multiple schedules." % deployment["id"]]}
    touch(farm, deployment, paused=paused)
    if paused:
        delete_scheduled(farm, deployment)
    return 200, None


def update_deployment(farm, deployment, body):
    if "paused" in body:
        touch(farm, deployment, paused=body["paused"])
        if body["paused"]:
            delete_scheduled(farm, deployment)
    return 204, None


def wrong(field, msg):
    return 422, {"exception_message": "Invalid request received.", "exception_detail": [
        {"type": "value_error", "loc": ["body", field], "msg": msg}], "request_body": {}}


def bad_member(body, known):
    for k, v in body.items():
        if k not in known:
            return wrong(k, "Extra inputs are not permitted")
        if k == "concurrency_limit" and v is not None and v < 0:
            return wrong(k, "Input should be greater than or equal to 0")
        if k == "name" and re.search("[/%&<>]", v):
            return wrong(k, "String should match pattern '^[^/%&><]+$'")
    return None


SET = {"description", "is_paused", "concurrency_limit", "base_job_template"}


def times(farm):
    now = iso(farm.now(), farm.zone)
    return {"created": now, "updated": now}


def create_pool(farm, body):
    bad = bad_member(body, SET | {"name", "type"})
    if bad:
        return bad
    if body["name"].lower().startswith("prefect"):
        return 403, {"detail": "Work pools starting with 'Prefect' are reserved for "
                               "internal use."}
    if any(p["name"] == body["name"] for p in farm.pools):
        return 409, {"detail": "A work pool with this name already exists."}
    now = farm.now()
    pool = farm._pool(body["name"], times(farm))
    queue = farm._queue(body["name"], "default", times(farm))
    pool.update({"type": "prefect-agent", "description": None, "is_paused": False,
                 "concurrency_limit": None, "status": "NOT_READY", **body},
                default_queue_id=queue["id"], id=uuid_of("pool", body["name"], now))
    queue.update(work_pool_id=pool["id"], id=uuid_of("queue", body["name"], now))
    pool["default_queue_id"] = queue["id"]
    farm.pools.append(pool)
    farm.queues.append(queue)
    return 201, pool


def create_queue(farm, pool, body):
    bad = bad_member(body, SET | {"name", "priority"})
    if bad:
        return bad
    if any(q["name"] == body["name"] and q["work_pool_id"] == pool["id"] for q in farm.queues):
        return 409, {"detail": "A work queue with this name already exists in work pool "
                               "{work_pool_name!r}."}
    queue = farm._queue(pool["name"], body["name"], times(farm))
    queue.update({"description": "", "priority": 1 + sum(
        q["work_pool_id"] == pool["id"] for q in farm.queues), **body},
        id=uuid_of("queue", pool["name"], body["name"], farm.now()), work_pool_id=pool["id"])
    farm.queues.append(queue)
    return 201, queue


def change(farm, rows, thing, body, known):
    if body is None:
        rows.remove(thing)
        return 204, None
    bad = bad_member(body, known)
    if bad:
        return bad
    if "is_paused" in body:
        thing["status"] = "PAUSED" if body["is_paused"] else "NOT_READY"
    touch(farm, thing, **body)
    return 204, None


def pools(farm, method, path, body):
    """(status, answer) of what is below /work_pools; None: another request."""
    if method == "POST" and path == "/work_pools/":
        return create_pool(farm, body)
    m = re.fullmatch(r"/work_pools/([^/]+)(?:/queues(?:/([^/]+))?)?", path)
    if not m:
        return None
    name, queue = unquote(m[1]), m[2] and unquote(m[2])
    pool = next((p for p in farm.pools if p["name"] == name), None)
    of_queue, body = path.count("/") > 2, None if method == "DELETE" else body
    if not pool:
        return 404, {"detail": 'Work pool "%s" not found.' % name}
    if not of_queue and method in ("PATCH", "DELETE"):
        if method == "DELETE":
            farm.queues[:] = [q for q in farm.queues if q["work_pool_id"] != pool["id"]]
            farm.workers[:] = [w for w in farm.workers if w["work_pool_id"] != pool["id"]]
        return change(farm, farm.pools, pool, body, SET)
    if not of_queue:
        return None
    if not queue:
        return create_queue(farm, pool, body) if method == "POST" else None
    found = next((q for q in farm.queues if q["name"] == queue and
                  q["work_pool_id"] == pool["id"]), None)
    if not found:
        return 404, {"detail": "Work pool queue '%s/%s' not found." % (name, queue)}
    if method == "GET":
        return 200, found
    if method == "DELETE" and found["id"] == pool["default_queue_id"]:
        return 500, {"exception_message": "Internal Server Error"}
    return change(farm, farm.queues, found, body, SET | {"priority", "name"})


def route(farm, method, path, body):
    """(status, answer) of what this file does beside runs that are made; None: not ours."""
    schema = re.fullmatch(r"/flow_runs/([0-9a-f-]{36})/input/schema", path)
    if schema and method == "GET":
        run = farm.runs.get(schema[1])
        return 200, {"type": "object", "properties": {run.wants: {"type": "integer"}},
                     "required": [run.wants]}
    m = re.fullmatch(r"/(flow_runs|deployments)/([0-9a-f-]{36})(?:/(resume|"
                     r"pause_deployment|resume_deployment|set_state|create_flow_run))?", path)
    if not m:
        return pools(farm, method, path, body) if method != "GET" or "/queues/" in path \
            else None
    if m[1] == "flow_runs" and m[3] == "resume" and method == "POST":
        run = farm.runs.get(m[2])
        return resume(farm, run, body) if run else (
            500, {"exception_message": "Internal Server Error"})
    what = {"pause_deployment": True, "resume_deployment": False}
    if m[1] != "deployments" or (m[3] not in what and (method != "PATCH" or m[3])):
        return None
    found = next((d for d in farm.deployments if d["id"] == m[2] and
                  m[2] not in farm.gone), None)
    if not found:
        return 404, {"detail": "Deployment not found"}
    return update_deployment(farm, found, body) if method == "PATCH" else \
        pause(farm, found, what[m[3]])
