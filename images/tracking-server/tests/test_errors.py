"""What a client is told when something can't be done: a code that is true, MLflow's JSON, and nothing that is the operator's."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from tests.conftest import role_tokens, server_environment
from tests.support.hostile_requests import KINDS, Kind, hostile, send
from tests.support.postgres import Postgres
from tests.support.server import Server, run, write_tokens
from tests.support.store import ObjectStore
from tests.test_logs import assert_truthful

_CREATE_EXPERIMENT = "/api/2.0/mlflow/experiments/create"
_CREATE_RUN = "/api/2.0/mlflow/runs/create"
# Of this environment and of every error that isn't MLflow's own.
_PRIVATE = re.compile(
    r"psycopg2|sqlalche|\[SQL|parameters:|Traceback|botocore|boto3|/site-packages/|object at 0x"
    r"|Errno|127\.0\.0\.1|s3-proxied|endpoint URL|INSERT INTO|SELECT|MlflowException|ValueError"
)
_JSON_OF_MLFLOW = {"error_code", "message"}


def assert_told(answer: Any) -> None:
    """An error's text."""
    assert not _PRIVATE.search(answer.text), f"{answer.request.url[:200]}: {answer.text[:500]}"
    if answer.status_code in (500, 503) and "disabled because" not in answer.text:
        assert _JSON_OF_MLFLOW <= set(answer.json()), answer.text[:200]


@pytest.fixture(scope="module")
def known(server: Server) -> dict[str, Any]:
    return ids_of(server, "hostile")


def ids_of(server: Server, name: str) -> dict[str, Any]:
    """Ids of things that exist, so that a request comes as far as the database."""
    made = server.request("POST", _CREATE_EXPERIMENT, "edit", json={"name": name})
    experiment = made.json()["experiment_id"]
    made = server.request("POST", _CREATE_RUN, "edit", json={"experiment_id": experiment})
    run_id = made.json()["run"]["info"]["run_id"]
    return {
        "experiment_id": experiment,
        "experiment_ids": [experiment],
        "run_id": run_id,
        "run_uuid": run_id,
        "run_ids": [run_id],
        "page_token": "",
    }


def every_answer(server: Server, requests: list[tuple[str, str, dict[str, Any]]]) -> list[Any]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda one: send(server, *one), requests))


@pytest.mark.parametrize(
    ("kind", "ids"),
    [*((kind, "known") for kind in KINDS), (KINDS[0], "hostile")],
    ids=lambda one: getattr(one, "name", one),
)
def test_no_field_of_any_route_can_end_in_a_server_error(
    server: Server, known: dict[str, Any], kind: Kind, ids: str
) -> None:
    requests = list(hostile(kind, known if ids == "known" else {}))
    answers = every_answer(server, requests)
    failed = []
    for (method, path, _), answer in zip(requests, answers, strict=True):
        if answer.status_code >= 400:
            assert_told(answer)
        off = answer.status_code == 501 or "disabled because" in answer.text
        if answer.status_code >= 500 and not off:
            failed.append(f"{method} {path} {answer.status_code} {answer.text[:200]}")
    assert failed == []
    assert len(requests) > 130


def test_a_name_that_is_too_long_is_told_with_its_limit(server: Server) -> None:
    answer = server.request("POST", _CREATE_EXPERIMENT, "edit", json={"name": "n" * 600})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "500" in answer.json()["message"]
    assert_told(answer)


def test_a_name_that_is_taken_is_told_without_the_statement(server: Server) -> None:
    for _ in range(2):
        answer = server.request("POST", _CREATE_EXPERIMENT, "edit", json={"name": "taken"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    assert "Experiment(name=taken) already exists" in answer.json()["message"]
    assert_told(answer)
    assert "INSERT INTO experiments" in server.log.read_text()


def test_a_name_that_a_deleted_experiment_has_is_told_with_the_commands(server: Server) -> None:
    """B4's message: creating, renaming, and an active namesake, which is another case."""

    def post(route: str, role: str = "edit", **body: str) -> Any:
        return server.request("POST", f"/api/2.0/mlflow/experiments/{route}", role, json=body)

    gone, other = (
        post("create", name=name).json()["experiment_id"] for name in ("$(gone) 'x'", "other")
    )
    assert post("delete", "manage", experiment_id=gone).status_code == 200
    for answer in (
        post("create", name="$(gone) 'x'"),
        post("update", experiment_id=other, new_name="$(gone) 'x'"),
    ):
        assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
        message = answer.json()["message"]
        assert "already exists in deleted state" in message
        assert f"`npx mlflow-instances purge <stack> <instance> experiment {gone}`" in message
        assert f"`npx mlflow-instances restore-deleted <stack> <instance> {gone}`" in message
        assert_told(answer)
    assert "deleted" not in post("update", experiment_id=other, new_name="taken").json().get(
        "message", ""
    )


def columns_with_a_limit() -> list[tuple[str, str, int]]:
    import sqlalchemy
    from mlflow.store.db.base_sql_model import Base
    from mlflow.store.model_registry.dbmodels import models as _registry  # noqa: F401
    from mlflow.store.tracking.dbmodels import models as _tracking  # noqa: F401

    return [
        (table.name, column.name, column.type.length)
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, sqlalchemy.String) and column.type.length
    ]


# A row without its key, as for every other column here.
@pytest.mark.filterwarnings("ignore:Column .* is marked as a member of the primary key")
def test_every_column_with_a_limit_is_named_when_a_value_is_longer(migrated_uri: str) -> None:
    """Through MLflow's own sessions. The limit that is told is the database's."""
    import sqlalchemy
    from mlflow.exceptions import MlflowException
    from mlflow.store.db.base_sql_model import Base
    from sqlalchemy.orm import sessionmaker

    from mlflow_instance.database_errors import translate_database_errors

    translate_database_errors()
    import mlflow.store.db.utils as utils

    engine = sqlalchemy.create_engine(migrated_uri)
    sessions = utils._get_managed_session_maker(sessionmaker(engine), "postgresql")
    columns = columns_with_a_limit()
    assert len(columns) > 100
    named = 0
    for table, column, most in columns:
        value = "x" * (most + 7)
        with pytest.raises(MlflowException) as refused:
            with sessions(read_only=False) as session:
                session.execute(Base.metadata.tables[table].insert().values({column: value}))
        told = refused.value
        assert told.get_http_status_code() == 400 and not _PRIVATE.search(told.message), (
            told.message
        )
        if told.message.startswith(f"{column} (of {table}) has {len(value)} characters, more than"):
            named += 1
    engine.dispose()
    assert named == len(columns)


def test_a_database_that_is_away_is_503_on_every_route(
    postgres: Postgres, object_store: ObjectStore, tmp_path: Path
) -> None:
    uri = postgres.create_database("away-for-a-while")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    write_tokens(tmp_path / "tokens.json", role_tokens())
    server = Server(
        server_environment(uri, object_store.url), tmp_path / "log", tmp_path / "tokens.json"
    )
    server.start()
    known = ids_of(server, "before")
    plain = list(hostile(Kind("plain", "plain"), known))
    close(postgres, uri)
    answers = every_answer(server, plain)
    assert server.stop() == 0
    away = 0
    for (method, path, _), answer in zip(plain, answers, strict=True):
        if answer.status_code >= 400:
            assert_told(answer)
        assert "away-for-a-while" not in answer.text
        if answer.status_code == 503 and "disabled" not in answer.text:
            away += 1
            assert answer.headers["Retry-After"] == "2"
            assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
        else:
            # Refused, or done, without the database.
            assert answer.status_code != 500, f"{method} {path}: {answer.text[:200]}"
    assert away > 60
    log = server.log.read_text()
    assert "not currently accepting connections" in log
    assert_truthful(log)


def close(postgres: Postgres, uri: str) -> None:
    """Nobody is let into the database any more, and who is in it is put out: the driver's message names host and database."""
    name = make_url(uri).database
    connection = psycopg2.connect(
        host="127.0.0.1",
        port=postgres.port,
        user="admin",
        password=postgres.password,
        dbname="postgres",
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,)
        )
    connection.close()


def test_every_line_of_the_log_is_one_event(server: Server) -> None:
    """Last in this file: after all that was sent to the server above."""
    assert_truthful(server.log.read_text(encoding="utf-8"))
