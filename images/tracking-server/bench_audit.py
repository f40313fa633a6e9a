"""What the audit costs: requests per second with and without its layer, in turns, on a PostgreSQL
that waits for its disk.

Both servers run the same code; in one of them no request counts as a change. Prints a line for each
kind of request and number of clients: without, with, and the median of the ratios of neighbouring
rounds.
"""

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.conftest import role_tokens, server_environment
from tests.support.ports import free_port
from tests.support.postgres import Postgres
from tests.support.server import process_environment, run, token_of, write_tokens
from tests.support.store import ObjectStore

_WITHOUT = """
import sys
import mlflow_instance.audit.layer as layer
layer.action_of = lambda account: None
from mlflow_instance.serve import main
sys.exit(main())
"""
_WITH = "import sys; from mlflow_instance.serve import main; sys.exit(main())"
_ROUNDS, _SECONDS = 8, 4.0
_API = "/api/2.0/mlflow"

Body = Callable[[int], tuple[str, str, dict[str, object] | None]]


class Bench:
    def __init__(self, code: str, uri: str, store: ObjectStore, folder: Path) -> None:
        self.port = free_port()
        folder.mkdir()
        write_tokens(folder / "tokens.json", role_tokens())
        environment = {
            **server_environment(uri, store.url),
            "MLFLOW_INSTANCE_HOST": "127.0.0.1",
            "MLFLOW_INSTANCE_PORT": str(self.port),
            "MLFLOW_INSTANCE_TOKENS_FILE": str(folder / "tokens.json"),
        }
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", code],
                env=process_environment(environment),
                stdout=log,
                stderr=log,
            )
        for _ in range(900):
            try:
                self.run = self.send("POST", f"{_API}/runs/create", {"experiment_id": "0"})
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((folder / "log").read_text())

    def send(self, method: str, path: str, body: dict[str, object] | None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        self._request(connection, method, path, body)
        answer = json.loads(connection.getresponse().read())
        return str(answer["run"]["info"]["run_id"])

    @staticmethod
    def _request(
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: dict[str, object] | None,
    ) -> None:
        headers = {
            "Authorization": f"Bearer {token_of('admin')}",
            "Content-Type": "application/json",
        }
        connection.request(method, path, None if body is None else json.dumps(body), headers)

    def rate(self, clients: int, make: Body) -> float:
        done = [0] * clients
        end = time.perf_counter() + _SECONDS

        def client(number: int) -> None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            while time.perf_counter() < end:
                self._request(connection, *make(done[number]))
                answer = connection.getresponse()
                answer.read()
                assert answer.status == 200
                done[number] += 1

        threads = [threading.Thread(target=client, args=(number,)) for number in range(clients)]
        begun = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done) / (time.perf_counter() - begun)


def main() -> None:
    postgres = Postgres(fsync=True)
    store = ObjectStore()
    store.create_bucket("instance")
    servers: list[Bench] = []
    try:
        postgres.start()
        admin = postgres.create_database("bench-0")
        assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": admin}).returncode == 0
        other = postgres.create_database("bench-1", "bench-0")
        with tempfile.TemporaryDirectory() as folder:
            servers = [
                Bench(code, uri, store, Path(folder) / name)
                for name, code, uri in (("without", _WITHOUT, admin), ("with", _WITH, other))
            ]
            for clients in (1, 8):
                for name in ("create-run", "log-metric", "update-run", "get-run"):
                    _compare(name, clients, servers)
    finally:
        for server in servers:
            server.process.kill()
        store.stop()
        postgres.remove()


def _compare(name: str, clients: int, servers: list[Bench]) -> None:
    def make(server: Bench) -> Body:
        bodies: dict[str, Body] = {
            "create-run": lambda n: ("POST", f"{_API}/runs/create", {"experiment_id": "0"}),
            "log-metric": lambda n: (
                "POST",
                f"{_API}/runs/log-metric",
                {"run_id": server.run, "key": "loss", "value": n, "timestamp": n, "step": n},
            ),
            "update-run": lambda n: (
                "POST",
                f"{_API}/runs/update",
                {"run_id": server.run, "status": "RUNNING"},
            ),
            "get-run": lambda n: ("GET", f"{_API}/runs/get?run_id={server.run}", None),
        }
        return bodies[name]

    rates: list[list[float]] = [[], []]
    for number in range(_ROUNDS):
        # Each goes first as often as the other.
        for at in (0, 1) if number % 2 else (1, 0):
            rates[at].append(servers[at].rate(clients, make(servers[at])))
    ratio = statistics.median(b / a for a, b in zip(*rates, strict=True))
    without, with_ = map(statistics.median, rates)
    print(f"{name}, {clients} clients: {without:.0f}/s {with_:.0f}/s ratio {ratio:.3f}", flush=True)


if __name__ == "__main__":
    main()
