"""The door of a backend that is not the fake server: the same /_control, the same faults.

Requests are written down, broken as the test wants, and handed on. A backend's own API does
what a test orders where there is one for it; what no API can make (a run of another time, a
schema that changed) is put into its data as the fake server's farm has it.
"""
import json
import traceback
from urllib.parse import parse_qs

import fake_prefect
from backends import Embedded, Real
from fake_farm import iso
from fake_prefect import Answer, Control, Handler, State


class Door(Handler):
    backend = None

    def answer(self, url, raw, flip):
        path = self.allowed(url)
        if path == "/csrf-token" and self.state.csrf:
            return self.csrf_token(parse_qs(url.query))
        status, data, headers = self.backend.api(
            self.command, path + ("?" + url.query if url.query else ""), raw or None)
        if "Location" in headers or "location" in headers:
            raise Answer(status, data, {})
        return status, data, {k: v for k, v in headers.items() if k.lower() != "location"}

    def control(self, order):
        try:
            return BackendControl(self.state, self.backend).run(order)
        except Exception:
            traceback.print_exc()  # a test that ordered it fails for want of an answer
            raise


class BackendControl(Control):
    def __init__(self, state, backend):
        super().__init__(state)
        self.backend = backend

    def take_runs(self):
        return self.backend.all("/flow_runs/filter", sort="ID_DESC")

    def take_logs(self, order):
        return [line for run in self.pick(order) for line in self.backend.all(
            "/logs/filter", sort="TIMESTAMP_ASC", logs={"flow_run_id": {"any_": [run]}})]

    def pick(self, args):
        """Ids."""
        if args.get("id"):
            return [args["id"]]
        if args.get("ids"):
            return args["ids"]
        body = {"flow_runs": {"state": {"type": {"any_": args["types"]}}}} if args.get("types") else {}
        ids = [r["id"] for r in self.backend.all("/flow_runs/filter", sort="EXPECTED_START_TIME_ASC", **body)]
        return ids[: args.get("n", len(ids))]

    def do_make(self, **args):
        ids = super().do_make(**args)
        self.backend.fill_runs(self.farm, [self.farm.runs[i] for i in ids])
        return ids

    def do_state(self, type="COMPLETED", name=None, message=None, **args):
        ids = self.pick(args)
        for run in ids:
            state = {"type": type, "name": name or type.capitalize(), "message": message}
            if name == "Suspended":
                state["state_details"] = {"pause_reschedule": True}
            self.backend.ask("POST", "/flow_runs/%s/set_state" % run, {"state": state, "force": True})
        return ids

    def do_delete(self, **args):
        ids = self.pick(args)
        for run in ids:
            self.backend.ask("DELETE", "/flow_runs/" + run)
        return ids

    def do_rename(self, name="renamed", tags=None, **args):
        ids = self.pick(args)
        for run in ids:
            self.backend.ask("PATCH", "/flow_runs/" + run,
                             {"name": name, **({} if tags is None else {"tags": tags})})
        return ids

    def do_log(self, lines=("one line",), at=None, level=20, **args):
        ids = self.pick(args)
        at = self.farm.now() if at is None else at
        for run in ids:
            self.backend.ask("POST", "/logs/", [
                {"name": "prefect.flow_runs", "level": level, "message": text,
                 "timestamp": iso(at + i), "flow_run_id": run} for i, text in enumerate(lines)])
        return ids

    def do_artifact(self, key="report", type="markdown", data="text", **args):
        for run in self.pick(args):
            self.backend.ask("POST", "/artifacts/", {"key": key, "type": type, "data": data,
                                                     "flow_run_id": run})

    def do_put(self, fields=None, **args):
        """As it lies in the farm, but in the state that it has come to."""
        ids = self.pick(args)
        for id_ in ids:
            run = self.farm.runs[id_]
            for k, v in (fields or {}).items():
                setattr(run, k, v)
            now = self.backend.ask("GET", "/flow_runs/" + id_)
            row = self.farm.run_json(run)
            for k in ("state", "state_id", "state_type", "state_name", "start_time", "end_time", "run_count",
                      "next_scheduled_start_time", "total_run_time"):
                row[k] = now[k]
            if run.wants and row["state_type"] == "PAUSED":
                self.backend.ask("POST", "/flow_runs/%s/input" % id_, {"key": "schema", "value": json.dumps({
                    "type": "object", "properties": {run.wants: {"type": "integer"}},
                    "required": [run.wants]})})
                row["state"]["state_details"]["run_input_keyset"] = {
                    "schema": "schema", "response": "response", "description": "description"}
            row["updated"] = iso(max(self.farm.now(), run.updated + 1))
            self.backend.put("states", [row["state"]])
            self.backend.put("runs", [row])
        return ids

    def deployment(self, name):
        return next((d for d in self.farm.deployments if d["name"] == name), None)

    def do_drop_deployment(self, name="pr"):
        self.backend.ask("DELETE", "/deployments/" + self.deployment(name)["id"])

    def do_touch_deployment(self, name="pr", **fields):
        super().do_touch_deployment(name=name, **fields)
        self.backend.put("deployments", [self.deployment(name)])


def main(kind):
    p = fake_prefect.options()
    p.add_argument("--once", action="store_true")
    if kind == "embedded":
        p.add_argument("--store", required=True)
    else:
        p.add_argument("--server", required=True)
        p.add_argument("--database", required=True)
    args = p.parse_args()
    Door.backend = Embedded(args.store) if kind == "embedded" else Real(args.server, args.database)
    Door.state = State(args)
    Door.backend.clear()
    Door.backend.fill(Door.state.farm)
    if not args.once:
        fake_prefect.serve(Door, args)
