"""Servers that are acted on: the fake one with a delay, and a real one."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

VERSION = "3.8.3"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url, body=None, method=None):
    request = urllib.request.Request(url, method=method, data=None if body is None else json.dumps(body).encode(),
                                     headers={"Content-Type": "application/json"})
    for wait in (0.3, 0.5, 1, 2, 4, 8, 0):
        try:
            with OPENER.open(request, timeout=120) as reply:
                raw = reply.read()
            return json.loads(raw) if raw else None
        except urllib.error.HTTPError as e:
            if e.code not in (502, 503) or not wait:  # SQLite is busy
                raise
        time.sleep(wait)
    return None


class Delayed:
    """tests/lib/fake_prefect.py: every answer takes so long."""

    def __init__(self, delay_ms):
        self.process = subprocess.Popen([sys.executable, "tests/lib/fake_prefect.py", "--runs", "100", "--delay-ms",
                                         str(delay_ms)], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def requests(self):
        """How many since the last call."""
        return len(ask(self.url[:-len("/api")] + "/_control", {"take": "requests"})["requests"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Real:
    """A real server in a folder of its own; its venv is made where there is none."""

    def __init__(self, root):
        subprocess.run([f"{root}/tests/real/venvs", f"{root}/build/real", VERSION], check=True)
        self.bin = f"{root}/build/real/venv-{VERSION}/bin"
        self.folder = tempfile.TemporaryDirectory()
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/api"
        home = self.folder.name
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "WEIR_"))}
        self.env.update(HOME=home, PREFECT_HOME=home, PREFECT_SERVER_UI_ENABLED="false", DO_NOT_TRACK="1",
                        PREFECT_SERVER_ANALYTICS_ENABLED="false", PREFECT_SERVER_REGISTER_BLOCKS_ON_START="false",
                        PREFECT_SERVER_DATABASE_CONNECTION_URL=f"sqlite+aiosqlite:///{home}/prefect.db")
        self.log = open(f"{home}/log", "w")
        self.process = subprocess.Popen(
            [f"{self.bin}/python", "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app", "--host",
             "127.0.0.1", "--port", str(port), "--log-level", "warning"], env=self.env, cwd=home,
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True)
        self.client = {**self.env, "PREFECT_API_URL": self.url}
        self.client.pop("PREFECT_SERVER_DATABASE_CONNECTION_URL")

    def __enter__(self):
        until = time.time() + 120
        while time.time() < until:
            try:
                ask(self.url + "/health")
                return self
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.2)
        self.__exit__()
        raise RuntimeError("the real server did not start")

    def __exit__(self, *_):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()
        self.folder.cleanup()

    def deploy(self, flow, name, schema):
        flow_id = ask(self.url + "/flows/", {"name": flow})["id"]
        return ask(self.url + "/deployments/", {
            "flow_id": flow_id, "name": name, "parameter_openapi_schema": schema, "enforce_parameter_schema": True,
            "path": "/nowhere", "entrypoint": "a.py:a"})["id"]


def took(argv, env, times):
    """The median."""
    all_ = []
    for _ in range(times):
        began = time.monotonic()
        subprocess.run(argv, env=env, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.PIPE)
        all_.append(time.monotonic() - began)
    return sorted(all_)[times // 2]
