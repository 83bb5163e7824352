"""A real Prefect server of a test, as `prefect server start` runs it: one uvicorn and a file."""
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
VENVS = os.path.join(ROOT, "build", "real")  # of tests/real/venvs
MEND = os.path.join(ROOT, "tests", "real", "mend")  # a PYTHONPATH: see there


def free_port():
    """Of those that no connection takes by itself in the seconds till the server has it."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


class Server:
    """In a folder; with the data of `copy_of` when given."""

    def __init__(self, version, folder, copy_of=None, **settings):
        self.version, self.port, self.folder = version, free_port(), folder
        self.python = os.path.join(VENVS, "venv-" + version, "bin", "python")
        self.database = os.path.join(folder, "prefect.db")
        if copy_of:
            with sqlite3.connect(copy_of.database) as old, sqlite3.connect(self.database) as new:
                old.backup(new)
        url = "sqlite+aiosqlite:///" + self.database
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "WEIR_"))}
        self.env.update(
            PREFECT_HOME=folder, PREFECT_PROFILES_PATH=folder + "/profiles.toml",
            PREFECT_SERVER_DATABASE_CONNECTION_URL=url, PREFECT_API_DATABASE_CONNECTION_URL=url,
            PREFECT_SERVER_UI_ENABLED="false", PREFECT_UI_ENABLED="false",
            PREFECT_SERVER_REGISTER_BLOCKS_ON_START="false", PREFECT_API_BLOCKS_REGISTER_ON_START="false",
            PREFECT_SERVER_ANALYTICS_ENABLED="false", DO_NOT_TRACK="1", **settings)
        self.log = open(folder + "/log", "w")
        self.url = "http://127.0.0.1:%d/api" % self.port
        self.start()

    def start(self):
        # in its folder: a settings file of ours must not be read
        self.process = subprocess.Popen(
            [self.python, "-m", "uvicorn", "--factory", "prefect.server.api.server:create_app", "--host",
             "127.0.0.1", "--port", str(self.port), "--log-level", "warning"],
            env=self.env, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            start_new_session=True)

    def is_up(self):
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=5):
                return True
        except OSError:
            return False

    def wait(self):
        end = time.time() + 120
        while time.time() < end:
            if self.process.poll() is not None:
                break
            if self.is_up():
                return self
            time.sleep(0.2)
        raise AssertionError("server %s did not start: %s" % (self.version, self.said()))

    def said(self):
        """The end of its log, and whether it lives."""
        with open(self.folder + "/log", errors="replace") as log:
            return "%s\nstatus %s" % (log.read()[-1500:], self.process.poll())

    def kill(self):
        """At once, as a power cut."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
            self.log.close()
