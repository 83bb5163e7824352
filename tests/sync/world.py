"""The fake server under the tests of sync."""
import json
import os
import subprocess
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
from weir_world import Checks, Naive, Weir, differences, micros, plain  # noqa: E402,F401


class Fake:
    def __init__(self, *argv):
        self.process = subprocess.Popen(
            [sys.executable, os.path.join(HERE, "..", "lib", "fake_prefect.py"), *map(str, argv)],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def control(self, **order):
        request = urllib.request.Request(self.url[:-len("/api")] + "/_control", method="POST",
                                         data=json.dumps(order).encode())
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read())

    def do(self, *steps):
        return self.control(do=[list(s) for s in steps])["done"]

    def runs(self):
        return self.control(take="runs")["runs"]


def run_differences(weir, fake, **more):
    return differences(weir.list("runs"), fake.runs(), **more)
