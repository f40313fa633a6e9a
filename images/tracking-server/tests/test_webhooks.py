"""Webhooks outlive the process that stored them: the key of their secrets comes with the instance."""

import base64
import hashlib
import hmac
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import role_tokens, server_environment
from tests.support.ports import free_port
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens
from tests.support.store import ObjectStore

_WEBHOOKS = "/api/2.0/mlflow/webhooks"
_KEY = base64.urlsafe_b64encode(hashlib.sha256(b"key").digest()).decode()


class Receiver:
    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.received.append((dict(self.headers.items()), body))
                receiver.arrived.set()
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def uri(postgres: Postgres) -> str:
    uri = postgres.create_database("webhooks")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    return uri


def started(uri: str, store: ObjectStore, folder: Path, **more: str) -> Server:
    folder.mkdir(exist_ok=True)
    write_tokens(folder / "tokens.json", role_tokens())
    # Only a test's receiver is at a private address and without TLS.
    test_only = {
        "MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS": "true",
        "MLFLOW_WEBHOOK_ALLOWED_SCHEMES": "http",
    }
    environment = {**server_environment(uri, store.url), **test_only, **more}
    server = Server(environment, folder / "log", folder / "tokens.json")
    server.start()
    return server


def test_a_webhook_is_listed_and_delivered_by_another_process(
    uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    """Without a common key every list is 500 after a rollout, or with two replicas."""
    receiver = Receiver()
    body = {
        "name": "hook",
        "url": receiver.url,
        "secret": "shared-secret",
        "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    }
    first = started(uri, object_store, tmp_path / "1", MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=_KEY)
    created = first.request("POST", _WEBHOOKS, "admin", json=body)
    assert created.status_code == 200, created.text
    assert first.stop() == 0

    second = started(uri, object_store, tmp_path / "2", MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=_KEY)
    listed = second.request("GET", _WEBHOOKS, "admin")
    assert [hook["name"] for hook in listed.json()["webhooks"]] == ["hook"]
    model = {"name": "delivered"}
    second.request("POST", "/api/2.0/mlflow/registered-models/create", "edit", json=model)
    assert receiver.arrived.wait(20)
    headers, sent = receiver.received[0]
    signed = f"{headers['X-MLflow-Delivery-Id']}.{headers['X-MLflow-Timestamp']}.{sent.decode()}"
    digest = hmac.new(b"shared-secret", signed.encode(), hashlib.sha256).digest()
    assert headers["X-MLflow-Signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert second.stop() == 0
    receiver.stop()
    for server in (first, second):
        assert "shared-secret" not in server.log.read_text()


def test_a_secret_of_a_lost_key_does_not_close_the_list(
    uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    """What instances without a key have stored: the list works, and the webhook can be deleted or given a new secret."""
    other = base64.urlsafe_b64encode(b"o" * 32).decode()
    server = started(uri, object_store, tmp_path / "3", MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=other)
    (hook,) = server.request("GET", _WEBHOOKS, "admin").json()["webhooks"]
    path = f"{_WEBHOOKS}/{hook['webhook_id']}"
    renewed = server.request("PATCH", path, "admin", json={"secret": "new-secret"})
    assert renewed.status_code == 200, renewed.text
    assert server.request("DELETE", path, "admin").status_code == 200
    assert server.request("GET", _WEBHOOKS, "admin").json().get("webhooks", []) == []
    assert server.stop() == 0
    assert "was stored with another key" in server.log.read_text()


def test_the_address_of_a_webhook_is_not_in_the_log(
    uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    """It often ends in a key. Nothing listens there: MLflow and urllib3 log the whole address."""
    server = started(
        uri,
        object_store,
        tmp_path / "4",
        MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=_KEY,
        MLFLOW_WEBHOOK_REQUEST_MAX_RETRIES="1",
    )
    body = {
        "name": "unreachable",
        "url": f"http://user:of-the-user@127.0.0.1:{free_port()}/of-the-path?key=of-the-query",
        "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
    }
    made = server.request("POST", _WEBHOOKS, "admin", json=body).json()["webhook"]
    tested = server.request("POST", f"{_WEBHOOKS}/{made['webhook_id']}/test", "admin", json={})
    assert tested.status_code == 200 and tested.json()["result"]["success"] is False
    assert server.stop() == 0
    log = server.log.read_text()
    assert "Max retries exceeded with url: /…" in log and "Retrying" in log
    assert "of-the-" not in log


def test_a_host_that_is_not_known_is_told_as_that(
    uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    server = started(uri, object_store, tmp_path / "5", MLFLOW_WEBHOOK_ALLOW_PRIVATE_IPS="false")
    body = {"name": "unknown", "url": "http://hooks.invalid/", "events": []}
    body["events"] = [{"entity": "REGISTERED_MODEL", "action": "CREATED"}]
    answer = server.request("POST", _WEBHOOKS, "admin", json=body)
    assert answer.status_code == 400
    assert answer.json()["message"].endswith("'hooks.invalid': the name is not known to DNS")
    assert server.stop() == 0
