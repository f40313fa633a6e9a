"""Each route that answers with a file of the store: same bytes, same headers, nothing on the pod's disk."""

import os
import socket
import tempfile
import time
from pathlib import Path

import pytest

from tests.support.hostile import MIB, head, proportional_bytes, tree
from tests.support.server import Server
from tests.support.store import ObjectStore

_AJAX = "/ajax-api/2.0/mlflow"
_BODY = os.urandom(700_000)


@pytest.fixture(scope="module")
def routes(server: Server, object_store: ObjectStore) -> dict[str, tuple[str, dict[str, str], str]]:
    """name -> path, query, name of the parameter that holds the file's path."""
    experiment = server.request(
        "POST", "/api/2.0/mlflow/experiments/create", "edit", json={"name": "file routes"}
    ).json()["experiment_id"]
    run = server.request(
        "POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": experiment}
    ).json()["run"]["info"]
    model = server.request(
        "POST",
        "/api/2.0/mlflow/logged-models",
        "edit",
        json={"experiment_id": experiment, "name": "logged"},
    ).json()["model"]["info"]
    server.request(
        "POST", "/api/2.0/mlflow/registered-models/create", "edit", json={"name": "file-routes"}
    )
    version = server.request(
        "POST",
        "/api/2.0/mlflow/model-versions/create",
        "edit",
        json={"name": "file-routes", "source": run["artifact_uri"], "run_id": run["run_id"]},
    ).json()["model_version"]["version"]
    folders = {run["artifact_uri"], model["artifact_uri"]}
    for folder in folders:
        prefix = folder.removeprefix("mlflow-artifacts:/").lstrip("/")
        for name in ("some/data.bin", "page.html", "empty"):
            body = b"" if name == "empty" else _BODY
            object_store.client().put_object(
                Bucket="instance", Key=f"artifacts/{prefix}/{name}", Body=body
            )
    prefix = run["artifact_uri"].removeprefix("mlflow-artifacts:/").lstrip("/")
    return {
        "native": (f"/api/2.0/mlflow-artifacts/artifacts/{prefix}/", {}, ""),
        "native ajax": (f"/ajax-api/2.0/mlflow-artifacts/artifacts/{prefix}/", {}, ""),
        "run": ("/get-artifact", {"run_uuid": run["run_id"]}, "path"),
        "version": (
            "/model-versions/get-artifact",
            {"name": "file-routes", "version": version},
            "path",
        ),
        "model": (
            f"{_AJAX}/logged-models/{model['model_id']}/artifacts/files",
            {},
            "artifact_file_path",
        ),
    }


_NAMES = ["native", "native ajax", "run", "version", "model"]


def _url(
    routes: dict[str, tuple[str, dict[str, str], str]], name: str, file: str
) -> tuple[str, dict[str, str]]:
    path, query, parameter = routes[name]
    return (f"{path}{file}", query) if not parameter else (path, {**query, parameter: file})


@pytest.mark.parametrize("name", _NAMES)
def test_bytes_headers_and_ranges(
    server: Server, routes: dict[str, tuple[str, dict[str, str], str]], name: str
) -> None:
    path, query = _url(routes, name, "some/data.bin")
    whole = server.request("GET", path, "read", params=query)
    assert (whole.status_code, whole.content) == (200, _BODY)
    assert (
        whole.headers["Content-Length"] == str(len(_BODY))
        and whole.headers["Accept-Ranges"] == "bytes"
    )
    assert whole.headers["Content-Type"] == "application/octet-stream"
    assert whole.headers["Content-Disposition"] == "attachment; filename=data.bin"
    assert whole.headers["X-Content-Type-Options"] == "nosniff"

    looked = server.request("HEAD", path, "read", params=query)
    same = {
        "Content-Length",
        "Content-Type",
        "Content-Disposition",
        "ETag",
        "Last-Modified",
        "X-Content-Type-Options",
    }
    assert (looked.status_code, looked.content) == (200, b"")
    assert {key: looked.headers[key] for key in same} == {key: whole.headers[key] for key in same}

    for span, part in (
        ("bytes=10-19", _BODY[10:20]),
        ("bytes=699990-", _BODY[699990:]),
        ("bytes=-5", _BODY[-5:]),
    ):
        partial = server.request("GET", path, "read", params=query, headers={"Range": span})
        assert (partial.status_code, partial.content) == (206, part), span
        begin = len(_BODY) - 5 if span == "bytes=-5" else int(span[6:].split("-")[0])
        assert (
            partial.headers["Content-Range"]
            == f"bytes {begin}-{begin + len(part) - 1}/{len(_BODY)}"
        )
    beyond = server.request("GET", path, "read", params=query, headers={"Range": "bytes=700000-"})
    assert (beyond.status_code, beyond.headers["Content-Range"], beyond.content) == (
        416,
        f"bytes */{len(_BODY)}",
        b"",
    )
    several = server.request("GET", path, "read", params=query, headers={"Range": "bytes=0-1,5-6"})
    assert (several.status_code, several.content) == (200, _BODY)

    etag = whole.headers["ETag"]
    assert (
        server.request(
            "GET", path, "read", params=query, headers={"If-None-Match": etag}
        ).status_code
        == 304
    )
    changed = server.request(
        "GET", path, "read", params=query, headers={"Range": "bytes=0-1", "If-Range": '"other"'}
    )
    assert (changed.status_code, changed.content) == (200, _BODY)
    held = server.request(
        "GET", path, "read", params=query, headers={"Range": "bytes=0-1", "If-Range": etag}
    )
    assert (held.status_code, held.content) == (206, _BODY[:2])


@pytest.mark.parametrize("name", _NAMES)
def test_pages_are_attachments_and_errors_are_mlflows(
    server: Server, routes: dict[str, tuple[str, dict[str, str], str]], name: str
) -> None:
    path, query = _url(routes, name, "page.html")
    page = server.request("GET", path, "read", params=query)
    assert (
        page.headers["Content-Disposition"] == "attachment; filename=page.html"
        and page.content == _BODY
    )
    path, query = _url(routes, name, "empty")
    assert server.request("GET", path, "read", params=query).content == b""
    path, query = _url(routes, name, "absent.bin")
    for method in ("GET", "HEAD"):
        assert server.request(method, path, "read", params=query).status_code == 404
    path, query = _url(routes, name, "some")
    folder = server.request("GET", path, "read", params=query)
    assert folder.status_code == (404 if name.startswith("native") else 400)
    path, query = _url(routes, name, "..%2f..%2fx")
    assert server.request("GET", path, "read", params=query).status_code in (400, 404)


@pytest.mark.parametrize("name", ["native", "run"])
def test_a_slow_reader_holds_a_piece_and_one_who_goes_holds_nothing(
    server: Server,
    object_store: ObjectStore,
    routes: dict[str, tuple[str, dict[str, str], str]],
    name: str,
) -> None:
    path, query = _url(routes, name, "some/data.bin")
    prefix = routes["native"][0].split("/artifacts/", 1)[1]
    big = os.urandom(MIB) * 60
    object_store.client().put_object(Bucket="instance", Key=f"artifacts/{prefix}big.bin", Body=big)
    path, query = _url(routes, name, "big.bin")
    text = "&".join(f"{key}={value}" for key, value in query.items())
    assert server.process is not None
    pids = tree(server.process.pid)
    before = proportional_bytes(pids)
    files = _temporary_files(pids[0])
    connections = []
    for _ in range(8):
        connection = socket.create_connection(("127.0.0.1", server.port), 30)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        began = time.monotonic()
        connection.sendall(head(server, "GET", f"{path}?{text}" if text else path, "read"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert time.monotonic() - began < 10
        connections.append(connection)
    time.sleep(1)
    assert proportional_bytes(pids) - before < 40 * MIB
    assert _temporary_files(pids[0]) - files == set()
    assert _to_store(pids[0], object_store.port) >= 8
    for connection in connections:
        connection.close()
    deadline = time.monotonic() + 10
    while _to_store(pids[0], object_store.port) >= 8 and time.monotonic() < deadline:
        time.sleep(0.1)
    # What is left is kept for the next request.
    assert _to_store(pids[0], object_store.port) < 8


def _temporary_files(pid: int) -> set[Path]:
    """Those in the folder that the worker holds open (temporary.py)."""
    base = Path(tempfile.gettempdir()) / f"mlflow-instance-{os.getuid()}"
    (own,) = {_target(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()} & {
        str(folder) for folder in base.iterdir()
    }
    return {path for path in Path(own).rglob("*") if path.is_file()}


def _to_store(pid: int, port: int) -> int:
    """Established connections of the process to the store."""
    own = {_target(entry) for entry in Path(f"/proc/{pid}/fd").iterdir()}
    lines = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return sum(
        1
        for line in lines
        if int(line[2].split(":")[1], 16) == port
        and line[3] == "01"
        and f"socket:[{line[9]}]" in own
    )


def _target(entry: Path) -> str | None:
    try:
        return os.readlink(entry)
    except OSError:
        # Closed since it was listed.
        return None
