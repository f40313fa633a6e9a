"""When the server starts, when it refuses to, and that it never migrates."""

import time
from pathlib import Path

import pytest

from mlflow_instance.schema import head_revision
from tests.conftest import role_tokens, server_environment
from tests.support.postgres import Postgres
from tests.support.server import Server, run, start, write_tokens
from tests.test_migrate import execute, revision_of, upgrade_to_an_older_revision


def environment(uri: str, **more: str) -> dict[str, str]:
    return {
        **server_environment(uri, "http://127.0.0.1:9"),
        "MLFLOW_INSTANCE_SCHEMA_WAIT_SECONDS": "2",
        **more,
    }


def tables(uri: str) -> int:
    from mlflow_instance.database import connect

    connection = connect(uri, connect_timeout=5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        (count,) = cursor.fetchone() or (None,)
    connection.close()
    return int(count or 0)


def test_an_empty_database_stays_empty(postgres: Postgres) -> None:
    uri = postgres.create_database("start_empty")
    refused = run("mlflow-instance-server", environment(uri))
    assert refused.returncode == 1
    assert (
        f"has no MLflow schema yet, this MLflow needs revision {head_revision()} (waited 2 s; the server never migrates"
        in refused.stderr
    )
    assert postgres.password not in refused.stderr
    assert tables(uri) == 0


def test_an_older_schema_stays_older(postgres: Postgres) -> None:
    uri = postgres.create_database("start_older")
    old = upgrade_to_an_older_revision(uri)
    refused = run("mlflow-instance-server", environment(uri))
    assert refused.returncode == 1
    assert f"has schema revision {old}, this MLflow needs {head_revision()}" in refused.stderr
    assert revision_of(uri) == old


def test_a_newer_schema_is_refused_at_once(postgres: Postgres) -> None:
    uri = postgres.create_database("start_newer")
    assert run("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri}).returncode == 0
    execute(uri, "UPDATE alembic_version SET version_num = 'feedfacecafe'")
    started = time.monotonic()
    refused = run(
        "mlflow-instance-server", environment(uri, MLFLOW_INSTANCE_SCHEMA_WAIT_SECONDS="60")
    )
    assert time.monotonic() - started < 20
    assert refused.returncode == 1
    assert "a newer MLflow has migrated it" in refused.stderr


def test_the_server_waits_for_the_migration(postgres: Postgres, tmp_path: Path) -> None:
    uri = postgres.create_database("start_waits")
    write_tokens(tmp_path / "tokens.json", role_tokens())
    migration = start("mlflow-instance-migrate", {"MLFLOW_BACKEND_STORE_URI": uri})
    server = Server(
        environment(uri, MLFLOW_INSTANCE_SCHEMA_WAIT_SECONDS="60"),
        tmp_path / "log",
        tmp_path / "tokens.json",
    )
    server.start()
    migration.communicate(timeout=60)
    assert migration.returncode == 0
    assert "waiting for the database schema" in server.log.read_text()
    assert (
        server.request(
            "POST", "/api/2.0/mlflow/experiments/search", "read", json={"max_results": 5}
        ).status_code
        == 200
    )
    assert server.stop() == 0


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    refused = run(
        "mlflow-instance-server", environment("postgresql+psycopg2://u:hidden@127.0.0.1:1/db")
    )
    assert refused.returncode == 1
    assert (
        "database 127.0.0.1:1/db does not answer: " in refused.stderr
        and "Connection refused" in refused.stderr
    )
    assert "hidden" not in refused.stderr


def test_a_port_in_use_is_one_clear_line(migrated_uri: str, server: Server) -> None:
    refused = run(
        "mlflow-instance-server",
        environment(
            migrated_uri, MLFLOW_INSTANCE_HOST="127.0.0.1", MLFLOW_INSTANCE_PORT=str(server.port)
        ),
    )
    assert refused.returncode == 1
    assert (
        f"mlflow-instance-server: can't listen on 127.0.0.1:{server.port}: Address already in use"
        in refused.stderr
    )


def test_the_stores_can_not_migrate_inside_the_server(postgres: Postgres) -> None:
    """Even when the schema is lost while the server runs: MLflow's stores would rebuild it on their next start."""
    import mlflow.store.db.utils as utils
    import mlflow.store.model_registry.sqlalchemy_store as registry
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    from mlflow_instance.no_migration import forbid_migration

    uri = postgres.create_database("start_forbidden")
    with pytest.MonkeyPatch.context() as patch:
        # Registers what forbid_migration replaces, so that it comes back after this test.
        for module, name in (
            (utils, "_initialize_tables"),
            (utils, "_upgrade_db"),
            (registry, "_initialize_tables"),
        ):
            patch.setattr(module, name, getattr(module, name))
        forbid_migration()
        with pytest.raises(RuntimeError, match="the server never migrates"):
            SqlAlchemyStore(uri, "mlflow-artifacts:/")
        with pytest.raises(RuntimeError, match="the server never migrates"):
            registry.SqlAlchemyStore(uri)
    assert tables(uri) == 0
