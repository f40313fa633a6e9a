"""The server reaches `artifacts/*` and `tmp/*` of its own bucket and nothing else, on
whatever route.
"""

import json
import uuid

import pytest
import requests

from tests.support.server import Server
from tests.support.store import ObjectStore

_SECRET = b"a plan of the maintenance"


def _planted(server: Server, location: str) -> str | None:
    """A run in an experiment at the location as if it had been made before this version; None when it is refused now."""
    created = server.request(
        "POST",
        "/api/2.0/mlflow/experiments/create",
        "edit",
        json={"name": uuid.uuid4().hex, "artifact_location": location},
    )
    return None if created.status_code == 400 else str(created.json()["experiment_id"])


@pytest.mark.parametrize(
    "place",
    ["maintenance", "final-dump", "artifacts/../maintenance", "artifacts/%2e%2e/maintenance"],
)
def test_no_experiment_is_made_at_the_folders_of_the_jobs(server: Server, place: str) -> None:
    assert _planted(server, f"s3-proxied://instance/{place}") is None
    assert _planted(server, f"s3://instance/{place}") is None


def _start_trace(server: Server, trace: str, experiment: str, **more: object) -> requests.Response:
    info = {
        "trace_id": trace,
        "trace_location": {
            "type": "MLFLOW_EXPERIMENT",
            "mlflow_experiment": {"experiment_id": experiment},
        },
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
        **more,
    }
    return server.request(
        "POST", "/api/3.0/mlflow/traces", "edit", json={"trace": {"trace_info": info}}
    )


def test_the_folders_of_the_jobs_are_closed_on_every_route_to_rows_that_are_there_already(
    server: Server, object_store: ObjectStore, migrated_uri: str
) -> None:
    import psycopg2

    from mlflow_instance.database import parse_uri

    store = object_store.client()
    places = [
        "s3-proxied://instance/maintenance",
        "s3-proxied://instance/artifacts/../maintenance",
        "s3-proxied://instance/artifacts/%2e%2e/maintenance",
        "mlflow-artifacts:/../maintenance",
        "mlflow-artifacts://host/../maintenance",
        "http://127.0.0.1:1/api/2.0/mlflow-artifacts/artifacts/../maintenance",
        "s3://instance/maintenance",
        "s3-proxied://x@instance/maintenance",
        "s3-proxied://instance@x/maintenance",
        "S3-PROXIED://instance/maintenance",
    ]
    store.put_object(Bucket="instance", Key="maintenance/plan", Body=_SECRET)
    store.put_object(
        Bucket="instance",
        Key="maintenance/traces.json",
        Body=json.dumps({"spans": [_SECRET.decode()]}).encode(),
    )
    experiment = _planted(server, "mlflow-artifacts:/planted")
    url = parse_uri(migrated_uri)
    database = psycopg2.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
    )
    database.autocommit = True
    try:
        for number, place in enumerate(places):
            run = server.request(
                "POST", "/api/2.0/mlflow/runs/create", "edit", json={"experiment_id": experiment}
            ).json()["run"]["info"]["run_id"]
            name = f"planted{number}-{uuid.uuid4().hex[:6]}"
            server.request(
                "POST", "/api/2.0/mlflow/registered-models/create", "edit", json={"name": name}
            )
            made = server.request(
                "POST",
                "/api/2.0/mlflow/model-versions/create",
                "edit",
                json={
                    "name": name,
                    "source": f"mlflow-artifacts:/planted/{run}/artifacts/x",
                    "run_id": run,
                },
            )
            assert made.status_code == 200, made.text
            model = server.request(
                "POST",
                "/api/2.0/mlflow/logged-models",
                "edit",
                json={"experiment_id": experiment, "name": "m", "model_type": "x"},
            ).json()["model"]["info"]["model_id"]
            trace = f"tr-{uuid.uuid4().hex}"
            started = _start_trace(server, trace, experiment)
            assert started.status_code == 200, started.text
            with database.cursor() as cursor:
                cursor.execute(
                    "UPDATE runs SET artifact_uri = %s WHERE run_uuid = %s", (place, run)
                )
                cursor.execute(
                    "UPDATE model_versions SET source = %s, storage_location = %s WHERE name = %s",
                    (place, place, name),
                )
                cursor.execute(
                    "UPDATE logged_models SET artifact_location = %s WHERE model_id = %s",
                    (place, model),
                )
                cursor.execute(
                    "UPDATE trace_tags SET value = %s WHERE request_id = %s AND key = 'mlflow.artifactLocation'",
                    (place, trace),
                )
            answers = {
                "get-artifact": server.request(
                    "GET", "/get-artifact", "admin", params={"run_uuid": run, "path": "plan"}
                ),
                "list": server.request(
                    "GET", "/api/2.0/mlflow/artifacts/list", "admin", params={"run_id": run}
                ),
                "upload": server.request(
                    "POST",
                    "/ajax-api/2.0/mlflow/upload-artifact",
                    "admin",
                    params={"run_uuid": run, "path": "new"},
                    data=b"x",
                ),
                "version": server.request(
                    "GET",
                    "/model-versions/get-artifact",
                    "admin",
                    params={"name": name, "version": "1", "path": "plan"},
                ),
                "model": server.request(
                    "GET",
                    f"/ajax-api/2.0/mlflow/logged-models/{model}/artifacts/files",
                    "admin",
                    params={"artifact_file_path": "plan"},
                ),
                "model list": server.request(
                    "GET", f"/api/2.0/mlflow/logged-models/{model}/artifacts/directories", "admin"
                ),
                "trace": server.request(
                    "GET",
                    "/ajax-api/2.0/mlflow/get-trace-artifact",
                    "admin",
                    params={"request_id": trace},
                ),
            }
            # MLflow's own upload ignores a proxied location and writes to
            # `<experiment>/<run>/artifacts`.
            if answers["upload"].status_code == 200:
                assert place.startswith(("mlflow-artifacts:", "http:")), place
                assert (
                    object_store.keys("instance", f"artifacts/{experiment}/{run}/artifacts/") != []
                )
                del answers["upload"]
            for route, answer in answers.items():
                assert answer.status_code >= 400 and _SECRET not in answer.content, (
                    place,
                    route,
                    answer.status_code,
                    answer.text[:300],
                )
                assert answer.status_code < 500, (
                    place,
                    route,
                    answer.status_code,
                    answer.text[:300],
                )
    finally:
        database.close()
    assert [key for key in object_store.keys("instance", "maintenance/")] == [
        "maintenance/plan",
        "maintenance/traces.json",
    ]
    for path in (
        "..%2fmaintenance/plan",
        "%2e%2e/maintenance/plan",
        "../maintenance/plan",
        "..%252fmaintenance/plan",
    ):
        for method in ("GET", "PUT", "DELETE"):
            answer = server.request(
                method,
                f"/api/2.0/mlflow-artifacts/artifacts/{path}",
                "admin",
                data=b"x" if method == "PUT" else None,
            )
            assert 400 <= answer.status_code < 500 and _SECRET not in answer.content, (
                method,
                path,
                answer.status_code,
            )
    assert store.get_object(Bucket="instance", Key="maintenance/plan")["Body"].read() == _SECRET


def test_a_trace_that_says_where_its_archive_is_deletes_nothing(
    server: Server, object_store: ObjectStore
) -> None:
    store = object_store.client()
    store.put_object(Bucket="instance", Key="artifacts/somebody/traces.pb", Body=b"theirs")
    for tags in (
        {
            "mlflow.trace.archiveLocation": "mlflow-artifacts:/somebody",
            "mlflow.trace.spansLocation": "ARCHIVE_REPO",
        },
        {"mlflow.trace.spansLocation": "ARCHIVE_REPO"},
        {"mlflow.artifactLocation": "s3-proxied://instance/maintenance"},
    ):
        answer = _start_trace(server, f"tr-{uuid.uuid4().hex}", "0", tags=tags)
        assert answer.status_code == 400, answer.text
    assert (
        store.get_object(Bucket="instance", Key="artifacts/somebody/traces.pb")["Body"].read()
        == b"theirs"
    )


@pytest.mark.parametrize("key", ["mlflow.trace.archivalRetention", "mlflow.trace.archiveNow"])
def test_an_experiment_that_asks_for_archives_hears_that_there_are_none(
    server: Server, key: str
) -> None:
    tag = {"key": key, "value": "30d"}
    for path, body in (
        ("set-experiment-tag", {"experiment_id": "0", **tag}),
        ("create", {"name": uuid.uuid4().hex, "tags": [tag]}),
    ):
        answer = server.request("POST", f"/api/2.0/mlflow/experiments/{path}", "edit", json=body)
        assert answer.status_code == 400 and "not archived on this instance" in answer.text, (
            answer.text
        )


def test_deleting_a_trace_that_has_such_tags_already_deletes_no_folder(
    server: Server, object_store: ObjectStore, migrated_uri: str
) -> None:
    import psycopg2

    from mlflow_instance.database import parse_uri

    object_store.client().put_object(
        Bucket="instance", Key="artifacts/victim/traces.pb", Body=b"theirs"
    )
    trace = f"tr-{uuid.uuid4().hex}"
    url = parse_uri(migrated_uri)
    database = psycopg2.connect(
        host=url.host, port=url.port, user=url.username, password=url.password, dbname=url.database
    )
    with database, database.cursor() as cursor:
        cursor.execute(
            "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES (%s, 0, 1, 'OK')",
            (trace,),
        )
        for key, value in (
            ("mlflow.trace.archiveLocation", "s3-proxied://instance/artifacts/victim"),
            ("mlflow.trace.spansLocation", "ARCHIVE_REPO"),
        ):
            cursor.execute(
                "INSERT INTO trace_tags (request_id, key, value) VALUES (%s, %s, %s)",
                (trace, key, value),
            )
    answer = server.request(
        "POST",
        "/api/3.0/mlflow/traces/delete-traces",
        "manage",
        json={"experiment_id": "0", "request_ids": [trace]},
    )
    assert (answer.status_code, answer.json()["traces_deleted"]) == (200, 1), answer.text
    assert object_store.keys("instance", "artifacts/victim/") == ["artifacts/victim/traces.pb"]
    database.close()
