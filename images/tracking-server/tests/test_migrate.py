"""The migration as the job runs it, on a real PostgreSQL."""

import signal
import time

import psycopg2
import pytest

from mlflow_instance.database import connect
from mlflow_instance.migrate import LOCK_KEY
from mlflow_instance.schema import head_revision, known_revisions
from tests.support.postgres import Postgres
from tests.support.server import run, start


def revision_of(uri: str) -> str | None:
    connection = connect(uri, connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT version_num FROM alembic_version")
            rows = cursor.fetchall()
            assert len(rows) == 1
            return str(rows[0][0])
    except psycopg2.errors.UndefinedTable:
        return None
    finally:
        connection.close()


def execute(uri: str, statement: str) -> None:
    connection = connect(uri, connect_timeout=5)
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def migrate(uri: str):  # type: ignore[no-untyped-def]
    return run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})


def test_the_expected_revision_is_the_one_that_mlflow_itself_computes() -> None:
    from mlflow.store.db.utils import _get_latest_schema_revision

    assert head_revision() == _get_latest_schema_revision()


def test_an_empty_database_is_initialised_and_a_second_run_changes_nothing(
    postgres: Postgres,
) -> None:
    uri = postgres.create_database("empty")
    first = migrate(uri)
    assert (first.returncode, first.stdout) == (
        0,
        f"schema revision from none to {head_revision()}\n",
    ), first.stderr
    second = migrate(uri)
    assert (second.returncode, second.stdout) == (
        0,
        f"schema revision from {head_revision()} to {head_revision()} (unchanged)\n",
    )
    assert postgres.password not in first.stdout + first.stderr + second.stderr


def test_five_at_once_on_an_empty_database_all_succeed(postgres: Postgres) -> None:
    uri = postgres.create_database("crowd")
    running = [
        start("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}) for _ in range(5)
    ]
    results = [(process.communicate(timeout=180), process.returncode) for process in running]
    assert [code for _, code in results] == [0] * 5, [output for output, _ in results]
    outputs = sorted(output[0] for output, _ in results)
    head = head_revision()
    assert outputs == [f"schema revision from {head} to {head} (unchanged)\n"] * 4 + [
        f"schema revision from none to {head}\n"
    ]
    connection = connect(uri, connect_timeout=5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM experiments")
        assert cursor.fetchone() == (1,)
    connection.close()


def test_an_older_schema_is_upgraded(postgres: Postgres) -> None:
    uri = postgres.create_database("older")
    old = upgrade_to_an_older_revision(uri)
    done = migrate(uri)
    assert (done.returncode, done.stdout) == (
        0,
        f"schema revision from {old} to {head_revision()}\n",
    ), done.stderr
    assert revision_of(uri) == head_revision()


def upgrade_to_an_older_revision(uri: str) -> str:
    """A real older schema: MLflow's own migrations, stopped three before the last."""
    import sqlalchemy
    from alembic import command
    from mlflow.store.db.utils import _get_alembic_config
    from mlflow.store.tracking.dbmodels.initial_models import Base

    revision = head_revision()
    for _ in range(3):
        (revision,) = known_revisions()[revision]
    engine = sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool)
    Base.metadata.create_all(engine)
    config = _get_alembic_config(uri)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    assert revision_of(uri) == revision
    return revision


def test_what_an_interrupted_first_migration_left_is_completed(postgres: Postgres) -> None:
    """MLflow creates the first tables in one transaction and migrates in a second: a kill in between leaves tables without a revision."""
    import sqlalchemy
    from mlflow.store.tracking.dbmodels.initial_models import Base

    uri = postgres.create_database("interrupted")
    Base.metadata.create_all(sqlalchemy.create_engine(uri, poolclass=sqlalchemy.pool.NullPool))
    done = migrate(uri)
    assert (done.returncode, done.stdout) == (
        0,
        f"schema revision from none to {head_revision()}\n",
    ), done.stderr


def test_a_migration_that_was_killed_is_completed_by_the_next(postgres: Postgres) -> None:
    """Killed at moments spread over its whole run: what was not committed is rolled back, and the lock goes with the session."""
    whole_run = time.monotonic()
    assert migrate(postgres.create_database("killed_never")).returncode == 0
    whole_run = time.monotonic() - whole_run
    for share in (0.3, 0.5, 0.7, 0.85):
        uri = _killed_at(postgres, share * whole_run)
        done = migrate(uri)
        assert done.returncode == 0, done.stderr
        assert revision_of(uri) == head_revision()


def test_it_ends_when_it_is_told_to_while_another_migrates(postgres: Postgres) -> None:
    uri = postgres.create_database("waiting")
    other = connect(uri, connect_timeout=5)
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))
    process = start("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
    assert process.stderr is not None
    assert any("another migration of this database" in line for line in process.stderr)
    process.terminate()
    process.communicate(timeout=10)
    other.close()
    assert process.returncode == 143
    assert migrate(uri).returncode == 0


def _killed_at(postgres: Postgres, delay: float) -> str:
    """The database of a migration that was killed after so many seconds, or sooner where the machine has become faster since."""
    for attempt in range(8):
        uri = postgres.create_database(f"killed_{int(delay * 1000)}_{attempt}")
        process = start("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
        time.sleep(delay * 0.7**attempt)
        process.kill()
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            return uri
    raise AssertionError("the migration was always done before it was killed")


def test_a_newer_schema_is_refused_and_left_alone(postgres: Postgres) -> None:
    uri = postgres.create_database("newer")
    assert migrate(uri).returncode == 0
    execute(uri, "UPDATE alembic_version SET version_num = 'feedfacecafe'")
    refused = migrate(uri)
    assert refused.returncode == 1
    assert (
        "schema revision feedfacecafe, which this MLflow doesn't know: a newer MLflow has migrated it"
        in refused.stderr
    )
    assert head_revision() in refused.stderr
    assert revision_of(uri) == "feedfacecafe"


def test_somebody_elses_database_is_refused_and_left_alone(postgres: Postgres) -> None:
    uri = postgres.create_database("foreign")
    execute(uri, "CREATE TABLE invoices (id int)")
    refused = migrate(uri)
    assert refused.returncode == 1
    assert "has tables that are not MLflow's (invoices); nothing was changed" in refused.stderr
    assert revision_of(uri) is None


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "mlflow-instance-migrate: MLFLOW_BACKEND_STORE_URI: not set\n"),
        (
            {"MLFLOW_BACKEND_STORE_URI": "postgresql://u:hidden@h/d"},
            "mlflow-instance-migrate: MLFLOW_BACKEND_STORE_URI: scheme is 'postgresql'",
        ),
    ],
)
def test_a_wrong_uri_is_one_line_without_the_password(
    environment: dict[str, str], message: str
) -> None:
    refused = run("mlflow-instance-migrate", environment)
    assert refused.returncode == 1
    assert refused.stderr.startswith(message)
    assert "hidden" not in refused.stderr and refused.stderr.count("\n") == 1


def test_a_wrong_password_is_reported_without_it(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlflow_instance import migrate as module
    from mlflow_instance.schema import SchemaError

    monkeypatch.setattr(module, "_CONNECT_WITHIN_SECONDS", 0)
    uri = f"postgresql+psycopg2://admin:wrong-and-hidden@127.0.0.1:{postgres.port}/postgres"
    with pytest.raises(SchemaError) as error:
        module.migrate(uri)
    assert "password authentication failed" in str(error.value) and "hidden" not in str(error.value)


def test_the_jobs_roles_get_their_rights_with_each_migration(postgres: Postgres) -> None:
    uri = postgres.create_database("granted")
    execute(uri, "CREATE ROLE granted_retention LOGIN PASSWORD 'role-password'")
    execute(uri, "CREATE ROLE granted_stale_runs LOGIN PASSWORD 'role-password'")
    roles = {
        "MLFLOW_INSTANCE_RETENTION_ROLE": "granted_retention",
        "MLFLOW_INSTANCE_STALE_RUNS_ROLE": "granted_stale_runs",
    }
    for _ in range(2):
        done = run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri, **roles})
        assert done.returncode == 0, done.stderr
    rights = "SELECT has_table_privilege(%s, 'runs', 'DELETE'), has_column_privilege(%s, 'runs', 'status', 'UPDATE')"
    connection = connect(uri, connect_timeout=5)
    with connection.cursor() as cursor:
        found = {}
        for role in roles.values():
            cursor.execute(rights, (role, role))
            found[role] = cursor.fetchone()
        # The foreign key that removing runs follows (maintenance/indexes.py).
        cursor.execute(
            "SELECT count(*) FROM pg_indexes WHERE indexname = 'mlflow_instance_logged_model_metrics_run_id'"
        )
        indexes = cursor.fetchone()
    connection.close()
    assert found == {"granted_retention": (True, False), "granted_stale_runs": (False, True)}
    assert indexes == (1,)


def test_a_role_that_does_not_exist_is_named(postgres: Postgres) -> None:
    uri = postgres.create_database("no-role")
    refused = run(
        "mlflow-instance-migrate",
        {"MLFLOW_BACKEND_STORE_URI": uri, "MLFLOW_INSTANCE_RETENTION_ROLE": "nobody_retention"},
    )
    assert refused.returncode == 1
    assert (
        'role "nobody_retention" does not exist' in refused.stderr
        and refused.stderr.count("\n") > 0
    )
