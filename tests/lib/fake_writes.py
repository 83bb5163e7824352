"""What writes at the fake server: set_state by the server's table of rules, and runs made
from deployments with their idempotency keys. The rules are those of orchestration with
force:false as 3.8.3 and 2.20.25 show them; real servers are asked the same by tests/real.
"""
from fake_farm import TERMINAL

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
    if not deployment["enforce_parameter_schema"]:
        return None
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
    why = wrong_parameter(deployment, parameters)
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
