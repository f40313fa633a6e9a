"""Each change has its row before its answer: the server is stopped straight after it, and killed
at last.

A process that is stopped (SIGSTOP) writes no more than one that is killed, and goes on without a
new start.
"""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.audit.rows import rows
from tests.support.postgres import Postgres
from tests.support.processes import new_server
from tests.support.server import Server
from tests.support.store import ObjectStore

_API = "/api/2.0/mlflow"


class Made:
    """Things of one server, made once, for the requests that change them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        post = self.post
        self.experiment = post("experiments/create", name="audited")["experiment_id"]
        self.gone = post("experiments/create", name="gone")["experiment_id"]
        post("experiments/delete", experiment_id=self.gone)
        self.run = post("runs/create", experiment_id=self.experiment)["run"]["info"]["run_id"]
        post("registered-models/create", name="fraud")
        post(
            "model-versions/create", name="fraud", source=f"runs:/{self.run}/model", run_id=self.run
        )
        post("runs/set-tag", run_id=self.run, key="tag", value="x")

    def post(self, route: str, **body: object) -> dict[str, Any]:
        answer = self.server.request("POST", f"{_API}/{route}", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


# Class and action of the row, what it is about, and the request.
Change = tuple[str, str, Callable[[Made], dict[str, str]], Callable[[Made], requests.Response]]


def _post(route: str, body: Callable[[Made], dict[str, object]], method: str = "POST"):  # type: ignore[no-untyped-def]
    return lambda made: made.server.request(method, f"{_API}/{route}", json=body(made))


CHANGES: dict[str, Change] = {
    "experiment": (
        "experiment",
        "change",
        lambda made: {"name": "new"},
        _post("experiments/create", lambda made: {"name": "new"}),
    ),
    "run": (
        "run",
        "change",
        lambda made: {"experiment_id": made.experiment},
        _post("runs/create", lambda made: {"experiment_id": made.experiment}),
    ),
    "log": (
        "log",
        "append",
        lambda made: {"run_id": made.run},
        _post(
            "runs/log-metric",
            lambda made: {"run_id": made.run, "key": "loss", "value": 1, "timestamp": 1},
        ),
    ),
    "tag": (
        "log",
        "deletion",
        lambda made: {"run_id": made.run, "key": "tag"},
        _post("runs/delete-tag", lambda made: {"run_id": made.run, "key": "tag"}),
    ),
    "delete": (
        "delete",
        "deletion",
        lambda made: {"run_id": made.run},
        _post("runs/delete", lambda made: {"run_id": made.run}),
    ),
    "restore": (
        "restore",
        "change",
        lambda made: {"experiment_id": made.gone},
        _post("experiments/restore", lambda made: {"experiment_id": made.gone}),
    ),
    "alias": (
        "alias",
        "change",
        lambda made: {"name": "fraud", "alias": "champion", "version": "1"},
        _post(
            "registered-models/alias",
            lambda made: {"name": "fraud", "alias": "champion", "version": "1"},
        ),
    ),
    "alias removed": (
        "alias",
        "deletion",
        lambda made: {"name": "fraud", "alias": "champion"},
        _post(
            "registered-models/alias", lambda made: {"name": "fraud", "alias": "champion"}, "DELETE"
        ),
    ),
    "model": (
        "model",
        "change",
        lambda made: {"name": "fraud", "version": "2", "run_id": made.run},
        _post(
            "model-versions/create",
            lambda made: {
                "name": "fraud",
                "source": f"runs:/{made.run}/model",
                "run_id": made.run,
            },
        ),
    ),
    "upload": (
        "upload",
        "change",
        lambda made: {},
        lambda made: made.server.request(
            "PUT", "/api/2.0/mlflow-artifacts/artifacts/1/model.bin", data=b"x" * 1000
        ),
    ),
    "artifact": (
        "delete",
        "deletion",
        lambda made: {},
        lambda made: made.server.request(
            "DELETE", "/api/2.0/mlflow-artifacts/artifacts/1/nothing.bin"
        ),
    ),
    "trace": (
        "trace",
        "append",
        lambda made: {"experiment_id": made.experiment},
        lambda made: made.server.request(
            "POST",
            "/api/3.0/mlflow/traces",
            json={
                "trace": {
                    "trace_info": {
                        "trace_id": "tr-1",
                        "trace_location": {
                            "type": "MLFLOW_EXPERIMENT",
                            "mlflow_experiment": {"experiment_id": made.experiment},
                        },
                        "request_time": "2026-11-30T00:00:00Z",
                        "state": "OK",
                    }
                }
            },
        ),
    ),
    "dataset": (
        "evaluation",
        "change",
        lambda made: {"name": "cases", "experiment_ids": [made.experiment]},  # type: ignore[dict-item]
        lambda made: made.server.request(
            "POST",
            "/api/3.0/mlflow/datasets/create",
            json={"name": "cases", "experiment_ids": [made.experiment]},
        ),
    ),
    "webhook": (
        "admin",
        "change",
        lambda made: {"name": "hook"},
        lambda made: made.server.request(
            "POST",
            "/api/2.0/mlflow/webhooks",
            json={
                "name": "hook",
                "url": "https://93.184.216.34/secret-path",
                "events": [{"entity": "REGISTERED_MODEL", "action": "CREATED"}],
                "secret": "a-secret-of-a-webhook",
            },
        ),
    ),
}


@pytest.fixture(scope="module")
def made(
    postgres: Postgres,
    migrated_template: str,
    object_store: ObjectStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Made]:
    uri = postgres.create_database("audited", "maintenance-template")
    server = new_server(uri, object_store, tmp_path_factory.mktemp("audited"), 1)
    server.start()
    yield Made(server)
    server.kill()


def signal_to(server: Server, number: int) -> None:
    assert server.process is not None
    os.kill(server.process.pid, number)


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_whose_answer_came_has_its_row(made: Made, name: str) -> None:
    uri = made.server.environment["MLFLOW_BACKEND_STORE_URI"]
    route, action, about, send = CHANGES[name]
    before = max((row["id"] for row in rows(uri)), default=0)
    answer = send(made)
    signal_to(made.server, signal.SIGSTOP)
    try:
        found = rows(uri, "id > %s", before)
    finally:
        signal_to(made.server, signal.SIGCONT)
    assert answer.status_code < 300, answer.text
    assert [(row["route"], row["action"], row["status"]) for row in found] == [
        (route, action, answer.status_code)
    ]
    (row,) = found
    assert about(made).items() <= row["object"].items()
    assert (row["caller"], row["role"], row["source"]) == ("adminer/1", "admin", "127.0.0.1")
    assert row["count"] == 1 and row["refusal"] is None and row["claims"] is None
    assert "secret" not in str(row)


@pytest.mark.parametrize(
    ("route", "body", "found", "name"),
    [
        ("runs/create", {"experiment_id": "0"}, ("run", "info", "run_id"), "run_id"),
        ("experiments/create", {"name": "told"}, ("experiment_id",), "experiment_id"),
        (
            "logged-models",
            {"experiment_id": "0", "name": "m"},
            ("model", "info", "model_id"),
            "model_id",
        ),
    ],
)
def test_the_row_of_a_creation_has_the_new_id(
    made: Made, route: str, body: dict[str, object], found: tuple[str, ...], name: str
) -> None:
    uri = made.server.environment["MLFLOW_BACKEND_STORE_URI"]
    answer = made.server.request("POST", f"{_API}/{route}", json=body).json()
    for key in found:
        answer = answer[key]
    assert rows(uri)[-1]["object"][name] == answer


def test_every_changing_class_is_here() -> None:
    from mlflow_instance.route_classes import RouteClass

    read = {"read", "search", "download", "ui", "closed"}
    assert {change[0] for change in CHANGES.values()} == {str(one) for one in RouteClass} - read


def test_a_server_that_is_killed_leaves_the_rows_of_all_answers(made: Made) -> None:
    uri = made.server.environment["MLFLOW_BACKEND_STORE_URI"]
    acknowledged: list[str] = []

    def create(number: int) -> None:
        for one in range(200):
            name = f"killed-{number}-{one}"
            try:
                answer = made.server.request(
                    "POST", f"{_API}/experiments/create", json={"name": name}
                )
            except requests.RequestException:
                return
            if answer.status_code == 200:
                acknowledged.append(name)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 20:
        time.sleep(0.01)
    made.server.kill()
    for thread in threads:
        thread.join()
    kept = {row["object"]["name"] for row in rows(uri, "route = 'experiment'")}
    assert len(acknowledged) >= 20
    assert set(acknowledged) <= kept
