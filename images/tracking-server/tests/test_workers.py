"""Processes: graceful end, and a fault that ends the container."""

import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.conftest import server_environment
from tests.support.processes import children, new_server
from tests.support.server import Server, process_environment, token_of
from tests.support.store import ObjectStore


@pytest.mark.parametrize("workers", [1, 3])
def test_sigterm_lets_requests_finish_and_ends_with_0(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path, workers: int
) -> None:
    server = new_server(migrated_uri, object_store, tmp_path, workers)
    server.start()
    assert server.process is not None
    pids = children(server.process.pid)
    assert len(pids) == (0 if workers == 1 else workers)
    answers: list[int] = []

    def slow_body():  # type: ignore[no-untyped-def]
        for _ in range(20):
            yield b"x" * 1000
            time.sleep(0.1)

    def upload() -> None:
        headers = {"Authorization": f"Bearer {token_of('edit')}"}
        answers.append(
            requests.put(
                f"{server.url}/api/2.0/mlflow-artifacts/artifacts/0/slow-{workers}",
                data=slow_body(),
                headers=headers,
                timeout=60,
            ).status_code
        )

    thread = threading.Thread(target=upload)
    thread.start()
    time.sleep(0.7)
    assert server.stop() == 0
    thread.join()
    assert answers == [200]
    assert (
        len(
            object_store.client()
            .get_object(Bucket="instance", Key=f"artifacts/0/slow-{workers}")["Body"]
            .read()
        )
        == 20_000
    )
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_a_transfer_has_the_grace_that_the_setting_gives(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    """An idle connection ends at once, an upload is whole when it takes less than the grace, and the end waits no longer."""
    server = new_server(migrated_uri, object_store, tmp_path, 1, MLFLOW_INSTANCE_GRACE_SECONDS="6")
    server.start()
    ended: dict[str, tuple[float, str]] = {}

    def upload(name: str, seconds: int) -> None:
        def body():  # type: ignore[no-untyped-def]
            for _ in range(seconds * 10):
                yield b"x" * 1000
                time.sleep(0.1)

        headers = {"Authorization": f"Bearer {token_of('edit')}"}
        path = f"/api/2.0/mlflow-artifacts/artifacts/0/{name}"
        try:
            answer = requests.put(f"{server.url}{path}", data=body(), headers=headers, timeout=60)
            told = f"{answer.status_code} {answer.headers.get('Connection')}"
        except requests.ConnectionError:
            told = "broken off"
        ended[name] = (time.monotonic(), told)

    threads = [threading.Thread(target=upload, args=one) for one in (("whole", 5), ("long", 30))]
    idle = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    idle.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert idle.recv(65536).startswith(b"HTTP/1.1 200")
    for thread in threads:
        thread.start()
    time.sleep(1)
    stopped = time.monotonic()
    assert server.process is not None
    server.process.send_signal(signal.SIGTERM)
    while idle.recv(65536):
        pass
    assert time.monotonic() - stopped < 2
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=5)
    assert server.process.wait(20) == 0
    assert 5.5 < time.monotonic() - stopped < 12
    for thread in threads:
        thread.join(60)
    assert ended["whole"][1] == "200 close"
    # uvicorn ends what is left with an answer of its own.
    assert ended["long"][1] in ("500 close", "broken off")
    keys = object_store.keys("instance", "artifacts/0/")
    assert "artifacts/0/whole" in keys and "artifacts/0/long" not in keys


def test_a_connection_without_a_request_is_kept_for_as_long_as_the_setting_says(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    # Not uvicorn's own 5 s, which a server that forgets the setting would have.
    server = new_server(
        migrated_uri, object_store, tmp_path, 1, MLFLOW_INSTANCE_KEEP_ALIVE_SECONDS="7"
    )
    server.start()
    try:
        with socket.create_connection(
            ("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=30
        ) as connection:
            # From here, and not from the answer: on a busy machine this process may see that late.
            asked = time.monotonic()
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
            # Whatever was left of the answer, and then the server's end of the connection.
            while connection.recv(65536):
                pass
            assert 6.9 < time.monotonic() - asked < 20
    finally:
        server.stop()


def test_a_worker_that_dies_early_ends_the_container_with_1(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path
) -> None:
    server = new_server(migrated_uri, object_store, tmp_path, 2)
    server.start()
    assert server.process is not None
    os.kill(children(server.process.pid)[0], signal.SIGKILL)
    assert server.process.wait(40) == 1
    assert "ended after" in server.log.read_text() and "signal SIGKILL" in server.log.read_text()


def with_slow_forks(server: Server, folder: Path, slow: str) -> Path:
    """Once the file that it returns is there, a fork takes 2 s in the `parent` or the `child`; a worker that dies is
    always replaced."""
    begun = folder / "slow"
    (folder / "sitecustomize.py").write_text(
        f"""
import os, time
import mlflow_instance.workers as workers

workers._HEALTHY_AFTER_SECONDS = 0.0
fork = os.fork

def slow_fork():
    pid = fork()
    if os.path.exists({str(begun)!r}) and (pid == 0) == ({slow!r} == "child"):
        time.sleep(2)
    return pid

os.fork = slow_fork
"""
    )
    server.environment["PYTHONPATH"] = f"{folder}:{os.environ['PYTHONPATH']}"
    return begun


def replace_a_worker(server: Server) -> list[int]:
    """Kills one, waits until its successor is there and returns those of before."""
    assert server.process is not None
    before = children(server.process.pid)
    os.kill(before[0], signal.SIGKILL)
    deadline = time.monotonic() + 30
    while len(children(server.process.pid)) < 2 or before[0] in children(server.process.pid):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return before


@pytest.mark.parametrize("slow", ["parent", "child"])
def test_a_worker_that_served_for_a_while_is_replaced_also_in_the_moment_of_the_end(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path, slow: str
) -> None:
    """The real bound is 30 s; here it is nothing."""
    server = new_server(migrated_uri, object_store, tmp_path, 2)
    begun = with_slow_forks(server, tmp_path, slow)
    server.start()
    begun.touch()
    before = replace_a_worker(server)
    assert server.process is not None and server.process.poll() is None
    now = children(server.process.pid)
    assert before[1] in now
    assert server.stop() == 0
    assert not [pid for pid in now if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("moment", ["serving", "forked"])
def test_workers_go_with_a_parent_that_was_killed(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path, moment: str
) -> None:
    server = new_server(migrated_uri, object_store, tmp_path, 2)
    begun = with_slow_forks(server, tmp_path, "child")
    server.start()
    assert server.process is not None
    if moment == "forked":
        begun.touch()
        replace_a_worker(server)
    workers = children(server.process.pid)
    server.kill()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in workers):
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_fault_on_import_ends_the_container(
    migrated_uri: str, object_store: ObjectStore, tmp_path: Path, workers: int
) -> None:
    """A package that is broken or missing: MLflow's own start would restart the worker for ever."""
    import subprocess
    import sys

    (tmp_path / "flask_cors.py").write_text("raise ImportError('broken on purpose')")
    environment = process_environment(
        {
            **server_environment(migrated_uri, object_store.url),
            "MLFLOW_INSTANCE_WORKERS": str(workers),
        }
    )
    environment["PYTHONPATH"] = f"{tmp_path}:{environment['PYTHONPATH']}"
    done = subprocess.run(
        [f"{sys.prefix}/bin/mlflow-instance-server"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "broken on purpose" in done.stderr
