"""Requests that set the same entry at once all succeed."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import IntegrityError

from mlflow_instance import repeated_writes
from tests.support.server import Server
from tests.test_errors import ids_of

API, API3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_ROUNDS, _AT_ONCE = 8, 6


class _Violation(Exception):
    def __init__(self, state: str) -> None:
        self.pgcode = state


def _failing(times: int, state: str) -> Any:
    calls: list[int] = []

    def method(value: int) -> int:
        calls.append(value)
        if len(calls) <= times:
            cause = IntegrityError("INSERT", {}, _Violation(state))
            raise MlflowException("An entry with this name or id already exists") from cause
        return value + len(calls)

    return repeated_writes.repeated(method)


def test_the_second_attempt_counts() -> None:
    assert _failing(0, "23505")(10) == 11
    assert _failing(2, "23505")(10) == 13
    assert _failing(7, "23505")(10) == 18


@pytest.mark.parametrize(("times", "state"), [(8, "23505"), (1, "23503"), (1, "40P01")])
def test_what_stays_an_error_is_one(times: int, state: str) -> None:
    with pytest.raises(MlflowException, match="already exists"):
        _failing(times, state)(10)


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, Any]:
    ids = ids_of(server, "overtaken")
    name, run = "overtaken", ids["run_id"]
    source = f"mlflow-artifacts:/{ids['experiment_id']}/{run}/artifacts/m"
    info = {
        "trace_id": "tr-overtaken",
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": ids["experiment_id"]},
        },
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
    }
    for path, body in (
        (f"{API}/registered-models/create", {"name": name}),
        (f"{API}/model-versions/create", {"name": name, "source": source, "run_id": run}),
        (f"{API3}/traces", {"trace": {"trace_info": info}}),
    ):
        answer = server.request("POST", path, "edit", json=body)
        assert answer.status_code == 200, answer.text
    data = {"name": "data", "experiment_ids": [ids["experiment_id"]]}
    made = server.request("POST", f"{API3}/datasets/create", "edit", json=data).json()
    return {**ids, "dataset_id": made["dataset"]["dataset_id"], "name": name, "version": "1"}


@pytest.mark.parametrize(
    ("method", "path", "fields", "entry"),
    [
        ("POST", f"{API}/experiments/set-experiment-tag", ["experiment_id"], "key"),
        ("POST", f"{API}/registered-models/set-tag", ["name"], "key"),
        ("POST", f"{API}/model-versions/set-tag", ["name", "version"], "key"),
        ("POST", f"{API}/registered-models/alias", ["name", "version"], "alias"),
        ("PATCH", f"{API3}/traces/tr-overtaken/tags", [], "key"),
        ("POST", f"{API}/runs/set-tag", ["run_id"], "key"),
        ("POST", f"{API3}/datasets/<dataset_id>/records", ["dataset_id"], "records"),
    ],
)
def test_all_that_set_one_entry_at_once_succeed(
    server: Server, known: dict[str, Any], method: str, path: str, fields: list[str], entry: str
) -> None:
    path = path.replace("<dataset_id>", known["dataset_id"])

    def write(number: int) -> requests.Response:
        key = f"of-round-{number // _AT_ONCE}"
        value = f'[{{"inputs": {{"question": "{key}"}}}}]' if entry == "records" else key
        body = {**{field: known[field] for field in fields}, entry: value}
        if entry == "key":
            body["value"] = str(number)
        return server.request(method, path, "edit", json=body)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answers = list(pool.map(write, range(_ROUNDS * _AT_ONCE)))
    failed = [answer.text for answer in answers if answer.status_code != 200]
    assert failed == []


def test_numbers_that_are_given_out_at_once_are_all_different(
    server: Server, known: dict[str, Any]
) -> None:
    """Sixteen want the next version of one scorer: all but one are overtaken each time."""
    safety = {"name": "s", "builtin_scorer_class": "Safety", "builtin_scorer_pydantic_data": {}}

    def write(number: int) -> requests.Response:
        body = {
            "experiment_id": known["experiment_id"],
            "name": f"of-round-{number // 16}",
            "serialized_scorer": json.dumps(safety),
        }
        return server.request("POST", f"{API3}/scorers/register", "edit", json=body)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(write, range(96)))
    assert [answer.text for answer in answers if answer.status_code != 200] == []
    versions = sorted(answer.json()["version"] for answer in answers)
    assert versions == sorted(list(range(1, 17)) * 6)


def test_a_name_that_is_taken_stays_refused(server: Server, known: dict[str, Any]) -> None:
    other = server.request(
        "POST", f"{API}/experiments/create", "edit", json={"name": "that-overtakes"}
    )
    rename = {"experiment_id": other.json()["experiment_id"], "new_name": "overtaken"}
    answer = server.request("POST", f"{API}/experiments/update", "edit", json=rename)
    assert answer.status_code == 400, answer.text
