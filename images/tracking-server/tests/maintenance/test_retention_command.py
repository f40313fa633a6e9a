"""The command as the CronJob runs it: settings, rights, lock and schema come before anything is touched."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg2
import pytest

from mlflow_instance.database import connect, parse_uri
from mlflow_instance.maintenance import clock
from mlflow_instance.maintenance.lock import LOCK_KEY
from mlflow_instance.maintenance.privileges import RETENTION, STALE_RUNS, Privileges, grant
from mlflow_instance.maintenance.settings import read_settings
from tests.maintenance.world import World, days, make_world
from tests.support.ports import free_port
from tests.support.postgres import Postgres
from tests.support.server import process_environment
from tests.support.store import ObjectStore


@pytest.fixture
def world(postgres: Postgres, migrated_template: str, object_store: ObjectStore) -> Iterator[World]:
    world = make_world(postgres, migrated_template, object_store, RETENTION)
    experiment = world.experiment("active")
    run = world.run(experiment, stage="deleted", deleted=world.now - days(40))
    world.put(f"artifacts/{experiment}/{run}/artifacts/a")
    yield world
    world.rows.close()


def command(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mlflow_instance.maintenance.retention", *arguments],
        env=process_environment(environment),
        capture_output=True,
        text=True,
        timeout=120,
    )


def untouched(world: World) -> bool:
    return world.sql("SELECT count(*) FROM runs") == [(1,)] and len(world.keys()) == 1


def test_it_runs_prints_only_the_summary_and_leaves_a_plan_and_a_report(world: World) -> None:
    preview = command(world.environment(), "--dry-run")
    assert preview.returncode == 0, preview.stderr
    assert [line.split('"')[3] for line in preview.stdout.splitlines()][:1] == ["remove"]
    assert untouched(world)
    done = command(world.environment())
    assert (done.returncode, done.stdout.count("\n")) == (0, 1), done.stderr
    assert '"event": "summary"' in done.stdout
    assert [key.split("/")[3] for key in world.keys()] == ["plan-0001.jsonl", "report.json"]
    assert world.sql("SELECT count(*) FROM runs") == [(0,)]


def test_it_does_not_import_mlflow() -> None:
    """Which would cost 400 MB for each of two jobs per instance."""
    program = (
        "import mlflow_instance.maintenance.retention, sys; "
        "print([m for m in sys.modules if m.partition('.')[0] in ('mlflow', 'pandas', 'numpy')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=process_environment({}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_every_wrong_setting_is_named_at_once(world: World) -> None:
    wrong = {
        "MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION": "91d",
        "MLFLOW_INSTANCE_STALE_RUNS_AFTER": "1.5h",
        "MLFLOW_INSTANCE_BUCKET_VERSIONING": "yes",
        "MLFLOW_INSTANCE_ARTIFACTS_DESTINATION": "gs://bucket/artifacts",
        "MLFLOW_S3_ENDPOINT_URL": "10.0.0.1:7070",
    }
    refused = command({**world.environment(**wrong), "MLFLOW_INSTANCE_NAME": ""})
    assert (refused.returncode, refused.stdout) == (2, "")
    lines = refused.stderr.splitlines()
    assert len(lines) == 6 and all(
        line.startswith("mlflow-instance-retention: MLFLOW_") for line in lines
    )
    for variable in (*wrong, "MLFLOW_INSTANCE_NAME"):
        assert sum(variable + ":" in line for line in lines) == 1
    assert untouched(world)


@pytest.mark.parametrize(
    "value", ["", "0d", "23h", "91d", "30", "30 days", "-1d", "1e3d", "30D", "9999999d", "٣d"]
)
def test_a_retention_out_of_bounds_is_refused(world: World, value: str) -> None:
    with pytest.raises(Exception, match="MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION: "):
        read_settings(world.environment(MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION=value))


@pytest.mark.parametrize(("value", "hours"), [("1d", 24), ("24h", 24), ("90d", 2160)])
def test_a_retention_within_bounds_is_read(world: World, value: str, hours: int) -> None:
    assert read_settings(
        world.environment(MLFLOW_INSTANCE_DELETED_EXPERIMENT_RETENTION=value)
    ).retention == timedelta(hours=hours)


@pytest.mark.parametrize("arguments", [["--dryrun"], ["--dry-run", "now"], ["--help"], [""]])
def test_an_unknown_argument_is_refused(world: World, arguments: list[str]) -> None:
    refused = command(world.environment(), *arguments)
    assert refused.returncode == 2 and "expected no argument or --dry-run" in refused.stderr
    assert untouched(world)


def test_only_one_at_a_time(world: World) -> None:
    with world.rows.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
    for arguments in ([], ["--dry-run"]):
        refused = command(world.environment(), *arguments)
        assert (refused.returncode, refused.stdout) == (4, "")
        assert "another maintenance command works on this instance" in refused.stderr
    assert untouched(world)


def test_another_schema_is_refused(world: World) -> None:
    world.sql("UPDATE alembic_version SET version_num = 'feedfacecafe'")
    refused = command(world.environment())
    assert refused.returncode == 2
    assert "schema revision feedfacecafe" in refused.stderr and refused.stderr.count("\n") == 1
    assert untouched(world)


@pytest.mark.parametrize(
    "right", ["DELETE ON input_tags", "SELECT ON model_versions", "SELECT ON alembic_version"]
)
def test_without_rights_in_the_database_nothing_is_removed(world: World, right: str) -> None:
    world.sql(f'REVOKE {right} FROM "{parse_uri(world.job_uri).username}"')
    refused = command(world.environment())
    assert (refused.returncode, refused.stdout) == (1, "")
    assert (
        "no rights" in refused.stderr
        and right.split()[-1] in refused.stderr
        and refused.stderr.count("\n") == 1
    )
    assert untouched(world)


@pytest.mark.parametrize("forbidden", ["PutObject", "DeleteObjects", "ListObjectsV2"])
def test_without_rights_in_the_bucket_nothing_is_removed(
    world: World, forbidden: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    from mlflow_instance.maintenance.retention import retain

    plain: Any = BaseClient._make_api_call

    def denied(self: Any, operation: str, arguments: Any) -> Any:
        if operation == forbidden == "DeleteObjects":
            return {
                "Errors": [
                    {"Key": item["Key"], "Code": "AccessDenied", "Message": "no"}
                    for item in arguments["Delete"]["Objects"]
                ]
            }
        if operation == forbidden:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, operation)
        return plain(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", denied)
    refused = world.run_job(retain, command="retention")
    assert refused.code == 1 and "no rights to" in refused.events[-1]["message"]
    monkeypatch.undo()
    assert world.sql("SELECT count(*) FROM runs") == [(1,)] and len(world.keys("artifacts/")) == 1


def test_a_bucket_that_does_not_exist(world: World) -> None:
    refused = command(
        world.environment(MLFLOW_INSTANCE_ARTIFACTS_DESTINATION="s3-proxied://nowhere/artifacts")
    )
    assert (
        refused.returncode == 1 and "nowhere" in refused.stderr and refused.stderr.count("\n") == 1
    )
    assert world.sql("SELECT count(*) FROM runs") == [(1,)]


def test_a_store_that_does_not_answer(world: World) -> None:
    refused = command(world.environment(MLFLOW_S3_ENDPOINT_URL=f"http://127.0.0.1:{free_port()}"))
    assert refused.returncode == 1
    assert (
        "the object store does not answer" in refused.stderr and "Traceback" not in refused.stderr
    )
    assert untouched(world)


def test_it_ends_when_it_is_told_to(world: World) -> None:
    """Also as the first process of a container, which has no default for SIGTERM: here it waits for a store that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        environment = process_environment(
            world.environment(MLFLOW_S3_ENDPOINT_URL=f"http://127.0.0.1:{silent.getsockname()[1]}")
        )
        process = subprocess.Popen(
            [sys.executable, "-m", "mlflow_instance.maintenance.retention"], env=environment
        )
        silent.settimeout(60)
        connection, _ = silent.accept()
        process.terminate()
        assert process.wait(10) == 143
        connection.close()
    assert untouched(world)


@pytest.mark.parametrize("change", ["port", "password"])
def test_a_database_that_does_not_answer_or_knows_us_not(world: World, change: str) -> None:
    uri = parse_uri(world.job_uri)
    uri = uri.set(port=free_port()) if change == "port" else uri.set(password="wrong-and-hidden")
    refused = command(
        world.environment(MLFLOW_BACKEND_STORE_URI=uri.render_as_string(hide_password=False))
    )
    assert (refused.returncode, refused.stdout) == (1, "")
    assert (
        refused.stderr.count("\n") == 1
        and "hidden" not in refused.stderr
        and "job-password" not in refused.stderr
    )
    assert untouched(world)


@pytest.mark.parametrize(
    ("ahead", "expected"), [(timedelta(days=20), "database"), (timedelta(days=-20), "ours")]
)
def test_the_earlier_clock_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, ahead: timedelta, expected: str
) -> None:
    real = datetime.now(UTC)

    class AnyDatetime(type):
        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, datetime)

    class Moved(datetime, metaclass=AnyDatetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return real + ahead

    monkeypatch.setattr(clock, "datetime", Moved)
    moment = clock.earlier_now(world.rows)
    assert abs(moment - (real if expected == "database" else real + ahead)) < timedelta(seconds=30)


def allowed(world: World, statement: str) -> bool:
    connection = connect(world.job_uri, connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
        return True
    except psycopg2.errors.InsufficientPrivilege:
        return False
    finally:
        connection.close()


FORBIDDEN = [
    "DELETE FROM model_versions",
    "UPDATE model_versions SET source = ''",
    "DELETE FROM registered_models",
    "UPDATE runs SET name = ''",
    "UPDATE runs SET artifact_uri = ''",
    "INSERT INTO tags (key, value, run_uuid) VALUES ('a', 'b', 'c')",
    "TRUNCATE runs",
    "DROP TABLE runs",
    "ALTER TABLE runs ADD COLUMN x int",
    "CREATE TABLE mine (x int)",
    "CREATE TEMPORARY TABLE mine (x int)",
    "SELECT value FROM params",
    "SELECT value FROM metrics",
    "SELECT * FROM secrets",
    "SELECT * FROM webhooks",
    "UPDATE alembic_version SET version_num = ''",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_role_may_do_its_job_and_nothing_else(world: World, statement: str) -> None:
    if "TEMPORARY" in statement:
        # CONNECT only, as the instance's database gives it; PostgreSQL's own default lets everybody
        # make temporary tables.
        world.sql(f'REVOKE TEMPORARY ON DATABASE "{world.bucket_name}" FROM PUBLIC')
    assert not allowed(world, statement)


def test_granting_again_takes_back_what_is_too_much(world: World) -> None:
    role = parse_uri(world.job_uri).username or ""
    world.sql(f'GRANT ALL ON ALL TABLES IN SCHEMA public TO "{role}"')
    assert allowed(world, "DELETE FROM model_versions")
    world.rows.autocommit = False
    grant(world.rows, role, RETENTION)
    world.rows.commit()
    world.rows.autocommit = True
    assert not allowed(world, "DELETE FROM model_versions") and allowed(
        world, "DELETE FROM runs WHERE false"
    )


@pytest.mark.parametrize("privileges", [RETENTION, STALE_RUNS])
def test_what_is_declared_can_be_granted(world: World, privileges: Privileges) -> None:
    """Every table and column that privileges.py names is in this MLflow."""
    world.rows.autocommit = False
    grant(world.rows, parse_uri(world.job_uri).username or "", privileges)
    world.rows.commit()
