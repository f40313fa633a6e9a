"""What can be made can be deleted, however much of it there is."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from tests.support.server import Server
from tests.test_errors import ids_of

API, API3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_MANY = 40_000


@pytest.fixture
def rows(migrated_uri: str) -> Iterator[Any]:
    connection = psycopg2.connect(migrated_uri.replace("+psycopg2", ""))
    connection.autocommit = True
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def _stages(rows: Any, experiment: str) -> dict[tuple[str, bool], int]:
    rows.execute(
        "SELECT lifecycle_stage, deleted_time IS NOT NULL, count(*) FROM runs"
        " WHERE experiment_id = %s GROUP BY 1, 2",
        (experiment,),
    )
    return {(stage, deleted): count for stage, deleted, count in rows.fetchall()}


def test_an_experiment_of_many_runs_is_deleted_and_comes_back(server: Server, rows: Any) -> None:
    """Before: 413, for ever."""
    known, other = ids_of(server, "many runs"), ids_of(server, "a neighbour")
    experiment = known["experiment_id"]
    rows.execute(
        "INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id,"
        " status, start_time, source_version, lifecycle_stage, artifact_uri, experiment_id)"
        " SELECT md5('many' || i), 'r', 'UNKNOWN', '', '', 'u', 'FINISHED', i, '', 'active',"
        " 'mlflow-artifacts:/' || repeat('x', 150), %s FROM generate_series(1, %s) AS i",
        (experiment, _MANY),
    )
    body = {"experiment_id": experiment}
    deleted = server.request("POST", f"{API}/experiments/delete", "manage", json=body)
    assert deleted.status_code == 200, deleted.text
    assert _stages(rows, experiment) == {("deleted", True): _MANY + 1}
    assert _stages(rows, other["experiment_id"]) == {("active", False): 1}
    again = server.request("POST", f"{API}/experiments/delete", "manage", json=body)
    assert again.status_code == 404
    restored = server.request("POST", f"{API}/experiments/restore", "manage", json=body)
    assert restored.status_code == 200, restored.text
    assert _stages(rows, experiment) == {("active", False): _MANY + 1}


def test_assessments_of_deleted_runs_go_and_others_stay(server: Server, rows: Any) -> None:
    known, other = ids_of(server, "assessed"), ids_of(server, "assessed elsewhere")
    location = {"experiment_id": other["experiment_id"]}
    info = {
        "trace_id": "tr-assessed",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": location},
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
    }
    server.request("POST", f"{API3}/traces", "edit", json={"trace": {"trace_info": info}})
    for name, run in (("goes", known["run_id"]), ("stays", other["run_id"]), ("of none", None)):
        assessment: dict[str, Any] = {
            "assessment_name": name,
            "trace_id": "tr-assessed",
            "source": {"source_type": "HUMAN", "source_id": "me"},
            "create_time": "2026-01-01T00:00:00Z",
            "last_update_time": "2026-01-01T00:00:00Z",
            "feedback": {"value": True},
            "metadata": {"a": 'b"}', "mlflow.assessment.sourceRunId": run} if run else {},
        }
        path = f"{API3}/traces/tr-assessed/assessments"
        made = server.request("POST", path, "edit", json={"assessment": assessment})
        assert made.status_code == 200, made.text
    body = {"experiment_id": known["experiment_id"]}
    assert (
        server.request("POST", f"{API}/experiments/delete", "manage", json=body).status_code == 200
    )
    rows.execute("SELECT name FROM assessments WHERE trace_id = 'tr-assessed' ORDER BY name")
    assert [name for (name,) in rows.fetchall()] == ["of none", "stays"]


def test_a_dataset_of_many_records(server: Server, rows: Any) -> None:
    known = ids_of(server, "many records")
    data = {
        "name": "many",
        "experiment_ids": known["experiment_ids"],
        "tags": json.dumps({"a": "b"}),
    }
    made = server.request("POST", f"{API3}/datasets/create", "edit", json=data).json()["dataset"]
    rows.execute(
        "INSERT INTO evaluation_dataset_records (dataset_record_id, dataset_id, inputs, input_hash,"
        " created_time, last_update_time)"
        " SELECT 'dr-' || md5('many' || i), %s, '{\"question\": 1}', md5(i::text), 1, 1"
        " FROM generate_series(1, %s) AS i",
        (made["dataset_id"], _MANY),
    )
    deleted = server.request("DELETE", f"{API3}/datasets/{made['dataset_id']}", "manage")
    assert deleted.status_code == 200, deleted.text
    for table in ("evaluation_dataset_records", "evaluation_dataset_tags", "evaluation_datasets"):
        rows.execute(f"SELECT count(*) FROM {table} WHERE dataset_id = %s", (made["dataset_id"],))
        assert rows.fetchone() == (0,), table


def test_a_model_of_many_versions(server: Server, rows: Any) -> None:
    for name in ("many versions", "few versions"):
        body = {"name": name, "tags": [{"key": "a", "value": "b"}]}
        server.request("POST", f"{API}/registered-models/create", "edit", json=body)
        rows.execute(
            "INSERT INTO model_versions (name, version, creation_time, last_updated_time,"
            " current_stage, source, run_id, status, workspace, storage_location)"
            " SELECT %s, i, 1, 1, 'None', 'mlflow-artifacts:/1/x', 'x', 'READY', 'default',"
            " repeat('x', 150) FROM generate_series(1, %s) AS i",
            (name, _MANY if name.startswith("many") else 2),
        )
        rows.execute(
            "INSERT INTO model_version_tags (name, version, key, value, workspace)"
            " VALUES (%s, 1, 'k', 'v', 'default')",
            (name,),
        )
    body = {"name": "many versions"}
    rows.execute(
        "UPDATE model_versions SET current_stage = 'Production' WHERE name = %s AND version = 7",
        (body["name"],),
    )
    read = server.request("GET", f"{API}/registered-models/get", "read", params=body)
    assert read.status_code == 200, read.text
    latest = {
        one["version"]: one["current_stage"]
        for one in read.json()["registered_model"]["latest_versions"]
    }
    assert latest == {"7": "Production", str(_MANY): "None"}
    of_stage = {**body, "stages": ["Production"]}
    path = f"{API}/registered-models/get-latest-versions"
    (version,) = server.request("POST", path, "read", json=of_stage).json()["model_versions"]
    assert version["version"] == "7"
    described = {**body, "description": "many"}
    updated = server.request("PATCH", f"{API}/registered-models/update", "edit", json=described)
    assert updated.status_code == 200, updated.text
    deleted = server.request("DELETE", f"{API}/registered-models/delete", "manage", json=body)
    assert deleted.status_code == 200, deleted.text
    for table, left in (
        ("model_versions", 2),
        ("model_version_tags", 1),
        ("registered_model_tags", 1),
    ):
        rows.execute(
            f"SELECT count(*) FROM {table} WHERE name IN ('many versions', 'few versions')"
        )
        assert rows.fetchone() == (left,), table
    assert (
        server.request("GET", f"{API}/registered-models/get", "read", params=body).status_code
        == 404
    )


def test_children_that_a_foreign_key_deletes_are_not_loaded() -> None:
    from mlflow.store.db.base_sql_model import Base
    from mlflow.store.tracking.dbmodels import models

    from mlflow_instance.bulk_deletions import delete_without_loading

    delete_without_loading()
    passive = {
        f"{mapper.class_.__name__}.{one.key}"
        for mapper in Base.registry.mappers
        for one in mapper.relationships
        if one.cascade.delete and one.passive_deletes
    }
    assert {
        "SqlEvaluationDataset.records",
        "SqlTraceInfo.spans",
        "SqlMCPServer.server_versions",
    } <= passive
    # Their keys do not: nothing would delete them.
    assert not passive & {
        "SqlExperiment.runs",
        "SqlRun.metrics",
        "SqlRun.params",
        "SqlRegisteredModel.model_versions",
    }
    assert (
        models.SqlEvaluationDataset.records.property._dependency_processor.passive_deletes is True
    )
