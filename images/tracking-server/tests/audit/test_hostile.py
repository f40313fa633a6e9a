"""Names, bodies and ids that somebody chose to hide what he did, or to break the audit."""

import json
import resource
from types import SimpleNamespace
from typing import Any

import pytest

from mlflow_instance.accounting import Account
from mlflow_instance.audit.kinds import action_of
from mlflow_instance.audit.objects import finding, note_json, note_message
from mlflow_instance.audit.places import places_of
from mlflow_instance.audit.row import Action, row_of
from mlflow_instance.audit.statements import insert_rows
from mlflow_instance.fence import required_role
from mlflow_instance.roles import Role
from mlflow_instance.route_classes import route_class
from tests.audit.conftest import Start
from tests.audit.rows import rows
from tests.support.server import Server

_API = "/api/2.0/mlflow"
# Bytes of address space: the server itself has about 2 GiB of it.
_ADDRESS_SPACE = 4 * 2**30
_HOSTILE = "a\x00b\nc\u2028d\u202ee\ud800f"


def account(method: str, path: str, caller: Any = None) -> Account:
    return Account(
        method,
        path,
        route_class(method, path, required_role(method, path)),
        "10.0.0.1\n",
        caller=caller,
    )


def test_no_text_of_a_row_breaks_a_line_or_the_database(fresh_uri: str) -> None:
    import psycopg2

    from mlflow_instance.database import connection_options

    caller = SimpleNamespace(
        name="x",
        role=Role.EDIT,
        claims={_HOSTILE: _HOSTILE * 1000, **{f"c{n}": "v" for n in range(99)}},
    )
    found = {"name": _HOSTILE * 10_000, "trace_ids": [_HOSTILE] * 5000, "version": _HOSTILE}
    made = row_of(
        account(_HOSTILE, f"/{_HOSTILE}" * 10_000, caller), Action.CHANGE, found, 200, _HOSTILE
    )
    connection = psycopg2.connect(**connection_options(fresh_uri, 5))
    insert_rows(connection, [made])
    connection.close()
    (kept,) = rows(fresh_uri)
    text = json.dumps(kept, default=str, ensure_ascii=False)
    assert text.isprintable()
    assert len(text) < 80_000
    assert len(kept["object"]["trace_ids"]) == 20 and kept["object"]["trace_ids_count"] == 5000
    assert len(kept["claims"]) == 20


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "run_id",
        {"run_id": None, "name": {"run_id": "x"}, "version": [1], "trace_ids": 5},
        {"trace_ids": {"a": 1}, "run_ids": "abc", "experiment_ids": None},
        {"run_id": "", "alias": True, "max_traces": 3},
        {5: "x", None: "y"},
    ],
)
def test_json_of_any_form_is_taken(document: object) -> None:
    with finding() as found:
        note_json(document)
    assert set(found) <= {"alias", "max_traces"}


def test_only_names_and_ids_are_taken() -> None:
    from mlflow.protos import service_pb2

    message = service_pb2.CreateRun(
        experiment_id="7",
        user_id="somebody",
        tags=[service_pb2.RunTag(key="secret", value="of a tag")],
    )
    with finding() as found:
        note_message(message)
    assert found == {"experiment_id": "7"}
    # Outside of a change nothing is looked at.
    note_message(message)


def test_the_run_that_mlflow_takes_is_the_one_that_is_written_down() -> None:
    from mlflow.protos import service_pb2

    with finding() as found:
        note_message(service_pb2.UpdateRun(run_uuid="other", run_id="taken"))
    assert found["run_id"] == "taken"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/api/2.0/mlflow/logged-models/m-1/tags/colour", {"model_id": "m-1"}),
        (
            "/ajax-api/3.0/mlflow/traces/tr-1/assessments/a-1",
            {"trace_id": "tr-1", "assessment_id": "a-1"},
        ),
        ("/api/3.0/mlflow/traces/delete-traces", {}),
        ("/api/2.0/mlflow-artifacts/artifacts/1/traces/tr-1", {}),
        ("/version", {}),
    ],
)
def test_ids_in_a_path(path: str, found: dict[str, str]) -> None:
    assert places_of({"method": "DELETE", "path": path, "headers": []}) == found


@pytest.mark.parametrize(
    ("method", "path", "action"),
    [
        ("GET", "/api/2.0/mlflow/webhooks", None),
        ("POST", f"{_API}/runs/search", None),
        ("POST", "/graphql", None),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/delete-me", Action.CHANGE),
        ("DELETE", "/ajax-api/2.0/mlflow-artifacts/artifacts/1/x", Action.DELETION),
        ("POST", f"{_API}/runs/delete-tag/", Action.DELETION),
        ("POST", "/api/3.0/mlflow/datasets/d-1/remove-experiments", Action.DELETION),
        ("DELETE", "/api/2.0/mlflow/traces/t/tags", Action.DELETION),
        ("POST", f"{_API}/runs/log-batch", Action.APPEND),
        ("POST", f"{_API}/runs/update", Action.CHANGE),
        ("POST", "/a/route/of/a/newer/mlflow", Action.CHANGE),
        ("PATCH", f"{_API}/runs/create", Action.CHANGE),
    ],
)
def test_which_requests_are_changes(method: str, path: str, action: Action | None) -> None:
    assert action_of(account(method, path)) is action


@pytest.fixture
def server(start: Start) -> Server:
    server = start()
    assert server.process is not None
    resource.prlimit(server.process.pid, resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    return server


def test_what_is_sent_to_hide_an_object_does_not(server: Server, fresh_uri: str) -> None:
    def post(route: str, data: bytes) -> int:
        answer = server.request(
            "POST", f"{_API}/{route}", data=data, headers={"Content-Type": "application/json"}
        )
        return answer.status_code

    created = server.request("POST", f"{_API}/experiments/create", json={"name": "target"})
    target = created.json()["experiment_id"]

    def deleted(data: bytes) -> dict[str, Any]:
        before = max(row["id"] for row in rows(fresh_uri))
        assert post("experiments/delete", data) == 200
        (row,) = rows(fresh_uri, "id > %s", before)
        assert post("experiments/restore", json.dumps({"experiment_id": target}).encode()) == 200
        return dict(row["object"])

    own = {"experiment_id": target}
    # The name twice, and JSON in a string, as MLflow reads them. It refuses the name's other form.
    assert post("experiments/delete", b'{"experimentId": "%s"}' % target.encode()) == 400
    assert deleted(b'{"experiment_id": "0", "experiment_id": "%s"}' % target.encode()) == own
    assert deleted(json.dumps(json.dumps(own)).encode()) == own
    # A body of 8 MB is not parsed a second time.
    assert deleted(b" " * 8_000_000 + json.dumps(own).encode()) == own
    deep = b'{"experiment_id": "%s", "x": %s%s}' % (target.encode(), b"[" * 90_000, b"]" * 90_000)
    assert post("experiments/delete", deep) in (400, 413, 500)
    assert server.request("GET", "/version").status_code == 200


def test_hostile_names_through_the_server(server: Server, fresh_uri: str) -> None:
    name = "line\nbreak\x1b[2J\u202e" + "x" * 200
    answer = server.request("POST", f"{_API}/registered-models/create", json={"name": name})
    assert answer.status_code == 200, answer.text
    # Names that PostgreSQL has no place for are MLflow's to refuse.
    for refused in ("nul\x00", "half\ud800"):
        body = json.dumps({"name": refused}).encode()
        answer = server.request("POST", f"{_API}/registered-models/create", data=body)
        assert answer.status_code >= 400
    assert server.request("GET", "/version").status_code == 200
    assert server.stop() == 0
    found = rows(fresh_uri)
    assert [row["status"] < 400 for row in found].count(True) == 1
    texts = json.dumps(found, default=str, ensure_ascii=False)
    assert texts.isprintable()
    (made,) = [row["object"]["name"] for row in found if row["status"] < 400]
    assert made.startswith("line\\nbreak\\x1b[2J\\u202ex") and len(made) < 330
