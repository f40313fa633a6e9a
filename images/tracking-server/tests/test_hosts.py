"""MLflow's own checks of host and origin, set as the pair that an instance sets, behind our layer."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import role_tokens, server_environment
from tests.support.server import Server, write_tokens
from tests.support.store import ObjectStore

_SEARCH = ("POST", "/ajax-api/2.0/mlflow/experiments/search")


@pytest.fixture(scope="module")
def hosted(
    migrated_uri: str, object_store: ObjectStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("hosted")
    write_tokens(folder / "tokens.json", role_tokens())
    environment = {
        **server_environment(migrated_uri, object_store.url),
        "MLFLOW_SERVER_ALLOWED_HOSTS": "unit.example,unit.example:443,mlflow.unit.svc:5000",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": "https://unit.example",
    }
    server = Server(environment, folder / "log", folder / "tokens.json")
    server.start()
    yield server
    assert server.stop() == 0


@pytest.mark.parametrize(
    "host",
    [
        "unit.example",
        "unit.example:443",
        "mlflow.unit.svc:5000",
        "Unit.EXAMPLE",
        "unit.example.",
        "UNIT.example.:443",
    ],
)
def test_allowed_hosts(hosted: Server, host: str) -> None:
    assert (
        hosted.request(
            *_SEARCH, "read", json={"max_results": 1}, headers={"Host": host}
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1",
        "localhost",
        "unit.example:5000",
        "unit.example.evil.example",
        "unit.example..",
    ],
)
def test_other_hosts(hosted: Server, host: str) -> None:
    assert (
        hosted.request(
            *_SEARCH, "admin", json={"max_results": 1}, headers={"Host": host}
        ).status_code
        == 403
    )
    assert (
        hosted.request(*_SEARCH, None, json={"max_results": 1}, headers={"Host": host}).status_code
        == 401
    )


def test_probes_come_with_any_host(hosted: Server) -> None:
    for path in ("/health", "/health/ready"):
        assert (
            hosted.request("GET", path, None, headers={"Host": "10.214.0.7:5000"}).status_code
            == 200
        )


def test_the_ui_can_write_and_other_pages_can_not(hosted: Server) -> None:
    body = {"name": "from the UI"}
    create = ("POST", "/ajax-api/2.0/mlflow/experiments/create")
    for origin in ("https://evil.example", "http://unit.example", "http://localhost:8888", "null"):
        answer = hosted.request(
            *create, "edit", json=body, headers={"Host": "unit.example", "Origin": origin}
        )
        assert answer.status_code == 403, origin
    answer = hosted.request(
        *create,
        "edit",
        json=body,
        headers={"Host": "unit.example", "Origin": "https://unit.example"},
    )
    assert answer.status_code == 200, answer.text


def test_a_host_that_is_not_allowed_is_named_with_the_setting(hosted: Server) -> None:
    """As with `kubectl port-forward` on any port."""
    answer = hosted.request(
        *_SEARCH, "admin", json={"max_results": 1}, headers={"Host": "127.0.0.1:15056"}
    )
    assert answer.status_code == 403
    assert "'127.0.0.1:15056'" in answer.text and "extraAllowedHosts" in answer.text
    assert "rebinding" not in answer.text


_OWN = "https://unit.example"


@pytest.mark.parametrize(
    "path", ["/ajax-api/2.0/mlflow/runs/search", "/graphql", "/v1/traces", "/"]
)
def test_preflights_are_answered_for_the_own_origin_alone(hosted: Server, path: str) -> None:
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    own = hosted.request(
        "OPTIONS", path, None, headers={"Host": "unit.example", "Origin": _OWN, **asked}
    )
    assert (own.status_code, own.content) == (204, b"")
    assert own.headers["Access-Control-Allow-Origin"] == _OWN
    assert own.headers["Access-Control-Allow-Headers"] == "authorization,content-type"
    assert "POST" in own.headers["Access-Control-Allow-Methods"] and own.headers["Vary"] == "Origin"
    for origin in ("https://evil.example", "http://localhost:3000", "http://127.0.0.1", "null"):
        other = hosted.request(
            "OPTIONS", path, None, headers={"Host": "unit.example", "Origin": origin, **asked}
        )
        assert other.status_code == 403
        assert not [name for name in other.headers if name.lower().startswith("access-control")]


def test_an_answer_can_be_read_by_a_page_of_the_own_origin_alone(hosted: Server) -> None:
    request = (*_SEARCH, "read")
    own = hosted.request(
        *request, json={"max_results": 1}, headers={"Host": "unit.example", "Origin": _OWN}
    )
    assert own.headers["Access-Control-Allow-Origin"] == _OWN
    assert own.headers["Access-Control-Allow-Credentials"] == "true"
    assert own.headers["Vary"] == "Origin"
    for origin in ("https://evil.example", "http://localhost:3000"):
        answer = hosted.request(
            "GET",
            "/ajax-api/3.0/mlflow/server-info",
            "read",
            headers={"Host": "unit.example", "Origin": origin},
        )
        assert answer.status_code == 200 and "Origin" in answer.headers["Vary"]
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


@pytest.mark.parametrize("origin", [_OWN, "https://evil.example", "http://localhost:3000", None])
def test_an_answer_names_once_what_it_varies_with(hosted: Server, origin: str | None) -> None:
    """`requests` puts several headers of one name together."""
    headers = {"Host": "unit.example", **({"Origin": origin} if origin else {})}
    for path in ("/", "/version", "/api/3.0/mlflow/server-info", "/api/2.0/mlflow/experiments/get"):
        answer = hosted.request("GET", path, "read", headers=headers)
        assert answer.headers["Vary"] == "Origin", path


def test_every_answer_has_the_security_headers(hosted: Server) -> None:
    for role, path in (("read", "/"), ("read", "/static-files/x"), (None, "/"), ("read", "/a//b")):
        answer = hosted.request("GET", path, role, headers={"Host": "unit.example"})
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    inside = hosted.request("GET", "/", "read", headers={"Host": "mlflow.unit.svc:5000"})
    assert "Strict-Transport-Security" not in inside.headers
