"""From due to running on a real server: a command by weir's worker, a Python flow by Prefect's."""
import datetime
import os
import statistics
import subprocess
import time

from acting import ask

FLOW = "from prefect import flow\n@flow\ndef one():\n    pass\n"


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def waits(server, deployment, times):
    """Seconds from due to running, one run after the other, not in step with the polls."""
    found = []
    for i in range(times):
        time.sleep(0.3 + 0.7 * i % 2)
        run = ask(f"{server.url}/deployments/{deployment}/create_flow_run", {})["id"]
        until = time.time() + 90
        while (doc := ask(f"{server.url}/flow_runs/{run}"))["state_type"] != "COMPLETED":
            if time.time() > until:
                raise RuntimeError(f"run {run} is {doc['state']}")
            time.sleep(0.3)
        found.append(moment(doc["start_time"]) - moment(doc["expected_start_time"]))
    return statistics.median(found)


def measured(server, argv, env, pool, body, times):
    worker = subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        until = time.time() + 60
        while not any(w["status"] == "ONLINE" for w in ask(f"{server.url}/work_pools/{pool}/workers/filter", {})):
            if time.time() > until:
                raise RuntimeError(f"no worker serves {pool}")
            time.sleep(0.5)
        flow = ask(server.url + "/flows/", {"name": "bench"})["id"]
        made = ask(server.url + "/deployments/", {"flow_id": flow, "name": pool, "work_pool_name": pool, **body})
        return waits(server, made["id"], times)
    finally:
        worker.terminate()
        try:
            worker.wait(20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()


def by_weir(server, weir, env, times):
    subprocess.run([weir, "worker", "--pool", "ours", "--once"], env=env, check=True, stderr=subprocess.DEVNULL)
    return measured(server, [weir, "worker", "--pool", "ours"], env, "ours",
                    {"job_variables": {"command": "true"}}, times)


def by_prefect(server, times):
    folder = server.folder.name
    with open(folder + "/one.py", "w") as f:
        f.write(FLOW)
    env = {**server.client, "PATH": server.bin + ":" + os.environ["PATH"]}
    subprocess.run([server.bin + "/prefect", "work-pool", "create", "theirs", "--type", "process"], env=env, check=True,
                   stdout=subprocess.DEVNULL)
    steps = [{"prefect.deployments.steps.set_working_directory": {"directory": folder}}]
    return measured(server, [server.bin + "/prefect", "worker", "start", "--pool", "theirs"], env, "theirs",
                    {"entrypoint": "one.py:one", "pull_steps": steps}, times)
