"""What weir worker is measured with: a store of its own, a worker on it, and its clock."""
import json
import os
import signal
import statistics
import subprocess
import tempfile
import time

LINE = "line %.0f of a build: cc -O2 -c lib/decode.c -o decode.o"
# prints so many lines, and leaves in a file how many microseconds that took
PRINTS = ["bash", "-c", f"s=$(date +%s%N); seq -f '{LINE}' 1 $LINES; e=$(date +%s%N); echo $(((e - s) / 1000)) >$TOOK"]
# the same into a pipe to cat
PIPED = ["bash", "-c", PRINTS[2].replace(" $LINES;", " $LINES | cat >/dev/null;")]
TICKS = "while :; do date +%s.%N; sleep 0.07; done"


def fsync_ms(folder):
    """The median of writing 4 kB to the disk of that folder, to the end."""
    took = []
    with open(f"{folder}/fsync", "wb", buffering=0) as f:
        for _ in range(50):
            f.write(b"x" * 4096)
            began = time.perf_counter()
            os.fsync(f.fileno())
            took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


class Farm:
    """An embedded store with a deployment for each command, by name."""

    def __init__(self, weir, environment, commands, variables=None):
        self.folder = tempfile.TemporaryDirectory()
        self.at = self.folder.name
        self.weir = weir
        self.env = {**environment(self.at), "WEIR_PROFILE": "embedded", **(variables or {})}
        self.env.pop("PREFECT_API_URL", None)
        self.process = None
        deployments = [{"name": n, "flow_name": "bench",
                        "work_pool": {"name": "weir", "job_variables": {"command": c, "grace_seconds": 1}}}
                       for n, c in commands.items()]
        with open(f"{self.at}/prefect.yaml", "w") as f:
            json.dump({"name": "bench", "deployments": deployments}, f)
        self.run("pools", "create", "weir")
        self.run("register")

    def run(self, *words):
        return subprocess.run([self.weir, "-q", *words], env=self.env, cwd=self.at, check=True, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout

    def trigger(self, name):
        return self.run("trigger", f"bench/{name}", "-o", "name").strip()

    def start(self, *words):
        self.process = subprocess.Popen([self.weir, "-q", "worker", *words], env=self.env, cwd=self.at,
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.5)

    def once(self, *words):
        """Seconds that a worker needed for all that was due."""
        began = time.monotonic()
        self.run("worker", "--once", *words)
        return time.monotonic() - began

    def status(self, field):
        with open(f"/proc/{self.process.pid}/status") as f:
            return next(int(line.split()[1]) for line in f if line.startswith(field + ":"))

    def states(self):
        out = self.run("runs", "-n", "0", "--columns", "state_name").split()
        return {s: out.count(s) for s in set(out)}

    def newest(self):
        return json.loads(self.run("runs", "-n", "1", "-o", "json"))[0]

    def log(self):
        return self.run("logs", "@latest", "--no-menu").splitlines()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            for _ in range(3):
                self.process.send_signal(signal.SIGTERM)
                time.sleep(0.05)
            self.process.wait()
        self.folder.cleanup()
