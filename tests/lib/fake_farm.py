"""A build farm in memory, made from a seed and a count: what fake_prefect.py serves.

Runs are small objects, their JSON is written when asked for; task runs, logs and states of
runs that nobody touched are computed from the run's number. So a million runs fit.
"""
import hashlib
import json
import random
import time

SECOND = 1000000
PLATFORMS = ["linux-64", "linux-aarch64", "linux-ppc64le", "linux-s390x", "osx-64",
             "osx-arm64", "win-64"]
PACKAGES = ["zlib", "openssl", "numpy", "cmake", "libarchive", "rust", "boost", "gcc",
            "python", "qt6-main", "pytorch", "r-base", "h5py", "arrow-cpp", "llvmdev"]
TERMINAL = ("COMPLETED", "FAILED", "CANCELLED", "CRASHED")
LIVE = ("SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING")
TASKS = ["fetch", "build", "test"]

_days = {}


def iso(us, zone="Z"):
    """RFC 3339 as Prefect writes it; None stays None."""
    if us is None:
        return None
    day, rest = divmod(us, 86400 * SECOND)
    if day not in _days:
        _days[day] = time.strftime("%Y-%m-%dT", time.gmtime(day * 86400))
    second, us = divmod(rest, SECOND)
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    if us:
        return "%s%02d:%02d:%02d.%06d%s" % (_days[day], hour, minute, second, us, zone)
    return "%s%02d:%02d:%02d%s" % (_days[day], hour, minute, second, zone)


def uuid_of(*parts):
    """A stable version 4 id made of parts."""
    h = hashlib.md5("/".join(map(str, parts)).encode("utf-8", "replace")).hexdigest()
    return "%s-%s-4%s-8%s-%s" % (h[:8], h[8:12], h[13:16], h[17:20], h[20:])


def numbered(kind, run_n, k):
    """An id that tells which run it belongs to: task runs and log lines are found by it."""
    h = hashlib.md5(b"%d/%d/%d" % (kind, run_n, k)).hexdigest()
    return "%s-%04x-4%s-9%s-%012x" % (h[:8], k & 0xffff, h[8:11], h[11:14], run_n)


def number_in(text):
    return int(text[-12:], 16), int(text[9:13], 16)


class Run:
    __slots__ = ("n", "id", "name", "flow", "deployment", "package", "version",
                 "platform", "tags", "parent", "parent_task", "type", "state_name",
                 "state_at", "state_id", "message", "expected", "next", "start", "end",
                 "run_count", "created", "updated", "auto", "retry_type", "history",
                 "extra_logs", "extra_parameters", "text", "pid", "persisted",
                 "transition", "extra", "wants")

    def __init__(self, **kw):
        for k in self.__slots__:
            setattr(self, k, None)
        self.run_count = 0
        self.auto = False
        self.tags = []
        for k, v in kw.items():
            setattr(self, k, v)


class Farm:
    def __init__(self, runs=200, seed=1, now=None, days=20, logs=12, flavour="3.8"):
        self.rng = random.Random(seed)
        self.seed = seed
        self.flavour = flavour
        self.old = flavour.startswith("2.")
        self.zone = "+00:00" if self.old else "Z"
        self.now0 = now if now else int(time.time() * SECOND)
        self.frozen = now is not None
        self.logs_per_run = logs
        self.runs = {}
        self.by_n = {}
        self.children = {}
        self.stand_ins = {}  # of the child runs, by task run id
        self.task_texts = {}
        self.by_type = {t: {} for t in TERMINAL + LIVE}
        self.orders = {}
        self.next_n = 0
        self.gone = set()  # deployments that were deleted
        self._make_fixed()
        self._make_runs(runs, days * 86400 * SECOND)
        self._make_artifacts()

    def now(self):
        return self.now0 if self.frozen else int(time.time() * SECOND)

    def t(self, us):
        return iso(us, self.zone)

    # ---- small collections

    def _make_fixed(self):
        t = self.now0 - 40 * 86400 * SECOND
        c = {"created": self.t(t), "updated": self.t(t + SECOND)}
        self.flow_names = ["build-package", "build-platform", "lint-recipe",
                           "rebuild-index", "release"]
        self.flows = []
        for name in self.flow_names:
            flow = {"id": uuid_of(self.seed, "flow", name), **c, "name": name,
                    "tags": ["farm"], "labels": {}}
            if self.old:
                del flow["labels"]
            self.flows.append(flow)
        self.pools = [self._pool(name, c) for name in ("farm", "metal")]
        self.queues = [self._queue(p, q, c) for p, q in (
            ("farm", "default"), ("farm", "pr"), ("farm", "release"),
            ("metal", "default"))]
        self.workers = [
            {"id": uuid_of(self.seed, "worker", w), **c, "name": w,
             "work_pool_id": self.pools[0]["id"],
             "last_heartbeat_time": self.t(self.now0 - 5 * SECOND),
             # Prefect 2 tells who is ONLINE by its own clock, which may be years after the farm's
             "heartbeat_interval_seconds": 3650 * 86400 if self.old else 30, "status": "ONLINE"}
            for w in ("builder-1", "builder-2")]
        self.deployments = [self._deployment(name, flow, c) for name, flow in (
            ("pr", "build-package"), ("nightly", "build-package"),
            ("single", "build-platform"), ("index", "rebuild-index"))]
        self.artifacts = []
        self.limits_v1 = [{"id": uuid_of(self.seed, "limit", "linux-s390x"), **c,
                           "tag": "linux-s390x", "concurrency_limit": 4,
                           "active_slots": []}]
        self.limits_v2 = [{"id": uuid_of(self.seed, "limit", "uploads"), **c,
                           "active": True, "name": "uploads", "limit": 2,
                           "active_slots": 0, "slot_decay_per_second": 0.0}]
        if not self.old:  # 3.x shows the limits of tags among the global ones
            v1 = self.limits_v1[0]
            self.limits_v2.append({"id": v1["id"], **c, "active": True,
                                   "name": "tag:" + v1["tag"], "limit": 4,
                                   "active_slots": 0, "slot_decay_per_second": 0.0})

    def _pool(self, name, c):
        return {"id": uuid_of(self.seed, "pool", name), **c, "name": name,
                "description": None, "type": "process",
                "base_job_template": {"job_configuration": {"command": "{{ command }}"},
                                      "variables": {"type": "object", "properties": {}}},
                "is_paused": name == "metal", "concurrency_limit": 8,
                "status": "PAUSED" if name == "metal" else "READY",
                "default_queue_id": uuid_of(self.seed, "queue", name, "default"),
                **({} if self.old else {"storage_configuration": {
                    "bundle_upload_step": None, "bundle_execution_step": None,
                    "default_result_storage_block_id": None}, "active_slots": 0})}

    def _queue(self, pool, name, c):
        return {"id": uuid_of(self.seed, "queue", pool, name), **c, "name": name,
                "description": "", "is_paused": False, "concurrency_limit": None,
                "priority": 1, "work_pool_id": uuid_of(self.seed, "pool", pool),
                "filter": None, "last_polled": None, "work_pool_name": pool,
                "status": "READY", **({} if self.old else {"active_slots": None})}

    def _deployment(self, name, flow, c):
        d = {"id": uuid_of(self.seed, "deployment", name), **c, "name": name,
             "version": "1", "description": None,
             "flow_id": uuid_of(self.seed, "flow", flow), "paused": False,
             "schedules": [], "concurrency_limit": None, "job_variables": {},
             "parameters": {}, "tags": ["farm"], "work_queue_name": "default",
             "last_polled": None,
             "parameter_openapi_schema": {"type": "object", "properties": {}},
             "path": "/srv/recipes", "pull_steps": None,
             "entrypoint": "farm.py:" + flow.replace("-", "_"),
             "storage_document_id": None, "infrastructure_document_id": None,
             "created_by": None, "updated_by": None, "work_pool_name": "farm",
             "status": "READY", "enforce_parameter_schema": True}
        if name == "nightly":
            d["schedules"] = [{
                "id": uuid_of(self.seed, "schedule"), **c, "deployment_id": d["id"],
                "schedule": {"cron": "0 3 * * *", "timezone": "UTC", "day_or": True},
                "active": True}]
        if self.old:
            del d["concurrency_limit"], d["job_variables"]
            d.update({"infra_overrides": {}, "schedule": None,
                      "is_schedule_active": True, "manifest_path": None})
        else:
            d.update({"global_concurrency_limit": None, "concurrency_options": None,
                      "labels": {}, "work_queue_id": uuid_of(
                          self.seed, "queue", "farm", "default")})
        return d

    # ---- runs

    def _make_runs(self, count, span):
        """Groups of one build and its seven platforms; the newest part is live."""
        step = span // max(count, 1)
        live = min(max(count // 200, 8), 200)
        parent = None
        tie = self.now0 - span // 2
        for i in range(count):
            at = self.now0 - span + i * step + self.rng.randrange(max(step // 2, 1))
            if count >= 1000 and 400 <= i < 650:
                at = tie  # more than a page of runs for one instant
            top = i % 8 == 0
            left = count - i
            if top:
                parent = self.make_run(at, None)
                run = parent
            else:
                run = self.make_run(at, parent, (i % 8) - 1)
            if left > live:
                self._end_somehow(run, at)
            else:
                self._live_somehow(run, at, left)

    def make_run(self, at, parent=None, k=0, name=None, **kw):
        n = self.next_n
        self.next_n += 1
        group = n // 8
        package = parent.package if parent else PACKAGES[group % len(PACKAGES)]
        version = parent.version if parent else "%d.%d.%d" % (
            1 + group % 3, group % 17, group % 5)
        platform = PLATFORMS[k % 7] if parent else None
        tags = [] if parent else ["pr-%d" % (100 + group % 50), "farm"]
        title = name or "%s-%s%s" % (package, version, "-" + platform if parent else "")
        if not name and n % 97 == 5:
            title = "caf\u00e9 \u2603 %d" % n
        if not name and n % 997 == 7:
            title = "esc\x1b[31mred\x07 %d" % n
        run = Run(n=n, id=uuid_of(self.seed, "run", n), name=title,
                  flow=1 if parent else 0, deployment=None if parent else n % 2,
                  package=package, version=version, platform=platform, tags=tags,
                  parent=parent.id if parent else None,
                  parent_task=numbered(1, parent.n, 16 + k) if parent else None,
                  expected=at, created=at, updated=at, type="SCHEDULED",
                  state_name="Scheduled", state_at=at, next=at,
                  state_id=uuid_of(self.seed, "state", n, 0), **kw)
        self.runs[run.id] = run
        self.by_n[n] = run
        self.by_type[run.type][run.id] = run
        if parent:
            self.children.setdefault(parent.id, []).append(run)
            self.stand_ins[run.parent_task] = run
        self.orders.clear()
        return run

    def set_state(self, run, type_, name=None, at=None, message=None):
        """A transition by the server's rules for times; terminal to terminal keeps end."""
        at = self.now() if at is None else at
        if run.history is None:
            run.history = self.states(run)
        del self.by_type[run.type][run.id]
        self.by_type[type_][run.id] = run
        was = run.type
        run.type, run.state_name = type_, name or type_.capitalize()
        run.state_at, run.message = at, message
        run.updated = max(at, run.updated + 1)
        run.state_id = uuid_of(self.seed, "state", run.n, len(run.history))
        run.next = run.next if type_ == "SCHEDULED" else None
        if type_ == "RUNNING":
            run.run_count += 1
            run.start = run.start or at
        if type_ in TERMINAL and was not in TERMINAL:
            run.end = at
            if run.start is None and not self.old:
                run.start = at
            elif run.start is None:
                run.end = None
        elif type_ not in TERMINAL:
            run.end = None
        run.history.append(self._state(run))
        self.orders.clear()

    def _quick_state(self, run, type_, name, at, start):
        """set_state for the many: no history is kept, it is computed when asked for."""
        del self.by_type[run.type][run.id]
        self.by_type[type_][run.id] = run
        run.type, run.state_name, run.state_at = type_, name, at
        run.updated = at + 1500
        run.state_id = uuid_of(self.seed, "state", run.n, 3)
        run.start = start
        run.run_count = 1 if start else 0
        if type_ != "SCHEDULED":
            run.next = None
        if type_ in TERMINAL:
            run.end = at
            if start is None:
                run.start, run.end = (None, None) if self.old else (at, at)

    def _end_somehow(self, run, at):
        dice = self.rng.random()
        start = at + self.rng.randrange(1, 30 * SECOND)
        end = start + self.rng.randrange(1, 1800 * SECOND)
        if run.n % 40 == 3:
            end = end // (3600 * SECOND) * (3600 * SECOND) + 3600 * SECOND  # ties
        end = max(start, min(end, self.now0 - SECOND))
        if dice < 0.84:
            self._quick_state(run, "COMPLETED", "Completed", end, start)
        elif dice < 0.92:
            self._quick_state(run, "FAILED", "Failed", end, start)
            run.message = "Task run failed: exit status 1"
        elif dice < 0.95:
            self._quick_state(run, "CRASHED", "Crashed", end, start)
        elif dice < 0.97:
            self._quick_state(run, "CANCELLED", "Cancelled", end, None)
        elif dice < 0.98:
            self._quick_state(run, "COMPLETED", "Skipped", end, start)
        else:
            self._quick_state(run, "FAILED", "TimedOut", end, start)

    def _live_somehow(self, run, at, left):
        kinds = [("RUNNING", "Running"), ("PENDING", "Pending"), ("RUNNING", "Running"),
                 ("PAUSED", "Paused"), ("SCHEDULED", "Late"), ("RUNNING", "Retrying"),
                 ("SCHEDULED", "AwaitingRetry"), ("CANCELLING", "Cancelling")]
        type_, name = kinds[left % 8]
        start = at + SECOND if name not in ("Pending", "Late") else None
        self._quick_state(run, type_, name, (start or at) + SECOND, start)
        if left < 3:
            self._quick_state(run, "SCHEDULED", "Scheduled", at, None)
            run.expected = run.next = self.now0 + left * 3600 * SECOND
            run.auto = True

    def delete(self, run):
        del self.runs[run.id]
        del self.by_n[run.n]
        del self.by_type[run.type][run.id]
        self.stand_ins.pop(run.parent_task, None)
        for child in self.children.pop(run.id, []):
            self.stand_ins.pop(child.parent_task, None)
            child.parent = child.parent_task = None
        if run.parent in self.children:
            self.children[run.parent].remove(run)
        self.orders.clear()

    # ---- JSON

    def state_json(self, id_, type_, name, at, message, run_id, task_id=None):
        details = {"flow_run_id": run_id, "task_run_id": task_id,
                   "child_flow_run_id": None, "scheduled_time": None,
                   "cache_key": None, "cache_expiration": None,
                   "untrackable_result": False, "pause_timeout": None,
                   "pause_reschedule": False, "pause_key": None,
                   "run_input_keyset": None, "refresh_cache": None, "retriable": None,
                   "transition_id": None, "task_parameters_id": None}
        if not self.old:
            details.update({"traceparent": None, "deferred": False,
                            "deployment_concurrency_lease_id": None})
        return {"id": id_, "type": type_, "name": name, "timestamp": self.t(at),
                "message": message, "data": None, "state_details": details}

    def _state(self, run):
        state = self.state_json(run.state_id, run.type, run.state_name, run.state_at,
                                run.message, run.id, run.parent_task)
        state["state_details"]["transition_id"] = run.transition
        if run.type == "SCHEDULED":
            state["state_details"]["scheduled_time"] = self.t(run.next or run.expected)
        if run.wants and run.type == "PAUSED":
            state["state_details"]["run_input_keyset"] = {
                "schema": "schema", "response": "response", "description": "description"}
        return state

    def states(self, run):
        if run.history is not None:
            return list(run.history)
        first = self.state_json(uuid_of(self.seed, "state", run.n, 0), "SCHEDULED",
                                "Scheduled", run.created, None, run.id)
        first["state_details"]["scheduled_time"] = self.t(run.expected)
        out = [first]
        if run.start and run.type in TERMINAL:
            out.append(self.state_json(uuid_of(self.seed, "state", run.n, 1), "PENDING",
                                       "Pending", run.start - 1000, None, run.id))
            out.append(self.state_json(uuid_of(self.seed, "state", run.n, 2), "RUNNING",
                                       "Running", run.start, None, run.id))
        if run.state_id != first["id"]:
            out.append(self._state(run))
        return out

    def run_text(self, run):
        """The JSON bytes; kept while nothing can move in them."""
        if run.type not in TERMINAL:
            return json.dumps(self.run_json(run), separators=(",", ":")).encode()
        key = (run.state_id, run.updated, run.parent_task)
        if run.text is None or run.text[0] != key:
            run.text = (key, json.dumps(self.run_json(run),
                                        separators=(",", ":")).encode())
        return run.text[1]

    def run_json(self, run):
        total = ((run.end or self.now()) - run.start) / 1e6 if run.start else 0.0
        parameters = {"package": run.package, "version": run.version}
        if run.platform:
            parameters["platform"] = run.platform
        parameters["options"] = {"jobs": 4, "debug": False,
                                 "channels": ["staging", "main"]}
        parameters.update(run.extra_parameters or {})
        deployment = None if run.deployment is None else self.deployments[run.deployment]
        pool = self.pools[0] if deployment else None
        out = {
            "id": run.id, "created": self.t(run.created), "updated": self.t(run.updated),
            "name": run.name, "flow_id": self.flows[run.flow]["id"],
            "state_id": run.state_id,
            "deployment_id": deployment and deployment["id"],
            "deployment_version": deployment and "1",
            "work_queue_id": deployment and self.queues[0]["id"],
            "work_queue_name": deployment and "default",
            "flow_version": "545843bcb75c5feef5283d907ee49ae0",
            "parameters": parameters, "idempotency_key": None, "context": {},
            "empirical_policy": {
                "max_retries": 0, "retry_delay_seconds": 0.0, "retries": 0,
                "retry_delay": 0, "pause_keys": [], "resuming": False,
                "retry_type": run.retry_type},
            "tags": run.tags, "labels": {"prefect.flow.id": self.flows[run.flow]["id"]},
            "parent_task_run_id": run.parent_task, "state_type": run.type,
            "state_name": run.state_name, "run_count": run.run_count,
            "expected_start_time": self.t(run.expected),
            "next_scheduled_start_time": self.t(run.next),
            "start_time": self.t(run.start), "end_time": self.t(run.end),
            "total_run_time": total if run.end else 0.0, "estimated_run_time": total,
            "estimated_start_time_delta": (run.start - run.expected) / 1e6
            if run.start else 0.0,
            "auto_scheduled": run.auto, "infrastructure_document_id": None,
            "infrastructure_pid": run.pid, "created_by": None,
            "work_pool_id": pool and pool["id"], "work_pool_name": pool and "farm",
            "state": self._state(run), "job_variables": {}}
        out.update(run.extra or {})
        if self.old:
            del out["labels"]
        return out

    # ---- task runs and logs: computed

    def task_runs(self, run):
        out = []
        children = {c.parent_task: c for c in self.children.get(run.id, [])}
        for k, name in enumerate(TASKS):
            if run.start:
                out.append(self._task(run, k, name, name + "-0", None))
        for k in range(7):
            child = children.get(numbered(1, run.n, 16 + k))
            if child:
                out.append(self._task(run, 16 + k, "build_platform",
                                      "build-platform-%d" % k, child))
        return out

    def _task(self, run, k, key, name, child):
        id_ = numbered(1, run.n, k)
        start = child.start if child else run.start + k * 1000
        end = child.end if child else (run.end or run.start + 2000 + k * 1000)
        failed = not child and k == 1 and run.type == "FAILED"
        type_ = child.type if child else "FAILED" if failed else "COMPLETED"
        sname = child.state_name if child else type_.capitalize()
        at = (end if type_ in TERMINAL else start) or run.created
        state_id = uuid_of(self.seed, "task state", run.n, k, type_, sname, at)
        state = self.state_json(state_id, type_, sname, at, None, run.id, id_)
        state["state_details"]["child_flow_run_id"] = child.id if child else None
        total = (end - start) / 1e6 if start and end else 0.0
        out = {"id": id_, "created": self.t(run.created + k),
               "updated": self.t(at + 20000), "name": name, "flow_run_id": run.id,
               "task_key": key + "-1ea185db", "dynamic_key": str(k), "cache_key": None,
               "cache_expiration": None, "task_version": None,
               "empirical_policy": {"max_retries": 0, "retry_delay_seconds": 0.0,
                                    "retries": 0, "retry_delay": 0,
                                    "retry_jitter_factor": None},
               "tags": [], "labels": {}, "state_id": state_id, "task_inputs": {},
               "state_type": type_, "state_name": sname,
               "run_count": 1 if start else 0, "flow_run_run_count": 1,
               "expected_start_time": self.t(run.expected + k),
               "next_scheduled_start_time": None, "start_time": self.t(start),
               "end_time": self.t(end) if type_ in TERMINAL else None,
               "total_run_time": total, "estimated_run_time": total,
               "estimated_start_time_delta": 0.0, "state": state}
        if self.old:
            del out["labels"]
        return out

    def task_run(self, id_):
        """One task run by its id, which tells the run and its number."""
        try:
            n, k = number_in(id_)
        except ValueError:
            return None
        run = self.by_n.get(n)
        if not run or numbered(1, n, k) != id_:
            return None
        if k < len(TASKS):
            return self._task(run, k, TASKS[k], TASKS[k] + "-0", None) \
                if run.start else None
        child = self.stand_ins.get(id_)
        return self._task(run, k, "build_platform", "build-platform-%d" % (k - 16),
                          child) if child else None

    def task_text(self, id_):
        """The JSON bytes of a task run; those of ended children are kept."""
        child = self.stand_ins.get(id_)
        key = child and child.type in TERMINAL and (id_, child.state_id)
        if key and key in self.task_texts:
            return self.task_texts[key]
        task = self.task_run(id_)
        text = json.dumps(task, separators=(",", ":")).encode() if task else None
        if key and text:
            self.task_texts[key] = text
        return text

    def n_logs(self, run):
        if not run.start:
            return 0
        return self.logs_per_run * (20 if run.type == "FAILED" else 1)

    def logs(self, run):
        """Lines by time; each third shares the time of the one before it."""
        out = []
        n = self.n_logs(run)
        if n == 0:
            return list(run.extra_logs or [])
        span = max(((run.end or run.start + 60 * SECOND) - run.start), n)
        for i in range(n):
            at = run.start + (i - (i % 3 == 2)) * span // n
            level, message = 20, "step %d of %s: compiled unit %08x in %d ms" % (
                i, run.package, hash((run.n, i)) & 0xffffffff, i * 7 % 900)
            if i % 9 == 4:
                level, message = 10, "\x1b[36mcache\x1b[0m hit for \u00fc%d" % i
            if i % 11 == 6:
                level, message = 30, "warning: deprecated flag -f%d" % i
            if run.type == "FAILED" and i > n - 4:
                level, message = 40, "Traceback (most recent call last):\n" \
                    "  File \"build.py\", line %d\nerror: exit status 1" % i
            out.append(self._log(run, i, at, level, message,
                                 numbered(1, run.n, i % 3) if i % 2 else None))
        return out + list(run.extra_logs or [])

    def _log(self, run, i, at, level, message, task):
        created = at + 2 * SECOND - at % (2 * SECOND) + i  # batches of two seconds
        return {"id": numbered(2, run.n, i), "created": self.t(created),
                "updated": self.t(created), "name": "prefect.task_runs" if task else "prefect.flow_runs",
                "level": level, "message": message, "timestamp": self.t(at),
                "flow_run_id": run.id, "task_run_id": task, "_at": at}

    def add_logs(self, run, lines, at=None, level=20):
        at = self.now() if at is None else at
        run.extra_logs = run.extra_logs or []
        for message in lines:
            i = 10000 + len(run.extra_logs)
            line = self._log(run, i, at, level, message, None)
            line["created"] = line["updated"] = self.t(self.now() + i)
            run.extra_logs.append(line)

    def _make_artifacts(self):
        """What the first run of all wrote about itself: a report, a table, how far it is."""
        if 0 not in self.by_n:
            return
        run = self.by_n[0]
        report = "# %s\n\nBuilt for **7** platforms.\n\n```\nsize 4.2 MiB\n```\n" % run.package
        table = [{"platform": p, "package": run.package, "files": 40 + i}
                 for i, p in enumerate(PLATFORMS)]
        self.add_artifact(run, "report", "markdown", report)
        self.add_artifact(run, "matrix", "table", json.dumps(table))
        self.add_artifact(run, "uploaded", "progress", 62.5)

    def add_artifact(self, run, key, type_="markdown", data="text"):
        now = self.t(self.now())
        self.artifacts.append({
            "id": uuid_of(self.seed, "artifact", len(self.artifacts)), "created": now,
            "updated": now, "key": key, "type": type_, "description": None,
            "data": data, "metadata_": None, "flow_run_id": run.id,
            "task_run_id": None})
