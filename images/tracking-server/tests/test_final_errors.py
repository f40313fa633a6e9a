"""What can't succeed by another attempt is never answered with a code that clients repeat."""

import time
from typing import Any

import pytest
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR

from mlflow_instance.messages import REFUSED, public_code, public_message
from mlflow_instance.value_errors import is_about_a_value
from tests.support.client import client_of
from tests.support.hostile_requests import mutations
from tests.support.server import Server
from tests.test_errors import assert_told, every_answer, ids_of

API, API3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_REPEATED = {408, 429, 500, 502, 503, 504}


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, Any]:
    return ids_of(server, "final")


def test_one_wrong_field_in_a_request_that_is_right_is_no_server_error(
    server: Server, known: dict[str, Any]
) -> None:
    """Before: 45 fields of 33 routes, 500 each."""
    requests = [one for one in mutations(known) if "/gateway/" not in one[1]]
    assert len(requests) > 500
    failed = []
    for (method, path, body), answer in zip(requests, every_answer(server, requests), strict=True):
        if answer.status_code >= 400:
            assert_told(answer)
        if answer.status_code in _REPEATED:
            failed.append(f"{method} {path} {body!r:.300} {answer.status_code} {answer.text[:200]}")
    assert failed == []


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status"),
    [
        ("GET", f"{API}/registered-models/search", {"params": [("order_by", "name")] * 2}, 400),
        ("GET", f"{API}/model-versions/search", {"params": [("order_by", "name")] * 2}, 400),
        ("GET", "/graphql", {}, 400),
        ("POST", "/graphql", {"json": []}, 400),
        ("POST", f"{API}/runs/log-batch", {"json": {"metrics": [7]}}, 400),
        ("POST", f"{API}/runs/update", {"json": {"run_id": "x", "status": 7.5}}, 400),
        ("POST", f"{API3}/datasets/create", {"json": {"name": "d", "tags": "NaN"}}, 400),
        (
            "POST",
            f"{API3}/prompt-optimization/jobs",
            {"json": {"experiment_id": "0", "source_prompt_uri": "prompts:/p/1", "config": {}}},
            400,
        ),
        ("GET", f"{API3}/workspaces", {}, 403),
        ("POST", f"{API3}/workspaces", {"json": {"name": "a"}}, 403),
        ("PATCH", f"{API3}/workspaces/a", {"json": {}}, 403),
        ("GET", "/ajax-api/3.0/mlflow/workspaces/a", {}, 403),
    ],
)
def test_what_stays_wrong_is_final(
    server: Server, method: str, path: str, arguments: dict[str, Any], status: int
) -> None:
    answer = server.request(method, path, "admin", **arguments)
    assert answer.status_code == status, answer.text
    assert_told(answer)


@pytest.mark.parametrize("location", ["models:/m/1", "databricks://x", "uc-volume:/x", "hf://a/b"])
def test_artifacts_of_a_location_that_this_server_does_not_serve(
    server: Server, location: str
) -> None:
    name = {"name": f"elsewhere {location}", "artifact_location": location}
    experiment = server.request("POST", f"{API}/experiments/create", "edit", json=name).json()
    run = server.request("POST", f"{API}/runs/create", "edit", json=experiment).json()["run"]
    of_run = {"run_uuid": run["info"]["run_id"], "run_id": run["info"]["run_id"], "path": "a"}
    for method, path in (
        ("GET", f"{API}/artifacts/list"),
        ("GET", "/get-artifact"),
        ("POST", "/ajax-api/2.0/mlflow/upload-artifact"),
    ):
        answer = server.request(method, path, "edit", params=of_run, data=b"x")
        assert answer.status_code == 400, answer.text
        # MLflow lists every scheme that the server knows.
        assert "s3-proxied" not in answer.text and "registered schemes" not in answer.text


@pytest.mark.parametrize("source", ["model", "../model", "./a:b", " ", "file:model", "/tmp/model"])
def test_a_local_source_is_refused_without_the_folder_of_the_server(
    server: Server, source: str
) -> None:
    server.request("POST", f"{API}/registered-models/create", "edit", json={"name": "of a path"})
    body = {"name": "of a path", "source": source, "run_id": "r"}
    answer = server.request("POST", f"{API}/model-versions/create", "edit", json=body)
    assert answer.status_code == 400
    assert repr(source) in answer.json()["message"] and "runs:/" in answer.json()["message"]


def test_the_client_is_told_at_once_that_there_are_no_workspaces(server: Server) -> None:
    """Its own retries of a 503 take some four minutes."""
    from mlflow.tracking import MlflowClient

    started = time.monotonic()
    with client_of(server, "admin"), pytest.raises(MlflowException, match="does not offer this"):
        MlflowClient().list_workspaces()
    assert time.monotonic() - started < 10


def _raised(make: Any) -> BaseException:
    try:
        make()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_an_error_of_the_server_stays_one() -> None:
    """What another attempt may mend is repeated, and what is ours is seen."""
    import mlflow

    half_made = _raised(lambda: mlflow.not_there)  # type: ignore[attr-defined]
    ours = _raised(lambda: public_message(None))  # type: ignore[arg-type]
    assert not is_about_a_value(half_made) and not is_about_a_value(ours)
    assert is_about_a_value(_raised(lambda: None.get("a")))  # type: ignore[attr-defined]
    for cause in (half_made, ours, OSError(28, "No space left on device")):
        error = MlflowException("Failed to do it")
        error.__cause__ = cause
        assert public_code(error) == INTERNAL_ERROR and error.get_http_status_code() == 500


def test_a_request_that_was_overtaken_is_repeated() -> None:
    from mlflow_instance.messages import clean_messages

    clean_messages()
    for text in (
        "Model Version creation error (name=m). Giving up after 3 attempts.",
        "Failed to set tags with given within 3 retries. Keys: ['a']",
    ):
        assert MlflowException(text).get_http_status_code() == 503
        assert "TEMPORARILY_UNAVAILABLE" in MlflowException(text).serialize_as_json()


def test_a_refusal_with_the_servers_words_in_it_is_no_failure() -> None:
    told = public_message(MlflowException.invalid_parameter_value("no: s3-proxied://bucket/x"))
    assert told == REFUSED
