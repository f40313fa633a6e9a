"""The outermost layer alone, with a stand-in for MLflow behind it that notes what reached it."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mlflow_instance.callers import Callers
from mlflow_instance.middleware import InstanceMiddleware
from mlflow_instance.readiness import Readiness
from mlflow_instance.tokens import TokenStore
from tests.conftest import role_tokens
from tests.support.server import token_of, write_tokens


class Harness:
    def __init__(self, folder: Path) -> None:
        write_tokens(folder / "tokens.json", role_tokens())
        self.reached: list[str] = []
        self.ready: Any = True
        self.app = InstanceMiddleware(
            self._mlflow,
            name="unit",
            callers=Callers(TokenStore(folder / "tokens.json")),
            readiness=Readiness(lambda: self.ready),
            allowed_origins=["https://unit.example"],
        )

    async def _mlflow(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.append(f"{scope['type']} {scope.get('method')} {scope.get('path')}")
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"mlflow"})

    def send(
        self,
        method: str,
        path: str,
        headers: Iterable[tuple[bytes, bytes]] = (),
        kind: str = "http",
    ) -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return (
                {"type": "websocket.connect"}
                if kind == "websocket"
                else {"type": "http.request", "body": b"", "more_body": False}
            )

        async def send(message: Any) -> None:
            sent.append(dict(message))

        scope = {
            "type": kind,
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"token=q",
            "headers": list(headers),
        }
        asyncio.run(self.app(scope, receive, send))
        return sent

    def status(
        self, method: str, path: str, role: str | None = None, *more: tuple[bytes, bytes]
    ) -> int:
        headers = [(b"authorization", f"Bearer {token_of(role)}".encode())] if role else []
        return int(self.send(method, path, [*headers, *more])[0]["status"])


@pytest.fixture
def harness(tmp_path: Path) -> Harness:
    return Harness(tmp_path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/version",
        "/metrics",
        "/static-files/x.js",
        "/api/3.0/mlflow/server-info",
        "/health/",
        "/healthz",
        "/health/ready/x",
        "/Health",
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_everything_but_the_health_checks_needs_a_token(
    harness: Harness, method: str, path: str
) -> None:
    sent = harness.send(method, path)
    assert sent[0]["status"] == 401
    assert (
        dict(sent[0]["headers"])[b"www-authenticate"]
        == b'Basic realm="mlflow unit", charset="UTF-8"'
    )
    assert harness.reached == []


def test_the_health_checks_are_answered_without_mlflow(harness: Harness) -> None:
    assert harness.status("GET", "/health") == 200
    assert harness.status("GET", "/health/ready") == 200
    assert harness.send("HEAD", "/health")[1]["body"] == b""
    harness.ready = False
    # The answer is cached for a second.
    assert harness.status("GET", "/health/ready") == 200
    assert harness.reached == []


def test_readiness_is_503_when_the_database_does_not_answer(tmp_path: Path) -> None:
    harness = Harness(tmp_path)
    harness.ready = False
    assert harness.status("GET", "/health/ready") == 503
    assert harness.status("GET", "/health") == 200


def test_the_reason_for_a_refusal_is_not_told(harness: Harness) -> None:
    bodies = {
        harness.send("GET", "/", headers)[1]["body"]
        for headers in (
            [],
            [(b"authorization", b"Bearer unknown")],
            [(b"authorization", b"Basic !")],
            [(b"authorization", b"Digest x")],
        )
    }
    assert len(bodies) == 1


def test_bearer_and_basic_are_let_through(harness: Harness) -> None:
    import base64

    assert harness.status("GET", "/", "read") == 200
    basic = b"Basic " + base64.b64encode(f"anybody:{token_of('read')}".encode())
    assert harness.send("GET", "/", [(b"authorization", basic)])[0]["status"] == 200
    assert len(harness.reached) == 2


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("read", "POST", "/api/2.0/mlflow/runs/search", 200),
        ("read", "POST", "/api/2.0/mlflow/runs/create", 403),
        ("edit", "POST", "/api/2.0/mlflow/runs/create", 200),
        ("edit", "POST", "/api/2.0/mlflow/runs/delete", 403),
        ("manage", "POST", "/api/2.0/mlflow/runs/delete", 200),
        ("manage", "POST", "/api/2.0/mlflow/webhooks", 403),
        ("admin", "POST", "/api/2.0/mlflow/webhooks", 200),
        ("admin", "POST", "/unknown", 200),
        ("admin", "POST", "/ajax-api/3.0/mlflow/assistant/message", 403),
        ("read", "TRACE", "/", 403),
    ],
)
def test_a_role_reaches_what_it_may(
    harness: Harness, role: str, method: str, path: str, status: int
) -> None:
    assert harness.status(method, path, role) == status
    assert len(harness.reached) == (1 if status == 200 else 0)


@pytest.mark.parametrize(
    "path",
    [
        "//api/2.0/mlflow/runs/delete",
        "/static-files/../api/2.0/mlflow/runs/delete",
        "/api/2.0/mlflow/runs//delete",
        "/a\\b",
        "/a\nb",
    ],
)
def test_a_path_with_two_readings_is_refused_for_every_role(harness: Harness, path: str) -> None:
    for role in ("read", "admin"):
        assert harness.status("GET", path, role) == 400
    assert harness.reached == []


def test_a_websocket_is_closed_before_it_is_open(harness: Harness) -> None:
    token = [(b"authorization", f"Bearer {token_of('admin')}".encode())]
    assert harness.send("GET", "/", token, kind="websocket") == [
        {"type": "websocket.close", "code": 1008}
    ]
    assert harness.reached == []


def test_the_lifespan_reaches_mlflow(harness: Harness) -> None:
    harness.send("", "", kind="lifespan")
    assert harness.reached == ["lifespan  "]


@pytest.mark.parametrize("path", ["/api/2.0/mlflow/runs/create", "/graphql", "/v1/traces"])
def test_a_foreign_page_can_not_write_with_a_browsers_token(harness: Harness, path: str) -> None:
    for origin in (b"https://evil.example", b"http://localhost:3000", b"null"):
        assert harness.status("POST", path, "admin", (b"origin", origin)) == 403
    assert harness.status("POST", path, "admin", (b"origin", b"https://unit.example")) == 200
    assert harness.status("GET", "/", "admin", (b"origin", b"https://evil.example")) == 200


def test_the_log_has_one_line_per_request_with_the_tokens_name_and_no_secret(
    harness: Harness, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="mlflow_instance"):
        harness.status("GET", '/a"b', "read")
        harness.status("GET", "/x\ny")
        harness.status("GET", "/z", None, (b"authorization", b"Bearer wrong-secret"))
        harness.status("GET", "/health")
    lines = [
        record.getMessage() for record in caplog.records if record.name == "mlflow_instance.access"
    ]
    assert [line.rsplit(" ", 2)[0] for line in lines] == [
        '"GET /a\\"b" 200 token=reader/1 route=ui from=- in=0 out=6',
        '"GET /x\\ny" 401 token=- refused=missing route=ui from=- in=0 out=31',
        '"GET /z" 401 token=- refused=unknown route=ui from=- in=0 out=31',
    ]
    assert (
        "wrong-secret" not in caplog.text
        and token_of("read") not in caplog.text
        and "token=q" not in caplog.text
    )
