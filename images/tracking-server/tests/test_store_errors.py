"""An object store that refuses, fails or is not there: what clients are told, how soon, and what is deleted all the same."""

import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from mlflow_instance.deletion import delete_objects, send_content_md5
from mlflow_instance.store_errors import public_store_error
from tests.conftest import role_tokens, server_environment
from tests.support.client import client_of
from tests.support.server import Server, write_tokens
from tests.support.store import CREDENTIALS, REGION

_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


class Store:
    """A stand-in that answers everything with one error, or as `answer` says."""

    def __init__(self) -> None:
        self.status, self.code = 200, ""
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        store = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                store.requests.append((self.command, self.path, headers, body))
                status, text = store.answer(self.command, self.path, headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(text)

            do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        if self.status < 300:
            return self.status, b""
        return self.status, _error(self.code, "bucket instance of the account secret-account")

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _error(code: str, message: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()


class OldStore(Store):
    """Wants Content-MD5 for DeleteObjects; or doesn't have it at all."""

    def __init__(self, *, has_delete_objects: bool) -> None:
        super().__init__()
        self._has = has_delete_objects
        self.keys: set[str] = set()

    def answer(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, bytes]:
        if method == "DELETE":
            key = path.removeprefix("/instance/")
            if key == "kept":
                return 403, _error("AccessDenied", "no")
            self.keys.discard(key)
            return 204, b""
        if not self._has:
            return 501, _error("NotImplemented", "A header or query is not implemented")
        if "content-md5" not in headers:
            return 400, _error("InvalidRequest", "Missing required header: Content-MD5")
        self.keys -= set(re.findall(r"<Key>([^<]+)</Key>", body.decode()))
        return 200, b"<DeleteResult/>"


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    store = Store()
    yield store
    store.stop()


@pytest.fixture(scope="module")
def server(
    migrated_uri: str, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("refusing")
    write_tokens(folder / "tokens.json", role_tokens())
    running = Server(
        server_environment(migrated_uri, store.url), folder / "log", folder / "tokens.json"
    )
    running.start()
    yield running
    assert running.stop() == 0


# status and code of the store -> status for the client
_CODES = [
    (400, "KeyTooLongError", 400),
    (400, "EntityTooLarge", 400),
    (400, "InvalidArgument", 400),
    (400, "ExpiredToken", 503),
    (400, "RequestTimeout", 503),
    (403, "AccessDenied", 503),
    (403, "InvalidAccessKeyId", 503),
    (403, "SignatureDoesNotMatch", 503),
    (403, "RequestTimeTooSkewed", 503),
    (404, "NoSuchKey", 404),
    (404, "NoSuchBucket", 503),
    (405, "MethodNotAllowed", 400),
    (409, "ObjectParentIsFile", 409),
    (409, "ExistingObjectIsDirectory", 409),
    (409, "XMinioParentIsObject", 409),
    (409, "OperationAborted", 503),
    (412, "PreconditionFailed", 409),
    (416, "InvalidRange", 400),
    (429, "TooManyRequests", 503),
    (500, "InternalError", 503),
    (501, "NotImplemented", 501),
    (503, "SlowDown", 503),
    (507, "XMinioStorageFull", 503),
]


def refused(status: int, code: str) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": "secret"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, "PutObject")


@pytest.mark.parametrize(("status", "code", "told"), _CODES)
def test_status_of_every_code(status: int, code: str, told: int) -> None:
    from mlflow.exceptions import MlflowException

    error_code, sentence = public_store_error(refused(status, code))
    assert MlflowException(sentence, error_code=error_code).get_http_status_code() == told
    assert "secret" not in sentence and code in sentence


def requests_of(server: Server) -> dict[str, Any]:
    made = server.request(
        "POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": "0"}
    )
    run_id = made.json()["run"]["info"]["run_id"]
    listing = {"params": {"run_id": run_id}}
    fetching = {"params": {"run_uuid": run_id, "path": "a.txt"}}
    uploading = {"params": {"run_uuid": run_id, "path": "b.txt"}, "data": b"x"}
    query = '{ mlflowListArtifacts(input: {runId: "%s"}) { files { path } } }' % run_id
    return {
        "put": ("PUT", f"{_ARTIFACTS}/0/a.txt", {"data": b"x"}),
        "put in parts": ("PUT", f"{_ARTIFACTS}/0/big.bin", {"data": b"x" * 9_000_000}),
        "get": ("GET", f"{_ARTIFACTS}/0/a.txt", {}),
        "head": ("HEAD", f"{_ARTIFACTS}/0/a.txt", {}),
        "list": ("GET", "/api/2.0/mlflow-artifacts/artifacts", {"params": {"path": "0"}}),
        "delete": ("DELETE", f"{_ARTIFACTS}/0/a", {}),
        "list of a run": ("GET", "/api/2.0/mlflow/artifacts/list", listing),
        "file of a run": ("GET", "/get-artifact", fetching),
        "upload by the UI": ("POST", "/ajax-api/2.0/mlflow/upload-artifact", uploading),
        "graphql": ("POST", "/graphql", {"json": {"query": query}}),
    }


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [(409, "ObjectParentIsFile", 409), (403, "AccessDenied", 503), (503, "SlowDown", 503)],
)
def test_every_route_to_the_store_says_so_at_once(
    server: Server, store: Store, status: int, code: str, told: int
) -> None:
    """For a 4xx the store is asked once; for a 5xx a few times, within seconds."""
    store.status, store.code = status, code
    for name, (method, path, more) in requests_of(server).items():
        store.requests.clear()
        started = time.monotonic()
        answer = server.request(method, path, "admin", **more)
        took = time.monotonic() - started
        assert took < 10, f"{name}: {took:.1f} s"
        for private in ("instance", "secret", "127.0.0.1", "s3-proxied", "boto", "Traceback"):
            assert private not in answer.text, f"{name}: {answer.text}"
        if name == "graphql":
            assert code in answer.text
            continue
        assert answer.status_code == told, f"{name}: {answer.status_code} {answer.text}"
        assert ("Retry-After" in answer.headers) == (told == 503), name
        if method != "HEAD":
            assert code in answer.json()["message"], name
        assert len(store.requests) <= (1 if status < 500 else 4), name


def test_a_store_that_is_not_there(migrated_uri: str, tmp_path: Path) -> None:
    write_tokens(tmp_path / "tokens.json", role_tokens())
    environment = server_environment(migrated_uri, "http://127.0.0.1:9")
    server = Server(environment, tmp_path / "log", tmp_path / "tokens.json")
    server.start()
    for name, (method, path, more) in requests_of(server).items():
        started = time.monotonic()
        answer = server.request(method, path, "admin", **more)
        assert time.monotonic() - started < 15, name
        assert "127.0.0.1" not in answer.text and "Could not connect" not in answer.text, name
        if name != "graphql":
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2"), name
    assert server.stop() == 0


def test_the_unmodified_client_is_told_at_once(server: Server, store: Store) -> None:
    """`log_text("b", "report/index.html")` where `report` is a file took 246 s."""
    import mlflow

    store.status, store.code = 409, "ObjectParentIsFile"
    with client_of(server, "edit"), mlflow.start_run():
        started = time.monotonic()
        with pytest.raises(Exception, match="409"):
            mlflow.log_text("b", "report/index.html")
        assert time.monotonic() - started < 5


@pytest.mark.parametrize("has_delete_objects", [True, False])
def test_objects_are_deleted_in_old_stores(has_delete_objects: bool) -> None:
    """Without the fallback the rows go and the objects stay."""
    store = OldStore(has_delete_objects=has_delete_objects)
    store.keys = {f"a/{number}" for number in range(25)}
    client = boto3.client(
        "s3",
        endpoint_url=store.url,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )
    keys = [{"Key": key} for key in sorted(store.keys)]
    with pytest.raises(ClientError):
        # As botocore sends it.
        client.delete_objects(Bucket="instance", Delete={"Objects": keys})
    send_content_md5(client)
    stayed = delete_objects(client, "instance", [*keys, {"Key": "kept"}])
    store.stop()
    assert store.keys == set()
    assert [item["Key"] for item in stayed] == ([] if has_delete_objects else ["kept"])
