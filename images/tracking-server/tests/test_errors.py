"""What clients are told when something can't be done: MLflow's JSON, a code that is true, and nothing that is the operator's."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import os

from tests.support.hostile_requests import KINDS, Kind, hostile, send
from tests.support.server import Server


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, Any]:
    """Ids of things that exist, so that a request comes as far as the database."""
    experiment = server.request(
        "POST", "/api/2.0/mlflow/experiments/create", "edit", json={"name": "hostile"}
    ).json()["experiment_id"]
    run = server.request(
        "POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": experiment}
    ).json()["run"]["info"]["run_id"]
    return {
        "experiment_id": experiment,
        "experiment_ids": [experiment],
        "run_id": run,
        "run_uuid": run,
        "run_ids": [run],
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("ids", ["known", "hostile"])
def test_sweep(server: Server, known: dict[str, Any], kind: Kind, ids: str) -> None:
    requests = list(hostile(kind, known if ids == "known" else {}))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: send(server, *one), requests))
    with open("/tmp/errors-sweep.txt", "a") as f:
        for (method, path, _), answer in zip(requests, answers):
            if answer.status_code >= 400:
                print(kind.name, ids, method, path, answer.status_code, answer.text[:300].replace("\n", "\\n"), file=f)
