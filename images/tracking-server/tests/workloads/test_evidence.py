"""Every route that MLflow has, with every kind of credential: who gets in, and who doesn't.

What is refused never reaches MLflow, so these requests go to the running server. What is let in goes to a stand-in for MLflow, behind
the very same layer: 400 routes that each do something would be another test.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from mlflow_instance.callers import Callers
from mlflow_instance.fence import required_role
from mlflow_instance.middleware import InstanceMiddleware
from mlflow_instance.readiness import Readiness
from mlflow_instance.roles import Role
from mlflow_instance.source import Source
from mlflow_instance.tokens import TokenStore
from mlflow_instance.workloads.fetch import IssuerAway
from mlflow_instance.workloads.store import WorkloadStore
from tests.conftest import server_environment
from tests.support.issuer import AUDIENCE, claims, jwks, part, rsa, signed
from tests.support.mlflow_routes import all_routes
from tests.support.server import ROLES, Server, entry, token_of, write_tokens
from tests.support.store import ObjectStore

GITLAB, CLUSTER, FOREIGN = rsa("g"), rsa("c"), rsa("f")
GITLAB_URL, CLUSTER_URL = "https://gitlab.example.com", "https://kubernetes.default.svc"
NOW = int(time.time())
HEALTH = {("GET", "/health")}


def day(offset: int) -> str:
    return (datetime.now(UTC) + timedelta(days=offset)).date().isoformat()


def account(namespace: str, name: str = "scorer", **more: Any) -> str:
    subject = f"system:serviceaccount:{namespace}:{name}"
    return signed(CLUSTER, claims(CLUSTER_URL, sub=subject, project_path=None, **more))


def job(**more: Any) -> str:
    return signed(GITLAB, claims(GITLAB_URL, **more))


def credentials() -> dict[str, tuple[str | None, Role | None]]:
    """By kind: what is sent, and as whom it lets in."""
    good = job()
    head, body, mark = good.split(".")
    return {
        "none": (None, None),
        "wrong": ("mlf_" + "x" * 40, None),
        "empty": ("", None),
        "expired": ("expired-value", None),
        "revoked": ("revoked-value", None),
        "the generation before, which may still": ("before-value", Role.EDIT),
        "the generation before, at its end": ("ended-value", None),
        "another instance's": ("mlf_" + "other" * 8, None),
        **{role: (token_of(role), Role.parse(role)) for role in ROLES},
        "a job": (good, Role.EDIT),
        "a job of another project": (job(project_path="other/x"), None),
        "a job for another instance": (job(aud="https://other.example"), None),
        "a job that is over": (job(exp=NOW - 100_000), None),
        "a job of tomorrow": (job(nbf=NOW + 100_000), None),
        "a job of an unknown issuer": (job(iss="https://evil.example"), None),
        "a job that another key signed": (signed(FOREIGN, claims(GITLAB_URL), kid="g"), None),
        "a job with a key that is gone": (signed(FOREIGN, claims(GITLAB_URL)), None),
        "a job without a signature": (f"{part({'alg': 'none'})}.{body}.", None),
        "a job with another body": (f"{head}.{part(claims(GITLAB_URL, sub='x'))}.{mark}", None),
        "a job with a claim twice": (signed(GITLAB, b'{"a": 1, "a": 2}'), None),
        "a pod": (account("fraud-serving"), Role.READ),
        "a pod of another namespace": (account("other"), None),
        "another account": (account("fraud-serving", "default"), None),
        "a pod's token for the cluster": (account("fraud-serving", aud=CLUSTER_URL), None),
        "a pod's token of another issuer": (
            signed(GITLAB, claims(CLUSTER_URL, sub="system:serviceaccount:fraud-serving:scorer")),
            None,
        ),
    }


def write_files(folder: Path) -> None:
    write_tokens(
        folder / "tokens.json",
        [
            *(entry(f"{role}er", role, token_of(role)) for role in ROLES),
            entry("late", "admin", "expired-value", day(-1)),
            {**entry("ci", "edit", "now-value"), "generation": 2},
            {**entry("ci", "edit", "before-value", day(0)), "generation": 1},
            {**entry("old", "edit", "ended-value", day(-1)), "generation": 1},
        ],
    )
    document = {
        "version": 1,
        "audience": AUDIENCE,
        "issuers": {
            "gitlab": {"url": GITLAB_URL, "ci": "gitlab", "keys": jwks(GITLAB)},
            "kubernetes": {"url": CLUSTER_URL, "cluster": True, "keys": jwks(CLUSTER)},
        },
        "workloads": [
            {
                "name": "training",
                "issuer": "gitlab",
                "role": "edit",
                "match": {"project_path": "fraud/train", "ref_protected": "true"},
            },
            {
                "name": "scoring",
                "issuer": "kubernetes",
                "role": "read",
                "match": {"sub": "system:serviceaccount:fraud-serving:scorer"},
            },
        ],
    }
    (folder / "workloads.json").write_text(json.dumps(document))


@pytest.fixture(scope="module")
def server(
    migrated_uri: str, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("evidence")
    write_files(folder)
    revoked = entry("gone", "admin", "revoked-value")
    tokens = json.loads((folder / "tokens.json").read_text())["tokens"]
    write_tokens(folder / "tokens.json", [*tokens, revoked])
    environment = {
        **server_environment(migrated_uri, object_store.url),
        "MLFLOW_INSTANCE_WORKERS": "2",
        "MLFLOW_INSTANCE_WORKLOADS_FILE": str(folder / "workloads.json"),
        "MLFLOW_INSTANCE_INGRESS_ADDRESSES": "127.0.0.0/8",
    }
    server = Server(environment, folder / "log", folder / "tokens.json")
    server.start()
    # Each worker has read it, and then it is taken away.
    for _ in range(20):
        server.request("GET", "/version", None, headers={"Authorization": "Bearer revoked-value"})
    write_tokens(folder / "tokens.json", tokens)
    time.sleep(2)
    yield server
    assert server.stop() == 0


# Every wrong credential from a source of its own: that they are limited is another test's.
_sources = itertools.count()


def refused_status(
    session: requests.Session, server: Server, route: tuple[str, str], credential: str | None
) -> int:
    number = next(_sources)
    headers = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
    if credential is not None:
        headers["Authorization"] = f"Bearer {credential}"
    answer = session.request(
        route[0], server.url + route[1], headers=headers, timeout=60, allow_redirects=False
    )
    return answer.status_code


def test_whatever_is_refused_is_refused_on_every_route(server: Server) -> None:
    wanted = [
        (kind, credential, route, 401 if own is None else 403)
        for kind, (credential, own) in credentials().items()
        for route in all_routes()
        if route not in HEALTH
        and (own is None or (needed := required_role(*route)) is None or needed > own)
    ]
    assert len(wanted) > 8000
    wrong: list[str] = []

    def ask(part_of: list[Any]) -> None:
        with requests.Session() as session:
            for kind, credential, route, expected in part_of:
                status = refused_status(session, server, route, credential)
                if status != expected:
                    wrong.append(f"{kind}: {' '.join(route)}: {status}, not {expected}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(ask, [wanted[index::4] for index in range(4)]))
    assert wrong == []
    log = server.log.read_text()
    assert "Traceback" not in log
    for kind, (credential, _) in credentials().items():
        assert not credential or credential not in log, kind


def test_whoever_may_gets_in_on_every_route(tmp_path: Path) -> None:
    write_files(tmp_path)
    reached: list[str] = []

    async def mlflow(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def nobody(_: Any) -> str:
        raise IssuerAway("all keys are given")

    app = InstanceMiddleware(
        mlflow,
        name="unit",
        callers=Callers(
            TokenStore(tmp_path / "tokens.json"), WorkloadStore(tmp_path / "workloads.json", nobody)
        ),
        readiness=Readiness(lambda: True),
        source=Source(""),
    )

    async def status(method: str, path: str, credential: str) -> int:
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        headers = [(b"authorization", f"Bearer {credential}".encode())]
        scope = {"type": "http", "method": method, "path": path, "headers": headers}
        await app(scope, receive, send)
        return int(sent[0]["status"])

    async def all_of_them() -> list[str]:
        return [
            f"{kind}: {method} {path}"
            for kind, (credential, own) in credentials().items()
            if own is not None
            for method, path in all_routes()
            if (needed := required_role(method, path)) is not None and needed <= own
            if await status(method, path, credential or "") != 200
        ]

    assert asyncio.run(all_of_them()) == []
    assert len(reached) > 1500
