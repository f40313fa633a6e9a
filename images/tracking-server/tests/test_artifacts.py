"""Artifacts through the server: streamed both ways, whole or not at all, and nothing outside the instance's own bucket."""

import hashlib
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.conftest import role_tokens, server_environment
from tests.support.processes import proportional_mib
from tests.support.server import Server, token_of, write_tokens
from tests.support.store import ObjectStore

_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_MIB = 1024 * 1024


def test_the_server_offers_no_direct_transfers(server: Server) -> None:
    info = server.request("GET", "/api/3.0/mlflow/server-info", "read").json()
    assert (
        info["multipart_uploads_enabled"] is False and info["multipart_downloads_enabled"] is False
    )
    assert (
        server.request(
            "POST",
            "/api/2.0/mlflow-artifacts/mpu/create/0/x",
            "edit",
            json={"path": "x", "num_parts": 2},
        ).status_code
        == 501
    )
    assert (
        server.request("GET", "/api/2.0/mlflow-artifacts/presigned/0/x", "read").status_code == 501
    )


def test_presigned_mode_offers_them(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    write_tokens(tmp_path / "tokens.json", role_tokens())
    server = Server(
        server_environment(migrated_uri, object_store.url, scheme="s3"),
        tmp_path / "log",
        tmp_path / "tokens.json",
    )
    server.start()
    info = server.request("GET", "/api/3.0/mlflow/server-info", "read").json()
    assert info["multipart_uploads_enabled"] is True and info["multipart_downloads_enabled"] is True
    assert (
        server.request("PUT", f"{_ARTIFACTS}/0/direct.txt", "edit", data=b"direct").status_code
        == 200
    )
    assert server.request("GET", f"{_ARTIFACTS}/0/direct.txt", "read").content == b"direct"
    offer = server.request("GET", "/api/2.0/mlflow-artifacts/presigned/0/direct.txt", "read").json()
    assert (
        offer["url"].startswith(object_store.url)
        and requests.get(offer["url"], timeout=30).content == b"direct"
    )
    assert server.stop() == 0


@pytest.mark.parametrize("size", [0, 1, 8 * _MIB - 1, 8 * _MIB, 8 * _MIB + 1, 40 * _MIB + 13])
def test_bytes_come_back_as_they_went(server: Server, size: int) -> None:
    data = os.urandom(size)
    path = f"{_ARTIFACTS}/0/sizes/{size}.bin"
    assert server.request("PUT", path, "edit", data=data).status_code == 200
    answer = server.request("GET", path, "read")
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(size))
    assert hashlib.sha256(answer.content).digest() == hashlib.sha256(data).digest()


@pytest.mark.parametrize(
    "name",
    ["report.html", "a b.txt", "modèle-模型.pkl", "x+y=z&w.txt", "100%.txt", "archive.tar.gz"],
)
def test_names_of_all_kinds(server: Server, object_store: ObjectStore, name: str) -> None:
    from urllib.parse import quote

    path = f"{_ARTIFACTS}/0/names/{quote(name)}"
    assert server.request("PUT", path, "edit", data=b"content").status_code == 200
    answer = server.request("GET", path, "read")
    assert answer.content == b"content"
    # A page that somebody uploaded must not run in the tracking server's own origin.
    assert (
        answer.headers["Content-Disposition"].startswith("attachment")
        and answer.headers["X-Content-Type-Options"] == "nosniff"
    )
    assert f"artifacts/0/names/{name}" in object_store.keys("instance", "artifacts/0/names/")


def test_head_tells_the_length_and_sends_nothing(server: Server) -> None:
    assert (
        server.request("PUT", f"{_ARTIFACTS}/0/head.bin", "edit", data=b"x" * 1000).status_code
        == 200
    )
    answer = server.request("HEAD", f"{_ARTIFACTS}/0/head.bin", "read")
    assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (
        200,
        "1000",
        b"",
    )


def test_what_is_not_there_is_404(server: Server) -> None:
    assert server.request("GET", f"{_ARTIFACTS}/0/absent.bin", "read").status_code == 404
    assert server.request("GET", f"{_ARTIFACTS}/0", "read").status_code == 404


@pytest.mark.parametrize(
    "path", ["%2e%2e/secret", "a/%252e%252e/%252e%252e/secret", "..%5csecret", "%2fetc%2fpasswd"]
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_path_can_not_leave_the_prefix(
    server: Server, object_store: ObjectStore, method: str, path: str
) -> None:
    object_store.client().put_object(Bucket="instance", Key="secret", Body=b"outside the prefix")
    # http.client-like raw request: a library would resolve the dots.
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        request = f"{method} {_ARTIFACTS}/{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token_of('admin')}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        connection.sendall(request.encode())
        answer = b""
        while received := connection.recv(65536):
            answer += received
    assert answer.split(b" ", 2)[1] in (b"400", b"404")
    assert b"outside the prefix" not in answer
    assert (
        object_store.client().get_object(Bucket="instance", Key="secret")["Body"].read()
        == b"outside the prefix"
    )


def test_a_broken_upload_leaves_nothing(server: Server, object_store: ObjectStore) -> None:
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        head = f"PUT {_ARTIFACTS}/0/broken.bin HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token_of('edit')}\r\nContent-Length: {30 * _MIB}\r\n\r\n"
        connection.sendall(head.encode() + b"x" * (20 * _MIB))
        time.sleep(1)
    time.sleep(2)
    assert object_store.keys("instance", "artifacts/0/broken") == []
    assert object_store.client().list_multipart_uploads(Bucket="instance").get("Uploads", []) == []


def test_many_large_uploads_at_once_arrive_whole_in_bounded_memory(
    server: Server, object_store: ObjectStore
) -> None:
    """Twelve of 48 MiB, more than are streamed at once: 576 MiB pass through, far less is held."""
    assert server.process is not None
    pid, peak, done = server.process.pid, 0.0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.1):
            peak = max(peak, proportional_mib(pid))

    before = proportional_mib(pid)
    watcher = threading.Thread(target=watch)
    watcher.start()
    data = os.urandom(48 * _MIB)

    def send(number: int) -> int:
        # As MLflow's client does: on a slow machine some wait for room longer than the server lets
        # them.
        for _ in range(8):
            answer = server.request(
                "PUT", f"{_ARTIFACTS}/0/many/{number}", "edit", data=data, timeout=180
            )
            if answer.status_code != 503:
                break
            time.sleep(float(answer.headers["Retry-After"]))
        return answer.status_code

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(send, range(12)))
    done.set()
    watcher.join()
    assert answers == [200] * 12
    for i in range(12):
        assert object_store.client().head_object(Bucket="instance", Key=f"artifacts/0/many/{i}")[
            "ContentLength"
        ] == len(data)
    assert (
        object_store.client()
        .get_object(Bucket="instance", Key="artifacts/0/many/11")["Body"]
        .read()
        == data
    )
    # 183 MiB measured with seven in flight: twice their parts, with the copies that boto and the
    # pipe make.
    assert peak - before < 230, f"{before:.0f} MiB before, {peak:.0f} MiB at most"


@pytest.mark.parametrize(
    "location",
    [
        "/etc",
        "file:///proc/self",
        "file:/etc",
        "s3-proxied://somebody-elses/x",
        "s3://somebody-elses/x",
        "s3://instance/x",
        "dbfs:/x",
        "gs://b/x",
        "./x",
    ],
)
def test_no_artifact_location_leads_out_of_the_own_bucket(
    server: Server, object_store: ObjectStore, location: str
) -> None:
    """An editor may name any location; the server must not open it with its own rights."""
    object_store.client().put_object(Bucket="somebody-elses", Key="x/hostname", Body=b"theirs")
    created = server.request(
        "POST",
        "/api/2.0/mlflow/experiments/create",
        "edit",
        json={"name": f"at {location}", "artifact_location": location},
    )
    if created.status_code != 200:
        assert created.status_code == 400
        return
    run = server.request(
        "POST",
        "/api/2.0/mlflow/runs/create",
        "edit",
        json={"experiment_id": created.json()["experiment_id"]},
    ).json()["run"]["info"]
    for path in ("environ", "hostname"):
        answer = server.request(
            "GET", "/get-artifact", "admin", params={"run_uuid": run["run_id"], "path": path}
        )
        assert answer.status_code == 400 and "own store only" in answer.text
    answer = server.request(
        "GET", "/api/2.0/mlflow/artifacts/list", "admin", params={"run_id": run["run_id"]}
    )
    assert answer.status_code == 400 and "own store only" in answer.text


@pytest.mark.parametrize(
    "source", ["/etc", "file:///etc", "s3://somebody-elses/x", "http://127.0.0.1:1/x"]
)
def test_no_model_version_source_leads_out_of_the_own_bucket(server: Server, source: str) -> None:
    server.request(
        "POST", "/api/2.0/mlflow/registered-models/create", "edit", json={"name": "sources"}
    )
    created = server.request(
        "POST",
        "/api/2.0/mlflow/model-versions/create",
        "edit",
        json={"name": "sources", "source": source},
    )
    if created.status_code != 200:
        assert created.status_code == 400
        return
    version = created.json()["model_version"]["version"]
    answer = server.request(
        "GET",
        "/model-versions/get-artifact",
        "admin",
        params={"name": "sources", "version": version, "path": "hostname"},
    )
    assert answer.status_code == 400, answer.text
