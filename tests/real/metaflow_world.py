"""A real Metaflow with its Netflix extension, a channel for it, and weir beside them."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(HERE, "..", "lib")]
import conda_channel  # noqa: E402

VENVS = os.path.join(ROOT, "build", "real")
B = os.path.abspath(os.environ.get("B", os.path.join(ROOT, "build")))
WEIR = os.path.join(B, "weir")
UV = next((p for p in (f"{d}/uv/bin/uv" for d in (VENVS, os.environ.get("WEIR_REAL_VENVS", VENVS)))
           if os.path.exists(p)), None)


def made():
    """Are the venvs there, or can they be made?"""
    return not subprocess.run([HERE + "/venvs", VENVS, "metaflow", "rattler"], stderr=subprocess.DEVNULL,
                              check=False).returncode


class World:
    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="weir-metaflow-")
        d = self.dir
        for name in ("bin", "home", "root/envs", "root/pkgs", "ds/.metaflow", "flows"):
            os.makedirs(f"{d}/{name}")
        self.venv = os.path.join(VENVS, "venv-metaflow")
        self.channel, self.version = conda_channel.for_metaflow(d + "/ch", self.venv, UV)
        self.server = conda_channel.Server(d + "/ch")
        with open(d + "/condarc", "w", encoding="utf-8") as f:
            json.dump({"channels": [f"{self.server.url}/{conda_channel.NAME}"], "envs_dirs": [d + "/root/envs"],
                       "pkgs_dirs": [d + "/root/pkgs"]}, f)
        with open(d + "/bin/micromamba", "w", encoding="utf-8") as f:
            f.write(f'#!/bin/sh\nexec "{VENVS}/venv-rattler/bin/python" "{HERE}/micromamba.py" "$@"\n')
        os.chmod(d + "/bin/micromamba", 0o755)
        self.env = {k: v for k, v in os.environ.items()
                    if not re.match(r"(METAFLOW|CONDA|MAMBA|PREFECT|WEIR|XDG|PIP|UV|PYTHON)_?|.*_proxy$", k, re.I)}
        self.env.update(
            PATH=f"{d}/bin:{self.venv}/bin:" + os.environ["PATH"], HOME=d + "/home", TZ="UTC", LC_ALL="C.UTF-8",
            CONDARC=d + "/condarc", MAMBA_ROOT_PREFIX=d + "/root", METAFLOW_HOME=d + "/home", METAFLOW_USER="alice",
            METAFLOW_DATASTORE_SYSROOT_LOCAL=d + "/ds", METAFLOW_CONDA_DEPENDENCY_RESOLVER="micromamba",
            FLOW_PYTHON=self.version, PYTHONDONTWRITEBYTECODE="1")
        self.cnd = d + "/ds/.metaflow/conda_v2.cnd"
        self.envs = d + "/root/envs"
        for name in os.listdir(HERE + "/flows"):
            shutil.copy(f"{HERE}/flows/{name}", d + "/flows")

    def close(self):
        self.server.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def call(self, *argv, status=0, start=False, **env):
        """Metaflow's or any program, in this world."""
        how = dict(env={**self.env, **env}, cwd=self.dir + "/flows", text=True, stdin=subprocess.DEVNULL)
        if start:
            return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **how)
        p = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False, **how)
        if status is not None and p.returncode != status:
            raise AssertionError("%s: status %d: %s" % (" ".join(argv), p.returncode, p.stdout[-3000:]))
        return p.stdout

    def flow(self, name, *argv, **more):
        return self.call(self.venv + "/bin/python", name + ".py", "--environment=conda", *argv, **more)

    def ask(self, what, *argv):
        """metaflow_oracle.py: what Metaflow itself says."""
        p = subprocess.run([self.venv + "/bin/python", HERE + "/metaflow_oracle.py", what, *argv], env=self.env,
                           cwd=self.dir + "/flows", stdin=subprocess.DEVNULL, capture_output=True, text=True,
                           timeout=300, check=False)
        if p.returncode:
            raise AssertionError("oracle %s: %s" % (what, p.stderr[-3000:]))
        return json.loads(p.stdout)

    def weir(self, *argv, status=0, **env):
        p = subprocess.run([WEIR, *argv], env={**self.env, **env}, cwd=self.dir + "/flows", stdin=subprocess.DEVNULL,
                           capture_output=True, text=True, timeout=300, check=False)
        if status is not None and p.returncode != status:
            raise AssertionError("weir %s: status %d: %s" % (" ".join(argv), p.returncode, p.stderr[-3000:]))
        p.both = p.stdout + p.stderr
        return p

    def json(self, *argv):
        return json.loads(self.weir(*argv, "-o", "json").stdout)

    def folder(self, req, full):
        return f"{self.envs}/metaflow_{req}_{full}"
