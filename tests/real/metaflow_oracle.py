"""What a real Metaflow says of its environments and runs, as JSON.

Usage: PYTHON tests/real/metaflow_oracle.py environments FOLDER    of conda_v2.cnd in it
       PYTHON tests/real/metaflow_oracle.py runs                   of all flows
"""
import contextlib
import json
import sys
import warnings

warnings.simplefilter("ignore")


def environments(folder):
    from metaflow.extension_support.plugins import resolve_plugins  # noqa: F401  its modules first
    from metaflow_extensions.netflixext.plugins.conda.env_descr import read_conda_manifest

    info, out = read_conda_manifest(folder), []
    for env_id, e in info.envs:
        default = info.get_default(env_id.req_id, env_id.arch)
        aliases, mutable = info.aliases_for_env(env_id)
        out.append({
            "req_id": env_id.req_id, "full_id": env_id.full_id, "arch": env_id.arch,
            "is_default": bool(default) and default.full_id == env_id.full_id,
            "aliases": sorted([*aliases, *mutable]), "resolved_by": e.resolved_by,
            "resolved_on": e.resolved_on.isoformat(), "resolved_archs": sorted(e.co_resolved_archs),
            "deps": [str(d) for d in e.deps], "sources": [str(d) for d in e.sources], "env_type": e.env_type.value,
            "packages": sorted([p.TYPE, p.filename, p.package_name, p.package_version, p.url] for p in e.packages)})
    return out


def runs():
    from metaflow import Metaflow, namespace

    namespace(None)
    out = []
    for flow in Metaflow().flows:
        for run in flow.runs():
            out.append({
                "pathspec": run.pathspec, "flow": flow.id, "id": run.id, "successful": run.successful,
                "finished": run.finished, "tags": sorted(run.tags), "user_tags": sorted(run.user_tags),
                "created_at": run.created_at.timestamp(), "steps": [
                    {"name": s.id, "tasks": [
                        {"id": t.id, "pathspec": t.pathspec, "successful": t.successful, "finished": t.finished,
                         "attempt": t.current_attempt, "env": t.metadata_dict.get("conda_env_id"),
                         "origin": t.origin_pathspec, "stdout": t.stdout, "stderr": t.stderr} for t in s.tasks()]}
                    for s in run.steps()]})
    return out


if __name__ == "__main__":
    with contextlib.redirect_stdout(sys.stderr):
        said = {"environments": environments, "runs": runs}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(said))
