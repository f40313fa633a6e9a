"""The server reaches `artifacts/*` and `tmp/*` of its own bucket and nothing else, however a place is written and on whatever route."""

import json
import uuid

import pytest
import requests

from mlflow_instance.locations_written import WrittenLocations, require_trace_id
from mlflow_instance.places import is_inside
from tests.support.server import Server
from tests.support.store import ObjectStore

ROOTS = ("artifacts", "tmp")
_SECRET = b"a plan of the maintenance"
OUTSIDE = [
    "",
    "/",
    "maintenance/x",
    "final-dump/x",
    "artifactsx/y",
    "tmpx",
    "ARTIFACTS/x",
    "/artifacts/x",
    "./artifacts/x",
    "artifacts/../maintenance",
    "artifacts/..",
    "artifacts/./x",
    "artifacts/%2e%2e/maintenance",
    "artifacts/%252e%252e/maintenance",
    "artifacts/%25252e%25252e%25252fmaintenance",
    "artifacts/..%2fmaintenance",
    "artifacts%2f..%2fmaintenance",
    "artifacts\\..\\maintenance",
    "artifacts/%5c..%5cmaintenance",
    "artifacts/x\0y",
    "artifacts/x%00",
    "artifacts/a?b/../../maintenance",
    "artifacts/a%3f/../maintenance",
    "?artifacts/x",
    "#artifacts/x",
    "maintenance?artifacts/x",
    "artifacts/" + "%" + "25" * 20 + "2e%2e",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_a_path_with_a_reading_outside_is_outside(path: str) -> None:
    assert not is_inside(path, ROOTS)


@pytest.mark.parametrize(
    "path",
    [
        "artifacts",
        "artifacts/",
        "artifacts/1/a b",
        "artifacts/ü/x%20y",
        "artifacts//x",
        "tmp/x",
        "artifacts/...",
        "artifacts/..x",
    ],
)
def test_a_path_of_users_is_inside(path: str) -> None:
    assert is_inside(path, ROOTS)


@pytest.mark.parametrize("path", ["artifacts", "artifacts/", "artifacts//", "tmp", "tmp/"])
def test_a_whole_root_is_no_folder_of_anybody(path: str) -> None:
    assert not is_inside(path, ROOTS, folder=True)


@pytest.mark.parametrize(
    "uri",
    [
        "mlflow-artifacts:/",
        "mlflow-artifacts:",
        "mlflow-artifacts://host/",
        "mlflow-artifacts:/../maintenance",
        "mlflow-artifacts:/%2e%2e/maintenance",
        "mlflow-artifacts://host/../maintenance",
        "MLFLOW-ARTIFACTS:/..",
        "s3-proxied://instance",
        "s3-proxied://instance/",
        "s3-proxied://instance/artifacts",
        "s3-proxied://instance/maintenance/retention/x/plan-",
        "S3://instance/final-dump",
        "s3a://instance/artifacts/../x",
        "s3://user@instance/maintenance",
        "s3://instance@arn:aws:s3:eu-central-1:1:accesspoint%2Fp/maintenance",
        "s3://instance:443/artifacts/x",
        "s3://%69nstance/maintenance",
        "s3:///instance/maintenance",
        "s3://instance?x/maintenance",
    ],
)
def test_no_location_outside_can_be_written_down(uri: str) -> None:
    assert not WrittenLocations("s3-proxied://instance/artifacts").is_allowed(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "mlflow-artifacts:/7",
        "mlflow-artifacts://host:1/7",
        "s3-proxied://instance/artifacts/team",
        "s3://instance/tmp/x",
        "gs://other/x",
        "/a/path",
        "",
    ],
)
def test_locations_inside_and_of_other_stores_can(uri: str) -> None:
    assert WrittenLocations("s3-proxied://instance/artifacts").is_allowed(uri)


@pytest.mark.parametrize(
    "trace_id",
    [
        "",
        ".",
        "..",
        "a/b",
        "a\\b",
        "%2e",
        "a?b",
        "a#b",
        "a\nb",
        "a\x1bb",
        "traces",
        "models",
        "artifacts",
    ],
)
def test_a_trace_id_is_one_folder(trace_id: str) -> None:
    with pytest.raises(Exception, match="must be the name of one folder"):
        require_trace_id(trace_id)


@pytest.mark.parametrize(
    "trace_id",
    [
        "tr-0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef",
        "my-trace_1.2:3",
        "ü",
    ],
)
def test_ids_that_clients_make_are(trace_id: str) -> None:
    require_trace_id(trace_id)


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
