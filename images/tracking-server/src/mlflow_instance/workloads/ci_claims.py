"""What is told of a CI's job, out of its verified claims, under the same names for every CI."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from mlflow_instance.workloads.declared import Issuer

# MLflow's own bound on the value of a tag is larger.
_LONGEST = 500

_Claims = Mapping[str, Any]


def told_claims(issuer: Issuer, claims: _Claims) -> dict[str, str]:
    """Names in the order in which people read them; only texts and numbers, bounded, on one line."""
    of_ci = {"gitlab": _gitlab, "github": _github}.get(issuer.ci or "", _other)
    found = {"issuer": issuer.name, **of_ci(issuer, claims)}
    return {
        name: value[:_LONGEST] for name, value in found.items() if value and value.isprintable()
    }


def _gitlab(issuer: Issuer, claims: _Claims) -> dict[str, str]:
    get = _getter(claims)
    project = f"{issuer.url.rstrip('/')}/{quote(get('project_path'))}"
    return {
        "job": _address(project, "-/jobs", get("job_id")),
        "pipeline": _address(project, "-/pipelines", get("pipeline_id")),
        "commit": get("sha"),
        "ref": get("ref"),
        "merge_request": _address(project, "-/merge_requests", get("merge_request_iid")),
        "user": get("user_login"),
        "project": get("project_path"),
    }


def _github(issuer: Issuer, claims: _Claims) -> dict[str, str]:
    get = _getter(claims)
    # Of GitHub's own service the issuer is no address that people use; an Enterprise server's is
    # https://<host>/_services/token.
    server = "https://github.com"
    if issuer.url != "https://token.actions.githubusercontent.com":
        server = issuer.url.partition("/_services")[0]
    repository = f"{server}/{quote(get('repository'))}"
    run = _address(repository, "actions/runs", get("run_id"))
    attempt = get("run_attempt")
    ref = get("ref")
    pull = ref.removeprefix("refs/pull/").partition("/")[0] if ref.startswith("refs/pull/") else ""
    return {
        # A token names no job, but the run and its attempt.
        "job": f"{run}/attempts/{attempt}" if run and attempt else run,
        "pipeline": run,
        "commit": get("sha"),
        "ref": ref,
        "merge_request": _address(repository, "pull", pull),
        "user": get("actor"),
        "project": get("repository"),
    }


def _other(issuer: Issuer, claims: _Claims) -> dict[str, str]:
    get = _getter(claims)
    if issuer.cluster:
        account = get("sub").removeprefix("system:serviceaccount:").replace(":", "/")
        pod = claims.get("kubernetes.io")
        pod = pod.get("pod") if isinstance(pod, dict) else None
        name = pod.get("name") if isinstance(pod, dict) else None
        return {"project": account, "job": name if isinstance(name, str) else ""}
    return {"user": get("sub")}


def _getter(claims: _Claims) -> Callable[[str], str]:
    def get(name: str) -> str:
        value = claims.get(name)
        return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""

    return get


def _address(base: str, kind: str, number: str) -> str:
    return f"{base}/{kind}/{quote(number, safe='')}" if number else ""
