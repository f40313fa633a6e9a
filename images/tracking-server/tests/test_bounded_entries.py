"""Nothing gets more tags than can be read with it."""

from typing import Any

import psycopg2
import pytest

from mlflow_instance.bounded_entries import MAX_CHARACTERS, MAX_ENTRIES
from tests.support.server import Server
from tests.test_errors import assert_told, ids_of

API, API3 = "/api/2.0/mlflow", "/api/3.0/mlflow"


def _tags(count: int) -> list[dict[str, str]]:
    return [{"key": f"k{number}", "value": "v"} for number in range(count)]


def _create(server: Server, kind: str, count: int, known: dict[str, Any]) -> Any:
    name, tags = f"{kind} of {count}", _tags(count)
    if kind == "experiment":
        path, body = f"{API}/experiments/create", {"name": name, "tags": tags}
    elif kind == "model":
        path, body = f"{API}/registered-models/create", {"name": name, "tags": tags}
    elif kind == "logged model":
        body = {"experiment_id": known["experiment_id"], "tags": tags}
        path = f"{API}/logged-models"
    else:
        info = {
            "trace_id": f"tr-{count}",
            "trace_location": {
                "type": "MLFLOW_EXPERIMENT",
                "mlflow_experiment": {"experiment_id": known["experiment_id"]},
            },
            "request_time": "2026-01-01T00:00:00Z",
            "state": "OK",
            "tags": {tag["key"]: tag["value"] for tag in tags},
        }
        path, body = f"{API3}/traces", {"trace": {"trace_info": info}}
    return server.request("POST", path, "edit", json=body)


def _set(server: Server, kind: str, key: str, value: str, made: dict[str, Any]) -> Any:
    tag = {"key": key, "value": value}
    if kind == "experiment":
        return server.request(
            "POST", f"{API}/experiments/set-experiment-tag", "edit", json={**made, **tag}
        )
    if kind == "model":
        name = made["registered_model"]["name"]
        return server.request(
            "POST", f"{API}/registered-models/set-tag", "edit", json={"name": name, **tag}
        )
    if kind == "logged model":
        path = f"{API}/logged-models/{made['model']['info']['model_id']}/tags"
        return server.request("PATCH", path, "edit", json={"tags": [tag]})
    path = f"{API3}/traces/{made['trace']['trace_info']['trace_id']}/tags"
    return server.request("PATCH", path, "edit", json=tag)


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, Any]:
    return ids_of(server, "bounded entries")


@pytest.mark.parametrize("kind", ["experiment", "model", "logged model", "trace"])
def test_so_many_tags_and_no_more(server: Server, known: dict[str, Any], kind: str) -> None:
    """A few thousand on one experiment, and `experiments/search` was 413 for everybody."""
    refused = _create(server, kind, MAX_ENTRIES + 1, known)
    assert refused.status_code == 400, refused.text
    # MLflow adds up to three of its own to a trace.
    made = _create(server, kind, MAX_ENTRIES - 3, known)
    assert made.status_code == 200, made.text
    answers = [_set(server, kind, f"more{number}", "v", made.json()) for number in range(4)]
    assert answers[0].status_code == 200, answers[0].text
    assert answers[-1].status_code == 400
    assert f"tags of one {kind}" in answers[-1].json()["message"]
    assert_told(answers[-1])
    # What is there can change.
    assert _set(server, kind, "k7", "changed", made.json()).status_code == 200


def test_a_tag_that_is_deleted_makes_room(server: Server, known: dict[str, Any]) -> None:
    made = server.request(
        "POST",
        f"{API}/experiments/create",
        "edit",
        json={"name": "full", "tags": _tags(MAX_ENTRIES)},
    )
    assert _set(server, "experiment", "new", "v", made.json()).status_code == 400
    key = {**made.json(), "key": "k1"}
    deleted = server.request("POST", f"{API}/experiments/delete-experiment-tag", "edit", json=key)
    assert deleted.status_code == 200, deleted.text
    assert _set(server, "experiment", "new", "v", made.json()).status_code == 200
    listed = server.request("POST", f"{API}/experiments/search", "read", json={"max_results": 1000})
    assert listed.status_code == 200


def test_the_texts_of_one_version_together(server: Server, known: dict[str, Any]) -> None:
    name = {"name": "long texts"}
    server.request("POST", f"{API}/registered-models/create", "edit", json=name)
    source = f"mlflow-artifacts:/{known['experiment_id']}/{known['run_id']}/artifacts/m"
    version = {**name, "source": source, "run_id": known["run_id"]}
    made = server.request("POST", f"{API}/model-versions/create", "edit", json=version)
    assert made.status_code == 200, made.text
    statuses = []
    for number in range(MAX_CHARACTERS // 100_000 + 1):
        tag = {**name, "version": "1", "key": f"k{number}", "value": "x" * 100_000}
        answer = server.request("POST", f"{API}/model-versions/set-tag", "edit", json=tag)
        statuses.append(answer.status_code)
    assert statuses == [200] * (len(statuses) - 1) + [400]
    assert "characters in the tags of one model version" in answer.json()["message"]
    # What is there can change and become less, and that makes room for so much and no more.
    for key, size, status in (
        ("k1", 100_000, 200),
        ("k1", 60_000, 200),
        ("k2", 60_000, 200),
        ("more", 80_000, 200),
        ("k2", 60_001, 400),
        ("k2", 59_999, 200),
        ("k2", 60_000, 200),
    ):
        tag = {**name, "version": "1", "key": key, "value": "y" * size}
        answer = server.request("POST", f"{API}/model-versions/set-tag", "edit", json=tag)
        assert answer.status_code == status, (key, size, answer.text)


def test_what_had_too_much_before_the_bounds_can_become_less(
    server: Server, migrated_uri: str
) -> None:
    made = server.request("POST", f"{API}/experiments/create", "edit", json={"name": "of old"})
    experiment = made.json()["experiment_id"]
    with (
        psycopg2.connect(migrated_uri.replace("+psycopg2", "")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO experiment_tags (experiment_id, key, value)"
            " SELECT %s, 'k' || i, repeat('x', 2000) FROM generate_series(1, %s) AS i",
            (experiment, MAX_ENTRIES + 100),
        )
    for key, size, status in (("k1", 10, 200), ("k1", 11, 400), ("new", 1, 400)):
        answer = _set(server, "experiment", key, "y" * size, made.json())
        assert answer.status_code == status, (key, size, answer.text)
    deleted = server.request(
        "POST", f"{API}/experiments/delete", "manage", json={"experiment_id": experiment}
    )
    assert deleted.status_code == 200, deleted.text


def test_aliases(server: Server, known: dict[str, Any], migrated_uri: str) -> None:
    name = "aliases"
    server.request("POST", f"{API}/registered-models/create", "edit", json={"name": name})
    source = f"mlflow-artifacts:/{known['experiment_id']}/{known['run_id']}/artifacts/m"
    version = {"name": name, "source": source, "run_id": known["run_id"]}
    server.request("POST", f"{API}/model-versions/create", "edit", json=version)
    with (
        psycopg2.connect(migrated_uri.replace("+psycopg2", "")) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute(
            "INSERT INTO registered_model_aliases (name, alias, version, workspace)"
            " SELECT %s, 'alias' || i, 1, 'default' FROM generate_series(1, %s) AS i",
            (name, MAX_ENTRIES),
        )
    for alias, status in (("alias1", 200), ("one-more", 400)):
        body = {"name": name, "alias": alias, "version": "1"}
        answer = server.request("POST", f"{API}/registered-models/alias", "edit", json=body)
        assert answer.status_code == status, answer.text


def test_all_that_belongs_to_one_thing_is_in_the_table() -> None:
    """A new table of MLflow with a key and an owner is looked at before it can grow."""
    from mlflow.store.db.base_sql_model import Base
    from mlflow.store.model_registry.dbmodels import models as _registry  # noqa: F401
    from mlflow.store.tracking.dbmodels import models as _tracking  # noqa: F401

    names = ("_tags", "_params", "_aliases", "assessments", "_metadata", "tags", "params")
    found = {table for table in Base.metadata.tables if table.endswith(names)}
    bounded = {
        "assessments",
        "evaluation_dataset_tags",
        "experiment_tags",
        "logged_model_params",
        "logged_model_tags",
        "mcp_server_aliases",
        "mcp_server_tags",
        "mcp_server_version_tags",
        "model_version_tags",
        "registered_model_aliases",
        "registered_model_tags",
        "trace_request_metadata",
        "trace_tags",
    }
    # Of a run, of one of its inputs, and of endpoints, which are the administrator's.
    assert found - bounded == {"tags", "params", "input_tags", "endpoint_tags"}
    assert bounded <= found
