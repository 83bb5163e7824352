"""Registering at the fake server: flows, deployments with their schedules, automations and
variables written and read, by the rules that 3.8.3 and 2.20.25 show. Any write to a deployment
takes away the runs that its schedules made and makes them anew.
"""
import re
import uuid
from urllib.parse import unquote

import fake_filter as ff
from fake_farm import SECOND, uuid_of

CREATE = {"name", "flow_id", "paused", "schedules", "enforce_parameter_schema",
          "parameter_openapi_schema", "parameters", "tags", "pull_steps", "work_queue_name",
          "work_pool_name", "storage_document_id", "infrastructure_document_id",
          "description", "path", "version", "entrypoint", "job_variables"}
V3 = {"concurrency_limit", "concurrency_options", "global_concurrency_limit_id", "labels",
      "version_info"}
V2 = {"infra_overrides", "is_schedule_active", "schedule", "manifest_path"}
NEVER_PATCHED = {"name", "flow_id", "labels"}
NOT_IN_2 = {"pull_steps", "parameter_openapi_schema"}
SCHEDULE = {"schedule", "active", "max_scheduled_runs"}
DEPLOYMENT = "prefect.deployment."


def refuse(farm, loc):
    raise ff.Refused(loc, "extra fields not permitted" if farm.old else
                     "Extra inputs are not permitted")


def no_pool(name):
    return 404, {"detail": 'Work pool "%s" not found.' % name}


def stamp(farm):
    now = farm.t(farm.now())
    return {"id": str(uuid.uuid4()), "created": now, "updated": now}


# ---- checks


def check_keys(farm, body, patch):
    known = CREATE | (V2 if farm.old else V3)
    if patch:
        known = known - NEVER_PATCHED - (NOT_IN_2 if farm.old else set())
    for key in body:
        if key not in known:
            refuse(farm, ["body", key])
    inner = SCHEDULE | ({"max_active_runs", "catchup"} if farm.old else
                        {"slug", "replaces", "parameters"})
    for i, one in enumerate(body.get("schedules") or []):
        for key in one:
            if key not in inner:
                refuse(farm, ["body", "schedules", i, key])


def wrong_value(schema, values):
    kinds = {"string": str, "integer": int, "object": dict, "array": list, "boolean": bool}
    for name, what in (schema or {}).get("properties", {}).items():
        kind = kinds.get(what.get("type"))
        if kind and name in values and (not isinstance(values[name], kind) or
                                        (kind is int and isinstance(values[name], bool))):
            return "Validation failed for field '%s'. Failure reason: %r is not of type '%s'" \
                % (name, values[name], what["type"])
    return None


# ---- one deployment


def normal(farm, one):
    """A schedule as the server keeps it."""
    when = dict(one["schedule"])
    if "interval" in when:
        when["interval"] = float(when["interval"])
        when.setdefault("anchor_date", farm.t(farm.now()))
    if "rrule" in when and not farm.old and "DTSTART" not in when["rrule"].upper():
        when["rrule"] = "DTSTART:20200101T000000\n" + when["rrule"]
    if "cron" in when:
        when.setdefault("day_or", True)
        when.setdefault("timezone", None)
    else:
        when.setdefault("timezone", "UTC")
    out = {**stamp(farm), "schedule": when, "active": one.get("active", True) is not False,
           "max_scheduled_runs": None}
    if farm.old:
        return {**out, "max_active_runs": None, "catchup": False}
    return {**out, "parameters": one.get("parameters") or {}, "slug": one.get("slug")}


def set_schedules(farm, d, schedules):
    d["schedules"] = [{**normal(farm, s), "deployment_id": d["id"]} for s in schedules]


def scheduled(farm, d):
    index = farm.deployments.index(d)
    return [r for r in farm.runs.values() if r.deployment == index and r.auto and
            r.type == "SCHEDULED"]


def reschedule(farm, d):
    """What a write does to the runs that the scheduler made."""
    d["updated"] = farm.t(farm.now())
    for run in scheduled(farm, d):
        farm.delete(run)
    for one in [] if d["paused"] else d["schedules"]:
        for k in range(3 if one["active"] else 0):
            run = farm.make_run(farm.now() + (k + 1) * 3600 * SECOND, name="scheduled-%d" % k)
            run.deployment, run.auto = farm.deployments.index(d), True
            run.flow = next(i for i, f in enumerate(farm.flows) if f["id"] == d["flow_id"])


def set_pool(farm, d, body):
    if "work_pool_name" in body:
        d["work_pool_name"] = body["work_pool_name"]
        d["work_queue_name"] = body.get("work_queue_name") or (
            "default" if d["work_pool_name"] else None)
    elif body.get("work_queue_name"):
        d["work_queue_name"] = body["work_queue_name"]
        d["work_pool_name"] = "default-agent-pool"  # made outside any other pool


def set_limit(d, body):
    if "concurrency_limit" in body:
        n = body["concurrency_limit"]
        d["global_concurrency_limit"] = n and {"name": "deployment:" + d["id"], "limit": n}


def apply(farm, d, body):
    plain = CREATE - {"flow_id", "schedules", "work_pool_name", "work_queue_name",
                      "job_variables"}
    for key in plain | {"concurrency_options"}:
        if key in body and key in d:
            d[key] = body[key]
    d["tags"] = list(d["tags"] or [])
    variables = body.get("job_variables")
    if variables is None and farm.old:
        variables = body.get("infra_overrides")
    if variables or (variables is not None and farm.old):  # 3.x takes {} for nothing said
        d["infra_overrides" if farm.old else "job_variables"] = variables
    set_pool(farm, d, body)
    if not farm.old:
        set_limit(d, body)
        if d.get("concurrency_options"):
            d["concurrency_options"].setdefault("grace_period_seconds", None)


def check_values(farm, d, body, pool):
    """(status, detail) of what does not fit, or None."""
    variables = (pool or {}).get("base_job_template", {}).get("variables")
    why = wrong_value(variables, body.get("job_variables") or {})
    if why:
        return 422, {"detail": "Error creating deployment: " + why}
    schema = body.get("parameter_openapi_schema", d and d["parameter_openapi_schema"])
    enforce = body.get("enforce_parameter_schema", d["enforce_parameter_schema"] if d else
                       not farm.old)
    why = enforce and wrong_value(schema, body.get("parameters") or {})
    if why and d:
        return 409, {"detail": "Error updating deployment: " + why}
    return None


def pool_of(farm, name):
    return next((p for p in farm.pools if p["name"] == name), None)


def live(farm):
    return [d for d in farm.deployments if d["id"] not in farm.gone]


def create(farm, body):
    check_keys(farm, body, False)
    pool = pool_of(farm, body.get("work_pool_name"))
    if body.get("work_pool_name") and not pool:
        return no_pool(body["work_pool_name"])
    bad = check_values(farm, None, body, pool)
    if bad:
        return bad
    d = next((d for d in live(farm) if d["name"] == body["name"] and
              d["flow_id"] == body["flow_id"]), None)
    status = 200 if d else 201
    if not d:
        c = stamp(farm)
        d = farm._deployment(body["name"], "none", {k: c[k] for k in ("created", "updated")})
        d.update(c, flow_id=body["flow_id"], version=None, tags=[], path=None, entrypoint=None,
                 work_pool_name=None, work_queue_name="default", pull_steps=None,
                 schedules=[], enforce_parameter_schema=not farm.old, status="NOT_READY")
        farm.deployments.append(d)
    if farm.old:  # what is not said is set to its default
        body = {"paused": False, "tags": [], "parameters": {}, "description": None,
                "version": None, "pull_steps": None, "path": None, "entrypoint": None, **body}
    apply(farm, d, body)
    set_schedules(farm, d, body.get("schedules") or [])
    reschedule(farm, d)
    return status, d


def patch_schedules(farm, d, given):
    """True if it was done by slug; else they replace all; None: refused."""
    have = d["schedules"]
    if not have or not all(s.get("slug") for s in have):
        return False
    if not all(s.get("slug") for s in given):
        return None
    for one in given:
        target = one.get("replaces") or one["slug"]
        old = next((s for s in have if s["slug"] == target), None)
        new = {**normal(farm, one), "deployment_id": d["id"]}
        if old:
            old.update(new, id=old["id"], created=old["created"])
        else:
            have.append(new)
    return True


def patch(farm, d, body):
    check_keys(farm, body, True)
    pool = pool_of(farm, body.get("work_pool_name"))
    bad = check_values(farm, d, {"parameters": d["parameters"], **body}, pool)
    if bad:
        return bad
    if body.get("schedules") is not None:
        by_slug = patch_schedules(farm, d, body["schedules"])
        if by_slug is None:
            return 422, {"detail": "Please provide a slug for each schedule in your request to "
                         "ensure schedules are updated correctly."}
        if not by_slug:
            set_schedules(farm, d, body["schedules"])
    apply(farm, d, body)
    reschedule(farm, d)
    return 204, None


def delete(farm, d):
    for run in [r for r in farm.runs.values() if r.type == "SCHEDULED" and
                r.deployment == farm.deployments.index(d)]:
        farm.delete(run)
    farm.gone.add(d["id"])
    return 204, None


def delete_schedule(farm, d, id_):
    left = [s for s in d["schedules"] if s["id"] != id_]
    if len(left) == len(d["schedules"]):
        return 404, {"detail": "Schedule not found."}
    d["schedules"] = left
    reschedule(farm, d)
    return 204, None


# ---- the rest


def flow(farm, body):
    found = next((f for f in farm.flows if f["name"] == body["name"]), None)
    if found:
        return 200, found
    made = {**farm.flows[0], **stamp(farm), "name": body["name"], "tags": []}
    farm.flows.append(made)
    return 201, made


def fill_trigger(t):
    t = {"id": str(uuid.uuid4()), "match": {}, "match_related": {}, "after": [], "expect": [],
         "for_each": [], "threshold": 1, "within": 0.0, **t}
    t["expect"] = sorted(t["expect"], reverse=True)  # a set, in an order of its own
    if "triggers" in t:
        t["triggers"] = [fill_trigger(x) for x in t["triggers"]]
    return t


def automations(farm, method, path, body):
    if farm.old:
        return 404, {"detail": "Not Found"}
    rows = farm.__dict__.setdefault("automations", [])
    if method == "POST" and path == "/automations/":
        made = {**stamp(farm), "description": "", "enabled": True, "tags": [],
                "actions_on_trigger": [], "actions_on_resolve": [], **body}
        owner = made.pop("owner_resource", None)
        made["trigger"] = fill_trigger(made["trigger"])
        made["actions"] = [{"source": "selected", "parameters": None, "job_variables": None,
                            "schedule_after": 0.0, **a} for a in made["actions"]]
        rows.append((owner, made))
        return 201, made
    what, _, of = path[len("/automations/"):].partition("/")
    if method == "GET" and what == "related-to":
        id_ = of[len(DEPLOYMENT):]
        return 200, [a for o, a in rows if o == of or any(
            x.get("deployment_id") == id_ for x in a["actions"])]
    if method == "DELETE" and what == "owned-by":
        rows[:] = [(o, a) for o, a in rows if o != of]
        return 202, None
    return 404, {"detail": "Not Found"}


VARIABLES = {"channel": "main", "jobs": 4}
BLOCKS = {("secret", "token"): {"value": "s3cret-of-tests"}}


def lookup(path):
    m = re.fullmatch(r"/variables/name/([^/]+)", path)
    if m:
        name = unquote(m.group(1))
        if name not in VARIABLES:
            return 404, {"detail": "Variable not found"}
        return 200, {"id": uuid_of("variable", name), "name": name, "value": VARIABLES[name],
                     "tags": []}
    m = re.fullmatch(r"/block_types/slug/([^/]+)/block_documents/name/([^/]+)", path)
    key = m and (unquote(m.group(1)), unquote(m.group(2)))
    if m and key in BLOCKS:
        return 200, {"id": uuid_of("block", *key), "name": key[1], "data": BLOCKS[key]}
    return (404, {"detail": "Block document not found"}) if m else None


def by_name(farm, path):
    m = re.fullmatch(r"/deployments/name/([^/]+)/([^/]+)", path)
    if not m:
        return None
    flow_name, name = map(unquote, m.groups())
    flows = {f["id"] for f in farm.flows if f["name"] == flow_name}
    d = next((d for d in live(farm) if d["name"] == name and d["flow_id"] in flows), None)
    return (200, d) if d else (404, {"detail": "Deployment not found"})


def route(farm, method, path, body):
    """(status, answer), or None: not of these."""
    if path.startswith("/automations/"):
        return automations(farm, method, path, body)
    if method == "GET":
        return by_name(farm, path) or lookup(path)
    if method == "POST" and path == "/flows/":
        return flow(farm, body)
    if method == "POST" and path == "/deployments/":
        return create(farm, body)
    m = re.fullmatch(r"/deployments/([0-9a-f-]{36})(?:/schedules/([0-9a-f-]{36}))?", path)
    if not m or method not in ("PATCH", "DELETE"):
        return None
    d = next((d for d in live(farm) if d["id"] == m.group(1)), None)
    if not d:
        return 404, {"detail": "Deployment not found."}
    if m.group(2):
        return delete_schedule(farm, d, m.group(2))
    return patch(farm, d, body) if method == "PATCH" else delete(farm, d)
